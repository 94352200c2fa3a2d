//! Values as PostgreSQL's binary COPY has them, and those that it cannot hold.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::rows::{Cell, Values};
use crate::{ColumnType, Table};

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// The same in days.
const EPOCH_DAYS: i64 = 10_957;
/// The first time it has, in its microseconds: 4714-11-24 BC.
const FIRST_TIME: i64 = -211_813_488_000_000_000;
/// The days it has, in its days.
const DAYS: std::ops::Range<i64> = -2_451_545..2_145_031_949;
/// A key must fit into a third of an index page; this leaves room for what is around it.
const KEY_BYTES: usize = 2600;
/// Numbers in JSON have so many digits at most.
const EXPONENT: u32 = 16_000;

/// The type of a column.
pub(super) const fn sql_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "text",
        ColumnType::Number => "double precision",
        ColumnType::Integer => "bigint",
        ColumnType::Boolean => "boolean",
        ColumnType::Timestamp => "timestamp with time zone",
        ColumnType::Date => "date",
        ColumnType::Json => "jsonb",
    }
}

/// The same as the protocol has it.
pub(super) const fn wire_type(column_type: ColumnType) -> Type {
    match column_type {
        ColumnType::Text => Type::TEXT,
        ColumnType::Number => Type::FLOAT8,
        ColumnType::Integer => Type::INT8,
        ColumnType::Boolean => Type::BOOL,
        ColumnType::Timestamp => Type::TIMESTAMPTZ,
        ColumnType::Date => Type::DATE,
        ColumnType::Json => Type::JSONB,
    }
}

/// A value on its way; NULL too.
#[derive(Debug)]
pub(super) struct Bound<'b>(pub(super) Option<Cell<'b>>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            None => return Ok(IsNull::Yes),
            Some(Cell::Text(text)) => out.extend_from_slice(text.as_bytes()),
            Some(Cell::Number(number)) => out.extend_from_slice(&number.to_be_bytes()),
            Some(Cell::Integer(integer)) => out.extend_from_slice(&integer.to_be_bytes()),
            Some(Cell::Boolean(boolean)) => out.extend_from_slice(&[u8::from(boolean)]),
            Some(Cell::Timestamp(micros)) => {
                out.extend_from_slice(&micros.saturating_sub(EPOCH_MICROS).to_be_bytes());
            }
            Some(Cell::Date(days)) => out.extend_from_slice(&((i64::from(days) - EPOCH_DAYS) as i32).to_be_bytes()),
            Some(Cell::Json(json)) => {
                // The version of the format.
                out.extend_from_slice(&[1]);
                out.extend_from_slice(json.as_bytes());
            }
        }
        Ok(IsNull::No)
    }

    /// The types of a row are those of its table.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Why a row cannot be held; `None` where it can.
pub(super) fn unfit(table: &Table, columns: &[Values<'_>], row: usize) -> Option<String> {
    for (column, values) in table.columns.iter().zip(columns) {
        let name = &column.name;
        let reason = match values.get(row) {
            Some(Cell::Text(text)) if text.contains('\0') => {
                Some("has the character NUL, which no text of PostgreSQL has")
            }
            Some(Cell::Json(json)) => unfit_json(json),
            Some(Cell::Timestamp(micros)) if micros.saturating_sub(EPOCH_MICROS) < FIRST_TIME => {
                Some("is before the first time that PostgreSQL has")
            }
            Some(Cell::Date(days)) if !DAYS.contains(&(i64::from(days) - EPOCH_DAYS)) => {
                Some("is no day that PostgreSQL has")
            }
            _ => None,
        };
        if let Some(reason) = reason {
            return Some(format!("`{name}` {reason}"));
        }
    }
    let key = table.key.iter().map(|column| match columns[*column].get(row) {
        Some(Cell::Text(text) | Cell::Json(text)) => text.len(),
        _ => 8,
    });
    let length: usize = key.sum();
    (length > KEY_BYTES)
        .then(|| format!("the key has {length} bytes, more than the {KEY_BYTES} that an index of PostgreSQL takes"))
}

/// What `jsonb` refuses of JSON that is well formed.
fn unfit_json(json: &str) -> Option<&'static str> {
    let bytes = json.as_bytes();
    let (mut position, mut in_text, mut high) = (0, false, false);
    while let Some(byte) = bytes.get(position) {
        let was_high = std::mem::take(&mut high);
        let lone = Some("has half of a surrogate pair, which no text of PostgreSQL has");
        let mut is_low = false;
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                position += 1;
                if bytes.get(position) == Some(&b'u') {
                    let code = json.get(position + 1..position + 5).and_then(|hex| u16::from_str_radix(hex, 16).ok());
                    match code {
                        Some(0) => return Some("has the character NUL, which no text of PostgreSQL has"),
                        Some(0xD800..=0xDBFF) => high = true,
                        Some(0xDC00..=0xDFFF) => is_low = true,
                        _ => {}
                    }
                    position += 4;
                }
            }
            b'e' | b'E' if !in_text && position > 0 && bytes[position - 1].is_ascii_digit() => {
                let exponent = json[position + 1..].trim_start_matches(['+', '-']);
                let end = exponent.find(|c: char| !c.is_ascii_digit()).unwrap_or(exponent.len());
                if exponent[..end].parse::<u32>().map_or(true, |exponent| exponent > EXPONENT) {
                    return Some("has a number that is too large or too small for PostgreSQL");
                }
            }
            _ => {}
        }
        if was_high != is_low {
            return lone;
        }
        position += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_jsonb_refuses() {
        for json in
            [r#"{"a":"\u0000"}"#, r#"["\ud800"]"#, r#"["\udc00"]"#, r#"["\ud800\n"]"#, "[1e999999]", "1E99999999999"]
        {
            assert!(unfit_json(json).is_some(), "{json}");
        }
        for json in [r#"{"a":"\\u0000"}"#, r#"["\ud83d\ude00"]"#, "[1e300, -1.5E-7]", r#""1e999999""#, "true", "\"é\""]
        {
            assert_eq!(unfit_json(json), None, "{json}");
        }
    }
}
