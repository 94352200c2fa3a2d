//! Where statements end: a small lexer that finds its way again after damage.
//!
//! A statement's text runs from the end of the one before to its `;`, blanks and comments in front included. A TEST or an
//! IF, FOR, WHILE, TRY with all it holds is one statement. What follows the last `;` is a statement of its own.
//!
//! The rules, which the grammar shares:
//!
//! - Strings are `'…'` and `"…"`, with `\` before any character and a doubled quote inside. A line that begins in column 1
//!   with a [statement head](is_statement_head) ends an open string.
//! - `'''` opens a raw block only behind `HANDLER QUERY_HANDLER CHECK_HANDLER SHARED DESCRIPTION DOCUMENTATION`; it ends with
//!   the next `'''`. When a [definition head](is_definition_head) in column 1, or the end of the file, comes first, the block
//!   ends before the first line that begins in column 1 with a statement head.
//! - Comments are `-- …` and `/* … */`, which do not nest; a `/*` without `*/` ends with its line.
//! - `` `…` `` quotes a name within a line.
//! - A definition head in column 1, or where a statement of a block starts, ends whatever is open.
//! - Any other statement head in column 1 ends a statement that misses its `;`, where it cannot belong to it. Inside a block
//!   it need only be the first word of its line, and `END …;` on a line of its own always ends what is before it.
//!
//! The lexer is in `split/lexer.rs`, the way through a statement in `split/statement.rs`.

mod anatomy;
mod heads;
mod lexer;
mod statement;
#[cfg(test)]
mod tests;

use crate::text::TextRange;
use lexer::Lexer;

pub(crate) use anatomy::{Anatomy, Block, Open, OpenKind, anatomy};
pub use heads::{RAW_BLOCK_CLAUSES, is_definition_head, is_statement_head};

/// The ranges of all statements of a text, in order; together they are the whole text.
pub fn split(text: &str) -> Vec<TextRange> {
    let mut ranges = Vec::new();
    let mut memo = Memo::default();
    let mut start = 0;
    while start < text.len() {
        let scan = scan_statement(text, start, true, &mut memo);
        ranges.push(TextRange::from(start..start + scan.end));
        start += scan.end;
    }
    ranges
}

/// A statement found in a text; both count from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Behind its last byte.
    pub(crate) end: usize,
    /// Behind the last byte that decided about `end`.
    pub(crate) examined: usize,
}

/// The statement of a text that starts at `start`, where the text is not at its end. With `whole` false the text may go on
/// behind its end; a result with `examined` beyond it then says that more is needed.
pub(crate) fn scan_statement(text: &str, start: usize, whole: bool, memo: &mut Memo) -> Scan {
    let mut lexer = Lexer::new(&text[start..], whole);
    lexer.comment_end = memo.before(start);
    lexer.statement();
    *memo = Memo::behind(&lexer, start);
    #[cfg(test)]
    READ.set(READ.get() + lexer.examined.max(lexer.at));
    Scan { end: lexer.at, examined: lexer.examined.max(lexer.at) }
}

#[cfg(test)]
thread_local! {
    /// Bytes that [`scan_statement`] has read.
    pub(crate) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// What is remembered from one statement of a text to the next, so that a search to the end of the text is made once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memo {
    /// Behind the first `*/` that follows the last `/*` read; beyond every text where there is none.
    comment_end: Option<usize>,
}

impl Memo {
    /// For a lexer whose text starts at `start`.
    fn before(self, start: usize) -> Option<usize> {
        self.comment_end.and_then(|end| end.checked_sub(start))
    }

    fn behind(lexer: &Lexer<'_>, start: usize) -> Memo {
        Memo { comment_end: lexer.comment_end.map(|end| end.saturating_add(start)) }
    }
}
