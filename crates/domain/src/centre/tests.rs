//! The rules, one by one, told as short stories. `sim` tells long ones.

mod board;
mod bots;
mod company;
mod passing;
mod routing;
mod serving;
mod shift;
mod silence;
mod web;

use super::*;
use crate::agent::{AgentState, Stage};
use crate::command::{Destination, Grant, IdleChange, Rehydrate, StartChat, Timing};
use crate::contact::{Attributes, EndReason, Phase, TextKind, TextKinds, WrapUp};
use crate::directory::{
    Bot, BotKind, Entry, Flow, Group, Hours, Overflow, Policy, Queue, Realm, Role, Target, User,
    WrapUpCode,
};
use crate::fact::Deed;
use crate::id::{FlowId, InstanceId, ItemId, Uuid};
use crate::query::{Answer, Look, Query};
use crate::refusal::Quota;
use crate::room::{Audience, Body, FileStatus, MemberRole};

const FLOW: FlowId = FlowId(Uuid::from_bytes([1; 16]));
const BOT_FLOW: FlowId = FlowId(Uuid::from_bytes([2; 16]));
const ECHO_FLOW: FlowId = FlowId(Uuid::from_bytes([3; 16]));

/// A small shop: agents 1001 to 1003 serve queue 3001, agent 1004 serves 3002, 9001 supervises.
struct Shop {
    centre: Centre,
    now: Millis,
    chance: crate::chance::Seeded,
    deeds: Vec<Deed>,
    signals: Vec<Signal>,
    tokens: u8,
}

impl Shop {
    fn new() -> Self {
        let mut shop = Self {
            centre: Centre::default(),
            now: Millis(1_763_700_000_000),
            chance: crate::chance::Seeded::new(1),
            deeds: Vec::new(),
            signals: Vec::new(),
            tokens: 0,
        };
        let realm = Realm {
            name: "shop.test".into(),
            aliases: vec![],
            instance: InstanceId(Uuid::from_bytes([9; 16])),
            created: Millis(0),
            open_topics: true,
            push_to: None,
            stream_hosts: vec!["127.0.0.1".into()],
            stream_secret: None,
            max_chats: 100,
            ring: crate::call::RING,
            utc_offset_minutes: None,
            open_like_max: false,
            second_factor: BTreeSet::new(),
            sign_on: None,
            agents_hear_own: false,
            retention: crate::retention::Retention::default(),
        };
        shop.put(Entry::Realm(realm));
        for (id, role) in [
            ("1001", Role::Agent),
            ("1002", Role::Agent),
            ("1003", Role::Agent),
            ("1004", Role::Agent),
            ("9001", Role::Supervisor),
        ] {
            shop.put(Entry::User(user(id, role)));
        }
        shop.put(Entry::Group(Group {
            id: 401,
            name: "A".into(),
            members: [("1001".into(), 5), ("1002".into(), 9), ("1003".into(), 5)].into(),
            record: false,
            after_work: Millis(0),
        }));
        shop.put(Entry::Group(Group {
            id: 402,
            name: "B".into(),
            members: [("1004".into(), 5)].into(),
            record: false,
            after_work: Millis(0),
        }));
        shop.put(Entry::Queue(Queue::new("3001", "first", 401)));
        shop.put(Entry::Queue(Queue::new("3002", "second", 402)));
        shop.put(Entry::Bot(Bot {
            id: "3105".into(),
            name: "bot".into(),
            kind: BotKind::Greet { greeting: "hello".into(), queue: "3001".into() },
        }));
        shop.put(Entry::Bot(Bot { id: "3999".into(), name: "echo".into(), kind: BotKind::Echo }));
        shop.put(Entry::Flow(Flow {
            id: FLOW,
            name: "f".into(),
            greeting: None,
            target: Target::Queue("3001".into()),
            linger: Millis(0),
        }));
        shop.put(Entry::Flow(Flow {
            id: BOT_FLOW,
            name: "b".into(),
            greeting: None,
            target: Target::Bot("3105".into()),
            linger: Millis(0),
        }));
        shop.put(Entry::Flow(Flow {
            id: ECHO_FLOW,
            name: "e".into(),
            greeting: None,
            target: Target::Bot("3999".into()),
            linger: Millis(0),
        }));
        shop.put(Entry::WrapUpCode(WrapUpCode {
            code: "done".into(),
            ko: "완료".into(),
            en: "Done".into(),
        }));
        shop
    }

    fn put(&mut self, entry: Entry) {
        self.ok(Command::Put(Box::new(entry)));
    }

    /// Carries a command out, checks that a refusal changed nothing, and remembers what happened.
    fn tell(&mut self, command: Command) -> Decided {
        let (before, mut out) = (self.centre.clone(), Out::default());
        let told = format!("{command:?}");
        let decided = self.centre.handle(self.now, &mut self.chance, command, &mut out);
        if decided.is_err() {
            assert!(self.centre == before, "{told} was refused, yet something changed");
            assert!(out.facts.is_empty(), "{told} was refused, yet something happened");
        }
        self.deeds.push(Deed {
            at: self.now,
            cause: "test".into(),
            facts: out.facts.into_iter().map(|(fact, _)| fact).collect(),
        });
        self.signals.extend(out.signals.into_iter().map(|(signal, _)| signal));
        decided
    }

    fn ok(&mut self, command: Command) -> Done {
        let told = format!("{command:?}");
        self.tell(command).unwrap_or_else(|refusal| panic!("{told}: {refusal}"))
    }

    fn no(&mut self, command: Command) -> Refusal {
        let told = format!("{command:?}");
        self.tell(command).expect_err(&told)
    }

    /// Lets time pass, ticking as a server would.
    fn pass(&mut self, span: Millis) {
        let end = self.now.plus(span);
        while let Some(due) = self.centre.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.ok(Command::Tick);
        }
        self.now = end;
    }

    fn fresh(&mut self) -> TokenHash {
        self.tokens += 1;
        TokenHash([self.tokens; 32])
    }

    fn grant(&mut self, kind: TokenKind) -> Grant {
        Grant { token: self.fresh(), kind, until: self.now.plus(Millis::from_secs(86_400)) }
    }

    fn begin(&mut self, start: StartChat) -> (ContactId, By) {
        let connection = self.grant(TokenKind::Connection);
        let done =
            self.ok(Command::StartChat(Box::new(StartChat { grants: vec![connection], ..start })));
        let Done::Started { contact, .. } = done else { panic!("{done:?}") };
        (contact, By::Token(connection.token))
    }

    /// A customer who has connected.
    fn chat(&mut self) -> (ContactId, By) {
        let (contact, by) = self.begin(start(FLOW));
        self.ok(Command::Arrive { token: hash(by) });
        (contact, by)
    }

    fn ready(&mut self, agent: &str) {
        self.state(agent, AgentState::Ready);
    }

    fn state(&mut self, agent: &str, state: AgentState) {
        self.ok(Command::State { agent: agent.into(), channels: [Channel::Chat].into(), state });
    }

    fn accept(&mut self, agent: &str, contact: ContactId) {
        self.ok(Command::Accept { agent: agent.into(), contact });
    }

    fn session(&mut self, user: &str) -> TokenHash {
        let session = self.fresh();
        self.ok(Command::LogIn {
            user: user.into(),
            session,
            proof: crate::command::Proof::Password,
        });
        session
    }

    fn say(&mut self, by: By, text: &str) -> Done {
        self.ok(saying(by, text))
    }

    fn phase(&self, contact: ContactId) -> Phase {
        self.centre.contacts[&contact].phase
    }

    /// The agent who is being asked.
    fn asked(&self, contact: ContactId) -> Option<String> {
        self.centre
            .agents
            .values()
            .find(|a| {
                a.work.get(&contact).is_some_and(|w| matches!(w.stage, Stage::Offered { .. }))
            })
            .map(|a| a.id.to_string())
    }

    /// Everything that a reader of this role was shown in a room, as short words.
    fn lines(&self, contact: ContactId, role: MemberRole) -> Vec<String> {
        let room = self.centre.contacts.get(&contact).map_or(RoomId::from(contact), Contact::room);
        let facts = self.deeds.iter().flat_map(|deed| &deed.facts);
        let shown = facts.filter_map(|fact| match fact {
            Fact::Posted { item, .. } if item.room == room && item.audience.includes(role) => {
                Some(match &item.body {
                    Body::Message { text, .. } => {
                        format!("{:?}: {text}", item.by.as_ref().unwrap().role)
                    }
                    Body::File(file) => format!("{:?} file {}", file.status, file.name),
                    Body::Event(event) => item.by.as_ref().map_or_else(
                        || format!("{event:?}"),
                        |by| format!("{:?} {event:?}", by.role),
                    ),
                })
            }
            _ => None,
        });
        shown.collect()
    }

    fn done(self) {
        self.rebuilds();
    }

    /// The facts alone make the same state; and so does a snapshot.
    fn rebuilds(&self) {
        let mut again = Centre::default();
        for deed in &self.deeds {
            for fact in &deed.facts {
                again.apply(deed.at, fact);
            }
        }
        assert!(again == self.centre, "the facts tell another story");
        let snapshot = serde_json::to_string(&self.centre).unwrap();
        let mut from_snapshot: Centre = serde_json::from_str(&snapshot).unwrap();
        from_snapshot.resume();
        assert!(from_snapshot == self.centre, "the snapshot tells another story");
    }
}

fn user(id: &str, role: Role) -> User {
    User {
        id: id.into(),
        name: format!("agent {id}").into(),
        role,
        password: Some("$argon2id$".into()),
        extension: None,
        skills: BTreeMap::new(),
        limits: [(Channel::Chat, 2)].into(),
        disabled: false,
        second: None,
        sign_on: None,
    }
}

fn start(flow: FlowId) -> StartChat {
    StartChat {
        flow,
        name: "홍길동".into(),
        customer: None,
        verified: true,
        attributes: Attributes::new(),
        segment_attributes: BTreeMap::new(),
        opening: None,
        kinds: TextKinds::PLAIN,
        duration: Millis::from_mins(1_500),
        rehydrate: None,
        related: None,
        drop_agents: false,
        stream: None,
        key: None,
        grants: vec![],
        origin: None,
        outside: None,
        outbound: false,
    }
}

/// An idle rule in minutes.
fn after(warn: u64, drop: u64) -> IdleChange {
    let timing = |mins| Timing::After(Millis::from_mins(mins));
    IdleChange { warn: timing(warn), drop: timing(drop) }
}

fn hash(by: By) -> TokenHash {
    let By::Token(hash) = by else { panic!("not a token") };
    hash
}

fn saying(by: By, text: &str) -> Command {
    Command::Say {
        by,
        kind: TextKind::Plain,
        text: text.into(),
        audience: Audience::All,
        key: None,
    }
}

fn key(n: u8) -> Option<ClientKey> {
    Some(ClientKey([n; 16]))
}

#[test]
fn a_chat_is_told_from_start_to_end() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop
        .begin(StartChat { opening: Some((TextKind::Plain, "first words".into())), ..start(FLOW) });
    assert_eq!(
        shop.phase(contact),
        Phase::Initiated,
        "nothing happens before the customer is there"
    );
    shop.ok(Command::Arrive { token: hash(customer) });
    shop.ok(Command::Arrive { token: hash(customer) });
    assert_eq!(shop.asked(contact).as_deref(), Some("1001"));
    shop.accept("1001", contact);
    let session = shop.session("1001");
    let agent = By::Session(session, contact);
    shop.say(agent, "hello");
    shop.say(customer, "hi");
    shop.ok(Command::Leave { by: customer, key: key(1) });
    let told = [
        "Customer Joined",
        "Customer: first words",
        "Agent Invited",
        "Agent Joined",
        "Agent: hello",
        "Customer: hi",
        "Customer Left",
        "Ended",
    ];
    assert_eq!(shop.lines(contact, MemberRole::Customer), told);
    assert_eq!(shop.tell(saying(customer, "late")), Err(Refusal::ChatEnded));
    assert_eq!(
        shop.tell(Command::Leave { by: customer, key: key(1) }),
        Ok(Done::Ok),
        "a repeat with the same key is fine"
    );
    assert_eq!(shop.tell(Command::Leave { by: customer, key: key(2) }), Err(Refusal::ChatEnded));
    let record = &shop.centre.contacts[&contact];
    assert_eq!(
        (record.reason, record.tally.messages, record.tally.customer_messages),
        (Some(EndReason::Customer), 3, 2)
    );
    assert!(matches!(shop.centre.stage(&"1001".into(), contact), Some(Stage::WrapUp { .. })));
    shop.ok(Command::WrapUp {
        agent: "1001".into(),
        contact,
        wrap_up: WrapUp { code: Some("done".into()), ..WrapUp::default() },
    });
    assert_eq!(
        shop.centre.contacts[&contact].wrap_up.as_ref().unwrap().code.as_deref(),
        Some("done")
    );
    shop.pass(Millis::from_mins(30));
    assert!(
        shop.centre.contacts.is_empty()
            && shop.centre.rooms.is_empty()
            && shop.centre.tokens.is_empty(),
        "an ended chat leaves the memory"
    );
    assert_eq!(shop.no(Command::Stop { contact }), Refusal::Archived(contact));
    shop.done();
}

#[test]
fn lines_are_numbered_without_a_gap_and_times_rise() {
    let mut shop = Shop::new();
    let (contact, customer) = shop.chat();
    for n in 0..20 {
        shop.say(customer, &n.to_string());
    }
    let facts = shop.deeds.iter().flat_map(|d| &d.facts);
    let items: Vec<_> = facts
        .filter_map(|f| if let Fact::Posted { item, .. } = f { Some(item) } else { None })
        .collect();
    assert!(
        items
            .iter()
            .enumerate()
            .all(|(i, item)| item.n as usize == i + 1 && item.contact == contact)
    );
    assert!(
        items.windows(2).all(|w| w[0].at < w[1].at && w[0].id < w[1].id),
        "the clock stood still, the lines did not"
    );
    shop.done();
}

#[test]
fn a_repeat_is_answered_and_not_done_again() {
    let mut shop = Shop::new();
    let again = StartChat { key: key(7), ..start(FLOW) };
    let (first, customer) = shop.begin(again.clone());
    let (second, other) = shop.begin(again);
    assert_eq!(first, second);
    shop.ok(Command::Arrive { token: hash(other) });
    let say = |text: &str| Command::Say {
        by: customer,
        kind: TextKind::Plain,
        text: text.into(),
        audience: Audience::All,
        key: key(1),
    };
    let one = shop.ok(say("a"));
    assert_eq!(shop.ok(say("b")), one, "even with other contents");
    assert_eq!(shop.lines(first, MemberRole::Customer), ["Customer Joined", "Customer: a"]);
    shop.pass(Millis::from_secs(8 * 24 * 3_600));
    let (third, _) = shop.begin(StartChat { key: key(7), ..start(FLOW) });
    assert_eq!(first, third, "only a start makes room by forgetting old ones");
    let (_, _) = shop.begin(StartChat { key: key(8), ..start(FLOW) });
    let (fourth, _) = shop.begin(StartChat { key: key(7), ..start(FLOW) });
    assert_ne!(first, fourth, "after seven days a key is new");
    shop.done();
}

#[test]
fn notes_are_for_agents_alone() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop.chat();
    shop.accept("1001", contact);
    let session = shop.session("1001");
    let note = Command::Say {
        by: By::Session(session, contact),
        kind: TextKind::Plain,
        text: "VIP".into(),
        audience: Audience::Agents,
        key: None,
    };
    let Done::Posted { item, .. } = shop.ok(note) else { panic!() };
    assert!(!shop.lines(contact, MemberRole::Customer).iter().any(|l| l.contains("VIP")));
    assert!(shop.lines(contact, MemberRole::Agent).iter().any(|l| l.contains("VIP")));
    assert_eq!(
        shop.no(Command::Mark { by: customer, item, read: true, key: None }),
        Refusal::NoSuchItem,
        "not even its existence is told"
    );
    let secret = Command::Say {
        by: customer,
        kind: TextKind::Plain,
        text: "x".into(),
        audience: Audience::Agents,
        key: None,
    };
    assert_eq!(shop.no(secret), Refusal::NotAllowed);
    shop.say(customer, "hello?");
    let Done::Posted { item: second, .. } = shop.ok(Command::Say {
        by: By::Session(session, contact),
        kind: TextKind::Plain,
        text: "again".into(),
        audience: Audience::Agents,
        key: None,
    }) else {
        panic!()
    };
    shop.ready("1002");
    shop.ok(Command::MarkUpTo { by: By::Session(session, contact), n: 99 });
    let marked = shop
        .deeds
        .iter()
        .flat_map(|d| &d.facts)
        .filter_map(|f| if let Fact::Marked { item, .. } = f { Some(*item) } else { None });
    assert!(
        marked.clone().count() == 1 && !marked.into_iter().any(|m| m == item || m == second),
        "a mark names no note"
    );
    shop.done();
}

#[test]
fn marks_only_go_forward_and_stop_in_company() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop.chat();
    shop.accept("1001", contact);
    let session = shop.session("1001");
    let agent = By::Session(session, contact);
    let Done::Posted { item, .. } = shop.say(agent, "read me") else { panic!() };
    let marks = |shop: &Shop| {
        shop.deeds
            .iter()
            .flat_map(|d| &d.facts)
            .filter(|f| matches!(f, Fact::Marked { .. }))
            .count()
    };
    shop.ok(Command::Mark { by: customer, item, read: false, key: None });
    shop.ok(Command::Mark { by: customer, item, read: true, key: None });
    shop.ok(Command::Mark { by: customer, item, read: true, key: None });
    shop.ok(Command::Mark { by: customer, item, read: false, key: None });
    assert_eq!(marks(&shop), 2, "the same mark is no news, and delivered does not undo read");
    assert_eq!(
        shop.no(Command::Mark { by: customer, item: ItemId::default(), read: true, key: None }),
        Refusal::NoSuchItem
    );
    shop.ready("1002");
    shop.ok(Command::Invite { contact, by: "1001".into(), agent: "1002".into() });
    shop.accept("1002", contact);
    assert_eq!(
        shop.no(Command::Mark { by: customer, item, read: true, key: None }),
        Refusal::ManyMembers
    );
    shop.done();
}

#[test]
fn who_never_connects_is_given_up_and_nobody_hears_of_it() {
    let mut shop = Shop::new();
    let (contact, _) = shop.begin(start(FLOW));
    shop.pass(Millis::from_secs(299));
    assert_eq!(shop.phase(contact), Phase::Initiated);
    shop.pass(Millis::from_secs(1));
    assert_eq!(shop.centre.contacts[&contact].reason, Some(EndReason::NeverConnected));
    assert!(shop.lines(contact, MemberRole::Customer).is_empty());
    shop.done();
}

#[test]
fn a_chat_expires() {
    let mut shop = Shop::new();
    let (contact, by) = shop.begin(StartChat { duration: Millis::from_mins(60), ..start(FLOW) });
    shop.ok(Command::Arrive { token: hash(by) });
    shop.pass(Millis::from_mins(61));
    assert_eq!(shop.centre.contacts[&contact].reason, Some(EndReason::Expired));
    shop.done();
}

#[test]
fn a_file_is_announced_put_and_completed_once() {
    let mut shop = Shop::new();
    let (contact, by) = shop.chat();
    let upload = shop.fresh();
    let announce = Command::AnnounceFile {
        by,
        name: "a.png".into(),
        kind: "image/png".into(),
        size: 3,
        audience: Audience::All,
        upload,
        until: shop.now.plus(Millis(900_000)),
        key: ClientKey([1; 16]),
    };
    let Done::File { file } = shop.ok(announce.clone()) else { panic!() };
    assert_eq!(shop.ok(announce), Done::File { file });
    let complete = |n| Command::CompleteFile { by, file, key: ClientKey([n; 16]) };
    assert_eq!(shop.no(complete(2)), Refusal::FileNotStored);
    shop.ok(Command::StoreFile {
        upload,
        size: 3,
        kind: "image/png".into(),
        status: FileStatus::Stored,
    });
    let done = shop.ok(complete(2));
    assert_eq!(shop.ok(complete(2)), done);
    assert_eq!(shop.no(complete(3)), Refusal::FileDone);
    assert_eq!(
        shop.no(Command::StoreFile {
            upload,
            size: 3,
            kind: "image/png".into(),
            status: FileStatus::Stored
        }),
        Refusal::FileDone
    );
    assert_eq!(
        shop.lines(contact, MemberRole::Customer).last().map(String::as_str),
        Some("Approved file a.png")
    );
    shop.done();
}

#[test]
fn attributes_are_taken_off_and_set_by_one_command() {
    let mut shop = Shop::new();
    let (contact, _) = shop.chat();
    let pairs = |pairs: &[(&str, &str)]| -> Attributes {
        pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
    };
    let set = |attributes, unset: &[&str]| Command::SetAttributes {
        contact,
        attributes,
        unset: unset.iter().map(|name| (*name).into()).collect(),
    };
    shop.ok(set(pairs(&[("a", "1"), ("b", "2")]), &[]));
    let facts = shop.deeds.len();
    shop.ok(set(Attributes::new(), &["never there"]));
    assert_eq!(shop.deeds.iter().skip(facts).map(|deed| deed.facts.len()).sum::<usize>(), 0);
    shop.ok(set(pairs(&[("b", "3"), ("c", "4")]), &["a", "b"]));
    assert_eq!(shop.centre.contacts[&contact].attributes, pairs(&[("b", "3"), ("c", "4")]));
    // What is taken off makes room for what is set.
    let large = "x".repeat(32_000);
    shop.ok(set(pairs(&[("a", &large)]), &["c"]));
    assert_eq!(shop.no(set(pairs(&[("d", &large)]), &[])), Refusal::AttributesTooLarge);
    shop.ok(set(pairs(&[("d", &large)]), &["a"]));
    shop.done();
}

#[test]
fn quotas_are_kept() {
    let mut shop = Shop::new();
    let origin = Some(Origin { widget: "w".into(), address: 1 });
    for _ in 0..ADDRESS_LIMIT {
        shop.begin(StartChat { origin: origin.clone(), ..start(FLOW) });
    }
    let sixth = shop.no(Command::StartChat(Box::new(StartChat { origin, ..start(FLOW) })));
    assert_eq!(sixth, Refusal::Quota { what: Quota::ChatsOfAddress, most: 5 });
    let (contact, _) = shop.chat();
    for n in 0..2 {
        shop.ok(Command::StartStream {
            contact,
            target: "http://127.0.0.1:9/x".into(),
            key: key(n),
        });
    }
    let third =
        Command::StartStream { contact, target: "http://127.0.0.1:9/x".into(), key: key(9) };
    assert_eq!(shop.no(third), Refusal::Quota { what: Quota::Streams, most: 2 });
    for target in [
        "http://169.254.169.254/",
        "http://user@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http://127.0.0.1.evil.test/",
        "http:///",
    ] {
        assert_eq!(shop.centre.check_target(target), Err(Refusal::BadTarget), "{target}");
    }
    let socket = shop.grant(TokenKind::Socket);
    let participant = shop.centre.contacts[&contact].customer.participant;
    shop.centre.apply(
        shop.now,
        &Fact::TokenGiven {
            room: contact.into(),
            participant,
            token: socket.token,
            kind: TokenKind::Socket,
            until: socket.until,
        },
    );
    for _ in 0..5 {
        shop.ok(Command::Present { token: socket.token, present: true });
    }
    assert_eq!(
        shop.no(Command::Present { token: socket.token, present: true }),
        Refusal::Quota { what: Quota::Sockets, most: 5 }
    );
    shop.ok(Command::Present { token: socket.token, present: false });
    shop.ok(Command::Present { token: socket.token, present: true });
}

#[test]
fn a_bot_comes_in_by_its_token_and_speaks() {
    let mut shop = Shop::new();
    let (contact, _) = shop.chat();
    let grant = shop.grant(TokenKind::Participant);
    shop.ok(Command::AdmitBot {
        contact,
        name: "helper".into(),
        grant,
        beside_agents: true,
        key: None,
    });
    let connection = shop.grant(TokenKind::Connection);
    shop.ok(Command::Connect { token: grant.token, grants: vec![connection], arrive: false });
    shop.say(By::Token(connection.token), "beep");
    let told = shop.lines(contact, MemberRole::Customer);
    assert!(told.ends_with(&["Bot Joined".to_owned(), "Bot: beep".to_owned()]), "{told:?}");
    let late = shop.grant(TokenKind::Participant);
    shop.ok(Command::AdmitBot {
        contact,
        name: "late".into(),
        grant: late,
        beside_agents: true,
        key: None,
    });
    shop.pass(Millis::from_secs(16));
    assert_eq!(
        shop.no(Command::Connect { token: late.token, grants: vec![], arrive: true }),
        Refusal::BadToken
    );
    shop.done();
}

#[test]
fn the_demo_numbers_greet_and_echo() {
    let mut shop = Shop::new();
    let (greeted, by) = shop.begin(start(BOT_FLOW));
    shop.ok(Command::Arrive { token: hash(by) });
    assert_eq!(shop.lines(greeted, MemberRole::Customer), ["Customer Joined", "System: hello"]);
    assert_eq!(shop.phase(greeted), Phase::Queued);
    let (echo, by) = shop.begin(start(ECHO_FLOW));
    shop.say(by, "안녕 👋");
    assert_eq!(
        shop.lines(echo, MemberRole::Customer),
        ["Customer Joined", "Customer: 안녕 👋", "System: 안녕 👋"]
    );
    shop.done();
}

#[test]
fn sessions_end_by_time_by_log_out_and_with_their_user() {
    let mut shop = Shop::new();
    let session = shop.session("1001");
    assert!(shop.centre.look(shop.now, &Query::Session(session)).is_ok());
    shop.ok(Command::LogOut { session });
    assert_eq!(shop.centre.look(shop.now, &Query::Session(session)), Err(Refusal::BadToken));
    let session = shop.session("1001");
    shop.put(Entry::User(User { disabled: true, ..user("1001", Role::Agent) }));
    assert_eq!(shop.centre.look(shop.now, &Query::Session(session)), Err(Refusal::BadToken));
    assert_eq!(
        shop.no(Command::LogIn {
            user: "1001".into(),
            session,
            proof: crate::command::Proof::Password
        }),
        Refusal::WrongPassword
    );
    let session = shop.session("1002");
    shop.put(Entry::User(User {
        password: Some("$argon2id$new".into()),
        ..user("1002", Role::Agent)
    }));
    assert_eq!(shop.centre.look(shop.now, &Query::Session(session)), Err(Refusal::BadToken));
    let session = shop.session("1002");
    for _ in 0..29 {
        shop.centre.used(shop.now, session);
        assert!(shop.centre.look(shop.now, &Query::Session(session)).is_ok());
        shop.pass(Millis::from_mins(25));
    }
    assert_eq!(shop.centre.look(shop.now, &Query::Session(session)), Err(Refusal::BadToken));
    assert!(!shop.centre.sessions.contains_key(&session));
    shop.done();
}

#[test]
fn what_somebody_does_is_noted_with_what_was_there_before() {
    let mut shop = Shop::new();
    let by = crate::audit::Actor {
        user: "9001".into(),
        way: crate::audit::Way::Cli,
        from: "192.0.2.1".into(),
    };
    let was = shop.centre.directory.users["1001"].as_ref().clone();
    let now = User { name: "another".into(), ..was.clone() };
    let put = Command::Put(Box::new(Entry::User(now.clone())));
    shop.ok(Command::As(Box::new(by.clone()), Box::new(put)));
    let rows = crate::audit::trail(7, shop.deeds.last().unwrap());
    let what = crate::audit::What::Put {
        now: Box::new(Entry::User(now)),
        was: Some(Box::new(Entry::User(was))),
    };
    assert_eq!((rows.len(), rows[0].by.as_ref(), &rows[0].what), (1, Some(&by), &what));
    assert_eq!((rows[0].kind(), rows[0].name().as_str()), ("users", "1001"));
    let log_out = Command::LogOut { session: TokenHash([9; 32]) };
    shop.ok(Command::As(Box::new(by), Box::new(log_out)));
    assert!(shop.deeds.last().unwrap().facts.is_empty(), "nothing happened, so nothing is noted");
}
