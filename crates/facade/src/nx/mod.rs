//! The customer's web chat, compatible with `nxWebApi` (seeds 000 and 003, `nxwebapi.md`), over our own sub-protocol
//! (`docs/chat-wire.md`).
//!
//! - [`session`]: one socket; [`room`]: one of its rooms, as its facts go by; [`frame`]: what is said, both ways;
//! - [`content`]: what a page may say; [`line`]: what it is told; [`words`]: the server's own sentences;
//! - [`lobby`]: how much is taken of one address; [`arrival`]: whence a socket comes, and by which address it finds us;
//! - [`files`]: files and ratings by HTTP; [`cid`], [`file_name`], [`address`]: names that are given out.

mod address;
mod arrival;
mod cid;
mod content;
mod file_name;
pub(crate) mod files;
mod frame;
mod line;
mod lobby;
mod room;
mod session;
mod words;

pub use arrival::Arrival;
pub use cid::{cid, room as room_of_cid};
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
