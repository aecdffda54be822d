//! One call of the control plane, and the steps that every verb is made of.

use super::Operation;
use crate::connect::arn::{self, Arns};
use crate::connect::body;
use crate::connect::error::{ApiError, Plane};
use crate::door::{Cx, Head, RealmNo, Step, client_key};
use crate::percent::parse_query;
use domain::command::{Command, Done};
use domain::contact::{Attributes, Contact};
use domain::directory::Directory;
use domain::id::{ClientKey, ContactId, FlowId, InstanceId, QueueId, UserId};
use domain::query::{Answer, ContactName, Query};
use domain::refusal::Refusal;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A signed and allowed call.
pub(crate) struct Call {
    /// The key's realm.
    pub(crate) realm: RealmNo,
    /// The region it was signed for; ARNs in the answer name it.
    pub(crate) region: String,
    /// The variable segments of the path, decoded.
    pub(crate) path: Vec<String>,
    /// The request's head.
    pub(crate) head: Head,
    /// The request's body.
    pub(crate) body: Vec<u8>,
    /// What is called.
    pub(crate) operation: &'static Operation,
}

impl Call {
    /// The members of the body.
    pub(crate) fn members(&self) -> Result<Map<String, Value>, ApiError> {
        body::parse(&self.body)
    }

    /// The query as pairs; a key may repeat.
    pub(crate) fn query(&self) -> Result<Vec<(String, String)>, ApiError> {
        let wrong = |_| ApiError::invalid_request("The query is not percent-encoded UTF-8.");
        parse_query(&self.head.query).map_err(wrong)
    }

    /// Every value of a query parameter that names kinds, each of which has to be a known one.
    pub(crate) fn kinds(&self, name: &str, known: &[&str]) -> Result<Vec<String>, ApiError> {
        let pairs = self.query()?.into_iter();
        let kinds: Vec<String> = pairs.filter(|(n, _)| n == name).map(|(_, v)| v).collect();
        if kinds.iter().any(|kind| !known.contains(&kind.as_str())) {
            return Err(ApiError::invalid_parameter(format!(
                "{name} must hold only {}",
                known.join(", ")
            )));
        }
        Ok(kinds)
    }

    /// A variable segment of the path.
    pub(crate) fn segment(&self, at: usize) -> &str {
        self.path.get(at).map_or("", String::as_str)
    }

    /// The instance of this name, if it is the realm's own; another realm's does not exist for this key (0.5, 6).
    pub(crate) fn instance(&self, cx: &Cx<'_>, name: &str) -> Result<InstanceId, ApiError> {
        if name.chars().count() > 100 {
            return Err(ApiError::invalid_parameter("InstanceId must have 1 to 100 characters"));
        }
        let none = || ApiError::not_found("There is no such instance.");
        let id = arn::instance(name).ok_or_else(none)?;
        if cx.site.realm(&id.to_string()) == Some(self.realm) { Ok(id) } else { Err(none()) }
    }

    /// ARNs of this instance, as this caller sees them.
    pub(crate) fn arns(&self, cx: &Cx<'_>, instance: InstanceId) -> Arns {
        Arns { region: self.region.clone(), account: cx.site.settings().account.clone(), instance }
    }

    /// The key by which a repeat of this call is known; `scope` tells apart what one token may be used for twice.
    pub(crate) fn key(&self, scope: &str, token: Option<&str>) -> Option<ClientKey> {
        token
            .filter(|t| !t.is_empty())
            .map(|t| client_key(&format!("{}/{scope}", self.operation.cause), t))
    }

    /// Has a command carried out, then goes on.
    pub(crate) fn act(
        &self,
        command: Command,
        then: impl FnOnce(&mut Cx<'_>, Done) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        act(self.realm, self.operation.cause, command, refused, then)
    }

    /// The same, where this verb has names of its own for some refusals.
    pub(crate) fn act_or(
        &self,
        command: Command,
        refuse: fn(&Refusal) -> ApiError,
        then: impl FnOnce(&mut Cx<'_>, Done) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        act(self.realm, self.operation.cause, command, refuse, then)
    }

    /// Has a question answered, then goes on.
    pub(crate) fn ask(
        &self,
        query: Query,
        then: impl FnOnce(&mut Cx<'_>, Answer) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        ask(self.realm, query, then)
    }

    /// Looks up a contact and the attributes of its matter, then goes on.
    pub(crate) fn ask_contact(
        &self,
        id: ContactId,
        then: impl FnOnce(&mut Cx<'_>, Contact, Attributes) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        self.ask(Query::Contact(ContactName::Id(id)), |cx, answer| match answer {
            Answer::Contact(contact, attributes) => then(cx, *contact, attributes),
            _ => Err(unexpected()),
        })
    }

    /// Looks into the directory, then goes on.
    pub(crate) fn ask_directory(
        &self,
        then: impl FnOnce(&mut Cx<'_>, Arc<Directory>) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        self.ask(Query::Directory, |cx, answer| match answer {
            Answer::Directory(directory) => then(cx, directory),
            _ => Err(unexpected()),
        })
    }
}

/// Has a command carried out, then goes on, or answers why not.
pub(crate) fn act(
    realm: RealmNo,
    cause: &'static str,
    command: Command,
    refuse: fn(&Refusal) -> ApiError,
    then: impl FnOnce(&mut Cx<'_>, Done) -> Result<Step, ApiError> + Send + 'static,
) -> Step {
    let settled = move |cx: &mut Cx<'_>, outcome: Result<Done, Refusal>| {
        let outcome = outcome.map_err(|refusal| refuse(&refusal)).and_then(|done| then(cx, done));
        settle(cx, outcome)
    };
    Step::Do(realm, cause, Box::new(command), Box::new(settled))
}

/// Has a question answered, then goes on, or answers why not.
pub(crate) fn ask(
    realm: RealmNo,
    query: Query,
    then: impl FnOnce(&mut Cx<'_>, Answer) -> Result<Step, ApiError> + Send + 'static,
) -> Step {
    let settled = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| {
        let outcome =
            answer.map_err(|refusal| refused(&refusal)).and_then(|answer| then(cx, answer));
        settle(cx, outcome)
    };
    Step::Read(realm, Box::new(query), Box::new(settled))
}

/// What this plane calls a refusal, where the verb has no better word.
pub(crate) fn refused(refusal: &Refusal) -> ApiError {
    ApiError::refused(Plane::Control, refusal)
}

/// The contact of this name. What has not the form of one of our ids is none of ours.
pub(crate) fn contact(name: &str) -> Result<ContactId, ApiError> {
    if name.chars().count() > 256 {
        return Err(ApiError::invalid_parameter("ContactId must have 1 to 256 characters"));
    }
    name.parse().map_err(|_| ApiError::refused(Plane::Control, &Refusal::NoSuchContact))
}

/// The flow of this name, which may be an ARN of this instance.
pub(crate) fn flow(name: &str, instance: InstanceId) -> Result<FlowId, ApiError> {
    match arn::flow(name) {
        Some((named, flow)) if named.is_none_or(|named| named == instance) => Ok(flow),
        _ => Err(ApiError::refused(Plane::Control, &Refusal::NoSuchFlow)),
    }
}

/// The queue of this name, which may be an ARN of this instance.
pub(crate) fn queue(name: &str, instance: InstanceId) -> Result<QueueId, ApiError> {
    within(name, "queue", instance)
        .map(QueueId::from)
        .ok_or_else(|| ApiError::refused(Plane::Control, &Refusal::NoSuchQueue))
}

/// The person of this name, which may be an ARN of this instance.
pub(crate) fn user(name: &str, instance: InstanceId) -> Result<UserId, ApiError> {
    within(name, "agent", instance)
        .map(UserId::from)
        .ok_or_else(|| ApiError::refused(Plane::Control, &Refusal::NoSuchAgent))
}

fn within<'a>(name: &'a str, kind: &str, instance: InstanceId) -> Option<&'a str> {
    let within = arn::within(name, kind)?;
    within.instance.is_none_or(|named| named == instance).then_some(within.id)
}

/// The step, or the answer that says why not.
pub(crate) fn settle(cx: &mut Cx<'_>, outcome: Result<Step, ApiError>) -> Step {
    outcome.unwrap_or_else(|error| Step::Reply(error.response(cx)))
}

/// Answers 200 with these members.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the last line of every verb, whose other lines may fail"
)]
pub(crate) fn reply(cx: &mut Cx<'_>, members: Value) -> Result<Step, ApiError> {
    Ok(Step::Reply(body::success(cx, members)))
}

/// The domain gave an answer to another question: a bug, told as one.
pub(crate) fn unexpected() -> ApiError {
    ApiError::internal_service("Internal failure.")
}
