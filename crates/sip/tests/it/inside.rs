//! What happens inside of a call that stands.

use sip::event::Event;
use sip::flow::Transport;
use sip::message::{Address, Headers, Method, Name, Response};
use sip::time::Millis;

use crate::world::{Pair, Side, Weather, uri};

fn none() -> Headers {
    Headers::default()
}

#[test]
fn a_session_is_changed_by_offer_and_answer() {
    let mut pair = Pair::calm();
    let (a, b) = pair.established();
    pair.a.offer(pair.now, a, b"hold".to_vec()).unwrap();
    assert!(pair.a.offer(pair.now, a, b"more".to_vec()).is_err(), "one at a time");
    pair.run(100);
    pair.b.accept(pair.now, b, b"held".to_vec()).unwrap();
    pair.run(1_000);
    pair.b.offer(pair.now, b, b"other".to_vec()).unwrap();
    pair.run(100);
    pair.a.refuse(pair.now, a, 488).unwrap();
    pair.run(1_000);
    assert_eq!(
        pair.story(),
        ["B offer hold", "A answer held", "A offer other", "B offer refused 488"]
    );
    pair.a.hang_up(pair.now, a, None).unwrap();
    pair.assert_clean();
}

#[test]
fn offers_that_meet_are_both_tried_again_at_different_times() {
    for seed in 0..20 {
        let mut pair = Pair::new(seed, Transport::Udp, Weather::default());
        let (a, b) = pair.established();
        pair.a.offer(pair.now, a, b"from a".to_vec()).unwrap();
        pair.b.offer(pair.now, b, b"from b".to_vec()).unwrap();
        for _ in 0..60 {
            pair.run(100);
            let asked: Vec<Side> = pair
                .told
                .iter()
                .filter(|(_, e)| matches!(e, Event::Offer { .. }))
                .map(|(side, _)| *side)
                .collect();
            for side in asked {
                let (now, call) = (pair.now, if side == Side::A { a } else { b });
                let _ = pair.side(side).accept(now, call, b"yes".to_vec());
            }
        }
        assert_eq!(
            (pair.count(Side::A, "SIP/2.0 491"), pair.count(Side::B, "SIP/2.0 491")),
            (1, 1)
        );
        assert_eq!(
            pair.story(),
            ["A offer from b", "B answer yes", "B offer from a", "A answer yes"],
            "seed {seed}"
        );
    }
}

#[test]
fn whoever_calls_without_an_offer_answers_in_the_acknowledgement() {
    let mut pair = Pair::calm();
    let a = pair.call(None);
    pair.run(100);
    let b = pair.incoming();
    pair.b.answer(pair.now, b, &none(), Some(b"b offers".to_vec())).unwrap();
    pair.run(100);
    pair.a.accept(pair.now, a, b"a answers".to_vec()).unwrap();
    pair.run(3_000);
    assert_eq!(pair.story(), ["B incoming", "A answered b offers", "B connected a answers"]);
}

#[test]
fn what_is_heard_before_the_answer_arrives_for_sure() {
    for seed in 0..60 {
        let mut pair =
            Pair::new(seed, Transport::Udp, Weather { loss: 25, doubled: 20, jitter: 100 });
        let a = pair.call(Some("offer"));
        pair.run(10_000);
        let b = pair.incoming();
        pair.b.ring(pair.now, b, 183, &none(), Some(b"early".to_vec())).unwrap();
        pair.b.answer(pair.now, b, &none(), Some(b"answer".to_vec())).unwrap();
        pair.run(30_000);
        assert_eq!(
            pair.story(),
            ["B incoming", "A progress 183 early", "A answered answer", "B connected"],
            "seed {seed}: shown once, and the answer waited for it"
        );
        pair.weather = Weather::default();
        pair.a.hang_up(pair.now, a, None).unwrap();
        pair.assert_clean();
    }
}

#[test]
fn a_provisional_response_nobody_acknowledges_refuses_the_call() {
    let mut pair = Pair::calm();
    pair.call(Some("offer"));
    pair.run(100);
    pair.dead = Some(Side::A);
    let b = pair.incoming();
    pair.b.ring(pair.now, b, 183, &none(), Some(b"early".to_vec())).unwrap();
    pair.run(33_000);
    assert!(pair.story().contains(&"B ended NotAcknowledged".to_owned()), "{:?}", pair.story());
}

#[test]
fn a_session_lives_as_long_as_it_is_refreshed() {
    let mut pair = Pair::calm();
    let (a, _) = pair.established();
    pair.run(10 * 1_800_000 + 10_000);
    assert_eq!(pair.story(), [] as [&str; 0]);
    assert_eq!(pair.count(Side::A, "UPDATE"), 20, "the caller refreshes at half of the interval");
    pair.a.hang_up(pair.now, a, None).unwrap();
    pair.assert_clean();
}

#[test]
fn a_phone_that_vanishes_loses_its_call() {
    let mut pair = Pair::calm();
    pair.established();
    pair.dead = Some(Side::A);
    let start = pair.now;
    pair.run(1_800_000 - 33_000);
    assert!(!pair.story().contains(&"B ended Expired".to_owned()));
    pair.run(2_000);
    assert!(
        pair.story().contains(&"B ended Expired".to_owned()),
        "{:?} since {start:?}",
        pair.story()
    );
    assert!(pair.story().contains(&"A ended TimedOut".to_owned()), "the refresh failed");
}

#[test]
fn a_session_interval_that_is_too_small_is_refused_and_asked_again() {
    let mut pair = Pair::calm();
    pair.a = sip::endpoint::Endpoint::new(
        sip::endpoint::Config {
            session: 60,
            session_least: 60,
            ..crate::world::config("192.0.2.1")
        },
        [5; 32],
    );
    pair.a.guard().trust("192.0.2.2".parse().unwrap());
    pair.call(Some("offer"));
    pair.run(1_000);
    assert_eq!((pair.count(Side::B, "SIP/2.0 422"), pair.count(Side::A, "INVITE")), (1, 2));
    assert_eq!(pair.story(), ["B incoming"]);
}

#[test]
fn words_dtmf_and_transfers_go_inside_of_the_call() {
    let mut pair = Pair::calm();
    let (a, b) = pair.established();
    let body = ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n".to_vec());
    pair.a.say(pair.now, a, Method::Info, &none(), Some(body)).unwrap();
    let mut headers = Headers::default();
    headers.push(Name::ReferTo, Address::new(uri("sip:carol@192.0.2.3")));
    pair.a.say(pair.now, a, Method::Refer, &headers, None).unwrap();
    pair.run(100);
    let asked: Vec<_> = pair
        .told
        .iter()
        .filter_map(|(side, event)| match event {
            Event::Request { tx, call, request, .. } if *side == Side::B => {
                Some((*tx, *call, request.clone()))
            }
            _ => None,
        })
        .collect();
    for (tx, call, request) in asked {
        assert_eq!(call, Some(b));
        let status = if request.method == Method::Refer { 202 } else { 200 };
        pair.b.respond(pair.now, tx, Response::to_request(&request, status));
    }
    let mut headers = Headers::default();
    headers.push(Name::Event, "refer");
    headers.push(Name::SubscriptionState, "active;expires=60");
    let body = ("message/sipfrag;version=2.0", b"SIP/2.0 100 Trying\r\n".to_vec());
    pair.b.say(pair.now, b, Method::Notify, &headers, Some(body)).unwrap();
    pair.run(1_000);
    assert_eq!(
        pair.story(),
        [
            "B request INFO",
            "B request REFER",
            "A response 200",
            "A response 202",
            "A request NOTIFY"
        ]
    );
    assert!(
        pair.a.say(pair.now, a, Method::Bye, &none(), None).is_err(),
        "hanging up has its own command"
    );
}

#[test]
fn a_call_takes_the_place_of_another() {
    let mut pair = Pair::calm();
    let (a, _) = pair.established();
    let replaces = pair.a.replaces(a).unwrap();
    pair.call_with(Some("offer"), |invite| invite.headers.push(Name::Replaces, &replaces));
    pair.run(200);
    assert_eq!(pair.story(), ["B incoming replaces"]);
    pair.told.clear();
    for (from, to, status) in [
        (replaces.to_tag.to_string(), "nobody", 481),
        (replaces.from_tag.to_string(), "nobody", 481),
        ("from-tag".into(), "early-only;from-tag", 486),
    ] {
        let text = replaces.to_string().replace(&from, to);
        pair.call_with(Some("offer"), |invite| invite.headers.push(Name::Replaces, text));
        pair.run(200);
        assert_eq!(pair.story(), [format!("A ended Refused {status}")]);
        pair.told.clear();
    }
}

#[test]
fn time_alone_sends_nothing() {
    let mut pair = Pair::calm();
    pair.established();
    let end = Millis(pair.now.0 + 600_000);
    pair.run_until(end.0);
    assert_eq!(pair.seen, [] as [(Side, String); 0]);
}
