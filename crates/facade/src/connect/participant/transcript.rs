//! `GetTranscript` (`amazon-connect-chat.md` 2.4, 1.2).
//!
//! ```text
//! POST /participant/transcript   X-Amz-Bearer: <ConnectionToken>
//! {"MaxResults":15,"SortOrder":"ASCENDING","ScanDirection":"BACKWARD","StartPosition":{}}
//! {"InitialContactId":"…","Transcript":[{…}],"NextToken":"…"}
//! ```
//!
//! A page is chosen by where it starts and which way it is scanned; the order of sorting only turns it round.

use super::call::{Call, ask, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::connect::item::{self, Wire};
use crate::connect::time::parse_iso;
use crate::door::{Cx, Step};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::contact::{TextKind, TextKinds};
use domain::id::{ContactId, RoomId};
use domain::query::{Answer, ContactName, From, Lines, Place, Query};
use domain::room::Body;
use domain::time::Millis;
use serde::Serialize;

/// So many items where none or 0 is asked for.
const USUAL: u16 = 10;

/// The first byte of a `NextToken`: tokens of another form are refused.
const TOKEN_FORM: u8 = 2;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the wire's own names")]
struct Transcript<'a> {
    initial_contact_id: RoomId,
    transcript: Vec<Wire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// How the page is turned when it is written.
#[derive(Debug, Clone, Copy)]
struct Order {
    forward: bool,
    ascending: bool,
}

pub(super) fn run(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let contact = contact(&body)?;
    let limit = match u16::try_from(body.integer("MaxResults", 0..=100)?.unwrap_or_default()) {
        Ok(0) | Err(_) => USUAL,
        Ok(limit) => limit,
    };
    let forward = body.choice("ScanDirection", &[("FORWARD", true), ("BACKWARD", false)])?;
    let order = body.choice("SortOrder", &[("ASCENDING", true), ("DESCENDING", false)])?;
    let start = start(&body)?;
    let next = body.text("NextToken", 0..=1_000)?.filter(|token| !token.is_empty());
    let foreign = body.bad("NextToken", "is not one of ours");
    let (from, forward, issued) = match next {
        Some(token) => {
            let Some((room, place, forward)) = open(token) else { return Err(foreign) };
            (From::After(place), forward, Some(room))
        }
        None => (start.unwrap_or(From::Newest), forward.unwrap_or(start.is_some()), None),
    };
    let order = Order { forward, ascending: order.unwrap_or_default() };
    if from == From::Newest && forward {
        // The cursor is "now", and nothing is newer.
        return Ok(call.ask_holder(move |cx, holder| {
            let none =
                Lines { room: holder.room, items: Vec::new(), marks: Vec::new(), next: None };
            write(cx, none, order, TextKinds::PLAIN)
        }));
    }
    let realm = call.realm;
    let query = Query::Transcript { by: call.by(), contact, from, forward, limit };
    Ok(call.ask(query, move |cx, answer| {
        let Answer::Lines(lines) = answer else { return Err(unexpected()) };
        // A place in one chat is none in another.
        if issued.is_some_and(|room| room != tag(lines.room)) {
            return Err(foreign);
        }
        let plain =
            |body: &Body| !matches!(body, Body::Message { kind, .. } if *kind != TextKind::Plain);
        if lines.items.iter().all(|(_, item)| plain(&item.body)) {
            return write(cx, lines, order, TextKinds::PLAIN);
        }
        // An earlier chat may have shown what this one cannot.
        let this = Query::Contact(ContactName::Id(lines.room.into()));
        Ok(ask(realm, this, move |cx, answer| match answer {
            Answer::Contact(contact, _) => write(cx, lines, order, contact.kinds),
            _ => Err(unexpected()),
        }))
    }))
}

fn contact(body: &Object<'_>) -> Result<Option<ContactId>, ApiError> {
    let Some(text) = body.text("ContactId", 1..=256)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| body.bad("ContactId", "is not a contact of this chat"))
}

/// Where to start. A structure without members is as good as none: chatjs always sends one.
fn start(body: &Object<'_>) -> Result<Option<From>, ApiError> {
    let Some(at) = body.object("StartPosition")? else { return Ok(None) };
    let id = at.text("Id", 1..=256)?;
    let time = at.text("AbsoluteTime", 1..=100)?;
    let recent = at.integer("MostRecent", 0..=100)?;
    Ok(Some(match (id, time, recent) {
        (None, None, None) => return Ok(None),
        (Some(id), None, None) => {
            From::Item(id.parse().map_err(|_| at.bad("Id", "is not an item of this chat"))?)
        }
        (None, Some(time), None) => {
            let ms = parse_iso(time).ok_or_else(|| {
                at.bad("AbsoluteTime", "must be a time such as 2026-11-21T14:40:38.991Z")
            })?;
            From::Time(Millis(ms))
        }
        (None, None, Some(n)) => match u32::try_from(n) {
            Ok(0) | Err(_) => From::Newest,
            Ok(n) => From::MostRecent(n),
        },
        _ => return Err(body.bad("StartPosition", "must have one member")),
    }))
}

fn write(
    cx: &mut Cx<'_>,
    mut lines: Lines,
    order: Order,
    kinds: TextKinds,
) -> Result<Step, ApiError> {
    if order.forward != order.ascending {
        lines.items.reverse();
    }
    let page = Transcript {
        initial_contact_id: lines.room,
        transcript: item::transcript(&lines, kinds),
        next_token: lines.next.map(|place| seal(lines.room, place, order.forward)),
    };
    reply(cx, &page)
}

/// The part of a room's id that its tokens carry: they hold for this chat alone.
type Tag = [u8; 8];

/// The end of a room's id, which is chance; its beginning is time, and many rooms may share it.
fn tag(room: RoomId) -> Tag {
    let bytes = room.0.as_bytes();
    std::array::from_fn(|nth| bytes[8 + nth])
}

/// A chat, a place and a direction as one word: form, direction, part, line, tag, in bytes, most significant first.
fn seal(room: RoomId, place: Place, forward: bool) -> String {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&[TOKEN_FORM, u8::from(forward)]);
    bytes[2..4].copy_from_slice(&place.part.to_be_bytes());
    bytes[4..8].copy_from_slice(&place.n.to_be_bytes());
    bytes[8..].copy_from_slice(&tag(room));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn open(token: &str) -> Option<(Tag, Place, bool)> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let [TOKEN_FORM, forward @ (0 | 1), part_high, part_low, a, b, c, d, tag @ ..] = bytes else {
        return None;
    };
    let place = Place {
        part: u16::from_be_bytes([part_high, part_low]),
        n: u32::from_be_bytes([a, b, c, d]),
    };
    Some((tag, place, forward == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> RoomId {
        "01a1fff3-ac7a-7e92-a62e-54e3a83b5fda".parse().unwrap()
    }

    #[test]
    fn a_next_token_holds_chat_place_and_direction() {
        for part in [0, 1, 256, u16::MAX] {
            for n in [0, 1, 65_536, u32::MAX] {
                for forward in [false, true] {
                    let place = Place { part, n };
                    let token = seal(room(), place, forward);
                    assert_eq!(open(&token), Some((tag(room()), place, forward)));
                }
            }
        }
    }

    #[test]
    fn row_59_any_other_word_is_no_next_token() {
        let good = seal(room(), Place { part: 0, n: 7 }, false);
        for bad in [
            "",
            "x",
            "garbage-token",
            "AAAAAAAAAAA",
            &good[1..],
            &format!("{good}A"),
            &format!("{good}="),
        ] {
            assert_eq!(open(bad), None, "{bad}");
        }
    }
}
