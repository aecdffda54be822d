//! Waiting and choosing. The routing policy is a function of who is free and who waits; nothing else has a say.
//!
//! - Contacts stand in line by [`rank`]: the time they came, made earlier by their priority. So ageing needs no clock:
//!   two contacts never change places by mere waiting.
//! - Free agents stand in line by [`Turn`]: preferred levels, fewest contacts, longest idle.
//! - [`Lines`] keeps both in order, so a choice looks at a few of each and not at all of them.

use crate::agent::Channel;
use crate::directory::{Policy, Queue};
use crate::id::{ContactId, QueueId, UserId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many candidates are written into a [`Why`], best first.
pub const WHY_CANDIDATES: usize = 16;

/// Groups up to this size have every member named in a [`Why`]; in larger ones those who are out are counted by rule.
pub const WHY_MEMBERS: usize = 64;

/// Which rule chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Fewest contacts, then longest idle.
    LongestIdle,
    /// Highest level, then as above.
    BestSkill,
    /// Named by whoever sent the contact.
    Preferred,
    /// Helped this customer last.
    LastAgent,
    /// Given by hand: a transfer to an agent, an assignment, an invitation.
    Direct,
}

/// Which rule kept an agent out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Out {
    /// Not logged on to this channel.
    LoggedOff,
    /// Logged on, but not ready.
    NotReady,
    /// Finishing earlier work.
    AfterWork,
    /// Has as many contacts as they may have.
    Full,
    /// On the telephone, and so not for others.
    Busy,
    /// Lacks a skill that the contact asks for.
    Skill,
    /// Is in this chat already.
    Member,
}

/// Someone who could have been chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub agent: UserId,
    /// Level in the group, 1 to 10.
    pub level: u8,
    /// Contacts at hand.
    pub load: u8,
    /// Idle for so long.
    pub idle: Millis,
    /// All of it as one number; the highest is chosen. See [`Turn::score`].
    pub score: i64,
}

/// Why an agent was asked: enough to explain the choice to the agent who was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The queue it waited in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// The rule that chose.
    pub rule: Rule,
    /// Who could have been chosen, best first; at most [`WHY_CANDIDATES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Who could not, and by which rule; of groups up to [`WHY_MEMBERS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub out: Vec<(UserId, Out)>,
    /// How many could not, by rule; of larger groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub out_counts: BTreeMap<Out, u32>,
    /// How long the contact had waited in this queue.
    pub waited: Millis,
    /// How many waited there, this one included.
    pub waiting: u32,
}

impl Why {
    /// Given by hand.
    pub const fn direct() -> Self {
        Self {
            queue: None,
            rule: Rule::Direct,
            candidates: Vec::new(),
            out: Vec::new(),
            out_counts: BTreeMap::new(),
            waited: Millis(0),
            waiting: 0,
        }
    }
}

/// A contact's rank in a queue: the smallest is served first.
///
/// One step of priority is worth `ageing` of waiting, so an urgent contact overtakes those who came up to
/// `priority × ageing` before it, and nobody else: no one waits for ever.
pub fn rank(queue: &Queue, came: Millis) -> i64 {
    let head_start = u64::from(queue.priority).saturating_mul(queue.ageing.0);
    i64::try_from(came.0).unwrap_or(i64::MAX) - i64::try_from(head_start).unwrap_or(i64::MAX)
}

/// A free agent's place in line; the smallest is asked first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// 10 minus the level, where the policy asks for the best; else 0.
    pub distance: u8,
    /// Contacts at hand.
    pub load: u8,
    /// Idle since.
    pub idle_since: Millis,
    /// Who; settles ties alike on every machine.
    pub agent: UserId,
}

impl Turn {
    /// The place as one number for people: level counts most, then fewer contacts, then seconds of idleness.
    pub fn score(&self, now: Millis) -> i64 {
        let idle =
            i64::try_from(now.since(self.idle_since).0 / 1_000).unwrap_or(i64::MAX).min(999_999);
        i64::from(10 - self.distance.min(10)) * 100_000_000
            + i64::from(50 - self.load.min(50)) * 1_000_000
            + idle
    }
}

/// Whose turn it is by this policy.
pub fn turn(policy: Policy, level: u8, load: u8, idle_since: Millis, agent: &UserId) -> Turn {
    let distance = match policy {
        Policy::LongestIdle => 0,
        Policy::BestSkill => 10 - level.min(10),
    };
    Turn { distance, load, idle_since, agent: agent.clone() }
}

/// A contact's place in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// See [`rank`].
    pub rank: i64,
    /// The contact's number settles ties.
    pub number: u64,
    /// The contact.
    pub contact: ContactId,
}

/// One queue's two lines: who waits, and who is free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// Who waits.
    pub waiting: BTreeSet<Place>,
    /// Since when each waits, for the level shown on wallboards.
    pub since: BTreeSet<(Millis, ContactId)>,
    /// Who is free, per channel.
    pub free: BTreeMap<Channel, BTreeSet<Turn>>,
    /// How many members are out, per channel and rule.
    pub out: BTreeMap<(Channel, Out), u32>,
}

impl Lines {
    /// How many wait.
    pub fn waiting(&self) -> u32 {
        u32::try_from(self.waiting.len()).unwrap_or(u32::MAX)
    }

    /// The first free agent of a channel for whom `fits` holds, best first.
    pub fn first(&self, channel: Channel, fits: impl Fn(&UserId) -> bool) -> Option<&Turn> {
        self.free.get(&channel)?.iter().find(|turn| fits(&turn.agent))
    }
}
