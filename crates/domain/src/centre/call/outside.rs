//! Other networks: calls that leave by a trunk (S10, S11), and those that come in by one or from a page (S12).

use super::{Centre, Decided, NOT_SO, NOT_THERE, Step, made};
use crate::call::{
    Attached, Call, CallEvent, CallId, CallType, Cause, Link, OUTSIDE_RING, Outside, Party, Via,
};
use crate::command::Done;
use crate::id::{DeviceId, TrunkId};
use crate::refusal::Refusal;
use std::sync::Arc;

impl Centre {
    /// Leads a call to another network, by the first trunk that has room and did not fail before.
    pub(super) fn go_outside(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        to: &DeviceId,
        routes: Vec<(TrunkId, Arc<str>)>,
        cause: Cause,
    ) {
        // Nobody passes through us from one network to another, unless a telephone of ours leads them there.
        let strangers = call.kind == CallType::Inbound && call.forwarded.is_empty();
        if strangers || call.party(to).is_some() {
            return self.fail(step, call, to, Cause::NOT_OBTAINABLE, None);
        }
        let Some((trunk, number)) = self.free_route(&call, routes) else {
            return self.fail(step, call, to, Cause::TRUNKS_BUSY, None);
        };
        if matches!(call.kind, CallType::Internal | CallType::Outbound) {
            call.kind = CallType::Outbound;
            call.origin = trunk.as_str().into();
        }
        let via = Some(Via::Trunk { trunk, number });
        call.parties.push(Party { outside: true, via, ..Party::new(to, Link::Alerting) });
        (call.ringing, call.until) = (cause, Some(step.now.plus(OUTSIDE_RING)));
        let told = self.copies(&call, cause, to);
        self.tell(step, CallEvent::NetworkReached, &call, told);
    }

    /// The first trunk that has room and was not tried.
    fn free_route(
        &self,
        call: &Call,
        routes: Vec<(TrunkId, Arc<str>)>,
    ) -> Option<(TrunkId, Arc<str>)> {
        let room = |trunk: &TrunkId| {
            let limit = self.directory.trunks.get(trunk).and_then(|t| t.limit);
            limit.is_none_or(|most| self.switch.on_trunk(trunk) < most)
        };
        routes.into_iter().find(|(trunk, _)| !call.tried.contains(trunk) && room(trunk))
    }

    /// Gives somebody outside a name that no telephone of ours has, whatever number they claim.
    pub(super) fn set_apart(&self, call: &mut Call) {
        let name = self.directory.outsider(call.caller.as_str());
        if let Some(party) = call.parties.first_mut() {
            party.device = name;
        }
    }

    pub(super) fn come(
        &mut self,
        step: &mut Step<'_>,
        from: &str,
        to: &str,
        via: Via,
        attached: Attached,
        open: bool,
    ) -> Decided {
        let (from, to) = (Self::plain(from), Self::plain(to));
        let from = if from.as_str().is_empty() { "anonymous".into() } else { from };
        let dn = match &via {
            Via::Trunk { trunk, .. } => {
                let known = self.directory.trunks.get(trunk).filter(|trunk| !trunk.disabled);
                let known = known.ok_or(Refusal::NotAllowed)?;
                if known.limit.is_some_and(|most| self.switch.on_trunk(trunk) >= most) {
                    return Err(Refusal::WrongState("the trunk is full"));
                }
                let dn = known.numbers.get(to.as_str()).or_else(|| known.numbers.get("*"));
                dn.cloned().ok_or(Refusal::NoSuchDevice)?
            }
            Via::Web if self.open_to_pages(&to, open) => to.clone(),
            Via::Web | Via::Chat => return Err(Refusal::NoSuchDevice),
        };
        let mut call = self.new_call(step, CallType::Inbound, &from, &to, attached)?;
        call.origin = to.0.clone();
        call.verified = via != Via::Web;
        if let Some(party) = call.parties.first_mut() {
            party.via = Some(via);
        }
        self.set_apart(&mut call);
        let done = made(&call);
        self.tell(step, CallEvent::Originated, &call, Vec::new());
        self.reach(step, call, &dn, Cause::NEW_CALL);
        Ok(done)
    }

    /// May anybody on a page call this number? (`nxwebapi.md` 7.2)
    fn open_to_pages(&self, number: &DeviceId, open: bool) -> bool {
        let (directory, number) = (&self.directory, number.as_str());
        let device = directory.devices.get(number).map(|device| device.public);
        let queue = directory.queue(number).map(|queue| queue.public);
        let bot = directory.bots.contains_key(number);
        bot || device.or(queue).is_some_and(|public| public || open)
    }

    pub(super) fn outside_did(
        &mut self,
        step: &mut Step<'_>,
        id: CallId,
        number: u64,
        device: &DeviceId,
        did: Outside,
    ) -> Decided {
        let call = self.switch.call(id).filter(|c| c.number == number).cloned();
        let mut call = call.ok_or(NOT_THERE)?;
        let party = call.party_mut(device).filter(|p| p.outside && p.via.is_some());
        let party = party.ok_or(NOT_THERE)?;
        let rings = party.link == Link::Alerting;
        match did {
            Outside::Rings if rings && !party.rang => {
                party.rang = true;
                let to = self.copies(&call, call.ringing, device);
                self.tell(step, CallEvent::Delivered, &call, to);
            }
            Outside::Answers if rings => self.established(step, call, device),
            Outside::Fails(cause) if rings => self.not_reached(step, call, device, cause),
            Outside::HangsUp => {
                let cause = Self::leaving(&call, device);
                self.part(step, call, device, cause);
            }
            Outside::Vanishes => self.part(step, call, device, Cause::MAINTENANCE),
            _ => return Err(NOT_SO),
        }
        Ok(Done::Ok)
    }

    /// Another network did not lead to whom the call was for: the next trunk may.
    fn not_reached(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        device: &DeviceId,
        cause: Cause,
    ) {
        let routes = self.directory.routes(device.as_str());
        let Some(party) = call.party_mut(device) else { return };
        let (failed, rang) = (party.trunk().cloned(), party.rang);
        call.tried.extend(failed);
        let next =
            if cause == Cause::CONGESTION && !rang { self.free_route(&call, routes) } else { None };
        let Some((trunk, number)) = next else {
            return self.fail(step, call, device, cause, Some(cause));
        };
        if call.kind == CallType::Outbound {
            call.origin = trunk.as_str().into();
        }
        if let Some(party) = call.party_mut(device) {
            party.via = Some(Via::Trunk { trunk, number });
        }
        call.until = Some(step.now.plus(OUTSIDE_RING));
        self.tell(step, CallEvent::NetworkReached, &call, Vec::new());
    }
}
