//! What can go wrong in a run.

use std::borrow::Cow;
use std::rc::Rc;

use moltler_abi::manifest::Span;

use crate::secrets::vault::Vault;
use crate::value::{Document, Value};

/// The run went wrong: told to the user, matched by CATCH and ASSERT RAISES.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuntimeError {
    /// What it is; decides the exit status and who may catch it.
    pub kind: ErrorKind,
    /// The class that CATCH matches: `ConnectorAuthError`, `TypeError`, `AssertionError`, …
    pub class: String,
    /// The classes of JavaScript that it belongs to besides, for one that a handler threw.
    pub superclasses: Box<[String]>,
    /// One sentence.
    pub message: String,
    /// A machine-readable code, where there is one.
    pub code: Option<String>,
    /// `instance.entity` or `instance.action` whose handler ran.
    pub source: Option<String>,
    /// The request it belongs to.
    pub request: Option<RequestInfo>,
    /// Where the statement stands, or where in a handler it was thrown.
    pub span: Option<Span>,
    /// The JavaScript stack, innermost first, in positions of the source file.
    pub stack: Vec<StackFrame>,
    /// More sentences: values of sub-expressions, hints.
    pub notes: Vec<String>,
    /// What it was caused by.
    pub cause: Option<Box<RuntimeError>>,
}

/// Who may catch an error, and what it does to the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorKind {
    /// An error of the program or of the outside world; CATCH may take it.
    #[default]
    Error,
    /// A failed ASSERT.
    Assertion,
    /// A fault of the test itself, such as a request that no mock answers: nothing catches it.
    Fatal,
    /// The test cannot run here: an environment variable is unset. Nothing catches it.
    Skip,
    /// Standard output was closed; ends the program quietly.
    ClosedPipe,
}

/// An HTTP request as shown to people: never with secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestInfo {
    /// `GET`
    pub method: String,
    /// Scrubbed of secrets.
    pub url: String,
    /// Of the answer, where there was one.
    pub status: Option<u16>,
}

/// A call on the JavaScript stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// The function's name, empty for none.
    pub function: String,
    /// Start of the place; `end` equals `start`.
    pub span: Span,
}

impl RuntimeError {
    /// An error of this class.
    pub fn new(class: &str, message: impl Into<String>) -> RuntimeError {
        RuntimeError { class: class.to_owned(), message: message.into(), ..RuntimeError::default() }
    }

    /// With one more sentence behind the message.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> RuntimeError {
        self.notes.push(note.into());
        self
    }

    /// Puts `***` in the place of secrets, in what caused it too.
    pub fn scrub(&mut self, vault: &Vault) {
        if vault.is_empty() {
            return;
        }
        let texts = std::iter::once(&mut self.message)
            .chain(&mut self.notes)
            .chain(&mut self.code)
            .chain(self.request.as_mut().map(|request| &mut request.url));
        for text in texts {
            if let Cow::Owned(scrubbed) = vault.scrub(text) {
                *text = scrubbed;
            }
        }
        if let Some(cause) = &mut self.cause {
            cause.scrub(vault);
        }
    }

    /// Whether CATCH and ASSERT RAISES by this name take the error: its class, a class above it, or its code, in any case and
    /// with or without `_`. An error that a handler threw is a `ConnectorError` whatever its class; `Error` is above all.
    pub fn is_a(&self, name: &str) -> bool {
        let name = plain(name);
        let class = plain(&self.class);
        let above_class = match class.as_str() {
            "connectorautherror" | "connectorratelimiterror" | "connectorconnectionerror" | "connectordisabled" => {
                name == "connectorerror"
            }
            "fetcherror" => name == "typeerror",
            _ => false,
        };
        name == "error"
            || name == class
            || above_class
            || self.superclasses.iter().any(|superclass| plain(superclass) == name)
            || (name == "connectorerror" && self.source.is_some())
            || self.code.as_ref().is_some_and(|code| plain(code) == name)
    }

    /// Whether a CATCH with this name (or none) may take it. A failed ASSERT is taken by its name only.
    pub fn is_caught_by(&self, name: Option<&str>) -> bool {
        match self.kind {
            ErrorKind::Error => name.is_none_or(|name| self.is_a(name)),
            ErrorKind::Assertion => name.is_some_and(|name| plain(name) == "assertionerror"),
            ErrorKind::Fatal | ErrorKind::Skip | ErrorKind::ClosedPipe => false,
        }
    }

    /// What CATCH binds: `{name, message, code, type, entity, request, cause}`.
    pub fn to_value(&self) -> Value {
        let text = |text: &str| Value::String(text.into());
        let optional = |option: &Option<String>| option.as_deref().map_or(Value::Null, text);
        let request = self.request.as_ref().map_or(Value::Null, |request| {
            document([
                ("method", text(&request.method)),
                ("url", text(&request.url)),
                ("status", request.status.map_or(Value::Null, |status| Value::Integer(i64::from(status)))),
            ])
        });
        document([
            ("name", text(&self.class)),
            ("message", text(&self.message)),
            ("code", optional(&self.code)),
            ("type", Value::String(snake_case(&self.class).into())),
            ("entity", optional(&self.source)),
            ("request", request),
            ("cause", self.cause.as_ref().map_or(Value::Null, |cause| cause.to_value())),
        ])
    }

    /// With its place, unless it has one already.
    #[must_use]
    pub fn at(mut self, span: Span) -> RuntimeError {
        self.span.get_or_insert(span);
        self
    }
}

impl std::fmt::Display for RuntimeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.class, self.message)
    }
}

impl std::error::Error for RuntimeError {}

fn document<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Document(Rc::new(members.into_iter().map(|(key, value)| (key.into(), value)).collect::<Document>()))
}

/// A class name without what its spellings differ in.
fn plain(name: &str) -> String {
    name.chars().filter(|character| *character != '_').flat_map(char::to_lowercase).collect()
}

/// `connector_auth_error` of `ConnectorAuthError`.
fn snake_case(class: &str) -> String {
    let mut name = String::new();
    for character in class.chars() {
        if character.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(character.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::value_to_json;

    #[test]
    fn classes_match_by_name_in_any_spelling() {
        let mut error = RuntimeError::new("ConnectorAuthError", "no");
        for name in ["ConnectorAuthError", "connector_auth_error", "CONNECTOR_ERROR", "error"] {
            assert!(error.is_a(name), "{name}");
        }
        assert!(!error.is_a("connector_rate_limit_error"));
        error.code = Some("not_found".to_owned());
        assert!(error.is_a("NotFound"));
        let mut thrown = RuntimeError::new("RangeError", "no");
        assert!(!thrown.is_a("connector_error"));
        thrown.source = Some("shop.items".to_owned());
        assert!(thrown.is_a("connector_error"));
    }

    #[test]
    fn faults_of_a_test_are_not_caught() {
        let mut error = RuntimeError::new("AssertionError", "no");
        assert!(error.is_caught_by(None));
        error.kind = ErrorKind::Assertion;
        assert!(!error.is_caught_by(None) && !error.is_caught_by(Some("error")));
        assert!(error.is_caught_by(Some("assertion_error")));
        error.kind = ErrorKind::Fatal;
        assert!(!error.is_caught_by(None) && !error.is_caught_by(Some("AssertionError")));
    }

    #[test]
    fn a_caught_error_is_a_document() {
        let mut error = RuntimeError::new("ConnectorError", "no");
        error.request = Some(RequestInfo { method: "GET".to_owned(), url: "https://a/".to_owned(), status: Some(500) });
        assert_eq!(
            value_to_json(&error.to_value()),
            r#"{"name":"ConnectorError","message":"no","code":null,"type":"connector_error","entity":null,"request":{"method":"GET","url":"https://a/","status":500},"cause":null}"#
        );
    }
}
