//! Batches as Arrow's record batches and back, sharing their memory.
#![expect(unsafe_code, reason = "views that are known to be right are not checked again")]

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringViewArray, TimestampMicrosecondArray,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use arrow_schema::{DataType as ArrowType, Field, Schema, TimeUnit};
use moltler_abi::DataType;

use super::column::{ColumnData, Elements, scalars};
use super::text::{TextBuilder, Texts};
use super::{BatchBuilder, OwnedBatch, bitmap};
use crate::coerce::{value_from_json, value_to_json};
use crate::value::Value;

/// Arrow's canonical name for texts that are JSON.
const JSON: &str = "arrow.json";
const UTC: &str = "UTC";

impl OwnedBatch {
    /// The rows as Arrow's, columns under these names. Documents, arrays and dynamics become JSON texts, marked as `arrow.json`;
    /// all other columns share their memory with this batch. Timestamps are microseconds in UTC.
    pub fn to_arrow(&self, names: &[&str]) -> RecordBatch {
        assert_eq!(names.len(), self.columns.len(), "Invariant: each column has a name");
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) =
            self.columns.iter().zip(names).map(|(column, name)| to_array(column, self.rows, name)).unzip();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .expect("Invariant: columns of a batch are of the same length")
    }

    /// A batch of Arrow's rows, which shares their memory as far as it can: a column with NULLs is copied once, since here the
    /// elements of NULLs are zero. `Err` names a column of a type that has no counterpart.
    pub fn from_arrow(batch: &RecordBatch) -> Result<OwnedBatch, String> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, array)| {
            from_array(field, array).ok_or_else(|| {
                format!("column `{}` is of type {}, which is not known here", field.name(), field.data_type())
            })
        });
        Ok(OwnedBatch { columns: columns.collect::<Result<_, _>>()?, rows: batch.num_rows() })
    }
}

fn to_array(column: &ColumnData, rows: usize, name: &str) -> (Field, ArrayRef) {
    let nulls = NullBuffer::new(BooleanBuffer::new(column.validity.clone(), 0, rows));
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    let texts = |views: &ScalarBuffer<u128>, texts: &Texts, nulls| -> ArrayRef {
        // SAFETY: the views of a column are about its buffers, and are of UTF-8 texts.
        Arc::new(unsafe { StringViewArray::new_unchecked(views.clone(), Arc::clone(texts.buffers()), nulls) })
    };
    let (array, is_json): (ArrayRef, bool) = match &column.elements {
        Elements::Boolean(bits) => {
            (Arc::new(BooleanArray::new(BooleanBuffer::new(bits.clone(), 0, rows), nulls)), false)
        }
        Elements::Integer(elements) if column.data_type == DataType::Timestamp => {
            (Arc::new(TimestampMicrosecondArray::new(elements.clone(), nulls).with_timezone(UTC)), false)
        }
        Elements::Integer(elements) => (Arc::new(Int64Array::new(elements.clone(), nulls)), false),
        Elements::Number(elements) => (Arc::new(Float64Array::new(elements.clone(), nulls)), false),
        Elements::Date(elements) => (Arc::new(Date32Array::new(elements.clone(), nulls)), false),
        Elements::Text(views, buffers) => (texts(views, buffers, nulls), false),
        Elements::Boxed(boxes) => {
            let mut written = TextBuilder::default();
            let views = scalars((0..rows).map(|row| match boxes.get(row) {
                Value::Null => 0,
                value => written.view(&value_to_json(value)),
            }));
            (texts(&views, &written.finish(), nulls), true)
        }
    };
    let mut field = Field::new(name, array.data_type().clone(), true);
    if is_json {
        field = field.with_metadata(HashMap::from([(EXTENSION_TYPE_NAME_KEY.to_owned(), JSON.to_owned())]));
    }
    (field, array)
}

/// `None` for a type that is not known.
fn from_array(field: &Field, array: &ArrayRef) -> Option<ColumnData> {
    let rows = array.len();
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let mut validity = match nulls {
        None => bitmap::all_set(rows),
        Some(nulls) => nulls.inner().sliced(),
    };
    let is_json = field.metadata().get(EXTENSION_TYPE_NAME_KEY).is_some_and(|name| name == JSON);
    let (data_type, elements) = match array.data_type() {
        ArrowType::Boolean => {
            let values = array.as_boolean().values();
            let bits = match nulls {
                None => values.sliced(),
                Some(nulls) => (values & nulls.inner()).sliced(),
            };
            (DataType::Boolean, Elements::Boolean(bits))
        }
        ArrowType::Int64 => {
            (DataType::Integer, Elements::Integer(without_nulls(array.as_primitive::<Int64Type>().values(), nulls)))
        }
        // Whatever its time zone, Arrow counts from 1970 in UTC.
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => {
            let values = array.as_primitive::<TimestampMicrosecondType>().values();
            (DataType::Timestamp, Elements::Integer(without_nulls(values, nulls)))
        }
        ArrowType::Date32 => {
            (DataType::Date, Elements::Date(without_nulls(array.as_primitive::<Date32Type>().values(), nulls)))
        }
        ArrowType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            if values.iter().all(|value| value.is_finite()) {
                (DataType::Number, Elements::Number(without_nulls(values, nulls)))
            } else {
                // Here, NaN and infinities are NULL.
                let there = |row: usize| values[row].is_finite() && nulls.is_none_or(|nulls| nulls.is_valid(row));
                validity = bitmap::collect((0..rows).map(there));
                let finite = scalars((0..rows).map(|row| if there(row) { values[row] } else { 0.0 }));
                (DataType::Number, Elements::Number(finite))
            }
        }
        ArrowType::Utf8View if is_json => {
            let texts = array.as_string_view();
            let mut builder = BatchBuilder::new(&[DataType::Dynamic]);
            for text in texts {
                builder.push(0, text.map_or(Ok(Value::Null), value_from_json).ok()?);
                builder.finish_row();
            }
            return builder.finish().columns.pop();
        }
        ArrowType::Utf8View => {
            let texts = array.as_string_view();
            let buffers = Texts::new(Arc::clone(texts.data_buffers()));
            (DataType::String, Elements::Text(without_nulls(texts.views(), nulls), buffers))
        }
        _ => return None,
    };
    Some(ColumnData { data_type, elements, validity })
}

/// The elements, zero where they are NULL.
fn without_nulls<T: ArrowNativeType>(elements: &ScalarBuffer<T>, nulls: Option<&NullBuffer>) -> ScalarBuffer<T> {
    match nulls {
        None => elements.clone(),
        Some(nulls) => scalars(
            elements.iter().enumerate().map(|(row, value)| if nulls.is_valid(row) { *value } else { T::default() }),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [DataType; 7] = [
        DataType::Boolean,
        DataType::Integer,
        DataType::Number,
        DataType::Timestamp,
        DataType::Date,
        DataType::String,
        DataType::Document,
    ];
    const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

    fn sample(with_nulls: bool) -> OwnedBatch {
        let mut batch = BatchBuilder::new(&TYPES);
        for row in 0..100_i64 {
            if with_nulls && row % 7 == 3 {
                batch.finish_row();
                continue;
            }
            batch.push_boolean(0, row % 3 == 0);
            batch.push_integer(1, row);
            batch.push_number(2, row as f64 / 4.0);
            batch.push_integer(3, row * 1_000_000);
            batch.push_date(4, row as i32);
            batch.push_text(5, &"é".repeat(row as usize));
            batch.push(6, value_from_json(&format!("{{\"n\":[{row}]}}")).expect("valid"));
            batch.finish_row();
        }
        batch.finish()
    }

    fn rows(batch: &OwnedBatch) -> Vec<Vec<Value>> {
        (0..batch.rows()).map(|row| (0..TYPES.len()).map(|column| batch.value(column, row)).collect()).collect()
    }

    fn addresses(batch: &OwnedBatch) -> Vec<*mut u8> {
        batch.columns[..6].iter().map(|column| column.view().data).collect()
    }

    #[test]
    fn memory_is_shared_both_ways() {
        let batch = sample(false);
        let arrow = batch.to_arrow(&NAMES);
        for (array, address) in arrow.columns().iter().zip(addresses(&batch)) {
            let data = array.to_data();
            assert_eq!(data.buffers()[0].as_ptr(), address.cast_const(), "{}", array.data_type());
            assert_eq!(address as usize % 64, 0);
        }
        let back = OwnedBatch::from_arrow(&arrow).expect("known types");
        assert_eq!(addresses(&back), addresses(&batch));
        assert_eq!(rows(&back), rows(&batch));
        assert_eq!(
            arrow.schema().field(6).metadata().get("ARROW:extension:name").map(String::as_str),
            Some("arrow.json")
        );
    }

    #[test]
    fn nulls_and_parts_survive() {
        for batch in
            [sample(true), sample(true).slice(3, 50), sample(false).slice(8, 0), OwnedBatch::take(&TYPES, &[], &[])]
        {
            let back = OwnedBatch::from_arrow(&batch.to_arrow(&NAMES)).expect("known types");
            assert_eq!(rows(&back), rows(&batch));
        }
        let part = sample(true).to_arrow(&NAMES).slice(5, 40);
        assert_eq!(rows(&OwnedBatch::from_arrow(&part).expect("known types")), rows(&sample(true).slice(5, 40)));
    }

    #[test]
    fn foreign_values_are_made_fit() {
        let strange = Float64Array::from(vec![Some(1.5), Some(f64::NAN), None, Some(f64::INFINITY)]);
        let texts = StringViewArray::from(vec![Some("a"), None, Some("longer than twelve bytes"), Some("")]);
        let batch = RecordBatch::try_from_iter([("x", Arc::new(strange) as ArrayRef), ("y", Arc::new(texts))]);
        let batch = OwnedBatch::from_arrow(&batch.expect("two columns")).expect("known types");
        let column = |column| (0..4).map(|row| batch.value(column, row)).collect::<Vec<_>>();
        assert_eq!(column(0), [Value::Number(1.5), Value::Null, Value::Null, Value::Null]);
        assert_eq!(batch.text(1, 2), Some("longer than twelve bytes"));
        assert_eq!((batch.text(1, 0), batch.text(1, 1), batch.text(1, 3)), (Some("a"), None, Some("")));
        let unknown = arrow_array::Int8Array::from(vec![1]);
        let batch = RecordBatch::try_from_iter([("z", Arc::new(unknown) as ArrayRef)]).expect("a column");
        assert_eq!(
            OwnedBatch::from_arrow(&batch).err().as_deref(),
            Some("column `z` is of type Int8, which is not known here")
        );
    }

    #[test]
    fn rows_without_columns_are_counted() {
        let batch = OwnedBatch::without_columns(3);
        assert_eq!(batch.to_arrow(&[]).num_rows(), 3);
        assert_eq!(OwnedBatch::from_arrow(&batch.to_arrow(&[])).map(|batch| batch.rows()), Ok(3));
    }
}
