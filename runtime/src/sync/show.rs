//! What is known of syncs: SHOW SYNC STATE, SHOW CONNECTOR … STATUS.

use moltler_abi::manifest::{Manifest, Sync, SyncJob};

use super::cursor::Cursor;
use super::state::State;
use super::{failed, place, source};
use crate::coerce::excerpt;
use crate::command::columns;
use crate::context::{Environment, ExecContext};
use crate::error::RuntimeError;
use crate::value::Value;

/// The value of `--rewind-to` as one of the field.
pub(super) fn parse_cursor(context: &ExecContext, job: &SyncJob, text: &str) -> Result<Cursor, RuntimeError> {
    let Some(column) = job.cursor else {
        let message = "a full refresh has no cursor that `--rewind-to` could set";
        return Err(RuntimeError::new("SyncError", message));
    };
    let column = &context.manifest().queries[job.query as usize].columns[column as usize];
    let value = Value::String(text.into());
    Cursor::from_value(&value, column.data_type).ok_or_else(|| {
        let message =
            format!("`--rewind-to` {} is no {} as `{}` has it", excerpt(&value), column.data_type, column.name);
        RuntimeError::new("SyncError", message)
    })
}

/// The jobs of the program with their syncs.
fn jobs(context: &ExecContext) -> impl Iterator<Item = (&Sync, &SyncJob)> {
    context.manifest().syncs.iter().flat_map(|sync| sync.jobs.iter().map(move |job| (sync, job)))
}

/// Prints the state of each sync of the program, or of those of an instance or entity.
pub fn show_state(context: &ExecContext, instance: Option<&str>, entity: Option<&str>) -> Result<(), RuntimeError> {
    let text = |text: &str| Value::String(text.into());
    let mut rows = Vec::new();
    for (sync, job) in jobs(context) {
        let name = &context.manifest().entities[job.entity as usize].name;
        if instance.is_some_and(|wanted| wanted != sync.instance) || entity.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let (location, table) = place::of(context, sync, job)?;
        let status = moltler_targets::status(&location, &table).map_err(failed)?;
        let (state, _) = State::read(status.state.as_deref(), State::of(sync));
        let cursor = state.shown();
        let mut row = vec![
            text(&source(context, sync, job)),
            text(&format!("{location} ({table})")),
            sync.field.as_deref().map_or(Value::Null, text),
            if cursor.is_empty() { Value::Null } else { text(&cursor) },
            sync.schedule.as_deref().map_or(Value::Null, text),
        ];
        row.extend(match status.runs.first() {
            None => vec![text("never ran"), Value::Null, Value::Null, Value::Null, Value::Null],
            Some(run) => vec![
                text(&run.status),
                text(run.ended_at.as_deref().unwrap_or(&run.started_at)),
                Value::Integer(run.rows_written),
                Value::Integer(run.rows_deleted),
                run.error.as_deref().map_or(Value::Null, text),
            ],
        });
        rows.push(row);
    }
    let names =
        ["source", "target", "field", "cursor", "schedule", "last_run", "at", "rows_written", "rows_deleted", "error"];
    context.output().print_table(context, &columns(&names), &rows)
}

/// When a sync of this instance last ended well; `None` where none did, or where its target cannot be asked.
pub fn last_sync(context: &ExecContext, instance: &str) -> Option<String> {
    let ended = jobs(context).filter(|(sync, _)| sync.instance == instance).filter_map(|(sync, job)| {
        let (location, table) = place::of(context, sync, job).ok()?;
        let status = moltler_targets::status(&location, &table).ok()?;
        status.runs.into_iter().find(|run| run.status == "succeeded")?.ended_at
    });
    ended.max()
}

/// What is known of the syncs of a program that does not run, a sentence for each entity.
pub fn last_runs(manifest: &Manifest, destination: &str, environment: &Environment) -> Vec<String> {
    let read = |name: &str| environment(name).filter(|value| !value.is_empty());
    let jobs = manifest.syncs.iter().flat_map(|sync| sync.jobs.iter().map(move |job| (sync, job)));
    let sentence = |(sync, job): (&Sync, &SyncJob)| {
        let source = format!("{}.{}", sync.instance, manifest.entities[job.entity as usize].name);
        let status = place::find(manifest, destination, &read, sync, job)
            .and_then(|(location, table)| moltler_targets::status(&location, &table).map_err(failed));
        match status {
            Err(error) => format!("`{source}`: its last run is not known ({})", error.message),
            Ok(status) => {
                let (state, afresh) = State::read(status.state.as_deref(), State::of(sync));
                let from = match (state.shown().as_str(), afresh) {
                    (_, Some(reason)) => format!("; the next one starts afresh, {reason}"),
                    ("", None) => String::new(),
                    (cursor, None) => format!("; the next one reads from {cursor} on"),
                };
                match status.runs.first() {
                    None => format!("`{source}` has not run yet"),
                    Some(run) => {
                        let at = run.ended_at.as_deref().unwrap_or(&run.started_at);
                        let noun = if run.rows_written == 1 { "row" } else { "rows" };
                        format!("`{source}`: the last run {} at {at}, {} {noun}{from}", run.status, run.rows_written)
                    }
                }
            }
        }
    };
    jobs.map(sentence).collect()
}
