//! The text of a file as its statements, in chunks, so that an edit costs the same in a file of any length.

mod runs;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use rustc_hash::FxHasher;

use crate::line_index::{Encoding, Metrics, Position, advance, floor_char_boundary, line_start};
use crate::split::{Memo, scan_statement};
use crate::text::TextRange;
pub use runs::{Run, RunId};

/// A statement of a document; it keeps its id while edits change its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(u32);

/// The text of a file as its statements.
///
/// Invariant: the statements are those that [`crate::split::split`] finds in the whole text.
#[derive(Clone, Debug, Default)]
pub struct Document {
    chunks: Vec<Chunk>,
    homes: HashMap<StatementId, u32, BuildHasherDefault<FxHasher>>,
    /// Statements whose end was decided by text far behind it: something in them is open.
    far: Vec<StatementId>,
    next_statement: u32,
    next_chunk: u32,
    next_run: u64,
}

#[derive(Clone, Debug)]
struct Chunk {
    id: u32,
    /// Another one after each change of the entries.
    run: RunId,
    entries: Vec<Entry>,
    metrics: Metrics,
}

#[derive(Clone, Debug)]
struct Entry {
    id: StatementId,
    text: Arc<str>,
    metrics: Metrics,
    /// Bytes behind its end that decided about it.
    lookahead: u32,
}

/// What an edit did to the statements. Statements that are in none of the lists have their text still, at another place perhaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// With another text than before.
    pub changed: Vec<StatementId>,
    /// New ones.
    pub inserted: Vec<StatementId>,
    /// No longer there.
    pub removed: Vec<StatementId>,
}

/// A statement of a document with its place.
#[derive(Clone, Copy, Debug)]
pub struct StatementRef<'document> {
    /// Its id.
    pub id: StatementId,
    /// Where its text starts in the file, in bytes.
    pub offset: u32,
    /// Its text: from the end of the statement before to its `;`.
    pub text: &'document Arc<str>,
}

const CHUNK: usize = 64;
/// A lookahead up to here is found by looking back from an edit, a longer one is listed in [`Document::far`].
const NEAR: u32 = 256;

/// The index of an entry: its chunk's and its own in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    chunk: usize,
    entry: usize,
}

impl Document {
    /// The document of this text. A text is cut off at 4 GiB.
    pub fn new(text: &str) -> Document {
        let mut document = Document::default();
        let text = &text[..floor_char_boundary(text, u32::MAX as usize)];
        let mut entries = Vec::new();
        let mut memo = Memo::default();
        let mut start = 0;
        while start < text.len() {
            let scan = scan_statement(text, start, true, &mut memo);
            let lookahead = (scan.examined - scan.end) as u32;
            entries.push(document.entry(&text[start..start + scan.end], lookahead));
            start += scan.end;
        }
        document.far = entries.iter().filter(|entry| entry.lookahead > NEAR).map(|entry| entry.id).collect();
        for piece in entries.chunks(CHUNK) {
            let chunk = document.chunk(piece.to_vec());
            document.chunks.push(chunk);
        }
        document
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.entries().map(|entry| &*entry.text).collect()
    }

    /// Its length in bytes.
    pub fn len(&self) -> u32 {
        self.chunks.iter().map(|chunk| chunk.metrics.bytes).sum()
    }

    /// Whether it has no text.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// How many statements it has.
    pub fn statement_count(&self) -> usize {
        self.homes.len()
    }

    /// All statements, in order.
    pub fn statements(&self) -> impl Iterator<Item = StatementRef<'_>> {
        let mut offset = 0;
        self.entries().map(move |entry| {
            let start = offset;
            offset += entry.metrics.bytes;
            StatementRef { id: entry.id, offset: start, text: &entry.text }
        })
    }

    /// The statements that share a byte with the range, or touch it where it is empty.
    pub fn statements_in(&self, range: TextRange) -> impl Iterator<Item = StatementRef<'_>> {
        let (first, offset) = self.place_at(range.start());
        let mut offset = offset;
        self.entries_from(first).map_while(move |entry| {
            let start = offset;
            offset += entry.metrics.bytes;
            (start < range.end() || start <= range.start()).then_some(StatementRef {
                id: entry.id,
                offset: start,
                text: &entry.text,
            })
        })
    }

    /// The statement that has the byte at the offset; at the end of the file the last one. `None` in an empty file.
    pub fn statement_at(&self, offset: u32) -> Option<StatementRef<'_>> {
        let (place, start) = self.place_at(offset);
        let entry = self.chunks.get(place.chunk)?.entries.get(place.entry)?;
        Some(StatementRef { id: entry.id, offset: start, text: &entry.text })
    }

    /// The statement with this id; `None` when it is gone.
    pub fn statement(&self, id: StatementId) -> Option<StatementRef<'_>> {
        let place = self.place_of(id)?;
        let entry = &self.chunks[place.chunk].entries[place.entry];
        Some(StatementRef { id, offset: self.metrics_before(place).bytes, text: &entry.text })
    }

    /// The place of an offset as editors tell it; an offset behind the end counts as the end.
    pub fn position(&self, offset: u32, encoding: Encoding) -> Position {
        let (place, start) = self.place_at(offset);
        let Some(entry) = self.chunks.get(place.chunk).and_then(|chunk| chunk.entries.get(place.entry)) else {
            return Position::default();
        };
        let inside = crate::line_index::position(&entry.text, offset - start.min(offset), encoding);
        let before = self.metrics_before(place).position(encoding);
        if inside.line > 0 {
            Position { line: before.line + inside.line, column: inside.column }
        } else {
            Position { line: before.line, column: before.column + inside.column }
        }
    }

    /// The offset of a place. A line or column beyond the end counts as the last one there is.
    pub fn offset(&self, position: Position, encoding: Encoding) -> u32 {
        // The line starts in the last statement before which fewer lines end, or at the very start of the file.
        let mut before = Metrics::default();
        let mut place = Place { chunk: 0, entry: 0 };
        while let Some(chunk) = self.chunks.get(place.chunk) {
            if before.lines + chunk.metrics.lines >= position.line {
                break;
            }
            before = before.and(chunk.metrics);
            place.chunk += 1;
        }
        let Some(chunk) = self.chunks.get(place.chunk) else { return self.len() };
        while let Some(entry) = chunk.entries.get(place.entry) {
            if before.lines + entry.metrics.lines >= position.line {
                break;
            }
            before = before.and(entry.metrics);
            place.entry += 1;
        }
        let (mut offset, mut left) = (before.bytes, position.column);
        let mut line = position.line - before.lines;
        for entry in self.entries_from(place) {
            let Some(start) = line_start(&entry.text, line) else { return offset + entry.metrics.bytes };
            let (length, rest) = advance(&entry.text[start..], left, encoding);
            if rest == 0 || start + length < entry.text.len() {
                return offset + (start + length) as u32;
            }
            offset += entry.metrics.bytes;
            (left, line) = (rest, 0);
        }
        offset
    }

    /// Replaces the text of a range, which is first made valid: cut to the document, moved to starts of characters.
    pub fn edit(&mut self, range: TextRange, replacement: &str) -> Change {
        let length = self.len();
        let range = TextRange::new(self.floor(range.start().min(length)), self.floor(range.end().min(length)));
        if length as usize + replacement.len() - range.len() as usize >= u32::MAX as usize {
            return Change::default();
        }
        let (first, first_offset) = self.first_affected(range.start());
        // The old statements that go into the new text: up to `next`, which starts at `next_offset` in the old text.
        let mut next = first;
        let mut next_offset = first_offset;
        let mut text = String::new();
        let take = |next: &mut Place, next_offset: &mut u32, text: &mut String, chunks: &[Chunk]| {
            let Some(entry) = chunks.get(next.chunk).map(|chunk| &chunk.entries[next.entry]) else { return false };
            text.push_str(&entry.text);
            *next_offset += entry.metrics.bytes;
            next.entry += 1;
            if next.entry == chunks[next.chunk].entries.len() {
                *next = Place { chunk: next.chunk + 1, entry: 0 };
            }
            true
        };
        while next_offset < range.end() || next_offset == first_offset {
            if !take(&mut next, &mut next_offset, &mut text, &self.chunks) {
                break;
            }
        }
        let local = (range.start() - first_offset) as usize..(range.end() - first_offset) as usize;
        text.replace_range(local, replacement);
        let mut found: Vec<(usize, usize, u32)> = Vec::new();
        let mut start = 0;
        let mut whole = self.chunks.get(next.chunk).is_none();
        let mut memo = Memo::default();
        // Behind the loop all of the text taken is split, and the next old statement starts right there.
        while start < text.len() {
            let scan = scan_statement(&text, start, whole, &mut memo);
            if !whole && start + scan.examined > text.len() {
                // More of the old text decides; take twice as much as there was, so that a long search stays linear.
                let wanted = text.len() * 2 + 64;
                while text.len() < wanted && take(&mut next, &mut next_offset, &mut text, &self.chunks) {}
                whole = self.chunks.get(next.chunk).is_none();
                memo = Memo::default();
                continue;
            }
            found.push((start, start + scan.end, (scan.examined - scan.end) as u32));
            start += scan.end;
        }
        self.replace(first, next, &text, &found)
    }

    /// Puts the statements found in `text` in place of the old ones from `first` up to `end`.
    fn replace(&mut self, first: Place, end: Place, text: &str, found: &[(usize, usize, u32)]) -> Change {
        let mut old = Vec::new();
        let mut place = first;
        while place < end {
            old.push(self.chunks[place.chunk].entries[place.entry].clone());
            place.entry += 1;
            if place.entry == self.chunks[place.chunk].entries.len() {
                place = Place { chunk: place.chunk + 1, entry: 0 };
            }
        }
        let same = |entry: &Entry, found: &(usize, usize, u32)| *entry.text == text[found.0..found.1];
        let head = old.iter().zip(found).take_while(|(entry, found)| same(entry, found)).count();
        let tail = old[head..]
            .iter()
            .rev()
            .zip(found[head..].iter().rev())
            .take_while(|(entry, found)| same(entry, found))
            .count();
        let (old_middle, new_middle) = (head..old.len() - tail, head..found.len() - tail);
        let mut change = Change::default();
        let mut entries: Vec<Entry> = Vec::with_capacity(found.len());
        for (index, (start, end, lookahead)) in found.iter().enumerate() {
            let kept = if index < new_middle.start {
                Some(&old[index])
            } else if index >= new_middle.end {
                Some(&old[old.len() - (found.len() - index)])
            } else {
                None
            };
            entries.push(match kept {
                Some(entry) => Entry { lookahead: *lookahead, ..entry.clone() },
                None => {
                    let reused = old_middle.start + (index - new_middle.start);
                    let mut entry = self.entry(&text[*start..*end], *lookahead);
                    if reused < old_middle.end {
                        entry.id = old[reused].id;
                        if entry.text != old[reused].text {
                            change.changed.push(entry.id);
                        }
                    } else {
                        change.inserted.push(entry.id);
                    }
                    entry
                }
            });
        }
        change.removed = old[old_middle].iter().skip(new_middle.len()).map(|entry| entry.id).collect();
        self.far.retain(|id| !old.iter().any(|entry| entry.id == *id));
        self.far.extend(entries.iter().filter(|entry| entry.lookahead > NEAR).map(|entry| entry.id));
        for id in &change.removed {
            self.homes.remove(id);
        }
        self.splice(first, end, entries);
        change
    }

    /// Replaces entries; chunks that become too large are divided, empty ones dropped.
    fn splice(&mut self, first: Place, end: Place, mut entries: Vec<Entry>) {
        if self.chunks.is_empty() {
            for piece in entries.chunks(CHUNK) {
                let chunk = self.chunk(piece.to_vec());
                self.chunks.push(chunk);
            }
            return;
        }
        // An insertion behind the last chunk goes into it.
        let first = if first.chunk == self.chunks.len() {
            Place { chunk: first.chunk - 1, entry: self.chunks[first.chunk - 1].entries.len() }
        } else {
            first
        };
        let last_chunk = if end.entry == 0 && end.chunk > first.chunk { end.chunk - 1 } else { end.chunk };
        let mut all: Vec<Entry> = self.chunks[first.chunk].entries[..first.entry].to_vec();
        all.append(&mut entries);
        if end.entry > 0 || end.chunk == first.chunk {
            all.extend_from_slice(&self.chunks[end.chunk].entries[end.entry..]);
        }
        if last_chunk == first.chunk && all.len() <= 2 * CHUNK && !all.is_empty() {
            let id = self.chunks[first.chunk].id;
            for entry in &all {
                self.homes.insert(entry.id, id);
            }
            let metrics = all.iter().fold(Metrics::default(), |metrics, entry| metrics.and(entry.metrics));
            self.chunks[first.chunk] = Chunk { id, run: self.run(), entries: all, metrics };
            return;
        }
        let chunks: Vec<Chunk> = all.chunks(CHUNK).map(<[Entry]>::to_vec).map(|piece| self.chunk(piece)).collect();
        self.chunks.splice(first.chunk..=last_chunk, chunks);
    }

    /// The first statement whose text, or what decided about its end, may reach to the offset.
    fn first_affected(&self, offset: u32) -> (Place, u32) {
        let (mut place, mut start) = self.place_at(offset);
        // The statement before ends at `start` and has looked no further than NEAR bytes behind it.
        while start > 0 && start + NEAR >= offset {
            let before = self.place_before(place);
            start -= self.chunks[before.chunk].entries[before.entry].metrics.bytes;
            place = before;
        }
        for id in &self.far {
            let Some(at) = self.place_of(*id) else { continue };
            let at_start = self.metrics_before(at).bytes;
            let entry = &self.chunks[at.chunk].entries[at.entry];
            if at < place
                && u64::from(at_start) + u64::from(entry.metrics.bytes) + u64::from(entry.lookahead)
                    >= u64::from(offset)
            {
                (place, start) = (at, at_start);
            }
        }
        (place, start)
    }

    fn place_before(&self, place: Place) -> Place {
        if place.entry > 0 {
            return Place { entry: place.entry - 1, ..place };
        }
        let chunk = place.chunk - 1;
        Place { chunk, entry: self.chunks[chunk].entries.len() - 1 }
    }

    /// The entry that has the byte at the offset, or the last one, with its start.
    fn place_at(&self, offset: u32) -> (Place, u32) {
        let mut start = 0;
        let last = self.chunks.len().saturating_sub(1);
        for (index, chunk) in self.chunks.iter().enumerate() {
            if offset >= start + chunk.metrics.bytes && index < last {
                start += chunk.metrics.bytes;
                continue;
            }
            for (entry_index, entry) in chunk.entries.iter().enumerate() {
                if offset < start + entry.metrics.bytes || entry_index + 1 == chunk.entries.len() {
                    return (Place { chunk: index, entry: entry_index }, start);
                }
                start += entry.metrics.bytes;
            }
        }
        (Place { chunk: 0, entry: 0 }, 0)
    }

    fn place_of(&self, id: StatementId) -> Option<Place> {
        let home = *self.homes.get(&id)?;
        let chunk = self.chunks.iter().position(|chunk| chunk.id == home)?;
        let entry = self.chunks[chunk].entries.iter().position(|entry| entry.id == id)?;
        Some(Place { chunk, entry })
    }

    fn metrics_before(&self, place: Place) -> Metrics {
        let chunks = self.chunks[..place.chunk].iter().map(|chunk| chunk.metrics);
        let entries = self.chunks.get(place.chunk).map_or(&[][..], |chunk| &chunk.entries[..place.entry]);
        chunks.chain(entries.iter().map(|entry| entry.metrics)).fold(Metrics::default(), Metrics::and)
    }

    fn floor(&self, offset: u32) -> u32 {
        let (place, start) = self.place_at(offset);
        match self.chunks.get(place.chunk) {
            None => 0,
            Some(chunk) => {
                start + floor_char_boundary(&chunk.entries[place.entry].text, (offset - start) as usize) as u32
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.chunks.iter().flat_map(|chunk| &chunk.entries)
    }

    fn entries_from(&self, place: Place) -> impl Iterator<Item = &Entry> {
        let entries = self.chunks.get(place.chunk).map_or(&[][..], |chunk| &chunk.entries[place.entry..]);
        entries.iter().chain(self.chunks.iter().skip(place.chunk + 1).flat_map(|chunk| &chunk.entries))
    }

    fn entry(&mut self, text: &str, lookahead: u32) -> Entry {
        let id = StatementId(self.next_statement);
        self.next_statement += 1;
        Entry { id, text: Arc::from(text), metrics: Metrics::of(text), lookahead }
    }

    fn chunk(&mut self, entries: Vec<Entry>) -> Chunk {
        let id = self.next_chunk;
        self.next_chunk += 1;
        for entry in &entries {
            self.homes.insert(entry.id, id);
        }
        let metrics = entries.iter().fold(Metrics::default(), |metrics, entry| metrics.and(entry.metrics));
        Chunk { id, run: self.run(), entries, metrics }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    const PIECES: [&str; 24] = [
        "SELECT a FROM b.c;",
        "\n",
        "\r\n",
        "\r",
        " ",
        "'",
        "\"",
        "'''",
        "HANDLER '''\nx;\n''';",
        "/*",
        "*/",
        "-- c\n",
        ";",
        "BEGIN",
        "TEST CONNECTOR TYPE 'x' BEGIN\n",
        "END TEST;",
        "IF a THEN ",
        "END IF;",
        "\nCREATE CONNECTOR TYPE 'x';",
        "\nSELECT ",
        "(",
        "é",
        "😀",
        "\nREGISTER CONNECTOR",
    ];

    fn piece(random: &mut fastrand::Rng) -> &'static str {
        PIECES[random.usize(0..PIECES.len())]
    }

    fn agrees(document: &Document, text: &str) {
        assert_eq!(document.text(), text);
        let expected: Vec<(u32, &str)> = split(text).into_iter().map(|range| (range.start(), range.of(text))).collect();
        let found: Vec<(u32, &str)> =
            document.statements().map(|statement| (statement.offset, statement.text.as_ref())).collect();
        assert_eq!(found, expected, "of {text:?}");
        for statement in document.statements() {
            let again = document.statement(statement.id).expect("every statement is found by its id");
            assert_eq!(again.offset, statement.offset);
        }
    }

    #[test]
    fn edits_give_what_a_fresh_document_has() {
        for seed in 0..300 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut text: String = (0..random.usize(0..300)).map(|_| piece(&mut random)).collect();
            let mut document = Document::new(&text);
            agrees(&document, &text);
            for _ in 0..30 {
                let start = floor_char_boundary(&text, random.usize(0..=text.len()));
                let end = floor_char_boundary(&text, (start + random.usize(0..20)).min(text.len())).max(start);
                let inserted = if random.u8(0..3) == 0 { "" } else { piece(&mut random) };
                let before: Vec<(StatementId, Arc<str>)> =
                    document.statements().map(|statement| (statement.id, statement.text.clone())).collect();
                text.replace_range(start..end, inserted);
                let change = document.edit(TextRange::from(start..end), inserted);
                agrees(&document, &text);
                for (id, old) in before {
                    match document.statement(id) {
                        None => assert!(change.removed.contains(&id)),
                        Some(statement) => {
                            assert!(change.changed.contains(&id) != (*statement.text == old), "{change:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn places_are_those_of_the_whole_text() {
        for seed in 0..60 {
            let mut random = fastrand::Rng::with_seed(seed);
            let text: String = (0..random.usize(0..120)).map(|_| piece(&mut random)).collect();
            let document = Document::new(&text);
            for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
                for offset in (0..=text.len()).filter(|offset| text.is_char_boundary(*offset)) {
                    let offset = offset as u32;
                    let place = crate::line_index::position(&text, offset, encoding);
                    assert_eq!(document.position(offset, encoding), place, "{offset} of {text:?}");
                }
                for (line, column) in (0..12).flat_map(|line| (0..40).map(move |column| (line, column))) {
                    let place = Position { line, column };
                    let expected = crate::line_index::offset(&text, place, encoding);
                    assert_eq!(document.offset(place, encoding), expected, "{place:?} of {text:?}");
                }
            }
        }
    }

    #[test]
    fn an_edit_touches_one_statement() {
        let text = "SELECT a FROM b.c;\n".repeat(10_000);
        let mut document = Document::new(&text);
        crate::split::READ.set(0);
        let change = document.edit(TextRange::empty(100_007), "x");
        assert_eq!((change.changed.len(), change.inserted.len(), change.removed.len()), (1, 0, 0));
        let read = crate::split::READ.get();
        assert!(read < 1_000, "an edit reads up to the next old boundary, not {read} bytes");
    }
}
