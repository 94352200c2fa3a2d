//! Conversions between types: without loss where the language does them by itself, with loss where CAST asks for it.
//!
//! [`coerce`] is the rule for rows, parameters and filters; [`cast`] is CAST and `::`; [`to_text`] is what `||` and PRINT show.

use std::rc::Rc;

use moltler_abi::DataType;

use crate::error::RuntimeError;
use crate::value::Value;

mod json;
mod number;
mod time;

pub use json::{MAX_DEPTH, value_from_json, value_to_json, value_to_pretty_json, write_json, write_json_string};
pub use number::{integer_to_number, number_to_integer, number_to_text, parse_integer, parse_number};
pub use time::{
    DAY, EpochUnit, add_interval, add_intervals, civil_from_days, date_to_text, date_to_timestamp, days_from_civil,
    epoch_to_timestamp, interval_of, interval_order, interval_to_text, negate_interval, parse_date, parse_interval,
    parse_timestamp, timestamp_difference, timestamp_to_date, timestamp_to_exact_date, timestamp_to_text, write_date,
    write_timestamp,
};

/// The value as text; NULL is empty, documents and arrays are JSON.
pub fn to_text(value: &Value) -> Rc<str> {
    match value {
        Value::String(text) => Rc::clone(text),
        Value::Null => "".into(),
        Value::Boolean(boolean) => if *boolean { "true" } else { "false" }.into(),
        Value::Integer(integer) => integer.to_string().into(),
        Value::Number(number) => number_to_text(*number).into(),
        Value::Timestamp(micros) => timestamp_to_text(*micros).into(),
        Value::Date(days) => date_to_text(*days).into(),
        Value::Interval(interval) => interval_to_text(*interval).into(),
        Value::Array(_) | Value::Document(_) => value_to_json(value).into(),
    }
}

/// The value as `data_type` where nothing is lost by it, else `None`: number to text, numeric text to number, ISO 8601 text and
/// epoch numbers to timestamp. NULL is NULL of every type. `unit` is that of epoch numbers.
pub fn coerce(value: &Value, data_type: DataType, unit: Option<EpochUnit>) -> Option<Value> {
    if matches!(value, Value::Null) {
        return Some(Value::Null);
    }
    match data_type {
        DataType::Document | DataType::Dynamic => Some(value.clone()),
        DataType::Null => None,
        DataType::Array => matches!(value, Value::Array(_)).then(|| value.clone()),
        DataType::Boolean => matches!(value, Value::Boolean(_)).then(|| value.clone()),
        DataType::String => match value {
            Value::Boolean(_) | Value::Array(_) | Value::Document(_) => None,
            scalar => Some(Value::String(to_text(scalar))),
        },
        DataType::Number => match value {
            Value::Number(_) => Some(value.clone()),
            Value::Integer(integer) => integer_to_number(*integer).map(Value::Number),
            Value::String(text) => match parse_integer(text) {
                Some(integer) => integer_to_number(integer).map(Value::Number),
                None => parse_number(text).map(Value::Number),
            },
            _ => None,
        },
        DataType::Integer => match value {
            Value::Integer(_) => Some(value.clone()),
            Value::Number(number) => number_to_integer(*number).map(Value::Integer),
            Value::String(text) => {
                parse_integer(text).or_else(|| number_to_integer(parse_number(text)?)).map(Value::Integer)
            }
            _ => None,
        },
        DataType::Timestamp => coerce_to_timestamp(value, unit).map(Value::Timestamp),
        DataType::Date => match value {
            Value::Date(_) => Some(value.clone()),
            other => coerce_to_timestamp(other, unit).and_then(timestamp_to_exact_date).map(Value::Date),
        },
        DataType::Interval => match value {
            Value::Interval(_) => Some(value.clone()),
            Value::String(text) => parse_interval(text).map(Value::Interval),
            _ => None,
        },
    }
}

fn coerce_to_timestamp(value: &Value, unit: Option<EpochUnit>) -> Option<i64> {
    match value {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => date_to_timestamp(*days),
        Value::Integer(integer) if unit == Some(EpochUnit::Microseconds) => Some(*integer),
        Value::Integer(integer) => epoch_to_timestamp(*integer as f64, unit),
        Value::Number(number) => epoch_to_timestamp(*number, unit),
        // A numeric text counts as an epoch number only where the field says so: `1355517523.000005` with `"unit": "s"`.
        Value::String(text) => {
            parse_timestamp(text).or_else(|| unit.and_then(|_| epoch_to_timestamp(parse_number(text)?, unit)))
        }
        _ => None,
    }
}

/// The value as `data_type` as CAST has it: like PostgreSQL's casts, JSON text for documents. The error names value and type.
pub fn cast(value: &Value, data_type: DataType) -> Result<Value, RuntimeError> {
    let result = match (data_type, value) {
        (_, Value::Null) => Some(Value::Null),
        (DataType::String, value) => Some(Value::String(to_text(value))),
        (DataType::Number, Value::Integer(integer)) => Some(Value::Number(*integer as f64)),
        (DataType::Number, Value::String(text)) => parse_number(text).map(Value::Number),
        (DataType::Number, Value::Boolean(boolean)) => Some(Value::Number(f64::from(u8::from(*boolean)))),
        (DataType::Integer, Value::Number(number)) => number_to_integer(number.round_ties_even()).map(Value::Integer),
        (DataType::Integer, Value::String(text)) => parse_integer(text).map(Value::Integer),
        (DataType::Integer, Value::Boolean(boolean)) => Some(Value::Integer(i64::from(*boolean))),
        (DataType::Boolean, Value::Integer(integer)) => Some(Value::Boolean(*integer != 0)),
        (DataType::Boolean, Value::String(text)) => parse_boolean(text).map(Value::Boolean),
        (DataType::Date, Value::Timestamp(micros)) => Some(Value::Date(timestamp_to_date(*micros))),
        (DataType::Date, Value::String(text)) => parse_timestamp(text).map(timestamp_to_date).map(Value::Date),
        (DataType::Document, Value::String(text)) => {
            return value_from_json(text)
                .map_err(|reason| cast_error(value, data_type).with_note(format!("the text is not JSON: {reason}")));
        }
        (DataType::Array, Value::String(text)) => {
            value_from_json(text).ok().filter(|value| matches!(value, Value::Array(_)))
        }
        (data_type, value) => coerce(value, data_type, None),
    };
    result.ok_or_else(|| cast_error(value, data_type))
}

fn cast_error(value: &Value, data_type: DataType) -> RuntimeError {
    RuntimeError::new("TypeError", format!("{} cannot be cast to {data_type}", excerpt(value)))
}

fn parse_boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The value as literal text for a message: texts in single quotes, long ones cut.
pub fn excerpt(value: &Value) -> String {
    const LIMIT: usize = 80;
    let text = match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(boolean) => if *boolean { "TRUE" } else { "FALSE" }.to_owned(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Timestamp(_) | Value::Date(_) | Value::Interval(_) => format!("'{}'", to_text(value)),
        other => to_text(other).to_string(),
    };
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::String(text.into())
    }

    #[test]
    fn coercions_lose_nothing() {
        assert_eq!(coerce(&Value::Integer(5), DataType::String, None), Some(text("5")));
        assert_eq!(coerce(&Value::Number(40.0), DataType::String, None), Some(text("40")));
        assert_eq!(coerce(&text("5"), DataType::Number, None), Some(Value::Number(5.0)));
        assert_eq!(coerce(&text("5.0"), DataType::Integer, None), Some(Value::Integer(5)));
        assert_eq!(coerce(&Value::Number(5.5), DataType::Integer, None), None);
        assert_eq!(coerce(&Value::Integer(9_007_199_254_740_993), DataType::Number, None), None);
        assert_eq!(coerce(&Value::Boolean(true), DataType::String, None), None);
        assert_eq!(coerce(&text("true"), DataType::Boolean, None), None);
        assert_eq!(
            coerce(&text("2024-01-15"), DataType::Timestamp, None),
            Some(Value::Timestamp(1_705_276_800_000_000))
        );
        assert_eq!(coerce(&text("1705276800"), DataType::Timestamp, None), None);
        assert_eq!(
            coerce(&text("1705276800"), DataType::Timestamp, Some(EpochUnit::Seconds)),
            Some(Value::Timestamp(1_705_276_800_000_000))
        );
        assert_eq!(coerce(&text("2024-01-15T10:00:00Z"), DataType::Date, None), None);
        assert_eq!(coerce(&Value::Null, DataType::Boolean, None), Some(Value::Null));
        assert_eq!(coerce(&text("x"), DataType::Document, None), Some(text("x")));
    }

    #[test]
    fn casts_follow_postgresql() {
        assert_eq!(cast(&Value::Number(2.5), DataType::Integer), Ok(Value::Integer(2)));
        assert_eq!(cast(&Value::Number(3.5), DataType::Integer), Ok(Value::Integer(4)));
        assert_eq!(cast(&text("yes"), DataType::Boolean), Ok(Value::Boolean(true)));
        assert_eq!(cast(&text("2024-01-15T10:00:00Z"), DataType::Date), Ok(Value::Date(19_737)));
        assert_eq!(cast(&Value::Boolean(true), DataType::String), Ok(text("true")));
        assert_eq!(cast(&text("[1]"), DataType::Array), Ok(Value::Array(Rc::new(vec![Value::Integer(1)]))));
        let error = cast(&text("it's"), DataType::Integer).unwrap_err();
        assert_eq!(error.message, "'it''s' cannot be cast to integer");
        assert!(cast(&text("{"), DataType::Document).is_err());
        assert!(cast(&Value::Number(1e300), DataType::Integer).is_err());
    }

    #[test]
    fn long_values_are_cut_in_messages() {
        assert_eq!(excerpt(&text(&"é".repeat(100))).chars().count(), 81);
    }
}
