//! Our own REST, `/api/v1` (`docs/rest.md`): log-in, the directory, contacts, files.
//!
//! - [`caller`]: who asks, by a bearer token or by the cookie of a page of ours ([`cookie`], [`origin`]);
//! - [`session`], [`lockout`]: logging in and out; [`second`], [`totp`]: the second factor; [`directory`]: people, queues and all else that is set up;
//! - [`sign_on`]: logging in by an identity provider;
//! - [`scenarios`]: what bots say, as people write it;
//! - [`audit`]: who changed what;
//! - [`contacts`], [`names`], [`story`]: what happened; [`recordings`]: how it sounded; [`reports`]: how much of it, and how well; [`files`], [`queues`], [`about`], [`openapi`];
//! - [`problem`]: how this wire says no.

mod about;
mod audit;
mod body;
pub mod caller;
mod contacts;
mod cookie;
mod demo_calls;
mod directory;
mod files;
mod lockout;
mod names;
mod openapi;
mod origin;
pub mod problem;
mod queues;
mod recordings;
mod reports;
mod scenarios;
mod second;
pub mod session;
mod sign_on;
mod story;
mod totp;

use crate::door::{BodyWanted, Cx, Head, Request, Step};
use crate::percent::decode_segment;
use directory::{Kind, document, rest};

/// The path below which all of this lies.
pub const BASE: &str = "/api/v1";

/// A body of JSON.
const USUAL: usize = 256 * 1_024;

/// A whole realm.
const DOCUMENT: usize = 8 * 1_024 * 1_024;

/// How the body of a request is read. `path` is the part of its path behind [`BASE`].
pub fn body_wanted(head: &Head, path: &str) -> BodyWanted {
    match path {
        "/import" => BodyWanted::Whole(DOCUMENT),
        file if file.starts_with("/files/") => files::body_wanted(head),
        _ => BodyWanted::Whole(USUAL),
    }
}

/// Answers a request. `path` is the part of its path behind [`BASE`].
pub fn handle(cx: &mut Cx<'_>, request: Request, path: &str) -> Step {
    let segments: Result<Vec<String>, _> = path.split('/').skip(1).map(decode_segment).collect();
    let Ok(segments) = segments else {
        return problem::bad("the path is not percent-encoded UTF-8");
    };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = request.head.method.clone();
    let get = |step: &mut dyn FnMut() -> Step| {
        if method == "GET" { step() } else { problem::wrong_method("GET") }
    };
    match segments.as_slice() {
        ["session"] => match method.as_str() {
            "POST" => session::post(cx, &request),
            "GET" => session::get(cx, &request.head),
            "DELETE" => session::delete(cx, &request.head),
            _ => problem::wrong_method("GET, POST, DELETE"),
        },
        ["second-factor"] => match method.as_str() {
            "POST" => second::post(cx, &request),
            "PUT" => second::put(cx, &request),
            "DELETE" => second::delete(cx, &request),
            _ => problem::wrong_method("POST, PUT, DELETE"),
        },
        ["users", id, "second-factor"] => match method.as_str() {
            "DELETE" => second::reset(cx, &request.head, id),
            _ => problem::wrong_method("DELETE"),
        },
        ["sign-on"] => get(&mut || sign_on::about(cx, &request.head)),
        ["sign-on", "begin"] => get(&mut || sign_on::begin(cx, &request.head)),
        ["sign-on", "return"] => get(&mut || sign_on::back(cx, &request.head)),
        ["sign-on", "code"] => match method.as_str() {
            "POST" => sign_on::code(cx, &request),
            _ => problem::wrong_method("POST"),
        },
        ["sign-on", "second-factor"] => match method.as_str() {
            "POST" => sign_on::enrol(cx, &request),
            _ => problem::wrong_method("POST"),
        },
        ["demo", "calls"] => match method.as_str() {
            "POST" => demo_calls::post(cx, &request),
            _ => problem::wrong_method("POST"),
        },
        ["demo", "calls", id] => match method.as_str() {
            "GET" => demo_calls::get(cx, &request.head, id),
            "DELETE" => demo_calls::delete(cx, &request.head, id),
            _ => problem::wrong_method("GET, DELETE"),
        },
        ["about"] => get(&mut || about::get(cx)),
        ["openapi.json"] => get(&mut || openapi::get()),
        ["audit"] => get(&mut || audit::list(cx, &request.head)),
        ["audit.csv"] => get(&mut || audit::csv(cx, &request.head)),
        ["realm"] => rest::the_realm(cx, request),
        ["export"] => get(&mut || document::export(cx, &request.head)),
        ["import"] if method == "PUT" => document::import(cx, request),
        ["levels"] => get(&mut || queues::levels(cx, &request.head)),
        ["contacts"] => get(&mut || contacts::list(cx, &request.head)),
        ["contacts", name] => get(&mut || contacts::one(cx, &request.head, name)),
        ["contacts", name, "transcript"] => {
            get(&mut || contacts::transcript(cx, &request.head, name))
        }
        ["recordings"] => get(&mut || recordings::list(cx, &request.head)),
        ["recordings", id] => get(&mut || recordings::one(cx, &request.head, id)),
        ["recordings", id, "audio"] => get(&mut || recordings::audio(cx, &request.head, id)),
        ["recordings", id, "peaks"] => get(&mut || recordings::peaks(cx, &request.head, id)),
        ["contacts", name, "story"] => get(&mut || contacts::story(cx, &request.head, name)),
        ["reports", kind] => get(&mut || reports::get(cx, &request.head, kind)),
        ["files", "upload", secret] if method == "PUT" => files::put(cx, &request.head, secret),
        ["import"] | ["files", "upload", _] => problem::wrong_method("PUT"),
        ["files", id] => get(&mut || files::get(cx, &request.head, id)),
        ["bots", id, "scenario"] => scenarios::one(cx, request, id),
        ["scenarios", "preview"] => match method.as_str() {
            "POST" => scenarios::preview(cx, request),
            _ => problem::wrong_method("POST"),
        },
        [kind] => Kind::of_path(kind)
            .map_or_else(problem::not_found, |kind| rest::all(cx, &request, kind)),
        [kind, name] => match Kind::of_path(kind) {
            Some(kind) => rest::one(cx, request, kind, name),
            None => problem::not_found(),
        },
        _ => problem::not_found(),
    }
}
