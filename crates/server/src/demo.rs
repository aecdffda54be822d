//! The demo centre: what `sangdam demo` puts into an empty realm. Its passwords are public, so it is for loopback.

use crate::password;
use crate::run::Realm;
use crate::site::Site;
use domain::agent::Channel;
use domain::command::Command;
use domain::directory::{
    self, Bot, BotKind, CtiUser, Device, Entry, Flow, Group, Key, Queue, Reason, Role, Service,
    Target, User, Widget, WrapUpCode,
};
use domain::id::{InstanceId, UserId};
use domain::query::{Answer, Query};
use domain::time::Millis;
use facade::door::{Fault, Site as _};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The realm's name.
pub const REALM: &str = "demo.sangdam.test";

/// Its id for Amazon Connect.
pub const INSTANCE: &str = "5a9d0000-0000-4000-8000-000000000001";

/// Its access key, both halves.
pub const KEY: (&str, &str) = ("SANGDAMDEMO000000001", "sangdam-demo-secret");

/// The password of everyone.
pub const PASSWORD: &str = "demo";

/// Its applications at the CTI gateway, with their passwords.
pub const CTI_USERS: [(&str, &str); 2] = [("cube", "cube123"), ("cube2", "cube456")];

/// The agents 1001 to 1020.
const AGENTS: [&str; 20] = [
    "김서연",
    "이민준",
    "박지우",
    "최도윤",
    "정하은",
    "강시우",
    "조수아",
    "윤예준",
    "장지아",
    "임주원",
    "한채원",
    "오지호",
    "서윤서",
    "신은우",
    "권다은",
    "황유준",
    "안소율",
    "송건우",
    "류하린",
    "홍선우",
];

/// Why an agent is not ready, by code (seed 002: 0 to 9).
const REASONS: [(&str, &str); 10] = [
    ("사유 없음", "No reason"),
    ("휴식", "Break"),
    ("식사", "Meal"),
    ("회의", "Meeting"),
    ("교육", "Training"),
    ("코칭", "Coaching"),
    ("후처리", "Paperwork"),
    ("외근", "Off site"),
    ("시스템 장애", "System trouble"),
    ("기타", "Other"),
];

/// How a contact came out.
const WRAP_UPS: [(&str, &str, &str); 5] = [
    ("done", "처리 완료", "Resolved"),
    ("callback", "재연락 필요", "Call back"),
    ("passed", "타 부서 이관", "Passed on"),
    ("complaint", "불만 접수", "Complaint"),
    ("spam", "장난·광고", "Spam"),
];

/// The flow that leads to this number.
pub fn flow(number: &str) -> String {
    format!("5a9d0000-0000-4000-8000-{number:0>12}")
}

/// Puts the demo centre into a realm that is empty; one that is not is left as it is.
///
/// # Errors
///
/// A [`Fault`] if it cannot be written.
pub async fn set_up(realm: &Realm, site: &Site) -> Result<(), Fault> {
    if let (Ok(Answer::Directory(directory)), _) = realm.read(Query::Directory).await?
        && directory.realm.is_some()
    {
        return Ok(());
    }
    let password = password::hash(PASSWORD.to_owned()).await.map_err(|_| Fault::Unready)?;
    let created = crate::clock::now();
    let seal = |secret: &str| site.seal(secret.as_bytes());
    let [cube, cube2] = CTI_USERS.map(|(_, password)| password.to_owned());
    let cube = password::hash(cube).await.map_err(|_| Fault::Unready)?;
    let cube2 = password::hash(cube2).await.map_err(|_| Fault::Unready)?;
    let commands = entries(created, &password, [&cube, &cube2], &seal)
        .into_iter()
        .map(|entry| Command::Put(Box::new(entry)))
        .collect();
    for outcome in realm.act_all("demo", commands).await? {
        if let Err(refusal) = outcome {
            tracing::error!(%refusal, "the demo centre is not whole");
        }
    }
    Ok(())
}

/// All of it, in an order in which it can be put into an empty directory.
fn entries(
    created: Millis,
    password: &Arc<str>,
    cti: [&Arc<str>; 2],
    seal: &dyn Fn(&str) -> String,
) -> Vec<Entry> {
    let sealed = seal(KEY.1);
    let mut all = vec![realm(created, &sealed), key(&sealed)];
    all.extend(people(password));
    all.extend((1001..=1020).chain([9001]).map(|number| {
        Entry::Device(Device {
            r#virtual: true,
            sealed: Some(seal(&format!("sip-{number}")).into()),
            public: true,
            ..Device::new(&number.to_string())
        })
    }));
    all.extend([
        test_number("3999", Service::Answers),
        test_number("3998", Service::Answers),
        test_number("3997", Service::Busy),
        test_number("3996", Service::Silent),
        cti_user(CTI_USERS[0].0, cti[0]),
        cti_user(CTI_USERS[1].0, cti[1]),
    ]);
    all.extend([
        group(401, "대표 상담", 1001..=1010),
        group(402, "기술 지원", 1011..=1020),
        queue("3001", "대표 상담", 401, &["1000"]),
        queue("3002", "기술 지원", 402, &[]),
        bot("3105", "안내 봇", scenario()),
        bot("3999", "메아리", BotKind::Echo),
        to(
            "3001",
            "대표 상담",
            Some("안녕하세요, 상담닷컴입니다. 곧 상담사가 도와드리겠습니다."),
            Target::Queue("3001".into()),
        ),
        to(
            "3002",
            "기술 지원",
            Some("안녕하세요, 기술 지원입니다. 곧 상담사가 도와드리겠습니다."),
            Target::Queue("3002".into()),
        ),
        to("3105", "안내 봇", None, Target::Bot("3105".into())),
        to("3999", "메아리", None, Target::Bot("3999".into())),
        Entry::Widget(Widget {
            id: "demo".into(),
            flow: id(&flow("3001")),
            origins: vec!["*".into()],
            attributes: None,
        }),
    ]);
    all.extend((0u8..).zip(REASONS).map(|(code, (ko, en))| {
        Entry::Reason(Reason { code, ko: ko.into(), en: en.into(), after_work: false })
    }));
    all.extend(WRAP_UPS.map(|(code, ko, en)| {
        Entry::WrapUpCode(WrapUpCode { code: code.into(), ko: ko.into(), en: en.into() })
    }));
    all
}

fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("the demo's ids are well-formed")
}

fn realm(created: Millis, sealed: &str) -> Entry {
    Entry::Realm(directory::Realm {
        name: REALM.into(),
        aliases: vec!["nexuscommunity.net".into()],
        instance: id::<InstanceId>(INSTANCE),
        created,
        open_topics: true,
        push_to: None,
        stream_hosts: ["127.0.0.1", "localhost", "[::1]", "::1"].map(Into::into).to_vec(),
        stream_secret: Some(sealed.into()),
        max_chats: 100_000,
        ring: domain::call::RING,
        utc_offset_minutes: None,
        open_like_max: false,
        second_factor: std::collections::BTreeSet::new(),
        sign_on: None,
        agents_hear_own: false,
        retention: domain::retention::Retention::default(),
    })
}

fn key(sealed: &str) -> Entry {
    Entry::Key(Key { id: KEY.0.into(), sealed: sealed.into(), actions: vec!["connect:*".into()] })
}

fn people(password: &Arc<str>) -> Vec<Entry> {
    let person =
        |id: &str, name: &str, role, extension: Option<&str>, limits: BTreeMap<Channel, u8>| {
            Entry::User(User {
                id: id.into(),
                name: name.into(),
                role,
                password: Some(password.clone()),
                extension: extension.map(Into::into),
                skills: BTreeMap::new(),
                limits,
                disabled: false,
                second: None,
                sign_on: None,
            })
        };
    let agents = (1001..).zip(AGENTS).map(|(number, name)| {
        let number = number.to_string();
        person(&number, name, Role::Agent, Some(&number), BTreeMap::new())
    });
    let others = [
        person("9001", "관리자 나은정", Role::Supervisor, Some("9001"), BTreeMap::new()),
        person("admin", "시스템 관리자", Role::Administrator, None, BTreeMap::new()),
    ];
    agents.chain(others).collect()
}

fn group(id: u32, name: &str, members: std::ops::RangeInclusive<u32>) -> Entry {
    let members = members.map(|number| (UserId::from(number.to_string().as_str()), 5)).collect();
    Entry::Group(Group { id, name: name.into(), members, record: false, after_work: Millis(0) })
}

fn queue(id: &str, name: &str, group: u32, aliases: &[&str]) -> Entry {
    let aliases = aliases.iter().map(|&alias| alias.into()).collect();
    Entry::Queue(Queue { aliases, ..Queue::new(id, name, group) })
}

fn test_number(id: &str, service: Service) -> Entry {
    Entry::Device(Device { service: Some(service), public: true, ..Device::new(id) })
}

/// The demo's applications have all rights.
fn cti_user(id: &str, password: &Arc<str>) -> Entry {
    Entry::CtiUser(CtiUser {
        id: id.into(),
        password: Some(password.clone()),
        supervise: true,
        devices: None,
        profile: directory::CtiProfile::default(),
        disabled: false,
    })
}

/// What the bot says until its file is edited.
fn scenario() -> BotKind {
    match facade::scenario::read(include_str!("demo/3105.toml")) {
        Ok(checked) => BotKind::Scenario(Arc::new(checked.scenario)),
        // A test reads it, too.
        Err(_) => BotKind::Greet { greeting: "안녕하세요.".into(), queue: "3001".into() },
    }
}

fn bot(id: &str, name: &str, kind: BotKind) -> Entry {
    Entry::Bot(Bot { id: id.into(), name: name.into(), kind })
}

fn to(number: &str, name: &str, greeting: Option<&str>, target: Target) -> Entry {
    Entry::Flow(Flow {
        id: id(&flow(number)),
        name: name.into(),
        greeting: greeting.map(Into::into),
        target,
        linger: Millis(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::directory::Directory;

    #[test]
    fn the_demos_bot_follows_its_file() {
        let BotKind::Scenario(scenario) = scenario() else { panic!("its file is faulty") };
        assert_eq!(scenario.queue.as_str(), "3001");
        assert!(scenario.menus.len() > 5);
    }

    #[test]
    fn every_entry_fits_those_before_it() {
        let mut directory = Directory::default();
        let hash = "hash".into();
        for entry in entries(Millis(1), &hash, [&hash, &hash], &|_| "sealed".into()) {
            directory.check(&entry).unwrap();
            directory.put(entry);
        }
        assert_eq!(directory.users.len(), 22);
        assert_eq!(directory.queue("1000").unwrap().id.as_str(), "3001");
        assert_eq!(flow("3105"), "5a9d0000-0000-4000-8000-000000003105");
    }
}
