"""A customer's page on the web chat's wire (`docs/chat-wire.md`): frames as they are, and what a page keeps of them."""

import ssl
import uuid

from sockets import PATIENCE_S, Socket

PROTOCOL = "sangdam.chat.1"
REALM = "demo.sangdam.test"


class Page(Socket):
    """One socket; its rooms by number."""

    def __init__(self, url: str, **options):
        super().__init__(url, subprotocols=[PROTOCOL], sslopt={"cert_reqs": ssl.CERT_NONE}, **options)

    def of(self, id: int, *kinds: str) -> list[dict]:
        """The frames of a session, of these kinds if any are named."""
        with self.news:
            return [f for f in self.frames if f.get("id") == id and (not kinds or f["t"] in kinds)]

    def order(self, id: int) -> list[str]:
        return [frame["t"] for frame in self.of(id)]

    def wait(self, kind: str, id: int = 1, after: int = 0, **members) -> dict:
        """The first frame of this kind with these members."""

        def wanted(frame: dict) -> bool:
            return frame["t"] == kind and frame.get("id", id) == id and all(frame.get(k) == v for k, v in members.items())

        return self.expect(wanted, after=after, what=f"{kind} {members or ''}")

    def open(self, dn: str, tel: str = "01012345678", id: int = 1, realm: str = REALM, **more) -> "Room":
        """Says `open`; the room is not waited for."""
        self.send({"t": "open", "id": id, "realm": realm, "dn": dn, "tel": tel, **more})
        return Room(self, id, tel)

    def join(self, dn: str, **more) -> "Room":
        room = self.open(dn, **more)
        room.joined = self.wait("joined", room.id)
        return room

    def resume(self, token: str, seq: int = 0, id: int = 1, **more) -> "Room":
        self.send({"t": "resume", "id": id, "token": token, "seq": seq, **more})
        return Room(self, id, None)


class Room:
    """One room of a page."""

    def __init__(self, page: Page, id: int, tel: str | None):
        self.page, self.id, self.tel, self.joined = page, id, tel, {}

    def send(self, kind: str, **members) -> None:
        self.page.send({"t": kind, "id": self.id, **members})

    def put(self, content: dict, key: str | None = None, **more) -> str:
        """Says something, and gives its key."""
        key = key or uuid.uuid4().hex
        self.send("say", key=key, content=content, **more)
        return key

    def say(self, text: str, **more) -> dict:
        """Says words, and gives what stored them."""
        return self.page.wait("stored", self.id, key=self.put({"type": "text", "message": text}, **more))

    def failed(self, content: dict, **more) -> int:
        """Says what is refused, and gives the code."""
        return self.page.wait("failed", self.id, key=self.put(content, **more))["code"]

    def wait(self, kind: str, **members) -> dict:
        return self.page.wait(kind, self.id, **members)

    def said(self) -> list[dict]:
        return self.page.of(self.id, "said")

    def texts(self) -> list[str]:
        return [f["content"]["message"] for f in self.said() if isinstance(f["content"], dict) and "message" in f["content"]]

    def heard(self, message: str, within: float = PATIENCE_S) -> dict:
        """The line with this text."""

        def wanted(frame: dict) -> bool:
            content = frame.get("content")
            told = frame["t"] == "said" and frame["id"] == self.id and isinstance(content, dict)
            return told and content.get("message") == message

        return self.page.expect(wanted, within, what=message)
