//! `cargo xtask screens`: starts the demo, brings each of its screens to life, and takes their pictures for the documents.

use anyhow::Result;

use crate::setup::{Need, setup};
use crate::sh;

/// Takes its arguments as names of the pictures' tests; all of them when none is named.
pub(crate) fn run(names: &[String]) -> Result<()> {
    setup(Need::Test)?;
    sh::run(&mut sh::cargo(["build", "--package", "server"]))?;
    let mut npm = sh::command("npm");
    npm.args(["--prefix", "web", "run", "screens", "--"]);
    for name in names {
        npm.args(["--grep", name]);
    }
    sh::run(npm.env("SANGDAM_BIN", sh::server()))
}
