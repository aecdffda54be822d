//! `/call-message/…`: a page's files, there and back, and how the customer says how it went (`nxwebapi.md` 4,
//! `docs/chat-wire.md` 4 and 5). An address is its own right; no cookie comes with it.

use super::arrival;
use super::file_name::{self, Named, PATH};
use crate::door::{
    self, BodyWanted, Cx, Fault, Head, Part, RealmNo, Received, Request, Response, Step,
};
use crate::percent::{encode_segment, parse_query};
use crate::sniff;
use domain::command::{By, Command};
use domain::id::{FileId, RoomId, TokenHash};
use domain::query::{Answer, Query};
use domain::refusal::{Quota, Refusal};
use domain::room::{File, FileStatus};
use serde_json::json;

/// The longest file, in bytes (`amazon-connect-chat.md` 2.6).
const FILE_BYTES: u64 = 20 << 20;

/// A form around a file may be so much longer.
const FORM_BYTES: u64 = 64 << 10;

/// Characters of a file's name.
const NAME: usize = 255;

/// Is this path ours?
pub(crate) fn owns(path: &str) -> bool {
    path.starts_with(PATH)
}

/// What is asked of it.
enum What<'a> {
    Upload,
    Rating,
    File(&'a str),
}

fn what(path: &str) -> What<'_> {
    match path.strip_prefix(PATH).unwrap_or_default() {
        "upload" => What::Upload,
        "rating" => What::Rating,
        name => What::File(name),
    }
}

/// How the server shall read the body.
pub(crate) fn body_wanted(head: &Head, path: &str) -> BodyWanted {
    match what(path) {
        What::Upload if head.method == "POST" => BodyWanted::Streamed,
        What::Rating if head.method == "POST" => BodyWanted::Whole(1_024),
        _ => BodyWanted::Whole(0),
    }
}

/// Answers a request.
pub(crate) fn handle(cx: &mut Cx<'_>, request: &Request, path: &str) -> Step {
    let head = &request.head;
    match (what(path), head.method.as_str()) {
        (_, "OPTIONS") => Step::Reply(preflight()),
        (What::Upload, "POST") => upload(cx, head),
        (What::Rating, "GET" | "HEAD") => Step::Reply(match token(head) {
            Some(_) => rating_page(RATE),
            None => problem(401, "a token is wanted"),
        }),
        (What::Rating, "POST") => rate(head, &request.body),
        (What::File(name), "GET" | "HEAD") => file(cx, head, name),
        _ => refuse(405, "this cannot be done here"),
    }
}

/// What is answered when the world breaks under a request.
pub(crate) fn fault(fault: Fault) -> Response {
    match fault {
        Fault::Full | Fault::Unready => problem(503, "the server cannot do this at present"),
        Fault::Broken => problem(500, "internal error"),
        Fault::TooLarge => problem(413, "this is too long"),
        Fault::Slow => problem(408, "the request did not arrive in time"),
    }
}

/// Pages of any origin may call, without cookies.
fn cors(response: &mut Response) {
    response.headers.push(("access-control-allow-origin", "*".to_owned()));
}

fn preflight() -> Response {
    let mut response = Response { status: 204, headers: Vec::new(), body: Vec::new() };
    cors(&mut response);
    response.headers.extend([
        ("access-control-allow-methods", "GET, POST".to_owned()),
        ("access-control-allow-headers", "content-type, range".to_owned()),
        ("access-control-max-age", "86400".to_owned()),
    ]);
    response
}

fn answer(status: u16, body: &serde_json::Value) -> Response {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    let mut response = Response { status, headers, body: body.to_string().into_bytes() };
    cors(&mut response);
    response
}

fn problem(status: u16, desc: &str) -> Response {
    answer(status, &json!({"code": status, "desc": desc}))
}

fn refuse(status: u16, desc: &str) -> Step {
    Step::Reply(problem(status, desc))
}

/// The token in the address, its realm and its hash.
fn token(head: &Head) -> Option<(RealmNo, TokenHash)> {
    let pairs = parse_query(&head.query).ok()?;
    let (_, secret) = pairs.iter().find(|(name, _)| name == "t")?;
    door::open(secret)
}

fn upload(_: &mut Cx<'_>, head: &Head) -> Step {
    let Some((realm, hash)) = token(head) else { return refuse(401, "a token is wanted") };
    let length = head.header("content-length").and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > FILE_BYTES + FORM_BYTES) {
        return refuse(413, "a file has 20 MB at most");
    }
    let (by, head) = (By::Token(hash), head.clone());
    let then = move |_: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Room(room)) => Step::Form {
            then: Box::new(move |cx, part| match part {
                Some(part) => receive(cx, realm, by, room, head, part),
                None => refuse(400, "a form with a file is wanted"),
            }),
        },
        Ok(_) => refuse(500, "internal error"),
        Err(refusal) => refused(&refusal),
    };
    Step::Read(realm, Box::new(Query::MayBring(by)), Box::new(then))
}

fn receive(cx: &mut Cx<'_>, realm: RealmNo, by: By, room: RoomId, head: Head, part: Part) -> Step {
    let Part { name } = part;
    let fits = (1..=NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if !fits {
        return refuse(400, "the file's name is too long, or is none");
    }
    let allowed = &cx.site.settings().file_types;
    if !sniff::ending(&name).is_some_and(|ending| allowed.contains(&ending)) {
        return refuse(415, "files of this type are not taken");
    }
    let id = FileId::new(cx.now, cx.chance);
    let then = move |_: &mut Cx<'_>, received| {
        let (size, start) = match received {
            Received::Stored { size, start } => (size, start),
            Received::WrongSize => return refuse(413, "a file has 20 MB at most"),
            Received::Broken => return refuse(400, "the file did not arrive whole"),
            Received::Fault => return refuse(503, "the file could not be stored"),
        };
        let kind = sniff::kind(&name, &start).filter(|_| size > 0);
        let status = if kind.is_some() { FileStatus::Stored } else { FileStatus::Rejected };
        let kind = kind.unwrap_or("application/octet-stream").into();
        let file = File { id, name: name.into(), kind, size, status };
        let command = Command::BringFile { by, file: Box::new(file.clone()) };
        let done = move |cx: &mut Cx<'_>, outcome| match outcome {
            Ok(_) if file.status == FileStatus::Rejected => {
                refuse(415, "the file is not what its name says")
            }
            Ok(_) => {
                let named = Named { realm, room, file: id };
                let base = arrival::own(cx.site.settings(), &head);
                match file_name::entry(cx.site, &base, &named, &file) {
                    Some(entry) => Step::Reply(answer(200, &entry)),
                    None => refuse(503, "files have no names here"),
                }
            }
            Err(refusal) => refused(&refusal),
        };
        Step::Do(realm, "nx.upload", Box::new(command), Box::new(done))
    };
    Step::ReceivePart { file: id, most: FILE_BYTES, then: Box::new(then) }
}

/// A refusal, on this wire.
fn refused(refusal: &Refusal) -> Step {
    match refusal {
        Refusal::Quota { what: Quota::Files, .. } => refuse(429, "a room has 35 files at most"),
        Refusal::NoSuchFile => refuse(404, "there is no such file"),
        Refusal::WrongState(_) => refuse(400, "a score is 1 to 5"),
        Refusal::NotAllowed => refuse(409, "nobody asked"),
        Refusal::BadToken | Refusal::ChatEnded | Refusal::NotAMember | Refusal::Silent => {
            refuse(401, "the token opens nothing (any more)")
        }
        _ => refuse(503, "the server cannot do this at present"),
    }
}

fn file(cx: &Cx<'_>, head: &Head, name: &str) -> Step {
    let Some(named) = Named::read(cx.site, name) else {
        return refuse(404, "there is no such file");
    };
    let preview = head.query.split('&').any(|pair| pair.split('=').next() == Some("preview"));
    let then = move |_: &mut Cx<'_>, answer| match answer {
        Ok(Answer::File(file)) => send(&file, preview),
        Ok(Answer::Files(files)) => match files.first() {
            Some(file) => send(file, preview),
            None => refuse(404, "there is no such file"),
        },
        Ok(_) => refuse(500, "internal error"),
        Err(refusal) => refused(&refusal),
    };
    Step::Read(named.realm, Box::new(Query::FileIn(named.room, named.file)), Box::new(then))
}

/// The bytes are somebody's word: no page can be made to run them.
fn send(file: &File, preview: bool) -> Step {
    let kind = file.kind.split(';').next().unwrap_or_default().trim();
    let raster = kind.starts_with("image/") && !kind.contains("svg");
    let preview = preview && crate::item::image(kind);
    let mut headers = vec![
        ("content-disposition", disposition(raster, &file.name)),
        ("x-content-type-options", "nosniff".to_owned()),
        ("content-security-policy", "sandbox; default-src 'none'".to_owned()),
        ("access-control-allow-origin", "*".to_owned()),
        ("cross-origin-resource-policy", "cross-origin".to_owned()),
        ("cache-control", "private, max-age=3600".to_owned()),
    ];
    if !preview {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/+-.; =_".contains(c);
        let told =
            if file.kind.chars().all(plain) { &*file.kind } else { "application/octet-stream" };
        headers.push(("content-type", told.to_owned()));
    }
    Step::Send { file: file.id, thumbnail: preview, headers }
}

/// RFC 6266 and RFC 8187: the name as it is, and one in ASCII for old readers.
fn disposition(inline: bool, name: &str) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let plain = |c: char| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{}", encode_segment(name))
}

fn rate(head: &Head, body: &[u8]) -> Step {
    let Some((realm, hash)) = token(head) else { return refuse(401, "a token is wanted") };
    let form = std::str::from_utf8(body).ok().and_then(|form| parse_query(form).ok());
    let score = form.and_then(|pairs| {
        pairs.iter().find(|(name, _)| name == "score")?.1.trim().parse::<u8>().ok()
    });
    let Some(score) = score.filter(|score| (1..=5).contains(score)) else {
        return refuse(400, "a score is 1 to 5");
    };
    // A person came by the page's own form, and is thanked.
    let person = head.header("accept").is_some_and(|accept| accept.contains("text/html"));
    let command = Command::Rate { by: By::Token(hash), score };
    let then = move |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) if person => Step::Reply(rating_page(THANKS)),
        Ok(_) => {
            let mut nothing = Response { status: 204, headers: Vec::new(), body: Vec::new() };
            cors(&mut nothing);
            Step::Reply(nothing)
        }
        Err(refusal) => refused(&refusal),
    };
    Step::Do(realm, "nx.rate", Box::new(command), Box::new(then))
}

const RATE: &str = "<h1>상담은 어떠셨나요?</h1><p lang=\"en\">How did it go?</p><form method=\"post\">\
    <button name=\"score\" value=\"5\">5 · 매우 만족</button> <button name=\"score\" value=\"4\">4 · 만족</button> \
    <button name=\"score\" value=\"3\">3 · 보통</button> <button name=\"score\" value=\"2\">2 · 불만</button> \
    <button name=\"score\" value=\"1\">1 · 매우 불만</button></form>";

const THANKS: &str = "<h1>고맙습니다.</h1><p lang=\"en\">Thank you. You may close this page.</p>";

/// A page without a script: it works wherever the link leads somebody.
fn rating_page(body: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"ko\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>상담 평가</title><main>{body}</main></html>\n"
    );
    let headers = vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        (
            "content-security-policy",
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'".to_owned(),
        ),
        ("cache-control", "no-store".to_owned()),
    ];
    Response { status: 200, headers, body: page.into_bytes() }
}
