//! What the command line of a built program may say.

use moltler_abi::manifest::Manifest;

use crate::operators::MAX_CALLS;
use crate::output::Format;
use crate::sync::{Action, SyncOptions};

/// What a command line asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Run { parameters: Vec<String> },
    Help,
    Version,
    Sync { options: SyncOptions, daemon: bool, parameters: Vec<String> },
    Select { entity: String, conditions: Vec<(String, String)>, limit: Option<u64> },
    Execute { action: String, json: Option<String>, parameters: Vec<(String, String)> },
}

#[derive(Debug, PartialEq)]
pub(super) struct CommandLine {
    pub(super) format: Format,
    pub(super) max_calls: u64,
    pub(super) trace: bool,
    pub(super) command: Command,
}

/// Reads a command line; the error is a sentence about it.
pub(super) fn parse(manifest: &Manifest, arguments: &[String]) -> Result<CommandLine, String> {
    let command = Command::Run { parameters: Vec::new() };
    let mut line = CommandLine { format: Format::default(), max_calls: MAX_CALLS, trace: false, command };
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
            ("--max-calls", _) => {
                let text = value()?;
                line.max_calls = text.parse().map_err(|_| format!("`{text}` is not a number of calls"))?;
            }
            ("--trace", _) => line.trace = true,
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
            ("sync", Command::Run { parameters }) if parameters.is_empty() => {
                let options = SyncOptions::default();
                line.command = Command::Sync { options, daemon: false, parameters: Vec::new() };
            }
            ("--once", Command::Sync { .. }) => {}
            ("--daemon", Command::Sync { daemon, .. }) => *daemon = true,
            ("--allow-deletes", Command::Sync { options, .. }) => options.allow_deletes = true,
            ("--reset", Command::Sync { options, .. }) => options.action = Action::Reset,
            ("--rewind-to", Command::Sync { options, .. }) => options.action = Action::RewindTo(value()?),
            (name, Command::Run { parameters } | Command::Sync { parameters, .. })
                if name.starts_with("--") && !manifest.parameters.is_empty() =>
            {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(format: Format, max_calls: u64) -> Result<CommandLine, String> {
        Ok(CommandLine { format, max_calls, trace: false, command: Command::Run { parameters: Vec::new() } })
    }

    fn line(arguments: &str) -> Result<CommandLine, String> {
        parse(&Manifest::default(), &arguments.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn command_lines() {
        assert_eq!(line(""), run(Format::Table, MAX_CALLS));
        assert_eq!(line("--format=json"), run(Format::Json, MAX_CALLS));
        assert_eq!(line("--max-calls 5000"), run(Format::Table, 5000));
        assert_eq!(
            line("select items --where a=b=c --limit 5 --format csv"),
            Ok(CommandLine {
                format: Format::Csv,
                max_calls: MAX_CALLS,
                trace: false,
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
            ("--max-calls -1", "`-1` is not a number of calls"),
            ("--limit 5", "`--limit` is not understood"),
            ("select", "`select` needs an entity"),
            ("select items --limit x", "`x` is not a number of rows"),
            ("select items --where a", "`--where` takes `name=value`, not `a`"),
            ("sync --limit 5", "`--limit` is not understood"),
        ] {
            assert_eq!(line(arguments), Err(sentence.to_owned()));
        }
    }
}
