//! Pages of other origins: those of the workspaces may read our answers, and no others (`max-agent-desktop.md` 3.1).

use crate::door::{Cx, Head, Response, Step};
use domain::directory::Directory;

/// Headers of an answer.
pub(super) type Headers = Vec<(&'static str, String)>;

/// What the caller's origin may read; nothing if it may not.
pub(super) fn headers(head: &Head, directory: &Directory) -> Headers {
    let mut headers = vec![("vary", "Origin".to_owned())];
    let Some(origin) = head.header("origin") else { return headers };
    if allowed(origin, directory) {
        headers.push(("access-control-allow-origin", origin.to_owned()));
    }
    headers
}

/// Is it an origin of any workspace that is given sessions?
fn allowed(origin: &str, directory: &Directory) -> bool {
    let open = directory.realm.as_ref().is_some_and(|realm| realm.open_like_max);
    let plain = origin.len() <= 512 && origin.bytes().all(|b| b.is_ascii_graphic());
    let named = || {
        let given = directory.workspaces.values().filter(|workspace| workspace.session);
        given.flat_map(|workspace| workspace.all_origins()).any(|other| other == origin)
    };
    plain && (open || named())
}

/// The answer to a preflight.
pub(super) fn preflight(mut headers: Headers) -> Response {
    if headers.iter().any(|(name, _)| *name == "access-control-allow-origin") {
        headers.extend([
            ("access-control-allow-methods", "GET, POST, PUT, DELETE".to_owned()),
            (
                "access-control-allow-headers",
                "Authorization, Content-Type, Originating-Service-Identifier".to_owned(),
            ),
            ("access-control-max-age", "600".to_owned()),
        ]);
    }
    Response { status: 204, headers, body: Vec::new() }
}

/// Adds headers to whatever a chain of steps ends in.
pub(super) fn dress(step: Step, with: Headers) -> Step {
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
        Step::Ask { realm, name, make, ask, then } => {
            let then = Box::new(|cx: &mut Cx<'_>, it| dress(then(cx, it), with));
            Step::Ask { realm, name, make, ask, then }
        }
        // Nothing of this interface ends in these.
        other => other,
    }
}
