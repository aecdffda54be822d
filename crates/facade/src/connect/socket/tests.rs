//! A socket, frame by frame.

use super::*;
use domain::chance::Seeded;
use domain::contact::{TextKind, TextKinds};
use domain::id::ContactId;
use domain::id::{ItemId, Uuid};
use domain::node::Texts;
use domain::room::Audience;
use domain::room::{Author, File, FileStatus, Member, Presence};

use crate::connect::site::Fixed;

const NOW: Millis = Millis(1_763_736_000_000);
const ME: u8 = 1;
const OTHER: u8 = 2;
const SUBSCRIBE: &str = r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#;

fn id(n: u8) -> Uuid {
    Uuid::from_bytes([n; 16])
}

/// A socket, driven by hand.
struct World {
    socket: ChatSocket,
    now: Millis,
    deed: u64,
    out: Out,
}

impl World {
    fn open(role: MemberRole) -> Self {
        let member = Member {
            id: ParticipantId(id(ME)),
            role,
            name: "Jane".into(),
            user: (role == MemberRole::Agent).then(|| "kim".into()),
            number: None,
            presence: Presence::Joined,
            silent: false,
            since: NOW,
            delivered: 0,
            delivered_at: Millis(0),
            read: 0,
        };
        let holder = Holder {
            room: RoomId(id(9)),
            contact: ContactId(id(9)),
            member,
            until: NOW.plus(SOCKET_OPENS),
        };
        let socket = ChatSocket::new(TokenHash([7; 32]), &holder, TextKinds::PLAIN);
        let mut world = Self { socket, now: NOW, deed: 1, out: Out::new() };
        world.with(Session::on_open);
        world
    }

    fn subscribed(role: MemberRole) -> Self {
        let mut world = Self::open(role);
        world.text(SUBSCRIBE);
        world.sent();
        world
    }

    fn with(&mut self, act: impl FnOnce(&mut ChatSocket, &mut Cx<'_>, &mut Out)) {
        let mut chance = Seeded::new(1);
        let site = Fixed::new();
        let mut cx = Cx { now: self.now, chance: &mut chance, site: &site };
        act(&mut self.socket, &mut cx, &mut self.out);
    }

    fn text(&mut self, text: &str) {
        self.with(|socket, cx, out| socket.on_text(cx, text, out));
    }

    fn fact(&mut self, fact: Fact) {
        let fact = Published {
            seq: self.deed,
            at: self.now,
            fact,
            topics: Vec::new(),
            texts: Texts::default(),
        };
        self.with(|socket, cx, out| socket.on_fact(cx, &Arc::new(fact), out));
    }

    fn line(&mut self, by: u8, audience: Audience, body: Body) {
        let by = Author {
            participant: ParticipantId(id(by)),
            role: MemberRole::Agent,
            name: "Kim".into(),
        };
        let item = Item {
            id: ItemId(id(5)),
            n: 1,
            at: self.now,
            room: RoomId(id(9)),
            contact: ContactId(id(9)),
            by: Some(by),
            audience,
            body,
        };
        self.fact(Fact::Posted { item, key: None });
    }

    fn says(&mut self, by: u8, text: &str) {
        self.line(by, Audience::All, Body::Message { kind: TextKind::Plain, text: text.into() });
    }

    fn event(&mut self, by: u8, event: Event) {
        self.line(by, Audience::All, Body::Event(event));
    }

    fn leaves(&mut self, why: Leaving) {
        self.fact(Fact::Left {
            room: RoomId(id(9)),
            participant: ParticipantId(id(ME)),
            why,
            key: None,
        });
    }

    fn at(&mut self, now: Millis) -> Vec<Effect> {
        self.now = now;
        self.out.clear();
        self.with(Session::on_time);
        std::mem::take(&mut self.out)
    }

    /// The frames since the last time; chat frames as the end of their content type, or their text.
    fn sent(&mut self) -> Vec<String> {
        let effects = std::mem::take(&mut self.out);
        let frames = effects
            .into_iter()
            .filter_map(|e| if let Effect::Send(text) = e { Some(text) } else { None });
        frames.map(|text| shown(&text)).collect()
    }
}

fn shown(frame: &str) -> String {
    let frame: serde_json::Value = serde_json::from_str(frame).unwrap();
    let Some(content) = frame["content"].as_str() else { return frame["topic"].to_string() };
    let item: serde_json::Value = serde_json::from_str(content).unwrap();
    let kind = item["ContentType"].as_str().or(item["Type"].as_str()).unwrap();
    let text = item["Content"].as_str().unwrap_or_else(|| kind.rsplit('.').next().unwrap());
    text.to_owned()
}

fn upgraded(
    query: &str,
    steps: Vec<Result<Answer, Refusal>>,
    counted: Result<Done, Refusal>,
) -> Step {
    let site = Fixed::new();
    let mut chance = Seeded::new(1);
    let mut cx = Cx { now: NOW, chance: &mut chance, site: &site };
    let mut head = crate::connect::site::head("GET", "/chat/socket");
    head.query = query.to_owned();
    head.headers.push(("upgrade".to_owned(), "WebSocket".to_owned()));
    let mut step = upgrade(&mut cx, &head);
    for answer in steps {
        let Step::Read(_, _, then) = step else { panic!("a question was expected") };
        step = then(&mut cx, answer);
    }
    if let Step::Do(_, _, command, then) = step {
        assert!(matches!(*command, Command::Present { present: true, .. }));
        step = then(&mut cx, counted);
    }
    step
}

fn status(step: &Step) -> u16 {
    if let Step::Reply(response) = step { response.status } else { 101 }
}

#[test]
fn row_72_a_url_that_opens_nothing_is_refused() {
    for query in ["", "t=", "t=garbage", "x=1", "t=%ff"] {
        assert_eq!(status(&upgraded(query, Vec::new(), Ok(Done::Ok))), 403, "{query}");
    }
    let query = format!("t={}", "A".repeat(46));
    for refusal in [Refusal::BadToken, Refusal::ChatEnded] {
        assert_eq!(status(&upgraded(&query, vec![Err(refusal)], Ok(Done::Ok))), 403);
    }
    let site = Fixed::new();
    let mut chance = Seeded::new(1);
    let mut cx = Cx { now: NOW, chance: &mut chance, site: &site };
    let plain = crate::connect::site::head("GET", "/chat/socket");
    assert_eq!(status(&upgrade(&mut cx, &plain)), 426);
}

#[test]
fn row_35_the_acknowledgement_comes_before_everything_else() {
    let mut world = World::open(MemberRole::Customer);
    world.out.clear();
    world.text(SUBSCRIBE);
    let effects = std::mem::take(&mut world.out);
    let [
        Effect::Send(ack),
        Effect::Wake(_),
        Effect::Watch(Topic::Room(room)),
        Effect::Do(ARRIVE, _, command),
    ] = &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(**ack, *client::acknowledge(client::SUBSCRIBE, "success", &["aws/chat"]));
    assert_eq!(*room, RoomId(id(9)));
    assert_eq!(**command, Command::Arrive { token: TokenHash([7; 32]) });
    world.text(SUBSCRIBE);
    assert!(matches!(&world.out[..], [Effect::Send(_)]), "again: only the answer");
}

#[test]
fn an_unknown_topic_is_answered_with_failure() {
    let mut world = World::open(MemberRole::Customer);
    world.out.clear();
    world.text(r#"{"topic":"aws/subscribe","content":{"topics":["aws/other"]}}"#);
    let [Effect::Send(text)] = &world.out[..] else { panic!("{:?}", world.out) };
    assert_eq!(**text, *client::acknowledge(client::SUBSCRIBE, "failure", &["aws/other"]));
}

#[test]
fn row_38_an_unknown_frame_is_forbidden_and_nothing_more() {
    let mut world = World::open(MemberRole::Customer);
    world.out.clear();
    world.text(r#"{"topic":"aws/chat","content":"hi"}"#);
    let [Effect::Send(text)] = &world.out[..] else { panic!("{:?}", world.out) };
    let answer: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(answer["message"], "Forbidden");
    assert!(answer.get("topic").is_none());
    assert!(answer["connectionId"].is_string() && answer["requestId"].is_string());
}

#[test]
fn row_39_nothing_of_the_chat_comes_without_a_subscription() {
    let mut world = World::open(MemberRole::Customer);
    world.says(OTHER, "early");
    assert_eq!(world.sent(), [] as [String; 0]);
    world.text(SUBSCRIBE);
    world.says(OTHER, "now");
    assert_eq!(world.sent(), ["\"aws/subscribe\"", "now"]);
    world.text(r#"{"topic":"aws/unsubscribe","content":{"topics":["aws/chat"]}}"#);
    world.says(OTHER, "late");
    assert_eq!(world.sent(), ["\"aws/unsubscribe\""]);
    world.text(SUBSCRIBE);
    world.says(OTHER, "again");
    assert_eq!(world.sent(), ["\"aws/subscribe\"", "again"]);
}

#[test]
fn row_85_an_agents_note_reaches_agents_alone() {
    for (role, hears) in [
        (MemberRole::Customer, false),
        (MemberRole::Bot, false),
        (MemberRole::Agent, true),
        (MemberRole::Supervisor, true),
    ] {
        let mut world = World::subscribed(role);
        let note = Body::Message { kind: TextKind::Plain, text: "note".into() };
        world.line(OTHER, Audience::Agents, note);
        let typing = |audience| Signal::Typing {
            room: RoomId(id(9)),
            by: Author {
                participant: ParticipantId(id(OTHER)),
                role: MemberRole::Agent,
                name: "Kim".into(),
            },
            id: ItemId(id(6)),
            at: NOW,
            audience,
        };
        world
            .with(|socket, cx, out| socket.on_signal(cx, &Arc::new(typing(Audience::Agents)), out));
        assert_eq!(world.sent().len(), if hears { 2 } else { 0 }, "{role:?}");
        let private = Body::Message { kind: TextKind::Plain, text: "private".into() };
        world.line(OTHER, Audience::Customer, private);
        world.with(|socket, cx, out| {
            socket.on_signal(cx, &Arc::new(typing(Audience::Customer)), out);
        });
        assert_eq!(world.sent().len(), if hears { 0 } else { 2 }, "{role:?}");
    }
}

#[test]
fn a_rejected_file_is_its_senders_news_alone() {
    let file = File {
        id: domain::id::FileId(id(4)),
        name: "a.png".into(),
        kind: "image/png".into(),
        size: 1,
        status: FileStatus::Rejected,
    };
    let mut world = World::subscribed(MemberRole::Customer);
    world.line(OTHER, Audience::All, Body::File(file.clone()));
    assert_eq!(world.sent(), [] as [String; 0]);
    world.line(ME, Audience::All, Body::File(file));
    assert_eq!(world.sent(), ["ATTACHMENT"]);
}

#[test]
fn row_64_the_leavers_own_socket_hears_the_end_and_closes_later() {
    let mut world = World::subscribed(MemberRole::Customer);
    world.leaves(Leaving::Left);
    world.event(ME, Event::Left);
    world.event(OTHER, Event::Ended);
    assert_eq!(world.sent(), ["left", "ended"]);
    world.says(OTHER, "after the end");
    assert_eq!(world.sent(), [] as [String; 0]);
    let early = world.at(NOW.plus(Millis::from_secs(10)));
    assert!(matches!(early[..], [Effect::Wake(at)] if at == NOW.plus(GRACE)), "{early:?}");
    let late = world.at(NOW.plus(GRACE));
    assert!(matches!(late[..], [Effect::Close(1000, _)]), "{late:?}");
}

#[test]
fn who_left_before_the_end_hears_the_end_and_nothing_else() {
    let mut world = World::subscribed(MemberRole::Bot);
    world.event(ME, Event::Left);
    world.leaves(Leaving::Left);
    world.deed += 1;
    world.says(OTHER, "among us");
    world.fact(Fact::Marked {
        room: RoomId(id(9)),
        participant: ParticipantId(id(OTHER)),
        item: ItemId(id(5)),
        n: 1,
        read: true,
        delivered: None,
    });
    assert_eq!(world.sent(), ["left"]);
    world.event(OTHER, Event::Ended);
    assert_eq!(world.sent(), ["ended"]);
}

#[test]
fn after_a_transfer_the_old_agent_hears_that_it_went_well_and_nothing_more() {
    for event_first in [true, false] {
        let mut world = World::subscribed(MemberRole::Agent);
        if event_first {
            world.event(ME, Event::Left);
        }
        world.leaves(Leaving::Transferred);
        if !event_first {
            world.event(ME, Event::Left);
        }
        world.line(
            3,
            Audience::Agents,
            Body::Message { kind: TextKind::Plain, text: "for the next".into() },
        );
        world.event(ME, Event::Transferred);
        world.event(3, Event::Invited);
        world.deed += 1;
        world.says(OTHER, "to the new agent");
        world.event(OTHER, Event::Ended);
        assert_eq!(world.sent(), ["left", "succeeded"]);
        assert!(matches!(world.at(NOW.plus(GRACE))[..], [Effect::Close(1000, _)]));
    }
}

#[test]
fn an_agent_who_turned_the_offer_down_hears_nothing_more() {
    let mut world = World::subscribed(MemberRole::Agent);
    let how = domain::fact::Decline::Refused;
    world.fact(Fact::Declined { contact: ContactId(id(9)), agent: "lee".into(), how });
    world.says(OTHER, "one");
    world.fact(Fact::Declined { contact: ContactId(id(9)), agent: "kim".into(), how });
    world.says(OTHER, "two");
    assert_eq!(world.sent(), ["one"]);
}

#[test]
fn a_new_segment_shows_in_what_is_no_line() {
    let mut world = World::subscribed(MemberRole::Customer);
    let connected =
        Done::Connected { participant: ParticipantId(id(ME)), contact: ContactId(id(8)) };
    world.with(|socket, cx, out| socket.on_outcome(cx, ARRIVE, Ok(Ok(connected)), out));
    assert_eq!(world.socket.view.contact, ContactId(id(8)));
}

#[test]
fn a_socket_that_arrives_too_late_is_closed() {
    for (outcome, code) in [
        (Ok(Err(Refusal::ChatEnded)), 1000),
        (Ok(Err(Refusal::BadToken)), 1001),
        (Err(Fault::Unready), 1001),
    ] {
        let mut world = World::subscribed(MemberRole::Customer);
        world.with(|socket, cx, out| socket.on_outcome(cx, ARRIVE, outcome, out));
        assert!(matches!(world.out[..], [Effect::Close(c, _)] if c == code));
    }
}

#[test]
fn an_idle_socket_and_an_old_one_are_closed_as_going_away() {
    let mut world = World::open(MemberRole::Customer);
    assert!(matches!(world.out[..], [Effect::Wake(at)] if at == NOW.plus(SUBSCRIBES_WITHIN)));
    assert!(matches!(world.at(NOW.plus(SUBSCRIBES_WITHIN))[..], [Effect::Close(1001, _)]));
    let mut world = World::subscribed(MemberRole::Customer);
    let alive = world.at(NOW.plus(SUBSCRIBES_WITHIN));
    assert!(matches!(alive[..], [Effect::Wake(at)] if at == NOW.plus(SOCKET_LIFE)), "{alive:?}");
    assert!(matches!(world.at(NOW.plus(SOCKET_LIFE))[..], [Effect::Close(1001, _)]));
}

#[test]
fn a_closed_socket_is_counted_off() {
    let mut world = World::subscribed(MemberRole::Customer);
    world.with(Session::on_close);
    let [Effect::Do(PRESENT, _, command)] = &world.out[..] else { panic!("{:?}", world.out) };
    assert_eq!(**command, Command::Present { token: TokenHash([7; 32]), present: false });
}

#[test]
fn ten_thousand_idle_sockets_take_little() {
    assert!(size_of::<ChatSocket>() <= 256, "{}", size_of::<ChatSocket>());
}
