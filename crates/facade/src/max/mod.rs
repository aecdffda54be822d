//! The agent-session API: long poll and commands for programs and pages written for the MAX agent client
//! (`max-agent-desktop.md` 2 and 3; where it leaves something to us, `docs/max.md` says what we do).
//!
//! - [`path`], [`params`], [`error`]: how this wire is read and how it says no; [`cors`]: pages of other origins;
//! - [`token`]: its log-in; [`name`]: the changing ids of a session; [`enter`]: whose a session is;
//! - [`session`]: start, join, poll, end; [`act`]: what agents do; [`read`]: what they look up;
//! - [`feed`]: one standing session for each agent at work: it watches, keeps the last events, and answers polls;
//!   [`shown`] and [`event`] write what it tells.
//!
//! An agent at work is a [`domain::shift::Shift`]. The feed is soft: after a restart it is made anew and begins with a
//! snapshot, while the ids that clients hold stay good.

mod act;
mod cors;
mod enter;
mod error;
mod event;
mod feed;
mod name;
mod params;
mod path;
mod read;
mod session;
mod shown;
mod time;
mod token;

use crate::door::{BodyWanted, Cx, Fault, Head, RealmNo, Request, Response, Step, Then};
use domain::directory::User;
use domain::id::TokenHash;
use domain::query::{Answer, Query};
use domain::time::Millis;
use std::sync::Arc;

/// The longest body: our own limit, far beyond what any call needs.
const BODY: usize = 64 << 10;

/// Every event names the server that told it; there is one.
const HOST: &str = "sangdam";

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Who {
    /// Who.
    pub user: Arc<User>,
    /// Where.
    pub realm: RealmNo,
    /// Their session.
    pub session: TokenHash,
}

/// Who has logged in: the token, whose it is, where, and until when.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The token.
    pub token: String,
    /// Whose.
    pub user: Arc<User>,
    /// Where.
    pub realm: RealmNo,
    /// It ends then.
    pub until: Millis,
}

/// Logs in by name and password; false says that too many were wrong.
pub type LogIn = fn(&mut Cx<'_>, &Head, &str, String, Then<Result<Granted, bool>>) -> Step;

/// What is the server's own affair and not this interface's: how people get in.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    /// Lets whoever calls in, or answers 401.
    pub enter: fn(&mut Cx<'_>, &Head, Then<Who>) -> Step,
    /// Logs in.
    pub log_in: LogIn,
    /// Opens a new session for whoever has one.
    pub again: fn(&mut Cx<'_>, &Who, Then<Result<Granted, bool>>) -> Step,
}

/// Is this path one of ours? Letters' case and doubled slashes do not matter.
pub fn owns(path: &str) -> bool {
    path::read(path).is_some()
}

/// How a body is read.
pub const fn body_wanted() -> BodyWanted {
    BodyWanted::Whole(BODY)
}

/// Answers a request.
pub fn handle(cx: &mut Cx<'_>, request: Request, ways: Ways) -> Step {
    let Some(place) = path::read(&request.head.path) else { return error::no_resource() };
    let realm = bearer(&request.head)
        .and_then(|token| crate::door::open(&token))
        .map_or_else(|| cx.site.default_realm(), |(realm, _)| realm);
    if request.head.header("origin").is_none() {
        return inside(cx, request, place, ways);
    }
    // Which origins may read answers is in the directory.
    let then = move |cx: &mut Cx<'_>, answer| {
        let headers = match answer {
            Ok(Answer::Directory(directory)) => cors::headers(&request.head, &directory),
            _ => Vec::new(),
        };
        if request.head.method == "OPTIONS" {
            return Step::Reply(cors::preflight(headers));
        }
        cors::dress(inside(cx, request, place, ways), headers)
    };
    Step::Read(realm, Box::new(Query::Directory), Box::new(then))
}

fn inside(cx: &mut Cx<'_>, request: Request, place: path::Place, ways: Ways) -> Step {
    let (version, parts) = match place {
        path::Place::Token => return token::handle(cx, &request, ways),
        path::Place::Api { version, parts } => (version, parts),
    };
    let params = match params::read(&request) {
        Ok(params) => params,
        Err(why) => return error::bad(why),
    };
    let head = request.head;
    let asked = head.clone();
    let then = move |cx: &mut Cx<'_>, who: Who| {
        let call = Call { head, who, version, params };
        dispatch(cx, call, &parts)
    };
    (ways.enter)(cx, &asked, Box::new(then))
}

/// A request by somebody who is known.
struct Call {
    head: Head,
    who: Who,
    version: u8,
    params: params::Params,
}

fn dispatch(cx: &mut Cx<'_>, call: Call, parts: &[String]) -> Step {
    let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let names: Vec<&str> = lower.iter().map(String::as_str).collect();
    let method = call.head.method.clone();
    match (method.as_str(), names.as_slice()) {
        ("POST", ["agent-sessions"]) => session::start(cx, call),
        ("POST", ["agent-sessions", "join"]) => session::join(cx, call),
        ("POST", ["agent-sessions", "app"]) => session::app(cx, call),
        (_, ["agent-sessions"] | ["agent-sessions", "join" | "app"]) => error::method("POST"),
        ("DELETE", ["agent-sessions", _]) => session::end(cx, call, &parts[1]),
        (_, ["agent-sessions", _]) => error::method("DELETE"),
        ("GET", ["agent-sessions", _, "get-next-event"]) => session::poll(cx, call, &parts[1]),
        (_, ["agent-sessions", _, "get-next-event"]) => error::method("GET"),
        ("POST", ["agent-sessions", _, "keep-alive"]) => session::keep_alive(cx, call, &parts[1]),
        (_, ["agent-sessions", _, rest @ ..]) => {
            let rest: Vec<String> = rest.iter().map(|part| (*part).to_owned()).collect();
            act::handle(cx, call, &parts[1], &rest)
        }
        ("GET", _) => read::handle(cx, call, &lower),
        _ => error::no_resource(),
    }
}

/// What is answered when the world breaks under a request.
pub fn fault(fault: Fault) -> Response {
    let (status, code, message) = match fault {
        Fault::Full => (503, "store_full", "Nothing can be written at the moment."),
        Fault::Unready => (503, "unready", "The server is not ready."),
        Fault::Broken => (500, "internal_error", "Internal error."),
        Fault::TooLarge => (413, "too_large", "The body is longer than 64 KiB."),
        Fault::Slow => (408, "too_slow", "The request did not arrive in time."),
    };
    error::response(status, code, message)
}

/// The token of an `Authorization: Bearer`, whatever its case.
fn bearer(head: &Head) -> Option<String> {
    let (scheme, token) = head.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}
