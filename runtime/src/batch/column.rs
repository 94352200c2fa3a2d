//! A column: its elements, and which of them are there.
#![expect(unsafe_code, reason = "the row walk: values are read through the addresses that columns hold")]

use std::cmp::Ordering;
use std::rc::Rc;

use arrow_buffer::{ArrowNativeType, Buffer, MutableBuffer, ScalarBuffer};
use moltler_abi::DataType;
use moltler_abi::layout::Column;

use super::bitmap::{self, BitmapBuilder};
use super::text::{TextBuilder, Texts};
use crate::arena::Arena;
use crate::evaluate::compare_json;
use crate::value::Value;

/// The elements of a column, in Arrow's layout; a NULL is zero. Clones share them.
#[derive(Clone, Debug)]
pub(super) enum Elements {
    /// A bit each.
    Boolean(Buffer),
    /// Also timestamps.
    Integer(ScalarBuffer<i64>),
    Number(ScalarBuffer<f64>),
    Date(ScalarBuffer<i32>),
    Text(ScalarBuffer<u128>, Rc<Texts>),
    /// Documents, arrays and dynamics, and also intervals and untyped NULLs.
    Boxed(Boxes),
}

/// Values that are held outside of the column: handlers give them as objects and operators look into them, so that text would
/// be written and parsed again at every step. They become JSON text when a column leaves, see [`super::OwnedBatch::to_arrow`].
#[derive(Clone, Debug)]
pub(super) struct Boxes {
    /// Addresses of values; 0 where there is none.
    addresses: ScalarBuffer<u64>,
    /// The arenas with these values. Held, never read.
    held: Rc<[Rc<Arena>]>,
}

impl Boxes {
    /// # Safety
    /// Each address is 0, or that of a value in one of the arenas.
    pub(super) unsafe fn new(addresses: Buffer, rows: usize, held: Rc<[Rc<Arena>]>) -> Boxes {
        Boxes { addresses: ScalarBuffer::new(addresses, 0, rows), held }
    }

    /// The value of a row; NULL where there is none.
    pub(super) fn get(&self, row: usize) -> &Value {
        let address = self.addresses[row] as *const Value;
        if address.is_null() {
            return &Value::Null;
        }
        // SAFETY: the promise of `new`; arenas do not change while they are shared, and are held by `self`.
        unsafe { &*address }
    }

    /// 0 where there is no value.
    pub(super) fn address(&self, row: usize) -> u64 {
        self.addresses[row]
    }

    pub(super) fn held(&self) -> &Rc<[Rc<Arena>]> {
        &self.held
    }
}

/// A finished column. Clones share its memory.
#[derive(Clone, Debug)]
pub(super) struct ColumnData {
    pub(super) data_type: DataType,
    pub(super) elements: Elements,
    /// A bit for each row, set where there is a value.
    pub(super) validity: Buffer,
}

/// How the elements of a type lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Bits,
    Integer,
    Number,
    Date,
    Text,
    Boxed,
}

impl Form {
    pub(super) fn of(data_type: DataType) -> Form {
        match data_type {
            DataType::Boolean => Form::Bits,
            DataType::Integer | DataType::Timestamp => Form::Integer,
            DataType::Number => Form::Number,
            DataType::Date => Form::Date,
            DataType::String => Form::Text,
            DataType::Document | DataType::Array | DataType::Interval | DataType::Dynamic | DataType::Null => {
                Form::Boxed
            }
        }
    }

    /// How many bytes so many rows need.
    pub(super) fn bytes(self, rows: usize) -> usize {
        match self {
            Form::Bits => rows.div_ceil(8),
            Form::Date => rows * 4,
            Form::Integer | Form::Number | Form::Boxed => rows * 8,
            Form::Text => rows * 16,
        }
    }
}

impl ColumnData {
    pub(super) fn is_null(&self, row: usize) -> bool {
        !bitmap::get(&self.validity, row)
    }

    /// A text without copying it; `None` for NULL and for columns of other types.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        match &self.elements {
            Elements::Text(views, texts) if !self.is_null(row) => Some(text_of(&views[row], texts)),
            _ => None,
        }
    }

    pub(super) fn value(&self, row: usize) -> Value {
        if self.is_null(row) {
            return Value::Null;
        }
        match &self.elements {
            Elements::Boolean(bits) => Value::Boolean(bitmap::get(bits, row)),
            Elements::Integer(elements) if self.data_type == DataType::Timestamp => Value::Timestamp(elements[row]),
            Elements::Integer(elements) => Value::Integer(elements[row]),
            Elements::Number(elements) => Value::Number(elements[row]),
            Elements::Date(elements) => Value::Date(elements[row]),
            Elements::Text(views, texts) => Value::String(text_of(&views[row], texts).into()),
            Elements::Boxed(boxes) => boxes.get(row).clone(),
        }
    }

    /// Shows the value without copying a boxed one.
    pub(super) fn with_value<R>(&self, row: usize, see: impl FnOnce(&Value) -> R) -> R {
        match &self.elements {
            Elements::Boxed(boxes) => see(boxes.get(row)),
            _ => see(&self.value(row)),
        }
    }

    /// Order of two values of the same column type, neither NULL.
    pub(super) fn compare(&self, row: usize, other: &ColumnData, other_row: usize) -> Ordering {
        match (&self.elements, &other.elements) {
            (Elements::Boolean(left), Elements::Boolean(right)) => {
                bitmap::get(left, row).cmp(&bitmap::get(right, other_row))
            }
            (Elements::Integer(left), Elements::Integer(right)) => left[row].cmp(&right[other_row]),
            (Elements::Number(left), Elements::Number(right)) => left[row]
                .partial_cmp(&right[other_row])
                .unwrap_or_else(|| left[row].is_nan().cmp(&right[other_row].is_nan())),
            (Elements::Date(left), Elements::Date(right)) => left[row].cmp(&right[other_row]),
            (Elements::Text(left, left_texts), Elements::Text(right, right_texts)) => {
                left_texts.bytes(&left[row]).cmp(right_texts.bytes(&right[other_row]))
            }
            (Elements::Boxed(left), Elements::Boxed(right)) => compare_json(left.get(row), right.get(other_row)),
            _ => panic!("Invariant: only columns of the same type are compared"),
        }
    }

    /// A number that is ordered as the value is, which is not NULL; values with the same number may differ.
    pub(super) fn order_key(&self, row: usize) -> u64 {
        const SIGN: u64 = 1 << 63;
        match &self.elements {
            Elements::Boolean(bits) => u64::from(bitmap::get(bits, row)),
            Elements::Integer(elements) => elements[row] as u64 ^ SIGN,
            Elements::Number(elements) if elements[row].is_nan() => u64::MAX,
            Elements::Number(elements) => {
                // Adding makes -0.0 the same as 0.0.
                let bits = (elements[row] + 0.0).to_bits();
                if bits & SIGN == 0 { bits | SIGN } else { !bits }
            }
            Elements::Date(elements) => i64::from(elements[row]) as u64 ^ SIGN,
            Elements::Text(views, texts) => {
                let bytes = texts.bytes(&views[row]);
                let mut first = [0; 8];
                let length = bytes.len().min(8);
                first[..length].copy_from_slice(&bytes[..length]);
                u64::from_be_bytes(first)
            }
            Elements::Boxed(_) => 0,
        }
    }

    /// What generated code sees. Nothing may be written through it.
    pub(super) fn view(&self) -> Column {
        let (data, buffers) = match &self.elements {
            Elements::Boolean(bits) => (bits.as_ptr(), std::ptr::null()),
            Elements::Integer(elements) => (elements.inner().as_ptr(), std::ptr::null()),
            Elements::Number(elements) => (elements.inner().as_ptr(), std::ptr::null()),
            Elements::Date(elements) => (elements.inner().as_ptr(), std::ptr::null()),
            Elements::Text(views, texts) => (views.inner().as_ptr(), texts.addresses()),
            Elements::Boxed(boxes) => (boxes.addresses.inner().as_ptr(), std::ptr::null()),
        };
        Column { data: data.cast_mut(), validity: self.validity.as_ptr().cast_mut(), buffers }
    }

    /// The rows with these numbers, in this order.
    pub(super) fn select(&self, rows: &[u32]) -> ColumnData {
        let elements = match &self.elements {
            Elements::Boolean(bits) => {
                Elements::Boolean(bitmap::collect(rows.iter().map(|row| bitmap::get(bits, *row as usize))))
            }
            Elements::Integer(elements) => Elements::Integer(pick(elements, rows)),
            Elements::Number(elements) => Elements::Number(pick(elements, rows)),
            Elements::Date(elements) => Elements::Date(pick(elements, rows)),
            Elements::Text(views, texts) => Elements::Text(pick(views, rows), Rc::clone(texts)),
            Elements::Boxed(boxes) => {
                Elements::Boxed(Boxes { addresses: pick(&boxes.addresses, rows), held: Rc::clone(&boxes.held) })
            }
        };
        let validity = bitmap::collect(rows.iter().map(|row| bitmap::get(&self.validity, *row as usize)));
        ColumnData { data_type: self.data_type, elements, validity }
    }

    /// So many rows from `start` on, which share their elements.
    pub(super) fn slice(&self, start: usize, rows: usize) -> ColumnData {
        let bits = |bits: &Buffer| {
            if start.is_multiple_of(8) {
                bits.slice_with_length(start / 8, rows.div_ceil(8))
            } else {
                bitmap::collect((start..start + rows).map(|row| bitmap::get(bits, row)))
            }
        };
        let elements = match &self.elements {
            Elements::Boolean(elements) => Elements::Boolean(bits(elements)),
            Elements::Integer(elements) => Elements::Integer(elements.slice(start, rows)),
            Elements::Number(elements) => Elements::Number(elements.slice(start, rows)),
            Elements::Date(elements) => Elements::Date(elements.slice(start, rows)),
            Elements::Text(views, texts) => Elements::Text(views.slice(start, rows), Rc::clone(texts)),
            Elements::Boxed(boxes) => {
                Elements::Boxed(Boxes { addresses: boxes.addresses.slice(start, rows), held: Rc::clone(&boxes.held) })
            }
        };
        ColumnData { data_type: self.data_type, elements, validity: bits(&self.validity) }
    }
}

fn pick<T: ArrowNativeType>(elements: &[T], rows: &[u32]) -> ScalarBuffer<T> {
    scalars(rows.iter().map(|row| elements[*row as usize]))
}

/// Elements in memory aligned as Arrow recommends.
pub(super) fn scalars<T: ArrowNativeType>(elements: impl ExactSizeIterator<Item = T>) -> ScalarBuffer<T> {
    let rows = elements.len();
    let mut buffer = MutableBuffer::new(rows * size_of::<T>());
    buffer.extend(elements);
    ScalarBuffer::new(buffer.into(), 0, rows)
}

pub(super) fn text_of<'a>(view: &'a u128, texts: &'a Texts) -> &'a str {
    // SAFETY: Invariant: the texts of columns came from `str`s.
    unsafe { std::str::from_utf8_unchecked(texts.bytes(view)) }
}

/// A column that is being filled.
#[derive(Debug)]
pub(super) struct ColumnBuilder {
    pub(super) data_type: DataType,
    form: Form,
    /// All elements but bits.
    data: MutableBuffer,
    /// Elements that are bits.
    bits: BitmapBuilder,
    validity: BitmapBuilder,
}

impl ColumnBuilder {
    pub(super) fn new(data_type: DataType) -> ColumnBuilder {
        ColumnBuilder {
            data_type,
            form: Form::of(data_type),
            data: MutableBuffer::new(0),
            bits: BitmapBuilder::with_capacity(0),
            validity: BitmapBuilder::with_capacity(0),
        }
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    pub(super) fn len(&self) -> usize {
        self.validity.len()
    }

    pub(super) fn push_null(&mut self) {
        match self.form {
            Form::Bits => self.bits.push(false),
            form => self.data.extend_zeros(form.bytes(1)),
        }
        self.validity.push(false);
    }

    pub(super) fn push_bit(&mut self, value: bool) {
        self.bits.push(value);
        self.validity.push(true);
    }

    /// Appends an element as it lies in memory, which has the width of the column's form.
    pub(super) fn push_element<T: ArrowNativeType>(&mut self, element: T) {
        debug_assert_eq!(self.form.bytes(1), size_of::<T>());
        self.data.push(element);
        self.validity.push(true);
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        match self.form {
            Form::Bits => self.bits.truncate(rows),
            form => self.data.truncate(form.bytes(rows)),
        }
        self.validity.truncate(rows);
    }

    /// The column. `texts` and `values` are where its texts and values were put.
    ///
    /// # Safety
    /// The elements of a boxed column are addresses of values in `values`, or 0; views are about `texts`.
    pub(super) unsafe fn finish(self, texts: &Rc<Texts>, values: &Rc<[Rc<Arena>]>) -> ColumnData {
        let rows = self.validity.len();
        let data = if self.form == Form::Bits { self.bits.finish() } else { self.data.into() };
        // SAFETY: the caller's promise.
        unsafe { column(self.data_type, rows, data, self.validity.finish(), texts, values) }
    }
}

/// A column of `rows` rows from its parts.
///
/// # Safety
/// The elements of a boxed column are addresses of values in `values`, or 0; views are about `texts`, which are UTF-8.
pub(super) unsafe fn column(
    data_type: DataType,
    rows: usize,
    data: Buffer,
    validity: Buffer,
    texts: &Rc<Texts>,
    values: &Rc<[Rc<Arena>]>,
) -> ColumnData {
    let elements = match Form::of(data_type) {
        Form::Bits => Elements::Boolean(data),
        Form::Integer => Elements::Integer(ScalarBuffer::new(data, 0, rows)),
        Form::Number => Elements::Number(ScalarBuffer::new(data, 0, rows)),
        Form::Date => Elements::Date(ScalarBuffer::new(data, 0, rows)),
        Form::Text => Elements::Text(ScalarBuffer::new(data, 0, rows), Rc::clone(texts)),
        // SAFETY: the caller's promise.
        Form::Boxed => Elements::Boxed(unsafe { Boxes::new(data, rows, Rc::clone(values)) }),
    };
    ColumnData { data_type, elements, validity }
}

/// Puts texts and values of columns where they stay.
#[derive(Debug, Default)]
pub(super) struct Stores {
    pub(super) texts: TextBuilder,
    pub(super) values: Arena,
}

/// The columns of a builder.
pub(super) fn finish(columns: Vec<ColumnBuilder>, stores: Stores) -> Vec<ColumnData> {
    let texts = stores.texts.finish();
    let values: Rc<[Rc<Arena>]> = if stores.values.has_values() { [Rc::new(stores.values)].into() } else { [].into() };
    // SAFETY: a `BatchBuilder` puts all texts and values of its columns into its stores.
    columns.into_iter().map(|column| unsafe { column.finish(&texts, &values) }).collect()
}
