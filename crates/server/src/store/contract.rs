//! What every form of store has to pass.

mod retention;

use super::sample::{Chat, Sample};
use super::{AnyStore, Fault, Kind, Lease, RealmNo, Store, scratch};
use domain::agent::Channel;
use domain::audit::{self, Actor, Way};
use domain::contact::EndReason;
use domain::directory::{Entry, EntryKey, WrapUpCode};
use domain::fact::{Deed, Fact};
use domain::id::{ContactId, FileId, ParticipantId};
use domain::query::{
    Answer, ContactFilter, ContactName, ItemsPage, Lines, Moment, Page, Place, Start,
};
use domain::room::{Audience, Body, File, FileStatus, MemberRole};
use domain::time::Millis;
use std::path::Path;

mod reports;

/// One realm of a store, written to as a node does.
struct Desk<'a, S> {
    store: &'a S,
    realm: RealmNo,
    lease: Lease,
    last: u64,
}

impl<'a, S: Store> Desk<'a, S> {
    async fn new(store: &'a S, name: &str) -> Self {
        let realm = store.realm(name).await.unwrap();
        let lease = store.claim(realm).await.unwrap();
        Self { store, realm, lease, last: store.last(realm).await.unwrap() }
    }

    async fn commit(&mut self, deeds: Vec<Deed>) -> Result<(), Fault> {
        let count = deeds.len() as u64;
        self.store.commit(self.lease, self.last + 1, deeds).await?;
        self.last += count;
        Ok(())
    }

    async fn page(&self, page: Page) -> Option<Answer> {
        self.store.page(self.realm, page, self.last).await.unwrap()
    }

    async fn lines(&self, page: &ItemsPage) -> Lines {
        match self.page(Page::Items(page.clone())).await {
            Some(Answer::Lines(lines)) => lines,
            other => panic!("{other:?}"),
        }
    }

    async fn contacts(&self, page: Page) -> Vec<u64> {
        match self.page(page).await {
            Some(Answer::Contacts(contacts)) => {
                contacts.iter().map(|contact| contact.number).collect()
            }
            None => Vec::new(),
            other => panic!("{other:?}"),
        }
    }
}

async fn realms_keep_their_numbers(store: &impl Store) {
    let (a, b) = (store.realm("a").await.unwrap(), store.realm("b").await.unwrap());
    assert_eq!((a, b, store.realm("a").await.unwrap()), (RealmNo(0), RealmNo(1), a));
    assert_eq!(store.realms().await.unwrap(), [(a, "a".into()), (b, "b".into())]);
}

async fn what_is_committed_is_replayed_in_order(store: &impl Store) {
    let (mut a, mut b) = (Desk::new(store, "order-a").await, Desk::new(store, "order-b").await);
    let mut sample = Sample::new(1);
    sample.full_chat("c");
    let deeds = sample.take();
    for batch in deeds.chunks(4) {
        a.commit(batch.to_vec()).await.unwrap();
    }
    b.commit(deeds[..1].to_vec()).await.unwrap();
    assert_eq!(
        (store.last(a.realm).await.unwrap(), store.last(b.realm).await.unwrap()),
        (deeds.len() as u64, 1)
    );
    for from in [0, 1, 2, 4, 5, 6, a.last, a.last + 1] {
        let expected: Vec<_> =
            (1..).zip(deeds.iter().cloned()).filter(|(seq, _)| *seq >= from).collect();
        assert_eq!(store.replay(a.realm, from).all().await.unwrap(), expected, "from {from}");
    }
    assert_eq!(store.replay(b.realm, 1).all().await.unwrap().len(), 1, "realms do not mix");
}

async fn only_the_newest_lease_writes_and_only_what_follows(store: &impl Store) {
    let mut old = Desk::new(store, "lease").await;
    let deeds = Sample::new(1).take();
    old.commit(deeds.clone()).await.unwrap();
    for first in [old.last, old.last + 2, 0, 1] {
        assert!(
            matches!(store.commit(old.lease, first, deeds.clone()).await, Err(Fault::Stale)),
            "{first} does not follow"
        );
    }
    let mut new = Desk::new(store, "lease").await;
    assert!(new.lease.epoch > old.lease.epoch);
    assert!(matches!(old.commit(deeds.clone()).await, Err(Fault::Stale)));
    new.commit(deeds.clone()).await.unwrap();
    assert_eq!(store.replay(new.realm, 1).all().await.unwrap().len(), 2 * deeds.len());
}

fn whole(chat: &Chat, role: MemberRole, reader: ParticipantId) -> ItemsPage {
    ItemsPage {
        room: chat.room,
        role,
        reader,
        parts: vec![(chat.room, None)],
        from: Start::Newest,
        forward: false,
        limit: 100,
    }
}

fn places(lines: &Lines) -> Vec<(u16, u32)> {
    lines.items.iter().map(|(part, item)| (*part, item.n)).collect()
}

async fn transcripts_show_each_reader_what_is_theirs(store: &impl Store) {
    let mut desk = Desk::new(store, "readers").await;
    let mut sample = Sample::new(2);
    let chat = sample.full_chat("c");
    desk.commit(sample.take()).await.unwrap();
    let check = async |role, reader, expected: &[u32]| {
        let lines = desk.lines(&whole(&chat, role, reader)).await;
        assert_eq!(
            lines.items.iter().map(|(_, item)| item.n).collect::<Vec<_>>(),
            expected,
            "{role:?}"
        );
        assert_eq!(lines.next, None);
    };
    check(MemberRole::Customer, chat.customer, &[7, 6, 5, 2, 1]).await;
    check(MemberRole::Agent, chat.agent, &[6, 3, 2, 1]).await;
    check(MemberRole::Supervisor, ParticipantId::default(), &[6, 3, 2, 1]).await;
    check(MemberRole::Bot, ParticipantId::default(), &[7, 6, 2, 1]).await;
    let segment = ItemsPage {
        parts: vec![(chat.room, Some(chat.contact))],
        ..whole(&chat, MemberRole::Agent, chat.agent)
    };
    assert_eq!(places(&desk.lines(&segment).await), [(0, 6)]);
    let marks = desk.lines(&whole(&chat, MemberRole::Agent, chat.agent)).await.marks;
    assert_eq!(
        marks.iter().map(|(_, mark)| (mark.n, mark.read)).collect::<Vec<_>>(),
        [(1, true), (2, false), (2, true)]
    );
    let unknown = ItemsPage {
        parts: vec![(ContactId::default().into(), None)],
        ..whole(&chat, MemberRole::Agent, chat.agent)
    };
    assert_eq!(places(&desk.lines(&unknown).await), []);
}

async fn pages_go_on_where_they_ended(store: &impl Store) {
    let mut desk = Desk::new(store, "paging").await;
    let mut sample = Sample::new(3);
    let mut chat = sample.chat("c");
    let mut times = Vec::new();
    for n in 1..=10 {
        sample.say(
            &mut chat,
            if n % 2 == 0 { MemberRole::Agent } else { MemberRole::Customer },
            "x",
        );
        times.push(sample.now);
    }
    desk.commit(sample.take()).await.unwrap();
    let check = async |from,
                       forward,
                       limit,
                       expected: std::ops::RangeInclusive<u32>,
                       more: bool| {
        let page =
            ItemsPage { from, forward, limit, ..whole(&chat, MemberRole::Customer, chat.customer) };
        let lines = desk.lines(&page).await;
        let mut expected: Vec<(u16, u32)> = expected.map(|n| (0, n)).collect();
        if !forward {
            expected.reverse();
        }
        assert_eq!(places(&lines), expected, "{from:?} {forward} {limit}");
        let last = lines
            .items
            .last()
            .filter(|_| more)
            .map(|(part, item)| Place { part: *part, n: item.n });
        assert_eq!(lines.next, last, "{from:?} {forward} {limit}");
    };
    let after = |n| Start::After(Place { part: 0, n });
    #[expect(clippy::reversed_empty_ranges, reason = "an empty page")]
    let none = 1..=0;
    check(Start::Newest, false, 4, 7..=10, true).await;
    check(Start::Newest, false, 10, 1..=10, false).await;
    check(Start::Newest, true, 4, none.clone(), false).await;
    check(after(7), false, 6, 1..=6, false).await;
    check(after(7), false, 5, 2..=6, true).await;
    check(after(7), true, 5, 8..=10, false).await;
    check(after(10), true, 5, none.clone(), false).await;
    check(after(1), false, 5, none.clone(), false).await;
    check(Start::At(4), false, 3, 2..=4, true).await;
    check(Start::At(4), true, 3, 4..=6, true).await;
    check(Start::MostRecent(1), true, 3, 10..=10, false).await;
    check(Start::MostRecent(3), true, 3, 8..=10, false).await;
    check(Start::MostRecent(3), false, 3, 6..=8, true).await;
    check(Start::MostRecent(99), true, 3, 1..=3, true).await;
    check(Start::Time(times[4]), true, 2, 5..=6, true).await;
    check(Start::Time(times[4].plus(Millis(1))), true, 2, 6..=7, true).await;
    check(Start::Time(times[4].plus(Millis(1))), false, 2, 4..=5, true).await;
    check(Start::Time(times[4]), false, 9, 1..=5, false).await;
    check(Start::Time(Millis(1)), false, 9, none.clone(), false).await;
    check(Start::Time(times[9].plus(Millis(1))), true, 9, none, false).await;
}

async fn earlier_chats_are_reached_backward_from_a_page(store: &impl Store) {
    let mut desk = Desk::new(store, "past").await;
    let mut sample = Sample::new(4);
    let past = sample.full_chat("c");
    let mut chat = sample.chat("c");
    for _ in 0..3 {
        sample.say(&mut chat, MemberRole::Customer, "x");
    }
    desk.commit(sample.take()).await.unwrap();
    let parts = vec![
        (chat.room, None),
        (past.room, Some(past.contact)),
        (past.room, Some(past.room.into())),
    ];
    let mut page =
        ItemsPage { parts, limit: 10, ..whole(&chat, MemberRole::Customer, chat.customer) };
    let first = desk.lines(&page).await;
    assert_eq!(
        (places(&first), first.next),
        (vec![(0, 3), (0, 2), (0, 1)], Some(Place { part: 0, n: 1 }))
    );
    page.limit = 3;
    page.from = Start::After(Place { part: 0, n: 1 });
    let second = desk.lines(&page).await;
    assert_eq!(
        (places(&second), second.next),
        (vec![(1, 7), (1, 6), (2, 2)], Some(Place { part: 2, n: 2 })),
        "5 is not this reader's"
    );
    assert_eq!(second.marks.len(), 2, "those of line 2");
    page.from = Start::After(Place { part: 2, n: 2 });
    let third = desk.lines(&page).await;
    assert_eq!((places(&third), third.next), (vec![(2, 1)], None));
    page.forward = true;
    page.limit = 10;
    assert_eq!(places(&desk.lines(&page).await), [(1, 6), (1, 7), (0, 1), (0, 2), (0, 3)]);
    page.from = Start::Newest;
    page.parts.remove(0);
    page.parts.insert(0, (ContactId::default().into(), None));
    page.forward = false;
    let empty = desk.lines(&page).await;
    assert_eq!(
        (places(&empty), empty.next),
        (vec![], Some(Place { part: 0, n: 1 })),
        "nothing was said yet, but before"
    );
}

async fn files_of_a_room_are_found_by_whoever_may_have_them(store: &impl Store) {
    let mut desk = Desk::new(store, "files").await;
    let mut sample = Sample::new(6);
    let (mut chat, other) = (sample.full_chat("one"), sample.full_chat("other"));
    let mut files = Vec::new();
    for audience in [Audience::All, Audience::Agents] {
        let id = FileId::new(sample.now, &mut sample.chance);
        let file = File {
            id,
            name: "a.png".into(),
            kind: "image/png".into(),
            size: 9,
            status: FileStatus::Approved,
        };
        sample.post(&mut chat, MemberRole::Agent, audience, Body::File(file.clone()));
        files.push(file);
    }
    desk.commit(sample.take()).await.unwrap();
    let found = async |room, role, file| match desk.page(Page::Files { room, role, file }).await {
        Some(Answer::Files(files)) => files,
        other => panic!("{other:?}"),
    };
    let room = chat.room;
    assert_eq!(found(room, MemberRole::Agent, None).await, files);
    assert_eq!(found(room, MemberRole::Customer, None).await, files[..1], "not the agents' own");
    assert_eq!(found(room, MemberRole::Agent, Some(files[1].id)).await, files[1..]);
    assert_eq!(found(room, MemberRole::Customer, Some(files[1].id)).await, []);
    assert_eq!(
        found(other.room, MemberRole::Agent, None).await,
        [],
        "what is rejected is nobody's"
    );
}

async fn calls_are_among_the_contacts(store: &impl Store) {
    let mut desk = Desk::new(store, "calls").await;
    let mut sample = Sample::new(9);
    sample.chat("c");
    let cnid = sample.call();
    sample.chat("d");
    desk.commit(sample.take()).await.unwrap();
    let filter = || ContactFilter { limit: 100, ..ContactFilter::default() };
    let check = async |filter: ContactFilter, expected: &[u64]| {
        assert_eq!(desk.contacts(Page::Contacts(filter.clone())).await, expected, "{filter:?}");
    };
    check(filter(), &[4, 3, 2, 1]).await;
    check(ContactFilter { channel: Some(Channel::Voice), ..filter() }, &[3, 2]).await;
    check(ContactFilter { channel: Some(Channel::Chat), ..filter() }, &[4, 1]).await;
    check(ContactFilter { cnid: Some(cnid.clone()), ..filter() }, &[3, 2]).await;
    check(ContactFilter { cnid: Some("2026".into()), ..filter() }, &[]).await;
    check(ContactFilter { phone: Some("01012345678".into()), ..filter() }, &[3, 2]).await;
    check(ContactFilter { agent: Some("1002".into()), ..filter() }, &[3]).await;
    check(ContactFilter { agent: Some("1001".into()), limit: 2, ..filter() }, &[4, 2]).await;
    let Some(Answer::Contact(first, _)) = desk.page(Page::Contact(ContactName::Number(2))).await
    else {
        panic!()
    };
    let voice = first.voice.as_ref().unwrap();
    assert_eq!((&voice.cnid, voice.cnsq, voice.held), (&cnid, 2, Millis::from_secs(3)));
    assert_eq!(first.wrap_up.as_ref().map(|w| w.to.since(w.from)), Some(Millis::from_secs(13)));
    assert_eq!(desk.contacts(Page::Matter(first.id)).await, [2, 3]);
    let mut told = store.story(desk.realm, first.room());
    let mut facts = Vec::new();
    while let Some(deeds) = told.next().await.unwrap() {
        facts.extend(deeds.into_iter().flat_map(|(_, deed)| deed.facts));
    }
    let calls = facts.iter().filter(|fact| matches!(fact, Fact::Call(_))).count();
    assert!(calls > 10, "the story tells what happened to the call: {calls}");
    assert!(facts.iter().any(|fact| matches!(fact, Fact::WrappedUp { .. })), "to its end");
}

async fn contacts_are_found_by_what_is_asked(store: &impl Store) {
    let mut desk = Desk::new(store, "contacts").await;
    let mut sample = Sample::new(5);
    let mut started = Vec::new();
    let mut chats = Vec::new();
    for n in 0..6 {
        started.push(sample.now.plus(Millis(1_000)));
        let chat = sample.chat(if n % 2 == 0 { "even" } else { "odd" });
        if n < 4 {
            sample.close(&chat, EndReason::Agent);
        }
        chats.push(chat);
    }
    let full = sample.full_chat("full");
    desk.commit(sample.take()).await.unwrap();
    let filter = || ContactFilter { limit: 100, ..ContactFilter::default() };
    let check = async |filter: ContactFilter, expected: &[u64]| {
        assert_eq!(desk.contacts(Page::Contacts(filter.clone())).await, expected, "{filter:?}");
    };
    check(filter(), &[8, 7, 6, 5, 4, 3, 2, 1]).await;
    check(ContactFilter { limit: 2, ..filter() }, &[8, 7]).await;
    check(ContactFilter { limit: 2, below: Some(7), ..filter() }, &[6, 5]).await;
    check(ContactFilter { customer: Some("odd".into()), ..filter() }, &[6, 4, 2]).await;
    check(ContactFilter { customer: Some("odd".into()), ended: Some(true), ..filter() }, &[4, 2])
        .await;
    check(ContactFilter { ended: Some(false), ..filter() }, &[6, 5]).await;
    check(
        ContactFilter {
            queue: Some("3001".into()),
            agent: Some("1001".into()),
            limit: 1,
            ..filter()
        },
        &[8],
    )
    .await;
    check(ContactFilter { queue: Some("9".into()), ..filter() }, &[]).await;
    check(ContactFilter { from: Some(started[1]), to: Some(started[3]), ..filter() }, &[3, 2])
        .await;
    check(ContactFilter { to: Some(started[0]), ..filter() }, &[]).await;
    check(
        ContactFilter {
            from: Some(started[5].plus(Millis(1))),
            to: Some(Millis(1 << 50)),
            ..filter()
        },
        &[8, 7],
    )
    .await;

    let Some(Answer::Contact(third, _)) = desk.page(Page::Contact(ContactName::Number(3))).await
    else {
        panic!()
    };
    for moment in [Moment::Started, Moment::Queued, Moment::Accepted, Moment::Ended] {
        let at = moment.of(&third).unwrap();
        let at_once =
            || ContactFilter { moment, from: Some(at), to: Some(at.plus(Millis(1))), ..filter() };
        check(at_once(), &[3]).await;
        check(ContactFilter { below: Some(3), ..at_once() }, &[]).await;
        check(ContactFilter { moment, to: Some(Millis(1)), ..filter() }, &[]).await;
    }

    assert_eq!(desk.contacts(Page::Matter(full.contact)).await, [7, 8]);
    assert_eq!(desk.contacts(Page::Matter(full.room.into())).await, [7, 8]);
    assert_eq!(desk.page(Page::Matter(ContactId::default())).await, None);
    for name in [ContactName::Id(full.contact), ContactName::Number(8)] {
        let Some(Answer::Contact(contact, attributes)) = desk.page(Page::Contact(name)).await
        else {
            panic!()
        };
        assert_eq!(
            (contact.id, contact.reason, contact.tally.messages),
            (full.contact, Some(EndReason::Customer), 7)
        );
        assert_eq!(
            attributes.keys().map(AsRef::as_ref).collect::<Vec<_>>(),
            ["plan", "vip"],
            "they are the matter's"
        );
    }
    assert_eq!(desk.page(Page::Contact(ContactName::Number(9))).await, None);
    let elsewhere = Desk::new(store, "contacts-elsewhere").await;
    assert_eq!(
        elsewhere.page(Page::Contact(ContactName::Number(8))).await,
        None,
        "realms do not mix"
    );
}

async fn the_trail_is_found_by_who_and_what_newest_first(store: &impl Store) {
    let mut desk = Desk::new(store, "audit").await;
    let code = |code: &str| {
        let (ko, en) = ("가".into(), "a".into());
        Box::new(Entry::WrapUpCode(WrapUpCode { code: code.into(), ko, en }))
    };
    let deed = |at, by: Option<&str>, facts: Vec<Fact>| {
        let by = by.map(|user| Actor { user: user.into(), way: Way::Api, from: "::1".into() });
        let was = facts.iter().map(|_| Some(code("was"))).collect();
        let audited = by.map(|by| Fact::Audited { by: Box::new(by), was });
        Deed {
            at: Millis(at),
            cause: "t".into(),
            facts: facts.into_iter().chain(audited).collect(),
        }
    };
    let key = EntryKey::WrapUpCode("a".into());
    let both = vec![Fact::Put(code("a")), Fact::Put(code("b"))];
    let deeds = vec![
        deed(1, None, vec![Fact::Put(code("a"))]),
        deed(2, Some("9001"), both),
        deed(3, Some("admin"), vec![Fact::Removed(key)]),
    ];
    desk.commit(deeds).await.unwrap();
    let filter = || audit::Filter { limit: 100, ..audit::Filter::default() };
    let check = async |filter: audit::Filter, expected: &[(u64, u32)]| {
        let Some(Answer::Audit(rows)) = desk.page(Page::Audit(filter.clone())).await else {
            panic!("no trail")
        };
        let places: Vec<_> = rows.iter().map(|row| (row.seq, row.n)).collect();
        assert_eq!(places, expected, "{filter:?}");
    };
    check(filter(), &[(3, 0), (2, 1), (2, 0), (1, 0)]).await;
    check(audit::Filter { limit: 2, ..filter() }, &[(3, 0), (2, 1)]).await;
    check(audit::Filter { below: Some((2, 1)), ..filter() }, &[(2, 0), (1, 0)]).await;
    check(audit::Filter { by: Some("9001".into()), ..filter() }, &[(2, 1), (2, 0)]).await;
    let a =
        || audit::Filter { kind: Some("wrap_up_codes".into()), name: Some("a".into()), ..filter() };
    check(a(), &[(3, 0), (2, 0), (1, 0)]).await;
    check(audit::Filter { from: Some(Millis(2)), to: Some(Millis(3)), ..a() }, &[(2, 0)]).await;
    check(audit::Filter { kind: Some("users".into()), ..filter() }, &[]).await;
    store.rebuild(desk.realm).await.unwrap();
    check(filter(), &[(3, 0), (2, 1), (2, 0), (1, 0)]).await;
}

async fn a_story_has_what_touches_a_room(store: &impl Store) {
    let mut desk = Desk::new(store, "story").await;
    let mut sample = Sample::new(6);
    sample.full_chat("other");
    let before = sample.deeds.len() as u64;
    let chat = sample.full_chat("c");
    let after = sample.deeds.len() as u64;
    sample.full_chat("other");
    desk.commit(sample.take()).await.unwrap();
    let told = store.story(desk.realm, chat.room).all().await.unwrap();
    assert_eq!(
        told.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
        (before + 1..=after).collect::<Vec<_>>()
    );
}

async fn snapshots_are_found_newest_first(store: &impl Store) {
    let desk = Desk::new(store, "snapshots").await;
    let put = async |seq, version| {
        let snapshot = super::snapshot::Snapshot { seq, version, bytes: vec![7; 3] };
        store.snapshot_put(desk.realm, snapshot).await.unwrap();
    };
    assert_eq!(store.snapshot_get(desk.realm, u64::MAX).await.unwrap(), None);
    put(9, 1).await;
    put(100, 2).await;
    let get = async |at_most| {
        store
            .snapshot_get(desk.realm, at_most)
            .await
            .unwrap()
            .map(|found| (found.seq, found.version))
    };
    assert_eq!(
        (get(u64::MAX).await, get(99).await, get(8).await),
        (Some((100, 2)), Some((9, 1)), None)
    );
}

/// Everything that pages show of a realm.
async fn everything<S: Store>(desk: &Desk<'_, S>, chats: &[Chat]) -> String {
    let mut all = Vec::new();
    for chat in chats {
        all.push(desk.page(Page::Items(whole(chat, MemberRole::Supervisor, chat.agent))).await);
        all.push(desk.page(Page::Matter(chat.contact)).await);
    }
    format!("{all:?}")
}

async fn views_built_again_show_the_same(store: &impl Store) {
    let mut desk = Desk::new(store, "rebuild").await;
    let mut sample = Sample::new(7);
    let chats: Vec<Chat> = (0..5).map(|n| sample.full_chat(&n.to_string())).collect();
    for batch in sample.take().chunks(3) {
        desk.commit(batch.to_vec()).await.unwrap();
        desk.page(Page::Matter(chats[0].contact)).await;
    }
    let before = everything(&desk, &chats).await;
    store.rebuild(desk.realm).await.unwrap();
    assert_eq!(everything(&desk, &chats).await, before);
    sample.full_chat("later");
    desk.commit(sample.take()).await.unwrap();
    assert_eq!(everything(&desk, &chats).await, before);
}

async fn keeps_the_contract(store: &impl Store) {
    realms_keep_their_numbers(store).await;
    what_is_committed_is_replayed_in_order(store).await;
    only_the_newest_lease_writes_and_only_what_follows(store).await;
    transcripts_show_each_reader_what_is_theirs(store).await;
    pages_go_on_where_they_ended(store).await;
    earlier_chats_are_reached_backward_from_a_page(store).await;
    contacts_are_found_by_what_is_asked(store).await;
    calls_are_among_the_contacts(store).await;
    files_of_a_room_are_found_by_whoever_may_have_them(store).await;
    a_story_has_what_touches_a_room(store).await;
    reports::a_story_is_read_page_by_page(store).await;
    reports::contacts_are_found_by_words_when_they_have_ended(store).await;
    reports::reports_count_what_happened_when_it_happened(store).await;
    snapshots_are_found_newest_first(store).await;
    the_trail_is_found_by_who_and_what_newest_first(store).await;
    views_built_again_show_the_same(store).await;
    retention::recordings_are_found_by_what_is_asked(store).await;
    retention::what_is_past_is_found_and_goes(store).await;
    retention::a_journal_goes_on_without_its_beginning(store).await;
}

#[tokio::test]
async fn the_memory_store_keeps_the_contract() {
    keeps_the_contract(&AnyStore::open(&Kind::Memory).unwrap()).await;
}

#[tokio::test]
async fn the_sqlite_store_keeps_the_contract() {
    let folder = scratch("contract");
    let store = AnyStore::open(&Kind::Sqlite(folder.clone())).unwrap();
    keeps_the_contract(&store).await;
    store.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

/// A form that outlives its process: what another finds in it.
pub(super) async fn goes_on_after<S: Store>(
    open: impl Fn(&Path) -> S,
    folder: &Path,
    leave: impl AsyncFn(S),
) {
    let store = open(folder);
    let mut desk = Desk::new(&store, "again").await;
    let mut sample = Sample::new(8);
    let chats = [sample.full_chat("c"), sample.full_chat("d")];
    desk.commit(sample.take()).await.unwrap();
    let (before, last, epoch) = (everything(&desk, &chats).await, desk.last, desk.lease.epoch);
    leave(store).await;

    let store = open(folder);
    let mut desk = Desk::new(&store, "again").await;
    assert_eq!((desk.last, everything(&desk, &chats).await), (last, before));
    assert!(desk.lease.epoch > epoch, "leases of an earlier life are stale");
    sample.full_chat("e");
    desk.commit(sample.take()).await.unwrap();
    store.close().await;
}
