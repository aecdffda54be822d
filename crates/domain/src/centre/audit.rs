//! What must hold at every moment. The simulator asks after each step; a tenant that runs can be asked, too.
//!
//! Each finding is a sentence about what is wrong. There should never be one.

use super::clock::Timer;
use super::{
    ADMISSION_LIMIT, CONNECT_LIMIT, Centre, FILE_LIMIT, MEMBER_LIMIT, SOCKET_LIMIT, STREAM_LIMIT,
};
use crate::agent::{Agent, Stage, Work};
use crate::contact::{Contact, Phase};
use crate::directory::{BotKind, Target};
use crate::id::{ContactId, RoomId};
use crate::room::{MemberRole, Presence, Room};
use crate::time::Millis;
use std::collections::BTreeMap;

/// Fails with a sentence unless something holds.
macro_rules! hold {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

type Finding = Result<(), String>;

/// When each timer is first set for.
struct Due<'a>(BTreeMap<&'a Timer, Millis>);

impl Due<'_> {
    /// Will it be looked at by then?
    fn by(&self, timer: &Timer, then: Millis) -> bool {
        self.0.get(timer).is_some_and(|at| *at <= then)
    }
}

impl Centre {
    /// Is everything as it must be, once all that was due by `now` has been done?
    ///
    /// # Errors
    ///
    /// What is not.
    pub fn audit(&self, now: Millis) -> Finding {
        let mut timers = BTreeMap::new();
        for (at, timer) in &self.soft.timers {
            timers.entry(timer).or_insert(*at);
        }
        let due = Due(timers);
        self.agents.values().try_for_each(|agent| self.audit_agent(&due, agent))?;
        self.contacts
            .values()
            .filter(|c| !c.ended() && c.voice.is_none())
            .try_for_each(|contact| self.audit_contact(&due, contact))?;
        self.rooms.values().try_for_each(|room| self.audit_room(&due, room))?;
        self.audit_calls()?;
        for call in self.switch.calls() {
            if let Some(until) = call.until {
                hold!(due.by(&Timer::Call(call.id), until), "call {} never falls due", call.id.0);
            }
        }
        self.audit_waits(&due, now)?;
        self.audit_lines(&due, now)?;
        self.audit_keys(&due)
    }

    /// All rooms in memory, closed ones included.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// One room in memory.
    pub fn room_by_id(&self, id: RoomId) -> Option<&Room> {
        self.rooms.get(&id)
    }

    /// All contacts in memory, ended ones included.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values()
    }

    /// Everyone who could have contacts at hand.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// Nobody is busy without a reason that will end.
    fn audit_agent(&self, due: &Due<'_>, agent: &Agent) -> Finding {
        for (id, work) in &agent.work {
            hold!(
                agent.channels.contains_key(&work.channel),
                "{} is logged off, but has {id} at hand",
                agent.id
            );
            let contact = self
                .contacts
                .get(id)
                .ok_or_else(|| format!("{} has {id} at hand, which is not there", agent.id))?;
            if contact.voice.is_some() {
                let Stage::WrapUp { until } = work.stage else {
                    return Err(format!("call {id} is at the hands of {}", agent.id));
                };
                hold!(
                    due.by(&Timer::WrapUp(agent.id.clone(), *id), until),
                    "after-work of {} with {id} never ends",
                    agent.id
                );
                continue;
            }
            let room = self
                .rooms
                .get(&contact.room())
                .ok_or_else(|| format!("{} has {id} at hand, which has no room", agent.id))?;
            let member = room
                .member(work.participant)
                .map(|(_, m)| m)
                .ok_or_else(|| format!("{} has {id} at hand, but is nobody there", agent.id))?;
            let open = !contact.ended() && room.contact == *id && room.closed.is_none();
            match work.stage {
                Stage::Offered { until, .. } => {
                    hold!(
                        open && member.presence == Presence::Invited,
                        "{} is asked to take {id}, which cannot be taken",
                        agent.id
                    );
                    hold!(
                        due.by(&Timer::Offer(agent.id.clone(), *id), until),
                        "the offer of {id} to {} never lapses",
                        agent.id
                    );
                }
                Stage::Talking => hold!(
                    open && member.presence == Presence::Joined,
                    "{} is busy with {id}, where they are not",
                    agent.id
                ),
                Stage::WrapUp { until } => {
                    hold!(
                        !open || member.presence == Presence::Left,
                        "{} finishes {id} while in it",
                        agent.id
                    );
                    hold!(
                        due.by(&Timer::WrapUp(agent.id.clone(), *id), until),
                        "after-work of {} with {id} never ends",
                        agent.id
                    );
                }
            }
        }
        Ok(())
    }

    /// Every open contact is where somebody will move it.
    fn audit_contact(&self, due: &Due<'_>, contact: &Contact) -> Finding {
        let id = contact.id;
        let room = self
            .rooms
            .get(&contact.room())
            .ok_or_else(|| format!("{id} is open, but has no room"))?;
        hold!(
            room.closed.is_none() && room.contact == id,
            "{id} is open, but its room is not, or is with another contact"
        );
        hold!(due.by(&Timer::Expire(room.id), contact.expires), "{id} never expires");
        let asked = room.staff().filter_map(|m| self.agents.get(m.user.as_ref()?)?.work.get(&id));
        let offers =
            asked.filter(|w| matches!(w.stage, Stage::Offered { conference: false, .. })).count();
        let wait = self.waits.get(&id);
        match contact.phase {
            Phase::Initiated => hold!(
                due.by(&Timer::Connect(id), contact.started.plus(CONNECT_LIMIT)),
                "{id} waits for its customer for ever"
            ),
            Phase::Connected => {
                let flow = self.directory.flows.get(&contact.flow).map(|f| &f.target);
                let bot = match flow {
                    Some(Target::Bot(bot)) => {
                        self.directory.bots.get(bot).is_some_and(|b| b.kind == BotKind::Echo)
                    }
                    _ => false,
                };
                hold!(bot || room.bot.is_some(), "{id} is connected with nobody");
            }
            Phase::Queued => {
                hold!(wait.is_some_and(|w| !w.offered), "{id} is queued, but stands in no line");
            }
            Phase::Offered => {
                hold!(offers == 1, "{id} is offered to {offers} agents");
                hold!(
                    wait.is_none_or(|w| w.offered),
                    "{id} is offered, and stands in line as well"
                );
            }
            Phase::Talking => {
                let agent = room
                    .members
                    .iter()
                    .any(|m| m.role == MemberRole::Agent && m.presence != Presence::Left);
                let linger =
                    self.directory.flows.get(&contact.flow).map_or(Millis(0), |f| f.linger);
                hold!(
                    agent || due.by(&Timer::Linger(room.id), room.last_at.plus(linger)),
                    "nobody is left in {id}, and nobody will end it"
                );
            }
            Phase::Ended => {}
        }
        hold!(
            offers == 0 || contact.phase == Phase::Offered,
            "{id} is being offered, but does not know"
        );
        hold!(
            wait.is_none() || matches!(contact.phase, Phase::Queued | Phase::Offered),
            "{id} stands in line, but does not wait"
        );
        Ok(())
    }

    /// Limits, order, and timers of a room.
    fn audit_room(&self, due: &Due<'_>, room: &Room) -> Finding {
        let id = room.id;
        let there = room.seen().count();
        hold!(there <= MEMBER_LIMIT, "room {id} has {there} members");
        hold!(room.files.len() <= FILE_LIMIT, "room {id} has {} files", room.files.len());
        hold!(room.streams.len() <= STREAM_LIMIT, "room {id} has {} copies", room.streams.len());
        hold!(room.slots.is_sorted_by(|a, b| a.id < b.id), "lines of room {id} are out of order");
        let sockets = room.members.iter().filter_map(|m| self.soft.sockets.get(&m.id)).max();
        hold!(
            sockets.is_none_or(|&n| n <= SOCKET_LIMIT),
            "a member of room {id} has {sockets:?} sockets"
        );
        hold!(
            room.tokens.iter().all(|t| self.tokens.get(t).is_some_and(|t| t.room == id)),
            "room {id} has lost a token"
        );
        if let Some(at) = room.closed {
            hold!(
                due.by(&Timer::Archive(id), Millis(u64::MAX)),
                "room {id} was closed at {} and stays for ever",
                at.0
            );
            hold!(
                room.members.iter().all(|m| m.presence != Presence::Joined),
                "somebody is still in room {id}, which is closed"
            );
            return Ok(());
        }
        for member in &room.members {
            if member.presence == Presence::Invited && member.role == MemberRole::Bot {
                hold!(
                    due.by(&Timer::Admission(id, member.id), member.since.plus(ADMISSION_LIMIT)),
                    "room {id} waits for a bot for ever"
                );
            }
            let busy = |work: &Work| {
                work.participant == member.id && !matches!(work.stage, Stage::WrapUp { .. })
            };
            if member.role == MemberRole::Agent && member.presence != Presence::Left {
                let agent = member.user.as_ref().and_then(|u| self.agents.get(u));
                hold!(
                    agent.and_then(|a| a.work.get(&room.contact)).is_some_and(busy),
                    "agent {:?} is in room {id}, but does not know",
                    member.user
                );
            }
        }
        if let Some(talk) = &room.bot {
            let contact = self.contacts.get(&room.contact);
            hold!(
                contact.is_some_and(|c| c.phase == Phase::Connected),
                "bot {} speaks in room {id}, where it has no business any more",
                talk.bot
            );
            hold!(
                talk.ask.as_ref().is_none_or(|ask| due.by(&Timer::Bot(id), ask.until)),
                "bot {} waits for its program in room {id} for ever",
                talk.bot
            );
        }
        let next = room.idle.as_deref().and_then(super::clock::next_idle);
        hold!(
            next.is_none_or(|at| due.by(&Timer::Idle(id), at)),
            "somebody in room {id} may be silent for ever"
        );
        Ok(())
    }

    /// Whoever waits stands in the line of their queue, and leaves it some day.
    fn audit_waits(&self, due: &Due<'_>, now: Millis) -> Finding {
        for (id, wait) in &self.waits {
            let contact =
                self.contacts.get(id).ok_or_else(|| format!("{id} waits, but is not there"))?;
            hold!(!contact.ended(), "{id} waits, but is over");
            let queue = self
                .directory
                .queues
                .get(&wait.queue)
                .ok_or_else(|| format!("{id} waits in queue {}, which is gone", wait.queue))?;
            let place = crate::queue::Place { rank: wait.rank, number: wait.number, contact: *id };
            let stands = self.lines.get(&wait.queue).is_some_and(|l| l.waiting.contains(&place));
            hold!(stands != wait.offered, "{id}: in line {stands}, offered {}", wait.offered);
            let after = queue
                .overflow
                .as_ref()
                .filter(|o| !wait.visited.contains(&o.to))
                .and_then(|o| o.after);
            if let Some(after) = after.filter(|_| stands) {
                // Its time may have passed while somebody was being asked; then it overflows with the next tick.
                let by = wait.since.plus(after).max(now);
                hold!(due.by(&Timer::Wait(*id), by), "{id} never overflows");
            }
        }
        let waiting: usize = self.lines.values().map(|l| l.waiting.len()).sum();
        let known = self.waits.values().filter(|w| !w.offered).count();
        hold!(waiting == known, "{waiting} stand in line, {known} wait");
        Ok(())
    }

    /// Nobody waits whom somebody free fits, unless held for another. Told from the directory and the agents alone.
    fn audit_lines(&self, due: &Due<'_>, now: Millis) -> Finding {
        for (id, wait) in self.waits.iter().filter(|(_, w)| !w.offered) {
            let held = wait.held_until > now
                && wait.preferred.as_ref().is_some_and(|p| {
                    self.agents.get(p).is_some_and(|a| a.channels.contains_key(&wait.channel))
                });
            if held {
                hold!(
                    due.by(&Timer::Wait(*id), wait.held_until),
                    "{id} is held for one agent for ever"
                );
                continue;
            }
            let Some(queue) = self.directory.queues.get(&wait.queue) else { continue };
            let Some(group) = self.directory.groups.get(&queue.group) else { continue };
            let room = self
                .contacts
                .get(id)
                .and_then(|c| self.rooms.get(&c.room()))
                .ok_or_else(|| format!("{id} waits, but has no room"))?;
            for agent in group.members.keys() {
                let able = self.directory.users.get(agent).is_some_and(|u| {
                    queue
                        .skills
                        .iter()
                        .all(|(skill, least)| u.skills.get(skill).is_some_and(|have| have >= least))
                });
                let free = able
                    && !room.full()
                    && self.available(agent, wait.channel).is_ok()
                    && room.of_user(agent).is_none();
                hold!(!free, "{id} waits in queue {}, although {agent} is free", wait.queue);
            }
        }
        Ok(())
    }

    /// Sessions, tokens and what is archived.
    fn audit_keys(&self, due: &Due<'_>) -> Finding {
        for (hash, session) in &self.sessions {
            hold!(
                due.by(&Timer::Session(*hash), session.until),
                "a session of {} never ends",
                session.user
            );
        }
        for (hash, token) in self.tokens.iter() {
            hold!(
                self.rooms.get(&token.room).is_some_and(|r| r.tokens.contains(hash)),
                "token {hash:?} opens no room"
            );
        }
        let stays =
            |contact: &&Contact| contact.ended() && !self.rooms.contains_key(&contact.room());
        let roomless: Vec<ContactId> = self.contacts.values().filter(stays).map(|c| c.id).collect();
        for id in roomless {
            let room = self.contacts[&id].room();
            hold!(
                due.by(&Timer::Archive(room), Millis(u64::MAX)),
                "{id} has no room, and stays for ever"
            );
        }
        let origins: u32 = self.origins.values().sum();
        let from_outside =
            self.contacts.values().filter(|c| !c.ended() && c.origin.is_some()).count();
        hold!(
            usize::try_from(origins) == Ok(from_outside),
            "{origins} chats of widgets are counted, {from_outside} are open"
        );
        let chats = self.contacts.values().filter(|c| c.voice.is_none());
        let open = chats.filter(|c| !c.ended()).count();
        hold!(
            usize::try_from(self.open_chats) == Ok(open),
            "{} chats are counted, {open} are open",
            self.open_chats
        );
        Ok(())
    }
}
