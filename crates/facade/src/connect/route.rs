//! The way of a request: whose path it is, how much of it is read, and who answers (`amazon-connect-chat.md` 0.1, 0.2).

use crate::connect::error::{ApiError, Plane};
use crate::connect::{control, cors, open, participant};
use crate::door::{BodyWanted, Cx, Fault, Head, Request, Response, Step};
use crate::percent::decode_segment;

/// Methods of the participant service and of files (0.6).
const METHODS: &str = "GET,POST,PUT,OPTIONS";

/// Is this path, below the base path, one of this wire?
pub fn owns(path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').split('/');
    let (first, second) = (segments.next().unwrap_or_default(), segments.next());
    let exact = ["participant", "chat-integration-event", "search-contacts", "Prod", "start-chat"];
    let families = ["contact", "instance", "queues-summary", "users-summary"];
    exact.contains(&first)
        || families.iter().any(|family| first.starts_with(family))
        || (first, second) == ("metrics", Some("current"))
        || (first == "chat" && second.is_some())
}

/// How the body of this request is read: the bytes of a file stream, all else is small (0.2).
pub fn body_wanted(head: &Head) -> BodyWanted {
    participant::body_wanted(head)
}

/// Answers a request, as it came: the path as the client sent it, base path included.
pub fn handle(cx: &mut Cx<'_>, request: Request) -> Step {
    let path = below(&cx.site.settings().base_path, &request.head.path);
    let segments: Result<Vec<String>, _> =
        path.trim_start_matches('/').split('/').map(decode_segment).collect();
    let Ok(segments) = segments else {
        let error = ApiError::unknown_operation("The path is not percent-encoded UTF-8.");
        return Step::Reply(error.response(cx));
    };
    match segments[0].as_str() {
        "participant" | "chat" => {
            if cors::is_preflight(&request.head) {
                return Step::Reply(cors::preflight(&request.head, "*", METHODS));
            }
            let step = participant::handle(cx, &segments, request);
            cors::dress(step, cors::headers("*"))
        }
        "Prod" | "start-chat" => open::handle(cx, &segments, request),
        _ => control::handle(cx, &segments, request),
    }
}

/// What is answered when the server fails under a request (a full disk, a body too long).
pub fn fault(cx: &mut Cx<'_>, head: &Head, fault: Fault) -> Response {
    let path = below(&cx.site.settings().base_path, &head.path);
    match path.trim_start_matches('/').split('/').next() {
        Some("participant" | "chat") => {
            let mut response = ApiError::fault(Plane::Participant, fault).response(cx);
            response.headers.extend(cors::headers("*"));
            response
        }
        Some("Prod" | "start-chat") => {
            open::failure(cx, &ApiError::fault(Plane::Control, fault), "*")
        }
        _ => ApiError::fault(Plane::Control, fault).response(cx),
    }
}

/// The path below the base path; a path that does not lie there stays as it is.
pub(crate) fn below<'a>(base: &str, path: &'a str) -> &'a str {
    match path.strip_prefix(base.trim_end_matches('/')) {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::site::{Fixed, head};
    use domain::chance::Seeded;
    use domain::time::Millis;

    #[test]
    fn the_paths_of_the_two_services_are_ours() {
        for path in [
            "/contact/chat",
            "/contacts/i/c",
            "/contact-flows-summary/i",
            "/instance",
            "/participant/message",
            "/chat-integration-event",
            "/search-contacts",
            "/queues-summary/i",
            "/users-summary/i",
            "/metrics/current/i",
            "/Prod",
            "/Prod/",
            "/start-chat/w",
            "/chat/socket",
        ] {
            assert!(owns(path), "{path}");
        }
        for path in [
            "/",
            "/metrics",
            "/desk",
            "/api/v1/about",
            "/chat",
            "/prod",
            "/InContactAPI/services/v1",
        ] {
            assert!(!owns(path), "{path}");
        }
    }

    #[test]
    fn a_base_path_is_taken_off_once_and_only_whole() {
        assert_eq!(below("/aws", "/aws/contact/chat"), "/contact/chat");
        assert_eq!(below("/aws/", "/aws/contact/chat"), "/contact/chat");
        assert_eq!(below("/aws", "/awsx/contact"), "/awsx/contact");
        assert_eq!(below("/aws", "/aws/aws/x"), "/aws/x");
        assert_eq!(below("", "/contact/chat"), "/contact/chat");
    }

    fn reply(method: &str, path: &str) -> Response {
        let site = Fixed::new();
        let mut chance = Seeded::new(1);
        let mut cx = Cx { now: Millis(0), chance: &mut chance, site: &site };
        let request = Request { head: head(method, path), body: Vec::new() };
        match handle(&mut cx, request) {
            Step::Reply(response) => response,
            _ => panic!("{method} {path} was to be answered at once"),
        }
    }

    fn value<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    #[test]
    fn pages_may_ask_the_participant_service_and_never_the_control_plane() {
        for path in ["/participant/connection", "/participant/views/a%2Fb", "/chat/file"] {
            let answer = reply("OPTIONS", path);
            assert_eq!(answer.status, 204, "{path}");
            assert_eq!(value(&answer, "access-control-allow-origin"), Some("*"), "{path}");
        }
        for method in ["OPTIONS", "PUT"] {
            let answer = reply(method, "/contact/chat");
            assert!(answer.status >= 400);
            assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control")));
        }
    }

    #[test]
    fn an_error_of_the_participant_service_can_be_seen_by_a_page() {
        let answer = reply("POST", "/participant/message");
        assert_eq!(answer.status, 403);
        assert_eq!(value(&answer, "x-amzn-errortype"), Some("AccessDeniedException"));
        assert_eq!(value(&answer, "access-control-allow-origin"), Some("*"));
        assert!(
            value(&answer, "access-control-expose-headers").unwrap().contains("x-amzn-errortype")
        );
    }

    #[test]
    fn what_is_no_operation_is_404_in_json() {
        for (method, path) in
            [("GET", "/contact/nothing"), ("GET", "/contact/chat"), ("POST", "/contact/%ff")]
        {
            let answer = reply(method, path);
            assert_eq!(answer.status, 404);
            assert_eq!(value(&answer, "x-amzn-errortype"), Some("UnknownOperationException"));
            assert_eq!(value(&answer, "content-type"), Some("application/json"));
        }
    }

    #[test]
    fn a_fault_speaks_the_language_of_its_path() {
        let site = Fixed::new();
        let mut chance = Seeded::new(1);
        let mut cx = Cx { now: Millis(0), chance: &mut chance, site: &site };
        let mut shape = |path: &str| {
            let answer = fault(&mut cx, &head("POST", path), Fault::Broken);
            (
                value(&answer, "x-amzn-errortype").unwrap().to_owned(),
                value(&answer, "access-control-allow-origin").is_some(),
            )
        };
        assert_eq!(shape("/participant/message"), ("InternalServerException".to_owned(), true));
        assert_eq!(shape("/contact/stop"), ("InternalServiceException".to_owned(), false));
        assert_eq!(shape("/Prod"), ("InternalServiceException".to_owned(), true));
    }
}
