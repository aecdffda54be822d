//! Applications at real telephones: what they wish is done by the switch, or asked of the phone (`nxproxy-rio.md` 5.4).

use super::calls::{nothing_left, talking};
use super::world::World;
use domain::call::{Attached, Barge, CallId, Link, Wish};
use domain::time::Millis;
use facade::voice::plane::{Hear, Sound};
use sip::message::{Headers, Method, Name};

fn dial(world: &mut World, from: &str, to: &str) {
    let attached = Attached::default();
    world.app(Wish::Dial { device: from.into(), to: to.into(), attached }).unwrap();
}

fn consult(world: &mut World, to: &str) {
    let call = world.calls()[0].id;
    let attached = Attached::default();
    world.app(Wish::Consult { device: "1001".into(), call, to: to.into(), attached }).unwrap();
}

fn id(world: &World, at: usize) -> CallId {
    world.calls()[at].id
}

#[test]
fn s1_a_telephone_is_called_first_and_then_calls() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    dial(&mut world, "1001", "1002");
    assert_eq!(world.heard(), "1001:13(22)");
    let invite = world.last_request("1001", &Method::Invite).unwrap();
    assert!(invite.headers.get(&Name::CallInfo).unwrap().ends_with(";answer-after=0"));
    assert_eq!(invite.from().unwrap().uri.user().unwrap(), "1002");
    world.pick_up("1001");
    assert_eq!(world.heard(), "1001:10(22) 1001:4(22) 1002:4(22)");
    assert_eq!(world.heard_at("1001"), Hear::Sound(Sound::Ringback));
    world.pick_up("1002");
    assert_eq!(world.heard(), "1001:6(22) 1002:6(22)");
    assert_eq!(world.heard_at("1001"), Hear::Those(vec![world.leg_of("1002")], vec![]));
    let call = id(&world, 0);
    world.app(Wish::Clear("1002".into(), call)).unwrap();
    assert_eq!(world.heard(), "1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1)");
    assert_eq!(*world.story("1001").last().unwrap(), "bye");
    assert_eq!(*world.story("1002").last().unwrap(), "bye");
    nothing_left(&mut world);
}

#[test]
fn a_telephone_that_does_not_pick_up_calls_nobody() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    dial(&mut world, "1001", "1002");
    world.pass(Millis::from_secs(21));
    assert_eq!(world.heard(), "1001:13(22) 1001:3(10) 1001:1(10)");
    assert_eq!(world.story("1001"), ["incoming", "ended Cancelled"]);
    dial(&mut world, "1001", "1002");
    let call = world.incoming("1001");
    world.act("1001", |end, now| end.reject(now, call, 486, &Headers::default())).unwrap();
    assert_eq!(world.heard(), "1001:13(22) 1001:3(10) 1001:1(10)");
    assert_eq!(world.story("1002"), [""; 0]);
    nothing_left(&mut world);
}

#[test]
fn who_is_away_neither_calls_nor_answers() {
    let mut world = World::new();
    let attached = Attached::default();
    let dial = Wish::Dial { device: "1001".into(), to: "1002".into(), attached };
    assert!(world.app(dial).is_err());
}

#[test]
fn s2_a_telephone_is_asked_to_pick_up_and_the_call_stands_when_it_does() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    world.call("1001", "1002");
    world.rings_and_talks("1002");
    world.heard();
    let call = id(&world, 0);
    world.app(Wish::Answer("1002".into(), call)).unwrap();
    let notify = world.last_request("1002", &Method::Notify).unwrap();
    assert_eq!(notify.headers.get(&Name::Event), Some("talk"));
    assert_eq!(world.heard(), "");
    world.pick_up("1002");
    assert_eq!(world.heard(), "1001:6(22) 1002:6(22)");
}

#[test]
fn a_telephone_that_does_not_know_talk_is_called_anew_in_words_it_knows() {
    for refuses in [false, true] {
        let mut world = World::new();
        world.registered(&["1001", "1002"]);
        world.call("1001", "1002");
        if refuses {
            world.rings_and_talks("1002");
            world.phones.get_mut("1002").unwrap().answers = 489;
        } else {
            world.rings("1002");
        }
        world.heard();
        let call = id(&world, 0);
        world.app(Wish::Answer("1002".into(), call)).unwrap();
        let invite = world.last_request("1002", &Method::Invite).unwrap();
        assert!(invite.headers.has(&Name::CallInfo), "{refuses}");
        world.pick_up("1002");
        assert_eq!(world.heard(), "1001:6(22) 1002:6(22)");
        assert_eq!(world.voice.legs(), 2);
    }
}

#[test]
fn s13_s14_the_switch_holds_and_retrieves_by_itself() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    talking(&mut world);
    let call = id(&world, 0);
    world.app(Wish::Hold("1001".into(), call)).unwrap();
    assert_eq!(world.heard(), "1001:8(-1) 1002:8(-1)");
    assert_eq!(world.heard_at("1001"), Hear::Nothing);
    assert_eq!(world.heard_at("1002"), Hear::Sound(Sound::Music("".into())));
    world.app(Wish::Retrieve("1001".into(), call)).unwrap();
    assert_eq!(world.heard(), "1001:12(-1) 1002:12(-1)");
    assert_eq!(world.heard_at("1002"), Hear::Those(vec![world.leg_of("1001")], vec![]));
    // The telephones were told nothing.
    assert_eq!(world.story("1001"), [""; 0]);
}

#[test]
fn a_telephone_that_holds_by_itself_is_asked_to_come_back() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    let (a, _) = talking(&mut world);
    world.act("1001", |end, now| end.offer(now, a, b"hold".to_vec())).unwrap();
    let call = id(&world, 0);
    world.app(Wish::Retrieve("1001".into(), call)).unwrap();
    let notify = world.last_request("1001", &Method::Notify).unwrap();
    assert_eq!(notify.headers.get(&Name::Event), Some("talk"));
}

#[test]
fn s15_to_s17_a_consultation_goes_by_the_leg_that_is_there() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    talking(&mut world);
    consult(&mut world, "1003");
    assert_eq!(
        world.heard(),
        "1001:8(-1) 1002:8(-1) 1001:13(22) 1001:10(22) 1001:4(22) 1003:4(22)"
    );
    assert_eq!(world.heard_at("1001"), Hear::Sound(Sound::Ringback));
    world.pick_up("1003");
    assert_eq!(world.heard(), "1001:6(22) 1003:6(22)");
    assert_eq!(world.voice.legs(), 3);
    assert_eq!(world.heard_at("1001"), Hear::Those(vec![world.leg_of("1003")], vec![]));
    assert_eq!(world.heard_at("1002"), Hear::Sound(Sound::Music("".into())));
    let (held, side) = (id(&world, 0), id(&world, 1));
    world.app(Wish::Transfer("1001".into(), side, held)).unwrap();
    assert_eq!(world.heard(), "1001:14(32) 1002:14(32) 1003:14(32)");
    assert_eq!(world.story("1001"), ["bye"]);
    assert_eq!(world.voice.legs(), 2);
    assert_eq!(world.heard_at("1002"), Hear::Those(vec![world.leg_of("1003")], vec![]));
}

#[test]
fn s18_to_s20_three_talk_and_hear_each_other() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    talking(&mut world);
    consult(&mut world, "1003");
    let c = world.pick_up("1003");
    world.heard();
    let (held, side) = (id(&world, 0), id(&world, 1));
    world.app(Wish::Confer("1001".into(), side, held)).unwrap();
    assert_eq!(world.heard(), "1001:2(22) 1002:2(22) 1003:2(22)");
    let legs = ["1001", "1002", "1003"].map(|id| world.leg_of(id));
    for (at, id) in ["1001", "1002", "1003"].into_iter().enumerate() {
        let Hear::Those(mut those, sounds) = world.heard_at(id) else { panic!() };
        those.sort();
        let others: Vec<_> =
            legs.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, l)| *l).collect();
        assert_eq!((those, sounds), (others, vec![]));
    }
    world.hang_up("1003", c);
    assert_eq!(world.heard(), "1001:3(-1) 1002:3(-1) 1003:3(-1)");
    let call = id(&world, 0);
    world.app(Wish::Clear("1001".into(), call)).unwrap();
    nothing_left(&mut world);
}

#[test]
fn a_conference_of_two_legs_of_one_telephone_leaves_it_one() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "1003"]);
    let (a, _) = talking(&mut world);
    world.act("1001", |end, now| end.offer(now, a, b"hold".to_vec())).unwrap();
    world.call("1001", "1003");
    world.pick_up("1003");
    world.heard();
    assert_eq!(world.voice.legs(), 4);
    let (held, side) = (id(&world, 0), id(&world, 1));
    world.app(Wish::Confer("1001".into(), side, held)).unwrap();
    assert_eq!(world.voice.legs(), 3);
    assert_eq!(world.calls()[0].parties.len(), 3);
    assert_eq!(world.heard(), "1001:2(22) 1002:2(22) 1003:2(22)");
    assert!(
        world.plane.hears.values().all(|h| matches!(h, Hear::Those(those, _) if those.len() == 2))
    );
}

#[test]
fn s21_s22_a_consultation_that_fails_leaves_the_leg() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    talking(&mut world);
    consult(&mut world, "99999999");
    assert_eq!(
        world.heard(),
        "1001:8(-1) 1002:8(-1) 1001:13(22) 1001:10(22) 1001:7(13) 1001:3(13) 1001:1(13)"
    );
    let call = id(&world, 0);
    world.app(Wish::Retrieve("1001".into(), call)).unwrap();
    assert_eq!(world.story("1001"), [""; 0]);
    assert_eq!(world.heard_at("1001"), Hear::Those(vec![world.leg_of("1002")], vec![]));
}

#[test]
fn s28_s29_s30_a_supervisors_telephone_is_called_before_they_hear() {
    for mode in [Barge::Listen, Barge::Whisper, Barge::Join] {
        let mut world = World::new();
        world.registered(&["1001", "1002", "9001"]);
        talking(&mut world);
        let wish = Wish::Barge { device: "9001".into(), target: "1001".into(), mode };
        world.app(wish).unwrap();
        let cause = if mode == Barge::Join { 24 } else { 31 };
        assert_eq!(world.heard(), format!("9001:13({cause})"));
        let s = world.pick_up("9001");
        let (a, b) = (world.leg_of("1001"), world.leg_of("1002"));
        let expected = match mode {
            Barge::Join => {
                format!("9001:10({cause}) 1001:2({cause}) 1002:2({cause}) 9001:2({cause})")
            }
            _ => format!("9001:10({cause}) 9001:6({cause})"),
        };
        assert_eq!(world.heard(), expected);
        assert_eq!(world.heard_at("9001"), Hear::Those(vec![a, b], vec![]));
        let s_leg = world.leg_of("9001");
        let hears = |id| match world.heard_at(id) {
            Hear::Those(those, _) => those.contains(&s_leg),
            _ => false,
        };
        assert_eq!(hears("1001"), mode != Barge::Listen, "{mode:?}");
        assert_eq!(hears("1002"), mode == Barge::Join, "{mode:?}");
        world.hang_up("9001", s);
        let left = match mode {
            Barge::Join => "1001:3(-1) 1002:3(-1) 9001:3(-1)",
            _ => "9001:3(-1)",
        };
        assert_eq!(world.heard(), left);
        assert_eq!(world.voice.legs(), 2);
    }
}

#[test]
fn a_supervisor_whose_telephone_does_not_answer_never_came() {
    let mut world = World::new();
    world.registered(&["1001", "1002", "9001"]);
    talking(&mut world);
    let (device, target) = ("9001".into(), "1001".into());
    world.app(Wish::Barge { device, target, mode: Barge::Listen }).unwrap();
    world.pass(Millis::from_secs(21));
    assert_eq!(world.heard(), "9001:13(31) 9001:3(-1)");
    assert_eq!(world.calls()[0].parties.len(), 2);
}

#[test]
fn a_real_telephone_and_a_virtual_one_talk() {
    let mut world = World::new();
    world.registered(&["1001"]);
    world.call("1001", "1005");
    let call = id(&world, 0);
    world.heard();
    world.app(Wish::Answer("1005".into(), call)).unwrap();
    assert_eq!(world.heard(), "1001:6(22) 1005:6(22)");
    assert_eq!(world.story("1001"), ["progress 180", "answered"]);
    assert_eq!(world.heard_at("1001"), Hear::Those(vec![], vec![Sound::Quiet]));
}

#[test]
fn a_telephone_that_registers_takes_the_virtual_ones_place() {
    let mut world = World::new();
    world.registered(&["1001", "1005"]);
    world.call("1001", "1005");
    world.pick_up("1005");
    assert_eq!(world.calls()[0].link(&"1005".into()), Some(Link::Connected));
}

#[test]
fn what_rings_at_a_virtual_telephone_rings_at_the_phone_that_takes_its_place() {
    let mut world = World::new();
    world.registered(&["1001"]);
    world.call("1001", "1005");
    world.phone("1005");
    assert_eq!(world.register("1005", 3_600), 200);
    world.pick_up("1005");
    assert_eq!(world.story("1001"), ["progress 180", "answered"]);
    assert_eq!(world.voice.legs(), 2);
}

#[test]
fn a_disk_that_is_full_refuses_new_calls_and_ends_what_could_not_be_answered() {
    let mut world = World::new();
    world.registered(&["1001", "1002"]);
    world.broken = true;
    world.call("1001", "1002");
    assert_eq!(world.story("1001"), ["refused 503"]);
    world.broken = false;
    world.call("1001", "1002");
    world.broken = true;
    world.pick_up("1002");
    assert_eq!(*world.story("1002").last().unwrap(), "bye");
    world.broken = false;
    world.pass(Millis::from_secs(3));
    assert_eq!(*world.story("1001").last().unwrap(), "refused 480");
    nothing_left(&mut world);
}
