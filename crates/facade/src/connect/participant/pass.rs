//! The right to get a file, carried by its URL alone: sealed by the server, so only the server can have made it, and
//! nothing of it can be read or changed (`amazon-connect-chat.md` 2.6).

use crate::door::Cx;
use domain::id::FileId;
use domain::time::Millis;
use serde::{Deserialize, Serialize};

/// What a pass is for; other sealed texts of the server are none.
const PURPOSE: &str = "connect.file";

/// One file, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pass {
    purpose: String,
    pub(super) file: FileId,
    until: Millis,
    pub(super) inline: bool,
    pub(super) kind: String,
    pub(super) name: String,
}

impl Pass {
    pub(super) fn new(file: &domain::room::File, until: Millis, inline: bool) -> Self {
        Self {
            purpose: PURPOSE.to_owned(),
            file: file.id,
            until,
            inline,
            kind: file.kind.as_ref().to_owned(),
            name: file.name.as_ref().to_owned(),
        }
    }

    /// As a text for a URL, not yet percent-encoded.
    pub(super) fn seal(&self, cx: &Cx<'_>) -> String {
        cx.site.seal(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads one that has not lapsed.
    pub(super) fn open(cx: &Cx<'_>, text: &str) -> Option<Self> {
        let pass: Self = serde_json::from_slice(&cx.site.unseal(text)?).ok()?;
        (pass.purpose == PURPOSE && cx.now < pass.until).then_some(pass)
    }
}
