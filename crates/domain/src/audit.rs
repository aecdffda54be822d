//! Who changed what: the actor of a change, as facts keep it, and the trail that people read.
//!
//! A change is wrapped ([`crate::command::Command::As`]); its deed then holds [`crate::fact::Fact::Audited`], with what stood
//! there before. [`trail`] makes rows of a deed: so the trail follows from the facts alone, too.

use crate::board::Act;
use crate::directory::Entry;
use crate::fact::{Deed, Fact};
use crate::id::UserId;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// By what somebody changed something, as far as can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A page of ours.
    Page,
    /// A program.
    Api,
    /// Our own command line.
    Cli,
}

/// Who changed something, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// By what.
    pub way: Way,
    /// Their network address.
    pub from: Arc<str>,
}

/// What was wrong when somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// The name or the password.
    Password,
    /// The one-time or recovery code.
    Code,
    /// The identity provider names nobody who is here.
    SignOn,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Something was added to the directory, or replaced.
    Put {
        /// What it is now.
        now: Box<Entry>,
        /// What it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Box<Entry>>,
    },
    /// Something was removed from it.
    Removed {
        /// Of what kind ([`crate::directory::EntryKey::kind`]).
        kind: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// What it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<Box<Entry>>,
    },
    /// Somebody logged in.
    LoggedIn(UserId),
    /// Somebody was let in by the word of the identity provider.
    SignedOn(UserId),
    /// Somebody tried to log in as this person, and was not let in; none is a name that nobody has.
    NotLetIn {
        /// As whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// What was wrong.
        wrong: Wrong,
    },
    /// A supervisor did something with other people's work.
    Supervised(Act),
}

/// One row of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The deed's number.
    pub seq: u64,
    /// Its place among the rows of this deed.
    pub n: u32,
    /// When.
    pub at: Millis,
    /// By what request or by what of the server itself, such as `api.put` or `bot.file`.
    pub cause: Arc<str>,
    /// Who; none is the server itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Actor>,
    /// What.
    pub what: What,
}

impl Row {
    /// The kind of what it is about: one of the directory's, `realm` or `sessions`.
    pub fn kind(&self) -> &str {
        match &self.what {
            What::Put { now, .. } => now.key().map_or("realm", |key| key.kind()),
            What::Removed { kind, .. } => kind,
            What::LoggedIn(_) | What::SignedOn(_) | What::NotLetIn { .. } => "sessions",
            What::Supervised(_) => "supervision",
        }
    }

    /// The name of what it is about.
    pub fn name(&self) -> String {
        match &self.what {
            What::Put { now, .. } => match (now.key(), now.as_ref()) {
                (Some(key), _) => key.name(),
                (None, Entry::Realm(realm)) => realm.name.to_string(),
                (None, _) => String::new(),
            },
            What::Removed { name, .. } => name.to_string(),
            What::LoggedIn(user) | What::SignedOn(user) => user.to_string(),
            What::NotLetIn { user, .. } => user.as_ref().map(UserId::to_string).unwrap_or_default(),
            What::Supervised(act) => match act {
                Act::Moved { contact, .. }
                | Act::TookOver { contact, .. }
                | Act::Watched { contact, .. } => contact.to_string(),
                Act::Joined { agent, .. } | Act::Forced { agent, .. } => agent.to_string(),
                Act::Limited(_) => String::new(),
            },
        }
    }
}

/// Which rows are looked for, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// At or after this time.
    pub from: Option<Millis>,
    /// Before this time.
    pub to: Option<Millis>,
    /// By this person.
    pub by: Option<UserId>,
    /// Of this kind.
    pub kind: Option<Arc<str>>,
    /// Of this name.
    pub name: Option<Arc<str>>,
    /// Only rows before this one (deed and place): the next page.
    pub below: Option<(u64, u32)>,
    /// At most so many.
    pub limit: u16,
}

impl Filter {
    /// Is this one of those that are looked for?
    pub fn finds(&self, row: &Row) -> bool {
        self.from.is_none_or(|from| row.at >= from)
            && self.to.is_none_or(|to| row.at < to)
            && self.by.as_ref().is_none_or(|by| row.by.as_ref().is_some_and(|it| it.user == *by))
            && self.kind.as_ref().is_none_or(|kind| row.kind() == kind.as_ref())
            && self.name.as_ref().is_none_or(|name| row.name() == name.as_ref())
            && self.below.is_none_or(|below| (row.seq, row.n) < below)
    }
}

/// The rows of a deed, in order.
pub fn trail(seq: u64, deed: &Deed) -> Vec<Row> {
    let actor = |fact: &Fact| match fact {
        Fact::NotLetIn { by, .. } => Some(by.as_ref().clone()),
        // They act at pages of ours; from where stands at their log-in.
        Fact::Supervised { by, .. } => {
            Some(Actor { user: by.clone(), way: Way::Page, from: "".into() })
        }
        _ => None,
    };
    let audited = deed.facts.iter().find_map(|fact| match fact {
        Fact::Audited { by, was } => Some((by, was)),
        _ => None,
    });
    let mut befores = audited.into_iter().flat_map(|(_, was)| was.iter().cloned());
    let mut before = || befores.next().flatten();
    let mut rows = Vec::new();
    for fact in &deed.facts {
        let what = match fact {
            Fact::Put(entry) => What::Put { now: entry.clone(), was: before() },
            Fact::Removed(key) => {
                What::Removed { kind: key.kind().into(), name: key.name().into(), was: before() }
            }
            Fact::NotLetIn { user, wrong, .. } => {
                What::NotLetIn { user: user.clone(), wrong: *wrong }
            }
            Fact::Supervised { act, .. } => What::Supervised(act.clone()),
            Fact::LoggedIn { user, signed_on: true, .. } => What::SignedOn(user.clone()),
            Fact::LoggedIn { user, .. } => What::LoggedIn(user.clone()),
            _ => continue,
        };
        let n = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let by = audited.map(|(by, _)| by.as_ref().clone()).or_else(|| actor(fact));
        let cause = deed.cause.clone();
        rows.push(Row { seq, n, at: deed.at, cause, by, what });
    }
    rows
}
