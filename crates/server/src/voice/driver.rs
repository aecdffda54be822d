//! The thread that holds the switch. In each round it takes a share of everything that waits: facts and answers first, so
//! that what was begun is finished, then datagrams, connections, what the media plane noticed, and time.

use super::Make;
use super::chat::Chats;
use super::datagram::{DATAGRAM, Datagrams};
use super::dial::Dial;
use super::flows::{Arrival, Outlet};
use super::line::{Line, News};
use super::load::Load;
use super::tally::Tally;
use crate::listen::door::Door;
use crate::{chance, clock};
use domain::time::Millis;
use facade::door::{Cx, RealmNo};
use facade::voice::plane::{Noticed, Plane};
use facade::voice::{Output, Voice};
use sip::flow::Flow;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Sleep;

/// How much of each kind is taken in a round.
const SHARE: usize = 64;

/// How long is waited when a realm's decider takes no more.
const PATIENCE: Duration = Duration::from_millis(5);

/// Everything that the thread holds.
pub(super) struct Driver {
    door: Arc<Door>,
    make: Make,
    datagrams: Datagrams,
    /// The datagram that was read last.
    buffer: Box<[u8]>,
    arrivals: mpsc::Receiver<Arrival>,
    dial: Dial,
    chats: Chats,
    stop: watch::Receiver<bool>,
    switch: Switch,
}

/// What is made anew after a bug.
pub(super) struct Switch {
    voice: Voice,
    plane: Box<dyn Plane + Send>,
    noticed: mpsc::UnboundedReceiver<Noticed>,
    lines: Vec<Line>,
    outlets: HashMap<Flow, Outlet>,
    /// Connections that do not take what they are sent.
    stalled: Vec<Flow>,
    wake: Option<Millis>,
    load: Load,
    shed: bool,
    registered: usize,
    tally: Tally,
}

/// Runs until the server stops.
pub(super) async fn run(driver: &mut Driver) {
    let mut stop = driver.stop.clone();
    let mut stopped = std::pin::pin!(stop.wait_for(|stop| *stop));
    let mut timer = Box::pin(tokio::time::sleep(Duration::ZERO));
    driver.begin();
    loop {
        let more = poll_fn(|cx| {
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(false);
            }
            // A bug of the switch ends its calls, not the thread.
            match catch_unwind(AssertUnwindSafe(|| driver.round(cx, timer.as_mut()))) {
                Ok(0) => Poll::Pending,
                Ok(_) => Poll::Ready(true),
                Err(_) => {
                    driver.buffer = vec![0; DATAGRAM].into();
                    driver.begin_anew();
                    Poll::Ready(true)
                }
            }
        })
        .await;
        if !more {
            return;
        }
    }
}

impl Switch {
    pub(super) fn new(door: &Arc<Door>, make: &Make) -> io::Result<Self> {
        let (plane, noticed) = (make.plane)()?;
        let mut seed = [0; 32];
        chance::fill(&mut seed);
        Ok(Self {
            voice: Voice::new(make.config.clone(), seed),
            plane,
            noticed,
            lines: door.realms.iter().cloned().map(Line::new).collect(),
            outlets: HashMap::new(),
            stalled: Vec::new(),
            wake: None,
            load: Load::default(),
            shed: false,
            registered: 0,
            tally: Tally::default(),
        })
    }
}

impl Driver {
    pub(super) fn new(
        door: Arc<Door>,
        make: Make,
        datagrams: Datagrams,
        arrivals: mpsc::Receiver<Arrival>,
        dial: Dial,
        chats: Chats,
        switch: Switch,
    ) -> Self {
        let stop = door.stop.clone();
        let buffer = vec![0; DATAGRAM].into();
        Self { door, make, datagrams, buffer, arrivals, dial, chats, stop, switch }
    }

    fn begin(&mut self) {
        let realms: Vec<RealmNo> = self.switch.lines.iter().map(|line| line.realm.no).collect();
        self.step(|voice, cx, plane| voice.start(cx, plane, &realms));
    }

    fn begin_anew(&mut self) {
        tracing::error!("the switch has a bug and is begun anew; its calls are lost");
        // Connections end with their outlets; whoever is behind them comes again.
        self.chats.forget_all();
        match Switch::new(&self.door, &self.make) {
            Ok(switch) => self.switch = switch,
            Err(fault) => tracing::error!(%fault, "no media plane could be made"),
        }
        self.begin();
    }

    /// One step of the switch, and all that it wants done.
    fn step(&mut self, step: impl FnOnce(&mut Voice, &mut Cx<'_>, &mut dyn Plane)) {
        let Self { door, switch, dial, datagrams, chats, .. } = self;
        door.step(|cx| {
            step(&mut switch.voice, cx, switch.plane.as_mut());
            switch.carry_out(datagrams, dial, chats);
            while let Some(flow) = switch.stalled.pop() {
                switch.outlets.remove(&flow);
                switch.tally.unsent.increment(1);
                switch.voice.closed(cx, switch.plane.as_mut(), flow);
                switch.carry_out(datagrams, dial, chats);
            }
        });
    }

    /// Takes a share of all that waits. Returns how much there was.
    fn round(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> usize {
        self.switch.plane.gather();
        let mut done = self.news(cx);
        done += self.receive(cx);
        done += self.arrive(cx);
        for _ in 0..SHARE {
            let Poll::Ready(Some(noticed)) = self.switch.noticed.poll_recv(cx) else { break };
            done += 1;
            self.step(|voice, cx, plane| voice.noticed(cx, plane, noticed));
        }
        done += self.time(cx, timer.as_mut());
        self.switch.plane.flush();
        let undecided = self.switch.lines.iter().map(|line| line.undecided).sum();
        let shed = self.switch.load.round(clock::now(), done == 0, undecided);
        let registered = self.switch.voice.registered();
        if registered != self.switch.registered {
            self.switch.registered = registered;
            self.switch.tally.registered.set(count(registered));
        }
        if shed != self.switch.shed {
            self.switch.shed = shed;
            self.switch.voice.shed(shed);
            self.switch.tally.overload.set(if shed { 1.0 } else { 0.0 });
            tracing::warn!(
                undecided,
                "{}",
                if shed {
                    "there is too much to do: new calls are refused"
                } else {
                    "new calls are taken again"
                }
            );
        }
        done
    }

    /// Facts, outcomes and answers.
    fn news(&mut self, cx: &mut Context<'_>) -> usize {
        let mut done = 0;
        for n in 0..self.switch.lines.len() {
            for _ in 0..4 * SHARE {
                let Some(line) = self.switch.lines.get_mut(n) else { break };
                let no = line.realm.no;
                let Poll::Ready(news) = line.poll(cx) else { break };
                done += 1;
                self.step(|voice, cx, plane| match news {
                    News::Fact(fact) => voice.fact(cx, plane, no, &fact),
                    News::Outcome(ticket, outcome) => voice.outcome(cx, plane, ticket, outcome),
                    News::Answer(ticket, answer, seq) => {
                        voice.answer(cx, plane, ticket, answer, seq);
                    }
                    News::Signal(signal) => voice.signal(cx, plane, no, &signal),
                    News::Missed => voice.start(cx, plane, &[no]),
                });
            }
        }
        done
    }

    fn receive(&mut self, cx: &mut Context<'_>) -> usize {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut taken = 0;
        while taken < SHARE
            && let Some((flow, length)) = self.datagrams.receive(cx, &mut buffer)
        {
            taken += 1;
            let bytes = buffer.get(..length).unwrap_or_default();
            self.switch.tally.received(bytes);
            self.step(|voice, cx, plane| voice.input(cx, plane, flow, bytes));
        }
        self.buffer = buffer;
        taken
    }

    fn arrive(&mut self, cx: &mut Context<'_>) -> usize {
        let mut taken = 0;
        while taken < SHARE
            && let Poll::Ready(Some(arrival)) = self.arrivals.poll_recv(cx)
        {
            taken += 1;
            match arrival {
                Arrival::Open(flow, outlet) => {
                    self.switch.outlets.insert(flow, outlet);
                }
                Arrival::Bytes(flow, bytes) => {
                    // One that was closed has nothing more to say.
                    if self.switch.outlets.contains_key(&flow) {
                        self.switch.tally.received(&bytes);
                        self.step(|voice, cx, plane| voice.input(cx, plane, flow, &bytes));
                    }
                }
                Arrival::Found(ticket, way) => {
                    self.step(|voice, cx, plane| voice.opened(cx, plane, ticket, way));
                }
                Arrival::Chat(chat, frame) => {
                    if frame.is_none() {
                        self.chats.forget(chat);
                    }
                    self.step(|voice, cx, plane| voice.chatted(cx, plane, chat, frame.as_deref()));
                }
                Arrival::Closed(flow) => {
                    self.switch.outlets.remove(&flow);
                    self.step(|voice, cx, plane| voice.closed(cx, plane, flow));
                }
            }
        }
        if taken > 0 {
            self.switch.tally.connections.set(count(self.switch.outlets.len()));
        }
        taken
    }

    /// What is due; and when to wake next.
    fn time(&mut self, cx: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> usize {
        let mut done = 0;
        if self.switch.wake.is_some_and(|at| at <= clock::now()) {
            done += 1;
            self.step(|voice, cx, plane| voice.timeout(cx, plane));
            self.switch.tally.refused.absolute(self.switch.voice.refused());
        }
        let mut blocked = false;
        for line in &mut self.switch.lines {
            blocked |= line.hand_over();
        }
        let wake = self.switch.wake.map(clock::instant_of);
        let again = blocked.then(|| clock::instant() + PATIENCE);
        let far = clock::instant() + Duration::from_hours(1);
        let next = wake.into_iter().chain(again).min().unwrap_or(far);
        if timer.deadline() != next {
            timer.as_mut().reset(next);
        }
        if timer.poll(cx).is_ready() {
            done += 1;
        }
        done
    }
}

impl Switch {
    /// Does what the switch wants.
    fn carry_out(&mut self, datagrams: &Datagrams, dial: &Dial, chats: &mut Chats) {
        loop {
            match self.voice.poll() {
                Output::Send(flow, bytes) => self.send(datagrams, flow, bytes),
                Output::Close(flow) => {
                    self.outlets.remove(&flow);
                }
                Output::Do { realm, ticket, name, command } => {
                    if let Some(line) = self.line(realm) {
                        line.act(ticket, name, command);
                    }
                }
                Output::Read { realm, ticket, query } => {
                    if let Some(line) = self.line(realm) {
                        line.read(ticket, query);
                    }
                }
                Output::Open { ticket, transport, host } => dial.open(ticket, transport, &host),
                Output::Chat(chat, what) => chats.take(chat, what),
                Output::Watch(realm, topic) => {
                    if let Some(line) = self.line(realm) {
                        line.watch(topic);
                    }
                }
                Output::Wait(wake) => {
                    self.wake = wake;
                    return;
                }
            }
        }
    }

    fn line(&mut self, realm: RealmNo) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.realm.no == realm)
    }

    fn send(&mut self, datagrams: &Datagrams, flow: Flow, bytes: Arc<[u8]>) {
        self.tally.sent(&bytes);
        if !flow.transport.is_reliable() {
            if !datagrams.send(flow, &bytes) {
                self.tally.unsent.increment(1);
            }
            return;
        }
        match self.outlets.get(&flow) {
            Some(outlet) if outlet.put(bytes) => {}
            // It is closed, and the switch has heard so.
            None => self.tally.unsent.increment(1),
            Some(_) => {
                if !self.stalled.contains(&flow) {
                    self.stalled.push(flow);
                }
            }
        }
    }
}

/// A count, as gauges have it.
#[expect(clippy::cast_precision_loss, reason = "a gauge for people")]
const fn count(number: usize) -> f64 {
    number as f64
}
