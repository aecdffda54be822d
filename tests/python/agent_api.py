"""A program written for the agent-session API: its log-in, its session, its long poll (max-agent-desktop.md 3)."""

import contextlib
import json
import threading
import time
import urllib.parse

import wire

API = "/InContactAPI/services/v23.0"


class Max:
    """One client at work: `do` posts, `next` polls, `wait` polls until an event fits."""

    def __init__(self, http: str, user: str, *, start: bool = True, version: str = API):
        self.http, self.user, self.api = http, user, version
        self.token = self.log_in(user)["access_token"]
        self.id: str | None = None
        self.events: list[dict] = []
        if start:
            self.start()

    def log_in(self, user: str, password: str = "demo") -> dict:
        body = json.dumps({"grant_type": "password", "username": user, "password": password})
        answer = self.raw("POST", "/InContactAuthorizationServer/Token", body, token=None)
        assert answer.status == 200, answer
        return answer.json

    def raw(self, method: str, path: str, body: str = "", token="own", headers=()):
        token = self.token if token == "own" else token
        auth = [("Authorization", f"bearer {token}")] if token else []
        kind = [("Content-Type", "application/json")] if body else []
        return wire.send(self.http, method, path, [*auth, *kind, *headers], body)

    def start(self, **params) -> None:
        answer = self.raw("POST", f"{self.api}/agent-sessions", json.dumps({"stationPhoneNumber": self.user, **params}))
        if answer.status == 409:
            return self.join()
        assert answer.status == 202, answer
        self.id = answer.json["sessionId"]

    def join(self) -> None:
        answer = self.raw("POST", f"{self.api}/agent-sessions/join", "{}")
        assert answer.status == 202, answer
        self.id = answer.json["sessionId"]

    def post(self, path: str, **params):
        return self.raw("POST", f"{self.api}/agent-sessions/{self.id}{path}", json.dumps(params))

    def do(self, path: str, status: int = 202, **params):
        answer = self.post(path, **params)
        assert answer.status == status, (path, params, answer)
        return answer

    def get(self, path: str):
        return self.raw("GET", f"{self.api}{path}")

    def poll(self, timeout: int = 8, id: str | None = None):
        return self.raw("GET", f"{self.api}/agent-sessions/{id or self.id}/get-next-event?timeout={timeout}")

    def next(self, timeout: int = 8) -> list[dict]:
        """One poll; what it brought."""
        answer = self.poll(timeout)
        if answer.status == 304:
            return []
        assert answer.status == 200, answer
        self.id = answer.json["sessionId"]
        self.events += answer.json["events"]
        return answer.json["events"]

    def wait(self, kind: str, within: float = 10, **members) -> dict:
        """The next event like this; what came before it is passed over."""
        deadline = time.monotonic() + within
        fits = lambda e: e["Type"] == kind and all(e.get(k) == v for k, v in members.items())
        while True:
            for at, event in enumerate(self.events):
                if fits(event):
                    del self.events[: at + 1]
                    return event
            assert time.monotonic() < deadline, f"no {kind} {members}; came: {self.events}"
            self.next(2)

    def settle(self) -> list[dict]:
        """Everything that has happened so far; forgets it, too."""
        while self.next(1):
            pass
        events, self.events = self.events, []
        return events

    def end(self) -> None:
        with contextlib.suppress(AssertionError, OSError):
            if self.id:
                self.raw("DELETE", f"{self.api}/agent-sessions/{self.id}?forceLogoff=true&endContacts=true")
            self.raw("DELETE", "/api/v1/session")


def form(**params) -> str:
    return urllib.parse.urlencode(params)


def meanwhile(work):
    """Runs something beside the test; gives what waits for its result."""
    result = []
    thread = threading.Thread(target=lambda: result.append(work()))
    thread.start()

    def wait():
        thread.join(70)
        return result[0]

    return wait
