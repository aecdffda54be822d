//! The frames of `docs/chat-wire.md`, both ways.

use crate::door::{Effect, Out};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// The page's number of a session.
pub(super) type Id = u32;

/// The highest number that a page may choose: 2^31-1.
const HIGHEST: Id = i32::MAX as Id;

/// What a page says.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(super) enum Frame {
    /// Opens a room.
    Open(Box<Open>),
    /// Takes up a room.
    Resume(Box<Resume>),
    /// Says something.
    Say {
        /// Where.
        id: Id,
        /// The client's key of it.
        key: String,
        /// What.
        content: Value,
        /// To whom.
        #[serde(default)]
        to: String,
    },
    /// Is writing.
    Typing {
        /// Where.
        id: Id,
        /// Still, or no more.
        on: bool,
    },
    /// Has read.
    Read {
        /// Where.
        id: Id,
        /// Up to this line.
        seq: u32,
    },
    /// Ends it.
    Close {
        /// Which.
        id: Id,
    },
    /// Is there.
    Pong {},
}

/// Opens a room.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) id: Id,
    pub(super) realm: String,
    pub(super) dn: String,
    pub(super) tel: String,
    #[serde(default)]
    pub(super) lang: Option<String>,
    #[serde(default)]
    pub(super) key: Option<String>,
}

/// Takes up a room.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Resume {
    pub(super) id: Id,
    pub(super) token: String,
    pub(super) seq: u32,
    #[serde(default)]
    pub(super) keys: Vec<String>,
    #[serde(default)]
    pub(super) lang: Option<String>,
}

/// Is it a client's key of a line?
pub(super) fn is_key(key: &str) -> bool {
    (1..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// Keys that a `resume` may ask after.
const KEYS: usize = 100;

impl Frame {
    /// Reads a frame; none if it is not one, or lacks what it needs.
    pub(super) fn read(text: &str) -> Option<Self> {
        let frame: Self = serde_json::from_str(text).ok()?;
        let within = |text: &str, most: usize| (1..=most).contains(&text.len());
        let tag = |lang: &Option<String>| lang.as_ref().is_none_or(|lang| lang.len() <= 35);
        let right = match &frame {
            Self::Open(open) => {
                let secret = |key: &String| {
                    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                    (22..=64).contains(&key.len()) && key.bytes().all(plain)
                };
                let tel = |b: u8| b.is_ascii_alphanumeric() || b"._+@-".contains(&b);
                let dn = |b: u8| b.is_ascii_alphanumeric() || b"*#._-".contains(&b);
                within(&open.realm, 253)
                    && within(&open.dn, 64)
                    && open.dn.bytes().all(dn)
                    && within(&open.tel, 64)
                    && open.tel.bytes().all(tel)
                    && tag(&open.lang)
                    && open.key.as_ref().is_none_or(secret)
            }
            Self::Resume(resume) => {
                resume.keys.len() <= KEYS
                    && resume.keys.iter().all(|key| is_key(key))
                    && resume.token.len() <= 128
                    && tag(&resume.lang)
            }
            Self::Say { key, content, .. } => is_key(key) && content.is_object(),
            _ => true,
        };
        (right && frame.id().is_none_or(|id| id <= HIGHEST)).then_some(frame)
    }

    /// The session that is meant, if it is one in particular.
    pub(super) fn id(&self) -> Option<Id> {
        match self {
            Self::Open(open) => Some(open.id),
            Self::Resume(resume) => Some(resume.id),
            Self::Say { id, .. }
            | Self::Typing { id, .. }
            | Self::Read { id, .. }
            | Self::Close { id } => Some(*id),
            Self::Pong {} => None,
        }
    }
}

/// What a page is told.
#[derive(Debug, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(super) enum Told<'a> {
    /// Its `open` was taken.
    Trying { id: Id },
    /// It waits, or somebody is asked.
    Ringing { id: Id, desc: &'static str },
    /// The room is there.
    Joined {
        id: Id,
        cid: &'a str,
        resume: &'a str,
        upload: &'a str,
        agent: &'a str,
        seq: u32,
        resumed: bool,
    },
    /// A line.
    Said {
        id: Id,
        seq: u32,
        dn: &'a str,
        own: bool,
        content: Cow<'a, Value>,
        agent: &'a str,
        at: String,
    },
    /// What was said is on disk.
    Stored { id: Id, key: &'a str, seq: u32 },
    /// It is not.
    Failed { id: Id, key: &'a str, code: u16, desc: &'static str },
    /// Somebody is writing.
    Typing { id: Id, dn: &'a str, on: bool },
    /// Somebody has read.
    Read { id: Id, dn: &'a str, seq: u32 },
    /// Somebody else serves now.
    Moved { id: Id, agent: &'a str },
    /// The place in the queue.
    Place {
        id: Id,
        place: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        wait: Option<u64>,
    },
    /// The end.
    Closed {
        id: Id,
        code: u16,
        desc: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        rate: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry: Option<u32>,
    },
    /// Is the page there?
    Ping,
}

impl Told<'_> {
    /// Lays the frame out to be sent.
    pub(super) fn send(&self, out: &mut Out) {
        // Strings and numbers into memory: there is nothing that could fail.
        let text = serde_json::to_string(self).unwrap_or_default();
        out.push(Effect::Send(text.into()));
    }
}

/// The phrase of a code (RFC 3261 §21; `docs/chat-wire.md`).
pub(super) const fn phrase(code: u16) -> &'static str {
    match code {
        0 => "Call terminated",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        603 => "Decline",
        _ => "Service Unavailable",
    }
}

/// The end of a session, or of an attempt.
pub(super) fn closed(id: Id, code: u16, rate: Option<&str>, out: &mut Out) {
    let retry = (code == 503).then_some(60);
    Told::Closed { id, code, desc: phrase(code), rate, retry }.send(out);
}

/// A line that was not stored.
pub(super) fn failed(id: Id, key: &str, code: u16, out: &mut Out) {
    Told::Failed { id, key, code, desc: phrase(code) }.send(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_says_is_read() {
        let open = r#"{"t":"open","id":1,"realm":"r","dn":"3105","tel":"01012345678","lang":"ko","new":[1]}"#;
        let Some(Frame::Open(read)) = Frame::read(open) else { panic!("an open") };
        assert_eq!((read.id, &*read.dn, read.key), (1, "3105", None));
        let say = r#"{"t":"say","id":2,"key":"a","content":{"type":"text"},"to":"BOTH"}"#;
        assert!(matches!(Frame::read(say), Some(Frame::Say { id: 2, .. })));
        assert_eq!(
            Frame::read(r#"{"t":"typing","id":2,"on":true}"#),
            Some(Frame::Typing { id: 2, on: true })
        );
        assert_eq!(
            Frame::read(r#"{"t":"read","id":2,"seq":7}"#),
            Some(Frame::Read { id: 2, seq: 7 })
        );
        assert_eq!(Frame::read(r#"{"t":"close","id":2}"#), Some(Frame::Close { id: 2 }));
        assert_eq!(Frame::read(r#"{"t":"pong"}"#), Some(Frame::Pong {}));
        let resume = r#"{"t":"resume","id":3,"token":"x","seq":0,"keys":["a"]}"#;
        assert!(matches!(Frame::read(resume), Some(Frame::Resume(_))));
    }

    #[test]
    fn what_is_no_frame_is_none() {
        let deep = "[".repeat(60_000);
        let long = format!(r#"{{"t":"say","id":1,"key":"{}","content":{{}}}}"#, "k".repeat(65));
        for junk in [
            "",
            "x",
            "[]",
            "{}",
            &deep,
            &long,
            r#"{"t":"shout","id":1}"#,
            r#"{"t":"open","id":-1,"realm":"r","dn":"1","tel":"1"}"#,
            r#"{"t":"open","id":4294967295,"realm":"r","dn":"1","tel":"1"}"#,
            r#"{"t":"open","id":1,"realm":"r","dn":"1"}"#,
            r#"{"t":"open","id":1,"realm":"r","dn":"1","tel":"홍길동"}"#,
            r#"{"t":"open","id":1,"realm":"r","dn":"1 2","tel":"1"}"#,
            r#"{"t":"open","id":1,"realm":"","dn":"1","tel":"1"}"#,
            r#"{"t":"open","id":1,"realm":"r","dn":"1","tel":"1","key":"short"}"#,
            r#"{"t":"say","id":1,"key":"","content":{}}"#,
            r#"{"t":"say","id":1,"key":"a b","content":{}}"#,
            r#"{"t":"say","id":1,"key":"a","content":"text"}"#,
            r#"{"t":"typing","id":1}"#,
            r#"{"t":"read","id":1,"seq":-1}"#,
            r#"{"t":"close"}"#,
        ] {
            assert_eq!(Frame::read(junk), None, "{junk:.80}");
        }
    }
}
