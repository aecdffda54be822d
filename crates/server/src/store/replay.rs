//! Deeds on their way out of a journal, a chunk at a time, so that a long journal never lies in memory as a whole.

use super::Fault;
use domain::fact::Deed;
use domain::id::{ContactId, RoomId};
use std::collections::BTreeSet;
use tokio::sync::mpsc;

/// How many chunks may lie ready while the reader is busy with one.
const READY: usize = 4;

/// Deeds with their numbers, oldest first.
pub type Chunk = Vec<(u64, Deed)>;

/// Deeds in order, in chunks.
#[derive(Debug)]
pub struct Replay(mpsc::Receiver<Result<Chunk, Fault>>);

impl Replay {
    /// The reading and the feeding end.
    pub(super) fn pair() -> (Feed, Self) {
        let (send, receive) = mpsc::channel(READY);
        (Feed(send), Self(receive))
    }

    /// The next deeds; none after the last.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the journal cannot be read on; nothing comes after it.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Fault> {
        self.0.recv().await.transpose()
    }

    /// The same for a thread that may wait.
    ///
    /// # Errors
    ///
    /// As [`Self::next`].
    pub fn next_blocking(&mut self) -> Result<Option<Chunk>, Fault> {
        self.0.blocking_recv().transpose()
    }

    /// All that is left. For tests and small stories.
    ///
    /// # Errors
    ///
    /// As [`Self::next`].
    pub async fn all(mut self) -> Result<Chunk, Fault> {
        let mut all = Chunk::new();
        while let Some(chunk) = self.next().await? {
            all.extend(chunk);
        }
        Ok(all)
    }
}

/// Where a journal puts what it reads.
#[derive(Debug)]
pub(super) struct Feed(mpsc::Sender<Result<Chunk, Fault>>);

impl Feed {
    /// Hands a chunk over, waiting while the reader is behind; false when nobody reads any more.
    pub(super) fn put(&self, chunk: Result<Chunk, Fault>) -> bool {
        self.0.blocking_send(chunk).is_ok()
    }
}

/// Sifts out of all deeds those that touch one room or a contact of it.
#[derive(Debug)]
pub(super) struct Sieve {
    room: RoomId,
    contacts: BTreeSet<ContactId>,
}

impl Sieve {
    /// For this room.
    pub(super) fn new(room: RoomId) -> Self {
        Self { room, contacts: [room.into()].into() }
    }

    /// Does it touch the room? Deeds must be shown in order: a transfer names the contacts that follow.
    pub(super) fn keeps(&mut self, deed: &Deed) -> bool {
        let mut keeps = false;
        for fact in &deed.facts {
            let here = fact.room() == Some(self.room);
            if here && let Some(contact) = fact.contact() {
                self.contacts.insert(contact);
            }
            keeps |= here || fact.contact().is_some_and(|contact| self.contacts.contains(&contact));
        }
        keeps
    }
}
