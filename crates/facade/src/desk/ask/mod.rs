//! What a request is in the domain's words. What the domain cannot know of this wire (its limits, whose desk a contact
//! is on) is checked here.
//!
//! [`agent`]: states and offers; [`call`]: telephone calls; [`talk`]: what is said; [`pass`]: where a contact goes, and what is known of it.

mod agent;
mod call;
mod pass;
mod talk;

pub(super) use agent::watch;

use super::contact::ContactWire;
use super::frame::No;
use super::request::{Client, Request, TeamName};
use super::world::World;
use crate::door::{Cx, RealmNo};
use domain::board::{Supervision, Team};
use domain::command::{Act, By, Command};
use domain::directory::User;
use domain::id::{ClientKey, ContactId, FileId, RoomId, TokenHash};
use domain::query::Query;
use domain::refusal::Refusal;
use serde_json::Value;
use std::sync::Arc;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Me {
    pub(super) user: Arc<User>,
    pub(super) realm: RealmNo,
    pub(super) session: TokenHash,
}

impl Me {
    const fn by(&self, contact: ContactId) -> By {
        By::Session(self.session, contact)
    }
}

/// What is done about a request.
#[derive(Debug)]
pub(super) enum Call {
    /// A command, its cause, and how its outcome is told.
    Do(&'static str, Command, Want),
    /// A question, and how its answer is told.
    Read(Query, Want),
    /// It is answered already.
    Ok(Value),
}

/// How an outcome is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Want {
    /// `{}`.
    Nothing,
    /// The line that was written by these words.
    Said(ClientKey, Client),
    /// The line that was made of this file.
    Filed(ClientKey, FileId),
    /// When after-work ends.
    Extended,
    /// Where the bytes of a file are put.
    Upload(String, Client),
    /// Lines of this room.
    Lines(RoomId),
    /// Colleagues and queues.
    People,
    /// The work of the agent since a moment.
    Today,
    /// Earlier matters than that of this room.
    History(RoomId),
    /// The agent's own calls.
    Calls,
    /// Who waits in a queue.
    Waiting,
    /// The segment that was taken over.
    TakenOver,
    /// Where a call that was made has got to.
    Dialed,
    /// The contact at an agent's hands, to be watched, or helped with.
    Watch {
        /// Seen by all.
        barge: bool,
    },
}

/// Makes a call of a request.
pub(super) fn call(cx: &mut Cx<'_>, me: &Me, world: &World, request: Request) -> Result<Call, No> {
    match request {
        Request::Hello { .. } | Request::Ping {} => {
            Ok(Call::Ok(Value::Object(serde_json::Map::new())))
        }
        Request::State { state, reason, channel } => agent::state(me, state, reason, channel),
        Request::Accept { contact } => Ok(agent::accept(me, contact)),
        Request::Refuse { contact } => Ok(agent::refuse(me, contact)),
        Request::Wrapup { contact, code, note } => agent::wrap_up(me, contact, code, note),
        Request::Extend { contact, seconds } => agent::extend(me, contact, seconds),
        Request::Force { agent, state } => agent::force(me, agent, state),
        Request::Monitor { contact, agent, barge } => agent::monitor(me, contact, agent, barge),
        Request::Say { contact, client, text, media, audience } => {
            talk::say(me, contact, client, text, media.as_deref(), audience)
        }
        Request::Typing { contact } => Ok(talk::typing(me, contact)),
        Request::Read { contact, n } => Ok(talk::read(me, contact, n)),
        Request::Items { room, before, after, limit } => {
            talk::items(me, room, before, after, limit)
        }
        Request::File { contact, client, name, media, size, audience } => talk::file(
            cx,
            me,
            contact,
            client,
            talk::Announced { name, kind: media, size, audience },
        ),
        Request::FileDone { contact, file } => Ok(talk::file_done(me, contact, file)),
        Request::Transfer { contact, to, note } => pass::transfer(me, contact, to, note),
        Request::Invite { contact, agent } => Ok(pass::invite(me, contact, agent)),
        Request::Leave { contact } => Ok(pass::leave(me, contact)),
        Request::End { contact } => Ok(pass::end(me, contact)),
        Request::Attributes { contact, set, unset } => pass::attributes(world, contact, set, unset),
        Request::Today { since } => Ok(pass::today(me, since)),
        Request::Dial { to, uui } => call::dial(me, to, uui),
        Request::Hold { contact } => Ok(call::act(me, "desk.hold", Act::Hold(contact))),
        Request::Retrieve { contact } => Ok(call::act(me, "desk.retrieve", Act::Retrieve(contact))),
        Request::Mute { on } => Ok(call::act(me, "desk.mute", Act::Mute(on))),
        Request::Record { contact } => Ok(call::act(me, "desk.record", Act::Record(contact))),
        Request::Mask { contact, on } => Ok(call::act(me, "desk.mask", Act::Mask { contact, on })),
        Request::Keys { contact, keys } => call::keys(me, contact, keys),
        Request::Phone {} => call::phone(cx, me, world),
        Request::Consult { contact, to } => call::consult(me, contact, to),
        Request::Complete { contact, with } => {
            Ok(call::act(me, "desk.complete", Act::Complete(contact, with)))
        }
        Request::Confer { contact, with } => {
            Ok(call::act(me, "desk.confer", Act::Confer(contact, with)))
        }
        Request::Barge { agent, mode } => {
            Ok(call::act(me, "desk.barge", Act::Barge { agent, mode }))
        }
        Request::Calls { limit } => call::list(me, limit),
        Request::Wall {} => Err(No::bad("ask for a wall once")),
        Request::Waiting { queue } => {
            Ok(Call::Read(Query::Waiters(me.session, queue), Want::Waiting))
        }
        Request::Move { contact, to } => {
            Ok(agent::supervise(me, "desk.move", Supervision::Move(contact, to)))
        }
        Request::TakeOver { contact } => {
            Ok(agent::supervise(me, "desk.take_over", Supervision::TakeOver(contact)))
        }
        Request::Announce { to, text } => {
            let to = match to {
                TeamName::All => Team::All,
                TeamName::Group(group) => Team::Group(group),
                TeamName::Agent(agent) => Team::Agent(agent),
            };
            Ok(agent::supervise(me, "desk.announce", Supervision::Announce { to, text }))
        }
        Request::Limits { limits } => {
            Ok(agent::supervise(me, "desk.limits", Supervision::Limit(limits)))
        }
        Request::Ack { notice } => Ok(agent::acknowledge(me, notice)),
        Request::People {} => Ok(Call::Read(Query::People, Want::People)),
        Request::History { contact } => pass::history(world, contact),
    }
}

/// A contact on this desk; of others it does not even say that they are there.
fn at_hand(world: &World, contact: ContactId) -> Result<&ContactWire, No> {
    world.contacts.get(&contact).ok_or_else(|| Refusal::NoSuchContact.into())
}

/// A text of at most so many bytes.
fn short(text: &str, most: usize, what: &str) -> Result<(), No> {
    if text.len() <= most { Ok(()) } else { Err(No::bad(format!("{what}: at most {most} bytes"))) }
}
