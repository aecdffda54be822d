//! One conversation: members, order, marks, repeats. The texts themselves stay in the facts and in the views.
//!
//! A [`Room`] remembers of each line only what rules need: its id, whose it is, and who may see it.

use crate::contact::{Tally, TextKind, TextKinds};
use crate::id::{
    ClientKey, ContactId, FileId, ItemId, ParticipantId, RoomId, StreamId, TokenHash, UserId, Uuid,
};
use crate::scenario::Talk;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a member is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Who asks.
    Customer,
    /// Who answers.
    Agent,
    /// Who watches, and may help.
    Supervisor,
    /// A program.
    Bot,
    /// The centre itself; never a member, only an author.
    System,
}

/// Who may see a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone in the room.
    #[default]
    All,
    /// Agents and supervisors: notes and whispers.
    Agents,
    /// The customer and bots.
    Customer,
}

impl Audience {
    /// May a member of this role see it?
    pub const fn includes(self, role: MemberRole) -> bool {
        match self {
            Self::All => true,
            Self::Agents => matches!(role, MemberRole::Agent | MemberRole::Supervisor),
            Self::Customer => matches!(role, MemberRole::Customer | MemberRole::Bot),
        }
    }
}

/// Who wrote a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The member; the system has an id, too.
    pub participant: ParticipantId,
    /// What the member is.
    pub role: MemberRole,
    /// What the others see.
    pub name: Arc<str>,
}

/// A file of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its id; also the key under which its bytes are stored.
    pub id: FileId,
    /// The name its sender gave it.
    pub name: Arc<str>,
    /// Its media type.
    pub kind: Arc<str>,
    /// Its length in bytes.
    pub size: u64,
    /// What is known about it.
    pub status: FileStatus,
}

/// What is known about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// Announced; no bytes yet.
    Announced,
    /// The bytes are there.
    Stored,
    /// Everyone may have it.
    Approved,
    /// Its bytes contradict its name or type; nobody gets it.
    Rejected,
}

/// Something that happened in a room, worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The author came.
    Joined,
    /// The author went.
    Left,
    /// The author (an agent) is being asked.
    Invited,
    /// The contact was passed on.
    Transferred,
    /// The contact could not be passed on.
    TransferFailed,
    /// The room is closed.
    Ended,
    /// The author has been silent for long.
    Idle,
    /// The author, who had been silent, is back.
    Returned,
    /// The author is dropped because of silence.
    AutoDisconnected,
    /// Earlier transcripts can now be read.
    Rehydrated,
    /// The customer is asked how it went.
    RatingWanted,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Words.
    Message {
        /// What they are written in.
        kind: TextKind,
        /// The words, exactly as sent.
        text: Arc<str>,
    },
    /// A file.
    File(File),
    /// An event.
    Event(Event),
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Its place in the room, from 1.
    pub n: u32,
    /// When; strictly rising within a room.
    pub at: Millis,
    /// The room.
    pub room: RoomId,
    /// The segment in which it was written.
    pub contact: ContactId,
    /// Who wrote it; absent where nobody in particular did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Author>,
    /// Who may see it.
    #[serde(default, skip_serializing_if = "is_all")]
    pub audience: Audience,
    /// What it says.
    pub body: Body,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
fn is_all(audience: &Audience) -> bool {
    *audience == Audience::All
}

impl Item {
    /// Is it kept in the transcript? Idleness and the like are shown once and not kept (`amazon-connect-chat.md` 2.4).
    pub const fn kept(&self) -> bool {
        !matches!(
            self.body,
            Body::Event(
                Event::Idle
                    | Event::Returned
                    | Event::AutoDisconnected
                    | Event::Rehydrated
                    | Event::RatingWanted
            )
        )
    }
}

/// Where a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Made, or asked to come.
    Invited,
    /// In the room.
    Joined,
    /// Gone.
    Left,
}

/// Someone in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Their id here.
    pub id: ParticipantId,
    /// What they are.
    pub role: MemberRole,
    /// What the others see.
    pub name: Arc<str>,
    /// The agent or supervisor behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The number by which customers know them, if they are an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Arc<str>>,
    /// Where they stand.
    pub presence: Presence,
    /// Watches without being seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// When they came into the list.
    pub since: Millis,
    /// Everything up to this line has reached them.
    #[serde(default)]
    pub delivered: u32,
    /// When that was last told.
    #[serde(default)]
    pub delivered_at: Millis,
    /// Everything up to this line they have read.
    #[serde(default)]
    pub read: u32,
}

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Asks for a connection.
    Participant,
    /// Everything else.
    Connection,
    /// Opens a socket.
    Socket,
    /// Brings files, and nothing else; and says how it went.
    Upload,
}

/// What a room remembers of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The line.
    pub id: ItemId,
    /// Its author's place among the members; none for the system.
    pub author: Option<u8>,
    /// Who may see it.
    pub audience: Audience,
    /// It is a message or a file, so it can be read and be delivered.
    pub said: bool,
}

/// What was answered to a command that its client may send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// The line that it made.
    pub item: ItemId,
    /// Its place.
    pub n: u32,
    /// Its time.
    pub at: Millis,
}

/// When a silent member is reminded, and dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleRule {
    /// Reminded after this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<Millis>,
    /// Dropped this long after the reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Millis>,
    /// It runs only while an agent's words wait for an answer (customer's rule of a web chat).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owed: bool,
}

/// The idle rules of a room and how far each has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    /// The customer's.
    pub customer: IdleRule,
    /// The agent's.
    pub agent: IdleRule,
    /// When the customer last wrote (or both were there).
    pub customer_since: Option<Millis>,
    /// When the agent last wrote (or both were there).
    pub agent_since: Option<Millis>,
    /// The customer has been reminded.
    pub customer_warned: Option<Millis>,
    /// The agent has been reminded.
    pub agent_warned: Option<Millis>,
}

/// A copy of the room that goes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// The topic or URL that was named.
    pub target: Arc<str>,
    /// Everything up to this fact has been delivered.
    pub delivered: u64,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its id: the first contact's.
    pub id: RoomId,
    /// The segment that is open now.
    pub contact: ContactId,
    /// All segments, oldest first.
    pub segments: Vec<ContactId>,
    /// Everyone who ever was here.
    pub members: Vec<Member>,
    /// The kinds of text that all can show.
    pub kinds: TextKinds,
    /// What is remembered of each line, oldest first.
    pub slots: Vec<Slot>,
    /// When the newest line was written.
    pub last_at: Millis,
    /// Answers to commands that may be sent again, by author and key.
    #[serde(with = "crate::pairs")]
    pub repeats: BTreeMap<(u8, ClientKey), Repeat>,
    /// What keyed commands made that is not a line: members, copies, segments.
    #[serde(default, with = "crate::pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub made: BTreeMap<ClientKey, Uuid>,
    /// Tokens that open it.
    pub tokens: Vec<TokenHash>,
    /// Files, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<FileId, RoomFile>,
    /// Copies that go elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Stream>,
    /// Idle rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<Box<Idle>>,
    /// The bot that speaks with the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<Box<Talk>>,
    /// How much was said in the open segment.
    pub tally: Tally,
    /// When it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Millis>,
    /// The first words, said when the customer comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<(TextKind, Arc<str>)>,
}

/// A file as its room knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomFile {
    /// Whose it is, by place among the members.
    pub author: u8,
    /// Who may see it.
    pub audience: Audience,
    /// Its description.
    pub file: File,
    /// The secret part of the URL by which its bytes are put.
    pub upload: TokenHash,
    /// Until when they may be put.
    pub until: Millis,
    /// The repeat key of its announcement.
    pub key: ClientKey,
    /// The line it became, and the key of the command that completed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<(ClientKey, Repeat)>,
}

impl Room {
    /// A room as its first contact opens it.
    pub const fn new(id: RoomId, contact: ContactId, kinds: TextKinds) -> Self {
        Self {
            id,
            contact,
            segments: Vec::new(),
            members: Vec::new(),
            kinds,
            slots: Vec::new(),
            last_at: Millis(0),
            repeats: BTreeMap::new(),
            made: BTreeMap::new(),
            tokens: Vec::new(),
            files: BTreeMap::new(),
            streams: Vec::new(),
            idle: None,
            bot: None,
            tally: Tally::NONE,
            closed: None,
            opening: None,
        }
    }

    /// The newest line's place; 0 if there is none.
    pub fn last(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// The member of this id and their place.
    pub fn member(&self, id: ParticipantId) -> Option<(u8, &Member)> {
        let at = self.members.iter().position(|m| m.id == id)?;
        Some((u8::try_from(at).ok()?, &self.members[at]))
    }

    /// The newest membership of this user that has not ended.
    pub fn of_user(&self, user: &UserId) -> Option<(u8, &Member)> {
        let at = self
            .members
            .iter()
            .rposition(|m| m.presence != Presence::Left && m.user.as_ref() == Some(user))?;
        Some((u8::try_from(at).ok()?, &self.members[at]))
    }

    /// The customer.
    pub fn customer(&self) -> Option<&Member> {
        self.members.iter().find(|m| m.role == MemberRole::Customer)
    }

    /// Agents and supervisors who are in the room, or are being asked.
    pub fn staff(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| m.presence != Presence::Left && m.user.is_some())
    }

    /// Members whom everyone sees, those on their way in included: they count toward
    /// [`MEMBER_LIMIT`](crate::centre::MEMBER_LIMIT).
    pub fn seen(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| m.presence != Presence::Left && !m.silent)
    }

    /// Can nobody else be let in?
    pub fn full(&self) -> bool {
        self.seen().count() >= crate::centre::MEMBER_LIMIT || self.crowded()
    }

    /// Have so many come and gone that not even a silent member can be let in? Members are named by a byte.
    pub const fn crowded(&self) -> bool {
        self.members.len() >= u8::MAX as usize - 1
    }

    /// Members who are in the room and seen by all.
    pub fn present(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| m.presence == Presence::Joined && !m.silent)
    }

    /// The line that this key made already. Whoever left and came again is another member, and still the same person.
    pub fn repeat(&self, at: u8, key: ClientKey) -> Option<&Repeat> {
        let user = self.members.get(usize::from(at)).and_then(|m| m.user.as_ref());
        let same = |m: &Member| user.is_some() && m.user.as_ref() == user;
        self.repeats.get(&(at, key)).or_else(|| {
            let mut earlier = (0..at).zip(&self.members).filter(|(_, m)| same(m));
            earlier.find_map(|(at, _)| self.repeats.get(&(at, key)))
        })
    }

    /// The place of a line. Ids sort by time, as lines do, so no second index is needed.
    pub fn place_of(&self, id: ItemId) -> Option<u32> {
        let at = self.slots.binary_search_by_key(&id, |slot| slot.id).ok()?;
        u32::try_from(at + 1).ok()
    }
}
