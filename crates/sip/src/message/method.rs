//! What a request wants.

use std::fmt;

use super::text::is_token;

/// The method of a request. Case matters (RFC 3261 §7.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// Acknowledges a final response to INVITE.
    Ack,
    /// Ends a dialog.
    Bye,
    /// Gives a pending INVITE up.
    Cancel,
    /// Carries something inside a dialog: DTMF here (RFC 6086).
    Info,
    /// Begins or changes a session.
    Invite,
    /// A text (RFC 3428).
    Message,
    /// Tells of an event (RFC 6665).
    Notify,
    /// Asks what the other side can do.
    Options,
    /// Acknowledges a provisional response (RFC 3262).
    Prack,
    /// Publishes a state (RFC 3903).
    Publish,
    /// Asks the other side to call somebody (RFC 3515).
    Refer,
    /// Says where somebody can be reached.
    Register,
    /// Asks to be told of events (RFC 6665).
    Subscribe,
    /// Changes a session without INVITE (RFC 3311).
    Update,
    /// A method that we have no name for.
    Other(Box<str>),
}

impl Method {
    /// Reads a token; `None` if it is not one. Any token is a method, if only an unknown one.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "INFO" => Self::Info,
            "INVITE" => Self::Invite,
            "MESSAGE" => Self::Message,
            "NOTIFY" => Self::Notify,
            "OPTIONS" => Self::Options,
            "PRACK" => Self::Prack,
            "PUBLISH" => Self::Publish,
            "REFER" => Self::Refer,
            "REGISTER" => Self::Register,
            "SUBSCRIBE" => Self::Subscribe,
            "UPDATE" => Self::Update,
            other if is_token(other) => Self::Other(other.into()),
            _ => return None,
        })
    }

    /// As on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Info => "INFO",
            Self::Invite => "INVITE",
            Self::Message => "MESSAGE",
            Self::Notify => "NOTIFY",
            Self::Options => "OPTIONS",
            Self::Prack => "PRACK",
            Self::Publish => "PUBLISH",
            Self::Refer => "REFER",
            Self::Register => "REGISTER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Update => "UPDATE",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
