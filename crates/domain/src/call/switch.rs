//! All calls of a realm, found by their number, by the telephones they are at and by the lines they wait in.

use super::{Call, CallId, Chatting, Link, Party, Place, Seat, Sound};
use crate::id::{DeviceId, QueueId, RoomId, TrunkId, UserId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All calls and seats of a realm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Live calls.
    #[serde(default, with = "crate::pairs")]
    pub(crate) calls: BTreeMap<CallId, Call>,
    /// The newest call's number.
    #[serde(default)]
    pub(crate) last: Option<CallId>,
    /// How many calls there have been.
    #[serde(default)]
    pub(crate) count: u64,
    /// Where agents sit.
    #[serde(default)]
    pub(crate) seats: BTreeMap<UserId, Seat>,
    /// Telephones that can be reached by SIP.
    #[serde(default)]
    pub(crate) registered: BTreeSet<DeviceId>,
    /// Where each of them can be, as far as that was told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) places: BTreeMap<DeviceId, Arc<[Place]>>,
    /// Telephones that send no sound.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) muted: BTreeSet<DeviceId>,
    /// Agents whose CTI connection was lost, and when they are logged off.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) leaving: BTreeMap<UserId, Millis>,
    /// Chats that are told as calls.
    #[serde(default, with = "crate::pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) chats: BTreeMap<RoomId, Chatting>,

    // What follows from the above.
    /// Chats by the numbers that they have as calls.
    #[serde(skip)]
    pub(crate) written: BTreeMap<CallId, RoomId>,
    #[serde(skip)]
    pub(crate) at: BTreeMap<DeviceId, BTreeSet<CallId>>,
    #[serde(skip)]
    pub(crate) seated: BTreeMap<DeviceId, UserId>,
    /// Whose own telephone each is.
    #[serde(skip)]
    pub(crate) homes: BTreeMap<DeviceId, UserId>,
    /// How many ends each trunk has.
    #[serde(skip)]
    pub(crate) trunks: BTreeMap<TrunkId, u32>,
    #[serde(skip)]
    pub(crate) lines: BTreeMap<QueueId, BTreeSet<(i64, u64, CallId)>>,
    /// Since when each waits in its queue.
    #[serde(skip)]
    pub(crate) since: BTreeMap<QueueId, BTreeSet<(Millis, CallId)>>,
}

impl Switch {
    /// All live calls.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// One live call.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// The calls at a device.
    pub fn at(&self, device: &DeviceId) -> impl Iterator<Item = &Call> {
        self.at.get(device).into_iter().flatten().filter_map(|id| self.calls.get(id))
    }

    /// Can it be reached by SIP?
    pub fn registered(&self, device: &DeviceId) -> bool {
        self.registered.contains(device)
    }

    /// Where it can be reached by SIP, as far as that was told.
    pub fn places(&self, device: &DeviceId) -> &[Place] {
        self.places.get(device).map(|places| &**places).unwrap_or_default()
    }

    /// Telephones that can be reached by SIP, and where.
    pub fn phones(&self) -> impl Iterator<Item = (DeviceId, Arc<[Place]>)> {
        let places = |device| self.places.get(device).cloned().unwrap_or_default();
        self.registered.iter().map(move |device| (device.clone(), places(device)))
    }

    /// Has it any call?
    pub fn occupied(&self, device: &DeviceId) -> bool {
        self.at.contains_key(device)
    }

    /// Has it a call that is not on hold?
    pub fn active(&self, device: &DeviceId) -> bool {
        self.at(device).any(|call| call.link(device) != Some(Link::Held))
    }

    /// How many calls a trunk has.
    pub fn on_trunk(&self, trunk: &TrunkId) -> u32 {
        self.trunks.get(trunk).copied().unwrap_or(0)
    }

    /// Does it send no sound?
    pub fn muted(&self, device: &DeviceId) -> bool {
        self.muted.contains(device)
    }

    /// Takes up what changed in what is heard or kept.
    pub(crate) fn sound(&mut self, device: &DeviceId, call: Option<CallId>, sound: Sound) {
        let call = call.and_then(|id| self.calls.get_mut(&id));
        match (sound, call) {
            (Sound::Muted(true), _) => {
                self.muted.insert(device.clone());
            }
            (Sound::Muted(false), _) => {
                self.muted.remove(device);
            }
            (Sound::Masked(masked), Some(call)) => call.masked = masked,
            (Sound::Recorded, Some(call)) => call.recorded = true,
            (Sound::Masked(_) | Sound::Recorded, None) => {}
        }
    }

    /// Where an agent sits.
    pub fn seat(&self, agent: &UserId) -> Option<&Seat> {
        self.seats.get(agent)
    }

    /// Takes a call's new form up, or takes the call away. Returns the devices that it touched.
    pub(crate) fn set(&mut self, id: CallId, now: Option<&Call>) -> BTreeSet<DeviceId> {
        let was = match now {
            Some(call) => {
                if call.number > self.count {
                    self.count = call.number;
                    self.last = Some(id);
                }
                self.calls.insert(id, call.clone())
            }
            None => self.calls.remove(&id),
        };
        let mut touched = BTreeSet::new();
        if let Some(was) = &was {
            self.unlist(was, &mut touched);
        }
        if let Some(call) = now {
            self.list(call, &mut touched);
        }
        touched
    }

    /// Takes up a chat's new form as a call, or takes it away.
    pub(crate) fn set_chat(&mut self, room: RoomId, now: Option<Chatting>) {
        if let Some(was) = self.chats.remove(&room) {
            self.written.remove(&was.call.id);
        }
        let Some(chat) = now else { return };
        if chat.call.number > self.count {
            self.count = chat.call.number;
            self.last = Some(chat.call.id);
        }
        self.written.insert(chat.call.id, room);
        self.chats.insert(room, chat);
    }

    fn list(&mut self, call: &Call, touched: &mut BTreeSet<DeviceId>) {
        for party in call.parties.iter().filter(|p| !p.outside) {
            self.at.entry(party.device.clone()).or_default().insert(call.id);
            touched.insert(party.device.clone());
        }
        for trunk in call.parties.iter().filter_map(Party::trunk) {
            *self.trunks.entry(trunk.clone()).or_default() += 1;
        }
        if let Some(stay) = call.line() {
            let place = (stay.rank, call.number, call.id);
            self.lines.entry(stay.queue.clone()).or_default().insert(place);
            self.since.entry(stay.queue.clone()).or_default().insert((stay.entered, call.id));
        }
    }

    fn unlist(&mut self, call: &Call, touched: &mut BTreeSet<DeviceId>) {
        for party in call.parties.iter().filter(|p| !p.outside) {
            if let Some(at) = self.at.get_mut(&party.device) {
                at.remove(&call.id);
                if at.is_empty() {
                    self.at.remove(&party.device);
                }
            }
            touched.insert(party.device.clone());
        }
        for trunk in call.parties.iter().filter_map(Party::trunk) {
            if let Some(count) = self.trunks.get_mut(trunk) {
                *count -= 1;
                if *count == 0 {
                    self.trunks.remove(trunk);
                }
            }
        }
        if let Some(stay) = call.line()
            && let Some(line) = self.lines.get_mut(&stay.queue)
        {
            line.remove(&(stay.rank, call.number, call.id));
            if line.is_empty() {
                self.lines.remove(&stay.queue);
            }
            if let Some(since) = self.since.get_mut(&stay.queue) {
                since.remove(&(stay.entered, call.id));
                if since.is_empty() {
                    self.since.remove(&stay.queue);
                }
            }
        }
    }

    /// Seats an agent, or takes their seat away. Returns those whose own telephones they left and took.
    pub(crate) fn sit(&mut self, agent: &UserId, seat: Option<Seat>) -> BTreeSet<UserId> {
        let mut hosts = BTreeSet::new();
        if let Some(was) = self.seats.remove(agent) {
            self.seated.remove(&was.device);
            hosts.extend(self.homes.get(&was.device).cloned());
        }
        if let Some(seat) = seat {
            hosts.extend(self.homes.get(&seat.device).cloned());
            self.seated.insert(seat.device.clone(), agent.clone());
            self.seats.insert(agent.clone(), seat);
        }
        hosts
    }

    pub(crate) fn reindex(&mut self, directory: &crate::directory::Directory) {
        self.at_home(directory);
        self.at = BTreeMap::new();
        self.lines = BTreeMap::new();
        self.since = BTreeMap::new();
        self.trunks = BTreeMap::new();
        self.seated = self.seats.iter().map(|(a, s)| (s.device.clone(), a.clone())).collect();
        self.written = self.chats.iter().map(|(room, c)| (c.call.id, *room)).collect();
        let calls: Vec<Call> = self.calls.values().cloned().collect();
        let mut touched = BTreeSet::new();
        for call in &calls {
            self.list(call, &mut touched);
        }
    }

    pub(crate) fn at_home(&mut self, directory: &crate::directory::Directory) {
        let users = directory.users.values();
        self.homes = users.filter_map(|u| Some((u.extension.clone()?, u.id.clone()))).collect();
    }

    /// Since when the call that has waited longest in a queue waits there.
    pub fn oldest(&self, queue: &QueueId) -> Option<Millis> {
        self.since.get(queue)?.first().map(|(since, _)| *since)
    }

    /// How many calls wait in a queue.
    pub fn waiting(&self, queue: &QueueId) -> u32 {
        self.lines.get(queue).map_or(0, |line| u32::try_from(line.len()).unwrap_or(u32::MAX))
    }

    /// The next free number; none while all are taken.
    pub(crate) fn free(&self) -> Option<CallId> {
        if self.calls.len() + self.written.len() >= usize::from(CallId::LAST) {
            return None;
        }
        let mut id = self.last.map_or(CallId(1), CallId::after);
        while self.calls.contains_key(&id) || self.written.contains_key(&id) {
            id = id.after();
        }
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_ids_turn_over_and_leave_out_those_that_live() {
        assert_eq!(CallId(32_766).after(), CallId(1));
        let mut switch = Switch { last: Some(CallId(32_766)), ..Switch::default() };
        assert_eq!(switch.free(), Some(CallId(1)));
        switch.last = None;
        assert_eq!(switch.free(), Some(CallId(1)));
    }
}
