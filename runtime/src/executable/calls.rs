//! `select` and `exec`: one call of a connector from the command line.

use std::rc::Rc;

use moltler_abi::DataType;
use moltler_abi::manifest::OutputColumn;

use crate::coerce::{cast, coerce, value_from_json};
use crate::connector::instance::Instance;
use crate::connector::{action, query};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::evaluate::json_equal;
use crate::suggest::did_you_mean;
use crate::value::{Document, Value};

/// A wrong command line.
fn usage(sentence: String) -> RuntimeError {
    RuntimeError::new("UsageError", sentence)
}

/// The instance that `INSTANCE.name` or `name` is about, and the rest of the name. Without an instance, there must be exactly one
/// whose type has such a thing.
fn resolve<'c, 'n>(
    context: &'c ExecContext,
    name: &'n str,
    what: &str,
    names: impl Fn(u32) -> Vec<&'c str>,
) -> Result<(Rc<Instance>, &'n str), RuntimeError> {
    let manifest = context.manifest();
    let instances = context.connectors().all();
    if let Some((first, rest)) = name.split_once('.')
        && let Some(instance) = instances.iter().find(|instance| instance.name() == first)
    {
        return Ok((Rc::clone(instance), rest));
    }
    let names_of = |instance: &Instance| names(instance.definition(manifest).connector_type);
    let mut fitting = instances.iter().filter(|instance| names_of(instance).contains(&name));
    match (fitting.next(), fitting.next()) {
        (Some(instance), None) => Ok((Rc::clone(instance), name)),
        (Some(first), Some(second)) => Err(usage(format!(
            "several instances have the {what} `{name}`: write `{}.{name}` or `{}.{name}`",
            first.name(),
            second.name()
        ))),
        (None, _) => {
            let hint = did_you_mean(name, instances.iter().flat_map(|instance| names_of(instance)));
            Err(usage(format!("no instance has the {what} `{name}`{hint}")))
        }
    }
}

/// Prints the rows of an entity that fit all conditions.
pub(super) fn select(
    context: &ExecContext,
    name: &str,
    conditions: &[(String, String)],
    limit: Option<u64>,
) -> Result<(), RuntimeError> {
    let manifest = context.manifest();
    let position = |connector_type: u32, name: &str| {
        manifest.entities.iter().position(|entity| entity.connector_type == connector_type && entity.name == name)
    };
    let (instance, name) = resolve(context, name, "entity", |connector_type| {
        let entities = manifest.entities.iter().filter(|entity| entity.connector_type == connector_type);
        entities.map(|entity| entity.name.as_str()).collect()
    })?;
    let connector_type = instance.definition(manifest).connector_type;
    let index = position(connector_type, name).ok_or_else(|| {
        let names = manifest.entities.iter().filter(|entity| entity.connector_type == connector_type);
        let hint = did_you_mean(name, names.map(|entity| entity.name.as_str()));
        usage(format!("`{}` has no entity `{name}`{hint}", instance.name()))
    })?;
    let fields = &manifest.entities[index].fields;
    let mut filters = Document::new();
    let mut checks = Vec::new();
    for (field_name, text) in conditions {
        let field = fields.iter().position(|field| field.name == *field_name).ok_or_else(|| {
            let hint = did_you_mean(field_name, fields.iter().map(|field| field.name.as_str()));
            usage(format!("`{name}` has no field `{field_name}`{hint}"))
        })?;
        let value = from_text(text, fields[field].data_type)?;
        if !fields[field].filter_only {
            checks.push((field, value.clone()));
        }
        if filters.insert(field_name.as_str().into(), value).is_some() {
            return Err(usage(format!("the field `{field_name}` is given twice")));
        }
    }
    if let Some(missing) = fields.iter().find(|field| field.required && !filters.contains_key(field.name.as_str())) {
        return Err(usage(format!("`{name}` needs `--where {}=...`", missing.name)));
    }
    // Fields that only filter are no columns, but conditions are checked on rows, so all others are.
    let columns: Vec<u32> = (0..fields.len() as u32).filter(|field| !fields[*field as usize].filter_only).collect();
    let output: Vec<OutputColumn> = columns
        .iter()
        .map(|field| &fields[*field as usize])
        .map(|field| OutputColumn { name: field.name.clone(), data_type: field.data_type })
        .collect();
    let mut options = Document::new();
    if let (Some(limit), true) = (limit, checks.is_empty()) {
        options.insert("limit".into(), Value::Integer(limit.min(i64::MAX as u64) as i64));
    }
    let mut left = limit.unwrap_or(u64::MAX);
    let mut printer = context.output().rows(context, &output);
    if left > 0 {
        let mut scan = query::start(context, instance, index as u32, columns.clone(), filters, options, None)?;
        let mut outcome = Ok(());
        'pages: while left > 0 {
            let batch = match scan.next(context) {
                Ok(Some(batch)) => batch,
                Ok(None) => break,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            };
            for row in 0..batch.rows() {
                let fits = checks.iter().all(|(field, value)| {
                    let column = columns.iter().position(|column| *column as usize == *field);
                    column.is_some_and(|column| json_equal(&batch.value(column, row), value))
                });
                if fits {
                    printer.row((0..columns.len()).map(|column| batch.value(column, row)).collect());
                    left -= 1;
                    if left == 0 {
                        break 'pages;
                    }
                }
            }
        }
        let closed = scan.close(context);
        outcome.and(closed)?;
    }
    printer.finish()
}

fn from_text(text: &str, data_type: DataType) -> Result<Value, RuntimeError> {
    let value = Value::String(text.into());
    let fitted = coerce(&value, data_type, None).filter(|_| data_type != DataType::Document);
    fitted.map_or_else(|| cast(&value, data_type), Ok).map_err(|error| usage(error.message))
}

/// Runs an action and prints its result.
pub(super) fn execute(
    context: &ExecContext,
    name: &str,
    json: Option<&str>,
    parameters: &[(String, String)],
) -> Result<(), RuntimeError> {
    let manifest = context.manifest();
    let (instance, name) = resolve(context, name, "action", |connector_type| {
        let actions = manifest.actions.iter().filter(|action| action.connector_type == connector_type);
        actions.map(|action| action.name.as_str()).collect()
    })?;
    let definition = action::find(manifest, &instance, name).map_err(|error| usage(error.message))?;
    let mut document = match json.map(value_from_json).transpose() {
        Ok(None) => Document::new(),
        Ok(Some(Value::Document(document))) => Rc::unwrap_or_clone(document),
        Ok(Some(_)) => return Err(usage("`--json` takes a document".to_owned())),
        Err(reason) => return Err(usage(format!("`--json`: {reason}"))),
    };
    for (name, text) in parameters {
        let declared = definition.parameters.iter().flatten().find(|field| field.name == *name);
        let value = match declared {
            Some(field) => from_text(text, field.data_type)?,
            None => Value::String(text.as_str().into()),
        };
        document.insert(name.as_str().into(), value);
    }
    let result = action::call(context, &instance, definition, &Value::Document(Rc::new(document)))?;
    context.output().print_value(context, &result)
}

#[cfg(test)]
mod tests {
    use moltler_abi::manifest::Action;

    use super::*;
    use crate::output::Format;
    use crate::testing::{TestProgram, config_field};

    fn context() -> ExecContext {
        let mut program = TestProgram::default();
        program.shop(
            &[("id", DataType::Integer), ("name", DataType::String)],
            "function query(config, filters, options) {
                console.log(JSON.stringify(filters), JSON.stringify(options));
                return [{id: 1, name: 'a'}, {id: 2, name: 'b'}, {id: 1, name: 'c'}];
            }",
            None,
        );
        let mut action = Action { name: "items.create".to_owned(), ..Action::default() };
        action.handler.source = "function execute(config, params) { return params; }".to_owned();
        action.handler.entry = "execute".to_owned();
        action.parameters = Some(vec![config_field("all", DataType::Boolean), config_field("tags", DataType::Array)]);
        program.manifest.actions.push(action);
        program.context(Format::Json)
    }

    #[track_caller]
    fn check_select(name: &str, conditions: &[(&str, &str)], limit: Option<u64>, expected: &str) {
        let context = context();
        let conditions: Vec<(String, String)> =
            conditions.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
        let result = select(&context, name, &conditions, limit);
        let told = result.map_or_else(|error| error.message, |()| context.output().captured_text());
        assert_eq!(told, expected);
    }

    #[test]
    fn rows_are_checked_again() {
        check_select("items", &[("id", "1")], Some(1), "{\"id\":1} {}\n[{\"id\":1,\"name\":\"a\"}]\n");
        check_select(
            "shop1.items",
            &[],
            Some(2),
            "{} {\"limit\":2}\n[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]\n",
        );
        check_select("items", &[], Some(0), "[]\n");
    }

    #[test]
    fn wrong_names_are_told() {
        check_select("itms", &[], None, "no instance has the entity `itms`; did you mean `items`?");
        check_select("shop1.itms", &[], None, "`shop1` has no entity `itms`; did you mean `items`?");
        check_select("items", &[("nam", "1")], None, "`items` has no field `nam`; did you mean `name`?");
        check_select("items", &[("id", "x")], None, "'x' cannot be cast to integer");
        check_select("items", &[("id", "1"), ("id", "1")], None, "the field `id` is given twice");
    }

    #[test]
    fn arguments_of_actions_have_their_types() {
        let context = context();
        let parameters = [("all".to_owned(), "true".to_owned()), ("tags".to_owned(), "[1]".to_owned())];
        execute(&context, "items.create", None, &parameters).expect("valid");
        execute(&context, "shop1.items.create", Some("{\"all\":false}"), &[]).expect("valid");
        assert_eq!(context.output().captured_text(), "{\"all\":true,\"tags\":[1]}\n{\"all\":false}\n");
        let wrong = |json| execute(&context, "items.create", Some(json), &[]).expect_err("wrong").message;
        assert_eq!(wrong("[]"), "`--json` takes a document");
        assert!(wrong("{").starts_with("`--json`: expected a key"));
        assert_eq!(
            execute(&context, "items.creat", None, &[]).expect_err("wrong").message,
            "no instance has the action `items.creat`; did you mean `items.create`?"
        );
    }
}
