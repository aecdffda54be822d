//! What the server is measured with: `cargo xtask bench [core|start|chat|idle|nx|cti|sip|rtp|reports]`. One JSON object a line.
//! Numbers after `chat`, `nx` and `sip` are the rates to measure, in messages and in calls a second; after `rtp` the calls at
//! a time; after `cti` calls a second and then connections; after `reports --contacts` the contacts of a day.
//!
//! The server runs as a user would start it, on one core; the load runs on the other. Figures are what was measured on
//! this machine in this run; compare ratios, not absolute numbers.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads clocks and starts tasks; that is what it is for"
)]
#![allow(
    clippy::similar_names,
    clippy::duration_suboptimal_units,
    reason = "short names near each other, and spans as they are spoken of"
)]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

mod centre;
mod chat;
mod client;
mod core;
mod cti;
mod figures;
mod idle;
mod nx;
mod reports;
mod rtp;
mod server;
mod sip;
mod start;

use anyhow::{Result, bail, ensure};

fn main() -> Result<()> {
    let (rates, names): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--contacts")
        .partition(|arg| arg.parse::<u32>().is_ok());
    let rates: Vec<u32> = rates.iter().filter_map(|rate| rate.parse().ok()).collect();
    let all = ["core", "start", "chat", "idle", "nx", "cti", "sip", "rtp", "reports"];
    let wanted: Vec<&str> =
        if names.is_empty() { all.to_vec() } else { names.iter().map(String::as_str).collect() };
    for name in wanted {
        match name {
            "core" => core::run(),
            "start" => on_load_core(start::run())?,
            "chat" => on_load_core(chat::run(&rates))?,
            "sip" => on_load_core(sip::run(&rates))?,
            "rtp" => rtp::run(&rates)?,
            "nx" => on_load_core(nx::run(&rates))?,
            "cti" => on_load_core(cti::run(&rates))?,
            "reports" => {
                let contacts = rates.first().copied().unwrap_or(reports::CONTACTS);
                on_load_core(reports::run(contacts))?;
            }
            "idle" => on_load_core(idle::run())?,
            other => bail!("no benchmark is called {other}; there are {}", all.join(", ")),
        }
    }
    Ok(())
}

/// Runs a load on one thread, on the core the server does not use.
fn on_load_core(load: impl Future<Output = Result<()>>) -> Result<()> {
    let me = std::process::id().to_string();
    let pinned = std::process::Command::new("taskset").args(["-pc", "1", &me]).output()?;
    ensure!(pinned.status.success(), "the load has no core of its own");
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(load)
}
