//! HTTP/1.1: takes connections and requests within limits, and drives what façades ask for.

use super::body::{self, Payload};
use super::door::Door;
use super::files;
use super::form::Form;
use super::pages;
use super::serve::{HEAD, Line, Port, serve};
use super::wire::Wire;
use super::ws::{self, Opening};
use crate::metrics::meters;
use crate::{clock, password, post, tasks};
use domain::refusal::Refusal;
use facade::door::{
    BodyWanted, Call, CallFault, Fault, Head, Part, Received, Request, Response as Reply, Step,
};
use facade::route;
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::upgrade::{OnUpgrade, Parts};
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// So much of a body that nobody wants is read and dropped, in bytes: a connection with words left unread cannot be used
/// again, and a client that is not told so sends its next request into the void.
const UNWANTED: usize = 512 << 10;

/// Takes connections until the server stops.
pub async fn listen(port: Port, door: Arc<Door>) {
    let of = door.clone();
    serve(port, of, move |request, line| answer(request, line, door.clone())).await;
}

/// Answers one request.
async fn answer(
    mut request: hyper::Request<Incoming>,
    line: Line,
    door: Arc<Door>,
) -> Response<Payload> {
    let Line { peer, secure, place } = line;
    let began = clock::instant();
    let upgrade =
        request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let head = head(&parts, peer.ip(), secure, &door.proxies);
    let settings = facade::door::Site::settings(door.site.as_ref());
    let response = match pages::find(&head, settings, || door.site.frames()) {
        Some(page) if route::host_allowed(settings, &head) => page,
        Some(_) => refuse(
            StatusCode::MISDIRECTED_REQUEST,
            "the demo answers to localhost, 127.0.0.1 and [::1]",
        ),
        None => exchange(Exchange { door: &door, head, body, upgrade, place }).await,
    };
    meters().http_seconds.record(clock::instant().duration_since(began));
    let class = usize::from(response.status().as_u16() / 100).clamp(1, 5) - 1;
    meters().http_answers[class].increment(1);
    response
}

/// A request under way.
struct Exchange<'a> {
    door: &'a Arc<Door>,
    head: Head,
    body: Incoming,
    upgrade: Option<OnUpgrade>,
    place: Arc<OwnedSemaphorePermit>,
}

async fn exchange(exchange: Exchange<'_>) -> Response<Payload> {
    let Exchange { door, head, body, upgrade, place } = exchange;
    if head.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() > HEAD {
        let mut response = refuse(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the headers take more than 32 KiB",
        );
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let (whole, mut streamed) =
        match route::body_wanted(facade::door::Site::settings(door.site.as_ref()), &head) {
            BodyWanted::Streamed => (Vec::new(), Some(body)),
            BodyWanted::Whole(most) => {
                match body::whole(body, if most == 0 { UNWANTED } else { most }, door.request_time)
                    .await
                {
                    Ok(_) if most == 0 => (Vec::new(), None),
                    Ok(bytes) => (bytes, None),
                    Err(fault) => {
                        let mut response = broken(door, &head, fault);
                        // What is left of the body is not read: the connection cannot be used again.
                        response
                            .headers_mut()
                            .insert(header::CONNECTION, HeaderValue::from_static("close"));
                        return response;
                    }
                }
            }
        };
    let asked = head.clone();
    let mut cut_short = false;
    let mut form = None;
    let Some(mut step) =
        fenced(|| door.step(|cx| route::handle(cx, Request { head, body: whole })))
    else {
        return broken(door, &asked, Fault::Broken);
    };
    loop {
        let next = match step {
            Step::Reply(response) => {
                let mut response = reply(response);
                if let Some(body) = streamed.take() {
                    cut_short = body::whole(body, UNWANTED, door.request_time).await.is_err();
                }
                if cut_short {
                    response
                        .headers_mut()
                        .insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                return response;
            }
            Step::Do(realm, cause, command, then) => match door.realm(realm) {
                Some(realm) => realm
                    .act(cause, *command)
                    .await
                    .map(|outcome| fenced(|| door.step(|cx| then(cx, outcome)))),
                // A realm that is not there was named by a token that is none of ours.
                None => Ok(fenced(|| door.step(|cx| then(cx, Err(Refusal::BadToken))))),
            },
            Step::Read(realm, query, then) => match door.realm(realm) {
                Some(realm) => realm
                    .read(*query)
                    .await
                    .map(|(answer, _)| fenced(|| door.step(|cx| then(cx, answer)))),
                None => Ok(fenced(|| door.step(|cx| then(cx, Err(Refusal::BadToken))))),
            },
            Step::Verify { password, hash, then } => {
                let fits = password::verify(password, hash).await;
                fits.map(|fits| fenced(|| door.step(|cx| then(cx, fits))))
                    .map_err(|_| Fault::Unready)
            }
            Step::Hash { password, then } => {
                let hash = password::hash(password).await;
                hash.map(|hash| fenced(|| door.step(|cx| then(cx, hash))))
                    .map_err(|_| Fault::Unready)
            }
            Step::Receive { file, size, then } => {
                let received = match streamed.take() {
                    Some(body) => {
                        files::receive(&door.blobs, file, size, body, door.upload_time).await
                    }
                    None => Received::Fault,
                };
                cut_short = !matches!(received, Received::Stored { .. });
                Ok(fenced(|| door.step(|cx| then(cx, received))))
            }
            Step::Form { then } => {
                let kind = asked.header("content-type").unwrap_or_default();
                let mut read = streamed.take().and_then(|body| Form::new(kind, body));
                let part = match &mut read {
                    Some(form) => form.next_file(door.request_time).await,
                    None => None,
                };
                cut_short = true;
                form = read.filter(|_| part.is_some());
                Ok(fenced(|| door.step(|cx| then(cx, part.map(|name| Part { name })))))
            }
            Step::ReceivePart { file, most, then } => {
                let received = match form.take() {
                    Some(mut form) => {
                        let received = files::receive_part(
                            &door.blobs,
                            file,
                            most,
                            &mut form,
                            door.upload_time,
                        )
                        .await;
                        // What comes behind the file is short, or the connection cannot be used again.
                        cut_short = !form.finish(door.request_time).await;
                        received
                    }
                    None => Received::Fault,
                };
                Ok(fenced(|| door.step(|cx| then(cx, received))))
            }
            Step::Send { file, thumbnail, headers } => {
                let tag = headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| &**tag);
                return match files::send(&door.blobs, file, thumbnail, &asked, tag).await {
                    Ok(response) if response.status() == StatusCode::NOT_FOUND => {
                        dress(response, &[("content-type", "application/json".to_owned())])
                    }
                    Ok(response) => dress(response, &headers),
                    Err(fault) => broken(door, &asked, fault),
                };
            }
            Step::Peaks { file, points, then } => {
                let outline = files::peaks(&door.blobs, file, points).await;
                Ok(fenced(|| door.step(|cx| then(cx, outline))))
            }
            Step::Ask { realm, name, make, ask, then } => match door.realm(realm).cloned() {
                Some(realm) => {
                    let answer = door.standing.ask(door, &realm, name, make, ask).await;
                    Ok(fenced(|| door.step(|cx| then(cx, answer))))
                }
                None => Ok(fenced(|| door.step(|cx| then(cx, None)))),
            },
            Step::Call { realm, call, then } => {
                let Call { url, headers, body } = *call;
                let listed = door.site.stream_hosts(realm);
                let answer = door.post.call(&url, &headers, body, &listed).await;
                let answer = answer.map(|answer| answer.body).map_err(|fault| {
                    tracing::warn!(realm = realm.0, %fault, "a call for a request came to nothing");
                    match fault {
                        post::Fault::Refused(status) => CallFault::Refused(status),
                        _ => CallFault::Away,
                    }
                });
                Ok(fenced(|| door.step(|cx| then(cx, answer))))
            }
            Step::Upgrade { protocol, headers, limits, realm, session } => {
                let Some(realm) = door.realm(realm).cloned() else {
                    return broken(door, &asked, Fault::Unready);
                };
                let opening = Opening {
                    door: door.clone(),
                    realm,
                    session,
                    limits,
                    place: Some(place),
                    own: None,
                    closes: None,
                };
                let Some((upgrade, key)) = upgrade.zip(accept_key(&asked)) else {
                    ws::never_opened(opening).await;
                    return no_socket();
                };
                return dress(switch(upgrade, &key, protocol, opening), &headers);
            }
        };
        step = match next {
            Ok(Some(step)) => step,
            Ok(None) => return broken(door, &asked, Fault::Broken),
            Err(fault) => return broken(door, &asked, fault),
        };
    }
}

/// The façade's own words for a fault.
fn broken(door: &Door, head: &Head, fault: Fault) -> Response<Payload> {
    match fenced(|| door.step(|cx| route::fault(cx, head, fault))) {
        Some(words) => reply(words),
        None => refuse(StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
    }
}

/// A façade's panic is a bug of one exchange; it has been logged where panics are.
fn fenced<T>(step: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(step)).ok()
}

/// The first part of a request, as façades see it.
pub(super) fn head(
    parts: &hyper::http::request::Parts,
    peer: IpAddr,
    secure: bool,
    proxies: &[IpAddr],
) -> Head {
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let mut head = Head {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        headers,
        tls: secure,
        peer: peer.to_canonical(),
    };
    if proxies.contains(&head.peer) {
        if let Some(proto) = head.header("x-forwarded-proto") {
            head.tls = proto.eq_ignore_ascii_case("https");
        }
        // Each proxy adds whom it heard: the last that is no proxy of ours is who asked.
        let named: Vec<&str> = head
            .headers
            .iter()
            .filter(|(name, _)| name == "x-forwarded-for")
            .flat_map(|(_, list)| list.split(','))
            .collect();
        let asker = named
            .iter()
            .rev()
            .map_while(|name| name.trim().parse::<IpAddr>().ok())
            .find(|address| !proxies.contains(address));
        head.peer = asker.map_or(head.peer, |asker| asker.to_canonical());
    }
    head
}

/// A façade's answer.
fn reply(reply: Reply) -> Response<Payload> {
    let mut response = Response::new(Payload::whole(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    dress(response, &reply.headers)
}

/// The server's own no.
pub(super) fn refuse(status: StatusCode, why: &'static str) -> Response<Payload> {
    let mut response = Response::new(Payload::whole(why));
    *response.status_mut() = status;
    dress(response, &[("content-type", "text/plain; charset=utf-8".to_owned())])
}

/// Adds headers; a value that no header can have is left out. Nothing of ours is to be taken for another type than it
/// says, and no address of ours is told elsewhere: it may open something.
fn dress(mut response: Response<Payload>, headers: &[(&'static str, String)]) -> Response<Payload> {
    let map = response.headers_mut();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::from_str(value)) {
            map.append(name, value);
        }
    }
    map.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    map.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    response
}

/// The answer to the client's key, if the request is a WebSocket's opening (RFC 6455 §4.2.1).
pub(crate) fn accept_key(head: &Head) -> Option<String> {
    let names = |header: &str, word: &str| {
        head.header(header)
            .is_some_and(|list| list.split(',').any(|name| name.trim().eq_ignore_ascii_case(word)))
    };
    let key = head.header("sec-websocket-key").filter(|key| key.len() == 24)?;
    let right = head.method == "GET"
        && names("upgrade", "websocket")
        && names("connection", "upgrade")
        && head.header("sec-websocket-version") == Some("13");
    right.then(|| derive_accept_key(key.as_bytes()))
}

pub(super) fn no_socket() -> Response<Payload> {
    let response = refuse(StatusCode::UPGRADE_REQUIRED, "a WebSocket (version 13) is wanted here");
    dress(
        response,
        &[
            ("upgrade", "websocket".to_owned()),
            ("connection", "upgrade".to_owned()),
            ("sec-websocket-version", "13".to_owned()),
        ],
    )
}

/// Makes a socket of the connection.
pub(super) fn switch(
    upgrade: OnUpgrade,
    key: &str,
    protocol: Option<&str>,
    opening: Opening,
) -> Response<Payload> {
    tasks::spawn("socket", async move {
        match take_over(upgrade).await {
            Some((wire, rest)) => ws::run(wire, rest, opening).await,
            None => ws::never_opened(opening).await,
        }
    });
    switching(key, protocol)
}

/// The answer by which a connection becomes a socket.
pub(super) fn switching(key: &str, protocol: Option<&str>) -> Response<Payload> {
    let mut response = Response::new(Payload::whole(&[][..]));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let mut headers = vec![
        ("upgrade", "websocket".to_owned()),
        ("connection", "Upgrade".to_owned()),
        ("sec-websocket-accept", key.to_owned()),
    ];
    headers.extend(protocol.map(|protocol| ("sec-websocket-protocol", protocol.to_owned())));
    dress(response, &headers)
}

/// The connection, and what had been read beyond the request. The request's buffer stays behind: a socket that held on
/// to it would cost 8 KiB more.
pub(super) async fn take_over(upgrade: OnUpgrade) -> Option<(Wire, Vec<u8>)> {
    let Parts { io, read_buf, .. } = upgrade.await.ok()?.downcast::<TokioIo<Wire>>().ok()?;
    Some((io.into_inner(), read_buf.to_vec()))
}

#[cfg(test)]
mod tests;
