//! What a new monitor is told: who is connected at a telephone, and who sits there (`nxproxy-rio.md` 4).

use super::Centre;
use crate::call::{Call, CallEvent, Cause, Happening, Link, Said, Tag};
use crate::id::{CtiId, DeviceId};
use crate::query::Answer;
use crate::refusal::Refusal;

impl Centre {
    /// A device, as one sees it who begins to watch it.
    pub(in crate::centre) fn watch_device(
        &self,
        by: &CtiId,
        device: &DeviceId,
    ) -> Result<Answer, Refusal> {
        let user = self.directory.cti_users.get(by).filter(|u| !u.disabled);
        let user = user.ok_or(Refusal::NotAllowed)?;
        if !user.sees(device) {
            return Err(Refusal::NotAllowed);
        }
        let known = self.directory.devices.contains_key(device)
            || self.directory.queue(device.as_str()).is_some()
            || self.directory.bots.contains_key(device.as_str());
        if !known {
            return Err(Refusal::NoSuchDevice);
        }
        let chats = user.profile.chat_events.then(|| self.chats_at(device));
        let calls = self.switch.at(device).chain(chats.into_iter().flatten());
        let calls = calls.filter_map(|call| self.standing(call, device));
        Ok(Answer::Device { calls: calls.collect(), agent: self.states_at(device) })
    }

    /// How a device is connected to a call, as an event.
    fn standing(&self, call: &Call, device: &DeviceId) -> Option<Happening> {
        let party = call.party(device)?;
        let event = match party.link {
            Link::Prompted => CallEvent::ServiceInitiated,
            Link::Initiated => CallEvent::Originated,
            Link::Alerting => CallEvent::Delivered,
            Link::Connected | Link::Listening => CallEvent::Established,
            Link::Held => CallEvent::Held,
        };
        let mut copy = self.copy(device, Cause::ACTIVE_MONITOR, device);
        copy.target.clone_from(&party.target);
        let (call, to) = (call.clone(), vec![copy]);
        Some(Happening { event, call, over: false, merged: None, cause: None, to, why: None })
    }

    /// The agent at a device: that they are logged on, and what they say.
    fn states_at(&self, device: &DeviceId) -> Vec<(Said, Tag)> {
        let Some(tag) = self.tag(device) else { return Vec::new() };
        let state = self.agents.get(&tag.agent).map(|a| a.state(tag.channel));
        let said = match state {
            Some(crate::agent::AgentState::Ready) => Said::Ready,
            Some(crate::agent::AgentState::AfterWork(_)) => Said::AfterWork,
            _ => Said::NotReady,
        };
        vec![(Said::LoggedOn, Tag { reason: 0, ..tag.clone() }), (said, tag)]
    }
}
