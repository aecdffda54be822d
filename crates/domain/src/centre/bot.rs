//! What bots say: menus of a scenario, or what a program answers; and how people take over from them.
//!
//! A bot is no member of its room: it needs no place, and it has no marks. Its turns are facts of the contact, so that
//! a restart, a replay and whoever asks later find the same menu and the same reason.

use super::apply::both_there;
use super::{Centre, Decided, Step};
use crate::command::{Choice, Done};
use crate::contact::{Attributes, EndReason, TextKind};
use crate::directory::{BotKind, Webhook};
use crate::fact::Fact;
use crate::id::{BotId, ContactId, ParticipantId, RoomId};
use crate::query::BotAsk;
use crate::refusal::Refusal;
use crate::room::{Audience, Author, Body, Idle, IdleRule, MemberRole};
use crate::scenario::{Act, Ask, Cause, Exit, HOPS, HandOver, Menu, ROOT, Reply, Said, Scenario};
use crate::scenario::{Taker, Talk, Then, Turn};
use crate::time::Millis;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Menus that are remembered for the agent who takes over.
const PATH: usize = 30;
/// What a customer may say while a bot's program is being asked; more is in the transcript alone.
const LATER: usize = 20;
/// After so many failures in a row people take over, whatever else a bot says to a failure.
const FAILURES: u32 = 3;

/// A talk, and all that one turn of it needs.
struct Scene {
    contact: ContactId,
    room: RoomId,
    talk: Talk,
    scenario: Arc<Scenario>,
}

// What commands and flows make of it.
impl Centre {
    /// A chat has come to a bot.
    pub(super) fn bot_comes(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        bot: BotId,
        kind: &BotKind,
    ) {
        let Some(known) = self.contacts.get(&contact) else { return };
        let (room, first) = (known.room(), known.initial);
        let asked = self.contacts.get(&first).and_then(|c| c.attributes.get("language")).cloned();
        let (language, idle) = match kind {
            BotKind::Scenario(scenario) => (scenario.language(asked.as_deref()), scenario.idle),
            _ => (asked.unwrap_or_default(), IdleRule::default()),
        };
        let talk = Talk {
            bot,
            participant: ParticipantId::new(step.now, step.chance),
            menu: None,
            language,
            path: Vec::new(),
            misses: 0,
            ruled: false,
            before: None,
            asks: 0,
            ask: None,
            later: Vec::new(),
        };
        // A rule that somebody set for this chat stays; what every web chat has waits until the bot is done.
        let usual = self.room(room).idle.as_deref().is_none_or(|known| known.customer.owed);
        let idle = Some(idle).filter(|_| usual);
        match kind {
            BotKind::Scenario(scenario) => {
                let scene = Scene { contact, room, talk, scenario: scenario.clone() };
                self.show(step, &scene, ROOT, Cause::Came, idle);
            }
            BotKind::Webhook(hook) => {
                self.turn(step, contact, &talk, None, Cause::Came, idle);
                self.ask(step, contact, &talk, hook, Vec::new());
            }
            BotKind::Greet { .. } | BotKind::Echo => {}
        }
    }

    /// The customer said something where a bot may listen. Their first words are a choice only if they are one.
    pub(super) fn bot_hears(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        said: Said,
        choice: Option<Choice>,
        first: bool,
    ) {
        let known = self.room(room);
        let Some(talk) = known.bot.as_deref().cloned() else { return };
        let contact = known.contact;
        match self.directory.bots.get(&talk.bot).map(|bot| bot.kind.clone()) {
            Some(BotKind::Scenario(scenario)) => {
                let scene = Scene { contact, room, talk, scenario };
                let leads = scene.leads(&said, choice.as_ref());
                match (leads, choice) {
                    (Some(menu), Some(choice)) => {
                        self.show(step, &scene, &menu, Cause::Chose(choice.keyword), None);
                    }
                    (Some(menu), None) => self.show(step, &scene, &menu, Cause::Heard, None),
                    (None, _) if first => {}
                    (None, _) => self.repeat(step, &scene),
                }
            }
            Some(BotKind::Webhook(hook)) => {
                if talk.ask.is_none() {
                    self.ask(step, contact, &talk, &hook, vec![said]);
                } else if talk.later.len() < LATER {
                    self.emit(step, Fact::BotTold { contact, said });
                }
            }
            // It was changed while it spoke.
            _ => self.bot_gives_up(step, contact, &talk, None),
        }
    }

    pub(super) fn bot_answers(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        ask: u32,
        reply: Reply,
    ) -> Decided {
        let (room, talk) = self.asked(contact, ask)?;
        self.turn(step, contact, &talk, None, Cause::Answered(ask), None);
        let Reply { messages, set, then } = reply;
        self.bot_sets(step, contact, set);
        for said in messages {
            self.bot_says(step, room, &talk, Audience::All, said);
        }
        match then {
            Then::Listen => {
                let later = self.room(room).bot.as_ref().map(|talk| talk.later.clone());
                let hook = self.hook(&talk.bot);
                if let (Some(hook), Some(later)) = (hook, later.filter(|later| !later.is_empty())) {
                    self.ask(step, contact, &talk, &hook, later);
                }
            }
            Then::HandOver(to, note) => {
                if let Some(text) = note.filter(|note| !note.is_empty()) {
                    let note = Said { kind: TextKind::Plain, text };
                    self.bot_says(step, room, &talk, Audience::Agents, note);
                }
                self.bot_gives_up(step, contact, &talk, to);
            }
            Then::End => {
                let bot = talk.bot;
                self.emit(step, Fact::BotLeft { contact, bot, how: Exit::Ended });
                self.close(step, room, EndReason::Flow, None);
            }
        }
        Ok(Done::Ok)
    }

    pub(super) fn bot_failed(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        ask: u32,
        why: &Arc<str>,
    ) -> Decided {
        let (room, talk) = self.asked(contact, ask)?;
        self.turn(step, contact, &talk, None, Cause::Failed(ask, why.clone()), None);
        let hook = self.hook(&talk.bot);
        let sorry = hook.as_ref().and_then(|hook| hook.sorry.clone());
        match (hook, sorry.filter(|_| talk.misses + 1 < FAILURES)) {
            (Some(hook), Some(text)) => {
                self.bot_says(
                    step,
                    room,
                    &talk,
                    Audience::All,
                    Said { kind: TextKind::Plain, text },
                );
                let later = self.room(room).bot.as_ref().map(|t| t.later.clone());
                if let Some(later) = later.filter(|later| !later.is_empty()) {
                    self.ask(step, contact, &talk, &hook, later);
                }
            }
            _ => self.bot_gives_up(step, contact, &talk, None),
        }
        Ok(Done::Ok)
    }

    /// A program has been asked for long.
    pub(super) fn bot_due(&mut self, step: &mut Step<'_>, room: RoomId) -> Option<Millis> {
        let known = self.rooms.get(&room).filter(|r| r.closed.is_none())?;
        let ask = known.bot.as_ref()?.ask.as_ref()?;
        if ask.until > step.now {
            return Some(ask.until);
        }
        let (contact, n) = (known.contact, ask.n);
        // It is the open question's own number.
        let _ = self.bot_failed(step, contact, n, &"no answer in time".into());
        None
    }

    /// All open questions to programs.
    pub(super) fn bot_asks(&self) -> Vec<BotAsk> {
        let talks = self.rooms.values().filter_map(|room| Some((room, room.bot.as_deref()?)));
        let open = talks.filter_map(|(room, talk)| {
            let (contact, bot) = (room.contact, talk.bot.clone());
            Some(BotAsk { contact, bot, ask: talk.ask.clone()? })
        });
        open.collect()
    }
}

impl Scene {
    /// The menu that a customer's words or choice lead to.
    fn leads(&self, said: &Said, choice: Option<&Choice>) -> Option<Arc<str>> {
        let here = self.talk.menu.as_deref();
        match choice {
            Some(Choice { menu, keyword }) => menu
                .as_deref()
                .and_then(|menu| self.scenario.by_choice(menu, keyword))
                .or_else(|| self.scenario.by_words(here, keyword)),
            None => match said.kind {
                TextKind::Plain | TextKind::Markdown => self.scenario.by_words(here, &said.text),
                _ => None,
            },
        }
    }
}

// How a turn goes.
impl Centre {
    /// Shows a menu, or does what it is for.
    fn show(
        &mut self,
        step: &mut Step<'_>,
        scene: &Scene,
        to: &str,
        why: Cause,
        mut idle: Option<IdleRule>,
    ) {
        let scenario = scene.scenario.clone();
        let (mut to, mut why) = (Arc::<str>::from(to), why);
        for _ in 0..HOPS {
            let Some(wanted) = scenario.menu(Some(&to)) else { break };
            let directory = self.directory.clone();
            let menu = scenario.open(wanted, step.now, |id| directory.hours.get(id)).clone();
            if menu.id != wanted.id {
                why = Cause::Closed(wanted.id.clone());
            }
            let mut talk = scene.talk.clone();
            if let Some(language) = &menu.language {
                talk.language = language.clone();
            }
            let over = match &menu.act {
                Act::HandOver(over) => over,
                Act::Ask | Act::End => {
                    self.turn(step, scene.contact, &talk, Some(&menu), why, idle.take());
                    self.bot_sets(step, scene.contact, menu.set.clone());
                    self.bot_shows(step, scene.room, &talk, &menu);
                    if menu.act == Act::End {
                        let (contact, bot) = (scene.contact, talk.bot);
                        self.emit(step, Fact::BotLeft { contact, bot, how: Exit::Ended });
                        self.close(step, scene.room, EndReason::Flow, None);
                    }
                    return;
                }
            };
            match self.takes(step.now, scene, over) {
                Ok(taker) => {
                    self.turn(step, scene.contact, &talk, Some(&menu), why, idle.take());
                    self.bot_sets(step, scene.contact, menu.set.clone());
                    return self.hand_over(step, scene, &talk, &menu, over, taker);
                }
                Err((cause, Some(instead))) => {
                    why = cause(menu.id.clone());
                    to = instead;
                }
                Err((cause, None)) => {
                    let last = scenario.menu(talk.menu.as_deref()).cloned();
                    let last = last.filter(|last| matches!(last.act, Act::Ask));
                    let closed =
                        Said { kind: TextKind::Plain, text: scenario.closed.of(&talk.language) };
                    let cause = cause(menu.id.clone());
                    self.turn(step, scene.contact, &talk, last.as_ref(), cause, idle.take());
                    self.bot_says(step, scene.room, &talk, Audience::All, closed);
                    if let Some(last) = last {
                        self.bot_shows(step, scene.room, &talk, &last);
                    } else {
                        // There is no menu to go back to: nothing is left but to end it kindly.
                        let (contact, bot) = (scene.contact, talk.bot);
                        self.emit(step, Fact::BotLeft { contact, bot, how: Exit::Failed });
                        self.close(step, scene.room, EndReason::Flow, None);
                    }
                    return;
                }
            }
        }
        self.bot_gives_up(step, scene.contact, &scene.talk, None);
    }

    /// The last menu once more, or another one if that has happened too often.
    fn repeat(&mut self, step: &mut Step<'_>, scene: &Scene) {
        let misses = scene.talk.misses + 1;
        let scenario = &scene.scenario;
        if let Some(menu) = scenario.impatient(misses) {
            return self.show(step, scene, &menu.clone(), Cause::Unknown(misses), None);
        }
        let Some(menu) = scenario.menu(scene.talk.menu.as_deref()).cloned() else { return };
        let talk = &scene.talk;
        self.turn(step, scene.contact, talk, Some(&menu), Cause::Unknown(misses), None);
        if let Some(unknown) = &scenario.unknown {
            let text = unknown.of(&talk.language);
            self.bot_says(
                step,
                scene.room,
                talk,
                Audience::All,
                Said { kind: TextKind::Plain, text },
            );
        }
        self.bot_shows(step, scene.room, talk, &menu);
    }

    /// Who would take over now; or why nobody would, and the menu for that.
    #[expect(clippy::type_complexity, reason = "a reason still without its menu's name")]
    fn takes(
        &self,
        now: Millis,
        scene: &Scene,
        over: &HandOver,
    ) -> Result<Taker, (fn(Arc<str>) -> Cause, Option<Arc<str>>)> {
        let queue = match &over.to {
            Taker::Agent(agent) if self.can_take(agent, scene.contact).is_ok() => {
                return Ok(over.to.clone());
            }
            Taker::Agent(_) => &scene.scenario.queue,
            Taker::Queue(queue) => queue,
        };
        let Some(known) = self.directory.queue(queue.as_str()).cloned() else {
            return Ok(Taker::Queue(queue.clone()));
        };
        let (taker, _) = self.overflowed(known);
        if self.is_closed(now, &taker) {
            return Err((Cause::Closed, over.closed.clone()));
        }
        if over.nobody.is_some() && self.level(&taker).logged_on == 0 {
            return Err((Cause::Nobody, over.nobody.clone()));
        }
        Ok(Taker::Queue(queue.clone()))
    }

    fn hand_over(
        &mut self,
        step: &mut Step<'_>,
        scene: &Scene,
        talk: &Talk,
        menu: &Menu,
        over: &HandOver,
        taker: Taker,
    ) {
        let path = self.room(scene.room).bot.as_ref().map(|talk| talk.path.join(" > "));
        let note = over.note.of(&talk.language).replace("{bot}", talk.bot.as_str());
        let note = note.replace("{path}", &path.unwrap_or_default());
        if !note.is_empty() {
            let note = Said { kind: TextKind::Plain, text: note.into() };
            self.bot_says(step, scene.room, talk, Audience::Agents, note);
        }
        let text = Some(menu.shown.of(&talk.language));
        self.pass_to(step, scene.contact, talk, taker, text);
    }

    /// The bot's part ends here; the system says so, and people take over.
    fn pass_to(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        talk: &Talk,
        taker: Taker,
        text: Option<Arc<str>>,
    ) {
        let bot = talk.bot.clone();
        self.emit(step, Fact::BotLeft { contact, bot, how: Exit::Handed(taker.clone()) });
        let room = self.contacts.get(&contact).map(crate::contact::Contact::room);
        if let (Some(text), Some(room)) = (text, room) {
            self.system_says(step, room, text);
        }
        match taker {
            Taker::Queue(queue) => self.enqueue(step, contact, &queue, None, step.now),
            Taker::Agent(agent) => self.offer_directly(step, contact, &agent, false),
        }
    }

    /// The bot cannot or will not go on: whoever it names takes over, or its own queue, or nobody can.
    fn bot_gives_up(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        talk: &Talk,
        to: Option<Taker>,
    ) {
        let Some(room) = self.contacts.get(&contact).map(crate::contact::Contact::room) else {
            return;
        };
        let wanted = to.filter(|taker| match taker {
            Taker::Queue(queue) => self.directory.queue(queue.as_str()).is_some(),
            Taker::Agent(agent) => self.can_take(agent, contact).is_ok(),
        });
        let own = || {
            let bot = self.directory.bots.get(&talk.bot).and_then(|bot| bot.kind.queue().cloned());
            let known = bot.filter(|q| self.directory.queue(q.as_str()).is_some());
            known.or_else(|| self.way_back(contact)).map(Taker::Queue)
        };
        let Some(taker) = wanted.or_else(own) else {
            let bot = talk.bot.clone();
            self.emit(step, Fact::BotLeft { contact, bot, how: Exit::Failed });
            return self.close(step, room, EndReason::Flow, None);
        };
        let text = self.hook(&talk.bot).and_then(|hook| hook.handing);
        self.pass_to(step, contact, talk, taker, text);
    }

    fn ask(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        talk: &Talk,
        hook: &Webhook,
        said: Vec<Said>,
    ) {
        let room = self.contacts.get(&contact).map(crate::contact::Contact::room);
        let asked = room.and_then(|room| self.rooms.get(&room)?.bot.as_ref().map(|t| t.asks));
        let n = asked.unwrap_or(talk.asks) + 1;
        let ask = Box::new(Ask { n, until: step.now.plus(hook.time), said });
        self.emit(step, Fact::BotAsked { contact, bot: talk.bot.clone(), ask });
    }

    fn turn(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        talk: &Talk,
        menu: Option<&Arc<Menu>>,
        why: Cause,
        idle: Option<IdleRule>,
    ) {
        let turn = Box::new(Turn {
            bot: talk.bot.clone(),
            participant: talk.participant,
            menu: menu.map(|menu| menu.id.clone()),
            title: menu.map(|menu| menu.title.of(&talk.language)),
            language: talk.language.clone(),
            why,
            idle: idle.filter(|rule| *rule != IdleRule::default()),
        });
        self.emit(step, Fact::BotTurn { contact, turn });
    }

    fn bot_shows(&mut self, step: &mut Step<'_>, room: RoomId, talk: &Talk, menu: &Menu) {
        // Only what offers something has parts.
        let kind = if menu.act == Act::Ask { TextKind::Content } else { TextKind::Plain };
        let text = menu.shown.of(&talk.language);
        self.bot_says(step, room, talk, Audience::All, Said { kind, text });
        if let Some(links) = &menu.links {
            let links = Said { kind: TextKind::Content, text: links.of(&talk.language) };
            self.bot_says(step, room, talk, Audience::All, links);
        }
    }

    fn bot_says(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        talk: &Talk,
        audience: Audience,
        Said { kind, text }: Said,
    ) {
        let name = self.directory.bots.get(&talk.bot).map(|bot| bot.name.clone());
        let by = Author {
            participant: talk.participant,
            role: MemberRole::Bot,
            name: name.unwrap_or_else(|| talk.bot.0.clone()),
        };
        self.post_by(step, room, Some(by), audience, Body::Message { kind, text }, None);
    }

    fn bot_sets(&mut self, step: &mut Step<'_>, contact: ContactId, set: Attributes) {
        if !set.is_empty() {
            // A matter that has as many attributes as it may have keeps those it has.
            let _ = self.set_attributes(step, contact, set, BTreeSet::new());
        }
    }

    fn hook(&self, bot: &BotId) -> Option<Webhook> {
        match &self.directory.bots.get(bot)?.kind {
            BotKind::Webhook(hook) => Some(hook.clone()),
            _ => None,
        }
    }

    /// The room and talk in which this question is open.
    fn asked(&self, contact: ContactId, ask: u32) -> Result<(RoomId, Talk), Refusal> {
        let room = self.open_room(contact)?;
        let talk = room.bot.as_deref().filter(|_| room.contact == contact);
        talk.filter(|talk| talk.ask.as_ref().is_some_and(|open| open.n == ask))
            .map(|talk| (room.id, talk.clone()))
            .ok_or(Refusal::WrongState("the bot's program is not asked this any more"))
    }
}

// How facts are taken up.
impl Centre {
    pub(super) fn bot_turned(&mut self, at: Millis, contact: ContactId, turn: &Turn) {
        let Some(room) = self.room_of(contact) else { return };
        let talk = room.bot.get_or_insert_with(|| {
            Box::new(Talk {
                bot: turn.bot.clone(),
                participant: turn.participant,
                menu: None,
                language: turn.language.clone(),
                path: Vec::new(),
                misses: 0,
                ruled: false,
                before: None,
                asks: 0,
                ask: None,
                later: Vec::new(),
            })
        });
        talk.language = turn.language.clone();
        talk.menu = turn.menu.clone().or_else(|| talk.menu.take());
        talk.misses = match &turn.why {
            Cause::Unknown(misses) => *misses,
            Cause::Failed(..) => talk.misses + 1,
            _ => 0,
        };
        if let Some(title) = turn.title.clone().filter(|title| talk.path.last() != Some(title)) {
            talk.path.push(title);
            if talk.path.len() > PATH {
                talk.path.remove(0);
            }
        }
        if matches!(turn.why, Cause::Answered(_) | Cause::Failed(..)) {
            talk.ask = None;
        }
        if let Some(rule) = turn.idle {
            talk.ruled = true;
            talk.before = room.idle.take().map(|idle| (idle.customer, idle.agent));
            room.idle = Some(Box::new(Idle { customer: rule, ..Idle::default() }));
        }
        both_there(at, room);
    }

    pub(super) fn bot_asked(&mut self, contact: ContactId, ask: &Ask) {
        let Some(talk) = self.room_of(contact).and_then(|room| room.bot.as_mut()) else { return };
        talk.asks = ask.n;
        talk.ask = Some(ask.clone());
        talk.later.clear();
    }

    pub(super) fn bot_told(&mut self, contact: ContactId, said: &Said) {
        if let Some(talk) = self.room_of(contact).and_then(|room| room.bot.as_mut()) {
            talk.later.push(said.clone());
        }
    }

    /// Whatever ends its part: words of its own, or that the contact went elsewhere.
    pub(super) fn bot_left(&mut self, at: Millis, contact: ContactId) {
        let Some(room) = self.room_of(contact) else { return };
        if let Some(talk) = room.bot.take() {
            if talk.ruled {
                let idle =
                    |(customer, agent)| Box::new(Idle { customer, agent, ..Idle::default() });
                room.idle = talk.before.map(idle);
            }
            both_there(at, room);
        }
    }
}
