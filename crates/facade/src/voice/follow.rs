//! Following the domain: after each fact about a call, what should be is compared with what is, and the difference is done.
//!
//! | a party that is | has |
//! |---|---|
//! | alerting | an INVITE at each of its contacts, or by its trunk |
//! | prompted | the same, that asks to pick up by itself |
//! | initiated | its own INVITE, told of what goes on; 200 once it stands in a line |
//! | connected, held, listening | a leg that stands |
//! | gone | none: BYE, CANCEL, or the cause's status |

use super::depart::Departure;
use super::hear::{Mouth, hear};
use super::leg::{Key, Stage, Who};
use super::plane::{Hear, Leg as No};
use super::realm::Realm;
use super::{Turn, Voice, status};
use crate::door::RealmNo;
use domain::call::{Call, CallId, Cause, Happening, Link, Party, Via};
use domain::directory::{BotKind, Service};
use domain::id::{DeviceId, TrunkId};
use std::collections::BTreeMap;

/// What became of a call that is not there any more.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// It is over: what a caller is answered who did not know.
    Over(u16),
    /// It went up in another.
    Merged(Key),
}

/// How many of those are remembered. They are asked for by callers whose outcome is still under way.
pub(super) const FATES_LIMIT: usize = 4_096;

/// A telephone that was called: not again, unless by another trunk.
#[derive(Debug, Default)]
pub(super) struct Rung {
    pub(super) trunk: Option<TrunkId>,
    /// The best that one of its contacts said.
    pub(super) best: Option<Cause>,
}

/// Those that were called for each call.
pub(super) type Rings = BTreeMap<(RealmNo, Key), BTreeMap<(DeviceId, bool), Rung>>;

impl Voice {
    /// Something happened to a call.
    pub(super) fn follow(&mut self, turn: &mut Turn<'_, '_>, realm: RealmNo, what: &Happening) {
        let key = (what.call.id, what.call.number);
        if let Some(merged) = what.merged {
            self.merge(turn, realm, merged, key);
        }
        let Some(known) = self.realms.get_mut(&realm) else { return };
        known.newest = known.newest.max(key.1);
        if what.over {
            known.calls.remove(&key.0);
            let cause = what.to.first().map(|copy| copy.cause).or(what.cause);
            known.remember(key.1, Fate::Over(status::status(cause.unwrap_or(Cause::NONE))));
        } else {
            known.calls.insert(key.0, what.call.clone());
        }
        self.compare(turn, realm, key, Some(what));
    }

    /// One call went up in another.
    fn merge(&mut self, turn: &mut Turn<'_, '_>, realm: RealmNo, from: CallId, to: Key) {
        let Some(known) = self.realms.get_mut(&realm) else { return };
        let Some(old) = known.calls.remove(&from) else { return };
        let old = (old.id, old.number);
        known.remember(old.1, Fate::Merged(to));
        self.wind(turn, realm, old);
        for no in self.legs.of_call(realm, from) {
            self.legs.part(no, old);
            self.legs.join(no, to);
        }
        if let Some(rung) = self.rings.remove(&(realm, old)) {
            self.rings.entry((realm, to)).or_default().extend(rung);
        }
        if let Some(gone) = self.gone.remove(&(realm, old)) {
            self.gone.entry((realm, to)).or_default().extend(gone);
        }
    }

    /// The call as it stands, if it is this one.
    pub(super) fn call(&self, realm: RealmNo, key: Key) -> Option<&Call> {
        self.realms.get(&realm)?.calls.get(&key.0).filter(|call| call.number == key.1)
    }

    /// Does whatever is missing for a call.
    pub(super) fn compare(
        &mut self,
        turn: &mut Turn<'_, '_>,
        realm: RealmNo,
        key: Key,
        what: Option<&Happening>,
    ) {
        let call = self.call(realm, key).cloned();
        let parties: &[Party] = call.as_ref().map_or(&[], |call| &call.parties);
        for no in self.legs.of_call(realm, key.0) {
            let Some(who) = self.legs.get(no).and_then(|leg| leg.who.clone()) else { continue };
            let inside = parties.iter().any(|p| is(p, &who));
            if !inside && self.legs.part(no, key) {
                let cause = what.and_then(|what| why(what, &who)).unwrap_or(Cause::NONE);
                self.end_leg(turn, no, status::status(cause));
            } else if !inside {
                self.tune(turn, no);
            }
        }
        self.forget_rings(realm, key, parties);
        if let Some(call) = &call {
            for party in &call.parties {
                self.serve(turn, realm, key, call, party);
            }
            for no in self.legs.of_call(realm, key.0) {
                self.tune(turn, no);
            }
        }
        self.mourn(realm, key);
        self.wind(turn, realm, key);
    }

    /// Whoever does not ring any more may be called again one day.
    fn forget_rings(&mut self, realm: RealmNo, key: Key, parties: &[Party]) {
        let Some(rung) = self.rings.get_mut(&(realm, key)) else { return };
        let rings = |link| matches!(link, Link::Alerting | Link::Prompted | Link::Initiated);
        rung.retain(|(device, outside), _| {
            parties.iter().any(|p| p.device == *device && p.outside == *outside && rings(p.link))
        });
        if rung.is_empty() {
            self.rings.remove(&(realm, key));
        }
    }

    /// Does whatever is missing for one party.
    fn serve(
        &mut self,
        turn: &mut Turn<'_, '_>,
        realm: RealmNo,
        key: Key,
        call: &Call,
        party: &Party,
    ) {
        let who = Who { realm, device: party.device.clone(), outside: party.outside };
        match (&party.via, party.link) {
            (Some(Via::Trunk { trunk, number }), Link::Alerting) => {
                self.call_trunk(turn, &who, key, call, trunk, number);
            }
            (_, Link::Alerting) if !party.outside => {
                self.call_phone(turn, &who, key, call, false);
            }
            (_, Link::Prompted) => self.call_phone(turn, &who, key, call, true),
            _ => self.present(turn, &who, key, call, party),
        }
    }

    /// A party that has called, talks, holds or listens.
    fn present(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        key: Key,
        call: &Call,
        party: &Party,
    ) {
        let legs: Vec<(No, Stage, bool)> = self
            .legs
            .of(who)
            .filter(|leg| leg.calls.contains(&key))
            .map(|leg| (leg.no, leg.stage, leg.auto))
            .collect();
        if legs.is_empty() {
            if !who.outside && !self.dialing.contains_key(who) && !self.is_gone(who, key) {
                self.lend(turn, who, key, call, party);
            }
            return;
        }
        let standing = legs.iter().filter(|(_, stage, _)| *stage == Stage::Up).count();
        for (no, stage, auto) in legs {
            match (stage, party.link) {
                (Stage::Calling, Link::Initiated) => self.progress(turn, no, call),
                (Stage::Calling, _) => self.pick_up(turn, no, call),
                // Another contact took the call, or nobody need any more.
                (Stage::Called, link) if !auto && link != Link::Initiated => {
                    self.let_go(turn, no, key);
                }
                // Of two legs that became one call, the telephone keeps the one it is talking by.
                (Stage::Up, _) if standing > 1 && self.on_hold(no) => self.let_go(turn, no, key),
                _ => {}
            }
        }
    }

    /// A call goes by a leg no more; one by which none goes is ended.
    fn let_go(&mut self, turn: &mut Turn<'_, '_>, no: No, key: Key) {
        if self.legs.part(no, key) {
            self.end_leg(turn, no, 487);
        }
    }

    /// A telephone that is off the hook with all its calls on hold needs no leg more; another one is called.
    fn lend(&mut self, turn: &mut Turn<'_, '_>, who: &Who, key: Key, call: &Call, party: &Party) {
        let held = |key: &Key| {
            let party =
                self.call(who.realm, *key).and_then(|c| c.parties.iter().find(|p| is(p, who)));
            party.is_some_and(|p| p.link == Link::Held)
        };
        let free = self.legs.of(who).find(|leg| {
            leg.stage == Stage::Up
                && leg.way.is_some_and(|way| way.hears)
                && leg.calls.iter().all(held)
        });
        match free.map(|leg| leg.no) {
            Some(no) => self.legs.join(no, key),
            None if !self.is_registered(who) => {
                // Nobody plays a telephone that is not there, unless it is a virtual one.
                let known = self.realms.get(&who.realm);
                let known = known.and_then(|known| known.directory.devices.get(&who.device));
                if known.is_some_and(|device| device.service.is_none() && !device.r#virtual) {
                    self.depart(who, key, Departure::Vanish);
                }
            }
            None if party.link == Link::Initiated => self.call_phone(turn, who, key, call, true),
            None => {}
        }
    }

    /// The other side of a leg has put it on hold by itself.
    fn on_hold(&self, no: No) -> bool {
        self.legs.get(no).is_some_and(|leg| leg.way.is_some_and(|way| !way.hears))
    }

    /// A telephone of ours that is there.
    pub(super) fn is_registered(&self, who: &Who) -> bool {
        !who.outside
            && self.realms.get(&who.realm).is_some_and(|known| known.there.contains(&who.device))
    }

    /// Tells the plane what a leg hears, if that is new.
    pub(super) fn tune(&mut self, turn: &mut Turn<'_, '_>, no: No) {
        let Some(leg) = self.legs.get(no) else { return };
        let hears =
            if leg.stage == Stage::Up || leg.early() { self.heard_by(no) } else { Hear::Nothing };
        if let Some(leg) = self.legs.get_mut(no)
            && leg.hears != hears
        {
            leg.hears = hears.clone();
            turn.plane.hear(no, hears);
        }
    }

    fn heard_by(&self, no: No) -> Hear {
        let Some(leg) = self.legs.get(no) else { return Hear::Nothing };
        let Some(who) = &leg.who else { return Hear::Nothing };
        let talking = leg.calls.iter().find_map(|key| {
            let call = self.call(who.realm, *key)?;
            let me = call.parties.iter().find(|p| is(p, who))?;
            (me.link != Link::Held).then_some((key, call, me))
        });
        let Some((key, call, me)) = talking else { return Hear::Nothing };
        hear(call, me, &|party| self.mouth(who.realm, *key, party))
    }

    pub(super) fn mouth(&self, realm: RealmNo, key: Key, party: &Party) -> Mouth {
        let muted = |known: &Realm| !party.outside && known.muted.contains(&party.device);
        if self.realms.get(&realm).is_some_and(muted) {
            return Mouth::Shut;
        }
        let who = Who { realm, device: party.device.clone(), outside: party.outside };
        let mut early = None;
        for leg in self.legs.of(&who).filter(|leg| leg.calls.contains(&key)) {
            match leg.stage {
                Stage::Up => return Mouth::Leg(leg.no),
                Stage::Called if leg.way.is_some() => early = Some(leg.no),
                _ => {}
            }
        }
        if let Some(no) = early {
            return Mouth::Early(no);
        }
        if party.via.is_some() || self.dialing.contains_key(&who) {
            return Mouth::Shut;
        }
        let Some(known) = self.realms.get(&realm).filter(|_| !party.outside) else {
            return Mouth::Quiet;
        };
        let number = party.device.as_str();
        if known.directory.bots.get(number).is_some_and(|bot| bot.kind == BotKind::Echo) {
            return Mouth::Echo;
        }
        match known.directory.devices.get(number).and_then(|device| device.service) {
            Some(Service::Answers) => Mouth::Tone,
            Some(_) => Mouth::Shut,
            None => Mouth::Quiet,
        }
    }
}

/// Is this party that end?
pub(super) fn is(party: &Party, who: &Who) -> bool {
    party.device == who.device && party.outside == who.outside
}

/// Why somebody is out of a call.
fn why(what: &Happening, who: &Who) -> Option<Cause> {
    if who.outside {
        return what.cause.or_else(|| what.to.first().map(|copy| copy.cause));
    }
    what.to.iter().find(|copy| copy.device == who.device).map(|copy| copy.cause)
}
