use moltler_syntax::TextRange;

use crate::FileId;

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileRange {
    /// The file.
    pub file: FileId,
    /// Bytes from its start.
    pub range: TextRange,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The statement can't be carried out.
    Error,
    /// Likely a mistake.
    Warning,
    /// Advice.
    Hint,
}

impl Severity {
    /// `error`, `warning`, `hint`
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        }
    }
}

/// How an editor may draw the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// Faded.
    Unused,
    /// Struck through.
    Deprecated,
}

/// Another place that belongs to the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where; perhaps in another file.
    pub range: FileRange,
    /// What is there: `first defined here`.
    pub message: String,
}

/// A replacement of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub range: FileRange,
    /// What takes its place.
    pub text: String,
}

/// A change that resolves a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does: ``Replace with `items` ``.
    pub title: String,
    /// The changes; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether a tool may carry it out by itself, where it is the only one of its diagnostic.
    pub is_automatic: bool,
}

/// What a user is told about a place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable, in kebab-case: `unknown-entity`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub range: FileRange,
    /// One plain sentence without a full stop, names in back-ticks.
    pub message: String,
    /// Other places.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
    /// Changes that resolve it, the best first.
    pub fixes: Vec<Fix>,
    /// How to draw it.
    pub tags: Vec<Tag>,
}
