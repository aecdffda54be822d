//! The realm that every story begins with: small enough that agents are scarce, with one of every kind of rule.

use domain::agent::Channel;
use domain::directory::{
    Bot, BotKind, Device, Entry, Flow, Forward, Group, Hours, Overflow, Queue, Realm, Reason, Role,
    Service, Target, User, Webhook, Widget, WrapUpCode,
};
use domain::id::{BotId, FlowId, InstanceId, QueueId, UserId, Uuid, WidgetId};
use domain::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Friday, 2025-11-21, 12:00 in Seoul.
pub(crate) const NOON: Millis = Millis(1_763_694_000_000);

/// Telephones; the last two are nobody's.
pub(crate) const PHONES: [&str; 9] =
    ["1001", "1002", "1003", "1004", "1005", "1006", "2001", "5001", "5002"];

/// People who talk with customers.
pub(crate) const AGENTS: [&str; 6] = ["1001", "1002", "1003", "1004", "1005", "1006"];

/// People who may watch; the first also serves a queue.
pub(crate) const SUPERVISORS: [&str; 2] = ["2001", "2002"];

/// Queues, by number.
pub(crate) const QUEUES: [&str; 3] = ["3001", "3002", "3003"];

/// How many flows there are.
pub(crate) const FLOWS: u8 = 7;

/// The flow whose bot says everything back.
pub(crate) const ECHO: u8 = 4;

/// What customers say to the bot of flow 6, beside much that it does not know.
pub(crate) const TO_BOT: [&str; 8] =
    ["1", "2.", "home", "AGENT", "late", "bye", "I want a refund", "nobody"];

/// Its menus: one of each kind.
const SCENARIO: &str = r#"
languages = ["en", "ko"]
queue = "1000"
unknown = "what?"
patience = { words = 4, menu = "AGENT" }
idle = { warn = "40s", close = "50s" }
[menu.CHAT_ROOT]
title = "hello"
buttons = [{ menu = "DAY" }, { menu = "AGENT" }, { menu = "NOBODY" }, { menu = "BYE" }]
tail = ["CHAT_ROOT"]
[menu.DAY]
keyword = "late"
title = "by day"
hours = { id = "kr", closed = "CHAT_ROOT" }
tail = ["CHAT_ROOT"]
set = { menu = "day" }
language = "ko"
[menu.AGENT]
words = ["refund"]
handover = { queue = "3003", nobody = "NOBODY" }
[menu.NOBODY]
handover = { agent = "1003" }
[menu.BYE]
end = true
"#;

/// A flow, 1 to [`FLOWS`].
pub(crate) fn flow(number: u8) -> FlowId {
    FlowId(Uuid::from_bytes([number; 16]))
}

/// A person with this skill.
pub(crate) fn user(id: &str, role: Role, skill: u8) -> User {
    let skills = if skill == 0 { BTreeMap::new() } else { [("ko".into(), skill)].into() };
    let limits = [(Channel::Chat, 2)].into();
    User {
        id: id.into(),
        name: format!("person {id}").into(),
        role,
        password: Some("$argon2id$".into()),
        extension: None,
        skills,
        limits,
        disabled: false,
        second: None,
        sign_on: None,
    }
}

fn group(id: u32, members: &[(&str, u8)]) -> Entry {
    let members = members.iter().map(|(user, level)| (UserId::from(*user), *level)).collect();
    Entry::Group(Group {
        id,
        name: format!("group {id}").into(),
        members,
        record: false,
        after_work: Millis(0),
    })
}

/// The queues as they are at first.
pub(crate) fn queues() -> [Queue; 3] {
    let overflow = |to: &str, after: Option<u64>, length: Option<u32>, no_agent| {
        Some(Overflow { to: to.into(), after: after.map(Millis::from_secs), length, no_agent })
    };
    let second = Queue {
        policy: domain::directory::Policy::BestSkill,
        skills: [("ko".into(), 5)].into(),
        wrap_up: Millis(0),
        last_agent: Millis::from_secs(30),
        ..Queue::new("3002", "second", 402)
    };
    let first = Queue {
        overflow: overflow("3002", Some(90), Some(4), false),
        aliases: vec![QueueId::from("1000")],
        rating: true,
        ..Queue::new("3001", "first", 401)
    };
    let third = Queue {
        priority: 5,
        hours: Some("kr".into()),
        idle_warning: Millis::from_secs(60),
        idle_close: Millis::from_secs(120),
        last_agent: Millis::from_secs(60),
        overflow: overflow("3001", Some(200), None, true),
        ..Queue::new("3003", "third", 402)
    };
    [second, first, third]
}

/// Everything, in an order in which it can be put.
pub(crate) fn entries() -> Vec<Entry> {
    let realm = Realm {
        name: "shop.example".into(),
        aliases: Vec::new(),
        instance: InstanceId(Uuid::from_bytes([9; 16])),
        created: NOON,
        open_topics: true,
        push_to: None,
        stream_hosts: vec!["copies.example".into()],
        stream_secret: None,
        max_chats: 24,
        ring: domain::call::RING,
        utc_offset_minutes: None,
        open_like_max: false,
        second_factor: BTreeSet::new(),
        sign_on: None,
        agents_hear_own: false,
        retention: domain::retention::Retention::default(),
    };
    let mut all = vec![Entry::Realm(realm)];
    let skills = [9, 3, 5, 7, 10, 0];
    all.extend(
        AGENTS.iter().zip(skills).map(|(id, skill)| Entry::User(user(id, Role::Agent, skill))),
    );
    all.extend(SUPERVISORS.iter().map(|id| Entry::User(user(id, Role::Supervisor, 6))));
    all.push(group(401, &[("1001", 5), ("1002", 7), ("1003", 1), ("1004", 10), ("2001", 2)]));
    all.push(group(402, &[("1003", 5), ("1004", 5), ("1005", 9), ("1006", 10)]));
    let day = Some((9 * 60, 18 * 60));
    all.push(Entry::Hours(Hours {
        id: "kr".into(),
        utc_offset_minutes: 540,
        week: [day, day, day, day, day, None, None],
        holidays: BTreeSet::new(),
    }));
    all.extend(queues().into_iter().map(Entry::Queue));
    all.push(Entry::Bot(Bot {
        id: BotId::from("7001"),
        name: "greeter".into(),
        kind: BotKind::Greet { greeting: "hello".into(), queue: "1000".into() },
    }));
    all.push(Entry::Bot(Bot { id: BotId::from("7002"), name: "echo".into(), kind: BotKind::Echo }));
    let checked = facade::scenario::read(SCENARIO).expect("the shop's scenario is right");
    all.push(Entry::Bot(Bot {
        id: BotId::from("7003"),
        name: "menus".into(),
        kind: BotKind::Scenario(Arc::new(checked.scenario)),
    }));
    all.push(Entry::Bot(Bot {
        id: BotId::from("7004"),
        name: "program".into(),
        kind: BotKind::Webhook(Webhook {
            url: "https://bots.example/".into(),
            sealed: None,
            time: Millis::from_secs(8),
            queue: "3001".into(),
            sorry: Some("again, please".into()),
            handing: None,
        }),
    }));
    let targets = [
        Target::Queue("3001".into()),
        Target::Queue("3002".into()),
        Target::Bot("7001".into()),
        Target::Bot("7002".into()),
        Target::Queue("3003".into()),
        Target::Bot("7003".into()),
        Target::Bot("7004".into()),
    ];
    for (number, target) in (1..).zip(targets) {
        let greeting = (number % 2 == 1).then(|| "welcome".into());
        let linger = Millis::from_secs(if number == 2 { 60 } else { 0 });
        all.push(Entry::Flow(Flow {
            id: flow(number),
            name: format!("flow {number}").into(),
            greeting,
            target,
            linger,
        }));
    }
    all.push(Entry::Widget(Widget {
        id: WidgetId::from("page"),
        flow: flow(1),
        origins: vec!["*".into()],
        attributes: None,
    }));
    all.push(Entry::Reason(Reason {
        code: 1,
        ko: "식사".into(),
        en: "Meal".into(),
        after_work: false,
    }));
    all.push(Entry::WrapUpCode(WrapUpCode {
        code: "solved".into(),
        ko: "해결".into(),
        en: "Solved".into(),
    }));
    all
}

/// Telephones, and whose they are.
pub(crate) fn phones() -> Vec<Entry> {
    let mut all = Vec::new();
    all.extend(PHONES.iter().map(|id| {
        Entry::Device(Device {
            r#virtual: true,
            dnd: *id == "5001",
            forward: (*id == "5002").then(|| Forward {
                no_answer: Some("1002".into()),
                busy: Some("1001".into()),
                always: None,
            }),
            ..Device::new(id)
        })
    }));
    all.push(Entry::Device(Device { service: Some(Service::Answers), ..Device::new("3998") }));
    let skills = [9, 3, 5, 7, 10, 0];
    all.extend(AGENTS.iter().zip(skills).map(|(id, skill)| {
        let extension = Some((*id).into());
        Entry::User(User { extension, ..user(id, Role::Agent, skill) })
    }));
    all
}
