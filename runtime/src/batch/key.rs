//! Keys: bytes that are the same exactly where values are equal, for hashing.

use super::column::{Elements, text_of};
use super::{OwnedBatch, bitmap};
use crate::coerce::{date_to_timestamp, interval_order, number_to_integer, to_text};
use crate::value::Value;
use moltler_abi::DataType;

const NULL: u8 = 0;
const BOOLEAN: u8 = 1;
const INTEGER: u8 = 2;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;
const TIME: u8 = 5;
const INTERVAL: u8 = 6;
const ARRAY: u8 = 7;
const DOCUMENT: u8 = 8;
const DATE: u8 = 9;

impl OwnedBatch {
    /// Appends the key of a value. Values of one type have the same key where SQL's `=` is true of them; so have an integer and a
    /// number of the same value, and dynamic values of the same JSON. NULL has a key too, and gives `false`.
    pub fn write_key(&self, column: usize, row: usize, key: &mut Vec<u8>) -> bool {
        let column = &self.columns[column];
        if column.is_null(row) {
            key.push(NULL);
            return false;
        }
        match &column.elements {
            Elements::Boolean(bits) => key.extend([BOOLEAN, u8::from(bitmap::get(bits, row))]),
            Elements::Integer(elements) if column.data_type == DataType::Timestamp => {
                fixed(TIME, &elements[row].to_le_bytes(), key);
            }
            Elements::Integer(elements) => fixed(INTEGER, &elements[row].to_le_bytes(), key),
            Elements::Number(elements) => number(elements[row], key),
            Elements::Date(elements) => {
                fixed(TIME, &date_to_timestamp(elements[row]).unwrap_or(i64::MAX).to_le_bytes(), key);
            }
            Elements::Text(views, texts) => text(text_of(&views[row], texts), key),
            Elements::Boxed(boxes) => json(boxes.get(row), key),
        }
        true
    }
}

fn fixed(tag: u8, bytes: &[u8], key: &mut Vec<u8>) {
    key.push(tag);
    key.extend_from_slice(bytes);
}

fn text(text: &str, key: &mut Vec<u8>) {
    fixed(TEXT, &(text.len() as u64).to_le_bytes(), key);
    key.extend_from_slice(text.as_bytes());
}

fn number(number: f64, key: &mut Vec<u8>) {
    match number_to_integer(number) {
        Some(integer) => fixed(INTEGER, &integer.to_le_bytes(), key),
        None if number.is_nan() => fixed(NUMBER, &f64::NAN.to_bits().to_le_bytes(), key),
        None => fixed(NUMBER, &number.to_bits().to_le_bytes(), key),
    }
}

/// Appends the key that this value has in a column of its own type.
pub fn typed(value: &Value, key: &mut Vec<u8>) {
    match value {
        Value::Timestamp(micros) => fixed(TIME, &micros.to_le_bytes(), key),
        Value::Date(days) => fixed(TIME, &date_to_timestamp(*days).unwrap_or(i64::MAX).to_le_bytes(), key),
        value => json(value, key),
    }
}

/// Appends the key of a dynamic value: the same for the same JSON.
pub fn json(value: &Value, key: &mut Vec<u8>) {
    match value {
        Value::Null => key.push(NULL),
        Value::Boolean(boolean) => key.extend([BOOLEAN, u8::from(*boolean)]),
        Value::Integer(integer) => fixed(INTEGER, &integer.to_le_bytes(), key),
        Value::Number(value) => number(*value, key),
        Value::String(value) => text(value, key),
        Value::Timestamp(_) | Value::Date(_) => text(&to_text(value), key),
        Value::Interval(interval) => fixed(INTERVAL, &interval_order(*interval).to_le_bytes(), key),
        Value::Array(items) => {
            fixed(ARRAY, &(items.len() as u64).to_le_bytes(), key);
            for item in items.iter() {
                json(item, key);
            }
        }
        Value::Document(document) => {
            fixed(DOCUMENT, &(document.len() as u64).to_le_bytes(), key);
            let mut members: Vec<_> = document.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in members {
                text(name, key);
                json(value, key);
            }
        }
    }
}

/// Appends the key of a value that is the same only where no expression can tell two values apart: `1` is not `1.0`.
pub fn exact(value: &Value, key: &mut Vec<u8>) {
    match value {
        Value::Number(number) => fixed(NUMBER, &number.to_bits().to_le_bytes(), key),
        Value::Timestamp(micros) => fixed(TIME, &micros.to_le_bytes(), key),
        Value::Date(days) => fixed(DATE, &days.to_le_bytes(), key),
        Value::Interval(interval) => {
            fixed(INTERVAL, &interval.months.to_le_bytes(), key);
            key.extend(interval.days.to_le_bytes());
            key.extend(interval.microseconds.to_le_bytes());
        }
        Value::Array(items) => {
            fixed(ARRAY, &(items.len() as u64).to_le_bytes(), key);
            for item in items.iter() {
                exact(item, key);
            }
        }
        Value::Document(document) => {
            fixed(DOCUMENT, &(document.len() as u64).to_le_bytes(), key);
            for (name, value) in document.iter() {
                text(name, key);
                exact(value, key);
            }
        }
        Value::Null | Value::Boolean(_) | Value::Integer(_) | Value::String(_) => json(value, key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchBuilder;
    use crate::coerce::value_from_json;
    use crate::evaluate::json_equal;

    fn key_of(data_type: DataType, value: Value) -> Vec<u8> {
        let mut batch = BatchBuilder::new(&[data_type]);
        batch.push(0, value);
        batch.finish_row();
        let mut key = Vec::new();
        batch.finish().write_key(0, 0, &mut key);
        key
    }

    #[test]
    fn typed_values_are_equal_by_value() {
        let integer = |integer| key_of(DataType::Integer, Value::Integer(integer));
        let number = |number| key_of(DataType::Number, Value::Number(number));
        for (data_type, value) in [
            (DataType::Timestamp, Value::Timestamp(5)),
            (DataType::Date, Value::Date(5)),
            (DataType::String, Value::String("5".into())),
            (DataType::Boolean, Value::Boolean(true)),
            (DataType::Number, Value::Number(5.0)),
        ] {
            let mut key = Vec::new();
            typed(&value, &mut key);
            assert_eq!(key, key_of(data_type, value));
        }
        assert_eq!(integer(0), number(-0.0));
        assert_eq!(integer(5), number(5.0));
        assert_ne!(integer(5), number(5.5));
        assert_ne!(integer(9_007_199_254_740_993), number(9_007_199_254_740_992.0));
        assert_eq!(integer(5), key_of(DataType::Dynamic, Value::Number(5.0)));
        assert_ne!(integer(5), key_of(DataType::String, Value::String("5".into())));
    }

    #[test]
    fn the_keys_of_json_are_equal_as_the_values_are() {
        let texts = [
            "null",
            "0",
            "-0.0",
            "1",
            "1.0",
            "1.5",
            "\"1\"",
            "\"\"",
            "true",
            "[]",
            "[1]",
            "[1.0]",
            "[[1]]",
            "{}",
            r#"{"a":1}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"b":2.0,"a":1}"#,
            r#"{"a":null}"#,
            "[null]",
            "[1,2]",
            "[12]",
            "\"2024-01-01T00:00:00Z\"",
        ];
        let mut values: Vec<Value> = texts.iter().map(|text| value_from_json(text).expect("valid")).collect();
        values.push(Value::Timestamp(1_704_067_200_000_000));
        for left in &values {
            for right in &values {
                let (mut left_key, mut right_key) = (Vec::new(), Vec::new());
                json(left, &mut left_key);
                json(right, &mut right_key);
                assert_eq!(left_key == right_key, json_equal(left, right), "{left:?} {right:?}");
            }
        }
    }

    #[test]
    fn exact_keys_tell_kinds_apart() {
        let exact_key = |value: &Value| {
            let mut key = Vec::new();
            exact(value, &mut key);
            key
        };
        assert_ne!(exact_key(&Value::Integer(1)), exact_key(&Value::Number(1.0)));
        assert_ne!(exact_key(&Value::Date(0)), exact_key(&Value::Timestamp(0)));
        let text = |text| exact_key(&value_from_json(text).expect("valid"));
        assert_ne!(text(r#"{"a":1,"b":2}"#), text(r#"{"b":2,"a":1}"#));
        assert_ne!(text("[1]"), text("[1.0]"));
        assert_eq!(text(r#"[{"a":[true,null]}]"#), text(r#"[{"a":[true,null]}]"#));
    }
}
