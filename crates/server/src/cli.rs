//! The command line.

pub mod admin;
pub mod bot;
pub mod call;
pub mod chat;
pub mod replay;
pub mod setup;

use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;

/// A self-hosted contact centre.
#[derive(Debug, Parser)]
#[command(name = "sangdam", version, about)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the demo centre on loopback: its passwords are public
    Demo {
        /// The data folder
        #[arg(long, default_value = "sangdam-data")]
        data: PathBuf,
        /// Use ports N, N+1, …; 0 takes free ones
        #[arg(long, value_name = "N")]
        port_base: Option<u16>,
    },
    /// Run a server
    Serve {
        /// The configuration file
        #[arg(long)]
        config: PathBuf,
    },
    /// Read a configuration, and name file, line and key of every fault
    Check {
        /// The configuration file
        #[arg(long)]
        config: PathBuf,
    },
    /// Make a realm and its first administrator in a data folder on which no server runs
    Setup(setup::Setup),
    /// Write a realm's set-up as one readable file
    Export(admin::Document),
    /// Put an exported set-up into a realm
    Import(admin::Document),
    /// Tell a contact's whole story from the journal, fact by fact
    Replay(replay::Replay),
    /// Be a customer in the terminal
    Chat(chat::Chat),
    /// Be a customer who calls the demo over its simulated trunk
    Call(call::Call),
    /// Look at the realm, or change it
    Realm(admin::Realm),
    /// List, show, add, change, remove people; help those who have lost their second factor
    User(admin::User),
    /// List, show, add, change, remove telephones
    Device(admin::Kind),
    /// List, show, add, change, remove groups of people
    Group(admin::Kind),
    /// List, show, add, change, remove queues
    Queue(admin::Kind),
    /// List, show, add, change, remove bots; check and load their scenarios
    Bot(bot::Bot),
    /// List, show, add, change, remove what new chats run
    Flow(admin::Kind),
    /// List, show, add, change, remove access keys
    Key(admin::Kind),
    /// List, show, add, change, remove applications at the CTI gateway
    CtiUser(admin::Kind),
    /// List, show, add, change, remove ways to the telephone network
    Trunk(admin::Kind),
    /// List, show, add, change, remove pages of others in agents' desks
    Workspace(admin::Kind),
    /// Print a configuration file with every key at its default
    #[command(hide = true)]
    ConfigExample,
}

/// Runs what is neither a server nor about its configuration.
///
/// # Errors
///
/// What went wrong, for people.
pub async fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Setup(setup) => setup::setup(setup).await,
        Verb::Export(export) => admin::export(export).await,
        Verb::Import(import) => admin::import(import).await,
        Verb::Replay(replay) => replay::run(replay).await,
        Verb::Chat(chat) => chat::run(chat).await,
        Verb::Realm(realm) => admin::realm(realm).await,
        Verb::User(kind) => admin::user(kind).await,
        Verb::Device(kind) => admin::run("devices", kind).await,
        Verb::Group(kind) => admin::run("groups", kind).await,
        Verb::Flow(kind) => admin::run("flows", kind).await,
        Verb::Queue(kind) => admin::run("queues", kind).await,
        Verb::Bot(kind) => bot::run(kind).await,
        Verb::Call(call) => call::run(call).await,
        Verb::CtiUser(kind) => admin::run("cti-users", kind).await,
        Verb::Trunk(kind) => admin::run("trunks", kind).await,
        Verb::Workspace(kind) => admin::run("workspaces", kind).await,
        Verb::Key(kind) => admin::run("keys", kind).await,
        Verb::Demo { .. } | Verb::Serve { .. } | Verb::Check { .. } | Verb::ConfigExample => Ok(()),
    }
}

/// Prints a line for people or scripts. One who closed the pipe has read enough.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints why nothing came of it.
pub fn say_error(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "sangdam: {line}");
}
