//! A fixed budget of stories; `cargo xtask sim` tells more.

use super::{By, regressions, tell};

#[test]
fn every_story_keeps_its_promises() {
    for seed in 0..40 {
        tell(seed, 1_500, By::Chat);
    }
}

#[test]
fn what_was_found_once_is_not_found_again() {
    for (seed, by) in regressions() {
        tell(seed, 3_000, by);
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    assert_eq!(tell(42, 1_000, By::Chat), tell(42, 1_000, By::Chat));
    assert_ne!(tell(42, 1_000, By::Chat).hash, tell(43, 1_000, By::Chat).hash);
}

#[test]
fn every_story_told_by_phone_keeps_its_promises() {
    for seed in 0..30 {
        tell(seed, 1_500, By::Phone);
    }
}

#[test]
fn every_story_told_both_ways_keeps_its_promises() {
    for seed in 0..20 {
        tell(seed, 1_500, By::Both);
    }
}

#[test]
fn every_story_told_by_web_pages_keeps_its_promises() {
    for seed in 0..30 {
        tell(seed, 1_500, By::Web);
    }
}
