//! `CreateParticipantConnection`: a participant token becomes a socket's URL and a connection token
//! (`amazon-connect-chat.md` 2.1).
//!
//! ```text
//! POST /participant/connection   X-Amz-Bearer: <ParticipantToken>
//! {"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"],"ConnectParticipant":false}
//! {"Websocket":{"Url":"wss://…","ConnectionExpiry":"…Z"},"ConnectionCredentials":{"ConnectionToken":"…","Expiry":"…Z"}}
//! ```

use super::call::{Call, reply};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::connect::time::iso_ms;
use crate::connect::{address, grant};
use crate::door::{Cx, Step};
use domain::command::Command;
use serde::Serialize;

/// What may be asked for. A chat has no sound: the third is taken and has no effect.
const KNOWN: [&str; 3] = ["WEBSOCKET", "CONNECTION_CREDENTIALS", "WEBRTC_CONNECTION"];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Connection {
    #[serde(skip_serializing_if = "Option::is_none")]
    websocket: Option<Websocket>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_credentials: Option<Credentials>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Websocket {
    url: String,
    connection_expiry: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    connection_token: String,
    expiry: String,
}

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let types = body.texts("Type", 1..=16, 0..=256)?.unwrap_or_default();
    let arrive = body.flag("ConnectParticipant")?.unwrap_or_default();
    if types.iter().any(|name| !KNOWN.contains(name)) {
        return Err(body.bad("Type", &format!("must hold only {}", KNOWN.join(", "))));
    }
    if types.is_empty() && !arrive {
        return Err(body.bad("Type", "is required unless ConnectParticipant is true"));
    }

    let mut grants = Vec::new();
    let mut connection = Connection { websocket: None, connection_credentials: None };
    if types.contains(&"WEBSOCKET") {
        let (secret, grant) = grant::socket(cx, call.realm);
        connection.websocket = Some(Websocket {
            url: address::socket_url(cx, &call.head, &secret),
            connection_expiry: iso_ms(cx.now.plus(grant::SOCKET_LIFE).0),
        });
        grants.push(grant);
    }
    if types.contains(&"CONNECTION_CREDENTIALS") {
        let (secret, grant) = grant::connection(cx, call.realm);
        let expiry = iso_ms(grant.until.0);
        connection.connection_credentials = Some(Credentials { connection_token: secret, expiry });
        grants.push(grant);
    }
    let command = Command::Connect { token: call.token, grants, arrive };
    Ok(call.act(command, move |cx, _| reply(cx, &connection)))
}
