//! Why the domain says no.
//!
//! A refusal is an ordinary answer: it leaves everything as it was, has a stable code, and is not logged as an error.
//! Faults (a full disk) are another type and live in `server`. Each façade maps refusals to its own numbers, once.

use crate::id::ContactId;
use std::sync::Arc;

/// A command that was understood, but not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token or session is unknown, has expired, or is of the wrong kind.
    #[error("the token is unknown, has expired, or is of another kind")]
    BadToken,
    /// The token was right, but the chat is over.
    #[error("the chat has ended")]
    ChatEnded,
    /// This person's role does not allow it.
    #[error("not allowed for this role")]
    NotAllowed,
    /// The name or the password is wrong, or the person may not log in.
    #[error("the name or the password is wrong")]
    WrongPassword,
    /// The password was right; a second factor is asked for as well.
    #[error("a one-time code is needed, too")]
    CodeNeeded,
    /// The one-time or recovery code is wrong, or was taken before.
    #[error("the code is wrong, or was used before")]
    WrongCode,
    /// The password was right; this role must set a second factor first.
    #[error("a second factor must be set first")]
    MustEnrol,
    /// The password was right, but this realm takes an identity provider's word alone.
    #[error("passwords are not taken here: log in by the identity provider")]
    PasswordsOff,
    /// No contact has this id.
    #[error("there is no such contact")]
    NoSuchContact,
    /// The contact is not in memory: look it up, [`Recall`](crate::command::Command::Recall) it, and ask again.
    #[error("contact {0} is archived")]
    Archived(ContactId),
    /// The contact has ended.
    #[error("the contact has ended")]
    ContactEnded,
    /// The contact has not ended yet.
    #[error("the contact is still open")]
    ContactOpen,
    /// The contact is a call, and this can be done with chats only.
    #[error("the contact is a call, and not a chat")]
    NotAChat,
    /// The contact is not in a state in which this can be done.
    #[error("{0}")]
    WrongState(&'static str),
    /// There is no such flow.
    #[error("there is no such flow")]
    NoSuchFlow,
    /// There is no such queue.
    #[error("there is no such queue")]
    NoSuchQueue,
    /// There is no such agent.
    #[error("there is no such agent")]
    NoSuchAgent,
    /// The agent is not logged on to this channel.
    #[error("the agent is not logged on")]
    NotLoggedOn,
    /// The agent has as many contacts as they may have.
    #[error("the agent has no room for another contact")]
    AgentFull,
    /// Not a member of the room, or no longer.
    #[error("not a member of this chat")]
    NotAMember,
    /// A silent supervisor may only listen.
    #[error("a silent member may only read")]
    Silent,
    /// The customer's side cannot show this kind of text.
    #[error("the chat does not support this type of content")]
    UnsupportedText,
    /// No such line, or not for this reader.
    #[error("there is no such message")]
    NoSuchItem,
    /// Marks are not kept in a chat of more than two.
    #[error("receipts are off while more than two take part")]
    ManyMembers,
    /// No such file, or not for this reader.
    #[error("there is no such file")]
    NoSuchFile,
    /// The bytes of the file are not there yet.
    #[error("the file has not been uploaded")]
    FileNotStored,
    /// The file is complete already.
    #[error("the file is complete already")]
    FileDone,
    /// A quota is used up; it is named.
    #[error("at most {most} {what}")]
    Quota {
        /// What there is too much of: a stable name.
        what: Quota,
        /// How many there may be.
        most: u64,
    },
    /// Attributes together are too large.
    #[error("attributes take more than 32,768 bytes")]
    AttributesTooLarge,
    /// No such stream.
    #[error("there is no such stream")]
    NoSuchStream,
    /// The target is not allowed, or leads nowhere.
    #[error("copies may not be sent there")]
    BadTarget,
    /// A mapped topic is not there.
    #[error("there is no such topic")]
    NoSuchTopic,
    /// An entry of the directory is not right.
    #[error("{0}")]
    BadEntry(Arc<str>),
    /// No telephone has this number.
    #[error("there is no such telephone")]
    NoSuchDevice,
    /// The number is one for tests, and takes no chat.
    #[error("the number is one for tests")]
    TestNumber(crate::directory::Service),
    /// No such entry in the directory.
    #[error("there is no such entry")]
    NoSuchEntry,
}

/// What may run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Open chats of the realm.
    Chats,
    /// Open chats of one address.
    ChatsOfAddress,
    /// Open chats of one widget.
    ChatsOfWidget,
    /// Members of a chat.
    Members,
    /// Files of a chat.
    Files,
    /// Streams of a contact.
    Streams,
    /// Live tokens of one member.
    Tokens,
    /// Open sockets of one member.
    Sockets,
    /// Lines of one chat.
    Lines,
    /// Transfers of one matter.
    Transfers,
    /// Contacts that wait in a queue.
    Waiting,
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Chats => "open chats",
            Self::ChatsOfAddress => "open chats of one address",
            Self::ChatsOfWidget => "open chats of one widget",
            Self::Members => "participants in a chat",
            Self::Files => "attachments in a chat",
            Self::Streams => "streaming endpoints of a contact",
            Self::Tokens => "live tokens of a participant",
            Self::Sockets => "open sockets of a participant",
            Self::Lines => "lines in a chat",
            Self::Transfers => "transfers of a contact",
            Self::Waiting => "waiting contacts in this queue",
        })
    }
}

impl Refusal {
    /// A stable name for logs, metrics and APIs: never renamed, never reused.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadToken => "session.bad_token",
            Self::ChatEnded => "chat.ended",
            Self::NotAllowed => "session.not_allowed",
            Self::WrongPassword => "session.wrong_password",
            Self::CodeNeeded => "session.code_needed",
            Self::WrongCode => "session.wrong_code",
            Self::MustEnrol => "session.must_enrol",
            Self::PasswordsOff => "session.passwords_off",
            Self::NoSuchContact => "contact.none",
            Self::Archived(_) => "contact.archived",
            Self::ContactEnded => "contact.ended",
            Self::ContactOpen => "contact.open",
            Self::NotAChat => "contact.not_a_chat",
            Self::WrongState(_) => "contact.wrong_state",
            Self::NoSuchFlow => "flow.none",
            Self::NoSuchQueue => "queue.none",
            Self::NoSuchAgent => "agent.none",
            Self::NotLoggedOn => "agent.not_logged_on",
            Self::AgentFull => "agent.full",
            Self::NotAMember => "room.not_a_member",
            Self::Silent => "room.silent",
            Self::UnsupportedText => "room.unsupported_text",
            Self::NoSuchItem => "room.no_such_item",
            Self::ManyMembers => "room.many_members",
            Self::NoSuchFile => "file.none",
            Self::FileNotStored => "file.not_stored",
            Self::FileDone => "file.done",
            Self::Quota { .. } => "quota",
            Self::AttributesTooLarge => "contact.attributes_too_large",
            Self::NoSuchStream => "stream.none",
            Self::BadTarget => "stream.bad_target",
            Self::NoSuchTopic => "stream.no_such_topic",
            Self::BadEntry(_) => "directory.bad_entry",
            Self::NoSuchDevice => "device.none",
            Self::TestNumber(_) => "device.test_number",
            Self::NoSuchEntry => "directory.none",
        }
    }
}
