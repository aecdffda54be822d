//! What every form of bus has to pass.

use super::{Bus, Hub, Letters, Local, Mail, Nobody};
use domain::fact::Fact;
use domain::id::{ContactId, ParticipantId, RoomId, TokenHash, UserId, Uuid};
use domain::node::{Published, Texts, Topic};
use domain::signal::Signal;
use domain::time::Millis;
use facade::door::RealmNo;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn room(n: u8) -> RoomId {
    RoomId(Uuid::from_bytes([n; 16]))
}

fn fact(seq: u64, topics: &[Topic]) -> Arc<Published> {
    Arc::new(Published {
        seq,
        at: Millis(seq),
        fact: Fact::LoggedOut { session: TokenHash([1; 32]) },
        topics: topics.to_vec(),
        texts: Texts::default(),
    })
}

/// The numbers of all facts that wait; a signal is 0, and a lost mailbox ends the list with `None`.
fn read(letters: &mut Letters) -> Vec<Option<u64>> {
    let mut cx = Context::from_waker(Waker::noop());
    let mut read = Vec::new();
    while let Poll::Ready(mail) = letters.poll_recv(&mut cx) {
        let lost = mail.is_none();
        read.push(mail.map(|mail| if let Mail::Fact(fact) = mail { fact.seq } else { 0 }));
        if lost {
            break;
        }
    }
    read
}

fn everyone_who_watches_gets_facts_once_and_in_order(hub: &Hub) {
    let (desk, mut at_desk) = hub.mailbox(16);
    let (customer, mut at_customer) = hub.mailbox(16);
    let me = Topic::Agent(UserId::from("1001"));
    hub.watch(&desk, me.clone());
    hub.watch(&desk, Topic::Room(room(1)));
    hub.watch(&desk, Topic::Room(room(1)));
    hub.watch(&customer, Topic::Room(room(1)));
    let both = [Topic::Room(room(1)), me];
    hub.publish(&fact(1, &both));
    hub.signal(
        &Arc::new(Signal::Presence {
            room: room(1),
            participant: ParticipantId::default(),
            present: true,
        }),
        &both,
    );
    hub.publish(&fact(2, &[Topic::Room(room(2))]));
    hub.publish(&fact(3, &[Topic::Room(room(1))]));
    assert_eq!(read(&mut at_desk), [Some(1), Some(0), Some(3)]);
    assert_eq!(read(&mut at_customer), [Some(1), Some(0), Some(3)]);
    hub.unwatch(&desk, &Topic::Room(room(1)));
    hub.publish(&fact(4, &[Topic::Room(room(1))]));
    assert_eq!((read(&mut at_desk), read(&mut at_customer)), (vec![], vec![Some(4)]));
}

fn one_who_does_not_read_is_lost_and_holds_up_nobody(hub: &Hub) {
    let (slow, mut at_slow) = hub.mailbox(2);
    let (quick, mut at_quick) = hub.mailbox(8);
    for mailbox in [&slow, &quick] {
        hub.watch(mailbox, Topic::Directory);
    }
    for seq in 1..=3 {
        hub.publish(&fact(seq, &[Topic::Directory]));
    }
    assert_eq!(read(&mut at_slow), [None], "nothing is shown with a hole in it");
    assert_eq!(read(&mut at_quick), [Some(1), Some(2), Some(3)]);
}

fn nothing_is_left_of_one_who_has_gone(hub: &Hub) {
    let before = hub.topics();
    let (mailbox, letters) = hub.mailbox(2);
    hub.watch(&mailbox, Topic::Room(room(9)));
    assert_eq!(hub.topics(), before + 1);
    drop(letters);
    assert_eq!(hub.topics(), before);
    hub.watch(&mailbox, Topic::Room(room(9)));
    mailbox.put(Mail::Fact(fact(1, &[])));
    assert_eq!(hub.topics(), before, "a mailbox that nobody reads watches nothing");
}

async fn a_reader_is_woken(hub: &Hub) {
    let (mailbox, mut letters) = hub.mailbox(4);
    hub.watch(&mailbox, Topic::Directory);
    let read = crate::tasks::spawn("reader", async move { letters.recv().await.is_some() });
    tokio::task::yield_now().await;
    hub.publish(&fact(1, &[Topic::Directory]));
    assert_eq!(read.end().await, Ok(true));
}

async fn orders_go_to_whoever_claimed_the_realm_last(bus: &impl Bus<u32>) {
    let realm = RealmNo(3);
    assert_eq!(bus.send(realm, 0).await, Err(Nobody));
    let mut old = bus.claim(realm, 8);
    assert_eq!(bus.send(realm, 1).await, Ok(()));
    let mut new = bus.claim(realm, 8);
    assert_eq!(bus.send(realm, 2).await, Ok(()));
    assert_eq!(
        (old.recv().await, old.recv().await),
        (Some(1), None),
        "what was sent before still arrives"
    );
    assert_eq!(new.recv().await, Some(2));
    drop(new);
    assert_eq!(bus.send(realm, 3).await, Err(Nobody));
}

#[tokio::test]
async fn the_local_bus_keeps_the_contract() {
    let bus = Local::default();
    let hub = bus.hub(RealmNo(0));
    everyone_who_watches_gets_facts_once_and_in_order(&hub);
    one_who_does_not_read_is_lost_and_holds_up_nobody(&hub);
    nothing_is_left_of_one_who_has_gone(&hub);
    a_reader_is_woken(&hub).await;
    orders_go_to_whoever_claimed_the_realm_last(&bus).await;
}

/// `cargo test --release -p server --lib bus::contract::cost -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn cost_of_publishing() {
    let hub = Hub::default();
    let topics = |n: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        [
            Topic::Room(ContactId(Uuid::from_bytes(id)).into()),
            Topic::Agent(UserId::from(format!("{}", n % 1_000).as_str())),
        ]
    };
    let mut readers = Vec::new();
    for n in 0..5_000 {
        for topic in topics(n) {
            let (mailbox, letters) = hub.mailbox(1_000_000);
            hub.watch(&mailbox, topic);
            readers.push(letters);
        }
    }
    let facts: Vec<_> = (0..5_000).map(|n| fact(u64::from(n), &[topics(n)[0].clone()])).collect();
    let (second, mut others): (Vec<_>, Vec<_>) = (0..5_000).map(|n| hub.mailbox(1_000 + n)).unzip();
    for (n, mailbox) in (0..).zip(&second) {
        hub.watch(mailbox, topics(n)[0].clone());
    }
    let mut each = 0;
    for _ in 0..100 {
        let began = spent();
        for fact in &facts {
            hub.publish(fact);
        }
        each += spent() - began;
        for letters in readers.iter_mut().chain(&mut others) {
            read(letters);
        }
    }
    eprintln!("one fact to two mailboxes: {} ns of CPU", each / 500_000);
}

/// CPU time of this thread so far, in nanoseconds.
fn spent() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    schedstat.split(' ').next().unwrap().parse().unwrap()
}
