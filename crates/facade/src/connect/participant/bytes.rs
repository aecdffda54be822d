//! The bytes of files, there and back. Both URLs are their own right: no token comes with them
//! (`amazon-connect-chat.md` 2.6).

use super::call::{act, answer, refuse, settle, unexpected};
use super::disposition::download_header;
use super::pass::Pass;
use crate::connect::error::ApiError;
use crate::door::{Cx, Head, RealmNo, Received, Step, open};
use crate::sniff;
use domain::command::Command;
use domain::id::TokenHash;
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::room::{FileStatus, RoomFile};

/// Before the secret to which bytes are put.
pub(super) const UPLOAD_PATH: &str = "/participant/upload/";

/// Before the pass by which they are got.
pub(super) const FILE_PATH: &str = "/participant/file/";

/// What the journal calls the putting of bytes.
const CAUSE: &str = "participant.PutAttachment";

/// Takes the bytes of an announced file; once more, as long as it is not complete.
pub(super) fn put(_: &mut Cx<'_>, secret: &str, head: &Head) -> Result<Step, ApiError> {
    let (realm, upload) = open(secret).ok_or_else(|| refuse(&Refusal::BadToken))?;
    let length = head.header("content-length").map(str::to_owned);
    let settled = move |cx: &mut Cx<'_>, found: Result<Answer, Refusal>| {
        let outcome = match found {
            Ok(Answer::Upload(file)) => receive(realm, upload, *file, length.as_deref()),
            Ok(_) => Err(unexpected()),
            // Unknown, lapsed and complete are answered alike: the URL opens nothing (any more).
            Err(Refusal::NoSuchFile) => Err(refuse(&Refusal::BadToken)),
            Err(refusal) => Err(refuse(&refusal)),
        };
        settle(cx, outcome)
    };
    Ok(Step::Read(realm, Box::new(Query::Upload(upload)), Box::new(settled)))
}

fn receive(
    realm: RealmNo,
    upload: TokenHash,
    file: RoomFile,
    length: Option<&str>,
) -> Result<Step, ApiError> {
    let size = file.file.size;
    // A page cannot set the length itself, and a chunked body has none.
    if length.is_some_and(|length| length.parse() != Ok(size)) {
        return Err(wrong_size(size));
    }
    let id = file.file.id;
    let settled = move |cx: &mut Cx<'_>, received: Received| {
        let outcome = match received {
            Received::Stored { size, start } => Ok(store(realm, upload, &file, size, &start)),
            Received::WrongSize => Err(wrong_size(size)),
            Received::Broken => Err(ApiError::validation("The bytes did not arrive in time.")),
            Received::Fault => Err(ApiError::internal_server("The bytes could not be stored.")),
        };
        settle(cx, outcome)
    };
    Ok(Step::Receive { file: id, size, then: Box::new(settled) })
}

fn wrong_size(size: u64) -> ApiError {
    ApiError::validation(format!("The attachment was declared to have {size} bytes."))
}

/// Notes that the bytes are there, and what they are. Whether they contradict their name is told at completion.
fn store(realm: RealmNo, upload: TokenHash, file: &RoomFile, size: u64, start: &[u8]) -> Step {
    let kind = sniff::kind(&file.file.name, start);
    let status = if kind.is_some() { FileStatus::Stored } else { FileStatus::Rejected };
    let kind = kind.map_or_else(|| file.file.kind.clone(), Into::into);
    let command = Command::StoreFile { upload, size, kind, status };
    act(realm, CAUSE, command, |cx, _| Ok(answer(cx, Vec::new(), Vec::new())))
}

/// Gives the bytes to whoever has the URL. No page can run what is in them.
pub(super) fn get(cx: &mut Cx<'_>, pass: &str) -> Result<Step, ApiError> {
    let pass = Pass::open(cx, pass).ok_or_else(|| refuse(&Refusal::BadToken))?;
    let inline = pass.inline && sniff::inline(&pass.kind);
    let headers = vec![
        ("content-type", pass.kind),
        ("content-disposition", download_header(inline, &pass.name)),
        ("x-content-type-options", "nosniff".to_owned()),
        ("content-security-policy", "sandbox; default-src 'none'".to_owned()),
        ("cache-control", "private, no-store".to_owned()),
    ];
    Ok(Step::Send { file: pass.file, thumbnail: false, headers })
}
