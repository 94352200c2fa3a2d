//! Operators on values whose types are known only when the program runs.
//!
//! NULL follows three-valued logic. What the types decide is decided by the compiler: it coerces a dynamic value beside a typed
//! operand. So operands of different kinds that reach this module are dynamic: they are compared as JSON, and an operator that
//! does not take them gives NULL. Errors are left for what no type shows: overflow, division by zero, a wrong pattern.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::runtime_calls::{BinaryOperator, UnaryOperator};

use crate::coerce::{coerce, negate_interval, parse_integer, parse_number, to_text};
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::value::Value;

mod arithmetic;
mod compare;
mod pattern;

pub use compare::{compare_json, compare_numbers, json_equal};
pub use pattern::with_regex;

type Result<T> = std::result::Result<T, RuntimeError>;

/// `left operator right`.
pub fn binary(operator: BinaryOperator, left: Operand<'_>, right: Operand<'_>) -> Result<Value> {
    use BinaryOperator::*;
    match operator {
        Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual => Ok(compare::comparison(operator, left, right)),
        Like => pattern::like(left, right, false, false),
        NotLike => pattern::like(left, right, false, true),
        ILike => pattern::like(left, right, true, false),
        NotILike => pattern::like(left, right, true, true),
        Matches => pattern::matches(left, right),
        Contains => Ok(contains(left, right)),
        In => Ok(boolean(is_in(left, right))),
        NotIn => Ok(boolean(is_in(left, right).map(|found| !found))),
        And => Ok(boolean(match (truth(left), truth(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        })),
        Or => Ok(boolean(match (truth(left), truth(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        })),
        Coalesce => Ok(if left.is_null() { right.to_value() } else { left.to_value() }),
        Concat => Ok(concat(left, right)),
        Add | Subtract | Multiply | Divide | Remainder => arithmetic::arithmetic(operator, left, right),
    }
}

/// `operator operand`.
pub fn unary(operator: UnaryOperator, operand: Operand<'_>) -> Result<Value> {
    let negate = match operator {
        UnaryOperator::Not => return Ok(boolean(truth(operand).map(|truth| !truth))),
        UnaryOperator::Negate => true,
        UnaryOperator::Plus => false,
    };
    let result = match scalar_of(operand) {
        Operand::Text(text) => match numeric(text) {
            Some(value) => return unary(operator, Operand::of(&value)),
            None => Some(Value::Null),
        },
        Operand::Integer(integer) if negate => integer.checked_neg().map(Value::Integer),
        Operand::Number(number) if negate => Some(Value::Number(-number)),
        Operand::Interval(interval) if negate => negate_interval(interval).map(Value::Interval),
        operand @ (Operand::Integer(_) | Operand::Number(_) | Operand::Interval(_)) => Some(operand.to_value()),
        _ => Some(Value::Null),
    };
    result.ok_or_else(arithmetic::out_of_range)
}

/// `base.key`; NULL where there is none.
pub fn member(base: Operand<'_>, key: &str) -> Value {
    match base {
        Operand::Boxed(Value::Document(document)) => document.get(key).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

/// What `base[index]` finds.
#[derive(Debug, PartialEq)]
pub enum Element {
    /// The element, or NULL where there is no such key.
    Found(Value),
    /// An array has no element with that index.
    OutOfRange {
        /// The index.
        index: i64,
        /// The array's length.
        length: usize,
        /// Whether all its elements are documents, as the rows of a query are.
        rows: bool,
    },
}

/// `base[index]`: of an array from 0, of a document by key; NULL where there is none.
pub fn index(base: Operand<'_>, index: Operand<'_>) -> Element {
    let found = match base {
        Operand::Boxed(Value::Array(items)) => match coerce(&index.to_value(), DataType::Integer, None) {
            Some(Value::Integer(position)) => {
                match usize::try_from(position).ok().and_then(|position| items.get(position)) {
                    Some(item) => item.clone(),
                    None => {
                        return Element::OutOfRange {
                            index: position,
                            length: items.len(),
                            rows: items.iter().all(|item| matches!(item, Value::Document(_))),
                        };
                    }
                }
            }
            _ => Value::Null,
        },
        Operand::Boxed(Value::Document(document)) => {
            text_of(index).and_then(|key| document.get(&*key).cloned()).unwrap_or_default()
        }
        _ => Value::Null,
    };
    Element::Found(found)
}

/// A dynamic scalar as the scalar it holds; anything else as it is.
fn scalar_of(operand: Operand<'_>) -> Operand<'_> {
    match operand {
        Operand::Boxed(value) => Operand::of(value),
        other => other,
    }
}

/// The truth of a boolean; `None` for unknown, which is also what a value is that is no boolean.
fn truth(operand: Operand<'_>) -> Option<bool> {
    match operand {
        Operand::Boolean(boolean) => Some(boolean),
        Operand::Boxed(Value::Boolean(boolean)) => Some(*boolean),
        _ => None,
    }
}

/// Whether the value of a condition counts as true: NULL and what is no boolean do not.
pub fn is_true(operand: Operand<'_>) -> bool {
    matches!(operand, Operand::Boolean(true) | Operand::Boxed(Value::Boolean(true)))
}

fn boolean(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Boolean)
}

/// The operand as text without loss; `None` where it has none.
fn text_of(operand: Operand<'_>) -> Option<Rc<str>> {
    match coerce(&operand.to_value(), DataType::String, None) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// A numeric text as an integer where it is one, else as a number.
fn numeric(text: &str) -> Option<Value> {
    parse_integer(text).map(Value::Integer).or_else(|| parse_number(text).map(Value::Number))
}

/// Whether a dynamic value is equal to an operand, whose type it takes; `None` is unknown.
pub fn dynamic_equal(dynamic: &Value, operand: Operand<'_>) -> Option<bool> {
    if matches!(dynamic, Value::Null) || operand.is_null() {
        return None;
    }
    match operand {
        Operand::Boxed(value) => Some(json_equal(dynamic, value)),
        typed => Some(json_equal(&compare::fit(dynamic, typed)?, &typed.to_value())),
    }
}

fn contains(left: Operand<'_>, right: Operand<'_>) -> Value {
    if left.is_null() || right.is_null() {
        return Value::Null;
    }
    match scalar_of(left) {
        Operand::Boxed(Value::Array(items)) => {
            Value::Boolean(items.iter().any(|item| dynamic_equal(item, right) == Some(true)))
        }
        Operand::Boxed(Value::Document(document)) => boolean(text_of(right).map(|key| document.contains_key(&*key))),
        Operand::Text(text) => boolean(text_of(right).map(|part| text.contains(&*part))),
        _ => Value::Null,
    }
}

fn is_in(left: Operand<'_>, right: Operand<'_>) -> Option<bool> {
    let Operand::Boxed(Value::Array(items)) = right else { return None };
    let mut unknown = false;
    for item in items.iter() {
        match dynamic_equal(item, left) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown |= left.is_null() || matches!(item, Value::Null),
        }
    }
    if unknown { None } else { Some(false) }
}

/// Text of both sides behind each other; arrays are joined or extended, documents merged; NULL with anything is NULL.
fn concat(left: Operand<'_>, right: Operand<'_>) -> Value {
    if left.is_null() || right.is_null() {
        return Value::Null;
    }
    match (left, right) {
        (Operand::Boxed(Value::Array(left)), Operand::Boxed(Value::Array(right))) => {
            Value::Array(Rc::new(left.iter().chain(right.iter()).cloned().collect()))
        }
        (Operand::Boxed(Value::Array(left)), right) => {
            let mut items = Vec::with_capacity(left.len() + 1);
            items.extend(left.iter().cloned());
            items.push(right.to_value());
            Value::Array(Rc::new(items))
        }
        (left, Operand::Boxed(Value::Array(right))) if !matches!(scalar_of(left), Operand::Text(_)) => {
            let mut items = Vec::with_capacity(right.len() + 1);
            items.push(left.to_value());
            items.extend(right.iter().cloned());
            Value::Array(Rc::new(items))
        }
        (Operand::Boxed(Value::Document(left)), Operand::Boxed(Value::Document(right))) => {
            let mut merged = (**left).clone();
            merged.extend(right.iter().map(|(key, value)| (Rc::clone(key), value.clone())));
            Value::Document(Rc::new(merged))
        }
        (left, right) => {
            let mut text = String::new();
            for operand in [left, right] {
                match operand {
                    Operand::Text(part) => text.push_str(part),
                    other => text.push_str(&to_text(&other.to_value())),
                }
            }
            Value::String(text.into())
        }
    }
}

/// `an integer`, `a string`.
pub fn with_article(data_type: DataType) -> String {
    let article = if data_type.name().starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {data_type}")
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
        let result = match binary(operator, left, right) {
            Ok(value) => value_to_json(&value),
            Err(error) => error.to_string(),
        };
        assert_eq!(result, expected);
    }

    #[test]
    fn and_and_or_are_three_valued() {
        use BinaryOperator::{And, Or};
        use Operand::{Boolean, Null};
        check(And, Boolean(true), Null, "null");
        check(And, Null, Boolean(false), "false");
        check(Or, Null, Boolean(true), "true");
        check(Or, Boolean(false), Null, "null");
        check(And, Boolean(true), Operand::Integer(1), "null");
        assert_eq!(unary(UnaryOperator::Not, Null), Ok(Value::Null));
    }

    #[test]
    fn a_list_with_null_leaves_the_answer_open() {
        use BinaryOperator::{In, NotIn};
        let list = json("[1, null, \"3\"]");
        check(In, Operand::Integer(1), Operand::Boxed(&list), "true");
        check(In, Operand::Integer(3), Operand::Boxed(&list), "true");
        check(In, Operand::Integer(2), Operand::Boxed(&list), "null");
        check(NotIn, Operand::Integer(2), Operand::Boxed(&list), "null");
        check(In, Operand::Null, Operand::Boxed(&json("[]")), "false");
        check(NotIn, Operand::Text("a"), Operand::Boxed(&json("[\"b\"]")), "true");
    }

    #[test]
    fn contains_looks_into_arrays_texts_and_documents() {
        use BinaryOperator::Contains;
        let labels = json("[\"bug\", 5]");
        check(Contains, Operand::Boxed(&labels), Operand::Text("bug"), "true");
        check(Contains, Operand::Boxed(&labels), Operand::Text("5"), "true");
        check(Contains, Operand::Boxed(&labels), Operand::Text("x"), "false");
        check(Contains, Operand::Text("abc"), Operand::Text("bc"), "true");
        check(Contains, Operand::Boxed(&json("{\"a\":1}")), Operand::Text("a"), "true");
        check(Contains, Operand::Null, Operand::Text("a"), "null");
    }

    #[test]
    fn concatenation_of_null_is_null() {
        use BinaryOperator::Concat;
        check(Concat, Operand::Text("a"), Operand::Null, "null");
        check(Concat, Operand::Text("n"), Operand::Integer(5), "\"n5\"");
        check(Concat, Operand::Text("n"), Operand::Number(40.0), "\"n40\"");
        check(Concat, Operand::Text("at "), Operand::Timestamp(0), "\"at 1970-01-01T00:00:00Z\"");
        check(Concat, Operand::Boxed(&json("[1]")), Operand::Boxed(&json("[2]")), "[1,2]");
        check(Concat, Operand::Boxed(&json("[1]")), Operand::Text("a"), "[1,\"a\"]");
        check(Concat, Operand::Text("a"), Operand::Boxed(&json("[1]")), "\"a[1]\"");
        check(
            Concat,
            Operand::Boxed(&json("{\"a\":1}")),
            Operand::Boxed(&json("{\"a\":2,\"b\":3}")),
            "{\"a\":2,\"b\":3}",
        );
    }

    #[test]
    fn elements_count_from_zero() {
        let rows = json("[{\"a\":1}]");
        let document = json("{\"a\":1}");
        assert_eq!(index(Operand::Boxed(&rows), Operand::Integer(0)), Element::Found(json("{\"a\":1}")));
        assert_eq!(
            index(Operand::Boxed(&rows), Operand::Integer(-1)),
            Element::OutOfRange { index: -1, length: 1, rows: true }
        );
        assert_eq!(index(Operand::Boxed(&document), Operand::Text("a")), Element::Found(Value::Integer(1)));
        for (base, position) in [
            (Operand::Null, Operand::Integer(0)),
            (Operand::Boxed(&rows), Operand::Text("x")),
            (Operand::Boxed(&rows), Operand::Null),
            (Operand::Integer(1), Operand::Integer(0)),
        ] {
            assert_eq!(index(base, position), Element::Found(Value::Null));
        }
        assert_eq!(member(Operand::Boxed(&json("{\"a\":{}}")), "b"), Value::Null);
    }

    #[test]
    fn signs() {
        assert_eq!(unary(UnaryOperator::Negate, Operand::Boxed(&json("\"5\""))), Ok(Value::Integer(-5)));
        assert!(unary(UnaryOperator::Negate, Operand::Integer(i64::MIN)).is_err());
        assert_eq!(unary(UnaryOperator::Negate, Operand::Text("x")), Ok(Value::Null));
        assert_eq!(unary(UnaryOperator::Plus, Operand::Number(1.5)), Ok(Value::Number(1.5)));
    }
}
