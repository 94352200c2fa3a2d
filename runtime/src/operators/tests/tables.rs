//! Hand-made and random inputs: `Plan::Shared(i)` reads the i-th.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest::Operator as Plan;

use crate::batch::{BatchBuilder, OwnedBatch};
use crate::coerce::{coerce, value_from_json, value_to_json};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::operators::run_over;
use crate::output::Format;
use crate::testing::TestProgram;
use crate::value::Value;

/// Rows in batches.
pub(super) type Table = Vec<Rc<OwnedBatch>>;

/// The rows of a JSON array of arrays, in batches of two.
pub(super) fn table(types: &[DataType], json: &str) -> Table {
    let Ok(Value::Array(rows)) = value_from_json(json) else { panic!("not an array: {json}") };
    let rows = rows.iter().map(|row| match row {
        Value::Array(values) => values.to_vec(),
        other => panic!("not a row: {other:?}"),
    });
    table_of(types, &rows.collect::<Vec<_>>(), 2)
}

/// These rows in batches of so many.
pub(super) fn table_of(types: &[DataType], rows: &[Vec<Value>], size: usize) -> Table {
    let batch = |rows: &[Vec<Value>]| {
        let mut batch = BatchBuilder::new(types);
        for row in rows {
            for (column, value) in row.iter().enumerate() {
                batch.push(column, coerce(value, types[column], None).expect("a value of the column's type"));
            }
            batch.finish_row();
        }
        Rc::new(batch.finish())
    };
    rows.chunks(size).map(batch).collect()
}

/// All values of all rows.
pub(super) fn rows_of(batches: &[Rc<OwnedBatch>]) -> Vec<Vec<Value>> {
    let row =
        |batch: &OwnedBatch, row: usize| (0..batch.types().len()).map(|column| batch.value(column, row)).collect();
    batches.iter().flat_map(|batch| (0..batch.rows()).map(|index| row(batch, index)).collect::<Vec<_>>()).collect()
}

/// The rows that a plan makes of these inputs.
pub(super) fn run_in(context: &ExecContext, inputs: Vec<Table>, plan: &Plan) -> Result<Vec<Vec<Value>>, RuntimeError> {
    let mut batches = Vec::new();
    run_over(context, inputs.into_iter().map(Rc::new).collect(), plan, |batch| {
        batches.push(Rc::clone(batch));
        Ok(())
    })?;
    Ok(rows_of(&batches))
}

/// Like [`run_in`], without a program.
pub(super) fn run(inputs: Vec<Table>, plan: &Plan) -> Result<Vec<Vec<Value>>, RuntimeError> {
    run_in(&TestProgram::default().context(Format::Json), inputs, plan)
}

/// Rows as JSON arrays, or the error.
pub(super) fn show(rows: Result<Vec<Vec<Value>>, RuntimeError>) -> String {
    match rows {
        Ok(rows) => {
            rows.into_iter().map(|row| value_to_json(&Value::Array(Rc::new(row)))).collect::<Vec<_>>().join(" ")
        }
        Err(error) => error.to_string(),
    }
}

/// Random values that are the same in every run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    /// A value of this type out of a few, sometimes NULL.
    pub(super) fn value(&mut self, data_type: DataType) -> Value {
        if self.below(6) == 0 {
            return Value::Null;
        }
        let few = self.below(5) as i64 - 2;
        match data_type {
            DataType::Integer => Value::Integer(few),
            DataType::Number => Value::Number(few as f64 / 2.0),
            DataType::Boolean => Value::Boolean(few > 0),
            DataType::Timestamp => Value::Timestamp(few * 1_000_000),
            DataType::Date => Value::Date(few as i32),
            DataType::String => Value::String(["", "a", "b", "é", "ab"][(few + 2) as usize].into()),
            _ => {
                let texts = ["1", "1.0", "\"1\"", "[1]", "[1.0]", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1.0}", "true"];
                value_from_json(texts[self.below(texts.len() as u64) as usize]).expect("valid")
            }
        }
    }

    /// So many rows of these types.
    pub(super) fn rows(&mut self, types: &[DataType], count: u64) -> Vec<Vec<Value>> {
        (0..count).map(|_| types.iter().map(|data_type| self.value(*data_type)).collect()).collect()
    }
}
