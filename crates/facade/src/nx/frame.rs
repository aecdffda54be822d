//! The frames of `docs/chat-wire.md`, both ways.

use crate::door::{Effect, Out};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The page's number of a session.
pub(super) type Id = u32;

/// The highest number that a page may choose: 2^31-1.
const HIGHEST: Id = i32::MAX as Id;

/// What a page says.
#[derive(Debug)]
pub(super) enum Frame<'a> {
    /// Opens a room.
    Open(Open),
    /// Takes up a room.
    Resume(Resume),
    /// Says something.
    Say(Say<'a>),
    /// Is writing.
    Typing(Typing),
    /// Has read.
    Read(Read),
    /// Ends it.
    Close(Close),
    /// Is there.
    Pong,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    t: Cow<'a, str>,
}

/// Says something.
#[derive(Debug, Deserialize)]
pub(super) struct Say<'a> {
    pub(super) id: Id,
    pub(super) key: String,
    /// As it was sent.
    #[serde(borrow)]
    pub(super) content: &'a RawValue,
    #[serde(default, borrow)]
    pub(super) to: Cow<'a, str>,
}

/// Is writing, or no more.
#[derive(Debug, Deserialize)]
pub(super) struct Typing {
    pub(super) id: Id,
    pub(super) on: bool,
}

/// Has read up to this line.
#[derive(Debug, Deserialize)]
pub(super) struct Read {
    pub(super) id: Id,
    pub(super) seq: u32,
}

/// Ends a room, or an attempt.
#[derive(Debug, Deserialize)]
pub(super) struct Close {
    pub(super) id: Id,
}

/// Opens a room.
#[derive(Debug, Deserialize)]
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
#[derive(Debug, Deserialize)]
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

impl<'a> Frame<'a> {
    /// Reads a frame; none if it is not one, or lacks what it needs.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let Kind { t } = serde_json::from_str(text).ok()?;
        let frame = match t.as_ref() {
            "say" => Self::Say(of(text)?),
            "typing" => Self::Typing(of(text)?),
            "read" => Self::Read(of(text)?),
            "pong" => Self::Pong,
            "open" => Self::Open(of(text)?),
            "resume" => Self::Resume(of(text)?),
            "close" => Self::Close(of(text)?),
            _ => return None,
        };
        let right = match &frame {
            Self::Open(open) => open.is_right(),
            Self::Resume(resume) => resume.is_right(),
            Self::Say(say) => is_key(&say.key) && say.content.get().starts_with('{'),
            _ => true,
        };
        (right && frame.id().is_none_or(|id| id <= HIGHEST)).then_some(frame)
    }

    /// The session that is meant, if it is one in particular.
    pub(super) const fn id(&self) -> Option<Id> {
        Some(match self {
            Self::Open(open) => open.id,
            Self::Resume(resume) => resume.id,
            Self::Say(say) => say.id,
            Self::Typing(typing) => typing.id,
            Self::Read(read) => read.id,
            Self::Close(close) => close.id,
            Self::Pong => return None,
        })
    }
}

fn of<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn within(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len())
}

fn is_tag(lang: Option<&String>) -> bool {
    lang.is_none_or(|lang| lang.len() <= 35)
}

impl Open {
    fn is_right(&self) -> bool {
        let secret = |key: &String| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            (22..=64).contains(&key.len()) && key.bytes().all(plain)
        };
        let tel = |b: u8| b.is_ascii_alphanumeric() || b"._+@-".contains(&b);
        let dn = |b: u8| b.is_ascii_alphanumeric() || b"*#._-".contains(&b);
        within(&self.realm, 253)
            && within(&self.dn, 64)
            && self.dn.bytes().all(dn)
            && within(&self.tel, 64)
            && self.tel.bytes().all(tel)
            && is_tag(self.lang.as_ref())
            && self.key.as_ref().is_none_or(secret)
    }
}

impl Resume {
    fn is_right(&self) -> bool {
        self.keys.len() <= KEYS
            && self.keys.iter().all(|key| is_key(key))
            && self.token.len() <= 128
            && is_tag(self.lang.as_ref())
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
        content: &'a Shown<'a>,
        agent: &'a str,
        /// Of the agent who says it, or has come.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
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

/// A line's content.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Shown<'a> {
    /// Words.
    Words { r#type: &'static str, message: Cow<'a, str> },
    /// JSON as it was said.
    Raw(&'a RawValue),
    /// JSON that is made here; or a text, of somebody who sent no JSON object.
    Made(Value),
}

impl<'a> Shown<'a> {
    /// Words.
    pub(super) fn words(message: impl Into<Cow<'a, str>>) -> Self {
        Self::Words { r#type: "text", message: message.into() }
    }
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
        let say =
            r#"{"to":"BOTH","content":{"type":"text", "b":1,"a":2},"t":"say","key":"a","id":2}"#;
        let Some(Frame::Say(read)) = Frame::read(say) else { panic!("a say") };
        let raw = r#"{"type":"text", "b":1,"a":2}"#;
        assert_eq!((read.id, &*read.to, read.content.get()), (2, "BOTH", raw));
        for (text, id) in [
            (r#"{"t":"typing","id":2,"on":true}"#, Some(2)),
            (r#"{"t":"read","id":3,"seq":7}"#, Some(3)),
            (r#"{"t":"close","id":4}"#, Some(4)),
            (r#"{"t":"pong"}"#, None),
            (r#"{"t":"resume","id":5,"token":"x","seq":0,"keys":["a"]}"#, Some(5)),
        ] {
            assert_eq!(Frame::read(text).unwrap().id(), id, "{text}");
        }
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
            assert!(Frame::read(junk).is_none(), "{junk:.80}");
        }
    }
}
