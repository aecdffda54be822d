//! What is looked after once a second: who has fallen silent, reports, counts.

use super::Worker;
use super::packet::put;
use crate::chance;
use facade::voice::plane::Noticed;
use media::rtcp::{Sent, Writer, interval};
use media::time::Micros;
use std::net::SocketAddr;

impl Worker {
    /// A second went by.
    pub(super) fn round(&mut self, now: Micros) {
        self.meters.add(&mut self.counts);
        if let Some(wires) = &self.web {
            wires.round(now);
        }
        // Those who could not be taken when they came.
        self.accept(now);
        for place in 0..self.lines.len() {
            self.look_after(place, now);
        }
    }

    fn look_after(&mut self, place: usize, now: Micros) {
        let (silence, tell) = (self.silence, self.tell.clone());
        let Some(line) = self.at(place) else { return };
        line.keys_told = 0;
        if line.way.sends {
            let heard = line.heard_at().max(line.since);
            let silent = now.since(heard).0 / 1_000;
            // Told once for each whole span.
            let spans = silent.checked_div(silence).unwrap_or(0);
            if spans > line.silent_told {
                let _ = tell.send(Noticed::Silent(line.leg, silent));
            }
            line.silent_told = spans;
        }
        if now >= line.next_report {
            let mut random = [0; 4];
            chance::fill(&mut random);
            line.next_report = now.plus(interval(u32::from_be_bytes(random)));
            self.report(place, now);
        }
    }

    /// Tells the other end what we send and how we receive it.
    fn report(&mut self, place: usize, now: Micros) {
        let Some(line) = self.lines.get_mut(place).and_then(Option::as_deref_mut) else { return };
        // A browser's session reports by itself.
        let Some((rtp, rtcp)) = &line.sockets else { return };
        let Some(address) = line.end.address() else { return };
        let next = SocketAddr::new(address.ip(), address.port().saturating_add(1));
        let to = if line.mux { address } else { line.reports_to.unwrap_or(next) };
        let ssrc = line.end.ssrc();
        let received = line.stats.report(now);
        let received = received.as_slice();
        let mut bytes = [0; 256];
        let mut writer = Writer::new(&mut bytes);
        let written = match line.end.timestamp(now) {
            Some(timestamp) => {
                let [packets, octets] = [line.packets, line.octets]
                    .map(|n| u32::try_from(n & 0xFFFF_FFFF).unwrap_or(0));
                let sent = Sent { ntp: now.ntp(), timestamp, packets, octets };
                writer.sender(ssrc, sent, received)
            }
            None => writer.receiver(ssrc, received),
        };
        let name = format!("{ssrc:08x}@sangdam");
        let length = written.and_then(|()| writer.name(ssrc, &name)).and_then(|()| writer.finish());
        let length = match (&mut line.guard, length.ok()) {
            (Some(guard), Some(length)) => guard.lock_report(&mut bytes, length),
            (_, length) => length,
        };
        if let Some(bytes) = length.and_then(|length| bytes.get(..length)) {
            put(if line.mux { rtp } else { rtcp }, bytes, to);
        }
    }
}
