//! The control plane against real nodes (`amazon-connect-chat.md` 1, conformance checks of its section 6).

use crate::harness::{
    FLOW, INSTANCE, KEY, OTHER_INSTANCE, OTHER_KEY, READER, World, bearer, error, header, json,
};
use domain::agent::{AgentState, Channel};
use domain::command::Command;
use domain::contact::Phase;
use domain::id::ContactId;
use domain::time::Millis;
use facade::door::Response;
use serde_json::Value;

fn start_body(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        r#"{{"InstanceId":"{INSTANCE}","ContactFlowId":"{FLOW}","ParticipantDetails":{{"DisplayName":"Jane"}}{comma}{members}}}"#
    )
}

fn call(world: &mut World, method: &str, path: &str, body: &str) -> Response {
    let request = world.signed(method, path, body);
    world.http(request)
}

fn ok(world: &mut World, method: &str, path: &str, body: &str) -> Value {
    let response = call(world, method, path, body);
    assert_eq!(
        response.status,
        200,
        "{method} {path}: {}",
        String::from_utf8_lossy(&response.body)
    );
    assert_eq!(header(&response, "content-type"), Some("application/json"));
    assert_eq!(header(&response, "x-amzn-requestid").map(str::len), Some(36));
    json(&response)
}

fn start(world: &mut World, members: &str) -> Value {
    ok(world, "PUT", "/contact/chat", &start_body(members))
}

fn id(answer: &Value) -> String {
    answer["ContactId"].as_str().expect("a ContactId").to_owned()
}

/// The customer comes, without a socket.
fn connect(world: &mut World, answer: &Value) {
    let token = answer["ParticipantToken"].as_str().expect("a token");
    let body = r#"{"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}"#;
    let response = world.http(bearer(token, "POST", "/participant/connection", body));
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
}

fn log_on(world: &mut World, agent: &str) {
    let channels = [Channel::Chat].into();
    world
        .run(Command::State { agent: agent.into(), channels, state: AgentState::Ready })
        .expect("the agent logs on");
}

fn on(contact: &str, more: &str) -> String {
    format!(r#"{{"InstanceId":"{INSTANCE}","ContactId":"{contact}"{more}}}"#)
}

fn phase(world: &mut World, contact: &str) -> Phase {
    world.contact(contact.parse::<ContactId>().expect("an id")).phase
}

#[test]
fn the_same_client_token_gives_the_same_chat_and_another_working_token() {
    let mut world = World::new();
    let first = start(&mut world, r#""ClientToken":"t1""#);
    world.pass(Millis::from_secs(1));
    let again = start(&mut world, r#""ClientToken":"t1","Attributes":{"other":"contents"}"#);
    assert_eq!(first["ContactId"], again["ContactId"]);
    assert_eq!(first["ParticipantId"], again["ParticipantId"]);
    assert_ne!(first["ParticipantToken"], again["ParticipantToken"]);
    connect(&mut world, &first);
    connect(&mut world, &again);
    let other = start(&mut world, r#""ClientToken":"t2""#);
    assert_ne!(first["ContactId"], other["ContactId"]);
}

#[test]
fn a_repeat_after_the_end_names_the_chat_and_gives_no_connection() {
    let mut world = World::new();
    let asked = r#""ClientToken":"t1","ConnectionTypes":["WEBSOCKET","CONNECTION_CREDENTIALS"]"#;
    let first = start(&mut world, asked);
    assert!(
        first["Websocket"]["Url"]
            .as_str()
            .unwrap()
            .starts_with("ws://127.0.0.1:8080/chat/socket?t=")
    );
    assert!(first["ConnectionCredentials"]["Expiry"].as_str().unwrap().ends_with('Z'));
    ok(&mut world, "POST", "/contact/stop", &on(&id(&first), ""));
    let again = start(&mut world, asked);
    assert_eq!(first["ContactId"], again["ContactId"]);
    assert!(again.get("Websocket").is_none() && again.get("ConnectionCredentials").is_none());
    let token = again["ParticipantToken"].as_str().unwrap();
    let refused =
        world.http(bearer(token, "POST", "/participant/connection", r#"{"Type":["WEBSOCKET"]}"#));
    assert_eq!(error(&refused), (403, "AccessDeniedException"));
}

#[test]
fn a_connection_that_came_with_the_start_works() {
    let mut world = World::new();
    let answer = start(&mut world, r#""ConnectionTypes":["WEBSOCKET","CONNECTION_CREDENTIALS"]"#);
    let socket =
        world.open(answer["Websocket"]["Url"].as_str().unwrap()).expect("the socket opens");
    world.text(socket, r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#);
    assert!(world.frames(socket)[0].contains("success"));
    let token = answer["ConnectionCredentials"]["ConnectionToken"].as_str().unwrap();
    let said = world.http(bearer(
        token,
        "POST",
        "/participant/message",
        r#"{"ContentType":"text/plain","Content":"안녕"}"#,
    ));
    assert_eq!(said.status, 200, "{}", String::from_utf8_lossy(&said.body));
    assert!(world.frames(socket).iter().any(|frame| frame.contains("안녕")));
}

#[test]
fn a_contact_is_described_from_its_start_to_its_end() {
    let mut world = World::new();
    let answer =
        start(&mut world, r#""Attributes":{"k":"값"},"CustomerId":"c-1","RelatedContactId":null"#);
    let path = format!("/contacts/{INSTANCE}/{}", id(&answer));
    let contact = ok(&mut world, "GET", &path, "")["Contact"].clone();
    assert_eq!(contact["Id"], answer["ContactId"]);
    assert_eq!(contact["InitialContactId"], answer["ContactId"]);
    assert_eq!(contact["Channel"], "CHAT");
    assert_eq!(contact["InitiationMethod"], "API");
    assert_eq!(contact["InitiationTimestamp"], 1_763_736_000);
    assert_eq!(contact["CustomerId"], "c-1");
    assert_eq!(contact["Attributes"]["k"], "값");
    assert_eq!(contact["SegmentAttributes"]["connect:Subtype"]["ValueString"], "connect:Chat");
    let arn = format!(
        "arn:aws:connect:eu-central-1:123456789012:instance/{INSTANCE}/contact/{}",
        id(&answer)
    );
    assert_eq!(contact["Arn"], arn);
    assert!(contact.get("DisconnectTimestamp").is_none() && contact.get("QueueInfo").is_none());
    assert!(contact.as_object().unwrap().values().all(|v| !v.is_null()));

    connect(&mut world, &answer);
    let contact = ok(&mut world, "GET", &path, "")["Contact"].clone();
    assert_eq!(contact["QueueInfo"]["Id"], "3001");
    assert!(contact["ConnectedToSystemTimestamp"].is_number());

    world.pass(Millis(1_500));
    ok(&mut world, "POST", "/contact/stop", &on(&id(&answer), ""));
    let contact = ok(&mut world, "GET", &path, "")["Contact"].clone();
    assert_eq!(contact["DisconnectReason"], "API");
    assert_eq!(contact["DisconnectTimestamp"], serde_json::json!(1_763_736_001.5));
    assert_eq!(contact["ChatMetrics"]["ChatContactMetrics"]["TotalBotMessages"], 1, "the greeting");
}

#[test]
fn a_customer_who_never_connects_is_told_from_one_who_left() {
    let mut world = World::new();
    let answer = start(&mut world, "");
    world.pass(Millis::from_mins(6));
    let path = format!("/contacts/{INSTANCE}/{}", id(&answer));
    let contact = ok(&mut world, "GET", &path, "")["Contact"].clone();
    assert_eq!(contact["DisconnectReason"], "CUSTOMER_CONNECTION_NOT_ESTABLISHED");
}

#[test]
fn an_unknown_or_ended_contact_cannot_be_stopped() {
    let mut world = World::new();
    let gone = (410, "ContactNotFoundException");
    let unknown = on("5a9d0000-0000-4000-8000-0000000000ff", "");
    assert_eq!(error(&call(&mut world, "POST", "/contact/stop", &unknown)), gone);
    let answer = start(&mut world, "");
    assert_eq!(
        ok(&mut world, "POST", "/contact/stop", &on(&id(&answer), "")),
        serde_json::json!({})
    );
    assert_eq!(error(&call(&mut world, "POST", "/contact/stop", &on(&id(&answer), ""))), gone);
    let path = format!("/contacts/{INSTANCE}/5a9d0000-0000-4000-8000-0000000000ff");
    assert_eq!(error(&call(&mut world, "GET", &path, "")), (404, "ResourceNotFoundException"));
}

#[test]
fn attributes_merge_and_outlive_the_chat() {
    let mut world = World::new();
    let answer = start(&mut world, r#""Attributes":{"a":"1","b":"2"}"#);
    let update = |attributes: &str| {
        format!(
            r#"{{"InstanceId":"{INSTANCE}","InitialContactId":"{}","Attributes":{attributes}}}"#,
            id(&answer)
        )
    };
    ok(&mut world, "POST", "/contact/attributes", &update(r#"{"b":"한글 😀","c":""}"#));
    ok(&mut world, "POST", "/contact/stop", &on(&id(&answer), ""));
    ok(&mut world, "POST", "/contact/attributes", &update(r#"{"d":"after"}"#));
    let path = format!("/contact/attributes/{INSTANCE}/{}", id(&answer));
    let all = ok(&mut world, "GET", &path, "");
    assert_eq!(
        all,
        serde_json::json!({ "Attributes": { "a": "1", "b": "한글 😀", "c": "", "d": "after" } })
    );
    let big = update(&format!(r#"{{"e":"{}"}}"#, "x".repeat(32_768)));
    assert_eq!(
        error(&call(&mut world, "POST", "/contact/attributes", &big)),
        (400, "InvalidRequestException")
    );
    let start_big = start_body(&format!(r#""Attributes":{{"e":"{}"}}"#, "x".repeat(32_768)));
    assert_eq!(call(&mut world, "PUT", "/contact/chat", &start_big).status, 400);
}

#[test]
fn attributes_of_an_archived_chat_can_still_be_set() {
    let mut world = World::new();
    let answer = start(&mut world, "");
    ok(&mut world, "POST", "/contact/stop", &on(&id(&answer), ""));
    world.pass(Millis::from_mins(60));
    let body = format!(
        r#"{{"InstanceId":"{INSTANCE}","InitialContactId":"{}","Attributes":{{"a":"1"}}}}"#,
        id(&answer)
    );
    ok(&mut world, "POST", "/contact/attributes", &body);
    let path = format!("/contact/attributes/{INSTANCE}/{}", id(&answer));
    assert_eq!(ok(&mut world, "GET", &path, "")["Attributes"]["a"], "1");
}

#[test]
fn another_realms_key_finds_nothing_here() {
    let mut world = World::new();
    let answer = start(&mut world, "");
    let mut other = |method: &str, path: &str, body: &str| {
        let request = world.signed_by(OTHER_KEY, method, path, body);
        error(&world.http(request)).0
    };
    let contact = id(&answer);
    assert_eq!(other("PUT", "/contact/chat", &start_body("")), 404);
    assert_eq!(other("GET", &format!("/contacts/{INSTANCE}/{contact}"), ""), 404);
    assert_eq!(other("GET", &format!("/contacts/{OTHER_INSTANCE}/{contact}"), ""), 404);
    let own = on(&contact, "").replace(INSTANCE, OTHER_INSTANCE);
    assert_eq!(other("POST", "/contact/stop", &own), 410);
}

#[test]
fn a_key_that_may_only_describe_cannot_start() {
    let mut world = World::new();
    let answer = start(&mut world, "");
    let request = world.signed_by(READER, "PUT", "/contact/chat", &start_body(""));
    assert_eq!(error(&world.http(request)), (403, "AccessDeniedException"));
    let request =
        world.signed_by(READER, "GET", &format!("/contacts/{INSTANCE}/{}", id(&answer)), "");
    assert_eq!(world.http(request).status, 200);
}

#[test]
fn tools_discover_the_instance_its_flows_queues_and_people() {
    let mut world = World::new();
    let instances = ok(&mut world, "GET", "/instance", "")["InstanceSummaryList"].clone();
    assert_eq!(instances[0]["Id"], INSTANCE);
    assert_eq!(instances[0]["InstanceAlias"], "demo-sangdam-test");
    let flows = ok(
        &mut world,
        "GET",
        &format!("/contact-flows-summary/{INSTANCE}?contactFlowTypes=CONTACT_FLOW"),
        "",
    );
    assert_eq!(flows["ContactFlowSummaryList"][0]["Id"], FLOW);
    let queues = ok(&mut world, "GET", &format!("/queues-summary/{INSTANCE}"), "");
    assert_eq!(queues["QueueSummaryList"][0]["Name"], "대표");
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let page =
            ok(&mut world, "GET", &format!("/users-summary/{INSTANCE}?maxResults=2{token}"), "");
        names.extend(
            page["UserSummaryList"]
                .as_array()
                .unwrap()
                .iter()
                .map(|u| u["Username"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page.get("NextToken") else { break };
        token = format!("&nextToken={}", next.as_str().unwrap());
    }
    assert_eq!(names, ["1001", "1002", "9001"]);
    let wrong = call(&mut world, "GET", &format!("/users-summary/{INSTANCE}?maxResults=0"), "");
    assert_eq!(wrong.status, 400);
}

#[test]
fn a_persistent_chat_takes_up_an_ended_one() {
    let mut world = World::new();
    let first = id(&start(&mut world, ""));
    let persistent = format!(
        r#""PersistentChat":{{"RehydrationType":"FROM_SEGMENT","SourceContactId":"{first}"}}"#
    );
    let open = call(&mut world, "PUT", "/contact/chat", &start_body(&persistent));
    assert_eq!(error(&open), (400, "InvalidRequestException"));
    ok(&mut world, "POST", "/contact/stop", &on(&first, ""));
    let next = start(&mut world, &persistent);
    assert_eq!(next["ContinuedFromContactId"], first.as_str());
    let path = format!("/contacts/{INSTANCE}/{}", id(&next));
    assert_eq!(ok(&mut world, "GET", &path, "")["Contact"]["RelatedContactId"], first.as_str());
    let unknown = persistent.replace(&first, "5a9d0000-0000-4000-8000-0000000000ff");
    let unknown = call(&mut world, "PUT", "/contact/chat", &start_body(&unknown));
    assert_eq!(error(&unknown), (404, "ResourceNotFoundException"));
}

#[test]
fn at_most_two_copies_go_elsewhere_and_each_can_be_stopped() {
    let mut world = World::new();
    let contact = id(&start(&mut world, ""));
    let body = |target: &str, token: &str| {
        on(
            &contact,
            &format!(
                r#","ClientToken":"{token}","ChatStreamingConfiguration":{{"StreamingEndpointArn":"{target}"}}"#
            ),
        )
    };
    let topic = "arn:aws:sns:eu-central-1:123456789012:copies";
    let first = ok(&mut world, "POST", "/contact/start-streaming", &body(topic, "a"));
    let again = ok(&mut world, "POST", "/contact/start-streaming", &body(topic, "a"));
    assert_eq!(first, again);
    ok(&mut world, "POST", "/contact/start-streaming", &body("http://127.0.0.1:9000/in", "b"));
    let third = call(&mut world, "POST", "/contact/start-streaming", &body(topic, "c"));
    assert_eq!(error(&third), (429, "LimitExceededException"));
    for bad in ["http://169.254.169.254/", "http://10.0.0.1/", "nonsense"] {
        let refused = call(&mut world, "POST", "/contact/start-streaming", &body(bad, "d"));
        assert_eq!(refused.status, 400, "{bad}");
    }
    let stop = |stream: &str| on(&contact, &format!(r#","StreamingId":"{stream}""#));
    let unknown = call(&mut world, "POST", "/contact/stop-streaming", &stop("nothing"));
    assert_eq!(error(&unknown), (404, "ResourceNotFoundException"));
    let stream = first["StreamingId"].as_str().unwrap();
    ok(&mut world, "POST", "/contact/stop-streaming", &stop(stream));
    ok(&mut world, "POST", "/contact/start-streaming", &body(topic, "e"));
    ok(&mut world, "POST", "/contact/stop", &on(&contact, ""));
    let ended = call(&mut world, "POST", "/contact/start-streaming", &body(topic, "f"));
    assert_eq!(error(&ended), (400, "InvalidRequestException"));
}

#[test]
fn a_bot_is_let_in_once_per_client_token() {
    let mut world = World::new();
    let contact = id(&start(&mut world, ""));
    let body = on(
        &contact,
        r#","ClientToken":"b","ParticipantDetails":{"ParticipantRole":"CUSTOM_BOT","DisplayName":"Bot"}"#,
    );
    let first = ok(&mut world, "POST", "/contact/create-participant", &body);
    let again = ok(&mut world, "POST", "/contact/create-participant", &body);
    assert_eq!(first["ParticipantId"], again["ParticipantId"]);
    assert_eq!(first["ParticipantCredentials"]["Expiry"], "2025-11-21T14:40:15.000Z");
    let token = first["ParticipantCredentials"]["ParticipantToken"].as_str().unwrap();
    let connected = world.http(bearer(
        token,
        "POST",
        "/participant/connection",
        r#"{"Type":["CONNECTION_CREDENTIALS"]}"#,
    ));
    assert_eq!(connected.status, 200, "{}", String::from_utf8_lossy(&connected.body));
}

#[test]
fn a_transfer_makes_a_new_contact_of_the_same_matter() {
    let mut world = World::new();
    let answer = start(&mut world, "");
    connect(&mut world, &answer);
    let first = id(&answer);
    let body =
        on(&first, &format!(r#","ContactFlowId":"{FLOW}","QueueId":"1000","ClientToken":"x""#));
    let moved = ok(&mut world, "POST", "/contact/transfer", &body);
    assert_ne!(moved["ContactId"], first.as_str());
    assert_eq!(ok(&mut world, "POST", "/contact/transfer", &body), moved, "a repeat is known");
    let path = format!("/contacts/{INSTANCE}/{}", id(&moved));
    let contact = ok(&mut world, "GET", &path, "")["Contact"].clone();
    assert_eq!(contact["PreviousContactId"], first.as_str());
    assert_eq!(contact["InitialContactId"], first.as_str());
    assert_eq!(contact["QueueInfo"]["Id"], "3001");
    let all =
        ok(&mut world, "GET", &format!("/contact/associated/{INSTANCE}?contactId={first}"), "");
    assert_eq!(all["ContactSummaryList"].as_array().unwrap().len(), 2);
    let nowhere =
        body.replace("1000", "9999").replace("\"x\"", "\"y\"").replace(&first, &id(&moved));
    assert_eq!(
        error(&call(&mut world, "POST", "/contact/transfer", &nowhere)),
        (404, "ResourceNotFoundException")
    );
}

#[test]
fn a_waiting_contact_is_given_to_an_agent_and_watched_by_a_supervisor() {
    let mut world = World::new();
    let answer = start(&mut world, "");
    connect(&mut world, &answer);
    let contact = id(&answer);
    let metrics = |world: &mut World| {
        let body = r#"{"Filters":{"Queues":["3001"],"Channels":["CHAT"]},"Groupings":["QUEUE"],
            "CurrentMetrics":[{"Name":"CONTACTS_IN_QUEUE","Unit":"COUNT"}]}"#;
        ok(world, "POST", &format!("/metrics/current/{INSTANCE}"), body)["MetricResults"][0]["Collections"][0]["Value"].clone()
    };
    assert_eq!(metrics(&mut world), 1.0);
    log_on(&mut world, "1001");
    let associate = format!("/contacts/{INSTANCE}/{contact}/associate-user");
    if phase(&mut world, &contact) == Phase::Queued {
        ok(&mut world, "POST", &associate, r#"{"UserId":"1001"}"#);
    }
    assert_eq!(metrics(&mut world), 0.0);
    let unknown = call(&mut world, "POST", &associate, r#"{"UserId":"nobody"}"#);
    assert!(unknown.status == 404 || unknown.status == 400, "{}", unknown.status);
    let watched = ok(
        &mut world,
        "POST",
        "/contact/monitor",
        &on(&contact, r#","UserId":"9001","AllowedMonitorCapabilities":["SILENT_MONITOR"]"#),
    );
    assert_eq!(watched["ContactId"], contact.as_str());
    let agent = call(&mut world, "POST", "/contact/monitor", &on(&contact, r#","UserId":"1002""#));
    assert_eq!(error(&agent), (403, "AccessDeniedException"));
}

#[test]
fn names_labels_and_references_are_kept_with_a_contact() {
    let mut world = World::new();
    let contact = id(&start(&mut world, ""));
    ok(
        &mut world,
        "POST",
        "/contact/tags",
        &on(&contact, r#","Tags":{"team":"red","cost:1":"x"}"#),
    );
    ok(&mut world, "DELETE", &format!("/contact/tags/{INSTANCE}/{contact}?TagKeys=cost%3A1"), "");
    let update = r#"{"Name":"환불","References":{"order":{"Type":"URL","Value":"https://shop.test/1"},"n":{"Type":"NUMBER","Value":"7"}}}"#;
    ok(&mut world, "POST", &format!("/contacts/{INSTANCE}/{contact}"), update);
    let described =
        ok(&mut world, "GET", &format!("/contacts/{INSTANCE}/{contact}"), "")["Contact"].clone();
    assert_eq!(described["Tags"], serde_json::json!({ "team": "red" }));
    assert_eq!(described["Name"], "환불");
    let references = format!("/contact/references/{INSTANCE}/{contact}");
    let found = ok(
        &mut world,
        "GET",
        &format!("{references}?referenceTypes=URL&referenceTypes=ATTACHMENT"),
        "",
    );
    let expected = serde_json::json!({ "ReferenceSummaryList": [{ "Url": { "Name": "order", "Value": "https://shop.test/1" } }] });
    assert_eq!(found, expected);
    assert_eq!(call(&mut world, "GET", &references, "").status, 400);
}

#[test]
fn contacts_are_searched_newest_first_and_by_pages() {
    let mut world = World::new();
    let mut all: Vec<String> = Vec::new();
    for _ in 0..3 {
        world.pass(Millis::from_secs(10));
        all.insert(0, id(&start(&mut world, "")));
    }
    let search = |more: &str| {
        format!(
            r#"{{"InstanceId":"{INSTANCE}","TimeRange":{{"Type":"INITIATION_TIMESTAMP","StartTime":1763736000,"EndTime":1763739600}}{more}}}"#
        )
    };
    let page = ok(&mut world, "POST", "/search-contacts", &search(r#","MaxResults":2"#));
    let ids = |page: &Value| {
        page["Contacts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["Id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), all[..2]);
    let next = page["NextToken"].as_str().unwrap();
    let last = ok(
        &mut world,
        "POST",
        "/search-contacts",
        &search(&format!(r#","MaxResults":2,"NextToken":"{next}""#)),
    );
    assert_eq!(ids(&last), all[2..]);
    assert!(last.get("NextToken").is_none());
    world.pass(Millis::from_secs(100));
    ok(&mut world, "POST", "/contact/stop", &on(&all[1], ""));
    let ended = |from: u64, to: u64| {
        format!(
            r#"{{"InstanceId":"{INSTANCE}","TimeRange":{{"Type":"DISCONNECT_TIMESTAMP","StartTime":{from},"EndTime":{to}}}}}"#
        )
    };
    let now = world.now.0 / 1_000;
    let found = ok(&mut world, "POST", "/search-contacts", &ended(now - 5, now + 5));
    assert_eq!(ids(&found), [all[1].clone()]);
    let found = ok(&mut world, "POST", "/search-contacts", &ended(now - 90, now - 5));
    assert!(ids(&found).is_empty());
    let scheduled = ended(now, now).replace("DISCONNECT", "SCHEDULED");
    assert_eq!(call(&mut world, "POST", "/search-contacts", &scheduled).status, 400);
    let none = ok(
        &mut world,
        "POST",
        "/search-contacts",
        &search(r#","SearchCriteria":{"Channels":["VOICE"]}"#),
    );
    assert!(ids(&none).is_empty());
    let unknown = call(
        &mut world,
        "POST",
        "/search-contacts",
        &search(r#","SearchCriteria":{"ContactAnalysis":{}}"#),
    );
    assert_eq!(error(&unknown), (400, "InvalidRequestException"));
}

#[test]
fn an_outside_pair_has_one_open_chat_at_a_time() {
    let mut world = World::new();
    let event = |event: &str| {
        format!(
            r#"{{"SourceId":"+821012345678","DestinationId":"3001","Subtype":"connect:sms","Event":{event}}}"#
        )
    };
    let said = event(r#"{"Type":"MESSAGE","ContentType":"text/plain","Content":"여보세요"}"#);
    let path = "/chat-integration-event";
    let nothing = ok(&mut world, "POST", path, &event(r#"{"Type":"DISCONNECT"}"#));
    assert_eq!(nothing, serde_json::json!({ "NewChatCreated": false }));
    let first = ok(&mut world, "POST", path, &said);
    assert_eq!(first["NewChatCreated"], true);
    let contact = first["InitialContactId"].as_str().unwrap().to_owned();
    assert_eq!(phase(&mut world, &contact), Phase::Queued, "whoever writes is there");
    let second = ok(&mut world, "POST", path, &said);
    assert_eq!(second, serde_json::json!({ "InitialContactId": contact, "NewChatCreated": false }));
    ok(&mut world, "POST", path, &event(r#"{"Type":"DISCONNECT"}"#));
    assert_eq!(phase(&mut world, &contact), Phase::Ended);
    assert_eq!(ok(&mut world, "POST", path, &said)["NewChatCreated"], true);
    let empty =
        call(&mut world, "POST", path, &event(r#"{"Type":"MESSAGE","ContentType":"text/plain"}"#));
    assert_eq!(error(&empty), (400, "InvalidRequestException"));
}

#[test]
fn the_centre_may_write_first() {
    let mut world = World::new();
    let body = format!(
        r#"{{"InstanceId":"{INSTANCE}","ContactFlowId":"{FLOW}","SourceEndpoint":{{"Type":"TELEPHONE_NUMBER","Address":"+8215880000"}},
        "DestinationEndpoint":{{"Type":"TELEPHONE_NUMBER","Address":"+821012345678"}},
        "SegmentAttributes":{{"connect:Subtype":{{"ValueString":"connect:SMS"}}}},"ClientToken":"o"}}"#
    );
    let contact = id(&ok(&mut world, "PUT", "/contact/outbound-chat", &body));
    assert_eq!(id(&ok(&mut world, "PUT", "/contact/outbound-chat", &body)), contact);
    let described =
        ok(&mut world, "GET", &format!("/contacts/{INSTANCE}/{contact}"), "")["Contact"].clone();
    assert_eq!(described["InitiationMethod"], "OUTBOUND");
    let answer = r#"{"SourceId":"+821012345678","DestinationId":"+8215880000","Subtype":"connect:SMS",
        "Event":{"Type":"MESSAGE","ContentType":"text/plain","Content":"네"}}"#;
    let came = ok(&mut world, "POST", "/chat-integration-event", answer);
    assert_eq!(came, serde_json::json!({ "InitialContactId": contact, "NewChatCreated": false }));
}

#[test]
fn a_changed_signature_is_refused_before_anything_happens() {
    let mut world = World::new();
    let mut request = world.signed_by((KEY.0, "wrong"), "PUT", "/contact/chat", &start_body(""));
    assert_eq!(error(&world.http(request.clone())), (403, "InvalidSignatureException"));
    request.head.headers.retain(|(name, _)| name != "authorization");
    assert_eq!(error(&world.http(request)), (403, "MissingAuthenticationTokenException"));
    assert!(world.facts().all(|fact| !matches!(fact, domain::fact::Fact::Started { .. })));
}
