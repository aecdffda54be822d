//! What can be asked without changing anything.
//!
//! A query goes through the same door as a command, because an answer may not show what is not yet committed, and
//! because the domain decides who may see what. The centre answers from memory, or names the [`Page`] of the views
//! that holds the answer.

use crate::agent::{Agent, AgentState, Channel, Work};
use crate::audit;
use crate::board::{BoardAsk, BoardState, Notice, Waiter};
use crate::call::{Call, CallId, Happening, Link, Place as CallPlace, Said, Tag};
use crate::command::By;
use crate::contact::{Contact, EndReason};
use crate::directory::{Directory, Queue, User};
use crate::fact::Deed;
use crate::id::{
    BotId, ClientKey, ContactId, CtiId, DeviceId, FileId, ItemId, ParticipantId, QueueId, RoomId,
    ShiftId, StreamId, TokenHash, UserId,
};
use crate::push::Push;
use crate::recording::Recording;
use crate::report::{Report, ReportFilter};
use crate::retention::{Horizons, Past};
use crate::room::{File, Item, Member, MemberRole, RoomFile, TokenKind};
use crate::scenario::Ask;
use crate::shift::Position;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// From where a page of a transcript is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The newest line.
    Newest,
    /// This line, included.
    Item(ItemId),
    /// The first line at or after this moment (forward), or the last at or before it (backward).
    Time(Millis),
    /// The n-th newest line, from 1.
    MostRecent(u32),
    /// Next to a place that a page ended at, excluded: which part of the past, and which line of it.
    After(Place),
}

/// A place in a transcript that may reach into earlier chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// 0 is this chat, 1 the segment before it that it takes up, and so on back.
    pub part: u16,
    /// The line's place in its room.
    pub n: u32,
}

/// How a contact is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactName {
    /// By its id.
    Id(ContactId),
    /// By its number.
    Number(u64),
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// The directory as it stands.
    Directory,
    /// Telephones that can be reached by SIP, and where.
    Phones,
    /// Whose session is this?
    Session(TokenHash),
    /// Whose token is this, and what does it open?
    Token(TokenHash, TokenKind),
    /// A person, to check a password against.
    Person(UserId),
    /// A telephone or a queue's number, for a CTI user who begins to watch it.
    Device(CtiId, DeviceId),
    /// A live call, by its number and which call of that number it is.
    Call(CallId, u64),
    /// One contact. Archived ones come from the views.
    Contact(ContactName),
    /// The file for whose bytes this URL was made.
    Upload(TokenHash),
    /// A file, for a reader who must be allowed to see it.
    File(By, FileId),
    /// What a customer's page must know of its room, also when that has ended a moment ago; and the lines that these
    /// keys made.
    Visit(TokenHash, Vec<ClientKey>),
    /// Lines of the room of this token after a place, oldest first; also when it has ended a moment ago.
    Since {
        /// The customer's token.
        token: TokenHash,
        /// After this place.
        after: u32,
        /// At most so many lines.
        limit: u16,
    },
    /// May this member bring another file? Answered with the member's room.
    MayBring(By),
    /// A file that whoever knows its name may have: one that its room's customer may see, or brought.
    FileIn(RoomId, FileId),
    /// The same for a session's user: a file of a chat they have worked on, or of any for a supervisor. Without a
    /// contact only chats in memory are searched.
    FileOf(TokenHash, FileId, Option<ContactId>),
    /// All files of a contact's matter that its customer may have, for a program.
    Files(ContactId),
    /// What an agent's desk shows.
    Desk(UserId),
    /// All there is at an agent's place, their calls too.
    Position(UserId),
    /// The same of the agent whose shift this is, for a supervisor who works as them.
    Shift(ShiftId),
    /// Who could take a contact.
    People,
    /// Live figures of queues.
    Levels,
    /// A wallboard, for a supervisor.
    Board(BoardAsk),
    /// Who waits in a queue, for a supervisor.
    Waiters(TokenHash, QueueId),
    /// Messages to the team that wait for an agent.
    Notices(UserId),
    /// How long a waiting contact will probably wait.
    Wait(ContactId),
    /// All copies of rooms that go elsewhere.
    Streams,
    /// All push tokens that the realm's webhook does not have.
    Pushes,
    /// All open questions to programs of bots.
    BotAsks,
    /// Is there an open chat of this outside pair? (`SendChatIntegrationEvent`)
    Outside(Arc<str>),
    /// A page of a transcript, for a reader.
    Transcript {
        /// The reader.
        by: By,
        /// Only this segment.
        contact: Option<ContactId>,
        /// From where.
        from: From,
        /// Toward newer lines.
        forward: bool,
        /// At most so many lines.
        limit: u16,
    },
    /// A page of a room, by place: newest below `before`, or oldest above `after`.
    Lines {
        /// The reader's session.
        session: TokenHash,
        /// The room.
        room: RoomId,
        /// Only lines before this place.
        before: Option<u32>,
        /// Only lines after this place.
        after: Option<u32>,
        /// At most so many lines.
        limit: u16,
    },
    /// Contacts, newest first.
    Contacts(ContactFilter),
    /// The segments of one matter, oldest first.
    Matter(ContactId),
    /// Recordings, newest first.
    Recordings(RecordingFilter),
    /// What is past, and still there.
    Past(Horizons),
    /// Contacts by what was said or by the customer's name, too; and where to go on.
    Search(Box<ContactFilter>),
    /// Deeds that touch a room or one of its contacts, oldest first: at most so many behind this one.
    Story {
        /// The room.
        room: RoomId,
        /// Only deeds behind this number.
        after: u64,
        /// At most so many.
        limit: u16,
    },
    /// What came and how it was served, by intervals.
    Report(Box<ReportFilter>),
    /// Who changed what, newest first.
    Audit(audit::Filter),
}

/// A moment of a contact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Moment {
    /// It was made.
    #[default]
    Started,
    /// It came into the queue it waits or waited in.
    Queued,
    /// Its agent took it.
    Accepted,
    /// It ended.
    Ended,
}

impl Moment {
    /// When this was.
    pub const fn of(self, contact: &Contact) -> Option<Millis> {
        match self {
            Self::Started => Some(contact.started),
            Self::Queued => contact.queued,
            Self::Accepted => contact.accepted,
            Self::Ended => contact.ended,
        }
    }
}

/// Which contacts are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactFilter {
    /// Of which moment `from` and `to` speak. A contact that never came so far is not found.
    pub moment: Moment,
    /// At or after this time.
    pub from: Option<Millis>,
    /// Before this time.
    pub to: Option<Millis>,
    /// Of this customer (the company's own number).
    pub customer: Option<Arc<str>>,
    /// In this queue.
    pub queue: Option<QueueId>,
    /// With this agent, or a call that they made.
    pub agent: Option<UserId>,
    /// By this channel.
    pub channel: Option<Channel>,
    /// Of the matter of calls with this number (`cnid`).
    pub cnid: Option<Arc<str>>,
    /// Calls with a customer of this telephone number.
    pub phone: Option<DeviceId>,
    /// Only those that have ended (true), or are open (false).
    pub ended: Option<bool>,
    /// Only those that ended for this reason.
    pub reason: Option<EndReason>,
    /// Whose customer's name has words that begin like these; of contacts that have ended. [`Query::Search`] alone knows it.
    pub name: Option<Arc<str>>,
    /// The same for what was said, internal notes included.
    pub text: Option<Arc<str>>,
    /// Only numbers below this one: the next page.
    pub below: Option<u64>,
    /// At most so many.
    pub limit: u16,
}

impl ContactFilter {
    /// Is this one of those that are looked for?
    pub fn finds(&self, contact: &Contact) -> bool {
        let cnid = || contact.voice.as_ref().map(|voice| &voice.cnid);
        let phone = || contact.voice.as_ref().map(|voice| &voice.customer);
        self.in_time(contact)
            && self.customer.as_ref().is_none_or(|id| contact.customer.id.as_ref() == Some(id))
            && self.queue.as_ref().is_none_or(|queue| contact.queue.as_ref() == Some(queue))
            && self.agent.as_ref().is_none_or(|agent| contact.of(agent))
            && self.channel.is_none_or(|channel| contact.channel == channel)
            && self.cnid.as_ref().is_none_or(|wanted| cnid() == Some(wanted))
            && self.phone.as_ref().is_none_or(|wanted| phone() == Some(wanted))
            && self.ended.is_none_or(|ended| contact.ended() == ended)
            && self.reason.is_none_or(|reason| contact.reason == Some(reason))
            && self.below.is_none_or(|below| contact.number < below)
    }

    /// Does the contact lie in the span that is asked for?
    pub fn in_time(&self, contact: &Contact) -> bool {
        let at = self.moment.of(contact);
        self.from.is_none_or(|from| at.is_some_and(|at| at >= from))
            && self.to.is_none_or(|to| at.is_some_and(|at| at < to))
    }
}

/// Which recordings are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordingFilter {
    /// This one.
    pub id: Option<FileId>,
    /// Of the matter with this number.
    pub cnid: Option<Arc<str>>,
    /// Of this segment of it.
    pub cnsq: Option<u32>,
    /// Of this segment.
    pub contact: Option<ContactId>,
    /// Of this agent's calls, those that they made too.
    pub agent: Option<UserId>,
    /// Of calls that came by this queue.
    pub queue: Option<QueueId>,
    /// Begun at or after this time.
    pub from: Option<Millis>,
    /// Begun before this time.
    pub to: Option<Millis>,
    /// Only those older than this one: the next page.
    pub below: Option<FileId>,
    /// At most so many.
    pub limit: u16,
}

impl RecordingFilter {
    /// Is this one of those that are looked for?
    pub fn finds(&self, recording: &Recording) -> bool {
        self.id.is_none_or(|id| recording.id == id)
            && self.cnid.as_ref().is_none_or(|cnid| recording.cnid == *cnid)
            && self.cnsq.is_none_or(|cnsq| recording.cnsq == cnsq)
            && self.contact.is_none_or(|contact| recording.contact == contact)
            && self.agent.as_ref().is_none_or(|agent| recording.of(agent))
            && self.queue.as_ref().is_none_or(|queue| recording.queue.as_ref() == Some(queue))
            && self.from.is_none_or(|from| recording.began >= from)
            && self.to.is_none_or(|to| recording.began < to)
            && self.below.is_none_or(|below| recording.id < below)
    }
}

/// Words as they are looked for: letters and digits, in lower case. A word that is looked for may be the beginning of one
/// that was said, for particles follow nouns in Korean.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// A query that the views must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// Approved files of a room that this role may have; of this one only, if one is named.
    Files {
        /// The room.
        room: RoomId,
        /// Who asks.
        role: MemberRole,
        /// The one that is wanted.
        file: Option<FileId>,
    },
    /// Lines of a transcript.
    Items(ItemsPage),
    /// One contact.
    Contact(ContactName),
    /// Contacts, newest first.
    Contacts(ContactFilter),
    /// Segments of one matter, oldest first.
    Matter(ContactId),
    /// Recordings, newest first.
    Recordings(RecordingFilter),
    /// What is past, and still there.
    Past(Horizons),
    /// As [`Query::Search`].
    Search(Box<ContactFilter>),
    /// As [`Query::Story`].
    Story {
        /// The room.
        room: RoomId,
        /// Only deeds behind this number.
        after: u64,
        /// At most so many.
        limit: u16,
    },
    /// As [`Query::Report`].
    Report(Box<ReportFilter>),
    /// Who changed what, newest first.
    Audit(audit::Filter),
}

/// Which lines of which rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemsPage {
    /// The first contact of the room that is read now.
    pub room: RoomId,
    /// Who reads: what is not for this role is left out.
    pub role: MemberRole,
    /// Who reads: their own rejected files are shown.
    pub reader: ParticipantId,
    /// Parts, newest first: a room, and the one segment of it that counts (none: all of it).
    pub parts: Vec<(RoomId, Option<ContactId>)>,
    /// From where.
    pub from: Start,
    /// Toward newer lines.
    pub forward: bool,
    /// At most so many lines.
    pub limit: u16,
}

/// [`From`], as far as memory can resolve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The newest line of part 0.
    Newest,
    /// This line of part 0, included.
    At(u32),
    /// As in [`From::Time`], in part 0.
    Time(Millis),
    /// As in [`From::MostRecent`], in part 0.
    MostRecent(u32),
    /// Beside this place, excluded.
    After(Place),
}

/// One step of a member's marks: everything up to `n` was delivered (or read) at `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Whose.
    pub participant: ParticipantId,
    /// Up to this line.
    pub n: u32,
    /// Read; else delivered.
    pub read: bool,
    /// When.
    pub at: Millis,
}

/// Lines, in the order in which they were scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// The room that is read now.
    pub room: RoomId,
    /// The lines, each with the part it is from (0 is the room that is read now).
    pub items: Vec<(u16, Arc<Item>)>,
    /// Marks of the rooms of these lines, oldest first; they tell each line's receipts.
    pub marks: Vec<(RoomId, Mark)>,
    /// Where the next page begins; none if there are no more lines this way.
    pub next: Option<Place>,
}

/// A contact at an agent's hands, with its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskContact {
    /// The segment.
    pub contact: Contact,
    /// Attributes of its matter.
    pub attributes: crate::contact::Attributes,
    /// How far the agent is with it; none for a supervisor who watches.
    pub work: Option<Work>,
    /// Who the user is in the room.
    pub me: ParticipantId,
    /// Everyone in the room.
    pub members: Vec<Member>,
    /// The newest line.
    pub last: u32,
    /// Is a socket of the customer open?
    pub present: bool,
    /// The live call, where it is one that the user is in.
    pub call: Option<Box<DeskCall>>,
}

/// A live call at an agent's telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskCall {
    /// The call.
    pub call: Call,
    /// The telephone by which the agent is in it.
    pub device: DeviceId,
    /// It sends no sound.
    pub muted: bool,
    /// Who sits at the telephones of ours that are in it.
    pub people: Vec<(DeviceId, UserId)>,
}

/// How full a queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Which.
    pub queue: Arc<Queue>,
    /// How many wait.
    pub waiting: u32,
    /// Since when the longest has waited.
    pub oldest: Option<Millis>,
    /// How many of its agents could be offered a contact now.
    pub ready: u32,
    /// How many of its agents are logged on.
    pub logged_on: u32,
}

/// Someone who could take a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// Who.
    pub user: Arc<User>,
    /// What they say of each channel they are logged on to.
    pub states: Vec<(Channel, AgentState)>,
    /// The queues they serve.
    pub queues: Vec<QueueId>,
    /// Contacts at hand.
    pub load: u32,
    /// How they are connected to the call at their telephone that is not on hold, else to any, and since when.
    pub call: Option<(Link, Millis)>,
}

/// What a token's holder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The room.
    pub room: RoomId,
    /// The segment that is open.
    pub contact: ContactId,
    /// The member.
    pub member: Member,
    /// When the token lapses.
    pub until: Millis,
}

/// A room, for its customer's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The room.
    pub room: RoomId,
    /// The segment that is open, or was open last.
    pub contact: Contact,
    /// The customer.
    pub me: ParticipantId,
    /// Everyone who ever was here.
    pub members: Vec<Member>,
    /// The newest line.
    pub last: u32,
    /// It is over.
    pub closed: bool,
    /// The customer is asked how it went.
    pub rating: bool,
    /// Of each key that was asked after, the newest line that it made.
    pub stored: Vec<Option<u32>>,
}

/// A room's copy, and what to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    /// The room.
    pub room: RoomId,
    /// The segment that is open.
    pub contact: ContactId,
    /// Its id.
    pub stream: StreamId,
    /// The topic or URL that was named.
    pub target: Arc<str>,
    /// Everything up to this fact has been delivered.
    pub delivered: u64,
}

/// A question to a bot's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotAsk {
    /// The contact.
    pub contact: ContactId,
    /// The bot.
    pub bot: BotId,
    /// The question.
    pub ask: Ask,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Query::Directory`].
    Directory(Arc<Directory>),
    /// To [`Query::Phones`].
    Phones(Vec<(DeviceId, Arc<[CallPlace]>)>),
    /// To [`Query::Session`]: who, and until when.
    Session(Arc<User>, Millis),
    /// To [`Query::Token`].
    Holder(Box<Holder>),
    /// To [`Query::MayBring`].
    Room(RoomId),
    /// To [`Query::Visit`].
    Visit(Box<Visit>),
    /// To [`Query::Person`].
    Person(Arc<User>),
    /// To [`Query::Call`].
    Call(Box<Call>),
    /// To [`Query::Device`].
    Device {
        /// How it is connected, as events.
        calls: Vec<Happening>,
        /// The agent there, as events.
        agent: Vec<(Said, Tag)>,
    },
    /// To [`Query::Contact`]: the segment, and the attributes of its matter.
    Contact(Box<Contact>, crate::contact::Attributes),
    /// To [`Query::Upload`].
    Upload(Box<RoomFile>),
    /// To [`Query::File`], and to [`Query::FileOf`] and [`Query::FileIn`] of a chat in memory.
    File(File),
    /// To [`Query::Files`], and to [`Query::FileOf`] and [`Query::FileIn`] of a chat that is archived: oldest first; none where there is none.
    Files(Vec<File>),
    /// To [`Query::Desk`]: the agent, their contacts, the queues (true: the agent serves it).
    Desk(Box<Agent>, Vec<DeskContact>, Vec<(Level, bool)>),
    /// To [`Query::Position`].
    Position(Box<Position>),
    /// To [`Query::People`].
    People(Vec<Colleague>, Vec<Level>),
    /// To [`Query::Levels`].
    Levels(Vec<Level>),
    /// To [`Query::Board`].
    Board(Box<BoardState>),
    /// To [`Query::Waiters`]: the next one first.
    Waiters(Vec<Waiter>),
    /// To [`Query::Notices`]: oldest first.
    Notices(Vec<Notice>),
    /// To [`Query::Wait`].
    Wait {
        /// How many are before it.
        ahead: u32,
        /// How long it will probably take; none while nobody is logged on.
        estimate: Option<Millis>,
    },
    /// To [`Query::Streams`].
    Streams(Vec<StreamState>),
    /// To [`Query::Pushes`].
    Pushes(Vec<(ContactId, Push)>),
    /// To [`Query::BotAsks`].
    BotAsks(Vec<BotAsk>),
    /// To [`Query::Outside`].
    Outside(Option<ContactId>),
    /// To [`Query::Transcript`], [`Query::Since`] and [`Query::Lines`].
    Lines(Lines),
    /// To [`Query::Contacts`] and [`Query::Matter`].
    Contacts(Vec<Contact>),
    /// To [`Query::Recordings`].
    Recordings(Vec<Recording>),
    /// To [`Query::Past`].
    Past(Past),
    /// To [`Query::Search`]; the next page has the contacts with numbers below the second, if there may be more.
    Found(Vec<Contact>, Option<u64>),
    /// To [`Query::Story`]: deeds with their numbers.
    Story(Vec<(u64, Deed)>),
    /// To [`Query::Report`].
    Report(Report),
    /// To [`Query::Audit`].
    Audit(Vec<audit::Row>),
}

impl Query {
    /// The session that asks, where the question names one.
    pub const fn session(&self) -> Option<TokenHash> {
        match self {
            Self::Session(session)
            | Self::FileOf(session, ..)
            | Self::Waiters(session, _)
            | Self::Board(BoardAsk { session, .. })
            | Self::Lines { session, .. } => Some(*session),
            Self::File(by, _) | Self::MayBring(by) | Self::Transcript { by, .. } => by.session(),
            _ => None,
        }
    }
}

/// What the centre makes of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It knows.
    Answer(Answer),
    /// The views know, once they have come up to the facts decided so far.
    Page(Page),
}
