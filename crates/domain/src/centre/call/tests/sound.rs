//! What is heard and kept of calls: mute, mask, record, keys.

use super::*;
use crate::centre::call::NOT_SO;
use crate::id::{ContactId, FileId};
use crate::recording::{Kept, Taped};
use crate::retention::{Pruned, Retention};

#[test]
fn a_telephone_is_muted_in_a_call_and_heard_again_in_the_next() {
    let mut world = World::new();
    let mute = |muted| Wish::Mute(A.into(), muted);
    assert_eq!(world.try_wish(mute(true)), Err(NOT_SO));
    let call = world.talking(A, B);
    world.wish(mute(true));
    world.wish(mute(true));
    assert!(world.centre.switch().muted(&A.into()) && !world.centre.switch().muted(&B.into()));
    world.clear(A, call);
    assert!(!world.centre.switch().muted(&A.into()), "whoever has hung up is not muted any more");
    let told = world.facts.iter().filter(|(_, fact)| matches!(fact, Fact::Sounded { .. }));
    assert_eq!(told.count(), 2, "once on, once off");
}

#[test]
fn a_call_is_masked_and_recorded_by_whoever_talks_in_it() {
    let mut world = World::new();
    let call = world.talking(A, B);
    let known = |world: &World| {
        let call = world.centre.switch().call(call).unwrap();
        (call.masked, call.recorded)
    };
    world.wish(Wish::Mask(A.into(), call, true));
    assert_eq!(known(&world), (true, false));
    world.wish(Wish::Mask(A.into(), call, false));
    world.wish(Wish::Record(A.into(), call));
    world.wish(Wish::Record(A.into(), call));
    assert_eq!(known(&world), (false, true));
    world.wish(Wish::Hold(A.into(), call));
    assert_eq!(known(&world), (false, true), "it stays recorded");
    assert_eq!(world.try_wish(Wish::Mask(A.into(), call, true)), Err(NOT_SO));
    assert!(world.try_wish(Wish::Record(C.into(), call)).is_err());
}

#[test]
fn keys_are_shown_and_kept_nowhere() {
    let mut world = World::new();
    let call = world.talking(A, B);
    let facts = world.facts.len();
    world.wish(Wish::Keys(A.into(), call, "12#A".into()));
    assert_eq!(world.facts.len(), facts);
    for keys in ["", "x", &"1".repeat(65)] {
        assert!(world.try_wish(Wish::Keys(A.into(), call, keys.into())).is_err(), "{keys}");
    }
}

#[test]
fn the_directory_may_ask_that_calls_are_recorded_and_they_stay_so() {
    let ruled = |world: &World, call| world.centre.switch().call(call).unwrap().ruled;
    let mut world = World::new();
    let plain = world.talking(A, B);
    assert!(!ruled(&world, plain));
    world.clear(A, plain);
    world.put(Entry::Device(Device { r#virtual: true, record: true, ..Device::new(B) }));
    let call = world.talking(A, B);
    assert!(ruled(&world, call));
    assert!(!world.centre.switch().call(call).unwrap().recorded, "no agent has asked for it");
    world.put(Entry::Device(Device { r#virtual: true, ..Device::new(B) }));
    world.wish(Wish::Hold(A.into(), call));
    assert!(ruled(&world, call), "once so, it stays so");
}

#[test]
fn a_tape_becomes_a_recording_of_its_contact_once() {
    let mut world = World::new();
    let call = world.talking(A, B);
    let contact = world.centre.switch().call(call).unwrap().contact.unwrap();
    world.clear(A, call);
    let id = FileId(crate::id::Uuid::from_bytes([7; 16]));
    let (began, length) = (Millis(5), Millis(1_000));
    let taped = Taped { id, contact, began, length, size: 99, kept: Kept::Short };
    let keep = Command::KeepTape(Box::new(taped.clone()));
    let facts = world.facts.len();
    for _ in 0..2 {
        assert_eq!(world.run(keep.clone()), Ok(Done::Ok));
    }
    let told: Vec<_> = world.facts[facts..].iter().map(|(_, fact)| fact).collect();
    let [Fact::Recorded { recording }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((recording.contact, recording.size, recording.cnsq), (contact, 99, 1));
    assert_eq!((recording.kept, recording.cnid.len()), (Kept::Short, 22));
    let known = world.centre.contacts().find(|c| c.id == contact).unwrap();
    assert_eq!(known.voice.as_ref().unwrap().recordings, [id]);
    let nobodys = Taped { contact: ContactId::default(), ..taped };
    assert!(matches!(world.run(Command::KeepTape(Box::new(nobodys))), Err(Refusal::Archived(_))));
}

#[test]
fn who_listens_is_told_once_for_each_listening_and_agents_may_where_the_realm_says_so() {
    let mut world = World::new();
    let call = world.talking(A, B);
    let contact = world.centre.switch().call(call).unwrap().contact.unwrap();
    let recording = FileId::default();
    let listen = |by: &str| Command::Listen { by: by.into(), contact, recording };
    let told = |world: &World| {
        world.facts.iter().filter(|(_, fact)| matches!(fact, Fact::Listened { .. })).count()
    };
    assert_eq!(world.run(listen("1001")), Err(Refusal::NotAllowed));
    assert_eq!(world.run(listen("nobody")), Err(Refusal::NotAllowed));
    let directory = world.centre.directory.clone();
    let realm = directory.realm.clone().unwrap();
    world.put(Entry::Realm(Realm { agents_hear_own: true, ..realm }));
    for expected in [1, 1] {
        assert_eq!(world.run(listen("1001")), Ok(Done::Ok));
        assert_eq!(told(&world), expected);
    }
    world.now = world.now.plus(Millis::from_mins(16));
    assert_eq!(world.run(listen("1001")), Ok(Done::Ok));
    assert_eq!(told(&world), 2);
}

#[test]
fn nothing_is_pruned_that_the_directory_keeps_for_ever() {
    let mut world = World::new();
    let recordings = vec![FileId::default()];
    let prune = |pruned: &Pruned| Command::Prune(Box::new(pruned.clone()));
    let pruned = Pruned { recordings, ..Pruned::default() };
    let all = Pruned { before: Some(9), ..pruned.clone() };
    assert!(world.run(prune(&pruned)).is_err());
    let realm = world.centre.directory.realm.clone().unwrap();
    let retention = Retention { recordings: 1, ..Retention::default() };
    world.put(Entry::Realm(Realm { retention, ..realm }));
    assert!(world.run(prune(&all)).is_err(), "rooms are kept for ever, and facts with them");
    assert_eq!(world.run(prune(&pruned)), Ok(Done::Ok));
    assert_eq!(world.facts.last().map(|(_, fact)| fact), Some(&Fact::Pruned(Box::new(pruned))));
    let facts = world.facts.len();
    assert_eq!(world.run(prune(&Pruned::default())), Ok(Done::Ok));
    assert_eq!(world.facts.len(), facts);
}
