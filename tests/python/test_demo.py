"""The demo as a process: what `ready.json` says, how it ends, and that a second start goes on where the first stopped."""

import hashlib
import json
import pathlib
import re
import subprocess

import pytest

import wire
from centre import ROOT, Centre, binary
from chats import Chat, unknown
from conftest import client

LISTENERS = ["http", "https", "rio", "sip_ws", "sip_wss", "sip_udp", "sip_tcp", "sip_tls", "metrics"]


def test_ready_names_this_process_and_where_it_listens(centre):
    assert centre.ready["pid"] == centre.process.pid
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", centre.ready["http"])
    unexpected = set(centre.ready) - {"pid", *LISTENERS}
    assert not unexpected
    ports = [url.rsplit(":", 1)[1] for name, url in centre.ready.items() if name in LISTENERS and name != "sip_tcp"]
    assert len(set(ports)) == len(ports), centre.ready


def test_log_in(http):
    def log_in(user, password):
        body = json.dumps({"user": user, "password": password})
        return wire.send(http, "POST", "/api/v1/session", {"Content-Type": "application/json"}, body)

    good = log_in("1005", "demo")
    assert good.status == 200 and good.json["token"] and good.json["user"]["extension"] == "1005", good
    me = wire.send(http, "GET", "/api/v1/session", {"Authorization": f"Bearer {good.json['token']}"})
    assert me.status == 200 and me.json["user"]["id"] == good.json["user"]["id"], me
    bad = log_in("1005", "wrong")
    assert (bad.status, bad.json["error"]["code"]) == (401, "session.wrong_password"), bad
    for _ in range(10):
        bad = log_in("1006", "wrong")
    locked = log_in("1006", "demo")
    assert (locked.status, locked.json["error"]["code"]) == (429, "session.locked"), locked
    assert int(locked.headers["Retry-After"]) > 0


def sources(web: pathlib.Path) -> list[str]:
    """What `crates/web/pack.mjs` hashes."""
    folders = [web / name for name in ("public", "sdk", "src")]
    files = [file for file in web.iterdir() if file.is_file()]
    files += [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return sorted((file.relative_to(web).as_posix() for file in files), key=str.encode)


@pytest.mark.parametrize("path", ["/", "/desk"])
def test_the_pages_are_those_of_this_tree(http, path):
    web = ROOT / "web"
    lines = [f"{hashlib.sha256((web / name).read_bytes()).hexdigest()}  {name}\n" for name in sources(web)]
    mark = hashlib.sha256("".join(lines).encode()).hexdigest()[:16]
    page = wire.send(http, "GET", path)
    assert page.status == 200 and f'<meta name="sangdam-web" content="{mark}">'.encode() in page.bytes


def test_pages_and_their_files_are_kept_as_they_should(http):
    page = wire.send(http, "GET", "/desk")
    assert page.headers["Cache-Control"] == "no-cache" and page.headers["ETag"].startswith('"')
    assert page.headers["X-Content-Type-Options"] == "nosniff" and page.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    again = wire.send(http, "GET", "/desk", {"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.bytes) == (304, b"")
    script = re.search(rb'src="(/assets/[^"]+\.js)"', page.bytes)[1].decode()
    plain = wire.send(http, "GET", script)
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    small = wire.send(http, "GET", script, {"Accept-Encoding": "gzip, deflate, br"})
    assert small.headers["Content-Encoding"] == "br" and len(small.bytes) < len(plain.bytes)
    assert "accept-encoding" in small.headers["Vary"].lower()
    assert wire.send(http, "GET", "/assets/no-such-file.js").status == 404


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_second_start_goes_on_where_the_first_stopped(tmp_path, end):
    centre = Centre(tmp_path / "data")
    try:
        chat = Chat(client("connect", centre.http), client("connectparticipant", centre.http, "nobody", "nothing"))
        socket = chat.join()
        token = unknown()
        said = chat.say("기억해 줘", ClientToken=token)
        socket.message("기억해 줘")
        if end == "stop":
            assert centre.stop() == 0, centre.tail()
            assert socket.expect_close() in (1001, 1012)
        else:
            centre.kill()
        chat.close()

        centre = Centre(tmp_path / "data")
        chat.service = client("connectparticipant", centre.http, "nobody", "nothing")
        assert "기억해 줘" in chat.texts()
        again = chat.say("기억해 줘", ClientToken=token)
        assert (again["Id"], again["AbsoluteTime"]) == (said["Id"], said["AbsoluteTime"])
        chat.connect()
        socket = chat.join()
        chat.say("다시 만났네")
        socket.message("다시 만났네")
        joins = [item for item in chat.items() if item.get("ContentType", "").endswith("participant.joined")]
        assert len([item for item in joins if item["ParticipantRole"] == "CUSTOMER"]) == 1
        assert centre.stop() == 0, centre.tail()
        chat.close()
    finally:
        if centre.process.poll() is None:
            centre.kill()


def test_config_example_is_what_the_server_prints():
    printed = subprocess.run([binary(), "config-example"], capture_output=True, text=True, check=True).stdout
    assert printed == (ROOT / "config.example.toml").read_text()
