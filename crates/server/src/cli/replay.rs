//! Tells a contact's whole story from the journal: when, by which request, and what it made happen. A server may be at
//! work on the folder meanwhile; the journal is only read.

use super::say;
use crate::start::open_store;
use crate::store::{RealmNo, Store as _};
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use domain::fact::{Deed, Fact};
use domain::id::{ContactId, RoomId};
use domain::query::{Answer, ContactFilter, ContactName, Page};
use facade::connect::time::iso_ms;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// The length of a matter's number.
const CNID: usize = 22;

/// Whose story.
#[derive(Debug, Args)]
pub struct Replay {
    /// The contact, by id or number, or a call's matter by its cnid
    pub contact: String,
    /// The data folder
    #[arg(long, default_value = "sangdam-data")]
    pub data: PathBuf,
    /// The realm's name; without one, all are looked through
    #[arg(long)]
    pub realm: Option<Arc<str>>,
    /// Print each deed as JSON
    #[arg(long)]
    pub json: bool,
}

/// Tells it.
///
/// # Errors
///
/// If there is no such contact, or the journal cannot be read.
pub async fn run(replay: Replay) -> anyhow::Result<()> {
    let contact = replay.contact.as_str();
    let name = match (contact.parse::<ContactId>(), contact.parse::<u64>()) {
        (Ok(id), _) => Some(ContactName::Id(id)),
        (_, Ok(number)) => Some(ContactName::Number(number)),
        _ if contact.len() == CNID && contact.bytes().all(|b| b.is_ascii_digit()) => None,
        _ => bail!("{contact}: a contact's id or number was expected, or the cnid of a call"),
    };
    let page = name.clone().map_or_else(
        || {
            let cnid = Some(contact.into());
            Page::Contacts(ContactFilter { cnid, limit: 1, ..ContactFilter::default() })
        },
        Page::Contact,
    );
    // To open a store is to make one; here there has to be one.
    ensure!(
        replay.data.join("journal.db").is_file(),
        "there is no journal in {}",
        replay.data.display()
    );
    let store = open_store(replay.data.clone()).await?;
    for (no, realm) in store.realms().await? {
        if replay.realm.as_ref().is_some_and(|named| *named != realm) {
            continue;
        }
        // The views may be behind: whoever asks by cnid waits for them.
        let seen = if name.is_none() { store.last(no).await? } else { 0 };
        let room = match (store.page(no, page.clone(), seen).await?, &name) {
            (Some(Answer::Contact(contact, _)), _) => contact.room(),
            (Some(Answer::Contacts(found)), _) if !found.is_empty() => found[0].room(),
            // The first contact of a room is found without them.
            (_, Some(ContactName::Id(id))) => RoomId::from(*id),
            _ => continue,
        };
        if story(store.as_ref(), no, room, replay.json).await? {
            store.close().await;
            return Ok(());
        }
    }
    store.close().await;
    bail!("there is no contact {}", replay.contact)
}

async fn story(
    store: &impl crate::store::Store,
    no: RealmNo,
    room: RoomId,
    json: bool,
) -> anyhow::Result<bool> {
    let mut found = false;
    let mut journal = store.story(no, room);
    while let Some(deeds) = journal.next().await.context("the journal")? {
        for (seq, deed) in deeds {
            found = true;
            if json {
                say(&serde_json::json!({ "seq": seq, "deed": deed }).to_string());
            } else {
                lines(seq, &deed)?;
            }
        }
    }
    Ok(found)
}

/// One deed: its number, time and cause, and under it each fact by name, with what it says.
fn lines(seq: u64, deed: &Deed) -> anyhow::Result<()> {
    say(&format!("{seq:>8}  {}  {}", iso_ms(deed.at.0), deed.cause));
    for fact in &deed.facts {
        say(&format!("          {}", line(fact)?));
    }
    Ok(())
}

/// `name  member=value …`, as the journal has it.
fn line(fact: &Fact) -> anyhow::Result<String> {
    let value = serde_json::to_value(fact)?;
    let Some((name, said)) = value.as_object().and_then(|object| object.iter().next()) else {
        return Ok(value.to_string());
    };
    let mut line = format!("{name:<16}");
    // Writing into a text never fails.
    match said.as_object() {
        Some(members) => {
            for (member, value) in members {
                let _ = write!(line, " {member}={value}");
            }
        }
        None => {
            let _ = write!(line, " {said}");
        }
    }
    Ok(line)
}
