//! What an owner promises to those who ask it.

use super::*;
use crate::bus::Mail;
use crate::store::{Kind, Store as _};
use domain::command::{Grant, StartChat};
use domain::contact::{Attributes, TextKinds};
use domain::directory::{Bot, BotKind, Directory, Entry, EntryKey, Flow, Target, WrapUpCode};
use domain::id::{FlowId, TokenHash, Uuid};
use domain::room::TokenKind;
use std::collections::BTreeMap;
use std::sync::Mutex;

struct World {
    store: Arc<AnyStore>,
    no: RealmNo,
    learned: Arc<Mutex<Vec<Fact>>>,
}

impl World {
    async fn new() -> Self {
        let store = Arc::new(AnyStore::open(&Kind::Memory).unwrap());
        let no = store.realm("test.example").await.unwrap();
        Self { store, no, learned: Arc::default() }
    }

    fn realm(&self) -> Arc<Realm> {
        let learned = self.learned.clone();
        let on_directory: OnDirectory =
            Arc::new(move |_, fact| learned.lock().unwrap().push(fact.clone()));
        Realm::start(self.no, "test.example".into(), self.store.clone(), on_directory)
    }
}

fn code(code: &str) -> Command {
    Command::Put(Box::new(Entry::WrapUpCode(WrapUpCode {
        code: code.into(),
        ko: "코드".into(),
        en: "code".into(),
    })))
}

async fn directory(realm: &Realm) -> Arc<Directory> {
    match realm.read(Query::Directory).await {
        Ok((Ok(Answer::Directory(directory)), _)) => directory,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_confirmed_is_there_for_the_next_owner() {
    let world = World::new().await;
    let realm = world.realm();
    assert_eq!(realm.act("test", code("a")).await, Ok(Ok(Done::Ok)));
    assert_eq!(world.learned.lock().unwrap().len(), 1, "told before the answer");
    let missing = Command::Remove(EntryKey::WrapUpCode("b".into()));
    assert_eq!(realm.act("test", missing).await, Ok(Err(Refusal::NoSuchEntry)));
    let next = world.realm();
    assert!(directory(&next).await.wrap_up_codes.contains_key("a"));
    next.stop().await;
    assert!(
        directory(&world.realm()).await.wrap_up_codes.contains_key("a"),
        "a snapshot says the same"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_everyone_is_answered_and_in_order() {
    let world = World::new().await;
    let realm = world.realm();
    let commands = (0..3_000).map(|n| code(&n.to_string())).collect();
    let outcomes = realm.act_all("test", commands).await.unwrap();
    assert!(outcomes.len() == 3_000 && outcomes.iter().all(Result::is_ok));
    let learned = world.learned.lock().unwrap();
    let order: Vec<u32> = learned
        .iter()
        .map(|fact| match fact {
            Fact::Put(entry) => match entry.as_ref() {
                Entry::WrapUpCode(code) => code.code.parse().unwrap(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(order.is_sorted());
}

#[tokio::test]
async fn what_could_not_be_written_never_happened_and_reading_goes_on() {
    let world = World::new().await;
    let realm = world.realm();
    realm.act("test", code("a")).await.unwrap().unwrap();
    assert!(realm.ready());
    world.store.claim(world.no).await.unwrap();
    assert_eq!(
        realm.act("test", code("b")).await,
        Err(Fault::Broken),
        "another node has taken over"
    );
    let codes = directory(&realm).await.wrap_up_codes.keys().cloned().collect::<Vec<_>>();
    assert_eq!(codes, ["a".into()], "what was decided is void");
    assert_eq!(realm.act("test", code("c")).await, Err(Fault::Unready));
    assert!(!realm.ready());
    assert_eq!(world.learned.lock().unwrap().len(), 1, "nobody was told");
}

#[tokio::test]
async fn a_stopped_realm_says_so() {
    let world = World::new().await;
    let realm = world.realm();
    realm.act("test", code("a")).await.unwrap().unwrap();
    realm.stop().await;
    assert_eq!(realm.act("test", code("b")).await, Err(Fault::Unready));
    assert_eq!(realm.read(Query::Directory).await.map(|_| ()), Err(Fault::Unready));
}

#[tokio::test]
async fn what_failed_and_is_on_disk_all_the_same_is_caught_up_with() {
    let world = World::new().await;
    let realm = world.realm();
    realm.act("test", code("a")).await.unwrap().unwrap();
    let (mailbox, mut letters) = realm.hub.mailbox(9);
    realm.hub.watch(&mailbox, domain::node::Topic::Directory);
    let AnyStore::Memory(memory) = world.store.as_ref() else { panic!() };
    memory.be_unsure(world.no);
    assert_eq!(realm.act("test", code("b")).await, Err(Fault::Broken));
    let told = tokio::time::timeout(std::time::Duration::from_secs(9), letters.recv()).await;
    assert!(matches!(told, Ok(Some(Mail::Missed))), "who listens must come again");
    assert!(directory(&realm).await.wrap_up_codes.contains_key("b"));
    assert_eq!(world.learned.lock().unwrap().len(), 2, "the server itself has learned it");
}

#[tokio::test]
async fn a_socket_whose_request_was_given_up_takes_no_place() {
    let world = World::new().await;
    let realm = world.realm();
    let token = customer(&realm).await;
    let present = |present| Command::Present { token, present };
    for _ in 0..9 {
        let (send, receive) = oneshot::channel();
        drop(receive);
        let to = Some(To::Once(send));
        realm.act_for(to, "test", Box::new(present(true))).await;
        // Whatever comes after is answered after: by then the place is free again, or never will be.
        directory(&realm).await;
        tokio::task::yield_now().await;
        directory(&realm).await;
    }
    for _ in 0..5 {
        assert_eq!(realm.act("test", present(true)).await, Ok(Ok(Done::Ok)));
    }
    let sixth = realm.act("test", present(true)).await;
    assert!(matches!(sixth, Ok(Err(Refusal::Quota { .. }))), "{sixth:?}");
}

/// A chat of its own, and the token of its customer's sockets.
async fn customer(realm: &Realm) -> TokenHash {
    let flow = FlowId(Uuid::from_bytes([1; 16]));
    let target = Target::Bot("3999".into());
    let entries = vec![
        Entry::Bot(Bot { id: "3999".into(), name: "echo".into(), kind: BotKind::Echo }),
        Entry::Flow(Flow {
            id: flow,
            name: "f".into(),
            greeting: None,
            target,
            linger: domain::time::Millis(0),
        }),
    ];
    realm.act("test", Command::PutAll(entries)).await.unwrap().unwrap();
    let token = TokenHash([7; 32]);
    let until = crate::clock::now().plus(domain::time::Millis::from_mins(9));
    let start = StartChat {
        flow,
        name: "Jane".into(),
        customer: None,
        verified: false,
        attributes: Attributes::new(),
        segment_attributes: BTreeMap::new(),
        opening: None,
        kinds: TextKinds::PLAIN,
        duration: domain::time::Millis::from_mins(60),
        rehydrate: None,
        related: None,
        drop_agents: false,
        stream: None,
        key: None,
        grants: vec![Grant { token, kind: TokenKind::Socket, until }],
        origin: None,
        outside: None,
        outbound: false,
    };
    realm.act("test", Command::StartChat(Box::new(start))).await.unwrap().unwrap();
    token
}
