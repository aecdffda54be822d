//! What stands between clients and the node: exchanges, sockets, and the façades' own code. Nothing here decides.
//!
//! The server's part is played as the server plays it: a request is a chain of steps, a socket has a mailbox in which
//! answers and published facts stand in order, and when the machine falls both are simply gone.

pub(crate) mod desk;
pub(crate) mod page;
mod site;
pub(crate) mod web;

use crate::world::{Asked, By, Wire, Wish, World};
use domain::chance::Seeded;
use domain::command::Done;
use domain::node::{Published, Topic};
use domain::query::Answer;
use domain::refusal::Refusal;
use domain::signal::Signal;
use domain::time::Millis;
use facade::door::{
    CallFault, Cx, Effect, Fault, Head, Part, Received, Request, Response, Session, Step, Then,
};
use site::Office;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Whose a request or a socket is, by place in the list of clients.
pub(crate) type Client = usize;

enum Wait {
    Outcome(Then<Result<Done, Refusal>>),
    Answer(Then<Result<Answer, Refusal>>),
}

/// A request under way.
struct Exchange {
    client: Client,
    head: Head,
    wait: Wait,
}

/// What lies in a socket's mailbox.
enum Mail {
    Outcome(u64, Result<Result<Done, Refusal>, Fault>),
    Answer(u64, Result<Result<Answer, Refusal>, Fault>, u64),
    Fact(Arc<Published>),
    Signal(Arc<Signal>),
}

/// An open socket.
struct Socket {
    client: Client,
    session: Box<dyn Session>,
    watched: BTreeSet<Topic>,
    wake: Option<Millis>,
    mail: VecDeque<Mail>,
}

/// Everything that is connected.
pub(crate) struct Net {
    site: Office,
    chance: Seeded,
    exchanges: BTreeMap<u64, Exchange>,
    sockets: BTreeMap<u64, Socket>,
    names: u64,
    pub(crate) pages: Vec<page::Page>,
    pub(crate) desks: Vec<desk::Desk>,
    pub(crate) webs: Vec<web::Web>,
}

impl Net {
    /// Nobody is connected yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            site: Office::new(),
            chance: Seeded::new(seed ^ 0x5eed),
            exchanges: BTreeMap::new(),
            sockets: BTreeMap::new(),
            names: 0,
            pages: (0..page::MANY).map(page::Page::new).collect(),
            desks: desk::USERS.iter().map(|user| desk::Desk::new(user)).collect(),
            webs: (0..web::MANY).map(web::Web::new).collect(),
        }
    }

    fn name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    /// A fact is published to whoever watches.
    pub(crate) fn fact(&mut self, published: &Arc<Published>) {
        for socket in self.sockets.values_mut() {
            if published.topics.iter().any(|topic| socket.watched.contains(topic)) {
                socket.mail.push_back(Mail::Fact(published.clone()));
            }
        }
    }

    /// A signal is.
    pub(crate) fn signal(&mut self, signal: &Arc<Signal>, topics: &[Topic]) {
        for socket in self.sockets.values_mut() {
            if topics.iter().any(|topic| socket.watched.contains(topic)) {
                socket.mail.push_back(Mail::Signal(signal.clone()));
            }
        }
    }

    /// Is all mail of this socket read?
    pub(crate) fn is_drained(&self, socket: u64) -> bool {
        self.sockets.get(&socket).is_some_and(|s| s.mail.is_empty())
    }

    /// The machine fell: every connection is gone, and nobody says goodbye.
    pub(crate) fn fell(&mut self) {
        self.exchanges.clear();
        for page in &mut self.pages {
            page.hears_nothing();
        }
        self.sockets_break();
    }

    /// Every socket is gone; requests under way are not.
    pub(crate) fn sockets_break(&mut self) {
        self.sockets.clear();
        for page in &mut self.pages {
            page.fell();
        }
        for desk in &mut self.desks {
            desk.fell();
        }
        for web in &mut self.webs {
            web.lost(None);
        }
    }
}

impl World {
    /// A client, or the network, does something.
    pub(crate) fn net_acts(&mut self) {
        // Web pages are there where stories are about them; all others go on as they always did.
        let webs = if self.by == By::Web { web::MANY } else { 0 };
        let client = self.pick(web::FIRST + webs);
        if client < page::MANY {
            self.page_acts(client);
        } else if client >= web::FIRST {
            self.web_acts(client - web::FIRST);
        } else {
            self.desk_acts(client - page::MANY);
        }
    }

    /// Mail is read, clocks are looked at. Some readers are slow.
    pub(crate) fn net_works(&mut self) {
        let sockets: Vec<u64> = self.net.sockets.keys().copied().collect();
        for socket in sockets {
            while self.net.sockets.get(&socket).is_some_and(|s| !s.mail.is_empty())
                && self.draw.below(20) > 0
            {
                self.read_mail(socket);
            }
            if self
                .net
                .sockets
                .get(&socket)
                .is_some_and(|s| s.wake.is_some_and(|at| at <= self.now))
            {
                if let Some(open) = self.net.sockets.get_mut(&socket) {
                    open.wake = None;
                }
                self.with_socket(socket, |session, cx, out| session.on_time(cx, out));
            }
        }
    }

    /// Sends a request.
    pub(crate) fn request(&mut self, client: Client, request: Request) {
        let step = {
            let mut cx = Cx { now: self.now, chance: &mut self.net.chance, site: &self.net.site };
            facade::route::handle(&mut cx, request.clone())
        };
        self.exchange(client, request.head, step);
    }

    fn exchange(&mut self, client: Client, head: Head, mut step: Step) {
        loop {
            step = match step {
                Step::Reply(response) => return self.reply(client, &response),
                Step::Do(_, _, command, then) => {
                    return self.hang(client, head, Wish::Do(*command), Wait::Outcome(then));
                }
                Step::Read(_, query, then) => {
                    return self.hang(client, head, Wish::Read(*query), Wait::Answer(then));
                }
                Step::Receive { size, then, .. } => {
                    let received = match self.draw.below(8) {
                        0 => Received::Broken,
                        1 => Received::WrongSize,
                        _ => Received::Stored { size, start: b"plain text".to_vec() },
                    };
                    self.go_on(received, then)
                }
                Step::Form { then } => self.go_on(Some(Part { name: "a.txt".to_owned() }), then),
                Step::ReceivePart { then, .. } => {
                    let start = b"plain text".to_vec();
                    self.go_on(Received::Stored { size: 10, start }, then)
                }
                Step::Verify { then, .. } => self.go_on(true, then),
                Step::Hash { then, .. } => self.go_on("$argon2id$".into(), then),
                Step::Send { .. } => {
                    return self.reply(
                        client,
                        &Response { status: 200, headers: Vec::new(), body: Vec::new() },
                    );
                }
                Step::Peaks { then, .. } => self.go_on(None, then),
                Step::Call { then, .. } => self.go_on(Err(CallFault::Away), then),
                // No client here waits long.
                Step::Ask { then, .. } => self.go_on(None, then),
                Step::Upgrade { session, .. } => {
                    self.open(client, session);
                    return;
                }
            };
        }
    }

    fn go_on<T>(&mut self, given: T, then: Then<T>) -> Step {
        let mut cx = Cx { now: self.now, chance: &mut self.net.chance, site: &self.net.site };
        then(&mut cx, given)
    }

    fn hang(&mut self, client: Client, head: Head, wish: Wish, wait: Wait) {
        let name = self.net.name();
        self.net.exchanges.insert(name, Exchange { client, head, wait });
        self.ask(Asked::by_wire(wish, Wire::Exchange(name)));
    }

    /// Takes the connection over as a socket.
    pub(crate) fn open(&mut self, client: Client, session: Box<dyn Session>) {
        let name = self.net.name();
        self.net.sockets.insert(
            name,
            Socket { client, session, watched: BTreeSet::new(), wake: None, mail: VecDeque::new() },
        );
        self.opened(client, name);
        self.with_socket(name, |session, cx, out| session.on_open(cx, out));
    }

    fn opened(&mut self, client: Client, socket: u64) {
        match client.checked_sub(page::MANY) {
            None => self.net.pages[client].opened(socket),
            Some(_) if client >= web::FIRST => self.net.webs[client - web::FIRST].opened(socket),
            Some(desk) => self.net.desks[desk].opened(socket),
        }
    }

    /// A client's text arrives at its socket.
    pub(crate) fn text(&mut self, socket: u64, text: &str) {
        self.with_socket(socket, |session, cx, out| session.on_text(cx, text, out));
    }

    /// A connection breaks, or its client closes it.
    pub(crate) fn hang_up(&mut self, socket: u64) {
        let Some(mut open) = self.net.sockets.remove(&socket) else { return };
        let mut out = Vec::new();
        let mut cx = Cx { now: self.now, chance: &mut self.net.chance, site: &self.net.site };
        open.session.on_close(&mut cx, &mut out);
        for effect in out {
            if let Effect::Do(number, _, command) = effect {
                self.ask(Asked::by_wire(Wish::Do(*command), Wire::Socket(socket, number)));
            }
        }
    }

    /// The server closes every socket, each in good order.
    pub(crate) fn hang_up_all(&mut self) {
        for socket in self.net.sockets.keys().copied().collect::<Vec<_>>() {
            self.hang_up(socket);
        }
        self.net.sockets_break();
    }

    fn with_socket(
        &mut self,
        name: u64,
        act: impl FnOnce(&mut dyn Session, &mut Cx<'_>, &mut Vec<Effect>),
    ) {
        let Some(mut socket) = self.net.sockets.remove(&name) else { return };
        let mut out = Vec::new();
        let mut cx = Cx { now: self.now, chance: &mut self.net.chance, site: &self.net.site };
        act(socket.session.as_mut(), &mut cx, &mut out);
        let client = socket.client;
        let mut wishes = Vec::new();
        let mut sent = Vec::new();
        let mut closed = false;
        for effect in out {
            match effect {
                Effect::Send(text) => sent.push(text),
                Effect::Close(..) => closed = true,
                Effect::Do(number, _, command) => wishes.push((number, Wish::Do(*command))),
                Effect::Read(number, query) => wishes.push((number, Wish::Read(*query))),
                Effect::Watch(topic) => {
                    socket.watched.insert(topic);
                }
                Effect::Unwatch(topic) => {
                    socket.watched.remove(&topic);
                }
                Effect::Wake(at) => socket.wake = Some(at),
                // No desk and no page asks for these.
                Effect::Verify(..) | Effect::Enter(_) | Effect::Answer(..) => {}
            }
        }
        self.net.sockets.insert(name, socket);
        for text in sent {
            match client.checked_sub(page::MANY) {
                None => self.page_hears(client, &text),
                Some(_) if client >= web::FIRST => self.web_hears(client - web::FIRST, &text),
                Some(desk) => self.desk_hears(desk, &text),
            }
        }
        for (number, wish) in wishes {
            self.ask(Asked::by_wire(wish, Wire::Socket(name, number)));
        }
        if closed {
            self.hang_up(name);
            match client.checked_sub(page::MANY) {
                None => self.net.pages[client].lost_socket(name),
                Some(_) if client >= web::FIRST => {
                    self.net.webs[client - web::FIRST].lost(Some(name));
                }
                Some(desk) => self.net.desks[desk].lost_socket(name),
            }
        }
    }

    fn read_mail(&mut self, name: u64) {
        let Some(mail) = self.net.sockets.get_mut(&name).and_then(|s| s.mail.pop_front()) else {
            return;
        };
        self.with_socket(name, |session, cx, out| match mail {
            Mail::Outcome(number, outcome) => session.on_outcome(cx, number, outcome, out),
            Mail::Answer(number, answer, seq) => session.on_answer(cx, number, answer, seq, out),
            Mail::Fact(fact) => session.on_fact(cx, &fact, out),
            Mail::Signal(signal) => session.on_signal(cx, &signal, out),
        });
    }

    /// A wish of a wire came out, or met a fault.
    pub(crate) fn wire_outcome(
        &mut self,
        wire: Wire,
        outcome: Result<Result<Done, Refusal>, Fault>,
    ) {
        match wire {
            Wire::Socket(socket, number) => {
                if let Some(open) = self.net.sockets.get_mut(&socket) {
                    open.mail.push_back(Mail::Outcome(number, outcome));
                }
            }
            Wire::Exchange(name) => {
                let Some(Exchange { client, head, wait }) = self.net.exchanges.remove(&name) else {
                    return;
                };
                match (wait, outcome) {
                    (Wait::Outcome(then), Ok(outcome)) => {
                        let step = self.go_on(outcome, then);
                        self.exchange(client, head, step);
                    }
                    (_, Err(fault)) => self.faulted(client, &head, fault),
                    (Wait::Answer(_), Ok(_)) => panic!("a question has no outcome"),
                }
            }
        }
    }

    /// A question of a wire was answered, or met a fault.
    pub(crate) fn wire_answer(
        &mut self,
        wire: Wire,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
    ) {
        match wire {
            Wire::Socket(socket, number) => {
                if let Some(open) = self.net.sockets.get_mut(&socket) {
                    open.mail.push_back(Mail::Answer(number, answer, seq));
                }
            }
            Wire::Exchange(name) => {
                let Some(Exchange { client, head, wait }) = self.net.exchanges.remove(&name) else {
                    return;
                };
                match (wait, answer) {
                    (Wait::Answer(then), Ok(answer)) => {
                        let step = self.go_on(answer, then);
                        self.exchange(client, head, step);
                    }
                    (_, Err(fault)) => self.faulted(client, &head, fault),
                    (Wait::Outcome(_), Ok(_)) => panic!("a command has no answer"),
                }
            }
        }
    }

    fn faulted(&mut self, client: Client, head: &Head, fault: Fault) {
        let response = {
            let mut cx = Cx { now: self.now, chance: &mut self.net.chance, site: &self.net.site };
            facade::route::fault(&mut cx, head, fault)
        };
        self.reply(client, &response);
    }

    fn reply(&mut self, client: Client, response: &Response) {
        if client < page::MANY {
            self.page_is_answered(client, response);
        }
    }
}
