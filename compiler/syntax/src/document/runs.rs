//! Statements in the runs in which a document stores them: what is computed of a whole file is kept run by run, and only what
//! belongs to a run that an edit touched is computed again.

use super::{Document, StatementId, StatementRef};
use crate::line_index::{Encoding, Metrics, Position};

/// A run of statements as it was at some time. A document never gives the same id to two runs that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u64);

/// Statements that follow each other and are stored together.
#[derive(Clone, Copy, Debug)]
pub struct Run<'document> {
    /// Equal to that of an earlier run when its statements are the same with the same texts; where it starts may differ.
    pub id: RunId,
    before: Metrics,
    chunk: &'document super::Chunk,
}

impl<'document> Run<'document> {
    /// Where it starts.
    pub fn start(&self, encoding: Encoding) -> Position {
        self.before.position(encoding)
    }

    /// Its statements with the places where their texts start: a line counted from the start of the run, and a column, which
    /// on the first line counts from the start of the run too.
    pub fn statements(
        &self,
        encoding: Encoding,
    ) -> impl Iterator<Item = (StatementRef<'document>, Position)> + use<'document> {
        let mut inside = Metrics::default();
        let offset = self.before.bytes;
        self.chunk.entries.iter().map(move |entry| {
            let before = inside;
            inside = inside.and(entry.metrics);
            let statement = StatementRef { id: entry.id, offset: offset + before.bytes, text: &entry.text };
            (statement, before.position(encoding))
        })
    }
}

impl Document {
    /// All runs, in order. The cost is that of the runs, of which each has up to 128 statements.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut before = Metrics::default();
        self.chunks.iter().map(move |chunk| {
            let run = Run { id: chunk.run, before, chunk };
            before = before.and(chunk.metrics);
            run
        })
    }

    /// The run that a statement is in; `None` when the statement is gone.
    pub fn run_of(&self, statement: StatementId) -> Option<RunId> {
        Some(self.chunks[self.place_of(statement)?.chunk].run)
    }

    /// A number that no run of this document has had.
    pub(super) fn run(&mut self) -> RunId {
        self.next_run += 1;
        RunId(self.next_run)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::text::TextRange;

    #[test]
    fn a_run_that_is_not_edited_keeps_its_id() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut document = Document::new(&"SELECT a\nFROM b.c; PRINT 'é';\n".repeat(600));
        let mut known: HashMap<RunId, Vec<String>> = HashMap::new();
        for step in 0..300 {
            let at = random.u32(0..document.len());
            let text = ["\n", ";", "x", "PRINT 1;\n", "'"][random.usize(0..5)];
            document.edit(TextRange::new(at, at + random.u32(0..30)), text);
            let mut kept = 0;
            let mut statements = document.statements();
            for run in document.runs() {
                let start = run.start(Encoding::Utf16);
                let mut texts = Vec::new();
                for (statement, place) in run.statements(Encoding::Utf16) {
                    assert_eq!(
                        statements.next().map(|one| (one.id, one.offset)),
                        Some((statement.id, statement.offset))
                    );
                    let column = if place.line == 0 { start.column + place.column } else { place.column };
                    let place = Position { line: start.line + place.line, column };
                    assert_eq!(document.position(statement.offset, Encoding::Utf16), place);
                    assert_eq!(document.run_of(statement.id), Some(run.id));
                    texts.push(statement.text.to_string());
                }
                match known.get(&run.id) {
                    Some(before) => {
                        assert_eq!(*before, texts);
                        kept += 1;
                    }
                    None => drop(known.insert(run.id, texts)),
                }
            }
            assert!(statements.next().is_none());
            assert!(step == 0 || kept + 3 >= document.runs().count(), "{kept}");
        }
    }
}
