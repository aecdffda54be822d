//! What carries commands to the node that owns a realm, and facts to whoever watches.
//!
//! The bus carries and forgets: what may not be lost is in the store before it comes here. [`local`] is the form for one
//! process; [`contract`] is what every form has to pass. One that spans nodes puts the same [`Mail`] into the same
//! [`Mailbox`]es at its far end, and numbers what it sends, so that a gap shows as a lost mailbox.

#[cfg(test)]
mod contract;
pub mod local;
mod mailbox;

pub use local::{Hub, Local};
pub use mailbox::{Letters, Mailbox};

use domain::command::Done;
use domain::node::Published;
use domain::query::Answer;
use domain::refusal::Refusal;
use domain::signal::Signal;
use facade::door::{Fault, RealmNo};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a mailbox is given.
#[derive(Debug, Clone)]
pub enum Mail {
    /// A fact that is committed, on a topic that is watched; once, however many of its topics are.
    Fact(Arc<Published>),
    /// A signal, likewise.
    Signal(Arc<Signal>),
    /// What became of a command, under its asker's own number.
    Outcome(u64, Result<Result<Done, Refusal>, Fault>),
    /// The answer to a question under its asker's own number, and the newest deed it rests on.
    Answer(u64, Result<Result<Answer, Refusal>, Fault>, u64),
    /// Facts are on disk that were never published, and will not be: read what there is anew.
    Missed,
}

/// Ways between nodes. `T` is what an owner is asked.
pub trait Bus<T: Send>: Send + Sync + 'static {
    /// From now on, what is asked of this realm comes here, and no longer to whoever claimed it before: their receiver
    /// ends. At most `waiting` orders lie unread; then senders wait. (Who may write is not the bus's to say: that is
    /// the store's lease.)
    fn claim(&self, realm: RealmNo, waiting: usize) -> mpsc::Receiver<T>;

    /// Asks the owner of a realm, wherever it is. Orders of one sender arrive in order.
    ///
    /// # Errors
    ///
    /// [`Nobody`] when no one owns the realm at the moment.
    fn send(&self, realm: RealmNo, order: T) -> impl Future<Output = Result<(), Nobody>> + Send;

    /// Where facts of a realm are published, and watched.
    fn hub(&self, realm: RealmNo) -> Arc<Hub>;
}

/// No node owns the realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody owns the realm")]
pub struct Nobody;
