//! Who is asked to take a contact, and why. The same for every channel.

use super::{Centre, Decided, Step};
use crate::agent::Channel;
use crate::command::Done;
use crate::contact::{EndReason, Phase};
use crate::directory::Queue;
use crate::fact::Fact;
use crate::id::{ContactId, ParticipantId, QueueId, UserId};
use crate::queue::{Candidate, Out, Rule, Turn, WHY_CANDIDATES, WHY_MEMBERS, Why, rank};
use crate::refusal::Refusal;
use crate::room::{Event, Member, MemberRole, Presence};
use crate::signal::Signal;
use crate::time::Millis;
use std::sync::Arc;

/// How long an agent may think who is asked directly, and not by a queue.
const DIRECT_OFFER: Millis = Millis::from_secs(45);

impl Centre {
    /// Puts a contact in line, or where that line overflows to, or ends it where all is closed.
    pub(super) fn enqueue(
        &mut self,
        step: &mut Step<'_>,
        id: ContactId,
        queue: &QueueId,
        preferred: Option<UserId>,
        came: Millis,
    ) {
        let Some(room) = self.contacts.get(&id).map(super::super::contact::Contact::room) else {
            return;
        };
        let Some(queue) = self.directory.queue(queue.as_str()).cloned() else { return };
        let (queue, from) = self.overflowed(queue);
        if self.is_closed(step.now, &queue) {
            self.close(step, room, EndReason::Flow, None);
            return;
        }
        let preferred = preferred.or_else(|| self.last_agent(id, &queue));
        self.emit(
            step,
            Fact::Queued {
                contact: id,
                queue: queue.id.clone(),
                rank: rank(&queue, came),
                preferred,
                from,
            },
        );
        self.route(step, &queue.id);
        self.show_level(step, &queue.id);
    }

    /// Where a contact of this queue would go now: where it overflows to, if it is full or nobody is there; and the one
    /// before it in that case.
    pub(super) fn overflowed(&self, mut queue: Arc<Queue>) -> (Arc<Queue>, Option<QueueId>) {
        let mut from = None;
        // Each hop leads to a queue that was not visited yet, so this ends.
        let mut visited = vec![queue.id.clone()];
        while let Some(overflow) = &queue.overflow {
            let level = self.level(&queue);
            let full = overflow.length.is_some_and(|most| level.waiting >= most)
                || (overflow.no_agent && level.logged_on == 0);
            if !full || visited.contains(&overflow.to) {
                break;
            }
            let Some(next) = self.directory.queues.get(&overflow.to).cloned() else { break };
            from = Some(queue.id.clone());
            visited.push(next.id.clone());
            queue = next;
        }
        (queue, from)
    }

    /// Is this queue closed by its hours?
    pub(super) fn is_closed(&self, now: Millis, queue: &Queue) -> bool {
        let hours = queue.hours.as_ref().and_then(|hours| self.directory.hours.get(hours));
        hours.is_some_and(|hours| !hours.open(now))
    }

    fn last_agent(&self, id: ContactId, queue: &Queue) -> Option<UserId> {
        if queue.last_agent == Millis(0) {
            return None;
        }
        let (agent, _) = self.last_agents.get(self.contacts.get(&id)?.customer.id.as_ref()?)?;
        self.serves_there(agent, queue).then(|| agent.clone())
    }

    fn serves_there(&self, agent: &UserId, queue: &Queue) -> bool {
        self.directory.groups.get(&queue.group).is_some_and(|g| g.members.contains_key(agent))
    }

    /// Asks free agents as long as somebody waits whom one of them fits.
    pub(super) fn route(&mut self, step: &mut Step<'_>, queue: &QueueId) {
        self.route_calls(step, queue);
        while let Some((contact, turn, rule)) = self.choose(step.now, queue) {
            let why = Arc::new(self.why(step.now, queue, contact, rule, &turn));
            let Some(offer) = self.directory.queues.get(queue).map(|q| q.offer) else { return };
            self.offer(step, contact, &turn.agent, offer, why, false);
        }
    }

    /// Routes all queues that an agent serves: they may be free now.
    pub(super) fn route_for(&mut self, step: &mut Step<'_>, agent: &UserId) {
        for (queue, _) in self.serves.get(agent).cloned().unwrap_or_default() {
            self.route(step, &queue);
            self.show_level(step, &queue);
        }
    }

    /// The first contact in line whom a free agent fits, and that agent.
    fn choose(&self, now: Millis, queue: &QueueId) -> Option<(ContactId, Turn, Rule)> {
        let lines = self.lines.get(queue)?;
        if lines.free.values().all(std::collections::BTreeSet::is_empty) {
            return None;
        }
        let settings = self.directory.queues.get(queue)?;
        let by_policy = match settings.policy {
            crate::directory::Policy::LongestIdle => Rule::LongestIdle,
            crate::directory::Policy::BestSkill => Rule::BestSkill,
        };
        lines.waiting.iter().find_map(|place| {
            let wait = self.waits.get(&place.contact)?;
            let room = self.rooms.get(&self.contacts.get(&place.contact)?.room())?;
            if room.full() {
                return None;
            }
            let fits = |agent: &UserId| room.of_user(agent).is_none();
            if let Some(wanted) = &wait.preferred {
                if let Some(turn) =
                    lines.first(wait.channel, |agent| agent == wanted && fits(agent))
                {
                    let last = self.last_agent(place.contact, settings);
                    let rule = if last.as_ref() == Some(wanted) {
                        Rule::LastAgent
                    } else {
                        Rule::Preferred
                    };
                    return Some((place.contact, turn.clone(), rule));
                }
                if wait.held_until > now
                    && self
                        .agents
                        .get(wanted)
                        .is_some_and(|a| a.channels.contains_key(&wait.channel))
                {
                    return None;
                }
            }
            let turn = lines.first(wait.channel, fits)?;
            Some((place.contact, turn.clone(), by_policy))
        })
    }

    /// The reasons for a choice, for whoever asks later.
    fn why(
        &self,
        now: Millis,
        queue: &QueueId,
        contact: ContactId,
        rule: Rule,
        chosen: &Turn,
    ) -> Why {
        let waiting = self.lines.get(queue).map_or(0, crate::queue::Lines::waiting);
        match self.waits.get(&contact) {
            Some(wait) => {
                self.why_of(now, queue, (wait.channel, wait.since, waiting), rule, chosen)
            }
            None => Why { queue: Some(queue.clone()), rule, ..Why::direct() },
        }
    }

    /// The same for whatever waits by this channel, since then, among so many.
    pub(super) fn why_of(
        &self,
        now: Millis,
        queue: &QueueId,
        (channel, since, waiting): (Channel, Millis, u32),
        rule: Rule,
        chosen: &Turn,
    ) -> Why {
        let mut why = Why { queue: Some(queue.clone()), rule, ..Why::direct() };
        let (Some(lines), Some(settings)) =
            (self.lines.get(queue), self.directory.queues.get(queue))
        else {
            return why;
        };
        why.waited = now.since(since);
        why.waiting = waiting;
        let Some(group) = self.directory.groups.get(&settings.group) else { return why };
        let free = lines.free.get(&channel).into_iter().flatten();
        let first = std::iter::once(chosen).chain(free.filter(|turn| *turn != chosen));
        why.candidates = first
            .take(WHY_CANDIDATES)
            .map(|turn| Candidate {
                agent: turn.agent.clone(),
                level: group.members.get(&turn.agent).copied().unwrap_or(0),
                load: turn.load,
                idle: now.since(turn.idle_since),
                score: turn.score(now),
            })
            .collect();
        if group.members.len() <= WHY_MEMBERS {
            let out = group.members.iter().filter_map(|(agent, level)| {
                Some((agent.clone(), self.place(agent, queue, *level, channel).err()?))
            });
            why.out = out.collect();
        } else {
            why.out_counts = lines
                .out
                .iter()
                .filter(|((of, _), _)| *of == channel)
                .map(|((_, out), n)| (*out, *n))
                .collect();
        }
        why
    }

    /// Asks one agent.
    pub(super) fn offer(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        agent: &UserId,
        limit: Millis,
        why: Arc<Why>,
        conference: bool,
    ) {
        let Some(room) = self.contacts.get(&contact).map(super::super::contact::Contact::room)
        else {
            return;
        };
        let participant = ParticipantId::new(step.now, step.chance);
        let name =
            self.directory.users.get(agent).map_or_else(|| agent.0.clone(), |u| u.name.clone());
        let number = self.device_of(agent).map_or_else(|| agent.0.clone(), |device| device.0);
        let member = Member {
            id: participant,
            role: MemberRole::Agent,
            name,
            user: Some(agent.clone()),
            number: Some(number),
            presence: Presence::Invited,
            silent: false,
            since: step.now,
            delivered: 0,
            delivered_at: Millis(0),
            read: 0,
        };
        let until = step.now.plus(limit);
        self.emit(
            step,
            Fact::Offered { contact, agent: agent.clone(), participant, until, conference, why },
        );
        self.emit(step, Fact::Admitted { room, member: Box::new(member), key: None });
        let at = self.room(room).member(participant).map(|(at, _)| at);
        self.post_event(step, room, at, Event::Invited);
    }

    /// Asks one agent who was named by somebody.
    pub(super) fn offer_directly(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        agent: &UserId,
        conference: bool,
    ) {
        self.offer(step, contact, agent, DIRECT_OFFER, Arc::new(Why::direct()), conference);
    }

    /// May this agent be asked directly?
    pub(super) fn can_take(&self, agent: &UserId, contact: ContactId) -> Result<(), Refusal> {
        if !self.directory.users.contains_key(agent) {
            return Err(Refusal::NoSuchAgent);
        }
        if self.open_room(contact)?.of_user(agent).is_some() {
            return Err(Refusal::WrongState("the agent is in this chat already"));
        }
        match self.available(agent, Channel::Chat) {
            Ok(_) => Ok(()),
            Err(Out::Full) => Err(Refusal::AgentFull),
            Err(Out::LoggedOff) => Err(Refusal::NotLoggedOn),
            Err(_) => Err(Refusal::WrongState("the agent is not ready")),
        }
    }

    /// Gives a waiting contact to an agent by hand.
    pub(super) fn assign(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        agent: &UserId,
    ) -> Decided {
        if self.contact(contact)?.voice.is_some() {
            return Err(Refusal::NotAChat);
        }
        if self.contact(contact)?.phase != Phase::Queued {
            return Err(Refusal::WrongState("only a waiting contact can be assigned"));
        }
        self.can_take(agent, contact)?;
        Self::room_for_one_more(self.open_room(contact)?)?;
        let queue = self.waits.get(&contact).map(|w| w.queue.clone());
        self.offer_directly(step, contact, agent, false);
        if let Some(queue) = queue {
            self.show_level(step, &queue);
        }
        Ok(Done::Ok)
    }

    /// A contact has waited a while: the preferred agent is waited for no longer, or it goes where its queue
    /// overflows to. Says when to look again.
    pub(super) fn waited(&mut self, step: &mut Step<'_>, id: ContactId) -> Option<Millis> {
        let wait = self.waits.get(&id).filter(|w| !w.offered)?;
        let queue = self.directory.queues.get(&wait.queue).cloned()?;
        let held = (wait.held_until > step.now).then_some(wait.held_until);
        let overflow = queue
            .overflow
            .as_ref()
            .and_then(|o| Some((wait.since.plus(o.after?), o.to.clone())))
            .filter(|(_, to)| !wait.visited.contains(to));
        match overflow {
            Some((at, to)) if at <= step.now => {
                let (preferred, target) =
                    (wait.preferred.clone(), self.directory.queues.get(&to).cloned()?);
                // Whoever does not serve the new queue is not waited for there.
                let preferred = preferred
                    .filter(|agent| self.serves_there(agent, &target))
                    .or_else(|| self.last_agent(id, &target));
                let came = self.contacts.get(&id)?.queued.unwrap_or(step.now).min(wait.since);
                let from = Some(queue.id.clone());
                self.emit(
                    step,
                    Fact::Queued {
                        contact: id,
                        queue: to.clone(),
                        rank: rank(&target, came),
                        preferred,
                        from,
                    },
                );
                self.show_level(step, &queue.id);
                self.route(step, &to);
                self.show_level(step, &to);
                None
            }
            Some((at, _)) => {
                self.route(step, &queue.id);
                Some(held.map_or(at, |held| held.min(at)))
            }
            None => {
                self.route(step, &queue.id);
                held
            }
        }
    }

    /// Shows how full a queue is now.
    pub(super) fn show_level(&self, step: &mut Step<'_>, id: &QueueId) {
        let Some(queue) = self.directory.queues.get(id) else { return };
        let level = self.level(queue);
        let signal =
            Signal::QueueLevel { queue: id.clone(), waiting: level.waiting, oldest: level.oldest };
        step.out.signals.push((signal, vec![crate::node::Topic::Queue(id.clone())]));
    }
}
