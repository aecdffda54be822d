//! What an agent does with contacts, calls and states (`max-agent-desktop.md` 3.2, 3.3 and 3.5). Success is 202: what comes
//! of it is told as events.

use super::enter::{Entered, Seat, enter};
use super::feed::Feed;
use super::{Call, error, read, shown};
use crate::door::{Cx, RealmNo, Step, client_key};
use domain::agent::Stage;
use domain::call::{Attached, Barge, CallId, Link, Wish};
use domain::command::{By, Command, Destination};
use domain::contact::{TextKind, WrapUp};
use domain::directory::Role;
use domain::id::{ContactId, DeviceId, QueueId, UserId};
use domain::query::{Answer, DeskContact, Query};
use domain::room::Audience;
use std::sync::Arc;

/// Bytes of one message, as on every wire of ours.
const LONGEST_TEXT: usize = 16_384;

/// Digits of a number to dial.
const LONGEST_NUMBER: usize = 32;

/// `POST /agent-sessions/{id}/…`.
pub(super) fn handle(_: &mut Cx<'_>, call: Call, id: &str, rest: &[String]) -> Step {
    let rest = rest.to_vec();
    if call.head.method != "POST" {
        return error::method("POST");
    }
    let then = move |cx: &mut Cx<'_>, entered: Entered| match entered {
        Entered::Live(seat) => {
            let names: Vec<&str> = rest.iter().map(String::as_str).collect();
            act(cx, &seat, &names)
        }
        Entered::Ended(..) => error::conflict("The session has ended."),
    };
    enter(call, id, Box::new(then))
}

fn act(cx: &mut Cx<'_>, seat: &Seat, names: &[&str]) -> Step {
    match names {
        ["state"] => state(seat),
        ["add-contact"] => error::accepted(),
        ["submit-feedback"] => error::accepted(),
        ["dialer-login" | "dialer-logout"] => error::bad("InvalidSkillName"),
        ["agent-phone", what] => agent_phone(seat, what),
        ["dial-phone"] => dial_phone(seat),
        ["dial-agent" | "consult-agent"] => dial_agent(seat, names[0] == "consult-agent"),
        ["dial-skill"] => dial_skill(seat),
        ["send-dtmf"] => keys(seat),
        ["continue-reskill"] => error::conflict("There is no blending of skills here."),
        ["monitor" | "coach" | "barge"] => supervise(seat, names[0]),
        ["interactions", rest @ ..] => interaction(cx, seat, rest),
        _ => error::no_resource(),
    }
}

/// Does it, and answers 202.
fn go(seat: &Seat, cause: &'static str, command: Command) -> Step {
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => error::accepted(),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Do(seat.call.who.realm, cause, Box::new(command), Box::new(done))
}

fn wish(seat: &Seat, cause: &'static str, wish: Wish) -> Step {
    wished(seat.call.who.realm, cause, wish)
}

fn wished(realm: RealmNo, cause: &'static str, wish: Wish) -> Step {
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => error::accepted(),
        Err(refusal) => error::refused(&refusal),
    };
    let command = Command::Call { by: None, wish: Box::new(wish) };
    Step::Do(realm, cause, Box::new(command), Box::new(done))
}

/// Asks the feed, and answers 202.
fn tell(seat: &Seat, ask: String) -> Step {
    let realm = seat.call.who.realm;
    Step::Ask {
        realm,
        name: Feed::name(seat.shift.id),
        make: Some(Feed::maker(realm, &seat.shift)),
        ask: ask.into(),
        then: Box::new(|_, _| error::accepted()),
    }
}

fn state(seat: &Seat) -> Step {
    let params = &seat.call.params;
    let Some(state) = params.text("state") else { return error::bad("Invalid state request.") };
    let Some(wanted) = shown::wanted(state, params.text("reason"), &seat.directory) else {
        return error::bad("Invalid state request.");
    };
    if wanted.after_work && !shown::occupied(&seat.position) {
        return error::conflict("An after-contact-work code needs a contact.");
    }
    let agent = seat.agent();
    let command = Command::State { agent, channels: [].into(), state: wanted.state };
    go(seat, "max.state", command)
}

/// The telephone at which the agent sits.
fn device(seat: &Seat) -> Result<DeviceId, Step> {
    seat.position.device.clone().ok_or_else(|| error::conflict("The agent has no telephone."))
}

fn agent_phone(seat: &Seat, what: &str) -> Step {
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

fn dial_phone(seat: &Seat) -> Step {
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

fn dial_agent(seat: &Seat, consult: bool) -> Step {
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

fn dial_skill(seat: &Seat) -> Step {
    let named = seat.call.params.text("skillId");
    let skill = named.or_else(|| seat.call.params.text("skillName")).unwrap_or_default();
    match read::queue(&seat.directory, skill) {
        Some(queue) => dial(seat, queue.as_str(), "max.dial_skill"),
        None if named.is_some() => error::bad("Invalid skill."),
        None => error::bad("InvalidSkillName"),
    }
}

fn keys(seat: &Seat) -> Step {
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
fn supervise(seat: &Seat, how: &str) -> Step {
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
        let out = Command::Call { by: None, wish: Box::new(out) };
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
            (Some(target), _) => {
                Command::Call { by: None, wish: Box::new(Wish::Barge { device, target, mode }) }
            }
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

fn interaction(cx: &mut Cx<'_>, seat: &Seat, names: &[&str]) -> Step {
    match names {
        ["transfer-calls"] => join(seat, false),
        ["conference-calls"] => join(seat, true),
        ["conference-hold" | "conference-resume"] => conference(seat, names[0]),
        // Chats come by routing; there is none to be fetched.
        ["add-chat" | "add-text"] => error::accepted(),
        ["sms-outbound" | "email-outbound"] => error::bad("Invalid skill."),
        [contact, what] => match of(seat, contact) {
            Ok(desk) => match (&desk.call, &desk.contact.voice) {
                (Some(live), _) => with_call(seat, desk, &live.call, what),
                (None, Some(_)) => finished(seat, desk, what),
                (None, None) => chat(cx, seat, desk, what),
            },
            Err(no) => no,
        },
        _ => error::no_resource(),
    }
}

/// Two calls of the agent become one; they stay in it, or leave.
fn join(seat: &Seat, stay: bool) -> Step {
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
fn conference(seat: &Seat, what: &str) -> Step {
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

/// The contact of this number at the agent's hands.
fn of<'a>(seat: &'a Seat, contact: &str) -> Result<&'a DeskContact, Step> {
    let number: u64 = contact.parse().map_err(|_| error::no_contact(false))?;
    if number == 0 {
        return Err(error::no_contact(false));
    }
    let found = seat.position.contacts.iter().find(|desk| desk.contact.number == number);
    found.ok_or_else(|| error::no_contact(true))
}

/// What this wire offers of every contact, whatever the medium.
const OTHER_MEDIA: [&str; 11] = [
    "amd-override",
    "snooze",
    "independent-dial",
    "independent-dial-outcome",
    "email-send",
    "transfer-voicemail-to-agent",
    "transfer-voicemail-to-skill",
    "transfer-work-item-to-agent",
    "play-voicemail",
    "join-conference",
    "accept-consult",
];

fn not_possible(what: &str) -> Step {
    if OTHER_MEDIA.contains(&what) {
        error::conflict("This is not possible with this contact.")
    } else {
        error::no_resource()
    }
}

/// A call that is over, but not finished with.
fn finished(seat: &Seat, desk: &DeskContact, what: &str) -> Step {
    match what {
        "disposition" => disposition(seat, desk.contact.id),
        "custom-data" => custom_data(seat, desk.contact.id),
        "activate" => tell(seat, format!("focus {}", desk.contact.number)),
        _ => error::conflict("The call is over."),
    }
}

fn with_call(seat: &Seat, desk: &DeskContact, call: &domain::call::Call, what: &str) -> Step {
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
        "disposition"
        | "custom-data"
        | "activate-chat"
        | "send-chat-text"
        | "typing"
        | "transfer-chat-to-agent"
        | "transfer-chat-to-skill" => error::conflict("This is not possible with this contact."),
        other => not_possible(other),
    }
}

fn chat(_: &mut Cx<'_>, seat: &Seat, desk: &DeskContact, what: &str) -> Step {
    let (agent, contact) = (seat.agent(), desk.contact.id);
    match what {
        "accept" => go(seat, "max.accept", Command::Accept { agent, contact }),
        "reject" => go(seat, "max.reject", Command::Refuse { agent, contact }),
        "end" => go(seat, "max.end_contact", Command::End { agent, contact }),
        "activate" | "activate-chat" => tell(seat, format!("focus {}", desk.contact.number)),
        "send-chat-text" => say(seat, contact),
        "typing" => typing(seat, contact),
        "transfer-chat-to-agent" | "transfer-chat-to-skill" => transfer(seat, contact, what),
        "disposition" => disposition(seat, contact),
        "custom-data" => custom_data(seat, contact),
        "hold" | "resume" | "mask" | "unmask" | "record" => {
            error::conflict("This is not possible with this contact.")
        }
        other => not_possible(other),
    }
}

/// As the agent: with a supervisor's own session only in their own name.
fn by(seat: &Seat, contact: ContactId) -> By {
    By::Session(seat.call.who.session, contact)
}

fn say(seat: &Seat, contact: ContactId) -> Step {
    let Some(text) = seat.call.params.text("chatText").filter(|text| !text.trim().is_empty())
    else {
        return error::bad("chatText is required.");
    };
    if text.len() > LONGEST_TEXT {
        return error::bad("chatText has at most 16,384 bytes.");
    }
    let audience = match seat.call.params.text("chatTarget").unwrap_or_default() {
        target if target.eq_ignore_ascii_case("agents") => Audience::Agents,
        _ => Audience::All,
    };
    let key = seat.call.params.text("clientId").map(|id| client_key("max.say", id));
    let text = text.into();
    let kind = TextKind::Plain;
    go(seat, "max.say", Command::Say { by: by(seat, contact), kind, text, audience, key })
}

fn typing(seat: &Seat, contact: ContactId) -> Step {
    let params = &seat.call.params;
    if !params.flag("isTyping") && !params.flag("isTextEntered") {
        return error::accepted();
    }
    let command = Command::Typing { by: by(seat, contact), audience: Audience::All, key: None };
    go(seat, "max.typing", command)
}

fn transfer(seat: &Seat, contact: ContactId, what: &str) -> Step {
    let params = &seat.call.params;
    let to = if what == "transfer-chat-to-agent" {
        let agent = params.text("targetAgentId").and_then(|id| seat.directory.users.get(id));
        let Some(agent) = agent else { return error::bad("Invalid target Agent Id.") };
        Destination::Agent(agent.id.clone())
    } else {
        let skill = params.text("targetSkillId").unwrap_or_default();
        let Some(queue) = read::queue(&seat.directory, skill) else {
            return error::bad("Invalid target Skill Id.");
        };
        Destination::Queue(QueueId::from(queue.as_str()))
    };
    let command = Command::Transfer { contact, to, by: Some(seat.agent()), note: None, key: None };
    go(seat, "max.transfer_chat", command)
}

fn disposition(seat: &Seat, contact: ContactId) -> Step {
    let params = &seat.call.params;
    let code = match params.number("primaryDispositionId") {
        Ok(Some(id)) => read::disposition(&seat.directory, id),
        _ => None,
    };
    let Some(code) = code else { return error::bad("Invalid disposition.") };
    let note = params.text("primaryDispositionNotes");
    if note.is_some_and(|note| note.len() > LONGEST_TEXT) {
        return error::bad("Notes have at most 16,384 bytes.");
    }
    let note = note.map(Arc::from);
    let wrap_up = WrapUp { code: Some(code), note, ..WrapUp::default() };
    let command = Command::WrapUp { agent: seat.agent(), contact, wrap_up };
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => Step::Reply(error::json(200, &serde_json::json!({}))),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Do(seat.call.who.realm, "max.disposition", Box::new(command), Box::new(done))
}

fn custom_data(seat: &Seat, contact: ContactId) -> Step {
    let params = &seat.call.params;
    let Some(name) = params.text("indicatorName").filter(|name| name.len() <= 256) else {
        return error::bad("indicatorName is required.");
    };
    let value = params.text("data").unwrap_or_default();
    let command = Command::SetAttributes {
        contact,
        attributes: [(Arc::from(name), Arc::from(value))].into(),
        unset: [].into(),
    };
    go(seat, "max.custom_data", command)
}
