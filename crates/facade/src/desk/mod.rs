//! The desk's own socket, `sangdam.desk.1` (`docs/desk-protocol.md`): everything an agent or a supervisor sees and does.
//!
//! - [`session`]: one socket, from its greeting to its end; [`hello`]: the world as it stands;
//! - [`request`]: what a client asks; [`ask`]: what that is in the domain's words; [`answer`]: what came of it;
//! - [`sent`]: which lines this very client wrote; [`world`]: what this client has been told; [`event`]: how facts and signals change that; [`refresh`]: how a contact
//!   is told anew; [`levels`]: how full queues are, at most once a second;
//! - [`wall`]: what a wallboard is told, a few times a second at most;
//! - [`contact`], [`call`], [`why`], [`frame`]: how it is written; [`words`]: a refusal in the reader's language.
//!
//! Who may open a socket is settled before (`admin::caller`).

mod answer;
mod ask;
mod call;
mod contact;
mod event;
mod frame;
mod hello;
mod levels;
mod refresh;
mod request;
mod sent;
mod session;
mod wall;
mod why;
mod words;
mod world;

#[cfg(test)]
mod tests;

use crate::door::{Head, RealmNo, SocketLimits, Step};
use domain::directory::User;
use domain::id::TokenHash;
use domain::time::Millis;
use std::sync::Arc;

/// The name of the sub-protocol.
pub const PROTOCOL: &str = "sangdam.desk.1";

/// What limits a desk's socket (`docs/desk-protocol.md` §2).
pub const LIMITS: SocketLimits = SocketLimits {
    frame: 64 * 1_024,
    frames_per_second: 50,
    unsent: 1_024 * 1_024,
    silence: Millis::from_secs(60),
    ping: SocketLimits::PING,
    silent: Some(1001),
    stopping: 1012,
};

/// Bytes of UTF-8 in one message.
pub const LONGEST_TEXT: usize = 16_384;

/// Bytes of one file.
pub const LARGEST_FILE: u64 = 20 * 1_024 * 1_024;

/// Why a request cannot become a desk's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// HTTP status.
    pub status: u16,
    /// Stable name.
    pub code: &'static str,
    /// For people.
    pub message: &'static str,
}

/// Is it a WebSocket of our sub-protocol that is asked for?
pub fn unfit(head: &Head) -> Option<Unfit> {
    let lists = |name: &str, wanted: &str| {
        let lines = head.headers.iter().filter(|(n, _)| n == name);
        lines
            .flat_map(|(_, line)| line.split(','))
            .any(|one| one.trim().eq_ignore_ascii_case(wanted))
    };
    if head.method != "GET" || !lists("upgrade", "websocket") {
        let message = "this is a WebSocket";
        return Some(Unfit { status: 426, code: "request.upgrade", message });
    }
    if !lists("sec-websocket-protocol", PROTOCOL) {
        let message = "name the sub-protocol sangdam.desk.1";
        return Some(Unfit { status: 400, code: "request.protocol", message });
    }
    None
}

/// Opens a desk for whoever has this session, until it ends.
pub fn open(user: Arc<User>, realm: RealmNo, session: TokenHash, until: Millis) -> Step {
    Step::Upgrade {
        protocol: Some(PROTOCOL),
        headers: Vec::new(),
        limits: LIMITS,
        realm,
        session: Box::new(session::Desk::new(user, realm, session, until)),
    }
}
