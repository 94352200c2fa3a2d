//! Batches made of others: rows of one or many, columns of two.
#![expect(unsafe_code, reason = "columns are made of parts of others")]

use std::rc::Rc;

use arrow_buffer::{ArrowNativeType, Buffer};
use moltler_abi::DataType;
use moltler_abi::layout::view;
use rustc_hash::FxHashMap;

use super::column::{Boxes, ColumnData, Elements, Form, scalars};
use super::text::Texts;
use super::{BatchBuilder, OwnedBatch, bitmap};
use crate::arena::Arena;

/// A place `(batch, row)`.
pub type Place = (u32, u32);

/// Stands for a row of NULLs.
pub const NO_ROW: Place = (u32::MAX, u32::MAX);

impl BatchBuilder {
    /// Copies a value of the same type; nothing of `from` is needed afterwards.
    pub fn push_from(&mut self, column: usize, from: &OwnedBatch, from_column: usize, row: usize) {
        let from = &from.columns[from_column];
        if from.is_null(row) {
            return self.push_null(column);
        }
        match &from.elements {
            Elements::Boolean(bits) => self.push_boolean(column, bitmap::get(bits, row)),
            Elements::Integer(elements) => self.push_integer(column, elements[row]),
            Elements::Number(elements) => self.push_number(column, elements[row]),
            Elements::Date(elements) => self.push_date(column, elements[row]),
            Elements::Text(..) => self.push_text(column, from.text(row).unwrap_or_default()),
            Elements::Boxed(boxes) => self.push(column, boxes.get(row).clone()),
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
        let column = |(index, data_type): (usize, &DataType)| {
            let sources: Vec<&ColumnData> = batches.iter().map(|batch| &batch.columns[index]).collect();
            take_column(*data_type, &sources, places)
        };
        OwnedBatch { columns: types.iter().enumerate().map(column).collect(), rows: places.len() }
    }

    /// The rows with these numbers, in this order.
    pub fn select(&self, rows: &[u32]) -> OwnedBatch {
        OwnedBatch { columns: self.columns.iter().map(|column| column.select(rows)).collect(), rows: rows.len() }
    }

    /// So many rows from `start` on, without copying them.
    pub fn slice(&self, start: usize, rows: usize) -> OwnedBatch {
        OwnedBatch { columns: self.columns.iter().map(|column| column.slice(start, rows)).collect(), rows }
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
        let OwnedBatch { mut columns, rows } = left;
        columns.extend(right.columns);
        OwnedBatch { columns, rows }
    }

    /// The elements of a column of type integer or timestamp; zero where it is NULL.
    pub fn integers(&self, column: usize) -> Option<&[i64]> {
        match &self.columns[column].elements {
            Elements::Integer(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a column of type number; zero where it is NULL.
    pub fn numbers(&self, column: usize) -> Option<&[f64]> {
        match &self.columns[column].elements {
            Elements::Number(elements) => Some(elements),
            _ => None,
        }
    }

    /// Whether a boolean column is TRUE.
    pub fn is_true(&self, column: usize, row: usize) -> bool {
        let column = &self.columns[column];
        matches!(&column.elements, Elements::Boolean(bits) if !column.is_null(row) && bitmap::get(bits, row))
    }
}

fn take_column(data_type: DataType, sources: &[&ColumnData], places: &[Place]) -> ColumnData {
    let source = |place: &Place| (*place != NO_ROW).then(|| (sources[place.0 as usize], place.1 as usize));
    let bits = |bit: &dyn Fn(&ColumnData, usize) -> bool| {
        bitmap::collect(places.iter().map(|place| source(place).is_some_and(|(column, row)| bit(column, row))))
    };
    let elements = match Form::of(data_type) {
        Form::Bits => Elements::Boolean(bits(&|column, row| match &column.elements {
            Elements::Boolean(elements) => bitmap::get(elements, row),
            _ => wrong_type(),
        })),
        Form::Integer => Elements::Integer(take_elements(sources, places, |column| match &column.elements {
            Elements::Integer(elements) => elements,
            _ => wrong_type(),
        })),
        Form::Number => Elements::Number(take_elements(sources, places, |column| match &column.elements {
            Elements::Number(elements) => elements,
            _ => wrong_type(),
        })),
        Form::Date => Elements::Date(take_elements(sources, places, |column| match &column.elements {
            Elements::Date(elements) => elements,
            _ => wrong_type(),
        })),
        Form::Text => take_texts(sources, places),
        Form::Boxed => Elements::Boxed(take_boxes(sources, places)),
    };
    ColumnData { data_type, elements, validity: bits(&|column, row| !column.is_null(row)) }
}

fn take_elements<'a, T: ArrowNativeType>(
    sources: &[&'a ColumnData],
    places: &[Place],
    elements: impl Fn(&'a ColumnData) -> &'a [T],
) -> arrow_buffer::ScalarBuffer<T> {
    let sources: Vec<&[T]> = sources.iter().map(|column| elements(column)).collect();
    scalars(
        places.iter().map(
            |place| {
                if *place == NO_ROW { T::default() } else { sources[place.0 as usize][place.1 as usize] }
            },
        ),
    )
}

/// The views of the places, about the buffers that they need.
fn take_texts(sources: &[&ColumnData], places: &[Place]) -> Elements {
    let parts: Vec<(&[u128], &Rc<Texts>)> = sources
        .iter()
        .map(|column| match &column.elements {
            Elements::Text(views, texts) => (&views[..], texts),
            _ => wrong_type(),
        })
        .collect();
    if let [(views, texts)] = parts.as_slice() {
        let view = |place: &Place| if *place == NO_ROW { 0 } else { views[place.1 as usize] };
        return Elements::Text(scalars(places.iter().map(view)), Rc::clone(texts));
    }
    let mut buffers: Vec<Buffer> = Vec::new();
    let mut numbers: FxHashMap<(u32, u32), u32> = FxHashMap::default();
    let views = scalars(places.iter().map(|place| {
        if *place == NO_ROW {
            return 0;
        }
        let (views, texts) = parts[place.0 as usize];
        let found = views[place.1 as usize];
        if view::length(found) <= view::INLINE {
            return found;
        }
        let (buffer, offset) = view::place(found);
        let number = *numbers.entry((place.0, buffer)).or_insert_with(|| {
            buffers.push(texts.buffers()[buffer as usize].clone());
            buffers.len() as u32 - 1
        });
        found & u128::from(u64::MAX) | u128::from(number) << 64 | u128::from(offset) << 96
    }));
    Elements::Text(views, Texts::new(buffers.into()))
}

fn take_boxes(sources: &[&ColumnData], places: &[Place]) -> Boxes {
    let parts: Vec<&Boxes> = sources
        .iter()
        .map(|column| match &column.elements {
            Elements::Boxed(boxes) => boxes,
            _ => wrong_type(),
        })
        .collect();
    let mut used = vec![false; parts.len()];
    let addresses = scalars(places.iter().map(|place| {
        if *place == NO_ROW {
            return 0;
        }
        used[place.0 as usize] = true;
        parts[place.0 as usize].address(place.1 as usize)
    }));
    let mut held: Vec<Rc<Arena>> = Vec::new();
    for (boxes, _) in parts.iter().zip(&used).filter(|(_, used)| **used) {
        held.extend(boxes.held().iter().cloned());
    }
    // SAFETY: the addresses are those of the sources, whose arenas are held where an address was taken.
    unsafe { Boxes::new(addresses.into_inner(), places.len(), held.into()) }
}

fn wrong_type() -> ! {
    panic!("Invariant: rows are taken from batches of the same types")
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
    fn long_texts_of_many_batches() {
        let long = |letter: &str| letter.repeat(20);
        let batches: Vec<_> = ["a", "b", "c"].map(|letter| batch(&[(0, &long(letter), "1"), (1, letter, "2")])).into();
        let taken = OwnedBatch::take(&TYPES, &batches, &[(2, 0), (0, 1), (0, 0), NO_ROW, (2, 0)]);
        drop(batches);
        let texts: Vec<_> = (0..5).map(|row| taken.text(1, row).map(str::to_owned)).collect();
        assert_eq!(texts, [Some(long("c")), Some("a".to_owned()), Some(long("a")), None, Some(long("c"))]);
    }

    #[test]
    fn parts_of_a_batch() {
        let rows: Vec<(i64, String, String)> =
            (0..40).map(|row| (row, "x".repeat(row as usize), row.to_string())).collect();
        let all = batch(&rows.iter().map(|(number, text, json)| (*number, &text[..], &json[..])).collect::<Vec<_>>());
        for (start, count) in [(0, 40), (8, 9), (3, 20), (39, 1), (40, 0)] {
            let slice = all.slice(start, count);
            let picked = all.select(&(start as u32..(start + count) as u32).collect::<Vec<_>>());
            let places: Vec<Place> = (start..start + count).map(|row| (0, row as u32)).collect();
            let taken = OwnedBatch::take(&TYPES, &[Rc::clone(&all)], &places);
            assert_eq!((slice.rows(), show(&slice)), (count, show(&taken)));
            assert_eq!(show(&picked), show(&taken));
        }
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
