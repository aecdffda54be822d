//! Other networks: calls that leave and come by trunks (S10 to S12), failover, limits, registration; and pages' visitors.

use super::calls::nothing_left;
use super::world::{World, uri};
use domain::call::{Attached, CallType, Link, Wish};
use domain::directory::{Device, DialRule, Entry, Trunk};
use domain::time::Millis;
use facade::voice::plane::{Hear, Sound};
use facade::voice::{Config, Most};
use sip::flow::Transport;
use sip::message::{Address, Headers, Method, Name};

/// A trunk to a telephone that plays the other network.
fn trunk(world: &mut World, id: &'static str, change: impl FnOnce(&mut Trunk)) {
    world.phone(id);
    let host = world.phones[id].flow.peer.to_string();
    let rule = DialRule { prefix: "9".into(), least: 4, most: 20, strip: 1, add: "".into() };
    let mut trunk = Trunk { rules: vec![rule], ..Trunk::new(id, &host) };
    change(&mut trunk);
    world.put(Entry::Trunk(trunk));
}

fn world() -> World {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    trunk(&mut world, "carrier", |trunk| {
        trunk.numbers.insert("0215990000".into(), "1002".into());
    });
    world
}

/// Somebody at the other network calls a number of ours.
fn calls_in(world: &mut World, id: &'static str, from: &str, to: &str) -> sip::event::CallId {
    let from = Address::new(uri(&format!("sip:{from}@carrier.example")));
    world.call_with(id, to, |invite| {
        invite.from = from;
        invite.credentials = None;
    })
}

#[test]
fn s10_a_call_leaves_by_a_trunk_with_its_number_rewritten() {
    let mut world = world();
    let a = world.call("1001", "901012345678");
    assert_eq!(world.heard(), "1001:13(22) 1001:10(22) 1001:9(22)");
    let invite = world.last_request("carrier", &Method::Invite).unwrap();
    assert_eq!(invite.uri.user().unwrap(), "01012345678");
    assert_eq!(world.story("1001"), [""; 0]);
    world.rings("carrier");
    assert_eq!(world.heard(), "1001:4(22)");
    assert_eq!(world.story("1001"), ["progress 180"]);
    world.pick_up("carrier");
    assert_eq!(world.heard(), "1001:6(22)");
    let call = &world.calls()[0];
    assert_eq!((call.kind, &*call.origin), (CallType::Outbound, "carrier"));
    assert_eq!(world.heard_at("1001"), Hear::Those(vec![world.leg_of("carrier")], vec![]));
    world.hang_up("1001", a);
    assert_eq!(world.heard(), "1001:3(-1) 1001:1(-1)");
    assert_eq!(*world.story("carrier").last().unwrap(), "bye");
    nothing_left(&mut world);
}

#[test]
fn s10_the_other_network_hangs_up() {
    let mut world = world();
    world.call("1001", "901012345678");
    let b = world.pick_up("carrier");
    world.heard();
    world.hang_up("carrier", b);
    assert_eq!(world.heard(), "1001:3(-1) 1001:1(-1)");
    nothing_left(&mut world);
}

#[test]
fn what_the_other_network_plays_before_the_answer_is_heard() {
    let mut world = world();
    world.call("1001", "901012345678");
    let call = world.incoming("carrier");
    let sdp = Some(b"sdp of carrier".to_vec());
    world.act("carrier", |end, now| end.ring(now, call, 183, &Headers::default(), sdp)).unwrap();
    assert_eq!(world.story("1001"), ["progress 183"]);
    assert_eq!(world.heard_at("1001"), Hear::Those(vec![world.leg_of("carrier")], vec![]));
    world.pick_up("carrier");
    assert_eq!(world.story("1001"), ["answered"]);
}

fn refuses(world: &mut World, id: &str, status: u16) {
    let call = world.incoming(id);
    world.act(id, |end, now| end.reject(now, call, status, &Headers::default())).unwrap();
}

#[test]
fn s11_what_the_other_network_says_becomes_a_cause() {
    for (status, heard, answer) in [
        (486, "1001:7(3) 1001:3(3) 1001:1(3)", "refused 486"),
        (404, "1001:7(13) 1001:3(13) 1001:1(13)", "refused 404"),
        (480, "1001:7(10) 1001:3(10) 1001:1(10)", "refused 480"),
        (503, "1001:7(20) 1001:3(20) 1001:1(20)", "refused 503"),
    ] {
        let mut world = world();
        world.call("1001", "901012345678");
        world.heard();
        refuses(&mut world, "carrier", status);
        assert_eq!(world.heard(), heard);
        assert_eq!(world.story("1001"), [answer]);
        nothing_left(&mut world);
    }
}

#[test]
fn the_next_trunk_is_tried_when_one_fails_and_none_when_the_called_side_says_no() {
    for (status, second) in [(503, true), (500, true), (486, false)] {
        let mut world = world();
        trunk(&mut world, "backup", |trunk| trunk.priority = 5);
        world.call("1001", "901012345678");
        world.heard();
        refuses(&mut world, "carrier", status);
        assert_eq!(world.phones["backup"].newest.is_some(), second, "{status}");
        if second {
            assert_eq!(world.heard(), "");
            world.pick_up("backup");
            assert_eq!(world.heard(), "1001:6(22)");
            assert_eq!(&*world.calls()[0].origin, "backup");
        }
    }
}

#[test]
fn a_trunk_that_does_not_answer_is_passed_over() {
    let mut world = world();
    trunk(&mut world, "backup", |trunk| trunk.priority = 5);
    world.phones.get_mut("carrier").unwrap().dead = true;
    world.call("1001", "901012345678");
    world.pass(Millis::from_secs(33));
    world.pick_up("backup");
    assert_eq!(world.calls()[0].link(&"1001".into()), Some(Link::Connected));
}

#[test]
fn s11_a_trunk_that_is_full_takes_no_more_either_way() {
    let mut world = world();
    let known = world.node.centre().directory().trunks["carrier"].as_ref().clone();
    world.put(Entry::Trunk(Trunk { limit: Some(1), ..known }));
    world.call("1001", "901012345678");
    world.pick_up("carrier");
    world.heard();
    world.call("1002", "901099999999");
    assert_eq!(world.heard(), "1002:13(22) 1002:10(22) 1002:7(33) 1002:3(33) 1002:1(33)");
    assert_eq!(world.story("1002"), ["refused 503"]);
    calls_in(&mut world, "carrier", "0100", "0215990000");
    assert!(world.story("carrier").last().unwrap().starts_with("refused"));
}

#[test]
fn s12_a_call_comes_in_to_an_extension() {
    let mut world = world();
    let x = calls_in(&mut world, "carrier", "01012345678", "0215990000");
    assert_eq!(world.heard(), "1002:4(22)");
    let call = &world.calls()[0];
    assert_eq!((call.kind, call.verified), (CallType::Inbound, true));
    assert_eq!((call.caller.as_str(), &*call.origin), ("01012345678", "0215990000"));
    world.pick_up("1002");
    assert_eq!(world.heard(), "1002:6(22)");
    assert_eq!(world.story("carrier"), ["progress 180", "answered"]);
    world.hang_up("carrier", x);
    assert_eq!(world.heard(), "1002:3(-1) 1002:1(-1)");
    nothing_left(&mut world);
}

#[test]
fn nobody_goes_from_one_network_to_another_through_us() {
    let mut world = world();
    let known = world.node.centre().directory().trunks["carrier"].as_ref().clone();
    let mut open = known.clone();
    open.numbers.insert("*".into(), "1002".into());
    world.put(Entry::Trunk(open));
    // What is dialled leads where the trunk's table says, never out again.
    calls_in(&mut world, "carrier", "0100", "901012345678");
    assert_eq!(world.heard(), "1002:4(22)");
    world.put(Entry::Trunk(known));
    calls_in(&mut world, "carrier", "0100", "901012345678");
    assert_eq!(*world.story("carrier").last().unwrap(), "refused 404");
}

#[test]
fn a_number_that_is_unknown_may_be_known_by_whom_it_was_for_before() {
    let mut world = world();
    world.call_with("carrier", "0700000000", |invite| {
        invite.from = Address::new(uri("sip:0100@carrier.example"));
        invite.credentials = None;
        invite.headers.push(Name::Diversion, "<sip:0215990000@carrier.example>;reason=no-answer");
    });
    assert_eq!(world.heard(), "1002:4(22)");
}

#[test]
fn a_caller_whose_number_is_an_extensions_is_not_that_extension() {
    let mut world = world();
    calls_in(&mut world, "carrier", "1002", "0215990000");
    assert_eq!(world.heard(), "1002:4(22)");
    assert_eq!(world.calls()[0].caller.as_str(), "1002");
    world.pick_up("1002");
    assert_eq!(world.heard(), "1002:6(22)");
    assert_eq!(world.heard_at("1002"), Hear::Those(vec![world.leg_of("carrier")], vec![]));
}

#[test]
fn a_call_from_outside_is_passed_on_to_outside_by_a_telephone_of_ours() {
    let mut world = world();
    calls_in(&mut world, "carrier", "0100", "0215990000");
    world.pick_up("1002");
    world.heard();
    let call = world.calls()[0].id;
    let (to, attached) = ("901012345678".into(), Attached::default());
    world.app(Wish::SingleStep { device: "1002".into(), call, to, attached }).unwrap();
    assert_eq!(world.heard(), "1002:14(52)");
    assert_eq!(world.heard_at("carrier"), Hear::Sound(Sound::Ringback));
    world.pick_up("carrier");
    let hears: Vec<_> = world.plane.hears.values().collect();
    assert!(
        hears.iter().all(|h| matches!(h, Hear::Those(those, _) if those.len() == 1)),
        "{hears:?}"
    );
}

#[test]
fn a_trunk_is_registered_at_and_knows_us_by_our_password() {
    let mut world = World::new();
    world.registered(&["1001"]);
    world.phone("carrier");
    world.phones.get_mut("carrier").unwrap().challenges = Some("secret of ours".into());
    let host = world.phones["carrier"].flow.peer.to_string();
    world.put(Entry::Trunk(Trunk {
        user: Some("0215990000".into()),
        sealed: Some("sealed:secret of ours".into()),
        register: true,
        ..Trunk::new("carrier", &host)
    }));
    let got = |world: &World| {
        let phone = &world.phones["carrier"];
        phone.got.iter().filter(|line| line.starts_with("REGISTER")).count()
    };
    // Asked, challenged, let in.
    assert_eq!(got(&world), 2);
    let request = world.last_request("carrier", &Method::Register).unwrap();
    assert!(request.headers.has(&Name::Authorization));
    // And again in time.
    world.pass(Millis::from_secs(400));
    assert!(got(&world) > 2);
    // Taken away when it is not wanted any more.
    world
        .run(domain::command::Command::Remove(domain::directory::EntryKey::Trunk("carrier".into())))
        .unwrap();
    let request = world.last_request("carrier", &Method::Register).unwrap();
    assert_eq!(request.headers.get(&Name::Expires), Some("0"));
}

/// Somebody at the trunk's address, or at another, by another port or transport.
fn stranger(world: &mut World, id: &'static str, near: bool, same_port: bool, by: Transport) {
    world.phone_by(id, by);
    let carrier = world.phones["carrier"].flow.peer;
    let peer = &mut world.phones.get_mut(id).unwrap().flow.peer;
    if near {
        peer.set_ip(carrier.ip());
    }
    if same_port {
        peer.set_port(carrier.port());
    }
}

fn changed(world: &mut World, change: impl FnOnce(&mut Trunk)) {
    let mut known = world.node.centre().directory().trunks["carrier"].as_ref().clone();
    change(&mut known);
    world.put(Entry::Trunk(known));
}

#[test]
fn whoever_is_at_a_trunk_s_address_is_not_the_trunk() {
    for (near, same_port, by) in [
        (true, false, Transport::Udp),
        (false, true, Transport::Udp),
        (true, true, Transport::Tcp),
        (true, false, Transport::Ws),
    ] {
        let mut world = world();
        stranger(&mut world, "liar", near, same_port, by);
        calls_in(&mut world, "liar", "0100", "0215990000");
        assert_eq!(world.story("liar"), ["refused 401"], "{near} {same_port} {by:?}");
        assert_eq!(world.heard(), "");
    }
}

#[test]
fn a_trunk_s_calls_come_from_the_sources_it_names() {
    let mut world = world();
    stranger(&mut world, "proxy", true, false, Transport::Udp);
    let peer = world.phones["proxy"].flow.peer;
    let (net, other) = (format!("{}/24", peer.ip()), format!("{}:1", peer.ip()));
    for (source, answer) in [
        (peer.ip().to_string(), "progress 180"),
        (peer.to_string(), "progress 180"),
        (net, "progress 180"),
        (other, "refused 401"),
        ("203.0.113.0/24".into(), "refused 401"),
    ] {
        changed(&mut world, |trunk| trunk.sources = vec![source.as_str().into()]);
        let call = calls_in(&mut world, "proxy", "0100", "0215990000");
        assert_eq!(world.story("proxy"), [answer], "{source}");
        if answer.starts_with("progress") {
            world.hang_up("proxy", call);
            world.story("proxy");
        }
    }
}

#[test]
fn a_trunk_s_calls_name_its_domain_and_give_its_password_where_they_must() {
    let mut world = world();
    changed(&mut world, |trunk| trunk.domain = Some("sip.carrier.example".into()));
    calls_in(&mut world, "carrier", "0100", "0215990000");
    assert_eq!(world.story("carrier"), ["refused 401"]);
    changed(&mut world, |trunk| trunk.domain = Some("Carrier.example".into()));
    let call = calls_in(&mut world, "carrier", "0100", "0215990000");
    assert_eq!(world.story("carrier"), ["progress 180"]);
    world.hang_up("carrier", call);
    world.story("carrier");
    changed(&mut world, |trunk| {
        (trunk.challenge, trunk.user) = (true, Some("them".into()));
        trunk.sealed = Some("sealed:theirs".into());
    });
    // What a desk has for a telephone of the same name is nothing to a trunk.
    let (desk, pass) = super::register::pass(&world, "them", world.now.0 + 300_000);
    for (given, answer) in [
        (None, "refused 401"),
        (Some(("them", "guess")), "refused 401"),
        (Some((&*desk, &*pass)), "refused 401"),
        (Some(("them", "theirs")), "progress 180"),
    ] {
        let from = Address::new(uri("sip:0100@carrier.example"));
        world.call_with("carrier", "0215990000", |invite| {
            invite.from = from;
            invite.credentials = given.map(|(user, it)| sip::digest::Credentials::new(user, it));
        });
        assert_eq!(world.story("carrier"), [answer], "{given:?}");
    }
}

#[test]
fn a_telephone_at_a_trunk_s_address_is_a_telephone() {
    let mut world = world();
    changed(&mut world, |trunk| {
        trunk.carrier = domain::directory::Carrier::Tcp;
        trunk.numbers.insert("*".into(), "1002".into());
    });
    stranger(&mut world, "1003", true, false, Transport::Tcp);
    assert_eq!(world.register("1003", 3_600), 200);
    world.heard();
    world.call("1003", "1001");
    assert_eq!(world.heard(), "1003:13(22) 1003:10(22) 1003:4(22) 1001:4(22)");
}

#[test]
fn after_a_restart_calls_of_trunks_are_over() {
    let mut world = world();
    calls_in(&mut world, "carrier", "0100", "0215990000");
    world.pick_up("1002");
    world.heard();
    world.restart();
    assert_eq!(world.heard(), "1002:3(19) 1002:1(19)");
}

// --- pages

/// A page's visitor calls.
fn visits(world: &mut World, to: &str, kind: &str) -> sip::event::CallId {
    world.call_with("visitor", to, |invite| {
        invite.from = Address::new(uri("sip:1001@demo.sangdam.test"));
        invite.credentials = None;
        invite.headers.push(Name::Other("X-NX-Kind".into()), kind);
    })
}

#[test]
fn a_visitor_reaches_what_is_public_and_nothing_else() {
    let mut world = world();
    world.phone_by("visitor", Transport::Ws);
    let realm = "demo.sangdam.test";
    world.site.names.insert(realm.into(), facade::door::RealmNo(0));
    let known = world.node.centre().directory().devices["1002"].as_ref().clone();
    for (to, kind, answer) in [
        ("1002", "call", "refused 404"),
        ("901012345678", "call", "refused 404"),
        ("*81002", "call", "refused 404"),
        ("3001", "fax", "refused 488"),
    ] {
        visits(&mut world, to, kind);
        assert_eq!(world.story("visitor"), [answer], "{to}");
    }
    assert_eq!(world.heard(), "");
    world.put(Entry::Device(Device { public: true, ..known }));
    visits(&mut world, "1002", "call");
    assert_eq!(world.heard(), "1002:4(22)");
    let call = &world.calls()[0];
    // Whatever they claim, they are not that extension.
    assert_eq!((call.kind, call.verified), (CallType::Inbound, false));
    world.pick_up("1002");
    assert_eq!(world.story("visitor"), ["progress 180", "answered"]);
    for status in [180, 200] {
        let told = world.phones["visitor"].messages.iter().find_map(|message| match message {
            sip::message::Message::Response(r) if r.status == status => Some(r),
            _ => None,
        });
        let header = |name: &str| told.unwrap().headers.get(&Name::Other(name.into()));
        assert!(header("X-NX-Cid").is_some());
        assert_eq!(header("X-NX-VirtualAgent"), Some("1002"), "{status}");
    }
    // The queue is public here.
    let mut headers = Headers::default();
    headers.push(Name::ReferTo, "<sip:901012345678@h>");
    let call = visits(&mut world, "3001", "call");
    assert_eq!(world.story("visitor"), ["progress 180", "answered"]);
    // They pass nobody on.
    world.act("visitor", |end, now| end.say(now, call, Method::Refer, &headers, None)).unwrap();
    assert_eq!(world.story("visitor"), ["response 403"]);
}

#[test]
fn the_same_words_by_datagram_are_no_visit() {
    let mut world = world();
    world.phone("visitor");
    visits(&mut world, "3001", "call");
    assert_eq!(world.story("visitor"), ["refused 401"]);
}

#[test]
fn visitors_of_one_address_and_of_all_are_so_many_at_most() {
    for (most, allowed) in [
        (Most::default(), 10),
        (Most { web_address: 3, ..Most::default() }, 3),
        (Most { web_realm: 4, ..Most::default() }, 4),
    ] {
        let mut world = World::behaving(Config { most, ..Config::default() });
        world.phone_by("visitor", Transport::Ws);
        world.site.names.insert("demo.sangdam.test".into(), facade::door::RealmNo(0));
        let calls: Vec<_> = (0..allowed).map(|_| visits(&mut world, "3001", "call")).collect();
        world.story("visitor");
        visits(&mut world, "3001", "call");
        assert_eq!(world.story("visitor"), ["refused 503"], "{allowed}");
        // Whoever goes makes room.
        world.hang_up("visitor", calls[0]);
        world.story("visitor");
        visits(&mut world, "3001", "call");
        assert_eq!(world.story("visitor"), ["progress 180", "answered"], "{allowed}");
    }
}

#[test]
fn a_telephone_has_so_many_legs_at_a_time_as_it_may() {
    let most = Most { phone_legs: 1, ..Most::default() };
    let mut world = World::behaving(Config { most, ..Config::default() });
    world.registered(&["1001"]);
    let call = world.call("1001", "3001");
    assert_eq!(world.story("1001"), ["progress 180", "answered"]);
    world.call("1001", "3001");
    assert_eq!(world.story("1001"), ["refused 503"]);
    world.hang_up("1001", call);
    world.story("1001");
    world.call("1001", "3001");
    assert_eq!(world.story("1001"), ["progress 180", "answered"]);
}
