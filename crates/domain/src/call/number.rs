//! The number that a call's matter keeps through all its segments.

use crate::time::Millis;
use std::sync::Arc;

/// A matter's number: the moment, so many minutes ahead of UTC, two digits of the node and six of a serial (`nxproxy-rio.md` 7.2).
pub fn cnid(now: Millis, offset_minutes: i32, serial: u64) -> Arc<str> {
    let seconds = (now.0 / 1_000).saturating_add_signed(i64::from(offset_minutes) * 60);
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    format!(
        "{year:04}{month:02}{day:02}{:02}{:02}{:02}01{:06}",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60,
        serial % 1_000_000
    )
    .into()
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
pub const fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + if month <= 2 { 1 } else { 0 }, month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matters_number_is_its_moment_and_a_serial() {
        assert_eq!(&*cnid(Millis(1_770_178_523_017), 0, 42), "2026020404152301000042");
        assert_eq!(&*cnid(Millis(951_782_399_000), 0, 1_000_007), "2000022823595901000007");
        assert_eq!(civil(11_016), (2000, 2, 29));
    }
}
