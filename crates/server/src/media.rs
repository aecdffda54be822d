//! The sound of calls: what [`Plane`] promises, on threads of its own.
//!
//! [`Engine`] stands where the switch is: it reads and writes session descriptions, binds sockets, and says to a thread in one
//! order what a leg is to hear. [`worker`] is such a thread. Legs that hear each other are on one thread, so that nothing is
//! shared; when legs of two threads meet, those of one move.
//!
//! - [`ports`], [`codecs`], [`sounds`]: what a leg is made of. [`line`]: a leg as its thread holds it.
//! - [`srtp`]: packets kept secret by keys of the SDP. [`web`]: a browser's session.
//! - [`picture`]: what goes from browser to browser beside the sound.
//!   [`wires`]: what browsers' packets go by.
//! - [`tap`]: a leg's sound as frames. [`tape`]: frames as a file. [`meter`]: what is counted.

#![allow(
    clippy::similar_names,
    reason = "held and heard, leg and line, RTP and RTCP: the words of this trade"
)]

mod codecs;
mod line;
mod meter;
mod picture;
mod ports;
mod sounds;
mod srtp;
mod tap;
mod tape;
#[cfg(test)]
mod tests;
mod web;
mod wires;
mod worker;

pub(crate) use meter::SCORES;

use crate::tapes::Ended;
use crate::{chance, clock, tasks};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use codecs::{Codecs, Coding};
use facade::voice::plane::{
    About, Agreed, Hear, Leg, Noticed, Pause, Plane, PlaneFault, Sound, Tape, Way, Wire,
};
use line::{Agreement, Line, Program};
use media::dtmf::Key;
use media::g711::Law;
use media::leg::{End, Terms};
use media::time::Micros;
use nix::sys::eventfd::{EfdFlags, EventFd};
use picture::{Choice, Coding as Scene, Pictures};
use ports::Ports;
use sip::sdp::{self, Ability, Attribute, Codec, Direction, Sdp, Security};
use sounds::Sounds;
use srtp::{Master, Suite};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tape::{Archive, Piece, Reel};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use web::{Ask, Common, Opus, Refused, Session};
use wires::Wires;
use worker::{Mate, Order, Worker};

/// The most legs of which what one hears is mixed.
pub const PARTIES: usize = media::mix::PARTIES;

/// How the media plane is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address that sockets are bound to.
    pub bind: IpAddr,
    /// The address that session descriptions name: that by which telephones reach us.
    pub public: IpAddr,
    /// The ports that legs may take, a pair each. All browsers share the first that is free when the engine starts.
    pub ports: RangeInclusive<u16>,
    /// Media threads; 0 is one for every two processors.
    pub threads: usize,
    /// The folder with music and announcements (WAV, 8 or 16 kHz).
    pub sounds: PathBuf,
    /// The folder in which tapes lie while they run, and until they are kept.
    pub tapes: PathBuf,
    /// Who keeps those that have ended.
    pub keeper: UnboundedSender<Ended>,
    /// Browsers may show pictures to each other.
    pub video: bool,
    /// After how much silence of a leg that is [`Noticed::Silent`], and again for each such span.
    pub silence: Duration,
}

/// How long a media thread may take to answer for a browser's session.
const ANSWER: Duration = Duration::from_millis(500);
/// Bytes of the longest key with its salt.
const KEY: usize = 30;

/// A leg as the switch's side knows it.
struct Held {
    mate: usize,
    /// It is a browser.
    web: bool,
    /// For SRTP: the suite, and bytes for our key.
    secret: Option<(Suite, [u8; KEY])>,
    session: u64,
    port: u16,
    /// What we last said of ourselves; and whether an answer to it is awaited.
    ours: Option<Sdp>,
    offered: bool,
    codecs: Vec<Codec>,
    spoken: Option<Coding>,
    hear: Hear,
    pictures: Pictures,
    /// What whoever it talks to can show, since that is known.
    fit: Option<Vec<Scene>>,
}

/// Who is on a tape, and on which thread it runs.
struct Spool {
    mate: usize,
    left: Vec<Leg>,
    right: Vec<Leg>,
}

/// The media plane.
pub struct Engine {
    config: Config,
    mates: Vec<Mate>,
    /// Whose bell is to be rung, once for all that is asked in a row.
    owed: Vec<Cell<bool>>,
    gathering: bool,
    loads: Vec<usize>,
    threads: Vec<JoinHandle<()>>,
    ports: Ports,
    sounds: Sounds,
    legs: HashMap<Leg, Held>,
    tapes: HashMap<Tape, Spool>,
    way: tape::Way,
    web: Option<Common>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("legs", &self.legs.len()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Starts the threads. What they notice comes by the receiver.
    ///
    /// # Errors
    ///
    /// When the system gives no thread, no event queue, or no port of the range.
    pub fn start(config: Config) -> io::Result<(Self, UnboundedReceiver<Noticed>)> {
        let (tell, told) = unbounded_channel();
        let (pieces, to_write) = mpsc::channel();
        let way = tape::Way::new(pieces);
        let archive = Archive::new(config.tapes.clone(), config.keeper.clone(), &way);
        let mut threads = vec![tasks::thread("tapes", move || archive.run(&to_write))?];
        let count = match config.threads {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2)),
            count => count,
        };
        let silence = u64::try_from(config.silence.as_millis()).unwrap_or(u64::MAX);
        let mut ports = Ports::new(config.bind, &config.ports, u16::from_be_bytes(draw()));
        let shared = ports.shared()?;
        let own = shared.local_addr()?;
        // The same number over TCP, for those that no datagram reaches; without it they are not reached.
        let listener = TcpListener::bind(own)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .inspect_err(|fault| tracing::warn!(%fault, %own, "browsers have no TCP"))
            .ok();
        let web = Common::new((config.public, own.port()).into(), listener.is_some());
        let mut shared = Some(Wires::new(shared, listener));
        let mut mates = Vec::with_capacity(count);
        for n in 0..count {
            let (orders, asked) = mpsc::channel();
            let bell =
                Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
            let worker = Worker::new(bell.clone(), asked, tell.clone(), silence, shared.take())?;
            threads.push(tasks::thread(&format!("media-{n}"), move || worker.run())?);
            mates.push(Mate { orders, bell });
        }
        let sounds = Sounds::new(config.sounds.clone());
        let loads = vec![0; mates.len()];
        let (legs, tapes) = (HashMap::new(), HashMap::new());
        let (owed, gathering) = (vec![Cell::new(false); mates.len()], false);
        let made = Self {
            config,
            mates,
            owed,
            gathering,
            loads,
            threads,
            ports,
            sounds,
            legs,
            tapes,
            way,
            web,
        };
        Ok((made, told))
    }

    fn ask(&self, mate: usize, order: Order) {
        let asked = self.mates.get(mate).zip(self.owed.get(mate));
        let Some((mate, owed)) = asked else { return };
        if !self.gathering {
            mate.ask(order);
        } else if mate.put(order) {
            owed.set(true);
        }
    }

    /// Rings for all that was asked and not rung for.
    fn ring(&self) {
        for (mate, owed) in self.mates.iter().zip(&self.owed) {
            if owed.take() {
                mate.ring();
            }
        }
    }

    /// The thread with the fewest legs.
    fn idlest(&self) -> usize {
        let loads = self.loads.iter().enumerate();
        loads.min_by_key(|(_, load)| **load).map_or(0, |(n, _)| n)
    }

    /// A leg with sockets of its own, not yet given to its thread.
    fn open(
        &mut self,
        leg: Leg,
        mate: usize,
        codecs: Vec<Codec>,
        web: Option<Box<Session>>,
    ) -> Result<Box<Line>, PlaneFault> {
        let now = Micros(clock::micros());
        let (sockets, port) = if web.is_some() {
            (None, 0)
        } else {
            let pair = self.ports.pair().and_then(|pair| Ok((pair.0.local_addr()?, pair)));
            let (address, pair) = pair.map_err(|fault| {
                tracing::error!(%fault, "no media port");
                PlaneFault::Full
            })?;
            (Some(pair), address.port())
        };
        let session = u64::from_be_bytes(draw()) >> 2;
        let terms = Terms {
            signalled: None,
            symmetric: true,
            rate: media::sound::RATE,
            event: None,
            ssrc: u32::from_be_bytes(draw()),
            sequence: u16::from_be_bytes(draw()) >> 1,
            timestamp: u32::from_be_bytes(draw()),
        };
        let held = Held {
            mate,
            web: web.is_some(),
            secret: None,
            session,
            port,
            ours: None,
            offered: false,
            codecs,
            spoken: None,
            hear: Hear::Nothing,
            pictures: Pictures::default(),
            fit: None,
        };
        self.legs.insert(leg, held);
        if let Some(load) = self.loads.get_mut(mate) {
            *load += 1;
        }
        let screen = web.as_ref().filter(|_| self.config.video).map(|_| {
            let (ssrc, sequence) = (u32::from_be_bytes(draw()), u16::from_be_bytes(draw()) >> 1);
            Box::new(End::new(Terms { rate: picture::RATE, ssrc, sequence, ..terms }))
        });
        let mut line = Box::new(Line::new(leg, sockets, web, terms, now));
        line.screen = screen;
        Ok(line)
    }

    /// What a leg can do. `mux`: the other side wants reports by the same port.
    fn ability(&self, held: &Held, direction: Direction, mux: bool) -> Ability {
        Ability {
            address: self.config.public,
            port: held.port,
            codecs: held.codecs.clone(),
            direction,
            ptime: 20,
            security: held.secret.map_or(Security::Plain, |(suite, key)| Security::Sdes {
                suites: offered(suite).map(|suite| suite.name().into()).collect(),
                key: BASE64_STANDARD.encode(key.get(..suite.length()).unwrap_or_default()).into(),
            }),
            attributes: if mux { vec![Attribute::flag("rtcp-mux")] } else { Vec::new() },
        }
    }

    /// Brings legs that hear each other, and tapes, to one thread, with all that those hear and are heard by.
    fn assemble(&mut self, legs: &[Leg]) {
        let mates: HashSet<_> = legs.iter().filter_map(|l| Some(self.legs.get(l)?.mate)).collect();
        if mates.len() < 2 {
            return;
        }
        let mut all: HashSet<Leg> = legs.iter().copied().collect();
        loop {
            let before = all.len();
            for (leg, held) in &self.legs {
                let Hear::Those(others, _) = &held.hear else { continue };
                if all.contains(leg) || others.iter().any(|other| all.contains(other)) {
                    all.insert(*leg);
                    all.extend(others);
                }
            }
            for spool in self.tapes.values() {
                let on = || spool.left.iter().chain(&spool.right);
                if on().any(|leg| all.contains(leg)) {
                    all.extend(on());
                }
            }
            if all.len() == before {
                break;
            }
        }
        // Browsers cannot move: their socket is of the first thread.
        let browsers = all.iter().any(|leg| self.legs.get(leg).is_some_and(|held| held.web));
        let first = legs.iter().find_map(|leg| Some(self.legs.get(leg)?.mate));
        let to = if browsers { 0 } else { first.unwrap_or(0) };
        let Some(mate) = self.mates.get(to).cloned() else { return };
        for leg in &all {
            let Some(held) = self.legs.get_mut(leg).filter(|held| held.mate != to) else {
                continue;
            };
            let from = std::mem::replace(&mut held.mate, to);
            for (n, change) in [(from, -1), (to, 1)] {
                if let Some(load) = self.loads.get_mut(n) {
                    *load = load.saturating_add_signed(change);
                }
            }
            mate.ask(Order::Expect);
            self.ask(from, Order::Give(*leg, mate.clone()));
        }
        let mut moved = Vec::new();
        for (tape, spool) in &mut self.tapes {
            if spool.mate != to && spool.left.iter().chain(&spool.right).any(|l| all.contains(l)) {
                moved.push((*tape, std::mem::replace(&mut spool.mate, to)));
            }
        }
        for (tape, from) in moved {
            mate.ask(Order::Expect);
            self.ask(from, Order::GiveTape(tape, mate.clone()));
        }
    }
}

/// Browsers.
impl Engine {
    fn session(&self, opus: Opus, pictures: Choice) -> Result<Box<Session>, PlaneFault> {
        let common = self.web.as_ref().ok_or(PlaneFault::Unfit)?;
        Session::new(common, opus, pictures).map(Box::new).ok_or(PlaneFault::Full)
    }

    fn offer_web(&mut self, leg: Leg, opus: Opus, pictures: Choice) -> Result<String, PlaneFault> {
        let mut session = self.session(opus, pictures)?;
        let made = session.ask(Ask::Offer { hold: false }).map_err(|Refused| PlaneFault::Unfit)?;
        let ours = read(&made).ok_or(PlaneFault::Unfit)?;
        let line = self.open(leg, 0, Vec::new(), Some(session))?;
        if let Some(held) = self.legs.get_mut(&leg) {
            (held.ours, held.offered) = (Some(ours), true);
        }
        self.ask(0, Order::Begin(line));
        Ok(made)
    }

    fn answer_web(&mut self, leg: Leg, offer: &str, theirs: &Sdp) -> Result<Agreed, PlaneFault> {
        let ask = Ask::Answer(offer.to_owned());
        let mut line = None;
        let made = if self.legs.contains_key(&leg) {
            self.ask_web(leg, ask)?
        } else {
            let pictures = if self.config.video { Choice::ALL } else { Choice::default() };
            let mut session = self.session(Opus::Last, pictures)?;
            let made = session.ask(ask).map_err(|Refused| PlaneFault::Unfit)?;
            line = Some((session, made.clone()));
            made
        };
        let mut ours = read(&made).ok_or(PlaneFault::Unfit)?;
        self.cut(leg, &mut ours);
        if sound(&ours).is_none_or(|media| Codecs::of(media, media).spoken().is_none()) {
            return Err(PlaneFault::Unfit);
        }
        if let Some((session, _)) = line {
            let line = self.open(leg, 0, Vec::new(), Some(session))?;
            self.ask(0, Order::Begin(line));
        }
        let sdp = ours.to_string();
        let way = self.settle_web(leg, Some(ours), theirs)?;
        Ok(Agreed { sdp, way })
    }

    /// Takes out of a description of ours what whoever the leg talks to cannot show, as soon as that is known.
    fn cut(&self, leg: Leg, ours: &mut Sdp) {
        let Some(fit) = self.legs.get(&leg).and_then(|held| held.fit.as_ref()) else { return };
        let mut pictures = Pictures::of(ours, |_| true);
        pictures.narrow(fit);
        pictures.cut(ours);
    }

    /// What is agreed with a browser goes to its thread. `answer` is ours; without one theirs is, to what we offered.
    fn settle_web(
        &mut self,
        leg: Leg,
        answer: Option<Sdp>,
        theirs: &Sdp,
    ) -> Result<Way, PlaneFault> {
        let held = self.legs.get_mut(&leg).ok_or(PlaneFault::WrongState)?;
        let answered = answer.is_some();
        held.ours = answer.or(held.ours.take());
        held.offered = false;
        let ours = held.ours.as_ref().ok_or(PlaneFault::WrongState)?;
        let (own, other) = sound(ours).zip(sound(theirs)).ok_or(PlaneFault::Unfit)?;
        // Numbers of an answer are those of its offer, and its order is what both want.
        let codecs = if answered { Codecs::of(own, own) } else { Codecs::of(own, other) };
        // A browser's address is zeros, and means nothing: where it is, ICE finds out.
        let (sends, hears) = stated(other).ways();
        let (own_sends, own_hears) = stated(own).ways();
        let way = Way { sends: sends && own_hears, hears: hears && own_sends };
        held.spoken = codecs.spoken().map(|(_, coding)| coding);
        let seen = picture::line(theirs).is_some_and(|line| stated(line).ways().1);
        let pictures = Pictures::of(if answered { ours } else { theirs }, |_| seen);
        let mate = held.mate;
        let changed = held.pictures != pictures;
        held.pictures = pictures.clone();
        if changed {
            self.ask(mate, Order::Picture(leg, pictures));
        }
        let agreement = Agreement { rtp: None, rtcp: None, mux: true, codecs, way, keys: None };
        self.ask(mate, Order::Agree(leg, agreement));
        Ok(way)
    }

    /// Asks a session that runs; its thread answers within a round of its packets.
    fn ask_web(&self, leg: Leg, ask: Ask) -> Result<String, PlaneFault> {
        let held = self.legs.get(&leg).ok_or(PlaneFault::WrongState)?;
        let (answer, answered) = mpsc::channel();
        self.ask(held.mate, Order::Ask(leg, ask, answer));
        self.ring();
        let answered = answered.recv_timeout(ANSWER).map_err(|_| PlaneFault::WrongState)?;
        answered.map_err(|Refused| PlaneFault::Unfit)
    }
}

impl Plane for Engine {
    fn offer(&mut self, leg: Leg, wire: Wire, like: Option<Leg>) -> Result<String, PlaneFault> {
        if self.legs.contains_key(&leg) {
            return Err(PlaneFault::WrongState);
        }
        let like = like.and_then(|leg| self.legs.get(&leg));
        let first = match like.and_then(|held| held.spoken) {
            Some(Coding::Law(Law::Mu)) => Law::Mu,
            _ => Law::A,
        };
        let mate = like.map_or_else(|| self.idlest(), |held| held.mate);
        if wire == Wire::Web {
            let opus = like.is_some_and(|held| held.spoken == Some(Coding::Opus));
            let pictures = like.map(|held| held.pictures.choice()).unwrap_or_default();
            return self.offer_web(leg, if opus { Opus::First } else { Opus::Last }, pictures);
        }
        let line = self.open(leg, mate, g711(first), None)?;
        if let Some(held) = self.legs.get_mut(&leg).filter(|_| wire == Wire::Sdes) {
            held.secret = Some((Suite::Long, draw()));
        }
        let held = self.legs.get(&leg).ok_or(PlaneFault::WrongState)?;
        let offer = self.ability(held, Direction::SendRecv, false).offer(held.session, None);
        let text = offer.to_string();
        if let Some(held) = self.legs.get_mut(&leg) {
            (held.ours, held.offered) = (Some(offer), true);
        }
        self.ask(mate, Order::Begin(line));
        Ok(text)
    }

    fn conclude(&mut self, leg: Leg, answer: &[u8]) -> Result<Way, PlaneFault> {
        let held = self.legs.get(&leg).ok_or(PlaneFault::WrongState)?;
        held.ours.as_ref().filter(|_| held.offered).ok_or(PlaneFault::WrongState)?;
        let theirs = Sdp::parse(answer).map_err(|_| PlaneFault::Unreadable)?;
        if held.web {
            self.ask_web(leg, Ask::Conclude(text(answer)?))?;
            return self.settle_web(leg, None, &theirs);
        }
        let held = self.legs.get(&leg).ok_or(PlaneFault::WrongState)?;
        let offer = held.ours.as_ref().ok_or(PlaneFault::WrongState)?;
        let agreed = self
            .ability(held, Direction::SendRecv, false)
            .conclude(offer, &theirs)
            .map_err(|_| PlaneFault::Unfit)?;
        let mut agreement = agreement(&agreed, offer, &theirs).ok_or(PlaneFault::Unfit)?;
        if let Some((_, key)) = held.secret {
            let line = theirs.media.get(agreed.line).ok_or(PlaneFault::Unfit)?;
            agreement.keys = Some(keys(line, &key).ok_or(PlaneFault::Unfit)?);
        }
        let (mate, way) = (held.mate, agreement.way);
        let spoken = agreement.codecs.spoken().map(|(_, coding)| coding);
        if let Some(held) = self.legs.get_mut(&leg) {
            held.offered = false;
            held.spoken = spoken;
        }
        self.ask(mate, Order::Agree(leg, agreement));
        Ok(way)
    }

    fn is_secret(&self, offer: &[u8]) -> bool {
        Sdp::parse(offer).is_ok_and(|theirs| !theirs.media.iter().any(is_plain))
    }

    fn answer(&mut self, leg: Leg, offer: &[u8]) -> Result<Agreed, PlaneFault> {
        let theirs = Sdp::parse(offer).map_err(|_| PlaneFault::Unreadable)?;
        if self.legs.get(&leg).map_or_else(|| is_web(&theirs), |held| held.web) {
            return self.answer_web(leg, &text(offer)?, &theirs);
        }
        let mux = theirs.media.iter().any(|media| &*media.kind == "audio" && media.has_rtcp_mux());
        // Whatever cannot be agreed upon is found before a port is taken.
        let fits = |ability: &Ability, session, earlier: Option<&Sdp>| {
            ability.answer(&theirs, session, earlier).map_err(|_| PlaneFault::Unfit)
        };
        let suite = theirs.media.iter().find_map(wanted);
        let mut line = None;
        if !self.legs.contains_key(&leg) {
            let probe = Held {
                mate: 0,
                web: false,
                secret: suite.map(|suite| (suite, [0; KEY])),
                session: 0,
                port: 9,
                ours: None,
                offered: false,
                codecs: g711(Law::A),
                spoken: None,
                hear: Hear::Nothing,
                pictures: Pictures::default(),
                fit: None,
            };
            fits(&self.ability(&probe, Direction::SendRecv, mux), 0, None)?;
            line = Some(self.open(leg, self.idlest(), g711(Law::A), None)?);
        }
        if let (Some(held), Some(suite)) = (self.legs.get_mut(&leg), suite) {
            // The key stays while the suite does: what is sent goes on under it.
            let key =
                held.secret.filter(|(own, _)| *own == suite).map_or_else(draw, |(_, key)| key);
            held.secret = Some((suite, key));
        }
        let held = self.legs.get(&leg).ok_or(PlaneFault::WrongState)?;
        let ability = self.ability(held, Direction::SendRecv, mux);
        let (ours, agreed) = fits(&ability, held.session, held.ours.as_ref())?;
        let mut agreement = agreement(&agreed, &ours, &theirs).ok_or(PlaneFault::Unfit)?;
        if let Some((_, key)) = held.secret {
            let line = theirs.media.get(agreed.line).ok_or(PlaneFault::Unfit)?;
            agreement.keys = Some(keys(line, &key).ok_or(PlaneFault::Unfit)?);
        }
        let (sdp, way, mate) = (ours.to_string(), agreement.way, held.mate);
        let spoken = agreement.codecs.spoken().map(|(_, coding)| coding);
        if let Some(held) = self.legs.get_mut(&leg) {
            (held.ours, held.offered, held.spoken) = (Some(ours), false, spoken);
        }
        match line {
            Some(mut line) => {
                line.agree(agreement, Micros(clock::micros()));
                self.ask(mate, Order::Begin(line));
            }
            None => self.ask(mate, Order::Agree(leg, agreement)),
        }
        Ok(Agreed { sdp, way })
    }

    fn settle(&mut self, leg: Leg, with: Option<Leg>) -> Option<String> {
        let with = with.and_then(|with| self.legs.get(&with));
        let fit = with.map(|held| held.pictures.codings()).unwrap_or_default();
        let held = self.legs.get_mut(&leg).filter(|held| held.web)?;
        picture::line(held.ours.as_ref()?)?;
        held.pictures.narrow(&fit);
        held.fit = Some(fit);
        let (mate, pictures) = (held.mate, held.pictures.clone());
        let ours = held.ours.as_mut()?;
        pictures.cut(ours);
        let sdp = ours.to_string();
        self.ask(mate, Order::Picture(leg, pictures));
        Some(sdp)
    }

    fn again(&mut self, leg: Leg, hold: bool) -> Result<String, PlaneFault> {
        let held = self.legs.get(&leg).ok_or(PlaneFault::WrongState)?;
        if held.web {
            let made = self.ask_web(leg, Ask::Offer { hold })?;
            let held = self.legs.get(&leg).ok_or(PlaneFault::WrongState)?;
            let ours = if made.is_empty() { held.ours.clone() } else { read(&made) };
            let mut ours = ours.ok_or(PlaneFault::WrongState)?;
            self.cut(leg, &mut ours);
            let held = self.legs.get_mut(&leg).ok_or(PlaneFault::WrongState)?;
            let sdp = ours.to_string();
            (held.ours, held.offered) = (Some(ours), true);
            return Ok(sdp);
        }
        let earlier = held.ours.as_ref().ok_or(PlaneFault::WrongState)?;
        let mux = earlier.media.iter().any(sdp::Media::has_rtcp_mux);
        let direction = if hold { Direction::SendOnly } else { Direction::SendRecv };
        let offer = self.ability(held, direction, mux).offer(held.session, Some(earlier));
        let text = offer.to_string();
        if let Some(held) = self.legs.get_mut(&leg) {
            (held.ours, held.offered) = (Some(offer), true);
        }
        Ok(text)
    }

    fn hear(&mut self, leg: Leg, what: Hear) {
        let Some(held) = self.legs.get_mut(&leg) else { return };
        if held.hear == what {
            return;
        }
        held.hear = what.clone();
        let program = match &what {
            Hear::Nothing => Program::Nothing,
            Hear::Itself => Program::Itself,
            Hear::Sound(sound) => Program::Those(Vec::new(), vec![self.sounds.play(sound)]),
            Hear::Those(legs, sounds) => {
                let mut all = vec![leg];
                all.extend(legs);
                self.assemble(&all);
                let play = |sound: &Sound| self.sounds.play(sound);
                Program::Those(legs.clone(), sounds.iter().map(play).collect())
            }
        };
        if let Some(held) = self.legs.get(&leg) {
            self.ask(held.mate, Order::Hear(leg, program));
        }
    }

    fn press(&mut self, leg: Leg, key: char, millis: u32) {
        if let (Some(held), Some(key)) = (self.legs.get(&leg), Key::of_char(key)) {
            self.ask(held.mate, Order::Press(leg, key, millis));
        }
    }

    fn close(&mut self, leg: Leg) {
        let Some(held) = self.legs.remove(&leg) else { return };
        if let Some(load) = self.loads.get_mut(held.mate) {
            *load = load.saturating_sub(1);
        }
        self.ask(held.mate, Order::Close(leg));
    }

    fn begin(&mut self, tape: Tape, about: About) {
        let mate = self.idlest();
        self.way.tell(Piece::Begin(tape, about));
        self.tapes.insert(tape, Spool { mate, left: Vec::new(), right: Vec::new() });
        self.ask(mate, Order::BeginTape(Reel::new(tape, self.way.clone())));
    }

    fn record(&mut self, tape: Tape, left: &[Leg], right: &[Leg]) {
        let all: Vec<_> = left.iter().chain(right).copied().collect();
        self.assemble(&all);
        let mate = all.iter().find_map(|leg| Some(self.legs.get(leg)?.mate));
        let Some(spool) = self.tapes.get_mut(&tape) else { return };
        (spool.left, spool.right) = (left.to_vec(), right.to_vec());
        // It follows its legs.
        let from = spool.mate;
        if let Some(to) = mate.filter(|to| *to != from) {
            spool.mate = to;
            if let Some(mate) = self.mates.get(to).cloned() {
                mate.ask(Order::Expect);
                self.ask(from, Order::GiveTape(tape, mate));
            }
        }
        let mate = mate.unwrap_or(from);
        self.ask(mate, Order::Record(tape, left.to_vec(), right.to_vec()));
    }

    fn pause(&mut self, tape: Tape, why: Option<Pause>) {
        if let Some(spool) = self.tapes.get(&tape) {
            self.ask(spool.mate, Order::Pause(tape, why));
        }
    }

    fn stop(&mut self, tape: Tape) {
        if let Some(spool) = self.tapes.remove(&tape) {
            self.ask(spool.mate, Order::Stop(tape));
        }
    }

    fn gather(&mut self) {
        self.gathering = true;
    }

    fn flush(&mut self) {
        self.gathering = false;
        self.ring();
    }
}

impl Drop for Engine {
    /// Tapes are ended, threads waited for.
    fn drop(&mut self) {
        self.mates.drain(..).for_each(|mate| mate.ask(Order::End));
        // The thread that writes ends when nobody can send to it any more.
        let (pieces, _) = mpsc::channel();
        self.way = tape::Way::new(pieces);
        for thread in self.threads.drain(..).rev() {
            let _ = thread.join();
        }
    }
}

/// So many bytes of chance.
fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    chance::fill(&mut bytes);
    bytes
}

/// What telephones know, one law first; and keys.
fn g711(first: Law) -> Vec<Codec> {
    let codec =
        |law: Law| Codec::new(law.payload(), if law == Law::A { "PCMA" } else { "PCMU" }, 8_000, 1);
    let second = if first == Law::A { Law::Mu } else { Law::A };
    let mut keys = Codec::new(101, "telephone-event", 8_000, 1);
    keys.format = Some("0-15".into());
    vec![codec(first), codec(second), keys]
}

/// What a thread has to know of an agreement; none when the lines are not there.
fn agreement(agreed: &sdp::Agreed, ours: &Sdp, theirs: &Sdp) -> Option<Agreement> {
    let (own, other) = (ours.media.get(agreed.line)?, theirs.media.get(agreed.line)?);
    // An address of zeros is an old way to say hold, and no place to send to.
    let address = agreed.address.filter(|address| !address.is_unspecified());
    let at = |port: u16| address.filter(|_| port != 0).map(|ip| SocketAddr::new(ip, port));
    let (we_send, we_hear) = agreed.direction.ways();
    Some(Agreement {
        rtp: at(agreed.port),
        rtcp: at(agreed.rtcp_port),
        mux: own.has_rtcp_mux() && other.has_rtcp_mux(),
        codecs: Codecs::of(own, other),
        way: Way { sends: we_hear, hears: we_send },
        keys: None,
    })
}

/// Whether a line is RTP in the clear.
fn is_plain(media: &sdp::Media) -> bool {
    matches!(&*media.protocol, "RTP/AVP" | "RTP/AVPF")
}

/// The suite of a line of SRTP that is taken: the first whose key can be read.
fn wanted(media: &sdp::Media) -> Option<Suite> {
    if &*media.kind != "audio" || media.port == 0 || !media.protocol.starts_with("RTP/SAVP") {
        return None;
    }
    let suite = |crypto: &sdp::Crypto| {
        Suite::of(&crypto.suite).filter(|suite| Master::read(*suite, &crypto.key).is_some())
    };
    media.cryptos().iter().find_map(suite)
}

/// What is offered beside a suite: those whose keys are as long as its.
fn offered(suite: Suite) -> impl Iterator<Item = Suite> {
    [suite, Suite::Short].into_iter().take(if suite == Suite::Long { 2 } else { 1 })
}

/// Our key and theirs, by the suite of their line.
fn keys(theirs: &sdp::Media, key: &[u8; KEY]) -> Option<(Master, Master)> {
    let suite = wanted(theirs)?;
    let crypto = theirs.cryptos().into_iter().find(|crypto| *crypto.suite == *suite.name())?;
    Some((Master::of(suite, key)?, Master::read(suite, &crypto.key)?))
}

/// Whether an offer is a browser's: it has the fingerprint of a certificate.
fn is_web(sdp: &Sdp) -> bool {
    sound(sdp).is_some_and(|media| sdp.attribute(media, "fingerprint").is_some())
}

/// The line of sound.
fn sound(sdp: &Sdp) -> Option<&sdp::Media> {
    sdp.media.iter().find(|media| &*media.kind == "audio" && media.port != 0)
}

/// The direction that a line states, whatever its address.
fn stated(media: &sdp::Media) -> Direction {
    media
        .attributes
        .iter()
        .find_map(|attribute| {
            [Direction::SendOnly, Direction::RecvOnly, Direction::Inactive]
                .into_iter()
                .find(|direction| direction.as_str() == &*attribute.name)
        })
        .unwrap_or_default()
}

fn read(sdp: &str) -> Option<Sdp> {
    Sdp::parse(sdp.as_bytes()).ok()
}

fn text(sdp: &[u8]) -> Result<String, PlaneFault> {
    String::from_utf8(sdp.to_vec()).map_err(|_| PlaneFault::Unreadable)
}
