//! The CTI gateway: connections that each monitor devices, and calls between simulated telephones, asked for by some of these
//! same connections. How long it takes from a request to each event that it causes, on the wire of each connection that
//! monitors the device; and what an event costs the server, with the calls themselves, their decisions and the journal.

use crate::chat::marker;
use crate::client::{Http, Socket};
use crate::figures::{Times, print, round};
use crate::server::{Server, folder};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{LocalSet, spawn_local};

const CONNECTIONS: u32 = 1_000;
/// Calls a second.
const RATE: u32 = 200;
/// Devices that each connection monitors.
const DEVICES: u32 = 20;
/// Connections that monitor a device.
const WATCHERS: u32 = 10;
/// Calls a second that one connection asks for: three requests each, far from its limit of 200.
const PER_CALLER: u32 = 4;
/// So long it rings, and is talked.
const PAUSE: Duration = Duration::from_millis(60);
/// The measurement lasts so long.
const SPAN: Duration = Duration::from_secs(15);
/// What a call's events are: 13 10 4 6 3 1 at who calls, 4 6 3 1 at who is called.
const EVENTS: u64 = 10;
/// Who adds devices and logs in at a time.
const STARTERS: u32 = 16;

/// What was asked for, and what has come of it.
#[derive(Default)]
struct Seen {
    /// When each call's dial, answer and clear were due.
    due: HashMap<u64, [Option<Instant>; 3]>,
    times: Times,
    refused: u64,
}

impl Seen {
    fn event(&mut self, frame: &str) {
        let read = || {
            let at = frame.find("\"id\":")? + 5;
            let id: u16 = frame[at..].split(',').next()?.parse().ok()?;
            let step = match id {
                4 | 10 | 13 => 0,
                6 => 1,
                1 | 3 => 2,
                _ => return None,
            };
            self.due.get(&marker(frame)?)?[step]
        };
        if let Some(due) = read() {
            self.times.push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
    }

    fn due(&mut self, call: u64, step: usize, at: Instant) {
        self.due.entry(call).or_default()[step] = Some(at);
    }
}

type Shared = Rc<RefCell<Seen>>;

/// Calls a second, then connections; without any, 200 and 1,000.
pub(crate) async fn run(numbers: &[u32]) -> Result<()> {
    let rate = numbers.first().copied().unwrap_or(RATE).max(1);
    let connections = numbers.get(1).copied().unwrap_or(CONNECTIONS);
    ensure!((WATCHERS..=CONNECTIONS).contains(&connections), "from 10 to 1,000 connections");
    let callers = rate.div_ceil(PER_CALLER);
    ensure!(callers <= connections, "each connection asks for {PER_CALLER} calls a second at most");
    LocalSet::new().run_until(measure(rate, connections, callers)).await
}

async fn measure(rate: u32, connections: u32, callers: u32) -> Result<()> {
    let server = Server::start(&folder("cti")?, false)?;
    let devices = connections * DEVICES / WATCHERS;
    set_up(&server, devices).await?;
    let seen = Shared::default();
    let mut sockets = log_in(&server, connections, devices).await?;
    let watching = sockets.split_off(callers as usize);
    for mut socket in watching {
        let seen = seen.clone();
        spawn_local(async move {
            while let Ok(frame) = socket.next().await {
                seen.borrow_mut().event(&frame);
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (cpu, began) = (server.cpu()?, Instant::now());
    let calling = sockets.into_iter().zip(0..).map(|(socket, n)| {
        let caller = Caller { socket, seen: seen.clone() };
        spawn_local(caller.calls(began, n, callers, rate, devices / 2))
    });
    let mut calls = 0;
    for made in join_all(calling.collect::<Vec<_>>()).await {
        calls += made??;
    }
    let (span, used) = (began.elapsed().as_secs_f64(), server.cpu()? - cpu);
    let mut seen = seen.borrow_mut();
    let delivered = seen.times.len() as u64;
    print(
        "cti.events",
        &[
            ("connections", connections.into()),
            ("monitors", (connections * DEVICES).into()),
            ("wanted_calls_per_second", rate.into()),
            ("calls_per_second", round(calls as f64 / span)),
            ("events_per_second", round(delivered as f64 / span)),
            ("p50_ms", round(seen.times.millis(0.5))),
            ("p99_ms", round(seen.times.millis(0.99))),
            ("server_cpu_us_per_event", round(used * 1e6 / delivered.max(1) as f64)),
            ("refused", seen.refused.into()),
            ("missing", (calls * EVENTS * u64::from(WATCHERS)).saturating_sub(delivered).into()),
            ("memory_mb", round(server.memory()? / 1_024.0)),
        ],
    );
    Ok(())
}

/// Simulated telephones.
async fn set_up(server: &Server, devices: u32) -> Result<()> {
    let mut http = Http::open(&server.http).await?;
    let log_in = json!({"user": "admin", "password": "demo"});
    let session = http.json("POST", "/api/v1/session", &[], &log_in).await?;
    let token = format!("Bearer {}", session["token"].as_str().context("a token")?);
    let adding = (0..STARTERS).map(|first| {
        let (host, token) = (server.http.clone(), token.clone());
        spawn_local(async move {
            let mut http = Http::open(&host).await?;
            for n in (first..devices).step_by(STARTERS as usize) {
                let (id, headers) = (number(n), [("authorization", token.as_str())]);
                let device = json!({"id": id, "virtual": true});
                http.json("PUT", &format!("/api/v1/devices/{id}"), &headers, &device).await?;
            }
            anyhow::Ok(())
        })
    });
    for added in join_all(adding.collect::<Vec<_>>()).await {
        added??;
    }
    Ok(())
}

/// A telephone's number.
fn number(n: u32) -> String {
    format!("{}", 700_000 + n)
}

/// Connections, each with its monitors.
async fn log_in(server: &Server, connections: u32, devices: u32) -> Result<Vec<Socket>> {
    let (cpu, began) = (server.cpu()?, Instant::now());
    let entering = (0..STARTERS).map(|first| {
        let host = server.rio.clone();
        spawn_local(async move {
            let mut sockets = Vec::new();
            for n in (first..connections).step_by(STARTERS as usize) {
                sockets.push(monitoring(&host, n, devices).await?);
            }
            anyhow::Ok(sockets)
        })
    });
    let mut sockets = Vec::new();
    for some in join_all(entering.collect::<Vec<_>>()).await {
        sockets.extend(some??);
    }
    let count = f64::from(connections);
    print(
        "cti.log_in",
        &[
            ("connected", sockets.len().into()),
            ("per_second", round(count / began.elapsed().as_secs_f64())),
            ("cpu_ms_each", round((server.cpu()? - cpu) * 1e3 / count)),
        ],
    );
    Ok(sockets)
}

async fn monitoring(host: &str, n: u32, devices: u32) -> Result<Socket> {
    let mut socket = Socket::open(host, "/", None, None).await?;
    let log_in = r#"{"fname":"login","id":"cube","pwd":"cube123"}"#.to_owned();
    let watched = (0..DEVICES).map(|k| number((n * DEVICES + k) % devices));
    let monitors = watched.map(|id| format!(r#"{{"fname":"addmonitor","device":"{id}"}}"#));
    for request in [log_in].into_iter().chain(monitors) {
        socket.send(&request).await?;
        let answer = socket.next().await?;
        ensure!(answer.ends_with("\"result\":1}"), "the CTI gateway says {answer}");
    }
    Ok(socket)
}

/// A connection that asks for calls, and monitors devices as the others do.
struct Caller {
    socket: Socket,
    seen: Shared,
}

impl Caller {
    /// Every so-manieth call of all, at its time. Returns how many there were.
    async fn calls(
        mut self,
        began: Instant,
        first: u32,
        callers: u32,
        rate: u32,
        pairs: u32,
    ) -> Result<u64> {
        let total = rate * u32::try_from(SPAN.as_secs())?;
        let mut made = 0;
        for n in (first..total).step_by(callers as usize) {
            let at = began + Duration::from_secs_f64(f64::from(n) / f64::from(rate));
            made += u64::from(self.call(n, n % pairs, at).await?);
        }
        // The others' last events.
        self.read_until(Instant::now() + Duration::from_secs(1)).await?;
        Ok(made)
    }

    async fn call(&mut self, n: u32, pair: u32, at: Instant) -> Result<bool> {
        let (from, to, call) = (number(pair * 2), number(pair * 2 + 1), u64::from(n));
        self.read_until(at).await?;
        self.seen.borrow_mut().due(call, 0, at);
        let dial = format!(
            r#"{{"fname":"dial","this":"{from}","called":"{to}","uui":"bench#{call}#","attach":{{"uei":"고객 1024","ci":"campaign"}}}}"#
        );
        let answer: Value = serde_json::from_str(&self.ask(&dial).await?)?;
        let Some(id) = answer["newcall"].as_u64() else {
            self.seen.borrow_mut().refused += 1;
            return Ok(false);
        };
        for (step, fname, this) in [(1, "answer", &to), (2, "clear", &from)] {
            self.read_until(Instant::now() + PAUSE).await?;
            self.seen.borrow_mut().due(call, step, Instant::now());
            let request = format!(r#"{{"fname":"{fname}","this":"{this}","c1":{id}}}"#);
            let answer = self.ask(&request).await?;
            ensure!(answer.ends_with("\"result\":1}"), "the CTI gateway says {answer}");
        }
        Ok(true)
    }

    /// A request and its answer; events between them count.
    async fn ask(&mut self, request: &str) -> Result<String> {
        self.socket.send(request).await?;
        loop {
            let frame = self.socket.next().await?;
            if frame.contains("\"result\":") {
                return Ok(frame);
            }
            self.seen.borrow_mut().event(&frame);
        }
    }

    async fn read_until(&mut self, at: Instant) -> Result<()> {
        let time = tokio::time::sleep_until(at.into());
        tokio::pin!(time);
        loop {
            tokio::select! {
                () = &mut time => return Ok(()),
                frame = self.socket.next() => self.seen.borrow_mut().event(&frame?),
            }
        }
    }
}
