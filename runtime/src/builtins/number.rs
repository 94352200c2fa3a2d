//! Functions on numbers.

use super::{Builtin, Result, integer_argument};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("ABS", abs),
    ("CEIL", |_, arguments| Ok(on_number(&arguments[0], f64::ceil))),
    ("FLOOR", |_, arguments| Ok(on_number(&arguments[0], f64::floor))),
    ("ROUND", |_, arguments| cut(arguments, true)),
    ("TRUNC", |_, arguments| cut(arguments, false)),
];

fn on_number(value: &Value, change: fn(f64) -> f64) -> Value {
    match value {
        Value::Number(number) => Value::Number(change(*number)),
        other => other.clone(),
    }
}

fn out_of_range() -> RuntimeError {
    RuntimeError::new("OverflowError", "the result is out of range")
}

fn abs(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    match &arguments[0] {
        Value::Integer(integer) => integer.checked_abs().map(Value::Integer).ok_or_else(out_of_range),
        other => Ok(on_number(other, f64::abs)),
    }
}

/// ROUND and TRUNC to decimal digits, of the number as it is written: 2.345 has three digits, whatever the double is.
fn cut(arguments: &[Value], round: bool) -> Result<Value> {
    let digits = integer_argument(arguments, 1).unwrap_or(0).clamp(-400, 400);
    match &arguments[0] {
        Value::Integer(integer) if digits >= 0 => Ok(Value::Integer(*integer)),
        Value::Integer(integer) => {
            let Some(unit) = 10_i128.checked_pow(digits.unsigned_abs() as u32) else { return Ok(Value::Integer(0)) };
            let integer = i128::from(*integer);
            let half = if round { unit / 2 * integer.signum() } else { 0 };
            let result = (integer + half) / unit * unit;
            i64::try_from(result).map(Value::Integer).map_err(|_| out_of_range())
        }
        Value::Number(number) if number.is_finite() => {
            let result = cut_decimal(*number, digits, round);
            if result.is_finite() { Ok(Value::Number(result)) } else { Err(out_of_range()) }
        }
        other => Ok(other.clone()),
    }
}

fn cut_decimal(number: f64, digits: i64, round: bool) -> f64 {
    let text = format!("{}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let kept = whole.len() as i64 + digits;
    if digits >= fraction.len() as i64 {
        return number;
    }
    if kept < 0 {
        return 0.0;
    }
    let kept = kept as usize;
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let mut result = all[..kept].to_vec();
    if round && all[kept] >= b'5' {
        match result.iter().rposition(|digit| *digit != b'9') {
            Some(position) => {
                result[position] += 1;
                result[position + 1..].fill(b'0');
            }
            None => {
                result.fill(b'0');
                result.insert(0, b'1');
            }
        }
    }
    let mantissa = String::from_utf8_lossy(&result);
    let mantissa = if mantissa.is_empty() { "0" } else { &*mantissa };
    let magnitude: f64 = format!("{mantissa}e{}", -digits).parse().unwrap_or(f64::INFINITY);
    if number < 0.0 && magnitude != 0.0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::check;

    #[test]
    fn rounding_is_half_away_from_zero() {
        check("ROUND", "[2.5]", "3");
        check("ROUND", "[-2.5]", "-3");
        check("ROUND", "[0.4]", "0");
        check("ROUND", "[-0.4]", "0");
        check("ROUND", "[2.345,2]", "2.35");
        check("ROUND", "[1.005,2]", "1.01");
        check("ROUND", "[9.99,1]", "10");
        check("ROUND", "[1234.5,-2]", "1200");
        check("ROUND", "[6,-1]", "10");
        check("ROUND", "[1250,-2]", "1300");
        check("ROUND", "[-1250,-2]", "-1300");
        check("ROUND", "[9223372036854775807,-1]", "OverflowError: the result is out of range");
        check("ROUND", "[5,-300]", "0");
        check("ROUND", "[1e300,2]", "1e+300");
        check("TRUNC", "[-1.29,1]", "-1.2");
        check("TRUNC", "[1999,-3]", "1000");
    }

    #[test]
    fn signs_and_whole_numbers() {
        check("ABS", "[-9223372036854775808]", "OverflowError: the result is out of range");
        check("ABS", "[-1.5]", "1.5");
        check("CEIL", "[1.2]", "2");
        check("CEIL", "[7]", "7");
        check("FLOOR", "[-1.2]", "-2");
    }
}
