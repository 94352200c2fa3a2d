//! Finds the values of secrets in texts: as they are, in base64, in hexadecimal digits, percent-encoded, escaped for JSON.

use std::ops::Range;
use std::rc::Rc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::encoding::base64_inside;

/// A shorter text occurs everywhere; masking it would tell more than it hides.
pub const MIN_LENGTH: usize = 8;
/// The longest form of one byte: a pair of `\uXXXX` has 12, each backslash of it perhaps twice.
const MAX_FORM: usize = 14;
/// The digit around base64 of a secret that holds bits of it.
const BORDER: usize = 4;
/// What is held back grows no further, however many secrets overlap in it.
const MAX_HELD: usize = 1 << 16;
/// So many bytes are decoded at once.
const BLOCK: usize = 1 << 16;

/// Looks for a fixed set of secrets.
#[derive(Debug)]
pub struct Scanner {
    /// Every form without escapes.
    plain: AhoCorasick,
    /// Of each pattern of `plain`: whose it is, and whether it is base64.
    forms: Vec<(u32, bool)>,
    /// The values alone, for texts that were decoded.
    values: AhoCorasick,
    owners: Vec<u32>,
    longest: usize,
    /// Whether a secret holds a blank, which forms write as `+`.
    has_blank: bool,
    /// The bytes that the forms are made of.
    alphabet: [bool; 256],
}

/// A secret in a text.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The secret itself.
    core: Range<usize>,
    /// With the base64 around it.
    range: Range<usize>,
    owner: u32,
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The bytes.
    pub range: Range<usize>,
    /// Whose it is.
    pub owner: u32,
}

impl Scanner {
    /// Looks for these values, each with its owner; those below [`MIN_LENGTH`] are left out. `None` where none is left.
    pub fn new(secrets: &[(u32, Rc<str>)]) -> Option<Scanner> {
        let secrets: Vec<&(u32, Rc<str>)> = secrets.iter().filter(|(_, value)| value.len() >= MIN_LENGTH).collect();
        if secrets.is_empty() {
            return None;
        }
        let (mut patterns, mut forms) = (Vec::new(), Vec::new());
        for (owner, value) in &secrets {
            let mut add = |pattern: String, is_base64: bool| {
                patterns.push(pattern);
                forms.push((*owner, is_base64));
            };
            add(value.to_string(), false);
            add(value.bytes().map(|byte| format!("{byte:02x}")).collect(), false);
            add(value.bytes().map(|byte| format!("{byte:02X}")).collect(), false);
            for before in 0..3 {
                let standard = base64_inside(value.as_bytes(), before);
                add(standard.replace('+', "-").replace('/', "_"), true);
                add(standard, true);
            }
        }
        let build = |patterns: &[String]| {
            let built = AhoCorasick::builder().match_kind(MatchKind::Standard).build(patterns);
            built.expect("Invariant: secrets are far shorter than what an automaton can hold")
        };
        let values: Vec<String> = secrets.iter().map(|(_, value)| value.to_string()).collect();
        Some(Scanner {
            plain: build(&patterns),
            forms,
            values: build(&values),
            owners: secrets.iter().map(|(owner, _)| *owner).collect(),
            longest: values.iter().map(String::len).max().unwrap_or(0),
            has_blank: values.iter().any(|value| value.contains(' ')),
            alphabet: alphabet(&values),
        })
    }

    /// Where secrets stand, in order and without overlaps. Base64 takes in the digits around it: they tell what the secret was
    /// joined with, and its first and last bits.
    pub fn find(&self, text: &[u8]) -> Vec<Found> {
        merged(self.hits(text))
    }

    /// Every place where a secret stands; they may overlap.
    pub fn hits(&self, text: &[u8]) -> Vec<Hit> {
        let mut found = Vec::new();
        for hit in self.plain.find_overlapping_iter(text) {
            let (owner, is_base64) = self.forms[hit.pattern().as_usize()];
            let range = if is_base64 { base64_around(text, hit.range()) } else { hit.range() };
            found.push(Hit { core: hit.range(), range, owner });
        }
        if memchr::memchr(b'%', text).is_some() {
            self.find_decoded(text, b"%", percent, &mut found);
        }
        if self.has_blank && memchr::memchr(b'+', text).is_some() {
            self.find_decoded(text, b"%+", plus_and_percent, &mut found);
        }
        if memchr::memchr(b'\\', text).is_some() {
            self.find_decoded(text, b"\\", escape, &mut found);
            self.find_decoded(text, b"\\", twice_escape, &mut found);
        }
        found
    }

    /// How much of a text that goes on is told by what is here: behind it a secret may have begun. `hits` are those of the text.
    pub fn settled(&self, text: &[u8], hits: &[Hit]) -> usize {
        let reach = (self.reach() + BORDER).min(text.len());
        let tail = &text[text.len() - reach..];
        // No secret spans a byte that is in none of its forms.
        let end = tail.iter().rposition(|byte| !self.alphabet[usize::from(*byte)]).map_or(0, |last| last + 1);
        let settled = text.len() - reach + end;
        let mut crossing: Vec<&Range<usize>> = hits.iter().map(|hit| &hit.core).collect();
        crossing.sort_by_key(|core| std::cmp::Reverse(core.end));
        let whole = crossing
            .iter()
            .fold(settled, |cut, core| if (core.start + 1..core.end).contains(&cut) { core.start } else { cut });
        if whole + MAX_HELD < settled { settled } else { whole }
    }

    /// How many bytes at the end of a text may belong to a secret that is not whole yet.
    fn reach(&self) -> usize {
        self.longest * MAX_FORM
    }

    /// Decodes what stands around escapes, and looks there.
    fn find_decoded(&self, text: &[u8], escapes: &[u8], read: Read, found: &mut Vec<Hit>) {
        let reach = self.reach();
        let mut from = 0;
        while let Some(start) = text[from..].iter().position(|byte| escapes.contains(byte)) {
            let first = from + start;
            // Up to the first gap between escapes that no secret spans.
            let mut last = first;
            while let Some(next) = text[last + 1..].iter().take(2 * reach).position(|byte| escapes.contains(byte)) {
                last += 1 + next;
            }
            let begin = first.saturating_sub(reach).max(from);
            let end = (last + reach).min(text.len());
            // In blocks, so that little memory is needed; what spans two of them lies in their overlap.
            let mut block = begin;
            loop {
                let block_end = (block + BLOCK + reach).min(end);
                self.find_in_window(text, block..block_end, read, found);
                if block_end == end {
                    break;
                }
                block = block_end - reach;
            }
            from = last + 1;
        }
    }

    fn find_in_window(&self, text: &[u8], window: Range<usize>, read: Read, found: &mut Vec<Hit>) {
        let mut decoded: Vec<u8> = Vec::with_capacity(window.len());
        // The place in the text of each byte that was read, and of the end.
        let mut places: Vec<usize> = Vec::with_capacity(window.len() + 1);
        let mut at = window.start;
        while at < window.end {
            let mut add = |bytes: &[u8]| {
                places.extend(std::iter::repeat_n(at, bytes.len()));
                decoded.extend_from_slice(bytes);
            };
            at += match read(&text[at..window.end]) {
                Some((bytes, length)) => {
                    add(bytes.as_slice());
                    length
                }
                None => {
                    add(&text[at..=at]);
                    1
                }
            };
        }
        places.push(at);
        for hit in self.values.find_overlapping_iter(&decoded) {
            // A match may start or end inside what one escape stands for; it is taken whole.
            let end = places[hit.end()..].iter().find(|place| **place > places[hit.end() - 1]);
            let range = places[hit.start()]..end.copied().unwrap_or(at);
            found.push(Hit { core: range.clone(), range, owner: self.owners[hit.pattern().as_usize()] });
        }
    }
}

/// In order, overlapping ones as one: of the first owner.
pub fn merged(hits: Vec<Hit>) -> Vec<Found> {
    let mut found: Vec<Found> = hits.into_iter().map(|Hit { range, owner, .. }| Found { range, owner }).collect();
    found.sort_by(|left, right| left.range.start.cmp(&right.range.start).then(right.range.end.cmp(&left.range.end)));
    let mut result: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match result.last_mut() {
            Some(last) if next.range.start < last.range.end => last.range.end = last.range.end.max(next.range.end),
            _ => result.push(next),
        }
    }
    result
}

/// The bytes that stand in some form of these values.
fn alphabet(values: &[String]) -> [bool; 256] {
    let mut alphabet = [false; 256];
    for byte in 0..=u8::MAX {
        alphabet[usize::from(byte)] = is_base64_digit(&byte) || byte == b'%' || byte == b'\\';
    }
    for byte in values.iter().flat_map(|value| value.bytes()) {
        alphabet[usize::from(byte)] = true;
    }
    alphabet
}

/// Of any alphabet of base64, and its padding.
pub fn is_base64_digit(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte)
}

fn base64_around(text: &[u8], range: Range<usize>) -> Range<usize> {
    let before = text[..range.start].iter().rev().take_while(|byte| is_base64_digit(byte)).count();
    let behind = text[range.end..].iter().take_while(|byte| is_base64_digit(byte)).count();
    range.start - before..range.end + behind
}

/// Up to four bytes.
#[derive(Clone, Copy)]
struct Few {
    bytes: [u8; 4],
    length: usize,
}

impl Few {
    fn byte(byte: u8) -> Few {
        Few { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(character: char) -> Few {
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Few { bytes, length }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Reads an escape: the bytes that it stands for, and its length; `None` where there is none.
type Read = fn(&[u8]) -> Option<(Few, usize)>;

fn hex_number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

/// `%2F`
fn percent(text: &[u8]) -> Option<(Few, usize)> {
    let [b'%', high, low, ..] = text else { return None };
    Some((Few::byte(hex_number(&[*high, *low])? as u8), 3))
}

/// `%2F`, and `+` for a blank.
fn plus_and_percent(text: &[u8]) -> Option<(Few, usize)> {
    if text.first() == Some(&b'+') { Some((Few::byte(b' '), 1)) } else { percent(text) }
}

/// `\"`, `\n`, `\u00e9`
fn escape(text: &[u8]) -> Option<(Few, usize)> {
    escape_with(text, 1)
}

/// An escape whose own backslashes are escaped: `\\\"`, `\\n`
fn twice_escape(text: &[u8]) -> Option<(Few, usize)> {
    escape_with(text, 2)
}

/// An escape whose backslash is written `backslashes` times, as is every other one in it, and its quote and slash escaped once more.
fn escape_with(text: &[u8], backslashes: usize) -> Option<(Few, usize)> {
    let strip = |text: &'_ [u8]| text.iter().take(backslashes).filter(|byte| **byte == b'\\').count() == backslashes;
    if !strip(text) {
        // Within a text that was escaped twice, `\"` and `\/` may stand for themselves.
        return None;
    }
    let rest = &text[backslashes..];
    let simple = |byte: u8, length: usize| Some((Few::byte(byte), backslashes + length));
    match rest.first()? {
        b'n' => simple(b'\n', 1),
        b'r' => simple(b'\r', 1),
        b't' => simple(b'\t', 1),
        b'b' => simple(8, 1),
        b'f' => simple(12, 1),
        quote @ (b'"' | b'/') => simple(*quote, 1),
        b'\\' if backslashes == 1 => simple(b'\\', 1),
        // `\\\"` is the quote, `\\\/` the slash, `\\\\` the backslash.
        b'\\' => match rest.get(1)? {
            byte @ (b'"' | b'/' | b'\\') => simple(*byte, 2),
            _ => None,
        },
        b'u' => {
            let unit = hex_number(rest.get(1..5)?)?;
            if let Some(character) = char::from_u32(unit) {
                return Some((Few::character(character), backslashes + 5));
            }
            let behind = &rest[5..];
            if !strip(behind) || behind.get(backslashes) != Some(&b'u') {
                return None;
            }
            let low = hex_number(behind.get(backslashes + 1..backslashes + 5)?)?;
            let pair = char::decode_utf16([unit as u16, low as u16]).next()?.ok()?;
            Some((Few::character(pair), 2 * (backslashes + 5)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(secrets: &[&str], text: &str) -> String {
        let secrets: Vec<(u32, Rc<str>)> = secrets.iter().map(|secret| (0, Rc::from(*secret))).collect();
        let mut result = text.to_owned();
        let found = Scanner::new(&secrets).map(|scanner| scanner.find(text.as_bytes())).unwrap_or_default();
        for found in found.into_iter().rev() {
            result.replace_range(found.range, "***");
        }
        result
    }

    #[test]
    fn secrets_are_found_in_every_form() {
        let mask = |text: &str| mask(&["s3cr3t k/y", "abc"], text);
        assert_eq!(mask("key s3cr3t k/y!"), "key ***!");
        assert_eq!(mask("?k=s3cr3t+k%2Fy&x"), "?k=***&x");
        assert_eq!(mask("?k=s3cr3t%20k%2Fy"), "?k=***");
        assert_eq!(mask("?k=%733cr3t%20k%2fy"), "?k=***");
        assert_eq!(mask("czNjcjN0IGsveQ=="), "***");
        assert_eq!(mask("Basic dTpzM2NyM3Qgay95 x"), "Basic *** x");
        assert_eq!(mask("733363723374 x733363723374206b2f79"), "733363723374 x***");
        assert_eq!(mask("733363723374206B2F79"), "***");
        assert_eq!(mask("abc"), "abc");
        assert_eq!(mask(""), "");
    }

    #[test]
    fn secrets_are_found_however_they_are_escaped() {
        let mask = |text: &str| mask(&["s3cr\"t/+é&99="], text);
        assert_eq!(mask("http://h/v1/s3cr%22t/+%C3%A9&99=/x"), "http://h/v1/***/x");
        assert_eq!(mask("k=s3cr%22t%2F%2B%c3%a9%2699%3D"), "k=***");
        assert_eq!(mask(r#"{"k":"s3cr\"t/+é&99="}"#), r#"{"k":"***"}"#);
        assert_eq!(mask(r#"{"k":"s3cr\"t\/+\u00e9&99="}"#), r#"{"k":"***"}"#);
        assert_eq!(mask(r#""{\"k\":\"s3cr\\\"t/+é&99=\"}""#), r#""{\"k\":\"***\"}""#);
        assert_eq!(mask(r#""{\"k\":\"s3cr\\\"t\\/+\\u00E9&99=\"}""#), r#""{\"k\":\"***\"}""#);
        for text in ["100 %", "%", "%é", "\\", "\\u12", "\\ud83d\\u", "é\\\\u00e", "+", "", "\\\\", "\\\\\\", "%4"] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn secrets_beyond_the_basic_plane_and_line_breaks() {
        let mask = |text: &str| mask(&["pass😀word\nline"], text);
        assert_eq!(mask(r#""pass\ud83d\ude00word\nline""#), r#""***""#);
        assert_eq!(mask(r#""pass\\ud83d\\ude00word\\nline""#), r#""***""#);
        assert_eq!(mask("pass%F0%9F%98%80word%0Aline."), "***.");
    }

    #[test]
    fn overlapping_secrets_are_masked_whole() {
        assert_eq!(mask(&["password", "wordpress1"], "passwordpress1 password wordpress1"), "*** *** ***");
    }

    #[test]
    fn far_apart_escapes_do_not_hide_a_secret() {
        let filler = "x".repeat(5000);
        let text = format!("%41{filler}%41 s3cr%65tkey %41{filler}s3cretk%65y%{filler}");
        assert_eq!(mask(&["s3cretkey"], &text), format!("%41{filler}%41 *** %41{filler}***%{filler}"));
    }
}
