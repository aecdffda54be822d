//! Chats of customers' pages (`nxwebapi.md` 8): a page calls a number, and its customer is there at once.

use super::{Centre, Decided, Step};
use crate::agent::Channel;
use crate::command::{Done, StartChat, WebChat};
use crate::contact::{Straight, Web};
use crate::directory::{Queue, Target};
use crate::fact::Fact;
use crate::id::{ContactId, FlowId, RoomId};
use crate::queue::Out;
use crate::refusal::{Quota, Refusal};
use crate::room::IdleRule;
use crate::time::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A web chat whose customer does not answer is reminded after this, and ends after as much again, unless its queue says
/// otherwise (`nxwebapi.md` 8).
const WEB_IDLE: Millis = Millis::from_mins(5);

impl Centre {
    pub(super) fn open_web(&mut self, step: &mut Step<'_>, chat: WebChat) -> Decided {
        let again = chat.key.is_some_and(|key| self.starts.contains_key(&key));
        let (flow, led) = if again {
            (FlowId::default(), None)
        } else if self.contacts.contains_key(&chat.id) {
            return Err(Refusal::ContactOpen);
        } else {
            let (flow, web) = self.led_by(step.now, &chat.number)?;
            (flow.unwrap_or_default(), Some((chat.id, Arc::new(web))))
        };
        let start = StartChat {
            flow,
            name: chat.name.clone(),
            customer: Some(chat.name),
            verified: false,
            attributes: chat.attributes,
            segment_attributes: BTreeMap::new(),
            opening: None,
            kinds: chat.kinds,
            duration: chat.duration,
            rehydrate: None,
            related: None,
            drop_agents: false,
            stream: None,
            key: chat.key,
            grants: chat.grants,
            origin: None,
            outside: None,
            outbound: false,
        };
        let done = self.start_chat_as(step, start, led)?;
        if let Done::Started { contact, participant, again: false, .. } = done {
            let room = RoomId::from(contact);
            let at = self.room(room).member(participant).map(|(at, _)| at);
            if let Some(contact) = at.and_then(|at| self.enter(step, room, at)) {
                self.run_flow(step, contact);
            }
        }
        Ok(done)
    }

    /// Where a number leads: to a flow, or straight on. Numbers that are not open to anyone are not there.
    fn led_by(&self, now: Millis, number: &Arc<str>) -> Result<(Option<FlowId>, Web), Refusal> {
        let web = Web { number: number.clone(), straight: None, bot: None, by_agent: false };
        let flow_to = |target: &Target| {
            self.directory.flows.values().find(|flow| flow.target == *target).map(|flow| flow.id)
        };
        if let Some(bot) = self.directory.bots.get(&**number) {
            let flow = flow_to(&Target::Bot(bot.id.clone())).ok_or(Refusal::NoSuchDevice)?;
            return Ok((Some(flow), Web { bot: Some(bot.id.clone()), ..web }));
        }
        if let Some(queue) = self.directory.queue(number).filter(|queue| queue.public) {
            self.lets_in(now, queue)?;
            let flow = flow_to(&Target::Queue(queue.id.clone()));
            let straight = flow.is_none().then(|| Straight::Queue(queue.id.clone()));
            return Ok((flow, Web { straight, by_agent: queue.answer_by_agent, ..web }));
        }
        let device = self.directory.devices.get(&**number).filter(|device| device.public);
        let device = device.ok_or(Refusal::NoSuchDevice)?;
        if let Some(service) = device.service {
            return Err(Refusal::TestNumber(service));
        }
        let seated = self.switch.seated.get(&device.id);
        let agent = seated.or_else(|| self.switch.homes.get(&device.id));
        let agent = agent.ok_or(Refusal::NotLoggedOn)?;
        match self.available(agent, Channel::Chat) {
            Ok(_) => {}
            Err(Out::Full) => return Err(Refusal::AgentFull),
            Err(Out::LoggedOff) => return Err(Refusal::NotLoggedOn),
            Err(_) => return Err(Refusal::WrongState("the agent is not ready")),
        }
        let straight = Some(Straight::Agent(agent.clone()));
        Ok((None, Web { straight, by_agent: true, ..web }))
    }

    /// Could somebody who comes now be served by this queue, or by the one it overflows to?
    fn lets_in(&self, now: Millis, queue: &Arc<Queue>) -> Result<(), Refusal> {
        let (queue, _) = self.overflowed(queue.clone());
        if self.is_closed(now, &queue) {
            return Err(Refusal::WrongState("the queue is closed"));
        }
        let level = self.level(&queue);
        if level.logged_on == 0 {
            return Err(Refusal::NotLoggedOn);
        }
        match queue.longest {
            Some(most) if level.waiting >= most => {
                Err(Refusal::Quota { what: Quota::Waiting, most: most.into() })
            }
            _ => Ok(()),
        }
    }

    /// A web chat that leads straight to somebody goes there. False if it runs a flow.
    pub(super) fn straight_on(&mut self, step: &mut Step<'_>, id: ContactId) -> bool {
        let first = self.contacts.get(&id).filter(|contact| contact.segment == 1);
        match first.and_then(|contact| contact.web.as_ref()?.straight.clone()) {
            None => false,
            Some(Straight::Queue(queue)) => {
                self.enqueue(step, id, &queue, None, step.now);
                true
            }
            Some(Straight::Agent(agent)) => {
                self.offer_directly(step, id, &agent, false);
                true
            }
        }
    }

    /// The idle rule of a chat that an agent has just taken, if it has none yet.
    pub(super) fn rule_silence(&mut self, step: &mut Step<'_>, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let (room, web) = (contact.room(), contact.web.is_some());
        let queue = contact.queue.as_ref().and_then(|queue| self.directory.queues.get(queue));
        let (warn, drop) =
            queue.map_or((Millis(0), Millis(0)), |queue| (queue.idle_warning, queue.idle_close));
        let usual = |span: Millis| if web && span.0 == 0 { WEB_IDLE } else { span };
        let (warn, drop) = (usual(warn), usual(drop));
        if warn.0 > 0 && self.room(room).idle.is_none() {
            let drop = (drop.0 > 0).then_some(drop);
            let customer = IdleRule { warn: Some(warn), drop, owed: web };
            self.emit(step, Fact::IdleRuled { room, customer, agent: IdleRule::default() });
        }
    }
}
