//! What a handler is given, as TypeScript: from CONFIG_SCHEMA, FIELDS and PARAMETERS.

use std::fmt::Write as _;

use moltler_abi::DataType;
use moltler_abi::host::OPTIONS_MEMBERS;
use moltler_db::Statement;
use moltler_hir::item_tree::{EntityItem, Item, SchemaItem, item_tree};
use moltler_hir::{Database, catalog};

use super::script::owner;

/// The type of a parameter of an entry point (`config`, `filters`, `options`, `params`) in a statement; `None` where nothing
/// declares it.
pub(super) fn parameter(db: &Database, statement: Statement, role: &str) -> Option<String> {
    let item = item_tree(db, statement).item.as_ref()?;
    match (role, item) {
        ("config", Item::Type(found)) => Some(interface("Config", found.config.as_deref()?, false)),
        ("config", Item::Entity(_) | Item::Action(_)) => {
            let found = catalog::connector_type(db, owner(Some(item)))?;
            Some(interface("Config", found.config.as_deref()?, false))
        }
        ("filters", Item::Entity(entity)) => Some(fields("Filters", entity, true)),
        ("params", Item::Action(found)) => Some(interface("Params", found.parameters.as_deref()?, true)),
        ("options", Item::Entity(_)) => {
            let members: Vec<String> = OPTIONS_MEMBERS.iter().map(|member| format!("    {}?", member.name)).collect();
            Some(format!("interface QueryOptions {{\n{};\n}}", members.join(";\n")))
        }
        _ => None,
    }
}

/// The type of a row of the entity that a statement defines.
pub(super) fn row(db: &Database, statement: Statement) -> Option<String> {
    match item_tree(db, statement).item.as_ref()? {
        Item::Entity(entity) => Some(fields("Row", entity, false)),
        _ => None,
    }
}

fn interface(name: &str, keys: &[SchemaItem], is_params: bool) -> String {
    let mut text = format!("interface {name} {{\n");
    for key in keys {
        description(&mut text, key.description.as_deref());
        let mark = if key.required || key.has_default { "" } else { "?" };
        let values = if key.one_of_values.is_empty() {
            type_name(key.data_type, if is_params { "Date" } else { "string" }).to_owned()
        } else {
            key.one_of_values.join(" | ")
        };
        let _ = writeln!(text, "    {}{mark}: {values};", member(&key.name));
    }
    text + "}"
}

fn fields(name: &str, entity: &EntityItem, is_filters: bool) -> String {
    let mut text = format!("interface {name} {{\n");
    for field in entity.fields.iter().filter(|field| is_filters || !field.filter_only) {
        description(&mut text, field.description.as_deref());
        // A row may lack what the query does not ask for.
        let mark = if field.primary_key && !is_filters { "" } else { "?" };
        let time = if is_filters { "string" } else { "string | Date | number" };
        let nullable = if is_filters || field.primary_key { "" } else { " | null" };
        let _ = writeln!(text, "    {}{mark}: {}{nullable};", member(&field.name), type_name(field.data_type, time));
    }
    text + "}"
}

fn description(text: &mut String, description: Option<&str>) {
    if let Some(description) = description {
        let _ = writeln!(text, "    /** {} */", description.replace("*/", "* /"));
    }
}

/// A key as it is written: in quotes where it is no name.
fn member(name: &str) -> String {
    let is_name = name.chars().enumerate().all(|(index, letter)| {
        letter == '_' || letter == '$' || letter.is_alphabetic() || (index > 0 && letter.is_alphanumeric())
    });
    if is_name && !name.is_empty() { name.to_owned() } else { format!("{name:?}") }
}

fn type_name(data_type: DataType, time: &'static str) -> &'static str {
    match data_type {
        DataType::String => "string",
        DataType::Number => "number",
        DataType::Integer => "number | bigint",
        DataType::Boolean => "boolean",
        DataType::Timestamp => time,
        DataType::Date => "string",
        DataType::Array => "Json[]",
        _ => "Json",
    }
}
