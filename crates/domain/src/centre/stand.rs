//! The lines of queues: who waits, who is free, and what keeps the others out. All of it follows from state.

use super::Centre;
use crate::agent::{Agent, AgentState, Channel, Stage, Work};
use crate::id::{ContactId, QueueId, UserId};
use crate::queue::{Lines, Out, Place, Turn, turn};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The channels whose contacts queues hand out.
const ROUTED: [Channel; 2] = [Channel::Voice, Channel::Chat];

impl Centre {
    /// Sets what an agent has at hand of a contact; returns what it was.
    pub(super) fn set_work(
        &mut self,
        agent: &UserId,
        contact: ContactId,
        work: Option<Work>,
    ) -> Option<Work> {
        let entry = self.agents.entry(agent.clone()).or_insert_with(|| Agent::new(agent.clone()));
        let was = match work {
            Some(work) => entry.work.insert(contact, work),
            None => entry.work.remove(&contact),
        };
        self.stand(agent);
        was
    }

    /// Takes a contact out of its queue's line.
    pub(super) fn leave_line(&mut self, id: ContactId) {
        let Some(wait) = self.waits.get(&id) else { return };
        if let Some(lines) = self.lines.get_mut(&wait.queue) {
            lines.waiting.remove(&Place { rank: wait.rank, number: wait.number, contact: id });
            lines.since.remove(&(wait.since, id));
        }
    }

    /// Puts a contact into its queue's line, at the place it is due: whoever was offered and not taken stands at the
    /// head again, for its rank is as old as it was.
    pub(super) fn join_line(&mut self, id: ContactId) {
        let Some(wait) = self.waits.get_mut(&id) else { return };
        wait.offered = false;
        let lines = self.lines.entry(wait.queue.clone()).or_default();
        lines.waiting.insert(Place { rank: wait.rank, number: wait.number, contact: id });
        lines.since.insert((wait.since, id));
    }

    /// Puts an agent where they belong in the lines of the queues they serve.
    pub(super) fn stand(&mut self, agent: &UserId) {
        for (queue, channel, place) in self.turns.remove(agent).unwrap_or_default() {
            let Some(lines) = self.lines.get_mut(&queue) else { continue };
            match place {
                Ok(turn) => {
                    if let Some(free) = lines.free.get_mut(&channel) {
                        free.remove(&turn);
                        if free.is_empty() {
                            lines.free.remove(&channel);
                        }
                    }
                }
                Err(out) => {
                    if let Some(count) = lines.out.get_mut(&(channel, out)) {
                        *count -= 1;
                        if *count == 0 {
                            lines.out.remove(&(channel, out));
                        }
                    }
                }
            }
        }
        let Some(serves) = self.serves.get(agent) else { return };
        let mut turns = Vec::with_capacity(serves.len() * ROUTED.len());
        for (queue, level) in serves {
            for channel in ROUTED {
                turns.push((queue.clone(), channel, self.place(agent, queue, *level, channel)));
            }
        }
        for (queue, channel, place) in &turns {
            let lines = self.lines.entry(queue.clone()).or_default();
            match place {
                Ok(turn) => {
                    lines.free.entry(*channel).or_default().insert(turn.clone());
                }
                Err(out) => *lines.out.entry((*channel, *out)).or_default() += 1,
            }
        }
        self.turns.insert(agent.clone(), turns);
    }

    /// An agent's turn in a queue, or what keeps them out of it.
    pub(super) fn place(
        &self,
        agent: &UserId,
        queue: &QueueId,
        level: u8,
        channel: Channel,
    ) -> Result<Turn, Out> {
        let (Some(state), Some(queue)) = (self.agents.get(agent), self.directory.queues.get(queue))
        else {
            return Err(Out::LoggedOff);
        };
        let load = self.available(agent, channel)?;
        let user = self.directory.users.get(agent).ok_or(Out::LoggedOff)?;
        if queue
            .skills
            .iter()
            .any(|(skill, least)| user.skills.get(skill).is_none_or(|have| have < least))
        {
            return Err(Out::Skill);
        }
        Ok(turn(queue.policy, level, load, state.idle_since, agent))
    }

    /// How many contacts an agent has at hand who could take one more; else what keeps them from it.
    pub(super) fn available(&self, agent: &UserId, channel: Channel) -> Result<u8, Out> {
        let (Some(state), Some(user)) = (self.agents.get(agent), self.directory.users.get(agent))
        else {
            return Err(Out::LoggedOff);
        };
        match state.state(channel) {
            _ if user.disabled => return Err(Out::LoggedOff),
            AgentState::LoggedOff(_) => return Err(Out::LoggedOff),
            AgentState::NotReady(_) => return Err(Out::NotReady),
            AgentState::AfterWork(_) => return Err(Out::AfterWork),
            AgentState::Ready => {}
        }
        if channel == Channel::Voice {
            // One line: whoever is in a call, or holds one, is not called.
            let device = self.device_of(agent).ok_or(Out::LoggedOff)?;
            if self.telephone(&device).is_err() {
                return Err(Out::LoggedOff);
            }
            if self.switch.occupied(&device) {
                return Err(Out::Busy);
            }
        }
        let load = u8::try_from(state.load(channel)).unwrap_or(u8::MAX);
        if load < user.limit(channel) {
            return Ok(load);
        }
        let wrapping = state
            .work
            .values()
            .any(|w| w.channel == channel && matches!(w.stage, Stage::WrapUp { .. }));
        Err(if wrapping { Out::AfterWork } else { Out::Full })
    }

    /// Makes everything anew that follows from the directory's queues and groups.
    pub(super) fn reindex_queues(&mut self) {
        self.serves = BTreeMap::new();
        for queue in self.directory.queues.values() {
            let Some(group) = self.directory.groups.get(&queue.group) else { continue };
            for (agent, level) in &group.members {
                self.serves.entry(agent.clone()).or_default().push((queue.id.clone(), *level));
            }
        }
        self.lines =
            self.directory.queues.keys().map(|id| (id.clone(), Lines::default())).collect();
        self.turns = BTreeMap::new();
        for agent in self.serves.keys().cloned().collect::<Vec<_>>() {
            self.stand(&agent);
        }
        let waiting: Vec<ContactId> =
            self.waits.iter().filter(|(_, w)| !w.offered).map(|(id, _)| *id).collect();
        for id in waiting {
            self.join_line(id);
        }
    }

    /// Makes everything anew that is not written down with the state.
    pub(super) fn reindex(&mut self) {
        let directory = self.directory.clone();
        self.switch.reindex(&directory);
        self.reindex_queues();
        self.by_number = BTreeMap::new();
        self.roomless = BTreeMap::new();
        self.outside = BTreeMap::new();
        self.origins = BTreeMap::new();
        self.open_chats = 0;
        for id in self.contacts.keys().copied().collect::<Vec<_>>() {
            self.index_contact(id);
        }
        let uploads = self.rooms.values().flat_map(|room| {
            room.files.values().map(|file| (file.upload, (room.id, file.file.id)))
        });
        self.uploads = uploads.collect();
    }

    /// How full a queue is.
    pub(super) fn level(&self, queue: &Arc<crate::directory::Queue>) -> crate::query::Level {
        let none = Lines::default();
        let lines = self.lines.get(&queue.id).unwrap_or(&none);
        let members = self.directory.groups.get(&queue.group).map_or(0, |g| g.members.len());
        let off = lines.out.get(&(Channel::Chat, Out::LoggedOff)).copied().unwrap_or(0);
        crate::query::Level {
            queue: queue.clone(),
            waiting: lines.waiting() + self.switch.waiting(&queue.id),
            oldest: [lines.since.first().map(|(since, _)| *since), self.switch.oldest(&queue.id)]
                .into_iter()
                .flatten()
                .min(),
            ready: lines
                .free
                .get(&Channel::Chat)
                .map_or(0, |free| u32::try_from(free.len()).unwrap_or(u32::MAX)),
            logged_on: u32::try_from(members).unwrap_or(u32::MAX).saturating_sub(off),
        }
    }
}
