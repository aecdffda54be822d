//! `/api/v1/contacts…`: the list, one contact by any of its names, its transcript. Supervisors and administrators see
//! all of their realm; agents see matters of which a segment is or was theirs.

use super::caller::{Caller, enter, forbidden};
use super::names::{self, Name};
use super::{body, problem, story};
use crate::door::{Cx, Head, Step};
use crate::item;
use domain::agent::Channel;
use domain::contact::{Attributes, Contact, EndReason, Voice};
use domain::id::{ContactId, DeviceId, QueueId, UserId};
use domain::query::{self, Answer, ContactFilter, ContactName, Moment, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use serde_json::{Value, json};
use std::sync::Arc;

/// Lines or contacts on one page.
const LONGEST_PAGE: u16 = 100;

/// Deeds on one page of a story.
const LONGEST_STORY: u16 = 500;

/// Words that are looked for, and their characters.
const WORDS: (usize, usize) = (8, 100);

/// `GET /api/v1/contacts?from&to&queue&agent&customer&channel&ended&number&name&text&outcome&below&limit`: newest first.
pub(super) fn list(cx: &mut Cx<'_>, head: &Head) -> Step {
    let filter = match filter(head) {
        Ok(filter) => filter,
        Err(step) => return step,
    };
    let list = move |_: &mut Cx<'_>, caller: Caller| {
        let mut filter = filter;
        if !caller.leads() {
            let own = &caller.user.id;
            if filter.agent.as_ref().is_some_and(|agent| agent != own) {
                return forbidden();
            }
            filter.agent = Some(own.clone());
        }
        let then = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Found(contacts, next)) => {
                let mut page = json!({"contacts": contacts.iter().map(show).collect::<Vec<_>>()});
                if let Some(below) = next {
                    page["below"] = json!(below);
                }
                problem::reply(200, &page)
            }
            other => no_contact(other),
        };
        Step::Read(caller.realm, Box::new(Query::Search(Box::new(filter))), Box::new(then))
    };
    enter(cx, head, false, Box::new(list))
}

/// A channel by the name that contacts are shown with.
pub(super) fn channel(name: &str) -> Result<Channel, Step> {
    serde_json::from_value(json!(name))
        .map_err(|_| problem::bad("channel: voice or chat was expected"))
}

/// A reason by the name that contacts are shown with.
fn outcome(name: &str) -> Result<EndReason, Step> {
    serde_json::from_value(json!(name)).map_err(|_| {
        problem::bad(
            "outcome must be customer, agent, api, expired, never_connected, idle, flow, transferred, unreached or \
             call_back",
        )
    })
}

/// A telephone number as people write it.
fn phone(text: &str) -> Result<DeviceId, Step> {
    let number: String =
        text.chars().filter(|c| !matches!(c, '-' | ' ' | '(' | ')' | '.')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if digits.is_empty() || digits.len() > 32 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(problem::bad("number must be a telephone number"));
    }
    Ok(number.as_str().into())
}

/// Words that can be looked for.
fn sought(name: &str, text: &str) -> Result<Arc<str>, Step> {
    let (words, characters) = WORDS;
    let count = query::words(text).count();
    if count == 0 || count > words || text.chars().count() > characters {
        return Err(problem::bad(&format!(
            "{name} must have 1 to {words} words of letters or digits, and at most {characters} characters"
        )));
    }
    Ok(text.into())
}

fn filter(head: &Head) -> Result<ContactFilter, Step> {
    let known = [
        "from", "to", "queue", "agent", "customer", "channel", "ended", "number", "name", "text",
        "outcome", "below", "limit",
    ];
    let query = body::Query::of(head, &known)?;
    let moment = |name| query.value(name, "milliseconds since 1970").map(|at| at.map(Millis));
    let searched = |name| query.text(name).map(|text| sought(name, text)).transpose();
    let outcome = query.text("outcome").map(outcome).transpose()?;
    Ok(ContactFilter {
        moment: Moment::Started,
        from: moment("from")?,
        to: moment("to")?,
        customer: query.text("customer").map(Into::into),
        queue: query.text("queue").map(QueueId::from),
        agent: query.text("agent").map(UserId::from),
        channel: query.text("channel").map(channel).transpose()?,
        cnid: None,
        phone: query.text("number").map(phone).transpose()?,
        reason: outcome,
        name: searched("name")?,
        text: searched("text")?,
        ended: query.value("ended", "true or false")?,
        below: query.value("below", "a contact's number")?,
        limit: query.limit(LONGEST_PAGE)?,
    })
}

/// `GET /api/v1/contacts/{name}`.
pub(super) fn one(cx: &mut Cx<'_>, head: &Head, name: &str) -> Step {
    with_matter(cx, head, name, |_, _, found, segments| {
        let mut shown = show(&found.contact);
        if let Some(first) = segments.first() {
            shown["cid"] = json!(names::cid(first));
            shown["cnid"] = json!(names::cnid(first));
            shown["cnsq"] = json!(names::cnsq(&found.contact));
        }
        if !found.attributes.is_empty() {
            shown["attributes"] = json!(found.attributes);
        }
        shown["segments"] = segments.iter().map(show).collect();
        problem::reply(200, &shown)
    })
}

/// `GET /api/v1/contacts/{name}/transcript?before&after&limit`: the whole room, oldest first.
pub(super) fn transcript(cx: &mut Cx<'_>, head: &Head, name: &str) -> Step {
    let read = || -> Result<_, Step> {
        let query = body::Query::of(head, &["before", "after", "limit"])?;
        let place = |name| query.value::<u32>(name, "a line's number");
        match (place("before")?, place("after")?) {
            (Some(_), Some(_)) => Err(problem::bad("give either before or after")),
            (before, after) => Ok((before, after, query.limit(LONGEST_PAGE)?)),
        }
    };
    let (before, after, limit) = match read() {
        Ok(page) => page,
        Err(step) => return step,
    };
    with_matter(cx, head, name, move |_, caller, found, _| {
        let room = found.contact.room();
        let query = Query::Lines { session: caller.session, room, before, after, limit };
        let then = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Lines(lines)) => {
                let mut items: Vec<_> = lines.items.iter().map(|(_, item)| item).collect();
                items.retain(|item| item.room == room && item::for_staff(item));
                items.sort_by_key(|item| item.n);
                let shown: Vec<_> = items.into_iter().map(|item| item::line(item)).collect();
                problem::reply(200, &json!({"items": shown, "more": lines.next.is_some()}))
            }
            other => no_contact(other),
        };
        Step::Read(caller.realm, Box::new(query), Box::new(then))
    })
}

/// `GET /api/v1/contacts/{name}/story?after&limit`: what happened, from the first fact of the matter to the last.
pub(super) fn story(cx: &mut Cx<'_>, head: &Head, name: &str) -> Step {
    let read = || -> Result<_, Step> {
        let query = body::Query::of(head, &["after", "limit"])?;
        let after = query.value("after", "a deed's number")?.unwrap_or(0);
        let limit = query.value("limit", "a whole number")?.unwrap_or(LONGEST_STORY);
        if (1..=LONGEST_STORY).contains(&limit) {
            Ok((after, limit))
        } else {
            Err(problem::bad(&format!("limit is 1 to {LONGEST_STORY}")))
        }
    };
    let (after, limit) = match read() {
        Ok(page) => page,
        Err(step) => return step,
    };
    with_matter(cx, head, name, move |_, caller, found, _| {
        let (room, realm) = (found.contact.room(), caller.realm);
        let then = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Story(deeds)) => {
                let mut page = json!({"items": story::tell(&deeds, &caller)});
                if let Some((last, _)) = deeds.last().filter(|_| deeds.len() >= usize::from(limit))
                {
                    page["after"] = json!(last);
                }
                problem::reply(200, &page)
            }
            other => no_contact(other),
        };
        Step::Read(realm, Box::new(Query::Story { room, after, limit }), Box::new(then))
    })
}

/// A contact, with the attributes of its matter.
struct Found {
    contact: Contact,
    attributes: Attributes,
}

/// Finds a contact by any of its names, with all segments of its matter, for a caller who may see it. To others it is
/// not there.
fn with_matter(
    cx: &mut Cx<'_>,
    head: &Head,
    name: &str,
    then: impl FnOnce(&mut Cx<'_>, Caller, Found, Vec<Contact>) -> Step + Send + 'static,
) -> Step {
    let text: Arc<str> = name.into();
    let Some(name) = Name::read(name) else { return problem::refused(&Refusal::NoSuchContact) };
    let look = move |_: &mut Cx<'_>, caller: Caller| match name {
        Name::Id(id) => find(caller, ContactName::Id(id), then),
        Name::Number(number) => find(caller, ContactName::Number(number), then),
        Name::Cnid { second, .. } => {
            let call = ContactFilter { cnid: Some(text), limit: 1, ..ContactFilter::default() };
            let filter = ContactFilter {
                from: Some(second),
                to: Some(second.plus(Millis::from_secs(1))),
                limit: 1_000,
                ..ContactFilter::default()
            };
            let realm = caller.realm;
            let choose = move |_: &mut Cx<'_>, answer| match answer {
                Ok(Answer::Contacts(contacts)) => {
                    let meant = |c: &&Contact| c.voice.is_some() || name.fits(c);
                    match contacts.iter().find(meant) {
                        Some(first) => find(caller, ContactName::Id(first.initial), then),
                        None => problem::refused(&Refusal::NoSuchContact),
                    }
                }
                other => no_contact(other),
            };
            // A call's own number is written down; a chat's follows from its beginning.
            let called = move |cx: &mut Cx<'_>, answer| match answer {
                Ok(Answer::Contacts(found)) if found.is_empty() => {
                    Step::Read(realm, Box::new(Query::Contacts(filter)), Box::new(choose))
                }
                Ok(Answer::Contacts(found)) => choose(cx, Ok(Answer::Contacts(found))),
                other => no_contact(other),
            };
            Step::Read(realm, Box::new(Query::Contacts(call)), Box::new(called))
        }
    };
    enter(cx, head, false, Box::new(look))
}

fn find(
    caller: Caller,
    name: ContactName,
    then: impl FnOnce(&mut Cx<'_>, Caller, Found, Vec<Contact>) -> Step + Send + 'static,
) -> Step {
    let realm = caller.realm;
    let found = move |_: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Contact(contact, attributes)) => {
            matter(caller, Found { contact: *contact, attributes }, then)
        }
        other => no_contact(other),
    };
    Step::Read(realm, Box::new(Query::Contact(name)), Box::new(found))
}

fn matter(
    caller: Caller,
    found: Found,
    then: impl FnOnce(&mut Cx<'_>, Caller, Found, Vec<Contact>) -> Step + Send + 'static,
) -> Step {
    let (realm, id): (_, ContactId) = (caller.realm, found.contact.id);
    let segments = move |cx: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Contacts(segments)) => {
            let own = segments.iter().any(|segment| segment.of(&caller.user.id));
            if own || caller.leads() {
                then(cx, caller, found, segments)
            } else {
                problem::refused(&Refusal::NoSuchContact)
            }
        }
        other => no_contact(other),
    };
    Step::Read(realm, Box::new(Query::Matter(id)), Box::new(segments))
}

fn no_contact(answer: Result<Answer, Refusal>) -> Step {
    problem::refused(&answer.err().unwrap_or(Refusal::NoSuchContact))
}

/// What only a call has: its numbers, and how long it was on hold (`held`, milliseconds).
fn call(voice: &Voice) -> Value {
    let mut shown = json!({
        "cnid": voice.cnid,
        "cnsq": voice.cnsq,
        "caller": voice.caller,
        "dialed": voice.dialed,
        "number": voice.customer,
        "holds": voice.holds,
        "held": voice.held,
        "longest_hold": voice.longest_hold,
    });
    let texts =
        [("uui", &voice.attached.uui), ("uei", &voice.attached.uei), ("ci", &voice.attached.ci)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        shown[name] = json!(text);
    }
    if !voice.recordings.is_empty() {
        shown["recordings"] = json!(voice.recordings);
    }
    if let Some(maker) = &voice.maker {
        shown["maker"] = json!(maker);
    }
    if let Some(at) = voice.answered {
        shown["answered"] = json!(at);
    }
    shown
}

/// A segment as `/api/v1` writes it. Where an unsigned start came from is not in it.
fn show(contact: &Contact) -> Value {
    let mut shown = json!({
        "id": contact.id,
        "number": contact.number,
        "room": contact.room(),
        "segment": contact.segment,
        "channel": contact.channel,
        "phase": contact.phase,
        "initiation": contact.initiation,
        "customer": {"name": contact.customer.name, "verified": contact.customer.verified},
        "started": contact.started,
        "updated": contact.updated,
        "messages": {
            "customer": contact.tally.customer_messages,
            "agent": contact.tally.agent_messages,
            "bot": contact.tally.bot_messages,
        },
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown[name] = value;
        }
    };
    set("previous", contact.previous.map(|id| json!(id)));
    set("related", contact.related.map(|id| json!(id)));
    set("queue", contact.queue.as_ref().map(|queue| json!(queue)));
    set("agent", contact.agent.as_ref().map(|agent| json!(agent)));
    set("connected", contact.connected.map(|at| json!(at)));
    set("queued", contact.queued.map(|at| json!(at)));
    set("accepted", contact.accepted.map(|at| json!(at)));
    set("ended", contact.ended.map(|at| json!(at)));
    set("reason", contact.reason.map(|reason| json!(reason)));
    set("first_answer", contact.tally.agent_first.map(|at| json!(at)));
    set("rating", contact.rating.map(|score| json!(score)));
    set("name", contact.name.as_ref().map(|name| json!(name)));
    set("description", contact.description.as_ref().map(|text| json!(text)));
    set("tags", (!contact.tags.is_empty()).then(|| json!(contact.tags)));
    set("wrap_up", contact.wrap_up.as_ref().map(|wrap_up| json!(wrap_up)));
    set("call", contact.voice.as_ref().map(|voice| call(voice)));
    if let Some(id) = &contact.customer.id {
        shown["customer"]["id"] = json!(id);
    }
    shown
}

#[cfg(test)]
pub(super) fn sample() -> Contact {
    serde_json::from_value(json!({
        "id": "019aa753-fabc-7123-8456-0123456789ab", "number": 42,
        "initial": "019aa753-fabc-7123-8456-0123456789ab", "segment": 1, "initiation": "api", "channel": "chat",
        "phase": "talking", "flow": "5a9d0000-0000-4000-8000-000000003001",
        "customer": {"participant": "019aa753-fabc-7123-8456-0123456789ac", "name": "홍길동"},
        "started": 1_763_736_000_123_u64, "updated": 1_763_736_000_123_u64, "expires": 1_763_836_000_123_u64,
        "kinds": 1,
    }))
    .unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_written_without_what_it_has_not() {
        let mut contact = sample();
        contact.origin = Some(domain::contact::Origin { widget: "w".into(), address: 7 });
        let shown = show(&contact);
        let names: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "channel",
                "customer",
                "id",
                "initiation",
                "messages",
                "number",
                "phase",
                "room",
                "segment",
                "started",
                "updated"
            ]
        );
        assert_eq!(shown["customer"], json!({"name": "홍길동", "verified": false}));
    }
}
