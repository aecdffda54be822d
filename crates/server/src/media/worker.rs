//! One media thread: its legs, the packets that come, and the frames that are due.
//!
//! A packet that only goes on costs one `recv` and one `send` and what lies between them: no channel, no lock, no memory. All
//! that is asked of a thread comes as [`Order`]s by a channel and a bell.

mod house;
mod packet;
mod tick;
mod web;

use super::line::{Agreement, Line, Plan, Program};
use super::meter::{Counts, Meters};
use super::picture::Pictures;
use super::tape::Reel;
use super::web::{Ask, Refused};
use super::wires::Wires;
use crate::clock;
use facade::voice::plane::{Leg, Noticed, Pause, Tape};
use media::dtmf::Key;
use media::leg::LegId;
use media::sound::FRAME;
use media::time::Micros;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use tokio::sync::mpsc::UnboundedSender;

/// Between two frames.
const TICK: Micros = Micros::from_millis(20);
/// Between two looks after everything.
const ROUND: Micros = Micros::from_millis(1_000);
/// The most datagrams of which the system tells at a time.
const EVENTS: usize = 256;
/// What the bell is called among sockets.
const BELL: u64 = u64::MAX;
/// What the socket that browsers share is called.
const WEB: u64 = u64::MAX - 1;
/// What the socket is called at which browsers connect that no datagram reaches; and what of a name says that it is a
/// connection's. The turn of a leg has 31 bits.
const LISTENER: u64 = u64::MAX - 2;
const STREAM: u64 = 1 << 63;
/// Who speaks when the house does.
const HOUSE: LegId = LegId(u32::MAX);
/// More packets than this within a tick, and the thread gathers some before it looks again, instead of waking for each.
const BUSY: u64 = 40;
/// For how long it gathers them.
const GATHER: std::time::Duration = std::time::Duration::from_micros(250);

/// What is asked of a thread.
pub(super) enum Order {
    /// A leg begins.
    Begin(Box<Line>),
    /// A leg comes from another thread.
    Take(Box<Line>),
    /// A leg is to come from another thread: what follows waits for it.
    Expect,
    /// A leg goes to another thread.
    Give(Leg, Mate),
    /// What was agreed for a leg.
    Agree(Leg, Agreement),
    /// What was agreed for a leg's pictures.
    Picture(Leg, Pictures),
    /// Something that a browser's session must be asked, and where its answer is awaited.
    Ask(Leg, Ask, Sender<Result<String, Refused>>),
    /// What a leg hears.
    Hear(Leg, Program),
    /// A key to be played to a leg.
    Press(Leg, Key, u32),
    /// A leg is over.
    Close(Leg),
    /// A tape begins.
    BeginTape(Reel),
    /// A tape comes from another thread.
    TakeTape(Reel),
    /// A tape goes to another thread.
    GiveTape(Tape, Mate),
    /// Who is on a tape.
    Record(Tape, Vec<Leg>, Vec<Leg>),
    /// Silence on a tape, or sound again.
    Pause(Tape, Option<Pause>),
    /// A tape is over.
    Stop(Tape),
    /// The thread is over.
    End,
}

/// Another thread, or one's own.
#[derive(Clone)]
pub(super) struct Mate {
    pub(super) orders: Sender<Order>,
    pub(super) bell: Arc<EventFd>,
}

impl Mate {
    /// Asks it; a thread that is over is asked in vain.
    pub(super) fn ask(&self, order: Order) {
        if self.put(order) {
            self.ring();
        }
    }

    /// Asks it, and leaves the bell to be rung later. False: it is over.
    pub(super) fn put(&self, order: Order) -> bool {
        self.orders.send(order).is_ok()
    }

    pub(super) fn ring(&self) {
        let _ = self.bell.write(1);
    }
}

/// A place and its turn: what a line has left in a list before it went is not taken for that of the next one.
type Listed = (usize, u32);

/// Where packets come from, and whether by TCP.
pub(super) type Source = (SocketAddr, bool);

/// One media thread.
pub(super) struct Worker {
    epoll: Epoll,
    bell: Arc<EventFd>,
    orders: Receiver<Order>,
    tell: UnboundedSender<Noticed>,
    /// How long a leg is silent before that is told, in milliseconds.
    silence: u64,
    lines: Vec<Option<Box<Line>>>,
    /// How often a place was taken, so that what came for the one before is not taken for the next.
    turns: Vec<u32>,
    free: Vec<usize>,
    places: HashMap<Leg, usize>,
    /// The socket that all browsers share; one thread has it.
    web: Option<Wires>,
    /// By the name in STUN messages, and by the source of other datagrams: the place of a browser's leg.
    names: HashMap<String, usize>,
    sources: HashMap<Source, usize>,
    webs: Vec<usize>,
    /// By leg: the places of those who shall hear it.
    fans: HashMap<Leg, Vec<usize>>,
    reels: Vec<Reel>,
    expected: i32,
    waiting: Vec<Order>,
    /// Places for which frames are made every 20 ms, and those whose sound is taken as frames.
    framed: Vec<Listed>,
    tapped: Vec<Listed>,
    next_tick: Micros,
    next_round: Micros,
    datagram: Box<[u8; 2_048]>,
    copy: Box<[u8; 2_048]>,
    voices: Vec<[i16; FRAME]>,
    counts: Counts,
    meters: Meters,
    /// Packets since the last tick.
    load: u64,
    over: bool,
}

impl Worker {
    /// A thread's worth of everything; [`Self::run`] is what the thread does.
    pub(super) fn new(
        bell: Arc<EventFd>,
        orders: Receiver<Order>,
        tell: UnboundedSender<Noticed>,
        silence: u64,
        web: Option<Wires>,
    ) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&*bell, EpollEvent::new(EpollFlags::EPOLLIN, BELL))?;
        if let Some(web) = &web {
            epoll.add(&web.udp, EpollEvent::new(EpollFlags::EPOLLIN, WEB))?;
            // Once for whoever comes: where the system has no descriptor to give, it would tell of them for ever.
            let listen = EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, LISTENER);
            web.with_listener(|listener| epoll.add(listener, listen)).transpose()?;
        }
        Ok(Self {
            epoll,
            bell,
            orders,
            tell,
            silence,
            lines: Vec::new(),
            turns: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            web,
            names: HashMap::new(),
            sources: HashMap::new(),
            webs: Vec::new(),
            fans: HashMap::new(),
            reels: Vec::new(),
            expected: 0,
            waiting: Vec::new(),
            framed: Vec::new(),
            tapped: Vec::new(),
            next_tick: Micros::default(),
            next_round: Micros::default(),
            datagram: Box::new([0; 2_048]),
            copy: Box::new([0; 2_048]),
            voices: Vec::new(),
            counts: Counts::default(),
            meters: Meters::new(),
            load: 0,
            over: false,
        })
    }

    /// Until [`Order::End`]. A bug that one packet meets must not end the calls of all others: it is logged where panics are, and
    /// the thread goes on.
    pub(super) fn run(mut self) {
        let mut events = vec![EpollEvent::empty(); EVENTS];
        let mut now = Micros(clock::micros());
        while !self.over {
            let turn = AssertUnwindSafe(|| self.turn(&mut events, now));
            now = catch_unwind(turn).unwrap_or_else(|_| Micros(clock::micros()));
        }
    }

    /// Waits for what comes, and does what is due; tells what time it was.
    fn turn(&mut self, events: &mut [EpollEvent], before: Micros) -> Micros {
        let count = self.epoll.wait(events, self.patience(before)).unwrap_or(0);
        let now = Micros(clock::micros());
        for event in events.iter().take(count) {
            match event.data() {
                BELL => {
                    let _ = self.bell.read();
                    while let Ok(order) = self.orders.try_recv() {
                        self.order(order, now);
                    }
                }
                WEB => self.browsers(now),
                LISTENER => self.accept(now),
                name if name & STREAM != 0 => self.stream(name & !STREAM, now),
                name => self.datagram(name, now),
            }
        }
        let busy = self.load > BUSY;
        if now >= self.next_tick {
            self.load = 0;
            let due = self.next_tick.plus(TICK);
            // After a pause nobody waits for what was due in it.
            self.next_tick = if now.since(due) > TICK { now.plus(TICK) } else { due };
            self.tick(now);
        }
        if now >= self.next_round {
            self.next_round = now.plus(ROUND);
            self.round(now);
        }
        if busy && count < EVENTS / 4 {
            std::thread::sleep(GATHER);
        }
        now
    }

    /// How long nothing is due.
    fn patience(&self, now: Micros) -> EpollTimeout {
        let idle = self.framed.is_empty() && self.reels.is_empty() && self.webs.is_empty();
        let due = if idle { self.next_round } else { self.next_tick.min(self.next_round) };
        let millis = due.since(now).0.div_ceil(1_000);
        EpollTimeout::try_from(millis).unwrap_or(EpollTimeout::ZERO)
    }

    fn order(&mut self, order: Order, now: Micros) {
        match order {
            Order::Expect => self.expected += 1,
            Order::Take(line) => {
                self.take(line, now);
                self.arrived(now);
            }
            Order::TakeTape(reel) => {
                self.take_tape(reel);
                self.arrived(now);
            }
            order if self.expected > 0 => self.waiting.push(order),
            order => self.obey(order, now),
        }
    }

    fn arrived(&mut self, now: Micros) {
        self.expected -= 1;
        if self.expected <= 0 {
            for order in std::mem::take(&mut self.waiting) {
                self.obey(order, now);
            }
        }
    }

    fn obey(&mut self, order: Order, now: Micros) {
        match order {
            Order::Begin(line) | Order::Take(line) => self.take(line, now),
            Order::BeginTape(reel) | Order::TakeTape(reel) => self.take_tape(reel),
            Order::Expect => self.expected += 1,
            Order::Give(leg, mate) => {
                if let Some(line) = self.leave(leg) {
                    mate.ask(Order::Take(line));
                }
            }
            Order::Agree(leg, agreement) => {
                if let Some(line) = self.line(leg) {
                    line.agree(agreement, now);
                }
                self.touch(leg);
            }
            Order::Picture(leg, pictures) => {
                if let Some(line) = self.line(leg) {
                    line.pictures = pictures;
                }
                self.touch(leg);
            }
            Order::Ask(leg, ask, answer) => {
                let _ = answer.send(self.ask_web(leg, ask));
            }
            Order::Hear(leg, program) => {
                if let Some(place) = self.places.get(&leg).copied() {
                    self.forget(place);
                    if let Some(line) = self.at(place) {
                        line.hear(program);
                    }
                    self.plan(place);
                }
            }
            Order::Press(leg, key, millis) => {
                if let Some(place) = self.places.get(&leg).copied() {
                    if let Some(line) = self.at(place) {
                        line.press(key, millis);
                    }
                    self.list(place);
                }
            }
            Order::Close(leg) => {
                if let Some(line) = self.leave(leg) {
                    let quality = line.quality();
                    if quality.received > 0 {
                        self.meters.score.record(f64::from(quality.mos));
                    }
                    let _ = self.tell.send(Noticed::Report(leg, quality));
                }
            }
            Order::GiveTape(tape, mate) => {
                if let Some(reel) = self.leave_tape(tape) {
                    mate.ask(Order::TakeTape(reel));
                }
            }
            Order::Record(tape, left, right) => {
                if let Some(mut reel) = self.leave_tape(tape) {
                    (reel.left, reel.right) = (left, right);
                    self.take_tape(reel);
                }
            }
            Order::Pause(tape, why) => {
                if let Some(reel) = self.reels.iter_mut().find(|reel| reel.tape == tape) {
                    reel.pause(why);
                }
            }
            Order::Stop(tape) => {
                if let Some(reel) = self.leave_tape(tape) {
                    reel.stop();
                }
            }
            Order::End => {
                for reel in std::mem::take(&mut self.reels) {
                    reel.stop();
                }
                self.over = true;
            }
        }
    }

    fn at(&mut self, place: usize) -> Option<&mut Line> {
        self.lines.get_mut(place)?.as_deref_mut()
    }

    fn line(&mut self, leg: Leg) -> Option<&mut Line> {
        let place = *self.places.get(&leg)?;
        self.at(place)
    }

    /// A leg is of this thread from now on.
    fn take(&mut self, line: Box<Line>, now: Micros) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.lines.push(None);
            self.turns.push(0);
            self.lines.len() - 1
        });
        let turn = u64::from(self.turns.get(place).copied().unwrap_or(0));
        let name = turn << 32 | (place as u64) << 1;
        if let Some((rtp, rtcp)) = &line.sockets {
            let watch = |name| EpollEvent::new(EpollFlags::EPOLLIN, name);
            let came = self.epoll.add(rtp, watch(name));
            if let Err(fault) = came.and_then(|()| self.epoll.add(rtcp, watch(name | 1))) {
                tracing::error!(%fault, "a leg's sockets cannot be watched");
            }
        }
        let leg = line.leg;
        if let Some(slot) = self.lines.get_mut(place) {
            *slot = Some(line);
        }
        self.places.insert(leg, place);
        self.meters.legs.increment(1.0);
        self.take_web(place);
        if self.next_tick < now {
            self.next_tick = now;
        }
        let tapes = self.reels.iter().filter(|reel| reel.has(leg)).count();
        for _ in 0..tapes {
            self.tap(place);
        }
        self.plan(place);
        self.touch(leg);
        if self.at(place).is_some_and(|line| line.press.is_some() || !line.presses.is_empty()) {
            self.list(place);
        }
    }

    /// A leg is not of this thread any more.
    fn leave(&mut self, leg: Leg) -> Option<Box<Line>> {
        let place = self.places.remove(&leg)?;
        self.forget(place);
        let mut line = self.lines.get_mut(place)?.take()?;
        if let Some((rtp, rtcp)) = &line.sockets {
            let _ = self.epoll.delete(rtp);
            let _ = self.epoll.delete(rtcp);
        }
        self.leave_web(place);
        if let Some(turn) = self.turns.get_mut(place) {
            // The upper half of an event's name; the bell's name has all bits.
            *turn = turn.wrapping_add(1) & 0x7FFF_FFFF;
        }
        self.free.push(place);
        self.meters.legs.decrement(1.0);
        line.hearers.clear();
        line.watchers.clear();
        (line.taps, line.tap) = (0, None);
        (line.decoder, line.encoder) = (None, None);
        (line.listed, line.list_tapped) = (false, false);
        self.touch(leg);
        Some(line)
    }

    /// What was planned for those who shall hear a leg is planned anew.
    fn touch(&mut self, leg: Leg) {
        let mut hearers = self.fans.get(&leg).cloned().unwrap_or_default();
        hearers.extend(self.places.get(&leg));
        hearers.sort_unstable();
        hearers.dedup();
        for place in hearers {
            self.plan(place);
        }
    }

    /// Nobody is to know any more what this place was to hear.
    fn forget(&mut self, place: usize) {
        self.unplan(place);
        let Some(line) = self.at(place) else { return };
        let program = std::mem::replace(&mut line.program, Program::Nothing);
        if let Program::Those(legs, _) = &program {
            for leg in legs {
                if let Some(fan) = self.fans.get_mut(leg) {
                    fan.retain(|own| *own != place);
                    if fan.is_empty() {
                        self.fans.remove(leg);
                    }
                }
            }
        }
        // A leg that moves keeps what it shall hear.
        if let Some(line) = self.at(place) {
            line.program = program;
        }
    }

    fn unplan(&mut self, place: usize) {
        self.unwatch(place);
        let Some(line) = self.at(place) else { return };
        match std::mem::replace(&mut line.plan, Plan::Nothing) {
            Plan::Nothing => {}
            Plan::Relay(from) => {
                if let Some(speaker) = self.at(from) {
                    speaker.hearers.retain(|own| *own != place);
                }
            }
            Plan::Frames(from) => from.into_iter().for_each(|from| self.untap(from)),
        }
    }

    /// Finds the cheapest way by which a leg hears what it shall.
    fn plan(&mut self, place: usize) {
        self.unplan(place);
        let Some(line) = self.lines.get(place).and_then(Option::as_deref) else { return };
        let leg = line.leg;
        let mut plan = Plan::Nothing;
        let mut seen = None;
        if let Program::Itself = line.program {
            plan = Plan::Relay(place);
        } else if let Program::Those(legs, sounds) = &line.program {
            let of = |leg: &Leg| self.places.get(leg).copied();
            let here: Vec<usize> = legs.iter().filter_map(of).filter(|own| *own != place).collect();
            let spoken = |from: &usize| {
                let from = self.lines.get(*from).and_then(Option::as_deref);
                from.is_some_and(|from| line.codecs.hears(&from.codecs))
            };
            // Pictures are not put together: who hears one sees it, who hears several sees none.
            seen = here.first().copied().filter(|_| legs.len() == 1 && sounds.is_empty());
            plan = match here.as_slice() {
                [] if sounds.is_empty() => Plan::Nothing,
                [one] if sounds.is_empty() && spoken(one) => Plan::Relay(*one),
                _ => Plan::Frames(here),
            };
            for other in legs.clone() {
                let fan = self.fans.entry(other).or_default();
                if other != leg && !fan.contains(&place) {
                    fan.push(place);
                }
            }
        }
        match &plan {
            Plan::Nothing => {}
            Plan::Relay(from) => {
                if let Some(speaker) = self.at(*from) {
                    speaker.hearers.push(place);
                }
            }
            Plan::Frames(from) => {
                from.clone().into_iter().for_each(|from| self.tap(from));
                if let Some(line) = self.at(place) {
                    line.own.run = line.own.run.wrapping_add(1);
                }
            }
        }
        if let Some(seen) = seen {
            self.watch(place, seen);
        }
        let frames = matches!(plan, Plan::Frames(_));
        if let Some(line) = self.at(place) {
            line.plan = plan;
        }
        if frames {
            self.list(place);
        }
    }

    /// Frames are to be made for this place, until there are none to be made.
    fn list(&mut self, place: usize) {
        if let Some(line) = self.at(place).filter(|line| !line.listed) {
            line.listed = true;
            self.framed.push((place, self.turn_of(place)));
        }
    }

    fn tap(&mut self, place: usize) {
        let Some(line) = self.at(place) else { return };
        line.taps += 1;
        line.tap.get_or_insert_with(|| Box::new(super::tap::Tap::new()));
        if !line.list_tapped {
            line.list_tapped = true;
            self.tapped.push((place, self.turn_of(place)));
        }
    }

    /// How often a place was taken.
    fn turn_of(&self, place: usize) -> u32 {
        self.turns.get(place).copied().unwrap_or_default()
    }

    fn untap(&mut self, place: usize) {
        let Some(line) = self.at(place) else { return };
        line.taps = line.taps.saturating_sub(1);
        if line.taps == 0 {
            line.tap = None;
        }
    }

    fn take_tape(&mut self, reel: Reel) {
        for leg in reel.legs() {
            if let Some(place) = self.places.get(&leg).copied() {
                self.tap(place);
            }
        }
        self.reels.push(reel);
    }

    fn leave_tape(&mut self, tape: Tape) -> Option<Reel> {
        let at = self.reels.iter().position(|reel| reel.tape == tape)?;
        let reel = self.reels.swap_remove(at);
        for leg in reel.legs() {
            if let Some(place) = self.places.get(&leg).copied() {
                self.untap(place);
            }
        }
        Some(reel)
    }
}
