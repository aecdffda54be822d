//! The verbs, with a domain that answers by hand: what they ask of it, and what they make of its answers.

mod files;
mod transcript;

use super::*;
use crate::connect::site::{Fixed, head};
use crate::door::{AccessKey, RealmNo, Response, Settings, Site, mint};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::chance::Seeded;
use domain::command::{By, Command, Done};
use domain::contact::TextKind;
use domain::id::{ContactId, ItemId, ParticipantId, RoomId, TokenHash, Uuid};
use domain::query::{Answer, Holder, Query};
use domain::refusal::{Quota, Refusal};
use domain::room::{Audience, Body, Item, Member, MemberRole, Presence, TokenKind};
use domain::time::Millis;
use serde_json::{Value, json};
use std::sync::Arc;

const NOW: Millis = Millis(1_763_736_000_123);
const AT: &str = "2025-11-21T14:40:00.123Z";

fn id(n: u8) -> Uuid {
    Uuid::from_bytes([n; 16])
}

/// The fixed server, with seals: base64 of the text turned round, which is neither the text nor secret.
struct Sealing(Fixed);

impl Site for Sealing {
    fn settings(&self) -> &Settings {
        self.0.settings()
    }

    fn key(&self, id: &str) -> Option<AccessKey> {
        self.0.key(id)
    }

    fn realm(&self, name: &str) -> Option<RealmNo> {
        self.0.realm(name)
    }

    fn default_realm(&self) -> RealmNo {
        self.0.default_realm()
    }

    fn allow(&self, bucket: &str, rate: f64, burst: f64) -> bool {
        self.0.allow(bucket, rate, burst)
    }

    fn has(&self, _: &str, _: f64, _: f64) -> bool {
        true
    }

    fn unseal(&self, sealed: &str) -> Option<Vec<u8>> {
        Some(STANDARD.decode(sealed).ok()?.into_iter().rev().collect())
    }

    fn seal(&self, secret: &[u8]) -> String {
        STANDARD.encode(secret.iter().rev().copied().collect::<Vec<_>>())
    }
}

/// A caller with a token, and the server it calls.
struct World {
    site: Sealing,
    chance: Seeded,
    token: String,
    hash: TokenHash,
}

impl World {
    fn new() -> Self {
        let mut site = Sealing(Fixed::new());
        site.0.settings.file_types = vec![".png".to_owned(), ".txt".to_owned()];
        let mut chance = Seeded::new(5);
        let mut cx = Cx { now: NOW, chance: &mut chance, site: &site };
        let (token, hash) = mint(&mut cx, RealmNo(3));
        Self { site, chance, token, hash }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        act(&mut Cx { now: NOW, chance: &mut self.chance, site: &self.site })
    }

    fn request(&mut self, method: &str, path: &[&str], body: Vec<u8>) -> Step {
        let segments: Vec<String> = path.iter().map(|&s| s.to_owned()).collect();
        let mut head = head(method, &format!("/{}", path.join("/")));
        head.headers = vec![
            ("host".to_owned(), "localhost:8080".to_owned()),
            ("x-amz-bearer".to_owned(), self.token.clone()),
        ];
        let request = Request { head, body };
        self.with(|cx| handle(cx, &segments, request))
    }

    fn post(&mut self, verb: &str, body: &Value) -> Step {
        self.request("POST", &["participant", verb], body.to_string().into_bytes())
    }

    /// What one who may call is told, if nothing was done.
    fn refused(&mut self, verb: &str, body: &Value) -> (u16, String) {
        let step = self.post(verb, body);
        let step = match step {
            Step::Read(_, ref query, _) if matches!(**query, Query::Token(..)) => {
                self.answered(step, Ok(holder()))
            }
            step => step,
        };
        error(&reply(step))
    }

    fn done(&mut self, step: Step, outcome: Result<Done, Refusal>) -> Step {
        let Step::Do(RealmNo(3), _, _, then) = step else { panic!("a command was expected") };
        self.with(|cx| then(cx, outcome))
    }

    fn answered(&mut self, step: Step, answer: Result<Answer, Refusal>) -> Step {
        let Step::Read(RealmNo(3), _, then) = step else { panic!("a question was expected") };
        self.with(|cx| then(cx, answer))
    }
}

fn reply(step: Step) -> Response {
    let Step::Reply(response) = step else { panic!("an answer was expected") };
    let requests = response.headers.iter().filter(|(name, _)| *name == "x-amzn-requestid");
    assert_eq!(requests.count(), 1);
    response
}

fn error(response: &Response) -> (u16, String) {
    let shape = response.headers.iter().find(|(name, _)| *name == "x-amzn-errortype");
    (response.status, shape.map(|(_, shape)| shape.clone()).unwrap_or_default())
}

fn json_of(step: Step) -> Value {
    let response = reply(step);
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    serde_json::from_slice(&response.body).unwrap()
}

fn command(step: &Step) -> &Command {
    let Step::Do(_, _, command, _) = step else { panic!("a command was expected") };
    command
}

fn query(step: &Step) -> &Query {
    let Step::Read(_, query, _) = step else { panic!("a question was expected") };
    query
}

fn holder() -> Answer {
    let member = Member {
        id: ParticipantId(id(1)),
        role: MemberRole::Customer,
        name: "Jane".into(),
        user: None,
        number: None,
        presence: Presence::Joined,
        silent: false,
        since: NOW,
        delivered: 0,
        delivered_at: Millis(0),
        read: 0,
    };
    let (room, contact) = (RoomId(id(9)), ContactId(id(9)));
    Answer::Holder(Box::new(Holder { room, contact, member, until: NOW }))
}

fn denied() -> (u16, String) {
    (403, "AccessDeniedException".to_owned())
}

fn invalid() -> (u16, String) {
    (400, "ValidationException".to_owned())
}

#[test]
fn row_32_no_bearer_or_garbage_is_403_everywhere() {
    let mut world = World::new();
    for bad in ["", "garbage", &"A".repeat(46)[1..]] {
        world.token = bad.to_owned();
        for operation in OPERATIONS.iter().filter(|o| o.method == "POST") {
            assert_eq!(world.refused(operation.path, &json!({})), denied(), "{}", operation.cause);
        }
        let view = world.request("GET", &["participant", "views", "v"], Vec::new());
        assert_eq!(error(&reply(view)), denied());
    }
}

#[test]
fn rows_65_and_66_whoever_may_not_call_learns_that_first() {
    let mut world = World::new();
    for operation in OPERATIONS.iter().filter(|o| o.method == "POST" && o.path != "rating") {
        let step =
            world.post(operation.path, &json!({"Type": 1, "ClientToken": 1, "MaxResults": 101}));
        let kind = match operation.path {
            "connection" => TokenKind::Participant,
            _ => TokenKind::Connection,
        };
        assert_eq!(*query(&step), Query::Token(world.hash, kind), "{}", operation.cause);
        let step = world.answered(step, Err(Refusal::ChatEnded));
        assert_eq!(error(&reply(step)), denied(), "{}", operation.cause);
    }
}

#[test]
fn what_is_no_operation_is_404() {
    let mut world = World::new();
    for (method, path) in [
        ("GET", &["participant", "message"][..]),
        ("POST", &["participant"]),
        ("POST", &["participant", "message", "more"]),
        ("POST", &["participant", "upload", "x"]),
        ("POST", &["chat", "socket"]),
        ("GET", &["chat", "other"]),
    ] {
        let step = world.request(method, path, b"{}".to_vec());
        assert_eq!(error(&reply(step)), (404, "UnknownOperationException".to_owned()), "{path:?}");
    }
}

#[test]
fn an_empty_bucket_is_429() {
    let mut world = World::new();
    let rate = crate::door::Rate { per_second: 10.0, burst: 15.0 };
    world.site.0.settings.rates.insert("participant.SendMessage".to_owned(), rate);
    world.site.0.left.set(1);
    let hi = json!({"ContentType": "text/plain", "Content": "hi"});
    // A stranger, however many tokens they make up, has no bucket; the domain turns them away.
    let step = world.post("message", &hi);
    assert_eq!(*query(&step), Query::Token(world.hash, TokenKind::Connection));
    assert!(matches!(world.answered(step, Err(Refusal::BadToken)), Step::Do(..)));
    assert_eq!(world.site.0.left.get(), 1, "nothing was taken from any bucket");
    let step = world.post("message", &hi);
    assert!(matches!(world.answered(step, Ok(holder())), Step::Do(..)));
    let step = world.post("message", &hi);
    let step = world.answered(step, Ok(holder()));
    assert_eq!(error(&reply(step)), (429, "ThrottlingException".to_owned()));
    let typing = json!({"ContentType": "application/vnd.amazonaws.connect.event.typing"});
    assert!(matches!(world.post("event", &typing), Step::Do(..)), "no rate is set for it");
}

#[test]
fn row_24_a_connection_has_the_parts_that_were_asked_for() {
    let mut world = World::new();
    let both = json!({"Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"]});
    let step = world.post("connection", &both);
    let Command::Connect { token, grants, arrive: false } = command(&step).clone() else {
        panic!()
    };
    assert_eq!(token, world.hash);
    let kinds: Vec<_> = grants.iter().map(|g| (g.kind, g.until.since(NOW).0 / 1_000)).collect();
    assert_eq!(kinds, [(TokenKind::Socket, 100), (TokenKind::Connection, 86_400)]);
    let connected =
        Done::Connected { participant: ParticipantId(id(1)), contact: ContactId(id(9)) };
    let step = world.done(step, Ok(connected.clone()));
    let got = json_of(step);
    let url = got["Websocket"]["Url"].as_str().unwrap();
    let secret = url.strip_prefix("ws://127.0.0.1:8080/chat/socket?t=").unwrap();
    assert_eq!(crate::door::open(secret).unwrap().1, grants[0].token);
    let token = got["ConnectionCredentials"]["ConnectionToken"].as_str().unwrap();
    assert_eq!(crate::door::open(token).unwrap().1, grants[1].token);
    assert_eq!(got["Websocket"]["ConnectionExpiry"], "2025-11-21T15:40:00.123Z");
    assert_eq!(got["ConnectionCredentials"]["Expiry"], "2025-11-22T14:40:00.123Z");

    let step = world.post("connection", &json!({"Type": ["CONNECTION_CREDENTIALS"]}));
    let step = world.done(step, Ok(connected.clone()));
    assert!(json_of(step).get("Websocket").is_none(), "row 25");
    let step = world.post("connection", &json!({"ConnectParticipant": true, "Type": null}));
    assert!(
        matches!(command(&step), Command::Connect { arrive: true, grants, .. } if grants.is_empty())
    );
    let step = world.done(step, Ok(connected));
    assert_eq!(json_of(step), json!({}));
    for bad in [
        json!({}),
        json!({"ConnectParticipant": false}),
        json!({"Type": []}),
        json!({"Type": ["SMOKE_SIGNALS"]}),
    ] {
        assert_eq!(world.refused("connection", &bad), invalid(), "{bad}");
    }
}

#[test]
fn row_66_no_connection_after_the_end() {
    let mut world = World::new();
    for refusal in [Refusal::ChatEnded, Refusal::BadToken] {
        let step = world.post("connection", &json!({"ConnectParticipant": true}));
        let step = world.done(step, Err(refusal));
        assert_eq!(error(&reply(step)), denied());
    }
    let step = world.post("connection", &json!({"ConnectParticipant": true}));
    let step = world.done(step, Err(Refusal::Quota { what: Quota::Tokens, most: 500 }));
    assert_eq!(reply(step).status, 429);
}

#[test]
fn row_44_a_message_has_at_most_16384_bytes() {
    let mut world = World::new();
    let plain = |text: &str| json!({"ContentType": "text/plain", "Content": text});
    let longest = "한".repeat(5_461) + "a";
    for text in ["a", " \n", &"a".repeat(16_384), &longest] {
        let step = world.post("message", &plain(text));
        let Command::Say { text: said, kind, audience, key, by } = command(&step) else { panic!() };
        assert_eq!((&**said, *kind, *audience), (text, TextKind::Plain, Audience::All));
        assert_eq!((*key, *by), (None, By::Token(world.hash)));
    }
    for text in ["", &"a".repeat(16_385), &(longest + "a")] {
        assert_eq!(world.refused("message", &plain(text)), invalid(), "{} bytes", text.len());
    }
}

#[test]
fn a_message_must_be_what_it_says_it_is() {
    let mut world = World::new();
    let interactive = "application/vnd.amazonaws.connect.message.interactive";
    for (kind, text, good) in [
        ("text/markdown", "**", true),
        ("application/json", "{\"a\":[1]}", true),
        ("application/json", "{a}", false),
        ("application/json", "{} {}", false),
        (interactive, "{}", true),
        (interactive, "x", false),
        ("application/vnd.amazonaws.connect.message.interactive.response", "x", false),
        ("text/html", "x", false),
        ("", "x", false),
    ] {
        let step = world.post("message", &json!({"ContentType": kind, "Content": text}));
        assert_eq!(matches!(step, Step::Do(..)), good, "{kind} {text}");
    }
    let long = json!({"ContentType": "text/plain", "Content": "x", "ClientToken": "t".repeat(501)});
    assert_eq!(world.refused("message", &long), invalid());
    assert_eq!(world.refused("message", &json!({"Content": "x"})), invalid());
    let step = world.request("POST", &["participant", "message"], b"[1]".to_vec());
    let step = world.answered(step, Ok(holder()));
    assert_eq!(error(&reply(step)), (400, "SerializationException".to_owned()));
}

#[test]
fn row_43_a_client_token_is_a_key() {
    let mut world = World::new();
    let mut key = |token: &str| {
        let body = json!({"ContentType": "text/plain", "Content": "x", "ClientToken": token});
        let step = world.post("message", &body);
        let Command::Say { key, .. } = command(&step) else { panic!() };
        *key
    };
    assert_eq!(key("a"), key("a"));
    assert_ne!(key("a"), key("b"));
    assert_eq!(key(""), None);
}

#[test]
fn row_45_what_the_contact_cannot_show_is_400() {
    let mut world = World::new();
    let body = json!({"ContentType": "text/markdown", "Content": "x"});
    let step = world.post("message", &body);
    let step = world.done(step, Err(Refusal::UnsupportedText));
    assert_eq!(error(&reply(step)), invalid());
    let step = world.post("message", &body);
    let step = world.done(step, Ok(Done::Posted { item: ItemId(id(7)), n: 3, at: NOW }));
    assert_eq!(json_of(step), json!({"Id": id(7).to_string(), "AbsoluteTime": AT}));
}

#[test]
fn rows_47_to_49_events_are_known_by_their_names() {
    let mut world = World::new();
    let e = |name: &str| json!({"ContentType": format!("application/vnd.amazonaws.connect.event.{name}")});
    let step = world.post("event", &e("typing"));
    let typing = Command::Typing { by: By::Token(world.hash), audience: Audience::All, key: None };
    assert_eq!(*command(&step), typing);
    let step = world.done(step, Ok(Done::Posted { item: ItemId(id(7)), n: 0, at: NOW }));
    assert_eq!(json_of(step)["Id"], id(7).to_string());
    let step = world.post("event", &e("connection.acknowledged"));
    assert_eq!(*query(&step), Query::Token(world.hash, TokenKind::Connection));
    let step = world.answered(step, Ok(holder()));
    assert_eq!(json_of(step)["AbsoluteTime"], AT);
    for name in ["participant.joined", "chat.ended", "", "message.metadata"] {
        assert_eq!(world.refused("event", &e(name)), invalid(), "{name}");
    }
    assert_eq!(world.refused("event", &json!({"ContentType": "typing"})), invalid());
}

#[test]
fn row_54_a_receipt_names_a_message_as_text_or_as_an_object() {
    let mut world = World::new();
    let e = "application/vnd.amazonaws.connect.event.message.read";
    let named = id(7).to_string();
    for content in [
        json!(format!(r#"{{"messageId":"{named}"}}"#)),
        json!({"messageId": named, "disableThrottle": true}),
    ] {
        let step = world.post("event", &json!({"ContentType": e, "Content": content}));
        let step = world.answered(step, Ok(holder()));
        let (by, item) = (By::Token(world.hash), ItemId(id(7)));
        let mark = Command::Mark { by, item, read: true, key: None };
        assert_eq!(*command(&step), mark);
        let step = world.done(step, Ok(Done::Posted { item: ItemId(id(8)), n: 0, at: NOW }));
        let shown = crate::connect::item::receipt_id(ParticipantId(id(1)), ItemId(id(7)), true);
        assert_eq!(json_of(step), json!({"Id": shown.to_string(), "AbsoluteTime": AT}));
    }
    for bad in [
        json!(null),
        json!("x"),
        json!("{}"),
        json!({"messageId": "x"}),
        json!({"messageId": 1}),
        json!(1),
    ] {
        let body = json!({"ContentType": e, "Content": bad});
        assert_eq!(world.refused("event", &body), invalid(), "{bad}");
    }
    for (refusal, status) in [(Refusal::NoSuchItem, 400), (Refusal::ManyMembers, 409)] {
        let content = json!({"messageId": named});
        let step = world.post("event", &json!({"ContentType": e, "Content": content}));
        let step = world.answered(step, Ok(holder()));
        let step = world.done(step, Err(refusal));
        assert_eq!(reply(step).status, status);
    }
}

#[test]
fn leaving_is_a_wish_with_a_key() {
    let mut world = World::new();
    let step = world.post("disconnect", &json!({"ClientToken": "t"}));
    assert!(matches!(command(&step), Command::Leave { key: Some(_), .. }));
    let step = world.done(step, Ok(Done::Ok));
    assert_eq!(json_of(step), json!({}));
    let step = world.request("POST", &["participant", "disconnect"], Vec::new());
    assert!(matches!(command(&step), Command::Leave { key: None, .. }));
}

#[test]
fn there_are_no_views_and_no_log_ins_yet() {
    let mut world = World::new();
    let step = world.request("GET", &["participant", "views", "a/b="], Vec::new());
    let step = world.answered(step, Ok(holder()));
    let response = reply(step);
    assert_eq!(error(&response), (404, "ResourceNotFoundException".to_owned()));
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!((&body["ResourceId"], &body["ResourceType"]), (&json!("a/b="), &json!("VIEW")));
    let session = id(1).to_string();
    let body = json!({"SessionId": session, "RedirectUri": "https://a.test/"});
    for verb in ["authentication-url", "cancel-authentication"] {
        let step = world.post(verb, &body);
        let step = world.answered(step, Ok(holder()));
        assert_eq!(error(&reply(step)), invalid());
        let step = world.post(verb, &body);
        let step = world.answered(step, Err(Refusal::BadToken));
        assert_eq!(error(&reply(step)), denied());
        let short = json!({"SessionId": "x", "RedirectUri": "https://a.test/"});
        assert_eq!(world.refused(verb, &short), invalid());
    }
}
