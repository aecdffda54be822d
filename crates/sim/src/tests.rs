//! A fixed budget of stories; `cargo xtask sim` tells more.

use super::{regressions, tell};

#[test]
fn every_story_keeps_its_promises() {
    for seed in 0..40 {
        tell(seed, 1_500);
    }
}

#[test]
fn what_was_found_once_is_not_found_again() {
    for seed in regressions() {
        tell(seed, 3_000);
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    assert_eq!(tell(42, 1_000), tell(42, 1_000));
    assert_ne!(tell(42, 1_000).hash, tell(43, 1_000).hash);
}

#[test]
fn every_story_told_by_phone_keeps_its_promises() {
    for seed in 0..30 {
        crate::tell_by_phone(seed, 1_500);
    }
}
