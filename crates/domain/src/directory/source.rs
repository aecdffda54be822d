//! Where a trunk's calls come from.

use std::net::{IpAddr, SocketAddr};

/// Addresses from which calls are taken: `address` (any port), `address:port`, or a network, `address/bits` of at least 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    address: IpAddr,
    /// How many bits of the address must be the same.
    bits: u8,
    port: Option<u16>,
}

impl Source {
    /// Reads one; none if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(peer) = text.parse::<SocketAddr>() {
            let address = peer.ip().to_canonical();
            return Some(Self { address, bits: width(address), port: Some(peer.port()) });
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().ok()?.to_canonical();
        let bits = bits.unwrap_or(width(address));
        (8..=width(address)).contains(&bits).then_some(Self { address, bits, port: None })
    }

    /// The one address that it is, if it is no network.
    pub fn address(&self) -> Option<IpAddr> {
        (self.bits == width(self.address)).then_some(self.address)
    }

    /// Does this peer belong to it?
    pub fn has(&self, peer: SocketAddr) -> bool {
        let rest = u32::from(width(self.address).saturating_sub(self.bits));
        let same = match (self.address, peer.ip().to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(rest).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(rest).unwrap_or(0) == 0
            }
            _ => false,
        };
        same && self.port.is_none_or(|port| port == peer.port())
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn check(source: &str, peers: [(&str, bool); 3]) {
        let read = Source::parse(source).unwrap_or_else(|| panic!("{source}"));
        for (peer, has) in peers {
            assert_eq!(read.has(peer.parse().unwrap()), has, "{source}, {peer}");
        }
    }

    #[test]
    fn peers_are_told_by_address_port_and_network() {
        check(
            "192.0.2.7",
            [("192.0.2.7:1", true), ("[::ffff:192.0.2.7]:2", true), ("192.0.2.8:1", false)],
        );
        check(
            "192.0.2.7:5060",
            [("192.0.2.7:5060", true), ("192.0.2.7:5061", false), ("[::1]:5060", false)],
        );
        check(
            "192.0.2.128/25",
            [("192.0.2.200:9", true), ("192.0.2.127:9", false), ("192.0.3.200:9", false)],
        );
        check(
            "2001:db8::/32",
            [("[2001:db8:1::9]:1", true), ("[2001:db9::1]:1", false), ("192.0.2.1:1", false)],
        );
    }

    #[test]
    fn what_is_no_source_is_none() {
        for text in [
            "",
            "carrier.example",
            "192.0.2.7/33",
            "0.0.0.0/0",
            "192.0.2.7/",
            "::/7",
            "192.0.2.7:x",
        ] {
            assert_eq!(Source::parse(text), None, "{text}");
        }
    }
}
