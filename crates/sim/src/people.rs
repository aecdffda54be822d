//! Everybody who wants something: what they know, and what they do next.
//!
//! People know what they were told and nothing else, but they guess: stale ids, old tokens and wrong moments are part
//! of every story. Whoever lost an answer tries again with the same key, or gives up.

mod customer;
mod office;
mod phone;
mod staff;

use crate::world::{Asked, Wish, World};
use customer::Customer;
use domain::chance::Chance as _;
use domain::command::{Command, Done, Grant};
use domain::id::{ClientKey, ContactId, FileId, TokenHash, UserId};
use domain::query::Answer;
use domain::refusal::Refusal;
use domain::room::TokenKind;
use domain::time::Millis;
use std::collections::BTreeMap;

/// At most so many wishes are kept for another try.
const RETRIES: usize = 24;

/// All of them, and what they know.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) customers: Vec<Customer>,
    /// The newest session of each member of the staff.
    sessions: BTreeMap<UserId, TokenHash>,
    /// Contacts that somebody has heard of, newest last.
    contacts: Vec<ContactId>,
    /// Files announced by staff, and the contact each belongs to.
    files: Vec<(UserId, ContactId, FileId, ClientKey)>,
    /// Secrets of upload URLs.
    uploads: Vec<TokenHash>,
    /// Participant tokens of bots, and the connection token each was given.
    bots: Vec<(TokenHash, Option<TokenHash>)>,
    lost: Vec<Asked>,
    words: u64,
}

impl People {
    /// Somebody hears what became of a command.
    pub(crate) fn learn(
        &mut self,
        asked: &Asked,
        command: &Command,
        outcome: &Result<Done, Refusal>,
    ) {
        match (command, outcome) {
            (_, Ok(Done::Started { contact, .. } | Done::Transferred { contact })) => {
                self.heard_of(*contact);
            }
            (Command::LogIn { user, session, .. }, Ok(_)) => {
                self.sessions.insert(user.clone(), *session);
            }
            (
                Command::AnnounceFile {
                    by: domain::command::By::Session(session, contact),
                    key,
                    ..
                },
                Ok(Done::File { file }),
            ) => {
                if let Some((user, _)) = self.sessions.iter().find(|(_, s)| *s == session) {
                    self.files.push((user.clone(), *contact, *file, *key));
                }
            }
            _ => {}
        }
        if let Some(customer) = asked.customer.and_then(|at| self.customers.get_mut(at)) {
            customer.learn(command, outcome);
        }
    }

    /// Somebody reads an answer.
    pub(crate) fn read(&mut self, asked: &Asked, answer: Option<&Answer>) {
        if let (Some(customer), Some(answer)) =
            (asked.customer.and_then(|at| self.customers.get_mut(at)), answer)
        {
            customer.read(answer);
        }
    }

    /// Somebody hears of a fault, or nothing more at all.
    pub(crate) fn lost(&mut self, asked: Asked) {
        if self.lost.len() == RETRIES {
            self.lost.remove(0);
        }
        self.lost.push(asked);
    }

    /// All connections broke.
    pub(crate) fn fell(&mut self) {
        for customer in &mut self.customers {
            customer.sockets = 0;
        }
    }

    fn heard_of(&mut self, contact: ContactId) {
        if !self.contacts.contains(&contact) {
            self.contacts.push(contact);
        }
        if self.contacts.len() > 40 {
            self.contacts.remove(0);
        }
    }
}

impl World {
    /// Somebody does something, or nobody does anything.
    pub(crate) fn act(&mut self) {
        let asked = match self.draw.below(100) {
            0..45 => self.customer_acts(),
            45..80 => self.staff_acts(),
            80..90 => self.program_acts(),
            90..93 => self.administrator_acts(),
            93..98 => self.tries_again(),
            _ => None,
        };
        if let Some(asked) = asked {
            self.ask(asked);
        }
    }

    /// Somebody at a telephone does something.
    pub(crate) fn act_by_phone(&mut self) {
        if let Some(asked) = self.phone_acts() {
            self.ask(asked);
        }
    }

    /// Somebody whose answer was lost asks once more, with the same key and new secrets.
    fn tries_again(&mut self) -> Option<Asked> {
        if self.people.lost.is_empty() {
            return None;
        }
        let at = self.pick(self.people.lost.len());
        let mut asked = self.people.lost.swap_remove(at).once_more();
        match &mut asked.wish {
            Wish::Do(Command::StartChat(start)) => {
                start.grants = self.grants(&[TokenKind::Participant]);
            }
            Wish::Do(Command::Connect { grants, .. }) => {
                *grants = self.grants(&[TokenKind::Connection, TokenKind::Socket]);
            }
            Wish::Do(Command::LogIn { session, .. }) => *session = self.secret(),
            Wish::Do(Command::AnnounceFile { upload, .. }) => *upload = self.secret(),
            _ => {}
        }
        Some(asked)
    }

    /// A place among so many.
    pub(crate) fn pick(&mut self, many: usize) -> usize {
        usize::try_from(self.draw.below(many as u64)).unwrap_or(0)
    }

    /// One of these, or none if there are none.
    pub(crate) fn one_of<T: Clone>(&mut self, these: &[T]) -> Option<T> {
        if these.is_empty() { None } else { Some(these[self.pick(these.len())].clone()) }
    }

    /// True once in so many.
    pub(crate) fn once_in(&mut self, many: u64) -> bool {
        self.draw.below(many) == 0
    }

    fn secret(&mut self) -> TokenHash {
        TokenHash(self.draw.bytes())
    }

    fn key(&mut self) -> ClientKey {
        ClientKey(std::array::from_fn(|_| u8::try_from(self.draw.below(256)).unwrap_or(0)))
    }

    fn grants(&mut self, kinds: &[TokenKind]) -> Vec<Grant> {
        let hours = 1 + self.draw.below(30);
        let until = self.now.plus(Millis(hours * 3_600_000));
        kinds.iter().map(|&kind| Grant { token: self.secret(), kind, until }).collect()
    }

    /// Words that were never said before.
    fn words(&mut self, who: &str) -> std::sync::Arc<str> {
        self.people.words += 1;
        format!("{who} says {}", self.people.words).into()
    }

    /// A contact that somebody has heard of; mostly a new one.
    fn some_contact(&mut self) -> Option<ContactId> {
        let known = self.people.contacts.len();
        if known == 0 {
            return None;
        }
        let from = if self.once_in(3) { 0 } else { known.saturating_sub(8) };
        let at = from + self.pick(known - from);
        Some(self.people.contacts[at])
    }
}
