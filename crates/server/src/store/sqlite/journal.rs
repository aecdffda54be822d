//! The one thread that writes the journal. A batch is one row, one statement and one wait for the disk; batches of
//! several realms that come at once share the wait.

use super::files::{self, int};
use super::trail::{self, Tray};
use crate::store::{Fault, Lease, RealmNo};
use domain::fact::{Deed, FACT_VERSION};
use domain::time::Millis;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;

/// After about so many pages in the log they are copied into the file: 8 MB.
const CHECKPOINT_PAGES: usize = 2_000;

/// Rows that are taken out of the journal at once.
const SHORTEN_ROWS: u32 = 500;

/// Where an answer goes.
type To<T> = oneshot::Sender<Result<T, Fault>>;

/// One batch to be written.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) lease: Lease,
    pub(super) first: u64,
    pub(super) deeds: Vec<Deed>,
    pub(super) reply: To<()>,
}

/// What the journal is asked.
#[derive(Debug)]
pub(super) enum Job {
    Realms(To<Vec<(RealmNo, Arc<str>)>>),
    Realm(Arc<str>, To<RealmNo>),
    Claim(RealmNo, To<Lease>),
    Last(RealmNo, To<u64>),
    Commit(Commit),
    /// Deeds below this number and before this moment go.
    Shorten(RealmNo, u64, Millis, To<u64>),
    /// Most of the log has been copied into the file: copy the rest, so that it begins anew.
    Checkpoint,
    /// For tests: a setting of the file.
    #[cfg(test)]
    Pragma(&'static str, u32),
    Close,
}

/// The writer.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    db: Connection,
    /// The newest deed of each realm whose lease was claimed here.
    last: BTreeMap<u16, u64>,
    /// The file failed in a way that nobody can tell: open it afresh before it is used again.
    sick: bool,
    text: Vec<u8>,
    /// Pages in the log since it was last copied, by a cautious guess.
    pages: usize,
    trail: Sender<trail::Job>,
    tray: Arc<Tray>,
    shut: Arc<AtomicBool>,
}

impl Journal {
    pub(super) fn open(
        folder: &Path,
        trail: Sender<trail::Job>,
        tray: Arc<Tray>,
        shut: Arc<AtomicBool>,
    ) -> Result<Self, Fault> {
        let db = files::journal(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            db,
            last: BTreeMap::new(),
            sick: false,
            text: Vec::new(),
            pages: 0,
            trail,
            tray,
            shut,
        })
    }

    /// Works until it is told to close.
    pub(super) fn work(mut self, jobs: &Receiver<Job>) {
        let mut batches = Vec::new();
        'work: while let Ok(job) = jobs.recv() {
            let mut next = Some(job);
            while let Some(job) = next {
                match job {
                    Job::Commit(commit) => batches.push(commit),
                    Job::Close => {
                        self.commit(&mut batches);
                        break 'work;
                    }
                    other => {
                        self.commit(&mut batches);
                        self.answer(other);
                    }
                }
                next = jobs.try_recv().ok();
            }
            self.commit(&mut batches);
        }
        let _ = self.trail.send(trail::Job::Close);
    }

    fn answer(&mut self, job: Job) {
        match job {
            Job::Realms(reply) => drop(reply.send(self.realms())),
            Job::Realm(name, reply) => drop(reply.send(self.realm(&name))),
            Job::Claim(realm, reply) => drop(reply.send(self.claim(realm))),
            Job::Last(realm, reply) => drop(reply.send(last(&self.db, realm))),
            Job::Shorten(realm, before, past, reply) => {
                drop(reply.send(self.shorten(realm, before, past)));
            }
            Job::Checkpoint => {
                // What is not copied now is copied next time.
                if let Err(error) =
                    self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                {
                    tracing::debug!(%error, "the journal's log was not copied");
                }
                self.pages = 0;
            }
            #[cfg(test)]
            Job::Pragma(name, value) => self.db.pragma_update(None, name, value).unwrap(),
            Job::Commit(_) | Job::Close => {}
        }
    }

    fn realms(&self) -> Result<Vec<(RealmNo, Arc<str>)>, Fault> {
        let mut rows = self.db.prepare_cached("SELECT no, name FROM realm ORDER BY no")?;
        let realms =
            rows.query_map([], |row| Ok((RealmNo(row.get(0)?), row.get::<_, String>(1)?.into())))?;
        Ok(realms.collect::<Result<_, _>>()?)
    }

    fn realm(&self, name: &str) -> Result<RealmNo, Fault> {
        let find = "SELECT no FROM realm WHERE name = ?1";
        if let Some(no) = self.db.query_row(find, [name], |row| row.get(0)).optional()? {
            return Ok(RealmNo(no));
        }
        let make = "INSERT INTO realm (no, name) SELECT coalesce(max(no) + 1, 0), ?1 FROM realm RETURNING no";
        Ok(RealmNo(self.db.query_row(make, [name], |row| row.get(0))?))
    }

    fn claim(&mut self, realm: RealmNo) -> Result<Lease, Fault> {
        self.may_write()?;
        let epoch = self.db.query_row(
            "UPDATE realm SET epoch = epoch + 1 WHERE no = ?1 RETURNING epoch",
            [realm.0],
            |row| row.get::<_, i64>(0),
        )?;
        self.last.insert(realm.0, last(&self.db, realm)?);
        Ok(Lease { realm, epoch: epoch.unsigned_abs() })
    }

    /// Deletes rows from the beginning, as many as hold up no commit for long.
    fn shorten(&mut self, realm: RealmNo, before: u64, past: Millis) -> Result<u64, Fault> {
        self.may_write()?;
        let newest = last(&self.db, realm)?;
        let gone = self.db.execute(
            "DELETE FROM journal WHERE id IN (
               SELECT id FROM journal WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3
             ) AND id + count <= ?2 AND at < ?4",
            params![
                files::key(realm, 0),
                files::key(realm, before.min(newest)),
                SHORTEN_ROWS,
                int(past.0)
            ],
        )?;
        self.pages += gone;
        Ok(gone as u64)
    }

    /// Writes these batches and answers them.
    fn commit(&mut self, batches: &mut Vec<Commit>) {
        if batches.is_empty() {
            return;
        }
        let written = self.write(batches);
        for (at, commit) in batches.drain(..).enumerate() {
            let outcome = match &written {
                Ok(written) if written[at] => Ok(()),
                Ok(_) => Err(Fault::Stale),
                Err(fault) => Err(fault.clone()),
            };
            if outcome.is_ok() {
                // Before the answer: whoever hears it may at once ask for a page that shows these deeds.
                if self.tray.lay(commit.lease.realm, commit.first, commit.deeds) {
                    let _ = self.trail.send(trail::Job::Committed);
                }
            }
            let _ = commit.reply.send(outcome);
        }
        if self.pages >= CHECKPOINT_PAGES {
            self.pages = 0;
            let _ = self.trail.send(trail::Job::Checkpoint);
        }
    }

    /// Nothing is written while the views need all the space there is, or to a file that failed.
    fn may_write(&mut self) -> Result<(), Fault> {
        if self.shut.load(Ordering::Acquire) {
            return Err(Fault::Full);
        }
        if self.sick {
            self.db = files::journal(&self.folder)?;
            self.sick = false;
        }
        Ok(())
    }

    /// Writes all of these batches or none; says of each whether its lease let it in.
    fn write(&mut self, batches: &[Commit]) -> Result<Vec<bool>, Fault> {
        self.may_write()?;
        let mut last = self.last.clone();
        let written = self.write_all(batches, &mut last);
        match &written {
            Ok(_) => self.last = last,
            Err(fault) => {
                if !self.db.is_autocommit() {
                    let _ = self.db.execute_batch("ROLLBACK");
                }
                self.sick = matches!(fault, Fault::Broken { .. });
            }
        }
        written
    }

    fn write_all(
        &mut self,
        batches: &[Commit],
        last: &mut BTreeMap<u16, u64>,
    ) -> Result<Vec<bool>, Fault> {
        let together = batches.len() > 1;
        if together {
            self.db.execute_batch("BEGIN IMMEDIATE")?;
        }
        let mut written = Vec::with_capacity(batches.len());
        for commit in batches {
            let realm = commit.lease.realm.0;
            let follows = last.get(&realm).map(|last| last + 1) == Some(commit.first);
            written.push(follows && self.insert(commit)?);
            if written.last() == Some(&true) {
                last.insert(realm, commit.first + commit.deeds.len() as u64 - 1);
            }
        }
        if together {
            self.db.execute_batch("COMMIT")?;
        }
        Ok(written)
    }

    /// Writes one batch; false when its lease is stale.
    fn insert(&mut self, commit: &Commit) -> Result<bool, Fault> {
        let realm = commit.lease.realm;
        self.text.clear();
        serde_json::to_writer(&mut self.text, &commit.deeds)
            .map_err(|e| Fault::broken("write deeds", e))?;
        self.pages += 2 + self.text.len() / 4_000;
        // Another process may have claimed the realm: the epoch in the file decides.
        let mut insert = self.db.prepare_cached(
            "INSERT INTO journal (id, count, at, version, deeds) SELECT ?1, ?2, ?3, ?4, ?5 FROM realm WHERE no = ?6 AND epoch = ?7",
        )?;
        let at = commit.deeds.first().map_or(0, |deed| deed.at.0);
        let (key, count) = (files::key(realm, commit.first), int(commit.deeds.len() as u64));
        let row =
            params![key, count, int(at), FACT_VERSION, self.text, realm.0, int(commit.lease.epoch)];
        Ok(insert.execute(row)? == 1)
    }
}

/// The newest deed of a realm; 0 if there is none.
pub(super) fn last(db: &Connection, realm: RealmNo) -> Result<u64, Fault> {
    let mut newest = db.prepare_cached(
        "SELECT id, count FROM journal WHERE id > ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1",
    )?;
    let row = newest
        .query_row([files::key(realm, 0), files::key(realm, u64::MAX)], |row| {
            Ok((row.get(0)?, row.get::<_, u32>(1)?))
        })
        .optional()?;
    Ok(row.map_or(0, |(key, count)| files::seq_of(key) + u64::from(count) - 1))
}
