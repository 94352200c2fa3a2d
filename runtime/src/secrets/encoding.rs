//! What texts look like in URLs, forms, JSON and base64.

/// The digits of base64 that depend on these bytes alone, when so many bytes (modulo 3) stand before them.
pub fn base64_inside(bytes: &[u8], before: usize) -> String {
    let bit = |index: usize| bytes[index / 8 - before] >> (7 - index % 8) & 1;
    let first = (before * 8).div_ceil(6);
    let end = (before + bytes.len()) * 8 / 6;
    (first..end)
        .map(|digit| (digit * 6..digit * 6 + 6).fold(0, |value, index| value << 1 | bit(index)))
        .map(|value| char::from(STANDARD[usize::from(value)]))
        .collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    encode(bytes, STANDARD, true)
}

/// Base64 for URLs, without padding.
pub fn base64_url(bytes: &[u8]) -> String {
    encode(bytes, URL_SAFE, false)
}

fn encode(bytes: &[u8], alphabet: &[u8; 64], pad: bool) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            if digit <= chunk.len() {
                text.push(char::from(alphabet[(number >> (18 - 6 * digit) & 63) as usize]));
            } else if pad {
                text.push('=');
            }
        }
    }
    text
}

/// Reads base64 in either alphabet, with padding or without; blanks are passed over. `None` for anything else.
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut number, mut bits) = (0_u32, 0);
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    if text.len() - end > 2 || end % 4 == 1 {
        return None;
    }
    for byte in &text[..end] {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        number = number << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((number >> bits) as u8);
        }
    }
    Some(bytes)
}

/// Two lower-case digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `%2F` for every byte that `keep` does not keep.
pub fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut result = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) { result.push(char::from(byte)) } else { result.push_str(&format!("%{byte:02X}")) }
    }
    result
}

/// Kept by encodeURIComponent.
pub fn is_component(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte)
}

/// Kept by encodeURI.
pub fn is_uri(byte: u8) -> bool {
    is_component(byte) || b";/?:@&=+$,#".contains(&byte)
}

/// Kept by RFC 3986: what signatures are computed over.
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// As in `application/x-www-form-urlencoded`.
pub fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// As between the quotes of a JSON string.
pub fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("Invariant: every text has JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_in_both_alphabets() {
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes), text);
            assert_eq!(base64_url(bytes), text.trim_end_matches('='));
            assert_eq!(from_base64(text.as_bytes()).as_deref(), Some(bytes));
            assert_eq!(from_base64(text.trim_end_matches('=').as_bytes()).as_deref(), Some(bytes));
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
        assert_eq!(base64_url(&[0xfb, 0xff]), "-_8");
        assert_eq!(from_base64(b"-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        for wrong in ["A", "A===", "Zg==x", "é", "Zm9vY"] {
            assert_eq!(from_base64(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn texts_for_their_places() {
        assert_eq!(percent("a b/é!", is_component), "a%20b%2F%C3%A9!");
        assert_eq!(percent("a b/é!", is_uri), "a%20b/%C3%A9!");
        assert_eq!(form("a b&é"), "a+b%26%C3%A9");
        assert_eq!(json("a\"\n\\"), "a\\\"\\n\\\\");
    }
}
