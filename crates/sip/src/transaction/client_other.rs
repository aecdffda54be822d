//! We ask for anything but a session (RFC 3261 §17.1.2).
//!
//! ```text
//!           1xx                   200-699
//!  Trying ──────▶ Proceeding ───────────────▶ Completed ── K ──▶ gone
//!   │ │ E: again   │ │ E: again, every T2        repeated responses are absorbed
//!   │ └────────────┼─┴── 200-699 ──▶ Completed
//!   └── F ─────────┴──▶ timed out, gone
//! ```

use super::{Act, PATIENCE, Repeat, T2, T4, due, earlier};
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
}

#[derive(Debug)]
pub(super) struct ClientOther {
    state: State,
    reliable: bool,
    /// Timer E.
    again: Option<Repeat>,
    /// Timer F or K.
    over: Option<Millis>,
}

impl ClientOther {
    /// The request has just been sent.
    pub(super) fn new(now: Millis, reliable: bool) -> Self {
        let over = Some(now.plus(PATIENCE));
        Self { state: State::Trying, reliable, again: Repeat::first(now, reliable), over }
    }

    pub(super) fn due(&self) -> Option<Millis> {
        earlier(self.again.map(|again| again.at), self.over)
    }

    /// Whether its final response has come.
    pub(super) fn is_completed(&self) -> bool {
        self.state == State::Completed
    }

    pub(super) fn response(&mut self, now: Millis, status: u16, acts: &mut Vec<Act>) {
        match (self.state, status) {
            (State::Trying | State::Proceeding, 100..200) => {
                self.state = State::Proceeding;
                self.again = self.again.map(|again| Repeat { every: T2, ..again });
                acts.push(Act::Deliver);
            }
            (State::Trying | State::Proceeding, _) => {
                self.state = State::Completed;
                self.again = None;
                self.over = Some(now.plus(T4));
                acts.push(Act::Deliver);
                if self.reliable {
                    acts.push(Act::Gone);
                }
            }
            (State::Completed, _) => {}
        }
    }

    pub(super) fn tick(&mut self, now: Millis, acts: &mut Vec<Act>) {
        if due(self.over, now) {
            if self.state != State::Completed {
                acts.push(Act::TimedOut);
            }
            acts.push(Act::Gone);
        } else if let Some(again) = self.again.filter(|again| again.at <= now) {
            self.again = Some(again.next(now, Some(T2)));
            acts.push(Act::Resend);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeats(mut fsm: ClientOther) -> Vec<u64> {
        let mut times = Vec::new();
        while let Some(at) = fsm.due() {
            let mut acts = Vec::new();
            fsm.tick(at, &mut acts);
            match *acts {
                [Act::Resend] => times.push(at.0),
                _ => return times,
            }
        }
        times
    }

    #[test]
    fn repetitions_slow_down_to_one_in_four_seconds() {
        let times = repeats(ClientOther::new(Millis(0), false));
        assert_eq!(
            times,
            [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]
        );
        assert_eq!(repeats(ClientOther::new(Millis(0), true)), []);
    }

    #[test]
    fn the_first_final_response_counts() {
        let mut fsm = ClientOther::new(Millis(0), false);
        let mut acts = Vec::new();
        for status in [100, 200, 404] {
            fsm.response(Millis(300), status, &mut acts);
        }
        assert_eq!(acts, [Act::Deliver, Act::Deliver]);
        assert_eq!(fsm.due(), Some(Millis(5_300)));
    }
}
