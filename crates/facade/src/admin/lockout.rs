//! Ten wrong passwords in ten minutes, per user and address, and the door is shut for a while.
//!
//! Right passwords must cost nothing, and a bucket can be drawn from but not be looked into. So there are three:
//!
//! - `wrong` gives nine: the tenth wrong password finds it empty, and then the two others are emptied;
//! - `try` is drawn from before a password is looked at, so that a shut door costs no hashing;
//! - `open` is drawn from after a right one, so that guesses that were sent side by side win nothing.
//!
//! The last two are deep enough that only emptying them ever shuts the door. All refill by one a minute.

use crate::door::{Cx, Head, RealmNo};
use std::net::IpAddr;

/// Wrong passwords before the door shuts.
pub(crate) const WRONG: u32 = 10;

/// One try more after so many seconds.
pub(crate) const RETRY_AFTER_S: u64 = 60;

/// Log-ins with the right password in a row, per user and address; one more each minute.
const DEPTH: u32 = 10_000;

/// One a minute.
const PER_SECOND: f64 = 1.0 / 60.0;

/// The three buckets of one user at one address.
pub(crate) struct Lockout {
    name: String,
}

impl Lockout {
    /// For whoever knocks under this name. A name nobody has is counted alike.
    pub(crate) fn of(realm: RealmNo, user: &str, head: &Head) -> Self {
        Self { name: format!("{}|{user}|{}", realm.0, network(head.peer)) }
    }

    /// May a password be tried?
    pub(crate) fn may_try(&self, cx: &Cx<'_>) -> bool {
        self.draw(cx, "try")
    }

    /// The password was right. Has the door been shut in the meantime?
    pub(crate) fn may_enter(&self, cx: &Cx<'_>) -> bool {
        self.draw(cx, "open")
    }

    /// The password was wrong.
    pub(crate) fn wrong(&self, cx: &Cx<'_>) {
        if !self.draw(cx, "wrong") {
            for which in ["try", "open"] {
                // No deeper than they are: a site without limits must not hold us up.
                let _ = (0..DEPTH).take_while(|_| self.draw(cx, which)).count();
            }
        }
    }

    fn draw(&self, cx: &Cx<'_>, which: &str) -> bool {
        let depth = if which == "wrong" { WRONG - 1 } else { DEPTH };
        cx.site.allow(&format!("login.{which}|{}", self.name), PER_SECOND, f64::from(depth))
    }
}

/// One customer of a provider has a whole /64 of IPv6 addresses: they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            [a, b, c, d, 0, 0, 0, 0].into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::{AccessKey, Settings, Site};
    use domain::chance::Seeded;
    use domain::time::Millis;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;
    use std::net::Ipv4Addr;

    /// A server with buckets that refill, and nothing else.
    #[derive(Default)]
    struct Buckets {
        settings: Settings,
        now: Cell<f64>,
        left: RefCell<BTreeMap<String, (f64, f64)>>,
    }

    impl Site for Buckets {
        fn settings(&self) -> &Settings {
            &self.settings
        }

        fn key(&self, _: &str) -> Option<AccessKey> {
            None
        }

        fn realm(&self, _: &str) -> Option<RealmNo> {
            None
        }

        fn default_realm(&self) -> RealmNo {
            RealmNo(0)
        }

        fn allow(&self, bucket: &str, rate: f64, burst: f64) -> bool {
            let now = self.now.get();
            let mut all = self.left.borrow_mut();
            let (left, since) = all.entry(bucket.to_owned()).or_insert((burst, now));
            *left = (*left + (now - *since) * rate).min(burst);
            *since = now;
            let enough = *left >= 1.0;
            if enough {
                *left -= 1.0;
            }
            enough
        }

        fn has(&self, _: &str, _: f64, _: f64) -> bool {
            unreachable!("nobody looks into a bucket here")
        }

        fn unseal(&self, _: &str) -> Option<Vec<u8>> {
            None
        }

        fn seal(&self, _: &[u8]) -> String {
            String::new()
        }
    }

    fn door(user: &str, peer: [u8; 4]) -> Lockout {
        let (method, path, query) = ("POST".to_owned(), "/".to_owned(), String::new());
        let peer = IpAddr::V4(Ipv4Addr::from(peer));
        Lockout::of(
            RealmNo(0),
            user,
            &Head { method, path, query, headers: Vec::new(), tls: false, peer },
        )
    }

    fn with_buckets(test: impl FnOnce(&Buckets, &Cx<'_>)) {
        let site = Buckets::default();
        let mut chance = Seeded::new(1);
        test(&site, &Cx { now: Millis(0), chance: &mut chance, site: &site });
    }

    #[test]
    fn ten_wrong_passwords_shut_the_door_for_this_user_at_this_address() {
        with_buckets(|site, cx| {
            let door_1001 = door("1001", [10, 0, 0, 5]);
            for _ in 0..WRONG {
                assert!(door_1001.may_try(cx));
                door_1001.wrong(cx);
            }
            assert!(!door_1001.may_try(cx), "the eleventh is not even looked at");
            assert!(
                !door_1001.may_enter(cx),
                "a right guess that was sent beside them wins nothing"
            );
            assert!(door("1001", [10, 0, 0, 6]).may_try(cx), "the real 1001 sits elsewhere");
            assert!(door("1002", [10, 0, 0, 5]).may_try(cx));
            site.now.set(61.0);
            assert!(door_1001.may_try(cx) && door_1001.may_enter(cx), "one try a minute");
            assert!(!door_1001.may_try(cx));
        });
    }

    #[test]
    fn right_passwords_cost_nothing() {
        with_buckets(|_, cx| {
            let door = door("1001", [10, 0, 0, 5]);
            for round in 0..1_000 {
                assert!(door.may_try(cx) && door.may_enter(cx), "{round}");
            }
            for _ in 0..WRONG {
                assert!(door.may_try(cx));
                door.wrong(cx);
            }
            assert!(!door.may_try(cx));
        });
    }

    #[test]
    fn wrong_passwords_are_forgotten_one_a_minute() {
        with_buckets(|site, cx| {
            let door = door("1001", [10, 0, 0, 5]);
            for minute in 0..100 {
                site.now.set(f64::from(minute) * 60.0 + 1.0);
                assert!(door.may_try(cx), "{minute}");
                door.wrong(cx);
            }
        });
    }

    #[test]
    fn neighbours_in_one_network_are_one() {
        let net = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(net("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(net("::ffff:10.0.0.5"), "10.0.0.5");
        assert_eq!(net("10.0.0.5"), "10.0.0.5");
    }
}
