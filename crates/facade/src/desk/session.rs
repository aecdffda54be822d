//! One desk's socket.
//!
//! ```text
//!         hello               the three answers
//!  New ──────────▶ Greeting ───────────────────▶ Live ──┐ hello: greeted anew
//!                     ▲                                 │
//!                     └─────────────────────────────────┘
//!  any ── the session ended ──▶ over: `bye`, 4401
//! ```

use super::answer;
use super::ask::{self, Call, Me, Want};
use super::frame::{self, Event, Hint, No, NoticeWire};
use super::hello::{Greeting, Standing, greet};
use super::request::{self, Request};
use super::sent::Sent;
use super::wall::Wall;
use super::words::Lang;
use super::world::World;
use crate::door::{Cx, Effect, Fault, Out, RealmNo, Session};
use domain::command::Done;
use domain::directory::{Role, User};
use domain::fact::Fact;
use domain::id::{QueueId, TokenHash};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::signal::Signal;
use domain::time::Millis;
use serde_json::{Number, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Close code: the session ended; log in again.
const SESSION_ENDED: u16 = 4401;

/// Requests under way at once.
const MOST_ASKED: usize = 256;

/// A page that is open uses its session at least this often: sessions that nobody uses end after half an hour.
const ALIVE: Millis = Millis::from_mins(10);

/// A question of ours that met a fault is asked again after this.
const AGAIN: Millis = Millis(1_000);

/// What a ticket stands for.
#[derive(Debug)]
enum Asked {
    /// Part of the greeting.
    Greeting,
    /// The contacts, anew.
    Contacts,
    /// The directory, anew.
    Directory,
    /// Messages to the team that wait.
    Notices,
    /// What a wallboard shows.
    Board,
    /// Whether the session goes on.
    Alive,
    /// A client's request.
    Client(Number, Want),
}

#[derive(Debug)]
enum Stage {
    New,
    Greeting(Box<Greeting>),
    Live(Box<World>),
}

/// One desk's socket.
#[derive(Debug)]
pub(super) struct Desk {
    me: Me,
    until: Millis,
    /// When the session is next used, if only by being open.
    alive: Millis,
    stage: Stage,
    asked: BTreeMap<u64, Asked>,
    tickets: u64,
    watched: BTreeSet<QueueId>,
    sent: Sent,
    wall: Option<Wall>,
    lang: Lang,
    over: bool,
}

impl Desk {
    /// For whoever has this session.
    pub(super) fn new(user: Arc<User>, realm: RealmNo, session: TokenHash, until: Millis) -> Self {
        let me = Me { user, realm, session };
        let asked = BTreeMap::new();
        Self {
            me,
            until,
            alive: Millis(0),
            stage: Stage::New,
            asked,
            tickets: 0,
            watched: BTreeSet::new(),
            sent: Sent::default(),
            wall: None,
            lang: Lang::En,
            over: false,
        }
    }

    fn ticket(&mut self, asked: Asked) -> u64 {
        self.tickets += 1;
        self.asked.insert(self.tickets, asked);
        self.tickets
    }

    fn read(&mut self, asked: Asked, query: Query, out: &mut Out) {
        let ticket = self.ticket(asked);
        out.push(Effect::Read(ticket, Box::new(query)));
    }

    fn bye(&mut self, now: Millis, reason: &'static str, out: &mut Out) {
        let seq = match &self.stage {
            Stage::Live(world) => world.seq + 1,
            _ => 0,
        };
        out.push(Effect::Send(frame::event(seq, now, &Event::Bye { reason })));
        out.push(Effect::Close(SESSION_ENDED, "the session has ended"));
        self.over = true;
    }

    fn hello(&mut self, id: Number, out: &mut Out) {
        // Answers to what an earlier world asked would be taken for answers to this one.
        self.asked.retain(|_, asked| matches!(asked, Asked::Client(..) | Asked::Alive));
        self.stage = Stage::Greeting(Box::new(Greeting::new(id)));
        if self.wall.take().is_some() {
            out.push(Effect::Unwatch(Topic::Board));
        }
        out.push(Effect::Watch(Topic::Agent(self.me.user.id.clone())));
        out.push(Effect::Watch(Topic::Directory));
        self.read(Asked::Greeting, Query::Session(self.me.session), out);
        self.read(Asked::Greeting, Query::Directory, out);
        self.read(Asked::Greeting, Query::Desk(self.me.user.id.clone()), out);
    }

    fn greeted(
        &mut self,
        cx: &Cx<'_>,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    ) {
        let Stage::Greeting(greeting) = &mut self.stage else { return };
        match answer {
            Ok(Ok(Answer::Session(user, until))) => {
                greeting.user = Some(user);
                self.until = until;
            }
            Ok(Ok(Answer::Directory(directory))) => greeting.directory = Some(directory),
            Ok(Ok(Answer::Desk(agent, contacts, levels))) => {
                greeting.desk = Some(Standing { seq, agent, contacts, levels });
            }
            Ok(Ok(_)) => {}
            Ok(Err(Refusal::BadToken)) => return self.bye(cx.now, "session ended", out),
            Ok(Err(refusal)) => return self.ungreeted(&refusal.into(), out),
            Err(fault) => return self.ungreeted(&fault.into(), out),
        }
        if greeting.user.is_none() || greeting.directory.is_none() || greeting.desk.is_none() {
            return;
        }
        let Stage::Greeting(greeting) = std::mem::replace(&mut self.stage, Stage::New) else {
            return;
        };
        let Greeting { id, user: Some(user), directory: Some(directory), desk: Some(desk), facts } =
            *greeting
        else {
            return;
        };
        self.me.user = user;
        let (mut world, told) = greet(cx.now, cx.site.settings(), &self.me.user, directory, &desk);
        out.push(Effect::Send(frame::ok(&id, &told)));
        for fact in facts {
            world.fact(&self.me.user.id, &self.sent, &fact, out);
        }
        self.stage = Stage::Live(Box::new(world));
        self.read(Asked::Notices, Query::Notices(self.me.user.id.clone()), out);
    }

    fn ungreeted(&mut self, no: &No, out: &mut Out) {
        if let Stage::Greeting(greeting) = std::mem::replace(&mut self.stage, Stage::New) {
            out.push(Effect::Send(frame::no(self.lang, Some(&greeting.id), no)));
        }
        self.asked.retain(|_, asked| matches!(asked, Asked::Client(..)));
    }

    fn call(&mut self, id: Number, call: Call, out: &mut Out) {
        match call {
            Call::Do(cause, command, want) => {
                self.sent.asked(&want);
                let ticket = self.ticket(Asked::Client(id, want));
                out.push(Effect::Do(ticket, cause, Box::new(command)));
            }
            Call::Read(query, want) => self.read(Asked::Client(id, want), query, out),
            Call::Ok(body) => out.push(Effect::Send(frame::ok(&id, &body))),
        }
    }

    fn answered(&mut self, id: Number, want: &Want, answer: &Answer, out: &mut Out) {
        if let (Want::Watch { barge }, Answer::Desk(_, contacts, _)) = (want, answer) {
            return match answer::busy_with(contacts) {
                Ok(contact) => self.call(id, ask::watch(&self.me, contact, *barge), out),
                Err(no) => out.push(Effect::Send(frame::no(self.lang, Some(&id), &no))),
            };
        }
        let Stage::Live(world) = &self.stage else {
            let no = No::new("request.hello_first", "say hello first");
            return out.push(Effect::Send(frame::no(self.lang, Some(&id), &no)));
        };
        out.push(Effect::Send(
            match answer::of_query(want, answer, &self.me.user.id, &world.directory) {
                Ok(body) => frame::ok(&id, &body),
                Err(no) => frame::no(self.lang, Some(&id), &no),
            },
        ));
    }

    /// After whatever came: asks what must be asked, tells what is due, and says when to be called again.
    fn settle(&mut self, now: Millis, out: &mut Out) {
        if self.over {
            return;
        }
        if self.alive <= now {
            self.alive = now.plus(ALIVE);
            self.read(Asked::Alive, Query::Session(self.me.session), out);
        }
        let mut wake = self.until.min(self.alive);
        if let Stage::Live(world) = &mut self.stage {
            world.levels.tell(now, out);
            if world.again.is_some_and(|again| again <= now) {
                world.again = None;
            }
            wake = [world.levels.due(), world.again].into_iter().flatten().fold(wake, Millis::min);
            if let Some(wall) = &mut self.wall {
                wall.beat(now, out);
                wake = wake.min(wall.due());
                if let Some(ask) = wall.ask(now, self.me.session) {
                    self.tickets += 1;
                    self.asked.insert(self.tickets, Asked::Board);
                    out.push(Effect::Read(self.tickets, Box::new(Query::Board(ask))));
                }
            }
            let (contacts, directory) = (world.ask_contacts(), world.ask_directory());
            let queues = world.levels.queues();
            if queues.len() != self.watched.len()
                || queues.iter().any(|queue| !self.watched.contains(&queue.id))
            {
                let queues = queues.iter().map(|queue| queue.id.clone()).collect();
                self.watch(queues, out);
            }
            if directory {
                self.read(Asked::Directory, Query::Directory, out);
            }
            if contacts {
                self.read(Asked::Contacts, Query::Desk(self.me.user.id.clone()), out);
            }
        }
        out.push(Effect::Wake(wake));
    }

    fn begin_wall(&mut self, cx: &Cx<'_>, id: Number, out: &mut Out) {
        let no = match &self.stage {
            Stage::Live(world) if self.me.user.role >= Role::Supervisor => {
                let realm = world.directory.realm.as_ref().and_then(|r| r.utc_offset_minutes);
                let offset = realm.unwrap_or(cx.site.settings().utc_offset_minutes);
                // An answer that an earlier wish waits for is not this one's.
                self.asked.retain(|_, asked| !matches!(asked, Asked::Board));
                out.push(Effect::Watch(Topic::Board));
                self.wall = Some(Wall::new(id, offset, cx.now));
                return;
            }
            Stage::Live(_) => Refusal::NotAllowed.into(),
            _ => No::new("request.hello_first", "say hello first"),
        };
        out.push(Effect::Send(frame::no(self.lang, Some(&id), &no)));
    }

    /// What a wallboard shows has come, or why it has not.
    fn board(
        &mut self,
        now: Millis,
        answer: Result<Result<Answer, Refusal>, Fault>,
        out: &mut Out,
    ) {
        let (Some(wall), Stage::Live(world)) = (&mut self.wall, &self.stage) else { return };
        match answer {
            Ok(Ok(Answer::Board(board))) => wall.tell(now, &board, &world.directory, out),
            Ok(Ok(_)) => {}
            Err(_) => wall.failed(now.plus(AGAIN)),
            Ok(Err(refusal)) => {
                if let Some(id) = wall.owed() {
                    out.push(Effect::Send(frame::no(self.lang, Some(&id), &refusal.into())));
                }
                self.wall = None;
                out.push(Effect::Unwatch(Topic::Board));
            }
        }
    }

    fn watch(&mut self, queues: BTreeSet<QueueId>, out: &mut Out) {
        out.extend(
            queues
                .difference(&self.watched)
                .map(|queue| Effect::Watch(Topic::Queue(queue.clone()))),
        );
        out.extend(
            self.watched
                .difference(&queues)
                .map(|queue| Effect::Unwatch(Topic::Queue(queue.clone()))),
        );
        self.watched = queues;
    }
}

impl Session for Desk {
    fn on_open(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        out.push(Effect::Watch(Topic::Session(self.me.session)));
        self.alive = cx.now.plus(ALIVE);
        self.settle(cx.now, out);
    }

    fn on_text(&mut self, cx: &mut Cx<'_>, text: &str, out: &mut Out) {
        if self.over {
            return;
        }
        let (id, request) = request::read(text);
        let (id, request) = match (id, request) {
            (Some(id), Ok(request)) => (id, request),
            (id, Err(no)) => return out.push(Effect::Send(frame::no(self.lang, id.as_ref(), &no))),
            (None, Ok(_)) => return,
        };
        match request {
            Request::Ping {} => out.push(Effect::Send(frame::ok(&id, &json!({"at": cx.now})))),
            Request::Hello { lang } => {
                self.lang = lang;
                self.hello(id, out);
            }
            Request::Wall {} => self.begin_wall(cx, id, out),
            _ if self.asked.len() >= MOST_ASKED => {
                let no = No::new("request.too_many", "too many requests are under way");
                out.push(Effect::Send(frame::no(self.lang, Some(&id), &no)));
            }
            request => {
                let call = match &self.stage {
                    Stage::Live(world) => ask::call(cx, &self.me, world, request),
                    _ => Err(No::new("request.hello_first", "say hello first")),
                };
                match call {
                    Ok(call) => self.call(id, call, out),
                    Err(no) => out.push(Effect::Send(frame::no(self.lang, Some(&id), &no))),
                }
            }
        }
        self.settle(cx.now, out);
    }

    fn on_outcome(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        outcome: Result<Result<Done, Refusal>, Fault>,
        out: &mut Out,
    ) {
        let Some(Asked::Client(id, want)) = self.asked.remove(&ticket) else { return };
        if self.over {
            return;
        }
        self.sent.settled(&want, outcome.as_ref().ok().and_then(|outcome| outcome.as_ref().ok()));
        out.push(Effect::Send(match outcome {
            Ok(Ok(done)) => frame::ok(&id, &answer::of_command(&want, &done)),
            Ok(Err(refusal)) => frame::no(self.lang, Some(&id), &refusal.into()),
            Err(fault) => frame::no(self.lang, Some(&id), &fault.into()),
        }));
        self.settle(cx.now, out);
    }

    fn on_answer(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    ) {
        let Some(asked) = self.asked.remove(&ticket) else { return };
        if self.over {
            return;
        }
        match (asked, answer) {
            (Asked::Greeting, answer) => self.greeted(cx, answer, seq, out),
            (Asked::Client(id, want), Ok(Ok(answer))) => self.answered(id, &want, &answer, out),
            (Asked::Client(id, _), Ok(Err(refusal))) => {
                out.push(Effect::Send(frame::no(self.lang, Some(&id), &refusal.into())));
            }
            (Asked::Client(id, _), Err(fault)) => {
                out.push(Effect::Send(frame::no(self.lang, Some(&id), &fault.into())));
            }
            (Asked::Alive, Ok(Ok(Answer::Session(_, until)))) => self.until = until,
            (Asked::Alive, Ok(Err(Refusal::BadToken))) => {
                return self.bye(cx.now, "session ended", out);
            }
            (Asked::Alive, _) => {}
            (Asked::Board, answer) => self.board(cx.now, answer, out),
            (Asked::Notices, Ok(Ok(Answer::Notices(notices)))) if !notices.is_empty() => {
                if let Stage::Live(world) = &self.stage {
                    let wire = |notice| NoticeWire::of(notice, &world.directory);
                    let notices = notices.iter().map(wire).collect();
                    out.push(Effect::Send(frame::hint(&Hint::Notices { notices })));
                }
            }
            // None wait, or they are told with the next hello.
            (Asked::Notices, _) => {}
            (asked, answer) => {
                let Stage::Live(world) = &mut self.stage else { return };
                match answer {
                    Ok(Ok(Answer::Desk(_, contacts, levels))) => {
                        world.refresh(&self.me.user.id, (seq, cx.now), &contacts, &levels, out);
                    }
                    Ok(Ok(Answer::Directory(directory))) => world.renamed(directory, seq),
                    _ => world.failed(matches!(asked, Asked::Directory), cx.now.plus(AGAIN)),
                }
            }
        }
        self.settle(cx.now, out);
    }

    fn on_fact(&mut self, cx: &mut Cx<'_>, fact: &Arc<Published>, out: &mut Out) {
        if self.over {
            return;
        }
        if matches!(&fact.fact, Fact::LoggedOut { session } if *session == self.me.session) {
            return self.bye(cx.now, "session ended", out);
        }
        match &mut self.stage {
            Stage::New => {}
            Stage::Greeting(greeting) => greeting.facts.push(fact.clone()),
            Stage::Live(world) => world.fact(&self.me.user.id, &self.sent, fact, out),
        }
        self.settle(cx.now, out);
    }

    fn on_signal(&mut self, cx: &mut Cx<'_>, signal: &Arc<Signal>, out: &mut Out) {
        if self.over {
            return;
        }
        if let (Signal::Board(changed), Some(wall)) = (signal.as_ref(), &mut self.wall) {
            wall.change(changed);
            return self.settle(cx.now, out);
        }
        if let Stage::Live(world) = &mut self.stage {
            world.signal(cx.now, signal, out);
            self.settle(cx.now, out);
        }
    }

    fn on_time(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        if self.over {
            return;
        }
        if self.until <= cx.now {
            return self.bye(cx.now, "session ended", out);
        }
        self.settle(cx.now, out);
    }

    fn on_close(&mut self, _: &mut Cx<'_>, _: &mut Out) {
        // A desk that went away is still logged on: its agent comes back, or a supervisor logs them off.
        self.over = true;
    }
}
