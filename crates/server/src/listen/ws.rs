//! A WebSocket: reads and writes frames, keeps its limits, and tells its [`Session`] what comes.
//!
//! An idle socket costs its task, a read buffer of 512 bytes and what its session remembers; there is no channel but its
//! mailbox, and one timer.

use super::door::Door;
use super::wire::Wire;
use crate::bus::{Letters, Mail, Mailbox};
use crate::metrics::meters;
use crate::run::Realm;
use crate::{clock, password};
use domain::time::Millis;
use facade::door::{Cx, Effect, Fault, Session, SocketLimits};
use futures_util::{Sink, Stream, StreamExt as _};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

/// How long a close may take before the connection is dropped.
const CLOSING: Duration = Duration::from_secs(2);

/// How many letters may wait for a socket's task before it counts as lost.
const LETTERS: usize = 4_096;

/// Bytes that are read at a time. Usual frames are shorter; long ones take a few calls more.
const READ: usize = 512;

/// A socket on which something was sent needs no ping to stay open. Whether anybody is there can be asked by a later
/// one, as long as there is time for so many before silence ends the socket.
const LATER: u64 = 6;

/// What opens a socket.
pub(super) struct Opening {
    pub(super) door: Arc<Door>,
    pub(super) realm: Arc<Realm>,
    pub(super) session: Box<dyn Session>,
    pub(super) limits: SocketLimits,
    /// Its place among the connections the server takes.
    pub(super) place: Option<Arc<OwnedSemaphorePermit>>,
    /// Its place among the sockets of its port, where those are counted by themselves.
    pub(super) own: Option<OwnedSemaphorePermit>,
    /// The figure by which its port counts closes of its own, beside that of all sockets.
    pub(super) closes: Option<&'static str>,
}

/// Counts open sockets, however they end.
struct Counted;

impl Drop for Counted {
    fn drop(&mut self) {
        meters().sockets.decrement(1.0);
    }
}

/// Why a socket ends: what its other side is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct End(u16, &'static str);

/// The other side has closed, or is gone: there is nobody to tell.
const GONE: End = End(0, "");
/// The server stops; clients come back. Which code they are told is a matter of their limits.
const STOPPING: End = End(1012, "the server stops");
/// Something happened that nobody can be shown any more; clients come back and catch up.
const MISSED: End = End(1012, "something was missed");
/// A façade's bug.
const BUG: End = End(1011, "internal error");

/// What a socket's task wakes for.
enum Woken {
    Mail(Option<Mail>),
    Frame(Option<Result<Message, tungstenite::Error>>),
    Time,
    Stop,
}

struct Socket {
    door: Arc<Door>,
    realm: Arc<Realm>,
    session: Box<dyn Session>,
    limits: SocketLimits,
    ws: WebSocketStream<Wire>,
    mailbox: Mailbox,
    letters: Letters,
    /// What the session asked for and was not done yet.
    effects: Vec<Effect>,
    /// Frames that the connection has not taken.
    outbox: VecDeque<Arc<str>>,
    unsent: usize,
    /// Something was given to the connection and may lie in its buffer.
    unflushed: bool,
    /// Something was sent since the last ping was due.
    spoke: bool,
    ping_at: Instant,
    heard_at: Instant,
    /// When the session wants to be woken, by its clock and by the timer's.
    wake_at: Option<(Millis, Instant)>,
    /// Frames in the second that began then.
    frames: (u32, Instant),
}

/// Drives a socket until it ends. `rest` is what had been read beyond the upgrade's request.
pub(super) async fn run(wire: Wire, rest: Vec<u8>, opening: Opening) {
    let Opening { door, realm, session, limits, place, own, closes } = opening;
    meters().sockets.increment(1.0);
    let _counted = Counted;
    let mut config = WebSocketConfig::default();
    config.read_buffer_size = READ;
    config.write_buffer_size = 4_096;
    config.max_write_buffer_size = usize::MAX;
    config.max_message_size = Some(limits.frame);
    config.max_frame_size = Some(limits.frame);
    let ws = Box::pin(WebSocketStream::from_partially_read(wire, rest, Role::Server, Some(config)))
        .await;
    let (mailbox, letters) = realm.hub.mailbox(LETTERS);
    let now = clock::instant();
    let first_ping = now + Duration::from_millis(limits.ping.0);
    let mut stop = door.stop.clone();
    // On the heap by itself, since a task keeps room for a value wherever it ever lay in it.
    let mut socket = Box::new(Socket {
        door,
        realm,
        session,
        limits,
        ws,
        mailbox,
        letters,
        effects: Vec::new(),
        outbox: VecDeque::new(),
        unsent: 0,
        unflushed: false,
        spoke: false,
        ping_at: first_ping,
        heard_at: now,
        wake_at: None,
        frames: (0, now),
    });
    let end = {
        let stopped = std::pin::pin!(stop.wait_for(|stop| *stop));
        let timer = std::pin::pin!(tokio::time::sleep_until(first_ping));
        socket.live(stopped, timer).await
    };
    if end != GONE {
        let told = if end == STOPPING { End(limits.stopping, end.1) } else { end };
        for name in [Some("sangdam_sockets_closed_total"), closes].into_iter().flatten() {
            metrics::counter!(name, "code" => told.0.to_string()).increment(1);
        }
        let _ = tokio::time::timeout(CLOSING, socket.close(told)).await;
    }
    // What a stopping server forgets is forgotten by all of it: nobody has to be told that each socket went.
    if end != STOPPING {
        let _ = socket.tell(|session, cx, out| session.on_close(cx, out));
        for effect in std::mem::take(&mut socket.effects) {
            if let Effect::Do(_, cause, command) = effect {
                socket.realm.act_for(None, cause, command).await;
            }
        }
    }
    drop((place, own));
}

/// The connection was given up before it became a socket: its session ends as every session does, since it was counted
/// when it was let in.
pub(super) async fn never_opened(opening: Opening) {
    let Opening { door, realm, mut session, .. } = opening;
    let mut effects = Vec::new();
    let ended =
        catch_unwind(AssertUnwindSafe(|| door.step(|cx| session.on_close(cx, &mut effects))));
    if ended.is_ok() {
        for effect in effects {
            if let Effect::Do(_, cause, command) = effect {
                realm.act_for(None, cause, command).await;
            }
        }
    }
}

impl Socket {
    /// Everything between opening and closing.
    async fn live<S: Future>(
        &mut self,
        mut stopped: Pin<&mut S>,
        mut timer: Pin<&mut Sleep>,
    ) -> End {
        if let Err(end) = self.tell(|session, cx, out| session.on_open(cx, out)) {
            return end;
        }
        loop {
            if let Err(end) = self.carry_out().await {
                return end;
            }
            let next = self.next_time();
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            let woken = poll_fn(|cx| self.poll(cx, stopped.as_mut(), timer.as_mut())).await;
            let done = match woken {
                Ok(Woken::Mail(mail)) => self.mail(mail),
                Ok(Woken::Frame(frame)) => self.frame(frame),
                Ok(Woken::Time) => self.time(),
                Ok(Woken::Stop) => Err(STOPPING),
                Err(end) => Err(end),
            };
            if let Err(end) = done {
                // What the session said last still goes out, if the connection takes it.
                let _ = self.carry_out().await;
                return end;
            }
        }
    }

    fn poll<S: Future>(
        &mut self,
        cx: &mut Context<'_>,
        stopped: Pin<&mut S>,
        timer: Pin<&mut Sleep>,
    ) -> Poll<Result<Woken, End>> {
        if self.fill(cx).is_err() {
            return Poll::Ready(Err(GONE));
        }
        if self.unsent > self.limits.unsent {
            return Poll::Ready(Err(End(1013, "too much is waiting to be read")));
        }
        if stopped.poll(cx).is_ready() {
            return Poll::Ready(Ok(Woken::Stop));
        }
        if let Poll::Ready(mail) = self.letters.poll_recv(cx) {
            return Poll::Ready(Ok(Woken::Mail(mail)));
        }
        // What several letters say goes out at once.
        if self.flush(cx).is_err() {
            return Poll::Ready(Err(GONE));
        }
        // Whoever does not take answers is not asked for more questions.
        if self.outbox.is_empty()
            && let Poll::Ready(frame) = Pin::new(&mut self.ws).poll_next(cx)
        {
            return Poll::Ready(Ok(Woken::Frame(frame)));
        }
        timer.poll(cx).map(|()| Ok(Woken::Time))
    }

    /// Gives the connection as much as it takes, and sees it sent.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        self.fill(cx)?;
        self.flush(cx)
    }

    /// Gives the connection as much as it takes; short frames lie in its buffer until they are flushed.
    fn fill(&mut self, cx: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        while !self.outbox.is_empty() {
            match Pin::new(&mut self.ws).poll_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Ok(()),
            }
            if let Some(text) = self.outbox.pop_front() {
                self.unsent -= text.len();
                meters().frames_out.increment(1);
                (self.unflushed, self.spoke) = (true, true);
                Pin::new(&mut self.ws).start_send(Message::Text(text.as_ref().into()))?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, cx: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.ws).poll_flush(cx)
        {
            self.unflushed = false;
            flushed?;
        }
        Ok(())
    }

    /// Runs a step of the session; a panic in it ends this socket and no other.
    fn tell(
        &mut self,
        step: impl FnOnce(&mut dyn Session, &mut Cx<'_>, &mut Vec<Effect>),
    ) -> Result<(), End> {
        let Self { door, session, effects, .. } = self;
        catch_unwind(AssertUnwindSafe(|| door.step(|cx| step(session.as_mut(), cx, effects))))
            .map_err(|_| BUG)
    }

    fn mail(&mut self, mail: Option<Mail>) -> Result<(), End> {
        match mail {
            Some(Mail::Fact(fact)) => self.tell(|session, cx, out| session.on_fact(cx, &fact, out)),
            Some(Mail::Signal(signal)) => {
                self.tell(|session, cx, out| session.on_signal(cx, &signal, out))
            }
            Some(Mail::Outcome(ticket, outcome)) => {
                self.tell(|session, cx, out| session.on_outcome(cx, ticket, outcome, out))
            }
            Some(Mail::Answer(ticket, answer, seq)) => {
                self.tell(|session, cx, out| session.on_answer(cx, ticket, answer, seq, out))
            }
            Some(Mail::Missed) => Err(MISSED),
            None => Err(End(1013, "too much is waiting to be read")),
        }
    }

    fn frame(&mut self, frame: Option<Result<Message, tungstenite::Error>>) -> Result<(), End> {
        let now = clock::instant();
        self.heard_at = now;
        let message = match frame {
            Some(Ok(message)) => message,
            Some(Err(tungstenite::Error::Capacity(_))) => {
                return Err(End(1009, "the frame is too large"));
            }
            Some(Err(tungstenite::Error::Utf8(_))) => {
                return Err(End(1007, "the text is not UTF-8"));
            }
            Some(Err(tungstenite::Error::Protocol(_))) => {
                return Err(End(1002, "against the protocol"));
            }
            Some(Err(_)) | None => return Err(GONE),
        };
        if now.duration_since(self.frames.1) >= Duration::from_secs(1) {
            self.frames = (0, now);
        }
        self.frames.0 += 1;
        // Control frames count, too: they cost as much.
        if self.frames.0 > self.limits.frames_per_second {
            return Err(End(1008, "too many frames"));
        }
        match message {
            Message::Text(text) => {
                meters().frames_in.increment(1);
                self.tell(|session, cx, out| session.on_text(cx, &text, out))
            }
            Message::Binary(_) => Err(End(1003, "only text is spoken here")),
            // The answer to a ping, and to a close, lies ready in the connection: it goes out with the next flush.
            Message::Ping(_) | Message::Close(_) => {
                self.unflushed = true;
                Ok(())
            }
            Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    fn next_time(&self) -> Instant {
        let silence = self.heard_at + Duration::from_millis(self.limits.silence.0);
        let next = self.ping_at.min(silence);
        self.wake_at.map_or(next, |(_, at)| next.min(at))
    }

    fn time(&mut self) -> Result<(), End> {
        let now = clock::instant();
        if now >= self.heard_at + Duration::from_millis(self.limits.silence.0) {
            return Err(self.limits.silent.map_or(GONE, |code| End(code, "silent for too long")));
        }
        if now >= self.ping_at {
            self.ping_at = now + Duration::from_millis(self.limits.ping.0);
            let spoke = std::mem::take(&mut self.spoke);
            let needless = spoke && asked_later(now.duration_since(self.heard_at), &self.limits);
            // A connection that takes nothing is not given pings, too: its silence will end it.
            if !needless && self.outbox.is_empty() && !self.unflushed {
                self.unflushed = true;
                Pin::new(&mut self.ws)
                    .start_send(Message::Ping(bytes::Bytes::new()))
                    .map_err(|_| GONE)?;
            }
        }
        match self.wake_at {
            Some((at, _)) if at <= clock::now() => {
                self.wake_at = None;
                self.tell(|session, cx, out| session.on_time(cx, out))
            }
            // The session's clock has fallen behind the timer's.
            Some((at, timer)) if timer <= now => {
                self.wake_at = Some((at, clock::instant_of(at)));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Notes when the session wants to be woken; most say the same time again and again.
    fn wake(&mut self, at: Millis) {
        if self.wake_at.is_none_or(|(noted, _)| noted != at) {
            self.wake_at = Some((at, clock::instant_of(at)));
        }
    }

    /// Does what the session asked for.
    async fn carry_out(&mut self) -> Result<(), End> {
        if self.effects.is_empty() {
            return Ok(());
        }
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(text) => {
                    self.unsent += text.len();
                    self.outbox.push_back(text);
                }
                Effect::Close(code, why) => return Err(End(code, why)),
                Effect::Do(ticket, cause, command) => {
                    self.realm
                        .act_for(Some(Realm::socket(&self.mailbox, ticket)), cause, command)
                        .await;
                }
                Effect::Read(ticket, query) => {
                    self.realm.read_for(Realm::socket(&self.mailbox, ticket), query).await;
                }
                Effect::Watch(topic) => self.realm.hub.watch(&self.mailbox, topic),
                Effect::Unwatch(topic) => self.realm.hub.unwatch(&self.mailbox, &topic),
                Effect::Wake(at) => self.wake(at),
                // Nobody asks a socket.
                Effect::Answer(..) => {}
                Effect::Verify(ticket, password, hash) => {
                    // Whoever logs in has nothing else to do, so the socket waits with them.
                    let right = password::verify(password, hash).await.map_err(|_| Fault::Unready);
                    self.tell(|session, cx, out| session.on_verified(cx, ticket, right, out))?;
                }
                Effect::Enter(no) => {
                    let Some(realm) = self.door.realm(no).cloned() else { return Err(BUG) };
                    (self.mailbox, self.letters) = realm.hub.mailbox(LETTERS);
                    self.realm = realm;
                }
            }
        }
        if !self.effects.is_empty() {
            return Box::pin(self.carry_out()).await;
        }
        // The room it took is kept for the next ones, unless it was much.
        if effects.capacity() <= 4 && self.effects.is_empty() {
            self.effects = effects;
        }
        Ok(())
    }

    /// Sends what waits, and a close; then waits for the other side's, a moment at most.
    async fn close(&mut self, end: End) {
        let written = poll_fn(|cx| match self.write(cx) {
            Ok(()) if !self.outbox.is_empty() || self.unflushed => Poll::Pending,
            done => Poll::Ready(done),
        });
        // One who is closed for not reading has had enough.
        if end.0 != 1013 && written.await.is_err() {
            return;
        }
        let frame = CloseFrame { code: CloseCode::from(end.0), reason: end.1.into() };
        if self.ws.close(Some(frame)).await.is_ok() {
            // The other side's close ends it: it waits for us to hang up.
            let broken = matches!(end.0, 1002 | 1007 | 1009);
            while !broken && matches!(self.ws.next().await, Some(Ok(_))) {}
            if !broken {
                return;
            }
            // What still comes is read and forgotten: to leave it unread would reset the connection, and with it the
            // close that says why.
            let mut rest = [0; 128];
            while matches!(self.ws.get_mut().read(&mut rest).await, Ok(n) if n > 0) {}
        }
    }
}

/// One who has been silent for so long: is there time to ask later whether they are there?
fn asked_later(silent: Duration, limits: &SocketLimits) -> bool {
    silent + Duration::from_millis(limits.ping.0 * LATER) < Duration::from_millis(limits.silence.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_put_off_only_while_silence_is_far_from_ending_the_socket() {
        let check = |silent: u64, silence: u64, expected: bool| {
            let limits = SocketLimits {
                frame: 0,
                frames_per_second: 0,
                unsent: 0,
                silence: Millis::from_secs(silence),
                ping: SocketLimits::PING,
                silent: None,
                stopping: 0,
            };
            let later = asked_later(Duration::from_secs(silent), &limits);
            assert_eq!(later, expected, "{silent} s of {silence}");
        };
        check(25, 180, true);
        check(50, 180, false);
        check(0, 150, false);
        check(0, 60, false);
    }

    fn size_of_future<A, B, C, F>(_: impl FnOnce(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn an_idle_socket_is_small() {
        let (task, socket) = (size_of_future(run), size_of::<Socket>());
        assert!(task + socket <= 3_072, "{task} + {socket} bytes");
    }
}
