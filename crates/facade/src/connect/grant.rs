//! The tokens of this wire: made here, kept by the domain as hashes alone (`amazon-connect-chat.md` 0.7, 2.1).

use crate::door::{Cx, RealmNo, mint};
use domain::command::Grant;
use domain::room::TokenKind;
use domain::time::Millis;

/// A connection token lives so long (2.1).
pub const CONNECTION_LIFE: Millis = Millis::from_mins(24 * 60);

/// A socket's URL can be opened so long (2.1).
pub const SOCKET_OPENS: Millis = Millis::from_secs(100);

/// A socket lives so long after its URL was given out (2.1); the client renews it a minute earlier.
pub const SOCKET_LIFE: Millis = Millis::from_mins(60);

/// A bot that was let in has so long to connect (1.6).
pub const BOT_CONNECTS: Millis = Millis::from_secs(15);

/// A `ParticipantToken`: the secret for the client, the grant for the domain.
pub fn participant(cx: &mut Cx<'_>, realm: RealmNo, until: Millis) -> (String, Grant) {
    make(cx, realm, TokenKind::Participant, until)
}

/// A `ConnectionToken`.
pub fn connection(cx: &mut Cx<'_>, realm: RealmNo) -> (String, Grant) {
    let until = cx.now.plus(CONNECTION_LIFE);
    make(cx, realm, TokenKind::Connection, until)
}

/// The secret in a socket's URL. Its grant ends with the URL; the socket's own end is [`SOCKET_LIFE`] from now.
pub fn socket(cx: &mut Cx<'_>, realm: RealmNo) -> (String, Grant) {
    let until = cx.now.plus(SOCKET_OPENS);
    make(cx, realm, TokenKind::Socket, until)
}

fn make(cx: &mut Cx<'_>, realm: RealmNo, kind: TokenKind, until: Millis) -> (String, Grant) {
    let (secret, token) = mint(cx, realm);
    (secret, Grant { token, kind, until })
}
