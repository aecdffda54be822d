//! Agents at Sangdam's own desk: the client of `docs/desk-protocol.md`, with a connection that comes and goes.
//!
//! It keeps lines by their number, fetches gaps, sends again what was not acknowledged, and must end up with every line
//! of every contact that lies on it, each once.

use crate::world::World;
use domain::command::Command;
use domain::id::{ItemId, RoomId, TokenHash, UserId};
use domain::room::{Audience, Body, FileStatus, Item};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who sits there. The last is a supervisor.
pub(crate) const USERS: [&str; 4] = ["1001", "1003", "1004", "2001"];

/// What a request was for.
#[derive(Debug, Clone)]
enum Asked {
    Hello,
    Say(String),
    Items(String),
    Other,
}

/// Something that was said, or shall be.
#[derive(Debug)]
struct Said {
    contact: String,
    text: String,
    audience: &'static str,
    item: Option<ItemId>,
}

/// One desk.
#[derive(Debug)]
pub(crate) struct Desk {
    user: UserId,
    session: Option<TokenHash>,
    socket: Option<u64>,
    live: bool,
    seq: u64,
    asked: BTreeMap<u64, Asked>,
    numbers: u64,
    /// Contacts as they were last told, by id.
    contacts: BTreeMap<String, Value>,
    /// Lines held, by room and number.
    lines: BTreeMap<String, BTreeMap<u64, String>>,
    said: BTreeMap<String, Said>,
}

impl Desk {
    /// Nobody has logged in yet.
    pub(crate) fn new(user: &str) -> Self {
        Self {
            user: user.into(),
            session: None,
            socket: None,
            live: false,
            seq: 0,
            asked: BTreeMap::new(),
            numbers: 0,
            contacts: BTreeMap::new(),
            lines: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    /// The connection is gone; what is held stays.
    pub(super) fn fell(&mut self) {
        (self.socket, self.live) = (None, false);
        self.asked.clear();
    }

    pub(super) fn opened(&mut self, socket: u64) {
        self.fell();
        self.socket = Some(socket);
    }

    pub(super) fn lost_socket(&mut self, socket: u64) {
        if self.socket == Some(socket) {
            self.fell();
        }
    }
}

/// Is this line one for the desk?
fn shown(item: &Item) -> bool {
    let rejected = matches!(&item.body, Body::File(f) if f.status == FileStatus::Rejected);
    item.audience != Audience::Customer
        && item.kept()
        && !rejected
        && !matches!(item.body, Body::Event(_))
}

impl World {
    pub(super) fn desk_acts(&mut self, at: usize) {
        let tired = self.draw.below(200) == 0;
        let Some(session) = self.net.desks[at].session.filter(|_| !tired) else {
            return self.desk_logs_in(at);
        };
        let Some(socket) = self.net.desks[at].socket else {
            let user = self.node.centre().directory().users.get(&self.net.desks[at].user).cloned();
            let found = self.node.centre().look(self.now, &domain::query::Query::Session(session));
            let (
                Some(user),
                Ok(domain::query::Look::Answer(domain::query::Answer::Session(_, until))),
            ) = (user, found)
            else {
                return self.desk_logs_in(at);
            };
            let facade::door::Step::Upgrade { session, .. } =
                facade::desk::open(user, facade::door::RealmNo(0), session, until)
            else {
                panic!("a desk is a socket")
            };
            return self.open(super::page::MANY + at, session);
        };
        if !self.net.desks[at].live {
            if self.net.desks[at].asked.is_empty() || self.draw.below(10) == 0 {
                self.desk_asks(at, Asked::Hello, json!({"do": "hello", "lang": "ko"}));
            }
            return;
        }
        match self.draw.below(100) {
            0 => {
                self.hang_up(socket);
                self.net.desks[at].lost_socket(socket);
            }
            1 => self.desk_asks(at, Asked::Hello, json!({"do": "hello"})),
            2..8 => {
                let state =
                    ["ready", "ready", "not_ready", "after_work", "logged_off"][self.pick(5)];
                self.desk_asks(
                    at,
                    Asked::Other,
                    json!({"do": "state", "state": state, "reason": 1}),
                );
            }
            8 => self.desk_asks(at, Asked::Other, json!({"do": "people"})),
            9..16 => self.desk_says_again(at),
            16..70 => self.desk_works(at),
            _ => {}
        }
    }

    fn desk_logs_in(&mut self, at: usize) {
        let session = TokenHash(domain::chance::Chance::bytes(&mut self.draw));
        let user = self.net.desks[at].user.clone();
        if let Some(socket) = self.net.desks[at].socket {
            self.hang_up(socket);
        }
        self.net.desks[at].fell();
        self.net.desks[at].session = Some(session);
        self.ask(Command::LogIn { user, session, proof: domain::command::Proof::Password }.into());
    }

    fn desk_works(&mut self, at: usize) {
        let contacts: Vec<Value> = self.net.desks[at].contacts.values().cloned().collect();
        let Some(contact) = self.one_of(&contacts) else { return };
        let id = contact["id"].as_str().unwrap_or_default().to_owned();
        let request = match (contact["state"].as_str(), self.draw.below(20)) {
            (Some("offered"), 0..8) => json!({"do": "accept", "contact": id}),
            (Some("offered"), 8) => json!({"do": "refuse", "contact": id}),
            (Some("talking"), 0..10) => {
                let client = domain::id::Uuid::new(self.now, &mut self.draw).to_string();
                let audience = if self.draw.below(4) == 0 { "agents" } else { "all" };
                let text = format!("desk says {client}");
                self.net.desks[at]
                    .said
                    .insert(client, Said { contact: id, text, audience, item: None });
                return self.desk_says_again(at);
            }
            (Some("talking"), 10) => json!({"do": "end", "contact": id}),
            (Some("talking"), 11) => {
                json!({"do": "transfer", "contact": id, "to": {"queue": "3002"}, "note": "note for you"})
            }
            (Some("talking"), 12) => {
                json!({"do": "invite", "contact": id, "agent": USERS[self.pick(4)]})
            }
            (Some("talking"), 13) => json!({"do": "leave", "contact": id}),
            (_, 14) => json!({"do": "read", "contact": id, "n": contact["last"]}),
            (_, 15) => json!({"do": "typing", "contact": id}),
            (_, 16) => json!({"do": "history", "contact": id}),
            (_, 17) => json!({"do": "attributes", "contact": id, "set": {"desk": "was here"}}),
            (Some("wrapup"), 0..4) => json!({"do": "wrapup", "contact": id, "code": "solved"}),
            (Some("wrapup"), 4) => json!({"do": "extend", "contact": id, "seconds": 60}),
            _ => return,
        };
        self.desk_asks(at, Asked::Other, request);
    }

    /// Sends what has not been acknowledged, or now and then what has.
    fn desk_says_again(&mut self, at: usize) {
        let under_way: Vec<String> = self.net.desks[at]
            .asked
            .values()
            .filter_map(|a| if let Asked::Say(client) = a { Some(client.clone()) } else { None })
            .collect();
        let twice = self.draw.below(10) == 0;
        let open = self.net.desks[at]
            .said
            .iter()
            .find(|(client, said)| (twice || said.item.is_none()) && !under_way.contains(client));
        let Some((client, said)) = open else { return };
        let request = json!({"do": "say", "contact": said.contact, "client": client, "text": said.text, "audience": said.audience});
        let client = client.clone();
        self.desk_asks(at, Asked::Say(client), request);
    }

    fn desk_asks(&mut self, at: usize, asked: Asked, mut request: Value) {
        let desk = &mut self.net.desks[at];
        let Some(socket) = desk.socket else { return };
        desk.numbers += 1;
        request["id"] = json!(desk.numbers);
        desk.asked.insert(desk.numbers, asked);
        self.text(socket, &request.to_string());
    }

    /// A frame arrives.
    pub(super) fn desk_hears(&mut self, at: usize, text: &Arc<str>) {
        let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
        if let Some(number) = frame.get("id").and_then(Value::as_u64) {
            let Some(asked) = self.net.desks[at].asked.remove(&number) else {
                panic!("an answer to nothing: {text}")
            };
            return match frame.get("ok") {
                Some(ok) => self.desk_is_answered(at, asked, ok),
                None => self.desk_is_refused(at, &asked, &frame["no"]),
            };
        }
        let Some(event) = frame.get("ev").and_then(Value::as_str) else { return };
        let seq = frame["seq"].as_u64().expect("an event has a number");
        let desk = &mut self.net.desks[at];
        match event {
            "presence" | "bye" => {}
            _ => {
                assert!(desk.live, "an event comes before the greeting is answered: {text}");
                assert!(seq >= desk.seq, "numbers of events fall: {text}");
                desk.seq = seq;
            }
        }
        match event {
            "contact" => self.desk_is_told(at, &frame["contact"]),
            "gone" => {
                desk.contacts.remove(frame["contact"].as_str().unwrap_or_default());
            }
            "item" => {
                let room = frame["room"].as_str().unwrap_or_default().to_owned();
                self.desk_holds(at, &room, &frame["item"]);
            }
            "bye" => desk.session = None,
            _ => {}
        }
    }

    fn desk_is_answered(&mut self, at: usize, asked: Asked, ok: &Value) {
        match asked {
            Asked::Hello => {
                let desk = &mut self.net.desks[at];
                desk.live = true;
                desk.seq = ok["seq"].as_u64().expect("a greeting has a number");
                desk.contacts.clear();
                for contact in ok["contacts"].as_array().into_iter().flatten() {
                    self.desk_is_told(at, contact);
                }
            }
            Asked::Say(client) => {
                let id: ItemId = ok["item"]["id"]
                    .as_str()
                    .and_then(|id| id.parse().ok())
                    .expect("what is said has an id");
                let said = self.net.desks[at]
                    .said
                    .get_mut(&client)
                    .expect("what is acknowledged was said");
                let known =
                    self.check.views.item(id).expect("what is acknowledged is in the journal");
                assert!(
                    matches!(&known.body, Body::Message { text, .. } if **text == *said.text),
                    "what is said is acknowledged as something else"
                );
                assert!(
                    said.item.is_none_or(|before| before == id),
                    "what is said is acknowledged twice"
                );
                assert_eq!(
                    known.audience == Audience::Agents,
                    said.audience == "agents",
                    "a note is a note"
                );
                said.item = Some(id);
            }
            Asked::Items(room) => {
                let items = ok["items"].as_array().cloned().unwrap_or_default();
                for item in &items {
                    self.desk_holds(at, &room, item);
                }
                let last = items.last().and_then(|item| item["n"].as_u64());
                if let Some(last) = last.filter(|_| ok["more"].as_bool() == Some(true)) {
                    self.desk_fetches(at, &room, last);
                }
            }
            Asked::Other => {}
        }
    }

    fn desk_is_refused(&mut self, at: usize, asked: &Asked, no: &Value) {
        let fault =
            matches!(no["code"].as_str(), Some("store.full" | "server.fault" | "server.unready"));
        match asked {
            Asked::Say(client) if !fault => {
                self.net.desks[at].said.retain(|name, said| name != client || said.item.is_some());
            }
            Asked::Items(room) if fault => self.desk_fetches(at, room, 0),
            Asked::Hello if !fault => self.net.desks[at].session = None,
            _ => {}
        }
    }

    /// A contact as it stands: what it has more than is held is fetched.
    fn desk_is_told(&mut self, at: usize, contact: &Value) {
        let (id, room) = (
            contact["id"].as_str().unwrap_or_default().to_owned(),
            contact["room"].as_str().unwrap_or_default().to_owned(),
        );
        let last = contact["last"].as_u64().expect("a contact says how many lines there are");
        let desk = &mut self.net.desks[at];
        let new = desk.contacts.insert(id, contact.clone()).is_none();
        // What is held of an earlier visit may have holes: a page may have been refused when the visit was over.
        if new && last > 0 {
            self.desk_fetches(at, &room, 0);
        }
    }

    fn desk_fetches(&mut self, at: usize, room: &str, after: u64) {
        self.desk_asks(
            at,
            Asked::Items(room.to_owned()),
            json!({"do": "items", "room": room, "after": after, "limit": 100}),
        );
    }

    fn desk_holds(&mut self, at: usize, room: &str, item: &Value) {
        let id = item["id"].as_str().unwrap_or_default();
        let known = id
            .parse()
            .ok()
            .and_then(|id| self.check.views.item(id))
            .expect("a line is shown that is not on disk");
        assert_eq!(known.room.to_string(), room, "a line stands in another room");
        assert!(known.audience != Audience::Customer, "a desk hears what is for customers alone");
        let n = item["n"].as_u64().expect("a line has a number");
        let lines = self.net.desks[at].lines.entry(room.to_owned()).or_default();
        let before = lines.insert(n, id.to_owned());
        assert!(before.is_none_or(|before| before == id), "two lines have one number");
    }

    /// With nothing on its way, every desk that is live holds every line of its contacts.
    pub(super) fn check_desks(&self) {
        for desk in &self.net.desks {
            let Some(socket) = desk.socket.filter(|_| desk.live && desk.asked.is_empty()) else {
                continue;
            };
            if !self.net.is_drained(socket) {
                continue;
            }
            // Whose session is over is told so with the next tick; until then it is refused what it asks.
            let session = desk.session.map(domain::query::Query::Session);
            let lives = |query| self.node.centre().look(self.now, &query).is_ok();
            if !session.is_some_and(lives) {
                continue;
            }
            for contact in desk.contacts.values() {
                let name = contact["room"].as_str().unwrap_or_default();
                let Some(room) = name.parse::<RoomId>().ok() else { continue };
                let at_hand = self
                    .check
                    .shadow
                    .room_by_id(room)
                    .is_some_and(|r| r.closed.is_none() && r.of_user(&desk.user).is_some());
                let held = desk.lines.get(name);
                let missed =
                    self.check.views.items.get(&room).into_iter().flatten().find(|i| {
                        shown(i) && held.is_none_or(|h| !h.contains_key(&u64::from(i.n)))
                    });
                assert!(
                    !at_hand || missed.is_none(),
                    "desk {} misses line {} of {name}",
                    desk.user,
                    missed.map_or(0, |i| i.n)
                );
            }
        }
    }

    /// With nothing on its way, every client that listens knows everything.
    pub(crate) fn check_net(&self) {
        self.check_pages();
        self.check_desks();
    }
}
