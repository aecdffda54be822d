//! Deeds to test with: chats as they really go, on a clock of their own.

use domain::agent::{AgentState, Channel};
use domain::call::{Attached, Wish};
use domain::centre::{Centre, Out};
use domain::chance::Seeded;
use domain::command::{Command, Done};
use domain::contact::{
    Contact, Customer, EndReason, Initiation, Phase, Tally, TextKind, TextKinds, WrapUp,
};
use domain::directory::{Device, Entry, Group, Queue};
use domain::fact::{Deed, Fact};
use domain::id::{ClientKey, ContactId, FileId, FlowId, ItemId, ParticipantId, RoomId, TokenHash};
use domain::queue::Why;
use domain::room::{Audience, Author, Body, Event, File, FileStatus, Item, MemberRole, RoomFile};
use domain::time::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes deeds.
pub(crate) struct Sample {
    pub(crate) chance: Seeded,
    pub(crate) now: Millis,
    pub(crate) deeds: Vec<Deed>,
    number: u64,
}

/// One chat under way.
#[derive(Clone, Copy)]
pub(crate) struct Chat {
    pub(crate) room: RoomId,
    pub(crate) contact: ContactId,
    pub(crate) customer: ParticipantId,
    pub(crate) agent: ParticipantId,
    last: u32,
}

impl Sample {
    pub(crate) fn new(seed: u64) -> Self {
        let mut sample = Self {
            chance: Seeded::new(seed),
            now: Millis(1_763_736_000_000),
            deeds: Vec::new(),
            number: 0,
        };
        let queue = Queue { target: Millis::from_secs(20), ..Queue::new("3001", "대표", 401) };
        sample.deed("put", vec![Fact::Put(Box::new(Entry::Queue(queue)))]);
        sample.agent(AgentState::Ready);
        sample
    }

    /// A call from outside by way of queue 3001, as a centre of its own decides it: agent 1001 lets it ring, takes it
    /// the second time, has it on hold for 3 seconds, and passes it to 1002, who ends it; then the after-work. It takes
    /// 44 seconds. Returns its `cnid`.
    pub(crate) fn call(&mut self) -> Arc<str> {
        let mut centre = Centre::default();
        let mut out = Out::default();
        let mut run = |sample: &mut Self, wait: u64, command: Command| {
            sample.now = sample.now.plus(Millis::from_secs(wait));
            out.clear();
            let done = centre.handle(sample.now, &mut sample.chance, command, &mut out).unwrap();
            let facts = out.facts.drain(..).map(|(fact, _)| fact).map(|mut fact| {
                if let Fact::Started { contact, .. } = &mut fact {
                    contact.number += sample.number;
                }
                fact
            });
            let facts = facts.filter(|f| !matches!(f, Fact::Put(_))).collect();
            sample.deeds.push(Deed { at: sample.now, cause: "call".into(), facts });
            done
        };
        for id in ["1001", "1002"] {
            let device = Device { r#virtual: true, ..Device::new(id) };
            run(self, 0, Command::Put(Box::new(Entry::Device(device))));
            let user =
                serde_json::json!({ "id": id, "name": id, "role": "agent", "extension": id });
            run(
                self,
                0,
                Command::Put(Box::new(Entry::User(serde_json::from_value(user).unwrap()))),
            );
        }
        let members = [("1001".into(), 5)].into();
        run(
            self,
            0,
            Command::Put(Box::new(Entry::Group(Group {
                id: 401,
                name: "g".into(),
                members,
                record: false,
                after_work: Millis(0),
            }))),
        );
        run(self, 0, Command::Put(Box::new(Entry::Queue(Queue::new("3001", "q", 401)))));
        let ready = || Command::State {
            agent: "1001".into(),
            channels: [Channel::Voice].into(),
            state: AgentState::Ready,
        };
        let wish = |wish| Command::Call { by: None, wish: Box::new(wish) };
        run(self, 0, ready());
        let from = "01012345678".into();
        let made = run(self, 1, wish(Wish::Arrive { from, to: "3001".into() }));
        let Done::Call { call, cnid, .. } = made else { panic!("{made:?}") };
        run(self, 20, Command::Tick);
        run(self, 2, ready());
        run(self, 3, wish(Wish::Answer("1001".into(), call)));
        run(self, 1, wish(Wish::Hold("1001".into(), call)));
        run(self, 3, wish(Wish::Retrieve("1001".into(), call)));
        let attached = Attached::default();
        let device = "1001".into();
        run(self, 1, wish(Wish::SingleStep { device, call, to: "1002".into(), attached }));
        run(self, 2, wish(Wish::Answer("1002".into(), call)));
        run(self, 5, wish(Wish::Clear("1002".into(), call)));
        let contact = centre.contacts().find(|c| c.segment == 1).unwrap().id;
        let wrap_up = WrapUp::default();
        let (out, agent) = (&mut Out::default(), "1001".into());
        self.now = self.now.plus(Millis::from_secs(6));
        let wrapped = Command::WrapUp { agent, contact, wrap_up };
        centre.handle(self.now, &mut self.chance, wrapped, out).unwrap();
        let facts = out.facts.drain(..).map(|(fact, _)| fact).collect();
        self.deeds.push(Deed { at: self.now, cause: "desk.WrapUp".into(), facts });
        self.number += 2;
        cnid
    }

    /// The deeds so far.
    pub(crate) fn take(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    pub(crate) fn deed(&mut self, cause: &str, facts: Vec<Fact>) {
        self.now = self.now.plus(Millis(1_000));
        self.deeds.push(Deed { at: self.now, cause: cause.into(), facts });
    }

    pub(crate) fn agent(&mut self, state: AgentState) {
        self.deed(
            "desk.State",
            vec![Fact::AgentStated {
                agent: "1001".into(),
                channel: Channel::Chat,
                state,
                by: None,
                because: domain::shift::Because::Said,
            }],
        );
    }

    /// A chat that an agent has taken.
    pub(crate) fn chat(&mut self, customer: &str) -> Chat {
        let id = ContactId::new(self.now, &mut self.chance);
        let [me, agent] = [0; 2].map(|_| ParticipantId::new(self.now, &mut self.chance));
        let chat = Chat { room: id.into(), contact: id, customer: me, agent, last: 0 };
        self.segment(chat, id, customer, 1);
        chat
    }

    /// Passes a chat on: one segment ends, the next begins.
    pub(crate) fn transfer(&mut self, chat: &mut Chat, customer: &str, segment: u32) {
        let id = ContactId::new(self.now, &mut self.chance);
        self.close(chat, EndReason::Transferred);
        chat.contact = id;
        self.segment(*chat, chat.room.into(), customer, segment);
    }

    fn segment(&mut self, chat: Chat, initial: ContactId, customer: &str, segment: u32) {
        self.number += 1;
        let contact = Contact {
            id: chat.contact,
            number: self.number,
            initial,
            previous: None,
            related: None,
            past: Vec::new(),
            outside: None,
            segment,
            initiation: if segment == 1 { Initiation::Api } else { Initiation::Transfer },
            channel: Channel::Chat,
            phase: Phase::Initiated,
            flow: FlowId::new(self.now, &mut self.chance),
            customer: Customer {
                participant: chat.customer,
                name: "지우".into(),
                id: Some(customer.into()),
                verified: true,
            },
            started: self.now.plus(Millis(1_000)),
            updated: self.now,
            connected: None,
            bot: None,
            queue: None,
            queued: None,
            agent: None,
            accepted: None,
            ended: None,
            reason: None,
            expires: self.now.plus(Millis::from_mins(60)),
            kinds: TextKinds::PLAIN,
            drop_agents: false,
            attributes: [("plan".into(), "gold".into())].into(),
            segment_attributes: BTreeMap::default(),
            tags: BTreeMap::default(),
            name: None,
            description: None,
            references: Vec::new(),
            origin: None,
            why: None,
            tally: Tally::default(),
            web: None,
            wrap_up: None,
            rating: None,
            voice: None,
        };
        let contact_id = chat.contact;
        self.deed(
            "connect.StartChatContact",
            vec![Fact::Started { contact: Box::new(contact), opening: None, key: None }],
        );
        let queued = Fact::Queued {
            contact: contact_id,
            queue: "3001".into(),
            rank: 0,
            preferred: None,
            from: None,
        };
        self.deed("connect.Subscribe", vec![Fact::Arrived { contact: contact_id }, queued]);
        let offered = Fact::Offered {
            contact: contact_id,
            agent: "1001".into(),
            participant: chat.agent,
            until: self.now,
            conference: false,
            why: Why::direct().into(),
        };
        self.deed("tick", vec![offered]);
        self.deed(
            "desk.Accept",
            vec![Fact::Accepted { contact: contact_id, agent: "1001".into() }],
        );
    }

    pub(crate) fn close(&mut self, chat: &Chat, reason: EndReason) {
        let tally = Tally { messages: chat.last, ..Tally::default() };
        self.deed(
            "connect.StopContact",
            vec![Fact::Closed { contact: chat.contact, reason, tally: Box::new(tally) }],
        );
    }

    /// A line of any kind.
    pub(crate) fn post(
        &mut self,
        chat: &mut Chat,
        by: MemberRole,
        audience: Audience,
        body: Body,
    ) -> u32 {
        chat.last += 1;
        let at = self.now.plus(Millis(1_000));
        let (participant, name) = if by == MemberRole::Customer {
            (chat.customer, "지우")
        } else {
            (chat.agent, "김서연")
        };
        let item = Item {
            id: ItemId::new(at, &mut self.chance),
            n: chat.last,
            at,
            room: chat.room,
            contact: chat.contact,
            by: Some(Author { participant, role: by, name: name.into() }),
            audience,
            body,
        };
        self.deed("connect.SendMessage", vec![Fact::Posted { item, key: None }]);
        chat.last
    }

    /// Words for everyone.
    pub(crate) fn say(&mut self, chat: &mut Chat, by: MemberRole, text: &str) -> u32 {
        self.post(
            chat,
            by,
            Audience::All,
            Body::Message { kind: TextKind::Plain, text: text.into() },
        )
    }

    pub(crate) fn mark(&mut self, chat: &Chat, by: ParticipantId, n: u32, read: bool) {
        let item = ItemId::new(self.now, &mut self.chance);
        self.deed(
            "connect.SendEvent",
            vec![Fact::Marked { room: chat.room, participant: by, item, n, read, delivered: None }],
        );
    }

    /// Agent 1001 has no more to do with any segment of it.
    pub(crate) fn wrap_up(&mut self, chat: &Chat) {
        for contact in [chat.room.into(), chat.contact] {
            let (agent, wrap_up) = ("1001".into(), WrapUp::default());
            self.deed("desk.WrapUp", vec![Fact::WrappedUp { contact, agent, wrap_up }]);
        }
    }

    /// A file that a customer announces.
    pub(crate) fn announce(&mut self, chat: &Chat) -> FileId {
        let id = FileId::new(self.now, &mut self.chance);
        let (name, kind) = ("a.png".into(), "image/png".into());
        let file = RoomFile {
            author: 0,
            audience: Audience::All,
            file: File { id, name, kind, size: 9, status: FileStatus::Announced },
            upload: TokenHash([7; 32]),
            until: self.now,
            key: ClientKey([7; 16]),
            done: None,
        };
        let fact = Fact::FileAnnounced { room: chat.room, file: Box::new(file) };
        self.deed("connect.StartAttachmentUpload", vec![fact]);
        id
    }

    /// A chat with everything that views know: lines for one side, a rejected file, marks, a transfer, an end.
    pub(crate) fn full_chat(&mut self, customer: &str) -> Chat {
        let mut chat = self.chat(customer);
        self.say(&mut chat, MemberRole::Customer, "안녕하세요"); // 1
        self.say(&mut chat, MemberRole::Agent, "네, 안녕하세요"); // 2
        self.post(
            &mut chat,
            MemberRole::Agent,
            Audience::Agents,
            Body::Message { kind: TextKind::Plain, text: "a note".into() },
        ); // 3
        self.post(&mut chat, MemberRole::Customer, Audience::All, Body::Event(Event::Idle)); // 4: not kept
        let file = FileId::new(self.now, &mut self.chance);
        let file = File {
            id: file,
            name: "x.exe".into(),
            kind: "image/png".into(),
            size: 9,
            status: FileStatus::Rejected,
        };
        self.post(&mut chat, MemberRole::Customer, Audience::All, Body::File(file)); // 5
        self.mark(&chat, chat.agent, 1, true);
        self.mark(&chat, chat.customer, 2, false);
        self.mark(&chat, chat.customer, 2, true);
        self.transfer(&mut chat, customer, 2);
        self.say(&mut chat, MemberRole::Agent, "무엇을 도와드릴까요?"); // 6
        self.post(
            &mut chat,
            MemberRole::Agent,
            Audience::Customer,
            Body::Message { kind: TextKind::Plain, text: "for you".into() },
        ); // 7
        self.deed(
            "connect.UpdateContactAttributes",
            vec![Fact::AttributesSet {
                contact: chat.room.into(),
                attributes: [("vip".into(), "1".into())].into(),
                unset: ["trial".into()].into(),
            }],
        );
        self.close(&chat, EndReason::Customer);
        chat
    }
}
