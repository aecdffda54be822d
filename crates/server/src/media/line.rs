//! A leg as its thread holds it.

use super::codecs::{Codecs, Coding};
use super::picture::Pictures;
use super::sounds::{Play, Player};
use super::srtp::{Guard, Master};
use super::tap::Tap;
use super::web::Session;
use facade::voice::plane::{Leg, Quality, Way};
use media::dtmf::Key;
use media::dtmf::event::{Listener, Press};
use media::leg::{End, Terms};
use media::mos;
use media::stats::Stats;
use media::time::Micros;
use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};

/// The most keys that wait to be played to a leg.
const PRESSES: usize = 64;

/// What a leg shall hear, with everything that has to be read from elsewhere.
#[derive(Debug, Clone)]
pub(super) enum Program {
    /// Nothing.
    Nothing,
    /// Itself.
    Itself,
    /// These legs and these sounds.
    Those(Vec<Leg>, Vec<Play>),
}

/// How it comes to hear that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing is sent.
    Nothing,
    /// Packets of the leg at that place go on to it as they are.
    Relay(usize),
    /// Frames are made for it every 20 ms, of the legs at these places and its players.
    Frames(Vec<usize>),
}

/// What the SDP of both sides says of a leg.
#[derive(Debug, Clone)]
pub(super) struct Agreement {
    /// Where its packets shall go.
    pub(super) rtp: Option<SocketAddr>,
    /// Where its reports shall go.
    pub(super) rtcp: Option<SocketAddr>,
    /// Reports come by the port of RTP.
    pub(super) mux: bool,
    /// What its numbers mean.
    pub(super) codecs: Codecs,
    /// Who sends.
    pub(super) way: Way,
    /// Our key and theirs.
    pub(super) keys: Option<(Master, Master)>,
}

/// One leg.
pub(super) struct Line {
    pub(super) leg: Leg,
    /// RTP and RTCP; a browser's leg has none of its own.
    pub(super) sockets: Option<(UdpSocket, UdpSocket)>,
    pub(super) web: Option<Box<Session>>,
    /// Where a browser's datagrams come from.
    pub(super) sources: Vec<(SocketAddr, bool)>,
    pub(super) mux: bool,
    pub(super) guard: Option<Box<Guard>>,
    pub(super) end: End,
    pub(super) stats: Stats,
    pub(super) codecs: Codecs,
    pub(super) way: Way,
    pub(super) program: Program,
    pub(super) plan: Plan,
    pub(super) players: Vec<Player>,
    /// Places of legs to which this one's packets go on.
    pub(super) hearers: Vec<usize>,
    /// Its pictures; the place of the browser whose it sees, and of those that see its own.
    pub(super) pictures: Pictures,
    pub(super) screen: Option<Box<End>>,
    pub(super) watches: Option<usize>,
    pub(super) watchers: Vec<usize>,
    /// How many make frames of what this one says: legs, and tapes.
    pub(super) taps: u32,
    pub(super) tap: Option<Box<Tap>>,
    pub(super) decoder: Option<opus::Decoder>,
    pub(super) encoder: Option<opus::Encoder>,
    /// Keys that it presses.
    pub(super) keys: Listener,
    /// Keys told of this second.
    pub(super) keys_told: u32,
    /// Keys that are played to it.
    pub(super) presses: VecDeque<(Key, u32)>,
    pub(super) press: Option<Press>,
    /// What the house itself sends: number of the run, and the next packet's numbers.
    pub(super) own: Own,
    /// Whether it stands in the worker's list of those that frames are made for; and of those that are tapped.
    pub(super) listed: bool,
    pub(super) list_tapped: bool,
    pub(super) packets: u64,
    pub(super) octets: u64,
    /// Where its reports come from, or shall go.
    pub(super) reports_to: Option<SocketAddr>,
    pub(super) next_report: Micros,
    /// When a browser's packet last came; others are seen by their [`End`].
    pub(super) heard: Micros,
    /// Since when it should be heard.
    pub(super) since: Micros,
    pub(super) silent_told: u64,
}

/// The stream that the house itself sends to a leg; [`End::patch`] makes it part of the one stream that the leg hears.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Own {
    pub(super) run: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
}

impl Line {
    /// A leg that nothing is agreed for.
    pub(super) fn new(
        leg: Leg,
        sockets: Option<(UdpSocket, UdpSocket)>,
        web: Option<Box<Session>>,
        terms: Terms,
        now: Micros,
    ) -> Self {
        Self {
            leg,
            sockets,
            web,
            sources: Vec::new(),
            mux: false,
            guard: None,
            end: End::new(terms),
            stats: Stats::new(terms.rate),
            codecs: Codecs::default(),
            way: Way { sends: false, hears: false },
            program: Program::Nothing,
            plan: Plan::Nothing,
            players: Vec::new(),
            hearers: Vec::new(),
            pictures: Pictures::default(),
            screen: None,
            watches: None,
            watchers: Vec::new(),
            taps: 0,
            tap: None,
            decoder: None,
            encoder: None,
            keys: Listener::default(),
            keys_told: 0,
            presses: VecDeque::new(),
            press: None,
            own: Own::default(),
            listed: false,
            list_tapped: false,
            packets: 0,
            octets: 0,
            reports_to: None,
            // The first comes sooner than the others (RFC 3550 §6.2).
            next_report: now.plus(Micros::from_millis(1_500)),
            heard: Micros::default(),
            since: now,
            silent_told: 0,
        }
    }

    /// Takes what was agreed.
    pub(super) fn agree(&mut self, agreement: Agreement, now: Micros) {
        if let Some(rtp) = agreement.rtp {
            self.end.signal(Some(rtp));
        }
        if agreement.rtcp.is_some() {
            self.reports_to = agreement.rtcp;
        }
        self.mux = agreement.mux;
        if let Some((ours, theirs)) = agreement.keys {
            match &mut self.guard {
                Some(guard) => _ = guard.renew(ours, theirs),
                none => *none = Guard::new(ours, theirs).map(Box::new),
            }
        }
        if let Some((_, coding)) = agreement.codecs.spoken() {
            if self.codecs.spoken().map(|(_, coding)| coding.rate()) != Some(coding.rate()) {
                self.stats.set_rate(coding.rate());
            }
            self.end.set_rate(coding.rate());
        }
        self.codecs = agreement.codecs;
        if agreement.way.sends && !self.way.sends {
            (self.since, self.silent_told) = (now, 0);
        }
        self.way = agreement.way;
    }

    /// What it shall hear from now on; its sounds begin.
    pub(super) fn hear(&mut self, program: Program) {
        self.players = match &program {
            Program::Those(_, sounds) => sounds.iter().cloned().map(Player::new).collect(),
            Program::Nothing | Program::Itself => Vec::new(),
        };
        self.program = program;
    }

    /// A key is to be played to it, when those before are.
    pub(super) fn press(&mut self, key: Key, millis: u32) {
        if self.presses.len() < PRESSES {
            self.presses.push_back((key, millis));
        }
    }

    /// The clock of what it hears, for 20 ms.
    pub(super) fn span(&self) -> u32 {
        self.codecs.spoken().map_or(Coding::Keys, |(_, coding)| coding).rate() / 50
    }

    /// When it was last heard.
    pub(super) fn heard_at(&self) -> Micros {
        self.heard.max(self.end.heard_at().unwrap_or_default())
    }

    /// How good it was.
    pub(super) fn quality(&self) -> Quality {
        let received = self.stats.received();
        // There and back counts half; what a buffer of 40 ms and the packet itself take is added.
        let way = self.stats.round_trip().map_or(0, |both| both.0 / 2_000);
        let delay = u32::try_from(way).unwrap_or(u32::MAX).saturating_add(60);
        let rating = mos::rating(mos::G711_CONCEALED, delay, self.stats.lost_permille());
        Quality {
            received,
            sent: self.packets,
            lost: self.stats.lost(),
            jitter: u32::try_from(self.stats.jitter().0).unwrap_or(u32::MAX),
            mos: if received == 0 { 0.0 } else { f32::from(mos::score(rating)) / 100.0 },
        }
    }
}
