//! A day's figures of queues and agents, for wallboards: counted as facts are taken up, by quarters of an hour. Quarters are
//! whole in every time zone, so that a day begins where its reader says.

use crate::agent::{Channel, Standing, Work};
use crate::call::Link;
use crate::directory::{Queue, User};
use crate::id::{ContactId, NoticeId, QueueId, TokenHash, UserId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The span by which figures are counted.
pub const QUARTER: Millis = Millis::from_mins(15);

/// Quarters that are kept: a day, and the hour by which a clock may be set back.
pub const KEPT: u32 = 100;

/// Contacts that one list of those who wait names.
pub const WAITERS: usize = 100;

/// Characters of a message to the team.
pub const LONGEST_NOTICE: usize = 1_000;

/// Messages to the team that are kept; the oldest gives way.
pub const NOTICES: usize = 50;

/// A message to the team is shown so long.
pub const NOTICE_FOR: Millis = Millis::from_mins(12 * 60);

/// What happened within a span. Each is counted when it happens, so that a quarter that is over never changes; save
/// for after-work, which is counted when it ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Came into the queue.
    pub offered: u32,
    /// Were taken out of it by an agent, or answered by a telephone.
    pub answered: u32,
    /// Of those, how many within the queue's target.
    pub in_time: u32,
    /// Ended while they waited.
    pub abandoned: u32,
    /// Went on to another queue, or were passed on, while they waited.
    pub passed: u32,
    /// How long those who were answered had waited in this queue, in all.
    pub waited: Millis,
    /// Ended, and an agent had had them.
    pub handled: u32,
    /// From their taking to their end, in all.
    pub talked: Millis,
    /// After-work, in all.
    pub after: Millis,
}

impl Figures {
    /// Adds others to these.
    pub const fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.in_time += other.in_time;
        self.abandoned += other.abandoned;
        self.passed += other.passed;
        self.waited = self.waited.plus(other.waited);
        self.handled += other.handled;
        self.talked = self.talked.plus(other.talked);
        self.after = self.after.plus(other.after);
    }
}

/// Figures by quarter of an hour; a quarter's number is its beginning since 1970, in quarters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Series(BTreeMap<u32, Figures>);

impl Series {
    /// The quarter in which a moment lies.
    pub fn quarter(at: Millis) -> u32 {
        u32::try_from(at.0 / QUARTER.0).unwrap_or(u32::MAX)
    }

    /// The figures of the quarter in which this moment lies, to be added to. A new one lets the oldest go.
    pub fn at(&mut self, at: Millis) -> &mut Figures {
        let quarter = Self::quarter(at);
        if !self.0.contains_key(&quarter) {
            self.0 = self.0.split_off(&quarter.saturating_sub(KEPT));
        }
        self.0.entry(quarter).or_default()
    }

    /// The quarters from a moment on, each with its beginning.
    pub fn since(&self, from: Millis) -> impl Iterator<Item = (Millis, &Figures)> {
        let quarters = self.0.range(Self::quarter(from)..);
        quarters.map(|(quarter, figures)| (Millis(u64::from(*quarter) * QUARTER.0), figures))
    }

    /// All from a moment on, in one.
    pub fn sum(&self, from: Millis) -> Figures {
        let mut sum = Figures::default();
        self.since(from).for_each(|(_, figures)| sum.add(figures));
        sum
    }
}

/// All figures of a realm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// Of queues, by channel.
    pub queues: BTreeMap<QueueId, BTreeMap<Channel, Series>>,
    /// Of agents.
    pub agents: BTreeMap<UserId, Series>,
    /// When a wallboard alarms.
    #[serde(default)]
    pub limits: Limits,
    /// Messages to the team, oldest first.
    #[serde(default, with = "crate::pairs")]
    pub notices: BTreeMap<NoticeId, Notice>,
}

impl Board {
    /// A queue's figures of this moment, to be added to.
    pub fn queue(&mut self, at: Millis, queue: &QueueId, channel: Channel) -> &mut Figures {
        self.queues.entry(queue.clone()).or_default().entry(channel).or_default().at(at)
    }

    /// An agent's figures of this moment, to be added to.
    pub fn agent(&mut self, at: Millis, agent: &UserId) -> &mut Figures {
        self.agents.entry(agent.clone()).or_default().at(at)
    }
}

/// When a wallboard alarms, for the whole realm; what is absent never does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// So many or more wait in a queue, 1 to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u32>,
    /// Somebody has waited so long, 1 second to a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Millis>,
    /// A queue's service level is below so many of a hundred, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_level: Option<u8>,
    /// More than so many of a hundred were lost, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandoned: Option<u8>,
    /// An agent has been with one contact so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talking: Option<Millis>,
    /// An agent has been in after-work so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_work: Option<Millis>,
    /// An agent has been not ready so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<Millis>,
}

impl Default for Limits {
    /// Eight of ten in time is the trade's usual promise; the others are what a supervisor would look up at.
    fn default() -> Self {
        Self {
            waiting: Some(5),
            oldest: Some(Millis::from_mins(1)),
            service_level: Some(80),
            abandoned: None,
            talking: None,
            after_work: Some(Millis::from_mins(5)),
            not_ready: None,
        }
    }
}

impl Limits {
    /// Is each within its range?
    pub fn sane(&self) -> bool {
        let spans = [self.oldest, self.talking, self.after_work, self.not_ready];
        let span = |span: &Millis| (1_000..=86_400_000).contains(&span.0);
        let percents = [self.service_level, self.abandoned];
        self.waiting.is_none_or(|n| (1..=10_000).contains(&n))
            && spans.iter().flatten().all(span)
            && percents.iter().flatten().all(|n| (1..=100).contains(n))
    }
}

/// A message of a supervisor to agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Whose.
    pub by: UserId,
    /// What it says.
    pub text: Arc<str>,
    /// When it was sent.
    pub at: Millis,
    /// For whom.
    pub to: BTreeSet<UserId>,
    /// Who has acknowledged it, and when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<UserId, Millis>,
}

impl Notice {
    /// Does it still wait for this agent at this moment?
    pub fn waits_for(&self, agent: &UserId, now: Millis) -> bool {
        self.to.contains(agent) && !self.read.contains_key(agent) && now.since(self.at) < NOTICE_FOR
    }
}

/// Where a waiting contact is moved to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// Before all others in its queue.
    Front,
    /// Into another queue, with the time it has waited already.
    Queue(QueueId),
    /// To one agent, who must be free for it.
    Agent(UserId),
}

/// To whom a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Team {
    /// Everybody who serves a queue.
    All,
    /// The members of a group.
    Group(u32),
    /// One agent.
    Agent(UserId),
}

/// What a supervisor wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supervision {
    /// Move a contact that waits.
    Move(ContactId, Spot),
    /// Take a contact from its agent, or out of its line.
    TakeOver(ContactId),
    /// Tell agents something.
    Announce {
        /// To whom.
        to: Team,
        /// At most [`LONGEST_NOTICE`] characters.
        text: Arc<str>,
    },
    /// When wallboards alarm, from now on.
    Limit(Limits),
}

/// What a supervisor did, for those who ask later and for other supervisors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Moved a contact that waited.
    Moved {
        /// Which.
        contact: ContactId,
        /// From where.
        from: QueueId,
        /// Where to.
        to: Spot,
    },
    /// Took a contact over.
    TookOver {
        /// Which; it ended, and goes on as the next segment, unless it waited or is a call.
        contact: ContactId,
        /// From whom; none, if it waited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UserId>,
    },
    /// Came into a chat.
    Watched {
        /// Which.
        contact: ContactId,
        /// Seen by all.
        barge: bool,
    },
    /// Came into a call.
    Joined {
        /// Whose.
        agent: UserId,
        /// How.
        mode: crate::call::Barge,
    },
    /// Changed an agent's state.
    Forced {
        /// Whose.
        agent: UserId,
        /// To what.
        state: crate::agent::AgentState,
    },
    /// Changed when wallboards alarm.
    Limited(Limits),
}

/// What a wallboard asks: all of it, or what has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardAsk {
    /// Who asks.
    pub session: TokenHash,
    /// The beginning of the day.
    pub from: Millis,
    /// Quarters from here on are told one by one.
    pub quarters: Millis,
    /// These queues; none is all.
    pub queues: Option<BTreeSet<QueueId>>,
    /// These agents; none is all.
    pub agents: Option<BTreeSet<UserId>>,
}

/// A queue by one channel, now and today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFigures {
    /// Which channel.
    pub channel: Channel,
    /// How many wait.
    pub waiting: u32,
    /// Since when the longest has waited in this queue.
    pub oldest: Option<Millis>,
    /// How many of its agents could be offered a contact now.
    pub ready: u32,
    /// How many of its agents are logged on.
    pub logged_on: u32,
    /// Since the beginning of the day.
    pub today: Figures,
    /// By quarters; those without anything are left out.
    pub quarters: Vec<(Millis, Figures)>,
}

/// A queue, now and today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFigures {
    /// Which.
    pub queue: Arc<Queue>,
    /// By channels that it serves, or has had contacts of today.
    pub lines: Vec<LineFigures>,
}

/// A contact at an agent's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtHand {
    /// Which.
    pub contact: ContactId,
    /// Its queue.
    pub queue: Option<QueueId>,
    /// Who asks.
    pub customer: Arc<str>,
    /// How far the agent is with it; none for a live call.
    pub work: Option<Work>,
    /// How they are connected to the call, and since when.
    pub call: Option<(Link, Millis)>,
}

/// An agent, now and today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentFigures {
    /// Who.
    pub user: Arc<User>,
    /// What they say of each channel they are logged on to.
    pub channels: Vec<(Channel, Standing)>,
    /// What is at their hands, oldest first.
    pub at_hand: Vec<AtHand>,
    /// Since the beginning of the day.
    pub today: Figures,
}

/// A wallboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardState {
    /// Queues, in the order of their numbers.
    pub queues: Vec<QueueFigures>,
    /// Agents, in the order of their names.
    pub agents: Vec<AgentFigures>,
    /// When it alarms.
    pub limits: Limits,
    /// Messages to the team, oldest first.
    pub notices: Vec<Notice>,
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiter {
    /// Which contact.
    pub contact: ContactId,
    /// By which channel.
    pub channel: Channel,
    /// What the customer calls themself, or their number.
    pub customer: Arc<str>,
    /// Since when, in this queue.
    pub since: Millis,
}

/// What has changed on wallboards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Queues.
    pub queues: BTreeSet<QueueId>,
    /// Agents.
    pub agents: BTreeSet<UserId>,
    /// Limits or messages.
    pub rest: bool,
    /// Who and what there is.
    pub all: bool,
}

impl Changed {
    /// Adds what else has.
    pub fn merge(&mut self, other: &Self) {
        self.queues.extend(other.queues.iter().cloned());
        self.agents.extend(other.agents.iter().cloned());
        self.rest |= other.rest;
        self.all |= other.all;
    }

    /// Nothing has.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_keeps_a_day_and_adds_up_from_any_quarter() {
        let mut series = Series::default();
        for quarter in 0..300_u64 {
            series.at(Millis(quarter * QUARTER.0 + 7)).offered += 1;
        }
        assert_eq!(series.sum(Millis(0)).offered, KEPT + 1);
        assert_eq!(series.sum(Millis(296 * QUARTER.0)).offered, 4);
        let first = series.since(Millis(0)).next().map(|(at, _)| at);
        assert_eq!(first, Some(Millis(199 * QUARTER.0)));
    }

    #[test]
    fn limits_out_of_their_range_are_known() {
        assert!(Limits::default().sane());
        assert!(!Limits { waiting: Some(0), ..Limits::default() }.sane());
        assert!(!Limits { oldest: Some(Millis(999)), ..Limits::default() }.sane());
        assert!(!Limits { service_level: Some(101), ..Limits::default() }.sane());
        assert!(!Limits { talking: Some(Millis(86_400_001)), ..Limits::default() }.sane());
    }
}
