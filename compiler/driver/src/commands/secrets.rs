//! `moltlerc secrets`

use std::io::{IsTerminal, Read};

use moltler_runtime::context::process_environment;
use moltler_runtime::secrets::store::{Store, StoreError, is_name};
use moltler_runtime::secrets::variable_of;
use moltler_runtime::suggest::did_you_mean;

use crate::args::{SecretsArguments, SecretsCommand};
use crate::output::{self, Failure, SUCCESS};

/// Changes and lists the user's secrets; their values are never printed.
pub fn run(arguments: &SecretsArguments) -> Result<u8, Failure> {
    let environment = process_environment();
    let store = Store::of_user(&environment)
        .ok_or_else(|| Failure::Usage("there is no folder for secrets: set MOLTLER_STATE_DIR".to_owned()))?;
    match &arguments.command {
        SecretsCommand::Set { name, value } => {
            if !is_name(name) {
                return Err(Failure::Usage(format!(
                    "`{name}` cannot be the name of a secret: use letters, digits, `_`, `-` and `.`"
                )));
            }
            let value = match value {
                Some(value) => value.clone(),
                None => read_value(name)?,
            };
            if value.is_empty() {
                return Err(Failure::Usage(format!("the value of `{name}` is empty")));
            }
            store.change_secrets(|secrets| secrets.insert(name.clone(), value)).map_err(failed)?;
            let variable = variable_of(name);
            if environment(&variable).is_some_and(|value| !value.is_empty()) {
                output::note(format_args!(
                    "the environment variable {variable} is set, and goes before the stored value"
                ));
            }
        }
        SecretsCommand::List => {
            for name in store.secrets().map_err(failed)?.keys() {
                output::line(name)?;
            }
        }
        SecretsCommand::Remove { name } => {
            let removed = store.change_secrets(|secrets| match secrets.remove(name) {
                Some(_) => Ok(()),
                None => Err(did_you_mean(name, secrets.keys().map(String::as_str))),
            });
            if let Err(hint) = removed.map_err(failed)? {
                return Err(Failure::Failed(format!("there is no secret `{name}`{hint}")));
            }
        }
    }
    Ok(SUCCESS)
}

fn failed(error: StoreError) -> Failure {
    Failure::Failed(error.to_string())
}

/// Standard input without the line end that editors and `echo` put behind it; one line of a terminal.
fn read_value(name: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let input = std::io::stdin();
    let read = if input.is_terminal() {
        output::note(format_args!("the value of `{name}` (it is shown as you type):"));
        input.read_line(&mut text)
    } else {
        input.lock().read_to_string(&mut text)
    };
    read.map_err(|error| Failure::Failed(format!("the value cannot be read from standard input: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
