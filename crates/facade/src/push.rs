//! What a realm's webhook is told of a push token (`nxwebapi.md` 7.2, `amazon-connect-chat.md` 1.8).

use domain::id::ContactId;
use domain::push::Push;
use serde_json::json;

/// The header that names it: the same whenever it is told again.
pub const KEY_HEADER: &str = "x-sangdam-key";

/// `{"type":"push_token","token":…,"contact":…,"cid":…,"from":…,"to":…,"at":…}`
#[must_use]
pub fn body(contact: ContactId, push: &Push) -> String {
    json!({
        "type": "push_token",
        "token": push.token,
        "contact": contact.to_string(),
        "cid": push.cnid,
        "from": push.customer.as_str(),
        "to": push.dialed.as_str(),
        "at": push.at.0,
    })
    .to_string()
}
