"""WebSockets for tests: everything that comes is kept, and waiting means waiting for a frame, never for time.

A thread reads, so pings are answered and nothing is lost. `expect` looks through all frames since the beginning or since
`mark`; that something did *not* come is known by a later thing that did.
"""

import contextlib
import json
import threading
import time
import uuid

import websocket

PATIENCE_S = 8  # how long anything may take on a busy machine


class Socket:
    """A client of JSON frames."""

    def __init__(self, url: str, **options):
        self.link = websocket.create_connection(url, timeout=PATIENCE_S, suppress_origin=True, **options)
        self.link.settimeout(None)
        self.frames: list[dict] = []
        self.closed: int | None = None
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        code = 1006
        try:
            while True:
                kind, data = self.link.recv_data()
                if kind == websocket.ABNF.OPCODE_CLOSE:
                    code = int.from_bytes(data[:2], "big") if len(data) >= 2 else 1005
                    break
                frame = json.loads(data)
                with self.news:
                    self.frames.append(frame)
                    self.news.notify_all()
        except (websocket.WebSocketException, OSError):
            pass
        with self.news:
            self.closed = code
            self.news.notify_all()

    def send(self, frame: dict | str) -> None:
        self.link.send(frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False))

    @property
    def mark(self) -> int:
        """How many frames there are: `expect(.., after=mark)` takes later ones only."""
        with self.news:
            return len(self.frames)

    def expect(self, wanted, within: float = PATIENCE_S, after: int = 0, what: str = "the frame") -> dict:
        """The first frame of which `wanted` is true, come or to come."""
        deadline = time.monotonic() + within
        with self.news:
            seen = after
            while True:
                for frame in self.frames[seen:]:
                    seen += 1
                    if wanted(frame):
                        return frame
                left = deadline - time.monotonic()
                if left <= 0 or self.closed is not None:
                    raise AssertionError(f"{what} did not come (closed: {self.closed}); came: {self.frames[after:]}")
                self.news.wait(left)

    def expect_close(self, within: float = PATIENCE_S) -> int:
        """Waits until the other side closes; gives the code."""
        with self.news:
            done = self.news.wait_for(lambda: self.closed is not None, within)
        assert done, "the socket was not closed"
        return self.closed

    def close(self) -> None:
        with contextlib.suppress(websocket.WebSocketException, OSError):
            self.link.close(timeout=2)
        self.reader.join(PATIENCE_S)


EVENT = "application/vnd.amazonaws.connect.event."
SUBSCRIBE = {"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}}


class ChatSocket(Socket):
    """The chat's WebSocket (section 3)."""

    def subscribe(self) -> "ChatSocket":
        self.send(SUBSCRIBE)
        self.expect(lambda frame: frame.get("topic") == "aws/subscribe", what="the acknowledgement")
        return self

    def barrier(self) -> None:
        """Everything that was on its way when this was called has come when it returns."""
        before = self.mark
        self.send({"topic": "aws/heartbeat"})
        self.expect(lambda frame: frame.get("topic") == "aws/heartbeat", after=before, what="the heartbeat")

    @property
    def items(self) -> list[dict]:
        """What came on `aws/chat`, unpacked."""
        with self.news:
            return [json.loads(frame["content"]) for frame in self.frames if frame.get("topic") == "aws/chat"]

    def item(self, wanted, after: int = 0, **options) -> dict:
        """Waits for an item."""
        fits = lambda frame: frame.get("topic") == "aws/chat" and wanted(json.loads(frame["content"]))
        return json.loads(self.expect(fits, after=after, **options)["content"])

    def event(self, name: str, role: str | None = None, after: int = 0) -> dict:
        """Waits for an event such as `participant.joined`, of this role if one is named."""
        fits = lambda item: item.get("ContentType") == EVENT + name and role in (None, item.get("ParticipantRole"))
        return self.item(fits, after=after, what=f"{name} {role or ''}")

    def message(self, text: str, after: int = 0) -> dict:
        return self.item(lambda item: item.get("Content") == text, after=after, what=f"the message {text[:40]!r}")

    def kinds(self) -> list[tuple[str, str | None]]:
        """Events and messages in short: `("participant.joined", "CUSTOMER")`, `("MESSAGE", "AGENT")`."""
        short = lambda item: item["ContentType"].removeprefix(EVENT) if item["Type"] == "EVENT" else item["Type"]
        return [(short(item), item.get("ParticipantRole")) for item in self.items]


class Refused(AssertionError):
    """The desk's `no`."""

    def __init__(self, no: dict):
        super().__init__(str(no))
        self.code = no["code"]


class Desk(Socket):
    """An agent's or supervisor's desk on the wire of docs/desk-protocol.md."""

    def __init__(self, http: str, token: str):
        url = http.replace("http", "ws", 1) + "/api/v1/desk"
        super().__init__(url, header=[f"Authorization: Bearer {token}"], subprotocols=["sangdam.desk.1"])
        self.asked = 0
        self.world = self.do("hello", lang="en")

    def do(self, verb: str, **members) -> dict:
        """Asks, and gives what stands in `ok`."""
        self.asked += 1
        asked = self.asked
        self.send({"id": asked, "do": verb, **members})
        answer = self.expect(lambda frame: frame.get("id") == asked, what=f"the answer to {verb}")
        if "no" in answer:
            raise Refused(answer["no"])
        return answer["ok"]

    def ready(self) -> None:
        self.do("state", state="ready")

    def event(self, name: str, wanted=lambda _: True, after: int = 0) -> dict:
        return self.expect(lambda frame: frame.get("ev") == name and wanted(frame), after=after, what=f"the event {name}")

    def contact(self, contact: str, *states: str) -> dict:
        """Waits until the contact is in one of these states."""
        fits = lambda frame: frame["contact"]["id"] == contact and frame["contact"]["state"] in states
        return self.event("contact", fits)["contact"]

    def accept(self, contact: str) -> dict:
        """Waits for the offer, takes it."""
        self.contact(contact, "offered")
        self.do("accept", contact=contact)
        return self.contact(contact, "talking")

    def say(self, contact: str, text: str, audience: str = "all") -> dict:
        client = str(uuid.uuid4())
        return self.do("say", contact=contact, client=client, text=text, audience=audience)["item"]
