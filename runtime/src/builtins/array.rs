//! Functions on arrays.

use std::rc::Rc;

use super::{Builtin, Result, integer_argument};
use crate::coerce::to_text;
use crate::context::ExecContext;
use crate::datum::Operand;
use crate::evaluate::{compare_json, dynamic_equal, json_equal};
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("ARRAY_APPEND", append),
    ("ARRAY_CONTAINS", contains),
    ("ARRAY_DISTINCT", distinct),
    ("ARRAY_FLATTEN", flatten),
    ("ARRAY_JOIN", join),
    ("ARRAY_LENGTH", |_, arguments| Ok(Value::Integer(items(arguments).len() as i64))),
    ("ARRAY_PREPEND", prepend),
    ("ARRAY_REMOVE", remove),
    ("ARRAY_REVERSE", |_, arguments| Ok(array(items(arguments).iter().rev().cloned().collect()))),
    ("ARRAY_SLICE", slice),
];

pub(super) fn items(arguments: &[Value]) -> &[Value] {
    match &arguments[0] {
        Value::Array(items) => items,
        _ => panic!("Invariant: arguments have the types of their parameters"),
    }
}

pub(super) fn array(items: Vec<Value>) -> Value {
    Value::Array(Rc::new(items))
}

/// A NULL array counts as an empty one: `ARRAY_APPEND(NULL, 1)` starts a list.
fn items_or_none(arguments: &[Value]) -> &[Value] {
    if matches!(arguments[0], Value::Null) { &[] } else { items(arguments) }
}

fn append(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    Ok(array(items_or_none(arguments).iter().chain([&arguments[1]]).cloned().collect()))
}

fn prepend(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    Ok(array([&arguments[1]].into_iter().chain(items_or_none(arguments)).cloned().collect()))
}

pub(super) fn is_equal(item: &Value, value: &Value) -> bool {
    dynamic_equal(item, Operand::of(value)) == Some(true)
}

fn contains(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    Ok(Value::Boolean(items(arguments).iter().any(|item| is_equal(item, &arguments[1]))))
}

fn remove(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    Ok(array(items(arguments).iter().filter(|item| !is_equal(item, &arguments[1])).cloned().collect()))
}

fn distinct(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let items = items(arguments);
    // Sorted places find repetitions without comparing all pairs.
    let mut places: Vec<usize> = (0..items.len()).collect();
    places.sort_by(|left, right| compare_json(&items[*left], &items[*right]).then(left.cmp(right)));
    let mut first: Vec<usize> = Vec::new();
    for place in places {
        match first.last() {
            Some(last) if json_equal(&items[*last], &items[place]) => {}
            _ => first.push(place),
        }
    }
    first.sort_unstable();
    Ok(array(first.into_iter().map(|place| items[place].clone()).collect()))
}

fn flatten(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let mut flat = Vec::new();
    for item in items(arguments) {
        match item {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(array(flat))
}

fn join(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let separator = if arguments.len() > 1 { super::text_argument(arguments, 1) } else { "," };
    let texts: Vec<Rc<str>> =
        items(arguments).iter().filter(|item| !matches!(item, Value::Null)).map(to_text).collect();
    Ok(Value::String(texts.join(separator).into()))
}

fn slice(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let items = items(arguments);
    let length = items.len() as i64;
    let place = |index: i64| (if index < 0 { index + length } else { index }).clamp(0, length) as usize;
    let from = place(integer_argument(arguments, 1).unwrap_or(0));
    let to = place(integer_argument(arguments, 2).unwrap_or(length));
    Ok(array(items.get(from..to).unwrap_or_default().to_vec()))
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::check;

    #[test]
    fn elements() {
        check("ARRAY_LENGTH", "[[1,2]]", "2");
        check("ARRAY_LENGTH", "[null]", "null");
        check("ARRAY_LENGTH", "[5]", "TypeError: ARRAY_LENGTH: `array` must be an array, not 5");
        check("ARRAY_CONTAINS", r#"[["a",5],"5"]"#, "true");
        check("ARRAY_CONTAINS", r#"[[1.0],1]"#, "true");
        check("ARRAY_APPEND", "[[1],null]", "[1,null]");
        check("ARRAY_APPEND", "[null,1]", "[1]");
        check("ARRAY_PREPEND", "[[1],[2]]", "[[2],1]");
        check("ARRAY_REMOVE", "[[1,2,1],1]", "[2]");
    }

    #[test]
    fn whole_arrays() {
        check("ARRAY_DISTINCT", r#"[[2,1,2.0,"2",null,null,[1],[1]]]"#, r#"[2,1,"2",null,[1]]"#);
        check("ARRAY_FLATTEN", "[[1,[2,[3]]]]", "[1,2,[3]]");
        check("ARRAY_JOIN", r#"[["a",null,1]]"#, r#""a,1""#);
        check("ARRAY_JOIN", r#"[[],"-"]"#, r#""""#);
        check("ARRAY_REVERSE", "[[1,2]]", "[2,1]");
        check("ARRAY_SLICE", "[[1,2,3],-2]", "[2,3]");
        check("ARRAY_SLICE", "[[1,2,3],2,1]", "[]");
        check("ARRAY_SLICE", "[[1,2,3],0,99]", "[1,2,3]");
    }
}
