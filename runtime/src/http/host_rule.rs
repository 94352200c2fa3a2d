//! Rules that name hosts, wherever they are written: what CONFIG names and ALLOW_HOSTS grants, and where the `hosts` of a field let
//! its secret go.

use std::fmt;

use url::{Host, Url};

/// A host, or all below one, and its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule {
    host: HostPattern,
    ports: Ports,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    /// As the URL standard writes it: lower case, IDNA, IPv6 in brackets.
    Exact(String),
    /// `.x.com` of `*.x.com`
    Below(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ports {
    Any,
    /// 80 and 443: none was written.
    Default,
    Only(u16),
}

impl HostRule {
    /// Reads `api.x.com`, `*.x.com`, with or without `:port`.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn parse(pattern: &str) -> Result<HostRule, &'static str> {
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
            Some(_) => Ok(HostRule { host: HostPattern::Below(format!(".{host}")), ports }),
            None => Ok(HostRule { host: HostPattern::Exact(host), ports }),
        }
    }

    /// What a value of CONFIG names: an http(s) URL, or text whose format says that it is a host.
    pub fn of_value(text: &str, format: Option<&str>) -> Option<HostRule> {
        let text = text.trim();
        if let Ok(url) = Url::parse(text)
            && matches!(url.scheme(), "http" | "https")
        {
            // Text before an `@` looks like the host and is none.
            if !url.username().is_empty() || url.password().is_some() {
                return None;
            }
            let ports = url.port().map_or(Ports::Default, Ports::Only);
            return named_host(&url, text).map(|host| HostRule { host: HostPattern::Exact(host), ports });
        }
        if format != Some("hostname") {
            return None;
        }
        let (host, ports) = split_port(text, Ports::Any)?;
        let url = Url::parse(&format!("https://{host}/")).ok()?;
        named_host(&url, host).map(|host| HostRule { host: HostPattern::Exact(host), ports })
    }

    /// That of a URL with a host.
    pub fn of_url(url: &Url) -> Option<HostRule> {
        let host = HostPattern::Exact(url.host_str()?.to_ascii_lowercase());
        Some(HostRule { host, ports: url.port().map_or(Ports::Default, Ports::Only) })
    }

    /// Whether it names this host, whatever the port.
    pub fn names(&self, host: &str) -> bool {
        match &self.host {
            HostPattern::Exact(exact) => exact == host,
            HostPattern::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        }
    }

    /// Whether it names this port.
    pub fn has_port(&self, port: u16) -> bool {
        match self.ports {
            Ports::Any => true,
            Ports::Default => port == 80 || port == 443,
            Ports::Only(only) => port == only,
        }
    }

    /// Whether it names the host and the port of a URL.
    pub fn allows(&self, url: &Url) -> bool {
        let port = url.port_or_known_default();
        url.host_str().is_some_and(|host| self.names(host)) && port.is_some_and(|port| self.has_port(port))
    }

    /// Without the port.
    pub fn host(&self) -> String {
        match &self.host {
            HostPattern::Exact(host) => host.clone(),
            HostPattern::Below(suffix) => format!("*{suffix}"),
        }
    }
}

impl fmt::Display for HostRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.host())?;
        match self.ports {
            Ports::Only(port) => write!(formatter, ":{port}"),
            Ports::Any | Ports::Default => Ok(()),
        }
    }
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

/// One or more DNS labels.
pub(crate) fn is_labels(text: &str) -> bool {
    text.len() <= 200
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> HostRule {
        HostRule::parse(text).expect("a rule")
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn rules_are_hosts_with_ports() {
        let allows = |text: &str, address: &str| rule(text).allows(&url(address));
        assert!(allows("api.x.com", "https://API.x.com/a"));
        assert!(allows("api.x.com", "https://api.x.com:443/a"));
        assert!(allows("api.x.com:443", "https://api.x.com/a"));
        assert!(!allows("api.x.com", "https://api.x.com:8443/"));
        assert!(!allows("api.x.com", "https://api.x.com.evil.example/"));
        assert!(!allows("api.x.com", "https://x.com/"));
        assert!(allows("*.x.com", "https://a.b.x.com/"));
        assert!(!allows("*.x.com", "https://x.com/"));
        assert!(!allows("*.x.com", "https://evilx.com/"));
        assert!(allows("127.0.0.1:8080", "http://127.0.0.1:8080/"));
        assert!(allows("[::1]:8080", "http://[::1]:8080/"));
        for wrong in ["", "a b", "https://x", "x/y", "u@x", "*", "*.com", "a.*.com", "x.", "x:99999", "x:0"] {
            assert!(HostRule::parse(wrong).is_err(), "{wrong}");
        }
        // A host that CONFIG names without a port has them all; a URL has that of its scheme.
        let value = |text: &str, format, address: &str| {
            HostRule::of_value(text, format).is_some_and(|rule| rule.allows(&url(address)))
        };
        assert!(value("db.x.com", Some("hostname"), "https://db.x.com:8443/"));
        assert!(!value("db.x.com:1", Some("hostname"), "https://db.x.com:8443/"));
        assert!(!value("db.x.com", None, "https://db.x.com/"));
        assert!(!value("https://db.x.com/", None, "https://db.x.com:8443/"));
        assert!(!value("https://user@db.x.com/", None, "https://db.x.com/"));
        assert!(!value("http://0x7f.1/", None, "http://127.0.0.1/"));
    }
}
