//! Real telephones, other networks and pages, as the domain has them: who may, what happens, and that the facts keep it.

use super::{A, B, C, S, World, X};
use crate::call::{Attached, Barge, CallId, Cause, Link, Outside, Place, Via, Wish};
use crate::command::{Command, Done};
use crate::directory::{CtiProfile, CtiUser, Device, DialRule, Entry, Trunk};
use crate::id::DeviceId;
use crate::refusal::Refusal;
use crate::time::Millis;

impl World {
    /// The world, with these telephones registered and an application that may do everything.
    fn with_phones(ids: &[&str]) -> Self {
        let mut world = Self::new();
        world.put(Entry::CtiUser(CtiUser {
            id: "cube".into(),
            password: None,
            supervise: true,
            devices: None,
            profile: CtiProfile::default(),
            disabled: false,
        }));
        for id in ids {
            world.register(id, true);
        }
        world.told.clear();
        world
    }

    fn register(&mut self, id: &str, here: bool) {
        self.wish(Wish::Register { device: id.into(), here, places: [].into() });
    }

    fn app(&mut self, wish: Wish) -> Result<Done, Refusal> {
        let done = self.run(Command::Call { by: Some("cube".into()), wish: Box::new(wish) });
        if let Ok(Done::Call { call, .. }) = &done {
            self.call = *call;
        }
        done
    }

    fn app_dials(&mut self, from: &str, to: &str) -> CallId {
        let attached = Attached::default();
        self.app(Wish::Dial { device: from.into(), to: to.into(), attached }).unwrap();
        self.call
    }

    fn trunk(&mut self, id: &str, change: impl FnOnce(&mut Trunk)) {
        let rule = DialRule { prefix: "9".into(), least: 4, most: 20, strip: 1, add: "0".into() };
        let numbers = [("0215990000".into(), B.into())].into();
        let mut trunk = Trunk { rules: vec![rule], numbers, ..Trunk::new(id, "192.0.2.9") };
        change(&mut trunk);
        self.put(Entry::Trunk(trunk));
    }

    fn outside(&mut self, did: Outside) -> Result<Done, Refusal> {
        let call = self.centre.switch().call(self.call).unwrap();
        let device = call.parties.iter().find(|p| p.outside).unwrap().device.clone();
        let (call, number) = (call.id, call.number);
        self.try_wish(Wish::Outside { call, number, device, did })
    }

    fn comes(&mut self, to: &str, via: Via) -> Result<Done, Refusal> {
        let attached = Attached::default();
        self.try_wish(Wish::Come { from: X.into(), to: to.into(), via, attached, open: false })
    }
}

fn by_trunk(id: &str) -> Via {
    Via::Trunk { trunk: id.into(), number: "".into() }
}

#[test]
fn a_telephone_is_virtual_registered_or_away() {
    let mut w = World::with_phones(&[]);
    w.put(Entry::Device(Device::new("1100")));
    w.dial(A, "1100");
    w.expect("away", "1001:13(22) 1001:10(22) 1001:7(65) 1001:3(65) 1001:1(65)");
    w.register("1100", true);
    let call = w.dial(A, "1100");
    w.expect("there", "1001:13(22) 1001:10(22) 1001:4(22) 1100:4(22)");
    // What it is in outlives its registration.
    w.register("1100", false);
    w.answer("1100", call);
    w.clear("1100", call);
    assert!(w.centre.switch().calls().next().is_none());
    assert!(
        w.try_wish(Wish::Register { device: "3998".into(), here: true, places: [].into() })
            .is_err()
    );
    w.rebuild();
}

#[test]
fn an_application_has_the_own_telephone_called_first() {
    let mut w = World::with_phones(&[A]);
    let call = w.app_dials(A, B);
    w.expect("prompted", "1001:13(22)");
    assert_eq!(w.centre.switch().call(call).unwrap().link(&A.into()), Some(Link::Prompted));
    w.rebuild();
    w.answer(A, call);
    w.expect("picked up", "1001:10(22) 1001:4(22) 1002:4(22)");
    w.clear(A, call);
    w.told.clear();
    w.app_dials(A, B);
    w.pass(21);
    w.expect("in vain", "1001:13(22) 1001:3(10) 1001:1(10)");
    let call = w.app_dials(A, B);
    w.app(Wish::Clear(A.into(), call)).unwrap();
    w.expect("given up", "1001:13(22) 1001:3(5) 1001:1(5)");
}

#[test]
fn an_application_asks_a_telephone_to_answer_and_the_telephone_does() {
    let mut w = World::with_phones(&[B]);
    let call = w.dial(A, B);
    w.told.clear();
    w.app(Wish::Answer(B.into(), call)).unwrap();
    w.expect("asked", "");
    w.answer(B, call);
    w.expect("answered", "1001:6(22) 1002:6(22)");
}

#[test]
fn a_supervisors_telephone_is_called_before_they_come_in() {
    for mode in [Barge::Listen, Barge::Join, Barge::Whisper] {
        let mut w = World::with_phones(&[S]);
        let call = w.talking(A, B);
        w.app(Wish::Barge { device: S.into(), target: A.into(), mode }).unwrap();
        w.rebuild();
        // They are no party yet: a call of two may end, and another may be asked.
        w.clear(A, call);
        let told = std::mem::take(&mut w.told);
        assert!(told.last().unwrap().starts_with("9001:1("), "{told:?}");
    }
}

#[test]
fn whoever_does_not_take_a_call_says_why() {
    for (cause, told) in [
        (Cause::BUSY, "1001:7(3) 1001:3(3) 1002:3(5) 1001:1(3) 1002:1(5)"),
        (Cause::NOT_ANSWERED, "1001:7(10) 1001:3(10) 1002:3(10) 1001:1(10) 1002:1(10)"),
        (Cause::OUT_OF_ORDER, "1001:7(65) 1001:3(65) 1002:3(5) 1001:1(65) 1002:1(5)"),
    ] {
        let mut w = World::with_phones(&[B]);
        let call = w.dial(A, B);
        w.told.clear();
        w.wish(Wish::Reject { device: B.into(), call, cause });
        w.expect("rejected", told);
    }
}

#[test]
fn a_telephone_that_dials_beside_a_call_consults() {
    let mut w = World::with_phones(&[A, B, C]);
    let held = w.talking(A, B);
    w.wish(Wish::Hold(A.into(), held));
    w.told.clear();
    let (device, to, attached) = (A.into(), C.into(), Attached::default());
    let side = w.wish(Wish::Dialled { device, to, attached });
    w.expect("S15", "1001:13(22) 1001:10(22) 1001:4(22) 1003:4(22)");
    w.answer(C, side);
    // Both on hold, as telephones do before they transfer: allowed to them, not to applications.
    w.wish(Wish::Hold(A.into(), side));
    w.told.clear();
    assert!(w.app(Wish::Transfer(A.into(), side, held)).is_err());
    w.wish(Wish::Transfer(A.into(), side, held));
    w.expect("S17", "1001:14(32) 1002:14(32) 1003:14(32)");
    assert_eq!(w.centre.switch().calls().next().unwrap().id, held);
    w.rebuild();
}

#[test]
fn a_call_leaves_by_the_first_trunk_that_has_room() {
    let mut w = World::with_phones(&[]);
    w.trunk("one", |t| t.limit = Some(1));
    w.trunk("two", |t| t.priority = 1);
    let first = w.dial(A, "91234");
    w.expect("S10", "1001:13(22) 1001:10(22) 1001:9(22)");
    assert_eq!(w.centre.switch().on_trunk(&"one".into()), 1);
    let party = w.centre.switch().call(first).unwrap().parties[1].clone();
    assert_eq!(party.via, Some(Via::Trunk { trunk: "one".into(), number: "01234".into() }));
    w.outside(Outside::Rings).unwrap();
    assert!(w.outside(Outside::Rings).is_err());
    w.outside(Outside::Answers).unwrap();
    w.expect("S10", "1001:4(22) 1001:6(22)");
    w.rebuild();
    w.dial(B, "91234");
    assert_eq!(w.centre.switch().on_trunk(&"two".into()), 1);
    w.told.clear();
    w.outside(Outside::Fails(Cause::CONGESTION)).unwrap();
    w.expect("S11", "1002:7(20) 1002:3(20) 1002:1(20)");
    w.call = first;
    w.outside(Outside::HangsUp).unwrap();
    w.expect("S3", "1001:3(-1) 1001:1(-1)");
    assert_eq!(w.centre.switch().on_trunk(&"one".into()), 0);
}

#[test]
fn congestion_leads_to_the_next_trunk_and_busy_does_not() {
    let mut w = World::with_phones(&[]);
    w.trunk("one", |_| {});
    w.trunk("two", |t| t.priority = 1);
    w.dial(A, "91234");
    w.told.clear();
    w.outside(Outside::Fails(Cause::CONGESTION)).unwrap();
    w.expect("silently", "");
    w.outside(Outside::Fails(Cause::BUSY)).unwrap();
    w.expect("busy", "1001:7(3) 1001:3(3) 1001:1(3)");
}

#[test]
fn what_comes_in_reaches_what_it_may_and_never_another_network() {
    let mut w = World::with_phones(&[]);
    w.trunk("one", |_| {});
    assert_eq!(w.comes("0299999999", by_trunk("one")), Err(Refusal::NoSuchDevice));
    assert_eq!(w.comes("91234", by_trunk("one")), Err(Refusal::NoSuchDevice));
    assert_eq!(w.comes("91234", Via::Web), Err(Refusal::NoSuchDevice));
    assert_eq!(w.comes(B, Via::Web), Err(Refusal::NoSuchDevice));
    w.comes("0215990000", by_trunk("one")).unwrap();
    w.expect("S12", "1002:4(22)");
    w.phone(|device| device.public = true, C);
    w.comes(C, Via::Web).unwrap();
    let call = w.centre.switch().call(w.call).unwrap();
    assert!(!call.verified);
    w.rebuild();
}

#[test]
fn whoever_claims_an_extensions_number_is_not_that_extension() {
    let mut w = World::with_phones(&[]);
    w.trunk("one", |_| {});
    let (from, to, attached) = (B.into(), "0215990000".into(), Attached::default());
    let call = w.wish(Wish::Come { from, to, via: by_trunk("one"), attached, open: false });
    let known = w.centre.switch().call(call).unwrap();
    assert_eq!(known.caller, DeviceId::from(B));
    assert_ne!(known.parties[0].device, DeviceId::from(B));
    w.answer(B, call);
    w.expect("S12", "1002:4(22) 1002:6(22)");
    w.clear(B, call);
    assert!(w.centre.switch().calls().next().is_none());
}

#[test]
fn a_switch_that_begins_anew_ends_what_went_by_the_old_one() {
    let mut w = World::with_phones(&[A]);
    w.trunk("one", |_| {});
    w.talking(A, B);
    let lives = w.talking(C, "1004");
    w.told.clear();
    w.wish(Wish::Restart);
    w.expect("restart", "1001:3(19) 1002:3(19) 1001:1(19) 1002:1(19)");
    assert_eq!(w.centre.switch().calls().map(|c| c.id).collect::<Vec<_>>(), [lives]);
    assert!(!w.centre.switch().registered(&A.into()));
    w.rebuild();
}

/// A place that is good for so many seconds from now on.
fn place(w: &World, at: &str, seconds: u64, lasts: bool) -> Place {
    Place { at: at.into(), until: w.now.plus(Millis::from_secs(seconds)), lasts }
}

#[test]
fn a_switch_that_begins_anew_finds_telephones_where_no_connection_is_needed() {
    let mut w = World::with_phones(&[]);
    let there = [place(&w, "udp", 60, true), place(&w, "ws", 60, false)];
    for (device, places) in [(A, &there[..]), (B, &there[1..]), (C, &[place(&w, "old", 0, true)])] {
        w.wish(Wish::Register { device: device.into(), here: true, places: places.into() });
    }
    w.wish(Wish::Restart);
    w.rebuild();
    let phones: Vec<_> = w.centre.switch().phones().collect();
    assert_eq!(phones, [(A.into(), [there[0].clone()].into())]);
    let told = w.facts.len();
    w.wish(Wish::Restart);
    assert_eq!(w.facts.len(), told, "nothing changes any more");
}

#[test]
fn a_telephone_at_another_place_is_told_of_once() {
    let mut w = World::with_phones(&[]);
    let mut tell = |at: &str| {
        let places = [place(&w, at, 60, true)].into();
        w.wish(Wish::Register { device: A.into(), here: true, places });
        w.facts.len()
    };
    let first = tell("here");
    assert_eq!(tell("here"), first);
    assert_eq!(tell("there"), first + 1);
}

#[test]
fn a_telephone_that_vanishes_leaves_with_a_cause_of_its_own() {
    let mut w = World::with_phones(&[A, B]);
    let call = w.talking(A, B);
    w.wish(Wish::Vanish(B.into(), call));
    w.expect("vanished", "1001:3(19) 1002:3(19) 1001:1(19) 1002:1(19)");
}

#[test]
fn a_push_token_is_owed_to_the_webhook_until_it_is_told() {
    let mut w = World::with_phones(&[]);
    let come = |w: &mut World| {
        let attached = Attached { push: "fcm:1".into(), ..Attached::default() };
        let (from, to) = (X.into(), C.into());
        w.try_wish(Wish::Come { from, to, via: Via::Web, attached, open: true }).unwrap();
    };
    come(&mut w);
    assert_eq!(w.centre.open_pushes(), []);
    let mut realm = w.centre.directory().realm.clone().unwrap();
    realm.push_to = Some("https://hook.example.com/".into());
    w.put(Entry::Realm(realm));
    come(&mut w);
    let [(contact, push)] = &w.centre.open_pushes()[..] else { panic!("one is owed") };
    assert_eq!((&*push.token, push.dialed.as_str()), ("fcm:1", C));
    let contact = *contact;
    w.rebuild();
    w.run(Command::PushDone { contact, why: None }).unwrap();
    assert_eq!(w.centre.open_pushes(), []);
    assert!(w.run(Command::PushDone { contact, why: None }).is_err());
}
