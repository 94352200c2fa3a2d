//! Comparisons.

use std::cmp::Ordering;

use moltler_abi::DataType;
use moltler_abi::runtime_calls::BinaryOperator;

use super::{boolean, numeric, scalar_of};
use crate::coerce::{coerce, date_to_timestamp, interval_order, number_to_integer, to_text};
use crate::datum::Operand;
use crate::value::Value;

/// `= != < <= > >=`
pub(super) fn comparison(operator: BinaryOperator, left: Operand<'_>, right: Operand<'_>) -> Value {
    if left.is_null() || right.is_null() {
        return Value::Null;
    }
    let ordering = compare_typed(left, right).or_else(|| {
        let (left, right) = (left.to_value(), right.to_value());
        if matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual) {
            Some(if json_equal(&left, &right) { Ordering::Equal } else { Ordering::Less })
        } else {
            (rank(&left) == rank(&right)).then(|| compare_json(&left, &right))
        }
    });
    boolean(ordering.map(|ordering| match operator {
        BinaryOperator::Equal => ordering.is_eq(),
        BinaryOperator::NotEqual => ordering.is_ne(),
        BinaryOperator::Less => ordering.is_lt(),
        BinaryOperator::LessEqual => ordering.is_le(),
        BinaryOperator::Greater => ordering.is_gt(),
        _ => ordering.is_ge(),
    }))
}

/// A dynamic value as the type of the operand beside it. A number stays the number it is beside a numeric operand.
pub(super) fn fit(value: &Value, beside: Operand<'_>) -> Option<Value> {
    match (beside, value) {
        (Operand::Integer(_) | Operand::Number(_), Value::Integer(_) | Value::Number(_)) => Some(value.clone()),
        (Operand::Integer(_) | Operand::Number(_), Value::String(text)) => numeric(text),
        (Operand::Timestamp(_) | Operand::Date(_), value) => coerce(value, DataType::Timestamp, None),
        (beside, value) => coerce(value, beside.data_type(), None),
    }
}

/// Order of two typed scalars; `None` where their types have none in common.
fn compare_typed(left: Operand<'_>, right: Operand<'_>) -> Option<Ordering> {
    let micros = |operand: Operand<'_>| match operand {
        Operand::Timestamp(micros) => Some(i128::from(micros)),
        Operand::Date(days) => Some(i128::from(days) * i128::from(crate::coerce::DAY)),
        _ => None,
    };
    match (left, right) {
        (Operand::Boolean(left), Operand::Boolean(right)) => Some(left.cmp(&right)),
        (Operand::Text(left), Operand::Text(right)) => Some(left.cmp(right)),
        (Operand::Interval(left), Operand::Interval(right)) => Some(interval_order(left).cmp(&interval_order(right))),
        (Operand::Integer(_) | Operand::Number(_), Operand::Integer(_) | Operand::Number(_)) => {
            Some(compare_numbers(&left.to_value(), &right.to_value()))
        }
        _ => Some(micros(left)?.cmp(&micros(right)?)),
    }
}

/// Order of two values that are integers or numbers, exact over the whole range; NaN is equal to itself and above all others.
///
/// # Panics
/// When one is neither.
pub fn compare_numbers(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => {
            left.partial_cmp(right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
        }
        (Value::Integer(left), Value::Number(right)) => compare_mixed(*left, *right),
        (Value::Number(left), Value::Integer(right)) => compare_mixed(*right, *left).reverse(),
        _ => panic!("Invariant: only numbers are compared as numbers"),
    }
}

fn compare_mixed(left: i64, right: f64) -> Ordering {
    if right.is_nan() {
        return Ordering::Less;
    }
    match number_to_integer(right.trunc()) {
        Some(whole) => left.cmp(&whole).then_with(|| 0.0.partial_cmp(&right.fract()).unwrap_or(Ordering::Equal)),
        None if right > 0.0 => Ordering::Less,
        None => Ordering::Greater,
    }
}

/// The kinds of JSON in their order: null, text, number, boolean, array, document.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::String(_) | Value::Timestamp(_) | Value::Date(_) | Value::Interval(_) => 1,
        Value::Integer(_) | Value::Number(_) => 2,
        Value::Boolean(_) => 3,
        Value::Array(_) => 4,
        Value::Document(_) => 5,
    }
}

/// Whether two values are the same JSON: keys in any order, `1` and `1.0` alike, a time like its text.
pub fn json_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| json_equal(left, right))
        }
        (Value::Document(left), Value::Document(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| json_equal(left, right)))
        }
        _ => rank(left) == rank(right) && compare_json(left, right).is_eq(),
    }
}

/// A total order as that of PostgreSQL's `jsonb`: by kind, then within it; a longer array or document is greater.
pub fn compare_json(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Integer(_) | Value::Number(_), Value::Integer(_) | Value::Number(_)) => compare_numbers(left, right),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Interval(left), Value::Interval(right)) => interval_order(*left).cmp(&interval_order(*right)),
        (Value::Array(left), Value::Array(right)) => left.len().cmp(&right.len()).then_with(|| {
            left.iter()
                .zip(right.iter())
                .map(|(left, right)| compare_json(left, right))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        }),
        (Value::Document(left), Value::Document(right)) => left.len().cmp(&right.len()).then_with(|| {
            let sorted = |document: &crate::value::Document| {
                let mut keys: Vec<_> = document.keys().cloned().collect();
                keys.sort_by(|left, right| left.len().cmp(&right.len()).then_with(|| left.cmp(right)));
                keys
            };
            let (left_keys, right_keys) = (sorted(left), sorted(right));
            left_keys
                .iter()
                .zip(&right_keys)
                .map(|(left_key, right_key)| {
                    left_key.cmp(right_key).then_with(|| compare_json(&left[left_key], &right[right_key]))
                })
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        }),
        _ if rank(left) == 1 && rank(right) == 1 => match (micros(left), micros(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => to_text(left).cmp(&to_text(right)),
        },
        _ => rank(left).cmp(&rank(right)),
    }
}

fn micros(value: &Value) -> Option<i64> {
    match scalar_of(Operand::of(value)) {
        Operand::Timestamp(micros) => Some(micros),
        Operand::Date(days) => date_to_timestamp(days),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::{value_from_json, value_to_json};

    fn json(text: &str) -> Value {
        value_from_json(text).expect("valid")
    }

    #[track_caller]
    fn check(operator: BinaryOperator, left: Operand<'_>, right: Operand<'_>, expected: &str) {
        assert_eq!(value_to_json(&comparison(operator, left, right)), expected);
    }

    #[test]
    fn a_dynamic_value_takes_the_type_beside_it() {
        use crate::evaluate::dynamic_equal;
        assert_eq!(dynamic_equal(&json("1"), Operand::Text("1")), Some(true));
        assert_eq!(dynamic_equal(&json("\"1\""), Operand::Integer(1)), Some(true));
        assert_eq!(dynamic_equal(&json("1.0"), Operand::Integer(1)), Some(true));
        let time = json("\"2024-01-15T10:00:00+0000\"");
        assert_eq!(dynamic_equal(&time, Operand::Timestamp(1_705_312_800_000_000)), Some(true));
        assert_eq!(dynamic_equal(&json("{}"), Operand::Text("1")), None);
        assert_eq!(dynamic_equal(&json("\"x\""), Operand::Integer(1)), None);
    }

    #[test]
    fn two_dynamic_values_are_compared_as_json() {
        use BinaryOperator::*;
        check(
            Equal,
            Operand::Boxed(&json("{\"a\":1,\"b\":[2.0]}")),
            Operand::Boxed(&json("{\"b\":[2],\"a\":1}")),
            "true",
        );
        check(Equal, Operand::Boxed(&json("1")), Operand::Boxed(&json("\"1\"")), "false");
        check(Less, Operand::Boxed(&json("1")), Operand::Boxed(&json("\"1\"")), "null");
        check(Less, Operand::Boxed(&json("[9]")), Operand::Boxed(&json("[1,2]")), "true");
    }

    #[test]
    fn typed_operands_of_different_types() {
        use BinaryOperator::*;
        check(Equal, Operand::Integer(9_007_199_254_740_993), Operand::Number(9_007_199_254_740_992.0), "false");
        check(Less, Operand::Integer(i64::MAX), Operand::Number(1e300), "true");
        check(Less, Operand::Integer(1), Operand::Number(1.5), "true");
        check(Greater, Operand::Integer(-1), Operand::Number(-1.5), "true");
        check(Less, Operand::Date(0), Operand::Timestamp(1), "true");
        check(Equal, Operand::Boolean(true), Operand::Integer(1), "false");
        check(Equal, Operand::Text("1"), Operand::Integer(1), "false");
        check(Less, Operand::Text("1"), Operand::Integer(1), "null");
        check(Equal, Operand::Null, Operand::Null, "null");
    }

    #[test]
    fn text_is_ordered_by_code_point() {
        check(BinaryOperator::Less, Operand::Text("Z"), Operand::Text("a"), "true");
        check(BinaryOperator::Less, Operand::Text("z"), Operand::Text("é"), "true");
    }

    #[test]
    fn the_order_of_json_is_total() {
        let values: Vec<_> = [
            "null",
            "\"a\"",
            "\"b\"",
            "1",
            "1.5",
            "2",
            "false",
            "true",
            "[]",
            "[1]",
            "[0,0]",
            "{}",
            "{\"a\":1}",
            "{\"b\":0}",
        ]
        .into_iter()
        .map(json)
        .collect();
        for (left_index, left) in values.iter().enumerate() {
            for (right_index, right) in values.iter().enumerate() {
                assert_eq!(compare_json(left, right), left_index.cmp(&right_index), "{left:?} {right:?}");
            }
        }
    }
}
