/// A piece of a text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextRange {
    /// The first byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

impl TextRange {
    /// The bytes from `start` up to `end`.
    pub fn new(start: u32, end: u32) -> TextRange {
        TextRange { start, end }
    }
}
