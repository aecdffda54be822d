//! `cargo xtask`: the project's commands, and the only place where they are written down.
//!
//! One file per command. `setup.rs` installs what a command needs, `sh.rs` runs programs, `count.rs` reads the closing
//! lines of test runners. The house rules are `tidy/`; they are also `#[test]`s, so `cargo test` alone is a gate.
#![allow(clippy::print_stdout, reason = "a command line tool talks on stdout")]
#![allow(
    clippy::disallowed_methods,
    reason = "the clock is read to say how long a step took; nothing decides by it"
)]

mod bench;
mod codegen;
mod count;
mod run;
mod screens;
mod setup;
mod sh;
mod sim;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask run [ARGS]          install what is missing, build release, start the demo centre
cargo xtask test [STEP..]       every test, or only these steps (`test --list` names them)
cargo xtask bench [NAME]        benchmarks, one JSON object per line
cargo xtask sim [--seed N] [--seeds A..B] [--steps N] [--by chat|phone|both|web]
cargo xtask tidy                the house rules
cargo xtask screens [NAME..]     pictures of every screen, into docs/screens/
cargo xtask codegen             writes the generated files anew";

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    match command.as_deref() {
        Some("run") => run::run(&rest),
        Some("test") => test::run(&rest),
        Some("bench") => bench::run(&rest),
        Some("sim") => sim::run(&rest),
        Some("tidy") => tidy::run(),
        Some("codegen") => codegen::run(),
        Some("screens") => screens::run(&rest),
        None | Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => bail!("there is no command {other:?}\n{HELP}"),
    }
}
