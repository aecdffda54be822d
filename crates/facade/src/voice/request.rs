//! Requests that are no calls.

use super::{Turn, Voice};
use sip::endpoint::{ALLOW, SUPPORTED};
use sip::flow::Flow;
use sip::message::{Method, Name, Request, Response};
use sip::transaction::TxId;

impl Voice {
    /// Somebody asks for something that is no session.
    pub(super) fn requested(
        &mut self,
        turn: &mut Turn<'_, '_>,
        tx: TxId,
        request: &Request,
        flow: Flow,
    ) {
        let response = match request.method {
            Method::Register => self.register(turn, request, flow),
            Method::Message => return self.chat_message(turn, tx, request, flow),
            Method::Options => options(request),
            // Many phones keep their way open by it.
            Method::Notify => Response::to_request(request, 200),
            Method::Subscribe | Method::Publish => Response::to_request(request, 489),
            Method::Refer => Response::to_request(request, 403),
            _ => {
                let mut response = Response::to_request(request, 405);
                response.headers.push(Name::Allow, ALLOW);
                response
            }
        };
        self.endpoint.respond(turn.now(), tx, response);
    }
}

/// What we can do (RFC 3261 §11.2).
fn options(request: &Request) -> Response {
    let mut response = Response::to_request(request, 200);
    response.headers.push(Name::Allow, ALLOW);
    response.headers.push(Name::Accept, format!("application/sdp, {}", super::chat::KINDS));
    response.headers.push(Name::Supported, SUPPORTED.join(", "));
    response
}
