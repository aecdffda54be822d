//! Makes a realm and its first administrator, in a data folder on which no server runs.

use super::say;
use crate::run::Realm;
use crate::seal::Sealer;
use crate::site::Site;
use crate::start::folder::Folder;
use crate::start::{open_realm, open_store};
use crate::store::Store as _;
use crate::{chance, clock, password};
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use domain::command::Command;
use domain::directory::{self, Entry, Role, User};
use domain::id::InstanceId;
use facade::door::Settings;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What is made.
#[derive(Debug, Args)]
pub struct Setup {
    /// The data folder; that of the configuration, if one is named
    #[arg(long, default_value = "sangdam-data")]
    pub data: PathBuf,
    /// The configuration file
    #[arg(long, conflicts_with = "data")]
    pub config: Option<PathBuf>,
    /// The realm's domain name
    #[arg(long)]
    pub realm: String,
    /// The first administrator's log-in name
    #[arg(long, default_value = "admin")]
    pub user: String,
    /// The instance id that clients know, when a realm moves here from another server; else a new one is made
    #[arg(long)]
    pub instance: Option<InstanceId>,
}

/// Makes it.
///
/// # Errors
///
/// If the folder is in use, or the realm has an administrator already.
pub async fn setup(setup: Setup) -> anyhow::Result<()> {
    let data = match &setup.config {
        Some(config) => crate::config::Config::load(config)?.server.data,
        None => setup.data.clone(),
    };
    let folder = Folder::take(&data)?;
    let sealer = Sealer::open(folder.path())?;
    let store = open_store(data).await?;
    let no = store.realm(&setup.realm).await?;
    let site = Arc::new(Site::new(Settings::default(), sealer));
    let realm = open_realm(&store, &site, no, setup.realm.as_str().into()).await?;
    ensure!(site.instance(no).is_none(), "the realm {} is set up already", setup.realm);
    let secret = match std::env::var("SANGDAM_PASSWORD") {
        Ok(password) => password,
        Err(_) => made_up(),
    };
    let made = put(&realm, &setup, &secret).await;
    realm.stop().await;
    store.close().await;
    let instance = made?;
    say(&format!(
        "realm          {}\ninstance       {instance}\nadministrator  {}",
        setup.realm, setup.user
    ));
    if std::env::var_os("SANGDAM_PASSWORD").is_none() {
        say(&format!(
            "password       {secret}\n\nIt is shown this once: change it at /admin, or keep it safe."
        ));
    }
    Ok(())
}

async fn put(realm: &Realm, setup: &Setup, secret: &str) -> anyhow::Result<InstanceId> {
    let now = clock::now();
    let instance = setup.instance.unwrap_or_else(|| InstanceId::new(now, &mut chance::Os));
    let entries = [
        Entry::Realm(directory::Realm {
            name: setup.realm.as_str().into(),
            aliases: Vec::new(),
            instance,
            created: now,
            open_topics: false,
            push_to: None,
            stream_hosts: Vec::new(),
            stream_secret: None,
            max_chats: 100_000,
            ring: domain::call::RING,
            utc_offset_minutes: None,
            open_like_max: false,
            second_factor: std::collections::BTreeSet::new(),
            sign_on: None,
            agents_hear_own: false,
            retention: domain::retention::Retention::default(),
        }),
        Entry::User(User {
            id: setup.user.as_str().into(),
            name: setup.user.as_str().into(),
            role: Role::Administrator,
            password: Some(password::hash(secret.to_owned()).await?),
            extension: None,
            skills: BTreeMap::new(),
            limits: BTreeMap::new(),
            disabled: false,
            second: None,
            sign_on: None,
        }),
    ];
    let commands = entries.into_iter().map(|entry| Command::Put(Box::new(entry))).collect();
    let Ok(outcomes) = realm.act_all("setup", commands).await else {
        bail!("it could not be written; the log says why")
    };
    for outcome in outcomes {
        outcome.context("the realm")?;
    }
    Ok(instance)
}

/// A password that nobody can guess: 20 characters that are not taken for one another.
fn made_up() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 20];
    chance::fill(&mut bytes);
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
