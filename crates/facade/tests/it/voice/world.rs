//! A switch, real SIP telephones around it, and a realm in memory behind it: bytes in, bytes out, on a clock that jumps.
//!
//! Every telephone is a `sip::Endpoint` of its own. The media plane alone is a recorder: it keeps what it was told last.

use crate::harness::Fixed;
use domain::call::{Call, CallEvent, Said, Wish};
use domain::centre::Centre;
use domain::chance::Seeded;
use domain::command::{Command, Done};
use domain::directory::{Device, Entry};
use domain::fact::Fact;
use domain::node::{Node, Published, Release, Reply};
use domain::refusal::Refusal;
use domain::time::Millis;
use facade::door::{Cx, RealmNo};
use facade::voice::plane::{
    About, Agreed, Hear, Leg, Noticed, Pause, Plane, PlaneFault, Tape, Way, Wire,
};
use facade::voice::{Config, Output, Voice};
use sip::digest::{Auth, Credentials};
use sip::endpoint::{Endpoint, Invite};
use sip::event::{CallId, Event, Output as Said2};
use sip::flow::{Flow, Transport};
use sip::message::{
    Address, CSeq, Field as _, Headers, Message, Method, Name, Request, Response, Uri,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// What the switch told the plane.
#[derive(Default)]
pub(crate) struct Recorder {
    /// What each open leg hears.
    pub(crate) hears: BTreeMap<Leg, Hear>,
    /// What each leg's other side said last.
    pub(crate) said: BTreeMap<Leg, String>,
    /// Keys that were pressed.
    pub(crate) keys: Vec<(Leg, char)>,
    /// How each leg's sound was offered.
    pub(crate) wires: BTreeMap<Leg, Wire>,
    /// Like which leg each offer was made.
    pub(crate) likes: BTreeMap<Leg, Option<Leg>>,
    /// Whom each leg that is answered was said to talk to.
    pub(crate) settled: BTreeMap<Leg, Option<Leg>>,
    /// How often it was told what somebody hears.
    pub(crate) told: usize,
}

fn way(sdp: &[u8]) -> Result<Way, PlaneFault> {
    let text = std::str::from_utf8(sdp).map_err(|_| PlaneFault::Unreadable)?;
    match text {
        "unfit" => Err(PlaneFault::Unfit),
        "hold" => Ok(Way { sends: true, hears: false }),
        _ => Ok(Way { sends: true, hears: true }),
    }
}

impl Plane for Recorder {
    fn offer(&mut self, leg: Leg, wire: Wire, like: Option<Leg>) -> Result<String, PlaneFault> {
        self.likes.insert(leg, like);
        assert!(self.hears.insert(leg, Hear::Nothing).is_none(), "a leg is opened twice");
        self.wires.insert(leg, wire);
        Ok(format!("offer {} {wire:?}", leg.0))
    }

    fn conclude(&mut self, leg: Leg, answer: &[u8]) -> Result<Way, PlaneFault> {
        assert!(self.hears.contains_key(&leg), "a leg that is not open is concluded");
        if self.wires[&leg] != Wire::Plain && answer == b"in the clear" {
            return Err(PlaneFault::Unfit);
        }
        self.said.insert(leg, String::from_utf8_lossy(answer).into_owned());
        way(answer)
    }

    fn answer(&mut self, leg: Leg, offer: &[u8]) -> Result<Agreed, PlaneFault> {
        let way = way(offer)?;
        self.hears.entry(leg).or_default();
        self.said.insert(leg, String::from_utf8_lossy(offer).into_owned());
        Ok(Agreed { sdp: format!("answer {}", leg.0), way })
    }

    fn again(&mut self, leg: Leg, hold: bool) -> Result<String, PlaneFault> {
        Ok(format!("again {} {hold}", leg.0))
    }

    fn settle(&mut self, leg: Leg, with: Option<Leg>) -> Option<String> {
        self.settled.insert(leg, with);
        Some(format!("settled {}", leg.0))
    }

    fn is_secret(&self, offer: &[u8]) -> bool {
        offer.starts_with(b"secret")
    }

    fn hear(&mut self, leg: Leg, what: Hear) {
        let was = self.hears.insert(leg, what.clone()).expect("a leg that hears is open");
        assert_ne!(was, what, "the plane is told only what is new");
        self.told += 1;
    }

    fn press(&mut self, leg: Leg, key: char, _: u32) {
        self.keys.push((leg, key));
    }

    fn close(&mut self, leg: Leg) {
        self.hears.remove(&leg).expect("a leg is closed once");
    }

    fn record(&mut self, _: Tape, _: &[Leg], _: &[Leg]) {}
    fn pause(&mut self, _: Tape, _: Option<Pause>) {}
    fn begin(&mut self, _: Tape, _: About) {}
    fn stop(&mut self, _: Tape) {}
}

/// One telephone.
pub(crate) struct Phone {
    pub(crate) endpoint: Endpoint,
    pub(crate) flow: Flow,
    /// What it was told and has not looked at.
    pub(crate) events: Vec<Event>,
    /// The newest call that came in.
    pub(crate) newest: Option<CallId>,
    /// Everything that came, first lines.
    pub(crate) got: Vec<String>,
    /// Whole messages that came.
    pub(crate) messages: Vec<Message>,
    /// Nothing comes from it any more.
    pub(crate) dead: bool,
    /// It is a network that asks for this password when somebody registers there.
    pub(crate) challenges: Option<String>,
    /// What it answers to OPTIONS and NOTIFY.
    pub(crate) answers: u16,
    expect: Option<(Request, Option<Response>)>,
    registered: u32,
}

/// All of it.
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) voice: Voice,
    pub(crate) plane: Recorder,
    pub(crate) node: Node<u64>,
    pub(crate) phones: BTreeMap<&'static str, Phone>,
    /// What monitors of all devices heard: `device:event(cause)`.
    pub(crate) told: Vec<String>,
    pub(crate) facts: Vec<Arc<Published>>,
    pub(crate) due: Option<Millis>,
    /// What sessions behind chats were told.
    pub(crate) chats: Vec<(u64, facade::voice::chat::Chat)>,
    /// Commands that meet a fault from now on.
    pub(crate) broken: bool,
    pub(crate) site: Fixed,
    /// What telephones say where they are, if not the truth.
    pub(crate) contact: Option<String>,
    chance: Seeded,
    wires: VecDeque<(&'static str, Vec<u8>)>,
    watched: BTreeSet<String>,
    replies: Vec<(u64, Reply)>,
    waiting: Option<Reply>,
}

const OURS: u64 = u64::MAX;

pub(crate) fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

fn number(event: CallEvent) -> u8 {
    match event {
        CallEvent::CallCleared => 1,
        CallEvent::Conferenced => 2,
        CallEvent::ConnectionCleared => 3,
        CallEvent::Delivered => 4,
        CallEvent::Diverted => 5,
        CallEvent::Established => 6,
        CallEvent::Failed => 7,
        CallEvent::Held => 8,
        CallEvent::NetworkReached => 9,
        CallEvent::Originated => 10,
        CallEvent::Queued => 11,
        CallEvent::Retrieved => 12,
        CallEvent::ServiceInitiated => 13,
        CallEvent::Transferred => 14,
    }
}

impl World {
    /// The shop of the harness, with telephones 1001 to 1004 that have passwords, and virtual ones from 1005 on.
    pub(crate) fn new() -> Self {
        Self::behaving(Config::default())
    }

    /// The same, with a switch that behaves so.
    pub(crate) fn behaving(config: Config) -> Self {
        let mut node = Node::new(Centre::default(), 0);
        let mut chance = Seeded::new(11);
        let mut entries = crate::harness::shop();
        for id in ["1001", "1002", "1003", "1004", "1005", "1006", "9001"] {
            let sealed = Some(format!("sealed:sip-{id}").into());
            let simulated = ["1005", "1006"].contains(&id);
            entries.push(Entry::Device(Device { r#virtual: simulated, sealed, ..Device::new(id) }));
        }
        entries.push(Entry::CtiUser(domain::directory::CtiUser {
            id: "cube".into(),
            password: None,
            supervise: true,
            devices: None,
            profile: domain::directory::CtiProfile::default(),
            disabled: false,
        }));
        let now = Millis(1_763_736_000_000);
        for entry in entries {
            node.take(now, &mut chance, None, &"test".into(), Command::Put(Box::new(entry)));
        }
        let mut out = Vec::new();
        if node.next(&mut out).is_some() {
            node.committed(&mut out);
        }
        let mut world = Self {
            now,
            voice: Voice::new(config, [3; 32]),
            plane: Recorder::default(),
            node,
            phones: BTreeMap::new(),
            told: Vec::new(),
            facts: Vec::new(),
            due: None,
            chats: Vec::new(),
            broken: false,
            site: Fixed::new(),
            contact: None,
            chance,
            wires: VecDeque::new(),
            watched: BTreeSet::new(),
            replies: Vec::new(),
            waiting: None,
        };
        world.with(|voice, cx, plane| voice.start(cx, plane, &[RealmNo(0)]));
        world.settle();
        world
    }

    /// Another switch takes the place of this one, as after a restart.
    pub(crate) fn restart(&mut self) {
        self.voice = Voice::new(Config::default(), [4; 32]);
        self.plane = Recorder::default();
        self.with(|voice, cx, plane| voice.start(cx, plane, &[RealmNo(0)]));
        self.settle();
    }

    pub(crate) fn with<T>(
        &mut self,
        act: impl FnOnce(&mut Voice, &mut Cx<'_>, &mut dyn Plane) -> T,
    ) -> T {
        let cx = &mut Cx { now: self.now, chance: &mut self.chance, site: &self.site };
        act(&mut self.voice, cx, &mut self.plane)
    }

    /// Puts something into the directory.
    pub(crate) fn put(&mut self, entry: Entry) {
        self.run(Command::Put(Box::new(entry))).expect("the entry fits");
    }

    /// Has the realm carry out a command.
    pub(crate) fn run(&mut self, command: Command) -> Result<Done, Refusal> {
        self.take(Some(OURS), "test", command);
        let reply = self.waiting.take();
        self.settle();
        match reply.or_else(|| self.waiting.take()) {
            Some(Reply::Outcome(outcome)) => outcome,
            other => panic!("a command was answered {other:?}"),
        }
    }

    /// An application wishes something.
    pub(crate) fn app(&mut self, wish: Wish) -> Result<Done, Refusal> {
        self.run(Command::Call { by: Some("cube".into()), wish: Box::new(wish) })
    }

    /// The newest request of this method that came to a telephone.
    pub(crate) fn last_request(&self, id: &str, method: &Method) -> Option<Request> {
        self.phones[id].messages.iter().rev().find_map(|message| match message {
            Message::Request(request) if request.method == *method => Some(request.clone()),
            _ => None,
        })
    }

    fn take(&mut self, asker: Option<u64>, name: &str, command: Command) {
        self.node.take(self.now, &mut self.chance, asker, &name.into(), command);
        self.commit();
    }

    fn commit(&mut self) {
        let mut released = Vec::new();
        while self.node.next(&mut released).is_some() {
            self.node.committed(&mut released);
        }
        for release in released {
            match release {
                Release::Fact(fact) => {
                    self.hear(&fact);
                    self.with(|voice, cx, plane| voice.fact(cx, plane, RealmNo(0), &fact));
                    self.facts.push(fact);
                }
                Release::Reply(OURS, reply) => self.waiting = Some(reply),
                Release::Reply(ticket, reply) => self.replies.push((ticket, reply)),
                Release::Signal(signal, _) => {
                    self.with(|voice, cx, plane| voice.signal(cx, plane, RealmNo(0), &signal));
                }
            }
        }
    }

    fn hear(&mut self, fact: &Published) {
        match &fact.fact {
            Fact::Call(happening) => {
                let id = number(happening.event);
                self.told.extend(
                    happening.to.iter().map(|c| format!("{}:{id}({})", c.device, c.cause.0)),
                );
            }
            Fact::AgentShown { device, said, .. } => {
                let id = match said {
                    Said::LoggedOn => 201,
                    Said::LoggedOff => 202,
                    Said::NotReady => 203,
                    Said::Ready => 204,
                    Said::AfterWork => 206,
                };
                self.told.push(format!("{device}:{id}"));
            }
            _ => {}
        }
    }

    /// A telephone of this number, by UDP, not yet registered.
    pub(crate) fn phone(&mut self, id: &'static str) {
        self.phone_by(id, Transport::Udp);
    }

    pub(crate) fn phone_by(&mut self, id: &'static str, transport: Transport) {
        let last: u8 = (id.bytes().map(u32::from).sum::<u32>() % 250) as u8;
        let port = 5_000 + u16::try_from(self.phones.len()).unwrap();
        let peer = SocketAddr::from(([192, 0, 2, last], port));
        let mut seed = [9; 32];
        seed[..id.len()].copy_from_slice(id.as_bytes());
        let host = format!("192.0.2.{last}:{port}").into();
        let mut endpoint =
            Endpoint::new(sip::endpoint::Config { host, ..Default::default() }, seed);
        endpoint.guard().trust("198.51.100.1".parse().unwrap());
        let flow = Flow { transport, id: u64::from(port), peer };
        let phone = Phone {
            endpoint,
            flow,
            events: Vec::new(),
            newest: None,
            got: Vec::new(),
            messages: Vec::new(),
            dead: false,
            challenges: None,
            answers: 200,
            expect: None,
            registered: 0,
        };
        self.phones.insert(id, phone);
    }

    /// Telephones that are registered.
    pub(crate) fn registered(&mut self, ids: &[&'static str]) {
        for id in ids {
            self.phone(id);
            assert_eq!(self.register(id, 3_600), 200);
        }
        self.told.clear();
    }

    /// The flow from a telephone to the switch, as the telephone sees it.
    pub(crate) fn up(&self, id: &str) -> Flow {
        Flow { peer: "198.51.100.1:5060".parse().unwrap(), ..self.phones[id].flow }
    }

    /// Registers with the telephone's own password.
    pub(crate) fn register(&mut self, id: &'static str, expires: u32) -> u16 {
        self.register_as(id, id, &format!("sip-{id}"), expires)
    }

    /// Registers as somebody, and answers the challenge; the last status.
    pub(crate) fn register_as(
        &mut self,
        id: &'static str,
        user: &str,
        password: &str,
        expires: u32,
    ) -> u16 {
        self.register_by(id, user, (user, password), expires)
    }

    /// Registers in its own name by other credentials than its own.
    pub(crate) fn register_with(&mut self, id: &'static str, name: &str, password: &str) -> u16 {
        self.register_by(id, id, (name, password), 3_600)
    }

    fn register_by(
        &mut self,
        id: &'static str,
        user: &str,
        (name, password): (&str, &str),
        expires: u32,
    ) -> u16 {
        let phone = self.phones.get_mut(id).unwrap();
        phone.registered += 2;
        let mut request = Request::new(Method::Register, uri("sip:demo.sangdam.test"));
        let who = Address::new(uri(&format!("sip:{user}@demo.sangdam.test")));
        let contact = self.contact.clone();
        let contact = contact.unwrap_or_else(|| format!("<sip:{id}@{}>", phone.flow.peer));
        request.headers.push(Name::From, who.clone().tagged("r"));
        request.headers.push(Name::To, who);
        request.headers.push(Name::CallId, format!("register-{id}"));
        let number = phone.registered;
        request.headers.push(Name::CSeq, CSeq { number, method: Method::Register });
        request.headers.push(Name::Contact, contact);
        request.headers.push(Name::Expires, expires);
        request.headers.push(Name::AllowEvents, "talk, hold");
        let first = self.request(id, request.clone());
        if first.status != 401 {
            return first.status;
        }
        let credentials = Credentials::new(name, password);
        let phone = self.phones.get_mut(id).unwrap();
        let Some((name, auth)): Option<(Name, Auth)> =
            phone.endpoint.answer_challenge(&credentials, &first, &request)
        else {
            return 401;
        };
        request.headers.push(name, auth);
        request.headers.set(Name::CSeq, CSeq { number: number + 1, method: Method::Register });
        self.request(id, request).status
    }

    /// Sends a request that is no call, and waits for its answer.
    pub(crate) fn request(&mut self, id: &'static str, request: Request) -> Response {
        let (now, flow) = (self.sip_now(), self.up(id));
        let phone = self.phones.get_mut(id).unwrap();
        phone.expect = Some((request.clone(), None));
        phone.endpoint.request(now, request, flow).unwrap();
        self.settle();
        let (_, answer) = self.phones.get_mut(id).unwrap().expect.take().unwrap();
        answer.expect("an answer")
    }

    pub(crate) fn sip_now(&self) -> sip::time::Millis {
        sip::time::Millis(self.now.0)
    }

    /// Everything that is on its way arrives.
    pub(crate) fn settle(&mut self) {
        loop {
            self.drain_phones();
            if let Some((from, bytes)) = self.wires.pop_front() {
                let flow = self.phones[from].flow;
                self.with(|voice, cx, plane| voice.input(cx, plane, flow, &bytes));
                self.drain_voice();
                continue;
            }
            if !self.replies.is_empty() {
                self.reply();
                self.drain_voice();
                continue;
            }
            if !self.drain_voice() && self.wires.is_empty() && self.replies.is_empty() {
                return;
            }
        }
    }

    fn reply(&mut self) {
        let (ticket, reply) = self.replies.remove(0);
        self.with(|voice, cx, plane| match reply {
            Reply::Outcome(outcome) => voice.outcome(cx, plane, ticket, Ok(outcome)),
            Reply::Answer(answer, seq) => voice.answer(cx, plane, ticket, Ok(answer), seq),
            Reply::Page(..) => panic!("the switch asks for no page"),
        });
    }

    fn drain_voice(&mut self) -> bool {
        let mut acted = false;
        loop {
            match self.voice.poll() {
                Output::Send(flow, bytes) => {
                    acted = true;
                    self.carry(flow, &bytes);
                }
                Output::Close(_) => {}
                Output::Open { ticket, host, .. } => {
                    acted = true;
                    let found = self.phones.values().find(|p| p.flow.peer.to_string() == *host);
                    let flow = found.map(|phone| phone.flow);
                    self.with(|voice, cx, plane| voice.opened(cx, plane, ticket, flow));
                }
                Output::Do { ticket, name, command, .. } => {
                    acted = true;
                    if self.broken {
                        let fault = Err(facade::door::Fault::Full);
                        self.with(|voice, cx, plane| voice.outcome(cx, plane, ticket, fault));
                    } else {
                        self.take(Some(ticket), name, *command);
                    }
                }
                Output::Read { ticket, query, .. } => {
                    acted = true;
                    self.node.look(self.now, ticket, &query);
                    self.commit();
                }
                Output::Chat(chat, what) => {
                    acted = true;
                    self.chats.push((chat, what));
                }
                Output::Watch(_, topic) => {
                    self.watched.insert(format!("{topic:?}"));
                }
                Output::Wait(at) => {
                    self.due = at;
                    return acted;
                }
            }
        }
    }

    fn carry(&mut self, flow: Flow, bytes: &[u8]) {
        let now = self.sip_now();
        let found = self
            .phones
            .iter_mut()
            .find(|(_, p)| p.flow.peer == flow.peer && p.flow.transport == flow.transport);
        let Some((_, phone)) = found else { return };
        if phone.dead {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        phone.got.push(text.lines().next().unwrap_or_default().to_owned());
        phone.messages.push(Message::parse(bytes).unwrap());
        let up = Flow { peer: "198.51.100.1:5060".parse().unwrap(), ..phone.flow };
        phone.endpoint.input(now, up, bytes);
    }

    fn drain_phones(&mut self) {
        let now = self.sip_now();
        for (id, phone) in &mut self.phones {
            loop {
                match phone.endpoint.poll() {
                    Said2::Send(_, bytes) if !phone.dead => {
                        self.wires.push_back((id, bytes.to_vec()));
                    }
                    Said2::Send(..) | Said2::Close(_) => {}
                    Said2::Event(Event::Response { call: None, response, .. }) => {
                        if let Some((_, answer)) = &mut phone.expect {
                            *answer = Some(*response);
                        }
                    }
                    Said2::Event(event) => {
                        match &event {
                            Event::Incoming { call, .. } => phone.newest = Some(*call),
                            // A telephone that is there says so.
                            Event::Request { tx, request, .. } if !phone.dead => {
                                let asks = phone.challenges.is_some()
                                    && !request.headers.has(&Name::Authorization);
                                let status = if asks { 401 } else { phone.answers };
                                let mut answer = Response::to_request(request, status);
                                if asks {
                                    let challenge =
                                        "Digest realm=\"carrier\", nonce=\"1\", qop=\"auth\"";
                                    answer.headers.push(Name::WwwAuthenticate, challenge);
                                }
                                phone.endpoint.respond(now, *tx, answer);
                            }
                            _ => {}
                        }
                        phone.events.push(event);
                    }
                    Said2::Wait(_) => break,
                }
            }
        }
    }

    /// Lets time pass; what falls due meanwhile happens at its moment.
    pub(crate) fn pass(&mut self, span: Millis) {
        let until = self.now.plus(span);
        loop {
            let mut next: Vec<Millis> = self.due.into_iter().chain(self.node.due()).collect();
            for phone in self.phones.values_mut().filter(|p| !p.dead) {
                if let Said2::Wait(Some(at)) = phone.endpoint.poll() {
                    next.push(Millis(at.0));
                }
            }
            let Some(next) = next.into_iter().min().filter(|at| *at <= until) else { break };
            self.now = self.now.max(next);
            let now = self.sip_now();
            for phone in self.phones.values_mut() {
                phone.endpoint.timeout(now);
            }
            if self.node.due().is_some_and(|due| due <= self.now) {
                self.take(None, "tick", Command::Tick);
            }
            self.with(|voice, cx, plane| voice.timeout(cx, plane));
            self.settle();
        }
        self.now = until;
    }

    /// The media plane notices something.
    pub(crate) fn noticed(&mut self, noticed: Noticed) {
        self.with(|voice, cx, plane| voice.noticed(cx, plane, noticed));
        self.settle();
    }

    /// A telephone calls a number; its name for the call.
    pub(crate) fn call(&mut self, id: &'static str, to: &str) -> CallId {
        self.call_with(id, to, |_| {})
    }

    pub(crate) fn call_with(
        &mut self,
        id: &'static str,
        to: &str,
        change: impl FnOnce(&mut Invite),
    ) -> CallId {
        let mut invite = Invite {
            uri: uri(&format!("sip:{to}@demo.sangdam.test")),
            from: Address::new(uri(&format!("sip:{id}@demo.sangdam.test"))),
            to: Address::new(uri(&format!("sip:{to}@demo.sangdam.test"))),
            flow: self.up(id),
            sdp: Some(format!("sdp of {id}").into_bytes()),
            headers: Headers::default(),
            credentials: Some(Credentials::new(id, &format!("sip-{id}"))),
        };
        change(&mut invite);
        let now = self.sip_now();
        let call = self.phones.get_mut(id).unwrap().endpoint.invite(now, invite).unwrap();
        self.settle();
        call
    }

    /// What a telephone was told since it was last asked, in short.
    pub(crate) fn story(&mut self, id: &str) -> Vec<String> {
        let phone = self.phones.get_mut(id).unwrap();
        phone.events.drain(..).map(|event| short(&event)).collect()
    }

    /// The newest call that came in at a telephone.
    pub(crate) fn incoming(&self, id: &str) -> CallId {
        self.phones[id].newest.expect("a call came in")
    }

    /// A telephone does something.
    pub(crate) fn act<T>(
        &mut self,
        id: &str,
        act: impl FnOnce(&mut Endpoint, sip::time::Millis) -> T,
    ) -> T {
        let now = self.sip_now();
        let done = act(&mut self.phones.get_mut(id).unwrap().endpoint, now);
        self.settle();
        done
    }

    /// Answers the newest call that rings at a telephone.
    pub(crate) fn pick_up(&mut self, id: &str) -> CallId {
        let call = self.incoming(id);
        let sdp = Some(format!("sdp of {id}").into_bytes());
        self.act(id, |end, now| end.answer(now, call, &Headers::default(), sdp)).unwrap();
        call
    }

    /// A telephone says that it rings.
    pub(crate) fn rings(&mut self, id: &str) -> CallId {
        let call = self.incoming(id);
        self.act(id, |end, now| end.ring(now, call, 180, &Headers::default(), None)).unwrap();
        call
    }

    /// The same, of one that knows `Event: talk`.
    pub(crate) fn rings_and_talks(&mut self, id: &str) -> CallId {
        let call = self.incoming(id);
        let mut headers = Headers::default();
        headers.push(Name::AllowEvents, "talk, hold");
        self.act(id, |end, now| end.ring(now, call, 180, &headers, None)).unwrap();
        call
    }

    /// What a telephone's leg of the newest call hears: by what its other side said.
    pub(crate) fn heard_at(&self, id: &str) -> Hear {
        let sdp = format!("sdp of {id}");
        let leg = self
            .plane
            .said
            .iter()
            .rev()
            .find(|(leg, said)| **said == sdp && self.plane.hears.contains_key(leg));
        self.plane.hears[leg.expect("a leg").0].clone()
    }

    /// The leg of a telephone.
    pub(crate) fn leg_of(&self, id: &str) -> Leg {
        let sdp = format!("sdp of {id}");
        let open = self.plane.said.iter().rev();
        let mut open =
            open.filter(|(leg, said)| **said == sdp && self.plane.hears.contains_key(leg));
        *open.next().expect("a leg").0
    }

    pub(crate) fn hang_up(&mut self, id: &str, call: CallId) {
        self.act(id, |end, now| end.hang_up(now, call, None)).unwrap();
    }

    /// What monitors heard since it was last asked.
    pub(crate) fn heard(&mut self) -> String {
        self.told.drain(..).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.node.centre().switch().calls().cloned().collect()
    }
}

fn short(event: &Event) -> String {
    match event {
        Event::Incoming { .. } => "incoming".into(),
        Event::Progress { response, .. } => format!("progress {}", response.status),
        Event::Answered { .. } => "answered".into(),
        Event::Connected { .. } => "connected".into(),
        Event::Offer { sdp, .. } => {
            format!("offer {}", String::from_utf8_lossy(sdp.as_deref().unwrap_or_default()))
        }
        Event::Answer { .. } => "answer".into(),
        Event::OfferRefused { status, .. } => format!("offer refused {status}"),
        Event::Ended { cause, .. } => match cause {
            sip::event::Cause::Refused(response) => format!("refused {}", response.status),
            sip::event::Cause::There { .. } => "bye".into(),
            cause => format!("ended {cause:?}"),
        },
        Event::Request { request, .. } => format!("request {}", request.method),
        Event::Response { response, .. } => format!("response {}", response.status),
        Event::Failed { end, .. } => format!("failed {end:?}"),
    }
}
