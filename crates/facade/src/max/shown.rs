//! MAX knows one state of an agent; we know one of each channel, and contacts beside them. This is what is shown of them
//! (`max-agent-desktop.md` 2.4 and 3.5).

use domain::agent::{AgentState, Stage, Standing};
use domain::call::{Call, CallType, Link};
use domain::contact::Initiation;
use domain::directory::Directory;
use domain::id::DeviceId;
use domain::shift::{Because, Position};
use domain::time::Millis;
use serde_json::{Value, json};

/// A state, as MAX names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    state: &'static str,
    reason: String,
    after_work: bool,
    /// After-work ends by itself after so many seconds; 0 is never.
    limit: u64,
    since: Millis,
    /// What they chose while they were busy.
    next: Option<(&'static str, String, bool)>,
}

impl Shown {
    /// What is shown of an agent.
    pub(super) fn of(position: &Position, directory: &Directory) -> Self {
        if let Some((state, since)) = busy(position) {
            // What was chosen since then comes next.
            let chosen = position.newest().filter(|(_, standing)| standing.since > since);
            let next = chosen.map(|(_, standing)| said(standing, directory));
            return Self { state, reason: String::new(), after_work: false, limit: 0, since, next };
        }
        let wrap_ups = position.agent.work.values().filter_map(|work| match work.stage {
            Stage::WrapUp { until } => Some((work.since, until)),
            _ => None,
        });
        if let Some((since, until)) = wrap_ups.max() {
            let chosen = position.newest().filter(|(_, standing)| standing.since > since);
            let next = chosen.map(|(_, standing)| said(standing, directory));
            let limit = until.since(since).0 / 1_000;
            let (state, reason) = ("Unavailable", String::new());
            return Self { state, reason, after_work: true, limit, since, next };
        }
        let ready = |standing: &&Standing| standing.state == AgentState::Ready;
        let ready = position.agent.channels.values().filter(ready).max_by_key(|s| s.since);
        let standing = ready.copied().or_else(|| position.newest().map(|(_, s)| s));
        let Some(standing) = standing else {
            let (state, reason) = ("LoggedOut", String::new());
            let since = position.agent.idle_since;
            return Self { state, reason, after_work: false, limit: 0, since, next: None };
        };
        let (state, reason, after_work) = said(standing, directory);
        Self { state, reason, after_work, limit: 0, since: standing.since, next: None }
    }

    /// Its event.
    pub(super) fn event(&self, host: &str) -> Value {
        let next: Vec<Value> = self
            .next
            .iter()
            .map(|(state, reason, _)| json!({"State": state, "OutReason": reason}))
            .collect();
        json!({
            "Type": "AgentState", "IISHost": host, "VCHost": host,
            "CurrentState": self.state,
            "CurrentOutReason": self.reason,
            "IsAcw": flag(self.after_work),
            "AcwTimeout": self.limit.to_string(),
            "StartTimeUTC": super::time::utc(self.since),
            "NextStates": next,
            "NextIsAcw": flag(self.next.as_ref().is_some_and(|(.., after_work)| *after_work)),
        })
    }
}

/// A boolean of this wire.
pub(super) const fn flag(yes: bool) -> &'static str {
    if yes { "True" } else { "False" }
}

/// What is handled just now, and since when: voice before chat, the newest first.
fn busy(position: &Position) -> Option<(&'static str, Millis)> {
    let call = position.device.as_ref().and_then(|device| {
        let here = |call: &&Call| call.link(device).is_some_and(|link| link != Link::Listening);
        let newest = position.calls.iter().filter(here).max_by_key(|call| call.number)?;
        let state = match (newest.kind, outward(newest, device)) {
            (CallType::Consult, true) => "OutboundConsult",
            (CallType::Consult, false) => "InboundConsult",
            (_, true) => "OutboundContact",
            (_, false) => "InboundContact",
        };
        Some((state, newest.began))
    });
    call.or_else(|| {
        let open = position
            .contacts
            .iter()
            .filter_map(|desk| Some((desk, desk.work?)))
            .filter(|(_, work)| !matches!(work.stage, Stage::WrapUp { .. }));
        let (desk, work) = open.max_by_key(|(_, work)| work.since)?;
        let outward = desk.contact.initiation == Initiation::Outbound;
        Some((if outward { "OutboundContact" } else { "InboundContact" }, work.since))
    })
}

/// Did this telephone make the call?
pub(super) fn outward(call: &Call, device: &DeviceId) -> bool {
    call.caller == *device
}

/// A state of a channel as state, reason, and whether it is after-work.
fn said(standing: Standing, directory: &Directory) -> (&'static str, String, bool) {
    let named = |code: u8| match directory.reasons.get(&code) {
        _ if code == 0 => String::new(),
        Some(reason) => reason.en.to_string(),
        None => code.to_string(),
    };
    match (standing.state, standing.because) {
        (AgentState::Ready, _) => ("Available", String::new(), false),
        (AgentState::NotReady(_), Because::Refused) => ("Unavailable", "Refused".into(), false),
        (AgentState::NotReady(_), Because::Disconnected) => {
            ("Unavailable", "Disconnected".into(), false)
        }
        (AgentState::NotReady(code), Because::Said) => ("Unavailable", named(code), false),
        (AgentState::AfterWork(code), _) => ("Unavailable", named(code), true),
        (AgentState::LoggedOff(_), _) => ("LoggedOut", String::new(), false),
    }
}

/// The state that a name of this wire means; none if it is no name of a code.
pub(super) fn wanted(state: &str, reason: Option<&str>, directory: &Directory) -> Option<Wanted> {
    if state.eq_ignore_ascii_case("available") {
        return Some(Wanted { state: AgentState::Ready, after_work: false });
    }
    if !state.eq_ignore_ascii_case("unavailable") {
        return None;
    }
    let Some(reason) = reason else {
        return Some(Wanted { state: AgentState::NotReady(0), after_work: false });
    };
    let same = |name: &str| name.to_lowercase() == reason.to_lowercase();
    let code = directory.reasons.values().find(|code| same(&code.en) || same(&code.ko))?;
    let state = if code.after_work {
        AgentState::AfterWork(code.code)
    } else {
        AgentState::NotReady(code.code)
    };
    Some(Wanted { state, after_work: code.after_work })
}

/// A state that is asked for.
pub(super) struct Wanted {
    /// Which.
    pub(super) state: AgentState,
    /// It is for work after a contact.
    pub(super) after_work: bool,
}

/// Is anything handled, or finished, just now?
pub(super) fn occupied(position: &Position) -> bool {
    busy(position).is_some() || !position.agent.work.is_empty()
}
