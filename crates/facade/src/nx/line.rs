//! A line of a room, as the customer's page is told it.

use super::file_name::{self, Named};
use super::frame::Shown;
use super::words::Sentence;
use super::{address, room::Room};
use crate::content;
use crate::door::{RealmNo, Site};
use domain::contact::TextKind;
use domain::room::{Body, Event, FileStatus, Item, MemberRole};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A line's content, and who is named as its author; none where it is nothing to show.
pub(super) fn content<'a>(
    site: &dyn Site,
    realm: RealmNo,
    room: &Room,
    item: &'a Item,
) -> Option<Shown<'a>> {
    if !item.audience.includes(MemberRole::Customer) {
        return None;
    }
    match &item.body {
        Body::Message { kind, text } => Some(said(*kind, text)),
        Body::File(file) if file.status == FileStatus::Approved => {
            let named = Named { realm, room: item.room, file: file.id };
            let entry = file_name::entry(site, &room.base, &named, file)?;
            Some(Shown::Made(json!({"type": "file", "message": "", "file_data": [entry]})))
        }
        Body::File(_) => None,
        Body::Event(event) => happened(room, *event, item),
    }
}

fn said(kind: TextKind, text: &str) -> Shown<'_> {
    match kind {
        TextKind::Plain | TextKind::Markdown => Shown::words(text),
        // What is no JSON object is a text (`nxwebapi.md` 3).
        TextKind::Content | TextKind::Json => {
            let raw: Option<&RawValue> = serde_json::from_str(text).ok();
            raw.filter(|raw| raw.get().starts_with('{'))
                .map_or_else(|| Shown::Made(Value::String(text.to_owned())), Shown::Raw)
        }
        TextKind::Choices | TextKind::Choice => {
            let shown: Option<Value> = serde_json::from_str(text).ok();
            let told = shown.as_ref().and_then(content::words);
            told.map_or_else(|| Shown::words(text), Shown::words)
        }
    }
}

fn happened<'a>(room: &Room, event: Event, item: &'a Item) -> Option<Shown<'a>> {
    let by = item.by.as_ref();
    let customer = by.is_some_and(|by| by.role == MemberRole::Customer);
    let staff = |role| matches!(role, MemberRole::Agent | MemberRole::Supervisor);
    let agent = by.filter(|by| staff(by.role)).map(|by| &*by.name);
    let sentence = match event {
        Event::Joined => Sentence::Joined(agent?),
        Event::Left => Sentence::Left(agent?),
        Event::Transferred => Sentence::Transferred,
        Event::TransferFailed => Sentence::TransferFailed,
        Event::Idle if customer => Sentence::Idle,
        Event::AutoDisconnected if customer => Sentence::Dropped,
        Event::RatingWanted => {
            let url = address::rating(&room.base, &room.upload);
            return Some(Shown::Made(room.lang.rating(&url)));
        }
        _ => return None,
    };
    Some(Shown::words(room.lang.say(sentence)))
}

/// `yyyy-MM-ddTHH:mm:ss.SSSZ` of milliseconds since 1970 (RFC 3339), up to the year 9999.
pub(super) fn rfc3339(ms: u64) -> String {
    let ms = ms.min(253_402_300_799_999);
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    // Howard Hinnant's `civil_from_days`, with years that begin in March.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    let ms = rest % 1_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_standard_says() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_763_736_000_123, "2025-11-21T14:40:00.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(ms), expected);
        }
    }

    #[test]
    fn json_is_passed_on_as_it_was_said_and_what_is_none_is_a_text() {
        let check = |kind, text: &str, expected: &str| {
            assert_eq!(serde_json::to_string(&said(kind, text)).unwrap(), expected);
        };
        check(TextKind::Json, r#"{"b":1, "a":2}"#, r#"{"b":1, "a":2}"#);
        check(TextKind::Json, "[1]", "\"[1]\"");
        check(TextKind::Content, "{", "\"{\"");
        check(TextKind::Plain, "{}", r#"{"type":"text","message":"{}"}"#);
        let menu = r#"{"TYPE":"SCENARIO","MESSAGE":{"KEYWORD":"HOME"}}"#;
        check(TextKind::Content, menu, menu);
    }
}
