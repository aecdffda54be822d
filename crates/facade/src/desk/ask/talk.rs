//! What is said in a room, and read there.

use super::super::frame::No;
use super::super::request::Client;
use super::super::{LARGEST_FILE, LONGEST_TEXT};
use super::{Call, Me, Want};
use crate::door::{Cx, client_key, mint};
use crate::{item, sniff};
use domain::command::Command;
use domain::contact::TextKind;
use domain::id::{ContactId, FileId, RoomId};
use domain::query::Query;
use domain::refusal::Refusal;
use domain::room::Audience;
use domain::time::Millis;
use std::sync::Arc;

/// How long the bytes of an announced file may be put.
const UPLOAD: Millis = Millis::from_mins(15);

/// Lines of one page, where the client does not say.
const PAGE: u16 = 50;

/// Lines of the longest page.
const LONGEST_PAGE: u16 = 100;

pub(super) fn say(
    me: &Me,
    contact: ContactId,
    client: Client,
    text: Arc<str>,
    media: Option<&str>,
    audience: Audience,
) -> Result<Call, No> {
    if text.trim().is_empty() {
        return Err(No::bad("text: is empty"));
    }
    if text.len() > LONGEST_TEXT {
        return Err(No::new("room.too_long", "a message has at most 16,384 bytes"));
    }
    shared_with(audience)?;
    let kind = match media {
        None => TextKind::Plain,
        Some(media) => item::text_kind(media).ok_or(Refusal::UnsupportedText)?,
    };
    let key = client_key("desk.say", &client.0);
    Ok(Call::Do(
        "desk.say",
        Command::Say { by: me.by(contact), kind, text, audience, key: Some(key) },
        Want::Said(key, client),
    ))
}

pub(super) fn typing(me: &Me, contact: ContactId) -> Call {
    Call::Do(
        "desk.typing",
        Command::Typing { by: me.by(contact), audience: Audience::All, key: None },
        Want::Nothing,
    )
}

pub(super) fn read(me: &Me, contact: ContactId, n: u32) -> Call {
    Call::Do("desk.read", Command::MarkUpTo { by: me.by(contact), n }, Want::Nothing)
}

pub(super) fn items(
    me: &Me,
    room: RoomId,
    before: Option<u32>,
    after: Option<u32>,
    limit: Option<u16>,
) -> Result<Call, No> {
    let limit = limit.unwrap_or(PAGE);
    if before.is_some() && after.is_some() {
        return Err(No::bad("give either before or after"));
    }
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(No::bad("limit: 1 to 100"));
    }
    Ok(Call::Read(
        Query::Lines { session: me.session, room, before, after, limit },
        Want::Lines(room),
    ))
}

/// Agents speak to everyone, or among themselves.
fn shared_with(audience: Audience) -> Result<(), No> {
    match audience {
        Audience::All | Audience::Agents => Ok(()),
        Audience::Customer => Err(No::bad("audience: all or agents")),
    }
}

/// What a client says of a file.
pub(super) struct Announced {
    pub(super) name: Arc<str>,
    pub(super) kind: Arc<str>,
    pub(super) size: u64,
    pub(super) audience: Audience,
}

pub(super) fn file(
    cx: &mut Cx<'_>,
    me: &Me,
    contact: ContactId,
    client: Client,
    announced: Announced,
) -> Result<Call, No> {
    let Announced { name, kind, size, audience } = announced;
    shared_with(audience)?;
    if !(1..=LARGEST_FILE).contains(&size) {
        return Err(No::new("file.too_large", "a file has 1 to 20,971,520 bytes"));
    }
    if !(1..=256).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(No::bad("name: 1 to 256 characters"));
    }
    if !(1..=255).contains(&kind.len()) || !kind.is_ascii() {
        return Err(No::bad("type: a media type"));
    }
    let known =
        sniff::ending(&name).is_some_and(|ending| cx.site.settings().file_types.contains(&ending));
    if !known {
        return Err(No::new("file.type", "files of this type may not be sent"));
    }
    let (secret, upload) = mint(cx, me.realm);
    let command = Command::AnnounceFile {
        by: me.by(contact),
        name,
        kind,
        size,
        audience,
        upload,
        until: cx.now.plus(UPLOAD),
        key: client_key("desk.file", &client.0),
    };
    let url = format!("/api/v1/files/upload/{secret}");
    Ok(Call::Do("desk.file", command, Want::Upload(url, client)))
}

pub(super) fn file_done(me: &Me, contact: ContactId, file: FileId) -> Call {
    let key = client_key("desk.file_done", &file.to_string());
    Call::Do(
        "desk.file_done",
        Command::CompleteFile { by: me.by(contact), file, key },
        Want::Filed(key, file),
    )
}
