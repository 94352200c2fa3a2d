//! PARAM: values from the command line.

use moltler_abi::DataType;
use moltler_abi::manifest::{Manifest, Parameter};

use crate::coerce::{cast, excerpt};
use crate::evaluate::with_article;
use crate::suggest::did_you_mean;
use crate::value::Value;

/// A value for a variable, before `main` starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The variable.
    pub slot: u32,
    /// Of the parameter's type.
    pub value: Value,
}

/// Reads `--name value` and `--name=value` for the program's parameters; `--flag` alone is TRUE for a boolean. The error is a
/// sentence about the command line, also where a parameter without default is missing.
pub fn parse(manifest: &Manifest, arguments: &[String]) -> Result<Vec<Assignment>, String> {
    let mut assignments: Vec<Assignment> = Vec::new();
    let mut arguments = arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        let (parameter, inline) = find(manifest, argument)?;
        let text = match inline {
            Some(text) => text.to_owned(),
            None if parameter.data_type == DataType::Boolean
                && arguments.peek().is_none_or(|next| next.starts_with("--")) =>
            {
                "true".to_owned()
            }
            None => arguments.next().cloned().ok_or_else(|| format!("`--{}` needs a value", parameter.name))?,
        };
        if assignments.iter().any(|assignment| assignment.slot == parameter.slot) {
            return Err(format!("`--{}` is given twice", parameter.name));
        }
        assignments.push(Assignment { slot: parameter.slot, value: value_of(parameter, &text)? });
    }
    let is_given = |parameter: &Parameter| assignments.iter().any(|assignment| assignment.slot == parameter.slot);
    if let Some(missing) = manifest.parameters.iter().find(|parameter| parameter.required && !is_given(parameter)) {
        return Err(format!("the program needs `--{} VALUE`", missing.name));
    }
    Ok(assignments)
}

fn find<'m, 'a>(manifest: &'m Manifest, argument: &'a str) -> Result<(&'m Parameter, Option<&'a str>), String> {
    let option = argument.strip_prefix("--").ok_or_else(|| format!("`{argument}` is not understood"))?;
    let (name, inline) = match option.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (option, None),
    };
    let spelled = name.replace('-', "_");
    let parameter = manifest.parameters.iter().find(|parameter| parameter.name == name || parameter.name == spelled);
    match parameter {
        Some(parameter) => Ok((parameter, inline)),
        None => {
            let hint = did_you_mean(&spelled, manifest.parameters.iter().map(|parameter| parameter.name.as_str()));
            Err(format!("the program has no parameter `{name}`{hint}"))
        }
    }
}

fn value_of(parameter: &Parameter, text: &str) -> Result<Value, String> {
    let value = Value::String(text.into());
    if matches!(parameter.data_type, DataType::Dynamic | DataType::Null) {
        return Ok(value);
    }
    cast(&value, parameter.data_type).map_err(|_| {
        format!("`--{}` must be {}, not {}", parameter.name, with_article(parameter.data_type), excerpt(&value))
    })
}

/// A line of help for each parameter.
pub fn help(manifest: &Manifest) -> Vec<String> {
    let line = |parameter: &Parameter| {
        let kind = match parameter.data_type {
            DataType::Dynamic | DataType::Null => "value",
            data_type => data_type.name(),
        };
        let required = if parameter.required { " (required)" } else { "" };
        let description = parameter.description.as_deref().unwrap_or_default();
        format!("  --{} <{kind}>  {description}{required}", parameter.name).trim_end().to_owned()
    };
    manifest.parameters.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use moltler_abi::manifest::Span;

    use super::*;

    fn manifest() -> Manifest {
        let parameter = |name: &str, slot, data_type| Parameter {
            name: name.to_owned(),
            slot,
            data_type,
            required: slot == 0,
            description: (slot == 0).then(|| "Of the shop.".to_owned()),
            span: Span::default(),
        };
        Manifest {
            parameters: vec![
                parameter("api_url", 0, DataType::String),
                parameter("count", 1, DataType::Integer),
                parameter("all", 2, DataType::Boolean),
            ],
            ..Manifest::default()
        }
    }

    fn read(arguments: &str) -> Result<Vec<(u32, Value)>, String> {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let assignments = parse(&manifest(), &arguments)?;
        Ok(assignments.into_iter().map(|assignment| (assignment.slot, assignment.value)).collect())
    }

    #[test]
    fn values_have_the_parameters_types() {
        assert_eq!(
            read("--count=5 --all --api-url x"),
            Ok(vec![(1, Value::Integer(5)), (2, Value::Boolean(true)), (0, Value::String("x".into()))])
        );
        assert_eq!(read("--all no --api_url="), Ok(vec![(2, Value::Boolean(false)), (0, Value::String("".into()))]));
    }

    #[test]
    fn wrong_values_are_told() {
        assert_eq!(read("--count x"), Err("`--count` must be an integer, not 'x'".to_owned()));
        assert_eq!(read("--count"), Err("`--count` needs a value".to_owned()));
        assert_eq!(read("--count 1 --count 2"), Err("`--count` is given twice".to_owned()));
        assert_eq!(
            read("--api-ulr x"),
            Err("the program has no parameter `api-ulr`; did you mean `api_url`?".to_owned())
        );
        assert_eq!(read("--count 1"), Err("the program needs `--api_url VALUE`".to_owned()));
        assert_eq!(read("x"), Err("`x` is not understood".to_owned()));
        assert_eq!(help(&manifest())[0], "  --api_url <string>  Of the shop. (required)");
    }
}
