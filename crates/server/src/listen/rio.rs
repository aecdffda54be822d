//! The CTI gateway's port: any path becomes its socket, and nothing else is spoken here.

use super::body::Payload;
use super::door::Door;
use super::http;
use super::serve::{Line, Port, serve};
use super::ws::Opening;
use crate::metrics::meters;
use facade::door::Site as _;
use facade::rio::{self, Counts, Times};
use hyper::body::Incoming;
use hyper::{Response, StatusCode, header};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What the port is like.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// What every connection shares.
    pub door: Arc<Door>,
    /// Sockets that are taken; beyond them, 1013.
    pub sockets: Arc<Semaphore>,
    /// Origins of pages that may connect; none is any.
    pub origins: Arc<[String]>,
    /// Times that are configured.
    pub times: Times,
}

/// Counts what a connection does, and that it is there.
#[derive(Debug)]
struct Counted;

impl Counted {
    fn new() -> Self {
        meters().cti_connections.increment(1.0);
        Self
    }
}

impl Counts for Counted {
    fn answered(&self, result: i32) {
        let code = result.to_string();
        metrics::counter!("sangdam_cti_requests_total", "result" => code).increment(1);
    }

    fn told(&self, events: u64) {
        meters().cti_events.increment(events);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        meters().cti_connections.decrement(1.0);
    }
}

/// Takes connections until the server stops.
pub async fn listen(port: Port, gateway: Gateway) {
    let door = gateway.door.clone();
    serve(port, door, move |request, line| std::future::ready(answer(request, line, &gateway)))
        .await;
}

/// Makes a socket of whatever asks for one (`nxproxy-rio.md` 1).
fn answer(
    mut request: hyper::Request<Incoming>,
    line: Line,
    gateway: &Gateway,
) -> Response<Payload> {
    let Line { peer, secure, place } = line;
    let upgrade =
        request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
    let (parts, _) = request.into_parts();
    let door = &gateway.door;
    let head = http::head(&parts, peer.ip(), secure, &door.proxies);
    let origin = head.header("origin").unwrap_or_default();
    if !gateway.origins.is_empty() && !gateway.origins.iter().any(|ours| ours == origin) {
        return http::refuse(StatusCode::FORBIDDEN, "pages of this origin may not connect");
    }
    let (Some(upgrade), Some(key)) = (upgrade, http::accept_key(&head)) else {
        return http::no_socket();
    };
    let Some(realm) = door.realm(door.site.default_realm()).cloned() else {
        return http::refuse(StatusCode::SERVICE_UNAVAILABLE, "there is no realm");
    };
    let (session, own) = match gateway.sockets.clone().try_acquire_owned() {
        Ok(own) => {
            (rio::open(head.peer, realm.no, gateway.times, Box::new(Counted::new())), Arc::new(own))
        }
        Err(_) => (rio::full(), place),
    };
    // A browser fails the handshake when it offered sub-protocols and none is chosen.
    let offered = head.header("sec-websocket-protocol").and_then(|list| list.split(',').next());
    let protocol = offered.map(str::trim).filter(|name| !name.is_empty());
    let opening = Opening {
        door: door.clone(),
        realm,
        session,
        limits: rio::LIMITS,
        place: Some(own),
        own: None,
        closes: Some("sangdam_cti_closed_total"),
    };
    http::switch(upgrade, &key, protocol, opening)
}
