//! What belongs together: what can be folded, what a selection grows to.

use moltler_db::FileId;
use moltler_hir::{Database, Package, parse};
use moltler_syntax::{SyntaxKind, TextRange};

use crate::token::{TokenKind, tokens};

/// What is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// A comment.
    Comment,
    /// Anything else.
    Region,
}

/// Ranges of the file that have several lines and can be shown as one, by place.
pub fn folding_ranges(db: &Database, package: &Package, file: FileId) -> Vec<(TextRange, FoldKind)> {
    let mut found = Vec::new();
    for (statement, start) in package.statements(file) {
        let text = statement.text(db);
        if !text.contains('\n') {
            continue;
        }
        let mut add = |range: TextRange, kind| {
            if range.of(text).contains('\n') {
                found.push((range.shift(start), kind));
            }
        };
        let all = tokens(text);
        let mut open: Vec<u32> = Vec::new();
        for (index, token) in all.iter().enumerate() {
            match (token.kind, token.text) {
                (TokenKind::Mark, "{" | "[" | "(") => open.push(token.range.start()),
                (TokenKind::Mark, "}" | "]" | ")") => {
                    if let Some(from) = open.pop() {
                        add(TextRange::new(from, token.range.end()), FoldKind::Region);
                    }
                }
                (TokenKind::Raw, _) => {
                    add(token.range, FoldKind::Region);
                    for (from, to) in script_brackets(token.name()) {
                        add(TextRange::new(from, to).shift(token.inner().start()), FoldKind::Region);
                    }
                }
                (TokenKind::Comment, _) => {
                    // Lines of comments one below the other are one.
                    let is_first = index.checked_sub(1).is_none_or(|before| all[before].kind != TokenKind::Comment);
                    if is_first {
                        let last = all[index..].iter().take_while(|token| token.kind == TokenKind::Comment).last();
                        add(token.range.cover(last.unwrap_or(token).range), FoldKind::Comment);
                    }
                }
                _ => {}
            }
        }
        let parse = parse(db, statement);
        let Some(root) = parse.source_file().statement() else { continue };
        for node in moltler_syntax::ast::AstNode::syntax(root).descendants() {
            let folds = node.parent().is_some_and(|parent| parent.kind() == SyntaxKind::SourceFile)
                || matches!(
                    node.kind(),
                    SyntaxKind::If | SyntaxKind::For | SyntaxKind::While | SyntaxKind::Try | SyntaxKind::CaseExpression
                );
            if folds {
                add(node.range(), FoldKind::Region);
            }
        }
    }
    found.sort_by_key(|(range, _)| (range.start(), std::cmp::Reverse(range.end())));
    found.dedup_by_key(|(range, _)| *range);
    found
}

/// What a selection at an offset grows to, from inside out: the word, what is around it, the statement.
pub fn selection_ranges(db: &Database, package: &Package, file: FileId, offset: u32) -> Vec<TextRange> {
    let mut found = Vec::new();
    if let Some((statement, start)) = package.statement_at(file, offset) {
        let text = statement.text(db);
        let at = offset.saturating_sub(start).min(text.len() as u32);
        for token in tokens(text).iter().filter(|token| token.range.touches(at)) {
            if token.kind == TokenKind::Raw && token.inner().touches(at) {
                let inner = token.inner();
                let script = token.name();
                let local = at - inner.start();
                found.extend(word_at(script, local).map(|range| range.shift(inner.start())));
                for (from, to) in script_brackets(script) {
                    if from <= local && local <= to {
                        found.push(TextRange::new(from + 1, to - 1).shift(inner.start()));
                        found.push(TextRange::new(from, to).shift(inner.start()));
                    }
                }
            }
            if token.inner().touches(at) {
                found.push(token.inner());
            }
            found.push(token.range);
        }
        let parse = parse(db, statement);
        let around = parse.syntax().covering(TextRange::empty(at));
        found.extend(around.ancestors().map(|node| node.range()));
        found.iter_mut().for_each(|range| *range = range.shift(start));
        found.push(TextRange::new(start, start + text.len() as u32));
    }
    let length = package.document(file).map_or(0, moltler_syntax::Document::len);
    found.push(TextRange::new(0, length));
    found.retain(|range| range.touches(offset));
    found.sort_by_key(|range| range.len());
    found.dedup();
    // Each has to lie in the next one.
    let mut nested: Vec<TextRange> = Vec::new();
    for range in found {
        if nested.last().is_none_or(|inner| range.covers(*inner) && range != *inner) {
            nested.push(range);
        }
    }
    nested
}

fn word_at(text: &str, at: u32) -> Option<TextRange> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
    let at = (at as usize).min(text.len());
    let before = text.as_bytes()[..at].iter().rev().take_while(|byte| is_word(byte)).count();
    let behind = text.as_bytes()[at..].iter().take_while(|byte| is_word(byte)).count();
    (before + behind > 0).then(|| TextRange::from(at - before..at + behind))
}

/// The pairs of brackets in JavaScript, with them.
fn script_brackets(text: &str) -> Vec<(u32, u32)> {
    let words = crate::semantic_tokens::script_tokens(text);
    let mut words = words.iter().peekable();
    let mut found: Vec<(u32, u32)> = Vec::new();
    let mut open: Vec<u32> = Vec::new();
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if let Some(word) = words.next_if(|word| word.range.start() as usize <= at) {
            at = at.max(word.range.end() as usize);
            continue;
        }
        match bytes[at] {
            b'{' | b'[' | b'(' => open.push(at as u32),
            b'}' | b']' | b')' => {
                if let Some(from) = open.pop() {
                    found.push((from, at as u32 + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}
