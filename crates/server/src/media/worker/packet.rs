//! What becomes of one datagram.

use super::super::codecs::Coding;
use super::super::line::Line;
use super::super::meter::{Counts, Why};
use super::super::tap::{PACKET, decode};
use super::Worker;
use facade::voice::plane::Noticed;
use media::dtmf::event::{Event, Heard};
use media::leg::LegId;
use media::rtcp::{Compound, Part};
use media::rtp::{HEADER, Kind, Packet};
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

impl Head {
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
        let socket = if control { &line.rtcp } else { &line.rtp };
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
        let Ok(packet) = Packet::read(bytes) else { return self.counts.drop(Why::NotRtp) };
        if let Err(dropped) = line.end.admit(source, now, &packet) {
            return self.counts.drop(dropped.into());
        }
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
                Coding::Opus | Coding::Keys => {}
            }
        }
        self.relay(place, head, coding, now);
    }

    /// Lets everybody hear a packet who hears this leg as it is.
    fn relay(&mut self, place: usize, head: Head, coding: Coding, now: Micros) {
        let mut nth = 0;
        while let Some(hearer) = self.hearer(place, nth) {
            nth += 1;
            let Self { lines, datagram, copy, counts, .. } = self;
            let Some(line) = lines.get_mut(hearer).and_then(Option::as_deref_mut) else { continue };
            if !line.way.hears || line.press.is_some() || !line.presses.is_empty() {
                continue;
            }
            let Some(address) = line.end.address() else { continue };
            let from = LegId(u32::try_from(place).unwrap_or(u32::MAX - 1));
            let payload = line.codecs.number(coding);
            let (number, packet) = match (payload, coding) {
                (Some(number), _) => (number, &mut datagram[..]),
                (None, Coding::Law(law)) => {
                    let Some((number, _)) = line.codecs.law() else {
                        counts.drop(Why::Payload);
                        continue;
                    };
                    copy[..head.length].copy_from_slice(&datagram[..head.length]);
                    if let Some(codes) = copy.get_mut(head.begin..head.end) {
                        law.transcode(codes);
                    }
                    (number, &mut copy[..])
                }
                _ => {
                    counts.drop(Why::Payload);
                    continue;
                }
            };
            let patch = line.end.patch(from, now, &head.packet, number);
            let Some(packet) = packet.get_mut(..head.length) else { continue };
            patch.apply(packet);
            send(line, packet, head.end - head.begin, address, counts);
        }
    }

    fn hearer(&self, place: usize, nth: usize) -> Option<usize> {
        self.lines.get(place)?.as_ref()?.hearers.get(nth).copied()
    }

    /// A report came.
    fn control(&mut self, place: usize, source: SocketAddr, length: usize, now: Micros) {
        let Some(line) = self.lines.get_mut(place).and_then(Option::as_deref_mut) else { return };
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

/// Sends a packet that is ready to a leg.
pub(super) fn send(
    line: &mut Line,
    packet: &mut [u8],
    payload: usize,
    address: SocketAddr,
    counts: &mut Counts,
) {
    if put(&line.rtp, packet, address) {
        counts.sent += 1;
        line.packets += 1;
        line.octets += payload as u64;
    } else {
        counts.drop(Why::Unsent);
    }
}

/// Whether the system took a datagram.
pub(super) fn put(socket: &UdpSocket, bytes: &[u8], address: SocketAddr) -> bool {
    socket.send_to(bytes, address).is_ok()
}
