//! The greeting: who this is, and the world as it stands at one deed. What is published is watched before the world is
//! asked for, and kept until it is told, so nothing falls between.

use super::contact::ContactWire;
use super::levels::{Levels, QueueWire};
use super::world::{ChannelWire, World};
use super::{LARGEST_FILE, LONGEST_TEXT};
use crate::door::Settings;
use domain::agent::{Agent, Channel};
use domain::directory::{Directory, User};
use domain::id::ContactId;
use domain::node::Published;
use domain::query::{DeskContact, Level};
use domain::time::Millis;
use serde_json::{Number, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A greeting under way.
#[derive(Debug)]
pub(super) struct Greeting {
    /// The request to be answered.
    pub(super) id: Number,
    /// Is the session still good? Who is it?
    pub(super) user: Option<Arc<User>>,
    /// For names.
    pub(super) directory: Option<Arc<Directory>>,
    /// The desk, and the deed at which it stood.
    pub(super) desk: Option<Standing>,
    /// What was published since.
    pub(super) facts: Vec<Arc<Published>>,
}

/// A desk at a deed.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) seq: u64,
    pub(super) agent: Box<Agent>,
    pub(super) contacts: Vec<DeskContact>,
    pub(super) levels: Vec<(Level, bool)>,
}

impl Greeting {
    /// For this request.
    pub(super) const fn new(id: Number) -> Self {
        Self { id, user: None, directory: None, desk: None, facts: Vec::new() }
    }
}

/// The world, and how it is told.
pub(super) fn greet(
    now: Millis,
    settings: &Settings,
    user: &User,
    directory: Arc<Directory>,
    desk: &Standing,
) -> (World, Value) {
    let channels: BTreeMap<Channel, ChannelWire> = desk
        .agent
        .channels
        .iter()
        .map(|(channel, standing)| (*channel, ChannelWire::of(*standing)))
        .collect();
    let contacts: BTreeMap<ContactId, ContactWire> = desk
        .contacts
        .iter()
        .map(|contact| (contact.contact.id, ContactWire::of(contact, &user.id, &directory)))
        .collect();
    let queues: Vec<QueueWire> =
        desk.levels.iter().map(|(level, mine)| QueueWire::of(level, *mine)).collect();
    let mut person = json!({"id": user.id, "name": user.name, "role": user.role});
    if let Some(extension) = &user.extension {
        person["extension"] = json!(extension);
    }
    let written = channels.keys().chain([&Channel::Chat]);
    let limits: BTreeMap<Channel, u8> =
        written.map(|channel| (*channel, user.limit(*channel))).collect();
    let told = json!({
        "seq": desk.seq,
        "at": now,
        "user": person,
        "agent": {"channels": channels, "limits": limits},
        "reasons": directory.reasons.values().collect::<Vec<_>>(),
        "queues": queues,
        "wrapup_codes": directory.wrap_up_codes.values().collect::<Vec<_>>(),
        "contacts": contacts.values().collect::<Vec<_>>(),
        "limits": {"text": LONGEST_TEXT, "file": LARGEST_FILE, "types": settings.file_types},
    });
    let world = World {
        directory,
        channels,
        rooms: contacts.values().map(|contact| (contact.room, contact.id)).collect(),
        contacts,
        gone: BTreeMap::new(),
        leaving: BTreeMap::new(),
        held: Vec::new(),
        levels: Levels::told(queues, now),
        greeted: desk.seq,
        seq: desk.seq,
        fresh: desk.seq,
        wanted: 0,
        stale: false,
        asking: false,
        directory_wanted: 0,
        directory_asking: false,
        again: None,
    };
    (world, told)
}
