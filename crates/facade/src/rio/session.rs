//! One connection of an application.
//!
//! ```text
//!            login                    addmonitor, removemonitor, requests
//!  Connected ─────▶ LoggedIn ──────────────────────────────────────────┐
//!      ▲               │  ▲                                            │
//!      └─── logout ────┘  └────────────────────────────────────────────┘
//!  5 s after a logout without a new login: closed 1000 (`nxproxy-rio.md` 3 and 4)
//! ```

use super::code::Code;
use super::pending::{Awaited, Pending, response};
use super::read::Message;
use super::request::{LONGEST_ID, LogIn, Service, Wanted};
use super::{Counts, Times, event, lockout};
use crate::door::{CtiLogin, Cx, Effect, Fault, Out, RealmNo, Session};
use domain::call::{Cause, Happening, Said, Tag, Wish};
use domain::command::{Command, Done};
use domain::directory::{CtiProfile, Entry, EntryKey};
use domain::fact::Fact;
use domain::id::{DeviceId, UserId};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::signal::Signal;
use domain::time::Millis;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

/// A logged-out connection is closed after this.
const GRACE: Millis = Millis::from_secs(5);

/// Monitors of one connection (`nxproxy-rio.md` 11).
const MONITORS: usize = 1_000;

/// Requests that wait for the one under way. A connection may send 200 a second, and one takes 10 s at most.
const QUEUED: usize = 2_048;

/// One connection.
#[derive(Debug)]
pub(super) struct Rio {
    peer: IpAddr,
    realm: RealmNo,
    times: Times,
    counts: Box<dyn Counts>,
    login: Option<CtiLogin>,
    /// Watched devices; facts up to this deed are older than the watch.
    monitors: BTreeMap<DeviceId, u64>,
    /// Agents who logged on here, and when that was answered.
    agents: BTreeMap<UserId, Millis>,
    waiting: VecDeque<Arc<str>>,
    pending: Option<Pending>,
    /// What happened while a request was under way: it is told after the answer.
    held: Vec<Arc<Published>>,
    tickets: u64,
    failures: u32,
    /// Closed then unless somebody logs in: the code and why.
    close_at: Option<(Millis, u16, &'static str)>,
    over: bool,
}

impl Rio {
    pub(super) fn new(peer: IpAddr, realm: RealmNo, times: Times, counts: Box<dyn Counts>) -> Self {
        Self {
            peer,
            realm,
            times,
            counts,
            login: None,
            monitors: BTreeMap::new(),
            agents: BTreeMap::new(),
            waiting: VecDeque::new(),
            pending: None,
            held: Vec::new(),
            tickets: 0,
            failures: 0,
            close_at: None,
            over: false,
        }
    }

    fn profile(&self) -> CtiProfile {
        self.login.as_ref().map(|l| l.user.profile).unwrap_or_default()
    }

    fn offset(&self) -> i32 {
        self.login.as_ref().map_or(0, |l| l.utc_offset_minutes)
    }

    fn close(&mut self, code: u16, why: &'static str, out: &mut Out) {
        self.over = true;
        out.push(Effect::Close(code, why));
    }

    fn respond(&self, message: &Message, code: Code, out: &mut Out) {
        self.counts.answered(code.number());
        out.push(Effect::Send(response(message, code, None, self.profile()).into()));
    }

    /// Carries out requests until one has to wait.
    fn go_on(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        while self.pending.is_none() && !self.over {
            let Some(text) = self.waiting.pop_front() else { break };
            self.request(cx, &text, out);
        }
        if self.over {
            return;
        }
        let next = [self.pending.as_ref().map(|p| p.until), self.close_at.map(|(at, ..)| at)];
        if let Some(at) = next.into_iter().flatten().min() {
            out.push(Effect::Wake(at));
        }
    }

    fn request(&mut self, cx: &mut Cx<'_>, text: &str, out: &mut Out) {
        let Some(message) = Message::read(text) else {
            let code = Code::NotJson.number();
            self.counts.answered(code);
            let result = if self.profile().result_text {
                format!("{{\"result\":\"{code}\"}}")
            } else {
                format!("{{\"result\":{code}}}")
            };
            return out.push(Effect::Send(result.into()));
        };
        let service = match Service::named(&message) {
            Ok(service) if service == Service::LogIn || self.login.is_some() => service,
            Ok(_) => return self.respond(&message, Code::NotLoggedIn, out),
            Err(code) => return self.respond(&message, code, out),
        };
        match service.wanted(&message) {
            Ok(Wanted::LogIn(login)) => self.log_in(cx, message, login, out),
            Ok(Wanted::LogOut(id)) => self.log_out(cx, &message, &id, out),
            Ok(Wanted::Watch(device, snapshot)) => {
                self.watch(cx, message, device, snapshot, out);
            }
            Ok(Wanted::Unwatch(device)) => {
                let code = if self.monitors.remove(&device).is_some() {
                    out.push(Effect::Unwatch(Topic::Device(device)));
                    Code::Success
                } else {
                    Code::Refused
                };
                self.respond(&message, code, out);
            }
            Ok(Wanted::Engine(cause, wish)) => {
                let by = self.login.as_ref().map(|l| l.user.id.clone());
                let awaited = match &wish {
                    Wish::Barge { .. } => Awaited::Joining,
                    Wish::LogOn { agent, .. } => Awaited::LogOn(agent.clone()),
                    _ => Awaited::Engine,
                };
                let ticket = self.wait(cx, message, awaited);
                let command = Command::Call { by, wish: Box::new(wish) };
                out.push(Effect::Do(ticket, cause, Box::new(command)));
            }
            Err(code) => self.respond(&message, code, out),
        }
    }

    fn wait(&mut self, cx: &Cx<'_>, message: Message, awaited: Awaited) -> u64 {
        self.tickets += 1;
        let until = cx.now.plus(self.times.answer);
        self.pending = Some(Pending { message, ticket: self.tickets, awaited, until });
        self.tickets
    }

    // --- logging in and out

    fn log_in(&mut self, cx: &mut Cx<'_>, message: Message, login: LogIn, out: &mut Out) {
        let well_formed = login.id.len() <= LONGEST_ID
            && login.id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        let other = self.login.as_ref().is_some_and(|l| l.user.id.as_str() != login.id);
        if other || !well_formed || !lockout::may_try(cx, self.peer) {
            return self.login_failed(cx, &message, out);
        }
        let known = cx.site.cti_user(&login.id).filter(|known| !known.user.disabled);
        let hash = known.and_then(|known| known.user.password.clone());
        let ticket = self.wait(cx, message, Awaited::Password(login.id));
        out.push(Effect::Verify(ticket, login.password, hash));
    }

    fn login_failed(&mut self, cx: &Cx<'_>, message: &Message, out: &mut Out) {
        lockout::wrong(cx, self.peer);
        self.failures += 1;
        self.respond(message, Code::LoginFailed, out);
        if self.failures >= lockout::WRONG {
            self.close(1008, "too many failed logins", out);
        }
    }

    fn logged_in(&mut self, cx: &Cx<'_>, message: &Message, id: &str, out: &mut Out) {
        // Whoever was disabled or shut out while the password was looked at is not let in.
        let known = cx.site.cti_user(id).filter(|known| !known.user.disabled);
        let Some(login) = known.filter(|_| lockout::may_try(cx, self.peer)) else {
            return self.login_failed(cx, message, out);
        };
        (self.failures, self.close_at) = (0, None);
        if self.login.is_none() && login.realm != self.realm {
            self.realm = login.realm;
            out.push(Effect::Enter(login.realm));
        }
        out.push(Effect::Watch(Topic::Directory));
        self.login = Some(login);
        self.respond(message, Code::Success, out);
    }

    fn log_out(&mut self, cx: &Cx<'_>, message: &Message, id: &str, out: &mut Out) {
        if self.login.as_ref().is_none_or(|l| l.user.id.as_str() != id) {
            return self.respond(message, Code::NotLoggedIn, out);
        }
        self.respond(message, Code::Success, out);
        for (device, _) in std::mem::take(&mut self.monitors) {
            out.push(Effect::Unwatch(Topic::Device(device)));
        }
        out.push(Effect::Unwatch(Topic::Directory));
        self.leave_agents(out);
        self.login = None;
        self.close_at = Some((cx.now.plus(GRACE), 1000, "logged out"));
    }

    /// Nobody is connected any more for the agents who logged on here: what becomes of them is the domain's to say.
    fn leave_agents(&mut self, out: &mut Out) {
        let Some(login) = &self.login else { return };
        if login.user.profile.agent_logoff_on_disconnect_s > 0 && !self.agents.is_empty() {
            let agents = std::mem::take(&mut self.agents).into_iter().collect();
            let command = Command::CtiGone { by: login.user.id.clone(), agents };
            out.push(Effect::Do(0, "rio.gone", Box::new(command)));
        }
    }

    // --- monitors

    fn watch(
        &mut self,
        cx: &Cx<'_>,
        message: Message,
        device: DeviceId,
        snapshot: bool,
        out: &mut Out,
    ) {
        let Some(by) = self.login.as_ref().map(|l| l.user.id.clone()) else { return };
        if self.monitors.len() >= MONITORS && !self.monitors.contains_key(&device) {
            return self.respond(&message, Code::NotMonitored, out);
        }
        if !self.monitors.contains_key(&device) {
            out.push(Effect::Watch(Topic::Device(device.clone())));
        }
        let ticket = self.wait(cx, message, Awaited::Device(device.clone(), snapshot));
        out.push(Effect::Read(ticket, Box::new(Query::Device(by, device))));
    }

    fn unwatch_unless_known(&self, device: &DeviceId, out: &mut Out) {
        if !self.monitors.contains_key(device) {
            out.push(Effect::Unwatch(Topic::Device(device.clone())));
        }
    }

    fn snapshot(
        &self,
        now: Millis,
        device: &DeviceId,
        calls: &[Happening],
        agent: &[(Said, Tag)],
        out: &mut Out,
    ) {
        for happening in calls {
            for copy in &happening.to {
                out.push(Effect::Send(event::of_call(now, self.offset(), happening, copy)));
            }
        }
        let (offset, profile, cause) = (self.offset(), self.profile(), Cause::ACTIVE_MONITOR.0);
        for (said, tag) in agent {
            let text = event::of_agent(now, offset, profile, device, *said, tag, cause);
            out.push(Effect::Send(text));
        }
    }

    // --- events

    /// Tells what happened while a request was under way.
    fn tell_held(&mut self, out: &mut Out) {
        for fact in std::mem::take(&mut self.held) {
            self.tell(&fact, out);
        }
    }

    fn tell(&self, fact: &Published, out: &mut Out) {
        let before = out.len();
        let watched =
            |device: &DeviceId| self.monitors.get(device).is_some_and(|since| fact.seq > *since);
        match &fact.fact {
            Fact::ChatCalled { .. } if !self.profile().chat_events => {}
            Fact::Call(happening) | Fact::ChatCalled { happening, .. } => {
                let (offset, of) = (self.offset(), happening.to.len());
                for (n, copy) in happening.to.iter().enumerate() {
                    if watched(&copy.device) {
                        // The same for everyone who watches this telephone.
                        let made = || event::of_call(fact.at, offset, happening, copy);
                        out.push(Effect::Send(fact.texts.shared(offset, (n, of), made)));
                    }
                }
            }
            Fact::AgentShown { device, said, tag } if watched(device) => {
                let (offset, profile) = (self.offset(), self.profile());
                let none = Cause::NONE.0;
                let made = || event::of_agent(fact.at, offset, profile, device, *said, tag, none);
                let place = (usize::from(profile.after_work_205), 2);
                out.push(Effect::Send(fact.texts.shared(offset, place, made)));
            }
            _ => {}
        }
        self.counts.told((out.len() - before) as u64);
    }

    /// The user of this connection was changed or removed by an administrator.
    fn changed(&mut self, fact: &Fact, out: &mut Out) {
        let Some(login) = &mut self.login else { return };
        let gone = match fact {
            Fact::Put(entry) => match entry.as_ref() {
                Entry::CtiUser(user) if user.id == login.user.id => {
                    login.user = Arc::new(user.clone());
                    user.disabled
                }
                _ => false,
            },
            Fact::Removed(EntryKey::CtiUser(id)) => *id == login.user.id,
            _ => false,
        };
        if gone {
            self.close(1008, "the user was disabled", out);
        }
    }

    /// Takes the pending request whose answer this is.
    fn awaited(&mut self, ticket: u64) -> Option<Pending> {
        if self.over {
            return None;
        }
        self.pending.take_if(|pending| pending.ticket == ticket)
    }
}

impl Session for Rio {
    fn on_open(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        if self.times.login.0 > 0 {
            self.close_at = Some((cx.now.plus(self.times.login), 1008, "no login"));
        }
        self.go_on(cx, out);
    }

    fn on_text(&mut self, cx: &mut Cx<'_>, text: &str, out: &mut Out) {
        if self.over {
            return;
        }
        if self.waiting.len() >= QUEUED {
            return self.close(1008, "too many requests", out);
        }
        self.waiting.push_back(text.into());
        self.go_on(cx, out);
    }

    fn on_outcome(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        outcome: Result<Result<Done, Refusal>, Fault>,
        out: &mut Out,
    ) {
        let Some(pending) = self.awaited(ticket) else { return };
        let (code, call) = match outcome {
            Ok(Ok(Done::Call { call, .. })) => (Code::Success, Some(call.0)),
            Ok(Ok(_)) => (Code::Success, None),
            Ok(Err(refusal)) => (Code::of_refusal(&refusal), None),
            Err(fault) => (Code::of_fault(fault), None),
        };
        let mut profile = self.profile();
        // Whoever barges in makes no call that could be the result.
        profile.dial_call_id &= !matches!(pending.awaited, Awaited::Joining);
        self.counts.answered(code.number());
        let text = response(&pending.message, code, call, profile);
        out.push(Effect::Send(text.into()));
        if let Awaited::LogOn(agent) = pending.awaited
            && code == Code::Success
        {
            self.agents.insert(agent, cx.now);
        }
        self.tell_held(out);
        self.go_on(cx, out);
    }

    fn on_answer(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    ) {
        let Some(pending) = self.awaited(ticket) else { return };
        let Awaited::Device(device, snapshot) = pending.awaited else { return };
        match answer {
            Ok(Ok(Answer::Device { calls, agent })) => {
                self.monitors.entry(device.clone()).or_insert(seq);
                self.respond(&pending.message, Code::Success, out);
                if let Some(login) = &self.login
                    && login.user.profile.agent_logoff_on_disconnect_s > 0
                {
                    let (by, device) = (login.user.id.clone(), device.clone());
                    let command = Command::CtiBack { by, device };
                    out.push(Effect::Do(0, "rio.back", Box::new(command)));
                }
                if snapshot {
                    let before = out.len();
                    self.snapshot(cx.now, &device, &calls, &agent, out);
                    self.counts.told((out.len() - before) as u64);
                }
            }
            other => {
                self.unwatch_unless_known(&device, out);
                let code = match other {
                    Err(fault) => Code::of_fault(fault),
                    Ok(_) => Code::NotMonitored,
                };
                self.respond(&pending.message, code, out);
            }
        }
        self.tell_held(out);
        self.go_on(cx, out);
    }

    fn on_verified(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        right: Result<bool, Fault>,
        out: &mut Out,
    ) {
        let Some(pending) = self.awaited(ticket) else { return };
        let Awaited::Password(id) = pending.awaited else { return };
        match right {
            Ok(true) => self.logged_in(cx, &pending.message, &id, out),
            Ok(false) => self.login_failed(cx, &pending.message, out),
            Err(_) => self.respond(&pending.message, Code::TimedOut, out),
        }
        self.tell_held(out);
        self.go_on(cx, out);
    }

    fn on_fact(&mut self, _: &mut Cx<'_>, fact: &Arc<Published>, out: &mut Out) {
        if self.over {
            return;
        }
        if matches!(fact.fact, Fact::Put(_) | Fact::Removed(_)) {
            self.changed(&fact.fact, out);
        } else if self.pending.is_some() {
            self.held.push(fact.clone());
        } else {
            self.tell(fact, out);
        }
    }

    fn on_signal(&mut self, _: &mut Cx<'_>, _: &Arc<Signal>, _: &mut Out) {}

    fn on_time(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        if self.over {
            return;
        }
        if let Some(pending) = self.pending.take_if(|pending| pending.until <= cx.now) {
            if let Awaited::Device(device, _) = &pending.awaited {
                self.unwatch_unless_known(device, out);
            }
            self.respond(&pending.message, Code::TimedOut, out);
            self.tell_held(out);
        }
        if let Some((_, code, why)) = self.close_at.filter(|(at, ..)| *at <= cx.now) {
            return self.close(code, why, out);
        }
        self.go_on(cx, out);
    }

    fn on_close(&mut self, _: &mut Cx<'_>, out: &mut Out) {
        // Calls stay up, whoever looked at them; so do agents, unless the user's profile says otherwise (`nxproxy-rio.md` 4).
        self.leave_agents(out);
        self.over = true;
    }
}
