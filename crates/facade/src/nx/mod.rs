//! The customer's web chat, compatible with `nxWebApi` (seeds 000 and 003, `nxwebapi.md`), over our own sub-protocol
//! (`docs/chat-wire.md`).
//!
//! - [`session`]: one socket with its rooms; [`frame`]: what is said on it, both ways;
//! - [`lobby`]: how much is taken of one address; [`arrival`]: whence a socket comes, and by which address it finds us.

mod arrival;
mod frame;
mod lobby;
mod session;

pub use arrival::Arrival;
pub use lobby::Lobby;

use crate::door::{Session, SocketLimits};
use domain::time::Millis;
use std::sync::Arc;

/// The sub-protocol's name.
pub const PROTOCOL: &str = "sangdam.chat.1";

/// What limits a socket (`nxwebapi.md` 7.1 and 10).
pub const LIMITS: SocketLimits = SocketLimits {
    frame: 65_536,
    frames_per_second: 200,
    unsent: 1 << 20,
    silence: Millis::from_secs(90),
    ping: Millis::from_secs(30),
    silent: Some(1001),
    stopping: 1012,
};

/// A socket of a customer's page.
pub fn open(arrival: Arrival, lobby: Arc<Lobby>) -> Box<dyn Session> {
    Box::new(session::Socket::new(arrival, lobby))
}
