//! Calls as contacts, on the wires where contacts are shown: Amazon Connect's control plane and our own REST.

use crate::harness::{INSTANCE, World, error, json};
use domain::agent::{AgentState, Channel};
use domain::call::{CallId, Wish};
use domain::command::{Command, Done};
use domain::directory::{Device, Entry, User};
use domain::id::ContactId;
use domain::query::{Answer, Query};
use domain::time::Millis;
use facade::door::Response;
use serde_json::Value;

/// The shop with telephones, and a caller whom agent 1001 has taken from queue 3001.
fn talking() -> (World, CallId, ContactId) {
    let mut world = crate::admin::world();
    let Ok(Answer::Directory(directory)) = world.ask(Query::Directory) else { panic!() };
    for id in ["1001", "1002"] {
        world.put(Entry::Device(Device { r#virtual: true, ..Device::new(id) }));
        let known = directory.users[id].as_ref().clone();
        world.put(Entry::User(User { extension: Some(id.into()), ..known }));
    }
    let channels = [Channel::Voice].into();
    let state = AgentState::Ready;
    world.run(Command::State { agent: "1001".into(), channels, state }).unwrap();
    let (from, to) = ("01012345678".into(), "3001".into());
    let Ok(Done::Call { call, .. }) = wish(&mut world, Wish::Arrive { from, to }) else { panic!() };
    world.pass(Millis::from_secs(2));
    wish(&mut world, Wish::Answer("1001".into(), call)).unwrap();
    let contact = contact_of(&mut world, call);
    (world, call, contact)
}

fn wish(world: &mut World, wish: Wish) -> Result<Done, domain::refusal::Refusal> {
    world.run(Command::Call { by: None, wish: Box::new(wish) })
}

fn contact_of(world: &mut World, call: CallId) -> ContactId {
    let live = world.ask(Query::Call(call, 1));
    let Ok(Answer::Call(live)) = live else { panic!("{live:?}") };
    live.contact.unwrap()
}

fn connect(world: &mut World, method: &str, path: &str, body: &str) -> Response {
    let request = world.signed(method, path, body);
    world.http(request)
}

fn describe(world: &mut World, contact: ContactId) -> Value {
    let path = format!("/contacts/{INSTANCE}/{contact}");
    let response = connect(world, "GET", &path, "");
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    json(&response)["Contact"].clone()
}

#[test]
fn connect_describes_a_call_as_the_real_service_does() {
    let (mut world, call, contact) = talking();
    let shown = describe(&mut world, contact);
    assert_eq!(
        (&shown["Channel"], &shown["InitiationMethod"]),
        (&"VOICE".into(), &"INBOUND".into())
    );
    assert_eq!(
        shown["CustomerEndpoint"],
        serde_json::json!({"Type": "TELEPHONE_NUMBER", "Address": "01012345678"})
    );
    assert_eq!(shown["SystemEndpoint"]["Address"], "3001");
    assert_eq!(shown["SegmentAttributes"]["connect:Subtype"]["ValueString"], "connect:Telephony");
    assert_eq!(shown["QueueInfo"]["Id"], "3001");
    assert_eq!(shown["AgentInfo"]["Id"], "1001");
    assert!(shown["AgentInfo"]["ConnectedToAgentTimestamp"].is_number());
    assert!(shown.get("ChatMetrics").is_none() && shown.get("DisconnectReason").is_none());
    wish(&mut world, Wish::Hold("1001".into(), call)).unwrap();
    world.pass(Millis::from_secs(7));
    wish(&mut world, Wish::Clear("1001".into(), call)).unwrap();
    let shown = describe(&mut world, contact);
    assert_eq!(shown["DisconnectReason"], "AGENT_DISCONNECT");
    assert_eq!(shown["AgentInfo"]["AgentInitiatedHoldDuration"], 7);
}

#[test]
fn connect_finds_calls_by_channel_and_keeps_their_attributes() {
    let (mut world, _, contact) = talking();
    let search = |channel: &str| {
        format!(
            r#"{{"InstanceId":"{INSTANCE}","TimeRange":{{"Type":"INITIATION_TIMESTAMP","StartTime":0,"EndTime":9999999999}},"SearchCriteria":{{"Channels":["{channel}"]}}}}"#
        )
    };
    for (channel, count) in [("VOICE", 1), ("CHAT", 0)] {
        let found = connect(&mut world, "POST", "/search-contacts", &search(channel));
        assert_eq!(found.status, 200, "{}", String::from_utf8_lossy(&found.body));
        let found = json(&found);
        assert_eq!(found["Contacts"].as_array().map(Vec::len), Some(count), "{channel}: {found}");
    }
    let body = format!(
        r#"{{"InstanceId":"{INSTANCE}","InitialContactId":"{contact}","Attributes":{{"tier":"gold"}}}}"#
    );
    assert_eq!(connect(&mut world, "POST", "/contact/attributes", &body).status, 200);
    let path = format!("/contact/attributes/{INSTANCE}/{contact}");
    assert_eq!(json(&connect(&mut world, "GET", &path, ""))["Attributes"]["tier"], "gold");
}

#[test]
fn connect_hangs_a_call_up_passes_it_on_and_refuses_what_only_chats_have() {
    let (mut world, call, contact) = talking();
    let body = format!(
        r#"{{"InstanceId":"{INSTANCE}","ContactId":"{contact}","ClientToken":"t","ParticipantDetails":{{"ParticipantRole":"CUSTOM_BOT","DisplayName":"Bot"}}}}"#
    );
    let refused = connect(&mut world, "POST", "/contact/create-participant", &body);
    assert_eq!(error(&refused), (400, "InvalidRequestException"));
    assert!(String::from_utf8_lossy(&refused.body).contains("is a call, and not a chat"));
    let stop = format!(r#"{{"InstanceId":"{INSTANCE}","ContactId":"{contact}"}}"#);
    assert_eq!(connect(&mut world, "POST", "/contact/stop", &stop).status, 200);
    assert!(world.ask(Query::Call(call, 1)).is_err(), "the call is gone");
    assert_eq!(describe(&mut world, contact)["DisconnectReason"], "API");
    let again = connect(&mut world, "POST", "/contact/stop", &stop);
    assert_eq!(error(&again), (410, "ContactNotFoundException"));
}

#[test]
fn rest_shows_calls_beside_chats_by_channel_and_by_their_own_number() {
    let (mut world, call, contact) = talking();
    let attached = domain::call::Attached::default();
    let (device, to) = ("1001".into(), "1002".into());
    wish(&mut world, Wish::SingleStep { device, call, to, attached }).unwrap();
    wish(&mut world, Wish::Answer("1002".into(), call)).unwrap();
    let get = |world: &mut World, path: &str| crate::admin::call(world, "1002", "GET", path, "");
    let found = json(&get(&mut world, "/api/v1/contacts?channel=voice"));
    let own = &found["contacts"][0];
    assert_eq!(found["contacts"].as_array().map(Vec::len), Some(1), "an agent's own: {found}");
    assert_eq!((&own["channel"], &own["call"]["number"]), (&"voice".into(), &"01012345678".into()));
    assert_eq!((&own["initiation"], &own["call"]["cnsq"]), (&"transfer".into(), &2.into()));
    let cnid = own["call"]["cnid"].as_str().unwrap();
    let matter = json(&get(&mut world, &format!("/api/v1/contacts/{cnid}")));
    assert_eq!(matter["id"], contact.to_string());
    assert_eq!((&matter["cnid"], &matter["cnsq"]), (&cnid.into(), &1.into()));
    assert_eq!(matter["segments"].as_array().map(Vec::len), Some(2));
    let none = json(&get(&mut world, "/api/v1/contacts?channel=chat"));
    assert_eq!(none["contacts"].as_array().map(Vec::len), Some(0));
    assert_eq!(get(&mut world, "/api/v1/contacts?channel=pigeon").status, 400);
    let nothing = json(&get(&mut world, &format!("/api/v1/contacts/{contact}/transcript")));
    assert_eq!(nothing["items"].as_array().map(Vec::len), Some(0), "nothing is written in a call");
}

/// A desk that has said hello; and what it was told.
fn desk(world: &mut World, user: &str, id: u8) -> (usize, Value) {
    let session = domain::id::TokenHash([id; 32]);
    world
        .run(Command::LogIn { user: user.into(), session, proof: domain::command::Proof::Password })
        .unwrap();
    let Ok(Answer::Directory(directory)) = world.ask(Query::Directory) else { panic!() };
    let person = directory.users[user].clone();
    let until = Millis(u64::MAX >> 12);
    let realm = facade::door::RealmNo(0);
    let facade::door::Step::Upgrade { session, .. } =
        facade::desk::open(person, realm, session, until)
    else {
        panic!("a desk opens a socket")
    };
    let at = world.session(session, realm);
    let told = ask(world, at, &serde_json::json!({"do": "hello", "lang": "en"}));
    (at, told)
}

/// Asks, and returns the answer's `ok` or `no`; events that came with it are kept for [`told`].
fn ask(world: &mut World, at: usize, request: &Value) -> Value {
    let mut request = request.clone();
    request["id"] = 7.into();
    world.text(at, &request.to_string());
    let frames: Vec<Value> = frames(world, at);
    let answer =
        frames.iter().find(|frame| frame["id"] == 7).unwrap_or_else(|| panic!("{frames:?}"));
    answer.get("ok").or_else(|| answer.get("no")).unwrap().clone()
}

fn frames(world: &mut World, at: usize) -> Vec<Value> {
    world.frames(at).iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// The contact as the desk was told it last.
fn told(world: &mut World, at: usize) -> Value {
    let events = frames(world, at);
    let contact = events.iter().rfind(|e| e["ev"] == "contact");
    contact.unwrap_or_else(|| panic!("{events:?}"))["contact"].clone()
}

#[test]
fn a_desk_is_told_of_a_call_whoever_acts() {
    let (mut world, call, contact) = talking();
    let (at, hello) = desk(&mut world, "1001", 1);
    let shown = &hello["contacts"][0];
    assert_eq!((&shown["channel"], &shown["state"]), (&"voice".into(), &"talking".into()));
    assert_eq!(
        (&shown["id"], &shown["phone"]),
        (&contact.to_string().into(), &"01012345678".into())
    );
    assert_eq!(
        (&shown["call"]["link"], &shown["call"]["out"]),
        (&"connected".into(), &false.into())
    );
    assert_eq!(shown["call"]["parties"][1]["me"], true);
    wish(&mut world, Wish::Hold("1001".into(), call)).unwrap();
    let held = told(&mut world, at);
    assert_eq!(held["call"]["link"], "held", "CTI put it on hold");
    assert!(held["call"]["holding"].is_number());
    let contact = contact.to_string();
    assert_eq!(
        ask(&mut world, at, &serde_json::json!({"do": "retrieve", "contact": contact})),
        serde_json::json!({})
    );
    let side = ask(
        &mut world,
        at,
        &serde_json::json!({"do": "consult", "contact": contact, "to": "1002"}),
    );
    assert!(side["contact"].is_string() && side.get("failed").is_none(), "{side}");
    let busy = ask(
        &mut world,
        at,
        &serde_json::json!({"do": "consult", "contact": contact, "to": "1002"}),
    );
    assert_eq!(busy["code"], "contact.wrong_state");
    wish(&mut world, Wish::Answer("1002".into(), CallId(2))).unwrap();
    let both = serde_json::json!({"do": "complete", "contact": contact, "with": side["contact"]});
    frames(&mut world, at);
    assert_eq!(ask(&mut world, at, &both), serde_json::json!({}));
}

#[test]
fn a_desk_rings_takes_ends_and_writes_up_a_call() {
    let (mut world, call, _) = talking();
    wish(&mut world, Wish::Clear("1001".into(), call)).unwrap();
    let (at, hello) = desk(&mut world, "1001", 1);
    let after = &hello["contacts"][0];
    assert_eq!((&after["state"], &after["channel"]), (&"wrapup".into(), &"voice".into()));
    assert!(after["wrapup_until"].is_number() && after.get("call").is_none());
    let save = serde_json::json!({"do": "wrapup", "contact": after["id"], "note": "done"});
    assert_eq!(ask(&mut world, at, &save), serde_json::json!({}));
    let (from, to) = ("01099998888".into(), "3001".into());
    wish(&mut world, Wish::Arrive { from, to }).unwrap();
    let ringing = told(&mut world, at);
    assert_eq!(
        (&ringing["state"], &ringing["call"]["link"]),
        (&"offered".into(), &"alerting".into())
    );
    assert!(ringing["offer_until"].is_number() && ringing["why"]["rule"].is_string());
    let id = ringing["id"].clone();
    ask(&mut world, at, &serde_json::json!({"do": "accept", "contact": id}));
    ask(&mut world, at, &serde_json::json!({"do": "end", "contact": id}));
    let calls = ask(&mut world, at, &serde_json::json!({"do": "calls"}));
    let calls = calls["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert_eq!(
        (&calls[0]["call"]["number"], &calls[0]["call"]["out"]),
        (&"01099998888".into(), &false.into())
    );
    assert!(calls[1]["call"]["talk"].is_number());
}

#[test]
fn a_desk_dials_and_hears_why_it_did_not_reach_anybody() {
    let (mut world, _, _) = talking();
    let (at, _) = desk(&mut world, "1002", 2);
    let failed = |world: &mut World, to: &str| {
        ask(world, at, &serde_json::json!({"do": "dial", "to": to}))["failed"].clone()
    };
    assert_eq!(failed(&mut world, "1001"), "busy");
    assert_eq!(failed(&mut world, "424242"), "no_such_number");
    let none = ask(&mut world, at, &serde_json::json!({"do": "dial", "to": " "}));
    assert_eq!(none["code"], "request.bad");
    let barge =
        ask(&mut world, at, &serde_json::json!({"do": "barge", "agent": "1001", "mode": "listen"}));
    assert_eq!(barge["code"], "session.not_allowed");
    let people = ask(&mut world, at, &serde_json::json!({"do": "people"}));
    let agents = people["agents"].as_array().unwrap();
    let busy = agents.iter().find(|agent| agent["id"] == "1001").unwrap();
    assert_eq!((&busy["call"]["link"], &busy["extension"]), (&"connected".into(), &"1001".into()));
}

#[test]
fn a_desk_mutes_and_presses_keys_whatever_the_telephone_and_every_desk_of_the_agent_sees_it() {
    let (mut world, call, contact) = talking();
    let (at, hello) = desk(&mut world, "1001", 1);
    let (other, _) = desk(&mut world, "1001", 2);
    assert!(hello["contacts"][0]["call"].get("muted").is_none());
    let mute = |on: bool| serde_json::json!({"do": "mute", "on": on});
    assert_eq!(ask(&mut world, at, &mute(true)), serde_json::json!({}));
    assert_eq!(told(&mut world, other)["call"]["muted"], true);
    wish(&mut world, Wish::Mute("1001".into(), false)).unwrap();
    assert!(told(&mut world, other)["call"].get("muted").is_none(), "CTI takes it back");
    let keys = |keys: &str| serde_json::json!({"do": "keys", "contact": contact, "keys": keys});
    assert_eq!(ask(&mut world, at, &keys("1*#A")), serde_json::json!({}));
    for wrong in ["", "x", &"1".repeat(65)] {
        assert_eq!(ask(&mut world, at, &keys(wrong))["code"], "request.bad", "{wrong}");
    }
    wish(&mut world, Wish::Hold("1001".into(), call)).unwrap();
    assert_eq!(ask(&mut world, at, &keys("1"))["code"], "contact.wrong_state");
    wish(&mut world, Wish::Clear("1001".into(), call)).unwrap();
    assert_eq!(ask(&mut world, at, &mute(true))["code"], "contact.wrong_state");
}

#[test]
fn a_desk_lets_a_call_be_recorded_and_masks_it_and_sees_what_others_do_to_it() {
    let (mut world, call, contact) = talking();
    let (at, hello) = desk(&mut world, "1001", 1);
    let (other, _) = desk(&mut world, "1001", 2);
    for member in ["recorded", "masked"] {
        assert!(hello["contacts"][0]["call"].get(member).is_none(), "{member}");
    }
    let record = serde_json::json!({"do": "record", "contact": contact});
    assert_eq!(ask(&mut world, at, &record), serde_json::json!({}));
    assert_eq!(told(&mut world, other)["call"]["recorded"], true);
    let mask = |on: bool| serde_json::json!({"do": "mask", "contact": contact, "on": on});
    assert_eq!(ask(&mut world, at, &mask(true)), serde_json::json!({}));
    assert_eq!(told(&mut world, other)["call"]["masked"], true);
    wish(&mut world, Wish::Mask("1001".into(), call, false)).unwrap();
    let seen = told(&mut world, other);
    assert!(seen["call"].get("masked").is_none(), "an application takes it back");
    assert_eq!(seen["call"]["recorded"], true);
    wish(&mut world, Wish::Hold("1001".into(), call)).unwrap();
    assert_eq!(ask(&mut world, at, &mask(true))["code"], "contact.wrong_state");
}

#[test]
fn a_desk_is_given_a_pass_for_its_agents_own_telephone_alone() {
    let (mut world, _, _) = talking();
    let (at, _) = desk(&mut world, "1001", 1);
    let phone = serde_json::json!({"do": "phone"});
    let pass = ask(&mut world, at, &phone);
    assert_eq!(pass["device"], "1001");
    let until = pass["until"].as_u64().unwrap();
    assert!(until > world.now.0 && until <= world.now.0 + 300_000);
    assert_eq!(pass["user"], format!("1001@desk.{until}"));
    assert!(pass["password"].as_str().unwrap().len() > 40);
    let (lead, _) = desk(&mut world, "9001", 3);
    assert_eq!(ask(&mut world, lead, &phone)["code"], "device.none", "no extension, no telephone");
}
