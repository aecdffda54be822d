//! Whole messages, in and out.

use super::*;

const INVITE: &str = "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP client.atlanta.example.com:5060;branch=z9hG4bK74bf9, SIP/2.0/TCP h2\r\n\
    Max-Forwards: 70\r\n\
    f: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n\
    t: Bob <sip:bob@biloxi.example.com>\r\n\
    i: 3848276298220188511@atlanta.example.com\r\n\
    CSeq: 1 INVITE\r\n\
    m: <sip:alice@client.atlanta.example.com;transport=tcp>\r\n\
    c: application/sdp;x=1\r\n\
    l: 4\r\n\r\nv=0\n";

fn request(text: &str) -> Request {
    match Message::parse(text.as_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn refused(text: &str) -> (Option<u16>, &'static str) {
    let fault = Message::parse(text.as_bytes()).unwrap_err();
    (fault.answer.map(|answer| answer.status), fault.bad.0)
}

#[test]
fn compact_names_are_names() {
    let invite = request(INVITE);
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.from().unwrap().tag(), Some("9fxced76sl"));
    assert_eq!(invite.call_id(), "3848276298220188511@atlanta.example.com");
    assert_eq!(invite.body_of("application/sdp"), Some(&b"v=0\n"[..]));
    assert_eq!(invite.headers.list::<Via>(&Name::Via).unwrap().len(), 2);
    assert_eq!(invite.hops(), 70);
}

#[test]
fn what_is_written_reads_the_same() {
    let invite = request(INVITE);
    let again = Message::parse(&invite.to_bytes()).unwrap();
    assert_eq!(again, Message::Request(invite));
}

#[test]
fn an_answer_repeats_what_it_must() {
    let answer = Response::to_request(&request(INVITE), 180).tagged("t1");
    let again = Message::parse(&answer.to_bytes()).unwrap();
    assert_eq!(again, Message::Response(answer.clone()));
    assert_eq!(answer.to().unwrap().tag(), Some("t1"));
    assert_eq!(answer.tagged("t2").to().unwrap().tag(), Some("t1"));
}

#[test]
fn a_refusal_can_be_sent_as_soon_as_there_is_a_way_back() {
    assert_eq!(refused(&INVITE.replace("CSeq: 1 INVITE", "CSeq: 1 BYE")).0, Some(400));
    assert_eq!(refused(&INVITE.replace(" SIP/2.0\r\nVia", " SIP/3.0\r\nVia")).0, Some(505));
    assert_eq!(refused(&INVITE.replace("Via:", "X-Via:")), (None, "there is no Via"));
    assert_eq!(
        refused(&INVITE.replace("INVITE", "ACK").replace("CSeq: 1 ACK", "CSeq: x ACK")).0,
        None
    );
    assert_eq!(refused("nonsense\r\n\r\n").0, None);
    assert_eq!(refused("INVITE sip:h SIP/2.0\r\n").1, "the head does not end");
}

#[test]
fn every_limit_holds_and_one_less_passes() {
    let with = |extra: String| INVITE.replace("CSeq:", &format!("{extra}CSeq:"));
    let fields = INVITE.lines().filter(|line| line.contains(": ")).count();
    request(&with("Y: y\r\n".repeat(HEADER_LIMIT - fields)));
    assert_eq!(
        refused(&with("Y: y\r\n".repeat(HEADER_LIMIT - fields + 1))).1,
        "there are too many header fields"
    );
    request(&with(format!("Y: {}\r\n", "y".repeat(LINE_LIMIT - 3))));
    assert_eq!(
        refused(&with(format!("Y: {}\r\n", "y".repeat(LINE_LIMIT - 2)))).1,
        "a header field is too long"
    );
    let large = INVITE.replace("l: 4", "Y: 4") + &"b".repeat(MESSAGE_LIMIT - INVITE.len());
    request(&large);
    assert_eq!(refused(&(large + "b")).1, "the message is too large");
}

#[test]
fn a_line_break_alone_ends_no_line() {
    for text in ["Subject: a\nRoute: <sip:evil>\r\nCSeq:", "Subject: a\rb\r\nCSeq:"] {
        assert_eq!(
            refused(&INVITE.replace("CSeq:", text)),
            (Some(400), "a line break stands alone")
        );
    }
}

#[test]
fn text_that_is_not_utf8_is_shown_as_such_and_loses_no_call() {
    let mut bytes = INVITE.replace("Alice", "Al?ce").into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xc8;
    let Ok(Message::Request(invite)) = Message::parse(&bytes) else { panic!() };
    assert_eq!(invite.from().unwrap().name.as_deref(), Some("Al\u{fffd}ce"));
}
