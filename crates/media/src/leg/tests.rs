//! Phones at three addresses, a stranger at a fourth, and what the table makes of their packets.

use super::*;
use crate::seeded::Seeded;

const A: LegId = LegId(0);
const B: LegId = LegId(1);
const C: LegId = LegId(2);
const STRANGER: &str = "203.0.113.66:4000";

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn home(leg: LegId) -> SocketAddr {
    at(&format!("192.0.2.{}:4000", leg.0 + 1))
}

fn terms(leg: LegId) -> Terms {
    Terms {
        signalled: Some(home(leg)),
        symmetric: true,
        rate: 8_000,
        event: Some(101),
        ssrc: 0xAAAA_0000 + leg.0,
        sequence: 65_535,
        timestamp: 1_000,
    }
}

/// Three legs, the first two joined; the second calls events 96.
fn table() -> Table {
    let mut table = Table::new(3);
    for leg in [A, B, C] {
        assert!(table.open(leg, terms(leg)));
    }
    assert!(table.join(A, B, &[(0, 0), (101, 96)]));
    table
}

fn rtp(payload_type: u8, ssrc: u32, n: u16) -> Vec<u8> {
    let packet = Packet {
        marker: false,
        payload_type,
        sequence: n,
        timestamp: u32::from(n) * 160,
        ssrc,
        csrc: &[],
        extension: None,
        payload: &[0xFF; 160],
        padding: 0,
    };
    let mut out = vec![0; 200];
    let length = packet.write(&mut out).unwrap();
    out.truncate(length);
    out
}

/// Packet `n` of a voice, at `ms`.
fn says(table: &mut Table, leg: LegId, from: SocketAddr, ms: u64, n: u16) -> Verdict {
    table.packet_in(leg, from, Micros::from_millis(ms), &rtp(0, 7, n))
}

#[track_caller]
fn forwarded(verdict: Verdict) -> Forward {
    match verdict {
        Verdict::Forward(forward) => forward,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_packet_goes_to_the_other_side_under_our_own_name() {
    let mut table = table();
    let forward = forwarded(says(&mut table, A, home(A), 0, 500));
    assert_eq!((forward.to, forward.address, forward.event), (B, home(B), false));
    let mut bytes = rtp(0, 7, 500);
    forward.patch.apply(&mut bytes);
    let packet = Packet::read(&bytes).unwrap();
    assert_eq!((packet.ssrc, packet.sequence, packet.timestamp), (0xAAAA_0001, 65_535, 1_000));
    assert_eq!((packet.marker, packet.payload.len()), (true, 160));
    let next = forwarded(says(&mut table, A, home(A), 20, 501)).patch;
    assert_eq!((next.sequence, next.timestamp, next.marker), (0, 1_160, false));
}

#[test]
fn whoever_speaks_next_goes_on_with_the_same_stream() {
    let mut table = table();
    for n in 0..10 {
        says(&mut table, A, home(A), u64::from(n) * 20, n);
    }
    assert!(table.join(C, B, &[(0, 0)]));
    assert_eq!(says(&mut table, A, home(A), 200, 10), Verdict::Drop(Dropped::Alone));
    let patch = forwarded(says(&mut table, C, home(C), 1_180, 40_000)).patch;
    // Packet 9 was at 180 ms, a second ago.
    assert_eq!((patch.sequence, patch.timestamp), (9, 1_000 + 9 * 160 + 8_000));
    assert_eq!((patch.ssrc, patch.marker), (0xAAAA_0001, true));
    let again = table.packet_in(C, home(C), Micros::from_millis(1_200), &rtp(0, 8, 5));
    let patch = forwarded(again).patch;
    assert_eq!((patch.sequence, patch.marker), (10, true), "another SSRC of the same phone");
}

#[test]
fn a_sender_that_begins_anew_under_its_old_name_goes_on_too() {
    let mut table = table();
    forwarded(says(&mut table, A, home(A), 0, 20_000));
    let patch = forwarded(says(&mut table, A, home(A), 20, 3)).patch;
    assert_eq!((patch.sequence, patch.timestamp, patch.marker), (0, 1_160, true));
    assert_eq!(forwarded(says(&mut table, A, home(A), 40, 4)).patch.sequence, 1);
}

#[test]
fn late_packets_take_their_place() {
    let mut table = table();
    let mut numbers =
        [10, 12, 11, 13].map(|n| forwarded(says(&mut table, A, home(A), 0, n)).patch.sequence);
    assert_eq!(numbers, [65_535, 1, 0, 2]);
    numbers.sort_unstable();
    let switched = table.packet_in(A, home(A), Micros(0), &rtp(0, 9, 77));
    assert_eq!(forwarded(switched).patch.sequence, 3);
}

#[test]
fn events_get_the_others_number_or_are_handed_over() {
    let mut table = table();
    let forward = forwarded(table.packet_in(A, home(A), Micros(0), &rtp(101, 7, 1)));
    assert_eq!((forward.patch.payload_type, forward.event), (96, true));
    assert!(table.join(A, C, &[(0, 0)]));
    let verdict = table.packet_in(A, home(A), Micros(0), &rtp(101, 7, 2));
    assert_eq!(verdict, Verdict::Drop(Dropped::Event));
    let verdict = table.packet_in(A, home(A), Micros(0), &rtp(18, 7, 3));
    assert_eq!(verdict, Verdict::Drop(Dropped::Payload));
}

#[test]
fn strangers_are_dropped_and_never_sent_anything() {
    let mut table = table();
    forwarded(says(&mut table, A, home(A), 0, 1));
    for n in 0..100 {
        let verdict = says(&mut table, A, at(STRANGER), u64::from(n) * 20, n);
        assert_eq!(verdict, Verdict::Drop(Dropped::Stranger));
        forwarded(says(&mut table, A, home(A), u64::from(n) * 20, n));
    }
    assert_eq!(table.address(A), Some(home(A)));
}

#[test]
fn a_phone_behind_a_nat_is_latched_onto_after_three_packets_in_order() {
    let mut table = table();
    let seen = at("198.51.100.9:61000");
    let verdicts = [1, 2, 4, 5, 6].map(|n| says(&mut table, A, seen, u64::from(n) * 20, n));
    assert!(verdicts[..4].iter().all(|verdict| *verdict == Verdict::Drop(Dropped::Probation)));
    forwarded(verdicts[4]);
    assert_eq!(table.address(A), Some(seen));
    assert_eq!(forwarded(says(&mut table, B, home(B), 200, 1)).address, seen);
}

#[test]
fn another_port_of_the_signalled_machine_is_believed_at_once() {
    let mut table = table();
    forwarded(says(&mut table, A, at("192.0.2.1:9999"), 0, 1));
    assert_eq!(table.address(A), Some(at("192.0.2.1:9999")));
}

#[test]
fn who_was_vouched_for_takes_the_leg_back_from_a_quicker_stranger() {
    let mut table = table();
    for n in 1..4 {
        says(&mut table, A, at(STRANGER), 0, n);
    }
    assert_eq!(table.address(A), Some(at(STRANGER)));
    forwarded(says(&mut table, A, home(A), 20, 1));
    assert_eq!(table.address(A), Some(home(A)));
    assert_eq!(says(&mut table, A, at(STRANGER), 40, 4), Verdict::Drop(Dropped::Stranger));
}

/// Packets of a new source from `ms` on, after the old one's last at 0; whether the third gets through.
fn follows(from: &str, ms: u64) -> bool {
    let mut table = table();
    let old = at("198.51.100.9:61000");
    for n in 1..4 {
        says(&mut table, A, old, 0, n);
    }
    assert_eq!(table.address(A), Some(old));
    for n in 1..4 {
        says(&mut table, A, at(from), ms, n);
    }
    table.address(A) == Some(at(from))
}

#[test]
fn a_silent_phone_may_come_back_from_elsewhere() {
    assert!(!follows("198.51.100.9:61001", 499));
    assert!(follows("198.51.100.9:61001", 500));
    assert!(!follows(STRANGER, 2_999));
    assert!(follows(STRANGER, 3_000));
}

#[test]
fn one_source_is_on_probation_at_a_time() {
    let mut table = table();
    let (one, other) = (at("198.51.100.1:1"), at("198.51.100.2:2"));
    assert_eq!(says(&mut table, A, one, 0, 1), Verdict::Drop(Dropped::Probation));
    assert_eq!(says(&mut table, A, other, 10, 1), Verdict::Drop(Dropped::Stranger));
    assert_eq!(says(&mut table, A, one, 20, 2), Verdict::Drop(Dropped::Probation));
    // Who never keeps the order does not keep others out.
    assert_eq!(says(&mut table, A, one, 190, 9), Verdict::Drop(Dropped::Probation));
    assert_eq!(says(&mut table, A, other, 199, 1), Verdict::Drop(Dropped::Stranger));
    assert_eq!(says(&mut table, A, other, 200, 1), Verdict::Drop(Dropped::Probation));
}

#[test]
fn a_leg_that_may_not_be_symmetric_takes_its_own_address_alone() {
    let mut table = table();
    table.open(A, Terms { symmetric: false, ..terms(A) });
    table.join(A, B, &[(0, 0)]);
    for n in 0..10 {
        assert_eq!(says(&mut table, A, at("192.0.2.1:9"), 0, n), Verdict::Drop(Dropped::Stranger));
    }
    forwarded(says(&mut table, A, home(A), 0, 1));
}

#[test]
fn a_new_address_by_signalling_forgets_the_latch_and_the_same_one_does_not() {
    let mut table = table();
    let seen = at("198.51.100.9:61000");
    for n in 1..4 {
        says(&mut table, A, seen, 0, n);
    }
    table.signal(A, Some(home(A)));
    assert_eq!(table.address(A), Some(seen));
    table.signal(A, Some(home(C)));
    assert_eq!(table.address(A), Some(home(C)));
    assert_eq!(table.heard_at(A), None);
}

#[test]
fn nobody_is_sent_what_they_shall_not_hear() {
    let mut table = table();
    table.set_hears(B, false);
    assert_eq!(says(&mut table, A, home(A), 0, 1), Verdict::Drop(Dropped::Deaf));
    table.set_hears(B, true);
    table.signal(B, None);
    assert_eq!(says(&mut table, A, home(A), 0, 2), Verdict::Drop(Dropped::Deaf));
    table.close(B);
    assert_eq!(says(&mut table, A, home(A), 20, 3), Verdict::Drop(Dropped::Alone));
    assert_eq!(table.heard_at(A), Some(Micros::from_millis(20)));
    assert!(!table.join(A, A, &[]) && !table.join(A, B, &[]));
    assert_eq!(says(&mut table, LegId(3), home(A), 0, 3), Verdict::Drop(Dropped::NoLeg));
}

#[test]
fn reports_are_taken_from_whom_the_leg_is_with() {
    let mut table = table();
    let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
    assert_eq!(table.packet_in(A, home(A), Micros(0), &report), Verdict::Control);
    let verdict = table.packet_in(A, at(STRANGER), Micros(0), &report);
    assert_eq!(verdict, Verdict::Drop(Dropped::Stranger));
    let verdict = table.packet_in(A, home(A), Micros(0), &[0, 1, 2]);
    assert_eq!(verdict, Verdict::Drop(Dropped::NotRtp));
}

#[test]
fn whatever_comes_only_known_addresses_are_sent_to() {
    let sample = rtp(0, 7, 9);
    for seed in 0..200 {
        let mut chance = Seeded::new(seed);
        let mut table = table();
        let mut now = 0;
        for _ in 0..500 {
            now += chance.below(30) as u64;
            let leg = LegId(u32::try_from(chance.below(4)).unwrap());
            // Strangers lie at random and are never in order, so they are never believed.
            let (source, mut bytes) = match chance.below(3) {
                0 => (at(STRANGER), rtp(0, 666, u16::try_from(chance.below(30_000) * 2).unwrap())),
                1 => (home(leg), chance.spoiled(&sample)),
                _ => (home(leg), chance.bytes(40)),
            };
            let verdict = table.packet_in(leg, source, Micros::from_millis(now), &bytes);
            if let Verdict::Forward(forward) = verdict {
                assert_ne!(source, at(STRANGER));
                assert_eq!(forward.address, home(forward.to));
                forward.patch.apply(&mut bytes);
                assert_eq!(Packet::read(&bytes).unwrap().ssrc, terms(forward.to).ssrc);
            }
        }
    }
}
