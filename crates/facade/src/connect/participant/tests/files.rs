//! Files, there and back.

use super::*;
use crate::door::Received;
use domain::id::FileId;
use domain::room::{File, FileStatus, RoomFile};

#[test]
fn row_61_a_file_is_announced_and_gets_a_url_of_its_own() {
    let mut world = World::new();
    let body = json!({"ContentType": "image/png", "AttachmentSizeInBytes": 8, "AttachmentName": "한 a.PNG", "ClientToken": "t"});
    let step = world.post("start-attachment-upload", &body);
    let Command::AnnounceFile { name, kind, size, upload, until, .. } = command(&step).clone()
    else {
        panic!()
    };
    assert_eq!((&*name, &*kind, size), ("한 a.PNG", "image/png", 8));
    assert_eq!(until, NOW.plus(Millis::from_mins(15)));
    let step = world.done(step, Ok(Done::File { file: FileId(id(4)) }));
    let got = json_of(step);
    assert_eq!(got["AttachmentId"], id(4).to_string());
    let metadata = &got["UploadMetadata"];
    let url = metadata["Url"].as_str().unwrap();
    let secret = url.strip_prefix("http://localhost:8080/participant/upload/").unwrap();
    assert_eq!(crate::door::open(secret).unwrap(), (RealmNo(3), upload));
    assert_eq!(metadata["UrlExpiry"], "2025-11-21T14:55:00.123Z");
    assert_eq!(
        metadata["HeadersToInclude"],
        json!({"Content-Type": "image/png", "Content-Length": "8", "Content-Disposition": "attachment; filename=\"%ED%95%9C%20a.PNG\""})
    );
    let again = world.post("start-attachment-upload", &body);
    assert!(
        matches!(command(&again), Command::AnnounceFile { upload: same, .. } if *same == upload)
    );
    for (member, bad) in [
        ("AttachmentSizeInBytes", json!(20_971_521)),
        ("AttachmentSizeInBytes", json!(0)),
        ("AttachmentName", json!("a.exe")),
        ("AttachmentName", json!("png")),
        ("AttachmentName", json!("a\r\n.png")),
        ("AttachmentName", json!("a".repeat(253) + ".png")),
        ("ContentType", json!("text/html")),
        ("ContentType", json!(null)),
        ("ClientToken", json!("")),
        ("ClientToken", json!(null)),
    ] {
        let mut wrong = body.clone();
        wrong[member] = bad;
        assert_eq!(world.refused("start-attachment-upload", &wrong), invalid(), "row 62: {member}");
    }
    let step = world.post("start-attachment-upload", &body);
    let step = world.done(step, Err(Refusal::Quota { what: Quota::Files, most: 35 }));
    assert_eq!(error(&reply(step)), (402, "ServiceQuotaExceededException".to_owned()));
}

fn announced(name: &str) -> Answer {
    let file = File {
        id: FileId(id(4)),
        name: name.into(),
        kind: "image/png".into(),
        size: 8,
        status: FileStatus::Announced,
    };
    Answer::Upload(Box::new(RoomFile {
        author: 0,
        audience: Audience::All,
        file,
        upload: TokenHash([1; 32]),
        until: NOW,
        key: domain::id::ClientKey([0; 16]),
        done: None,
    }))
}

#[test]
fn the_bytes_of_a_file_are_judged_by_themselves() {
    let mut world = World::new();
    let secret = world.token.clone();
    for (name, start, expected) in [
        ("a.png", &b"\x89PNG\r\n\x1a\n"[..], ("image/png", FileStatus::Stored)),
        ("a.png", b"<html>hi", ("image/png", FileStatus::Rejected)),
        ("a.txt", b"8 bytes!", ("text/plain; charset=utf-8", FileStatus::Stored)),
    ] {
        let step = world.request("PUT", &["participant", "upload", &secret], Vec::new());
        assert_eq!(*query(&step), Query::Upload(world.hash));
        let step = world.answered(step, Ok(announced(name)));
        let Step::Receive { file, size, then } = step else { panic!("bytes were expected") };
        assert_eq!((file, size), (FileId(id(4)), 8));
        let start = start.to_vec();
        let step = world.with(|cx| then(cx, Received::Stored { size: 8, start }));
        let Command::StoreFile { upload, size: 8, kind, status } = command(&step).clone() else {
            panic!()
        };
        assert_eq!((&*kind, status, upload), (expected.0, expected.1, world.hash), "{name}");
        let step = world.done(step, Ok(Done::File { file }));
        let response = reply(step);
        assert_eq!((response.status, response.body.len()), (200, 0));
    }
}

#[test]
fn row_87_bytes_of_another_length_are_refused() {
    let mut world = World::new();
    let secret = world.token.clone();
    for (received, status) in
        [(Received::WrongSize, 400), (Received::Broken, 400), (Received::Fault, 500)]
    {
        let step = world.request("PUT", &["participant", "upload", &secret], Vec::new());
        let step = world.answered(step, Ok(announced("a.png")));
        let Step::Receive { then, .. } = step else { panic!("bytes were expected") };
        let step = world.with(|cx| then(cx, received));
        assert_eq!(reply(step).status, status);
    }
    let mut head = head("PUT", "/participant/upload/x");
    head.headers.push(("content-length".to_owned(), "9".to_owned()));
    let segments = ["participant".to_owned(), "upload".to_owned(), secret];
    let request = Request { head, body: Vec::new() };
    let step = world.with(|cx| handle(cx, &segments, request));
    let step = world.answered(step, Ok(announced("a.png")));
    assert_eq!(error(&reply(step)), invalid());
}

#[test]
fn a_url_for_bytes_that_opens_nothing_is_403() {
    let mut world = World::new();
    let step = world.request("PUT", &["participant", "upload", "garbage"], Vec::new());
    assert_eq!(error(&reply(step)), denied());
    let secret = world.token.clone();
    let step = world.request("PUT", &["participant", "upload", &secret], Vec::new());
    let step = world.answered(step, Err(Refusal::NoSuchFile));
    assert_eq!(error(&reply(step)), denied());
    assert_eq!(body_wanted(&head("PUT", "/aws/participant/upload/x")), BodyWanted::Streamed);
    assert_ne!(body_wanted(&head("POST", "/participant/message")), BodyWanted::Streamed);
}

#[test]
fn row_63_completing_has_its_own_words_for_no() {
    let mut world = World::new();
    let body = json!({"AttachmentIds": [id(4).to_string()], "ClientToken": "t"});
    for (refusal, status) in
        [(Refusal::FileNotStored, 400), (Refusal::FileDone, 409), (Refusal::NoSuchFile, 400)]
    {
        let step = world.post("complete-attachment-upload", &body);
        assert!(
            matches!(command(&step), Command::CompleteFile { file, .. } if *file == FileId(id(4)))
        );
        let step = world.done(step, Err(refusal));
        assert_eq!(reply(step).status, status);
    }
    let step = world.post("complete-attachment-upload", &body);
    let step = world.done(step, Ok(Done::Posted { item: ItemId(id(7)), n: 1, at: NOW }));
    assert_eq!(json_of(step), json!({}));
    for bad in [
        json!({"AttachmentIds": [], "ClientToken": "t"}),
        json!({"AttachmentIds": ["x"], "ClientToken": "t"}),
        json!({"AttachmentIds": [id(4).to_string(), id(5).to_string()], "ClientToken": "t"}),
        json!({"AttachmentIds": [id(4).to_string()]}),
    ] {
        assert_eq!(world.refused("complete-attachment-upload", &bad), invalid(), "{bad}");
    }
}

#[test]
fn a_file_is_got_by_a_url_that_lapses_and_runs_nowhere() {
    let mut world = World::new();
    for (kind, wanted, how) in [
        ("image/png", json!("INLINE"), "inline"),
        ("image/png", json!(null), "attachment"),
        ("text/csv", json!("INLINE"), "attachment"),
    ] {
        let body = json!({"AttachmentId": id(4).to_string(), "UrlContentDisposition": wanted, "UrlExpiryInSeconds": 5});
        let step = world.post("attachment", &body);
        assert_eq!(*query(&step), Query::File(By::Token(world.hash), FileId(id(4))));
        let file = File {
            id: FileId(id(4)),
            name: "한.png".into(),
            kind: kind.into(),
            size: 8,
            status: FileStatus::Approved,
        };
        let step = world.answered(step, Ok(Answer::File(file)));
        let got = json_of(step);
        assert_eq!(got["AttachmentSizeInBytes"], 8);
        assert_eq!(got["UrlExpiry"], "2025-11-21T14:40:05.123Z");
        let url = got["Url"].as_str().unwrap();
        let pass = url.strip_prefix("http://localhost:8080/participant/file/").unwrap();
        let pass = crate::percent::decode_segment(pass).unwrap();
        let step = world.request("GET", &["participant", "file", &pass], Vec::new());
        let Step::Send { file, headers, thumbnail: false } = step else {
            panic!("bytes were expected")
        };
        assert_eq!(file, FileId(id(4)));
        let header = |name: &str| &headers.iter().find(|(n, _)| *n == name).unwrap().1;
        assert_eq!(header("content-type"), kind);
        assert!(header("content-disposition").starts_with(&format!("{how}; ")), "{kind}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
        let segments = ["participant".to_owned(), "file".to_owned(), pass];
        let request = Request { head: head("GET", "/participant/file/x"), body: Vec::new() };
        let (now, chance, site) = (NOW.plus(Millis::from_secs(5)), &mut world.chance, &world.site);
        let late = handle(&mut Cx { now, chance, site }, &segments, request);
        assert_eq!(error(&reply(late)), denied());
    }
    for bad in [
        json!({}),
        json!({"AttachmentId": "x"}),
        json!({"AttachmentId": id(4).to_string(), "UrlExpiryInSeconds": 4}),
        json!({"AttachmentId": id(4).to_string(), "UrlExpiryInSeconds": 301}),
        json!({"AttachmentId": id(4).to_string(), "UrlContentDisposition": "SIDEWAYS"}),
    ] {
        assert_eq!(world.refused("attachment", &bad), invalid(), "{bad}");
    }
    let step = world.request("GET", &["participant", "file", "garbage"], Vec::new());
    assert_eq!(error(&reply(step)), denied());
}
