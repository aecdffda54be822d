//! `/api/v1/files/…`: the bytes of files that staff send and see. They pass by no façade; here is only said which.

use super::caller::{Caller, enter};
use super::{body, problem};
use crate::door::{BodyWanted, Cx, Head, Received, Step, open};
use crate::percent::encode_segment;
use crate::sniff;
use domain::command::Command;
use domain::id::{ContactId, FileId, TokenHash};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::room::{File, FileStatus, RoomFile};

/// How a request to a file is read: the bytes of one that is put go straight to where files are kept.
pub(super) fn body_wanted(head: &Head) -> BodyWanted {
    if head.method == "PUT" { BodyWanted::Streamed } else { BodyWanted::Whole(0) }
}

/// `GET /api/v1/files/{id}` and `?thumb=1`: for agents of files that they may see, by their session. `?contact={id}` finds a
/// file of a chat that has left the memory.
pub(super) fn get(cx: &mut Cx<'_>, head: &Head, id: &str) -> Step {
    let Ok(file) = id.parse::<FileId>() else { return problem::refused(&Refusal::NoSuchFile) };
    let read = || -> Result<_, Step> {
        let query = body::Query::of(head, &["thumb", "contact"])?;
        let thumbnail = query.text("thumb").is_some_and(|text| text != "0");
        Ok((thumbnail, query.value::<ContactId>("contact", "a contact's id")?))
    };
    let (thumbnail, contact) = match read() {
        Ok(asked) => asked,
        Err(step) => return step,
    };
    let get = move |_: &mut Cx<'_>, caller: Caller| {
        let then = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::File(file)) if file.status == FileStatus::Approved => send(&file, thumbnail),
            Ok(Answer::Files(files)) if !files.is_empty() => send(&files[0], thumbnail),
            Ok(_) => problem::refused(&Refusal::NoSuchFile),
            Err(refusal) => problem::refused(&refusal),
        };
        Step::Read(
            caller.realm,
            Box::new(Query::FileOf(caller.session, file, contact)),
            Box::new(then),
        )
    };
    enter(cx, head, false, Box::new(get))
}

/// A file's bytes are the customer's word: no page of ours may be made to run them.
fn send(file: &File, thumbnail: bool) -> Step {
    let inline = thumbnail || sniff::inline(&file.kind);
    let mut headers = vec![
        ("content-disposition", disposition(inline, &file.name)),
        ("x-content-type-options", "nosniff".to_owned()),
        ("content-security-policy", "sandbox; default-src 'none'".to_owned()),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
        ("cache-control", "private, max-age=3600".to_owned()),
    ];
    if !thumbnail {
        headers.push(("content-type", media(&file.kind)));
    }
    Step::Send { file: file.id, thumbnail, headers }
}

/// `PUT /api/v1/files/upload/{secret}`: the bytes of a file that was announced on the desk.
pub(super) fn put(cx: &mut Cx<'_>, head: &Head, secret: &str) -> Step {
    let Some((realm, upload)) = open(secret) else { return problem::refused(&Refusal::NoSuchFile) };
    let length = head.header("content-length").and_then(|text| text.parse::<u64>().ok());
    let put = move |_: &mut Cx<'_>, caller: Caller| {
        if caller.realm != realm {
            return problem::refused(&Refusal::NoSuchFile);
        }
        let then = move |cx: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Upload(file)) if file.until > cx.now => take(caller, upload, *file, length),
            Ok(_) => problem::refused(&Refusal::NoSuchFile),
            Err(refusal) => problem::refused(&refusal),
        };
        Step::Read(realm, Box::new(Query::Upload(upload)), Box::new(then))
    };
    enter(cx, head, false, Box::new(put))
}

fn take(caller: Caller, upload: TokenHash, file: RoomFile, length: Option<u64>) -> Step {
    let RoomFile { file, done, .. } = file;
    if done.is_some() {
        return problem::refused(&Refusal::FileDone);
    }
    if length.is_some_and(|length| length != file.size) {
        return wrong_size();
    }
    let (id, size) = (file.id, file.size);
    let then = move |_: &mut Cx<'_>, received| match received {
        Received::Stored { size, start } => store(&caller, upload, &file, size, &start),
        Received::WrongSize => wrong_size(),
        Received::Broken => problem::stop(400, "file.broken", "the file did not arrive whole"),
        Received::Fault => Step::Reply(problem::fault(crate::door::Fault::Full)),
    };
    Step::Receive { file: id, size, then: Box::new(then) }
}

fn store(caller: &Caller, upload: TokenHash, file: &File, size: u64, start: &[u8]) -> Step {
    let (kind, status) = match sniff::kind(&file.name, start) {
        Some(kind) => (kind.into(), FileStatus::Stored),
        None => (file.kind.clone(), FileStatus::Rejected),
    };
    let command = Command::StoreFile { upload, size, kind, status };
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => Step::Reply(problem::nothing()),
        Err(refusal) => problem::refused(&refusal),
    };
    Step::Do(caller.realm, "api.store_file", Box::new(command), Box::new(done))
}

fn wrong_size() -> Step {
    problem::stop(400, "file.wrong_size", "more or fewer bytes than announced")
}

/// RFC 6266 and RFC 8187: the name as it is, and one in ASCII for old readers.
fn disposition(inline: bool, name: &str) -> String {
    let kind = if inline { "inline" } else { "attachment" };
    let plain = |c: char| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{}", encode_segment(name))
}

/// A media type that cannot break out of its header.
fn media(kind: &str) -> String {
    let token = |c: char| c.is_ascii_alphanumeric() || "/+-.; =_".contains(c);
    let fits = kind.contains('/') && kind.chars().all(token);
    if fits { kind.to_owned() } else { "application/octet-stream".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::Uuid;

    fn sent(kind: &str, name: &str) -> Vec<(&'static str, String)> {
        let id = FileId(Uuid::from_bytes([1; 16]));
        let file = File {
            id,
            name: name.into(),
            kind: kind.into(),
            size: 1,
            status: FileStatus::Approved,
        };
        match send(&file, false) {
            Step::Send { headers, .. } => headers,
            _ => panic!("a file is sent"),
        }
    }

    #[test]
    fn what_a_browser_would_run_is_saved_and_not_shown() {
        for (kind, expected) in
            [("image/png", "inline"), ("text/html", "attachment"), ("image/svg+xml", "attachment")]
        {
            let headers = sent(kind, "a.bin");
            assert!(
                headers.iter().any(|(n, v)| *n == "content-disposition" && v.starts_with(expected)),
                "{kind}"
            );
            assert!(headers.contains(&("x-content-type-options", "nosniff".to_owned())));
            assert!(
                headers.contains(&(
                    "content-security-policy",
                    "sandbox; default-src 'none'".to_owned()
                ))
            );
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(
            disposition(false, "견적\"\r\nX: 1.pdf"),
            "attachment; filename=\"_____X_ 1.pdf\"; filename*=UTF-8''%EA%B2%AC%EC%A0%81%22%0D%0AX%3A%201.pdf"
        );
        assert_eq!(media("text/html\r\nX: 1"), "application/octet-stream");
        assert_eq!(media("text/plain; charset=utf-8"), "text/plain; charset=utf-8");
    }
}
