//! Who is asked, in which order, and why.

use super::*;

#[test]
fn the_longest_idle_agent_is_asked_and_the_reason_kept() {
    let mut shop = Shop::new();
    for agent in ["1003", "1001", "1002"] {
        shop.ready(agent);
        shop.pass(Millis::from_secs(5));
    }
    shop.state("1002", AgentState::NotReady(1));
    let (contact, _) = shop.chat();
    assert_eq!(shop.asked(contact).as_deref(), Some("1003"));
    let why = shop.centre.contacts[&contact].why.clone().unwrap();
    assert_eq!(why.rule, crate::queue::Rule::LongestIdle);
    let names: Vec<_> = why.candidates.iter().map(|c| (c.agent.as_str(), c.idle.0)).collect();
    assert_eq!(names, [("1003", 15_000), ("1001", 10_000)]);
    assert!(why.candidates[0].score > why.candidates[1].score);
    assert_eq!(why.out, [("1002".into(), crate::queue::Out::NotReady)]);
    shop.done();
}

#[test]
fn the_best_level_is_asked_where_the_queue_says_so() {
    let mut shop = Shop::new();
    shop.put(Entry::Queue(Queue { policy: Policy::BestSkill, ..Queue::new("3001", "first", 401) }));
    for agent in ["1001", "1002", "1003"] {
        shop.ready(agent);
        shop.pass(Millis::from_secs(5));
    }
    let (contact, _) = shop.chat();
    assert_eq!(
        shop.asked(contact).as_deref(),
        Some("1002"),
        "level 9 beats a longer wait at level 5"
    );
    shop.done();
}

#[test]
fn a_missing_skill_keeps_an_agent_out() {
    let mut shop = Shop::new();
    shop.put(Entry::Queue(Queue {
        skills: [("english".into(), 5)].into(),
        ..Queue::new("3001", "first", 401)
    }));
    shop.ready("1001");
    let (contact, _) = shop.chat();
    assert_eq!(shop.phase(contact), Phase::Queued);
    shop.put(Entry::User(User {
        skills: [("english".into(), 5)].into(),
        ..user("1001", Role::Agent)
    }));
    assert_eq!(
        shop.asked(contact).as_deref(),
        Some("1001"),
        "a change of the directory is seen at once"
    );
    shop.done();
}

#[test]
fn an_unanswered_offer_goes_back_to_the_head_of_the_line() {
    let mut shop = Shop::new();
    shop.ready("1001");
    let (first, _) = shop.chat();
    shop.pass(Millis::from_secs(1));
    let (second, _) = shop.chat();
    let limit = shop.centre.directory.users["1001"].limit(Channel::Chat);
    assert_eq!((shop.asked(first).is_some(), shop.asked(second).is_some(), limit), (true, true, 2));
    shop.pass(Millis::from_secs(44));
    assert_eq!(
        shop.centre.agents["1001"].state(Channel::Chat),
        AgentState::NotReady(0),
        "who misses an offer is not asked again"
    );
    assert_eq!(shop.asked(first), None);
    shop.pass(Millis::from_secs(2));
    assert_eq!(shop.asked(second), None, "the second offer ran out by itself");
    shop.put(Entry::User(User {
        limits: [(Channel::Chat, 1)].into(),
        ..user("1002", Role::Agent)
    }));
    shop.ready("1002");
    assert_eq!(
        (shop.asked(first).as_deref(), shop.asked(second)),
        (Some("1002"), None),
        "who came first is first again"
    );
    shop.done();
}

#[test]
fn urgency_is_worth_waiting_time_and_no_more() {
    let mut shop = Shop::new();
    shop.put(Entry::Queue(Queue {
        priority: 2,
        ageing: Millis::from_secs(60),
        ..Queue::new("3002", "urgent", 401)
    }));
    let urgent = FlowId(Uuid::from_bytes([4; 16]));
    shop.put(Entry::Flow(Flow {
        id: urgent,
        name: "u".into(),
        greeting: None,
        target: Target::Queue("3002".into()),
        linger: Millis(0),
    }));
    shop.put(Entry::Queue(Queue {
        overflow: Some(Overflow {
            to: "3001".into(),
            after: None,
            length: Some(0),
            no_agent: false,
        }),
        ..Queue::new("3002", "urgent", 401)
    }));
    let ranks = |priority: u8, came: u64| rank_of(priority, came);
    assert!(ranks(2, 100_000) < ranks(0, 0), "two steps overtake who came 100 s before");
    assert!(ranks(2, 130_000) > ranks(0, 0), "but not who came 130 s before");
    shop.done();
}

fn rank_of(priority: u8, came: u64) -> i64 {
    crate::queue::rank(&Queue { priority, ..Queue::new("1", "q", 1) }, Millis(came))
}

#[test]
fn a_contact_overflows_by_wait_by_length_and_where_nobody_works() {
    for (overflow, needs_wait) in [
        (
            Overflow {
                to: "3002".into(),
                after: Some(Millis::from_secs(30)),
                length: None,
                no_agent: false,
            },
            true,
        ),
        (Overflow { to: "3002".into(), after: None, length: Some(0), no_agent: false }, false),
        (Overflow { to: "3002".into(), after: None, length: None, no_agent: true }, false),
    ] {
        let mut shop = Shop::new();
        shop.put(Entry::Queue(Queue {
            overflow: Some(overflow),
            ..Queue::new("3001", "first", 401)
        }));
        shop.ready("1004");
        let (contact, _) = shop.chat();
        assert_eq!(shop.asked(contact).is_some(), !needs_wait);
        shop.pass(Millis::from_secs(31));
        assert_eq!(shop.asked(contact).as_deref(), Some("1004"));
        shop.done();
    }
}

#[test]
fn a_known_customer_waits_a_little_for_their_last_agent() {
    let mut shop = Shop::new();
    shop.put(Entry::Queue(Queue {
        last_agent: Millis::from_secs(30),
        wrap_up: Millis(0),
        ..Queue::new("3001", "first", 401)
    }));
    shop.ready("1002");
    let known = || StartChat { customer: Some("cust-1".into()), ..start(FLOW) };
    let (first, by) = shop.begin(known());
    shop.ok(Command::Arrive { token: hash(by) });
    shop.accept("1002", first);
    shop.ok(Command::End { agent: "1002".into(), contact: first });
    shop.state("1002", AgentState::NotReady(1));
    shop.ready("1001");
    let (second, by) = shop.begin(known());
    shop.ok(Command::Arrive { token: hash(by) });
    assert_eq!(shop.asked(second), None, "1002 is logged on and may be back");
    shop.pass(Millis::from_secs(31));
    assert_eq!(shop.asked(second).as_deref(), Some("1001"), "but not for ever");
    shop.accept("1001", second);
    shop.ok(Command::End { agent: "1001".into(), contact: second });
    shop.ready("1003");
    shop.pass(Millis::from_secs(9));
    shop.state("1001", AgentState::NotReady(1));
    shop.ready("1001");
    let (third, by) = shop.begin(known());
    shop.ok(Command::Arrive { token: hash(by) });
    assert_eq!(shop.asked(third).as_deref(), Some("1001"), "although 1003 is idle longer");
    let rule = shop.centre.contacts[&third].why.as_ref().map(|why| why.rule);
    assert_eq!(rule, Some(crate::queue::Rule::LastAgent));
    shop.done();
}

#[test]
fn a_closed_queue_ends_the_chat_and_says_so() {
    let mut shop = Shop::new();
    shop.put(Entry::Hours(Hours {
        id: "never".into(),
        utc_offset_minutes: 540,
        week: [None; 7],
        holidays: BTreeSet::new(),
    }));
    shop.put(Entry::Queue(Queue {
        hours: Some("never".into()),
        ..Queue::new("3001", "first", 401)
    }));
    let (contact, _) = shop.chat();
    assert_eq!(shop.centre.contacts[&contact].reason, Some(EndReason::Flow));
    assert_eq!(shop.lines(contact, MemberRole::Customer).last().map(String::as_str), Some("Ended"));
    shop.done();
}

#[test]
fn a_waiting_customer_can_know_place_and_time() {
    let mut shop = Shop::new();
    let (_, _) = shop.chat();
    let (second, _) = shop.chat();
    let wait = |shop: &Shop| shop.centre.look(shop.now, &Query::Wait(second));
    assert_eq!(
        wait(&shop),
        Ok(Look::Answer(Answer::Wait { ahead: 1, estimate: None })),
        "nobody is logged on"
    );
    shop.state("1001", AgentState::NotReady(0));
    assert_eq!(
        wait(&shop),
        Ok(Look::Answer(Answer::Wait { ahead: 1, estimate: Some(Millis::from_mins(10)) }))
    );
    shop.done();
}

#[test]
fn after_work_keeps_a_place_and_ends_by_itself() {
    let mut shop = Shop::new();
    shop.put(Entry::User(User {
        limits: [(Channel::Chat, 1)].into(),
        ..user("1001", Role::Agent)
    }));
    shop.ready("1001");
    let (first, _) = shop.chat();
    let (second, _) = shop.chat();
    shop.accept("1001", first);
    shop.ok(Command::End { agent: "1001".into(), contact: first });
    assert_eq!(shop.asked(second), None, "after-work is work");
    shop.pass(Millis::from_secs(59));
    let Done::Until(until) = shop.ok(Command::ExtendWrapUp {
        agent: "1001".into(),
        contact: first,
        by: Millis::from_secs(30),
    }) else {
        panic!()
    };
    assert_eq!(until, shop.now.plus(Millis::from_secs(31)));
    shop.pass(Millis::from_secs(30));
    assert_eq!(shop.asked(second), None);
    shop.pass(Millis::from_secs(1));
    assert_eq!(shop.asked(second).as_deref(), Some("1001"));
    shop.done();
}
