"""Attacks on people's sessions and on what is set up, each tried against the real server."""

import json
import re
import urllib.parse

import pytest
import websocket

import wire
from conftest import log_in

JSON = ("Content-Type", "application/json")
FLOW = "5a9d0000-0000-4000-8000-000000009999"


def bearer(token):
    return ("Authorization", f"Bearer {token}")


@pytest.fixture(scope="module")
def tokens(http):
    return {user: log_in(http, user) for user in ("1002", "9001", "admin")}


def own(http):
    return ("Origin", http)


def cookie_of(http, user="admin", *headers):
    """Logs in as a page of ours does; the cookie's pair and its attributes."""
    body = json.dumps({"user": user, "password": "demo"})
    answer = wire.send(http, "POST", "/api/v1/session", [JSON, own(http), *headers], body)
    assert answer.status == 200, answer
    pair, *attributes = answer.headers["Set-Cookie"].split("; ")
    return pair, attributes


def test_another_sites_page_changes_nothing_with_the_cookie(http):
    """CSRF: the browser adds the cookie, but the page is not ours, or does not say whose it is."""
    pair, _ = cookie_of(http)
    body = '{"code":"forged","ko":"가","en":"a"}'
    path = "/api/v1/wrap-up-codes/forged"
    evil = [
        [("Origin", "https://evil.test")],
        [("Origin", "null")],
        [("Origin", http + ".evil.test")],
        [("Origin", "http://localhost:1")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Origin", http), ("Origin", "https://evil.test")],
        [],
    ]
    for headers in evil:
        answer = wire.send(http, "PUT", path, [JSON, ("Cookie", pair), *headers], body)
        assert answer.status == 401, (headers, answer)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = wire.send(http, "PUT", path, [("Content-Type", kind), ("Cookie", pair), own(http)], body)
        assert answer.status == 415, (kind, answer)
    assert wire.send(http, "GET", path, [("Cookie", pair)]).status == 404, "nothing was made"
    assert wire.send(http, "PUT", path, [JSON, ("Cookie", pair), own(http)], body).status == 200, "a page of ours may"
    forged = json.dumps({"user": "1002", "password": "demo"})
    answer = wire.send(http, "POST", "/api/v1/session", [JSON, ("Origin", "https://evil.test")], forged)
    assert answer.status == 403, "nobody is logged in as somebody else, either"


def test_another_sites_page_opens_no_socket_with_the_cookie(http):
    pair, _ = cookie_of(http, "1002")
    url = http.replace("http", "ws", 1) + "/api/v1/desk"
    for origin in ("https://evil.test", None):
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            websocket.create_connection(
                url, cookie=pair, origin=origin, suppress_origin=origin is None, subprotocols=["sangdam.desk.1"], timeout=8
            )
        assert refused.value.status_code == 401, origin
    websocket.create_connection(url, cookie=pair, origin=http, subprotocols=["sangdam.desk.1"], timeout=8).close()


@pytest.mark.parametrize("page", ["/", "/desk", "/admin", "/cti", "/try"])
def test_no_other_site_frames_our_pages(http, page):
    """Clickjacking."""
    answer = wire.send(http, "GET", page)
    policy = answer.headers["Content-Security-Policy"]
    assert re.search(r"frame-ancestors '(self|none)'(;|$)", policy), policy
    assert "script-src 'self';" in policy and "object-src 'none'" in policy and "base-uri 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_planted_session_is_never_taken_over(http):
    """Fixation: whatever cookie was there before, a log-in makes a new one, and no script reads it."""
    planted = "A" * 46
    pair, attributes = cookie_of(http, "1002", ("Cookie", f"sangdam_session={planted}"))
    assert planted not in pair
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert any(a.startswith("Max-Age=") and 0 < int(a[8:]) <= 12 * 3600 for a in attributes), "12 hours at most"
    assert wire.send(http, "GET", "/api/v1/session", [("Cookie", f"sangdam_session={planted}")]).status == 401
    two = f"{pair}; sangdam_session={planted}"
    assert wire.send(http, "GET", "/api/v1/session", [("Cookie", two)]).status == 401, "two are none"
    assert cookie_of(http, "1002")[0] != pair, "each log-in has its own"


def test_a_stolen_session_ends_with_the_password_and_with_the_log_out(http, tokens):
    """Theft."""
    stolen = log_in(http, "1008")
    user = wire.send(http, "GET", "/api/v1/users/1008", [bearer(tokens["admin"])]).json
    change = json.dumps({**user, "password": "demo"})
    assert wire.send(http, "PUT", "/api/v1/users/1008", [JSON, bearer(tokens["admin"])], change).status == 200
    assert wire.send(http, "GET", "/api/v1/session", [bearer(stolen)]).status == 401
    stolen = log_in(http, "1008")
    url = http.replace("http", "ws", 1) + "/api/v1/desk"
    options = {"header": [f"Authorization: Bearer {stolen}"], "subprotocols": ["sangdam.desk.1"], "timeout": 8}
    desk = websocket.create_connection(url, suppress_origin=True, **options)
    assert wire.send(http, "DELETE", "/api/v1/session", [bearer(stolen)]).status == 204
    while (frame := desk.recv_data(control_frame=True))[0] != websocket.ABNF.OPCODE_CLOSE:
        pass
    assert frame[0] == websocket.ABNF.OPCODE_CLOSE, "its sockets end at once"
    assert wire.send(http, "GET", "/api/v1/session", [bearer(stolen)]).status == 401


def test_no_session_rides_in_a_url(http, tokens):
    for query in (f"token={tokens['admin']}", f"access_token={tokens['admin']}", f"sangdam_session={tokens['admin']}"):
        assert wire.send(http, "GET", f"/api/v1/users?{query}").status in (400, 401), query


def test_a_stored_script_stays_data(http, tokens):
    """What people write is never sent as something that a browser runs from our origin (the pages: `e2e/admin.spec.ts`)."""
    script = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    body = json.dumps({"name": script, "role": "agent"})
    assert wire.send(http, "PUT", "/api/v1/users/script", [JSON, bearer(tokens["admin"])], body).status == 200
    for path in ("/api/v1/users", "/api/v1/users/script", f"/api/v1/users/{urllib.parse.quote(script, safe='')}", "/api/v1/export"):
        answer = wire.send(http, "GET", path, [bearer(tokens["admin"])])
        assert answer.headers["Content-Type"] == "application/json", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    for path in ("/%3Cscript%3Ealert(1)%3C/script%3E", "/desk?%3Cscript%3Ealert(1)%3C/script%3E"):
        assert b"<script>alert(1)" not in wire.send(http, "GET", path).bytes, path
    wire.send(http, "DELETE", "/api/v1/users/script", [bearer(tokens["admin"])])


@pytest.mark.parametrize(
    "path",
    [
        "/../seal.key",
        "/desk/../../seal.key",
        "/%2e%2e/seal.key",
        "/assets/..%2f..%2fseal.key",
        "/assets/..%5c..%5cseal.key",
        "/assets/%2e%2e%2f%2e%2e%2fseal.key",
        "/assets//etc/passwd",
        "//etc/passwd",
        "/etc/passwd%00.js",
        "/call-message/..%2f..%2fseal.key",
        "/call-message/../../seal.key",
        "/api/v1/files/..%2f..%2fseal.key",
        "/api/v1/users/..%2f..%2fexport",
        "/api/v1/%2e%2e/api/v1/export",
    ],
)
def test_no_path_leads_out_of_what_is_served(centre, http, tokens, path):
    seal = (centre.data / "seal.key").read_bytes().strip()
    for headers in ([], [bearer(tokens["1002"])]):
        answer = wire.send(http, "GET", path, headers)
        assert answer.status in (400, 401, 403, 404, 405), answer
        assert seal not in answer.bytes and b"root:" not in answer.bytes


def test_nobody_sets_what_is_not_theirs_to_set(http, tokens):
    """Mass assignment: only named members are taken, and of those only where they belong."""
    hash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    user = {"name": "x", "role": "agent"}
    for more in (
        {"password_hash": hash},
        {"second_factor": True},
        {"second_factor_sealed": {"sealed": "AAAA", "since": 0}},
        {"is_admin": True},
        {"id": "somebody-else"},
        {"role": "root"},
        {"__proto__": {"role": "administrator"}},
    ):
        answer = wire.send(http, "PUT", "/api/v1/users/mass", [JSON, bearer(tokens["admin"])], json.dumps({**user, **more}))
        assert answer.status == 400, (more, answer)
    for kind, body in (
        ("devices", {"sealed": "AAAA"}),
        ("keys", {"actions": ["connect:*"], "sealed": "AAAA"}),
        ("trunks", {"host": "a.test", "sealed": "AAAA"}),
        ("cti-users", {"password_hash": hash}),
    ):
        answer = wire.send(http, "PUT", f"/api/v1/{kind}/mass", [JSON, bearer(tokens["admin"])], json.dumps(body))
        assert answer.status == 400, (kind, answer)
    realm = wire.send(http, "GET", "/api/v1/realm", [bearer(tokens["admin"])]).json
    forged = json.dumps({**realm, "instance": FLOW})
    assert wire.send(http, "PUT", "/api/v1/realm", [JSON, bearer(tokens["admin"])], forged).status == 400
    own_role = wire.send(http, "GET", "/api/v1/users/admin", [bearer(tokens["admin"])]).json
    lowered = json.dumps({**own_role, "role": "agent"})
    assert wire.send(http, "PUT", "/api/v1/users/admin", [JSON, bearer(tokens["admin"])], lowered).status == 403
    log_in_as = json.dumps({"user": "1002", "password": "demo", "role": "administrator"})
    assert wire.send(http, "POST", "/api/v1/session", [JSON], log_in_as).status == 400


def operations(http):
    document = wire.send(http, "GET", "/api/v1/openapi.json").json
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation["description"].removeprefix("For: ").rstrip(".")


def test_every_operation_asks_for_its_role(http, tokens):
    """Missing role checks: each operation of the description is tried by everyone who may not."""
    tried = 0
    for method, path, role in operations(http):
        name = FLOW if path.startswith(("/flows", "/files", "/recordings")) else "1"
        url = "/api/v1" + re.sub(r"\{\w+\}", name, path.replace("{secret}", "A" * 46).replace("{report}", "queues"))
        send = lambda *headers: wire.send(http, method, url, [JSON, *headers], "{}" if method in ("PUT", "POST") else "")
        if role != "everyone":
            assert send().status == 401, (method, path)
            assert send(bearer("A" * 46)).status == 401, (method, path)
            tried += 1
        if role in ("administrators", "supervisors, administrators"):
            assert send(bearer(tokens["1002"])).status == 403, (method, path)
        if role == "administrators":
            assert send(bearer(tokens["9001"])).status == 403, (method, path)
    assert tried > 60
