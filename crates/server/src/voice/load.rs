//! When there is too much to do: new calls and registrations are told to come back later, so that those under way go on.
//!
//! Two things say so. The driver has not rested for a while: more comes than it can take, and what it has not read is
//! about to be dropped by the system. Or a realm's decider has many wishes before it that it has not decided.

use domain::time::Millis;

/// The driver is overloaded when it has not once had nothing to do for so long.
const BREATHLESS: Millis = Millis(500);

/// Wishes that may wait to be decided.
const UNDECIDED: usize = 2_000;

/// When those are as few again, new ones are taken.
const RELIEVED: usize = 500;

/// Watches how much there is to do.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Since when there was always something to do.
    busy: Option<Millis>,
    undecided: usize,
    over: bool,
}

impl Load {
    /// A round is done. `rested`: there was nothing left to do; `undecided`: wishes that wait for their outcome.
    /// True if this is too much.
    pub(super) fn round(&mut self, now: Millis, rested: bool, undecided: usize) -> bool {
        self.undecided = undecided;
        let since = *self.busy.get_or_insert(now);
        if rested {
            self.busy = None;
        }
        let breathless = !rested && now.since(since) >= BREATHLESS;
        let most = if self.over { RELIEVED } else { UNDECIDED };
        self.over = breathless || undecided > most;
        self.over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_never_rests_is_overloaded_until_they_do() {
        let mut load = Load::default();
        assert!(!load.round(Millis(0), false, 0));
        assert!(!load.round(Millis(499), false, 0));
        assert!(load.round(Millis(500), false, 0));
        assert!(!load.round(Millis(501), true, 0));
        assert!(!load.round(Millis(502), false, 0));
        assert!(!load.round(Millis(1_001), false, 0));
        assert!(load.round(Millis(1_002), false, 0));
    }

    #[test]
    fn a_decider_that_falls_behind_is_given_time_to_catch_up() {
        let mut load = Load::default();
        let mut over = |undecided| load.round(Millis(0), true, undecided);
        assert!(!over(UNDECIDED));
        assert!(over(UNDECIDED + 1));
        assert!(over(RELIEVED + 1), "it is not asked again at once");
        assert!(!over(RELIEVED));
        assert!(!over(UNDECIDED));
    }
}
