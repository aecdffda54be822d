//! What a REGISTER changes, and what it must not.

use super::*;
use crate::digest::{Algorithm, Auth, Credentials, Gate, Secret, Verdict};
use crate::flow::Transport;
use crate::message::{Field, Message};

const FLOW: Flow = Flow {
    transport: Transport::Udp,
    id: 1,
    peer: std::net::SocketAddr::new(
        std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)),
        5060,
    ),
};

fn request(call_id: &str, number: u32, lines: &str) -> Request {
    let text = format!(
        "REGISTER sip:demo SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\nFrom: <sip:1001@demo>;tag=1\r\n\
         To: <sip:1001@demo>\r\nCall-ID: {call_id}\r\nCSeq: {number} REGISTER\r\n{lines}\r\n"
    );
    match Message::parse(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

struct Desk(Registrar, u32);

impl Desk {
    fn new() -> Self {
        Self(Registrar::new(Limits::default(), &Mint::new([1; 32])), 0)
    }

    /// Registers with a Call-ID that has no past.
    fn put(&mut self, now: u64, lines: &str) -> Response {
        self.1 += 1;
        let request = request(&format!("call-{}", self.1), 1, lines);
        self.0.register(Millis(now), "1001", &request, FLOW).0
    }

    fn uris(&self, now: u64) -> Vec<String> {
        self.0.contacts(Millis(now), "1001").iter().map(|b| b.contact.uri.to_string()).collect()
    }
}

#[test]
fn several_contacts_are_kept_by_preference_and_told_with_their_time() {
    let mut desk = Desk::new();
    let answer =
        desk.put(0, "Contact: <sip:a@h1>;q=0.3, <sip:b@h2>;expires=120\r\nExpires: 600\r\n");
    assert_eq!(answer.status, 200);
    let told: Vec<_> = answer.headers.all(&Name::Contact).collect();
    assert_eq!(told, ["<sip:b@h2>;expires=120", "<sip:a@h1>;q=0.3;expires=600"]);
    assert_eq!(desk.put(0, "").headers.all(&Name::Contact).count(), 2, "asking changes nothing");
    assert_eq!(desk.uris(120_000), ["sip:a@h1"]);
    assert_eq!(desk.0.due(), Some(Millis(120_000)));
    let gone = desk.0.expire(Millis(700_000));
    assert!(matches!(&gone[..], [(_, Change::Gone(_)), (_, Change::Gone(_))]));
    assert!(desk.0.is_empty() && desk.0.due().is_none());
}

#[test]
fn a_star_takes_all_away_and_only_with_expires_zero() {
    let mut desk = Desk::new();
    desk.put(0, "Contact: <sip:a@h1>, <sip:b@h2>\r\n");
    for wrong in [
        "Contact: *\r\n",
        "Contact: *\r\nExpires: 60\r\n",
        "Contact: *, <sip:a@h1>\r\nExpires: 0\r\n",
    ] {
        assert_eq!(desk.put(0, wrong).status, 400);
    }
    assert_eq!(desk.uris(1).len(), 2);
    assert_eq!(desk.put(0, "Contact: *\r\nExpires: 0\r\n").status, 200);
    assert_eq!((desk.uris(1).len(), desk.0.len()), (0, 0));
}

#[test]
fn an_older_request_of_the_same_device_changes_nothing() {
    let mut desk = Desk::new();
    let mut send = |number, lines: &str| {
        desk.0.register(Millis(0), "1001", &request("same", number, lines), FLOW).0.status
    };
    assert_eq!(send(5, "Contact: <sip:a@h1>\r\n"), 200);
    assert_eq!(send(5, "Contact: <sip:a@h1>;expires=0\r\n"), 500);
    assert_eq!(send(4, "Contact: *\r\nExpires: 0\r\n"), 500);
    assert_eq!(send(6, "Contact: <sip:a@h1>;expires=0\r\n"), 200);
    assert!(desk.0.is_empty());
}

#[test]
fn all_contacts_are_taken_or_none() {
    let mut desk = Desk::new();
    let brief = desk.put(0, "Contact: <sip:a@h1>, <sip:b@h2>;expires=5\r\n");
    assert_eq!((brief.status, brief.headers.get(&Name::MinExpires)), (423, Some("60")));
    assert_eq!(desk.put(0, "Contact: <sip:a@h1>, <tel:110>\r\n").status, 400);
    assert!(desk.0.is_empty());
    let many: Vec<_> = (0..=Limits::default().contacts).map(|n| format!("<sip:{n}@h>")).collect();
    let many = format!("Contact: {}\r\n", many.join(","));
    assert_eq!(desk.put(0, &many).status, 503);
    assert!(desk.0.is_empty());
    let long = desk.put(0, "Contact: <sip:a@h1>;expires=4294967297\r\n");
    assert_eq!(long.headers.get(&Name::Contact), Some("<sip:a@h1>;expires=7200"));
}

#[test]
fn a_browser_that_comes_back_replaces_its_own_flow() {
    let mut desk = Desk::new();
    let line = |host: &str, id: &str| {
        format!(
            "Contact: <sip:x@{host}.invalid;transport=ws>;reg-id={id};+sip.instance=\"<urn:uuid:1>\"\r\nSupported: outbound\r\n"
        )
    };
    let answer = desk.put(0, &line("one", "1"));
    assert_eq!(answer.headers.get(&Name::Require), Some("outbound"));
    let other = Flow { id: 2, ..FLOW };
    let request = request("new", 1, &line("two", "1"));
    let (_, changes) = desk.0.register(Millis(1), "1001", &request, other);
    assert!(
        matches!(&changes[..], [Change::Gone(_), Change::Here(here)] if here.flow == other),
        "{changes:?}"
    );
    desk.put(2, &line("three", "2"));
    assert_eq!(desk.uris(2).len(), 2, "another reg-id is another flow of the same device");
    assert!(matches!(&desk.0.closed("1001", other)[..], [Change::Gone(_)]));
    assert_eq!(desk.uris(2), ["sip:x@three.invalid;transport=ws"]);
}

#[test]
fn the_path_is_kept_and_told() {
    let mut desk = Desk::new();
    let answer = desk.put(0, "Contact: <sip:a@h1>\r\nPath: <sip:p1;lr>, <sip:p2;lr>\r\n");
    assert_eq!(answer.headers.get(&Name::Path), Some("<sip:p1;lr>, <sip:p2;lr>"));
    let path = desk.0.contacts(Millis(1), "1001")[0]
        .path
        .iter()
        .map(|hop| hop.uri.to_string())
        .collect::<Vec<_>>();
    assert_eq!(path, ["sip:p1;lr", "sip:p2;lr"]);
}

/// A trunk that wants a password, keeps us for 100 s, and goes on like that.
#[test]
fn our_own_registration_is_challenged_refreshed_and_ended() {
    let mut mint = Mint::new([2; 32]);
    let mut gate = Gate::new("trunk", &mint);
    let secret = Secret::new(Algorithm::Md5, "user", "trunk", "pass");
    let address = |text: &str| Address::parse(text).unwrap();
    let mut ours = Registration::new(
        Uri::parse("sip:trunk").unwrap(),
        address("<sip:user@trunk>"),
        address("<sip:user@192.0.2.1>"),
        Credentials::new("user", "pass"),
        3_600,
        &mut mint,
    );
    let mut now = Millis(0);
    let mut step = ours.start();
    for _ in 0..3 {
        let Step::Send(request) = step else { panic!("{step:?}") };
        assert!(request.headers.get(&Name::Authorization).is_none());
        let mut challenge = Response::to_request(&request, 401);
        let auth = gate.challenges(now, &[Algorithm::Md5], false).remove(0);
        challenge.headers.push(Name::WwwAuthenticate, auth);
        let Step::Send(again) = ours.answered(now, &challenge, &mut mint) else { panic!() };
        let auth: Auth = again.headers.one(&Name::Authorization).unwrap().unwrap();
        assert_eq!(gate.judge(now, &auth, &again.method, &secret), Verdict::Right);
        assert!(again.cseq().unwrap().number > request.cseq().unwrap().number);
        let mut yes = Response::to_request(&again, 200);
        yes.headers.push(
            Name::Contact,
            "<sip:other@192.0.2.9>;expires=7, <sip:user@192.0.2.1>;expires=100",
        );
        assert_eq!(ours.answered(now, &yes, &mut mint), Step::Wait(Millis(now.0 + 50_000)));
        assert_eq!(ours.state(), State::Registered);
        now = Millis(now.0 + 50_000);
        step = ours.timeout(now);
    }
    let Step::Send(leave) = ours.stop() else { panic!() };
    assert_eq!(leave.headers.get(&Name::Expires), Some("0"));
    assert_eq!(ours.answered(now, &Response::to_request(&leave, 200), &mut mint), Step::Nothing);
    assert_eq!((ours.state(), ours.timeout(Millis(u64::MAX))), (State::Idle, Step::Nothing));
}

#[test]
fn a_trunk_that_does_not_answer_is_asked_ever_more_rarely() {
    let mut mint = Mint::new([2; 32]);
    let address = Address::parse("<sip:u@t>").unwrap();
    let mut ours = Registration::new(
        Uri::parse("sip:t").unwrap(),
        address.clone(),
        address,
        Credentials::new("u", "p"),
        3_600,
        &mut mint,
    );
    ours.start();
    let mut waits = Vec::new();
    for _ in 0..8 {
        let Step::Wait(at) = ours.unanswered(Millis(0)) else { panic!() };
        waits.push(at.0 / 1_000);
        assert!(matches!(ours.timeout(at), Step::Send(_)));
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_800, 1_800]);
}
