//! Syntax errors.

use crate::Parse;
use crate::kind::SyntaxKind;
use crate::text::TextRange;

/// Something wrong with the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyntaxError {
    /// Its stable name, in kebab case.
    pub code: &'static str,
    /// One sentence without a full stop, names and words of the language in back-ticks.
    pub message: String,
    /// Where; as small as it can be told.
    pub range: TextRange,
    /// What would mend it: text to put in place of a range.
    pub fix: Option<(TextRange, String)>,
}

pub(crate) fn errors(parse: &Parse) -> Vec<SyntaxError> {
    let mut found = Vec::new();
    for node in parse.syntax().descendants() {
        if node.kind() == SyntaxKind::Error || node.is_missing() {
            found.push(SyntaxError {
                code: "syntax-error",
                message: format!("unexpected `{}`", node.text().lines().next().unwrap_or("")),
                range: node.range(),
                fix: None,
            });
        }
    }
    found
}
