//! The walk from JavaScript objects to columns and values, over the engine's C interface.
//!
//! Leaving JavaScript through `JSON.stringify` costs many times as much as the rows themselves. The walk asks each row for
//! the wanted fields by atoms made once, and looks at the tag of what comes. Getters and proxies may run JavaScript in
//! between, so that every access may fail.
#![expect(unsafe_code, reason = "the row walk reads the tags of values")]

use moltler_abi::DataType;
use moltler_abi::manifest::Entity;
use rquickjs::qjs;

use super::failure::Thrown;
use super::walker::{Atom, FieldError, Owned, Raised, Walker};
use crate::batch::BatchBuilder;
use crate::coerce::{EpochUnit, coerce, epoch_to_timestamp, excerpt, number_to_integer, parse_timestamp};
use crate::value::Value;

/// Why a result could not be read.
#[derive(Debug)]
pub(super) enum WalkError {
    /// JavaScript ran and threw: what, and where in the result.
    Thrown(Box<Thrown>, String),
    /// A sentence.
    Wrong(String),
}

/// Which columns are wanted, and how their values are read.
pub(super) struct RowReader<'a> {
    entity: &'a Entity,
    source: &'a str,
    columns: Vec<ColumnReader<'a>>,
    null_on_type_error: bool,
    budget: u64,
    /// Values made NULL because they do not fit.
    pub(super) nulled: u64,
}

struct ColumnReader<'a> {
    name: &'a str,
    data_type: DataType,
    unit: Option<EpochUnit>,
}

impl<'a> RowReader<'a> {
    /// `budget` bounds the bytes of a result outside the JavaScript heap.
    pub(super) fn new(
        source: &'a str,
        entity: &'a Entity,
        columns: &[u32],
        null_on_type_error: bool,
        budget: u64,
    ) -> RowReader<'a> {
        let columns = columns
            .iter()
            .map(|index| {
                let field = &entity.fields[*index as usize];
                let unit = field.unit.as_deref().and_then(EpochUnit::from_name);
                ColumnReader { name: &field.name, data_type: field.data_type, unit }
            })
            .collect();
        RowReader { entity, source, columns, null_on_type_error, budget, nulled: 0 }
    }

    /// The types of the columns.
    pub(super) fn types(&self) -> Vec<DataType> {
        self.columns.iter().map(|column| column.data_type).collect()
    }

    /// Reads what a handler returned: an array of rows, or an object with such an array under the entity's name.
    pub(super) fn read_result(
        &mut self,
        value: &rquickjs::Value<'_>,
        builder: &mut BatchBuilder,
    ) -> Result<(), WalkError> {
        let walker = Walker::new(value.ctx());
        let value = walker.borrow(value);
        match self.rows_in(&walker, value.raw())? {
            Some(rows) => self.read_array(&walker, rows.raw(), builder),
            None => {
                Err(WalkError::Wrong(format!("{} returned {}", self.source, self.instead_of_rows(&walker, &value)?)))
            }
        }
    }

    /// Reads what a generator yielded: a row, an array of rows, or an object with such an array under the entity's name.
    pub(super) fn read_yielded(
        &mut self,
        value: &rquickjs::Value<'_>,
        builder: &mut BatchBuilder,
    ) -> Result<(), WalkError> {
        let walker = Walker::new(value.ctx());
        let value = walker.borrow(value);
        if let Some(rows) = self.rows_in(&walker, value.raw())? {
            return self.read_array(&walker, rows.raw(), builder);
        }
        let keys = if walker.is_plain(value.raw()) { walker.keys(value.raw())? } else { Vec::new() };
        let is_row = keys.iter().any(|key| self.entity.fields.iter().any(|field| field.name == *key));
        if !is_row {
            return Err(WalkError::Wrong(format!(
                "{} yielded {}",
                self.source,
                self.instead_of_rows(&walker, &value)?
            )));
        }
        let atoms = self.atoms(&walker)?;
        self.read_row(&walker, &atoms, value.raw(), builder.rows(), builder)
    }

    /// The array of rows that `value` is or holds.
    fn rows_in<'w>(&self, walker: &'w Walker, value: qjs::JSValue) -> Result<Option<Owned<'w>>, WalkError> {
        if walker.is_array(value) {
            return Ok(Some(walker.duplicate(value)));
        }
        if !walker.is_object(value) || walker.is_function(value) {
            return Ok(None);
        }
        let atom = walker.atom(&self.entity.name)?;
        let rows = walker.get(value, &atom).map_err(|thrown| thrown.at(&self.entity.name))?;
        Ok(walker.is_array(rows.raw()).then_some(rows))
    }

    /// The end of a sentence that tells what came instead of rows.
    fn instead_of_rows(&self, walker: &Walker, value: &Owned<'_>) -> Result<String, WalkError> {
        let value = value.raw();
        if !walker.is_object(value) || !walker.is_plain(value) {
            return Ok(format!("{}, not an array of rows", walker.kind(value)));
        }
        let keys = walker.keys(value)?;
        let mut found = format!("an object with {}, not an array of rows", listed(&keys));
        let mut arrays = Vec::new();
        for key in &keys {
            let atom = walker.atom(key)?;
            if walker.get(value, &atom).is_ok_and(|member| walker.is_array(member.raw())) {
                arrays.push(key.as_str());
            }
        }
        walker.clear_exception();
        let member = match arrays.as_slice() {
            [key] => key,
            _ => "items",
        };
        found.push_str(&format!("; end the handler with `return data.{member};` for the array in it"));
        Ok(found)
    }

    fn atoms<'w>(&self, walker: &'w Walker) -> Result<Vec<Atom<'w>>, WalkError> {
        Ok(self.columns.iter().map(|column| walker.atom(column.name)).collect::<Result<_, Raised>>()?)
    }

    fn read_array(
        &mut self,
        walker: &Walker,
        array: qjs::JSValue,
        builder: &mut BatchBuilder,
    ) -> Result<(), WalkError> {
        let atoms = self.atoms(walker)?;
        let length = walker.length(array)?;
        for index in 0..length {
            let row = walker.element(array, index).map_err(|thrown| thrown.at(&format!("row {index}")))?;
            self.read_row(walker, &atoms, row.raw(), index as usize, builder)?;
        }
        Ok(())
    }

    fn read_row(
        &mut self,
        walker: &Walker,
        atoms: &[Atom<'_>],
        row: qjs::JSValue,
        index: usize,
        builder: &mut BatchBuilder,
    ) -> Result<(), WalkError> {
        if !walker.is_object(row) || !walker.is_row(row) {
            let kind = walker.kind(row);
            return Err(WalkError::Wrong(format!("{}: row {index} is {kind}, not an object", self.source)));
        }
        for (column, atom) in atoms.iter().enumerate() {
            let (source, name) = (self.source, self.columns[column].name);
            let place = || format!("{source}, row {index}, field `{name}`");
            let value = walker.get_field(row, atom).map_err(|thrown| thrown.at(&place()))?;
            match self.read_field(walker, column, value.raw(), builder) {
                Ok(()) => {}
                Err(FieldError::Thrown(thrown)) => return Err(thrown.at(&place())),
                Err(FieldError::Budget) => return Err(self.too_large()),
                Err(FieldError::Misfit(_) | FieldError::NoData { .. }) if self.null_on_type_error => {
                    builder.push_null(column);
                    self.nulled += 1;
                }
                Err(FieldError::Misfit(reason)) => {
                    return Err(WalkError::Wrong(format!("{}: {reason}", place())));
                }
                Err(FieldError::NoData { path, kind }) => {
                    return Err(WalkError::Wrong(format!("{}: {}", place(), no_data(&path, &kind))));
                }
            }
        }
        builder.finish_row();
        self.budget = self.budget.checked_sub(8 * atoms.len() as u64 + 8).ok_or_else(|| self.too_large())?;
        Ok(())
    }

    fn too_large(&self) -> WalkError {
        WalkError::Wrong(format!("{}: the rows take too much memory; yield them page by page", self.source))
    }

    /// The fast paths: a tag that goes with the column's type. All else goes through [`Value`] and its coercions.
    fn read_field(
        &mut self,
        walker: &Walker,
        column: usize,
        value: qjs::JSValue,
        builder: &mut BatchBuilder,
    ) -> Result<(), FieldError> {
        let ColumnReader { data_type, unit, .. } = self.columns[column];
        // SAFETY: reading the tag and the plain payload that goes with it.
        let (tag, small) = unsafe { (qjs::JS_VALUE_GET_NORM_TAG(value), qjs::JS_VALUE_GET_INT(value)) };
        match (tag, data_type) {
            (qjs::JS_TAG_UNDEFINED | qjs::JS_TAG_NULL | qjs::JS_TAG_UNINITIALIZED, _) => builder.push_null(column),
            (qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE, DataType::String | DataType::Timestamp) => {
                let text = walker.text(value)?;
                let text = text.as_str();
                self.spend(text.len())?;
                if data_type == DataType::String {
                    builder.push_text(column, &text);
                } else {
                    match parse_timestamp(&text) {
                        Some(micros) => builder.push_integer(column, micros),
                        None => return self.read_slowly(walker, column, value, builder),
                    }
                }
            }
            (qjs::JS_TAG_INT, DataType::Integer) => builder.push_integer(column, i64::from(small)),
            (qjs::JS_TAG_INT, DataType::Number) => builder.push_number(column, f64::from(small)),
            (qjs::JS_TAG_BOOL, DataType::Boolean) => builder.push_boolean(column, small != 0),
            (qjs::JS_TAG_FLOAT64, _) => {
                // SAFETY: the tag says that it is a double.
                let number = unsafe { qjs::JS_VALUE_GET_FLOAT64(value) };
                match data_type {
                    _ if !number.is_finite() => builder.push_null(column),
                    DataType::Number => builder.push_number(column, number),
                    DataType::Integer if number_to_integer(number).is_some() => {
                        builder.push_integer(column, number as i64);
                    }
                    DataType::Timestamp => match epoch_to_timestamp(number, unit) {
                        Some(micros) => builder.push_integer(column, micros),
                        None => return Err(FieldError::Misfit(misfit(&Value::Number(number), data_type))),
                    },
                    _ => return self.read_slowly(walker, column, value, builder),
                }
            }
            (qjs::JS_TAG_OBJECT, DataType::Timestamp) if walker.is_date(value) => match walker.date(value)? {
                Some(micros) => builder.push_integer(column, micros),
                None => builder.push_null(column),
            },
            _ => return self.read_slowly(walker, column, value, builder),
        }
        Ok(())
    }

    fn read_slowly(
        &mut self,
        walker: &Walker,
        column: usize,
        value: qjs::JSValue,
        builder: &mut BatchBuilder,
    ) -> Result<(), FieldError> {
        let ColumnReader { data_type, unit, .. } = self.columns[column];
        let value = walker.value(value, &mut self.budget)?;
        match coerce(&value, data_type, unit) {
            Some(value) => builder.push(column, value),
            None => return Err(FieldError::Misfit(misfit(&value, data_type))),
        }
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), FieldError> {
        self.budget = self.budget.checked_sub(bytes as u64).ok_or(FieldError::Budget)?;
        Ok(())
    }
}

/// What a handler returned, as one value.
pub(super) fn read_value(value: &rquickjs::Value<'_>, source: &str, mut budget: u64) -> Result<Value, WalkError> {
    let walker = Walker::new(value.ctx());
    let result = walker.value(walker.borrow(value).raw(), &mut budget);
    result.map_err(|error| match error {
        FieldError::Thrown(thrown) => thrown.at(&format!("the result of {source}")),
        FieldError::Budget => WalkError::Wrong(format!("the result of {source} takes too much memory")),
        FieldError::Misfit(reason) => WalkError::Wrong(format!("the result of {source}: {reason}")),
        FieldError::NoData { path, kind } => {
            WalkError::Wrong(format!("the result of {source}: {}", no_data(&path, &kind)))
        }
    })
}

fn no_data(path: &str, kind: &str) -> String {
    if path.is_empty() { format!("it is {kind}") } else { format!("`{path}` in it is {kind}") }
}

fn misfit(value: &Value, data_type: DataType) -> String {
    let article = if matches!(data_type, DataType::Integer | DataType::Array) { "an" } else { "a" };
    format!("{} is not {article} {data_type}", excerpt(value))
}

/// `the keys `a`, `b`` or `no keys`.
fn listed(keys: &[String]) -> String {
    const SHOWN: usize = 10;
    if keys.is_empty() {
        return "no keys".to_owned();
    }
    let names: Vec<String> = keys.iter().take(SHOWN).map(|key| format!("`{key}`")).collect();
    let more = if keys.len() > SHOWN { format!(" and {} more", keys.len() - SHOWN) } else { String::new() };
    format!("the {} {}{more}", if keys.len() == 1 { "key" } else { "keys" }, names.join(", "))
}

impl Raised {
    fn at(self, place: &str) -> WalkError {
        WalkError::Thrown(self.0, place.to_owned())
    }
}

impl From<Raised> for WalkError {
    fn from(raised: Raised) -> WalkError {
        raised.at("the result")
    }
}
