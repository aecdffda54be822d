//! What an agent does with contacts, calls and states (`max-agent-desktop.md` 3.2, 3.3 and 3.5). Success is 202: what comes
//! of it is told as events.

mod call;
mod chat;

use super::enter::{Entered, Seat, enter};
use super::feed::Feed;
use super::{Call, error, shown};
use crate::door::{Cx, RealmNo, Step};
use call::{
    agent_phone, conference, dial_agent, dial_phone, dial_skill, join, keys, supervise, with_call,
};
use chat::{chat, custom_data, disposition};
use domain::call::Wish;
use domain::command::Command;
use domain::query::DeskContact;

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
    let command = Command::Asked(Box::new(wish));
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
