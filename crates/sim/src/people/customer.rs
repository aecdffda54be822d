//! Customers: they come, type, wait, send files, fall silent, try again, and go.

use crate::shop;
use crate::world::{Asked, World};
use domain::agent::Channel;
use domain::command::{By, Choice, Command, Done, Rehydrate, StartChat};
use domain::contact::{Origin, TextKind, TextKinds};
use domain::id::{ClientKey, ContactId, FileId, ItemId, ParticipantId, TokenHash};
use domain::query::{Answer, From, Place, Query};
use domain::refusal::Refusal;
use domain::room::{Audience, FileStatus, MemberRole, TokenKind};
use domain::time::Millis;
use std::collections::BTreeMap;

/// At most so many customers are remembered.
const MANY: usize = 16;

/// One of them, and what they know.
#[derive(Debug, Default)]
pub(crate) struct Customer {
    /// The start of their chat, to be repeated if need be.
    start: Option<Box<StartChat>>,
    contact: Option<ContactId>,
    participant: Option<ParticipantId>,
    /// Tokens they hold, by what they open.
    participants: Vec<TokenHash>,
    connections: Vec<TokenHash>,
    wires: Vec<TokenHash>,
    /// Lines they have seen, and where the page they read ended.
    seen: Vec<ItemId>,
    place: Option<Place>,
    /// Keys they have used for messages.
    keys: Vec<ClientKey>,
    files: BTreeMap<FileId, ClientKey>,
    /// Open sockets.
    pub(crate) sockets: u8,
    over: bool,
}

impl Customer {
    /// Hears what became of a command.
    pub(super) fn learn(&mut self, command: &Command, outcome: &Result<Done, Refusal>) {
        let grants = match command {
            Command::StartChat(start) => &start.grants[..],
            Command::Connect { grants, .. } => &grants[..],
            _ => &[],
        };
        match (command, outcome) {
            (_, Ok(Done::Started { contact, participant, over, .. })) => {
                let before = self.contact.replace(*contact);
                assert!(before.is_none_or(|before| before == *contact), "one start made two chats");
                self.participant = Some(*participant);
                self.over = *over;
            }
            (Command::AnnounceFile { key, .. }, Ok(Done::File { file })) => {
                let before = self.files.insert(*file, *key);
                assert!(before.is_none_or(|before| before == *key), "two files are one");
            }
            (Command::StartChat(_), Err(_)) => self.over = true,
            (_, Err(Refusal::ChatEnded)) => self.over = true,
            _ => {}
        }
        if outcome.is_ok() && !self.over {
            for grant in grants {
                match grant.kind {
                    TokenKind::Participant => self.participants.push(grant.token),
                    TokenKind::Connection => self.connections.push(grant.token),
                    TokenKind::Socket => self.wires.push(grant.token),
                    TokenKind::Upload => {}
                }
            }
        }
    }

    /// Reads a page: lines in order, each once, and nothing that is not for them.
    pub(super) fn read(&mut self, answer: &Answer) {
        let Answer::Lines(lines) = answer else { return };
        for (part, item) in &lines.items {
            assert!(
                item.audience.includes(MemberRole::Customer),
                "a customer reads what is not for customers: {:?}",
                item.body
            );
            assert!(
                *part > 0 || item.room == lines.room,
                "a line of another chat stands in this one"
            );
            self.seen.push(item.id);
        }
        let surplus = self.seen.len().saturating_sub(20);
        self.seen.drain(..surplus);
        self.place = lines.next;
    }
}

impl World {
    pub(super) fn customer_acts(&mut self) -> Option<Asked> {
        let some = self.people.customers.len();
        if some < MANY && self.once_in(12) || some == 0 {
            self.people.customers.push(Customer::default());
            let start = self.new_chat();
            let customer = self.people.customers.last_mut()?;
            customer.start = Some(Box::new(start.clone()));
            return Some(Asked::from(Command::StartChat(Box::new(start))).of(some));
        }
        let at = self.pick(some);
        if self.people.customers[at].over && self.once_in(4) {
            // Somebody new sits down in their place. Answers on their way to the old one must not reach the new one.
            if !self.waits(at) {
                self.people.lost.retain(|asked| asked.customer != Some(at));
                let start = self.new_chat();
                self.people.customers[at] =
                    Customer { start: Some(Box::new(start.clone())), ..Customer::default() };
                return Some(Asked::from(Command::StartChat(Box::new(start))).of(at));
            }
        }
        let command = self.customer_does(at)?;
        Some(command.of(at))
    }

    fn new_chat(&mut self) -> StartChat {
        let number = 1 + u8::try_from(self.draw.below(shop::FLOWS.into())).unwrap_or(0);
        let flow = if self.once_in(40) { shop::flow(99) } else { shop::flow(number) };
        let kinds = if self.once_in(2) {
            TextKinds::PLAIN.with(TextKind::Markdown)
        } else {
            TextKinds::PLAIN
        };
        let words = self.words("opening");
        let opening = self.once_in(3).then(|| {
            (if self.draw.below(6) == 0 { TextKind::Markdown } else { TextKind::Plain }, words)
        });
        let past = if self.once_in(6) { self.some_contact() } else { None };
        let customer = self.once_in(2).then(|| format!("customer {}", self.draw.below(6)).into());
        let outside: Option<std::sync::Arc<str>> =
            self.once_in(10).then(|| format!("outside {}", self.draw.below(3)).into());
        // An outside pair is a key itself.
        let keyless = outside.is_some() || self.once_in(10);
        let origin =
            self.once_in(5).then(|| Origin { widget: "page".into(), address: self.draw.below(2) });
        let minutes = [1, 60, 1_500][self.pick(3)];
        StartChat {
            flow,
            name: "a customer".into(),
            customer,
            verified: self.once_in(2),
            attributes: [("why".into(), "because".into())].into(),
            segment_attributes: BTreeMap::new(),
            opening,
            kinds,
            duration: Millis::from_mins(minutes),
            rehydrate: past.map(|id| {
                if self.once_in(2) {
                    Rehydrate::EntirePastSession(id)
                } else {
                    Rehydrate::FromSegment(id)
                }
            }),
            related: if self.once_in(10) { self.some_contact() } else { None },
            drop_agents: self.once_in(2),
            stream: self.once_in(10).then(|| "arn:aws:sns:topic".into()),
            key: if keyless { None } else { Some(self.key()) },
            grants: self.grants(&[TokenKind::Participant]),
            origin,
            outside,
            outbound: self.once_in(10),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    fn customer_does(&mut self, at: usize) -> Option<Asked> {
        let customer = &self.people.customers[at];
        let (participants, connections, wires) =
            (customer.participants.clone(), customer.connections.clone(), customer.wires.clone());
        let (keys, seen, place) = (customer.keys.clone(), customer.seen.clone(), customer.place);
        let files: Vec<(FileId, ClientKey)> =
            customer.files.iter().map(|(file, key)| (*file, *key)).collect();
        if customer.contact.is_none() || self.once_in(40) {
            // A second click, or nobody answered: the same start again. Without a key it would be another chat.
            let mut start = self.people.customers[at].start.clone().filter(|s| s.key.is_some())?;
            start.grants = self.grants(&[TokenKind::Participant]);
            return Some(Command::StartChat(start).into());
        }
        let token = self.one_of(&connections);
        if token.is_none() || self.once_in(15) {
            let (token, arrive) = (self.one_of(&participants)?, self.once_in(2));
            return Some(
                Command::Connect {
                    token,
                    grants: self.grants(&[TokenKind::Connection, TokenKind::Socket]),
                    arrive,
                }
                .into(),
            );
        }
        let by = By::Token(token?);
        let command = match self.draw.below(100) {
            0..8 => Command::Arrive { token: self.one_of(&wires)? },
            8..14 => {
                let present = self.people.customers[at].sockets == 0 || self.once_in(2);
                let sockets = &mut self.people.customers[at].sockets;
                *sockets = if present { *sockets + 1 } else { sockets.saturating_sub(1) };
                Command::Present { token: self.one_of(&wires)?, present }
            }
            14..54 => {
                let key = match self.draw.below(10) {
                    0 => None,
                    1 => self.one_of(&keys),
                    _ => {
                        let key = self.key();
                        self.people.customers[at].keys.push(key);
                        Some(key)
                    }
                };
                let kind = TextKind::ALL[self.pick(12).min(4) % 5];
                let kind = if self.once_in(4) { kind } else { TextKind::Plain };
                let audience = if self.once_in(30) { Audience::Agents } else { Audience::All };
                let text = match self.draw.below(3) {
                    0 => shop::TO_BOT[self.pick(shop::TO_BOT.len())].into(),
                    _ => self.words("customer"),
                };
                if self.once_in(6) {
                    let menu = self.once_in(2).then(|| "AGENT".into());
                    let choice = Choice { menu, keyword: text.clone() };
                    return Some(Command::Choose { by, kind, text, choice, audience, key }.into());
                }
                Command::Say { by, kind, text, audience, key }
            }
            54..60 => Command::Typing {
                by,
                audience: Audience::All,
                key: self.once_in(2).then(|| self.key()),
            },
            60..68 => Command::Mark {
                by,
                item: self.one_of(&seen)?,
                read: self.once_in(2),
                key: self.once_in(2).then(|| self.key()),
            },
            68..76 => {
                let from = match (self.draw.below(5), place, self.one_of(&seen)) {
                    (0, Some(place), _) => From::After(place),
                    (1, _, Some(item)) => From::Item(item),
                    (2, _, _) => From::Time(Millis(self.now.0 - self.draw.below(100_000))),
                    (3, _, _) => From::MostRecent(1 + self.draw.below(20) as u32),
                    _ => From::Newest,
                };
                let contact =
                    if self.once_in(5) { self.people.customers[at].contact } else { None };
                return Some(
                    Query::Transcript {
                        by,
                        contact,
                        from,
                        forward: self.once_in(2),
                        limit: 1 + self.draw.below(12) as u16,
                    }
                    .into(),
                );
            }
            76..80 => {
                let key = self.key();
                let upload = self.secret();
                self.people.uploads.push(upload);
                Command::AnnounceFile {
                    by,
                    name: "a.txt".into(),
                    kind: "text/plain".into(),
                    size: 5,
                    audience: Audience::All,
                    upload,
                    until: self.now.plus(Millis::from_mins(15)),
                    key,
                }
            }
            80..86 => self.upload()?,
            86..91 => {
                let (file, key) = self.one_of(&files)?;
                Command::CompleteFile {
                    by,
                    file,
                    key: if self.once_in(8) { self.key() } else { key },
                }
            }
            91..94 => Command::Rate { by, score: self.draw.below(7) as u8 },
            94..97 => Command::Leave { by, key: self.once_in(2).then(|| self.key()) },
            97 => Command::SayOutside {
                contact: self.people.customers[at].contact?,
                kind: TextKind::Plain,
                text: self.words("outside"),
            },
            98 => Command::LeaveOutside { contact: self.people.customers[at].contact? },
            _ => return Some(Query::Wait(self.people.customers[at].contact?).into()),
        };
        Some(command.into())
    }

    /// Bytes come by a URL, right or wrong.
    pub(super) fn upload(&mut self) -> Option<Command> {
        let uploads = self.people.uploads.clone();
        let from = uploads.len().saturating_sub(6);
        let upload = self.one_of(&uploads[from..])?;
        let status = if self.once_in(4) { FileStatus::Rejected } else { FileStatus::Stored };
        Some(Command::StoreFile { upload, size: 5, kind: "text/plain".into(), status })
    }
}

/// Chats are the only channel so far.
pub(super) const CHAT: Channel = Channel::Chat;
