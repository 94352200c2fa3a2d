//! Names to addresses: each name is resolved once for a connection, its addresses are vetted, and the connection goes to a vetted one.
//!
//! A name server that gives a public address first and a private one later gains nothing: what is vetted is what is connected to.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Reach, reach};

/// The addresses of a name, later.
pub type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of names.
pub trait Lookup: Send + Sync {
    /// All addresses of `host`.
    fn lookup(&self, host: &str) -> LookupFuture;
}

/// As the operating system resolves names: its hosts file and name servers.
#[derive(Debug)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> LookupFuture {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// A name whose addresses may not be reached.
#[derive(Debug)]
pub(super) struct AddressRefused {
    host: String,
    address: IpAddr,
    never: bool,
}

impl fmt::Display for AddressRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AddressRefused { host, address, never } = self;
        if *never {
            return write!(
                formatter,
                "`{host}` has the address {address}, which is link-local, of a metadata service or reserved: no connector \
                 may reach it"
            );
        }
        write!(
            formatter,
            "`{host}` has the private address {address}: only a host that CONFIG names may have one, not one of ALLOW_HOSTS"
        )
    }
}

impl std::error::Error for AddressRefused {}

/// Gives reqwest the addresses that may be reached.
pub(super) struct VettedResolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) allow_private: bool,
    /// Names of proxies from the environment, which may be anywhere: the machine's owner set them.
    pub(super) proxies: Arc<[String]>,
}

impl Resolve for VettedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        let found = self.lookup.lookup(&host);
        let allow_private = self.allow_private;
        let is_proxy = self.proxies.contains(&host);
        Box::pin(async move {
            let addresses = found.await?;
            let vetted = if is_proxy { addresses } else { vet(&host, addresses, allow_private)? };
            let addresses: Addrs = Box::new(vetted.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// The addresses that may be reached; an error where there are others only.
fn vet(host: &str, addresses: Vec<IpAddr>, allow_private: bool) -> Result<Vec<IpAddr>, AddressRefused> {
    let mut refused = None;
    let mut vetted = Vec::with_capacity(addresses.len());
    for address in addresses {
        match reach(address) {
            Reach::Public => vetted.push(address),
            Reach::Private if allow_private => vetted.push(address),
            found => {
                refused.get_or_insert(AddressRefused { host: host.to_owned(), address, never: found == Reach::Never });
            }
        }
    }
    match refused {
        Some(refused) if vetted.is_empty() => Err(refused),
        _ => Ok(vetted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allow_private: bool, addresses: &[&str], expected: &str) {
        let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
        let result = match vet("h", addresses, allow_private) {
            Ok(addresses) => addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        };
        assert!(result.starts_with(expected), "{result}");
    }

    #[test]
    fn addresses_are_vetted() {
        check(false, &["8.8.8.8", "2606:4700::1"], "8.8.8.8 2606:4700::1");
        check(false, &["127.0.0.1", "8.8.8.8", "fe80::1"], "8.8.8.8");
        check(false, &["127.0.0.1"], "`h` has the private address 127.0.0.1: only a host that CONFIG names");
        check(false, &["::ffff:10.0.0.1"], "`h` has the private address ::ffff:10.0.0.1");
        check(true, &["127.0.0.1", "10.0.0.1"], "127.0.0.1 10.0.0.1");
        check(true, &["169.254.169.254"], "`h` has the address 169.254.169.254, which is link-local");
        check(true, &["fd00:ec2::254", "::ffff:169.254.169.254"], "`h` has the address fd00:ec2::254");
        check(false, &[], "");
    }
}
