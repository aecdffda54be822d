//! What becomes of one datagram.

use super::super::codecs::Coding;
use super::super::line::Line;
use super::super::meter::{Counts, Why};
use super::super::tap::{PACKET, decode};
use super::super::web::Of;
use super::super::wires::Wires;
use super::Worker;
use facade::voice::plane::Noticed;
use media::dtmf::event::{Event, Heard};
use media::leg::{LegId, Patch};
use media::rtcp::{Compound, Part};
use media::rtp::{HEADER, Kind, Packet};
use media::sound::RATE;
use media::stats::Arrival;
use media::time::Micros;
use std::net::{SocketAddr, UdpSocket};

/// The most keys that are told of a leg within a second.
const KEYS: u32 = 40;

/// A packet's head, and where its payload lies.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) packet: Packet<'static>,
    begin: usize,
    end: usize,
    length: usize,
}

/// Where in a buffer a packet ends, and where its payload lies.
pub(super) struct Cut {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) length: usize,
}

impl Head {
    /// Where it ends, and where its payload lies.
    const fn cut(&self) -> Cut {
        Cut { begin: self.begin, end: self.end, length: self.length }
    }

    fn of(packet: &Packet, length: usize) -> Self {
        let extension = packet.extension.map_or(0, |extension| 4 + extension.data.len());
        let begin = HEADER + packet.csrc.len() + extension;
        let bare = Packet {
            marker: packet.marker,
            payload_type: packet.payload_type,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            csrc: &[],
            extension: None,
            payload: &[],
            padding: 0,
        };
        Self { packet: bare, begin, end: begin + packet.payload.len(), length }
    }
}

impl Worker {
    /// One datagram is there; `name` says by which socket.
    pub(super) fn datagram(&mut self, name: u64, now: Micros) {
        let [lower, turn] = [name & 0xFFFF_FFFF, name >> 32];
        let Ok(place) = usize::try_from(lower >> 1) else { return };
        if self.turns.get(place).map(|own| u64::from(*own)) != Some(turn) {
            return;
        }
        let Some(line) = self.lines.get_mut(place).and_then(Option::as_deref_mut) else { return };
        let control = lower & 1 == 1;
        let Some((rtp, rtcp)) = &line.sockets else { return };
        let socket = if control { rtcp } else { rtp };
        // What the system tells instead of a datagram is of one that we sent: a phone that is gone falls silent, too.
        let Ok((length, source)) = socket.recv_from(&mut self.datagram[..]) else { return };
        self.load += 1;
        self.counts.received += 1;
        if control {
            self.control(place, source, length, now);
        } else {
            self.packet(place, source, length, now);
        }
    }

    fn packet(&mut self, place: usize, source: SocketAddr, length: usize, now: Micros) {
        let Some(line) = self.lines.get_mut(place).and_then(Option::as_deref_mut) else { return };
        let bytes = self.datagram.get(..length).unwrap_or_default();
        match Kind::of(bytes) {
            Kind::Rtp => {}
            Kind::Rtcp if line.mux => return self.control(place, source, length, now),
            _ => return self.counts.drop(Why::NotRtp),
        }
        let mut length = length;
        if let Some(guard) = &mut line.guard {
            let unlocked = self.datagram.get_mut(..length).and_then(|bytes| guard.unlock(bytes));
            let Some(unlocked) = unlocked else { return self.counts.drop(Why::Forged) };
            length = unlocked;
        }
        let bytes = self.datagram.get(..length).unwrap_or_default();
        let Ok(packet) = Packet::read(bytes) else { return self.counts.drop(Why::NotRtp) };
        if let Err(dropped) = line.end.admit(source, now, &packet) {
            return self.counts.drop(dropped.into());
        }
        self.admitted(place, length, now);
    }

    /// A packet that is of whom the leg is with stands at the beginning of the buffer.
    pub(super) fn admitted(&mut self, place: usize, length: usize, now: Micros) {
        let Some(line) = self.lines.get_mut(place).and_then(Option::as_deref_mut) else { return };
        let bytes = self.datagram.get(..length).unwrap_or_default();
        let Ok(packet) = Packet::read(bytes) else { return self.counts.drop(Why::NotRtp) };
        let Some(coding) = line.codecs.coding(packet.payload_type) else {
            return self.counts.drop(Why::Payload);
        };
        let Packet { ssrc, sequence, timestamp, .. } = packet;
        let keys = coding == Coding::Keys;
        match line.stats.on_packet(now, ssrc, sequence, timestamp, keys) {
            Arrival::Fresh(_) | Arrival::Late(_) => {}
            Arrival::Double | Arrival::Leap => return self.counts.drop(Why::Double),
        }
        line.silent_told = 0;
        let head = Head::of(&packet, length);
        if keys && let Some(event) = Event::read(packet.payload) {
            let heard = line.keys.on_packet(timestamp, event);
            for heard in heard.into_iter().flatten() {
                if let Heard::Pressed(key) = heard
                    && line.keys_told < KEYS
                {
                    line.keys_told += 1;
                    let _ = self.tell.send(Noticed::Key(line.leg, key.as_char()));
                }
            }
        }
        if let Some(tap) = &mut line.tap {
            match coding {
                Coding::Law(law) => {
                    let mut sound = [0; PACKET];
                    let count = decode(law, packet.payload, &mut sound);
                    tap.put(ssrc, timestamp, sound.get(..count).unwrap_or_default());
                }
                Coding::Opus => {
                    let mut sound = [0; PACKET];
                    let decoder = &mut line.decoder;
                    if decoder.is_none() {
                        *decoder = opus::Decoder::new(RATE, opus::Channels::Mono).ok();
                    }
                    let decoded = decoder
                        .as_mut()
                        .and_then(|decoder| decoder.decode(packet.payload, &mut sound, false).ok());
                    let sound = sound.get(..decoded.unwrap_or(0)).unwrap_or_default();
                    // Opus counts by 48,000 (RFC 7587 §4.1).
                    tap.put(ssrc, timestamp / 6, sound);
                }
                Coding::Keys => {}
            }
        }
        self.relay(place, head, coding, now);
    }

    /// Lets everybody hear a packet who hears this leg as it is.
    fn relay(&mut self, place: usize, head: Head, coding: Coding, now: Micros) {
        let mut nth = 0;
        while let Some(hearer) = self.hearer(place, nth) {
            nth += 1;
            let Self { lines, datagram, copy, counts, web, .. } = self;
            let Some(line) = lines.get_mut(hearer).and_then(Option::as_deref_mut) else { continue };
            if !line.way.hears || line.press.is_some() || !line.presses.is_empty() {
                continue;
            }
            let from = LegId(u32::try_from(place).unwrap_or(u32::MAX - 1));
            let (number, turn) = match (line.codecs.number(coding), coding, line.codecs.law()) {
                (Some(number), ..) => (number, None),
                (None, Coding::Law(law), Some((number, _))) => (number, Some(law)),
                _ => {
                    counts.drop(Why::Payload);
                    continue;
                }
            };
            // What is changed for one hearer alone is changed in a copy.
            let packet = if turn.is_some() || line.guard.is_some() {
                let from = datagram.get(..head.length).unwrap_or_default();
                copy.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                if let (Some(law), Some(codes)) = (turn, copy.get_mut(head.begin..head.end)) {
                    law.transcode(codes);
                }
                &mut copy[..]
            } else {
                &mut datagram[..]
            };
            let patch = line.end.patch(from, now, &head.packet, number);
            patch.apply(packet);
            send(line, packet, &head.cut(), &patch, web.as_ref(), counts);
        }
    }

    fn hearer(&self, place: usize, nth: usize) -> Option<usize> {
        self.lines.get(place)?.as_ref()?.hearers.get(nth).copied()
    }

    /// A report came.
    fn control(&mut self, place: usize, source: SocketAddr, length: usize, now: Micros) {
        let Some(line) = self.lines.get_mut(place).and_then(Option::as_deref_mut) else { return };
        let mut length = length;
        if let Some(guard) = &mut line.guard {
            let bytes = self.datagram.get_mut(..length);
            let Some(unlocked) = bytes.and_then(|bytes| guard.unlock_report(bytes)) else {
                return self.counts.drop(Why::Forged);
            };
            length = unlocked;
        }
        let bytes = self.datagram.get(..length).unwrap_or_default();
        // By the machine that its packets come from; the port is its own affair.
        let known = line.end.address().is_some_and(|own| own.ip() == source.ip());
        if !known || Kind::of(bytes) != Kind::Rtcp {
            return self.counts.drop(if known { Why::NotRtp } else { Why::Stranger });
        }
        let Ok(compound) = Compound::read(bytes) else { return self.counts.drop(Why::NotRtp) };
        line.reports_to = Some(source);
        let own = line.end.ssrc();
        for part in compound {
            let reports = match part {
                Part::Sender { sent, reports, .. } => {
                    line.stats.on_sent(now, sent);
                    reports
                }
                Part::Receiver { reports, .. } => reports,
                _ => continue,
            };
            for report in reports.iter().filter(|report| report.ssrc == own) {
                line.stats.on_report(now, &report);
            }
        }
    }
}

/// Sends what stands at the beginning of a buffer to a leg, locked if it must be; the buffer has room for that.
pub(super) fn send(
    line: &mut Line,
    buffer: &mut [u8],
    cut: &Cut,
    patch: &Patch,
    web: Option<&Wires>,
    counts: &mut Counts,
) {
    let sent = match (&mut line.web, web, &line.sockets) {
        (Some(session), Some(socket), _) => buffer
            .get(cut.begin..cut.end)
            .is_some_and(|payload| session.send(Of::Sound, patch, payload, socket)),
        (None, _, Some((socket, _))) => {
            let length = match &mut line.guard {
                Some(guard) => guard.lock(buffer, cut.length),
                None => Some(cut.length),
            };
            let packet = length.and_then(|length| buffer.get(..length));
            line.end.address().zip(packet).is_some_and(|(to, packet)| put(socket, packet, to))
        }
        _ => false,
    };
    if sent {
        counts.sent += 1;
        line.packets += 1;
        line.octets += (cut.end - cut.begin) as u64;
    } else {
        counts.drop(Why::Unsent);
    }
}

/// Whether the system took a datagram.
pub(super) fn put(socket: &UdpSocket, bytes: &[u8], address: SocketAddr) -> bool {
    socket.send_to(bytes, address).is_ok()
}
