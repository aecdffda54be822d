//! Calls: what may be wished in which state, and what happens then.
//!
//! - `dial.rs` reaches somebody, or fails; `talk.rs` answers, holds, clears; `pass.rs` consults, transfers, confers;
//!   `barge.rs` supervisors; `line.rs` queues; `seat.rs` agents at telephones; `phone.rs` real telephones; `outside.rs`
//!   other networks; `show.rs` what monitors are told; `book.rs` the contact of a call, `command.rs` what is asked of a
//!   call by its contact, `act.rs` an agent's own telephone, `chat.rs` chats as calls.
//!
//! Every change is put out by [`Centre::tell_all`]; after a command [`Centre::settle`] looks after telephones that became
//! free. The scenarios are those of `nxproxy-rio.md` 8.

mod act;
mod barge;
mod book;
mod chat;
mod check;
mod command;
mod dial;
mod line;
mod outside;
mod pass;
mod phone;
mod seat;
mod show;
mod sound;
mod talk;

use super::{Centre, Decided, Step};
use crate::call::{Call, CallEvent, CallId, Cause, Copy, Happening, Link, Tag, Waiting, Wish};
use crate::command::Done;
use crate::id::{CtiId, DeviceId, QueueId};
use crate::queue::Why;
use crate::refusal::Refusal;
use crate::time::Millis;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The call is not at this telephone, or not in a state for it.
pub(super) const NOT_THERE: Refusal = Refusal::WrongState("there is no such call at this device");
pub(super) const NOT_SO: Refusal = Refusal::WrongState("the call is not in a state for this");

impl Centre {
    /// Decides a wish, for a CTI user or (none) for the phone itself.
    pub(super) fn wish(&mut self, step: &mut Step<'_>, by: Option<&CtiId>, wish: Wish) -> Decided {
        self.allowed(by, &wish)?;
        if let Some(done) = by.and_then(|by| self.wish_of_chat(step, by, &wish)) {
            return done;
        }
        self.carry_out(step, wish, by.is_some())
    }

    /// Carries a wish out that is allowed. `asked`: by an application, and so a real telephone is asked to take part.
    pub(super) fn carry_out(&mut self, step: &mut Step<'_>, wish: Wish, asked: bool) -> Decided {
        let done = match wish {
            Wish::Dial { device, to, attached } => self.dial(step, &device, &to, attached, asked),
            Wish::Dialled { device, to, attached } => self.dialled(step, &device, &to, attached),
            Wish::Come { from, to, via, attached, open } => {
                self.come(step, &from, &to, via, attached, open)
            }
            Wish::Outside { call, number, device, did } => {
                self.outside_did(step, call, number, &device, did)
            }
            Wish::Reject { device, call, cause } => self.rejected(step, &device, call, cause),
            Wish::Vanish(device, call) => self.vanished(step, &device, call),
            Wish::Arrive { from, to } => self.arrive_call(step, &from, &to),
            Wish::HangUp { call, number } => self.hang_up(step, call, number),
            Wish::Register { device, here, places } => self.register(step, device, here, places),
            Wish::Restart => self.restart(step),
            Wish::Answer(device, call) => self.answer(step, &device, call, asked),
            Wish::Clear(device, call) => self.clear(step, &device, call),
            Wish::Hold(device, call) => self.hold(step, &device, call),
            Wish::Retrieve(device, call) => self.retrieve(step, &device, call),
            Wish::Consult { device, call, to, attached } => {
                self.consult(step, &device, call, &to, attached)
            }
            Wish::Transfer(device, one, two) => {
                self.join_calls(step, &device, one, two, false, !asked)
            }
            Wish::Confer(device, one, two) => self.join_calls(step, &device, one, two, true, false),
            Wish::SingleStep { device, call, to, attached } => {
                self.single_step(step, &device, call, &to, &attached, !asked)
            }
            Wish::Pickup { device, from } => self.pickup(step, &device, &from),
            Wish::CallBack(call) => self.call_back(step, call),
            Wish::Barge { device, target, mode } => self.barge(step, &device, &target, mode, asked),
            Wish::Mute(device, muted) => self.mute(step, &device, muted),
            Wish::Mask(device, call, masked) => self.mask(step, &device, call, masked),
            Wish::Record(device, call) => self.record(step, &device, call),
            Wish::Keys(device, call, keys) => self.send_keys(step, &device, call, keys),
            Wish::LogOn { device, agent, group, channel, wmode } => {
                self.log_on(step, &device, &agent, group, channel, wmode)
            }
            Wish::State { device, agent, group, channel, state } => {
                self.state_at(step, &device, &agent, group, channel, state)
            }
        }?;
        self.settle(step);
        Ok(done)
    }

    /// May this CTI user do that? (`nxproxy-rio.md` 3, "Authority")
    fn allowed(&self, by: Option<&CtiId>, wish: &Wish) -> Result<(), Refusal> {
        let Some(by) = by else { return Ok(()) };
        let user = self.directory.cti_users.get(by).filter(|u| !u.disabled);
        let user = user.ok_or(Refusal::NotAllowed)?;
        let (device, target) = match wish {
            Wish::Dial { device, .. }
            | Wish::Answer(device, _)
            | Wish::Clear(device, _)
            | Wish::Hold(device, _)
            | Wish::Retrieve(device, _)
            | Wish::Consult { device, .. }
            | Wish::Transfer(device, ..)
            | Wish::Confer(device, ..)
            | Wish::Mute(device, _)
            | Wish::Mask(device, ..)
            | Wish::Record(device, _)
            | Wish::Keys(device, ..)
            | Wish::SingleStep { device, .. }
            | Wish::LogOn { device, .. }
            | Wish::State { device, .. } => (device, None),
            Wish::Pickup { device, from } => (device, Some(from)),
            Wish::Barge { device, target, .. } => (device, Some(target)),
            Wish::Register { .. }
            | Wish::Restart
            | Wish::Dialled { .. }
            | Wish::Come { .. }
            | Wish::Outside { .. }
            | Wish::Reject { .. }
            | Wish::Vanish(..)
            | Wish::Arrive { .. }
            | Wish::HangUp { .. }
            | Wish::CallBack(_) => return Err(Refusal::NotAllowed),
        };
        let supervises = user.supervise || !matches!(wish, Wish::Barge { .. });
        if supervises && user.sees(device) && target.is_none_or(|t| user.sees(t)) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    /// All calls and seats.
    pub const fn switch(&self) -> &crate::call::Switch {
        &self.switch
    }

    /// A telephone that can act: one of ours that is there, and no number that only answers.
    pub(super) fn telephone(&self, device: &DeviceId) -> Result<(), Refusal> {
        let known = self.directory.devices.get(device).ok_or(Refusal::NoSuchDevice)?;
        if known.service.is_none() && (known.r#virtual || self.switch.registered(device)) {
            Ok(())
        } else {
            Err(Refusal::WrongState("the telephone is not registered"))
        }
    }

    /// A call at a telephone, to be changed.
    fn call_at(&self, device: &DeviceId, id: CallId) -> Result<Call, Refusal> {
        let known = self.directory.devices.get(device).filter(|d| d.service.is_none());
        known.ok_or(Refusal::NoSuchDevice)?;
        let call = self.switch.call(id).ok_or(NOT_THERE)?;
        if call.party(device).is_some_and(|p| !p.outside) {
            Ok(call.clone())
        } else {
            Err(NOT_THERE)
        }
    }

    /// A copy for one device.
    pub(super) fn copy(&self, device: &DeviceId, cause: Cause, subject: &DeviceId) -> Copy {
        let (device, subject) = (device.clone(), subject.clone());
        Copy { agent: self.tag(&device), device, cause, subject, target: None }
    }

    /// Copies for everyone in a call but silent listeners, and for the queue it waits in.
    pub(super) fn copies(&self, call: &Call, cause: Cause, subject: &DeviceId) -> Vec<Copy> {
        let inside = call.speakers().filter(|p| !p.outside);
        let mut all: Vec<Copy> = inside.map(|p| self.copy(&p.device, cause, subject)).collect();
        all.extend(self.line_copies(call, cause, subject));
        all
    }

    /// Copies for the numbers of the queue in which a call waits.
    pub(super) fn line_copies(&self, call: &Call, cause: Cause, subject: &DeviceId) -> Vec<Copy> {
        let Some(stay) = call.line() else { return Vec::new() };
        self.queue_copies(&stay.queue, stay.alias.as_ref(), cause, subject)
    }

    pub(super) fn queue_copies(
        &self,
        queue: &QueueId,
        alias: Option<&QueueId>,
        cause: Cause,
        subject: &DeviceId,
    ) -> Vec<Copy> {
        std::iter::once(queue)
            .chain(alias)
            .map(|dn| self.copy(&DeviceId(dn.0.clone()), cause, subject))
            .collect()
    }

    /// Puts out what happened to a call.
    pub(super) fn tell(
        &mut self,
        step: &mut Step<'_>,
        event: CallEvent,
        call: &Call,
        to: Vec<Copy>,
    ) {
        self.tell_all(
            step,
            Happening {
                event,
                call: call.clone(),
                over: false,
                merged: None,
                cause: None,
                to,
                why: None,
            },
        );
    }

    pub(super) fn tell_why(
        &mut self,
        step: &mut Step<'_>,
        event: CallEvent,
        call: &Call,
        to: Vec<Copy>,
        why: Arc<Why>,
    ) {
        let (call, why) = (call.clone(), Some(why));
        self.tell_all(
            step,
            Happening { event, call, over: false, merged: None, cause: None, to, why },
        );
    }

    /// Takes somebody out of a call, and remembers that their telephone may be free now.
    pub(super) fn take_out(&mut self, call: &mut Call, device: &DeviceId) {
        if let Some(at) = call.parties.iter().position(|p| p.device == *device) {
            let party = call.parties.remove(at);
            if !party.outside {
                self.soft.freed.push((party.device, party.talked));
            }
        }
    }

    /// Somebody leaves. The call goes on with those who stay, or is over.
    pub(super) fn part(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        device: &DeviceId,
        cause: Cause,
    ) {
        let staying = call.speakers().filter(|p| p.device != *device).count()
            + usize::from(call.line().is_some());
        if staying < 2 {
            call.end = Some(self.end_by(&call, device));
            return self.finish(step, call, |_| cause);
        }
        let to = self.copies(&call, cause, device);
        self.take_out(&mut call, device);
        self.tell(step, CallEvent::ConnectionCleared, &call, to);
        self.listeners_leave(step, &mut call, device);
    }

    /// Whoever listened to somebody who has left leaves, too.
    pub(super) fn listeners_leave(
        &mut self,
        step: &mut Step<'_>,
        call: &mut Call,
        target: &DeviceId,
    ) {
        let gone: Vec<DeviceId> = call
            .parties
            .iter()
            .filter(|p| p.target.as_ref() == Some(target))
            .map(|p| p.device.clone())
            .collect();
        for listener in gone {
            let mut copy = self.copy(&listener, Cause::NONE, &listener);
            copy.target = Some(target.clone());
            self.take_out(call, &listener);
            self.tell(step, CallEvent::ConnectionCleared, call, vec![copy]);
        }
    }

    /// A call is over: each who is still in it hears that they are out of it, and then that it is gone.
    pub(super) fn finish(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        cause: impl Fn(&DeviceId) -> Cause,
    ) {
        let mut to: Vec<Copy> = Vec::new();
        for party in call.parties.iter().filter(|p| !p.outside) {
            let mut copy = self.copy(&party.device, cause(&party.device), &party.device);
            copy.target.clone_from(&party.target);
            to.push(copy);
        }
        if let Some(stay) = call.line() {
            let dn = DeviceId(stay.queue.0.clone());
            to.extend(self.queue_copies(&stay.queue, stay.alias.as_ref(), cause(&dn), &dn));
        }
        let outside = call.parties.iter().find(|p| p.outside).map(|p| cause(&p.device));
        for device in call.parties.iter().map(|p| p.device.clone()).collect::<Vec<_>>() {
            self.take_out(&mut call, &device);
        }
        let waited = call.line().map(|s| s.queue.clone());
        if let Some(stay) = &mut call.stay {
            if stay.waiting == Waiting::InLine {
                stay.length = self.switch.waiting(&stay.queue).saturating_sub(1);
                stay.waited = step.now.since(stay.since);
            }
            stay.waiting = Waiting::Served;
        }
        call.until = None;
        let cleared = Happening {
            event: CallEvent::ConnectionCleared,
            call,
            over: false,
            merged: None,
            cause: outside,
            to,
            why: None,
        };
        self.tell_all(step, cleared.clone());
        self.tell_all(step, Happening { event: CallEvent::CallCleared, over: true, ..cleared });
        if let Some(queue) = waited {
            self.show_level(step, &queue);
        }
    }

    /// Telephones that became free: their agents finish the call, or take the next.
    pub(super) fn settle(&mut self, step: &mut Step<'_>) {
        while let Some((device, talked)) = self.soft.freed.pop() {
            if self.switch.occupied(&device) {
                continue;
            }
            self.unmute(step, &device);
            let Some(agent) = self.agent_at(&device) else { continue };
            if let Some(since) = talked {
                self.after_call(step, &agent, since);
            }
            self.route_for(step, &agent);
        }
    }

    /// Takes up what happened to a call.
    pub(super) fn apply_call(&mut self, at: Millis, happening: &Happening) {
        let now = (!happening.over).then_some(&happening.call);
        let mut touched = self.switch.set(happening.call.id, now);
        if let Some(merged) = happening.merged {
            touched.extend(self.switch.set(merged, None));
        }
        self.stand_at(at, &touched);
    }

    /// Agents at these telephones are free, or not any more.
    fn stand_at(&mut self, at: Millis, devices: &BTreeSet<DeviceId>) {
        for device in devices {
            let Some(agent) = self.agent_at(device) else { continue };
            if !self.switch.occupied(device)
                && let Some(agent) = self.agents.get_mut(&agent)
            {
                agent.idle_since = at;
            }
            self.stand(&agent);
        }
    }

    /// Something of a call falls due. Says when to look again.
    pub(super) fn call_due(&mut self, step: &mut Step<'_>, id: CallId) -> Option<Millis> {
        let call = self.switch.call(id)?.clone();
        let until = call.until?;
        if until > step.now {
            return Some(until);
        }
        let rings = call.speakers().find(|p| p.link == Link::Alerting).map(|p| p.device.clone());
        match (call.stay.as_ref().map(|s| s.waiting.clone()), rings) {
            (Some(Waiting::InLine), _) => self.overflow_call(step, call),
            (Some(Waiting::Offered { agent, device }), _) => {
                self.not_taken(step, call, &agent, &device, line::Missed::Silent);
            }
            (_, Some(device)) => self.unanswered(step, call, &device),
            (_, None) if call.speakers().any(|p| p.link == Link::Prompted) => {
                self.finish(step, call, |_| Cause::NOT_ANSWERED);
            }
            (_, None) => {}
        }
        self.settle(step);
        None
    }

    /// Who is logged on at a device.
    pub(super) fn tag(&self, device: &DeviceId) -> Option<Tag> {
        let agent = self.agent_at(device)?;
        let seat = self.switch.seat(&agent);
        let known = self.agents.get(&agent)?;
        let (channel, standing) = known.channels.first_key_value()?;
        Some(Tag {
            reason: seat::reason(standing.state),
            wmode: seat.map_or(seat::USUAL, |s| s.wmode),
            group: seat.map_or_else(|| self.group_of(&agent), |s| s.group),
            channel: *channel,
            agent,
        })
    }
}

/// What a call made by a wish is answered with.
fn made(call: &Call) -> Done {
    Done::Call { call: call.id, number: call.number, cnid: call.cnid.clone() }
}

#[cfg(test)]
mod tests;
