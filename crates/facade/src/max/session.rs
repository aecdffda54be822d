//! A session from its start to its end, and the long poll (`max-agent-desktop.md` 3.2 and 3.4).

use super::enter::{Entered, Seat, enter};
use super::feed::Feed;
use super::name::{self, Name};
use super::{Call, error};
use crate::door::{Cx, RealmNo, Step};
use crate::percent::hex;
use domain::command::Command;
use domain::directory::Role;
use domain::id::{ShiftId, UserId, WorkspaceId};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::shift::{Shift, USUAL_IDLE};
use domain::time::Millis;
use serde_json::json;

/// The longest poll, in seconds.
const LONGEST_POLL: u64 = 60;

/// What an agent may say of where they sit, in bytes.
const LONGEST_STATION: usize = 64;

/// Whom a call is about: the caller, or the agent a supervisor works as.
fn agent(call: &Call) -> Result<UserId, Step> {
    match call.params.text("asAgentId") {
        None => Ok(call.who.user.id.clone()),
        Some(other) if other == call.who.user.id.as_str() => Ok(call.who.user.id.clone()),
        Some(other) if call.who.user.role >= Role::Supervisor => Ok(UserId::from(other)),
        Some(_) => Err(error::forbidden()),
    }
}

/// `POST /agent-sessions`.
pub(super) fn start(cx: &mut Cx<'_>, call: Call) -> Step {
    let agent = match agent(&call) {
        Ok(agent) => agent,
        Err(no) => return no,
    };
    let idle = match call.params.number("inactivityTimeout") {
        Ok(minutes) => minutes.filter(|n| *n > 0).map_or(USUAL_IDLE, Millis::from_mins),
        Err(()) => return error::bad("Invalid inactivity timeout."),
    };
    let said = |name| call.params.text(name).unwrap_or_default();
    let (station, phone) = (said("stationId"), said("stationPhoneNumber"));
    if station.len() > LONGEST_STATION {
        return error::bad("Invalid station Id.");
    }
    let number = |b: u8| b.is_ascii_digit() || b"+-() *#".contains(&b);
    if phone.len() > LONGEST_STATION || !phone.bytes().all(number) {
        return error::bad("Phone Number is not valid.");
    }
    // What is sealed is text, so that a seal may be of any kind.
    let key = hex(&cx.chance.bytes());
    let shift = Shift {
        id: ShiftId::new(cx.now, cx.chance),
        agent,
        sealed: cx.site.seal(key.as_bytes()).into(),
        station: station.into(),
        phone: phone.into(),
        idle,
        force: call.params.flag("inactivityForceLogout"),
        began: cx.now,
    };
    let name = Name { shift: shift.id, app: own_app(&call), consumer: random(cx), cursor: 0 };
    let done = move |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => given(&name, key.as_bytes()),
        Err(Refusal::NoSuchAgent) => error::bad("InvalidAgentUsername"),
        Err(refusal) => error::refused(&refusal),
    };
    let command = Command::BeginShift(Box::new(shift));
    Step::Do(call.who.realm, "max.start", Box::new(command), Box::new(done))
}

/// Our own desk says so, and is believed when it comes with its cookie: the word opens nothing more than news of tokens.
fn own_app(call: &Call) -> u32 {
    let desk = call.params.flag("desk") && call.head.header("authorization").is_none();
    if desk { name::DESK } else { 0 }
}

fn random(cx: &mut Cx<'_>) -> u32 {
    let bytes = cx.chance.bytes();
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn given(name: &Name, key: &[u8]) -> Step {
    Step::Reply(error::json(202, &json!({"sessionId": name.write(key)})))
}

/// `POST /agent-sessions/join`.
pub(super) fn join(_: &mut Cx<'_>, call: Call) -> Step {
    let agent = match agent(&call) {
        Ok(agent) => agent,
        Err(no) => return no,
    };
    let (realm, app) = (call.who.realm, own_app(&call));
    let found = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| match answer {
        Ok(Answer::Position(position)) => {
            let Some(shift) = position.shift else { return error::no_session(true) };
            let Some(key) = cx.site.unseal(&shift.sealed) else { return error::no_session(true) };
            let name = Name { shift: shift.id, app, consumer: random(cx), cursor: 0 };
            let agent = shift.agent.clone();
            attend(realm, agent, move |_| given(&name, &key))
        }
        _ => error::no_session(true),
    };
    Step::Read(realm, Box::new(Query::Position(agent)), Box::new(found))
}

/// `POST /agent-sessions/app`: our own desk begins a chain of ids for one of the pages in it.
pub(super) fn app(_: &mut Cx<'_>, call: Call) -> Step {
    if own_app(&call) != name::DESK {
        return error::forbidden();
    }
    let Some(page) = call.params.text("workspace").map(WorkspaceId::from) else {
        return error::bad("workspace is required.");
    };
    let realm = call.who.realm;
    let user = call.who.user.id.clone();
    let found = move |_: &mut Cx<'_>, answer: Result<Answer, Refusal>| {
        let Ok(Answer::Directory(directory)) = answer else { return error::no_session(true) };
        let open = directory.realm.as_ref().is_some_and(|realm| realm.open_like_max);
        if !directory.workspaces.get(&page).is_some_and(|page| page.session || open) {
            return error::forbidden();
        }
        let found = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| {
            let Ok(Answer::Position(position)) = answer else { return error::no_session(true) };
            let Some(shift) = position.shift else { return error::no_session(true) };
            let Some(key) = cx.site.unseal(&shift.sealed) else { return error::no_session(true) };
            let name =
                Name { shift: shift.id, app: name::app(&page), consumer: random(cx), cursor: 0 };
            // The desk hears of it whenever this chain moves on.
            let ask = format!("chain {} {}", name.app, name.consumer);
            let feed = Feed::maker(realm, &shift);
            Step::Ask {
                realm,
                name: Feed::name(shift.id),
                make: Some(feed),
                ask: ask.into(),
                then: Box::new(move |_, _| given(&name, &key)),
            }
        };
        Step::Read(realm, Box::new(Query::Position(user)), Box::new(found))
    };
    Step::Read(realm, Box::new(Query::Directory), Box::new(found))
}

/// Gives a sign of life, and goes on.
fn attend(
    realm: RealmNo,
    agent: UserId,
    then: impl FnOnce(&mut Cx<'_>) -> Step + Send + 'static,
) -> Step {
    let done = move |cx: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => then(cx),
        Err(Refusal::NotLoggedOn) => error::conflict("The session has ended."),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Do(realm, "max.attend", Box::new(Command::Attend { agent }), Box::new(done))
}

/// `POST /agent-sessions/{id}/keep-alive`.
pub(super) fn keep_alive(_: &mut Cx<'_>, call: Call, id: &str) -> Step {
    let then = |_: &mut Cx<'_>, entered: Entered| match entered {
        Entered::Live(seat) => attend(seat.call.who.realm, seat.agent(), |_| error::accepted()),
        Entered::Ended(..) => error::conflict("The session has ended."),
    };
    enter(call, id, Box::new(then))
}

/// `DELETE /agent-sessions/{id}`.
pub(super) fn end(_: &mut Cx<'_>, call: Call, id: &str) -> Step {
    let then = |_: &mut Cx<'_>, entered: Entered| {
        let Entered::Live(seat) = entered else { return error::conflict("The session has ended.") };
        if seat.scoped() {
            return error::forbidden();
        }
        let (force, end) =
            (seat.call.params.flag("forceLogoff"), seat.call.params.flag("endContacts"));
        let command = Command::EndShift { agent: seat.agent(), force, end };
        let done = |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) => error::accepted(),
            Err(refusal) => error::refused(&refusal),
        };
        Step::Do(seat.call.who.realm, "max.end", Box::new(command), Box::new(done))
    };
    enter(call, id, Box::new(then))
}

/// `GET /agent-sessions/{id}/get-next-event`.
pub(super) fn poll(_: &mut Cx<'_>, call: Call, id: &str) -> Step {
    let timeout = match call.params.number("timeout") {
        Ok(seconds) => seconds.unwrap_or(LONGEST_POLL),
        Err(()) => return error::bad("Invalid timeout."),
    };
    if timeout > LONGEST_POLL {
        return error::bad("Invalid timeout.");
    }
    let then = move |_: &mut Cx<'_>, entered: Entered| match entered {
        Entered::Live(seat) => {
            let Seat { call, name, key, shift, .. } = *seat;
            let (realm, version) = (call.who.realm, call.version);
            let agent = shift.agent.clone();
            attend(realm, agent, move |_| {
                let make = Some(Feed::maker(realm, &shift));
                ask((realm, version), name, timeout, make, move |name| name.write(&key))
            })
        }
        // Whoever has not heard of the end yet does so once. No id comes after the last.
        Entered::Ended(call, name) => {
            let id = call.head.path.split('/').rev().nth(1).unwrap_or_default().to_owned();
            ask((call.who.realm, call.version), name, 0, None, move |_| id.clone())
        }
    };
    enter(call, id, Box::new(then))
}

type Make = Option<Box<dyn FnOnce() -> Box<dyn crate::door::Session> + Send>>;

/// Before this version a chat's events had another name (`max-agent-desktop.md` 2.2).
const TEXT_SINCE: u8 = 16;

fn ask(
    (realm, version): (RealmNo, u8),
    name: Name,
    timeout: u64,
    make: Make,
    id: impl Fn(Name) -> String + Send + 'static,
) -> Step {
    let live = make.is_some();
    let Name { app, consumer, cursor, .. } = name;
    let ask = format!("poll {app} {consumer} {cursor} {}", timeout * 1_000);
    let then = move |_: &mut Cx<'_>, answer: Option<std::sync::Arc<str>>| {
        let Some(answer) = answer else {
            return if live {
                error::stop(503, "unready", "The server is not ready.")
            } else {
                error::conflict("The session has ended.")
            };
        };
        // `304`, `409`, or `200 <cursor> <apps> <events>`: see `feed.rs`.
        let mut words = answer.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("304"), ..) => error::empty(304),
            (Some("200"), Some(cursor), Some(apps), Some(events)) => {
                let to = |cursor: &str| cursor.parse().unwrap_or_default();
                let next = id(Name { cursor: to(cursor), ..name });
                let mut body = format!(r#"{{"sessionId":"{next}""#);
                if app == name::DESK {
                    let chains = apps.split(',').filter_map(|chain| {
                        let mut parts = chain.split(':');
                        let (app, consumer, cursor) = (parts.next()?, parts.next()?, parts.next()?);
                        let chain = Name {
                            app: app.parse().ok()?,
                            consumer: consumer.parse().ok()?,
                            cursor: to(cursor),
                            ..name
                        };
                        Some(format!(r#""{app}":"{}""#, id(chain)))
                    });
                    let chains: Vec<String> = chains.collect();
                    body.push_str(r#","apps":{"#);
                    body.push_str(&chains.join(","));
                    body.push('}');
                }
                body.push_str(r#","events":"#);
                // As a name of our own this cannot stand within a text: its quotes would be escaped.
                let (new, old) = (r#""Type":"TextContactEvent""#, r#""Type":"ChatContactEvent""#);
                if version < TEXT_SINCE {
                    body.push_str(&events.replace(new, old));
                } else {
                    body.push_str(events);
                }
                body.push('}');
                Step::Reply(error::raw(200, body.into_bytes()))
            }
            _ => error::conflict("The session has ended."),
        }
    };
    Step::Ask { realm, name: Feed::name(name.shift), make, ask: ask.into(), then: Box::new(then) }
}
