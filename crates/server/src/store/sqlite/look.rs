//! Threads that read pages out of the views, each with a connection of its own.

use super::files::{self, int};
use super::{kept, past, rows, words};
use crate::store::page::{self, Shelf};
use crate::store::replay::Chunk;
use crate::store::{Fault, RealmNo};
use domain::audit;
use domain::contact::Contact;
use domain::id::RoomId;
use domain::query::{Answer, ContactFilter, ContactName, Mark, Moment, Page, RecordingFilter};
use domain::recording::Recording;
use domain::retention::{Horizons, Past};
use domain::room::Item;
use domain::time::Millis;
use rusqlite::{Connection, OptionalExtension as _, ToSql, params};
use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// A page to be read; the views stand where they must.
#[derive(Debug)]
pub(super) enum Job {
    /// Read this.
    Page(RealmNo, Page, oneshot::Sender<Result<Option<Answer>, Fault>>),
    /// No more.
    Close,
}

/// A connection that reads.
#[derive(Debug)]
pub(super) struct Reader {
    views: Connection,
    journal: Connection,
}

impl Reader {
    pub(super) fn open(folder: &Path) -> Result<Self, Fault> {
        Ok(Self { views: files::views_beside(folder)?, journal: files::journal_beside(folder)? })
    }

    /// Works until it is told to close.
    pub(super) fn work(&self, jobs: &Mutex<Receiver<Job>>) {
        loop {
            // Whoever holds the lock waits for the next job; the others wait for the lock.
            let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Job::Page(realm, page, reply)) = job else { return };
            let _ = reply.send(self.read(realm, &page));
        }
    }

    /// All of a page is read at one moment of the views.
    fn read(&self, realm: RealmNo, page: &Page) -> Result<Option<Answer>, Fault> {
        self.views.execute_batch("BEGIN")?;
        let views = Views { db: &self.views, journal: &self.journal, realm };
        let answer = page::answer(&views, page);
        let ended = self.views.execute_batch("COMMIT");
        let answer = answer?;
        ended?;
        Ok(answer)
    }
}

// Numbers rise with time: the newest first is the highest number first, the next page begins below it, and a moment is
// found as a number, so that far away pages cost no more than near ones.
const FROM: &str = "number >= (SELECT number FROM contact WHERE realm = ?1 AND started >= ? ORDER BY started, number LIMIT 1)";
const TO: &str = "number <= (SELECT number FROM contact WHERE realm = ?1 AND started < ? ORDER BY started DESC, number DESC LIMIT 1)";

const QUEUED: (&str, &str) =
    ("json_extract(doc, '$.queued') >= ?", "json_extract(doc, '$.queued') < ?");
const ACCEPTED: (&str, &str) =
    ("json_extract(doc, '$.accepted') >= ?", "json_extract(doc, '$.accepted') < ?");

/// The beginning of a contact that is at this moment still open, at the earliest: chats last seven days at most
/// (`amazon-connect-chat.md` 1.1), and a day is left for clocks and slow ends.
fn earlier(at: Millis) -> Millis {
    Millis(at.since(Millis::from_secs(8 * 24 * 3_600)).0)
}

/// One realm's rows.
pub(super) struct Views<'a> {
    pub(super) db: &'a Connection,
    journal: &'a Connection,
    pub(super) realm: RealmNo,
}

impl Shelf for Views<'_> {
    fn lines(
        &self,
        room: RoomId,
        span: RangeInclusive<u32>,
        forward: bool,
        see: &mut dyn FnMut(Item) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        let Some(no) = rows::room_no(self.db, self.realm, room)? else { return Ok(()) };
        let mut lines = self.db.prepare_cached(if forward {
            "SELECT n, contact, at, id, audience, doc FROM item WHERE room = ?1 AND n BETWEEN ?2 AND ?3 ORDER BY n"
        } else {
            "SELECT n, contact, at, id, audience, doc FROM item WHERE room = ?1 AND n BETWEEN ?2 AND ?3 ORDER BY n DESC"
        })?;
        let mut lines = lines.query(params![no, span.start(), span.end()])?;
        while let Some(row) = lines.next()? {
            if see(rows::item(room, row)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn first_from(&self, room: RoomId, n: u32) -> Result<Option<(u32, Millis)>, Fault> {
        let Some(no) = rows::room_no(self.db, self.realm, room)? else { return Ok(None) };
        let mut first = self.db.prepare_cached(
            "SELECT n, at FROM item WHERE room = ?1 AND n >= ?2 ORDER BY n LIMIT 1",
        )?;
        Ok(first
            .query_row(params![no, n], |row| Ok((row.get(0)?, rows::millis(row.get(1)?))))
            .optional()?)
    }

    fn marks(&self, room: RoomId, n: u32) -> Result<Vec<Mark>, Fault> {
        let Some(no) = rows::room_no(self.db, self.realm, room)? else { return Ok(Vec::new()) };
        let mut marks = self.db.prepare_cached(
            "SELECT participant, n, read, at FROM mark WHERE room = ?1 AND n >= ?2 ORDER BY at, n, participant, read",
        )?;
        let marks = marks.query_map(params![no, n], |row| {
            let participant = domain::id::ParticipantId(domain::id::Uuid::from_bytes(row.get(0)?));
            Ok(Mark {
                participant,
                n: row.get(1)?,
                read: row.get(2)?,
                at: rows::millis(row.get(3)?),
            })
        })?;
        Ok(marks.collect::<Result<_, _>>()?)
    }

    fn contact(&self, name: &ContactName) -> Result<Option<Contact>, Fault> {
        let found = match name {
            ContactName::Id(id) => self.list("id = ?", &[&id.0.as_bytes()], "")?,
            ContactName::Number(number) => self.list("number = ?", &[&int(*number)], "")?,
        };
        Ok(found.into_iter().next())
    }

    fn contacts(&self, filter: &ContactFilter) -> Result<Vec<Contact>, Fault> {
        let mut found = self.found(filter, "agent = ?")?;
        // Each of the two has an index of its own; together they would have none.
        if filter.agent.is_some() {
            found.extend(self.found(filter, "maker = ?")?);
            found.sort_by_key(|contact| std::cmp::Reverse(contact.number));
            found.dedup_by_key(|contact| contact.number);
            found.truncate(filter.limit.into());
        }
        Ok(found)
    }

    fn past(&self, horizons: &Horizons) -> Result<Past, Fault> {
        past::past(self.db, self.realm, horizons)
    }

    fn recordings(&self, filter: &RecordingFilter) -> Result<Vec<Recording>, Fault> {
        let mut found = self.recorded(filter, "agent = ?")?;
        // As with contacts: each of the two has an index of its own.
        if filter.agent.is_some() {
            found.extend(self.recorded(filter, "maker = ?")?);
            found.sort_by_key(|recording| std::cmp::Reverse(recording.id));
            found.dedup_by_key(|recording| recording.id);
            found.truncate(filter.limit.into());
        }
        Ok(found)
    }

    fn audit(&self, filter: &audit::Filter) -> Result<Vec<audit::Row>, Fault> {
        let mut sql = "SELECT doc FROM audit WHERE realm = ?1".to_owned();
        let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(self.realm.0)];
        let mut test = |test: &str, value: Option<Box<dyn ToSql>>| {
            if let Some(value) = value {
                sql.push_str(test);
                values.push(value);
            }
        };
        test(" AND at >= ?", filter.from.map(|at| Box::new(int(at.0)) as _));
        test(" AND at < ?", filter.to.map(|at| Box::new(int(at.0)) as _));
        test(" AND actor = ?", filter.by.as_ref().map(|by| Box::new(by.to_string()) as _));
        test(" AND kind = ?", filter.kind.as_ref().map(|kind| Box::new(kind.to_string()) as _));
        test(" AND name = ?", filter.name.as_ref().map(|name| Box::new(name.to_string()) as _));
        if let Some((seq, n)) = filter.below {
            test(" AND (seq, n) < (?", Some(Box::new(int(seq))));
            test(", ?)", Some(Box::new(n)));
        }
        sql.push_str(" ORDER BY seq DESC, n DESC LIMIT ?");
        values.push(Box::new(filter.limit));
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        let mut rows = self.db.prepare_cached(&sql)?;
        let mut rows = rows.query(values.as_slice())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let doc = row.get_ref(0)?.as_str().map_err(|e| Fault::broken("read the audit", e))?;
            let row = serde_json::from_str(doc).map_err(|e| Fault::broken("read the audit", e))?;
            found.push(row);
        }
        Ok(found)
    }

    fn segments(&self, room: RoomId) -> Result<Vec<Contact>, Fault> {
        self.list("room = ?", &[&room.0.as_bytes()], "ORDER BY segment")
    }

    fn search(&self, filter: &ContactFilter) -> Result<(Vec<Contact>, Option<u64>), Fault> {
        if let Some(wanted) = words::wanted(filter) {
            return words::search(self, filter, &wanted);
        }
        let found = self.contacts(filter)?;
        let next = page::next(&found, filter.limit);
        Ok((found, next))
    }

    fn story(&self, room: RoomId, after: u64, limit: u16) -> Result<Chunk, Fault> {
        let deeds = rows::story(self.db, self.realm, room, after, limit)?;
        kept::these(self.journal, self.realm, &deeds)
    }
}

impl Views<'_> {
    /// Contacts, newest first; whose they are is tested in this way.
    fn found(&self, filter: &ContactFilter, whose: &'static str) -> Result<Vec<Contact>, Fault> {
        let mut tests = Vec::new();
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut test = |sql: &'static str, value: Option<Box<dyn ToSql>>| {
            if let Some(value) = value {
                tests.push(sql);
                values.push(value);
            }
        };
        test("customer = ?", filter.customer.as_ref().map(|id| Box::new(id.to_string()) as _));
        test("queue = ?", filter.queue.as_ref().map(|id| Box::new(id.to_string()) as _));
        test(whose, filter.agent.as_ref().map(|id| Box::new(id.to_string()) as _));
        test("channel = ?", filter.channel.map(|channel| Box::new(channel.number()) as _));
        test("phone = ?", filter.phone.as_ref().map(|phone| Box::new(phone.to_string()) as _));
        test("cnid = ?", filter.cnid.as_ref().map(|cnid| Box::new(cnid.to_string()) as _));
        // Whatever becomes of a contact comes after its beginning, and within the longest time that one may last.
        let (from, since, until) = match filter.moment {
            Moment::Started => (filter.from, None, None),
            Moment::Queued => (filter.from.map(earlier), Some(QUEUED.0), Some(QUEUED.1)),
            Moment::Accepted => (filter.from.map(earlier), Some(ACCEPTED.0), Some(ACCEPTED.1)),
            Moment::Ended => (filter.from.map(earlier), Some("ended >= ?"), Some("ended < ?")),
        };
        test(FROM, from.map(|at| Box::new(int(at.0)) as _));
        test(TO, filter.to.map(|at| Box::new(int(at.0)) as _));
        if let (Some(since), Some(until)) = (since, until) {
            test(since, filter.from.map(|at| Box::new(int(at.0)) as _));
            test(until, filter.to.map(|at| Box::new(int(at.0)) as _));
        }
        test("number < ?", filter.below.map(|number| Box::new(int(number)) as _));
        let reason = filter.reason.map(rows::reason).transpose()?;
        test("reason = ?", reason.map(|reason| Box::new(reason) as _));
        match filter.ended {
            Some(true) => tests.push("ended IS NOT NULL"),
            Some(false) => tests.push("ended IS NULL"),
            None => {}
        }
        if tests.is_empty() {
            tests.push("1");
        }
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        self.list(
            &tests.join(" AND "),
            &values,
            &format!("ORDER BY number DESC LIMIT {}", filter.limit),
        )
    }

    /// Recordings, newest first: their ids rise with time. Whose they are is tested in this way.
    fn recorded(
        &self,
        filter: &RecordingFilter,
        whose: &'static str,
    ) -> Result<Vec<Recording>, Fault> {
        let mut sql = "SELECT doc FROM recording WHERE realm = ?1".to_owned();
        let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(self.realm.0)];
        let mut test = |test: &'static str, value: Option<Box<dyn ToSql>>| {
            if let Some(value) = value {
                sql.push_str(" AND ");
                sql.push_str(test);
                values.push(value);
            }
        };
        let blob = |id: domain::id::Uuid| Box::new(id.as_bytes().to_vec()) as Box<dyn ToSql>;
        test("id = ?", filter.id.map(|id| blob(id.0)));
        test("cnid = ?", filter.cnid.as_ref().map(|cnid| Box::new(cnid.to_string()) as _));
        test("cnsq = ?", filter.cnsq.map(|cnsq| Box::new(cnsq) as _));
        test("contact = ?", filter.contact.map(|id| blob(id.0)));
        test(whose, filter.agent.as_ref().map(|id| Box::new(id.to_string()) as _));
        test("queue = ?", filter.queue.as_ref().map(|id| Box::new(id.to_string()) as _));
        test("began >= ?", filter.from.map(|at| Box::new(int(at.0)) as _));
        test("began < ?", filter.to.map(|at| Box::new(int(at.0)) as _));
        test("id < ?", filter.below.map(|id| blob(id.0)));
        sql.push_str(" ORDER BY id DESC LIMIT ?");
        values.push(Box::new(filter.limit));
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        let mut rows = self.db.prepare_cached(&sql)?;
        let mut rows = rows.query(values.as_slice())?;
        let mut recordings = Vec::new();
        while let Some(row) = rows.next()? {
            recordings.push(rows::recording(row)?);
        }
        Ok(recordings)
    }

    /// Contacts of the realm for which a test holds. Its values are numbered from 2.
    fn list(&self, test: &str, values: &[&dyn ToSql], order: &str) -> Result<Vec<Contact>, Fault> {
        let mut rows = self.db.prepare_cached(&format!(
            "SELECT doc FROM contact WHERE realm = ?1 AND {test} {order}"
        ))?;
        let mut all: Vec<&dyn ToSql> = vec![&self.realm.0];
        all.extend(values);
        let mut rows = rows.query(all.as_slice())?;
        let mut contacts = Vec::new();
        while let Some(row) = rows.next()? {
            contacts.push(rows::contact(row)?);
        }
        Ok(contacts)
    }
}
