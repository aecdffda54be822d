//! A line of a transcript, as our own wires write it: the desk's socket and `/api/v1` (`docs/desk-protocol.md` §2).
//!
//! Who may see a line is settled before it comes here; see [`for_staff`].

use crate::content;
use domain::contact::TextKind;
use domain::id::{ContactId, FileId, ItemId, ParticipantId};
use domain::room::{Audience, Body, Event, FileStatus, Item, MemberRole};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// A line. Absent members are left out.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    n: u32,
    id: ItemId,
    at: u64,
    contact: ContactId,
    kind: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    media: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    /// A message with parts, as it is; `text` says it in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
    audience: Audience,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<File<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    /// The id its author's client gave it; told to that client alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct By<'a> {
    participant: ParticipantId,
    role: MemberRole,
    name: &'a str,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    id: FileId,
    name: &'a str,
    #[serde(rename = "type")]
    media: &'a str,
    size: u64,
    status: &'static str,
    image: bool,
}

/// May agents and supervisors see it?
pub const fn for_staff(item: &Item) -> bool {
    item.audience.includes(MemberRole::Agent)
}

/// Writes one line.
pub fn line(item: &Item) -> Line<'_> {
    let mut content = None;
    let (kind, media, text, file, event) = match &item.body {
        Body::Message { kind: TextKind::Content, text } => {
            content = serde_json::from_str(text).ok();
            let words = content.as_ref().and_then(content::words);
            let words = words.map_or(Cow::Borrowed(text.as_ref()), Cow::Owned);
            ("message", Some(media(TextKind::Plain)), Some(words), None, None)
        }
        Body::Message { kind, text } => {
            ("message", Some(media(*kind)), Some(Cow::Borrowed(text.as_ref())), None, None)
        }
        Body::File(file) => ("file", None, None, Some(shown(file)), None),
        Body::Event(event) => ("event", None, None, None, Some(name(*event))),
    };
    let by = item.by.as_ref().map(|by| By {
        participant: by.participant,
        role: by.role,
        name: &by.name,
    });
    Line {
        n: item.n,
        id: item.id,
        at: item.at.0,
        contact: item.contact,
        kind,
        media,
        text,
        content,
        audience: item.audience,
        by,
        file,
        event,
        client: None,
    }
}

/// The media type of a text.
pub const fn media(kind: TextKind) -> &'static str {
    match kind {
        TextKind::Plain => "text/plain",
        TextKind::Markdown => "text/markdown",
        TextKind::Json => "application/json",
        TextKind::Choices => "application/vnd.amazonaws.connect.message.interactive",
        TextKind::Choice => "application/vnd.amazonaws.connect.message.interactive.response",
        TextKind::Content => "application/vnd.sangdam.content+json",
    }
}

/// The text of a media type, of those that staff may send.
pub fn text_kind(name: &str) -> Option<TextKind> {
    let kind = TextKind::ALL.into_iter().find(|kind| media(*kind) == name);
    kind.filter(|kind| *kind != TextKind::Content)
}

/// Is it an image of which there can be a thumbnail? SVG is none: it may hold a script.
pub fn image(kind: &str) -> bool {
    matches!(kind, "image/png" | "image/jpeg" | "image/gif" | "image/webp")
}

fn shown(file: &domain::room::File) -> File<'_> {
    let status = match file.status {
        FileStatus::Announced | FileStatus::Stored => "pending",
        FileStatus::Approved => "approved",
        FileStatus::Rejected => "rejected",
    };
    File {
        id: file.id,
        name: &file.name,
        media: &file.kind,
        size: file.size,
        status,
        image: image(&file.kind),
    }
}

const fn name(event: Event) -> &'static str {
    match event {
        Event::Joined => "joined",
        Event::Left => "left",
        Event::Invited => "invited",
        Event::Transferred => "transferred",
        Event::TransferFailed => "transfer_failed",
        Event::Ended => "ended",
        Event::Idle => "idle",
        Event::Returned => "returned",
        Event::AutoDisconnected => "auto_disconnected",
        Event::Rehydrated => "rehydrated",
        Event::RatingWanted => "rating_wanted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{RoomId, Uuid};
    use domain::room::Author;
    use domain::time::Millis;

    fn some(body: Body, audience: Audience) -> Item {
        let uuid = Uuid::from_bytes([7; 16]);
        let by = Author {
            participant: ParticipantId(uuid),
            role: MemberRole::Customer,
            name: "홍길동".into(),
        };
        Item {
            id: ItemId(uuid),
            n: 3,
            at: Millis(5),
            room: RoomId(uuid),
            contact: ContactId(uuid),
            by: Some(by),
            audience,
            body,
        }
    }

    fn check(item: &Item, expected: &str) {
        let text = serde_json::to_string(&line(item)).unwrap();
        let id = "07070707-0707-0707-0707-070707070707";
        assert_eq!(text.replace(id, "U"), expected);
    }

    #[test]
    fn a_line_is_written_without_what_it_has_not() {
        check(
            &some(Body::Message { kind: TextKind::Plain, text: "안녕".into() }, Audience::Agents),
            r#"{"n":3,"id":"U","at":5,"contact":"U","kind":"message","type":"text/plain","text":"안녕","audience":"agents","by":{"participant":"U","role":"customer","name":"홍길동"}}"#,
        );
        let mut left = some(Body::Event(Event::Left), Audience::All);
        left.by = None;
        check(
            &left,
            r#"{"n":3,"id":"U","at":5,"contact":"U","kind":"event","audience":"all","event":"left"}"#,
        );
    }

    #[test]
    fn a_file_tells_its_state_and_whether_it_can_be_shown() {
        let file = domain::room::File {
            id: FileId(Uuid::from_bytes([7; 16])),
            name: "a.svg".into(),
            kind: "image/svg+xml".into(),
            size: 9,
            status: FileStatus::Approved,
        };
        let item = some(Body::File(file), Audience::All);
        let wire = serde_json::to_value(line(&item)).unwrap();
        assert_eq!(wire["file"]["status"], "approved");
        assert_eq!(wire["file"]["image"], false);
    }

    #[test]
    fn what_is_for_the_customer_alone_is_not_for_staff() {
        let say =
            |audience| some(Body::Message { kind: TextKind::Plain, text: "x".into() }, audience);
        assert!(for_staff(&say(Audience::All)) && for_staff(&say(Audience::Agents)));
        assert!(!for_staff(&say(Audience::Customer)));
    }

    #[test]
    fn every_text_kind_is_found_by_its_media_type() {
        for kind in TextKind::ALL {
            let sent = Some(kind).filter(|kind| *kind != TextKind::Content);
            assert_eq!(text_kind(media(kind)), sent);
        }
        assert_eq!(text_kind("text/html"), None);
    }
}
