//! Customers on the web chat's wire (`docs/chat-wire.md`): they open a room, say things by keys, lose their socket, take
//! the room up by its token, and check every line they are told against what is on disk.

use super::{desk, page};
use crate::world::World;
use domain::contact::TextKind;
use domain::id::RoomId;
use domain::room::{Body, Event, Item, MemberRole};
use facade::door::{Head, RealmNo};
use facade::nx::{self, Arrival, Lobby};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many of them.
pub(crate) const MANY: usize = 3;

/// The first of them in the list of clients.
pub(super) const FIRST: usize = page::MANY + desk::USERS.len();

/// One page.
#[derive(Debug)]
pub(crate) struct Web {
    number: usize,
    socket: Option<u64>,
    /// The page has asked for its room on this socket.
    asked: bool,
    joined: bool,
    /// The secret of the attempt.
    key: String,
    token: Option<String>,
    room: Option<RoomId>,
    /// The newest line that was told.
    seen: u32,
    /// Lines that this page said, and heard so.
    mine: BTreeSet<u32>,
    /// What was said and is not answered, by key.
    waiting: BTreeMap<String, String>,
    /// What was stored, and as which line.
    stored: BTreeMap<String, (String, u32)>,
    said: u32,
}

impl Web {
    /// A page that has just been opened.
    pub(crate) const fn new(number: usize) -> Self {
        Self {
            number,
            socket: None,
            asked: false,
            joined: false,
            key: String::new(),
            token: None,
            room: None,
            seen: 0,
            mine: BTreeSet::new(),
            waiting: BTreeMap::new(),
            stored: BTreeMap::new(),
            said: 0,
        }
    }

    /// The socket broke, if this was it.
    pub(super) fn lost(&mut self, socket: Option<u64>) {
        if socket.is_none() || self.socket == socket {
            (self.socket, self.asked, self.joined) = (None, false, false);
        }
    }

    pub(super) const fn opened(&mut self, socket: u64) {
        self.socket = Some(socket);
    }
}

/// Is this a line that its page must be told?
fn shown(item: &Item) -> bool {
    let told = !matches!(item.body, Body::Event(_))
        || matches!(item.body, Body::Event(Event::RatingWanted));
    told && item.kept() && item.audience.includes(MemberRole::Customer)
}

impl World {
    pub(super) fn web_acts(&mut self, at: usize) {
        let page = &self.net.webs[at];
        let Some(socket) = page.socket else {
            let head = Head {
                method: "GET".to_owned(),
                path: "/".to_owned(),
                query: String::new(),
                headers: vec![("host".to_owned(), "chat.example:6081".to_owned())],
                tls: true,
                peer: [192, 0, 2, 200].into(),
            };
            let settings = facade::door::Site::settings(&self.net.site);
            let arrival = Arrival::new(settings, &head, RealmNo(0));
            return self.open(FIRST + at, nx::open(arrival, Arc::new(Lobby::new(0, 0))));
        };
        if !page.asked {
            let fresh = format!("{:016x}{:016x}", self.draw.next(), self.draw.next());
            let page = &mut self.net.webs[at];
            page.asked = true;
            let frame = if let Some(token) = &page.token {
                let keys: Vec<&String> = page.waiting.keys().collect();
                json!({"t": "resume", "id": 1, "token": token, "seq": page.seen, "keys": keys})
            } else {
                // An attempt that got no answer is repeated by its key.
                if page.key.is_empty() {
                    page.key = fresh;
                }
                let tel = format!("web{}", page.number);
                json!({"t": "open", "id": 1, "realm": "demo", "dn": "3001", "tel": tel, "key": page.key})
            };
            return self.text(socket, &frame.to_string());
        }
        if !page.joined {
            if self.draw.below(30) == 0 {
                self.web_hangs_up(at, socket);
            }
            return;
        }
        match self.draw.below(60) {
            0 | 1 => self.web_hangs_up(at, socket),
            2 => self.text(socket, r#"{"t":"close","id":1}"#),
            3 => self.text(socket, "nonsense"),
            4..10 => self.text(socket, r#"{"t":"typing","id":1,"on":true}"#),
            10..14 => {
                let frame = json!({"t": "read", "id": 1, "seq": self.net.webs[at].seen});
                self.text(socket, &frame.to_string());
            }
            14..40 => self.web_says(at, socket),
            _ => {}
        }
    }

    fn web_hangs_up(&mut self, at: usize, socket: u64) {
        self.hang_up(socket);
        self.net.webs[at].lost(Some(socket));
    }

    fn web_says(&mut self, at: usize, socket: u64) {
        let again = self.draw.below(6) == 0;
        let to = ["BOTH", "BOTH", "AGENT", "customer"][self.pick(4)];
        let page = &mut self.net.webs[at];
        // What was not answered is said again; now and then what was, too.
        let before = page.waiting.iter().next().map(|(key, text)| (key.clone(), text.clone()));
        let before = before.or_else(|| {
            let known = page.stored.iter().next().filter(|_| again);
            known.map(|(key, (text, _))| (key.clone(), text.clone()))
        });
        let (key, text) = before.unwrap_or_else(|| {
            page.said += 1;
            let key = format!("w{}-{}", page.number, page.said);
            let text = format!("web {} says {key}", page.number);
            (key, text)
        });
        if !page.stored.contains_key(&key) {
            page.waiting.insert(key.clone(), text.clone());
        }
        let content = json!({"type": "text", "message": text});
        let frame = json!({"t": "say", "id": 1, "key": key, "content": content, "to": to});
        self.text(socket, &frame.to_string());
    }

    pub(super) fn web_hears(&mut self, at: usize, text: &str) {
        let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
        let number = |name: &str| frame[name].as_u64().and_then(|n| u32::try_from(n).ok());
        match frame["t"].as_str().expect("a frame has a name") {
            "joined" => {
                let token = frame["resume"].as_str().expect("a token").to_owned();
                let (_, room) = token.split_once('.').expect("a token names its room");
                let page = &mut self.net.webs[at];
                let room = Some(room.parse().expect("a room"));
                assert!(page.room.is_none() || page.room == room, "another room is taken up");
                (page.token, page.room, page.joined) = (Some(token), room, true);
            }
            "said" => self.web_is_told(at, number("seq").expect("a line's place"), &frame),
            "stored" => {
                let seq = number("seq").expect("a line's place");
                let key = frame["key"].as_str().expect("a key").to_owned();
                let room = self.net.webs[at].room.expect("a room before its lines");
                let item = &self.check.views.items[&room][seq as usize - 1];
                let page = &mut self.net.webs[at];
                let known = page.stored.get(&key).cloned();
                let text = page.waiting.remove(&key).or_else(|| known.clone().map(|k| k.0));
                let text = text.expect("what is stored was said");
                assert!(
                    matches!(&item.body, Body::Message { text: said, .. } if **said == *text),
                    "{key} is told to be another line"
                );
                assert!(known.is_none_or(|(_, n)| n == seq), "{key} was stored twice");
                page.mine.insert(seq);
                page.stored.insert(key, (text, seq));
            }
            "failed" => {
                let code = frame["code"].as_u64();
                assert!(matches!(code, Some(429 | 481 | 503)), "{frame}");
            }
            "closed" => {
                let page = &mut self.net.webs[at];
                *page = Web { socket: page.socket, said: page.said, ..Web::new(page.number) };
            }
            _ => {}
        }
    }

    /// A line: on disk, for this page, in order, and none before it was left out.
    fn web_is_told(&mut self, at: usize, seq: u32, frame: &Value) {
        let page = &self.net.webs[at];
        let room = page.room.expect("a room before its lines");
        let lines = self.check.views.items.get(&room).map_or(&[][..], |lines| &lines[..]);
        let item = lines.get(seq as usize - 1).expect("what is told is on disk");
        assert!(item.audience.includes(MemberRole::Customer), "a page is told of {:?}", item.body);
        assert!(seq > page.seen, "line {seq} is told twice, or late");
        if let Body::Message { kind, text } = &item.body {
            let told = &frame["content"];
            match kind {
                TextKind::Plain | TextKind::Markdown => {
                    assert_eq!(told["message"].as_str(), Some(&**text), "line {seq}");
                }
                // As it was said.
                TextKind::Content | TextKind::Json => {
                    let said = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                    assert_eq!(*told, said, "line {seq}");
                }
                TextKind::Choices | TextKind::Choice => {}
            }
        }
        let missed = lines.iter().find(|line| {
            shown(line) && line.n > page.seen && line.n < seq && !page.mine.contains(&line.n)
        });
        // One's own that are not answered yet are told later, by what stores them.
        let missed = missed.filter(|line| {
            let own = line.by.as_ref().is_some_and(|by| by.role == MemberRole::Customer);
            !own
        });
        assert!(missed.is_none(), "line {:?} was never told", missed.map(|line| line.n));
        self.net.webs[at].seen = seq;
    }
}
