//! Changes of the views, as rows, and the few rows that must be known to make them.

use super::files::int;
use super::{ledger, words};
use crate::store::views::{Changes, Known, Standing, Turned};
use crate::store::{Fault, RealmNo};
use domain::agent::AgentState;
use domain::audit;
use domain::contact::{Contact, EndReason};
use domain::id::{ContactId, FileId, QueueId, RoomId, UserId};
use domain::query::Mark;
use domain::recording::Recording;
use domain::retention::Pruned;
use domain::room::{Audience, Author, Body, Item};
use domain::time::Millis;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many rooms have their short names remembered; about 64 bytes each.
const ROOMS: usize = 16_384;

/// Short names of rooms that were written to lately.
pub(super) type Rooms = BTreeMap<(u16, RoomId), i64>;

/// What of a line has no column.
#[derive(Serialize)]
struct Doc<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a Author>,
    body: &'a Body,
}

/// The same, read back.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    by: Option<Author>,
    body: Body,
}

/// Writes changes; the caller holds the transaction.
pub(super) fn write(
    db: &Connection,
    realm: RealmNo,
    rooms: &mut Rooms,
    changes: &Changes,
) -> Result<(), Fault> {
    if rooms.len() > ROOMS {
        rooms.clear();
    }
    items(db, realm, rooms, &changes.items)?;
    marks(db, realm, rooms, &changes.marks)?;
    contacts(db, realm, &changes.contacts)?;
    turned(db, realm, &changes.turned)?;
    recordings(db, realm, &changes.recordings)?;
    files(db, realm, rooms, &changes.files)?;
    audit(db, realm, &changes.audit)?;
    targets(db, realm, &changes.targets)?;
    ledger::write(db, realm, changes)?;
    told(db, realm, rooms, &changes.deeds)?;
    words::write(db, realm, rooms, &changes.closed)?;
    for pruned in &changes.pruned {
        prune(db, realm, pruned)?;
        // Rooms that went have no short names any more.
        rooms.clear();
    }
    Ok(())
}

/// Takes all rows of a realm away.
pub(super) fn clear(db: &Connection, realm: RealmNo) -> Result<(), Fault> {
    for table in ["item", "mark", "story"] {
        db.execute(
            &format!("DELETE FROM {table} WHERE room IN (SELECT no FROM room WHERE realm = ?1)"),
            [realm.0],
        )?;
    }
    db.execute(
        "DELETE FROM contact_text WHERE rowid IN (SELECT key FROM contact WHERE realm = ?1)",
        [realm.0],
    )?;
    for table in [
        "room",
        "contact",
        "agent_interval",
        "agent_time",
        "tally",
        "queue_target",
        "recording",
        "file",
        "audit",
        "view_at",
    ] {
        db.execute(&format!("DELETE FROM {table} WHERE realm = ?1"), [realm.0])?;
    }
    Ok(())
}

/// The short name of a room, if it has one.
pub(super) fn room_no(db: &Connection, realm: RealmNo, room: RoomId) -> Result<Option<i64>, Fault> {
    let mut find = db.prepare_cached("SELECT no FROM room WHERE realm = ?1 AND id = ?2")?;
    Ok(find.query_row((realm.0, room.0.as_bytes()), |row| row.get(0)).optional()?)
}

pub(super) fn room_of(
    db: &Connection,
    realm: RealmNo,
    rooms: &mut Rooms,
    room: RoomId,
) -> Result<i64, Fault> {
    if let Some(no) = rooms.get(&(realm.0, room)) {
        return Ok(*no);
    }
    let no = match room_no(db, realm, room)? {
        Some(no) => no,
        None => db
            .prepare_cached("INSERT INTO room (realm, id) VALUES (?1, ?2)")?
            .insert((realm.0, room.0.as_bytes()))?,
    };
    rooms.insert((realm.0, room), no);
    Ok(no)
}

fn items(db: &Connection, realm: RealmNo, rooms: &mut Rooms, items: &[Item]) -> Result<(), Fault> {
    let mut insert = db.prepare_cached("INSERT INTO item (room, n, contact, at, id, audience, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for item in items {
        let room = room_of(db, realm, rooms, item.room)?;
        let doc = json(&Doc { by: item.by.as_ref(), body: &item.body })?;
        let (contact, id) = (item.contact.0.as_bytes(), item.id.0.as_bytes());
        insert.execute(params![
            room,
            item.n,
            contact,
            int(item.at.0),
            id,
            audience_no(item.audience),
            doc
        ])?;
    }
    Ok(())
}

/// A line, from the columns `n, contact, at, id, audience, doc`.
pub(super) fn item(room: RoomId, row: &rusqlite::Row<'_>) -> Result<Item, Fault> {
    let doc = row.get_ref(5)?.as_str().map_err(|e| Fault::broken("read a line", e))?;
    let said: Said = serde_json::from_str(doc).map_err(|e| Fault::broken("read a line", e))?;
    let uuid = |at| row.get(at).map(domain::id::Uuid::from_bytes);
    Ok(Item {
        id: domain::id::ItemId(uuid(3)?),
        n: row.get(0)?,
        at: millis(row.get(2)?),
        room,
        contact: ContactId(uuid(1)?),
        by: said.by,
        audience: match row.get(4)? {
            1 => Audience::Agents,
            2 => Audience::Customer,
            _ => Audience::All,
        },
        body: said.body,
    })
}

const fn audience_no(audience: Audience) -> i64 {
    match audience {
        Audience::All => 0,
        Audience::Agents => 1,
        Audience::Customer => 2,
    }
}

/// A moment, as the database has it.
pub(super) fn millis(number: i64) -> Millis {
    Millis(number.unsigned_abs())
}

fn marks(
    db: &Connection,
    realm: RealmNo,
    rooms: &mut Rooms,
    marks: &[(RoomId, Mark)],
) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT OR IGNORE INTO mark (room, n, participant, read, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (room, mark) in marks {
        let room = room_of(db, realm, rooms, *room)?;
        insert.execute(params![
            room,
            mark.n,
            mark.participant.0.as_bytes(),
            mark.read,
            int(mark.at.0)
        ])?;
    }
    Ok(())
}

fn contacts(
    db: &Connection,
    realm: RealmNo,
    contacts: &BTreeMap<ContactId, (Contact, u64)>,
) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT INTO contact (realm, number, id, room, segment, customer, queue, agent, started, ended, seq, doc, channel, maker, cnid, phone, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         ON CONFLICT (realm, id) DO UPDATE SET queue = excluded.queue, agent = excluded.agent, ended = excluded.ended, reason = excluded.reason, doc = excluded.doc",
    )?;
    // Keys rise with numbers, so that whoever goes by one goes by the other.
    let mut contacts: Vec<_> = contacts.values().collect();
    contacts.sort_unstable_by_key(|(contact, _)| contact.number);
    for (contact, seq) in contacts {
        put.execute(params![
            realm.0,
            int(contact.number),
            contact.id.0.as_bytes(),
            contact.initial.0.as_bytes(),
            contact.segment,
            contact.customer.id.as_deref(),
            contact.queue.as_ref().map(QueueId::as_str),
            contact.agent.as_ref().map(UserId::as_str),
            int(contact.started.0),
            contact.ended.map(|at| int(at.0)),
            int(*seq),
            json(contact)?,
            contact.channel.number(),
            contact.voice.as_ref().and_then(|voice| voice.maker.as_ref()).map(UserId::as_str),
            contact.voice.as_ref().map(|voice| voice.cnid.as_ref()),
            contact.voice.as_ref().map(|voice| voice.customer.as_str()),
            contact.reason.map(reason).transpose()?,
        ])?;
    }
    Ok(())
}

/// A reason by the name that contacts are written with.
pub(super) fn reason(reason: EndReason) -> Result<String, Fault> {
    Ok(json(&reason)?.trim_matches('"').to_owned())
}

/// A state by its name and its reason.
pub(super) const fn state_name(state: AgentState) -> (&'static str, u8) {
    match state {
        AgentState::Ready => ("ready", 0),
        AgentState::NotReady(reason) => ("not_ready", reason),
        AgentState::AfterWork(reason) => ("after_work", reason),
        AgentState::LoggedOff(reason) => ("logged_off", reason),
    }
}

/// The state of a name and a reason.
pub(super) fn state_of(name: &str, reason: u8) -> AgentState {
    match name {
        "ready" => AgentState::Ready,
        "not_ready" => AgentState::NotReady(reason),
        "after_work" => AgentState::AfterWork(reason),
        _ => AgentState::LoggedOff(reason),
    }
}

/// Adds the numbers of deeds to the stories of rooms.
fn told(
    db: &Connection,
    realm: RealmNo,
    rooms: &mut Rooms,
    deeds: &BTreeMap<RoomId, Vec<u64>>,
) -> Result<(), Fault> {
    let mut add = db.prepare_cached(
        "INSERT INTO story (room, deeds) VALUES (?1, ?2) ON CONFLICT (room) DO UPDATE SET deeds = CAST(deeds || excluded.deeds AS BLOB)",
    )?;
    for (room, deeds) in deeds {
        let room = room_of(db, realm, rooms, *room)?;
        let deeds: Vec<u8> =
            deeds.iter().flat_map(|seq| seq.to_be_bytes().into_iter().skip(2)).collect();
        add.execute(params![room, deeds])?;
    }
    Ok(())
}

/// Deeds of a room behind this one, by their numbers; at most so many.
pub(super) fn story(
    db: &Connection,
    realm: RealmNo,
    room: RoomId,
    after: u64,
    limit: u16,
) -> Result<Vec<u64>, Fault> {
    let Some(no) = room_no(db, realm, room)? else { return Ok(Vec::new()) };
    let mut find = db.prepare_cached("SELECT deeds FROM story WHERE room = ?1")?;
    let deeds: Option<Vec<u8>> = find.query_row([no], |row| row.get(0)).optional()?;
    let deeds = deeds.unwrap_or_default();
    let deeds =
        deeds.chunks_exact(6).map(|seq| seq.iter().fold(0, |sum, b| sum << 8 | u64::from(*b)));
    Ok(deeds.filter(|seq| *seq > after).take(limit.into()).collect())
}

fn turned(db: &Connection, realm: RealmNo, turned: &[Turned]) -> Result<(), Fault> {
    let mut close = db.prepare_cached("UPDATE agent_interval SET until = ?1 WHERE realm = ?2 AND agent = ?3 AND channel = ?4 AND until IS NULL")?;
    let mut open = db.prepare_cached("INSERT INTO agent_interval (realm, agent, channel, state, reason, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for turn in turned {
        let (agent, channel, at) = (turn.agent.as_str(), turn.channel, int(turn.at.0));
        close.execute(params![at, realm.0, agent, channel])?;
        let (state, reason) = state_name(turn.state);
        open.execute(params![realm.0, agent, channel, state, reason, at])?;
    }
    Ok(())
}

fn audit(db: &Connection, realm: RealmNo, rows: &[audit::Row]) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO audit (realm, seq, n, at, actor, kind, name, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for row in rows {
        insert.execute(params![
            realm.0,
            int(row.seq),
            row.n,
            int(row.at.0),
            row.by.as_ref().map(|by| by.user.as_str()),
            row.kind(),
            row.name(),
            json(row)?
        ])?;
    }
    Ok(())
}

fn targets(
    db: &Connection,
    realm: RealmNo,
    targets: &BTreeMap<QueueId, Option<Millis>>,
) -> Result<(), Fault> {
    for (queue, target) in targets {
        match target {
            Some(target) => db.execute(
                "INSERT OR REPLACE INTO queue_target VALUES (?1, ?2, ?3)",
                params![realm.0, queue.as_str(), int(target.0)],
            )?,
            None => db.execute(
                "DELETE FROM queue_target WHERE realm = ?1 AND queue = ?2",
                params![realm.0, queue.as_str()],
            )?,
        };
    }
    Ok(())
}

fn recordings(db: &Connection, realm: RealmNo, recordings: &[Recording]) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT OR REPLACE INTO recording VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for it in recordings {
        put.execute(params![
            realm.0,
            it.id.0.as_bytes(),
            it.contact.0.as_bytes(),
            it.cnid,
            it.cnsq,
            it.agent.as_ref().map(UserId::as_str),
            it.maker.as_ref().map(UserId::as_str),
            it.queue.as_ref().map(QueueId::as_str),
            int(it.began.0),
            json(it)?,
        ])?;
    }
    Ok(())
}

/// A recording, from a row whose first column is its `doc`.
pub(super) fn recording(row: &rusqlite::Row<'_>) -> Result<Recording, Fault> {
    let doc = row.get_ref(0)?.as_str().map_err(|e| Fault::broken("read a recording", e))?;
    serde_json::from_str(doc).map_err(|e| Fault::broken("read a recording", e))
}

fn files(
    db: &Connection,
    realm: RealmNo,
    rooms: &mut Rooms,
    files: &[(RoomId, FileId)],
) -> Result<(), Fault> {
    let mut put = db.prepare_cached("INSERT OR IGNORE INTO file VALUES (?1, ?2, ?3)")?;
    for (room, file) in files {
        let room = room_of(db, realm, rooms, *room)?;
        put.execute(params![realm.0, file.0.as_bytes(), room])?;
    }
    Ok(())
}

/// Takes away what is not kept any more.
fn prune(db: &Connection, realm: RealmNo, pruned: &Pruned) -> Result<(), Fault> {
    for room in &pruned.rooms {
        words::forget(db, realm, *room)?;
        let Some(no) = room_no(db, realm, *room)? else { continue };
        for sql in [
            "DELETE FROM item WHERE room = ?1",
            "DELETE FROM mark WHERE room = ?1",
            "DELETE FROM story WHERE room = ?1",
            "DELETE FROM file WHERE room = ?1",
            "DELETE FROM room WHERE no = ?1",
        ] {
            db.prepare_cached(sql)?.execute([no])?;
        }
    }
    let lists = [("file", &pruned.files), ("recording", &pruned.recordings)];
    for (table, ids) in lists {
        let sql = format!("DELETE FROM {table} WHERE realm = ?1 AND id = ?2");
        let mut delete = db.prepare_cached(&sql)?;
        for id in ids {
            delete.execute(params![realm.0, id.0.as_bytes()])?;
        }
    }
    if let Some(before) = pruned.before {
        for sql in [
            "DELETE FROM contact_text WHERE rowid IN (SELECT key FROM contact WHERE realm = ?1 AND seq < ?2)",
            "DELETE FROM contact WHERE realm = ?1 AND seq < ?2",
        ] {
            db.execute(sql, params![realm.0, int(before)])?;
        }
    }
    Ok(())
}

/// What one realm's views know.
pub(super) struct Rows<'a>(pub(super) &'a Connection, pub(super) RealmNo);

impl Known for Rows<'_> {
    fn contact(&mut self, id: ContactId) -> Result<Option<(Contact, u64)>, Fault> {
        let mut find =
            self.0.prepare_cached("SELECT doc, seq FROM contact WHERE realm = ?1 AND id = ?2")?;
        let mut rows = find.query((self.1.0, id.0.as_bytes()))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some((contact(row)?, row.get::<_, i64>(1)?.unsigned_abs())))
    }

    fn target(&mut self, queue: &QueueId) -> Result<Option<Millis>, Fault> {
        let mut find = self
            .0
            .prepare_cached("SELECT target_ms FROM queue_target WHERE realm = ?1 AND queue = ?2")?;
        Ok(find.query_row((self.1.0, queue.as_str()), |row| row.get(0)).optional()?.map(millis))
    }

    fn standing(&mut self, agent: &UserId) -> Result<Standing, Fault> {
        let mut find = self.0.prepare_cached(
            "SELECT channel, state, reason, since FROM agent_interval WHERE realm = ?1 AND agent = ?2 AND until IS NULL",
        )?;
        let rows = find.query_map((self.1.0, agent.as_str()), |row| {
            let state = state_of(row.get_ref(1)?.as_str()?, row.get(2)?);
            Ok((row.get(0)?, (state, millis(row.get(3)?))))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// A contact, from a row whose first column is its `doc`.
pub(super) fn contact(row: &rusqlite::Row<'_>) -> Result<Contact, Fault> {
    let doc = row.get_ref(0)?.as_str().map_err(|e| Fault::broken("read a contact", e))?;
    serde_json::from_str(doc).map_err(|e| Fault::broken("read a contact", e))
}

fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|e| Fault::broken("write a row", e))
}
