//! The SQL functions, declared in [`moltler_abi::functions`]; each family in a file of its own.

use std::sync::OnceLock;

use moltler_abi::DataType;
use moltler_abi::functions::{self, FUNCTIONS, ParameterType, SqlFunction};

use crate::coerce::{coerce, excerpt};
use crate::context::{ExecContext, internal_error};
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::evaluate::with_article;
use crate::value::Value;

mod array;
mod array_function;
mod conditional;
mod document;
mod environment;
mod json;
mod number;
mod text;
pub mod time;

type Result<T> = std::result::Result<T, RuntimeError>;

/// A function: its arguments have the types of its parameters or are NULL; optional ones may be missing.
type Builtin = fn(&ExecContext, &[Value]) -> Result<Value>;

/// The functions of all families by name.
fn families() -> impl Iterator<Item = &'static (&'static str, Builtin)> {
    [
        array::FUNCTIONS,
        array_function::FUNCTIONS,
        conditional::FUNCTIONS,
        document::FUNCTIONS,
        environment::FUNCTIONS,
        json::FUNCTIONS,
        number::FUNCTIONS,
        text::FUNCTIONS,
        time::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

/// The function that is declared at each index.
fn by_index() -> &'static [Option<Builtin>] {
    static BY_INDEX: OnceLock<Vec<Option<Builtin>>> = OnceLock::new();
    BY_INDEX.get_or_init(|| {
        let find = |name| families().find(|(other, _)| *other == name).map(|(_, builtin)| *builtin);
        FUNCTIONS.iter().map(|function| find(function.name)).collect()
    })
}

/// Calls the function with this index in [`functions::FUNCTIONS`]. A dynamic argument takes the type of its parameter, and is
/// NULL where it does not fit.
pub fn call(context: &ExecContext, function: u32, arguments: &[Operand<'_>]) -> Result<Value> {
    let index = function as usize;
    let (Some(declaration), Some(Some(builtin))) = (FUNCTIONS.get(index), by_index().get(index)) else {
        return Err(internal_error("unknown function"));
    };
    let mut values = Vec::with_capacity(arguments.len());
    for (position, argument) in arguments.iter().enumerate() {
        let last = declaration.parameters.len().saturating_sub(1);
        let Some(parameter) =
            declaration.parameters.get(if declaration.variadic { position.min(last) } else { position })
        else {
            return Err(internal_error("too many arguments"));
        };
        let value = prepare(declaration, parameter, *argument)?;
        if declaration.strict && matches!(value, Value::Null) {
            return Ok(Value::Null);
        }
        values.push(value);
    }
    builtin(context, &values)
}

fn prepare(function: &SqlFunction, parameter: &functions::Parameter, argument: Operand<'_>) -> Result<Value> {
    let value = argument.to_value();
    let fitted = match (parameter.takes, &value) {
        (ParameterType::Any, _) => Some(value.clone()),
        (ParameterType::Of(data_type), value) => coerce(value, data_type, None),
        (ParameterType::Numeric, Value::Integer(_) | Value::Number(_)) => Some(value.clone()),
        (ParameterType::Numeric, value) => {
            coerce(value, DataType::Integer, None).or_else(|| coerce(value, DataType::Number, None))
        }
        (ParameterType::Temporal, Value::Timestamp(_) | Value::Date(_)) => Some(value.clone()),
        (ParameterType::Temporal, value) => coerce(value, DataType::Timestamp, None),
        // The number of a function; text is the key of a member.
        (ParameterType::Function(_), Value::Integer(_)) if !matches!(argument, Operand::Boxed(_)) => {
            Some(value.clone())
        }
        (ParameterType::Function(_), value) => coerce(value, DataType::String, None),
        (ParameterType::TextOrArray, Value::Array(_)) => Some(value.clone()),
        (ParameterType::TextOrArray, value) => coerce(value, DataType::String, None),
    };
    match fitted {
        Some(value) => Ok(value),
        None if matches!(argument, Operand::Boxed(_)) => Ok(Value::Null),
        None => Err(RuntimeError::new(
            "TypeError",
            format!(
                "{}: `{}` must be {}, not {}",
                function.name,
                parameter.name,
                match parameter.takes {
                    ParameterType::Of(data_type) => with_article(data_type),
                    ParameterType::Numeric => "a number".to_owned(),
                    ParameterType::Temporal => "a timestamp or a date".to_owned(),
                    ParameterType::TextOrArray => "a string or an array".to_owned(),
                    ParameterType::Function(_) => "a function or a key".to_owned(),
                    ParameterType::Any => "a value".to_owned(),
                },
                excerpt(&value)
            ),
        )),
    }
}

/// An argument that is wrong by its value.
fn wrong(function: &str, sentence: impl std::fmt::Display) -> RuntimeError {
    RuntimeError::new("ValueError", format!("{function}: {sentence}"))
}

/// An argument whose type was checked.
///
/// # Panics
/// When it is missing or no text.
fn text_argument(arguments: &[Value], position: usize) -> &str {
    match &arguments[position] {
        Value::String(text) => text,
        _ => panic!("Invariant: arguments have the types of their parameters"),
    }
}

/// An argument whose type was checked, if it was given.
///
/// # Panics
/// When it is no integer.
fn integer_argument(arguments: &[Value], position: usize) -> Option<i64> {
    arguments.get(position).map(|argument| match argument {
        Value::Integer(integer) => *integer,
        _ => panic!("Invariant: arguments have the types of their parameters"),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn every_declared_function_exists_and_no_other() {
        for (function, builtin) in FUNCTIONS.iter().zip(by_index()) {
            assert!(builtin.is_some(), "{} is declared only", function.name);
        }
        for (name, _) in families() {
            assert!(functions::find(name).is_some(), "{name} is not declared");
        }
        assert_eq!(families().count(), FUNCTIONS.len());
    }

    /// Calls a function with typed arguments.
    pub(crate) fn call_with(name: &str, arguments: &[Value]) -> Result<Value> {
        let context = crate::testing::context();
        let (index, _) = functions::find(name).expect("declared");
        let operands: Vec<Operand<'_>> = arguments.iter().map(Operand::of).collect();
        call(&context, index, &operands)
    }

    /// Calls a function with arguments that are written as JSON; the result is JSON too, or an error.
    #[track_caller]
    pub(crate) fn check(name: &str, arguments: &str, expected: &str) {
        let arguments = match crate::coerce::value_from_json(arguments).expect("valid") {
            Value::Array(arguments) => arguments,
            _ => panic!("arguments are an array"),
        };
        let result = match call_with(name, &arguments) {
            Ok(value) => crate::coerce::value_to_json(&value),
            Err(error) => error.to_string(),
        };
        assert_eq!(result, expected, "{name}");
    }

    #[test]
    fn arguments_take_the_types_of_their_parameters() {
        check("UPPER", "[5]", "\"5\"");
        check("UPPER", "[null]", "null");
        check("UPPER", "[true]", "TypeError: UPPER: `text` must be a string, not TRUE");
        check("ABS", "[\"-5\"]", "5");
        let context = crate::testing::context();
        let (index, _) = functions::find("UPPER").expect("declared");
        let dynamic = Value::Boolean(true);
        assert_eq!(call(&context, index, &[Operand::Boxed(&dynamic)]), Ok(Value::Null));
    }
}
