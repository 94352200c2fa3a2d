//! What is known of the name at a place.

use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;

use crate::completion::{Completion, CompletionKind, complete};
use crate::token::is_word;

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is about, in bytes of the file.
    pub range: TextRange,
    /// Markdown.
    pub text: String,
}

/// What is known of the name at an offset: the same that is told when it is suggested there.
pub fn hover(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<Hover> {
    let (statement, start) = package.statement_at(file, offset)?;
    let text = statement.text(db);
    let bytes = text.as_bytes();
    let at = (offset.checked_sub(start)? as usize).min(bytes.len());
    let end = at + bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
    let begin = at - bytes[..at].iter().rev().take_while(|byte| is_word(**byte)).count();
    let word = text.get(begin..end).filter(|word| !word.is_empty())?;
    let found = complete(db, package, file, start + end as u32);
    let exact = found.iter().find(|one| one.label == word);
    let one = exact.or_else(|| found.iter().find(|one| one.label.eq_ignore_ascii_case(word)))?;
    Some(Hover { range: TextRange::from(begin..end).shift(start), text: text_of(one)? })
}

fn text_of(completion: &Completion) -> Option<String> {
    if completion.detail.is_none() && completion.documentation.is_none() {
        return None;
    }
    let head = match (&completion.detail, completion.kind) {
        (Some(signature), CompletionKind::Function) => format!("`{signature}`"),
        (Some(detail), _) => format!("`{}`: {detail}", completion.label),
        (None, _) => format!("`{}`", completion.label),
    };
    Some(match &completion.documentation {
        Some(documentation) => format!("{head}\n\n{documentation}"),
        None => head,
    })
}
