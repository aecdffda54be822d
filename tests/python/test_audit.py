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
