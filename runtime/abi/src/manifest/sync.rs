//! SYNC CONNECTOR.

use serde::{Deserialize, Serialize};

use super::{FunctionId, Span};
use crate::sync_target::SyncTarget;

/// A SYNC CONNECTOR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sync {
    /// The instance, looked up by name in the run.
    pub instance: String,
    /// What is read: one entity, or all of a connector that can be.
    pub jobs: Vec<SyncJob>,
    /// Entities of a whole connector that cannot be read, and why.
    pub skipped: Vec<(String, String)>,
    /// Where rows go.
    pub target: SyncTarget,
    /// INCREMENTAL ON: the name of the field.
    pub field: Option<String>,
    /// LOOKBACK: an interval, or a number for a field of numbers. [`crate::layout::ScalarFunction`]
    pub lookback: Option<FunctionId>,
    /// WHERE as it was written, in one line; empty without.
    pub condition: String,
    /// APPEND.
    pub append: bool,
    /// KEEP MISSING.
    pub keep_missing: bool,
    /// SCHEMA freeze.
    pub freeze: bool,
    /// SCHEDULE.
    pub schedule: Option<String>,
    /// Of the statement.
    pub span: Span,
}

/// An entity that is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncJob {
    /// Index into [`super::Manifest::entities`].
    pub entity: u32,
    /// Index into [`super::Manifest::queries`]: all fields that rows have, in order, and WHERE.
    pub query: u32,
    /// The columns of the query that make up the primary key.
    pub key: Vec<u32>,
    /// The column of INCREMENTAL ON; `None` reads all rows each time.
    pub cursor: Option<u32>,
}
