//! What happened in a room, as an Amazon Connect item: on the socket, in streams, in transcripts
//! (`amazon-connect-chat.md` 3.3 to 3.5, 1.8, 2.4).
//!
//! Who may see it is asked elsewhere (`socket.rs`, the views); here it only gets its form. What the contact cannot show
//! becomes words (section 9).

mod foreign;
mod receipt;
#[cfg(test)]
mod tests;

use crate::connect::time::iso_ms;
use domain::contact::{TextKind, TextKinds};
use domain::fact::Fact;
use domain::id::{ContactId, FileId, ItemId, ParticipantId, RoomId};
use domain::node::Published;
use domain::query::{Lines, Mark};
use domain::room::{Audience, Author, Body, Event, File, FileStatus, Item, MemberRole};
use domain::signal::Signal;
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;

pub(super) use foreign::choice;
pub use receipt::receipt_id;

/// From where a room is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The segment that is open: what is no line of the room (typing, receipts) bears its id.
    pub contact: ContactId,
    /// The kinds of text that the contact can show; others become plain text.
    pub kinds: TextKinds,
}

/// An item in the order of members that the real service prints (3.4). Absent members are left out, never `null`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Wire<'a> {
    absolute_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'static str>,
    id: ItemId,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_id: Option<ParticipantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<[Attachment<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_contact_id: Option<RoomId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<ContactId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related_contact_id: Option<ContactId>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the wire's own names")]
struct Attachment<'a> {
    content_type: &'a str,
    attachment_id: FileId,
    attachment_name: &'a str,
    status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    message_id: ItemId,
    receipts: Vec<Receipt>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_timestamp: Option<String>,
    recipient_participant_id: ParticipantId,
}

/// What a stream's envelope says about an item (1.8, `MessageAttributes`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The item as JSON text.
    pub body: String,
    /// `MESSAGE`, `EVENT`, `ATTACHMENT` or `MESSAGEMETADATA`.
    pub r#type: &'static str,
    /// The item's `ContentType`; attachments have none.
    pub content_type: Option<&'static str>,
    /// The role of whoever caused it; absent on events of the system.
    pub role: Option<&'static str>,
    /// `ALL`, or `CUSTOMER`; what is for agents alone is never streamed.
    pub visibility: &'static str,
    /// The first contact of the room.
    pub initial: RoomId,
    /// The segment it belongs to.
    pub contact: ContactId,
}

/// The name of a role (4.1).
pub const fn role(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Customer => "CUSTOMER",
        MemberRole::Agent => "AGENT",
        MemberRole::Supervisor => "SUPERVISOR",
        MemberRole::Bot => "CUSTOM_BOT",
        MemberRole::System => "SYSTEM",
    }
}

/// The content type of a kind of text (2.2).
pub const fn content_type(kind: TextKind) -> &'static str {
    match kind {
        TextKind::Plain => "text/plain",
        TextKind::Markdown => "text/markdown",
        TextKind::Json => "application/json",
        TextKind::Choices => "application/vnd.amazonaws.connect.message.interactive",
        TextKind::Choice => "application/vnd.amazonaws.connect.message.interactive.response",
        // Never written: it becomes words, or choices (section 9).
        TextKind::Content => "application/vnd.sangdam.content+json",
    }
}

macro_rules! event {
    ($name:literal) => {
        concat!("application/vnd.amazonaws.connect.event.", $name)
    };
}

/// The content type of somebody writing.
pub const TYPING: &str = event!("typing");

/// The content type of receipts on the socket.
const METADATA: &str = event!("message.metadata");

const fn event_type(event: Event) -> &'static str {
    match event {
        Event::Joined => event!("participant.joined"),
        Event::Left => event!("participant.left"),
        Event::Invited => event!("participant.invited"),
        Event::Transferred => event!("transfer.succeeded"),
        Event::TransferFailed => event!("transfer.failed"),
        Event::Ended => event!("chat.ended"),
        Event::Idle => event!("participant.idle"),
        Event::Returned => event!("participant.returned"),
        Event::AutoDisconnected => event!("participant.autodisconnection"),
        Event::Rehydrated => event!("chat.rehydrated"),
        // Our own (`docs/connect-extensions.md`).
        Event::RatingWanted => "application/vnd.sangdam.event.rating.wanted",
    }
}

impl<'a> Wire<'a> {
    fn of(item: &'a Item, kinds: TextKinds) -> Self {
        let mut wire = Self {
            absolute_time: iso_ms(item.at.0),
            content: None,
            content_type: None,
            id: item.id,
            r#type: "EVENT",
            participant_id: None,
            display_name: None,
            participant_role: None,
            attachments: None,
            message_metadata: None,
            initial_contact_id: None,
            contact_id: None,
            related_contact_id: None,
        };
        match &item.body {
            Body::Message { kind, text } => {
                wire.r#type = "MESSAGE";
                let (kind, text) = foreign::shown(*kind, text, kinds);
                wire.content = Some(text);
                wire.content_type = Some(content_type(kind));
                wire.sign(item.by.as_ref());
            }
            Body::File(file) => {
                wire.r#type = "ATTACHMENT";
                wire.attachments = Some([attachment(file)]);
                wire.sign(item.by.as_ref());
            }
            Body::Event(event) => {
                wire.content_type = Some(event_type(*event));
                // Nobody's in particular, even where the room knows whose doing it was (3.4).
                let nobodys = matches!(
                    event,
                    Event::Transferred | Event::TransferFailed | Event::Ended | Event::Rehydrated
                );
                if let (false, Some(by)) = (nobodys, &item.by) {
                    wire.sign(Some(by));
                }
            }
        }
        wire
    }

    /// Names the author; a message of nobody is the system's (3.5.1).
    fn sign(&mut self, by: Option<&'a Author>) {
        let Some(by) = by else {
            self.display_name = Some(SYSTEM_NAME);
            self.participant_role = Some(role(MemberRole::System));
            return;
        };
        let nameless = by.role == MemberRole::System && by.name.is_empty();
        self.participant_id = Some(by.participant);
        self.display_name = Some(if nameless { SYSTEM_NAME } else { &by.name });
        self.participant_role = Some(role(by.role));
    }

    fn at(mut self, room: RoomId, contact: ContactId) -> Self {
        self.initial_contact_id = Some(room);
        self.contact_id = Some(contact);
        self
    }

    fn json(&self) -> String {
        // Strings and numbers into memory: there is nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn frame(&self) -> Option<Arc<str>> {
        let content = serde_json::to_string(&self.json()).ok()?;
        let mut frame = String::with_capacity(FRAME_HEAD.len() + content.len() + 1);
        frame.push_str(FRAME_HEAD);
        frame.push_str(&content);
        frame.push('}');
        Some(frame.into())
    }

    fn notification(self, audience: Audience) -> Option<Notification> {
        let visibility = match audience {
            Audience::All => "ALL",
            Audience::Customer => "CUSTOMER",
            Audience::Agents => return None,
        };
        Some(Notification {
            body: self.json(),
            r#type: self.r#type,
            content_type: self.content_type,
            role: self.participant_role,
            visibility,
            initial: self.initial_contact_id?,
            contact: self.contact_id?,
        })
    }
}

/// What the system's prompts are signed with (3.5.1).
const SYSTEM_NAME: &str = "SYSTEM_MESSAGE";

/// All of a frame but its content, which is JSON in a string (3.3).
const FRAME_HEAD: &str = r#"{"topic":"aws/chat","contentType":"application/json","content":"#;

fn attachment(file: &File) -> Attachment<'_> {
    Attachment {
        // The bare type, as clients declare it; the charset goes with the bytes.
        content_type: file.kind.split(';').next().unwrap_or_default(),
        attachment_id: file.id,
        attachment_name: &file.name,
        status: match file.status {
            FileStatus::Announced | FileStatus::Stored => "IN_PROGRESS",
            FileStatus::Approved => "APPROVED",
            FileStatus::Rejected => "REJECTED",
        },
    }
}

/// The item that a fact is on the wire, if it is one at all.
fn of_fact(published: &Published, view: View) -> Option<(Wire<'_>, Audience)> {
    match &published.fact {
        Fact::Posted { item, .. } => {
            Some((Wire::of(item, view.kinds).at(item.room, item.contact), item.audience))
        }
        Fact::Marked { room, participant, item, read, delivered, .. } => {
            let told = receipt::Told { at: published.at, delivered: *delivered, read: *read };
            let wire = receipt::wire(told, *room, *participant, *item);
            Some((wire.at(*room, view.contact), Audience::All))
        }
        _ => None,
    }
}

fn of_signal(signal: &Signal, view: View) -> Option<(Wire<'_>, Audience)> {
    let Signal::Typing { room, by, id, at, audience } = signal else { return None };
    let mut wire = Wire {
        absolute_time: iso_ms(at.0),
        content: None,
        content_type: Some(TYPING),
        id: *id,
        r#type: "EVENT",
        participant_id: None,
        display_name: None,
        participant_role: None,
        attachments: None,
        message_metadata: None,
        initial_contact_id: Some(*room),
        contact_id: Some(view.contact),
        related_contact_id: None,
    };
    wire.sign(Some(by));
    Some((wire, *audience))
}

/// The `aws/chat` frame of a fact; none where a fact is nothing to show (3.3).
pub fn frame(published: &Published, view: View) -> Option<Arc<str>> {
    of_fact(published, view)?.0.frame()
}

/// The `aws/chat` frame of a signal; none where a signal is nothing to show here.
pub fn signal_frame(signal: &Signal, view: View) -> Option<Arc<str>> {
    of_signal(signal, view)?.0.frame()
}

/// What goes to a stream; none for what is not shown, or is for agents alone, or is a file that was rejected (1.8).
pub fn notification(published: &Published, view: View) -> Option<Notification> {
    if let Fact::Posted { item, .. } = &published.fact
        && rejected(item)
    {
        return None;
    }
    let (wire, audience) = of_fact(published, view)?;
    wire.notification(audience)
}

/// The same of a signal.
pub fn signal_notification(signal: &Signal, view: View) -> Option<Notification> {
    let (wire, audience) = of_signal(signal, view)?;
    wire.notification(audience)
}

/// Is it a file whose bytes contradict its name? Its sender alone hears of it (2.4).
pub fn rejected(item: &Item) -> bool {
    matches!(&item.body, Body::File(file) if file.status == FileStatus::Rejected)
}

/// A page of a transcript, in the order given (2.4): items of this chat bear their `ContactId`, items of earlier ones
/// `RelatedContactId` instead, and messages tell their receipts.
pub fn transcript(lines: &Lines, kinds: TextKinds) -> Vec<Wire<'_>> {
    lines.items.iter().map(|(part, item)| past(item, *part, kinds, &lines.marks)).collect()
}

fn past<'a>(item: &'a Item, part: u16, kinds: TextKinds, marks: &[(RoomId, Mark)]) -> Wire<'a> {
    let mut wire = Wire::of(item, kinds);
    if part == 0 {
        wire.contact_id = Some(item.contact);
    } else {
        wire.related_contact_id = Some(item.contact);
    }
    if matches!(item.body, Body::Message { .. }) {
        let receipts = receipt::of_line(item, marks);
        wire.message_metadata = Some(Metadata { message_id: item.id, receipts });
    }
    wire
}
