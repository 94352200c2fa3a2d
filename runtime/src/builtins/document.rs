//! Functions on documents.

use std::rc::Rc;

use super::{Builtin, Result, text_argument};
use crate::context::ExecContext;
use crate::value::{Document, Value};

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("DOCUMENT_CONTAINS", contains),
    ("DOCUMENT_GET", |_, arguments| {
        Ok(document(&arguments[0])?.get(text_argument(arguments, 1)).cloned().unwrap_or_default())
    }),
    ("DOCUMENT_KEYS", keys),
    ("DOCUMENT_MERGE", merge),
    ("DOCUMENT_REMOVE", remove),
    ("DOCUMENT_VALUES", |_, arguments| Ok(Value::Array(Rc::new(document(&arguments[0])?.values().cloned().collect())))),
];

/// `document` is the type of any JSON value; these functions want an object.
fn document(value: &Value) -> Result<&Document> {
    match value {
        Value::Document(document) => Ok(document),
        other => Err(super::wrong("DOCUMENT", format!("{} has no keys", crate::coerce::excerpt(other)))),
    }
}

fn contains(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    Ok(Value::Boolean(document(&arguments[0])?.contains_key(text_argument(arguments, 1))))
}

fn keys(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let keys = document(&arguments[0])?.keys().map(|key| Value::String(Rc::clone(key)));
    Ok(Value::Array(Rc::new(keys.collect())))
}

fn merge(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let mut merged = document(&arguments[0])?.clone();
    merged.extend(document(&arguments[1])?.iter().map(|(key, value)| (Rc::clone(key), value.clone())));
    Ok(Value::Document(Rc::new(merged)))
}

fn remove(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let mut rest = document(&arguments[0])?.clone();
    rest.shift_remove(text_argument(arguments, 1));
    Ok(Value::Document(Rc::new(rest)))
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::check;

    #[test]
    fn documents_keep_their_order() {
        check("DOCUMENT_KEYS", r#"[{"b":1,"a":2}]"#, r#"["b","a"]"#);
        check("DOCUMENT_VALUES", r#"[{"b":1,"a":2}]"#, "[1,2]");
        check("DOCUMENT_GET", r#"[{"b":1},"a"]"#, "null");
        check("DOCUMENT_GET", r#"[{"b":1},"b"]"#, "1");
        check("DOCUMENT_CONTAINS", r#"[{"b":null},"b"]"#, "true");
        check("DOCUMENT_MERGE", r#"[{"b":1,"a":2},{"b":3,"c":4}]"#, r#"{"b":3,"a":2,"c":4}"#);
        check("DOCUMENT_REMOVE", r#"[{"a":1,"b":2,"c":3},"a"]"#, r#"{"b":2,"c":3}"#);
        check("DOCUMENT_KEYS", "[[1]]", "ValueError: DOCUMENT: [1] has no keys");
    }
}
