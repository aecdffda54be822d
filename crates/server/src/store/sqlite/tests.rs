//! What only the `SQLite` form can get wrong.

use super::*;
use crate::store::contract;
use crate::store::sample::Sample;
use crate::store::scratch;
use crate::store::snapshot::{self, Opened};
use domain::query::{ContactName, ItemsPage, Start};
use domain::room::{Body, MemberRole};

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(folder).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &there);
        } else {
            assert!(std::fs::copy(&path, there).is_ok());
        }
    }
}

#[tokio::test]
async fn a_folder_that_was_closed_goes_on() {
    let folder = scratch("closed");
    contract::goes_on_after(open, &folder, async |store: Sqlite| store.close().await).await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_folder_whose_server_was_killed_goes_on() {
    let (alive, killed) = (scratch("alive"), scratch("killed"));
    let link = killed.join("data");
    std::os::unix::fs::symlink(&alive, &link).unwrap();
    // What a killed process leaves are the files as they are at that moment: the second life gets a copy of them.
    let leave = async |store: Sqlite| {
        copy(&alive, &killed.join("copy"));
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(killed.join("copy"), &link).unwrap();
        store.close().await;
    };
    contract::goes_on_after(open, &link, leave).await;
    std::fs::remove_dir_all(alive).unwrap();
    std::fs::remove_dir_all(killed).unwrap();
}

#[tokio::test]
async fn a_log_that_was_cut_anywhere_leaves_whole_batches() {
    let folder = scratch("cut");
    let store = open(&folder);
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    let mut sample = Sample::new(1);
    let mut first = 1;
    let mut ends = vec![0];
    for n in 0..12 {
        sample.full_chat(&n.to_string());
        let deeds = sample.take();
        let count = deeds.len() as u64;
        store.commit(lease, first, deeds).await.unwrap();
        first += count;
        ends.push(first - 1);
    }
    let log = std::fs::metadata(folder.join("journal.db-wal")).unwrap().len();
    let mut found = Vec::new();
    for part in 1..=16 {
        let cut = scratch("cut-copy");
        copy(&folder, &cut);
        let _ = std::fs::remove_file(cut.join("journal.db-shm"));
        let file =
            std::fs::OpenOptions::new().write(true).open(cut.join("journal.db-wal")).unwrap();
        file.set_len(log * part / 16 - 5 * (16 - part)).unwrap();
        let again = open(&cut);
        let last = again.last(realm).await.unwrap();
        assert!(ends.contains(&last), "{last} is in the midst of a batch");
        assert_eq!(again.replay(realm, 1).all().await.unwrap().len() as u64, last);
        // The views may have been ahead of what is left of the journal.
        let page = again.page(realm, Page::Contact(ContactName::Number(1)), last).await.unwrap();
        assert_eq!(page.is_some(), last > 0);
        found.push(last);
        again.close().await;
        std::fs::remove_dir_all(cut).unwrap();
    }
    assert!(found.is_sorted() && found.last() == ends.last(), "{found:?}");
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else() {
    let folder = scratch("full");
    let store = open(&folder);
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    let mut sample = Sample::new(1);
    let chat = sample.full_chat("c");
    let deeds = sample.take();
    let mut last = deeds.len() as u64;
    store.commit(lease, 1, deeds).await.unwrap();
    store.journal.send(journal::Job::Pragma("max_page_count", 20)).unwrap();
    let refused = loop {
        sample.full_chat("d");
        let deeds = sample.take();
        let count = deeds.len() as u64;
        match store.commit(lease, last + 1, deeds.clone()).await {
            Ok(()) => last += count,
            Err(Fault::Full) => break deeds,
            Err(other) => panic!("{other}"),
        }
    };
    assert!(
        matches!(store.commit(lease, last + 1, refused.clone()).await, Err(Fault::Full)),
        "it stays full"
    );
    assert_eq!(store.last(realm).await.unwrap(), last);
    assert_eq!(store.replay(realm, 1).all().await.unwrap().len() as u64, last);
    assert!(store.page(realm, Page::Matter(chat.contact), last).await.unwrap().is_some());
    store.journal.send(journal::Job::Pragma("max_page_count", 1_000_000)).unwrap();
    store.commit(lease, last + 1, refused).await.unwrap();
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn nothing_is_committed_while_the_reserve_is_given_up() {
    let folder = scratch("reserve");
    let store = open(&folder);
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    // As when the views found no space: the file is gone, and cannot be made again.
    std::fs::remove_file(folder.join("reserve")).ok();
    let reserve = reserve::Reserve::new(&folder);
    reserve.give();
    assert!(reserve.is_shut());
    reserve.fill();
    assert!(!reserve.is_shut());
    assert!(reserve.give());
    std::fs::create_dir(folder.join("reserve")).unwrap();
    reserve.fill();
    assert!(reserve.is_shut(), "no file can be made there");
    store.commit(lease, 1, Sample::new(1).take()).await.unwrap();
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// All tables of views, as text.
fn dump(folder: &Path) -> String {
    let db = files::views_beside(folder).unwrap();
    let mut all = String::new();
    for query in [
        "SELECT seq FROM view_at",
        "SELECT hex(r.id), n, hex(contact), at, hex(i.id), audience, doc FROM item i JOIN room r ON r.no = i.room ORDER BY 1, 2",
        "SELECT hex(r.id), n, hex(participant), read, at FROM mark m JOIN room r ON r.no = m.room ORDER BY 1, 2, 3, 4",
        "SELECT number, hex(id), hex(room), segment, customer, queue, agent, started, ended, seq, doc FROM contact ORDER BY 1",
        "SELECT agent, channel, state, reason, since, until FROM agent_interval ORDER BY 1, 2, 5",
        "SELECT * FROM tally ORDER BY 1, 2, 3, 4, 5, 6",
        "SELECT * FROM agent_time ORDER BY 1, 2, 3, 4, 5, 6, 7",
        "SELECT hex(r.id), hex(deeds) FROM story s JOIN room r ON r.no = s.room ORDER BY 1",
        "SELECT c.number FROM contact_text t JOIN contact c ON c.key = t.rowid WHERE contact_text MATCH 'said : 안녕*' ORDER BY 1",
        "SELECT queue, target_ms FROM queue_target",
    ] {
        let mut rows = db.prepare(query).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                let value = row.get_ref(column).unwrap();
                all.push_str(&value.as_str().map_or_else(|_| format!("{value:?}"), str::to_owned));
                all.push('|');
            }
            all.push('\n');
        }
    }
    all
}

#[tokio::test]
async fn views_do_not_depend_on_how_the_deeds_came() {
    let mut dumps = Vec::new();
    for size in [1, 7, 1_000] {
        let folder = scratch("dump");
        let store = open(&folder);
        let realm = store.realm("r").await.unwrap();
        let lease = store.claim(realm).await.unwrap();
        let mut sample = Sample::new(9);
        for n in 0..20 {
            sample.full_chat(&(n % 3).to_string());
        }
        sample.agent(domain::agent::AgentState::LoggedOff(100));
        let deeds = sample.take();
        let mut first = 1;
        for batch in deeds.chunks(size) {
            store.commit(lease, first, batch.to_vec()).await.unwrap();
            first += batch.len() as u64;
            if size == 7 {
                store
                    .page(realm, Page::Matter(domain::id::ContactId::default()), first - 1)
                    .await
                    .unwrap();
            }
        }
        store.page(realm, Page::Matter(domain::id::ContactId::default()), first - 1).await.unwrap();
        dumps.push(dump(&folder));
        store.rebuild(realm).await.unwrap();
        dumps.push(dump(&folder));
        store.close().await;
        std::fs::remove_file(folder.join("views.db")).unwrap();
        let store = open(&folder);
        store.page(realm, Page::Matter(domain::id::ContactId::default()), first - 1).await.unwrap();
        dumps.push(dump(&folder));
        store.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
    assert!(dumps.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(dumps[0].contains("1001|Integer(4)|ready|"), "a dump has every table");
}

#[tokio::test]
async fn agents_and_queues_have_their_time_counted() {
    let folder = scratch("figures");
    let store = open(&folder);
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    let mut sample = Sample::new(1);
    let mut chat = sample.chat("c");
    sample.say(&mut chat, MemberRole::Agent, "x");
    sample.close(&chat, domain::contact::EndReason::Agent);
    sample.agent(domain::agent::AgentState::NotReady(3));
    let deeds = sample.take();
    let last = deeds.len() as u64;
    store.commit(lease, 1, deeds).await.unwrap();
    store.page(realm, Page::Contact(ContactName::Number(1)), last).await.unwrap();
    let db = files::views_beside(&folder).unwrap();
    let queue = "SELECT offered, answered, abandoned, in_time, wait_ms, handled, handle_ms FROM tally WHERE kind = 0 AND span = 0 AND of = '3001'";
    let figures: [i64; 7] =
        db.query_row(queue, [], |row| Ok(std::array::from_fn(|at| row.get(at).unwrap()))).unwrap();
    assert_eq!(figures, [1, 1, 0, 1, 2_000, 1, 2_000]);
    let agent = "SELECT group_concat(state || reason || coalesce(until - since, '-'), ' ') FROM agent_interval WHERE channel = 4 ORDER BY since";
    let spans: String = db.query_row(agent, [], |row| row.get(0)).unwrap();
    assert_eq!(spans, "ready07000 not_ready3-");
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn calls_are_counted_beside_chats() {
    let folder = scratch("calls");
    let store = open(&folder);
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    let mut sample = Sample::new(1);
    sample.call();
    let deeds = sample.take();
    let last = deeds.len() as u64;
    store.commit(lease, 1, deeds).await.unwrap();
    store.page(realm, Page::Contact(ContactName::Number(1)), last).await.unwrap();
    let db = files::views_beside(&folder).unwrap();
    let queue = "SELECT channel, offered, answered, abandoned, in_time, wait_ms, handled, handle_ms, hold_ms, wrap_ms FROM tally WHERE kind = 0 AND span = 2 AND of = '3001'";
    let figures: [i64; 10] =
        db.query_row(queue, [], |row| Ok(std::array::from_fn(|at| row.get(at).unwrap()))).unwrap();
    assert_eq!(figures, [0, 1, 1, 0, 0, 25_000, 1, 5_000, 3_000, 13_000]);
    let agent = "SELECT channel, offered, answered, missed, made, handled, handle_ms, hold_ms, wrap_ms FROM tally WHERE kind = 1 AND span = 0 AND of = ?1";
    let work = |agent_id: &str| -> [i64; 9] {
        let row = |row: &rusqlite::Row<'_>| Ok(std::array::from_fn(|at| row.get(at).unwrap()));
        db.query_row(agent, [agent_id], row).unwrap()
    };
    assert_eq!(work("1001"), [0, 2, 1, 1, 0, 1, 5_000, 3_000, 13_000]);
    assert_eq!(work("1002"), [0, 0, 1, 0, 0, 1, 5_000, 0, 0]);
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_damaged_snapshot_costs_time_and_nothing_else() {
    let folder = scratch("snapshot");
    let store = open(&folder);
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    store.commit(lease, 1, Sample::new(1).take()).await.unwrap();
    let Opened { centre: whole, last, snapped } = snapshot::open(&store, realm).await.unwrap();
    assert_eq!((last, snapped), (2, 0));
    assert_eq!(snapshot::make(&store, realm).await.unwrap(), 2);
    assert_eq!(snapshot::open(&store, realm).await.unwrap().snapped, 2);
    for bytes in [&b"{"[..], b""] {
        store
            .snapshot_put(
                realm,
                Snapshot { seq: 2, version: snapshot::SNAPSHOT_VERSION, bytes: bytes.into() },
            )
            .await
            .unwrap();
        let opened = snapshot::open(&store, realm).await.unwrap();
        assert_eq!((&opened.centre, opened.last), (&whole, 2));
    }
    let ahead = Snapshot {
        seq: 3,
        version: snapshot::SNAPSHOT_VERSION,
        bytes: serde_json::to_vec(&whole).unwrap(),
    };
    store.snapshot_put(realm, ahead).await.unwrap();
    assert_eq!(
        snapshot::open(&store, realm).await.unwrap().last,
        2,
        "a snapshot of deeds that are not there is passed over"
    );
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// The data folder of the first version, as SQL. Made by `UPDATE_GOLDEN=1`, and never again once that version is out.
#[tokio::test]
async fn a_folder_of_version_1_opens() {
    let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v1/journal.sql"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(fixture.parent().unwrap()).unwrap();
        std::fs::write(fixture, version_1()).unwrap();
    }
    let folder = scratch("v1");
    let db = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
    db.execute_batch(&std::fs::read_to_string(fixture).unwrap()).unwrap();
    drop(db);
    let store = open(&folder);
    let realm = RealmNo(0);
    assert_eq!(store.realms().await.unwrap(), [(realm, "default".into())]);
    let deeds = store.replay(realm, 1).all().await.unwrap();
    assert_eq!((deeds.len(), store.last(realm).await.unwrap()), (23, 23));
    assert_eq!(snapshot::open(&store, realm).await.unwrap().last, 23);
    let Some(Answer::Contact(contact, attributes)) =
        store.page(realm, Page::Contact(ContactName::Number(2)), 23).await.unwrap()
    else {
        panic!()
    };
    assert_eq!((contact.segment, contact.tally.messages, attributes.len()), (2, 7, 2));
    let (room, reader) = (contact.room(), contact.customer.participant);
    let page = ItemsPage {
        room,
        role: MemberRole::Customer,
        reader,
        parts: vec![(room, None)],
        from: Start::Newest,
        forward: false,
        limit: 9,
    };
    let Some(Answer::Lines(lines)) = store.page(realm, Page::Items(page), 23).await.unwrap() else {
        panic!()
    };
    assert_eq!((lines.items.len(), lines.marks.len()), (5, 3));
    assert!(
        matches!(&lines.items[4].1.body, Body::Message { text, .. } if text.as_ref() == "안녕하세요")
    );
    let lease = store.claim(realm).await.unwrap();
    assert_eq!(lease.epoch, 4);
    store.commit(lease, 24, vec![deeds[0].1.clone()]).await.unwrap();
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

fn version_1() -> String {
    let mut sample = Sample::new(11);
    sample.full_chat("c-77");
    let mut sql = include_str!("../schema/journal.sql").to_owned();
    sql.push_str("PRAGMA user_version = 1;\nINSERT INTO about VALUES (x'00112233445566778899aabbccddeeff');\nINSERT INTO realm VALUES (0, 'default', 3);\n");
    for (at, batch) in sample.take().chunks(5).enumerate() {
        let json = serde_json::to_string(batch).unwrap().replace('\'', "''");
        let row = format!(
            "INSERT INTO journal VALUES ({}, {}, {}, 1, CAST('{json}' AS BLOB));\n",
            at * 5 + 1,
            batch.len(),
            batch[0].at.0
        );
        sql.push_str(&row);
    }
    sql
}

/// On a disk that is really small: `mount -t tmpfs -o size=48m none /mnt/small; SANGDAM_SMALL_DISK=/mnt/small cargo test …
/// -- --ignored a_disk_without_space`.
#[tokio::test]
#[ignore = "needs a small disk"]
async fn a_disk_without_space_refuses_writes_shows_what_it_has_and_recovers() {
    let disk = PathBuf::from(std::env::var_os("SANGDAM_SMALL_DISK").unwrap());
    let folder = disk.join("data");
    let _ = std::fs::remove_dir_all(&folder);
    let store = open(&folder);
    let realm = store.realm("r").await.unwrap();
    let lease = store.claim(realm).await.unwrap();
    let mut sample = Sample::new(1);
    let mut last = 0;
    let mut chats = vec![sample.full_chat("first")];
    let filler = disk.join("filler");
    std::fs::write(&filler, vec![1; 8 << 20]).unwrap();
    let refused = loop {
        chats.push(sample.full_chat("c"));
        let deeds = sample.take();
        let count = deeds.len() as u64;
        match store.commit(lease, last + 1, deeds.clone()).await {
            Ok(()) => last += count,
            Err(Fault::Full) => break deeds,
            Err(other) => panic!("{other}"),
        }
    };
    chats.pop();
    for chat in [&chats[0], chats.last().unwrap()] {
        assert!(store.page(realm, Page::Matter(chat.contact), last).await.unwrap().is_some());
    }
    assert_eq!(store.replay(realm, 1).all().await.unwrap().len() as u64, last);
    eprintln!("{last} deeds, {} chats", chats.len());
    std::fs::remove_file(filler).unwrap();
    let again = crate::clock::instant();
    while store.commit(lease, last + 1, refused.clone()).await.is_err() {
        assert!(again.elapsed().as_secs() < 5, "it does not recover");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    eprintln!("written again {} ms after there was space", again.elapsed().as_millis());
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
