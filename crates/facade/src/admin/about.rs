//! `GET /api/v1/about`: what runs here. Open to everyone who reaches the server, so it says nothing that a log-in
//! page does not show.

use super::problem;
use crate::door::{Cx, Step};
use serde_json::json;

/// Name, version, and the addresses of the listeners.
pub(super) fn get(cx: &Cx<'_>) -> Step {
    let settings = cx.site.settings();
    let about = json!({
        "name": "Sangdam",
        "version": settings.version,
        "demo": settings.demo,
        "listeners": settings.listeners,
        "chat_sockets": settings.chat_sockets,
    });
    problem::reply(200, &about)
}
