"""The ground rules of both APIs (section 0) and the socket's limits (3.1, 3.2), with what no SDK would send."""

import base64
import json
import re
import socket as sockets_of_the_system
import urllib.parse

import pytest
import websocket

import wire
from centre import FLOW_1, INSTANCE
from chats import UUID, unknown
from sockets import ChatSocket

MESSAGE = {"ContentType": "text/plain", "Content": "x"}


def nulls(value) -> bool:
    if isinstance(value, dict):
        return any(nulls(one) for one in value.values())
    return value is None or (isinstance(value, list) and any(nulls(one) for one in value))


# --- requests (0.2)


@pytest.mark.parametrize(
    "body",
    ["[]", '"text"', "7", "null", "{", "{}{}", "not json", '{"ContentType":}'],
)
def test_a_body_that_is_no_object(http, joined, body):
    chat, _ = joined
    answer = wire.bearer(http, "/message", chat.connection, body)
    assert (answer.status, answer.error) == (400, "SerializationException"), answer
    answer = wire.signed(http, "PUT", "/contact/chat", body)
    assert (answer.status, answer.error) == (400, "SerializationException"), answer


def test_a_body_that_is_not_utf_8(http, joined):
    chat, _ = joined
    headers = {"Content-Type": "application/json", "X-Amz-Bearer": chat.connection}
    body = b'{"ContentType":"text/plain","Content":"\xff\xfe"}'
    answer = wire.send(http, "POST", "/participant/message", headers, body)
    assert (answer.status, answer.error) == (400, "SerializationException"), answer


@pytest.mark.parametrize("content", [7, True, ["x"], {"a": "b"}], ids=repr)
def test_a_member_of_the_wrong_kind(http, joined, content):
    chat, _ = joined
    answer = wire.bearer(http, "/message", chat.connection, {**MESSAGE, "Content": content})
    assert answer.status == 400 and answer.error, answer


def test_unknown_members_and_nulls_count_as_absent(http, joined):
    chat, _ = joined
    body = {**MESSAGE, "ClientToken": None, "Whatever": {"a": [None]}, "content": "y"}
    assert wire.bearer(http, "/message", chat.connection, body).status == 200
    answer = wire.bearer(http, "/message", chat.connection, {**MESSAGE, "Content": None})
    assert (answer.status, answer.error) == (400, "ValidationException"), answer


def test_an_empty_body_where_nothing_is_required(http, joined):
    chat, socket = joined
    answer = wire.send(http, "POST", "/participant/transcript", {"X-Amz-Bearer": chat.connection})
    assert answer.status == 200 and answer.json["Transcript"], answer
    answer = wire.send(http, "POST", "/participant/disconnect", {"X-Amz-Bearer": chat.connection})
    assert (answer.status, answer.json) == (200, {}), answer
    socket.event("chat.ended")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/x-amz-json-1.1", "text/plain"])
def test_the_content_type_is_not_looked_at(http, joined, kind):
    chat, _ = joined
    headers = {"Content-Type": kind, "X-Amz-Bearer": chat.connection}
    assert wire.send(http, "POST", "/participant/message", headers, json.dumps(MESSAGE)).status == 200


@pytest.mark.parametrize("end", [":$LATEST", ":$SAVED", ":1"])
def test_a_flow_by_arn_and_version(start, connect, end):
    flows = connect.list_contact_flows(InstanceId=INSTANCE)["ContactFlowSummaryList"]
    arn = next(flow["Arn"] for flow in flows if flow["Id"] == FLOW_1)
    assert start(ContactFlowId=arn + end).contact
    assert start(ContactFlowId=FLOW_1 + end).contact


def test_a_query_that_repeats_its_key(http, chat):
    path = f"/contact/references/{INSTANCE}/{chat.contact}?referenceTypes=URL&referenceTypes=ATTACHMENT"
    answer = wire.signed(http, "GET", path)
    assert answer.json == {"ReferenceSummaryList": []}, answer


def test_a_region_of_any_name_is_taken(http):
    headers = wire.sign(http, "GET", "/instance")
    assert wire.send(http, "GET", "/instance", headers).status == 200


def test_a_service_of_another_name_is_not(http):
    answer = wire.signed(http, "GET", "/instance", service="execute-api")
    assert answer.status == 403, answer


@pytest.mark.parametrize(
    "authorization",
    ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x", "Basic YTpi", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e,Signature="],
)
def test_a_malformed_authorization(http, authorization):
    answer = wire.send(http, "GET", "/instance", {"Authorization": authorization})
    assert (answer.status, answer.error) == (403, "IncompleteSignatureException"), answer


def test_a_security_token_is_none_of_ours(http):
    answer = wire.signed(http, "GET", "/instance", extra=[("X-Amz-Security-Token", "x")])
    assert answer.status == 403, answer


def test_a_wrong_content_hash(http):
    answer = wire.signed(http, "GET", "/instance", extra=[("X-Amz-Content-Sha256", "0" * 64)])
    assert answer.status == 403, answer


# --- limits (0.2)


def test_a_body_of_more_than_512_kib(http, joined):
    chat, _ = joined
    headers = {"Content-Type": "application/json", "X-Amz-Bearer": chat.connection}
    answer = wire.send(http, "POST", "/participant/message", headers, b"{", declared=512 * 1024 + 1)
    assert answer.status == 413, answer


def test_a_chunked_body_of_more_than_512_kib(http, joined):
    chat, _ = joined
    url = urllib.parse.urlsplit(http)
    with sockets_of_the_system.create_connection((url.hostname, url.port), 15) as link:
        head = f"POST /participant/message HTTP/1.1\r\nHost: {url.netloc}\r\nX-Amz-Bearer: {chat.connection}\r\n"
        link.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        try:
            for _ in range(60):
                link.sendall(b"2800\r\n" + b" " * 0x2800 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # It may have heard enough.
        try:
            answer = link.recv(100)
        except ConnectionResetError:
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413"), answer


def test_headers_of_more_than_32_kib(http):
    answer = wire.send(http, "GET", "/instance", [("X-Junk", "x" * 8000)] * 5)
    assert answer.status == 431, answer


@pytest.mark.parametrize("path", ["/phone-number/claim", "/contact/nothing", "/participant/upload/nothing"])
def test_a_connection_is_good_for_the_next_call_after_a_refusal(http, path):
    """SDKs send head and body apart and keep the connection: what nobody wanted must be read, or the next call is lost."""
    where = urllib.parse.urlsplit(http)
    method = b"PUT" if "upload" in path else b"POST"
    head = b"%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
    first = head % (method, path.encode(), where.netloc.encode(), b"Content-Length: 2\r\nAuthorization: AWS4-HMAC-SHA256 x\r\n")
    second = head % (b"GET", b"/instance", where.netloc.encode(), b"Connection: close\r\n")
    with sockets_of_the_system.create_connection((where.hostname, where.port), timeout=10) as link:
        link.sendall(first)
        # A server that answers before the body has come does so by now.
        link.settimeout(0.3)
        got = b""
        try:
            got = link.recv(65536)
        except TimeoutError:
            pass
        link.settimeout(10)
        link.sendall(b"{}")
        link.sendall(second)
        while piece := link.recv(65536):
            got += piece
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", got)
    assert len(statuses) == 2 and statuses[1] == b"403", got


def test_json_nested_too_deep(http, joined):
    chat, _ = joined
    for depth in (64, 100_000):
        deep = '{"ContentType":"text/plain","Content":"x","Deep":' + "[" * depth + "]" * depth + "}"
        answer = wire.bearer(http, "/message", chat.connection, deep)
        assert answer.status == 400, answer


@pytest.mark.parametrize(
    "junk",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 1000],
    ids=["tls", "no target", "no such version", "zeros"],
)
def test_junk_instead_of_http(http, connect, junk):
    url = urllib.parse.urlsplit(http)
    with sockets_of_the_system.create_connection((url.hostname, url.port), 15) as link:
        link.sendall(junk)
        link.shutdown(sockets_of_the_system.SHUT_WR)
        answer = b""
        try:
            while part := link.recv(1000):
                answer += part
        except ConnectionResetError:
            pass
    assert answer == b"" or re.match(rb"HTTP/1\.[01] (4\d\d|505) ", answer), answer
    assert connect.list_instances()["InstanceSummaryList"]


@pytest.mark.parametrize("host", ["sangdam.example", "169.254.169.254", "127.0.0.1.sangdam.example"])
def test_the_demo_answers_to_its_own_names_only(http, host):
    answer = wire.send(http, "GET", "/instance", {"Host": host})
    assert 400 <= answer.status < 500 and answer.error != "MissingAuthenticationTokenException", answer


# --- responses (0.3, 0.4)


def test_headers_of_every_answer(http, chat):
    for answer in (
        wire.signed(http, "GET", "/instance"),
        wire.signed(http, "GET", f"/contacts/{INSTANCE}/{unknown()}"),
        wire.bearer(http, "/transcript", chat.connection),
        wire.bearer(http, "/transcript", "garbage"),
    ):
        assert answer.headers.get_content_type() == "application/json"
        assert re.fullmatch(UUID, answer.headers["x-amzn-RequestId"])
        assert answer.headers["Date"]


def test_no_answer_has_nulls(http, chat):
    for answer in (
        wire.signed(http, "GET", "/instance"),
        wire.signed(http, "GET", f"/contact-flows-summary/{INSTANCE}"),
        wire.signed(http, "GET", f"/contacts/{INSTANCE}/{chat.contact}"),
        wire.signed(http, "GET", f"/queues-summary/{INSTANCE}"),
        wire.signed(http, "GET", f"/users-summary/{INSTANCE}"),
        wire.bearer(http, "/transcript", chat.connection),
    ):
        assert answer.status == 200 and not nulls(answer.json), answer


def test_operations_without_output_answer_an_empty_object(http, chat):
    body = {"InstanceId": INSTANCE, "InitialContactId": chat.contact, "Attributes": {"a": "b"}}
    answer = wire.signed(http, "POST", "/contact/attributes", body)
    assert (answer.status, answer.json) == (200, {}), answer
    answer = wire.signed(http, "POST", "/contact/stop", {"InstanceId": INSTANCE, "ContactId": chat.contact})
    assert (answer.status, answer.json) == (200, {}), answer


def test_errors_say_message_in_both_spellings(http):
    for answer, shape in (
        (wire.signed(http, "GET", f"/contacts/{INSTANCE}/{unknown()}"), "ResourceNotFoundException"),
        (wire.bearer(http, "/transcript", "garbage"), "AccessDeniedException"),
    ):
        assert answer.error == shape, answer
        assert answer.json["message"] == answer.json["Message"] != ""
        assert answer.json.get("__type", shape) == shape


def test_no_cors_on_the_control_plane(http):
    for answer in (
        wire.signed(http, "GET", "/instance", extra=[("Origin", "https://shop.example")]),
        wire.send(
            http, "OPTIONS", "/contact/chat", {"Origin": "https://shop.example", "Access-Control-Request-Method": "PUT"}
        ),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers, answer


# --- the socket (3.1, 3.2)


def test_five_sockets_and_no_sixth(joined):
    chat, socket = joined
    more = [chat.join() for _ in range(4)]
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        ChatSocket(chat.url)
    assert caught.value.status_code in (403, 429)
    chat.say("to all five")
    for one in (socket, *more):
        one.message("to all five")
    more[0].close()
    chat.say("to the other four")
    socket.message("to the other four")
    chat.join()


def test_a_frame_of_more_than_16_kib(joined):
    _, socket = joined
    socket.send('{"topic":"aws/ping","pad":"' + "x" * 16384 + '"}')
    assert socket.expect_close() == 1009


def test_too_many_frames(joined):
    _, socket = joined
    for _ in range(60):
        try:
            socket.send({"topic": "aws/heartbeat"})
        except (OSError, websocket.WebSocketException):
            break
    assert socket.expect_close() == 1008


def test_binary_frames_are_no_end_of_the_world(joined):
    chat, socket = joined
    socket.link.send_binary(b"\xff\x00")
    second = chat.join()
    chat.say("still here")
    second.message("still here")


def test_unsubscribed_is_unsubscribed(joined):
    chat, socket = joined
    socket.send({"topic": "aws/unsubscribe", "content": {"topics": ["aws/chat"]}})
    socket.barrier()
    second = chat.join()
    before = len(socket.items)
    chat.say("not for the first")
    second.message("not for the first")
    socket.barrier()
    assert socket.items[before:] == []


def test_a_socket_that_is_lost_is_not_a_customer_who_left(joined):
    chat, socket = joined
    socket.close()
    again = chat.join()
    chat.say("back again")
    again.message("back again")
    assert ("participant.left", "CUSTOMER") not in again.kinds()
    left = [item for item in chat.items() if item.get("ContentType", "").endswith("participant.left")]
    assert left == []


def test_order_on_the_socket_is_the_order_of_the_transcript(joined, bot):
    chat, socket = joined
    robo, _ = bot
    for n in range(10):
        (chat if n % 2 else robo).say(f"{n}")
    socket.message("9")
    shown = [item["Id"] for item in socket.items if item["Type"] == "MESSAGE"]
    assert shown == [item["Id"] for item in chat.items() if item["Type"] == "MESSAGE"]
    times = [item["AbsoluteTime"] for item in socket.items]
    assert times == sorted(times)


def test_a_token_that_names_a_realm_of_nobody_is_a_plain_403(http):
    forged = base64.urlsafe_b64encode(b"\xff" * 34).decode().rstrip("=")
    answer = wire.bearer(http, "/message", forged, '{"ContentType":"text/plain","Content":"x"}')
    assert (answer.status, answer.error) == (403, "AccessDeniedException"), answer
