//! Moments as this wire writes them: ISO 8601 with milliseconds, in UTC or with an offset.

use domain::call::civil;
use domain::time::Millis;

/// In UTC, with `Z`.
pub(super) fn utc(at: Millis) -> String {
    format!("{}Z", written(at.0))
}

/// In the realm's time.
pub(super) fn local(at: Millis, offset_minutes: i32) -> String {
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let minutes = offset_minutes.unsigned_abs();
    let shifted = at.0.saturating_add_signed(i64::from(offset_minutes) * 60_000);
    format!("{}{sign}{:02}:{:02}", written(shifted), minutes / 60, minutes % 60)
}

fn written(ms: u64) -> String {
    let (year, month, day) = civil(ms / 86_400_000);
    let of_day = ms % 86_400_000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}",
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1_000 % 60,
        of_day % 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc_and_in_local_time() {
        let at = Millis(1_767_582_245_007);
        assert_eq!(utc(at), "2026-01-05T03:04:05.007Z");
        assert_eq!(local(at, 540), "2026-01-05T12:04:05.007+09:00");
        assert_eq!(local(at, -210), "2026-01-04T23:34:05.007-03:30");
    }
}
