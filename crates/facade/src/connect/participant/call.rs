//! One call of the participant service, and the steps that every verb is made of.

use super::Operation;
use crate::connect::body;
use crate::connect::error::{ApiError, Plane};
use crate::door::{Cx, Head, RealmNo, Request, Response, Step, client_key, open};
use crate::percent::hex;
use domain::command::{By, Command, Done};
use domain::id::{ClientKey, TokenHash, Uuid};
use domain::query::{Answer, Holder, Query};
use domain::refusal::Refusal;
use domain::room::TokenKind;
use serde::Serialize;
use serde_json::{Map, Value};

/// The header that says who calls (0.6).
const BEARER: &str = "x-amz-bearer";

/// A call whose bearer has the form of one of our tokens; what it opens, the domain knows.
pub(super) struct Call {
    /// The realm that the token names.
    pub(super) realm: RealmNo,
    /// The token's hash.
    pub(super) token: TokenHash,
    /// The token itself; it goes no further than this façade.
    pub(super) secret: String,
    /// The variable segment of the path, decoded.
    pub(super) segment: String,
    /// The request's head.
    pub(super) head: Head,
    /// The request's body.
    body: Vec<u8>,
    /// The operation's name in the journal.
    pub(super) cause: &'static str,
}

impl Call {
    pub(super) fn new(
        operation: &Operation,
        segment: String,
        request: Request,
    ) -> Result<Self, ApiError> {
        let Request { head, body } = request;
        // A missing header and a wrong one are answered alike.
        let denied = || refuse(&Refusal::BadToken);
        let secret = head.header(BEARER).ok_or_else(denied)?.to_owned();
        let (realm, token) = open(&secret).ok_or_else(denied)?;
        Ok(Self { realm, token, secret, segment, head, body, cause: operation.cause })
    }

    /// Is there a rate for this operation?
    pub(super) fn rated(&self, cx: &Cx<'_>) -> bool {
        cx.site.settings().rates.contains_key(self.cause)
    }

    /// Takes one from the bucket of this operation and token, where a rate is set (5).
    pub(super) fn throttle(&self, cx: &Cx<'_>) -> Result<(), ApiError> {
        let Some(rate) = cx.site.settings().rates.get(self.cause) else { return Ok(()) };
        let bucket = format!("{}/{}", self.cause, hex(&self.token.0[..16]));
        let allowed = cx.site.allow(&bucket, rate.per_second, rate.burst);
        if allowed { Ok(()) } else { Err(ApiError::throttling("Rate exceeded.")) }
    }

    /// The members of the body.
    pub(super) fn members(&self) -> Result<Map<String, Value>, ApiError> {
        body::parse(&self.body)
    }

    /// Whoever holds the connection token.
    pub(super) const fn by(&self) -> By {
        By::Token(self.token)
    }

    /// The key by which a repeat of this call is known; an empty token is none.
    pub(super) fn key(&self, token: Option<&str>) -> Option<ClientKey> {
        token.filter(|token| !token.is_empty()).map(|token| client_key(self.cause, token))
    }

    /// Has a command carried out, then goes on.
    pub(super) fn act(
        &self,
        command: Command,
        then: impl FnOnce(&mut Cx<'_>, Done) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        act(self.realm, self.cause, command, then)
    }

    /// Has a question answered, then goes on.
    pub(super) fn ask(
        &self,
        query: Query,
        then: impl FnOnce(&mut Cx<'_>, Answer) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        ask(self.realm, query, then)
    }

    /// Finds out who holds the connection token, then goes on.
    pub(super) fn ask_holder(
        &self,
        then: impl FnOnce(&mut Cx<'_>, Holder) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        self.ask(Query::Token(self.token, TokenKind::Connection), |cx, answer| match answer {
            Answer::Holder(holder) => then(cx, *holder),
            _ => Err(unexpected()),
        })
    }
}

/// Has a command carried out, then goes on.
pub(super) fn act(
    realm: RealmNo,
    cause: &'static str,
    command: Command,
    then: impl FnOnce(&mut Cx<'_>, Done) -> Result<Step, ApiError> + Send + 'static,
) -> Step {
    let settled = |cx: &mut Cx<'_>, outcome: Result<Done, Refusal>| {
        let outcome = outcome.map_err(|refusal| refuse(&refusal)).and_then(|done| then(cx, done));
        settle(cx, outcome)
    };
    Step::Do(realm, cause, Box::new(command), Box::new(settled))
}

/// Has a question answered, then goes on.
pub(super) fn ask(
    realm: RealmNo,
    query: Query,
    then: impl FnOnce(&mut Cx<'_>, Answer) -> Result<Step, ApiError> + Send + 'static,
) -> Step {
    let settled = |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| {
        let answer = answer.map_err(|refusal| refuse(&refusal));
        let outcome = answer.and_then(|answer| then(cx, answer));
        settle(cx, outcome)
    };
    Step::Read(realm, Box::new(query), Box::new(settled))
}

/// What the domain's no is called here.
pub(super) fn refuse(refusal: &Refusal) -> ApiError {
    ApiError::refused(Plane::Participant, refusal)
}

/// The step, or the answer that says why not.
pub(super) fn settle(cx: &mut Cx<'_>, outcome: Result<Step, ApiError>) -> Step {
    outcome.unwrap_or_else(|error| Step::Reply(error.response(cx)))
}

/// Answers 200 with a JSON object, its members in the order of the struct (0.3).
pub(super) fn reply<T: Serialize>(cx: &mut Cx<'_>, members: &T) -> Result<Step, ApiError> {
    let body = serde_json::to_vec(members).map_err(|_| unexpected())?;
    Ok(answer(cx, vec![("content-type", "application/json".to_owned())], body))
}

/// Answers 200 with `{}`.
pub(super) fn empty(cx: &mut Cx<'_>) -> Result<Step, ApiError> {
    reply(cx, &Map::new())
}

/// Answers 200 with these headers and this body.
pub(super) fn answer(
    cx: &mut Cx<'_>,
    mut headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
) -> Step {
    headers.push(("x-amzn-requestid", Uuid::new(cx.now, cx.chance).to_string()));
    Step::Reply(Response { status: 200, headers, body })
}

/// The domain gave an answer to another question: a bug, told as one.
pub(super) fn unexpected() -> ApiError {
    ApiError::internal_server("Internal failure.")
}
