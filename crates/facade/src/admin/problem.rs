//! Answers of `/api/v1`: JSON, and one shape for everything that went wrong.

use crate::door::{Fault, Response, Step};
use domain::refusal::Refusal;
use serde::Serialize;
use serde_json::json;

/// JSON, with this status. Never kept by a cache: it is about people.
pub fn json(status: u16, body: &impl Serialize) -> Response {
    // Our own answers have text keys and no failing parts.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
    ];
    Response { status, headers, body }
}

/// The last step: JSON.
pub fn reply(status: u16, body: &impl Serialize) -> Step {
    Step::Reply(json(status, body))
}

/// The last step: done, and there is nothing to say.
pub fn nothing() -> Response {
    Response {
        status: 204,
        headers: vec![("cache-control", "no-store".to_owned())],
        body: Vec::new(),
    }
}

/// What went wrong: `{"error":{"code","message"}}`. Codes are stable, messages are for people.
pub fn problem(status: u16, code: &str, message: &str) -> Response {
    json(status, &json!({"error": {"code": code, "message": message}}))
}

/// The last step: a problem.
pub fn stop(status: u16, code: &str, message: &str) -> Step {
    Step::Reply(problem(status, code, message))
}

/// The last step: the domain said no.
pub fn refused(refusal: &Refusal) -> Step {
    stop(status(refusal), refusal.code(), &refusal.to_string())
}

/// There is nothing by this name.
pub fn not_found() -> Step {
    stop(404, "request.not_found", "there is nothing here")
}

/// The path is right, the method is not.
pub fn wrong_method(allow: &'static str) -> Step {
    let mut response = problem(405, "request.method", "this method is not offered here");
    response.headers.push(("allow", allow.to_owned()));
    Step::Reply(response)
}

/// A query or a body is not as it should be.
pub fn bad(message: &str) -> Step {
    stop(400, "request.bad", message)
}

/// The world broke while a request was under way.
pub fn fault(fault: Fault) -> Response {
    let (status, code, message, retry) = match fault {
        Fault::Full => (503, "store.full", "nothing can be written at the moment", Some("30")),
        Fault::Unready => (503, "server.unready", "the server is not ready", Some("2")),
        Fault::Broken => {
            (500, "server.fault", "something broke; the server's log knows more", None)
        }
        Fault::TooLarge => (413, "request.too_large", "the body is too large", None),
        Fault::Slow => (408, "request.slow", "the request did not arrive in time", None),
    };
    let mut response = problem(status, code, message);
    response.headers.extend(retry.map(|seconds| ("retry-after", seconds.to_owned())));
    response
}

/// The status of a refusal: the one place where it is decided for `/api/v1`.
pub const fn status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::BadToken | Refusal::WrongPassword | Refusal::CodeNeeded | Refusal::WrongCode => {
            401
        }
        Refusal::NotAllowed
        | Refusal::MustEnrol
        | Refusal::PasswordsOff
        | Refusal::NotAMember
        | Refusal::Silent => 403,
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
        | Refusal::NoSuchEntry => 404,
        Refusal::ChatEnded
        | Refusal::ContactEnded
        | Refusal::ContactOpen
        | Refusal::NotAChat
        | Refusal::WrongState(_)
        | Refusal::NotLoggedOn
        | Refusal::AgentFull
        | Refusal::ManyMembers
        | Refusal::FileNotStored
        | Refusal::FileDone => 409,
        Refusal::UnsupportedText
        | Refusal::TestNumber(_)
        | Refusal::AttributesTooLarge
        | Refusal::BadTarget
        | Refusal::BadEntry(_) => 400,
        Refusal::Quota { .. } => 429,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_a_code_and_a_message() {
        let response = problem(404, "file.none", "there is no such file");
        let text = String::from_utf8(response.body).unwrap();
        assert_eq!(text, r#"{"error":{"code":"file.none","message":"there is no such file"}}"#);
    }

    #[test]
    fn a_full_disk_asks_to_come_again() {
        let response = fault(Fault::Full);
        assert_eq!(response.status, 503);
        assert!(response.headers.contains(&("retry-after", "30".to_owned())));
        assert!(fault(Fault::Broken).headers.iter().all(|(name, _)| *name != "retry-after"));
        assert_eq!((fault(Fault::TooLarge).status, fault(Fault::Slow).status), (413, 408));
    }
}
