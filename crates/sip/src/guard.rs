//! Keeps scanners' floods cheap: strangers have a small budget, and what scans by its own confession is not read at all.
//!
//! Whoever is known (a registered device, a configured trunk) is trusted and pays nothing. All others share one table of
//! bounded size, a bucket for each address. Being dropped costs a stranger's datagram one look-up and one search.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::mint::{Hashing, Mint};
use crate::time::Millis;

/// Requests that a stranger may send at once.
pub const BURST: u32 = 60;
/// Requests that a stranger may send each second in the long run.
pub const RATE: u32 = 20;
/// What a wrong password or an unknown user costs, in requests.
pub const BLAME: u32 = 10;
/// How many strangers are remembered. When the table is full, it is forgotten as a whole, which costs an attacker's
/// memory, not ours.
pub const STRANGERS_LIMIT: usize = 32_768;

/// What scanners call themselves.
const SCANNERS: &[&str] = &[
    "friendly-scanner",
    "sipvicious",
    "sipcli",
    "sundayddr",
    "vaxsipuseragent",
    "pplsip",
    "iwar",
    "sip-scan",
    "smap",
    "sipptk",
    "gulp",
];

/// How far into a message a scanner's name is looked for, in bytes.
const LOOK: usize = 2_048;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// In thousandths of a request.
    left: u64,
    at: Millis,
}

/// Judges sources before anything is read.
pub struct Guard {
    strangers: HashMap<IpAddr, Bucket, Hashing>,
    trusted: HashMap<IpAddr, u32, Hashing>,
    dropped: u64,
}

impl Guard {
    /// Nobody is known yet.
    pub fn new(mint: &Mint) -> Self {
        Self {
            strangers: HashMap::with_hasher(mint.hashing()),
            trusted: HashMap::with_hasher(mint.hashing()),
            dropped: 0,
        }
    }

    /// This address is one of ours: it registered, or is a trunk's. Count each reason once.
    pub fn trust(&mut self, ip: IpAddr) {
        let reasons = self.trusted.entry(ip).or_default();
        *reasons = reasons.saturating_add(1);
    }

    /// One reason to trust it is gone.
    pub fn distrust(&mut self, ip: IpAddr) {
        if let Some(reasons) = self.trusted.get_mut(&ip) {
            *reasons = reasons.saturating_sub(1);
            if *reasons == 0 {
                self.trusted.remove(&ip);
            }
        }
    }

    /// It did what guessers do: a wrong password, an unknown user.
    pub fn blame(&mut self, now: Millis, ip: IpAddr) {
        self.pay(now, ip, BLAME);
    }

    /// How many messages were dropped so far.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether a message from there is worth reading.
    pub fn admit(&mut self, now: Millis, ip: IpAddr, bytes: &[u8]) -> bool {
        if self.trusted.contains_key(&ip) {
            return true;
        }
        let admitted = self.pay(now, ip, 1) && !is_scanner(bytes);
        if !admitted {
            self.dropped = self.dropped.saturating_add(1);
        }
        admitted
    }

    fn pay(&mut self, now: Millis, ip: IpAddr, requests: u32) -> bool {
        if self.strangers.len() >= STRANGERS_LIMIT && !self.strangers.contains_key(&ip) {
            self.strangers.clear();
        }
        let full = u64::from(BURST).saturating_mul(1_000);
        let bucket = self.strangers.entry(ip).or_insert(Bucket { left: full, at: now });
        let gained = now.since(bucket.at).0.saturating_mul(RATE.into());
        bucket.left = bucket.left.saturating_add(gained).min(full);
        bucket.at = now.max(bucket.at);
        let price = u64::from(requests).saturating_mul(1_000);
        let pays = bucket.left >= price;
        bucket.left = bucket.left.saturating_sub(price);
        pays
    }
}

/// Whether a message names a scanner as its sender.
fn is_scanner(bytes: &[u8]) -> bool {
    let head = bytes.get(..LOOK).unwrap_or(bytes);
    head.split(|byte| *byte == b'\n').any(|line| {
        let agent = line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case(b"user-agent:"));
        agent
            && SCANNERS.iter().any(|name| {
                line.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

    fn admitted(guard: &mut Guard, now: u64, times: u32) -> u32 {
        (0..times).map(|_| u32::from(guard.admit(Millis(now), STRANGER, b"OPTIONS"))).sum()
    }

    #[test]
    fn a_stranger_has_a_budget_that_comes_back_slowly() {
        let mut guard = Guard::new(&Mint::new([0; 32]));
        assert_eq!(admitted(&mut guard, 0, 1_000), BURST);
        assert_eq!(admitted(&mut guard, 1_000, 1_000), RATE);
        assert_eq!(guard.dropped(), 1_920);
    }

    #[test]
    fn whoever_is_known_pays_nothing_until_the_last_reason_is_gone() {
        let mut guard = Guard::new(&Mint::new([0; 32]));
        guard.trust(STRANGER);
        guard.trust(STRANGER);
        guard.distrust(STRANGER);
        assert_eq!(admitted(&mut guard, 0, 1_000), 1_000);
        guard.distrust(STRANGER);
        assert_eq!(admitted(&mut guard, 0, 1_000), BURST);
    }

    #[test]
    fn guessing_costs_more_than_asking() {
        let mut guard = Guard::new(&Mint::new([0; 32]));
        (0..BURST / BLAME).for_each(|_| guard.blame(Millis(0), STRANGER));
        assert_eq!(admitted(&mut guard, 0, 10), 0);
    }

    #[test]
    fn a_scanner_that_says_so_is_not_read() {
        let mut guard = Guard::new(&Mint::new([0; 32]));
        assert!(!guard.admit(
            Millis(0),
            STRANGER,
            b"OPTIONS sip:h SIP/2.0\r\nUser-Agent: Friendly-Scanner 1\r\n\r\n"
        ));
        assert!(guard.admit(
            Millis(0),
            STRANGER,
            b"OPTIONS sip:h SIP/2.0\r\nSubject: friendly-scanner\r\n\r\n"
        ));
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_the_table() {
        let mut guard = Guard::new(&Mint::new([0; 32]));
        for n in 0..100_000_u32 {
            guard.admit(Millis(0), IpAddr::V4(n.into()), b"x");
            assert!(guard.strangers.len() <= STRANGERS_LIMIT);
        }
    }
}
