//! Which secrets of an instance may be sent where.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use url::{Host, Url};

use super::vault::SecretId;
use crate::http::host_rule::HostRule;

/// What an instance may send. Without grants nothing that holds a secret leaves.
#[derive(Debug, Default)]
pub struct Grants {
    /// The hosts that CONFIG names.
    hosts: Vec<HostRule>,
    fields: RefCell<HashMap<SecretId, Vec<Field>>>,
}

/// A secret of the instance, by the field that it stands in.
#[derive(Debug, PartialEq)]
struct Field {
    name: String,
    /// `hosts` of the field, where it has them.
    hosts: Option<Vec<HostRule>>,
}

impl Grants {
    /// With the hosts that CONFIG names.
    pub fn new(hosts: Vec<HostRule>) -> Grants {
        Grants { hosts, fields: RefCell::default() }
    }

    /// The instance may use this secret: at the hosts of CONFIG, or at `hosts` where they are given.
    pub fn add(&self, secret: SecretId, field: &str, hosts: Option<&[HostRule]>) {
        let field = Field { name: field.to_owned(), hosts: hosts.map(<[HostRule]>::to_vec) };
        let mut fields = self.fields.borrow_mut();
        let known = fields.entry(secret).or_default();
        if !known.contains(&field) {
            known.push(field);
        }
    }

    /// A secret that a server handed out for others may go where they may, to the hosts of CONFIG, and back to the server.
    pub fn add_handed_out(&self, secret: SecretId, name: &str, others: &[SecretId], server: Option<&HostRule>) {
        self.add(secret, name, None);
        if let Some(server) = server {
            self.add(secret, name, Some(std::slice::from_ref(server)));
        }
        let hosts: Vec<Vec<HostRule>> = {
            let fields = self.fields.borrow();
            let fields = others.iter().filter_map(|other| fields.get(other)).flatten();
            fields.filter_map(|field| field.hosts.clone()).collect()
        };
        for hosts in hosts {
            self.add(secret, name, Some(&hosts));
        }
    }

    /// How the instance calls a secret; `None` for one that is not its own.
    pub fn field(&self, secret: SecretId) -> Option<String> {
        self.fields.borrow().get(&secret).and_then(|fields| fields.first()).map(|field| field.name.clone())
    }

    /// Whether a secret may be sent there; the error is the reason.
    pub fn check(&self, secret: SecretId, url: &Url) -> Result<(), String> {
        if url.scheme() == "mock" {
            // No packet leaves.
            return Ok(());
        }
        let fields = self.fields.borrow();
        let fields = fields.get(&secret).map(Vec::as_slice).unwrap_or_default();
        let Some(first) = fields.first() else {
            return Err("a secret that is not its own may not be sent by this connector".to_owned());
        };
        let host = url.host_str().unwrap_or_default();
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let named = self.hosts.iter().any(|rule| rule.allows(url));
        let granted = fields.iter().any(|field| match &field.hosts {
            Some(hosts) => hosts.iter().any(|rule| rule.allows(url)),
            None => named,
        });
        if !granted {
            let rules = first.hosts.as_ref().unwrap_or(&self.hosts);
            let list: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
            let (who, help) = match first.hosts {
                Some(_) => ("its `hosts` are", ""),
                None => ("CONFIG names", "; `hosts` of its field in CONFIG_SCHEMA may name others"),
            };
            let list = if list.is_empty() { "no host".to_owned() } else { list.join(", ") };
            return Err(format!("the secret `{}` may not be sent to `{host}`: {who} {list}{help}", first.name));
        }
        if url.scheme() == "https" || (named && is_private(url)) {
            return Ok(());
        }
        Err(format!("the secret `{}` is sent by https only, not to `{}://{host}`", first.name, url.scheme()))
    }
}

/// Whether a host lies on this machine or in a private network, by its name alone.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_private_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_private_address(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            // One label, as containers have, and the top-level domains that are kept for private use.
            !name.contains('.')
                || [".localhost", ".internal", ".local", ".home.arpa"].iter().any(|end| name.ends_with(end))
        }
        None => false,
    }
}

fn is_private_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
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
    fn secrets_go_where_config_says() {
        let grants = Grants::new(vec![rule("api.x.com"), rule("127.0.0.1:80"), rule("public.example")]);
        grants.add(0, "token", None);
        grants.add(1, "client_secret", Some(&[rule("login.x.com")]));
        let check = |secret, address: &str| grants.check(secret, &url(address)).err().unwrap_or_default();
        assert_eq!(check(0, "https://api.x.com/"), "");
        assert_eq!(check(0, "http://127.0.0.1/"), "");
        assert_eq!(check(0, "mock:///items"), "");
        assert_eq!(
            check(0, "https://evil.example/"),
            "the secret `token` may not be sent to `evil.example`: CONFIG names `api.x.com`, `127.0.0.1:80`, `public.example`; \
             `hosts` of its field in CONFIG_SCHEMA may name others"
        );
        assert_eq!(
            check(0, "http://public.example/"),
            "the secret `token` is sent by https only, not to `http://public.example`"
        );
        assert_eq!(check(1, "https://login.x.com/"), "");
        assert_eq!(
            check(1, "https://api.x.com/"),
            "the secret `client_secret` may not be sent to `api.x.com`: its `hosts` are `login.x.com`"
        );
        grants.add_handed_out(3, "token of login", &[1], Some(&rule("token.y.com")));
        assert_eq!(check(3, "https://token.y.com/"), "");
        assert_eq!(check(3, "https://login.x.com/"), "");
        assert_eq!(check(3, "https://api.x.com/"), "");
        assert_ne!(check(3, "https://evil.example/"), "");
        assert_eq!(check(2, "https://api.x.com/"), "a secret that is not its own may not be sent by this connector");
    }
}
