//! Reports over a large centre, idle and while chats go on: `cargo xtask bench reports [--contacts N]`.
//!
//! The views are filled directly (5,000,000 contacts of one day; sums of 31 days for 200 queues and 5,000 agents), for to
//! decide that many would take hours and say nothing more about reading. Transcripts are not filled, but their words are,
//! so searches meet as much as they would. What is measured goes over HTTP, as a page of `/reports` asks.

use crate::chat::{self, Watch};
use crate::client::Http;
use crate::figures::{Times, print, round};
use crate::server::{Server, folder};
use anyhow::{Context as _, Result};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::{LocalSet, spawn_local};

/// Contacts of a day, unless it is told otherwise.
pub(crate) const CONTACTS: u32 = 5_000_000;
const QUEUES: u32 = 200;
const AGENTS: u32 = 5_000;
const DAYS: u64 = 31;
/// Each question is asked so often.
const TIMES: usize = 5;
/// Live messages a second, and the chats they are said in.
const RATE: u32 = 500;
const CHATS: usize = 400;
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
const SPANS: [u64; 3] = [15 * MINUTE, 180 * MINUTE, DAY];
/// Beyond all numbers that the live centre gives.
const FIRST: u32 = 1_000_000_000;

/// Words that customers use, from the commonest on.
const WORDS: [&str; 16] = [
    "배송이",
    "언제",
    "주문한",
    "상품을",
    "환불해",
    "주세요",
    "교환은",
    "어떻게",
    "하나요",
    "카드로",
    "결제가",
    "취소",
    "쿠폰을",
    "적립금",
    "반품하고",
    "싶어요",
];

/// Measures it.
pub(crate) async fn run(contacts: u32) -> Result<()> {
    LocalSet::new().run_until(measure(contacts)).await
}

async fn measure(contacts: u32) -> Result<()> {
    let data = folder("reports")?;
    // The server makes its own files; then it is away while they are filled.
    drop(Server::start(&data, true)?);
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let midnight = now - now % DAY;
    let began = Instant::now();
    let filled = fill(&data, contacts, midnight - DAY);
    if filled.is_err() {
        std::fs::remove_dir_all(&data)?;
    }
    filled?;
    let mut bytes = 0;
    for file in std::fs::read_dir(&data)? {
        bytes += file?.metadata()?.len();
    }
    let figures = [
        ("contacts", contacts.into()),
        ("seconds", round(began.elapsed().as_secs_f64())),
        ("disk_mb", round(bytes as f64 / 1e6)),
    ];
    print("reports.fill", &figures);
    let server = Server::start(&data, false)?;
    let mut http = Http::open(&server.http).await?;
    let token = format!("Bearer {}", chat::log_in(&mut http, "admin").await?);
    let questions = questions(midnight);
    for (name, path) in &questions {
        ask(&mut http, &token, name, path).await?;
    }
    let watch = Rc::new(RefCell::new(Watch::default()));
    let tokens = Rc::new(chat::crowd(&server, CHATS, &watch).await?);
    let alone = chat::at_rate(&server, &tokens, &watch, RATE).await?;
    let live = http
        .json(
            "GET",
            "/api/v1/contacts?ended=false&limit=1",
            &[("authorization", &token)],
            &json!({}),
        )
        .await?;
    let number = live["contacts"][0]["number"].as_u64().context("a live contact")?;
    ask(&mut http, &token, "story.live", &format!("contacts/{number}/story")).await?;
    let (over, asked) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(0_u32)));
    let asker = spawn_local({
        let (over, asked, host) = (over.clone(), asked.clone(), server.http.clone());
        async move {
            let mut http = Http::open(&host).await?;
            while !over.get() {
                for (_, path) in &questions {
                    http.json(
                        "GET",
                        &format!("/api/v1/{path}"),
                        &[("authorization", &token)],
                        &json!({}),
                    )
                    .await
                    .or_else(csv)?;
                    asked.set(asked.get() + 1);
                }
            }
            anyhow::Ok(())
        }
    });
    let together = chat::at_rate(&server, &tokens, &watch, RATE).await?;
    over.set(true);
    asker.await??;
    let figures = [
        ("messages_per_second", RATE.into()),
        ("p99_ms_alone", round(alone)),
        ("p99_ms_with_reports", round(together)),
        ("reports_asked", asked.get().into()),
    ];
    print("reports.live", &figures);
    Ok(())
}

/// What is asked, by name: of the day before this midnight, and of the month before it.
fn questions(midnight: u64) -> [(&'static str, String); 15] {
    let (from, month) = (midnight - DAY, midnight - DAY * DAYS);
    let day = format!("from={from}&to={midnight}");
    let month = format!("from={month}&to={midnight}");
    [
        ("day.queues.15m.one", format!("reports/queues?by=15m&queue=3001&{day}")),
        ("day.queues.hour", format!("reports/queues?by=hour&{day}")),
        ("day.agents.total", format!("reports/agents?by=total&{day}")),
        ("day.channels.15m", format!("reports/channels?by=15m&{day}")),
        ("day.reasons.hour", format!("reports/reasons?by=hour&{day}")),
        ("month.queues.day", format!("reports/queues?by=day&{month}")),
        ("month.agents.total", format!("reports/agents?by=total&{month}")),
        (
            "month.agents.day.csv.one",
            format!("reports/agents?by=day&format=csv&agent=1001&{month}"),
        ),
        ("month.channels.15m", format!("reports/channels?by=15m&{month}")),
        ("month.reasons.day", format!("reports/reasons?by=day&{month}")),
        ("search.common_word", "contacts?text=%EB%B0%B0%EC%86%A1".to_owned()),
        ("search.rare_word", "contacts?text=unikat4711".into()),
        (
            "search.two_words_and_agent",
            "contacts?text=%EB%B0%B0%EC%86%A1%20%ED%99%98%EB%B6%88&agent=a0042".into(),
        ),
        ("search.number", "contacts?number=01000004711".into()),
        ("search.outcome_and_queue", "contacts?outcome=idle&queue=q0007".into()),
    ]
}

/// A sheet is no JSON, and all right.
fn csv(error: anyhow::Error) -> Result<Value> {
    if error.is::<serde_json::Error>() { Ok(Value::Null) } else { Err(error) }
}

async fn ask(http: &mut Http, token: &str, name: &str, path: &str) -> Result<()> {
    let mut times = Times::default();
    let mut size = 0;
    for _ in 0..TIMES {
        let began = Instant::now();
        let path = format!("/api/v1/{path}");
        let (status, body) = http.call("GET", &path, &[("authorization", token)], "").await?;
        anyhow::ensure!(status == 200, "{path}: {status} {}", String::from_utf8_lossy(&body));
        times.push(u64::try_from(began.elapsed().as_micros())?);
        size = body.len();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let figures = [
        ("median_ms", round(times.millis(0.5))),
        ("worst_ms", round(times.millis(1.0))),
        ("kb", round(size as f64 / 1e3)),
    ];
    print(&format!("reports.{name}"), &figures);
    Ok(())
}

/// Writes views as the server would after such a month.
fn fill(data: &Path, contacts: u32, day: u64) -> Result<()> {
    let mut db = Connection::open(data.join("views.db"))?;
    // The files are new, and thrown away afterwards.
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;",
    )?;
    sums(&mut db, day)?;
    let (mut made, chunk) = (0, 100_000);
    while made < contacts {
        let change = db.transaction()?;
        let end = contacts.min(made + chunk);
        for n in made..end {
            contact(&change, n, contacts, day)?;
        }
        change.commit()?;
        made = end;
    }
    db.execute_batch("PRAGMA journal_mode = WAL;")?;
    Ok(())
}

/// A number that looks like chance and is the same each time.
const fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// A place among so many.
fn place(chance: u64, of: usize) -> usize {
    usize::try_from(chance % of as u64).unwrap_or(0)
}

fn contact(db: &Connection, n: u32, all: u32, day: u64) -> Result<()> {
    let chance = mixed(u64::from(n) + 1);
    let started = day + DAY * u64::from(n) / u64::from(all);
    let voice = chance % 5 < 3;
    let (queue, agent) = (
        format!("q{:04}", chance % u64::from(QUEUES)),
        format!("a{:04}", (chance >> 16) % u64::from(AGENTS)),
    );
    let reason = ["customer", "agent", "transferred", "idle"][place(chance >> 32, 4)];
    let mut id = [0; 16];
    id[..6].copy_from_slice(&started.to_be_bytes()[2..]);
    id[6..14].copy_from_slice(&chance.to_be_bytes());
    (id[6], id[8]) = (0x70 | id[6] & 0x0f, 0x80 | id[8] & 0x3f);
    id[14..].copy_from_slice(&n.to_be_bytes()[2..]);
    let uuid = domain::id::Uuid::from_bytes(id);
    let (phone, name) = (format!("010{:08}", n % 100_000_000), format!("고객{}", n % 50_000));
    let number = FIRST + n;
    let cnid = format!("{number:022}");
    let ended = started + 180_000;
    let mut doc = json!({
        "id": uuid, "number": number, "initial": uuid, "segment": 1, "initiation": "inbound",
        "channel": if voice { "voice" } else { "chat" }, "phase": "ended",
        "flow": "5a9d0000-0000-4000-8000-000000003001",
        "customer": {"participant": uuid, "name": name}, "started": started, "updated": ended, "queue": queue,
        "queued": started, "agent": agent, "accepted": started + 9_000, "ended": ended, "reason": reason, "expires": 0, "kinds": 1,
    });
    if voice {
        doc["voice"] = json!({
            "call": n % 65_535 + 1, "number": n, "cnid": cnid, "cnsq": 1, "caller": phone, "dialed": "3001", "customer": phone,
        });
    }
    let key = db
        .prepare_cached(
            "INSERT INTO contact (realm, number, id, room, segment, queue, agent, started, ended, seq, doc, channel, cnid, phone, reason)
             VALUES (0, ?1, ?2, ?2, 1, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9, ?10, ?11)",
        )?
        .insert(params![
            number,
            id,
            queue,
            agent,
            i64::try_from(started)?,
            i64::try_from(ended)?,
            doc.to_string(),
            if voice { 0 } else { 4 },
            voice.then_some(&cnid),
            voice.then_some(&phone),
            reason
        ])?;
    let said = if voice { String::new() } else { said(n, chance) };
    db.prepare_cached("INSERT INTO contact_text (rowid, name, said) VALUES (?1, ?2, ?3)")?
        .execute(params![key, name, said])?;
    Ok(())
}

/// Twenty words, common ones more often.
fn said(n: u32, chance: u64) -> String {
    let mut words = Vec::with_capacity(21);
    for at in 0..20 {
        let dice = mixed(chance + at);
        let [one, other] = [dice, dice >> 8].map(|dice| place(dice, WORDS.len()));
        words.push(WORDS[one.min(other)]);
    }
    let own = format!("unikat{n}");
    if n.is_multiple_of(997) || n == 4_711 {
        words.push(&own);
    }
    words.join(" ")
}

/// Sums of a month: each queue by two channels all day, each agent for nine hours of each day. Quarters of an hour of
/// agents are those of the last day, to save a disk: no question above reads others.
fn sums(db: &mut Connection, last: u64) -> Result<()> {
    let change = db.transaction()?;
    // The first of each is one that the demo knows, so that it can be asked for.
    let count = |n: u32, sign: char| {
        let known = if sign == 'q' { "3001" } else { "1001" };
        std::iter::once(known.to_owned()).chain((1..n).map(move |n| format!("{sign}{n:04}")))
    };
    // Empty: all queues together.
    let queues = std::iter::once(String::new()).chain(count(QUEUES, 'q'));
    let agents = count(AGENTS, 'a');
    for (kind, name) in queues.map(|name| (0, name)).chain(agents.map(|name| (1, name))) {
        let mut add = change.prepare_cached(
            "INSERT INTO tally VALUES
             (0, ?1, ?2, ?3, ?4, ?5, 900, 800, 60, 5, 700, 20, 30, 10, 800, 8000000, 90000000, 4000000, 9000000)",
        )?;
        for (span, since) in spans(last, kind == 1) {
            for channel in [0, 4] {
                add.execute(params![kind, span, name, since, channel])?;
            }
        }
    }
    for name in std::iter::once(String::new()).chain(count(AGENTS, 'a')) {
        let mut add = change.prepare_cached(
            "INSERT INTO agent_time VALUES (0, ?1, ?2, 255, ?3, ?4, ?5, 225000, 1)",
        )?;
        for (span, since) in spans(last, true) {
            for (state, reason) in
                [("ready", 0), ("after_work", 0), ("not_ready", 1), ("not_ready", 2)]
            {
                add.execute(params![span, name, since, state, reason])?;
            }
        }
    }
    Ok(change.commit()?)
}

/// All spans of the month that ends with this day, each with its length's place; of a shift: those of nine hours a day.
fn spans(last: u64, shift: bool) -> Vec<(i64, i64)> {
    let mut all = Vec::new();
    for (span, length) in (0..).zip(SPANS) {
        let days = if shift && span == 0 { 1 } else { DAYS };
        let hours = if shift { 9 * 60 * MINUTE } else { DAY };
        for day in (0..days).map(|back| last - back * DAY) {
            all.extend(
                (0..hours.div_ceil(length)).map(|n| (span, (day + n * length).cast_signed())),
            );
        }
    }
    all
}
