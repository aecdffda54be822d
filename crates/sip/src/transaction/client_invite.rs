//! We invite (RFC 3261 §17.1.1, corrected by RFC 6026 §7.2).
//!
//! ```text
//!            1xx                    2xx
//!  Calling ──────▶ Proceeding ──────────────▶ Accepted ──── M ───▶ gone
//!   │  │ A: again       │  1xx: shown            2xx: shown (the dialog acknowledges)
//!   │  │                │
//!   │  └── 300-699 ─────┴── 300-699: acknowledged, shown ──▶ Completed ── D ──▶ gone
//!   │                                                         300-699: acknowledged again
//!   │                   └── cancelled, and nothing more for 32 s ──▶ gone
//!   └── B: nobody answered ──▶ gone        2xx from Calling: to Accepted, too
//! ```

use super::{Act, PATIENCE, Repeat, due, earlier};
use crate::time::Millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
}

#[derive(Debug)]
pub(super) struct ClientInvite {
    state: State,
    reliable: bool,
    /// Timer A.
    again: Option<Repeat>,
    /// Timer B, D or M, whichever the state has.
    over: Option<Millis>,
}

impl ClientInvite {
    /// The request has just been sent.
    pub(super) fn new(now: Millis, reliable: bool) -> Self {
        let over = Some(now.plus(PATIENCE));
        Self { state: State::Calling, reliable, again: Repeat::first(now, reliable), over }
    }

    pub(super) fn due(&self) -> Option<Millis> {
        earlier(self.again.map(|again| again.at), self.over)
    }

    /// Whether a provisional response has come: only then may it be cancelled (RFC 3261 §9.1).
    pub(super) fn is_proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Whether no final response has come.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    /// Whether a 2xx has come.
    pub(super) fn is_accepted(&self) -> bool {
        self.state == State::Accepted
    }

    /// It was given up. Whoever was asked may be gone, too, so the final response is waited for no longer than any other
    /// (RFC 3261 §9.1).
    pub(super) fn cancelled(&mut self, now: Millis) {
        if self.state == State::Proceeding {
            self.over = Some(now.plus(PATIENCE));
        }
    }

    pub(super) fn response(&mut self, now: Millis, status: u16, acts: &mut Vec<Act>) {
        match (self.state, status) {
            (State::Calling | State::Proceeding, 100..200) => {
                let cancelled = self.over.filter(|_| self.state == State::Proceeding);
                self.enter(State::Proceeding, cancelled);
                acts.push(Act::Deliver);
            }
            (State::Calling | State::Proceeding, 200..300) => {
                self.enter(State::Accepted, Some(now.plus(PATIENCE)));
                acts.push(Act::Deliver);
            }
            (State::Calling | State::Proceeding, _) => {
                // Timer D: at least 32 s where the response may come again.
                self.enter(State::Completed, Some(now.plus(PATIENCE)));
                acts.extend([Act::Ack, Act::Deliver]);
                if self.reliable {
                    acts.push(Act::Gone);
                }
            }
            (State::Completed, 300..) => acts.push(Act::Ack),
            (State::Accepted, 200..300) => acts.push(Act::Deliver),
            (State::Completed | State::Accepted, _) => {}
        }
    }

    pub(super) fn tick(&mut self, now: Millis, acts: &mut Vec<Act>) {
        if due(self.over, now) {
            if self.is_open() {
                acts.push(Act::TimedOut);
            }
            acts.push(Act::Gone);
        } else if let Some(again) = self.again.filter(|again| again.at <= now) {
            self.again = Some(again.next(now, None));
            acts.push(Act::Resend);
        }
    }

    const fn enter(&mut self, state: State, over: Option<Millis>) {
        self.state = state;
        self.again = None;
        self.over = over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(fsm: &mut ClientInvite, until: u64) -> Vec<(u64, Act)> {
        let mut story = Vec::new();
        while let Some(at) = fsm.due().filter(|at| at.0 <= until) {
            let mut acts = Vec::new();
            fsm.tick(at, &mut acts);
            story.extend(acts.iter().map(|act| (at.0, *act)));
            if acts.contains(&Act::Gone) {
                break;
            }
        }
        story
    }

    #[test]
    fn an_invite_nobody_answers_goes_out_seven_times_in_32_seconds() {
        let story = run(&mut ClientInvite::new(Millis(0), false), 100_000);
        let again: Vec<_> =
            story.iter().filter(|(_, act)| *act == Act::Resend).map(|(at, _)| *at).collect();
        assert_eq!(again, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        assert_eq!(story[6..], [(32_000, Act::TimedOut), (32_000, Act::Gone)]);
    }

    #[test]
    fn a_reliable_transport_repeats_nothing() {
        let story = run(&mut ClientInvite::new(Millis(0), true), 100_000);
        assert_eq!(story, [(32_000, Act::TimedOut), (32_000, Act::Gone)]);
    }

    #[test]
    fn ringing_may_last_for_ever() {
        let mut fsm = ClientInvite::new(Millis(0), false);
        fsm.response(Millis(100), 180, &mut Vec::new());
        assert_eq!(fsm.due(), None);
    }

    #[test]
    fn a_refusal_is_acknowledged_as_often_as_it_comes_and_shown_once() {
        let mut fsm = ClientInvite::new(Millis(0), false);
        let mut acts = Vec::new();
        for _ in 0..3 {
            fsm.response(Millis(1_000), 486, &mut acts);
        }
        assert_eq!(acts, [Act::Ack, Act::Deliver, Act::Ack, Act::Ack]);
        assert_eq!(run(&mut fsm, 100_000), [(33_000, Act::Gone)]);
    }

    #[test]
    fn each_yes_is_shown_because_each_fork_may_say_one() {
        let mut fsm = ClientInvite::new(Millis(0), false);
        let mut acts = Vec::new();
        fsm.response(Millis(10), 200, &mut acts);
        fsm.response(Millis(20), 200, &mut acts);
        fsm.response(Millis(30), 486, &mut acts);
        assert_eq!(acts, [Act::Deliver, Act::Deliver]);
        assert_eq!(run(&mut fsm, 100_000), [(32_010, Act::Gone)]);
    }
}
