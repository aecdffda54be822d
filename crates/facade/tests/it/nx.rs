//! The web chat against a real node: its frames as they are, what they cost, and what they never tell.

use crate::harness::{FLOW, INSTANCE, OTHER_INSTANCE, Outcome, World, request};
use domain::agent::{AgentState, Channel};
use domain::command::{By, Command, Done};
use domain::directory::{Bot, BotKind, Device, Entry, Flow, Queue, Service, Target, User};
use domain::id::{ContactId, TokenHash};
use domain::query::{Answer, Query};
use domain::room::Audience;
use domain::time::Millis;
use facade::door::{Head, RealmNo};
use facade::nx::{self, Arrival, Lobby};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;

struct Pages {
    world: World,
    lobby: Arc<Lobby>,
    /// A session of agent 1001.
    session: TokenHash,
}

impl Pages {
    /// The shop with agent 1001 at telephone 1001, an echo at 3999 and a number that never answers.
    fn new() -> Self {
        let mut world = World::new();
        let Ok(Answer::Directory(directory)) = world.ask(Query::Directory) else { panic!() };
        let known = directory.users["1001"].as_ref().clone();
        world.put(Entry::Device(Device { public: true, ..Device::new("1001") }));
        world.put(Entry::User(User {
            extension: Some("1001".into()),
            password: Some("hash".into()),
            ..known
        }));
        let silent = Device { service: Some(Service::Silent), public: true, ..Device::new("3996") };
        world.put(Entry::Device(silent));
        world.put(Entry::Bot(Bot {
            id: "3999".into(),
            name: "메아리".into(),
            kind: BotKind::Echo,
        }));
        world.put(Entry::Flow(Flow {
            id: "5a9d0000-0000-4000-8000-000000003999".parse().unwrap(),
            name: "메아리".into(),
            greeting: None,
            target: Target::Bot("3999".into()),
            linger: Millis(0),
        }));
        let session = TokenHash([200; 32]);
        world
            .run(Command::LogIn {
                user: "1001".into(),
                session,
                proof: domain::command::Proof::Password,
            })
            .unwrap();
        let mut pages = Self { world, lobby: Arc::new(Lobby::new(0, 0)), session };
        pages.state(AgentState::Ready);
        pages
    }

    fn state(&mut self, state: AgentState) {
        let channels = [Channel::Chat].into();
        self.world.run(Command::State { agent: "1001".into(), channels, state }).unwrap();
    }

    /// Opens a socket.
    fn page(&mut self) -> usize {
        let head = Head {
            method: "GET".into(),
            path: "/".into(),
            query: String::new(),
            headers: vec![("host".into(), "chat.test:6080".into())],
            tls: false,
            peer: IpAddr::from([10, 0, 0, 1]),
        };
        let arrival = Arrival::new(&self.world.site.settings, &head, RealmNo(0));
        self.world.session(nx::open(arrival, self.lobby.clone()), RealmNo(0))
    }

    fn send(&mut self, at: usize, frame: &Value) -> Vec<Value> {
        self.world.text(at, &frame.to_string());
        self.told(at)
    }

    /// What came since the last look.
    fn told(&mut self, at: usize) -> Vec<Value> {
        let frames = self.world.frames(at);
        frames.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    fn open(&mut self, at: usize, id: u32, dn: &str) -> Vec<Value> {
        let open =
            json!({"t": "open", "id": id, "realm": INSTANCE, "dn": dn, "tel": "01012345678"});
        self.send(at, &open)
    }

    /// A socket with a joined room: its frames.
    fn joined(&mut self, dn: &str) -> (usize, Vec<Value>) {
        let at = self.page();
        let frames = self.open(at, 1, dn);
        assert!(kinds(&frames).contains(&"joined".to_owned()), "{frames:?}");
        (at, frames)
    }

    fn say(&mut self, at: usize, text: &str) -> Vec<Value> {
        let content = json!({"type": "text", "message": text});
        self.send(at, &json!({"t": "say", "id": 1, "key": text, "content": content}))
    }

    /// The contact that agent 1001 is offered, or has.
    fn contact(&mut self) -> ContactId {
        match self.world.ask(Query::Desk("1001".into())) {
            Ok(Answer::Desk(_, contacts, _)) => contacts.last().expect("a contact").contact.id,
            other => panic!("{other:?}"),
        }
    }

    fn accept(&mut self) -> ContactId {
        let contact = self.contact();
        self.world.run(Command::Accept { agent: "1001".into(), contact }).unwrap();
        contact
    }

    fn agent_says(&mut self, contact: ContactId, text: &str, audience: Audience) {
        let by = By::Session(self.session, contact);
        let (kind, text) = (domain::contact::TextKind::Plain, text.into());
        let said = self.world.run(Command::Say { by, kind, text, audience, key: None });
        assert!(matches!(said, Ok(Done::Posted { .. })), "{said:?}");
    }
}

fn kinds(frames: &[Value]) -> Vec<String> {
    frames.iter().map(|frame| frame["t"].as_str().unwrap().to_owned()).collect()
}

fn find<'a>(frames: &'a [Value], kind: &str) -> &'a Value {
    frames.iter().find(|frame| frame["t"] == kind).unwrap_or_else(|| panic!("{kind}: {frames:?}"))
}

fn messages(frames: &[Value]) -> Vec<&str> {
    let said = frames.iter().filter(|frame| frame["t"] == "said");
    said.filter_map(|frame| frame["content"]["message"].as_str()).collect()
}

#[test]
fn a_queue_answers_with_these_bytes() {
    let mut pages = Pages::new();
    let at = pages.page();
    pages.open(at, 7, "1000");
    let at = pages.page();
    let open = json!({"t": "open", "id": 7, "realm": INSTANCE, "dn": "3001", "tel": "a@b"});
    pages.world.text(at, &open.to_string());
    let frames = pages.world.frames(at);
    assert_eq!(frames[0], r#"{"t":"trying","id":7}"#);
    assert_eq!(frames[1], r#"{"t":"ringing","id":7,"desc":"Ringing"}"#);
    let joined: Value = serde_json::from_str(&frames[2]).unwrap();
    let secret = |name: &str| joined[name].as_str().unwrap();
    let expected = format!(
        r#"{{"t":"joined","id":7,"cid":"{}","resume":"{}","upload":"{}","agent":"","seq":3,"resumed":false}}"#,
        secret("cid"),
        secret("resume"),
        secret("upload")
    );
    assert_eq!(frames[2], expected);
    assert!(secret("upload").starts_with("http://chat.test/"), "{expected}");
    assert_eq!(
        frames[3],
        r#"{"t":"said","id":7,"seq":2,"dn":"system","own":false,"content":{"type":"text","message":"안녕하세요"},"agent":"","at":"2025-11-21T14:40:00.001Z"}"#
    );
    // The place is asked for once the room is there, and told while nobody is asked.
    assert!(frames[4..].iter().all(|frame| frame.contains("\"place\"")), "{frames:?}");
    pages
        .world
        .text(at, r#"{"t":"say","id":7,"key":"k","content":{"type":"text","message":"네"}}"#);
    assert_eq!(pages.world.frames(at), [r#"{"t":"stored","id":7,"key":"k","seq":4}"#]);
    pages.world.text(at, r#"{"t":"close","id":7}"#);
    let end = r#"{"t":"closed","id":7,"code":0,"desc":"Call terminated"}"#;
    assert_eq!(pages.world.frames(at), [end]);
}

#[test]
fn an_agent_who_says_no_or_nothing_ends_the_attempt() {
    let mut pages = Pages::new();
    let at = pages.page();
    assert_eq!(kinds(&pages.open(at, 1, "1001")), ["trying", "ringing"]);
    let contact = pages.contact();
    pages.world.run(Command::Refuse { agent: "1001".into(), contact }).unwrap();
    let closed = pages.told(at);
    assert_eq!(
        (closed.len(), &closed[0]["code"], &closed[0]["desc"]),
        (1, &603.into(), &"Decline".into())
    );
    pages.state(AgentState::Ready);
    pages.open(at, 2, "1001");
    pages.world.pass(Millis::from_secs(46));
    let closed = pages.told(at);
    assert_eq!(find(&closed, "closed")["code"], 408);
    let open = pages.open(at, 3, "1001");
    assert_eq!(find(&open, "closed")["code"], 480, "not ready any more");
}

#[test]
fn a_number_that_never_answers_rings_for_half_a_minute() {
    let mut pages = Pages::new();
    let at = pages.page();
    assert_eq!(kinds(&pages.open(at, 1, "3996")), ["trying", "ringing"]);
    pages.world.pass(Millis::from_secs(29));
    assert!(pages.told(at).is_empty());
    pages.world.pass(Millis::from_secs(2));
    let told = pages.told(at);
    assert_eq!(find(&told, "closed")["desc"], "Request Timeout");
}

#[test]
fn a_page_is_asked_for_signs_of_life_and_an_empty_socket_is_closed() {
    let mut pages = Pages::new();
    let (at, _) = pages.joined("3999");
    pages.world.pass(Millis::from_secs(95));
    assert_eq!(kinds(&pages.told(at)), ["ping"; 3]);
    pages.send(at, &json!({"t": "pong"}));
    pages.world.pass(Millis::from_mins(30));
    assert_eq!(pages.world.closed(at), None, "a room keeps its socket");
    pages.send(at, &json!({"t": "close", "id": 1}));
    pages.world.pass(Millis::from_secs(290));
    assert_eq!(pages.world.closed(at), None);
    pages.world.pass(Millis::from_secs(40));
    assert_eq!(pages.world.closed(at).map(|(code, _)| code), Some(1000));
}

#[test]
fn a_long_room_is_replayed_in_order_page_by_page() {
    let mut pages = Pages::new();
    let (at, frames) = pages.joined("3999");
    let token = find(&frames, "joined")["resume"].as_str().unwrap().to_owned();
    for n in 0..130 {
        pages.say(at, &format!("m{n}"));
    }
    let other = pages.page();
    let resume = json!({"t": "resume", "id": 4, "token": token, "seq": 0, "keys": ["m5", "new"]});
    let told = pages.send(other, &resume);
    assert_eq!(kinds(&told)[..2], ["joined", "stored"]);
    let said: Vec<&Value> = told.iter().filter(|frame| frame["t"] == "said").collect();
    assert_eq!(said.len(), 260, "each, and its echo");
    let seqs: Vec<u64> = said.iter().map(|frame| frame["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    assert_eq!(said[0]["own"], true);
    assert_eq!(said[1]["dn"], "bot");
    // What is said on one socket comes to the other, and not back.
    assert_eq!(
        kinds(&pages.say(at, "live")),
        ["said", "stored"],
        "the echo, and that it is stored"
    );
    assert_eq!(messages(&pages.told(other)), ["live", "live"]);
}

#[test]
fn what_is_for_agents_alone_never_reaches_a_page() {
    let mut pages = Pages::new();
    let (at, frames) = pages.joined("3001");
    let token = find(&frames, "joined")["resume"].as_str().unwrap().to_owned();
    let contact = pages.accept();
    let came = pages.told(at);
    assert_eq!(find(&came, "moved")["agent"], "1001");
    assert_eq!(find(&came, "said")["content"]["message"], "상담사 김서연님이 입장했습니다.");
    pages.agent_says(contact, "a whisper", Audience::Agents);
    pages.agent_says(contact, "a word", Audience::All);
    let told = pages.told(at);
    assert_eq!(messages(&told), ["a word"]);
    assert_eq!((&told[0]["dn"], &told[0]["agent"]), (&"1001".into(), &"1001".into()));
    let to = json!({"t": "say", "id": 1, "key": "w", "content": {"type": "text", "message": "to agents"}, "to": "agent"});
    assert_eq!(kinds(&pages.send(at, &to)), ["stored"]);
    let other = pages.page();
    let told = pages.send(other, &json!({"t": "resume", "id": 1, "token": token, "seq": 0}));
    let all = messages(&told).join(" ");
    assert!(!all.contains("whisper") && !all.contains("to agents"), "{all}");
    pages
        .world
        .run(Command::Monitor { contact, user: "9001".into(), barge: false, key: None })
        .unwrap();
    assert!(pages.told(at).is_empty(), "a silent supervisor is not told of");
}

#[test]
fn one_socket_serves_one_realm_at_a_time() {
    let mut pages = Pages::new();
    let at = pages.page();
    let elsewhere =
        json!({"t": "open", "id": 1, "realm": OTHER_INSTANCE, "dn": "3001", "tel": "a"});
    let told = pages.send(at, &elsewhere);
    assert_eq!(find(&told, "closed")["code"], 404, "there is no such number");
    assert_eq!(kinds(&pages.open(at, 2, "3999"))[2], "joined");
    let mut again = elsewhere;
    again["id"] = 3.into();
    let told = pages.send(at, &again);
    assert_eq!(find(&told, "closed")["code"], 404, "not while rooms of another are open");
    assert_eq!(kinds(&pages.open(at, 4, "3999"))[2], "joined");
}

#[test]
fn an_address_has_so_many_chats_and_gets_back_what_it_leaves() {
    let mut pages = Pages::new();
    pages.lobby = Arc::new(Lobby::new(2, 30));
    let (at, other) = (pages.page(), pages.page());
    pages.open(at, 1, "3999");
    pages.open(other, 1, "3999");
    let told = pages.open(at, 2, "3999");
    let full = r#"{"t":"closed","id":2,"code":503,"desc":"Service Unavailable","retry":60}"#;
    assert_eq!(told[1].to_string(), serde_json::from_str::<Value>(full).unwrap().to_string());
    pages.world.hang_up(other);
    drop(std::mem::replace(&mut pages.lobby, Arc::new(Lobby::new(0, 0))));
    pages.send(at, &json!({"t": "close", "id": 1}));
    assert_eq!(kinds(&pages.open(at, 3, "3999"))[2], "joined", "its own place came free");
    pages.world.site.left.set(0);
    let told = pages.open(at, 4, "3999");
    assert_eq!(find(&told, "closed")["code"], 503, "thirty new ones a minute");
}

#[test]
fn an_unanswered_question_is_told_of_and_ends_the_chat() {
    let mut pages = Pages::new();
    let (at, _) = pages.joined("3001");
    let contact = pages.accept();
    pages.agent_says(contact, "계신가요?", Audience::All);
    pages.told(at);
    pages.world.pass(Millis::from_secs(301));
    let told = pages.told(at);
    assert!(messages(&told)[0].contains("답변을 기다리고"), "{told:?}");
    pages.world.pass(Millis::from_secs(301));
    let told = pages.told(at);
    assert_eq!(find(&told, "closed")["code"], 0);
}

#[test]
fn who_is_asked_how_it_went_gets_a_link_before_the_end() {
    let mut pages = Pages::new();
    pages.world.put(Entry::Queue(Queue { rating: true, ..Queue::new("3001", "대표", 401) }));
    let (at, frames) = pages.joined("3001");
    let token = find(&frames, "joined")["resume"].as_str().unwrap().to_owned();
    pages.accept();
    let said = pages.say(at, "bye");
    let seq = said.last().unwrap()["seq"].clone();
    let ended = pages.send(at, &json!({"t": "close", "id": 1}));
    let [.., asked, closed] = &ended[..] else { panic!("{ended:?}") };
    assert_eq!(asked["content"]["links"][0]["url"], closed["rate"]);
    let url = closed["rate"].as_str().unwrap().to_owned();
    let (_, path) = url.split_once("chat.test").unwrap();
    // Whoever was away meanwhile is asked, too.
    let late = pages.page();
    let told = pages.send(late, &json!({"t": "resume", "id": 1, "token": token, "seq": seq}));
    assert_eq!(find(&told, "closed")["rate"], closed["rate"]);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for (form, status) in [("score=0", 400), ("", 400), ("score=5", 204)] {
        let post = request("POST", path, &[kind], form);
        let Outcome::Answer(answer) = pages.world.exchange(facade::route::handle, post) else {
            panic!()
        };
        assert_eq!(answer.status, status, "{form}");
    }
    let Ok(Answer::Contacts(all)) = pages
        .world
        .ask(Query::Contacts(domain::query::ContactFilter { limit: 10, ..Default::default() }))
    else {
        panic!()
    };
    assert_eq!(all[0].rating, Some(5));
    assert_eq!(FLOW.parse(), Ok(all[0].flow), "the queue's own flow greeted");
}

#[test]
fn a_room_that_has_left_the_memory_opens_to_no_token() {
    let mut pages = Pages::new();
    let (at, frames) = pages.joined("3999");
    let token = find(&frames, "joined")["resume"].as_str().unwrap().to_owned();
    pages.send(at, &json!({"t": "close", "id": 1}));
    pages.world.pass(Millis::from_mins(11));
    let other = pages.page();
    let told = pages.send(other, &json!({"t": "resume", "id": 1, "token": token, "seq": 3}));
    assert_eq!(told, [json!({"t": "closed", "id": 1, "code": 403, "desc": "Forbidden"})]);
}

#[test]
fn files_need_a_rooms_own_token_and_are_named_so_that_nobody_guesses() {
    let mut pages = Pages::new();
    pages.world.site.settings.file_types = vec![".png".to_owned()];
    let (at, frames) = pages.joined("3999");
    let upload = find(&frames, "joined")["upload"].as_str().unwrap().to_owned();
    let (_, path) = upload.split_once("chat.test").unwrap();
    let png = "\u{89}PNG\r\n\u{1a}\n";
    let bytes: Vec<u8> = png.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let post = |world: &mut World, path: &str, body: &[u8]| {
        let mut post = request("POST", path, &[], "");
        post.body = body.to_vec();
        let Outcome::Answer(answer) = world.exchange(facade::route::handle, post) else { panic!() };
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap_or_default())
    };
    assert_eq!(post(&mut pages.world, "/call-message/upload", &bytes).0, 401);
    assert_eq!(post(&mut pages.world, path, b"").0, 400, "no file");
    assert_eq!(post(&mut pages.world, path, b"<svg><script>").0, 415);
    let (status, entry) = post(&mut pages.world, path, &bytes);
    assert_eq!(
        (status, &entry["mime_type"], &entry["size"]),
        (200, &"image/png".into(), &8.into())
    );
    let say =
        json!({"t": "say", "id": 1, "key": "f", "content": {"type": "file", "file_data": [entry]}});
    assert_eq!(kinds(&pages.send(at, &say)), ["stored"]);
    let name = entry["url"].as_str().unwrap().rsplit_once('/').unwrap().1.to_owned();
    let get = |world: &mut World, name: &str| {
        let get = request("GET", &format!("/call-message/{name}"), &[], "");
        let Outcome::Answer(answer) = world.exchange(facade::route::handle, get) else { panic!() };
        answer
    };
    let got = get(&mut pages.world, &name);
    assert_eq!((got.status, got.body), (200, bytes));
    let forged = name.replacen(&name[20..21], if &name[20..21] == "A" { "B" } else { "A" }, 1);
    assert_eq!(get(&mut pages.world, &forged).status, 404);
    // Long after its room has left the memory, the name is still good.
    pages.send(at, &json!({"t": "close", "id": 1}));
    pages.world.pass(Millis::from_mins(12));
    assert_eq!(get(&mut pages.world, &name).status, 200);
}
