//! What can go wrong in a run.

use moltler_abi::manifest::Span;

/// The run went wrong: told to the user, matched by CATCH and ASSERT RAISES.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuntimeError {
    /// What it is; decides the exit status and who may catch it.
    pub kind: ErrorKind,
    /// The class that CATCH matches: `ConnectorAuthError`, `TypeError`, `AssertionError`, …
    pub class: String,
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
