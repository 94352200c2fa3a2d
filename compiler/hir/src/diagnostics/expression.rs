//! Types and calls: `type-mismatch`, `null-comparison`, `ambiguous-name`, `wrong-arguments`, `misplaced-expression`,
//! `invalid-literal`.

use moltler_abi::DataType;
use moltler_abi::functions::SqlFunction;
use moltler_syntax::TextRange;

use super::LocalDiagnostic;
use crate::infer::describe;

/// Operands that don't go together.
pub(crate) fn operands(operator: &str, left: DataType, right: DataType, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("type-mismatch", range, format!("`{operator}` does not take `{left}` and `{right}`"))
}

/// An operand of another type than the operator takes.
pub(crate) fn operand(operator: &str, expected: &str, found: DataType, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("type-mismatch", range, format!("`{operator}` takes {expected}, not `{found}`"))
}

/// A value of another type than its place takes.
pub(crate) fn value(place: &str, expected: &str, found: DataType, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("type-mismatch", range, format!("{place} takes {expected}, not `{found}`"))
}

/// A constant text that is no value of the type beside it.
pub(crate) fn constant(text: &str, data_type: DataType, range: TextRange) -> LocalDiagnostic {
    let diagnostic =
        LocalDiagnostic::error("invalid-literal", range, format!("`{text}` is not a value of type `{data_type}`"));
    match data_type {
        DataType::Timestamp => diagnostic.help("write it as `2024-01-31T08:00:00Z`"),
        DataType::Date => diagnostic.help("write it as `2024-01-31`"),
        _ => diagnostic,
    }
}

/// `x = NULL`, which is never true. `operand` is the text of the side that is not NULL.
pub(crate) fn null_comparison(operator: &str, operand: &str, negated: bool, range: TextRange) -> LocalDiagnostic {
    let test = if negated { "IS NOT NULL" } else { "IS NULL" };
    LocalDiagnostic::warning("null-comparison", range, format!("`{operator} NULL` is never true"))
        .help(format!("write `{test}`"))
        .fix(format!("Replace with `{test}`"), range, format!("{operand} {test}"))
}

/// A bare name that is a column, and a variable too.
pub(crate) fn ambiguous_name(name: &str, table: &str, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::warning(
        "ambiguous-name",
        range,
        format!("`{name}` is the field of `{table}` here, not the variable `{name}`"),
    )
    .help(format!("write `:{name}` for the variable, `{table}.{name}` for the field"))
    .fix(format!("Use the variable: `:{name}`"), range, format!(":{name}"))
    .fix(format!("Say that it is the field: `{table}.{name}`"), range, format!("{table}.{name}"))
}

/// A call with too many arguments.
pub(crate) fn too_many_arguments(function: &SqlFunction, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("wrong-arguments", range, format!("`{}` takes fewer arguments", function.name))
        .help(format!("it is called as `{}`", signature(function)))
}

/// A call with too few arguments.
pub(crate) fn too_few_arguments(function: &SqlFunction, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("wrong-arguments", range, format!("`{}` takes more arguments", function.name))
        .help(format!("it is called as `{}`", signature(function)))
}

/// An argument of a type that the parameter does not take.
pub(crate) fn argument(function: &SqlFunction, position: usize, found: DataType, range: TextRange) -> LocalDiagnostic {
    let parameter = &function.parameters[position.min(function.parameters.len() - 1)];
    LocalDiagnostic::error(
        "type-mismatch",
        range,
        format!("`{}` of `{}` takes {}, not `{found}`", parameter.name, function.name, describe(parameter.takes)),
    )
}

/// Something that belongs elsewhere.
pub(crate) fn misplaced(message: impl Into<String>, range: TextRange) -> LocalDiagnostic {
    LocalDiagnostic::error("misplaced-expression", range, message)
}

/// `NAME(a, b)` with optional parameters in brackets.
pub fn signature(function: &SqlFunction) -> String {
    let mut text = format!("{}(", function.name);
    for (position, parameter) in function.parameters.iter().enumerate() {
        if parameter.optional {
            text.push('[');
        }
        if position > 0 {
            text.push_str(", ");
        }
        text.push_str(parameter.name);
        if parameter.optional {
            text.push(']');
        }
    }
    if function.variadic {
        text.push_str(", …");
    }
    text.push(')');
    text
}
