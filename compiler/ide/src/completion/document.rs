//! Keys and values of documents.

use moltler_abi::DataType;
use moltler_hir::catalog;
use moltler_hir::config_schema::{FIELD_KEYS, MOCK_KEYS, OPTION_KEYS, PUSHDOWN_KEYS, SCHEMA_KEYS};
use moltler_hir::item_tree::SchemaItem;

use super::context::{Context, Frame};
use super::keywords::DOCUMENTS;
use super::{CompletionKind, Items, query};
use crate::token::TokenKind;

/// True where the place is a key or a value of a known list, or one of which nothing is known.
pub(super) fn complete(context: &Context<'_>, items: &mut Items) -> bool {
    let Some(first) = context.frames.first() else { return false };
    let Some(last) = context.frames.last() else { return false };
    if first.owner == "CONFIG" {
        config(context, items, last);
        return last.key.is_none() || context.in_string;
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
                ("MOCK_API", 2) => MOCK_KEYS,
                ("PUSHDOWN", 2) if last.owner == "filters" => {
                    own_fields(context, items, last);
                    &[]
                }
                _ => &[],
            };
            for key in keys {
                add_key(context, items, last, key);
            }
        }
        ("CONFIG_SCHEMA" | "PARAMETERS" | "FIELDS", Some(key)) if depth == 2 => values(context, items, key),
        _ => {}
    }
    true
}

/// A key that the document does not have yet. Outside of quotes they come with it, and the colon where there is none.
fn add_key<'a>(
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
    let quoted = |text: &str| if context.in_string { text.to_owned() } else { format!("\"{text}\"") };
    match key {
        "type" | "items" => {
            for data_type in DataType::NAMED {
                items.add(CompletionKind::Value, data_type.name()).insert(quoted(data_type.name()));
            }
        }
        "required" | "secret" | "expose" | "primary_key" | "filter_only" | "from_filter" if !context.in_string => {
            items.all(CompletionKind::Value, &["true", "false"]);
        }
        "format" => {
            for format in ["uri", "hostname"] {
                items.add(CompletionKind::Value, format).insert(quoted(format));
            }
        }
        "unit" => {
            for unit in ["s", "ms", "us"] {
                items.add(CompletionKind::Value, unit).insert(quoted(unit));
            }
        }
        _ => {}
    }
}

/// CONFIG: the keys of the type's schema.
fn config(context: &Context<'_>, items: &mut Items, last: &Frame) {
    if context.frames.len() != 1 {
        return;
    }
    match &last.key {
        None => {
            let name = context.inner.windows(2).find(|pair| pair[0].is("TYPE") && pair[1].kind == TokenKind::String);
            let Some(found) = name.and_then(|pair| catalog::connector_type(context.db, pair[1].name())) else { return };
            for field in found.config.iter().flatten() {
                add_schema_key(context, items, last, field);
            }
        }
        Some(_) if context.in_string => {
            items.add(CompletionKind::Value, "{{secrets.name}}").insert("{{secrets.}}");
        }
        Some(_) => {
            query::functions(items);
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
fn own_fields(context: &Context<'_>, items: &mut Items, last: &Frame) {
    let Some(start) = context.inner.iter().position(|token| token.is("FIELDS")) else { return };
    let mut depth = 0;
    for pair in context.inner[start..].windows(2) {
        match pair[0].text {
            "{" | "[" => depth += 1,
            "}" | "]" => depth -= 1,
            _ if depth == 1 && pair[1].is_mark(':') => {
                add_key(context, items, last, pair[0].name());
            }
            _ => {}
        }
        if depth == 0 && pair[0].is_mark('}') {
            return;
        }
    }
}
