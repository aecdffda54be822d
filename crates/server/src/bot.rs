//! Programs of bots: one worker for each realm hears what is to be asked and posts it, each question by itself, so that a
//! slow program holds up nobody but those who talk with it.
//!
//! A question is posted once; after a restart those that are still open are posted again with the same key, and whichever
//! answer comes first is taken, once. What is not answered in time the centre gives up by itself. [`file`] keeps the
//! demo's scenario as a file that can be edited.

pub mod file;

use crate::bus::{Mail, Mailbox};
use crate::clock;
use crate::post::{self, Post};
use crate::run::Realm;
use crate::site::Site;
use crate::tasks;
use domain::command::Command;
use domain::directory::BotKind;
use domain::fact::Fact;
use domain::id::ContactId;
use domain::node::Topic;
use domain::query::{Answer, BotAsk, ContactName, Query};
use domain::scenario::Reply;
use facade::door::Site as _;
use facade::{bot, webhook};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// How many letters may wait for the worker; if it falls behind by more, it asks for what is open.
const LETTERS: usize = 4_096;

/// Questions on their way at a time.
const AT_ONCE: usize = 256;

/// What all questions share.
#[derive(Debug)]
struct Office {
    realm: Arc<Realm>,
    site: Arc<Site>,
    post: Arc<Post>,
    places: Semaphore,
    /// Questions that are on their way.
    open: Mutex<BTreeSet<(ContactId, u32)>>,
}

/// Starts the worker of a realm.
pub fn start(realm: Arc<Realm>, site: Arc<Site>, post: Arc<Post>, stop: watch::Receiver<bool>) {
    let (places, open) = (Semaphore::new(AT_ONCE), Mutex::default());
    let office = Arc::new(Office { realm, site, post, places, open });
    tasks::worker("bots", stop, move || {
        let office = office.clone();
        async move { work(&office).await }
    });
}

/// Works until it has missed something, or the realm is gone.
async fn work(office: &Arc<Office>) {
    let (mailbox, mut letters): (Mailbox, _) = office.realm.hub.mailbox(LETTERS);
    office.realm.hub.watch(&mailbox, Topic::Bots);
    let Ok((Ok(Answer::BotAsks(asks)), known)) = office.realm.read(Query::BotAsks).await else {
        return;
    };
    for ask in asks {
        send(office, ask);
    }
    while let Some(mail) = letters.recv().await {
        match mail {
            Mail::Fact(fact) if fact.seq > known => {
                if let Fact::BotAsked { contact, bot, ask } = &fact.fact {
                    let (contact, bot, ask) = (*contact, bot.clone(), ask.as_ref().clone());
                    send(office, BotAsk { contact, bot, ask });
                }
            }
            Mail::Missed => return,
            _ => {}
        }
    }
}

fn send(office: &Arc<Office>, ask: BotAsk) {
    let name = (ask.contact, ask.ask.n);
    let new = office.open.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    if !new {
        return;
    }
    let office = office.clone();
    tasks::spawn("bot", async move {
        let left = Duration::from_millis(ask.ask.until.since(clock::now()).0);
        let outcome = match tokio::time::timeout(left, posted(&office, &ask)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("no answer in time".into()),
        };
        let (contact, n) = name;
        let (label, command) = match outcome {
            Ok(reply) => ("answered", Command::BotAnswer { contact, ask: n, reply }),
            Err(why) => ("failed", Command::BotFailed { contact, ask: n, why }),
        };
        metrics::counter!("sangdam_bot_questions_total", "outcome" => label).increment(1);
        // One that was given up meanwhile is refused: nobody waits for it any more.
        let _ = office.realm.act("bot.answer", command).await;
        office.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
    });
}

/// Posts a question and reads the answer.
async fn posted(office: &Office, ask: &BotAsk) -> Result<Reply, Arc<str>> {
    let Office { realm, site, post, places, .. } = office;
    let gone = || Arc::from("the server could not ask");
    let _place = places.acquire().await.map_err(|_| gone())?;
    let (Ok(Answer::Directory(directory)), _) =
        realm.read(Query::Directory).await.map_err(|_| gone())?
    else {
        return Err(gone());
    };
    let Some(BotKind::Webhook(hook)) = directory.bots.get(&ask.bot).map(|bot| &bot.kind) else {
        return Err("the bot has no program any more".into());
    };
    let contact = Query::Contact(ContactName::Id(ask.contact));
    let (Ok(Answer::Contact(contact, attributes)), _) =
        realm.read(contact).await.map_err(|_| gone())?
    else {
        return Err(gone());
    };
    let body = bot::question(ask, &contact, &attributes);
    let of_realm = || directory.realm.as_ref().and_then(|realm| realm.stream_secret.as_ref());
    let secret = hook.sealed.as_ref().or_else(of_realm).and_then(|sealed| site.unseal(sealed));
    let mut headers =
        vec![("content-type", "application/json".to_owned()), (bot::KEY_HEADER, bot::key(ask))];
    if let Some(secret) = secret.and_then(|secret| String::from_utf8(secret).ok()) {
        let signature = webhook::sign(&secret, clock::now().0 / 1_000, body.as_bytes());
        headers.push((webhook::HEADER, signature));
    }
    let answered = post.send(&hook.url, &headers, body, &site.stream_hosts(realm.no)).await;
    let post::Answer { body, .. } = answered.map_err(|fault| Arc::from(fault.to_string()))?;
    bot::answer(&body).map_err(Into::into)
}
