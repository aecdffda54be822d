//! Trunks: the way to them, our registration there, and calls that leave by them.
//!
//! ```text
//!   directory ──▶ Open ──way──▶ (REGISTER, refreshed) ──▶ calls
//!                  ▲ lost, or not found: again after 30 s
//! ```

use super::depart::Departure;
use super::follow::Rung;
use super::leg::{Key, Who};
use super::phone::Account;
use super::{Output, Timer, Turn, Voice};
use crate::door::RealmNo;
use domain::call::{Call, Cause};
use domain::directory::{Carrier, Directory, Source, Trunk};
use domain::id::TrunkId;
use domain::time::Millis;
use sip::digest::Credentials;
use sip::endpoint::Invite;
use sip::flow::{Flow, Transport};
use sip::message::{Address, Headers, Name, Request, Response, Uri, UserToUser};
use sip::register::{Registration, Step};
use sip::transaction::TxId;
use std::sync::Arc;

/// A way that was not found is looked for again after this.
const RETRY: Millis = Millis(30_000);
/// For how long we register, in seconds.
const EXPIRES: u32 = 600;

/// One trunk, as it stands.
#[derive(Debug)]
pub(super) struct Line {
    entry: Arc<Trunk>,
    sources: Vec<Source>,
    way: Option<Flow>,
    /// The way is being looked for, under this number.
    opening: Option<u64>,
    registration: Option<Registration>,
    asked: Option<TxId>,
}

const fn transport(carrier: Carrier) -> Transport {
    match carrier {
        Carrier::Udp => Transport::Udp,
        Carrier::Tcp => Transport::Tcp,
        Carrier::Tls => Transport::Tls,
    }
}

impl Line {
    /// Do calls by this flow come from there? Connections come from any port, unless a source names one.
    fn is_at(&self, flow: Flow, phones: bool) -> bool {
        if self.way == Some(flow) {
            return true;
        }
        if phones || flow.transport != transport(self.entry.carrier) {
            return false;
        }
        if !self.sources.is_empty() {
            return self.sources.iter().any(|source| source.has(flow.peer));
        }
        self.way.is_some_and(|way| {
            way.peer.ip() == flow.peer.ip()
                && (flow.transport.is_reliable() || way.peer.port() == flow.peer.port())
        })
    }
}

impl Voice {
    /// Asks a caller at a trunk's address for the trunk's password, if it is to be asked for.
    ///
    /// # Errors
    ///
    /// What is to be answered: the question, or that there is no answer to it.
    pub(super) fn vouched(
        &mut self,
        turn: &Turn<'_, '_>,
        (realm, trunk): (RealmNo, &TrunkId),
        invite: &Request,
        flow: Flow,
    ) -> Result<(), Box<Response>> {
        let line = self.trunks.get(&(realm, trunk.clone()));
        let Some(entry) = line.map(|line| line.entry.clone()).filter(|entry| entry.challenge)
        else {
            return Ok(());
        };
        let account = |_: &Directory, user: &str| {
            let own = entry.user.as_deref() == Some(user);
            own.then(|| Account { who: (), sealed: entry.sealed.clone(), desk: false })
        };
        self.judged(turn, realm, invite, flow, account)
    }

    /// Brings the trunks of a realm to what its directory says.
    pub(super) fn trunks_changed(&mut self, turn: &Turn<'_, '_>, realm: RealmNo) {
        let Some(known) = self.realms.get(&realm) else { return };
        let wanted: Vec<Arc<Trunk>> =
            known.directory.trunks.values().filter(|trunk| !trunk.disabled).cloned().collect();
        let have: Vec<TrunkId> = self
            .trunks
            .range((realm, TrunkId::from(""))..)
            .take_while(|((of, _), _)| *of == realm)
            .map(|((_, id), _)| id.clone())
            .collect();
        for id in have {
            let same = |line: &Line| wanted.contains(&line.entry);
            if self.trunks.get(&(realm, id.clone())).is_some_and(|line| !same(line)) {
                self.leave_trunk(turn, realm, &id);
            }
        }
        for entry in wanted {
            let key = (realm, entry.id.clone());
            if !self.trunks.contains_key(&key) {
                let sources: Vec<Source> =
                    entry.sources.iter().filter_map(|text| Source::parse(text)).collect();
                for address in sources.iter().filter_map(Source::address) {
                    self.endpoint.guard().trust(address);
                }
                let (way, opening, registration, asked) = (None, None, None, None);
                let line = Line { entry, sources, way, opening, registration, asked };
                self.trunks.insert(key.clone(), line);
                self.open_trunk(realm, &key.1);
            }
        }
    }

    fn leave_trunk(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, id: &TrunkId) {
        let Some(mut line) = self.trunks.remove(&(realm, id.clone())) else { return };
        for address in line.sources.iter().filter_map(Source::address) {
            self.endpoint.guard().distrust(address);
        }
        let Some(way) = line.way else { return };
        self.endpoint.guard().distrust(way.peer.ip());
        if let Some(Step::Send(request)) = line.registration.as_mut().map(Registration::stop) {
            // Nobody waits for the answer.
            let _ = self.endpoint.request(turn.now(), *request, way);
        }
    }

    /// Asks for the way to a trunk.
    pub(super) fn open_trunk(&mut self, realm: RealmNo, id: &TrunkId) {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let Some(line) = self.trunks.get_mut(&(realm, id.clone())) else { return };
        if line.way.is_some() || line.opening.is_some() {
            return;
        }
        line.opening = Some(ticket);
        let transport = transport(line.entry.carrier);
        let host = line.entry.host.clone();
        self.out.push_back(Output::Open { ticket, transport, host });
    }

    /// The way was found, or was not.
    pub(super) fn trunk_opened(&mut self, turn: &Turn<'_, '_>, ticket: u64, way: Option<Flow>) {
        let found = self.trunks.iter_mut().find(|(_, line)| line.opening == Some(ticket));
        let Some(((realm, id), line)) = found else { return };
        let (realm, id) = (*realm, id.clone());
        line.opening = None;
        let Some(flow) = way else {
            self.timers.insert((turn.cx.now.plus(RETRY), Timer::Trunk(realm, id)));
            return;
        };
        line.way = Some(flow);
        self.endpoint.guard().trust(flow.peer.ip());
        if line.entry.register {
            self.register_at(turn, realm, &id);
        }
    }

    fn register_at(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, id: &TrunkId) {
        let Some(line) = self.trunks.get_mut(&(realm, id.clone())) else { return };
        let entry = line.entry.clone();
        let Some(credentials) = credentials(turn, &entry) else { return };
        let user = entry.user.as_deref().unwrap_or_default();
        let (Ok(registrar), Ok(account), Ok(contact)) = (
            Uri::sip(None, &entry.host),
            Uri::sip(Some(user), &entry.host),
            Uri::sip(Some(user), &self.host),
        ) else {
            return;
        };
        let mut registration = Registration::new(
            registrar,
            Address::new(account),
            Address::new(contact),
            credentials,
            EXPIRES,
            self.endpoint.mint(),
        );
        let step = registration.start();
        line.registration = Some(registration);
        self.registering(turn, realm, id, step);
    }

    fn registering(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, id: &TrunkId, step: Step) {
        let Some(line) = self.trunks.get_mut(&(realm, id.clone())) else { return };
        match step {
            Step::Send(request) => {
                let Some(way) = line.way else { return };
                line.asked = self.endpoint.request(turn.now(), *request, way).ok();
                if line.asked.is_none() {
                    // Too much is under way: as if nobody had answered.
                    let step = line.registration.as_mut().map(|r| r.unanswered(turn.now()));
                    if let Some(Step::Wait(at)) = step {
                        self.timers.insert((Millis(at.0), Timer::Trunk(realm, id.clone())));
                    }
                }
            }
            Step::Wait(at) => {
                self.timers.insert((Millis(at.0), Timer::Trunk(realm, id.clone())));
            }
            Step::Nothing => {}
        }
    }

    /// A trunk's time has come: its way is looked for, or its registration refreshed.
    pub(super) fn trunk_due(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, id: &TrunkId) {
        self.open_trunk(realm, id);
        let Some(line) = self.trunks.get_mut(&(realm, id.clone())) else { return };
        if let Some(registration) = &mut line.registration {
            let step = registration.timeout(turn.now());
            self.registering(turn, realm, id, step);
        }
    }

    /// A request of ours outside of any call was answered, or (none) will not be.
    pub(super) fn trunk_answered(
        &mut self,
        turn: &Turn<'_, '_>,
        tx: TxId,
        response: Option<&Response>,
    ) {
        let found = self.trunks.iter_mut().find(|(_, line)| line.asked == Some(tx));
        let Some(((realm, id), line)) = found else { return };
        let (realm, id) = (*realm, id.clone());
        let Some(registration) = &mut line.registration else { return };
        let step = match response {
            Some(response) => registration.answered(turn.now(), response, self.endpoint.mint()),
            None => registration.unanswered(turn.now()),
        };
        self.registering(turn, realm, &id, step);
    }

    /// The way to a trunk broke.
    pub(super) fn trunk_lost(&mut self, turn: &Turn<'_, '_>, flow: Flow) {
        let lost: Vec<(RealmNo, TrunkId)> = self
            .trunks
            .iter()
            .filter(|(_, line)| line.way == Some(flow))
            .map(|(key, _)| key.clone())
            .collect();
        for (realm, id) in lost {
            self.endpoint.guard().distrust(flow.peer.ip());
            if let Some(line) = self.trunks.get_mut(&(realm, id.clone())) {
                (line.way, line.registration, line.asked) = (None, None, None);
            }
            self.timers.insert((turn.cx.now.plus(Millis(1_000)), Timer::Trunk(realm, id)));
        }
    }

    /// The trunk that an INVITE comes from: by where it comes from and the domain it names, and of several there by the number
    /// it knows. A connection by which a telephone registered is that telephone's, wherever it comes from.
    pub(super) fn trunk_of(&self, flow: Flow, invite: &Request) -> Option<(RealmNo, TrunkId)> {
        let number = invite.uri.user();
        let from = invite.from().ok();
        let domain = from.as_ref().and_then(|from| from.uri.as_sip()).map(|uri| &*uri.host);
        let phones = flow.transport.is_reliable() && self.flows.contains_key(&flow.into());
        let here = || {
            self.trunks.iter().filter(|(_, line)| {
                line.is_at(flow, phones)
                    && line.entry.domain.as_deref().is_none_or(|named| {
                        domain.is_some_and(|domain| domain.eq_ignore_ascii_case(named))
                    })
            })
        };
        let knows = |line: &&Line| {
            number.as_ref().is_some_and(|number| line.entry.numbers.contains_key(&**number))
        };
        // A telephone may sit behind the same address: it names itself, the trunk names a number of ours.
        let exact = here().find(|(_, line)| knows(line));
        let found = exact.or_else(|| here().find(|(_, line)| !line.entry.numbers.is_empty()))?;
        Some(found.0.clone())
    }

    /// The number that a trunk's INVITE is for: as it says, or as it was before it was passed on, if only that is known.
    pub(super) fn number_at(&self, realm: RealmNo, trunk: &TrunkId, invite: &Request) -> Arc<str> {
        let number: Arc<str> = invite.uri.user().unwrap_or_default().as_ref().into();
        let Some(line) = self.trunks.get(&(realm, trunk.clone())) else { return number };
        if line.entry.numbers.contains_key(&number) {
            return number;
        }
        let before = super::incoming::diverted(invite);
        let known = before.iter().find(|n| line.entry.numbers.contains_key(n.as_str()));
        known.map_or(number, |known| known.as_str().into())
    }

    /// Calls a number by a trunk.
    pub(super) fn call_trunk(
        &mut self,
        turn: &mut Turn<'_, '_>,
        who: &Who,
        key: Key,
        call: &Call,
        trunk: &TrunkId,
        number: &str,
    ) {
        if self.is_gone(who, key)
            && self.rings.get(&(who.realm, key)).is_some_and(|rung| {
                rung.get(&(who.device.clone(), true))
                    .is_some_and(|r| r.trunk.as_ref() == Some(trunk))
            })
        {
            return;
        }
        let rung = self.rings.entry((who.realm, key)).or_default();
        let before = rung.get(&(who.device.clone(), true));
        if before.is_some_and(|rung| rung.trunk.as_ref() == Some(trunk)) {
            return;
        }
        let now = Rung { trunk: Some(trunk.clone()), best: None };
        rung.insert((who.device.clone(), true), now);
        let like = self.leg_of_another(who, key, call);
        let invite = self.outward(turn, who, call, trunk, number);
        let made = invite.and_then(|invite| self.send_invite(turn, who, key, invite, like, false));
        if made.is_none() {
            self.depart(who, key, Departure::Reject(Cause::CONGESTION));
        }
    }

    fn outward(
        &self,
        turn: &Turn<'_, '_>,
        who: &Who,
        call: &Call,
        trunk: &TrunkId,
        number: &str,
    ) -> Option<Invite> {
        let line = self.trunks.get(&(who.realm, trunk.clone()))?;
        let (flow, entry) = (line.way?, &line.entry);
        let uri = Uri::sip(Some(number), &entry.host).ok()?;
        let caller = entry.caller.as_deref().unwrap_or(call.caller.as_str());
        // Who is known there by an account calls by it, and asserts the number that shall be shown.
        let from = entry.user.as_deref().unwrap_or(caller);
        let from = Address::new(Uri::sip(Some(from), &entry.host).ok()?);
        let mut headers = Headers::default();
        let asserted = Address::new(Uri::sip(Some(caller), &entry.host).ok()?);
        headers.push(Name::PAssertedIdentity, asserted);
        if entry.uui && !call.attached.uui.is_empty() {
            headers.push(Name::UserToUser, UserToUser::from_bytes(call.attached.uui.as_bytes()));
        }
        Some(Invite {
            to: Address::new(uri.clone()),
            uri,
            from,
            flow,
            sdp: None,
            headers,
            credentials: credentials(turn, entry),
        })
    }
}

/// What a trunk knows us by.
fn credentials(turn: &Turn<'_, '_>, entry: &Trunk) -> Option<Credentials> {
    let password = turn.cx.site.unseal(entry.sealed.as_ref()?)?;
    Some(Credentials::new(entry.user.as_deref()?, &String::from_utf8(password).ok()?))
}
