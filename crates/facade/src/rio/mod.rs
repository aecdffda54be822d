//! The CTI gateway, compatible with `nxproxy_rio` (seed 002, `nxproxy-rio.md`), Single mode: applications steer and watch
//! telephones over one WebSocket.
//!
//! - [`session`]: one socket, from its log-in to its end; [`pending`]: the one request under way;
//! - [`read`]: tolerant reading, and the exact echo; [`request`]: what is wanted, a file for each chapter of the wire:
//!   `login.rs`, `switch.rs`, `agent.rs`;
//! - [`event`]: what monitors are told; [`code`]: how this wire says yes and no; [`lockout`]: wrong passwords.

mod code;
mod event;
mod full;
mod lockout;
mod pending;
mod read;
mod request;
mod session;

use crate::door::{RealmNo, Session, SocketLimits};
use domain::time::Millis;
use std::fmt;
use std::net::IpAddr;

/// What limits a socket (`nxproxy-rio.md` 1 and 11).
pub const LIMITS: SocketLimits = SocketLimits {
    frame: 65_536,
    frames_per_second: 200,
    // 5,000 messages of usual length.
    unsent: 5_000 * 1_000,
    silence: Millis::from_secs(60),
    ping: Millis::from_secs(30),
    // The client sees 1006.
    silent: None,
    stopping: 1001,
};

/// Connections at a time (`nxproxy-rio.md` 11).
pub const CONNECTIONS: usize = 1_000;

/// Times that may be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Without a log-in, a connection is closed after this; zero is never.
    pub login: Millis,
    /// The engine must have answered within this.
    pub answer: Millis,
}

impl Default for Times {
    fn default() -> Self {
        Self { login: Millis::from_secs(300), answer: Millis::from_secs(10) }
    }
}

/// Who counts what a gateway does.
pub trait Counts: fmt::Debug + Send + Sync {
    /// A request was answered with this result: 1, or a negative code.
    fn answered(&self, result: i32);
    /// So many events were told.
    fn told(&self, events: u64);
}

/// Counts nothing.
impl Counts for () {
    fn answered(&self, _: i32) {}
    fn told(&self, _: u64) {}
}

/// A connection beyond [`CONNECTIONS`]: it is told so, and closed.
pub fn full() -> Box<dyn Session> {
    Box::new(full::Full)
}

/// A connection from this address. Whose realm it is of is known at its log-in; until then it is nobody's.
pub fn open(
    peer: IpAddr,
    realm: RealmNo,
    times: Times,
    counts: Box<dyn Counts>,
) -> Box<dyn Session> {
    Box::new(session::Rio::new(peer, realm, times, counts))
}
