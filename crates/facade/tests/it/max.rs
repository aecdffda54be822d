//! The agent-session API against a real node: what time does to it, and who may do what
//! (`max-agent-desktop.md` 1.10, 3 and 5).

use crate::admin::{chat, http, says, token, world};
use crate::harness::{Outcome, World, header, json, request};
use domain::agent::AgentState;
use domain::command::Command;
use domain::directory::{Entry, Reason};
use domain::id::TokenHash;
use domain::time::Millis;
use facade::door::Response;
use facade::route;
use serde_json::{Value, json as value};

const API: &str = "/InContactAPI/services/v23.0";
const CUSTOMER: TokenHash = TokenHash([1; 32]);

/// One client.
struct Client {
    token: String,
    id: String,
}

impl Client {
    fn start(world: &mut World, user: &str) -> Self {
        let token = token(world, user);
        let mut client = Self { token, id: String::new() };
        let answer = client.post(world, "", &value!({"stationId": "1"}));
        assert_eq!(answer.status, 202, "{}", text(&answer));
        json(&answer)["sessionId"].as_str().unwrap().clone_into(&mut client.id);
        client
    }

    fn send(
        &self,
        world: &mut World,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Outcome {
        let bearer = format!("bearer {}", self.token);
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(more);
        world.exchange(route::handle, request(method, &format!("{API}{path}"), &headers, body))
    }

    fn post(&self, world: &mut World, path: &str, body: &Value) -> Response {
        let path = if self.id.is_empty() {
            "/agent-sessions".to_owned()
        } else {
            format!("/agent-sessions/{}{path}", self.id)
        };
        answered(self.send(world, "POST", &path, &[], &body.to_string()))
    }

    fn poll(&self, world: &mut World, id: &str, timeout: u32) -> Outcome {
        let path = format!("/agent-sessions/{id}/get-next-event?timeout={timeout}");
        self.send(world, "GET", &path, &[], "")
    }

    /// One poll that is answered at once, with the events it brought.
    fn next(&mut self, world: &mut World) -> Vec<Value> {
        let answer = answered(self.poll(world, &self.id, 0));
        if answer.status == 304 {
            return Vec::new();
        }
        assert_eq!(answer.status, 200, "{}", text(&answer));
        let body = json(&answer);
        body["sessionId"].as_str().unwrap().clone_into(&mut self.id);
        body["events"].as_array().unwrap().clone()
    }

    fn state(&mut self, world: &mut World) -> String {
        let events = self.next(world);
        let state = events.iter().rfind(|e| e["Type"] == "AgentState");
        state.map_or_else(String::new, |state| {
            format!(
                "{}/{}",
                state["CurrentState"].as_str().unwrap(),
                state["CurrentOutReason"].as_str().unwrap()
            )
        })
    }
}

fn answered(outcome: Outcome) -> Response {
    match outcome {
        Outcome::Answer(response) => response,
        _ => panic!("there is no answer"),
    }
}

fn waits(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Waits(number) => number,
        Outcome::Answer(response) => panic!("answered {} {}", response.status, text(&response)),
        Outcome::Socket(_) => panic!("a socket was opened"),
    }
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["Type"].as_str().unwrap()).collect()
}

#[test]
fn a_session_begins_unavailable_and_its_first_poll_tells_everything() {
    let mut world = world();
    let mut client = Client::start(&mut world, "1001");
    let events = client.next(&mut world);
    assert_eq!(kinds(&events)[0], "AgentSessionStart");
    let state = events.iter().find(|e| e["Type"] == "AgentState").unwrap();
    assert_eq!(
        (&state["CurrentState"], &state["CurrentOutReason"]),
        (&value!("Unavailable"), &value!(""))
    );
    assert_eq!(client.next(&mut world), Vec::<Value>::new());
}

#[test]
fn a_poll_waits_for_news_and_is_304_after_its_time() {
    let mut world = world();
    let mut client = Client::start(&mut world, "1001");
    client.next(&mut world);
    let poll = waits(client.poll(&mut world, &client.id, 30));
    world.pass(Millis::from_secs(29));
    assert!(world.poll(poll).is_none());
    client.post(&mut world, "/state", &value!({"state": "available"}));
    let answer = world.poll(poll).unwrap();
    assert_eq!(
        (answer.status, json(&answer)["events"][0]["CurrentState"].as_str()),
        (200, Some("Available"))
    );
    json(&answer)["sessionId"].as_str().unwrap().clone_into(&mut client.id);
    let poll = waits(client.poll(&mut world, &client.id, 2));
    world.pass(Millis::from_secs(2));
    let answer = world.poll(poll).unwrap();
    assert_eq!((answer.status, answer.body.len()), (304, 0));
}

#[test]
fn an_answer_that_was_lost_is_given_again_for_ten_seconds_and_then_everything_is() {
    let mut world = world();
    let mut client = Client::start(&mut world, "1001");
    client.next(&mut world);
    let old = client.id.clone();
    client.post(&mut world, "/state", &value!({"state": "Available"}));
    let first = json(&answered(client.poll(&mut world, &old, 0)));
    world.pass(Millis::from_secs(9));
    assert_eq!(json(&answered(client.poll(&mut world, &old, 0))), first);
    world.pass(Millis::from_secs(2));
    let again = json(&answered(client.poll(&mut world, &old, 0)));
    assert_eq!(again["events"][0]["Type"], "AgentSessionStart");
    assert_ne!(again["sessionId"], first["sessionId"]);
}

#[test]
fn what_was_forgotten_or_lost_with_a_restart_is_told_as_a_whole() {
    let mut world = world();
    let mut client = Client::start(&mut world, "1001");
    client.next(&mut world);
    client.post(&mut world, "/state", &value!({"state": "Available"}));
    for _ in 0..5 {
        world.pass(Millis::from_secs(61));
        client.post(&mut world, "/keep-alive", &value!({}));
        let mut other = Client { token: client.token.clone(), id: client.id.clone() };
        let joined = answered(other.send(&mut world, "POST", "/agent-sessions/join", &[], ""));
        other.id = json(&joined)["sessionId"].as_str().unwrap().to_owned();
        other.next(&mut world);
    }
    assert_eq!(kinds(&client.next(&mut world))[0], "AgentSessionStart", "older than five minutes");
    world.forget_standing();
    assert_eq!(kinds(&client.next(&mut world))[0], "AgentSessionStart", "after a restart");
    assert_eq!(client.next(&mut world), Vec::<Value>::new(), "once");
}

#[test]
fn of_nine_consumers_the_one_idle_longest_goes_and_begins_anew() {
    let mut world = world();
    let mut clients: Vec<Client> = vec![Client::start(&mut world, "1001")];
    clients[0].next(&mut world);
    for _ in 0..8 {
        world.pass(Millis(10));
        let joined = answered(clients[0].send(&mut world, "POST", "/agent-sessions/join", &[], ""));
        let id = json(&joined)["sessionId"].as_str().unwrap().to_owned();
        let mut client = Client { token: clients[0].token.clone(), id };
        client.next(&mut world);
        clients.push(client);
    }
    assert_eq!(clients[8].next(&mut world), Vec::<Value>::new());
    assert_eq!(kinds(&clients[0].next(&mut world))[0], "AgentSessionStart");
}

#[test]
fn who_gives_no_sign_of_life_is_not_ready_and_later_gone() {
    let mut world = world();
    let mut client = Client::start(&mut world, "1001");
    client.post(&mut world, "/state", &value!({"state": "Available"}));
    client.next(&mut world);
    world.pass(Millis::from_secs(89));
    assert_eq!(client.state(&mut world), "");
    world.pass(Millis::from_secs(91));
    assert_eq!(client.state(&mut world), "Unavailable/Disconnected");
    client.post(&mut world, "/state", &value!({"state": "Available"}));
    client.next(&mut world);
    let id = client.id.clone();
    world.pass(Millis::from_secs(15 * 60 - 1));
    let poll = answered(client.poll(&mut world, &id, 0));
    assert_eq!(poll.status, 200, "{}", text(&poll));
    client.id = json(&poll)["sessionId"].as_str().unwrap().to_owned();
    world.pass(Millis::from_secs(15 * 60 + 1));
    assert_eq!(
        answered(client.poll(&mut world, &client.id, 0)).status,
        409,
        "after its end nobody listened any more"
    );
}

#[test]
fn whoever_is_logged_off_elsewhere_hears_of_it_at_once() {
    let mut world = world();
    let mut client = Client::start(&mut world, "1001");
    client.next(&mut world);
    let poll = waits(client.poll(&mut world, &client.id, 60));
    let off = Command::State {
        agent: "1001".into(),
        channels: [].into(),
        state: AgentState::LoggedOff(0),
    };
    world.run(off).unwrap();
    let answer = world.poll(poll).unwrap();
    let told = json(&answer)["events"][0]["Type"].as_str().map(str::to_owned);
    assert_eq!((answer.status, told.as_deref()), (200, Some("RemoteAgentSessionEnd")));
}

#[test]
fn a_session_that_nobody_uses_ends_after_the_time_it_named() {
    let mut world = world();
    let token = token(&mut world, "1001");
    let mut client = Client { token, id: String::new() };
    let answer = client.post(&mut world, "", &value!({"stationId": "1", "inactivityTimeout": "3"}));
    json(&answer)["sessionId"].as_str().unwrap().clone_into(&mut client.id);
    world.pass(Millis::from_secs(179));
    assert_eq!(client.post(&mut world, "/keep-alive", &value!({})).status, 202);
    world.pass(Millis::from_secs(181));
    assert_eq!(client.post(&mut world, "/keep-alive", &value!({})).status, 409);
}

#[test]
fn a_code_for_work_after_a_contact_needs_one() {
    let mut world = world();
    for (code, name, after_work) in [(1, "Lunch", false), (6, "Paperwork", true)] {
        let reason = Reason { code, ko: name.into(), en: name.into(), after_work };
        world.put(Entry::Reason(reason));
    }
    let client = Client::start(&mut world, "1001");
    let acw = value!({"state": "Unavailable", "reason": "paperwork"});
    assert_eq!(client.post(&mut world, "/state", &acw).status, 409);
    assert_eq!(
        client
            .post(&mut world, "/state", &value!({"state": "Unavailable", "reason": "nothing"}))
            .status,
        400
    );
    client.post(&mut world, "/state", &value!({"state": "Available"}));
    chat(&mut world, None, false, CUSTOMER);
    assert_eq!(client.post(&mut world, "/state", &acw).status, 202);
    let listed = answered(client.send(&mut world, "GET", "/teams/401/unavailable-codes", &[], ""));
    assert_eq!(json(&listed)["unavailableCodes"].as_array().unwrap().len(), 2);
    let listed = answered(client.send(
        &mut world,
        "GET",
        "/teams/401/unavailable-codes?activityOnly=true",
        &[],
        "",
    ));
    assert_eq!(json(&listed)["unavailableCodes"].as_array().unwrap().len(), 1);
}

#[test]
fn words_that_come_between_two_polls_are_all_told_and_in_order() {
    let mut world = world();
    let mut client = Client::start(&mut world, "1001");
    client.post(&mut world, "/state", &value!({"state": "Available"}));
    chat(&mut world, None, false, CUSTOMER);
    let events = client.next(&mut world);
    let contact = events.iter().find(|e| e["Type"] == "TextContactEvent").unwrap();
    let path = format!("/interactions/{}/accept", contact["ContactID"].as_str().unwrap());
    assert_eq!(client.post(&mut world, &path, &value!({})).status, 202);
    for n in 0..20 {
        says(&mut world, CUSTOMER, &n.to_string());
    }
    let events = client.next(&mut world);
    let said: Vec<&str> = events
        .iter()
        .filter_map(|e| e["Messages"][0]["Text"].as_str())
        .filter(|t| t.parse::<u32>().is_ok())
        .collect();
    assert_eq!(said, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// Puts a page into the directory.
fn workspace(world: &mut World, session: bool) {
    let page = value!({"id": "crm", "name": "CRM", "url": "https://crm.example/panel", "session": session,
        "events": true, "commands": true, "card": true});
    world.put(Entry::Workspace(serde_json::from_value(page).unwrap()));
}

#[test]
fn pages_of_workspaces_may_read_answers_and_no_others() {
    let mut world = world();
    workspace(&mut world, true);
    let client = Client::start(&mut world, "1001");
    let asked = |world: &mut World, method: &str, origin: &str| {
        answered(client.send(world, method, "/server-time", &[("origin", origin)], ""))
    };
    let allowed = "access-control-allow-origin";
    let answer = asked(&mut world, "GET", "https://crm.example");
    assert_eq!((answer.status, header(&answer, allowed)), (200, Some("https://crm.example")));
    let preflight = asked(&mut world, "OPTIONS", "https://crm.example");
    assert_eq!(preflight.status, 204);
    assert_eq!(header(&preflight, "access-control-max-age"), Some("600"));
    assert!(
        header(&preflight, "access-control-allow-headers")
            .unwrap()
            .contains("Originating-Service-Identifier")
    );
    for foreign in ["https://evil.example", "null", "http://crm.example"] {
        assert_eq!(header(&asked(&mut world, "GET", foreign), allowed), None, "{foreign}");
        assert_eq!(
            header(&asked(&mut world, "OPTIONS", foreign), "access-control-allow-methods"),
            None
        );
    }
    let nobody = request(
        "GET",
        &format!("{API}/server-time"),
        &[("origin", "https://crm.example"), ("authorization", "Bearer x")],
        "",
    );
    let nobody = answered(world.exchange(route::handle, nobody));
    assert_eq!((nobody.status, header(&nobody, allowed)), (401, Some("https://crm.example")));
}

#[test]
fn a_page_gets_an_id_of_its_own_that_only_it_can_use() {
    let mut world = world();
    workspace(&mut world, true);
    let client = Client::start(&mut world, "1001");
    let cookie = format!("sangdam_session={}", client.token);
    let own = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let begin = |world: &mut World, path: &str, body: &str| {
        http(world, "POST", &format!("{API}/agent-sessions{path}"), &own, body)
    };
    let given = begin(&mut world, "/app", r#"{"workspace":"crm","desk":true}"#);
    assert_eq!(given.status, 202, "{}", text(&given));
    let scoped = json(&given)["sessionId"].as_str().unwrap().to_owned();
    let by_bearer = answered(client.send(
        &mut world,
        "POST",
        "/agent-sessions/app",
        &[],
        r#"{"workspace":"crm","desk":true}"#,
    ));
    assert_eq!(by_bearer.status, 403, "only the desk asks for one");
    let page = Client { token: client.token.clone(), id: scoped.clone() };
    let state = |world: &mut World, origin: &str| {
        let path = format!("/agent-sessions/{scoped}/state");
        answered(page.send(world, "POST", &path, &[("origin", origin)], r#"{"state":"Available"}"#))
            .status
    };
    assert_eq!(state(&mut world, "https://crm.example"), 202);
    assert_eq!(state(&mut world, "https://evil.example"), 403);
    assert_eq!(page.post(&mut world, "/monitor", &value!({"targetAgentId": "1002"})).status, 403);
    let end =
        answered(page.send(&mut world, "DELETE", &format!("/agent-sessions/{scoped}"), &[], ""));
    assert_eq!(end.status, 403);
    // The desk hears whenever the page's chain moves on.
    let joined = begin(&mut world, "/join", r#"{"desk":true}"#);
    let mut desk = Client {
        token: client.token.clone(),
        id: json(&joined)["sessionId"].as_str().unwrap().to_owned(),
    };
    let told = json(&answered(desk.poll(&mut world, &desk.id, 0)));
    let app = told["apps"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(app.1.as_str(), Some(scoped.as_str()));
    desk.id = told["sessionId"].as_str().unwrap().to_owned();
    let poll = waits(desk.poll(&mut world, &desk.id, 30));
    let moved = json(&answered(page.poll(&mut world, &scoped, 0)));
    let told = json(&world.poll(poll).unwrap());
    assert_eq!(told["apps"].as_object().unwrap().values().next(), Some(&moved["sessionId"]));
    assert_eq!(told["events"], value!([]));
    workspace(&mut world, false);
    assert_eq!(state(&mut world, "https://crm.example"), 403, "the grant was taken away");
    assert_eq!(begin(&mut world, "/app", r#"{"workspace":"crm","desk":true}"#).status, 403);
}

#[test]
fn a_supervisor_may_work_as_an_agent_and_an_agent_may_not() {
    let mut world = world();
    let agent = Client { token: token(&mut world, "1001"), id: String::new() };
    assert_eq!(agent.post(&mut world, "", &value!({"asAgentId": "1002"})).status, 403);
    let lead = Client { token: token(&mut world, "9001"), id: String::new() };
    let started = lead.post(&mut world, "", &value!({"asAgentId": "1002"}));
    assert_eq!(started.status, 202, "{}", text(&started));
    let mut lead = Client { id: json(&started)["sessionId"].as_str().unwrap().to_owned(), ..lead };
    assert_eq!(lead.next(&mut world)[0]["AgentId"], "1002");
    assert_eq!(lead.post(&mut world, "/state", &value!({"state": "Available"})).status, 202);
    let agent = Client { token: agent.token, id: lead.id.clone() };
    assert_eq!(agent.post(&mut world, "/state", &value!({"state": "Available"})).status, 404);
}
