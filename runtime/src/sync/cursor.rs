//! Values of the field of INCREMENTAL ON.

use std::cmp::Ordering;

use moltler_abi::DataType;

use super::pass::Lookback;
use crate::batch::OwnedBatch;
use crate::coerce::{add_interval, coerce, date_to_timestamp, negate_interval, timestamp_to_date};
use crate::value::Value;

/// A value that grows with each change of a row; all values of a field are of one kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cursor {
    /// Of an integer.
    Integer(i64),
    /// Of a number, never NaN.
    Number(f64),
    /// Microseconds.
    Timestamp(i64),
    /// Days.
    Date(i32),
    /// Ordered by code point.
    Text(String),
}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Cursor) -> Option<Ordering> {
        match (self, other) {
            (Cursor::Integer(left), Cursor::Integer(right)) => left.partial_cmp(right),
            (Cursor::Number(left), Cursor::Number(right)) => left.partial_cmp(right),
            (Cursor::Timestamp(left), Cursor::Timestamp(right)) => left.partial_cmp(right),
            (Cursor::Date(left), Cursor::Date(right)) => left.partial_cmp(right),
            (Cursor::Text(left), Cursor::Text(right)) => left.partial_cmp(right),
            _ => None,
        }
    }
}

impl Cursor {
    /// The value at a place; `None` for NULL.
    pub(super) fn at(batch: &OwnedBatch, column: usize, row: usize) -> Option<Cursor> {
        if let Some(text) = batch.text(column, row) {
            return Some(Cursor::Text(text.to_owned()));
        }
        Cursor::of(batch.value(column, row))
    }

    fn of(value: Value) -> Option<Cursor> {
        match value {
            Value::Integer(integer) => Some(Cursor::Integer(integer)),
            Value::Number(number) => Some(Cursor::Number(number)),
            Value::Timestamp(micros) => Some(Cursor::Timestamp(micros)),
            Value::Date(days) => Some(Cursor::Date(days)),
            Value::String(text) => Some(Cursor::Text((*text).to_owned())),
            _ => None,
        }
    }

    /// From a state, or from what a user wrote; `None` where it is not of the field's type.
    pub(super) fn from_value(value: &Value, data_type: DataType) -> Option<Cursor> {
        Cursor::of(coerce(value, data_type, None)?)
    }

    /// For a handler.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Cursor::Integer(integer) => Value::Integer(*integer),
            Cursor::Number(number) => Value::Number(*number),
            Cursor::Timestamp(micros) => Value::Timestamp(*micros),
            Cursor::Date(days) => Value::Date(*days),
            Cursor::Text(text) => Value::String(text.as_str().into()),
        }
    }

    /// The value LOOKBACK before; the least that there is where that is out of range.
    pub(super) fn before(&self, lookback: Lookback) -> Cursor {
        let back = |micros: i64| match lookback {
            Lookback::Interval(interval) => {
                negate_interval(interval).and_then(|interval| add_interval(micros, interval)).unwrap_or(i64::MIN)
            }
            Lookback::Number(_) | Lookback::None => micros,
        };
        let number = match lookback {
            Lookback::Number(number) => number,
            Lookback::Interval(_) | Lookback::None => 0.0,
        };
        match self {
            Cursor::Timestamp(micros) => Cursor::Timestamp(back(*micros)),
            Cursor::Date(days) => {
                Cursor::Date(date_to_timestamp(*days).map_or(i32::MIN, |micros| timestamp_to_date(back(micros))))
            }
            Cursor::Integer(integer) => Cursor::Integer(integer.saturating_sub(number.ceil() as i64)),
            Cursor::Number(value) => Cursor::Number(value - number),
            Cursor::Text(text) => Cursor::Text(text.clone()),
        }
    }

    /// The lesser of both.
    pub(super) fn min(self, other: Option<&Cursor>) -> Cursor {
        match other {
            Some(other) if *other < self => other.clone(),
            _ => self,
        }
    }
}

/// The greater of both.
pub(super) fn greater(left: Option<Cursor>, right: Option<Cursor>) -> Option<Cursor> {
    match (left, right) {
        (Some(left), Some(right)) => Some(if right > left { right } else { left }),
        (left, right) => left.or(right),
    }
}
