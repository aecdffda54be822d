//! Customers who know nothing but Amazon Connect's wire: they start by HTTP, listen on a socket, send with a
//! `ClientToken`, try again after a fault, and read the transcript. What they see is checked line by line.

use crate::world::World;
use domain::id::{ItemId, RoomId};
use domain::room::{Audience, Body, Event, FileStatus, Item, MemberRole};
use facade::door::{Head, Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many of them.
pub(crate) const MANY: usize = 6;

/// What a page has asked, and waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Start,
    Connection,
    Socket,
    Message(String),
    Event,
    Transcript,
    Disconnect,
}

/// A message that was sent, or shall be.
#[derive(Debug)]
struct Message {
    text: String,
    /// What it was acknowledged as.
    item: Option<ItemId>,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    number: usize,
    asked: Option<Asked>,
    room: Option<RoomId>,
    participant_token: Option<String>,
    connection_token: Option<String>,
    /// Path and query of the socket's URL.
    url: Option<String>,
    socket: Option<u64>,
    subscribed: bool,
    /// Lines up to this place were heard on this socket, or were written before it.
    heard: u32,
    /// The end was heard.
    ended: bool,
    messages: BTreeMap<String, Message>,
    refused: u32,
}

impl Page {
    /// A page that has just been opened.
    pub(crate) const fn new(number: usize) -> Self {
        Self {
            number,
            asked: None,
            room: None,
            participant_token: None,
            connection_token: None,
            url: None,
            socket: None,
            subscribed: false,
            heard: 0,
            ended: false,
            messages: BTreeMap::new(),
            refused: 0,
        }
    }

    /// No answer will come.
    pub(super) fn hears_nothing(&mut self) {
        self.asked = None;
    }

    /// All sockets broke.
    pub(super) fn fell(&mut self) {
        self.socket = None;
        self.subscribed = false;
    }

    pub(super) fn opened(&mut self, socket: u64) {
        self.asked = None;
        self.socket = Some(socket);
        self.subscribed = false;
    }

    pub(super) fn lost_socket(&mut self, socket: u64) {
        if self.socket == Some(socket) {
            self.socket = None;
            self.subscribed = false;
        }
    }

    /// Nothing more can be had with what the page holds: the next try begins one step earlier.
    fn step_back(&mut self) {
        self.refused += 1;
        if self.refused > 2 {
            *self = Self { socket: self.socket, ..Self::new(self.number) };
        } else {
            self.connection_token = None;
            self.url = None;
        }
    }
}

/// Is this line one that the socket and the transcript of a customer must show?
fn shown(item: &Item) -> bool {
    let rejected = matches!(&item.body, Body::File(f) if f.status == FileStatus::Rejected);
    !matches!(item.body, Body::Event(_))
        && item.audience.includes(MemberRole::Customer)
        && !rejected
}

impl World {
    pub(super) fn page_acts(&mut self, at: usize) {
        let page = &self.net.pages[at];
        if page.asked.is_some() {
            return;
        }
        let (socket, subscribed) = (page.socket, page.subscribed);
        if page.participant_token.is_none() {
            if let Some(socket) = socket {
                self.hang_up(socket);
                self.net.pages[at].lost_socket(socket);
            }
            return self.page_asks(at, Asked::Start);
        }
        if page.connection_token.is_none() || self.draw.below(60) == 0 {
            return self.page_asks(at, Asked::Connection);
        }
        let Some(socket) = socket else {
            let next = if self.net.pages[at].url.is_some() && self.draw.below(6) > 0 {
                Asked::Socket
            } else {
                Asked::Connection
            };
            return self.page_asks(at, next);
        };
        if !subscribed {
            return self
                .text(socket, r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#);
        }
        match self.draw.below(60) {
            0 => {
                self.hang_up(socket);
                self.net.pages[at].lost_socket(socket);
            }
            1 => self.text(socket, r#"{"topic":"aws/heartbeat"}"#),
            2 => self.text(socket, "nonsense"),
            3 => self.page_asks(at, Asked::Disconnect),
            4..12 => self.page_asks(at, Asked::Event),
            12..20 => self.page_asks(at, Asked::Transcript),
            20..40 => {
                let waiting = self.net.pages[at]
                    .messages
                    .iter()
                    .find(|(_, m)| m.item.is_none())
                    .map(|(token, _)| token.clone());
                // What was not acknowledged is sent again; now and then what was, too.
                let again = waiting.or_else(|| {
                    if self.draw.below(6) == 0 {
                        self.net.pages[at].messages.keys().next().cloned()
                    } else {
                        None
                    }
                });
                let token = again.unwrap_or_else(|| {
                    let token = format!("token-{}-{}", self.draw.next(), at);
                    let text = format!("page {at} says {token}");
                    self.net.pages[at].messages.insert(token.clone(), Message { text, item: None });
                    token
                });
                self.page_asks(at, Asked::Message(token));
            }
            _ => {}
        }
    }

    fn page_asks(&mut self, at: usize, asked: Asked) {
        let page = &self.net.pages[at];
        let (path, token, body) = match &asked {
            Asked::Start => {
                let name = format!("page {at}");
                ("/start-chat/page", None, json!({"ParticipantDetails": {"DisplayName": name}}))
            }
            Asked::Connection => {
                let body = json!({"Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"], "ConnectParticipant": self.draw.below(4) == 0});
                ("/participant/connection", page.participant_token.clone(), body)
            }
            Asked::Socket => ("", None, Value::Null),
            Asked::Message(token) => {
                let text = &page.messages[token].text;
                (
                    "/participant/message",
                    page.connection_token.clone(),
                    json!({"ContentType": "text/plain", "Content": text, "ClientToken": token}),
                )
            }
            Asked::Event => {
                let typing = "application/vnd.amazonaws.connect.event.typing";
                (
                    "/participant/event",
                    page.connection_token.clone(),
                    json!({"ContentType": typing}),
                )
            }
            Asked::Transcript => (
                "/participant/transcript",
                page.connection_token.clone(),
                json!({"MaxResults": 100, "SortOrder": "ASCENDING"}),
            ),
            Asked::Disconnect => {
                ("/participant/disconnect", page.connection_token.clone(), json!({}))
            }
        };
        let mut headers = vec![
            ("host".to_owned(), "chat.example".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        headers.extend(token.map(|token| ("x-amz-bearer".to_owned(), token)));
        let (mut method, mut path, mut query) = ("POST", path.to_owned(), String::new());
        if asked == Asked::Socket {
            let url = page.url.clone().unwrap_or_default();
            let (before, after) = url.split_once('?').unwrap_or((&url, ""));
            (method, path, query) = ("GET", before.to_owned(), after.to_owned());
            headers.push(("upgrade".to_owned(), "websocket".to_owned()));
            if let Some(socket) = page.socket {
                self.hang_up(socket);
            }
        }
        let number = u8::try_from(at).unwrap_or(0);
        let head = Head {
            method: method.to_owned(),
            path,
            query,
            headers,
            tls: true,
            peer: [192, 0, 2, number].into(),
        };
        self.net.pages[at].asked = Some(asked);
        self.request(
            at,
            Request {
                head,
                body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            },
        );
    }

    pub(super) fn page_is_answered(&mut self, at: usize, response: &Response) {
        let Some(asked) = self.net.pages[at].asked.take() else { return };
        let body: Value = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        let told = String::from_utf8_lossy(&response.body);
        assert!(
            matches!(response.status, 200 | 204 | 400 | 402..=404 | 409 | 410 | 429 | 500 | 503),
            "{asked:?}: {} {told}",
            response.status
        );
        if response.status >= 500 {
            // Try again later, with the same token.
            return;
        }
        let page = &mut self.net.pages[at];
        if response.status >= 300 {
            if asked != Asked::Event {
                page.step_back();
            }
            return;
        }
        page.refused = 0;
        let text = |path: &str| body.pointer(path).and_then(Value::as_str).map(str::to_owned);
        match asked {
            Asked::Start => {
                page.participant_token = text("/data/startChatResult/ParticipantToken");
                page.room = text("/data/ContactId").and_then(|id| id.parse().ok());
                assert!(
                    page.participant_token.is_some() && page.room.is_some(),
                    "a start without a token: {told}"
                );
            }
            Asked::Connection => {
                page.connection_token = text("/ConnectionCredentials/ConnectionToken");
                page.url = text("/Websocket/Url")
                    .and_then(|url| Some(url.strip_prefix("wss://")?.split_once('/')?.1.to_owned()))
                    .map(|rest| format!("/{rest}"));
                assert!(
                    page.connection_token.is_some() && page.url.is_some(),
                    "a connection without a token: {told}"
                );
            }
            Asked::Message(token) => {
                let id: ItemId = text("/Id")
                    .and_then(|id| id.parse().ok())
                    .expect("a message is acknowledged with its id");
                let message = page.messages.get_mut(&token).expect("what is acknowledged was sent");
                let known =
                    self.check.views.item(id).expect("an acknowledged message is in the journal");
                assert!(
                    matches!(&known.body, Body::Message { text, .. } if **text == *message.text),
                    "a message is acknowledged as another"
                );
                assert!(
                    message.item.is_none_or(|before| before == id),
                    "a repeated message is acknowledged twice"
                );
                message.item = Some(id);
            }
            Asked::Transcript => self.page_reads(at, &body),
            Asked::Disconnect => *page = Page { socket: page.socket, ..Page::new(page.number) },
            Asked::Socket => panic!("a socket opened, and was answered {}", response.status),
            Asked::Event => {}
        }
    }

    /// The newest page of the transcript: in order, nothing missing, nothing twice, nothing of others.
    fn page_reads(&mut self, at: usize, body: &Value) {
        let page = &self.net.pages[at];
        let Some(room) = page.room else { return };
        let told =
            body.get("Transcript").and_then(Value::as_array).expect("a transcript has items");
        let ids: Vec<ItemId> =
            told.iter().filter_map(|item| item.get("Id")?.as_str()?.parse().ok()).collect();
        assert_eq!(ids.len(), told.len(), "every item has an id");
        let places: Vec<u32> = ids
            .iter()
            .map(|id| self.check.views.places.get(id).map(|(_, n)| *n).expect("an item is a line"))
            .collect();
        assert!(places.is_sorted_by(|a, b| a < b), "a transcript is out of order");
        let items = self.check.views.items.get(&room).map_or(&[][..], Vec::as_slice);
        for id in &ids {
            let item = self.check.views.item(*id).expect("an item is a line");
            assert!(
                item.room == room && item.audience.includes(MemberRole::Customer),
                "a page reads what is not for it: {:?}",
                item.body
            );
        }
        // The views have moved on since the question, perhaps; what lies between the ends must be whole.
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        let between = items.iter().filter(|i| shown(i) && (*first..=*last).contains(&i.n));
        for item in between {
            assert!(places.contains(&item.n), "line {} is missing in a transcript", item.n);
        }
        let whole = told.len() < 100 && body.get("NextToken").is_none();
        for message in page.messages.values().filter(|_| whole) {
            if let Some(n) =
                message.item.and_then(|id| self.check.views.places.get(&id)).map(|(_, n)| *n)
            {
                assert!(
                    places.contains(&n),
                    "an acknowledged message is missing in the transcript"
                );
            }
        }
    }

    /// A frame arrives.
    pub(super) fn page_hears(&mut self, at: usize, text: &Arc<str>) {
        let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
        let now_last = |world: &Self, room: RoomId| {
            world.check.views.items.get(&room).and_then(|i| i.last()).map_or(0, |i| i.n)
        };
        let topic = frame.get("topic").and_then(Value::as_str);
        let Some(room) = self.net.pages[at].room else { return };
        if topic == Some("aws/subscribe") {
            let last = now_last(self, room);
            let page = &mut self.net.pages[at];
            if !page.subscribed {
                (page.subscribed, page.heard, page.ended) = (true, last, false);
            }
        }
        if topic != Some("aws/chat") {
            return;
        }
        let page = &self.net.pages[at];
        assert!(page.subscribed, "a frame comes before its subscription");
        let content = frame.get("content").and_then(Value::as_str).expect("content is text");
        let content: Value = serde_json::from_str(content).expect("content is JSON");
        let id: ItemId = content
            .get("Id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok())
            .expect("an item has an id");
        let Some(item) = self.check.views.item(id).cloned() else {
            // Typing and receipts are no lines.
            assert!(
                content.get("Type").and_then(Value::as_str) != Some("MESSAGE"),
                "a message is shown that is not on disk"
            );
            return;
        };
        assert!(
            item.audience != Audience::Agents,
            "a page hears what is for agents alone: {:?}",
            item.body
        );
        assert_eq!(item.room, room, "a page hears another room");
        assert!(item.n > page.heard, "line {} is heard twice, or late", item.n);
        let missed = self.check.views.items[&room]
            .iter()
            .find(|i| shown(i) && i.n > page.heard && i.n < item.n);
        assert!(missed.is_none(), "line {} was never heard", missed.map_or(0, |i| i.n));
        let page = &mut self.net.pages[at];
        page.heard = item.n;
        page.ended |= matches!(item.body, Body::Event(Event::Ended));
    }

    /// With nothing on its way, every page that listens has heard everything.
    pub(super) fn check_pages(&self) {
        for page in &self.net.pages {
            let (Some(socket), Some(room), true, false) =
                (page.socket, page.room, page.subscribed, page.ended)
            else {
                continue;
            };
            if !self.net.is_drained(socket) {
                continue;
            }
            let missed = self
                .check
                .views
                .items
                .get(&room)
                .into_iter()
                .flatten()
                .find(|i| shown(i) && i.n > page.heard);
            assert!(
                missed.is_none(),
                "line {} was never heard on a socket that is open",
                missed.map_or(0, |i| i.n)
            );
        }
    }
}
