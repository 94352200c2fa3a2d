//! Functions that choose among their arguments.

use std::cmp::Ordering;

use super::{Builtin, Result};
use crate::context::ExecContext;
use crate::datum::Operand;
use crate::evaluate::{compare_json, dynamic_equal};
use crate::value::Value;

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("COALESCE", coalesce),
    ("GREATEST", |_, arguments| Ok(extreme(arguments, Ordering::Greater))),
    ("LEAST", |_, arguments| Ok(extreme(arguments, Ordering::Less))),
    ("NULLIF", null_if),
];

fn coalesce(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    Ok(arguments.iter().find(|argument| !matches!(argument, Value::Null)).cloned().unwrap_or_default())
}

fn null_if(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let equal = dynamic_equal(&arguments[0], Operand::of(&arguments[1])) == Some(true);
    Ok(if equal { Value::Null } else { arguments[0].clone() })
}

/// The first of the arguments that is farthest in this direction; NULLs are left out.
fn extreme(arguments: &[Value], direction: Ordering) -> Value {
    let mut best = &Value::Null;
    for argument in arguments {
        let better = match (best, argument) {
            (_, Value::Null) => false,
            (Value::Null, _) => true,
            (best, argument) => compare_json(argument, best) == direction,
        };
        if better {
            best = argument;
        }
    }
    best.clone()
}

#[cfg(test)]
mod tests {
    use crate::builtins::tests::check;

    #[test]
    fn choices() {
        check("COALESCE", r#"[null,"a","b"]"#, r#""a""#);
        check("COALESCE", "[null]", "null");
        check("NULLIF", r#"["",""]"#, "null");
        check("NULLIF", r#"["a",null]"#, r#""a""#);
        check("GREATEST", "[1,2.5,null,2]", "2.5");
        check("LEAST", "[null,null]", "null");
        check("LEAST", r#"["b","a"]"#, r#""a""#);
    }
}
