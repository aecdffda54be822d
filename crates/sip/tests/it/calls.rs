//! Calls from their first ring to their end, in good and bad weather.

use sip::digest::{Algorithm, Auth, Credentials, Gate, Secret, Verdict};
use sip::endpoint::Config;
use sip::event::{Cause, Event};
use sip::flow::Transport;
use sip::message::{Field, Headers, Message, Name, Response};
use sip::mint::Mint;
use sip::transaction::Limits;

use crate::world::{Alone, Pair, Side, Weather, config};

fn none() -> Headers {
    Headers::default()
}

#[test]
fn a_call_rings_is_answered_and_ends() {
    let mut pair = Pair::calm();
    let a = pair.call(Some("offer"));
    pair.run(100);
    let b = pair.incoming();
    pair.b.ring(pair.now, b, 180, &none(), None).unwrap();
    pair.run(1_000);
    pair.b.answer(pair.now, b, &none(), Some(b"answer".to_vec())).unwrap();
    pair.run(1_000);
    pair.a.hang_up(pair.now, a, None).unwrap();
    pair.run(1_000);
    assert_eq!(
        pair.story(),
        [
            "B incoming",
            "A progress 180",
            "A answered answer",
            "B connected",
            "A ended Here",
            "B ended There { reason: None }"
        ]
    );
    let lines: Vec<_> = pair
        .seen
        .iter()
        .map(|(_, line)| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            "INVITE sip:bob@192.0.2.2",
            "SIP/2.0 100",
            "SIP/2.0 180",
            "SIP/2.0 200",
            "ACK sip:192.0.2.2",
            "BYE sip:192.0.2.2",
            "SIP/2.0 200"
        ],
        "nothing is sent twice in good weather"
    );
    pair.assert_clean();
}

/// Whatever is lost, doubled or overtaken: both sides are told the same story, each part of it once, and forget it.
#[test]
fn bad_weather_changes_no_story() {
    for seed in 0..150 {
        let weather = Weather { loss: 25, doubled: 20, jitter: 300 };
        let mut pair = Pair::new(seed, Transport::Udp, weather);
        let a = pair.call(Some("offer"));
        pair.run(15_000);
        let b = pair.incoming();
        pair.b.ring(pair.now, b, 180, &none(), None).unwrap();
        pair.run(1_000);
        pair.b.answer(pair.now, b, &none(), Some(b"answer".to_vec())).unwrap();
        pair.run(25_000);
        pair.b.hang_up(pair.now, b, None).unwrap();
        pair.run(40_000);
        let story = pair.story();
        let told = |line: &str| story.iter().filter(|told| told.starts_with(line)).count();
        let once =
            ["B incoming", "A answered answer", "B connected", "B ended Here", "A ended There"];
        assert_eq!(once.map(told), [1; 5], "seed {seed}: {story:?}");
        assert!(pair.a.hang_up(pair.now, a, None).is_err());
        pair.assert_clean();
    }
}

#[test]
fn a_stream_in_pieces_carries_the_same_call() {
    for seed in 0..20 {
        let mut pair = Pair::new(seed, Transport::Tcp, Weather::default());
        let (a, _) = pair.established();
        pair.a.hang_up(pair.now, a, Some("Q.850;cause=16")).unwrap();
        pair.run(1_000);
        assert_eq!(
            pair.story(),
            ["A ended Here", "B ended There { reason: Some(\"Q.850;cause=16\") }"]
        );
        pair.assert_clean();
    }
}

#[test]
fn a_caller_who_gives_up_cancels() {
    let mut pair = Pair::calm();
    let a = pair.call(Some("offer"));
    pair.run(100);
    pair.a.hang_up(pair.now, a, None).unwrap();
    pair.run(1_000);
    assert_eq!(pair.story(), ["B incoming", "B ended Cancelled", "A ended Here"]);
    assert_eq!(
        (
            pair.count(Side::A, "CANCEL"),
            pair.count(Side::B, "SIP/2.0 487"),
            pair.count(Side::A, "ACK")
        ),
        (1, 1, 1)
    );
    pair.assert_clean();
}

#[test]
fn giving_up_before_anything_was_heard_waits_for_a_sign_of_life() {
    let mut pair = Pair::calm();
    let a = pair.call(Some("offer"));
    pair.a.hang_up(pair.now, a, None).unwrap();
    assert_eq!(pair.count(Side::A, "CANCEL"), 0);
    pair.run(1_000);
    assert_eq!(pair.story(), ["B incoming", "B ended Cancelled", "A ended Here"]);
    pair.assert_clean();
}

#[test]
fn giving_up_ends_even_if_the_other_side_is_gone() {
    let mut pair = Pair::calm();
    let a = pair.call(Some("offer"));
    pair.run(100);
    pair.dead = Some(Side::B);
    pair.a.hang_up(pair.now, a, None).unwrap();
    pair.run(40_000);
    assert_eq!(pair.story(), ["B incoming", "A ended Here"]);
    assert_eq!((pair.a.calls(), pair.a.transactions()), (0, 0));
}

#[test]
fn an_answer_that_crosses_the_giving_up_is_hung_up() {
    let mut pair = Pair::calm();
    let a = pair.call(Some("offer"));
    pair.run(100);
    let b = pair.incoming();
    pair.b.answer(pair.now, b, &none(), Some(b"answer".to_vec())).unwrap();
    pair.a.hang_up(pair.now, a, None).unwrap();
    pair.run(2_000);
    assert_eq!(
        pair.story(),
        ["B incoming", "A ended Here", "B connected", "B ended There { reason: None }"]
    );
    pair.assert_clean();
}

#[test]
fn a_refusal_says_why() {
    let mut pair = Pair::calm();
    pair.call(Some("offer"));
    pair.run(100);
    let b = pair.incoming();
    pair.b.reject(pair.now, b, 486, &none()).unwrap();
    assert!(pair.b.answer(pair.now, b, &none(), None).is_err(), "it is over");
    pair.run(1_000);
    assert_eq!(pair.story(), ["B incoming", "B ended Here", "A ended Refused 486"]);
    pair.assert_clean();
}

#[test]
fn a_side_that_is_not_there_is_given_up_after_32_seconds() {
    let mut pair = Pair::calm();
    pair.dead = Some(Side::B);
    pair.call(Some("offer"));
    pair.run(31_999);
    assert_eq!(pair.story(), [] as [&str; 0]);
    pair.run(1);
    assert_eq!(pair.story(), ["A ended TimedOut"]);
    assert_eq!(pair.count(Side::A, "INVITE"), 7);
    pair.assert_clean();
}

#[test]
fn an_answer_nobody_acknowledges_ends_the_call() {
    let mut pair = Pair::calm();
    pair.call(Some("offer"));
    pair.run(100);
    pair.dead = Some(Side::A);
    let b = pair.incoming();
    pair.b.answer(pair.now, b, &none(), Some(b"answer".to_vec())).unwrap();
    pair.run(40_000);
    assert!(pair.story().contains(&"B ended NotAcknowledged".to_owned()), "{:?}", pair.story());
    assert_eq!(pair.count(Side::B, "SIP/2.0 200"), 11, "it was repeated until then");
    assert!(pair.count(Side::B, "BYE") > 0);
}

#[test]
fn hanging_up_waits_for_the_acknowledgement() {
    let mut pair = Pair::calm();
    pair.call(Some("offer"));
    pair.run(100);
    let b = pair.incoming();
    pair.b.answer(pair.now, b, &none(), Some(b"answer".to_vec())).unwrap();
    pair.b.hang_up(pair.now, b, None).unwrap();
    pair.run(1_000);
    assert_eq!(
        pair.story(),
        [
            "B incoming",
            "A answered answer",
            "B connected",
            "B ended Here",
            "A ended There { reason: None }"
        ]
    );
    pair.assert_clean();
}

#[test]
fn of_two_devices_that_pick_up_the_first_has_the_call() {
    let mut alone = Alone::new(config("192.0.2.1"));
    let mut pair = Pair::calm();
    // Borrow the pair's invitation for an endpoint whose peers are played by hand.
    let mut wanted = None;
    pair.call_with(Some("offer"), |invite| wanted = Some(invite.clone()));
    let mut wanted = wanted.unwrap();
    wanted.flow = alone.flow;
    let call = alone.end.invite(alone.now, wanted).unwrap();
    alone.drain();
    let invite = alone.request("INVITE").unwrap();
    alone.reply(&invite, 180, "one");
    alone.reply(&invite, 180, "two");
    alone.reply(&invite, 200, "two");
    assert_eq!(alone.request("ACK").unwrap().uri.to_string(), "sip:two@192.0.2.7");
    alone.reply(&invite, 200, "one");
    assert_eq!(alone.request("ACK").unwrap().uri.to_string(), "sip:one@192.0.2.7");
    let bye = alone.request("BYE").unwrap();
    assert_eq!(
        (alone.requests("BYE"), bye.to().unwrap().tag().map(str::to_owned)),
        (1, Some("one".into()))
    );
    // The winner's answer again: only acknowledged again.
    alone.reply(&invite, 200, "two");
    assert_eq!((alone.requests("ACK"), alone.requests("BYE")), (3, 1));
    let answered =
        alone.told.iter().filter(|event| matches!(event, Event::Answered { .. })).count();
    assert_eq!(answered, 1);
    alone.end.hang_up(alone.now, call, None).unwrap();
    alone.drain();
    assert_eq!(alone.request("BYE").unwrap().to().unwrap().tag(), Some("two"));
}

#[test]
fn a_trunk_that_challenges_gets_the_password_once() {
    for (password, story) in [
        (
            "right",
            vec!["B incoming", "B ended Here", "B incoming", "A answered answer", "B connected"],
        ),
        (
            "wrong",
            vec!["B incoming", "B ended Here", "B incoming", "B ended Here", "A ended Refused 407"],
        ),
    ] {
        let mut pair = Pair::calm();
        let mut gate = Gate::new("trunk", &Mint::new([3; 32]));
        let secret = Secret::new(Algorithm::Sha256, "alice", "trunk", "right");
        pair.call_with(Some("offer"), |invite| {
            invite.credentials = Some(Credentials::new("alice", password));
        });
        for _ in 0..2 {
            pair.run(200);
            let b = pair.incoming();
            let invite = pair.told.iter().rev().find_map(|(_, event)| match event {
                Event::Incoming { invite, .. } => Some(invite.clone()),
                _ => None,
            });
            let invite = invite.unwrap();
            let given = invite.headers.one::<Auth>(&Name::ProxyAuthorization).unwrap();
            let verdict = given.map(|auth| gate.judge(pair.now, &auth, &invite.method, &secret));
            if verdict == Some(Verdict::Right) {
                pair.b.answer(pair.now, b, &none(), Some(b"answer".to_vec())).unwrap();
            } else {
                let mut headers = Headers::default();
                for challenge in gate.challenges(pair.now, &[Algorithm::Sha256], false) {
                    headers.push(Name::ProxyAuthenticate, challenge);
                }
                pair.b.reject(pair.now, b, 407, &headers).unwrap();
            }
        }
        pair.run(200);
        assert_eq!(pair.story(), story, "{password}");
    }
}

fn invite(branch: &str, from_tag: &str) -> String {
    format!(
        "INVITE sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch={branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:carol@192.0.2.7>;tag={from_tag}\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: {from_tag}\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:carol@192.0.2.7>\r\nContent-Length: 0\r\n\r\n"
    )
}

#[test]
fn too_much_is_refused_with_a_time_to_come_back() {
    for config in [
        Config { calls: 2, ..config("192.0.2.1") },
        Config { transactions: Limits { server: 2, client: 2 }, ..config("192.0.2.1") },
    ] {
        let mut alone = Alone::new(config);
        for n in 0..3 {
            alone.input(invite(&format!("z9hG4bKn{n}"), &format!("f{n}")).as_bytes());
        }
        let Some(Message::Response(last)) = alone.sent.last() else { panic!("no answer") };
        assert_eq!(last.status, 503);
        assert!(last.headers.has(&Name::RetryAfter) && last.to().unwrap().tag().is_some());
        assert_eq!(alone.end.calls(), 2);
    }
}

#[test]
fn calls_that_are_over_leave_room_for_others_while_late_copies_are_still_known() {
    let mut alone = Alone::new(Config { calls: 2, ..config("192.0.2.1") });
    for n in 0..10 {
        let invite = invite(&format!("z9hG4bKn{n}"), &format!("f{n}"));
        alone.input(invite.as_bytes());
        assert_eq!(alone.statuses(), [100], "call {n}");
        alone.input(
            invite.replace("INVITE sip", "CANCEL sip").replace("1 INVITE", "1 CANCEL").as_bytes(),
        );
        assert_eq!(alone.statuses(), [200, 487]);
        assert_eq!((alone.end.live(), alone.end.calls()), (0, 0));
        alone.input(invite.as_bytes());
        assert_eq!(alone.statuses(), [487], "it is told again what it was told");
    }
    assert_eq!(alone.end.transactions(), 20);
}

#[test]
fn the_same_request_by_another_way_is_a_loop() {
    let mut alone = Alone::new(config("192.0.2.1"));
    alone.input(invite("z9hG4bKone", "f").as_bytes());
    alone.input(invite("z9hG4bKone", "f").as_bytes());
    assert_eq!(alone.statuses(), [100, 100], "the same way: only repeated");
    alone.input(invite("z9hG4bKtwo", "f").as_bytes());
    assert_eq!(alone.statuses(), [482]);
}

#[test]
fn an_element_of_old_is_matched_without_a_branch() {
    let mut alone = Alone::new(config("192.0.2.1"));
    let old = invite("x", "f").replace(";branch=x", "");
    alone.input(old.as_bytes());
    alone.input(old.as_bytes());
    assert_eq!(alone.statuses(), [100, 100]);
    assert_eq!(alone.end.calls(), 1);
    alone.input(old.replace("INVITE sip", "CANCEL sip").replace("1 INVITE", "1 CANCEL").as_bytes());
    assert_eq!(alone.statuses(), [200, 487]);
}

#[test]
fn what_belongs_to_nothing_is_said_to() {
    let mut alone = Alone::new(config("192.0.2.1"));
    let stray = |method: &str, to: &str| {
        invite("z9hG4bKstray", "f").replace("INVITE", method).replace("To: <sip:bob@192.0.2.1>", to)
    };
    for method in ["CANCEL", "BYE", "UPDATE", "INFO", "PRACK"] {
        let text = stray(method, "To: <sip:bob@192.0.2.1>;tag=x").replace("stray", method);
        alone.input(text.as_bytes());
        assert_eq!(alone.statuses(), [481], "{method}");
    }
    alone.input(stray("ACK", "To: <sip:bob@192.0.2.1>;tag=x").as_bytes());
    assert_eq!(alone.statuses(), [] as [u16; 0], "nobody answers an ACK");
    let lone = Response::to_request(&alone_request(), 200);
    alone.input(&lone.to_bytes());
    assert!(alone.told.is_empty() && alone.sent.is_empty());
}

fn alone_request() -> sip::message::Request {
    match Message::parse(invite("z9hG4bKours", "f").as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_that_breaks_ends_what_waits_and_keeps_what_stands() {
    let mut pair = Pair::new(1, Transport::Ws, Weather::default());
    let (a, b) = pair.established();
    let flow = pair.flow(Side::A);
    pair.a.closed(pair.now, flow);
    pair.run(100);
    assert_eq!(pair.story(), [] as [&str; 0], "a call that stands may go on by another connection");
    pair.b.hang_up(pair.now, b, None).unwrap();
    pair.run(1_000);
    assert!(pair.a.hang_up(pair.now, a, None).is_err());
    pair.told.clear();
    pair.call(Some("offer"));
    let flow = pair.flow(Side::A);
    pair.a.closed(pair.now, flow);
    pair.run(0);
    assert!(
        matches!(&pair.told[..], [(Side::A, Event::Ended { cause: Cause::Lost, .. })]),
        "{:?}",
        pair.story()
    );
}

#[test]
fn a_malformed_response_says_nothing() {
    assert!(Auth::parse("Digest").is_err());
    let mut alone = Alone::new(config("192.0.2.1"));
    alone.input(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n");
    alone.input(b"\r\n");
    alone.input(b"\r\n\r\n");
    assert!(alone.told.is_empty() && alone.sent.is_empty());
    assert_eq!(alone.pongs, 1, "two blank lines are a question, one is none");
}
