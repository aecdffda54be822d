//! `POST /InContactAuthorizationServer/Token`: the vendor's log-in (`max-agent-desktop.md` 3.1).

use super::{Granted, Ways, error, params};
use crate::door::{Cx, Request, Settings, Step, open};
use domain::query::{Answer, Query};
use serde_json::json;

pub(super) fn handle(cx: &mut Cx<'_>, request: &Request, ways: Ways) -> Step {
    if request.head.method != "POST" {
        return error::method("POST");
    }
    let params = match params::read(request) {
        Ok(params) => params,
        Err(why) => return error::stop(400, "invalid_request", why),
    };
    let base = base(cx.site.settings(), request);
    let then = move |cx: &mut Cx<'_>, granted: Result<Granted, bool>| match granted {
        Ok(granted) => welcome(cx, &granted, &base),
        Err(true) => error::stop(429, "too_many_attempts", "Too many wrong passwords."),
        Err(false) => error::stop(400, "invalid_grant", "The name or the password is wrong."),
    };
    let grant = params.text("grant_type").unwrap_or_default().to_ascii_lowercase();
    match (grant.as_str(), params.text("username"), params.text("password")) {
        ("password", Some(user), Some(password)) => {
            (ways.log_in)(cx, &request.head, user, password.to_owned(), Box::new(then))
        }
        ("refresh_token", ..) => {
            let Some((realm, session)) = params.text("refresh_token").and_then(open) else {
                return then(cx, Err(false));
            };
            // A refresh token is the session itself: whoever holds it may have the next one.
            let known = move |cx: &mut Cx<'_>, answer| match answer {
                Ok(Answer::Session(user, until)) if until > cx.now && !user.disabled => {
                    let who = super::Who { user, realm, session };
                    (ways.again)(cx, &who, Box::new(then))
                }
                _ => then(cx, Err(false)),
            };
            Step::Read(realm, Box::new(Query::Session(session)), Box::new(known))
        }
        ("password", ..) => {
            error::stop(400, "invalid_request", "username and password are required.")
        }
        _ => error::stop(400, "unsupported_grant_type", "password or refresh_token."),
    }
}

fn welcome(cx: &Cx<'_>, granted: &Granted, base: &str) -> Step {
    let said = json!({
        "access_token": granted.token,
        "token_type": "bearer",
        "expires_in": granted.until.since(cx.now).0 / 1_000,
        "refresh_token": granted.token,
        "resource_server_base_uri": format!("{base}/InContactAPI/"),
        "agent_id": granted.user.id,
        "bus_no": super::event::tenant(granted.realm),
    });
    Step::Reply(error::json(200, &said))
}

/// The address under which the client reaches us.
fn base(settings: &Settings, request: &Request) -> String {
    if let Some(url) = &settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = if request.head.tls { "https" } else { "http" };
    let host = request.head.header("host").unwrap_or("localhost");
    format!("{scheme}://{host}")
}
