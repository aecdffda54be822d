//! Transactions: a request and its answers, over transports that may lose both.
//!
//! Four state machines, a file each, know nothing but states, status codes and time:
//!
//! | | we ask | we are asked |
//! |---|---|---|
//! | INVITE | [`client_invite`] (RFC 3261 §17.1.1) | [`server_invite`] (§17.2.1) |
//! | anything else | [`client_other`] (§17.1.2) | [`server_other`] (§17.2.2) |
//!
//! RFC 6026 corrects both INVITE machines: after a 2xx they stay for a while, so that what is sent twice is known as such.
//! [`Transactions`] holds them all, finds the one that a message belongs to and keeps their timers in a heap.

mod client_invite;
mod client_other;
mod matching;
mod server_invite;
mod server_other;
mod table;

pub use table::{End, Limits, Out, Received, Transactions, TxId};
pub(crate) use table::{stamp, way_back};

use crate::time::Millis;

/// The guess at a round trip (RFC 3261 §17.1.1.1).
pub const T1: Millis = Millis(500);
/// The longest time between two repetitions of anything but INVITE.
pub const T2: Millis = Millis(4_000);
/// How long a message may stay in the network.
pub const T4: Millis = Millis(5_000);
/// 64 × T1: how long an answer is waited for.
pub const PATIENCE: Millis = Millis(32_000);

/// What a machine wants done, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Send the request, or the last response, once more.
    Resend,
    /// Acknowledge this final response, which is no 2xx.
    Ack,
    /// Show the response to whoever asked.
    Deliver,
    /// Nobody answered, or nobody acknowledged.
    TimedOut,
    /// The machine is done and can be forgotten.
    Gone,
}

/// A message that is sent again and again until something stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeat {
    pub(crate) at: Millis,
    pub(crate) every: Millis,
}

impl Repeat {
    /// First after T1, and only where the transport may lose.
    pub(crate) fn first(now: Millis, reliable: bool) -> Option<Self> {
        (!reliable).then(|| Self { at: now.plus(T1), every: T1 })
    }

    /// The next one, after twice the time, at most `most`. Counted from when it was due, unless that is long ago.
    pub(crate) fn next(self, now: Millis, most: Option<Millis>) -> Self {
        let every = self.every.doubled().min(most.unwrap_or(PATIENCE));
        Self { at: self.at.plus(every).max(now.plus(Millis(1))), every }
    }
}

/// The earlier of two moments that may not be set.
pub(crate) fn earlier(a: Option<Millis>, b: Option<Millis>) -> Option<Millis> {
    a.into_iter().chain(b).min()
}

/// Whether a moment is set and has come.
pub(crate) fn due(moment: Option<Millis>, now: Millis) -> bool {
    moment.is_some_and(|at| at <= now)
}
