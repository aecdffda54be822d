//! `/api/v1` against a real node: who may come in, who may do what, and what is answered.

use crate::harness::{FLOW, HOST, Outcome, World, header, json, request};
use domain::command::{By, Command, Done, Grant, StartChat};
use domain::contact::{TextKind, TextKinds};
use domain::directory::{Directory, Entry, Role, User};
use domain::id::{ContactId, TokenHash};
use domain::query::{Answer, Query};
use domain::room::{Audience, TokenKind};
use domain::time::Millis;
use facade::door::{Cx, Request, Response, Step, open};
use facade::route;
use serde_json::{Value, json as value};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const OWN: (&str, &str) = ("origin", "http://127.0.0.1:8080");
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

fn user(id: &str, role: Role) -> User {
    User {
        id: id.into(),
        name: format!("name of {id}").into(),
        role,
        password: Some(format!("secret-{id}").into()),
        extension: None,
        skills: BTreeMap::new(),
        limits: BTreeMap::new(),
        disabled: false,
        second: None,
        sign_on: None,
    }
}

/// The shop, with people who can log in.
pub(crate) fn world() -> World {
    let mut world = World::new();
    world.site.settings.file_types = vec![".png".into(), ".txt".into()];
    for entry in [
        user("1001", Role::Agent),
        user("1002", Role::Agent),
        user("9001", Role::Supervisor),
        user("admin", Role::Administrator),
    ] {
        world.put(Entry::User(entry));
    }
    world
}

pub(crate) fn http(
    world: &mut World,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    match world.exchange(route::handle, request(method, path, headers, body)) {
        Outcome::Answer(response) => response,
        _ => panic!("there is no answer"),
    }
}

/// Logs in as a program does.
pub(crate) fn token(world: &mut World, user: &str) -> String {
    let body = value!({"user": user, "password": format!("secret-{user}")}).to_string();
    let response = http(world, "POST", "/api/v1/session", &[JSON], &body);
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    json(&response)["token"].as_str().unwrap().to_owned()
}

/// A call as this user, by a token of their own.
pub(crate) fn call(
    world: &mut World,
    user: &str,
    method: &str,
    path: &str,
    body: &str,
) -> Response {
    let bearer = format!("Bearer {}", token(world, user));
    http(world, method, path, &[JSON, ("authorization", &bearer)], body)
}

fn code(response: &Response) -> (u16, String) {
    (response.status, json(response)["error"]["code"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn check(response: &Response, status: u16, expected: &str) {
    assert_eq!(
        code(response),
        (status, expected.to_owned()),
        "{}",
        String::from_utf8_lossy(&response.body)
    );
}

/// A customer's chat that has come into queue 3001.
pub(crate) fn chat(
    world: &mut World,
    customer: Option<&str>,
    verified: bool,
    socket: TokenHash,
) -> ContactId {
    let until = world.now.plus(Millis::from_mins(60));
    let grant = |kind, byte: u8| Grant { token: TokenHash([byte; 32]), kind, until };
    let start = StartChat {
        flow: FLOW.parse().unwrap(),
        name: "홍길동".into(),
        customer: customer.map(Into::into),
        verified,
        attributes: BTreeMap::new(),
        segment_attributes: BTreeMap::new(),
        opening: None,
        kinds: TextKinds::PLAIN,
        duration: Millis::from_mins(60),
        rehydrate: None,
        related: None,
        drop_agents: false,
        stream: None,
        key: None,
        grants: vec![grant(TokenKind::Participant, socket.0[0] ^ 0x80)],
        origin: None,
        outside: None,
        outbound: false,
    };
    let contact = match world.run(Command::StartChat(Box::new(start))) {
        Ok(Done::Started { contact, .. }) => contact,
        other => panic!("no chat: {other:?}"),
    };
    let grants = vec![Grant { token: socket, kind: TokenKind::Connection, until }];
    let token = TokenHash([socket.0[0] ^ 0x80; 32]);
    world.run(Command::Connect { token, grants, arrive: true }).expect("the customer comes");
    contact
}

/// The customer says something.
pub(crate) fn says(world: &mut World, connection: TokenHash, text: &str) {
    let by = By::Token(connection);
    let say = Command::Say {
        by,
        kind: TextKind::Plain,
        text: text.into(),
        audience: Audience::All,
        key: None,
    };
    world.run(say).expect("the customer may speak");
}

pub(crate) fn directory(world: &mut World) -> Arc<Directory> {
    match world.ask(Query::Directory) {
        Ok(Answer::Directory(directory)) => directory,
        other => panic!("no directory: {other:?}"),
    }
}

#[test]
fn a_program_gets_a_token_and_a_page_of_ours_the_cookie_too() {
    let mut world = world();
    let body = r#"{"user":"1001","password":"secret-1001"}"#;
    let program = http(&mut world, "POST", "/api/v1/session", &[JSON], body);
    assert_eq!(program.status, 200);
    assert_eq!(header(&program, "set-cookie"), None);
    assert_eq!(
        json(&program)["user"],
        value!({"id": "1001", "name": "name of 1001", "role": "agent"})
    );
    let page = http(&mut world, "POST", "/api/v1/session", &[JSON, OWN], body);
    let cookie = header(&page, "set-cookie").unwrap();
    for part in ["sangdam_session=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain http");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let me = http(&mut world, "GET", "/api/v1/session", &[("cookie", &cookie)], "");
    assert_eq!(json(&me)["user"]["id"], "1001");
    assert!(json(&me).get("token").is_none(), "no script shall read it");
}

#[test]
fn nobody_learns_whether_a_name_is_known() {
    let mut world = world();
    for body in [
        r#"{"user":"1001","password":"wrong"}"#,
        r#"{"user":"nobody","password":"wrong"}"#,
        r#"{"user":"1001","password":"secret-1001","realm":"elsewhere.test"}"#,
    ] {
        let response = http(&mut world, "POST", "/api/v1/session", &[JSON], body);
        check(&response, 401, "session.wrong_password");
    }
    world.put(Entry::User(User { disabled: true, ..user("1002", Role::Agent) }));
    let body = r#"{"user":"1002","password":"secret-1002"}"#;
    check(
        &http(&mut world, "POST", "/api/v1/session", &[JSON], body),
        401,
        "session.wrong_password",
    );
}

#[test]
fn only_wrong_passwords_draw_from_the_bucket_of_wrong_ones() {
    let mut world = world();
    let log_in = |world: &mut World, password: &str| {
        let body = value!({"user": "1001", "password": password}).to_string();
        http(world, "POST", "/api/v1/session", &[JSON], &body).status
    };
    assert_eq!(log_in(&mut world, "secret-1001"), 200);
    assert!(world.site.asked.borrow().iter().all(|bucket| !bucket.starts_with("login.wrong")));
    assert_eq!(log_in(&mut world, "wrong"), 401);
    assert!(world.site.asked.borrow().contains(&"login.wrong|0|1001|127.0.0.1".to_owned()));
    world.site.left.set(0);
    let body = r#"{"user":"1001","password":"secret-1001"}"#;
    let locked = http(&mut world, "POST", "/api/v1/session", &[JSON], body);
    check(&locked, 429, "session.locked");
    assert_eq!(header(&locked, "retry-after"), Some("60"));
}

#[test]
fn a_stolen_ride_on_the_cookie_gets_nowhere() {
    let mut world = world();
    let body = r#"{"user":"admin","password":"secret-admin"}"#;
    let page = http(&mut world, "POST", "/api/v1/session", &[JSON, OWN], body);
    let cookie = header(&page, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let cookie = ("cookie", cookie.as_str());
    let reason = r#"{"ko":"휴식","en":"Break"}"#;
    let path = "/api/v1/reasons/1";
    for stranger in [
        &[("origin", "http://evil.test")][..],
        &[("origin", "http://127.0.0.1:3000")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[],
    ] {
        let headers: Vec<_> = [JSON, cookie].iter().chain(stranger).copied().collect();
        check(&http(&mut world, "PUT", path, &headers, reason), 401, "session.bad_token");
        check(
            &http(&mut world, "DELETE", "/api/v1/session", &headers, ""),
            401,
            "session.bad_token",
        );
    }
    let own = http(&mut world, "PUT", path, &[JSON, cookie, OWN], reason);
    assert_eq!(own.status, 200);
    let form = ("content-type", "text/plain");
    check(&http(&mut world, "PUT", path, &[form, cookie, OWN], reason), 415, "request.media_type");
    let foreign = [("content-type", "application/json"), ("origin", "http://evil.test")];
    check(
        &http(&mut world, "POST", "/api/v1/session", &foreign, body),
        403,
        "session.foreign_origin",
    );
    let bearer = [JSON, cookie, OWN, ("authorization", "Bearer nonsense")];
    check(&http(&mut world, "PUT", path, &bearer, reason), 401, "session.bad_token");
}

#[test]
fn a_session_ends_where_it_is_used_when_it_is_logged_out() {
    let mut world = world();
    let bearer = format!("Bearer {}", token(&mut world, "1001"));
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(http(&mut world, "GET", "/api/v1/session", &headers, "").status, 200);
    let out = http(&mut world, "DELETE", "/api/v1/session", &headers, "");
    assert_eq!(out.status, 204);
    assert!(header(&out, "set-cookie").unwrap().contains("Max-Age=0"));
    check(&http(&mut world, "GET", "/api/v1/session", &headers, ""), 401, "session.bad_token");
}

#[test]
fn a_session_dies_of_age_and_is_of_one_realm() {
    let mut world = world();
    let secret = token(&mut world, "1001");
    let (realm, _) = open(&secret).unwrap();
    assert_eq!(realm.0, 0);
    world.pass(Millis::from_mins(12 * 60));
    let bearer = format!("Bearer {secret}");
    check(
        &http(&mut world, "GET", "/api/v1/session", &[("authorization", &bearer)], ""),
        401,
        "session.bad_token",
    );
}

#[test]
fn each_role_may_do_what_it_may() {
    let mut world = world();
    let reason = r#"{"ko":"식사","en":"Meal"}"#;
    for (who, read, write) in [("1001", 403, 403), ("9001", 200, 403), ("admin", 200, 200)] {
        assert_eq!(call(&mut world, who, "GET", "/api/v1/users", "").status, read, "{who}");
        assert_eq!(call(&mut world, who, "GET", "/api/v1/users/1001", "").status, read, "{who}");
        assert_eq!(
            call(&mut world, who, "PUT", "/api/v1/reasons/2", reason).status,
            write,
            "{who}"
        );
        assert_eq!(call(&mut world, who, "GET", "/api/v1/export", "").status, write, "{who}");
        assert_eq!(call(&mut world, who, "PUT", "/api/v1/import", "{}").status, write, "{who}");
    }
    assert_eq!(call(&mut world, "9001", "DELETE", "/api/v1/reasons/2", "").status, 403);
    assert_eq!(call(&mut world, "admin", "DELETE", "/api/v1/reasons/2", "").status, 204);
    check(&call(&mut world, "admin", "DELETE", "/api/v1/reasons/2", ""), 404, "directory.none");
}

#[test]
fn nobody_raises_their_own_role() {
    let mut world = world();
    let up = |id: &str| value!({"id": id, "name": "x", "role": "administrator"}).to_string();
    for who in ["1001", "9001"] {
        let response = call(&mut world, who, "PUT", &format!("/api/v1/users/{who}"), &up(who));
        check(&response, 403, "session.not_allowed");
    }
    let down = r#"{"name":"x","role":"agent"}"#;
    check(&call(&mut world, "admin", "PUT", "/api/v1/users/admin", down), 403, "session.own_role");
    let off = r#"{"name":"x","role":"administrator","disabled":true}"#;
    check(&call(&mut world, "admin", "PUT", "/api/v1/users/admin", off), 403, "session.own_role");
    check(&call(&mut world, "admin", "DELETE", "/api/v1/users/admin", ""), 403, "session.own_role");
    let import = value!({"users": [{"id": "admin", "name": "x", "role": "agent"}]}).to_string();
    check(&call(&mut world, "admin", "PUT", "/api/v1/import", &import), 403, "session.own_role");
    assert_eq!(directory(&mut world).users["admin"].role, Role::Administrator);
}

#[test]
fn only_named_members_can_be_set() {
    let mut world = world();
    for body in [
        r#"{"name":"x","role":"agent","is_admin":true}"#,
        r#"{"name":"x","role":"agent","password_hash":"$argon2id$x"}"#,
        r#"{"id":"1002","name":"x","role":"agent"}"#,
        r#"{"name":"x","role":"god"}"#,
        r#"{"name":"","role":"agent"}"#,
        "[]",
        "{",
    ] {
        assert_eq!(
            call(&mut world, "admin", "PUT", "/api/v1/users/1001", body).status,
            400,
            "{body}"
        );
    }
    assert_eq!(&*directory(&mut world).users["1001"].name, "name of 1001");
}

#[test]
fn a_password_goes_in_and_never_comes_out() {
    let mut world = world();
    let body = r#"{"name":"김서연","role":"agent","password":"new secret"}"#;
    let put = call(&mut world, "admin", "PUT", "/api/v1/users/1001", body);
    assert_eq!(json(&put), value!({"id": "1001", "name": "김서연", "role": "agent"}));
    let held = directory(&mut world);
    assert_eq!(held.users["1001"].password.as_deref(), Some("new secret"), "as the harness hashes");
    let body = r#"{"name":"김 서연","role":"agent"}"#;
    assert_eq!(call(&mut world, "admin", "PUT", "/api/v1/users/1001", body).status, 200);
    assert_eq!(
        directory(&mut world).users["1001"].password,
        held.users["1001"].password,
        "the old one stays"
    );
    let list = call(&mut world, "9001", "GET", "/api/v1/users", "");
    assert!(!String::from_utf8_lossy(&list.body).contains("secret"));
}

#[test]
fn a_keys_secret_is_told_once() {
    let mut world = world();
    let body = r#"{"actions":["connect:*"]}"#;
    let made = call(&mut world, "admin", "PUT", "/api/v1/keys/K1", body);
    let secret = json(&made)["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 64);
    assert_eq!(&*directory(&mut world).keys["K1"].sealed, format!("sealed:{secret}"));
    let again = call(&mut world, "admin", "PUT", "/api/v1/keys/K1", body);
    assert_eq!(json(&again), value!({"id": "K1", "actions": ["connect:*"]}));
    assert_eq!(&*directory(&mut world).keys["K1"].sealed, format!("sealed:{secret}"));
}

#[test]
fn an_export_is_an_import() {
    let mut world = world();
    let queue = r#"{"name":"야간","group":401,"overflow":{"to":"3001","length":3}}"#;
    assert_eq!(call(&mut world, "admin", "PUT", "/api/v1/queues/3002", queue).status, 200);
    let queue = r#"{"name":"대표","group":401,"overflow":{"to":"3002","after_ms":60000}}"#;
    assert_eq!(call(&mut world, "admin", "PUT", "/api/v1/queues/3001", queue).status, 200);
    let hours =
        r#"{"utc_offset_minutes":540,"week":{"mon":"09:00-18:00"},"holidays":["2026-01-01"]}"#;
    assert_eq!(call(&mut world, "admin", "PUT", "/api/v1/hours/kr", hours).status, 200);
    let mut document = json(&call(&mut world, "admin", "GET", "/api/v1/export", ""));
    let before = directory(&mut world);
    // The harness does not hash, so these are no argon2 hashes.
    for user in document["users"].as_array_mut().unwrap() {
        let hash = user.as_object_mut().unwrap().remove("password_hash").unwrap();
        assert_eq!(hash, format!("secret-{}", user["id"].as_str().unwrap()));
        user["password"] = hash;
    }
    document["realm"]["instance"] = value!("5a9d0000-0000-4000-8000-000000000001");
    let mut other = self::world();
    let imported = call(&mut other, "admin", "PUT", "/api/v1/import", &document.to_string());
    assert_eq!(imported.status, 200, "{}", String::from_utf8_lossy(&imported.body));
    assert_eq!(directory(&mut other), before);
}

#[test]
fn an_import_says_where_it_is_wrong_and_puts_nothing() {
    let mut world = world();
    let before = directory(&mut world);
    for (document, place) in [
        (
            value!({"reasons": [{"code": 1, "ko": "a", "en": "b"}], "queues": [{"id": "3009", "name": "x", "group": 9}]}),
            "queues[0]: ",
        ),
        (value!({"users": [{"id": "1", "name": "x", "role": "agent"}, {"id": "2"}]}), "users[1]: "),
        (value!({"hours": [{"id": "x", "week": {"mon": "9-18"}}]}), "hours[0].week.mon: "),
        (value!({"people": []}), "people: "),
        (value!({"users": {}}), "users: "),
    ] {
        let response = call(&mut world, "admin", "PUT", "/api/v1/import", &document.to_string());
        check(&response, 400, "directory.bad_entry");
        let message = json(&response)["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(place), "{message}");
    }
    assert_eq!(directory(&mut world), before);
}

#[test]
fn a_contact_is_found_by_each_of_its_names_by_those_who_may() {
    let mut world = world();
    let contact = chat(&mut world, None, false, TokenHash([1; 32]));
    let found = json(&call(&mut world, "9001", "GET", &format!("/api/v1/contacts/{contact}"), ""));
    assert_eq!(found["id"], contact.to_string());
    assert_eq!(found["segments"].as_array().unwrap().len(), 1);
    for name in ["id", "number", "cid", "cnid"] {
        let name = found[name].as_str().map_or_else(|| found[name].to_string(), str::to_owned);
        let again = call(&mut world, "9001", "GET", &format!("/api/v1/contacts/{name}"), "");
        assert_eq!(json(&again)["id"], found["id"], "{name}");
    }
    check(
        &call(&mut world, "1001", "GET", &format!("/api/v1/contacts/{contact}"), ""),
        404,
        "contact.none",
    );
    check(&call(&mut world, "9001", "GET", "/api/v1/contacts/xyz", ""), 404, "contact.none");
    check(
        &call(&mut world, "1001", "GET", "/api/v1/contacts?agent=1002", ""),
        403,
        "session.not_allowed",
    );
    check(&call(&mut world, "9001", "GET", "/api/v1/contacts?limit=0", ""), 400, "request.bad");
    check(&call(&mut world, "9001", "GET", "/api/v1/contacts?who=me", ""), 400, "request.bad");
    let all = json(&call(&mut world, "9001", "GET", "/api/v1/contacts", ""));
    assert_eq!(all["contacts"].as_array().unwrap().len(), 1);
    let own = json(&call(&mut world, "1001", "GET", "/api/v1/contacts", ""));
    assert_eq!(own["contacts"].as_array().unwrap().len(), 0);
}

#[test]
fn a_transcript_is_for_supervisors_and_those_who_were_in_it() {
    let mut world = world();
    let contact = chat(&mut world, None, false, TokenHash([1; 32]));
    says(&mut world, TokenHash([1; 32]), "안녕하세요");
    let path = format!("/api/v1/contacts/{contact}/transcript");
    let read = json(&call(&mut world, "9001", "GET", &path, ""));
    let texts: Vec<_> =
        read["items"].as_array().unwrap().iter().filter_map(|item| item["text"].as_str()).collect();
    assert!(texts.contains(&"안녕하세요"), "{texts:?}");
    check(&call(&mut world, "1001", "GET", &path, ""), 404, "contact.none");
    check(&http(&mut world, "GET", &path, &[], ""), 401, "session.bad_token");
    check(
        &call(&mut world, "9001", "GET", &format!("{path}?before=1&after=2"), ""),
        400,
        "request.bad",
    );
}

#[test]
fn everything_in_the_description_is_answered() {
    let mut world = world();
    let document = json(&http(&mut world, "GET", "/api/v1/openapi.json", &[], ""));
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let path = path
                .replace("{name}", "1")
                .replace("{id}", FLOW)
                .replace("{report}", "queues")
                .replace("{secret}", &"A".repeat(46));
            let response =
                http(&mut world, &method.to_uppercase(), &format!("/api/v1{path}"), &[], "");
            let open = operation["security"].as_array().unwrap().is_empty();
            let expected = match (open, path.as_str()) {
                (true, "/session" | "/second-factor") => 415,
                (true, path) if path.starts_with("/sign-on/") => 403,
                (true, _) => 200,
                (false, path) if path.starts_with("/flows/") => 404,
                (false, _) => 401,
            };
            assert_eq!(response.status, expected, "{method} {path}");
        }
    }
    check(&http(&mut world, "GET", "/api/v1/nothing", &[], ""), 404, "request.not_found");
    check(&http(&mut world, "PATCH", "/api/v1/session", &[], ""), 405, "request.method");
    check(&http(&mut world, "GET", "/somewhere", &[], ""), 404, "request.not_found");
}

#[test]
fn a_rebound_name_does_not_reach_the_demos_public_passwords() {
    let mut world = world();
    world.site.settings.demo = true;
    let ask = |world: &mut World, host: &str| {
        let mut request = request("GET", "/api/v1/about", &[], "");
        request.head.headers = vec![("host".to_owned(), host.to_owned())];
        match world.exchange(route::handle, request) {
            Outcome::Answer(response) => response.status,
            _ => panic!("no socket here"),
        }
    };
    assert_eq!(ask(&mut world, HOST), 200);
    assert_eq!(ask(&mut world, "localhost:8080"), 200);
    assert_eq!(ask(&mut world, "evil.test"), 421);
}

#[test]
fn levels_are_shown_to_whoever_is_logged_in() {
    let mut world = world();
    chat(&mut world, None, false, TokenHash([1; 32]));
    let levels: Value = json(&call(&mut world, "1001", "GET", "/api/v1/levels", ""));
    assert_eq!(levels["queues"][0]["id"], "3001");
    assert_eq!(levels["queues"][0]["waiting"], 1);
    check(&http(&mut world, "GET", "/api/v1/levels", &[], ""), 401, "session.bad_token");
}

/// Bytes are streamed; the harness knows that of another façade's paths alone, so the real one comes in a header.
pub(crate) fn put_bytes(
    world: &mut World,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    fn handle(cx: &mut Cx<'_>, mut request: Request) -> Step {
        let path = request.head.header("x-path").unwrap().to_owned();
        request.head.path = path;
        route::handle(cx, request)
    }
    let headers: Vec<_> = [("x-path", path)].iter().chain(headers).copied().collect();
    match world.exchange(handle, request("PUT", "/participant/upload/x", &headers, body)) {
        Outcome::Answer(response) => response,
        _ => panic!("a socket was opened"),
    }
}

/// The step before, of, and after this moment, as a device with this secret shows them.
pub(crate) fn codes(secret: &str, now: Millis) -> Vec<String> {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let device = totp_rs::Builder::new().with_secret(secret).build_noncompliant();
    let at = now.0 / 1_000;
    [at - 30, at, at + 30].map(|at| device.generate(at).to_string()).to_vec()
}

/// Sets 1001's second factor; its secret and recovery codes.
pub(crate) fn enrolled(world: &mut World) -> (String, Vec<String>) {
    let body = r#"{"user":"1001","password":"secret-1001"}"#;
    let begun = json(&http(world, "POST", "/api/v1/second-factor", &[JSON], body));
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert!(begun["svg"].as_str().unwrap().starts_with("<svg "));
    assert!(begun["uri"].as_str().unwrap().contains(&secret));
    let code = &codes(&secret, world.now)[1];
    let body = value!({"ticket": begun["ticket"], "code": code, "log_in": true}).to_string();
    let set = json(&http(world, "PUT", "/api/v1/second-factor", &[JSON], &body));
    assert!(open(set["token"].as_str().unwrap()).is_some());
    let recovery = set["recovery"].as_array().unwrap();
    (secret, recovery.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

fn log_in(world: &mut World, code: Option<&str>) -> Response {
    let mut body = value!({"user": "1001", "password": "secret-1001"});
    if let Some(code) = code {
        body["code"] = value!(code);
    }
    http(world, "POST", "/api/v1/session", &[JSON], &body.to_string())
}

#[test]
fn a_second_factor_is_asked_for_beside_the_password_and_a_code_is_good_once() {
    let mut world = world();
    let before = token(&mut world, "1001");
    let (secret, recovery) = enrolled(&mut world);
    let me = http(
        &mut world,
        "GET",
        "/api/v1/session",
        &[("authorization", &format!("Bearer {before}"))],
        "",
    );
    assert_eq!(me.status, 401, "who had the password alone is out");
    check(&log_in(&mut world, None), 401, "session.code_needed");
    check(&log_in(&mut world, Some("000000")), 401, "session.wrong_code");
    let shown = codes(&secret, world.now);
    check(&log_in(&mut world, Some(&shown[1])), 401, "session.wrong_code");
    let next = log_in(&mut world, Some(&shown[2]));
    assert_eq!(next.status, 200, "the clock of the device may be ahead");
    assert_eq!(json(&next)["user"]["second_factor"], true);
    check(&log_in(&mut world, Some(&shown[2])), 401, "session.wrong_code");
    check(&log_in(&mut world, Some(&shown[0])), 401, "session.wrong_code");
    assert_eq!(log_in(&mut world, Some(&recovery[3].to_uppercase())).status, 200);
    check(&log_in(&mut world, Some(&recovery[3])), 401, "session.wrong_code");
    let body = value!({"grant_type": "password", "username": "1001", "password": "secret-1001"});
    let path = "/InContactAuthorizationServer/Token";
    let max = http(&mut world, "POST", path, &[JSON], &body.to_string());
    assert_eq!(max.status, 400, "no other door opens by the password alone");
}

#[test]
fn a_role_may_have_to_set_a_second_factor_before_it_logs_in() {
    let mut world = world();
    let mut realm = directory(&mut world).realm.clone().unwrap();
    realm.second_factor = [Role::Agent].into();
    world.put(Entry::Realm(realm));
    check(&log_in(&mut world, None), 403, "session.must_enrol");
    token(&mut world, "admin");
    let (secret, _) = enrolled(&mut world);
    let shown = codes(&secret, world.now);
    let body = value!({"user": "1001", "password": "secret-1001", "code": shown[2]}).to_string();
    let off = http(&mut world, "DELETE", "/api/v1/second-factor", &[JSON], &body);
    check(&off, 403, "session.must_enrol");
    check(&log_in(&mut world, Some(&shown[2])), 401, "session.wrong_code");
}

#[test]
fn a_second_factor_goes_by_its_owners_code_or_by_an_administrator() {
    let mut world = world();
    let (secret, _) = enrolled(&mut world);
    let shown = codes(&secret, world.now);
    let own = |code: &str| value!({"user": "1001", "password": "secret-1001", "code": code});
    let path = "/api/v1/second-factor";
    let bare = r#"{"user":"1001","password":"secret-1001"}"#;
    check(&http(&mut world, "DELETE", path, &[JSON], bare), 401, "session.code_needed");
    check(&http(&mut world, "POST", path, &[JSON], bare), 401, "session.code_needed");
    let off = http(&mut world, "DELETE", path, &[JSON], &own(&shown[2]).to_string());
    assert_eq!(off.status, 204);
    assert_eq!(log_in(&mut world, None).status, 200);
    enrolled(&mut world);
    let path = "/api/v1/users/1001/second-factor";
    check(&call(&mut world, "9001", "DELETE", path, ""), 403, "session.not_allowed");
    let own = "/api/v1/users/admin/second-factor";
    check(&call(&mut world, "admin", "DELETE", own, ""), 403, "session.own_role");
    assert_eq!(call(&mut world, "admin", "DELETE", path, "").status, 204);
    assert_eq!(log_in(&mut world, None).status, 200);
}

#[test]
fn a_second_factor_stays_through_edits_and_moves_with_an_export_sealed() {
    let mut world = world();
    enrolled(&mut world);
    let entry = call(&mut world, "admin", "GET", "/api/v1/users/1001", "");
    let mut entry: Value = json(&entry);
    assert_eq!(entry["second_factor"], true);
    assert!(entry.get("second_factor_sealed").is_none());
    entry["name"] = value!("another name");
    let path = "/api/v1/users/1001";
    assert_eq!(call(&mut world, "admin", "PUT", path, &entry.to_string()).status, 200);
    check(&log_in(&mut world, None), 401, "session.code_needed");
    let forged = value!({"name": "x", "role": "agent", "second_factor": true}).to_string();
    let path = "/api/v1/users/1002";
    check(&call(&mut world, "admin", "PUT", path, &forged), 400, "directory.bad_entry");
    let forged =
        r#"{"name":"x","role":"agent","second_factor_sealed":{"sealed":"sealed:00","since":1}}"#;
    check(&call(&mut world, "admin", "PUT", path, forged), 400, "directory.bad_entry");
    let out = json(&call(&mut world, "admin", "GET", "/api/v1/export", ""));
    assert!(out["users"][0]["second_factor_sealed"]["sealed"].is_string());
    let none = call(&mut world, "admin", "DELETE", "/api/v1/users/1001/second-factor", "");
    assert_eq!(none.status, 204);
    let mut user = out["users"][0].clone();
    user.as_object_mut().unwrap().remove("password_hash");
    let body = value!({"users": [user]}).to_string();
    assert_eq!(call(&mut world, "admin", "PUT", "/api/v1/import", &body).status, 200);
    check(&log_in(&mut world, None), 401, "session.code_needed");
}

#[test]
fn a_ticket_is_good_for_ten_minutes_and_nothing_else_is_one() {
    let mut world = world();
    let body = r#"{"user":"1001","password":"secret-1001"}"#;
    let begun = json(&http(&mut world, "POST", "/api/v1/second-factor", &[JSON], body));
    let put = |world: &mut World, ticket: &Value| {
        let code = &codes(begun["secret"].as_str().unwrap(), world.now)[1];
        let body = value!({"ticket": ticket, "code": code, "log_in": true}).to_string();
        http(world, "PUT", "/api/v1/second-factor", &[JSON], &body)
    };
    check(&put(&mut world, &value!("sealed:{}")), 400, "request.bad");
    let evil = [JSON, ("origin", "https://evil.test")];
    check(
        &http(&mut world, "POST", "/api/v1/second-factor", &evil, body),
        403,
        "session.foreign_origin",
    );
    assert_eq!(put(&mut world, &begun["ticket"]).status, 200);
    check(&put(&mut world, &begun["ticket"]), 400, "request.bad");
    let reset = "/api/v1/users/1001/second-factor";
    assert_eq!(call(&mut world, "admin", "DELETE", reset, "").status, 204);
    world.now = world.now.plus(Millis::from_mins(11));
    check(&put(&mut world, &begun["ticket"]), 400, "request.bad");
}

#[test]
fn a_ticket_dies_with_the_password_for_which_it_was_given() {
    let mut world = world();
    let body = r#"{"user":"1001","password":"secret-1001"}"#;
    let begun = json(&http(&mut world, "POST", "/api/v1/second-factor", &[JSON], body));
    let known = directory(&mut world).users["1001"].as_ref().clone();
    world.put(Entry::User(User { password: Some("another".into()), ..known }));
    let code = &codes(begun["secret"].as_str().unwrap(), world.now)[1];
    let body = value!({"ticket": begun["ticket"], "code": code, "log_in": true}).to_string();
    check(&http(&mut world, "PUT", "/api/v1/second-factor", &[JSON], &body), 400, "request.bad");
}

#[test]
fn every_change_stands_in_the_trail_with_who_and_what_it_was_and_no_secret() {
    let mut world = world();
    let put = |world: &mut World, body: &str| {
        assert_eq!(call(world, "admin", "PUT", "/api/v1/users/2901", body).status, 200);
    };
    put(&mut world, r#"{"name":"before","role":"agent","password":"never-shown"}"#);
    put(&mut world, r#"{"name":"after","role":"agent","password":"not-either"}"#);
    assert_eq!(call(&mut world, "admin", "DELETE", "/api/v1/users/2901", "").status, 204);
    let path = "/api/v1/audit?kind=users&name=2901";
    let told = call(&mut world, "admin", "GET", path, "");
    let text = String::from_utf8(told.body.clone()).unwrap();
    assert!(!text.contains("never-shown") && !text.contains("not-either"), "{text}");
    let rows = json(&told)["entries"].as_array().unwrap().clone();
    let actions: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["removed", "changed", "added"]);
    let changed = &rows[1];
    assert_eq!(
        (&changed["by"], &changed["way"], &changed["from"]),
        (&value!("admin"), &value!("api"), &value!("127.0.0.1"))
    );
    assert_eq!(changed["changed"], value!(["name", "password_hash"]));
    assert_eq!(changed["before"]["name"], "before");
    assert_eq!(changed["after"]["name"], "after");
    assert_eq!(rows[0]["before"]["name"], "after");
    let first = json(&call(&mut world, "admin", "GET", &format!("{path}&limit=2"), ""));
    let below = first["below"].as_str().unwrap();
    let next = format!("{path}&limit=2&below={below}");
    let next = json(&call(&mut world, "admin", "GET", &next, ""));
    assert_eq!(next["entries"], value!([rows[2]]));
    assert!(next.get("below").is_none());
    let none = json(&call(&mut world, "admin", "GET", &format!("{path}&by=1001"), ""));
    assert_eq!(none["entries"], value!([]));
    let logged_in = "/api/v1/audit?kind=sessions&by=9001";
    token(&mut world, "9001");
    let rows = json(&call(&mut world, "admin", "GET", logged_in, ""));
    assert_eq!(rows["entries"][0]["action"], "logged_in");
    check(&call(&mut world, "9001", "GET", path, ""), 403, "session.not_allowed");
    check(&call(&mut world, "admin", "GET", "/api/v1/audit?below=x", ""), 400, "request.bad");
    let table = call(&mut world, "admin", "GET", "/api/v1/audit.csv?kind=users&name=2901", "");
    assert_eq!(header(&table, "content-type").unwrap(), "text/csv; charset=utf-8");
    let table = String::from_utf8(table.body).unwrap();
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.contains("\"changed\",\"users\",\"2901\",\"name password_hash\""), "{table}");
}

#[test]
fn an_import_stands_in_the_trail_entry_by_entry() {
    let mut world = world();
    let body =
        r#"{"wrap_up_codes":[{"code":"a","ko":"가","en":"a"},{"code":"b","ko":"나","en":"b"}]}"#;
    assert_eq!(call(&mut world, "admin", "PUT", "/api/v1/import", body).status, 200);
    let path = "/api/v1/audit?kind=wrap_up_codes";
    let rows = json(&call(&mut world, "admin", "GET", path, ""))["entries"].clone();
    let told =
        |n: usize| (rows[n]["name"].clone(), rows[n]["action"].clone(), rows[n]["by"].clone());
    assert_eq!(told(0), (value!("b"), value!("added"), value!("admin")));
    assert_eq!(told(1), (value!("a"), value!("added"), value!("admin")));
}
