//! Where the rows of a sync go: SQLite, PostgreSQL, NDJSON, Parquet, Elasticsearch.
//!
//! In go Arrow's record batches, a [`Table`] with keys, and the state of a sync as an opaque text; out come rows in a table that
//! others read. The crate knows nothing of connectors, of cursors or of the language: what a state means, when a pass is
//! complete, and which rows are missing by right is the engine's business.
//!
//! A [`Target`] is one table of one destination. What it promises:
//!
//! - **Lease.** From [`Target::open`] until it is dropped nobody else has the same table open; the lease of a process that was
//!   killed ends with it.
//! - **Rows and state together.** [`Target::commit`] makes the rows written so far and the state durable in one transaction, or
//!   the rows before the state. Killed at any moment, the next [`Target::open`] gives a state whose rows are all there.
//! - **Rows again are rows once.** A row that is written twice is there once, by its key. Where the table has a version, a row with
//!   a lesser one never takes the place of a greater.
//! - **Never half.** Rows of [`Pass::Replace`] and [`Pass::Append`] are seen when [`Target::complete`] returns, and not before.
//! - **History.** Each run is a row of `moltler_runs`, rows that were refused are in `moltler_rejected` with the reason.
//!
//! [`conformance`] says the same as checks, which every target passes. All calls block: a target lives on a thread of its own.
//! Start reading at [`Target`]; [`connect`] makes one.

mod blocking;
pub mod conformance;
mod elasticsearch;
pub mod failpoint;
mod json;
mod lease;
mod location;
mod ndjson;
mod parquet;
mod postgres;
mod rows;
mod sqlite;

use arrow_array::RecordBatch;
use arrow_schema::extension::EXTENSION_TYPE_NAME_KEY;
use arrow_schema::{DataType, Field, TimeUnit};
use serde::{Deserialize, Serialize};

pub use location::Location;
pub use rows::now;

/// What went wrong at a target, as a sentence without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetError {
    /// What kind of failure it is.
    pub kind: Failure,
    /// For people.
    pub message: String,
    /// What they can do.
    pub help: Option<String>,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The place cannot be reached, read or written.
    Unavailable,
    /// Another run has the table.
    Leased,
    /// The table there does not fit.
    Schema,
    /// This is not built.
    NotSupported,
}

impl TargetError {
    /// A failure of this kind.
    pub fn new(kind: Failure, message: impl Into<String>) -> TargetError {
        TargetError { kind, message: message.into(), help: None }
    }

    /// With what people can do.
    pub fn help(mut self, help: impl Into<String>) -> TargetError {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn unavailable(what: &str, error: impl std::fmt::Display) -> TargetError {
        TargetError::new(Failure::Unavailable, format!("{what}: {error}"))
    }
}

impl std::fmt::Display for TargetError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for TargetError {}

/// What a target gives.
pub type Result<T> = std::result::Result<T, TargetError>;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Unicode text.
    Text,
    /// IEEE double.
    Number,
    /// 64 bit.
    Integer,
    /// TRUE or FALSE.
    Boolean,
    /// Microseconds in UTC.
    Timestamp,
    /// A calendar day.
    Date,
    /// Any JSON value, as text.
    Json,
}

impl ColumnType {
    /// The type of an Arrow field; `None` for one that has no counterpart here.
    pub fn of(field: &Field) -> Option<ColumnType> {
        let is_json = field.metadata().get(EXTENSION_TYPE_NAME_KEY).is_some_and(|name| name == "arrow.json");
        match field.data_type() {
            DataType::Utf8View if is_json => Some(ColumnType::Json),
            DataType::Utf8View => Some(ColumnType::Text),
            DataType::Float64 => Some(ColumnType::Number),
            DataType::Int64 => Some(ColumnType::Integer),
            DataType::Boolean => Some(ColumnType::Boolean),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Some(ColumnType::Timestamp),
            DataType::Date32 => Some(ColumnType::Date),
            _ => None,
        }
    }

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnType::Text => "text",
            ColumnType::Number => "number",
            ColumnType::Integer => "integer",
            ColumnType::Boolean => "boolean",
            ColumnType::Timestamp => "timestamp",
            ColumnType::Date => "date",
            ColumnType::Json => "json",
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
}

/// A table: its batches have these columns in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The columns that make up the key; empty for a table that rows are only appended to.
    pub key: Vec<usize>,
    /// A column that grows with each change of a row.
    pub version: Option<usize>,
}

/// What [`Target::open`] is told.
#[derive(Clone, Debug)]
pub struct Request {
    /// The table.
    pub table: Table,
    /// Whose rows they are: `shop.items`.
    pub source: String,
    /// New columns are added. Else they are an error.
    pub evolve: bool,
    /// The rows and the state of another source are given up.
    pub take_over: bool,
}

/// What [`Target::open`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The last state that was committed.
    pub state: Option<String>,
    /// Whether there are rows.
    pub has_rows: bool,
    /// What was done to the table, a sentence each.
    pub notes: Vec<String>,
}

/// How the rows of a run get into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Each commit shows its rows.
    Merge,
    /// All rows there are, shown together in the end; rows that were there before and did not come may be deleted then.
    Replace,
    /// Rows that are all new, shown together in the end.
    Append,
}

/// What becomes of rows that did not come in [`Pass::Replace`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// They stay.
    Keep,
    /// They are deleted, unless they are a greater part of the rows than this.
    Delete {
        /// From 0 to 1.
        at_most: f64,
    },
}

/// What [`Target::complete`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// How many rows are there for which none came, if that was to be found out.
    pub missing: u64,
    /// How many rows there were before.
    pub before: u64,
    /// How many of the missing rows were deleted.
    pub deleted: u64,
}

impl Missing {
    /// Whether so many of `before` rows may be deleted.
    pub fn allows(self, missing: u64, before: u64) -> bool {
        match self {
            Missing::Keep => false,
            Missing::Delete { at_most } => missing as f64 <= at_most * before as f64,
        }
    }
}

/// A row of `moltler_runs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Unlike that of any other run; later runs have greater ones.
    pub id: String,
    /// `shop.items`
    pub source: String,
    /// The table.
    pub table_name: String,
    /// `full`, `incremental` or `append`.
    pub mode: String,
    /// `running`, `succeeded`, `failed`; `interrupted` where it was killed.
    pub status: String,
    /// As `2024-01-31T12:00:00.000000Z`.
    pub started_at: String,
    /// The same; nothing while it runs.
    pub ended_at: Option<String>,
    /// Rows that the handler gave and WHERE let through.
    pub rows_read: i64,
    /// Rows that were handed to the target.
    pub rows_written: i64,
    /// Rows that were missing and deleted.
    pub rows_deleted: i64,
    /// Rows that were refused.
    pub rows_rejected: i64,
    /// HTTP requests, retries among them.
    pub requests: i64,
    /// Requests that were sent again.
    pub retries: i64,
    /// Seconds that were waited for rate limits and before retries.
    pub waited_seconds: f64,
    /// Why it failed.
    pub error: Option<String>,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The row as JSON.
    pub row: String,
    /// Why.
    pub reason: String,
}

/// What is known of a table, for SHOW SYNC STATE.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Whose rows it has.
    pub source: Option<String>,
    /// The last state that was committed.
    pub state: Option<String>,
    /// The last runs, the latest first.
    pub runs: Vec<Run>,
}

/// One table of a destination. The calls come in this order: `open`, then for each run `begin`, `write`s, `reject`s and `commit`s,
/// `complete` unless the run failed, `end`. A target that is dropped in between is what a killed process leaves.
pub trait Target: Send {
    /// Takes the lease, makes the table and its columns where they are not there, cleans up behind a run that was killed.
    fn open(&mut self, request: &Request) -> Result<Opened>;

    /// A run starts.
    fn begin(&mut self, pass: Pass, run: &Run) -> Result<()>;

    /// Takes rows. No value of the key is NULL. Rows that the place cannot hold are given back with the reason.
    fn write(&mut self, rows: &RecordBatch) -> Result<Vec<Rejected>>;

    /// Keeps rows that were refused.
    fn reject(&mut self, run: &Run, rows: &[Rejected]) -> Result<()>;

    /// In [`Pass::Merge`]: the rows written so far, and this state.
    fn commit(&mut self, state: &str) -> Result<()>;

    /// All rows have come: shows them, with this state. With nothing to write it only keeps the state.
    fn complete(&mut self, state: &str, missing: Missing) -> Result<Completed>;

    /// The run has ended: its row in the history gets its last form.
    fn end(&mut self, run: &Run) -> Result<()>;

    /// Puts another state in the place of the one that was committed; `None` forgets it. Between runs only.
    fn set_state(&mut self, state: Option<&str>) -> Result<()>;
}

/// The target at this place. Nothing is touched yet.
pub fn connect(location: &Location) -> Result<Box<dyn Target>> {
    match location {
        Location::Sqlite { path } => Ok(Box::new(sqlite::Sqlite::new(path))),
        Location::Ndjson { path } => Ok(Box::new(ndjson::Ndjson::new(path))),
        Location::Parquet { path } => Ok(Box::new(parquet::Parquet::new(path))),
        Location::Postgres { url } => Ok(Box::new(postgres::Postgres::new(url))),
        Location::Elasticsearch { url } => Ok(Box::new(elasticsearch::Elasticsearch::new(url))),
    }
}

/// What is known of a table at this place, without taking its lease and without making anything there.
pub fn status(location: &Location, table: &str) -> Result<Status> {
    match location {
        Location::Sqlite { path } => sqlite::status(path, table),
        Location::Ndjson { path } => ndjson::status(path),
        Location::Parquet { path } => parquet::status(path),
        Location::Postgres { url } => postgres::status(url, table),
        Location::Elasticsearch { url } => elasticsearch::status(url, table),
    }
}
