//! `cargo xtask run`: from a bare machine to a running demo centre.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::setup::{Need, setup};
use crate::sh;

/// Builds release and becomes `sangdam demo`, so that Ctrl-C and the exit code are its own.
pub(crate) fn run(args: &[String]) -> Result<()> {
    setup(Need::Build)?;
    sh::run(&mut sh::cargo(["build", "--release", "--package", "server"]))?;
    let server = sh::target().join("release/sangdam");
    let fault = sh::command(&server).arg("demo").args(args).exec();
    Err(fault).with_context(|| format!("cannot start {}", server.display()))
}
