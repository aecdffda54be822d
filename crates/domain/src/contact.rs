//! One customer's matter: who, why, when, by which way, and how it came out.
//!
//! A [`Contact`] is one segment of it: a transfer closes a segment and opens the next, with the same first contact
//! (`initial`) and so the same room. The record is kept in memory while its room is open and a while longer, and in
//! the views for good; both are made by [`Contact::apply`], from the facts alone.
//!
//! A call is a contact like any other: its segments are those of its matter (`cnid`, `cnsq`). It has no room, for
//! nothing is written in it; what only calls have is its [`Voice`].

mod voice;

pub use voice::Voice;

use crate::agent::Channel;
use crate::call::Waiting;
use crate::fact::Fact;
use crate::id::{BotId, ContactId, FlowId, ParticipantId, QueueId, RoomId, UserId, WidgetId};
use crate::queue::Why;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names and values that a program hangs on a contact. At most [`ATTRIBUTE_BYTES`] in all.
pub type Attributes = BTreeMap<Arc<str>, Arc<str>>;

/// Keys and values of one contact's attributes together, in bytes of UTF-8.
pub const ATTRIBUTE_BYTES: usize = 32_768;

/// How a contact began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiation {
    /// A program or a page started it.
    Api,
    /// An agent passed it on.
    Transfer,
    /// An agent passed it to a queue.
    QueueTransfer,
    /// The centre reached out to the customer.
    Outbound,
    /// The customer called.
    Inbound,
    /// One extension called another.
    Internal,
}

/// Where a contact stands (`amazon-connect-chat.md` 4.2).
///
/// ```text
/// Initiated ─▶ Connected ─▶ Queued ◀─▶ Offered ─▶ Talking ─▶ Ended
///     └────────────┴──────────┴───────────┴──────────────────▲
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Made; the customer is not there yet.
    Initiated,
    /// The customer is there; a greeting or a bot speaks.
    Connected,
    /// Waiting in a queue.
    Queued,
    /// An agent is asked to take it.
    Offered,
    /// An agent has it.
    Talking,
    /// Over.
    Ended,
}

/// Why a contact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The customer left.
    Customer,
    /// The agent ended it.
    Agent,
    /// A program ended it.
    Api,
    /// Its time was over.
    Expired,
    /// The customer never came.
    NeverConnected,
    /// The customer fell silent.
    Idle,
    /// The flow ended it: closed, or nobody left to talk to.
    Flow,
    /// It was passed on; the matter goes on in the next segment.
    Transferred,
    /// The call did not reach whom it was for: busy, no answer, no such number.
    Unreached,
    /// Whoever waited hung up, to be called back.
    CallBack,
}

/// A value a program hangs on one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentValue {
    /// A text of at most 1,024 characters.
    String(Arc<str>),
    /// A whole number.
    Integer(i64),
    /// Named values.
    Map(BTreeMap<Arc<str>, Self>),
    /// Values in order.
    List(Vec<Self>),
    /// A name of a resource.
    Arn(Arc<str>),
}

/// The kinds of text a room may carry, as a set. Plain text is always among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextKinds(u8);

impl TextKinds {
    /// Plain text alone.
    pub const PLAIN: Self = Self(1);

    /// Adds a kind.
    #[must_use]
    pub const fn with(self, kind: TextKind) -> Self {
        Self(self.0 | 1 << kind as u8)
    }

    /// Is this kind among them?
    pub const fn has(self, kind: TextKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// All of them, in the order of [`TextKind`].
    pub fn iter(self) -> impl Iterator<Item = TextKind> {
        TextKind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }
}

/// What a message's text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextKind {
    /// Plain text.
    Plain,
    /// Markdown.
    Markdown,
    /// A JSON document.
    Json,
    /// Choices offered to the customer, as JSON.
    Choices,
    /// A choice made, as JSON.
    Choice,
    /// A message with parts, as JSON in the form of `nxwebapi.md` 4 and 5: links, a list of files, a scenario's menu, a
    /// choice from one. It is kept and passed on as it is; where it is foreign, façades make words of it.
    Content,
}

impl TextKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Plain, Self::Markdown, Self::Json, Self::Choices, Self::Choice, Self::Content];
}

/// Who the customer is, as far as we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The customer in the room.
    pub participant: ParticipantId,
    /// What the customer calls themself.
    pub name: Arc<str>,
    /// The company's own number for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Arc<str>>,
    /// A key of ours vouched for this; without it the name is a mere claim.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
}

/// From where an unsigned start came; so many are open at once per widget and address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The widget that was used.
    pub widget: WidgetId,
    /// A hash of the address: the address itself is personal data.
    pub address: u64,
}

/// How much was said (Amazon's `ChatMetrics`); final when the contact has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Messages and files of everyone.
    pub messages: u32,
    /// Messages of bots and the system.
    pub bot_messages: u32,
    /// Their length in characters.
    pub bot_characters: u32,
    /// Messages of the customer.
    pub customer_messages: u32,
    /// Their length in characters.
    pub customer_characters: u32,
    /// When the customer last wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_last: Option<Millis>,
    /// Messages of agents.
    pub agent_messages: u32,
    /// When an agent first answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_first: Option<Millis>,
}

/// Something a contact points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// What kind: `URL`, `STRING`, `NUMBER`, `DATE`, `EMAIL`; files are listed from the room.
    pub kind: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its value.
    pub value: Arc<str>,
}

/// Where a number leads to that no flow leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Straight {
    /// To a queue, without a greeting.
    Queue(QueueId),
    /// To the agent who is reached there.
    Agent(UserId),
}

/// A web chat: the customer's page called a number (`nxwebapi.md` 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Web {
    /// The number, as it was called.
    pub number: Arc<str>,
    /// Where it leads, if to no flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub straight: Option<Straight>,
    /// The bot whose number it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<BotId>,
    /// The chat counts as answered when an agent takes it, and not before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_agent: bool,
}

/// One segment of a matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Its number: whole, rising, below 2^53.
    pub number: u64,
    /// The first segment's id; it names the room, too.
    pub initial: ContactId,
    /// The segment before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ContactId>,
    /// An earlier matter that this one takes up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<ContactId>,
    /// Segments of earlier matters whose lines can be read here, oldest first, each with its room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<(RoomId, ContactId)>,
    /// The outside pair (sender, receiver, kind) that this chat is with, as one text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<Arc<str>>,
    /// Which segment of the matter this is, from 1.
    pub segment: u32,
    /// How it began.
    pub initiation: Initiation,
    /// By which channel.
    pub channel: Channel,
    /// Where it stands.
    pub phase: Phase,
    /// What it runs.
    pub flow: FlowId,
    /// Who asks.
    pub customer: Customer,
    /// When it was made.
    pub started: Millis,
    /// When it last changed.
    pub updated: Millis,
    /// When the customer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected: Option<Millis>,
    /// The bot that speaks or spoke with the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<BotId>,
    /// The queue it waits or waited in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// Since when it waits there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<Millis>,
    /// The agent who has or had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<UserId>,
    /// When the agent took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Millis>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Millis>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// When the chat ends by itself; 0 for a call, which never does.
    pub expires: Millis,
    /// The kinds of text that the customer's side can show.
    pub kinds: TextKinds,
    /// Agents are dropped when the customer leaves. So are all agents of all chats, since there are no disconnect flows
    /// that would hold them; it is kept for whoever asked for it, and for the day there are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop_agents: bool,
    /// Attributes of the matter; only the first segment holds them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
    /// Attributes of this segment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub segment_attributes: BTreeMap<Arc<str>, SegmentValue>,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: Attributes,
    /// A short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// A longer one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Arc<str>>,
    /// What it points to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// Where an unsigned start came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// It is a web chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<Arc<Web>>,
    /// Why it was given to the agent who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Arc<Why>>,
    /// How much was said; in the views it is filled when the contact ends.
    #[serde(default)]
    pub tally: Tally,
    /// How the agent says it came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_up: Option<WrapUp>,
    /// How the customer says it went, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// What only a call has; none for what is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Box<Voice>>,
}

/// What an agent says at the end of a contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrapUp {
    /// One of the realm's codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Arc<str>>,
    /// A note for colleagues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Arc<str>>,
    /// When after-work began.
    pub from: Millis,
    /// When it ended.
    pub to: Millis,
}

impl Tally {
    /// Nothing was said.
    pub const NONE: Self = Self {
        messages: 0,
        bot_messages: 0,
        bot_characters: 0,
        customer_messages: 0,
        customer_characters: 0,
        customer_last: None,
        agent_messages: 0,
        agent_first: None,
    };
}

impl Contact {
    /// The room it belongs to.
    pub fn room(&self) -> RoomId {
        self.initial.into()
    }

    /// Was it this person's: did they have it, or make the call?
    pub fn of(&self, user: &UserId) -> bool {
        let made = self.voice.as_ref().and_then(|voice| voice.maker.as_ref());
        self.agent.as_ref() == Some(user) || made == Some(user)
    }

    /// Is it over?
    pub fn ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Takes up one fact that [names](Fact::contact) this contact. Others leave it as it is.
    pub fn apply(&mut self, at: Millis, fact: &Fact) {
        match fact {
            Fact::Arrived { .. } => {
                self.phase = Phase::Connected;
                self.connected = Some(at);
            }
            Fact::BotTurn { turn, .. } => self.bot = Some(turn.bot.clone()),
            Fact::Queued { queue, .. } => {
                self.phase = Phase::Queued;
                // Where a call was passed on to is known when it gets there.
                if self.voice.is_some() && self.initiation == Initiation::Transfer {
                    self.initiation = Initiation::QueueTransfer;
                }
                self.queue = Some(queue.clone());
                self.queued = Some(at);
            }
            Fact::Offered { why, conference: false, .. } => {
                self.phase = Phase::Offered;
                self.why = Some(why.clone());
            }
            Fact::Declined { .. } if self.phase == Phase::Offered => {
                self.phase = if self.queue.is_some() { Phase::Queued } else { Phase::Connected }
            }
            // Whoever comes into a conversation to help does not take it over; nobody is invited before there is one.
            Fact::Accepted { agent, .. } if self.phase != Phase::Talking => {
                self.phase = Phase::Talking;
                self.agent = Some(agent.clone());
                self.accepted = Some(at);
            }
            Fact::Closed { reason, tally, .. } => {
                self.phase = Phase::Ended;
                self.ended = Some(at);
                self.reason = Some(*reason);
                self.tally = tally.as_ref().clone();
                if let Some(voice) = &mut self.voice {
                    voice.hold(at, false);
                }
            }
            Fact::Call(happening) if !self.ended() => {
                let Some(voice) = &mut self.voice else { return };
                let call = &happening.call;
                let changed = voice.take(at, call);
                // Answered, if only by a telephone that is nobody's; an agent takes it besides.
                let served = call.stay.as_ref().is_some_and(|s| s.waiting == Waiting::Served);
                let waited = matches!(self.phase, Phase::Queued | Phase::Offered);
                if served && waited && !call.parties.is_empty() {
                    self.phase = Phase::Connected;
                } else if !changed {
                    return;
                }
            }
            Fact::WrappedUp { wrap_up, .. } => self.wrap_up = Some(wrap_up.clone()),
            Fact::Rated { score, .. } => self.rating = Some(*score),
            Fact::Recorded { recording } => {
                let Some(voice) = &mut self.voice else { return };
                voice.recordings.push(recording.id);
            }
            Fact::AttributesSet { attributes, unset, .. } => {
                self.attributes.retain(|name, _| !unset.contains(name));
                self.attributes.extend(attributes.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            Fact::Described {
                name,
                description,
                tags,
                untagged,
                segment_attributes,
                references,
                ..
            } => {
                self.name = name.clone().or_else(|| self.name.take());
                self.description = description.clone().or_else(|| self.description.take());
                self.tags.extend(tags.clone());
                self.tags.retain(|key, _| !untagged.contains(key));
                self.segment_attributes.extend(segment_attributes.clone());
                for new in references {
                    self.references.retain(|old| old.name != new.name);
                    self.references.push(new.clone());
                }
            }
            _ => return,
        }
        self.updated = at;
    }
}

/// The bytes that these attributes take.
pub fn attribute_bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(key, value)| key.len() + value.len()).sum()
}
