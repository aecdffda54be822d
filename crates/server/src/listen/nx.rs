//! The ports of customers' browsers, 6080 and 6081 (`nxwebapi.md` 7.1): any path becomes a socket of the sub-protocol that
//! is offered, and whoever just looks sees a plain page, so that a browser can be made to accept our certificate.

use super::body::Payload;
use super::door::Door;
use super::http;
use super::serve::{Line, Port, serve};
use super::ws::Opening;
use crate::voice::stream;
use crate::{config, tasks, voice};
use facade::door::{Head, Site as _};
use facade::nx;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::upgrade::OnUpgrade;
use hyper::{Response, StatusCode, header};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What whoever just looks is shown.
const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sangdam</title>\
    <p>Sangdam: web chats and calls connect to this port. If you can read this, your browser trusts its certificate; \
    you may close this page.</p></html>\n";

/// What both ports share.
#[derive(Debug, Clone)]
pub struct Porch {
    door: Arc<Door>,
    /// Sockets that are taken; beyond them, 503.
    sockets: Arc<Semaphore>,
    /// Origins of pages that may connect; none is any.
    origins: Arc<[String]>,
    /// What is taken of one address.
    lobby: Arc<nx::Lobby>,
    /// Where SIP goes.
    sip: stream::Port,
}

impl Porch {
    /// As it is configured.
    pub fn new(
        door: Arc<Door>,
        config: &config::Nx,
        lobby: Arc<nx::Lobby>,
        sip: stream::Port,
    ) -> Self {
        let sockets = if config.sockets == 0 { Semaphore::MAX_PERMITS } else { config.sockets };
        Self {
            door,
            sockets: Arc::new(Semaphore::new(sockets.min(Semaphore::MAX_PERMITS))),
            origins: config.origins.clone().into(),
            lobby,
            sip,
        }
    }
}

/// A sub-protocol that is spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// Our own chat.
    Chat,
    /// SIP (RFC 7118).
    Sip,
}

impl Protocol {
    const fn name(self) -> &'static str {
        match self {
            Self::Chat => nx::PROTOCOL,
            Self::Sip => voice::socket::PROTOCOL,
        }
    }

    /// The first of those offered that is spoken here.
    fn of(head: &Head) -> Option<Self> {
        let offers = head.headers.iter().filter(|(name, _)| name == "sec-websocket-protocol");
        let mut names = offers.flat_map(|(_, list)| list.split(',')).map(str::trim);
        names.find_map(|name| [Self::Chat, Self::Sip].into_iter().find(|ours| name == ours.name()))
    }
}

/// Takes connections until the server stops.
pub async fn listen(port: Port, porch: Porch) {
    let door = porch.door.clone();
    serve(port, door, move |request, line| std::future::ready(answer(request, line, &porch))).await;
}

fn answer(mut request: hyper::Request<Incoming>, line: Line, porch: &Porch) -> Response<Payload> {
    let Line { peer, secure, place } = line;
    let upgrade =
        request.headers().contains_key(header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
    let (parts, _) = request.into_parts();
    let head = http::head(&parts, peer.ip(), secure, &porch.door.proxies);
    match upgrade {
        Some(upgrade) => socket(upgrade, (&head, peer), porch, &place),
        None if matches!(head.method.as_str(), "GET" | "HEAD") => page(),
        None => http::no_socket(),
    }
}

/// Makes a socket of whatever asks for one of those that are spoken here.
fn socket(
    upgrade: OnUpgrade,
    (head, peer): (&Head, SocketAddr),
    porch: &Porch,
    place: &Arc<OwnedSemaphorePermit>,
) -> Response<Payload> {
    let door = &porch.door;
    let origin = head.header("origin").unwrap_or_default();
    if !porch.origins.is_empty() && !porch.origins.iter().any(|ours| ours == origin) {
        return http::refuse(StatusCode::FORBIDDEN, "pages of this origin may not connect");
    }
    let Some(key) = http::accept_key(head) else { return http::no_socket() };
    let Some(protocol) = Protocol::of(head) else {
        return http::refuse(
            StatusCode::BAD_REQUEST,
            "a sub-protocol is wanted: sangdam.chat.1 or sip",
        );
    };
    let Some(realm) = door.realm(door.site.default_realm()).cloned() else {
        return http::refuse(StatusCode::SERVICE_UNAVAILABLE, "there is no realm");
    };
    let Ok(own) = porch.sockets.clone().try_acquire_owned() else {
        return full();
    };
    let (session, limits) = match protocol {
        Protocol::Chat => {
            let arrival = nx::Arrival::new(door.site.settings(), head, realm.no);
            (nx::open(arrival, porch.lobby.clone()), nx::LIMITS)
        }
        Protocol::Sip => return sip(upgrade, &key, (head, peer), porch, (place.clone(), own)),
    };
    let (place, own) = (Some(place.clone()), Some(own));
    let opening = Opening { door: door.clone(), realm, session, limits, place, own, closes: None };
    http::switch(upgrade, &key, Some(protocol.name()), opening)
}

/// A socket that speaks SIP: its bytes go to the switch.
fn sip(
    upgrade: OnUpgrade,
    key: &str,
    (head, peer): (&Head, SocketAddr),
    porch: &Porch,
    places: (Arc<OwnedSemaphorePermit>, OwnedSemaphorePermit),
) -> Response<Payload> {
    let Some(share) = porch.sip.exchange.hold(head.peer) else {
        return full();
    };
    let (sip, from) = (porch.sip.clone(), SocketAddr::new(head.peer, peer.port()));
    tasks::spawn("sip-socket", async move {
        if let Some((wire, rest)) = http::take_over(upgrade).await {
            voice::socket::run(wire, rest, from, sip).await;
        }
        drop((places, share));
    });
    http::switching(key, Some(Protocol::Sip.name()))
}

/// Come again later.
fn full() -> Response<Payload> {
    let mut full = http::refuse(StatusCode::SERVICE_UNAVAILABLE, "too many sockets are open");
    full.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    full
}

fn page() -> Response<Payload> {
    let mut page = http::refuse(StatusCode::OK, PAGE);
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}
