//! OPTIONS of a type or an instance.

use crate::coerce::{coerce, excerpt};
use crate::error::RuntimeError;
use crate::suggest::did_you_mean;
use crate::value::{Document, Value};

use moltler_abi::DataType;

/// The options in force.
#[derive(Clone, Debug)]
pub struct Options {
    /// `timeout_seconds`: one request.
    pub timeout_seconds: f64,
    /// `max_memory_mb`: of the handlers.
    pub max_memory_mb: u32,
    /// `max_run_seconds`: of JavaScript without waiting.
    pub max_run_seconds: f64,
    /// `on_type_error` is `null`: what does not fit becomes NULL.
    pub null_on_type_error: bool,
    given: Document,
}

/// All keys, and whether they have an effect.
const KEYS: &[(&str, bool)] = &[
    ("rate_limit", false),
    ("rate_limit_burst", false),
    ("timeout_seconds", true),
    ("retry_count", false),
    ("max_wait_seconds", false),
    ("cache_ttl", false),
    ("batch_size", false),
    ("max_memory_mb", true),
    ("max_run_seconds", true),
    ("on_type_error", true),
];

impl Options {
    /// An unknown key is an error.
    pub fn check_keys(owner: &str, document: &Document) -> Result<(), RuntimeError> {
        for key in document.keys() {
            if !KEYS.iter().any(|(known, _)| **known == **key) {
                let hint = did_you_mean(key, KEYS.iter().map(|(known, _)| *known));
                return Err(error(owner, format!("there is no option `{key}`{hint}")));
            }
        }
        Ok(())
    }

    /// Options from the merged document: NULL is the default.
    pub fn new(owner: &str, document: &Document) -> Result<Options, RuntimeError> {
        Options::check_keys(owner, document)?;
        let given: Document = document
            .iter()
            .filter(|(_, value)| !matches!(value, Value::Null))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let positive = |key: &str, default: f64| match given.get(key) {
            None => Ok(default),
            Some(value) => match coerce(value, DataType::Number, None) {
                Some(Value::Number(number)) if number > 0.0 && number <= 1e9 => Ok(number),
                _ => Err(error(owner, format!("the option `{key}` must be a number above 0, not {}", excerpt(value)))),
            },
        };
        let null_on_type_error = match given.get("on_type_error") {
            None => false,
            Some(Value::String(text)) if &**text == "null" => true,
            Some(Value::String(text)) if &**text == "error" => false,
            Some(value) => {
                return Err(error(
                    owner,
                    format!("the option `on_type_error` must be 'error' or 'null', not {}", excerpt(value)),
                ));
            }
        };
        Ok(Options {
            timeout_seconds: positive("timeout_seconds", 30.0)?,
            max_memory_mb: positive("max_memory_mb", 256.0)?.clamp(1.0, 65_536.0) as u32,
            max_run_seconds: positive("max_run_seconds", 30.0)?,
            null_on_type_error,
            given,
        })
    }

    /// The options that were given but are not carried out yet.
    pub fn without_effect(&self) -> Vec<&'static str> {
        KEYS.iter().filter(|(key, effect)| !effect && self.given.contains_key(*key)).map(|(key, _)| *key).collect()
    }

    /// What was given, NULLs taken away.
    pub fn given(&self) -> &Document {
        &self.given
    }
}

fn error(owner: &str, sentence: String) -> RuntimeError {
    RuntimeError::new("ConfigError", format!("`{owner}`: {sentence}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, Value)]) -> Result<Options, RuntimeError> {
        Options::new("shop", &pairs.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
    }

    #[test]
    fn defaults_and_given_values() {
        let options = options(&[
            ("timeout_seconds", Value::Integer(5)),
            ("max_memory_mb", Value::Null),
            ("on_type_error", Value::String("null".into())),
            ("rate_limit", Value::Integer(10)),
        ])
        .expect("valid");
        assert_eq!((options.timeout_seconds, options.max_memory_mb), (5.0, 256));
        assert!(options.null_on_type_error);
        assert_eq!(options.without_effect(), ["rate_limit"]);
        assert_eq!(options.given().len(), 3);
    }

    #[test]
    fn wrong_options_are_errors() {
        let message = |pairs: &[(&str, Value)]| options(pairs).expect_err("wrong").message;
        assert_eq!(
            message(&[("timeout_second", Value::Integer(5))]),
            "`shop`: there is no option `timeout_second`; did you mean `timeout_seconds`?"
        );
        assert_eq!(
            message(&[("max_memory_mb", Value::Integer(0))]),
            "`shop`: the option `max_memory_mb` must be a number above 0, not 0"
        );
        assert_eq!(
            message(&[("on_type_error", Value::Boolean(true))]),
            "`shop`: the option `on_type_error` must be 'error' or 'null', not TRUE"
        );
    }
}
