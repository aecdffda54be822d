//! One room of a page, as its facts go by.

use super::frame::{self, Id, Shown, Told};
use super::lobby::Place;
use super::words::Lang;
use super::{address, line};
use crate::door::{Cx, Effect, Out, RealmNo};
use domain::command::Command;
use domain::contact::{Contact, EndReason, Phase, Web};
use domain::fact::{Decline, Fact};
use domain::id::{BotId, ClientKey, ContactId, ParticipantId, QueueId, RoomId, TokenHash};
use domain::node::{Published, Topic};
use domain::query::Visit;
use domain::room::{Body, Item, Member, MemberRole, Presence};
use domain::signal::Signal;
use domain::time::Millis;
use std::sync::Arc;

/// A queue's place is asked for no more often than this.
const PLACE_EVERY: Millis = Millis::from_secs(5);

/// How far a room has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It was asked for.
    Opening,
    /// A number for tests, which never answers: until then.
    Silent(Millis),
    /// What it is like is being asked; what happens meanwhile is held.
    Visiting,
    /// What was missed is being read; what happens meanwhile is held.
    Replaying,
    /// Nobody has answered yet.
    Ringing,
    /// It is there.
    Joined,
}

/// Somebody of the centre's side in the room.
#[derive(Debug)]
struct Party {
    id: ParticipantId,
    role: MemberRole,
    number: Option<Arc<str>>,
    here: bool,
}

/// One room.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "the domain's name of it")]
pub(super) struct Room {
    pub(super) id: Id,
    pub(super) room: RoomId,
    pub(super) stage: Stage,
    pub(super) lang: Lang,
    /// Before the paths of files.
    pub(super) base: Arc<str>,
    /// The secret that resumes it, and its hash.
    pub(super) secret: String,
    pub(super) token: TokenHash,
    /// The secret that brings files.
    pub(super) upload: String,
    /// What the customer calls themself.
    pub(super) tel: Arc<str>,
    /// The segment that is open.
    pub(super) contact: ContactId,
    web: Option<Arc<Web>>,
    me: Option<ParticipantId>,
    parties: Vec<Party>,
    /// Who serves: an agent's number, or a bot's.
    agent: Arc<str>,
    /// The bot that serves, as long as it does.
    bot: bool,
    /// The queue it waits in.
    pub(super) queue: Option<QueueId>,
    /// The newest line that was told, or need not be.
    pub(super) seen: u32,
    /// Facts up to this deed are known.
    pub(super) known: u64,
    pub(super) held: Vec<Arc<Published>>,
    /// Lines that were read while nobody had answered yet.
    pub(super) backlog: Vec<Arc<Item>>,
    /// What the page said while it was being told what it had missed.
    pub(super) later: Vec<String>,
    /// Keys of what was said here and is not answered yet.
    pub(super) saying: Vec<ClientKey>,
    pub(super) typed: Millis,
    /// When the place is asked for again, and what was told last.
    pub(super) place_due: Option<Millis>,
    place_asked: Millis,
    told_place: Option<(u32, Option<u64>)>,
    told_ringing: Option<&'static str>,
    declined: Option<Decline>,
    /// The page has ended it.
    pub(super) leaving: bool,
    pub(super) joined: bool,
    /// The customer counts as present.
    pub(super) counted: bool,
    /// It was taken up by its token.
    pub(super) resumed: bool,
    /// It is over, and only what was missed is still told.
    pub(super) over: bool,
    rating: bool,
    _place: Place,
}

/// What a room is made of.
pub(super) struct New {
    pub(super) id: Id,
    pub(super) room: RoomId,
    pub(super) stage: Stage,
    pub(super) lang: Lang,
    pub(super) base: Arc<str>,
    pub(super) secret: String,
    pub(super) token: TokenHash,
    pub(super) upload: String,
    pub(super) tel: Arc<str>,
    pub(super) seen: u32,
    pub(super) place: Place,
}

impl Room {
    pub(super) fn new(new: New) -> Self {
        let New { id, room, stage, lang, base, secret, token, upload, tel, seen, place } = new;
        Self {
            id,
            room,
            stage,
            lang,
            base,
            secret,
            token,
            upload,
            tel,
            contact: room.into(),
            web: None,
            me: None,
            parties: Vec::new(),
            agent: "".into(),
            bot: false,
            queue: None,
            seen,
            known: 0,
            held: Vec::new(),
            backlog: Vec::new(),
            later: Vec::new(),
            saying: Vec::new(),
            typed: Millis(0),
            place_due: None,
            place_asked: Millis(0),
            told_place: None,
            told_ringing: None,
            declined: None,
            leaving: false,
            joined: false,
            counted: false,
            resumed: stage == Stage::Visiting,
            over: false,
            rating: false,
            _place: place,
        }
    }

    /// Is this fact held until more is known?
    pub(super) const fn holds(&self) -> bool {
        matches!(self.stage, Stage::Opening | Stage::Visiting | Stage::Replaying)
    }

    /// What the room is like, from a query answered as of this deed.
    pub(super) fn take(&mut self, visit: &Visit, seq: u64) {
        self.known = seq;
        self.me = Some(visit.me);
        self.tel = visit.contact.customer.name.clone();
        self.over = visit.closed;
        self.rating = visit.rating;
        self.parties = visit.members.iter().filter_map(Party::of).collect();
        self.led(&visit.contact);
        let accepted = visit.contact.accepted.is_some() && visit.contact.phase == Phase::Talking;
        self.bot &= visit.contact.queue.is_none() && !accepted && visit.contact.segment == 1;
        if let Some(bot) = &visit.contact.bot {
            self.led_by(bot);
            self.bot = visit.contact.phase == Phase::Connected;
        }
        let waits = matches!(visit.contact.phase, Phase::Queued | Phase::Offered);
        self.queue = visit.contact.queue.clone().filter(|_| waits);
        self.agent = self.serving();
    }

    /// What its contact says of where it leads.
    fn led(&mut self, contact: &Contact) {
        self.contact = contact.id;
        self.web.clone_from(&contact.web);
        self.bot = self.web.as_ref().is_some_and(|web| web.bot.is_some());
    }

    /// A bot speaks, whatever number was dialled.
    fn led_by(&mut self, bot: &BotId) {
        self.bot = true;
        if let Some(web) = self.web.as_mut().filter(|web| web.bot.as_ref() != Some(bot)) {
            Arc::make_mut(web).bot = Some(bot.clone());
        }
    }

    /// It begins, as its first fact says.
    pub(super) fn begin(&mut self) {
        let held = std::mem::take(&mut self.held);
        for published in &held {
            if let Fact::Started { contact, .. } = &published.fact {
                self.led(contact);
                self.me = Some(contact.customer.participant);
            }
        }
        self.held = held;
        self.agent = self.serving();
    }

    /// Must an agent take it before it counts as answered?
    pub(super) fn by_agent(&self) -> bool {
        let waits = self.web.as_ref().is_some_and(|web| web.by_agent);
        waits && !self.parties.iter().any(|party| party.role == MemberRole::Agent && party.here)
    }

    /// The number of whoever serves now.
    fn serving(&self) -> Arc<str> {
        let here = |party: &&Party| party.role == MemberRole::Agent && party.here;
        // Who came last and is a colleague asked along does not serve as long as the first is here.
        if let Some(agent) = self.parties.iter().find(here) {
            return agent.name();
        }
        let bot = self.web.as_ref().and_then(|web| web.bot.as_ref()).filter(|_| self.bot);
        bot.map_or_else(|| "".into(), |bot| bot.0.clone())
    }

    /// Tells who serves, if that is somebody else than was told.
    fn served(&mut self, out: &mut Out) {
        let serving = self.serving();
        if serving != self.agent {
            self.agent = serving;
            if self.stage == Stage::Joined {
                Told::Moved { id: self.id, agent: &self.agent }.send(out);
            }
        }
    }

    /// Says that it waits, or that somebody is asked.
    pub(super) fn ring(&mut self, desc: &'static str, out: &mut Out) {
        if self.told_ringing != Some(desc) {
            self.told_ringing = Some(desc);
            Told::Ringing { id: self.id, desc }.send(out);
        }
    }

    /// It is there, and all that was held is told with it. True if it is over again.
    pub(super) fn joins(&mut self, cx: &Cx<'_>, realm: RealmNo, out: &mut Out) -> bool {
        self.ring("Ringing", out);
        let backlog = std::mem::take(&mut self.backlog);
        let newest = backlog.last().map_or(0, |item| item.n);
        self.join(realm, newest.max(self.last_held()), out);
        for item in backlog {
            self.line(cx, realm, &item, false, out);
        }
        self.release(cx, realm, out)
    }

    /// It is there.
    pub(super) fn join(&mut self, realm: RealmNo, last: u32, out: &mut Out) {
        self.stage = Stage::Joined;
        self.joined = true;
        let (cid, upload) =
            (super::cid(realm, self.room), address::upload(&self.base, &self.upload));
        Told::Joined {
            id: self.id,
            cid: &cid,
            resume: &resume_token(&self.secret, self.room),
            upload: &upload,
            agent: &self.agent,
            seq: last,
            resumed: self.resumed,
        }
        .send(out);
    }

    /// Takes a fact up. True if the room is over with it.
    pub(super) fn fact(
        &mut self,
        cx: &Cx<'_>,
        realm: RealmNo,
        published: &Arc<Published>,
        out: &mut Out,
    ) -> bool {
        if published.seq <= self.known {
            return false;
        }
        match &published.fact {
            Fact::Started { contact, .. } => {
                let first = contact.segment == 1;
                self.led(contact);
                self.bot &= first;
                self.me = Some(contact.customer.participant);
            }
            Fact::Admitted { member, .. } => self.parties.extend(Party::of(member)),
            Fact::Unveiled { participant, .. } | Fact::Joined { participant, .. } => {
                if let Some(party) = self.party(*participant) {
                    party.here = true;
                    let agent = party.role == MemberRole::Agent;
                    if agent {
                        self.bot = false;
                        self.out_of_line();
                    }
                    self.served(out);
                    if agent && self.stage == Stage::Ringing {
                        return self.joins(cx, realm, out);
                    }
                }
            }
            Fact::Left { participant, .. } => {
                if let Some(party) = self.party(*participant) {
                    party.here = false;
                    self.served(out);
                }
            }
            Fact::BotTurn { turn, .. } => {
                self.led_by(&turn.bot);
                self.served(out);
            }
            Fact::BotLeft { .. } => {
                self.bot = false;
                self.served(out);
            }
            Fact::Queued { queue, .. } => {
                self.bot = false;
                self.served(out);
                self.in_line(cx.now, queue, out);
            }
            Fact::Offered { conference: false, .. } if self.stage == Stage::Ringing => {
                self.ring("Ringing", out);
            }
            Fact::Declined { how, .. } => {
                self.declined = Some(*how);
                if self.stage == Stage::Ringing && self.queue.is_some() {
                    self.ring("Queued", out);
                }
            }
            Fact::Posted { item, key } => {
                // Lines wait until there is somebody to tell them to.
                if self.stage == Stage::Ringing {
                    self.held.push(published.clone());
                } else {
                    let own = key.is_some_and(|key| self.saying.contains(&key));
                    self.line(cx, realm, item, own, out);
                }
            }
            Fact::Marked { participant, n, read: true, .. } if self.stage == Stage::Joined => {
                let staff = self.party(*participant).map(|party| party.name());
                if let Some(dn) = staff {
                    Told::Read { id: self.id, dn: &dn, seq: *n }.send(out);
                }
            }
            Fact::Closed { reason, .. } if *reason != EndReason::Transferred => {
                self.end(*reason, out);
                return true;
            }
            _ => {}
        }
        false
    }

    /// Tells a line, unless it was told before, or is what this very socket said.
    pub(super) fn line(
        &mut self,
        cx: &Cx<'_>,
        realm: RealmNo,
        item: &Item,
        said_here: bool,
        out: &mut Out,
    ) {
        if item.n <= self.seen {
            return;
        }
        self.seen = item.n;
        let mine = item.by.as_ref().is_some_and(|by| Some(by.participant) == self.me);
        if mine && said_here {
            return;
        }
        let Some(content) = line::content(cx.site, realm, self, item) else { return };
        self.rating |= matches!(item.body, Body::Event(domain::room::Event::RatingWanted));
        self.tell(item, mine, &content, out);
    }

    fn tell(&self, item: &Item, own: bool, content: &Shown<'_>, out: &mut Out) {
        let author = item.by.as_ref().filter(|_| !matches!(item.body, Body::Event(_)));
        let (dn, agent): (Arc<str>, Option<Arc<str>>) = match author {
            Some(_) if own => (self.tel.clone(), None),
            Some(by) if matches!(by.role, MemberRole::Agent | MemberRole::Supervisor) => {
                let number = self.parties.iter().find(|party| party.id == by.participant);
                let name = number.map_or_else(|| "agent".into(), Party::name);
                (name.clone(), (by.role == MemberRole::Agent).then_some(name))
            }
            Some(by) if by.role == MemberRole::Bot => ("bot".into(), None),
            Some(_) if self.bot => ("bot".into(), None),
            _ => ("system".into(), None),
        };
        let named =
            matches!(item.body, Body::Event(domain::room::Event::Joined)) || agent.is_some();
        let staff = |role| matches!(role, MemberRole::Agent | MemberRole::Supervisor);
        let name = item.by.as_ref().filter(|by| named && staff(by.role)).map(|by| &*by.name);
        Told::Said {
            id: self.id,
            seq: item.n,
            dn: &dn,
            own,
            content,
            agent: agent.as_ref().unwrap_or(&self.agent),
            name,
            at: line::rfc3339(item.at.0),
        }
        .send(out);
    }

    /// The newest line among what is held.
    pub(super) fn last_held(&self) -> u32 {
        let lines = self.held.iter().filter_map(|published| match &published.fact {
            Fact::Posted { item, .. } => Some(item.n),
            _ => None,
        });
        lines.max().unwrap_or(self.seen)
    }

    /// Takes up what was held. True if the room is over with it.
    pub(super) fn release(&mut self, cx: &Cx<'_>, realm: RealmNo, out: &mut Out) -> bool {
        for published in std::mem::take(&mut self.held) {
            if self.fact(cx, realm, &published, out) {
                return true;
            }
        }
        false
    }

    /// What is shown and not kept.
    pub(super) fn signal(&mut self, now: Millis, signal: &Signal, out: &mut Out) {
        match signal {
            Signal::Typing { room, by, audience, .. }
                if *room == self.room && self.stage == Stage::Joined =>
            {
                let heard = audience.includes(MemberRole::Customer);
                if let Some(party) = self.party(by.participant).filter(|_| heard) {
                    let dn = party.name();
                    Told::Typing { id: self.id, dn: &dn, on: true }.send(out);
                }
            }
            Signal::QueueLevel { queue, .. }
                if self.queue.as_ref() == Some(queue) && self.place_due.is_none() =>
            {
                self.place_due = Some(now.max(self.place_asked.plus(PLACE_EVERY)));
            }
            _ => {}
        }
    }

    fn in_line(&mut self, now: Millis, queue: &QueueId, out: &mut Out) {
        self.queue = Some(queue.clone());
        self.place_due = Some(now);
        if self.stage == Stage::Ringing {
            self.ring("Queued", out);
        }
    }

    /// It waits no more.
    fn out_of_line(&mut self) {
        self.queue = None;
        self.place_due = None;
        self.told_place = None;
    }

    /// Is it time to ask for the place?
    pub(super) fn asks_place(&mut self, now: Millis) -> bool {
        let due = self.stage == Stage::Joined && self.place_due.is_some_and(|at| at <= now);
        if due {
            self.place_due = None;
            self.place_asked = now;
        }
        due
    }

    /// Tells the place, if it is another than was told.
    pub(super) fn tell_place(&mut self, ahead: u32, estimate: Option<Millis>, out: &mut Out) {
        if self.stage != Stage::Joined || self.queue.is_none() {
            return;
        }
        let place = (ahead.saturating_add(1), estimate.map(|wait| wait.0.div_ceil(1_000)));
        if self.told_place != Some(place) {
            self.told_place = Some(place);
            Told::Place { id: self.id, place: place.0, wait: place.1 }.send(out);
        }
    }

    /// Tells the end.
    fn end(&self, reason: EndReason, out: &mut Out) {
        let code = match (self.declined, reason) {
            _ if self.joined => 0,
            _ if self.leaving => 487,
            (_, EndReason::Expired | EndReason::NeverConnected) => 408,
            (Some(Decline::Refused), _) => 603,
            (Some(Decline::Missed), _) => 408,
            _ => 480,
        };
        self.closed(code, out);
    }

    /// The customer is present from now on.
    pub(super) fn count(&mut self, out: &mut Out) {
        if !self.counted {
            self.counted = true;
            let present = Command::Present { token: self.token, present: true };
            out.push(Effect::Do(0, "nx.present", Box::new(present)));
        }
    }

    /// Tells an end of this kind.
    pub(super) fn closed(&self, code: u16, out: &mut Out) {
        let rate = self.rating.then(|| address::rating(&self.base, &self.upload));
        frame::closed(self.id, code, rate.as_deref(), out);
    }

    fn party(&mut self, id: ParticipantId) -> Option<&mut Party> {
        self.parties.iter_mut().find(|party| party.id == id)
    }

    /// Does this fact concern it?
    pub(super) fn concerns(&self, published: &Published) -> bool {
        published.topics.contains(&Topic::Room(self.room))
    }
}

impl Party {
    fn of(member: &Member) -> Option<Self> {
        (member.role != MemberRole::Customer).then(|| Self {
            id: member.id,
            role: member.role,
            number: member.number.clone(),
            here: member.presence == Presence::Joined && !member.silent,
        })
    }

    /// By which customers know them.
    fn name(&self) -> Arc<str> {
        match (self.role, &self.number) {
            (MemberRole::Bot, _) => "bot".into(),
            (_, Some(number)) => number.clone(),
            _ => "agent".into(),
        }
    }
}

/// A secret's length as [`crate::door::mint`] makes it.
const SECRET: usize = 46;

/// The token by which a room is taken up: its secret, and where it opens something.
fn resume_token(secret: &str, room: RoomId) -> String {
    format!("{secret}.{room}")
}

/// The secret and the room of a token; none if it has not the form.
pub(super) fn split_token(token: &str) -> Option<(&str, RoomId)> {
    let (secret, room) = token.split_once('.')?;
    (secret.len() == SECRET).then_some((secret, room.parse().ok()?))
}
