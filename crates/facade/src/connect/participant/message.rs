//! `SendMessage` (`amazon-connect-chat.md` 2.2).
//!
//! ```text
//! POST /participant/message   X-Amz-Bearer: <ConnectionToken>
//! {"ContentType":"text/plain","Content":"hi","ClientToken":"…"}
//! {"Id":"…","AbsoluteTime":"…Z"}
//! ```

use super::call::{Call, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::content;
use crate::connect::error::ApiError;
use crate::connect::item::choice;
use crate::connect::time::iso_ms;
use crate::door::{Cx, Step};
use domain::command::{Choice, Command, Done};
use domain::contact::TextKind;
use domain::id::ItemId;
use domain::room::Audience;
use domain::time::Millis;
use serde::Serialize;
use serde::de::IgnoredAny;

/// The most that one message may take, in bytes of UTF-8 (2.2).
pub(super) const CONTENT_BYTES: usize = 16_384;

/// What was sent, and when.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sent {
    id: ItemId,
    absolute_time: String,
}

impl Sent {
    pub(super) fn new(id: ItemId, at: Millis) -> Self {
        Self { id, absolute_time: iso_ms(at.0) }
    }
}

pub(super) fn run(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let name = body.need_text("ContentType", 1..=100)?;
    let text = body.need_text("Content", 1..=CONTENT_BYTES)?;
    let token = body.text("ClientToken", 0..=500)?;
    let kind = content::kind(name)
        .ok_or_else(|| body.bad("ContentType", "is not a type that can be sent"))?;
    if text.len() > CONTENT_BYTES {
        return Err(body.bad("Content", "must have at most 16384 bytes"));
    }
    if content::is_json(kind) && serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Err(body.bad("Content", "must be JSON for this ContentType"));
    }
    let (by, audience, key) = (call.by(), Audience::All, call.key(token));
    let chosen = if kind == TextKind::Choice { choice(text) } else { None };
    let text = text.into();
    let command = match chosen {
        Some(word) => {
            let choice = Choice { menu: None, keyword: word.into() };
            Command::Choose { by, kind, text, choice, audience, key }
        }
        None => Command::Say { by, kind, text, audience, key },
    };
    Ok(call.act(command, |cx, done| match done {
        Done::Posted { item, at, .. } => reply(cx, &Sent::new(item, at)),
        _ => Err(unexpected()),
    }))
}
