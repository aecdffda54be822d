//! A centre in memory, of any size.

use domain::agent::{AgentState, Channel};
use domain::centre::{Centre, Out};
use domain::chance::{Chance as _, Seeded};
use domain::command::{By, Command, Done, Grant, StartChat};
use domain::contact::{Attributes, TextKinds};
use domain::directory::{Entry, Flow, Group, Queue, Realm, Role, Target, User};
use domain::id::{ContactId, FlowId, InstanceId, TokenHash, UserId, Uuid};
use domain::node::Topic;
use domain::query::{Answer, ContactName, Look, Query};
use domain::room::TokenKind;
use domain::time::Millis;
use std::collections::BTreeMap;

/// Chats in the measurement of commands.
pub(crate) const CUSTOMERS: usize = 5_000;

const FLOW: FlowId = FlowId(Uuid::from_bytes([1; 16]));

/// A centre with agents who are ready.
pub(crate) struct Small {
    pub(crate) centre: Centre,
    pub(crate) now: Millis,
    /// Everything that happened, as deeds' facts.
    pub(crate) facts: Vec<(Millis, domain::fact::Fact)>,
    chance: Seeded,
    keep: bool,
}

impl Small {
    /// So many agents, each for so many chats.
    pub(crate) fn new(agents: u32, each: u8) -> Self {
        let mut small = Self {
            centre: Centre::default(),
            now: Millis(1_763_700_000_000),
            facts: Vec::new(),
            chance: Seeded::new(1),
            keep: false,
        };
        small.set_up(agents, each);
        small
    }

    /// The same, and everything that happens is kept.
    pub(crate) fn recorded(agents: u32, each: u8) -> Self {
        let mut small = Self {
            centre: Centre::default(),
            now: Millis(1_763_700_000_000),
            facts: Vec::new(),
            chance: Seeded::new(1),
            keep: true,
        };
        small.set_up(agents, each);
        small
    }

    fn set_up(&mut self, agents: u32, each: u8) {
        let realm = Realm {
            name: "bench.test".into(),
            aliases: vec![],
            instance: InstanceId(Uuid::from_bytes([9; 16])),
            created: Millis(0),
            open_topics: false,
            stream_hosts: vec![],
            stream_secret: None,
            max_chats: 1_000_000,
            ring: Millis::from_mins(1),
            utc_offset_minutes: None,
            open_like_max: false,
            second_factor: std::collections::BTreeSet::new(),
            sign_on: None,
            agents_hear_own: false,
            retention: domain::retention::Retention::default(),
            push_to: None,
        };
        self.put(Entry::Realm(realm));
        let ids: Vec<UserId> =
            (0..agents).map(|n| UserId::from(format!("a{n:05}").as_str())).collect();
        for id in &ids {
            let user = User {
                id: id.clone(),
                name: id.0.clone(),
                role: Role::Agent,
                password: None,
                extension: None,
                skills: BTreeMap::new(),
                limits: [(Channel::Chat, each)].into(),
                disabled: false,
                second: None,
                sign_on: None,
            };
            self.put(Entry::User(user));
        }
        self.put(Entry::Group(Group {
            id: 1,
            name: "all".into(),
            members: ids.iter().map(|id| (id.clone(), 5)).collect(),
            record: false,
            after_work: Millis(0),
        }));
        self.put(Entry::Queue(Queue { wrap_up: Millis(0), ..Queue::new("1", "all", 1) }));
        self.put(Entry::Flow(Flow {
            id: FLOW,
            name: "f".into(),
            greeting: None,
            target: Target::Queue("1".into()),
            linger: Millis(0),
        }));
        for agent in ids {
            self.tell(Command::State {
                agent,
                channels: [Channel::Chat].into(),
                state: AgentState::Ready,
            });
        }
    }

    fn put(&mut self, entry: Entry) {
        self.tell(Command::Put(Box::new(entry)));
    }

    /// Carries a command out; it must not be refused.
    pub(crate) fn tell(&mut self, command: Command) -> (Done, Vec<UserId>) {
        let mut out = Out::default();
        self.now.0 += 1;
        let done = self
            .centre
            .handle(self.now, &mut self.chance, command, &mut out)
            .expect("the benchmark asks for nothing that is refused");
        let mut asked = Vec::new();
        for (fact, topics) in out.facts {
            if matches!(fact, domain::fact::Fact::Offered { .. }) {
                asked.extend(
                    topics
                        .into_iter()
                        .find_map(|t| if let Topic::Agent(agent) = t { Some(agent) } else { None }),
                );
            }
            if self.keep {
                self.facts.push((self.now, fact));
            }
        }
        (done, asked)
    }

    /// Starts chats; whoever is asked accepts.
    pub(crate) fn chats(&mut self, count: usize) -> Vec<(ContactId, By)> {
        let mut chats = Vec::with_capacity(count);
        for _ in 0..count {
            let token = TokenHash(self.chance.bytes());
            let grant = Grant {
                token,
                kind: TokenKind::Connection,
                until: self.now.plus(Millis::from_secs(86_400)),
            };
            let start = StartChat {
                flow: FLOW,
                name: "customer".into(),
                customer: None,
                verified: true,
                attributes: Attributes::new(),
                segment_attributes: BTreeMap::new(),
                opening: None,
                kinds: TextKinds::PLAIN,
                duration: Millis::from_mins(1_500),
                rehydrate: None,
                related: None,
                drop_agents: false,
                stream: None,
                key: None,
                grants: vec![grant],
                origin: None,
                outside: None,
                outbound: false,
            };
            let (Done::Started { contact, .. }, _) = self.tell(Command::StartChat(Box::new(start)))
            else {
                unreachable!("a start is answered so")
            };
            let (_, asked) = self.tell(Command::Arrive { token });
            for agent in asked {
                self.tell(Command::Accept { agent, contact });
            }
            chats.push((contact, By::Token(token)));
        }
        chats
    }

    /// The agent who has a contact.
    pub(crate) fn agent_of(&self, contact: ContactId) -> Option<UserId> {
        match self.centre.look(self.now, &Query::Contact(ContactName::Id(contact))) {
            Ok(Look::Answer(Answer::Contact(contact, _))) => contact.agent,
            _ => None,
        }
    }
}
