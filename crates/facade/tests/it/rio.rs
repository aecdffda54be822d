//! The CTI gateway against a real node: one socket's life, rights, profiles, and the guide's own samples.

use crate::admin;
use crate::harness::World;
use domain::call::{CallId, Wish};
use domain::command::Command;
use domain::directory::{CtiProfile, CtiUser, Device, Entry, Group, User};
use domain::query::{Answer, Query};
use domain::time::Millis;
use facade::door::RealmNo;
use facade::rio::{self, Times};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

fn user(id: &str) -> CtiUser {
    CtiUser {
        id: id.into(),
        password: Some(format!("hash of {id}123").into()),
        supervise: true,
        devices: None,
        profile: CtiProfile::default(),
        disabled: false,
    }
}

/// The shop, with telephones 1001 to 1003.
fn world(users: Vec<CtiUser>) -> World {
    let mut world = World::new();
    for id in ["1001", "1002", "1003"] {
        world.put(Entry::Device(Device { r#virtual: true, ..Device::new(id) }));
    }
    let Ok(Answer::Directory(directory)) = world.ask(Query::Directory) else { panic!() };
    for known in directory.users.values().filter(|u| u.id.as_str() != "9001") {
        let extension = Some(known.id.as_str().into());
        world.put(Entry::User(User { extension, ..known.as_ref().clone() }));
    }
    for user in users {
        world.put(Entry::CtiUser(user.clone()));
        world.site.cti_users.push(Arc::new(user));
    }
    world
}

fn open(world: &mut World) -> usize {
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    world.session(rio::open(peer, RealmNo(0), Times::default(), Box::new(())), RealmNo(0))
}

fn logged_in(world: &mut World, id: &str) -> usize {
    let at = open(world);
    let answer = ask(world, at, &json!({"fname": "login", "id": id, "pwd": format!("{id}123")}));
    assert!(answer["result"] == 1 || answer["result"] == "1", "{answer}");
    at
}

/// The answer to a request; events before or behind it stay out of it.
fn ask(world: &mut World, at: usize, request: &Value) -> Value {
    world.text(at, &request.to_string());
    let frames = world.frames(at);
    serde_json::from_str(&frames[0]).unwrap()
}

/// What came, as `monitor:id`.
fn events(world: &mut World, at: usize) -> Vec<String> {
    let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let events = world.frames(at).into_iter().map(read).filter(|frame| frame["fname"] == "event");
    events.map(|e| format!("{}:{}", e["monitor"].as_str().unwrap(), e["id"])).collect()
}

fn dial(world: &mut World, from: &str, to: &str) {
    let (device, to) = (from.into(), to.into());
    let wish = Wish::Dial { device, to, attached: domain::call::Attached::default() };
    world.run(Command::Call { by: None, wish: Box::new(wish) }).unwrap();
}

#[test]
fn the_guides_own_requests_are_understood() {
    let mut world = world(vec![user("cube")]);
    let at = open(&mut world);
    let samples: Vec<Value> =
        serde_json::from_str(include_str!("../seeds/rio/requests.json")).unwrap();
    for sample in samples {
        let (section, sent) = (&sample["section"], sample["text"].as_str().unwrap());
        world.text(at, sent);
        let answer: Value = serde_json::from_str(&world.frames(at)[0]).unwrap();
        assert_eq!(answer["result"], sample["result"], "seed 002 {section}: {sent}");
        let mut echo: Value = serde_json::from_str(sent).unwrap();
        if echo.get("pwd").is_some() {
            echo["pwd"] = json!("");
        }
        for (key, value) in echo.as_object().unwrap() {
            assert_eq!(&answer[key], value, "seed 002 {section}: {key}");
        }
    }
}

#[test]
fn the_specs_complete_example_is_what_is_sent() {
    let mut world = world(vec![user("cube")]);
    world.now = Millis(1_770_178_523_017);
    let at = logged_in(&mut world, "cube");
    ask(&mut world, at, &json!({"fname": "addmonitor", "device": "1002"}));
    let attach = json!({"uei": "x", "ci": "y"});
    let dial =
        json!({"fname": "dial", "this": "1001", "called": "1002", "uui": "U", "attach": attach});
    world.text(at, &dial.to_string());
    let frames = world.frames(at);
    let newcall = &serde_json::from_str::<Value>(&frames[0]).unwrap()["newcall"];
    let expected = format!(
        "{}{newcall}{}",
        r#"{"fname":"event","id":4,"msid":1,"monitor":"1002","this":"1002","cnid":"2026020404152301000001","cnsq":1,"tag":0,"ftime":"2026/02/04 13:15:23.017","ctype":3,"call":{"c1":"#,
        r#","c2":0,"c3":0,"cause":22,"ctype":3,"other":"1001","ohter":"1001","third":"","called":"1002","origin":"","uui":"U","dialed":"1002","subject":"1002","parties":["1001","1002"],"verified":1},"queue":{"dn":"","wqueue":0,"wtime":0},"attach":{"uei":"x","ci":"y"},"agent":{"id":"","reason":0,"wmode":0,"group":"","channel":0}}"#
    );
    assert_eq!(frames[1], expected);
}

#[test]
fn rights_are_kept_per_user() {
    let limited =
        CtiUser { supervise: false, devices: Some(["1001".into()].into()), ..user("small") };
    let mut world = world(vec![limited]);
    let at = logged_in(&mut world, "small");
    let mut check = |request: Value, result: i64| {
        assert_eq!(ask(&mut world, at, &request)["result"], result, "{request}");
    };
    check(json!({"fname": "addmonitor", "device": "1002"}), -4009);
    check(json!({"fname": "addmonitor", "device": "1001"}), 1);
    check(json!({"fname": "dial", "this": "1002", "called": "1001"}), -4005);
    check(json!({"fname": "dial", "this": "1001", "called": "1002"}), 1);
    check(json!({"fname": "bargein", "this": "1001", "called": "1001"}), -4005);
}

#[test]
fn profiles_change_what_is_sent() {
    let profile = CtiProfile {
        result_text: true,
        dial_call_id: true,
        after_work_205: true,
        ..CtiProfile::default()
    };
    let mut world = world(vec![CtiUser { profile, ..user("old") }]);
    let at = logged_in(&mut world, "old");
    let answer = ask(&mut world, at, &json!({"fname": "dial", "this": "1001", "called": "1002"}));
    assert_eq!(answer["result"], answer["newcall"].to_string(), "{answer}");
    let answer = ask(&mut world, at, &json!({"fname": "dial", "this": "1001", "called": "1002"}));
    assert_eq!(answer["result"], "-4005");
}

#[test]
fn whoever_barges_in_makes_no_call_that_could_be_the_result() {
    let profile = CtiProfile { dial_call_id: true, ..CtiProfile::default() };
    let mut world = world(vec![CtiUser { profile, ..user("old") }]);
    let at = logged_in(&mut world, "old");
    let dial = json!({"fname": "dial", "this": "1001", "called": "1002"});
    let call = ask(&mut world, at, &dial)["result"].clone();
    ask(&mut world, at, &json!({"fname": "answer", "this": "1002", "c1": call}));
    let barge = json!({"fname": "bargein", "this": "1003", "called": "1001", "mode": 1});
    let answer = ask(&mut world, at, &barge);
    assert_eq!((&answer["result"], &answer["newcall"]), (&json!(1), &call), "{answer}");
}

#[test]
fn a_connection_without_a_login_is_closed() {
    let mut world = world(vec![user("cube")]);
    let at = open(&mut world);
    world.pass(Millis::from_secs(299));
    assert_eq!(world.closed(at), None);
    world.pass(Millis::from_secs(1));
    assert_eq!(world.closed(at), Some((1008, "no login")));
}

#[test]
fn a_logged_out_connection_has_five_seconds() {
    let mut world = world(vec![user("cube")]);
    let (at, again) = (logged_in(&mut world, "cube"), logged_in(&mut world, "cube"));
    for socket in [at, again] {
        ask(&mut world, socket, &json!({"fname": "addmonitor", "device": "1001"}));
        ask(&mut world, socket, &json!({"fname": "logout", "id": "cube"}));
    }
    ask(&mut world, again, &json!({"fname": "login", "id": "cube", "pwd": "cube123"}));
    dial(&mut world, "1001", "1002");
    world.pass(Millis::from_secs(5));
    assert_eq!(world.closed(at), Some((1000, "logged out")));
    assert_eq!(world.closed(again), None);
    assert_eq!(events(&mut world, again), [""; 0], "its monitors went with the logout");
}

#[test]
fn five_wrong_passwords_close_and_twenty_shut_the_address_out() {
    let mut world = world(vec![user("cube")]);
    let at = open(&mut world);
    for _ in 0..5 {
        assert_eq!(world.closed(at), None);
        let wrong = json!({"fname": "login", "id": "cube", "pwd": "wrong"});
        assert_eq!(ask(&mut world, at, &wrong)["result"], -4007);
    }
    assert_eq!(world.closed(at), Some((1008, "too many failed logins")));
    world.site.left.set(0);
    let at = open(&mut world);
    let right = json!({"fname": "login", "id": "cube", "pwd": "cube123"});
    assert_eq!(ask(&mut world, at, &right)["result"], -4007, "whatever the password");
}

#[test]
fn a_snapshot_tells_how_a_device_stands() {
    let mut world = world(vec![user("cube")]);
    let logon = json!({"fname": "logon", "this": "1002", "agent": {"id": "1002", "group": 401, "wmode": 2}});
    let other = logged_in(&mut world, "cube");
    ask(&mut world, other, &logon);
    dial(&mut world, "1001", "1002");
    let at = logged_in(&mut world, "cube");
    for device in ["1001", "1002"] {
        world
            .text(at, &json!({"fname": "addmonitor", "device": device, "snapshot": 1}).to_string());
    }
    assert_eq!(events(&mut world, at), ["1001:10", "1002:4", "1002:201", "1002:206"]);
    world.text(at, &json!({"fname": "addmonitor", "device": "1003"}).to_string());
    assert_eq!(events(&mut world, at), [""; 0]);
}

#[test]
fn a_user_who_is_disabled_is_closed() {
    let mut world = world(vec![user("cube"), user("cube2")]);
    let (at, other) = (logged_in(&mut world, "cube"), logged_in(&mut world, "cube2"));
    world.put(Entry::CtiUser(CtiUser { disabled: true, ..user("cube") }));
    assert_eq!(world.closed(at), Some((1008, "the user was disabled")));
    assert_eq!(world.closed(other), None);
}

#[test]
fn one_device_is_watched_by_a_hundred_connections() {
    let mut world = world(vec![user("cube")]);
    let all: Vec<usize> = (0..120).map(|_| logged_in(&mut world, "cube")).collect();
    for at in &all {
        ask(&mut world, *at, &json!({"fname": "addmonitor", "device": "1002"}));
    }
    dial(&mut world, "1001", "1002");
    for at in all {
        assert_eq!(events(&mut world, at), ["1002:4"]);
    }
}

#[test]
fn an_event_is_written_once_for_all_who_watch() {
    let mut world = world(vec![user("cube")]);
    let all: Vec<usize> = (0..3).map(|_| logged_in(&mut world, "cube")).collect();
    for at in &all {
        ask(&mut world, *at, &json!({"fname": "addmonitor", "device": "1002"}));
    }
    dial(&mut world, "1001", "1002");
    let texts: Vec<Arc<str>> = all.iter().map(|at| world.sent(*at).pop().unwrap()).collect();
    assert!(texts[0].contains("\"id\":4"), "{}", texts[0]);
    assert!(texts.iter().all(|text| Arc::ptr_eq(text, &texts[0])), "each has its own");
}

#[test]
fn a_call_id_at_its_limits_is_taken_and_past_them_not() {
    let mut world = world(vec![user("cube")]);
    let at = logged_in(&mut world, "cube");
    for (c1, result) in [(0, -4011), (1, -4005), (i64::from(CallId::LAST), -4005), (32_767, -4011)]
    {
        let answer = ask(&mut world, at, &json!({"fname": "clear", "this": "1001", "c1": c1}));
        assert_eq!(answer["result"], result, "{c1}");
    }
    for (bytes, result) in [(64, 1), (65, -4011)] {
        let called = "9".repeat(bytes);
        let answer =
            ask(&mut world, at, &json!({"fname": "dial", "this": "1001", "called": called}));
        assert_eq!(answer["result"], result, "{bytes}");
    }
}

fn log_on(world: &mut World, at: usize, agent: &str, channel: u8) {
    let agent = json!({"id": agent, "group": 401, "channel": channel, "wmode": 3});
    let request = json!({"fname": "logon", "this": agent["id"], "agent": agent});
    assert_eq!(ask(world, at, &request)["result"], 1);
    world.frames(at);
}

/// What came of chats, as `monitor:id(cause)`, and the number of the last of them.
fn told(world: &mut World, at: usize) -> (Vec<String>, Value) {
    let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let frames: Vec<Value> = world.frames(at).into_iter().map(read).collect();
    let chats: Vec<&Value> =
        frames.iter().filter(|f| f["msid"] == 2 && f["id"].as_u64() < Some(200)).collect();
    let number = chats.last().map_or(Value::Null, |c| c["call"]["c1"].clone());
    let say = |e: &&Value| {
        format!("{}:{}({})", e["monitor"].as_str().unwrap(), e["id"], e["call"]["cause"])
    };
    (chats.iter().map(say).collect(), number)
}

/// A connection that is told of chats and one that is not; both monitor 1001 and 1002, whose agents take chats.
fn two_watch_chats(world: &mut World) -> (usize, usize) {
    let (at, plain) = (logged_in(world, "crm"), logged_in(world, "cube"));
    for (at, device) in [(at, "1001"), (at, "1002"), (plain, "1001"), (plain, "1002")] {
        assert_eq!(ask(world, at, &json!({"fname": "addmonitor", "device": device}))["result"], 1);
    }
    log_on(world, at, "1001", 4);
    world.frames(plain);
    (at, plain)
}

fn with_chats() -> World {
    let profile = CtiProfile { chat_events: true, ..CtiProfile::default() };
    world(vec![CtiUser { profile, ..user("crm") }, user("cube")])
}

#[test]
fn a_chat_is_told_as_a_call_and_answered_passed_on_and_cleared_by_cti() {
    let mut world = with_chats();
    let (at, plain) = two_watch_chats(&mut world);
    let chat = admin::chat(&mut world, Some("c-1"), true, domain::id::TokenHash([1; 32]));
    let (told_of, c1) = told(&mut world, at);
    assert_eq!(told_of, ["1001:4(22)"]);
    let by_other = json!({"fname": "answer", "this": "1001", "c1": c1});
    assert_eq!(ask(&mut world, plain, &by_other)["result"], -4005, "it knows of no such call");
    world.text(at, &by_other.to_string());
    let frames = world.sent(at);
    let event: Value = serde_json::from_str(&frames[1]).unwrap();
    assert_eq!((&event["id"], &event["msid"]), (&json!(6), &json!(2)));
    assert_eq!((&event["call"]["c1"], &event["call"]["other"]), (&c1, &json!("c-1")));
    assert_eq!(event["call"]["uui"], chat.to_string());
    assert_eq!((&event["queue"]["dn"], &event["agent"]["id"]), (&json!("3001"), &json!("1001")));
    assert_eq!(event["agent"]["channel"], 4);

    log_on(&mut world, at, "1002", 4);
    let pass = json!({"fname": "sstransfer", "this": "1001", "c1": c1, "called": "1002"});
    world.text(at, &pass.to_string());
    assert_eq!(told(&mut world, at), (vec!["1001:14(52)".into(), "1002:4(22)".into()], c1.clone()));
    for (fname, expected) in
        [("answer", vec!["1002:6(22)"]), ("clear", vec!["1002:3(-1)", "1002:1(-1)"])]
    {
        world.text(at, &json!({"fname": fname, "this": "1002", "c1": c1}).to_string());
        assert_eq!(told(&mut world, at).0, expected, "{fname}");
    }
    assert!(told(&mut world, plain).0.is_empty(), "who does not want chats hears nothing of them");
    let again = json!({"fname": "clear", "this": "1002", "c1": c1});
    assert_eq!(ask(&mut world, at, &again)["result"], -4005, "it is over");
}

#[test]
fn a_chat_that_is_refused_missed_or_given_up_says_so_by_its_cause() {
    let mut world = with_chats();
    let (at, _) = two_watch_chats(&mut world);
    let socket = domain::id::TokenHash([1; 32]);
    admin::chat(&mut world, None, false, socket);
    let (_, c1) = told(&mut world, at);
    world.text(at, &json!({"fname": "clear", "this": "1001", "c1": c1}).to_string());
    assert_eq!(told(&mut world, at).0, ["1001:3(3)"], "refused");
    log_on_again(&mut world, at);
    assert_eq!(
        told(&mut world, at),
        (vec!["1001:4(22)".into()], c1.clone()),
        "one chat, one number"
    );
    world.pass(Millis::from_secs(60));
    assert_eq!(told(&mut world, at).0, ["1001:5(10)"], "missed");
    log_on_again(&mut world, at);
    let shown = json!({"fname": "addmonitor", "device": "1001", "snapshot": 1});
    world.frames(at);
    world.text(at, &shown.to_string());
    assert_eq!(told(&mut world, at).0, ["1001:4(1)"], "a snapshot has it, too");
    let by = domain::command::By::Token(socket);
    world.run(Command::Leave { by, key: None }).unwrap();
    assert_eq!(told(&mut world, at).0, ["1001:3(5)", "1001:1(5)"], "given up");
}

/// The agent is ready again.
fn log_on_again(world: &mut World, at: usize) {
    world.text(at, &json!({"fname": "ready", "this": "1001", "agent": {"id": "1001"}}).to_string());
}

#[test]
fn without_anybody_who_wants_them_chats_leave_no_trace_among_calls() {
    let mut world = world(vec![user("cube")]);
    let at = logged_in(&mut world, "cube");
    log_on(&mut world, at, "1001", 4);
    admin::chat(&mut world, None, false, domain::id::TokenHash([1; 32]));
    let traces = world.facts().filter(|f| matches!(f, domain::fact::Fact::ChatCalled { .. }));
    assert_eq!(traces.count(), 0);
}

/// A connection over which agent 1001 logs on, of a user who wants agents logged off after 30 s.
fn logs_on_and_may_be_lost(world: &mut World) -> (usize, usize) {
    let (at, watch) = (logged_in(world, "crm"), logged_in(world, "cube"));
    ask(world, watch, &json!({"fname": "addmonitor", "device": "1001"}));
    log_on(world, at, "1001", 0);
    world.frames(watch);
    (at, watch)
}

fn with_log_off() -> World {
    let profile = CtiProfile { agent_logoff_on_disconnect_s: 30, ..CtiProfile::default() };
    world(vec![CtiUser { profile, ..user("crm") }, user("cube")])
}

#[test]
fn an_agent_whose_connection_is_lost_is_logged_off_after_the_profiles_time() {
    let mut world = with_log_off();
    let (at, watch) = logs_on_and_may_be_lost(&mut world);
    world.hang_up(at);
    world.pass(Millis::from_secs(29));
    assert!(events(&mut world, watch).is_empty());
    world.pass(Millis::from_secs(2));
    assert_eq!(events(&mut world, watch), ["1001:202"]);
}

#[test]
fn an_agent_who_is_back_in_time_stays_logged_on() {
    let mut world = with_log_off();
    for back in [
        json!({"fname": "addmonitor", "device": "1001"}),
        json!({"fname": "notready", "this": "1001", "agent": {"id": "1001", "reason": 1}}),
        json!({"fname": "logon", "this": "1001", "agent": {"id": "1001", "group": 401, "wmode": 3}}),
    ] {
        let (at, watch) = logs_on_and_may_be_lost(&mut world);
        world.hang_up(at);
        world.pass(Millis::from_secs(20));
        let again = logged_in(&mut world, "crm");
        assert_eq!(ask(&mut world, again, &back)["result"], 1);
        world.pass(Millis::from_secs(60));
        let heard = events(&mut world, watch);
        assert!(!heard.contains(&"1001:202".to_owned()), "{back}: {heard:?}");
    }
}

#[test]
fn who_has_logged_on_anew_is_not_logged_off_for_the_old_connection() {
    let mut world = with_log_off();
    let (at, watch) = logs_on_and_may_be_lost(&mut world);
    world.pass(Millis::from_secs(1));
    let again = logged_in(&mut world, "crm");
    log_on(&mut world, again, "1001", 0);
    world.hang_up(at);
    world.pass(Millis::from_secs(60));
    assert!(!events(&mut world, watch).contains(&"1001:202".to_owned()));
}

#[test]
fn an_agent_stays_logged_on_where_no_time_is_set() {
    let mut world = world(vec![user("crm"), user("cube")]);
    let (at, watch) = logs_on_and_may_be_lost(&mut world);
    world.hang_up(at);
    world.pass(Millis::from_mins(60));
    assert!(events(&mut world, watch).is_empty());
}

/// Group 401's after-work lasts so many seconds at most.
fn limit_after_work(world: &mut World, seconds: u64) {
    let Ok(Answer::Directory(directory)) = world.ask(Query::Directory) else { panic!() };
    let group = directory.groups[&401].as_ref().clone();
    world.put(Entry::Group(Group { after_work: Millis::from_secs(seconds), ..group }));
}

/// An agent of work mode 4 whose call with 1003 has just begun; the call's number.
fn talks(world: &mut World, at: usize) -> Value {
    ask(world, at, &json!({"fname": "addmonitor", "device": "1001"}));
    let agent = json!({"id": "1001", "group": 401, "wmode": 4});
    ask(world, at, &json!({"fname": "logon", "this": "1001", "agent": agent}));
    let dial = json!({"fname": "dial", "this": "1003", "called": "1001"});
    let call = ask(world, at, &dial)["newcall"].clone();
    ask(world, at, &json!({"fname": "answer", "this": "1001", "c1": call}));
    world.frames(at);
    call
}

#[test]
fn after_work_ends_by_itself_when_the_groups_limit_is_reached() {
    let mut world = world(vec![user("cube")]);
    limit_after_work(&mut world, 30);
    let at = logged_in(&mut world, "cube");
    let call = talks(&mut world, at);
    world.pass(Millis::from_secs(90));
    world.text(at, &json!({"fname": "clear", "this": "1003", "c1": call}).to_string());
    assert_eq!(events(&mut world, at), ["1001:3", "1001:1", "1001:206"]);
    world.pass(Millis::from_secs(29));
    assert!(events(&mut world, at).is_empty(), "too early");
    world.pass(Millis::from_secs(2));
    assert_eq!(events(&mut world, at), ["1001:204"]);
    world.pass(Millis::from_secs(90));
    assert!(events(&mut world, at).is_empty(), "once");
}

#[test]
fn after_work_asked_for_while_talking_counts_from_the_calls_end() {
    let mut world = world(vec![user("cube")]);
    limit_after_work(&mut world, 30);
    let at = logged_in(&mut world, "cube");
    let call = talks(&mut world, at);
    let wish = json!({"fname": "afterwork", "this": "1001", "agent": {"id": "1001"}});
    world.text(at, &wish.to_string());
    assert_eq!(events(&mut world, at), ["1001:206"]);
    world.pass(Millis::from_secs(100));
    world.text(at, &json!({"fname": "clear", "this": "1003", "c1": call}).to_string());
    assert_eq!(events(&mut world, at), ["1001:3", "1001:1"]);
    world.pass(Millis::from_secs(29));
    assert!(events(&mut world, at).is_empty(), "too early");
    world.pass(Millis::from_secs(2));
    assert_eq!(events(&mut world, at), ["1001:204"]);
}

#[test]
fn a_limit_that_is_set_later_ends_after_work_that_has_begun() {
    let mut world = world(vec![user("cube")]);
    let at = logged_in(&mut world, "cube");
    let call = talks(&mut world, at);
    ask(&mut world, at, &json!({"fname": "clear", "this": "1003", "c1": call}));
    world.pass(Millis::from_mins(10));
    assert!(!events(&mut world, at).contains(&"1001:204".to_owned()), "there is no limit");
    limit_after_work(&mut world, 60);
    world.pass(Millis::from_secs(1));
    assert_eq!(events(&mut world, at), ["1001:204"]);
}
