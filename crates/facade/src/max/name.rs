//! The ids of a session, as clients hold them: one chain of ids for each consumer, each good for one answer of a poll
//! (`max-agent-desktop.md` 3.4).
//!
//! `base64url(shift ‖ app ‖ consumer ‖ cursor ‖ mac)`: 48 characters, none of which needs encoding in a path. The mac is
//! keyed by a secret of the shift that lies sealed in the journal, so ids stay good over restarts and nobody makes up
//! one of another consumer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{ShiftId, Uuid, WorkspaceId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// The consumer that is our own desk.
pub(super) const DESK: u32 = u32::MAX;

/// An id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    /// The shift.
    pub(super) shift: ShiftId,
    /// For whom the chain was begun: 0 is a client of the agent's own, [`DESK`] our desk, else a workspace.
    pub(super) app: u32,
    /// Which chain.
    pub(super) consumer: u32,
    /// How far it is.
    pub(super) cursor: u32,
}

/// Bytes of an id before its mac.
const BODY: usize = 28;
/// Bytes of its mac.
const MAC: usize = 8;

impl Name {
    /// As it is given out.
    pub(super) fn write(&self, key: &[u8]) -> String {
        let mut bytes = [0; BODY + MAC];
        bytes[..16].copy_from_slice(self.shift.0.as_bytes());
        bytes[16..20].copy_from_slice(&self.app.to_be_bytes());
        bytes[20..24].copy_from_slice(&self.consumer.to_be_bytes());
        bytes[24..BODY].copy_from_slice(&self.cursor.to_be_bytes());
        let mac = mac(key, &bytes[..BODY]);
        bytes[BODY..].copy_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads one, whoever made it; none if no id looks like this.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes: [u8; BODY + MAC] =
            URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?.try_into().ok()?;
        let number = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let mut shift = [0; 16];
        shift.copy_from_slice(&bytes[..16]);
        Some(Self {
            shift: ShiftId(Uuid::from_bytes(shift)),
            app: number(16),
            consumer: number(20),
            cursor: number(24),
        })
    }

    /// Did we give this text out?
    pub(super) fn signed(&self, key: &[u8], text: &str) -> bool {
        self.write(key) == text.trim_end_matches('=')
    }
}

fn mac(key: &[u8], body: &[u8]) -> [u8; MAC] {
    let mut out = [0; MAC];
    // HMAC takes keys of any length.
    if let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) {
        hmac.update(body);
        out.copy_from_slice(&hmac.finalize().into_bytes()[..MAC]);
    }
    out
}

/// A workspace's number in ids: never 0 or [`DESK`].
pub(super) fn app(workspace: &WorkspaceId) -> u32 {
    let hash: [u8; 32] = Sha256::digest(workspace.as_str().as_bytes()).into();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]).clamp(1, DESK - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_safe_in_a_path_and_cannot_be_made_up() {
        let shift = ShiftId(Uuid::from_bytes([7; 16]));
        let name = Name { shift, app: 0, consumer: 5, cursor: 9 };
        let text = name.write(b"key");
        assert_eq!(text.len(), 48);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b)), "{text}");
        assert_eq!(Name::read(&text), Some(name));
        assert!(name.signed(b"key", &text) && name.signed(b"key", &format!("{text}==")));
        assert!(!name.signed(b"other", &text));
        let scoped = Name { app: 3, ..name };
        assert!(!name.signed(b"key", &scoped.write(b"key")));
        for none in ["", "x", &text[1..], &format!("{text}AAAA"), "é"] {
            assert_eq!(Name::read(none), None, "{none}");
        }
    }
}
