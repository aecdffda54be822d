//! The names that one contact has on all our wires, and back (`amazon-connect-chat.md` 9).
//!
//! | name | where | what it is here |
//! |---|---|---|
//! | UUID | Amazon Connect | the segment's id |
//! | whole number below 2^53 | `max-agent-desktop.md` | the segment's number |
//! | `Cid` | `nxwebapi.md` 3: `NX_`, 4 + 4 + 8 upper-case hex, `_`, 26 lower-case hex | the matter: node, serial, seconds, and the tail of the first segment's UUID |
//! | `cnid`, `cnsq` | `nxproxy-rio.md` 4: `YYYYMMDDhhmmss`, 2 digits of node, 6 of serial | the matter by its beginning (UTC) and number; the segment in it. A call has had them since it began |

use crate::percent::hex;
use domain::calendar;
use domain::contact::Contact;
use domain::id::{ContactId, Uuid};
use domain::time::Millis;

/// How a contact is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// A segment, or by `Cid` the first one of a matter.
    Id(ContactId),
    /// A segment.
    Number(u64),
    /// The matter that began in this second, with this serial.
    Cnid {
        /// The second's first millisecond.
        second: Millis,
        /// The last six digits of the first segment's number.
        serial: u64,
    },
}

/// Serials have six digits; they start over after 999,999.
const SERIALS: u64 = 1_000_000;

/// A contact's numbers stay exact in JavaScript.
const LARGEST: u64 = 1 << 53;

impl Name {
    /// Reads any of the names.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if let Some(cid) = text.strip_prefix("NX_") {
            return read_cid(cid).map(Self::Id);
        }
        if let Ok(id) = text.parse() {
            return Some(Self::Id(id));
        }
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        match text.len() {
            22 => read_cnid(text),
            _ => text.parse().ok().filter(|number| *number < LARGEST).map(Self::Number),
        }
    }

    /// Is this the first segment of the matter meant?
    pub(crate) fn fits(self, first: &Contact) -> bool {
        match self {
            Self::Id(id) => first.id == id,
            Self::Number(number) => first.number == number,
            Self::Cnid { second, serial } => {
                first.id == first.initial
                    && first.started.0 / 1_000 == second.0 / 1_000
                    && first.number % SERIALS == serial
            }
        }
    }
}

/// The `Cid` of a matter, from its first segment.
pub(crate) fn cid(first: &Contact) -> String {
    let tail = hex(&first.id.0.as_bytes()[3..]);
    format!("NX_0001{:04X}{:08X}_{tail}", first.number & 0xffff, millis_of(first.id) / 1_000)
}

/// The `cnid` of a matter, from its first segment.
pub(crate) fn cnid(first: &Contact) -> String {
    if let Some(voice) = &first.voice {
        return voice.cnid.as_ref().into();
    }
    let seconds = first.started.0 / 1_000;
    let (year, month, day) =
        calendar::civil(u32::try_from(seconds / 86_400).unwrap_or(u32::MAX >> 1));
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}01{:06}",
        first.number % SERIALS
    )
}

/// Which segment of its matter a contact is.
pub(crate) fn cnsq(contact: &Contact) -> u32 {
    contact.voice.as_ref().map_or(contact.segment, |voice| voice.cnsq)
}

/// The time in a UUID of version 7: its first 48 bits.
fn millis_of(id: ContactId) -> u64 {
    id.0.as_bytes()[..6].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// A UUID loses its first 24 bits in a `Cid`; the seconds that stand there give them back.
fn read_cid(text: &str) -> Option<ContactId> {
    let (head, tail) = text.split_once('_')?;
    let upper = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if head.len() != 16 || tail.len() != 26 || !head.bytes().all(upper) || !tail.bytes().all(lower)
    {
        return None;
    }
    let seconds = u64::from_str_radix(&head[8..], 16).ok()?;
    let mut bytes = [0; 16];
    for (at, byte) in bytes[3..].iter_mut().enumerate() {
        *byte = u8::from_str_radix(&tail[2 * at..2 * at + 2], 16).ok()?;
    }
    let low = u64::from(bytes[3]) << 16 | u64::from(bytes[4]) << 8 | u64::from(bytes[5]);
    let (from, to) = (seconds * 1_000, seconds * 1_000 + 999);
    let high = [from >> 24, to >> 24]
        .into_iter()
        .find(|high| (from..=to).contains(&(high << 24 | low)))?;
    bytes[..3].copy_from_slice(&high.to_be_bytes()[5..]);
    Some(ContactId(Uuid::from_bytes(bytes)))
}

fn read_cnid(text: &str) -> Option<Name> {
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    let day = calendar::day(number(0, 4)?, number(4, 6)?, number(6, 8)?)?;
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    if hour > 23 || minute > 59 || second > 59 || &text[14..16] != "01" {
        return None;
    }
    let seconds = u64::from(day) * 86_400 + u64::from(hour * 3_600 + minute * 60 + second);
    Some(Name::Cnid { second: Millis::from_secs(seconds), serial: u64::from(number(16, 22)?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::contacts::sample;
    use domain::chance::Seeded;

    #[test]
    fn every_name_leads_back() {
        let mut chance = Seeded::new(3);
        for at in [1_763_736_000_123, 1_763_736_000_999, 1_763_735_999_000, (1 << 24) - 1, 1 << 24]
        {
            let mut first = sample();
            first.id = ContactId::new(Millis(at), &mut chance);
            (first.initial, first.started, first.number) = (first.id, Millis(at), 7_000_042);
            assert_eq!(Name::read(&cid(&first)), Some(Name::Id(first.id)), "{}", cid(&first));
            let name = Name::read(&cnid(&first)).unwrap();
            assert!(name.fits(&first), "{}", cnid(&first));
            first.number += 1;
            assert!(!name.fits(&first));
        }
    }

    #[test]
    fn names_look_as_their_wires_want_them() {
        let mut first = sample();
        first.id = "019aa753-fabc-7123-8456-0123456789ab".parse().unwrap();
        (first.initial, first.started, first.number) = (first.id, Millis(1_770_171_323_017), 42);
        assert_eq!(cnid(&first), "2026020402152301000042");
        assert_eq!(cid(&first), "NX_0001002A69209892_53fabc712384560123456789ab");
        assert_eq!(cid(&first).len(), 46);
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in [
            "",
            "abc",
            "-1",
            "9007199254740992",
            "NX_",
            "NX_0001002A",
            "2026130402152301000042",
            "2026020402152302000042",
        ] {
            assert_eq!(Name::read(text), None, "{text}");
        }
        assert_eq!(Name::read("17"), Some(Name::Number(17)));
    }
}
