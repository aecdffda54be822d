//! The control plane without a node: reading, errors, signatures.

use super::*;
use crate::connect::sigv4::{Signer, sign};
use crate::connect::site::{Fixed, INSTANCE, KEY, SECRET, head};
use crate::door::{Rate, Response};
use domain::chance::Seeded;
use domain::command::{Command, IdleChange, Timing};
use domain::contact::TextKind;
use domain::query::Query;
use domain::time::Millis;

const NOW: Millis = Millis(1_763_736_000_000);
const HOST: &str = "127.0.0.1:8080";
const FLOW: &str = "5a9d0000-0000-4000-8000-000000003001";

fn unsigned(method: &str, path: &str, body: &str) -> Request {
    let mut head = head(method, path);
    if let Some((path, query)) = path.split_once('?') {
        (head.path, head.query) = (path.to_owned(), query.to_owned());
    }
    head.headers.push(("host".to_owned(), HOST.to_owned()));
    Request { head, body: body.as_bytes().to_vec() }
}

fn signed_as(key: &str, secret: &str, at: Millis, mut request: Request) -> Request {
    let secret = Secret::new(secret);
    let head = &request.head;
    let to_sign = Signed {
        method: &head.method,
        raw_path: &head.path,
        raw_query: &head.query,
        headers: &head.headers,
        body: &request.body,
        tls: head.tls,
    };
    let signer =
        Signer { access_key: key, secret: &secret, region: "eu-west-2", service: "connect" };
    let more = sign(&to_sign, &signer, at.0).unwrap();
    request.head.headers.extend(more);
    request
}

fn signed(method: &str, path: &str, body: &str) -> Request {
    signed_as(KEY, SECRET, NOW, unsigned(method, path, body))
}

fn step(site: &Fixed, request: Request) -> Step {
    let mut chance = Seeded::new(1);
    let mut cx = Cx { now: NOW, chance: &mut chance, site };
    route::handle(&mut cx, request)
}

fn refused(site: &Fixed, request: Request) -> (u16, String, String) {
    let Step::Reply(Response { status, headers, body }) = step(site, request) else {
        panic!("it was to be refused at once")
    };
    let shape = headers.iter().find(|(name, _)| *name == "x-amzn-errortype").unwrap().1.clone();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["message"], body["Message"]);
    assert_eq!(body["__type"], shape);
    (status, shape, body["message"].as_str().unwrap().to_owned())
}

fn shape(site: &Fixed, request: Request) -> (u16, String) {
    let (status, shape, _) = refused(site, request);
    (status, shape)
}

fn command(request: Request) -> Command {
    match step(&Fixed::new(), request) {
        Step::Do(_, cause, command, _) => {
            assert!(cause.starts_with("connect."));
            *command
        }
        Step::Reply(response) => panic!("{}", String::from_utf8_lossy(&response.body)),
        _ => panic!("it was to command"),
    }
}

fn start_with(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        r#"{{"InstanceId":"{INSTANCE}","ContactFlowId":"{FLOW}","ParticipantDetails":{{"DisplayName":"Jane"}}{comma}{members}}}"#
    )
}

#[test]
fn a_signature_is_refused_by_the_names_of_the_real_service() {
    let site = Fixed::new();
    let check = |request: Request, expected: &str| {
        assert_eq!(shape(&site, request), (403, expected.to_owned()));
    };
    let put = || unsigned("PUT", "/contact/chat", "{}");
    check(put(), "MissingAuthenticationTokenException");
    let mut odd = put();
    odd.head.headers.push(("authorization".to_owned(), "Bearer x".to_owned()));
    check(odd, "IncompleteSignatureException");
    check(signed_as("NOBODY", SECRET, NOW, put()), "UnrecognizedClientException");
    check(signed_as(KEY, "wrong", NOW, put()), "InvalidSignatureException");
    let hour_ago = Millis(NOW.0 - 3_600_000);
    check(signed_as(KEY, SECRET, hour_ago, put()), "InvalidSignatureException");
    let mut altered = signed("PUT", "/contact/chat", &start_with(""));
    altered.body.push(b' ');
    check(altered, "InvalidSignatureException");
    let mut with_session = put();
    with_session.head.headers.push(("x-amz-security-token".to_owned(), "x".to_owned()));
    check(signed_as(KEY, SECRET, NOW, with_session), "UnrecognizedClientException");
}

#[test]
fn a_client_behind_a_proxy_signs_the_public_address() {
    let mut site = Fixed::new();
    let mut public = unsigned("POST", "/aws/contact/stop", "{}");
    public.head.headers[0].1 = "chat.example.com".to_owned();
    let mut request = signed_as(KEY, SECRET, NOW, public);
    request.head.headers[0].1 = HOST.to_owned();
    request.head.path = "/contact/stop".to_owned();
    assert_eq!(shape(&site, request.clone()).1, "InvalidSignatureException");
    site.settings.public_url = Some("https://chat.example.com/aws".to_owned());
    assert_eq!(shape(&site, request).1, "InvalidParameterException", "it was believed and read");
}

#[test]
fn a_key_may_do_what_its_policy_says() {
    let mut site = Fixed::new();
    site.actions = vec!["connect:Describe*".into(), "connect:StopContact".into()];
    let (status, shape, message) = refused(&site, signed("PUT", "/contact/chat", "{}"));
    assert_eq!((status, shape.as_str()), (403, "AccessDeniedException"));
    assert_eq!(
        message,
        "User: SANGDAMDEMO000000001 is not authorized to perform: connect:StartChatContact"
    );
    assert_eq!(self::shape(&site, signed("POST", "/contact/stop", "{}")).0, 400);
    for (action, name, expected) in [
        ("connect:*", "StopContact", true),
        ("*", "StopContact", true),
        ("connect:Stop*", "StopContact", true),
        ("connect:StopContactStreaming", "StopContact", false),
        ("s3:*", "StopContact", false),
    ] {
        assert_eq!(allows(action, name), expected, "{action}");
    }
}

#[test]
fn too_many_requests_are_429() {
    let mut site = Fixed::new();
    site.settings
        .rates
        .insert("connect.StopContact".to_owned(), Rate { per_second: 1.0, burst: 1.0 });
    site.left.set(1);
    assert_eq!(shape(&site, signed("POST", "/contact/stop", "{}")).0, 400);
    let expected = (429, "TooManyRequestsException".to_owned());
    assert_eq!(shape(&site, signed("POST", "/contact/stop", "{}")), expected);
    assert_eq!(
        shape(&site, signed("POST", "/contact/transfer", "{}")).0,
        400,
        "others are not limited"
    );
}

#[test]
fn every_operation_is_found_by_its_uri() {
    for operation in OPERATIONS {
        let path: Vec<String> = operation.path.iter().map(|s| s.replace('*', "x")).collect();
        let found = find(operation.method, &path).unwrap();
        assert_eq!(found.cause, operation.cause);
    }
    assert!(find("GET", &["contacts".to_owned(), "i".to_owned(), String::new()]).is_none());
}

#[test]
fn an_arn_in_a_path_is_one_segment_and_is_signed_as_sent() {
    let arn = format!("arn%3Aaws%3Aconnect%3Aeu-west-2%3A123456789012%3Ainstance%2F{INSTANCE}");
    let Step::Read(_, query, _) =
        step(&Fixed::new(), signed("GET", &format!("/contact-flows-summary/{arn}"), ""))
    else {
        panic!("it was to read")
    };
    assert_eq!(*query, Query::Directory);
}

#[test]
fn an_instance_or_a_flow_that_is_not_there_is_404() {
    let site = Fixed::new();
    let none = (404, "ResourceNotFoundException".to_owned());
    let other = start_with("").replace(INSTANCE, "5a9d0000-0000-4000-8000-00000000000f");
    assert_eq!(shape(&site, signed("PUT", "/contact/chat", &other)), none);
    let flow = start_with("").replace(FLOW, "no-flow");
    assert_eq!(shape(&site, signed("PUT", "/contact/chat", &flow)), none);
    assert_eq!(shape(&site, signed("GET", &format!("/contacts/{INSTANCE}/nothing"), "")), none);
    let stop = format!(r#"{{"InstanceId":"{INSTANCE}","ContactId":"nothing"}}"#);
    assert_eq!(
        shape(&site, signed("POST", "/contact/stop", &stop)),
        (410, "ContactNotFoundException".to_owned())
    );
}

#[test]
fn members_of_a_start_have_their_limits() {
    let site = Fixed::new();
    let check = |members: &str, named: &str| {
        let (status, _, message) =
            refused(&site, signed("PUT", "/contact/chat", &start_with(members)));
        assert_eq!(status, 400, "{members}");
        assert!(message.contains(named), "{message}");
    };
    check(r#""ChatDurationInMinutes":59"#, "ChatDurationInMinutes");
    check(r#""ChatDurationInMinutes":10081"#, "ChatDurationInMinutes");
    check(r#""Attributes":{"a b":"x"}"#, "Attributes");
    check(r#""Attributes":{"a":1}"#, "Attributes");
    check(
        r#""SupportedMessagingContentTypes":["text/markdown"]"#,
        "SupportedMessagingContentTypes",
    );
    check(
        r#""SupportedMessagingContentTypes":["text/plain","text/html"]"#,
        "SupportedMessagingContentTypes",
    );
    check(
        r#""InitialMessage":{"ContentType":"text/markdown","Content":"x"}"#,
        "InitialMessage.ContentType",
    );
    check(
        r#""InitialMessage":{"ContentType":"text/plain","Content":""}"#,
        "InitialMessage.Content",
    );
    check(
        &format!(
            r#""InitialMessage":{{"ContentType":"text/plain","Content":"{}"}}"#,
            "글".repeat(5_462)
        ),
        "InitialMessage.Content",
    );
    check(
        &format!(
            r#""PersistentChat":{{"RehydrationType":"FROM_SEGMENT","SourceContactId":"{FLOW}"}},"RelatedContactId":"{FLOW}""#
        ),
        "PersistentChat",
    );
    check(r#""PersistentChat":{"RehydrationType":"ALL","SourceContactId":"x"}"#, "RehydrationType");
    check(r#""DisconnectOnCustomerExit":["CUSTOMER"]"#, "DisconnectOnCustomerExit");
    check(r#""ConnectionTypes":[]"#, "ConnectionTypes");
    check(r#""CustomerId":"""#, "CustomerId");
    check(
        r#""SegmentAttributes":{"connect:Subtype":{"ValueString":"connect:Guide"}}"#,
        "SupportedMessagingContentTypes",
    );
    check(
        r#""SegmentAttributes":{"a":{"ValueString":"x","ValueInteger":1}}"#,
        "SegmentAttributes.a",
    );
    check(r#""ChatStreamingConfiguration":{"StreamingEndpointArn":"x"}"#, "StreamingEndpointArn");
    let long = "n".repeat(257);
    let (_, shape, _) =
        refused(&site, signed("PUT", "/contact/chat", &start_with("").replace("Jane", &long)));
    assert_eq!(shape, "InvalidParameterException");
    let missing = refused(&site, signed("PUT", "/contact/chat", "{}"));
    assert_eq!(missing.2, "InstanceId is required");
    assert_eq!(shape_of("[]"), "SerializationException");
}

fn shape_of(body: &str) -> String {
    shape(&Fixed::new(), signed("PUT", "/contact/chat", body)).1
}

#[test]
fn a_start_says_all_that_was_asked_for() {
    let members = r#""Attributes":{"k":"값"},"ClientToken":"t","CustomerId":"c","ChatDurationInMinutes":60,
        "SupportedMessagingContentTypes":["text/plain","text/markdown"],"RelatedContactId":null,"Unknown":1,
        "InitialMessage":{"ContentType":"text/markdown","Content":"**hi**"},"DisconnectOnCustomerExit":["AGENT"],
        "ConnectionTypes":["WEBSOCKET","CONNECTION_CREDENTIALS"],
        "ChatStreamingConfiguration":{"StreamingEndpointArn":"arn:aws:sns:eu-west-2:123456789012:copies"}"#;
    let Command::StartChat(start) = command(signed("PUT", "/contact/chat", &start_with(members)))
    else {
        panic!("it was to start")
    };
    assert_eq!(start.flow.to_string(), FLOW);
    assert_eq!(&*start.name, "Jane");
    assert_eq!(start.duration, Millis::from_mins(60));
    assert!(start.kinds.has(TextKind::Markdown) && !start.kinds.has(TextKind::Json));
    assert_eq!(start.opening, Some((TextKind::Markdown, "**hi**".into())));
    assert_eq!(start.attributes.get("k").map(|v| &**v), Some("값"));
    assert!(start.verified && start.drop_agents && start.key.is_some() && start.stream.is_some());
    assert_eq!(start.grants.len(), 3);
    assert_eq!(start.segment_attributes.len(), 1, "it is called a chat");
    let Command::StartChat(again) = command(signed("PUT", "/contact/chat", &start_with(members)))
    else {
        panic!("it was to start")
    };
    assert_eq!(again.key, start.key, "the same token is the same key");
    let other = members.replace("\"t\"", "\"u\"");
    let Command::StartChat(other) = command(signed("PUT", "/contact/chat", &start_with(&other)))
    else {
        panic!("it was to start")
    };
    assert_ne!(other.key, start.key);
}

#[test]
fn a_transfer_goes_to_a_queue_or_an_agent_or_a_flow() {
    use domain::command::Destination;
    let body = |more: &str| {
        format!(
            r#"{{"InstanceId":"{INSTANCE}","ContactId":"{FLOW}","ContactFlowId":"{FLOW}"{more}}}"#
        )
    };
    let to = |more: &str| match command(signed("POST", "/contact/transfer", &body(more))) {
        Command::Transfer { to, .. } => to,
        other => panic!("{other:?}"),
    };
    assert_eq!(to(r#","QueueId":"3001""#), Destination::Queue("3001".into()));
    let arn = format!(r#","QueueId":"arn:aws:connect:r:a:instance/{INSTANCE}/queue/3002""#);
    assert_eq!(to(&arn), Destination::Queue("3002".into()));
    assert_eq!(to(r#","UserId":"1001""#), Destination::Agent("1001".into()));
    assert_eq!(to(""), Destination::Flow(FLOW.parse().unwrap()));
    let both = body(r#","QueueId":"3001","UserId":"1001""#);
    assert_eq!(
        shape(&Fixed::new(), signed("POST", "/contact/transfer", &both)).1,
        "InvalidRequestException"
    );
}

#[test]
fn timers_of_silence_are_read_in_minutes_and_named_once() {
    let path = format!("/contact/participant-role-config/{INSTANCE}/{FLOW}");
    let body = |timers: &str| {
        format!(
            r#"{{"ChannelConfiguration":{{"Chat":{{"ParticipantTimerConfigList":[{timers}]}}}}}}"#
        )
    };
    let idle = r#"{"ParticipantRole":"CUSTOMER","TimerType":"IDLE","TimerValue":{"ParticipantTimerDurationInMinutes":2}}"#;
    let unset = r#"{"ParticipantRole":"AGENT","TimerType":"DISCONNECT_NONCUSTOMER","TimerValue":{"ParticipantTimerAction":"Unset"}}"#;
    let Command::RuleIdle { customer, agent, .. } =
        command(signed("PUT", &path, &body(&format!("{idle},{unset}"))))
    else {
        panic!("it was to rule")
    };
    let ruled = IdleChange { warn: Timing::After(Millis::from_mins(2)), drop: Timing::Keep };
    assert_eq!(customer, ruled);
    assert_eq!(agent, IdleChange { warn: Timing::Keep, drop: Timing::Unset });
    let site = Fixed::new();
    for bad in [
        format!("{idle},{idle}"),
        String::new(),
        idle.replace('2', "1"),
        idle.replace("IDLE", "NAP"),
    ] {
        assert_eq!(
            shape(&site, signed("PUT", &path, &body(&bad))),
            (400, "InvalidParameterException".to_owned()),
            "{bad}"
        );
    }
}

#[test]
fn only_a_bot_is_let_in_by_a_program() {
    let body = |role: &str| {
        let details = format!(r#"{{"ParticipantRole":"{role}","DisplayName":"Bot"}}"#);
        format!(
            r#"{{"InstanceId":"{INSTANCE}","ContactId":"{FLOW}","ParticipantDetails":{details}}}"#
        )
    };
    let mut site = Fixed::new();
    let agent = shape(&site, signed("POST", "/contact/create-participant", &body("AGENT")));
    assert_eq!(agent, (400, "InvalidRequestException".to_owned()));
    for lets in [false, true] {
        site.settings.bots_beside_agents = lets;
        let step = step(&site, signed("POST", "/contact/create-participant", &body("CUSTOM_BOT")));
        let Step::Do(_, _, command, _) = step else { panic!("a bot is admitted by the domain") };
        let Command::AdmitBot { beside_agents, .. } = *command else { panic!("{command:?}") };
        assert_eq!(beside_agents, lets);
    }
}

#[test]
fn labels_have_the_models_alphabet() {
    let path = format!("/contact/tags/{INSTANCE}/{FLOW}");
    let Command::Describe { untagged, .. } =
        command(signed("DELETE", &format!("{path}?TagKeys=team&TagKeys=cost%3A1"), ""))
    else {
        panic!("it was to describe")
    };
    assert_eq!(untagged.len(), 2);
    let site = Fixed::new();
    for bad in ["", "?TagKeys=", "?TagKeys=aws%3Ax", "?TagKeys=a%20b"] {
        assert_eq!(shape(&site, signed("DELETE", &format!("{path}{bad}"), "")).0, 400, "{bad}");
    }
}
