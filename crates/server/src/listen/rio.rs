//! The CTI gateway's port: any path becomes its socket, and nothing else is spoken here.

use super::body::Payload;
use super::door::Door;
use super::http::{self, HANDSHAKE, HEAD};
use super::wire::Wire;
use super::ws::Opening;
use crate::tasks;
use facade::door::Site as _;
use facade::rio::{self, Times};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

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

/// Takes connections until the server stops.
pub async fn listen(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    gateway: Gateway,
    places: Arc<Semaphore>,
) {
    let mut stop = gateway.door.stop.clone();
    loop {
        let taken = tokio::select! {
            taken = http::take(&listener, &places) => taken,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Some((tcp, peer, place)) = taken else {
            // No more files may be opened: some connection has to end first.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let (tls, gateway) = (tls.clone(), gateway.clone());
        tasks::spawn("rio", connection(tcp, peer, tls, gateway, Arc::new(place)));
    }
}

async fn connection(
    tcp: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    gateway: Gateway,
    place: Arc<OwnedSemaphorePermit>,
) {
    let secure = tls.is_some();
    let wire = match tls {
        None => Wire::Plain(tcp),
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(tcp)).await {
            Ok(Ok(tls)) => Wire::Tls(Box::new(tls.into())),
            _ => return,
        },
    };
    let mut stop = gateway.door.stop.clone();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(gateway.door.request_time)
        .max_buf_size(2 * HEAD)
        .half_close(false);
    let service = service_fn(move |request| {
        let answer = answer(request, peer, secure, &gateway, &place);
        async move { Ok::<_, Infallible>(answer) }
    });
    let serving = http.serve_connection(TokioIo::new(wire), service).with_upgrades();
    tokio::select! {
        // A connection that breaks is its client's affair.
        _ = serving => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Makes a socket of whatever asks for one (`nxproxy-rio.md` 1).
fn answer(
    mut request: hyper::Request<Incoming>,
    peer: SocketAddr,
    secure: bool,
    gateway: &Gateway,
    place: &Arc<OwnedSemaphorePermit>,
) -> Response<Payload> {
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
        Ok(own) => (rio::open(head.peer, realm.no, gateway.times), Arc::new(own)),
        Err(_) => (rio::full(), place.clone()),
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
    };
    http::switch(upgrade, &key, protocol, opening)
}
