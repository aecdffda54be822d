//! Ends whose leg is gone, until the domain knows.
//!
//! The domain may be told too early or too late: a call becomes another by a transfer while its number is on the way. So a
//! departure is kept, under the number that the call has now, until the domain took it or the party is out of the call.

use super::follow::is;
use super::leg::{Key, Who};
use super::{AGAIN, Ticket, Timer, Turn, Voice};
use crate::door::{Fault, RealmNo};
use domain::call::{Cause, Link, Outside, Wish};
use domain::command::Done;
use domain::refusal::Refusal;
use std::collections::BTreeMap;

/// How somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Departure {
    /// Hung up.
    Clear,
    /// Did not take the call.
    Reject(Cause),
    /// Is not heard of any more.
    Vanish,
}

/// A departure, and whether the domain is being told.
#[derive(Debug)]
pub(super) struct Gone {
    how: Departure,
    telling: bool,
}

/// Departures of each call.
pub(super) type Departures = BTreeMap<(RealmNo, Key), BTreeMap<Who, Gone>>;

impl Voice {
    /// Somebody's leg is gone: the domain is told.
    pub(super) fn depart(&mut self, who: &Who, key: Key, how: Departure) {
        let gone = self.gone.entry((who.realm, key)).or_default();
        gone.entry(who.clone()).or_insert(Gone { how, telling: false });
        self.mourn(who.realm, key);
    }

    /// Is somebody's leg of a call gone?
    pub(super) fn is_gone(&self, who: &Who, key: Key) -> bool {
        self.gone.get(&(who.realm, key)).is_some_and(|gone| gone.contains_key(who))
    }

    /// Tells the domain of all who left a call and are still in it there.
    pub(super) fn mourn(&mut self, realm: RealmNo, key: Key) {
        let Some(gone) = self.gone.get_mut(&(realm, key)) else { return };
        let known = self.realms.get(&realm);
        let call = known.and_then(|k| k.calls.get(&key.0)).filter(|call| call.number == key.1);
        // What has not been heard of yet will be.
        if call.is_none() && known.is_some_and(|known| known.newest < key.1) {
            return;
        }
        let mut wishes = Vec::new();
        gone.retain(|who, gone| {
            let party = call.and_then(|call| call.parties.iter().find(|p| is(p, who)));
            let Some(party) = party else { return gone.telling };
            if !gone.telling {
                gone.telling = true;
                wishes.push((who.clone(), wish(who, key, gone.how, party.link)));
            }
            true
        });
        if gone.is_empty() {
            self.gone.remove(&(realm, key));
        }
        for (who, wish) in wishes {
            self.ask(realm, Ticket::Gone(who, key), "sip.gone", wish);
        }
    }

    /// The domain was told that somebody left.
    pub(super) fn departed(
        &mut self,
        turn: &Turn<'_, '_>,
        who: &Who,
        mut key: Key,
        outcome: &Result<Result<Done, Refusal>, Fault>,
    ) {
        if let Some(now) = self.realms.get(&who.realm).map(|known| known.now(key)) {
            key = now;
        }
        let Some(all) = self.gone.get_mut(&(who.realm, key)) else { return };
        let Some(gone) = all.get_mut(who) else { return };
        gone.telling = false;
        if matches!(outcome, Ok(Ok(_))) {
            all.remove(who);
            if all.is_empty() {
                self.gone.remove(&(who.realm, key));
            }
        } else {
            // The call was just changing: if they are still in it, they are not for long.
            self.timers.insert((turn.cx.now.plus(AGAIN), Timer::Mourn(who.realm, key)));
        }
    }
}

fn wish(who: &Who, key: Key, how: Departure, link: Link) -> Wish {
    let device = who.device.clone();
    if who.outside {
        let did = match how {
            Departure::Clear => Outside::HangsUp,
            Departure::Vanish => Outside::Vanishes,
            Departure::Reject(cause) if link == Link::Alerting => Outside::Fails(cause),
            Departure::Reject(_) => Outside::HangsUp,
        };
        return Wish::Outside { call: key.0, number: key.1, device, did };
    }
    match how {
        Departure::Reject(cause) if matches!(link, Link::Alerting | Link::Prompted) => {
            Wish::Reject { device, call: key.0, cause }
        }
        Departure::Vanish => Wish::Vanish(device, key.0),
        _ => Wish::Clear(device, key.0),
    }
}
