//! Memory whose addresses stay valid until all of it is given back at once: texts and values that generated code points to.

use std::rc::Rc;

use crate::batch::{TextBuilder, Texts};
use crate::value::Value;

const CHUNK: usize = 16 * 1024;

/// Texts and values of one statement, one batch or one row pipeline.
#[derive(Debug, Default)]
pub struct Arena {
    /// Invariant: a chunk is never written beyond its capacity, so its bytes never move.
    texts: Vec<Vec<u8>>,
    /// Invariant: a chunk is never written beyond its capacity, so its values never move.
    values: Vec<Vec<Value>>,
    /// Texts of the batch that a pipeline writes.
    columns: TextBuilder,
}

impl Arena {
    /// An empty arena; allocates nothing.
    pub fn new() -> Arena {
        Arena::default()
    }

    /// Copies a text; the address is valid as long as the arena.
    pub fn text(&mut self, text: &str) -> (*const u8, usize) {
        let fits = self.texts.last().is_some_and(|chunk| chunk.capacity() - chunk.len() >= text.len());
        if !fits {
            self.texts.push(Vec::with_capacity(text.len().max(CHUNK)));
        }
        let chunk = self.texts.last_mut().expect("Invariant: a chunk was just pushed");
        let start = chunk.len();
        chunk.extend_from_slice(text.as_bytes());
        (chunk[start..].as_ptr(), text.len())
    }

    /// Keeps a value; the address is valid as long as the arena.
    pub fn value(&mut self, value: Value) -> *mut Value {
        let fits = self.values.last().is_some_and(|chunk| chunk.len() < chunk.capacity());
        if !fits {
            // The first chunk is small: most statements keep only a few values.
            self.values.push(Vec::with_capacity(if self.values.is_empty() { 16 } else { 512 }));
        }
        let chunk = self.values.last_mut().expect("Invariant: a chunk was just pushed");
        let address = chunk.as_mut_ptr().wrapping_add(chunk.len());
        chunk.push(value);
        address
    }

    /// Keeps a text for a string column; gives its view.
    pub(crate) fn column_text(&mut self, text: &str) -> u128 {
        self.columns.view(text)
    }

    /// The texts of string columns so far. Views given later are of others.
    pub(crate) fn take_texts(&mut self) -> Rc<Texts> {
        std::mem::take(&mut self.columns).finish()
    }

    /// Whether no value was put in.
    pub(crate) fn has_values(&self) -> bool {
        !self.values.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stay_valid() {
        let mut arena = Arena::new();
        let texts: Vec<_> = (0..10_000).map(|number| (number.to_string(), arena.text(&number.to_string()))).collect();
        let long = "x".repeat(CHUNK * 2);
        let (address, length) = arena.text(&long);
        let values: Vec<_> = (0..10_000).map(|number| (number, arena.value(Value::Integer(number)))).collect();
        let held = |address: *const u8| arena.texts.iter().any(|chunk| chunk.as_ptr_range().contains(&address));
        assert!(texts.iter().all(|(_, (address, _))| held(*address)));
        assert!(held(address) && length == long.len());
        let all: Vec<_> = arena.values.iter().flatten().collect();
        assert!(values.iter().zip(all).all(|((number, address), value)| {
            std::ptr::eq(*address as *const Value, value) && *value == Value::Integer(*number)
        }));
    }
}
