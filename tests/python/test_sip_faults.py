"""A telephone that does not listen, and what it costs; and trunks over TCP and TLS."""

import contextlib
import json
import re
import socket
import ssl
import subprocess
import threading

import pytest

import centre as demo
import wire
from conftest import log_in
from rio import wait_until
from sipp import REALM, Called, Caller, Phone, hung_up, pause
from test_sip import gauge

PATIENCE_S = 30


def options(by: str, n: int, more: str = "") -> bytes:
    return (
        f"OPTIONS sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/{by} 127.0.0.1;rport;branch=z9hG4bKx{n}\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag={n}\r\n"
        f"To: <sip:{REALM}>\r\nCall-ID: options-{by}-{n}\r\nCSeq: 1 OPTIONS\r\n{more}Content-Length: 0\r\n\r\n"
    ).encode()


@pytest.fixture
def own(tmp_path):
    running = demo.Centre(tmp_path / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture
def phone(own, tmp_path):
    phones: list[Phone] = []

    def phone(number: str, transport: str = "udp") -> Phone:
        phones.append(Phone(own.ready, number, tmp_path, transport))
        return phones[-1]

    yield phone
    for each in phones:
        each.close()


def address(text: str) -> tuple[str, int]:
    host, port = text.rsplit(":", 1)
    return host, int(port)


def is_served(own) -> None:
    with socket.create_connection(address(own.ready["sip_tcp"]), timeout=PATIENCE_S) as tcp:
        tcp.sendall(options("TCP", 1))
        assert tcp.recv(65_536).startswith(b"SIP/2.0 200")


def test_a_telephone_that_does_not_read_costs_itself_alone(own, phone):
    talker, listener = phone("1001").register(), phone("1002", "tcp").register()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.settimeout(PATIENCE_S)
        deaf.connect(address(own.ready["sip_tcp"]))
        before = gauge(own, "sangdam_sip_unsent_total")
        # It asks for ever and hears nothing, until the server hangs up.
        cut = False
        for n in range(200_000):
            try:
                deaf.sendall(options("TCP", n))
            except TimeoutError:
                pytest.fail("the server neither reads on nor hangs up")
            except ConnectionError:
                cut = True
                break
        assert cut and gauge(own, "sangdam_sip_unsent_total") > before
        # Meanwhile and afterwards others call each other.
        at_b = listener.start(Called().ring(), Called().pick_up(), hung_up())
        caller = Caller(talker, "1002")
        talker.start(caller.invite(), caller.talk(), [pause(200)], caller.bye()).wait()
        at_b.wait()
    is_served(own)


class Carrier:
    """A network at the far end of a trunk over TCP or TLS: it takes the server's connection, and a SIPp speaks by it."""

    def __init__(self, phone: Phone, context: ssl.SSLContext | None):
        self.word = b"TLS" if context else b"TCP"
        self.phone = ("127.0.0.1", phone.port)
        self.local = socket.socket(type=socket.SOCK_DGRAM)
        self.local.bind(("127.0.0.1", 0))
        phone.target = f"127.0.0.1:{self.local.getsockname()[1]}"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.link: socket.socket | None = None
        self.context = context
        for work in (self._stream, self._datagrams):
            threading.Thread(target=work, daemon=True).start()

    def _stream(self) -> None:
        with contextlib.suppress(OSError):
            link, _ = self.listener.accept()
            self.link = self.context.wrap_socket(link, server_side=True) if self.context else link
            held = b""
            while more := self.link.recv(65_536):
                held += more
                while (end := held.find(b"\r\n\r\n")) >= 0:
                    length = re.search(rb"(?i)\r\ncontent-length\s*:\s*(\d+)", held[: end + 2])
                    whole = end + 4 + (int(length[1]) if length else 0)
                    if len(held) < whole:
                        break
                    self.local.sendto(held[:whole].replace(b"SIP/2.0/" + self.word, b"SIP/2.0/UDP"), self.phone)
                    held = held[whole:]

    def _datagrams(self) -> None:
        with contextlib.suppress(OSError):
            while message := self.local.recv(65_535):
                wait_until(lambda: self.link)
                self.link.sendall(message.replace(b"SIP/2.0/UDP", b"SIP/2.0/" + self.word))

    def close(self) -> None:
        for each in (self.listener, self.local, self.link):
            if each:
                each.close()


@pytest.mark.parametrize("carrier", ["tcp", "tls"])
def test_a_trunk_over_a_connection_carries_calls_both_ways(tmp_path, monkeypatch, carrier):
    context = None
    if carrier == "tls":
        key, certificate, settings = (tmp_path / name for name in ("key.pem", "certificate.pem", "openssl.cnf"))
        settings.write_text(
            "[req]\ndistinguished_name = dn\nx509_extensions = ext\nprompt = no\n[dn]\nCN = 127.0.0.1\n"
            "[ext]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = critical,CA:FALSE\n"
        )
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-config", settings]
        subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    own = demo.Centre(tmp_path / "data")
    b, outside = Phone(own.ready, "1002", tmp_path).register(), Phone(own.ready, "outside", tmp_path)
    far = Carrier(outside, context)
    headers = [("Authorization", f"Bearer {log_in(own.http, 'admin')}"), ("Content-Type", "application/json")]
    trunk = {"id": "test", "host": f"127.0.0.1:{far.port}", "carrier": carrier, "rules": [{"prefix": "0"}], "numbers": {"0212345678": "1002"}}
    answer = wire.send(own.http, "PUT", "/api/v1/trunks/test", headers, json.dumps(trunk))
    assert answer.status in (200, 201), answer
    wait_until(lambda: far.link)
    # Out by it,
    called = Called(secret=carrier == "tls")
    at_far = outside.start(called.ring(), called.pick_up(), hung_up())
    caller = Caller(b, "01012345678")
    b.start(caller.invite(), caller.talk(), [pause(200)], caller.bye()).wait()
    at_far.wait()
    # and in by the same connection.
    at_b = b.start(Called().ring(), Called().pick_up(), hung_up())
    caller = Caller(outside, "0212345678", asked=False)
    outside.start(caller.invite(), caller.talk(), [pause(200)], caller.bye()).wait()
    at_b.wait()
    far.close(), b.close(), outside.close()
    assert own.stop() == 0
