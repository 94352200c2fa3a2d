//! Batches made of others: rows of one or many, columns of two.

use std::rc::Rc;

use moltler_abi::DataType;

use super::{BatchBuilder, ColumnData, Elements, OwnedBatch, text_of};
use crate::arena::Arena;

/// A place `(batch, row)`.
pub type Place = (u32, u32);

/// Stands for a row of NULLs.
pub const NO_ROW: Place = (u32::MAX, u32::MAX);

impl BatchBuilder {
    /// Copies a value of the same type; nothing of `from` is needed afterwards.
    pub fn push_from(&mut self, column: usize, from: &OwnedBatch, from_column: usize, row: usize) {
        if from.is_null(from_column, row) {
            return self.push_null(column);
        }
        match &from.columns[from_column].elements {
            // SAFETY: as in `OwnedBatch::text`.
            Elements::Text(elements) => self.push_text(column, unsafe { text_of(&elements[row]) }),
            // SAFETY: as in `OwnedBatch::value`.
            Elements::Boxed(elements) => self.push(column, unsafe { &*elements[row] }.clone()),
            _ => {
                self.columns[column].push_element(&from.columns[from_column], row);
            }
        }
    }

    /// Copies a row of the same types.
    pub fn push_row(&mut self, from: &OwnedBatch, row: usize) {
        for column in 0..self.columns.len() {
            self.push_from(column, from, column, row);
        }
        self.finish_row();
    }
}

impl OwnedBatch {
    /// The rows at these places, in this order, of batches whose columns have these types. What they point to is shared.
    pub fn take(types: &[DataType], batches: &[Rc<OwnedBatch>], places: &[Place]) -> OwnedBatch {
        let columns = types
            .iter()
            .enumerate()
            .map(|(index, data_type)| {
                let mut column = ColumnData::with_capacity(*data_type, places.len());
                for place in places {
                    if *place == NO_ROW {
                        column.push_null();
                    } else {
                        column.push_element(&batches[place.0 as usize].columns[index], place.1 as usize);
                    }
                }
                column
            })
            .collect();
        OwnedBatch { columns, rows: places.len(), _arena: Arena::new(), inputs: batches.to_vec() }
    }

    /// All rows of all batches as one batch.
    pub fn concat(types: &[DataType], batches: &[Rc<OwnedBatch>]) -> OwnedBatch {
        let places = |(index, batch): (usize, &Rc<OwnedBatch>)| {
            (0..batch.rows() as u32).map(move |row| (index as u32, row)).collect::<Vec<_>>()
        };
        let places: Vec<Place> = batches.iter().enumerate().flat_map(places).collect();
        OwnedBatch::take(types, batches, &places)
    }

    /// The columns of `left`, then those of `right`, which has as many rows.
    pub fn beside(left: OwnedBatch, right: OwnedBatch) -> OwnedBatch {
        assert_eq!(left.rows, right.rows, "Invariant: batches side by side have the same number of rows");
        let OwnedBatch { mut columns, rows, _arena: arena, mut inputs } = left;
        columns.extend(right.columns);
        inputs.extend(right.inputs);
        // Moving a batch moves no text and no value: what the columns of `right` point to stays where it is.
        let held = OwnedBatch { columns: Vec::new(), rows, _arena: right._arena, inputs: Vec::new() };
        inputs.push(Rc::new(held));
        OwnedBatch { columns, rows, _arena: arena, inputs }
    }

    /// The elements of a column of type integer or timestamp, and a byte each that is 0 where it is NULL.
    pub fn integers(&self, column: usize) -> Option<(&[i64], &[u8])> {
        let column = &self.columns[column];
        let Elements::Integer(elements) = &column.elements else { return None };
        Some((elements, &column.validity))
    }

    /// The elements of a column of type number, and a byte each that is 0 where it is NULL.
    pub fn numbers(&self, column: usize) -> Option<(&[f64], &[u8])> {
        let column = &self.columns[column];
        let Elements::Number(elements) = &column.elements else { return None };
        Some((elements, &column.validity))
    }

    /// Whether a boolean column is TRUE.
    pub fn is_true(&self, column: usize, row: usize) -> bool {
        let column = &self.columns[column];
        matches!(&column.elements, Elements::Boolean(elements) if column.validity[row] != 0 && elements[row] != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coerce::{value_from_json, value_to_json};
    use crate::value::Value;

    const TYPES: [DataType; 3] = [DataType::Integer, DataType::String, DataType::Dynamic];

    fn batch(rows: &[(i64, &str, &str)]) -> Rc<OwnedBatch> {
        let mut batch = BatchBuilder::new(&TYPES);
        for (integer, text, json) in rows {
            batch.push_integer(0, *integer);
            batch.push_text(1, text);
            batch.push(2, value_from_json(json).expect("valid"));
            batch.finish_row();
        }
        Rc::new(batch.finish())
    }

    fn show(batch: &OwnedBatch) -> String {
        let rows: Vec<String> = (0..batch.rows())
            .map(|row| {
                let values = (0..batch.types().len()).map(|column| batch.value(column, row)).collect::<Vec<Value>>();
                value_to_json(&Value::Array(Rc::new(values)))
            })
            .collect();
        rows.join(" ")
    }

    #[test]
    fn rows_of_many_batches() {
        let batches = vec![batch(&[(1, "a", "[1]"), (2, "b", "null")]), batch(&[(3, "c", "{}")])];
        let taken = OwnedBatch::take(&TYPES, &batches, &[(1, 0), NO_ROW, (0, 1), (0, 0), (0, 0)]);
        let all = OwnedBatch::concat(&TYPES, &batches);
        let none = OwnedBatch::take(&TYPES, &[], &[NO_ROW]);
        drop(batches);
        assert_eq!(show(&taken), r#"[3,"c",{}] [null,null,null] [2,"b",null] [1,"a",[1]] [1,"a",[1]]"#);
        assert_eq!(show(&all), r#"[1,"a",[1]] [2,"b",null] [3,"c",{}]"#);
        assert_eq!(show(&none), "[null,null,null]");
    }

    #[test]
    fn columns_of_two_batches() {
        let mut right = BatchBuilder::new(&[DataType::String]);
        right.push_text(0, "right");
        right.finish_row();
        let left = OwnedBatch::concat(&TYPES, &[batch(&[(1, "left", "[true]")])]);
        let both = OwnedBatch::beside(left, right.finish());
        assert_eq!(show(&both), r#"[1,"left",[true],"right"]"#);
    }

    #[test]
    fn copied_rows_need_nothing_of_their_batch() {
        let from = batch(&[(1, "a", "[1]"), (2, "b", "null")]);
        let mut copy = BatchBuilder::new(&TYPES);
        copy.push_row(&from, 1);
        copy.push_row(&from, 0);
        drop(from);
        assert_eq!(show(&copy.finish()), r#"[2,"b",null] [1,"a",[1]]"#);
    }
}
