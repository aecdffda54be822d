//! The views as a reader would think of them: every contact, every line. Slow, plain, and so a model of the real ones.

use domain::contact::Contact;
use domain::fact::Fact;
use domain::id::{ContactId, FileId, ItemId, RoomId};
use domain::query::{
    Answer, ContactFilter, ContactName, ItemsPage, Lines, Mark, Page, Place, Start,
};
use domain::recording::Recording;
use domain::retention::Past;
use domain::room::{Body, FileStatus, Item};
use domain::time::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that people can look up.
#[derive(Debug, Default)]
pub(crate) struct Views {
    /// Contacts as they are now.
    pub(crate) contacts: BTreeMap<ContactId, Contact>,
    /// Lines by room, those that are not kept included.
    pub(crate) items: BTreeMap<RoomId, Vec<Arc<Item>>>,
    /// Where a line stands.
    pub(crate) places: BTreeMap<ItemId, (RoomId, u32)>,
    marks: BTreeMap<RoomId, Vec<Mark>>,
    recordings: BTreeMap<FileId, Recording>,
}

impl Views {
    /// Takes up a committed fact.
    pub(crate) fn apply(&mut self, at: Millis, fact: &Fact) {
        match fact {
            Fact::Started { contact, .. } => {
                self.contacts.insert(contact.id, contact.as_ref().clone());
            }
            Fact::Posted { item, .. } => {
                self.items.entry(item.room).or_default().push(Arc::new(item.clone()));
                self.places.insert(item.id, (item.room, item.n));
            }
            Fact::Marked { room, participant, n, read, .. } => {
                self.marks.entry(*room).or_default().push(Mark {
                    participant: *participant,
                    n: *n,
                    read: *read,
                    at,
                });
            }
            Fact::Recorded { recording } => {
                self.recordings.insert(recording.id, recording.as_ref().clone());
            }
            _ => {}
        }
        if let Some(contact) = fact.contact().and_then(|id| self.contacts.get_mut(&id)) {
            contact.apply(at, fact);
        }
    }

    /// The line of this id.
    pub(crate) fn item(&self, id: ItemId) -> Option<&Item> {
        let (room, n) = self.places.get(&id)?;
        self.items.get(room)?.get(*n as usize - 1).map(AsRef::as_ref)
    }

    /// All segments of the matter that this contact belongs to, oldest first.
    pub(crate) fn matter(&self, id: ContactId) -> Option<Vec<Contact>> {
        let room = self.contacts.get(&id)?.room();
        let mut segments: Vec<Contact> =
            self.contacts.values().filter(|c| c.room() == room).cloned().collect();
        segments.sort_by_key(|c| c.segment);
        Some(segments)
    }

    /// Answers a page; none: no such contact.
    pub(crate) fn answer(&self, page: &Page) -> Option<Answer> {
        match page {
            Page::Items(page) => Some(Answer::Lines(self.lines(page))),
            Page::Files { room, role, file } => {
                let lines = self.items.get(room).into_iter().flatten();
                let files = lines.filter(|i| i.audience.includes(*role)).filter_map(|i| {
                    let Body::File(f) = &i.body else { return None };
                    let wanted =
                        f.status == FileStatus::Approved && file.is_none_or(|file| f.id == file);
                    wanted.then(|| f.clone())
                });
                Some(Answer::Files(files.collect()))
            }
            Page::Contact(name) => {
                let contact = match name {
                    ContactName::Id(id) => self.contacts.get(id)?,
                    ContactName::Number(number) => {
                        self.contacts.values().find(|c| c.number == *number)?
                    }
                };
                let attributes = self
                    .contacts
                    .get(&contact.initial)
                    .map(|c| c.attributes.clone())
                    .unwrap_or_default();
                Some(Answer::Contact(Box::new(contact.clone()), attributes))
            }
            Page::Contacts(filter) => Some(Answer::Contacts(self.contacts(filter))),
            Page::Matter(id) => self.matter(*id).map(Answer::Contacts),
            // Nothing here is ever past.
            Page::Past(_) => Some(Answer::Past(Past::default())),
            Page::Recordings(filter) => {
                let newest_first = self.recordings.values().rev().filter(|it| filter.finds(it));
                let found = newest_first.take(filter.limit.into()).cloned().collect();
                Some(Answer::Recordings(found))
            }
            Page::Audit(_) => unreachable!("nobody here reads the audit trail"),
            // Nobody here asks for what only people who look back want to know.
            Page::Search(_) | Page::Story { .. } | Page::Report(_) => None,
        }
    }

    fn contacts(&self, filter: &ContactFilter) -> Vec<Contact> {
        let mut all: Vec<Contact> =
            self.contacts.values().filter(|c| filter.finds(c)).cloned().collect();
        all.sort_by_key(|c| std::cmp::Reverse(c.number));
        all.truncate(filter.limit.into());
        all
    }

    /// The lines that this page's reader may see, part by part, each oldest first.
    fn visible(&self, page: &ItemsPage, part: usize) -> Vec<&Arc<Item>> {
        let Some((room, segment)) = page.parts.get(part) else { return Vec::new() };
        let may = |item: &&Arc<Item>| {
            let rejected = matches!(&item.body, Body::File(f) if f.status == FileStatus::Rejected);
            let own = item.by.as_ref().is_some_and(|by| by.participant == page.reader);
            item.kept()
                && segment.is_none_or(|s| item.contact == s)
                && item.audience.includes(page.role)
                && (!rejected || own)
        };
        self.items.get(room).into_iter().flatten().filter(may).collect()
    }

    fn lines(&self, page: &ItemsPage) -> Lines {
        let own = self.visible(page, 0);
        let newest = own.len();
        // The place among visible lines where reading begins: lines before it lie backward, the rest forward.
        let cut = |n: u32| own.partition_point(|item| item.n < n);
        let (mut part, backward_to, forward_from) = match page.from {
            Start::Newest => (0, newest, newest),
            Start::At(n) => (0, cut(n.saturating_add(1)), cut(n)),
            Start::Time(at) => {
                (0, own.partition_point(|i| i.at <= at), own.partition_point(|i| i.at < at))
            }
            Start::MostRecent(rank) => {
                let at = newest.saturating_sub(rank.max(1) as usize);
                (0, (at + 1).min(newest), at)
            }
            Start::After(place) => {
                let here = self.visible(page, place.part.into());
                (
                    place.part,
                    here.partition_point(|i| i.n < place.n),
                    here.partition_point(|i| i.n <= place.n),
                )
            }
        };
        let continues = matches!(page.from, Start::After(_));
        let limit = usize::from(page.limit);
        let mut found: Vec<(u16, Arc<Item>)> = Vec::new();
        let mut here = self.visible(page, part.into());
        if page.forward {
            here.drain(..forward_from)
        } else {
            here.drain(backward_to..)
        };
        loop {
            let part_of = |item: &&Arc<Item>| (part, Arc::clone(item));
            if page.forward {
                found.extend(here.iter().map(part_of));
            } else {
                found.extend(here.iter().rev().map(part_of));
            }
            let next = if page.forward { part.checked_sub(1) } else { Some(part + 1) };
            match next.filter(|next| continues && usize::from(*next) < page.parts.len()) {
                Some(next) => part = next,
                None => break,
            }
            here = self.visible(page, part.into());
        }
        let mut next = None;
        if found.len() > limit {
            found.truncate(limit);
            next = found.last().map(|(part, item)| Place { part: *part, n: item.n });
        } else if !continues
            && !page.forward
            && (1..page.parts.len()).any(|part| !self.visible(page, part).is_empty())
        {
            next =
                Some(found.last().map_or(Place { part: 0, n: 1 }, |(part, item)| Place {
                    part: *part,
                    n: item.n,
                }));
        }
        let mut marks = Vec::new();
        let mut rooms: Vec<RoomId> = found.iter().map(|(_, item)| item.room).collect();
        rooms.dedup();
        for room in rooms {
            marks.extend(self.marks.get(&room).into_iter().flatten().map(|mark| (room, *mark)));
        }
        Lines { room: page.room, items: found, marks, next }
    }
}
