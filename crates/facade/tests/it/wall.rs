//! A supervisor's wallboard on the desk's socket, against a real node.

use crate::admin::{chat, world};
use crate::desk::Desk;
use crate::harness::World;
use domain::directory::{Entry, Queue};
use domain::id::{ContactId, TokenHash};
use domain::time::Millis;
use serde_json::{Value, json};

fn customer(n: u8) -> TokenHash {
    TokenHash([n; 32])
}

/// A supervisor's wallboard, and the whole of it.
fn wall(world: &mut World) -> (Desk, Value) {
    let mut desk = Desk::open(world, "9001");
    desk.hello(world);
    let whole = desk.ok(world, json!({"do": "wall"}));
    (desk, whole)
}

/// What has come since, of wallboards.
fn news(desk: &mut Desk, world: &mut World) -> Vec<Value> {
    world.pass(Millis(300));
    desk.all(world).into_iter().filter(|frame| frame["sig"] == "wall").collect()
}

fn row<'a>(wall: &'a Value, of: &str, id: &str) -> &'a Value {
    let rows = wall[of].as_array().unwrap_or_else(|| panic!("{of}: {wall}"));
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id}: {wall}"))
}

fn waiting(desk: &mut Desk, world: &mut World, queue: &str) -> Vec<ContactId> {
    let told = desk.ok(world, json!({"do": "waiting", "queue": queue}));
    let all = told["waiting"].as_array().unwrap().iter();
    all.map(|w| serde_json::from_value(w["contact"].clone()).unwrap()).collect()
}

#[test]
fn a_wallboard_is_told_whole_and_then_by_rows_that_changed() {
    let mut world = world();
    let mut agent = Desk::ready(&mut world, "1001");
    let (mut lead, whole) = wall(&mut world);
    assert_eq!(whole["whole"], true);
    let me = row(&whole, "agents", "1001");
    assert_eq!(me["channels"]["chat"]["state"], "ready");
    assert_eq!(row(&whole, "queues", "3001")["channels"]["chat"]["ready"], 1);
    assert_eq!(whole["limits"]["service_level"], 80);

    let contact = chat(&mut world, None, false, customer(1));
    let told = news(&mut lead, &mut world);
    assert_eq!(told.len(), 1, "one frame for all that happened: {told:?}");
    let queue = &row(&told[0], "queues", "3001")["channels"]["chat"];
    assert_eq!(queue["today"]["offered"], 1);
    assert_eq!(queue["quarters"][0][1], 1);
    assert_eq!(row(&told[0], "agents", "1001")["at_hand"][0]["stage"], "offered");
    assert_eq!(told[0]["agents"].as_array().unwrap().len(), 1, "and of nobody else");

    agent.ok(&mut world, json!({"do": "accept", "contact": contact}));
    let told = news(&mut lead, &mut world);
    assert_eq!(row(&told[0], "queues", "3001")["channels"]["chat"]["today"]["in_time"], 1);
    assert_eq!(row(&told[0], "agents", "1001")["at_hand"][0]["stage"], "talking");
    assert!(news(&mut lead, &mut world).is_empty(), "nothing is told twice");
    world.pass(Millis::from_secs(2));
    let beat = news(&mut lead, &mut world);
    assert!(beat.iter().all(|b| b.get("queues").is_none()) && !beat.is_empty(), "{beat:?}");
    // Whoever greets anew asks anew.
    lead.hello(&mut world);
    assert!(news(&mut lead, &mut world).is_empty());
    let again = lead.ok(&mut world, json!({"do": "wall"}));
    assert_eq!(row(&again, "agents", "1001")["at_hand"][0]["stage"], "talking");
}

#[test]
fn a_storm_is_four_frames_a_second_at_most() {
    let mut world = world();
    let (mut lead, _) = wall(&mut world);
    let mut agent = Desk::ready(&mut world, "1001");
    lead.all(&mut world);
    let mut frames = 0;
    for n in 0..40 {
        let state = if n % 2 == 0 { "not_ready" } else { "ready" };
        agent.ok(&mut world, json!({"do": "state", "state": state}));
        world.pass(Millis(50));
        frames += lead.all(&mut world).iter().filter(|f| f["sig"] == "wall").count();
    }
    assert!((4..=9).contains(&frames), "{frames} frames in two seconds");
}

#[test]
fn an_agent_sees_no_wallboard() {
    let mut world = world();
    let mut desk = Desk::ready(&mut world, "1001");
    let contact = chat(&mut world, None, false, customer(1));
    for request in [
        json!({"do": "wall"}),
        json!({"do": "waiting", "queue": "3001"}),
        json!({"do": "move", "contact": contact, "to": "front"}),
        json!({"do": "take_over", "contact": contact}),
        json!({"do": "announce", "to": "all", "text": "x"}),
        json!({"do": "limits", "limits": {"waiting": 3}}),
    ] {
        assert_eq!(desk.no(&mut world, request), "session.not_allowed");
    }
}

#[test]
fn who_waits_is_moved_and_every_supervisor_sees_who_did_it() {
    let mut world = world();
    world.put(Entry::Queue(Queue::new("3002", "second", 401)));
    let (mut lead, _) = wall(&mut world);
    let (mut other, _) = wall(&mut world);
    let first = chat(&mut world, None, false, customer(1));
    world.pass(Millis(500));
    let second = chat(&mut world, None, false, customer(2));
    assert_eq!(waiting(&mut lead, &mut world, "3001"), [first, second]);
    other.all(&mut world);
    lead.ok(&mut world, json!({"do": "move", "contact": second, "to": "front"}));
    assert_eq!(waiting(&mut other, &mut world, "3001"), [second, first]);
    let told = other.all(&mut world);
    let acted = told.iter().find(|f| f["ev"] == "acted").unwrap();
    assert_eq!(acted["by"], "9001");
    assert_eq!(acted["act"]["moved"]["to"], "front");
    lead.ok(&mut world, json!({"do": "move", "contact": first, "to": {"queue": "3002"}}));
    assert_eq!(waiting(&mut lead, &mut world, "3002"), [first]);
    let to_agent = json!({"do": "move", "contact": first, "to": {"agent": "1001"}});
    assert_eq!(lead.no(&mut world, to_agent), "agent.not_logged_on");
    assert_eq!(
        lead.no(&mut world, json!({"do": "move", "contact": first, "to": "back"})),
        "request.bad"
    );
}

#[test]
fn a_chat_is_taken_over_and_comes_to_the_supervisors_desk() {
    let mut world = world();
    let mut agent = Desk::ready(&mut world, "1001");
    let contact = chat(&mut world, None, false, customer(1));
    agent.ok(&mut world, json!({"do": "accept", "contact": contact}));
    let (mut lead, _) = wall(&mut world);
    let next =
        lead.ok(&mut world, json!({"do": "take_over", "contact": contact}))["contact"].clone();
    let told = lead.all(&mut world);
    let mine = told.iter().find(|f| f["ev"] == "contact" && f["contact"]["id"] == next).unwrap();
    assert_eq!(mine["contact"]["state"], "talking");
    let gone = agent.all(&mut world);
    assert!(gone.iter().any(|f| f["ev"] == "contact" && f["contact"]["state"] == "wrapup"));
}

#[test]
fn a_message_to_the_team_reaches_desks_and_waits_for_those_who_come() {
    let mut world = world();
    let mut agent = Desk::ready(&mut world, "1001");
    let (mut lead, _) = wall(&mut world);
    lead.ok(&mut world, json!({"do": "announce", "to": {"group": 401}, "text": "회의"}));
    let told = agent.all(&mut world);
    let notice = told.iter().find(|f| f["ev"] == "notice").unwrap()["notice"].clone();
    assert_eq!((&notice["text"], &notice["by"]), (&json!("회의"), &json!("9001")));
    let mut late = Desk::open(&mut world, "1001");
    late.hello(&mut world);
    let waits = late.all(&mut world);
    let waits = waits.iter().find(|f| f["sig"] == "notices").unwrap();
    assert_eq!(waits["notices"][0]["id"], notice["id"]);
    late.ok(&mut world, json!({"do": "ack", "notice": notice["id"]}));
    assert!(agent.all(&mut world).iter().any(|f| f["ev"] == "notice_read"));
    let told = news(&mut lead, &mut world);
    let row = &told.last().unwrap()["notices"][0];
    assert_eq!(row["read"], 1);
    let stranger = json!({"do": "ack", "notice": contact_like()});
    assert_eq!(agent.no(&mut world, stranger), "directory.none");
}

fn contact_like() -> &'static str {
    "019aa753-fabc-7123-8456-0123456789ab"
}

#[test]
fn limits_are_kept_and_seen_by_others() {
    let mut world = world();
    let (mut lead, _) = wall(&mut world);
    let (mut other, _) = wall(&mut world);
    other.all(&mut world);
    lead.ok(&mut world, json!({"do": "limits", "limits": {"waiting": 3, "oldest": 90_000}}));
    let told = news(&mut other, &mut world);
    assert_eq!(told[0]["limits"], json!({"waiting": 3, "oldest": 90_000}));
    let bad = json!({"do": "limits", "limits": {"waiting": 0}});
    assert_eq!(lead.no(&mut world, bad), "directory.bad_entry");
}
