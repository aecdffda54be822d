//! Compounds whole, broken and made up.

use super::*;
use crate::seeded::Seeded;

const SENT: Sent =
    Sent { ntp: 0x1234_5678_9ABC_DEF0, timestamp: 8_000, packets: 50, octets: 8_000 };
const REPORT: Report = Report {
    ssrc: 7,
    fraction: 64,
    lost: -3,
    highest: 0x1_0005,
    jitter: 12,
    last_report: 0x5678_9ABC,
    delay: 65_536,
};

fn sample() -> Vec<u8> {
    let mut out = [0; 256];
    let mut writer = Writer::new(&mut out);
    writer.sender(1, SENT, &[REPORT, Report::default()]).unwrap();
    writer.name(1, "sangdam@example").unwrap();
    writer.goodbye(&[1, 2], Some("bye")).unwrap();
    let length = writer.finish().unwrap();
    out[..length].to_vec()
}

#[test]
fn what_is_written_is_read_again() {
    let bytes = sample();
    let parts: Vec<_> = Compound::read(&bytes).unwrap().collect();
    let [Part::Sender { ssrc: 1, sent: SENT, reports }, Part::Description(names), last] = parts[..]
    else {
        panic!("{parts:?}")
    };
    assert_eq!(reports.iter().collect::<Vec<_>>(), [REPORT, Report::default()]);
    assert_eq!(names.iter().collect::<Vec<_>>(), [(1, &b"sangdam@example"[..])]);
    let sources = &[0, 0, 0, 1, 0, 0, 0, 2][..];
    assert_eq!(last, Part::Goodbye { sources, reason: Some(b"bye") });
}

#[test]
fn losses_keep_their_sign_and_their_24_bits() {
    for (lost, read) in
        [(-1, -1), (0x7F_FFFF, 0x7F_FFFF), (i32::MAX, 0x7F_FFFF), (i32::MIN, -0x80_0000)]
    {
        let mut out = [0; 64];
        let mut writer = Writer::new(&mut out);
        writer.receiver(1, &[Report { lost, ..REPORT }]).unwrap();
        let Some(Part::Receiver { reports, .. }) = Compound::read(&out[..32]).unwrap().next()
        else {
            panic!()
        };
        assert_eq!(reports.iter().next().unwrap().lost, read);
    }
}

#[test]
fn a_compound_begins_with_a_report_and_has_a_name() {
    let mut out = [0; 256];
    let mut writer = Writer::new(&mut out);
    assert_eq!(writer.name(1, "a"), Err(Bad::Field));
    assert_eq!(writer.goodbye(&[1], None), Err(Bad::Field));
    writer.receiver(1, &[]).unwrap();
    assert_eq!(writer.finish(), Err(Bad::Field));
    let bytes = sample();
    assert_eq!(Compound::read(&bytes[76..]), Err(Bad::Field), "the description alone");
    assert_eq!(Compound::read(&[]), Err(Bad::Short));
}

#[test]
fn what_does_not_fit_leaves_the_compound_as_it_was() {
    let mut out = [0; 32];
    let mut writer = Writer::new(&mut out);
    writer.receiver(1, &[]).unwrap();
    assert_eq!(writer.name(1, "a name that is too long"), Err(Bad::Short));
    assert_eq!(writer.receiver(1, &[REPORT; 32]), Err(Bad::Field));
    writer.name(1, "short").unwrap();
    let length = writer.finish().unwrap();
    assert_eq!(Compound::read(&out[..length]).unwrap().count(), 2);
}

#[test]
fn names_fill_up_to_the_next_word() {
    for length in 0..9 {
        let mut out = [0xFF; 64];
        let mut writer = Writer::new(&mut out);
        writer.receiver(1, &[]).unwrap();
        writer.name(2, &"x".repeat(length)).unwrap();
        let end = writer.finish().unwrap();
        let Some(Part::Description(names)) = Compound::read(&out[..end]).unwrap().nth(1) else {
            panic!()
        };
        assert_eq!(names.iter().next().unwrap().1.len(), length);
    }
}

#[test]
fn each_chunk_of_a_description_begins_on_a_word() {
    let report = [0x80, RECEIVER, 0, 1, 0, 0, 0, 9];
    let head = [0x82, DESCRIPTION, 0, 6];
    let one = [0, 0, 0, 1, CNAME, 2, b'a', b'b', 0, 0, 0, 0];
    let two = [0, 0, 0, 2, 2, 1, b'x', CNAME, 1, b'c', 0, 0];
    let bytes = [&report[..], &head, &one, &two].concat();
    let Some(Part::Description(names)) = Compound::read(&bytes).unwrap().nth(1) else { panic!() };
    assert_eq!(names.iter().collect::<Vec<_>>(), [(1, &b"ab"[..]), (2, &b"c"[..])]);
}

#[test]
fn only_the_last_part_may_be_padded() {
    let padded = [0xA0, RECEIVER, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    assert_eq!(Compound::read(&padded).unwrap().count(), 1);
    assert_eq!(Compound::read(&[padded, padded].concat()), Err(Bad::Padding));
    let mut none = padded;
    none[11] = 0;
    assert_eq!(Compound::read(&none), Err(Bad::Padding));
}

#[test]
fn lengths_that_do_not_add_up_are_refused() {
    let bytes = sample();
    assert_eq!(Compound::read(&bytes[..bytes.len() - 1]), Err(Bad::Short));
    let mut counted = bytes.clone();
    counted[0] |= 3;
    assert_eq!(Compound::read(&counted), Err(Bad::Short));
}

#[test]
fn broken_compounds_are_refused_or_read_but_never_worse() {
    let sample = sample();
    let mut chance = Seeded::new(2);
    for _ in 0..100_000 {
        let bytes = chance.spoiled(&sample);
        let Ok(compound) = Compound::read(&bytes) else { continue };
        for part in compound {
            match part {
                Part::Sender { reports, .. } | Part::Receiver { reports, .. } => {
                    assert!(reports.iter().count() <= COUNT_LIMIT);
                }
                Part::Description(names) => assert!(names.iter().count() <= COUNT_LIMIT),
                Part::Goodbye { .. } | Part::Other(_) => {}
            }
        }
    }
}

#[test]
fn reports_are_some_five_seconds_apart() {
    assert_eq!(interval(0), Micros(2_052_073));
    assert!(interval(u32::MAX) < Micros(6_160_000));
}
