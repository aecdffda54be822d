//! The open start of a chat: unsigned, by any page of an allowed origin (`amazon-connect-chat.md` 1.12, seed 004).
//!
//! ```text
//! POST /Prod  {"ParticipantDetails":{"DisplayName":"CUSTOMER"}}
//! {"data":{"startChatResult":{"ContactId":C,"ParticipantId":P,"ParticipantToken":PT},"ContactId":C,…}}
//! ```
//!
//! What the page leaves out comes from the widget; how many may be open is the domain's to say.

use crate::connect::body::{self, Object};
use crate::connect::control::fields;
use crate::connect::cors::{self, Headers};
use crate::connect::error::{ApiError, Plane};
use crate::connect::{arn, grant};
use crate::door::{Cx, RealmNo, Request, Response, Step};
use domain::command::{Command, Done, StartChat};
use domain::contact::Origin;
use domain::directory::{Directory, Widget};
use domain::id::InstanceId;
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;

const CAUSE: &str = "connect.OpenStart";

/// Starts of one address: so many at once, and so many a minute (1.12).
const STARTS_PER_MINUTE: f64 = 10.0;

const METHODS: &str = "POST,OPTIONS";

/// Answers `/Prod`, `/Prod/`, `/start-chat/{widget}`. The widget is one of the realm that a page uses which names none.
pub(crate) fn handle(cx: &mut Cx<'_>, segments: &[String], request: Request) -> Step {
    let wanted = match segments {
        [prod] if prod == "Prod" => None,
        [prod, empty] if prod == "Prod" && empty.is_empty() => None,
        [start, widget] if start == "start-chat" && !widget.is_empty() => Some(widget.clone()),
        _ => {
            return refuse(
                cx,
                &ApiError::unknown_operation("There is no such operation."),
                Vec::new(),
            );
        }
    };
    let realm = cx.site.default_realm();
    Step::Read(
        realm,
        Box::new(Query::Directory),
        Box::new(move |cx, answer| {
            let directory = match answer {
                Ok(Answer::Directory(directory)) => directory,
                Ok(_) => {
                    return refuse(
                        cx,
                        &ApiError::internal_service("Internal failure."),
                        Vec::new(),
                    );
                }
                Err(refusal) => {
                    return refuse(cx, &ApiError::refused(Plane::Control, &refusal), Vec::new());
                }
            };
            let Some(widget) = find(&directory, wanted.as_deref()) else {
                // No widget, no list of origins: any page may read that its address is wrong.
                let headers = cors::headers("*");
                return refuse(cx, &ApiError::not_found("There is no such widget."), headers);
            };
            answer_page(cx, realm, &directory, widget, &request)
        }),
    )
}

/// The widget of this name; without one, the one that is called as the path, else the first.
fn find<'a>(directory: &'a Directory, name: Option<&str>) -> Option<&'a Arc<Widget>> {
    let widgets = &directory.widgets;
    match name {
        Some(name) => widgets.get(name),
        None => widgets.get("Prod").or_else(|| widgets.values().next()),
    }
}

fn answer_page(
    cx: &mut Cx<'_>,
    realm: RealmNo,
    directory: &Directory,
    widget: &Widget,
    request: &Request,
) -> Step {
    let Ok(origin) = allowed(widget, request.head.header("origin")) else {
        return refuse(
            cx,
            &ApiError::access_denied("This origin may not start chats."),
            Vec::new(),
        );
    };
    let headers = origin.as_deref().map_or_else(Vec::new, cors::headers);
    if cors::is_preflight(&request.head) {
        let mut answer =
            cors::preflight(&request.head, origin.as_deref().unwrap_or_default(), METHODS);
        // A caller that is no page is allowed nothing, rather than the origin "".
        answer.headers.retain(|(_, value)| !value.is_empty());
        return Step::Reply(answer);
    }
    let outcome = if request.head.method == "POST" {
        start(cx, realm, directory, widget, request)
    } else {
        Err(ApiError { status: 405, ..ApiError::unknown_operation("Only POST starts a chat.") })
    };
    match outcome {
        Ok(step) => cors::dress(step, headers),
        Err(error) => refuse(cx, &error, headers),
    }
}

/// The origin to allow: none for a caller that is no page, an error for a page of another place.
fn allowed(widget: &Widget, origin: Option<&str>) -> Result<Option<String>, ()> {
    if widget.origins.iter().any(|o| &**o == "*") {
        return Ok(Some("*".to_owned()));
    }
    match origin {
        None => Ok(None),
        Some(origin) if widget.origins.iter().any(|o| &**o == origin) => {
            Ok(Some(origin.to_owned()))
        }
        Some(_) => Err(()),
    }
}

fn start(
    cx: &mut Cx<'_>,
    realm: RealmNo,
    directory: &Directory,
    widget: &Widget,
    request: &Request,
) -> Result<Step, ApiError> {
    let instance = directory.realm.as_ref().map(|realm| realm.instance).unwrap_or_default();
    let near = neighbourhood(request.head.peer);
    let members = body::parse(&request.body)?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    same_place(&body, instance, widget)?;
    let name = fields::display_name(&body)?;
    let mut attributes = fields::attributes(&body, "Attributes")?;
    let allowed = |key: &Arc<str>| widget.attributes.as_ref().is_none_or(|keys| keys.contains(key));
    if !attributes.keys().all(|key| allowed(key) || &**key == "customerName") {
        return Err(body.bad("Attributes", "has a key that this widget does not take"));
    }
    attributes.insert("customerName".into(), name.clone());
    let kinds = fields::kinds(&body)?;
    let duration = fields::duration(&body)?;
    let until = cx.now.plus(duration);
    let (secret, grant) = grant::participant(cx, realm, until);
    let start = StartChat {
        flow: widget.flow,
        name,
        customer: None,
        verified: false,
        attributes,
        segment_attributes: fields::subtype(&body, fields::SegmentAttributes::new(), kinds)?,
        opening: fields::opening(&body, "InitialMessage", kinds)?,
        kinds,
        duration,
        rehydrate: fields::rehydrate(&body)?,
        related: None,
        drop_agents: false,
        stream: None,
        key: None,
        grants: vec![grant],
        origin: Some(Origin { widget: widget.id.clone(), address: fingerprint(instance, &near) }),
        outside: None,
        outbound: false,
    };
    // Starts are counted, and what cannot be one is none.
    if !cx.site.allow(&format!("{CAUSE}/{near}"), STARTS_PER_MINUTE / 60.0, STARTS_PER_MINUTE) {
        return Err(ApiError::too_many_requests("Too many chats were started from this address."));
    }
    Ok(Step::Do(
        realm,
        CAUSE,
        Box::new(Command::StartChat(Box::new(start))),
        Box::new(move |cx, outcome| match outcome {
            Ok(Done::Started { contact, participant, .. }) => {
                let three = json!({
                    "ContactId": contact.to_string(),
                    "ParticipantId": participant.to_string(),
                    "ParticipantToken": secret,
                });
                let mut data = three.clone();
                data["startChatResult"] = three;
                Step::Reply(body::success(cx, json!({ "data": data })))
            }
            Ok(_) => refuse(cx, &ApiError::internal_service("Internal failure."), Vec::new()),
            Err(refusal) => refuse(cx, &refused(&refusal), Vec::new()),
        }),
    ))
}

fn refused(refusal: &Refusal) -> ApiError {
    ApiError::refused(Plane::Control, refusal)
}

/// A page may repeat the instance and flow of its widget, as the guide's page does, and name no other.
fn same_place(body: &Object<'_>, instance: InstanceId, widget: &Widget) -> Result<(), ApiError> {
    if body.text("InstanceId", 1..=100)?.is_some_and(|name| arn::instance(name) != Some(instance)) {
        return Err(body.bad("InstanceId", "is not this widget's"));
    }
    let named = body.text("ContactFlowId", 1..=500)?.map(arn::flow);
    let same = |named: Option<(Option<InstanceId>, _)>| {
        named.is_some_and(|(i, flow)| flow == widget.flow && i.is_none_or(|i| i == instance))
    };
    if named.is_some_and(|named| !same(named)) {
        return Err(body.bad("ContactFlowId", "is not this widget's"));
    }
    Ok(())
}

/// Whom an address is counted with: itself; for IPv6 its network of 64 bits, which one household has whole.
fn neighbourhood(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
    }
}

/// An address is personal data: the domain counts by a hash of it, another one in each realm.
fn fingerprint(instance: InstanceId, near: &str) -> u64 {
    let key = crate::door::client_key(&instance.to_string(), near).0;
    key.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn refuse(cx: &mut Cx<'_>, error: &ApiError, headers: Headers) -> Step {
    let mut response = wrapped(cx, error);
    response.headers.extend(headers);
    Step::Reply(response)
}

/// A failure in the form of this endpoint, for pages of this origin.
pub(crate) fn failure(cx: &mut Cx<'_>, error: &ApiError, origin: &str) -> Response {
    let mut response = wrapped(cx, error);
    response.headers.extend(cors::headers(origin));
    response
}

fn wrapped(cx: &mut Cx<'_>, error: &ApiError) -> Response {
    let mut response = error.response(cx);
    let body: Value =
        json!({ "data": { "Error": { "code": error.shape, "message": error.message } } });
    response.body = body.to_string().into_bytes();
    response
}
