//! The desk's socket against a real node.

use crate::admin::{chat, http, put_bytes, says, token, world};
use crate::harness::{Outcome, World, header, request};
use domain::command::Command;
use domain::directory::Entry;
use domain::id::{ContactId, TokenHash};
use domain::time::Millis;
use facade::door::{Response, open as open_secret};
use facade::route;
use serde_json::{Value, json};

const CUSTOMER: TokenHash = TokenHash([1; 32]);

fn upgrade(world: &mut World, headers: &[(&str, &str)]) -> Result<usize, Response> {
    let socket = [("upgrade", "websocket"), ("sec-websocket-protocol", "sangdam.desk.1")];
    let headers: Vec<_> = socket.iter().chain(headers).copied().collect();
    match world.exchange(route::handle, request("GET", "/api/v1/desk", &headers, "")) {
        Outcome::Answer(response) => Err(response),
        Outcome::Socket(at) => Ok(at),
        Outcome::Waits(_) => panic!("there is no answer"),
    }
}

/// One desk.
pub(crate) struct Desk {
    socket: usize,
    token: String,
    asked: u64,
    /// Events and signals since they were last looked at.
    news: Vec<Value>,
}

impl Desk {
    pub(crate) fn open(world: &mut World, user: &str) -> Self {
        let token = token(world, user);
        let bearer = format!("Bearer {token}");
        let socket = upgrade(world, &[("authorization", &bearer)]).expect("the socket opens");
        Self { socket, token, asked: 0, news: Vec::new() }
    }

    /// Asks, and gives the answer.
    fn ask(&mut self, world: &mut World, mut request: Value) -> Value {
        self.asked += 1;
        request["id"] = json!(self.asked);
        world.text(self.socket, &request.to_string());
        let mut answer = None;
        for frame in world.frames(self.socket) {
            let frame: Value = serde_json::from_str(&frame).unwrap();
            if frame["id"] == json!(self.asked) {
                assert!(answer.replace(frame).is_none(), "one answer to {request}");
            } else {
                self.news.push(frame);
            }
        }
        answer.unwrap_or_else(|| panic!("no answer to {request}"))
    }

    pub(crate) fn ok(&mut self, world: &mut World, request: Value) -> Value {
        let answer = self.ask(world, request.clone());
        answer.get("ok").cloned().unwrap_or_else(|| panic!("{request}: {answer}"))
    }

    pub(crate) fn no(&mut self, world: &mut World, request: Value) -> String {
        let answer = self.ask(world, request.clone());
        answer["no"]["code"].as_str().unwrap_or_else(|| panic!("{request}: {answer}")).to_owned()
    }

    pub(crate) fn hello(&mut self, world: &mut World) -> Value {
        self.ok(world, json!({"do": "hello", "lang": "ko"}))
    }

    pub(crate) fn ready(world: &mut World, user: &str) -> Self {
        let mut desk = Self::open(world, user);
        desk.hello(world);
        desk.ok(world, json!({"do": "state", "state": "ready"}));
        desk.events(world);
        desk
    }

    /// Events that came, as `ev` or `ev:detail`, and looked at by that.
    fn events(&mut self, world: &mut World) -> Vec<String> {
        self.all(world).iter().filter_map(gist).collect()
    }

    pub(crate) fn all(&mut self, world: &mut World) -> Vec<Value> {
        let more: Vec<Value> =
            world.frames(self.socket).iter().map(|f| serde_json::from_str(f).unwrap()).collect();
        self.news.extend(more);
        let news = std::mem::take(&mut self.news);
        let seqs: Vec<u64> = news.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
        assert!(seqs.is_sorted(), "events come in order: {news:?}");
        news
    }
}

fn gist(frame: &Value) -> Option<String> {
    let detail = match frame["ev"].as_str()? {
        "agent" => frame["channels"]["chat"]["state"].as_str().unwrap_or("-"),
        "contact" => frame["contact"]["state"].as_str()?,
        "gone" => frame["why"].as_str()?,
        "item" => {
            frame["item"]["text"].as_str().or(frame["item"]["event"].as_str()).unwrap_or("file")
        }
        "marks" => return Some(format!("marks:{}", frame["read"])),
        "presence" => return Some(format!("presence:{}", frame["present"])),
        other => return Some(other.to_owned()),
    };
    Some(format!("{}:{detail}", frame["ev"].as_str()?))
}

/// An agent who has taken a customer's chat.
fn talking(world: &mut World) -> (Desk, ContactId) {
    let mut desk = Desk::ready(world, "1001");
    let contact = chat(world, None, false, CUSTOMER);
    assert!(desk.events(world).contains(&"contact:offered".to_owned()));
    desk.ok(world, json!({"do": "accept", "contact": contact}));
    desk.events(world);
    (desk, contact)
}

fn client(n: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{n:02}")
}

#[test]
fn a_socket_opens_for_a_bearer_or_a_page_of_ours_alone() {
    let mut world = world();
    let body = r#"{"user":"1001","password":"secret-1001"}"#;
    let own = ("origin", "http://127.0.0.1:8080");
    let page = http(
        &mut world,
        "POST",
        "/api/v1/session",
        &[("content-type", "application/json"), own],
        body,
    );
    let cookie = header(&page, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let cookie = ("cookie", cookie.as_str());
    assert!(upgrade(&mut world, &[cookie, own]).is_ok());
    for stolen in [
        &[cookie][..],
        &[cookie, ("origin", "http://evil.test")],
        &[cookie, ("origin", "http://127.0.0.1:3000")],
        &[own],
        &[("authorization", "Bearer x")],
    ] {
        assert_eq!(
            upgrade(&mut world, stolen).map_err(|response| response.status),
            Err(401),
            "{stolen:?}"
        );
    }
    let plain = http(&mut world, "GET", "/api/v1/desk", &[cookie, own], "");
    assert_eq!(plain.status, 426);
    let wrong = [("upgrade", "websocket"), ("sec-websocket-protocol", "chat")];
    assert_eq!(http(&mut world, "GET", "/api/v1/desk", &wrong, "").status, 400);
}

#[test]
fn hello_tells_the_world_and_later_events_follow() {
    let mut world = world();
    let mut desk = Desk::open(&mut world, "1001");
    assert_eq!(desk.no(&mut world, json!({"do": "people"})), "request.hello_first");
    let hello = desk.hello(&mut world);
    assert_eq!(hello["user"]["id"], "1001");
    assert_eq!(hello["agent"], json!({"channels": {}, "limits": {"chat": 4}}));
    assert_eq!(
        hello["queues"],
        json!([{"id": "3001", "name": "대표", "waiting": 0, "mine": true}])
    );
    assert_eq!(hello["limits"]["file"], 20_971_520);
    assert_eq!(desk.ok(&mut world, json!({"do": "state", "state": "ready"})), json!({}));
    let news = desk.all(&mut world);
    assert_eq!(gist(&news[0]).as_deref(), Some("agent:ready"));
    assert!(news[0]["seq"].as_u64() > hello["seq"].as_u64());
    let again = desk.hello(&mut world);
    assert_eq!(again["agent"]["channels"]["chat"]["state"], "ready");
    assert_eq!(
        desk.events(&mut world),
        Vec::<String>::new(),
        "nothing of what hello told is told again"
    );
}

#[test]
fn a_chat_from_offer_to_wrap_up() {
    let mut world = world();
    let mut desk = Desk::ready(&mut world, "1001");
    let contact = chat(&mut world, Some("cust-1"), true, CUSTOMER);
    let news = desk.all(&mut world);
    let offer = news.iter().find(|frame| frame["ev"] == "contact").expect("an offer");
    assert_eq!(offer["contact"]["state"], "offered");
    assert_eq!(offer["contact"]["queue"], json!({"id": "3001", "name": "대표"}));
    assert_eq!(offer["contact"]["customer"]["id"], "cust-1");
    assert_eq!(offer["contact"]["why"]["rule"], "longest_idle");
    assert_eq!(offer["contact"]["why"]["candidates"][0]["name"], "name of 1001");
    desk.ok(&mut world, json!({"do": "accept", "contact": contact}));
    let events = desk.events(&mut world);
    assert!(
        events.contains(&"item:joined".to_owned())
            && events.contains(&"contact:talking".to_owned()),
        "{events:?}"
    );
    says(&mut world, CUSTOMER, "안녕하세요");
    assert_eq!(desk.events(&mut world), ["item:안녕하세요"]);
    let say = json!({"do": "say", "contact": contact, "client": client(1), "text": "네"});
    let first = desk.ok(&mut world, say.clone());
    assert_eq!(desk.events(&mut world), ["item:네"]);
    assert_eq!(desk.ok(&mut world, say), first, "a repeat is answered with the first answer");
    assert_eq!(desk.events(&mut world), Vec::<String>::new());
    desk.ok(&mut world, json!({"do": "end", "contact": contact}));
    let events = desk.events(&mut world);
    assert!(
        events.contains(&"item:ended".to_owned()) && events.contains(&"contact:wrapup".to_owned()),
        "{events:?}"
    );
    let extended = desk.ok(&mut world, json!({"do": "extend", "contact": contact, "seconds": 60}));
    assert!(extended["wrapup_until"].as_u64().unwrap() > world.now.0);
    desk.events(&mut world);
    desk.ok(&mut world, json!({"do": "wrapup", "contact": contact, "note": "done"}));
    assert_eq!(desk.events(&mut world), ["gone:done"]);
    assert_eq!(desk.hello(&mut world)["contacts"], json!([]));
}

#[test]
fn a_line_is_never_told_before_its_contact() {
    let mut world = world();
    let mut desk = Desk::ready(&mut world, "1001");
    chat(&mut world, None, false, CUSTOMER);
    says(&mut world, CUSTOMER, "여보세요");
    let events = desk.events(&mut world);
    let at = |gist: &str| events.iter().position(|event| event == gist);
    assert!(at("contact:offered") < at("item:여보세요"), "{events:?}");
}

#[test]
fn a_refused_or_missed_offer_leaves_the_desk() {
    let mut world = world();
    let mut desk = Desk::ready(&mut world, "1001");
    let contact = chat(&mut world, None, false, CUSTOMER);
    desk.events(&mut world);
    desk.ok(&mut world, json!({"do": "refuse", "contact": contact}));
    let events = desk.events(&mut world);
    assert!(
        events.contains(&"gone:refused".to_owned())
            && events.contains(&"agent:not_ready".to_owned()),
        "{events:?}"
    );
    desk.ok(&mut world, json!({"do": "state", "state": "ready"}));
    world.pass(Millis::from_secs(60));
    let events = desk.events(&mut world);
    assert!(events.contains(&"gone:missed".to_owned()), "{events:?}");
    assert_eq!(
        desk.no(&mut world, json!({"do": "accept", "contact": contact})),
        "contact.wrong_state"
    );
}

#[test]
fn a_note_is_for_agents_and_what_is_for_the_customer_is_not_shown() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let note = json!({"do": "say", "contact": contact, "client": client(1), "text": "VIP", "audience": "agents"});
    desk.ok(&mut world, note);
    let news = desk.all(&mut world);
    assert_eq!(news[0]["item"]["audience"], "agents");
    let hidden = json!({"do": "say", "contact": contact, "client": client(2), "text": "x", "audience": "customer"});
    assert_eq!(desk.no(&mut world, hidden), "request.bad");
    let hello = desk.hello(&mut world);
    let room = &hello["contacts"][0]["room"];
    let page = desk.ok(&mut world, json!({"do": "items", "room": room, "limit": 100}));
    let items = page["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["text"] == "VIP"));
    assert!(items.iter().all(|item| item["audience"] != "customer"));
    let ns: Vec<u64> = items.iter().map(|item| item["n"].as_u64().unwrap()).collect();
    assert!(ns.is_sorted() && page["more"] == false);
    let tail =
        desk.ok(&mut world, json!({"do": "items", "room": room, "after": ns[0], "limit": 1}));
    assert_eq!((tail["items"].as_array().unwrap().len(), &tail["more"]), (1, &json!(true)));
}

#[test]
fn somebody_elses_contact_is_out_of_reach() {
    let mut world = world();
    let (_, contact) = talking(&mut world);
    let mut thief = Desk::open(&mut world, "1002");
    thief.hello(&mut world);
    let c = json!(contact);
    for request in [
        json!({"do": "say", "contact": c, "client": client(1), "text": "x"}),
        json!({"do": "accept", "contact": c}),
        json!({"do": "end", "contact": c}),
        json!({"do": "leave", "contact": c}),
        json!({"do": "read", "contact": c, "n": 1}),
        json!({"do": "typing", "contact": c}),
        json!({"do": "transfer", "contact": c, "to": {"agent": "1002"}}),
        json!({"do": "invite", "contact": c, "agent": "1002"}),
        json!({"do": "wrapup", "contact": c}),
        json!({"do": "extend", "contact": c, "seconds": 1}),
        json!({"do": "attributes", "contact": c, "set": {"a": "b"}}),
        json!({"do": "history", "contact": c}),
        json!({"do": "items", "room": c}),
        json!({"do": "file", "contact": c, "client": client(2), "name": "a.png", "type": "image/png", "size": 1}),
        json!({"do": "monitor", "contact": c}),
        json!({"do": "monitor", "agent": "1001"}),
        json!({"do": "force", "agent": "1001", "state": "ready"}),
    ] {
        thief.no(&mut world, request);
    }
    says(&mut world, CUSTOMER, "비밀");
    assert_eq!(thief.events(&mut world), Vec::<String>::new());
}

#[test]
fn a_supervisor_watches_unseen_and_steers() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let mut lead = Desk::open(&mut world, "9001");
    lead.hello(&mut world);
    lead.ok(&mut world, json!({"do": "monitor", "agent": "1001"}));
    let news = lead.all(&mut world);
    let told = news.iter().find(|frame| frame["ev"] == "contact").expect("the contact");
    assert_eq!(
        (&told["contact"]["id"], &told["contact"]["as"], &told["contact"]["silent"]),
        (&json!(contact), &json!("supervisor"), &json!(true))
    );
    says(&mut world, CUSTOMER, "들리나요");
    assert!(lead.events(&mut world).contains(&"item:들리나요".to_owned()));
    let seen = desk.hello(&mut world);
    let members = seen["contacts"][0]["members"].as_array().unwrap();
    assert!(members.iter().all(|member| member["role"] != "supervisor"), "{members:?}");
    lead.ok(&mut world, json!({"do": "monitor", "contact": contact, "barge": true}));
    let joined = lead.all(&mut world);
    let told = joined.iter().find(|frame| frame["ev"] == "contact").expect("no longer silent");
    assert!(told["contact"].get("silent").is_none(), "{told}");
    lead.ok(&mut world, json!({"do": "force", "agent": "1001", "state": "not_ready"}));
    assert!(desk.events(&mut world).contains(&"agent:not_ready".to_owned()));
    assert_eq!(lead.no(&mut world, json!({"do": "monitor", "agent": "1002"})), "contact.none");
    assert_eq!(lead.no(&mut world, json!({"do": "monitor"})), "request.bad");
}

#[test]
fn a_transfer_takes_the_contact_to_a_colleague() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let mut other = Desk::ready(&mut world, "1002");
    let people = desk.ok(&mut world, json!({"do": "people"}));
    assert_eq!(
        people["agents"],
        json!([{"id": "1002", "name": "name of 1002", "states": {"chat": "ready"}, "load": 0}])
    );
    let pass =
        json!({"do": "transfer", "contact": contact, "to": {"agent": "1002"}, "note": "환불 문의"});
    assert_eq!(desk.ok(&mut world, pass), json!({}));
    let events = desk.events(&mut world);
    let over = events.iter().any(|event| event == "contact:wrapup" || event == "gone:transferred");
    assert!(over, "{events:?}");
    let news = other.all(&mut world);
    let offer = news.iter().find(|frame| frame["ev"] == "contact").expect("an offer");
    assert_eq!(
        (&offer["contact"]["state"], &offer["contact"]["why"]["rule"]),
        (&json!("offered"), &json!("direct"))
    );
    let next = offer["contact"]["id"].clone();
    other.ok(&mut world, json!({"do": "accept", "contact": next}));
    says(&mut world, CUSTOMER, "계세요?");
    assert!(other.events(&mut world).contains(&"item:계세요?".to_owned()));
    assert!(
        !desk.events(&mut world).contains(&"item:계세요?".to_owned()),
        "whoever passed it on hears no more"
    );
}

#[test]
fn attributes_marks_typing_and_presence_are_shown() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    desk.ok(&mut world, json!({"do": "attributes", "contact": contact, "set": {"order": "42"}}));
    let news = desk.all(&mut world);
    assert_eq!(news[0]["contact"]["attributes"], json!({"order": "42"}));
    says(&mut world, CUSTOMER, "안녕하세요");
    let n = desk.all(&mut world)[0]["item"]["n"].clone();
    desk.ok(&mut world, json!({"do": "read", "contact": contact, "n": n}));
    assert_eq!(desk.events(&mut world), [format!("marks:{n}")]);
    assert_eq!(desk.hello(&mut world)["contacts"][0]["read"], n);
    let by = domain::command::By::Token(CUSTOMER);
    world.run(Command::Typing { by, audience: domain::room::Audience::All, key: None }).unwrap();
    let news = desk.all(&mut world);
    assert_eq!((&news[0]["sig"], &news[0]["name"]), (&json!("typing"), &json!("홍길동")));
    desk.ok(&mut world, json!({"do": "typing", "contact": contact}));
    assert!(desk.all(&mut world).is_empty(), "one's own typing is no news");
}

#[test]
fn attributes_are_taken_off() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let mut set = |desk: &mut Desk, set: Value, unset: Value| {
        desk.ok(
            &mut world,
            json!({"do": "attributes", "contact": contact, "set": set, "unset": unset}),
        );
        desk.all(&mut world)[0]["contact"]["attributes"].clone()
    };
    set(&mut desk, json!({"order": "42", "mood": "bad"}), json!([]));
    assert_eq!(
        set(&mut desk, json!({"vip": "1"}), json!(["mood", "never there"])),
        json!({"order": "42", "vip": "1"})
    );
    desk.ok(&mut world, json!({"do": "attributes", "contact": contact, "unset": ["order"]}));
    assert_eq!(desk.hello(&mut world)["contacts"][0]["attributes"], json!({"vip": "1"}));
}

#[test]
fn a_line_carries_its_own_clients_id_to_that_client_alone() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let mut twin = Desk::open(&mut world, "1001");
    twin.hello(&mut world);
    let say = |n| json!({"do": "say", "contact": contact, "client": client(n), "text": "네"});
    for n in [1, 2] {
        desk.ok(&mut world, say(n));
        let news = desk.all(&mut world);
        assert_eq!(news[0]["item"]["client"], json!(client(n)), "{news:?}");
    }
    desk.ok(&mut world, say(2));
    assert_eq!(desk.all(&mut world).len(), 0, "a repeat is answered, not told");
    let others: Vec<_> = twin.all(&mut world);
    assert!(others.iter().all(|frame| frame["item"].get("client").is_none()), "{others:?}");
    let page = desk.ok(&mut world, json!({"do": "items", "room": contact}));
    let items = page["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item.get("client").is_none()), "{items:?}");
}

#[test]
fn a_no_is_told_in_the_language_of_the_greeting() {
    let mut world = world();
    let mut desk = Desk::open(&mut world, "1001");
    let end = json!({"do": "attributes", "contact": client(9), "set": {}});
    for (lang, begins) in [("ko-KR", "그 상담은"), ("en", "That contact"), ("fr", "That contact")]
    {
        desk.ok(&mut world, json!({"do": "hello", "lang": lang}));
        let answer = desk.ask(&mut world, end.clone());
        assert_eq!(answer["no"]["code"], "contact.none");
        let message = answer["no"]["message"].as_str().unwrap();
        assert!(message.starts_with(begins), "{lang}: {message}");
    }
}

#[test]
fn todays_figures_count_what_this_agent_took_and_ended() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let today = |desk: &mut Desk, world: &mut World, since: u64| {
        desk.ok(world, json!({"do": "today", "since": since}))
    };
    assert_eq!(today(&mut desk, &mut world, 0), json!({"handled": 0}));
    world.pass(Millis::from_secs(90));
    desk.ok(&mut world, json!({"do": "end", "contact": contact}));
    world.pass(Millis::from_secs(20));
    desk.ok(&mut world, json!({"do": "wrapup", "contact": contact, "note": "n"}));
    let told = today(&mut desk, &mut world, 0);
    assert_eq!(told["handled"], 1);
    assert!((90_000..100_000).contains(&told["talk"].as_u64().unwrap()), "{told}");
    assert!((20_000..30_000).contains(&told["after_work"].as_u64().unwrap()), "{told}");
    let tomorrow = world.now.0 + 1;
    assert_eq!(today(&mut desk, &mut world, tomorrow), json!({"handled": 0}));
    let mut other = Desk::open(&mut world, "1002");
    other.hello(&mut world);
    assert_eq!(today(&mut other, &mut world, 0), json!({"handled": 0}));
}

#[test]
fn a_file_for_agents_reaches_no_customer() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let announce = |audience: &str| json!({"do": "file", "contact": contact, "client": client(3), "name": "내부.txt", "type": "text/plain", "size": 3, "audience": audience});
    assert_eq!(desk.no(&mut world, announce("customer")), "request.bad");
    let place = desk.ok(&mut world, announce("agents"));
    let bearer = format!("Bearer {}", desk.token);
    let headers = [("authorization", bearer.as_str())];
    let url = place["url"].as_str().unwrap().to_owned();
    assert_eq!(put_bytes(&mut world, &url, &headers, "abc").status, 204);
    desk.ok(&mut world, json!({"do": "file_done", "contact": contact, "file": place["file"]}));
    let item = desk.all(&mut world)[0]["item"].clone();
    assert_eq!((&item["audience"], &item["client"]), (&json!("agents"), &json!(client(3))));
    let path = format!("/api/v1/files/{}", place["file"].as_str().unwrap());
    assert_eq!(http(&mut world, "GET", &path, &headers, "").status, 200);
    let by = domain::command::By::Token(CUSTOMER);
    let file = place["file"].as_str().unwrap().parse().unwrap();
    let read = world.ask(domain::query::Query::File(by, file));
    assert_eq!(read.unwrap_err(), domain::refusal::Refusal::NoSuchFile);
}

#[test]
fn history_is_told_of_vouched_customers_alone() {
    let mut world = world();
    let mut desk = Desk::ready(&mut world, "1001");
    let earlier = chat(&mut world, Some("cust-1"), true, CUSTOMER);
    desk.ok(&mut world, json!({"do": "accept", "contact": earlier}));
    let claimed = chat(&mut world, Some("cust-1"), false, TokenHash([2; 32]));
    desk.ok(&mut world, json!({"do": "accept", "contact": claimed}));
    assert_eq!(
        desk.ok(&mut world, json!({"do": "history", "contact": claimed})),
        json!({"contacts": []})
    );
    let vouched = chat(&mut world, Some("cust-1"), true, TokenHash([3; 32]));
    desk.ok(&mut world, json!({"do": "accept", "contact": vouched}));
    let history = desk.ok(&mut world, json!({"do": "history", "contact": vouched}));
    let ids: Vec<_> =
        history["contacts"].as_array().unwrap().iter().map(|c| c["id"].clone()).collect();
    assert!(ids.contains(&json!(earlier)) && !ids.contains(&json!(vouched)), "{ids:?}");
    // Its lines are read by its room.
    let room = &history["contacts"].as_array().unwrap().last().unwrap()["room"];
    assert_eq!(*room, json!(earlier));
    let page = desk.ok(&mut world, json!({"do": "items", "room": room}));
    assert_eq!(page["items"][0]["contact"], json!(earlier));
}

#[test]
fn a_file_goes_up_and_comes_down() {
    let mut world = world();
    let (mut desk, contact) = talking(&mut world);
    let bytes = "\u{feff}메모";
    let announce = |name: &str, size: usize| json!({"do": "file", "contact": contact, "client": client(1), "name": name, "type": "text/plain", "size": size});
    assert_eq!(desk.no(&mut world, announce("a.exe", 5)), "file.type");
    assert_eq!(desk.no(&mut world, announce("a.txt", 21_000_000)), "file.too_large");
    let place = desk.ok(&mut world, announce("메모.txt", bytes.len()));
    let url = place["url"].as_str().unwrap().to_owned();
    assert!(open_secret(url.rsplit('/').next().unwrap()).is_some());
    let bearer = format!("Bearer {}", desk.token);
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(put_bytes(&mut world, &url, &[], bytes).status, 401);
    assert_eq!(put_bytes(&mut world, &url, &headers, "short").status, 400);
    assert_eq!(put_bytes(&mut world, &url, &headers, bytes).status, 204);
    let done = json!({"do": "file_done", "contact": contact, "file": place["file"]});
    let first = desk.ok(&mut world, done.clone());
    assert_eq!(desk.ok(&mut world, done), first);
    let news = desk.all(&mut world);
    assert_eq!(news[0]["item"]["file"]["status"], "approved");
    let path = format!("/api/v1/files/{}", place["file"].as_str().unwrap());
    let down = http(&mut world, "GET", &path, &headers, "");
    assert_eq!((down.status, down.body.as_slice()), (200, bytes.as_bytes()));
    assert_eq!(header(&down, "content-security-policy"), Some("sandbox; default-src 'none'"));
    let other = format!("Bearer {}", token(&mut world, "1002"));
    assert_eq!(http(&mut world, "GET", &path, &[("authorization", &other)], "").status, 404);
    assert_eq!(http(&mut world, "GET", &path, &[], "").status, 401);
    // An hour later the chat has left the memory; who had it still finds what was in it.
    desk.ok(&mut world, json!({"do": "end", "contact": contact}));
    world.pass(Millis::from_mins(20));
    let (mine, other) = (token(&mut world, "1001"), token(&mut world, "1002"));
    let (mine, other) = (format!("Bearer {mine}"), format!("Bearer {other}"));
    let headers = [("authorization", mine.as_str())];
    assert_eq!(http(&mut world, "GET", &path, &headers, "").status, 404, "which chat?");
    let path = format!("{path}?contact={contact}");
    let down = http(&mut world, "GET", &path, &headers, "");
    assert_eq!((down.status, down.body.as_slice()), (200, bytes.as_bytes()));
    assert_eq!(http(&mut world, "GET", &path, &[("authorization", &other)], "").status, 404);
    let lines = format!("/api/v1/contacts/{contact}/transcript");
    assert_eq!(http(&mut world, "GET", &lines, &headers, "").status, 200);
    assert_eq!(http(&mut world, "GET", &lines, &[("authorization", &other)], "").status, 404);
}

#[test]
fn a_desk_that_is_open_keeps_its_session_and_one_that_is_not_loses_it() {
    let mut world = world();
    let mut desk = Desk::open(&mut world, "1001");
    desk.hello(&mut world);
    let unused = format!("Bearer {}", token(&mut world, "1002"));
    for _ in 0..12 {
        world.pass(Millis::from_mins(5));
    }
    assert_eq!(world.closed(desk.socket), None, "an hour is nothing to a page that is open");
    let headers = [("authorization", unused.as_str())];
    assert_eq!(http(&mut world, "GET", "/api/v1/session", &headers, "").status, 401);
}

#[test]
fn logging_out_closes_every_socket_of_the_session() {
    let mut world = world();
    let mut desk = Desk::open(&mut world, "1001");
    desk.hello(&mut world);
    let mut stays = Desk::open(&mut world, "1001");
    stays.hello(&mut world);
    let bearer = format!("Bearer {}", desk.token);
    http(&mut world, "DELETE", "/api/v1/session", &[("authorization", &bearer)], "");
    assert_eq!(world.closed(desk.socket).map(|(code, _)| code), Some(4401));
    assert_eq!(desk.events(&mut world), ["bye"]);
    assert_eq!(world.closed(stays.socket), None, "another session of the same person goes on");
    world.pass(Millis::from_mins(12 * 60));
    assert_eq!(world.closed(stays.socket).map(|(code, _)| code), Some(4401), "12 hours at most");
}

#[test]
fn queues_are_told_once_a_second_at_most() {
    let mut world = world();
    let mut desk = Desk::open(&mut world, "1002");
    desk.hello(&mut world);
    for n in 1..=5 {
        chat(&mut world, None, false, TokenHash([n; 32]));
    }
    let told = |desk: &mut Desk, world: &mut World| {
        let news = desk.all(world);
        news.iter()
            .filter(|f| f["sig"] == "queues")
            .map(|f| f["queues"][0]["waiting"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&mut desk, &mut world), Vec::<Value>::new(), "hello has just told them");
    world.pass(Millis(1_000));
    assert_eq!(told(&mut desk, &mut world), [json!(5)]);
    world.pass(Millis(5_000));
    assert_eq!(told(&mut desk, &mut world), Vec::<Value>::new());
}

#[test]
fn a_renamed_queue_is_renamed_on_every_desk() {
    let mut world = world();
    let (mut desk, _) = talking(&mut world);
    world.put(Entry::Queue(domain::directory::Queue::new("3001", "새 이름", 401)));
    let news = desk.all(&mut world);
    let told = news.iter().find(|frame| frame["ev"] == "contact").expect("the contact anew");
    assert_eq!(told["contact"]["queue"]["name"], "새 이름");
}

#[test]
fn garbage_is_answered_and_closes_nothing() {
    let mut world = world();
    let mut desk = Desk::open(&mut world, "1001");
    for garbage in ["", "x", "[]", "{}", r#"{"id":"a"}"#, r#"{"id":1,"do":"x"}"#] {
        world.text(desk.socket, garbage);
        let frames = world.frames(desk.socket);
        assert!(frames.len() == 1 && frames[0].contains(r#""no""#), "{garbage}: {frames:?}");
    }
    assert!(desk.ok(&mut world, json!({"do": "ping"}))["at"].as_u64().is_some());
    assert_eq!(world.closed(desk.socket), None);
}
