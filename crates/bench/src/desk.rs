//! Agents' desks: what each connected one takes in memory, and how long a customer's words are on their way to its socket, from
//! the request over the disk to the frame.

use crate::chat::{Watch, connect, customers, log_in, people};
use crate::client::Http;
use crate::figures::{print, round};
use crate::server::{Server, folder};
use anyhow::{Result, ensure};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// So many desks are connected to one server.
pub(crate) const DESKS: u32 = 1_000;
/// Words that are said, and how many a second.
const WORDS: u64 = 3_000;
const A_SECOND: u64 = 200;

/// With so many desks.
pub(crate) async fn run(desks: u32) -> Result<()> {
    LocalSet::new().run_until(measure(desks)).await
}

async fn measure(desks: u32) -> Result<()> {
    let desks = usize::try_from(desks)?;
    let server = Server::start(&folder("desk")?, false)?;
    people(&server, desks).await?;
    // What passwords cost for a moment is none of a desk's: all have logged in before.
    let mut http = Http::open(&server.http).await?;
    let mut sessions = Vec::with_capacity(desks);
    for n in 0..desks {
        sessions.push(log_in(&mut http, &format!("b{n:04}")).await?);
    }
    let before = quiet(&server).await?;
    let seen = Rc::new(RefCell::new(Watch::default()));
    let began = Instant::now();
    for session in &sessions {
        connect(&server, session, seen.clone()).await?;
    }
    let took = began.elapsed().as_secs_f64();
    let after = quiet(&server).await?;
    print(
        "desk.connected",
        &[
            ("connected", desks.into()),
            ("per_second", round(desks as f64 / took)),
            ("kb_per_desk", round((after - before) / desks as f64)),
            ("memory_mb", round(after / 1_024.0)),
        ],
    );
    // A chat for each desk; what its customer's own socket hears is not measured here.
    let unseen = Rc::new(RefCell::new(Watch::default()));
    let tokens = customers(server.http.clone(), desks, unseen).await?;
    quiet(&server).await?;
    frames(&server, &tokens, &seen).await
}

/// Waits until the server takes neither more memory nor less, a minute at most; what it takes then, in KiB.
async fn quiet(server: &Server) -> Result<f64> {
    let mut last = server.memory()?;
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let now = server.memory()?;
        if (now - last).abs() < 64.0 {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

/// Words at a steady rate, each to the desk of its chat.
async fn frames(server: &Server, tokens: &[String], seen: &Rc<RefCell<Watch>>) -> Result<()> {
    let mut http = Http::open(&server.http).await?;
    let (cpu, began) = (server.cpu()?, Instant::now());
    for id in 0..WORDS {
        let due = began + Duration::from_secs_f64(id as f64 / A_SECOND as f64);
        tokio::time::sleep_until(due.into()).await;
        let token = &tokens[usize::try_from(id)? % tokens.len()];
        let text = format!(
            r#"{{"ContentType":"text/plain","Content":"bench#{id}# 언제 받을 수 있을까요?"}}"#
        );
        seen.borrow_mut().sent.insert(id, (Instant::now(), 1));
        let headers = [("x-amz-bearer", token.as_str())];
        let (status, _) = http.call("POST", "/participant/message", &headers, &text).await?;
        ensure!(status == 200, "a word was not taken: {status}");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = server.cpu()? - cpu;
    let mut seen = seen.borrow_mut();
    print(
        "desk.frames",
        &[
            ("words", WORDS.into()),
            ("p50_ms", round(seen.both.millis(0.5))),
            ("p99_ms", round(seen.both.millis(0.99))),
            ("undelivered", seen.sent.len().into()),
            ("server_cpu_us_per_word", round(used * 1e6 / WORDS as f64)),
        ],
    );
    Ok(())
}
