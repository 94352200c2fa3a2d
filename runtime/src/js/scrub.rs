//! Keeps the values of secrets out of texts that people see.

use std::rc::Rc;

/// What stands where a secret stood.
const MASK: &str = "***";
/// A shorter text occurs everywhere; masking it would make messages unreadable.
const MIN_LENGTH: usize = 4;
/// From this length on, encoded forms are looked for too.
const MIN_ENCODED_LENGTH: usize = 8;

/// Replaces secrets by `***`. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    /// Longest first, so that a secret inside another one does not leave the rest of it.
    secrets: Rc<[String]>,
    /// What hexadecimal digits and base64 of the longer secrets have in common wherever they stand.
    encoded: Rc<[String]>,
}

impl Scrubber {
    /// Of these secrets, as they are and percent-encoded, escaped for JSON, in hexadecimal digits or base64.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Scrubber {
        let mut secrets: Vec<String> =
            secrets.into_iter().filter(|secret| secret.len() >= MIN_LENGTH).map(str::to_owned).collect();
        secrets.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        secrets.dedup();
        let mut encoded = Vec::new();
        for secret in secrets.iter().filter(|secret| secret.len() >= MIN_ENCODED_LENGTH) {
            encoded.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
            encoded.push(secret.bytes().map(|byte| format!("{byte:02X}")).collect());
            for before in 0..3 {
                let standard = base64(secret.as_bytes(), before);
                encoded.push(standard.replace('+', "-").replace('/', "_"));
                encoded.push(standard);
            }
        }
        encoded.sort_by(|left: &String, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        encoded.dedup();
        Scrubber { secrets: secrets.into(), encoded: encoded.into() }
    }

    /// `text` with every secret masked.
    pub fn scrub(&self, text: &str) -> String {
        let mut result = text.to_owned();
        for secret in self.secrets.iter() {
            if result.contains(secret.as_str()) {
                result = result.replace(secret.as_str(), MASK);
            }
        }
        for code in self.encoded.iter() {
            while let Some(start) = result.find(code.as_str()) {
                // What stands around it in the same code tells the rest of the secret, or what it was joined with.
                let is_digit = |character: &char| character.is_ascii_alphanumeric() || "+/-_=".contains(*character);
                let before: usize = result[..start].chars().rev().take_while(is_digit).count();
                let behind: usize = result[start + code.len()..].chars().take_while(is_digit).count();
                result.replace_range(start - before..start + code.len() + behind, MASK);
            }
        }
        if !result.contains(['%', '+', '\\']) {
            return result;
        }
        for secret in self.secrets.iter().filter(|secret| secret.len() >= MIN_ENCODED_LENGTH) {
            for read in [percent, plus_and_percent, escape, twice_escape] {
                mask_decoded(&mut result, secret, read);
            }
        }
        result
    }
}

/// Reads what one character stands for: the bytes, and the length of what was read; `None` where it stands for itself.
type Read = fn(&str) -> Option<(String, usize)>;

/// Masks `secret` where a reading of the text has it.
fn mask_decoded(text: &mut String, secret: &str, read: Read) {
    let mut decoded: Vec<u8> = Vec::with_capacity(text.len());
    // The place in the text of each byte that was read, and of the end.
    let mut places = Vec::with_capacity(text.len() + 1);
    let (mut at, mut is_changed) = (0, false);
    while let Some(character) = text[at..].chars().next() {
        let (bytes, length) = match read(&text[at..]) {
            Some((bytes, length)) => {
                is_changed = true;
                (bytes.chars().map(|byte| byte as u32 as u8).collect::<Vec<u8>>(), length)
            }
            None => (text.as_bytes()[at..at + character.len_utf8()].to_vec(), character.len_utf8()),
        };
        places.extend(std::iter::repeat_n(at, bytes.len()));
        decoded.extend(bytes);
        at += length;
    }
    if !is_changed {
        return;
    }
    places.push(at);
    let mut found = Vec::new();
    let mut from = 0;
    while from + secret.len() <= decoded.len() {
        if decoded[from..].starts_with(secret.as_bytes()) {
            found.push(places[from]..places[from + secret.len()]);
            from += secret.len();
        } else {
            from += 1;
        }
    }
    for range in found.into_iter().rev() {
        text.replace_range(range, MASK);
    }
}

/// One byte as a character, so that a reading can tell bytes that are no whole character.
fn byte(value: u8) -> String {
    char::from(value).to_string()
}

/// The bytes of a character, each as one.
fn bytes(character: char) -> String {
    character.encode_utf8(&mut [0; 4]).bytes().map(char::from).collect()
}

/// `%2F`
fn percent(text: &str) -> Option<(String, usize)> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    Some((byte(u8::from_str_radix(digits, 16).ok()?), 3))
}

/// `%2F`, and `+` for a blank.
fn plus_and_percent(text: &str) -> Option<(String, usize)> {
    if text.starts_with('+') { Some((byte(b' '), 1)) } else { percent(text) }
}

/// `\"`, `\n`, `\u00e9`
fn escape(text: &str) -> Option<(String, usize)> {
    let rest = text.strip_prefix('\\')?;
    let character = match rest.chars().next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let unit = u32::from_str_radix(rest.get(1..5)?, 16).ok()?;
            if let Some(character) = char::from_u32(unit) {
                return Some((bytes(character), 6));
            }
            let low = u32::from_str_radix(rest.get(5..)?.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
            let pair = char::decode_utf16([unit as u16, low as u16]).next()?.ok()?;
            return Some((bytes(pair), 12));
        }
        other @ ('"' | '\\' | '/') => other,
        _ => return None,
    };
    Some((bytes(character), 2))
}

/// An escape whose own backslashes are escaped: `\\\"`
fn twice_escape(text: &str) -> Option<(String, usize)> {
    if !text.starts_with('\\') {
        return None;
    }
    let mut once = String::new();
    let mut lengths = vec![0];
    let mut at = 0;
    // The longest escape is a pair of `\uXXXX`.
    while once.chars().count() < 12 && at < text.len() {
        let (read, length) = match escape(&text[at..]) {
            Some(read) => read,
            None => {
                let character = text[at..].chars().next()?;
                (character.to_string(), character.len_utf8())
            }
        };
        at += length;
        once.push_str(&read);
        lengths.extend(std::iter::repeat_n(at, read.len()));
    }
    let (character, length) = escape(&once)?;
    Some((character, *lengths.get(length)?))
}

/// The digits of base64 that depend on these bytes alone, when so many bytes (modulo 3) stand before them.
fn base64(bytes: &[u8], before: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |index: usize| bytes[index / 8 - before] >> (7 - index % 8) & 1;
    let first = (before * 8).div_ceil(6);
    let end = (before + bytes.len()) * 8 / 6;
    (first..end)
        .map(|digit| (digit * 6..digit * 6 + 6).fold(0, |value, index| value << 1 | bit(index)))
        .map(|value| char::from(DIGITS[usize::from(value)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_every_form() {
        let scrubber = Scrubber::new(["s3cr3t k/y", "abc"]);
        assert_eq!(scrubber.scrub("key s3cr3t k/y!"), "key ***!");
        assert_eq!(scrubber.scrub("?k=s3cr3t+k%2Fy&x"), "?k=***&x");
        assert_eq!(scrubber.scrub("?k=s3cr3t%20k%2Fy"), "?k=***");
        assert_eq!(scrubber.scrub("czNjcjN0IGsveQ=="), "***");
        assert_eq!(scrubber.scrub("Basic dTpzM2NyM3Qgay95 x"), "Basic *** x");
        assert_eq!(scrubber.scrub("7333637233 74 x7333637233 74206b2f79"), "7333637233 74 x7333637233 74206b2f79");
        assert_eq!(scrubber.scrub("733363723374206b2f79"), "***");
        assert_eq!(scrubber.scrub("abc"), "abc");
    }

    #[test]
    fn secrets_are_masked_however_they_are_escaped() {
        let secret = "s3cr\"t/+é&99=";
        let scrubber = Scrubber::new([secret]);
        assert_eq!(scrubber.scrub("http://h/v1/s3cr%22t/+%C3%A9&99=/x"), "http://h/v1/***/x");
        assert_eq!(scrubber.scrub("k=s3cr%22t%2F%2B%c3%a9%2699%3D"), "k=***");
        assert_eq!(scrubber.scrub(r#"{"k":"s3cr\"t/+é&99="}"#), r#"{"k":"***"}"#);
        assert_eq!(scrubber.scrub(r#"{"k":"s3cr\"t\/+\u00e9&99="}"#), r#"{"k":"***"}"#);
        assert_eq!(scrubber.scrub(r#""{\"k\":\"s3cr\\\"t/+é&99=\"}""#), r#""{\"k\":\"***\"}""#);
        for text in ["100 %", "%", "%é", "\\", "\\u12", "\\ud83d\\u", "é\\\\u00e", "+", ""] {
            assert_eq!(scrubber.scrub(text), text);
        }
    }

    #[test]
    fn the_longer_secret_goes_first() {
        assert_eq!(Scrubber::new(["pass", "password"]).scrub("password pass"), "*** ***");
    }
}
