"""The audit trail: what the command line and an import changed, by whom and from where; through a restart, and as a table."""

import csv
import io
import json
import os
import subprocess

import centre as demo
import wire
from conftest import log_in


def sangdam(centre, *words, data="") -> None:
    command = [demo.binary(), *words, "--url", centre.http]
    env = {**os.environ, "SANGDAM_PASSWORD": "demo"}
    done = subprocess.run(command, env=env, input=data, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def trail(http, **filter) -> list[dict]:
    query = "&".join(f"{name}={value}" for name, value in filter.items())
    return wire.send(http, "GET", f"/api/v1/audit?{query}", [("Authorization", f"Bearer {log_in(http, 'admin')}")]).json["entries"]


def test_every_way_to_change_something_leaves_its_trace(tmp_path):
    own = demo.Centre(tmp_path / "data")
    sangdam(own, "queue", "change", "3001", "name=다른 이름")
    sangdam(own, "import", data=json.dumps({"wrap_up_codes": [{"code": "x1", "ko": "하나", "en": "one"}]}))
    sangdam(own, "user", "add", "2950", "name=새 사람", "role=agent", "password=never-shown")
    sangdam(own, "user", "remove", "2950")
    check(own.http)
    before = trail(own.http, limit=100, by="admin", kind="users")
    own.kill()
    for view in (tmp_path / "data").glob("views.db*"):
        view.unlink()
    own = demo.Centre(tmp_path / "data")
    try:
        check(own.http)
        assert trail(own.http, limit=100, by="admin", kind="users") == before, "the trail follows from the facts alone"
        token = ("Authorization", f"Bearer {log_in(own.http, 'admin')}")
        table = wire.send(own.http, "GET", "/api/v1/audit.csv?kind=queues&name=3001", [token])
        assert table.headers["Content-Type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(table.bytes.decode())))
        assert [(row["action"], row["by"], row["way"], row["changed"]) for row in rows[:1]] == [("changed", "admin", "cli", "name")]
        all_of_it = wire.send(own.http, "GET", "/api/v1/audit?limit=100", [token]).bytes
        for secret in (b"never-shown", b"$argon2", b"sealed"):
            assert secret not in all_of_it, secret
    finally:
        own.stop()


def check(http):
    changed, *_ = trail(http, kind="queues", name="3001")
    assert (changed["action"], changed["by"], changed["way"], changed["from"]) == ("changed", "admin", "cli", "127.0.0.1")
    assert changed["changed"] == ["name"] and changed["after"]["name"] == "다른 이름"
    assert changed["before"]["name"] != changed["after"]["name"]
    (added,) = trail(http, kind="wrap_up_codes", name="x1")
    assert (added["action"], added["cause"], added["by"]) == ("added", "api.import", "admin")
    gone, came = trail(http, kind="users", name="2950")
    assert (gone["action"], came["action"]) == ("removed", "added")
    assert gone["before"]["name"] == "새 사람" and "after" not in gone
    logins = trail(http, kind="sessions", by="admin")
    assert logins and logins[0]["action"] == "logged_in"


def test_who_was_not_let_in_stands_there_and_a_flood_fills_nothing(tmp_path):
    own = demo.Centre(tmp_path / "data")
    try:
        def knock(user, password):
            body = json.dumps({"user": user, "password": password})
            return wire.send(own.http, "POST", "/api/v1/session", [("Content-Type", "application/json")], body).status

        assert knock("1001", "not-the-password") == 401
        # Somebody types their password where the name belongs.
        assert knock("hunter2-secret", "x") == 401
        unknown, known = trail(own.http, kind="sessions", limit=3)[1:]
        assert (known["action"], known["by"], known["name"], known["from"]) == ("not_let_in", "1001", "1001", "127.0.0.1")
        assert known["after"] == {"wrong": "password"}
        assert (unknown["action"], unknown["by"], unknown["name"]) == ("not_let_in", "?", "")
        for n in range(120):
            assert knock(f"guess-{n}", "x") == 401
        rows = [row for row in trail(own.http, kind="sessions", limit=100) if row["action"] == "not_let_in"]
        assert 60 <= len(rows) <= 80, "sixty at once, and one each ten seconds"
        assert "hunter2" not in json.dumps(rows) and "not-the-password" not in json.dumps(rows)
    finally:
        own.stop()
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert b"hunter2-secret" not in file.read_bytes(), file
