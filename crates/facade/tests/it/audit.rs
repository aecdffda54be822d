//! What stands in the audit trail beside changes of the directory: who was not let in, and what supervisors did.

use crate::admin::{JSON, call, enrolled, http, token, world};
use crate::harness::{World, json};
use domain::agent::{AgentState, Channel};
use domain::board::{Limits, Supervision};
use domain::command::Command;
use facade::door::open;
use serde_json::{Value, json as value};

fn trail(world: &mut World, kind: &str) -> Vec<Value> {
    let path = format!("/api/v1/audit?kind={kind}");
    let told = json(&call(world, "admin", "GET", &path, ""));
    told["entries"].as_array().unwrap().clone()
}

#[test]
fn whoever_is_not_let_in_is_written_down_without_what_they_typed() {
    let mut world = world();
    enrolled(&mut world);
    let knock = |world: &mut World, body: Value| {
        http(world, "POST", "/api/v1/session", &[JSON], &body.to_string()).status
    };
    let right = "secret-1001";
    assert_eq!(knock(&mut world, value!({"user": "1001", "password": "wrong-word"})), 401);
    assert_eq!(knock(&mut world, value!({"user": "my-own-secret", "password": "x"})), 401);
    let coded = value!({"user": "1001", "password": right, "code": "000000"});
    assert_eq!(knock(&mut world, coded), 401);
    // A code is asked for: that is how one logs in.
    assert_eq!(knock(&mut world, value!({"user": "1001", "password": right})), 401);
    let rows = trail(&mut world, "sessions");
    let failed: Vec<_> = rows.iter().filter(|row| row["action"] == "not_let_in").collect();
    let told = |row: &Value| {
        [&row["by"], &row["name"], &row["from"], &row["after"]["wrong"]]
            .map(|it| it.as_str().unwrap().to_owned())
    };
    assert_eq!(told(failed[0]), ["1001", "1001", "127.0.0.1", "code"]);
    assert_eq!(told(failed[1]), ["?", "", "127.0.0.1", "password"]);
    assert_eq!(told(failed[2]), ["1001", "1001", "127.0.0.1", "password"]);
    assert_eq!(failed.len(), 3);
    let facts = format!("{:?}{rows:?}", world.facts().collect::<Vec<_>>());
    for typed in ["wrong-word", "my-own-secret"] {
        assert!(!facts.contains(typed), "{typed}");
    }
}

#[test]
fn what_supervisors_do_with_others_work_is_written_down_with_their_name() {
    let mut world = world();
    let (_, lead) = open(&token(&mut world, "9001")).unwrap();
    let channels = [Channel::Chat].into();
    world.run(Command::State { agent: "1001".into(), channels, state: AgentState::Ready }).unwrap();
    let state = AgentState::NotReady(2);
    world.run(Command::Force { by: lead, agent: "1001".into(), state }).unwrap();
    let limits = Limits { waiting: Some(7), ..Limits::default() };
    let wish = Box::new(Supervision::Limit(limits));
    world.run(Command::Supervise { by: lead, wish }).unwrap();
    let rows = trail(&mut world, "supervision");
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["action"], &rows[0]["by"]), (&value!("limited"), &value!("9001")));
    assert_eq!(rows[0]["after"]["waiting"], 7);
    assert_eq!((&rows[1]["action"], &rows[1]["by"]), (&value!("forced"), &value!("9001")));
    assert_eq!((&rows[1]["name"], &rows[1]["after"]["agent"]), (&value!("1001"), &value!("1001")));
}
