//! Calls between telephones, by their own keys: the scenarios of `nxproxy-rio.md` 8, as the monitors hear them and as the
//! telephones do.

use super::world::World;
use domain::call::{Link, Wish};
use domain::time::Millis;
use facade::voice::plane::{Hear, Sound};
use sip::event::CallId;
use sip::message::{Headers, Name};

/// 1001 has called 1002, who has answered: their names for the call.
pub(super) fn talking(world: &mut World) -> (CallId, CallId) {
    let a = world.call("1001", "1002");
    let b = world.pick_up("1002");
    world.heard();
    world.story("1001");
    world.story("1002");
    (a, b)
}

pub(super) fn nothing_left(world: &mut World) {
    assert!(world.calls().is_empty(), "{:?}", world.calls());
    assert_eq!(world.voice.legs(), 0);
    assert!(world.plane.hears.is_empty(), "{:?}", world.plane.hears);
}

#[test]
fn s1_s2_s3_a_telephone_calls_another_they_talk_and_hang_up() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let a = world.call("1001", "1002");
    assert_eq!(world.heard(), "1001:13(22) 1001:10(22) 1001:4(22) 1002:4(22)");
    assert_eq!(world.story("1001"), ["progress 180"]);
    world.rings("1002");
    world.pick_up("1002");
    assert_eq!(world.heard(), "1001:6(22) 1002:6(22)");
    assert_eq!(world.story("1001"), ["answered"]);
    assert_eq!(world.story("1002"), ["incoming", "connected"]);
    // Each hears the other.
    let hears: Vec<Hear> = world.plane.hears.values().cloned().collect();
    let legs: Vec<_> = world.plane.hears.keys().copied().collect();
    assert_eq!(hears[0], Hear::Those(vec![legs[1]], vec![]));
    assert_eq!(hears[1], Hear::Those(vec![legs[0]], vec![]));
    // What is offered is like the caller's, and the caller is answered when it is known whom they talk to.
    assert_eq!(world.plane.likes[&legs[1]], Some(legs[0]));
    assert_eq!(world.plane.settled[&legs[0]], Some(legs[1]));
    world.hang_up("1001", a);
    assert_eq!(world.heard(), "1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1)");
    assert_eq!(world.story("1002"), ["bye"]);
    nothing_left(&mut world);
}

#[test]
fn s3_the_called_side_may_hang_up_as_well() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let (_, b) = talking(&mut world);
    world.hang_up("1002", b);
    assert_eq!(world.heard(), "1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1)");
    assert_eq!(world.story("1001"), ["bye"]);
    nothing_left(&mut world);
}

#[test]
fn s4_a_caller_gives_up() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let a = world.call("1001", "1002");
    world.heard();
    world.hang_up("1001", a);
    assert_eq!(world.heard(), "1001:3(5) 1002:3(5) 1001:1(5) 1002:1(5)");
    assert_eq!(world.story("1002"), ["incoming", "ended Cancelled"]);
    nothing_left(&mut world);
}

fn refuses(world: &mut World, id: &str, status: u16) {
    let call = world.incoming(id);
    world.act(id, |end, now| end.reject(now, call, status, &Headers::default())).unwrap();
}

#[test]
fn s5_a_telephone_refuses() {
    for status in [486, 600, 603] {
        let mut world = World::new();
        world.registered(&["1001", "1002"]);
        world.call("1001", "1002");
        world.heard();
        refuses(&mut world, "1002", status);
        assert_eq!(world.heard(), "1001:7(3) 1001:3(3) 1002:3(5) 1001:1(3) 1002:1(5)", "{status}");
        assert_eq!(world.story("1001"), ["progress 180", "refused 486"]);
        nothing_left(&mut world);
    }
}

#[test]
fn s6_s7_s9_callers_are_told_why_in_the_words_of_sip() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    talking(&mut world);
    for (to, heard, answer) in [
        ("1002", "1003:13(22) 1003:10(22) 1003:7(3) 1003:3(3) 1003:1(3)", "refused 486"),
        ("99999999", "1003:13(22) 1003:10(22) 1003:7(13) 1003:3(13) 1003:1(13)", "refused 404"),
        ("1004", "1003:13(22) 1003:10(22) 1003:7(65) 1003:3(65) 1003:1(65)", "refused 480"),
    ] {
        world.call("1003", to);
        assert_eq!(world.heard(), heard);
        assert_eq!(world.story("1003"), [answer], "{to}");
    }
    assert_eq!(world.voice.legs(), 2);
}

#[test]
fn s8_nobody_answers() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    world.call("1001", "1002");
    world.rings("1002");
    world.heard();
    world.pass(Millis::from_secs(61));
    assert_eq!(world.heard(), "1001:7(10) 1001:3(10) 1002:3(10) 1001:1(10) 1002:1(10)");
    assert_eq!(world.story("1001"), ["progress 180", "refused 480"]);
    assert_eq!(world.story("1002"), ["incoming", "ended Cancelled"]);
    nothing_left(&mut world);
}

#[test]
fn s13_s14_a_telephone_puts_its_call_on_hold_and_takes_it_back() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let (a, _) = talking(&mut world);
    world.act("1001", |end, now| end.offer(now, a, b"hold".to_vec())).unwrap();
    assert_eq!(world.heard(), "1001:8(-1) 1002:8(-1)");
    let music = Hear::Sound(Sound::Music("".into()));
    let hears: Vec<Hear> = world.plane.hears.values().cloned().collect();
    assert_eq!(hears, [Hear::Nothing, music]);
    world.act("1001", |end, now| end.offer(now, a, b"back".to_vec())).unwrap();
    assert_eq!(world.heard(), "1001:12(-1) 1002:12(-1)");
    assert!(world.plane.hears.values().all(|h| matches!(h, Hear::Those(..))));
}

/// 1001 talks with 1002, has put them on hold and asks 1003.
fn consulting(world: &mut World) -> (CallId, CallId) {
    let (held, _) = talking(world);
    world.act("1001", |end, now| end.offer(now, held, b"hold".to_vec())).unwrap();
    let side = world.call("1001", "1003");
    (held, side)
}

#[test]
fn s15_s16_s22_a_second_call_beside_one_on_hold_is_a_consultation() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    let (held, side) = consulting(&mut world);
    assert_eq!(
        world.heard(),
        "1001:8(-1) 1002:8(-1) 1001:13(22) 1001:10(22) 1001:4(22) 1003:4(22)"
    );
    let calls = world.calls();
    assert_eq!(calls[0].cnid, calls[1].cnid);
    assert_eq!(calls[1].cnsq, 2);
    assert_eq!(calls[1].kind as u8, 4);
    world.pick_up("1003");
    assert_eq!(world.heard(), "1001:6(22) 1003:6(22)");
    world.hang_up("1001", side);
    assert_eq!(world.heard(), "1001:3(-1) 1003:3(-1) 1001:1(-1) 1003:1(-1)");
    world.act("1001", |end, now| end.offer(now, held, b"back".to_vec())).unwrap();
    assert_eq!(world.heard(), "1001:12(-1) 1002:12(-1)");
    world.hang_up("1001", held);
    nothing_left(&mut world);
}

fn refer(world: &mut World, id: &str, call: CallId, to: &str) {
    let mut headers = Headers::default();
    headers.push(Name::ReferTo, to);
    let method = sip::message::Method::Refer;
    world.act(id, |end, now| end.say(now, call, method, &headers, None)).unwrap();
}

/// The bodies of NOTIFYs that came.
fn fragments(world: &World, id: &str) -> Vec<String> {
    let messages = world.phones[id].messages.iter().filter_map(|message| match message {
        sip::message::Message::Request(r) if r.method == sip::message::Method::Notify => {
            Some(String::from_utf8_lossy(&r.body).trim().to_owned())
        }
        _ => None,
    });
    messages.collect()
}

#[test]
fn s17_a_telephone_transfers_after_a_consultation() {
    // In either order of the two calls, and with both on hold.
    for (first, both) in [(true, false), (false, false), (true, true)] {
        let mut world = World::new();
        world.registered(&["1001", "1002", "1003"]);
        let (held, side) = consulting(&mut world);
        world.pick_up("1003");
        if both {
            world.act("1001", |end, now| end.offer(now, side, b"hold".to_vec())).unwrap();
        }
        world.heard();
        let survivor = world.calls()[0].id;
        let (asks, other) = if first { (held, side) } else { (side, held) };
        let replaces = world.act("1001", |end, _| end.replaces(other)).unwrap();
        // Seen from the switch: its own tag comes first.
        let replaces = escaped(&replaces.to_string());
        refer(&mut world, "1001", asks, &format!("<sip:1003@h?Replaces={replaces}>"));
        assert_eq!(world.heard(), "1001:14(32) 1002:14(32) 1003:14(32)");
        assert_eq!(world.calls()[0].id, survivor);
        assert_eq!(fragments(&world, "1001"), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
        assert_eq!(world.voice.legs(), 2);
        assert!(world.plane.hears.values().all(|h| matches!(h, Hear::Those(..))));
        let b = world.incoming("1002");
        world.hang_up("1002", b);
        assert_eq!(world.heard(), "1002:3(-1) 1003:3(-1) 1002:1(-1) 1003:1(-1)");
        nothing_left(&mut world);
    }
}

/// What a URI's header part may hold.
pub(super) fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        })
        .collect()
}

#[test]
fn s23_a_transfer_while_it_still_rings_and_s26_back_when_nobody_answers() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    let (held, side) = consulting(&mut world);
    world.heard();
    let replaces = world.act("1001", |end, _| end.replaces(side)).unwrap();
    let replaces = escaped(&replaces.to_string());
    refer(&mut world, "1001", held, &format!("<sip:1003@h?Replaces={replaces}>"));
    assert_eq!(world.heard(), "1001:14(32) 1002:14(32) 1003:14(32)");
    let ringback = Hear::Sound(Sound::Ringback);
    assert!(world.plane.hears.values().any(|h| *h == ringback));
    world.pass(Millis::from_secs(61));
    assert_eq!(world.heard(), "1002:7(10) 1003:3(10) 1001:4(27) 1002:4(27)");
    world.pick_up("1001");
    assert_eq!(world.heard(), "1001:6(27) 1002:6(27)");
}

#[test]
fn s24_s25_a_telephone_passes_its_call_on_without_a_word() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    let (a, _) = talking(&mut world);
    refer(&mut world, "1001", a, "<sip:1003@demo.sangdam.test>");
    assert_eq!(world.heard(), "1001:14(52) 1002:14(52) 1002:4(52) 1003:4(52)");
    assert_eq!(fragments(&world, "1001"), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
    assert_eq!(*world.story("1001").last().unwrap(), "bye");
    world.pick_up("1003");
    assert_eq!(world.heard(), "1002:6(52) 1003:6(52)");
}

#[test]
fn a_refer_that_cannot_be_is_answered_so() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let a = world.call("1001", "1002");
    // Nobody has answered yet: there is nobody to be passed on.
    world.rings("1002");
    world.heard();
    refer(&mut world, "1001", a, "<sip:1003@demo.sangdam.test>");
    assert_eq!(fragments(&world, "1001"), ["SIP/2.0 100 Trying", "SIP/2.0 603 Decline"]);
    assert_eq!(world.heard(), "");
}

#[test]
fn s31_calls_are_forwarded_by_what_telephones_say() {
    use domain::directory::{Device, Entry, Forward};
    for (forward, heard) in [
        (
            Forward { busy: Some("1003".into()), ..Forward::default() },
            "1002:5(7) 1001:4(7) 1003:4(7)",
        ),
        (
            Forward { no_answer: Some("1003".into()), ..Forward::default() },
            "1002:5(8) 1001:4(8) 1003:4(8)",
        ),
    ] {
        let busy = forward.busy.is_some();
        let mut world = World::new();
        world.put(Entry::Device(Device {
            sealed: Some("sealed:sip-1002".into()),
            forward: Some(forward),
            ..Device::new("1002")
        }));
        world.registered(&["1001", "1002", "1003"]);
        world.call("1001", "1002");
        world.heard();
        refuses(&mut world, "1002", if busy { 486 } else { 480 });
        assert_eq!(world.heard(), heard);
        world.pick_up("1003");
        let invite = world.phones["1003"].messages.iter().find_map(|message| match message {
            sip::message::Message::Request(r) if r.method == sip::message::Method::Invite => {
                Some(r)
            }
            _ => None,
        });
        let diversion = invite.unwrap().headers.get(&Name::Diversion).unwrap();
        assert!(diversion.starts_with("<sip:1002@"), "{diversion}");
    }
}

#[test]
fn s32_a_telephone_picks_up_what_rings_at_another() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    world.call("1001", "1002");
    world.heard();
    world.call("1003", "*81002");
    assert_eq!(world.heard(), "1002:5(11) 1001:6(11) 1003:6(11)");
    assert_eq!(world.story("1003"), ["progress 180", "answered"]);
    assert_eq!(world.story("1002"), ["incoming", "ended Cancelled"]);
    assert_eq!(world.voice.legs(), 2);
}

#[test]
fn user_data_travel_with_the_call() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    world.call_with("1001", "1002", |invite| {
        let data = sip::message::UserToUser::from_bytes("고객 42".as_bytes());
        invite.headers.push(Name::UserToUser, data);
    });
    assert_eq!(&*world.calls()[0].attached.uui, "고객 42");
    let invite = world.phones["1002"].messages.iter().find_map(|message| match message {
        sip::message::Message::Request(r) if r.method == sip::message::Method::Invite => Some(r),
        _ => None,
    });
    let got: Option<sip::message::UserToUser> =
        invite.unwrap().headers.one(&Name::UserToUser).unwrap();
    assert_eq!(got.unwrap().bytes().unwrap(), "고객 42".as_bytes());
}

#[test]
fn keys_by_info_reach_those_who_listen() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let (a, _) = talking(&mut world);
    let body = Some(("application/dtmf-relay", b"Signal=#\r\nDuration=250\r\n".to_vec()));
    let method = sip::message::Method::Info;
    world.act("1001", |end, now| end.say(now, a, method, &Headers::default(), body)).unwrap();
    assert_eq!(world.story("1001"), ["response 200"]);
    let other = *world.plane.hears.keys().last().unwrap();
    assert_eq!(world.plane.keys, [(other, '#')]);
}

#[test]
fn strangers_and_wrong_names_call_nobody() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    // No password at all.
    world.call_with("1001", "1002", |invite| invite.credentials = None);
    assert_eq!(world.story("1001"), ["refused 401"]);
    // A right password, another's name.
    world.call_with("1001", "1002", |invite| {
        let from = sip::message::Address::new(super::world::uri("sip:1003@demo.sangdam.test"));
        invite.from = from;
    });
    assert_eq!(world.story("1001"), ["refused 403"]);
    // A right password, and not registered.
    world.phone("1003");
    world.call("1003", "1002");
    assert_eq!(world.story("1003"), ["refused 403"]);
    assert_eq!(world.story("1002"), [""; 0]);
    nothing_left(&mut world);
}

#[test]
fn what_could_not_be_heard_rings_nowhere() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    world.call_with("1001", "1002", |invite| invite.sdp = Some(b"unfit".to_vec()));
    assert_eq!(world.story("1001"), ["refused 488"]);
    assert_eq!(world.heard(), "");
}

#[test]
fn a_call_without_an_offer_gets_one_in_the_answer() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let a = world.call_with("1001", "1002", |invite| invite.sdp = None);
    world.pick_up("1002");
    world.act("1001", |end, now| end.accept(now, a, b"late".to_vec())).unwrap();
    assert!(world.plane.said.values().any(|said| said == "late"));
    assert_eq!(world.calls()[0].link(&"1001".into()), Some(Link::Connected));
}

#[test]
fn a_telephone_that_vanishes_leaves_by_the_session_timer() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    talking(&mut world);
    world.phones.get_mut("1002").unwrap().dead = true;
    world.pass(Millis::from_secs(3_600));
    assert_eq!(world.heard(), "1001:3(19) 1002:3(19) 1001:1(19) 1002:1(19)");
    nothing_left(&mut world);
}

#[test]
fn silence_alone_ends_no_call_but_no_sign_of_life_does() {
    use facade::voice::plane::Noticed;
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    talking(&mut world);
    let leg = *world.plane.hears.keys().last().unwrap();
    world.noticed(Noticed::Silent(leg, 31_000));
    world.pass(Millis::from_secs(40));
    assert_eq!(world.heard(), "");
    world.phones.get_mut("1002").unwrap().dead = true;
    world.noticed(Noticed::Silent(leg, 31_000));
    world.pass(Millis::from_secs(40));
    assert_eq!(world.heard(), "1001:3(19) 1002:3(19) 1001:1(19) 1002:1(19)");
    assert_eq!(world.story("1001"), ["bye"]);
}

#[test]
fn after_a_restart_calls_whose_sound_is_lost_are_over() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    talking(&mut world);
    world.restart();
    assert_eq!(world.heard(), "1001:3(19) 1002:3(19) 1001:1(19) 1002:1(19)");
    assert!(world.calls().is_empty());
}

#[test]
fn all_contacts_ring_and_the_first_to_answer_has_the_call() {
    let mut world = World::new();
    world.registered(&["1001"]);
    world.phone("1002");
    assert_eq!(world.register("1002", 3_600), 200);
    // The same number at another place.
    world.phone("desk");
    assert_eq!(world.register_as("desk", "1002", "sip-1002", 3_600), 200);
    world.told.clear();
    world.call("1001", "1002");
    assert_eq!(world.heard(), "1001:13(22) 1001:10(22) 1001:4(22) 1002:4(22)");
    // One contact's no is not the telephone's.
    world.rings("desk");
    world.pick_up("desk");
    assert_eq!(world.heard(), "1001:6(22) 1002:6(22)");
    assert_eq!(world.story("1002"), ["incoming", "ended Cancelled"]);
    assert_eq!(world.voice.legs(), 2);
}

#[test]
fn one_contacts_no_is_not_the_telephones_unless_it_speaks_for_all() {
    for (status, still) in [(486, true), (603, false)] {
        let mut world = World::new();
        world.registered(&["1001", "1002"]);
        world.phone("desk");
        assert_eq!(world.register_as("desk", "1002", "sip-1002", 3_600), 200);
        world.call("1001", "1002");
        refuses(&mut world, "desk", status);
        assert_eq!(!world.calls().is_empty(), still, "{status}");
    }
}

#[test]
fn a_muted_telephone_is_not_heard_until_it_is_lifted_and_keys_go_to_the_others() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let (a, _) = talking(&mut world);
    let call = world.calls()[0].id;
    let mute = |world: &mut World, on| world.app(Wish::Mute("1001".into(), on)).unwrap();
    mute(&mut world, true);
    assert_eq!(world.heard_at("1002"), Hear::Nothing);
    assert_eq!(world.heard_at("1001"), Hear::Those(vec![world.leg_of("1002")], vec![]));
    mute(&mut world, false);
    assert_eq!(world.heard_at("1002"), Hear::Those(vec![world.leg_of("1001")], vec![]));

    world.app(Wish::Keys("1001".into(), call, "1#".into())).unwrap();
    let far = world.leg_of("1002");
    assert_eq!(world.plane.keys, [(far, '1'), (far, '#')]);
    world.hang_up("1001", a);
    nothing_left(&mut world);
}

#[test]
fn a_telephone_that_was_started_anew_goes_on_with_its_call() {
    let mut world = World::new();
    world.registered(&["1002"]);
    world.phone_by("1001", sip::flow::Transport::Ws);
    assert_eq!(world.register("1001", 3_600), 200);
    let b = world.call("1002", "1001");
    world.pick_up("1001");
    let cnid = world.calls()[0].cnid.clone();
    // The page is loaded anew: its connection is lost, and another comes.
    let flow = world.phones["1001"].flow;
    world.with(|voice, cx, plane| voice.closed(cx, plane, flow));
    world.settle();
    assert_eq!((world.calls().len(), world.voice.legs()), (1, 2), "the call goes on without it");
    world.phones.remove("1001");
    // One more, so that the new page has another address.
    world.phone("1003");
    world.phone_by("1001", sip::flow::Transport::Ws);
    let resume = |cnid: &str| {
        let cnid = cnid.to_owned();
        move |invite: &mut sip::endpoint::Invite| {
            invite.headers.push(Name::Other("X-NX-Resume".into()), cnid);
        }
    };
    assert_eq!(world.register("1001", 3_600), 200);
    world.call_with("1001", "1001", resume("999"));
    assert_eq!(*world.story("1001").last().unwrap(), "refused 481");
    world.heard();
    world.call_with("1001", "1001", resume(&cnid));
    assert_eq!(*world.story("1001").last().unwrap(), "answered");
    assert_eq!(world.voice.legs(), 2, "its earlier leg is gone");
    assert_eq!(world.heard(), "", "nobody else noticed anything");
    for id in ["1001", "1002"] {
        assert!(matches!(world.heard_at(id), Hear::Those(..)), "{id}");
    }
    // It is a leg like any other.
    world.app(Wish::Hold("1002".into(), world.calls()[0].id)).unwrap();
    assert_eq!(world.calls()[0].link(&"1001".into()), Some(Link::Connected));
    world.hang_up("1002", b);
    assert_eq!(*world.story("1001").last().unwrap(), "bye");
    nothing_left(&mut world);
}

#[test]
fn whoever_resumes_gets_their_own_call_and_no_other() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    talking(&mut world);
    let cnid = world.calls()[0].cnid.to_string();
    world.call_with("1003", "1003", |invite| {
        invite.headers.push(Name::Other("X-NX-Resume".into()), cnid);
    });
    assert_eq!(*world.story("1003").last().unwrap(), "refused 481");
    assert_eq!(world.voice.legs(), 2);
}
