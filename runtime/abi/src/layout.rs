//! How values lie in memory at the border between generated code and runtime.

use std::ffi::c_void;

/// The state of one run; generated code only passes it on.
pub type Context = *mut c_void;
/// The first byte of a text; not NUL-terminated.
pub type Bytes = *const u8;
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

/// A column of a batch: `rows` elements, each as wide as its type says.
///
/// boolean 1 byte (0 or 1); integer, number, timestamp 8; date 4 (`i32`); string 16 ([`Text`]); boxed 8 (address of a
/// runtime value). `validity` has a byte a row: 1 where there is a value, 0 where it is NULL (the element is then zero).
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The elements.
    pub data: *mut u8,
    /// A byte for each row.
    pub validity: *mut u8,
}

/// A text in a column.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Its first byte.
    pub data: Bytes,
    /// Its length in bytes.
    pub length: Size,
}

/// Some rows in columns. An output batch has room for as many rows as its input has.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// How many rows; written by the pipeline for its output.
    pub rows: Size,
    /// Address of the columns, as many as the schema says.
    pub columns: *const Column,
}

/// The table of runtime functions, see [`crate::runtime_calls::RuntimeTable`].
pub type Runtime = *const crate::runtime_calls::RuntimeTable;

/// The program's or a test's statements.
pub type EntryFunction = unsafe extern "C" fn(Runtime, Context) -> Status;
/// An expression without a row: a CONFIG document, the value of a pushed filter, a LIMIT.
pub type ScalarFunction = unsafe extern "C" fn(Runtime, Context, DatumOut) -> Status;
/// Filter and projection of a batch: reads input columns, appends the rows that pass to the output.
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
