//! Chats of customers' pages.

use super::*;
use crate::command::WebChat;
use crate::contact::EndReason;
use crate::directory::{Device, Hours, Service};
use crate::refusal::Quota;
use crate::room::File;

impl Shop {
    fn page(&mut self, number: &str) -> Result<(ContactId, By), Refusal> {
        let connection = self.grant(TokenKind::Connection);
        let bring = self.grant(TokenKind::Upload);
        let id = ContactId::new(self.now, &mut self.chance);
        let chat = WebChat {
            id,
            number: number.into(),
            name: "01012345678".into(),
            attributes: Attributes::new(),
            kinds: TextKinds::PLAIN.with(TextKind::Content),
            duration: Millis::from_mins(1_440),
            key: None,
            grants: vec![connection, bring],
        };
        let done = self.tell(Command::OpenWeb(Box::new(chat)))?;
        let Done::Started { contact, .. } = done else { panic!("{done:?}") };
        assert_eq!(contact, id, "a page knows its room before its first line");
        Ok((contact, By::Token(connection.token)))
    }

    fn opened(&mut self, number: &str) -> (ContactId, By) {
        self.page(number).unwrap_or_else(|refusal| panic!("{number}: {refusal}"))
    }

    /// The upload token that was given with this connection token.
    fn bringing(by: By) -> By {
        let TokenHash(mut bytes) = hash(by);
        for byte in &mut bytes {
            *byte += 1;
        }
        By::Token(TokenHash(bytes))
    }

    fn phone(&mut self, id: &str, agent: Option<&str>) {
        self.put(Entry::Device(Device { public: true, ..Device::new(id) }));
        if let Some(agent) = agent {
            let own = User { extension: Some(id.into()), ..user(agent, Role::Agent) };
            self.put(Entry::User(own));
        }
    }

    fn queue(&mut self, change: impl FnOnce(&mut Queue)) {
        let mut queue = Queue::new("3001", "first", 401);
        change(&mut queue);
        self.put(Entry::Queue(queue));
    }
}

#[test]
fn a_page_that_calls_a_queue_is_there_at_once() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop.opened("3001");
    assert_eq!(shop.asked(contact).as_deref(), Some("1001"));
    let known = &shop.centre.contacts[&contact];
    assert!(!known.customer.verified, "what a page says of itself is a claim");
    assert_eq!(known.web.as_ref().unwrap().number.as_ref(), "3001");
    shop.say(customer, "여보세요");
    shop.accept("1001", contact);
    let expected = ["Customer Joined", "Agent Invited", "Customer: 여보세요", "Agent Joined"];
    assert_eq!(shop.lines(contact, MemberRole::Agent), expected);
    shop.done();
}

#[test]
fn a_page_that_calls_a_bot_hears_it_and_then_waits() {
    let mut shop = Shop::new();
    let (contact, _) = shop.opened("3105");
    assert_eq!(shop.phase(contact), Phase::Queued, "the bot hands over, whoever is there");
    let (echo, customer) = shop.opened("3999");
    shop.say(customer, "메아리");
    let lines = shop.lines(echo, MemberRole::Customer);
    assert_eq!(lines.iter().filter(|line| line.ends_with("메아리")).count(), 2, "{lines:?}");
    shop.done();
}

#[test]
fn whom_nobody_can_serve_is_turned_away_at_the_door() {
    let mut shop = Shop::new();
    assert_eq!(shop.page("3001"), Err(Refusal::NotLoggedOn));
    shop.ready("1001");
    for nobody in ["", "4711", "01012345678", "*30", "1001", "홍"] {
        assert_eq!(shop.page(nobody), Err(Refusal::NoSuchDevice), "{nobody}");
    }
    shop.queue(|queue| queue.public = false);
    assert_eq!(shop.page("3001"), Err(Refusal::NoSuchDevice), "not open to anyone");
    shop.queue(|queue| queue.longest = Some(1));
    shop.state("1001", AgentState::NotReady(1));
    shop.opened("3001");
    let full = Refusal::Quota { what: Quota::Waiting, most: 1 };
    assert_eq!(shop.page("3001"), Err(full));
    let closed = Hours {
        id: "never".into(),
        utc_offset_minutes: 0,
        week: [None; 7],
        holidays: BTreeSet::default(),
    };
    shop.put(Entry::Hours(closed));
    shop.queue(|queue| queue.hours = Some("never".into()));
    assert!(matches!(shop.page("3001"), Err(Refusal::WrongState(_))));
    shop.done();
}

#[test]
fn an_extension_leads_to_its_agent_and_to_nobody_else() {
    let mut shop = Shop::new();
    shop.phone("2001", Some("1001"));
    shop.phone("2002", None);
    assert_eq!(shop.page("2001"), Err(Refusal::NotLoggedOn));
    assert_eq!(shop.page("2002"), Err(Refusal::NotLoggedOn), "nobody's");
    shop.state("1001", AgentState::NotReady(2));
    assert!(matches!(shop.page("2001"), Err(Refusal::WrongState(_))));
    shop.ready("1001");
    shop.ready("1002");
    let (contact, _) = shop.opened("2001");
    assert_eq!(shop.asked(contact).as_deref(), Some("1001"));
    let (busy, _) = shop.opened("2001");
    assert_eq!(shop.page("2001"), Err(Refusal::AgentFull), "two are at hand");
    shop.accept("1001", contact);
    assert_eq!(shop.phase(contact), Phase::Talking);
    // The other is never asked in their place.
    shop.ok(Command::Refuse { agent: "1001".into(), contact: busy });
    assert_eq!(shop.centre.contacts[&busy].reason, Some(EndReason::Flow));
    shop.done();
}

#[test]
fn numbers_for_tests_take_no_chat() {
    let mut shop = Shop::new();
    for (id, service) in
        [("3996", Service::Silent), ("3997", Service::Busy), ("3998", Service::Answers)]
    {
        let device = Device { service: Some(service), public: true, ..Device::new(id) };
        shop.put(Entry::Device(device));
        assert_eq!(shop.page(id), Err(Refusal::TestNumber(service)));
    }
    shop.done();
}

#[test]
fn a_repeated_opening_finds_its_room() {
    let mut shop = Shop::new();
    let open = |shop: &mut Shop| {
        let grant = shop.grant(TokenKind::Connection);
        let id = ContactId::new(shop.now, &mut shop.chance);
        let chat = WebChat {
            id,
            number: "3105".into(),
            name: "a".into(),
            attributes: Attributes::new(),
            kinds: TextKinds::PLAIN,
            duration: Millis::from_mins(60),
            key: key(9),
            grants: vec![grant],
        };
        (shop.ok(Command::OpenWeb(Box::new(chat))), By::Token(grant.token))
    };
    let (first, one) = open(&mut shop);
    let (second, other) = open(&mut shop);
    let Done::Started { contact, again: false, .. } = first else { panic!("{first:?}") };
    assert!(
        matches!(second, Done::Started { contact: same, again: true, over: false, .. } if same == contact)
    );
    shop.say(one, "by the first token");
    shop.say(other, "by the second");
    shop.ok(Command::Leave { by: one, key: None });
    let (third, _) = open(&mut shop);
    assert!(matches!(third, Done::Started { again: true, over: true, .. }), "{third:?}");
    shop.done();
}

#[test]
fn a_page_says_to_agents_alone_or_to_the_bot_alone_and_others_cannot() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop.opened("3001");
    shop.accept("1001", contact);
    let to = |by, audience| Command::Say {
        by,
        kind: TextKind::Plain,
        text: format!("{audience:?}").into(),
        audience,
        key: None,
    };
    for audience in [Audience::Agents, Audience::Customer, Audience::All] {
        shop.ok(to(customer, audience));
    }
    let seen = |role| {
        let lines = shop.lines(contact, role);
        lines.into_iter().filter(|line| line.starts_with("Customer: ")).collect::<Vec<_>>()
    };
    assert_eq!(seen(MemberRole::Agent), ["Customer: Agents", "Customer: All"]);
    assert_eq!(seen(MemberRole::Customer), ["Customer: Customer", "Customer: All"]);
    let (_, plain) = shop.chat();
    assert_eq!(shop.no(to(plain, Audience::Agents)), Refusal::NotAllowed);
    assert_eq!(shop.no(to(plain, Audience::Customer)), Refusal::NotAllowed);
    // The echo does not hear what is for agents alone.
    let (echo, customer) = shop.opened("3999");
    shop.ok(to(customer, Audience::Agents));
    assert!(!shop.lines(echo, MemberRole::Customer).iter().any(|line| line.contains("Agents")));
    shop.done();
}

#[test]
fn a_web_chat_is_idle_only_while_an_answer_is_owed() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop.opened("3001");
    shop.accept("1001", contact);
    let session = shop.session("1001");
    let agent = By::Session(session, contact);
    shop.say(customer, "a question");
    shop.pass(Millis::from_mins(60));
    assert_eq!(shop.phase(contact), Phase::Talking, "it is the agent who owes an answer");
    shop.ok(Command::LogIn {
        user: "1001".into(),
        session,
        proof: crate::command::Proof::Password,
    });
    shop.say(agent, "an answer");
    shop.pass(Millis::from_mins(4));
    shop.say(customer, "thanks");
    shop.pass(Millis::from_mins(20));
    assert_eq!(shop.phase(contact), Phase::Talking);
    shop.say(agent, "anything else?");
    shop.say(agent, "hello?");
    shop.pass(Millis::from_secs(299));
    assert!(!shop.lines(contact, MemberRole::Agent).contains(&"Customer Idle".to_owned()));
    shop.pass(Millis::from_secs(2));
    assert!(shop.lines(contact, MemberRole::Agent).contains(&"Customer Idle".to_owned()));
    shop.pass(Millis::from_secs(290));
    assert_eq!(shop.phase(contact), Phase::Talking);
    shop.pass(Millis::from_secs(15));
    assert_eq!(shop.centre.contacts[&contact].reason, Some(EndReason::Idle));
    shop.done();
}

#[test]
fn files_are_brought_by_a_token_for_just_that_and_sent_together_once() {
    let mut shop = Shop::new();
    let (contact, customer) = shop.opened("3105");
    let bring = Shop::bringing(customer);
    let file = |n: u8, status| File {
        id: FileId(Uuid::from_bytes([n; 16])),
        name: format!("{n}.png").into(),
        kind: "image/png".into(),
        size: 9,
        status,
    };
    for (n, status) in [(1, FileStatus::Stored), (2, FileStatus::Stored), (3, FileStatus::Rejected)]
    {
        shop.ok(Command::BringFile { by: bring, file: Box::new(file(n, status)) });
    }
    assert_eq!(shop.no(saying(bring, "x")), Refusal::BadToken, "it brings files and says nothing");
    let share = |files: &[u8], k: u8| Command::Share {
        by: customer,
        words: Some((TextKind::Plain, "보세요".into())),
        files: files.iter().map(|n| file(*n, FileStatus::Stored).id).collect(),
        audience: Audience::All,
        key: ClientKey([k; 16]),
    };
    assert_eq!(shop.no(share(&[1, 3], 1)), Refusal::NoSuchFile, "none, where one is rejected");
    assert_eq!(shop.no(share(&[1, 4], 1)), Refusal::NoSuchFile);
    assert_eq!(shop.no(share(&[1, 1], 1)), Refusal::FileDone);
    let done = shop.ok(share(&[1, 2], 1));
    assert_eq!(shop.ok(share(&[1, 2], 1)), done, "a repeat");
    assert_eq!(shop.no(share(&[1], 2)), Refusal::FileDone);
    let lines = shop.lines(contact, MemberRole::Agent);
    let expected = ["Customer: 보세요", "Approved file 1.png", "Approved file 2.png"];
    assert_eq!(lines[lines.len() - 3..], expected);
    for n in 4..=35 {
        let file = Box::new(file(n, FileStatus::Stored));
        shop.ok(Command::BringFile { by: bring, file });
    }
    let more = Box::new(file(36, FileStatus::Stored));
    let quota = Refusal::Quota { what: Quota::Files, most: 35 };
    assert_eq!(shop.no(Command::BringFile { by: bring, file: more }), quota);
    shop.done();
}

#[test]
fn an_agent_is_known_to_customers_by_their_number() {
    let mut shop = Shop::new();
    shop.phone("2001", Some("1001"));
    shop.ready("1001");
    let (contact, _) = shop.opened("3001");
    let room = &shop.centre.rooms[&RoomId::from(contact)];
    assert_eq!(room.members[1].number.as_deref(), Some("2001"));
    shop.done();
}
