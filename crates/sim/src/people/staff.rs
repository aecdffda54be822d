//! Agents and supervisors: ready or not, they answer, pass on, ask each other, watch, and finish.

use super::customer::CHAT;
use crate::shop;
use crate::world::{Asked, World};
use domain::agent::{AgentState, Stage};
use domain::command::{By, Command, Destination};
use domain::contact::{TextKind, WrapUp};
use domain::id::{ContactId, TokenHash, UserId};
use domain::query::Query;
use domain::room::Audience;
use domain::time::Millis;
use std::collections::BTreeSet;

impl World {
    fn someone(&mut self) -> UserId {
        let all = shop::AGENTS.len() + shop::SUPERVISORS.len();
        let at = self.pick(all);
        shop::AGENTS.iter().chain(&shop::SUPERVISORS).nth(at).copied().unwrap_or("1001").into()
    }

    pub(super) fn staff_acts(&mut self) -> Option<Asked> {
        let me = self.someone();
        let session = match self.people.sessions.get(&me).copied() {
            Some(session) if self.lives(session) && !self.once_in(80) => session,
            _ => {
                let session = self.secret();
                return Some(
                    Command::LogIn { user: me, session, proof: domain::command::Proof::Password }
                        .into(),
                );
            }
        };
        let agent = self.node.centre().agents().find(|a| a.id == me);
        let logged_on = agent.is_some_and(|a| !a.channels.is_empty());
        let ready = agent.is_some_and(|a| a.state(CHAT) == AgentState::Ready);
        let work: Vec<(ContactId, Stage)> =
            agent.into_iter().flat_map(|a| a.work.iter().map(|(id, w)| (*id, w.stage))).collect();
        if !logged_on && self.once_in(2) || !ready && self.once_in(4) {
            return Some(self.states(me, AgentState::Ready));
        }
        if self.once_in(12) {
            return Some(self.some_state(me));
        }
        if me.as_str().starts_with('2') && self.once_in(4) {
            return self.supervisor_does(me, session).map(Into::into);
        }
        // Mostly what lies on the desk; now and then something else.
        let other = self.some_contact();
        let (contact, stage) = match self.one_of(&work) {
            Some(work) if !self.once_in(12) => work,
            _ => (other?, Stage::Talking),
        };
        let command = match stage {
            Stage::Offered { .. } => match self.draw.below(12) {
                0..6 => Command::Accept { agent: me, contact },
                6..8 => Command::Refuse { agent: me, contact },
                8 => self.talk(me, session, contact)?,
                _ => return None,
            },
            Stage::Talking => self.talk(me, session, contact)?,
            Stage::WrapUp { .. } => match self.draw.below(5) {
                0 => Command::ExtendWrapUp {
                    agent: me,
                    contact,
                    by: Millis(self.draw.below(900_000)),
                },
                1..3 => {
                    let code = if self.once_in(6) { "nonsense" } else { "solved" };
                    Command::WrapUp {
                        agent: me,
                        contact,
                        wrap_up: WrapUp { code: Some(code.into()), ..WrapUp::default() },
                    }
                }
                3 => self.talk(me, session, contact)?,
                _ => return None,
            },
        };
        if self.once_in(15) {
            return Some(Query::Desk(self.someone()).into());
        }
        Some(command.into())
    }

    /// Is this session still good for anything? People find out by being turned away, now and then more than once.
    fn lives(&mut self, session: TokenHash) -> bool {
        let query = Query::Session(session);
        self.node.centre().look(self.now, &query).is_ok() || self.once_in(5)
    }

    fn states(&mut self, agent: UserId, state: AgentState) -> Asked {
        let channels = if self.once_in(6) { BTreeSet::new() } else { [CHAT].into() };
        Command::State { agent, channels, state }.into()
    }

    fn some_state(&mut self, agent: UserId) -> Asked {
        let state = match self.draw.below(8) {
            0..3 => AgentState::Ready,
            3..6 => AgentState::NotReady(1),
            6 => AgentState::AfterWork(1),
            _ => AgentState::LoggedOff(0),
        };
        let mut asked = self.states(agent.clone(), state);
        if self.once_in(10) {
            let channels = [CHAT, domain::agent::Channel::Voice].into();
            asked = Command::State { agent, channels, state }.into();
        }
        asked
    }

    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    fn talk(&mut self, me: UserId, session: TokenHash, contact: ContactId) -> Option<Command> {
        let by = By::Session(session, contact);
        let command = match self.draw.below(100) {
            0..45 => {
                let (audience, text) = match self.draw.below(8) {
                    0..6 => (Audience::All, self.words("agent")),
                    6 => (Audience::Agents, self.words("note")),
                    _ => (Audience::Customer, self.words("agent")),
                };
                let key = (!self.once_in(6)).then(|| self.key());
                let kind = if self.once_in(10) { TextKind::Choices } else { TextKind::Plain };
                Command::Say { by, kind, text, audience, key }
            }
            45..50 => Command::Typing {
                by,
                audience: if self.once_in(2) { Audience::Agents } else { Audience::All },
                key: None,
            },
            50..58 => Command::MarkUpTo { by, n: self.draw.below(60) as u32 },
            58..62 => {
                let upload = self.secret();
                self.people.uploads.push(upload);
                let audience = if self.once_in(3) { Audience::Agents } else { Audience::All };
                Command::AnnounceFile {
                    by,
                    name: "b.png".into(),
                    kind: "image/png".into(),
                    size: 7,
                    audience,
                    upload,
                    until: self.now.plus(Millis::from_mins(15)),
                    key: self.key(),
                }
            }
            62..65 => self.upload()?,
            65..68 => {
                let mine: Vec<_> =
                    self.people.files.iter().filter(|(user, ..)| *user == me).cloned().collect();
                let (_, contact, file, key) = self.one_of(&mine)?;
                Command::CompleteFile { by: By::Session(session, contact), file, key }
            }
            68..76 => {
                let to = match self.draw.below(5) {
                    0..2 => Destination::Queue(shop::QUEUES[self.pick(3)].into()),
                    2..4 => Destination::Agent(self.someone()),
                    _ => Destination::Flow(shop::flow(1 + self.draw.below(6) as u8)),
                };
                let note = self.once_in(2).then(|| self.words("note"));
                Command::Transfer {
                    contact,
                    to,
                    by: Some(me),
                    note,
                    key: self.once_in(2).then(|| self.key()),
                }
            }
            76..82 => Command::Invite { contact, by: me, agent: self.someone() },
            82..88 => Command::Leave { by, key: None },
            88..93 => Command::End { agent: me, contact },
            93..96 => {
                let grant = self.grants(&[domain::room::TokenKind::Connection])[0];
                Command::GrantAgent { agent: me, contact, grant }
            }
            96 => Command::Accept { agent: me, contact },
            97 => Command::Refuse { agent: me, contact },
            98 => Command::WrapUp { agent: me, contact, wrap_up: WrapUp::default() },
            _ => Command::LogOut { session },
        };
        Some(command)
    }

    fn supervisor_does(&mut self, me: UserId, session: TokenHash) -> Option<Command> {
        let command = match self.draw.below(8) {
            0..5 => {
                let contact = self.some_contact()?;
                Command::Monitor {
                    contact,
                    user: me,
                    barge: self.once_in(2),
                    key: self.once_in(2).then(|| self.key()),
                }
            }
            5 => {
                let state = [AgentState::Ready, AgentState::NotReady(2), AgentState::LoggedOff(3)]
                    [self.pick(3)];
                Command::Force { by: session, agent: self.someone(), state }
            }
            6 => Command::Leave { by: By::Session(session, self.some_contact()?), key: None },
            _ => Command::Assign { contact: self.some_contact()?, agent: self.someone() },
        };
        Some(command)
    }
}
