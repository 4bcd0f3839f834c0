//! Which addresses may be fetched for somebody else: public ones only.
//!
//! Pure: it judges hosts and addresses, and resolves nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Whether an address is on the public internet.
///
/// Follows the IANA special-purpose registries (RFC 6890 and its updates); IPv4 addresses
/// carried inside IPv6 ones are judged as what they carry.
#[must_use]
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || match address.octets() {
            // This network, reserved and broadcast; protocol assignments; shared by carriers;
            // benchmarking.
            [0 | 240..=255, ..] | [192, 0, 0, _] | [100, 64..=127, ..] | [198, 18 | 19, ..] => true,
            _ => false,
        };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        [0x2001, 0xdb8, ..] => false,                     // documentation
        [first, ..] => (0x2000..0x4000).contains(&first), // global unicast, nothing else
    }
}

/// Whether the host of this address is one that can only be private: a literal that is not
/// public, or a name that never leaves the local network. Other names need resolving.
#[must_use]
pub(super) fn is_private_host(url: &Url) -> bool {
    match url.host() {
        None => true,
        Some(Host::Ipv4(v4)) => !is_public_v4(v4),
        Some(Host::Ipv6(v6)) => !is_public_v6(v6),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            !name.contains('.')
                || [".localhost", ".local", ".internal", ".lan", ".home.arpa"]
                    .iter()
                    .any(|ending| name.ends_with(ending))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        let public =
            ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"];
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "203.0.113.9",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn hosts_that_can_only_be_local_are_known_without_resolving() {
        let private = [
            "https://localhost/a",
            "https://printer/a",
            "https://nas.local/a",
            "https://127.1/a",
            "https://0x7f.1/a",
            "https://[::1]/a",
            "https://2130706433/a",
            "https://metadata.google.internal/a",
            "https://localhost./a",
        ];
        for url in private {
            assert!(is_private_host(&Url::parse(url).unwrap()), "{url}");
        }
        assert!(!is_private_host(&Url::parse("https://example.com/a.png").unwrap()));
    }
}
