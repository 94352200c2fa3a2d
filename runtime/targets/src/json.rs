//! Rows as JSON.

use crate::Table;
use crate::rows::{Cell, Values, write_date, write_timestamp};

/// The names of a table's columns with what stands before their values in an object.
pub(crate) struct Writer {
    keys: Vec<String>,
}

impl Writer {
    pub(crate) fn new(table: &Table) -> Writer {
        let keys = table.columns.iter().enumerate().map(|(index, column)| {
            let mut key = String::from(if index == 0 { "{" } else { "," });
            write_string(&column.name, &mut key);
            key.push(':');
            key
        });
        Writer { keys: keys.collect() }
    }

    /// Appends a row as an object, columns in order.
    pub(crate) fn row(&self, columns: &[Values<'_>], row: usize, out: &mut String) {
        for (key, column) in self.keys.iter().zip(columns) {
            out.push_str(key);
            match column.get(row) {
                Some(cell) => write_cell(cell, out),
                None => out.push_str("null"),
            }
        }
        out.push_str(if self.keys.is_empty() { "{}" } else { "}" });
    }
}

/// Appends a value: times as `2024-01-31T12:00:00[.mmm[uuu]]Z`.
pub(crate) fn write_cell(cell: Cell<'_>, out: &mut String) {
    match cell {
        Cell::Text(text) => write_string(text, out),
        Cell::Number(number) => write_number(number, out),
        Cell::Integer(integer) => out.push_str(&integer.to_string()),
        Cell::Boolean(boolean) => out.push_str(if boolean { "true" } else { "false" }),
        Cell::Timestamp(micros) => {
            let digits = match micros.rem_euclid(1_000_000) {
                0 => 0,
                rest if rest % 1000 == 0 => 3,
                _ => 6,
            };
            out.push('"');
            write_timestamp(micros, digits, out);
            out.push('"');
        }
        Cell::Date(days) => {
            out.push('"');
            write_date(days, out);
            out.push('"');
        }
        Cell::Json(json) => out.push_str(json),
    }
}

/// Appends a number as JavaScript would: `1`, not `1.0`.
fn write_number(number: f64, out: &mut String) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        out.push_str(&(number as i64).to_string());
    } else {
        out.push_str(
            &serde_json::Number::from_f64(number).map_or_else(|| "null".to_owned(), |number| number.to_string()),
        );
    }
}

/// Appends a text in quotes.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).expect("Invariant: a text is JSON"));
}

/// The key of a row as JSON: an array of its values. The same for the same key, also when read back from a row's JSON.
pub(crate) fn key(columns: &[Values<'_>], key: &[usize], row: usize, out: &mut String) {
    for (position, column) in key.iter().enumerate() {
        out.push(if position == 0 { '[' } else { ',' });
        match columns[*column].get(row) {
            Some(cell) => write_cell(cell, out),
            None => out.push_str("null"),
        }
    }
    out.push(']');
}
