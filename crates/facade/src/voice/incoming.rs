//! INVITEs that come: who calls, whether they may, and what the domain says to it.

use super::leg::{Key, Leg, Stage, Who, wire};
use super::plane::{Leg as No, PlaneFault, Wire};
use super::{Ticket, Turn, Voice, status};
use crate::door::{Fault, RealmNo};
use domain::call::{Attached, Call, Link, Via, Wish};
use domain::command::Done;
use domain::id::DeviceId;
use domain::refusal::Refusal;
use sip::event::CallId as Sip;
use sip::flow::{Flow, Transport};
use sip::message::{Address, Headers, Name, Request, Response, UserToUser};
use std::sync::Arc;

/// The header by which a telephone that was started anew names the matter (`X-NX-Cid`) whose call it was in.
const RESUME: &str = "X-NX-Resume";
/// User-to-user data, in bytes (`nxproxy-rio.md` 5.2).
const UUI_LIMIT: usize = 256;

/// A push token, in bytes: those of the services there are have less than a tenth of it.
const PUSH_LIMIT: usize = 4_096;

/// Who calls.
enum Caller {
    Phone(Who),
    Outside(Who, Via),
}

/// A no, and what goes with it.
pub(super) type Refused = (u16, Headers);

pub(super) fn no(status: u16) -> Refused {
    let mut headers = Headers::default();
    if status == 503 {
        headers.push(Name::RetryAfter, 5);
    }
    (status, headers)
}

/// An answer that asks for a password, or to come again.
fn asked(response: &Response) -> Refused {
    let mut headers = Headers::default();
    for name in [Name::WwwAuthenticate, Name::RetryAfter] {
        for value in response.headers.all(&name) {
            headers.push(name.clone(), value);
        }
    }
    (response.status, headers)
}

impl Voice {
    /// Somebody calls.
    pub(super) fn incoming(
        &mut self,
        turn: &mut Turn<'_, '_>,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        replaces: Option<Sip>,
    ) {
        if let Err((status, headers)) = self.take_in(turn, sip, invite, flow, replaces) {
            // The call may have ended within the same bytes; then there is nothing to refuse.
            let _ = self.endpoint.reject(turn.now(), sip, status, &headers);
        }
    }

    fn take_in(
        &mut self,
        turn: &mut Turn<'_, '_>,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        replaces: Option<Sip>,
    ) -> Result<(), Refused> {
        let caller = self.caller(turn, invite, flow)?;
        let number: Arc<str> = match &caller {
            Caller::Outside(who, Via::Trunk { trunk, .. }) => {
                self.number_at(who.realm, trunk, invite)
            }
            _ => invite.uri.user().unwrap_or_default().as_ref().into(),
        };
        let push =
            if matches!(caller, Caller::Outside(_, Via::Web)) { push(invite) } else { "".into() };
        let attached = Attached { uui: uui(invite), push, ..Attached::default() };
        let (who, wish) = match caller {
            Caller::Phone(who) => {
                if let Some(cnid) = invite.headers.get(&Name::Other(RESUME.into())) {
                    return self.resume(turn, &who, sip, invite, flow, cnid.trim());
                }
                let wish = match replaces {
                    Some(other) => match self.replace(turn, &who, sip, invite, flow, other)? {
                        Some(wish) => wish,
                        None => return Ok(()),
                    },
                    None => Wish::Dialled { device: who.device.clone(), to: number, attached },
                };
                (who, wish)
            }
            Caller::Outside(..) if replaces.is_some() => return Err(no(403)),
            Caller::Outside(who, via) => {
                let from = invite.from().ok().and_then(|from| from.uri.user().map(Arc::from));
                let open = turn.cx.site.settings().demo;
                let from = from.unwrap_or_default();
                (who, Wish::Come { from, to: number, via, attached, open })
            }
        };
        let leg = self.open_leg(turn, sip, invite, flow, &who)?;
        *self.dialing.entry(who.clone()).or_default() += 1;
        self.ask(who.realm, Ticket::Dial(leg, who), "sip.INVITE", wish);
        Ok(())
    }

    /// Opens a leg for an INVITE: its sound is agreed on before anybody is asked, so that a call that could not be heard rings
    /// nowhere. A telephone whose sound must be secret calls with a secret offer, or by a way on which it is made one.
    fn open_leg(
        &mut self,
        turn: &mut Turn<'_, '_>,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        who: &Who,
    ) -> Result<No, Refused> {
        let number = self.legs.next();
        let unfit = |fault| match fault {
            PlaneFault::Unfit => no(488),
            PlaneFault::Unreadable => no(400),
            PlaneFault::Full | PlaneFault::WrongState => no(503),
        };
        let offered = invite.body_of("application/sdp");
        let ours = self.simple_ways.get(&flow.into()).copied().unwrap_or_else(|| wire(flow));
        let secret = offered.map_or(ours != Wire::Plain, |offer| turn.plane.is_secret(offer));
        if !secret && self.needs_secrecy(who) {
            return Err(no(488));
        }
        let (sdp, way) = match offered {
            Some(offer) => {
                let agreed = turn.plane.answer(number, offer).map_err(unfit)?;
                (agreed.sdp, Some(agreed.way))
            }
            None => (turn.plane.offer(number, ours, None).map_err(unfit)?, None),
        };
        let leg = self.legs.add(number, sip, Stage::Calling, flow);
        (leg.answer, leg.way, leg.offers) = (Some(sdp.into_bytes()), way, offered.is_none());
        self.legs.own(number, who.clone());
        Ok(number)
    }

    /// Who calls, and may they?
    fn caller(
        &mut self,
        turn: &Turn<'_, '_>,
        invite: &Request,
        flow: Flow,
    ) -> Result<Caller, Refused> {
        if let Some((realm, trunk)) = self.trunk_of(flow, invite) {
            self.vouched(turn, (realm, &trunk), invite, flow).map_err(|answer| asked(&answer))?;
            let name = self.outsider(realm, invite);
            let via = Via::Trunk { trunk, number: "".into() };
            return Ok(Caller::Outside(Who { realm, device: name, outside: true }, via));
        }
        let page = matches!(flow.transport, Transport::Ws | Transport::Wss);
        let kind = invite.headers.get(&Name::Other("X-NX-Kind".into()));
        if let Some(kind) = kind.filter(|_| page) {
            return self.web_caller(turn, invite, flow, kind);
        }
        let who = self.phone_of(turn, invite, flow)?;
        self.spend(turn, &who)?;
        Ok(Caller::Phone(who))
    }

    /// Takes a new call of a telephone's share.
    ///
    /// # Errors
    ///
    /// It has had all of it.
    pub(super) fn spend(&self, turn: &Turn<'_, '_>, who: &Who) -> Result<(), Refused> {
        let (bucket, most) = (format!("voice.{}.{}", who.realm.0, who.device), &self.most);
        if self.legs.of(who).count() >= most.phone_legs
            || !turn.cx.site.allow(&bucket, most.phone_rate.0, most.phone_rate.1)
        {
            return Err(no(503));
        }
        Ok(())
    }

    /// The telephone that asks for something in its own name.
    ///
    /// # Errors
    ///
    /// What is to be answered.
    pub(super) fn phone_of(
        &mut self,
        turn: &Turn<'_, '_>,
        invite: &Request,
        flow: Flow,
    ) -> Result<Who, Refused> {
        let from = invite.from().map_err(|_| no(400))?;
        let claimed = from.uri.user().unwrap_or_default();
        let realm = Self::realm_of(turn, &from.uri);
        // A connection is its telephone's own: nobody else can write into it. Datagrams are asked for the password each time.
        let device = if flow.transport.is_reliable() && self.is_of(flow, realm, &claimed) {
            claimed.as_ref().into()
        } else {
            self.named(turn, realm, invite, flow)?
        };
        let who = Who { realm, device, outside: false };
        // Nobody calls in another's name, and nobody calls who cannot be called.
        if claimed != who.device.as_str() || !self.has_contact(&who) {
            return Err(no(403));
        }
        Ok(who)
    }

    /// The telephone whose password an INVITE gives.
    fn named(
        &mut self,
        turn: &Turn<'_, '_>,
        realm: RealmNo,
        invite: &Request,
        flow: Flow,
    ) -> Result<DeviceId, Refused> {
        self.enter(turn, realm, invite, flow).map_err(|response| asked(&response))
    }

    /// A page's visitor (`nxwebapi.md` 7.2): nobody vouches for them, and they reach what is public.
    fn web_caller(
        &mut self,
        turn: &Turn<'_, '_>,
        invite: &Request,
        flow: Flow,
        kind: &str,
    ) -> Result<Caller, Refused> {
        if !kind.trim().eq_ignore_ascii_case("call") {
            return Err(no(488));
        }
        let host = invite.uri.as_sip().map(|uri| uri.host.to_ascii_lowercase());
        let realm = host.and_then(|host| turn.cx.site.realm(&host)).ok_or(no(404))?;
        if self.realms.get(&realm).is_none_or(|known| known.gate.is_none()) {
            return Err(no(503));
        }
        let (ip, bucket) = (flow.peer.ip(), format!("voice.web.{}", flow.peer.ip()));
        let (here, all) = self.legs.of_web(realm, ip);
        let most = &self.most;
        if here >= most.web_address
            || all >= most.web_realm
            || !turn.cx.site.allow(&bucket, most.web_rate.0, most.web_rate.1)
        {
            return Err(no(503));
        }
        let name = self.outsider(realm, invite);
        Ok(Caller::Outside(Who { realm, device: name, outside: true }, Via::Web))
    }

    /// The name that a caller from outside has in the call.
    fn outsider(&self, realm: RealmNo, invite: &Request) -> DeviceId {
        let from =
            invite.from().ok().and_then(|from| from.uri.user().map(std::borrow::Cow::into_owned));
        let from = from.unwrap_or_default();
        self.realms
            .get(&realm)
            .map_or_else(|| from.as_str().into(), |known| known.directory.outsider(&from))
    }

    /// An INVITE that is to take the place of another leg (RFC 3891): of a telephone that rings, which is a pickup; or of one's
    /// own, when somebody goes on at another contact.
    fn replace(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        other: Sip,
    ) -> Result<Option<Wish>, Refused> {
        let other = self.legs.of_sip(other).and_then(|no| self.legs.get(no)).ok_or(no(481))?;
        let (theirs, stage, number) = (other.who.clone(), other.stage, other.no);
        match (theirs, stage) {
            (Some(them), Stage::Called) if them.realm == who.realm && !them.outside => {
                Ok(Some(Wish::Pickup { device: who.device.clone(), from: them.device }))
            }
            (Some(them), Stage::Up) if them == *who => {
                self.move_leg(turn, who, sip, invite, flow, number)?;
                Ok(None)
            }
            _ => Err(no(403)),
        }
    }

    /// A telephone that was started anew goes on with the call of this matter, which its earlier self was in.
    fn resume(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        cnid: &str,
    ) -> Result<(), Refused> {
        let of_matter =
            |key: &Key| self.call(who.realm, *key).is_some_and(|call| &*call.cnid == cnid);
        let stands = |leg: &&Leg| leg.stage == Stage::Up && leg.calls.iter().any(of_matter);
        let old = self.legs.of(who).find(stands).map(|leg| leg.no).ok_or(no(481))?;
        self.move_leg(turn, who, sip, invite, flow, old)
    }

    /// A new leg of a telephone takes the place of its old one, with all calls that go by that.
    fn move_leg(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        old: No,
    ) -> Result<(), Refused> {
        let leg = self.open_leg(turn, sip, invite, flow, who)?;
        let calls = self.legs.get(old).map(|leg| leg.calls.clone()).unwrap_or_default();
        for key in &calls {
            self.legs.join(leg, *key);
            self.legs.part(old, *key);
        }
        self.end_leg(turn, old, 487);
        for key in calls {
            self.compare(turn, who.realm, key, None);
        }
        Ok(())
    }

    /// The domain has taken a call, or not.
    pub(super) fn dialled(
        &mut self,
        turn: &mut Turn<'_, '_>,
        leg: No,
        who: &Who,
        outcome: Result<Result<Done, Refusal>, Fault>,
    ) {
        if let Some(count) = self.dialing.get_mut(who) {
            *count -= 1;
            if *count == 0 {
                self.dialing.remove(who);
            }
        }
        let made = match outcome {
            Ok(Ok(Done::Call { call, number, .. })) => Some((call, number)),
            Ok(Ok(_)) | Err(_) => {
                self.end_leg(turn, leg, 503);
                None
            }
            Ok(Err(refusal)) => {
                self.end_leg(turn, leg, status::refused(&refusal));
                None
            }
        };
        let Some(made) = made else { return };
        let Some(known) = self.realms.get(&who.realm) else { return };
        let key = known.now(made);
        let over = known.over(key);
        match (self.legs.get(leg).is_some(), over) {
            // They gave up while the domain decided.
            (false, None) => self.depart(who, key, super::depart::Departure::Clear),
            (false, Some(_)) => {}
            (true, Some(status)) => self.end_leg(turn, leg, status),
            (true, None) => {
                self.legs.join(leg, key);
                if self.call(who.realm, key).is_some() {
                    self.compare(turn, who.realm, key, None);
                }
            }
        }
    }

    /// A caller hears what goes on: it rings (180), something is to be heard (183), or they stand in a line (200).
    pub(super) fn progress(&mut self, turn: &mut Turn<'_, '_>, number: No, call: &Call) {
        if call.stay.is_some() {
            return self.pick_up(turn, number, call);
        }
        let Some(leg) = self.legs.get(number) else { return };
        let Some(who) = &leg.who else { return };
        let early =
            call.parties.iter().filter(|p| p.outside && p.link == Link::Alerting).any(|p| {
                let other = Who { realm: who.realm, device: p.device.clone(), outside: true };
                self.legs.of(&other).any(|leg| leg.stage == Stage::Called && leg.way.is_some())
            });
        let rings = call.speakers().any(|p| p.link == Link::Alerting && (!p.outside || p.rang));
        let preview = early && !leg.previewed && !leg.offers;
        if preview {
            self.suit(turn, number, call);
        }
        let Some(leg) = self.legs.get(number) else { return };
        let (sip, headers, now) = (leg.sip, about(call, leg), turn.now());
        if preview {
            let sdp = leg.answer.clone();
            if self.endpoint.ring(now, sip, 183, &headers, sdp).is_ok()
                && let Some(leg) = self.legs.get_mut(number)
            {
                (leg.previewed, leg.rang) = (true, true);
            }
        } else if rings && !leg.rang {
            // What was ended within the same bytes hears nothing any more.
            let _ = self.endpoint.ring(now, sip, 180, &headers, None);
            if let Some(leg) = self.legs.get_mut(number) {
                leg.rang = true;
            }
        }
    }

    /// What is answered to a caller, now that somebody is there or the test numbers are; who stands in a line may meet anybody.
    fn suit(&mut self, turn: &mut Turn<'_, '_>, number: No, call: &Call) {
        let Some(leg) = self.legs.get(number).filter(|leg| !leg.previewed && !leg.offers) else {
            return;
        };
        let Some(who) = leg.who.clone().filter(|_| call.stay.is_none()) else { return };
        let with = self.leg_of_another(&who, (call.id, call.number), call);
        if let Some(sdp) = turn.plane.settle(number, with)
            && let Some(leg) = self.legs.get_mut(number)
        {
            leg.answer = Some(sdp.into_bytes());
        }
    }

    /// A caller is answered.
    pub(super) fn pick_up(&mut self, turn: &mut Turn<'_, '_>, number: No, call: &Call) {
        let now = turn.now();
        self.suit(turn, number, call);
        let Some(leg) = self.legs.get_mut(number) else { return };
        let rang = std::mem::replace(&mut leg.rang, true);
        let (sip, sdp, headers) = (leg.sip, leg.answer.take(), about(call, leg));
        leg.stage = Stage::Up;
        // Pages are promised to hear it ring before it is answered (`nxwebapi.md` 7.2).
        if !rang {
            let _ = self.endpoint.ring(now, sip, 180, &headers, None);
        }
        let _ = self.endpoint.answer(now, sip, &headers, sdp);
        self.tune(turn, number);
    }
}

/// By which number the matter is known; and, for a page's visitor, which of the centre's numbers serves them as far as that is
/// known by now (`nxwebapi.md` 7.2).
fn about(call: &Call, leg: &Leg) -> Headers {
    let mut headers = Headers::default();
    headers.push(Name::Other("X-NX-Cid".into()), &call.cnid);
    let visits = leg.who.as_ref().is_some_and(|who| who.outside) && wire(leg.flow) == Wire::Web;
    let ours = |link| call.speakers().find(move |party| !party.outside && party.link == link);
    if let Some(party) = ours(Link::Connected).or_else(|| ours(Link::Alerting)).filter(|_| visits) {
        headers.push(Name::Other("X-NX-VirtualAgent".into()), &party.device);
    }
    headers
}

/// The token by which the app of a page's visitor is woken. What is none of a push service is none.
fn push(invite: &Request) -> Arc<str> {
    let token = invite.headers.get(&Name::Other("X-NX-Push".into())).unwrap_or_default().trim();
    let fits = token.len() <= PUSH_LIMIT && token.bytes().all(|b| b.is_ascii_graphic());
    if fits && token != "default" { token.into() } else { "".into() }
}

/// User-to-user data of an INVITE (RFC 7433). What is no text, or too long, is none.
fn uui(invite: &Request) -> Arc<str> {
    let data = invite.headers.first::<UserToUser>(&Name::UserToUser).ok().flatten();
    let text = data.and_then(|data| data.bytes()).and_then(|b| String::from_utf8(b).ok());
    text.filter(|text| text.len() <= UUI_LIMIT).unwrap_or_default().into()
}

/// Numbers that a call was for before it came to us (RFC 5806, RFC 7044), the first one at the front.
pub(super) fn diverted(invite: &Request) -> Vec<String> {
    let mut all: Vec<Address> = invite.headers.list(&Name::HistoryInfo).unwrap_or_default();
    let mut latest_first: Vec<Address> = invite.headers.list(&Name::Diversion).unwrap_or_default();
    latest_first.reverse();
    all.extend(latest_first);
    all.iter().filter_map(|a| a.uri.user().map(std::borrow::Cow::into_owned)).collect()
}
