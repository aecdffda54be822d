"""A client of the CTI gateway (nxproxy-rio.md): one WebSocket, requests answered in order, events kept."""

import contextlib
import json
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE_S = 8  # how long anything may take on a busy machine


class Rio:
    """One connection. `ask` sends and gives the response; events are kept in `events`, in the order they came."""

    def __init__(self, url: str, login: str | None = "cube", password: str = "cube123", **options):
        self.link = connect(url, max_size=None, **options).__enter__()
        self.texts: list[str] = []
        self.frames: list[dict] = []
        self.taken = 0
        self.code: int | None = None
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if login is not None:
            assert self.ask({"fname": "login", "id": login, "pwd": password})["result"] == 1

    def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                text = self.link.recv()
                with self.news:
                    self.texts.append(text)
                    self.frames.append(json.loads(text))
                    self.news.notify_all()
        with self.news:
            self.code = self.link.close_code if self.link.close_code is not None else 1006
            self.news.notify_all()

    def _wait(self, ready, what: str, within: float = PATIENCE_S):
        with self.news:
            done = self.news.wait_for(lambda: ready() or self.code is not None, within)
            assert done and ready(), f"{what} did not come (closed: {self.code}); came: {self.texts[-20:]}"

    def raw(self, text: str | bytes) -> str:
        """Sends, and gives the text of the next message that is no event."""
        responses = lambda: [t for t, f in zip(self.texts, self.frames) if f.get("fname") != "event"]
        with self.news:
            before = len(responses())
        self.link.send(text)
        self._wait(lambda: len(responses()) > before, f"the response to {text!r:.200}")
        with self.news:
            return responses()[before]

    def ask(self, request: dict | None = None, **keys) -> dict:
        return json.loads(self.raw(json.dumps({**(request or {}), **keys}, ensure_ascii=False)))

    def result(self, fname: str, **keys) -> int:
        return self.ask({"fname": fname, **keys})["result"]

    def do(self, fname: str, **keys) -> dict:
        answer = self.ask({"fname": fname, **keys})
        assert answer["result"] == 1, answer
        return answer

    def dial(self, this: str, called: str, **keys) -> int:
        """Dials; gives the call's id."""
        return self.do("dial", this=this, called=called, **keys)["newcall"]

    def monitor(self, *devices: str) -> None:
        for device in devices:
            self.do("addmonitor", device=device)

    @property
    def events(self) -> list[dict]:
        with self.news:
            return [frame for frame in self.frames if frame.get("fname") == "event"]

    def ringing(self, device: str) -> int:
        """The call of which a device was told last; waits for one."""
        told = lambda: [e["call"]["c1"] for e in self.events if e["monitor"] == device and e["call"].get("c1")]
        self._wait(told, f"a call at {device}", PATIENCE_S)
        return told()[-1]

    def next(self, count: int, within: float = PATIENCE_S) -> list[dict]:
        """The next so many events that were not taken yet."""
        self._wait(lambda: len(self.events) >= self.taken + count, f"{count} more events", within)
        taken = self.events[self.taken : self.taken + count]
        self.taken += count
        return taken

    def rest(self) -> list[dict]:
        """All events not taken yet. Whatever was on its way has come: a later answer came, too."""
        self.ask({"fname": "removemonitor", "device": "nobody"})
        taken = self.events[self.taken :]
        self.taken += len(taken)
        return taken

    def expect(self, *wanted: str, within: float = PATIENCE_S) -> list[dict]:
        """The next events are these and no others: `expect("1001 13 22", "1002 4")`; a cause that is not named is any."""
        events = self.next(len(wanted), within)
        came = [shorten(event, len(want.split())) for event, want in zip(events, wanted)]
        assert came == list(wanted), came
        return events

    def quiet(self) -> None:
        """Nothing else has come."""
        assert [shorten(event) for event in self.rest()] == []

    def expect_close(self, within: float = PATIENCE_S) -> int:
        with self.news:
            done = self.news.wait_for(lambda: self.code is not None, within)
        assert done, "the socket was not closed"
        return self.code

    def close(self) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            self.link.close()
        self.reader.join(PATIENCE_S)


def shorten(event: dict, words: int = 3) -> str:
    """An event as `monitor id cause`."""
    return " ".join(str(word) for word in (event["monitor"], event["id"], event["call"]["cause"])[:words])


def wait_until(ready, within: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not ready():
        assert time.monotonic() < deadline, "it did not come about"
        pause.wait(0.02)
