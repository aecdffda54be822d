//! A server's side of the door: two realms, three keys, buckets that never empty unless told so; and the shop of realm 0.

use domain::directory::{CtiUser, Entry, Flow, Group, Queue, Realm, Role, Target, User, Widget};
use domain::time::Millis;
use facade::door::{AccessKey, CtiLogin, RealmNo, Settings, Site};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The instance of realm 0, as in the demo centre.
pub(crate) const INSTANCE: &str = "5a9d0000-0000-4000-8000-000000000001";
/// Its flow, which greets and leads to queue 3001.
pub(crate) const FLOW: &str = "5a9d0000-0000-4000-8000-000000003001";
/// Its access key.
pub(crate) const KEY: (&str, &str) = ("SANGDAMDEMO000000001", "sangdam-demo-secret");
/// A key of realm 0 that may only describe.
pub(crate) const READER: (&str, &str) = ("SANGDAMREAD000000001", "reader-secret");
/// The instance of realm 1.
pub(crate) const OTHER_INSTANCE: &str = "5a9d0000-0000-4000-8000-000000000002";
/// The access key of realm 1.
pub(crate) const OTHER_KEY: (&str, &str) = ("SANGDAMOTHER00000001", "other-secret");
/// What façades may know of the server.
pub(crate) struct Fixed {
    /// Switches; change them before a request.
    pub(crate) settings: Settings,
    /// How many more requests the buckets let through.
    pub(crate) left: Cell<u32>,
    /// Buckets that were asked for.
    pub(crate) asked: RefCell<Vec<String>>,
    /// CTI users of realm 0, nine hours ahead of UTC.
    pub(crate) cti_users: Vec<Arc<CtiUser>>,
    /// Names of realms, beside their instances.
    pub(crate) names: BTreeMap<String, RealmNo>,
}

impl Fixed {
    /// A server without limits.
    pub(crate) fn new() -> Self {
        let settings = Settings {
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            ..Settings::default()
        };
        Self {
            settings,
            left: Cell::new(u32::MAX),
            asked: RefCell::default(),
            cti_users: Vec::new(),
            names: BTreeMap::new(),
        }
    }
}

impl Site for Fixed {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn key(&self, id: &str) -> Option<AccessKey> {
        let (known, realm, actions) = match id {
            _ if id == KEY.0 => (KEY, 0, "connect:*"),
            _ if id == READER.0 => (READER, 0, "connect:Describe*"),
            _ if id == OTHER_KEY.0 => (OTHER_KEY, 1, "connect:*"),
            _ => return None,
        };
        Some(AccessKey {
            id: known.0.into(),
            realm: RealmNo(realm),
            secret: known.1.into(),
            actions: vec![actions.into()],
        })
    }

    fn realm(&self, name: &str) -> Option<RealmNo> {
        if let Some(known) = self.names.get(name) {
            return Some(*known);
        }
        [INSTANCE, OTHER_INSTANCE]
            .iter()
            .position(|i| *i == name)
            .map(|at| RealmNo(u16::try_from(at).unwrap_or_default()))
    }

    fn default_realm(&self) -> RealmNo {
        RealmNo(0)
    }

    fn allow(&self, bucket: &str, _rate: f64, burst: f64) -> bool {
        let first = !self.asked.borrow().iter().any(|asked| asked == bucket);
        self.asked.borrow_mut().push(bucket.to_owned());
        if burst <= 1.0 {
            return first;
        }
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    fn has(&self, _bucket: &str, _rate: f64, _burst: f64) -> bool {
        self.left.get() > 0
    }

    /// Whoever holds the key signs by putting it behind a dot.
    fn signed(&self, token: &str, keys: &[u8]) -> Option<Vec<u8>> {
        let (body, key) = token.rsplit_once('.')?;
        (key.as_bytes() == keys).then(|| body.as_bytes().to_vec())
    }

    fn cti_user(&self, id: &str) -> Option<CtiLogin> {
        let user = self.cti_users.iter().find(|user| user.id.as_str() == id)?.clone();
        Some(CtiLogin { realm: RealmNo(0), user, utc_offset_minutes: 540 })
    }

    fn unseal(&self, sealed: &str) -> Option<Vec<u8>> {
        sealed.strip_prefix("sealed:").map(|text| text.as_bytes().to_vec())
    }

    fn seal(&self, secret: &[u8]) -> String {
        format!("sealed:{}", String::from_utf8_lossy(secret))
    }

    fn mac(&self, what: &[u8]) -> Option<[u8; 32]> {
        use sha2::Digest as _;
        Some(sha2::Sha256::digest([b"a key".as_slice(), what].concat()).into())
    }
}

/// A realm where any topic may be named, and copies may go to this machine.
pub(super) fn realm(name: &str, instance: &str) -> Realm {
    let json = serde_json::json!({ "name": name, "instance": instance, "created": 1_763_000_000_000_u64, "open_topics": true, "stream_hosts": ["127.0.0.1"] });
    serde_json::from_value(json).expect("a realm")
}

/// Two agents, a supervisor, a queue, a flow and a widget.
pub(crate) fn shop() -> Vec<Entry> {
    let user = |id: &str, name: &str, role| {
        Entry::User(User {
            id: id.into(),
            name: name.into(),
            role,
            password: None,
            extension: None,
            skills: BTreeMap::new(),
            limits: BTreeMap::new(),
            disabled: false,
            second: None,
            sign_on: None,
        })
    };
    let flow = FLOW.parse().expect("a flow id");
    vec![
        Entry::Realm(realm("demo.sangdam.test", INSTANCE)),
        user("1001", "김서연", Role::Agent),
        user("1002", "이준호", Role::Agent),
        user("9001", "박지민", Role::Supervisor),
        Entry::Group(Group {
            id: 401,
            name: "상담".into(),
            members: [("1001".into(), 5), ("1002".into(), 5)].into(),
            record: false,
            after_work: Millis(0),
        }),
        Entry::Queue(Queue {
            aliases: vec!["1000".into()],
            public: true,
            ..Queue::new("3001", "대표", 401)
        }),
        Entry::Flow(Flow {
            id: flow,
            name: "대표".into(),
            greeting: Some("안녕하세요".into()),
            target: Target::Queue("3001".into()),
            linger: Millis(0),
        }),
        Entry::Widget(Widget {
            id: "web".into(),
            flow,
            origins: vec!["*".into()],
            attributes: None,
        }),
    ]
}
