//! Values at the border to generated code: [`Datum`] read as an [`Operand`], values written as a [`Datum`].
#![expect(unsafe_code, reason = "a datum holds addresses of texts and values")]

use moltler_abi::DataType;
use moltler_abi::layout::{Datum, kind};

use crate::arena::Arena;
use crate::value::{Interval, Value};

/// A value that generated code passes, without a copy of what it points to.
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// SQL NULL.
    Null,
    /// TRUE or FALSE.
    Boolean(bool),
    /// 64-bit integer.
    Integer(i64),
    /// IEEE double.
    Number(f64),
    /// Text.
    Text(&'a str),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// Days since 1970-01-01.
    Date(i32),
    /// A span of time.
    Interval(Interval),
    /// A document, an array, or a *dynamic* scalar: one reached inside a document, whose type nobody declared. Never null.
    Boxed(&'a Value),
}

impl<'a> Operand<'a> {
    /// Reads a datum.
    ///
    /// # Safety
    /// The addresses in `datum` are valid for `'a`, a text is UTF-8, a boxed address is that of a [`Value`].
    pub unsafe fn read(datum: &Datum) -> Operand<'a> {
        match datum.kind {
            kind::BOOLEAN => Operand::Boolean(datum.low != 0),
            kind::INTEGER => Operand::Integer(datum.low as i64),
            kind::NUMBER => Operand::Number(f64::from_bits(datum.low)),
            kind::STRING if datum.high == 0 => Operand::Text(""),
            kind::STRING => {
                // SAFETY: the caller's promise.
                let bytes = unsafe { std::slice::from_raw_parts(datum.low as *const u8, datum.high as usize) };
                // SAFETY: the caller's promise.
                Operand::Text(unsafe { std::str::from_utf8_unchecked(bytes) })
            }
            kind::TIMESTAMP => Operand::Timestamp(datum.low as i64),
            kind::DATE => Operand::Date(datum.low as i64 as i32),
            kind::INTERVAL => Operand::Interval(Interval {
                months: datum.extra,
                days: datum.low as i64,
                microseconds: datum.high as i64,
            }),
            // SAFETY: the caller's promise.
            kind::BOXED => match unsafe { &*(datum.low as *const Value) } {
                Value::Null => Operand::Null,
                value => Operand::Boxed(value),
            },
            _ => Operand::Null,
        }
    }

    /// The operand as a value of its own.
    pub fn to_value(self) -> Value {
        match self {
            Operand::Null => Value::Null,
            Operand::Boolean(boolean) => Value::Boolean(boolean),
            Operand::Integer(integer) => Value::Integer(integer),
            Operand::Number(number) => Value::Number(number),
            Operand::Text(text) => Value::String(text.into()),
            Operand::Timestamp(micros) => Value::Timestamp(micros),
            Operand::Date(days) => Value::Date(days),
            Operand::Interval(interval) => Value::Interval(interval),
            Operand::Boxed(value) => value.clone(),
        }
    }

    /// A value as a typed operand: scalars are not dynamic.
    pub fn of(value: &'a Value) -> Operand<'a> {
        match value {
            Value::Null => Operand::Null,
            Value::Boolean(boolean) => Operand::Boolean(*boolean),
            Value::Integer(integer) => Operand::Integer(*integer),
            Value::Number(number) => Operand::Number(*number),
            Value::String(text) => Operand::Text(text),
            Value::Timestamp(micros) => Operand::Timestamp(*micros),
            Value::Date(days) => Operand::Date(*days),
            Value::Interval(interval) => Operand::Interval(*interval),
            Value::Array(_) | Value::Document(_) => Operand::Boxed(value),
        }
    }

    /// Its type; a boxed scalar is dynamic.
    pub fn data_type(self) -> DataType {
        match self {
            Operand::Null => DataType::Null,
            Operand::Boolean(_) => DataType::Boolean,
            Operand::Integer(_) => DataType::Integer,
            Operand::Number(_) => DataType::Number,
            Operand::Text(_) => DataType::String,
            Operand::Timestamp(_) => DataType::Timestamp,
            Operand::Date(_) => DataType::Date,
            Operand::Interval(_) => DataType::Interval,
            Operand::Boxed(Value::Array(_)) => DataType::Array,
            Operand::Boxed(Value::Document(_)) => DataType::Document,
            Operand::Boxed(_) => DataType::Dynamic,
        }
    }

    /// Whether it is NULL.
    pub fn is_null(self) -> bool {
        matches!(self, Operand::Null)
    }
}

/// The type of a value.
pub fn type_of(value: &Value) -> DataType {
    Operand::of(value).data_type()
}

/// A value as a datum: scalars by their kind, documents and arrays boxed.
pub fn write(value: Value, arena: &mut Arena) -> Datum {
    match value {
        Value::Null => Datum::default(),
        Value::Boolean(boolean) => scalar(kind::BOOLEAN, u64::from(boolean)),
        Value::Integer(integer) => scalar(kind::INTEGER, integer as u64),
        Value::Number(number) => scalar(kind::NUMBER, number.to_bits()),
        Value::Timestamp(micros) => scalar(kind::TIMESTAMP, micros as u64),
        Value::Date(days) => scalar(kind::DATE, i64::from(days) as u64),
        Value::Interval(interval) => Datum {
            kind: kind::INTERVAL,
            extra: interval.months,
            low: interval.days as u64,
            high: interval.microseconds as u64,
        },
        Value::String(text) => {
            let (address, length) = arena.text(&text);
            Datum { kind: kind::STRING, extra: 0, low: address as u64, high: length as u64 }
        }
        value @ (Value::Array(_) | Value::Document(_)) => write_boxed(value, arena),
    }
}

/// A value as a boxed datum, whatever it is; NULL stays NULL.
pub fn write_boxed(value: Value, arena: &mut Arena) -> Datum {
    match value {
        Value::Null => Datum::default(),
        value => scalar(kind::BOXED, arena.value(value) as u64),
    }
}

/// A value as a datum of a declared type: boxed for documents, arrays and dynamics.
pub fn write_as(value: Value, data_type: DataType, arena: &mut Arena) -> Datum {
    if data_type.is_boxed() { write_boxed(value, arena) } else { write(value, arena) }
}

fn scalar(kind: u32, low: u64) -> Datum {
    Datum { kind, extra: 0, low, high: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cross_the_border_and_come_back() {
        let mut arena = Arena::new();
        for value in [
            Value::Null,
            Value::Boolean(true),
            Value::Integer(-5),
            Value::Number(-0.5),
            Value::String("".into()),
            Value::String("é".into()),
            Value::Timestamp(-1),
            Value::Date(-1),
            Value::Interval(Interval { months: -1, days: -2, microseconds: -3 }),
            Value::Array(vec![Value::Null].into()),
        ] {
            for datum in [write(value.clone(), &mut arena), write_boxed(value.clone(), &mut arena)] {
                // SAFETY: the arena lives until the end of the test.
                assert_eq!(unsafe { Operand::read(&datum) }.to_value(), value);
            }
        }
    }

    #[test]
    fn a_boxed_scalar_is_dynamic() {
        let value = Value::Integer(1);
        assert_eq!(Operand::Boxed(&value).data_type(), DataType::Dynamic);
        assert_eq!(Operand::of(&value).data_type(), DataType::Integer);
    }
}
