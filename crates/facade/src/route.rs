//! The one entry for HTTP: whose a path is. Pages are served before this is asked; what is nobody's is answered 404.

use crate::admin::{self, caller, problem};
use crate::connect;
use crate::desk;
use crate::door::{BodyWanted, Cx, Fault, Head, Request, Response, Settings, Step};
use crate::max;
use crate::nx;
use domain::command::Proof;

/// A path that is nobody's: nothing of its body is wanted.
const NOTHING: BodyWanted = BodyWanted::Whole(0);

/// How people get into [`max`]: as into everything else of ours.
const MAX: max::Ways = max::Ways {
    enter: |cx, head, then| {
        let then = |cx: &mut Cx<'_>, caller: caller::Caller| {
            let caller::Caller { user, realm, session, .. } = caller;
            then(cx, max::Who { user, realm, session })
        };
        caller::enter(cx, head, false, Box::new(then))
    },
    log_in: |cx, head, user, password, then| {
        let then = |cx: &mut Cx<'_>, opened| then(cx, granted(opened));
        // Its wire has no place for a code: whoever needs one logs in at a page of ours.
        let claim = admin::session::Claim { user, password, realm: None, code: None };
        admin::session::log_in(cx, head, claim, Box::new(then))
    },
    again: |cx, who, then| {
        let then = |cx: &mut Cx<'_>, opened| then(cx, granted(opened));
        admin::session::open(cx, who.realm, who.user.id.clone(), Proof::Known, None, Box::new(then))
    },
};

fn granted(
    opened: Result<admin::session::Opened, admin::session::Denied>,
) -> Result<max::Granted, bool> {
    match opened {
        Ok(opened) => Ok(max::Granted {
            token: opened.secret,
            user: opened.user,
            realm: opened.realm,
            until: opened.until,
        }),
        Err(denied) => Err(matches!(denied, admin::session::Denied::Locked)),
    }
}

/// Whose a path is.
#[derive(Debug, PartialEq, Eq)]
enum Owner<'a> {
    /// [`desk`]: its socket.
    Desk,
    /// [`admin`]: the path behind [`admin::BASE`].
    Admin(&'a str),
    /// [`connect`]. It gets the path as it was sent, for signatures cover that.
    Connect,
    /// [`max`]: its API and its log-in.
    Max,
    /// [`nx::files`], with the path below the base path.
    Files(&'a str),
    /// Nobody's.
    Nobody,
}

fn owner<'a>(settings: &Settings, path: &'a str) -> Owner<'a> {
    let path = below(&settings.base_path, path);
    match path.strip_prefix(admin::BASE) {
        Some("/desk") => Owner::Desk,
        Some(rest) if rest.starts_with('/') => Owner::Admin(rest),
        _ if max::owns(path) => Owner::Max,
        _ if nx::files::owns(path) => Owner::Files(path),
        _ if connect::route::owns(path) => Owner::Connect,
        _ => Owner::Nobody,
    }
}

/// The path below the base path; one that does not lie there stays as it is, so that both may be used.
fn below<'a>(base: &str, path: &'a str) -> &'a str {
    match path.strip_prefix(base.trim_end_matches('/')) {
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// How the server shall read the body of a request.
pub fn body_wanted(settings: &Settings, head: &Head) -> BodyWanted {
    match owner(settings, &head.path) {
        Owner::Admin(path) => admin::body_wanted(head, path),
        Owner::Files(path) => nx::files::body_wanted(head, path),
        Owner::Connect => connect::route::body_wanted(head),
        Owner::Max => max::body_wanted(),
        Owner::Desk | Owner::Nobody => NOTHING,
    }
}

/// Answers a request.
pub fn handle(cx: &mut Cx<'_>, request: Request) -> Step {
    let path = request.head.path.clone();
    match owner(cx.site.settings(), &path) {
        _ if !host_allowed(cx.site.settings(), &request.head) => {
            problem::stop(421, "request.host", "the demo answers to localhost alone")
        }
        Owner::Connect => connect::route::handle(cx, request),
        Owner::Max => {
            let below = below(&cx.site.settings().base_path, &path).to_owned();
            let mut request = request;
            request.head.path = below;
            max::handle(cx, request, MAX)
        }
        // An AWS client that asks for what we lack is told so in its own words.
        Owner::Nobody
            if request.head.header("authorization").is_some_and(|a| a.starts_with("AWS4-")) =>
        {
            connect::route::handle(cx, request)
        }
        Owner::Files(path) => nx::files::handle(cx, &request, path),
        Owner::Nobody => problem::not_found(),
        Owner::Admin(path) => admin::handle(cx, request, path),
        Owner::Desk => {
            if let Some(problem) = desk::unfit(&request.head) {
                return problem::stop(problem.status, problem.code, problem.message);
            }
            let open = |_: &mut Cx<'_>, caller: caller::Caller| {
                desk::open(caller.user, caller.realm, caller.session, caller.until)
            };
            caller::enter(cx, &request.head, true, Box::new(open))
        }
    }
}

/// What is answered when the world breaks under a request: each wire has its own words for it.
pub fn fault(cx: &mut Cx<'_>, head: &Head, fault: Fault) -> Response {
    match owner(cx.site.settings(), &head.path) {
        Owner::Connect => connect::route::fault(cx, head, fault),
        Owner::Max => max::fault(fault),
        Owner::Files(_) => nx::files::fault(fault),
        _ => problem::fault(fault),
    }
}

/// May this request see pages and `/api/v1`? The demo's passwords are public, so a foreign name that leads to this
/// machine (DNS rebinding) must not reach them.
pub fn host_allowed(settings: &Settings, head: &Head) -> bool {
    if !settings.demo {
        return true;
    }
    let ours = |host: &str| {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
                name
            }
            _ => host,
        };
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
    };
    // Whoever names it twice, and both times rightly, is told of it by whoever checks the signature.
    let mut hosts = head
        .headers
        .iter()
        .filter(|(name, _)| name == "host")
        .map(|(_, value)| value.as_str())
        .peekable();
    hosts.peek().is_some() && hosts.all(ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    #[test]
    fn each_path_has_one_owner() {
        let settings = Settings { base_path: "/aws".into(), ..Settings::default() };
        for (path, expected) in [
            ("/api/v1/desk", Owner::Desk),
            ("/api/v1/session", Owner::Admin("/session")),
            ("/aws/api/v1/session", Owner::Admin("/session")),
            ("/api/v1", Owner::Nobody),
            ("/api/v10/session", Owner::Nobody),
            ("/participant/message", Owner::Connect),
            ("/aws/incontactAPI//services/v4.0/server-time", Owner::Max),
            ("/InContactAuthorizationServer/Token", Owner::Max),
            ("/aws/contact/chat", Owner::Connect),
            ("/aws/call-message/upload", Owner::Files("/call-message/upload")),
            ("/call-messages/upload", Owner::Nobody),
            ("/awsx/contact/chat", Owner::Nobody),
            ("/", Owner::Nobody),
        ] {
            assert_eq!(owner(&settings, path), expected, "{path}");
        }
    }

    #[test]
    fn the_demo_answers_to_this_machines_own_names_alone() {
        let demo = Settings { demo: true, ..Settings::default() };
        let check = |hosts: &[&str], expected: bool| {
            let headers =
                hosts.iter().map(|host| ("host".to_owned(), (*host).to_owned())).collect();
            let (method, path, query) = ("GET".to_owned(), "/".to_owned(), String::new());
            let head = Head {
                method,
                path,
                query,
                headers,
                tls: false,
                peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            };
            assert_eq!(host_allowed(&demo, &head), expected, "{hosts:?}");
            assert!(host_allowed(&Settings::default(), &head), "production has names of its own");
        };
        for ours in ["localhost", "LocalHost:8080", "127.0.0.1:8080", "[::1]:8443", "[::1]"] {
            check(&[ours], true);
        }
        for foreign in [
            "evil.test",
            "localhost.evil.test:80",
            "127.0.0.1.nip.io",
            "::1",
            "",
            "localhost:x",
            "127.0.0.2",
        ] {
            check(&[foreign], false);
        }
        check(&[], false);
        check(&["localhost", "evil.test"], false);
    }
}
