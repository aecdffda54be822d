//! Telephone calls in the words of CSTA: who is connected how, and what monitors are told.
//!
//! ```text
//!  dial ──▶ Initiated ──answered──▶ Connected ◀──retrieve── Held
//!           Alerting ───answer────▶ Connected ───hold─────▶ Held
//!           Listening (a supervisor nobody hears)      any ──clear──▶ gone
//! ```
//!
//! Each change is one [`Happening`]: the call as it is afterwards, and a [`Copy`] for each device that is told. So the
//! facts alone rebuild every call, and whoever shows them needs to know nothing else.
//! Source: `nxproxy-rio.md` 5.5, 7 and 8; ECMA-269.

use crate::agent::Channel;
use crate::id::{DeviceId, QueueId, UserId};
use crate::queue::Why;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A call's number: 1 to 32,766, rotating; never two live calls of a realm with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u16);

impl CallId {
    /// The highest (seed 002: `0 < n < 32767`).
    pub const LAST: u16 = 32_766;

    /// The one after it; after the last comes 1.
    #[must_use]
    pub const fn after(self) -> Self {
        if self.0 >= Self::LAST { Self(1) } else { Self(self.0 + 1) }
    }
}

/// How long a telephone rings (`nxproxy-rio.md` 5.4).
pub const RING: Millis = Millis::from_secs(60);
/// Parties of one call (`nxproxy-rio.md` 11).
pub const PARTIES: usize = 8;
/// A call is forwarded so often at most.
pub const FORWARDS: usize = 5;

/// Why an event happened: the values of TSAPI (`nxproxy-rio.md` 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cause(pub i16);

#[allow(missing_docs, reason = "the standard's own names")]
impl Cause {
    pub const NONE: Self = Self(-1);
    pub const ACTIVE_MONITOR: Self = Self(1);
    pub const BUSY: Self = Self(3);
    pub const CALL_BACK: Self = Self(4);
    pub const CANCELLED: Self = Self(5);
    pub const FORWARD_ALWAYS: Self = Self(6);
    pub const FORWARD_BUSY: Self = Self(7);
    pub const FORWARD_NO_ANSWER: Self = Self(8);
    pub const NOT_ANSWERED: Self = Self(10);
    pub const PICKUP: Self = Self(11);
    pub const NOT_OBTAINABLE: Self = Self(13);
    pub const DO_NOT_DISTURB: Self = Self(14);
    pub const MAINTENANCE: Self = Self(19);
    pub const NEW_CALL: Self = Self(22);
    pub const NO_AGENTS: Self = Self(23);
    pub const OVERRIDE: Self = Self(24);
    pub const OVERFLOW: Self = Self(26);
    pub const RECALL: Self = Self(27);
    pub const REDIRECTED: Self = Self(28);
    pub const NO_RESOURCES: Self = Self(30);
    pub const SILENT_MONITOR: Self = Self(31);
    pub const TRANSFER: Self = Self(32);
    pub const SINGLE_STEP: Self = Self(52);
    pub const OUT_OF_ORDER: Self = Self(65);
}

/// What a call is, with the numbers of seed 002.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallType {
    /// 1: from outside.
    Inbound = 1,
    /// 2: to the outside.
    Outbound = 2,
    /// 3: between extensions.
    Internal = 3,
    /// 4: a question on the side.
    Consult = 4,
    /// 5: passed on.
    Transfer = 5,
    /// 6: more than two, or watched.
    Conference = 6,
}

/// What happened, as CSTA names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEvent {
    /// The call is over.
    CallCleared,
    /// Two calls became one, with all of their parties; or somebody barged in.
    Conferenced,
    /// Somebody left.
    ConnectionCleared,
    /// A telephone rings, or a queue was reached.
    Delivered,
    /// It went elsewhere.
    Diverted,
    /// Somebody answered.
    Established,
    /// It did not reach whom it was for.
    Failed,
    /// Somebody was put on hold.
    Held,
    /// It left for another network.
    NetworkReached,
    /// A telephone has dialled.
    Originated,
    /// It waits in a queue.
    Queued,
    /// Somebody was taken back from hold.
    Retrieved,
    /// A telephone went off the hook.
    ServiceInitiated,
    /// It was passed on.
    Transferred,
}

/// How somebody is connected to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Has dialled and waits for an answer.
    Initiated,
    /// Rings.
    Alerting,
    /// Talks.
    Connected,
    /// Has put the call on hold.
    Held,
    /// Hears it, and is not heard by all.
    Listening,
}

/// How a supervisor comes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barge {
    /// Hears, and is not heard (감청).
    #[default]
    Listen,
    /// Talks with all (할입).
    Join,
    /// Is heard by the agent alone (코칭).
    Whisper,
}

/// One end of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The telephone, or the number outside.
    pub device: DeviceId,
    /// Somebody outside, behind a trunk: no telephone of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outside: bool,
    /// How it is connected.
    pub link: Link,
    /// Since when it has talked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talked: Option<Millis>,
    /// Whom a silent supervisor listens to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<DeviceId>,
    /// The target hears them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whispers: bool,
}

impl Party {
    /// A telephone of ours that rings.
    pub(crate) fn alerting(device: &DeviceId) -> Self {
        Self {
            device: device.clone(),
            outside: false,
            link: Link::Alerting,
            talked: None,
            target: None,
            whispers: false,
        }
    }
}

/// How far a call has come in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Waits.
    InLine,
    /// An agent's telephone rings.
    Offered {
        /// Whose.
        agent: UserId,
        /// Which.
        device: DeviceId,
    },
    /// An agent has it.
    Served,
}

/// A call's stay in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Where.
    pub queue: QueueId,
    /// The other number of the queue that was dialled, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<QueueId>,
    /// Since when it has waited, in this queue and those before it.
    pub since: Millis,
    /// Since when in this one.
    pub entered: Millis,
    /// Its rank: the smallest is served first.
    pub rank: i64,
    /// How far it is.
    pub waiting: Waiting,
    /// How many waited when it was last told, this call included while it waits.
    pub length: u32,
    /// How long it had waited when it was last told.
    pub waited: Millis,
    /// Queues it overflowed from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visited: Vec<QueueId>,
}

/// What a call carries for applications.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// User-to-user data, at most 256 bytes.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub uui: Arc<str>,
    /// Extended data, at most 1,024 bytes.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub uei: Arc<str>,
    /// Of a campaign, at most 1,024 bytes.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub ci: Arc<str>,
}

impl Attached {
    /// This, and where it is silent, what was before.
    #[must_use]
    pub fn or(&self, before: &Self) -> Self {
        let pick = |new: &Arc<str>, old: &Arc<str>| if new.is_empty() { old } else { new }.clone();
        Self {
            uui: pick(&self.uui, &before.uui),
            uei: pick(&self.uei, &before.uei),
            ci: pick(&self.ci, &before.ci),
        }
    }
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its number.
    pub id: CallId,
    /// It was the n-th call of the realm.
    pub number: u64,
    /// The matter's number, kept through consultations and transfers: 22 digits.
    pub cnid: Arc<str>,
    /// Which segment of the matter.
    pub cnsq: u32,
    /// The highest segment of the matter so far.
    pub segments: u32,
    /// What it is.
    pub kind: CallType,
    /// Who calls (ANI).
    pub caller: DeviceId,
    /// The caller's number is asserted by a telephone of ours or a trunk.
    pub verified: bool,
    /// The number that was dialled.
    pub dialed: DeviceId,
    /// Whom it is told to be for: the number dialled; after a transfer or conference who made it.
    pub called: DeviceId,
    /// By which number it came in.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub origin: Arc<str>,
    /// What it carries.
    #[serde(default)]
    pub attached: Attached,
    /// Its ends.
    pub parties: Vec<Party>,
    /// Its stay in a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay: Option<Stay>,
    /// Why a telephone rings.
    pub ringing: Cause,
    /// Something falls due then: ringing ends, or the call leaves its queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Millis>,
    /// Who passed it on before it was answered, and gets it back if nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<DeviceId>,
    /// Telephones it was forwarded from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forwarded: Vec<DeviceId>,
    /// When it began.
    pub began: Millis,
}

impl Call {
    /// The end at a device.
    pub fn party(&self, device: &DeviceId) -> Option<&Party> {
        self.parties.iter().find(|p| p.device == *device)
    }

    pub(crate) fn party_mut(&mut self, device: &DeviceId) -> Option<&mut Party> {
        self.parties.iter_mut().find(|p| p.device == *device)
    }

    /// How a device is connected.
    pub fn link(&self, device: &DeviceId) -> Option<Link> {
        self.party(device).map(|p| p.link)
    }

    /// Everyone but silent listeners.
    pub fn speakers(&self) -> impl Iterator<Item = &Party> {
        self.parties.iter().filter(|p| p.link != Link::Listening)
    }

    /// Somebody's answer is waited for: a telephone rings, or it stands in a queue's line. Only one at a time.
    pub fn pending(&self) -> bool {
        self.line().is_some() || self.speakers().any(|p| p.link == Link::Alerting)
    }

    /// The queue in which it waits, by the numbers that are told of it.
    pub fn line(&self) -> Option<&Stay> {
        self.stay.as_ref().filter(|s| s.waiting == Waiting::InLine)
    }
}

/// The agent who is logged on at a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Who.
    pub agent: UserId,
    /// The reason of the present state.
    #[serde(default)]
    pub reason: u8,
    /// The work mode named at log-on: 1 to 4.
    pub wmode: u8,
    /// The group named at log-on.
    pub group: u32,
    /// The channel.
    pub channel: Channel,
}

/// One device's copy of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// Whose.
    pub device: DeviceId,
    /// Why, for this device.
    pub cause: Cause,
    /// The device it is about.
    pub subject: DeviceId,
    /// Who is logged on there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Tag>,
    /// A silent listener's: to whom. Told as a conference that the others do not know of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<DeviceId>,
}

/// Something happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// What.
    pub event: CallEvent,
    /// The call as it is now.
    pub call: Call,
    /// It is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
    /// The call that went up in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<CallId>,
    /// Who is told, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Copy>,
    /// Why this agent's telephone rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Arc<Why>>,
}

/// What is told of an agent at a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Logged on.
    LoggedOn,
    /// Logged off.
    LoggedOff,
    /// Not ready.
    NotReady,
    /// Ready.
    Ready,
    /// Finishes earlier work.
    AfterWork,
}

/// Where an agent sits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// At which telephone.
    pub device: DeviceId,
    /// The group named at log-on.
    pub group: u32,
    /// The work mode named at log-on: 1 aux, 2 after call, 3 auto in, 4 manual in.
    pub wmode: u8,
}

/// What somebody at a telephone, or an application for them, may wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Call a number.
    Dial {
        /// Who calls.
        device: DeviceId,
        /// The number, as it was given.
        to: Arc<str>,
        /// What the call carries.
        attached: Attached,
    },
    /// Somebody outside calls in over a trunk.
    Arrive {
        /// Their number.
        from: Arc<str>,
        /// The number they dialled.
        to: Arc<str>,
    },
    /// Somebody outside hangs up.
    HangUp {
        /// The call.
        call: CallId,
        /// And no other that has its number by now.
        number: u64,
    },
    /// Take a ringing call.
    Answer(DeviceId, CallId),
    /// Leave a call.
    Clear(DeviceId, CallId),
    /// Put a call on hold.
    Hold(DeviceId, CallId),
    /// Take it back.
    Retrieve(DeviceId, CallId),
    /// Ask a third on the side.
    Consult {
        /// Who asks.
        device: DeviceId,
        /// The call that is put on hold.
        call: CallId,
        /// Whom.
        to: Arc<str>,
        /// What the new call carries.
        attached: Attached,
    },
    /// Join two calls, and leave.
    Transfer(DeviceId, CallId, CallId),
    /// Join two calls, and stay.
    Confer(DeviceId, CallId, CallId),
    /// Pass a call on without a word.
    SingleStep {
        /// Who passes it on.
        device: DeviceId,
        /// Which.
        call: CallId,
        /// To whom.
        to: Arc<str>,
        /// What it carries from now on.
        attached: Attached,
    },
    /// Take a call that rings elsewhere.
    Pickup {
        /// Who takes it.
        device: DeviceId,
        /// Where it rings.
        from: DeviceId,
    },
    /// A waiting caller is called back later: the call ends, the system has it.
    CallBack(CallId),
    /// Come into a colleague's call.
    Barge {
        /// The supervisor's telephone.
        device: DeviceId,
        /// The colleague's.
        target: DeviceId,
        /// How.
        mode: Barge,
    },
    /// An agent logs on at a telephone.
    LogOn {
        /// Where.
        device: DeviceId,
        /// Who.
        agent: UserId,
        /// Which group they name.
        group: u32,
        /// For which channel.
        channel: Channel,
        /// 1 to 4.
        wmode: u8,
    },
    /// An agent at a telephone says what they are ready for, or logs off.
    State {
        /// Where.
        device: DeviceId,
        /// Who.
        agent: UserId,
        /// Which group they name.
        group: Option<u32>,
        /// Which channel; none is all.
        channel: Option<Channel>,
        /// The new state.
        state: crate::agent::AgentState,
    },
}

/// All calls and seats of a realm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Live calls.
    #[serde(default, with = "crate::pairs")]
    pub(crate) calls: BTreeMap<CallId, Call>,
    /// The newest call's number.
    #[serde(default)]
    pub(crate) last: Option<CallId>,
    /// How many calls there have been.
    #[serde(default)]
    pub(crate) count: u64,
    /// Where agents sit.
    #[serde(default)]
    pub(crate) seats: BTreeMap<UserId, Seat>,

    // What follows from the above.
    #[serde(skip)]
    pub(crate) at: BTreeMap<DeviceId, BTreeSet<CallId>>,
    #[serde(skip)]
    pub(crate) seated: BTreeMap<DeviceId, UserId>,
    /// Whose own telephone each is.
    #[serde(skip)]
    pub(crate) homes: BTreeMap<DeviceId, UserId>,
    #[serde(skip)]
    pub(crate) lines: BTreeMap<QueueId, BTreeSet<(i64, u64, CallId)>>,
}

impl Switch {
    /// All live calls.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// One live call.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// The calls at a device.
    pub fn at(&self, device: &DeviceId) -> impl Iterator<Item = &Call> {
        self.at.get(device).into_iter().flatten().filter_map(|id| self.calls.get(id))
    }

    /// Has it any call?
    pub fn occupied(&self, device: &DeviceId) -> bool {
        self.at.contains_key(device)
    }

    /// Has it a call that is not on hold?
    pub fn active(&self, device: &DeviceId) -> bool {
        self.at(device).any(|call| call.link(device) != Some(Link::Held))
    }

    /// Where an agent sits.
    pub fn seat(&self, agent: &UserId) -> Option<&Seat> {
        self.seats.get(agent)
    }

    /// Takes a call's new form up, or takes the call away. Returns the devices that it touched.
    pub(crate) fn set(&mut self, id: CallId, now: Option<&Call>) -> BTreeSet<DeviceId> {
        let was = match now {
            Some(call) => {
                if call.number > self.count {
                    self.count = call.number;
                    self.last = Some(id);
                }
                self.calls.insert(id, call.clone())
            }
            None => self.calls.remove(&id),
        };
        let mut touched = BTreeSet::new();
        if let Some(was) = &was {
            self.unlist(was, &mut touched);
        }
        if let Some(call) = now {
            self.list(call, &mut touched);
        }
        touched
    }

    fn list(&mut self, call: &Call, touched: &mut BTreeSet<DeviceId>) {
        for party in call.parties.iter().filter(|p| !p.outside) {
            self.at.entry(party.device.clone()).or_default().insert(call.id);
            touched.insert(party.device.clone());
        }
        if let Some(stay) = call.line() {
            let place = (stay.rank, call.number, call.id);
            self.lines.entry(stay.queue.clone()).or_default().insert(place);
        }
    }

    fn unlist(&mut self, call: &Call, touched: &mut BTreeSet<DeviceId>) {
        for party in call.parties.iter().filter(|p| !p.outside) {
            if let Some(at) = self.at.get_mut(&party.device) {
                at.remove(&call.id);
                if at.is_empty() {
                    self.at.remove(&party.device);
                }
            }
            touched.insert(party.device.clone());
        }
        if let Some(stay) = call.line()
            && let Some(line) = self.lines.get_mut(&stay.queue)
        {
            line.remove(&(stay.rank, call.number, call.id));
            if line.is_empty() {
                self.lines.remove(&stay.queue);
            }
        }
    }

    /// Seats an agent, or takes their seat away. Returns those whose own telephones they left and took.
    pub(crate) fn sit(&mut self, agent: &UserId, seat: Option<Seat>) -> BTreeSet<UserId> {
        let mut hosts = BTreeSet::new();
        if let Some(was) = self.seats.remove(agent) {
            self.seated.remove(&was.device);
            hosts.extend(self.homes.get(&was.device).cloned());
        }
        if let Some(seat) = seat {
            hosts.extend(self.homes.get(&seat.device).cloned());
            self.seated.insert(seat.device.clone(), agent.clone());
            self.seats.insert(agent.clone(), seat);
        }
        hosts
    }

    pub(crate) fn reindex(&mut self, directory: &crate::directory::Directory) {
        self.at_home(directory);
        self.at = BTreeMap::new();
        self.lines = BTreeMap::new();
        self.seated = self.seats.iter().map(|(a, s)| (s.device.clone(), a.clone())).collect();
        let calls: Vec<Call> = self.calls.values().cloned().collect();
        let mut touched = BTreeSet::new();
        for call in &calls {
            self.list(call, &mut touched);
        }
    }

    pub(crate) fn at_home(&mut self, directory: &crate::directory::Directory) {
        let users = directory.users.values();
        self.homes = users.filter_map(|u| Some((u.extension.clone()?, u.id.clone()))).collect();
    }

    /// How many calls wait in a queue.
    pub fn waiting(&self, queue: &QueueId) -> u32 {
        self.lines.get(queue).map_or(0, |line| u32::try_from(line.len()).unwrap_or(u32::MAX))
    }

    /// The next free number; none while all are taken.
    pub(crate) fn free(&self) -> Option<CallId> {
        if self.calls.len() >= usize::from(CallId::LAST) {
            return None;
        }
        let mut id = self.last.map_or(CallId(1), CallId::after);
        while self.calls.contains_key(&id) {
            id = id.after();
        }
        Some(id)
    }
}

/// A matter's number: the moment, so many minutes ahead of UTC, two digits of the node and six of a serial (`nxproxy-rio.md` 7.2).
pub fn cnid(now: Millis, offset_minutes: i32, serial: u64) -> Arc<str> {
    let seconds = (now.0 / 1_000).saturating_add_signed(i64::from(offset_minutes) * 60);
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    format!(
        "{year:04}{month:02}{day:02}{:02}{:02}{:02}01{:06}",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60,
        serial % 1_000_000
    )
    .into()
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
pub const fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + if month <= 2 { 1 } else { 0 }, month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matters_number_is_its_moment_and_a_serial() {
        assert_eq!(&*cnid(Millis(1_770_178_523_017), 0, 42), "2026020404152301000042");
        assert_eq!(&*cnid(Millis(951_782_399_000), 0, 1_000_007), "2000022823595901000007");
        assert_eq!(civil(11_016), (2000, 2, 29));
    }

    #[test]
    fn call_ids_turn_over_and_leave_out_those_that_live() {
        assert_eq!(CallId(32_766).after(), CallId(1));
        let mut switch = Switch { last: Some(CallId(32_766)), ..Switch::default() };
        assert_eq!(switch.free(), Some(CallId(1)));
        switch.last = None;
        assert_eq!(switch.free(), Some(CallId(1)));
    }
}
