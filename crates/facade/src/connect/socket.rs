//! The socket of a chat: `aws/chat` frames out, subscriptions and heartbeats in (`amazon-connect-chat.md` 3.1 to 3.7).
//!
//! Nothing is said on it but what the room's facts and signals say; messages are sent by HTTP (2.2). It is told of
//! nothing before its subscription is acknowledged, and of everything after, as long as its holder is in the room.

mod client;
#[cfg(test)]
mod tests;

use crate::connect::error::{ApiError, Plane};
use crate::connect::grant::{SOCKET_LIFE, SOCKET_OPENS};
use crate::connect::item::{self, View};
use crate::door::{Cx, Effect, Fault, Head, Out, RealmNo, Session, SocketLimits, Step};
use crate::percent::parse_query;
use client::Frame;
use domain::command::{Command, Done};
use domain::contact::TextKinds;
use domain::fact::{Fact, Leaving};
use domain::id::{ParticipantId, RoomId, TokenHash, UserId};
use domain::node::{Published, Topic};
use domain::query::{Answer, ContactName, Holder, Query};
use domain::refusal::Refusal;
use domain::room::{Body, Event, Item, MemberRole, TokenKind};
use domain::signal::Signal;
use domain::time::Millis;
use std::sync::Arc;

/// What limits a socket (3.2).
pub const LIMITS: SocketLimits = SocketLimits {
    frame: 16 * 1024,
    frames_per_second: 20,
    unsent: 256 * 1024,
    silence: Millis::from_secs(180),
    ping: SocketLimits::PING,
    silent: Some(1001),
    stopping: 1012,
};

/// A socket that has subscribed to nothing is closed after this (3.2).
const SUBSCRIBES_WITHIN: Millis = Millis::from_secs(60);

/// A socket is left open so long after its last frame, so that slow clients read it; at least 10 s (3.7).
const GRACE: Millis = Millis::from_secs(15);

/// The numbers by which outcomes come back.
const ARRIVE: u64 = 1;
const PRESENT: u64 = 2;

/// The exchange that opens a socket. The secret in its URL is all that it needs; whatever is wrong with it is a 403.
pub fn upgrade(cx: &mut Cx<'_>, head: &Head) -> Step {
    let asks = |value: &str| value.eq_ignore_ascii_case("websocket");
    if !head.header("upgrade").is_some_and(asks) {
        let error = ApiError { status: 426, ..ApiError::validation("This is a WebSocket.") };
        return Step::Reply(error.response(cx));
    }
    let pairs = parse_query(&head.query).unwrap_or_default();
    let secret = pairs.iter().find(|(name, _)| name == "t").map(|(_, secret)| secret);
    let Some((realm, token)) = secret.and_then(|secret| crate::door::open(secret)) else {
        return refuse(cx, &Refusal::BadToken);
    };
    let query = Query::Token(token, TokenKind::Socket);
    Step::Read(
        realm,
        Box::new(query),
        Box::new(move |cx, answer| match answer {
            Ok(Answer::Holder(holder)) => kinds(realm, token, *holder),
            Ok(_) => refuse(cx, &Refusal::BadToken),
            Err(refusal) => refuse(cx, &refusal),
        }),
    )
}

/// Asks what the contact can show.
fn kinds(realm: RealmNo, token: TokenHash, holder: Holder) -> Step {
    let query = Query::Contact(ContactName::Id(holder.contact));
    Step::Read(
        realm,
        Box::new(query),
        Box::new(move |cx, answer| match answer {
            Ok(Answer::Contact(contact, _)) => count(realm, token, &holder, contact.kinds),
            Ok(_) => refuse(cx, &Refusal::BadToken),
            Err(refusal) => refuse(cx, &refusal),
        }),
    )
}

/// Counts the socket, and opens it unless its holder has too many.
fn count(realm: RealmNo, token: TokenHash, holder: &Holder, kinds: TextKinds) -> Step {
    let session = Box::new(ChatSocket::new(token, holder, kinds));
    let command = Command::Present { token, present: true };
    Step::Do(
        realm,
        "connect.socket.open",
        Box::new(command),
        Box::new(move |cx, outcome| match outcome {
            Ok(_) => Step::Upgrade {
                protocol: None,
                headers: Vec::new(),
                limits: LIMITS,
                realm,
                session,
            },
            Err(refusal) => refuse(cx, &refusal),
        }),
    )
}

fn refuse(cx: &mut Cx<'_>, refusal: &Refusal) -> Step {
    Step::Reply(ApiError::refused(Plane::Participant, refusal).response(cx))
}

/// Where the holder stands in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// A member: hears everything meant for them.
    In,
    /// Left by this deed: hears the rest of it.
    Leaving { deed: u64, passed_on: bool },
    /// Hears nothing more.
    Out,
}

/// One open socket.
#[derive(Debug)]
pub struct ChatSocket {
    token: TokenHash,
    room: RoomId,
    view: View,
    me: ParticipantId,
    user: Option<UserId>,
    role: MemberRole,
    standing: Standing,
    subscribed: bool,
    /// The room is watched; it stays so, for what comes before a new subscription is simply not sent.
    watched: bool,
    /// The end of the connection (2.1).
    expires: Millis,
    /// Unless something is subscribed by then.
    idle: Millis,
    /// The end, once there is nothing more to say.
    ends: Option<Millis>,
}

impl ChatSocket {
    fn new(token: TokenHash, holder: &Holder, kinds: TextKinds) -> Self {
        Self {
            token,
            room: holder.room,
            view: View { contact: holder.contact, kinds },
            me: holder.member.id,
            user: holder.member.user.clone(),
            role: holder.member.role,
            standing: Standing::In,
            subscribed: false,
            watched: false,
            // Both began when the URL was given out.
            expires: Millis(holder.until.since(SOCKET_OPENS).0 + SOCKET_LIFE.0),
            idle: Millis(0),
            ends: None,
        }
    }

    fn wake(&self, out: &mut Out) {
        let idle = (!self.subscribed).then_some(self.idle);
        let next = [idle, self.ends].into_iter().flatten().fold(self.expires, Millis::min);
        out.push(Effect::Wake(next));
    }

    fn subscribe(&mut self, topics: &[String], out: &mut Out) {
        let (known, unknown): (Vec<_>, Vec<_>) =
            topics.iter().map(String::as_str).partition(|topic| *topic == client::CHAT);
        if !unknown.is_empty() || topics.is_empty() {
            out.push(Effect::Send(client::acknowledge(client::SUBSCRIBE, "failure", &unknown)));
        }
        if known.is_empty() {
            return;
        }
        out.push(Effect::Send(client::acknowledge(client::SUBSCRIBE, "success", &known)));
        if self.subscribed {
            return;
        }
        self.subscribed = true;
        self.wake(out);
        if !self.watched {
            self.watched = true;
            out.push(Effect::Watch(Topic::Room(self.room)));
        }
        let arrive = Command::Arrive { token: self.token };
        out.push(Effect::Do(ARRIVE, "connect.socket.subscribe", Box::new(arrive)));
    }

    fn unsubscribe(&mut self, now: Millis, topics: &[String], out: &mut Out) {
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        out.push(Effect::Send(client::acknowledge(client::UNSUBSCRIBE, "success", &topics)));
        if self.subscribed && topics.contains(&client::CHAT) {
            self.subscribed = false;
            self.idle = now.plus(SUBSCRIBES_WITHIN);
            self.wake(out);
        }
    }

    /// May this line be heard here?
    fn hears(&self, deed: u64, item: &Item) -> bool {
        let mine = item.by.as_ref().is_some_and(|by| by.participant == self.me);
        if !item.audience.includes(self.role) || (item::rejected(item) && !mine) {
            return false;
        }
        let event = if let Body::Event(event) = item.body { Some(event) } else { None };
        match self.standing {
            Standing::In => true,
            // Whoever passed the contact on hears that it went well, and nothing of what comes then (4.3).
            Standing::Leaving { passed_on: true, deed: left } => {
                left == deed && (event == Some(Event::Transferred) || mine)
            }
            // Whoever left waits for the end, however late it comes: chatjs hangs without it (2.5).
            Standing::Leaving { passed_on: false, deed: left } => {
                left == deed || event == Some(Event::Ended)
            }
            Standing::Out => false,
        }
    }

    fn send(&self, frame: Option<Arc<str>>, out: &mut Out) {
        if let (true, Some(frame)) = (self.subscribed, frame) {
            out.push(Effect::Send(frame));
        }
    }

    /// There is nothing more to say: close in a while.
    fn finish(&mut self, now: Millis, out: &mut Out) {
        self.standing = Standing::Out;
        self.end(now, out);
    }

    /// Whatever is still said is said by this deed: close in a while.
    fn end(&mut self, now: Millis, out: &mut Out) {
        self.ends = Some(now.plus(GRACE));
        self.wake(out);
    }
}

impl Session for ChatSocket {
    fn on_open(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        self.idle = cx.now.plus(SUBSCRIBES_WITHIN);
        self.wake(out);
    }

    fn on_text(&mut self, cx: &mut Cx<'_>, text: &str, out: &mut Out) {
        match Frame::parse(text) {
            Frame::Subscribe(topics) => self.subscribe(&topics, out),
            Frame::Unsubscribe(topics) => self.unsubscribe(cx.now, &topics, out),
            Frame::Ping => out.push(Effect::Send(client::pong())),
            Frame::Heartbeat => out.push(Effect::Send(client::heartbeat())),
            Frame::Other => out.push(Effect::Send(client::forbidden(cx, self.me))),
        }
    }

    fn on_outcome(
        &mut self,
        _: &mut Cx<'_>,
        ticket: u64,
        outcome: Result<Result<Done, Refusal>, Fault>,
        out: &mut Out,
    ) {
        if ticket != ARRIVE {
            return;
        }
        match outcome {
            Ok(Ok(Done::Connected { contact, .. })) => self.view.contact = contact,
            Ok(Ok(_)) => {}
            // The end was before the subscription: there is nothing to wait for.
            Ok(Err(Refusal::ChatEnded)) => out.push(Effect::Close(1000, "the chat has ended")),
            // A client that comes again gets a new URL, or learns by a 403 that it is over (3.7).
            Ok(Err(_)) | Err(_) => out.push(Effect::Close(1001, "come again")),
        }
    }

    fn on_answer(
        &mut self,
        _: &mut Cx<'_>,
        _: u64,
        _: Result<Result<Answer, Refusal>, Fault>,
        _: u64,
        _: &mut Out,
    ) {
    }

    fn on_fact(&mut self, cx: &mut Cx<'_>, fact: &Arc<Published>, out: &mut Out) {
        match &fact.fact {
            Fact::Posted { item, .. } => {
                if !self.hears(fact.seq, item) {
                    return;
                }
                self.send(item::frame(fact, self.view), out);
                if matches!(item.body, Body::Event(Event::Ended)) {
                    self.finish(cx.now, out);
                }
            }
            Fact::Marked { .. } if self.standing == Standing::In => {
                self.send(item::frame(fact, self.view), out);
            }
            Fact::Left { participant, why, .. }
                if *participant == self.me && self.standing == Standing::In =>
            {
                let passed_on = *why == Leaving::Transferred;
                self.standing = Standing::Leaving { deed: fact.seq, passed_on };
                if passed_on {
                    self.end(cx.now, out);
                }
            }
            // An offer that came to nothing: its agent never was in the room.
            Fact::Declined { agent, .. } if self.user.as_ref() == Some(agent) => {
                self.finish(cx.now, out);
            }
            Fact::Started { contact, .. } => self.view.contact = contact.id,
            _ => {}
        }
    }

    fn on_signal(&mut self, _: &mut Cx<'_>, signal: &Arc<Signal>, out: &mut Out) {
        let Signal::Typing { audience, .. } = signal.as_ref() else { return };
        if self.standing == Standing::In && audience.includes(self.role) {
            self.send(item::signal_frame(signal, self.view), out);
        }
    }

    fn on_time(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        if self.ends.is_some_and(|at| at <= cx.now) {
            out.push(Effect::Close(1000, "the chat has ended"));
        } else if self.expires <= cx.now {
            out.push(Effect::Close(1001, "the connection has expired"));
        } else if !self.subscribed && self.idle <= cx.now {
            out.push(Effect::Close(1001, "nothing was subscribed"));
        } else {
            self.wake(out);
        }
    }

    fn on_close(&mut self, _: &mut Cx<'_>, out: &mut Out) {
        let gone = Command::Present { token: self.token, present: false };
        out.push(Effect::Do(PRESENT, "connect.socket.close", Box::new(gone)));
    }
}
