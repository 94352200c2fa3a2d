//! Placeholders: what connector code gets in the place of a secret, and how they are found in texts.

use std::collections::HashMap;
use std::sync::OnceLock;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// Of a placeholder, in bytes.
pub const LENGTH: usize = 40;
/// How many letters all placeholders of a process have in common at their start: one search finds them all.
const SHARED: usize = 8;
/// So much of a placeholder is taken for a broken one.
const PIECE: usize = 12;
const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// 36 to the power of [`PIECE`], which fits 64 bits.
const PIECES: u64 = 36_u64.pow(PIECE as u32);

struct ProcessKey {
    key: hmac::Key,
    shared: String,
}

/// Made anew in each process, so that nobody can know a placeholder before, or keep one for later.
fn process_key() -> &'static ProcessKey {
    static KEY: OnceLock<ProcessKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).expect("Invariant: the system has random numbers");
        let key = hmac::Key::new(hmac::HMAC_SHA512, &bytes);
        let shared = digits(hmac::sign(&key, b"shared").as_ref(), SHARED);
        ProcessKey { key, shared }
    })
}

fn digits(bytes: &[u8], count: usize) -> String {
    // 252 is the last multiple of 36 in a byte: every digit is equally likely.
    let fair = bytes.iter().filter(|byte| **byte < 252);
    let mut text: String = fair.take(count).map(|byte| char::from(DIGITS[usize::from(byte % 36)])).collect();
    while text.len() < count {
        // Never in practice: it would need more than 30 of 64 bytes above 251.
        text.push('a');
    }
    text
}

/// The placeholder of `value`: always the same in one process. Values of another `class` have others, so that connector code
/// cannot try values until the placeholder of a configured secret comes out.
pub fn placeholder_of(class: &str, value: &str) -> String {
    let ProcessKey { key, shared } = process_key();
    let mut context = hmac::Context::with_key(key);
    context.update(&(class.len() as u64).to_le_bytes());
    context.update(class.as_bytes());
    context.update(value.as_bytes());
    format!("{shared}{}", digits(context.sign().as_ref(), LENGTH - SHARED))
}

/// Where something that looks like a placeholder of this process starts, from `from` on; there are [`LENGTH`] bytes from there.
pub fn find(text: &[u8], from: usize) -> Option<usize> {
    let shared = process_key().shared.as_bytes();
    let start = from + memchr::memmem::find(text.get(from..)?, shared)?;
    (start + LENGTH <= text.len()).then_some(start)
}

/// Pieces of placeholders, of 12 letters each, in any case.
#[derive(Debug, Default)]
pub struct Pieces {
    /// By their letters as digits of one number: whose they are.
    owners: HashMap<u64, u32>,
    /// A bit for the low half of each number: most texts are none of them.
    filter: Vec<u64>,
}

const FILTER_BITS: u64 = 1 << 16;

impl Pieces {
    /// Adds those of a placeholder.
    pub fn add(&mut self, placeholder: &str, owner: u32) {
        self.filter.resize((FILTER_BITS / 64) as usize, 0);
        each_piece(placeholder.as_bytes(), |piece| {
            self.owners.entry(piece).or_insert(owner);
            let bit = piece % FILTER_BITS;
            self.filter[(bit / 64) as usize] |= 1 << (bit % 64);
            true
        });
    }

    /// The owner of the first piece in a text that holds no whole placeholder.
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        if self.owners.is_empty() || text.len() < PIECE {
            return None;
        }
        let mut found = None;
        each_piece(text, |piece| {
            let bit = piece % FILTER_BITS;
            if self.filter[(bit / 64) as usize] >> (bit % 64) & 1 == 1 {
                found = self.owners.get(&piece).copied();
            }
            found.is_none()
        });
        found
    }
}

/// Calls `see` with every run of 12 letters and digits, as a number, until it gives `false`.
fn each_piece(text: &[u8], mut see: impl FnMut(u64) -> bool) {
    let (mut number, mut length) = (0_u64, 0);
    for byte in text {
        let digit = match byte {
            b'a'..=b'z' => byte - b'a',
            b'A'..=b'Z' => byte - b'A',
            b'0'..=b'9' => byte - b'0' + 26,
            _ => {
                (number, length) = (0, 0);
                continue;
            }
        };
        // The letter that falls out is taken away before: 36 times a number below 36^11 and a digit fit.
        number = (number % (PIECES / 36)) * 36 + u64::from(digit);
        length += 1;
        if length >= PIECE && !see(number) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_letters_and_digits() {
        let placeholder = placeholder_of("c", "s3cret");
        assert_eq!(placeholder.len(), LENGTH);
        assert!(placeholder.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert_eq!(placeholder, placeholder_of("c", "s3cret"));
        assert_ne!(placeholder, placeholder_of("c", "s3cret2"));
        assert_ne!(placeholder, placeholder_of("r", "s3cret"));
        assert_eq!(find(format!("Bearer {placeholder}!").as_bytes(), 0), Some(7));
        assert_eq!(find(&placeholder.as_bytes()[..39], 0), None);
    }

    #[test]
    fn pieces_are_found_in_any_case() {
        let placeholder = placeholder_of("c", "s3cret");
        let mut pieces = Pieces::default();
        pieces.add(&placeholder, 7);
        for (from, to) in [(0, 12), (28, 40), (13, 26), (0, 39)] {
            let piece = &placeholder[from..to];
            assert_eq!(pieces.find(format!("x-{piece}-y").as_bytes()), Some(7));
            assert_eq!(pieces.find(format!("abc{}abc", piece.to_uppercase()).as_bytes()), Some(7));
        }
        assert_eq!(pieces.find(&placeholder.as_bytes()[10..21]), None);
        assert_eq!(pieces.find(b"an ordinary text with averyveryverylongwordinit"), None);
    }
}
