//! A room's Cid: `NX_` + 16 upper-case hex digits + `_` + 26 lower-case ones (`nxwebapi.md` 3).
//!
//! It says nothing but which room is meant, and says it both ways, so nothing has to be kept: node (the realm), serial
//! (the low bits of the moment), UNIX time; then the random part of the room's id, and a check of all that. It admits
//! nobody.

use crate::door::RealmNo;
use domain::id::{RoomId, Uuid};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The Cid of a room.
pub fn cid(realm: RealmNo, room: RoomId) -> String {
    let id = room.0.as_bytes();
    let mut ms = [0; 8];
    ms[2..].copy_from_slice(&id[..6]);
    let ms = u64::from_be_bytes(ms);
    let (serial, seconds) = (ms & 0xffff, (ms / 1_000) & 0xffff_ffff);
    let mut cid = format!("NX_{:04X}{serial:04X}{seconds:08X}_", realm.0);
    for byte in id[6..].iter().chain(&check(realm, room)) {
        let _ = write!(cid, "{byte:02x}");
    }
    cid
}

/// The room of a Cid; none if it is not one of ours.
pub fn room(cid: &str) -> Option<(RealmNo, RoomId)> {
    let (head, tail) = cid.strip_prefix("NX_")?.split_once('_')?;
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    if head.len() != 16 || tail.len() != 26 || !hex(head) || !hex(tail) {
        return None;
    }
    let realm = RealmNo(u16::from_str_radix(&head[..4], 16).ok()?);
    let serial = u64::from_str_radix(&head[4..8], 16).ok()?;
    let seconds = u64::from_str_radix(&head[8..], 16).ok()?;
    // The one moment in that second with these low bits.
    let from = seconds * 1_000;
    let ms = from + (serial.wrapping_sub(from) & 0xffff);
    let mut id = [0; 16];
    id[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
    for (at, byte) in id[6..].iter_mut().enumerate() {
        *byte = u8::from_str_radix(&tail[2 * at..2 * at + 2], 16).ok()?;
    }
    let found = RoomId(Uuid::from_bytes(id));
    (self::cid(realm, found) == cid).then_some((realm, found))
}

fn check(realm: RealmNo, room: RoomId) -> [u8; 3] {
    let mut hash = Sha256::new();
    hash.update(b"nx.cid");
    hash.update(realm.0.to_be_bytes());
    hash.update(room.0.as_bytes());
    let hash = hash.finalize();
    [hash[0], hash[1], hash[2]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::chance::Seeded;
    use domain::time::Millis;

    #[test]
    fn a_cid_has_the_form_of_the_guide_and_names_its_room() {
        let mut chance = Seeded::new(3);
        for at in [1_616_638_962_000, 1_616_638_962_999, 1_763_736_000_123, 1_763_736_065_535] {
            let room = RoomId::new(Millis(at), &mut chance);
            let cid = cid(RealmNo(2), room);
            assert_eq!(cid.len(), 46);
            assert_eq!(&cid[11..19], format!("{:08X}", at / 1_000), "the time, in seconds");
            assert_eq!(cid[..19].to_uppercase(), cid[..19]);
            assert_eq!(cid[20..].to_lowercase(), cid[20..]);
            assert_eq!(super::room(&cid), Some((RealmNo(2), room)), "{cid}");
        }
    }

    #[test]
    fn what_is_no_cid_of_ours_names_nothing() {
        let good = cid(RealmNo(0), RoomId::new(Millis(1_763_736_000_123), &mut Seeded::new(1)));
        for at in 3..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let bad = String::from_utf8(bytes).unwrap();
            assert_eq!(room(&bad), None, "{bad}");
        }
        for bad in ["", "NX_", "NX_00020009605BF4A6_161656744744efb1441f283b70", "가나다"] {
            assert_eq!(room(bad), None, "{bad}");
        }
    }
}
