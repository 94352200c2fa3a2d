//! `+ - * / %`

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;

use super::{Result, numeric, scalar_of};
use crate::coerce::{
    add_interval, add_intervals, coerce, date_to_timestamp, interval_of, negate_interval, timestamp_difference,
};
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::value::{Interval, Value};

/// A result that no value of its type can hold.
pub(super) fn out_of_range() -> RuntimeError {
    RuntimeError::new("OverflowError", "the result is out of range")
}

fn division_by_zero() -> RuntimeError {
    RuntimeError::new("DivisionError", "division by zero")
}

pub(super) fn arithmetic(operator: BinaryOperator, left: Operand<'_>, right: Operand<'_>) -> Result<Value> {
    if left.is_null() || right.is_null() {
        return Ok(Value::Null);
    }
    let (left, right) = (scalar_of(left), scalar_of(right));
    if let Some(result) = apply(operator, left, right) {
        return result;
    }
    match (fit(operator, left, right), fit(operator, right, left)) {
        (Some(left), Some(right)) => {
            apply(operator, Operand::of(&left), Operand::of(&right)).unwrap_or(Ok(Value::Null))
        }
        _ => Ok(Value::Null),
    }
}

/// A dynamic value as what the operator can take beside another: a text is a time beside a time or a span, else a number.
fn fit(operator: BinaryOperator, operand: Operand<'_>, beside: Operand<'_>) -> Option<Value> {
    let sum = matches!(operator, BinaryOperator::Add | BinaryOperator::Subtract);
    match (operand, beside) {
        (Operand::Text(_), Operand::Interval(_) | Operand::Timestamp(_) | Operand::Date(_)) if sum => {
            coerce(&operand.to_value(), DataType::Timestamp, None)
        }
        (Operand::Text(text), _) => numeric(text),
        (operand, _) => Some(operand.to_value()),
    }
}

/// The result, or `None` where the operator does not take these types.
fn apply(operator: BinaryOperator, left: Operand<'_>, right: Operand<'_>) -> Option<Result<Value>> {
    use BinaryOperator::{Add, Divide, Multiply, Subtract};
    use Operand::{Date, Integer, Number, Timestamp};
    Some(match (operator, left, right) {
        (operator, Integer(left), Integer(right)) => integers(operator, left, right),
        (operator, Integer(left), Number(right)) => numbers(operator, left as f64, right),
        (operator, Number(left), Integer(right)) => numbers(operator, left, right as f64),
        (operator, Number(left), Number(right)) => numbers(operator, left, right),
        (Add, Timestamp(_) | Date(_), Operand::Interval(interval)) => shift(left, interval),
        (Add, Operand::Interval(interval), Timestamp(_) | Date(_)) => shift(right, interval),
        (Subtract, Timestamp(_) | Date(_), Operand::Interval(interval)) => {
            negate_interval(interval).ok_or_else(out_of_range).and_then(|interval| shift(left, interval))
        }
        (Add, Date(days), Integer(count)) | (Add, Integer(count), Date(days)) => move_date(days, Some(count)),
        (Subtract, Date(days), Integer(count)) => move_date(days, count.checked_neg()),
        (Subtract, Date(left), Date(right)) => Ok(Value::Integer(i64::from(left) - i64::from(right))),
        (Subtract, Timestamp(_) | Date(_), Timestamp(_) | Date(_)) => micros(left)
            .zip(micros(right))
            .and_then(|(left, right)| timestamp_difference(left, right))
            .map(Value::Interval)
            .ok_or_else(out_of_range),
        (Add, Operand::Interval(left), Operand::Interval(right)) => {
            add_intervals(left, right).map(Value::Interval).ok_or_else(out_of_range)
        }
        (Subtract, Operand::Interval(left), Operand::Interval(right)) => negate_interval(right)
            .and_then(|right| add_intervals(left, right))
            .map(Value::Interval)
            .ok_or_else(out_of_range),
        (Multiply, Operand::Interval(interval), Integer(factor))
        | (Multiply, Integer(factor), Operand::Interval(interval)) => scale(interval, factor as f64),
        (Multiply, Operand::Interval(interval), Number(factor))
        | (Multiply, Number(factor), Operand::Interval(interval)) => scale(interval, factor),
        (Divide, Operand::Interval(_), Integer(0)) => Err(division_by_zero()),
        (Divide, Operand::Interval(_), Number(0.0)) => Err(division_by_zero()),
        (Divide, Operand::Interval(interval), Integer(divisor)) => scale(interval, 1.0 / divisor as f64),
        (Divide, Operand::Interval(interval), Number(divisor)) => scale(interval, 1.0 / divisor),
        _ => return None,
    })
}

fn integers(operator: BinaryOperator, left: i64, right: i64) -> Result<Value> {
    let result = match operator {
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        _ if right == 0 => return Err(division_by_zero()),
        BinaryOperator::Divide => left.checked_div(right),
        _ => Some(left.wrapping_rem(right)),
    };
    result.map(Value::Integer).ok_or_else(out_of_range)
}

fn numbers(operator: BinaryOperator, left: f64, right: f64) -> Result<Value> {
    let result = match operator {
        BinaryOperator::Add => left + right,
        BinaryOperator::Subtract => left - right,
        BinaryOperator::Multiply => left * right,
        _ if right == 0.0 => return Err(division_by_zero()),
        BinaryOperator::Divide => left / right,
        _ => left % right,
    };
    if result.is_finite() || !left.is_finite() || !right.is_finite() {
        Ok(Value::Number(result))
    } else {
        Err(out_of_range())
    }
}

fn micros(operand: Operand<'_>) -> Option<i64> {
    match operand {
        Operand::Timestamp(micros) => Some(micros),
        Operand::Date(days) => date_to_timestamp(days),
        _ => None,
    }
}

fn shift(time: Operand<'_>, interval: Interval) -> Result<Value> {
    let shifted = micros(time).and_then(|micros| add_interval(micros, interval));
    shifted.map(Value::Timestamp).ok_or_else(out_of_range)
}

fn move_date(days: i32, count: Option<i64>) -> Result<Value> {
    let moved = count.and_then(|count| i64::from(days).checked_add(count)).and_then(|days| i32::try_from(days).ok());
    moved.map(Value::Date).ok_or_else(out_of_range)
}

/// Fractions of months go on to days, those of days to microseconds.
fn scale(interval: Interval, factor: f64) -> Result<Value> {
    let parts = [
        interval_of(f64::from(interval.months) * factor, "month"),
        interval_of(interval.days as f64 * factor, "day"),
        interval_of(interval.microseconds as f64 * factor, "microsecond"),
    ];
    let mut sum = Interval::default();
    for part in parts {
        sum = part.and_then(|part| add_intervals(sum, part)).ok_or_else(out_of_range)?;
    }
    Ok(Value::Interval(sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::{parse_interval, parse_timestamp, value_to_json};

    #[track_caller]
    fn check(operator: BinaryOperator, left: Operand<'_>, right: Operand<'_>, expected: &str) {
        let result = match arithmetic(operator, left, right) {
            Ok(value) => value_to_json(&value),
            Err(error) => error.to_string(),
        };
        assert_eq!(result, expected);
    }

    #[test]
    fn integers_are_exact_or_an_error() {
        use BinaryOperator::*;
        check(Divide, Operand::Integer(-7), Operand::Integer(2), "-3");
        check(Remainder, Operand::Integer(-7), Operand::Integer(2), "-1");
        check(Add, Operand::Integer(i64::MAX), Operand::Integer(1), "OverflowError: the result is out of range");
        check(Divide, Operand::Integer(i64::MIN), Operand::Integer(-1), "OverflowError: the result is out of range");
        check(Remainder, Operand::Integer(i64::MIN), Operand::Integer(-1), "0");
        check(Divide, Operand::Integer(1), Operand::Integer(0), "DivisionError: division by zero");
        check(Divide, Operand::Number(1.0), Operand::Integer(0), "DivisionError: division by zero");
        check(Multiply, Operand::Number(1e300), Operand::Number(1e300), "OverflowError: the result is out of range");
        check(Add, Operand::Integer(1), Operand::Number(0.5), "1.5");
        check(Add, Operand::Null, Operand::Integer(1), "null");
        check(Add, Operand::Text("1"), Operand::Integer(1), "2");
        check(Add, Operand::Boolean(true), Operand::Integer(1), "null");
    }

    #[test]
    fn times_and_spans() {
        use BinaryOperator::*;
        let time = Operand::Timestamp(parse_timestamp("2024-01-31T00:00:00Z").expect("valid"));
        let span = |text| Operand::Interval(parse_interval(text).expect("valid"));
        check(Add, time, span("1 month"), "\"2024-02-29T00:00:00Z\"");
        check(Subtract, time, span("36h"), "\"2024-01-29T12:00:00Z\"");
        check(Subtract, time, Operand::Date(19_722), "\"P31D\"");
        check(Subtract, Operand::Date(10), Operand::Date(3), "7");
        check(Add, Operand::Date(10), Operand::Integer(3), "\"1970-01-14\"");
        check(Add, Operand::Date(0), span("1h"), "\"1970-01-01T01:00:00Z\"");
        check(Multiply, span("1.5 days"), Operand::Integer(2), "\"P2DT24H\"");
        check(Divide, span("1 day"), Operand::Integer(2), "\"PT12H\"");
        check(Add, Operand::Timestamp(i64::MAX), span("1 day"), "OverflowError: the result is out of range");
    }

    #[test]
    fn dynamic_values_take_part_where_they_fit() {
        use BinaryOperator::*;
        let (text, word, time) = (
            Value::String("5".into()),
            Value::String("x".into()),
            Value::String("2024-01-31T00:00:00.000+0000".into()),
        );
        check(Add, Operand::Boxed(&text), Operand::Integer(1), "6");
        check(Add, Operand::Boxed(&word), Operand::Integer(1), "null");
        check(Add, Operand::Boxed(&Value::Integer(2)), Operand::Boxed(&Value::Number(0.5)), "2.5");
        check(Add, Operand::Boxed(&word), Operand::Boxed(&word), "null");
        let day = Operand::Interval(Interval { days: 1, ..Interval::default() });
        check(Subtract, Operand::Boxed(&time), day, "\"2024-01-30T00:00:00Z\"");
        check(Subtract, Operand::Timestamp(0), Operand::Boxed(&word), "null");
    }
}
