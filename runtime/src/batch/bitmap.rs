//! Bits, least significant first, as Arrow has them.

use arrow_buffer::{Buffer, MutableBuffer};

/// The bit at this place.
pub(super) fn get(bits: &[u8], index: usize) -> bool {
    bits[index >> 3] >> (index & 7) & 1 != 0
}

/// Bits that are appended.
#[derive(Debug)]
pub(super) struct BitmapBuilder {
    /// Whole words.
    words: MutableBuffer,
    /// The bits behind them.
    current: u64,
    length: usize,
}

impl BitmapBuilder {
    pub(super) fn with_capacity(bits: usize) -> BitmapBuilder {
        BitmapBuilder { words: MutableBuffer::new(bits.div_ceil(64) * 8), current: 0, length: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn push(&mut self, bit: bool) {
        self.current |= u64::from(bit) << (self.length & 63);
        self.length += 1;
        if self.length & 63 == 0 {
            self.words.push(self.current.to_le());
            self.current = 0;
        }
    }

    /// Takes back all but the first `length` bits.
    pub(super) fn truncate(&mut self, length: usize) {
        if length >= self.length {
            return;
        }
        let whole = length / 64 * 8;
        if whole < self.words.len() {
            let bytes: [u8; 8] = self.words[whole..whole + 8].try_into().expect("Invariant: words have eight bytes");
            self.current = u64::from_le_bytes(bytes);
            self.words.truncate(whole);
        }
        self.current &= (1 << (length & 63)) - 1;
        self.length = length;
    }

    pub(super) fn finish(mut self) -> Buffer {
        let rest = self.length.div_ceil(8) - self.words.len();
        self.words.extend_from_slice(&self.current.to_le_bytes()[..rest]);
        self.words.into()
    }
}

/// The bits that are told.
pub(super) fn collect(bits: impl ExactSizeIterator<Item = bool>) -> Buffer {
    let mut bitmap = BitmapBuilder::with_capacity(bits.len());
    bits.for_each(|bit| bitmap.push(bit));
    bitmap.finish()
}

/// So many set bits.
pub(super) fn all_set(length: usize) -> Buffer {
    let mut bytes = MutableBuffer::new(length.div_ceil(8)).with_bitset(length.div_ceil(8), true);
    if length & 7 != 0 {
        let last = bytes.len() - 1;
        bytes[last] = (1 << (length & 7)) - 1;
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(bits: &[u8], length: usize) -> usize {
        (0..length).filter(|index| get(bits, *index)).count()
    }

    #[test]
    fn bits_are_kept_and_taken_back() {
        for length in [0, 1, 7, 8, 63, 64, 65, 200] {
            let bit = |index: usize| index.is_multiple_of(3) || index % 64 == 63;
            let mut builder = BitmapBuilder::with_capacity(0);
            (0..length + 77).for_each(|index| builder.push(bit(index)));
            builder.truncate(length);
            assert_eq!(builder.len(), length);
            builder.push(true);
            let bits = builder.finish();
            assert_eq!(bits.len(), (length + 1).div_ceil(8));
            assert!((0..length).all(|index| get(&bits, index) == bit(index)) && get(&bits, length));
            assert_eq!(count(&bits, length), (0..length).filter(|index| bit(*index)).count());
            assert_eq!(count(&all_set(length), length), length);
        }
    }
}
