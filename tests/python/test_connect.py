"""Amazon Connect chat, conformance rows 1-34 and 83-84: the control plane, connections, CORS.

Each test is named for its row in the specification's section 6. Rows 35-54 are in `test_connect_chat.py`, 55-69 in
`test_connect_history.py`, 70-72, 82 and 85-87 in `test_connect_edges.py`; 73-81 run chatjs in node (`tests/sdk`).
"""

import datetime
import json
import re
import urllib.parse

import pytest

import wire
from centre import FLOW_1, INSTANCE, KEY, SECRET
from chats import BOTH, INVALID, ISO_MS, UUID, refused, unknown

MINIMAL = {"InstanceId": INSTANCE, "ContactFlowId": FLOW_1, "ParticipantDetails": {"DisplayName": "Jane"}}


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def instant(text: str) -> datetime.datetime:
    assert re.fullmatch(ISO_MS, text), text
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_row_01_list_instances(connect):
    found = connect.list_instances()["InstanceSummaryList"]
    demo = [one for one in found if one["Id"] == INSTANCE]
    assert len(demo) == 1, found
    assert re.fullmatch(rf"arn:aws:connect:[a-z0-9-]+:\d{{12}}:instance/{INSTANCE}", demo[0]["Arn"])
    assert demo[0]["InstanceStatus"] == "ACTIVE"


def test_row_02_list_contact_flows(connect):
    found = connect.list_contact_flows(InstanceId=INSTANCE)["ContactFlowSummaryList"]
    flows = {flow["Id"]: flow for flow in found if flow["ContactFlowType"] == "CONTACT_FLOW"}
    assert flows[FLOW_1]["ContactFlowState"] == "ACTIVE", found
    assert flows[FLOW_1]["Arn"].endswith(f"instance/{INSTANCE}/contact-flow/{FLOW_1}")


def test_row_03_start_chat_contact_minimal(start):
    answer = start().started
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert re.fullmatch(UUID, answer["ContactId"])
    assert re.fullmatch(UUID, answer["ParticipantId"])
    assert re.fullmatch(r"[!-~]{1,1000}", answer["ParticipantToken"])
    assert not {"Websocket", "ConnectionCredentials", "StreamingId", "ContinuedFromContactId"} & answer.keys()


def test_row_04_response_has_a_request_id(connect, start):
    first, second = connect.list_instances(), start().started
    ids = [answer["ResponseMetadata"]["RequestId"] for answer in (first, second)]
    assert all(re.fullmatch(UUID, one) for one in ids) and ids[0] != ids[1], ids


def test_row_05_same_client_token_twice(start):
    token = unknown()
    first = start(ClientToken=token)
    again = start(ClientToken=token, ParticipantDetails={"DisplayName": "Somebody else"})
    assert (first.contact, first.id) == (again.contact, again.id)
    first.connect()
    again.connect()


def test_row_06_different_client_tokens(start):
    assert start(ClientToken=unknown()).contact != start(ClientToken=unknown()).contact


def test_row_07_instance_id_as_arn_in_body_and_path(connect, start):
    found = connect.list_instances()["InstanceSummaryList"]
    arn = next(one["Arn"] for one in found if one["Id"] == INSTANCE)
    chat = start(InstanceId=arn)
    contact = connect.describe_contact(InstanceId=arn, ContactId=chat.contact)["Contact"]
    assert contact["Id"] == chat.contact
    assert connect.list_contact_flows(InstanceId=arn)["ContactFlowSummaryList"]


def test_row_08_unknown_instance(connect):
    with refused(404, "ResourceNotFoundException"):
        connect.start_chat_contact(**{**MINIMAL, "InstanceId": unknown()})
    with refused(404, "ResourceNotFoundException"):
        connect.list_contact_flows(InstanceId=unknown())


def test_row_09_unknown_flow(connect):
    with refused(404, "ResourceNotFoundException"):
        connect.start_chat_contact(**{**MINIMAL, "ContactFlowId": unknown()})


@pytest.mark.parametrize(
    "types",
    [["text/markdown"], ["text/plain", "text/html"], ["application/json", "text/markdown"]],
    ids=["no plain", "unknown one", "two without plain"],
)
def test_row_10_supported_types_without_text_plain(connect, types):
    with refused(400, *INVALID):
        connect.start_chat_contact(**MINIMAL, SupportedMessagingContentTypes=types)


@pytest.mark.parametrize("minutes", [59, 10081, 0, -1])
def test_row_11_chat_duration_out_of_range(loose, minutes):
    with refused(400, *INVALID):
        loose.start_chat_contact(**MINIMAL, ChatDurationInMinutes=minutes)


@pytest.mark.parametrize("minutes", [60, 10080])
def test_row_11_chat_duration_at_its_bounds(start, minutes):
    assert start(ChatDurationInMinutes=minutes).contact


@pytest.mark.parametrize(
    "attributes",
    [{"a key": "v"}, {"k.v": "v"}, {"k": "x" * 32768}, {"k": "가" * 10923}],
    ids=["space", "dot", "32769 bytes", "32770 bytes of Hangul"],
)
def test_row_12_attributes_that_are_not_allowed(connect, attributes):
    with refused(400, *INVALID):
        connect.start_chat_contact(**MINIMAL, Attributes=attributes)


def test_row_12_the_longest_attribute_name(start, connect):
    start(Attributes={"k" * 32_767: "v"})
    with refused(400, *INVALID):
        start(Attributes={"k" * 32_768: ""})


def test_row_12_attributes_of_exactly_32768_bytes(connect, start):
    chat = start(Attributes={"k": "x" * 32767})
    held = connect.get_contact_attributes(InstanceId=INSTANCE, InitialContactId=chat.contact)["Attributes"]
    assert held == {"k": "x" * 32767}


def test_row_13_persistent_chat_with_related_contact(connect, chat):
    past = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": chat.contact}
    chat.stop()
    with refused(400, *INVALID):
        connect.start_chat_contact(**MINIMAL, PersistentChat=past, RelatedContactId=chat.contact)


def test_row_14_wrong_secret_key(connect_as):
    with refused(403, "InvalidSignatureException"):
        connect_as(KEY, "not-the-secret").list_instances()
    with refused(403, "InvalidSignatureException"):
        connect_as(KEY, "not-the-secret").start_chat_contact(**MINIMAL)


def test_row_15_unknown_access_key(connect_as):
    with refused(403, "UnrecognizedClientException"):
        connect_as("AKIANOBODYKNOWSTHIS0", SECRET).start_chat_contact(**MINIMAL)


def test_row_16_unsigned_start(http):
    answer = wire.send(http, "PUT", "/contact/chat", {"Content-Type": "application/json"}, json.dumps(MINIMAL))
    assert (answer.status, answer.error) == (403, "MissingAuthenticationTokenException"), answer


def test_row_17_signed_body_altered(http):
    body = json.dumps(MINIMAL)
    headers = wire.sign(http, "PUT", "/contact/chat", body)
    answer = wire.send(http, "PUT", "/contact/chat", headers, body.replace("Jane", "Jade"))
    assert (answer.status, answer.error) == (403, "InvalidSignatureException"), answer


@pytest.mark.parametrize("minutes", [-60, 60, -6, 6])
def test_row_18_signature_of_another_hour(http, minutes):
    at = now() + datetime.timedelta(minutes=minutes)
    answer = wire.signed(http, "PUT", "/contact/chat", MINIMAL, at=at)
    assert (answer.status, answer.error) == (403, "InvalidSignatureException"), answer


@pytest.mark.parametrize("minutes", [-4, 4])
def test_row_18_a_clock_that_is_a_little_off_is_fine(http, minutes):
    answer = wire.signed(http, "GET", "/instance", at=now() + datetime.timedelta(minutes=minutes))
    assert answer.status == 200, answer


def test_row_19_connection_types_in_start_chat_contact(start):
    chat = start(ConnectionTypes=BOTH)
    socket, credentials = chat.started["Websocket"], chat.started["ConnectionCredentials"]
    assert instant(socket["ConnectionExpiry"]) > now() and instant(credentials["Expiry"]) > now()
    chat.url, chat.connection = socket["Url"], credentials["ConnectionToken"]
    chat.join().event("participant.joined", "CUSTOMER")
    assert chat.say("without CreateParticipantConnection")["Id"]


def test_row_20_describe_contact(chat):
    contact = chat.describe()
    assert (contact["Channel"], contact["InitiationMethod"]) == ("CHAT", "API")
    assert isinstance(contact["InitiationTimestamp"], datetime.datetime)
    assert abs(contact["InitiationTimestamp"] - now()) < datetime.timedelta(minutes=1)
    assert contact["Id"] == chat.contact and contact["Arn"].endswith(f"instance/{INSTANCE}/contact/{chat.contact}")
    assert contact["SegmentAttributes"]["connect:Subtype"] == {"ValueString": "connect:Chat"}
    assert "DisconnectTimestamp" not in contact


def test_row_20_control_plane_times_are_numbers(http, chat):
    contact = wire.signed(http, "GET", f"/contacts/{INSTANCE}/{chat.contact}").json["Contact"]
    times = {name: value for name, value in contact.items() if name.endswith("Timestamp")}
    assert times and all(type(value) in (int, float) for value in times.values()), times


def test_row_21_contact_attributes_merge(connect, start):
    chat = start(Attributes={"a": "1", "b": "2"})
    where = {"InstanceId": INSTANCE, "InitialContactId": chat.contact}
    connect.update_contact_attributes(**where, Attributes={"b": "홍길동 👋\n", "c": ""})
    held = {"a": "1", "b": "홍길동 👋\n", "c": ""}
    assert connect.get_contact_attributes(**where)["Attributes"] == held
    assert chat.describe()["Attributes"] == held
    with refused(400, *INVALID):
        connect.update_contact_attributes(**where, Attributes={"d": "x" * 32767})
    with refused(400, *INVALID):
        connect.update_contact_attributes(**where, Attributes={"a key": "v"})
    chat.stop()
    connect.update_contact_attributes(**where, Attributes={"a": "after the end"})
    assert connect.get_contact_attributes(**where)["Attributes"] == {**held, "a": "after the end"}


def test_row_21_contact_without_attributes(connect, start):
    where = {"InstanceId": INSTANCE, "InitialContactId": start().contact}
    assert connect.get_contact_attributes(**where)["Attributes"] == {}
    with refused(404, "ResourceNotFoundException"):
        connect.get_contact_attributes(InstanceId=INSTANCE, InitialContactId=unknown())


def test_row_22_describe_unknown_contact(connect):
    with refused(404, "ResourceNotFoundException"):
        connect.describe_contact(InstanceId=INSTANCE, ContactId=unknown())


def test_row_23_stop_unknown_contact(connect):
    with refused(410, "ContactNotFoundException"):
        connect.stop_contact(InstanceId=INSTANCE, ContactId=unknown())


def test_row_24_create_participant_connection(start):
    answer = start().connect()
    socket, credentials = answer["Websocket"], answer["ConnectionCredentials"]
    assert re.match(r"wss://|ws://127\.0\.0\.1:", socket["Url"]) and len(socket["Url"]) <= 2000
    assert re.fullmatch(r"[!-~]{1,1000}", credentials["ConnectionToken"])
    assert re.fullmatch(ISO_MS, socket["ConnectionExpiry"]) and re.fullmatch(ISO_MS, credentials["Expiry"])


def test_row_24_the_url_says_127_0_0_1_whatever_the_host(http, start):
    port = urllib.parse.urlsplit(http).port
    answer = wire.bearer(f"http://localhost:{port}", "/connection", start().token, {"Type": BOTH})
    assert answer.json["Websocket"]["Url"].startswith("ws://127.0.0.1:"), answer


def test_row_25_credentials_only(start):
    answer = start().connect(["CONNECTION_CREDENTIALS"])
    assert "ConnectionCredentials" in answer and "Websocket" not in answer


def test_row_25_websocket_only(start):
    answer = start().connect(["WEBSOCKET"])
    assert "Websocket" in answer and "ConnectionCredentials" not in answer


def test_row_25_nothing_asked_or_an_unknown_type(start, loose_participant):
    token = start().token
    with refused(400, "ValidationException"):
        loose_participant.create_participant_connection(ParticipantToken=token)
    with refused(400, "ValidationException"):
        loose_participant.create_participant_connection(ParticipantToken=token, Type=["PIGEON"])


def test_row_26_repeated_call(chat):
    old_token, old_url = chat.connection, chat.url
    chat.connect()
    new_token, new_url = chat.connection, chat.url
    assert (old_token, old_url) != (new_token, new_url)
    chat.join()
    assert chat.say("with the new token")["Id"]
    chat.connection, chat.url = old_token, old_url
    chat.join()
    assert chat.say("with the old token")["Id"]


def test_row_27_expiries(start):
    before = now()
    answer = start().connect()
    minutes, hours = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
    token, socket = instant(answer["ConnectionCredentials"]["Expiry"]), instant(answer["Websocket"]["ConnectionExpiry"])
    assert abs(token - before - 24 * hours) < 5 * minutes
    assert 50 * minutes < socket - before < 70 * minutes


@pytest.mark.parametrize("token", ["garbage", "A" * 1000, "eyJhbGciOiJIUzI1NiJ9.e30.x"])
def test_row_28_garbage_participant_token(connectparticipant, token):
    with refused(403, "AccessDeniedException"):
        connectparticipant.create_participant_connection(ParticipantToken=token, Type=BOTH)


def test_row_29_send_message_with_participant_token(chat):
    chat.join()
    chat.connection, connection = chat.token, chat.connection
    with refused(403, "AccessDeniedException"):
        chat.say("with the wrong kind of token")
    chat.token = connection
    with refused(403, "AccessDeniedException"):
        chat.connect()


def test_row_30_participant_call_without_authorization_header(http, start):
    answer = wire.bearer(http, "/connection", start().token, {"Type": BOTH})
    assert answer.status == 200 and answer.json["Websocket"]["Url"], answer


@pytest.mark.parametrize(
    "nonsense",
    [
        "AWS4-HMAC-SHA256 Credential=/20261121/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00",
        "Bearer nonsense",
        "?",
    ],
    ids=["chatjs", "bearer", "junk"],
)
def test_row_31_participant_call_with_a_nonsense_authorization_header(http, start, nonsense):
    answer = wire.bearer(http, "/connection", start().token, {"Type": BOTH}, [("Authorization", nonsense)])
    assert answer.status == 200, answer


@pytest.mark.parametrize("path", ["/connection", "/message", "/transcript", "/disconnect"])
def test_row_32_no_bearer(http, path):
    answer = wire.bearer(http, path, None)
    assert answer.status in (401, 403) and answer.error == "AccessDeniedException", answer


def preflight(http: str, path: str, method: str, wanted: str, origin="https://shop.example") -> wire.Answer:
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": wanted}
    return wire.send(http, "OPTIONS", path, headers)


def words(value: str | None) -> set[str]:
    return {word.strip().lower() for word in (value or "").split(",")}


@pytest.mark.parametrize("path", ["connection", "message", "event", "transcript", "disconnect", "attachment"])
def test_row_33_preflight(http, path):
    answer = preflight(http, f"/participant/{path}", "POST", "authorization,content-type,x-amz-bearer,x-amz-date")
    assert answer.status in (200, 204), answer
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://shop.example")
    assert {"get", "post", "put", "options"} <= words(answer.headers["Access-Control-Allow-Methods"])
    allowed = words(answer.headers["Access-Control-Allow-Headers"])
    assert {"authorization", "content-type", "x-amz-bearer", "x-amz-date"} <= allowed
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_row_34_errors_carry_cors_headers(http, chat):
    origin = [("Origin", "https://shop.example")]
    refusals = [
        wire.bearer(http, "/message", "garbage", {"ContentType": "text/plain", "Content": "x"}, origin),
        wire.bearer(http, "/message", None, {}, origin),
        wire.bearer(http, "/message", chat.connection, {"ContentType": "text/html", "Content": "x"}, origin),
        wire.bearer(http, "/no-such-call", chat.connection, {}, origin),
    ]
    assert [answer.status for answer in refusals] == [403, 403, 400, 404], refusals
    for answer in [*refusals, wire.bearer(http, "/transcript", chat.connection, {}, origin)]:
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://shop.example"), answer
        exposed = words(answer.headers["Access-Control-Expose-Headers"])
        assert {"x-amzn-errortype", "x-amzn-requestid", "x-amzn-errormessage", "date"} <= exposed, answer
        assert "Access-Control-Allow-Credentials" not in answer.headers


# The demo's second realm is there to be strange to the first: it has a key and an instance, and no people.
# Row 83, the key of another realm, needs a second realm: `row_83_…` in crates/facade/tests/it.


def test_row_84_host_not_among_signed_headers(http):
    answer = wire.signed(http, "GET", "/instance", unsigned=["host"])
    assert (answer.status, answer.error) == (403, "InvalidSignatureException"), answer


def test_row_84_an_amz_header_that_is_not_signed(http):
    answer = wire.signed(http, "GET", "/instance", extra=[("X-Amz-Target", "Elsewhere")])
    assert (answer.status, answer.error) == (403, "InvalidSignatureException"), answer


@pytest.mark.parametrize("name", ["X-Amz-Date", "Content-Type", "Host"])
def test_row_84_a_signed_header_sent_twice(http, name):
    body = json.dumps(MINIMAL)
    headers = [("Host", urllib.parse.urlsplit(http).netloc), *wire.sign(http, "PUT", "/contact/chat", body)]
    twice = next(pair for pair in headers if pair[0].lower() == name.lower())
    answer = wire.send(http, "PUT", "/contact/chat", [*headers, twice], body)
    # RFC 9112 §3.2 has a server answer a second Host with 400, whoever signed it.
    assert answer.status == 403 or (name == "Host" and answer.status == 400), answer
