//! Two endpoints, one clock that jumps, and a network that loses, doubles and delays by a seed.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use sip::endpoint::{Config, Endpoint, Invite};
use sip::event::{CallId, Event, Output};
use sip::flow::{Flow, Transport};
use sip::message::{Address, Field, Headers, Message, Request, Response, Uri};
use sip::time::Millis;

/// How bad the network is, in percent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) loss: u64,
    pub(crate) doubled: u64,
    /// The longest extra delay, in milliseconds: later datagrams may overtake.
    pub(crate) jitter: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Side {
    A,
    B,
}

pub(crate) struct Pair {
    pub(crate) now: Millis,
    pub(crate) a: Endpoint,
    pub(crate) b: Endpoint,
    pub(crate) weather: Weather,
    transport: Transport,
    dice: u64,
    wires: BTreeMap<(Millis, u64), (Side, Vec<u8>)>,
    sent: u64,
    /// What each side was told, oldest first.
    pub(crate) told: Vec<(Side, Event)>,
    /// What went over the wire: who sent it, and the first line.
    pub(crate) seen: Vec<(Side, String)>,
    /// Nothing of this side arrives any more.
    pub(crate) dead: Option<Side>,
}

const LATENCY: u64 = 20;

pub(crate) fn config(host: &str) -> Config {
    Config { host: host.into(), ..Config::default() }
}

impl Pair {
    pub(crate) fn new(seed: u64, transport: Transport, weather: Weather) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let mut a = Endpoint::new(config("192.0.2.1"), bytes);
        bytes[31] = 1;
        let mut b = Endpoint::new(config("192.0.2.2"), bytes);
        a.guard().trust("192.0.2.2".parse().unwrap());
        b.guard().trust("192.0.2.1".parse().unwrap());
        Self {
            now: Millis(1_000),
            a,
            b,
            weather,
            transport,
            dice: seed,
            wires: BTreeMap::new(),
            sent: 0,
            told: Vec::new(),
            seen: Vec::new(),
            dead: None,
        }
    }

    pub(crate) fn calm() -> Self {
        Self::new(1, Transport::Udp, Weather::default())
    }

    pub(crate) fn side(&mut self, side: Side) -> &mut Endpoint {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    /// The way from this side to the other.
    pub(crate) fn flow(&self, from: Side) -> Flow {
        let peer: SocketAddr = match from {
            Side::A => "192.0.2.2:5060".parse().unwrap(),
            Side::B => "192.0.2.1:5060".parse().unwrap(),
        };
        Flow { transport: self.transport, id: 1, peer }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn drain(&mut self, side: Side) -> Option<Millis> {
        loop {
            match self.side(side).poll() {
                Output::Send(_, bytes) => self.carry(side, &bytes),
                Output::Event(event) => self.told.push((side, event)),
                Output::Close(_) => {}
                Output::Wait(at) => return at,
            }
        }
    }

    fn carry(&mut self, from: Side, bytes: &[u8]) {
        let line = String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        self.seen.push((from, line));
        let to = if from == Side::A { Side::B } else { Side::A };
        if self.transport.is_stream() {
            // In order, in pieces.
            let size = usize::try_from(self.below(200)).unwrap() + 1;
            for part in bytes.chunks(size) {
                self.sent += 1;
                self.wires.insert((Millis(self.now.0 + LATENCY), self.sent), (to, part.to_vec()));
            }
            return;
        }
        let copies = 1 + u64::from(self.below(100) < self.weather.doubled);
        for _ in 0..copies {
            let delay = LATENCY + self.below(self.weather.jitter + 1);
            self.sent += 1;
            if self.below(100) >= self.weather.loss && self.dead != Some(from) {
                self.wires.insert((Millis(self.now.0 + delay), self.sent), (to, bytes.to_vec()));
            }
        }
    }

    /// Lives until nothing is on the wire and nothing is due before this moment.
    pub(crate) fn run_until(&mut self, end: u64) {
        loop {
            let wake = [self.drain(Side::A), self.drain(Side::B)].into_iter().flatten().min();
            let wire = self.wires.keys().next().map(|(at, _)| *at);
            let Some(next) = wake.into_iter().chain(wire).min().filter(|at| at.0 <= end) else {
                self.now = Millis(end);
                return;
            };
            self.now = next.max(self.now);
            let (now, back) = (self.now, [self.flow(Side::A), self.flow(Side::B)]);
            if wire == Some(next) {
                let (_, (to, bytes)) = self.wires.pop_first().unwrap();
                let flow = if to == Side::A { back[0] } else { back[1] };
                if self.dead != Some(to) {
                    self.side(to).input(now, flow, &bytes);
                }
            } else {
                self.a.timeout(now);
                self.b.timeout(now);
            }
        }
    }

    pub(crate) fn run(&mut self, span: u64) {
        self.run_until(self.now.0 + span);
    }

    /// A calls B, offering this.
    pub(crate) fn call(&mut self, sdp: Option<&str>) -> CallId {
        self.call_with(sdp, |_| {})
    }

    pub(crate) fn call_with(
        &mut self,
        sdp: Option<&str>,
        change: impl FnOnce(&mut Invite),
    ) -> CallId {
        let mut invite = Invite {
            uri: uri("sip:bob@192.0.2.2"),
            from: Address::new(uri("sip:alice@192.0.2.1")),
            to: Address::new(uri("sip:bob@192.0.2.2")),
            flow: self.flow(Side::A),
            sdp: sdp.map(|text| text.as_bytes().to_vec()),
            headers: Headers::default(),
            credentials: None,
        };
        change(&mut invite);
        let now = self.now;
        self.a.invite(now, invite).unwrap()
    }

    /// The latest call that came in at B.
    pub(crate) fn incoming(&self) -> CallId {
        let found = self.told.iter().rev().find_map(|(_, event)| match event {
            Event::Incoming { call, .. } => Some(*call),
            _ => None,
        });
        found.expect("a call came in")
    }

    /// A call that stands: A's name for it, and B's.
    pub(crate) fn established(&mut self) -> (CallId, CallId) {
        let a = self.call(Some("offer"));
        self.run(100);
        let b = self.incoming();
        let now = self.now;
        self.b.answer(now, b, &Headers::default(), Some(b"answer".to_vec())).unwrap();
        self.run(200);
        self.told.clear();
        self.seen.clear();
        (a, b)
    }

    /// What was told, in short.
    pub(crate) fn story(&self) -> Vec<String> {
        self.told.iter().map(|(side, event)| format!("{side:?} {}", short(event))).collect()
    }

    /// How often a first line like this went out.
    pub(crate) fn count(&self, from: Side, line: &str) -> usize {
        self.seen.iter().filter(|(side, seen)| *side == from && seen.starts_with(line)).count()
    }

    /// Nothing is left of anything, once the last timer has run out.
    pub(crate) fn assert_clean(&mut self) {
        self.run(200_000);
        for side in [Side::A, Side::B] {
            let end = self.side(side);
            assert_eq!((end.calls(), end.transactions()), (0, 0), "{side:?} keeps something");
        }
    }
}

fn short(event: &Event) -> String {
    let text = |sdp: &Option<Vec<u8>>| {
        sdp.as_ref().map_or(String::new(), |sdp| format!(" {}", String::from_utf8_lossy(sdp)))
    };
    match event {
        Event::Incoming { replaces, .. } => {
            format!("incoming{}", if replaces.is_some() { " replaces" } else { "" })
        }
        Event::Progress { response, sdp, .. } => {
            format!("progress {}{}", response.status, text(sdp))
        }
        Event::Answered { sdp, .. } => format!("answered{}", text(sdp)),
        Event::Connected { sdp, .. } => format!("connected{}", text(sdp)),
        Event::Offer { sdp, .. } => format!("offer{}", text(sdp)),
        Event::Answer { sdp, .. } => format!("answer{}", text(sdp)),
        Event::OfferRefused { status, .. } => format!("offer refused {status}"),
        Event::Ended { cause, .. } => match cause {
            sip::event::Cause::Refused(response) => format!("ended Refused {}", response.status),
            cause => format!("ended {cause:?}"),
        },
        Event::Request { request, .. } => format!("request {}", request.method),
        Event::Response { response, .. } => format!("response {}", response.status),
        Event::Failed { end, .. } => format!("failed {end:?}"),
    }
}

pub(crate) fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

/// One endpoint, and a peer that is played by hand.
pub(crate) struct Alone {
    pub(crate) now: Millis,
    pub(crate) end: Endpoint,
    pub(crate) flow: Flow,
    pub(crate) told: Vec<Event>,
    pub(crate) sent: Vec<Message>,
    pub(crate) closed: bool,
    /// Keep-alives that were answered.
    pub(crate) pongs: usize,
}

impl Alone {
    pub(crate) fn new(config: Config) -> Self {
        let mut end = Endpoint::new(config, [9; 32]);
        let flow =
            Flow { transport: Transport::Udp, id: 1, peer: "192.0.2.7:5060".parse().unwrap() };
        end.guard().trust(flow.peer.ip());
        Self {
            now: Millis(0),
            end,
            flow,
            told: Vec::new(),
            sent: Vec::new(),
            closed: false,
            pongs: 0,
        }
    }

    pub(crate) fn input(&mut self, bytes: &[u8]) {
        self.end.input(self.now, self.flow, bytes);
        self.drain();
    }

    pub(crate) fn wait(&mut self, span: u64) {
        self.now = Millis(self.now.0 + span);
        self.end.timeout(self.now);
        self.drain();
    }

    pub(crate) fn drain(&mut self) {
        loop {
            match self.end.poll() {
                Output::Send(_, bytes) if &*bytes == b"\r\n" => self.pongs += 1,
                Output::Send(_, bytes) => self.sent.push(message(&bytes)),
                Output::Event(event) => self.told.push(event),
                Output::Close(_) => self.closed = true,
                Output::Wait(_) => return,
            }
        }
    }

    /// The latest request of this method that went out.
    pub(crate) fn request(&self, method: &str) -> Option<Request> {
        self.sent.iter().rev().find_map(|message| match message {
            Message::Request(request) if request.method.as_str() == method => Some(request.clone()),
            _ => None,
        })
    }

    pub(crate) fn requests(&self, method: &str) -> usize {
        self.sent
            .iter()
            .filter(|message| matches!(message, Message::Request(request) if request.method.as_str() == method))
            .count()
    }

    /// The final and provisional statuses that went out, and forgets them.
    pub(crate) fn statuses(&mut self) -> Vec<u16> {
        let statuses = self.sent.iter().filter_map(|message| match message {
            Message::Response(response) => Some(response.status),
            Message::Request(_) => None,
        });
        let statuses = statuses.collect();
        self.sent.clear();
        statuses
    }

    /// Answers a request that went out, as somebody with this tag.
    pub(crate) fn reply(&mut self, request: &Request, status: u16, tag: &str) {
        let mut response = Response::to_request(request, status).tagged(tag);
        response.headers.push(sip::message::Name::Contact, format!("<sip:{tag}@192.0.2.7>"));
        self.input(&response.to_bytes());
    }
}

/// What went out. The answer to a malformed request repeats what is malformed in it, so only its status can be read.
fn message(bytes: &[u8]) -> Message {
    let status = |line: &str| line.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok();
    Message::parse(bytes).unwrap_or_else(|_| {
        let line = String::from_utf8_lossy(bytes);
        let status = status(&line).expect("an answer");
        Message::Response(Response {
            status,
            reason: "".into(),
            headers: Headers::default(),
            body: Vec::new(),
        })
    })
}
