//! Semantic tokens of an open document, kept from one change to the next.
//!
//! What the words of a statement are depends on its text alone, so each statement is read again only when its text is another
//! one. They are kept by the runs in which the document stores its statements. The numbers of the protocol count from token to
//! token: a run that was not edited has the same numbers wherever it stands, but for its first token. So the difference of two
//! answers is found by comparing lists of runs, and only runs that differ are put into numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moltler_ide::semantic_tokens::semantic_tokens;
use moltler_syntax::{Encoding, Position, Run, RunId, TextRange, Width};
use rustc_hash::FxHashMap;
use salsa::Database;

use crate::diagnostics::write_number;
use crate::snapshot::Snapshot;
use crate::transport::Piece;

/// What was told last, and what is known of the runs.
pub(crate) struct Tokens {
    /// No two of a process have the same, so that ids of results of a document that was closed are never taken for new ones.
    instance: u64,
    /// All runs, as they were at the last answer that was made.
    runs: Vec<Arc<RunWords>>,
    /// Runs that were read for an answer that was cancelled.
    begun: FxHashMap<RunId, Arc<RunWords>>,
    /// How many answers were given, and what the last one said.
    answers: u64,
    told: Vec<Told>,
}

/// The tokens of a run.
struct RunWords {
    run: RunId,
    statements: Vec<StatementWords>,
    /// How many tokens there are.
    count: usize,
}

struct StatementWords {
    text: Arc<str>,
    /// Where the text starts, counted from the start of the run.
    place: Position,
    words: Arc<[Word]>,
}

/// A run as the editor knows it.
#[derive(Clone)]
struct Told {
    words: Arc<RunWords>,
    /// The lines and columns between its first token and the one before.
    gap: (u32, u32),
}

/// A token: line and column in its statement (a column on the first line counts from the start of the statement's text).
#[derive(Clone, Copy, Debug)]
struct Word {
    line: u32,
    column: u32,
    length: u32,
    kind: u32,
}

/// A token in the protocol's form.
type Numbers = [u32; 5];

impl Default for Tokens {
    fn default() -> Tokens {
        static INSTANCES: AtomicU64 = AtomicU64::new(0);
        Tokens {
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
            runs: Vec::new(),
            begun: FxHashMap::default(),
            answers: 0,
            told: Vec::new(),
        }
    }
}

impl Tokens {
    /// The result of `textDocument/semanticTokens/full`.
    pub(crate) fn full(&mut self, snapshot: &Snapshot) -> Vec<Piece> {
        self.told = self.present(snapshot);
        self.answers += 1;
        let mut out = format!("{{\"resultId\":\"{}\",\"data\":", self.id()).into_bytes();
        array(self.told.iter().flat_map(Told::numbers), &mut out);
        out.push(b'}');
        vec![Piece::Owned(out)]
    }

    /// The result of `textDocument/semanticTokens/full/delta`: all of it when the editor has another answer than the last.
    pub(crate) fn delta(&mut self, snapshot: &Snapshot, previous: &str) -> Vec<Piece> {
        if self.answers == 0 || previous != self.id() {
            return self.full(snapshot);
        }
        let present = self.present(snapshot);
        let same = |(one, other): &(&Told, &Told)| one.is_same(other);
        let head = self.told.iter().zip(&present).take_while(same).count();
        let (before, after) = (&self.told[head..], &present[head..]);
        let tail = before.iter().rev().zip(after.iter().rev()).take_while(same).count();
        let first: usize = self.told[..head].iter().map(|told| told.words.count).sum();
        let numbers = |told: &[Told]| told[..told.len() - tail].iter().flat_map(Told::numbers).collect::<Vec<_>>();
        let (before, after) = (numbers(before), numbers(after));
        self.told = present;
        self.answers += 1;

        let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
        let (before, after) = (&before[start..], &after[start..]);
        let end = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
        let (deleted, inserted) = (before.len() - end, &after[..after.len() - end]);
        let mut out = format!("{{\"resultId\":\"{}\",\"edits\":[", self.id()).into_bytes();
        if deleted > 0 || !inserted.is_empty() {
            let start = (first + start) * 5;
            out.extend_from_slice(format!("{{\"start\":{start},\"deleteCount\":{},\"data\":", deleted * 5).as_bytes());
            array(inserted.iter().copied(), &mut out);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        vec![Piece::Owned(out)]
    }

    fn id(&self) -> String {
        format!("{}.{}", self.instance, self.answers)
    }

    /// All runs that have tokens.
    fn present(&mut self, snapshot: &Snapshot) -> Vec<Told> {
        let Some(document) = snapshot.document() else { return Vec::new() };
        let runs: Vec<Run<'_>> = document.runs().collect();
        let same = |(known, run): &(&Arc<RunWords>, &Run<'_>)| known.run == run.id;
        let head = self.runs.iter().zip(&runs).take_while(same).count();
        let (known, rest) = (&self.runs[head..], &runs[head..]);
        let tail = known.iter().rev().zip(rest.iter().rev()).take_while(same).count();
        let old: Vec<Arc<RunWords>> = known[..known.len() - tail].to_vec();
        let statements = old.iter().flat_map(|run| &run.statements);
        let by_text: FxHashMap<*const u8, &StatementWords> =
            statements.map(|statement| (statement.text.as_ptr(), statement)).collect();
        let mut made = Vec::new();
        for run in &rest[..rest.len() - tail] {
            let words = match self.begun.get(&run.id) {
                Some(words) => words.clone(),
                None => {
                    snapshot.db.unwind_if_revision_cancelled();
                    let words = Arc::new(RunWords::new(run, snapshot.encoding, &by_text));
                    self.begun.insert(run.id, words.clone());
                    words
                }
            };
            made.push(words);
        }
        self.runs.splice(head..self.runs.len() - tail, made);
        self.begun.clear();

        let mut last = Position::default();
        let mut present = Vec::with_capacity(runs.len());
        for (words, run) in self.runs.iter().zip(&runs) {
            let start = run.start(snapshot.encoding);
            let Some((first, end)) = words.ends() else { continue };
            let (first, end) = (behind(start, first), behind(start, end));
            present.push(Told { words: words.clone(), gap: between(last, first) });
            last = end;
        }
        present
    }
}

/// The result of `textDocument/semanticTokens/range`: the tokens of the statements there.
pub(crate) fn range(snapshot: &Snapshot, range: TextRange) -> Vec<Piece> {
    let mut out = b"{\"data\":".to_vec();
    let mut numbers: Vec<Numbers> = Vec::new();
    if let Some(document) = snapshot.document() {
        let mut last = Position::default();
        for statement in document.statements_in(range) {
            let start = document.position(statement.offset, snapshot.encoding);
            for word in words(statement.text, snapshot.encoding) {
                let place = behind(start, word.place());
                numbers.push(word.numbers(between(last, place)));
                last = place;
            }
        }
    }
    array(numbers.into_iter(), &mut out);
    out.push(b'}');
    vec![Piece::Owned(out)]
}

impl RunWords {
    /// Statements whose text was read before are not read again.
    fn new(run: &Run<'_>, encoding: Encoding, known: &FxHashMap<*const u8, &StatementWords>) -> RunWords {
        let mut statements = Vec::new();
        for (statement, place) in run.statements(encoding) {
            let text = statement.text;
            // A text that is known is still there, so that no other one is at its address.
            let words = match known.get(&text.as_ptr()).filter(|known| Arc::ptr_eq(&known.text, text)) {
                Some(known) => known.words.clone(),
                None => words(text, encoding).into(),
            };
            statements.push(StatementWords { text: text.clone(), place, words });
        }
        let count = statements.iter().map(|statement| statement.words.len()).sum();
        RunWords { run: run.id, statements, count }
    }

    /// The tokens with their places, counted from the start of the run.
    fn words(&self) -> impl DoubleEndedIterator<Item = (Position, Word)> {
        self.statements
            .iter()
            .flat_map(|statement| statement.words.iter().map(|word| (behind(statement.place, word.place()), *word)))
    }

    /// The places of the first token and the last one.
    fn ends(&self) -> Option<(Position, Position)> {
        let mut words = self.words().map(|(place, _)| place);
        let first = words.next()?;
        Some((first, words.next_back().unwrap_or(first)))
    }
}

impl Told {
    fn is_same(&self, other: &Told) -> bool {
        self.gap == other.gap && Arc::ptr_eq(&self.words, &other.words)
    }

    fn numbers(&self) -> impl Iterator<Item = Numbers> {
        let mut last: Option<Position> = None;
        self.words.words().map(move |(place, word)| {
            let gap = last.map_or(self.gap, |last| between(last, place));
            last = Some(place);
            word.numbers(gap)
        })
    }
}

impl Word {
    fn place(self) -> Position {
        Position { line: self.line, column: self.column }
    }

    fn numbers(self, gap: (u32, u32)) -> Numbers {
        [gap.0, gap.1, self.length, self.kind, 0]
    }
}

/// The place that is so far behind another one.
fn behind(start: Position, place: Position) -> Position {
    let column = if place.line == 0 { start.column + place.column } else { place.column };
    Position { line: start.line + place.line, column }
}

/// The lines and columns from a place to a later one.
fn between(last: Position, place: Position) -> (u32, u32) {
    let lines = place.line - last.line;
    (lines, if lines == 0 { place.column - last.column } else { place.column })
}

fn array(numbers: impl Iterator<Item = Numbers>, out: &mut Vec<u8>) {
    out.push(b'[');
    let mut is_first = true;
    for number in numbers.flatten() {
        if !is_first {
            out.push(b',');
        }
        is_first = false;
        write_number(number, out);
    }
    out.push(b']');
}

fn words(text: &str, encoding: Encoding) -> Vec<Word> {
    let mut words = Vec::new();
    // The place before the token is known: only what is between is counted.
    let (mut place, mut at) = (Position::default(), 0);
    for token in semantic_tokens(text) {
        let (start, end) = (token.range.start() as usize, token.range.end() as usize);
        let Some(gap) = text.get(at..start) else { continue };
        place = behind(place, moltler_syntax::Metrics::of(gap).position(encoding));
        at = start;
        let length = Width::of(&text[start..end]).units(encoding);
        words.push(Word { line: place.line, column: place.column, length, kind: token.kind as u32 });
    }
    words
}
