//! The whole state of a realm as it was after some deed, so that not everything has to be replayed.
//!
//! While the journal is whole a snapshot is a convenience: one that is missing, damaged or of another build costs time and nothing
//! else. When facts have left the journal ([`Store::shorten`]) the two newest stand for them: whoever raises
//! [`SNAPSHOT_VERSION`] then brings a step that reads those of the version before.

use super::{Fault, RealmNo, Store};
use domain::centre::Centre;
use std::fmt;

/// The layout of a [`Centre`] in a snapshot. Raise it whenever the state of the domain changes its shape or its
/// meaning: snapshots of other versions are passed over.
pub const SNAPSHOT_VERSION: u32 = 2;

/// One snapshot.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The newest deed in it.
    pub seq: u64,
    /// See [`SNAPSHOT_VERSION`].
    pub version: u32,
    /// The state, as JSON.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({}, version {}, {} bytes)", self.seq, self.version, self.bytes.len())
    }
}

/// Facts are gone that no snapshot stands for: to go on without them would be to forget what they made.
#[derive(Debug, thiserror::Error)]
#[error(
    "deeds {from} to {to} have left the journal, and no snapshot of this build's version holds them"
)]
struct Missing {
    from: u64,
    to: u64,
}

/// From which deed on the journal is needed: all before it is in the two newest snapshots. None while there are not two.
///
/// # Errors
///
/// [`Fault`] when the store cannot be read.
pub async fn covered(store: &impl Store, realm: RealmNo) -> Result<Option<u64>, Fault> {
    let mut oldest = None;
    let mut at_most = store.last(realm).await?;
    for _ in 0..2 {
        let Some(snapshot) = store.snapshot_get(realm, at_most).await? else { return Ok(None) };
        if snapshot.version != SNAPSHOT_VERSION || snapshot.seq == 0 {
            return Ok(None);
        }
        at_most = snapshot.seq - 1;
        oldest = Some(snapshot.seq + 1);
    }
    Ok(oldest)
}

/// A realm as the store holds it.
#[derive(Debug)]
pub struct Opened {
    /// Its state.
    pub centre: Centre,
    /// The number of its newest deed; 0 if there is none.
    pub last: u64,
    /// The newest deed of the snapshot it began with; 0 without one.
    pub snapped: u64,
}

/// Rebuilds a realm: its newest snapshot and all deeds after it. [`Centre::resume`] is left to the caller. Keeps a core busy: not for a thread that serves others.
///
/// # Errors
///
/// [`Fault`] when the store cannot be read.
pub async fn open(store: &impl Store, realm: RealmNo) -> Result<Opened, Fault> {
    let (mut centre, snapped) = load(store, realm).await?;
    let mut last = snapped;
    let mut deeds = store.replay(realm, last + 1);
    while let Some(chunk) = deeds.next().await? {
        for (seq, deed) in chunk {
            if seq != last + 1 {
                return Err(Fault::broken(
                    "rebuild the realm",
                    Missing { from: last + 1, to: seq },
                ));
            }
            for fact in &deed.facts {
                centre.apply(deed.at, fact);
            }
            last = seq;
        }
    }
    Ok(Opened { centre, last, snapped })
}

/// Makes a new snapshot out of the last one and the deeds since, and keeps it. Returns the number of its newest deed.
/// It touches no running state, so it may be done beside everything else; keeps a core busy meanwhile.
///
/// # Errors
///
/// [`Fault`] when the store cannot be read, or the snapshot cannot be written.
pub async fn make(store: &impl Store, realm: RealmNo) -> Result<u64, Fault> {
    let Opened { centre, last, .. } = open(store, realm).await?;
    put(store, realm, &centre, last).await?;
    Ok(last)
}

/// Keeps this state as a snapshot: when the server stops, it has it at hand.
///
/// # Errors
///
/// [`Fault`] when it cannot be written.
pub async fn put(
    store: &impl Store,
    realm: RealmNo,
    centre: &Centre,
    seq: u64,
) -> Result<(), Fault> {
    if seq == 0 {
        return Ok(());
    }
    let bytes = serde_json::to_vec(centre).map_err(|e| Fault::broken("write a snapshot", e))?;
    store.snapshot_put(realm, Snapshot { seq, version: SNAPSHOT_VERSION, bytes }).await
}

/// The newest snapshot that this build can read, or the empty state.
async fn load(store: &impl Store, realm: RealmNo) -> Result<(Centre, u64), Fault> {
    // A journal that was put back from a backup may end before the newest snapshot.
    let mut at_most = store.last(realm).await?;
    while let Some(snapshot) = store.snapshot_get(realm, at_most).await? {
        if snapshot.version == SNAPSHOT_VERSION {
            match serde_json::from_slice(&snapshot.bytes) {
                Ok(centre) => return Ok((centre, snapshot.seq)),
                Err(error) => tracing::warn!(
                    realm = realm.0,
                    seq = snapshot.seq,
                    line = error.line(),
                    "a snapshot cannot be read and is passed over"
                ),
            }
        }
        at_most = snapshot.seq.saturating_sub(1);
    }
    Ok((Centre::default(), 0))
}
