//! Functions on arrays that call a function for each element.

use moltler_abi::DataType;
use moltler_abi::manifest::Lambda;

use super::array::{array, is_equal, items};
use super::{Builtin, Result};
use crate::coerce::coerce;
use crate::context::{ExecContext, Variable, internal_error};
use crate::evaluate::compare_json;
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("ARRAY_EVERY", |context, arguments| {
        Ok(found(context, arguments, false)?.map_or(Value::Null, |place| Value::Boolean(place.is_none())))
    }),
    ("ARRAY_FILTER", filter),
    ("ARRAY_FIND", |context, arguments| {
        let place = found(context, arguments, true)?.flatten();
        Ok(place.map_or(Value::Null, |place| items(arguments)[place].clone()))
    }),
    ("ARRAY_FIND_INDEX", |context, arguments| {
        let place = found(context, arguments, true)?;
        Ok(place.map_or(Value::Null, |place| Value::Integer(place.map_or(-1, |place| place as i64))))
    }),
    ("ARRAY_MAP", map),
    ("ARRAY_REDUCE", reduce),
    ("ARRAY_SOME", |context, arguments| {
        Ok(found(context, arguments, true)?.map_or(Value::Null, |place| Value::Boolean(place.is_some())))
    }),
    ("ARRAY_SORT", sort),
];

/// A function that was given, or what stands for one.
enum Callable<'a> {
    /// `x => …`
    Lambda(&'a Lambda),
    /// The key of a member.
    Key(&'a str),
}

/// The argument at this position; `None` where it is NULL.
fn callable<'a>(context: &'a ExecContext, arguments: &'a [Value], position: usize) -> Result<Option<Callable<'a>>> {
    match &arguments[position] {
        Value::Integer(index) => {
            let lambda = usize::try_from(*index).ok().and_then(|index| context.manifest().lambdas.get(index));
            Ok(Some(Callable::Lambda(lambda.ok_or_else(|| internal_error("unknown function of an array"))?)))
        }
        Value::String(key) => Ok(Some(Callable::Key(key))),
        _ => Ok(None),
    }
}

impl Callable<'_> {
    /// Its value for an element.
    fn of(&self, context: &ExecContext, element: &Value, place: usize) -> Result<Value> {
        match self {
            Callable::Lambda(lambda) => evaluate(context, lambda, [element.clone(), Value::Integer(place as i64)]),
            Callable::Key(key) => Ok(member(element, key)),
        }
    }
}

fn member(element: &Value, key: &str) -> Value {
    match element {
        Value::Document(document) => document.get(key).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

/// Calls the function with as many of the arguments as it has parameters.
fn evaluate<const COUNT: usize>(context: &ExecContext, lambda: &Lambda, arguments: [Value; COUNT]) -> Result<Value> {
    for ((slot, data_type), value) in lambda.parameters.iter().zip(arguments) {
        let boxed = *data_type == DataType::Dynamic;
        let value = if boxed { value } else { coerce(&value, *data_type, None).unwrap_or_default() };
        context.set_variable(*slot, Variable { value, boxed });
    }
    // What it needs in between is given back after each element.
    context.with_own_arena(|| context.evaluate(lambda.code)).0
}

fn map(context: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let Some(function) = callable(context, arguments, 1)? else { return Ok(Value::Null) };
    let values = items(arguments).iter().enumerate();
    let values: Result<Vec<Value>> = values.map(|(place, element)| function.of(context, element, place)).collect();
    values.map(array)
}

/// Whether the condition is TRUE for an element: the function is, or the member is TRUE or equal to the value.
fn holds(
    context: &ExecContext,
    function: &Callable<'_>,
    wanted: Option<&Value>,
    element: &Value,
    place: usize,
) -> Result<bool> {
    let value = function.of(context, element, place)?;
    Ok(match wanted {
        Some(wanted) => is_equal(&value, wanted),
        None => value == Value::Boolean(true),
    })
}

/// The place of the first element for which the condition is TRUE, or is not; `None` where array or condition are NULL.
fn found(context: &ExecContext, arguments: &[Value], wanted: bool) -> Result<Option<Option<usize>>> {
    let Some(function) = callable(context, arguments, 1)? else { return Ok(None) };
    if arguments[0] == Value::Null {
        return Ok(None);
    }
    for (place, element) in items(arguments).iter().enumerate() {
        if holds(context, &function, arguments.get(2), element, place)? == wanted {
            return Ok(Some(Some(place)));
        }
    }
    Ok(Some(None))
}

fn filter(context: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let Some(function) = callable(context, arguments, 1)? else { return Ok(Value::Null) };
    if arguments[0] == Value::Null {
        return Ok(Value::Null);
    }
    let mut kept = Vec::new();
    for (place, element) in items(arguments).iter().enumerate() {
        if holds(context, &function, arguments.get(2), element, place)? {
            kept.push(element.clone());
        }
    }
    Ok(array(kept))
}

fn reduce(context: &ExecContext, arguments: &[Value]) -> Result<Value> {
    if arguments[0] == Value::Null {
        return Ok(Value::Null);
    }
    let Some(Callable::Lambda(lambda)) = callable(context, arguments, 2)? else { return Ok(Value::Null) };
    let mut so_far = arguments[1].clone();
    for (place, element) in items(arguments).iter().enumerate() {
        so_far = evaluate(context, lambda, [so_far, element.clone(), Value::Integer(place as i64)])?;
    }
    Ok(so_far)
}

fn sort(context: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let mut sorted = items(arguments).to_vec();
    if arguments.len() == 1 {
        sorted.sort_by(compare_json);
        return Ok(array(sorted));
    }
    let Some(function) = callable(context, arguments, 1)? else { return Ok(Value::Null) };
    let mut keyed = Vec::with_capacity(sorted.len());
    for (place, element) in sorted.into_iter().enumerate() {
        keyed.push((function.of(context, &element, place)?, element));
    }
    keyed.sort_by(|(left, _), (right, _)| compare_json(left, right));
    Ok(array(keyed.into_iter().map(|(_, element)| element).collect()))
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::check;

    #[test]
    fn keys_stand_for_functions() {
        let items = r#"[{"n":2,"open":true},{"n":1,"open":false},5,{"n":3}]"#;
        check("ARRAY_MAP", &format!(r#"[{items},"n"]"#), "[2,1,null,3]");
        check("ARRAY_MAP", r#"[[{"n":1}],null]"#, "null");
        check("ARRAY_FILTER", &format!(r#"[{items},"open"]"#), r#"[{"n":2,"open":true}]"#);
        check("ARRAY_FILTER", &format!(r#"[{items},"n",1.0]"#), r#"[{"n":1,"open":false}]"#);
        check("ARRAY_FILTER", &format!(r#"[{items},"n",null]"#), "[]");
        check("ARRAY_FILTER", r#"[null,"n",1]"#, "null");
        check("ARRAY_FIND", &format!(r#"[{items},"n",3]"#), r#"{"n":3}"#);
        check("ARRAY_FIND", &format!(r#"[{items},"n",4]"#), "null");
        check("ARRAY_FIND_INDEX", &format!(r#"[{items},"n",3]"#), "3");
        check("ARRAY_FIND_INDEX", &format!(r#"[{items},"n",4]"#), "-1");
        check("ARRAY_SOME", &format!(r#"[{items},"open"]"#), "true");
        check("ARRAY_EVERY", &format!(r#"[{items},"open"]"#), "false");
        check("ARRAY_EVERY", r#"[[],"open"]"#, "true");
        check("ARRAY_SOME", r#"[[],"open"]"#, "false");
        check("ARRAY_EVERY", r#"[null,"open"]"#, "null");
    }

    #[test]
    fn arrays_are_sorted() {
        check("ARRAY_SORT", r#"[[3,null,1,"a"]]"#, r#"[null,"a",1,3]"#);
        check("ARRAY_SORT", r#"[[{"n":2},{"n":1}],"n"]"#, r#"[{"n":1},{"n":2}]"#);
        check("ARRAY_SORT", r#"[[{"n":2,"i":0},{"n":1},{"n":2}],"n"]"#, r#"[{"n":1},{"n":2,"i":0},{"n":2}]"#);
    }
}
