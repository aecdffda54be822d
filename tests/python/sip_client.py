"""A SIP client that writes its own messages, over a WebSocket or datagrams, for what SIPp cannot do."""

import json
import re
import socket
import threading
import uuid

import websocket

from sipp import REALM

PATIENCE_S = 20  # how long anything may take on a busy machine


class Sip:
    """A SIP client that answers every request with 200, over a WebSocket or a datagram socket."""

    def __init__(self, way: str, give, take):
        self.way, self.give, self.take = way, give, take
        self.came: list[str] = []
        self.seen = 0
        self.news = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def ws(cls, url: str) -> "Sip":
        link = websocket.create_connection(url, subprotocols=["sip"], suppress_origin=True)
        return cls("WS", link.send, link.recv)

    @classmethod
    def udp(cls, address: str, port: int) -> "Sip":
        host, number = address.rsplit(":", 1)
        link = socket.socket(type=socket.SOCK_DGRAM)
        link.bind(("127.0.0.1", port))
        return cls("UDP", lambda text: link.sendto(text.encode(), (host, int(number))), lambda: link.recv(65_535).decode())

    def _read(self) -> None:
        while True:
            try:
                message = self.take()
            except (OSError, websocket.WebSocketException):
                return
            if not message:
                return
            if message[:4] not in ("SIP/", "ACK "):
                kept = [line for line in message.split("\r\n\r\n")[0].split("\r\n")[1:] if re.match(r"(?i)(via|from|to|call-id|cseq):", line)]
                self.give("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]))
            with self.news:
                self.came.append(message)
                self.news.notify_all()

    def expect(self, start: str, *within: str) -> str:
        """The next message that begins so and has all these within; what comes before it is passed over."""
        found = []

        def look() -> bool:
            for n, message in enumerate(self.came[self.seen :]):
                if message.startswith(start) and all(part in message for part in within):
                    self.seen += n + 1
                    found.append(message)
                    return True
            return False

        with self.news:
            assert self.news.wait_for(look, PATIENCE_S), (start, within, self.came[self.seen :])
        return found[0]

    def send(self, method: str, to: str, user: str, headers: str = "", body: str = "", kind: str = "", call: "Dialog | None" = None) -> "Dialog":
        call = call or Dialog()
        call.number += 1
        lines = [
            f"{method} {call.target or f'sip:{to}@{REALM}'} SIP/2.0",
            f"Via: SIP/2.0/{self.way} x.invalid;rport;branch=z9hG4bK{uuid.uuid4().hex}",
            "Max-Forwards: 70",
            f"From: <sip:{user}@{REALM}>;tag={call.tag}",
            f"To: <sip:{to}@{REALM}>{call.theirs}",
            f"Call-ID: {call.id}",
            f"CSeq: {call.invited if method == 'ACK' else call.number} {method}",
            f"Contact: <sip:{user}@x.invalid;transport={self.way.lower()}>",
            *headers.splitlines(),
        ]
        if body:
            lines.append(f"Content-Type: {kind}")
        if method == "INVITE":
            call.invited = call.number
        self.give("\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body]))
        return call


class Dialog:
    def __init__(self):
        self.id, self.tag, self.number, self.invited, self.theirs, self.target = uuid.uuid4().hex, uuid.uuid4().hex[:8], 0, 0, "", ""

    def learn(self, answer: str) -> None:
        self.theirs = ";tag=" + re.search(r"(?mi)^To:.*;tag=([^\s;]+)", answer)[1]
        self.target = re.search(r"(?mi)^Contact:\s*<([^>]+)>", answer)[1]


def header(message: str, name: str) -> str:
    found = re.search(rf"(?mi)^{name}:\s*(.*?)\r?$", message)
    assert found, (name, message)
    return found[1]


def body(message: str) -> dict:
    return json.loads(message.split("\r\n\r\n", 1)[1])
