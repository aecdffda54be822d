//! Which pages of other origins may call (`amazon-connect-chat.md` 0.6, 1.12).
//!
//! The participant service, files and the open start of a chat answer pages; the signed control plane never does:
//! keys have no place in a browser. Credentials (cookies) are never allowed.

use crate::door::{Head, Response, Step};

/// Response headers, as [`Response`] holds them.
pub type Headers = Vec<(&'static str, String)>;

/// What the guide's page and SDKs send; what is asked for is echoed instead.
const USUAL: &str = "authorization, content-type, x-amz-bearer, x-amz-date, x-amz-content-sha256, x-amz-user-agent, \
    x-amz-security-token, x-api-key, amz-sdk-invocation-id, amz-sdk-request";

const EXPOSED: &str = "x-amzn-errortype, x-amzn-requestid, x-amzn-errormessage, date";

/// Is the browser asking before it calls?
pub fn is_preflight(head: &Head) -> bool {
    head.method == "OPTIONS"
}

/// On every real answer, errors included: without them a page sees no status at all (0.6).
pub fn headers(origin: &str) -> Headers {
    let mut headers = vec![
        ("access-control-allow-origin", origin.to_owned()),
        ("access-control-expose-headers", EXPOSED.to_owned()),
    ];
    if origin != "*" {
        headers.push(("vary", "origin".to_owned()));
    }
    headers
}

/// The answer to a preflight.
pub fn preflight(head: &Head, origin: &str, methods: &'static str) -> Response {
    let plain = |names: &&str| {
        names.len() <= 1_024
            && names.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_, ".contains(&b))
    };
    let asked = head.header("access-control-request-headers").filter(plain).unwrap_or(USUAL);
    let mut headers = headers(origin);
    headers.push(("access-control-allow-methods", methods.to_owned()));
    headers.push(("access-control-allow-headers", asked.to_owned()));
    headers.push(("access-control-max-age", "86400".to_owned()));
    Response { status: 204, headers, body: Vec::new() }
}

/// Adds headers to whatever a chain of steps ends in.
pub fn dress(step: Step, with: Headers) -> Step {
    match step {
        Step::Reply(mut response) => {
            response.headers.extend(with);
            Step::Reply(response)
        }
        Step::Do(realm, cause, command, then) => {
            Step::Do(realm, cause, command, Box::new(|cx, it| dress(then(cx, it), with)))
        }
        Step::Read(realm, query, then) => {
            Step::Read(realm, query, Box::new(|cx, it| dress(then(cx, it), with)))
        }
        Step::Verify { password, hash, then } => {
            Step::Verify { password, hash, then: Box::new(|cx, it| dress(then(cx, it), with)) }
        }
        Step::Hash { password, then } => {
            Step::Hash { password, then: Box::new(|cx, it| dress(then(cx, it), with)) }
        }
        Step::Receive { file, size, then } => {
            Step::Receive { file, size, then: Box::new(|cx, it| dress(then(cx, it), with)) }
        }
        Step::Form { then } => Step::Form { then: Box::new(|cx, it| dress(then(cx, it), with)) },
        Step::ReceivePart { file, most, then } => {
            Step::ReceivePart { file, most, then: Box::new(|cx, it| dress(then(cx, it), with)) }
        }
        Step::Send { file, thumbnail, mut headers } => {
            headers.extend(with);
            Step::Send { file, thumbnail, headers }
        }
        Step::Peaks { file, points, then } => {
            Step::Peaks { file, points, then: Box::new(|cx, it| dress(then(cx, it), with)) }
        }
        Step::Ask { realm, name, make, ask, then } => {
            let then = Box::new(|cx: &mut crate::door::Cx<'_>, it| dress(then(cx, it), with));
            Step::Ask { realm, name, make, ask, then }
        }
        Step::Call { realm, call, then } => {
            Step::Call { realm, call, then: Box::new(|cx, it| dress(then(cx, it), with)) }
        }
        // A socket is open to every origin, and its answer has no use for these.
        upgrade @ Step::Upgrade { .. } => upgrade,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::site::head;

    fn value<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    #[test]
    fn a_preflight_allows_what_is_asked_for() {
        let mut asking = head("OPTIONS", "/participant/message");
        assert!(is_preflight(&asking));
        let usual = preflight(&asking, "*", "POST");
        assert_eq!(usual.status, 204);
        assert!(value(&usual, "access-control-allow-headers").unwrap().contains("x-amz-bearer"));
        assert_eq!(value(&usual, "access-control-allow-origin"), Some("*"));
        assert_eq!(value(&usual, "access-control-allow-credentials"), None);
        asking
            .headers
            .push(("access-control-request-headers".to_owned(), "x-amz-bearer,x-mine".to_owned()));
        assert_eq!(
            value(&preflight(&asking, "*", "POST"), "access-control-allow-headers"),
            Some("x-amz-bearer,x-mine")
        );
        asking.headers[0].1 = "x\r\nset-cookie: a".to_owned();
        assert_eq!(
            value(&preflight(&asking, "*", "POST"), "access-control-allow-headers"),
            Some(USUAL)
        );
    }

    #[test]
    fn the_last_answer_of_a_chain_is_dressed() {
        let reply = Response { status: 403, headers: Vec::new(), body: Vec::new() };
        let chain = Step::Verify {
            password: String::new(),
            hash: None,
            then: Box::new(|_, _| Step::Reply(reply)),
        };
        let Step::Verify { then, .. } = dress(chain, headers("https://a.test")) else {
            panic!("it was to verify")
        };
        let site = crate::connect::site::Fixed::new();
        let mut chance = domain::chance::Seeded::new(1);
        let mut cx =
            crate::door::Cx { now: domain::time::Millis(0), chance: &mut chance, site: &site };
        let Step::Reply(answer) = then(&mut cx, true) else { panic!("it was to reply") };
        assert_eq!(value(&answer, "access-control-allow-origin"), Some("https://a.test"));
        assert_eq!(value(&answer, "vary"), Some("origin"));
        assert!(
            value(&answer, "access-control-expose-headers").unwrap().contains("x-amzn-errortype")
        );
    }
}
