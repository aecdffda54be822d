//! The switch: SIP telephones, trunks and browsers on one side, the domain's calls on the other.
//!
//! ```text
//!   bytes ──▶ sip::Endpoint ──events──▶ wishes ──▶ domain
//!     ▲                                              │ facts
//!     └──── INVITE, 200, BYE ◀── what differs? ◀─────┘
//!                                     └──▶ Plane: who hears what
//! ```
//!
//! The domain decides. [`Voice`] keeps a table of SIP legs beside the domain's calls, compares after each fact what should be
//! with what is, and does the difference. Whatever a telephone does by itself becomes a wish, as a CTI user's request does.
//!
//! Use: after each call that takes a [`Cx`], drain [`Voice::poll`] until it says [`Output::Wait`], and call
//! [`Voice::timeout`] at that time, or before. Nothing in here waits.
//!
//! - `realm.rs`: what is known of a tenant; `phone.rs`: REGISTER, and who may; `keep.rs`: contacts over a restart;
//! - `request.rs`: what is no call;
//! - `incoming.rs`: who calls; `ring.rs`: calling telephones; `trunk.rs`: other networks; `inside.rs`: hold, keys, REFER;
//! - `chat.rs`: rooms by MESSAGE;
//! - `follow.rs`: what is missing for a call; `hear.rs`: who hears what; `tape.rs`: what is kept of it; `depart.rs`: who is gone;
//!   `leg.rs`, `status.rs`.

pub mod chat;
mod depart;
mod follow;
mod hear;
mod incoming;
mod inside;
mod keep;
mod leg;
mod phone;
pub mod plane;
mod realm;
mod request;
mod ring;
mod status;
mod tape;
mod trunk;

use crate::door::{Cx, Fault, RealmNo};
use depart::{Departure, Departures};
use domain::call::{CallEvent, Link, Sound as Heard, Wish};
use domain::command::{Command, Done};
use domain::directory::Entry;
use domain::fact::Fact;
use domain::id::{DeviceId, TrunkId};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::signal::Signal;
use domain::time::Millis;
use follow::Rings;
use leg::{Key, Legs, Stage, Who};
use phone::Phone;
use plane::{Noticed, Plane};
use realm::Realm;
use sip::digest::Algorithm;
use sip::endpoint::Endpoint;
use sip::event::{Cause as Ended, Event, Output as Said};
use sip::flow::{Flow, Transport};
use sip::register::{Limits, Registrar};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tape::Tapes;
use trunk::Line;

/// What callers may take at most. Whoever asks for more hears 503 with `Retry-After`.
#[derive(Debug, Clone, PartialEq)]
pub struct Most {
    /// Legs of one telephone at a time.
    pub phone_legs: usize,
    /// Calls that one telephone may begin: a second in the long run, and at once.
    pub phone_rate: (f64, f64),
    /// Calls from one address of the web: a second in the long run, and at once.
    pub web_rate: (f64, f64),
    /// Calls of one address of the web at a time.
    pub web_address: usize,
    /// Calls of a realm from the web at a time.
    pub web_realm: usize,
}

impl Default for Most {
    /// For the web, those of `nxwebapi.md` 7.2.
    fn default() -> Self {
        Self {
            phone_legs: 8,
            phone_rate: (2.0, 20.0),
            web_rate: (0.5, 30.0),
            web_address: 10,
            web_realm: 200,
        }
    }
}

/// How a switch behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Of the SIP endpoint: under which name it is reached, and its limits.
    pub sip: sip::endpoint::Config,
    /// Of the registrar.
    pub registrar: Limits,
    /// The algorithms by which passwords are asked for, in this order (RFC 8760 §2.4: a telephone takes the first it knows).
    pub algorithms: Vec<Algorithm>,
    /// What callers may take.
    pub most: Most,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sip: sip::endpoint::Config::default(),
            registrar: Limits::default(),
            // Those that know only MD5 often look at the first challenge alone.
            algorithms: vec![Algorithm::Md5, Algorithm::Sha256],
            most: Most::default(),
        }
    }
}

/// What the switch wants.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes: one datagram, one WebSocket message, or a part of a stream.
    Send(Flow, Arc<[u8]>),
    /// Close this connection.
    Close(Flow),
    /// A command; its outcome comes back by [`Voice::outcome`] under this number.
    Do {
        /// Of which realm.
        realm: RealmNo,
        /// The number.
        ticket: u64,
        /// What caused it, for the journal.
        name: &'static str,
        /// The command.
        command: Box<Command>,
    },
    /// A question; its answer comes back by [`Voice::answer`] under this number.
    Read {
        /// Of which realm.
        realm: RealmNo,
        /// The number.
        ticket: u64,
        /// The question.
        query: Box<Query>,
    },
    /// Find the way to this host (`name`, `name:port`; 5060, and 5061 over TLS, where it names none): look its address up, and
    /// connect where the transport connects. [`Voice::opened`] hears of it.
    Open {
        /// The number.
        ticket: u64,
        /// How.
        transport: Transport,
        /// Where.
        host: Arc<str>,
    },
    /// Something for the session behind a chat of this number. What it says comes back by [`Voice::chatted`].
    Chat(u64, chat::Chat),
    /// Give all facts of this topic to [`Voice::fact`] from now on.
    Watch(RealmNo, Topic),
    /// Nothing more now. Call [`Voice::timeout`] then, if there is a time.
    Wait(Option<Millis>),
}

/// What an outcome or an answer is waited for.
#[derive(Debug)]
enum Ticket {
    /// The directory of a realm.
    Directory(RealmNo),
    /// The telephones of a realm that are there.
    Phones(RealmNo),
    /// A realm is told that the switch has begun anew.
    Restart(RealmNo),
    /// A realm is told that a telephone is there, or not.
    Register(RealmNo, DeviceId, bool),
    /// A call is asked for.
    Dial(plane::Leg, Who),
    /// It is told that somebody picked up.
    Answer(plane::Leg, Key),
    /// It is told that somebody is gone.
    Gone(Who, Key),
    /// A call is passed on.
    Refer(plane::Leg),
    /// Whatever comes of it shows in the facts.
    Nothing,
}

/// How long is waited before a realm that did not answer is told again.
const AGAIN: Millis = Millis(1_000);

/// What is to be done at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Ask for the directory once more.
    Enter(RealmNo),
    /// Tell whether a telephone is there once more.
    Presence(RealmNo, DeviceId),
    /// Tell who is gone once more.
    Mourn(RealmNo, Key),
    /// A telephone that was to pick up by itself has not.
    Own(plane::Leg),
    /// Look for the way to a trunk, or refresh our registration there.
    Trunk(RealmNo, TrunkId),
    /// A chat's customer has not come back.
    Away(u64),
}

/// One step's surroundings.
struct Turn<'a, 'b> {
    cx: &'a mut Cx<'b>,
    plane: &'a mut dyn Plane,
}

impl Turn<'_, '_> {
    /// Now, as the SIP endpoint counts.
    const fn now(&self) -> sip::time::Millis {
        sip::time::Millis(self.cx.now.0)
    }
}

/// The switch of a server: all SIP of all realms.
pub struct Voice {
    endpoint: Endpoint,
    registrar: Registrar,
    algorithms: Vec<Algorithm>,
    most: Most,
    realms: BTreeMap<RealmNo, Realm>,
    phones: BTreeMap<(RealmNo, DeviceId), Phone>,
    /// Telephones that are called back after a restart.
    returning: keep::Returning,
    /// Ways to telephones that could do nothing with what they were offered first, and what they are offered instead.
    simple_ways: BTreeMap<phone::Way, plane::Wire>,
    /// Whose contacts came by each flow.
    flows: BTreeMap<phone::Way, BTreeSet<(RealmNo, DeviceId)>>,
    legs: Legs,
    /// Who was called for which call.
    rings: Rings,
    /// Who is gone from which call.
    gone: Departures,
    /// Calls that are recorded.
    tapes: Tapes,
    /// Who has dialled, and has not heard from the domain.
    dialing: BTreeMap<Who, u32>,
    trunks: BTreeMap<(RealmNo, TrunkId), Line>,
    talks: chat::Talks,
    /// Under which name we are reached.
    host: Box<str>,
    tickets: BTreeMap<u64, Ticket>,
    last_ticket: u64,
    timers: BTreeSet<(Millis, Timer)>,
    out: VecDeque<Output>,
}

impl Voice {
    /// A switch whose names come from this seed, which nobody else may have.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        let host = config.sip.host.clone();
        let mut endpoint = Endpoint::new(config.sip, seed);
        let registrar = Registrar::new(config.registrar, endpoint.mint());
        Self {
            endpoint,
            registrar,
            algorithms: config.algorithms,
            most: config.most,
            realms: BTreeMap::new(),
            phones: BTreeMap::new(),
            returning: keep::Returning::default(),
            simple_ways: BTreeMap::new(),
            flows: BTreeMap::new(),
            legs: Legs::default(),
            rings: Rings::new(),
            gone: Departures::new(),
            tapes: Tapes::default(),
            dialing: BTreeMap::new(),
            trunks: BTreeMap::new(),
            talks: chat::Talks::default(),
            host,
            tickets: BTreeMap::new(),
            last_ticket: 0,
            timers: BTreeSet::new(),
            out: VecDeque::new(),
        }
    }

    /// Serves these realms from now on. Calls of theirs whose sound went by an earlier switch are ended. Until a realm has told
    /// its directory, its telephones hear 503.
    pub fn start(&mut self, cx: &mut Cx<'_>, plane: &mut dyn Plane, realms: &[RealmNo]) {
        let turn = &mut Turn { cx, plane };
        for realm in realms {
            if self.realms.insert(*realm, Realm::default()).is_none() {
                self.out.push_back(Output::Watch(*realm, Topic::Calls));
                self.out.push_back(Output::Watch(*realm, Topic::Directory));
            }
            self.enter_realm(*realm);
        }
        self.settle(turn);
    }

    /// Bytes came: a datagram, a WebSocket message, or a part of a stream.
    pub fn input(&mut self, cx: &mut Cx<'_>, plane: &mut dyn Plane, flow: Flow, bytes: &[u8]) {
        let turn = &mut Turn { cx, plane };
        self.endpoint.input(turn.now(), flow, bytes);
        self.settle(turn);
    }

    /// A connection is gone.
    pub fn closed(&mut self, cx: &mut Cx<'_>, plane: &mut dyn Plane, flow: Flow) {
        let turn = &mut Turn { cx, plane };
        self.lose(turn, flow);
        self.trunk_lost(turn, flow);
        self.chats_lost(turn, flow);
        self.endpoint.closed(turn.now(), flow);
        self.settle(turn);
    }

    /// A fact was published on a topic that is watched. Each comes once, in the order of the realm's journal.
    pub fn fact(
        &mut self,
        cx: &mut Cx<'_>,
        plane: &mut dyn Plane,
        realm: RealmNo,
        fact: &Arc<Published>,
    ) {
        let turn = &mut Turn { cx, plane };
        if let Some(known) = self.realms.get_mut(&realm) {
            match &fact.fact {
                Fact::Put(entry) => {
                    known.put(fact.seq, entry);
                    if matches!(**entry, Entry::Trunk(_)) {
                        self.trunks_changed(turn, realm);
                    }
                }
                Fact::Removed(key) => {
                    known.removed(fact.seq, key);
                    self.forget(turn, realm, key);
                }
                Fact::Registered { device, here: true, .. } if known.there.contains(device) => {}
                Fact::Registered { device, here: true, .. } => {
                    known.there.insert(device.clone());
                    // What rang at the virtual telephone rings at the phone that took its place.
                    let rings = known
                        .calls
                        .values()
                        .filter(|call| call.link(device) == Some(Link::Alerting));
                    let rings: Vec<Key> = rings.map(|call| (call.id, call.number)).collect();
                    for key in rings {
                        self.compare(turn, realm, key, None);
                    }
                }
                Fact::Registered { device, here: false, .. } => {
                    known.there.remove(device);
                }
                Fact::Call(what) => {
                    self.follow(turn, realm, what);
                    if what.event == CallEvent::Retrieved
                        && let Some(copy) = what.to.first()
                    {
                        let device = copy.subject.clone();
                        let who = Who { realm, device, outside: false };
                        self.ask_back(turn, &who, (what.call.id, what.call.number));
                    }
                }
                Fact::Sounded { device, sound: Heard::Muted(on), .. } => {
                    if *on {
                        known.muted.insert(device.clone());
                    } else {
                        known.muted.remove(device);
                    }
                    let at = known.calls.values().filter(|call| call.link(device).is_some());
                    let at: Vec<Key> = at.map(|call| (call.id, call.number)).collect();
                    for key in at {
                        for no in self.legs.of_call(realm, key.0) {
                            self.tune(turn, no);
                        }
                        self.wind(turn, realm, key);
                    }
                }
                Fact::Sounded { call: Some(call), sound, .. } => {
                    if let Some(call) = known.calls.get_mut(call) {
                        match sound {
                            Heard::Masked(on) => call.masked = *on,
                            Heard::Recorded => call.recorded = true,
                            Heard::Muted(_) => {}
                        }
                        let key = (call.id, call.number);
                        self.wind(turn, realm, key);
                    }
                }
                Fact::AnswerAsked { device, call } => {
                    let who = Who { realm, device: device.clone(), outside: false };
                    self.asked_to_answer(turn, &who, *call);
                }
                _ => {}
            }
        }
        self.settle(turn);
    }

    /// A signal was heard on a topic that is watched.
    pub fn signal(
        &mut self,
        cx: &mut Cx<'_>,
        plane: &mut dyn Plane,
        realm: RealmNo,
        signal: &Signal,
    ) {
        let turn = &mut Turn { cx, plane };
        if let Signal::Keys { device, call, keys } = signal {
            self.keys_sent(turn, realm, device, *call, keys);
        }
        self.settle(turn);
    }

    /// A command was carried out, refused, or met a fault.
    pub fn outcome(
        &mut self,
        cx: &mut Cx<'_>,
        plane: &mut dyn Plane,
        ticket: u64,
        outcome: Result<Result<Done, Refusal>, Fault>,
    ) {
        let turn = &mut Turn { cx, plane };
        match self.tickets.remove(&ticket) {
            Some(Ticket::Restart(realm)) if outcome.is_err() => {
                self.timers.insert((turn.cx.now.plus(AGAIN), Timer::Enter(realm)));
            }
            Some(Ticket::Register(realm, device, here)) => {
                self.told(turn, realm, &device, here, &outcome);
            }
            Some(Ticket::Dial(leg, who)) => self.dialled(turn, leg, &who, outcome),
            Some(Ticket::Answer(leg, key)) => self.accepted(turn, leg, key, &outcome),
            Some(Ticket::Gone(who, key)) => self.departed(turn, &who, key, &outcome),
            Some(Ticket::Refer(leg)) => self.passed(turn, leg, &outcome),
            _ => {}
        }
        self.settle(turn);
    }

    /// A question was answered; with the number of the newest deed the answer rests on.
    pub fn answer(
        &mut self,
        cx: &mut Cx<'_>,
        plane: &mut dyn Plane,
        ticket: u64,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
    ) {
        let turn = &mut Turn { cx, plane };
        match (self.tickets.remove(&ticket), answer) {
            (Some(Ticket::Phones(realm)), Ok(Ok(Answer::Phones(phones)))) => {
                self.come_back(turn, realm, phones);
            }
            (Some(Ticket::Directory(realm)), Ok(Ok(Answer::Directory(directory)))) => {
                if let Some(known) = self.realms.get_mut(&realm) {
                    known.learn(directory, seq, self.endpoint.mint());
                    self.trunks_changed(turn, realm);
                }
            }
            (Some(Ticket::Phones(realm) | Ticket::Directory(realm)), _) => {
                self.timers.insert((turn.cx.now.plus(AGAIN), Timer::Enter(realm)));
            }
            _ => {}
        }
        self.settle(turn);
    }

    /// The media plane noticed something.
    pub fn noticed(&mut self, cx: &mut Cx<'_>, plane: &mut dyn Plane, noticed: Noticed) {
        let turn = &mut Turn { cx, plane };
        self.notice(turn, &noticed);
        self.settle(turn);
    }

    /// The session behind a chat said this frame; none: it is over.
    pub fn chatted(
        &mut self,
        cx: &mut Cx<'_>,
        plane: &mut dyn Plane,
        chat: u64,
        frame: Option<&str>,
    ) {
        let turn = &mut Turn { cx, plane };
        self.chat_told(turn, chat, frame);
        self.settle(turn);
    }

    /// The way that [`Output::Open`] asked for was found, or was not.
    pub fn opened(
        &mut self,
        cx: &mut Cx<'_>,
        plane: &mut dyn Plane,
        ticket: u64,
        way: Option<Flow>,
    ) {
        let turn = &mut Turn { cx, plane };
        if !self.called_back(turn, ticket, way) {
            self.trunk_opened(turn, ticket, way);
        }
        self.settle(turn);
    }

    /// Time has passed. Only what is due is looked at.
    pub fn timeout(&mut self, cx: &mut Cx<'_>, plane: &mut dyn Plane) {
        let turn = &mut Turn { cx, plane };
        self.expire(turn);
        self.endpoint.timeout(turn.now());
        while let Some((at, timer)) = self.timers.pop_first() {
            if at > turn.cx.now {
                self.timers.insert((at, timer));
                break;
            }
            match timer {
                Timer::Enter(realm) => self.enter_realm(realm),
                Timer::Presence(realm, device) => self.presence(turn, realm, &device),
                Timer::Mourn(realm, key) => self.mourn(realm, key),
                Timer::Own(leg) => self.own_silent(turn, leg),
                Timer::Trunk(realm, trunk) => self.trunk_due(turn, realm, &trunk),
                Timer::Away(talk) => self.chat_away(turn, talk),
            }
        }
        self.settle(turn);
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Output {
        self.out.pop_front().unwrap_or_else(|| {
            let Said::Wait(endpoint) = self.endpoint.poll() else { return Output::Wait(None) };
            let sip = endpoint.into_iter().chain(self.registrar.due()).map(|at| Millis(at.0));
            Output::Wait(sip.chain(self.timers.first().map(|(at, _)| *at)).min())
        })
    }

    /// There is too much to do, or not any more: new calls and registrations are told to come back later (503).
    pub const fn shed(&mut self, shed: bool) {
        self.endpoint.shed(shed);
    }

    /// How many messages of strangers were not read.
    pub const fn refused(&mut self) -> u64 {
        self.endpoint.guard().dropped()
    }

    /// How many telephones are registered.
    pub fn registered(&self) -> usize {
        self.phones.len()
    }

    /// How many legs there are.
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// Does everything that the endpoint has to say.
    fn settle(&mut self, turn: &mut Turn<'_, '_>) {
        loop {
            match self.endpoint.poll() {
                Said::Send(flow, bytes) => self.out.push_back(Output::Send(flow, bytes)),
                Said::Close(flow) => {
                    self.lose(turn, flow);
                    self.trunk_lost(turn, flow);
                    self.chats_lost(turn, flow);
                    self.out.push_back(Output::Close(flow));
                }
                Said::Event(event) => self.happened(turn, event),
                Said::Wait(_) => return,
            }
        }
    }

    fn happened(&mut self, turn: &mut Turn<'_, '_>, event: Event) {
        match event {
            Event::Request { tx, call: None, request, flow } => {
                self.requested(turn, tx, &request, flow);
            }
            Event::Request { tx, call: Some(call), request, flow } if self.talks.has(call) => {
                self.chat_inside(turn, tx, call, &request, flow);
            }
            Event::Request { tx, call: Some(call), request, .. } => {
                self.inside(turn, tx, call, &request);
            }
            Event::Incoming { call, invite, flow, replaces } if chat::is_chat(&invite) => {
                self.chat_invited(turn, call, &invite, flow, replaces);
            }
            Event::Incoming { call, invite, flow, replaces } => {
                self.incoming(turn, call, &invite, flow, replaces);
            }
            Event::Progress { call, response, sdp } => {
                if let Some(no) = self.legs.of_sip(call) {
                    let (status, headers) = (response.status, &response.headers);
                    self.progressed(turn, no, status, headers, sdp.as_deref());
                }
            }
            Event::Answered { call, sdp, .. } => {
                if let Some(no) = self.legs.of_sip(call) {
                    self.answered(turn, no, sdp.as_deref());
                }
            }
            Event::Connected { call, sdp } | Event::Answer { call, sdp } => {
                self.concluded(turn, call, sdp.as_deref());
            }
            Event::Offer { call, .. } if self.talks.has(call) => self.chat_offered(turn, call),
            Event::Ended { call, .. } if self.talks.has(call) => self.chat_ended(turn, call),
            Event::Offer { call, sdp } => self.offered(turn, call, sdp.as_deref()),
            // The session is as it was.
            Event::OfferRefused { .. } => {}
            Event::Ended { call, cause } => self.ended(turn, call, &cause),
            Event::Response { tx, call: None, response } => {
                self.trunk_answered(turn, tx, Some(&response));
            }
            Event::Response { call: Some(call), response, .. } => {
                self.replied(turn, call, Some(&response));
            }
            Event::Failed { tx, call: None, .. } => self.trunk_answered(turn, tx, None),
            Event::Failed { call: Some(call), .. } => self.replied(turn, call, None),
        }
    }

    /// The other side, or the lack of one, has ended a leg.
    fn ended(&mut self, turn: &mut Turn<'_, '_>, call: sip::event::CallId, cause: &Ended) {
        let Some(no) = self.legs.of_sip(call) else { return };
        let Some(leg) = self.drop_leg(turn, no) else { return };
        if leg.stage == Stage::Called {
            return self.not_taken(turn, &leg, cause);
        }
        let how = match cause {
            Ended::There { .. } | Ended::Cancelled | Ended::Here | Ended::Refused(_) => {
                Departure::Clear
            }
            Ended::TimedOut | Ended::NotAcknowledged | Ended::Lost | Ended::Expired => {
                Departure::Vanish
            }
        };
        let Some(who) = &leg.who else { return };
        for key in &leg.calls {
            // Another leg of theirs may carry the call on.
            if !self.legs.of(who).any(|leg| leg.calls.contains(key)) {
                self.depart(who, *key, how);
            }
        }
    }

    /// The domain has taken an answer, or not.
    fn accepted(
        &mut self,
        turn: &mut Turn<'_, '_>,
        no: plane::Leg,
        key: Key,
        outcome: &Result<Result<Done, Refusal>, Fault>,
    ) {
        let Some(leg) = self.legs.get(no) else { return };
        let Some(who) = leg.who.clone() else { return };
        match outcome {
            Ok(Ok(_)) => {}
            // The call became another while the answer was on its way.
            Ok(Err(_)) if leg.calls.first() != Some(&key) => self.ask_answered(turn, no),
            Ok(Err(_)) => {}
            Err(_) => {
                let calls = leg.calls.clone();
                self.end_leg(turn, no, 503);
                for key in calls {
                    self.depart(&who, key, Departure::Vanish);
                }
            }
        }
    }

    fn ticket(&mut self, ticket: Ticket) -> u64 {
        self.last_ticket += 1;
        self.tickets.insert(self.last_ticket, ticket);
        self.last_ticket
    }

    /// Wishes something of a realm.
    fn ask(&mut self, realm: RealmNo, ticket: Ticket, name: &'static str, wish: Wish) {
        let ticket = self.ticket(ticket);
        let command = Box::new(Command::Call { by: None, wish: Box::new(wish) });
        self.out.push_back(Output::Do { realm, ticket, name, command });
    }

    /// Tells a realm that the switch has begun anew, and learns who is there and what the realm consists of, in this order.
    fn enter_realm(&mut self, realm: RealmNo) {
        self.ask(realm, Ticket::Restart(realm), "voice.restart", Wish::Restart);
        for (ticket, query) in
            [(Ticket::Phones(realm), Query::Phones), (Ticket::Directory(realm), Query::Directory)]
        {
            let ticket = self.ticket(ticket);
            self.out.push_back(Output::Read { realm, ticket, query: Box::new(query) });
        }
    }
}
