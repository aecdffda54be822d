//! What is kept of calls: a tape for each segment of a call that is to be recorded, from the moment when two talk.
//!
//! A tape is, like what each end hears, a plain function of the call: whoever talks is on it, the customer's side to the left and
//! all others to the right. Nothing of a call on hold is kept, nor of one that is masked; a supervisor who is not heard by all is
//! not on it. When a call goes on as another segment, so does its sound, on a tape of its own.

use super::hear::Mouth;
use super::leg::Key;
use super::plane::{About, Leg as No, Pause, Tape};
use super::{Turn, Voice};
use crate::door::RealmNo;
use domain::call::{Call, Link, Party};
use domain::id::ContactId;
use std::collections::BTreeMap;

/// A tape that runs.
#[derive(Debug)]
struct Running {
    tape: Tape,
    contact: ContactId,
    on: [Vec<No>; 2],
    pause: Option<Pause>,
}

/// All tapes that run.
#[derive(Debug, Default)]
pub(super) struct Tapes {
    running: BTreeMap<(RealmNo, Key), Running>,
    last: u64,
}

/// Who talks in a call, and how many.
fn talking(call: &Call) -> impl Iterator<Item = &Party> {
    call.parties.iter().filter(|party| party.link == Link::Connected)
}

impl Voice {
    /// Does whatever is missing for a call's tape.
    pub(super) fn wind(&mut self, turn: &mut Turn<'_, '_>, realm: RealmNo, key: Key) {
        let of = (realm, key);
        let wanted = self.call(realm, key).filter(|call| call.taped());
        let contact = wanted.and_then(|call| call.contact);
        if let Some(running) = self.tapes.running.get(&of)
            && contact != Some(running.contact)
        {
            turn.plane.stop(running.tape);
            self.tapes.running.remove(&of);
        }
        let Some((call, contact)) = self.call(realm, key).zip(contact) else { return };
        let on = self.sides(realm, key, call);
        let talk = talking(call).count() >= 2;
        let pause = match (call.masked, talk) {
            (true, _) => Some(Pause::Masked),
            (false, false) => Some(Pause::Paused),
            (false, true) => None,
        };
        if !self.tapes.running.contains_key(&of) {
            // Two telephones that are not there say nothing that could be kept.
            if !talk || on.iter().all(Vec::is_empty) {
                return;
            }
            self.tapes.last += 1;
            let tape = Tape(self.tapes.last);
            turn.plane.begin(tape, About { realm, contact, began: turn.cx.now });
            let running = Running { tape, contact, on: Default::default(), pause: None };
            self.tapes.running.insert(of, running);
        }
        let Some(running) = self.tapes.running.get_mut(&of) else { return };
        if running.on != on {
            let [left, right] = &on;
            turn.plane.record(running.tape, left, right);
            running.on = on;
        }
        if running.pause != pause {
            turn.plane.pause(running.tape, pause);
            running.pause = pause;
        }
    }

    /// The legs of those who talk: the customer's side, and the others.
    fn sides(&self, realm: RealmNo, key: Key, call: &Call) -> [Vec<No>; 2] {
        let outside = call.parties.iter().any(|party| party.outside);
        // Among colleagues it is whoever called; when they have passed it on, whoever has been in it longest.
        let caller = talking(call).find(|party| party.device == call.caller);
        let first = caller.or_else(|| talking(call).next()).map(|party| &party.device);
        let mut sides: [Vec<No>; 2] = Default::default();
        for party in talking(call) {
            let left = if outside { party.outside } else { Some(&party.device) == first };
            if let Mouth::Leg(no) = self.mouth(realm, key, party) {
                sides[usize::from(!left)].push(no);
            }
        }
        sides
    }
}
