//! We are asked for anything but a session (RFC 3261 §17.2.2).
//!
//! ```text
//!           1xx                  200-699
//!  Trying ──────▶ Proceeding ──────────────▶ Completed ── J ──▶ gone
//!   │ again: absorbed   again: last 1xx        again: the final response
//!   └───────────── 200-699 ────────────────▶ Completed
//! ```

use super::{Act, PATIENCE, due};
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

#[derive(Debug)]
pub(super) struct ServerOther {
    state: State,
    reliable: bool,
    /// Timer J; before an answer, the time after which nobody waits for it any more.
    over: Option<Millis>,
}

impl ServerOther {
    pub(super) fn new(now: Millis, reliable: bool) -> Self {
        Self { state: State::Trying, reliable, over: Some(now.plus(PATIENCE)) }
    }

    pub(super) const fn due(&self) -> Option<Millis> {
        self.over
    }

    /// Our side answers. `false`: it has answered before, and nothing is sent.
    pub(super) fn respond(&mut self, now: Millis, status: u16, acts: &mut Vec<Act>) -> bool {
        if self.state == State::Completed {
            return false;
        }
        self.state = if status < 200 { State::Proceeding } else { State::Completed };
        if self.state == State::Completed {
            self.over = Some(now.plus(PATIENCE));
            if self.reliable {
                acts.push(Act::Gone);
            }
        }
        true
    }

    /// The request came once more.
    pub(super) fn repeated(&self, acts: &mut Vec<Act>) {
        if self.state != State::Trying {
            acts.push(Act::Resend);
        }
    }

    pub(super) fn tick(&self, now: Millis, acts: &mut Vec<Act>) {
        if due(self.over, now) {
            acts.push(Act::Gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_request_gets_the_same_answer_for_32_seconds() {
        let mut fsm = ServerOther::new(Millis(0), false);
        let mut acts = Vec::new();
        fsm.repeated(&mut acts);
        assert_eq!(acts, [], "nothing to repeat yet");
        assert!(fsm.respond(Millis(100), 200, &mut acts));
        fsm.repeated(&mut acts);
        assert_eq!(acts, [Act::Resend]);
        assert!(!fsm.respond(Millis(200), 404, &mut acts));
        assert_eq!(fsm.due(), Some(Millis(32_100)));
    }
}
