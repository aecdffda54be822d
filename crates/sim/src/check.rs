//! What must always hold, told from the journal alone: nothing here trusts what the centre says of itself.
//!
//! A promise that is broken is an `assert!`; the world then names its seed.

mod phones;

use crate::views::Views;
use domain::agent::Channel;
use domain::centre::Centre;
use domain::command::{By, Command, Done};
use domain::fact::{Deed, Fact};
use domain::id::{ClientKey, ContactId, ItemId, ParticipantId, RoomId, UserId};
use domain::node::{Published, Topic};
use domain::refusal::Refusal;
use domain::room::{Body, Item, MemberRole, Presence};
use domain::time::Millis;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A fact that has been committed, and not been shown yet.
#[derive(Debug)]
struct Owed {
    seq: u64,
    at: Millis,
    fact: Fact,
    /// Agents who must be told, and those who may.
    must: BTreeSet<UserId>,
    may: BTreeSet<UserId>,
}

/// Everything that was committed, and what follows from it.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// The state, rebuilt one fact at a time.
    pub(crate) shadow: Centre,
    /// What people can look up.
    pub(crate) views: Views,
    phones: phones::Phones,
    seq: u64,
    owed: VecDeque<Owed>,
    /// The line that each keyed command made.
    said: BTreeMap<(ParticipantId, ClientKey), ItemId>,
    /// The chat that each keyed start made.
    starts: BTreeMap<ClientKey, (ContactId, ParticipantId)>,
    /// What other keyed commands made.
    made: BTreeMap<(RoomId, ClientKey), domain::id::Uuid>,
}

impl Check {
    /// A batch is on disk.
    pub(crate) fn commit(&mut self, first: u64, deeds: &[Deed]) {
        assert_eq!(first, self.seq + 1, "the journal goes on where it ended");
        for (seq, deed) in (first..).zip(deeds) {
            self.seq = seq;
            for fact in &deed.facts {
                self.fact(seq, deed.at, fact);
            }
            if deed.facts.iter().any(|fact| matches!(fact, Fact::Call(_))) {
                self.phones.agree(self.shadow.switch());
                self.books();
            }
        }
    }

    /// Every live call has one open contact, told from the journal; a call that is gone has none.
    fn books(&self) {
        let open = self.views.contacts.values().filter(|c| c.voice.is_some() && !c.ended());
        let mut open: BTreeMap<_, _> = open
            .filter_map(|c| c.voice.as_ref().map(|voice| ((voice.call, voice.number), c)))
            .collect();
        for call in self.shadow.switch().calls() {
            let contact = open.remove(&(call.id, call.number));
            let contact = contact.unwrap_or_else(|| panic!("call {} is no contact", call.id.0));
            let voice = contact.voice.as_ref().expect("a call's");
            assert_eq!(
                (call.contact, &call.cnid, call.cnsq),
                (Some(contact.id), &voice.cnid, voice.cnsq),
                "call {} is another contact",
                call.id.0
            );
        }
        assert!(open.is_empty(), "open contacts without a call: {open:?}");
    }

    fn fact(&mut self, seq: u64, at: Millis, fact: &Fact) {
        self.judge(at, fact);
        let before = self.staff(fact);
        self.shadow.apply(at, fact);
        if let Fact::Call(happening) = fact {
            self.phones.hear(happening);
        }
        self.views.apply(at, fact);
        let after = self.staff(fact);
        let must = before.union(&after).cloned().collect();
        let mut may: BTreeSet<UserId> = before.union(&after).cloned().collect();
        may.extend(named(fact).cloned());
        if let Fact::Offered { agent, contact, .. } = fact
            && !self.is_call(*contact)
        {
            let limit = self
                .shadow
                .directory()
                .users
                .get(agent)
                .map_or(0, |u| usize::from(u.limit(Channel::Chat)));
            let load =
                self.shadow.agents().find(|a| a.id == *agent).map_or(0, |a| a.load(Channel::Chat));
            assert!(
                load <= limit,
                "{agent} may have {limit} contacts, and was offered the {load}th"
            );
        }
        self.owed.push_back(Owed { seq, at, fact: fact.clone(), must, may });
    }

    fn room(&self, fact: &Fact) -> Option<RoomId> {
        fact.room().or_else(|| Some(self.views.contacts.get(&fact.contact()?)?.room()))
    }

    /// Agents and supervisors who are in a fact's room, or on the way.
    fn staff(&self, fact: &Fact) -> BTreeSet<UserId> {
        let room = self.room(fact).and_then(|room| self.shadow.room_by_id(room));
        room.into_iter().flat_map(|room| room.staff().filter_map(|m| m.user.clone())).collect()
    }

    /// May this happen, as things stand?
    fn judge(&mut self, at: Millis, fact: &Fact) {
        match fact {
            Fact::Posted { item, key } => {
                self.judge_line(at, item);
                if let (Some(key), Some(by)) = (key, &item.by) {
                    let before = self.said.insert((by.participant, *key), item.id);
                    assert_eq!(before, None, "a repeated command was carried out twice");
                }
            }
            Fact::Started { contact, key: Some(key), .. } if contact.segment == 1 => {
                self.starts.insert(*key, (contact.id, contact.customer.participant));
            }
            Fact::Started { contact, key: Some(key), .. } => {
                self.make(contact.room(), *key, contact.id.0);
            }
            Fact::StreamStarted { room, stream, key: Some(key), .. } => {
                self.make(*room, *key, stream.0);
            }
            Fact::Joined { room, participant } => {
                let member = self
                    .shadow
                    .room_by_id(*room)
                    .and_then(|r| r.member(*participant))
                    .map(|(_, m)| m.presence);
                assert_eq!(
                    member,
                    Some(Presence::Invited),
                    "only who is expected comes in, and only once"
                );
            }
            Fact::Accepted { contact, .. } if self.is_call(*contact) => {}
            Fact::Accepted { contact, agent } => {
                let offered =
                    self.shadow.agents().any(|a| a.id == *agent && a.work.contains_key(contact));
                assert!(offered, "{agent} took what was not offered");
            }
            _ => {}
        }
    }

    fn is_call(&self, contact: ContactId) -> bool {
        self.views.contacts.get(&contact).is_some_and(|c| c.voice.is_some())
    }

    fn make(&mut self, room: RoomId, key: ClientKey, made: domain::id::Uuid) {
        let before = self.made.insert((room, key), made);
        assert_eq!(before, None, "a repeated command was carried out twice");
    }

    /// Lines stand in order, in open rooms, by members who are there, for whom they may be.
    fn judge_line(&self, at: Millis, item: &Item) {
        let room = self.shadow.room_by_id(item.room).expect("a line is written in a room");
        assert_eq!(
            room.closed, None,
            "line {} was written after the end of its room: {:?}",
            item.n, item.body
        );
        assert_eq!(room.contact, item.contact, "a line belongs to the open segment");
        if let Some(before) = self.views.items.get(&item.room).and_then(|items| items.last()) {
            assert_eq!(item.n, before.n + 1, "a line is missing or doubled");
            assert!(item.at > before.at, "time stands still or goes back between two lines");
            assert!(item.id > before.id, "ids of lines do not rise");
        } else {
            assert_eq!(item.n, 1, "the first line is the first");
        }
        assert!(item.at >= at, "a line is older than its deed");
        let Some(by) = &item.by else { return };
        // The house's own bots are no members; they write notes for agents when they hand over.
        if by.role == MemberRole::Bot
            && room.bot.as_ref().is_some_and(|talk| talk.participant == by.participant)
        {
            return;
        }
        // A web page's customer may speak to agents alone.
        let web = self.views.contacts.get(&item.room.into()).is_some_and(|c| c.web.is_some());
        assert!(
            item.audience.includes(by.role)
                || by.role == MemberRole::System
                || (web && by.role == MemberRole::Customer),
            "an author may not see what they wrote"
        );
        if matches!(item.body, Body::Event(_)) || by.role == MemberRole::System {
            return;
        }
        let (_, member) = room.member(by.participant).expect("an author is a member");
        assert_eq!(
            member.presence,
            Presence::Joined,
            "{:?} {} speaks without being there",
            member.role,
            member.name
        );
    }

    /// A fact is shown.
    pub(crate) fn published(&mut self, published: &Published) {
        let owed = self.owed.pop_front().expect("nothing is shown that is not on disk");
        assert_eq!(
            (owed.seq, owed.at, &owed.fact),
            (published.seq, published.at, &published.fact),
            "facts are shown in order, each once"
        );
        if matches!(owed.fact, Fact::TokenGiven { .. } | Fact::LoggedIn { .. }) {
            assert_eq!(published.topics, [], "a secret's hash is nobody's news");
            return;
        }
        let told: BTreeSet<UserId> = published
            .topics
            .iter()
            .filter_map(|t| if let Topic::Agent(a) = t { Some(a.clone()) } else { None })
            .collect();
        // Whose telephones are in a call is the centre's to know.
        if matches!(owed.fact, Fact::Call(_))
            || owed.fact.contact().is_some_and(|id| self.is_call(id))
        {
            return;
        }
        assert!(told.is_superset(&owed.must), "{:?} is not told of {:?}", owed.must, owed.fact);
        assert!(told.is_subset(&owed.may), "{told:?} are told of {:?}", owed.fact);
        if let Some(room) = self.room(&owed.fact) {
            assert!(
                published.topics.contains(&Topic::Room(room)),
                "the room is not told of {:?}",
                owed.fact
            );
        }
    }

    /// All that was committed has been shown.
    pub(crate) fn nothing_owed(&self) {
        assert!(self.owed.is_empty(), "{} facts are on disk, and nobody was told", self.owed.len());
    }

    /// The machine fell: what was not shown will not be.
    pub(crate) fn fell(&mut self) {
        self.owed.clear();
    }

    /// A command was acknowledged: what it says is in the journal, and a repeat hears what the first heard.
    pub(crate) fn acknowledged(&self, command: &Command, outcome: &Result<Done, Refusal>) {
        let Ok(done) = outcome else { return };
        match (command, done) {
            (Command::Say { text, by, key, audience, .. }, Done::Posted { item, n, at }) => {
                let known =
                    self.views.item(*item).expect("an acknowledged message is in the journal");
                assert_eq!(
                    (known.n, known.at),
                    (*n, *at),
                    "an acknowledged message is where it was said to be"
                );
                let author = known.by.as_ref().expect("a message has an author").participant;
                if let Some(key) = key {
                    assert_eq!(
                        self.said.get(&(author, *key)),
                        Some(item),
                        "a repeat is answered with the first answer"
                    );
                } else {
                    let same =
                        matches!(&known.body, Body::Message { text: said, .. } if said == text);
                    assert!(
                        same && known.audience == *audience,
                        "an acknowledged message says what was sent, to whom it was sent"
                    );
                }
                let by_token = matches!(by, By::Token(_));
                assert!(
                    by_token
                        || known.by.as_ref().is_some_and(|b| matches!(
                            b.role,
                            MemberRole::Agent | MemberRole::Supervisor
                        )),
                    "a session speaks for its user"
                );
            }
            (Command::CompleteFile { file, .. }, Done::Posted { item, .. }) => {
                let known = self.views.item(*item).expect("an acknowledged file is in the journal");
                assert!(
                    matches!(&known.body, Body::File(f) if f.id == *file),
                    "an acknowledged file is the one that was sent"
                );
            }
            (Command::StartChat(start), Done::Started { contact, participant, .. }) => {
                let known = self
                    .views
                    .contacts
                    .get(contact)
                    .expect("an acknowledged chat is in the journal");
                assert_eq!(known.customer.participant, *participant);
                if let Some(key) = start.key {
                    assert_eq!(
                        self.starts.get(&key),
                        Some(&(*contact, *participant)),
                        "a repeated start is answered with the first answer"
                    );
                }
            }
            (Command::Transfer { contact, key, .. }, Done::Transferred { contact: next }) => {
                assert!(
                    self.views.contacts.contains_key(next),
                    "an acknowledged transfer is in the journal"
                );
                let room =
                    self.views.contacts.get(contact).expect("what was passed on was there").room();
                if let Some(key) = key {
                    assert_eq!(
                        self.made.get(&(room, *key)),
                        Some(&next.0),
                        "a repeated transfer is answered with the first answer"
                    );
                }
            }
            _ => {}
        }
    }

    /// With nothing on its way to disk, the facts say exactly what the centre thinks.
    pub(crate) fn same(&self, centre: &Centre, what: &str) {
        if self.shadow != *centre {
            let (mut ours, mut theirs) = (
                serde_json::to_string(&self.shadow).unwrap_or_default(),
                serde_json::to_string(centre).unwrap_or_default(),
            );
            if ours == theirs {
                // Then what follows from state differs, and that is not written down with it.
                (ours, theirs) = (format!("{:?}", self.shadow), format!("{centre:?}"));
            }
            let at = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count();
            let near = |text: &str| {
                text.get(at.saturating_sub(200)..(at + 200).min(text.len()))
                    .unwrap_or_default()
                    .to_owned()
            };
            panic!("{what} differ from the facts, near\n  {}\n  {}", near(&ours), near(&theirs));
        }
    }

    /// What people can look up is what the centre has in memory.
    pub(crate) fn same_views(&self) {
        for contact in self.shadow.contacts() {
            assert_eq!(
                self.views.contacts.get(&contact.id),
                Some(contact),
                "a contact looks different when looked up"
            );
        }
        for room in self.shadow.rooms() {
            let lines = self.views.items.get(&room.id).map_or(0, Vec::len);
            assert_eq!(lines, room.slots.len(), "room {} has lost a line", room.id);
        }
    }
}

/// The agent whom a fact is about.
fn named(fact: &Fact) -> impl Iterator<Item = &UserId> {
    let agent = match fact {
        Fact::Seated { agent, .. }
        | Fact::AgentStated { agent, .. }
        | Fact::Offered { agent, .. }
        | Fact::Declined { agent, .. }
        | Fact::Accepted { agent, .. }
        | Fact::WrapUpBegan { agent, .. }
        | Fact::WrapUpExtended { agent, .. }
        | Fact::WrappedUp { agent, .. } => Some(agent),
        _ => None,
    };
    agent.into_iter()
}
