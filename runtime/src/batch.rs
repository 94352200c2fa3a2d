//! Rows in columns, laid out as [`moltler_abi::layout`] says, together with all that they point to.
//!
//! [`BatchBuilder`] is filled row by row by a connector or by an operator; [`OwnedBatch`] is what it becomes. Generated code sees
//! an owned batch through [`OwnedBatch::with_view`], and writes its result into an [`OutputBatch`].
#![expect(unsafe_code, reason = "the row walk: texts and values are read through the addresses that columns hold")]

use std::cmp::Ordering;
use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::layout::{Batch, Column, Text};

use crate::arena::Arena;
use crate::evaluate::compare_json;
use crate::value::Value;

mod combine;
mod key;

pub use combine::{NO_ROW, Place};
pub use key::{exact as write_exact_key, json as write_json_key, typed as write_typed_key};

/// How many rows a batch should have.
pub const BATCH_ROWS: usize = 1024;

/// The elements of a column, as wide as its type says; a NULL is zero.
#[derive(Debug)]
enum Elements {
    Boolean(Vec<u8>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Date(Vec<i32>),
    Text(Vec<Text>),
    /// Documents, arrays, dynamics, and also intervals and untyped NULLs: addresses of values.
    Boxed(Vec<*const Value>),
}

const NO_TEXT: Text = Text { data: std::ptr::null(), length: 0 };

impl Elements {
    fn with_capacity(data_type: DataType, rows: usize) -> Elements {
        match data_type {
            DataType::Boolean => Elements::Boolean(Vec::with_capacity(rows)),
            DataType::Integer | DataType::Timestamp => Elements::Integer(Vec::with_capacity(rows)),
            DataType::Number => Elements::Number(Vec::with_capacity(rows)),
            DataType::Date => Elements::Date(Vec::with_capacity(rows)),
            DataType::String => Elements::Text(Vec::with_capacity(rows)),
            DataType::Document | DataType::Array | DataType::Interval | DataType::Dynamic | DataType::Null => {
                Elements::Boxed(Vec::with_capacity(rows))
            }
        }
    }

    fn push_null(&mut self) {
        match self {
            Elements::Boolean(elements) => elements.push(0),
            Elements::Integer(elements) => elements.push(0),
            Elements::Number(elements) => elements.push(0.0),
            Elements::Date(elements) => elements.push(0),
            Elements::Text(elements) => elements.push(NO_TEXT),
            Elements::Boxed(elements) => elements.push(std::ptr::null()),
        }
    }

    fn resize(&mut self, rows: usize) {
        match self {
            Elements::Boolean(elements) => elements.resize(rows, 0),
            Elements::Integer(elements) => elements.resize(rows, 0),
            Elements::Number(elements) => elements.resize(rows, 0.0),
            Elements::Date(elements) => elements.resize(rows, 0),
            Elements::Text(elements) => elements.resize(rows, NO_TEXT),
            Elements::Boxed(elements) => elements.resize(rows, std::ptr::null()),
        }
    }

    fn address(&mut self) -> *mut u8 {
        match self {
            Elements::Boolean(elements) => elements.as_mut_ptr(),
            Elements::Integer(elements) => elements.as_mut_ptr().cast(),
            Elements::Number(elements) => elements.as_mut_ptr().cast(),
            Elements::Date(elements) => elements.as_mut_ptr().cast(),
            Elements::Text(elements) => elements.as_mut_ptr().cast(),
            Elements::Boxed(elements) => elements.as_mut_ptr().cast(),
        }
    }
}

#[derive(Debug)]
struct ColumnData {
    data_type: DataType,
    elements: Elements,
    /// A byte for each row: 1 where there is a value.
    validity: Vec<u8>,
}

impl ColumnData {
    fn with_capacity(data_type: DataType, rows: usize) -> ColumnData {
        ColumnData { data_type, elements: Elements::with_capacity(data_type, rows), validity: Vec::with_capacity(rows) }
    }

    fn push_null(&mut self) {
        self.elements.push_null();
        self.validity.push(0);
    }

    /// Copies an element; what it points to must outlive this column.
    fn push_element(&mut self, from: &ColumnData, row: usize) {
        match (&mut self.elements, &from.elements) {
            (Elements::Boolean(to), Elements::Boolean(from)) => to.push(from[row]),
            (Elements::Integer(to), Elements::Integer(from)) => to.push(from[row]),
            (Elements::Number(to), Elements::Number(from)) => to.push(from[row]),
            (Elements::Date(to), Elements::Date(from)) => to.push(from[row]),
            (Elements::Text(to), Elements::Text(from)) => to.push(from[row]),
            (Elements::Boxed(to), Elements::Boxed(from)) => to.push(from[row]),
            _ => panic!("Invariant: rows are taken from batches of the same types"),
        }
        self.validity.push(from.validity[row]);
    }
}

/// A batch that is being filled, row by row: a push for some or all columns, then [`BatchBuilder::finish_row`].
#[derive(Debug)]
pub struct BatchBuilder {
    columns: Vec<ColumnData>,
    arena: Arena,
    rows: usize,
}

impl BatchBuilder {
    /// An empty batch with columns of these types.
    pub fn new(types: &[DataType]) -> BatchBuilder {
        BatchBuilder {
            columns: types.iter().map(|data_type| ColumnData::with_capacity(*data_type, 0)).collect(),
            arena: Arena::new(),
            rows: 0,
        }
    }

    /// How many rows are finished.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The type of a column.
    pub fn data_type(&self, column: usize) -> DataType {
        self.columns[column].data_type
    }

    /// NULL; also what a column gets that nothing is pushed to in a row.
    pub fn push_null(&mut self, column: usize) {
        self.columns[column].push_null();
    }

    /// Into a column of type boolean.
    pub fn push_boolean(&mut self, column: usize, value: bool) {
        let column = &mut self.columns[column];
        let Elements::Boolean(elements) = &mut column.elements else { return mismatch(column.data_type) };
        elements.push(u8::from(value));
        column.validity.push(1);
    }

    /// Into a column of type integer or timestamp (microseconds).
    pub fn push_integer(&mut self, column: usize, value: i64) {
        let column = &mut self.columns[column];
        let Elements::Integer(elements) = &mut column.elements else { return mismatch(column.data_type) };
        elements.push(value);
        column.validity.push(1);
    }

    /// Into a column of type number; NaN and infinities become NULL.
    pub fn push_number(&mut self, column: usize, value: f64) {
        let column = &mut self.columns[column];
        let Elements::Number(elements) = &mut column.elements else { return mismatch(column.data_type) };
        elements.push(if value.is_finite() { value } else { 0.0 });
        column.validity.push(u8::from(value.is_finite()));
    }

    /// Into a column of type date (days).
    pub fn push_date(&mut self, column: usize, days: i32) {
        let column = &mut self.columns[column];
        let Elements::Date(elements) = &mut column.elements else { return mismatch(column.data_type) };
        elements.push(days);
        column.validity.push(1);
    }

    /// Into a column of type string; copies the text.
    pub fn push_text(&mut self, column: usize, text: &str) {
        let column = &mut self.columns[column];
        let Elements::Text(elements) = &mut column.elements else { return mismatch(column.data_type) };
        let (data, length) = self.arena.text(text);
        elements.push(Text { data, length });
        column.validity.push(1);
    }

    /// Into a column of any type. `value` has that type already, as [`crate::coerce::coerce`] gives it, or is NULL.
    pub fn push(&mut self, column: usize, value: Value) {
        match value {
            Value::Null => self.push_null(column),
            value if matches!(self.columns[column].elements, Elements::Boxed(_)) => {
                let address = self.arena.value(value);
                let column = &mut self.columns[column];
                if let Elements::Boxed(elements) = &mut column.elements {
                    elements.push(address);
                }
                column.validity.push(1);
            }
            Value::Boolean(boolean) => self.push_boolean(column, boolean),
            Value::Integer(integer) | Value::Timestamp(integer) => self.push_integer(column, integer),
            Value::Number(number) => self.push_number(column, number),
            Value::Date(days) => self.push_date(column, days),
            Value::String(text) => self.push_text(column, &text),
            Value::Interval(_) | Value::Array(_) | Value::Document(_) => mismatch(self.columns[column].data_type),
        }
    }

    /// Ends a row: a column without a value for it gets NULL. A column must not have been given two.
    pub fn finish_row(&mut self) {
        self.rows += 1;
        for column in &mut self.columns {
            if column.validity.len() < self.rows {
                column.push_null();
            }
            assert_eq!(column.validity.len(), self.rows, "Invariant: a row has one value for each column");
        }
    }

    /// Takes back what was pushed since the last finished row: the row is in error and skipped.
    pub fn discard_row(&mut self) {
        for column in &mut self.columns {
            column.elements.resize(self.rows);
            column.validity.resize(self.rows, 0);
        }
    }

    /// The finished rows.
    pub fn finish(mut self) -> OwnedBatch {
        self.discard_row();
        OwnedBatch { columns: self.columns, rows: self.rows, _arena: self.arena, inputs: Vec::new() }
    }
}

fn mismatch(data_type: DataType) {
    panic!("Invariant: a value pushed into a column of type {data_type} is of that type");
}

/// Rows in columns and everything they point to.
#[derive(Debug)]
pub struct OwnedBatch {
    columns: Vec<ColumnData>,
    rows: usize,
    /// What the columns point to, unless it belongs to one of `inputs`. Held, never read.
    _arena: Arena,
    inputs: Vec<Rc<OwnedBatch>>,
}

impl OwnedBatch {
    /// So many rows without columns.
    pub fn without_columns(rows: usize) -> OwnedBatch {
        OwnedBatch { columns: Vec::new(), rows, _arena: Arena::new(), inputs: Vec::new() }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The types of the columns.
    pub fn types(&self) -> Vec<DataType> {
        self.columns.iter().map(|column| column.data_type).collect()
    }

    /// Whether there is no value.
    pub fn is_null(&self, column: usize, row: usize) -> bool {
        self.columns[column].validity[row] == 0
    }

    /// A text without copying it; `None` for NULL and for columns of other types.
    pub fn text(&self, column: usize, row: usize) -> Option<&str> {
        let column = &self.columns[column];
        if column.validity[row] == 0 {
            return None;
        }
        let Elements::Text(elements) = &column.elements else { return None };
        // SAFETY: the bytes belong to an arena or a source text that lives as long as this batch, and were a `&str` when they
        // were pushed or written by generated code.
        Some(unsafe { text_of(&elements[row]) })
    }

    /// The value at this place.
    pub fn value(&self, column: usize, row: usize) -> Value {
        let column = &self.columns[column];
        if column.validity[row] == 0 {
            return Value::Null;
        }
        match &column.elements {
            Elements::Boolean(elements) => Value::Boolean(elements[row] != 0),
            Elements::Integer(elements) if column.data_type == DataType::Timestamp => Value::Timestamp(elements[row]),
            Elements::Integer(elements) => Value::Integer(elements[row]),
            Elements::Number(elements) => Value::Number(elements[row]),
            Elements::Date(elements) => Value::Date(elements[row]),
            // SAFETY: as in `text`.
            Elements::Text(elements) => Value::String(unsafe { text_of(&elements[row]) }.into()),
            // SAFETY: an address in a valid element is that of a value in this batch's arena or in one of its inputs'.
            Elements::Boxed(elements) => unsafe { &*elements[row] }.clone(),
        }
    }

    /// Puts `value`, which has the column's type, where the column is NULL.
    pub fn fill_nulls(&mut self, column: usize, value: &Value) {
        let mut one = BatchBuilder::new(&[self.columns[column].data_type]);
        one.push(0, value.clone());
        one.finish_row();
        let filler = Rc::new(one.finish());
        let former = std::mem::replace(
            &mut self.columns[column],
            ColumnData::with_capacity(filler.columns[0].data_type, self.rows),
        );
        for row in 0..self.rows {
            if former.validity[row] == 0 {
                self.columns[column].push_element(&filler.columns[0], 0);
            } else {
                self.columns[column].push_element(&former, row);
            }
        }
        self.inputs.push(filler);
    }

    /// Order of two values of the same column type, neither NULL.
    pub fn compare(&self, row: usize, other: &OwnedBatch, other_row: usize, column: usize) -> Ordering {
        match (&self.columns[column].elements, &other.columns[column].elements) {
            (Elements::Boolean(left), Elements::Boolean(right)) => left[row].cmp(&right[other_row]),
            (Elements::Integer(left), Elements::Integer(right)) => left[row].cmp(&right[other_row]),
            (Elements::Number(left), Elements::Number(right)) => left[row]
                .partial_cmp(&right[other_row])
                .unwrap_or_else(|| left[row].is_nan().cmp(&right[other_row].is_nan())),
            (Elements::Date(left), Elements::Date(right)) => left[row].cmp(&right[other_row]),
            // SAFETY: as in `text`.
            (Elements::Text(left), Elements::Text(right)) => unsafe {
                text_of(&left[row]).cmp(text_of(&right[other_row]))
            },
            // SAFETY: as in `value`.
            (Elements::Boxed(left), Elements::Boxed(right)) => unsafe { compare_json(&*left[row], &*right[other_row]) },
            _ => panic!("Invariant: only columns of the same type are compared"),
        }
    }

    /// Shows the batch to generated code for the time of a call. Nothing may be written through the view.
    pub fn with_view<R>(&self, see: impl FnOnce(&Batch) -> R) -> R {
        let address = |elements: &Elements| -> *const u8 {
            match elements {
                Elements::Boolean(elements) => elements.as_ptr(),
                Elements::Integer(elements) => elements.as_ptr().cast(),
                Elements::Number(elements) => elements.as_ptr().cast(),
                Elements::Date(elements) => elements.as_ptr().cast(),
                Elements::Text(elements) => elements.as_ptr().cast(),
                Elements::Boxed(elements) => elements.as_ptr().cast(),
            }
        };
        let columns: Vec<Column> = self
            .columns
            .iter()
            .map(|column| Column {
                data: address(&column.elements).cast_mut(),
                validity: column.validity.as_ptr().cast_mut(),
            })
            .collect();
        see(&Batch { rows: self.rows, columns: columns.as_ptr() })
    }

    /// The rows with these places `(batch, row)`, in this order, of batches with the same types. Texts are shared, not copied.
    pub fn gather(batches: &[Rc<OwnedBatch>], places: &[(u32, u32)]) -> OwnedBatch {
        let types = batches.first().map(|batch| batch.types()).unwrap_or_default();
        let columns = types
            .iter()
            .enumerate()
            .map(|(index, data_type)| {
                let mut column = ColumnData::with_capacity(*data_type, places.len());
                for (batch, row) in places {
                    column.push_element(&batches[*batch as usize].columns[index], *row as usize);
                }
                column
            })
            .collect();
        OwnedBatch { columns, rows: places.len(), _arena: Arena::new(), inputs: batches.to_vec() }
    }
}

/// # Safety
/// The text's bytes are valid UTF-8 and live for `'a`; its address may be null where its length is 0.
unsafe fn text_of<'a>(text: &Text) -> &'a str {
    if text.length == 0 {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(text.data, text.length)) }
}

/// Room for the rows that a pipeline writes.
#[derive(Debug)]
pub struct OutputBatch {
    columns: Vec<ColumnData>,
    capacity: usize,
}

impl OutputBatch {
    /// Room for `capacity` rows with columns of these types.
    pub fn new(types: &[DataType], capacity: usize) -> OutputBatch {
        let columns = types
            .iter()
            .map(|data_type| {
                let mut column = ColumnData::with_capacity(*data_type, capacity);
                column.elements.resize(capacity);
                column.validity.resize(capacity, 0);
                column
            })
            .collect();
        OutputBatch { columns, capacity }
    }

    /// Lets generated code write rows from the first on; it sets `rows`.
    pub fn with_view<R>(&mut self, write: impl FnOnce(&mut Batch) -> R) -> (R, usize) {
        let columns: Vec<Column> = self
            .columns
            .iter_mut()
            .map(|column| Column { data: column.elements.address(), validity: column.validity.as_mut_ptr() })
            .collect();
        let mut view = Batch { rows: 0, columns: columns.as_ptr() };
        let result = write(&mut view);
        (result, view.rows)
    }

    /// The first `rows` rows as a batch. What they point to lies in `input`, in `arena`, or in what both keep alive.
    pub fn finish(mut self, rows: usize, arena: Arena, input: Rc<OwnedBatch>) -> OwnedBatch {
        assert!(rows <= self.capacity, "Invariant: a pipeline writes at most as many rows as it reads");
        for column in &mut self.columns {
            column.elements.resize(rows);
            column.validity.truncate(rows);
        }
        OwnedBatch { columns: self.columns, rows, _arena: arena, inputs: vec![input] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Document;

    fn sample() -> OwnedBatch {
        let mut builder =
            BatchBuilder::new(&[DataType::String, DataType::Integer, DataType::Timestamp, DataType::Document]);
        builder.push_text(0, "a");
        builder.push_integer(1, 7);
        builder.push_integer(2, 1_000_000);
        builder.push(3, Value::Document(Rc::new(Document::from([("k".into(), Value::Boolean(true))]))));
        builder.finish_row();
        builder.push(0, Value::String("héllo".into()));
        builder.finish_row();
        builder.push_text(0, "unfinished");
        builder.finish()
    }

    #[test]
    fn rows_read_back() {
        let batch = sample();
        assert_eq!(batch.rows(), 2);
        assert_eq!(batch.text(0, 1), Some("héllo"));
        assert_eq!(batch.value(1, 0), Value::Integer(7));
        assert_eq!(batch.value(2, 0), Value::Timestamp(1_000_000));
        assert!(matches!(batch.value(3, 0), Value::Document(_)));
        assert!(batch.is_null(1, 1) && batch.value(3, 1) == Value::Null);
    }

    #[test]
    fn nulls_are_filled() {
        let mut batch = sample();
        batch.fill_nulls(1, &Value::Integer(9));
        batch.fill_nulls(0, &Value::String("unused".into()));
        assert_eq!((batch.value(1, 0), batch.value(1, 1)), (Value::Integer(7), Value::Integer(9)));
        assert_eq!(batch.text(0, 1), Some("héllo"));
    }

    #[test]
    fn gathered_rows_outlive_their_batches() {
        let batches = vec![Rc::new(sample()), Rc::new(sample())];
        let gathered = OwnedBatch::gather(&batches, &[(1, 1), (0, 0)]);
        drop(batches);
        assert_eq!(gathered.text(0, 0), Some("héllo"));
        assert_eq!(gathered.value(1, 1), Value::Integer(7));
        assert!(matches!(gathered.value(3, 1), Value::Document(_)));
    }

    #[test]
    fn generated_code_sees_and_writes_the_layout() {
        let input = Rc::new(sample());
        let mut output = OutputBatch::new(&[DataType::Integer, DataType::String], input.rows());
        let ((), rows) = output.with_view(|to| {
            input.with_view(|from| {
                // SAFETY: columns and rows are within those of the two batches, types as declared above.
                unsafe {
                    let number = (*from.columns.add(1)).data.cast::<i64>().read();
                    let text = (*from.columns).data.cast::<Text>().add(1).read();
                    let integers = *to.columns;
                    integers.data.cast::<i64>().write(number + 1);
                    integers.validity.write(1);
                    let texts = *to.columns.add(1);
                    texts.data.cast::<Text>().write(text);
                    texts.validity.write(1);
                }
            });
            to.rows = 1;
        });
        let output = output.finish(rows, Arena::new(), input);
        assert_eq!((output.rows(), output.value(0, 0), output.text(1, 0)), (1, Value::Integer(8), Some("héllo")));
    }
}
