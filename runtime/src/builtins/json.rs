//! JSON text, and names of types.

use super::{Builtin, Result, text_argument, wrong};
use crate::coerce::{value_from_json, value_to_json};
use crate::context::ExecContext;
use crate::datum::type_of;
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("FROM_JSON", from_json),
    ("TO_JSON", |_, arguments| Ok(Value::String(value_to_json(&arguments[0]).into()))),
    ("TYPEOF", |_, arguments| Ok(Value::String(type_of(&arguments[0]).name().into()))),
];

fn from_json(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    value_from_json(text_argument(arguments, 0)).map_err(|reason| wrong("FROM_JSON", reason))
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::{call_with, check};
    use crate::value::Value;

    #[test]
    fn json_text() {
        check("TO_JSON", r#"[{"a":[1,null]}]"#, r#""{\"a\":[1,null]}""#);
        check("TO_JSON", "[null]", "\"null\"");
        check("FROM_JSON", r#"["[1,2]"]"#, "[1,2]");
        check("FROM_JSON", r#"["[1,"]"#, "ValueError: FROM_JSON: expected a value at byte 3, where the text ends");
    }

    #[test]
    fn types_have_names() {
        check("TYPEOF", "[null]", "\"null\"");
        check("TYPEOF", "[1]", "\"integer\"");
        check("TYPEOF", "[1.5]", "\"number\"");
        assert_eq!(call_with("TYPEOF", &[Value::Timestamp(0)]), Ok(Value::String("timestamp".into())));
    }
}
