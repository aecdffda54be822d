//! What this wire says when the answer is no: one shape for both planes, and the two functions that turn the
//! domain's refusals and the server's faults into it (`amazon-connect-chat.md` 0.4).
//!
//! Left to others: CORS headers (`cors.rs`), and which 400 an operation lists (`body.rs` is told by the verb).

use crate::connect::sigv4::SigError;
use crate::door::{Cx, Fault, Response};
use domain::id::Uuid;
use domain::refusal::{Quota, Refusal};
use serde_json::{Map, Value};

/// Which of the two services answers: they name their errors differently (0.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// `connect`: signed calls of backends.
    Control,
    /// `connectparticipant`: bearer calls of browsers, apps and bots.
    Participant,
}

/// An error on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status, 400 to 599.
    pub status: u16,
    /// The name in the models, sent as `x-amzn-ErrorType` and `__type`.
    pub shape: &'static str,
    /// For people. Holds no personal data and no token.
    pub message: String,
    /// Further members of the body, such as `ResourceId`.
    pub extra: Vec<(&'static str, Value)>,
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $shape:literal;)*) => {
        impl ApiError {
            $($(#[$doc])* pub fn $name(message: impl Into<String>) -> Self {
                Self { status: $status, shape: $shape, message: message.into(), extra: Vec::new() }
            })*
        }
    };
}

shapes! {
    // --- control plane
    /// Well-formed but not allowed.
    invalid_request = 400 "InvalidRequestException";
    /// A member's value is out of range or wrong.
    invalid_parameter = 400 "InvalidParameterException";
    /// `StopContact` of an unknown or ended contact.
    contact_not_found = 410 "ContactNotFoundException";
    /// A quota of open chats, or of streams of a contact.
    limit_exceeded = 429 "LimitExceededException";
    /// The gateway's word for too many requests a second.
    too_many_requests = 429 "TooManyRequestsException";
    /// The same token was used for something else.
    idempotency = 409 "IdempotencyException";
    /// It is there already.
    duplicate_resource = 409 "DuplicateResourceException";
    /// Something stands in its way.
    resource_conflict = 409 "ResourceConflictException";
    /// The server's own fault.
    internal_service = 500 "InternalServiceException";

    // --- participant service
    /// A member is missing or wrong.
    validation = 400 "ValidationException";
    /// The server's own fault.
    internal_server = 500 "InternalServerException";

    // --- both
    /// Not allowed; on the participant service above all a token that opens nothing.
    access_denied = 403 "AccessDeniedException";
    /// There is no such thing, or not in this realm.
    not_found = 404 "ResourceNotFoundException";
    /// Something stands in its way.
    conflict = 409 "ConflictException";
    /// Participants, transfers or attachments of a contact.
    service_quota_exceeded = 402 "ServiceQuotaExceededException";
    /// Too many requests a second.
    throttling = 429 "ThrottlingException";
    /// The body is not a JSON object, or a member has another JSON type.
    serialization = 400 "SerializationException";
    /// No such operation.
    unknown_operation = 404 "UnknownOperationException";
    /// The body is too long.
    too_large = 413 "RequestEntityTooLargeException";
    /// The request did not arrive in time.
    timeout = 408 "RequestTimeoutException";
}

impl From<SigError> for ApiError {
    fn from(error: SigError) -> Self {
        Self {
            status: error.status(),
            shape: error.shape(),
            message: error.message(),
            extra: Vec::new(),
        }
    }
}

impl ApiError {
    /// Adds a member to the body.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// The answer: the name in a header, the message under both spellings that clients read (0.4).
    pub fn response(&self, cx: &mut Cx<'_>) -> Response {
        let mut body = Map::new();
        body.insert("message".to_owned(), self.message.as_str().into());
        body.insert("Message".to_owned(), self.message.as_str().into());
        body.insert("__type".to_owned(), self.shape.into());
        for (name, value) in &self.extra {
            body.insert((*name).to_owned(), value.clone());
        }
        let id = Uuid::new(cx.now, cx.chance).to_string();
        Response {
            status: self.status,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("x-amzn-requestid", id),
                ("x-amzn-errortype", self.shape.to_owned()),
            ],
            body: Value::Object(body).to_string().into_bytes(),
        }
    }

    /// What the domain's no is called on this plane. A verb may know a better name for some.
    pub fn refused(plane: Plane, refusal: &Refusal) -> Self {
        match plane {
            Plane::Control => control(refusal),
            Plane::Participant => participant(refusal),
        }
    }

    /// What a fault of the server is called on this plane.
    pub fn fault(plane: Plane, fault: Fault) -> Self {
        let own = match plane {
            Plane::Control => Self::internal_service,
            Plane::Participant => Self::internal_server,
        };
        match fault {
            Fault::TooLarge => Self::too_large("The body is longer than 524,288 bytes."),
            Fault::Slow => Self::timeout("The request did not arrive within 30 seconds."),
            Fault::Broken => own("Internal failure."),
            // 503 says "later": SDKs retry it as they retry 500, and people see that it is no bug.
            Fault::Full => Self { status: 503, ..own("The server cannot write at present.") },
            Fault::Unready => Self { status: 503, ..own("The server is not ready yet.") },
        }
    }
}

fn control(refusal: &Refusal) -> ApiError {
    let text = sentence(refusal);
    match refusal {
        Refusal::BadToken
        | Refusal::ChatEnded
        | Refusal::NotAllowed
        | Refusal::WrongPassword
        | Refusal::CodeNeeded
        | Refusal::WrongCode
        | Refusal::MustEnrol
        | Refusal::PasswordsOff
        | Refusal::NotAMember
        | Refusal::Silent => ApiError::access_denied(text),
        Refusal::NoSuchContact
        | Refusal::Archived(_)
        | Refusal::NoSuchFlow
        | Refusal::NoSuchQueue
        | Refusal::NoSuchAgent
        | Refusal::NoSuchItem
        | Refusal::NoSuchFile
        | Refusal::NoSuchStream
        | Refusal::NoSuchTopic
        | Refusal::NoSuchDevice
        | Refusal::NoSuchEntry => ApiError::not_found(text),
        Refusal::ContactEnded
        | Refusal::ContactOpen
        | Refusal::NotAChat
        | Refusal::WrongState(_)
        | Refusal::NotLoggedOn
        | Refusal::AgentFull
        | Refusal::UnsupportedText
        | Refusal::FileNotStored
        | Refusal::AttributesTooLarge
        | Refusal::BadTarget
        | Refusal::TestNumber(_)
        | Refusal::BadEntry(_) => ApiError::invalid_request(text),
        Refusal::ManyMembers | Refusal::FileDone => ApiError::conflict(text),
        Refusal::Quota { what, .. } => match what {
            Quota::Members | Quota::Transfers | Quota::Files => {
                ApiError::service_quota_exceeded(text)
            }
            Quota::Chats
            | Quota::ChatsOfAddress
            | Quota::ChatsOfWidget
            | Quota::Streams
            | Quota::Tokens
            | Quota::Sockets
            | Quota::Waiting
            | Quota::Lines => ApiError::limit_exceeded(text),
        },
    }
}

/// Every 403 begins with the words of the real service; the cause follows them (7: "403 without a reason").
fn participant(refusal: &Refusal) -> ApiError {
    let text = sentence(refusal);
    match refusal {
        // No more than this: who asks with an unknown token is told nothing.
        Refusal::BadToken
        | Refusal::WrongPassword
        | Refusal::CodeNeeded
        | Refusal::WrongCode
        | Refusal::MustEnrol
        | Refusal::PasswordsOff => ApiError::access_denied("Access denied"),
        Refusal::ChatEnded | Refusal::ContactEnded => {
            ApiError::access_denied("Access denied: the chat has ended")
        }
        Refusal::NotAllowed | Refusal::NotAMember | Refusal::Silent => {
            ApiError::access_denied(format!("Access denied: {refusal}"))
        }
        Refusal::ManyMembers | Refusal::FileDone => ApiError::conflict(text),
        Refusal::Quota { what, .. } => match what {
            Quota::Files | Quota::Members | Quota::Transfers => {
                ApiError::service_quota_exceeded(text)
            }
            // Room for these comes back by itself, so a retry makes sense.
            Quota::Tokens
            | Quota::Sockets
            | Quota::Streams
            | Quota::Chats
            | Quota::ChatsOfAddress
            | Quota::Waiting
            | Quota::ChatsOfWidget => ApiError::throttling(text),
            Quota::Lines => ApiError::validation(text),
        },
        Refusal::NoSuchContact
        | Refusal::Archived(_)
        | Refusal::ContactOpen
        | Refusal::NotAChat
        | Refusal::WrongState(_)
        | Refusal::NoSuchFlow
        | Refusal::NoSuchQueue
        | Refusal::NoSuchAgent
        | Refusal::NotLoggedOn
        | Refusal::AgentFull
        | Refusal::UnsupportedText
        | Refusal::NoSuchItem
        | Refusal::NoSuchFile
        | Refusal::FileNotStored
        | Refusal::AttributesTooLarge
        | Refusal::NoSuchStream
        | Refusal::BadTarget
        | Refusal::NoSuchTopic
        | Refusal::BadEntry(_)
        | Refusal::TestNumber(_)
        | Refusal::NoSuchDevice
        | Refusal::NoSuchEntry => ApiError::validation(text),
    }
}

/// A refusal as a sentence: the domain writes them small and without a full stop.
fn sentence(refusal: &Refusal) -> String {
    let text = refusal.to_string();
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::ContactId;

    #[test]
    fn each_plane_has_its_own_name_for_a_refusal() {
        let check = |refusal: Refusal, control: (u16, &str), participant: (u16, &str)| {
            let c = ApiError::refused(Plane::Control, &refusal);
            let p = ApiError::refused(Plane::Participant, &refusal);
            assert_eq!((c.status, c.shape), control, "{refusal}");
            assert_eq!((p.status, p.shape), participant, "{refusal}");
        };
        let denied = (403, "AccessDeniedException");
        let validation = (400, "ValidationException");
        let request = (400, "InvalidRequestException");
        let none = (404, "ResourceNotFoundException");
        let quota = (402, "ServiceQuotaExceededException");
        let limit = (429, "LimitExceededException");
        let throttled = (429, "ThrottlingException");
        let conflict = (409, "ConflictException");
        check(Refusal::BadToken, denied, denied);
        check(Refusal::ChatEnded, denied, denied);
        check(Refusal::ContactEnded, request, denied);
        check(Refusal::NoSuchContact, none, validation);
        check(Refusal::Archived(ContactId::default()), none, validation);
        check(Refusal::NoSuchFlow, none, validation);
        check(Refusal::ContactOpen, request, validation);
        check(Refusal::AttributesTooLarge, request, validation);
        check(Refusal::UnsupportedText, request, validation);
        check(Refusal::ManyMembers, conflict, conflict);
        check(Refusal::FileDone, conflict, conflict);
        check(Refusal::NoSuchStream, none, validation);
        check(Refusal::BadTarget, request, validation);
        check(Refusal::Quota { what: Quota::Streams, most: 2 }, limit, throttled);
        check(Refusal::Quota { what: Quota::Chats, most: 500 }, limit, throttled);
        check(Refusal::Quota { what: Quota::Files, most: 35 }, quota, quota);
        check(Refusal::Quota { what: Quota::Members, most: 6 }, quota, quota);
    }

    #[test]
    fn a_403_of_the_participant_service_begins_as_the_real_one_and_says_why() {
        let message = |refusal| ApiError::refused(Plane::Participant, &refusal).message;
        assert_eq!(message(Refusal::BadToken), "Access denied");
        assert_eq!(message(Refusal::ChatEnded), "Access denied: the chat has ended");
        assert_eq!(message(Refusal::Silent), "Access denied: a silent member may only read");
    }

    #[test]
    fn a_full_disk_is_503_and_a_long_body_413() {
        let status = |fault| ApiError::fault(Plane::Participant, fault).status;
        assert_eq!(status(Fault::Full), 503);
        assert_eq!(status(Fault::Unready), 503);
        assert_eq!(status(Fault::Broken), 500);
        assert_eq!(status(Fault::TooLarge), 413);
        assert_eq!(
            ApiError::fault(Plane::Control, Fault::Broken).shape,
            "InternalServiceException"
        );
        assert_eq!(
            ApiError::fault(Plane::Participant, Fault::Broken).shape,
            "InternalServerException"
        );
    }
}
