//! The driver's line to a realm: what it wishes and asks, what it hears. Nothing here waits: what the realm's decider does
//! not take at once is offered again.

use crate::bus::{Letters, Mail, Mailbox};
use crate::run::{Offer, Realm};
use domain::command::{Command, Done};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::signal::Signal;
use facade::door::Fault;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How many letters may wait for the driver. More, and it starts anew with this realm.
const LETTERS: usize = 262_144;

/// What is heard of a realm.
pub(super) enum News {
    /// A fact on a topic that is watched.
    Fact(Arc<Published>),
    /// What became of a command.
    Outcome(u64, Result<Result<Done, Refusal>, Fault>),
    /// The answer to a question.
    Answer(u64, Result<Result<Answer, Refusal>, Fault>, u64),
    /// Something that is shown and not kept.
    Signal(Arc<Signal>),
    /// Facts were missed.
    Missed,
}

/// A line to one realm.
pub(super) struct Line {
    pub(super) realm: Arc<Realm>,
    mailbox: Mailbox,
    letters: Letters,
    topics: Vec<Topic>,
    /// What the decider has not taken, oldest first.
    waiting: VecDeque<Offer>,
    /// Commands whose outcome is not known.
    pub(super) undecided: usize,
}

impl Line {
    pub(super) fn new(realm: Arc<Realm>) -> Self {
        let (mailbox, letters) = realm.hub.mailbox(LETTERS);
        let (topics, waiting) = (Vec::new(), VecDeque::new());
        Self { realm, mailbox, letters, topics, waiting, undecided: 0 }
    }

    /// What is heard next.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        let Poll::Ready(mail) = self.letters.poll_recv(cx) else { return Poll::Pending };
        Poll::Ready(match mail {
            Some(Mail::Fact(fact)) => News::Fact(fact),
            Some(Mail::Outcome(ticket, outcome)) => {
                self.undecided = self.undecided.saturating_sub(1);
                News::Outcome(ticket, outcome)
            }
            Some(Mail::Answer(ticket, answer, seq)) => News::Answer(ticket, answer, seq),
            Some(Mail::Signal(signal)) => News::Signal(signal),
            Some(Mail::Missed) => News::Missed,
            None => {
                tracing::error!(realm = self.realm.no.0, "the switch fell too far behind");
                (self.mailbox, self.letters) = self.realm.hub.mailbox(LETTERS);
                self.undecided = 0;
                for topic in &self.topics {
                    self.realm.hub.watch(&self.mailbox, topic.clone());
                }
                News::Missed
            }
        })
    }

    pub(super) fn act(&mut self, ticket: u64, name: &'static str, command: Box<Command>) {
        self.undecided += 1;
        self.offer(Offer::act(Realm::socket(&self.mailbox, ticket), name, command));
    }

    pub(super) fn read(&mut self, ticket: u64, query: Box<Query>) {
        self.offer(Offer::read(Realm::socket(&self.mailbox, ticket), query));
    }

    pub(super) fn watch(&mut self, topic: Topic) {
        self.realm.hub.watch(&self.mailbox, topic.clone());
        if !self.topics.contains(&topic) {
            self.topics.push(topic);
        }
    }

    fn offer(&mut self, offer: Offer) {
        if !self.waiting.is_empty() {
            self.waiting.push_back(offer);
        } else if let Some(offer) = self.realm.offer(offer) {
            self.waiting.push_back(offer);
        }
    }

    /// Offers once more what was not taken. True: something still waits.
    pub(super) fn hand_over(&mut self) -> bool {
        while let Some(offer) = self.waiting.pop_front() {
            if let Some(offer) = self.realm.offer(offer) {
                self.waiting.push_front(offer);
                return true;
            }
        }
        false
    }
}
