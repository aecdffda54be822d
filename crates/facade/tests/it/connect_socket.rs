//! The chat's socket against a real node: rows of `amazon-connect-chat.md` 6.

use crate::connect_participant::{
    Party, agent, call, connect, customer, event, gist, ok, say, transcript, world,
};
use crate::harness::{Outcome, World, error, request};
use domain::command::{Command, Destination};
use domain::contact::TextKind;
use domain::directory::{Entry, Queue};
use domain::query::{Answer, Query};
use domain::room::Audience;
use domain::time::Millis;
use facade::connect::route;
use facade::door::Response;
use serde_json::{Value, json};

const SUBSCRIBE: &str = r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#;

fn open(world: &mut World, url: &str) -> Result<usize, Response> {
    let path = url.strip_prefix("ws://127.0.0.1:8080").unwrap();
    match world.exchange(route::handle, request("GET", path, &[("upgrade", "websocket")], "")) {
        Outcome::Socket(at) => Ok(at),
        Outcome::Waits(_) => panic!("there is no answer"),
        Outcome::Answer(response) => Err(response),
    }
}

/// Opens a socket and subscribes; its first frame is the acknowledgement.
fn subscribed(world: &mut World, party: &Party) -> usize {
    let socket = open(world, &party.socket_url).expect("the socket opens");
    world.text(socket, SUBSCRIBE);
    socket
}

/// Items that came on a socket since it was last asked.
fn items(world: &mut World, socket: usize) -> Vec<Value> {
    let frames = world.frames(socket);
    let frames = frames.iter().map(|frame| serde_json::from_str::<Value>(frame).unwrap());
    let chat = frames.filter(|frame| frame["topic"] == "aws/chat");
    chat.map(|frame| serde_json::from_str(frame["content"].as_str().expect("a string")).unwrap())
        .collect()
}

fn gists(world: &mut World, socket: usize) -> Vec<String> {
    items(world, socket).iter().map(gist).collect()
}

#[test]
fn rows_35_and_40_the_customer_comes_once_and_after_the_acknowledgement() {
    let mut world = world();
    let jane = customer(
        &mut world,
        json!({"InitialMessage": {"ContentType": "text/plain", "Content": "first"}}),
    );
    let socket = subscribed(&mut world, &jane);
    let frames = world.frames(socket);
    assert!(
        frames[0].contains(r#""topic":"aws/subscribe""#) && frames[0].contains("success"),
        "{}",
        frames[0]
    );
    let of = |frame: &String| {
        let frame: Value = serde_json::from_str(frame).unwrap();
        gist(&serde_json::from_str(frame["content"].as_str().unwrap()).unwrap())
    };
    let rest: Vec<String> = frames[1..].iter().map(of).collect();
    assert_eq!(rest, ["participant.joined", "first", "안녕하세요"]);
    let second = subscribed(&mut world, &jane);
    assert!(items(&mut world, second).is_empty());
    assert!(items(&mut world, socket).is_empty());
}

#[test]
fn rows_41_and_42_every_socket_gets_a_message_with_the_id_of_the_answer() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let sockets = [subscribed(&mut world, &jane), subscribed(&mut world, &jane)];
    for socket in sockets {
        items(&mut world, socket);
    }
    let id = say(&mut world, &jane, "안녕 \"x\"");
    for socket in sockets {
        let got = items(&mut world, socket);
        assert_eq!(got.len(), 1);
        let contact = jane.contact.to_string();
        assert_eq!((&got[0]["Id"], &got[0]["Content"]), (&json!(id), &json!("안녕 \"x\"")));
        assert_eq!(
            (&got[0]["InitialContactId"], &got[0]["ContactId"]),
            (&json!(contact), &json!(contact))
        );
        assert_eq!(got[0]["ParticipantRole"], "CUSTOMER");
    }
}

#[test]
fn rows_47_and_48_typing_is_shown_and_not_kept() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let hers = subscribed(&mut world, &jane);
    let kim = agent(&mut world, "1001", jane.contact);
    items(&mut world, hers);
    let sent = event(&mut world, &kim, "typing", Value::Null);
    let got = items(&mut world, hers);
    assert_eq!((gist(&got[0]), &got[0]["Id"], got.len()), ("typing".to_owned(), &sent["Id"], 1));
    assert_eq!(got[0]["ParticipantId"], kim.participant);
    event(&mut world, &kim, "connection.acknowledged", Value::Null);
    assert!(items(&mut world, hers).is_empty());
    let (kept, _) = transcript(&mut world, &jane, json!({"MaxResults": 100}));
    assert!(!kept.contains(&"typing".to_owned()));
}

#[test]
fn row_52_receipts_are_told_once_and_name_the_reader() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let hers = subscribed(&mut world, &jane);
    let kim = agent(&mut world, "1001", jane.contact);
    let id = say(&mut world, &jane, "hi");
    items(&mut world, hers);
    for (name, members) in [("message.delivered", 2), ("message.read", 3)] {
        let sent = event(&mut world, &kim, name, json!({"messageId": id}));
        event(&mut world, &kim, name, json!({"messageId": id}));
        let got = items(&mut world, hers);
        assert_eq!(got.len(), 1, "{name}");
        assert_eq!((&got[0]["Type"], &got[0]["Id"]), (&json!("MESSAGEMETADATA"), &sent["Id"]));
        let metadata = &got[0]["MessageMetadata"];
        assert_eq!(metadata["MessageId"], id);
        assert_eq!(metadata["Receipts"][0]["RecipientParticipantId"], kim.participant);
        assert_eq!(metadata["Receipts"][0].as_object().unwrap().len(), members);
    }
}

#[test]
fn row_64_the_leaver_hears_the_end_and_is_closed_after_a_while() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let hers = subscribed(&mut world, &jane);
    let kim = agent(&mut world, "1001", jane.contact);
    let his = subscribed(&mut world, &kim);
    items(&mut world, hers);
    ok(&mut world, &jane.connection, "disconnect", &json!({"ClientToken": "t"}));
    for socket in [hers, his] {
        let got = items(&mut world, socket);
        assert_eq!(got.iter().map(gist).collect::<Vec<_>>(), ["participant.left", "chat.ended"]);
        assert_eq!(got[0]["ParticipantRole"], "CUSTOMER");
        assert!(got[1].get("ParticipantRole").is_none() && got[1].get("ParticipantId").is_none());
    }
    world.pass(Millis::from_secs(10));
    assert_eq!(world.closed(hers), None);
    world.pass(Millis::from_secs(10));
    assert_eq!(world.closed(hers).map(|(code, _)| code), Some(1000));
}

#[test]
fn row_67_a_programs_stop_is_heard() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let hers = subscribed(&mut world, &jane);
    items(&mut world, hers);
    world.run(Command::Stop { contact: jane.contact }).unwrap();
    assert_eq!(gists(&mut world, hers).last().unwrap(), "chat.ended");
    let late = connectless(&mut world, &jane);
    assert_eq!(error(&late), (403, "AccessDeniedException"));
}

fn connectless(world: &mut World, party: &Party) -> Response {
    call(world, &party.token, "connection", &json!({"Type": ["WEBSOCKET"]}))
}

#[test]
fn row_72_a_url_never_opened_within_100_s_is_refused() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let garbled = format!("{}x", jane.socket_url);
    assert_eq!(open(&mut world, &garbled).err().map(|r| r.status), Some(403));
    world.pass(Millis::from_secs(99));
    let socket = open(&mut world, &jane.socket_url).expect("99 s are within 100 s");
    world.hang_up(socket);
    world.pass(Millis::from_secs(1));
    assert_eq!(open(&mut world, &jane.socket_url).err().map(|r| r.status), Some(403));
}

#[test]
fn a_sixth_socket_is_refused_until_one_closes() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let sockets: Vec<usize> =
        (0..5).map(|_| open(&mut world, &jane.socket_url).expect("one of five")).collect();
    assert_eq!(open(&mut world, &jane.socket_url).err().map(|r| r.status), Some(429));
    world.hang_up(sockets[2]);
    assert!(open(&mut world, &jane.socket_url).is_ok());
}

#[test]
fn a_socket_ends_with_its_connection_and_the_chat_goes_on() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let first = subscribed(&mut world, &jane);
    world.pass(Millis::from_mins(59));
    let renewed = connect(&mut world, jane.contact, jane.participant.clone(), jane.token.clone());
    let second = subscribed(&mut world, &renewed);
    world.pass(Millis::from_mins(2));
    assert_eq!(world.closed(first).map(|(code, _)| code), Some(1001));
    assert_eq!(world.closed(second), None);
    items(&mut world, second);
    say(&mut world, &jane, "still here");
    assert_eq!(gists(&mut world, second), ["still here"]);
    let (kept, _) = transcript(&mut world, &jane, json!({}));
    assert!(!kept.contains(&"participant.left".to_owned()));
}

#[test]
fn nothing_subscribed_within_60_s_closes_the_socket() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let socket = open(&mut world, &jane.socket_url).unwrap();
    world.text(socket, r#"{"topic":"aws/ping"}"#);
    world.text(socket, r#"{"topic":"aws/heartbeat"}"#);
    assert_eq!(world.frames(socket).len(), 2);
    world.pass(Millis::from_secs(60));
    assert_eq!(world.closed(socket).map(|(code, _)| code), Some(1001));
}

#[test]
fn row_85_an_agents_note_is_in_no_frame_and_no_page_of_the_customer() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let hers = subscribed(&mut world, &jane);
    let kim = agent(&mut world, "1001", jane.contact);
    let his = subscribed(&mut world, &kim);
    items(&mut world, hers);
    items(&mut world, his);
    let (_, token) = facade::door::open(&kim.connection).unwrap();
    let note = Command::Say {
        by: domain::command::By::Token(token),
        kind: TextKind::Plain,
        text: "a difficult one".into(),
        audience: Audience::Agents,
        key: None,
    };
    world.run(note).unwrap();
    say(&mut world, &kim, "hello");
    assert_eq!(gists(&mut world, his), ["a difficult one", "hello"]);
    assert_eq!(gists(&mut world, hers), ["hello"]);
    let (page, _) = transcript(&mut world, &jane, json!({"MaxResults": 2}));
    assert_eq!(page, ["hello", "participant.joined"]);
    let (page, _) = transcript(&mut world, &kim, json!({"MaxResults": 2}));
    assert_eq!(page, ["hello", "a difficult one"]);
}

#[test]
fn a_transfer_ends_the_old_agents_socket_and_renames_the_contact() {
    let mut world = world();
    let jane = customer(&mut world, json!({}));
    let hers = subscribed(&mut world, &jane);
    let kim = agent(&mut world, "1001", jane.contact);
    let his = subscribed(&mut world, &kim);
    items(&mut world, hers);
    items(&mut world, his);
    let transfer = Command::Transfer {
        contact: jane.contact,
        to: Destination::Queue("3001".into()),
        by: Some("1001".into()),
        note: None,
        key: None,
    };
    let done = world.run(transfer).unwrap();
    let domain::command::Done::Transferred { contact } = done else { panic!("{done:?}") };
    assert_eq!(gists(&mut world, his), ["participant.left", "transfer.succeeded"]);
    say(&mut world, &jane, "is anybody there?");
    let got = items(&mut world, hers);
    assert_eq!(
        got.iter().map(gist).collect::<Vec<_>>()[..2],
        ["participant.left", "transfer.succeeded"]
    );
    let last = got.last().unwrap();
    assert_eq!(
        (&last["ContactId"], &last["InitialContactId"]),
        (&json!(contact.to_string()), &json!(jane.contact.to_string()))
    );
    event(&mut world, &jane, "typing", Value::Null);
    let typing = items(&mut world, hers);
    assert_eq!(
        (gist(&typing[0]), &typing[0]["ContactId"]),
        ("typing".to_owned(), &json!(contact.to_string()))
    );
    assert!(items(&mut world, his).is_empty());
    world.pass(Millis::from_secs(20));
    assert_eq!(world.closed(his).map(|(code, _)| code), Some(1000));
    assert_eq!(
        error(&call(
            &mut world,
            &kim.connection,
            "message",
            &json!({"ContentType": "text/plain", "Content": "x"})
        ))
        .0,
        403
    );
}

#[test]
fn a_customer_who_is_asked_how_it_went_may_say_so_after_the_end() {
    let mut world = world();
    let rate = |world: &mut World, party: &Party, score: Value| {
        call(world, &party.connection, "rating", &json!({"Score": score}))
    };
    let denied = (403, "AccessDeniedException");
    let unasked = customer(&mut world, json!({}));
    subscribed(&mut world, &unasked);
    assert_eq!(error(&rate(&mut world, &unasked, json!(5))), denied);
    ok(&mut world, &unasked.connection, "disconnect", &json!({}));
    let Ok(Answer::Directory(directory)) = world.ask(Query::Directory) else { panic!() };
    let queue = directory.queues["3001"].as_ref().clone();
    let queue = Entry::Queue(Queue { rating: true, ..queue });
    world.run(Command::Put(Box::new(queue))).unwrap();
    let jane = customer(&mut world, json!({}));
    let socket = subscribed(&mut world, &jane);
    let kim = agent(&mut world, "1001", jane.contact);
    items(&mut world, socket);
    ok(&mut world, &kim.connection, "disconnect", &json!({}));
    let told = items(&mut world, socket);
    let told: Vec<&str> =
        told.iter().map(|item| item["ContentType"].as_str().unwrap_or_default()).collect();
    let ended = "application/vnd.amazonaws.connect.event.chat.ended";
    assert!(told.ends_with(&["application/vnd.sangdam.event.rating.wanted", ended]), "{told:?}");
    for wrong in [json!(0), json!(6), json!(null)] {
        let response = rate(&mut world, &jane, wrong);
        assert_eq!(error(&response), (400, "ValidationException"));
    }
    assert_eq!(rate(&mut world, &jane, json!(4)).status, 200);
    assert_eq!(world.contact(jane.contact).rating, Some(4));
    assert_eq!(error(&rate(&mut world, &kim, json!(1))), denied);
    world.pass(Millis::from_mins(11));
    assert_eq!(error(&rate(&mut world, &jane, json!(5))), denied);
}
