//! A realm with a past, and what is left of it.

use super::*;
use crate::blob::{Place, Size};
use crate::run::OnDirectory;
use crate::store::sample::{Chat, Sample};
use crate::store::{Kind, scratch};
use bytes::Bytes;
use domain::directory::{Entry, WrapUpCode};
use domain::fact::Fact;
use domain::id::{ContactId, FileId};
use domain::query::{ContactName, ItemsPage, Page, RecordingFilter, Start};
use domain::recording::{Kept, Recording};
use domain::room::MemberRole;
use std::path::Path;

struct World {
    store: Arc<AnyStore>,
    realm: Arc<Realm>,
    blobs: Blobs,
}

impl World {
    async fn open(folder: &Path) -> Self {
        let store = Arc::new(AnyStore::open(&Kind::Sqlite(folder.join("data"))).unwrap());
        let no = store.realm("test.example").await.unwrap();
        let learned: OnDirectory = Arc::new(|_, _| ());
        let realm = Realm::start(no, "test.example".into(), store.clone(), learned);
        let blobs = Blobs::at(&Place::Folder(folder.join("files"))).unwrap();
        Self { store, realm, blobs }
    }

    async fn close(self) {
        self.realm.stop().await;
        self.store.close().await;
    }

    async fn lines(&self, chat: &Chat) -> usize {
        let (role, from) = (MemberRole::Agent, Start::Newest);
        let parts = vec![(chat.room, None)];
        let (reader, limit) = (chat.agent, 100);
        let page = ItemsPage { room: chat.room, role, reader, parts, from, forward: false, limit };
        let last = self.store.last(self.realm.no).await.unwrap();
        match self.store.page(self.realm.no, Page::Items(page), last).await {
            Ok(Some(Answer::Lines(lines))) => lines.items.len(),
            other => panic!("{other:?}"),
        }
    }
}

/// A chat with a file, and a recording, of last year; kept for so many days.
async fn past(folder: &Path, days: u32) -> (Chat, FileId, FileId, Millis) {
    let store = AnyStore::open(&Kind::Sqlite(folder.join("data"))).unwrap();
    let no = store.realm("test.example").await.unwrap();
    let lease = store.claim(no).await.unwrap();
    let mut sample = Sample::new(3);
    let realm = serde_json::json!({
        "name": "test.example", "instance": "5a9d0000-0000-4000-8000-000000000001", "created": 1,
        "retention": {"rooms": days, "files": days, "recordings": days},
    });
    let realm = Entry::Realm(serde_json::from_value(realm).unwrap());
    sample.deed("api.put", vec![Fact::Put(Box::new(realm))]);
    let chat = sample.full_chat("c");
    let file = sample.announce(&chat);
    sample.wrap_up(&chat);
    let contact = ContactId::new(sample.now, &mut sample.chance);
    let recording = Recording {
        id: FileId::new(sample.now, &mut sample.chance),
        contact,
        room: contact.into(),
        segment: 1,
        cnid: "1".into(),
        cnsq: 1,
        agent: None,
        maker: None,
        queue: None,
        began: sample.now,
        length: Millis(1),
        size: 3,
        channels: 2,
        kind: "audio/wav".into(),
        kept: Kept::Whole,
    };
    let recorded = recording.id;
    sample.deed("tape.keep", vec![Fact::Recorded { recording: Box::new(recording) }]);
    let (mut first, now) = (1, sample.now);
    for deed in sample.take() {
        store.commit(lease, first, vec![deed]).await.unwrap();
        first += 1;
    }
    store.close().await;
    let blobs = Blobs::at(&Place::Folder(folder.join("files"))).unwrap();
    for id in [file, recorded] {
        let bytes = futures_util::stream::iter([Ok::<_, ()>(Bytes::from_static(b"abc"))]);
        blobs.put(id, Size::Exactly(3), Duration::from_secs(9), bytes).await.unwrap();
    }
    (chat, file, recorded, now)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_goes_and_the_next_start_comes_up_without_it() {
    let folder = scratch("prune");
    let (chat, file, recorded, now) = past(&folder, 30).await;
    let world = World::open(&folder).await;
    let day = Millis::from_secs(24 * 3_600);
    let early = pass(&world.realm, &world.blobs, now.plus(day)).await.unwrap();
    assert_eq!(early, Done::default(), "nothing is past yet");
    assert!(world.lines(&chat).await > 0);

    let later = now.plus(Millis(31 * day.0));
    let mut all = Done::default();
    // The room leaves the memory by itself, and one pass makes one snapshot.
    for _ in 0..200 {
        let done = pass(&world.realm, &world.blobs, later).await.unwrap();
        all.rooms += done.rooms;
        all.files += done.files;
        all.recordings += done.recordings;
        all.rows += done.rows;
        if all.rows > 0 {
            break;
        }
        // A centre at work: each snapshot is of a later deed.
        let code = WrapUpCode { code: "a".into(), ko: "가".into(), en: "a".into() };
        let put = Command::Put(Box::new(Entry::WrapUpCode(code)));
        world.realm.act("test", put).await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((all.rooms, all.files, all.recordings), (1, 1, 1));
    assert!(all.rows > 20, "{all:?}");
    for id in [file, recorded] {
        assert!(matches!(world.blobs.get(id, false, None).await, Err(blob::Fault::None)));
    }
    let no = world.realm.no;
    world.close().await;

    let world = World::open(&folder).await;
    let Answer::Directory(directory) = ask(&world.realm, Query::Directory).await.unwrap() else {
        panic!("no directory");
    };
    assert_eq!(directory.realm.as_ref().unwrap().retention.rooms, 30);
    assert!(directory.queues.contains_key("3001"), "what the lost facts made is there");
    assert_eq!(world.lines(&chat).await, 0);
    let recordings = Query::Recordings(RecordingFilter { limit: 9, ..RecordingFilter::default() });
    assert_eq!(ask(&world.realm, recordings).await.unwrap(), Answer::Recordings(vec![]));
    let name = ContactName::Id(chat.contact);
    assert!(ask(&world.realm, Query::Contact(name)).await.is_err(), "nor that it was");
    let first = world.store.replay(no, 1).all().await.unwrap()[0].0;
    assert!(first > 20, "{first}");
    let told = world.store.story(no, chat.room).all().await.unwrap();
    assert!(told.iter().all(|(seq, _)| *seq >= first));
    world.close().await;

    // Without the snapshots that stand for them, the facts that are gone are missed, and not forgotten.
    std::fs::remove_dir_all(folder.join("data/snapshots")).unwrap();
    let store = AnyStore::open(&Kind::Sqlite(folder.join("data"))).unwrap();
    assert!(snapshot::open(&store, no).await.is_err());
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_for_ever_stays() {
    let folder = scratch("prune");
    let (chat, file, _, now) = past(&folder, 0).await;
    let world = World::open(&folder).await;
    let later = now.plus(Millis::from_secs(99 * 365 * 24 * 3_600));
    assert_eq!(pass(&world.realm, &world.blobs, later).await.unwrap(), Done::default());
    assert!(world.lines(&chat).await > 0);
    assert!(world.blobs.get(file, false, None).await.is_ok());
    world.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
