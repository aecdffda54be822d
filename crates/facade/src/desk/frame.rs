//! Frames as they are written (`docs/desk-protocol.md` §2 and §4).

use super::contact::ContactWire;
use super::levels::QueueWire;
use super::wall::WallWire;
use super::words::{self, Lang};
use super::world::ChannelWire;
use crate::door::Fault;
use crate::item::Line;
use domain::agent::Channel;
use domain::board::{Act, Notice};
use domain::directory::Directory;
use domain::id::{ContactId, NoticeId, ParticipantId, RoomId, UserId};
use domain::refusal::Refusal;
use domain::time::Millis;
use serde::Serialize;
use serde_json::{Number, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is told unasked and in order.
#[derive(Debug, Serialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    /// Own states.
    Agent {
        /// By channel.
        channels: &'a BTreeMap<Channel, ChannelWire>,
    },
    /// A contact anew.
    Contact {
        /// All of it.
        contact: &'a ContactWire,
    },
    /// A contact left this desk.
    Gone {
        /// Which.
        contact: ContactId,
        /// Why.
        why: &'static str,
    },
    /// A line was written.
    Item {
        /// Where.
        room: RoomId,
        /// The line.
        item: Box<Line<'a>>,
    },
    /// How far a member has got.
    Marks {
        /// Where.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// Has got everything up to here.
        delivered: u32,
        /// Has read everything up to here.
        read: u32,
    },
    /// The customer came or went away.
    Presence {
        /// Where.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// There?
        present: bool,
    },
    /// A supervisor did something with other people's work (wallboards).
    Acted {
        /// Who.
        by: &'a UserId,
        /// Their name.
        name: &'a str,
        /// What.
        act: &'a Act,
    },
    /// A message to the team, for this agent.
    Notice {
        /// It.
        notice: NoticeWire<'a>,
    },
    /// The agent has acknowledged one, at this desk or another.
    NoticeRead {
        /// Which.
        notice: NoticeId,
    },
    /// The session is over.
    Bye {
        /// Why.
        reason: &'static str,
    },
}

/// What is told unasked and may be lost.
#[derive(Debug, Serialize)]
#[serde(tag = "sig", rename_all = "snake_case")]
pub(super) enum Hint<'a> {
    /// Somebody is writing.
    Typing {
        /// Where.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// What the others call them.
        name: &'a str,
    },
    /// How full queues are.
    Queues {
        /// All that this desk shows.
        queues: &'a [QueueWire],
    },
    /// Messages to the team that wait to be acknowledged: all of them.
    Notices {
        /// Oldest first.
        notices: Vec<NoticeWire<'a>>,
    },
    /// What has changed on a wallboard.
    Wall(&'a WallWire),
}

/// A message to the team, as an agent sees it.
#[derive(Debug, Serialize)]
pub(super) struct NoticeWire<'a> {
    id: NoticeId,
    by: &'a UserId,
    name: &'a str,
    text: &'a str,
    at: Millis,
}

impl<'a> NoticeWire<'a> {
    /// With its author's name.
    pub(super) fn of(notice: &'a Notice, directory: &'a Directory) -> Self {
        let name = name_of(&notice.by, directory);
        Self { id: notice.id, by: &notice.by, name, text: &notice.text, at: notice.at }
    }
}

/// A person's name, or their number where they are gone.
pub(super) fn name_of<'a>(user: &'a UserId, directory: &'a Directory) -> &'a str {
    directory.users.get(user).map_or(user.as_str(), |known| &known.name)
}

#[derive(Serialize)]
struct Numbered<'a> {
    seq: u64,
    at: Millis,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

/// An event.
pub(super) fn event(seq: u64, at: Millis, event: &Event<'_>) -> Arc<str> {
    text(&Numbered { seq, at, event })
}

/// A signal.
pub(super) fn hint(hint: &Hint<'_>) -> Arc<str> {
    text(hint)
}

/// A yes.
pub(super) fn ok(id: &Number, body: &impl Serialize) -> Arc<str> {
    #[derive(Serialize)]
    struct Ok<'a, T> {
        id: &'a Number,
        ok: &'a T,
    }
    text(&Ok { id, ok: body })
}

/// A no. Without an id, the request was too broken to have one.
pub(super) fn no(lang: Lang, id: Option<&Number>, no: &No) -> Arc<str> {
    let body = json!({"code": no.code, "message": words::sentence(lang, no)});
    text(&match id {
        Some(id) => json!({"id": id, "no": body}),
        None => json!({"no": body}),
    })
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct No {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl No {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A request that is not as it should be.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new("request.bad", message)
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

impl From<Fault> for No {
    /// The client keeps what it wanted, and tries again.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full => Self::new("store.full", "nothing can be written at the moment"),
            Fault::Unready => Self::new("server.unready", "the server is not ready"),
            Fault::Broken | Fault::TooLarge | Fault::Slow => {
                Self::new("server.fault", "something broke")
            }
        }
    }
}

fn text(frame: &impl Serialize) -> Arc<str> {
    // Our own types: text keys, nothing that fails.
    serde_json::to_string(frame).unwrap_or_default().into()
}
