//! The open start of a chat against real nodes (`amazon-connect-chat.md` 1.12, seed 004's first sample).

use crate::harness::{FLOW, INSTANCE, World, bearer, error, header, json, request};
use domain::directory::{Entry, Widget};
use facade::connect::route;
use facade::door::{Fault, Request, Response};

/// Seed 004's own request.
const GUIDE: &str = r#"{"ParticipantDetails":{"DisplayName":"CUSTOMER"}}"#;

fn post(path: &str, body: &str) -> Request {
    request(
        "POST",
        path,
        &[("origin", "https://shop.test"), ("content-type", "application/json")],
        body,
    )
}

fn failure(response: &Response) -> (u16, String) {
    (response.status, json(response)["data"]["Error"]["code"].as_str().expect("a code").to_owned())
}

#[test]
fn the_guides_page_starts_a_chat_that_connects() {
    let mut world = World::new();
    for path in ["/Prod", "/Prod/", "/start-chat/web"] {
        let response = world.http(post(path, GUIDE));
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
        let data = json(&response)["data"].clone();
        for member in ["ContactId", "ParticipantId", "ParticipantToken"] {
            assert_eq!(
                data["startChatResult"][member], data[member],
                "newer and older pages read the same"
            );
        }
        let token = data["ParticipantToken"].as_str().unwrap();
        let connected = world.http(bearer(
            token,
            "POST",
            "/participant/connection",
            r#"{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}"#,
        ));
        assert_eq!(connected.status, 200, "{}", String::from_utf8_lossy(&connected.body));
        let contact = world.contact(data["ContactId"].as_str().unwrap().parse().unwrap());
        assert_eq!(contact.attributes.get("customerName").map(|v| &**v), Some("CUSTOMER"));
        assert!(!contact.customer.verified);
    }
}

#[test]
fn a_preflight_is_answered_for_the_widgets_origins_alone() {
    let mut world = World::new();
    let asking = |path: &str, origin: &str| {
        request(
            "OPTIONS",
            path,
            &[("origin", origin), ("access-control-request-headers", "content-type,x-api-key")],
            "",
        )
    };
    let answer = world.http(asking("/Prod", "https://any.test"));
    assert_eq!(answer.status, 204);
    assert_eq!(header(&answer, "access-control-allow-headers"), Some("content-type,x-api-key"));
    let widget = Widget {
        id: "own".into(),
        flow: FLOW.parse().unwrap(),
        origins: vec!["https://shop.test".into()],
        attributes: Some(["vip".into()].into()),
    };
    world.put(Entry::Widget(widget));
    let answer = world.http(asking("/start-chat/own", "https://shop.test"));
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("https://shop.test"));
    let answer = world.http(request("OPTIONS", "/start-chat/own", &[], ""));
    assert_eq!((answer.status, header(&answer, "access-control-allow-origin")), (204, None));
    let answer = world.http(asking("/start-chat/own", "https://evil.test"));
    assert_eq!(answer.status, 403);
    assert_eq!(header(&answer, "access-control-allow-origin"), None);
    let stranger = request("POST", "/start-chat/own", &[("origin", "https://evil.test")], GUIDE);
    assert_eq!(failure(&world.http(stranger)), (403, "AccessDeniedException".to_owned()));
    let allowed = r#"{"ParticipantDetails":{"DisplayName":"A"},"Attributes":{"vip":"1"}}"#;
    assert_eq!(world.http(post("/start-chat/own", allowed)).status, 200);
    let response = world.http(post("/start-chat/own", &allowed.replace("vip", "admin")));
    assert_eq!(failure(&response), (400, "InvalidParameterException".to_owned()));
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        Some("https://shop.test"),
        "a page can read why"
    );
}

#[test]
fn a_page_may_name_its_own_place_and_no_other() {
    let mut world = World::new();
    let body = |instance: &str, flow: &str| {
        format!(
            r#"{{"InstanceId":"{instance}","ContactFlowId":"{flow}","ParticipantDetails":{{"DisplayName":"A"}}}}"#
        )
    };
    assert_eq!(world.http(post("/Prod", &body(INSTANCE, FLOW))).status, 200);
    let other = "5a9d0000-0000-4000-8000-0000000000ff";
    for body in [body(other, FLOW), body(INSTANCE, other), "{}".to_owned(), "[]".to_owned()] {
        assert_eq!(failure(&world.http(post("/Prod", &body))).0, 400, "{body}");
    }
    assert_eq!(
        failure(&world.http(post("/start-chat/none", GUIDE))),
        (404, "ResourceNotFoundException".to_owned())
    );
    assert_eq!(failure(&world.http(request("GET", "/Prod", &[], ""))).0, 405);
}

#[test]
fn one_address_has_five_open_chats_and_a_bucket_of_starts() {
    let mut world = World::new();
    for _ in 0..5 {
        assert_eq!(world.http(post("/Prod", GUIDE)).status, 200);
    }
    assert_eq!(
        failure(&world.http(post("/Prod", GUIDE))),
        (429, "LimitExceededException".to_owned())
    );
    let mut elsewhere = post("/Prod", GUIDE);
    elsewhere.head.peer = [192, 0, 2, 7].into();
    assert_eq!(world.http(elsewhere).status, 200);
    assert!(world.site.asked.borrow().iter().any(|bucket| bucket == "connect.OpenStart/192.0.2.7"));
    world.site.left.set(0);
    assert_eq!(
        failure(&world.http(post("/Prod", GUIDE))),
        (429, "TooManyRequestsException".to_owned())
    );
}

#[test]
fn a_fault_is_told_in_the_pages_own_form() {
    let world = World::new();
    let mut chance = domain::chance::Seeded::new(1);
    let mut cx = facade::door::Cx { now: world.now, chance: &mut chance, site: &world.site };
    let response = route::fault(&mut cx, &post("/Prod", "").head, Fault::Full);
    assert_eq!(error(&response), (503, "InternalServiceException"));
    assert_eq!(failure(&response).0, 503);
}
