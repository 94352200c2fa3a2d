//! The command line of a built program.

use std::process::ExitCode;
use std::sync::Arc;

use moltler_abi::manifest::Manifest;

use crate::context::ExecContext;
use crate::loader::Program;
use crate::output::{Format, Output};
use crate::parameters;
use crate::program::{RunOptions, run_to, sync_to, with_context};
use crate::report::render_error;
use crate::sync::daemon;

mod arguments;
mod calls;
mod protocols;

use arguments::Command;

/// Exit status of a run that failed.
const FAILED: u8 = 1;
/// Exit status of a wrong command line.
const USAGE: u8 = 2;

/// Runs the program that the running executable holds; `None` where it holds none.
pub fn executable_main() -> Option<ExitCode> {
    let program = match Program::from_executable() {
        Ok(Some(mut program)) => {
            program.declare_sources();
            Arc::new(program)
        }
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

fn main(program: &Arc<Program>, name: &str, arguments: &[String]) -> ExitCode {
    if let Some(request) = protocols::parse(program.manifest(), arguments) {
        let request = match request {
            Ok(request) => request,
            Err(sentence) => return wrong_usage(name, &sentence),
        };
        let output = Output::standard(Format::Table);
        let answer = |context: &ExecContext| protocols::answer(context, &request);
        let outcome = with_context(program, RunOptions::default(), output.clone(), answer);
        return match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                output.message(render_error(program.manifest(), &error).trim_end());
                ExitCode::from(FAILED)
            }
        };
    }
    let line = match arguments::parse(program.manifest(), arguments) {
        Ok(line) => line,
        Err(sentence) => return wrong_usage(name, &sentence),
    };
    let output = Output::standard(line.format);
    let options =
        RunOptions { format: line.format, max_calls: line.max_calls, trace: line.trace, ..RunOptions::default() };
    let outcome = match line.command {
        Command::Run { parameters } => {
            let options = match parameters::parse(program.manifest(), &parameters) {
                Ok(parameters) => RunOptions { parameters, ..options },
                Err(sentence) => return wrong_usage(name, &sentence),
            };
            run_to(program, options, output.clone())
        }
        Command::Sync { options: sync, daemon: stays, parameters } => {
            match parameters::parse(program.manifest(), &parameters) {
                Ok(parameters) => {
                    let options = RunOptions { parameters, sync, ..options };
                    if stays { daemon(program, &options, &output) } else { sync_to(program, options, output.clone()) }
                }
                Err(sentence) => return wrong_usage(name, &sentence),
            }
        }
        Command::Help => with_context(program, options, Output::standard(Format::Table), |context| {
            context.output().print_line(&help(name, program.manifest()))
        }),
        Command::Version => with_context(program, options, Output::standard(Format::Table), |context| {
            let version = program.manifest().version.as_deref().unwrap_or("(no version)");
            context.output().print_line(&format!("{name} {version}"))
        }),
        Command::Select { entity, conditions, limit } => with_context(program, options, output.clone(), |context| {
            calls::select(context, &entity, &conditions, limit)
        }),
        Command::Execute { action, json, parameters } => with_context(program, options, output.clone(), |context| {
            calls::execute(context, &action, json.as_deref(), &parameters)
        }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.class == "UsageError" {
                return wrong_usage(name, &error.message);
            }
            output.message(render_error(program.manifest(), &error).trim_end());
            ExitCode::from(FAILED)
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
        "Usage: {name} [--format {formats}] [--max-calls N] [--trace]{parameters}\n       \
         {name} select [INSTANCE.]ENTITY [--where field=value]... [--limit N]\n       \
         {name} exec [INSTANCE.][ENTITY.]ACTION [--json DOCUMENT | --param name=value]...\n       \
         {name} sync [--once | --daemon | --reset | --rewind-to VALUE] [--allow-deletes]\n       \
         {name} spec | check --config FILE | discover --config FILE | read --config FILE --catalog FILE [--state FILE]\n       \
         {name} --config FILE [--discover | --catalog FILE] [--state FILE]\n       \
         {name} --help | --version\n\n\
         Without arguments the statements of the program are run. `spec` to `read` speak Airbyte's protocol, `--config` Singer's.",
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
