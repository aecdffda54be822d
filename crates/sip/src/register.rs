//! Who can be reached where: the registrar's table, and our own registration with a trunk.
//!
//! ```text
//!  REGISTER ── who may? (digest, outside of this) ── Registrar::register ──▶ 200 with all contacts, or 400, 423, 500, 503
//!                                                          │
//!                                    contacts(aor) ◀── bindings ──▶ expire(now)
//! ```
//!
//! All contacts of one REGISTER are taken, or none (RFC 3261 §10.3.7). A contact with `+sip.instance` and `reg-id` replaces
//! the one that the same device had by an earlier flow (RFC 5626 §6); others are the same when their URIs are.
//!
//! Sources: RFC 3261 §10.3, RFC 3327 (Path), RFC 5626 (Outbound).

use std::collections::{BTreeSet, HashMap};

use crate::flow::Flow;
use crate::message::{Address, Contact, Name, Request, Response, Seconds, Uri};
use crate::mint::{Hashing, Mint};
use crate::time::Millis;

mod trunk;

pub use trunk::{Registration, State, Step};

/// How the registrar behaves.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many contacts one address of record may have.
    pub contacts: usize,
    /// How many contacts there may be at all.
    pub bindings: usize,
    /// The shortest time that a contact may be kept, in seconds; less is refused with 423.
    pub least: u32,
    /// The longest, in seconds: more is cut down to it.
    pub most: u32,
    /// The time where none is asked for, in seconds.
    pub usual: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { contacts: 10, bindings: 200_000, least: 60, most: 7_200, usual: 3_600 }
    }
}

/// One place where somebody can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The contact as it registered itself: the Request-URI of what is sent there.
    pub contact: Address,
    /// The hops on the way there, nearest first: `Route` of what is sent there (RFC 3327).
    pub path: Vec<Address>,
    /// The flow it came by, which is the way back to it.
    pub flow: Flow,
    /// When it is forgotten.
    pub until: Millis,
    /// For how long it was kept when it came last, in seconds.
    pub seconds: u32,
    /// The Call-ID of the REGISTER that set it last,
    pub call_id: Box<str>,
    /// and its number in `CSeq`.
    pub number: u32,
    /// `+sip.instance` and `reg-id`, where it has both.
    pub instance: Option<(Box<str>, Box<str>)>,
}

impl Binding {
    /// How much it is preferred, in thousandths (RFC 3261 §20.10): 1000 where nothing is said.
    pub fn preference(&self) -> u32 {
        self.contact.params.get("q").map_or(1_000, thousandths)
    }

    /// Whether it is the same place as another: only the time and the REGISTER that set it may differ.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.contact, &self.path, self.flow) == (&other.contact, &other.path, other.flow)
            && self.instance == other.instance
    }

    fn is_same(&self, contact: &Address, instance: Option<&(Box<str>, Box<str>)>) -> bool {
        match (&self.instance, instance) {
            (Some(own), Some(other)) => own == other,
            (None, None) => self.contact.uri.same(&contact.uri),
            _ => false,
        }
    }
}

/// `0.75` in thousandths; what is no such number is the least.
fn thousandths(text: &str) -> u32 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u32>(), part.parse::<u32>()) {
        (Ok(whole), Ok(part)) => whole.saturating_mul(1_000).saturating_add(part).min(1_000),
        _ => 0,
    }
}

/// What a REGISTER changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A contact came, or came again.
    Here(Binding),
    /// A contact went, was replaced, or ran out.
    Gone(Binding),
}

/// Where everybody can be reached.
pub struct Registrar {
    limits: Limits,
    people: HashMap<Box<str>, Vec<Binding>, Hashing>,
    /// Every contact by when it runs out.
    ends: BTreeSet<(Millis, Box<str>)>,
    count: usize,
}

impl Registrar {
    /// Nobody is registered yet.
    pub fn new(limits: Limits, mint: &Mint) -> Self {
        Self {
            limits,
            people: HashMap::with_hasher(mint.hashing()),
            ends: BTreeSet::new(),
            count: 0,
        }
    }

    /// Where somebody can be reached now, the most preferred first, and of those the latest.
    pub fn contacts(&self, now: Millis, aor: &str) -> Vec<&Binding> {
        let mut found: Vec<_> =
            self.people.get(aor).into_iter().flatten().filter(|b| b.until > now).collect();
        found.sort_by_key(|binding| std::cmp::Reverse((binding.preference(), binding.until)));
        found
    }

    /// How many contacts there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nobody is registered.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// When [`expire`](Self::expire) has something to do.
    pub fn due(&self) -> Option<Millis> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// Takes a REGISTER of somebody who may. The answer is to be sent; what changed, oldest first, is for whoever shows it.
    pub fn register(
        &mut self,
        now: Millis,
        aor: &str,
        request: &Request,
        flow: Flow,
    ) -> (Response, Vec<Change>) {
        match self.change(now, aor, request, flow) {
            Ok(changes) => (self.accept(now, aor, request), changes),
            Err(response) => (*response, Vec::new()),
        }
    }

    fn change(
        &mut self,
        now: Millis,
        aor: &str,
        request: &Request,
        flow: Flow,
    ) -> Result<Vec<Change>, Box<Response>> {
        let refuse = |status| Box::new(Response::to_request(request, status));
        let contacts: Vec<Contact> =
            request.headers.list(&Name::Contact).map_err(|_| refuse(400))?;
        let number = request.cseq().map_err(|_| refuse(400))?.number;
        // A number that cannot be read is as none (RFC 3261 §10.2.1.1).
        let usual = request
            .headers
            .one::<Seconds>(&Name::Expires)
            .ok()
            .flatten()
            .map_or(self.limits.usual, |s| s.0);
        let before = self.people.get(aor).cloned().unwrap_or_default();
        let mut after: Vec<Binding> =
            before.iter().filter(|binding| binding.until > now).cloned().collect();
        let stale =
            |binding: &Binding| &*binding.call_id == request.call_id() && number <= binding.number;
        if contacts.contains(&Contact::All) {
            // All of them, at once, and nothing else (RFC 3261 §10.2.2).
            if contacts.len() != 1 || usual != 0 || !request.headers.has(&Name::Expires) {
                return Err(refuse(400));
            }
            if after.iter().any(stale) {
                return Err(refuse(500));
            }
            after.clear();
        }
        let path: Vec<Address> = request.headers.list(&Name::Path).map_err(|_| refuse(400))?;
        for contact in contacts {
            let Contact::At(contact) = contact else { continue };
            if !matches!(contact.uri, Uri::Sip(_)) {
                return Err(refuse(400));
            }
            let asked = contact.params.get("expires").and_then(crate::message::text::number);
            let seconds = asked.map_or(usual, |n| u32::try_from(n).unwrap_or(u32::MAX));
            if seconds != 0 && seconds < self.limits.least {
                let mut response = refuse(423);
                response.headers.push(Name::MinExpires, self.limits.least);
                return Err(response);
            }
            let instance = contact.params.said("+sip.instance").zip(contact.params.get("reg-id"));
            let instance = instance.map(|(instance, id)| (instance.into(), id.into()));
            let same = |binding: &Binding| binding.is_same(&contact, instance.as_ref());
            if after.iter().any(|binding| same(binding) && stale(binding)) {
                return Err(refuse(500));
            }
            after.retain(|binding| !same(binding));
            if seconds != 0 {
                let seconds = seconds.min(self.limits.most);
                after.push(Binding {
                    path: path.clone(),
                    flow,
                    until: now.plus(Millis::from_secs(seconds.into())),
                    seconds,
                    call_id: request.call_id().into(),
                    number,
                    instance,
                    contact,
                });
            }
        }
        let others = self.count.saturating_sub(before.len());
        if after.len() > self.limits.contacts
            || others.saturating_add(after.len()) > self.limits.bindings
        {
            let mut response = refuse(503);
            response.headers.push(Name::RetryAfter, self.limits.least);
            return Err(response);
        }
        Ok(self.put(aor, before, after))
    }

    /// Takes a contact back that an earlier registrar had, unless there is a newer one in its place, or no room.
    pub fn restore(&mut self, now: Millis, aor: &str, binding: Binding) {
        let before = self.people.get(aor).cloned().unwrap_or_default();
        let instance = binding.instance.as_ref();
        if binding.until <= now
            || before.iter().any(|other| other.is_same(&binding.contact, instance))
            || before.len() >= self.limits.contacts
            || self.count >= self.limits.bindings
        {
            return;
        }
        let mut after = before.clone();
        after.push(binding);
        self.put(aor, before, after);
    }

    fn put(&mut self, aor: &str, before: Vec<Binding>, after: Vec<Binding>) -> Vec<Change> {
        self.count = self.count.saturating_sub(before.len()).saturating_add(after.len());
        for binding in &before {
            self.ends.remove(&(binding.until, aor.into()));
        }
        for binding in &after {
            self.ends.insert((binding.until, aor.into()));
        }
        if after.is_empty() {
            self.people.remove(aor);
        } else {
            self.people.insert(aor.into(), after.clone());
        }
        let kept = |binding: &Binding| {
            after.iter().any(|other| {
                other.is_same(&binding.contact, binding.instance.as_ref())
                    && other.flow == binding.flow
            })
        };
        let gone: Vec<_> =
            before.iter().filter(|binding| !kept(binding)).cloned().map(Change::Gone).collect();
        let here = after.into_iter().filter(|binding| !before.contains(binding)).map(Change::Here);
        gone.into_iter().chain(here).collect()
    }

    fn accept(&self, now: Millis, aor: &str, request: &Request) -> Response {
        let mut response = Response::to_request(request, 200);
        let mut outbound = false;
        for binding in self.contacts(now, aor) {
            let mut contact = binding.contact.clone();
            let left = binding.until.since(now).0.div_ceil(1_000);
            contact.params.set("expires", &left.to_string());
            outbound |= binding.instance.is_some();
            response.headers.push(Name::Contact, contact);
        }
        for path in request.headers.all(&Name::Path) {
            response.headers.push(Name::Path, path);
        }
        // The device learns that its flow is kept and used (RFC 5626 §6).
        if outbound && request.headers.lists(&Name::Supported, "outbound") {
            response.headers.push(Name::Require, "outbound");
        }
        response
    }

    /// Forgets what ran out; says whose and what.
    pub fn expire(&mut self, now: Millis) -> Vec<(Box<str>, Change)> {
        let mut gone = Vec::new();
        while self.ends.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, aor)) = self.ends.pop_first() else { break };
            let before = self.people.get(&aor).cloned().unwrap_or_default();
            let after = before.iter().filter(|binding| binding.until > now).cloned().collect();
            gone.extend(
                self.put(&aor, before, after).into_iter().map(|change| (aor.clone(), change)),
            );
        }
        gone
    }

    /// Forgets the contacts of a connection that broke: nobody can be reached by it any more.
    pub fn closed(&mut self, aor: &str, flow: Flow) -> Vec<Change> {
        let before = self.people.get(aor).cloned().unwrap_or_default();
        let after = before.iter().filter(|binding| binding.flow != flow).cloned().collect();
        self.put(aor, before, after)
    }
}

#[cfg(test)]
mod tests;
