//! Telephones: REGISTER, digest, and telling the domain who is there.
//!
//! A telephone is told of when its contacts change, and not each time one is refreshed (`keep.rs`). What is told may meet a
//! fault (a full disk); then it is told again, until domain and registrar agree.

use super::leg::Who;
use super::{AGAIN, Ticket, Timer, Turn, Voice, keep};
use crate::door::{Fault, RealmNo};
use crate::phone_pass::PhonePass;
use domain::call::Wish;
use domain::command::Done;
use domain::directory::{Directory, EntryKey};
use domain::id::DeviceId;
use domain::refusal::Refusal;
use sip::digest::{Algorithm, Auth, Secret, Verdict};
use sip::flow::{Flow, Transport};
use sip::message::{Name, Request, Response, Uri};
use sip::register::Binding;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A flow, in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way(Transport, u64, SocketAddr);

impl From<Flow> for Way {
    fn from(flow: Flow) -> Self {
        Self(flow.transport, flow.id, flow.peer)
    }
}

/// A telephone that is registered, or of which the domain still believes so.
#[derive(Debug, Default)]
pub(super) struct Phone {
    /// What the domain believes.
    believed: bool,
    /// It is being told.
    telling: bool,
    /// The contacts that were told, with the time until which no more need be said.
    told: Vec<Binding>,
    /// Connections to it that are being made after a restart.
    pub(super) returning: usize,
    /// The ways its contacts came by.
    ways: BTreeSet<Way>,
}

impl Phone {
    /// What the domain believes is known for sure: whether it is there, and at which contacts.
    pub(super) fn believed(&mut self, here: bool, told: Vec<Binding>) {
        (self.believed, self.told) = (here, told);
    }

    /// Has it a contact?
    pub(super) fn is_here(&self) -> bool {
        !self.ways.is_empty()
    }

    /// Is this what the domain was told?
    fn knows(&self, contacts: &[&Binding]) -> bool {
        let known = |binding: &&Binding| {
            self.told.iter().any(|told| told.is_like(binding) && binding.until <= told.until)
        };
        self.told.len() == contacts.len() && contacts.iter().all(known)
    }
}

/// Who has a name, and how they prove to be them.
pub(super) struct Account<T> {
    pub(super) who: T,
    /// Their password, sealed.
    pub(super) sealed: Option<Arc<str>>,
    /// Whether the pass that a desk has for this name counts as well.
    pub(super) desk: bool,
}

/// The registrar's name of a telephone.
pub(super) fn record(realm: RealmNo, device: &DeviceId) -> String {
    format!("{}/{device}", realm.0)
}

fn device_of(record: &str) -> Option<(RealmNo, DeviceId)> {
    let (realm, device) = record.split_once('/')?;
    Some((RealmNo(realm.parse().ok()?), device.into()))
}

impl Voice {
    /// The realm that a URI's host names. An address, and a name that is nobody's, mean the first.
    pub(super) fn realm_of(turn: &Turn<'_, '_>, uri: &Uri) -> RealmNo {
        let named = uri.as_sip().and_then(|uri| turn.cx.site.realm(&uri.host.to_ascii_lowercase()));
        named.unwrap_or_else(|| turn.cx.site.default_realm())
    }

    /// Which telephone asks?
    ///
    /// # Errors
    ///
    /// What is to be answered.
    pub(super) fn enter(
        &mut self,
        turn: &Turn<'_, '_>,
        realm: RealmNo,
        request: &Request,
        flow: Flow,
    ) -> Result<DeviceId, Box<Response>> {
        self.judged(turn, realm, request, flow, |directory, user| {
            let device = directory.devices.get(user).filter(|d| d.service.is_none())?;
            Some(Account { who: device.id.clone(), sealed: device.sealed.clone(), desk: true })
        })
    }

    /// Who asks? By digest, against the sealed password of whom `account` finds by the name given (RFC 3261 §22, RFC 8760).
    ///
    /// # Errors
    ///
    /// What is to be answered.
    pub(super) fn judged<T>(
        &mut self,
        turn: &Turn<'_, '_>,
        realm: RealmNo,
        request: &Request,
        flow: Flow,
        account: impl Fn(&Directory, &str) -> Option<Account<T>>,
    ) -> Result<T, Box<Response>> {
        let now = turn.now();
        let gate = self.realms.get_mut(&realm).and_then(|known| {
            let directory = known.directory.clone();
            known.gate.as_mut().map(|gate| (gate, directory))
        });
        let Some((gate, directory)) = gate else {
            let mut response = Response::to_request(request, 503);
            response.headers.push(Name::RetryAfter, 5);
            return Err(Box::new(response));
        };
        let given = [Name::Authorization, Name::ProxyAuthorization];
        let given = given.iter().flat_map(|name| request.headers.all(name));
        let given = given.filter_map(|value| <Auth as sip::message::Field>::parse(value).ok());
        let name = gate.realm().to_owned();
        let mut stale = false;
        let mut guessed = false;
        for auth in given.filter(|auth| auth.get("realm") == Some(&*name)) {
            let named = auth.get("username").unwrap_or_default();
            let user = named.split('@').next().unwrap_or_default();
            let who = account(&directory, user);
            let sealed = who.as_ref().and_then(|account| account.sealed.as_ref());
            let password = sealed.and_then(|sealed| turn.cx.site.unseal(sealed));
            let password = password.and_then(|bytes| String::from_utf8(bytes).ok());
            // A desk's browser has a pass instead.
            let pass = who
                .as_ref()
                .filter(|account| account.desk)
                .and_then(|_| PhonePass::password_of(turn.cx.site, realm, named, turn.cx.now));
            let password = pass.or(password);
            let sha = auth.get("algorithm").is_some_and(|a| a.eq_ignore_ascii_case("SHA-256"));
            let algorithm = if sha { Algorithm::Sha256 } else { Algorithm::Md5 };
            // A stranger takes as long as a wrong password does.
            let secret = match &password {
                Some(password) => Secret::new(algorithm, named, &name, password),
                None => Secret::kept(algorithm, "-"),
            };
            match (gate.judge(now, &auth, &request.method, &secret), who) {
                (Verdict::Right, Some(account)) => return Ok(account.who),
                (Verdict::Stale | Verdict::Replayed, _) => stale = true,
                _ => guessed = true,
            }
        }
        let mut response = Response::to_request(request, 401);
        for challenge in gate.challenges(now, &self.algorithms, stale) {
            response.headers.push(Name::WwwAuthenticate, challenge);
        }
        if guessed {
            self.endpoint.guard().blame(now, flow.peer.ip());
        }
        Err(Box::new(response))
    }

    /// REGISTER: the answer to it.
    pub(super) fn register(
        &mut self,
        turn: &mut Turn<'_, '_>,
        request: &Request,
        flow: Flow,
    ) -> Response {
        let refuse = |status| Response::to_request(request, status);
        let Ok(to) = request.to() else { return refuse(400) };
        let realm = Self::realm_of(turn, &to.uri);
        let device = match self.enter(turn, realm, request, flow) {
            Ok(device) => device,
            Err(response) => return *response,
        };
        // Nobody registers for another (RFC 3261 §10.3, step 4).
        if to.uri.user().as_deref() != Some(device.as_str()) {
            return refuse(403);
        }
        let (response, changes) =
            self.registrar.register(turn.now(), &record(realm, &device), request, flow);
        if !changes.is_empty() {
            self.changed(turn, realm, &device);
        }
        response
    }

    /// A telephone's contacts have changed: who is trusted, what breaks with which flow, and what the domain is told.
    pub(super) fn changed(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, device: &DeviceId) {
        let contacts = self.registrar.contacts(turn.now(), &record(realm, device));
        let ways: BTreeSet<Way> = contacts.iter().map(|b| b.flow.into()).collect();
        let key = (realm, device.clone());
        let phone = self.phones.entry(key.clone()).or_default();
        let before = std::mem::replace(&mut phone.ways, ways.clone());
        for way in before.difference(&ways) {
            self.endpoint.guard().distrust(ip(*way));
            if let Some(whose) = self.flows.get_mut(way) {
                whose.remove(&key);
                if whose.is_empty() {
                    self.flows.remove(way);
                }
            }
        }
        for way in ways.difference(&before) {
            self.endpoint.guard().trust(ip(*way));
            self.flows.entry(*way).or_default().insert(key.clone());
        }
        self.presence(turn, realm, device);
    }

    /// Telephones of a realm that are there, or that the domain believes to be.
    pub(super) fn phones_of(&self, realm: RealmNo) -> Vec<DeviceId> {
        let phones = self.phones.range((realm, DeviceId::from(""))..);
        let phones = phones.take_while(|((of, _), _)| *of == realm);
        phones.map(|((_, device), _)| device.clone()).collect()
    }

    /// Tells the domain whether a telephone is there, and where, if it believes otherwise and is not being told.
    pub(super) fn presence(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, device: &DeviceId) {
        let key = (realm, device.clone());
        let Some(phone) = self.phones.get_mut(&key) else { return };
        if phone.telling || phone.returning > 0 {
            return;
        }
        let contacts = self.registrar.contacts(turn.now(), &record(realm, device));
        let here = !phone.ways.is_empty();
        if phone.believed == here && (!here || phone.knows(&contacts)) {
            if !here {
                self.phones.remove(&key);
            }
            return;
        }
        phone.telling = true;
        let places = contacts.iter().map(|binding| keep::place(binding)).collect();
        let told =
            |binding: &&Binding| Binding { until: keep::lease(binding), ..(*binding).clone() };
        phone.told = contacts.iter().map(told).collect();
        let ticket = Ticket::Register(realm, device.clone(), here);
        let wish = Wish::Register { device: device.clone(), here, places };
        self.ask(realm, ticket, "sip.REGISTER", wish);
    }

    /// The domain was told, or could not be.
    pub(super) fn told(
        &mut self,
        turn: &Turn<'_, '_>,
        realm: RealmNo,
        device: &DeviceId,
        here: bool,
        outcome: &Result<Result<Done, Refusal>, Fault>,
    ) {
        let Some(phone) = self.phones.get_mut(&(realm, device.clone())) else { return };
        phone.telling = false;
        match outcome {
            Ok(Ok(_)) => {
                phone.believed = here;
                self.presence(turn, realm, device);
            }
            // The directory knows no such telephone any more: nor do we.
            Ok(Err(_)) => self.drop_contacts(turn, realm, device),
            Err(_) => {
                phone.told.clear();
                let timer = Timer::Presence(realm, device.clone());
                self.timers.insert((turn.cx.now.plus(AGAIN), timer));
            }
        }
    }

    /// A telephone was taken out of the directory.
    pub(super) fn forget(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, key: &EntryKey) {
        match key {
            EntryKey::Device(device) => self.drop_contacts(turn, realm, device),
            EntryKey::Trunk(_) => self.trunks_changed(turn, realm),
            _ => {}
        }
    }

    fn drop_contacts(&mut self, turn: &Turn<'_, '_>, realm: RealmNo, device: &DeviceId) {
        let record = record(realm, device);
        let flows: Vec<Flow> = self
            .registrar
            .contacts(turn.now(), &record)
            .into_iter()
            .map(|binding| binding.flow)
            .collect();
        for flow in flows {
            self.registrar.closed(&record, flow);
        }
        self.changed(turn, realm, device);
    }

    /// Can it be reached just now?
    pub(super) fn has_contact(&self, who: &Who) -> bool {
        let phone = self.phones.get(&(who.realm, who.device.clone()));
        !who.outside && phone.is_some_and(|phone| !phone.ways.is_empty())
    }

    /// Did this telephone register by this flow?
    pub(super) fn is_of(&self, flow: Flow, realm: RealmNo, user: &str) -> bool {
        let whose = self.flows.get(&flow.into());
        whose.is_some_and(|whose| whose.contains(&(realm, DeviceId::from(user))))
    }

    /// A connection is gone, and with it the contacts that came by it.
    pub(super) fn lose(&mut self, turn: &Turn<'_, '_>, flow: Flow) {
        self.simple_ways.remove(&flow.into());
        for (realm, device) in self.flows.get(&flow.into()).cloned().unwrap_or_default() {
            self.registrar.closed(&record(realm, &device), flow);
            self.changed(turn, realm, &device);
        }
    }

    /// Contacts have run out.
    pub(super) fn expire(&mut self, turn: &Turn<'_, '_>) {
        let gone: BTreeSet<_> = self
            .registrar
            .expire(turn.now())
            .into_iter()
            .filter_map(|(record, _)| device_of(&record))
            .collect();
        for (realm, device) in gone {
            self.changed(turn, realm, &device);
        }
    }
}

const fn ip(way: Way) -> IpAddr {
    way.2.ip()
}
