//! `CompleteAttachmentUpload`: bytes that were put become a line (`amazon-connect-chat.md` 2.6).
//!
//! ```text
//! POST /participant/complete-attachment-upload   X-Amz-Bearer: <ConnectionToken>
//! {"AttachmentIds":["…"],"ClientToken":"…"}
//! {}
//! ```

use super::call::{Call, empty};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::Command;
use domain::id::FileId;

pub(super) fn run(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let ids = body.texts("AttachmentIds", 1..=1, 1..=256)?;
    let ids = body.need("AttachmentIds", ids)?;
    let token = body.need_text("ClientToken", 1..=500)?;
    let key = body.need("ClientToken", call.key(Some(token)))?;
    let command = Command::CompleteFile { by: call.by(), file: file(&body, ids[0])?, key };
    Ok(call.act(command, |cx, _| empty(cx)))
}

fn file(body: &Object<'_>, id: &str) -> Result<FileId, ApiError> {
    id.parse().map_err(|_| body.bad("AttachmentIds", "must name an attachment of this chat"))
}
