//! Which hosts the handlers of an instance may talk to.
//!
//! Granted are the hosts that the user names in CONFIG, and those of the type's ALLOW_HOSTS and defaults. Every request is checked
//! before it leaves, every step of a redirect too; [`resolve`](super::resolve) then vets the addresses of the name. Private
//! addresses are reached only through hosts that the user himself names, some addresses never.

use moltler_abi::manifest::ConfigField;
use url::{Host, Url};

use super::address::{Reach, hides_another, is_loopback_name, is_metadata_name, reach};
use super::host_rule::{HostRule, is_labels};
use super::transport::{FailureKind, TransportError};
use crate::error::RuntimeError;
use crate::value::{Document, Value};

/// The hosts that are granted to an instance.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    entries: Vec<Entry>,
    /// `mock:` is granted.
    mock: bool,
    /// No check at all but of the scheme.
    open: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    rule: HostRule,
    by: GrantedBy,
}

/// What granted a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantedBy {
    /// The value that the user gave to this field of CONFIG.
    Config {
        /// `api_url`
        field: String,
    },
    /// ALLOW_HOSTS, or the default of a field.
    AllowHosts {
        /// As written.
        pattern: String,
    },
    /// The test's MOCK_API.
    Mock,
}

/// The permission to send a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// As in the URL; empty for `mock:///items`.
    pub host: String,
    /// 0 for `mock:`.
    pub port: u16,
    /// Whether it goes over TLS.
    pub secure: bool,
    /// What granted it.
    pub by: GrantedBy,
}

impl Grant {
    /// Whether the user himself named the host: it may be on a private network then.
    pub fn is_by_config(&self) -> bool {
        matches!(self.by, GrantedBy::Config { .. })
    }
}

impl Policy {
    /// Everything is granted: for what is no connector.
    pub fn open() -> Policy {
        Policy { open: true, ..Policy::default() }
    }

    /// What an instance may reach. `given` is its CONFIG as written, `config` has the defaults too; `mock` grants `mock:`.
    ///
    /// # Errors
    ///
    /// A ConfigError where a pattern of ALLOW_HOSTS cannot be read, or a field that it names is no DNS label.
    pub fn new(
        fields: &[ConfigField],
        given: &Document,
        config: &Document,
        allow_hosts: &[String],
        mock: bool,
    ) -> Result<Policy, RuntimeError> {
        let mut policy = Policy { entries: Vec::new(), mock, open: false };
        for (key, value) in config {
            let format = fields.iter().find(|field| *field.name == **key).and_then(|field| field.format.as_deref());
            let by_user = given.get(key).is_some_and(|value| !matches!(value, Value::Null));
            policy.grant_value(key, value, format, by_user);
        }
        for pattern in allow_hosts {
            policy.grant_pattern(pattern, fields, config)?;
        }
        Ok(policy)
    }

    fn grant_value(&mut self, key: &str, value: &Value, format: Option<&str>, by_user: bool) {
        match value {
            Value::String(text) => {
                let Some(rule) = HostRule::of_value(text, format) else { return };
                let by = if by_user {
                    GrantedBy::Config { field: key.to_owned() }
                } else {
                    GrantedBy::AllowHosts { pattern: rule.host() }
                };
                self.entries.push(Entry { rule, by });
            }
            Value::Array(items) => items.iter().for_each(|item| self.grant_value(key, item, format, by_user)),
            Value::Document(members) => {
                members.values().for_each(|member| self.grant_value(key, member, None, by_user));
            }
            _ => {}
        }
    }

    fn grant_pattern(&mut self, written: &str, fields: &[ConfigField], config: &Document) -> Result<(), RuntimeError> {
        let wrong = |reason: String| RuntimeError::new("ConfigError", format!("ALLOW_HOSTS '{written}': {reason}"));
        let Some(pattern) = fill_in(written, fields, config).map_err(wrong)? else { return Ok(()) };
        let rule = HostRule::parse(&pattern).map_err(|reason| wrong(reason.to_owned()))?;
        self.entries.push(Entry { rule, by: GrantedBy::AllowHosts { pattern: written.to_owned() } });
        Ok(())
    }

    /// Whether a request may go to this URL.
    ///
    /// # Errors
    ///
    /// A failure of kind `policy` that names the host and says how it is granted.
    pub fn check(&self, url: &Url) -> Result<Grant, TransportError> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            "mock" if self.mock || self.open => {
                let host = url.host_str().unwrap_or("").to_owned();
                return Ok(Grant { host, port: 0, secure: false, by: GrantedBy::Mock });
            }
            "mock" => {
                return Err(TransportError::failed(
                    FailureKind::Invalid,
                    "ERR_MOCK_URL",
                    "`mock:` URLs work only in a TEST with MOCK_API",
                ));
            }
            scheme => {
                return Err(refused("ERR_SCHEME", format!("`{scheme}:` is not http: or https:")));
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("ERR_USERINFO", "a URL with a user name or a password is not fetched".to_owned()));
        }
        let port = url.port_or_known_default().unwrap_or(0);
        let Some(host) = url.host() else {
            return Err(refused("ERR_HOST", "the URL has no host".to_owned()));
        };
        let (is_private, name) = match &host {
            Host::Domain(name) => {
                if name.ends_with('.') {
                    return Err(refused("ERR_HOST", format!("the host name `{name}` ends with a dot")));
                }
                if is_metadata_name(name) {
                    return Err(never(name));
                }
                (is_loopback_name(name), (*name).to_owned())
            }
            Host::Ipv4(address) => (self.vet((*address).into())?, address.to_string()),
            Host::Ipv6(address) => (self.vet((*address).into())?, format!("[{address}]")),
        };
        if self.open {
            let by = GrantedBy::AllowHosts { pattern: name.clone() };
            return Ok(Grant { host: name, port, secure, by });
        }
        let of_host: Vec<&Entry> = self.entries.iter().filter(|entry| entry.rule.names(&name)).collect();
        let fitting = || of_host.iter().filter(|entry| entry.rule.has_port(port));
        // What the user named goes before what the author asked for.
        let by_config = fitting().find(|entry| matches!(entry.by, GrantedBy::Config { .. }));
        match by_config.or_else(|| fitting().next().filter(|_| !is_private)) {
            Some(entry) => Ok(Grant { host: name, port, secure, by: entry.by.clone() }),
            None if is_private => Err(refused(
                "ERR_PRIVATE_ADDRESS",
                format!(
                    "`{name}:{port}` is this machine or a private network, which only CONFIG can grant, by naming it"
                ),
            )),
            None if !of_host.is_empty() => Err(refused(
                "ERR_HOST_NOT_GRANTED",
                format!("port {port} of `{name}` is not granted to the connector: {}", self.granted()),
            )),
            None => Err(refused(
                "ERR_HOST_NOT_GRANTED",
                format!(
                    "the host `{name}` is not granted to the connector: CONFIG does not name it, nor does ALLOW_HOSTS of \
                     its type; {}",
                    self.granted()
                ),
            )),
        }
    }

    /// An address that is written in a URL: whether it is private; an error for one that nobody may reach.
    fn vet(&self, address: std::net::IpAddr) -> Result<bool, TransportError> {
        if hides_another(address) {
            return Err(refused("ERR_HIDDEN_ADDRESS", format!("`{address}` hides another address in itself")));
        }
        match reach(address) {
            Reach::Never => Err(never(&address.to_string())),
            Reach::Private => Ok(true),
            Reach::Public => Ok(false),
        }
    }

    /// The granted hosts in a sentence.
    fn granted(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for entry in &self.entries {
            let name = format!("`{}`", entry.rule);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() { "nothing is granted".to_owned() } else { format!("granted: {}", names.join(", ")) }
    }
}

fn refused(code: &str, message: String) -> TransportError {
    TransportError::failed(FailureKind::Policy, code, message)
}

fn never(host: &str) -> TransportError {
    refused(
        "ERR_FORBIDDEN_ADDRESS",
        format!("`{host}` is a link-local, metadata or reserved address, which no connector may reach"),
    )
}

/// The pattern with the values of the fields that it names; `None` where one of them is not given.
fn fill_in(written: &str, fields: &[ConfigField], config: &Document) -> Result<Option<String>, String> {
    let mut pattern = String::new();
    let mut rest = written.trim();
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { return Err("a `{` has no `}`".to_owned()) };
        let name = rest[start + 1..start + length].trim();
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(format!("CONFIG_SCHEMA has no field `{name}`"));
        };
        if field.secret {
            return Err(format!("the field `{name}` is a secret, which a host name would tell"));
        }
        pattern.push_str(&rest[..start]);
        match config.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if is_labels(text) => pattern.push_str(text),
            Some(value) => {
                return Err(format!(
                    "the value of the field `{name}`, {}, is not part of a host name (letters, digits, `-`)",
                    crate::coerce::excerpt(value)
                ));
            }
        }
        rest = &rest[start + length + 1..];
    }
    pattern.push_str(rest);
    Ok(Some(pattern))
}

#[cfg(test)]
mod tests;
