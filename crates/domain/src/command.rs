//! What is wanted. A command may be refused; what it makes happen are facts.

use crate::agent::{AgentState, Channel};
use crate::audit::{Actor, Wrong};
use crate::board::Supervision;
use crate::call::{Barge, CallId, Cause, Wish};
use crate::contact::{
    Attributes, Contact, Origin, Reference, SegmentValue, TextKind, TextKinds, WrapUp,
};
use crate::directory::{Entry, EntryKey, SecondFactor};
use crate::fact::Code;
use crate::id::{
    ClientKey, ContactId, CtiId, DeviceId, FileId, FlowId, ItemId, NoticeId, ParticipantId,
    QueueId, StreamId, TokenHash, UserId,
};
use crate::recording::Taped;
use crate::retention::Pruned;
use crate::room::{Audience, File, FileStatus, IdleRule, TokenKind};
use crate::scenario::Reply;
use crate::shift::Shift;
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who asks something of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Whoever holds the connection token of this hash.
    Token(TokenHash),
    /// A session (agent, supervisor) as itself, in the room of this contact.
    Session(TokenHash, ContactId),
}

impl By {
    /// The session, if it is one.
    pub const fn session(self) -> Option<TokenHash> {
        match self {
            Self::Session(session, _) => Some(session),
            Self::Token(_) => None,
        }
    }
}

/// A token to be given out: its hash, what it opens, how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Its hash.
    pub token: TokenHash,
    /// What it opens.
    pub kind: TokenKind,
    /// Valid until then.
    pub until: Millis,
}

/// How a new chat takes up an earlier one (`amazon-connect-chat.md` 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehydrate {
    /// The whole past session of this first contact.
    EntirePastSession(ContactId),
    /// From this segment back.
    FromSegment(ContactId),
}

/// A new chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartChat {
    /// What it runs.
    pub flow: FlowId,
    /// What the customer calls themself.
    pub name: Arc<str>,
    /// The company's own number for the customer.
    pub customer: Option<Arc<str>>,
    /// A key of ours vouches for it.
    pub verified: bool,
    /// Attributes of the matter.
    pub attributes: Attributes,
    /// Attributes of the segment.
    pub segment_attributes: BTreeMap<Arc<str>, SegmentValue>,
    /// The customer's first words.
    pub opening: Option<(TextKind, Arc<str>)>,
    /// The kinds of text the customer's side can show.
    pub kinds: TextKinds,
    /// How long it may last.
    pub duration: Millis,
    /// The earlier chat it takes up.
    pub rehydrate: Option<Rehydrate>,
    /// An earlier matter it belongs to.
    pub related: Option<ContactId>,
    /// Agents are dropped when the customer leaves.
    pub drop_agents: bool,
    /// A copy goes to this topic or URL from the beginning.
    pub stream: Option<Arc<str>>,
    /// The key by which a repeat is known for seven days.
    pub key: Option<ClientKey>,
    /// The customer's tokens.
    pub grants: Vec<Grant>,
    /// Where an unsigned start came from.
    pub origin: Option<Origin>,
    /// The outside pair (sender, receiver, kind) that this chat is with, as one text. A pair has one chat at a time,
    /// so it is a key itself, and no other is given with it.
    pub outside: Option<Arc<str>>,
    /// The centre reaches out.
    pub outbound: bool,
}

/// A customer's page opens a chat with a number (`nxwebapi.md` 8). The customer is there at once; where nobody can serve
/// them, they are turned away, and there is no chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebChat {
    /// The contact's id, made by whoever asks: so the room can be watched before its first line.
    pub id: ContactId,
    /// The number: a queue's, a bot's, or an agent's telephone. Only those open to anyone are reached.
    pub number: Arc<str>,
    /// What the customer calls themself: a claim.
    pub name: Arc<str>,
    /// Attributes of the matter.
    pub attributes: Attributes,
    /// The kinds of text the page can show.
    pub kinds: TextKinds,
    /// How long it may last.
    pub duration: Millis,
    /// The key by which a repeat is known for seven days. Whoever has it is let in again, so it must be a secret.
    pub key: Option<ClientKey>,
    /// The customer's tokens.
    pub grants: Vec<Grant>,
}

/// What becomes of one idle timer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Timing {
    /// It stays as it is.
    #[default]
    Keep,
    /// There is none from now on.
    Unset,
    /// It runs so long.
    After(Millis),
}

impl Timing {
    /// The timer afterwards.
    pub const fn of(self, was: Option<Millis>) -> Option<Millis> {
        match self {
            Self::Keep => was,
            Self::Unset => None,
            Self::After(span) => Some(span),
        }
    }
}

/// What becomes of one side's idle rule, timer by timer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdleChange {
    /// The reminder.
    pub warn: Timing,
    /// The end.
    pub drop: Timing,
}

impl IdleChange {
    /// The rule afterwards.
    pub const fn of(self, was: IdleRule) -> IdleRule {
        IdleRule { warn: self.warn.of(was.warn), drop: self.drop.of(was.drop), owed: was.owed }
    }
}

/// Where a contact is passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A queue, by any of its numbers.
    Queue(QueueId),
    /// One agent.
    Agent(UserId),
    /// What a flow leads to.
    Flow(FlowId),
}

/// What a customer chose of what a bot had offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The menu that it leads to; none where only words were given.
    pub menu: Option<Arc<str>>,
    /// The word of it.
    pub keyword: Arc<str>,
}

/// What an agent does with calls; each is named by its contact. Taking, refusing, ending and passing on to somebody
/// known is as with chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Call a number.
    Dial {
        /// The number.
        to: Arc<str>,
        /// User-to-user data, at most 256 bytes.
        uui: Arc<str>,
    },
    /// Put a call on hold.
    Hold(ContactId),
    /// Take it back. What they talk in meanwhile is put on hold.
    Retrieve(ContactId),
    /// Ask somebody on the side; the call is put on hold.
    Consult {
        /// The call.
        contact: ContactId,
        /// The number.
        to: Arc<str>,
    },
    /// Pass a call on to a number, without a word.
    Pass {
        /// The call.
        contact: ContactId,
        /// The number.
        to: Arc<str>,
    },
    /// Be heard no more, or again, whatever the call.
    Mute(bool),
    /// Let a call be recorded from now on.
    Record(ContactId),
    /// Keep nothing of what is said in a call, or keep it again.
    Mask {
        /// The call.
        contact: ContactId,
        /// Nothing.
        on: bool,
    },
    /// Send keys, `0-9*#A-D`, to the others in a call.
    Keys {
        /// The call.
        contact: ContactId,
        /// At most 64 at once.
        keys: Arc<str>,
    },
    /// Join two calls, and leave.
    Complete(ContactId, ContactId),
    /// Join two calls, and stay.
    Confer(ContactId, ContactId),
    /// Come into a colleague's call (supervisors).
    Barge {
        /// Whose.
        agent: UserId,
        /// How.
        mode: Barge,
    },
}

/// How somebody has proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By the password alone.
    Password,
    /// By the password, and the one-time code of this step (RFC 6238 §4.2).
    Code(u64),
    /// By the password, and the recovery code of this hash.
    Recovery(TokenHash),
    /// By the word of the realm's identity provider.
    Provider {
        /// It says that it asked for more than one thing.
        several: bool,
        /// And by a code of ours that is good once.
        code: Option<Code>,
    },
    /// Otherwise, and at least as well: by a session of theirs, or by having just set a second factor.
    Known,
}

/// One wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Time has passed. Never refused; early and late ticks do no harm.
    Tick,
    /// Whatever it does is done by somebody, and stands in the audit trail with their name.
    As(Box<Actor>, Box<Self>),
    /// What somebody wishes of a telephone.
    Call {
        /// The CTI user for whom; none is the telephone, the trunk or the server itself.
        by: Option<CtiId>,
        /// What.
        wish: Box<Wish>,
    },

    /// A CTI user's connection is gone, over which these agents had logged on, each at their time.
    CtiGone {
        /// Whose it was.
        by: CtiId,
        /// Who had logged on, and when that was answered.
        agents: Vec<(UserId, Millis)>,
    },
    /// A CTI user monitors a telephone, whose agent may have lost their connection before.
    CtiBack {
        /// Who.
        by: CtiId,
        /// Which.
        device: DeviceId,
    },

    /// What a program wishes of its user's own telephone. As with a CTI user's wish, a real telephone is asked to take part.
    Asked(Box<Wish>),

    /// What an agent does at a desk with the telephone that is theirs just now.
    Phone {
        /// Who.
        agent: UserId,
        /// What.
        act: Box<Act>,
    },

    // --- recordings
    /// A tape of a call has ended; its bytes are where files are kept. A repeat changes nothing.
    KeepTape(Box<Taped>),
    /// Somebody who may (the caller has checked whose it is) listens to a recording.
    Listen {
        /// Who.
        by: UserId,
        /// The contact.
        contact: ContactId,
        /// The recording.
        recording: FileId,
    },

    // --- retention
    /// What is past, and whose bytes are gone already, is not kept any more.
    Prune(Box<Pruned>),

    // --- directory and sessions (the caller has checked who asks, or names the session)
    /// Add to the directory, or replace.
    Put(Box<Entry>),
    /// The same with many, in this order: all of them, or none.
    PutAll(Vec<Entry>),
    /// Remove from it.
    Remove(EntryKey),
    /// Somebody has proved who they are: open a session.
    LogIn {
        /// Who.
        user: UserId,
        /// The hash of the session's secret.
        session: TokenHash,
        /// How.
        proof: Proof,
    },
    /// Somebody was not let in: it is written down. The caller sees to it that a flood of them is not.
    NotLetIn {
        /// From where, and as whom.
        by: Box<Actor>,
        /// What was wrong.
        wrong: Wrong,
    },
    /// Somebody has proved who they are, for something else than a session: a code is used up all the same.
    TakeCode {
        /// Who.
        user: UserId,
        /// How.
        proof: Proof,
    },
    /// Set somebody's second factor, or take it off. Their other sessions end.
    SetSecondFactor {
        /// Whose.
        user: UserId,
        /// The new one, and the step of the code that showed that its device works.
        factor: Option<(Box<SecondFactor>, u64)>,
        /// This session stays.
        keep: Option<TokenHash>,
    },
    /// End a session.
    LogOut {
        /// Which.
        session: TokenHash,
    },

    // --- shifts
    /// An agent's client comes to work. Whoever is not logged on is logged on, not ready.
    BeginShift(Box<Shift>),
    /// A client of it gives a sign of life.
    Attend {
        /// Whose.
        agent: UserId,
    },
    /// It goes home; the agent is logged off.
    EndShift {
        /// Whose.
        agent: UserId,
        /// Although contacts are at hand: chats go back to their queues.
        force: bool,
        /// Contacts at hand are ended first.
        end: bool,
    },

    // --- agents
    /// An agent says what they are ready for. Logs on and off, too.
    State {
        /// Who.
        agent: UserId,
        /// Which channels; none is every one that is logged on.
        channels: BTreeSet<Channel>,
        /// The new state.
        state: AgentState,
    },
    /// A supervisor's session says it for an agent, on all channels.
    Force {
        /// The supervisor's session.
        by: TokenHash,
        /// Who.
        agent: UserId,
        /// The new state.
        state: AgentState,
    },
    /// A supervisor's session wishes something of other people's work.
    Supervise {
        /// The supervisor's session.
        by: TokenHash,
        /// What.
        wish: Box<Supervision>,
    },
    /// An agent has read a message to the team.
    Acknowledge {
        /// Who.
        agent: UserId,
        /// Which.
        notice: NoticeId,
    },
    /// Take an offer.
    Accept {
        /// Who.
        agent: UserId,
        /// Which.
        contact: ContactId,
    },
    /// Turn an offer down.
    Refuse {
        /// Who.
        agent: UserId,
        /// Which.
        contact: ContactId,
    },
    /// Finish after-work.
    WrapUp {
        /// Who.
        agent: UserId,
        /// Which.
        contact: ContactId,
        /// What they say about it.
        wrap_up: WrapUp,
    },
    /// Ask for more after-work.
    ExtendWrapUp {
        /// Who.
        agent: UserId,
        /// Which.
        contact: ContactId,
        /// So much more, 10 minutes at most.
        by: Millis,
    },

    // --- contacts
    /// Start a chat.
    StartChat(Box<StartChat>),
    /// Open a web chat.
    OpenWeb(Box<WebChat>),
    /// End a contact, whoever is in it (a program's wish).
    Stop {
        /// Which.
        contact: ContactId,
    },
    /// Set attributes of a matter, and take some off it.
    SetAttributes {
        /// Any of its contacts.
        contact: ContactId,
        /// The new values.
        attributes: Attributes,
        /// Names to be taken off. One that is set by the same command stays, with its new value.
        unset: BTreeSet<Arc<str>>,
    },
    /// Change names, labels, references of a contact.
    Describe {
        /// Which.
        contact: ContactId,
        /// A short name.
        name: Option<Arc<str>>,
        /// A longer one.
        description: Option<Arc<str>>,
        /// Labels to set.
        tags: Attributes,
        /// Labels to take off.
        untagged: BTreeSet<Arc<str>>,
        /// Segment attributes to set.
        segment_attributes: BTreeMap<Arc<str>, SegmentValue>,
        /// References to set.
        references: Vec<Reference>,
    },
    /// Pass a contact on. The agent named leaves it; a program names none.
    Transfer {
        /// Which.
        contact: ContactId,
        /// Where to.
        to: Destination,
        /// The agent who does it.
        by: Option<UserId>,
        /// Words for the next agent.
        note: Option<Arc<str>>,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// Ask another agent into the conversation.
    Invite {
        /// Which.
        contact: ContactId,
        /// Who asks.
        by: UserId,
        /// Who is asked.
        agent: UserId,
    },
    /// Give a queued contact to an agent now.
    Assign {
        /// Which.
        contact: ContactId,
        /// To whom.
        agent: UserId,
    },
    /// A supervisor comes in to watch, or to help.
    Monitor {
        /// Which.
        contact: ContactId,
        /// Who.
        user: UserId,
        /// Seen and heard by all.
        barge: bool,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// The agent ends the contact for everyone.
    End {
        /// Who.
        agent: UserId,
        /// Which.
        contact: ContactId,
    },
    /// Take archived contacts back into memory. The views know them; oldest first.
    Recall(Vec<Contact>),

    // --- rooms
    /// Let a program in (a bot).
    AdmitBot {
        /// Which contact.
        contact: ContactId,
        /// What the others see.
        name: Arc<str>,
        /// Its token.
        grant: Grant,
        /// Also where an agent has the contact.
        beside_agents: bool,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// Let an agent's own page in by a token, as Amazon's agent applications do.
    GrantAgent {
        /// Who.
        agent: UserId,
        /// Which contact.
        contact: ContactId,
        /// Its token.
        grant: Grant,
    },
    /// The realm's webhook has a push token, or it was given up.
    PushDone {
        /// The contact whose it is.
        contact: ContactId,
        /// Why it was given up.
        why: Option<Arc<str>>,
    },
    /// A bot's program has answered.
    BotAnswer {
        /// The contact about which it was asked.
        contact: ContactId,
        /// The question's number.
        ask: u32,
        /// The answer.
        reply: Reply,
    },
    /// A bot's program has not answered as it should.
    BotFailed {
        /// The contact about which it was asked.
        contact: ContactId,
        /// The question's number.
        ask: u32,
        /// What it did instead, without anything that is secret.
        why: Arc<str>,
    },
    /// Give out connection tokens to the holder of a participant token, and maybe mark it connected.
    Connect {
        /// The participant token.
        token: TokenHash,
        /// What to give out.
        grants: Vec<Grant>,
        /// The participant counts as there, without a socket.
        arrive: bool,
    },
    /// A socket has subscribed: its participant is there.
    Arrive {
        /// The socket's token.
        token: TokenHash,
    },
    /// The first socket of a participant opened, or the last closed.
    Present {
        /// The socket's token.
        token: TokenHash,
        /// There, or not.
        present: bool,
    },
    /// Something came from outside for the chat of this contact's customer, who holds no token.
    SayOutside {
        /// Which contact.
        contact: ContactId,
        /// What it is written in.
        kind: TextKind,
        /// The words.
        text: Arc<str>,
    },
    /// The outside customer has gone.
    LeaveOutside {
        /// Which contact.
        contact: ContactId,
    },
    /// Say something.
    Say {
        /// Who.
        by: By,
        /// What it is written in.
        kind: TextKind,
        /// The words.
        text: Arc<str>,
        /// Who may see it.
        audience: Audience,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// The same, where the customer chose something that a bot had offered.
    Choose {
        /// Who.
        by: By,
        /// What the line is written in.
        kind: TextKind,
        /// The line, exactly as sent.
        text: Arc<str>,
        /// What was chosen, as bots understand it.
        choice: Choice,
        /// Who may see it.
        audience: Audience,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// Send files that have been put, and maybe words before them: each file becomes a line. All of them, or nothing.
    Share {
        /// Who.
        by: By,
        /// The words.
        words: Option<(TextKind, Arc<str>)>,
        /// The files, in order; none of them may have been sent before.
        files: Vec<FileId>,
        /// Who may see it all.
        audience: Audience,
        /// The key by which a repeat is known.
        key: ClientKey,
    },
    /// Somebody is writing.
    Typing {
        /// Who.
        by: By,
        /// Who may know.
        audience: Audience,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// Everything up to a line was got, or read.
    Mark {
        /// Who.
        by: By,
        /// The line.
        item: ItemId,
        /// Read, or only delivered.
        read: bool,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// The same, by place instead of id.
    MarkUpTo {
        /// Who.
        by: By,
        /// The line's place.
        n: u32,
    },
    /// Go.
    Leave {
        /// Who.
        by: By,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// The customer says how it went, having been asked.
    Rate {
        /// Who.
        by: By,
        /// 1 to 5.
        score: u8,
    },
    /// Announce a file.
    AnnounceFile {
        /// Who.
        by: By,
        /// Its name.
        name: Arc<str>,
        /// Its media type, as its sender says.
        kind: Arc<str>,
        /// Its length in bytes, as its sender says.
        size: u64,
        /// Who may see it.
        audience: Audience,
        /// The hash of the secret in the URL by which the bytes will be put.
        upload: TokenHash,
        /// Until when they may be put.
        until: Millis,
        /// The key by which a repeat is known.
        key: ClientKey,
    },
    /// The bytes are there (or are not what they should be).
    StoreFile {
        /// The secret in the URL by which they were put.
        upload: TokenHash,
        /// How many there were.
        size: u64,
        /// The media type by their own testimony.
        kind: Arc<str>,
        /// Stored or rejected.
        status: FileStatus,
    },
    /// A file was brought whole: its bytes lie under its id already, stored or rejected. It is seen by nobody until it is
    /// sent.
    BringFile {
        /// Who.
        by: By,
        /// What is known of it.
        file: Box<File>,
    },
    /// Make a line of a file.
    CompleteFile {
        /// Who.
        by: By,
        /// Which.
        file: FileId,
        /// The key by which a repeat is known.
        key: ClientKey,
    },
    /// Change idle rules, timer by timer.
    RuleIdle {
        /// Which contact.
        contact: ContactId,
        /// The customer's.
        customer: IdleChange,
        /// The agent's.
        agent: IdleChange,
    },
    /// Send a copy of the room elsewhere.
    StartStream {
        /// Which contact.
        contact: ContactId,
        /// The topic or URL.
        target: Arc<str>,
        /// The key by which a repeat is known.
        key: Option<ClientKey>,
    },
    /// Stop a copy.
    StopStream {
        /// Which contact.
        contact: ContactId,
        /// Which copy.
        stream: StreamId,
    },
    /// The other side has taken everything up to a fact.
    AdvanceStream {
        /// Which contact.
        contact: ContactId,
        /// Which copy.
        stream: StreamId,
        /// The fact's number in the journal.
        to: u64,
    },
    /// The other side did not take it for too long.
    DropStream {
        /// Which contact.
        contact: ContactId,
        /// Which copy.
        stream: StreamId,
        /// What it said last.
        why: Arc<str>,
    },
}

impl Command {
    /// The session that asks, where the command names one.
    pub fn session(&self) -> Option<TokenHash> {
        match self {
            Self::As(_, command) => command.session(),
            Self::Force { by, .. } | Self::Supervise { by, .. } => Some(*by),
            Self::Say { by, .. }
            | Self::Choose { by, .. }
            | Self::Share { by, .. }
            | Self::Typing { by, .. }
            | Self::Mark { by, .. }
            | Self::MarkUpTo { by, .. }
            | Self::Leave { by, .. }
            | Self::Rate { by, .. }
            | Self::AnnounceFile { by, .. }
            | Self::BringFile { by, .. }
            | Self::CompleteFile { by, .. } => by.session(),
            _ => None,
        }
    }
}

/// What was done, in the words of whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Nothing more to say.
    Ok,
    /// A chat began, or had begun by the same key.
    Started {
        /// Its contact.
        contact: ContactId,
        /// The customer in it.
        participant: ParticipantId,
        /// The contact it takes up.
        continued_from: Option<ContactId>,
        /// Its stream.
        stream: Option<StreamId>,
        /// By a repeat: this was done before.
        again: bool,
        /// By a repeat of a chat that has ended since: no token was given.
        over: bool,
    },
    /// Tokens were given out.
    Connected {
        /// To whom.
        participant: ParticipantId,
        /// The contact that is open.
        contact: ContactId,
    },
    /// A line was written, or had been by the same key; or a signal was shown.
    Posted {
        /// Its id.
        item: ItemId,
        /// Its place; 0 for a signal.
        n: u32,
        /// Its time.
        at: Millis,
    },
    /// A member was let in.
    Admitted {
        /// Who.
        participant: ParticipantId,
        /// The contact that is open.
        contact: ContactId,
    },
    /// A file was announced.
    File {
        /// Its id.
        file: FileId,
    },
    /// A segment began.
    Transferred {
        /// Its id.
        contact: ContactId,
    },
    /// A stream began.
    Stream {
        /// Its id.
        stream: StreamId,
    },
    /// After-work ends then.
    Until(Millis),
    /// An agent has called somebody.
    Dialed {
        /// The call's contact.
        contact: Option<ContactId>,
        /// Why it is over already, if it is.
        failed: Option<Cause>,
    },
    /// A call was made, or joined.
    Call {
        /// Its number now.
        call: CallId,
        /// It was the n-th of the realm.
        number: u64,
        /// Its matter.
        cnid: Arc<str>,
    },
}
