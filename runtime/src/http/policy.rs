//! Which hosts the handlers of an instance may talk to.
//!
//! Granted are the hosts that the user names in CONFIG, and those of the type's ALLOW_HOSTS and defaults. Every request is checked
//! before it leaves, every step of a redirect too; [`resolve`](super::resolve) then vets the addresses of the name. Private
//! addresses are reached only through hosts that the user himself names, some addresses never.

use moltler_abi::manifest::ConfigField;
use url::{Host, Url};

use super::address::{Reach, hides_another, is_loopback_name, is_metadata_name, reach};
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
    host: HostPattern,
    ports: Ports,
    by: GrantedBy,
}

#[derive(Clone, Debug, PartialEq)]
enum HostPattern {
    /// As the URL standard writes it: lower case, IDNA, IPv6 in brackets.
    Exact(String),
    /// `.x.com` of `*.x.com`
    Below(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ports {
    Any,
    /// 80 and 443: none was written.
    Default,
    Only(u16),
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
                let Some((host, ports)) = host_of_value(text, format) else { return };
                let by = if by_user {
                    GrantedBy::Config { field: key.to_owned() }
                } else {
                    GrantedBy::AllowHosts { pattern: host.clone() }
                };
                self.entries.push(Entry { host: HostPattern::Exact(host), ports, by });
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
        let (host, ports) = parse_pattern(&pattern).map_err(|reason| wrong(reason.to_owned()))?;
        self.entries.push(Entry { host, ports, by: GrantedBy::AllowHosts { pattern: written.to_owned() } });
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
        let of_host: Vec<&Entry> = self.entries.iter().filter(|entry| entry.host.matches(&name)).collect();
        let fitting = || of_host.iter().filter(|entry| entry.ports.contain(port));
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
            let host = match &entry.host {
                HostPattern::Exact(host) => host.clone(),
                HostPattern::Below(suffix) => format!("*{suffix}"),
            };
            let name = match entry.ports {
                Ports::Only(port) => format!("`{host}:{port}`"),
                Ports::Any | Ports::Default => format!("`{host}`"),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() { "nothing is granted".to_owned() } else { format!("granted: {}", names.join(", ")) }
    }
}

impl HostPattern {
    fn matches(&self, host: &str) -> bool {
        match self {
            HostPattern::Exact(exact) => exact == host,
            HostPattern::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }
}

impl Ports {
    fn contain(self, port: u16) -> bool {
        match self {
            Ports::Any => true,
            Ports::Default => port == 80 || port == 443,
            Ports::Only(only) => port == only,
        }
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

/// The host and ports that a value of CONFIG names: an http(s) URL, or text whose format says that it is a host.
fn host_of_value(text: &str, format: Option<&str>) -> Option<(String, Ports)> {
    let text = text.trim();
    if let Ok(url) = Url::parse(text)
        && matches!(url.scheme(), "http" | "https")
    {
        // Text before an `@` looks like the host and is none.
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let ports = url.port().map_or(Ports::Default, Ports::Only);
        return named_host(&url, text).map(|host| (host, ports));
    }
    if format != Some("hostname") {
        return None;
    }
    let (host, ports) = split_port(text, Ports::Any)?;
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    named_host(&url, host).map(|host| (host, ports))
}

/// The host of a URL; `None` for an address in a notation that hides what it is (`0x7f.1`, `2130706433`).
fn named_host(url: &Url, written: &str) -> Option<String> {
    let host = url.host_str()?.to_owned();
    let is_address = !matches!(url.host()?, Host::Domain(_));
    if host.is_empty() || host.ends_with('.') || (is_address && !says_address(url.host()?, written)) {
        return None;
    }
    Some(host)
}

fn says_address<S: AsRef<str>>(host: Host<S>, written: &str) -> bool {
    match host {
        Host::Ipv4(address) => {
            let text = address.to_string();
            written.match_indices(&text).any(|(start, _)| {
                let before = written[..start].chars().next_back();
                let behind = written[start + text.len()..].chars().next();
                before.is_none_or(|character| character == '/')
                    && behind.is_none_or(|character| matches!(character, '/' | ':' | '?' | '#'))
            })
        }
        // The brackets say what it is.
        Host::Ipv6(_) => true,
        Host::Domain(_) => true,
    }
}

fn split_port(text: &str, default: Ports) -> Option<(&str, Ports)> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && (!host.contains(':') || host.ends_with(']')) => {
            let port = port.parse().ok().filter(|port| *port != 0)?;
            Some((host, Ports::Only(port)))
        }
        _ => Some((text, default)),
    }
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

/// One or more DNS labels.
fn is_labels(text: &str) -> bool {
    text.len() <= 200
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// Reads `api.x.com`, `*.x.com`, with or without `:port`; the error is a sentence.
fn parse_pattern(pattern: &str) -> Result<(HostPattern, Ports), &'static str> {
    let (host, ports) = split_port(pattern, Ports::Default).ok_or("the port is a number from 1 to 65535")?;
    if host.contains(['/', '@', '?', '#', '\\', ' ']) {
        return Err("a host is written without scheme and path: `api.x.com`, `*.x.com`, `api.x.com:8443`");
    }
    let below = host.strip_prefix("*.");
    let base = below.unwrap_or(host);
    if base.contains('*') {
        return Err("`*` stands only in front: `*.x.com`");
    }
    let url = Url::parse(&format!("https://{base}/")).map_err(|_| "this is not a host name")?;
    let host = url.host_str().filter(|host| !host.ends_with('.')).ok_or("this is not a host name")?.to_owned();
    match below {
        Some(_) if !matches!(url.host(), Some(Host::Domain(_))) => Err("`*` stands only before a name"),
        Some(_) if !host.contains('.') => Err("`*` before a top-level domain would grant everything"),
        Some(_) => Ok((HostPattern::Below(format!(".{host}")), ports)),
        None => Ok((HostPattern::Exact(host), ports)),
    }
}

#[cfg(test)]
mod tests;
