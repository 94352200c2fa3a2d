//! Distinct keys, found by hashing.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

/// Keys as [`super::OwnedBatch::write_key`] makes them, each once, numbered in the order in which they came. They lie one behind
/// the other in one piece of memory.
#[derive(Debug, Default)]
pub struct KeyTable {
    numbers: HashTable<u32>,
    bytes: Vec<u8>,
    /// Where each key ends.
    ends: Vec<usize>,
    /// Differs from run to run: data cannot be made so that all keys collide.
    hasher: DefaultHashBuilder,
}

impl KeyTable {
    /// How many keys.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of a key, and whether it is new.
    pub fn insert(&mut self, key: &[u8]) -> (u32, bool) {
        let hash = self.hash(key);
        let same = |number: &u32| key_at(&self.bytes, &self.ends, *number) == key;
        if let Some(number) = self.numbers.find(hash, same) {
            return (*number, false);
        }
        let number = u32::try_from(self.ends.len()).expect("Invariant: fewer than 4 billion keys are kept");
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        self.numbers.insert_unique(hash, number, |number| hash_of(hasher, key_at(bytes, ends, *number)));
        (number, true)
    }

    /// The number of a key that was inserted.
    pub fn find(&self, key: &[u8]) -> Option<u32> {
        let same = |number: &u32| key_at(&self.bytes, &self.ends, *number) == key;
        self.numbers.find(self.hash(key), same).copied()
    }

    fn hash(&self, key: &[u8]) -> u64 {
        hash_of(&self.hasher, key)
    }
}

fn hash_of(hasher: &DefaultHashBuilder, key: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(key);
    hasher.finish()
}

fn key_at<'k>(bytes: &'k [u8], ends: &[usize], number: u32) -> &'k [u8] {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &bytes[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_numbers() {
        let mut table = KeyTable::default();
        let key = |number: u32| "x".repeat(number as usize % 50).into_bytes().into_iter().chain(number.to_le_bytes());
        for round in [true, false] {
            for number in 0..2000 {
                assert_eq!(table.insert(&key(number).collect::<Vec<_>>()), (number, round));
            }
        }
        assert_eq!((table.len(), table.find(b"other")), (2000, None));
        assert!((0..2000).all(|number| table.find(&key(number).collect::<Vec<_>>()) == Some(number)));
        let mut table = KeyTable::default();
        assert_eq!((table.insert(b""), table.insert(b"")), ((0, true), (0, false)));
    }
}
