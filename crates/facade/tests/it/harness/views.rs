//! What the store's views would answer, by a plain scan of the facts that were published.

use domain::audit;
use domain::contact::Contact;
use domain::fact::{Deed, Fact};
use domain::id::{ContactId, RoomId};
use domain::node::Published;
use domain::query::{
    Answer, ContactFilter, ContactName, ItemsPage, Lines, Mark, Page, Place, Start,
};
use domain::report::Report;
use domain::room::{Body, FileStatus, Item};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The answer; `None`: no such contact.
pub(super) fn answer(facts: &[Arc<Published>], page: &Page) -> Option<Answer> {
    let contacts = contacts(facts);
    let find = |name: &ContactName| match name {
        ContactName::Id(id) => contacts.get(id),
        ContactName::Number(number) => contacts.values().find(|c| c.number == *number),
    };
    match page {
        Page::Items(page) => Some(Answer::Lines(lines(facts, page))),
        Page::Files { room, role, file } => {
            let files = facts.iter().filter_map(|p| {
                let Fact::Posted { item, .. } = &p.fact else { return None };
                let Body::File(f) = &item.body else { return None };
                let wanted = item.room == *room
                    && item.audience.includes(*role)
                    && f.status == FileStatus::Approved
                    && file.is_none_or(|file| f.id == file);
                wanted.then(|| f.clone())
            });
            Some(Answer::Files(files.collect()))
        }
        Page::Contact(name) => {
            let contact = find(name)?;
            let attributes =
                contacts.get(&contact.initial).map(|c| c.attributes.clone()).unwrap_or_default();
            Some(Answer::Contact(Box::new(contact.clone()), attributes))
        }
        Page::Contacts(filter) => Some(Answer::Contacts(filtered(&contacts, filter))),
        Page::Audit(filter) => Some(Answer::Audit(trail(facts, filter))),
        Page::Matter(id) => {
            let initial = contacts.get(id)?.initial;
            let mut segments: Vec<Contact> =
                contacts.values().filter(|c| c.initial == initial).cloned().collect();
            segments.sort_by_key(|c| c.segment);
            Some(Answer::Contacts(segments))
        }
        // Nothing here is ever past.
        Page::Past(_) => Some(Answer::Past(domain::retention::Past::default())),
        Page::Recordings(filter) => {
            let recordings = facts.iter().rev().filter_map(|p| match &p.fact {
                Fact::Recorded { recording } => Some(recording.as_ref()),
                _ => None,
            });
            let found = recordings.filter(|it| filter.finds(it)).take(filter.limit.into());
            Some(Answer::Recordings(found.cloned().collect()))
        }
        Page::Search(filter) => {
            let found = filtered(&contacts, filter);
            let more = found.len() >= usize::from(filter.limit);
            let next = found.last().filter(|_| more).map(|contact| contact.number);
            Some(Answer::Found(found, next))
        }
        Page::Story { room, after, .. } => {
            let touches = |p: &&Arc<Published>| {
                let of = p.fact.contact().and_then(|id| contacts.get(&id)).map(Contact::room);
                p.seq > *after && (p.fact.room() == Some(*room) || of == Some(*room))
            };
            let deed = |p: &Arc<Published>| {
                let facts = vec![p.fact.clone()];
                (p.seq, Deed { at: p.at, cause: "test".into(), facts })
            };
            Some(Answer::Story(facts.iter().filter(touches).map(deed).collect()))
        }
        // Sums are the store's; its own tests have them.
        Page::Report(_) => Some(Answer::Report(Report::Rows(Vec::new()))),
    }
}

/// Who changed what, newest first.
fn trail(facts: &[Arc<Published>], filter: &audit::Filter) -> Vec<audit::Row> {
    let mut deeds: BTreeMap<u64, Deed> = BTreeMap::new();
    for fact in facts {
        let new = || Deed { at: fact.at, cause: "test".into(), facts: Vec::new() };
        deeds.entry(fact.seq).or_insert_with(new).facts.push(fact.fact.clone());
    }
    let rows = deeds.iter().flat_map(|(seq, deed)| audit::trail(*seq, deed));
    let mut rows: Vec<_> = rows.filter(|row| filter.finds(row)).collect();
    rows.reverse();
    rows.truncate(filter.limit.into());
    rows
}

/// All contacts, by the facts alone.
fn contacts(facts: &[Arc<Published>]) -> BTreeMap<ContactId, Contact> {
    let mut contacts: BTreeMap<ContactId, Contact> = BTreeMap::new();
    for published in facts {
        if let Fact::Started { contact, .. } = &published.fact {
            contacts.insert(contact.id, contact.as_ref().clone());
        } else if let Some(contact) = published.fact.contact().and_then(|id| contacts.get_mut(&id))
        {
            contact.apply(published.at, &published.fact);
        }
    }
    contacts
}

fn filtered(contacts: &BTreeMap<ContactId, Contact>, filter: &ContactFilter) -> Vec<Contact> {
    let mut found: Vec<Contact> = contacts.values().filter(|c| filter.finds(c)).cloned().collect();
    found.sort_by_key(|c| std::cmp::Reverse(c.number));
    found.truncate(usize::from(filter.limit));
    found
}

/// A page of a transcript. Lines are laid out newest first, part 0 before the parts of the past.
fn lines(facts: &[Arc<Published>], page: &ItemsPage) -> Lines {
    let seen = |item: &Item| {
        let rejected =
            matches!(&item.body, Body::File(file) if file.status == FileStatus::Rejected);
        let own = item.by.as_ref().is_some_and(|by| by.participant == page.reader);
        item.kept() && item.audience.includes(page.role) && (!rejected || own)
    };
    let mut all: Vec<(u16, Arc<Item>)> = Vec::new();
    for (part, (room, segment)) in (0..).zip(&page.parts) {
        let of_part = facts.iter().rev().filter_map(|p| match &p.fact {
            Fact::Posted { item, .. }
                if item.room == *room
                    && segment.is_none_or(|s| s == item.contact)
                    && seen(item) =>
            {
                Some((part, Arc::new(item.clone())))
            }
            _ => None,
        });
        all.extend(of_part);
    }
    let has_past = all.iter().any(|(part, _)| *part > 0);
    let from_a_page = matches!(page.from, Start::After(_));
    if !from_a_page {
        all.retain(|(part, _)| *part == 0);
    }
    let newest: BTreeSet<u32> = match page.from {
        Start::MostRecent(count) => {
            all.iter().take(count.max(1) as usize).map(|(_, item)| item.n).collect()
        }
        _ => BTreeSet::new(),
    };
    let oldest_of_newest = newest.first().copied().unwrap_or_default();
    let wanted = |(part, item): &(u16, Arc<Item>)| match (page.from, page.forward) {
        (Start::Newest, forward) => !forward,
        (Start::At(n), true) => item.n >= n,
        (Start::At(n), false) => item.n <= n,
        (Start::Time(at), true) => item.at >= at,
        (Start::Time(at), false) => item.at <= at,
        (Start::MostRecent(_), true) => item.n >= oldest_of_newest,
        (Start::MostRecent(_), false) => item.n <= oldest_of_newest,
        (Start::After(place), true) => {
            *part < place.part || (*part == place.part && item.n > place.n)
        }
        (Start::After(place), false) => {
            *part > place.part || (*part == place.part && item.n < place.n)
        }
    };
    all.retain(wanted);
    if page.forward {
        all.reverse();
    }
    let limit = usize::from(page.limit);
    let more = all.len() > limit;
    all.truncate(limit);
    let last = all.last().map(|(part, item)| Place { part: *part, n: item.n });
    let next = if more {
        last
    } else if !from_a_page && !page.forward && has_past {
        last.or(Some(Place { part: 0, n: 1 }))
    } else {
        None
    };
    let rooms: BTreeSet<RoomId> = all.iter().map(|(_, item)| item.room).collect();
    let mark = |p: &Arc<Published>| match &p.fact {
        Fact::Marked { room, participant, n, read, .. } if rooms.contains(room) => {
            Some((*room, Mark { participant: *participant, n: *n, read: *read, at: p.at }))
        }
        _ => None,
    };
    Lines { room: page.room, items: all, marks: facts.iter().filter_map(mark).collect(), next }
}
