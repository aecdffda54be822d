//! The whole system under one seed, without I/O: customers, agents, programs, a disk that fails and a machine that
//! falls. After every step all that was ever promised is checked.
//!
//! - [`World`]: draw an action, step, check. Same seed, same story, on every machine.
//! - `check.rs` holds the promises; the centre's own are in `domain/src/centre/audit.rs`.
//! - `net.rs`: clients that know nothing but a wire, and the façades' own code between them and the node.
//! - `disk.rs` and `views.rs` stand for the store, `people.rs` for everybody who wants something.

mod check;
mod disk;
mod net;
mod people;
mod shop;
mod views;
mod world;

pub use world::{By, Story, World};

/// Stories that once found a bug, one a line: the seed, then `phone`, `both` or `web` where people did not only write by
/// Amazon Connect's wire; `#` begins a comment.
pub const REGRESSIONS: &str = include_str!("../regressions.txt");

/// Tells the story of a seed, so many steps long.
///
/// # Panics
///
/// When a promise is broken; the last actions and the seed are printed then.
pub fn tell(seed: u64, steps: u64, by: By) -> Story {
    let mut world = World::new(seed).by(by);
    for _ in 0..steps {
        world.step();
    }
    world.story()
}

/// The stories of [`REGRESSIONS`].
pub fn regressions() -> impl Iterator<Item = (u64, By)> {
    REGRESSIONS.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let seed = words.next()?.parse().ok()?;
        let by = match words.next() {
            Some("phone") => By::Phone,
            Some("both") => By::Both,
            Some("web") => By::Web,
            _ => By::Chat,
        };
        Some((seed, by))
    })
}

#[cfg(test)]
mod tests;
