//! Standing sessions: [`Session`]s without a socket, asked by requests that may wait for their answer (a long poll).
//!
//! Each is a task of its own, as a socket's is, with a mailbox and one timer. It falls when it asks for that, when its
//! mailbox is lost (it is made anew by whoever asks next), and when the server stops: whoever waits is told at once.

use super::door::Door;
use crate::bus::{Letters, Mail, Mailbox};
use crate::run::Realm;
use crate::{clock, tasks};
use domain::time::Millis;
use facade::door::{Cx, Effect, RealmNo, Session};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Standing sessions of one server.
const MOST: usize = 10_000;

/// Letters that may wait for one of them.
const LETTERS: usize = 4_096;

/// Questions that may wait to be heard by one of them; whoever comes later waits to put theirs.
const UNHEARD: usize = 16;

/// Questions under way at one of them; the oldest one gives way.
const UNANSWERED: usize = 64;

/// The longest sleep of one that asked for no time.
const LONG: Duration = Duration::from_hours(1);

type Question = (Arc<str>, oneshot::Sender<Arc<str>>);

type Ways = HashMap<(RealmNo, Arc<str>), mpsc::Sender<Question>>;

/// All of them, by realm and name.
#[derive(Debug, Default)]
pub struct Standing(Mutex<Ways>);

impl Standing {
    fn all(&self) -> MutexGuard<'_, Ways> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks one, which is made if it does not stand and can be made.
    pub async fn ask(
        &self,
        door: &Arc<Door>,
        realm: &Arc<Realm>,
        name: Arc<str>,
        make: Option<Box<dyn FnOnce() -> Box<dyn Session> + Send>>,
        ask: Arc<str>,
    ) -> Option<Arc<str>> {
        if *door.stop.borrow() {
            return None;
        }
        let inputs = self.find(door, realm, name, make)?;
        let (send, receive) = oneshot::channel();
        inputs.send((ask, send)).await.ok()?;
        drop(inputs);
        receive.await.ok()
    }

    fn find(
        &self,
        door: &Arc<Door>,
        realm: &Arc<Realm>,
        name: Arc<str>,
        make: Option<Box<dyn FnOnce() -> Box<dyn Session> + Send>>,
    ) -> Option<mpsc::Sender<Question>> {
        let key = (realm.no, name);
        let mut all = self.all();
        if let Some(inputs) = all.get(&key).filter(|inputs| !inputs.is_closed()) {
            return Some(inputs.clone());
        }
        let make = make.filter(|_| all.len() < MOST)?;
        let (inputs, questions) = mpsc::channel(UNHEARD);
        all.insert(key.clone(), inputs.clone());
        drop(all);
        let (mailbox, letters) = realm.hub.mailbox(LETTERS);
        let stander = Stander {
            door: door.clone(),
            realm: realm.clone(),
            session: make(),
            mailbox,
            letters,
            effects: Vec::new(),
            asked: BTreeMap::new(),
            tickets: 0,
            wake_at: None,
        };
        let standing = door.standing.clone();
        tasks::spawn("standing", async move {
            stander.stand(questions).await;
            // Whoever took the name meanwhile keeps it.
            standing.all().retain(|other, inputs| *other != key || !inputs.is_closed());
        });
        Some(inputs)
    }

    /// How many there are. For metrics.
    pub fn count(&self) -> usize {
        self.all().len()
    }
}

struct Stander {
    door: Arc<Door>,
    realm: Arc<Realm>,
    session: Box<dyn Session>,
    mailbox: Mailbox,
    letters: Letters,
    effects: Vec<Effect>,
    asked: BTreeMap<u64, oneshot::Sender<Arc<str>>>,
    tickets: u64,
    wake_at: Option<Millis>,
}

/// It falls.
struct Fallen;

impl Stander {
    async fn stand(mut self, mut questions: mpsc::Receiver<Question>) {
        let mut stop = self.door.stop.clone();
        if self.tell(|session, cx, out| session.on_open(cx, out)).is_err() {
            return;
        }
        loop {
            if self.carry_out().await.is_err() {
                break;
            }
            let next = self.wake_at.map_or_else(|| clock::instant() + LONG, clock::instant_of);
            let done = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => Err(Fallen),
                mail = self.letters.recv() => self.mail(mail),
                question = questions.recv() => match question {
                    Some(question) => self.question(question),
                    None => Err(Fallen),
                },
                () = tokio::time::sleep_until(next) => self.time(),
            };
            if done.is_err() {
                break;
            }
        }
        let _ = self.tell(|session, cx, out| session.on_close(cx, out));
        for effect in std::mem::take(&mut self.effects) {
            if let Effect::Do(_, cause, command) = effect {
                self.realm.act_for(None, cause, command).await;
            }
        }
    }

    fn question(&mut self, (ask, send): Question) -> Result<(), Fallen> {
        self.asked.retain(|_, send| !send.is_closed());
        if self.asked.len() >= UNANSWERED {
            self.asked.pop_first();
        }
        self.tickets += 1;
        let ticket = self.tickets;
        self.asked.insert(ticket, send);
        self.tell(|session, cx, out| session.on_ask(cx, ticket, &ask, out))
    }

    fn mail(&mut self, mail: Option<Mail>) -> Result<(), Fallen> {
        match mail {
            Some(Mail::Fact(fact)) => self.tell(|session, cx, out| session.on_fact(cx, &fact, out)),
            Some(Mail::Signal(signal)) => {
                self.tell(|session, cx, out| session.on_signal(cx, &signal, out))
            }
            Some(Mail::Outcome(ticket, outcome)) => {
                self.tell(|session, cx, out| session.on_outcome(cx, ticket, outcome, out))
            }
            Some(Mail::Answer(ticket, answer, seq)) => {
                self.tell(|session, cx, out| session.on_answer(cx, ticket, answer, seq, out))
            }
            Some(Mail::Missed) | None => Err(Fallen),
        }
    }

    fn time(&mut self) -> Result<(), Fallen> {
        if self.wake_at.is_some_and(|at| at <= clock::now()) {
            self.wake_at = None;
            return self.tell(|session, cx, out| session.on_time(cx, out));
        }
        Ok(())
    }

    /// Runs a step of the session; a panic in it ends this one and no other.
    fn tell(
        &mut self,
        step: impl FnOnce(&mut dyn Session, &mut Cx<'_>, &mut Vec<Effect>),
    ) -> Result<(), Fallen> {
        let Self { door, session, effects, .. } = self;
        catch_unwind(AssertUnwindSafe(|| door.step(|cx| step(session.as_mut(), cx, effects))))
            .map_err(|_| Fallen)
    }

    async fn carry_out(&mut self) -> Result<(), Fallen> {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Answer(ticket, answer) => {
                    if let Some(send) = self.asked.remove(&ticket) {
                        // Whoever has gone asks again.
                        let _ = send.send(answer);
                    }
                }
                Effect::Do(ticket, cause, command) => {
                    let to = Some(Realm::socket(&self.mailbox, ticket));
                    self.realm.act_for(to, cause, command).await;
                }
                Effect::Read(ticket, query) => {
                    self.realm.read_for(Realm::socket(&self.mailbox, ticket), query).await;
                }
                Effect::Watch(topic) => self.realm.hub.watch(&self.mailbox, topic),
                Effect::Unwatch(topic) => self.realm.hub.unwatch(&self.mailbox, &topic),
                Effect::Wake(at) => self.wake_at = Some(at),
                Effect::Close(..) => return Err(Fallen),
                // There is no other side to send to, nobody logs in here, and a name belongs to its realm.
                Effect::Send(_) | Effect::Verify(..) | Effect::Enter(_) => {}
            }
        }
        Ok(())
    }
}
