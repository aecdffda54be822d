//! A shift: an agent's client at work, from its start to its end, whatever connections come and go meanwhile.
//!
//! A client that cannot keep a socket (`max-agent-desktop.md` 3) begins one, gives signs of life, and ends it. Whoever
//! gives none for a while is not ready any more, so that nobody is sent to an empty chair; after longer it ends.

use crate::agent::{Agent, Channel, Standing};
use crate::call::Call;
use crate::id::{ContactId, DeviceId, QueueId, ShiftId, UserId};
use crate::query::DeskContact;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Without a sign of life for this long, an agent is not ready any more (`max-agent-desktop.md` 3.4).
pub const SILENT: Millis = Millis::from_secs(90);

/// A shift without a sign of life ends after this, unless it says otherwise (`max-agent-desktop.md` 3.4).
pub const USUAL_IDLE: Millis = Millis::from_mins(15);

/// It may say 2 minutes (longer than any poll) to 12 hours.
pub const IDLE: std::ops::RangeInclusive<Millis> = Millis::from_mins(2)..=Millis::from_mins(720);

/// A shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Its id.
    pub id: ShiftId,
    /// Whose.
    pub agent: UserId,
    /// The secret that its clients' names of it are signed with, sealed.
    pub sealed: Arc<str>,
    /// Where the agent said they sit, as they said it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub station: Arc<str>,
    /// The number the agent said they are reached at.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub phone: Arc<str>,
    /// It ends after so long without a sign of life.
    pub idle: Millis,
    /// Even while contacts are at hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// When it began.
    pub began: Millis,
}

/// Why a shift ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShiftEnd {
    /// Its own client ended it.
    LoggedOut,
    /// The agent logged off elsewhere, or a supervisor logged them off.
    Elsewhere,
    /// It gave no sign of life.
    Idle,
}

/// Why an agent's state changed by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// It did not: somebody said so.
    #[default]
    Said,
    /// An offer was refused, or not answered.
    Refused,
    /// Their client gave no sign of life.
    Disconnected,
}

impl Because {
    /// Somebody said so.
    pub const fn said(&self) -> bool {
        matches!(self, Self::Said)
    }
}

/// All there is at an agent's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Their shift.
    pub shift: Option<Shift>,
    /// The shift before it.
    pub ended: Option<ShiftId>,
    /// What they say, and what is at their hands.
    pub agent: Agent,
    /// Their contacts, with rooms or calls.
    pub contacts: Vec<DeskContact>,
    /// The numbers of the contacts that their matters began with, and of those before them.
    pub numbers: BTreeMap<ContactId, u64>,
    /// Their telephone.
    pub device: Option<DeviceId>,
    /// It sends no sound.
    pub muted: bool,
    /// The calls there.
    pub calls: Vec<Call>,
    /// The queues they serve.
    pub serves: Vec<QueueId>,
}

impl Position {
    /// What they said last, of any channel.
    pub fn newest(&self) -> Option<(Channel, Standing)> {
        let all = self.agent.channels.iter().map(|(channel, standing)| (*channel, *standing));
        all.max_by_key(|(_, standing)| standing.since)
    }
}
