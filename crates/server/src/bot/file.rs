//! Scenarios as files of the data folder, `bots/NUMBER.toml` (`bots/REALM/NUMBER.toml` of a second realm): one that changes
//! is taken up within a second or two, and one that is changed otherwise is written out. Whoever edits a file thus edits
//! what runs.
//!
//! Beside each lies `.NUMBER.taken`, the text that file and directory last agreed on: so a restart knows which of the two
//! has changed since. Of both, the file wins.

use crate::bus::{Mail, Mailbox};
use crate::run::Realm;
use crate::tasks;
use domain::command::Command;
use domain::directory::{Bot, BotKind, Directory, Entry};
use domain::node::Topic;
use domain::query::{Answer, Query};
use facade::scenario;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::fs;
use tokio::sync::watch;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Letters that may wait: any of them says no more than that the directory has changed.
const LETTERS: usize = 64;

/// What is known of a file without reading it.
type Stamp = Option<(SystemTime, u64)>;

/// Keeps the files of a realm's scenarios in this folder.
pub fn start(realm: Arc<Realm>, folder: PathBuf, mut stop: watch::Receiver<bool>) {
    tasks::spawn("scenarios", async move {
        tokio::select! {
            () = keep(&realm, &folder) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
}

async fn keep(realm: &Realm, folder: &Path) {
    if let Err(fault) = fs::create_dir_all(folder).await {
        tracing::warn!(folder = %folder.display(), %fault, "scenarios are kept in no files");
        return;
    }
    let mut stamps: BTreeMap<PathBuf, Stamp> = BTreeMap::new();
    let (mailbox, mut letters): (Mailbox, _) = realm.hub.mailbox(LETTERS);
    realm.hub.watch(&mailbox, Topic::Directory);
    let mut changed = true;
    loop {
        if changed || stale(folder, &stamps).await {
            changed = false;
            if let Ok((Ok(Answer::Directory(directory)), _)) = realm.read(Query::Directory).await {
                match_up(realm, folder, &directory, &mut stamps).await;
            }
        }
        match tokio::time::timeout(LOOK, letters.recv()).await {
            Ok(Some(Mail::Fact(_) | Mail::Missed)) => changed = true,
            Ok(Some(_)) | Err(_) => {}
            Ok(None) => return,
        }
    }
}

async fn stamp(path: &Path) -> Stamp {
    let known = fs::metadata(path).await.ok()?;
    Some((known.modified().ok()?, known.len()))
}

/// The files there are, with the number of the bot each is for.
async fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let Ok(mut entries) = fs::read_dir(folder).await else { return found };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let path = entry.path();
        let name = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
        let toml = path.extension().is_some_and(|end| end == "toml");
        found.extend(name.filter(|name| toml && !name.starts_with('.')).map(|name| (name, path)));
    }
    found.sort();
    found
}

/// Has a file come, or changed?
async fn stale(folder: &Path, stamps: &BTreeMap<PathBuf, Stamp>) -> bool {
    for (_, path) in files(folder).await {
        if stamps.get(&path) != Some(&stamp(&path).await) {
            return true;
        }
    }
    false
}

fn taken(folder: &Path, number: &str) -> PathBuf {
    folder.join(format!(".{number}.taken"))
}

/// Takes up what has changed in the folder, and writes out what has changed in the directory.
async fn match_up(
    realm: &Realm,
    folder: &Path,
    directory: &Directory,
    stamps: &mut BTreeMap<PathBuf, Stamp>,
) {
    let mut there: Vec<String> = Vec::new();
    for (number, path) in files(folder).await {
        let seen = stamp(&path).await;
        let new = stamps.get(&path) != Some(&seen);
        let text = fs::read_to_string(&path).await.unwrap_or_default();
        let agreed = fs::read_to_string(taken(folder, &number)).await.ok();
        if agreed.as_deref() != Some(&text) {
            stamps.insert(path.clone(), seen);
            if new && take_up(realm, directory, &number, &path, &text).await {
                agree(folder, &number, &text).await;
            }
        } else if let Some(source) =
            source(directory, &number).filter(|source| text.as_str() != &***source)
        {
            write_out(folder, &number, &path, source).await;
            stamps.insert(path.clone(), stamp(&path).await);
        } else {
            stamps.insert(path.clone(), seen);
        }
        there.push(number);
    }
    let scenarios = directory.bots.values().filter(|bot| matches!(bot.kind, BotKind::Scenario(_)));
    for bot in scenarios.filter(|bot| !there.iter().any(|number| number == bot.id.as_str())) {
        // A number with a slash in it is no name of a file.
        let (number, plain) = (bot.id.as_str(), !bot.id.as_str().contains(['/', '\\']));
        if let Some(source) = source(directory, number).filter(|_| plain) {
            let path = folder.join(format!("{number}.toml"));
            write_out(folder, number, &path, source).await;
            stamps.insert(path.clone(), stamp(&path).await);
        }
    }
}

fn source<'a>(directory: &'a Directory, number: &str) -> Option<&'a Arc<str>> {
    match &directory.bots.get(number)?.kind {
        BotKind::Scenario(scenario) => Some(&scenario.source),
        _ => None,
    }
}

/// True if the text now runs.
async fn take_up(
    realm: &Realm,
    directory: &Directory,
    number: &str,
    path: &Path,
    text: &str,
) -> bool {
    if source(directory, number).is_some_and(|source| **source == *text) {
        return true;
    }
    let checked = match scenario::read(text) {
        Ok(checked) => checked,
        Err(faults) => return tell(path, &faults),
    };
    let lacking = checked.against(directory);
    if !lacking.is_empty() {
        return tell(path, &lacking);
    }
    let name = directory.bots.get(number).map_or_else(|| number.into(), |bot| bot.name.clone());
    let kind = BotKind::Scenario(Arc::new(checked.scenario));
    let entry = Entry::Bot(Bot { id: number.into(), name, kind });
    match realm.act("bot.file", Command::Put(Box::new(entry))).await {
        Ok(Ok(_)) => {
            tracing::info!(file = %path.display(), "the scenario was taken up");
            true
        }
        Ok(Err(refusal)) => {
            tracing::warn!(file = %path.display(), %refusal, "the scenario was not taken up");
            false
        }
        Err(_) => false,
    }
}

/// Each fault in the log; what ran before runs on.
fn tell(path: &Path, faults: &[scenario::Fault]) -> bool {
    for fault in faults {
        tracing::warn!("{}:{fault}", path.display());
    }
    tracing::warn!(file = %path.display(), "the scenario was not taken up");
    false
}

async fn agree(folder: &Path, number: &str, text: &str) {
    if let Err(fault) = fs::write(taken(folder, number), text).await {
        tracing::warn!(folder = %folder.display(), %fault, "what was taken up is not remembered");
    }
}

async fn write_out(folder: &Path, number: &str, path: &Path, source: &str) {
    // What was agreed first: should the second write fail, the file has changed, and is taken up as it is.
    agree(folder, number, source).await;
    if let Err(fault) = fs::write(path, source).await {
        tracing::warn!(file = %path.display(), %fault, "the scenario was not written out");
    }
}
