//! Where facts are kept for good, and the views of them that people read.
//!
//! - A batch of deeds is one row of the **journal**; [`Store::commit`] returns when it would survive a power cut. Only
//!   the holder of a realm's newest [`Lease`] may write, so a node that was paused cannot.
//! - A **snapshot** ([`snapshot`]) bounds how much is replayed at the start.
//! - **Views** ([`views`], [`page`]) follow the facts in transactions of their own, know the deed they stand at, are
//!   brought up to the one that is asked for, and can be thrown away and built again.
//!
//! [`memory`] and [`sqlite`] are the two forms; [`contract`] is what every form has to pass. What facts mean is none of
//! this module's business, beyond the rows they change.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod contract;
pub mod fault;
pub mod memory;
pub mod page;
pub mod replay;
pub mod report;
#[cfg(test)]
pub(crate) mod sample;
pub mod snapshot;
pub mod sqlite;
pub mod upgrade;
pub mod views;

pub use facade::door::RealmNo;
pub use fault::Fault;
pub use replay::Replay;

use domain::fact::Deed;
use domain::id::RoomId;
use domain::query::{Answer, Page};
use domain::time::Millis;
use snapshot::Snapshot;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

/// The right to write to a realm, until someone else claims it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The realm.
    pub realm: RealmNo,
    /// Rises with every claim; only the newest may write.
    pub epoch: u64,
}

/// A place for facts. Deeds of a realm are numbered from 1, without gaps; the first of them may be gone ([`Store::shorten`]).
pub trait Store: Send + Sync + 'static {
    /// All realms, by their numbers. A number never changes and is never given again.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the store cannot be read.
    fn realms(&self) -> impl Future<Output = Result<Vec<(RealmNo, Arc<str>)>, Fault>> + Send;

    /// The realm of this name, made if it is new.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be written, or 65,536 realms are there already.
    fn realm(&self, name: &str) -> impl Future<Output = Result<RealmNo, Fault>> + Send;

    /// Takes the realm over: earlier leases are stale from now on.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be written, or there is no such realm.
    fn claim(&self, realm: RealmNo) -> impl Future<Output = Result<Lease, Fault>> + Send;

    /// Writes deeds `first`, `first + 1`, … at once: all of them are safe when this returns, or none is kept.
    ///
    /// # Errors
    ///
    /// [`Fault::Stale`] when the lease is not the newest, or `first` does not follow the last deed; [`Fault::Full`]
    /// when there is no space (nothing is kept, reading goes on, and a later commit may succeed).
    fn commit(
        &self,
        lease: Lease,
        first: u64,
        deeds: Vec<Deed>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The number of the newest deed; 0 if there is none.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the store cannot be read.
    fn last(&self, realm: RealmNo) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// All deeds from number `from` on, in order, up to the newest when this was called or later.
    fn replay(&self, realm: RealmNo, from: u64) -> Replay;

    /// Keeps a snapshot beside older ones; those that are not needed any more go.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be written.
    fn snapshot_put(
        &self,
        realm: RealmNo,
        snapshot: Snapshot,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The newest snapshot that is whole, at or before deed number `at_most`.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the store cannot be read.
    fn snapshot_get(
        &self,
        realm: RealmNo,
        at_most: u64,
    ) -> impl Future<Output = Result<Option<Snapshot>, Fault>> + Send;

    /// Answers from the views, once they stand at deed `at_least` or later. `None`: no such contact.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the views cannot be read or brought up.
    fn page(
        &self,
        realm: RealmNo,
        page: Page,
        at_least: u64,
    ) -> impl Future<Output = Result<Option<Answer>, Fault>> + Send;

    /// All deeds that touch a room or one of its contacts, in order.
    fn story(&self, realm: RealmNo, room: RoomId) -> Replay;

    /// Throws the views of a realm away and builds them again. Pages asked for meanwhile wait.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the journal cannot be read or the views cannot be written.
    fn rebuild(&self, realm: RealmNo) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Takes deeds out of the journal: from its beginning those whose numbers are below `before` and that happened before
    /// `past`, a batch as a whole or not at all, and never the newest. Says how many rows went; more may be left. Whoever asks
    /// has snapshots that hold what these deeds made.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be written.
    fn shorten(
        &self,
        realm: RealmNo,
        before: u64,
        past: Millis,
    ) -> impl Future<Output = Result<u64, Fault>> + Send;

    /// Waits until everything is at rest; nothing can be asked afterwards.
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// Which form of store to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing outlives the process.
    Memory,
    /// `journal.db`, `views.db` and `snapshots/` in this folder, which is made if it is not there.
    Sqlite(PathBuf),
}

/// The store that the configuration picked.
#[derive(Debug)]
pub enum AnyStore {
    /// Nothing outlives the process.
    Memory(memory::Memory),
    /// Database files in a folder.
    Sqlite(sqlite::Sqlite),
}

impl AnyStore {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when its files cannot be opened or made.
    pub fn open(kind: &Kind) -> Result<Self, Fault> {
        Ok(match kind {
            Kind::Memory => Self::Memory(memory::Memory::default()),
            Kind::Sqlite(folder) => Self::Sqlite(sqlite::Sqlite::open(folder)?),
        })
    }
}

/// The same call on whichever form it is.
macro_rules! on {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            AnyStore::Memory($store) => $call,
            AnyStore::Sqlite($store) => $call,
        }
    };
}

impl Store for AnyStore {
    async fn realms(&self) -> Result<Vec<(RealmNo, Arc<str>)>, Fault> {
        on!(self, store => store.realms().await)
    }

    async fn realm(&self, name: &str) -> Result<RealmNo, Fault> {
        on!(self, store => store.realm(name).await)
    }

    async fn claim(&self, realm: RealmNo) -> Result<Lease, Fault> {
        on!(self, store => store.claim(realm).await)
    }

    async fn commit(&self, lease: Lease, first: u64, deeds: Vec<Deed>) -> Result<(), Fault> {
        on!(self, store => store.commit(lease, first, deeds).await)
    }

    async fn last(&self, realm: RealmNo) -> Result<u64, Fault> {
        on!(self, store => store.last(realm).await)
    }

    fn replay(&self, realm: RealmNo, from: u64) -> Replay {
        on!(self, store => store.replay(realm, from))
    }

    async fn snapshot_put(&self, realm: RealmNo, snapshot: Snapshot) -> Result<(), Fault> {
        on!(self, store => store.snapshot_put(realm, snapshot).await)
    }

    async fn snapshot_get(&self, realm: RealmNo, at_most: u64) -> Result<Option<Snapshot>, Fault> {
        on!(self, store => store.snapshot_get(realm, at_most).await)
    }

    async fn page(
        &self,
        realm: RealmNo,
        page: Page,
        at_least: u64,
    ) -> Result<Option<Answer>, Fault> {
        on!(self, store => store.page(realm, page, at_least).await)
    }

    fn story(&self, realm: RealmNo, room: RoomId) -> Replay {
        on!(self, store => store.story(realm, room))
    }

    async fn rebuild(&self, realm: RealmNo) -> Result<(), Fault> {
        on!(self, store => store.rebuild(realm).await)
    }

    async fn shorten(&self, realm: RealmNo, before: u64, past: Millis) -> Result<u64, Fault> {
        on!(self, store => store.shorten(realm, before, past).await)
    }

    async fn close(&self) {
        on!(self, store => store.close().await);
    }
}

/// A folder of its own for a test.
#[cfg(test)]
pub(crate) fn scratch(name: &str) -> PathBuf {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = std::env::temp_dir().join(format!(
        "sangdam-{name}-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    ));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
