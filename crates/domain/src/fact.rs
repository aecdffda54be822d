//! What happened. Facts are the only truth: they are committed before anything is shown, and they alone rebuild all
//! state. A fact is never changed; a new version of the trade gets a new fact, or a field with a default.

use crate::agent::{AgentState, Channel};
use crate::audit::{Actor, Wrong};
use crate::board::{Act, Notice};
use crate::call::{CallId, Happening, Place, Said as Shown, Seat, Sound, Tag};
use crate::contact::{
    Attributes, Contact, EndReason, Reference, SegmentValue, Tally, TextKind, WrapUp,
};
use crate::directory::{Entry, EntryKey};
use crate::id::{
    BotId, ClientKey, ContactId, DeviceId, FileId, NoticeId, ParticipantId, QueueId, RoomId,
    ShiftId, StreamId, TokenHash, UserId,
};
use crate::push::Push;
use crate::queue::Why;
use crate::recording::Recording;
use crate::retention::Pruned;
use crate::room::{FileStatus, IdleRule, Item, Member, RoomFile, TokenKind};
use crate::scenario::{Ask, Exit, Said, Turn};
use crate::shift::{Because, Shift, ShiftEnd};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The version of the facts that this build writes. Older ones are read through `server/src/store/upgrade.rs`.
pub const FACT_VERSION: u32 = 1;

/// Everything that one command made happen, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When it was decided.
    pub at: Millis,
    /// The frame or request that caused it, such as `connect.SendMessage` or `tick`.
    pub cause: Arc<str>,
    /// What happened.
    pub facts: Vec<Fact>,
}

fn no_places(places: &[Place]) -> bool {
    places.is_empty()
}

/// Why an offer came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decline {
    /// The agent said no.
    Refused,
    /// The agent did not answer in time.
    Missed,
    /// The contact ended, or the agent logged off, before an answer.
    Withdrawn,
}

/// Why a member went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// Of their own will.
    Left,
    /// The contact was passed on.
    Transferred,
    /// The room was closed.
    Closed,
    /// Too long silent.
    Idle,
    /// Logged off by force.
    Forced,
}

/// A code that was good once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The one-time code of this step, and with it all before.
    Step(u64),
    /// The recovery code of this hash.
    Recovery(TokenHash),
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    // --- directory and sessions
    /// Something was added to the directory, or replaced.
    Put(Box<Entry>),
    /// Something was removed from it.
    Removed(EntryKey),
    /// Somebody logged in.
    LoggedIn {
        /// Who.
        user: UserId,
        /// The hash of the session's secret.
        session: TokenHash,
        /// Valid until then at most.
        until: Millis,
        /// By the word of the realm's identity provider.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        signed_on: bool,
    },
    /// Somebody was not let in.
    NotLetIn {
        /// From where, and as whom: a name that nobody has is left out, for it may be a password.
        by: Box<Actor>,
        /// As whom; none is a name that nobody has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// What was wrong.
        wrong: Wrong,
    },
    /// A session ended.
    LoggedOut {
        /// Which.
        session: TokenHash,
    },
    /// All of this deed was done by somebody.
    Audited {
        /// Who.
        by: Box<Actor>,
        /// What was there before, for each entry that was put or removed, in their order.
        was: Vec<Option<Box<Entry>>>,
    },
    /// Somebody's code was taken, and is not taken again.
    CodeTaken {
        /// Whose.
        user: UserId,
        /// Which.
        code: Code,
    },

    // --- agents
    /// What an agent says of a channel has changed.
    AgentStated {
        /// Who.
        agent: UserId,
        /// Which channel.
        channel: Channel,
        /// The new state.
        state: AgentState,
        /// The supervisor who forced it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
        /// Why it changed by itself, if it did.
        #[serde(default, skip_serializing_if = "Because::said")]
        because: Because,
    },
    /// An agent's client is at work.
    ShiftBegan(Box<Shift>),
    /// It is not any more.
    ShiftEnded {
        /// Whose.
        agent: UserId,
        /// Which.
        shift: ShiftId,
        /// Why.
        how: ShiftEnd,
    },

    /// An agent sits at a telephone; until they log off.
    Seated {
        /// Who.
        agent: UserId,
        /// Where, and as what.
        seat: Seat,
    },
    /// The connection is gone over which an agent had logged on; or they are back.
    LogOffDue {
        /// Who.
        agent: UserId,
        /// They are logged off then; none is not any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Millis>,
    },
    /// Monitors of a telephone are told of the agent there.
    AgentShown {
        /// Which telephone.
        device: DeviceId,
        /// What.
        said: Shown,
        /// Who, and as what.
        tag: Tag,
    },

    // --- calls
    /// Something happened to a call.
    Call(Box<Happening>),
    /// Something happened to a chat that is told as a call.
    ChatCalled {
        /// The chat's room.
        room: RoomId,
        /// What, as a call.
        happening: Box<Happening>,
        /// Where the agents sit who are asked or there.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        seats: BTreeMap<UserId, DeviceId>,
    },
    /// A telephone can be reached by SIP from now on, at other places than before, or not any more. Told for all of its places
    /// at once, and not each time one is refreshed.
    Registered {
        /// Which.
        device: DeviceId,
        /// It can be reached.
        here: bool,
        /// Where.
        #[serde(default, skip_serializing_if = "no_places")]
        places: Arc<[Place]>,
    },

    /// An application wants a telephone to pick up: its phone is asked.
    AnswerAsked {
        /// Which telephone.
        device: DeviceId,
        /// Which call.
        call: CallId,
    },

    /// What is heard or kept of a call changed, and not who is connected.
    Sounded {
        /// The telephone at which it was asked for.
        device: DeviceId,
        /// The call; none is all that is said at the telephone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<CallId>,
        /// The contact of that call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<ContactId>,
        /// What.
        sound: Sound,
    },

    // --- contacts
    /// A contact, and so its room, or the next segment of one.
    Started {
        /// The contact as it begins.
        contact: Box<Contact>,
        /// The first words, said when the customer comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<(TextKind, Arc<str>)>,
        /// The key by which a repeated start is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<ClientKey>,
    },
    /// The customer came.
    Arrived {
        /// The contact.
        contact: ContactId,
    },
    /// It waits.
    Queued {
        /// The contact.
        contact: ContactId,
        /// Where.
        queue: QueueId,
        /// Its rank there: the smallest is served first. See [`crate::queue::rank`].
        rank: i64,
        /// The agent who is asked first if free.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preferred: Option<UserId>,
        /// The queue it overflowed from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<QueueId>,
    },
    /// A bot took its turn.
    BotTurn {
        /// The contact.
        contact: ContactId,
        /// What, and why.
        turn: Box<Turn>,
    },
    /// A push token came with a call, and is to be given to the realm's webhook.
    PushAsked {
        /// The contact.
        contact: ContactId,
        /// What.
        push: Box<Push>,
    },
    /// The webhook has it; or it was given up, and why.
    PushDone {
        /// The contact.
        contact: ContactId,
        /// Why it was given up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Arc<str>>,
    },
    /// A bot's program is asked what to say.
    BotAsked {
        /// The contact.
        contact: ContactId,
        /// The bot.
        bot: BotId,
        /// The question.
        ask: Box<Ask>,
    },
    /// The customer said something while a bot's program was being asked: it is told with the next question.
    BotTold {
        /// The contact.
        contact: ContactId,
        /// What.
        said: Said,
    },
    /// A bot's part is over.
    BotLeft {
        /// The contact.
        contact: ContactId,
        /// The bot.
        bot: BotId,
        /// How.
        how: Exit,
    },
    /// An agent is asked to take it.
    Offered {
        /// The contact.
        contact: ContactId,
        /// Who is asked.
        agent: UserId,
        /// Who they will be in the room.
        participant: ParticipantId,
        /// The question lapses then.
        until: Millis,
        /// Asked into a conversation that another agent leads.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        conference: bool,
        /// Why this agent.
        why: Arc<Why>,
    },
    /// The offer came to nothing.
    Declined {
        /// The contact.
        contact: ContactId,
        /// Who was asked.
        agent: UserId,
        /// Why.
        how: Decline,
    },
    /// The agent took it.
    Accepted {
        /// The contact.
        contact: ContactId,
        /// Who.
        agent: UserId,
    },
    /// It is over.
    Closed {
        /// The contact.
        contact: ContactId,
        /// Why.
        reason: EndReason,
        /// How much was said in this segment.
        tally: Box<Tally>,
    },
    /// The agent's work with it goes on a while.
    WrapUpBegan {
        /// The contact.
        contact: ContactId,
        /// Who.
        agent: UserId,
        /// Ends by itself then.
        until: Millis,
    },
    /// The agent asked for more time.
    WrapUpExtended {
        /// The contact.
        contact: ContactId,
        /// Who.
        agent: UserId,
        /// Ends by itself then.
        until: Millis,
    },
    /// The agent's work with it is done.
    WrappedUp {
        /// The contact.
        contact: ContactId,
        /// Who.
        agent: UserId,
        /// What the agent says about it.
        wrap_up: WrapUp,
    },
    /// The customer said how it went.
    Rated {
        /// The contact.
        contact: ContactId,
        /// 1 to 5.
        score: u8,
    },
    /// Attributes of the matter were set, or taken off.
    AttributesSet {
        /// Its first contact.
        contact: ContactId,
        /// The new values.
        attributes: Attributes,
        /// Names taken off before that.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        unset: BTreeSet<Arc<str>>,
    },
    /// Names, labels and references of a contact were changed.
    Described {
        /// The contact.
        contact: ContactId,
        /// A short name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Arc<str>>,
        /// A longer one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<Arc<str>>,
        /// Labels set.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        tags: Attributes,
        /// Labels taken off.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        untagged: BTreeSet<Arc<str>>,
        /// Segment attributes set.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        segment_attributes: BTreeMap<Arc<str>, SegmentValue>,
        /// References set, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        references: Vec<Reference>,
    },
    /// A recording of it is kept, or was lost.
    Recorded {
        /// What is known of it.
        recording: Box<Recording>,
    },
    /// Somebody listens to a recording of it. Told once for each listening, whatever number of parts is fetched.
    Listened {
        /// The contact.
        contact: ContactId,
        /// The recording.
        recording: FileId,
        /// Who.
        by: UserId,
    },
    /// What was past is not kept any more.
    Pruned(Box<Pruned>),
    /// A closed room left the memory; the views keep it.
    Archived {
        /// The room.
        room: RoomId,
    },
    /// An archived matter was taken back into memory, because a command named it.
    Recalled {
        /// Its segments, oldest first.
        contacts: Vec<Contact>,
    },

    // --- supervisors
    /// A contact that waits stands elsewhere in its line.
    Moved {
        /// The contact.
        contact: ContactId,
        /// Its rank now.
        rank: i64,
    },
    /// A supervisor did something with other people's work.
    Supervised {
        /// Who.
        by: UserId,
        /// What.
        act: Act,
    },
    /// A supervisor told agents something.
    Announced(Box<Notice>),
    /// An agent acknowledged it.
    NoticeRead {
        /// Which message.
        notice: NoticeId,
        /// Who.
        agent: UserId,
    },

    // --- rooms
    /// Somebody is in the list of members.
    Admitted {
        /// The room.
        room: RoomId,
        /// Who.
        member: Box<Member>,
        /// The key by which a repeated admission is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<ClientKey>,
    },
    /// A member came in.
    Joined {
        /// The room.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
    },
    /// A silent member became visible.
    Unveiled {
        /// The room.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
    },
    /// A member went.
    Left {
        /// The room.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// Why.
        why: Leaving,
        /// The key by which a repeat is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<ClientKey>,
    },
    /// A token was given out.
    TokenGiven {
        /// The room.
        room: RoomId,
        /// To whom.
        participant: ParticipantId,
        /// Its hash.
        token: TokenHash,
        /// What it opens.
        kind: TokenKind,
        /// Valid until then.
        until: Millis,
    },
    /// A line was written.
    Posted {
        /// The line.
        item: Item,
        /// The key by which a repeat is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<ClientKey>,
    },
    /// A member has got, or has read, everything up to a line.
    Marked {
        /// The room.
        room: RoomId,
        /// Who.
        participant: ParticipantId,
        /// The line that was named.
        item: crate::id::ItemId,
        /// Its place.
        n: u32,
        /// Read, and so delivered, too; else only delivered.
        read: bool,
        /// When it had been delivered before it was read, where that was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delivered: Option<Millis>,
    },
    /// A file was announced.
    FileAnnounced {
        /// The room.
        room: RoomId,
        /// What is known.
        file: Box<RoomFile>,
    },
    /// A file's status changed before it became a line.
    FileStored {
        /// The room.
        room: RoomId,
        /// Which.
        file: FileId,
        /// Its length in bytes.
        size: u64,
        /// Its media type, by its bytes.
        kind: Arc<str>,
        /// Stored, or rejected.
        status: FileStatus,
    },
    /// Idle rules were set; absent ones are unset.
    IdleRuled {
        /// The room.
        room: RoomId,
        /// The customer's.
        customer: IdleRule,
        /// The agent's.
        agent: IdleRule,
    },
    /// A copy of the room goes elsewhere.
    StreamStarted {
        /// The room.
        room: RoomId,
        /// Its id.
        stream: StreamId,
        /// The topic or URL that was named.
        target: Arc<str>,
        /// The key by which a repeat is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<ClientKey>,
    },
    /// Everything up to a fact has been delivered.
    StreamAdvanced {
        /// The room.
        room: RoomId,
        /// Which copy.
        stream: StreamId,
        /// The fact's number in the journal.
        to: u64,
    },
    /// A copy was given up: the other side did not take it for an hour.
    StreamDropped {
        /// The room.
        room: RoomId,
        /// Which copy.
        stream: StreamId,
        /// What it said last.
        why: Arc<str>,
    },
    /// A copy was stopped.
    StreamStopped {
        /// The room.
        room: RoomId,
        /// Which copy.
        stream: StreamId,
    },
}

impl Fact {
    /// The contact it is about, if it is about one in particular.
    pub fn contact(&self) -> Option<ContactId> {
        match self {
            Self::Started { contact, .. } => Some(contact.id),
            Self::Arrived { contact }
            | Self::Queued { contact, .. }
            | Self::Moved { contact, .. }
            | Self::BotTurn { contact, .. }
            | Self::PushAsked { contact, .. }
            | Self::PushDone { contact, .. }
            | Self::BotAsked { contact, .. }
            | Self::BotTold { contact, .. }
            | Self::BotLeft { contact, .. }
            | Self::Offered { contact, .. }
            | Self::Declined { contact, .. }
            | Self::Accepted { contact, .. }
            | Self::Closed { contact, .. }
            | Self::WrapUpBegan { contact, .. }
            | Self::WrapUpExtended { contact, .. }
            | Self::WrappedUp { contact, .. }
            | Self::Rated { contact, .. }
            | Self::AttributesSet { contact, .. }
            | Self::Described { contact, .. }
            | Self::Listened { contact, .. } => Some(*contact),
            Self::Recorded { recording } => Some(recording.contact),
            Self::Posted { item, .. } => Some(item.contact),
            Self::Call(happening) => happening.call.contact,
            Self::Sounded { contact, .. } => *contact,
            _ => None,
        }
    }

    /// The room it is about, where the fact itself says so.
    pub fn room(&self) -> Option<RoomId> {
        match self {
            Self::Started { contact, .. } => Some(contact.room()),
            Self::Posted { item, .. } => Some(item.room),
            Self::Admitted { room, .. }
            | Self::Joined { room, .. }
            | Self::Unveiled { room, .. }
            | Self::Left { room, .. }
            | Self::TokenGiven { room, .. }
            | Self::Marked { room, .. }
            | Self::FileAnnounced { room, .. }
            | Self::FileStored { room, .. }
            | Self::IdleRuled { room, .. }
            | Self::StreamStarted { room, .. }
            | Self::StreamAdvanced { room, .. }
            | Self::StreamDropped { room, .. }
            | Self::StreamStopped { room, .. }
            | Self::Archived { room } => Some(*room),
            _ => None,
        }
    }
}
