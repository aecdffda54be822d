//! What a client asks (`docs/desk-protocol.md` §3): `{"id":7,"do":"say",…}`. Members that are not known are passed over,
//! so that a newer client can speak with an older server.

use super::frame::No;
use super::words::Lang;
use domain::agent::{AgentState, Channel};
use domain::board::{Limits, Spot};
use domain::call::Barge;
use domain::id::{ContactId, FileId, NoticeId, QueueId, RoomId, UserId};
use domain::room::Audience;
use domain::time::Millis;
use serde::Deserialize;
use serde_json::{Number, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One request.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Request {
    Hello {
        #[serde(default)]
        lang: Lang,
    },
    Ping {},
    State {
        state: StateName,
        reason: Option<u8>,
        channel: Option<Channel>,
    },
    Accept {
        contact: ContactId,
    },
    Refuse {
        contact: ContactId,
    },
    Say {
        contact: ContactId,
        client: Client,
        text: Arc<str>,
        #[serde(rename = "type")]
        media: Option<String>,
        #[serde(default)]
        audience: Audience,
    },
    Typing {
        contact: ContactId,
    },
    Read {
        contact: ContactId,
        n: u32,
    },
    Items {
        room: RoomId,
        before: Option<u32>,
        after: Option<u32>,
        limit: Option<u16>,
    },
    File {
        contact: ContactId,
        client: Client,
        name: Arc<str>,
        #[serde(rename = "type")]
        media: Arc<str>,
        size: u64,
        #[serde(default)]
        audience: Audience,
    },
    FileDone {
        contact: ContactId,
        file: FileId,
    },
    Transfer {
        contact: ContactId,
        to: To,
        note: Option<Arc<str>>,
    },
    Invite {
        contact: ContactId,
        agent: UserId,
    },
    Leave {
        contact: ContactId,
    },
    End {
        contact: ContactId,
    },
    Wrapup {
        contact: ContactId,
        code: Option<Arc<str>>,
        note: Option<Arc<str>>,
    },
    Extend {
        contact: ContactId,
        seconds: u64,
    },
    Attributes {
        contact: ContactId,
        #[serde(default)]
        set: BTreeMap<Arc<str>, Arc<str>>,
        #[serde(default)]
        unset: BTreeSet<Arc<str>>,
    },
    People {},
    Today {
        since: Millis,
    },
    History {
        contact: ContactId,
    },
    Monitor {
        contact: Option<ContactId>,
        agent: Option<UserId>,
        #[serde(default)]
        barge: bool,
    },
    /// Be heard no more, or again.
    Mute {
        on: bool,
    },
    /// Let a call be recorded from now on.
    Record {
        contact: ContactId,
    },
    /// Keep nothing of what is said in a call, or keep it again.
    Mask {
        contact: ContactId,
        on: bool,
    },
    /// Send keys to the others in a call.
    Keys {
        contact: ContactId,
        keys: Arc<str>,
    },
    /// What a browser needs to be this agent's telephone.
    Phone {},
    /// Call a number.
    Dial {
        to: Arc<str>,
        #[serde(default)]
        uui: Option<Arc<str>>,
    },
    Hold {
        contact: ContactId,
    },
    Retrieve {
        contact: ContactId,
    },
    Consult {
        contact: ContactId,
        to: Arc<str>,
    },
    Complete {
        contact: ContactId,
        with: ContactId,
    },
    Confer {
        contact: ContactId,
        with: ContactId,
    },
    Barge {
        agent: UserId,
        #[serde(default)]
        mode: Barge,
    },
    Calls {
        limit: Option<u16>,
    },
    Force {
        agent: UserId,
        state: StateName,
    },
    /// From now on, be told what a wallboard shows.
    Wall {},
    Waiting {
        queue: QueueId,
    },
    Move {
        contact: ContactId,
        to: Spot,
    },
    TakeOver {
        contact: ContactId,
    },
    Announce {
        to: TeamName,
        text: Arc<str>,
    },
    Limits {
        limits: Limits,
    },
    /// A message to the team was read.
    Ack {
        notice: NoticeId,
    },
}

/// To whom a message goes.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TeamName {
    /// Everybody.
    All,
    Group(u32),
    Agent(UserId),
}

/// All verbs, to tell an unknown one from one with wrong members.
const VERBS: [&str; 43] = [
    "hello",
    "ping",
    "state",
    "accept",
    "refuse",
    "say",
    "typing",
    "read",
    "items",
    "file",
    "file_done",
    "transfer",
    "invite",
    "leave",
    "end",
    "wrapup",
    "extend",
    "attributes",
    "people",
    "today",
    "history",
    "monitor",
    "mute",
    "record",
    "mask",
    "keys",
    "phone",
    "dial",
    "hold",
    "retrieve",
    "consult",
    "complete",
    "confer",
    "barge",
    "calls",
    "force",
    "wall",
    "waiting",
    "move",
    "take_over",
    "announce",
    "limits",
    "ack",
];

/// Where to pass a contact on.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum To {
    Queue(QueueId),
    Agent(UserId),
    /// Of calls: any number.
    Number(Arc<str>),
}

/// A state, without its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StateName {
    Ready,
    NotReady,
    AfterWork,
    LoggedOff,
}

impl StateName {
    /// With its reason.
    pub(super) const fn with(self, reason: u8) -> AgentState {
        match self {
            Self::Ready => AgentState::Ready,
            Self::NotReady => AgentState::NotReady(reason),
            Self::AfterWork => AgentState::AfterWork(reason),
            Self::LoggedOff => AgentState::LoggedOff(reason),
        }
    }
}

/// A client's own id of something it sends: a UUID.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Client(pub(super) String);

impl TryFrom<String> for Client {
    type Error = domain::id::NotUuid;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.to_lowercase();
        text.parse::<domain::id::Uuid>()?;
        Ok(Self(text))
    }
}

/// Reads a frame: its id, as far as it has one, and what it asks.
pub(super) fn read(text: &str) -> (Option<Number>, Result<Request, No>) {
    let Ok(Value::Object(mut frame)) = serde_json::from_str(text) else {
        return (None, Err(No::bad("a frame is a JSON object")));
    };
    let Some(Value::Number(id)) = frame.remove("id") else {
        return (None, Err(No::bad("id: a number is wanted")));
    };
    let known = match frame.get("do") {
        Some(Value::String(verb)) => VERBS.contains(&verb.as_str()),
        _ => false,
    };
    if !known {
        return (Some(id), Err(No::new("request.unknown", "there is no such thing to do")));
    }
    let request =
        Request::deserialize(Value::Object(frame)).map_err(|error| No::bad(error.to_string()));
    (Some(id), request)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTACT: &str = "019aa753-fabc-7123-8456-0123456789ab";

    fn check(text: &str, expected: Result<Request, &str>) {
        let text = text.replace("CONTACT", CONTACT);
        assert_eq!(read(&text).1.map_err(|no| no.code), expected, "{text}");
    }

    #[test]
    fn requests_are_read() {
        let contact: ContactId = CONTACT.parse().unwrap();
        check(r#"{"id":1,"do":"hello","lang":"ko"}"#, Ok(Request::Hello { lang: Lang::Ko }));
        check(r#"{"id":1,"do":"hello","lang":"fr"}"#, Ok(Request::Hello { lang: Lang::En }));
        check(r#"{"id":1,"do":"hello"}"#, Ok(Request::Hello { lang: Lang::En }));
        check(r#"{"id":-1.5,"do":"accept","contact":"CONTACT"}"#, Ok(Request::Accept { contact }));
        check(
            r#"{"id":1,"do":"transfer","contact":"CONTACT","to":{"queue":"3002"}}"#,
            Ok(Request::Transfer { contact, to: To::Queue("3002".into()), note: None }),
        );
        check(
            r#"{"id":1,"do":"state","state":"not_ready","reason":1}"#,
            Ok(Request::State { state: StateName::NotReady, reason: Some(1), channel: None }),
        );
        check(
            r#"{"id":1,"do":"say","contact":"CONTACT","client":"019AA753-FABC-7123-8456-0123456789AB","text":"안녕"}"#,
            Ok(Request::Say {
                contact,
                client: Client(CONTACT.into()),
                text: "안녕".into(),
                media: None,
                audience: Audience::All,
            }),
        );
    }

    #[test]
    fn what_is_no_request_is_told_apart() {
        check("", Err("request.bad"));
        check("[]", Err("request.bad"));
        check(r#"{"do":"ping"}"#, Err("request.bad"));
        check(r#"{"id":"1","do":"ping"}"#, Err("request.bad"));
        check(r#"{"id":1}"#, Err("request.unknown"));
        check(r#"{"id":1,"do":""}"#, Err("request.unknown"));
        check(r#"{"id":1,"do":"drop_tables"}"#, Err("request.unknown"));
        check(r#"{"id":1,"do":"accept","contact":"x"}"#, Err("request.bad"));
        check(
            r#"{"id":1,"do":"transfer","contact":"CONTACT","to":{"queue":"1","agent":"2"}}"#,
            Err("request.bad"),
        );
        check(
            r#"{"id":1,"do":"say","contact":"CONTACT","client":"1","text":"x"}"#,
            Err("request.bad"),
        );
    }

    #[test]
    fn every_verb_is_known() {
        for verb in VERBS {
            let text = format!(r#"{{"id":1,"do":"{verb}"}}"#);
            assert_ne!(read(&text).1.map_err(|no| no.code), Err("request.unknown"), "{verb}");
            let no = read(&text).1.map_err(|no| no.message).err().unwrap_or_default();
            assert!(!no.contains("unknown variant"), "{verb}: {no}");
        }
    }
}
