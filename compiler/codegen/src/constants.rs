//! Texts of a program: collected while functions are lowered, laid out behind the code.

use rustc_hash::FxHashMap;

/// The texts of a program, each once.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    bytes: Vec<u8>,
    offsets: Vec<u32>,
    known: FxHashMap<Box<[u8]>, u32>,
}

impl Constants {
    /// The number of this text.
    pub(crate) fn insert(&mut self, text: &[u8]) -> u32 {
        if let Some(id) = self.known.get(text) {
            return *id;
        }
        let id = self.offsets.len() as u32;
        self.offsets.push(self.bytes.len() as u32);
        self.bytes.extend_from_slice(text);
        self.known.insert(text.into(), id);
        id
    }

    /// Where the text with this number starts in [`Constants::bytes`].
    pub(crate) fn offset(&self, id: u32) -> u32 {
        self.offsets[id as usize]
    }

    /// All texts, one behind the other.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let mut constants = Constants::default();
        let ids = [constants.insert(b"abc"), constants.insert(b""), constants.insert(b"de"), constants.insert(b"abc")];
        assert_eq!(ids, [0, 1, 2, 0]);
        assert_eq!((constants.bytes(), constants.offset(2)), (&b"abcde"[..], 3));
    }
}
