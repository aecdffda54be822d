//! What came of a request, as it is told.

use super::ask::Want;
use super::frame::No;
use super::levels::QueueWire;
use super::world::state_name;
use crate::item;
use domain::agent::Channel;
use domain::command::Done;
use domain::contact::{Contact, Voice};
use domain::directory::{Directory, Role};
use domain::id::{RoomId, UserId};
use domain::query::{Answer, Colleague, DeskContact, Lines};
use domain::refusal::Refusal;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The outcome of a command.
pub(super) fn of_command(want: &Want, done: &Done) -> Value {
    match (want, done) {
        (Want::Said(..) | Want::Filed(..), Done::Posted { item, n, at }) => {
            json!({"item": {"id": item, "n": n, "at": at}})
        }
        (Want::TakenOver, Done::Transferred { contact }) => json!({"contact": contact}),
        (Want::TakenOver, Done::Dialed { contact: Some(contact), .. }) => {
            json!({"contact": contact})
        }
        (Want::Extended, Done::Until(until)) => json!({"wrapup_until": until}),
        (Want::Dialed, Done::Dialed { contact, failed }) => {
            let mut told = json!({});
            if let Some(contact) = contact {
                told["contact"] = json!(contact);
            }
            if let Some(cause) = failed {
                told["failed"] = json!(cause.unreached());
            }
            told
        }
        (Want::Upload(url, _), Done::File { file }) => json!({"file": file, "url": url}),
        _ => json!({}),
    }
}

/// The answer to a question.
pub(super) fn of_query(
    want: &Want,
    answer: &Answer,
    me: &UserId,
    directory: &Directory,
) -> Result<Value, No> {
    match (want, answer) {
        (Want::Lines(room), Answer::Lines(lines)) => Ok(page(*room, lines)),
        (Want::People, Answer::People(colleagues, levels)) => {
            let serves = |group: u32| {
                directory.groups.get(&group).is_some_and(|g| g.members.contains_key(me))
            };
            let queues: Vec<_> = levels
                .iter()
                .map(|level| QueueWire::of(level, serves(level.queue.group)))
                .collect();
            let agents: Vec<_> =
                colleagues.iter().filter(|c| c.user.id != *me).map(colleague).collect();
            Ok(json!({"agents": agents, "queues": queues}))
        }
        (Want::Waiting, Answer::Waiters(waiters)) => {
            let waiters = waiters.iter().map(|w| {
                json!({"contact": w.contact, "channel": w.channel, "customer": w.customer, "since": w.since})
            });
            Ok(json!({"waiting": waiters.collect::<Vec<_>>()}))
        }
        (Want::Today, Answer::Contacts(contacts)) => Ok(today(contacts, me)),
        (Want::Calls, Answer::Contacts(contacts)) => {
            let calls = contacts.iter().map(|contact| past(contact, me, directory));
            Ok(json!({"calls": calls.collect::<Vec<_>>()}))
        }
        (Want::History(room), Answer::Contacts(contacts)) => {
            let earlier = contacts.iter().filter(|contact| contact.room() != *room);
            Ok(
                json!({"contacts": earlier.map(|contact| past(contact, me, directory)).collect::<Vec<_>>()}),
            )
        }
        _ => Err(No::new("server.fault", "an answer that nobody asked for")),
    }
}

/// The contact that an agent is busy with: talking first, the newest first.
pub(super) fn busy_with(contacts: &[DeskContact]) -> Result<domain::id::ContactId, No> {
    let talking = contacts
        .iter()
        .filter(|c| c.work.is_some_and(|w| w.stage == domain::agent::Stage::Talking));
    let newest = talking.max_by_key(|c| c.work.map(|work| work.since));
    newest.map(|c| c.contact.id).ok_or_else(|| Refusal::NoSuchContact.into())
}

fn page(room: RoomId, lines: &Lines) -> Value {
    let mut items: Vec<_> = lines.items.iter().map(|(_, item)| item).collect();
    items.retain(|item| item.room == room && item::for_staff(item));
    items.sort_by_key(|item| item.n);
    let items: Vec<_> = items.into_iter().map(|item| item::line(item)).collect();
    json!({"items": items, "more": lines.next.is_some()})
}

fn colleague(colleague: &Colleague) -> Value {
    let states: BTreeMap<Channel, &str> =
        colleague.states.iter().map(|(channel, state)| (*channel, state_name(*state).0)).collect();
    let mut told = json!({"id": colleague.user.id, "name": colleague.user.name, "states": states, "load": colleague.load});
    if let Some(extension) = &colleague.user.extension {
        told["extension"] = json!(extension);
    }
    if let Some((link, since)) = colleague.call {
        told["call"] = json!({"link": link, "since": since});
    }
    told
}

/// What an agent did: from taking a contact to its end is talk, from there to the end of the wrap-up is after-work.
fn today(contacts: &[Contact], me: &UserId) -> Value {
    let mine = contacts.iter().filter(|c| c.agent.as_ref() == Some(me));
    let taken: Vec<_> = mine.filter(|c| c.accepted.is_some()).collect();
    let mut told = json!({"handled": taken.len()});
    let (mut talk, mut after) = (0, 0);
    for contact in &taken {
        let (Some(accepted), Some(ended)) = (contact.accepted, contact.ended) else { continue };
        talk += ended.0.saturating_sub(accepted.0);
        after += contact.wrap_up.as_ref().map_or(0, |work| work.to.0.saturating_sub(work.from.0));
    }
    if let Some(mean) = talk.checked_div(taken.len() as u64) {
        told["talk"] = json!(mean);
        told["after_work"] = json!(after / taken.len() as u64);
    }
    told
}

fn past(contact: &Contact, me: &UserId, directory: &Directory) -> Value {
    let mut past = json!({
        "id": contact.id,
        "room": contact.room(),
        "number": contact.number,
        "channel": contact.channel,
        "started": contact.started,
    });
    if let Some(queue) = &contact.queue {
        let name =
            directory.queues.get(queue).map_or_else(|| queue.0.clone(), |queue| queue.name.clone());
        past["queue"] = json!({"id": queue, "name": name});
    }
    if let Some(ended) = contact.ended {
        past["ended"] = json!(ended);
    }
    if let Some(reason) = contact.reason {
        past["reason"] = json!(reason);
    }
    if let Some(voice) = &contact.voice {
        past["call"] = spoken(contact, voice, me, directory);
    }
    past
}

/// As for REST: whoever leads hears all, agents their own calls where the realm allows it.
fn may_hear(contact: &Contact, voice: &Voice, me: &UserId, directory: &Directory) -> bool {
    let leads = directory.users.get(me).is_some_and(|user| user.role >= Role::Supervisor);
    let own = contact.agent.as_ref() == Some(me) || voice.maker.as_ref() == Some(me);
    leads || own && directory.realm.as_ref().is_some_and(|realm| realm.agents_hear_own)
}

/// A call that is over: which way it went, with whom, and how long they talked.
fn spoken(contact: &Contact, voice: &Voice, me: &UserId, directory: &Directory) -> Value {
    let out = voice.maker.as_ref() == Some(me);
    let number = if out { &voice.dialed } else { &voice.caller };
    let mut told = json!({"out": out, "number": number, "cnid": voice.cnid});
    let mut users = directory.users.values();
    if let Some(known) = users.find(|user| user.extension.as_ref() == Some(number)) {
        told["name"] = json!(known.name);
    } else if let Some(queue) = directory.queue(number.as_str()) {
        told["name"] = json!(queue.name);
    }
    if let (Some(answered), Some(ended)) = (voice.answered, contact.ended) {
        told["talk"] = json!(ended.since(answered));
    }
    if !voice.recordings.is_empty() && may_hear(contact, voice, me, directory) {
        told["recordings"] = json!(voice.recordings);
    }
    told
}
