//! What this client has been told, so far as events are made of it.

use super::contact::ContactWire;
use super::frame::{self, Event};
use super::levels::Levels;
use crate::door::{Effect, Out};
use domain::agent::{AgentState, Channel, Standing};
use domain::directory::Directory;
use domain::id::{ContactId, RoomId};
use domain::node::Published;
use domain::time::Millis;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the agent says of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct ChannelWire {
    state: &'static str,
    reason: u8,
    since: Millis,
}

impl ChannelWire {
    /// As it stands.
    pub(super) const fn of(standing: Standing) -> Self {
        let (state, reason) = state_name(standing.state);
        Self { state, reason, since: standing.since }
    }
}

/// A state's name and reason.
pub(super) const fn state_name(state: AgentState) -> (&'static str, u8) {
    match state {
        AgentState::Ready => ("ready", 0),
        AgentState::NotReady(reason) => ("not_ready", reason),
        AgentState::AfterWork(reason) => ("after_work", reason),
        AgentState::LoggedOff(reason) => ("logged_off", reason),
    }
}

/// The world of one desk.
#[derive(Debug)]
pub(super) struct World {
    /// For names.
    pub(super) directory: Arc<Directory>,
    /// Own states.
    pub(super) channels: BTreeMap<Channel, ChannelWire>,
    /// Contacts as they were last told.
    pub(super) contacts: BTreeMap<ContactId, ContactWire>,
    /// The same by their rooms.
    pub(super) rooms: BTreeSet<(RoomId, ContactId)>,
    /// Contacts that were told to be gone by the deed of this number: what is older knows no better.
    pub(super) gone: BTreeMap<ContactId, u64>,
    /// Why a contact is about to leave.
    pub(super) leaving: BTreeMap<ContactId, &'static str>,
    /// Lines of rooms that have not been told yet.
    pub(super) held: Vec<Arc<Published>>,
    /// How full queues are.
    pub(super) levels: Levels,
    /// The greeting stood at this deed: what is older is in it.
    pub(super) greeted: u64,
    /// The newest deed that was heard of.
    pub(super) seq: u64,
    /// Contacts are known as of this deed.
    pub(super) fresh: u64,
    /// Contacts must be known as of this deed.
    pub(super) wanted: u64,
    /// Contacts must be asked for, whatever deed they are known as of.
    pub(super) stale: bool,
    /// A question for the contacts is under way.
    pub(super) asking: bool,
    /// The directory must be known as of this deed.
    pub(super) directory_wanted: u64,
    /// A question for the directory is under way.
    pub(super) directory_asking: bool,
    /// A question failed; it is asked again then.
    pub(super) again: Option<Millis>,
}

impl World {
    /// A contact in this room.
    pub(super) fn in_room(&self, room: RoomId) -> Option<&ContactWire> {
        let (of, contact) = self.rooms.range((room, ContactId::default())..).next()?;
        if *of == room { self.contacts.get(contact) } else { None }
    }

    /// A contact is on this desk, as it was just told.
    pub(super) fn keep(&mut self, contact: ContactWire) {
        self.rooms.insert((contact.room, contact.id));
        self.contacts.insert(contact.id, contact);
    }

    /// Tells an event. Numbers never fall, whatever came late.
    pub(super) fn tell(&mut self, seq: u64, at: Millis, event: &Event<'_>, out: &mut Out) {
        self.seq = self.seq.max(seq);
        out.push(Effect::Send(frame::event(self.seq, at, event)));
    }

    /// A contact has left this desk.
    pub(super) fn tell_gone(
        &mut self,
        seq: u64,
        at: Millis,
        contact: ContactId,
        why: &'static str,
        out: &mut Out,
    ) {
        self.leaving.remove(&contact);
        if let Some(left) = self.contacts.remove(&contact) {
            self.rooms.remove(&(left.room, contact));
            self.tell(seq, at, &Event::Gone { contact, why }, out);
        }
        self.gone.insert(contact, seq);
    }
}
