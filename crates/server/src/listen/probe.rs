//! `/metrics`, `/healthz` and `/readyz`, on a port of their own.

use super::body::Payload;
use crate::run::Realm;
use crate::{metrics, tasks};
use hyper::header::{self, HeaderValue};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Connections at a time: a handful of collectors.
const PLACES: usize = 32;

/// Takes connections until the server stops.
pub async fn listen(
    listener: TcpListener,
    realms: Vec<Arc<Realm>>,
    mut stop: watch::Receiver<bool>,
) {
    let realms: Arc<[Arc<Realm>]> = realms.into();
    let places = Arc::new(Semaphore::new(PLACES));
    loop {
        let taken = async { (places.clone().acquire_owned().await, listener.accept().await) };
        let (place, taken) = tokio::select! {
            taken = taken => taken,
            () = stopped(&mut stop) => return,
        };
        let Ok((tcp, _)) = taken else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (realms, mut stop) = (realms.clone(), stop.clone());
        tasks::spawn("probe", async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let answer = answer(request.uri().path(), &realms);
                async move { Ok::<_, Infallible>(answer) }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            let serving = http
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(30))
                .serve_connection(TokioIo::new(tcp), service);
            tokio::select! {
                _ = serving => {}
                () = stopped(&mut stop) => {}
            }
            drop(place);
        });
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // One who can no longer tell has stopped, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn answer(path: &str, realms: &[Arc<Realm>]) -> Response<Payload> {
    let unready = realms.iter().filter(|realm| !realm.ready()).count();
    let (status, body) = match path {
        "/metrics" => (StatusCode::OK, metrics::render()),
        "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
        "/readyz" if unready == 0 => (StatusCode::OK, "ready\n".to_owned()),
        "/readyz" => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{unready} of {} realms cannot write\n", realms.len()),
        ),
        _ => (StatusCode::NOT_FOUND, "/metrics, /healthz, /readyz\n".to_owned()),
    };
    let mut response = Response::new(Payload::whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}
