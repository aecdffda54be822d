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
