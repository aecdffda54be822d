//! One agent: what they are ready for, and what they are busy with.
//!
//! ```text
//!              Ready                    NotReady(r)
//!  LoggedOff ─────────▶ Ready ◀─────────────────────▶ NotReady
//!      ▲                  │ ▲  wrap-up over, or asked     │
//!      │ LogOff, force    ▼ │                             ▼
//!      └───────────── AfterWork(r) ◀──────────────────────┘
//! ```
//!
//! A state is held per channel. Contacts at hand are apart from it ([`Work`]): an agent may be ready and busy.
//! Source: `nxproxy-rio.md` 5.3 and 6; channels as in seed 002.

use crate::id::{ContactId, ParticipantId, UserId};
use crate::shift::Because;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A way to reach the centre, with the numbers of seed 002.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 0
    Voice,
    /// 1
    Twitter,
    /// 2
    Facebook,
    /// 3, reserved
    Reserved,
    /// 4
    Chat,
    /// 5
    Video,
    /// 6
    Email,
    /// 7
    Fax,
}

impl Channel {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Voice,
        Self::Twitter,
        Self::Facebook,
        Self::Reserved,
        Self::Chat,
        Self::Video,
        Self::Email,
        Self::Fax,
    ];

    /// Its number, 0 to 7.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The channel of a number.
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// How many contacts an agent usually handles at once: one by voice, four in writing.
    pub const fn usual_limit(self) -> u8 {
        match self {
            Self::Voice | Self::Video => 1,
            _ => 4,
        }
    }
}

/// What an agent says of one channel. Absent from the map is logged off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// May be offered contacts.
    Ready,
    /// May not, for this reason (0 to 9; 0 is none given).
    NotReady(u8),
    /// Finishes earlier work, for this reason.
    AfterWork(u8),
    /// Not there, for this reason; 100 is forced by a supervisor.
    LoggedOff(u8),
}

/// A state and its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The state.
    pub state: AgentState,
    /// Since when.
    pub since: Millis,
    /// Why it changed by itself, if it did.
    #[serde(default, skip_serializing_if = "Because::said")]
    pub because: Because,
}

/// How far an agent is with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Asked to take it.
    Offered {
        /// The question lapses then.
        until: Millis,
        /// Asked into a conversation that another agent leads.
        conference: bool,
    },
    /// Talking.
    Talking,
    /// It is over, but not the work with it.
    WrapUp {
        /// Ends by itself then.
        until: Millis,
    },
}

/// One contact at an agent's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// By which channel.
    pub channel: Channel,
    /// Who the agent is in its room.
    pub participant: ParticipantId,
    /// How far it is.
    pub stage: Stage,
    /// Since when it is so far.
    pub since: Millis,
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Who.
    pub id: UserId,
    /// What they say of each channel.
    pub channels: BTreeMap<Channel, Standing>,
    /// What is at their hands.
    pub work: BTreeMap<ContactId, Work>,
    /// Since when they have had nothing new to do, per channel they are logged on to.
    pub idle_since: Millis,
}

impl Agent {
    /// An agent who has not logged on yet.
    pub fn new(id: UserId) -> Self {
        Self { id, channels: BTreeMap::new(), work: BTreeMap::new(), idle_since: Millis(0) }
    }

    /// What they say of a channel.
    pub fn state(&self, channel: Channel) -> AgentState {
        self.channels.get(&channel).map_or(AgentState::LoggedOff(0), |s| s.state)
    }

    /// How many contacts of a channel they have at hand, offers and after-work included.
    pub fn load(&self, channel: Channel) -> usize {
        self.work.values().filter(|w| w.channel == channel).count()
    }
}
