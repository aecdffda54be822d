//! The store in a folder: `journal.db` (must never be lost), `views.db` (can be made again), `snapshots/`.
//!
//! ```text
//!  commit ──▶ journal thread ── INSERT, fsync ──▶ answer        one row per batch, one fsync
//!                   │ deeds
//!                   ▼
//!             trail thread ── facts → rows ──▶ views.db         after the commit, half a second behind at most
//!                                                 ▲
//!  page ──▶ (trail: "up to deed 42?") ──▶ read threads
//! ```
//!
//! Two files, because their needs differ: the journal waits for the disk at each commit, the views never do; and as
//! each file has a writer of its own, a commit never waits for a view. Both are in WAL mode, so reading blocks nobody.

mod files;
mod journal;
mod kept;
mod ledger;
mod look;
mod past;
mod reserve;
mod rows;
#[cfg(test)]
mod tests;
mod trail;
mod words;

use super::snapshot::Snapshot;
use super::{Fault, Lease, RealmNo, Replay, Store};
use domain::fact::Deed;
use domain::id::RoomId;
use domain::query::{Answer, Page};
use domain::time::Millis;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// How many threads read views.
const READERS: usize = 2;

/// The files of a folder, and the threads at work on them.
pub struct Sqlite {
    folder: PathBuf,
    journal: Sender<journal::Job>,
    trail: Sender<trail::Job>,
    reads: Sender<look::Job>,
    stands: Arc<Stands>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The deed at which the views of each realm stand, known to everyone.
#[derive(Debug, Default)]
struct Stands(Mutex<BTreeMap<u16, u64>>);

impl Stands {
    fn of(&self, realm: RealmNo) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&realm.0).copied().unwrap_or(0)
    }

    fn set(&self, realm: RealmNo, seq: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(realm.0, seq);
    }
}

impl Sqlite {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when its files cannot be opened or made, or were written by a later build.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder.join(kept::FOLDER))
            .map_err(|e| Fault::io("make the data folder", e))?;
        let (to_journal, journal_jobs) = mpsc::channel();
        let (to_trail, trail_jobs) = mpsc::channel();
        let (to_reads, read_jobs) = mpsc::channel();
        let reserve = reserve::Reserve::new(folder);
        let tray = Arc::new(trail::Tray::default());
        let stands = Arc::new(Stands::default());

        let journal =
            journal::Journal::open(folder, to_trail.clone(), tray.clone(), reserve.shut())?;
        let trail = trail::Trail::open(folder, to_journal.clone(), tray, reserve, stands.clone())?;
        let mut threads = vec![
            start("sangdam-journal", move || journal.work(&journal_jobs))?,
            start("sangdam-trail", move || trail.work(&trail_jobs))?,
        ];
        let read_jobs = Arc::new(Mutex::new(read_jobs));
        for _ in 0..READERS {
            let reader = look::Reader::open(folder)?;
            let jobs = read_jobs.clone();
            threads.push(start("sangdam-read", move || reader.work(&jobs))?);
        }
        Ok(Self {
            folder: folder.to_owned(),
            journal: to_journal,
            trail: to_trail,
            reads: to_reads,
            stands,
            threads: Mutex::new(threads),
        })
    }

    /// Does without waiting for the disk, to measure what else a commit costs.
    #[cfg(test)]
    pub(super) fn do_not_sync(&self) {
        assert!(self.journal.send(journal::Job::Pragma("synchronous", 0)).is_ok());
    }

    /// Asks the journal's thread.
    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> journal::Job,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.journal.send(job(reply)).map_err(|_| Fault::gone())?;
        answer.await.map_err(|_| Fault::gone())?
    }

    /// Asks the views' thread.
    async fn ask_trail<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Fault>>) -> trail::Job,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.trail.send(job(reply)).map_err(|_| Fault::gone())?;
        answer.await.map_err(|_| Fault::gone())?
    }
}

fn start(
    name: &'static str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Fault> {
    crate::tasks::thread(name, work).map_err(|e| Fault::io("start a thread", e))
}

/// Does file work where it holds up nobody.
async fn elsewhere<T: Send + 'static>(
    name: &'static str,
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    crate::tasks::blocking(name, work).await.map_err(|e| Fault::broken("wait for a file", e))?
}

impl Store for Sqlite {
    async fn realms(&self) -> Result<Vec<(RealmNo, Arc<str>)>, Fault> {
        self.ask(journal::Job::Realms).await
    }

    async fn realm(&self, name: &str) -> Result<RealmNo, Fault> {
        self.ask(|reply| journal::Job::Realm(name.into(), reply)).await
    }

    async fn claim(&self, realm: RealmNo) -> Result<Lease, Fault> {
        self.ask(|reply| journal::Job::Claim(realm, reply)).await
    }

    async fn commit(&self, lease: Lease, first: u64, deeds: Vec<Deed>) -> Result<(), Fault> {
        if deeds.is_empty() {
            return Ok(());
        }
        self.ask(|reply| journal::Job::Commit(journal::Commit { lease, first, deeds, reply })).await
    }

    async fn last(&self, realm: RealmNo) -> Result<u64, Fault> {
        self.ask(|reply| journal::Job::Last(realm, reply)).await
    }

    fn replay(&self, realm: RealmNo, from: u64) -> Replay {
        kept::replay(&self.folder, realm, from, None)
    }

    async fn snapshot_put(&self, realm: RealmNo, snapshot: Snapshot) -> Result<(), Fault> {
        let folder = self.folder.clone();
        elsewhere("snapshot", move || kept::snapshot_put(&folder, realm, &snapshot)).await
    }

    async fn snapshot_get(&self, realm: RealmNo, at_most: u64) -> Result<Option<Snapshot>, Fault> {
        let folder = self.folder.clone();
        elsewhere("snapshot", move || kept::snapshot_get(&folder, realm, at_most)).await
    }

    async fn page(
        &self,
        realm: RealmNo,
        page: Page,
        at_least: u64,
    ) -> Result<Option<Answer>, Fault> {
        if self.stands.of(realm) < at_least {
            self.ask_trail(|reply| trail::Job::BringUp(realm, at_least, reply)).await?;
        }
        let (reply, answer) = oneshot::channel();
        self.reads.send(look::Job::Page(realm, page, reply)).map_err(|_| Fault::gone())?;
        answer.await.map_err(|_| Fault::gone())?
    }

    fn story(&self, realm: RealmNo, room: RoomId) -> Replay {
        kept::replay(&self.folder, realm, 1, Some(room))
    }

    async fn rebuild(&self, realm: RealmNo) -> Result<(), Fault> {
        self.ask_trail(|reply| trail::Job::Rebuild(realm, reply)).await
    }

    async fn shorten(&self, realm: RealmNo, before: u64, past: Millis) -> Result<u64, Fault> {
        self.ask(|reply| journal::Job::Shorten(realm, before, past, reply)).await
    }

    async fn close(&self) {
        // The journal's thread tells the views' thread, when its last batch is written.
        let _ = self.journal.send(journal::Job::Close);
        for _ in 0..READERS {
            let _ = self.reads.send(look::Job::Close);
        }
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = crate::tasks::blocking("close", move || {
            threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count()
        })
        .await;
        if joined != Ok(0) {
            tracing::error!("a thread of the store ended early");
        }
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        let _ = self.journal.send(journal::Job::Close);
    }
}
