//! What an agent does with calls and with their telephone.

use super::super::enter::Seat;
use super::super::{error, read};
use super::chat::custom_data;
use super::{not_possible, tell, wish, wished};
use crate::door::{Cx, Step};
use domain::agent::Stage;
use domain::call::{Attached, Barge, CallId, Link, Wish};
use domain::command::Command;
use domain::directory::Role;
use domain::id::{DeviceId, UserId};
use domain::query::{Answer, DeskContact, Query};
use std::sync::Arc;

/// Digits of a number to dial.
const LONGEST_NUMBER: usize = 32;

/// The telephone at which the agent sits.
fn device(seat: &Seat) -> Result<DeviceId, Step> {
    seat.position.device.clone().ok_or_else(|| error::conflict("The agent has no telephone."))
}

pub(super) fn agent_phone(seat: &Seat, what: &str) -> Step {
    let device = match device(seat) {
        Ok(device) => device,
        Err(no) => return no,
    };
    match what {
        // The telephone is always connected to us: there is nothing to dial.
        "dial" => tell(seat, "leg Active".to_owned()),
        "end" => match seat.position.calls.iter().find(|call| talks(call, &device)) {
            Some(call) => wish(seat, "max.agent_phone", Wish::Clear(device, call.id)),
            None => tell(seat, "leg Disconnected".to_owned()),
        },
        "mute" | "unmute" => wish(seat, "max.mute", Wish::Mute(device, what == "mute")),
        _ => error::no_resource(),
    }
}

fn talks(call: &domain::call::Call, device: &DeviceId) -> bool {
    matches!(call.link(device), Some(Link::Connected | Link::Initiated))
}

/// A number, dialled on the side if the agent talks with somebody already.
fn dial(seat: &Seat, to: &str, cause: &'static str) -> Step {
    let device = match device(seat) {
        Ok(device) => device,
        Err(no) => return no,
    };
    let attached = Attached::default();
    let talking = |call: &&domain::call::Call| call.link(&device) == Some(Link::Connected);
    let to: Arc<str> = to.into();
    let wished = match seat.position.calls.iter().find(talking) {
        Some(call) => Wish::Consult { device, call: call.id, to, attached },
        None => Wish::Dial { device, to, attached },
    };
    wish(seat, cause, wished)
}

pub(super) fn dial_phone(seat: &Seat) -> Step {
    let typed = seat.call.params.text("phoneNumber").unwrap_or_default();
    let number: String = typed.chars().filter(|c| !" -().".contains(*c)).collect();
    let fits = (1..=LONGEST_NUMBER).contains(&number.len())
        && number
            .char_indices()
            .all(|(at, c)| c.is_ascii_digit() || "*#".contains(c) || (at == 0 && c == '+'));
    if !fits {
        return error::bad("Phone Number is not valid.");
    }
    if let Some(skill) = seat.call.params.any(&["skillId", "skillName"])
        && read::queue(&seat.directory, skill).is_none()
    {
        return error::bad("Skill is not valid.");
    }
    dial(seat, &number, "max.dial_phone")
}

pub(super) fn dial_agent(seat: &Seat, consult: bool) -> Step {
    let Some(name) = seat.call.params.any(&["targetAgentId", "agentUserName"]) else {
        return error::bad("Invalid target Agent Id.");
    };
    let user = seat.directory.users.get(name).filter(|user| !user.disabled);
    let Some(user) = user else {
        let by_name = seat.call.params.text("targetAgentId").is_none();
        let told = if by_name { "InvalidAgentUsername" } else { "Invalid target Agent Id." };
        return error::bad(told);
    };
    // Where they sit just now may be elsewhere than at home.
    let realm = seat.call.who.realm;
    let device = seat.position.device.clone();
    let calls = seat.position.calls.clone();
    let target = Query::Position(user.id.clone());
    let then = move |_: &mut Cx<'_>, answer| {
        let Ok(Answer::Position(target)) = answer else {
            return error::bad("Invalid target Agent Id.");
        };
        let (Some(device), Some(there)) = (device, target.device) else {
            return error::conflict("The agent has no telephone.");
        };
        let to = there.0;
        let attached = Attached::default();
        let talking = |call: &&domain::call::Call| call.link(&device) == Some(Link::Connected);
        let asked = match calls.iter().find(talking) {
            Some(call) => Wish::Consult { device, call: call.id, to, attached },
            None if consult => return error::conflict("There is no call to consult about."),
            None => Wish::Dial { device, to, attached },
        };
        wished(realm, "max.dial_agent", asked)
    };
    Step::Read(realm, Box::new(target), Box::new(then))
}

pub(super) fn dial_skill(seat: &Seat) -> Step {
    let named = seat.call.params.text("skillId");
    let skill = named.or_else(|| seat.call.params.text("skillName")).unwrap_or_default();
    match read::queue(&seat.directory, skill) {
        Some(queue) => dial(seat, queue.as_str(), "max.dial_skill"),
        None if named.is_some() => error::bad("Invalid skill."),
        None => error::bad("InvalidSkillName"),
    }
}

pub(super) fn keys(seat: &Seat) -> Step {
    let device = match device(seat) {
        Ok(device) => device,
        Err(no) => return no,
    };
    let keys = seat.call.params.text("dtmfSequence").unwrap_or_default().to_ascii_uppercase();
    let fits = (1..=64).contains(&keys.len())
        && keys.bytes().all(|b| b.is_ascii_digit() || b"*#ABCD".contains(&b));
    if !fits {
        return error::bad("Invalid DTMF sequence.");
    }
    let talking = |call: &&domain::call::Call| call.link(&device) == Some(Link::Connected);
    match seat.position.calls.iter().find(talking) {
        Some(call) => {
            let call = call.id;
            wish(seat, "max.dtmf", Wish::Keys(device, call, keys.into()))
        }
        None => error::conflict("There is no active call."),
    }
}

/// Supervisors alone, and never by a name that was given to a page (`max-agent-desktop.md` 1.10).
pub(super) fn supervise(seat: &Seat, how: &str) -> Step {
    if seat.scoped() || seat.call.who.user.role < Role::Supervisor {
        return error::forbidden();
    }
    let device = match device(seat) {
        Ok(device) => device,
        Err(no) => return no,
    };
    let mode = match how {
        "coach" => Barge::Whisper,
        "barge" => Barge::Join,
        _ => Barge::Listen,
    };
    let Some(target) = seat.call.params.text("targetAgentId").map(UserId::from) else {
        // Coach and barge go on from the call that is listened to.
        let listened = seat.position.calls.iter().find_map(|call| {
            let me = call.party(&device).filter(|party| party.link == Link::Listening)?;
            Some((call.id, me.target.clone()?))
        });
        let Some((call, target)) = listened else {
            return error::bad("Invalid target Agent Id.");
        };
        // Out of it, and in again by another door.
        let realm = seat.call.who.realm;
        let out = Wish::Clear(device.clone(), call);
        let again = Wish::Barge { device, target, mode };
        let then = move |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) => wished(realm, "max.supervise", again),
            Err(refusal) => error::refused(&refusal),
        };
        let out = Command::Asked(Box::new(out));
        return Step::Do(realm, "max.supervise", Box::new(out), Box::new(then));
    };
    let (realm, user) = (seat.call.who.realm, seat.call.who.user.id.clone());
    let barge = mode != Barge::Listen;
    let then = move |_: &mut Cx<'_>, answer| {
        let Ok(Answer::Position(there)) = answer else {
            return error::bad("Invalid target Agent Id.");
        };
        let chat = there
            .contacts
            .iter()
            .find(|desk| desk.work.is_some_and(|work| matches!(work.stage, Stage::Talking)));
        let command = match (there.device.filter(|_| !there.calls.is_empty()), chat) {
            (Some(target), _) => Command::Asked(Box::new(Wish::Barge { device, target, mode })),
            (None, Some(desk)) => {
                Command::Monitor { contact: desk.contact.id, user, barge, key: None }
            }
            (None, None) => return error::conflict("The agent handles no contact."),
        };
        let done = |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) => error::accepted(),
            Err(refusal) => error::refused(&refusal),
        };
        Step::Do(realm, "max.supervise", Box::new(command), Box::new(done))
    };
    Step::Read(realm, Box::new(Query::Position(target)), Box::new(then))
}

/// Two calls of the agent become one; they stay in it, or leave.
pub(super) fn join(seat: &Seat, stay: bool) -> Step {
    let device = match device(seat) {
        Ok(device) => device,
        Err(no) => return no,
    };
    let at = |link: Link| {
        let calls = seat.position.calls.iter();
        calls.filter(move |call| call.link(&device) == Some(link)).map(|call| call.id).next()
    };
    let held = at.clone()(Link::Held);
    let other = at.clone()(Link::Connected).or_else(|| at(Link::Initiated));
    let (Some(held), Some(other)) = (held, other) else {
        return error::conflict("It takes two calls.");
    };
    let Some(device) = seat.position.device.clone() else {
        return error::conflict("The agent has no telephone.");
    };
    if stay {
        wish(seat, "max.conference", Wish::Confer(device, held, other))
    } else {
        wish(seat, "max.transfer", Wish::Transfer(device, held, other))
    }
}

/// The agent holds the conference they are in, or comes back.
pub(super) fn conference(seat: &Seat, what: &str) -> Step {
    let device = match device(seat) {
        Ok(device) => device,
        Err(no) => return no,
    };
    let in_it =
        |call: &&domain::call::Call| call.speakers().count() > 2 && call.link(&device).is_some();
    match seat.position.calls.iter().find(in_it).map(|call| call.id) {
        Some(call) if what == "conference-hold" => wish(seat, "max.hold", Wish::Hold(device, call)),
        Some(call) => wish(seat, "max.resume", Wish::Retrieve(device, call)),
        None => error::conflict("There is no conference."),
    }
}

pub(super) fn with_call(
    seat: &Seat,
    desk: &DeskContact,
    call: &domain::call::Call,
    what: &str,
) -> Step {
    let device = match device(seat) {
        Ok(device) => device,
        Err(no) => return no,
    };
    let id: CallId = call.id;
    let masked_or_joined = call.masked || call.speakers().count() > 2;
    match what {
        "accept" | "accept-consult" => wish(seat, "max.accept", Wish::Answer(device, id)),
        "reject" if call.link(&device) == Some(Link::Alerting) => {
            wish(seat, "max.reject", Wish::Clear(device, id))
        }
        "reject" => error::conflict("The contact is not offered."),
        "hold" if masked_or_joined => error::conflict("The call is masked, or a conference."),
        "hold" => wish(seat, "max.hold", Wish::Hold(device, id)),
        "resume" => wish(seat, "max.resume", Wish::Retrieve(device, id)),
        "end" => wish(seat, "max.hang_up", Wish::Clear(device, id)),
        "activate" => tell(seat, format!("focus {}", desk.contact.number)),
        "mask" | "unmask" => wish(seat, "max.mask", Wish::Mask(device, id, what == "mask")),
        "record" => wish(seat, "max.record", Wish::Record(device, id)),
        "join-conference" => join(seat, true),
        "custom-data" => custom_data(seat, desk.contact.id),
        "disposition"
        | "activate-chat"
        | "send-chat-text"
        | "typing"
        | "transfer-chat-to-agent"
        | "transfer-chat-to-skill" => error::conflict("This is not possible with this contact."),
        other => not_possible(other),
    }
}
