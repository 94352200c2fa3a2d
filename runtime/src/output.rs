//! Printing results.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::{ErrorKind as IoErrorKind, IsTerminal, Write};
use std::rc::Rc;
use std::str::FromStr;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::ASCII_MARKDOWN};
use moltler_abi::DataType;
use moltler_abi::manifest::OutputColumn;

use crate::batch::OwnedBatch;
use crate::coerce::{to_text, write_json, write_json_string};
use crate::context::ExecContext;
use crate::error::{ErrorKind, RuntimeError};
use crate::value::Value;

type Result<T> = std::result::Result<T, RuntimeError>;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One line for each result; a SELECT is an array of objects.
    Json,
    /// One line for each row.
    Ndjson,
    /// A header and a line for each row.
    Csv,
}

impl Format {
    /// As written on the command line, in documentation order.
    pub const NAMES: [&'static str; 4] = ["table", "json", "ndjson", "csv"];
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Format, String> {
        match name {
            "table" => Ok(Format::Table),
            "json" => Ok(Format::Json),
            "ndjson" => Ok(Format::Ndjson),
            "csv" => Ok(Format::Csv),
            _ => Err(format!("`{name}` is not a format; there are {}", Format::NAMES.join(", "))),
        }
    }
}

/// A text for a terminal: control characters, which could move its cursor, change its title or worse, as `\x1b`. Lines and tabs stay.
pub fn without_controls(text: &str) -> Cow<'_, str> {
    let is_control = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_control(character) {
            shown.push_str(&format!("\\x{:02x}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Where results and messages go. Clones share it.
#[derive(Clone, Debug)]
pub struct Output {
    format: Format,
    sink: Sink,
    results: Rc<Cell<u64>>,
}

#[derive(Clone, Debug)]
enum Sink {
    /// Results to standard output, messages to standard error.
    Standard,
    /// Both to one text.
    Captured(Rc<RefCell<String>>),
}

impl Output {
    /// Results go to standard output, messages to standard error.
    pub fn standard(format: Format) -> Output {
        Output { format, sink: Sink::Standard, results: Rc::default() }
    }

    /// Results and messages are kept, see [`Output::captured_text`].
    pub fn captured(format: Format) -> Output {
        Output { format, sink: Sink::Captured(Rc::default()), results: Rc::default() }
    }

    /// What was written so far; empty unless it is captured.
    pub fn captured_text(&self) -> String {
        match &self.sink {
            Sink::Standard => String::new(),
            Sink::Captured(text) => text.borrow().clone(),
        }
    }

    /// How results are printed.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether results and messages go to the streams of the process.
    pub fn is_standard(&self) -> bool {
        matches!(self.sink, Sink::Standard)
    }

    /// Whether people read messages as they come.
    pub fn is_terminal(&self) -> bool {
        self.is_standard() && std::io::stderr().is_terminal()
    }

    /// A line for people beside the results.
    pub fn message(&self, line: &str) {
        match &self.sink {
            Sink::Standard => {
                let mut stderr = std::io::stderr().lock();
                let line = if stderr.is_terminal() { without_controls(line) } else { line.into() };
                // Nobody to tell that standard error is closed.
                drop(writeln!(stderr, "{line}"));
            }
            Sink::Captured(text) => {
                let mut text = text.borrow_mut();
                text.push_str(line);
                text.push('\n');
            }
        }
    }

    /// PRINT: a line among the results where people read them, beside them otherwise.
    pub fn print_line(&self, line: &str) -> Result<()> {
        if self.format == Format::Table {
            self.write(&format!("{line}\n"))
        } else {
            self.message(line);
            Ok(())
        }
    }

    fn write(&self, text: &str) -> Result<()> {
        match &self.sink {
            Sink::Captured(captured) => captured.borrow_mut().push_str(text),
            Sink::Standard => {
                let mut stdout = std::io::stdout().lock();
                let text = if stdout.is_terminal() { without_controls(text) } else { text.into() };
                stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| {
                    let mut told = RuntimeError::new("OutputError", format!("the result cannot be written: {error}"));
                    if error.kind() == IoErrorKind::BrokenPipe {
                        told.kind = ErrorKind::ClosedPipe;
                    }
                    told
                })?;
            }
        }
        Ok(())
    }

    /// Prints a result row by row, as batches come.
    pub fn rows<'p>(&'p self, context: &'p ExecContext, columns: &'p [OutputColumn]) -> RowPrinter<'p> {
        let keys = columns.iter().enumerate().map(|(index, column)| {
            let mut key = String::from(if index == 0 { "{" } else { "," });
            write_json_string(&column.name, &mut key);
            key.push(':');
            key
        });
        let keys = keys.collect();
        RowPrinter { output: self, context, columns, keys, rows: Vec::new(), text: String::new(), started: false }
    }

    /// Prints the rows of a SHOW or DESCRIBE.
    pub fn print_table(&self, context: &ExecContext, columns: &[OutputColumn], rows: &[Vec<Value>]) -> Result<()> {
        let mut printer = self.rows(context, columns);
        for row in rows {
            printer.row(row.clone());
        }
        printer.finish()
    }

    /// Prints the result of an action: an array of documents as rows, a document as one row, anything else as one value.
    pub fn print_value(&self, context: &ExecContext, value: &Value) -> Result<()> {
        if self.format == Format::Json {
            let mut text = String::new();
            write_json(value, &mut text);
            text.push('\n');
            return self.write(&context.scrub(&text));
        }
        if self.format == Format::Ndjson {
            let mut text = String::new();
            let items = match value {
                Value::Array(items) => items.as_slice(),
                other => std::slice::from_ref(other),
            };
            for item in items {
                write_json(item, &mut text);
                text.push('\n');
            }
            return self.write(&context.scrub(&text));
        }
        let (columns, rows) = tabulate(value);
        self.print_table(context, &columns, &rows)
    }
}

/// A value as columns and rows.
fn tabulate(value: &Value) -> (Vec<OutputColumn>, Vec<Vec<Value>>) {
    let column = |name: &str| OutputColumn { name: name.to_owned(), data_type: DataType::Dynamic };
    let items = match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let documents: Option<Vec<_>> = items
        .iter()
        .map(|item| match item {
            Value::Document(document) => Some(document),
            _ => None,
        })
        .collect();
    let Some(documents) = documents.filter(|documents| documents.iter().any(|document| !document.is_empty())) else {
        return (vec![column("result")], items.iter().map(|item| vec![item.clone()]).collect());
    };
    let mut names: Vec<&str> = Vec::new();
    for key in documents.iter().flat_map(|document| document.keys()) {
        if !names.contains(&&**key) {
            names.push(key);
        }
    }
    let rows = documents
        .iter()
        .map(|document| names.iter().map(|name| document.get(*name).cloned().unwrap_or_default()).collect())
        .collect();
    (names.into_iter().map(column).collect(), rows)
}

/// Prints one result: `ndjson` and `csv` as rows come, `table` and `json` when all of them are there.
pub struct RowPrinter<'p> {
    output: &'p Output,
    context: &'p ExecContext,
    columns: &'p [OutputColumn],
    /// What stands before each value in an object.
    keys: Vec<String>,
    rows: Vec<Vec<Value>>,
    text: String,
    started: bool,
}

impl RowPrinter<'_> {
    /// Takes the rows of a batch.
    pub fn batch(&mut self, batch: &OwnedBatch) -> Result<()> {
        let is_json = matches!(self.output.format, Format::Json | Format::Ndjson);
        for row in 0..batch.rows() {
            if is_json {
                self.object(|column, text| batch.write_json(column, row, text));
            } else {
                self.row((0..self.columns.len()).map(|column| batch.value(column, row)).collect());
            }
        }
        if matches!(self.output.format, Format::Ndjson | Format::Csv) { self.flush() } else { Ok(()) }
    }

    /// Takes one row.
    pub fn row(&mut self, row: Vec<Value>) {
        match self.output.format {
            Format::Table => self.rows.push(row),
            Format::Json | Format::Ndjson => self.object(|column, text| write_json(&row[column], text)),
            Format::Csv => {
                self.header();
                let fields: Vec<String> = row.iter().map(|value| to_text(value).to_string()).collect();
                write_csv(&fields, &mut self.text);
            }
        }
    }

    /// Appends a row as JSON.
    fn object(&mut self, write: impl Fn(usize, &mut String)) {
        if self.output.format == Format::Json {
            self.text.push(if self.started { ',' } else { '[' });
            self.started = true;
        }
        for (column, key) in self.keys.iter().enumerate() {
            self.text.push_str(key);
            write(column, &mut self.text);
        }
        self.text.push_str(if self.keys.is_empty() { "{}" } else { "}" });
        if self.output.format == Format::Ndjson {
            self.text.push('\n');
        }
    }

    fn header(&mut self) {
        if !self.started {
            self.started = true;
            // Results of one run are told apart by an empty line.
            if self.output.results.get() > 0 {
                self.text.push('\n');
            }
            let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
            write_csv(&names, &mut self.text);
        }
    }

    fn flush(&mut self) -> Result<()> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() { Ok(()) } else { self.output.write(&self.context.scrub(&text)) }
    }

    /// Ends the result.
    pub fn finish(mut self) -> Result<()> {
        match self.output.format {
            Format::Table => self.text = table(self.columns, &self.rows),
            Format::Json => self.text.push_str(if self.started { "]\n" } else { "[]\n" }),
            Format::Ndjson => {}
            Format::Csv => self.header(),
        }
        self.flush()?;
        self.output.results.set(self.output.results.get() + 1);
        Ok(())
    }
}

fn write_csv(fields: &[String], text: &mut String) {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(fields).expect("Invariant: a vector takes all bytes");
    let bytes = writer.into_inner().expect("Invariant: a vector takes all bytes");
    text.push_str(std::str::from_utf8(&bytes).expect("Invariant: fields are text"));
}

fn table(columns: &[OutputColumn], rows: &[Vec<Value>]) -> String {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| printable(&column.name)));
    for row in rows {
        table.add_row(row.iter().map(|value| match value {
            Value::Null => "NULL".to_owned(),
            value => printable(&to_text(value)),
        }));
    }
    for index in 0..columns.len() {
        let is_number = |value: &Value| matches!(value, Value::Integer(_) | Value::Number(_));
        let numbers = rows.iter().all(|row| is_number(&row[index]) || matches!(row[index], Value::Null));
        if numbers
            && rows.iter().any(|row| is_number(&row[index]))
            && let Some(column) = table.column_mut(index)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let noun = if rows.len() == 1 { "row" } else { "rows" };
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n({} {noun})\n", lines.join("\n"), rows.len())
}

/// Text on one line, without characters that a terminal obeys.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => printable.push_str("\\n"),
            '\r' => printable.push_str("\\r"),
            '\t' => printable.push_str("\\t"),
            control if control.is_control() => printable.extend(control.escape_unicode()),
            other => printable.push(other),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_control_characters() {
        assert_eq!(without_controls("a\tb\nc é 🙂"), "a\tb\nc é 🙂");
        assert_eq!(without_controls("\u{1b}[2J\u{7}\r\u{0}\u{7f}\u{9b}31m"), "\\x1b[2J\\x07\\x0d\\x00\\x7f\\x9b31m");
    }
}
