//! What the store costs. `cargo test --release -p server --lib store::bench -- --ignored --nocapture --test-threads 1`

use super::sample::{Chat, Sample};
use super::{AnyStore, Kind, Store, scratch};
use crate::clock;
use domain::fact::Deed;
use domain::query::{ItemsPage, Page, Start};
use domain::room::MemberRole;
use std::path::Path;

/// CPU time of this process's threads so far, in nanoseconds, by name.
fn cpu() -> Vec<(String, u64)> {
    let mut all = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        let read = |file| std::fs::read_to_string(task.join(file)).unwrap_or_default();
        let spent =
            read("schedstat").split(' ').next().and_then(|spent| spent.parse().ok()).unwrap_or(0);
        all.push((read("comm").trim().to_owned(), spent));
    }
    all
}

/// CPU time of threads whose names begin so.
fn spent(name: &str) -> u64 {
    cpu().iter().filter(|(thread, _)| thread.starts_with(name)).map(|(_, spent)| spent).sum()
}

/// Messages of about 200 bytes, by turns in many chats, as one deed each.
fn messages(sample: &mut Sample, chats: &mut [Chat], count: usize) -> Vec<Deed> {
    for n in 0..count {
        let at = (n * 7_919) % chats.len();
        let by = if n % 2 == 0 { MemberRole::Customer } else { MemberRole::Agent };
        sample.say(&mut chats[at], by, "annyeonghaseyo order 20161 please annyeonghaseyo order 20161 please annyeonghaseyo order 20161 please annyeonghaseyo order 20161 please");
        sample.now.0 -= 999; // a thousand a second
    }
    sample.take()
}

async fn commits(batch: usize, count: usize, sync: bool) {
    let folder = scratch("bench");
    let store = AnyStore::open(&Kind::Sqlite(folder.clone())).unwrap();
    if let AnyStore::Sqlite(store) = &store
        && !sync
    {
        store.do_not_sync();
    }
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    let mut sample = Sample::new(1);
    let mut chats: Vec<Chat> = (0..5_000).map(|n| sample.chat(&n.to_string())).collect();
    let mut first = 1;
    let setup = sample.take();
    for deeds in setup.chunks(2_000) {
        store.commit(lease, first, deeds.to_vec()).await.unwrap();
        first += deeds.len() as u64;
    }
    store.page(realm, Page::Matter(chats[0].contact), first - 1).await.unwrap();
    let batches: Vec<Vec<Deed>> = messages(&mut sample, &mut chats, batch * count)
        .chunks(batch)
        .map(<[Deed]>::to_vec)
        .collect();
    let (began, all, journal, trail) = (
        clock::instant(),
        cpu().iter().map(|(_, spent)| spent).sum::<u64>(),
        spent("sangdam-journal"),
        spent("sangdam-trail"),
    );
    let mut slowest = Vec::with_capacity(count);
    for deeds in batches {
        let (at, len) = (clock::instant(), deeds.len() as u64);
        store.commit(lease, first, deeds).await.unwrap();
        slowest.push(at.elapsed().as_micros());
        first += len;
    }
    let wall = began.elapsed();
    slowest.sort_unstable();
    let (all_then, journal_then) =
        (cpu().iter().map(|(_, spent)| spent).sum::<u64>(), spent("sangdam-journal"));
    store.page(realm, Page::Matter(chats[0].contact), first - 1).await.unwrap();
    let trail_then = spent("sangdam-trail");
    let total = (batch * count) as u64;
    eprintln!(
        "batches of {batch}, sync {sync}: {} commits/s, p50 {} µs, p99 {} µs; CPU per commit: journal {} µs, all threads {} µs; views: {} ns per item",
        (count as u128 * 1_000_000 / wall.as_micros()),
        slowest[count / 2],
        slowest[count * 99 / 100],
        (journal_then - journal) / 1_000 / count as u64,
        (all_then - all) / 1_000 / count as u64,
        (trail_then - trail) / total,
    );
    let chat = chats[1];
    let page = |from| ItemsPage {
        room: chat.room,
        role: MemberRole::Agent,
        reader: chat.agent,
        parts: vec![(chat.room, None)],
        from,
        forward: false,
        limit: 15,
    };
    let at = clock::instant();
    for _ in 0..200 {
        store.page(realm, Page::Items(page(Start::Newest)), first - 1).await.unwrap();
    }
    eprintln!("  a page of 15 lines: {} µs", at.elapsed().as_micros() / 200);
    store.close().await;
    replay(&folder, first - 1).await;
    std::fs::remove_dir_all(folder).unwrap();
}

async fn replay(folder: &Path, last: u64) {
    let began = clock::instant();
    let store = AnyStore::open(&Kind::Sqlite(folder.to_owned())).unwrap();
    let opened = began.elapsed().as_micros();
    let realm = store.realm("r").await.unwrap();
    let began = clock::instant();
    let mut deeds = store.replay(realm, 1);
    let mut count = 0;
    while let Some(chunk) = deeds.next().await.unwrap() {
        count += chunk.len() as u64;
    }
    assert_eq!(count, last);
    eprintln!(
        "  opened in {opened} µs; {} deeds/s replayed",
        u128::from(count) * 1_000_000 / began.elapsed().as_micros()
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "a measurement"]
async fn cost_of_commits() {
    for sync in [true, false] {
        commits(1, 3_000, sync).await;
        commits(4, 3_000, sync).await;
        commits(64, 500, sync).await;
    }
}
