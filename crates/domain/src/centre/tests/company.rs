//! Several at once: who may come in, who may speak, and who is asked when somebody goes.

use super::*;
use crate::queue::Rule;

/// Lets a bot in that has connected.
fn bot(shop: &mut Shop, contact: ContactId) -> By {
    let (grant, connection) =
        (shop.grant(TokenKind::Participant), shop.grant(TokenKind::Connection));
    let name = "helper".into();
    shop.ok(Command::AdmitBot { contact, name, grant, beside_agents: true, key: None });
    shop.ok(Command::Connect { token: grant.token, grants: vec![connection], arrive: false });
    By::Token(connection.token)
}

fn monitor(contact: ContactId, user: &str, barge: bool) -> Command {
    Command::Monitor { contact, user: user.into(), barge, key: None }
}

#[test]
fn a_transfer_to_a_flow_runs_that_flow() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, customer) = shop.chat();
    shop.accept("1001", contact);
    let transfer = |contact, to| Command::Transfer {
        contact,
        to: Destination::Flow(to),
        by: None,
        note: None,
        key: None,
    };
    let Done::Transferred { contact: next } = shop.ok(transfer(contact, ECHO_FLOW)) else {
        panic!()
    };
    assert_eq!(shop.centre.contacts[&next].flow, ECHO_FLOW);
    shop.say(customer, "ping");
    assert_eq!(shop.lines(next, MemberRole::Customer).last().unwrap(), "System: ping");
    let Done::Transferred { contact: last } = shop.ok(transfer(next, BOT_FLOW)) else { panic!() };
    assert_eq!(shop.asked(last).as_deref(), Some("1001"), "the bot hands over to its queue");
    assert!(shop.lines(last, MemberRole::Customer).contains(&"System: hello".to_owned()));
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn a_colleague_is_asked_only_into_a_conversation_that_an_agent_leads() {
    let mut shop = Shop::new();
    let (contact, _) = shop.chat();
    shop.ready("1004");
    shop.ok(monitor(contact, "9001", true));
    let invite = |by: &str| Command::Invite { contact, by: by.into(), agent: "1004".into() };
    assert!(matches!(shop.no(invite("9001")), Refusal::WrongState(_)));
    shop.ready("1001");
    shop.accept("1001", contact);
    shop.ok(invite("1001"));
    shop.accept("1004", contact);
    assert_eq!(
        shop.centre.contacts[&contact].agent,
        Some("1001".into()),
        "who comes to help does not take over"
    );
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn who_is_being_asked_may_not_speak_yet_whatever_token_they_hold() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, _) = shop.chat();
    let grant = shop.grant(TokenKind::Connection);
    shop.ok(Command::GrantAgent { agent: "1001".into(), contact, grant });
    let by = By::Token(grant.token);
    assert_eq!(shop.no(saying(by, "hello?")), Refusal::NotAMember);
    let typing = Command::Typing { by, audience: Audience::All, key: None };
    assert_eq!(shop.no(typing), Refusal::NotAMember);
    let announce = Command::AnnounceFile {
        by,
        name: "a.png".into(),
        kind: "image/png".into(),
        size: 3,
        audience: Audience::All,
        upload: TokenHash([250; 32]),
        until: shop.now.plus(Millis(900_000)),
        key: ClientKey([1; 16]),
    };
    assert_eq!(shop.no(announce), Refusal::NotAMember);
    shop.accept("1001", contact);
    shop.say(by, "hello");
    shop.done();
}

#[test]
fn a_supervisor_who_serves_the_queue_is_asked_when_they_have_left() {
    let mut shop = Shop::new();
    shop.put(Entry::Group(Group {
        id: 401,
        name: "A".into(),
        members: [("9001".into(), 5)].into(),
        record: false,
        after_work: Millis(0),
    }));
    let (contact, _) = shop.chat();
    shop.ok(monitor(contact, "9001", false));
    shop.ready("9001");
    assert_eq!(shop.asked(contact), None, "who is in the chat is not asked to take it");
    let session = shop.session("9001");
    shop.ok(Command::Leave { by: By::Session(session, contact), key: None });
    assert_eq!(shop.asked(contact).as_deref(), Some("9001"));
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn nobody_is_asked_into_a_full_chat_until_somebody_goes() {
    let mut shop = Shop::new();
    let (contact, _) = shop.chat();
    let bots: Vec<By> = (0..5).map(|_| bot(&mut shop, contact)).collect();
    shop.ready("1001");
    assert_eq!(shop.asked(contact), None, "six are there");
    let full = Refusal::Quota { what: Quota::Members, most: 6 };
    assert_eq!(shop.no(Command::Assign { contact, agent: "1001".into() }), full);
    let to = Destination::Agent("1001".into());
    let transfer = Command::Transfer { contact, to, by: None, note: None, key: None };
    assert_eq!(shop.no(transfer), full);
    shop.ok(monitor(contact, "9001", false));
    assert_eq!(shop.no(monitor(contact, "9001", true)), full, "seen, they would be the seventh");
    shop.centre.audit(shop.now).unwrap();
    shop.ok(Command::Leave { by: bots[0], key: None });
    assert_eq!(shop.asked(contact).as_deref(), Some("1001"));
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn no_queue_waits_for_an_agent_who_does_not_serve_it() {
    let mut shop = Shop::new();
    let last_agent = Millis::from_mins(3);
    shop.put(Entry::Queue(Queue {
        last_agent,
        overflow: Some(Overflow {
            to: "3002".into(),
            after: Some(Millis::from_mins(1)),
            length: None,
            no_agent: false,
        }),
        ..Queue::new("3001", "first", 401)
    }));
    shop.put(Entry::Queue(Queue { last_agent, ..Queue::new("3002", "second", 402) }));
    let known = || StartChat { customer: Some("C-1".into()), ..start(FLOW) };
    shop.ready("1001");
    let (first, by) = shop.begin(known());
    shop.ok(Command::Arrive { token: hash(by) });
    shop.accept("1001", first);
    shop.ok(Command::End { agent: "1001".into(), contact: first });
    shop.state("1001", AgentState::NotReady(1));
    let (second, by) = shop.begin(known());
    shop.ok(Command::Arrive { token: hash(by) });
    shop.ready("1004");
    assert_eq!(shop.asked(second), None, "queue 3001 waits for its last agent");
    shop.pass(Millis::from_secs(61));
    assert_eq!(shop.asked(second).as_deref(), Some("1004"), "queue 3002 does not");
    let why = shop.centre.contacts[&second].why.clone().unwrap();
    assert_eq!(why.rule, Rule::LongestIdle);
    shop.done();
}

#[test]
fn segments_of_one_millisecond_leave_the_memory_together() {
    for seed in 0..16 {
        let mut shop = Shop::new();
        shop.chance = crate::chance::Seeded::new(seed);
        let (first, customer) = shop.chat();
        let to = Destination::Queue("3002".into());
        let transfer = Command::Transfer { contact: first, to, by: None, note: None, key: None };
        let Done::Transferred { contact: second } = shop.ok(transfer) else { panic!() };
        shop.ok(Command::Leave { by: customer, key: None });
        let whole =
            StartChat { rehydrate: Some(Rehydrate::EntirePastSession(first)), ..start(FLOW) };
        let (third, by) = shop.begin(whole);
        assert_eq!(shop.centre.contacts[&third].past.len(), 2, "seed {seed}");
        shop.ok(Command::Arrive { token: hash(by) });
        shop.ok(Command::Leave { by, key: None });
        let matter = [first, second].map(|id| shop.centre.contacts[&id].clone()).to_vec();
        shop.pass(Millis::from_mins(11));
        assert!(shop.centre.contacts.is_empty());
        shop.ok(Command::Recall(matter));
        shop.pass(Millis::from_mins(11));
        assert!(shop.centre.contacts.is_empty(), "seed {seed}");
        shop.done();
    }
}

#[test]
fn a_bot_comes_in_beside_an_agent_only_where_the_house_lets_it() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (contact, _) = shop.chat();
    let grant = shop.grant(TokenKind::Participant);
    let admit = |beside_agents, key| Command::AdmitBot {
        contact,
        name: "helper".into(),
        grant,
        beside_agents,
        key,
    };
    shop.ok(admit(false, key(1)));
    shop.accept("1001", contact);
    assert!(matches!(shop.no(admit(false, key(2))), Refusal::WrongState(_)));
    shop.ok(admit(false, key(1)));
    shop.ok(admit(true, key(3)));
    shop.done();
}

#[test]
fn whoever_comes_again_is_known_by_the_keys_of_before() {
    let mut shop = Shop::new();
    shop.ready("1001");
    shop.ready("1002");
    let (contact, _) = shop.chat();
    let first = shop.asked(contact).unwrap();
    let second = if first == "1001" { "1002" } else { "1001" };
    shop.accept(&first, contact);
    let session = shop.session(second);
    let by = By::Session(session, contact);
    let say = Command::Say {
        by,
        kind: TextKind::Plain,
        text: "once".into(),
        audience: Audience::All,
        key: key(7),
    };
    let invite = Command::Invite { contact, by: first.as_str().into(), agent: second.into() };
    shop.ok(invite.clone());
    shop.accept(second, contact);
    let done = shop.ok(say.clone());
    shop.ok(Command::Leave { by, key: None });
    shop.pass(Millis::from_mins(2));
    shop.ready(second);
    shop.ok(invite);
    shop.accept(second, contact);
    assert_eq!(shop.ok(say), done, "said once, however often they come");
    shop.done();
}
