//! Push tokens of calls on their way to the realm's webhook: each at least once, in a task of its own, again and again for an
//! hour, also after a restart.

use crate::bus::{Mail, Mailbox};
use crate::clock;
use crate::post::Post;
use crate::run::Realm;
use crate::site::Site;
use crate::tasks;
use domain::command::Command;
use domain::fact::Fact;
use domain::id::ContactId;
use domain::node::Topic;
use domain::push::{Push, TRIED};
use domain::query::{Answer, Query};
use facade::{push, webhook};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// How many letters may wait for the worker; if it falls behind by more, it asks for what is open.
const LETTERS: usize = 1_024;

/// Tokens that are being told at a time; one that waits for its next try is none of them.
const AT_ONCE: usize = 64;

/// Between two tries, at first and at last; each is twice the one before.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);

#[derive(Debug)]
struct Office {
    realm: Arc<Realm>,
    site: Arc<Site>,
    post: Arc<Post>,
    places: Semaphore,
    /// Those that have a task.
    open: Mutex<BTreeSet<ContactId>>,
}

/// Starts the worker of a realm.
pub fn start(realm: Arc<Realm>, site: Arc<Site>, post: Arc<Post>, stop: watch::Receiver<bool>) {
    let (places, open) = (Semaphore::new(AT_ONCE), Mutex::default());
    let office = Arc::new(Office { realm, site, post, places, open });
    tasks::worker("pushes", stop, move || {
        let office = office.clone();
        async move { work(&office).await }
    });
}

/// Works until it has missed something, or the realm is gone.
async fn work(office: &Arc<Office>) {
    let (mailbox, mut letters): (Mailbox, _) = office.realm.hub.mailbox(LETTERS);
    office.realm.hub.watch(&mailbox, Topic::Pushes);
    let Ok((Ok(Answer::Pushes(pushes)), known)) = office.realm.read(Query::Pushes).await else {
        return;
    };
    for (contact, push) in pushes {
        tell(office, contact, push);
    }
    while let Some(mail) = letters.recv().await {
        match mail {
            Mail::Fact(fact) if fact.seq > known => {
                if let Fact::PushAsked { contact, push } = &fact.fact {
                    tell(office, *contact, push.as_ref().clone());
                }
            }
            Mail::Missed => return,
            _ => {}
        }
    }
}

fn tell(office: &Arc<Office>, contact: ContactId, push: Push) {
    if !office.open.lock().unwrap_or_else(PoisonError::into_inner).insert(contact) {
        return;
    }
    let office = office.clone();
    tasks::spawn("push", async move {
        let until = push.at.plus(TRIED);
        let mut pause = PAUSE;
        let why = loop {
            match told(&office, contact, &push).await {
                Ok(()) => break None,
                Err(why) if clock::now() >= until => break Some(why),
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause = LONGEST.min(pause * 2);
        };
        let label = if why.is_none() { "told" } else { "dropped" };
        metrics::counter!("sangdam_push_tokens_total", "outcome" => label).increment(1);
        let _ = office.realm.act("push.done", Command::PushDone { contact, why }).await;
        office.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&contact);
    });
}

/// Posts a token once.
async fn told(office: &Office, contact: ContactId, of: &Push) -> Result<(), Arc<str>> {
    let Office { realm, site, post, places, .. } = office;
    let _place = places.acquire().await.map_err(|_| Arc::from("the server stops"))?;
    let to = site.push_to(realm.no).ok_or_else(|| Arc::from("nobody is to be told any more"))?;
    let body = push::body(contact, of);
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        (push::KEY_HEADER, contact.to_string()),
    ];
    if let Some(secret) = &to.secret {
        let signature = webhook::sign(secret, clock::now().0 / 1_000, body.as_bytes());
        headers.push((webhook::HEADER, signature));
    }
    let sent = post.send(&to.url, &headers, body, &site.stream_hosts(realm.no)).await;
    sent.map(drop).map_err(|fault| fault.to_string().into())
}
