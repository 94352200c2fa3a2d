//! What a run finds around it.

use super::{Builtin, Result, text_argument, wrong};
use crate::context::ExecContext;
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[("ENV", env), ("MOCK_CALLS", mock_calls)];

/// An unset variable without default is `''` in a program; a test does not start without it (see `test_run`).
fn env(context: &ExecContext, arguments: &[Value]) -> Result<Value> {
    if matches!(arguments[0], Value::Null) {
        return Ok(Value::Null);
    }
    Ok(match (context.environment(text_argument(arguments, 0)), arguments.get(1)) {
        (Some(value), _) => Value::String(value.into()),
        (None, Some(default)) => default.clone(),
        (None, None) => Value::String("".into()),
    })
}

fn mock_calls(context: &ExecContext, arguments: &[Value]) -> Result<Value> {
    match &context.setup().mock {
        Some(mock) => mock.calls(text_argument(arguments, 0)),
        None => Err(wrong("MOCK_CALLS", "there is no MOCK_API here")),
    }
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::check;

    #[test]
    fn unset_variables_have_defaults() {
        check("ENV", r#"["SET"]"#, r#""value""#);
        check("ENV", r#"["EMPTY","x"]"#, r#""x""#);
        check("ENV", r#"["UNSET",null]"#, "null");
        check("ENV", r#"["UNSET"]"#, r#""""#);
        check("ENV", "[null]", "null");
    }

    #[test]
    fn mock_calls_need_mocks() {
        check("MOCK_CALLS", r#"["GET /"]"#, "ValueError: MOCK_CALLS: there is no MOCK_API here");
    }
}
