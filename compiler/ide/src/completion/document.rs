//! Keys and values of documents.

use moltler_abi::DataType;
use moltler_hir::catalog;
use moltler_hir::config_schema::{FIELD_KEYS, MOCK_KEYS, OPTION_KEYS, PUSHDOWN_KEYS, PUSHDOWN_OPERATORS, SCHEMA_KEYS};
use moltler_hir::item_tree::SchemaItem;

use super::context::{Context, Frame};
use super::keywords::DOCUMENTS;
use super::{CompletionKind, Items, mocks, query, secrets};
use crate::documentation;

/// True where the place is a key or a value of a known list, or one of which nothing is known.
pub(super) fn complete(context: &Context<'_>, items: &mut Items) -> bool {
    let Some(first) = context.frames.first() else { return false };
    let Some(last) = context.frames.last() else { return false };
    if first.owner == "CONFIG" {
        config(context, items, last);
        return last.key.is_none() || context.in_string || context.frames.len() > 1;
    }
    let Some(document) = DOCUMENTS.into_iter().find(|name| *name == first.owner) else { return false };
    let depth = context.frames.len();
    match (document, &last.key) {
        (_, None) if last.bracket == '{' => {
            let keys: &[&str] = match (document, depth) {
                ("CONFIG_SCHEMA" | "PARAMETERS", 2) => SCHEMA_KEYS,
                ("FIELDS", 2) => FIELD_KEYS,
                ("PUSHDOWN", 1) => PUSHDOWN_KEYS,
                ("OPTIONS", 1) => OPTION_KEYS,
                ("MOCK_API", 1) => {
                    mocks::keys(context, items, last);
                    &[]
                }
                ("MOCK_API", 2) => MOCK_KEYS,
                ("MOCK_API", 3) if last.owner == "when" => &["headers", "body", "query"],
                ("PUSHDOWN", 2) if last.owner == "filters" => {
                    own_fields(context, items, Some(last));
                    &[]
                }
                ("PUSHDOWN", 2) if last.owner == "order_by" => &["fields", "keys"],
                _ => &[],
            };
            for key in keys {
                if let Some(item) = add_key(context, items, last, key) {
                    item.documentation(documentation::key(document, key).map(str::to_owned));
                }
            }
        }
        ("CONFIG_SCHEMA" | "PARAMETERS" | "FIELDS", Some(key)) if depth == 2 => values(context, items, key),
        ("OPTIONS" | "PUSHDOWN", Some(key)) if depth == 1 => values(context, items, key),
        ("MOCK_API", Some(key)) if depth == 2 => values(context, items, key),
        // The lists of PUSHDOWN: operators, fields.
        ("PUSHDOWN", None) if last.bracket == '[' => {
            let is_of_filter = context.frames.get(1).is_some_and(|frame| frame.owner == "filters");
            if is_of_filter {
                for operator in PUSHDOWN_OPERATORS {
                    items.add(CompletionKind::Value, *operator).insert(quoted(context, operator));
                }
            } else if ["required", "fields"].contains(&last.owner.as_str()) {
                own_fields(context, items, None);
            }
        }
        _ => {}
    }
    true
}

/// A text as a value: in quotes where there are none yet.
fn quoted(context: &Context<'_>, text: &str) -> String {
    if context.in_string { text.to_owned() } else { format!("\"{text}\"") }
}

/// A key that the document does not have yet. Outside of quotes they come with it, and the colon where there is none.
pub(super) fn add_key<'a>(
    context: &Context<'_>,
    items: &'a mut Items,
    frame: &Frame,
    key: &str,
) -> Option<&'a mut super::Completion> {
    if frame.keys.iter().any(|known| known == key) {
        return None;
    }
    // The token at the cursor itself is behind `before` when there is one.
    let at_cursor = context.inner.get(context.before).is_some_and(|token| token.range.start() < context.replace.end());
    let next = context.inner.get(context.before + usize::from(at_cursor || context.in_string));
    let has_colon = next.is_some_and(|token| token.is_mark(':'));
    let insert = match (context.in_string, has_colon) {
        (true, _) => key.to_owned(),
        (false, true) => format!("\"{key}\""),
        (false, false) => format!("\"{key}\": "),
    };
    Some(items.add(CompletionKind::Key, key).insert(insert))
}

fn values(context: &Context<'_>, items: &mut Items, key: &str) {
    let listed: &[&str] = match key {
        "type" | "items" => {
            for data_type in DataType::NAMED {
                items.add(CompletionKind::Value, data_type.name()).insert(quoted(context, data_type.name()));
            }
            return;
        }
        "required" | "secret" | "expose" | "primary_key" | "filter_only" | "from_filter" | "exact" | "limit"
        | "complete"
            if !context.in_string =>
        {
            items.all(CompletionKind::Value, &["true", "false"]);
            return;
        }
        "format" => &["uri", "hostname"],
        "unit" => &["s", "ms", "us"],
        "on_type_error" => &["error", "null"],
        "rate_limit" => &["10/s", "30/m", "1000/h", "5000/d"],
        "error" => &["refused", "timeout", "reset", "dns"],
        "status" if !context.in_string => {
            for (status, meaning) in STATUSES {
                items.add(CompletionKind::Value, *status).detail(*meaning);
            }
            return;
        }
        _ => &[],
    };
    for value in listed {
        items.add(CompletionKind::Value, *value).insert(quoted(context, value));
    }
}

/// Statuses of responses that handlers treat differently.
const STATUSES: &[(&str, &str)] = &[
    ("200", "OK"),
    ("201", "Created"),
    ("204", "No Content"),
    ("400", "Bad Request"),
    ("401", "Unauthorized"),
    ("403", "Forbidden"),
    ("404", "Not Found"),
    ("409", "Conflict"),
    ("422", "Unprocessable Content"),
    ("429", "Too Many Requests"),
    ("500", "Internal Server Error"),
    ("503", "Service Unavailable"),
];

/// CONFIG: the keys of the type's schema, and what their values may be.
fn config(context: &Context<'_>, items: &mut Items, last: &Frame) {
    if context.frames.len() != 1 {
        // `ENV('…')`
        if context.in_string && last.owner == "ENV" {
            secrets::environment(context, items);
        } else if !context.in_string {
            query::functions(items);
        }
        return;
    }
    let found = context.config_type().and_then(|name| catalog::connector_type(context.db, name));
    let fields = found.and_then(|found| found.config.as_deref()).unwrap_or_default();
    match &last.key {
        None => {
            for field in fields {
                add_schema_key(context, items, last, field);
            }
        }
        Some(key) => {
            if let Some(field) = fields.iter().find(|field| field.name == *key) {
                schema_values(context, items, field);
            }
            if context.in_string {
                secrets::templates(context, items, key);
            } else {
                query::functions(items);
            }
        }
    }
}

/// The values that a key of a schema can have, where they can be told: those of `enum`, TRUE and FALSE.
pub(super) fn schema_values(context: &Context<'_>, items: &mut Items, field: &SchemaItem) {
    if field.data_type == DataType::Boolean && !context.in_string {
        items.all(CompletionKind::Value, &["true", "false"]);
    }
    for value in &field.one_of_values {
        // JSON: texts have their quotes.
        match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(text) => {
                items.add(CompletionKind::Value, text).insert(quoted(context, text));
            }
            None if !context.in_string => {
                items.add(CompletionKind::Value, value);
            }
            None => {}
        }
    }
}

/// A key of CONFIG_SCHEMA or PARAMETERS with what is known of it.
pub(super) fn add_schema_key(context: &Context<'_>, items: &mut Items, frame: &Frame, field: &SchemaItem) {
    if let Some(item) = add_key(context, items, frame, &field.name) {
        item.detail(schema_detail(field)).documentation(field.description.clone());
    }
}

/// `string, required, secret`
pub(crate) fn schema_detail(field: &SchemaItem) -> String {
    let mut detail = field.data_type.name().to_owned();
    for (holds, word) in
        [(field.required, ", required"), (field.secret, ", secret"), (field.has_default, ", has a default")]
    {
        if holds {
            detail.push_str(word);
        }
    }
    detail
}

/// The fields of the entity that is being defined, from the text of its FIELDS.
fn own_fields(context: &Context<'_>, items: &mut Items, document: Option<&Frame>) {
    let Some(start) = context.inner.iter().position(|token| token.is("FIELDS")) else { return };
    let mut depth = 0;
    for pair in context.inner[start..].windows(2) {
        match pair[0].text {
            "{" | "[" => depth += 1,
            "}" | "]" => depth -= 1,
            _ if depth == 1 && pair[1].is_mark(':') => match document {
                Some(frame) => drop(add_key(context, items, frame, pair[0].name())),
                None => {
                    let name = pair[0].name();
                    items.add(CompletionKind::Field, name).insert(quoted(context, name));
                }
            },
            _ => {}
        }
        if depth == 0 && pair[0].is_mark('}') {
            return;
        }
    }
}
