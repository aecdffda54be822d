//! What must hold of calls at every moment; part of [`Centre::audit`].

use super::Centre;
use crate::agent::Channel;
use crate::call::{CallId, Link, Waiting};
use crate::contact::Phase;
use crate::id::UserId;

impl Centre {
    /// Is every call as it must be?
    ///
    /// # Errors
    ///
    /// What is not.
    pub(in crate::centre) fn audit_calls(&self) -> Result<(), String> {
        for call in self.switch.calls() {
            let CallId(id) = call.id;
            let speakers = call.speakers().count() + usize::from(call.line().is_some());
            let prompted = call.speakers().any(|p| p.link == Link::Prompted);
            if prompted && (speakers != 1 || call.until.is_none()) {
                return Err(format!(
                    "a telephone is prompted for call {id} with others, or for ever"
                ));
            }
            if speakers < 2 && !prompted {
                return Err(format!("call {id} lives with {speakers} parties"));
            }
            if call.speakers().any(|p| p.link == Link::Alerting) && call.until.is_none() {
                return Err(format!("call {id} rings for ever"));
            }
            if call.speakers().all(|p| p.link == Link::Initiated) && call.line().is_none() {
                return Err(format!("nobody was reached by call {id}, and it lives"));
            }
            for party in call.parties.iter().filter(|p| !p.outside) {
                if !self.switch.at(&party.device).any(|at| at.id == call.id) {
                    return Err(format!("{} does not know of call {id}", party.device));
                }
                let target = party.target.as_ref();
                if target.is_some_and(|t| {
                    call.link(t) != Some(Link::Connected) && call.link(t) != Some(Link::Held)
                }) {
                    return Err(format!("{} listens to nobody in call {id}", party.device));
                }
            }
            if let Some(Waiting::Offered { agent, device }) = call.stay.as_ref().map(|s| &s.waiting)
                && call.link(device) != Some(Link::Alerting)
            {
                return Err(format!(
                    "call {id} is offered to {agent}, whose telephone does not ring"
                ));
            }
        }
        self.audit_books()?;
        for device in self.directory.devices.values().filter(|d| d.service.is_none()) {
            let active =
                self.switch.at(&device.id).filter(|c| c.link(&device.id) != Some(Link::Held));
            if active.count() > 1 {
                return Err(format!("{} is in two calls at once", device.id));
            }
        }
        for (queue, line) in &self.switch.lines {
            for (_, _, id) in line {
                let call = self.switch.call(*id).ok_or("a call waits that is not there")?;
                let members = self
                    .directory
                    .queues
                    .get(queue)
                    .and_then(|q| self.directory.groups.get(&q.group));
                let able = |agent: &UserId| {
                    self.place(agent, queue, 1, Channel::Voice).is_ok()
                        && self.device_of(agent).is_some_and(|d| call.party(&d).is_none())
                };
                let free = members.and_then(|g| g.members.keys().find(|agent| able(agent)));
                if let Some(agent) = free {
                    return Err(format!(
                        "call {} waits in queue {queue}, although {agent} is free",
                        id.0
                    ));
                }
            }
        }
        Ok(())
    }

    /// Every live call has one open contact, which knows it, and no other contact of a call is open.
    fn audit_books(&self) -> Result<(), String> {
        for call in self.switch.calls() {
            let CallId(number) = call.id;
            let id = call.contact.ok_or(format!("call {number} is no contact"))?;
            let contact = self.contacts.get(&id);
            let contact = contact.ok_or(format!("contact {id} of call {number} is not there"))?;
            let knows = contact.voice.as_ref().is_some_and(|voice| {
                voice.is(call) && voice.cnid == call.cnid && voice.cnsq == call.cnsq
            });
            if contact.ended() || !knows {
                return Err(format!("contact {id} does not know of call {number}"));
            }
            let waiting = call.stay.as_ref().map(|stay| &stay.waiting);
            let fits = match contact.phase {
                Phase::Queued => waiting == Some(&Waiting::InLine),
                Phase::Offered => matches!(waiting, Some(Waiting::Offered { .. })),
                Phase::Talking => contact.agent.is_some(),
                Phase::Connected => {
                    !matches!(waiting, Some(Waiting::InLine | Waiting::Offered { .. }))
                }
                Phase::Initiated | Phase::Ended => false,
            };
            if !fits {
                let phase = contact.phase;
                return Err(format!("contact {id} is {phase:?}, and its call {waiting:?}"));
            }
        }
        let open = |c: &&crate::contact::Contact| c.voice.is_some() && !c.ended();
        let (calls, open) =
            (self.switch.calls().count(), self.contacts.values().filter(open).count());
        if calls == open {
            Ok(())
        } else {
            Err(format!("{calls} calls live, {open} contacts are open"))
        }
    }
}
