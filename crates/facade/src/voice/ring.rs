//! Calling telephones: all contacts at once, and whoever picks up first has the call.

use super::depart::Departure;
use super::follow::Rung;
use super::leg::{Key, Leg, Stage, Who, simpler, wire_to};
use super::phone::record;
use super::plane::{Leg as No, Wire};
use super::{Ticket, Timer, Turn, Voice, status};
use domain::call::{Call, CallId, Cause, Link, Outside, PROMPT, Wish};
use domain::directory::Srtp;
use sip::endpoint::Invite;
use sip::event;
use sip::flow::Flow;
use sip::message::{Address, Headers, Method, Name, Uri, UserToUser};
use sip::register::Binding;

/// Asks a telephone to pick up by itself: the ways that phones know.
fn auto_answer(headers: &mut Headers, host: &str) {
    headers.push(Name::CallInfo, format!("<sip:{host}>;answer-after=0"));
    headers.push(Name::AlertInfo, "<http://www.notused.com>;info=alert-autoanswer;delay=0");
    headers.push(Name::Other("Answer-Mode".into()), "Auto");
}

impl Voice {
    /// Calls every contact of a telephone, once.
    pub(super) fn call_phone(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        key: Key,
        call: &Call,
        auto: bool,
    ) {
        if !self.is_registered(who) || self.is_gone(who, key) {
            return;
        }
        let rung = self.rings.entry((who.realm, key)).or_default();
        if rung.contains_key(&(who.device.clone(), false)) {
            return;
        }
        rung.insert((who.device.clone(), false), Rung::default());
        if !self.fork(turn, who, key, call, auto) {
            self.depart(who, key, Departure::Reject(Cause::OUT_OF_ORDER));
        }
    }

    /// Sends an INVITE to every contact. Says whether any went out.
    fn fork(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        key: Key,
        call: &Call,
        auto: bool,
    ) -> bool {
        let contacts = self.registrar.contacts(turn.now(), &record(who.realm, &who.device));
        let contacts: Vec<Binding> = contacts.into_iter().cloned().collect();
        let like = self.leg_of_another(who, key, call).or_else(|| self.leg_of_caller(who, call));
        let mut any = false;
        for contact in contacts {
            let Some(invite) = self.invitation(who, call, &contact, auto) else { continue };
            any |= self.send_invite(turn, who, key, invite, like, auto).is_some();
        }
        any
    }

    /// A leg of the call whose sound this one will mostly be joined to.
    pub(super) fn leg_of_another(&self, who: &Who, key: Key, call: &Call) -> Option<No> {
        let others = call.parties.iter().filter(|p| p.device != who.device);
        others
            .flat_map(|p| {
                let other = Who { realm: who.realm, device: p.device.clone(), outside: p.outside };
                let legs = self.legs.of(&other).filter(|leg| leg.calls.contains(&key));
                legs.map(|leg| leg.no).collect::<Vec<_>>()
            })
            .next()
    }

    /// The leg of whoever makes the call, while what became of it is still on its way to us.
    fn leg_of_caller(&self, who: &Who, call: &Call) -> Option<No> {
        let caller = call.parties.iter().find(|p| p.link == Link::Initiated)?;
        let caller =
            Who { realm: who.realm, device: caller.device.clone(), outside: caller.outside };
        let waits = |leg: &&Leg| leg.stage == Stage::Calling && leg.calls.is_empty();
        self.legs.of(&caller).find(waits).map(|leg| leg.no)
    }

    fn invitation(&self, who: &Who, call: &Call, contact: &Binding, auto: bool) -> Option<Invite> {
        let known = self.realms.get(&who.realm)?;
        let realm = known.directory.realm.as_ref().map_or("localhost", |realm| &realm.name);
        // A telephone that is called so that it can call is shown whom it will call.
        let shown = if auto { &call.dialed } else { &call.caller };
        let from = Uri::sip(Some(shown.as_str()), realm).ok()?;
        let to = Uri::sip(Some(who.device.as_str()), realm).ok()?;
        let mut headers = Headers::default();
        for hop in &contact.path {
            headers.push(Name::Route, hop);
        }
        if !call.attached.uui.is_empty() {
            headers.push(Name::UserToUser, UserToUser::from_bytes(call.attached.uui.as_bytes()));
        }
        if let Some(by) = call.forwarded.last()
            && let Ok(by) = Uri::sip(Some(by.as_str()), realm)
        {
            let reason = match call.ringing {
                Cause::FORWARD_BUSY => "user-busy",
                Cause::FORWARD_NO_ANSWER => "no-answer",
                _ => "unconditional",
            };
            headers.push(Name::Diversion, format!("<{by}>;reason={reason}"));
        }
        headers.push(Name::Other("X-NX-Cid".into()), &call.cnid);
        if auto {
            auto_answer(&mut headers, realm);
        }
        let name = known.directory.users.values().find(|u| u.extension.as_ref() == Some(shown));
        let from = Address::new(from).named(name.map(|user| &*user.name));
        let (uri, flow) = (contact.contact.uri.clone(), contact.flow);
        Some(Invite {
            uri,
            from,
            to: Address::new(to),
            flow,
            sdp: None,
            headers,
            credentials: None,
        })
    }

    /// Opens a leg and sends its INVITE. None: there is no port, or no room.
    pub(super) fn send_invite(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        key: Key,
        mut invite: Invite,
        like: Option<No>,
        auto: bool,
    ) -> Option<No> {
        let no = self.legs.next();
        let known = self.simple_ways.get(&invite.flow.into()).copied();
        let wire = known.unwrap_or_else(|| wire_to(invite.flow, &invite.uri));
        if wire == Wire::Plain && self.needs_secrecy(who) {
            return None;
        }
        let sdp = turn.plane.offer(no, wire, like).ok()?;
        invite.sdp = Some(sdp.into_bytes());
        let flow = invite.flow;
        let Ok(sip) = self.endpoint.invite(turn.now(), invite) else {
            turn.plane.close(no);
            return None;
        };
        let leg = self.legs.add(no, sip, Stage::Called, flow);
        (leg.auto, leg.wire) = (auto, Some(wire));
        self.legs.own(no, who.clone());
        self.legs.join(no, key);
        if auto {
            self.timers.insert((turn.cx.now.plus(PROMPT), Timer::Own(no)));
        }
        Some(no)
    }

    /// A telephone that was asked to pick up by itself did not.
    pub(super) fn own_silent(&mut self, turn: &mut Turn<'_, '_>, no: No) {
        let Some(leg) = self.legs.get(no).filter(|leg| leg.stage == Stage::Called) else { return };
        let (who, calls) = (leg.who.clone(), leg.calls.clone());
        self.end_leg(turn, no, 487);
        for (key, who) in calls.into_iter().zip(who) {
            self.fork_over(&who, key, Cause::NOT_ANSWERED);
        }
    }

    /// The called side says something before it answers.
    pub(super) fn progressed(
        &mut self,
        turn: &mut Turn<'_, '_>,
        no: No,
        status: u16,
        headers: &Headers,
        sdp: Option<&[u8]>,
    ) {
        let Some(leg) = self.legs.get_mut(no).filter(|leg| leg.stage == Stage::Called) else {
            return;
        };
        leg.talks |= headers.lists(&Name::AllowEvents, "talk");
        let outside = leg.who.as_ref().is_some_and(|who| who.outside);
        let first = !leg.rang;
        leg.rang |= status == 180;
        let (who, calls) = (leg.who.clone(), leg.calls.clone());
        if outside
            && leg.way.is_none()
            && let Some(sdp) = sdp
            && let Ok(way) = turn.plane.conclude(no, sdp)
            && let Some(leg) = self.legs.get_mut(no)
        {
            leg.way = Some(way);
        }
        let Some(who) = who else { return };
        for key in calls {
            if outside && status == 180 && first {
                let wish = Wish::Outside {
                    call: key.0,
                    number: key.1,
                    device: who.device.clone(),
                    did: Outside::Rings,
                };
                self.ask(who.realm, Ticket::Nothing, "sip.180", wish);
            }
            self.compare(turn, who.realm, key, None);
        }
    }

    /// The called side picked up.
    pub(super) fn answered(&mut self, turn: &mut Turn<'_, '_>, no: No, sdp: Option<&[u8]>) {
        let Some(leg) = self.legs.get(no).filter(|leg| leg.stage == Stage::Called) else { return };
        let (Some(who), Some(key)) = (leg.who.clone(), leg.calls.first().copied()) else {
            return self.end_leg(turn, no, 487);
        };
        // Whoever was heard before the answer has agreed on the sound already.
        let before = leg.way;
        let Some(way) = turn.plane.conclude(no, sdp.unwrap_or_default()).ok().or(before) else {
            return self.unfit(turn, &who, key, no);
        };
        if let Some(leg) = self.legs.get_mut(no) {
            (leg.stage, leg.way) = (Stage::Up, Some(way));
        }
        // Whoever was slower is not needed.
        let others = self.legs.of(&who).filter(|leg| leg.no != no && leg.calls.contains(&key));
        let others: Vec<No> =
            others.filter(|leg| leg.stage == Stage::Called).map(|leg| leg.no).collect();
        for other in others {
            self.end_leg(turn, other, 487);
        }
        self.ask_answered(turn, no);
    }

    /// Tells the domain that whoever was called has picked up.
    pub(super) fn ask_answered(&mut self, turn: &mut Turn<'_, '_>, no: No) {
        let Some(leg) = self.legs.get(no) else { return };
        let (Some(who), Some(key)) = (leg.who.clone(), leg.calls.first().copied()) else { return };
        let call = self.call(who.realm, key);
        let link = call.and_then(|c| c.parties.iter().find(|p| super::follow::is(p, &who)));
        match link.map(|party| party.link) {
            Some(Link::Alerting | Link::Prompted) => {
                let device = who.device.clone();
                let wish = if who.outside {
                    let did = Outside::Answers;
                    Wish::Outside { call: key.0, number: key.1, device, did }
                } else {
                    Wish::Answer(device, key.0)
                };
                self.ask(who.realm, Ticket::Answer(no, key), "sip.200", wish);
            }
            Some(_) => self.compare(turn, who.realm, key, None),
            None => self.end_leg(turn, no, 487),
        }
    }

    /// The called side did not take it.
    pub(super) fn not_taken(&mut self, turn: &mut Turn<'_, '_>, leg: &Leg, end: &event::Cause) {
        let Some(who) = &leg.who else { return };
        let unfit = |response: &sip::message::Response| matches!(response.status, 415 | 488 | 606);
        if matches!(end, event::Cause::Refused(response) if unfit(response))
            && self.call_simpler(turn, who, leg)
        {
            return;
        }
        let cause = if who.outside { status::cause(end) } else { status::of_phone(end) };
        // Whoever says no for all contacts is believed (RFC 3261 §21.6).
        let for_all = matches!(end, event::Cause::Refused(response) if response.status >= 600);
        for key in leg.calls.iter().copied() {
            if for_all {
                let others = self.legs.of(who).filter(|leg| leg.calls.contains(&key));
                let others: Vec<No> =
                    others.filter(|leg| leg.stage == Stage::Called).map(|leg| leg.no).collect();
                for other in others {
                    self.end_leg(turn, other, 487);
                }
            }
            self.fork_over(who, key, cause);
        }
    }

    /// An answer that is none to what was offered: it is hung up, and called with less.
    fn unfit(&mut self, turn: &mut Turn<'_, '_>, who: &Who, key: Key, no: No) {
        let Some(leg) = self.legs.remove(no) else { return };
        let _ = self.endpoint.hang_up(turn.now(), leg.sip, None);
        turn.plane.close(no);
        if !self.call_simpler(turn, who, &leg) {
            self.fork_over(who, key, Cause::OUT_OF_ORDER);
        }
    }

    /// Must its sound be kept secret?
    pub(super) fn needs_secrecy(&self, who: &Who) -> bool {
        let known = self.realms.get(&who.realm).filter(|_| !who.outside);
        let device = known.and_then(|known| known.directory.devices.get(&who.device));
        device.is_some_and(|device| device.srtp == Srtp::Required)
    }

    /// A telephone that can do nothing with what it was offered is called once more with less: it could not be called otherwise.
    /// In the clear only if that may be. True: it is.
    fn call_simpler(&mut self, turn: &mut Turn<'_, '_>, who: &Who, leg: &Leg) -> bool {
        let Some(key) = leg.calls.first().copied().filter(|_| !who.outside) else { return false };
        let way = leg.flow.into();
        let Some(wire) = leg.wire.and_then(|wire| simpler(leg.flow, wire)) else {
            // Whatever it was, it was not the way of the offer.
            self.simple_ways.remove(&way);
            return false;
        };
        if wire == Wire::Plain && self.needs_secrecy(who) {
            return false;
        }
        self.simple_ways.insert(way, wire);
        let Some(call) = self.call(who.realm, key).cloned() else { return false };
        let contacts = self.registrar.contacts(turn.now(), &record(who.realm, &who.device));
        let contact = contacts.into_iter().find(|binding| binding.flow == leg.flow).cloned();
        let invite = contact.and_then(|contact| self.invitation(who, &call, &contact, leg.auto));
        let like = self.leg_of_another(who, key, &call);
        invite.is_some_and(|invite| {
            self.send_invite(turn, who, key, invite, like, leg.auto).is_some()
        })
    }

    /// One contact is out of it. When it was the last, the domain hears the best that any of them said.
    fn fork_over(&mut self, who: &Who, key: Key, cause: Cause) {
        let rank = |cause| match cause {
            Cause::BUSY => 2,
            Cause::NOT_ANSWERED => 1,
            _ => 0,
        };
        let best = self.rings.get_mut(&(who.realm, key));
        let best = best.and_then(|rung| rung.get_mut(&(who.device.clone(), who.outside)));
        let best = best.map_or(cause, |rung| {
            let best = rung.best.filter(|best| rank(*best) > rank(cause)).unwrap_or(cause);
            *rung.best.insert(best)
        });
        if !self.legs.of(who).any(|leg| leg.calls.contains(&key)) {
            self.depart(who, key, Departure::Reject(best));
        }
    }

    /// An application wants a telephone to pick up. Phones that know `Event: talk` are told by it; others are called anew, in
    /// words that make them pick up by themselves.
    pub(super) fn asked_to_answer(&mut self, turn: &mut Turn<'_, '_>, who: &Who, call: CallId) {
        let legs = self.legs.of(who).filter(|leg| {
            leg.stage == Stage::Called && !leg.auto && leg.calls.iter().any(|key| key.0 == call)
        });
        let legs: Vec<(No, event::CallId, bool)> =
            legs.map(|leg| (leg.no, leg.sip, leg.talks)).collect();
        for (no, sip, talks) in legs {
            let told = talks && self.say_talk(turn, sip);
            if !told {
                self.call_anew(turn, who, no);
            }
        }
    }

    /// `NOTIFY` with `Event: talk`: press the green key.
    pub(super) fn say_talk(&mut self, turn: &Turn<'_, '_>, sip: event::CallId) -> bool {
        let mut headers = Headers::default();
        headers.push(Name::Event, "talk");
        headers.push(Name::SubscriptionState, "active");
        self.endpoint.say(turn.now(), sip, Method::Notify, &headers, None).is_ok()
    }

    /// Calls one contact once more, so that it picks up by itself.
    fn call_anew(&mut self, turn: &mut Turn<'_, '_>, who: &Who, no: No) {
        let Some(leg) = self.legs.get(no) else { return };
        let (flow, calls) = (leg.flow, leg.calls.clone());
        let Some(key) = calls.first().copied() else { return };
        let Some(call) = self.call(who.realm, key).cloned() else { return };
        let contacts = self.registrar.contacts(turn.now(), &record(who.realm, &who.device));
        // A contact whose connection was lost is called where it came back.
        let rings =
            |flow: Flow| self.legs.of(who).any(|leg| leg.flow == flow && leg.calls.contains(&key));
        let same = contacts.iter().find(|binding| binding.flow == flow);
        let contact = same.or_else(|| contacts.iter().find(|binding| !rings(binding.flow)));
        let Some(contact) = contact.copied().cloned() else { return };
        self.end_leg(turn, no, 487);
        let Some(mut invite) = self.invitation(who, &call, &contact, false) else {
            return;
        };
        let host = invite.from.uri.as_sip().map_or("localhost".into(), |uri| uri.host.clone());
        auto_answer(&mut invite.headers, &host);
        let like = self.leg_of_another(who, key, &call);
        let made = self.send_invite(turn, who, key, invite, like, false);
        if made.is_none() {
            self.fork_over(who, key, Cause::OUT_OF_ORDER);
        }
    }
}
