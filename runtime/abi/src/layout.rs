//! How values lie in memory at the border between generated code and runtime.

use std::ffi::c_void;

/// The state of one run; generated code only passes it on.
pub type Context = *mut c_void;
/// The first byte of a text; not NUL-terminated.
pub type Bytes = *const u8;
/// Where bytes are written.
pub type BytesOut = *mut u8;
/// A length in bytes or a number of elements.
pub type Size = usize;
/// An index into one of the manifest's tables, or a discriminant.
pub type Id = u32;
/// A value to read.
pub type DatumIn = *const Datum;
/// Where a value is written.
pub type DatumOut = *mut Datum;
/// Rows to read.
pub type BatchIn = *const Batch;
/// Where rows are written.
pub type BatchOut = *mut Batch;

/// What a runtime function or an entry point returns: [`OK`], or [`FAILED`] with the error kept in the context.
pub type Status = i32;
/// Nothing went wrong.
pub const OK: Status = 0;
/// An error is in the context; the caller returns or jumps to its CATCH.
pub const FAILED: Status = 1;

/// A value of any type. Text and boxed values live in the context's arena until the statement ends.
///
/// | kind | `extra` | `low` | `high` |
/// | --- | --- | --- | --- |
/// | `NULL` | 0 | 0 | 0 |
/// | `BOOLEAN` | 0 | 0 or 1 | 0 |
/// | `INTEGER` | 0 | the `i64` | 0 |
/// | `NUMBER` | 0 | the bits of the `f64` | 0 |
/// | `STRING` | 0 | address | length in bytes |
/// | `TIMESTAMP` | 0 | microseconds as `i64` | 0 |
/// | `DATE` | 0 | days as `i64` | 0 |
/// | `INTERVAL` | months as `i32` | days as `i64` | microseconds as `i64` |
/// | `BOXED` | 0 | address of a runtime value (document, array or dynamic; never one that is null) | 0 |
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Datum {
    /// One of the constants in [`kind`].
    pub kind: u32,
    /// Months of an interval.
    pub extra: i32,
    /// The value, or its address.
    pub low: u64,
    /// The length of a text, the microseconds of an interval.
    pub high: u64,
}

/// Discriminants of [`Datum`].
pub mod kind {
    /// SQL NULL.
    pub const NULL: u32 = 0;
    /// TRUE or FALSE.
    pub const BOOLEAN: u32 = 1;
    /// 64-bit integer.
    pub const INTEGER: u32 = 2;
    /// IEEE double.
    pub const NUMBER: u32 = 3;
    /// UTF-8 text.
    pub const STRING: u32 = 4;
    /// Point in time.
    pub const TIMESTAMP: u32 = 5;
    /// Calendar day.
    pub const DATE: u32 = 6;
    /// Months, days, microseconds.
    pub const INTERVAL: u32 = 7;
    /// Address of a runtime value.
    pub const BOXED: u32 = 8;
}

/// A column of a batch, laid out as Apache Arrow lays out an array whose offset is 0.
///
/// | type | `data` |
/// | --- | --- |
/// | boolean | a bit a row, least significant first |
/// | integer, timestamp | `i64` |
/// | number | `f64` |
/// | date | `i32` |
/// | string | a 16-byte view, see [`view`] |
/// | document, array, dynamic | `u64`, the address of a runtime value |
///
/// `validity` is always there: a bit a row, least significant first, set where there is a value. An element that is NULL is
/// zero. Elements may start at any address that their type may start at; bits start at a byte. Nothing behind the last row may
/// be read, but for the other bits of its byte.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The elements.
    pub data: *mut u8,
    /// Which of them are there.
    pub validity: *mut u8,
    /// Of a string column, the addresses of the buffers that its long views are about; at least one, so that the first may
    /// always be read. Null for other types, and in an output, whose texts are written by the runtime.
    pub buffers: *const Bytes,
}

/// Arrow's string views: the length in the lowest 4 bytes of a little-endian `u128`; behind it the text, filled up with zeros,
/// where it has at most [`view::INLINE`] bytes; else its first 4 bytes, the number of a buffer, and an offset into it.
///
/// So two texts of which one is short are equal exactly where their views are, and two long ones have to be looked at only
/// where the lowest 8 bytes of their views agree.
pub mod view {
    /// The longest text that is a view by itself, in bytes.
    pub const INLINE: usize = 12;
    /// Where the number of the buffer is, in bytes.
    pub const BUFFER: usize = 8;
    /// Where the offset into the buffer is, in bytes.
    pub const OFFSET: usize = 12;

    /// The view of a text of at most [`INLINE`] bytes; `None` for a longer one.
    pub const fn inline(text: &[u8]) -> Option<u128> {
        if text.len() > INLINE {
            return None;
        }
        let mut bytes = [0; 16];
        bytes[0] = text.len() as u8;
        let mut index = 0;
        while index < text.len() {
            bytes[4 + index] = text[index];
            index += 1;
        }
        Some(u128::from_le_bytes(bytes))
    }

    /// The view of a text of more than [`INLINE`] bytes, `offset` bytes into a buffer.
    pub const fn long(text: &[u8], buffer: u32, offset: u32) -> u128 {
        assert!(text.len() > INLINE && text.len() <= u32::MAX as usize);
        let prefix = u32::from_le_bytes([text[0], text[1], text[2], text[3]]);
        text.len() as u128 | (prefix as u128) << 32 | (buffer as u128) << 64 | (offset as u128) << 96
    }

    /// The length of the text in bytes.
    pub const fn length(view: u128) -> usize {
        view as u32 as usize
    }

    /// Buffer and offset of a text that is longer than [`INLINE`] bytes.
    pub const fn place(view: u128) -> (u32, u32) {
        ((view >> 64) as u32, (view >> 96) as u32)
    }
}

/// Some rows in columns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// How many rows; written by the pipeline for its output.
    pub rows: Size,
    /// Address of the columns, as many as the schema says.
    pub columns: *const Column,
    /// Of an output, room for as many rows as the input has: the pipeline writes the rows of the input that pass, in order.
    /// A pipeline without filter writes nothing here.
    pub selection: *mut u32,
}

/// The table of runtime functions, see [`crate::runtime_calls::RuntimeTable`].
pub type Runtime = *const crate::runtime_calls::RuntimeTable;

/// The program's or a test's statements.
pub type EntryFunction = unsafe extern "C" fn(Runtime, Context) -> Status;
/// An expression without a row: a CONFIG document, the value of a pushed filter, a LIMIT.
pub type ScalarFunction = unsafe extern "C" fn(Runtime, Context, DatumOut) -> Status;
/// Filter and projection of a batch: reads input columns, writes which rows pass, and for these what is computed.
///
/// The columns of the output are those that [`crate::manifest::Output::Computed`] says, without the ones that are passed on as
/// they are. They have room for all rows of the input and are zero before, bits too; the rows that pass are written from the
/// first on.
pub type PipelineFunction = unsafe extern "C" fn(Runtime, Context, BatchIn, BatchOut) -> Status;

/// What a parameter or result is in a machine register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// An address or a size: as wide as a pointer.
    Pointer,
    /// 32 bit.
    I32,
    /// 64 bit.
    I64,
    /// IEEE double.
    F64,
}

/// A type that may stand in the list of runtime functions.
pub trait AbiType {
    /// How it is passed.
    const REGISTER: Register;
}

impl<T> AbiType for *const T {
    const REGISTER: Register = Register::Pointer;
}
impl<T> AbiType for *mut T {
    const REGISTER: Register = Register::Pointer;
}
impl AbiType for usize {
    const REGISTER: Register = Register::Pointer;
}
impl AbiType for u32 {
    const REGISTER: Register = Register::I32;
}
impl AbiType for i32 {
    const REGISTER: Register = Register::I32;
}
impl AbiType for i64 {
    const REGISTER: Register = Register::I64;
}
impl AbiType for f64 {
    const REGISTER: Register = Register::F64;
}
