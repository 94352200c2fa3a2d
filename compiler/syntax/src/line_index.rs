//! Byte offsets ↔ lines and columns.

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, what editors use unless told otherwise.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

/// A place in a text as editors tell it, both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line breaks before it: `\n`, `\r\n` and a lone `\r`.
    pub line: u32,
    /// Units of the chosen [`Encoding`] between the line's start and it.
    pub column: u32,
}

/// How much text there is, in all units at once. Metrics of pieces add up to those of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Bytes.
    pub bytes: u32,
    /// Line breaks.
    pub lines: u32,
    /// What follows the last line break.
    pub tail: Width,
}

/// The width of text without line breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Width {
    /// Bytes.
    pub utf8: u32,
    /// UTF-16 code units.
    pub utf16: u32,
    /// Characters.
    pub utf32: u32,
}

impl Width {
    /// The width of this text, which has no line break.
    pub fn of(text: &str) -> Width {
        if text.is_ascii() {
            let length = text.len() as u32;
            return Width { utf8: length, utf16: length, utf32: length };
        }
        text.chars().fold(Width::default(), |width, character| Width {
            utf8: width.utf8 + character.len_utf8() as u32,
            utf16: width.utf16 + character.len_utf16() as u32,
            utf32: width.utf32 + 1,
        })
    }

    /// In units of this encoding.
    pub fn units(self, encoding: Encoding) -> u32 {
        match encoding {
            Encoding::Utf8 => self.utf8,
            Encoding::Utf16 => self.utf16,
            Encoding::Utf32 => self.utf32,
        }
    }
}

impl Metrics {
    /// Of this text.
    pub fn of(text: &str) -> Metrics {
        let (lines, last_line) = lines(text);
        Metrics { bytes: text.len() as u32, lines, tail: Width::of(&text[last_line..]) }
    }

    /// Of this text and the one that `next` tells of. A `\r` and the `\n` behind it must not be torn apart.
    #[must_use]
    pub fn and(self, next: Metrics) -> Metrics {
        let tail = if next.lines > 0 {
            next.tail
        } else {
            Width {
                utf8: self.tail.utf8 + next.tail.utf8,
                utf16: self.tail.utf16 + next.tail.utf16,
                utf32: self.tail.utf32 + next.tail.utf32,
            }
        };
        Metrics { bytes: self.bytes + next.bytes, lines: self.lines + next.lines, tail }
    }

    /// The place behind this much text.
    pub fn position(self, encoding: Encoding) -> Position {
        Position { line: self.lines, column: self.tail.units(encoding) }
    }
}

/// The number of line breaks and the offset behind the last one.
fn lines(text: &str) -> (u32, usize) {
    let bytes = text.as_bytes();
    let (mut count, mut start) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            count += 1;
            start = at + 1;
        }
    }
    (count, start)
}

/// The offset in `text` where its line with this number (from 0) starts; `None` when it has fewer.
pub(crate) fn line_start(text: &str, line: u32) -> Option<usize> {
    if line == 0 {
        return Some(0);
    }
    let bytes = text.as_bytes();
    let mut count = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            count += 1;
            if count == line {
                return Some(at + 1);
            }
        }
    }
    None
}

/// How far a column reaches into a text: the bytes, and what is left of it where the text, or its first line, is too short.
/// A column inside a character counts as the one at its start.
pub(crate) fn advance(text: &str, column: u32, encoding: Encoding) -> (usize, u32) {
    let mut left = column;
    for (at, character) in text.char_indices() {
        let units = match encoding {
            Encoding::Utf8 => character.len_utf8() as u32,
            Encoding::Utf16 => character.len_utf16() as u32,
            Encoding::Utf32 => 1,
        };
        if left < units || matches!(character, '\n' | '\r') {
            return (at, if matches!(character, '\n' | '\r') { left } else { 0 });
        }
        left -= units;
    }
    (text.len(), left)
}

/// The place of an offset in a text; an offset outside or inside a character counts as the next smaller one that is valid.
pub fn position(text: &str, offset: u32, encoding: Encoding) -> Position {
    Metrics::of(&text[..floor_char_boundary(text, offset as usize)]).position_before(text, offset, encoding)
}

impl Metrics {
    /// Between `\r` and `\n` one is still on the line that they end.
    fn position_before(self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let offset = floor_char_boundary(text, offset as usize);
        if offset > 0 && text.as_bytes()[offset - 1] == b'\r' && text.as_bytes().get(offset) == Some(&b'\n') {
            let mut position = Metrics::of(&text[..offset - 1]).position(encoding);
            position.column += 1;
            return position;
        }
        self.position(encoding)
    }
}

/// The offset of a place in a text. A line or column beyond the end counts as the last one there is.
pub fn offset(text: &str, position: Position, encoding: Encoding) -> u32 {
    match line_start(text, position.line) {
        None => text.len() as u32,
        Some(start) => (start + advance(&text[start..], position.column, encoding).0) as u32,
    }
}

/// The largest offset that is not above this one and does not cut a character.
pub fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_offsets() {
        let text = "a\r\nbé😀c\rd";
        for (at, line, columns) in
            [(0, 0, [0, 0, 0]), (3, 1, [0, 0, 0]), (6, 1, [3, 2, 2]), (10, 1, [7, 4, 3]), (12, 2, [0, 0, 0])]
        {
            for (encoding, column) in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32].into_iter().zip(columns) {
                let place = Position { line, column };
                assert_eq!(position(text, at, encoding), place, "offset {at}");
                assert_eq!(offset(text, place, encoding), at, "{place:?}");
            }
        }
        assert_eq!(offset(text, Position { line: 1, column: 3 }, Encoding::Utf16), 6, "inside a surrogate pair");
        assert_eq!(offset(text, Position { line: 0, column: 99 }, Encoding::Utf16), 1);
        assert_eq!(offset(text, Position { line: 99, column: 0 }, Encoding::Utf16), text.len() as u32);
    }
}
