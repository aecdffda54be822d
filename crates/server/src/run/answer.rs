//! Answers on their way back to whoever asked.

use super::{Input, Realm};
use crate::bus::{Mail, Mailbox};
use crate::store::{self, AnyStore, Store as _};
use crate::tasks;
use domain::command::{Command, Done};
use domain::id::{ContactId, TokenHash};
use domain::node::Reply;
use domain::query::{Answer, Page, Query};
use domain::refusal::Refusal;
use facade::door::{Fault, RealmNo};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What is said to whoever asked.
#[derive(Debug)]
pub enum Said {
    /// What became of a command.
    Outcome(Result<Result<Done, Refusal>, Fault>),
    /// The answer to a question, and the newest deed it rests on.
    Answer(Result<Result<Answer, Refusal>, Fault>, u64),
}

/// Where an answer goes.
#[derive(Debug)]
pub enum To {
    /// To a request that waits.
    Once(oneshot::Sender<Said>),
    /// To a socket, in order with the facts it watches, under its own number for what it asked.
    Socket(Mailbox, u64),
}

impl To {
    /// Hands it over. One who has gone misses nothing; false if that is known.
    pub fn tell(self, said: Said) -> bool {
        match self {
            Self::Once(send) => send.send(said).is_ok(),
            Self::Socket(mailbox, ticket) => {
                mailbox.put(match said {
                    Said::Outcome(outcome) => Mail::Outcome(ticket, outcome),
                    Said::Answer(answer, seq) => Mail::Answer(ticket, answer, seq),
                });
                true
            }
        }
    }
}

/// What is asked again, once an archived matter is back in memory.
#[derive(Debug)]
pub enum Again {
    /// A command, and its cause.
    Do(&'static str, Box<Command>),
    /// A question.
    Read(Box<Query>),
    /// It was asked again already.
    No,
}

impl Again {
    /// The token of the socket that was to be counted as open, if that was asked.
    fn came(&self) -> Option<TokenHash> {
        match self {
            Self::Do(_, command) => match command.as_ref() {
                Command::Present { token, present: true } => Some(*token),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Who asked, and what.
#[derive(Debug)]
pub struct Asker {
    /// Where the answer goes; nobody waits for what a server does by itself.
    pub to: Option<To>,
    /// For when the answer is "archived".
    pub again: Again,
    /// It is a question.
    pub reads: bool,
}

impl Asker {
    /// The decision is void, or there was none.
    pub fn fault(self, fault: Fault) {
        let reads = self.reads;
        if let Some(to) = self.to {
            to.tell(if reads { Said::Answer(Err(fault), 0) } else { Said::Outcome(Err(fault)) });
        }
    }

    fn refuse(self, refusal: Refusal, seq: u64) {
        let reads = self.reads;
        if let Some(to) = self.to {
            to.tell(if reads {
                Said::Answer(Ok(Err(refusal)), seq)
            } else {
                Said::Outcome(Ok(Err(refusal)))
            });
        }
    }
}

/// What answers may need.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub(super) no: RealmNo,
    pub(super) store: Arc<AnyStore>,
    pub(super) inputs: mpsc::WeakSender<Input>,
}

impl Desk {
    /// Says what a node released. `written` is the newest deed on disk.
    pub(super) fn reply(&self, asker: Asker, reply: Reply, written: u64) {
        match reply {
            Reply::Outcome(Err(Refusal::Archived(contact)))
            | Reply::Answer(Err(Refusal::Archived(contact)), _) => {
                self.recall(asker, contact, written);
            }
            Reply::Outcome(outcome) => {
                let Some(to) = asker.to else { return };
                let came = if outcome.is_ok() { asker.again.came() } else { None };
                if let (false, Some(token)) = (to.tell(Said::Outcome(Ok(outcome))), came) {
                    self.never_opened(token);
                }
            }
            Reply::Answer(answer, seq) => {
                if let Some(to) = asker.to {
                    to.tell(Said::Answer(Ok(answer), seq));
                }
            }
            Reply::Page(page, seq) => self.page(asker, page, seq),
        }
    }

    /// A socket was counted, and its request was given up meanwhile: it takes nobody's place.
    fn never_opened(&self, token: TokenHash) {
        let Some(inputs) = self.inputs.upgrade() else { return };
        tasks::spawn("gone", async move {
            let gone = Box::new(Command::Present { token, present: false });
            let _ = inputs.send(Input::Do(None, "gone", gone)).await;
        });
    }

    /// Asks the views.
    fn page(&self, asker: Asker, page: Page, seq: u64) {
        let Some(to) = asker.to else { return };
        let desk = self.clone();
        tasks::spawn("page", async move {
            let answer = match desk.store.page(desk.no, page, seq).await {
                Ok(Some(answer)) => Ok(Ok(answer)),
                Ok(None) => Ok(Err(Refusal::NoSuchContact)),
                Err(fault) => Err(tell("the views cannot be read", desk.no, &fault)),
            };
            to.tell(Said::Answer(answer, seq));
        });
    }

    /// Looks an archived matter up, has it taken back, and asks again; but only once.
    fn recall(&self, asker: Asker, contact: ContactId, written: u64) {
        if matches!(asker.again, Again::No) {
            return asker.refuse(Refusal::NoSuchContact, written);
        }
        let desk = self.clone();
        tasks::spawn("recall", async move {
            match desk.store.page(desk.no, Page::Matter(contact), written).await {
                Ok(Some(Answer::Contacts(contacts))) if !contacts.is_empty() => {
                    match desk.inputs.upgrade() {
                        // An owner that has ended drops the asker, who then hears that nobody is there.
                        Some(inputs) => drop(inputs.send(Input::Recalled(contacts, asker)).await),
                        None => asker.fault(Fault::Unready),
                    }
                }
                Ok(_) => asker.refuse(Refusal::NoSuchContact, written),
                Err(fault) => asker.fault(tell("the views cannot be read", desk.no, &fault)),
            }
        });
    }
}

/// Logs a fault of the store where it is handled, and says what askers may know of it.
pub(super) fn tell(what: &'static str, no: RealmNo, fault: &store::Fault) -> Fault {
    let mut causes = String::new();
    let mut cause = std::error::Error::source(fault);
    while let Some(inner) = cause {
        causes.push_str(": ");
        causes.push_str(&inner.to_string());
        cause = inner.source();
    }
    tracing::error!(realm = no.0, fault = %fault, causes, "{what}");
    match fault {
        store::Fault::Full => Fault::Full,
        store::Fault::Stale | store::Fault::Broken { .. } => Fault::Broken,
    }
}

impl Realm {
    /// A socket's way to be told what it asked.
    pub fn socket(mailbox: &Mailbox, ticket: u64) -> To {
        To::Socket(mailbox.clone(), ticket)
    }
}
