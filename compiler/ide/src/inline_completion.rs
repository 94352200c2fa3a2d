//! What is offered as grey text behind the cursor: the end of a block or of a raw block that has none.

use moltler_db::FileId;
use moltler_hir::{Database, Package};
use moltler_syntax::TextRange;

use crate::blocks::Blocks;
use crate::token::{Token, TokenKind, tokens};

/// A text that may take the place of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineCompletion {
    /// From the start of the line to the cursor.
    pub range: TextRange,
    /// What takes its place: `END TEST;`, indented.
    pub text: String,
}

/// What ends the innermost thing that is open at an offset of a file, where nothing but its beginning is on the line.
pub fn inline_completion(db: &Database, package: &Package, file: FileId, offset: u32) -> Option<InlineCompletion> {
    // At the end of a file the statement before is the one that is open.
    let (statement, start) = package.statement_at(file, offset)?;
    let text = statement.text(db);
    let at = (offset.checked_sub(start)? as usize).min(text.len());
    let line_start = text[..at].rfind('\n').map_or(0, |before| before + 1);
    let line = text.get(line_start..at)?;
    let rest = text[at..].lines().next().unwrap_or_default();
    if !rest.trim().is_empty() {
        return None;
    }
    let all = tokens(text);
    let range = TextRange::from(line_start..at).shift(start);
    if let Some(block) = all.iter().find(|token| token.kind == TokenKind::Raw && token.holds(at as u32)) {
        let is_begun = matches!(line.trim(), "" | "'" | "''");
        return (block.is_open && is_begun && line_start > 0)
            .then(|| InlineCompletion { range, text: "''';".to_owned() });
    }
    if all.iter().any(|token| token.holds(at as u32)) {
        return None;
    }
    let code: Vec<Token<'_>> = all.into_iter().filter(|token| token.kind != TokenKind::Comment).collect();
    let count = code.iter().take_while(|token| (token.range.start() as usize) < line_start).count();
    let before = Blocks::of(&code[..count]);
    // A block whose statement is still being written is not to be ended.
    if before.start < count {
        return None;
    }
    let behind = code.iter().position(|token| token.range.start() as usize >= at).unwrap_or(code.len());
    let block = before.open.last()?;
    // The innermost one has its end already.
    if Blocks::of(&code[behind..]).surplus.as_deref() == Some(block.end) {
        return None;
    }
    let end = format!("END {};", block.end);
    let typed = line.trim();
    let is_begun = end.len() >= typed.len() && end[..typed.len()].eq_ignore_ascii_case(typed);
    if !is_begun {
        return None;
    }
    let indent = crate::typing::indentation(text, code[block.head].range.start() as usize);
    Some(InlineCompletion { range, text: format!("{indent}{end}") })
}
