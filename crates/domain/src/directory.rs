//! Who and what a realm consists of: people, groups, queues, reasons, hours, keys.
//!
//! The directory is state like any other: it changes by facts alone, one [`Entry`] at a time, and an export is
//! simply all of its entries. What may be put into it, and be taken out, `directory/check.rs` says.

mod check;
mod sign_on;
mod source;
#[cfg(test)]
mod tests;

pub use sign_on::{SignOn, Trust};
pub use source::Source;

use crate::agent::Channel;
use crate::id::{
    BotId, CtiId, DeviceId, FlowId, HoursId, InstanceId, KeyId, QueueId, SkillId, TokenHash,
    TrunkId, UserId, WidgetId, WorkspaceId,
};
use crate::retention::Retention;
use crate::scenario::Scenario;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Talks with customers.
    Agent,
    /// Also watches, helps and steers agents.
    Supervisor,
    /// Also changes the directory.
    Administrator,
}

/// A person who logs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The log-in name; for agents also the agent id of the CTI.
    pub id: UserId,
    /// What colleagues and customers see.
    pub name: Arc<str>,
    /// What this person may do.
    pub role: Role,
    /// The argon2 hash of the password (PHC string); without one nobody can log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Arc<str>>,
    /// The person's own telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<DeviceId>,
    /// What the person can do, and how well: 1 (a little) to 10 (best).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<SkillId, u8>,
    /// How many contacts of a channel at once; absent is 1 for voice and video, 4 for the written ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<Channel, u8>,
    /// May not log in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// What is asked for beside the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Arc<SecondFactor>>,
    /// How the identity provider names them, where that is not their own name here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_on: Option<Arc<str>>,
}

/// What somebody has besides their password: one-time codes (RFC 6238), and codes for when the device is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The secret that the codes are made of, sealed with a key that lies outside of the database (base64).
    pub sealed: Arc<str>,
    /// It was set then.
    pub since: Millis,
    /// Hashes of recovery codes; each of them is good once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub recovery: BTreeSet<TokenHash>,
}

impl User {
    /// How many contacts of this channel the person handles at once.
    pub fn limit(&self, channel: Channel) -> u8 {
        self.limits.get(&channel).copied().unwrap_or(channel.usual_limit())
    }
}

/// A telephone, soft or hard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its number.
    pub id: DeviceId,
    /// A simulated phone takes its place while nobody has registered it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub r#virtual: bool,
    /// It takes no calls (방해금지).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dnd: bool,
    /// Where its calls go instead (착신전환).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<Forward>,
    /// It is no telephone, but a number for tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Its password for SIP, sealed with a key that lies outside of the database (base64); without one it cannot register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Arc<str>>,
    /// Anonymous web callers may reach it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public: bool,
    /// Its calls are recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
    /// Whether its sound must be kept secret.
    #[serde(default, skip_serializing_if = "Srtp::is_optional")]
    pub srtp: Srtp,
}

/// Whether a telephone's sound must be kept secret on its way (RFC 3711).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Srtp {
    /// Where its signalling is secret and it can; in the clear otherwise.
    #[default]
    Optional,
    /// Always: a call that would be in the clear is none.
    Required,
}

impl Srtp {
    /// Calls in the clear may be.
    pub const fn is_optional(&self) -> bool {
        matches!(self, Self::Optional)
    }
}

impl Device {
    /// A telephone with the usual settings.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.into(),
            r#virtual: false,
            dnd: false,
            forward: None,
            service: None,
            sealed: None,
            public: false,
            srtp: Srtp::default(),
            record: false,
        }
    }
}

/// Where a telephone's calls go instead of to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// Always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub always: Option<DeviceId>,
    /// When it is busy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<DeviceId>,
    /// When nobody answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_answer: Option<DeviceId>,
}

/// What a number for tests does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Answers at once.
    Answers,
    /// Is always busy.
    Busy,
    /// Rings, and never answers.
    Silent,
}

/// How SIP is carried to a trunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// Datagrams.
    #[default]
    Udp,
    /// A byte stream.
    Tcp,
    /// A byte stream under TLS.
    Tls,
}

/// Which numbers a trunk takes, and how it wants them written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialRule {
    /// What numbers begin with: digits, `*`, `#`, `+`; empty is every number.
    #[serde(default)]
    pub prefix: Arc<str>,
    /// The fewest characters of such a number.
    #[serde(default = "DialRule::usual_least")]
    pub least: u8,
    /// The most.
    #[serde(default = "DialRule::usual_most")]
    pub most: u8,
    /// So many characters are taken off at the front.
    #[serde(default)]
    pub strip: u8,
    /// And these are put there.
    #[serde(default)]
    pub add: Arc<str>,
}

impl DialRule {
    const fn usual_least() -> u8 {
        1
    }

    const fn usual_most() -> u8 {
        32
    }

    /// The number as the trunk wants it, if the rule is for it.
    pub fn rewritten(&self, number: &str) -> Option<Arc<str>> {
        let length = u8::try_from(number.len()).ok()?;
        let fits = number.starts_with(&*self.prefix) && (self.least..=self.most).contains(&length);
        let rest = number.get(usize::from(self.strip)..).filter(|_| fits)?;
        Some(format!("{}{rest}", self.add).into())
    }
}

/// A way to the telephone network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trunk {
    /// Its name.
    pub id: TrunkId,
    /// Where it is reached: `host` or `host:port`.
    pub host: Arc<str>,
    /// How.
    #[serde(default)]
    pub carrier: Carrier,
    /// By whom we are known there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Arc<str>>,
    /// The password for it, sealed with a key that lies outside of the database (base64).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Arc<str>>,
    /// We register there; else it knows us by our address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub register: bool,
    /// Where its calls come from, each a [`Source`]; none: from `host` alone, by datagrams from its port alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Arc<str>>,
    /// The domain that its calls must name in `From`, if it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Arc<str>>,
    /// Its calls must give `user` and its password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub challenge: bool,
    /// Which of our numbers each number dialled there leads to; `*` is every other.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<Arc<str>, DeviceId>,
    /// Which numbers may be called by it; none: it is for incoming calls alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<DialRule>,
    /// Of several that take a number, the smallest is tried first.
    #[serde(default)]
    pub priority: u8,
    /// At most so many calls at a time, both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The number that is shown to whom we call (발신번호); absent: the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Arc<str>>,
    /// User-to-user data are passed on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uui: bool,
    /// It is not used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

impl Trunk {
    /// A trunk to there, with the usual settings.
    pub fn new(id: &str, host: &str) -> Self {
        Self {
            id: id.into(),
            host: host.into(),
            carrier: Carrier::default(),
            user: None,
            sealed: None,
            register: false,
            sources: Vec::new(),
            domain: None,
            challenge: false,
            numbers: BTreeMap::new(),
            rules: Vec::new(),
            priority: 0,
            limit: None,
            caller: None,
            uui: false,
            disabled: false,
        }
    }
}

/// An application that steers and watches telephones over the CTI gateway (`nxproxy-rio.md` 2 and 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CtiUser {
    /// Its log-in: 1 to 24 letters, digits or `_.-`; unique on the server.
    pub id: CtiId,
    /// The argon2 hash of its password (PHC string); without one it cannot log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Arc<str>>,
    /// It may come into others' calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supervise: bool,
    /// The telephones and queues that it may act for and watch; absent is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<BTreeSet<DeviceId>>,
    /// What it expects of the wire.
    #[serde(default)]
    pub profile: CtiProfile,
    /// It may not log in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

impl CtiUser {
    /// May it act for this telephone, or watch it?
    pub fn sees(&self, device: &DeviceId) -> bool {
        self.devices.as_ref().is_none_or(|all| all.contains(device))
    }
}

/// Where a CTI user's applications need the wire otherwise than usual (`nxproxy-rio.md` 2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
pub struct CtiProfile {
    /// Results are texts, `"1"`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub result_text: bool,
    /// A call made is answered with its number instead of 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dial_call_id: bool,
    /// Work after a call is told as 205 instead of 206.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_work_205: bool,
    /// Chats are told as calls, and requests act on them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chat_events: bool,
    /// Agents who were logged on over a connection of theirs are logged off so many seconds after it is gone, unless they are
    /// back before; 0 is never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub agent_logoff_on_disconnect_s: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Agents who serve the same queues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its number, 1 to 999,999 (seed 002).
    pub id: u32,
    /// What people call it.
    pub name: Arc<str>,
    /// Who belongs to it, and how much each is preferred: 1 (last) to 10 (first).
    pub members: BTreeMap<UserId, u8>,
    /// Calls in which one of them talks are recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
    /// After-work lasts so long, and then they are ready; zero is as long as they like.
    #[serde(default, skip_serializing_if = "Millis::is_zero")]
    pub after_work: Millis,
}

/// How the best of several free agents is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Fewest contacts, then whoever has waited longest.
    #[default]
    LongestIdle,
    /// The highest level in the group first, then as above.
    BestSkill,
}

/// Where a contact goes that waits too long, or comes when too many wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overflow {
    /// The queue that takes it.
    pub to: QueueId,
    /// After this wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Millis>,
    /// When as many wait already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// When none of the group is logged on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_agent: bool,
}

/// Where contacts wait for an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Its number (대표 DN).
    pub id: QueueId,
    /// What people call it.
    pub name: Arc<str>,
    /// Who serves it.
    pub group: u32,
    /// Other numbers that lead here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<QueueId>,
    /// How an agent is chosen.
    #[serde(default)]
    pub policy: Policy,
    /// Skills that every contact of this queue asks for, with the lowest level that will do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<SkillId, u8>,
    /// 0 (usual) to 9 (most urgent).
    #[serde(default)]
    pub priority: u8,
    /// One step of priority is worth this much waiting.
    #[serde(default = "Queue::usual_ageing")]
    pub ageing: Millis,
    /// How long an agent may think about an offer.
    #[serde(default = "Queue::usual_offer")]
    pub offer: Millis,
    /// After-work after each contact; zero is none.
    #[serde(default = "Queue::usual_wrap_up")]
    pub wrap_up: Millis,
    /// How long the agent who helped this customer last is waited for; zero is not at all.
    #[serde(default)]
    pub last_agent: Millis,
    /// Waiting no longer than this counts as served in time.
    #[serde(default = "Queue::usual_target")]
    pub target: Millis,
    /// A silent customer is reminded after this; zero is never (in a web chat after 5 minutes without an answer).
    #[serde(default)]
    pub idle_warning: Millis,
    /// A silent customer's chat ends this long after the reminder; zero is never (a web chat's after 5 more minutes).
    #[serde(default)]
    pub idle_close: Millis,
    /// The customer is asked how it went.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rating: bool,
    /// When it is open; absent is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<HoursId>,
    /// How long an agent's telephone rings with a call of it.
    #[serde(default = "Queue::usual_ring")]
    pub ring: Millis,
    /// At most so many calls wait; more are turned away, unless they overflow. Absent is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<u32>,
    /// Where contacts go that cannot be served here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Overflow>,
    /// Anonymous web callers may reach it.
    #[serde(default = "Queue::usual_public")]
    pub public: bool,
    /// A web chat is answered when an agent takes it, and not at once with a welcome.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answer_by_agent: bool,
    /// Calls that come by it are recorded once somebody has answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
}

impl Queue {
    /// `nxwebapi.md` 7.2.
    const fn usual_public() -> bool {
        true
    }

    const fn usual_ageing() -> Millis {
        Millis::from_secs(60)
    }

    const fn usual_offer() -> Millis {
        Millis::from_secs(45)
    }

    const fn usual_wrap_up() -> Millis {
        Millis::from_secs(60)
    }

    /// `nxproxy-rio.md` 5.4.
    const fn usual_ring() -> Millis {
        Millis::from_secs(20)
    }

    const fn usual_target() -> Millis {
        Millis::from_secs(20)
    }

    /// A queue with the usual settings.
    pub fn new(id: &str, name: &str, group: u32) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            group,
            aliases: Vec::new(),
            policy: Policy::default(),
            skills: BTreeMap::new(),
            priority: 0,
            ageing: Self::usual_ageing(),
            offer: Self::usual_offer(),
            wrap_up: Self::usual_wrap_up(),
            last_agent: Millis(0),
            target: Self::usual_target(),
            idle_warning: Millis(0),
            idle_close: Millis(0),
            rating: false,
            hours: None,
            ring: Self::usual_ring(),
            longest: None,
            overflow: None,
            public: true,
            answer_by_agent: false,
            record: false,
        }
    }
}

/// Why an agent is not ready (seed 002: 0 to 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// 0 to 9.
    pub code: u8,
    /// Korean name.
    pub ko: Arc<str>,
    /// English name.
    pub en: Arc<str>,
    /// It is for work after a contact, and for nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_work: bool,
}

/// How a contact came out, as the agent says at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapUpCode {
    /// A stable name.
    pub code: Arc<str>,
    /// Korean name.
    pub ko: Arc<str>,
    /// English name.
    pub en: Arc<str>,
}

/// Opening times of a week, and holidays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Their name.
    pub id: HoursId,
    /// Local time is this far ahead of UTC, in minutes.
    pub utc_offset_minutes: i32,
    /// From and to, in minutes of the day, Monday first; an absent day is closed.
    pub week: [Option<(u16, u16)>; 7],
    /// Closed days, counted from 1970-01-01 in local time.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub holidays: BTreeSet<u32>,
}

impl Hours {
    /// Is it open at this moment?
    pub fn open(&self, at: Millis) -> bool {
        let minutes =
            i64::try_from(at.0 / 60_000).unwrap_or(0) + i64::from(self.utc_offset_minutes);
        let (day, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
        if u32::try_from(day).is_ok_and(|day| self.holidays.contains(&day)) {
            return false;
        }
        // 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        self.week[weekday]
            .is_some_and(|(from, to)| (i64::from(from)..i64::from(to)).contains(&minute))
    }
}

/// What a scenario bot does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotKind {
    /// Greets and hands over to this queue.
    Greet {
        /// What it says first.
        greeting: Arc<str>,
        /// Who takes over.
        queue: QueueId,
    },
    /// Says back whatever it is told: a test number.
    Echo,
    /// Leads through a tree of menus.
    Scenario(Arc<Scenario>),
    /// Asks a program by HTTP what to say.
    Webhook(Webhook),
}

impl BotKind {
    /// Who takes over where the bot cannot go on; none behind a test number.
    pub fn queue(&self) -> Option<&QueueId> {
        match self {
            Self::Greet { queue, .. } => Some(queue),
            Self::Scenario(scenario) => Some(&scenario.queue),
            Self::Webhook(webhook) => Some(&webhook.queue),
            Self::Echo => None,
        }
    }
}

/// A program that is asked what a bot says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where it is.
    pub url: Arc<str>,
    /// The secret for signatures, sealed (base64); without one, the realm's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Arc<str>>,
    /// How long an answer is waited for, 100 ms to 10 s.
    #[serde(default = "Webhook::usual_time")]
    pub time: Millis,
    /// Who takes over where it says so, or fails.
    pub queue: QueueId,
    /// Said when it fails, instead of handing over at once; after three failures in a row the queue takes over all the
    /// same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sorry: Option<Arc<str>>,
    /// Said by the system when people take over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handing: Option<Arc<str>>,
}

impl Webhook {
    /// How long an answer is usually waited for.
    pub const fn usual_time() -> Millis {
        Millis::from_secs(5)
    }
}

/// A bot, by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bot {
    /// Its number (DN).
    pub id: BotId,
    /// What customers see.
    pub name: Arc<str>,
    /// What it does.
    pub kind: BotKind,
}

/// Where a flow leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Wait for an agent.
    Queue(QueueId),
    /// Talk with a bot first.
    Bot(BotId),
}

/// What a new chat runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Its id.
    pub id: FlowId,
    /// What people call it.
    pub name: Arc<str>,
    /// Said by the system once the customer is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Arc<str>>,
    /// Where it leads.
    pub target: Target,
    /// After the last agent has left, the chat waits this long for another word; zero ends it at once.
    #[serde(default)]
    pub linger: Millis,
}

/// An access key of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The public half.
    pub id: KeyId,
    /// The secret half, sealed with a key that lies outside of the database (base64).
    pub sealed: Arc<str>,
    /// What it may do, such as `connect:*` or `connect:StartChatContact`.
    pub actions: Vec<Arc<str>>,
}

/// An unsigned way to start a chat (`amazon-connect-chat.md` 1.12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widget {
    /// Its name in the path.
    pub id: WidgetId,
    /// What its chats run.
    pub flow: FlowId,
    /// Origins of pages that may use it; `*` is any.
    pub origins: Vec<Arc<str>>,
    /// Attribute keys that a page may set; absent is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeSet<Arc<str>>>,
}

/// When a page of somebody else is in an agent's desk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Always, as a tab of its own.
    #[default]
    Permanent,
    /// Always, unseen.
    Hidden,
    /// With each contact of some queues.
    Panel,
    /// When a contact names a page of one of its origins.
    Pop,
}

/// What pages in a desk are told, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageProfile {
    /// What MAX tells, and nothing else.
    #[default]
    Max,
    /// Our own events, too.
    Sangdam,
}

/// A page of somebody else in agents' desks (`max-agent-desktop.md` 1.10).
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a right of its own that an administrator ticks"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name in paths: 1 to 64 letters, digits or `._-@:/`.
    pub id: WorkspaceId,
    /// What agents see, 1 to 64 characters.
    pub name: Arc<str>,
    /// The page, `https:` or `http:`, at most 2,048 bytes; may hold variables such as `{ANI}` after its origin. A
    /// [`Place::Pop`] has none of its own, but the origin.
    pub url: Arc<str>,
    /// When it is there.
    #[serde(default)]
    pub place: Place,
    /// With whose contacts; empty is all queues.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub queues: BTreeSet<QueueId>,
    /// Origins it may come from besides that of its URL, such as `https://crm.example`; at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Arc<str>>,
    /// It is told events.
    #[serde(default = "Workspace::yes")]
    pub events: bool,
    /// It may press the buttons of a call.
    #[serde(default = "Workspace::yes")]
    pub commands: bool,
    /// It may name the customer on a call's card.
    #[serde(default = "Workspace::yes")]
    pub card: bool,
    /// It gets a name of the agent's session, good for the agent-session API.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub session: bool,
    /// A page without an origin is taken for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub null_origin: bool,
    /// What it is told.
    #[serde(default)]
    pub profile: PageProfile,
    /// Features of the browser it may use: see [`Workspace::FEATURES`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<Arc<str>>,
}

impl Workspace {
    /// What [`Self::allow`] may name.
    pub const FEATURES: [&'static str; 6] = [
        "camera",
        "clipboard-read",
        "clipboard-write",
        "display-capture",
        "fullscreen",
        "microphone",
    ];
    /// Origins of one workspace.
    pub const MOST_ORIGINS: usize = 16;
    /// Bytes of its URL.
    pub const LONGEST_URL: usize = 2_048;

    const fn yes() -> bool {
        true
    }

    /// The origins it may come from: that of its URL, and those named beside it.
    pub fn all_origins(&self) -> impl Iterator<Item = &str> {
        origin_of(&self.url).into_iter().chain(self.origins.iter().map(AsRef::as_ref))
    }
}

/// The origin of a URL of `http:` or `https:`, as browsers write it; none if it has none, or names a user.
pub fn origin_of(url: &str) -> Option<&str> {
    let host = ["https://", "http://"].into_iter().find(|scheme| url.starts_with(scheme))?.len();
    let end = url[host..].find(['/', '?', '#', '\\']).map_or(url.len(), |at| host + at);
    let name = &url[host..end];
    let (name, port) = match name.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (name, None),
    };
    let usual = if url.starts_with("https") { "443" } else { "80" };
    let port_fits = port.is_none_or(|p| p.parse::<u16>().is_ok_and(|n| n > 0) && p != usual);
    let inside = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let fits = match inside {
        Some(inside) => inside.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
        }
    };
    (fits && port_fits).then(|| &url[..end])
}

/// Where copies of rooms may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamTarget {
    /// The topic that clients name.
    pub topic: Arc<str>,
    /// The URL behind it; absent takes copies and delivers nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Arc<str>>,
    /// The secret for signatures, sealed (base64).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Arc<str>>,
}

/// The realm itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realm {
    /// Its domain name.
    pub name: Arc<str>,
    /// Other names for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Arc<str>>,
    /// Its id for Amazon Connect.
    pub instance: InstanceId,
    /// When it was made.
    pub created: Millis,
    /// Any well-formed topic may be named for streaming, and delivers nowhere unless mapped (the demo).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_topics: bool,
    /// Hosts to which copies of rooms may be sent by plain URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stream_hosts: Vec<Arc<str>>,
    /// The secret that signs copies whose target has none of its own, sealed (base64).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream_secret: Option<Arc<str>>,
    /// To which topic or address push tokens of calls are told; absent: to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_to: Option<Arc<str>>,
    /// At most so many open chats.
    #[serde(default = "Realm::usual_chats")]
    pub max_chats: u32,
    /// How long a telephone rings.
    #[serde(default = "Realm::usual_ring")]
    pub ring: Millis,
    /// Local time is this far ahead of UTC, in minutes; absent: as the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_minutes: Option<i32>,
    /// Pages in agents' desks may come from any origin and have all grants (`max-agent-desktop.md` 1.10). The desk warns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_like_max: bool,
    /// Who logs in by password must show a second factor, too, in these roles.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub second_factor: BTreeSet<Role>,
    /// How people are let in by an identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_on: Option<Box<SignOn>>,
    /// Agents may listen to the recordings of their own contacts; supervisors and administrators may to all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agents_hear_own: bool,
    /// How long things are kept.
    #[serde(default, skip_serializing_if = "Retention::is_endless")]
    pub retention: Retention,
}

impl Realm {
    const fn usual_chats() -> u32 {
        100_000
    }

    /// `nxproxy-rio.md` 5.4.
    const fn usual_ring() -> Millis {
        crate::call::RING
    }
}

macro_rules! directory {
    ($($(#[$doc:meta])* $field:ident: $variant:ident($key:ty => $value:ty, $by:ident),)*) => {
        /// All that a realm has been set up with.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Directory {
            /// The realm itself; absent until it is made.
            pub realm: Option<Realm>,
            $($(#[$doc])* #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "values")] pub $field: BTreeMap<$key, Arc<$value>>,)*
        }

        /// One thing in the directory.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Entry {
            /// The realm itself.
            Realm(Realm),
            $($(#[$doc])* $variant($value),)*
        }

        /// Names one thing in the directory.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EntryKey {
            $($(#[$doc])* $variant($key),)*
        }

        impl Entry {
            /// Its name in the directory; none for the realm itself, of which there is one.
            pub fn key(&self) -> Option<EntryKey> {
                match self {
                    Self::Realm(_) => None,
                    $(Self::$variant(it) => Some(EntryKey::$variant(it.$by.clone())),)*
                }
            }
        }

        impl EntryKey {
            /// What all of its kind are called, such as `users`.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($field),)*
                }
            }

            /// The name alone, as people write it.
            pub fn name(&self) -> String {
                match self {
                    $(Self::$variant(key) => key.to_string(),)*
                }
            }
        }

        impl Directory {
            /// Adds or replaces.
            pub fn put(&mut self, entry: Entry) {
                match entry {
                    Entry::Realm(realm) => self.realm = Some(realm),
                    $(Entry::$variant(it) => { self.$field.insert(it.$by.clone(), Arc::new(it)); })*
                }
            }

            /// Removes, if it is there.
            pub fn remove(&mut self, key: &EntryKey) {
                match key {
                    $(EntryKey::$variant(key) => { self.$field.remove(key); })*
                }
            }

            /// What is there by this name.
            pub fn get(&self, key: &EntryKey) -> Option<Entry> {
                match key {
                    $(EntryKey::$variant(key) => self.$field.get(key).map(|it| Entry::$variant(it.as_ref().clone())),)*
                }
            }

            /// Is there such a thing?
            pub fn has(&self, key: &EntryKey) -> bool {
                match key {
                    $(EntryKey::$variant(key) => self.$field.contains_key(key),)*
                }
            }

            /// Everything, in an order in which it can be put into an empty directory.
            pub fn entries(&self) -> Vec<Entry> {
                let mut all: Vec<Entry> = self.realm.iter().cloned().map(Entry::Realm).collect();
                $(all.extend(self.$field.values().map(|it| Entry::$variant(it.as_ref().clone())));)*
                all
            }
        }

        /// Values know their own keys, so only they are written.
        trait Keyed {
            type Key;
            fn key(&self) -> Self::Key;
        }

        $(impl Keyed for $value {
            type Key = $key;
            fn key(&self) -> $key {
                self.$by.clone()
            }
        })*
    };
}

directory! {
    /// Access keys of programs.
    keys: Key(KeyId => Key, id),
    /// Skills are named by use; people have levels in them.
    users: User(UserId => User, id),
    /// Telephones.
    devices: Device(DeviceId => Device, id),
    /// Agents who serve the same queues.
    groups: Group(u32 => Group, id),
    /// Opening times.
    hours: Hours(HoursId => Hours, id),
    /// Where contacts wait.
    queues: Queue(QueueId => Queue, id),
    /// Bots.
    bots: Bot(BotId => Bot, id),
    /// What new chats run.
    flows: Flow(FlowId => Flow, id),
    /// Unsigned starts.
    widgets: Widget(WidgetId => Widget, id),
    /// Why agents are not ready.
    reasons: Reason(u8 => Reason, code),
    /// How contacts came out.
    wrap_up_codes: WrapUpCode(Arc<str> => WrapUpCode, code),
    /// Applications that steer telephones.
    cti_users: CtiUser(CtiId => CtiUser, id),
    /// Ways to the telephone network.
    trunks: Trunk(TrunkId => Trunk, id),
    /// Pages of others in agents' desks.
    workspaces: Workspace(WorkspaceId => Workspace, id),
    /// Where copies of rooms may be sent.
    streams: StreamTarget(Arc<str> => StreamTarget, topic),
}

/// A map whose values know their keys, written as a list of values.
mod values {
    use super::Keyed;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer, K: Ord, V: Serialize>(
        map: &BTreeMap<K, Arc<V>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map.values())
    }

    pub(super) fn deserialize<'de, D, V>(from: D) -> Result<BTreeMap<V::Key, Arc<V>>, D::Error>
    where
        D: Deserializer<'de>,
        V: Keyed + Deserialize<'de>,
        V::Key: Ord,
    {
        Ok(Vec::<V>::deserialize(from)?.into_iter().map(|it| (it.key(), Arc::new(it))).collect())
    }
}

impl Directory {
    /// Trunks that take this number, the one to be tried first at the front, with the number as each wants it.
    pub fn routes(&self, number: &str) -> Vec<(TrunkId, Arc<str>)> {
        let dialled =
            !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b"*#+".contains(&b));
        if !dialled {
            return Vec::new();
        }
        let route = |trunk: &Arc<Trunk>| {
            let rules = trunk.rules.iter();
            let fits = rules.filter_map(|rule| Some((rule.prefix.len(), rule.rewritten(number)?)));
            // The most exact rule of a trunk is for it.
            let (exact, written) = fits.max_by_key(|(length, _)| *length)?;
            Some((trunk.priority, usize::MAX - exact, trunk.id.clone(), written))
        };
        let mut routes: Vec<_> =
            self.trunks.values().filter(|trunk| !trunk.disabled).filter_map(route).collect();
        routes.sort();
        routes.into_iter().map(|(_, _, trunk, written)| (trunk, written)).collect()
    }

    /// Is there a telephone, queue or bot of this number?
    pub fn answers(&self, number: &str) -> bool {
        self.devices.contains_key(number)
            || self.queue(number).is_some()
            || self.bots.contains_key(number)
    }

    /// The name that somebody outside has in a call: their number, set apart from our own where it is one of them.
    pub fn outsider(&self, from: &str) -> DeviceId {
        let plain: String = from.chars().filter(|c| *c != '-' && !c.is_whitespace()).collect();
        match plain.as_str() {
            "" => "anonymous".into(),
            known if self.answers(known) => format!("{known}@").as_str().into(),
            other => other.into(),
        }
    }

    /// The queue of this number, or the one that this number leads to.
    pub fn queue(&self, number: &str) -> Option<&Arc<Queue>> {
        self.queues.get(number).or_else(|| {
            self.queues.values().find(|q| q.aliases.iter().any(|a| a.as_str() == number))
        })
    }
}
