//! What an agent does with chats, and says of contacts that are over.

use super::super::enter::Seat;
use super::super::{error, read};
use super::{go, not_possible, tell};
use crate::door::{Cx, Step, client_key};
use domain::command::{By, Command, Destination};
use domain::contact::{TextKind, WrapUp};
use domain::id::{ContactId, QueueId};
use domain::query::DeskContact;
use domain::room::Audience;
use std::sync::Arc;

/// Bytes of one message, as on every wire of ours.
const LONGEST_TEXT: usize = 16_384;

pub(super) fn chat(_: &mut Cx<'_>, seat: &Seat, desk: &DeskContact, what: &str) -> Step {
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

pub(super) fn disposition(seat: &Seat, contact: ContactId) -> Step {
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

pub(super) fn custom_data(seat: &Seat, contact: ContactId) -> Step {
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
