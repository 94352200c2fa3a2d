//! What literals stand for.

use crate::text::TextRange;

/// The value of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Digits only.
    Integer(i64),
    /// With a point or an exponent.
    Double(f64),
}

/// The value of a number as it is written; `None` beyond the range of its type.
pub fn number_value(text: &str) -> Option<Number> {
    let digits: String = text.chars().filter(|&character| character != '_').collect();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok().map(Number::Integer)
    } else {
        digits.parse().ok().filter(|value: &f64| value.is_finite()).map(Number::Double)
    }
}

/// The text that a string with its quotes stands for. A missing closing quote is forgiven.
pub fn string_value(text: &str) -> String {
    let range = inner_range(text, TextRange::from(0..text.len()));
    let inner = range.of(text);
    let quote = text.chars().next().unwrap_or('\'');
    if !inner.contains(['\\', quote]) {
        return inner.to_owned();
    }
    let mut value = String::with_capacity(inner.len());
    for piece in pieces(inner, quote) {
        match piece {
            Piece::Text(text) => value.push_str(text),
            Piece::Escape { character, .. } => value.push(character),
            Piece::Unknown { text, .. } => value.push_str(text),
        }
    }
    value
}

/// The escapes of a string with its quotes that mean nothing, such as `\d`: their backslash stays. Ranges are relative to
/// the text.
pub fn unknown_escapes(text: &str) -> Vec<TextRange> {
    let range = inner_range(text, TextRange::from(0..text.len()));
    let quote = text.chars().next().unwrap_or('\'');
    pieces(range.of(text), quote)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Unknown { at, text } => Some(TextRange::from(at..at + text.len()).shift(range.start())),
            Piece::Text(_) | Piece::Escape { .. } => None,
        })
        .collect()
}

/// Where the text between the quotes stands, for a string that stands at `range`.
pub(crate) fn inner_range(text: &str, range: TextRange) -> TextRange {
    let Some(quote) = text.chars().next() else { return range };
    let inner = &text[quote.len_utf8()..];
    let start = range.start() + quote.len_utf8() as u32;
    let closed = is_closed(inner, quote);
    TextRange::new(start, if closed { range.end() - 1 } else { range.end() })
}

/// Whether the text behind an opening quote ends with its closing one.
fn is_closed(inner: &str, quote: char) -> bool {
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            match characters.next() {
                None => return true,
                Some(_) => continue,
            }
        }
    }
    false
}

enum Piece<'text> {
    Text(&'text str),
    Escape { character: char },
    Unknown { at: usize, text: &'text str },
}

fn pieces(inner: &str, quote: char) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while at < inner.len() {
        let rest = &inner[at..];
        let Some(found) = rest.find(['\\', quote]) else { break };
        let start = at + found;
        let escape = &inner[start..];
        let mut characters = escape.chars();
        let first = characters.next();
        let second = characters.next();
        let (piece, length) = match (first, second) {
            (Some('\\'), Some('u')) => match unicode(escape) {
                Some((character, length)) => (Piece::Escape { character }, length),
                None => (Piece::Unknown { at: start, text: &escape[..2] }, 2),
            },
            (Some('\\'), Some(second)) => {
                let length = 1 + second.len_utf8();
                match second {
                    'n' => (Piece::Escape { character: '\n' }, length),
                    't' => (Piece::Escape { character: '\t' }, length),
                    'r' => (Piece::Escape { character: '\r' }, length),
                    '\\' | '\'' | '"' => (Piece::Escape { character: second }, length),
                    _ => (Piece::Unknown { at: start, text: &escape[..length] }, length),
                }
            }
            // A backslash at the very end of a string that was never closed.
            (Some('\\'), None) => (Piece::Unknown { at: start, text: escape }, 1),
            // A doubled quote.
            _ => (Piece::Escape { character: quote }, if second == Some(quote) { 2 } else { 1 }),
        };
        if plain < start {
            pieces.push(Piece::Text(&inner[plain..start]));
        }
        pieces.push(piece);
        at = start + length;
        plain = at;
    }
    if plain < inner.len() {
        pieces.push(Piece::Text(&inner[plain..]));
    }
    pieces
}

/// `\uXXXX`, and two of them for a character beyond 16 bit.
fn unicode(escape: &str) -> Option<(char, usize)> {
    let unit = |text: &str| -> Option<u32> {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    let first = unit(escape)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = unit(&escape[6..]).filter(|second| (0xDC00..0xE000).contains(second))?;
    if first >= 0xDC00 {
        return None;
    }
    char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)).map(|character| (character, 12))
}
