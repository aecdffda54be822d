//! Every kind of name has its own type, so that one can never be passed for another.
//!
//! Ids that we make are UUIDs of version 7 (RFC 9562 §5.7): they sort by the moment they were made, which keeps
//! the tables of the store in order. Ids that people choose (a queue's number, a user's name) are shared strings.

use crate::chance::Chance;
use crate::time::Millis;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// 128 bits, printed in lower case with hyphens.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// Makes a new one for this moment; later moments sort later.
    pub fn new(now: Millis, chance: &mut dyn Chance) -> Self {
        let mut bytes = [0; 16];
        bytes[6..].copy_from_slice(&chance.bytes()[..10]);
        bytes[..6].copy_from_slice(&now.0.to_be_bytes()[2..]);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Self(bytes)
    }

    /// Wraps given bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, most significant first.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = HEX[usize::from(byte >> 4)];
            text[at + 1] = HEX[usize::from(byte & 15)];
            at += 2;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct NotUuid;

impl FromStr for Uuid {
    type Err = NotUuid;

    fn from_str(text: &str) -> Result<Self, NotUuid> {
        let text = text.as_bytes();
        if text.len() != 36 {
            return Err(NotUuid);
        }
        let digit = |at: usize| match text[at] {
            c @ b'0'..=b'9' => Ok(c - b'0'),
            c @ b'a'..=b'f' => Ok(c - b'a' + 10),
            c @ b'A'..=b'F' => Ok(c - b'A' + 10),
            _ => Err(NotUuid),
        };
        let mut bytes = [0; 16];
        let mut at = 0;
        for (i, byte) in bytes.iter_mut().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                if text[at] != b'-' {
                    return Err(NotUuid);
                }
                at += 1;
            }
            *byte = digit(at)? << 4 | digit(at + 1)?;
            at += 2;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

macro_rules! uuids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new one for this moment.
            pub fn new(now: Millis, chance: &mut dyn Chance) -> Self {
                Self(Uuid::new(now, chance))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotUuid;

            fn from_str(text: &str) -> Result<Self, NotUuid> {
                text.parse().map(Self)
            }
        }
    )*};
}

uuids! {
    /// One segment of a matter: a new one at each transfer, as in Amazon Connect and in CTI's `cnid` + `cnsq`.
    ContactId,
    /// A file of a chat.
    FileId,
    /// What a new chat runs first: greeting, then a queue or a bot.
    FlowId,
    /// A realm as Amazon Connect names it.
    InstanceId,
    /// One line of a room's transcript.
    ItemId,
    /// A message of a supervisor to agents.
    NoticeId,
    /// A person, bot or system in one room.
    ParticipantId,
    /// One conversation; it has the id of its first contact.
    RoomId,
    /// One stay of an agent's client at work.
    ShiftId,
    /// One endpoint that is sent a copy of a room.
    StreamId,
}

impl From<ContactId> for RoomId {
    /// The room that a first contact opens.
    fn from(initial: ContactId) -> Self {
        Self(initial.0)
    }
}

impl From<RoomId> for ContactId {
    /// The first contact of a room.
    fn from(room: RoomId) -> Self {
        Self(room.0)
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A scenario bot, by its number (DN).
    BotId,
    /// An application that steers telephones: the id of its log-in at the CTI gateway.
    CtiId,
    /// A telephone or extension.
    DeviceId,
    /// A week's opening times.
    HoursId,
    /// An access key's public half.
    KeyId,
    /// A queue, by its number (DN).
    QueueId,
    /// Something that agents can do, at a level.
    SkillId,
    /// A way to the telephone network.
    TrunkId,
    /// A person who logs in: agent, supervisor or administrator.
    UserId,
    /// An unsigned way to start a chat.
    WidgetId,
    /// A page of somebody else in agents' desks.
    WorkspaceId,
}

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident, $size:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $size]);

        impl fmt::Debug for $name {
            /// A few digits are enough to compare two of them in a log.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:02x}{:02x}…", self.0[0], self.0[1])
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let mut text = String::with_capacity($size * 2);
                for byte in self.0 {
                    for digit in [byte >> 4, byte & 15] {
                        text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
                    }
                }
                to.serialize_str(&text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                let digit = |at: usize| {
                    let byte = text.as_bytes().get(at).copied().unwrap_or(b'x');
                    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or_else(|| D::Error::custom("not hex"))
                };
                let mut bytes = [0; $size];
                for (i, byte) in bytes.iter_mut().enumerate() {
                    *byte = digit(2 * i)? << 4 | digit(2 * i + 1)?;
                }
                Ok(Self(bytes))
            }
        }
    )*};
}

hashes! {
    /// The key by which a client's repeat is known: a hash of its own token or id.
    ClientKey, 16;
    /// SHA-256 of a secret that somebody holds; the secret itself is never kept.
    TokenHash, 32;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Seeded;

    #[test]
    fn a_uuid_reads_back_what_it_prints() {
        let mut chance = Seeded::new(7);
        for at in [0, 1_763_736_000_123, (1 << 48) - 1] {
            let id = ContactId::new(Millis(at), &mut chance);
            let text = id.to_string();
            assert_eq!(text.parse(), Ok(id));
            assert_eq!(&text[14..15], "7", "{text}");
            assert_eq!(text, text.to_lowercase());
        }
        for bad in [
            "",
            "5a9d0000-0000-4000-8000-00000000000",
            "5a9d0000x0000-4000-8000-000000000001",
            "ää9d0000-0000-4000-8000-0000000001",
        ] {
            assert_eq!(bad.parse::<Uuid>(), Err(NotUuid), "{bad}");
        }
    }

    #[test]
    fn later_ids_sort_later() {
        let mut chance = Seeded::new(7);
        let ids: Vec<_> = (0..100).map(|at| ItemId::new(Millis(at), &mut chance)).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_hash_reads_back_and_hides_in_logs() {
        let hash = TokenHash(std::array::from_fn(|i| u8::try_from(i * 7).unwrap()));
        let text = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<TokenHash>(&text).unwrap(), hash);
        assert_eq!(format!("{hash:?}"), "0007…");
        assert!(serde_json::from_str::<TokenHash>("\"00\"").is_err());
    }
}
