//! Web chats over `sangdam.chat.1`: what logging in costs and what a connected chat takes, with a bot that says nothing first;
//! then the same with agents at their desks, and what a message costs that is on disk before its page is told so, and reaches
//! an agent's desk.

use crate::chat::{PER_AGENT, Watch, desk, marker, people};
use crate::client::Socket;
use crate::figures::{Times, print, round};
use crate::server::{Server, folder};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::join_all;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

const CHATS: usize = 10_000;
/// So many pages open their chats at a time.
const STARTERS: usize = 32;
/// Each measurement of messages lasts so long.
const SPAN: Duration = Duration::from_secs(15);
/// The number of a bot that repeats what it hears.
const BOT: &str = "3999";
/// The number of the queue that the agents serve.
const QUEUE: &str = "3001";

/// What the load knows of messages under way.
#[derive(Default)]
struct Seen {
    /// When each was due, until its page was told that it is on disk.
    due: HashMap<u64, Instant>,
    stored: Times,
    failed: u64,
}

/// A page's way to say something.
type Page = mpsc::UnboundedSender<String>;

/// Rates in messages a second; without any, 1,000 to 4,000.
pub(crate) async fn run(rates: &[u32]) -> Result<()> {
    LocalSet::new().run_until(measure(rates)).await
}

async fn measure(rates: &[u32]) -> Result<()> {
    let seen = Rc::new(RefCell::new(Seen::default()));
    {
        let server = Server::start(&folder("nx-bot")?, false)?;
        settle().await;
        log_in("nx.log_in", &server, BOT, &seen).await?;
    }
    let server = Server::start(&folder("nx")?, false)?;
    let watch = Rc::new(RefCell::new(Watch::default()));
    let agents = CHATS / PER_AGENT;
    people(&server, agents).await?;
    for n in 0..agents {
        desk(&server, n, watch.clone()).await?;
    }
    settle().await;
    let pages = log_in("nx.log_in_with_agents", &server, QUEUE, &seen).await?;
    for &rate in if rates.is_empty() { &[1_000, 2_000, 3_000, 4_000] } else { rates } {
        at_rate(&server, &pages, (&watch, &seen), rate).await?;
    }
    Ok(())
}

/// So that what is under way is done before something is measured.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(5)).await;
}

/// Pages that connect, open a chat with this number and are let in; then what each of them takes.
async fn log_in(
    name: &str,
    server: &Server,
    number: &'static str,
    seen: &Rc<RefCell<Seen>>,
) -> Result<Vec<Page>> {
    let memory = server.memory()?;
    let (cpu, began) = (server.cpu()?, Instant::now());
    let starters = (0..STARTERS).map(|n| {
        let (host, seen) = (server.nx.clone(), seen.clone());
        let count = CHATS / STARTERS + usize::from(n < CHATS % STARTERS);
        spawn_local(async move {
            let mut pages = Vec::with_capacity(count);
            for _ in 0..count {
                pages.push(page(&host, number, seen.clone()).await?);
            }
            anyhow::Ok(pages)
        })
    });
    let mut pages = Vec::with_capacity(CHATS);
    for some in join_all(starters.collect::<Vec<_>>()).await {
        pages.extend(some??);
    }
    let (span, used) = (began.elapsed().as_secs_f64(), server.cpu()? - cpu);
    settle().await;
    let all = server.cpu()? - cpu;
    let count = pages.len() as f64;
    print(
        name,
        &[
            ("connected", pages.len().into()),
            ("per_second", round(count / span)),
            ("per_cpu_second", round(count / used)),
            ("cpu_us_until_all_is_quiet", round(all * 1e6 / count)),
            ("kb_per_chat", round((server.memory()? - memory) / count)),
            ("memory_mb", round(server.memory()? / 1_024.0)),
        ],
    );
    Ok(pages)
}

/// One page: connected, its chat open and joined.
async fn page(host: &str, number: &str, seen: Rc<RefCell<Seen>>) -> Result<Page> {
    let mut socket = Socket::open(host, "/", None, Some("sangdam.chat.1")).await?;
    let open = format!(
        r#"{{"t":"open","id":1,"realm":"demo.sangdam.test","dn":"{number}","tel":"01012345678"}}"#
    );
    socket.send(&open).await?;
    loop {
        let frame = socket.next().await?;
        ensure!(!frame.contains(r#""t":"closed""#), "a chat was refused: {frame}");
        if frame.contains(r#""t":"joined""#) {
            break;
        }
    }
    let (say, mut said) = mpsc::unbounded_channel::<String>();
    spawn_local(async move {
        loop {
            tokio::select! {
                frame = socket.next() => match frame {
                    Ok(frame) => seen.borrow_mut().told(&frame),
                    Err(_) => return,
                },
                text = said.recv() => match text {
                    Some(text) if socket.send(&text).await.is_ok() => {}
                    _ => return,
                },
            }
        }
    });
    Ok(say)
}

impl Seen {
    fn told(&mut self, frame: &str) {
        let Some(id) = marker(frame) else { return };
        let Some(due) = self.due.remove(&id) else { return };
        if frame.contains(r#""t":"stored""#) {
            self.stored.push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
        } else {
            self.failed += 1;
        }
    }
}

/// Messages at a steady rate whatever comes back, and what they took.
async fn at_rate(
    server: &Server,
    pages: &[Page],
    (watch, seen): (&Rc<RefCell<Watch>>, &Rc<RefCell<Seen>>),
    rate: u32,
) -> Result<()> {
    *watch.borrow_mut() = Watch::default();
    *seen.borrow_mut() = Seen::default();
    let (cpu, began) = (server.cpu()?, Instant::now());
    let total = u64::from(rate) * SPAN.as_secs();
    // Keys are unique in a room for ever, whatever rate comes next.
    let first = u64::from(rate) * 1_000_000;
    for n in 0..total {
        let (id, due) = (first + n, began + Duration::from_secs_f64(n as f64 / f64::from(rate)));
        tokio::time::sleep_until(due.into()).await;
        watch.borrow_mut().sent.insert(id, (due, 1));
        seen.borrow_mut().due.insert(id, due);
        let page = &pages[usize::try_from(n)? * 7_919 % pages.len()];
        let text = format!(
            r#"{{"t":"say","id":1,"key":"bench#{id}#","content":{{"type":"text","message":"bench#{id}# 주문한 상품이 아직 도착하지 않았습니다. 언제 받을 수 있을까요?"}},"to":"BOTH"}}"#
        );
        page.send(text).ok().context("a page has gone")?;
    }
    let span = began.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let used = server.cpu()? - cpu;
    let (mut watch, mut seen) = (watch.borrow_mut(), seen.borrow_mut());
    let stored = seen.stored.len();
    print(
        "nx.messages",
        &[
            ("wanted_per_second", rate.into()),
            ("stored_per_second", round(stored as f64 / span)),
            ("stored_p50_ms", round(seen.stored.millis(0.5))),
            ("stored_p99_ms", round(seen.stored.millis(0.99))),
            ("seen_by_agent_p99_ms", round(watch.both.millis(0.99))),
            ("server_cpu_us_per_message", round(used * 1e6 / stored.max(1) as f64)),
            ("failed", seen.failed.into()),
            ("unanswered", seen.due.len().into()),
            ("unseen_by_agent", watch.sent.len().into()),
            ("memory_mb", round(server.memory()? / 1_024.0)),
        ],
    );
    Ok(())
}
