//! Chats that are passed on, left and handed back.

use super::*;

#[test]
fn a_transfer_keeps_the_room_and_opens_a_segment() {
    let mut shop = Shop::new();
    shop.ready("1001");
    shop.ready("1004");
    let (contact, customer) = shop.chat();
    shop.accept("1001", contact);
    let to = Destination::Queue("3002".into());
    let move_on = Command::Transfer {
        contact,
        to,
        by: Some("1001".into()),
        note: Some("careful".into()),
        key: key(3),
    };
    let Done::Transferred { contact: next } = shop.ok(move_on.clone()) else { panic!() };
    assert_eq!(shop.ok(move_on), Done::Transferred { contact: next }, "a repeat finds it done");
    assert_eq!(shop.centre.contacts[&contact].reason, Some(EndReason::Transferred));
    let record = &shop.centre.contacts[&next];
    assert_eq!((record.initial, record.previous, record.segment), (contact, Some(contact), 2));
    shop.accept("1004", next);
    shop.say(customer, "still here");
    let told = shop.lines(contact, MemberRole::Agent);
    let tail = [
        "Agent: careful",
        "Agent Left",
        "Transferred",
        "Agent Invited",
        "Agent Joined",
        "Customer: still here",
    ];
    assert!(told.ends_with(&tail.map(str::to_owned)), "{told:?}");
    assert!(!shop.lines(contact, MemberRole::Customer).iter().any(|l| l.contains("careful")));
    assert_eq!(shop.no(Command::End { agent: "1001".into(), contact: next }), Refusal::NotAMember);
    shop.done();
}

#[test]
fn a_transfer_to_an_agent_who_does_not_come_waits_in_the_queue() {
    let mut shop = Shop::new();
    shop.ready("1001");
    shop.ready("1004");
    let (contact, _) = shop.chat();
    shop.accept("1001", contact);
    let to = |agent: &str| Command::Transfer {
        contact,
        to: Destination::Agent(agent.into()),
        by: Some("1001".into()),
        note: None,
        key: None,
    };
    assert_eq!(shop.no(to("1002")), Refusal::NotLoggedOn);
    assert_eq!(shop.no(to("4711")), Refusal::NoSuchAgent);
    let Done::Transferred { contact: next } = shop.ok(to("1004")) else { panic!() };
    assert_eq!(shop.asked(next).as_deref(), Some("1004"));
    shop.ok(Command::Refuse { agent: "1004".into(), contact: next });
    assert_eq!(
        shop.asked(next).as_deref(),
        Some("1001"),
        "back in queue 3001, where 1001 has room for a second one"
    );
    shop.done();
}

#[test]
fn a_log_off_leaves_nobody_stuck() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (talking, _) = shop.chat();
    shop.accept("1001", talking);
    let (offered, _) = shop.chat();
    let session = shop.session("9001");
    shop.ok(Command::Force { by: session, agent: "1001".into(), state: AgentState::LoggedOff(0) });
    assert!(shop.centre.agents["1001"].work.is_empty());
    assert_eq!(shop.phase(offered), Phase::Queued);
    let room = shop.centre.contacts[&talking].room();
    let next = shop.centre.rooms[&room].contact;
    assert_eq!(
        (next != talking, shop.phase(next)),
        (true, Phase::Queued),
        "the chat goes back to its queue as a new segment"
    );
    shop.ready("1002");
    assert!(shop.asked(next).is_some() && shop.asked(offered).is_some());
    let agent = shop.session("1002");
    assert_eq!(
        shop.no(Command::Force { by: agent, agent: "1003".into(), state: AgentState::Ready }),
        Refusal::NotAllowed
    );
    shop.done();
}

#[test]
fn a_supervisor_watches_unseen_and_may_step_in() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, _) = shop.chat();
    shop.accept("1001", contact);
    let session = shop.session("9001");
    let by = By::Session(session, contact);
    let monitor = |barge| Command::Monitor { contact, user: "9001".into(), barge, key: None };
    shop.ok(monitor(false));
    assert_eq!(shop.no(saying(by, "boo")), Refusal::Silent);
    shop.ok(Command::Say {
        by,
        kind: TextKind::Plain,
        text: "offer a coupon".into(),
        audience: Audience::Agents,
        key: None,
    });
    assert!(!shop.lines(contact, MemberRole::Customer).iter().any(|l| l.contains("Supervisor")));
    shop.ok(monitor(true));
    shop.say(by, "let me help");
    let told = shop.lines(contact, MemberRole::Customer);
    assert!(
        told.ends_with(&["Supervisor Joined".to_owned(), "Supervisor: let me help".to_owned()]),
        "{told:?}"
    );
    assert_eq!(
        shop.no(Command::Monitor { contact, user: "1002".into(), barge: false, key: None }),
        Refusal::NotAllowed
    );
    shop.done();
}

#[test]
fn the_agent_leaving_ends_the_chat_or_lets_it_linger() {
    for linger in [Millis(0), Millis::from_mins(15)] {
        let mut shop = Shop::new();
        shop.put(Entry::Flow(Flow {
            id: FLOW,
            name: "f".into(),
            greeting: None,
            target: Target::Queue("3001".into()),
            linger,
        }));
        shop.ready("1001");
        let (contact, customer) = shop.chat();
        shop.accept("1001", contact);
        let session = shop.session("1001");
        shop.ok(Command::Leave { by: By::Session(session, contact), key: None });
        assert_eq!(shop.phase(contact) == Phase::Ended, linger.0 == 0);
        if linger.0 > 0 {
            shop.pass(Millis::from_mins(14));
            shop.say(customer, "anyone?");
            shop.pass(Millis::from_mins(14));
            assert_eq!(shop.phase(contact), Phase::Talking, "another word, another wait");
            shop.pass(Millis::from_mins(2));
            assert_eq!(shop.phase(contact), Phase::Ended);
        }
        shop.done();
    }
}

#[test]
fn a_chat_takes_up_an_earlier_one() {
    let mut shop = Shop::new();
    let (first, customer) = shop.chat();
    let from =
        |source| StartChat { rehydrate: Some(Rehydrate::FromSegment(source)), ..start(FLOW) };
    let open = Command::StartChat(Box::new(from(first)));
    assert_eq!(shop.no(open), Refusal::ContactOpen);
    shop.ok(Command::Leave { by: customer, key: None });
    let (second, by) = shop.begin(from(first));
    assert_eq!(shop.centre.contacts[&second].related, Some(first));
    shop.ok(Command::Arrive { token: hash(by) });
    assert!(shop.lines(second, MemberRole::Customer).contains(&"Rehydrated".to_owned()));
    shop.ok(Command::Leave { by, key: None });
    let (third, _) = shop
        .begin(StartChat { rehydrate: Some(Rehydrate::EntirePastSession(second)), ..start(FLOW) });
    assert_eq!(
        shop.centre.contacts[&third].past,
        [(first.into(), first), (second.into(), second)],
        "chains are cumulative"
    );
    shop.done();
}

#[test]
fn an_archived_matter_comes_back_when_it_is_named() {
    let mut shop = Shop::new();
    let (contact, customer) = shop.chat();
    shop.ok(Command::Leave { by: customer, key: None });
    let record = shop.centre.contacts[&contact].clone();
    shop.pass(Millis::from_mins(11));
    let set = Command::SetAttributes {
        contact,
        attributes: [("k".into(), "v".into())].into(),
        unset: BTreeSet::new(),
    };
    assert_eq!(shop.no(set.clone()), Refusal::Archived(contact));
    shop.ok(Command::Recall(vec![record]));
    shop.ok(set);
    assert_eq!(shop.no(Command::Stop { contact }), Refusal::ContactEnded);
    shop.pass(Millis::from_mins(11));
    assert!(shop.centre.contacts.is_empty());
    shop.done();
}
