//! The ports that speak HTTP: takes connections, with or without TLS, and hands each request to whoever answers there.

use super::body::Payload;
use super::door::Door;
use super::wire::Wire;
use crate::metrics::meters;
use crate::tasks;
use hyper::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

/// The longest head of a request, in bytes (`amazon-connect-chat.md` 0.2): beyond it, 431.
pub(super) const HEAD: usize = 32 << 10;

/// How long a TLS handshake may take.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);

/// Where connections come in.
#[expect(missing_debug_implementations, reason = "what locks TLS has none")]
pub struct Port {
    /// Its name, for tasks.
    pub name: &'static str,
    /// Where it listens.
    pub listener: TcpListener,
    /// Everything that comes is under TLS.
    pub tls: Option<TlsAcceptor>,
    /// Connections that the server takes at a time, over all ports.
    pub places: Arc<Semaphore>,
}

/// The connection that a request came by.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its other end.
    pub(super) peer: SocketAddr,
    /// It is under TLS.
    pub(super) secure: bool,
    /// Its place among the connections that the server takes: whoever makes a socket of it keeps it.
    pub(super) place: Arc<OwnedSemaphorePermit>,
}

/// Takes connections until the server stops.
pub(super) async fn serve<F>(
    port: Port,
    door: Arc<Door>,
    answer: impl Fn(hyper::Request<Incoming>, Line) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Response<Payload>> + Send + 'static,
{
    let Port { name, listener, tls, places } = port;
    let mut stop = door.stop.clone();
    loop {
        let taken = tokio::select! {
            taken = take(&listener, &places) => taken,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Some((tcp, peer, place)) = taken else {
            // No more files may be opened: some connection has to end first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (tls, door, answer) = (tls.clone(), door.clone(), answer.clone());
        let line = Line { peer, secure: tls.is_some(), place: Arc::new(place) };
        tasks::spawn(name, async move {
            meters().connections.increment(1.0);
            connection(tcp, tls, &door, line, answer).await;
            meters().connections.decrement(1.0);
        });
    }
}

/// A connection, and its place among all; none if the system gives none.
pub(crate) async fn take(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    let (tcp, peer) = listener.accept().await.ok()?;
    // Answers are small and awaited: none shall wait for the next one's company.
    tcp.set_nodelay(true).ok()?;
    Some((tcp, peer, place))
}

async fn connection<F>(
    tcp: TcpStream,
    tls: Option<TlsAcceptor>,
    door: &Door,
    line: Line,
    answer: impl Fn(hyper::Request<Incoming>, Line) -> F,
) where
    F: Future<Output = Response<Payload>>,
{
    let wire = match tls {
        None => Wire::Plain(tcp),
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(tcp)).await {
            Ok(Ok(tls)) => Wire::Tls(Box::new(tls.into())),
            _ => return,
        },
    };
    let mut stop = door.stop.clone();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(door.request_time)
        .max_buf_size(2 * HEAD)
        .half_close(false);
    let service = service_fn(|request| {
        let answered = answer(request, line.clone());
        async move { Ok::<_, Infallible>(answered.await) }
    });
    let mut serving =
        std::pin::pin!(http.serve_connection(TokioIo::new(wire), service).with_upgrades());
    let stopped = tokio::select! {
        // A connection that breaks is its client's affair.
        _ = serving.as_mut() => false,
        _ = stop.wait_for(|stop| *stop) => true,
    };
    if stopped {
        serving.as_mut().graceful_shutdown();
        let _ = serving.await;
    }
}
