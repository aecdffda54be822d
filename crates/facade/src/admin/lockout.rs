//! Ten wrong passwords in ten minutes, per user and address, and the door is shut for a while. Right passwords cost
//! nothing: the bucket is looked into before a password is tried and again after it was right, so that guesses that were
//! sent side by side win nothing, and drawn from when it was wrong.
//!
//! Whoever knows a password may guess codes from many addresses, so wrong codes are counted for the user alone, too.

use super::caller::actor;
use crate::door::{Cx, Head, RealmNo, Step};
use domain::audit::{Actor, Wrong};
use domain::command::Command;
use domain::id::UserId;
use std::net::IpAddr;

/// One try more after so many seconds.
pub(crate) const RETRY_AFTER_S: u64 = 60;

/// Wrong passwords: one more try a minute, and so many before the door shuts.
const PASSWORDS: (f64, f64) = (1.0 / 60.0, 10.0);

/// Wrong codes of one user from anywhere: one more every ten minutes, and so many before the door shuts. Of a million codes
/// three are right at a time, so whoever guesses for a year is right with a chance of one in seven.
const CODES: (f64, f64) = (1.0 / 600.0, 30.0);

/// Failures of a realm that are written down: one more every ten seconds, and so many at once. A flood fills no journal.
const NOTED: (f64, f64) = (0.1, 60.0);

/// The buckets of one user at one address.
#[derive(Debug, Clone)]
pub(crate) struct Lockout {
    realm: RealmNo,
    by: Actor,
    here: String,
    anywhere: String,
}

impl Lockout {
    /// For whoever knocks under this name. A name nobody has is counted alike.
    pub(crate) fn of(realm: RealmNo, user: &str, head: &Head) -> Self {
        Self {
            realm,
            by: actor(&UserId::from(user), head),
            here: format!("login.wrong|{}|{user}|{}", realm.0, network(head.peer)),
            anywhere: format!("login.code|{}|{user}", realm.0),
        }
    }

    /// May a password be tried? And, after it was right: has the door been shut in the meantime?
    pub(crate) fn open(&self, cx: &Cx<'_>) -> bool {
        cx.site.has(&self.here, PASSWORDS.0, PASSWORDS.1)
    }

    /// May a code be tried, too?
    pub(crate) fn open_for_codes(&self, cx: &Cx<'_>) -> bool {
        self.open(cx) && cx.site.has(&self.anywhere, CODES.0, CODES.1)
    }

    /// Writes down that somebody was not let in, and goes on.
    pub(crate) fn note(
        &self,
        cx: &mut Cx<'_>,
        wrong: Wrong,
        then: impl FnOnce(&mut Cx<'_>) -> Step + Send + 'static,
    ) -> Step {
        if !cx.site.allow(&format!("login.noted|{}", self.realm.0), NOTED.0, NOTED.1) {
            return then(cx);
        }
        let command = Command::NotLetIn { by: Box::new(self.by.clone()), wrong };
        let done = move |cx: &mut Cx<'_>, _| then(cx);
        Step::Do(self.realm, "api.log_in", Box::new(command), Box::new(done))
    }

    /// The password was wrong.
    pub(crate) fn wrong(&self, cx: &Cx<'_>) {
        cx.site.allow(&self.here, PASSWORDS.0, PASSWORDS.1);
    }

    /// The password was right, the code was wrong.
    pub(crate) fn wrong_code(&self, cx: &Cx<'_>) {
        self.wrong(cx);
        cx.site.allow(&self.anywhere, CODES.0, CODES.1);
    }
}

/// One customer of a provider has a whole /64 of IPv6 addresses: they count as one.
pub(super) fn network(address: IpAddr) -> IpAddr {
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

    const WRONG: u32 = 10;
    const WRONG_CODES: u8 = 30;

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
            let enough = self.has(bucket, rate, burst);
            if enough && let Some((left, _)) = self.left.borrow_mut().get_mut(bucket) {
                *left -= 1.0;
            }
            enough
        }

        fn has(&self, bucket: &str, rate: f64, burst: f64) -> bool {
            let now = self.now.get();
            let mut all = self.left.borrow_mut();
            let (left, since) = all.entry(bucket.to_owned()).or_insert((burst, now));
            *left = (*left + (now - *since) * rate).min(burst);
            *since = now;
            *left >= 1.0
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
                assert!(door_1001.open(cx));
                door_1001.wrong(cx);
            }
            assert!(!door_1001.open(cx), "the eleventh is not even looked at");
            assert!(door("1001", [10, 0, 0, 6]).open(cx), "the real 1001 sits elsewhere");
            assert!(door("1002", [10, 0, 0, 5]).open(cx));
            site.now.set(61.0);
            assert!(door_1001.open(cx), "one try a minute");
            door_1001.wrong(cx);
            assert!(!door_1001.open(cx));
        });
    }

    #[test]
    fn right_passwords_cost_nothing() {
        with_buckets(|_, cx| {
            let door = door("1001", [10, 0, 0, 5]);
            for round in 0..1_000 {
                assert!(door.open(cx), "{round}");
            }
            for _ in 0..WRONG {
                assert!(door.open(cx));
                door.wrong(cx);
            }
            assert!(!door.open(cx));
        });
    }

    #[test]
    fn wrong_codes_count_from_wherever_they_come() {
        with_buckets(|_, cx| {
            for n in 0..WRONG_CODES {
                let door = door("1001", [10, 0, 0, n]);
                assert!(door.open_for_codes(cx), "{n}");
                door.wrong_code(cx);
            }
            let elsewhere = door("1001", [10, 0, 1, 1]);
            assert!(elsewhere.open(cx) && !elsewhere.open_for_codes(cx));
            assert!(door("1002", [10, 0, 1, 1]).open_for_codes(cx));
        });
    }

    #[test]
    fn wrong_passwords_are_forgotten_one_a_minute() {
        with_buckets(|site, cx| {
            let door = door("1001", [10, 0, 0, 5]);
            for minute in 0..100 {
                site.now.set(f64::from(minute) * 60.0 + 1.0);
                assert!(door.open(cx), "{minute}");
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
