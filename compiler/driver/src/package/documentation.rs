//! The Markdown page of a connector, made from its declarations.

use std::fmt::Write;

use moltler_abi::manifest::{Action, ConfigField, Entity, Package};

use super::contents::Connector;

/// The page: what the connector is, how it is configured, its entities with their fields, its actions.
pub fn render(statement: &Package, connector: &Connector<'_>) -> String {
    let connector_type = connector.connector_type;
    let mut page = format!("# {}\n", connector_type.name);
    if let Some(text) = statement.description.as_ref().or(connector_type.description.as_ref()) {
        paragraph(&mut page, text);
    }
    documentation(&mut page, connector, &connector_type.name);
    page.push('\n');
    for (label, value) in [
        ("Version", &statement.version),
        ("Author", &statement.author),
        ("Licence", &statement.license),
        ("Homepage", &statement.homepage),
        ("Repository", &statement.repository),
    ] {
        if let Some(value) = value {
            line(&mut page, &format!("- {label}: {value}"));
        }
    }
    if !statement.tags.is_empty() {
        line(&mut page, &format!("- Tags: {}", statement.tags.join(", ")));
    }
    if !connector_type.allow_hosts.is_empty() {
        let hosts: Vec<String> = connector_type.allow_hosts.iter().map(|host| format!("`{host}`")).collect();
        line(&mut page, &format!("- Reaches: {}", hosts.join(", ")));
    }
    if !connector_type.config.is_empty() {
        page.push_str("\n## Configuration\n\n");
        parameter_table(&mut page, &connector_type.config);
    }
    for entity in &connector.entities {
        entity_section(&mut page, connector, entity);
    }
    for action in &connector.actions {
        action_section(&mut page, connector, action);
    }
    page
}

fn entity_section(page: &mut String, connector: &Connector<'_>, entity: &Entity) {
    let name = format!("{}.{}", connector.connector_type.name, entity.name);
    line(page, &format!("\n## Entity `{name}`"));
    if let Some(text) = &entity.description {
        paragraph(page, text);
    }
    documentation(page, connector, &name);
    page.push_str("\n| Field | Type | | Description |\n| --- | --- | --- | --- |\n");
    for field in &entity.fields {
        let mut notes = Vec::new();
        for (holds, note) in [
            (field.primary_key, "primary key"),
            (field.required, "required in a query"),
            (field.filter_only, "filter only"),
        ] {
            if holds {
                notes.push(note);
            }
        }
        let description = field.description.as_deref().unwrap_or_default();
        row(page, &[&format!("`{}`", field.name), field.data_type.name(), &notes.join(", "), description]);
    }
}

fn action_section(page: &mut String, connector: &Connector<'_>, action: &Action) {
    let name = format!("{}.{}", connector.connector_type.name, action.name);
    line(page, &format!("\n## Action `{name}`"));
    if let Some(text) = &action.description {
        paragraph(page, text);
    }
    documentation(page, connector, &name);
    page.push('\n');
    match action.parameters.as_deref() {
        None => page.push_str("Takes any arguments.\n"),
        Some([]) if !action.open => page.push_str("Takes no arguments.\n"),
        Some(parameters) => {
            parameter_table(page, parameters);
            if action.open {
                page.push_str("\nOther arguments are let through.\n");
            }
        }
    }
}

fn parameter_table(page: &mut String, fields: &[ConfigField]) {
    page.push_str("| Name | Type | | Description |\n| --- | --- | --- | --- |\n");
    for field in fields {
        let mut notes = Vec::new();
        for (holds, note) in
            [(field.required, "required"), (field.secret, "secret"), (field.default.is_some(), "has a default")]
        {
            if holds {
                notes.push(note.to_owned());
            }
        }
        if !field.one_of_values.is_empty() {
            notes.push(format!("one of {}", field.one_of_values.join(", ")));
        }
        let description = field.description.as_deref().unwrap_or_default();
        row(page, &[&format!("`{}`", field.name), field.data_type.name(), &notes.join(", "), description]);
    }
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

/// What the author wrote under DOCUMENTATION, as it is.
fn documentation(page: &mut String, connector: &Connector<'_>, name: &str) {
    if let Some(text) = connector.documentation.get(name) {
        paragraph(page, text);
    }
}

fn paragraph(page: &mut String, text: &str) {
    let _ = writeln!(page, "\n{}", text.trim());
}

fn row(page: &mut String, cells: &[&str]) {
    for cell in cells {
        let _ = write!(page, "| {} ", cell.replace('|', "\\|").replace('\n', " "));
    }
    page.push_str("|\n");
}
