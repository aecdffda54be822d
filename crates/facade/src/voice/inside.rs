//! What happens inside of a leg: hold and unhold by the telephone, keys, REFER, signs of life.

use super::follow::is;
use super::leg::{Key, Stage, Who};
use super::plane::{Leg as No, Noticed, PlaneFault};
use super::{Ticket, Turn, Voice};
use crate::door::Fault;
use domain::call::{Attached, CallId, Link, Wish};
use domain::command::Done;
use domain::id::DeviceId;
use domain::refusal::Refusal;
use sip::event::CallId as Sip;
use sip::message::{Address, Field as _, Headers, Method, Name, Replaces, Request, Response, Uri};
use sip::time::Millis;
use sip::transaction::TxId;
use std::sync::Arc;

/// A leg that is silent for so long is asked for a sign of life.
const SILENCE_MS: u64 = 30_000;
/// How long a key sounds that an application sends.
const KEY_MILLIS: u32 = 120;
/// The longest key that is passed on, in milliseconds.
const KEY_LIMIT_MS: u32 = 5_000;

impl Voice {
    /// The other side wants to change the session: hold, unhold, another address.
    pub(super) fn offered(&mut self, turn: &mut Turn<'_, '_>, sip: Sip, sdp: Option<&[u8]>) {
        let now = turn.now();
        let Some(no) = self.legs.of_sip(sip) else {
            let _ = self.endpoint.refuse(now, sip, 481);
            return;
        };
        let Some(sdp) = sdp else {
            let _ = match turn.plane.again(no, false) {
                Ok(offer) => self.endpoint.accept(now, sip, offer.into_bytes()),
                Err(_) => self.endpoint.refuse(now, sip, 500),
            };
            return;
        };
        let who = self.legs.get(no).and_then(|leg| leg.who.clone());
        if who.is_some_and(|who| self.needs_secrecy(&who)) && !turn.plane.is_secret(sdp) {
            let _ = self.endpoint.refuse(now, sip, 488);
            return;
        }
        match turn.plane.answer(no, sdp) {
            Ok(agreed) => {
                let _ = self.endpoint.accept(now, sip, agreed.sdp.into_bytes());
                self.way_changed(turn, no, agreed.way);
            }
            Err(fault) => {
                let status = if fault == PlaneFault::Unreadable { 400 } else { 488 };
                let _ = self.endpoint.refuse(now, sip, status);
            }
        }
    }

    /// The other side took our offer.
    pub(super) fn concluded(&mut self, turn: &mut Turn<'_, '_>, sip: Sip, sdp: Option<&[u8]>) {
        if let (Some(no), Some(sdp)) = (self.legs.of_sip(sip), sdp)
            && let Ok(way) = turn.plane.conclude(no, sdp)
        {
            self.way_changed(turn, no, way);
        }
    }

    /// A telephone that does not want to hear any more has put its call on hold; one that does again takes it back.
    fn way_changed(&mut self, turn: &mut Turn<'_, '_>, no: No, way: super::plane::Way) {
        let Some(leg) = self.legs.get_mut(no) else { return };
        let before = leg.way.replace(way);
        let Some(who) = leg.who.clone().filter(|who| !who.outside) else { return };
        if leg.stage != Stage::Up {
            return;
        }
        let links = self.links(no, &who);
        let wish = match (before.is_none_or(|way| way.hears), way.hears) {
            (true, false) => {
                let talking = links.iter().find(|(_, link)| *link == Link::Connected);
                talking.map(|(key, _)| ("sip.hold", Wish::Hold(who.device.clone(), key.0)))
            }
            (false, true) if links.iter().all(|(_, link)| *link == Link::Held) => {
                let held = links.first();
                held.map(|(key, _)| ("sip.unhold", Wish::Retrieve(who.device.clone(), key.0)))
            }
            _ => None,
        };
        if let Some((name, wish)) = wish {
            self.ask(who.realm, Ticket::Nothing, name, wish);
        }
        self.tune(turn, no);
    }

    /// The calls of a leg, and how its end is connected to each.
    fn links(&self, no: No, who: &Who) -> Vec<(Key, Link)> {
        let Some(leg) = self.legs.get(no) else { return Vec::new() };
        let link = |key: &Key| {
            let call = self.call(who.realm, *key)?;
            Some((*key, call.parties.iter().find(|p| is(p, who))?.link))
        };
        leg.calls.iter().filter_map(link).collect()
    }

    /// A domain that says "connected" of a telephone which has put its call on hold by itself: it is asked to come back.
    pub(super) fn ask_back(&mut self, turn: &Turn<'_, '_>, who: &Who, key: Key) {
        let legs = self.legs.of(who).filter(|leg| {
            leg.stage == Stage::Up
                && leg.calls.contains(&key)
                && leg.way.is_some_and(|way| !way.hears)
        });
        for sip in legs.map(|leg| leg.sip).collect::<Vec<_>>() {
            self.say_talk(turn, sip);
        }
    }

    /// A request inside of a leg.
    pub(super) fn inside(
        &mut self,
        turn: &mut Turn<'_, '_>,
        tx: TxId,
        sip: Sip,
        request: &Request,
    ) {
        let now = turn.now();
        let no = self.legs.of_sip(sip);
        let status = match (&request.method, no) {
            (Method::Info, Some(no)) => self.key_pressed(turn, no, request),
            (Method::Refer, Some(no)) => match self.referred(no, request) {
                Ok((name, realm, wish)) => {
                    self.endpoint.respond(now, tx, Response::to_request(request, 202));
                    self.notify_refer(now, sip, 100);
                    if let Some(leg) = self.legs.get_mut(no) {
                        leg.refers = true;
                    }
                    return self.ask(realm, Ticket::Refer(no), name, wish);
                }
                Err(status) => status,
            },
            (Method::Options | Method::Notify, _) => 200,
            (_, None) => 481,
            _ => 405,
        };
        self.endpoint.respond(now, tx, Response::to_request(request, status));
    }

    /// INFO with a key (application/dtmf-relay, application/dtmf): those who hear this leg hear it.
    fn key_pressed(&mut self, turn: &mut Turn<'_, '_>, no: No, request: &Request) -> u16 {
        let relay = request.body_of("application/dtmf-relay");
        let Some(body) = relay.or_else(|| request.body_of("application/dtmf")) else {
            return if request.body.is_empty() { 200 } else { 415 };
        };
        let text = String::from_utf8_lossy(body);
        let Some((key, millis)) = key_of(&text) else { return 400 };
        let Some(who) = self.legs.get(no).and_then(|leg| leg.who.clone()) else { return 200 };
        let talking = self.links(no, &who).into_iter().find(|(_, l)| *l == Link::Connected);
        let Some((call, _)) = talking else { return 200 };
        self.press(turn, &who, call.0, key, millis);
        200
    }

    /// An application sends keys for a telephone: the others in the call hear them, one after the other.
    pub(super) fn keys_sent(
        &self,
        turn: &mut Turn<'_, '_>,
        realm: crate::door::RealmNo,
        device: &DeviceId,
        call: CallId,
        keys: &str,
    ) {
        let who = Who { realm, device: device.clone(), outside: false };
        for key in keys.chars() {
            self.press(turn, &who, call, key, KEY_MILLIS);
        }
    }

    fn press(&self, turn: &mut Turn<'_, '_>, who: &Who, call: CallId, key: char, millis: u32) {
        for other in self.legs.of_call(who.realm, call) {
            let far = self.legs.get(other).filter(|leg| leg.stage == Stage::Up);
            if far.is_some_and(|leg| leg.who.as_ref() != Some(who)) {
                turn.plane.press(other, key, millis);
            }
        }
    }

    /// REFER: passing the call on, without a word or with a consultation (RFC 3515, RFC 5589).
    fn referred(
        &self,
        no: No,
        request: &Request,
    ) -> Result<(&'static str, crate::door::RealmNo, Wish), u16> {
        let leg = self.legs.get(no).ok_or(481_u16)?;
        // Whoever is outside passes nobody on (`nxwebapi.md` 7.2).
        let who = leg.who.clone().filter(|who| !who.outside).ok_or(403_u16)?;
        let to: Address =
            request.headers.one(&Name::ReferTo).map_err(|_| 400_u16)?.ok_or(400_u16)?;
        let Uri::Sip(uri) = &to.uri else {
            let number = to.uri.user().ok_or(400_u16)?;
            return self.pass_on(no, &who, &number);
        };
        let replaces = uri.headers.as_deref().unwrap_or_default().split('&').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.eq_ignore_ascii_case("replaces")
                .then(|| crate::percent::decode_segment(value).ok())?
        });
        let Some(replaces) = replaces else {
            return self.pass_on(no, &who, &uri.user().ok_or(400_u16)?);
        };
        let replaces = Replaces::parse(&replaces).map_err(|_| 400_u16)?;
        let other = self.endpoint.named(&replaces).and_then(|sip| self.legs.of_sip(sip));
        let other = other.and_then(|no| self.legs.get(no)).filter(|l| l.who.as_ref() == Some(&who));
        let other = other.and_then(|leg| leg.calls.first().copied()).ok_or(481_u16)?;
        let leg = self.legs.get(no).ok_or(481_u16)?;
        let mine = leg.calls.first().copied().ok_or(481_u16)?;
        // The older of the two is the one that is passed on.
        let (active, held) = if other.1 > mine.1 { (other, mine) } else { (mine, other) };
        Ok(("sip.REFER", who.realm, Wish::Transfer(who.device, active.0, held.0)))
    }

    fn pass_on(
        &self,
        no: No,
        who: &Who,
        number: &str,
    ) -> Result<(&'static str, crate::door::RealmNo, Wish), u16> {
        let call = self.legs.get(no).and_then(|leg| leg.calls.first().copied()).ok_or(481_u16)?;
        let (device, to) = (who.device.clone(), Arc::from(number));
        let wish = Wish::SingleStep { device, call: call.0, to, attached: Attached::default() };
        Ok(("sip.REFER", who.realm, wish))
    }

    /// The domain has passed a call on, or not.
    pub(super) fn passed(
        &mut self,
        turn: &Turn<'_, '_>,
        no: No,
        outcome: &Result<Result<Done, Refusal>, Fault>,
    ) {
        // A leg whose call was passed on is mostly gone by now, and was told when it went.
        let Some(leg) = self.legs.get_mut(no).filter(|leg| leg.refers) else { return };
        leg.refers = false;
        let sip = leg.sip;
        let status = if matches!(outcome, Ok(Ok(_))) { 200 } else { 603 };
        self.notify_refer(turn.now(), sip, status);
    }

    /// How it goes with a REFER (RFC 3515 §2.4.4).
    pub(super) fn notify_refer(&mut self, now: Millis, sip: Sip, status: u16) {
        let mut headers = Headers::default();
        headers.push(Name::Event, "refer");
        let state = if status < 200 { "active;expires=60" } else { "terminated;reason=noresource" };
        headers.push(Name::SubscriptionState, state);
        let line = format!("SIP/2.0 {status} {}\r\n", sip::message::reason(status));
        let body = Some(("message/sipfrag;version=2.0", line.into_bytes()));
        // Whoever hung up meanwhile need not know.
        let _ = self.endpoint.say(now, sip, Method::Notify, &headers, body);
    }

    /// The plane noticed something.
    pub(super) fn notice(&mut self, turn: &mut Turn<'_, '_>, noticed: &Noticed) {
        let Noticed::Silent(no, millis) = noticed else { return };
        let Some(leg) = self.legs.get_mut(*no).filter(|l| l.stage == Stage::Up && !l.probed) else {
            return;
        };
        // Silence alone proves nothing: a muted telephone may send none. It is asked whether it is there.
        if *millis >= SILENCE_MS && leg.way.is_some_and(|way| way.sends) {
            leg.probed = true;
            let sip = leg.sip;
            let _ = self.endpoint.say(turn.now(), sip, Method::Options, &Headers::default(), None);
        }
    }

    /// A request of ours inside of a leg was answered, or (none) will not be.
    pub(super) fn replied(
        &mut self,
        turn: &mut Turn<'_, '_>,
        sip: Sip,
        response: Option<&Response>,
    ) {
        let Some(no) = self.legs.of_sip(sip) else { return };
        let Some(leg) = self.legs.get_mut(no) else { return };
        let method = response.and_then(|r| r.cseq().ok()).map(|cseq| cseq.method);
        let gone = response.is_none_or(|r| r.status == 481 || r.status == 408);
        if leg.stage == Stage::Up && gone {
            // It is not there any more.
            let (who, calls) = (leg.who.clone(), leg.calls.clone());
            self.end_leg(turn, no, 487);
            for (key, who) in calls.into_iter().zip(who.into_iter().cycle()) {
                self.depart(&who, key, super::depart::Departure::Vanish);
            }
        } else if leg.stage == Stage::Up {
            leg.probed &= method != Some(Method::Options);
        } else if leg.stage == Stage::Called
            && method == Some(Method::Notify)
            && response.is_some_and(|r| r.status >= 300)
        {
            // It does not know what `talk` means after all.
            leg.talks = false;
            let call = leg.calls.first().copied();
            if let (Some(who), Some(key)) = (leg.who.clone(), call) {
                self.asked_to_answer(turn, &who, key.0);
            }
        }
    }
}

/// `Signal=5`, `Duration=160`; or the key alone.
fn key_of(text: &str) -> Option<(char, u32)> {
    let mut key = None;
    let mut millis = 160;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some((name, value)) if name.eq_ignore_ascii_case("signal") => key = one_key(value),
            Some((name, value)) if name.eq_ignore_ascii_case("duration") => {
                millis = value.parse().ok()?;
            }
            Some(_) => {}
            None => key = one_key(line),
        }
    }
    Some((key?, millis.clamp(40, KEY_LIMIT_MS)))
}

fn one_key(text: &str) -> Option<char> {
    let mut letters = text.chars();
    let key = letters.next()?.to_ascii_uppercase();
    let fits =
        letters.next().is_none() && (key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D'));
    match text {
        "10" => Some('*'),
        "11" => Some('#'),
        _ => fits.then_some(key),
    }
}
