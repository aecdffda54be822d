//! Chats with an agent: every message goes in by `SendMessage`, is on disk, and reaches the customer's and the agent's
//! sockets. Measured at 1,000 a second, then faster until it no longer keeps up.

use crate::client::{Http, Socket};
use crate::figures::{Times, print, round};
use crate::server::{Server, folder};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{LocalSet, spawn_local};

const CHATS: usize = 5_000;
pub(crate) const PER_AGENT: usize = 50;
const SENDERS: usize = 64;
/// So many chats are started at a time.
const STARTERS: usize = 20;
/// Each measurement lasts so long.
const SPAN: Duration = Duration::from_secs(15);

/// Messages under way: when each was due to be sent, and how many deliveries are still missing.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) sent: HashMap<u64, (Instant, u8)>,
    pub(crate) both: Times,
}

impl Watch {
    pub(crate) fn seen(&mut self, frame: &str) {
        let Some(id) = marker(frame) else { return };
        let Some((at, missing)) = self.sent.get_mut(&id) else { return };
        *missing -= 1;
        if *missing == 0 {
            let micros = u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.sent.remove(&id);
            self.both.push(micros);
        }
    }
}

/// The number in a benchmark message's text.
pub(crate) fn marker(frame: &str) -> Option<u64> {
    let at = frame.find("bench#")? + 6;
    frame[at..].split('#').next()?.parse().ok()
}

/// Rates in messages a second; without any, those from 1,000 until it no longer keeps up.
pub(crate) async fn run(rates: &[u32]) -> Result<()> {
    LocalSet::new().run_until(measure(rates)).await
}

async fn measure(rates: &[u32]) -> Result<()> {
    let server = Server::start(&folder("chat")?, false)?;
    let watch = Rc::new(RefCell::new(Watch::default()));
    let tokens = Rc::new(crowd(&server, CHATS, &watch).await?);
    let mut best = 0;
    let all = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000];
    for rate in if rates.is_empty() { all.to_vec() } else { rates.to_vec() } {
        let p99 = at_rate(&server, &tokens, &watch, rate).await?;
        if p99.is_nan() || p99 > 100.0 {
            break;
        }
        best = rate;
    }
    print("chat.sustained", &[("messages_per_second_below_100_ms", best.into())]);
    Ok(())
}

/// So many chats, each with an agent. Returns the tokens to speak with.
pub(crate) async fn crowd(
    server: &Server,
    chats: usize,
    watch: &Rc<RefCell<Watch>>,
) -> Result<Vec<String>> {
    let agents = chats / PER_AGENT;
    people(server, agents).await?;
    for n in 0..agents {
        desk(server, n, watch.clone()).await?;
    }
    let mut starts = Vec::new();
    for _ in 0..STARTERS {
        starts.push(spawn_local(customers(server.http.clone(), chats / STARTERS, watch.clone())));
    }
    let mut tokens = Vec::with_capacity(chats);
    for start in starts {
        tokens.extend(start.await??);
    }
    // Everybody is being talked to before the clock starts.
    tokio::time::sleep(Duration::from_secs(3)).await;
    Ok(tokens)
}

/// Chats that begin one after the other, and what they are sent. Returns the tokens to speak with.
pub(crate) async fn customers(
    host: String,
    count: usize,
    watch: Rc<RefCell<Watch>>,
) -> Result<Vec<String>> {
    let mut http = Http::open(&host).await?;
    let mut tokens = Vec::with_capacity(count);
    for _ in 0..count {
        let (_, token, url) = http.start_chat().await?;
        let mut socket = Socket::subscribe(&url).await?;
        let seen = watch.clone();
        spawn_local(async move {
            while let Ok(frame) = socket.next().await {
                seen.borrow_mut().seen(&frame);
            }
        });
        tokens.push(token);
    }
    Ok(tokens)
}

/// Sends at a steady rate whatever comes back, and prints what it took. Returns the 99th percentile in ms.
pub(crate) async fn at_rate(
    server: &Server,
    tokens: &Rc<Vec<String>>,
    watch: &Rc<RefCell<Watch>>,
    rate: u32,
) -> Result<f64> {
    *watch.borrow_mut() = Watch::default();
    let (cpu, began) = (server.cpu()?, Instant::now());
    let total = u64::from(rate) * SPAN.as_secs();
    let next = Rc::new(RefCell::new(0_u64));
    let failed = Rc::new(RefCell::new(0_u64));
    let mut senders = Vec::new();
    for _ in 0..SENDERS {
        let (tokens, watch, next, failed) =
            (tokens.clone(), watch.clone(), next.clone(), failed.clone());
        let mut http = Http::open(&server.http).await?;
        senders.push(spawn_local(async move {
            loop {
                let id = {
                    let mut next = next.borrow_mut();
                    *next += 1;
                    *next
                };
                if id > total {
                    return;
                }
                let due = began + Duration::from_secs_f64(id as f64 / f64::from(rate));
                tokio::time::sleep_until(due.into()).await;
                let token = &tokens[usize::try_from(id).unwrap_or(0) * 7_919 % tokens.len()];
                let text = format!("{{\"ContentType\":\"text/plain\",\"Content\":\"bench#{id}# 주문한 상품이 아직 도착하지 않았습니다. 언제 받을 수 있을까요?\"}}");
                watch.borrow_mut().sent.insert(id, (due, 2));
                let answer = http.call("POST", "/participant/message", &[("x-amz-bearer", token)], &text).await;
                if !answer.is_ok_and(|(status, _)| status == 200) {
                    *failed.borrow_mut() += 1;
                    watch.borrow_mut().sent.remove(&id);
                }
            }
        }));
    }
    for sender in senders {
        sender.await?;
    }
    let span = began.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let used = server.cpu()? - cpu;
    let mut watch = watch.borrow_mut();
    let (delivered, missing) = (watch.both.len(), watch.sent.len());
    let p99 = watch.both.millis(0.99);
    print(
        "chat.messages",
        &[
            ("wanted_per_second", rate.into()),
            ("delivered_per_second", round(delivered as f64 / span)),
            ("p50_ms", round(watch.both.millis(0.5))),
            ("p99_ms", round(p99)),
            ("server_cpu_us_per_message", round(used * 1e6 / delivered.max(1) as f64)),
            ("failed", (*failed.borrow()).into()),
            ("undelivered", missing.into()),
            ("memory_mb", round(server.memory()? / 1_024.0)),
        ],
    );
    Ok(p99)
}

pub(crate) async fn log_in(http: &mut Http, user: &str) -> Result<String> {
    let session = http
        .json("POST", "/api/v1/session", &[], &json!({"user": user, "password": "demo"}))
        .await?;
    Ok(session["token"].as_str().context("a token")?.to_owned())
}

/// As many agents as the chats need, in the group that serves queue 3001.
pub(crate) async fn people(server: &Server, agents: usize) -> Result<()> {
    let mut http = Http::open(&server.http).await?;
    let token = format!("Bearer {}", log_in(&mut http, "admin").await?);
    let headers = [("authorization", token.as_str())];
    let mut members = serde_json::Map::new();
    for n in 0..agents {
        let id = format!("b{n:04}");
        let user = json!({"id": id, "name": id, "role": "agent", "password": "demo", "limits": {"chat": PER_AGENT}});
        http.json("PUT", &format!("/api/v1/users/{id}"), &headers, &user).await?;
        members.insert(id, json!(5));
    }
    http.json(
        "PUT",
        "/api/v1/groups/401",
        &headers,
        &json!({"id": 401, "name": "bench", "members": members}),
    )
    .await?;
    Ok(())
}

/// An agent who takes everything that is offered.
pub(crate) async fn desk(server: &Server, n: usize, watch: Rc<RefCell<Watch>>) -> Result<()> {
    let mut http = Http::open(&server.http).await?;
    let token = log_in(&mut http, &format!("b{n:04}")).await?;
    connect(server, &token, watch).await
}

/// The desk of an agent who is logged in.
pub(crate) async fn connect(server: &Server, token: &str, watch: Rc<RefCell<Watch>>) -> Result<()> {
    let mut socket =
        Socket::open(&server.http, "/api/v1/desk", Some(token), Some("sangdam.desk.1")).await?;
    socket.send(r#"{"id":1,"do":"hello"}"#).await?;
    socket.next().await?;
    socket.send(r#"{"id":2,"do":"state","state":"ready"}"#).await?;
    spawn_local(async move {
        let mut id = 10_u64;
        let mut taken = std::collections::HashSet::new();
        while let Ok(frame) = socket.next().await {
            if frame.contains("bench#") {
                watch.borrow_mut().seen(&frame);
            } else if frame.contains("\"offered\"") {
                let Ok(event) = serde_json::from_str::<Value>(&frame) else { continue };
                let contact = event["contact"]["id"].as_str().unwrap_or_default().to_owned();
                if event["contact"]["state"] == "offered" && taken.insert(contact.clone()) {
                    id += 1;
                    let accept = json!({"id": id, "do": "accept", "contact": contact}).to_string();
                    if socket.send(&accept).await.is_err() {
                        return;
                    }
                }
            }
        }
    });
    Ok(())
}
