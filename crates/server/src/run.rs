//! Carries a realm's decider ([`domain::node`]): one task owns it, everyone else asks by message.
//!
//! ```text
//!  exchanges, sockets ──Input──▶ owner ──batch──▶ store
//!        ▲                         │
//!        └── answers ◀── released ─┴── facts, signals ──▶ hub ──▶ whoever watches
//! ```
//!
//! [`owner`] decides and commits, [`answer`] carries answers back (through the views where memory does not know), and
//! [`rebuild`] makes a decider of what the store holds.

pub mod answer;
pub mod owner;
pub mod rebuild;

use crate::bus::Hub;
use crate::store::AnyStore;
use answer::{Asker, Said, To};
use domain::command::{Command, Done};
use domain::contact::Contact;
use domain::fact::Fact;
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use facade::door::{Fault, RealmNo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, oneshot};

/// How many wishes may wait for a realm's decider; whoever comes later waits to hand theirs over.
const WAITING: usize = 4_096;

/// What comes in to an owner.
enum Input {
    /// Decide it.
    Do(Option<To>, &'static str, Box<Command>),
    /// Answer it.
    Read(To, Box<Query>),
    /// The views knew this matter: take it back into memory, and ask again.
    Recalled(Vec<Contact>, Asker),
    /// Finish what runs, and end.
    Stop(oneshot::Sender<()>),
}

/// A command or a question of one who cannot wait to hand it over.
pub struct Offer(Input);

impl std::fmt::Debug for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Offer")
    }
}

impl Offer {
    /// A command.
    pub fn act(to: To, cause: &'static str, command: Box<Command>) -> Self {
        Self(Input::Do(Some(to), cause, command))
    }

    /// A question.
    pub fn read(to: To, query: Box<Query>) -> Self {
        Self(Input::Read(to, query))
    }
}

/// Is told of each committed fact that changes the directory, before anyone else is told of anything in its batch.
pub type OnDirectory = Arc<dyn Fn(RealmNo, &Fact) + Send + Sync>;

/// One tenant, as the rest of the server sees it.
#[derive(Debug)]
pub struct Realm {
    /// Its place in the list.
    pub no: RealmNo,
    /// Its domain name.
    pub name: Arc<str>,
    /// Who watches what.
    pub hub: Arc<Hub>,
    /// Where its facts are kept.
    pub store: Arc<AnyStore>,
    inputs: mpsc::Sender<Input>,
    ready: Arc<AtomicBool>,
}

impl Realm {
    /// Takes a realm over and starts its owner.
    pub fn start(
        no: RealmNo,
        name: Arc<str>,
        store: Arc<AnyStore>,
        on_directory: OnDirectory,
    ) -> Arc<Self> {
        let (inputs, taken) = mpsc::channel(WAITING);
        let ready = Arc::new(AtomicBool::new(false));
        let hub = Arc::new(Hub::default());
        owner::start(owner::Post {
            no,
            store: store.clone(),
            hub: hub.clone(),
            inputs: inputs.downgrade(),
            taken,
            ready: ready.clone(),
            on_directory,
        });
        Arc::new(Self { no, name, hub, store, inputs, ready })
    }

    /// Is there a decider, and can it write?
    pub fn ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Has a command decided, and waits until what it did is on disk.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when nothing was decided, or what was decided could not be written.
    pub async fn act(
        &self,
        cause: &'static str,
        command: Command,
    ) -> Result<Result<Done, Refusal>, Fault> {
        let (send, receive) = oneshot::channel();
        self.put(Input::Do(Some(To::Once(send)), cause, Box::new(command))).await?;
        match receive.await {
            Ok(Said::Outcome(outcome)) => outcome,
            Ok(Said::Answer(..)) | Err(_) => Err(Fault::Unready),
        }
    }

    /// Has commands decided one after the other, and waits until what they did is on disk: much sooner than one by one.
    ///
    /// # Errors
    ///
    /// As [`Self::act`].
    pub async fn act_all(
        &self,
        cause: &'static str,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Done, Refusal>>, Fault> {
        let mut waiting = Vec::with_capacity(commands.len());
        for command in commands {
            let (send, receive) = oneshot::channel();
            self.put(Input::Do(Some(To::Once(send)), cause, Box::new(command))).await?;
            waiting.push(receive);
        }
        let mut outcomes = Vec::with_capacity(waiting.len());
        for receive in waiting {
            match receive.await {
                Ok(Said::Outcome(outcome)) => outcomes.push(outcome?),
                Ok(Said::Answer(..)) | Err(_) => return Err(Fault::Unready),
            }
        }
        Ok(outcomes)
    }

    /// Answers a question as of everything decided so far, once that is on disk; with the number of the newest deed
    /// the answer rests on.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when what it would rest on could not be written, or the views cannot be read.
    pub async fn read(&self, query: Query) -> Result<(Result<Answer, Refusal>, u64), Fault> {
        let (send, receive) = oneshot::channel();
        self.put(Input::Read(To::Once(send), Box::new(query))).await?;
        match receive.await {
            Ok(Said::Answer(answer, seq)) => answer.map(|answer| (answer, seq)),
            Ok(Said::Outcome(_)) | Err(_) => Err(Fault::Unready),
        }
    }

    /// The same for a socket, which is told through its mailbox; without one, nobody is told.
    pub async fn act_for(&self, to: Option<To>, cause: &'static str, command: Box<Command>) {
        // Whoever cannot be reached any more is told so by their own connection's end.
        let _ = self.put(Input::Do(to, cause, command)).await;
    }

    /// The same for a question.
    pub async fn read_for(&self, to: To, query: Box<Query>) {
        let _ = self.put(Input::Read(to, query)).await;
    }

    /// Hands something over without waiting; it comes back when the decider has too much before it.
    pub fn offer(&self, offer: Offer) -> Option<Offer> {
        match self.inputs.try_send(offer.0) {
            Ok(()) => None,
            Err(mpsc::error::TrySendError::Full(input)) => Some(Offer(input)),
            // Nobody decides any more: that is the answer.
            Err(mpsc::error::TrySendError::Closed(input)) => {
                owner::unready(input);
                None
            }
        }
    }

    async fn put(&self, input: Input) -> Result<(), Fault> {
        self.inputs.send(input).await.map_err(|_| Fault::Unready)
    }

    /// Finishes what is being written, keeps a snapshot, and ends the owner. Whatever comes later hears
    /// [`Fault::Unready`].
    pub async fn stop(&self) {
        let (send, receive) = oneshot::channel();
        if self.put(Input::Stop(send)).await.is_ok() {
            let _ = receive.await;
        }
    }
}

#[cfg(test)]
mod tests;
