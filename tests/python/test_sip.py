"""Telephones against the demo centre: SIPp over every transport, and what the CTI gateway tells meanwhile.

The scenarios are those of nxproxy-rio.md section 8, done by real telephones.
"""

import json
import re
import socket
import urllib.parse

import pytest

import centre as demo
import wire
from conftest import log_in
from rio import Rio, shorten, wait_until
from sipp import REALM, TRANSPORTS, Called, Caller, Phone, hung_up, ok, pause, recv, register, sdp

A, B, C = "1001", "1002", "1003"


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    """A centre of this module's own."""
    running = demo.Centre(tmp_path_factory.mktemp("sip") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture
def phone(switch, tmp_path):
    """Makes telephones: `phone("1001", "tcp")`. Their registrations end with the test."""
    phones: list[Phone] = []

    def phone(number: str, transport: str = "udp", **more) -> Phone:
        phones.append(Phone(switch.ready, number, tmp_path, transport, **more))
        return phones[-1]

    yield phone
    for each in phones:
        for run in each.runs:
            run.stop()
        if each.registered:
            each.unregister()
        each.close()


@pytest.fixture
def k(switch):
    """A connection to the CTI gateway that monitors A, B and C."""
    k = Rio(switch.ready["rio"])
    k.monitor(A, B, C)
    yield k
    k.close()
    tidy = Rio(switch.ready["rio"])
    for device in (A, B, C):
        tidy.do("addmonitor", device=device, snapshot=1)
    for event in tidy.rest():
        if event["id"] < 200:
            tidy.result("clear", this=event["monitor"], c1=event["call"]["c1"])
        elif event["id"] == 201:
            tidy.result("logoff", this=event["monitor"], agent={"id": event["agent"]["id"]})
    tidy.close()


def wait(millis: int) -> list[str]:
    return [pause(millis)]


def gauge(switch, name: str) -> float:
    """A figure of /metrics."""
    text = wire.send(switch.ready["metrics"], "GET", "/metrics").bytes.decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name) and line[len(name)] in " {")


# --- registration


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_telephone_registers_and_leaves_over(switch, phone, transport):
    telephone = phone(B, transport).register()
    wait_until(lambda: gauge(switch, "sangdam_sip_registered") == 1)
    telephone.unregister()
    wait_until(lambda: gauge(switch, "sangdam_sip_registered") == 0)


def test_a_wrong_password_is_asked_again(phone):
    stranger = phone(A, password="wrong")
    steps = register()
    again = stranger.start(steps[:-1] + [steps[1].replace(' auth="true"', "")]).wait()
    assert "SIP/2.0 200" not in again.messages


def test_the_registration_of_a_connection_ends_with_it(switch, phone):
    telephone = phone(C, "tcp").register()
    wait_until(lambda: gauge(switch, "sangdam_sip_registered") == 1)
    telephone.tunnel.close()
    telephone.registered = False
    wait_until(lambda: gauge(switch, "sangdam_sip_registered") == 0)


def test_a_telephone_by_datagram_is_rung_at_once_after_a_power_cut(tmp_path):
    running = demo.Centre(tmp_path / "data")
    b = Phone(running.ready, B, tmp_path).register()
    k = Rio(running.ready["rio"])
    # The centre itself has taken it up: an application's call rings there.
    at_b = b.start(Called().ring(), Called().cancelled())
    call = k.dial(A, B)
    wait_until(lambda: "180 Ringing" in at_b.messages)
    k.do("clear", this=A, c1=call)
    at_b.wait(), k.close()
    running.kill()
    running = demo.Centre(tmp_path / "data")
    b.target = running.ready["sip_udp"]
    wait_until(lambda: gauge(running, "sangdam_sip_registered") == 1)
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    a = Phone(running.ready, A, tmp_path).register()
    caller = Caller(a, B)
    a.start(caller.invite(), caller.talk(), wait(300), caller.bye()).wait()
    at_b.wait(), a.close(), b.close()
    assert running.stop() == 0


# --- calls


OUT = ("1001 13 22", "1001 10 22", "1001 4 22", "1002 4 22")
UP = ("1001 6 22", "1002 6 22")
OVER = ("1001 3 -1", "1002 3 -1", "1001 1 -1", "1002 1 -1")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_s1_to_s3_a_call_rings_is_answered_and_ends(phone, k, transport):
    # Whoever is called by a browser's socket must be a browser: it is offered WebRTC.
    a, b = phone(A, transport).register(), phone(B, "udp" if "ws" in transport else transport).register()
    called = Called(secret=transport == "tls")
    at_b = b.start(called.ring(), called.pick_up(), hung_up())
    caller = Caller(a, B)
    at_a = a.start(caller.invite(), caller.talk(), wait(300), caller.bye())
    k.expect(*OUT, *UP, *OVER)
    at_a.wait(), at_b.wait()
    k.quiet()


def test_s3_the_called_one_hangs_up(phone, k):
    a, b = phone(A).register(), phone(B, "tcp").register()
    at_b = b.start(Called().ring(), Called().pick_up(), wait(300), Called().bye())
    caller = Caller(a, B)
    at_a = a.start(caller.invite(), caller.talk(), hung_up())
    k.expect(*OUT, *UP, *OVER)
    at_a.wait(), at_b.wait()


def test_s4_a_caller_gives_up_while_it_rings(phone, k):
    a, b = phone(A).register(), phone(B).register()
    at_b = b.start(Called().ring(), Called().cancelled())
    caller = Caller(a, B)
    at_a = a.start(caller.invite(), [recv(180)], wait(300), caller.cancel())
    k.expect(*OUT, "1001 3 5", "1002 3 5", "1001 1 5", "1002 1 5")
    at_a.wait(), at_b.wait()


@pytest.mark.parametrize(("said", "heard", "cause"), [("603 Decline", 486, 3), ("480 Temporarily Unavailable", 480, 10)])
def test_s5_a_call_is_rejected(phone, k, said, heard, cause):
    a, b = phone(A).register(), phone(B).register()
    at_b = b.start(Called().ring(), Called().refuse(said))
    caller = Caller(a, B)
    at_a = a.start(caller.invite(), caller.refused(heard))
    k.expect(*OUT)
    events = [shorten(event) for event in k.next(5)]
    assert events[0] == f"1001 7 {cause}", events
    assert sorted(event.split()[1] for event in events) == ["1", "1", "3", "3", "7"], events
    at_a.wait(), at_b.wait()


def test_s6_a_telephone_says_that_it_is_busy(phone, k):
    a, b = phone(A).register(), phone(B).register()
    at_b = b.start(Called().take(), Called().refuse("486 Busy Here"))
    caller = Caller(a, B)
    at_a = a.start(caller.invite(), caller.refused(486))
    at_a.wait(), at_b.wait()
    ended = k.rest()
    assert any(shorten(event) == "1001 7 3" for event in ended), [shorten(event) for event in ended]


def test_s6_whoever_talks_is_busy(phone, k):
    a, b = phone(A).register(), phone(B).register()
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    first = Caller(a, B)
    at_a = a.start(first.invite(), first.talk(), wait(3_000), first.bye())
    k.expect(*OUT, *UP)
    c = phone(C).register()
    second = Caller(c, B)
    c.start(second.invite(), second.refused(486)).wait()
    k.expect("1003 13 22", "1003 10 22", "1003 7 3", "1003 3 3", "1003 1 3", *OVER)
    at_a.wait(), at_b.wait()


@pytest.mark.parametrize(("number", "status", "cause"), [("99999999", 404, "13"), ("3997", 486, "3")])
def test_s7_a_number_that_leads_nowhere(phone, k, number, status, cause):
    a = phone(A).register()
    caller = Caller(a, number)
    a.start(caller.invite(), caller.refused(status)).wait()
    k.expect("1001 13 22", "1001 10 22", f"1001 7 {cause}", f"1001 3 {cause}", f"1001 1 {cause}")


@pytest.fixture
def setting(switch):
    """Changes a telephone's settings for a test: `setting("1002", dnd=True)`."""
    headers = [("Authorization", f"Bearer {log_in(switch.http, 'admin')}"), ("Content-Type", "application/json")]
    before: list[dict] = []

    def put(entry: dict) -> None:
        answer = wire.send(switch.http, "PUT", f"/api/v1/devices/{entry['id']}", headers, json.dumps(entry))
        assert answer.status in (200, 201), answer

    def setting(number: str, **members) -> None:
        entry = json.loads(wire.send(switch.http, "GET", f"/api/v1/devices/{number}", headers).bytes)
        before.append(entry)
        put({**entry, **members})

    yield setting
    for entry in before:
        put(entry)


def test_s9_a_telephone_that_takes_no_calls_is_not_rung(phone, k, setting):
    a, b = phone(A).register(), phone(B).register()
    setting(B, dnd=True)
    caller = Caller(a, B)
    a.start(caller.invite(), caller.refused(480)).wait()
    k.expect("1001 13 22", "1001 10 22", "1001 7 14", "1001 3 14", "1001 1 14")
    k.quiet()


def test_s27_whoever_is_on_hold_may_leave_a_consultation_alone(phone, k):
    a, b, c = phone(A).register(), phone(B).register(), phone(C).register()
    at_b = b.start(Called().ring(), Called().pick_up(), wait(2_500), Called().bye())
    at_c = c.start(Called().ring(), Called().pick_up(), hung_up())
    first = Caller(a, B)
    at_first = a.start(first.invite(), first.talk(), wait(200), first.change("sendonly"), hung_up())
    old = k.expect(*OUT, *UP, "1001 8 -1", "1002 8 -1")[0]["call"]["c1"]
    second = Caller(a, C)
    at_second = a.twin().start(second.invite(), second.talk(), wait(4_000), second.bye())
    at_b.wait(), at_first.wait()
    wait_until(lambda: sum(e["id"] == 1 and e["call"]["c1"] == old for e in k.events) == 2)
    left = [event for event in k.rest() if event["call"]["c1"] == old]
    assert sorted(shorten(event) for event in left) == ["1001 1 -1", "1001 3 -1", "1002 1 -1", "1002 3 -1"], left
    # The consultation goes on, and ends by itself.
    at_second.wait(), at_c.wait()
    assert [shorten(event) for event in k.rest()] == ["1001 3 -1", "1003 3 -1", "1001 1 -1", "1003 1 -1"]


def test_s13_and_s14_a_caller_holds_and_retrieves(phone, k):
    a, b = phone(A).register(), phone(B).register()
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    caller = Caller(a, B)
    steps = [caller.invite(), caller.talk(), wait(200), caller.change("sendonly"), wait(300), caller.change("sendrecv"), wait(200), caller.bye()]
    at_a = a.start(*steps)
    k.expect(*OUT, *UP, "1001 8 -1", "1002 8 -1", "1001 12 -1", "1002 12 -1", *OVER)
    at_a.wait(), at_b.wait()


def test_s24_and_s25_a_blind_transfer_by_refer(phone, k):
    a, b, c = phone(A).register(), phone(B).register(), phone(C).register()
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    at_c = c.start(Called().ring(), Called().pick_up(), wait(300), Called().bye())
    caller = Caller(a, B)
    start = [caller.invite(), caller.talk(), wait(200)]
    at_a = a.start(*start, caller.refer(f"Refer-To: <sip:{C}@{REALM}>\nReferred-By: <sip:{A}@{REALM}>"), caller.notified("100"), caller.notified("200"), hung_up())
    k.expect(*OUT, *UP)
    events = [shorten(event) for event in k.next(5)]
    assert "1001 14 52" in events and "1002 14 52" in events and "1003 4 52" in events, events
    at_a.wait(), at_b.wait(), at_c.wait()


def test_s17_an_attended_transfer_by_refer(phone, k):
    a, b, c = phone(A).register(), phone(B).register(), phone(C).register()
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    at_c = c.start(Called().ring(), Called().pick_up(), wait(600), Called().bye())
    # The first call is held; its own SIPp waits for what becomes of it.
    first = Caller(a, B)
    held = [first.invite(), first.talk(), wait(200), first.change("sendonly"), hung_up()]
    at_first = a.start(*held)
    k.expect(*OUT, *UP, "1001 8 -1", "1002 8 -1")
    second = Caller(a, C)
    dialog = dialog_of(at_first)
    again = a.twin()
    start = [second.invite(), second.talk(), wait(200)]
    refer = second.refer(f"Refer-To: <sip:{B}@{REALM}?Replaces={dialog}>\nReferred-By: <sip:{A}@{REALM}>")
    at_second = again.start(*start, refer, second.notified("100"), second.notified("200"), hung_up())
    at_second.wait(), at_first.wait()
    events = [shorten(event) for event in k.rest()]
    for wanted in ("1001 14 32", "1002 14 32", "1003 14 32"):
        assert wanted in events, events
    at_c.wait(), at_b.wait()


def dialog_of(run) -> str:
    """What `Replaces` says of the call that a SIPp made."""
    answer = run.messages.split("SIP/2.0 200 OK")[1]
    field = lambda name, expression: re.search(rf"(?m)^{name}: {expression}", answer)[1]
    call, local, remote = field("Call-ID", r"(\S+)"), field("From", r".*;tag=(\S+)"), field("To", r".*;tag=(\S+)")
    return urllib.parse.quote(f"{call};to-tag={remote};from-tag={local}", safe="")


def test_a_stranger_is_asked_who_they_are_before_they_call_out(switch, k):
    host, port = switch.ready["sip_udp"].rsplit(":", 1)
    invite = (
        f"INVITE sip:99900441234567@{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKs\r\nFrom: <sip:{A}@{REALM}>;tag=1\r\n"
        f"To: <sip:99900441234567@{REALM}>\r\nCall-ID: s\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.settimeout(10)
        udp.sendto(invite.encode(), (host, int(port)))
        answers = [udp.recv(65_536).decode().split("\r\n")[0] for _ in range(2)]
    assert answers == ["SIP/2.0 100 Trying", "SIP/2.0 401 Unauthorized"]
    k.quiet()


# --- trunks


@pytest.fixture
def trunk(switch, phone):
    """Makes a trunk of a SIPp, of these settings. Here telephones and trunks have one address, so none is for both ways."""
    token = log_in(switch.http, "admin")
    headers = [("Authorization", f"Bearer {token}"), ("Content-Type", "application/json")]

    def trunk(**settings) -> Phone:
        outside = phone("outside")
        body = {"id": "test", "host": f"127.0.0.1:{outside.port}", **settings}
        answer = wire.send(switch.http, "PUT", "/api/v1/trunks/test", headers, json.dumps(body))
        assert answer.status in (200, 201), answer
        return outside

    yield trunk
    wire.send(switch.http, "DELETE", "/api/v1/trunks/test", headers)


def test_s10_a_telephone_calls_out_by_a_trunk(phone, k, trunk):
    a = phone(A).register()
    at_trunk = trunk(rules=[{"prefix": "0"}]).start(Called().ring(), Called().pick_up(), hung_up())
    caller = Caller(a, "01012345678")
    at_a = a.start(caller.invite(), caller.talk(), wait(300), caller.bye())
    k.expect("1001 13 22", "1001 10 22", "1001 9 22", "1001 4 22", "1001 6 22", "1001 3 -1", "1001 1 -1")
    at_a.wait(), at_trunk.wait()


def test_s12_a_customer_calls_in_by_a_trunk(phone, k, trunk):
    b = phone(B).register()
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    outside = trunk(numbers={"0212345678": B})
    caller = Caller(outside, "0212345678", asked=False)
    at_trunk = outside.start(caller.invite(), caller.talk(), wait(300), caller.bye())
    k.expect("1002 4 22", "1002 6 22", "1002 3 -1", "1002 1 -1")
    at_trunk.wait(), at_b.wait()


# --- calls steered by an application


def test_a_desk_telephone_is_answered_by_the_application(phone, k):
    a, b = phone(A).register(), phone(B).register()
    ring = Called().ring(headers="Allow-Events: talk, hold")
    at_b = b.start(ring, [recv("NOTIFY", want="Event: talk"), ok()], Called().pick_up(), hung_up())
    caller = Caller(a, B)
    at_a = a.start(caller.invite(), caller.talk(), wait(300), caller.bye())
    call = k.expect(*OUT)[3]["call"]["c1"]
    k.do("answer", this=B, c1=call)
    k.expect(*UP, *OVER)
    at_a.wait(), at_b.wait()


def test_an_application_dials_for_a_telephone_and_clears(phone, k):
    a, b = phone(A).register(), phone(B).register()
    at_a = a.start(Called().ring(), Called().pick_up(), hung_up())
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    call = k.dial(A, B)
    wait_until(lambda: any(shorten(event) == "1002 6 22" for event in k.events))
    k.do("clear", this=A, c1=call)
    at_a.wait(), at_b.wait()


def test_q1_to_q3_a_queue_s_call_rings_at_an_agent_s_telephone(phone, k):
    agent, customer = phone(B).register(), phone(A).register()
    k.monitor("3001")
    k.do("logon", this=B, agent={"id": B, "group": "401", "channel": "0", "wmode": 3})
    k.rest()
    at_agent = agent.start(Called().ring(), Called().pick_up(), hung_up())
    caller = Caller(customer, "3001")
    at_customer = customer.start(caller.invite(), caller.talk(), wait(300), caller.bye())
    at_customer.wait(), at_agent.wait()
    events = [shorten(event) for event in k.rest()]
    k.do("logoff", this=B, agent={"id": B})
    for wanted in ("3001 4 22", "3001 11 22", "3001 5 28", "1002 4 22", "1002 6 22", "1001 6 22", "1002 1 -1"):
        assert wanted in events, events


# --- what is no call


def test_keep_alives_are_answered(switch):
    host, port = switch.ready["sip_tcp"].rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as tcp:
        tcp.sendall(b"\r\n\r\n")
        assert tcp.recv(10) == b"\r\n"
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.settimeout(10)
        host, port = switch.ready["sip_udp"].rsplit(":", 1)
        udp.sendto(b"\r\n\r\n", (host, int(port)))
        assert udp.recv(10) == b"\r\n"


def test_a_stream_that_cannot_be_followed_is_answered_and_closed(switch):
    host, port = switch.ready["sip_tcp"].rsplit(":", 1)
    message = (
        f"OPTIONS sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
        "To: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: -1\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as tcp:
        tcp.sendall(message.encode())
        came = b""
        while more := tcp.recv(65_536):
            came += more
    assert came.startswith(b"SIP/2.0 400 "), came


def test_a_browser_that_offers_no_sub_protocol_of_ours_is_refused(switch):
    http = switch.ready["sip_ws"].replace("ws:", "http:")
    answer = wire.send(http, "GET", "/", wire_upgrade("msrp"))
    assert answer.status == 400
    answer = wire.send(http, "GET", "/any/path", wire_upgrade("msrp, sip"))
    assert (answer.status, answer.headers["sec-websocket-protocol"]) == (101, "sip")


def wire_upgrade(protocols: str) -> list[tuple[str, str]]:
    return [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", protocols),
    ]
