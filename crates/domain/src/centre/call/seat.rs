//! Agents at telephones: logging on by CTI, and telling monitors what agents say (`nxproxy-rio.md` 5.3 and 6).
//!
//! States themselves are those of [`super::super::agent`], one for each channel, whoever sets them: a desk's log-on is
//! told at the agent's own telephone, and a CTI's log-on is seen on the desk.

use super::{Centre, Decided, Step};
use crate::agent::{AgentState, Channel};
use crate::call::{Said, Seat, Tag, Waiting};
use crate::command::Done;
use crate::fact::Fact;
use crate::id::{CtiId, DeviceId, UserId};
use crate::refusal::Refusal;
use crate::shift::Because;
use crate::time::Millis;
use std::collections::BTreeSet;

/// The work mode of an agent who logged on without naming one: `AUTO_IN`.
pub(super) const USUAL: u8 = 3;

/// After a call, such an agent finishes work: `MANUAL_IN`.
const MANUAL_IN: u8 = 4;

/// The reason that goes with a state.
pub(super) const fn reason(state: AgentState) -> u8 {
    match state {
        AgentState::Ready => 0,
        AgentState::NotReady(reason)
        | AgentState::AfterWork(reason)
        | AgentState::LoggedOff(reason) => reason,
    }
}

const fn said(state: AgentState) -> Said {
    match state {
        AgentState::Ready => Said::Ready,
        AgentState::NotReady(_) => Said::NotReady,
        AgentState::AfterWork(_) => Said::AfterWork,
        AgentState::LoggedOff(_) => Said::LoggedOff,
    }
}

impl Centre {
    /// Where an agent is reached: where they sit, or at their own telephone.
    pub(in crate::centre) fn device_of(&self, agent: &UserId) -> Option<DeviceId> {
        if let Some(seat) = self.switch.seat(agent) {
            return Some(seat.device.clone());
        }
        // One's own telephone, unless somebody else sits there.
        let own = self.directory.users.get(agent)?.extension.clone()?;
        (!self.switch.seated.contains_key(&own)).then_some(own)
    }

    /// Seats an agent. Whose telephone that is, or was, cannot be called there, or can again.
    pub(in crate::centre) fn seat(&mut self, agent: &UserId, seat: Option<Seat>) {
        for host in self.switch.sit(agent, seat) {
            self.stand(&host);
        }
    }

    /// Who is logged on at a telephone.
    pub(super) fn agent_at(&self, device: &DeviceId) -> Option<UserId> {
        if let Some(agent) = self.switch.seated.get(device) {
            return Some(agent.clone());
        }
        let agent = self.switch.homes.get(device)?;
        let here = self.switch.seat(agent).is_none()
            && self.agents.get(agent).is_some_and(|a| !a.channels.is_empty());
        here.then(|| agent.clone())
    }

    /// The first group that an agent belongs to; 0 for none.
    pub(super) fn group_of(&self, agent: &UserId) -> u32 {
        let groups = self.directory.groups.values();
        groups.filter(|g| g.members.contains_key(agent)).map(|g| g.id).next().unwrap_or(0)
    }

    fn member_of_group(&self, agent: &UserId, group: u32) -> Result<(), Refusal> {
        let group = self.directory.groups.get(&group);
        if group.is_some_and(|g| g.members.contains_key(agent)) {
            Ok(())
        } else {
            Err(Refusal::WrongState("the agent does not belong to that group"))
        }
    }

    pub(super) fn log_on(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        agent: &UserId,
        group: u32,
        channel: Channel,
        wmode: u8,
    ) -> Decided {
        self.telephone(device)?;
        if self.directory.users.get(agent).is_none_or(|u| u.disabled) {
            return Err(Refusal::NoSuchAgent);
        }
        self.member_of_group(agent, group)?;
        // A desk's log-on sits at the agent's own telephone.
        let logged_on = self.agents.get(agent).is_some_and(|a| !a.channels.is_empty());
        if logged_on && self.device_of(agent).is_some_and(|at| at != *device) {
            return Err(Refusal::WrongState("the agent sits at another telephone"));
        }
        if self.agent_at(device).is_some_and(|other| other != *agent) {
            return Err(Refusal::WrongState("another agent sits at this telephone"));
        }
        let state = match wmode {
            1 => AgentState::NotReady(0),
            2 => AgentState::AfterWork(0),
            _ => AgentState::Ready,
        };
        let seat = Seat { device: device.clone(), group, wmode, since: step.now };
        self.emit(step, Fact::Seated { agent: agent.clone(), seat });
        let because = Because::Said;
        self.emit(
            step,
            Fact::AgentStated { agent: agent.clone(), channel, state, by: None, because },
        );
        self.show_said(step, agent, channel, Said::LoggedOn, 0);
        self.show_state(step, agent, channel, state);
        self.stays(step, agent);
        self.route_for(step, agent);
        Ok(Done::Ok)
    }

    /// The connection is gone over which a CTI user's agents logged on, each at their time. Where the user's profile says so,
    /// they are logged off after a while. Whoever has logged on anew since then is another connection's.
    pub(in crate::centre) fn cti_gone(
        &mut self,
        step: &mut Step<'_>,
        by: &CtiId,
        agents: &[(UserId, Millis)],
    ) -> Decided {
        let user = self.directory.cti_users.get(by).ok_or(Refusal::NotAllowed)?.clone();
        let after = Millis::from_secs(user.profile.agent_logoff_on_disconnect_s.into());
        if after.0 == 0 {
            return Ok(Done::Ok);
        }
        for (agent, since) in agents {
            let seat = self.switch.seat(agent);
            if seat.is_some_and(|s| s.since <= *since && user.sees(&s.device)) {
                let until = Some(step.now.plus(after));
                self.emit(step, Fact::LogOffDue { agent: agent.clone(), until });
            }
        }
        Ok(Done::Ok)
    }

    /// A CTI user monitors a telephone again: the agent there is not logged off for a lost connection.
    pub(in crate::centre) fn cti_back(
        &mut self,
        step: &mut Step<'_>,
        by: &CtiId,
        device: &DeviceId,
    ) -> Decided {
        let user = self.directory.cti_users.get(by).filter(|u| !u.disabled && u.sees(device));
        user.ok_or(Refusal::NotAllowed)?;
        if let Some(agent) = self.agent_at(device) {
            self.stays(step, &agent);
        }
        Ok(Done::Ok)
    }

    /// An agent is there: they are not logged off for a lost connection.
    pub(in crate::centre) fn stays(&mut self, step: &mut Step<'_>, agent: &UserId) {
        if self.switch.leaving.contains_key(agent) {
            self.emit(step, Fact::LogOffDue { agent: agent.clone(), until: None });
        }
    }

    /// An agent whose connection was lost may have to be logged off. Says when to look again.
    pub(in crate::centre) fn log_off_due(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
    ) -> Option<Millis> {
        let until = *self.switch.leaving.get(agent)?;
        if until > step.now {
            return Some(until);
        }
        self.stays(step, agent);
        self.log_off(step, agent, AgentState::LoggedOff(0), None);
        None
    }

    pub(super) fn state_at(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        agent: &UserId,
        group: Option<u32>,
        channel: Option<Channel>,
        state: AgentState,
    ) -> Decided {
        self.telephone(device)?;
        if self.agent_at(device).as_ref() != Some(agent) {
            return Err(Refusal::NotLoggedOn);
        }
        if let Some(group) = group {
            self.member_of_group(agent, group)?;
        }
        let known = self.agents.get(agent);
        if channel.is_some_and(|c| known.is_none_or(|a| !a.channels.contains_key(&c))) {
            return Err(Refusal::NotLoggedOn);
        }
        let channels: BTreeSet<Channel> = channel.into_iter().collect();
        self.set_state(step, agent, &channels, state, None)
    }

    /// Tells the monitors of an agent's telephone a new state of theirs.
    pub(in crate::centre) fn show_state(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        channel: Channel,
        state: AgentState,
    ) {
        self.show_said(step, agent, channel, said(state), reason(state));
    }

    pub(in crate::centre) fn show_said(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        channel: Channel,
        said: Said,
        reason: u8,
    ) {
        let Some((device, tag)) = self.sitting(agent, channel, reason) else { return };
        self.emit(step, Fact::AgentShown { device, said, tag });
    }

    /// Where an agent sits and as whom, to be told of a channel.
    pub(in crate::centre) fn sitting(
        &self,
        agent: &UserId,
        channel: Channel,
        reason: u8,
    ) -> Option<(DeviceId, Tag)> {
        let device = self.device_of(agent)?;
        let seat = self.switch.seat(agent);
        let tag = Tag {
            agent: agent.clone(),
            reason,
            wmode: seat.map_or(USUAL, |s| s.wmode),
            group: seat.map_or_else(|| self.group_of(agent), |s| s.group),
            channel,
        };
        Some((device, tag))
    }

    /// An agent's last call has ended. `since`: since when they had talked.
    pub(super) fn after_call(&mut self, step: &mut Step<'_>, agent: &UserId, since: Millis) {
        let Some(standing) =
            self.agents.get(agent).and_then(|a| a.channels.get(&Channel::Voice)).copied()
        else {
            return;
        };
        // What the agent asked for during the call stays as they asked.
        let asked = standing.since > since;
        let manual = self.switch.seat(agent).is_some_and(|s| s.wmode == MANUAL_IN);
        if manual && standing.state == AgentState::Ready && !asked {
            self.state_voice(step, agent, AgentState::AfterWork(0));
        }
    }

    /// After-work that has lasted as long as the agent's group lets it ends: they are ready. Says when to look again.
    pub(in crate::centre) fn after_work_due(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
    ) -> Option<Millis> {
        let known = self.agents.get(agent)?;
        let group = self.switch.seat(agent).map_or_else(|| self.group_of(agent), |s| s.group);
        let limit = self.directory.groups.get(&group)?.after_work;
        let channels: Vec<(Channel, Millis)> = known
            .channels
            .iter()
            .filter(|(_, s)| matches!(s.state, AgentState::AfterWork(_)))
            .map(|(channel, standing)| (*channel, standing.since))
            .collect();
        if limit.0 == 0 || channels.is_empty() {
            return None;
        }
        // Whoever asked for it while they talked works on it when the call is over.
        let busy = self.device_of(agent).is_some_and(|device| self.switch.occupied(&device));
        if busy {
            return Some(step.now.plus(limit));
        }
        let idle = known.idle_since;
        let due = |(_, since): &(Channel, Millis)| (*since).max(idle).plus(limit);
        let (over, later): (Vec<_>, Vec<_>) =
            channels.into_iter().partition(|standing| due(standing) <= step.now);
        let again = later.iter().map(due).min();
        let over: BTreeSet<Channel> = over.into_iter().map(|(channel, _)| channel).collect();
        if !over.is_empty() {
            // They are logged on to these channels, so it is not refused.
            let _ = self.set_state(step, agent, &over, AgentState::Ready, None);
        }
        again
    }

    /// An agent has logged off: a queue's call that rings at their telephone goes back into its line.
    pub(in crate::centre) fn withdraw_call(&mut self, step: &mut Step<'_>, agent: &UserId) {
        let offered = self.switch.calls().find_map(|call| match &call.stay.as_ref()?.waiting {
            Waiting::Offered { agent: asked, device } if asked == agent => {
                Some((call.clone(), device.clone()))
            }
            _ => None,
        });
        if let Some((call, device)) = offered {
            self.not_taken(step, call, agent, &device, super::line::Missed::LoggedOff);
        }
    }
}
