//! Which IP addresses a connector may reach: public ones, private ones where the user names them, and some never.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who may reach an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is on the Internet.
    Public,
    /// This machine or a network of its owner: only where CONFIG names the host.
    Private,
    /// Link-local, metadata services of clouds, multicast, reserved: nobody.
    Never,
}

/// Metadata services outside of the link-local ranges: Alibaba, Oracle, Azure.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];
/// Of Amazon and Google.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

/// Names by which clouds offer the credentials of a machine.
const METADATA_NAMES: [&str; 8] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
    "metadata.azure.com",
    "metadata.tencentyun.com",
];

/// Who may reach the address. One that carries an IPv4 address in itself is as reachable as that one.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    if METADATA_V4.contains(&address) {
        return Reach::Never;
    }
    match (a, b, c) {
        // Link-local, multicast, reserved, broadcast.
        (169, 254, _) | (224..=255, ..) => Reach::Never,
        // "This network" reaches this machine.
        (0 | 10 | 127, ..) => Reach::Private,
        (100, 64..=127, _) | (172, 16..=31, _) | (192, 168, _) | (198, 18..=19, _) => Reach::Private,
        // For protocols and documentation: nothing public is there.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) => Reach::Private,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if METADATA_V6.contains(&address) {
        return Reach::Never;
    }
    if let Some(reach) = carried(address).into_iter().map(reach_v4).max_by_key(|reach| *reach as u8) {
        return reach;
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Reach::Private,
        // Link-local, multicast.
        [0xfe80..=0xfebf, ..] | [0xff00..=0xffff, ..] => Reach::Never,
        // Unique local, and site-local as it was before.
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Reach::Private,
        // Local translation to IPv4, discard, documentation.
        [0x64, 0xff9b, 1, ..] | [0x100, 0, 0, 0, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Private,
        // What is given to the Internet.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

/// The IPv4 addresses that an IPv6 address carries: mapped, compatible, translated (NAT64), 6to4, ISATAP, Teredo.
fn carried(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Vec::new(),
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => vec![v4(high, low)],
        [0x2002, high, low, ..] => vec![v4(high, low)],
        // The server, and the client with its bits turned round.
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            vec![v4(server_high, server_low), v4(!high, !low)]
        }
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => vec![v4(high, low)],
        _ => Vec::new(),
    }
}

/// Whether an address carries another one that is not public: nobody writes it but to hide that.
pub fn hides_another(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => carried(address).into_iter().any(|address| reach_v4(address) != Reach::Public),
    }
}

/// Whether the name (lower case) is one of a cloud's metadata service.
pub fn is_metadata_name(name: &str) -> bool {
    METADATA_NAMES.contains(&name) || (name.starts_with("instance-data.") && name.ends_with(".compute.internal"))
}

/// Whether the name means this machine, whatever a name server says.
pub fn is_loopback_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Reach, addresses: &[&str]) {
        for text in addresses {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(reach(address), expected, "{text}");
        }
    }

    #[test]
    fn public_addresses() {
        check(
            Reach::Public,
            &[
                "8.8.8.8",
                "1.1.1.1",
                "100.63.255.255",
                "100.128.0.0",
                "172.15.0.1",
                "172.32.0.1",
                "192.167.1.1",
                "223.255.255.255",
            ],
        );
        check(
            Reach::Public,
            &["2606:4700:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"],
        );
    }

    #[test]
    fn private_addresses() {
        check(
            Reach::Private,
            &["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"],
        );
        check(
            Reach::Private,
            &["192.168.0.1", "100.64.0.1", "100.127.255.255", "198.18.0.1", "198.19.255.255", "192.0.2.1"],
        );
        check(Reach::Private, &["::", "::1", "fc00::1", "fdff::1", "fec0::1", "2001:db8::1", "64:ff9b:1::1", "100::1"]);
        check(
            Reach::Private,
            &[
                "::ffff:127.0.0.1",
                "::127.0.0.1",
                "::ffff:0:10.0.0.1",
                "64:ff9b::192.168.1.1",
                "2002:7f00:1::",
                "2002:a00:1::1",
                "2001:4860::5efe:10.0.0.1",
                "2001:4860::200:5efe:7f00:1",
            ],
        );
        // Teredo: the client 127.0.0.1 has its bits turned round.
        check(Reach::Private, &["2001:0:808:808::80ff:fffe", "2001:0:a00:1::f7f7:f7f7"]);
    }

    #[test]
    fn addresses_for_nobody() {
        check(
            Reach::Never,
            &["169.254.169.254", "169.254.0.1", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
        );
        check(Reach::Never, &["224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"]);
        check(Reach::Never, &["fe80::1", "febf::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "4000::1", "::1:0:0"]);
        check(
            Reach::Never,
            &["::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::", "::169.254.169.254"],
        );
    }

    #[test]
    fn hidden_addresses() {
        for text in ["::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::1", "64:ff9b::7f00:1"] {
            assert!(hides_another(text.parse().expect("an address")), "{text}");
        }
        for text in ["::1", "::", "fc00::1", "::ffff:8.8.8.8", "10.0.0.1"] {
            assert!(!hides_another(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn names() {
        assert!(
            is_metadata_name("metadata.google.internal")
                && is_metadata_name("instance-data.eu-west-1.compute.internal")
        );
        assert!(!is_metadata_name("metadata.example.com"));
        assert!(is_loopback_name("localhost") && is_loopback_name("a.localhost") && !is_loopback_name("mylocalhost"));
    }
}
