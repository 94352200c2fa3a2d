//! Masks secrets in what comes in pieces, however they are cut.

use std::rc::Rc;

use super::scan::{is_base64_digit, merged};
use super::vault::Vault;

/// Puts placeholders in the place of secrets, piece by piece. What could be the start of a secret is held back until the next
/// piece tells.
#[derive(Debug)]
pub struct Masker {
    vault: Rc<Vault>,
    /// What was not given out yet.
    held: Vec<u8>,
    /// The base64 around a secret goes on: its digits are left out until something else comes.
    in_base64: bool,
    /// The last byte given out that is no white space.
    last: Option<u8>,
}

impl Masker {
    /// For the secrets of this vault, those too that come to it meanwhile.
    pub fn new(vault: Rc<Vault>) -> Masker {
        Masker { vault, held: Vec::new(), in_base64: false, last: None }
    }

    /// What can be given out after the next piece.
    pub fn push(&mut self, piece: Vec<u8>) -> Vec<u8> {
        if self.held.is_empty() {
            self.held = piece;
        } else {
            self.held.extend_from_slice(&piece);
        }
        self.go_on(false)
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> Vec<u8> {
        self.go_on(true)
    }

    fn go_on(&mut self, is_end: bool) -> Vec<u8> {
        let Some(scanner) = self.vault.incoming() else { return std::mem::take(&mut self.held) };
        if self.in_base64 {
            let more = self.held.iter().take_while(|byte| is_base64_digit(byte)).count();
            self.held.drain(..more);
            if self.held.is_empty() {
                return Vec::new();
            }
            self.in_base64 = false;
        }
        let hits = scanner.hits(&self.held);
        let until = if is_end { self.held.len() } else { scanner.settled(&self.held, &hits) };
        let mut found = merged(hits);
        found.retain(|found| found.range.start < until);
        // The base64 around a secret may end later.
        let end = found.last().map_or(until, |last| last.range.end.max(until));
        self.in_base64 = end > until && end == self.held.len();
        let mut given = Vec::with_capacity(end);
        self.vault.write_masked(&self.held[..], end, &found, self.last, &mut given);
        self.held.drain(..end);
        self.last = given.trim_ascii_end().last().copied().or(self.last);
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::vault::Origin;

    /// A text in pieces of this size, masked.
    fn masked(vault: &Rc<Vault>, text: &str, size: usize) -> String {
        let mut masker = Masker::new(Rc::clone(vault));
        let mut result = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            result.extend(masker.push(piece.to_vec()));
        }
        result.extend(masker.finish());
        String::from_utf8(result).expect("placeholders are ASCII")
    }

    #[test]
    fn secrets_are_masked_however_a_text_is_cut() {
        let vault = Rc::new(Vault::default());
        vault.add(Origin::Config, "token", "s3cr3t/Hunter+2&k3y");
        vault.add(Origin::Config, "pin", "1234567890");
        let texts = [
            "a s3cr3t/Hunter+2&k3y b s3cr3t/Hunter+2&k3ys3cr3t/Hunter+2&k3y",
            r#"{"k": "s3cr3t\/Hunter+2&k3y", "u": "s3cr3t%2FHunter%2B2%26k3y", "n": 1234567890, "m": [1234567890]}"#,
            "czNjcjN0L0h1bnRlcisyJmszeQ== Basic dTpzM2NyM3QvSHVudGVyKzImazN5 7333637233742f48756e7465722b32266b3379",
            "\\u0073\\u0033\\u0063\\u0072\\u0033\\u0074\\u002f\\u0048unter+2&k3y s3cr3t/Hunter+2&k3",
            "nothing at all, s3cr3t, %41%42 \\n",
        ];
        for text in texts {
            let whole = vault.mask_text(text).unwrap_or_else(|| text.to_owned());
            for size in [1, 2, 3, 7, 16, 50, 1000] {
                assert_eq!(masked(&vault, text, size), whole, "{text} in pieces of {size}");
            }
        }
    }

    #[test]
    fn the_secrets_of_a_long_text_are_masked() {
        let vault = Rc::new(Vault::default());
        let token = vault.add(Origin::Config, "token", "aaaaaaaaaaaa");
        // A text of nothing but beginnings is given out all the same, and without a whole secret.
        let text = "a".repeat(1 << 20);
        let result = masked(&vault, &text, 4096);
        assert!(result.contains(&*token) && !result.contains("aaaaaaaaaaaa"));
        let digits = format!("{}{}{}", "QUJD".repeat(50_000), "YWFhYWFhYWFhYWFh", "QUJD".repeat(50_000));
        let result = masked(&vault, &digits, 1000);
        assert!(result.contains(&*token) && !result.contains("YWFhYWFhYWFhYWFh") && result.len() < digits.len());
    }

    #[test]
    fn what_can_be_no_secret_is_not_held_back() {
        let vault = Rc::new(Vault::default());
        vault.add(Origin::Config, "token", "s3cr3t/Hunter");
        let mut masker = Masker::new(vault);
        assert_eq!(masker.push(b"{\"id\": 1}\n".to_vec()), b"{\"id\": 1}\n");
        assert_eq!(masker.push(b"data: s3cr".to_vec()), b"data: ");
        assert_eq!(masker.push(b"et, x".to_vec()), b"s3cret, ");
        assert_eq!(masker.finish(), b"x");
    }
}
