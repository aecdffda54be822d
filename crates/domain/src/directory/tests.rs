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
