//! Singer's protocol: `--config FILE --discover`, `--config FILE [--catalog FILE] [--state FILE]`.

use serde_json::{Map, Value as Json, json};

use super::{Lines, configured, read_json, schema, stream, streams, write_row};
use crate::coerce::write_json_string;
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::sync::stream::{Event, Stream, columns, read as read_stream};

/// The catalog.
pub(super) fn discover(context: &ExecContext, config: Option<&str>) -> Result<(), RuntimeError> {
    if let Some(config) = config {
        configured(context, config)?;
    }
    let catalog = catalog(context)?;
    // A catalog is a document for people too.
    let text = serde_json::to_string_pretty(&catalog).unwrap_or_default();
    Lines::new(context).text(&format!("{text}\n"))
}

fn catalog(context: &ExecContext) -> Result<Json, RuntimeError> {
    let described = streams(context)?.into_iter().map(|index| {
        let entity = &context.manifest().entities[index as usize];
        let (key, cursors) = (schema::key(&entity.fields), schema::cursors(&entity.fields));
        let mut metadata = vec![json!({"breadcrumb": [], "metadata": {
            "inclusion": "available",
            "selected-by-default": true,
            "table-key-properties": key,
            "valid-replication-keys": cursors,
        }})];
        for field in entity.fields.iter().filter(|field| !field.filter_only) {
            let inclusion = if key.contains(&field.name.as_str()) { "automatic" } else { "available" };
            metadata.push(json!({
                "breadcrumb": ["properties", field.name],
                "metadata": {"inclusion": inclusion, "selected-by-default": true},
            }));
        }
        json!({
            "tap_stream_id": entity.name,
            "stream": entity.name,
            "schema": schema::of_rows(entity.fields.iter()),
            "key_properties": key,
            "metadata": metadata,
        })
    });
    Ok(json!({"streams": described.collect::<Vec<_>>()}))
}

/// SCHEMA, RECORDs, and a STATE behind those that it is about.
pub(super) fn read(
    context: &ExecContext,
    config: &str,
    catalog_file: Option<&str>,
    state: Option<&str>,
) -> Result<(), RuntimeError> {
    let instance = configured(context, config)?;
    let catalog = match catalog_file {
        Some(path) => read_json(path)?,
        None => catalog(context)?,
    };
    let state = state.map(read_json).transpose()?.unwrap_or(Json::Null);
    // What other streams came to stays in every STATE.
    let mut bookmarks = state["bookmarks"].as_object().cloned().unwrap_or_default();
    let mut lines = Lines::new(context);
    let none = Vec::new();
    for described in catalog["streams"].as_array().unwrap_or(&none) {
        let metadata = table_metadata(described);
        if is_selected(described, &metadata) {
            one_stream(context, &mut lines, instance.name(), described, &metadata, &mut bookmarks)?;
        }
    }
    Ok(())
}

/// The metadata of the stream itself.
fn table_metadata(described: &Json) -> Map<String, Json> {
    let entries = described["metadata"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_table = entries.iter().find(|entry| entry["breadcrumb"].as_array().is_some_and(Vec::is_empty));
    of_table.and_then(|entry| entry["metadata"].as_object().cloned()).unwrap_or_default()
}

fn is_selected(described: &Json, metadata: &Map<String, Json>) -> bool {
    let said = metadata.get("selected").or_else(|| described["schema"].get("selected")).and_then(Json::as_bool);
    let by_default = metadata.get("selected-by-default").and_then(Json::as_bool);
    said.or(by_default).unwrap_or(false)
}

fn one_stream(
    context: &ExecContext,
    lines: &mut Lines<'_>,
    instance: &str,
    described: &Json,
    metadata: &Map<String, Json>,
    bookmarks: &mut Map<String, Json>,
) -> Result<(), RuntimeError> {
    let id = described["tap_stream_id"].as_str().or_else(|| described["stream"].as_str()).unwrap_or_default();
    let entity = stream(context, id)?;
    let fields = &context.manifest().entities[entity as usize].fields;
    let text_of = |key: &str| metadata.get(key).or_else(|| described.get(key.replace('-', "_"))).and_then(Json::as_str);
    let method = text_of("replication-method").or_else(|| text_of("forced-replication-method"));
    let wants_all = method.is_some_and(|method| method == "FULL_TABLE");
    let field = text_of("replication-key").filter(|_| !wants_all).or_else(|| {
        let is_incremental = method.is_some_and(|method| method == "INCREMENTAL");
        schema::cursors(fields).first().copied().filter(|_| is_incremental)
    });
    lines.message(&json!({
        "type": "SCHEMA",
        "stream": id,
        "schema": schema::of_rows(fields.iter()),
        "key_properties": schema::key(fields),
        "bookmark_properties": field.into_iter().collect::<Vec<_>>(),
    }))?;
    let state = field.and_then(|_| bookmarks.get(id)).map(Json::to_string);
    let names: Vec<String> = columns(context, entity).into_iter().map(|column| column.name).collect();
    let mut head = String::from("{\"type\":\"RECORD\",\"stream\":");
    write_json_string(id, &mut head);
    head.push_str(",\"record\":");
    let mut text = String::new();
    let wanted = Stream { instance, entity, field, state: state.as_deref() };
    read_stream(context, &wanted, &mut |event| match event {
        Event::Rows(batch) => {
            text.clear();
            let time = moltler_targets::now();
            for row in 0..batch.rows() {
                text.push_str(&head);
                write_row(&names, batch, row, &mut text);
                text.push_str(&format!(",\"time_extracted\":\"{time}\"}}\n"));
            }
            lines.text(&text)
        }
        Event::State(state) => {
            match field {
                Some(_) => bookmarks.insert(id.to_owned(), serde_json::from_str(&state).unwrap_or(Json::Null)),
                None => bookmarks.remove(id),
            };
            lines.message(&json!({"type": "STATE", "value": {"bookmarks": bookmarks}}))
        }
    })
}
