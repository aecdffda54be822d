//! The participant service against a real node: rows of `amazon-connect-chat.md` 6.

use crate::harness::{FLOW, INSTANCE, Outcome, World, bearer, error, header, json, request};
use domain::agent::{AgentState, Channel};
use domain::chance::Seeded;
use domain::command::Command;
use domain::id::ContactId;
use domain::time::Millis;
use facade::connect::{grant, route};
use facade::door::{Cx, RealmNo, Response};
use serde_json::{Value, json};

/// What all events' types begin with.
pub(crate) const E: &str = "application/vnd.amazonaws.connect.event.";

/// Someone in a chat.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) contact: ContactId,
    pub(crate) participant: String,
    pub(crate) token: String,
    pub(crate) connection: String,
    pub(crate) socket_url: String,
}

/// A world in which the usual files may be sent.
pub(crate) fn world() -> World {
    let mut world = World::new();
    world.site.settings.file_types = vec![".png".to_owned(), ".txt".to_owned()];
    world
}

/// Starts a chat with these members besides the required ones.
pub(crate) fn start(world: &mut World, more: Value) -> Value {
    let mut body = json!({
        "InstanceId": INSTANCE,
        "ContactFlowId": FLOW,
        "ParticipantDetails": {"DisplayName": "Jane"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request = world.signed("PUT", "/contact/chat", &body.to_string());
    let response = world.http(request);
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    json(&response)
}

/// Starts a chat and connects its customer, with a URL for a socket that is not open yet.
pub(crate) fn customer(world: &mut World, more: Value) -> Party {
    let started = start(world, more);
    let text = |name: &str| started[name].as_str().unwrap().to_owned();
    connect(
        world,
        text("ContactId").parse().unwrap(),
        text("ParticipantId"),
        text("ParticipantToken"),
    )
}

/// Gets a connection for a participant token.
pub(crate) fn connect(
    world: &mut World,
    contact: ContactId,
    participant: String,
    token: String,
) -> Party {
    let body = json!({"Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"]});
    let made = ok(world, &token, "connection", &body);
    let connection = made["ConnectionCredentials"]["ConnectionToken"].as_str().unwrap().to_owned();
    let socket_url = made["Websocket"]["Url"].as_str().unwrap().to_owned();
    Party { contact, participant, token, connection, socket_url }
}

/// The customer counts as there, without a socket.
pub(crate) fn present(world: &mut World, more: Value) -> Party {
    let customer = customer(world, more);
    assert_eq!(
        ok(world, &customer.token, "connection", &json!({"ConnectParticipant": true})),
        json!({})
    );
    customer
}

/// An agent takes the contact, and comes in by a token as Amazon's agent pages do.
pub(crate) fn agent(world: &mut World, name: &str, contact: ContactId) -> Party {
    let channels = [Channel::Chat].into();
    let state = Command::State { agent: name.into(), channels, state: AgentState::Ready };
    world.run(state).unwrap();
    world.run(Command::Accept { agent: name.into(), contact }).unwrap();
    let mut chance = Seeded::new(u64::from(name.as_bytes()[3]) + world.now.0);
    let mut cx = Cx { now: world.now, chance: &mut chance, site: &world.site };
    let (token, grant) =
        grant::participant(&mut cx, RealmNo(0), world.now.plus(Millis::from_mins(60)));
    let admitted = world.run(Command::GrantAgent { agent: name.into(), contact, grant }).unwrap();
    let domain::command::Done::Admitted { participant, .. } = admitted else {
        panic!("{admitted:?}")
    };
    connect(world, contact, participant.to_string(), token)
}

/// Calls a verb.
pub(crate) fn call(world: &mut World, token: &str, verb: &str, body: &Value) -> Response {
    world.http(bearer(token, "POST", &format!("/participant/{verb}"), &body.to_string()))
}

/// Calls a verb that succeeds.
pub(crate) fn ok(world: &mut World, token: &str, verb: &str, body: &Value) -> Value {
    let response = call(world, token, verb, body);
    assert_eq!(response.status, 200, "{verb}: {}", String::from_utf8_lossy(&response.body));
    assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
    json(&response)
}

/// Sends a text; gives its id.
pub(crate) fn say(world: &mut World, party: &Party, text: &str) -> String {
    let body = json!({"ContentType": "text/plain", "Content": text});
    ok(world, &party.connection, "message", &body)["Id"].as_str().unwrap().to_owned()
}

/// Sends an event.
pub(crate) fn event(world: &mut World, party: &Party, name: &str, content: Value) -> Value {
    let body = json!({"ContentType": format!("{E}{name}"), "Content": content});
    ok(world, &party.connection, "event", &body)
}

/// What an item says, or else is: its content, or the end of its content type, or its type.
pub(crate) fn gist(item: &Value) -> String {
    let kind = item["ContentType"].as_str().or(item["Type"].as_str()).unwrap();
    item["Content"].as_str().unwrap_or_else(|| kind.strip_prefix(E).unwrap_or(kind)).to_owned()
}

/// The gists of a transcript's page.
pub(crate) fn transcript(world: &mut World, party: &Party, body: Value) -> (Vec<String>, Value) {
    let page = ok(world, &party.connection, "transcript", &body);
    let gists = page["Transcript"].as_array().unwrap().iter().map(gist).collect();
    (gists, page)
}

fn denied(response: &Response) {
    assert_eq!(error(response), (403, "AccessDeniedException"));
}

#[test]
fn rows_24_to_27_connections_are_given_out_as_often_as_wanted() {
    let mut world = world();
    let first = customer(&mut world, json!({}));
    assert!(first.socket_url.starts_with("ws://127.0.0.1:8080/chat/socket?t="));
    say(&mut world, &first, "one");
    let again = connect(&mut world, first.contact, first.participant.clone(), first.token.clone());
    say(&mut world, &again, "two");
    say(&mut world, &first, "three");
    let (gists, page) = transcript(&mut world, &again, json!({"SortOrder": "ASCENDING"}));
    assert_eq!(gists, ["participant.joined", "one", "안녕하세요", "two", "three"]);
    assert_eq!(page["InitialContactId"], first.contact.to_string());
}

#[test]
fn rows_28_to_32_the_right_token_alone_opens() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let hi = json!({"ContentType": "text/plain", "Content": "hi"});
    denied(&call(&mut world, "garbage", "connection", &json!({"ConnectParticipant": true})));
    denied(&call(&mut world, &jane.token, "message", &hi));
    denied(&call(&mut world, &jane.connection, "connection", &json!({"ConnectParticipant": true})));
    let bare = request("POST", "/participant/message", &[], &hi.to_string());
    denied(&world.http(bare));
    let mut signed = bearer(&jane.connection, "POST", "/participant/message", &hi.to_string());
    let nonsense = "AWS4-HMAC-SHA256 Credential=/20261121/us-east-1/execute-api/aws4_request";
    signed.head.headers.push(("authorization".to_owned(), nonsense.to_owned()));
    assert_eq!(world.http(signed).status, 200);
    world.pass(Millis::from_mins(24 * 60));
    denied(&call(&mut world, &jane.connection, "message", &hi));
}

#[test]
fn row_43_a_repeated_message_is_one_item() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let send = |world: &mut World, text: &str| {
        let body = json!({"ContentType": "text/plain", "Content": text, "ClientToken": "t"});
        ok(world, &jane.connection, "message", &body)
    };
    let first = send(&mut world, "hi");
    world.pass(Millis::from_mins(5));
    assert_eq!(send(&mut world, "other words"), first);
    let (gists, _) = transcript(&mut world, &jane, json!({}));
    assert_eq!(gists.iter().filter(|gist| *gist == "hi").count(), 1);
    assert!(!gists.contains(&"other words".to_owned()));
}

#[test]
fn rows_44_to_46_texts_go_round_within_their_limits() {
    let mut world = world();
    let jane = present(
        &mut world,
        json!({"SupportedMessagingContentTypes": ["text/plain", "application/json"]}),
    );
    let text = " 안녕 👋🏽\r\n\t\"x\" \\ \u{2028} ";
    say(&mut world, &jane, text);
    let longest = "한".repeat(5_461);
    say(&mut world, &jane, &longest);
    let (gists, _) =
        transcript(&mut world, &jane, json!({"MaxResults": 2, "SortOrder": "ASCENDING"}));
    assert_eq!(gists, [text, &longest]);
    let markdown = json!({"ContentType": "text/markdown", "Content": "**"});
    assert_eq!(
        error(&call(&mut world, &jane.connection, "message", &markdown)),
        (400, "ValidationException")
    );
    let long = json!({"ContentType": "text/plain", "Content": longest + "12"});
    assert_eq!(
        error(&call(&mut world, &jane.connection, "message", &long)),
        (400, "ValidationException")
    );
}

#[test]
fn rows_55_to_59_a_transcript_has_no_gap_and_no_overlap() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let ids: Vec<String> = (0..23).map(|n| say(&mut world, &jane, &n.to_string())).collect();
    let (newest, _) = transcript(&mut world, &jane, json!({}));
    assert_eq!(newest, (13..23).rev().map(|n| n.to_string()).collect::<Vec<_>>());

    let mut body = json!({"MaxResults": 10, "SortOrder": "ASCENDING", "ScanDirection": "BACKWARD", "StartPosition": {}});
    let mut all = Vec::new();
    loop {
        let (mut page, answer) = transcript(&mut world, &jane, body.clone());
        page.append(&mut all);
        all = page;
        say(&mut world, &jane, "meanwhile");
        let Some(next) = answer.get("NextToken") else { break };
        body["NextToken"] = next.clone();
    }
    let mut expected = vec!["participant.joined".to_owned(), "안녕하세요".to_owned()];
    expected.extend((0..23).map(|n| n.to_string()));
    assert_eq!(all, expected);

    let from =
        |start: Value| json!({"SortOrder": "ASCENDING", "MaxResults": 3, "StartPosition": start});
    assert_eq!(transcript(&mut world, &jane, from(json!({"Id": ids[4]}))).0, ["4", "5", "6"]);
    let back =
        json!({"StartPosition": {"Id": ids[4]}, "ScanDirection": "BACKWARD", "MaxResults": 2});
    assert_eq!(transcript(&mut world, &jane, back).0, ["4", "3"]);
    assert_eq!(
        transcript(&mut world, &jane, from(json!({"MostRecent": 2}))).0,
        ["meanwhile", "meanwhile"]
    );
    assert!(transcript(&mut world, &jane, json!({"ScanDirection": "FORWARD"})).0.is_empty());
    for bad in [
        json!({"MaxResults": 101}),
        json!({"NextToken": "bad"}),
        json!({"StartPosition": {"Id": jane.participant}}),
        json!({"ContactId": jane.participant}),
    ] {
        assert_eq!(
            error(&call(&mut world, &jane.connection, "transcript", &bad)),
            (400, "ValidationException"),
            "{bad}"
        );
    }
}

#[test]
fn row_60_the_initial_message_follows_the_customers_coming() {
    let mut world = world();
    let jane = present(
        &mut world,
        json!({"InitialMessage": {"ContentType": "text/plain", "Content": "first"}}),
    );
    let (gists, page) = transcript(&mut world, &jane, json!({"SortOrder": "ASCENDING"}));
    assert_eq!(gists, ["participant.joined", "first", "안녕하세요"]);
    let roles: Vec<_> = page["Transcript"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["ParticipantRole"].clone())
        .collect();
    assert_eq!(roles, ["CUSTOMER", "CUSTOMER", "SYSTEM"]);
}

#[test]
fn row_53_a_transcript_tells_who_has_read() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let kim = agent(&mut world, "1001", jane.contact);
    let old = say(&mut world, &jane, "old");
    let new = say(&mut world, &jane, "new");
    world.pass(Millis(1_000));
    event(&mut world, &kim, "message.delivered", json!({"messageId": new}));
    world.pass(Millis(1_000));
    event(&mut world, &kim, "message.read", json!(format!(r#"{{"messageId":"{new}"}}"#)));
    let (_, page) = transcript(&mut world, &jane, json!({"MaxResults": 2}));
    for (item, id) in page["Transcript"].as_array().unwrap().iter().zip([new, old]) {
        let metadata = &item["MessageMetadata"];
        assert_eq!(metadata["MessageId"], id);
        let receipt = &metadata["Receipts"][0];
        assert_eq!(receipt["RecipientParticipantId"], kim.participant);
        assert!(receipt["DeliveredTimestamp"].as_str() < receipt["ReadTimestamp"].as_str());
    }
    let unknown = json!({"ContentType": format!("{E}message.read"), "Content": {"messageId": kim.participant}});
    assert_eq!(
        error(&call(&mut world, &jane.connection, "event", &unknown)),
        (400, "ValidationException")
    );
}

/// Announces a file and puts bytes to its URL.
fn upload(
    world: &mut World,
    party: &Party,
    name: &str,
    size: usize,
    bytes: &[u8],
) -> (String, Response) {
    let body = json!({"ContentType": "image/png", "AttachmentSizeInBytes": size, "AttachmentName": name, "ClientToken": name});
    let started = ok(world, &party.connection, "start-attachment-upload", &body);
    let url = started["UploadMetadata"]["Url"].as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8080").unwrap();
    let mut put = request("PUT", path, &[], "");
    put.body = bytes.to_vec();
    (started["AttachmentId"].as_str().unwrap().to_owned(), world.http(put))
}

#[test]
fn row_61_a_file_goes_there_and_back() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let kim = agent(&mut world, "1001", jane.contact);
    let bytes = b"\x89PNG\r\n\x1a\n\0\0";
    let (id, put) = upload(&mut world, &jane, "사진.png", 10, bytes);
    assert_eq!((put.status, put.body.len()), (200, 0));
    assert_eq!(header(&put, "access-control-allow-origin"), Some("*"));
    let body = json!({"AttachmentIds": [id], "ClientToken": "done"});
    assert_eq!(ok(&mut world, &jane.connection, "complete-attachment-upload", &body), json!({}));
    assert_eq!(
        ok(&mut world, &jane.connection, "complete-attachment-upload", &body),
        json!({}),
        "a repeat"
    );
    let other = json!({"AttachmentIds": [id], "ClientToken": "other"});
    assert_eq!(
        error(&call(&mut world, &jane.connection, "complete-attachment-upload", &other)),
        (409, "ConflictException")
    );

    let (_, page) = transcript(&mut world, &kim, json!({"MaxResults": 1}));
    let item = &page["Transcript"][0];
    assert_eq!(item["Type"], "ATTACHMENT");
    assert_eq!(
        item["Attachments"],
        json!([{"ContentType": "image/png", "AttachmentId": id, "AttachmentName": "사진.png", "Status": "APPROVED"}])
    );
    let got = ok(
        &mut world,
        &kim.connection,
        "attachment",
        &json!({"AttachmentId": id, "UrlExpiryInSeconds": 60, "UrlContentDisposition": "INLINE"}),
    );
    assert_eq!(got["AttachmentSizeInBytes"], 10);
    let path =
        got["Url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    let file = world.http(request("GET", &path, &[], ""));
    assert_eq!((file.status, &file.body[..]), (200, &bytes[..]));
    assert_eq!(header(&file, "content-type"), Some("image/png"));
    assert_eq!(header(&file, "x-content-type-options"), Some("nosniff"));
    assert_eq!(header(&file, "access-control-allow-origin"), Some("*"));
    world.pass(Millis::from_secs(60));
    denied(&world.http(request("GET", &path, &[], "")));
    let late = upload(&mut world, &jane, "사진.png", 10, bytes);
    denied(&late.1);
}

#[test]
fn row_71_files_of_a_chat_are_among_its_references() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let (id, _) = upload(&mut world, &jane, "사진.png", 10, b"\x89PNG\r\n\x1a\n\0\0");
    let path = format!(
        "/contact/references/{INSTANCE}/{}?referenceTypes=URL&referenceTypes=ATTACHMENT",
        jane.contact
    );
    let list = |world: &mut World| {
        let request = world.signed("GET", &path, "");
        let response = world.http(request);
        assert_eq!(response.status, 200);
        json(&response)["ReferenceSummaryList"].clone()
    };
    assert_eq!(list(&mut world), json!([]), "it is not complete");
    let complete = json!({"AttachmentIds": [id], "ClientToken": "c"});
    ok(&mut world, &jane.connection, "complete-attachment-upload", &complete);
    let (bad, _) = upload(&mut world, &jane, "page.png", 13, b"<html>hi</htm");
    let complete = json!({"AttachmentIds": [bad], "ClientToken": "d"});
    ok(&mut world, &jane.connection, "complete-attachment-upload", &complete);
    let check = |listed: &Value| {
        assert_eq!(listed.as_array().unwrap().len(), 1, "what was rejected is not listed");
        let file = &listed[0]["Attachment"];
        assert_eq!(file["Name"], "사진.png");
        assert_eq!((&file["Value"], &file["Status"]), (&json!(id), &json!("APPROVED")));
        assert!(file["Arn"].as_str().unwrap().ends_with(&format!("/attachment/{id}")));
    };
    check(&list(&mut world));
    ok(&mut world, &jane.connection, "disconnect", &json!({}));
    world.pass(Millis::from_mins(30));
    check(&list(&mut world));
}

#[test]
fn rows_62_63_and_87_files_that_are_not_what_they_should_be() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let kim = agent(&mut world, "1001", jane.contact);
    let large = json!({"ContentType": "image/png", "AttachmentSizeInBytes": 21_000_000, "AttachmentName": "a.png", "ClientToken": "t"});
    assert_eq!(
        error(&call(&mut world, &jane.connection, "start-attachment-upload", &large)),
        (400, "ValidationException")
    );

    let (id, put) = upload(&mut world, &jane, "long.png", 4, b"12345");
    assert_eq!(put.status, 400);
    let body = json!({"AttachmentIds": [id], "ClientToken": "long"});
    assert_eq!(
        error(&call(&mut world, &jane.connection, "complete-attachment-upload", &body)),
        (400, "ValidationException")
    );

    let (id, put) = upload(&mut world, &jane, "page.png", 13, b"<html>hi</htm");
    assert_eq!(put.status, 200);
    ok(
        &mut world,
        &jane.connection,
        "complete-attachment-upload",
        &json!({"AttachmentIds": [id], "ClientToken": "page"}),
    );
    let (_, own) = transcript(&mut world, &jane, json!({"MaxResults": 1}));
    assert_eq!(own["Transcript"][0]["Attachments"][0]["Status"], "REJECTED");
    let (theirs, _) = transcript(&mut world, &kim, json!({"MaxResults": 1}));
    assert_eq!(theirs, ["participant.joined"]);
    for party in [&jane, &kim] {
        let response =
            call(&mut world, &party.connection, "attachment", &json!({"AttachmentId": id}));
        assert!(matches!(response.status, 400 | 403), "{}", response.status);
    }
}

#[test]
fn rows_64_to_66_after_the_end_nothing_opens() {
    let mut world = world();
    let jane = present(&mut world, json!({}));
    let leave = json!({"ClientToken": "bye"});
    assert_eq!(ok(&mut world, &jane.connection, "disconnect", &leave), json!({}));
    assert_eq!(ok(&mut world, &jane.connection, "disconnect", &leave), json!({}), "a repeat");
    denied(&call(&mut world, &jane.connection, "disconnect", &json!({"ClientToken": "other"})));
    for (verb, body) in [
        ("message", json!({"ContentType": "text/plain", "Content": "hi"})),
        ("event", json!({"ContentType": format!("{E}typing")})),
        ("transcript", json!({})),
        ("attachment", json!({"AttachmentId": jane.participant})),
    ] {
        denied(&call(&mut world, &jane.connection, verb, &body));
    }
    let body = json!({"Type": ["WEBSOCKET"]});
    denied(&call(&mut world, &jane.token, "connection", &body));
}

#[test]
fn row_68_a_persistent_chat_reads_on_into_its_past() {
    let mut world = world();
    let old = present(&mut world, json!({}));
    say(&mut world, &old, "yesterday");
    ok(&mut world, &old.connection, "disconnect", &json!({}));
    let persistent = json!({"PersistentChat": {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": old.contact.to_string()}});
    let jane = present(&mut world, persistent);
    say(&mut world, &jane, "today");
    let (gists, page) = transcript(&mut world, &jane, json!({"SortOrder": "ASCENDING"}));
    assert_eq!(gists, ["participant.joined", "안녕하세요", "today"]);
    let id = jane.contact.to_string();
    assert!(
        page["Transcript"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["ContactId"] == *id && item.get("RelatedContactId").is_none())
    );
    let next = json!({"SortOrder": "ASCENDING", "ScanDirection": "BACKWARD", "NextToken": page["NextToken"]});
    let (gists, page) = transcript(&mut world, &jane, next);
    assert_eq!(
        gists,
        ["participant.joined", "안녕하세요", "yesterday", "participant.left", "chat.ended"]
    );
    let id = old.contact.to_string();
    assert!(
        page["Transcript"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["RelatedContactId"] == *id && item.get("ContactId").is_none())
    );
    assert!(page.get("NextToken").is_none());
}

#[test]
fn a_preflight_of_a_files_url_is_answered() {
    let mut world = world();
    let asked = [("access-control-request-headers", "content-type,content-disposition")];
    let Outcome::Answer(answer) =
        world.exchange(route::handle, request("OPTIONS", "/participant/upload/x", &asked, ""))
    else {
        panic!("no socket is there")
    };
    assert_eq!(answer.status, 204);
    assert!(header(&answer, "access-control-allow-methods").unwrap().contains("PUT"));
}
