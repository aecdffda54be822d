//! Legs: one SIP call each, with what of the domain's calls goes by it.
//!
//! ```text
//!   they call:  Calling ──200──▶ Up ──BYE──▶ (gone)
//!   we call:    Called ──200───▶ Up
//! ```
//!
//! A telephone's leg may carry several calls of its device, all but one of them on hold: the switch leads its sound, so a
//! consultation asked for by an application needs no second leg. A telephone that consults by itself has one for each.

use super::plane::{Hear, Leg as No, Way, Wire};
use super::{Turn, Voice};
use crate::door::RealmNo;
use domain::call::CallId;
use domain::id::DeviceId;
use sip::event::CallId as Sip;
use sip::flow::{Flow, Transport};
use sip::message::Uri;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A call of a realm, and no other that has its id by now.
pub(super) type Key = (CallId, u64);

/// An end of calls: a telephone of ours, or somebody outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Who {
    pub(super) realm: RealmNo,
    pub(super) device: DeviceId,
    pub(super) outside: bool,
}

/// Where a leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// They called, and we owe them an answer.
    Calling,
    /// We called, and they owe us one.
    Called,
    /// It stands.
    Up,
}

/// One leg.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) no: No,
    pub(super) sip: Sip,
    pub(super) stage: Stage,
    /// Absent until it is known who came from outside.
    pub(super) who: Option<Who>,
    pub(super) calls: BTreeSet<Key>,
    pub(super) flow: Flow,
    /// How its sound was offered, if we offered it.
    pub(super) wire: Option<Wire>,
    /// The answer to their offer, until it is sent.
    pub(super) answer: Option<Vec<u8>>,
    /// Their INVITE made no offer: our answer does.
    pub(super) offers: bool,
    /// What the other side does with sound; none until that is agreed.
    pub(super) way: Option<Way>,
    /// The plane was told that it hears this.
    pub(super) hears: Hear,
    /// Its sound is heard before it is answered (183 with SDP).
    pub(super) previewed: bool,
    /// It was told that it rings.
    pub(super) rang: bool,
    /// It was asked to pick up by itself.
    pub(super) auto: bool,
    /// It understands `Event: talk`.
    pub(super) talks: bool,
    /// It waits to hear what becomes of its REFER.
    pub(super) refers: bool,
    /// A sign of life was asked for.
    pub(super) probed: bool,
}

impl Leg {
    /// Where a visitor of a page is.
    fn web(&self) -> Option<(RealmNo, IpAddr)> {
        let who = self.who.as_ref().filter(|who| who.outside && wire(self.flow) == Wire::Web)?;
        Some((who.realm, self.flow.peer.ip()))
    }

    /// A caller who hears something before they are answered.
    pub(super) fn early(&self) -> bool {
        self.stage == Stage::Calling && self.previewed
    }
}

/// All of them, found by every name.
#[derive(Default)]
pub(super) struct Legs {
    all: BTreeMap<No, Leg>,
    by_sip: BTreeMap<Sip, No>,
    by_who: BTreeMap<Who, BTreeSet<No>>,
    by_call: BTreeMap<(RealmNo, CallId), BTreeSet<No>>,
    /// How many legs there are from each address of the web.
    web: BTreeMap<(RealmNo, IpAddr), usize>,
    last: u64,
}

/// How sound travels to a flow's other side.
pub(super) const fn wire(flow: Flow) -> Wire {
    match flow.transport {
        Transport::Ws | Transport::Wss => Wire::Web,
        Transport::Tls => Wire::Sdes,
        Transport::Udp | Transport::Tcp => Wire::Plain,
    }
}

/// How sound travels to a device that is called. A browser cannot tell where it is, and names a host that is none (RFC 7118,
/// Appendix B.1); whoever names one is a telephone, also on a WebSocket.
pub(super) fn wire_to(flow: Flow, contact: &Uri) -> Wire {
    match (wire(flow), contact) {
        (Wire::Web, Uri::Sip(uri)) if !uri.host.ends_with(".invalid") => {
            simpler(flow, Wire::Web).unwrap_or(Wire::Plain)
        }
        (wire, _) => wire,
    }
}

/// How sound may travel to a device that could do nothing with an offer: by keys in the SDP where that is secret, at last in
/// the clear.
pub(super) const fn simpler(flow: Flow, wire: Wire) -> Option<Wire> {
    match (wire, flow.transport) {
        (Wire::Web, Transport::Wss) => Some(Wire::Sdes),
        (Wire::Web | Wire::Sdes, _) => Some(Wire::Plain),
        (Wire::Plain, _) => None,
    }
}

impl Legs {
    /// A name for the next leg.
    pub(super) const fn next(&mut self) -> No {
        self.last += 1;
        No(self.last)
    }

    pub(super) fn get(&self, no: No) -> Option<&Leg> {
        self.all.get(&no)
    }

    pub(super) fn get_mut(&mut self, no: No) -> Option<&mut Leg> {
        self.all.get_mut(&no)
    }

    pub(super) fn of_sip(&self, sip: Sip) -> Option<No> {
        self.by_sip.get(&sip).copied()
    }

    /// Legs of a telephone, or of somebody outside.
    pub(super) fn of(&self, who: &Who) -> impl Iterator<Item = &Leg> {
        self.by_who.get(who).into_iter().flatten().filter_map(|no| self.all.get(no))
    }

    /// Legs by which a call goes.
    pub(super) fn of_call(&self, realm: RealmNo, call: CallId) -> Vec<No> {
        self.by_call.get(&(realm, call)).into_iter().flatten().copied().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many calls there are from an address of the web, and from the web at all.
    pub(super) fn of_web(&self, realm: RealmNo, ip: IpAddr) -> (usize, usize) {
        let here = self.web.get(&(realm, ip)).copied().unwrap_or(0);
        let all = self.web.iter().filter(|((of, _), _)| *of == realm).map(|(_, count)| count);
        (here, all.sum())
    }

    /// Adds a leg that has no calls yet.
    pub(super) fn add(&mut self, no: No, sip: Sip, stage: Stage, flow: Flow) -> &mut Leg {
        self.by_sip.insert(sip, no);
        self.all.entry(no).or_insert(Leg {
            no,
            sip,
            stage,
            who: None,
            calls: BTreeSet::new(),
            flow,
            wire: None,
            answer: None,
            offers: false,
            way: None,
            hears: Hear::Nothing,
            previewed: false,
            rang: false,
            auto: false,
            talks: false,
            refers: false,
            probed: false,
        })
    }

    /// Says whose leg it is.
    pub(super) fn own(&mut self, no: No, who: Who) {
        if let Some(leg) = self.all.get_mut(&no) {
            if let Some(from) = leg.web() {
                uncount(&mut self.web, from);
            }
            if let Some(before) = leg.who.replace(who.clone()) {
                unlist(&mut self.by_who, &before, no);
            }
            if let Some(from) = leg.web() {
                *self.web.entry(from).or_default() += 1;
            }
            self.by_who.entry(who).or_default().insert(no);
        }
    }

    /// A call goes by it from now on.
    pub(super) fn join(&mut self, no: No, key: Key) {
        let Some(leg) = self.all.get_mut(&no) else { return };
        let Some(who) = &leg.who else { return };
        leg.calls.insert(key);
        self.by_call.entry((who.realm, key.0)).or_default().insert(no);
    }

    /// A call does not go by it any more. Says whether none does.
    pub(super) fn part(&mut self, no: No, key: Key) -> bool {
        let Some(leg) = self.all.get_mut(&no) else { return false };
        leg.calls.remove(&key);
        if let Some(who) = &leg.who {
            unlist(&mut self.by_call, &(who.realm, key.0), no);
        }
        leg.calls.is_empty()
    }

    /// Forgets a leg.
    pub(super) fn remove(&mut self, no: No) -> Option<Leg> {
        let leg = self.all.remove(&no)?;
        self.by_sip.remove(&leg.sip);
        if let Some(from) = leg.web() {
            uncount(&mut self.web, from);
        }
        if let Some(who) = &leg.who {
            unlist(&mut self.by_who, who, no);
            for (call, _) in &leg.calls {
                unlist(&mut self.by_call, &(who.realm, *call), no);
            }
        }
        Some(leg)
    }
}

fn uncount<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

fn unlist<K: Ord>(index: &mut BTreeMap<K, BTreeSet<No>>, key: &K, no: No) {
    if let Some(set) = index.get_mut(key) {
        set.remove(&no);
        if set.is_empty() {
            index.remove(key);
        }
    }
}

impl Voice {
    /// Ends a leg in whichever way its state asks for, and forgets it. A caller who has no answer yet gets this status.
    pub(super) fn end_leg(&mut self, turn: &mut Turn<'_, '_>, no: No, status: u16) {
        let Some(leg) = self.legs.remove(no) else { return };
        let now = turn.now();
        if leg.refers {
            self.notify_refer(now, leg.sip, 200);
        }
        let none = sip::message::Headers::default();
        // A leg that ended within the same bytes has nothing left to be told.
        let _ = match leg.stage {
            Stage::Calling => self.endpoint.reject(now, leg.sip, status, &none),
            Stage::Called | Stage::Up => self.endpoint.hang_up(now, leg.sip, None),
        };
        turn.plane.close(no);
    }

    /// The other side has ended a leg: it is forgotten, and its sound ends.
    pub(super) fn drop_leg(&mut self, turn: &mut Turn<'_, '_>, no: No) -> Option<Leg> {
        let leg = self.legs.remove(no)?;
        turn.plane.close(no);
        Some(leg)
    }
}
