//! `cargo xtask bench`: builds the server and the benchmarks in release and runs the benchmarks against that server.
//!
//! The benchmarks are the crate `crates/bench`; it finds the server in `SANGDAM_BIN` and prints one JSON object per line.

use anyhow::{Result, bail};

use crate::setup::{Need, setup};
use crate::sh;

/// Passes its arguments (a benchmark's name) on.
pub(crate) fn run(args: &[String]) -> Result<()> {
    if !sh::root().join("crates/bench/Cargo.toml").is_file() {
        bail!("there is no crates/bench in this tree, so there is nothing to measure with");
    }
    setup(Need::Build)?;
    sh::run(&mut sh::cargo(["build", "--release", "--package", "server", "--package", "bench"]))?;
    let server = sh::target().join("release/sangdam");
    let bench = &mut sh::cargo(["run", "--release", "--quiet", "--package", "bench", "--"]);
    sh::run(bench.args(args).env("SANGDAM_BIN", server))
}
