//! The diagnostics of an open document in the protocol's form, kept from one change to the next.
//!
//! A file of 50,000 lines may have a thousand of them, and an editor gets all of them after each letter. So they are kept as
//! JSON: a *fragment* for each statement, without the numbers of its lines, and a *block* for each run of statements of the
//! document, with them. A letter makes one fragment and one block again; the other blocks are sent as they are. A new line
//! moves what is behind it: those blocks are written again from their fragments, because the protocol counts lines from the
//! start of the file.

mod fragment;

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use moltler_db::{FileId, Statement};
use moltler_hir::{Change, Package};
use moltler_ide::diagnostics::{FileDiagnostics, Reach};
use moltler_syntax::{Position, Run, RunId};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::snapshot::Snapshot;
use crate::transport::Piece;
use fragment::Fragment;
pub(crate) use fragment::write_number;

/// Of a document that was just opened so many statements are told first, when it has more: those that are on the screen.
const FIRST: usize = 128;

/// What is known of an open document's diagnostics.
pub(crate) struct Diagnostics {
    /// No two of a process have the same, so that ids of results of a document that was closed are never taken for new ones.
    instance: u64,
    file: FileDiagnostics,
    fragments: FxHashMap<Statement, Fragment>,
    /// In the order of the document when they were made.
    blocks: Vec<Block>,
    /// Runs with statements that were checked again since then.
    stale: FxHashSet<RunId>,
    /// Counts the times that the blocks were not the same as before.
    revision: u64,
    /// The revision that was sent last unasked.
    told: Option<u64>,
}

/// The diagnostics of a run of statements.
struct Block {
    run: RunId,
    start: Position,
    members: Vec<Member>,
    /// Something elsewhere may change them.
    is_wide: bool,
    /// JSON objects with commas between them.
    text: Arc<[u8]>,
}

/// A statement that has diagnostics.
#[derive(Clone, Copy)]
struct Member {
    statement: Statement,
    reach: Reach,
    /// Counted from the start of the run.
    place: Position,
}

impl Diagnostics {
    /// Nothing is known of the document yet.
    pub(crate) fn new(package: &Package, file: FileId) -> Diagnostics {
        static INSTANCES: AtomicU64 = AtomicU64::new(0);
        Diagnostics {
            instance: INSTANCES.fetch_add(1, Ordering::Relaxed),
            file: FileDiagnostics::new(package, file),
            fragments: FxHashMap::default(),
            blocks: Vec::new(),
            stale: FxHashSet::default(),
            revision: 0,
            told: None,
        }
    }

    /// Notes what a change concerns.
    pub(crate) fn change(&mut self, package: &Package, file: FileId, change: &Change) {
        self.file.change(package, file, change);
    }

    /// Whether changes of other files may change them without touching what a statement here mentions: the names that are
    /// suggested, the places of declarations.
    pub(crate) fn is_wide(&self) -> bool {
        self.blocks.iter().any(|block| block.is_wide)
    }

    /// Brings everything up to date, except what belongs to the last `left` statements that were not checked yet.
    fn update(&mut self, snapshot: &Snapshot, left: usize) {
        let Diagnostics { file, fragments, stale, .. } = self;
        file.update(&snapshot.db, &snapshot.package, snapshot.file, left, |statement| {
            fragments.remove(&statement);
            stale.extend(snapshot.package.run_of(statement));
        });
        let Some(document) = snapshot.document() else { return };
        let runs: Vec<Run<'_>> = document.runs().collect();
        // Edits are at few places: what is before and behind them is as it was.
        let same = |(block, run): &(&Block, &Run<'_>)| block.run == run.id;
        let head = self.blocks.iter().zip(&runs).take_while(same).count();
        let (blocks, rest) = (&self.blocks[head..], &runs[head..]);
        let tail = blocks.iter().rev().zip(rest.iter().rev()).take_while(same).count();
        // Up to here salsa may unwind; the blocks stay as they are until all new ones are made.
        let mut made: Vec<(usize, Block)> = Vec::new();
        for (index, run) in runs.iter().enumerate() {
            let known = if index < head {
                Some(&self.blocks[index])
            } else if index >= runs.len() - tail {
                Some(&self.blocks[self.blocks.len() - (runs.len() - index)])
            } else {
                None
            };
            let known = known.filter(|_| !self.stale.contains(&run.id));
            let start = run.start(snapshot.encoding);
            let members = match known {
                Some(block)
                    if block.start == start && (!block.is_wide || is_current(block, &self.fragments, snapshot)) =>
                {
                    continue;
                }
                Some(block) => block.members.clone(),
                None => members(&self.file, snapshot, run),
            };
            made.push((index, block(&mut self.fragments, snapshot, run.id, start, members)));
        }
        self.stale.clear();
        self.replace(head, tail, runs.len(), made);
    }

    /// Puts new blocks in their places. The blocks between the first `head` and the last `tail` ones are gone.
    fn replace(&mut self, head: usize, tail: usize, count: usize, made: Vec<(usize, Block)>) {
        if made.is_empty() && count == self.blocks.len() {
            return;
        }
        let old = mem::take(&mut self.blocks);
        let texts: Vec<Arc<[u8]>> =
            old.iter().map(|block| block.text.clone()).filter(|text| !text.is_empty()).collect();
        let gone = head..old.len() - tail;
        let mut kept = old.into_iter().enumerate().filter(|(index, _)| !gone.contains(index)).map(|(_, block)| block);
        let mut made = made.into_iter().peekable();
        let middle = head..count - tail;
        for index in 0..count {
            // In the middle all are new; elsewhere a new one takes the place of an old one.
            let known = if middle.contains(&index) { None } else { kept.next() };
            let new = made.next_if(|(at, _)| *at == index).map(|(_, block)| block);
            self.blocks.extend(new.or(known));
        }
        let is_same = self.texts().count() == texts.len()
            && self.texts().zip(&texts).all(|(one, other)| Arc::ptr_eq(one, other) || one == other);
        self.revision += u64::from(!is_same);
    }

    fn texts(&self) -> impl Iterator<Item = &Arc<[u8]>> {
        self.blocks.iter().map(|block| &block.text).filter(|text| !text.is_empty())
    }

    /// All of them, as a JSON array.
    fn array(&self, pieces: &mut Vec<Piece>) {
        pieces.push("[".into());
        for (index, text) in self.texts().enumerate() {
            if index > 0 {
                pieces.push(",".into());
            }
            pieces.push(Piece::Shared(text.clone()));
        }
        pieces.push("]".into());
    }

    /// The parameters of `textDocument/publishDiagnostics`.
    fn publication(&mut self, snapshot: &Snapshot) -> Vec<Piece> {
        self.told = Some(self.revision);
        let uri = serde_json::Value::from(snapshot.uri.as_str());
        let mut pieces = vec![format!("{{\"uri\":{uri},\"version\":{},\"diagnostics\":", snapshot.version).into()];
        self.array(&mut pieces);
        pieces.push("}".into());
        pieces
    }
}

/// The statements of a run that have diagnostics.
fn members(file: &FileDiagnostics, snapshot: &Snapshot, run: &Run<'_>) -> Vec<Member> {
    let one = |(found, place): (moltler_syntax::StatementRef<'_>, Position)| {
        let statement = snapshot.package.statement(snapshot.file, found.id)?;
        Some(Member { statement, reach: file.reach(statement)?, place })
    };
    run.statements(snapshot.encoding).filter_map(one).collect()
}

fn block(
    fragments: &mut FxHashMap<Statement, Fragment>,
    snapshot: &Snapshot,
    run: RunId,
    start: Position,
    members: Vec<Member>,
) -> Block {
    let mut text = Vec::new();
    for member in &members {
        let place = member.place(start);
        let is_current =
            fragments.get(&member.statement).is_some_and(|known| known.is_current(snapshot, member.statement, place));
        if !is_current {
            fragments.insert(member.statement, Fragment::new(snapshot, member.statement, member.reach, place));
        }
        if let Some(fragment) = fragments.get(&member.statement).filter(|fragment| !fragment.is_empty()) {
            if !text.is_empty() {
                text.push(b',');
            }
            fragment.write(place.line, &mut text);
        }
    }
    let is_wide = members.iter().any(|member| member.reach == Reach::Package);
    Block { run, start, members, is_wide, text: text.into() }
}

/// Whether what a block depends on elsewhere is as it was.
fn is_current(block: &Block, fragments: &FxHashMap<Statement, Fragment>, snapshot: &Snapshot) -> bool {
    block.members.iter().filter(|member| member.reach == Reach::Package).all(|member| {
        let known = fragments.get(&member.statement);
        known.is_some_and(|known| known.is_current(snapshot, member.statement, member.place(block.start)))
    })
}

impl Member {
    /// Its place in the file, where the run starts here.
    fn place(&self, start: Position) -> Position {
        let column = if self.place.line == 0 { start.column + self.place.column } else { self.place.column };
        Position { line: start.line + self.place.line, column }
    }
}

/// Sends the diagnostics of a document: first those of its first statements when there are many that were never checked.
/// Those of a document that did not change itself are sent only when they are other ones than the last.
pub(crate) fn publish(snapshot: &Snapshot, changed: bool, send: impl Fn(Vec<Piece>)) {
    // A panic inside leaves it as it was: what is not checked stays marked so.
    let mut diagnostics = snapshot.diagnostics.lock().unwrap_or_else(PoisonError::into_inner);
    let unchecked = diagnostics.file.unchecked();
    if diagnostics.told.is_none() && unchecked > 4 * FIRST {
        diagnostics.update(snapshot, unchecked - FIRST);
        send(diagnostics.publication(snapshot));
    }
    diagnostics.update(snapshot, 0);
    if changed || diagnostics.told != Some(diagnostics.revision) {
        send(diagnostics.publication(snapshot));
    }
}

/// The result of `textDocument/diagnostic`: nothing new when it is what the editor has.
pub(crate) fn report(snapshot: &Snapshot, previous: Option<&str>) -> Vec<Piece> {
    let mut diagnostics = snapshot.diagnostics.lock().unwrap_or_else(PoisonError::into_inner);
    diagnostics.update(snapshot, 0);
    let id = format!("{}.{}", diagnostics.instance, diagnostics.revision);
    if previous == Some(id.as_str()) {
        return vec![format!("{{\"kind\":\"unchanged\",\"resultId\":\"{id}\"}}").into()];
    }
    let mut pieces = vec![format!("{{\"kind\":\"full\",\"resultId\":\"{id}\",\"items\":").into()];
    diagnostics.array(&mut pieces);
    pieces.push("}".into());
    pieces
}

/// The result for what is not open.
pub(crate) const NO_REPORT: &str = "{\"kind\":\"full\",\"items\":[]}";
