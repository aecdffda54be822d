//! How a page is put together, whatever the views are made of: a [`Shelf`] hands out rows, the rules stand here once.
//!
//! - A transcript is read by place, never by offset, so a page stays right while new lines arrive.
//! - What a reader may not see is left out before lines are counted, and leaves no gap.
//! - Older parts of a persistent chat are reached only backward, and only from a place where a page ended
//!   (`amazon-connect-chat.md` 1.2): the first page has lines of part 0 alone, and says that there are more.

use super::Fault;
use super::replay::Chunk;
use super::report::{self, Ledger};
use domain::audit;
use domain::contact::{Contact, TextKind};
use domain::id::{FileId, ParticipantId, RoomId};
use domain::query::{
    Answer, ContactFilter, ContactName, ItemsPage, Lines, Mark, Page, Place, RecordingFilter, Start,
};
use domain::recording::Recording;
use domain::retention::{Horizons, Past};
use domain::room::{Audience, Body, File, FileStatus, Item, MemberRole};
use domain::time::Millis;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;

/// Rows of one realm's views.
pub trait Shelf {
    /// Kept lines of a room in this span of places, in order (or against it), until `see` has seen enough.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn lines(
        &self,
        room: RoomId,
        span: RangeInclusive<u32>,
        forward: bool,
        see: &mut dyn FnMut(Item) -> ControlFlow<()>,
    ) -> Result<(), Fault>;

    /// The first kept line at this place or after it, and its time.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn first_from(&self, room: RoomId, n: u32) -> Result<Option<(u32, Millis)>, Fault>;

    /// Marks of a room at this place or after it, oldest first.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn marks(&self, room: RoomId, n: u32) -> Result<Vec<Mark>, Fault>;

    /// One contact.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn contact(&self, name: &ContactName) -> Result<Option<Contact>, Fault>;

    /// Contacts, newest first.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn contacts(&self, filter: &ContactFilter) -> Result<Vec<Contact>, Fault>;

    /// Recordings, newest first.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn recordings(&self, filter: &RecordingFilter) -> Result<Vec<Recording>, Fault>;

    /// What is past, and still there.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn past(&self, horizons: &Horizons) -> Result<Past, Fault>;

    /// Who changed what, newest first.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn audit(&self, filter: &audit::Filter) -> Result<Vec<audit::Row>, Fault>;

    /// All segments of a room, oldest first.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn segments(&self, room: RoomId) -> Result<Vec<Contact>, Fault>;

    /// Contacts by words, too, newest first; and the number below which to go on, if there may be more.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn search(&self, filter: &ContactFilter) -> Result<(Vec<Contact>, Option<u64>), Fault>;

    /// Deeds that touch a room, behind this one, oldest first; at most so many.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn story(&self, room: RoomId, after: u64, limit: u16) -> Result<Chunk, Fault>;
}

/// Answers from the rows. `None`: no such contact.
///
/// # Errors
///
/// [`Fault`] when they cannot be read.
pub fn answer(shelf: &(impl Shelf + Ledger), page: &Page) -> Result<Option<Answer>, Fault> {
    Ok(match page {
        Page::Items(page) => Some(Answer::Lines(lines(shelf, page)?)),
        Page::Files { room, role, file } => Some(Answer::Files(files(shelf, *room, *role, *file)?)),
        Page::Contact(name) => contact(shelf, name)?,
        Page::Contacts(filter) => Some(Answer::Contacts(shelf.contacts(filter)?)),
        Page::Past(horizons) => Some(Answer::Past(shelf.past(horizons)?)),
        Page::Recordings(filter) => Some(Answer::Recordings(shelf.recordings(filter)?)),
        Page::Audit(filter) => Some(Answer::Audit(shelf.audit(filter)?)),
        Page::Matter(id) => match shelf.contact(&ContactName::Id(*id))? {
            Some(contact) => Some(Answer::Contacts(shelf.segments(contact.room())?)),
            None => None,
        },
        Page::Search(filter) => {
            let (contacts, next) = shelf.search(filter)?;
            Some(Answer::Found(contacts, next))
        }
        Page::Story { room, after, limit } => {
            Some(Answer::Story(shelf.story(*room, *after, *limit)?))
        }
        Page::Report(filter) => Some(Answer::Report(report::report(shelf, filter)?)),
    })
}

/// The number below which a page of contacts goes on: a full one may have more behind it.
pub(super) fn next(contacts: &[Contact], limit: u16) -> Option<u64> {
    contacts.last().filter(|_| contacts.len() >= usize::from(limit)).map(|contact| contact.number)
}

/// The words of a line, as far as staff may read them.
pub(super) fn said(item: &Item) -> Option<Cow<'_, str>> {
    match &item.body {
        Body::Message { kind: TextKind::Content, text } => {
            let content = serde_json::from_str(text).ok()?;
            Some(facade::content::words(&content)?.into())
        }
        Body::Message { text, .. } => Some(text.as_ref().into()),
        Body::File(file) => Some(file.name.as_ref().into()),
        Body::Event(_) => None,
    }
    .filter(|_| item.audience != Audience::Customer)
}

fn contact(shelf: &impl Shelf, name: &ContactName) -> Result<Option<Answer>, Fault> {
    let Some(contact) = shelf.contact(name)? else { return Ok(None) };
    let attributes = if contact.id == contact.initial {
        contact.attributes.clone()
    } else {
        shelf
            .contact(&ContactName::Id(contact.initial))?
            .map(|first| first.attributes)
            .unwrap_or_default()
    };
    Ok(Some(Answer::Contact(Box::new(contact), attributes)))
}

/// Approved files of a room that this role may have, oldest first; of this one only, if one is named.
fn files(
    shelf: &impl Shelf,
    room: RoomId,
    role: MemberRole,
    wanted: Option<FileId>,
) -> Result<Vec<File>, Fault> {
    let mut files = Vec::new();
    shelf.lines(room, 1..=u32::MAX, true, &mut |item| {
        if let Body::File(file) = item.body
            && item.audience.includes(role)
            && file.status == FileStatus::Approved
            && wanted.is_none_or(|wanted| wanted == file.id)
        {
            files.push(file);
        }
        if wanted.is_some() && !files.is_empty() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(files)
}

fn lines(shelf: &impl Shelf, page: &ItemsPage) -> Result<Lines, Fault> {
    let mut answer = Lines { room: page.room, items: Vec::new(), marks: Vec::new(), next: None };
    let limit = usize::from(page.limit);
    if limit == 0 || page.parts.is_empty() || (page.forward && page.from == Start::Newest) {
        return Ok(answer);
    }
    let (mut part, mut span) = begin(shelf, page)?;
    let on_from_a_page = matches!(page.from, Start::After(_));
    loop {
        scan(shelf, page, part, span, limit + 1, &mut answer.items)?;
        if answer.items.len() > limit || !on_from_a_page {
            break;
        }
        let next_part = if page.forward { part.checked_sub(1) } else { part.checked_add(1) };
        let Some(next_part) = next_part.filter(|part| usize::from(*part) < page.parts.len()) else {
            break;
        };
        part = next_part;
        span = 1..=u32::MAX;
    }
    if answer.items.len() > limit {
        answer.items.truncate(limit);
        answer.next = answer.items.last().map(|(part, item)| Place { part: *part, n: item.n });
    } else if !on_from_a_page && !page.forward && has_past(shelf, page)? {
        answer.next = Some(
            answer
                .items
                .last()
                .map_or(Place { part: 0, n: 1 }, |(part, item)| Place { part: *part, n: item.n }),
        );
    }
    answer.marks = marks(shelf, &answer.items)?;
    Ok(answer)
}

/// The part and the places to begin with.
fn begin(shelf: &impl Shelf, page: &ItemsPage) -> Result<(u16, RangeInclusive<u32>), Fault> {
    let room = page.parts[0].0;
    let to_the_end = |n: u32| if page.forward { n..=u32::MAX } else { 1..=n };
    Ok(match page.from {
        Start::Newest => (0, 1..=u32::MAX),
        Start::At(n) => (0, to_the_end(n)),
        Start::Time(at) if page.forward => (0, reached(shelf, room, at)?..=u32::MAX),
        Start::Time(at) => (0, 1..=reached(shelf, room, at.plus(Millis(1)))?.saturating_sub(1)),
        Start::MostRecent(rank) => {
            let mut newest = Vec::new();
            scan(
                shelf,
                &ItemsPage { forward: false, ..page.clone() },
                0,
                1..=u32::MAX,
                rank.max(1) as usize,
                &mut newest,
            )?;
            (0, to_the_end(newest.last().map_or(1, |(_, item)| item.n)))
        }
        Start::After(place) if page.forward => (place.part, place.n.saturating_add(1)..=u32::MAX),
        Start::After(place) => (place.part, 1..=place.n.saturating_sub(1)),
    })
}

/// The place of the first line that is not earlier than this moment; `u32::MAX` if all are. Times rise with places.
fn reached(shelf: &impl Shelf, room: RoomId, at: Millis) -> Result<u32, Fault> {
    let (mut low, mut high) = (1, u32::MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        match shelf.first_from(room, middle)? {
            Some((n, time)) if time < at => low = n.saturating_add(1),
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Adds visible lines of one part until there are `enough` in all.
fn scan(
    shelf: &impl Shelf,
    page: &ItemsPage,
    part: u16,
    span: RangeInclusive<u32>,
    enough: usize,
    items: &mut Vec<(u16, Arc<Item>)>,
) -> Result<(), Fault> {
    let Some((room, segment)) = page.parts.get(usize::from(part)) else { return Ok(()) };
    if items.len() >= enough || span.is_empty() {
        return Ok(());
    }
    shelf.lines(*room, span, page.forward, &mut |item| {
        if segment.is_none_or(|segment| item.contact == segment) && visible(&item, page) {
            items.push((part, Arc::new(item)));
        }
        if items.len() < enough { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
}

/// May the reader of this page see the line? A file that was rejected is shown to its sender alone.
fn visible(item: &Item, page: &ItemsPage) -> bool {
    let rejected = matches!(&item.body, Body::File(file) if file.status == FileStatus::Rejected);
    item.audience.includes(page.role)
        && (!rejected || item.by.as_ref().is_some_and(|by| by.participant == page.reader))
}

/// Is there a visible line in an older part?
fn has_past(shelf: &impl Shelf, page: &ItemsPage) -> Result<bool, Fault> {
    for part in 1..page.parts.len() {
        let mut one = Vec::new();
        scan(shelf, page, u16::try_from(part).unwrap_or(u16::MAX), 1..=u32::MAX, 1, &mut one)?;
        if !one.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The marks that say when each of these lines was got and read, oldest first: those at the oldest of the lines or
/// after it, but of each reader only one that is at the newest line or after it.
fn marks(shelf: &impl Shelf, items: &[(u16, Arc<Item>)]) -> Result<Vec<(RoomId, Mark)>, Fault> {
    let mut spans: BTreeMap<RoomId, (u32, u32)> = BTreeMap::new();
    for (_, item) in items {
        let (low, high) = spans.entry(item.room).or_insert((item.n, item.n));
        (*low, *high) = ((*low).min(item.n), (*high).max(item.n));
    }
    let mut marks = Vec::new();
    for (room, (low, high)) in spans {
        let mut done: BTreeSet<(ParticipantId, bool)> = BTreeSet::new();
        for mark in shelf.marks(room, low)? {
            let key = (mark.participant, mark.read);
            if !done.contains(&key) {
                marks.push((room, mark));
                if mark.n >= high {
                    done.insert(key);
                }
            }
        }
    }
    Ok(marks)
}
