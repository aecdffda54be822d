//! Prunes what is past: the bytes of files and recordings, what was written in rooms, and in the end facts.
//!
//! ```text
//!  views: what is past? ─▶ file store: delete ─▶ Command::Prune ─▶ views: rows go
//!  all is past before H ─▶ two snapshots hold it ─▶ journal: rows go ─▶ Command::Prune
//! ```
//!
//! The bytes go before the fact that says so: whatever happens in between, the next pass finds them named, and goes on. Whoever
//! asks for a file in between hears that it is not there.

#[cfg(test)]
mod tests;

use crate::blob::{self, Blobs};
use crate::run::Realm;
use crate::store::{self, AnyStore, RealmNo, Store as _, snapshot};
use crate::{clock, tasks};
use domain::command::Command;
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::retention::{Horizons, Past, Pruned};
use domain::time::Millis;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// How often it is looked for what is past.
const EVERY: Duration = Duration::from_hours(1);

/// Why a pass was not finished.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The realm does not answer.
    #[error("the realm does not answer: {0:?}")]
    Realm(facade::door::Fault),
    /// It says no.
    #[error("the realm refuses: {0}")]
    Refused(#[from] Refusal),
    /// Bytes cannot be deleted.
    #[error("a file cannot be deleted: {0}")]
    Blob(#[from] blob::Fault),
    /// Facts cannot be taken out.
    #[error("the journal cannot be shortened: {0}")]
    Store(#[from] store::Fault),
}

impl From<facade::door::Fault> for Fault {
    fn from(fault: facade::door::Fault) -> Self {
        Self::Realm(fault)
    }
}

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Rooms.
    pub rooms: usize,
    /// Files.
    pub files: usize,
    /// Recordings.
    pub recordings: usize,
    /// Rows of the journal.
    pub rows: u64,
}

/// Prunes a realm now and then until the server stops.
pub fn start(realm: Arc<Realm>, blobs: Arc<Blobs>, mut stop: watch::Receiver<bool>) {
    let work = async move {
        loop {
            match pass(&realm, &blobs, clock::now()).await {
                Ok(done) if done == Done::default() => {}
                Ok(done) => tracing::info!(realm = realm.no.0, ?done, "pruned what is past"),
                Err(fault) => {
                    tracing::warn!(realm = realm.no.0, %fault, "not all that is past was pruned");
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    tasks::spawn("prune", async move {
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
}

/// Prunes all that is past at this moment.
///
/// # Errors
///
/// A [`Fault`]; what was pruned until then is, and the next pass goes on.
pub async fn pass(realm: &Realm, blobs: &Blobs, now: Millis) -> Result<Done, Fault> {
    let mut done = Done::default();
    let Answer::Directory(directory) = ask(realm, Query::Directory).await? else { return Ok(done) };
    let retention = directory.realm.as_ref().map(|realm| realm.retention).unwrap_or_default();
    if retention.is_endless() {
        return Ok(done);
    }
    let horizons = retention.horizons(now);
    let mut before = None;
    let keep = loop {
        let Answer::Past(past) = ask(realm, Query::Past(horizons)).await? else { return Ok(done) };
        if past.is_empty() {
            break past.keep;
        }
        // A room that is in memory just now goes with a later pass.
        if before.replace(past.clone()).is_some_and(|before| before == past) {
            return Ok(done);
        }
        for file in past.files.iter().chain(&past.recordings) {
            blobs.delete(*file).await?;
        }
        done.rooms += past.rooms.len();
        done.files += past.files.len();
        done.recordings += past.recordings.len();
        let Past { rooms, files, recordings, .. } = past;
        prune(realm, Pruned { rooms, files, recordings, before: None }).await?;
    };
    done.rows = shorten(realm, &horizons, keep).await?;
    Ok(done)
}

async fn ask(realm: &Realm, query: Query) -> Result<Answer, Fault> {
    let (answer, _) = realm.read(query).await?;
    Ok(answer?)
}

async fn prune(realm: &Realm, pruned: Pruned) -> Result<(), Fault> {
    realm.act("prune", Command::Prune(Box::new(pruned))).await??;
    Ok(())
}

/// Takes facts out of the journal of whose time nothing is kept any more. Says how many rows went.
async fn shorten(realm: &Realm, horizons: &Horizons, keep: Option<u64>) -> Result<u64, Fault> {
    let Some(all) = horizons.all() else { return Ok(0) };
    let (store, no) = (&realm.store, realm.no);
    let wanted = keep.unwrap_or(u64::MAX).min(store.last(no).await?);
    if snapshot::covered(store.as_ref(), no).await?.is_none_or(|covered| covered < wanted) {
        make_snapshot(store, no).await?;
    }
    let Some(covered) = snapshot::covered(store.as_ref(), no).await? else { return Ok(0) };
    let before = wanted.min(covered);
    let mut rows = 0;
    loop {
        match store.shorten(no, before, all).await? {
            0 => break,
            gone => rows += gone,
        }
    }
    if rows > 0 {
        prune(realm, Pruned { before: Some(before), ..Pruned::default() }).await?;
    }
    Ok(rows)
}

async fn make_snapshot(store: &Arc<AnyStore>, no: RealmNo) -> Result<(), Fault> {
    let (store, runtime) = (store.clone(), Handle::current());
    // It keeps a core busy: on a thread of its own.
    let made =
        tasks::blocking("snapshot", move || runtime.block_on(snapshot::make(store.as_ref(), no)));
    if let Ok(made) = made.await {
        made?;
    }
    Ok(())
}
