//! `GetAttachment`: a URL by which a file's bytes can be got for a while (`amazon-connect-chat.md` 2.6).
//!
//! ```text
//! POST /participant/attachment   X-Amz-Bearer: <ConnectionToken>
//! {"AttachmentId":"…","UrlExpiryInSeconds":60,"UrlContentDisposition":"INLINE"}
//! {"Url":"https://…","UrlExpiry":"…Z","AttachmentSizeInBytes":7}
//! ```

use super::bytes::FILE_PATH;
use super::call::{Call, reply, unexpected};
use super::pass::Pass;
use crate::connect::address::file_url;
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::connect::time::iso_ms;
use crate::door::{Cx, Step};
use crate::percent::encode_segment;
use domain::query::{Answer, Query};
use domain::time::Millis;
use serde::Serialize;

/// A URL lives so long unless another time is asked for, in seconds.
const USUAL: i64 = 300;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the wire's own names")]
struct Attachment {
    url: String,
    url_expiry: String,
    attachment_size_in_bytes: u64,
}

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let id = body.need_text("AttachmentId", 1..=256)?;
    let id =
        id.parse().map_err(|_| body.bad("AttachmentId", "is not an attachment of this chat"))?;
    let seconds = body.integer("UrlExpiryInSeconds", 5..=300)?.unwrap_or(USUAL);
    let words = [("INLINE", true), ("ATTACHMENT", false)];
    let inline = body.choice("UrlContentDisposition", &words)?.unwrap_or_default();
    let until = cx.now.plus(Millis::from_secs(seconds.unsigned_abs()));
    let head = call.head.clone();
    Ok(call.ask(Query::File(call.by(), id), move |cx, answer| {
        let Answer::File(file) = answer else { return Err(unexpected()) };
        let pass = Pass::new(&file, until, inline).seal(cx);
        let attachment = Attachment {
            url: file_url(cx, &head, &format!("{FILE_PATH}{}", encode_segment(&pass))),
            url_expiry: iso_ms(until.0),
            attachment_size_in_bytes: file.size,
        };
        reply(cx, &attachment)
    }))
}
