//! What a directory refuses, and what it finds.

use super::*;
use crate::refusal::Refusal;

fn shop() -> Directory {
    let mut d = Directory::default();
    let user = User {
        id: "1001".into(),
        name: "김서연".into(),
        role: Role::Agent,
        password: None,
        extension: None,
        skills: BTreeMap::new(),
        limits: BTreeMap::new(),
        disabled: false,
        second: None,
        sign_on: None,
    };
    d.put(Entry::User(user));
    d.put(Entry::Group(Group {
        id: 401,
        name: "상담".into(),
        members: [("1001".into(), 5)].into(),
        record: false,
        after_work: Millis(0),
    }));
    d.put(Entry::Queue(Queue {
        aliases: vec!["1000".into()], ..Queue::new("3001", "대표", 401)
    }));
    d
}

#[test]
fn a_queue_is_found_by_its_other_number() {
    assert_eq!(shop().queue("1000").map(|q| q.id.as_str()), Some("3001"));
    assert_eq!(shop().queue("1002"), None);
}

#[test]
fn names_that_lead_nowhere_are_refused() {
    let d = shop();
    let check = |entry: Entry, expected: &str| {
        assert_eq!(d.check(&entry).map_err(|e| e.to_string()), Err(expected.to_owned()));
    };
    check(Entry::Queue(Queue::new("3002", "x", 402)), "queue 3002: group: there is no group 402");
    check(
        Entry::Group(Group {
            id: 0,
            name: "x".into(),
            members: BTreeMap::new(),
            record: false,
            after_work: Millis(0),
        }),
        "group 0: id: 1 to 999,999",
    );
    assert!(d.check_removal(&EntryKey::Group(401)).is_err(), "the queue needs its group");
    assert_eq!(d.check_removal(&EntryKey::Queue("3001".into())), Ok(()));
    assert_eq!(d.check_removal(&EntryKey::Queue("1000".into())), Err(Refusal::NoSuchEntry));
}

#[test]
fn a_trunk_says_where_its_calls_come_from() {
    let d = shop();
    let check = |change: &dyn Fn(&mut Trunk), expected: &str| {
        let mut trunk = Trunk::new("t", "carrier.example");
        change(&mut trunk);
        let said = d.check(&Entry::Trunk(trunk)).map_err(|e| e.to_string());
        assert_eq!(said.err().unwrap_or_default(), expected);
    };
    check(&|t| t.sources = vec!["192.0.2.7".into(), "192.0.2.0/28".into()], "");
    check(
        &|t| t.sources = vec!["carrier.example".into()],
        "trunk t: sources: \"carrier.example\": address, address:port or address/bits of at least 8",
    );
    check(&|t| t.sources = vec!["192.0.2.7".into(); 65], "trunk t: sources: at most 64");
    let account = |t: &mut Trunk| (t.user, t.sealed) = (Some("u".into()), Some("s".into()));
    check(
        &|t| {
            account(t);
            (t.register, t.sources) = (true, vec!["192.0.2.7".into()]);
        },
        "trunk t: sources: calls come from where we register alone",
    );
    check(&|t| t.challenge = true, "trunk t: challenge: for that it needs user and password");
    check(
        &|t| {
            account(t);
            t.challenge = true;
        },
        "",
    );
    check(&|t| t.domain = Some("not a host".into()), "trunk t: domain: it is no host");
}

#[test]
fn an_export_is_an_import() {
    let d = shop();
    let text = serde_json::to_string(&d).unwrap();
    assert_eq!(serde_json::from_str::<Directory>(&text).unwrap(), d);
    let mut again = Directory::default();
    for entry in d.entries() {
        again.check(&entry).unwrap();
        again.put(entry);
    }
    assert_eq!(again, d);
}

#[test]
fn hours_know_weekdays_and_holidays() {
    let day = Some((9 * 60, 18 * 60));
    let mut hours = Hours {
        id: "kr".into(),
        utc_offset_minutes: 540,
        week: [day, day, day, day, day, None, None],
        holidays: BTreeSet::new(),
    };
    let friday_noon = Millis(1_763_694_000_000); // 2025-11-21 12:00 in Seoul
    assert!(hours.open(friday_noon));
    assert!(!hours.open(friday_noon.plus(Millis::from_mins(24 * 60))));
    assert!(
        !hours.open(friday_noon.plus(Millis::from_mins(6 * 60))),
        "the end is not open any more"
    );
    hours.holidays.insert(20_413);
    assert!(!hours.open(friday_noon));
}

#[test]
fn somebody_gets_in_by_a_password_though_all_others_come_by_the_provider() {
    let mut d = shop();
    let person = |id: &str, role, password: Option<&str>| User {
        id: id.into(),
        role,
        password: password.map(Into::into),
        ..d.users["1001"].as_ref().clone()
    };
    let agent = person("1002", Role::Agent, Some("hash"));
    let admin = person("admin", Role::Administrator, Some("hash"));
    let realm: Realm = serde_json::from_str(
        r#"{"name":"x","instance":"5a9d0000-0000-4000-8000-000000000001","created":0,
            "sign_on":{"issuer":"https://id.example","client":"c","claim":"sub","label":"SSO","no_passwords":true}}"#,
    )
    .unwrap();
    let realm = Entry::Realm(realm);
    d.put(Entry::User(agent.clone()));
    assert!(d.check(&realm).is_err(), "an agent's password helps nobody");
    d.put(Entry::User(admin.clone()));
    assert_eq!(d.check(&realm), Ok(()));
    d.put(realm);
    assert!(d.takes_password(&admin) && !d.takes_password(&agent));
    let last = |user: User| d.check(&Entry::User(user)).is_err();
    assert!(last(User { password: None, ..admin.clone() }));
    assert!(last(User { disabled: true, ..admin.clone() }));
    assert!(last(User { role: Role::Supervisor, ..admin.clone() }));
    assert!(d.check_removal(&EntryKey::User("admin".into())).is_err());
    assert_eq!(d.check_removal(&EntryKey::User("1002".into())), Ok(()));
    d.put(Entry::User(User { id: "admin2".into(), ..admin.clone() }));
    assert_eq!(d.check(&Entry::User(User { password: None, ..admin })), Ok(()));
}

#[test]
fn a_providers_word_names_one_person() {
    let mut d = shop();
    let user = d.users["1001"].as_ref().clone();
    d.put(Entry::User(User { sign_on: Some("Kim@Example.com".into()), ..user.clone() }));
    d.put(Entry::User(User { id: "kim@example.com".into(), ..user.clone() }));
    let found = |claim, name| d.signed_on(claim, name).map(|user| user.id.to_string());
    assert_eq!(found("email", "kim@example.com").as_deref(), Some("1001"), "who says so, first");
    assert_eq!(found("sub", "kim@example.com").as_deref(), Some("kim@example.com"));
    assert_eq!(found("sub", "KIM@example.com"), None, "other names are what they are");
    assert_eq!(found("sub", "1001"), None, "a name at the provider stands instead of one's own");
}
