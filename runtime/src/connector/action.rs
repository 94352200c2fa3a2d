//! CONNECTOR_EXEC: calls of an action's handler.

use std::rc::Rc;

use moltler_abi::manifest::{Action, Manifest, Script, Span};

use super::instance::Instance;
use super::schema::{self, Checked};
use crate::context::{ExecContext, internal_error};
use crate::datum::type_of;
use crate::error::{RuntimeError, StackFrame};
use crate::evaluate::with_article;
use crate::js::ActionCall;
use crate::suggest::did_you_mean;
use crate::value::{Document, Value};

/// Runs the execution with this index in the manifest. `argument` is a document, or NULL for none.
pub fn execute(context: &ExecContext, execution: u32, argument: &Value) -> Result<Value, RuntimeError> {
    let manifest = context.manifest();
    let execution = manifest.executions.get(execution as usize).ok_or_else(|| internal_error("unknown execution"))?;
    let action = &manifest.actions[execution.action as usize];
    let instance = context.connectors().get(&execution.instance).map_err(|error| error.at(execution.span))?;
    call(context, &instance, action, argument).map_err(|error| called_from(error, execution.span))
}

/// The action of an instance with this name, as `items.create`.
pub fn find<'m>(manifest: &'m Manifest, instance: &Instance, name: &str) -> Result<&'m Action, RuntimeError> {
    let type_index = instance.definition(manifest).connector_type;
    let of_type = || manifest.actions.iter().filter(|action| action.connector_type == type_index);
    of_type().find(|action| action.name == name).ok_or_else(|| {
        let hint = did_you_mean(name, of_type().map(|action| action.name.as_str()));
        RuntimeError::new("UnknownAction", format!("`{}` has no action `{name}`{hint}", instance.name()))
    })
}

/// Checks the arguments and calls the handler.
pub fn call(
    context: &ExecContext,
    instance: &Instance,
    action: &Action,
    argument: &Value,
) -> Result<Value, RuntimeError> {
    let source = format!("{}.{}", instance.name(), action.name);
    if instance.definition(context.manifest()).connector_type != action.connector_type {
        return Err(RuntimeError::new(
            "UnknownAction",
            format!("`{}` has no action `{}`", instance.name(), action.name),
        ));
    }
    let given = match argument {
        Value::Null => Rc::default(),
        Value::Document(document) => Rc::clone(document),
        other => {
            return Err(RuntimeError::new(
                "ArgumentError",
                format!("`{source}` takes one document or named arguments, not {}", with_article(type_of(other))),
            ));
        }
    };
    let parameters = match &action.parameters {
        None => given,
        Some(fields) => Rc::new(schema::check(context, Checked::Arguments, &source, fields, action.open, &given)?),
    };
    run(context, instance, &source, &action.handler, Some(&parameters))
}

/// Calls a CHECK_HANDLER.
pub fn check(context: &ExecContext, instance: &Instance, script: &Script) -> Result<Value, RuntimeError> {
    run(context, instance, instance.name(), script, None)
}

fn run(
    context: &ExecContext,
    instance: &Instance,
    source: &str,
    script: &Script,
    parameters: Option<&Rc<Document>>,
) -> Result<Value, RuntimeError> {
    instance.check_enabled()?;
    let opened = instance.open(context)?;
    let params = parameters.map(|parameters| Value::Document(Rc::clone(parameters)));
    let call = ActionCall { source, script, config: opened.config(), params: params.as_ref() };
    let outcome = context.block_on(opened.engine().borrow_mut().execute(&call));
    if params.is_some() {
        // It may have changed what queries would find.
        opened.cache().borrow_mut().clear();
    }
    instance.record(&outcome);
    outcome
}

/// The error of a handler with the place that called it behind its stack; any other error at that place.
pub(super) fn called_from(mut error: RuntimeError, span: Span) -> RuntimeError {
    if error.span.is_some() && error.source.is_some() {
        error.stack.push(StackFrame { function: String::new(), span });
        return error;
    }
    error.at(span)
}
