//! Documents on their way, as `_bulk` takes them: a line that says which one, a line that is the document.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::server::{Body, Server};
use crate::json::{Writer, key, write_cell, write_string};
use crate::rows::{Cell, Values};
use crate::{Failure, Rejected, Result, Table, TargetError};

/// A body is sent when it has so many bytes,
const BYTES: usize = 5 << 20;
/// or so many documents.
const DOCUMENTS: usize = 5000;
/// The longest id there is.
const ID_BYTES: usize = 512;
/// How often documents are sent for which there was no room.
const TRIES: u32 = 8;

/// A document on its way.
struct Item {
    /// Where it starts in the text.
    start: usize,
    /// Where its line starts.
    document: usize,
}

/// Documents on their way.
pub(super) struct Bulk {
    writer: Writer,
    text: String,
    items: Vec<Item>,
}

/// The id of a row's document: the value of a key of one column, else an array as JSON.
pub(super) fn document_id(values: &[Values<'_>], columns: &[usize], row: usize) -> String {
    let mut text = String::new();
    if let [column] = columns {
        match values[*column].get(row) {
            // A text that looks like an array would be taken for one.
            Some(Cell::Text(plain)) if !plain.is_empty() && !plain.starts_with('[') => return plain.to_owned(),
            Some(cell @ (Cell::Integer(_) | Cell::Number(_) | Cell::Boolean(_))) => {
                write_cell(cell, &mut text);
                return text;
            }
            _ => {}
        }
    }
    key(values, columns, row, &mut text);
    text
}

/// A value as the version of a document; `None` for one that cannot be.
pub(super) fn version(cell: Option<Cell<'_>>) -> Option<i64> {
    let version = match cell? {
        Cell::Integer(value) | Cell::Timestamp(value) => value,
        Cell::Date(days) => i64::from(days),
        Cell::Boolean(boolean) => i64::from(boolean),
        // The bits of doubles that are not negative are in the order of their values.
        Cell::Number(number) if number >= 0.0 => (number + 0.0).to_bits() as i64,
        Cell::Number(_) | Cell::Text(_) | Cell::Json(_) => return None,
    };
    (version >= 0).then_some(version)
}

impl Bulk {
    pub(super) fn new(table: &Table) -> Bulk {
        Bulk { writer: Writer::new(table), text: String::new(), items: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.items.clear();
    }

    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= BYTES || self.items.len() >= DOCUMENTS
    }

    /// Adds a row; gives it back where its id is too long.
    pub(super) fn push(
        &mut self,
        id: &str,
        version: Option<i64>,
        values: &[Values<'_>],
        row: usize,
    ) -> Option<Rejected> {
        if id.len() > ID_BYTES {
            let mut text = String::new();
            self.writer.row(values, row, &mut text);
            let reason = format!("the key has {} bytes, more than the {ID_BYTES} of an id", id.len());
            return Some(Rejected { row: text, reason });
        }
        self.head(id, version);
        self.writer.row(values, row, &mut self.text);
        self.text.push('\n');
        None
    }

    /// Adds a document that was found.
    pub(super) fn push_document(&mut self, id: &str, version: Option<i64>, document: &Value) {
        self.head(id, version);
        self.text.push_str(&document.to_string());
        self.text.push('\n');
    }

    fn head(&mut self, id: &str, version: Option<i64>) {
        let start = self.text.len();
        self.text.push_str(r#"{"index":{"_id":"#);
        write_string(id, &mut self.text);
        if let Some(version) = version {
            self.text.push_str(&format!(r#","version":{version},"version_type":"external_gte""#));
        }
        self.text.push_str("}}\n");
        self.items.push(Item { start, document: self.text.len() });
    }

    fn item_text(&self, item: usize) -> (&str, &str) {
        let end = self.items.get(item + 1).map_or(self.text.len(), |next| next.start);
        (&self.text[self.items[item].start..end], &self.text[self.items[item].document..end])
    }

    /// Sends everything; the rows that the server refuses for good.
    pub(super) fn send(&mut self, server: &Server, index: &str) -> Result<Vec<Rejected>> {
        let mut rejected = Vec::new();
        let mut waiting: Vec<usize> = (0..self.items.len()).collect();
        let (mut size, mut wait, mut tries) = (waiting.len(), Duration::from_millis(100), 0);
        while !waiting.is_empty() {
            let rest = waiting.split_off(size.clamp(1, waiting.len()));
            let text: String = waiting.iter().map(|item| self.item_text(*item).0).collect();
            let answer = server.call(&Method::POST, &[index, "_bulk"], "", &Body::Lines(&text))?;
            if answer.status == 413 && waiting.len() > 1 {
                // Half of it may not be too large.
                size = waiting.len().div_ceil(2);
                waiting.extend(rest);
                continue;
            }
            if answer.status == 413 {
                rejected.push(self.refused(waiting[0], "the document is larger than the server takes"));
                waiting = rest;
                continue;
            }
            if !answer.is_success() {
                return Err(server.refused(&answer));
            }
            let answers = answer.body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            if answers.len() != waiting.len() {
                let message = format!("Elasticsearch answered for {} of {} documents", answers.len(), waiting.len());
                return Err(TargetError::new(Failure::Unavailable, message));
            }
            let mut again = Vec::new();
            for (item, answer) in waiting.iter().zip(answers) {
                let answer = &answer["index"];
                match answer["status"].as_u64().unwrap_or(500) {
                    200..=299 => {}
                    // A newer one is there.
                    409 => {}
                    429 | 502..=504 => again.push(*item),
                    status => {
                        let cause = answer["error"]["caused_by"]["reason"].as_str();
                        let reason = answer["error"]["reason"].as_str().unwrap_or("no reason");
                        let reason = match cause {
                            Some(cause) => format!("status {status}, {reason}: {cause}"),
                            None => format!("status {status}, {reason}"),
                        };
                        rejected.push(self.refused(*item, &reason));
                    }
                }
            }
            if again.is_empty() {
                tries = 0;
            } else {
                tries += 1;
                if tries == TRIES {
                    let message = format!("Elasticsearch had no room for {} documents, {TRIES} times", again.len());
                    return Err(TargetError::new(Failure::Unavailable, message));
                }
                std::thread::sleep(wait);
                wait = (wait * 2).min(Duration::from_secs(10));
            }
            again.extend(rest);
            waiting = again;
        }
        self.clear();
        Ok(rejected)
    }

    fn refused(&self, item: usize, reason: &str) -> Rejected {
        Rejected { row: self.item_text(item).1.trim_end().to_owned(), reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_values() {
        let numbers = [0.0, -0.0, 1e-300, 0.5, 1.0, 1e300].map(|number| version(Some(Cell::Number(number))));
        assert!(numbers.windows(2).all(|pair| pair[0] <= pair[1] && pair[0].is_some()), "{numbers:?}");
        assert_eq!(numbers[0], numbers[1]);
        for cell in [Cell::Number(-1.0), Cell::Integer(-1), Cell::Text("2024")] {
            assert_eq!(version(Some(cell)), None);
        }
        assert_eq!(version(Some(Cell::Timestamp(5))), Some(5));
    }
}
