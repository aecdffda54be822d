//! Programs and administrators: they steer from outside, at any moment, wanted or not.

use crate::shop;
use crate::world::{Asked, World};
use domain::command::{By, Command, Destination, IdleChange, Timing};
use domain::contact::TextKind;
use domain::directory::{Entry, EntryKey, Group, Role};
use domain::id::{ContactId, StreamId, UserId};
use domain::query::{ContactFilter, ContactName, Query};
use domain::room::{Audience, TokenKind};
use domain::scenario::{Reply, Said, Taker, Then};
use domain::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

impl World {
    pub(super) fn program_acts(&mut self) -> Option<Asked> {
        if self.once_in(3)
            && let Some(command) = self.bots_program_answers()
        {
            return Some(command.into());
        }
        let contact = self.some_contact()?;
        let command = match self.draw.below(100) {
            0..6 => Command::Stop { contact },
            6..16 => {
                let size = if self.once_in(10) { 40_000 } else { 10 };
                let value = "x".repeat(size).as_str().into();
                Command::SetAttributes {
                    contact,
                    attributes: [(format!("key {}", self.draw.below(5)).into(), value)].into(),
                    unset: if self.once_in(3) { ["key 1".into()].into() } else { BTreeSet::new() },
                }
            }
            16..22 => Command::Describe {
                contact,
                name: self.once_in(2).then(|| "a name".into()),
                description: None,
                tags: [(format!("tag {}", self.draw.below(3)).into(), "on".into())].into(),
                untagged: if self.once_in(3) { ["tag 1".into()].into() } else { BTreeSet::new() },
                segment_attributes: BTreeMap::new(),
                references: Vec::new(),
            },
            22..30 => {
                let target = [
                    "arn:aws:sns:other",
                    "https://copies.example/x",
                    "https://elsewhere.example/x",
                ][self.pick(3)]
                .into();
                Command::StartStream { contact, target, key: self.once_in(2).then(|| self.key()) }
            }
            30..42 => {
                let stream = self.stream_of(contact)?;
                match self.draw.below(6) {
                    0 => Command::StopStream { contact, stream },
                    1 => Command::DropStream { contact, stream, why: "no answer".into() },
                    _ => Command::AdvanceStream { contact, stream, to: self.draw.below(1_000) },
                }
            }
            42..52 => {
                let mut rule = || {
                    let timing = |n: u64| match n {
                        0 => Timing::Unset,
                        4 => Timing::Keep,
                        n => Timing::After(Millis(n * 20_000)),
                    };
                    IdleChange {
                        warn: timing(self.draw.below(5)),
                        drop: timing(self.draw.below(5)),
                    }
                };
                Command::RuleIdle { contact, customer: rule(), agent: rule() }
            }
            52..64 => {
                let grant = self.grants(&[TokenKind::Participant])[0];
                self.people.bots.push((grant.token, None));
                Command::AdmitBot {
                    contact,
                    name: "a bot".into(),
                    grant,
                    beside_agents: self.once_in(2),
                    key: self.once_in(2).then(|| self.key()),
                }
            }
            64..80 => self.bot_does()?,
            80..84 => {
                let to = if self.once_in(2) {
                    Destination::Queue("1000".into())
                } else {
                    Destination::Flow(shop::flow(shop::ECHO))
                };
                Command::Transfer { contact, to, by: None, note: None, key: Some(self.key()) }
            }
            84..88 => Command::Assign { contact, agent: shop::AGENTS[self.pick(6)].into() },
            88..92 => return Some(Query::Contact(ContactName::Id(contact)).into()),
            92..95 => return Some(Query::Matter(contact).into()),
            95..97 => {
                return Some(
                    Query::Contacts(ContactFilter { limit: 5, ..ContactFilter::default() }).into(),
                );
            }
            _ => return Some(Query::People.into()),
        };
        Some(command.into())
    }

    /// A bot's program answers, well or badly, in time or late, once or again.
    fn bots_program_answers(&mut self) -> Option<Command> {
        let rooms = self.node.centre().rooms();
        let open: Vec<(ContactId, u32)> = rooms
            .filter_map(|room| Some((room.contact, room.bot.as_ref()?.ask.as_ref()?.n)))
            .collect();
        let (contact, ask) = self.one_of(&open)?;
        let ask = if self.once_in(10) { ask.saturating_sub(1) } else { ask };
        if self.once_in(5) {
            return Some(Command::BotFailed { contact, ask, why: "answered 500".into() });
        }
        let said = |text| Said { kind: TextKind::Plain, text };
        let messages = (0..self.draw.below(3)).map(|_| said(self.words("program"))).collect();
        let then = match self.draw.below(10) {
            0 => Then::End,
            1 => Then::HandOver(None, Some("a note".into())),
            2 => Then::HandOver(Some(Taker::Queue("3003".into())), None),
            3 => Then::HandOver(Some(Taker::Agent("1004".into())), None),
            _ => Then::Listen,
        };
        let set = [("program".into(), "was here".into())].into();
        Some(Command::BotAnswer { contact, ask, reply: Reply { messages, set, then } })
    }

    fn stream_of(&mut self, contact: ContactId) -> Option<StreamId> {
        let centre = self.node.centre();
        let room = centre.contacts().find(|c| c.id == contact)?.room();
        Some(centre.room_by_id(room)?.streams.first()?.id)
    }

    /// Bots connect, and speak.
    fn bot_does(&mut self) -> Option<Command> {
        let bots = self.people.bots.clone();
        let from = bots.len().saturating_sub(6);
        let at = from + if bots.is_empty() { return None } else { self.pick(bots.len() - from) };
        let (participant, connection) = bots[at];
        Some(match connection {
            Some(token) if !self.once_in(5) => {
                let (by, key) = (By::Token(token), Some(self.key()));
                match self.draw.below(6) {
                    0 => Command::Leave { by, key: None },
                    1 => Command::Say {
                        by,
                        kind: TextKind::Plain,
                        text: self.words("bot"),
                        audience: Audience::Agents,
                        key,
                    },
                    2 => Command::Say {
                        by,
                        kind: TextKind::Plain,
                        text: self.words("bot"),
                        audience: Audience::Customer,
                        key,
                    },
                    _ => Command::Say {
                        by,
                        kind: TextKind::Plain,
                        text: self.words("bot"),
                        audience: Audience::All,
                        key,
                    },
                }
            }
            _ => {
                let grants = self.grants(&[TokenKind::Connection]);
                self.people.bots[at].1 = Some(grants[0].token);
                Command::Connect { token: participant, grants, arrive: false }
            }
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    pub(super) fn administrator_acts(&mut self) -> Option<Asked> {
        let agent = shop::AGENTS[self.pick(6)];
        let command = match self.draw.below(10) {
            0..3 => {
                let mut user = shop::user(agent, Role::Agent, self.draw.below(11) as u8);
                user.disabled = self.once_in(5);
                user.limits = [(super::customer::CHAT, 1 + self.draw.below(3) as u8)].into();
                Command::Put(Box::new(Entry::User(user)))
            }
            3..5 => {
                let directory = self.node.centre().directory().clone();
                let id = if self.once_in(2) { 401 } else { 402 };
                let mut group: Group = directory.groups.get(&id)?.as_ref().clone();
                let agent: UserId = agent.into();
                if group.members.remove(&agent).is_none() {
                    group.members.insert(agent, 1 + self.draw.below(10) as u8);
                }
                Command::Put(Box::new(Entry::Group(group)))
            }
            5..8 => {
                let mut queue = shop::queues()[self.pick(3)].clone();
                queue.priority = self.draw.below(10) as u8;
                queue.last_agent = Millis(self.draw.below(3) * 40_000);
                queue.wrap_up = Millis(self.draw.below(3) * 20_000);
                if self.once_in(3) {
                    queue.overflow = None;
                }
                if self.once_in(3) {
                    queue.skills = [("ko".into(), self.draw.below(9) as u8)].into();
                }
                Command::Put(Box::new(Entry::Queue(queue)))
            }
            8 => Command::Remove(EntryKey::User(agent.into())),
            _ => Command::Remove(
                [
                    EntryKey::Queue("3003".into()),
                    EntryKey::Flow(shop::flow(5)),
                    EntryKey::Group(402),
                    EntryKey::Widget("page".into()),
                ][self.pick(4)]
                .clone(),
            ),
        };
        Some(command.into())
    }
}
