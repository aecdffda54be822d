//! Log-in by an identity provider, against a real node and a provider that the tests play; the real one is asked by the
//! browser tests (`web/e2e/oidc.spec.ts`).

use crate::admin::{JSON, OWN, call, check, codes, directory, enrolled, http, token, world};
use crate::harness::{World, header, json};
use domain::directory::{Entry, Role, SignOn, Trust, User};
use domain::fact::Fact;
use domain::time::Millis;
use facade::door::{Call, CallFault, Response};
use serde_json::{Value, json as value};
use std::cell::RefCell;
use std::rc::Rc;

const ISSUER: &str = "https://id.example/office";

/// What the provider answers with, and what it was asked.
struct Provider {
    claims: Value,
    token: Result<(), CallFault>,
    key: &'static str,
    asked: Vec<Call>,
}

/// A realm whose people come by the provider.
fn office(change: impl FnOnce(&mut SignOn)) -> (World, Rc<RefCell<Provider>>) {
    let mut world = world();
    let mut way = SignOn {
        issuer: ISSUER.into(),
        client: "desk".into(),
        sealed: Some("sealed:s3cret-s3cret".into()),
        claim: "email".into(),
        label: "사내 계정".into(),
        second_factor: Trust::Never,
        no_passwords: false,
    };
    change(&mut way);
    let mut realm = directory(&mut world).realm.clone().unwrap();
    realm.sign_on = Some(Box::new(way));
    world.put(Entry::Realm(realm));
    named(&mut world, "1001", "Kim@example.com");
    let provider = Rc::new(RefCell::new(Provider {
        claims: value!({"email": "kim@example.com"}),
        token: Ok(()),
        key: "the-key",
        asked: Vec::new(),
    }));
    let office = provider.clone();
    world.outside = Box::new(move |call| {
        let mut provider = office.borrow_mut();
        provider.asked.push(call.clone());
        let answer = match call.url.strip_prefix(ISSUER).unwrap() {
            "/.well-known/openid-configuration" => value!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/auth"),
                "token_endpoint": format!("{ISSUER}/token"),
                "jwks_uri": format!("{ISSUER}/keys"),
            })
            .to_string(),
            "/token" => {
                provider.token?;
                value!({"id_token": format!("{}.the-key", provider.claims)}).to_string()
            }
            "/keys" => provider.key.to_owned(),
            other => panic!("{other}"),
        };
        Ok(answer.into_bytes())
    });
    (world, provider)
}

fn named(world: &mut World, user: &str, name: &str) {
    let user = directory(world).users[user].as_ref().clone();
    world.put(Entry::User(User { sign_on: Some(name.into()), password: None, ..user }));
}

fn member(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').unwrap();
    let pairs = facade::percent::parse_query(query).unwrap();
    pairs.into_iter().find(|(own, _)| own == name).unwrap().1
}

fn cookies(response: &Response) -> Vec<String> {
    let all = response.headers.iter().filter(|(name, _)| *name == "set-cookie");
    all.map(|(_, value)| value.clone()).collect()
}

/// A browser that has been sent to the provider: where, and with which cookie.
fn begun(world: &mut World, provider: &RefCell<Provider>, page: &str) -> (String, String) {
    let path = format!("/api/v1/sign-on/begin?page={page}");
    let sent = http(world, "GET", &path, &[], "");
    assert_eq!(sent.status, 303);
    let at = header(&sent, "location").unwrap().to_owned();
    let cookie = cookies(&sent)[0].clone();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let mut provider = provider.borrow_mut();
    let now = world.now.0 / 1_000;
    for (name, value) in [
        ("iss", value!(ISSUER)),
        ("sub", value!("77")),
        ("aud", value!("desk")),
        ("iat", value!(now)),
        ("exp", value!(now + 300)),
        ("nonce", value!(member(&at, "nonce"))),
    ] {
        if provider.claims.get(name).is_none() || name == "nonce" {
            provider.claims[name] = value;
        }
    }
    (at, cookie.split(';').next().unwrap().to_owned())
}

fn back(world: &mut World, cookie: &str, query: &str) -> Response {
    http(world, "GET", &format!("/api/v1/sign-on/return?{query}"), &[("cookie", cookie)], "")
}

/// Goes there and comes back; how it came out.
fn through(world: &mut World, provider: &RefCell<Provider>) -> Response {
    let (at, cookie) = begun(world, provider, "admin");
    back(world, &cookie, &format!("code=c-1&state={}&session_state=x", member(&at, "state")))
}

fn ends(response: &Response, expected: &str) {
    assert_eq!(response.status, 303);
    assert_eq!(header(response, "location"), Some(expected));
    let session = cookies(response).into_iter().any(|line| line.starts_with("sangdam_session="));
    assert!(!session, "nobody is let in");
}

#[test]
fn somebody_whom_the_provider_names_is_let_in() {
    let (mut world, provider) = office(|_| {});
    let ways = json(&http(&mut world, "GET", "/api/v1/sign-on", &[], ""));
    assert_eq!(ways, value!({"label": "사내 계정", "passwords": true}));
    let (at, cookie) = begun(&mut world, &provider, "admin");
    assert!(at.starts_with("https://id.example/office/auth?response_type=code&client_id=desk&"));
    assert_eq!(member(&at, "redirect_uri"), "http://127.0.0.1:8080/api/v1/sign-on/return");
    assert_eq!(
        (member(&at, "scope"), member(&at, "code_challenge_method")),
        ("openid email".into(), "S256".into())
    );
    let query =
        format!("code=c-1&state={}&iss=https%3A%2F%2Fid.example%2Foffice", member(&at, "state"));
    let came = back(&mut world, &cookie, &query);
    assert_eq!((came.status, header(&came, "location")), (303, Some("/admin")));
    let set = cookies(&came);
    assert!(set[0].starts_with("sangdam_sign_on=; Path=/; Max-Age=0"), "{set:?}");
    assert!(
        set[1].starts_with("sangdam_session=") && set[1].contains("SameSite=Strict"),
        "{set:?}"
    );
    let session = set[1].split(';').next().unwrap();
    let me = json(&http(&mut world, "GET", "/api/v1/session", &[OWN, ("cookie", session)], ""));
    assert_eq!(me["user"]["id"], "1001");
    let asked = provider.borrow().asked.clone();
    assert_eq!(asked.len(), 3);
    let body = asked[1].body.as_deref().unwrap();
    assert!(body.starts_with("grant_type=authorization_code&code=c-1&redirect_uri=http"), "{body}");
    assert!(
        asked[1]
            .headers
            .iter()
            .any(|(name, value)| *name == "authorization"
                && value == "Basic ZGVzazpzM2NyZXQtczNjcmV0")
    );
    assert!(world.facts().any(|fact| matches!(fact, Fact::LoggedIn { user, signed_on: true, .. } if user.as_str() == "1001")));
    ends(&back(&mut world, &cookie, &query), "/admin?sign_on=stale");
    assert_eq!(provider.borrow().asked.len(), 3, "what comes twice is not even asked for");
}

#[test]
fn whoever_was_not_sent_by_this_browser_is_not_let_in() {
    let (mut world, provider) = office(|_| {});
    let (at, cookie) = begun(&mut world, &provider, "wall");
    let state = member(&at, "state");
    ends(&back(&mut world, "a=b", &format!("code=c-1&state={state}")), "/desk?sign_on=stale");
    ends(&back(&mut world, &cookie, "code=c-1&state=other"), "/wall?sign_on=stale");
    ends(&back(&mut world, &cookie, "code=c-1"), "/wall?sign_on=stale");
    let twice = format!("code=c-1&state={state}&state={state}");
    ends(&back(&mut world, &cookie, &twice), "/wall?sign_on=stale");
    let other = begun(&mut world, &provider, "wall").1;
    ends(&back(&mut world, &other, &format!("code=c-1&state={state}")), "/wall?sign_on=stale");
    world.pass(Millis::from_mins(11));
    ends(&back(&mut world, &cookie, &format!("code=c-1&state={state}")), "/wall?sign_on=stale");
    for page in ["//evil.example", "https://evil.example", "desk/../x", "nx"] {
        let path = format!("/api/v1/sign-on/begin?page={}", facade::percent::encode_segment(page));
        check(&http(&mut world, "GET", &path, &[], ""), 400, "request.bad");
    }
}

#[test]
fn each_way_in_which_it_can_fail_is_told() {
    let (mut world, provider) = office(|_| {});
    let (at, cookie) = begun(&mut world, &provider, "reports");
    let query = format!("error=access_denied&state={}", member(&at, "state"));
    ends(&back(&mut world, &cookie, &query), "/reports?sign_on=cancelled");
    let (at, cookie) = begun(&mut world, &provider, "desk");
    let query = format!("error=server_error&state={}", member(&at, "state"));
    ends(&back(&mut world, &cookie, &query), "/desk?sign_on=refused");
    let (at, cookie) = begun(&mut world, &provider, "desk");
    let query = format!("code=c&iss=https%3A%2F%2Fevil.example&state={}", member(&at, "state"));
    ends(&back(&mut world, &cookie, &query), "/desk?sign_on=refused");
    let told = |world: &mut World, change: &dyn Fn(&mut Provider), end: &str| {
        let claims = provider.borrow().claims.clone();
        change(&mut provider.borrow_mut());
        ends(&through(world, &provider), &format!("/admin?sign_on={end}"));
        let mut provider = provider.borrow_mut();
        (provider.claims, provider.token, provider.key) = (claims, Ok(()), "the-key");
    };
    told(&mut world, &|it| it.claims["email"] = value!("lee@example.com"), "unknown");
    told(&mut world, &|it| it.claims["aud"] = value!("another"), "refused");
    told(&mut world, &|it| it.claims["exp"] = value!(1), "refused");
    told(&mut world, &|it| it.key = "another-key", "refused");
    told(&mut world, &|it| it.token = Err(CallFault::Refused(400)), "refused");
    told(&mut world, &|it| it.token = Err(CallFault::Refused(503)), "away");
    told(&mut world, &|it| it.token = Err(CallFault::Away), "away");
    let user = directory(&mut world).users["1001"].as_ref().clone();
    world.put(Entry::User(User { disabled: true, ..user }));
    told(&mut world, &|_| {}, "unknown");
    world.outside = Box::new(|_| Err(CallFault::Away));
    let away = http(&mut world, "GET", "/api/v1/sign-on/begin", &[], "");
    ends(&away, "/desk?sign_on=away");
    world.outside = Box::new(|_| Ok(b"<html>".to_vec()));
    ends(&http(&mut world, "GET", "/api/v1/sign-on/begin", &[], ""), "/desk?sign_on=away");
    let mut realm = directory(&mut world).realm.clone().unwrap();
    realm.sign_on = None;
    world.put(Entry::Realm(realm));
    ends(&http(&mut world, "GET", "/api/v1/sign-on/begin", &[], ""), "/desk?sign_on=off");
}

/// The cookie of somebody of whom a code is wanted.
fn wanted(world: &mut World, provider: &RefCell<Provider>, end: &str) -> String {
    let came = through(world, provider);
    ends(&came, &format!("/admin?sign_on={end}"));
    cookies(&came)[0].split(';').next().unwrap().to_owned()
}

fn post(world: &mut World, what: &str, cookie: &str, body: &str) -> Response {
    let path = format!("/api/v1/sign-on/{what}");
    http(world, "POST", &path, &[JSON, OWN, ("cookie", cookie)], body)
}

#[test]
fn a_second_factor_of_ours_is_asked_for_unless_the_providers_is_as_good() {
    for (trust, amr, asks) in [
        (Trust::Never, value!(["mfa"]), true),
        (Trust::Said, value!(["pwd"]), true),
        (Trust::Said, value!(["pwd", "otp"]), false),
        (Trust::Always, value!([]), false),
    ] {
        let (mut world, provider) = office(|way| way.second_factor = trust);
        let user = directory(&mut world).users["1001"].as_ref().clone();
        world.put(Entry::User(User { password: Some("secret-1001".into()), ..user }));
        let (secret, recovery) = enrolled(&mut world);
        provider.borrow_mut().claims["amr"] = amr;
        if !asks {
            assert_eq!(header(&through(&mut world, &provider), "location"), Some("/admin"));
            continue;
        }
        let cookie = wanted(&mut world, &provider, "code");
        let give = |world: &mut World, code: &str| {
            post(world, "code", &cookie, &value!({"code": code}).to_string())
        };
        check(&give(&mut world, "000000"), 401, "session.wrong_code");
        let foreign = [JSON, ("origin", "http://evil.example"), ("cookie", cookie.as_str())];
        let body = value!({"code": recovery[0]}).to_string();
        let ridden = http(&mut world, "POST", "/api/v1/sign-on/code", &foreign, &body);
        check(&ridden, 403, "session.foreign_origin");
        let shown = codes(&secret, world.now);
        let let_in = give(&mut world, &shown[2]);
        assert_eq!(let_in.status, 200);
        assert_eq!(cookies(&let_in).len(), 2);
        check(&give(&mut world, &shown[2]), 401, "session.wrong_code");
        assert_eq!(give(&mut world, &recovery[0]).status, 200);
        world.pass(Millis::from_mins(6));
        check(&give(&mut world, &recovery[1]), 400, "request.bad");
    }
}

#[test]
fn a_role_that_must_have_a_second_factor_sets_it_after_the_provider_has_named_it() {
    let (mut world, provider) = office(|_| {});
    let mut realm = directory(&mut world).realm.clone().unwrap();
    realm.second_factor = [Role::Agent].into();
    world.put(Entry::Realm(realm));
    check(&post(&mut world, "second-factor", "a=b", ""), 400, "request.bad");
    let cookie = wanted(&mut world, &provider, "enrol");
    let begun = json(&post(&mut world, "second-factor", &cookie, ""));
    let code = &codes(begun["secret"].as_str().unwrap(), world.now)[1];
    let body = value!({"ticket": begun["ticket"], "code": code, "log_in": true}).to_string();
    let set = http(&mut world, "PUT", "/api/v1/second-factor", &[JSON, OWN], &body);
    assert_eq!(json(&set)["user"]["id"], "1001");
    check(&post(&mut world, "second-factor", &cookie, ""), 400, "request.bad");
    wanted(&mut world, &provider, "code");
}

#[test]
fn where_passwords_are_off_administrators_alone_have_one() {
    let (mut world, provider) = office(|way| way.no_passwords = true);
    let ways = json(&http(&mut world, "GET", "/api/v1/sign-on", &[], ""));
    assert_eq!(ways["passwords"], false);
    let log_in = |world: &mut World, user: &str, password: &str| {
        let body = value!({"user": user, "password": password}).to_string();
        http(world, "POST", "/api/v1/session", &[JSON], &body)
    };
    check(&log_in(&mut world, "9001", "secret-9001"), 403, "session.passwords_off");
    check(&log_in(&mut world, "9001", "wrong"), 401, "session.wrong_password");
    let body = r#"{"user":"9001","password":"secret-9001"}"#;
    let enrol = http(&mut world, "POST", "/api/v1/second-factor", &[JSON], body);
    check(&enrol, 403, "session.passwords_off");
    token(&mut world, "admin");
    assert_eq!(header(&through(&mut world, &provider), "location"), Some("/admin"));
}

#[test]
fn what_is_configured_is_checked_and_its_secret_never_comes_out() {
    let (mut world, _) = office(|_| {});
    let realm = call(&mut world, "admin", "GET", "/api/v1/realm", "");
    let text = String::from_utf8(realm.body.clone()).unwrap();
    assert!(text.contains("id.example") && !text.contains("s3cret"), "{text}");
    let put = |world: &mut World, change: &dyn Fn(&mut Value)| {
        let mut wanted = json(&realm);
        change(&mut wanted["sign_on"]);
        call(world, "admin", "PUT", "/api/v1/realm", &wanted.to_string())
    };
    let sealed = |world: &mut World| directory(world).sign_on().unwrap().sealed.clone();
    assert_eq!(put(&mut world, &|way| way["label"] = value!("SSO")).status, 200);
    assert_eq!(sealed(&mut world).as_deref(), Some("sealed:s3cret-s3cret"), "left out, it stays");
    assert_eq!(put(&mut world, &|way| way["secret"] = value!("another-secret")).status, 200);
    assert_eq!(sealed(&mut world).as_deref(), Some("sealed:another-secret"));
    for (member, wrong) in [
        ("issuer", value!("http://id.example")),
        ("issuer", value!("https://id.example?x")),
        ("issuer", value!("https://me:pw@id.example")),
        ("client", value!("")),
        ("claim", value!("")),
        ("label", value!("")),
        ("secret", value!("short")),
        ("sealed", value!("sealed:mine")),
        ("more", value!(1)),
    ] {
        check(&put(&mut world, &|way| way[member] = wrong.clone()), 400, "directory.bad_entry");
    }
    let export = json(&call(&mut world, "admin", "GET", "/api/v1/export", ""));
    assert_eq!(export["realm"]["sign_on"]["sealed"], "sealed:another-secret");
    let document = value!({"realm": export["realm"]}).to_string();
    let import = call(&mut world, "admin", "PUT", "/api/v1/import", &document);
    assert_eq!(import.status, 200);
    assert_eq!(sealed(&mut world).as_deref(), Some("sealed:another-secret"));
    let trail =
        String::from_utf8(call(&mut world, "admin", "GET", "/api/v1/audit", "").body).unwrap();
    assert!(!trail.contains("another-secret") && !trail.contains("s3cret"), "{trail}");
    let other = |way: &mut Value| way["issuer"] = value!("https://evil.example");
    assert_eq!(put(&mut world, &other).status, 200);
    assert_eq!(sealed(&mut world), None, "the secret of one provider is not told to another");
    let twice = r#"{"name":"x","role":"agent","sign_on":"Kim@example.com"}"#;
    let put = call(&mut world, "admin", "PUT", "/api/v1/users/1003", twice);
    check(&put, 400, "directory.bad_entry");
}
