//! Recordings: what is kept of the sound of one segment of a call.
//!
//! The sound itself is a file among files, under the recording's id; a [`Recording`] says what it is of. Its left channel is the
//! customer's side (of a call between extensions: the caller's), its right channel all others.

use crate::id::{ContactId, FileId, QueueId, RoomId, UserId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How much of the sound there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// All of it.
    #[default]
    Whole,
    /// Its end is missing: the server was cut short, or the disk was full.
    Short,
    /// Nothing.
    Lost,
}

/// A tape that has ended, as the media plane tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taped {
    /// The id of its file.
    pub id: FileId,
    /// The segment of the call.
    pub contact: ContactId,
    /// When it began.
    pub began: Millis,
    /// How long it is.
    pub length: Millis,
    /// Its bytes.
    pub size: u64,
    /// How much of it there is.
    pub kept: Kept,
}

/// A recording of one segment of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Its id, and that of its file.
    pub id: FileId,
    /// The segment.
    pub contact: ContactId,
    /// The matter.
    pub room: RoomId,
    /// Which segment of the matter, from 1.
    pub segment: u32,
    /// The matter's number: 22 digits.
    pub cnid: Arc<str>,
    /// Which segment of it, as the call counts them.
    pub cnsq: u32,
    /// The agent who had the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    /// The colleague who made the call, or this part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<UserId>,
    /// The queue it came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// When it began.
    pub began: Millis,
    /// How long it is.
    pub length: Millis,
    /// Bytes of its file.
    pub size: u64,
    /// Its channels.
    pub channels: u8,
    /// Its media type.
    pub kind: Arc<str>,
    /// How much of it there is.
    #[serde(default)]
    pub kept: Kept,
}

impl Recording {
    /// Is it of this person's call: did they have it, or make it?
    pub fn of(&self, user: &UserId) -> bool {
        self.agent.as_ref() == Some(user) || self.maker.as_ref() == Some(user)
    }
}
