//! The one thread that writes the views: it follows the journal, half a second behind at most, or at once when
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
use rusqlite::{Connection, TransactionBehavior};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Deeds that are older than this are written without being asked for. Lines of many rooms change the same pages of the
/// index of lines, and a page is written once for all that came meanwhile.
const BEHIND: Duration = Duration::from_millis(500);

/// So many deeds are written at once at most.
const CHUNK: usize = 1_024;

/// So many deeds may be on their way to the trail; further ones it reads from the journal.
const LOAD: usize = 8_192;

/// What the views are asked.
#[derive(Debug)]
pub(super) enum Job {
    /// There are deeds in the tray.
    Committed,
    /// The views must stand at this deed, or later.
    BringUp(RealmNo, u64, oneshot::Sender<Result<(), Fault>>),
    /// Throw a realm's rows away and make them again.
    Rebuild(RealmNo, oneshot::Sender<Result<(), Fault>>),
    /// Copy the journal's log into its file.
    Checkpoint,
    /// No more.
    Close,
}

/// Deeds on their way from the journal to the views. To wake the views' thread for each commit would cost more than to
/// write the views: it is woken for the first, finds out by itself half a second later what else has come, and
/// is woken again only when that is a lot.
#[derive(Debug, Default)]
pub(super) struct Tray(Mutex<Lying>);

#[derive(Debug, Default)]
struct Lying {
    batches: Vec<(RealmNo, u64, Vec<Deed>)>,
    deeds: usize,
    /// Realms of which something did not fit.
    more: BTreeSet<RealmNo>,
}

impl Tray {
    /// Lays a batch down, unless too many lie there; true when the views' thread is to be woken.
    pub(super) fn lay(&self, realm: RealmNo, first: u64, deeds: Vec<Deed>) -> bool {
        let mut lying = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lying.deeds > LOAD {
            lying.more.insert(realm);
            return false;
        }
        let before = lying.deeds;
        lying.deeds += deeds.len();
        lying.batches.push((realm, first, deeds));
        before == 0 || before < CHUNK && lying.deeds >= CHUNK
    }

    fn take(&self) -> Lying {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// So many that they are not to wait.
    fn is_full(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).deeds >= CHUNK
    }
}

/// The writer of views.
#[derive(Debug)]
pub(super) struct Trail {
    views: Connection,
    journal: Connection,
    to_journal: Sender<journal::Job>,
    tray: Arc<Tray>,
    reserve: Reserve,
    stands: Arc<Stands>,
    rooms: Rooms,
    /// Deeds that came and are not in the views yet, without gaps from where the views stand.
    backlog: BTreeMap<u16, Chunk>,
    /// Realms of which the journal holds more than the views and the backlog.
    late: BTreeSet<RealmNo>,
    /// Realms whose views could not be written when that was last tried.
    failing: BTreeSet<u16>,
    /// Deeds lie in the tray, or lay there a moment ago.
    expects: bool,
}

impl Trail {
    pub(super) fn open(
        folder: &Path,
        to_journal: Sender<journal::Job>,
        tray: Arc<Tray>,
        reserve: Reserve,
        stands: Arc<Stands>,
    ) -> Result<Self, Fault> {
        let mut views = files::views(folder)?;
        let journal = files::journal_beside(folder)?;
        let (mut late, mut shown) = (BTreeSet::new(), Vec::new());
        {
            let mut realms = journal.prepare("SELECT no FROM realm ORDER BY no")?;
            for no in realms.query_map([], |row| row.get(0))? {
                late.insert(RealmNo(no?));
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
            tray,
            reserve,
            stands,
            rooms: Rooms::new(),
            backlog: BTreeMap::new(),
            late,
            failing: BTreeSet::new(),
            expects: false,
        })
    }

    /// Works until it is told to close.
    pub(super) fn work(mut self, jobs: &Receiver<Job>) {
        self.come_up();
        self.reserve.fill();
        loop {
            let waits = self.expects || !self.late.is_empty() || self.reserve.is_shut();
            let job = if waits {
                jobs.recv_timeout(BEHIND)
            } else {
                jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match job {
                Ok(Job::Committed) if self.tray.is_full() => self.come_up(),
                Ok(Job::Committed) => self.expects = true,
                Ok(Job::BringUp(realm, seq, reply)) => drop(reply.send(self.bring_up(realm, seq))),
                Ok(Job::Rebuild(realm, reply)) => drop(reply.send(self.rebuild(realm))),
                Ok(Job::Checkpoint) => self.checkpoint(),
                Err(RecvTimeoutError::Timeout) => self.come_up(),
                Ok(Job::Close) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.come_up();
    }

    /// Brings all realms up to the newest deed. One whose views cannot be written is tried again; commits go on.
    fn come_up(&mut self) {
        if self.reserve.is_shut() {
            self.reserve.fill();
        }
        self.gather();
        let waiting: Vec<RealmNo> = self.backlog.keys().copied().map(RealmNo).collect();
        for realm in waiting {
            let written = self.flush(realm);
            self.note(realm, written);
        }
        for realm in self.late.clone() {
            let written = self.catch_up(realm);
            self.note(realm, written);
        }
    }

    /// Notes whether the views of a realm could be written. Says so once, not at each try.
    fn note(&mut self, realm: RealmNo, written: Result<(), Fault>) {
        let was = self.failing.contains(&realm.0);
        match written {
            Ok(()) if was && !self.late.contains(&realm) => {
                self.failing.remove(&realm.0);
                tracing::info!(realm = realm.0, "the views follow again");
            }
            Ok(()) => {}
            Err(fault) => {
                self.late.insert(realm);
                if self.failing.insert(realm.0) {
                    let cause = std::error::Error::source(&fault).map(ToString::to_string);
                    tracing::error!(realm = realm.0, %fault, cause, "the views cannot follow; they will be tried again");
                }
            }
        }
    }

    /// Takes what lies in the tray into the backlog.
    fn gather(&mut self) {
        self.expects = false;
        let mut lying = self.tray.take();
        self.late.append(&mut lying.more);
        for (realm, first, deeds) in lying.batches {
            let stands = self.stands.of(realm);
            let next = self
                .backlog
                .get(&realm.0)
                .and_then(|backlog| backlog.last())
                .map_or(stands, |(seq, _)| *seq)
                + 1;
            if first == next {
                self.backlog.entry(realm.0).or_default().extend((first..).zip(deeds));
            } else if first > next {
                self.late.insert(realm);
            }
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
                self.late.remove(&realm);
                return Ok(());
            }
            self.take(realm, deeds)?;
        }
    }

    fn bring_up(&mut self, realm: RealmNo, seq: u64) -> Result<(), Fault> {
        if self.stands.of(realm) < seq {
            self.gather();
            // The other realms' deeds still wait their half second.
            self.expects = true;
            let written = self.flush(realm);
            self.note(realm, written.clone());
            written?;
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
        if written.is_ok() {
            self.stands.set(realm, seq);
        }
        written
    }

    fn write(&mut self, realm: RealmNo, seq: u64, changes: &Changes) -> Result<(), Fault> {
        let written = self.write_rows(realm, seq, changes);
        if written.is_err() {
            // Short names of rooms that were given in this transaction are void.
            self.rooms.clear();
        }
        written
    }

    fn write_rows(&mut self, realm: RealmNo, seq: u64, changes: &Changes) -> Result<(), Fault> {
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
