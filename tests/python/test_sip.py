"""Telephones against the demo centre: SIPp over every transport, and what the CTI gateway tells meanwhile.

The scenarios are those of nxproxy-rio.md section 8, done by real telephones.
"""

import socket
import subprocess
import time

import pytest

import centre as demo
import wire
from rio import Rio, wait_until
from sipp import REALM, TRANSPORTS, Called, Caller, Phone, hung_up, pause, register

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


def pause_for(millis: int) -> list[str]:
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


# --- calls


def test_a_call_rings_is_answered_and_ends(phone, k):
    a, b = phone(A).register(), phone(B).register()
    called = Called()
    at_b = b.start(called.ring(), called.pick_up(), hung_up())
    caller = Caller(a, B)
    at_a = a.start(caller.invite(), caller.talk(), pause_for(300), caller.bye())
    k.expect("1001 13 22", "1001 10 22", "1001 4 22", "1002 4 22", "1001 6 22", "1002 6 22")
    k.expect("1001 3 -1", "1001 1 -1", "1002 3 -1", "1002 1 -1")
    at_a.wait(), at_b.wait()
    k.quiet()


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
