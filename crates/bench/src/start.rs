//! From start to ready: on an empty folder, and on one with a million facts.

use crate::centre::Small;
use crate::figures::{print, round};
use crate::server::{Server, folder};
use anyhow::{Result, ensure};
use domain::command::Command;
use domain::contact::TextKind;
use domain::fact::Deed;
use domain::room::Audience;
use server::store::{AnyStore, Kind, Store as _};
use std::time::Duration;

const FACTS: usize = 1_000_000;

pub(crate) async fn run() -> Result<()> {
    let data = folder("start")?;
    let server = Server::start(&data, true)?;
    print("start.empty", &[("ready_ms", round(server.ready_after.as_secs_f64() * 1e3))]);
    drop(server);
    let again = Server::start(&data, false)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    print(
        "start.again",
        &[
            ("ready_ms", round(again.ready_after.as_secs_f64() * 1e3)),
            ("idle_mb", round(again.memory()? / 1_024.0)),
        ],
    );
    drop(again);

    let data = folder("million")?;
    fill(&data).await?;
    // Without any snapshot all is replayed, and a snapshot made beside the work; later starts begin with that.
    let first = Server::start(&data, true)?;
    let replayed = first.ready_after;
    let snapshots = data.join("snapshots");
    let began = std::time::Instant::now();
    while std::fs::read_dir(&snapshots)?
        .flatten()
        .all(|file| file.path().extension().is_none_or(|kind| kind != "json"))
    {
        ensure!(began.elapsed() < Duration::from_mins(1), "no snapshot was made within 60 s");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(first);
    let server = Server::start(&data, false)?;
    print(
        "start.million",
        &[
            ("facts", FACTS.into()),
            ("ready_ms", round(server.ready_after.as_secs_f64() * 1e3)),
            ("ready_without_snapshot_ms", round(replayed.as_secs_f64() * 1e3)),
            ("memory_mb", round(server.memory()? / 1_024.0)),
        ],
    );
    Ok(())
}

/// A million facts of chats that talk, in the demo's own journal.
async fn fill(data: &std::path::Path) -> Result<()> {
    let store = AnyStore::open(&Kind::Sqlite(data.to_owned()))?;
    let realm = store.realm("demo.sangdam.test").await?;
    let lease = store.claim(realm).await?;
    let mut shop = Small::recorded(50, 50);
    let chats = shop.chats(2_000);
    let text: std::sync::Arc<str> = "안녕하세요, 주문한 상품이 아직 도착하지 않았습니다.".into();
    let mut next = 1;
    let mut written = 0;
    let mut n = 0;
    while written < FACTS {
        while shop.facts.len() < 2_000 {
            n += 1;
            let by = chats[n * 7_919 % chats.len()].1;
            shop.tell(Command::Say {
                by,
                kind: TextKind::Plain,
                text: text.clone(),
                audience: Audience::All,
                key: None,
            });
        }
        let facts = std::mem::take(&mut shop.facts);
        written += facts.len();
        let deeds: Vec<Deed> = facts
            .into_iter()
            .map(|(at, fact)| Deed { at, cause: "bench".into(), facts: vec![fact] })
            .collect();
        let count = deeds.len() as u64;
        store.commit(lease, next, deeds).await?;
        next += count;
    }
    store.close().await;
    Ok(())
}
