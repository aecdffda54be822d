//! What an endpoint cannot serve, whoever asks (RFC 3261 §8.2).

use super::core::{ALLOW, SUPPORTED};
use crate::message::{Method, Name, Request, Response, Uri, Valued};

/// The refusal of a request that we cannot serve, in the order of RFC 3261 §8.2.
pub(super) fn screen(request: &Request) -> Option<Response> {
    let refuse = |status| Response::to_request(request, status);
    if matches!(request.method, Method::Other(_)) {
        let mut response = refuse(501);
        response.headers.push(Name::Allow, ALLOW);
        return Some(response);
    }
    if matches!(request.uri, Uri::Other(_)) {
        return Some(refuse(416));
    }
    let mut wanted = request.headers.words(&Name::Require);
    wanted.extend(request.headers.words(&Name::ProxyRequire));
    let unknown: Vec<_> = wanted
        .into_iter()
        .filter(|word| !SUPPORTED.iter().any(|own| own.eq_ignore_ascii_case(word)))
        .collect();
    if !unknown.is_empty() {
        let mut response = refuse(420);
        response.headers.push(Name::Unsupported, unknown.join(", "));
        return Some(response);
    }
    (request.method == Method::Invite).then(|| screen_invite(request)).flatten()
}

/// An INVITE's body must be one that we read, and it must be able to read ours.
fn screen_invite(request: &Request) -> Option<Response> {
    let kind = request.headers.one::<Valued>(&Name::ContentType).ok().flatten();
    let encoded = request
        .headers
        .get(&Name::ContentEncoding)
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("identity"));
    let optional =
        request.headers.one::<Valued>(&Name::ContentDisposition).ok().flatten().is_some_and(
            |how| {
                how.params.get("handling").is_some_and(|word| word.eq_ignore_ascii_case("optional"))
            },
        );
    let unread = !request.body.is_empty()
        && !optional
        && kind.is_none_or(|kind| !kind.is("application/sdp"));
    if unread || encoded {
        let mut response = Response::to_request(request, 415);
        response.headers.push(Name::Accept, "application/sdp");
        if encoded {
            response.headers.push(Name::Other("Accept-Encoding".into()), "identity");
        }
        return Some(response);
    }
    let kinds = request.headers.list::<Valued>(&Name::Accept).unwrap_or_default();
    let reads = |kind: &Valued| {
        ["*/*", "application/*", "application/sdp"].iter().any(|word| kind.is(word))
    };
    (request.headers.has(&Name::Accept) && !kinds.iter().any(reads))
        .then(|| Response::to_request(request, 406))
}
