//! A program as a source of others: the protocols of Airbyte and Singer. Their messages are lines of JSON on standard output;
//! everything else goes to standard error.

mod airbyte;
mod schema;
mod singer;

use std::io::{BufWriter, StdoutLock, Write};
use std::rc::Rc;

use moltler_abi::manifest::Manifest;
use serde_json::Value as Json;

use crate::batch::OwnedBatch;
use crate::coerce::{value_from_json, write_json_string};
use crate::connector::instance::Instance;
use crate::context::ExecContext;
use crate::error::{ErrorKind, RuntimeError};
use crate::value::{Document, Value};

/// What is asked for; each is a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Airbyte: how it is configured.
    Spec,
    /// Airbyte: whether the configuration works.
    Check { config: String },
    /// Airbyte: what there is.
    Discover { config: String },
    /// Airbyte: rows.
    Read { config: String, catalog: String, state: Option<String> },
    /// Singer: what there is.
    SingerDiscover { config: Option<String> },
    /// Singer: rows.
    SingerRead { config: String, catalog: Option<String>, state: Option<String> },
}

/// Reads a command line; `None` where it is not one of these.
pub(super) fn parse(manifest: &Manifest, arguments: &[String]) -> Option<Result<Request, String>> {
    let first = arguments.first()?.as_str();
    let is_parameter =
        |name: &str| manifest.parameters.iter().any(|parameter| Some(&*parameter.name) == name.strip_prefix("--"));
    let command = match first {
        "spec" | "check" | "discover" | "read" => Some(first),
        first => {
            let name = first.split('=').next().unwrap_or_default();
            let is_singers =
                matches!(name, "--config" | "-c" | "--discover" | "-d" | "--catalog" | "--properties" | "--state");
            if !is_singers || is_parameter(name) {
                return None;
            }
            None
        }
    };
    Some(request(command, &arguments[usize::from(command.is_some())..]))
}

fn request(command: Option<&str>, arguments: &[String]) -> Result<Request, String> {
    let (mut config, mut catalog, mut state, mut discover) = (None, None, None, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let slot = match name {
            "--config" | "-c" => &mut config,
            "--catalog" | "--properties" | "-p" => &mut catalog,
            "--state" | "-s" => &mut state,
            "--discover" | "-d" if command.is_none() => {
                discover = true;
                continue;
            }
            // Others that run sources pass it; there is nothing more to say.
            "--debug" => continue,
            _ => return Err(format!("`{argument}` is not understood")),
        };
        *slot = Some(inline.or_else(|| arguments.next().cloned()).ok_or_else(|| format!("`{name}` needs a file"))?);
    }
    let needs = |file: Option<String>, name: &str| file.ok_or_else(|| format!("`{name}` is needed"));
    match command {
        Some("spec") => Ok(Request::Spec),
        Some("check") => Ok(Request::Check { config: needs(config, "--config")? }),
        Some("discover") => Ok(Request::Discover { config: needs(config, "--config")? }),
        Some(_) => {
            Ok(Request::Read { config: needs(config, "--config")?, catalog: needs(catalog, "--catalog")?, state })
        }
        None if discover => Ok(Request::SingerDiscover { config }),
        None => Ok(Request::SingerRead { config: needs(config, "--config")?, catalog, state }),
    }
}

/// Answers. What goes wrong is told as the protocol has it; the error is for people and the exit status.
pub(super) fn answer(context: &ExecContext, request: &Request) -> Result<(), RuntimeError> {
    match request {
        Request::Spec => airbyte::spec(context),
        Request::Check { config } => airbyte::check(context, config),
        Request::Discover { config } => airbyte::discover(context, config),
        Request::Read { config, catalog, state } => airbyte::read(context, config, catalog, state.as_deref()),
        Request::SingerDiscover { config } => singer::discover(context, config.as_deref()),
        Request::SingerRead { config, catalog, state } => {
            singer::read(context, config, catalog.as_deref(), state.as_deref())
        }
    }
}

/// The connector type that the program is a source of, by its index: `MOLTLER_SOURCE` names it where there are several.
fn source_type(context: &ExecContext) -> Result<u32, RuntimeError> {
    let manifest = context.manifest();
    let has_entities = |index: &usize| manifest.entities.iter().any(|entity| entity.connector_type as usize == *index);
    let types: Vec<usize> = (0..manifest.types.len()).filter(has_entities).collect();
    if let Some(wanted) = context.environment("MOLTLER_SOURCE") {
        let found = types.iter().find(|index| manifest.types[**index].name == wanted);
        let unknown = || config_error(format!("`MOLTLER_SOURCE`: there is no connector type `{wanted}` with entities"));
        return found.map(|index| *index as u32).ok_or_else(unknown);
    }
    match types[..] {
        [only] => Ok(only as u32),
        [] => Err(config_error("the program has no connector type with entities".to_owned())),
        _ => {
            let names: Vec<&str> = types.iter().map(|index| manifest.types[*index].name.as_str()).collect();
            let message =
                format!("the program has several connector types: set MOLTLER_SOURCE to one of {}", names.join(", "));
            Err(config_error(message))
        }
    }
}

fn config_error(message: String) -> RuntimeError {
    RuntimeError::new("ConfigError", message)
}

/// The instance of the source with CONFIG from a file.
fn configured(context: &ExecContext, path: &str) -> Result<Rc<Instance>, RuntimeError> {
    let manifest = context.manifest();
    let source = source_type(context)?;
    let text = std::fs::read_to_string(path).map_err(|error| config_error(format!("{path}: {error}")))?;
    let value = value_from_json(&text).map_err(|error| config_error(format!("{path}: {error}")))?;
    let Value::Document(given) = value else {
        return Err(config_error(format!("{path}: a configuration is a JSON object")));
    };
    // Platforms put keys of their own beside those of the source.
    let fields = &manifest.types[source as usize].config;
    let is_known = |key: &str| fields.is_empty() || fields.iter().any(|field| field.name == key);
    let config: Document =
        given.iter().filter(|(key, _)| is_known(key)).map(|(key, value)| (Rc::clone(key), value.clone())).collect();
    let mut candidates = manifest.global_instances.iter().copied().chain(0..manifest.instances.len() as u32);
    let index = candidates.find(|index| manifest.instances[*index as usize].connector_type == source);
    let index = index.ok_or_else(|| crate::context::internal_error("a source without an instance"))?;
    context.connectors().configure(context, index, config)
}

/// The entities that can be read without being told anything, by index.
fn streams(context: &ExecContext) -> Result<Vec<u32>, RuntimeError> {
    let source = source_type(context)?;
    let entities = context.manifest().entities.iter().enumerate();
    let readable =
        entities.filter(|(_, entity)| entity.connector_type == source && entity.pushdown.required.is_empty());
    Ok(readable.map(|(index, _)| index as u32).collect())
}

fn stream(context: &ExecContext, name: &str) -> Result<u32, RuntimeError> {
    let found = streams(context)?.into_iter().find(|index| context.manifest().entities[*index as usize].name == name);
    found.ok_or_else(|| config_error(format!("there is no stream `{name}`")))
}

fn read_json(path: &str) -> Result<Json, RuntimeError> {
    let text = std::fs::read_to_string(path).map_err(|error| config_error(format!("{path}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| config_error(format!("{path}: {error}")))
}

/// Standard output, line by line, without secrets.
struct Lines<'c> {
    context: &'c ExecContext,
    out: BufWriter<StdoutLock<'static>>,
}

impl<'c> Lines<'c> {
    fn new(context: &'c ExecContext) -> Lines<'c> {
        Lines { context, out: BufWriter::with_capacity(1 << 16, std::io::stdout().lock()) }
    }

    /// Lines of messages, each with its end.
    fn text(&mut self, text: &str) -> Result<(), RuntimeError> {
        self.out.write_all(self.context.scrub(text).as_bytes()).map_err(closed)
    }

    fn message(&mut self, message: &Json) -> Result<(), RuntimeError> {
        self.text(&format!("{message}\n"))?;
        // Whoever reads is to know at once; rows come in larger pieces.
        self.out.flush().map_err(closed)
    }
}

fn closed(error: std::io::Error) -> RuntimeError {
    let mut told = RuntimeError::new("OutputError", format!("a message cannot be written: {error}"));
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        told.kind = ErrorKind::ClosedPipe;
    }
    told
}

/// Appends a row as an object.
fn write_row(names: &[String], batch: &OwnedBatch, row: usize, out: &mut String) {
    for (column, name) in names.iter().enumerate() {
        out.push(if column == 0 { '{' } else { ',' });
        write_json_string(name, out);
        out.push(':');
        batch.write_json(column, row, out);
    }
    out.push_str(if names.is_empty() { "{}" } else { "}" });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(arguments: &str) -> Option<Result<Request, String>> {
        parse(&Manifest::default(), &arguments.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn command_lines() {
        let text = str::to_owned;
        assert_eq!(line("spec"), Some(Ok(Request::Spec)));
        assert_eq!(line("check --config=c"), Some(Ok(Request::Check { config: text("c") })));
        assert_eq!(
            line("read --config c --catalog k --state s"),
            Some(Ok(Request::Read { config: text("c"), catalog: text("k"), state: Some(text("s")) }))
        );
        assert_eq!(line("--config c --discover"), Some(Ok(Request::SingerDiscover { config: Some(text("c")) })));
        assert_eq!(
            line("--config c --properties k"),
            Some(Ok(Request::SingerRead { config: text("c"), catalog: Some(text("k")), state: None }))
        );
        assert_eq!(line("read --config c"), Some(Err(text("`--catalog` is needed"))));
        assert_eq!(line("check --config"), Some(Err(text("`--config` needs a file"))));
        assert_eq!(line("spec --discover"), Some(Err(text("`--discover` is not understood"))));
        for other in ["", "select items", "--format json", "sync"] {
            assert_eq!(line(other), None);
        }
    }
}
