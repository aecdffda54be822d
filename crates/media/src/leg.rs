//! The relay of plain legs: whose packet is it, where does it go, and what is changed in it. A pure table; each packet costs the
//! same and allocates nothing.
//!
//! **Whose.** The other end said by SDP where it is. Behind a NAT that is not where its packets come from, so a leg that may be
//! symmetric *latches* onto a source:
//!
//! | who sends | nothing latched | latched onto another |
//! |---|---|---|
//! | the address that was signalled | at once | at once: it was vouched for |
//! | its machine, another port | at once | when the latched one is silent for [`REBOUND`], after [`PROBATION`] packets |
//! | anybody else | after [`PROBATION`] packets in order | when it is silent for [`ABANDONED`], after [`PROBATION`] packets |
//!
//! A leg that may not be symmetric takes the signalled address alone. Packets of strangers are dropped, and nothing is ever sent to a
//! source that is neither signalled nor latched, so nobody can have our packets sent to a third.
//!
//! **What.** The far end hears one stream with one SSRC, whoever speaks: numbers and timestamps go on where the speaker before
//! left off, and the first packet is marked. Payload types become the far end's; events (RFC 4733) go through if it takes them.

use std::net::SocketAddr;

use crate::rtp::{Kind, Packet};
use crate::sequence::{AHEAD_LIMIT, BACK_LIMIT};
use crate::time::Micros;

/// Packets in order from one new source before it is believed.
pub const PROBATION: u8 = 3;
/// How long the latched source must be silent before another port of its machine may follow it.
pub const REBOUND: Micros = Micros::from_millis(500);
/// How long it must be silent before any other source may.
pub const ABANDONED: Micros = Micros::from_millis(3_000);
/// How long one source is on probation before another may try.
const TRIAL: Micros = Micros::from_millis(200);
/// No payload type.
const NONE: u8 = u8::MAX;

/// A place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u32);

/// Why a packet goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// There is no such leg.
    NoLeg,
    /// It is no RTP.
    NotRtp,
    /// Not from whom the leg is with.
    Stranger,
    /// Perhaps from whom the leg is with; not believed yet.
    Probation,
    /// The leg is joined to none.
    Alone,
    /// The far end shall hear nothing (hold), or it is not known where it is.
    Deaf,
    /// The far end does not take this payload.
    Payload,
    /// The far end takes no events; whoever drives this may tell it otherwise.
    Event,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Forward(Forward),
    /// RTCP of whom the leg is with: for the leg's own statistics.
    Control,
    /// It goes nowhere.
    Drop(Dropped),
}

/// Where a packet goes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// By that leg's socket.
    pub to: LegId,
    /// To there.
    pub address: SocketAddr,
    /// Changed so.
    pub patch: Patch,
    /// Whether it is an event (RFC 4733): [`crate::dtmf::event`] hears which.
    pub event: bool,
}

/// What is changed in a packet's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// See [`Packet::marker`].
    pub marker: bool,
    /// See [`Packet::payload_type`].
    pub payload_type: u8,
    /// See [`Packet::sequence`].
    pub sequence: u16,
    /// See [`Packet::timestamp`].
    pub timestamp: u32,
    /// See [`Packet::ssrc`].
    pub ssrc: u32,
}

impl Patch {
    /// Changes the packet it was made for, in place.
    pub fn apply(&self, packet: &mut [u8]) {
        let Some((_, head)) = packet.split_first_mut() else { return };
        let Some(head) = head.first_chunk_mut::<11>() else { return };
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [r0, r1, r2, r3] = self.ssrc.to_be_bytes();
        let kind = u8::from(self.marker) << 7 | self.payload_type & 0x7F;
        *head = [kind, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3];
    }
}

/// What is known of a leg when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Where its SDP says that it is; none while that is not known.
    pub signalled: Option<SocketAddr>,
    /// Whether it may be somewhere else, behind a NAT.
    pub symmetric: bool,
    /// The clock of its codec, in samples a second.
    pub rate: u32,
    /// Its payload type for events.
    pub event: Option<u8>,
    /// The SSRC of all that is sent to it: chance, and so are the next two.
    pub ssrc: u32,
    /// The first sequence number sent to it.
    pub sequence: u16,
    /// The first timestamp sent to it.
    pub timestamp: u32,
}

#[derive(Debug, Clone, Copy)]
struct Latch {
    from: SocketAddr,
    at: Micros,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    next: u16,
    count: u8,
    /// When its trial began.
    at: Micros,
}

/// What was sent to a leg, so that it goes on.
#[derive(Debug, Clone, Copy)]
struct Outgoing {
    /// Who speaks: leg and SSRC.
    from: Option<(LegId, u32)>,
    add_sequence: u16,
    add_timestamp: u32,
    /// The highest of each so far.
    sequence: u16,
    timestamp: u32,
    at: Option<Micros>,
}

/// One leg by itself: whose packets it takes, and what is sent to it.
#[derive(Debug, Clone)]
pub struct End {
    terms: Terms,
    latch: Option<Latch>,
    candidate: Option<Candidate>,
    out: Outgoing,
}

#[derive(Debug, Clone)]
struct Leg {
    end: End,
    peer: Option<LegId>,
    hears: bool,
    /// The far end's payload type for each of this leg's.
    payloads: [u8; 128],
}

/// All legs of one thread.
#[derive(Debug, Clone, Default)]
pub struct Table {
    legs: Vec<Option<Leg>>,
}

impl Table {
    /// Room for so many legs, [`LegId`] 0 and up.
    pub fn new(legs: u32) -> Self {
        Self { legs: (0..legs).map(|_| None).collect() }
    }

    /// A leg begins, joined to none. What was at its place is gone; tells whether there is such a place.
    pub fn open(&mut self, id: LegId, terms: Terms) -> bool {
        self.close(id);
        let leg = Leg { end: End::new(terms), peer: None, hears: true, payloads: [NONE; 128] };
        let place = usize::try_from(id.0).ok().and_then(|n| self.legs.get_mut(n));
        place.map(|place| *place = Some(leg)).is_some()
    }

    /// A leg is over; whoever was joined to it is alone.
    pub fn close(&mut self, id: LegId) {
        self.part(id);
        if let Some(place) = usize::try_from(id.0).ok().and_then(|n| self.legs.get_mut(n)) {
            *place = None;
        }
    }

    /// Two legs hear each other; whoever they were joined to is alone. `payloads` are pairs of what is the same for both: the
    /// first's payload type and the second's; anything else goes nowhere. Tells whether both legs are there, and are two.
    pub fn join(&mut self, a: LegId, b: LegId, payloads: &[(u8, u8)]) -> bool {
        if a == b || self.leg(a).is_none() || self.leg(b).is_none() {
            return false;
        }
        self.part(a);
        self.part(b);
        for (own, far, turned) in [(a, b, false), (b, a, true)] {
            let Some(leg) = self.leg_mut(own) else { continue };
            leg.peer = Some(far);
            leg.payloads = [NONE; 128];
            for (x, y) in payloads {
                let (from, to) = if turned { (*y, *x) } else { (*x, *y) };
                if let Some(place) = leg.payloads.get_mut(usize::from(from)).filter(|_| to < 128) {
                    *place = to;
                }
            }
        }
        true
    }

    /// A leg and whoever it is joined to hear each other no more.
    pub fn part(&mut self, id: LegId) {
        if let Some(far) = self.leg_mut(id).and_then(|leg| leg.peer.take())
            && let Some(far) = self.leg_mut(far).filter(|far| far.peer == Some(id))
        {
            far.peer = None;
        }
    }

    /// The other end says by SDP where it is now. If that is new, whoever was latched must prove themselves again.
    pub fn signal(&mut self, id: LegId, signalled: Option<SocketAddr>) {
        if let Some(leg) = self.leg_mut(id) {
            leg.end.signal(signalled);
        }
    }

    /// Whether anything is to be sent to a leg (not while it is on hold).
    pub fn set_hears(&mut self, id: LegId, hears: bool) {
        if let Some(leg) = self.leg_mut(id) {
            leg.hears = hears;
        }
    }

    /// Where packets to a leg go: where its own come from, else where it was signalled to be.
    pub fn address(&self, id: LegId) -> Option<SocketAddr> {
        self.leg(id)?.end.address()
    }

    /// When a packet last came from whom the leg is with.
    pub fn heard_at(&self, id: LegId) -> Option<Micros> {
        self.leg(id)?.end.heard_at()
    }

    /// A datagram came by a leg's socket.
    pub fn packet_in(
        &mut self,
        id: LegId,
        source: SocketAddr,
        now: Micros,
        bytes: &[u8],
    ) -> Verdict {
        match self.judge(id, source, now, bytes) {
            Ok(verdict) => verdict,
            Err(dropped) => Verdict::Drop(dropped),
        }
    }

    fn judge(
        &mut self,
        id: LegId,
        source: SocketAddr,
        now: Micros,
        bytes: &[u8],
    ) -> Result<Verdict, Dropped> {
        let leg = self.leg_mut(id).ok_or(Dropped::NoLeg)?;
        match Kind::of(bytes) {
            Kind::Rtp => {}
            Kind::Rtcp if leg.end.address() == Some(source) => return Ok(Verdict::Control),
            Kind::Rtcp => return Err(Dropped::Stranger),
            _ => return Err(Dropped::NotRtp),
        }
        let packet = Packet::read(bytes).map_err(|_| Dropped::NotRtp)?;
        leg.end.admit(source, now, &packet)?;
        let far_id = leg.peer.ok_or(Dropped::Alone)?;
        let event = leg.end.terms.event == Some(packet.payload_type);
        let payload = leg.payloads.get(usize::from(packet.payload_type)).copied();
        let payload_type = payload.filter(|to| *to != NONE).ok_or(if event {
            Dropped::Event
        } else {
            Dropped::Payload
        })?;
        let far = self.leg_mut(far_id).ok_or(Dropped::Alone)?;
        let address = far.end.address().filter(|_| far.hears).ok_or(Dropped::Deaf)?;
        let patch = far.end.patch(id, now, &packet, payload_type);
        Ok(Verdict::Forward(Forward { to: far_id, address, patch, event }))
    }

    fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(usize::try_from(id.0).ok()?)?.as_ref()
    }

    fn leg_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(usize::try_from(id.0).ok()?)?.as_mut()
    }
}

impl End {
    /// Nothing has come and nothing was sent.
    pub const fn new(terms: Terms) -> Self {
        let out = Outgoing {
            from: None,
            add_sequence: 0,
            add_timestamp: 0,
            sequence: terms.sequence.wrapping_sub(1),
            timestamp: terms.timestamp,
            at: None,
        };
        Self { terms, latch: None, candidate: None, out }
    }

    /// The SSRC of all that is sent to it.
    pub const fn ssrc(&self) -> u32 {
        self.terms.ssrc
    }

    /// The clock of its codec from now on, in samples a second.
    pub const fn set_rate(&mut self, rate: u32) {
        self.terms.rate = rate;
    }

    /// See [`Table::signal`].
    pub fn signal(&mut self, signalled: Option<SocketAddr>) {
        if self.terms.signalled != signalled {
            self.terms.signalled = signalled;
            (self.latch, self.candidate) = (None, None);
        }
    }

    /// When a packet last came from whom the leg is with.
    pub fn heard_at(&self) -> Option<Micros> {
        self.latch.map(|latch| latch.at)
    }

    /// The timestamp that a packet sent to it now would have; none before the first.
    pub fn timestamp(&self, now: Micros) -> Option<u32> {
        let passed = self.samples(now.since(self.out.at?));
        Some(self.out.timestamp.wrapping_add(passed))
    }

    fn samples(&self, span: Micros) -> u32 {
        let samples = u128::from(span.0) * u128::from(self.terms.rate) / 1_000_000;
        u32::try_from(samples & 0xFFFF_FFFF).unwrap_or(0)
    }

    /// Where packets to it go: where its own come from, else where it was signalled to be.
    pub fn address(&self) -> Option<SocketAddr> {
        self.latch.map(|latch| latch.from).or(self.terms.signalled)
    }

    /// Whether a packet is of whom the leg is with, by the table above.
    ///
    /// # Errors
    ///
    /// [`Dropped::Stranger`], [`Dropped::Probation`].
    pub fn admit(
        &mut self,
        source: SocketAddr,
        now: Micros,
        packet: &Packet,
    ) -> Result<(), Dropped> {
        if let Some(latch) = self.latch.as_mut().filter(|latch| latch.from == source) {
            latch.at = now.max(latch.at);
            return Ok(());
        }
        let signalled = self.terms.signalled;
        let vouched = signalled == Some(source);
        if !vouched && !self.terms.symmetric {
            return Err(Dropped::Stranger);
        }
        let machine = signalled.is_some_and(|signalled| signalled.ip() == source.ip());
        let at_once = vouched || machine && self.latch.is_none();
        if !at_once {
            if let Some(latch) = self.latch {
                let patience =
                    if machine || latch.from.ip() == source.ip() { REBOUND } else { ABANDONED };
                if now.since(latch.at) < patience {
                    return Err(Dropped::Stranger);
                }
            }
            self.try_out(source, now, packet)?;
        }
        self.candidate = None;
        self.latch = Some(Latch { from: source, at: now });
        Ok(())
    }

    fn try_out(&mut self, source: SocketAddr, now: Micros, packet: &Packet) -> Result<(), Dropped> {
        let fresh = Candidate {
            from: source,
            ssrc: packet.ssrc,
            next: packet.sequence.wrapping_add(1),
            count: 1,
            at: now,
        };
        let candidate = match self.candidate {
            Some(old) if old.from == source => {
                let follows = old.ssrc == packet.ssrc && old.next == packet.sequence;
                let count = if follows { old.count.saturating_add(1) } else { 1 };
                // The trial began with its first packet, however many times it fails.
                let over = now.since(old.at) >= TRIAL;
                Candidate { count, at: if over { now } else { old.at }, ..fresh }
            }
            // Another is being tried out: one at a time, or a flood would let nobody through.
            Some(old) if now.since(old.at) < TRIAL => return Err(Dropped::Stranger),
            _ => fresh,
        };
        self.candidate = Some(candidate);
        if candidate.count < PROBATION { Err(Dropped::Probation) } else { Ok(()) }
    }

    /// What a packet that is sent to this leg must look like. `from` says who speaks; what the house itself plays or presses
    /// speaks under a name of its own.
    pub fn patch(&mut self, from: LegId, now: Micros, packet: &Packet, payload_type: u8) -> Patch {
        let speaker = Some((from, packet.ssrc));
        let out = &self.out;
        let next = packet.sequence.wrapping_add(out.add_sequence);
        // A sender that begins anew under its old name leaps, too.
        let leaps = next.wrapping_sub(out.sequence) > AHEAD_LIMIT
            && out.sequence.wrapping_sub(next) > BACK_LIMIT;
        let changed = out.from != speaker || leaps;
        // Time went by while nobody spoke, at least a sample.
        let passed = out.at.filter(|_| changed).map_or(0, |at| self.samples(now.since(at)).max(1));
        let out = &mut self.out;
        if changed {
            out.from = speaker;
            out.add_sequence = out.sequence.wrapping_add(1).wrapping_sub(packet.sequence);
            out.add_timestamp = out.timestamp.wrapping_add(passed).wrapping_sub(packet.timestamp);
        }
        let sequence = packet.sequence.wrapping_add(out.add_sequence);
        let timestamp = packet.timestamp.wrapping_add(out.add_timestamp);
        // A late packet takes its place, and moves nothing.
        if sequence.wrapping_sub(out.sequence).cast_signed() > 0 {
            // An event keeps the timestamp of its beginning, and so do we: who speaks next goes on from there.
            if timestamp != out.timestamp || out.at.is_none() {
                out.at = Some(now);
            }
            (out.sequence, out.timestamp) = (sequence, timestamp);
        }
        let marker = packet.marker || changed;
        Patch { marker, payload_type, sequence, timestamp, ssrc: self.terms.ssrc }
    }
}

#[cfg(test)]
mod tests;
