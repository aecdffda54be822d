//! Browsers on this thread: whose datagram it is, and what falls due for them.

use super::super::meter::Why;
use super::super::picture::Coding;
use super::super::web::{Ask, Of, Refused, addressee};
use super::super::wires::reads;
use super::{STREAM, Worker};
use crate::clock;
use facade::voice::plane::Leg;
use media::leg::LegId;
use media::rtp::{Kind, Packet};
use media::time::Micros;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use std::net::SocketAddr;
use str0m::net::Protocol;
use str0m::rtp::RtpPacket;

/// The most datagrams taken in one go, so that other legs have their turn.
const BATCH: usize = 64;
/// The most addresses from which one browser's datagrams are taken at a time.
const SOURCES: usize = 8;

impl Worker {
    /// The shared socket has something.
    pub(super) fn browsers(&mut self, now: Micros) {
        for _ in 0..BATCH {
            let Some(wires) = &self.web else { return };
            let Ok((length, source)) = wires.udp.recv_from(&mut self.datagram[..]) else { return };
            self.load += 1;
            self.counts.received += 1;
            self.browser(Protocol::Udp, source, length, now);
        }
    }

    /// Browsers connect that no datagram reaches.
    pub(super) fn accept(&mut self, now: Micros) {
        let Self { web: Some(wires), epoll, .. } = self else { return };
        for _ in 0..BATCH {
            let watched = wires.accept(now, |socket, number| {
                let event = EpollEvent::new(EpollFlags::EPOLLIN, STREAM | number as u64);
                epoll.add(socket, event).ok()
            });
            if watched.is_none() {
                return;
            }
        }
    }

    /// A connection has something.
    pub(super) fn stream(&mut self, number: u64, now: Micros) {
        let Ok(number) = usize::try_from(number) else { return };
        let mut reads = reads();
        loop {
            let Some(wires) = &self.web else { return };
            let Some((length, source)) =
                wires.next(number, &mut reads, &mut self.datagram[..], now)
            else {
                return;
            };
            self.load += 1;
            self.counts.received += 1;
            let known = self.browser(Protocol::Tcp, source, length, now);
            if let Some(wires) = &self.web {
                wires.judge(number, known);
            }
        }
    }

    /// Says whether it is of one of ours.
    fn browser(&mut self, by: Protocol, source: SocketAddr, length: usize, now: Micros) -> bool {
        let Self { web, lines, sources, names, datagram, .. } = self;
        let Some(wires) = web else { return false };
        let bytes = datagram.get(..length).unwrap_or_default();
        let from = (source, by == Protocol::Tcp);
        // A STUN message says whom it is for; the source of others has been proved by one.
        let named = (Kind::of(bytes) == Kind::Stun).then(|| addressee(bytes)).flatten();
        let known = named.and_then(|name| names.get(name)).or_else(|| sources.get(&from));
        let Some(place) = known.copied() else {
            self.counts.drop(Why::Stranger);
            return false;
        };
        let Some(line) = lines.get_mut(place).and_then(Option::as_deref_mut) else { return false };
        let Some(session) = &mut line.web else { return false };
        if !session.take(by, bytes, source, wires) {
            self.counts.drop(Why::Stranger);
            return false;
        }
        if sources.get(&from) != Some(&place) {
            sources.insert(from, place);
            line.sources.push(from);
            if line.sources.len() > SOURCES {
                let oldest = line.sources.remove(0);
                sources.remove(&oldest);
            }
        }
        self.heard_web(place, now);
        true
    }

    /// Packets that a session has unlocked go their way.
    fn heard_web(&mut self, place: usize, now: Micros) {
        let Some(session) = self.at(place).and_then(|line| line.web.as_mut()) else { return };
        let packets = session.came();
        for packet in &packets {
            let head = &packet.header;
            let coding = self.at(place).and_then(|line| line.pictures.coding(*head.payload_type));
            if let Some(coding) = coding {
                self.show(place, packet, coding, now);
                continue;
            }
            let plain = Packet {
                marker: head.marker,
                payload_type: *head.payload_type,
                sequence: head.sequence_number,
                timestamp: head.timestamp,
                ssrc: *head.ssrc,
                csrc: &[],
                extension: None,
                payload: &packet.payload,
                padding: 0,
            };
            let Ok(length) = plain.write(&mut self.datagram[..]) else { continue };
            if let Some(line) = self.at(place) {
                line.heard = now;
            }
            self.admitted(place, length, now);
        }
        let Some(session) = self.at(place).and_then(|line| line.web.as_mut()) else { return };
        session.keep(packets);
        if session.is_blind() {
            self.ask_whole(place);
        }
    }

    /// A packet of a picture goes on to those who see it.
    fn show(&mut self, place: usize, packet: &RtpPacket, coding: Coding, now: Micros) {
        let head = &packet.header;
        let plain = Packet {
            marker: head.marker,
            payload_type: *head.payload_type,
            sequence: head.sequence_number,
            timestamp: head.timestamp,
            ssrc: *head.ssrc,
            csrc: &[],
            extension: None,
            payload: &packet.payload,
            padding: 0,
        };
        let from = LegId(u32::try_from(place).unwrap_or(u32::MAX - 1));
        let mut nth = 0;
        while let Some(watcher) = self.at(place).and_then(|line| line.watchers.get(nth).copied()) {
            nth += 1;
            let Self { lines, web: Some(wires), counts, .. } = self else { return };
            let Some(line) = lines.get_mut(watcher).and_then(Option::as_deref_mut) else {
                continue;
            };
            let Some(number) = line.pictures.number(coding).filter(|_| line.pictures.sees) else {
                counts.drop(Why::Payload);
                continue;
            };
            let Some((screen, session)) = line.screen.as_mut().zip(line.web.as_mut()) else {
                continue;
            };
            let patch = screen.patch(from, now, &plain, number);
            if session.send(Of::Picture, &patch, packet.payload.clone(), wires) {
                counts.sent += 1;
            } else {
                counts.drop(Why::Unsent);
            }
        }
    }

    /// A browser sees another's picture from now on, if both have some.
    pub(super) fn watch(&mut self, place: usize, seen: usize) {
        let sees = |worker: &mut Self, place| {
            worker.at(place).is_some_and(|line| !line.pictures.codings().is_empty())
        };
        if !sees(self, place) || !sees(self, seen) {
            return;
        }
        if let Some(line) = self.at(place) {
            line.watches = Some(seen);
        }
        if let Some(line) = self.at(seen) {
            line.watchers.push(place);
        }
        self.ask_whole(place);
    }

    /// It sees none any more.
    pub(super) fn unwatch(&mut self, place: usize) {
        let seen = self.at(place).and_then(|line| line.watches.take());
        if let Some(line) = seen.and_then(|seen| self.at(seen)) {
            line.watchers.retain(|own| *own != place);
        }
    }

    /// Whoever is seen at this place is asked for a whole picture.
    fn ask_whole(&mut self, place: usize) {
        let Some(seen) = self.at(place).and_then(|line| line.watches) else { return };
        let Self { lines, web: Some(wires), .. } = self else { return };
        let line = lines.get_mut(seen).and_then(Option::as_deref_mut);
        if let Some(session) = line.and_then(|line| line.web.as_mut()) {
            session.ask_whole(wires);
        }
    }

    /// What the library waits for comes due.
    pub(super) fn pass_webs(&mut self, now: Micros) {
        if self.webs.is_empty() {
            return;
        }
        if let Some(wires) = &self.web {
            wires.flush();
        }
        let instant = clock::std_instant();
        for nth in 0..self.webs.len() {
            let Some(place) = self.webs.get(nth).copied() else { break };
            let Self { lines, web: Some(wires), .. } = self else { return };
            let line = lines.get_mut(place).and_then(Option::as_deref_mut);
            let session = line.and_then(|line| line.web.as_mut());
            if let Some(session) = session.filter(|session| session.is_due(instant)) {
                session.pass(wires);
                self.heard_web(place, now);
            }
        }
    }

    /// A browser's leg has come to this place, or has a new name.
    pub(super) fn take_web(&mut self, place: usize) {
        let Some(session) = self.at(place).and_then(|line| line.web.as_mut()) else { return };
        let Some(name) = session.name() else { return };
        self.names.insert(name, place);
        if !self.webs.contains(&place) {
            self.webs.push(place);
        }
    }

    /// A browser's leg has left this place.
    pub(super) fn leave_web(&mut self, place: usize) {
        if self.webs.contains(&place) {
            self.webs.retain(|own| *own != place);
            self.names.retain(|_, own| *own != place);
            self.sources.retain(|_, own| *own != place);
        }
    }

    /// Asks a browser's session.
    pub(super) fn ask_web(&mut self, leg: Leg, ask: Ask) -> Result<String, Refused> {
        let place = *self.places.get(&leg).ok_or(Refused)?;
        let session = self.at(place).and_then(|line| line.web.as_mut()).ok_or(Refused)?;
        let done = session.ask(ask)?;
        // A new name after a restart of ICE; the one before is good until the leg ends.
        self.take_web(place);
        if let Self { lines, web: Some(wires), .. } = self
            && let Some(line) = lines.get_mut(place).and_then(Option::as_deref_mut)
            && let Some(session) = &mut line.web
        {
            session.pass(wires);
        }
        Ok(done)
    }
}
