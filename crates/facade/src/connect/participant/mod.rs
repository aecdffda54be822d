//! The participant service: what customers, bots and agents' pages call (`amazon-connect-chat.md` 2), a file for each
//! verb.
//!
//! Who calls is told by `X-Amz-Bearer` alone; a signature that comes along is not looked at (0.6). Two kinds of URL
//! carry their right in themselves: where the bytes of a file are put, and where they are got (`bytes.rs`).

mod attachment;
mod authentication;
mod bytes;
mod call;
mod complete_upload;
mod connection;
mod disconnect;
mod disposition;
mod event;
mod message;
mod pass;
mod rating;
mod start_upload;
#[cfg(test)]
mod tests;
mod transcript;
mod view;

use crate::connect::body::BODY_LIMIT;
use crate::connect::error::ApiError;
use crate::connect::socket;
use crate::door::{BodyWanted, Cx, Head, RealmNo, Request, Step};
use call::{Call, refuse, settle};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::room::TokenKind;

/// What one operation does with a call whose bearer has the form of a token.
type Verb = fn(&mut Cx<'_>, &Call) -> Result<Step, ApiError>;

/// An operation of the models.
struct Operation {
    method: &'static str,
    /// Its path below `/participant`; `views` has one more segment.
    path: &'static str,
    /// Its name in the journal and of its bucket: `participant.SendMessage`.
    cause: &'static str,
    verb: Verb,
}

macro_rules! operations {
    ($($method:literal $path:literal $name:literal $verb:path;)*) => {
        /// Every operation, by its URI in the models.
        static OPERATIONS: &[Operation] = &[$(
            Operation { method: $method, path: $path, cause: concat!("participant.", $name), verb: $verb },
        )*];
    };
}

operations! {
    "POST" "connection" "CreateParticipantConnection" connection::run;
    "POST" "message" "SendMessage" message::run;
    "POST" "event" "SendEvent" event::run;
    "POST" "transcript" "GetTranscript" transcript::run;
    "POST" "disconnect" "DisconnectParticipant" disconnect::run;
    "POST" "start-attachment-upload" "StartAttachmentUpload" start_upload::run;
    "POST" "complete-attachment-upload" "CompleteAttachmentUpload" complete_upload::run;
    "POST" "attachment" "GetAttachment" attachment::run;
    "GET" "views" "DescribeView" view::run;
    "POST" "rating" "RateContact" rating::run;
    "POST" "authentication-url" "GetAuthenticationUrl" authentication::url;
    "POST" "cancel-authentication" "CancelParticipantAuthentication" authentication::cancel;
}

/// How the body of this request is read: the bytes of a file stream, all else is small (0.2).
pub fn body_wanted(head: &Head) -> BodyWanted {
    let upload = head.method == "PUT" && head.path.contains(bytes::UPLOAD_PATH);
    if upload { BodyWanted::Streamed } else { BodyWanted::Whole(BODY_LIMIT) }
}

/// Answers a request whose decoded path begins with `participant` or `chat`.
pub fn handle(cx: &mut Cx<'_>, segments: &[String], request: Request) -> Step {
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let outcome = match (request.head.method.as_str(), path.as_slice()) {
        ("GET", ["chat", "socket"]) => return socket::upgrade(cx, &request.head),
        ("PUT", ["participant", "upload", secret]) => bytes::put(cx, secret, &request.head),
        ("GET" | "HEAD", ["participant", "file", pass]) => bytes::get(cx, pass),
        (_, ["participant", rest @ ..]) => admit(cx, rest, request),
        _ => Err(unknown()),
    };
    settle(cx, outcome)
}

/// Finds the operation, takes the bearer, asks its bucket.
fn admit(cx: &mut Cx<'_>, path: &[&str], request: Request) -> Result<Step, ApiError> {
    let fits = |operation: &&Operation| {
        let more = usize::from(operation.path == "views");
        operation.method == request.head.method
            && path.first() == Some(&operation.path)
            && path.len() == 1 + more
    };
    let operation = OPERATIONS.iter().find(fits).ok_or_else(unknown)?;
    let segment = path.get(1).copied().unwrap_or_default().to_owned();
    let call = Call::new(operation, segment, request)?;
    let kind = match operation.path {
        "connection" => TokenKind::Participant,
        _ => TokenKind::Connection,
    };
    let (realm, query) = (call.realm, Query::Token(call.token, kind));
    if !call.rated(cx) {
        return match (operation.verb)(cx, &call) {
            Err(error) if operation.path != "rating" => Ok(denied_first(realm, query, error)),
            outcome => outcome,
        };
    }
    // A bucket is made for whoever is in a chat, and not for every text that has the form of a token. Others go on to be
    // refused.
    let then = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| {
        let outcome = match answer {
            Ok(_) => call.throttle(cx).and_then(|()| (operation.verb)(cx, &call)),
            Err(refusal) => (operation.verb)(cx, &call).map_err(|_| refuse(&refusal)),
        };
        settle(cx, outcome)
    };
    Ok(Step::Read(realm, Box::new(query), Box::new(then)))
}

/// Who may not call at all is told so before anything that is wrong with the call: clients learn by the 403 that a chat
/// is over (3.7), whatever they were about to say.
fn denied_first(realm: RealmNo, query: Query, error: ApiError) -> Step {
    let then = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| {
        let error = answer.map_or_else(|refusal| refuse(&refusal), |_| error);
        settle(cx, Err(error))
    };
    Step::Read(realm, Box::new(query), Box::new(then))
}

fn unknown() -> ApiError {
    ApiError::unknown_operation("There is no such operation.")
}
