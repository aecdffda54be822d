//! Which transaction a message belongs to.
//!
//! Source: RFC 3261 §17.1.3 (responses), §17.2.3 (requests, and the rules for those of RFC 2543), §8.2.2.2 (merged).

use crate::message::{Method, Name, Request, Response};

/// The key of a request's transaction; an ACK and, if asked for, a CANCEL have their INVITE's.
pub(super) fn of_request(request: &Request, as_invite: bool) -> Option<String> {
    let via = request.via().ok()?;
    let method =
        if as_invite || request.method == Method::Ack { "INVITE" } else { request.method.as_str() };
    if let Some(branch) = via.branch() {
        return Some(format!("{branch} {} {method}", via.sent_by()));
    }
    // An element of RFC 2543: everything that two copies of one request have alike.
    let from = request.from().ok()?;
    let cseq = request.cseq().ok()?;
    let tag = from.tag().unwrap_or_default();
    Some(format!("2543 {} {tag} {} {via} {} {method}", request.call_id(), cseq.number, request.uri))
}

/// The key of a request that another way may bring once more.
pub(super) fn of_origin(request: &Request) -> Option<String> {
    let from = request.from().ok()?;
    if request.method == Method::Ack || request.to().ok()?.tag().is_some() {
        return None;
    }
    Some(format!("{} {} {}", request.call_id(), from.tag()?, request.headers.get(&Name::CSeq)?))
}

/// The key of the request that a response answers.
pub(super) fn of_response(response: &Response) -> Option<String> {
    let via = response.via().ok()?;
    Some(of_branch(via.branch()?, response.cseq().ok()?.method.as_str()))
}

/// The key of a request of ours.
pub(super) fn of_branch(branch: &str, method: &str) -> String {
    format!("{branch} {method}")
}
