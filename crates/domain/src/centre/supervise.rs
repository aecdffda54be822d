//! What supervisors do with other people's work, beside listening: moving those who wait, taking contacts over, telling the
//! team. Who asks is told by their session, so that a role that was lost counts at once.

use super::{Centre, Decided, MEMBER_LIMIT, Step, TRANSFER_LIMIT};
use crate::agent::{AgentState, Channel, Stage};
use crate::board::{Act, LONGEST_NOTICE, Limits, Notice, Spot, Supervision, Team};
use crate::call::Barge;
use crate::command::Done;
use crate::contact::Phase;
use crate::directory::Role;
use crate::fact::{Fact, Leaving};
use crate::id::{ContactId, NoticeId, RoomId, TokenHash, UserId};
use crate::queue::rank;
use crate::refusal::{Quota, Refusal};
use crate::room::{Event, Member, MemberRole};
use crate::shift::Because;
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Centre {
    /// The supervisor, or administrator, whose session this is.
    pub(super) fn supervisor(&self, now: Millis, session: TokenHash) -> Result<UserId, Refusal> {
        let user = self.session(now, session)?.user.clone();
        if self.directory.users.get(&user).is_none_or(|u| u.role < Role::Supervisor) {
            return Err(Refusal::NotAllowed);
        }
        Ok(user)
    }

    pub(super) fn supervise(
        &mut self,
        step: &mut Step<'_>,
        session: TokenHash,
        wish: Supervision,
    ) -> Decided {
        let by = self.supervisor(step.now, session)?;
        match wish {
            Supervision::Move(contact, to) => self.move_waiting(step, &by, contact, to),
            Supervision::TakeOver(contact) => self.take_over(step, &by, contact),
            Supervision::Announce { to, text } => self.announce(step, by, &to, text),
            Supervision::Limit(limits) => self.limit(step, by, limits),
        }
    }

    /// Writes down what a supervisor did.
    pub(super) fn supervised(&mut self, step: &mut Step<'_>, by: &UserId, act: Act) {
        self.emit(step, Fact::Supervised { by: by.clone(), act });
    }

    fn move_waiting(
        &mut self,
        step: &mut Step<'_>,
        by: &UserId,
        contact: ContactId,
        to: Spot,
    ) -> Decided {
        if let Some(call) = self.open_call(contact)? {
            return self.move_call(step, by, call, contact, to);
        }
        self.open_room(contact)?;
        let waits = Refusal::WrongState("only a contact that waits can be moved");
        let wait = self.waits.get(&contact).filter(|w| !w.offered).cloned().ok_or(waits)?;
        let from = wait.queue.clone();
        match &to {
            Spot::Front => {
                let first = self.lines.get(&from).and_then(|lines| lines.waiting.first().copied());
                let Some(first) = first.filter(|first| first.contact != contact) else {
                    return Ok(Done::Ok);
                };
                self.supervised(step, by, Act::Moved { contact, from: from.clone(), to });
                self.emit(step, Fact::Moved { contact, rank: first.rank.saturating_sub(1) });
                self.route(step, &from);
            }
            Spot::Queue(queue) => {
                let target =
                    self.directory.queue(queue.as_str()).cloned().ok_or(Refusal::NoSuchQueue)?;
                self.may_move_to(step.now, &from, &target)?;
                let came = self.contact(contact)?.queued.unwrap_or(step.now).min(wait.since);
                self.supervised(step, by, Act::Moved { contact, from: from.clone(), to });
                let (queue, rank) = (target.id.clone(), rank(&target, came));
                self.emit(
                    step,
                    Fact::Queued {
                        contact,
                        queue: queue.clone(),
                        rank,
                        preferred: None,
                        from: None,
                    },
                );
                self.show_level(step, &from);
                self.route(step, &queue);
                self.show_level(step, &queue);
            }
            Spot::Agent(agent) => {
                self.can_take(agent, contact)?;
                Self::room_for_one_more(self.open_room(contact)?)?;
                let agent = agent.clone();
                self.supervised(step, by, Act::Moved { contact, from, to });
                self.assign(step, contact, &agent)?;
            }
        }
        Ok(Done::Ok)
    }

    /// May somebody who waits there be moved here?
    pub(super) fn may_move_to(
        &self,
        now: Millis,
        from: &crate::id::QueueId,
        to: &crate::directory::Queue,
    ) -> Result<(), Refusal> {
        if to.id == *from {
            return Err(Refusal::WrongState("the contact waits in this queue already"));
        }
        if self.is_closed(now, to) {
            return Err(Refusal::WrongState("the queue is closed"));
        }
        Ok(())
    }

    fn take_over(&mut self, step: &mut Step<'_>, by: &UserId, contact: ContactId) -> Decided {
        if self.open_call(contact)?.is_some() {
            let agent = self.contact(contact)?.agent.clone();
            let agent = agent.ok_or(Refusal::WrongState("no agent has this contact yet"))?;
            let act = crate::command::Act::Barge { agent, mode: Barge::Take };
            return self.act(step, by, act);
        }
        let room = self.open_room(contact)?;
        let (id, segments) = (room.id, room.segments.len());
        let (phase, from) = (self.contact(contact)?.phase, self.contact(contact)?.agent.clone());
        // A second click, or a repeat after a lost answer.
        if self.stage(by, contact) == Some(Stage::Talking) {
            return Ok(Done::Ok);
        }
        let talks = phase == Phase::Talking;
        // Who has it leaves, and so does the supervisor who watches.
        let stays =
            |m: &&Member| !(talks && m.role == MemberRole::Agent) && m.user.as_ref() != Some(by);
        if room.seen().filter(stays).count() >= MEMBER_LIMIT {
            return Err(Refusal::Quota { what: Quota::Members, most: MEMBER_LIMIT as u64 });
        }
        match phase {
            Phase::Talking if segments > TRANSFER_LIMIT => {
                return Err(Refusal::Quota { what: Quota::Transfers, most: TRANSFER_LIMIT as u64 });
            }
            Phase::Talking | Phase::Queued => {}
            Phase::Offered => {
                return Err(Refusal::WrongState("an agent is being asked just now"));
            }
            _ => return Err(Refusal::WrongState("no agent has this contact yet")),
        }
        self.has_place(by)?;
        let act = Act::TookOver { contact, from: from.filter(|_| talks) };
        self.supervised(step, by, act);
        self.log_on_to_chat(step, by);
        self.step_back(step, id, by);
        let next =
            if talks { self.next_segment(step, contact, false, None, None) } else { contact };
        let queue = self.waits.get(&next).map(|w| w.queue.clone());
        self.offer_directly(step, next, by, false);
        self.accept(step, by, next)?;
        if let Some(queue) = queue {
            self.show_level(step, &queue);
        }
        Ok(Done::Transferred { contact: next })
    }

    /// Has a supervisor a place for one more chat? What they say of themself does not count: they ask for it.
    fn has_place(&self, by: &UserId) -> Result<(), Refusal> {
        let load = self.agents.get(by).map_or(0, |agent| agent.load(Channel::Chat));
        let most = self.directory.users.get(by).map_or(0, |user| user.limit(Channel::Chat));
        if load < usize::from(most) { Ok(()) } else { Err(Refusal::AgentFull) }
    }

    /// Whoever takes a chat is logged on to chats, and not ready for others.
    fn log_on_to_chat(&mut self, step: &mut Step<'_>, user: &UserId) {
        let known = self.agents.get(user);
        if known.is_some_and(|agent| agent.channels.contains_key(&Channel::Chat)) {
            return;
        }
        let (channel, state) = (Channel::Chat, AgentState::NotReady(0));
        let because = Because::Said;
        self.emit(
            step,
            Fact::AgentStated { agent: user.clone(), channel, state, by: None, because },
        );
    }

    /// A supervisor who watches leaves, to come back as the agent.
    fn step_back(&mut self, step: &mut Step<'_>, room: RoomId, user: &UserId) {
        let Some((at, participant, silent)) =
            self.room(room).of_user(user).map(|(at, m)| (at, m.id, m.silent))
        else {
            return;
        };
        if !silent {
            self.post_event(step, room, Some(at), Event::Left);
        }
        self.emit(step, Fact::Left { room, participant, why: Leaving::Left, key: None });
    }

    fn announce(&mut self, step: &mut Step<'_>, by: UserId, to: &Team, text: Arc<str>) -> Decided {
        let length = text.chars().count();
        if text.trim().is_empty() || length > LONGEST_NOTICE {
            return Err(Refusal::BadEntry("a message has 1 to 1,000 characters".into()));
        }
        let to: BTreeSet<UserId> = match to {
            Team::All => self.serves.keys().cloned().collect(),
            Team::Group(group) => {
                let group = self.directory.groups.get(group).ok_or(Refusal::NoSuchEntry)?;
                group.members.keys().cloned().collect()
            }
            Team::Agent(agent) => {
                let known = self.directory.users.contains_key(agent);
                known.then(|| [agent.clone()].into()).ok_or(Refusal::NoSuchAgent)?
            }
        };
        let known = |agent: &UserId| self.directory.users.get(agent).is_some_and(|u| !u.disabled);
        let to: BTreeSet<UserId> = to.into_iter().filter(known).collect();
        if to.is_empty() {
            return Err(Refusal::NoSuchAgent);
        }
        let id = NoticeId::new(step.now, step.chance);
        let notice = Notice { id, by, text, at: step.now, to, read: BTreeMap::new() };
        self.emit(step, Fact::Announced(Box::new(notice)));
        Ok(Done::Ok)
    }

    /// An agent has read a message to the team.
    pub(super) fn acknowledge(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        notice: NoticeId,
    ) -> Decided {
        let known = self.board.notices.get(&notice).filter(|n| n.to.contains(agent));
        // A repeat after a lost answer.
        if !known.ok_or(Refusal::NoSuchEntry)?.read.contains_key(agent) {
            self.emit(step, Fact::NoticeRead { notice, agent: agent.clone() });
        }
        Ok(Done::Ok)
    }

    fn limit(&mut self, step: &mut Step<'_>, by: UserId, limits: Limits) -> Decided {
        if !limits.sane() {
            return Err(Refusal::BadEntry("a limit is out of its range".into()));
        }
        if limits != self.board.limits {
            self.supervised(step, &by, Act::Limited(limits));
        }
        Ok(Done::Ok)
    }
}
