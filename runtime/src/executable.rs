//! The command line of a built program.

use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;

use moltler_abi::DataType;
use moltler_abi::manifest::{Manifest, OutputColumn};

use crate::coerce::{cast, coerce, value_from_json};
use crate::connector::instance::Instance;
use crate::connector::{action, query};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::evaluate::json_equal;
use crate::loader::Program;
use crate::output::{Format, Output};
use crate::parameters;
use crate::program::{RunOptions, run_to, with_context};
use crate::report::render_error;
use crate::suggest::did_you_mean;
use crate::value::{Document, Value};

/// Exit status of a run that failed.
const FAILED: u8 = 1;
/// Exit status of a wrong command line.
const USAGE: u8 = 2;

/// Runs the program that the running executable holds; `None` where it holds none.
pub fn executable_main() -> Option<ExitCode> {
    let program = match Program::from_executable() {
        Ok(Some(program)) => Arc::new(program),
        Ok(None) => return None,
        Err(error) => {
            Output::standard(Format::Table).message(&format!("error: {error}"));
            return Some(ExitCode::from(FAILED));
        }
    };
    let mut arguments = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    let name = arguments.next().unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    Some(main(&program, &name, &arguments.collect::<Vec<_>>()))
}

/// What a command line asks for.
#[derive(Debug, PartialEq)]
enum Command {
    Run { parameters: Vec<String> },
    Help,
    Version,
    Select { entity: String, conditions: Vec<(String, String)>, limit: Option<u64> },
    Execute { action: String, json: Option<String>, parameters: Vec<(String, String)> },
}

#[derive(Debug, PartialEq)]
struct CommandLine {
    format: Format,
    command: Command,
}

fn main(program: &Arc<Program>, name: &str, arguments: &[String]) -> ExitCode {
    let line = match parse(program.manifest(), arguments) {
        Ok(line) => line,
        Err(sentence) => return wrong_usage(name, &sentence),
    };
    let output = Output::standard(line.format);
    let options = RunOptions { format: line.format, ..RunOptions::default() };
    let outcome = match line.command {
        Command::Run { parameters } => {
            let options = match parameters::parse(program.manifest(), &parameters) {
                Ok(parameters) => RunOptions { parameters, ..options },
                Err(sentence) => return wrong_usage(name, &sentence),
            };
            run_to(program, options, output.clone())
        }
        Command::Help => with_context(program, options, Output::standard(Format::Table), |context| {
            context.output().print_line(&help(name, program.manifest()))
        }),
        Command::Version => with_context(program, options, Output::standard(Format::Table), |context| {
            let version = program.manifest().version.as_deref().unwrap_or("(no version)");
            context.output().print_line(&format!("{name} {version}"))
        }),
        Command::Select { entity, conditions, limit } => {
            with_context(program, options, output.clone(), |context| select(context, &entity, &conditions, limit))
        }
        Command::Execute { action, json, parameters } => with_context(program, options, output.clone(), |context| {
            execute(context, &action, json.as_deref(), &parameters)
        }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.message(render_error(program.manifest(), &error).trim_end());
            ExitCode::from(if error.class == "UsageError" { USAGE } else { FAILED })
        }
    }
}

fn wrong_usage(name: &str, sentence: &str) -> ExitCode {
    let output = Output::standard(Format::Table);
    output.message(&format!("error: {sentence}"));
    output.message(&format!("`{name} --help` tells how to use it"));
    ExitCode::from(USAGE)
}

fn help(name: &str, manifest: &Manifest) -> String {
    let mut text = format!(
        "Usage: {name} [--format {formats}]{parameters}\n       \
         {name} select [INSTANCE.]ENTITY [--where field=value]... [--limit N]\n       \
         {name} exec [INSTANCE.][ENTITY.]ACTION [--json DOCUMENT | --param name=value]...\n       \
         {name} --help | --version\n\n\
         Without arguments the statements of the program are run.",
        formats = Format::NAMES.join("|"),
        parameters = if manifest.parameters.is_empty() { "" } else { " [--PARAM VALUE]..." },
    );
    if !manifest.parameters.is_empty() {
        text.push_str("\n\nParameters:\n");
        text.push_str(&parameters::help(manifest).join("\n"));
    }
    let of_type = |connector_type: u32| -> Vec<String> {
        let entities = manifest.entities.iter().filter(|entity| entity.connector_type == connector_type);
        let actions = manifest.actions.iter().filter(|action| action.connector_type == connector_type);
        entities
            .map(|entity| format!("select {}", entity.name))
            .chain(actions.map(|action| format!("exec {}", action.name)))
            .collect()
    };
    for index in &manifest.global_instances {
        let Some(instance) = manifest.instances.get(*index as usize) else { continue };
        text.push_str(&format!("\n\n{}: {}", instance.name, of_type(instance.connector_type).join(", ")));
    }
    text
}

fn parse(manifest: &Manifest, arguments: &[String]) -> Result<CommandLine, String> {
    let mut line = CommandLine { format: Format::default(), command: Command::Run { parameters: Vec::new() } };
    let mut arguments = arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (argument.as_str(), None),
        };
        let mut value = || {
            let value = inline.clone().or_else(|| arguments.next().cloned());
            value.ok_or_else(|| format!("`{name}` needs a value"))
        };
        match (name, &mut line.command) {
            ("--format", _) => line.format = value()?.parse()?,
            ("--help" | "-h", _) => line.command = Command::Help,
            ("--version" | "-V", _) => line.command = Command::Version,
            ("--where", Command::Select { conditions, .. }) => conditions.push(pair(name, &value()?)?),
            ("--limit", Command::Select { limit, .. }) => {
                let text = value()?;
                *limit = Some(text.parse().map_err(|_| format!("`{text}` is not a number of rows"))?);
            }
            ("--param", Command::Execute { parameters, .. }) => parameters.push(pair(name, &value()?)?),
            ("--json", Command::Execute { json, .. }) => *json = Some(value()?),
            ("select", Command::Run { parameters }) if parameters.is_empty() => {
                let entity = arguments.next().cloned().ok_or("`select` needs an entity")?;
                line.command = Command::Select { entity, conditions: Vec::new(), limit: None };
            }
            ("exec", Command::Run { parameters }) if parameters.is_empty() => {
                let action = arguments.next().cloned().ok_or("`exec` needs an action")?;
                line.command = Command::Execute { action, json: None, parameters: Vec::new() };
            }
            ("sync" | "spec" | "check" | "discover" | "read", Command::Run { .. }) => {
                return Err(format!("`{name}` is not supported yet"));
            }
            (name, Command::Run { parameters }) if name.starts_with("--") && !manifest.parameters.is_empty() => {
                parameters.push(argument.clone());
                if inline.is_none() {
                    parameters.extend(arguments.next_if(|next| !next.starts_with("--")).cloned());
                }
            }
            _ => return Err(format!("`{argument}` is not understood")),
        }
    }
    Ok(line)
}

fn pair(option: &str, text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{option}` takes `name=value`, not `{text}`"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn usage(sentence: String) -> RuntimeError {
    RuntimeError::new("UsageError", sentence)
}

/// The instance that `INSTANCE.name` or `name` is about, and the rest of the name. Without an instance, there must be exactly one
/// whose type has such a thing.
fn resolve<'n>(
    context: &ExecContext,
    name: &'n str,
    what: &str,
    has: impl Fn(u32, &str) -> bool,
) -> Result<(Rc<Instance>, &'n str), RuntimeError> {
    let manifest = context.manifest();
    let instances = context.connectors().all();
    if let Some((first, rest)) = name.split_once('.') {
        if let Some(instance) = instances.iter().find(|instance| instance.name() == first) {
            return Ok((Rc::clone(instance), rest));
        }
    }
    let mut fitting = instances.iter().filter(|instance| has(instance.definition(manifest).connector_type, name));
    match (fitting.next(), fitting.next()) {
        (Some(instance), None) => Ok((Rc::clone(instance), name)),
        (Some(first), Some(second)) => Err(usage(format!(
            "several instances have the {what} `{name}`: write `{}.{name}` or `{}.{name}`",
            first.name(),
            second.name()
        ))),
        (None, _) => {
            let hint = did_you_mean(name, instances.iter().map(|instance| instance.name()));
            Err(usage(format!("no instance has the {what} `{name}`{hint}")))
        }
    }
}

fn select(
    context: &ExecContext,
    name: &str,
    conditions: &[(String, String)],
    limit: Option<u64>,
) -> Result<(), RuntimeError> {
    let manifest = context.manifest();
    let position = |connector_type: u32, name: &str| {
        manifest.entities.iter().position(|entity| entity.connector_type == connector_type && entity.name == name)
    };
    let (instance, name) =
        resolve(context, name, "entity", |connector_type, name| position(connector_type, name).is_some())?;
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

fn execute(
    context: &ExecContext,
    name: &str,
    json: Option<&str>,
    parameters: &[(String, String)],
) -> Result<(), RuntimeError> {
    let manifest = context.manifest();
    let (instance, name) = resolve(context, name, "action", |connector_type, name| {
        manifest.actions.iter().any(|action| action.connector_type == connector_type && action.name == name)
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
    use super::*;

    fn line(arguments: &str) -> Result<CommandLine, String> {
        parse(&Manifest::default(), &arguments.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn command_lines() {
        assert_eq!(
            line(""),
            Ok(CommandLine { format: Format::Table, command: Command::Run { parameters: Vec::new() } })
        );
        assert_eq!(
            line("--format=json"),
            Ok(CommandLine { format: Format::Json, command: Command::Run { parameters: Vec::new() } })
        );
        assert_eq!(
            line("select items --where a=b=c --limit 5 --format csv"),
            Ok(CommandLine {
                format: Format::Csv,
                command: Command::Select {
                    entity: "items".to_owned(),
                    conditions: vec![("a".to_owned(), "b=c".to_owned())],
                    limit: Some(5)
                }
            })
        );
        assert_eq!(
            line("exec shop.items.create --param=name=x").map(|line| line.command),
            Ok(Command::Execute {
                action: "shop.items.create".to_owned(),
                json: None,
                parameters: vec![("name".to_owned(), "x".to_owned())]
            })
        );
    }

    #[test]
    fn wrong_command_lines() {
        for (arguments, sentence) in [
            ("--format", "`--format` needs a value"),
            ("--format xml", "`xml` is not a format; there are table, json, ndjson, csv"),
            ("items", "`items` is not understood"),
            ("--limit 5", "`--limit` is not understood"),
            ("select", "`select` needs an entity"),
            ("select items --limit x", "`x` is not a number of rows"),
            ("select items --where a", "`--where` takes `name=value`, not `a`"),
            ("sync", "`sync` is not supported yet"),
        ] {
            assert_eq!(line(arguments), Err(sentence.to_owned()));
        }
    }
}
