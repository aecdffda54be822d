//! Wallboards: what is counted, and what supervisors do from there.

use super::*;
use crate::board::{Act, BoardAsk, BoardState, Limits, Spot, Supervision, Team};

fn board(shop: &Shop, session: TokenHash) -> BoardState {
    let ask =
        BoardAsk { session, from: Millis(0), quarters: Millis(0), queues: None, agents: None };
    match shop.centre.look(shop.now, &Query::Board(ask)) {
        Ok(Look::Answer(Answer::Board(board))) => *board,
        other => panic!("{other:?}"),
    }
}

fn line(board: &BoardState, queue: &str) -> crate::board::LineFigures {
    let queue = board.queues.iter().find(|q| q.queue.id.as_str() == queue).unwrap();
    queue.lines.iter().find(|l| l.channel == Channel::Chat).unwrap().clone()
}

fn wish(by: TokenHash, wish: Supervision) -> Command {
    Command::Supervise { by, wish: Box::new(wish) }
}

fn waiting(shop: &Shop, session: TokenHash, queue: &str) -> Vec<ContactId> {
    match shop.centre.look(shop.now, &Query::Waiters(session, queue.into())) {
        Ok(Look::Answer(Answer::Waiters(all))) => all.iter().map(|w| w.contact).collect(),
        other => panic!("{other:?}"),
    }
}

fn acts(shop: &Shop) -> Vec<Act> {
    let facts = shop.deeds.iter().flat_map(|deed| &deed.facts);
    facts
        .filter_map(|fact| match fact {
            Fact::Supervised { act, .. } => Some(act.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_days_figures_follow_from_what_happened() {
    let mut shop = Shop::new();
    let lead = shop.session("9001");
    let (late, _) = shop.chat();
    let (_lost, gone) = shop.chat();
    shop.pass(Millis::from_secs(5));
    shop.ok(Command::Leave { by: gone, key: None });
    shop.pass(Millis::from_secs(25));
    let now = line(&board(&shop, lead), "3001");
    assert_eq!((now.waiting, now.oldest), (1, Some(shop.centre.waits[&late].since)));
    shop.ready("1001");
    shop.accept("1001", late);
    let (soon, _) = shop.chat();
    shop.pass(Millis::from_secs(4));
    shop.accept("1001", soon);
    shop.pass(Millis::from_secs(60));
    shop.ok(Command::End { agent: "1001".into(), contact: soon });
    shop.pass(Millis::from_secs(20));
    shop.ok(Command::WrapUp { agent: "1001".into(), contact: soon, wrap_up: WrapUp::default() });
    let state = board(&shop, lead);
    let figures = line(&state, "3001").today;
    assert_eq!((figures.offered, figures.answered, figures.abandoned), (3, 2, 1));
    assert_eq!(figures.in_time, 1, "thirty seconds are beyond the target of twenty");
    assert_eq!(figures.waited, Millis::from_secs(34));
    assert_eq!((figures.handled, figures.talked), (1, Millis::from_secs(60)));
    assert_eq!(figures.after, Millis::from_secs(20));
    let agent = state.agents.iter().find(|a| a.user.id.as_str() == "1001").unwrap();
    assert_eq!((agent.today.handled, agent.today.after), (1, Millis::from_secs(20)));
    assert_eq!(agent.at_hand.len(), 1, "the first is still talked in");
    let quarters = line(&state, "3001").quarters;
    assert_eq!(quarters.iter().map(|(_, f)| f.offered).sum::<u32>(), 3);
    shop.done();
}

#[test]
fn an_overflow_is_offered_again_and_lost_by_nobody() {
    let mut shop = Shop::new();
    let lead = shop.session("9001");
    let overflow = Overflow {
        to: "3002".into(),
        after: Some(Millis::from_secs(10)),
        length: None,
        no_agent: false,
    };
    shop.put(Entry::Queue(Queue { overflow: Some(overflow), ..Queue::new("3001", "first", 401) }));
    shop.chat();
    shop.pass(Millis::from_secs(11));
    let state = board(&shop, lead);
    let (first, second) = (line(&state, "3001"), line(&state, "3002"));
    assert_eq!((first.today.offered, first.today.passed, first.waiting), (1, 1, 0));
    assert_eq!((second.today.offered, second.today.abandoned, second.waiting), (1, 0, 1));
    shop.done();
}

#[test]
fn what_changed_is_told_once_and_names_who() {
    let mut shop = Shop::new();
    shop.signals.clear();
    shop.ready("1001");
    let told: Vec<_> = shop
        .signals
        .iter()
        .filter_map(|s| if let Signal::Board(changed) = s { Some(changed.clone()) } else { None })
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].agents, [UserId::from("1001")].into());
    assert_eq!(told[0].queues, [QueueId::from("3001")].into());
    shop.done();
}

#[test]
fn a_wallboard_is_for_supervisors_alone() {
    let mut shop = Shop::new();
    let (contact, _) = shop.chat();
    let session = shop.session("1001");
    let ask =
        BoardAsk { session, from: Millis(0), quarters: Millis(0), queues: None, agents: None };
    assert_eq!(shop.centre.look(shop.now, &Query::Board(ask)), Err(Refusal::NotAllowed));
    let waiters = Query::Waiters(session, "3001".into());
    assert_eq!(shop.centre.look(shop.now, &waiters), Err(Refusal::NotAllowed));
    for no in [
        Supervision::Move(contact, Spot::Front),
        Supervision::TakeOver(contact),
        Supervision::Announce { to: Team::All, text: "x".into() },
        Supervision::Limit(Limits::default()),
    ] {
        assert_eq!(shop.no(wish(session, no)), Refusal::NotAllowed);
    }
    shop.done();
}

#[test]
fn whoever_waits_is_moved_to_the_front_to_another_queue_and_to_an_agent() {
    let mut shop = Shop::new();
    let lead = shop.session("9001");
    let (first, _) = shop.chat();
    shop.pass(Millis::from_secs(1));
    let (second, _) = shop.chat();
    assert_eq!(waiting(&shop, lead, "3001"), [first, second]);
    shop.ok(wish(lead, Supervision::Move(second, Spot::Front)));
    assert_eq!(waiting(&shop, lead, "3001"), [second, first]);
    shop.ok(wish(lead, Supervision::Move(second, Spot::Front)));
    assert_eq!(acts(&shop).len(), 1, "who stands first is not moved again");
    shop.rebuilds();

    assert!(matches!(
        shop.no(wish(lead, Supervision::Move(first, Spot::Queue("3001".into())))),
        Refusal::WrongState(_)
    ));
    assert_eq!(
        shop.no(wish(lead, Supervision::Move(first, Spot::Queue("9".into())))),
        Refusal::NoSuchQueue
    );
    shop.ok(wish(lead, Supervision::Move(first, Spot::Queue("3002".into()))));
    assert_eq!(waiting(&shop, lead, "3002"), [first]);
    assert_eq!(
        shop.no(wish(lead, Supervision::Move(first, Spot::Agent("1001".into())))),
        Refusal::NotLoggedOn
    );
    shop.ready("1001");
    assert_eq!(shop.asked(second).as_deref(), Some("1001"));
    assert!(matches!(
        shop.no(wish(lead, Supervision::Move(second, Spot::Front))),
        Refusal::WrongState(_)
    ));
    shop.ok(wish(lead, Supervision::Move(first, Spot::Agent("1001".into()))));
    assert_eq!(shop.asked(first).as_deref(), Some("1001"));
    let told = acts(&shop);
    assert_eq!(told.len(), 3);
    assert!(matches!(&told[1], Act::Moved { from, to: Spot::Queue(to), .. }
        if from.as_str() == "3001" && to.as_str() == "3002"));
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn a_supervisor_takes_a_chat_over_and_the_agent_goes_on_to_after_work() {
    let mut shop = Shop::new();
    let lead = shop.session("9001");
    shop.ready("1001");
    let (contact, customer) = shop.chat();
    assert!(matches!(shop.no(wish(lead, Supervision::TakeOver(contact))), Refusal::WrongState(_)));
    shop.accept("1001", contact);
    shop.ok(Command::Monitor { contact, user: "9001".into(), barge: false, key: None });
    let Done::Transferred { contact: next } = shop.ok(wish(lead, Supervision::TakeOver(contact)))
    else {
        panic!()
    };
    assert_eq!(shop.phase(next), Phase::Talking);
    assert_eq!(shop.centre.contacts[&next].agent, Some("9001".into()));
    assert!(matches!(shop.centre.stage(&"1001".into(), contact), Some(Stage::WrapUp { .. })));
    shop.say(customer, "who is there?");
    shop.say(By::Session(lead, next), "I am");
    shop.ok(wish(lead, Supervision::TakeOver(next)));
    // Also out of the line.
    let (waits, _) = shop.chat();
    shop.state("1001", AgentState::NotReady(1));
    let (second, _) = shop.chat();
    let phase = shop.phase(second);
    assert_eq!(phase, Phase::Queued);
    shop.ok(wish(lead, Supervision::TakeOver(second)));
    assert_eq!(shop.centre.contacts[&second].agent, Some("9001".into()));
    // They have two now, which is all they may have.
    if shop.phase(waits) == Phase::Queued {
        assert_eq!(shop.no(wish(lead, Supervision::TakeOver(waits))), Refusal::AgentFull);
    }
    assert!(matches!(&acts(&shop)[0], Act::Watched { barge: false, .. }));
    assert!(matches!(&acts(&shop)[1], Act::TookOver { from: Some(from), .. }
        if from.as_str() == "1001"));
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn a_message_to_the_team_waits_for_each_until_they_acknowledge_it() {
    let mut shop = Shop::new();
    let lead = shop.session("9001");
    let notices = |shop: &Shop, agent: &str| match shop
        .centre
        .look(shop.now, &Query::Notices(agent.into()))
    {
        Ok(Look::Answer(Answer::Notices(all))) => all,
        other => panic!("{other:?}"),
    };
    let say = |to, text: &str| Supervision::Announce { to, text: text.into() };
    assert_eq!(shop.no(wish(lead, say(Team::Group(9), "x"))), Refusal::NoSuchEntry);
    assert!(matches!(shop.no(wish(lead, say(Team::All, " "))), Refusal::BadEntry(_)));
    let long = "가".repeat(1_001);
    assert!(matches!(shop.no(wish(lead, say(Team::All, &long))), Refusal::BadEntry(_)));
    shop.ok(wish(lead, say(Team::Group(401), "잠시 뒤 회의")));
    assert!(notices(&shop, "1004").is_empty());
    let notice = notices(&shop, "1001")[0].id;
    shop.ok(Command::Acknowledge { agent: "1001".into(), notice });
    shop.ok(Command::Acknowledge { agent: "1001".into(), notice });
    assert_eq!(
        shop.no(Command::Acknowledge { agent: "1004".into(), notice }),
        Refusal::NoSuchEntry
    );
    assert!(notices(&shop, "1001").is_empty());
    assert_eq!(notices(&shop, "1002").len(), 1);
    assert_eq!(board(&shop, lead).notices[0].read.len(), 1);
    shop.pass(Millis::from_mins(12 * 60));
    assert!(notices(&shop, "1002").is_empty(), "yesterday's message is nobody's");
    shop.done();
}

#[test]
fn limits_are_the_realms_and_checked() {
    let mut shop = Shop::new();
    let (one, two) = (shop.session("9001"), shop.session("9001"));
    let limits = Limits { waiting: Some(3), ..Limits::default() };
    shop.ok(wish(one, Supervision::Limit(limits.clone())));
    assert_eq!(board(&shop, two).limits, limits);
    let bad = Limits { waiting: Some(0), ..limits };
    assert!(matches!(shop.no(wish(two, Supervision::Limit(bad))), Refusal::BadEntry(_)));
    shop.done();
}

#[test]
fn a_forced_state_says_who_forced_it() {
    let mut shop = Shop::new();
    let lead = shop.session("9001");
    shop.ready("1001");
    let state = AgentState::NotReady(1);
    shop.ok(Command::Force { by: lead, agent: "1001".into(), state });
    assert_eq!(acts(&shop), [Act::Forced { agent: "1001".into(), state }]);
    shop.done();
}
