//! `StartAttachmentUpload`: a file is announced, and gets a URL to put its bytes to (`amazon-connect-chat.md` 2.6).
//!
//! ```text
//! POST /participant/start-attachment-upload   X-Amz-Bearer: <ConnectionToken>
//! {"ContentType":"image/png","AttachmentSizeInBytes":7,"AttachmentName":"a.png","ClientToken":"…"}
//! {"AttachmentId":"…","UploadMetadata":{"Url":"https://…","UrlExpiry":"…Z","HeadersToInclude":{…}}}
//! ```

use super::bytes::UPLOAD_PATH;
use super::call::{Call, reply, unexpected};
use super::disposition::upload_header;
use crate::connect::address::file_url;
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::connect::time::iso_ms;
use crate::door::{Cx, Step, open};
use crate::sniff;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::command::{Command, Done};
use domain::id::FileId;
use domain::room::Audience;
use domain::time::Millis;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The longest file, in bytes.
const FILE_BYTES: i64 = 20_971_520;

/// The bytes may be put so long.
const UPLOADS_WITHIN: Millis = Millis::from_mins(15);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Started {
    attachment_id: FileId,
    upload_metadata: Upload,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    url: String,
    url_expiry: String,
    headers_to_include: BTreeMap<&'static str, String>,
}

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let kind = body.need_text("ContentType", 1..=255)?;
    let size = body.integer("AttachmentSizeInBytes", 1..=FILE_BYTES)?;
    let size = body.need("AttachmentSizeInBytes", size)?.unsigned_abs();
    let name = body.need_text("AttachmentName", 1..=256)?;
    let token = body.need_text("ClientToken", 1..=500)?;
    let key = body.need("ClientToken", call.key(Some(token)))?;
    if name.chars().any(char::is_control) {
        return Err(body.bad("AttachmentName", "must not hold control characters"));
    }
    let allowed = &cx.site.settings().file_types;
    if !sniff::ending(name).is_some_and(|ending| allowed.contains(&ending)) {
        return Err(body.bad("AttachmentName", &format!("must end in {}", allowed.join(", "))));
    }
    if !is_media_type(kind) {
        return Err(body.bad("ContentType", "is not a media type that can be sent"));
    }

    let secret = upload_secret(call, token);
    let (_, upload) = open(&secret).ok_or_else(unexpected)?;
    let until = cx.now.plus(UPLOADS_WITHIN);
    let mut headers =
        BTreeMap::from([("Content-Type", kind.to_owned()), ("Content-Length", size.to_string())]);
    headers.extend(upload_header(name).map(|value| ("Content-Disposition", value)));
    let metadata = Upload {
        url: file_url(cx, &call.head, &format!("{UPLOAD_PATH}{secret}")),
        url_expiry: iso_ms(until.0),
        headers_to_include: headers,
    };
    let command = Command::AnnounceFile {
        by: call.by(),
        name: name.into(),
        kind: kind.into(),
        size,
        audience: Audience::All,
        upload,
        until,
        key,
    };
    Ok(call.act(command, move |cx, done| match done {
        Done::File { file } => {
            reply(cx, &Started { attachment_id: file, upload_metadata: metadata })
        }
        _ => Err(unexpected()),
    }))
}

/// The secret in the URL. It follows from the caller's own secret and its word for this upload, so a repeat, of which
/// a client may have got only one answer, gets the same URL; and nobody else can know it.
fn upload_secret(call: &Call, token: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["participant.upload", &call.secret, token] {
        hash.update(part);
        hash.update([0]);
    }
    let mut bytes = call.realm.0.to_be_bytes().to_vec();
    bytes.extend_from_slice(&hash.finalize());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Two words of RFC 9110 §8.3.1, maybe with parameters, and not of what a browser would run.
fn is_media_type(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let active = ["html", "xml", "javascript", "ecmascript"];
    let printable = kind.bytes().all(|b| (0x20..0x7f).contains(&b));
    // Office documents have "xml" in their names, but not at the end.
    let runs = active.iter().any(|end| essence.ends_with(end));
    printable && !runs && essence.split_once('/').is_some_and(|(a, b)| word(a) && word(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_two_words_that_do_not_run() {
        for good in [
            "image/png",
            "text/plain; charset=utf-8",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/octet-stream",
        ] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in [
            "",
            "png",
            "image/",
            "/png",
            "a b/c",
            "text/html",
            "Image/SVG+XML",
            "text/javascript",
            "image/png\r\nx: y",
            "이미지/png",
        ] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
