use moltler_db::{FileId, Statement};
use moltler_ide::diagnostics::{Reach, diagnostic_surroundings, statement_diagnostics};
use moltler_syntax::Position;

use crate::snapshot::Snapshot;
use crate::to_proto;

/// The diagnostics of a statement as JSON, wherever it stands.
pub(super) struct Fragment {
    /// Objects with commas between them; the numbers of their lines are left out.
    text: String,
    holes: Vec<Hole>,
    /// Where the statement started when it was made.
    start: Position,
    /// Whether lines are all that moving the statement changes.
    moves: bool,
    /// Whether something is on the statement's first line, where columns depend on what is before it.
    on_first_line: bool,
    /// What else it depends on.
    around: Option<Around>,
}

/// Where the number of a line belongs.
struct Hole {
    at: u32,
    /// Counted from the statement's first line.
    line: u32,
}

/// What is told of other places.
#[derive(PartialEq, Eq)]
struct Around {
    /// The revision of the names, where one is suggested.
    names: Option<u64>,
    /// The places, as editors count.
    places: Vec<(FileId, Position, Position)>,
}

impl Around {
    fn new(snapshot: &Snapshot, statement: Statement) -> Around {
        let found = diagnostic_surroundings(&snapshot.db, &snapshot.package, statement);
        let places = found.places.into_iter().filter_map(|place| {
            let document = snapshot.package.document(place.file)?;
            let position = |offset| document.position(offset, snapshot.encoding);
            Some((place.file, position(place.range.start()), position(place.range.end())))
        });
        let names = found.suggests.then(|| snapshot.package.names_revision());
        Around { names, places: places.collect() }
    }
}

impl Fragment {
    /// Of a statement whose text starts here.
    pub(super) fn new(snapshot: &Snapshot, statement: Statement, reach: Reach, start: Position) -> Fragment {
        let around = (reach == Reach::Package).then(|| Around::new(snapshot, statement));
        let mut fragment =
            Fragment { text: String::new(), holes: Vec::new(), start, moves: true, on_first_line: false, around };
        for one in statement_diagnostics(&snapshot.db, &snapshot.package, statement) {
            let json = to_proto::diagnostic(snapshot, &one).and_then(|one| serde_json::to_string(&one).ok());
            if let Some(json) = json {
                fragment.add(&json);
            }
        }
        fragment
    }

    fn add(&mut self, json: &str) {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        let Some(lines) = lines(json) else {
            self.moves = false;
            self.text.push_str(json);
            return;
        };
        let mut at = 0;
        for (start, end, line) in lines {
            self.text.push_str(&json[at..start]);
            at = end;
            let line = line - self.start.line;
            self.on_first_line |= line == 0;
            self.holes.push(Hole { at: self.text.len() as u32, line });
        }
        self.text.push_str(&json[at..]);
    }

    /// Whether there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether it is what would be made of the statement, which was not checked again, at this place.
    pub(super) fn is_current(&self, snapshot: &Snapshot, statement: Statement, start: Position) -> bool {
        let is_placed = self.start == start || self.moves && (self.start.column == start.column || !self.on_first_line);
        is_placed && self.around.as_ref().is_none_or(|around| *around == Around::new(snapshot, statement))
    }

    /// Writes it for a statement that starts on this line.
    pub(super) fn write(&self, line: u32, out: &mut Vec<u8>) {
        let text = self.text.as_bytes();
        let mut at = 0;
        for hole in &self.holes {
            out.extend_from_slice(&text[at..hole.at as usize]);
            at = hole.at as usize;
            write_number(line + hole.line, out);
        }
        out.extend_from_slice(&text[at..]);
    }
}

/// Writes a number in decimal digits.
pub(crate) fn write_number(number: u32, out: &mut Vec<u8>) {
    let (mut digits, mut at, mut rest) = ([0; 10], 10, number);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// The two lines of a diagnostic's range: where their digits start and end, and their values. `None` when it tells of other
/// lines too.
fn lines(json: &str) -> Option<[(usize, usize, u32); 2]> {
    let start = number(json, json.strip_prefix("{\"range\":{\"start\":{\"line\":")?)?;
    let rest =
        json[start.1..].strip_prefix(",\"character\":")?.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let end = number(json, rest.strip_prefix("},\"end\":{\"line\":")?)?;
    (!json[end.1..].contains("\"line\":")).then_some([start, end])
}

/// The number that the end of a text begins with.
fn number(text: &str, end: &str) -> Option<(usize, usize, u32)> {
    let start = text.len() - end.len();
    let length = end.bytes().take_while(u8::is_ascii_digit).count();
    Some((start, start + length, end[..length].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_diagnostic() {
        let json = "{\"range\":{\"start\":{\"line\":12,\"character\":3},\"end\":{\"line\":120,\"character\":0}},\"message\":\"x\"}";
        let found = lines(json).expect("its lines are found");
        assert_eq!(found.map(|(start, end, line)| (&json[start..end], line)), [("12", 12), ("120", 120)]);
        assert_eq!(lines("{\"severity\":1}"), None);
        assert_eq!(lines(&json.replace("\"x\"", "{\"line\":1}")), None, "another place");
    }

    #[test]
    fn numbers() {
        for number in [0, 7, 10, 4_294_967_295] {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(String::from_utf8(out).expect("digits"), number.to_string());
        }
    }
}
