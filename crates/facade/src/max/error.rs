//! How this wire says no: `{"error","error_description"}`; clients read the second (`max-agent-desktop.md` 3.1).

use crate::door::{Response, Step};
use domain::refusal::Refusal;
use serde::Serialize;
use serde_json::json;

/// An answer with a body.
pub(super) fn json(status: u16, body: &impl Serialize) -> Response {
    // Our own answers have text keys and no failing parts.
    let body = serde_json::to_vec(body).unwrap_or_default();
    raw(status, body)
}

/// The same of JSON that is written already.
pub(super) fn raw(status: u16, body: Vec<u8>) -> Response {
    let headers = vec![
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    Response { status, headers, body }
}

/// An answer without one.
pub(super) fn empty(status: u16) -> Step {
    let headers = vec![("cache-control", "no-store".to_owned())];
    Step::Reply(Response { status, headers, body: Vec::new() })
}

/// A no.
pub(super) fn response(status: u16, code: &str, description: &str) -> Response {
    json(status, &json!({"error": code, "error_description": description}))
}

/// A no, at the end of a chain.
pub(super) fn stop(status: u16, code: &str, description: &str) -> Step {
    Step::Reply(response(status, code, description))
}

/// Done, or begun: what comes of it is told as events.
pub(super) fn accepted() -> Step {
    Step::Reply(json(202, &json!({})))
}

/// A value that cannot be.
pub(super) fn bad(description: &str) -> Step {
    stop(400, "bad_request", description)
}

/// There is nothing under this path.
pub(super) fn no_resource() -> Step {
    stop(404, "not_found", "resource not found")
}

/// There is, but not for this method.
pub(super) fn method(allow: &'static str) -> Step {
    let mut response = response(405, "method_not_allowed", "Method Not Allowed");
    response.headers.push(("allow", allow.to_owned()));
    Step::Reply(response)
}

/// No session has this id; or no id looks like this.
pub(super) fn no_session(well_formed: bool) -> Step {
    let told = if well_formed { "InvalidAgentSession" } else { "Invalid agent session Id." };
    stop(404, "invalid_session", told)
}

/// No contact of this agent has this id; or no id looks like this.
pub(super) fn no_contact(well_formed: bool) -> Step {
    let told = if well_formed { "InvalidContactId" } else { "Invalid Contact Id." };
    stop(404, "invalid_contact", told)
}

/// This cannot be done now.
pub(super) fn conflict(description: &str) -> Step {
    stop(409, "conflict", description)
}

/// The person, or the page, may not.
pub(super) fn forbidden() -> Step {
    stop(403, "forbidden", "Not allowed.")
}

/// What the domain said.
pub(super) fn refused(refusal: &Refusal) -> Step {
    match refusal {
        Refusal::BadToken => empty(401),
        Refusal::NotAllowed => forbidden(),
        Refusal::NoSuchContact | Refusal::Archived(_) => no_contact(true),
        Refusal::NoSuchAgent => bad("Invalid target Agent Id."),
        Refusal::NoSuchQueue => bad("Invalid target Skill Id."),
        Refusal::NoSuchEntry => bad("Invalid disposition."),
        Refusal::UnsupportedText => bad("The chat does not support this type of content."),
        other => conflict(&other.to_string()),
    }
}
