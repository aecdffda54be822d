//! A wallboard: the whole of it once, then whole rows of what has changed, at most four times a second. What has changed
//! is told by signals; how it stands now is asked of the domain, so a busy moment is one question and one frame, and
//! nothing is lost by taking several changes for one.

use super::frame::{self, Hint, name_of};
use super::world::ChannelWire;
use crate::door::{Effect, Out};
use domain::agent::{Channel, Stage};
use domain::board::{
    AgentFigures, AtHand, BoardAsk, BoardState, Changed, Figures, Limits, LineFigures, Notice,
    QUARTER, QueueFigures,
};
use domain::call::Link;
use domain::directory::Directory;
use domain::id::{ContactId, DeviceId, NoticeId, QueueId, TokenHash, UserId};
use domain::time::Millis;
use serde::Serialize;
use serde_json::Number;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The shortest time between two tellings.
const PAUSE: Millis = Millis(250);

/// Where nothing changes, a sign of life comes after this: who looks at a wallboard must see that it is not stale.
const BEAT: Millis = Millis::from_secs(2);

/// A day.
const DAY: u64 = 86_400_000;

/// Messages to the team that a wallboard shows.
const NOTICES: usize = 20;

/// One socket's wallboard.
#[derive(Debug)]
pub(super) struct Wall {
    /// The request to be answered by the whole.
    owed: Option<Number>,
    /// Local time is so far ahead of UTC.
    offset: i64,
    /// The beginning of the day that is told.
    day: Millis,
    /// When an answer last came.
    told: Millis,
    /// When a frame was last sent.
    sent: Millis,
    /// What is to be asked for.
    pending: Changed,
    /// What was asked for.
    asked: Option<Changed>,
    /// A question met a fault: none is asked before this.
    not_before: Millis,
    /// Rows as they were told, without their quarters.
    queues: BTreeMap<QueueId, String>,
    agents: BTreeMap<UserId, String>,
}

impl Wall {
    /// Asked for by this request.
    pub(super) fn new(id: Number, offset_minutes: i32, now: Millis) -> Self {
        let offset = i64::from(offset_minutes) * 60_000;
        Self {
            owed: Some(id),
            offset,
            day: day(now, offset),
            told: Millis(0),
            sent: now,
            pending: Changed { all: true, ..Changed::default() },
            asked: None,
            not_before: Millis(0),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
        }
    }

    /// The request that waits for its answer, once.
    pub(super) fn owed(&mut self) -> Option<Number> {
        self.owed.take()
    }

    /// Something has changed.
    pub(super) fn change(&mut self, changed: &Changed) {
        self.pending.merge(changed);
    }

    /// The question met a fault: it is asked again then.
    pub(super) fn failed(&mut self, again: Millis) {
        if let Some(asked) = self.asked.take() {
            self.pending.merge(&asked);
        }
        self.not_before = again;
    }

    /// When it wants to be called.
    pub(super) fn due(&self) -> Millis {
        let night = Millis(self.day.0 + DAY);
        if self.asked.is_some() {
            return night;
        }
        let ask = self.told.plus(PAUSE).max(self.not_before);
        night.min(if self.pending.is_empty() { self.sent.plus(BEAT) } else { ask })
    }

    /// The question to be asked now, if any.
    pub(super) fn ask(&mut self, now: Millis, session: TokenHash) -> Option<BoardAsk> {
        let today = day(now, self.offset);
        if today != self.day {
            self.day = today;
            self.pending.all = true;
        }
        let waits = self.asked.is_some() || self.pending.is_empty();
        if waits || now < self.told.plus(PAUSE).max(self.not_before) {
            return None;
        }
        let asked = std::mem::take(&mut self.pending);
        let all = asked.all;
        // A quarter that is over changes no more, but by what was under way when it ended.
        let quarters = if all { self.day } else { Millis(now.0.saturating_sub(QUARTER.0)) };
        let ask = BoardAsk {
            session,
            from: self.day,
            quarters: quarters.max(self.day),
            queues: (!all).then(|| asked.queues.clone()),
            agents: (!all).then(|| asked.agents.clone()),
        };
        self.asked = Some(asked);
        Some(ask)
    }

    /// Tells what has changed.
    pub(super) fn tell(
        &mut self,
        now: Millis,
        board: &BoardState,
        directory: &Directory,
        out: &mut Out,
    ) {
        let Some(asked) = self.asked.take() else { return };
        let whole = asked.all;
        if whole {
            self.queues.clear();
            self.agents.clear();
        }
        let mut wire = WallWire { at: now, whole, ..WallWire::default() };
        for queue in &board.queues {
            let row = QueueRow::of(queue);
            if changes(&mut self.queues, &queue.queue.id, &row.head()) {
                wire.queues.push(row);
            }
        }
        for agent in &board.agents {
            let row = AgentRow::of(agent, directory);
            if changes(&mut self.agents, &agent.user.id, &row) {
                wire.agents.push(row);
            }
        }
        if whole {
            wire.day = Some(self.day);
            let groups = directory.groups.values();
            let groups = groups.map(|g| GroupRow { id: g.id, name: g.name.clone() });
            wire.groups = Some(groups.collect());
        } else {
            // Who has left the realm, or is logged off and serves nobody.
            let told = |agent: &&UserId| board.agents.iter().all(|a| a.user.id != **agent);
            let gone: Vec<UserId> = asked.agents.iter().filter(told).cloned().collect();
            wire.gone = gone.into_iter().filter(|a| self.agents.remove(a).is_some()).collect();
        }
        if whole || asked.rest {
            wire.limits = Some(board.limits.clone());
            let newest = board.notices.iter().rev().take(NOTICES);
            wire.notices = Some(newest.map(|notice| NoticeRow::of(notice, directory)).collect());
        }
        self.told = now;
        let fresh = now < self.sent.plus(BEAT);
        out.push(Effect::Send(match self.owed.take() {
            Some(id) => frame::ok(&id, &wire),
            None if wire.says_nothing() && fresh => return,
            None => frame::hint(&Hint::Wall(&wire)),
        }));
        self.sent = now;
    }

    /// A sign of life, where nothing has been told for long. While a question waits for its answer there is none: then
    /// nobody knows whether what is shown still holds.
    pub(super) fn beat(&mut self, now: Millis, out: &mut Out) {
        let calm = self.owed.is_none() && self.asked.is_none() && self.pending.is_empty();
        if calm && now >= self.sent.plus(BEAT) {
            self.sent = now;
            let wire = WallWire { at: now, ..WallWire::default() };
            out.push(Effect::Send(frame::hint(&Hint::Wall(&wire))));
        }
    }
}

/// The beginning of the local day of a moment.
fn day(now: Millis, offset: i64) -> Millis {
    let local = now.0.saturating_add_signed(offset);
    Millis((local - local % DAY).saturating_add_signed(-offset))
}

/// Is this row another than was told? It is from now on.
fn changes<K: Ord + Clone>(told: &mut BTreeMap<K, String>, key: &K, row: &impl Serialize) -> bool {
    // Our own types: text keys, nothing that fails.
    let text = serde_json::to_string(row).unwrap_or_default();
    let new = told.get(key) != Some(&text);
    if new {
        told.insert(key.clone(), text);
    }
    new
}

/// A wallboard, or what has changed on it (`docs/desk-protocol.md` §7).
#[derive(Debug, Default, Serialize)]
pub(super) struct WallWire {
    at: Millis,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    whole: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<Millis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queues: Vec<QueueRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agents: Vec<AgentRow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gone: Vec<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<GroupRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notices: Option<Vec<NoticeRow>>,
}

impl WallWire {
    const fn says_nothing(&self) -> bool {
        !self.whole
            && self.queues.is_empty()
            && self.agents.is_empty()
            && self.gone.is_empty()
            && self.limits.is_none()
            && self.notices.is_none()
    }
}

#[derive(Debug, Serialize)]
struct GroupRow {
    id: u32,
    name: Arc<str>,
}

#[derive(Debug, Serialize)]
struct NoticeRow {
    id: NoticeId,
    by: UserId,
    name: String,
    text: Arc<str>,
    at: Millis,
    to: usize,
    read: usize,
}

impl NoticeRow {
    fn of(notice: &Notice, directory: &Directory) -> Self {
        Self {
            id: notice.id,
            by: notice.by.clone(),
            name: name_of(&notice.by, directory).to_owned(),
            text: notice.text.clone(),
            at: notice.at,
            to: notice.to.len(),
            read: notice.read.len(),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
struct QueueRow {
    id: QueueId,
    name: Arc<str>,
    group: u32,
    /// Served within this is in time.
    target: Millis,
    channels: BTreeMap<Channel, LineRow>,
}

impl QueueRow {
    fn of(queue: &QueueFigures) -> Self {
        Self {
            id: queue.queue.id.clone(),
            name: queue.queue.name.clone(),
            group: queue.queue.group,
            target: queue.queue.target,
            channels: queue.lines.iter().map(|line| (line.channel, LineRow::of(line))).collect(),
        }
    }

    /// Without its quarters, which change only where the day's figures do.
    fn head(&self) -> Self {
        let mut head = self.clone();
        head.channels.values_mut().for_each(|line| line.quarters.clear());
        head
    }
}

#[derive(Debug, Clone, Serialize)]
struct LineRow {
    waiting: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<Millis>,
    ready: u32,
    logged_on: u32,
    today: Figures,
    /// Each: its beginning, offered, answered, abandoned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    quarters: Vec<(Millis, u32, u32, u32)>,
}

impl LineRow {
    fn of(line: &LineFigures) -> Self {
        let quarters = line.quarters.iter();
        Self {
            waiting: line.waiting,
            oldest: line.oldest,
            ready: line.ready,
            logged_on: line.logged_on,
            today: line.today,
            quarters: quarters.map(|(at, f)| (*at, f.offered, f.answered, f.abandoned)).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct AgentRow {
    id: UserId,
    name: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<DeviceId>,
    groups: Vec<u32>,
    channels: BTreeMap<Channel, ChannelWire>,
    at_hand: Vec<HandRow>,
    today: Figures,
}

impl AgentRow {
    fn of(agent: &AgentFigures, directory: &Directory) -> Self {
        let groups = directory.groups.values().filter(|g| g.members.contains_key(&agent.user.id));
        let channels = agent.channels.iter();
        Self {
            id: agent.user.id.clone(),
            name: agent.user.name.clone(),
            extension: agent.user.extension.clone(),
            groups: groups.map(|group| group.id).collect(),
            channels: channels.map(|(c, standing)| (*c, ChannelWire::of(*standing))).collect(),
            at_hand: agent.at_hand.iter().map(HandRow::of).collect(),
            today: agent.today,
        }
    }
}

#[derive(Debug, Serialize)]
struct HandRow {
    contact: ContactId,
    channel: Channel,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<QueueId>,
    customer: Arc<str>,
    stage: &'static str,
    since: Millis,
}

impl HandRow {
    fn of(hand: &AtHand) -> Self {
        let (channel, stage, since) = match (&hand.work, &hand.call) {
            (_, Some((link, since))) => (Channel::Voice, linked(*link), *since),
            (Some(work), None) => (work.channel, staged(work.stage), work.since),
            (None, None) => (Channel::Chat, "talking", Millis(0)),
        };
        let (contact, queue, customer) = (hand.contact, hand.queue.clone(), hand.customer.clone());
        Self { contact, channel, queue, customer, stage, since }
    }
}

const fn staged(stage: Stage) -> &'static str {
    match stage {
        Stage::Offered { .. } => "offered",
        Stage::Talking => "talking",
        Stage::WrapUp { .. } => "wrapup",
    }
}

const fn linked(link: Link) -> &'static str {
    match link {
        Link::Alerting | Link::Prompted => "offered",
        Link::Held => "held",
        Link::Listening => "listening",
        Link::Initiated => "dialing",
        Link::Connected => "talking",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_by_local_time() {
        let noon = Millis(1_763_726_400_000); // 2025-11-21T12:00:00Z
        assert_eq!(day(noon, 0), Millis(1_763_683_200_000));
        // 21:00 in Seoul, whose day began at 15:00 UTC of the day before.
        assert_eq!(day(noon, 540 * 60_000), Millis(1_763_650_800_000));
        assert_eq!(day(noon, -300 * 60_000), Millis(1_763_701_200_000));
    }

    #[test]
    fn a_busy_moment_is_one_question_and_one_frame() {
        let mut wall = Wall::new(1.into(), 0, Millis(1_763_726_400_000));
        let (session, mut now) = (TokenHash([1; 32]), Millis(1_763_726_400_000));
        assert!(wall.ask(now, session).unwrap().queues.is_none(), "first the whole");
        let empty = BoardState {
            queues: Vec::new(),
            agents: Vec::new(),
            limits: Limits::default(),
            notices: Vec::new(),
        };
        let directory = Directory::default();
        let mut out = Out::new();
        wall.tell(now, &empty, &directory, &mut out);
        assert_eq!(out.len(), 1);
        for agent in ["1", "2", "3"] {
            let agents = [UserId::from(agent)].into();
            wall.change(&Changed { agents, ..Changed::default() });
        }
        assert_eq!(wall.ask(now, session), None, "not at once again");
        assert_eq!(wall.due(), now.plus(PAUSE));
        now = wall.due();
        assert_eq!(wall.ask(now, session).unwrap().agents.unwrap().len(), 3);
        wall.change(&Changed { rest: true, ..Changed::default() });
        now = now.plus(PAUSE);
        assert_eq!(wall.ask(now, session), None, "one question at a time");
        wall.failed(now.plus(Millis(1_000)));
        assert_eq!(wall.ask(now, session), None);
        now = now.plus(Millis(1_000));
        assert_eq!(wall.ask(now, session).unwrap().agents.unwrap().len(), 3, "asked again");
    }

    #[test]
    fn a_quiet_wallboard_gives_signs_of_life() {
        let now = Millis(1_763_726_400_000);
        let mut wall = Wall::new(1.into(), 0, now);
        let mut out = Out::new();
        wall.owed();
        wall.pending = Changed::default();
        assert_eq!(wall.due(), now.plus(BEAT));
        wall.beat(now.plus(BEAT), &mut out);
        assert_eq!(out.len(), 1);
        wall.beat(now.plus(BEAT), &mut out);
        assert_eq!(out.len(), 1);
    }
}
