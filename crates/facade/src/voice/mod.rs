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
//! - `realm.rs`: what is known of a tenant; `phone.rs`: REGISTER, and who may; `request.rs`: what is no call.

mod phone;
pub mod plane;
mod realm;
mod request;

use crate::door::{Cx, Fault, RealmNo};
use domain::call::Wish;
use domain::command::{Command, Done};
use domain::fact::Fact;
use domain::id::DeviceId;
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use phone::Phone;
use plane::{Noticed, Plane};
use realm::Realm;
use sip::digest::Algorithm;
use sip::endpoint::Endpoint;
use sip::event::{Event, Output as Said};
use sip::flow::Flow;
use sip::register::{Limits, Registrar};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// How a switch behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Of the SIP endpoint: under which name it is reached, and its limits.
    pub sip: sip::endpoint::Config,
    /// Of the registrar.
    pub registrar: Limits,
    /// The algorithms by which passwords are asked for, in this order (RFC 8760 §2.4: a telephone takes the first it knows).
    pub algorithms: Vec<Algorithm>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sip: sip::endpoint::Config::default(),
            registrar: Limits::default(),
            // Those that know only MD5 often look at the first challenge alone.
            algorithms: vec![Algorithm::Md5, Algorithm::Sha256],
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
    /// A realm is told that the switch has begun anew.
    Restart(RealmNo),
    /// A realm is told that a telephone is there, or not.
    Register(RealmNo, DeviceId, bool),
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
}

/// One step's surroundings.
struct Turn<'a, 'b> {
    cx: &'a mut Cx<'b>,
    #[expect(dead_code, reason = "calls come with the next step")]
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
    realms: BTreeMap<RealmNo, Realm>,
    phones: BTreeMap<(RealmNo, DeviceId), Phone>,
    /// Whose contacts came by each flow.
    flows: BTreeMap<phone::Way, BTreeSet<(RealmNo, DeviceId)>>,
    tickets: BTreeMap<u64, Ticket>,
    last_ticket: u64,
    timers: BTreeSet<(Millis, Timer)>,
    out: VecDeque<Output>,
}

impl Voice {
    /// A switch whose names come from this seed, which nobody else may have.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        let mut endpoint = Endpoint::new(config.sip, seed);
        let registrar = Registrar::new(config.registrar, endpoint.mint());
        Self {
            endpoint,
            registrar,
            algorithms: config.algorithms,
            realms: BTreeMap::new(),
            phones: BTreeMap::new(),
            flows: BTreeMap::new(),
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
            self.ask(*realm, Ticket::Restart(*realm), "voice.restart", Wish::Restart);
            self.read(*realm);
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
                Fact::Put(entry) => known.put(fact.seq, entry),
                Fact::Removed(key) => {
                    known.removed(fact.seq, key);
                    self.forget(turn, realm, key);
                }
                _ => {}
            }
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
        if let Some(Ticket::Directory(realm)) = self.tickets.remove(&ticket) {
            match (answer, self.realms.get_mut(&realm)) {
                (Ok(Ok(Answer::Directory(directory))), Some(known)) => {
                    known.learn(directory, seq, self.endpoint.mint());
                }
                _ => {
                    self.timers.insert((turn.cx.now.plus(AGAIN), Timer::Enter(realm)));
                }
            }
        }
        self.settle(turn);
    }

    /// The media plane noticed something.
    pub fn noticed(&mut self, cx: &mut Cx<'_>, plane: &mut dyn Plane, _noticed: Noticed) {
        self.settle(&mut Turn { cx, plane });
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
                Timer::Enter(realm) => {
                    self.ask(realm, Ticket::Restart(realm), "voice.restart", Wish::Restart);
                    self.read(realm);
                }
                Timer::Presence(realm, device) => self.presence(realm, &device),
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

    /// Does everything that the endpoint has to say.
    fn settle(&mut self, turn: &mut Turn<'_, '_>) {
        loop {
            match self.endpoint.poll() {
                Said::Send(flow, bytes) => self.out.push_back(Output::Send(flow, bytes)),
                Said::Close(flow) => {
                    self.lose(turn, flow);
                    self.out.push_back(Output::Close(flow));
                }
                Said::Event(event) => self.happened(turn, event),
                Said::Wait(_) => return,
            }
        }
    }

    fn happened(&mut self, turn: &mut Turn<'_, '_>, event: Event) {
        match event {
            Event::Request { tx, call: _, request, flow } => {
                self.requested(turn, tx, &request, flow);
            }
            Event::Incoming { call, .. } => {
                let none = sip::message::Headers::default();
                // The call may have ended within the same bytes; then there is nothing to refuse.
                let _ = self.endpoint.reject(turn.now(), call, 480, &none);
            }
            _ => {}
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

    fn read(&mut self, realm: RealmNo) {
        let ticket = self.ticket(Ticket::Directory(realm));
        self.out.push_back(Output::Read { realm, ticket, query: Box::new(Query::Directory) });
    }
}
