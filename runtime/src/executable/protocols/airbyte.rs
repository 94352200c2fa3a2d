//! Airbyte's protocol, version 0.2: `spec`, `check`, `discover`, `read`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};

use super::{Lines, config_error, configured, read_json, schema, source_type, stream, streams, write_row};
use crate::coerce::write_json_string;
use crate::command::check_connector;
use crate::context::ExecContext;
use crate::error::{ErrorKind, RuntimeError};
use crate::sync::stream::{Event, Stream, columns, read as read_stream};

/// SPEC.
pub(super) fn spec(context: &ExecContext) -> Result<(), RuntimeError> {
    let source = source_type(context)?;
    let fields = &context.manifest().types[source as usize].config;
    Lines::new(context).message(&json!({
        "type": "SPEC",
        "spec": {
            "protocol_version": "0.2.0",
            "supportsIncremental": true,
            "supported_destination_sync_modes": ["overwrite", "append", "append_dedup"],
            "connectionSpecification": schema::of_config(fields),
        },
    }))
}

/// CONNECTION_STATUS. That it does not work is an answer, not a failure.
pub(super) fn check(context: &ExecContext, config: &str) -> Result<(), RuntimeError> {
    let checked = configured(context, config).and_then(|instance| check_connector(context, &instance));
    let status = match checked {
        Ok(_) => json!({"status": "SUCCEEDED"}),
        Err(error) => json!({"status": "FAILED", "message": error.to_string()}),
    };
    Lines::new(context).message(&json!({"type": "CONNECTION_STATUS", "connectionStatus": status}))
}

/// CATALOG.
pub(super) fn discover(context: &ExecContext, config: &str) -> Result<(), RuntimeError> {
    let mut lines = Lines::new(context);
    let found = configured(context, config).and_then(|_| streams(context));
    let found = found.map_err(|error| tell(&mut lines, error, None))?;
    let described = found.iter().map(|index| {
        let entity = &context.manifest().entities[*index as usize];
        let cursors = schema::cursors(&entity.fields);
        let mut stream = json!({
            "name": entity.name,
            "json_schema": schema::of_rows(entity.fields.iter()),
            "supported_sync_modes": if cursors.is_empty() { json!(["full_refresh"]) } else { json!(["full_refresh", "incremental"]) },
            "source_defined_primary_key": schema::key(&entity.fields).iter().map(|name| [name]).collect::<Vec<_>>(),
            "is_resumable": false,
        });
        if let Some(cursor) = cursors.first() {
            stream["default_cursor_field"] = json!([cursor]);
        }
        stream
    });
    let described: Vec<Json> = described.collect();
    lines.message(&json!({"type": "CATALOG", "catalog": {"streams": described}}))
}

/// RECORDs with a STATE behind those that it is about, and TRACEs of what goes on.
pub(super) fn read(
    context: &ExecContext,
    config: &str,
    catalog: &str,
    state: Option<&str>,
) -> Result<(), RuntimeError> {
    let mut lines = Lines::new(context);
    let wanted = || -> Result<(String, Vec<Json>, Json), RuntimeError> {
        let instance = configured(context, config)?;
        let catalog = read_json(catalog)?;
        let wanted = catalog["streams"].as_array().cloned();
        let wanted = wanted.ok_or_else(|| config_error("the catalog has no `streams`".to_owned()))?;
        let state = state.map(read_json).transpose()?.unwrap_or(Json::Null);
        Ok((instance.name().to_owned(), wanted, state))
    };
    let (instance, wanted, state) = wanted().map_err(|error| tell(&mut lines, error, None))?;
    // A stream that fails does not keep the others from being read.
    let mut failed = None;
    for configured in &wanted {
        let name = configured["stream"]["name"].as_str().unwrap_or_default().to_owned();
        if let Err(error) = one_stream(context, &mut lines, &instance, &name, configured, &state) {
            if error.kind == ErrorKind::ClosedPipe {
                return Err(error);
            }
            let error = tell(&mut lines, error, Some(&name));
            lines.message(&stream_status(&name, "INCOMPLETE"))?;
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

fn one_stream(
    context: &ExecContext,
    lines: &mut Lines<'_>,
    instance: &str,
    name: &str,
    configured: &Json,
    states: &Json,
) -> Result<(), RuntimeError> {
    lines.message(&stream_status(name, "STARTED"))?;
    let entity = stream(context, name)?;
    let fields = &context.manifest().entities[entity as usize].fields;
    let is_incremental = configured["sync_mode"] == "incremental";
    let chosen = configured["cursor_field"][0].as_str().or_else(|| schema::cursors(fields).first().copied());
    let field = chosen.filter(|_| is_incremental);
    let state = field.and_then(|_| state_of(states, name)).map(Json::to_string);
    let names: Vec<String> = columns(context, entity).into_iter().map(|column| column.name).collect();
    let mut head = String::from("{\"type\":\"RECORD\",\"record\":{\"stream\":");
    write_json_string(name, &mut head);
    let (mut text, mut rows, mut is_running) = (String::new(), 0_u64, false);
    let wanted = Stream { instance, entity, field, state: state.as_deref() };
    read_stream(context, &wanted, &mut |event| match event {
        Event::Rows(batch) => {
            if !std::mem::replace(&mut is_running, true) {
                lines.message(&stream_status(name, "RUNNING"))?;
            }
            text.clear();
            let now = now();
            for row in 0..batch.rows() {
                text.push_str(&head);
                text.push_str(&format!(",\"emitted_at\":{now},\"data\":"));
                write_row(&names, batch, row, &mut text);
                text.push_str("}}\n");
            }
            rows += batch.rows() as u64;
            lines.text(&text)
        }
        Event::State(state) => {
            let state: Json = match field {
                Some(_) => serde_json::from_str(&state).unwrap_or(Json::Null),
                // As Airbyte's own sources say that there is nothing to go on from.
                None => json!({"__ab_no_cursor_state_message": true}),
            };
            let message = json!({"type": "STATE", "state": {
                "type": "STREAM",
                "stream": {"stream_descriptor": {"name": name}, "stream_state": state},
                "sourceStats": {"recordCount": std::mem::take(&mut rows) as f64},
            }});
            lines.message(&message)
        }
    })?;
    lines.message(&stream_status(name, "COMPLETE"))
}

/// The state of a stream: from a list of messages, or from one of them.
fn state_of<'s>(states: &'s Json, name: &str) -> Option<&'s Json> {
    let all = states.as_array().map_or(std::slice::from_ref(states), Vec::as_slice);
    all.iter().find_map(|state| {
        let stream = &state["stream"];
        (stream["stream_descriptor"]["name"] == name && stream["stream_state"].is_object())
            .then(|| &stream["stream_state"])
    })
}

fn stream_status(name: &str, status: &str) -> Json {
    json!({"type": "TRACE", "trace": {
        "type": "STREAM_STATUS",
        "emitted_at": now() as f64,
        "stream_status": {"stream_descriptor": {"name": name}, "status": status},
    }})
}

/// An error as a TRACE.
fn tell(lines: &mut Lines<'_>, error: RuntimeError, stream: Option<&str>) -> RuntimeError {
    let failure_type = match () {
        () if ["ConnectorAuthError", "ConfigError", "UnknownConnector"].iter().any(|class| error.is_a(class)) => {
            "config_error"
        }
        () if ["ConnectorConnectionError", "ConnectorRateLimitError", "FetchError"]
            .iter()
            .any(|class| error.is_a(class)) =>
        {
            "transient_error"
        }
        () => "system_error",
    };
    let mut told = json!({
        "message": error.message,
        "internal_message": error.to_string(),
        "failure_type": failure_type,
    });
    if let Some(stream) = stream {
        told["stream_descriptor"] = json!({"name": stream});
    }
    let message = json!({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": now() as f64, "error": told}});
    match lines.message(&message) {
        Ok(()) => error,
        Err(closed) => closed,
    }
}

/// In milliseconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
