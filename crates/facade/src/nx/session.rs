//! One socket of a customer's page, with its rooms: what the page says, and what is answered.

use super::content::{self, Saying};
use super::frame::{self, Frame, Id, Open, Read, Resume, Say, Told, Typing};
use super::room::{self, New, Room, Stage};
use super::words::Lang;
use super::{Arrival, Lobby};
use crate::door::{self, Cx, Effect, Fault, Out, RealmNo, Session};
use domain::command::{By, Command, Done, Grant, WebChat};
use domain::contact::{Attributes, Phase, TextKind, TextKinds};
use domain::directory::Service;
use domain::id::{ClientKey, ContactId, QueueId, RoomId, TokenHash};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::room::{Audience, TokenKind};
use domain::signal::Signal;
use domain::time::Millis;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rooms of one socket (`nxwebapi.md` 10).
const ROOMS: usize = 10;

/// A room lasts so long (`nxwebapi.md` 10).
const LIFE: Millis = Millis::from_secs(24 * 3_600);

/// Messages of a room in a second (`nxwebapi.md` 10).
const SAID_A_SECOND: f64 = 10.0;

/// Lines that are read at a time when a room is taken up.
const PAGE: u16 = 100;

/// The page is asked for a sign of life so often.
const PING: Millis = Millis::from_secs(30);

/// A socket without a room is closed after this.
const EMPTY: Millis = Millis::from_mins(5);

/// A number that never answers rings so long.
const RINGS: Millis = Millis::from_secs(30);

/// Messages that may wait until a page has been told what it missed.
const LATER: usize = 100;

/// Somebody writes at most so often.
const TYPES_EVERY: Millis = Millis::from_secs(1);

/// What an outcome or an answer belongs to.
#[derive(Debug)]
enum Asked {
    Open(Id),
    Visit(Id, Vec<String>),
    Since(Id),
    Say(Id, Said),
    Place(Id),
}

/// What was said, until it is answered.
#[derive(Debug)]
struct Said {
    key: String,
    hash: ClientKey,
    audience: Audience,
    /// What is said instead if its files have been sent before.
    whole: Option<Arc<str>>,
}

/// One socket.
#[derive(Debug)]
pub(super) struct Socket {
    arrival: Arrival,
    lobby: Arc<Lobby>,
    realm: RealmNo,
    rooms: Vec<Room>,
    /// What is not answered yet, by ticket: next to nothing most of the time, and then it takes no memory.
    asked: Vec<(u64, Asked)>,
    tickets: u64,
    /// Queues whose levels are watched.
    queues: BTreeSet<QueueId>,
    ping_at: Millis,
    empty_since: Millis,
    over: bool,
}

impl Socket {
    pub(super) const fn new(arrival: Arrival, lobby: Arc<Lobby>) -> Self {
        Self {
            realm: arrival.realm,
            arrival,
            lobby,
            rooms: Vec::new(),
            asked: Vec::new(),
            tickets: 0,
            queues: BTreeSet::new(),
            ping_at: Millis(0),
            empty_since: Millis(0),
            over: false,
        }
    }

    const fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// What this ticket was for.
    fn take_back(&mut self, ticket: u64) -> Option<Asked> {
        let at = self.asked.iter().position(|(of, _)| *of == ticket)?;
        let (_, asked) = self.asked.remove(at);
        if self.asked.is_empty() {
            self.asked = Vec::new();
        }
        Some(asked)
    }

    /// Most sockets carry one room.
    fn add(&mut self, room: Room) {
        self.rooms.reserve_exact(1);
        self.rooms.push(room);
    }

    fn read(&mut self, asked: Asked, query: Query, out: &mut Out) {
        let ticket = self.ticket();
        self.asked.push((ticket, asked));
        out.push(Effect::Read(ticket, Box::new(query)));
    }

    fn act(&mut self, asked: Option<Asked>, cause: &'static str, command: Command, out: &mut Out) {
        let ticket = self.ticket();
        if let Some(asked) = asked {
            self.asked.push((ticket, asked));
        }
        out.push(Effect::Do(ticket, cause, Box::new(command)));
    }

    fn room(&mut self, id: Id) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.id == id)
    }

    /// Closes the socket: nothing more is said on it.
    fn shut(&mut self, code: u16, why: &'static str, out: &mut Out) {
        self.over = true;
        out.push(Effect::Close(code, why));
    }

    /// The realm that an attempt names, if this socket may carry it.
    fn enter(&mut self, named: Option<RealmNo>, out: &mut Out) -> bool {
        match named {
            Some(realm) if realm == self.realm => true,
            Some(realm) if self.rooms.is_empty() => {
                // What was asked of the other realm is not answered any more.
                self.asked.clear();
                self.queues.clear();
                self.realm = realm;
                out.push(Effect::Enter(realm));
                true
            }
            _ => false,
        }
    }

    fn open(&mut self, cx: &mut Cx<'_>, open: Open, out: &mut Out) {
        let id = open.id;
        Told::Trying { id }.send(out);
        if !self.enter(cx.site.realm(&open.realm), out) {
            return frame::closed(id, 404, None, out);
        }
        if self.rooms.len() >= ROOMS || !self.lobby.may_start(cx.site, self.arrival.peer) {
            return frame::closed(id, 503, None, out);
        }
        let Some(place) = self.lobby.enter(self.arrival.peer) else {
            return frame::closed(id, 503, None, out);
        };
        let contact = ContactId::new(cx.now, cx.chance);
        let room = RoomId::from(contact);
        let (secret, token) = door::mint(cx, self.realm);
        let (upload, bring) = bringing(self.realm, &secret);
        let until = cx.now.plus(LIFE);
        let grants = vec![
            Grant { token, kind: TokenKind::Connection, until },
            Grant { token: bring, kind: TokenKind::Upload, until },
        ];
        let tel: Arc<str> = open.tel.into();
        let attributes: Attributes = [
            ("Cid", super::cid(self.realm, room)),
            ("dn_number", open.dn.clone()),
            ("tel_number", tel.to_string()),
        ]
        .into_iter()
        // Bots speak it, too.
        .chain(open.lang.clone().map(|lang| ("language", lang)))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
        // Whoever repeats an attempt repeats all of it.
        let scope = format!("nx.open/{}/{tel}", open.dn);
        let chat = WebChat {
            id: contact,
            number: open.dn.into(),
            name: tel.clone(),
            attributes,
            kinds: TextKinds::PLAIN.with(TextKind::Json).with(TextKind::Content),
            duration: LIFE,
            key: open.key.map(|key| door::client_key(&scope, &key)),
            grants,
        };
        self.add(Room::new(New {
            id,
            room,
            stage: Stage::Opening,
            lang: Lang::of(open.lang.as_deref()),
            base: self.arrival.base.clone(),
            secret,
            token,
            upload,
            tel,
            seen: 0,
            place,
        }));
        // Watched from before its first line, so nothing has to be asked for afterwards.
        out.push(Effect::Watch(Topic::Room(room)));
        self.act(Some(Asked::Open(id)), "nx.open", Command::OpenWeb(Box::new(chat)), out);
    }

    fn opened(
        &mut self,
        cx: &Cx<'_>,
        id: Id,
        outcome: Result<Result<Done, Refusal>, Fault>,
        out: &mut Out,
    ) {
        let realm = self.realm;
        let Some(room) = self.room(id) else { return };
        let code = match outcome {
            Ok(Ok(Done::Started { again: true, over: true, .. })) => 410,
            Ok(Ok(Done::Started { contact, again, .. })) => {
                if again && RoomId::from(contact) != room.room {
                    let (new, token) = (RoomId::from(contact), room.token);
                    let old = std::mem::replace(&mut room.room, new);
                    room.contact = contact;
                    room.held.clear();
                    room.stage = Stage::Visiting;
                    out.extend([
                        Effect::Unwatch(Topic::Room(old)),
                        Effect::Watch(Topic::Room(new)),
                    ]);
                    let visit = Query::Visit(token, Vec::new());
                    return self.read(Asked::Visit(id, Vec::new()), visit, out);
                }
                let over = Self::answered(cx, realm, room, out);
                return self.settled(id, over, out);
            }
            Ok(Ok(_)) | Err(_) => 503,
            Ok(Err(Refusal::TestNumber(Service::Silent))) => {
                room.ring("Ringing", out);
                room.stage = Stage::Silent(cx.now.plus(RINGS));
                return;
            }
            Ok(Err(refusal)) => turned_away(&refusal),
        };
        room.closed(code, out);
        self.forget(id, out);
    }

    /// A room is there that was asked for: it is joined, or somebody must answer first. True if it is over again.
    fn answered(cx: &Cx<'_>, realm: RealmNo, room: &mut Room, out: &mut Out) -> bool {
        room.begin();
        let over = if room.by_agent() {
            room.stage = Stage::Ringing;
            room.release(cx, realm, out)
        } else {
            room.joins(cx, realm, out)
        };
        if room.leaving && !over {
            // The page has changed its mind meanwhile.
            out.push(leave(room.token));
        }
        over
    }

    fn resume(&mut self, resume: Resume, out: &mut Out) {
        let Resume { id, token, seq, keys, lang } = resume;
        let opened = room::split_token(&token)
            .and_then(|(secret, room)| Some((secret, room, door::open(secret)?)));
        let Some((secret, room, (realm, hash))) = opened else {
            return frame::closed(id, 403, None, out);
        };
        if !self.enter(Some(realm), out) {
            return frame::closed(id, 404, None, out);
        }
        let place = self.lobby.enter(self.arrival.peer).filter(|_| self.rooms.len() < ROOMS);
        let Some(place) = place else { return frame::closed(id, 503, None, out) };
        let (upload, _) = bringing(realm, secret);
        self.add(Room::new(New {
            id,
            room,
            stage: Stage::Visiting,
            lang: Lang::of(lang.as_deref()),
            base: self.arrival.base.clone(),
            secret: secret.to_owned(),
            token: hash,
            upload,
            tel: "".into(),
            seen: seq,
            place,
        }));
        let hashes = keys.iter().map(|key| line_key(key)).collect();
        out.push(Effect::Watch(Topic::Room(room)));
        self.read(Asked::Visit(id, keys), Query::Visit(hash, hashes), out);
    }

    fn visited(
        &mut self,
        cx: &Cx<'_>,
        id: Id,
        keys: &[String],
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    ) {
        let realm = self.realm;
        let Some(room) = self.room(id) else { return };
        let visit = match answer {
            Ok(Ok(Answer::Visit(visit))) if visit.room == room.room => visit,
            Ok(_) => {
                frame::closed(id, 403, None, out);
                return self.forget(id, out);
            }
            // Nothing is known of the room: the page shall come again, and not give it up.
            Err(_) => return self.shut(1013, "come again", out),
        };
        room.take(&visit, seq);
        if visit.closed {
            if room.resumed && room.seen == 0 {
                frame::closed(id, 410, None, out);
                return self.forget(id, out);
            }
            return self.replay(id, out);
        }
        room.count(out);
        if room.by_agent() {
            if room.resumed {
                Told::Trying { id }.send(out);
            }
            let waits = visit.contact.phase == Phase::Queued;
            room.ring(if waits { "Queued" } else { "Ringing" }, out);
        } else {
            if !room.resumed {
                room.ring("Ringing", out);
            }
            room.join(realm, visit.last, out);
            for (key, seq) in keys.iter().zip(&visit.stored) {
                if let Some(seq) = *seq {
                    Told::Stored { id, key, seq }.send(out);
                }
            }
            room.place_due = room.queue.as_ref().map(|_| cx.now);
        }
        if room.leaving {
            out.push(leave(room.token));
        }
        self.replay(id, out);
    }

    /// Reads what is missing up to this line.
    fn replay(&mut self, id: Id, out: &mut Out) {
        let Some(room) = self.room(id) else { return };
        room.stage = Stage::Replaying;
        let (token, after) = (room.token, room.seen);
        self.read(Asked::Since(id), Query::Since { token, after, limit: PAGE }, out);
    }

    fn replayed(
        &mut self,
        cx: &Cx<'_>,
        id: Id,
        answer: Result<Result<Answer, Refusal>, Fault>,
        out: &mut Out,
    ) {
        let realm = self.realm;
        let Some(room) = self.room(id) else { return };
        let lines = match answer {
            Ok(Ok(Answer::Lines(lines))) => lines,
            Ok(_) => {
                room.closed(403, out);
                return self.forget(id, out);
            }
            Err(_) => return self.shut(1013, "come again", out),
        };
        let rings = !room.over && room.by_agent();
        let last = lines.items.last().map(|(_, item)| item.n);
        for (_, item) in &lines.items {
            if rings {
                room.backlog.push(item.clone());
            } else {
                room.line(cx, realm, item, false, out);
            }
        }
        if let (Some(after), true) = (last, lines.next.is_some()) {
            let query = Query::Since { token: room.token, after, limit: PAGE };
            return self.read(Asked::Since(id), query, out);
        }
        if room.over {
            room.closed(0, out);
            return self.forget(id, out);
        }
        room.stage = if rings { Stage::Ringing } else { Stage::Joined };
        let over = room.release(cx, realm, out);
        let later = std::mem::take(&mut room.later);
        self.settled(id, over, out);
        for text in later {
            if let Some(Frame::Say(say)) = Frame::read(&text) {
                self.say(cx, say, out);
            }
        }
    }

    fn say(&mut self, cx: &Cx<'_>, say: Say<'_>, out: &mut Out) {
        let Say { id, key, content, to } = say;
        let realm = self.realm;
        let Some(room) = self.room(id) else { return };
        if room.stage != Stage::Joined {
            return frame::failed(id, &key, 481, out);
        }
        let bucket = format!("nx.say/{}", room.room);
        if !cx.site.allow(&bucket, SAID_A_SECOND, SAID_A_SECOND) {
            return frame::failed(id, &key, 429, out);
        }
        let Some(audience) = content::audience(&to) else {
            return frame::failed(id, &key, 403, out);
        };
        let saying = match content::read(cx.site, content.get()) {
            Ok(saying) => saying,
            Err(code) => return frame::failed(id, &key, code, out),
        };
        let (by, hash) = (By::Token(room.token), line_key(&key));
        let mut said = Said { key, hash, audience, whole: None };
        let key = Some(hash);
        let command = match saying {
            Saying::Words(text) => Command::Say { by, kind: TextKind::Plain, text, audience, key },
            Saying::Parts(text, None) => {
                Command::Say { by, kind: TextKind::Content, text, audience, key }
            }
            Saying::Parts(text, Some(choice)) => {
                Command::Choose { by, kind: TextKind::Content, text, choice, audience, key }
            }
            Saying::Files(files, words, whole) => {
                if files.iter().any(|file| (file.realm, file.room) != (realm, room.room)) {
                    return frame::failed(id, &said.key, 404, out);
                }
                said.whole = Some(whole);
                let files = files.into_iter().map(|named| named.file).collect();
                Command::Share { by, words, files, audience, key: hash }
            }
        };
        room.saying.push(hash);
        self.act(Some(Asked::Say(id, said)), "nx.say", command, out);
    }

    fn stored(
        &mut self,
        id: Id,
        mut said: Said,
        outcome: Result<Result<Done, Refusal>, Fault>,
        out: &mut Out,
    ) {
        let Some(room) = self.room(id) else { return };
        if let (Ok(Err(Refusal::FileDone)), Some(text)) = (&outcome, said.whole.take()) {
            // Files that were sent before are named once more, and not sent twice.
            let (by, kind) = (By::Token(room.token), TextKind::Content);
            let (audience, key) = (said.audience, Some(said.hash));
            let command = Command::Say { by, kind, text, audience, key };
            return self.act(Some(Asked::Say(id, said)), "nx.say", command, out);
        }
        room.saying.retain(|key| *key != said.hash);
        let code = match outcome {
            Ok(Ok(Done::Posted { n, .. })) => {
                return Told::Stored { id, key: &said.key, seq: n }.send(out);
            }
            Ok(Ok(_)) => 503,
            Ok(Err(refusal)) => match refusal {
                Refusal::NoSuchFile | Refusal::FileNotStored | Refusal::FileDone => 404,
                Refusal::NotAllowed | Refusal::Silent => 403,
                Refusal::UnsupportedText => 400,
                Refusal::BadToken | Refusal::ChatEnded | Refusal::NotAMember => 481,
                _ => 503,
            },
            Err(Fault::Full) => 503,
            // Whether it was stored is not known: the page asks when it takes its rooms up again.
            Err(_) => return self.shut(1012, "come again", out),
        };
        frame::failed(id, &said.key, code, out);
    }

    fn close(&mut self, id: Id, out: &mut Out) {
        let Some(room) = self.room(id) else { return };
        room.leaving = true;
        match room.stage {
            // What it is, is not known yet: then it is left.
            Stage::Opening | Stage::Visiting => {}
            Stage::Silent(_) => {
                room.closed(487, out);
                self.forget(id, out);
            }
            Stage::Replaying | Stage::Ringing | Stage::Joined => out.push(leave(room.token)),
        }
    }

    /// The room is over, or there never was one.
    fn forget(&mut self, id: Id, out: &mut Out) {
        let Some(at) = self.rooms.iter().position(|room| room.id == id) else { return };
        let gone = self.rooms.swap_remove(at);
        if !self.rooms.iter().any(|room| room.room == gone.room) {
            out.push(Effect::Unwatch(Topic::Room(gone.room)));
        }
    }

    fn settled(&mut self, id: Id, over: bool, out: &mut Out) {
        if over {
            return self.forget(id, out);
        }
        let Some(room) = self.room(id) else { return };
        room.count(out);
    }

    /// After whatever came: asks what must be asked, and says when to be called again.
    fn settle(&mut self, now: Millis, out: &mut Out) {
        if self.over {
            return;
        }
        let asks: Vec<(Id, ContactId)> = self
            .rooms
            .iter_mut()
            .filter_map(|room| room.asks_place(now).then_some((room.id, room.contact)))
            .collect();
        for (id, contact) in asks {
            self.read(Asked::Place(id), Query::Wait(contact), out);
        }
        let queues: BTreeSet<QueueId> =
            self.rooms.iter().filter_map(|room| room.queue.clone()).collect();
        if queues != self.queues {
            let topic = |queue: &QueueId| Topic::Queue(queue.clone());
            out.extend(queues.difference(&self.queues).map(|queue| Effect::Watch(topic(queue))));
            out.extend(self.queues.difference(&queues).map(|queue| Effect::Unwatch(topic(queue))));
            self.queues = queues;
        }
        if !self.rooms.is_empty() {
            self.empty_since = now;
        }
        let mut wake = self.ping_at.min(self.empty_since.plus(EMPTY));
        for room in &self.rooms {
            let silent = if let Stage::Silent(until) = room.stage { Some(until) } else { None };
            let place = room.place_due.filter(|_| room.stage == Stage::Joined);
            wake = [silent, place].into_iter().flatten().fold(wake, Millis::min);
        }
        out.push(Effect::Wake(wake));
    }
}

impl Session for Socket {
    fn on_open(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        (self.ping_at, self.empty_since) = (cx.now.plus(PING), cx.now);
        self.settle(cx.now, out);
    }

    fn on_text(&mut self, cx: &mut Cx<'_>, text: &str, out: &mut Out) {
        if self.over {
            return;
        }
        let Some(frame) = Frame::read(text) else {
            return self.shut(1008, "no frame of this protocol", out);
        };
        let id = frame.id();
        let known = id.is_some_and(|id| self.room(id).is_some());
        match frame {
            Frame::Open(_) | Frame::Resume(_) if known => {
                return self.shut(1008, "this id is open", out);
            }
            Frame::Open(open) => self.open(cx, open, out),
            Frame::Resume(resume) => self.resume(resume, out),
            Frame::Pong => return,
            _ if !known => frame::closed(id.unwrap_or_default(), 481, None, out),
            Frame::Say(say) => {
                // First what was missed, so that nothing overtakes it.
                match self.room(say.id).filter(|room| room.joined && room.stage == Stage::Replaying)
                {
                    Some(room) if room.later.len() < LATER => room.later.push(text.to_owned()),
                    Some(_) => frame::failed(say.id, &say.key, 429, out),
                    None => self.say(cx, say, out),
                }
                return;
            }
            Frame::Typing(Typing { id, on }) => {
                if let Some(room) = self.room(id)
                    && on
                    && room.stage == Stage::Joined
                    && cx.now >= room.typed.plus(TYPES_EVERY)
                {
                    room.typed = cx.now;
                    let by = By::Token(room.token);
                    let typing = Command::Typing { by, audience: Audience::All, key: None };
                    out.push(Effect::Do(0, "nx.typing", Box::new(typing)));
                }
                return;
            }
            Frame::Read(Read { id, seq }) => {
                if let Some(room) = self.room(id)
                    && room.stage == Stage::Joined
                {
                    let read = Command::MarkUpTo { by: By::Token(room.token), n: seq };
                    out.push(Effect::Do(0, "nx.read", Box::new(read)));
                }
                return;
            }
            Frame::Close(close) => self.close(close.id, out),
        }
        self.settle(cx.now, out);
    }

    fn on_outcome(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        outcome: Result<Result<Done, Refusal>, Fault>,
        out: &mut Out,
    ) {
        if self.over {
            return;
        }
        match self.take_back(ticket) {
            Some(Asked::Open(id)) => {
                self.opened(cx, id, outcome, out);
                self.settle(cx.now, out);
            }
            Some(Asked::Say(id, said)) => self.stored(id, said, outcome, out),
            _ => {}
        }
    }

    fn on_answer(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    ) {
        if self.over {
            return;
        }
        match self.take_back(ticket) {
            Some(Asked::Visit(id, keys)) => self.visited(cx, id, &keys, answer, seq, out),
            Some(Asked::Since(id)) => self.replayed(cx, id, answer, out),
            Some(Asked::Place(id)) => {
                if let (Some(room), Ok(Ok(Answer::Wait { ahead, estimate }))) =
                    (self.room(id), answer)
                {
                    room.tell_place(ahead, estimate, out);
                }
                return;
            }
            _ => return,
        }
        self.settle(cx.now, out);
    }

    fn on_fact(&mut self, cx: &mut Cx<'_>, fact: &Arc<Published>, out: &mut Out) {
        if self.over {
            return;
        }
        let realm = self.realm;
        let mut over = Vec::new();
        for room in self.rooms.iter_mut().filter(|room| room.concerns(fact)) {
            if room.holds() {
                room.held.push(fact.clone());
            } else if room.fact(cx, realm, fact, out) {
                over.push(room.id);
            }
        }
        for id in over {
            self.forget(id, out);
        }
        if !matches!(fact.fact, domain::fact::Fact::Posted { .. }) {
            self.settle(cx.now, out);
        }
    }

    fn on_signal(&mut self, cx: &mut Cx<'_>, signal: &Arc<Signal>, out: &mut Out) {
        if self.over {
            return;
        }
        for room in &mut self.rooms {
            room.signal(cx.now, signal, out);
        }
        if matches!(signal.as_ref(), Signal::QueueLevel { .. }) {
            self.settle(cx.now, out);
        }
    }

    fn on_time(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        if self.over {
            return;
        }
        if self.rooms.is_empty() && self.empty_since.plus(EMPTY) <= cx.now {
            return self.shut(1000, "nothing is said here", out);
        }
        if self.ping_at <= cx.now {
            self.ping_at = cx.now.plus(PING);
            Told::Ping.send(out);
        }
        let silent = |room: &&Room| matches!(room.stage, Stage::Silent(until) if until <= cx.now);
        let rung: Vec<Id> = self.rooms.iter().filter(silent).map(|room| room.id).collect();
        for id in rung {
            frame::closed(id, 408, None, out);
            self.forget(id, out);
        }
        self.settle(cx.now, out);
    }

    fn on_close(&mut self, _: &mut Cx<'_>, out: &mut Out) {
        self.over = true;
        for room in self.rooms.iter().filter(|room| room.counted) {
            let gone = Command::Present { token: room.token, present: false };
            out.push(Effect::Do(0, "nx.gone", Box::new(gone)));
        }
    }
}

/// The customer goes.
fn leave(token: TokenHash) -> Effect {
    Effect::Do(0, "nx.close", Box::new(Command::Leave { by: By::Token(token), key: None }))
}

/// The secret that brings files to a room, and its hash: it follows from the secret of the room, and tells nothing of it.
fn bringing(realm: RealmNo, secret: &str) -> (String, TokenHash) {
    use base64::Engine as _;
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    hash.update(b"nx.upload\0");
    hash.update(secret);
    let mut bytes = realm.0.to_be_bytes().to_vec();
    bytes.extend_from_slice(&hash.finalize());
    let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let hash = door::open(&secret).map_or(TokenHash([0; 32]), |(_, hash)| hash);
    (secret, hash)
}

/// The key by which a repeated line is known.
fn line_key(key: &str) -> ClientKey {
    door::client_key("nx.say", key)
}

/// The code of a refused attempt.
const fn turned_away(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::NoSuchDevice | Refusal::NoSuchQueue | Refusal::NoSuchFlow => 404,
        Refusal::NotLoggedOn | Refusal::WrongState(_) => 480,
        Refusal::AgentFull | Refusal::TestNumber(Service::Busy) => 486,
        Refusal::TestNumber(_) => 488,
        _ => 503,
    }
}
