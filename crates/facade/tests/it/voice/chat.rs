//! Chat over SIP: what a talk tells the session behind it, and what becomes of that session's words.

use super::world::World;
use facade::voice::chat::Chat;
use serde_json::{Value, json};
use sip::event::CallId;
use sip::flow::Transport;
use sip::message::{Headers, Method, Name};

const SDP: &[u8] = b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=message 9 TCP/MSRP *\r\n";

fn named(name: &str) -> Name {
    Name::Other(name.into())
}

/// Telephone 1001, on a connection that it registered by.
fn world() -> World {
    let mut world = World::new();
    world.phone_by("1001", Transport::Tcp);
    assert_eq!(world.register("1001", 3_600), 200);
    world
}

fn invites(world: &mut World, headers: &[(&str, &str)]) -> CallId {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    world.call_with("1001", "3001", move |invite| {
        invite.sdp = Some(SDP.to_vec());
        for (name, value) in headers {
            invite.headers.push(named(&name), value);
        }
    })
}

/// What sessions were told since this was asked last: `begin`, `end`, or a frame.
fn told(world: &mut World) -> Vec<Value> {
    let frame = |(_, what)| match what {
        Chat::Begin(_) => json!("begin"),
        Chat::Say(frame) => serde_json::from_str(&frame).unwrap(),
        Chat::End => json!("end"),
    };
    world.chats.drain(..).map(frame).collect()
}

/// The session behind the first talk says this.
fn says(world: &mut World, frame: Value) {
    says_of(world, 1, &frame);
}

/// The session behind this talk says this.
fn says_of(world: &mut World, talk: u64, frame: &Value) {
    world.with(|voice, cx, plane| voice.chatted(cx, plane, talk, Some(&frame.to_string())));
    world.settle();
}

fn joined(world: &mut World) -> CallId {
    let call = invites(world, &[]);
    told(world);
    says(
        world,
        json!({ "t": "joined", "id": 1, "cid": "NX_1", "resume": "secret", "agent": "1002", "seq": 3 }),
    );
    assert_eq!(world.story("1001"), ["progress 180", "answered"]);
    call
}

fn message(world: &mut World, call: CallId, kind: &str, body: &str) {
    let body = Some((kind, body.as_bytes().to_vec()));
    let none = Headers::default();
    world.act("1001", |end, now| end.say(now, call, Method::Message, &none, body)).unwrap();
}

#[test]
fn an_invite_without_sound_opens_a_room_and_rings_as_the_room_does() {
    let mut world = world();
    invites(&mut world, &[]);
    let frames = told(&mut world);
    assert_eq!(frames[0], json!("begin"));
    let open = &frames[1];
    assert_eq!(
        (&open["t"], &open["dn"], &open["tel"]),
        (&json!("open"), &json!("3001"), &json!("1001"))
    );
    assert!(open["key"].as_str().unwrap().len() >= 22, "{open}");
    assert_eq!(world.story("1001"), [""; 0]);
    says(&mut world, json!({ "t": "trying", "id": 1 }));
    says(&mut world, json!({ "t": "ringing", "id": 1, "desc": "Queued" }));
    says(&mut world, json!({ "t": "ringing", "id": 1, "desc": "Ringing" }));
    says(
        &mut world,
        json!({ "t": "joined", "id": 1, "cid": "NX_1", "resume": "secret", "agent": "", "seq": 3 }),
    );
    assert_eq!(world.story("1001"), ["progress 182", "progress 180", "answered"]);
    let yes = world.phones["1001"].messages.iter().rev().find_map(|message| match message {
        sip::message::Message::Response(response) if response.status == 200 => Some(response),
        _ => None,
    });
    let yes = yes.unwrap();
    assert_eq!(yes.headers.get(&named("X-NX-Resume")), Some("secret"));
    assert_eq!(yes.headers.get(&named("X-NX-Cid")), Some("NX_1"));
    let sdp = String::from_utf8(yes.body_of("application/sdp").unwrap().to_vec()).unwrap();
    assert!(sdp.contains("m=message 0 TCP/MSRP"), "{sdp}");
}

#[test]
fn a_line_is_answered_when_it_is_on_disk_and_not_before() {
    let mut world = world();
    let call = joined(&mut world);
    message(&mut world, call, "application/json", "{\"type\":\"text\",\"message\":\"hello\"}");
    let frames = told(&mut world);
    assert_eq!((&frames[0]["t"], &frames[0]["to"]), (&json!("say"), &json!("BOTH")));
    assert_eq!(frames[0]["content"]["message"], "hello");
    let first = frames[0]["key"].clone();
    assert_eq!(world.story("1001"), [""; 0]);
    message(&mut world, call, "text/plain", "more");
    let frames = told(&mut world);
    assert_eq!(frames[0]["content"], json!({ "type": "text", "message": "more" }));
    let second = frames[0]["key"].clone();
    assert_ne!(first, second);
    says(&mut world, json!({ "t": "failed", "id": 1, "key": second, "code": 429, "desc": "x" }));
    says(&mut world, json!({ "t": "stored", "id": 1, "key": first, "seq": 5 }));
    assert_eq!(world.story("1001"), ["response 429", "response 200"]);
    // Nobody serves any more.
    says(&mut world, json!({ "t": "moved", "id": 1, "agent": "" }));
    message(&mut world, call, "text/plain", "alone");
    let key = told(&mut world)[0]["key"].clone();
    says(&mut world, json!({ "t": "stored", "id": 1, "key": key, "seq": 6 }));
    assert_eq!(world.story("1001"), ["response 202"]);
}

#[test]
fn what_cannot_be_read_is_refused_and_the_room_goes_on() {
    let mut world = world();
    let call = joined(&mut world);
    for (kind, body, status) in [
        ("text/html", "<p>", "response 415"),
        ("application/json", "{", "response 400"),
        ("application/json", "[]", "response 400"),
    ] {
        message(&mut world, call, kind, body);
        assert_eq!(world.story("1001"), [status], "{kind} {body}");
        assert_eq!(told(&mut world), [] as [Value; 0]);
    }
    let composing = "<isComposing><state>active</state></isComposing>";
    message(&mut world, call, "application/im-iscomposing+xml", composing);
    assert_eq!(world.story("1001"), ["response 200"]);
    assert_eq!(told(&mut world), [json!({ "t": "typing", "id": 1, "on": true })]);
}

#[test]
fn what_others_say_comes_as_a_message_and_one_s_own_does_not() {
    let mut world = world();
    joined(&mut world);
    says(
        &mut world,
        json!({ "t": "said", "id": 1, "seq": 4, "dn": "1001", "own": true, "content": {} }),
    );
    assert_eq!(world.story("1001"), ["connected"; 0]);
    let content = json!({ "type": "text", "message": "hi" });
    says(
        &mut world,
        json!({ "t": "said", "id": 1, "seq": 5, "dn": "1002", "own": false, "content": content }),
    );
    let request = world.last_request("1001", &Method::Message).unwrap();
    assert_eq!(request.headers.get(&named("X-NX-Dn")), Some("1002"));
    assert_eq!(request.headers.get(&named("X-NX-Seq")), Some("5"));
    let body: Value = serde_json::from_slice(request.body_of("application/json").unwrap()).unwrap();
    assert_eq!(body, content);
    says(
        &mut world,
        json!({ "t": "said", "id": 1, "seq": 6, "dn": "1002", "own": false, "content": "no JSON" }),
    );
    let request = world.last_request("1001", &Method::Message).unwrap();
    assert_eq!(request.body_of("text/plain").unwrap(), b"no JSON");
}

#[test]
fn either_side_ends_it() {
    let mut world = world();
    let call = joined(&mut world);
    world.hang_up("1001", call);
    assert_eq!(told(&mut world), [json!({ "t": "close", "id": 1 })]);
    says(&mut world, json!({ "t": "closed", "id": 1, "code": 0, "desc": "x" }));
    assert_eq!(told(&mut world), [json!("end")]);
    let mut world = self::world();
    joined(&mut world);
    says(&mut world, json!({ "t": "closed", "id": 1, "code": 0, "desc": "x" }));
    assert_eq!(told(&mut world), [json!("end")]);
    assert_eq!(world.story("1001"), ["bye"]);
    for (code, answer) in [(404, "refused 404"), (480, "refused 480"), (503, "refused 503")] {
        let mut world = self::world();
        invites(&mut world, &[]);
        says(&mut world, json!({ "t": "closed", "id": 1, "code": code, "desc": "x" }));
        assert_eq!(world.story("1001"), [answer]);
    }
}

#[test]
fn a_room_waits_a_minute_for_its_customer_to_come_back() {
    let mut world = world();
    joined(&mut world);
    let flow = world.phones["1001"].flow;
    world.with(|voice, cx, plane| voice.closed(cx, plane, flow));
    world.settle();
    world.pass(domain::time::Millis::from_secs(59));
    assert_eq!(told(&mut world), [] as [Value; 0]);
    world.pass(domain::time::Millis::from_secs(2));
    assert_eq!(told(&mut world), [json!({ "t": "close", "id": 1 })]);
    // By its token it is taken up, and by nothing else.
    assert_eq!(world.register("1001", 3_600), 200);
    invites(&mut world, &[("X-NX-Resume", "secret"), ("X-NX-Seq", "5")]);
    let frames = told(&mut world);
    assert_eq!(frames[1], json!({ "t": "resume", "id": 1, "token": "secret", "seq": 5 }));
}

#[test]
fn whoever_came_back_is_waited_for_no_more() {
    let mut world = world();
    joined(&mut world);
    let flow = world.phones["1001"].flow;
    world.with(|voice, cx, plane| voice.closed(cx, plane, flow));
    world.settle();
    assert_eq!(world.register("1001", 3_600), 200);
    invites(&mut world, &[("X-NX-Resume", "secret"), ("X-NX-Seq", "3")]);
    told(&mut world);
    let back = json!({ "t": "joined", "id": 1, "cid": "NX_1", "resumed": true, "agent": "1002", "seq": 3 });
    says_of(&mut world, 2, &back);
    assert_eq!(told(&mut world), [json!("end")], "the earlier one ends, and the room does not");
    world.pass(domain::time::Millis::from_secs(120));
    assert_eq!(told(&mut world), [] as [Value; 0]);
}
