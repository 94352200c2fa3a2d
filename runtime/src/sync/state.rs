//! The state of a sync, as it is kept in the target.

use std::collections::BTreeMap;

use moltler_abi::DataType;
use moltler_abi::manifest::Sync;
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use crate::coerce::{value_from_json, value_to_json};

/// Of this form.
const VERSION: u32 = 1;

/// Where the next run starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// The field of INCREMENTAL ON.
    field: Option<String>,
    /// WHERE.
    condition: String,
    /// For what a handler was told in `filters`, as JSON: the cursor, as JSON.
    cursors: BTreeMap<String, serde_json::Value>,
    /// Of APPEND: fingerprints of the rows at the cursor, so that they are not added again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<String>,
}

impl State {
    /// A sync that has not run.
    pub(super) fn new(field: Option<String>, condition: String) -> State {
        State { version: VERSION, field, condition, cursors: BTreeMap::new(), seen: Vec::new() }
    }

    /// The same of a statement.
    pub(super) fn of(sync: &Sync) -> State {
        State::new(sync.field.clone(), sync.condition.clone())
    }

    /// The state of an earlier run. One of another field or WHERE, or of another version of Moltler, is `fresh`; then a sentence
    /// says so.
    pub(super) fn read(text: Option<&str>, fresh: State) -> (State, Option<String>) {
        let Some(text) = text else { return (fresh, None) };
        let known: State = match serde_json::from_str(text) {
            Ok(known) => known,
            Err(error) => return (fresh, Some(format!("its state cannot be read ({error})"))),
        };
        let reason = if known.version != VERSION {
            format!("its state is of version {}", known.version)
        } else if known.field != fresh.field {
            let name = |field: &Option<String>| match field {
                Some(field) => format!("INCREMENTAL ON `{field}`"),
                None => "a full refresh".to_owned(),
            };
            format!("it was {} and is {}", name(&known.field), name(&fresh.field))
        } else if known.condition != fresh.condition {
            let name = |condition: &str| match condition {
                "" => "no WHERE".to_owned(),
                condition => format!("WHERE {condition}"),
            };
            format!("it had {} and has {}", name(&known.condition), name(&fresh.condition))
        } else {
            return (known, None);
        };
        // A full refresh remembers nothing that would be lost.
        let is_told = !known.cursors.is_empty() || known.condition != fresh.condition;
        (fresh, is_told.then_some(reason))
    }

    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("Invariant: a state is JSON")
    }

    /// Whether an earlier run got anywhere.
    pub(super) fn is_fresh(&self) -> bool {
        self.cursors.is_empty()
    }

    /// The cursor of calls with these filters.
    pub(super) fn cursor(&self, filters: &str, data_type: DataType) -> Option<Cursor> {
        let json = self.cursors.get(filters)?;
        Cursor::from_value(&value_from_json(&json.to_string()).ok()?, data_type)
    }

    /// All cursors.
    pub(super) fn cursors(&self, data_type: DataType) -> impl Iterator<Item = Cursor> {
        self.cursors.keys().filter_map(move |filters| self.cursor(filters, data_type))
    }

    /// Fingerprints of rows of APPEND.
    pub(super) fn seen(&self) -> &[String] {
        &self.seen
    }

    pub(super) fn keep_seen(&mut self, seen: Vec<String>) {
        self.seen = seen;
    }

    pub(super) fn set_cursor(&mut self, filters: &str, cursor: &Cursor) {
        let json = value_to_json(&cursor.to_value());
        let json = serde_json::from_str(&json).unwrap_or(serde_json::Value::String(json));
        self.cursors.insert(filters.to_owned(), json);
    }

    /// All cursors at this value.
    pub(super) fn rewind(&mut self, cursor: &Cursor) {
        let known: Vec<String> = self.cursors.keys().cloned().collect();
        for filters in known {
            self.set_cursor(&filters, cursor);
        }
        self.seen.clear();
    }

    /// The cursors by filters, for people.
    pub(super) fn shown(&self) -> String {
        match self.cursors.iter().next() {
            None => String::new(),
            Some((_, only)) if self.cursors.len() == 1 => match only {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            Some(_) => serde_json::to_string(&self.cursors).unwrap_or_default(),
        }
    }
}
