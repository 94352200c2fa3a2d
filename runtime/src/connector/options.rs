//! OPTIONS of a type or an instance.

use crate::coerce::{coerce, excerpt};
use crate::error::RuntimeError;
use crate::suggest::did_you_mean;
use crate::value::{Document, Value};

use moltler_abi::DataType;
use moltler_abi::options::OPTION_KEYS;

use std::time::Duration;

use crate::http::{Limits, Rate};

/// The options in force.
#[derive(Clone, Debug)]
pub struct Options {
    /// `rate_limit` and `rate_limit_burst`.
    pub rate: Option<Rate>,
    /// `timeout_seconds`: one request.
    pub timeout_seconds: f64,
    /// `retry_count`: how often a request is sent again.
    pub retry_count: u32,
    /// `max_wait_seconds`: one wait for a rate limit.
    pub max_wait_seconds: f64,
    /// `cache_ttl`, in seconds: how long the result of a call is used again.
    pub cache_ttl: Option<f64>,
    /// `batch_size`: how many rows handlers are to ask for in one request; `options.batchSize`.
    pub batch_size: Option<u32>,
    /// `max_memory_mb`: of the handlers.
    pub max_memory_mb: u32,
    /// `max_run_seconds`: of JavaScript without waiting.
    pub max_run_seconds: f64,
    /// `on_type_error` is `null`: what does not fit becomes NULL.
    pub null_on_type_error: bool,
    given: Document,
}

impl Options {
    /// An unknown key is an error.
    pub fn check_keys(owner: &str, document: &Document) -> Result<(), RuntimeError> {
        for key in document.keys() {
            if !OPTION_KEYS.contains(&&**key) {
                let hint = did_you_mean(key, OPTION_KEYS.iter().copied());
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
        let reader = Reader { owner, given: &given };
        let burst = reader.integer("rate_limit_burst", 1, 1_000_000)?;
        let null_on_type_error = match given.get("on_type_error") {
            None => false,
            Some(Value::String(text)) if &**text == "null" => true,
            Some(Value::String(text)) if &**text == "error" => false,
            Some(value) => return Err(reader.wrong("on_type_error", "'error' or 'null'", value)),
        };
        Ok(Options {
            rate: reader.interval()?.map(|interval| Rate { interval, burst: burst.unwrap_or(1) }),
            timeout_seconds: reader.positive("timeout_seconds")?.unwrap_or(30.0),
            retry_count: reader.integer("retry_count", 0, 100)?.unwrap_or(3),
            max_wait_seconds: reader.not_negative("max_wait_seconds")?.unwrap_or(120.0),
            cache_ttl: reader.not_negative("cache_ttl")?.filter(|seconds| *seconds > 0.0),
            batch_size: reader.integer("batch_size", 1, 1_000_000)?,
            max_memory_mb: reader.positive("max_memory_mb")?.unwrap_or(256.0).clamp(1.0, 65_536.0) as u32,
            max_run_seconds: reader.positive("max_run_seconds")?.unwrap_or(30.0),
            null_on_type_error,
            given,
        })
    }

    /// What one request may cost.
    pub fn limits(&self) -> Limits {
        let seconds = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 4);
        Limits {
            timeout: seconds(self.timeout_seconds),
            retries: self.retry_count,
            max_wait: seconds(self.max_wait_seconds),
            // Its bytes and what is made of them have to fit into the memory of the handlers.
            max_response: (u64::from(self.max_memory_mb) << 20) / 2,
        }
    }

    /// What was given, NULLs taken away.
    pub fn given(&self) -> &Document {
        &self.given
    }
}

/// Reads the options of a document.
struct Reader<'a> {
    owner: &'a str,
    given: &'a Document,
}

impl Reader<'_> {
    fn wrong(&self, key: &str, wanted: &str, value: &Value) -> RuntimeError {
        error(self.owner, format!("the option `{key}` must be {wanted}, not {}", excerpt(value)))
    }

    fn number(&self, key: &str, wanted: &str, fits: impl Fn(f64) -> bool) -> Result<Option<f64>, RuntimeError> {
        let Some(value) = self.given.get(key) else { return Ok(None) };
        match coerce(value, DataType::Number, None) {
            Some(Value::Number(number)) if number <= 1e9 && fits(number) => Ok(Some(number)),
            Some(Value::Integer(number)) if number <= 1_000_000_000 && fits(number as f64) => Ok(Some(number as f64)),
            _ => Err(self.wrong(key, wanted, value)),
        }
    }

    fn positive(&self, key: &str) -> Result<Option<f64>, RuntimeError> {
        self.number(key, "a number above 0", |number| number > 0.0)
    }

    fn not_negative(&self, key: &str) -> Result<Option<f64>, RuntimeError> {
        self.number(key, "a number of seconds, 0 or more", |number| number >= 0.0)
    }

    fn integer(&self, key: &str, least: u32, most: u32) -> Result<Option<u32>, RuntimeError> {
        let range = f64::from(least)..=f64::from(most);
        let wanted = format!("an integer from {least} to {most}");
        let number = self.number(key, &wanted, |number| number.fract() == 0.0 && range.contains(&number))?;
        Ok(number.map(|number| number as u32))
    }

    /// `rate_limit` as the time between two requests: `10` (a second), `0.5`, `"30/m"`.
    fn interval(&self) -> Result<Option<Duration>, RuntimeError> {
        let Some(value) = self.given.get("rate_limit") else { return Ok(None) };
        let wrong = || {
            let wanted = "requests per second above 0, or text such as '30/m' (s, m, h, d)";
            self.wrong("rate_limit", wanted, value)
        };
        let (count, seconds) = match value {
            Value::String(text) => {
                let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
                let seconds = match unit.trim() {
                    "s" => 1.0,
                    "m" => 60.0,
                    "h" => 3600.0,
                    "d" => 86_400.0,
                    _ => return Err(wrong()),
                };
                (count.trim().parse().map_err(|_| wrong())?, seconds)
            }
            value => match coerce(value, DataType::Number, None) {
                Some(Value::Number(number)) => (number, 1.0),
                _ => return Err(wrong()),
            },
        };
        let interval: f64 = seconds / count;
        // Below a microsecond there is no limit worth the name, above a year no request.
        if !(count > 0.0 && (1e-6..=3e7).contains(&interval)) {
            return Err(wrong());
        }
        Ok(Some(Duration::from_secs_f64(interval)))
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
            ("retry_count", Value::Integer(0)),
            ("cache_ttl", Value::Integer(0)),
        ])
        .expect("valid");
        assert_eq!((options.timeout_seconds, options.max_memory_mb, options.retry_count), (5.0, 256, 0));
        assert_eq!((options.max_wait_seconds, options.cache_ttl, options.batch_size), (120.0, None, None));
        assert!(options.null_on_type_error && options.rate.is_none());
        assert_eq!(options.given().len(), 4);
        assert_eq!(options.limits().max_response, 128 << 20);
    }

    #[test]
    fn rates() {
        let interval = |value: Value| {
            let options = options(&[("rate_limit", value), ("rate_limit_burst", Value::Integer(5))]).ok()?;
            let rate = options.rate.expect("a rate is given");
            assert_eq!(rate.burst, 5);
            Some(rate.interval.as_micros())
        };
        let text = |text: &str| interval(Value::String(text.into()));
        assert_eq!(interval(Value::Integer(10)), Some(100_000));
        assert_eq!(interval(Value::Number(0.5)), Some(2_000_000));
        assert_eq!(text("10"), Some(100_000));
        assert_eq!(text("30/m"), Some(2_000_000));
        assert_eq!(text(" 5000 / h "), Some(720_000));
        assert_eq!(text("100/d"), Some(864_000_000));
        assert_eq!(text("4/s"), Some(250_000));
        for wrong in ["", "x", "0", "-1/s", "1/x", "1/min", "1/2/s", "nan", "inf/s", "1e99"] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
        for wrong in [Value::Integer(0), Value::Integer(-1), Value::Boolean(true)] {
            assert_eq!(interval(wrong), None);
        }
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
        assert_eq!(
            message(&[("retry_count", Value::Number(1.5))]),
            "`shop`: the option `retry_count` must be an integer from 0 to 100, not 1.5"
        );
        assert_eq!(
            message(&[("cache_ttl", Value::Integer(-1))]),
            "`shop`: the option `cache_ttl` must be a number of seconds, 0 or more, not -1"
        );
        assert_eq!(
            message(&[("rate_limit", Value::String("30/min".into()))]),
            "`shop`: the option `rate_limit` must be requests per second above 0, or text such as '30/m' (s, m, h, d), not \
             '30/min'"
        );
    }
}
