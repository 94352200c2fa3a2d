//! Statements that the runtime carries out as a whole.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest::{Command, OutputColumn};

use crate::connector;
use crate::connector::instance::Instance;
use crate::context::{ExecContext, internal_error};
use crate::error::RuntimeError;
use crate::value::{Document, Value};

/// Carries out the command with this index in the manifest.
pub fn run(context: &ExecContext, index: u32) -> Result<(), RuntimeError> {
    let command = context.manifest().commands.get(index as usize).ok_or_else(|| internal_error("unknown command"))?;
    match command {
        Command::ShowConnectors => show_connectors(context),
        Command::ShowConnector { name, status } => show_connector(context, name, *status),
        Command::Describe { instance, entity } => describe(context, instance, *entity),
        Command::TestConnector { name } => test_connector(context, name),
        Command::AlterOptions { name, options } => {
            let instance = context.connectors().get(name)?;
            let options = context.evaluate(*options)?;
            instance.alter(&options)
        }
        Command::SetEnabled { name, enabled } => {
            context.connectors().get(name)?.set_enabled(*enabled);
            Ok(())
        }
        Command::DropConnector { name } => context.connectors().drop(name),
        Command::Sync(sync) => crate::sync::run(context, *sync),
        Command::ShowSyncState { instance, entity } => {
            crate::sync::show_state(context, instance.as_deref(), entity.as_deref())
        }
        Command::Package(package) => {
            let span = context.statement_span();
            tell(context, "PACKAGE", |host| host.package(package, span))
        }
        Command::Publish { type_name, registry } => {
            let span = context.statement_span();
            tell(context, "PUBLISH", |host| host.publish(type_name, registry, span))
        }
    }
}

fn tell(
    context: &ExecContext,
    statement: &str,
    act: impl FnOnce(&dyn crate::program::ProgramHost) -> Result<String, RuntimeError>,
) -> Result<(), RuntimeError> {
    let line = match &context.setup().host {
        Some(host) => act(&**host)?,
        None => format!("{statement} is passed over: it is carried out by `moltlerc run` only"),
    };
    context.output().message(&line);
    Ok(())
}

pub(crate) fn columns(names: &[&str]) -> Vec<OutputColumn> {
    names.iter().map(|name| OutputColumn { name: (*name).to_owned(), data_type: DataType::Dynamic }).collect()
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn show_connectors(context: &ExecContext) -> Result<(), RuntimeError> {
    let manifest = context.manifest();
    let rows: Vec<Vec<Value>> = context
        .connectors()
        .all()
        .iter()
        .map(|instance| {
            let connector_type = &manifest.types[instance.definition(manifest).connector_type as usize];
            vec![text(instance.name()), text(&connector_type.name), text(instance.status())]
        })
        .collect();
    context.output().print_table(context, &columns(&["name", "type", "status"]), &rows)
}

fn show_connector(context: &ExecContext, name: &str, status: bool) -> Result<(), RuntimeError> {
    let manifest = context.manifest();
    let instance = context.connectors().get(name)?;
    let connector_type = &manifest.types[instance.definition(manifest).connector_type as usize];
    let mut row = vec![text(name), text(&connector_type.name), text(instance.status())];
    let mut names = vec!["name", "type", "status"];
    if status {
        names.extend(["error", "last_sync"]);
        row.push(instance.last_error().map_or(Value::Null, |error| text(&error)));
        row.push(crate::sync::last_sync(context, name).map_or(Value::Null, |last| text(&last)));
    } else {
        let opened = instance.open(context)?;
        names.extend(["config", "options"]);
        row.push(opened.shown_config(context));
        row.push(opened.shown_options());
    }
    context.output().print_table(context, &columns(&names), &[row])
}

fn describe(context: &ExecContext, name: &str, entity: u32) -> Result<(), RuntimeError> {
    context.connectors().get(name)?;
    let entity = &context.manifest().entities[entity as usize];
    let rows: Vec<Vec<Value>> = entity
        .fields
        .iter()
        .map(|field| {
            let mut marks = Vec::new();
            for (is, mark) in [
                (field.primary_key, "primary key"),
                (field.required, "required"),
                (field.filter_only, "filter only"),
                (field.from_filter, "from filter"),
            ] {
                if is {
                    marks.push(mark);
                }
            }
            let description = field.description.as_deref().map_or(Value::Null, text);
            vec![text(&field.name), text(field.data_type.name()), text(&marks.join(", ")), description]
        })
        .collect();
    context.output().print_table(context, &columns(&["field", "type", "attributes", "description"]), &rows)
}

fn test_connector(context: &ExecContext, name: &str) -> Result<(), RuntimeError> {
    let instance = context.connectors().get(name)?;
    let detail = check_connector(context, &instance)?;
    context.output().print_table(
        context,
        &columns(&["connector", "status", "detail"]),
        &[vec![text(name), text("connected"), detail]],
    )
}

/// Whether a connector can be used: CHECK_HANDLER where the type has one, else its first entity that needs no filter, with a limit
/// of one row.
pub(crate) fn check_connector(context: &ExecContext, instance: &Rc<Instance>) -> Result<Value, RuntimeError> {
    let manifest = context.manifest();
    let type_index = instance.definition(manifest).connector_type;
    let connector_type = &manifest.types[type_index as usize];
    if let Some(check) = &connector_type.check {
        return connector::action::check(context, instance, check);
    }
    let entity = manifest
        .entities
        .iter()
        .position(|entity| entity.connector_type == type_index && !entity.fields.iter().any(|field| field.required));
    let Some(entity) = entity else {
        return Err(RuntimeError::new(
            "NotSupported",
            format!(
                "the type `{}` has no CHECK_HANDLER, and no entity that can be read without a filter",
                connector_type.name
            ),
        ));
    };
    connector::query::probe(context, instance, entity as u32)?;
    Ok(Value::Document(Rc::new(Document::from([("entity".into(), text(&manifest.entities[entity].name))]))))
}
