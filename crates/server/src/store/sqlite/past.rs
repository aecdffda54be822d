//! What is past in the views. Ids rise with time, so nothing that is younger than a horizon is looked at.

use super::files::int;
use crate::store::{Fault, RealmNo};
use domain::id::{FileId, RoomId, Uuid};
use domain::retention::{Horizons, Past};
use domain::time::Millis;
use rusqlite::{Connection, OptionalExtension as _, params};

/// No segment of the room's matter is open, or ended at the horizon or later.
const OVER: &str = "NOT EXISTS (SELECT 1 FROM contact c WHERE c.realm = ?1 AND c.room = r.id AND (c.ended IS NULL OR c.ended >= ?3))";

/// What is past, and still there.
pub(super) fn past(db: &Connection, realm: RealmNo, horizons: &Horizons) -> Result<Past, Fault> {
    let list = |sql: &str, horizon: Option<Millis>| -> Result<Vec<Uuid>, Fault> {
        let Some(horizon) = horizon else { return Ok(Vec::new()) };
        let mut rows = db.prepare_cached(sql)?;
        let values = params![realm.0, youngest(horizon), int(horizon.0), int(Past::MOST as u64)];
        let ids = rows.query_map(values, |row| row.get(0).map(Uuid::from_bytes))?;
        Ok(ids.collect::<Result<_, _>>()?)
    };
    let rooms = list(
        &format!(
            "SELECT r.id FROM room r WHERE r.realm = ?1 AND r.id < ?2 AND {OVER}
             AND NOT EXISTS (SELECT 1 FROM file f WHERE f.room = r.no) ORDER BY r.id LIMIT ?4"
        ),
        horizons.rooms,
    )?;
    let files = list(
        &format!(
            "SELECT f.id FROM file f JOIN room r ON r.no = f.room
             WHERE f.realm = ?1 AND f.id < ?2 AND {OVER} ORDER BY f.id LIMIT ?4"
        ),
        horizons.files,
    )?;
    let recordings = list(
        "SELECT id FROM recording WHERE realm = ?1 AND id < ?2 AND began < ?3 ORDER BY id LIMIT ?4",
        horizons.recordings,
    )?;
    Ok(Past {
        rooms: rooms.into_iter().map(RoomId).collect(),
        files: files.into_iter().map(FileId).collect(),
        recordings: recordings.into_iter().map(FileId).collect(),
        keep: keep(db, realm, horizons.all().unwrap_or_default())?,
    })
}

/// The earliest deed that began a contact which is open, or ended at this moment or later.
fn keep(db: &Connection, realm: RealmNo, horizon: Millis) -> Result<Option<u64>, Fault> {
    let at = int(horizon.0);
    let older = "SELECT min(seq) FROM contact WHERE realm = ?1 AND started < ?2 AND (ended IS NULL OR ended >= ?2)";
    let older: Option<i64> =
        db.prepare_cached(older)?.query_row(params![realm.0, at], |row| row.get(0))?;
    let younger = "SELECT seq FROM contact WHERE realm = ?1 AND started >= ?2 ORDER BY started, number LIMIT 1";
    let younger: Option<i64> =
        db.prepare_cached(younger)?.query_row(params![realm.0, at], |row| row.get(0)).optional()?;
    Ok(older.into_iter().chain(younger).min().map(i64::unsigned_abs))
}

/// The lowest id that is made at this moment.
fn youngest(at: Millis) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
    id
}
