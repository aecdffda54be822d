//! Wallboards: what is counted as facts are taken up, what has changed, and how all of it stands.

use super::Centre;
use crate::agent::Channel;
use crate::board::{
    Act, AgentFigures, AtHand, BoardAsk, BoardState, Changed, LineFigures, NOTICE_FOR, NOTICES,
    QueueFigures, WAITERS, Waiter,
};
use crate::contact::{Contact, EndReason, Phase};
use crate::directory::{EntryKey, Queue, User};
use crate::fact::Fact;
use crate::id::{QueueId, TokenHash, UserId};
use crate::node::Topic;
use crate::query::Answer;
use crate::queue::Out;
use crate::refusal::Refusal;
use crate::time::Millis;
use std::sync::Arc;

/// Channels of which a wallboard tells whether anything has happened or not.
const SHOWN: [Channel; 2] = [Channel::Voice, Channel::Chat];

/// How a contact stood before a fact about it.
pub(super) struct Stood {
    phase: Phase,
    queue: Option<QueueId>,
    queued: Option<Millis>,
}

impl Stood {
    fn of(contact: &Contact) -> Self {
        Self { phase: contact.phase, queue: contact.queue.clone(), queued: contact.queued }
    }

    /// The queue it waited in.
    fn waited_in(&self) -> Option<&QueueId> {
        let waited = matches!(self.phase, Phase::Queued | Phase::Offered);
        self.queue.as_ref().filter(|_| waited)
    }
}

impl Centre {
    /// How the contact of a fact stands that may be counted by it.
    pub(super) fn stood(&self, fact: &Fact) -> Option<Stood> {
        let counts = matches!(
            fact,
            Fact::Queued { .. } | Fact::Accepted { .. } | Fact::Closed { .. } | Fact::Call(_)
        );
        fact.contact().filter(|_| counts).and_then(|id| self.contacts.get(&id)).map(Stood::of)
    }

    /// Counts what a fact means for its queue and its agent. The contact's own record has taken it up already.
    pub(super) fn count(&mut self, at: Millis, fact: &Fact, stood: Option<&Stood>) {
        match fact {
            Fact::Started { contact, .. } => {
                if let Some(queue) = Stood::of(contact).waited_in() {
                    self.board.queue(at, queue, contact.channel).offered += 1;
                }
            }
            Fact::WrappedUp { contact, agent, wrap_up } => {
                let span = wrap_up.to.since(wrap_up.from);
                let known = self.contacts.get(contact).filter(|c| c.accepted.is_some());
                if let Some((queue, channel)) =
                    known.and_then(|c| Some((c.queue.clone()?, c.channel)))
                {
                    let figures = self.board.queue(at, &queue, channel);
                    figures.after = figures.after.plus(span);
                }
                if span.0 > 0 {
                    let figures = self.board.agent(at, agent);
                    figures.after = figures.after.plus(span);
                }
            }
            Fact::Removed(EntryKey::User(user)) => {
                self.board.agents.remove(user);
            }
            Fact::Removed(EntryKey::Queue(queue)) => {
                self.board.queues.remove(queue);
            }
            Fact::Announced(notice) => {
                self.board.notices.retain(|_, old| at.since(old.at) < NOTICE_FOR);
                if self.board.notices.len() >= NOTICES {
                    self.board.notices.pop_first();
                }
                self.board.notices.insert(notice.id, notice.as_ref().clone());
            }
            Fact::NoticeRead { notice, agent } => {
                if let Some(notice) = self.board.notices.get_mut(notice) {
                    notice.read.insert(agent.clone(), at);
                }
            }
            Fact::Supervised { act: Act::Limited(limits), .. } => {
                self.board.limits = limits.clone();
            }
            _ => {
                let Some(stood) = stood else { return };
                let Some(contact) = fact.contact().and_then(|id| self.contacts.get(&id)) else {
                    return;
                };
                let (now, channel) = (Stood::of(contact), contact.channel);
                let (reason, accepted) = (contact.reason, contact.accepted);
                let agent = contact.agent.clone();
                self.count_waiting(at, channel, stood, &now, reason);
                if stood.phase != Phase::Ended
                    && now.phase == Phase::Ended
                    && let Some(accepted) = accepted
                {
                    let talked = at.since(accepted);
                    if let Some(queue) = &now.queue {
                        let figures = self.board.queue(at, queue, channel);
                        figures.handled += 1;
                        figures.talked = figures.talked.plus(talked);
                    }
                    if let Some(agent) = &agent {
                        let figures = self.board.agent(at, agent);
                        figures.handled += 1;
                        figures.talked = figures.talked.plus(talked);
                    }
                }
            }
        }
    }

    /// Who came into a queue, and what has become of who waited.
    fn count_waiting(
        &mut self,
        at: Millis,
        channel: Channel,
        before: &Stood,
        after: &Stood,
        reason: Option<EndReason>,
    ) {
        match (before.waited_in(), after.waited_in()) {
            (None, Some(to)) => self.board.queue(at, to, channel).offered += 1,
            (Some(from), Some(to)) if from != to => {
                self.board.queue(at, from, channel).passed += 1;
                self.board.queue(at, to, channel).offered += 1;
            }
            (Some(from), None) => {
                let target = self.directory.queues.get(from).map_or(Millis(0), |q| q.target);
                let waited = at.since(before.queued.unwrap_or(at));
                let figures = self.board.queue(at, from, channel);
                match (after.phase, reason) {
                    (Phase::Ended, Some(EndReason::Transferred | EndReason::CallBack)) => {
                        figures.passed += 1;
                    }
                    (Phase::Ended, _) => figures.abandoned += 1,
                    _ => {
                        figures.answered += 1;
                        figures.in_time += u32::from(waited <= target);
                        figures.waited = figures.waited.plus(waited);
                    }
                }
            }
            _ => {}
        }
    }

    /// The queue of a fact's contact, before and after it is taken up.
    pub(super) fn queue_of(&self, fact: &Fact) -> Option<QueueId> {
        let counts = matches!(
            fact,
            Fact::Started { .. }
                | Fact::Queued { .. }
                | Fact::Moved { .. }
                | Fact::Offered { .. }
                | Fact::Declined { .. }
                | Fact::Accepted { .. }
                | Fact::Closed { .. }
                | Fact::WrappedUp { .. }
                | Fact::Call(_)
        );
        let contact = fact.contact().filter(|_| counts)?;
        self.contacts.get(&contact)?.queue.clone()
    }

    /// Notes what a fact changes on wallboards; `topics` are those who are told of it.
    pub(super) fn changes(&mut self, fact: &Fact, topics: &[Topic], queue: Option<QueueId>) {
        let agents = match fact {
            Fact::Put(_) | Fact::Removed(_) => {
                self.soft.changed.all = true;
                return;
            }
            Fact::Announced(_) | Fact::NoticeRead { .. } | Fact::Supervised { .. } => {
                self.soft.changed.rest = true;
                return;
            }
            Fact::AgentStated { .. }
            | Fact::Seated { .. }
            | Fact::Offered { .. }
            | Fact::Declined { .. }
            | Fact::Accepted { .. }
            | Fact::Closed { .. }
            | Fact::WrapUpBegan { .. }
            | Fact::WrapUpExtended { .. }
            | Fact::WrappedUp { .. }
            | Fact::Call(_) => true,
            Fact::Started { .. } | Fact::Queued { .. } | Fact::Moved { .. } => false,
            _ => return,
        };
        let after = self.queue_of(fact);
        self.soft.changed.queues.extend(queue.into_iter().chain(after));
        for topic in topics.iter().filter(|_| agents) {
            let Topic::Agent(agent) = topic else { continue };
            let serves = self.serves.get(agent).into_iter().flatten();
            self.soft.changed.queues.extend(serves.map(|(queue, _)| queue.clone()));
            self.soft.changed.agents.insert(agent.clone());
        }
    }

    /// What has changed on wallboards since this was last asked.
    pub(super) fn changed(&mut self) -> Option<Changed> {
        let changed = std::mem::take(&mut self.soft.changed);
        (!changed.is_empty()).then_some(changed)
    }

    /// A wallboard, for a supervisor.
    pub(super) fn board(&self, now: Millis, ask: &BoardAsk) -> Result<Answer, Refusal> {
        self.supervisor(now, ask.session)?;
        let queues: Vec<&Arc<Queue>> = match &ask.queues {
            None => self.directory.queues.values().collect(),
            Some(some) => some.iter().filter_map(|id| self.directory.queues.get(id)).collect(),
        };
        let users: Vec<&Arc<User>> = match &ask.agents {
            None => self.directory.users.values().collect(),
            Some(some) => some.iter().filter_map(|id| self.directory.users.get(id)).collect(),
        };
        let shown = users.into_iter().filter(|user| {
            let on = || self.agents.get(&user.id).is_some_and(|a| !a.channels.is_empty());
            !user.disabled && (self.serves.contains_key(&user.id) || on())
        });
        let agents = shown.map(|user| {
            let agent = self.agents.get(&user.id);
            let channels = agent.into_iter().flat_map(|a| a.channels.iter());
            AgentFigures {
                user: user.clone(),
                channels: channels.map(|(channel, standing)| (*channel, *standing)).collect(),
                at_hand: self.hands_of(&user.id),
                today: self.board.agents.get(&user.id).map(|s| s.sum(ask.from)).unwrap_or_default(),
            }
        });
        Ok(Answer::Board(Box::new(BoardState {
            queues: queues.into_iter().map(|queue| self.queue_figures(queue, ask)).collect(),
            agents: agents.collect(),
            limits: self.board.limits.clone(),
            notices: self.board.notices.values().cloned().collect(),
        })))
    }

    fn queue_figures(&self, queue: &Arc<Queue>, ask: &BoardAsk) -> QueueFigures {
        let board = self.board.queues.get(&queue.id);
        let members = self.directory.groups.get(&queue.group).map_or(0, |g| g.members.len());
        let members = u32::try_from(members).unwrap_or(u32::MAX);
        let lines = SHOWN.into_iter().map(|channel| {
            let series = board.and_then(|board| board.get(&channel));
            let lines = self.lines.get(&queue.id);
            let off = lines.and_then(|l| l.out.get(&(channel, Out::LoggedOff))).copied();
            let free =
                lines.and_then(|l| l.free.get(&channel)).map_or(0, std::collections::BTreeSet::len);
            let (waiting, oldest) = if channel == Channel::Voice {
                (self.switch.waiting(&queue.id), self.switch.oldest(&queue.id))
            } else {
                let oldest = lines.and_then(|l| l.since.first()).map(|(since, _)| *since);
                (lines.map_or(0, crate::queue::Lines::waiting), oldest)
            };
            let quarters = series.into_iter().flat_map(|series| series.since(ask.quarters));
            LineFigures {
                channel,
                waiting,
                oldest,
                ready: u32::try_from(free).unwrap_or(u32::MAX),
                logged_on: members.saturating_sub(off.unwrap_or(0)),
                today: series.map(|series| series.sum(ask.from)).unwrap_or_default(),
                quarters: quarters.map(|(at, figures)| (at, *figures)).collect(),
            }
        });
        QueueFigures { queue: queue.clone(), lines: lines.collect() }
    }

    fn hands_of(&self, agent: &UserId) -> Vec<AtHand> {
        let work = self.agents.get(agent).into_iter().flat_map(|a| &a.work);
        let mut all: Vec<AtHand> = work
            .filter_map(|(id, work)| {
                let contact = self.contacts.get(id)?;
                Some(AtHand {
                    contact: *id,
                    queue: contact.queue.clone(),
                    customer: contact.customer.name.clone(),
                    work: Some(*work),
                    call: None,
                })
            })
            .collect();
        let device = self.device_of(agent);
        let calls = device.iter().flat_map(|device| {
            self.switch.at(device).filter_map(move |call| {
                let (party, contact) = (call.party(device)?, call.contact?);
                let known = self.contacts.get(&contact)?;
                Some(AtHand {
                    contact,
                    queue: known.queue.clone(),
                    customer: known.customer.name.clone(),
                    work: None,
                    call: Some((party.link, party.talked.unwrap_or(call.began))),
                })
            })
        });
        all.extend(calls);
        all
    }

    /// Who waits in a queue, the next one first; at most [`WAITERS`].
    pub(super) fn waiters(
        &self,
        now: Millis,
        session: TokenHash,
        queue: &QueueId,
    ) -> Result<Answer, Refusal> {
        self.supervisor(now, session)?;
        let queue = self.directory.queue(queue.as_str()).ok_or(Refusal::NoSuchQueue)?;
        let chats = self.lines.get(&queue.id).into_iter().flat_map(|lines| &lines.waiting);
        let chats = chats.take(WAITERS).filter_map(|place| {
            let (wait, contact) =
                (self.waits.get(&place.contact)?, self.contacts.get(&place.contact)?);
            Some((place.rank, contact, wait.since))
        });
        let calls = self.switch.lines.get(&queue.id).into_iter().flatten();
        let calls = calls.take(WAITERS).filter_map(|(rank, _, id)| {
            let call = self.switch.call(*id)?;
            Some((*rank, self.contacts.get(&call.contact?)?, call.stay.as_ref()?.entered))
        });
        let mut all: Vec<_> = chats.chain(calls).collect();
        all.sort_by_key(|(rank, contact, _)| (*rank, contact.number));
        let waiters = all.into_iter().take(WAITERS).map(|(_, contact, since)| Waiter {
            contact: contact.id,
            channel: contact.channel,
            customer: contact.customer.name.clone(),
            since,
        });
        Ok(Answer::Waiters(waiters.collect()))
    }

    /// Messages to the team that wait for an agent, oldest first.
    pub(super) fn notices_for(&self, now: Millis, agent: &UserId) -> Answer {
        let all = self.board.notices.values().filter(|notice| notice.waits_for(agent, now));
        Answer::Notices(all.cloned().collect())
    }
}
