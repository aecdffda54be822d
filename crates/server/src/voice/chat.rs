//! Sessions of the web chat behind chats over SIP: the same as a page's socket has, without a socket. Each is a task with a
//! mailbox and one timer; what it says goes to the driver, and what the driver has for it comes by a channel.

use super::flows::{Arrival, Exchange};
use crate::bus::{Letters, Mail, Mailbox};
use crate::listen::door::Door;
use crate::run::Realm;
use crate::{clock, tasks};
use domain::time::Millis;
use facade::door::{Cx, Effect, Head, Session, Site as _};
use facade::nx;
use facade::voice::chat::Chat;
use sip::flow::{Flow, Transport};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Letters that may wait for one of them.
const LETTERS: usize = 4_096;

/// Frames that may wait to be heard by one of them; a talk has fewer lines under way.
const UNHEARD: usize = 64;

/// The longest sleep of one that asked for no time.
const LONG: Duration = Duration::from_hours(1);

/// All of them, by the switch's numbers.
#[derive(Debug)]
pub(super) struct Chats {
    door: Arc<Door>,
    exchange: Exchange,
    lobby: Arc<nx::Lobby>,
    runtime: Handle,
    all: HashMap<u64, mpsc::Sender<String>>,
}

impl Chats {
    /// None yet. What they say goes by this exchange.
    pub(super) fn new(
        door: Arc<Door>,
        exchange: Exchange,
        lobby: Arc<nx::Lobby>,
        runtime: Handle,
    ) -> Self {
        Self { door, exchange, lobby, runtime, all: HashMap::new() }
    }

    /// Does what the switch wants of one.
    pub(super) fn take(&mut self, chat: u64, what: Chat) {
        match what {
            Chat::Begin(flow) => self.begin(chat, flow),
            Chat::Say(frame) => {
                let heard = self.all.get(&chat).is_some_and(|ears| ears.try_send(frame).is_ok());
                if !heard {
                    // It hears that it is over, and tells the switch.
                    self.all.remove(&chat);
                }
            }
            Chat::End => self.forget(chat),
        }
    }

    /// It is over.
    pub(super) fn forget(&mut self, chat: u64) {
        self.all.remove(&chat);
    }

    /// The switch begins anew.
    pub(super) fn forget_all(&mut self) {
        self.all.clear();
    }

    fn begin(&mut self, chat: u64, flow: Flow) {
        let site = &self.door.site;
        let Some(realm) = self.door.realm(site.default_realm()).cloned() else { return };
        let none = String::new;
        let tls = matches!(flow.transport, Transport::Tls | Transport::Wss);
        let (method, path, query, headers) = (none(), none(), none(), Vec::new());
        let head = Head { method, path, query, headers, tls, peer: flow.peer.ip() };
        let arrival = nx::Arrival::new(site.settings(), &head, realm.no);
        let (ears, frames) = mpsc::channel(UNHEARD);
        self.all.insert(chat, ears);
        let (mailbox, letters) = realm.hub.mailbox(LETTERS);
        let behind = Behind {
            chat,
            door: self.door.clone(),
            exchange: self.exchange.clone(),
            realm,
            session: nx::open(arrival, self.lobby.clone()),
            mailbox,
            letters,
            effects: Vec::new(),
            wake_at: None,
        };
        let _within = self.runtime.enter();
        tasks::spawn("sip-chat", behind.live(frames));
    }
}

/// One of them.
struct Behind {
    chat: u64,
    door: Arc<Door>,
    exchange: Exchange,
    realm: Arc<Realm>,
    session: Box<dyn Session>,
    mailbox: Mailbox,
    letters: Letters,
    effects: Vec<Effect>,
    wake_at: Option<Millis>,
}

/// It is over.
struct Over;

impl Behind {
    async fn live(mut self, mut frames: mpsc::Receiver<String>) {
        let mut stop = self.door.stop.clone();
        let mut done = self.tell(|session, cx, out| session.on_open(cx, out));
        while done.is_ok() && self.carry_out().await.is_ok() {
            let next = self.wake_at.map_or_else(|| clock::instant() + LONG, clock::instant_of);
            done = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                mail = self.letters.recv() => self.mail(mail),
                frame = frames.recv() => match frame {
                    Some(frame) => self.tell(|session, cx, out| session.on_text(cx, &frame, out)),
                    None => Err(Over),
                },
                () = tokio::time::sleep_until(next) => self.time(),
            };
        }
        let _ = self.tell(|session, cx, out| session.on_close(cx, out));
        for effect in std::mem::take(&mut self.effects) {
            if let Effect::Do(_, cause, command) = effect {
                self.realm.act_for(None, cause, command).await;
            }
        }
        self.exchange.tell(Arrival::Chat(self.chat, None)).await;
    }

    fn mail(&mut self, mail: Option<Mail>) -> Result<(), Over> {
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
            Some(Mail::Missed) | None => Err(Over),
        }
    }

    fn time(&mut self) -> Result<(), Over> {
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
    ) -> Result<(), Over> {
        let Self { door, session, effects, .. } = self;
        catch_unwind(AssertUnwindSafe(|| door.step(|cx| step(session.as_mut(), cx, effects))))
            .map_err(|_| Over)
    }

    async fn carry_out(&mut self) -> Result<(), Over> {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Send(frame) => {
                    if !self.exchange.tell(Arrival::Chat(self.chat, Some(frame))).await {
                        return Err(Over);
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
                Effect::Close(..) => return Err(Over),
                Effect::Enter(no) => {
                    let Some(realm) = self.door.realm(no).cloned() else { return Err(Over) };
                    (self.mailbox, self.letters) = realm.hub.mailbox(LETTERS);
                    self.realm = realm;
                }
                // Nobody asks it, and nobody logs in here.
                Effect::Answer(..) | Effect::Verify(..) => {}
            }
        }
        Ok(())
    }
}
