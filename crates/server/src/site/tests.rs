//! What a site knows of its realms.

use super::*;
use domain::id::InstanceId;
use domain::time::Millis;
use facade::door::Site as _;

fn site() -> Site {
    let folder = std::env::temp_dir().join(format!("sangdam-site-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    Site::new(Settings::default(), Sealer::open(&folder).unwrap())
}

fn realm(name: &str, alias: &str, instance: &str) -> Fact {
    let instance: InstanceId = instance.parse().unwrap();
    let aliases = vec![alias.into()];
    Fact::Put(Box::new(Entry::Realm(Realm {
        name: name.into(),
        aliases,
        instance,
        created: Millis(0),
        open_topics: false,
        push_to: None,
        stream_hosts: vec![],
        stream_secret: None,
        max_chats: 9,
        ring: domain::call::RING,
        utc_offset_minutes: None,
        open_like_max: false,
        second_factor: std::collections::BTreeSet::new(),
        sign_on: None,
        agents_hear_own: false,
        retention: domain::retention::Retention::default(),
    })))
}

#[test]
fn a_realm_is_found_by_each_of_its_names() {
    let site = site();
    let id = "5a9d0000-0000-4000-8000-000000000001";
    site.learn(RealmNo(3), &realm("demo.sangdam.test", "nexuscommunity.net", id));
    for name in ["demo.sangdam.test", "NexusCommunity.net", id] {
        assert_eq!(site.realm(name), Some(RealmNo(3)), "{name}");
    }
    assert_eq!(site.default_realm(), RealmNo(3));
    site.learn(RealmNo(3), &realm("new.example", "other.example", id));
    assert_eq!(site.realm("nexuscommunity.net"), None, "it has that name no more");
}

#[test]
fn a_key_is_known_from_the_fact_that_made_it_until_it_is_removed() {
    let site = site();
    let key = Key {
        id: "AK1".into(),
        sealed: site.seal(b"secret").into(),
        actions: vec!["connect:*".into()],
    };
    site.learn(RealmNo(0), &Fact::Put(Box::new(Entry::Key(key))));
    assert_eq!(site.key("AK1").map(|key| key.secret.to_string()).as_deref(), Some("secret"));
    site.learn(RealmNo(1), &Fact::Removed(EntryKey::Key("AK1".into())));
    assert!(site.key("AK1").is_some(), "another realm has no say");
    site.learn(RealmNo(0), &Fact::Removed(EntryKey::Key("AK1".into())));
    assert!(site.key("AK1").is_none());
}

#[test]
fn a_topic_leads_to_its_address_and_a_plain_address_to_itself() {
    let site = site();
    let topic = "arn:aws:sns:us-east-1:000000000000:chats";
    let target = StreamTarget {
        topic: topic.into(),
        url: Some("https://hook.example/x".into()),
        sealed: Some(site.seal(b"s").into()),
    };
    assert_eq!(site.destination(RealmNo(0), topic), None);
    site.learn(RealmNo(0), &Fact::Put(Box::new(Entry::StreamTarget(target))));
    assert_eq!(
        site.destination(RealmNo(0), topic),
        Some(Destination { url: "https://hook.example/x".into(), secret: Some("s".into()) })
    );
    assert_eq!(
        site.destination(RealmNo(0), "http://127.0.0.1:9/h"),
        Some(Destination { url: "http://127.0.0.1:9/h".into(), secret: None })
    );
}
