//! Secrets: `{{secrets.name}}` in literals of CONFIG, and how connector code works with them without ever seeing them.
//!
//! Connector code gets placeholders ([`placeholder`]), which a [`vault::Vault`] knows the values of. When a request leaves, a
//! [`seal::Seal`] puts the values in their place, for the hosts that the instance's [`grants::Grants`] name; in what comes back
//! it puts placeholders. What people see is scrubbed by [`vault::Vault::scrub`]. [`config`] makes the placeholders of CONFIG.

pub mod config;
pub mod encoding;
pub mod grants;
pub mod mask;
pub mod placeholder;
pub mod scan;
pub mod seal;
pub mod store;
pub mod tokens;
pub mod vault;

use crate::context::ExecContext;
use crate::error::RuntimeError;
use store::Store;
use vault::Origin;

/// The environment variable that holds a secret: `MOLTLER_SECRET_MYSERVICE_KEY` for `myservice_key`.
pub fn variable_of(name: &str) -> String {
    let name = name.chars().map(
        |character| {
            if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' }
        },
    );
    format!("MOLTLER_SECRET_{}", name.collect::<String>())
}

/// The text with every `{{secrets.name}}` replaced by the secret's placeholder. Braces that hold anything else stay as they are.
pub fn expand(context: &ExecContext, template: &str) -> Result<String, RuntimeError> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start + 2..].find("}}") else { break };
        let inside = rest[start + 2..start + 2 + length].trim();
        text.push_str(&rest[..start]);
        match inside.strip_prefix("secrets.") {
            Some(name) => text.push_str(&secret(context, name.trim())?),
            None => text.push_str(&rest[start..start + length + 4]),
        }
        rest = &rest[start + length + 4..];
    }
    text.push_str(rest);
    Ok(text)
}

/// The placeholder of a secret: of the environment, else of the user's store.
fn secret(context: &ExecContext, name: &str) -> Result<String, RuntimeError> {
    let variable = variable_of(name);
    let stored = || {
        let Some(store) = Store::of_user(&context.setup().environment) else { return Ok(None) };
        let secrets = store.secrets().map_err(|error| {
            RuntimeError::new("ConfigError", format!("the secret `{name}` cannot be read: {error}"))
        })?;
        Ok::<_, RuntimeError>(secrets.get(name).cloned())
    };
    let value = match context.environment(&variable) {
        Some(value) => Some(value),
        None => stored()?,
    };
    match value {
        // A trailing line end comes from `echo` and files; in a header it would be an error.
        Some(value) => {
            let value = value.trim_end_matches(['\r', '\n']);
            Ok(context.vault().add(Origin::Config, &format!("secrets.{name}"), value).to_string())
        }
        None => Err(RuntimeError::new("ConfigError", format!("the secret `{name}` is not known"))
            .with_note(format!("run `moltlerc secrets set {name}`, or set the environment variable `{variable}`"))),
    }
}
