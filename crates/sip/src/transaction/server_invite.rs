//! We are invited (RFC 3261 §17.2.1, corrected by RFC 6026 §7.1).
//!
//! ```text
//!                 2xx                     ┌ INVITE again: absorbed
//!  Proceeding ──────────▶ Accepted ───────┤ 2xx again (the dialog repeats it): sent
//!   │  INVITE again:       │              └ ACK: to the dialog
//!   │  the last 1xx again  └── L ──▶ gone
//!   │
//!   └── 300-699 ──▶ Completed ── ACK ──▶ Confirmed ── I ──▶ gone
//!                    │ G: again; INVITE again: again
//!                    └── H: nobody acknowledged ──▶ gone
//! ```

use super::{Act, PATIENCE, Repeat, T2, T4, due, earlier};
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
}

#[derive(Debug)]
pub(super) struct ServerInvite {
    state: State,
    reliable: bool,
    /// Timer G.
    again: Option<Repeat>,
    /// Timer H, I or L.
    over: Option<Millis>,
}

impl ServerInvite {
    pub(super) const fn new(reliable: bool) -> Self {
        Self { state: State::Proceeding, reliable, again: None, over: None }
    }

    pub(super) fn due(&self) -> Option<Millis> {
        earlier(self.again.map(|again| again.at), self.over)
    }

    /// Whether a final response can still be chosen.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Whether it was answered by a 2xx.
    pub(super) fn is_accepted(&self) -> bool {
        self.state == State::Accepted
    }

    /// Our side answers. `false`: too late, and nothing is sent.
    pub(super) fn respond(&mut self, now: Millis, status: u16) -> bool {
        match (self.state, status) {
            (State::Proceeding, 100..200) => true,
            (State::Proceeding, 200..300) => {
                self.state = State::Accepted;
                self.over = Some(now.plus(PATIENCE));
                true
            }
            (State::Proceeding, _) => {
                self.state = State::Completed;
                self.again = Repeat::first(now, self.reliable);
                self.over = Some(now.plus(PATIENCE));
                true
            }
            (State::Accepted, 200..300) => true,
            (State::Completed | State::Confirmed | State::Accepted, _) => false,
        }
    }

    /// The INVITE came once more.
    pub(super) fn repeated(&self, acts: &mut Vec<Act>) {
        if matches!(self.state, State::Proceeding | State::Completed) {
            acts.push(Act::Resend);
        }
    }

    /// An ACK came on this branch. `true`: it was for a refusal and goes no further.
    pub(super) fn ack(&mut self, now: Millis, acts: &mut Vec<Act>) -> bool {
        match self.state {
            State::Completed => {
                self.state = State::Confirmed;
                self.again = None;
                self.over = Some(now.plus(T4));
                if self.reliable {
                    acts.push(Act::Gone);
                }
                true
            }
            State::Confirmed => true,
            // A 2xx's ACK has a branch of its own, but some elements of old use the INVITE's.
            State::Proceeding | State::Accepted => false,
        }
    }

    pub(super) fn tick(&mut self, now: Millis, acts: &mut Vec<Act>) {
        if due(self.over, now) {
            if self.state == State::Completed {
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

    #[test]
    fn a_refusal_is_repeated_until_it_is_acknowledged() {
        let mut fsm = ServerInvite::new(false);
        assert!(fsm.respond(Millis(0), 180) && fsm.respond(Millis(0), 486));
        assert!(!fsm.respond(Millis(0), 200), "one final response is enough");
        let mut acts = Vec::new();
        for at in [500, 1_500, 3_500, 7_500, 11_500] {
            assert_eq!(fsm.due(), Some(Millis(at)));
            fsm.tick(Millis(at), &mut acts);
        }
        assert_eq!(acts, [Act::Resend; 5]);
        assert!(fsm.ack(Millis(12_000), &mut acts));
        assert_eq!(fsm.due(), Some(Millis(17_000)));
        fsm.repeated(&mut acts);
        assert_eq!(acts.len(), 5, "what is acknowledged is not sent again");
    }

    #[test]
    fn a_refusal_nobody_acknowledges_is_given_up() {
        let mut fsm = ServerInvite::new(true);
        fsm.respond(Millis(0), 486);
        let mut acts = Vec::new();
        fsm.tick(Millis(32_000), &mut acts);
        assert_eq!(acts, [Act::TimedOut, Act::Gone]);
    }

    #[test]
    fn after_a_yes_the_invite_is_absorbed_and_the_ack_goes_to_the_dialog() {
        let mut fsm = ServerInvite::new(false);
        fsm.respond(Millis(0), 200);
        let mut acts = Vec::new();
        fsm.repeated(&mut acts);
        assert!(!fsm.ack(Millis(1), &mut acts) && fsm.respond(Millis(500), 200));
        assert_eq!((acts, fsm.due()), (vec![], Some(Millis(32_000))));
    }
}
