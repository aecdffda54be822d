//! RFC 4475's torture messages, each doing what that RFC says, and thousands of mutants of them, doing no harm.

use sip::event::Event;
use sip::flow::{Flow, Transport};
use sip::message::{Framer, Message, Name, Response};
use sip::mint::Mint;
use sip::register::{Limits, Registrar};
use sip::sdp::Sdp;
use sip::time::Millis;

use crate::world::{Alone, config};

struct Case {
    section: String,
    name: String,
    expected: String,
    bytes: Vec<u8>,
}

/// The messages of `torture/rfc4475.txt`; its head says how they are written.
fn cases() -> Vec<Case> {
    let text = include_str!("torture/rfc4475.txt");
    text.split("==== ").skip(1).map(read).collect()
}

fn read(block: &str) -> Case {
    let (head, body) = block.split_once('\n').unwrap();
    let words: Vec<&str> = head.split(' ').collect();
    let [section, name, expected] = words[..] else { panic!("{head}") };
    let mut bytes = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find(['\\', '\n']) {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let tail = &rest[at..];
        let hex = tail.get(2..4).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let repeated = tail.strip_prefix("\\{").and_then(|inner| inner.split_once('}'));
        rest = match (hex.filter(|_| tail.starts_with("\\x")), repeated) {
            (Some(byte), _) => {
                bytes.push(byte);
                &tail[4..]
            }
            (None, Some((inner, after))) => {
                let (times, part) = inner.split_once('|').unwrap();
                bytes.extend_from_slice(part.repeat(times.parse().unwrap()).as_bytes());
                after
            }
            (None, None) if tail.starts_with('\n') => {
                bytes.extend_from_slice(b"\r\n");
                &tail[1..]
            }
            (None, None) => {
                bytes.push(b'\\');
                &tail[1..]
            }
        };
    }
    Case { section: section.into(), name: name.into(), expected: expected.into(), bytes }
}

/// What an endpoint does with a message that came as a datagram.
fn outcome(bytes: &[u8]) -> String {
    let mut alone = Alone::new(config("192.0.2.1"));
    alone.input(bytes);
    let shown = alone
        .told
        .iter()
        .any(|event| matches!(event, Event::Incoming { .. } | Event::Request { .. }));
    let last = alone.statuses().into_iter().rfind(|status| *status > 100);
    match (shown, last) {
        (true, None) => "user".into(),
        (false, Some(status)) => status.to_string(),
        (false, None) => match Message::parse(bytes) {
            Ok(Message::Response(_)) => "reads".into(),
            _ => "drop".into(),
        },
        (true, Some(status)) => format!("user and {status}"),
    }
}

#[test]
fn each_torture_message_does_what_the_rfc_says() {
    let cases = cases();
    assert_eq!(cases.len(), 48);
    let wrong: Vec<_> = cases
        .iter()
        .map(|case| (case, outcome(&case.bytes)))
        .filter(|(case, outcome)| *outcome != case.expected)
        .map(|(case, outcome)| {
            format!("{} {}: {outcome}, not {}", case.section, case.name, case.expected)
        })
        .collect();
    assert_eq!(wrong, [] as [String; 0]);
}

fn case(name: &str) -> Message {
    let cases = cases();
    let found = cases.iter().find(|case| case.name == name).unwrap();
    Message::parse(&found.bytes).unwrap()
}

/// §3.1.1.1: what the RFC says is in it.
#[test]
fn the_tortuous_invite_says_all_that_is_in_it() {
    let Message::Request(invite) = case("wsinv") else { panic!() };
    assert_eq!(invite.to().unwrap().tag(), Some("1918181833n"));
    assert_eq!(invite.from().unwrap().name.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(invite.hops(), 68);
    assert_eq!(invite.cseq().unwrap().to_string(), "9 INVITE");
    let vias: Vec<_> = invite.headers.list::<sip::message::Via>(&Name::Via).unwrap();
    let hops: Vec<_> = vias.iter().map(|via| (&*via.transport, &*via.host)).collect();
    assert_eq!(
        hops,
        [("UDP", "192.0.2.2"), ("TCP", "spindle.example.com"), ("UDP", "192.168.255.111")]
    );
    let contact = invite.contact().unwrap();
    assert_eq!(
        (contact.name.as_deref(), contact.params.get("q")),
        (Some("Quoted string \"\""), Some("0.33"))
    );
    let odd = invite.headers.get(&Name::Other("unknownheaderwithunusualvalue".into()));
    assert_eq!(odd, Some(";;,,;;,;"));
    assert_eq!(invite.body.len(), 150);
}

/// §3.1.1.8: the second request in the datagram is no request.
#[test]
fn what_follows_a_message_in_its_datagram_is_ignored() {
    let Message::Request(register) = case("dblreq") else { panic!() };
    assert!(register.body.is_empty());
}

/// §3.1.1.11 in short: a body with bytes of any value, NUL and line breaks alone among them.
#[test]
fn a_body_may_hold_any_bytes() {
    let mut bytes = b"MESSAGE sip:kumiko@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport\r\n\
        Max-Forwards: 70\r\nRoute: <sip:127.0.0.1:5080>\r\nTo: <sip:kumiko@example.org>\r\nFrom: <sip:fluffy@example.org>;tag=2fb0dcc9\r\n\
        Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..\r\nCSeq: 1 MESSAGE\r\nContent-Type: multipart/mixed;boundary=7a9cbec02ceef655\r\n\r\n"
        .to_vec();
    let body: Vec<u8> = (0..=255).collect();
    bytes.extend_from_slice(&body);
    let Ok(Message::Request(message)) = Message::parse(&bytes) else { panic!() };
    assert_eq!(message.body, body);
    assert_eq!(outcome(&bytes), "user");
}

/// §3.1.2.13 and §3.3.12 to §3.3.14: what a registrar makes of odd contacts.
#[test]
fn a_registrar_takes_odd_contacts_apart_as_the_rfc_says() {
    let flow = Flow { transport: Transport::Udp, id: 1, peer: "192.0.2.7:5060".parse().unwrap() };
    for (name, status, kept) in [
        ("regbadct", 400, None),
        ("cparam01", 200, Some("<sip:+19725552222@gw1.example.net>;unknownparam")),
        ("cparam02", 200, Some("<sip:+19725552222@gw1.example.net;unknownparam>")),
        ("regescrt", 200, Some("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>")),
        ("unksm2", 400, None),
    ] {
        let Message::Request(register) = case(name) else { panic!() };
        let mut registrar = Registrar::new(Limits::default(), &Mint::new([1; 32]));
        let (answer, _) = registrar.register(Millis(0), "user", &register, flow);
        let contact =
            answer.headers.get(&Name::Contact).map(|value| value.split(";expires").next().unwrap());
        assert_eq!((answer.status, contact), (status, kept), "{name}");
    }
}

/// Bytes are changed, doubled, cut and moved, always in the same way: nothing panics, hangs or grows, and what can still be
/// read is written so that it reads the same.
#[test]
fn mutants_do_no_harm() {
    let seeds: Vec<Vec<u8>> = cases().into_iter().map(|case| case.bytes).collect();
    let mut dice = 1_u64;
    let mut below = move |bound: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap() % bound.max(1)
    };
    let mut alone = Alone::new(config("192.0.2.1"));
    let mut readable = 0;
    for round in 0..20_000_u64 {
        let mut bytes = seeds[below(seeds.len())].clone();
        for _ in 0..=below(4) {
            let (at, other) = (below(bytes.len()), below(bytes.len()));
            let (from, to) = (at.min(other), at.max(other).min(at.min(other) + 40));
            match below(6) {
                0 => bytes[at] = b"\r\n\t \0\"<>;,:=@%\\\xff"[below(16)],
                1 => drop(bytes.drain(from..to)),
                2 => {
                    let part = bytes[from..to].to_vec();
                    bytes.splice(other..other, part);
                }
                3 => bytes.truncate(at.max(1)),
                4 => bytes.insert(at, u8::try_from(below(256)).unwrap()),
                _ => bytes.swap(at, other),
            }
        }
        if let Ok(message) = Message::parse(&bytes) {
            readable += 1;
            let again = Message::parse(&message.to_bytes());
            assert_eq!(
                again.as_ref(),
                Ok(&message),
                "round {round}: {}",
                String::from_utf8_lossy(&bytes)
            );
            if let Message::Request(request) = &message
                && let Ok(sdp) = Sdp::parse(&request.body)
            {
                let text = sdp.to_string();
                assert_eq!(Sdp::parse(text.as_bytes()).unwrap().to_string(), text, "round {round}");
            }
        }
        let mut framer = Framer::default();
        framer.push(&bytes);
        while framer.next().is_some() {}
        alone.input(&bytes);
        alone.sent.clear();
        if round % 100 == 0 {
            alone.wait(1_000);
        }
        // Whoever drives it refuses what comes in, so that nothing is left behind.
        for event in std::mem::take(&mut alone.told) {
            match event {
                Event::Incoming { call, .. } => {
                    let _ = alone.end.hang_up(alone.now, call, None);
                }
                Event::Request { tx, request, .. } => {
                    alone.end.respond(alone.now, tx, Response::to_request(&request, 404));
                }
                _ => {}
            }
            alone.drain();
        }
    }
    assert!(
        readable > 1_000,
        "only {readable} could be read: the mutants are too wild to prove anything"
    );
    for _ in 0..100 {
        alone.wait(1_000);
    }
    assert_eq!((alone.end.calls(), alone.end.transactions()), (0, 0));
}
