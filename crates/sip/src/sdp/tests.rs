//! Descriptions as phones, trunks and browsers send them.

use super::*;

/// RFC 3264 §10.1, with keys and with what a browser adds.
const OFFER: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
    a=group:BUNDLE 0\r\nm=audio 49170 RTP/AVP 111 0 8 97 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:8 PCMA/8000\r\na=rtpmap:97 iLBC/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:30\r\n\
    m=video 51372 RTP/AVP 31 32\r\na=rtpmap:31 H261/90000\r\n";

fn sdp(text: &str) -> Sdp {
    Sdp::parse(text.as_bytes()).unwrap()
}

fn ability() -> Ability {
    let mut keys = Codec::new(101, "telephone-event", 8_000, 1);
    keys.format = Some("0-15".into());
    Ability {
        address: "192.0.2.1".parse().unwrap(),
        port: 20_000,
        codecs: vec![Codec::new(8, "PCMA", 8_000, 1), Codec::new(0, "PCMU", 8_000, 1), keys],
        direction: Direction::SendRecv,
        ptime: 20,
        security: Security::Plain,
        attributes: Vec::new(),
    }
}

#[test]
fn what_is_read_is_written_the_same() {
    assert_eq!(sdp(OFFER).to_string(), OFFER);
    let unix = sdp(&OFFER.replace("\r\n", "\n"));
    assert_eq!(unix.to_string(), OFFER);
}

#[test]
fn the_first_codec_that_both_know_is_chosen_by_the_offers_order_and_number() {
    let (answer, agreed) = ability().answer(&sdp(OFFER), 7, None).unwrap();
    assert_eq!(
        (&*agreed.codec.name, agreed.codec.payload, agreed.dtmf, agreed.ptime),
        ("PCMU", 0, Some(101), 30)
    );
    assert_eq!(
        (agreed.address, agreed.port, agreed.rtcp_port),
        ("192.0.2.7".parse().ok(), 49_170, 49_171)
    );
    let text = answer.to_string();
    assert!(
        text.contains("m=audio 20000 RTP/AVP 0 101\r\n") && text.contains("a=fmtp:101 0-15\r\n"),
        "{text}"
    );
    assert!(
        text.contains("m=video 0 RTP/AVP 31 32\r\n"),
        "a line we do not want is refused in its place"
    );
    assert_eq!(ability().conclude(&sdp(OFFER), &sdp(&text)).unwrap().codec.payload, 0);
}

#[test]
fn without_a_codec_or_a_line_there_is_no_answer() {
    let mut deaf = ability();
    deaf.codecs = vec![Codec::new(9, "G722", 8_000, 1)];
    assert_eq!(deaf.answer(&sdp(OFFER), 7, None).unwrap_err(), Unfit::NoCodec);
    for (from, to) in
        [("audio 49170", "audio 0"), ("audio", "text"), ("49170 RTP/AVP", "49170 RTP/SAVP")]
    {
        assert_eq!(
            ability().answer(&sdp(&OFFER.replace(from, to)), 7, None).unwrap_err(),
            Unfit::NoLine,
            "{to}"
        );
    }
}

#[test]
fn holding_is_answered_by_its_mirror() {
    for (said, mine, answered) in [
        ("sendrecv", Direction::SendRecv, "sendrecv"),
        ("sendonly", Direction::SendRecv, "recvonly"),
        ("recvonly", Direction::SendRecv, "sendonly"),
        ("inactive", Direction::SendRecv, "inactive"),
        ("sendrecv", Direction::SendOnly, "sendonly"),
        ("sendonly", Direction::SendOnly, "inactive"),
    ] {
        let offer = sdp(&OFFER.replace("a=ptime:30", &format!("a={said}")));
        let (answer, agreed) =
            Ability { direction: mine, ..ability() }.answer(&offer, 7, None).unwrap();
        assert_eq!(agreed.direction.as_str(), answered);
        assert!(answer.to_string().contains(&format!("a={answered}\r\n")));
    }
    let old = sdp(&OFFER.replace("c=IN IP4 192.0.2.7", "c=IN IP4 0.0.0.0"));
    assert_eq!(ability().answer(&old, 7, None).unwrap().1.direction, Direction::RecvOnly);
}

#[test]
fn a_key_is_answered_under_the_number_of_the_suite_we_know() {
    let secure = OFFER.replace("49170 RTP/AVP", "49170 RTP/SAVP").replace(
        "a=ptime:30\r\n",
        "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:xxx\r\na=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:yyy|2^20|1:32\r\n",
    );
    let suite: Box<str> = "AES_CM_128_HMAC_SHA1_80".into();
    let security = Security::Sdes { suites: vec![suite], key: "ours".into() };
    let (answer, _) = Ability { security, ..ability() }.answer(&sdp(&secure), 7, None).unwrap();
    assert!(answer.to_string().contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:ours\r\n"));
    let keys = sdp(&secure).media[0].cryptos();
    assert_eq!((keys.len(), &*keys[1].key), (2, "yyy|2^20|1:32"));
    assert!(!format!("{keys:?}").contains("yyy"), "keys are not logged");
}

#[test]
fn a_later_offer_keeps_its_lines_and_rises() {
    let first = ability().offer(7, None);
    let (answer, _) = ability().answer(&sdp(OFFER), 7, None).unwrap();
    let held = Ability { direction: Direction::SendOnly, ..ability() }.offer(7, Some(&answer));
    assert_eq!((first.version, held.version, held.media.len()), (7, answer.version + 1, 2));
    assert_eq!(held.media[1].port, 0);
    let short = Sdp { media: held.media[..1].to_vec(), ..held.clone() };
    assert_eq!(ability().conclude(&held, &short).unwrap_err(), Unfit::NotAnAnswer);
    let refused = sdp(&held.to_string().replace("m=audio 20000", "m=audio 0"));
    assert_eq!(ability().conclude(&held, &refused).unwrap_err(), Unfit::NoLine);
}

#[test]
fn payload_numbers_of_old_need_no_map() {
    let bare = sdp("v=0\no=- 1 1 IN IP4 h\ns=-\nm=audio 4000 RTP/AVP 18 8 96 200 x\n");
    let names: Vec<_> = bare.media[0].codecs().into_iter().map(|codec| codec.name).collect();
    assert_eq!(names, ["G729".into(), "PCMA".into()]);
}

#[test]
fn malformed_descriptions_are_refused() {
    let many =
        format!("v=0\no=- 1 1 IN IP4 h\n{}", "m=audio 1 RTP/AVP 0\n".repeat(MEDIA_LIMIT + 1));
    let long = format!("v=0\no=- 1 1 IN IP4 h\n{}", "a=x\n".repeat(SDP_LINES));
    for text in [
        "",
        "v=1\n",
        "v=0\ns=-\n",
        "v=0\no=- x 1 IN IP4 h\n",
        "v=0\no=- 1 1\n",
        "v=0\nfoo\n",
        "v=0\nm=audio\n",
        "v=0\nm=audio x RTP/AVP 0\n",
        &many,
        &long,
    ] {
        assert!(Sdp::parse(text.as_bytes()).is_err(), "{text:.60}");
    }
    assert!(Sdp::parse(&vec![b'v'; SDP_LIMIT + 1]).is_err());
}
