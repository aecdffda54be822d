//! Finding contacts by words: of the customer's name, and of what was said (FTS5, `contact_text`).

use super::files::int;
use super::look::Views;
use super::rows::{self, Rooms};
use crate::store::{Fault, RealmNo, page};
use domain::contact::Contact;
use domain::id::{ContactId, RoomId};
use domain::query::{self, ContactFilter};
use rusqlite::{Connection, OptionalExtension as _, params};

/// So many contacts with these words are looked at for one page; the next page goes on behind them.
const SCAN: usize = 20_000;

/// So many bytes of one contact's words are found; what is said later in a conversation of that length is not.
const MOST: usize = 65_536;

/// Lets contacts that ended be found by their words.
pub(super) fn write(
    db: &Connection,
    realm: RealmNo,
    rooms: &mut Rooms,
    closed: &[ContactId],
) -> Result<(), Fault> {
    let mut find =
        db.prepare_cached("SELECT doc, key FROM contact WHERE realm = ?1 AND id = ?2")?;
    let mut lines = db.prepare_cached(
        "SELECT n, contact, at, id, audience, doc FROM item WHERE room = ?1 AND contact = ?2 ORDER BY n",
    )?;
    let mut put = db.prepare_cached(
        "INSERT OR REPLACE INTO contact_text (rowid, name, said) VALUES (?1, ?2, ?3)",
    )?;
    for id in closed {
        let mut found = find.query((realm.0, id.0.as_bytes()))?;
        let Some(row) = found.next()? else { continue };
        let (contact, key): (Contact, i64) = (rows::contact(row)?, row.get(1)?);
        let mut said = String::new();
        if contact.voice.is_none() {
            let room = rows::room_of(db, realm, rooms, contact.room())?;
            let mut lines = lines.query(params![room, id.0.as_bytes()])?;
            while let Some(row) = lines.next()? {
                let item = rows::item(contact.room(), row)?;
                if let Some(words) = page::said(&item).filter(|w| said.len() + w.len() < MOST) {
                    said.push_str(&words);
                    said.push('\n');
                }
            }
        }
        put.execute(params![key, contact.customer.name, said])?;
    }
    Ok(())
}

/// Lets the contacts of a room be found by their customers' names alone: what was said is not kept any more.
pub(super) fn forget(db: &Connection, realm: RealmNo, room: RoomId) -> Result<(), Fault> {
    let mut find = db.prepare_cached(
        "SELECT doc, key FROM contact WHERE realm = ?1 AND room = ?2 AND ended IS NOT NULL",
    )?;
    let mut put = db.prepare_cached(
        "INSERT OR REPLACE INTO contact_text (rowid, name, said) VALUES (?1, ?2, '')",
    )?;
    let mut found = find.query((realm.0, room.0.as_bytes()))?;
    while let Some(row) = found.next()? {
        let (contact, key): (Contact, i64) = (rows::contact(row)?, row.get(1)?);
        put.execute(params![key, contact.customer.name])?;
    }
    Ok(())
}

/// What is looked for, in the language of the index; none where no words are.
pub(super) fn wanted(filter: &ContactFilter) -> Option<String> {
    let column = |name: &str, text: &Option<std::sync::Arc<str>>| {
        let words: Vec<String> = text
            .iter()
            .flat_map(|text| query::words(text))
            .map(|word| format!("{name} : \"{word}\" *"))
            .collect();
        (!words.is_empty()).then(|| words.join(" AND "))
    };
    let parts: Vec<String> = [column("name", &filter.name), column("said", &filter.text)]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

/// Contacts with these words that the filter lets through, newest first, and where to go on.
pub(super) fn search(
    views: &Views<'_>,
    filter: &ContactFilter,
    wanted: &str,
) -> Result<(Vec<Contact>, Option<u64>), Fault> {
    let key = |sql: &str, value: u64| -> Result<Option<i64>, Fault> {
        let mut find = views.db.prepare_cached(sql)?;
        Ok(find.query_row((views.realm.0, int(value)), |row| row.get(0)).optional()?)
    };
    // Keys rise with numbers, and numbers with time.
    let mut high = i64::MAX;
    if let Some(below) = filter.below {
        let Some(key) = key(
            "SELECT key FROM contact WHERE realm = ?1 AND number < ?2 ORDER BY number DESC LIMIT 1",
            below,
        )?
        else {
            return Ok((Vec::new(), None));
        };
        high = key;
    }
    if let Some(to) = filter.to {
        let Some(key) = key(
            "SELECT key FROM contact WHERE realm = ?1 AND started < ?2 ORDER BY started DESC, number DESC LIMIT 1",
            to.0,
        )?
        else {
            return Ok((Vec::new(), None));
        };
        high = high.min(key);
    }
    let mut low = 0;
    if let Some(from) = filter.from {
        let Some(key) = key(
            "SELECT key FROM contact WHERE realm = ?1 AND started >= ?2 ORDER BY started, number LIMIT 1",
            from.0,
        )?
        else {
            return Ok((Vec::new(), None));
        };
        low = key;
    }
    let mut matching = views.db.prepare_cached(
        "SELECT c.doc FROM contact_text t JOIN contact c ON c.key = t.rowid
         WHERE contact_text MATCH ?1 AND t.rowid BETWEEN ?2 AND ?3 AND c.realm = ?4 ORDER BY t.rowid DESC",
    )?;
    let mut matching = matching.query(params![wanted, low, high, views.realm.0])?;
    let (mut found, mut seen) = (Vec::new(), 0);
    while let Some(row) = matching.next()? {
        let contact = rows::contact(row)?;
        seen += 1;
        let number = contact.number;
        if filter.finds(&contact) {
            found.push(contact);
        }
        if found.len() >= usize::from(filter.limit) || seen >= SCAN {
            return Ok((found, Some(number)));
        }
    }
    Ok((found, None))
}
