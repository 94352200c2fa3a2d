//! Rows in columns, in Apache Arrow's layout as [`moltler_abi::layout`] says, together with all that they point to.
//!
//! [`BatchBuilder`] is filled row by row by a connector or by an operator; [`OwnedBatch`] is what it becomes. Generated code sees
//! an owned batch through [`OwnedBatch::with_view`], and writes its result into an [`OutputBatch`]. Columns are shared, never
//! changed: passing one on, or handing it out as Arrow's array ([`OwnedBatch::to_arrow`]), copies nothing.

use std::cmp::Ordering;
use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::layout::{Batch, Column};

use crate::coerce::{write_json, write_json_string};
use crate::value::Value;

mod arrow;
mod bitmap;
mod column;
mod combine;
mod key;
mod key_table;
mod output;
mod text;

pub use combine::{NO_ROW, Place};
pub use key::{exact as write_exact_key, json as write_json_key, typed as write_typed_key};
pub use key_table::KeyTable;
pub use output::OutputBatch;
pub(crate) use text::{TextBuilder, Texts};

use column::{ColumnBuilder, ColumnData, Form, Stores};

/// How many rows a batch should have.
pub const BATCH_ROWS: usize = 1024;

/// A batch that is being filled, row by row: a push for some or all columns, then [`BatchBuilder::finish_row`].
#[derive(Debug)]
pub struct BatchBuilder {
    columns: Vec<ColumnBuilder>,
    stores: Stores,
    rows: usize,
}

impl BatchBuilder {
    /// An empty batch with columns of these types.
    pub fn new(types: &[DataType]) -> BatchBuilder {
        BatchBuilder {
            columns: types.iter().map(|data_type| ColumnBuilder::new(*data_type)).collect(),
            stores: Stores::default(),
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

    fn column(&mut self, column: usize, form: Form) -> &mut ColumnBuilder {
        let column = &mut self.columns[column];
        if column.form() != form {
            mismatch(column.data_type);
        }
        column
    }

    /// Into a column of type boolean.
    pub fn push_boolean(&mut self, column: usize, value: bool) {
        self.column(column, Form::Bits).push_bit(value);
    }

    /// Into a column of type integer or timestamp (microseconds).
    pub fn push_integer(&mut self, column: usize, value: i64) {
        self.column(column, Form::Integer).push_element(value);
    }

    /// Into a column of type number; NaN and infinities become NULL.
    pub fn push_number(&mut self, column: usize, value: f64) {
        let column = self.column(column, Form::Number);
        if value.is_finite() { column.push_element(value) } else { column.push_null() }
    }

    /// Into a column of type date (days).
    pub fn push_date(&mut self, column: usize, days: i32) {
        self.column(column, Form::Date).push_element(days);
    }

    /// Into a column of type string; copies the text.
    pub fn push_text(&mut self, column: usize, text: &str) {
        let view = self.stores.texts.view(text);
        self.column(column, Form::Text).push_element(view);
    }

    /// Into a column of any type. `value` has that type already, as [`crate::coerce::coerce`] gives it, or is NULL.
    pub fn push(&mut self, column: usize, value: Value) {
        match value {
            Value::Null => self.push_null(column),
            value if self.columns[column].form() == Form::Boxed => {
                let address = self.stores.values.value(value);
                self.columns[column].push_element(address as u64);
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
            if column.len() < self.rows {
                column.push_null();
            }
            assert_eq!(column.len(), self.rows, "Invariant: a row has one value for each column");
        }
    }

    /// Takes back what was pushed since the last finished row: the row is in error and skipped.
    pub fn discard_row(&mut self) {
        for column in &mut self.columns {
            column.truncate(self.rows);
        }
    }

    /// The finished rows.
    pub fn finish(mut self) -> OwnedBatch {
        self.discard_row();
        OwnedBatch { columns: column::finish(self.columns, self.stores), rows: self.rows }
    }
}

fn mismatch(data_type: DataType) {
    panic!("Invariant: a value pushed into a column of type {data_type} is of that type");
}

/// Rows in columns and everything they point to. Clones share it.
#[derive(Clone, Debug)]
pub struct OwnedBatch {
    columns: Vec<ColumnData>,
    rows: usize,
}

impl OwnedBatch {
    /// So many rows without columns.
    pub fn without_columns(rows: usize) -> OwnedBatch {
        OwnedBatch { columns: Vec::new(), rows }
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
        self.columns[column].is_null(row)
    }

    /// A text without copying it; `None` for NULL and for columns of other types.
    pub fn text(&self, column: usize, row: usize) -> Option<&str> {
        self.columns[column].text(row)
    }

    /// The value at this place.
    pub fn value(&self, column: usize, row: usize) -> Value {
        self.columns[column].value(row)
    }

    /// Appends the value at this place as JSON.
    pub fn write_json(&self, column: usize, row: usize, out: &mut String) {
        let column = &self.columns[column];
        match column.text(row) {
            Some(text) => write_json_string(text, out),
            None => column.with_value(row, |value| write_json(value, out)),
        }
    }

    /// Puts `value`, which has the column's type, where the column is NULL.
    pub fn fill_nulls(&mut self, column: usize, value: &Value) {
        let types = [self.columns[column].data_type];
        let mut one = BatchBuilder::new(&types);
        one.push(0, value.clone());
        one.finish_row();
        let former = OwnedBatch { columns: vec![self.columns[column].clone()], rows: self.rows };
        let places: Vec<Place> =
            (0..self.rows as u32).map(|row| if former.is_null(0, row as usize) { (1, 0) } else { (0, row) }).collect();
        let mut filled = OwnedBatch::take(&types, &[Rc::new(former), Rc::new(one.finish())], &places);
        self.columns[column] = filled.columns.remove(0);
    }

    /// Order of two values of the same column type, neither NULL.
    pub fn compare(&self, row: usize, other: &OwnedBatch, other_row: usize, column: usize) -> Ordering {
        self.columns[column].compare(row, &other.columns[column], other_row)
    }

    /// A number for each row whose order is that of the column's values wherever two of them differ: rows with the same number
    /// may still differ. NULLs get the greatest number, or the least where they come first; `descending` turns the order of
    /// the others around.
    pub fn order_keys(&self, column: usize, descending: bool, nulls_first: bool) -> Vec<u64> {
        let column = &self.columns[column];
        let of_nulls = if nulls_first { 0 } else { u64::MAX };
        let flip = if descending { u64::MAX } else { 0 };
        let key = |row| if column.is_null(row) { of_nulls } else { column.order_key(row) ^ flip };
        (0..self.rows).map(key).collect()
    }

    /// Shows the batch to generated code for the time of a call. Nothing may be written through the view.
    pub fn with_view<R>(&self, see: impl FnOnce(&Batch) -> R) -> R {
        let columns: Vec<Column> = self.columns.iter().map(ColumnData::view).collect();
        see(&Batch { rows: self.rows, columns: columns.as_ptr(), selection: std::ptr::null_mut() })
    }
}

#[cfg(test)]
mod tests;
