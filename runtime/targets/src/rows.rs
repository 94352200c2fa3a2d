//! The values of a record batch.

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;

use crate::{ColumnType, Failure, Result, Table, TargetError};

/// A column of a batch with its type known.
#[derive(Clone, Copy)]
pub(crate) enum Values<'b> {
    Text(&'b StringViewArray),
    Number(&'b Float64Array),
    Integer(&'b Int64Array),
    Boolean(&'b BooleanArray),
    Timestamp(&'b TimestampMicrosecondArray),
    Date(&'b Date32Array),
    Json(&'b StringViewArray),
}

/// A value that is not NULL.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'b> {
    Text(&'b str),
    Number(f64),
    Integer(i64),
    Boolean(bool),
    /// Microseconds.
    Timestamp(i64),
    /// Days.
    Date(i32),
    /// JSON.
    Json(&'b str),
}

impl<'b> Values<'b> {
    /// An array that has this type.
    pub(crate) fn of(column_type: ColumnType, array: &'b ArrayRef) -> Values<'b> {
        match column_type {
            ColumnType::Text => Values::Text(array.as_string_view()),
            ColumnType::Json => Values::Json(array.as_string_view()),
            ColumnType::Number => Values::Number(array.as_primitive::<Float64Type>()),
            ColumnType::Integer => Values::Integer(array.as_primitive::<Int64Type>()),
            ColumnType::Boolean => Values::Boolean(array.as_boolean()),
            ColumnType::Timestamp => Values::Timestamp(array.as_primitive::<TimestampMicrosecondType>()),
            ColumnType::Date => Values::Date(array.as_primitive::<Date32Type>()),
        }
    }

    /// The value in this row; `None` for NULL.
    pub(crate) fn get(&self, row: usize) -> Option<Cell<'b>> {
        fn there<'b>(array: &'b dyn Array, row: usize, cell: impl FnOnce() -> Cell<'b>) -> Option<Cell<'b>> {
            array.is_valid(row).then(cell)
        }
        match *self {
            Values::Text(array) => there(array, row, || Cell::Text(array.value(row))),
            Values::Number(array) => there(array, row, || Cell::Number(array.value(row))),
            Values::Integer(array) => there(array, row, || Cell::Integer(array.value(row))),
            Values::Boolean(array) => there(array, row, || Cell::Boolean(array.value(row))),
            Values::Timestamp(array) => there(array, row, || Cell::Timestamp(array.value(row))),
            Values::Date(array) => there(array, row, || Cell::Date(array.value(row))),
            Values::Json(array) => there(array, row, || Cell::Json(array.value(row))),
        }
    }
}

/// The columns of a batch, which must be those of the table.
pub(crate) fn columns<'b>(table: &Table, batch: &'b RecordBatch) -> Result<Vec<Values<'b>>> {
    let schema = batch.schema_ref();
    let wrong = |what: String| TargetError::new(Failure::Schema, format!("rows of `{}`: {what}", table.name));
    if schema.fields().len() != table.columns.len() {
        return Err(wrong(format!("{} columns instead of {}", schema.fields().len(), table.columns.len())));
    }
    let columns = table.columns.iter().zip(schema.fields()).zip(batch.columns());
    let columns = columns.map(|((column, field), array)| {
        if ColumnType::of(field) != Some(column.column_type) {
            return Err(wrong(format!(
                "`{}` is {}, not {}",
                column.name,
                field.data_type(),
                column.column_type.name()
            )));
        }
        Ok(Values::of(column.column_type, array))
    });
    columns.collect()
}

/// Appends `2024-01-31T12:00:00.000000Z`, with so many digits of a second. Beyond the years that people count, the number of
/// microseconds.
pub(crate) fn write_timestamp(micros: i64, digits: u8, out: &mut String) {
    match Timestamp::from_microsecond(micros) {
        Ok(time) => {
            let printer = DateTimePrinter::new().precision(Some(digits));
            printer.print_timestamp(&time, out).expect("Invariant: a text takes all characters");
        }
        Err(_) => out.push_str(&micros.to_string()),
    }
}

/// A time as it sorts as text: always with microseconds.
pub(crate) fn sortable_timestamp(micros: i64) -> String {
    let mut text = String::with_capacity(27);
    write_timestamp(micros, 6, &mut text);
    text
}

/// Now, as in the history.
pub fn now() -> String {
    sortable_timestamp(Timestamp::now().as_microsecond())
}

/// Appends `2024-01-31`.
pub(crate) fn write_date(days: i32, out: &mut String) {
    let epoch = Date::constant(1970, 1, 1);
    match epoch.checked_add(jiff::Span::new().try_days(days).unwrap_or_default()) {
        Ok(date) => out.push_str(&date.to_string()),
        Err(_) => out.push_str(&days.to_string()),
    }
}
