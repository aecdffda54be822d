//! What is heard and kept of calls: mute, mask, record, keys.

use super::*;
use crate::centre::call::NOT_SO;

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
