//! CONFIG of an instance as connector code sees it: placeholders in the place of secrets.

use std::rc::Rc;

use moltler_abi::manifest::{ConfigField, ConnectorType};
use url::Url;

use super::grants::Grants;
use super::placeholder::LENGTH;
use super::vault::{Origin, Vault};
use crate::coerce::to_text;
use crate::connector::schema::{self, Checked};
use crate::context::ExecContext;
use crate::error::RuntimeError;
use crate::http::host_rule::{HostRule, is_labels};
use crate::value::{Document, Value};

/// What an instance is opened with.
#[derive(Debug)]
pub struct Sealed {
    /// As handlers get it.
    pub config: Document,
    /// Where its secrets may go.
    pub grants: Grants,
}

/// Checks `given`, a CONFIG whose `{{secrets.x}}` are placeholders, against the type's schema by its values. `environment` are the
/// values that ENV gave for it: in a test, these are secrets in a field for one, while literals are not.
pub fn seal(
    context: &ExecContext,
    instance: &str,
    connector_type: &ConnectorType,
    given: &Document,
    environment: &[String],
) -> Result<Sealed, RuntimeError> {
    let vault = context.vault();
    let fields = &connector_type.config;
    let revealed = reveal_members(vault, given);
    let checked =
        schema::check(context, Checked::Config, instance, fields, false, &revealed).map_err(|mut error| {
            mask_short(&mut error, vault, given);
            error
        })?;
    let grants = Grants::new(config_hosts(fields, given, &revealed));
    let mut config = Document::new();
    for (key, value) in &checked {
        let field = fields.iter().find(|field| *field.name == **key);
        let written = given.get(key);
        let from_store = written.is_some_and(|written| has_placeholder(vault, written));
        let is_secret = field.is_some_and(|field| field.secret)
            && (!context.setup().is_test || from_store || is_from(environment, value));
        let hosts = field
            .map(|field| field_hosts(field, &checked))
            .transpose()
            .map_err(|sentence| RuntimeError::new("ConfigError", format!("`{instance}`: {sentence}")))?;
        let hosts = hosts.flatten();
        let sealing = Sealing { vault, grants: &grants, field: key, hosts: hosts.as_deref() };
        let seen = if field.is_some_and(|field| field.expose) {
            sealing.expose(value);
            value.clone()
        } else if is_secret {
            sealing.whole(value)
        } else if let Some(written) = written.filter(|_| from_store) {
            sealing.parts(written, value)
        } else {
            value.clone()
        };
        config.insert(Rc::clone(key), seen);
    }
    Ok(Sealed { config, grants })
}

/// One field of CONFIG.
struct Sealing<'a> {
    vault: &'a Vault,
    grants: &'a Grants,
    field: &'a str,
    hosts: Option<&'a [HostRule]>,
}

impl Sealing<'_> {
    fn expose(&self, value: &Value) {
        each_text(value, &mut |text| {
            let placeholder = self.vault.add(Origin::Config, self.field, text);
            self.grant(&placeholder);
            self.vault.expose(self.field, text);
        });
    }

    /// Every text and number in the value is a secret as a whole.
    fn whole(&self, value: &Value) -> Value {
        match value {
            Value::Null | Value::Boolean(_) => value.clone(),
            Value::Array(items) => Value::Array(Rc::new(items.iter().map(|item| self.whole(item)).collect())),
            Value::Document(members) => {
                let members = members.iter().map(|(key, member)| (Rc::clone(key), self.whole(member)));
                Value::Document(Rc::new(members.collect()))
            }
            Value::String(text) if text.is_empty() => value.clone(),
            scalar => Value::String(self.placeholder(&to_text(scalar)).into()),
        }
    }

    fn placeholder(&self, text: &str) -> String {
        let whole = self.vault.add(Origin::Config, self.field, text);
        self.grant(&whole);
        match web_address(text) {
            // The host of an address is no secret, and what it is sent to must be known; what stands behind it is.
            Some(url) => self.address(&url, &url[url::Position::BeforePath..]),
            None => whole.to_string(),
        }
    }

    /// The address with its path and query as one placeholder.
    fn address(&self, url: &Url, rest: &str) -> String {
        let origin = &url[..url::Position::BeforePath];
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        if rest.is_empty() {
            return url.as_str().to_owned();
        }
        let whole = self.vault.add(Origin::Config, self.field, url.as_str());
        self.grant(&whole);
        let secrets = self.vault.secrets_of(&whole);
        format!("{origin}/{}", self.vault.add_derived(rest, super::vault::Encoded::Percent, secrets, None))
    }

    /// The value as it was written, with placeholders where secrets stand. `value` is what it became.
    fn parts(&self, written: &Value, value: &Value) -> Value {
        each_text(written, &mut |text| {
            for found in self.vault.placeholders(text.as_bytes()) {
                self.grant(&text[found.start..found.start + LENGTH]);
            }
        });
        let (Value::String(text), Value::String(revealed)) = (written, value) else { return written.clone() };
        let Some(url) = web_address(revealed) else { return written.clone() };
        // A secret in the host of an address: the host itself cannot be kept from the connector.
        let rest =
            text.find("://").and_then(|scheme| text[scheme + 3..].find(['/', '?']).map(|path| scheme + 3 + path));
        let origin = rest.map_or(&**text, |rest| &text[..rest]);
        if !self.vault.has_placeholder(origin) {
            return written.clone();
        }
        let shown = match rest {
            Some(rest) => format!("{}{}", &url[..url::Position::BeforePath], &text[rest..]),
            None => self.address(&url, &url[url::Position::BeforePath..]),
        };
        Value::String(shown.into())
    }

    fn grant(&self, placeholder: &str) {
        for id in self.vault.secrets_of(placeholder).iter() {
            self.grants.add(*id, self.field, self.hosts);
        }
    }
}

/// An http or https URL without user name.
fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    (url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// The hosts that the user wrote: those of addresses, and of fields with the format of one.
fn config_hosts(fields: &[ConfigField], given: &Document, revealed: &Document) -> Vec<HostRule> {
    let mut hosts = Vec::new();
    for (key, value) in revealed.iter().filter(|(key, _)| given.contains_key(*key)) {
        let format = fields.iter().find(|field| *field.name == **key).and_then(|field| field.format.as_deref());
        each_text(value, &mut |text| {
            hosts.extend(HostRule::of_value(text, format).filter(|rule| !hosts.contains(rule)));
        });
    }
    hosts
}

/// `hosts` of a field, with the values of other fields put in.
fn field_hosts(field: &ConfigField, config: &Document) -> Result<Option<Vec<HostRule>>, String> {
    if field.hosts.is_empty() {
        return Ok(None);
    }
    let mut rules = Vec::with_capacity(field.hosts.len());
    for pattern in &field.hosts {
        let mut text = pattern.clone();
        while let Some((before, name, behind)) = member(&text) {
            let Some(Value::String(value)) = config.get(name) else {
                return Err(format!("`hosts` of `{}`: the field `{name}` has no text", field.name));
            };
            let value = match web_address(value) {
                Some(url) if before.is_empty() && behind.is_empty() => {
                    HostRule::of_url(&url).map(|rule| rule.to_string()).unwrap_or_default()
                }
                _ if is_labels(value) => value.to_string(),
                _ => {
                    return Err(format!(
                        "`hosts` of `{}`: the value of `{name}` is no part of a host name",
                        field.name
                    ));
                }
            };
            text = format!("{before}{value}{behind}");
        }
        match HostRule::parse(&text) {
            Ok(rule) => rules.push(rule),
            Err(reason) => return Err(format!("`hosts` of `{}`: `{pattern}`: {reason}", field.name)),
        }
    }
    Ok(Some(rules))
}

/// `a{b}c` as its three parts.
fn member(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, behind) = rest.split_once('}')?;
    Some((before, name, behind))
}

fn is_from(environment: &[String], value: &Value) -> bool {
    let mut found = false;
    each_text(value, &mut |text| {
        found |= environment.iter().any(|read| !read.is_empty() && text.contains(read.as_str()))
    });
    found
}

fn has_placeholder(vault: &Vault, value: &Value) -> bool {
    let mut found = false;
    each_text(value, &mut |text| found |= vault.has_placeholder(text));
    found
}

/// Calls `see` with every text and number in a value.
fn each_text(value: &Value, see: &mut dyn FnMut(&str)) {
    // Values of CONFIG are no deeper than the parser's limit on nesting.
    match value {
        Value::Null | Value::Boolean(_) => {}
        Value::Array(items) => items.iter().for_each(|item| each_text(item, see)),
        Value::Document(members) => members.values().for_each(|member| each_text(member, see)),
        Value::String(text) => see(text),
        scalar => see(&to_text(scalar)),
    }
}

fn reveal_members(vault: &Vault, document: &Document) -> Document {
    document.iter().map(|(key, value)| (Rc::clone(key), reveal_value(vault, value))).collect()
}

fn reveal_value(vault: &Vault, value: &Value) -> Value {
    match value {
        Value::String(text) => match vault.reveal(text) {
            std::borrow::Cow::Borrowed(_) => value.clone(),
            std::borrow::Cow::Owned(text) => Value::String(text.into()),
        },
        Value::Array(items) => Value::Array(Rc::new(items.iter().map(|item| reveal_value(vault, item)).collect())),
        Value::Document(members) => Value::Document(Rc::new(reveal_members(vault, members))),
        other => other.clone(),
    }
}

/// A message about a wrong value quotes it: secrets that are too short to be looked for everywhere are taken out here.
fn mask_short(error: &mut RuntimeError, vault: &Vault, given: &Document) {
    for value in given.values() {
        each_text(value, &mut |text| {
            for found in vault.placeholders(text.as_bytes()).iter().filter(|found| !found.value.is_empty()) {
                error.message = error.message.replace(&*found.value, super::vault::MASK);
            }
        });
    }
}
