"""The push token of a page's call (`nxwebapi.md` 7.2): told to the realm's webhook, signed, again after a failure and a restart."""

import json
import re

import pytest

import centre as demo
import wire
from conftest import log_in
from sip_client import Sip, header
from sockets import PATIENCE_S
from webhook import Webhook

JSON = ("Content-Type", "application/json")

# As a browser's, with nobody behind it: the call is answered all the same.
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 4611 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 8 101",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=setup:actpass",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "",
    ]
)


@pytest.fixture
def own(tmp_path):
    running = demo.Centre(tmp_path / "data")
    yield running
    running.stop()


@pytest.fixture
def hook():
    hook = Webhook()
    yield hook
    hook.close()


def tell_to(own, to: str | None) -> int:
    token = ("Authorization", f"Bearer {log_in(own.http, 'admin')}")
    realm = wire.send(own.http, "GET", "/api/v1/realm", [token]).json
    return wire.send(own.http, "PUT", "/api/v1/realm", [JSON, token], json.dumps(realm | {"push_to": to})).status


def calls(own, token: str) -> str:
    """Calls the test number as a page does; gives the matter's number."""
    page = Sip.ws(own.ready["sip_ws"])
    headers = "X-NX-Kind: call\nX-NX-Client: nxWebApi/1" + (f"\nX-NX-Push: {token}" if token else "")
    call = page.send("INVITE", "3999", "01012345678", headers, OFFER, "application/sdp")
    yes = page.expect("SIP/2.0 200", "INVITE")
    call.learn(yes)
    page.send("ACK", "3999", "01012345678", call=call)
    page.send("BYE", "3999", "01012345678", call=call)
    page.expect("SIP/2.0 200", "BYE")
    return header(yes, "X-NX-Cid")


def came(hook: Webhook, count: int) -> list[tuple[dict, dict]]:
    with hook.news:
        assert hook.news.wait_for(lambda: len(hook.posts) >= count, PATIENCE_S), hook.posts
        return list(hook.posts)


def test_a_token_is_told_once_and_signed_and_none_is_told_where_there_is_none(own, hook):
    assert tell_to(own, "ftp://elsewhere/") == 400
    calls(own, "too-early")
    assert tell_to(own, hook.url) == 200
    for none in ("", "default"):
        calls(own, none)
    hook.answers = [500]
    cid = calls(own, "fcm:abc-123")
    [(headers, body)] = came(hook, 1)
    at = body.pop("at")
    contact = body.pop("contact")
    assert body == {"type": "push_token", "token": "fcm:abc-123", "cid": cid, "from": "01012345678", "to": "3999"}
    assert at > 1_600_000_000_000 and headers["x-sangdam-key"] == contact
    assert re.fullmatch(r"t=\d+,v1=[0-9a-f]{64}", headers["x-sangdam-signature"])
    # The contact's story says that it was told, and nowhere what it is.
    token = ("Authorization", f"Bearer {log_in(own.http, 'admin')}")
    story = wire.send(own.http, "GET", f"/api/v1/contacts/{contact}/story", [token])
    assert story.status == 200, story
    assert '"push"' in story.bytes.decode() and "fcm:abc-123" not in story.bytes.decode()


def test_a_token_that_could_not_be_told_is_told_after_the_server_is_killed(own, hook):
    assert tell_to(own, hook.url) == 200
    hook.answers = [503] * 100
    calls(own, "apns:left-over")
    with hook.news:
        assert hook.news.wait_for(lambda: len(hook.answers) < 100, PATIENCE_S)
    own.kill()
    hook.answers = []
    again = demo.Centre(own.data)
    try:
        [(_, body)] = came(hook, 1)
        assert body["token"] == "apns:left-over"
    finally:
        again.stop()
