//! Bots from the command line: what every kind of entry has, and scenarios as files.

use super::admin::{self, Api, Reach};
use super::{say, say_error};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use facade::scenario;
use serde_json::Value;
use std::path::PathBuf;

/// What to do with bots.
#[derive(Debug, Args)]
pub struct Bot {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(flatten)]
    Entry(admin::Verb),
    /// Read a scenario's file, and name file, line and key of every fault; asks no server
    Check {
        /// The file
        file: PathBuf,
        /// Print each menu as customers will read it
        #[arg(long)]
        show: bool,
    },
    /// Let a bot follow a scenario's file, from now on and without a restart
    Load {
        /// The bot's number
        name: String,
        /// The file
        file: PathBuf,
    },
    /// Print the scenario that a bot follows
    Scenario {
        /// The bot's number
        name: String,
    },
}

/// Does it.
///
/// # Errors
///
/// What the server says against it, or what is wrong with a file.
pub async fn run(Bot { verb, reach }: Bot) -> anyhow::Result<()> {
    match verb {
        Verb::Entry(verb) => admin::entries("bots", verb, reach).await,
        Verb::Check { file, show } => check(&file, show),
        Verb::Load { name, file } => {
            let text = read(&file)?;
            let checked = scenario::read(&text);
            told(&file, checked.as_ref().err().map_or(&[], Vec::as_slice))?;
            let api = Api::log_in(&reach).await?;
            let path = format!("/bots/{}/scenario", admin::escaped(&name));
            let loaded = api.put_toml(&path, &text).await;
            api.log_out().await;
            let loaded = match loaded? {
                Ok(loaded) => loaded,
                Err(error) => {
                    for fault in error["faults"].as_array().into_iter().flatten() {
                        let [key, what] =
                            ["key", "what"].map(|m| fault[m].as_str().unwrap_or_default());
                        say_error(&format!("{}:{}: {key}: {what}", file.display(), fault["line"]));
                    }
                    bail!("{}", error["message"].as_str().unwrap_or("refused"));
                }
            };
            if reach.json {
                say(&format!("{loaded:#}"));
            } else {
                let menus = loaded["menus"].as_array().map_or(0, Vec::len);
                say(&format!("bot {name} follows {}: {menus} menus", file.display()));
            }
            Ok(())
        }
        Verb::Scenario { name } => {
            let api = Api::log_in(&reach).await?;
            let text = api.get_text(&format!("/bots/{}/scenario", admin::escaped(&name))).await;
            api.log_out().await;
            say(text?.trim_end());
            Ok(())
        }
    }
}

fn read(file: &PathBuf) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| file.display().to_string())
}

fn told(file: &std::path::Path, faults: &[scenario::Fault]) -> anyhow::Result<()> {
    for fault in faults {
        say_error(&format!("{}:{fault}", file.display()));
    }
    match faults.len() {
        0 => Ok(()),
        1 => bail!("there is 1 fault"),
        n => bail!("there are {n} faults"),
    }
}

fn check(file: &PathBuf, show: bool) -> anyhow::Result<()> {
    let checked = match scenario::read(&read(file)?) {
        Ok(checked) => checked,
        Err(faults) => return told(file, &faults),
    };
    let scenario = &checked.scenario;
    let languages: Vec<&str> = scenario.languages.iter().map(AsRef::as_ref).collect();
    say(&format!("{}: {} menus, {}", file.display(), scenario.menus.len(), languages.join(", ")));
    if show {
        let shown = scenario::preview::menus(&checked);
        for menu in shown["menus"].as_array().into_iter().flatten() {
            for (language, text) in menu["shown"].as_object().into_iter().flatten() {
                let [id, words] =
                    [&menu["id"], &text["words"]].map(|v: &Value| v.as_str().unwrap_or_default());
                say(&format!("\n[{id}] {language}\n{words}"));
            }
        }
    }
    Ok(())
}
