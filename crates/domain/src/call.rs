//! Telephone calls in the words of CSTA: who is connected how, and what monitors are told.
//!
//! ```text
//!  (Prompted ──its own telephone answers──▶)
//!  dial ──▶ Initiated ──answered──▶ Connected ◀──retrieve── Held
//!           Alerting ───answer────▶ Connected ───hold─────▶ Held
//!           Listening (a supervisor nobody hears)      any ──clear──▶ gone
//! ```
//!
//! Each change is one [`Happening`]: the call as it is afterwards, and a [`Copy`] for each device that is told. So the
//! facts alone rebuild every call, and whoever shows them needs to know nothing else.
//! Source: `nxproxy-rio.md` 5.5, 7 and 8; ECMA-269.

mod cause;
mod number;
mod switch;
mod wish;

pub use cause::Cause;
pub use number::{civil, cnid};
pub use switch::Switch;
pub use wish::{Outside, Place, Said, Seat, Sound, Wish};

use crate::agent::Channel;
use crate::contact::EndReason;
use crate::id::{ContactId, DeviceId, QueueId, TrunkId, UserId};
use crate::queue::Why;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
/// How long somebody's own telephone is called before it calls for them (`nxproxy-rio.md` 5.4).
pub const PROMPT: Millis = Millis::from_secs(20);
/// How long another network may take until somebody answers there.
pub const OUTSIDE_RING: Millis = Millis::from_secs(180);
/// What a telephone dials before the number of a colleague whose call it takes (당겨받기).
pub const PICKUP: &str = "*8";
/// Parties of one call (`nxproxy-rio.md` 11).
pub const PARTIES: usize = 8;
/// A call is forwarded so often at most.
pub const FORWARDS: usize = 5;

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
    /// Is called itself first, so that it can call somebody: an application has dialled for it.
    Prompted,
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
    /// Talks with the customer in the agent's place, who leaves.
    Take,
}

/// How somebody outside is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// By a trunk.
    Trunk {
        /// Which.
        trunk: TrunkId,
        /// The number that is called there, as the trunk wants it; empty of a caller.
        #[serde(default, skip_serializing_if = "str::is_empty")]
        number: Arc<str>,
    },
    /// By a page, without a name that anybody vouches for.
    Web,
    /// They write: it is a chat that is told as a call.
    Chat,
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
    /// They come in to talk with all, once their own telephone has answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins: bool,
    /// Their target leaves when they have come in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub takes: bool,
    /// How somebody outside is reached; none is a simulated customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// The other network has said that it rings there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rang: bool,
}

impl Party {
    /// The trunk by which somebody outside is reached.
    pub const fn trunk(&self) -> Option<&TrunkId> {
        match &self.via {
            Some(Via::Trunk { trunk, .. }) => Some(trunk),
            _ => None,
        }
    }

    /// A telephone of ours.
    pub(crate) fn new(device: &DeviceId, link: Link) -> Self {
        Self {
            device: device.clone(),
            outside: false,
            link,
            talked: None,
            target: None,
            whispers: false,
            joins: false,
            takes: false,
            via: None,
            rang: false,
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
    /// The token by which a push service reaches the customer's app. No application is told; the realm's webhook is.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub push: Arc<str>,
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
            push: pick(&self.push, &before.push),
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
    /// Trunks that did not lead to where it goes now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<TrunkId>,
    /// When it began.
    pub began: Millis,
    /// Nothing of it is kept for now: a customer says what must not be (a card's number).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// An agent asked that it be recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
    /// The directory asks that it be recorded: its queue's, a telephone's or a group's setting. Once so, it stays so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ruled: bool,
    /// The open segment of its matter among the contacts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// Who or what ends it, where that is not for want of anybody to talk to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EndReason>,
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
        self.parties.iter().filter(|p| p.target.is_none())
    }

    /// Is it a chat that is told as a call?
    pub fn written(&self) -> bool {
        self.parties.first().is_some_and(|p| p.via == Some(Via::Chat))
    }

    /// Is its sound to be kept, for whatever reason? Stretches of it may still be masked.
    pub const fn taped(&self) -> bool {
        self.recorded || self.ruled
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

/// A chat as a call: no telephone takes part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chatting {
    /// Its form as a call: the customer first, then the telephones of the agents who are asked or there.
    pub call: Call,
    /// Where each of these agents sat when they were asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seats: BTreeMap<UserId, DeviceId>,
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
    /// Why somebody outside is out of it: they have no copy of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Why this agent's telephone rings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Arc<Why>>,
}
