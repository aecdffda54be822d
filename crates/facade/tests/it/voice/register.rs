//! Registration: who may, who is told, and when it ends.

use super::world::{World, uri};
use domain::id::DeviceId;
use domain::time::Millis;
use sip::flow::Transport;
use sip::message::{Address, CSeq, Method, Name, Request};

fn here(world: &World, id: &str) -> bool {
    world.node.centre().switch().registered(&DeviceId::from(id))
}

#[test]
fn a_telephone_registers_with_its_password_and_no_other() {
    let mut world = World::new();
    world.phone("1001");
    assert_eq!(world.register_as("1001", "1001", "wrong", 3_600), 401);
    assert_eq!(world.register_as("1001", "7777", "sip-1001", 3_600), 401);
    assert!(!here(&world, "1001"));
    assert_eq!(world.register("1001", 3_600), 200);
    assert!(here(&world, "1001"));
    // Asked for by SHA-256 first, since this end knows it.
    let text = &world.phones["1001"].got;
    assert_eq!(text.last().unwrap(), "SIP/2.0 200 OK");
}

#[test]
fn nobody_registers_for_another() {
    let mut world = World::new();
    world.phone("1001");
    let mut request = Request::new(Method::Register, uri("sip:demo.sangdam.test"));
    let who = Address::new(uri("sip:1002@demo.sangdam.test"));
    request.headers.push(Name::From, who.clone().tagged("r"));
    request.headers.push(Name::To, who);
    request.headers.push(Name::CallId, "theirs");
    request.headers.push(Name::CSeq, CSeq { number: 1, method: Method::Register });
    request.headers.push(Name::Contact, "<sip:1002@192.0.2.1>");
    let challenge = world.request("1001", request.clone());
    let credentials = sip::digest::Credentials::new("1001", "sip-1001");
    let (name, auth) = world
        .act("1001", |end, _| end.answer_challenge(&credentials, &challenge, &request))
        .unwrap();
    request.headers.push(name, auth);
    request.headers.set(Name::CSeq, CSeq { number: 2, method: Method::Register });
    assert_eq!(world.request("1001", request).status, 403);
    assert!(!here(&world, "1002"));
}

#[test]
fn the_domain_is_told_once_however_often_a_telephone_refreshes() {
    let mut world = World::new();
    world.phone("1001");
    for _ in 0..5 {
        assert_eq!(world.register("1001", 3_600), 200);
        world.pass(Millis::from_secs(60));
    }
    assert_eq!(world.facts.len(), 1);
    assert_eq!(world.register("1001", 0), 200);
    assert!(!here(&world, "1001"));
    assert_eq!((world.facts.len(), world.voice.registered()), (2, 0));
}

#[test]
fn a_registration_runs_out() {
    let mut world = World::new();
    world.phone("1001");
    assert_eq!(world.register("1001", 120), 200);
    world.pass(Millis::from_secs(119));
    assert!(here(&world, "1001"));
    world.pass(Millis::from_secs(2));
    assert!(!here(&world, "1001"));
}

#[test]
fn a_telephone_is_gone_with_its_connection() {
    let mut world = World::new();
    world.phone_by("1001", Transport::Ws);
    assert_eq!(world.register("1001", 3_600), 200);
    let flow = world.phones["1001"].flow;
    world.with(|voice, cx, plane| voice.closed(cx, plane, flow));
    world.settle();
    assert!(!here(&world, "1001"));
}

#[test]
fn what_the_domain_could_not_be_told_it_is_told_again() {
    let mut world = World::new();
    world.phone("1001");
    world.broken = true;
    assert_eq!(world.register("1001", 3_600), 200);
    assert!(!here(&world, "1001"));
    world.broken = false;
    world.pass(Millis::from_secs(2));
    assert!(here(&world, "1001"));
}

#[test]
fn after_a_restart_a_telephone_by_datagram_is_rung_at_once() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let facts = world.facts.len();
    world.restart();
    assert!(here(&world, "1002"));
    assert_eq!((world.facts.len(), world.voice.registered()), (facts, 2), "nothing is told anew");
    world.call("1001", "1002");
    world.pick_up("1002");
    assert_eq!(world.story("1001"), ["progress 180", "answered"]);
    // A refresh goes on where the earlier switch was, and a telephone that leaves is gone.
    assert_eq!(world.register("1002", 3_600), 200);
    assert_eq!(world.register("1002", 0), 200);
    assert!(!here(&world, "1002"));
}

#[test]
fn a_place_is_good_for_half_of_its_time_longer_than_was_told() {
    for (passed, refreshes, there) in [(80, false, true), (91, false, false), (91, true, true)] {
        let mut world = World::new();
        world.phone("1001");
        assert_eq!(world.register("1001", 60), 200);
        world.pass(Millis::from_secs(35));
        if refreshes {
            assert_eq!(world.register("1001", 60), 200);
        }
        // The switch is not there meanwhile.
        world.due = None;
        world.now = world.now.plus(Millis::from_secs(passed - 35));
        world.restart();
        assert_eq!(here(&world, "1001"), there, "{passed} s, {refreshes}");
    }
}

#[test]
fn after_a_restart_a_telephone_by_tcp_is_called_back_where_it_listens() {
    let mut world = World::new();
    world.phone_by("1001", Transport::Tcp);
    assert_eq!(world.register("1001", 3_600), 200);
    world.restart();
    assert!(here(&world, "1001"));
    assert_eq!(world.voice.registered(), 1);
    // Where nobody listens any more, nobody is.
    let mut gone = world.phones.remove("1001").unwrap();
    world.restart();
    assert!(!here(&world, "1001"));
    // A browser's connection is its only way.
    gone.flow.transport = Transport::Ws;
    world.phones.insert("1001", gone);
    assert_eq!(world.register("1001", 3_600), 200);
    world.restart();
    assert!(!here(&world, "1001"));
}

#[test]
fn nobody_makes_the_switch_connect_to_where_they_are_not() {
    let mut world = World::new();
    world.phone_by("1001", Transport::Tcp);
    world.phone_by("1002", Transport::Tcp);
    let there = world.phones["1002"].flow.peer;
    world.contact = Some(format!("<sip:1001@{there}>"));
    assert_eq!(world.register("1001", 3_600), 200);
    world.restart();
    assert!(!here(&world, "1001"));
}

#[test]
fn a_telephone_that_is_taken_out_of_the_directory_is_not_reached_any_more() {
    let mut world = World::new();
    world.registered(&["1004"]);
    let key = domain::directory::EntryKey::Device("1004".into());
    world.run(domain::command::Command::Remove(key)).unwrap();
    assert_eq!(world.voice.registered(), 0);
    assert_eq!(world.register("1004", 3_600), 401);
}

#[test]
fn options_is_answered_by_what_the_switch_can_do() {
    let mut world = World::new();
    world.phone("1001");
    let mut request = Request::new(Method::Options, uri("sip:demo.sangdam.test"));
    request.headers.push(Name::From, "<sip:x@h>;tag=1");
    request.headers.push(Name::To, "<sip:demo.sangdam.test>");
    request.headers.push(Name::CallId, "ping");
    request.headers.push(Name::CSeq, CSeq { number: 1, method: Method::Options });
    let answer = world.request("1001", request);
    assert_eq!(answer.status, 200);
    assert!(answer.headers.lists(&Name::Allow, "REFER"));
}

/// What the desk's protocol gives to a browser (`desk/ask/call.rs`).
pub(super) fn pass(world: &World, device: &str, until: u64) -> (String, String) {
    use base64::Engine as _;
    use facade::door::Site as _;
    let user = format!("{device}@desk.{until}");
    let said = [b"desk.phone".as_slice(), &0_u16.to_be_bytes(), user.as_bytes()].concat();
    let code = world.site.mac(&said).unwrap();
    (user, base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(code))
}

#[test]
fn a_desks_pass_opens_one_telephone_for_five_minutes() {
    let mut world = World::new();
    world.phone("1001");
    let now = world.now.0;
    let (user, password) = pass(&world, "1001", now + 300_000);
    assert_eq!(world.register_with("1001", &user, &password), 200);
    assert!(here(&world, "1001"));
    // Neither another's, nor for longer, nor without the code, nor when its time is over.
    let (other, _) = pass(&world, "1002", now + 300_000);
    assert_eq!(world.register_with("1001", &other, &password), 401);
    let (longer, its) = pass(&world, "1001", now + 300_001);
    assert_eq!(world.register_with("1001", &longer, &its), 401);
    assert_eq!(world.register_with("1001", &user, "guessed"), 401);
    let (another, its) = pass(&world, "1002", now + 300_000);
    assert_eq!(world.register_with("1001", &another, &its), 403);
    world.pass(Millis::from_secs(300));
    assert_eq!(world.register_with("1001", &user, &password), 401);
}
