//! The control plane: signed calls of backends (`amazon-connect-chat.md` 1), a file for each verb or family.
//!
//! Each file has what the operation takes and gives at its top. It reads the members, makes a command or a query of
//! them, and writes the answer; what may be done is the domain's to say. [`Call`] is what they share.

mod attributes;
mod call;
mod contact;
mod describe;
pub(crate) mod fields;
mod flows;
mod instances;
mod integration;
mod list;
mod metrics;
mod outbound;
mod participant;
mod queues;
mod references;
mod role_config;
mod search;
mod start;
mod stop;
mod streaming;
mod tags;
mod transfer;
mod users;

pub(crate) use call::{Call, reply, settle, unexpected};

use crate::connect::error::ApiError;
use crate::connect::sigv4::{self, Secret, SigError, Signed};
use crate::connect::{address, route};
use crate::door::{AccessKey, Cx, Head, Request, Step};

/// What one operation does with a call that is signed and allowed.
type Verb = fn(&mut Cx<'_>, &Call) -> Result<Step, ApiError>;

/// An operation of the models.
pub(crate) struct Operation {
    method: &'static str,
    /// Segments of its path; `*` is any one segment, not empty.
    path: &'static [&'static str],
    /// Its name in keys' policies and in the journal: `connect.StartChatContact`.
    pub(crate) cause: &'static str,
    verb: Verb,
}

impl Operation {
    /// Its name in the models.
    pub(crate) fn name(&self) -> &'static str {
        self.cause.split_once('.').map_or(self.cause, |(_, name)| name)
    }
}

macro_rules! operations {
    ($($method:literal [$($segment:literal)*] $name:literal $verb:path;)*) => {
        /// Every operation, by its URI in the models.
        static OPERATIONS: &[Operation] = &[$(
            Operation { method: $method, path: &[$($segment),*], cause: concat!("connect.", $name), verb: $verb },
        )*];
    };
}

operations! {
    "PUT" ["contact" "chat"] "StartChatContact" start::run;
    "PUT" ["contact" "outbound-chat"] "StartOutboundChatContact" outbound::run;
    "POST" ["contact" "stop"] "StopContact" stop::run;
    "POST" ["contact" "attributes"] "UpdateContactAttributes" attributes::update;
    "GET" ["contact" "attributes" "*" "*"] "GetContactAttributes" attributes::get;
    "POST" ["contact" "create-participant"] "CreateParticipant" participant::create;
    "POST" ["contact" "transfer"] "TransferContact" transfer::run;
    "POST" ["contact" "monitor"] "MonitorContact" participant::monitor;
    "PUT" ["contact" "participant-role-config" "*" "*"] "UpdateParticipantRoleConfig" role_config::run;
    "POST" ["contact" "start-streaming"] "StartContactStreaming" streaming::start;
    "POST" ["contact" "stop-streaming"] "StopContactStreaming" streaming::stop;
    "GET" ["contact" "references" "*" "*"] "ListContactReferences" references::run;
    "GET" ["contact" "associated" "*"] "ListAssociatedContacts" list::associated;
    "POST" ["contact" "tags"] "TagContact" tags::tag;
    "DELETE" ["contact" "tags" "*" "*"] "UntagContact" tags::untag;
    "GET" ["contacts" "*" "*"] "DescribeContact" describe::run;
    "POST" ["contacts" "*" "*"] "UpdateContact" contact::update;
    "POST" ["contacts" "*" "*" "associate-user"] "AssociateContactWithUser" participant::associate;
    "POST" ["chat-integration-event"] "SendChatIntegrationEvent" integration::run;
    "POST" ["search-contacts"] "SearchContacts" search::run;
    "GET" ["queues-summary" "*"] "ListQueues" queues::run;
    "GET" ["users-summary" "*"] "ListUsers" users::run;
    "POST" ["metrics" "current" "*"] "GetCurrentMetricData" metrics::run;
    "GET" ["instance"] "ListInstances" instances::run;
    "GET" ["contact-flows-summary" "*"] "ListContactFlows" flows::run;
}

/// Answers a call of the control plane.
pub(crate) fn handle(cx: &mut Cx<'_>, segments: &[String], request: Request) -> Step {
    let outcome = admit(cx, segments, request).and_then(|call| (call.operation.verb)(cx, &call));
    settle(cx, outcome)
}

/// Finds the operation, believes the signature, asks the key's policy and the buckets.
fn admit(cx: &mut Cx<'_>, segments: &[String], request: Request) -> Result<Call, ApiError> {
    let operation = find(&request.head.method, segments)
        .ok_or_else(|| ApiError::unknown_operation("There is no such operation."))?;
    let (key, region) = believe(cx, &request)?;
    let name = operation.name();
    if !key.actions.iter().any(|action| allows(action, name)) {
        let why = format!("User: {} is not authorized to perform: connect:{name}", key.id);
        return Err(ApiError::access_denied(why));
    }
    if let Some(rate) = cx.site.settings().rates.get(operation.cause) {
        let bucket = format!("{}/{}", operation.cause, key.realm.0);
        if !cx.site.allow(&bucket, rate.per_second, rate.burst) {
            return Err(ApiError::too_many_requests("Rate exceeded."));
        }
    }
    let path = operation.path.iter().zip(segments).filter(|(part, _)| **part == "*");
    let path = path.map(|(_, segment)| segment.clone()).collect();
    Ok(Call { realm: key.realm, region, path, head: request.head, body: request.body, operation })
}

fn find(method: &str, segments: &[String]) -> Option<&'static Operation> {
    let fits = |operation: &&Operation| {
        let mut pairs = operation.path.iter().zip(segments);
        operation.method == method
            && operation.path.len() == segments.len()
            && pairs.all(|(part, segment)| part == segment || (*part == "*" && !segment.is_empty()))
    };
    OPERATIONS.iter().find(fits)
}

/// Whose call it is, and the region it was signed for.
fn believe(cx: &Cx<'_>, request: &Request) -> Result<(AccessKey, String), ApiError> {
    let secret_of = |id: &str| cx.site.key(id).map(|key| Secret::new(key.secret.as_ref()));
    let head = &request.head;
    let mut signed = Signed {
        method: &head.method,
        raw_path: &head.path,
        raw_query: &head.query,
        headers: &head.headers,
        body: &request.body,
        tls: head.tls,
    };
    let mut verified = sigv4::verify(&signed, cx.now.0, &secret_of);
    // Behind a proxy the client may have signed another host and path than those that came; it signed the public ones.
    if let (Err(SigError::InvalidSignature(sigv4::Invalid::Signature)), Some((host, prefix))) =
        (&verified, address::public(cx))
    {
        let below = route::below(&cx.site.settings().base_path, &head.path);
        let path = format!("{prefix}{below}");
        let headers = with_host(head, host);
        signed.raw_path = &path;
        signed.headers = &headers;
        signed.tls = head.tls
            || cx
                .site
                .settings()
                .public_url
                .as_deref()
                .is_some_and(|url| url.starts_with("https:"));
        verified = sigv4::verify(&signed, cx.now.0, &secret_of);
    }
    let verified = verified?;
    let key = cx.site.key(&verified.access_key).ok_or(SigError::UnrecognizedClient)?;
    Ok((key, verified.region))
}

fn with_host(head: &Head, host: &str) -> Vec<(String, String)> {
    let public = |(name, value): &(String, String)| {
        let value = if name == "host" { host } else { value };
        (name.clone(), value.to_owned())
    };
    head.headers.iter().map(public).collect()
}

/// Does this entry of a key's policy allow an operation? `connect:*`, `connect:Describe*`, `connect:StopContact`.
fn allows(action: &str, name: &str) -> bool {
    let Some(wanted) = action.strip_prefix("connect:") else { return action == "*" };
    wanted.strip_suffix('*').map_or(wanted == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests;
