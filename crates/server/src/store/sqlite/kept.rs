//! Reading the journal beside its writer, and snapshots, which are files of their own: a large one would hold up the
//! journal.

use super::files::{self, key, seq_of};
use crate::store::replay::{Chunk, Feed, Sieve};
use crate::store::snapshot::Snapshot;
use crate::store::{Fault, RealmNo, Replay, upgrade};
use domain::fact::Deed;
use domain::id::RoomId;
use rusqlite::{Connection, OptionalExtension as _};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where snapshots lie.
pub(super) const FOLDER: &str = "snapshots";

/// How many snapshots of a realm are kept: one that cannot be read must have another before it.
const SNAPSHOTS: usize = 2;

/// A chunk has about so many deeds; a row is never cut.
const CHUNK: usize = 1_024;

/// Reads the journal on a thread of its own: all deeds, or those that touch a room.
pub(super) fn replay(folder: &Path, realm: RealmNo, from: u64, room: Option<RoomId>) -> Replay {
    let (feed, replay) = Replay::pair();
    let folder = folder.to_owned();
    let read = move || {
        if let Err(fault) = read_all(&folder, realm, from, room, &feed) {
            feed.put(Err(fault));
        }
    };
    if let Err(error) = crate::tasks::thread("sangdam-replay", read) {
        let (feed, broken) = Replay::pair();
        feed.put(Err(Fault::io("start a thread", error)));
        return broken;
    }
    replay
}

fn read_all(
    folder: &Path,
    realm: RealmNo,
    from: u64,
    room: Option<RoomId>,
    feed: &Feed,
) -> Result<(), Fault> {
    let db = files::journal_beside(folder)?;
    let mut next = from.max(1);
    if let Some(room) = room {
        // The views know where a room begins, if they have come so far.
        let views = files::views_beside(folder)?;
        let began = "SELECT seq FROM contact WHERE realm = ?1 AND id = ?2";
        let began: Option<i64> =
            views.query_row(began, (realm.0, room.0.as_bytes()), |row| row.get(0)).optional()?;
        next = began.map_or(next, i64::unsigned_abs);
    }
    let mut sieve = room.map(Sieve::new);
    loop {
        let mut chunk = chunk(&db, realm, next)?;
        let Some((last, _)) = chunk.last() else { return Ok(()) };
        next = last + 1;
        if let Some(sieve) = &mut sieve {
            chunk.retain(|(_, deed)| sieve.keeps(deed));
        }
        if !chunk.is_empty() && !feed.put(Ok(chunk)) {
            return Ok(());
        }
    }
}

/// The deeds from number `from` on, as many as make a chunk; none after the last.
pub(super) fn chunk(db: &Connection, realm: RealmNo, from: u64) -> Result<Chunk, Fault> {
    let mut chunk = Chunk::new();
    // The row that holds `from` may begin before it.
    let holds = "SELECT coalesce(max(id), ?2) FROM journal WHERE id <= ?1 AND id >= ?2";
    let start: i64 =
        db.prepare_cached(holds)?.query_row([key(realm, from), key(realm, 0)], |row| row.get(0))?;
    let mut rows = db.prepare_cached(
        "SELECT id, version, deeds FROM journal WHERE id >= ?1 AND id <= ?2 ORDER BY id",
    )?;
    let mut rows = rows.query([start, key(realm, u64::MAX)])?;
    while let Some(row) = rows.next()? {
        chunk.extend(numbered(row)?.filter(|(seq, _)| *seq >= from));
        if chunk.len() >= CHUNK {
            break;
        }
    }
    Ok(chunk)
}

/// The deeds of these numbers, which rise. Each row is read once.
pub(super) fn these(db: &Connection, realm: RealmNo, seqs: &[u64]) -> Result<Chunk, Fault> {
    let mut found = Chunk::new();
    let mut holds = db.prepare_cached(
        "SELECT id, version, deeds FROM journal WHERE id <= ?1 AND id >= ?2 ORDER BY id DESC LIMIT 1",
    )?;
    let mut row: Vec<(u64, Deed)> = Vec::new();
    for seq in seqs {
        if row.last().is_none_or(|(last, _)| last < seq) {
            row = match holds.query([key(realm, *seq), key(realm, 0)])?.next()? {
                Some(row) => numbered(row)?.collect(),
                None => Vec::new(),
            };
        }
        found.extend(row.extract_if(.., |(of, _)| of == seq));
    }
    Ok(found)
}

/// The deeds of a row `id, version, deeds`, with their numbers.
fn numbered(row: &rusqlite::Row<'_>) -> Result<impl Iterator<Item = (u64, Deed)> + use<>, Fault> {
    let first = seq_of(row.get(0)?);
    let bytes = row.get_ref(2)?.as_blob().map_err(|e| Fault::broken("read deeds", e))?;
    let deeds = upgrade::deeds(row.get(1)?, bytes).map_err(|e| Fault::broken("read deeds", e))?;
    Ok((first..).zip(deeds))
}

/// Writes a snapshot so that it is whole or not there, and removes those that are too old.
pub(super) fn snapshot_put(
    folder: &Path,
    realm: RealmNo,
    snapshot: &Snapshot,
) -> Result<(), Fault> {
    let folder = folder.join(FOLDER);
    let name = file_name(realm, snapshot.seq, snapshot.version);
    let half = folder.join(format!("{name}.half"));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&half)?;
        file.write_all(&snapshot.bytes)?;
        file.sync_all()?;
        std::fs::rename(&half, folder.join(name))?;
        File::open(&folder)?.sync_all()
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&half);
        Fault::io("write a snapshot", error)
    })?;
    for (_, _, old) in list(&folder, realm)?.into_iter().skip(SNAPSHOTS) {
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}

/// The newest snapshot at or before this deed.
pub(super) fn snapshot_get(
    folder: &Path,
    realm: RealmNo,
    at_most: u64,
) -> Result<Option<Snapshot>, Fault> {
    let found = list(&folder.join(FOLDER), realm)?.into_iter().find(|(seq, ..)| *seq <= at_most);
    let Some((seq, version, path)) = found else { return Ok(None) };
    let bytes = std::fs::read(path).map_err(|e| Fault::io("read a snapshot", e))?;
    Ok(Some(Snapshot { seq, version, bytes }))
}

fn file_name(realm: RealmNo, seq: u64, version: u32) -> String {
    format!("{}-{seq}-v{version}.json", realm.0)
}

/// The snapshots of a realm, newest first: deed, version, file.
fn list(folder: &Path, realm: RealmNo) -> Result<Vec<(u64, u32, PathBuf)>, Fault> {
    let mut found = Vec::new();
    let fault = |e| Fault::io("list snapshots", e);
    for file in std::fs::read_dir(folder).map_err(fault)? {
        let path = file.map_err(fault)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".json"));
        let mut parts = name.into_iter().flat_map(|name| name.split('-'));
        let (Some(no), Some(seq), Some(version)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if let (Ok(no), Ok(seq), Some(Ok(version))) =
            (no.parse::<u16>(), seq.parse(), version.strip_prefix('v').map(str::parse))
            && no == realm.0
        {
            found.push((seq, version, path));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}
