//! Items as the wire shows them.

use super::*;
use domain::id::{ParticipantId, Uuid};
use domain::node::Texts;
use domain::query::Lines;
use domain::time::Millis;

const AT: Millis = Millis(1_624_096_578_554);

fn uuid(n: u8) -> Uuid {
    Uuid::from_bytes([n; 16])
}

fn author(role: MemberRole, name: &str) -> Author {
    Author { participant: ParticipantId(uuid(0xce)), role, name: name.into() }
}

fn message(kind: TextKind, text: &str) -> Body {
    Body::Message { kind, text: text.into() }
}

fn item(by: Option<Author>, body: Body) -> Item {
    Item {
        id: ItemId(uuid(0x4f)),
        n: 3,
        at: AT,
        room: RoomId(uuid(0xee)),
        contact: ContactId(uuid(0xec)),
        by,
        audience: Audience::All,
        body,
    }
}

fn hello() -> Item {
    item(Some(author(MemberRole::Customer, "Jane")), message(TextKind::Plain, "hello"))
}

fn published(fact: Fact) -> Published {
    Published { seq: 9, at: AT, fact, topics: Vec::new(), texts: Texts::default() }
}

fn posted(item: Item) -> Published {
    published(Fact::Posted { item, key: None })
}

fn view() -> View {
    View { contact: ContactId(uuid(0xcc)), kinds: TextKinds::PLAIN.with(TextKind::Markdown) }
}

/// The inner item of a frame, as its text.
fn inner(frame: &str) -> String {
    let frame: serde_json::Value = serde_json::from_str(frame).unwrap();
    assert_eq!(
        (&frame["topic"], &frame["contentType"]),
        (&"aws/chat".into(), &"application/json".into())
    );
    frame["content"].as_str().expect("content is a string").to_owned()
}

fn check(item: Item, expected: &str) {
    assert_eq!(inner(&frame(&posted(item), view()).unwrap()), expected);
}

#[test]
fn a_message_prints_its_members_in_the_real_order() {
    check(
        hello(),
        r#"{"AbsoluteTime":"2021-06-19T09:56:18.554Z","Content":"hello","ContentType":"text/plain","Id":"4f4f4f4f-4f4f-4f4f-4f4f-4f4f4f4f4f4f","Type":"MESSAGE","ParticipantId":"cececece-cece-cece-cece-cececececece","DisplayName":"Jane","ParticipantRole":"CUSTOMER","InitialContactId":"eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee","ContactId":"ecececec-ecec-ecec-ecec-ecececececec"}"#,
    );
}

#[test]
fn row_46_text_goes_round_unaltered() {
    let text = " 안녕 👋🏽\r\n\t\"quoted\" \\ \u{0} \u{1f} \u{2028} </script> ";
    let by = Some(author(MemberRole::Agent, "\"김\\상담\""));
    let frame = frame(&posted(item(by, message(TextKind::Markdown, text))), view()).unwrap();
    let inner: serde_json::Value = serde_json::from_str(&inner(&frame)).unwrap();
    assert_eq!(inner["Content"], text);
    assert_eq!(inner["ContentType"], "text/markdown");
    assert_eq!(inner["DisplayName"], "\"김\\상담\"");
}

#[test]
fn the_systems_words_are_signed_by_the_system() {
    for by in [None, Some(author(MemberRole::System, ""))] {
        let text =
            inner(&frame(&posted(item(by, message(TextKind::Plain, "hi"))), view()).unwrap());
        assert!(
            text.contains(r#""DisplayName":"SYSTEM_MESSAGE","ParticipantRole":"SYSTEM""#),
            "{text}"
        );
    }
    let by = Some(author(MemberRole::System, "BOT"));
    let text = inner(&frame(&posted(item(by, message(TextKind::Plain, "hi"))), view()).unwrap());
    assert!(text.contains(r#""DisplayName":"BOT","ParticipantRole":"SYSTEM""#), "{text}");
}

#[test]
fn events_name_a_participant_only_where_one_caused_them() {
    let e = "application/vnd.amazonaws.connect.event.";
    for (event, name, signed) in [
        (Event::Joined, "participant.joined", true),
        (Event::Left, "participant.left", true),
        (Event::Invited, "participant.invited", true),
        (Event::Idle, "participant.idle", true),
        (Event::Returned, "participant.returned", true),
        (Event::AutoDisconnected, "participant.autodisconnection", true),
        (Event::Transferred, "transfer.succeeded", false),
        (Event::TransferFailed, "transfer.failed", false),
        (Event::Ended, "chat.ended", false),
        (Event::Rehydrated, "chat.rehydrated", false),
    ] {
        let by = Some(author(MemberRole::Agent, "Kim"));
        let text = inner(&frame(&posted(item(by, Body::Event(event))), view()).unwrap());
        let wire: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(wire["ContentType"], format!("{e}{name}"));
        assert_eq!(wire["Type"], "EVENT");
        assert!(wire.get("Content").is_none());
        for member in ["ParticipantId", "DisplayName", "ParticipantRole"] {
            assert_eq!(wire.get(member).is_some(), signed, "{name} {member}");
        }
        assert!(wire.get("InitialContactId").is_some() && wire.get("ContactId").is_some());
    }
}

#[test]
fn a_file_has_no_content_type_of_its_own() {
    for (status, word) in [
        (FileStatus::Stored, "IN_PROGRESS"),
        (FileStatus::Approved, "APPROVED"),
        (FileStatus::Rejected, "REJECTED"),
    ] {
        let file = File {
            id: FileId(uuid(0xf1)),
            name: "shot.png".into(),
            kind: "image/png".into(),
            size: 7,
            status,
        };
        let item = item(Some(author(MemberRole::Customer, "Jane")), Body::File(file));
        let text = inner(&frame(&posted(item), view()).unwrap());
        assert!(text.starts_with(r#"{"AbsoluteTime":"2021-06-19T09:56:18.554Z","Id":"#), "{text}");
        assert!(text.contains(&format!(
            r#""ParticipantRole":"CUSTOMER","Attachments":[{{"ContentType":"image/png","AttachmentId":"{}","AttachmentName":"shot.png","Status":"{word}"}}],"InitialContactId""#,
            uuid(0xf1)
        )), "{text}");
    }
}

fn marked(read: bool) -> Published {
    published(Fact::Marked {
        room: RoomId(uuid(0xee)),
        participant: ParticipantId(uuid(0xa1)),
        item: ItemId(uuid(0x4f)),
        n: 3,
        read,
        delivered: None,
    })
}

#[test]
fn row_52_a_receipt_names_the_reader_and_is_never_empty() {
    let delivered = inner(&frame(&marked(false), view()).unwrap());
    assert_eq!(
        delivered,
        format!(
            r#"{{"AbsoluteTime":"2021-06-19T09:56:18.554Z","ContentType":"application/vnd.amazonaws.connect.event.message.metadata","Id":"{}","Type":"MESSAGEMETADATA","MessageMetadata":{{"MessageId":"{}","Receipts":[{{"DeliveredTimestamp":"2021-06-19T09:56:18.554Z","RecipientParticipantId":"{}"}}]}},"InitialContactId":"{}","ContactId":"{}"}}"#,
            receipt_id(ParticipantId(uuid(0xa1)), ItemId(uuid(0x4f)), false),
            uuid(0x4f),
            uuid(0xa1),
            uuid(0xee),
            uuid(0xcc)
        )
    );
    let read = inner(&frame(&marked(true), view()).unwrap());
    assert!(read.contains(r#"[{"DeliveredTimestamp":"2021-06-19T09:56:18.554Z","ReadTimestamp":"2021-06-19T09:56:18.554Z","Recip"#));
    assert_eq!(frame(&marked(true), view()), frame(&marked(true), view()));
    assert_ne!(delivered, read);
}

#[test]
fn typing_is_an_event_of_its_author() {
    let signal = Signal::Typing {
        room: RoomId(uuid(0xee)),
        by: author(MemberRole::Agent, "Kim"),
        id: ItemId(uuid(7)),
        at: AT,
        audience: Audience::All,
    };
    let text = inner(&signal_frame(&signal, view()).unwrap());
    assert!(text.contains(r#""ContentType":"application/vnd.amazonaws.connect.event.typing","Id":"07070707-0707-0707-0707-070707070707","Type":"EVENT","ParticipantId""#), "{text}");
    let presence = Signal::Presence {
        room: RoomId(uuid(0xee)),
        participant: ParticipantId(uuid(1)),
        present: true,
    };
    assert_eq!(signal_frame(&presence, view()), None);
}

#[test]
fn what_is_no_item_makes_no_frame() {
    let fact = Fact::Archived { room: RoomId(uuid(0xee)) };
    assert_eq!(frame(&published(fact), view()), None);
}

#[test]
fn row_85_a_note_is_in_no_stream() {
    let mut note = hello();
    note.audience = Audience::Agents;
    assert_eq!(notification(&posted(note), view()), None);
    let typing = Signal::Typing {
        room: RoomId(uuid(0xee)),
        by: author(MemberRole::Agent, "Kim"),
        id: ItemId(uuid(7)),
        at: AT,
        audience: Audience::Agents,
    };
    assert_eq!(signal_notification(&typing, view()), None);
}

#[test]
fn a_stream_is_told_what_kind_of_item_it_is() {
    let told = notification(&posted(hello()), view()).unwrap();
    assert_eq!((told.r#type, told.content_type), ("MESSAGE", Some("text/plain")));
    assert_eq!((told.role, told.visibility), (Some("CUSTOMER"), "ALL"));
    assert_eq!(told.body, inner(&frame(&posted(hello()), view()).unwrap()));
    let mut private = item(None, Body::Event(Event::Rehydrated));
    private.audience = Audience::Customer;
    let told = notification(&posted(private), view()).unwrap();
    assert_eq!((told.r#type, told.role, told.visibility), ("EVENT", None, "CUSTOMER"));
    let told = notification(&marked(true), view()).unwrap();
    assert_eq!((told.r#type, told.visibility), ("MESSAGEMETADATA", "ALL"));
}

#[test]
fn row_53_a_transcript_tells_receipts_of_every_earlier_line() {
    let (reader, at) = (ParticipantId(uuid(0xa1)), |s: u64| Millis(AT.0 + s * 1_000));
    let room = RoomId(uuid(0xee));
    let mark = |participant, n, read, at| (room, Mark { participant, n, read, at });
    let old = (RoomId(uuid(9)), Mark { participant: reader, n: 99, read: true, at: at(0) });
    let own = mark(ParticipantId(uuid(0xce)), 99, true, at(1));
    let line = |marks: &[_]| receipt::of_line(&hello(), marks);
    assert_eq!(line(&[old, own, mark(reader, 2, true, at(1))]), []);
    let receipt = |delivered: Option<u64>, read: Option<u64>| Receipt {
        delivered_timestamp: delivered.map(|s| iso_ms(at(s).0)),
        read_timestamp: read.map(|s| iso_ms(at(s).0)),
        recipient_participant_id: reader,
    };
    let delivered = [mark(reader, 3, false, at(1)), mark(reader, 4, false, at(2))];
    assert_eq!(line(&delivered), [receipt(Some(1), None)]);
    let read = [delivered[0], mark(reader, 9, true, at(5)), mark(reader, 10, true, at(6))];
    assert_eq!(line(&read), [receipt(Some(1), Some(5))]);
    let after = [mark(reader, 3, true, at(4)), mark(reader, 5, false, at(5))];
    assert_eq!(line(&after), [receipt(Some(4), Some(4))]);
}

#[test]
fn row_68_past_items_bear_the_other_name_of_their_contact() {
    let items = vec![(0, Arc::new(hello())), (1, Arc::new(hello()))];
    let lines = Lines { room: RoomId(uuid(0xee)), items, marks: Vec::new(), next: None };
    let page = transcript(&lines, TextKinds::PLAIN);
    let metadata = format!(r#""MessageMetadata":{{"MessageId":"{}","Receipts":[]}}"#, uuid(0x4f));
    let id = uuid(0xec);
    assert!(page[0].json().ends_with(&format!(r#"{metadata},"ContactId":"{id}"}}"#)));
    assert!(page[1].json().ends_with(&format!(r#"{metadata},"RelatedContactId":"{id}"}}"#)));
    assert!(page.iter().all(|item| !item.json().contains("InitialContactId")));
}

#[test]
#[ignore = "a measurement: run it with --release --ignored --nocapture"]
#[expect(clippy::disallowed_methods, reason = "a measurement must read the clock")]
fn the_time_a_frame_takes() {
    let fact = posted(item(
        Some(author(MemberRole::Customer, "Jane")),
        message(TextKind::Plain, &"안녕하세요, 예약을 확인해 주세요.\n".repeat(3)),
    ));
    let (began, times) = (std::time::Instant::now(), 200_000_u32);
    let bytes: usize =
        (0..times).map(|_| frame(std::hint::black_box(&fact), view()).unwrap().len()).sum();
    let each = began.elapsed() / times;
    eprintln!("a frame of {} bytes takes {} ns", bytes / times as usize, each.as_nanos());
}
