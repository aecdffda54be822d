//! Times as seed 004 §0.3 writes them: text on the participant service and the
//! socket, numbers on the control plane, the compact form in `SigV4` (§0.5).
//!
//! A time is milliseconds since 1970, UTC; reading the clock is the server's.
//! The calendar is Howard Hinnant's `days_from_civil` and `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>).

use serde_json::Number;

/// The last millisecond that four digits of a year can show; later times are shown as it.
const LAST_MS: u64 = 253_402_300_799_999;

const DAY_MS: u64 = 86_400_000;

/// Writes `yyyy-MM-ddTHH:mm:ss.SSSZ`. The width never changes: clients order
/// messages by comparing these texts (seed 004 §0.3).
#[must_use]
pub fn iso_ms(ms: u64) -> String {
    let ms = ms.min(LAST_MS);
    let civil = Civil::from_ms(ms);
    let mut out = *b"0000-00-00T00:00:00.000Z";
    put(&mut out[0..4], civil.year);
    put(&mut out[5..7], civil.month);
    put(&mut out[8..10], civil.day);
    put(&mut out[11..13], civil.hour);
    put(&mut out[14..16], civil.minute);
    put(&mut out[17..19], civil.second);
    put(&mut out[20..23], ms % 1000);
    text(&out)
}

/// The number of seconds, with its fraction where there is one: `1763736000.123` (seed 004 §0.3).
#[must_use]
pub fn seconds(ms: u64) -> Number {
    let ms = ms.min(LAST_MS);
    if ms.is_multiple_of(1000) {
        return Number::from(ms / 1000);
    }
    #[expect(clippy::cast_precision_loss, reason = "LAST_MS is below 2^53")]
    let seconds = ms as f64 / 1000.0;
    finite(seconds)
}

/// Reads `yyyy-MM-ddTHH:mm:ssZ`, with or without a fraction of up to nine digits
/// (`StartPosition.AbsoluteTime`, seed 004 §2.4). What is finer than a millisecond is cut off.
#[must_use]
pub fn parse_iso(text: &str) -> Option<u64> {
    let (date, fraction) = text.as_bytes().split_at_checked(19)?;
    let civil = match *date {
        [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _] => Civil {
            year: number(&date[0..4])?,
            month: number(&date[5..7])?,
            day: number(&date[8..10])?,
            hour: number(&date[11..13])?,
            minute: number(&date[14..16])?,
            second: number(&date[17..19])?,
        },
        _ => return None,
    };
    let ms = match fraction {
        b"Z" => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            number(digits)?;
            let digit = |at| digits.get(at).map_or(0, |d: &u8| u64::from(d - b'0'));
            digit(0) * 100 + digit(1) * 10 + digit(2)
        }
        _ => return None,
    };
    Some(civil.to_ms()? + ms)
}

/// Writes `X-Amz-Date`: `yyyyMMddTHHmmssZ` (seed 004 §0.5).
pub(crate) fn basic(ms: u64) -> String {
    let civil = Civil::from_ms(ms.min(LAST_MS));
    let mut out = *b"00000000T000000Z";
    put(&mut out[0..4], civil.year);
    put(&mut out[4..6], civil.month);
    put(&mut out[6..8], civil.day);
    put(&mut out[9..11], civil.hour);
    put(&mut out[11..13], civil.minute);
    put(&mut out[13..15], civil.second);
    text(&out)
}

/// Reads `X-Amz-Date`: `yyyyMMddTHHmmssZ` (seed 004 §0.5).
pub(crate) fn parse_basic(text: &str) -> Option<u64> {
    let b: &[u8; 16] = text.as_bytes().try_into().ok()?;
    if b[8] != b'T' || b[15] != b'Z' {
        return None;
    }
    Civil {
        year: number(&b[0..4])?,
        month: number(&b[4..6])?,
        day: number(&b[6..8])?,
        hour: number(&b[9..11])?,
        minute: number(&b[11..13])?,
        second: number(&b[13..15])?,
    }
    .to_ms()
}

/// A moment as a calendar and a clock on the wall show it, to the second, UTC.
struct Civil {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Civil {
    fn from_ms(ms: u64) -> Self {
        let (days, second) = (ms / DAY_MS, ms / 1000 % 86_400);
        // Years begin in March, so that the leap day is their last; eras are 400 years.
        let z = days + 719_468;
        let day_of_era = z % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: z / 146_097 * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// `None` for what is on no calendar (30 February, 24:00, second 60) or before 1970.
    fn to_ms(&self) -> Option<u64> {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days_in_month = match self.month {
            2 => 28 + u64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if self.year < 1970 || !(1..=days_in_month).contains(&self.day) {
            return None;
        }
        if self.hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let year = self.year - u64::from(self.month <= 2);
        let from_march = (self.month + 9) % 12;
        let day_of_year = (153 * from_march + 2) / 5 + self.day - 1;
        let day_of_era = year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + day_of_year;
        let days = year / 400 * 146_097 + day_of_era - 719_468;
        Some(days * DAY_MS + (self.hour * 3600 + self.minute * 60 + self.second) * 1000)
    }
}

/// Fills `place` with the decimal digits of `value`, from the right.
fn put(place: &mut [u8], mut value: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Reads up to nine decimal digits, and nothing but digits.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |sum, d| d.is_ascii_digit().then(|| sum * 10 + u64::from(d - b'0')))
}

fn finite(seconds: f64) -> Number {
    Number::from_f64(seconds).expect("a time is a finite number")
}

fn text(ascii: &[u8]) -> String {
    str::from_utf8(ascii).expect("digits and marks are ASCII").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments and their texts, from GNU date: `date -u -d @<s> +%FT%TZ`.
    const MOMENTS: [(u64, &str); 12] = [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_440_938_160_000, "2015-08-30T12:36:00.000Z"),
        (1_573_180_888_172, "2019-11-08T02:41:28.172Z"), // seed 004 §0.3
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
        (1_763_736_000_123, "2025-11-21T14:40:00.123Z"), // seed 004 §0.3
        (1_772_256_625_900, "2026-02-28T05:30:25.900Z"), // seed 004 §3.5
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
    ];

    #[test]
    fn a_moment_is_written_with_three_digits_and_read_back() {
        for (ms, text) in MOMENTS {
            assert_eq!(iso_ms(ms), text);
            assert_eq!(parse_iso(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn the_compact_form_is_written_and_read_to_the_second() {
        assert_eq!(basic(1_440_938_160_999), "20150830T123600Z");
        for (ms, _) in MOMENTS {
            assert_eq!(parse_basic(&basic(ms)), Some(ms / 1000 * 1000));
        }
        assert_eq!(basic(u64::MAX), "99991231T235959Z");
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_day_before() {
        let mut before = String::new();
        // 430 years hold a whole era; the test above has the end of time.
        for day in 0..=157_054 {
            let text = iso_ms(day * DAY_MS);
            assert!(text > before, "{text} after {before}");
            assert_eq!(parse_iso(&text), Some(day * DAY_MS), "{text}");
            before = text;
        }
        assert_eq!(before, "2400-01-01T00:00:00.000Z");
    }

    #[test]
    fn times_beyond_the_year_9999_keep_their_width() {
        assert_eq!(iso_ms(LAST_MS + 1), "9999-12-31T23:59:59.999Z");
        assert_eq!(iso_ms(u64::MAX), "9999-12-31T23:59:59.999Z");
        assert_eq!(seconds(u64::MAX).to_string(), "253402300799.999");
    }

    #[test]
    fn a_fraction_may_be_missing_shorter_or_longer() {
        for (text, ms) in [
            ("1970-01-01T00:00:07Z", 7000),
            ("1970-01-01T00:00:07.5Z", 7500),
            ("1970-01-01T00:00:07.05Z", 7050),
            ("1970-01-01T00:00:07.0009Z", 7000),
            ("1970-01-01T00:00:07.123999999Z", 7123),
        ] {
            assert_eq!(parse_iso(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_not_read() {
        for text in [
            "",
            "Z",
            "2026-02-28",
            "2026-02-28T05:30:25",
            "2026-02-28T05:30:25.Z",
            "2026-02-28T05:30:25.1234567890Z",
            "2026-02-28T05:30:25.12xZ",
            "2026-02-28T05:30:25,123Z",
            "2026-02-28T05:30:25z",
            "2026-02-28T05:30:25ZZ",
            "2026-02-28 05:30:25Z",
            "2026-02-28T05:30:25+09:00",
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "20260101T000000Z",
            "2026-01-01T00:00:0한Z",
            "한한한한한한한한한한",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_compact_date_is_not_read() {
        for text in [
            "",
            "20260228",
            "20260228T053025",
            "20260228t053025Z",
            "20260228T053025z",
            "20260228T053025ZZ",
            "20260229T000000Z",
            "20260228T240000Z",
            "19691231T235959Z",
            "2026-2-8T053025Z",
            "+0260228T053025Z",
            "2026022한T05302Z",
        ] {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_are_numbers_with_all_their_milliseconds() {
        for (ms, json) in [
            (0, "0"),
            (1, "0.001"),
            (1_763_736_000_000, "1763736000"),
            (1_763_736_000_123, "1763736000.123"), // seed 004 §0.3
            (1_763_736_000_100, "1763736000.1"),
            (LAST_MS, "253402300799.999"),
        ] {
            assert_eq!(serde_json::to_string(&seconds(ms)).unwrap(), json);
        }
        for ms in (1_700_000_000_000..).step_by(999_983).take(2000) {
            let json = seconds(ms).to_string();
            let (whole, fraction) = json.split_once('.').unwrap_or((&json, ""));
            assert_eq!(format!("{whole}{fraction:0<3}"), ms.to_string());
        }
    }
}
