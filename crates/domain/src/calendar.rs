//! Days as people write them: `2026-01-01` and days counted from 1970-01-01.
//!
//! Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`, `days_from_civil`.

/// Year, month and day of a day counted from 1970-01-01.
pub const fn civil(day: u32) -> (u32, u32, u32) {
    let z = day + 719_468;
    let era = z / 146_097;
    let of_era = z % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + (month <= 2) as u32, month, day)
}

/// The day of a date from 1970 to 9999; none if there is no such date.
pub fn day(year: u32, month: u32, day: u32) -> Option<u32> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let number = (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year)
        .checked_sub(719_468)?;
    (civil(number) == (year, month, day)).then_some(number)
}

/// `2026-01-01`.
pub fn write_date(number: u32) -> String {
    let (year, month, day) = civil(number);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The day of `2026-01-01`.
pub fn read_date(text: &str) -> Option<u32> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let mut parts = text.split('-').map(str::parse);
    let date = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if !plain || parts.next().is_some() { None } else { day(date.0, date.1, date.2) }
}

/// `09:30`, of minutes of a day; 24:00 is its end.
pub fn write_minute(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The minutes of `09:30`.
pub fn read_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |t: &str| {
        (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<u16>().ok())?
    };
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (minute < 60 && hour * 60 + minute <= 1_440).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_reads_back() {
        for number in (0..2_900_000).step_by(97).chain(11_000..12_000) {
            assert_eq!(read_date(&write_date(number)), Some(number));
        }
        assert_eq!((write_date(0), write_date(20_413)), ("1970-01-01".into(), "2025-11-21".into()));
        assert_eq!(read_date("2024-02-29"), Some(19_782));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2025-02-29",
            "1969-12-31",
            "2025-13-01",
            "2025-1-01",
            "+025-01-01",
            "2025-01-01-",
            "2025-01-32",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn minutes_read_back() {
        for minute in 0..=1_440 {
            assert_eq!(read_minute(&write_minute(minute)), Some(minute));
        }
        for text in ["24:01", "9:30", "09:60", "0930", "+9:30"] {
            assert_eq!(read_minute(text), None, "{text}");
        }
    }
}
