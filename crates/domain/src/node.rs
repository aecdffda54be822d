//! What a server does around a centre, still without I/O: decide at once, show only what is committed.
//!
//! ```text
//!   take ──▶ Centre::handle ──▶ filling batch ──next──▶ writing batch ──committed──▶ Release
//!                                    ▲                       │ failed
//!                                    └──────── Reborn ◀──────┘  (all of both batches hear the fault)
//! ```
//!
//! Deciding runs ahead of the disk: a command is decided on state that includes what is still being written, and
//! everything it puts out (answers, refusals, facts, signals) waits until the batch it rests on is on disk.

use crate::centre::{Attendance, Centre, Out};
use crate::chance::Chance;
use crate::command::{Command, Done};
use crate::fact::{Deed, Fact};
use crate::id::{DeviceId, QueueId, RoomId, TokenHash, UserId};
use crate::query::{Answer, Look, Page, Query};
use crate::refusal::Refusal;
use crate::signal::Signal;
use crate::time::Millis;
use std::sync::{Arc, OnceLock};

/// What can be watched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// All facts and signals of a room.
    Room(RoomId),
    /// All that concerns an agent: their state, their contacts and those contacts' rooms.
    Agent(UserId),
    /// A queue's level.
    Queue(QueueId),
    /// What monitors of a telephone, or of a queue's number, are told.
    Device(DeviceId),
    /// Everything that happens to any call, and which telephones can be reached by SIP: for the switch.
    Calls,
    /// What changes on wallboards, and what supervisors do.
    Board,
    /// Changes of the directory.
    Directory,
    /// The end of a session.
    Session(TokenHash),
    /// Questions to programs of bots.
    Bots,
    /// Push tokens for the realm's webhook.
    Pushes,
    /// Facts of rooms of which copies go elsewhere, and of the copies themselves.
    Streams,
}

/// A committed fact, on its way to whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The number of its deed in the journal; several facts of one deed share it.
    pub seq: u64,
    /// When it was decided.
    pub at: Millis,
    /// What happened.
    pub fact: Fact,
    /// Who is told.
    pub topics: Vec<Topic>,
    /// Texts made of it.
    pub texts: Texts,
}

/// What a façade made of a fact for all who are shown it: made once, for the first of them, and shared. No part of the
/// fact: two that differ in it alone are equal, and a copy begins without.
#[derive(Debug, Default)]
pub struct Texts(OnceLock<Places>);

/// A key, and the texts by it.
type Places = (i32, Box<[OnceLock<Arc<str>>]>);

impl Texts {
    /// The text at this place of so many, made where it is not there yet. Who shows texts by another key than the first who
    /// asked makes their own.
    pub fn shared(
        &self,
        key: i32,
        (at, of): (usize, usize),
        make: impl FnOnce() -> Arc<str>,
    ) -> Arc<str> {
        let (kept, texts) =
            self.0.get_or_init(|| (key, (0..of).map(|_| OnceLock::new()).collect()));
        match texts.get(at).filter(|_| *kept == key) {
            Some(text) => text.get_or_init(make).clone(),
            None => make(),
        }
    }
}

impl Clone for Texts {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Texts {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Texts {}

/// An answer on its way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To a command.
    Outcome(Result<Done, Refusal>),
    /// To a query that memory could answer; with the number of the newest deed it rests on.
    Answer(Result<Answer, Refusal>, u64),
    /// To a query that the views must answer, once they stand at this deed.
    Page(Page, u64),
}

/// What leaves a node when a batch is on disk, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release<T> {
    /// Show it to those who watch.
    Fact(Arc<Published>),
    /// Show it to those who watch these.
    Signal(Arc<Signal>, Vec<Topic>),
    /// Tell whoever asked.
    Reply(T, Reply),
}

/// What is written at once. `T` is the name by which an asker is found again.
#[derive(Debug)]
pub struct Batch<T> {
    /// The number of its first deed.
    pub first: u64,
    /// What happened, to be written.
    pub deeds: Vec<Deed>,
    held: Vec<Release<T>>,
}

impl<T> Batch<T> {
    /// The number of the newest deed in it or before it.
    pub fn last(&self) -> u64 {
        self.first + self.deeds.len() as u64 - 1
    }

    fn empty(first: u64) -> Self {
        Self { first, deeds: Vec::new(), held: Vec::new() }
    }
}

/// One tenant's decider.
#[derive(Debug)]
pub struct Node<T> {
    centre: Centre,
    filling: Batch<T>,
    writing: Option<Vec<Release<T>>>,
    /// Sockets that were counted as open and whose answer is held: first of the filling batch, then of the one written.
    coming: [Vec<TokenHash>; 2],
    out: Out,
}

impl<T> Node<T> {
    /// Begins with a centre that was rebuilt from all deeds up to number `last` (0: none).
    pub fn new(mut centre: Centre, last: u64) -> Self {
        centre.resume();
        Self {
            centre,
            filling: Batch::empty(last + 1),
            writing: None,
            coming: Default::default(),
            out: Out::default(),
        }
    }

    /// The state that has been decided; it may be ahead of the disk.
    pub const fn centre(&self) -> &Centre {
        &self.centre
    }

    /// Decides a command. The answer is released with the batch it rests on.
    pub fn take(
        &mut self,
        now: Millis,
        chance: &mut dyn Chance,
        asker: Option<T>,
        cause: &Arc<str>,
        command: Command,
    ) {
        self.out.clear();
        let coming = match &command {
            Command::Present { token, present: true } => Some(*token),
            _ => None,
        };
        let outcome = self.centre.handle(now, chance, command, &mut self.out);
        let mut deed =
            Deed { at: now, cause: cause.clone(), facts: Vec::with_capacity(self.out.facts.len()) };
        let seq = self.filling.last() + u64::from(!self.out.facts.is_empty());
        for (fact, topics) in self.out.facts.drain(..) {
            self.filling.held.push(Release::Fact(Arc::new(Published {
                seq,
                at: now,
                fact: fact.clone(),
                topics,
                texts: Texts::default(),
            })));
            deed.facts.push(fact);
        }
        if !deed.facts.is_empty() {
            self.filling.deeds.push(deed);
        }
        for (signal, topics) in self.out.signals.drain(..) {
            self.filling.held.push(Release::Signal(Arc::new(signal), topics));
        }
        self.coming[0].extend(coming.filter(|_| outcome.is_ok()));
        if let Some(asker) = asker {
            self.filling.held.push(Release::Reply(asker, Reply::Outcome(outcome)));
        }
    }

    /// Answers a query, as of everything decided so far.
    pub fn look(&mut self, now: Millis, asker: T, query: &Query) {
        let seq = self.filling.last();
        if let Some(session) = query.session() {
            self.centre.used(now, session);
        }
        let reply = match self.centre.look(now, query) {
            Ok(Look::Answer(answer)) => Reply::Answer(Ok(answer), seq),
            Ok(Look::Page(page)) => Reply::Page(page, seq),
            Err(refusal) => Reply::Answer(Err(refusal), seq),
        };
        self.filling.held.push(Release::Reply(asker, reply));
    }

    /// When something falls due without being asked for: send [`Command::Tick`] then.
    pub fn due(&self) -> Option<Millis> {
        self.centre.due()
    }

    /// Is a batch being written?
    pub const fn writing(&self) -> bool {
        self.writing.is_some()
    }

    /// The next batch to write, if none is being written and something waits. A batch without deeds is not written:
    /// what it holds is released at once.
    pub fn next(&mut self, out: &mut Vec<Release<T>>) -> Option<Batch<T>> {
        if self.writing.is_some() {
            return None;
        }
        if self.filling.deeds.is_empty() {
            out.append(&mut self.filling.held);
            self.coming[0].clear();
            return None;
        }
        let next = Batch::empty(self.filling.last() + 1);
        let mut batch = std::mem::replace(&mut self.filling, next);
        self.writing = Some(std::mem::take(&mut batch.held));
        self.coming.swap(0, 1);
        Some(batch)
    }

    /// The batch that was being written is on disk.
    pub fn committed(&mut self, out: &mut Vec<Release<T>>) {
        out.append(&mut self.writing.take().unwrap_or_default());
        self.coming[1].clear();
    }

    /// Who is connected just now. Sockets whose answer is still held are not counted: if this node fails, they never
    /// open.
    pub fn attendance(&self) -> Attendance {
        let mut attendance = self.centre.attendance();
        for token in self.coming.iter().flatten() {
            self.centre.never_came(&mut attendance, *token);
        }
        attendance
    }

    /// Takes the place of a node that failed, whose connections live on.
    pub fn attend(&mut self, attendance: Attendance) {
        self.centre.attend(attendance);
    }

    /// The batch could not be written: everything decided since is void. Returns those who must hear of it, in order;
    /// go on with a new node, made of what the store holds.
    pub fn failed(self) -> Vec<T> {
        let held = self.writing.into_iter().flatten().chain(self.filling.held);
        held.filter_map(
            |release| if let Release::Reply(asker, _) = release { Some(asker) } else { None },
        )
        .collect()
    }
}
