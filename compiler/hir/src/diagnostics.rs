//! What is told about a statement, and one file for each kind of it.
//!
//! Queries give [`LocalDiagnostic`]s: positions are relative to the statement, places elsewhere are named and not located,
//! and suggestions that need all names of the package are left open. [`crate::file_diagnostics`] makes [`moltler_db::Diagnostic`]s of them.

pub(crate) mod advice;
pub mod code;
pub(crate) mod definition;
pub(crate) mod error_class;
pub mod expression;
pub(crate) mod lint;
pub(crate) mod not_supported;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod script;
pub(crate) mod script_member;
pub(crate) mod secret;
pub(crate) mod sync;
pub(crate) mod unknown_name;
pub(crate) mod variable;

use moltler_db::{NameKind, Severity, Tag};
use moltler_syntax::TextRange;

use crate::suggest::Candidates;
pub use code::Code;

/// A diagnostic of one statement, independent of where the statement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalDiagnostic {
    /// What it is about.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Where, in the statement's text.
    pub range: TextRange,
    /// One plain sentence.
    pub message: String,
    /// Other places.
    pub labels: Vec<LocalLabel>,
    /// What to do about it.
    pub help: Option<String>,
    /// Changes that resolve it.
    pub fixes: Vec<LocalFix>,
    /// How to draw it.
    pub tags: Vec<Tag>,
    /// A name that is missing: the nearest of all names of the package is suggested when the diagnostic is assembled.
    pub suggest: Option<Suggest>,
}

/// Another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalLabel {
    /// Where.
    pub place: Place,
    /// What is there.
    pub message: String,
}

/// A place that a diagnostic mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the same statement.
    Here(TextRange),
    /// The name in the declaration that counts (the last one).
    Declaration(NameKind, String),
}

/// A change inside the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFix {
    /// What it does.
    pub title: String,
    /// Ranges and what takes their place.
    pub edits: Vec<(TextRange, String)>,
    /// Whether it is right without a look at it; see [`moltler_db::Fix::is_automatic`].
    pub is_automatic: bool,
    /// What it needs of other statements.
    pub needs: Option<Needed>,
}

/// What a fix needs of other statements; the edits are made when the diagnostic is assembled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needed {
    /// A secret key in CONFIG_SCHEMA of a type, which instances take from `{{secrets.key}}`.
    SecretKey {
        /// The type.
        type_name: String,
        /// The key.
        key: String,
    },
}

/// A name that nobody declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggest {
    /// What it should name.
    pub kind: NameKind,
    /// What is common to all names that may be meant and not written at `range`: `myservice.`
    pub prefix: String,
    /// What was written.
    pub written: String,
    /// Where; what a fix replaces.
    pub range: TextRange,
}

impl LocalDiagnostic {
    fn new(code: Code, severity: Severity, range: TextRange, message: String) -> LocalDiagnostic {
        LocalDiagnostic {
            code,
            severity,
            range,
            message,
            labels: Vec::new(),
            help: None,
            fixes: Vec::new(),
            tags: Vec::new(),
            suggest: None,
        }
    }

    /// An error.
    pub(crate) fn error(code: Code, range: TextRange, message: impl Into<String>) -> LocalDiagnostic {
        LocalDiagnostic::new(code, Severity::Error, range, message.into())
    }

    /// A warning.
    pub(crate) fn warning(code: Code, range: TextRange, message: impl Into<String>) -> LocalDiagnostic {
        LocalDiagnostic::new(code, Severity::Warning, range, message.into())
    }

    /// A hint.
    pub(crate) fn hint(code: Code, range: TextRange, message: impl Into<String>) -> LocalDiagnostic {
        LocalDiagnostic::new(code, Severity::Hint, range, message.into())
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> LocalDiagnostic {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn label(mut self, place: Place, message: impl Into<String>) -> LocalDiagnostic {
        self.labels.push(LocalLabel { place, message: message.into() });
        self
    }

    pub(crate) fn fix(
        mut self,
        title: impl Into<String>,
        range: TextRange,
        text: impl Into<String>,
    ) -> LocalDiagnostic {
        let edits = vec![(range, text.into())];
        self.fixes.push(LocalFix { title: title.into(), edits, is_automatic: true, needs: None });
        self
    }

    /// Like [`LocalDiagnostic::fix`], for a change that someone has to look at.
    pub(crate) fn offer(
        mut self,
        title: impl Into<String>,
        range: TextRange,
        text: impl Into<String>,
    ) -> LocalDiagnostic {
        let edits = vec![(range, text.into())];
        self.fixes.push(LocalFix { title: title.into(), edits, is_automatic: false, needs: None });
        self
    }

    /// Says what the last fix needs of other statements.
    pub(crate) fn needs(mut self, needed: Needed) -> LocalDiagnostic {
        if let Some(fix) = self.fixes.last_mut() {
            fix.needs = Some(needed);
        }
        self
    }

    pub(crate) fn unused(mut self) -> LocalDiagnostic {
        self.tags.push(Tag::Unused);
        self
    }

    /// Suggests the nearest name of the package when the diagnostic is assembled.
    pub(crate) fn suggest(mut self, suggest: Suggest) -> LocalDiagnostic {
        self.suggest = Some(suggest);
        self
    }

    /// Suggests the nearest candidate, else lists them when there are few. `range` is what a fix replaces.
    pub(crate) fn nearest(
        mut self,
        written: &str,
        candidates: &Candidates<'_>,
        range: TextRange,
        quote: &str,
    ) -> LocalDiagnostic {
        match candidates.nearest(written) {
            Some(name) => {
                self.help = Some(format!("did you mean `{name}`?"));
                self.fix(format!("Replace with `{name}`"), range, format!("{quote}{name}{quote}"))
            }
            None => {
                self.help = self.help.or_else(|| candidates.list());
                self
            }
        }
    }
}
