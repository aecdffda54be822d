//! Session timers (RFC 4028): a phone that vanished does not keep its call for ever.
//!
//! One side refreshes at half of the interval; the other hangs up when nothing came for the interval less a third of it, or
//! less 32 s, whichever is less.

use super::Call;
use crate::endpoint::Core;
use crate::event::Cause;
use crate::message::{Headers, Name, Refresher, Request, Response, Seconds, SessionExpires};
use crate::time::Millis;

/// A running session timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    seconds: u32,
    /// Whether we refresh.
    ours: bool,
    /// When to refresh, or to give up.
    pub(super) at: Millis,
}

impl Session {
    fn new(now: Millis, seconds: u32, ours: bool) -> Self {
        let wait = if ours { seconds / 2 } else { seconds.saturating_sub((seconds / 3).min(32)) };
        Self { seconds, ours, at: now.plus(Millis::from_secs(wait.into())) }
    }
}

impl Call {
    /// What a refresh of ours asks for.
    pub(super) fn ask_session(&self, core: &Core, headers: &mut Headers) {
        let (seconds, refresher) = match self.session {
            Some(Session { seconds, ours: true, .. }) => (seconds, Some(Refresher::Uac)),
            Some(Session { seconds, ours: false, .. }) => (seconds, Some(Refresher::Uas)),
            None => (core.config.session, None),
        };
        headers.set(Name::SessionExpires, SessionExpires { seconds, refresher });
        headers.set(Name::MinSe, core.config.session_least);
    }

    /// A 2xx to a request of ours says who refreshes.
    pub(super) fn begin_session(&mut self, now: Millis, headers: &Headers, we_asked: bool) {
        let granted = headers.one::<SessionExpires>(&Name::SessionExpires).ok().flatten();
        self.session = granted.map(|granted| {
            let ours = (granted.refresher != Some(Refresher::Uas)) == we_asked;
            Session::new(now, granted.seconds.max(1), ours)
        });
    }

    /// 422 for an interval that is smaller than we bear (RFC 4028 §9).
    pub(crate) fn refuse_interval(&self, core: &Core, request: &Request) -> Option<Response> {
        let asked = request.headers.one::<SessionExpires>(&Name::SessionExpires).ok().flatten()?;
        let small = asked.seconds < core.config.session_least
            && request.headers.lists(&Name::Supported, "timer");
        small.then(|| {
            let mut response = Response::to_request(request, 422).tagged(&self.tag);
            response.headers.push(Name::MinSe, core.config.session_least);
            response
        })
    }

    /// Our 2xx says who refreshes: the one that they named, else they where they can, else we.
    pub(super) fn grant_session(
        &mut self,
        core: &Core,
        now: Millis,
        asked: &Headers,
        answer: &mut Headers,
    ) {
        let wish = asked.one::<SessionExpires>(&Name::SessionExpires).ok().flatten();
        let least = asked.one::<Seconds>(&Name::MinSe).ok().flatten().map_or(0, |least| least.0);
        let least = least.max(core.config.session_least);
        let seconds = wish
            .map_or(core.config.session, |wish| wish.seconds.min(core.config.session))
            .max(least);
        let named = wish.and_then(|wish| wish.refresher);
        let refresher =
            if self.peer.timer { named.unwrap_or(Refresher::Uac) } else { Refresher::Uas };
        answer.set(Name::SessionExpires, SessionExpires { seconds, refresher: Some(refresher) });
        if refresher == Refresher::Uac {
            answer.set(Name::Require, "timer");
        }
        self.session = Some(Session::new(now, seconds, refresher == Refresher::Uas));
    }

    pub(super) fn tick_session(&mut self, core: &mut Core, now: Millis) {
        let Some(session) = self.session.filter(|session| session.at <= now && self.is_live())
        else {
            return;
        };
        if !session.ours {
            self.session = None;
            self.give_up(core, now, Cause::Expired);
            return;
        }
        // Refreshed or not, this session is looked at again before it ends.
        self.session = Some(Session::new(now, session.seconds, true));
        let busy =
            self.offering.is_some() || self.offered.is_some() || self.has_unacknowledged_yes();
        if !busy && self.retry.is_none() {
            self.change(core, now, None);
        }
    }
}
