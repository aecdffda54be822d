//! How long a realm keeps things: after that they are pruned, and nobody has them any more.
//!
//! The views know what is past ([`Past`]); the bytes of files and recordings go first, then the centre decides what is
//! [`Pruned`], and its fact takes the rest out of the views. Facts themselves leave the journal when all that is kept of their
//! time is past, and snapshots hold what they made.

use crate::id::{FileId, RoomId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// The longest time that can be set: 100 years.
pub const LONGEST_DAYS: u32 = 36_500;

/// Days that things are kept after their matter has ended (recordings: after they began); 0 or absent is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Rooms: what was written in them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rooms: u32,
    /// Files that were sent in rooms, with their thumbnails.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub files: u32,
    /// Recordings of calls.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub recordings: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_zero(days: &u32) -> bool {
    *days == 0
}

impl Retention {
    /// Everything is kept for ever.
    pub fn is_endless(&self) -> bool {
        *self == Self::default()
    }

    /// What is past at this moment.
    pub fn horizons(&self, now: Millis) -> Horizons {
        let horizon = |days: u32| {
            (days > 0).then(|| now.since(Millis::from_secs(u64::from(days) * 24 * 3_600)))
        };
        let rooms = horizon(self.rooms);
        // The files of a room go with it at the latest.
        let files = horizon(self.files).max(rooms);
        Horizons { rooms, files, recordings: horizon(self.recordings) }
    }

    /// Can it be set so?
    ///
    /// # Errors
    ///
    /// Which value is too large.
    pub fn check(&self) -> Result<(), String> {
        let all = [("rooms", self.rooms), ("files", self.files), ("recordings", self.recordings)];
        match all.iter().find(|(_, days)| *days > LONGEST_DAYS) {
            Some((what, _)) => Err(format!("retention.{what}: 0 (for ever) to 36,500 days")),
            None => Ok(()),
        }
    }
}

/// Whatever ended (recordings: began) before these moments is past; none: nothing is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Horizons {
    /// Of rooms.
    pub rooms: Option<Millis>,
    /// Of files; never earlier than that of rooms.
    pub files: Option<Millis>,
    /// Of recordings.
    pub recordings: Option<Millis>,
}

impl Horizons {
    /// Before this moment everything is past, whatever it is; none while something is kept for ever.
    pub fn all(&self) -> Option<Millis> {
        Some(self.rooms?.min(self.files?).min(self.recordings?))
    }
}

/// What is past, and still there: so many of each at most that a fact of it stays small.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Rooms without files.
    pub rooms: Vec<RoomId>,
    /// Files.
    pub files: Vec<FileId>,
    /// Recordings.
    pub recordings: Vec<FileId>,
    /// The earliest deed that began a contact of which something may not be past; none if there is no such contact.
    pub keep: Option<u64>,
}

impl Past {
    /// So many of each are told of at once.
    pub const MOST: usize = 200;

    /// Is nothing left to prune?
    pub const fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.files.is_empty() && self.recordings.is_empty()
    }
}

/// What was pruned: it is not kept any more, nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Rooms: what was written in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<RoomId>,
    /// Files, with their thumbnails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileId>,
    /// Recordings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recordings: Vec<FileId>,
    /// Deeds before this one left the journal, and with them the records of the contacts that they began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_lies_so_many_days_back_and_files_never_outlive_their_room() {
        let day = 24 * 3_600_000;
        let now = Millis(100 * day);
        let check = |rooms, files, recordings, expected: [Option<u64>; 3], all: Option<u64>| {
            let horizons = Retention { rooms, files, recordings }.horizons(now);
            let of = |days: Option<u64>| days.map(|days| Millis(days * day));
            assert_eq!(
                [horizons.rooms, horizons.files, horizons.recordings],
                expected.map(of),
                "{rooms} {files} {recordings}"
            );
            assert_eq!(horizons.all(), of(all));
        };
        check(0, 0, 0, [None; 3], None);
        check(30, 0, 0, [Some(70), Some(70), None], None);
        check(30, 10, 90, [Some(70), Some(90), Some(10)], Some(10));
        check(0, 10, 90, [None, Some(90), Some(10)], None);
        assert!(Retention { rooms: 36_501, ..Retention::default() }.check().is_err());
    }
}
