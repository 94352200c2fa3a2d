//! Semantic tokens of an open document, kept from one change to the next.
//!
//! What the words of a statement are depends on its text alone, so each statement is read again only when its text is another
//! one. The numbers of the protocol count from token to token: a change moves only the tokens at its place, and the difference
//! from the answer before is small.

use std::sync::Arc;

use moltler_db::Statement;
use moltler_ide::semantic_tokens::semantic_tokens;
use moltler_syntax::{Encoding, Position, TextRange, Width};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::snapshot::Snapshot;

/// What was told last, and what is known of the statements.
#[derive(Default)]
pub(crate) struct Tokens {
    statements: FxHashMap<Statement, (Arc<str>, Arc<[Word]>)>,
    /// The number of the last answer and its data.
    told: (u64, Vec<u32>),
}

/// A token: line and column in its statement (a column on the first line counts from the start of the statement's text).
#[derive(Clone, Copy, Debug)]
struct Word {
    line: u32,
    column: u32,
    length: u32,
    kind: u32,
}

impl Tokens {
    /// The result of `textDocument/semanticTokens/full`.
    pub(crate) fn full(&mut self, snapshot: &Snapshot) -> Value {
        let data = self.data(snapshot, None);
        let answer = json!({"resultId": (self.told.0 + 1).to_string(), "data": data});
        self.told = (self.told.0 + 1, data);
        answer
    }

    /// The result of `textDocument/semanticTokens/full/delta`: all of it when the editor has another answer than the last.
    pub(crate) fn delta(&mut self, snapshot: &Snapshot, previous: &str) -> Value {
        if self.told.0 == 0 || previous != self.told.0.to_string() {
            return self.full(snapshot);
        }
        let data = self.data(snapshot, None);
        let before = &self.told.1;
        // Tokens are five numbers: a difference that starts inside of one is cut at its start.
        let start = before.iter().zip(&data).take_while(|(one, other)| one == other).count() / 5 * 5;
        let limit = before.len().min(data.len()) - start;
        let end =
            before.iter().rev().zip(data.iter().rev()).take(limit).take_while(|(one, other)| one == other).count() / 5
                * 5;
        let deleted = before.len() - start - end;
        let inserted = &data[start..data.len() - end];
        let edits = if deleted == 0 && inserted.is_empty() {
            json!([])
        } else {
            json!([{"start": start, "deleteCount": deleted, "data": inserted}])
        };
        let answer = json!({"resultId": (self.told.0 + 1).to_string(), "edits": edits});
        self.told = (self.told.0 + 1, data);
        answer
    }

    /// The result of `textDocument/semanticTokens/range`.
    pub(crate) fn range(&mut self, snapshot: &Snapshot, range: TextRange) -> Value {
        json!({"data": self.data(snapshot, Some(range))})
    }

    fn data(&mut self, snapshot: &Snapshot, range: Option<TextRange>) -> Vec<u32> {
        let mut data = Vec::new();
        let Some(document) = snapshot.document() else { return data };
        if self.statements.len() > document.statement_count() * 2 + 64 {
            self.statements.clear();
        }
        let asked = range.unwrap_or(TextRange::new(0, document.len()));
        let mut last = Position::default();
        let mut start: Option<Position> = None;
        for (statement, offset) in snapshot.package.statements_in(snapshot.file, asked) {
            let text = statement.text(&snapshot.db);
            let from = *start.get_or_insert_with(|| document.position(offset, snapshot.encoding));
            let known = self.statements.get(&statement).filter(|(known, _)| Arc::ptr_eq(known, text));
            let words = match known {
                Some((_, words)) => words.clone(),
                None => {
                    let words: Arc<[Word]> = words(text, snapshot.encoding).into();
                    self.statements.insert(statement, (text.clone(), words.clone()));
                    words
                }
            };
            for word in &*words {
                let line = from.line + word.line;
                let column = if word.line == 0 { from.column + word.column } else { word.column };
                let moved = line - last.line;
                data.extend([moved, if moved == 0 { column - last.column } else { column }, word.length, word.kind, 0]);
                last = Position { line, column };
            }
            start = Some(behind(text, from, snapshot.encoding));
        }
        data
    }
}

/// The place behind a text that starts at a place.
fn behind(text: &str, start: Position, encoding: Encoding) -> Position {
    let metrics = moltler_syntax::Metrics::of(text);
    let column = metrics.tail.units(encoding);
    match metrics.lines {
        0 => Position { line: start.line, column: start.column + column },
        lines => Position { line: start.line + lines, column },
    }
}

fn words(text: &str, encoding: Encoding) -> Vec<Word> {
    let mut words = Vec::new();
    // The place before the token is known: only what is between is counted.
    let (mut place, mut at) = (Position::default(), 0);
    for token in semantic_tokens(text) {
        let (start, end) = (token.range.start() as usize, token.range.end() as usize);
        let Some(gap) = text.get(at..start) else { continue };
        place = behind(gap, place, encoding);
        at = start;
        let length = Width::of(&text[start..end]).units(encoding);
        words.push(Word { line: place.line, column: place.column, length, kind: token.kind as u32 });
    }
    words
}
