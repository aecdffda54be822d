//! The one thread that writes the views: it follows the journal, a quarter of a second behind at most, or at once when
//! a page needs it. It also copies the journal's log into its file, so that no commit has to.

use super::Stands;
use super::files::{self, int};
use super::journal;
use super::kept;
use super::reserve::Reserve;
use super::rows::{self, Rooms, Rows};
use crate::store::replay::Chunk;
use crate::store::views::Changes;
use crate::store::{Fault, RealmNo};
use domain::fact::Deed;
use domain::time::Millis;
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;
use tokio::sync::oneshot;

/// Deeds that are older than this are written without being asked for.
const BEHIND: Millis = Millis(250);

/// So many deeds are written at once at most.
const CHUNK: usize = 1_024;

/// So many deeds may be on their way to the trail; further ones it reads from the journal.
const LOAD: usize = 8_192;

/// What the views are asked.
#[derive(Debug)]
pub(super) enum Job {
    /// These deeds are in the journal.
    Committed(RealmNo, u64, Vec<Deed>),
    /// The views must stand at this deed, or later.
    BringUp(RealmNo, u64, oneshot::Sender<Result<(), Fault>>),
    /// Throw a realm's rows away and make them again.
    Rebuild(RealmNo, oneshot::Sender<Result<(), Fault>>),
    /// Copy the journal's log into its file.
    Checkpoint,
    /// No more.
    Close,
}

/// How many deeds are on their way to the trail.
#[derive(Debug, Default)]
pub(super) struct Load(AtomicUsize);

impl Load {
    /// Notes so many more; false when there are too many: then they are not sent.
    pub(super) fn add(&self, deeds: usize) -> bool {
        if self.0.load(Ordering::Relaxed) > LOAD {
            return false;
        }
        self.0.fetch_add(deeds, Ordering::Relaxed);
        true
    }

    fn take(&self, deeds: usize) {
        self.0.fetch_sub(deeds, Ordering::Relaxed);
    }
}

/// The writer of views.
#[derive(Debug)]
pub(super) struct Trail {
    views: Connection,
    journal: Connection,
    to_journal: Sender<journal::Job>,
    load: Arc<Load>,
    reserve: Reserve,
    stands: Arc<Stands>,
    rooms: Rooms,
    /// Deeds that came and are not in the views yet, without gaps from where the views stand.
    backlog: BTreeMap<u16, Chunk>,
    /// Realms of which the journal holds more than the views and the backlog.
    late: Vec<RealmNo>,
}

impl Trail {
    pub(super) fn open(
        folder: &Path,
        to_journal: Sender<journal::Job>,
        load: Arc<Load>,
        reserve: Reserve,
        stands: Arc<Stands>,
    ) -> Result<Self, Fault> {
        let mut views = files::views(folder)?;
        let journal = files::journal_beside(folder)?;
        let (mut late, mut shown) = (Vec::new(), Vec::new());
        {
            let mut realms = journal.prepare("SELECT no FROM realm ORDER BY no")?;
            for no in realms.query_map([], |row| row.get(0))? {
                late.push(RealmNo(no?));
            }
            let mut at = views.prepare("SELECT realm, seq FROM view_at")?;
            for row in at.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))? {
                let (no, seq) = row?;
                shown.push((RealmNo(no), seq.unsigned_abs()));
            }
        }
        for (realm, seq) in shown {
            // The journal was put back from a backup: what it does not hold never happened.
            if seq > journal::last(&journal, realm)? {
                let change = views.transaction()?;
                rows::clear(&change, realm)?;
                change.commit()?;
            } else {
                stands.set(realm, seq);
            }
        }
        Ok(Self {
            views,
            journal,
            to_journal,
            load,
            reserve,
            stands,
            rooms: Rooms::new(),
            backlog: BTreeMap::new(),
            late,
        })
    }

    /// Works until it is told to close.
    pub(super) fn work(mut self, jobs: &Receiver<Job>) {
        self.reserve.fill();
        self.rest();
        loop {
            let waits = !self.backlog.is_empty() || !self.late.is_empty() || self.reserve.is_shut();
            let job = if waits {
                jobs.recv_timeout(Duration::from_millis(BEHIND.0))
            } else {
                jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match job {
                Ok(Job::Committed(realm, first, deeds)) => self.committed(realm, first, deeds),
                Ok(Job::BringUp(realm, seq, reply)) => drop(reply.send(self.bring_up(realm, seq))),
                Ok(Job::Rebuild(realm, reply)) => drop(reply.send(self.rebuild(realm))),
                Ok(Job::Checkpoint) => self.checkpoint(),
                Err(RecvTimeoutError::Timeout) => self.rest(),
                Ok(Job::Close) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.rest();
    }

    /// Nothing else is to be done: come up to the newest deed.
    fn rest(&mut self) {
        if self.reserve.is_shut() {
            self.reserve.fill();
        }
        let realms: Vec<u16> = self.backlog.keys().copied().collect();
        for realm in realms.into_iter().map(RealmNo) {
            self.note(realm, Self::flush);
        }
        for realm in std::mem::take(&mut self.late) {
            self.note(realm, Self::catch_up);
        }
    }

    /// A realm whose views cannot be written is tried again later; commits go on.
    fn note(
        &mut self,
        realm: RealmNo,
        write: impl FnOnce(&mut Self, RealmNo) -> Result<(), Fault>,
    ) {
        if let Err(fault) = write(self, realm) {
            self.late.push(realm);
            lament(realm, &fault);
        }
    }

    fn committed(&mut self, realm: RealmNo, first: u64, deeds: Vec<Deed>) {
        self.load.take(deeds.len());
        let stands = self.stands.of(realm);
        let backlog = self.backlog.entry(realm.0).or_default();
        let next = backlog.last().map_or(stands, |(seq, _)| *seq) + 1;
        match first.cmp(&next) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => backlog.extend((first..).zip(deeds)),
            std::cmp::Ordering::Greater => {
                if !self.late.contains(&realm) {
                    self.late.push(realm);
                }
            }
        }
        let due = match (backlog.first(), backlog.last()) {
            (Some((_, oldest)), Some((_, newest))) => {
                newest.at.since(oldest.at) >= BEHIND || backlog.len() >= CHUNK
            }
            _ => false,
        };
        if due {
            self.note(realm, Self::flush);
        }
        if backlog_empty(&self.backlog, realm) {
            self.backlog.remove(&realm.0);
        }
    }

    /// Writes the backlog of a realm. What cannot be written is read from the journal later.
    fn flush(&mut self, realm: RealmNo) -> Result<(), Fault> {
        match self.backlog.remove(&realm.0) {
            Some(deeds) if !deeds.is_empty() => self.take(realm, deeds),
            _ => Ok(()),
        }
    }

    /// Reads the journal until the views are up with it.
    fn catch_up(&mut self, realm: RealmNo) -> Result<(), Fault> {
        self.backlog.remove(&realm.0);
        loop {
            let deeds = kept::chunk(&self.journal, realm, self.stands.of(realm) + 1)?;
            if deeds.is_empty() {
                self.late.retain(|late| *late != realm);
                return Ok(());
            }
            self.take(realm, deeds)?;
        }
    }

    fn bring_up(&mut self, realm: RealmNo, seq: u64) -> Result<(), Fault> {
        if self.stands.of(realm) < seq {
            self.flush(realm).inspect_err(|_| self.late.push(realm))?;
        }
        if self.stands.of(realm) < seq {
            self.catch_up(realm)?;
        }
        if self.stands.of(realm) < seq {
            return Err(Fault::broken(
                "bring views up",
                std::io::Error::other("the deed asked for is not in the journal"),
            ));
        }
        Ok(())
    }

    fn rebuild(&mut self, realm: RealmNo) -> Result<(), Fault> {
        let change = self.views.transaction_with_behavior(TransactionBehavior::Immediate)?;
        rows::clear(&change, realm)?;
        change.commit()?;
        self.rooms.retain(|(no, _), _| *no != realm.0);
        self.stands.set(realm, 0);
        self.catch_up(realm)
    }

    /// Writes deeds that follow where the views stand. When there is no space, the reserve is given up for them.
    fn take(&mut self, realm: RealmNo, deeds: Chunk) -> Result<(), Fault> {
        let Some((seq, _)) = deeds.last() else { return Ok(()) };
        let seq = *seq;
        let changes = Changes::of(deeds, &mut Rows(&self.views, realm))?;
        let written = match self.write(realm, seq, &changes) {
            Err(Fault::Full) if self.reserve.give() => self.write(realm, seq, &changes),
            written => written,
        };
        match written {
            Ok(()) => self.stands.set(realm, seq),
            // Names given in a transaction that failed are void.
            Err(_) => self.rooms.clear(),
        }
        written
    }

    fn write(&mut self, realm: RealmNo, seq: u64, changes: &Changes) -> Result<(), Fault> {
        let change = self.views.transaction_with_behavior(TransactionBehavior::Immediate)?;
        rows::write(&change, realm, &mut self.rooms, changes)?;
        change
            .prepare_cached("INSERT OR REPLACE INTO view_at (realm, seq) VALUES (?1, ?2)")?
            .execute((realm.0, int(seq)))?;
        Ok(change.commit()?)
    }

    /// Copies most of the log while commits go on; the journal's own thread copies the rest.
    fn checkpoint(&self) {
        if let Err(error) = self.journal.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        {
            tracing::debug!(%error, "the journal's log was not copied");
        }
        let _ = self.to_journal.send(journal::Job::Checkpoint);
    }
}

fn backlog_empty(backlog: &BTreeMap<u16, Chunk>, realm: RealmNo) -> bool {
    backlog.get(&realm.0).is_some_and(Vec::is_empty)
}

fn lament(realm: RealmNo, fault: &Fault) {
    let cause = std::error::Error::source(fault).map(ToString::to_string);
    tracing::error!(realm = realm.0, %fault, cause, "the views cannot follow; they will be tried again");
}
