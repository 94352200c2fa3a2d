//! Moltler text in its one layout.
//!
//! Keywords are upper case, clauses of definitions stand on lines of their own, documents and lists are laid out by width.
//! Line breaks that are a writer's choice are kept: behind the `{` of a document, between the clauses of a SELECT, one blank
//! line between statements, pairs of a document and comments. Strings, raw blocks with their JavaScript, names and comments
//! keep every byte.
//!
//! A statement that has a syntax error stays as it is. A laid out statement is read again: if it does not have the same words
//! as before, it stays too, so that formatting never changes what a program means. Formatting twice is formatting once.

mod layout;
mod leaves;
mod printer;
#[cfg(test)]
mod random;

use moltler_syntax::{Document, Parse, SyntaxKind, SyntaxNode, TextRange, parse};

use leaves::Leaves;

/// Columns that lines are to have at most.
pub const WIDTH: usize = 120;

/// A replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatEdit {
    /// What is replaced, in bytes of the file.
    pub range: TextRange,
    /// What takes its place.
    pub text: String,
}

/// A text in its one layout.
pub fn format(text: &str) -> String {
    let mut formatted = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in format_document(&Document::new(text), None) {
        formatted.push_str(&text[at..edit.range.start() as usize]);
        formatted.push_str(&edit.text);
        at = edit.range.end() as usize;
    }
    formatted.push_str(&text[at..]);
    formatted
}

/// What has to change in a document, in the order of places: only in statements that touch `range`, where there is one.
pub fn format_document(document: &Document, range: Option<TextRange>) -> Vec<FormatEdit> {
    let whole = TextRange::new(0, document.len());
    let asked = range.unwrap_or(whole);
    let line_end = line_end(document);
    let mut edits = Vec::new();
    // A statement before the first one that is asked for says where that one starts.
    let first = asked.start().saturating_sub(1);
    let mut before = Before::Nothing;
    for found in document.statements_in(TextRange::new(first, asked.end().max(first))) {
        let is_last = found.offset + found.text.len() as u32 == whole.end();
        let at = TextRange::empty(found.offset).cover(TextRange::empty(found.offset + found.text.len() as u32));
        if found.offset > 0 && before == Before::Nothing {
            let previous = document.statement_at(found.offset - 1).map_or("", |previous| previous.text);
            before = Before::of(previous);
        }
        let is_asked = at.end() > asked.start() && at.start() < asked.end() || asked == whole;
        if is_asked {
            let formatted = piece(found.text, before, is_last, line_end);
            if let Some(formatted) = formatted.filter(|formatted| *formatted != **found.text) {
                edits.push(smallest(found.text, found.offset, &formatted));
            }
        }
        before = Before::of(found.text);
    }
    edits
}

/// What stands before a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// It is the first one.
    Nothing,
    /// A statement on the same line.
    Statement,
    /// A statement that ends with its line, because it is damaged.
    Line,
}

impl Before {
    fn of(text: &str) -> Before {
        if text.ends_with(['\n', '\r']) { Before::Line } else { Before::Statement }
    }
}

/// The first line's end: all lines get the same.
fn line_end(document: &Document) -> &'static str {
    for found in document.statements() {
        if let Some(at) = found.text.find('\n') {
            return if found.text[..at].ends_with('\r') { "\r\n" } else { "\n" };
        }
    }
    "\n"
}

/// The text of a statement with the blanks and comments before it, laid out; `None` for one that stays as it is.
fn piece(text: &str, before: Before, is_last: bool, line_end: &str) -> Option<String> {
    let parse = parse(text);
    if !is_sound(&parse) {
        return None;
    }
    let leaves = leaves::leaves(parse.syntax())?;
    let mut written = leading(&leaves, before, line_end);
    if !leaves.tokens.is_empty() {
        let body = printer::print(&leaves, &layout::layout(parse.syntax(), &leaves)?, line_end);
        if !says_the_same(&leaves, &body) {
            return None;
        }
        written.push_str(&body);
    }
    let is_bare = leaves.tokens.is_empty() && leaves.leading.is_empty();
    if is_last && !(is_bare && before != Before::Statement) {
        written.push_str(line_end);
    }
    Some(written)
}

/// Whether a statement is read without a doubt. What SQL has and Moltler has not is read, to be named, but has no layout.
fn is_sound(parse: &Parse) -> bool {
    let is_unknown = |node: SyntaxNode<'_>| node.kind() == SyntaxKind::UnsupportedStatement;
    !parse.syntax().has_error() && parse.errors().is_empty() && !parse.syntax().children().any(is_unknown)
}

/// The comments before a statement, up to where it starts.
fn leading(leaves: &Leaves<'_>, before: Before, line_end: &str) -> String {
    let mut written = String::new();
    if leaves.has_mark {
        written.push('\u{feff}');
    }
    let comments = leaves.leading.iter().map(|comment| (comment.breaks, Some(comment)));
    let token = leaves.tokens.first().map(|first| (first.breaks, None));
    let (mut is_first, mut has_line) = (true, before != Before::Statement);
    for (breaks, comment) in comments.chain(token) {
        let lines = match (is_first, before) {
            (true, Before::Nothing) => 0,
            (true, Before::Line) => breaks.min(1),
            // A comment belongs to what it stands behind; a statement has a line of its own.
            _ if breaks == 0 => usize::from(comment.is_none() && !has_line),
            _ => breaks.min(2),
        };
        has_line |= lines > 0;
        written.extend(std::iter::repeat_n(line_end, lines));
        if lines == 0 && (!is_first || before == Before::Statement) {
            written.push(' ');
        }
        written.push_str(comment.map_or("", |comment| comment.text));
        is_first = false;
    }
    written
}

/// Whether a laid out statement has the same tokens and comments as before.
fn says_the_same(before: &Leaves<'_>, body: &str) -> bool {
    let parse = parse(body);
    if parse.syntax().has_error() {
        return false;
    }
    let Some(after) = leaves::leaves(parse.syntax()) else { return false };
    let same_tokens = before.tokens.len() == after.tokens.len()
        && before.tokens.iter().zip(&after.tokens).all(|(one, other)| one.text == other.text && one.kind == other.kind);
    let mut own: Vec<&str> = before.inner_comments().collect();
    let mut others: Vec<&str> = after.inner_comments().collect();
    // A comment before a comma moves behind it; all of them are still there.
    own.sort_unstable();
    others.sort_unstable();
    same_tokens && own == others
}

/// The replacement of only what differs.
fn smallest(old: &str, offset: u32, new: &str) -> FormatEdit {
    let mut start = old.bytes().zip(new.bytes()).take_while(|(left, right)| left == right).count();
    while !(old.is_char_boundary(start) && new.is_char_boundary(start)) {
        start -= 1;
    }
    let limit = old.len().min(new.len()) - start;
    let mut same =
        old.bytes().rev().zip(new.bytes().rev()).take(limit).take_while(|(left, right)| left == right).count();
    while !(old.is_char_boundary(old.len() - same) && new.is_char_boundary(new.len() - same)) {
        same -= 1;
    }
    let range = TextRange::from(start..old.len() - same).shift(offset);
    FormatEdit { range, text: new[start..new.len() - same].to_owned() }
}
