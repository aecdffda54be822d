//! The directory over `/api/v1`: each kind of entry as a type of its own, so that nothing but its named members can be
//! set, and secrets go in and never come out.
//!
//! - [`people`], [`routing`], [`trunks`], [`programs`]: the entries as they are written;
//! - [`read`]: what becomes of a text; [`rest`]: list, get, put, delete; [`document`]: all of it as one text, out and in.

pub(super) mod document;
mod people;
mod programs;
mod read;
pub(super) mod rest;
mod routing;
mod trunks;

use domain::directory::{Entry, EntryKey};
use domain::id::{
    BotId, CtiId, DeviceId, HoursId, KeyId, QueueId, TrunkId, UserId, WidgetId, WorkspaceId,
};
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// A kind of entry that there may be many of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Keys,
    Users,
    Devices,
    Groups,
    Hours,
    Queues,
    Bots,
    Flows,
    Widgets,
    Reasons,
    WrapUpCodes,
    CtiUsers,
    Trunks,
    Workspaces,
    Streams,
}

impl Kind {
    /// All of them, each after those that it needs.
    pub(super) const ALL: [Self; 15] = [
        Self::Keys,
        Self::Users,
        Self::Devices,
        Self::Groups,
        Self::Hours,
        Self::Queues,
        Self::Bots,
        Self::Flows,
        Self::Widgets,
        Self::Reasons,
        Self::WrapUpCodes,
        Self::CtiUsers,
        Self::Trunks,
        Self::Workspaces,
        Self::Streams,
    ];

    /// Its name in paths.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::WrapUpCodes => "wrap-up-codes",
            Self::CtiUsers => "cti-users",
            other => other.member(),
        }
    }

    /// Its name in documents.
    pub(super) const fn member(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Users => "users",
            Self::Devices => "devices",
            Self::Groups => "groups",
            Self::Hours => "hours",
            Self::Queues => "queues",
            Self::Bots => "bots",
            Self::Flows => "flows",
            Self::Widgets => "widgets",
            Self::Reasons => "reasons",
            Self::WrapUpCodes => "wrap_up_codes",
            Self::CtiUsers => "cti_users",
            Self::Trunks => "trunks",
            Self::Workspaces => "workspaces",
            Self::Streams => "streams",
        }
    }

    /// The member by which an entry is named.
    const fn name_member(self) -> &'static str {
        match self {
            Self::Reasons | Self::WrapUpCodes => "code",
            Self::Streams => "topic",
            _ => "id",
        }
    }

    /// The kind of this path.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.path() == path)
    }

    /// The key of this name, if it can be one.
    fn key(self, name: &str) -> Option<EntryKey> {
        Some(match self {
            Self::Keys => EntryKey::Key(KeyId::from(name)),
            Self::Users => EntryKey::User(UserId::from(name)),
            Self::Devices => EntryKey::Device(DeviceId::from(name)),
            Self::Groups => EntryKey::Group(name.parse().ok()?),
            Self::Hours => EntryKey::Hours(HoursId::from(name)),
            Self::Queues => EntryKey::Queue(QueueId::from(name)),
            Self::Bots => EntryKey::Bot(BotId::from(name)),
            Self::Flows => EntryKey::Flow(name.parse().ok()?),
            Self::Widgets => EntryKey::Widget(WidgetId::from(name)),
            Self::Reasons => EntryKey::Reason(name.parse().ok()?),
            Self::WrapUpCodes => EntryKey::WrapUpCode(name.into()),
            Self::CtiUsers => EntryKey::CtiUser(CtiId::from(name)),
            Self::Trunks => EntryKey::Trunk(TrunkId::from(name)),
            Self::Workspaces => EntryKey::Workspace(WorkspaceId::from(name)),
            Self::Streams => EntryKey::StreamTarget(name.into()),
        })
    }
}

/// Kind and key of an entry; none for the realm, of which there is one.
fn named(entry: &Entry) -> Option<(Kind, EntryKey)> {
    Some(match entry {
        Entry::Realm(_) => return None,
        Entry::Key(it) => (Kind::Keys, EntryKey::Key(it.id.clone())),
        Entry::User(it) => (Kind::Users, EntryKey::User(it.id.clone())),
        Entry::Device(it) => (Kind::Devices, EntryKey::Device(it.id.clone())),
        Entry::Group(it) => (Kind::Groups, EntryKey::Group(it.id)),
        Entry::Hours(it) => (Kind::Hours, EntryKey::Hours(it.id.clone())),
        Entry::Queue(it) => (Kind::Queues, EntryKey::Queue(it.id.clone())),
        Entry::Bot(it) => (Kind::Bots, EntryKey::Bot(it.id.clone())),
        Entry::Flow(it) => (Kind::Flows, EntryKey::Flow(it.id)),
        Entry::Widget(it) => (Kind::Widgets, EntryKey::Widget(it.id.clone())),
        Entry::Reason(it) => (Kind::Reasons, EntryKey::Reason(it.code)),
        Entry::WrapUpCode(it) => (Kind::WrapUpCodes, EntryKey::WrapUpCode(it.code.clone())),
        Entry::CtiUser(it) => (Kind::CtiUsers, EntryKey::CtiUser(it.id.clone())),
        Entry::Trunk(it) => (Kind::Trunks, EntryKey::Trunk(it.id.clone())),
        Entry::Workspace(it) => (Kind::Workspaces, EntryKey::Workspace(it.id.clone())),
        Entry::StreamTarget(it) => (Kind::Streams, EntryKey::StreamTarget(it.topic.clone())),
    })
}

/// Are hashes and sealed secrets written and read?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    /// Never.
    Hidden,
    /// In the document of a whole realm.
    Sealed,
}

/// Writes an entry.
pub(super) fn show(entry: &Entry, secrets: Secrets) -> Value {
    let open = secrets == Secrets::Sealed;
    match entry {
        Entry::Realm(it) => {
            let mut wire = programs::RealmWire::of(it);
            if let Some(way) = &mut wire.sign_on {
                way.sealed = way.sealed.take().filter(|_| open);
            }
            json(&wire)
        }
        Entry::Key(it) => {
            let mut wire = programs::KeyWire::of(it);
            wire.sealed = wire.sealed.filter(|_| open);
            json(&wire)
        }
        Entry::User(it) => {
            let mut wire = people::UserWire::of(it);
            wire.password_hash = wire.password_hash.filter(|_| open);
            wire.second_factor_sealed = wire.second_factor_sealed.filter(|_| open);
            json(&wire)
        }
        Entry::Device(it) => {
            let mut wire = people::DeviceWire::of(it);
            wire.sealed = wire.sealed.filter(|_| open);
            json(&wire)
        }
        Entry::Group(it) => json(&people::GroupWire::of(it)),
        Entry::Hours(it) => json(&people::HoursWire::of(it)),
        Entry::Queue(it) => json(&routing::QueueWire::of(it)),
        Entry::Bot(it) => {
            let mut wire = routing::BotWire::of(it);
            wire.sealed = wire.sealed.filter(|_| open);
            json(&wire)
        }
        Entry::Flow(it) => json(&routing::FlowWire::of(it)),
        Entry::Widget(it) => json(&programs::WidgetWire::of(it)),
        Entry::Reason(it) => json(&people::ReasonWire::of(it)),
        Entry::WrapUpCode(it) => json(&people::WrapUpCodeWire::of(it)),
        Entry::CtiUser(it) => {
            let mut wire = programs::CtiUserWire::of(it);
            wire.password_hash = wire.password_hash.filter(|_| open);
            json(&wire)
        }
        Entry::Trunk(it) => {
            let mut wire = trunks::TrunkWire::of(it);
            wire.sealed = wire.sealed.filter(|_| open);
            json(&wire)
        }
        Entry::Workspace(it) => json(&programs::WorkspaceWire::of(it)),
        Entry::StreamTarget(it) => {
            let mut wire = programs::StreamWire::of(it);
            wire.sealed = wire.sealed.filter(|_| open);
            json(&wire)
        }
    }
}

fn json(wire: &impl Serialize) -> Value {
    // Our own types: text keys, nothing that fails.
    serde_json::to_value(wire).unwrap_or_default()
}

/// What is wrong with a text, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    path: String,
    why: String,
}

impl Wrong {
    fn at(path: &str, why: impl Into<String>) -> Self {
        Self { path: path.to_owned(), why: why.into() }
    }

    /// All faults of a scenario's text, a line each.
    fn scenario(faults: &[crate::scenario::Fault]) -> Self {
        let lines: Vec<String> = faults.iter().map(|fault| format!("line {fault}")).collect();
        Self::at("scenario", lines.join("\n"))
    }

    fn below(mut self, parent: &str) -> Self {
        self.path = if self.path.is_empty() {
            parent.to_owned()
        } else {
            format!("{parent}.{}", self.path)
        };
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.why)
        } else {
            write!(f, "{}: {}", self.path, self.why)
        }
    }
}
