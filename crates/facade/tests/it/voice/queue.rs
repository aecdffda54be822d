//! Queues with real telephones: callers stand in line, agents' phones ring (Q1 to Q10).

use super::calls::nothing_left;
use super::world::World;
use domain::agent::Channel;
use domain::call::Wish;
use domain::directory::{Entry, User};
use domain::time::Millis;
use facade::voice::plane::{Hear, Sound};
use sip::message::Headers;

/// Agent 1001 sits at telephone 1001, ready; 1003 calls in from an extension.
fn world() -> World {
    let mut world = World::new();
    let directory = world.node.centre().directory().clone();
    let known = directory.users["1001"].as_ref().clone();
    world.put(Entry::User(User { extension: Some("1001".into()), ..known }));
    world.registered(&["1001", "1003"]);
    world
}

fn log_on(world: &mut World) {
    world
        .app(Wish::LogOn {
            device: "1001".into(),
            agent: "1001".into(),
            group: 401,
            channel: Channel::Voice,
            wmode: 3,
        })
        .unwrap();
    world.heard();
}

#[test]
fn q1_q2_q3_a_caller_waits_in_line_and_an_agents_telephone_rings() {
    let mut world = world();
    let a = world.call("1003", "3001");
    assert_eq!(world.heard(), "1003:13(22) 1003:10(22) 1003:4(22) 3001:4(22) 3001:11(22)");
    // They are answered, so that they can hear what the queue says.
    assert_eq!(world.story("1003"), ["progress 180", "answered"]);
    let said = Hear::Sound(Sound::Announce(vec!["queue-3001".into()].into()));
    assert_eq!(world.heard_at("1003"), said);
    log_on(&mut world);
    world.rings("1001");
    assert_eq!(world.heard_at("1003"), Hear::Sound(Sound::Music("".into())));
    world.pick_up("1001");
    assert_eq!(world.heard_at("1003"), Hear::Those(vec![world.leg_of("1001")], vec![]));
    world.hang_up("1003", a);
    nothing_left(&mut world);
}

#[test]
fn q4_q5_a_caller_gives_up_waiting_or_while_it_rings() {
    let mut world = world();
    let a = world.call("1003", "3001");
    world.heard();
    world.hang_up("1003", a);
    assert_eq!(world.heard(), "1003:3(5) 3001:3(5) 1003:1(5) 3001:1(5)");
    log_on(&mut world);
    let a = world.call("1003", "3001");
    world.heard();
    world.hang_up("1003", a);
    assert_eq!(world.heard(), "1003:3(5) 1001:3(5) 1003:1(5) 1001:1(5)");
    assert_eq!(*world.story("1001").last().unwrap(), "ended Cancelled");
    nothing_left(&mut world);
}

#[test]
fn q6_q10_an_agents_telephone_that_does_not_take_it_gives_it_back() {
    for (status, told) in [
        (Some(486), "1001:3(3) 1001:203 3001:11(28)"),
        (Some(480), "1001:5(10) 1001:203 3001:11(28)"),
        (None, "1001:5(10) 1001:203 3001:11(28)"),
    ] {
        let mut world = world();
        log_on(&mut world);
        world.call("1003", "3001");
        world.heard();
        let call = world.incoming("1001");
        match status {
            Some(status) => world
                .act("1001", |end, now| end.reject(now, call, status, &Headers::default()))
                .unwrap(),
            None => world.pass(Millis::from_secs(21)),
        }
        assert_eq!(world.heard(), told, "{status:?}");
        assert!(world.calls()[0].line().is_some());
    }
}

#[test]
fn an_agent_whose_telephone_is_away_is_not_offered_a_call() {
    let mut world = world();
    log_on(&mut world);
    assert_eq!(world.register("1001", 0), 200);
    world.heard();
    world.call("1003", "3001");
    assert!(world.calls()[0].line().is_some());
    // It comes back, and rings at once.
    assert_eq!(world.register("1001", 3_600), 200);
    world.pick_up("1001");
    assert!(world.calls()[0].line().is_none());
}

#[test]
fn q8_a_closed_queue_is_told_in_the_words_of_sip() {
    use domain::directory::{Hours, Queue};
    let mut world = world();
    let hours = Hours {
        id: "never".into(),
        utc_offset_minutes: 0,
        week: [None; 7],
        holidays: std::collections::BTreeSet::new(),
    };
    world.put(Entry::Hours(hours));
    world.put(Entry::Queue(Queue { hours: Some("never".into()), ..Queue::new("3009", "zu", 401) }));
    world.call("1003", "3009");
    assert_eq!(world.story("1003"), ["refused 480"]);
    nothing_left(&mut world);
}
