//! `cargo xtask sim`: the whole centre under one seed, in release, since a seed is worth as much as the steps it takes.

use anyhow::Result;

use crate::sh;

/// Passes `--seed N`, `--seeds A..B`, `--steps N` and `--by chat|phone|both|web` on to the simulator.
pub(crate) fn run(args: &[String]) -> Result<()> {
    sh::run(sh::cargo(["run", "--release", "--quiet", "--package", "sim", "--"]).args(args))
}
