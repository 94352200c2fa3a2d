//! What a run finds around it.

use super::{Builtin, Result, text_argument, wrong};
use crate::context::ExecContext;
use crate::error::{ErrorKind, RuntimeError};
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[("ENV", env), ("MOCK_CALLS", mock_calls)];

/// An unset variable without default is `''` in a program. In a test it ends the test as skipped; most tests do not even start
/// then, see [`crate::test_run`], but the name may be known only now.
fn env(context: &ExecContext, arguments: &[Value]) -> Result<Value> {
    if matches!(arguments[0], Value::Null) {
        return Ok(Value::Null);
    }
    let name = text_argument(arguments, 0);
    Ok(match (context.environment(name), arguments.get(1)) {
        (Some(value), _) => {
            context.note_environment_read(&value);
            Value::String(value.into())
        }
        (None, Some(default)) => default.clone(),
        (None, None) if context.setup().is_test => {
            let mut error = RuntimeError::new("Skip", format!("{name} is not set"));
            error.kind = ErrorKind::Skip;
            return Err(error);
        }
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
