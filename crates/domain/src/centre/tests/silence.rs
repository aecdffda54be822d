//! Idle rules: whose silence counts, and what breaks it.

use super::*;

/// Agent 1001 has a chat whose agents are called idle after two minutes, and dropped two minutes later.
fn watched() -> (Shop, ContactId, By) {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop.chat();
    shop.accept("1001", contact);
    let rule = after(2, 2);
    shop.ok(Command::RuleIdle { contact, customer: IdleChange::default(), agent: rule });
    (shop, contact, customer)
}

fn told(shop: &Shop, contact: ContactId, event: &str) -> usize {
    shop.lines(contact, MemberRole::Customer).iter().filter(|line| *line == event).count()
}

#[test]
fn each_timer_is_ruled_by_itself() {
    let (mut shop, contact, _) = watched();
    let unset = IdleChange { drop: Timing::Unset, ..IdleChange::default() };
    shop.pass(Millis::from_mins(1));
    shop.ok(Command::RuleIdle { contact, customer: after(5, 5), agent: unset });
    let idle = shop.centre.rooms[&contact.into()].idle.clone().unwrap();
    assert_eq!(idle.agent.warn, Some(Millis::from_mins(2)), "what is not named stays");
    assert_eq!(idle.agent.drop, None);
    assert_eq!(idle.customer.warn, Some(Millis::from_mins(5)));
    let other = IdleChange { warn: Timing::Unset, ..IdleChange::default() };
    let since = idle.agent_since;
    shop.pass(Millis(1_000));
    shop.ok(Command::RuleIdle { contact, customer: other, agent: IdleChange::default() });
    let idle = shop.centre.rooms[&contact.into()].idle.clone().unwrap();
    assert_eq!(idle.agent_since, since, "a rule that stays goes on counting");
    shop.pass(Millis::from_mins(6));
    assert_eq!(told(&shop, contact, "Agent Idle"), 1);
    assert_eq!(shop.phase(contact), Phase::Ended, "the customer's end is ruled still");
    shop.done();
}

#[test]
fn a_note_among_agents_breaks_no_silence() {
    let (mut shop, contact, _) = watched();
    let session = shop.session("1001");
    shop.pass(Millis::from_secs(121));
    assert_eq!(told(&shop, contact, "Agent Idle"), 1);
    let note = Command::Say {
        by: By::Session(session, contact),
        kind: TextKind::Plain,
        text: "what shall I say?".into(),
        audience: Audience::Agents,
        key: None,
    };
    shop.ok(note);
    shop.centre.audit(shop.now).unwrap();
    assert_eq!(told(&shop, contact, "Agent Returned"), 0);
    shop.pass(Millis::from_mins(2));
    assert_eq!(told(&shop, contact, "Agent AutoDisconnected"), 1);
    shop.done();
}

#[test]
fn a_file_breaks_a_silence_as_words_do() {
    let (mut shop, contact, customer) = watched();
    shop.ok(Command::RuleIdle { contact, customer: after(2, 60), agent: IdleChange::default() });
    let upload = shop.fresh();
    let key = ClientKey([3; 16]);
    let until = shop.now.plus(Millis::from_mins(15));
    let (name, kind): (Arc<str>, Arc<str>) = ("a.png".into(), "image/png".into());
    let audience = Audience::All;
    let by = customer;
    let announce = Command::AnnounceFile {
        by,
        name,
        kind: kind.clone(),
        size: 3,
        audience,
        upload,
        until,
        key,
    };
    let Done::File { file } = shop.ok(announce) else { panic!() };
    shop.ok(Command::StoreFile { upload, size: 3, kind, status: FileStatus::Stored });
    let session = shop.session("1001");
    shop.pass(Millis::from_secs(119));
    shop.say(By::Session(session, contact), "still there?");
    shop.pass(Millis::from_secs(2));
    assert_eq!(told(&shop, contact, "Customer Idle"), 1);
    shop.ok(Command::CompleteFile { by, file, key });
    assert_eq!(told(&shop, contact, "Customer Returned"), 1);
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn the_silence_of_one_agent_is_not_that_of_the_next() {
    let (mut shop, contact, customer) = watched();
    shop.ready("1002");
    shop.ok(Command::Invite { contact, by: "1001".into(), agent: "1002".into() });
    shop.accept("1002", contact);
    shop.pass(Millis::from_secs(60));
    shop.say(customer, "hello?");
    shop.pass(Millis::from_secs(185));
    assert_eq!(told(&shop, contact, "Agent AutoDisconnected"), 1);
    assert_eq!(shop.phase(contact), Phase::Talking, "one agent stays");
    shop.centre.audit(shop.now).unwrap();
    shop.pass(Millis::from_secs(121));
    assert_eq!(told(&shop, contact, "Agent Idle"), 2, "who stays is reminded, too");
    shop.done();
}

#[test]
fn a_silent_customer_is_reminded_and_then_dropped() {
    let mut shop = Shop::new();
    shop.put(Entry::Queue(Queue {
        idle_warning: Millis::from_mins(2),
        idle_close: Millis::from_mins(3),
        ..Queue::new("3001", "first", 401)
    }));
    shop.ready("1001");
    let (contact, customer) = shop.chat();
    shop.accept("1001", contact);
    shop.pass(Millis::from_mins(1));
    shop.say(customer, "wait");
    shop.pass(Millis::from_secs(119));
    assert!(!shop.lines(contact, MemberRole::Customer).contains(&"Customer Idle".to_owned()));
    shop.pass(Millis::from_secs(2));
    assert!(shop.lines(contact, MemberRole::Customer).contains(&"Customer Idle".to_owned()));
    shop.say(customer, "here");
    assert!(shop.lines(contact, MemberRole::Customer).contains(&"Customer Returned".to_owned()));
    shop.pass(Millis::from_secs(301));
    assert_eq!(shop.centre.contacts[&contact].reason, Some(EndReason::Idle));
    shop.done();
}

#[test]
fn an_idle_agent_is_dropped_and_the_chat_ends() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, _) = shop.chat();
    shop.accept("1001", contact);
    let rule = after(2, 2);
    shop.ok(Command::RuleIdle { contact, customer: IdleChange::default(), agent: rule });
    shop.pass(Millis::from_mins(5));
    let told = shop.lines(contact, MemberRole::Customer);
    assert!(
        told.ends_with(
            &["Agent Idle", "Agent AutoDisconnected", "Agent Left", "Ended"].map(str::to_owned)
        ),
        "{told:?}"
    );
    shop.done();
}
