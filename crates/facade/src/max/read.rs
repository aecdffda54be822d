//! What agents look up (`max-agent-desktop.md` 3.3, "Reads the desktop needs").

use super::{Call, error, time};
use crate::door::{Cx, Step};
use domain::agent::AgentState;
use domain::directory::{Directory, Group, Role, User};
use domain::id::QueueId;
use domain::query::{Answer, Colleague, ContactFilter, Level, Query};
use serde_json::{Value, json};
use std::sync::Arc;

/// Contacts of one page.
const PAGE: u16 = 100;

/// The queue of a skill's number or name.
pub(super) fn queue<'a>(directory: &'a Directory, skill: &str) -> Option<&'a QueueId> {
    let by_name = || directory.queues.values().find(|queue| *queue.name == *skill);
    directory.queue(skill).or_else(by_name).map(|queue| &queue.id)
}

/// The code whose number here is this.
pub(super) fn disposition(directory: &Directory, id: u64) -> Option<Arc<str>> {
    directory.wrap_up_codes.keys().find(|code| number_of(code) == id).cloned()
}

/// Codes are texts, dispositions are numbers: a code that is a number stands for itself, others for a hash of theirs
/// (FNV-1a, 31 bits), which stays the same whatever codes come and go.
fn number_of(code: &str) -> u64 {
    code.parse::<u32>().ok().filter(|n| *n > 0).map_or_else(
        || {
            let hash = code.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
            u64::from(hash & 0x7fff_ffff)
        },
        u64::from,
    )
}

/// `GET …`.
pub(super) fn handle(cx: &mut Cx<'_>, call: Call, parts: &[String]) -> Step {
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["workspaces"] => directory(call, |_, directory| Ok(workspaces(directory))),
        ["server-time"] => ok(&json!({"serverTime": time::utc(cx.now)})),
        ["agents", id] => own(call, id, |_, user, directory| agent(user, directory)),
        ["agents", id, "skills"] => own(call, id, |_, user, directory| skills(user, directory)),
        ["agents", id, "messages"] => own(call, id, |_, _, _| json!({"messages": []})),
        ["agents", id, "address-books"] => own(call, id, |_, _, _| {
            let book = |id, name| json!({"addressBookId": id, "addressBookName": name, "addressBookType": "Standard"});
            json!({"addressBooks": [book("agents", "Agents"), book("skills", "Skills")]})
        }),
        ["agents", id, "queues"] => own_queues(call, id),
        ["address-books", id, "entries"] => entries(call, id),
        ["teams", team, "agents"] => team_agents(call, team),
        ["teams", _, "unavailable-codes"] => directory(call, |call, directory| {
            Ok(codes(directory, call.params.flag("activityOnly")))
        }),
        ["skills", "activity"] => activity(call),
        ["skills", id, "dispositions"] => {
            let id = (*id).to_owned();
            directory(call, move |_, directory| dispositions(directory, &id))
        }
        ["skills", id, "tags"] => {
            let id = (*id).to_owned();
            directory(call, move |_, directory| match queue(directory, &id) {
                Some(_) => Ok(json!({"tags": []})),
                None => Err(error::bad("Invalid skill.")),
            })
        }
        ["contacts", "completed"] => completed(call),
        _ => error::no_resource(),
    }
}

fn ok(body: &Value) -> Step {
    Step::Reply(error::json(200, body))
}

fn directory(
    call: Call,
    then: impl FnOnce(&Call, &Directory) -> Result<Value, Step> + Send + 'static,
) -> Step {
    let realm = call.who.realm;
    let found = move |_: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Directory(directory)) => match then(&call, &directory) {
            Ok(body) => ok(&body),
            Err(no) => no,
        },
        Ok(_) => error::no_resource(),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Read(realm, Box::new(Query::Directory), Box::new(found))
}

/// The pages of others that belong into a desk: our own desk reads them. `app` is a page's number in ids.
fn workspaces(directory: &Directory) -> Value {
    let pages: Vec<Value> = directory
        .workspaces
        .values()
        .map(|page| {
            let origins: Vec<&str> = page.all_origins().collect();
            json!({"id": page.id, "name": page.name, "url": page.url, "place": page.place,
                "queues": page.queues, "origins": origins, "events": page.events,
                "commands": page.commands, "card": page.card, "session": page.session,
                "nullOrigin": page.null_origin, "profile": page.profile, "allow": page.allow,
                "app": super::name::app(&page.id).to_string()})
        })
        .collect();
    let open = directory.realm.as_ref().is_some_and(|realm| realm.open_like_max);
    json!({"workspaces": pages, "openLikeMax": open})
}

/// About oneself; a supervisor may look at anyone.
fn own(
    call: Call,
    id: &str,
    then: impl FnOnce(&Call, &User, &Directory) -> Value + Send + 'static,
) -> Step {
    let id = id.to_owned();
    directory(call, move |call, directory| {
        let same = call.who.user.id.as_str().eq_ignore_ascii_case(&id);
        if !same && call.who.user.role < Role::Supervisor {
            return Err(error::forbidden());
        }
        let user = if same {
            directory.users.get(&call.who.user.id)
        } else {
            directory.users.values().find(|user| user.id.as_str().eq_ignore_ascii_case(&id))
        };
        match user {
            Some(user) => Ok(then(call, user, directory)),
            None => Err(error::stop(404, "not_found", "Invalid target Agent Id.")),
        }
    })
}

fn team<'a>(user: &User, directory: &'a Directory) -> Option<&'a Arc<Group>> {
    directory.groups.values().find(|group| group.members.contains_key(&user.id))
}

fn agent(user: &User, directory: &Directory) -> Value {
    let team = team(user, directory);
    json!({"agents": [{
        "agentId": user.id, "userName": user.id, "firstName": user.name, "lastName": "",
        "teamId": team.map_or(0, |team| team.id),
        "teamName": team.map_or("", |team| &team.name),
        "isActive": !user.disabled, "isSupervisor": user.role >= Role::Supervisor,
        "userId": user.id, "phoneNumber": user.extension,
    }]})
}

fn skill(queue: &domain::directory::Queue, media: (u8, &str)) -> Value {
    json!({
        "skillId": queue.id, "skillName": queue.name, "mediaTypeId": media.0,
        "mediaTypeName": media.1, "isActive": true, "isOutbound": false,
        "requireDisposition": queue.wrap_up.0 > 0, "screenPopTriggerEvent": "",
    })
}

fn skills(user: &User, directory: &Directory) -> Value {
    let serves = |queue: &&Arc<domain::directory::Queue>| {
        let group = directory.groups.get(&queue.group);
        group.is_some_and(|group| group.members.contains_key(&user.id))
    };
    let skills: Vec<Value> = directory
        .queues
        .values()
        .filter(serves)
        .flat_map(|queue| [skill(queue, (4, "Phone Call")), skill(queue, (3, "Chat"))])
        .collect();
    json!({"agentId": user.id, "totalRecords": skills.len(), "agentSkillAssignments": skills})
}

fn own_queues(call: Call, id: &str) -> Step {
    let id = id.to_owned();
    let realm = call.who.realm;
    if !call.who.user.id.as_str().eq_ignore_ascii_case(&id) && call.who.user.role < Role::Supervisor
    {
        return error::forbidden();
    }
    let found = move |cx: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Levels(levels)) => {
            let queues: Vec<Value> = levels.iter().map(|level| counted(level, cx.now)).collect();
            ok(&json!({"queues": queues}))
        }
        Ok(_) => error::no_resource(),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Read(realm, Box::new(Query::Levels), Box::new(found))
}

fn counted(level: &Level, now: domain::time::Millis) -> Value {
    json!({
        "skillId": level.queue.id, "skillName": level.queue.name,
        "queueCount": level.waiting, "contactsInQueue": level.waiting,
        "earliestQueueTime": level.oldest.map(time::utc),
        "longestQueueTime": level.oldest.map_or(0, |oldest| now.since(oldest).0 / 1_000),
        "agentsAvailable": level.ready, "agentsLoggedIn": level.logged_on,
    })
}

fn activity(call: Call) -> Step {
    let found = move |cx: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Levels(levels)) => {
            let all: Vec<Value> = levels.iter().map(|level| counted(level, cx.now)).collect();
            ok(&json!({"skillActivity": all}))
        }
        Ok(_) => error::no_resource(),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Read(call.who.realm, Box::new(Query::Levels), Box::new(found))
}

fn entries(call: Call, book: &str) -> Step {
    let book = book.to_owned();
    directory(call, move |_, directory| match book.as_str() {
        "agents" => {
            let users = directory.users.values().filter(|user| !user.disabled);
            let entries: Vec<Value> = users
                .filter_map(|user| {
                    let phone = user.extension.as_ref()?;
                    Some(json!({"addressBookEntryId": user.id, "firstName": user.name,
                        "lastName": "", "phone": phone, "mobile": "", "email": ""}))
                })
                .collect();
            Ok(json!({"addressBookEntries": entries}))
        }
        "skills" => {
            let entry = |queue: &Arc<domain::directory::Queue>| {
                json!({"addressBookEntryId": queue.id, "firstName": queue.name,
                    "lastName": "", "phone": queue.id, "mobile": "", "email": ""})
            };
            let entries: Vec<Value> = directory.queues.values().map(entry).collect();
            Ok(json!({"addressBookEntries": entries}))
        }
        _ => Err(error::no_resource()),
    })
}

fn team_agents(call: Call, team: &str) -> Step {
    let Ok(team) = team.parse::<u32>() else { return error::bad("Invalid team Id.") };
    let realm = call.who.realm;
    let found = move |_: &mut Cx<'_>, answer| {
        let Ok(Answer::Directory(directory)) = answer else { return error::no_resource() };
        let Some(group) = directory.groups.get(&team).cloned() else {
            return error::stop(404, "not_found", "Invalid team Id.");
        };
        let found = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::People(people, _)) => {
                let members = people.iter().filter(|one| group.members.contains_key(&one.user.id));
                let agents: Vec<Value> = members.map(|one| colleague(one, &group)).collect();
                ok(&json!({"agents": agents}))
            }
            _ => error::no_resource(),
        };
        Step::Read(realm, Box::new(Query::People), Box::new(found))
    };
    Step::Read(realm, Box::new(Query::Directory), Box::new(found))
}

fn colleague(one: &Colleague, group: &Group) -> Value {
    let ready = one.states.iter().any(|(_, state)| *state == AgentState::Ready);
    let state = match (one.states.is_empty(), ready) {
        (true, _) => "LoggedOut",
        (false, true) => "Available",
        (false, false) => "Unavailable",
    };
    json!({
        "agentId": one.user.id, "userName": one.user.id, "firstName": one.user.name,
        "lastName": "", "teamId": group.id, "teamName": group.name, "isActive": true,
        "agentStateName": state, "phoneNumber": one.user.extension,
    })
}

/// The unavailable codes; `activityOnly` leaves those for after-contact work out.
fn codes(directory: &Directory, activity_only: bool) -> Value {
    let codes: Vec<Value> = directory
        .reasons
        .values()
        .filter(|reason| reason.code != 0 && !(activity_only && reason.after_work))
        .map(|reason| {
            json!({"outStateId": reason.code, "outStateName": reason.en,
                "isAcw": reason.after_work, "isActive": true, "agentTimeout": 0})
        })
        .collect();
    json!({"unavailableCodes": codes})
}

fn dispositions(directory: &Directory, skill: &str) -> Result<Value, Step> {
    if queue(directory, skill).is_none() {
        return Err(error::bad("Invalid skill."));
    }
    let all: Vec<Value> = directory
        .wrap_up_codes
        .values()
        .map(|code| {
            json!({"dispositionId": number_of(&code.code), "dispositionName": code.en,
                "code": code.code, "isActive": true, "isPreviewDisposition": false})
        })
        .collect();
    Ok(json!({"dispositions": all}))
}

/// The agent's own contacts that have ended, newest first.
fn completed(call: Call) -> Step {
    let filter = ContactFilter {
        agent: Some(call.who.user.id.clone()),
        ended: Some(true),
        limit: PAGE,
        ..ContactFilter::default()
    };
    let found = move |_: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Contacts(contacts)) => {
            let all: Vec<Value> = contacts
                .iter()
                .map(|contact| {
                    json!({"contactId": contact.number, "masterContactId": contact.number,
                        "agentId": contact.agent, "skillId": contact.queue,
                        "contactStart": time::utc(contact.started),
                        "endDate": contact.ended.map(time::utc),
                        "mediaTypeName": if contact.voice.is_some() { "Call" } else { "Chat" },
                        "fromAddr": contact.customer.name,
                        "primaryDispositionId":
                            contact.wrap_up.as_ref().and_then(|w| w.code.as_deref()).map(number_of)})
                })
                .collect();
            ok(&json!({"totalRecords": all.len(), "completedContacts": all}))
        }
        Ok(_) => error::no_resource(),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Read(call.who.realm, Box::new(Query::Contacts(filter)), Box::new(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disposition_keeps_its_number() {
        assert_eq!(number_of("7"), 7);
        assert_eq!((number_of("done"), number_of("spam")), (653_492_337, 637_632_008));
        assert!(number_of("0") > 0 && number_of("") > 0);
    }
}
