//! What else is owed to customers and staff: first words, ratings, old transcripts, repeats, sessions, set-ups.

use super::*;
use crate::node::{Node, Release, Reply};
use crate::query::Page;

#[test]
fn where_the_centre_reaches_out_the_first_words_are_its_own() {
    let mut shop = Shop::new();
    let opening = Some((TextKind::Plain, "your parcel is here".into()));
    let (contact, by) =
        shop.begin(StartChat { opening: opening.clone(), outbound: true, ..start(FLOW) });
    shop.ok(Command::Arrive { token: hash(by) });
    let told = shop.lines(contact, MemberRole::Customer);
    assert_eq!(told, ["Customer Joined", "System: your parcel is here"]);
    let (contact, by) = shop.begin(StartChat { opening, ..start(FLOW) });
    shop.ok(Command::Arrive { token: hash(by) });
    let told = shop.lines(contact, MemberRole::Customer);
    assert_eq!(told, ["Customer Joined", "Customer: your parcel is here"]);
    shop.done();
}

#[test]
fn a_customer_is_asked_how_it_went_where_the_queue_says_so() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (unasked, by) = shop.chat();
    shop.accept("1001", unasked);
    shop.ok(Command::End { agent: "1001".into(), contact: unasked });
    assert_eq!(shop.no(Command::Rate { by, score: 5 }), Refusal::NotAllowed);
    shop.put(Entry::Queue(Queue { rating: true, ..Queue::new("3001", "first", 401) }));
    let (unhelped, by) = shop.chat();
    shop.ok(Command::Stop { contact: unhelped });
    assert_eq!(shop.no(Command::Rate { by, score: 1 }), Refusal::NotAllowed, "nobody helped");
    shop.pass(Millis::from_mins(2));
    let (contact, by) = shop.chat();
    shop.accept("1001", contact);
    shop.ok(Command::End { agent: "1001".into(), contact });
    let told = shop.lines(contact, MemberRole::Customer);
    assert!(told.ends_with(&["RatingWanted", "Ended"].map(str::to_owned)), "{told:?}");
    assert!(!shop.lines(contact, MemberRole::Agent).contains(&"RatingWanted".to_owned()));
    assert!(matches!(shop.no(Command::Rate { by, score: 6 }), Refusal::WrongState(_)));
    shop.ok(Command::Rate { by, score: 4 });
    shop.ok(Command::Rate { by, score: 4 });
    assert_eq!(shop.centre.contacts[&contact].rating, Some(4));
    assert_eq!(shop.centre.contacts[&unasked].rating, None);
    shop.done();
}

#[test]
fn who_had_a_matter_may_read_it_when_it_is_archived() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, _) = shop.chat();
    shop.accept("1001", contact);
    shop.ok(Command::End { agent: "1001".into(), contact });
    let record = shop.centre.contacts[&contact].clone();
    shop.pass(Millis::from_mins(11));
    assert!(shop.centre.rooms.is_empty());
    let (mine, others) = (shop.session("1001"), shop.session("1002"));
    let chief = shop.session("9001");
    let room = RoomId::from(contact);
    let lines = |session| Query::Lines { session, room, before: None, after: None, limit: 9 };
    let file = FileId::default();
    let of = |session| Query::FileOf(session, file, Some(contact));
    let archived = Err(Refusal::Archived(contact));
    assert_eq!(shop.centre.look(shop.now, &lines(mine)), archived);
    assert_eq!(shop.centre.look(shop.now, &of(mine)), archived);
    assert_eq!(shop.centre.look(shop.now, &Query::Files(contact)), archived);
    shop.ok(Command::Recall(vec![record]));
    for session in [mine, chief] {
        let page = shop.centre.look(shop.now, &lines(session));
        assert!(matches!(page, Ok(Look::Page(Page::Items(_)))), "{page:?}");
        let page = shop.centre.look(shop.now, &of(session));
        let wanted = Page::Files { room, role: MemberRole::Agent, file: Some(file) };
        assert_eq!(page, Ok(Look::Page(wanted)));
    }
    assert_eq!(shop.centre.look(shop.now, &lines(others)), Err(Refusal::NotAMember));
    assert_eq!(shop.centre.look(shop.now, &of(others)), Err(Refusal::NoSuchFile));
    let unnamed = Query::FileOf(mine, file, None);
    assert_eq!(shop.centre.look(shop.now, &unnamed), Err(Refusal::NoSuchFile));
    let all = Page::Files { room, role: MemberRole::Customer, file: None };
    assert_eq!(shop.centre.look(shop.now, &Query::Files(contact)), Ok(Look::Page(all)));
    shop.done();
}

#[test]
fn an_event_that_comes_again_is_answered_and_not_shown_again() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, by) = shop.chat();
    shop.accept("1001", contact);
    let session = shop.session("1001");
    let Done::Posted { item, .. } = shop.say(By::Session(session, contact), "hi") else { panic!() };
    let typing = |n| Command::Typing { by, audience: Audience::All, key: key(n) };
    let mark = Command::Mark { by, item, read: true, key: key(9) };
    let signals = shop.signals.len();
    let first = shop.ok(typing(1));
    let marked = shop.ok(mark.clone());
    shop.pass(Millis(500));
    assert_eq!(shop.ok(typing(1)), first);
    assert_eq!(shop.ok(mark), marked, "the same name and moment");
    assert_eq!(shop.signals.len(), signals + 1, "somebody writes once");
    assert_ne!(shop.ok(typing(2)), first);
    for n in 10..30 {
        shop.ok(typing(n));
    }
    assert!(shop.centre.soft.heard.values().all(|heard| heard.len() <= HEARD_LIMIT));
    shop.ok(Command::Stop { contact });
    shop.pass(Millis::from_mins(30));
    assert!(shop.centre.soft.heard.is_empty());
    shop.done();
}

#[test]
fn a_session_that_nobody_uses_ends() {
    let mut shop = Shop::new();
    let (used, unused) = (shop.session("1001"), shop.session("1002"));
    shop.pass(Millis::from_mins(20));
    shop.centre.used(shop.now, used);
    shop.pass(Millis::from_mins(11));
    assert!(!shop.centre.sessions.contains_key(&unused));
    assert!(shop.centre.sessions.contains_key(&used));
    // After a restart nobody knows when it was last used: it has its half hour again.
    shop.centre.resume();
    shop.pass(Millis::from_mins(29));
    assert!(shop.centre.sessions.contains_key(&used));
    shop.pass(Millis::from_mins(2));
    assert!(!shop.centre.sessions.contains_key(&used));
    assert!(shop.centre.soft.seen.is_empty());
    shop.done();
}

#[test]
fn many_entries_are_put_together_or_not_at_all() {
    let mut shop = Shop::new();
    let (name, members) = ("C".into(), BTreeMap::new());
    let group =
        Entry::Group(Group { id: 403, name, members, record: false, after_work: Millis(0) });
    let queue = |group| Entry::Queue(Queue::new("3003", "third", group));
    let before = shop.centre.directory().clone();
    shop.no(Command::PutAll(vec![group.clone(), queue(499)]));
    assert_eq!(*shop.centre.directory(), before);
    shop.ok(Command::PutAll(vec![group, queue(403)]));
    assert_eq!(shop.deeds.last().unwrap().facts.len(), 2, "one deed");
    assert!(shop.centre.directory().queues.contains_key("3003"));
    shop.done();
}

/// A chat whose customer holds the token of a socket, on a node; all is on disk.
fn on_a_node() -> (Node<u8>, TokenHash, ParticipantId, crate::chance::Seeded) {
    let mut shop = Shop::new();
    let socket = shop.grant(TokenKind::Socket);
    let start = StartChat { grants: vec![socket], ..start(FLOW) };
    let Done::Started { participant, .. } = shop.ok(Command::StartChat(Box::new(start))) else {
        panic!()
    };
    (Node::new(shop.centre, 0), socket.token, participant, shop.chance)
}

#[test]
fn who_is_connected_stays_so_when_the_centre_is_made_anew() {
    let (mut node, token, participant, mut chance) = on_a_node();
    let centre = node.centre().clone();
    let now = Millis(1_763_700_000_000);
    let cause: Arc<str> = "test".into();
    let present = || Command::Present { token, present: true };
    let mut out = Vec::new();
    node.take(now, &mut chance, Some(1), &cause, present());
    assert!(node.next(&mut out).is_none());
    assert!(matches!(out[..], [.., Release::Reply(1, Reply::Outcome(Ok(_)))]));
    // The second rests on a batch that fails: whoever asked hears of it, and opens no socket.
    let put = Command::Put(Box::new(Entry::WrapUpCode(WrapUpCode {
        code: "later".into(),
        ko: "나중".into(),
        en: "Later".into(),
    })));
    node.take(now, &mut chance, Some(2), &cause, put);
    node.take(now, &mut chance, Some(3), &cause, present());
    assert!(node.next(&mut out).is_some());
    node.take(now, &mut chance, Some(4), &cause, present());
    let attendance = node.attendance();
    assert_eq!(node.failed(), [2, 3, 4]);
    let mut next: Node<u8> = Node::new(centre, 0);
    assert!(!next.centre().is_present(participant));
    next.attend(attendance);
    assert_eq!(next.centre().soft.sockets.get(&participant), Some(&1));
}
