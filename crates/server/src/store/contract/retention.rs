//! Recordings, what is past, and a journal without its beginning.

use super::super::snapshot;
use super::*;
use domain::contact::Contact;
use domain::query::RecordingFilter;
use domain::recording::{Kept, Recording};
use domain::retention::{Horizons, Past, Pruned};

/// A day.
const DAY: Millis = Millis::from_secs(24 * 3_600);

fn recording(sample: &mut Sample, contact: ContactId, cnid: &str, agent: &str) -> Recording {
    sample.now = sample.now.plus(Millis(1_000));
    Recording {
        id: FileId::new(sample.now, &mut sample.chance),
        contact,
        room: contact.into(),
        segment: 1,
        cnid: cnid.into(),
        cnsq: 1,
        agent: Some(agent.into()),
        maker: None,
        queue: Some("3001".into()),
        began: sample.now,
        length: Millis(3_000),
        size: 48_058,
        channels: 2,
        kind: "audio/wav".into(),
        kept: Kept::Whole,
    }
}

fn told(recording: &Recording) -> Fact {
    Fact::Recorded { recording: Box::new(recording.clone()) }
}

impl<S: Store> Desk<'_, S> {
    async fn recordings(&self, filter: RecordingFilter) -> Vec<FileId> {
        match self.page(Page::Recordings(RecordingFilter { limit: 9, ..filter })).await {
            Some(Answer::Recordings(found)) => found.iter().map(|it| it.id).collect(),
            other => panic!("{other:?}"),
        }
    }

    async fn past(&self, horizons: Horizons) -> Past {
        match self.page(Page::Past(horizons)).await {
            Some(Answer::Past(past)) => past,
            other => panic!("{other:?}"),
        }
    }

    async fn prune(&mut self, sample: &mut Sample, pruned: Pruned) {
        sample.deed("prune", vec![Fact::Pruned(Box::new(pruned))]);
        self.commit(sample.take()).await.unwrap();
    }

    /// How many lines of a room staff can read.
    async fn read(&self, chat: &Chat) -> usize {
        let page = ItemsPage {
            room: chat.room,
            role: MemberRole::Agent,
            reader: chat.agent,
            parts: vec![(chat.room, None)],
            from: Start::Newest,
            forward: false,
            limit: 100,
        };
        self.lines(&page).await.items.len()
    }

    async fn search(&self, name: Option<&str>, text: Option<&str>) -> Vec<Contact> {
        let (name, text) = (name.map(Into::into), text.map(Into::into));
        let filter = ContactFilter { name, text, limit: 9, ..ContactFilter::default() };
        match self.page(Page::Search(filter.into())).await {
            Some(Answer::Found(found, _)) => found,
            other => panic!("{other:?}"),
        }
    }

    /// Customers who are found by what was said, sorted.
    async fn said(&self, text: &str) -> Vec<String> {
        let found = self.search(None, Some(text)).await;
        let mut ids: Vec<String> =
            found.iter().filter_map(|c| c.customer.id.as_deref().map(str::to_owned)).collect();
        ids.sort();
        ids
    }

    /// How many contacts are found by the customer's name.
    async fn named(&self, name: &str) -> usize {
        self.search(Some(name), None).await.len()
    }

    /// How many deeds a room's story has.
    async fn deeds(&self, chat: &Chat) -> usize {
        match self.page(Page::Story { room: chat.room, after: 0, limit: 100 }).await {
            Some(Answer::Story(deeds)) => deeds.len(),
            other => panic!("{other:?}"),
        }
    }
}

pub(super) async fn recordings_are_found_by_what_is_asked(store: &impl Store) {
    let mut desk = Desk::new(store, "recordings").await;
    let mut sample = Sample::new(11);
    let [a, b] = [1, 2].map(|_| ContactId::new(sample.now, &mut sample.chance));
    let one = recording(&mut sample, a, "1111", "1001");
    let two = recording(&mut sample, a, "1111", "1002");
    let three = recording(&mut sample, b, "2222", "1001");
    let three = Recording { cnsq: 2, queue: None, maker: Some("1003".into()), ..three };
    for each in [&one, &two, &three] {
        sample.deed("tape.keep", vec![told(each)]);
    }
    desk.commit(sample.take()).await.unwrap();
    let all = RecordingFilter::default;
    for (filter, expected) in [
        (all(), vec![three.id, two.id, one.id]),
        (RecordingFilter { id: Some(two.id), ..all() }, vec![two.id]),
        (RecordingFilter { cnid: Some("1111".into()), ..all() }, vec![two.id, one.id]),
        (RecordingFilter { cnid: Some("2222".into()), cnsq: Some(1), ..all() }, vec![]),
        (RecordingFilter { contact: Some(b), ..all() }, vec![three.id]),
        (RecordingFilter { agent: Some("1001".into()), ..all() }, vec![three.id, one.id]),
        (RecordingFilter { agent: Some("1003".into()), ..all() }, vec![three.id]),
        (RecordingFilter { queue: Some("3001".into()), ..all() }, vec![two.id, one.id]),
        (RecordingFilter { from: Some(two.began), ..all() }, vec![three.id, two.id]),
        (RecordingFilter { to: Some(two.began), ..all() }, vec![one.id]),
        (RecordingFilter { below: Some(two.id), ..all() }, vec![one.id]),
    ] {
        assert_eq!(desk.recordings(filter.clone()).await, expected, "{filter:?}");
    }
    let first = Page::Recordings(RecordingFilter { limit: 1, ..all() });
    assert_eq!(desk.page(first).await, Some(Answer::Recordings(vec![three])));
}

pub(super) async fn what_is_past_is_found_and_goes(store: &impl Store) {
    let mut desk = Desk::new(store, "pruned").await;
    let mut sample = Sample::new(12);
    let old = sample.full_chat("old");
    let file = sample.announce(&old);
    let open = sample.chat("open");
    let called = ContactId::new(sample.now, &mut sample.chance);
    let kept = recording(&mut sample, called, "1", "1001");
    sample.deed("tape.keep", vec![told(&kept)]);
    sample.now = sample.now.plus(DAY).plus(DAY);
    let horizon = Some(sample.now);
    sample.now = sample.now.plus(DAY);
    let young = sample.full_chat("young");
    desk.commit(sample.take()).await.unwrap();

    let none = desk.past(Horizons::default()).await;
    assert!(none.is_empty() && none.keep.is_some(), "{none:?}");
    let horizons = Horizons { rooms: horizon, files: horizon, recordings: horizon };
    let past = desk.past(horizons).await;
    assert_eq!((past.files.as_slice(), past.rooms.as_slice()), (&[file][..], &[][..]));
    assert_eq!(past.recordings, [kept.id]);
    let (files, recordings) = (past.files, past.recordings);
    desk.prune(&mut sample, Pruned { files, recordings, ..Pruned::default() }).await;
    assert!(desk.recordings(RecordingFilter::default()).await.is_empty());
    let past = desk.past(horizons).await;
    assert_eq!((past.files.len(), past.rooms.as_slice()), (0, &[old.room][..]));
    assert!(desk.read(&old).await > 0);
    assert_eq!(desk.said("도와드릴까요").await, ["old", "young"]);
    assert!(desk.deeds(&old).await > 0);
    desk.prune(&mut sample, Pruned { rooms: past.rooms, ..Pruned::default() }).await;
    assert_eq!(desk.read(&old).await, 0);
    assert!(desk.read(&young).await > 0);
    assert!(desk.past(horizons).await.is_empty());
    assert_eq!(desk.said("도와드릴까요").await, ["young"], "words go with their room");
    assert_eq!((desk.named("지우").await, desk.deeds(&old).await), (4, 0));
    let number = |chat: &Chat| Page::Contact(ContactName::Id(chat.contact));
    assert!(desk.page(number(&old)).await.is_some(), "that there was a contact is still known");

    // Views that are built again know no more.
    store.rebuild(desk.realm).await.unwrap();
    assert_eq!(
        (desk.read(&old).await, desk.recordings(RecordingFilter::default()).await),
        (0, vec![])
    );
    assert_eq!(desk.said("도와드릴까요").await, ["young"]);
    assert_eq!((desk.named("지우").await, desk.deeds(&old).await), (4, 0));
    // The one that is still open needs its facts, however old they are.
    let keep = desk.past(horizons).await.keep.unwrap();
    let began = &store.replay(desk.realm, keep).all().await.unwrap()[0].1;
    assert!(began.facts.iter().any(|fact| fact.contact() == Some(open.contact)), "{began:?}");
}

pub(super) async fn a_journal_goes_on_without_its_beginning(store: &impl Store) {
    let mut desk = Desk::new(store, "short").await;
    let mut sample = Sample::new(13);
    let old = sample.full_chat("old");
    for deed in sample.take() {
        desk.commit(vec![deed]).await.unwrap();
    }
    let (middle, between) = (desk.last + 1, sample.now.plus(Millis(1)));
    sample.now = sample.now.plus(DAY);
    let young = sample.full_chat("young");
    for deed in sample.take() {
        desk.commit(vec![deed]).await.unwrap();
    }
    assert_eq!(snapshot::covered(store, desk.realm).await.unwrap(), None);
    let first = snapshot::make(store, desk.realm).await.unwrap();
    assert_eq!(snapshot::covered(store, desk.realm).await.unwrap(), None, "one is not enough");
    sample.say(&mut young.clone(), MemberRole::Agent, "still here");
    desk.commit(sample.take()).await.unwrap();
    snapshot::make(store, desk.realm).await.unwrap();
    assert_eq!(snapshot::covered(store, desk.realm).await.unwrap(), Some(first + 1));
    let whole = snapshot::open(store, desk.realm).await.unwrap();

    let realm = desk.realm;
    let ask = async |before, past| store.shorten(realm, before, past).await.unwrap();
    assert_eq!(ask(middle, Millis(0)).await, 0, "nothing is that old");
    assert_eq!(ask(1, between).await, 0);
    let mut gone = 0;
    while let more @ 1.. = ask(middle + 5, between).await {
        gone += more;
    }
    assert_eq!(gone, middle - 1);
    let left = store.replay(desk.realm, 1).all().await.unwrap();
    assert_eq!(left.first().map(|(seq, _)| *seq), Some(middle));
    assert_eq!(store.last(desk.realm).await.unwrap(), desk.last);
    assert!(store.story(desk.realm, old.room).all().await.unwrap().is_empty());
    assert!(!store.story(desk.realm, young.room).all().await.unwrap().is_empty());
    let again = snapshot::open(store, desk.realm).await.unwrap();
    assert!(again.centre == whole.centre && again.last == whole.last);

    desk.prune(&mut sample, Pruned { before: Some(middle), ..Pruned::default() }).await;
    let known = |chat: &Chat| Page::Contact(ContactName::Id(chat.contact));
    assert!(desk.page(known(&old)).await.is_none() && desk.page(known(&young)).await.is_some());
    store.rebuild(desk.realm).await.unwrap();
    assert!(desk.page(known(&old)).await.is_none() && desk.page(known(&young)).await.is_some());
    sample.full_chat("next");
    desk.commit(sample.take()).await.unwrap();
    while ask(u64::MAX, Millis(u64::MAX)).await > 0 {}
    assert_eq!(store.last(desk.realm).await.unwrap(), desk.last, "the newest always stays");
}
