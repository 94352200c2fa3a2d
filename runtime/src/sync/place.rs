//! Where the rows of a job go.

use std::path::PathBuf;

use moltler_abi::DataType;
use moltler_abi::manifest::{Manifest, Sync, SyncJob};
use moltler_abi::sync_target::{SyncTarget, TargetKind};
use moltler_targets::{Column, ColumnType, Location, Table};

use super::scratch::Scratch;
use crate::context::ExecContext;
use crate::error::RuntimeError;

/// The target that bare names are tables of, unless the package or `MOLTLER_DESTINATION` says otherwise.
pub const DEFAULT_DESTINATION: &str = "sqlite:.moltler/data.db";

/// The place and the name of the table; passwords of the place are secrets of the run from now on. In a TEST it is a scratch file.
pub(super) fn of(context: &ExecContext, sync: &Sync, job: &SyncJob) -> Result<(Location, String), RuntimeError> {
    let environment = |name: &str| context.environment(name);
    let found = find(context.manifest(), &context.setup().sync.destination, &environment, sync, job)?;
    if context.setup().is_test {
        // Another place for each, so that several targets of a test stay apart.
        let name: String = found.0.to_string().chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let folder = context.sync().scratch.get_or_init(Scratch::new).folder();
        return Ok((Location::Sqlite { path: folder.join(format!("{name}.db")) }, found.1));
    }
    let (Location::Postgres { url } | Location::Elasticsearch { url }) = &found.0 else { return Ok(found) };
    if let Some(password) = url::Url::parse(url).ok().and_then(|url| url.password().map(str::to_owned)) {
        context.add_secret(&password);
    }
    Ok(found)
}

/// The same outside of a run.
pub(super) fn find(
    manifest: &Manifest,
    destination: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    sync: &Sync,
    job: &SyncJob,
) -> Result<(Location, String), RuntimeError> {
    let entity = &manifest.entities[job.entity as usize].name;
    let (place, table) = sync.target.of_entity(entity);
    if sync.target.kind != TargetKind::Default {
        return Ok((location(environment, sync.target.kind, place), table));
    }
    let text = environment("MOLTLER_DESTINATION");
    let text = text.as_deref().unwrap_or(destination);
    let default = SyncTarget::parse(text)
        .ok()
        .filter(|target| target.kind != TargetKind::Default)
        .ok_or_else(|| RuntimeError::new("SyncError", format!("the default destination `{text}` is no target")))?;
    let (place, _) = default.of_entity(&table);
    match default.kind {
        // Each table is a file or folder of its own.
        TargetKind::Ndjson | TargetKind::Parquet if !default.place.contains('*') => {
            let file = if default.kind == TargetKind::Ndjson { format!("{table}.ndjson") } else { table.clone() };
            let place = PathBuf::from(place).join(file).to_string_lossy().into_owned();
            Ok((location(environment, default.kind, place), table))
        }
        kind => Ok((location(environment, kind, place), table)),
    }
}

fn location(environment: &dyn Fn(&str) -> Option<String>, kind: TargetKind, place: String) -> Location {
    match kind {
        TargetKind::Sqlite | TargetKind::Default => Location::Sqlite { path: place.into() },
        TargetKind::Ndjson => Location::Ndjson { path: place.into() },
        TargetKind::Parquet => Location::Parquet { path: place.into() },
        TargetKind::Postgres => {
            let mut url = place;
            // As PostgreSQL's own programs do.
            if let (Some(password), Ok(mut parsed)) = (environment("PGPASSWORD"), url::Url::parse(&url))
                && parsed.password().is_none()
                && parsed.set_password(Some(&password)).is_ok()
            {
                url = parsed.to_string();
            }
            Location::Postgres { url }
        }
        TargetKind::Elasticsearch => Location::Elasticsearch { url: place },
    }
}

/// The table of a job. `version` guards its rows against older ones.
pub(super) fn table(context: &ExecContext, job: &SyncJob, name: String) -> Table {
    let columns = &context.manifest().queries[job.query as usize].columns;
    let columns = columns.iter().map(|column| Column {
        name: column.name.clone(),
        column_type: match column.data_type {
            DataType::String => ColumnType::Text,
            DataType::Number => ColumnType::Number,
            DataType::Integer => ColumnType::Integer,
            DataType::Boolean => ColumnType::Boolean,
            DataType::Timestamp => ColumnType::Timestamp,
            DataType::Date => ColumnType::Date,
            DataType::Document | DataType::Array | DataType::Interval | DataType::Dynamic | DataType::Null => {
                ColumnType::Json
            }
        },
    });
    Table {
        name,
        columns: columns.collect(),
        key: job.key.iter().map(|column| *column as usize).collect(),
        version: job.cursor.map(|column| column as usize),
    }
}
