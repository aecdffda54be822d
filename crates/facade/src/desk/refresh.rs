//! Contacts are told whole. After facts that change one, all of this desk's contacts are asked for, one question at a
//! time, and those that differ from what was told are told.

use super::contact::{ContactWire, State};
use super::frame::Event;
use super::levels::QueueWire;
use super::world::World;
use crate::door::Out;
use crate::item;
use domain::directory::Directory;
use domain::fact::Fact;
use domain::id::{ContactId, UserId};
use domain::query::{DeskContact, Level};
use domain::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl World {
    /// Must the contacts be asked for? Says so once.
    pub(super) fn ask_contacts(&mut self) -> bool {
        let ask = !self.asking && self.again.is_none() && (self.stale || self.wanted > self.fresh);
        self.asking |= ask;
        self.stale &= !ask;
        ask
    }

    /// Must the directory be asked for? Says so once.
    pub(super) fn ask_directory(&mut self) -> bool {
        let ask = !self.directory_asking && self.again.is_none() && self.directory_wanted > 0;
        self.directory_asking |= ask;
        ask
    }

    /// The contacts as of a deed.
    pub(super) fn refresh(
        &mut self,
        me: &UserId,
        (seq, at): (u64, Millis),
        contacts: &[DeskContact],
        levels: &[(Level, bool)],
        out: &mut Out,
    ) {
        self.asking = false;
        self.fresh = self.fresh.max(seq);
        self.levels
            .replace(levels.iter().map(|(level, mine)| QueueWire::of(level, *mine)).collect());
        let newer = |contact: &ContactId| self.gone.get(contact).is_some_and(|gone| *gone > seq);
        let desk = contacts.iter().filter(|desk| !newer(&desk.contact.id));
        let desk: BTreeMap<ContactId, ContactWire> = desk
            .map(|desk| (desk.contact.id, ContactWire::of(desk, me, &self.directory)))
            .collect();
        let vanished: Vec<(ContactId, &str)> = self
            .contacts
            .values()
            .filter(|old| !desk.contains_key(&old.id))
            .map(|old| (old.id, self.leaving.get(&old.id).copied().unwrap_or(by_state(old.state))))
            .collect();
        for (contact, why) in vanished {
            self.tell_gone(seq, at, contact, why, out);
        }
        for (id, contact) in desk {
            self.leaving.remove(&id);
            if self.contacts.get(&id).is_none_or(|old| contact.differs(old)) {
                self.tell(seq, at, &Event::Contact { contact: &contact }, out);
            }
            self.keep(contact);
        }
        self.gone.retain(|_, gone| *gone > seq);
        self.tell_held(seq, out);
    }

    /// The directory as of a deed. Names stand in contacts, too.
    pub(super) fn renamed(&mut self, directory: Arc<Directory>, seq: u64) {
        self.directory_asking = false;
        self.directory = directory;
        if self.directory_wanted <= seq {
            self.directory_wanted = 0;
        }
        self.stale = true;
    }

    /// A question met a fault: it is asked again at this time.
    pub(super) fn failed(&mut self, directory: bool, again: Millis) {
        if directory {
            self.directory_asking = false;
        } else {
            self.asking = false;
            self.stale = true;
        }
        self.again = Some(again);
    }

    /// Lines that waited for their contact. Where none came, the room is not this desk's.
    fn tell_held(&mut self, seq: u64, out: &mut Out) {
        let rooms: BTreeSet<_> = self.contacts.values().map(|contact| contact.room).collect();
        let held = std::mem::take(&mut self.held);
        for published in held {
            let Fact::Posted { item, .. } = &published.fact else { continue };
            if rooms.contains(&item.room) {
                let event = Event::Item { room: item.room, item: Box::new(item::line(item)) };
                self.tell(published.seq, published.at, &event, out);
            } else if published.seq > seq {
                self.held.push(published.clone());
            }
        }
    }
}

/// A contact is not there any more, and no fact has said why.
const fn by_state(state: State) -> &'static str {
    match state {
        State::Offered => "withdrawn",
        State::Talking | State::Wrapup => "done",
    }
}
