//! Batches as operators and generated code see them.
#![expect(unsafe_code, reason = "stands in for generated code")]

use moltler_abi::layout::view;
use moltler_abi::manifest::{FunctionId, Output, Pipeline};

use super::*;
use crate::arena::Arena;
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
fn generated_code_sees_and_writes_the_layout() {
    let input = sample();
    let outputs = vec![Output::Column(0), Output::Computed(DataType::Integer), Output::Computed(DataType::String)];
    let pipeline = Pipeline { code: FunctionId(0), filters: true, outputs };
    let mut output = OutputBatch::new(&pipeline, input.rows());
    let mut arena = Arena::new();
    let ((), rows) = output.with_view(|to| {
        input.with_view(|from| {
            // SAFETY: columns and rows are within those of the two batches, types as declared above.
            unsafe {
                let texts = *from.columns;
                assert_eq!((texts.validity.read() & 3, (*from.columns.add(1)).validity.read() & 3), (3, 1));
                let number = (*from.columns.add(1)).data.cast::<i64>().read();
                let text = texts.data.cast::<u128>().add(1).read();
                assert_eq!(view::inline("héllo".as_bytes()), Some(text));
                let integers = *to.columns;
                integers.data.cast::<i64>().write(number + 1);
                integers.validity.write(1);
                let texts = *to.columns.add(1);
                texts.data.cast::<u128>().write(arena.column_text("longer than twelve bytes"));
                texts.validity.write(1);
                to.selection.write(1);
            }
        });
        to.rows = 1;
    });
    // SAFETY: as written above.
    let output = unsafe { output.finish(rows, arena, &input) };
    assert_eq!((output.rows(), output.value(1, 0), output.text(0, 0)), (1, Value::Integer(8), Some("héllo")));
    assert_eq!(output.text(2, 0), Some("longer than twelve bytes"));
}
