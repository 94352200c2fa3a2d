//! Texts of columns: string views, and the buffers that the long ones are about.
#![expect(unsafe_code, reason = "short texts are read in place")]

use std::rc::Rc;
use std::sync::Arc;

use arrow_buffer::Buffer;
use moltler_abi::layout::{Bytes, view};

/// The first buffer has room for so many bytes, later ones for twice as many as the one before, up to the last number.
const FIRST_BLOCK: usize = 1 << 10;
const LAST_BLOCK: usize = 1 << 20;

/// The buffers of the long texts of one or several columns.
#[derive(Debug)]
pub(crate) struct Texts {
    buffers: Arc<[Buffer]>,
    /// Their addresses, as generated code reads them; at least one.
    addresses: Vec<Bytes>,
}

impl Texts {
    pub(super) fn new(buffers: Arc<[Buffer]>) -> Rc<Texts> {
        let mut addresses: Vec<Bytes> = buffers.iter().map(Buffer::as_ptr).collect();
        if addresses.is_empty() {
            addresses.push(std::ptr::NonNull::<u8>::dangling().as_ptr());
        }
        Rc::new(Texts { buffers, addresses })
    }

    pub(super) fn buffers(&self) -> &Arc<[Buffer]> {
        &self.buffers
    }

    pub(super) fn addresses(&self) -> *const Bytes {
        self.addresses.as_ptr()
    }

    /// The bytes of a text. `view` is one of a column that has these buffers.
    pub(super) fn bytes<'a>(&'a self, view: &'a u128) -> &'a [u8] {
        let length = view::length(*view);
        if length <= view::INLINE {
            return &as_bytes(view)[4..4 + length];
        }
        let (buffer, offset) = view::place(*view);
        &self.buffers[buffer as usize][offset as usize..offset as usize + length]
    }
}

#[cfg(target_endian = "big")]
compile_error!("views of short texts are read in place, which needs a little-endian machine");

fn as_bytes(view: &u128) -> &[u8; 16] {
    // SAFETY: any sixteen bytes are an array of bytes, which may start anywhere.
    unsafe { &*std::ptr::from_ref(view).cast() }
}

/// Takes texts in and gives views of them.
#[derive(Debug, Default)]
pub(crate) struct TextBuilder {
    full: Vec<Buffer>,
    current: Vec<u8>,
}

impl TextBuilder {
    /// The view of a text, which is copied.
    pub(crate) fn view(&mut self, text: &str) -> u128 {
        let bytes = text.as_bytes();
        if let Some(view) = view::inline(bytes) {
            return view;
        }
        if self.current.capacity() - self.current.len() < bytes.len() {
            let next = (self.current.capacity() * 2).clamp(FIRST_BLOCK, LAST_BLOCK).max(bytes.len());
            let full = std::mem::replace(&mut self.current, Vec::with_capacity(next));
            if !full.is_empty() {
                self.full.push(Buffer::from_vec(full));
            }
        }
        let offset = self.current.len();
        self.current.extend_from_slice(bytes);
        let narrow = |number| u32::try_from(number).expect("Invariant: a buffer of texts has less than 4 GiB");
        view::long(bytes, narrow(self.full.len()), narrow(offset))
    }

    /// The buffers of all views.
    pub(crate) fn finish(mut self) -> Rc<Texts> {
        if !self.current.is_empty() {
            self.full.push(Buffer::from_vec(self.current));
        }
        Texts::new(self.full.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_lengths_come_back() {
        let texts: Vec<String> = (0..300).map(|length| "é".repeat(length)).chain(["x".repeat(3 << 20)]).collect();
        let mut builder = TextBuilder::default();
        let views: Vec<u128> = texts.iter().map(|text| builder.view(text)).collect();
        let built = builder.finish();
        for (text, view) in texts.iter().zip(&views) {
            assert_eq!(built.bytes(view), text.as_bytes());
            assert_eq!(view::inline(text.as_bytes()).is_some(), text.len() <= 12);
        }
        assert!(built.buffers().len() > 2);
    }
}
