//! The one door into a tenant: commands in, facts and signals out, or a refusal.
//!
//! [`Centre::handle`] decides and [`Centre::apply`] changes, and nothing else does: what `handle` decides it puts out as
//! facts, each taken up by `apply` at once. So the same facts rebuild the same state, on any machine, at any time.
//!
//! - `centre/apply.rs` takes up facts; `centre/stand.rs` keeps the lines of queues; `centre/clock.rs` what falls due
//! - `centre/chat.rs` starts chats, `centre/web.rs` those of customers' pages, `centre/arrive.rs` and `centre/members.rs` say who comes in and goes, `centre/close.rs` ends them
//! - `centre/say.rs` what is said in them, `centre/post.rs` as lines; `centre/file.rs`, `centre/stream.rs`
//! - `centre/bot.rs` what bots say
//! - `centre/agent.rs` states, offers and after-work; `centre/assign.rs` who is asked; `centre/transfer.rs`
//! - `centre/call.rs` and below: telephone calls; `centre/call/book.rs` keeps their contacts; `centre/shift.rs`: agents' clients at work
//! - `centre/record.rs` what is kept of calls' sound, who listens, and what is pruned
//! - `centre/board.rs` counts for wallboards; `centre/supervise.rs`: what supervisors do with other people's work
//! - `centre/look.rs` answers queries; `centre/audit.rs` says what must always hold

mod agent;
mod apply;
mod arrive;
mod assign;
mod audit;
mod board;
mod bot;
mod call;
mod chat;
mod clock;
mod close;
mod file;
mod look;
mod members;
mod post;
mod push;
mod record;
mod say;
mod session;
mod shift;
mod stand;
mod stream;
mod supervise;
mod transfer;
mod web;

use crate::agent::{Agent, Channel};
use crate::chance::Chance;
use crate::command::{By, Command, Done};
use crate::contact::{Contact, Origin};
use crate::directory::Directory;
use crate::fact::Fact;
use crate::id::{
    ClientKey, ContactId, FileId, ItemId, ParticipantId, QueueId, RoomId, ShiftId, TokenHash,
    UserId,
};
use crate::node::Topic;
use crate::push::Push;
use crate::queue::{Lines, Turn};
use crate::refusal::Refusal;
use crate::room::{Member, MemberRole, Presence, Room, TokenKind};
use crate::shift::Shift;
use crate::signal::Signal;
use crate::table::Table;
use crate::time::Millis;
use clock::Timer;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A session ends after this at the latest (`web.md`, "Log-in").
pub const SESSION_LIMIT: Millis = Millis::from_secs(12 * 3_600);
/// A session that nobody uses ends after this (`web.md`, "Log-in"). A page that is open uses it now and then.
pub const SESSION_IDLE: Millis = Millis::from_mins(30);
/// A customer who never connects is given up after this (`amazon-connect-chat.md` 1.1).
pub const CONNECT_LIMIT: Millis = Millis::from_mins(5);
/// A program that was let in must connect within this (`amazon-connect-chat.md` 1.6).
pub const ADMISSION_LIMIT: Millis = Millis::from_secs(15);
/// A closed room stays in memory for this, so that late questions are cheap.
pub const ARCHIVE_AFTER: Millis = Millis::from_mins(10);
/// A repeated start is known for this (`amazon-connect-chat.md` 1.1).
pub const START_KEYS_FOR: Millis = Millis::from_secs(7 * 24 * 3_600);
/// Members of a chat (`amazon-connect-chat.md` 4.1).
pub const MEMBER_LIMIT: usize = 6;
/// Files of a chat (`amazon-connect-chat.md` 2.6).
pub const FILE_LIMIT: usize = 35;
/// Copies of a room (`amazon-connect-chat.md` 1.8).
pub const STREAM_LIMIT: usize = 2;
/// Open sockets of one member (`amazon-connect-chat.md` 3.1).
pub const SOCKET_LIMIT: u8 = 5;
/// Live tokens of one room.
pub const TOKEN_LIMIT: usize = 500;
/// Lines of one chat.
pub const LINE_LIMIT: usize = 100_000;
/// Transfers of one matter (`amazon-connect-chat.md` 1.7).
pub const TRANSFER_LIMIT: usize = 11;
/// Open chats of one address through one widget (`amazon-connect-chat.md` 1.12).
pub const ADDRESS_LIMIT: u32 = 5;
/// Open chats through one widget (`amazon-connect-chat.md` 1.12).
pub const WIDGET_LIMIT: u32 = 500;
/// Past segments that a persistent chat reaches back to (`amazon-connect-chat.md` 1.2).
pub const PAST_LIMIT: usize = 100;
/// Events of one member that are known when they come again. Clients repeat their latest.
const HEARD_LIMIT: usize = 4;
/// Customers whose last agent is remembered.
pub const LAST_AGENT_LIMIT: usize = 50_000;

/// What a command put out.
#[derive(Debug, Default)]
pub struct Out {
    /// What happened, and who is to be told.
    pub facts: Vec<(Fact, Vec<Topic>)>,
    /// What is to be shown and not kept, and to whom.
    pub signals: Vec<(Signal, Vec<Topic>)>,
}

impl Out {
    /// Empties it, keeping its memory.
    pub fn clear(&mut self) {
        self.facts.clear();
        self.signals.clear();
    }
}

/// An agent's turn in a queue's line of a channel, or what keeps them out of it.
type Stand = (QueueId, Channel, Result<Turn, crate::queue::Out>);

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    user: UserId,
    until: Millis,
}

/// A live token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    room: RoomId,
    participant: ParticipantId,
    kind: TokenKind,
    until: Millis,
}

/// A contact that waits, or is being offered and would wait again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Wait {
    queue: QueueId,
    rank: i64,
    number: u64,
    since: Millis,
    channel: Channel,
    /// Asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preferred: Option<UserId>,
    /// Only the preferred agent is asked until then.
    #[serde(default)]
    held_until: Millis,
    /// An agent is being asked; the contact stands in no line meanwhile.
    offered: bool,
    /// Queues it overflowed from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    visited: Vec<QueueId>,
}

/// A start that may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Start {
    contact: ContactId,
    participant: ParticipantId,
}

/// What is not state: it follows from state, or from who is connected just now. Two centres that differ in it alone
/// are equal.
#[derive(Debug, Clone, Default)]
struct Soft {
    /// What follows from state has been made. It is not, when state comes out of a snapshot.
    indexed: bool,
    timers: BTreeSet<(Millis, Timer)>,
    sockets: BTreeMap<ParticipantId, u8>,
    /// When each session was last used.
    seen: BTreeMap<TokenHash, Millis>,
    /// Events that were shown and not kept, by their keys, oldest first: a repeat is not shown again.
    heard: BTreeMap<ParticipantId, VecDeque<(ClientKey, ItemId, Millis)>>,
    /// When each shift last gave a sign of life.
    attended: BTreeMap<UserId, Millis>,
    /// Who listens to which recording, and when that was last told.
    listened: BTreeMap<(UserId, FileId), Millis>,
    /// Telephones that somebody left within the command at hand, and since when they had talked.
    freed: Vec<(crate::id::DeviceId, Option<Millis>)>,
    /// What the command at hand changed on wallboards.
    changed: crate::board::Changed,
}

/// Who is connected just now, and when sessions were last used. It outlives a [`Centre`] that is made anew while its
/// connections live on.
#[derive(Debug, Clone, Default)]
pub struct Attendance {
    sockets: BTreeMap<ParticipantId, u8>,
    seen: BTreeMap<TokenHash, Millis>,
    attended: BTreeMap<UserId, Millis>,
}

impl PartialEq for Soft {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Soft {}

/// All state of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Centre {
    directory: Arc<Directory>,
    #[serde(with = "crate::pairs")]
    sessions: BTreeMap<TokenHash, Session>,
    /// Codes that are not taken again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    codes: BTreeMap<UserId, session::Codes>,
    agents: BTreeMap<UserId, Agent>,
    contacts: Table<ContactId, Contact>,
    /// The newest contact's number.
    numbers: u64,
    rooms: Table<RoomId, Room>,
    tokens: Table<TokenHash, Token>,
    waits: BTreeMap<ContactId, Wait>,
    #[serde(with = "crate::pairs")]
    starts: BTreeMap<ClientKey, Start>,
    /// The same, oldest first.
    start_ages: VecDeque<(Millis, ClientKey)>,
    /// Who helped a customer last (by the company's own number), oldest first in the second.
    last_agents: BTreeMap<Arc<str>, (UserId, Millis)>,
    last_agent_ages: BTreeSet<(Millis, Arc<str>)>,
    /// How long contacts of a queue take, as a moving average.
    handling: BTreeMap<QueueId, Millis>,
    /// Calls, and where agents sit.
    #[serde(default)]
    switch: crate::call::Switch,
    /// Agents' clients at work.
    #[serde(default)]
    shifts: BTreeMap<UserId, Shift>,
    /// Each agent's last shift that ended.
    #[serde(default)]
    shifts_ended: BTreeMap<UserId, ShiftId>,
    /// Push tokens that the realm's webhook does not have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pushes: BTreeMap<ContactId, Push>,
    /// The day's figures, and what belongs to wallboards.
    #[serde(default)]
    board: crate::board::Board,

    // What follows from the above and is kept so that nothing has to be searched for.
    #[serde(skip)]
    by_number: BTreeMap<u64, ContactId>,
    /// Contacts without a room, by the room that they would have: calls, and chats that came back from the archive
    /// without theirs.
    #[serde(skip)]
    roomless: BTreeMap<RoomId, BTreeSet<ContactId>>,
    #[serde(skip)]
    uploads: BTreeMap<TokenHash, (RoomId, FileId)>,
    #[serde(skip)]
    outside: BTreeMap<Arc<str>, ContactId>,
    #[serde(skip)]
    origins: BTreeMap<Origin, u32>,
    #[serde(skip)]
    open_chats: u32,
    /// The queues that each agent serves, with their level there.
    #[serde(skip)]
    serves: BTreeMap<UserId, Vec<(QueueId, u8)>>,
    #[serde(skip)]
    lines: BTreeMap<QueueId, Lines>,
    /// Where each agent stands in the lines.
    #[serde(skip)]
    turns: BTreeMap<UserId, Vec<Stand>>,
    #[serde(skip)]
    soft: Soft,
}

/// One command's turn: the moment, chance, and where its outputs are laid.
struct Step<'a> {
    now: Millis,
    chance: &'a mut dyn Chance,
    out: &'a mut Out,
}

/// The result of most decisions.
type Decided = Result<Done, Refusal>;

impl Centre {
    /// Decides one command.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], with nothing changed and nothing put out.
    pub fn handle(
        &mut self,
        now: Millis,
        chance: &mut dyn Chance,
        command: Command,
        out: &mut Out,
    ) -> Decided {
        if let Some(session) = command.session() {
            self.used(now, session);
        }
        let decided = self.decide(&mut Step { now, chance, out }, command);
        if let Some(changed) = self.changed() {
            out.signals.push((Signal::Board(changed), vec![Topic::Board]));
        }
        decided
    }

    fn decide(&mut self, step: &mut Step<'_>, command: Command) -> Decided {
        match command {
            Command::Tick => self.tick(step),
            Command::As(actor, command) => self.audited(step, actor, *command),
            Command::Call { by, wish } => self.wish(step, by.as_ref(), *wish),
            Command::CtiGone { by, agents } => self.cti_gone(step, &by, &agents),
            Command::CtiBack { by, device } => self.cti_back(step, &by, &device),
            Command::Asked(wish) => self.carry_out(step, *wish, true),
            Command::Phone { agent, act } => self.act(step, &agent, *act),
            Command::Put(entry) => self.put(step, *entry),
            Command::PutAll(entries) => self.put_all(step, entries),
            Command::Remove(key) => self.remove(step, key),
            Command::NotLetIn { by, wrong } => self.not_let_in(step, by, wrong),
            Command::LogIn { user, session, proof } => self.log_in(step, user, session, proof),
            Command::TakeCode { user, proof } => self.take_code(step, &user, proof),
            Command::SetSecondFactor { user, factor, keep } => {
                self.set_second_factor(step, &user, factor, keep)
            }
            Command::LogOut { session } => self.log_out(step, session),
            Command::BeginShift(shift) => self.begin_shift(step, *shift),
            Command::Attend { agent } => self.attend_shift(step.now, &agent),
            Command::EndShift { agent, force, end } => self.end_shift(step, &agent, force, end),
            Command::State { agent, channels, state } => {
                self.set_state(step, &agent, &channels, state, None)
            }
            Command::Force { by, agent, state } => self.force(step, by, &agent, state),
            Command::Supervise { by, wish } => self.supervise(step, by, *wish),
            Command::Acknowledge { agent, notice } => self.acknowledge(step, &agent, notice),
            Command::Accept { agent, contact } => self.accept(step, &agent, contact),
            Command::Refuse { agent, contact } => self.refuse(step, &agent, contact),
            Command::WrapUp { agent, contact, wrap_up } => {
                self.wrap_up(step, &agent, contact, wrap_up)
            }
            Command::ExtendWrapUp { agent, contact, by } => {
                self.extend_wrap_up(step, &agent, contact, by)
            }
            Command::StartChat(start) => self.start_chat(step, *start),
            Command::OpenWeb(chat) => self.open_web(step, *chat),
            Command::Stop { contact } => self.stop(step, contact),
            Command::SetAttributes { contact, attributes, unset } => {
                self.set_attributes(step, contact, attributes, unset)
            }
            Command::Describe {
                contact,
                name,
                description,
                tags,
                untagged,
                segment_attributes,
                references,
            } => {
                self.contact(contact)?;
                self.emit(
                    step,
                    Fact::Described {
                        contact,
                        name,
                        description,
                        tags,
                        untagged,
                        segment_attributes,
                        references,
                    },
                );
                Ok(Done::Ok)
            }
            Command::Transfer { contact, to, by, note, key } => {
                self.transfer(step, contact, &to, by.as_ref(), note, key)
            }
            Command::Invite { contact, by, agent } => self.invite(step, contact, &by, &agent),
            Command::Assign { contact, agent } => self.assign(step, contact, &agent),
            Command::Monitor { contact, user, barge, key } => {
                self.monitor(step, contact, &user, barge, key)
            }
            Command::End { agent, contact } => self.end(step, &agent, contact),
            Command::Recall(contacts) => self.recall(step, contacts),
            Command::AdmitBot { contact, name, grant, beside_agents, key } => {
                self.admit_bot(step, contact, name, grant, beside_agents, key)
            }
            Command::PushDone { contact, why } => self.push_done(step, contact, why),
            Command::BotAnswer { contact, ask, reply } => {
                self.bot_answers(step, contact, ask, reply)
            }
            Command::BotFailed { contact, ask, why } => self.bot_failed(step, contact, ask, &why),
            Command::GrantAgent { agent, contact, grant } => {
                self.grant_agent(step, &agent, contact, grant)
            }
            Command::Connect { token, grants, arrive } => {
                self.connect(step, token, &grants, arrive)
            }
            Command::Arrive { token } => self.arrive(step, token),
            Command::Present { token, present } => self.present(step, token, present),
            Command::Say { by, kind, text, audience, key } => {
                self.say(step, by, kind, text, audience, key)
            }
            Command::Choose { by, kind, text, choice, audience, key } => {
                self.say_chosen(step, by, kind, text, choice, audience, key)
            }
            Command::SayOutside { contact, kind, text } => {
                self.say_outside(step, contact, kind, text)
            }
            Command::LeaveOutside { contact } => self.leave_outside(step, contact),
            Command::Share { by, words, files, audience, key } => {
                self.share(step, by, words, &files, audience, key)
            }
            Command::Typing { by, audience, key } => self.typing(step, by, audience, key),
            Command::Mark { by, item, read, key } => self.mark(step, by, item, read, key),
            Command::MarkUpTo { by, n } => self.mark_up_to(step, by, n),
            Command::Leave { by, key } => self.leave(step, by, key),
            Command::Prune(pruned) => self.prune(step, *pruned),
            Command::KeepTape(taped) => self.keep_tape(step, &taped),
            Command::Listen { by, contact, recording } => {
                self.listen(step, &by, contact, recording)
            }
            Command::Rate { by, score } => self.rate(step, by, score),
            Command::AnnounceFile { by, name, kind, size, audience, upload, until, key } => {
                let announced = file::Announced { name, kind, size, audience, upload, until, key };
                self.announce_file(step, by, announced)
            }
            Command::StoreFile { upload, size, kind, status } => {
                self.store_file(step, upload, size, kind, status)
            }
            Command::BringFile { by, file } => self.bring_file(step, by, *file),
            Command::CompleteFile { by, file, key } => self.complete_file(step, by, file, key),
            Command::RuleIdle { contact, customer, agent } => {
                self.rule_idle(step, contact, customer, agent)
            }
            Command::StartStream { contact, target, key } => {
                self.start_stream(step, contact, target, key)
            }
            Command::StopStream { contact, stream } => self.stop_stream(step, contact, stream),
            Command::AdvanceStream { contact, stream, to } => {
                self.advance_stream(step, contact, stream, to)
            }
            Command::DropStream { contact, stream, why } => {
                self.drop_stream(step, contact, stream, why)
            }
        }
    }

    /// The directory as it stands.
    pub const fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Who is connected just now.
    pub fn attendance(&self) -> Attendance {
        Attendance {
            sockets: self.soft.sockets.clone(),
            seen: self.soft.seen.clone(),
            attended: self.soft.attended.clone(),
        }
    }

    /// Who was connected to the centre before, whose place this one takes, still is.
    pub fn attend(&mut self, attendance: Attendance) {
        let Attendance { mut sockets, mut seen, mut attended } = attendance;
        let members: BTreeSet<ParticipantId> =
            self.rooms.values().flat_map(|room| room.members.iter().map(|m| m.id)).collect();
        sockets.retain(|participant, _| members.contains(participant));
        seen.retain(|session, _| self.sessions.contains_key(session));
        attended.retain(|agent, _| self.shifts.contains_key(agent));
        (self.soft.sockets, self.soft.seen, self.soft.attended) = (sockets, seen, attended);
    }

    /// A socket that was counted as open never opened.
    pub(crate) fn never_came(&self, attendance: &mut Attendance, token: TokenHash) {
        let Some(token) = self.tokens.get(&token) else { return };
        if let Some(count) = attendance.sockets.get_mut(&token.participant) {
            *count -= 1;
            if *count == 0 {
                attendance.sockets.remove(&token.participant);
            }
        }
    }

    /// A session is used: its idleness begins anew.
    pub(crate) fn used(&mut self, now: Millis, session: TokenHash) {
        if self.sessions.contains_key(&session) {
            self.soft.seen.insert(session, now);
        }
    }

    /// Takes up a fact and puts it out.
    fn emit(&mut self, step: &mut Step<'_>, fact: Fact) {
        let mut topics = self.topics(&fact);
        let queue = self.queue_of(&fact);
        self.apply(step.now, &fact);
        for topic in self.topics(&fact) {
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        self.changes(&fact, &topics, queue);
        let chat = self.chat_told(&fact);
        step.out.facts.push((fact, topics));
        if let Some((room, agent, turn)) = chat {
            self.tell_chat(step, room, agent, turn);
        }
    }

    /// Who is told of a fact. Asked before and after it is taken up: both who was there and who is there may know.
    fn topics(&self, fact: &Fact) -> Vec<Topic> {
        let mut topics = Vec::with_capacity(3);
        match fact {
            Fact::Put(_) | Fact::Removed(_) => topics.push(Topic::Directory),
            Fact::LoggedOut { session } => topics.push(Topic::Session(*session)),
            Fact::Supervised { .. } => topics.push(Topic::Board),
            Fact::Announced(notice) => {
                topics.extend(notice.to.iter().cloned().map(Topic::Agent));
            }
            Fact::AgentStated { agent, .. } | Fact::NoticeRead { agent, .. } => {
                topics.push(Topic::Agent(agent.clone()));
            }
            Fact::Call(happening) => {
                topics.push(Topic::Calls);
                topics.extend(happening.to.iter().map(|copy| Topic::Device(copy.device.clone())));
                let inside = happening.call.parties.iter().filter(|p| !p.outside);
                let told = happening.to.iter().map(|copy| &copy.device);
                for device in inside.map(|p| &p.device).chain(told) {
                    let topic = self.person_at(device).map(Topic::Agent);
                    if let Some(topic) = topic.filter(|topic| !topics.contains(topic)) {
                        topics.push(topic);
                    }
                }
                return topics;
            }
            Fact::ChatCalled { happening, .. } => {
                topics.extend(happening.to.iter().map(|copy| Topic::Device(copy.device.clone())));
                return topics;
            }
            Fact::AnswerAsked { .. } => {
                topics.push(Topic::Calls);
                return topics;
            }
            Fact::Registered { device, .. } => {
                topics.extend([Topic::Calls, Topic::Device(device.clone())]);
                return topics;
            }
            Fact::AgentShown { device, .. } => {
                topics.push(Topic::Device(device.clone()));
                return topics;
            }
            Fact::Seated { agent, .. } | Fact::ShiftEnded { agent, .. } => {
                topics.push(Topic::Agent(agent.clone()));
            }
            Fact::ShiftBegan(shift) => topics.push(Topic::Agent(shift.agent.clone())),
            Fact::Sounded { device, call, .. } => {
                topics.extend([Topic::Calls, Topic::Device(device.clone())]);
                let parties = call.and_then(|id| self.switch.call(id)).into_iter();
                let inside = parties.flat_map(|call| &call.parties).filter(|p| !p.outside);
                for device in inside.map(|p| &p.device).filter(|d| *d != device) {
                    topics.push(Topic::Device(device.clone()));
                }
                topics.extend(self.person_at(device).map(Topic::Agent));
                return topics;
            }
            // A secret's hash is nobody's news.
            Fact::TokenGiven { .. }
            | Fact::LoggedIn { .. }
            | Fact::NotLetIn { .. }
            | Fact::CodeTaken { .. } => {
                return topics;
            }
            // A token is told to the webhook alone.
            Fact::PushAsked { .. } | Fact::PushDone { .. } => {
                topics.push(Topic::Pushes);
                return topics;
            }
            Fact::BotAsked { .. } => topics.push(Topic::Bots),
            Fact::Offered { agent, .. }
            | Fact::Declined { agent, .. }
            | Fact::Accepted { agent, .. }
            | Fact::WrapUpBegan { agent, .. }
            | Fact::WrapUpExtended { agent, .. }
            | Fact::WrappedUp { agent, .. } => topics.push(Topic::Agent(agent.clone())),
            // A call has no room whose members would hear of it.
            Fact::Closed { contact, .. }
            | Fact::AttributesSet { contact, .. }
            | Fact::Described { contact, .. } => {
                let call = self.contacts.get(contact).filter(|c| c.voice.is_some());
                topics.extend(call.and_then(|c| c.agent.clone()).map(Topic::Agent));
            }
            _ => {}
        }
        let room = fact.room().or_else(|| Some(self.contacts.get(&fact.contact()?)?.room()));
        let Some(room) = room else { return topics };
        topics.push(Topic::Room(room));
        let Some(room) = self.rooms.get(&room) else { return topics };
        for user in room.staff().filter_map(|m| m.user.as_ref()) {
            let topic = Topic::Agent(user.clone());
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        if !room.streams.is_empty() {
            topics.push(Topic::Streams);
        }
        topics
    }

    fn contact(&self, id: ContactId) -> Result<&Contact, Refusal> {
        self.contacts.get(&id).ok_or(Refusal::Archived(id))
    }

    /// The segments of a room that are in memory, in no order.
    fn segments_of(&self, room: RoomId) -> impl Iterator<Item = &Contact> {
        let here = self.rooms.get(&room).into_iter().flat_map(|room| &room.segments);
        let others = self.roomless.get(&room).into_iter().flatten();
        here.chain(others).filter_map(|id| self.contacts.get(id))
    }

    /// The room of a contact that is its open segment.
    fn open_room(&self, id: ContactId) -> Result<&Room, Refusal> {
        let contact = self.contact(id)?;
        if contact.ended() {
            return Err(Refusal::ContactEnded);
        }
        if contact.voice.is_some() {
            return Err(Refusal::NotAChat);
        }
        self.rooms.get(&contact.room()).ok_or(Refusal::ContactEnded)
    }

    /// The room and place of a member who acts: someone present, or on the way in.
    fn actor(&self, now: Millis, by: By) -> Result<(RoomId, u8), Refusal> {
        match by {
            By::Token(hash) => {
                let token = self.token(now, hash, TokenKind::Connection)?;
                self.member_of(token)
            }
            By::Session(hash, contact) => {
                let user = self.session(now, hash)?.user.clone();
                let contact = self.contact(contact)?;
                if contact.voice.is_some() {
                    return Err(Refusal::NotAChat);
                }
                let room = self.rooms.get(&contact.room()).ok_or(Refusal::ContactEnded)?;
                if room.closed.is_some() {
                    return Err(Refusal::ChatEnded);
                }
                let (at, member) = room.of_user(&user).ok_or(Refusal::NotAMember)?;
                if member.presence != Presence::Joined {
                    return Err(Refusal::NotAMember);
                }
                Ok((room.id, at))
            }
        }
    }

    /// The same, of a member who may be heard: an agent who is still being asked has not come in, whatever token they
    /// hold.
    fn speaker(&self, now: Millis, by: By) -> Result<(RoomId, u8), Refusal> {
        let (room, at) = self.actor(now, by)?;
        let member = self.member(room, at);
        if member.role == MemberRole::Agent && member.presence != Presence::Joined {
            return Err(Refusal::NotAMember);
        }
        Ok((room, at))
    }

    fn member_of(&self, token: &Token) -> Result<(RoomId, u8), Refusal> {
        let room = self.rooms.get(&token.room).ok_or(Refusal::BadToken)?;
        if room.closed.is_some() {
            return Err(Refusal::ChatEnded);
        }
        let (at, member) = room.member(token.participant).ok_or(Refusal::BadToken)?;
        if member.presence == Presence::Left { Err(Refusal::BadToken) } else { Ok((room.id, at)) }
    }

    fn token(&self, now: Millis, hash: TokenHash, kind: TokenKind) -> Result<&Token, Refusal> {
        self.tokens
            .get(&hash)
            .filter(|token| token.kind == kind && token.until > now)
            .ok_or(Refusal::BadToken)
    }

    fn session(&self, now: Millis, hash: TokenHash) -> Result<&Session, Refusal> {
        let session =
            self.sessions.get(&hash).filter(|s| s.until > now).ok_or(Refusal::BadToken)?;
        let active = self.directory.users.get(&session.user).is_some_and(|u| !u.disabled);
        if active { Ok(session) } else { Err(Refusal::BadToken) }
    }

    /// A room that is known to be there: rooms named by state are.
    fn room(&self, id: RoomId) -> &Room {
        self.rooms.get(&id).expect("state names only rooms that are there")
    }

    fn member(&self, room: RoomId, at: u8) -> &Member {
        &self.room(room).members[usize::from(at)]
    }
}

#[cfg(test)]
mod tests;
