//! A phone registers: endpoint, gate and registrar together, as a server joins them.

use sip::digest::{Algorithm, Auth, Credentials, Gate, Secret, Verdict};
use sip::event::Event;
use sip::flow::Transport;
use sip::message::{Address, Field, Name, Response};
use sip::mint::Mint;
use sip::register::{Limits, Registrar, Registration, State, Step};

use crate::world::{Pair, Side, Weather, uri};

/// B is the server: answers what came in since it was asked last.
fn serve(pair: &mut Pair, gate: &mut Gate, registrar: &mut Registrar, password: &str) {
    let secret = Secret::new(Algorithm::Md5, "1001", "demo", password);
    let (b, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut pair.told)
        .into_iter()
        .partition(|(side, event)| *side == Side::B && matches!(event, Event::Request { .. }));
    pair.told = rest;
    for (_, event) in b {
        let Event::Request { tx, request, flow, .. } = event else { continue };
        let given: Option<Auth> = request.headers.one(&Name::Authorization).unwrap();
        let verdict = given.map(|auth| gate.judge(pair.now, &auth, &request.method, &secret));
        let response = if verdict == Some(Verdict::Right) {
            registrar.register(pair.now, "1001", &request, flow).0
        } else {
            let mut response = Response::to_request(&request, 401);
            for challenge in
                gate.challenges(pair.now, &[Algorithm::Md5], verdict == Some(Verdict::Stale))
            {
                response.headers.push(Name::WwwAuthenticate, challenge);
            }
            response
        };
        pair.b.respond(pair.now, tx, response);
    }
}

/// A is the phone: lives for so long, and says where its registration stands.
fn live(seed: u64, weather: Weather, password: &str) -> (State, usize) {
    let mut pair = Pair::new(seed, Transport::Udp, weather);
    let mut mint = Mint::new([4; 32]);
    let mut gate = Gate::new("demo", &mint);
    let mut registrar = Registrar::new(Limits::default(), &mint);
    let mut phone = Registration::new(
        uri("sip:192.0.2.2"),
        Address::parse("<sip:1001@192.0.2.2>").unwrap(),
        Address::parse("<sip:1001@192.0.2.1>").unwrap(),
        Credentials::new("1001", "sip-1001"),
        600,
        &mut mint,
    );
    let mut step = phone.start();
    for _ in 0..600 {
        if let Step::Send(request) = step {
            let (now, flow) = (pair.now, pair.flow(Side::A));
            pair.a.request(now, *request, flow).unwrap();
        }
        pair.run(100);
        serve(&mut pair, &mut gate, &mut registrar, password);
        step = Step::Nothing;
        for (_, event) in std::mem::take(&mut pair.told) {
            step = match event {
                Event::Response { response, .. } => phone.answered(pair.now, &response, &mut mint),
                Event::Failed { .. } => phone.unanswered(pair.now),
                _ => Step::Nothing,
            };
        }
    }
    (phone.state(), registrar.len())
}

#[test]
fn a_phone_with_the_right_password_can_be_reached() {
    assert_eq!(live(1, Weather::default(), "sip-1001"), (State::Registered, 1));
}

#[test]
fn a_phone_with_a_wrong_password_cannot() {
    assert_eq!(live(1, Weather::default(), "another"), (State::Failed, 0));
}

#[test]
fn bad_weather_keeps_nobody_away() {
    for seed in 0..30 {
        let weather = Weather { loss: 30, doubled: 30, jitter: 200 };
        assert_eq!(live(seed, weather, "sip-1001"), (State::Registered, 1), "seed {seed}");
    }
}
