//! What is shown but never kept: ordered among the facts, delivered at most once, gone after a restart.

use crate::board::Changed;
use crate::call::CallId;
use crate::id::{DeviceId, ItemId, ParticipantId, QueueId, RoomId};
use crate::room::{Audience, Author};
use crate::time::Millis;
use std::sync::Arc;

/// Something worth showing now and not later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// A member is writing.
    Typing {
        /// Where.
        room: RoomId,
        /// Who.
        by: Author,
        /// The signal's own id, told to its sender.
        id: ItemId,
        /// When.
        at: Millis,
        /// Who may know: a note in the making is none of the customer's business.
        audience: Audience,
    },
    /// The customer's last socket closed, or the first opened again.
    Presence {
        /// Where.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// There, or not.
        present: bool,
    },
    /// Keys to be sent to the other side of a call. They are kept nowhere: they may be a card's number.
    Keys {
        /// From which telephone.
        device: DeviceId,
        /// Into which call.
        call: CallId,
        /// `0-9*#A-D`, 1 to 64.
        keys: Arc<str>,
    },
    /// A queue grew or shrank.
    QueueLevel {
        /// Which.
        queue: QueueId,
        /// How many wait.
        waiting: u32,
        /// Since when the longest has waited.
        oldest: Option<Millis>,
    },
    /// Wallboards have something new to show: it is to be asked for.
    Board(Changed),
}
