//! How much is taken of one address: chats at a time, and new ones in a minute (`nxwebapi.md` 7.2).

use crate::door::Site;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts the chats of addresses, by open sockets.
#[derive(Debug)]
pub struct Lobby {
    /// Chats of one address at a time; 0 is no limit.
    sessions: usize,
    /// New chats of one address in a minute; 0 is no limit.
    starts: usize,
    counts: Mutex<BTreeMap<IpAddr, usize>>,
}

/// A chat's place; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    lobby: Arc<Lobby>,
    address: IpAddr,
}

impl Lobby {
    /// So many at a time, and so many new ones in a minute; 0 is no limit.
    pub const fn new(sessions: usize, starts: usize) -> Self {
        Self { sessions, starts, counts: Mutex::new(BTreeMap::new()) }
    }

    /// Takes a place for a chat of this address; none if it has as many as it may have.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = neighbourhood(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if self.sessions > 0 && *count >= self.sessions {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Place { lobby: self.clone(), address })
    }

    /// May this address begin another chat now? Each attempt counts.
    pub fn may_start(&self, site: &dyn Site, address: IpAddr) -> bool {
        if self.starts == 0 {
            return true;
        }
        #[expect(clippy::cast_precision_loss, reason = "a configured number, far below 2^52")]
        let starts = self.starts as f64;
        site.allow(&format!("nx.open/{}", neighbourhood(address)), starts / 60.0, starts)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.lobby.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// Whom an address is counted with: itself; for IPv6 its network of 64 bits, which one household has whole.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_gets_back_what_it_leaves() {
        let lobby = Arc::new(Lobby::new(2, 0));
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = lobby.enter(one).unwrap();
        let _second = lobby.enter(one).unwrap();
        assert!(lobby.enter(one).is_none(), "a third of two");
        let kept = lobby.enter(other).expect("others have places of their own");
        drop(first);
        assert!(lobby.enter(one).is_some());
        drop(kept);
        assert_eq!(lobby.counts.lock().unwrap().len(), 1, "who is not there costs nothing");
    }

    #[test]
    fn a_household_is_one_address() {
        let lobby = Arc::new(Lobby::new(1, 0));
        let _here = lobby.enter("2001:db8:1:2::1".parse().unwrap()).unwrap();
        assert!(lobby.enter("2001:db8:1:2:ffff::9".parse().unwrap()).is_none());
        assert!(lobby.enter("2001:db8:1:3::1".parse().unwrap()).is_some());
        let _v4 = lobby.enter("10.0.0.1".parse().unwrap()).unwrap();
        assert!(lobby.enter("::ffff:10.0.0.1".parse().unwrap()).is_none());
    }

    #[test]
    fn zero_is_no_limit() {
        let lobby = Arc::new(Lobby::new(0, 0));
        let all: Vec<_> = (0..100).map(|_| lobby.enter([10, 0, 0, 1].into()).unwrap()).collect();
        assert_eq!(all.len(), 100);
    }
}
