"""The web chat's wire (`docs/chat-wire.md`, `nxwebapi.md`): the rows of section 11 that are the server's, against the real binary."""

import http.client
import json
import random
import re
import ssl
import subprocess
import threading
import time
import urllib.parse
import uuid

import pytest
import websocket

import centre as demo
import wire
from chats import ISO_MS
from conftest import _tidy_up, client, log_in
from files import PNG
from nx import PROTOCOL, REALM, Page
from rio import Rio
from sockets import Desk

CID = r"NX_[0-9A-F]{16}_[0-9a-f]{26}"
PATH_NAME = r"http://127\.0\.0\.1:\d+/call-message/[A-Za-z0-9_-]{67}(\.[a-z]+)?"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A centre of this module's own: agents come and go."""
    running = demo.Centre(tmp_path_factory.mktemp("nx") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture
def page(own):
    """Opens pages, and closes their rooms."""
    pages: list[Page] = []

    def page(url: str | None = None, **options) -> Page:
        pages.append(Page(url or own.ready["sip_ws"], **options))
        return pages[-1]

    yield page
    for opened in pages:
        if opened.closed is None:
            for id in {f["id"] for f in opened.frames if f["t"] == "joined"} - {f["id"] for f in opened.frames if f["t"] == "closed"}:
                mark = opened.mark
                opened.send({"t": "close", "id": id})
                opened.expect(lambda f, id=id: f["t"] == "closed" and f["id"] == id, after=mark)
        opened.close()


@pytest.fixture
def agent(own):
    """Logs agents on at the desk: `agent("1001")`; leaves nothing behind."""
    desks: list[Desk] = []

    def agent(user: str, ready: bool = True) -> Desk:
        desk = Desk(own.http, log_in(own.http, user))
        desks.append(desk)
        if ready:
            desk.ready()
        return desk

    yield agent
    for desk in desks:
        _tidy_up(desk)


def contact_of(desk: Desk, after: int = 0) -> dict:
    """The contact that is offered."""
    return desk.event("contact", lambda f: f["contact"]["state"] == "offered", after=after)["contact"]


def talk(page, agent, user: str = "1001", dn: str = "3001", **more):
    """A page's room that this agent has taken."""
    desk = agent(user)
    mark = desk.mark
    room = page().join(dn, **more)
    contact = contact_of(desk, mark)
    desk.do("accept", contact=contact["id"])
    room.wait("moved", agent=user)
    return room, desk, contact["id"]


# --- the port


def test_row_9_the_sub_protocol_is_selected(page):
    assert page().link.getsubprotocol() == PROTOCOL


def test_row_23_without_the_sub_protocol_there_is_no_socket(own):
    for offers in (None, ["chat"], ["sangdam.chat.2", "x"]):
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            websocket.create_connection(own.ready["sip_ws"], subprotocols=offers)
        assert caught.value.status_code == 400
    link = websocket.create_connection(own.ready["sip_ws"] + "/any/path?x=1", subprotocols=["x", PROTOCOL])
    assert link.getsubprotocol() == PROTOCOL
    link.close()


def test_the_secure_port_speaks_the_same_and_shows_a_page(own, page):
    room = page(own.ready["sip_wss"]).join("3105")
    assert room.joined["upload"].startswith("https://"), "files by TLS, too"
    url = urllib.parse.urlsplit(own.ready["sip_wss"])
    link = http.client.HTTPSConnection(url.hostname, url.port, context=ssl._create_unverified_context(), timeout=10)
    link.request("GET", "/")
    answer = link.getresponse()
    assert answer.status == 200 and answer.getheader("content-type").startswith("text/html")
    assert b"certificate" in answer.read()


def test_junk_closes_only_its_own_socket(page):
    good = page().join("3999")
    for junk in ["x", "[]", "{}", '{"t":"shout"}', "[" * 60_000, '{"t":"open","id":1}', '{"t":"say","id":1,"key":"","content":{}}']:
        bad = page()
        bad.send(junk)
        assert bad.expect_close() == 1008, junk[:40]
    large = page()
    large.send(json.dumps({"t": "pong", "x": "y" * 70_000}))
    assert large.expect_close() == 1009
    binary = page()
    binary.link.send_binary(b"\0\1")
    assert binary.expect_close() == 1003
    assert good.say("still here")["seq"] > 0


# --- opening


def test_rows_11_to_14_a_bot_answers_at_once_in_the_right_order(page):
    room = page().join("3105")
    assert room.page.order(room.id)[:3] == ["trying", "ringing", "joined"]
    assert room.wait("ringing")["desc"] == "Ringing"
    joined = room.joined
    assert re.fullmatch(CID, joined["cid"]) and joined["resumed"] is False and joined["agent"] == "3105"
    assert abs(int(joined["cid"][11:19], 16) - time.time()) < 60, "the time is in it"
    assert len(joined["resume"]) > 60
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/call-message/upload\?t=[A-Za-z0-9_-]{46}", joined["upload"])
    welcome = room.wait("said", dn="bot")
    assert re.fullmatch(ISO_MS, welcome["at"]) and welcome["own"] is False


def test_row_20_what_leads_nowhere_is_not_found(page):
    for n, (dn, realm) in enumerate([("99999999", REALM), ("3001", "nope.test"), ("*30", REALM), ("01012345678", REALM)], 1):
        room = page().open(dn, id=n, realm=realm)
        closed = room.wait("closed")
        assert (closed["code"], closed["desc"]) == (404, "Not Found")
        assert room.page.order(n) == ["trying", "closed"], "nothing between, nothing after"


def test_the_guides_own_realm_is_an_alias(page):
    assert page().open("3105", realm="nexuscommunity.net").wait("joined")["agent"] == "3105"


def test_row_19_a_busy_number_is_busy_and_others_take_no_chat(page):
    busy = page().open("3997").wait("closed")
    assert (busy["code"], busy["desc"]) == (486, "Busy Here")
    assert page().open("3998").wait("closed")["code"] == 488
    silent = page().open("3996")
    silent.wait("ringing", desc="Ringing")
    silent.send("close")
    assert silent.wait("closed")["desc"] == "Request Terminated"


def test_a_queue_without_agents_is_temporarily_unavailable(page):
    room = page().open("3002")
    assert room.wait("closed")["desc"] == "Temporarily Unavailable"
    assert room.page.order(1) == ["trying", "closed"]


def test_a_queue_answers_at_once_and_tells_the_place(page, agent):
    desk = agent("1011", ready=False)
    desk.do("state", state="not_ready", reason=1)
    room = page().join("3002")
    assert room.page.order(room.id)[:3] == ["trying", "ringing", "joined"]
    welcome = room.wait("said", dn="system")
    assert "기술 지원" in welcome["content"]["message"] and welcome["agent"] == ""
    assert room.wait("place")["place"] == 1
    room.say("기다리는 동안")
    second = page().join("3002", tel="b")
    assert second.wait("place")["place"] == 2
    room.send("close")
    room.wait("closed", code=0)
    assert second.page.expect(lambda f: f["t"] == "place" and f["place"] == 1, within=12)


def test_row_17_an_extension_rings_until_its_agent_accepts(page, agent):
    desk = agent("1003")
    room = page().open("1003")
    room.wait("ringing", desc="Ringing")
    contact = contact_of(desk)
    assert contact["customer"]["verified"] is False and contact["customer"]["name"] == "01012345678"
    assert room.page.order(1) == ["trying", "ringing"], "nobody has answered"
    desk.do("accept", contact=contact["id"])
    joined = room.wait("joined")
    assert joined["agent"] == "1003"
    came = room.wait("said", dn="system")
    assert "입장" in came["content"]["message"]
    # Another page calls them, and changes its mind.
    other = page().open("1003", tel="b")
    other.wait("ringing", desc="Ringing")
    other.send("close")
    closed = other.wait("closed")
    assert (closed["code"], closed["desc"]) == (487, "Request Terminated")
    # A third is turned down.
    mark = desk.mark
    third = page().open("1003", tel="c")
    offered = contact_of(desk, mark)
    desk.do("refuse", contact=offered["id"])
    assert third.wait("closed")["desc"] == "Decline"
    assert page().open("1003", tel="d").wait("closed")["desc"] == "Temporarily Unavailable", "not ready any more"


def test_rows_2_1_a_queue_may_wait_for_an_agent_to_answer(own, page, agent):
    token = log_in(own.http, "admin")
    head = [("Authorization", f"Bearer {token}"), ("Content-Type", "application/json")]
    queue = wire.send(own.http, "GET", "/api/v1/queues/3002", head).json
    assert queue["public"] is True
    body = json.dumps({**queue, "answer_by_agent": True})
    assert wire.send(own.http, "PUT", "/api/v1/queues/3002", head, body).status in (200, 204)
    try:
        desk = agent("1012", ready=False)
        desk.do("state", state="not_ready", reason=1)
        room = page().open("3002")
        room.wait("ringing", desc="Queued")
        desk.ready()
        room.wait("ringing", desc="Ringing")
        desk.do("accept", contact=contact_of(desk)["id"])
        joined = room.wait("joined")
        assert room.page.order(1)[:4] == ["trying", "ringing", "ringing", "joined"] and joined["agent"] == "1012"
        assert "기술 지원" in room.wait("said")["content"]["message"], "the welcome is told now"
    finally:
        wire.send(own.http, "PUT", "/api/v1/queues/3002", head, json.dumps(queue))


# --- talking


def test_rows_29_to_32_what_is_said_is_stored_and_comes_to_the_agent(page, agent):
    room, desk, contact = talk(page, agent)
    stored = room.say("안녕하세요! <b>&amp;</b> 🙂")
    line = desk.event("item", lambda f: f["item"].get("text") == "안녕하세요! <b>&amp;</b> 🙂")["item"]
    assert line["n"] == stored["seq"] and line["by"]["role"] == "customer"
    desk.say(contact, "무엇을 도와드릴까요?")
    heard = room.heard("무엇을 도와드릴까요?")
    assert (heard["dn"], heard["agent"], heard["own"]) == ("1001", "1001", False)
    assert heard["content"] == {"type": "text", "message": "무엇을 도와드릴까요?"}
    assert heard["seq"] > stored["seq"]
    assert not [f for f in room.said() if f["own"]], "one's own words do not come back"


def test_rows_33_and_35_to_38_what_is_not_right_is_refused(page):
    room = page().join("3999")
    for content in [
        {},
        {"type": "text"},
        {"type": "text", "message": ""},
        {"type": "text", "message": "한" * 4001},
        {"type": "file"},
        {"type": "file", "file_data": [{"name": "a", "url": "javascript:alert(1)"}]},
        {"type": "links", "links": [{"name": "a", "type": "text", "extra": "x" * 101}]},
    ]:
        assert room.failed(content) == 400, content
    assert room.failed({"type": "text", "message": "a"}, to="EVERYONE") == 403
    assert room.failed({"type": "text", "message": "a", "more": "x" * 60_001}) == 413
    assert not room.said(), "nothing of it was said"


def test_row_42_many_at_once_stay_in_order(page, agent):
    room, desk, contact = talk(page, agent)
    keys = [room.put({"type": "text", "message": f"m{n}"}) for n in range(8)]
    seqs = [room.wait("stored", key=key)["seq"] for key in keys]
    assert seqs == sorted(seqs) and len(set(seqs)) == 8
    desk.event("item", lambda f: f["item"].get("text") == "m7")
    texts = [f["item"]["text"] for f in desk.frames if f.get("ev") == "item" and str(f["item"].get("text", "")).startswith("m")]
    assert texts == [f"m{n}" for n in range(8)]


def test_the_same_key_says_nothing_twice(page):
    first = page()
    room = first.join("3999")
    one = room.wait("stored", key=room.put({"type": "text", "message": "once"}, key="k1"))
    mark = first.mark
    room.put({"type": "text", "message": "once"}, key="k1")
    again = first.expect(lambda f: f["t"] == "stored", after=mark)
    assert again["seq"] == one["seq"]
    other = page().resume(room.joined["resume"], 0, keys=["k1", "never"])
    other.wait("joined")
    assert other.wait("stored", key="k1")["seq"] == one["seq"]
    other.say("more")
    assert [f["content"]["message"] for f in other.said()].count("once") == 2, "what was said, and its echo"
    assert not [f for f in other.page.of(1, "stored") if f["key"] == "never"]


def test_ten_messages_a_second_and_no_more(page):
    room = page().join("3999")
    keys = [room.put({"type": "text", "message": f"{n}"}) for n in range(30)]
    answers = [room.page.expect(lambda f, key=key: f.get("key") == key) for key in keys]
    kinds = [answer["t"] for answer in answers]
    assert kinds[:10] == ["stored"] * 10
    refused = [answer for answer in answers if answer["t"] == "failed"]
    assert refused and {(a["code"], a["desc"]) for a in refused} == {(429, "Too Many Requests")}


def test_row_38_who_may_see_it_is_the_servers_to_say(page, agent, own):
    room, desk, contact = talk(page, agent)
    tab = page().resume(room.joined["resume"])
    tab.wait("joined")
    room.wait("stored", key=room.put({"type": "text", "message": "for agents"}, to="agent"))
    room.wait("stored", key=room.put({"type": "text", "message": "for the customer"}, to="CUSTOMER"))
    room.wait("stored", key=room.put({"type": "text", "message": "for both"}))
    desk.event("item", lambda f: f["item"].get("text") == "for both")
    at_desk = [f["item"].get("text") for f in desk.frames if f.get("ev") == "item"]
    assert "for agents" in at_desk and "for the customer" not in at_desk
    tab.heard("for both")
    assert "for the customer" in tab.texts() and "for agents" not in tab.texts()
    assert [f["dn"] for f in tab.said() if f["own"]] == ["01012345678"] * 2
    desk.say(contact, "a note", audience="agents")
    desk.say(contact, "a word")
    room.heard("a word")
    tab.heard("a word")
    assert "a note" not in room.texts() + tab.texts()
    late = page().resume(room.joined["resume"])
    late.heard("a word")
    assert {"for agents", "a note"}.isdisjoint(late.texts())


def test_rows_46_and_37_content_with_parts_is_kept_as_it_is(page, agent):
    room, desk, contact = talk(page, agent)
    links = {"type": "links", "message": "고르세요", "links": [{"name": "로그인", "type": "link", "url": "http://h/login", "x": 1}]}
    room.wait("stored", key=room.put(links))
    seen = desk.event("item", lambda f: "로그인" in str(f["item"].get("text")))["item"]
    assert "http://h/login" in seen["text"], "in words at the desk"
    choice = {"TYPE": "SCENARIO", "MESSAGE": {"SCENARIO": "CHAT", "KEYWORD": "솔루션", "MENU_ID": "SOLUTION"}}
    room.wait("stored", key=room.put(choice))
    replay = page().resume(room.joined["resume"])
    replay.wait("said", content=choice)
    assert links in [f["content"] for f in replay.said()]


def test_typing_and_read_go_both_ways(page, agent):
    room, desk, contact = talk(page, agent)
    room.send("typing", on=True)
    desk.expect(lambda f: f.get("sig") == "typing", what="typing at the desk")
    desk.do("typing", contact=contact)
    assert room.wait("typing", on=True)["dn"] == "1001"
    stored = room.say("읽으세요")
    desk.do("read", contact=contact, n=stored["seq"])
    assert room.wait("read", dn="1001")["seq"] == stored["seq"]
    desk.say(contact, "그쪽도요")
    seq = room.heard("그쪽도요")["seq"]
    room.send("read", seq=seq)
    desk.event("marks", lambda f: f["read"] >= seq)


def test_rows_43_and_44_several_rooms_share_a_socket(page):
    tab = page()
    one, two = tab.join("3999", id=1, tel="a"), tab.join("3999", id=2, tel="b")
    assert one.joined["cid"] != two.joined["cid"]
    one.say("to the first")
    two.say("to the second")
    one.heard("to the first")
    two.heard("to the second")
    assert "to the second" not in one.texts() and "to the first" not in two.texts()
    one.send("close")
    one.wait("closed")
    assert two.say("still open")
    for id in range(3, 12):
        tab.open("3999", id=id, tel=f"r{id}")
    for id in range(3, 12):
        tab.expect(lambda f, id=id: f.get("id") == id and f["t"] in ("joined", "closed"))
    over = tab.open("3999", id=12, tel="more")
    assert over.wait("closed")["code"] == 503, "ten rooms are open"


def test_row_45_what_is_not_open_is_told_so(page):
    tab = page()
    for frame in [{"t": "say", "id": 5, "key": "k", "content": {"type": "text", "message": "x"}}, {"t": "close", "id": 6}]:
        tab.send(frame)
        assert tab.wait("closed", frame["id"])["code"] == 481
    tab.join("3999")
    tab.send({"t": "open", "id": 1, "realm": REALM, "dn": "3999", "tel": "x"})
    assert tab.expect_close() == 1008


# --- the end


def test_rows_15_and_16_either_side_ends_it(page, agent):
    room, desk, contact = talk(page, agent)
    desk.do("end", contact=contact)
    closed = room.wait("closed")
    assert (closed["code"], closed["desc"]) == (0, "Call terminated")
    mark = room.page.mark
    room.send("typing", on=True)
    room.page.expect(lambda f: f["t"] == "closed" and f["code"] == 481, after=mark)
    own_end = page().join("3999")
    own_end.send("close")
    assert own_end.wait("closed")["code"] == 0
    assert own_end.page.order(1)[-1] == "closed"


def test_a_queue_that_asks_how_it_went_gives_a_link(own, page, agent):
    token = log_in(own.http, "admin")
    head = [("Authorization", f"Bearer {token}"), ("Content-Type", "application/json")]
    queue = wire.send(own.http, "GET", "/api/v1/queues/3001", head).json
    wire.send(own.http, "PUT", "/api/v1/queues/3001", head, json.dumps({**queue, "rating": True}))
    try:
        room, desk, contact = talk(page, agent)
        room.send("close")
        closed = room.wait("closed")
        asked = room.said()[-1]["content"]
        assert asked["type"] == "links" and asked["links"][0]["type"] == "link" and asked["links"][0]["url"] == closed["rate"]
        url = urllib.parse.urlsplit(closed["rate"])
        where = f"{url.scheme}://{url.netloc}"
        path = f"{url.path}?{url.query}"
        form = wire.send(where, "GET", path)
        assert form.status == 200 and b"<form" in form.bytes and b"<script" not in form.bytes
        kind = [("Content-Type", "application/x-www-form-urlencoded")]
        assert wire.send(where, "POST", path, kind, "score=9").status == 400
        assert wire.send(where, "POST", path, kind, "score=4").status == 204
        assert wire.send(where, "POST", "/call-message/rating?t=AAAA", kind, "score=4").status == 401
        told = client("connect", own.http).describe_contact(InstanceId=demo.INSTANCE, ContactId=contact)["Contact"]
        detail = wire.send(own.http, "GET", f"/api/v1/contacts/{contact}", head).json
        rating = lambda shown: shown.get("contact", shown)["rating"]
        assert told["Id"] == contact and rating(detail) == 4, detail
        # Pressed twice it is rated once; the last word stands.
        rated = lambda: [deed for deed in wire.send(own.http, "GET", f"/api/v1/contacts/{contact}/story?limit=100", head).json["items"] if deed["kind"] == "rated"]
        for score, times in ((4, 1), (2, 2)):
            assert wire.send(where, "POST", path, kind, f"score={score}").status == 204
            assert rating(wire.send(own.http, "GET", f"/api/v1/contacts/{contact}", head).json) == score
            assert len(rated()) == times, rated()
    finally:
        wire.send(own.http, "PUT", "/api/v1/queues/3001", head, json.dumps(queue))


# --- resuming


def test_row_61_a_reloaded_page_finds_its_room_whole(page, agent):
    room, desk, contact = talk(page, agent)
    room.say("하나")
    desk.say(contact, "둘")
    room.heard("둘")
    room.page.close()
    desk.say(contact, "셋")
    again = page().resume(room.joined["resume"], 0)
    joined = again.wait("joined")
    assert (joined["cid"], joined["resumed"], joined["agent"]) == (room.joined["cid"], True, "1001")
    assert again.page.order(1)[0] == "joined", "no trying, no ringing"
    again.heard("셋")
    texts = again.texts()
    assert [t for t in texts if t in ("하나", "둘", "셋")] == ["하나", "둘", "셋"]
    own_line = next(f for f in again.said() if f["own"])
    assert own_line["dn"] == "01012345678"
    assert joined["upload"] == room.joined["upload"]
    part = page().resume(joined["resume"], again.heard("둘")["seq"])
    part.heard("셋")
    assert part.texts() == ["셋"], "only what follows"


def test_row_55_what_was_missed_comes_once_and_what_was_not_stored_is_said_once(page, agent):
    room, desk, contact = talk(page, agent)
    stored = room.say("stored before")
    room.page.link.sock.close()
    for n in range(5):
        desk.say(contact, f"missed {n}")
    again = page().resume(room.joined["resume"], stored["seq"], keys=["pending-1"])
    again.wait("joined")
    again.heard("missed 4")
    assert again.texts() == [f"missed {n}" for n in range(5)]
    seqs = [f["seq"] for f in again.said()]
    assert seqs == sorted(set(seqs))
    again.put({"type": "text", "message": "pending"}, key="pending-1")
    again.wait("stored", key="pending-1")
    desk.event("item", lambda f: f["item"].get("text") == "pending")
    assert [f["item"].get("text") for f in desk.frames if f.get("ev") == "item"].count("pending") == 1


def test_row_62_neither_tel_number_nor_cid_admits_anyone(page):
    room = page().join("3999", tel="01099998888")
    room.say("secret")
    stranger = page().join("3999", tel="01099998888")
    assert stranger.joined["cid"] != room.joined["cid"]
    token = room.joined["resume"]
    secret, place = token.split(".")
    flipped = ("B" if secret[10] == "A" else "A") + secret[11:]
    other = stranger.joined["resume"]
    for guess in [
        "",
        "x",
        room.joined["cid"],
        place,
        f"{secret[:10]}{flipped}.{place}",
        f"{secret}.{other.split('.')[1]}",
        f"{other.split('.')[0]}.{place}",
        room.joined["upload"].split("t=")[1],
        room.joined["upload"].split("t=")[1] + f".{place}",
        f"{secret}.{uuid.uuid4()}",
        secret,
    ]:
        for seq in (0, 1):
            tab = page().resume(guess, seq)
            assert tab.wait("closed")["code"] == 403, guess
            assert tab.page.order(1) == ["closed"], "nothing of the room is told"


def test_a_room_that_ended_meanwhile_is_gone_or_tells_what_was_missed(page, agent):
    room, desk, contact = talk(page, agent)
    stored = room.say("before")
    room.page.close()
    desk.say(contact, "goodbye")
    desk.do("end", contact=contact)
    reloaded = page().resume(room.joined["resume"], 0)
    assert (reloaded.wait("closed")["code"], reloaded.page.order(1)) == (410, ["closed"])
    awake = page().resume(room.joined["resume"], stored["seq"])
    assert awake.wait("closed")["code"] == 0
    assert "goodbye" in awake.texts() and "joined" not in awake.page.order(1)


def test_an_opening_whose_answer_was_lost_is_repeated(page):
    key = "k" * 30
    first = page().join("3999", key=key)
    first.say("hello")
    again = page().join("3999", key=key)
    assert again.joined["cid"] == first.joined["cid"]
    again.heard("hello")
    assert again.page.order(1)[:3] == ["trying", "ringing", "joined"]
    other = page().join("3999", key=key, tel="somebody-else")
    assert other.joined["cid"] != first.joined["cid"]


def test_two_tabs_of_one_customer_hear_each_other(page):
    room = page().join("3999")
    tab = page().resume(room.joined["resume"])
    tab.wait("joined")
    room.say("from the first")
    heard = tab.heard("from the first")
    assert heard["own"] is True and heard["dn"] == "01012345678"
    tab.say("from the second")
    assert room.heard("from the second")["own"] is True


def test_kill_and_resume_loses_nothing_doubles_nothing_and_keeps_the_order(tmp_path):
    dice = random.Random(7)
    running = demo.Centre(tmp_path / "data")
    pages = []
    for n in range(4):
        tab = Page(running.ready["sip_ws"])
        pages.append({"room": tab.join("3999", tel=f"c{n}", id=1), "n": 0, "acked": [], "pending": [], "seen": 0, "heard": []})
        pages[-1]["token"] = pages[-1]["room"].joined["resume"]

    def take(state: dict) -> None:
        """Takes up what came, as the script would."""
        for frame in state["room"].page.of(1, "stored", "said")[state.setdefault("taken", 0) :]:
            state["taken"] += 1
            state["seen"] = max(state["seen"], frame["seq"])
            if frame["t"] == "stored":
                state["pending"] = [p for p in state["pending"] if p[0] != frame["key"]]
                state["acked"].append(frame["key"])
            else:
                state["heard"].append((frame["seq"], frame["own"], frame["content"]["message"]))

    for life in range(12):
        for state in pages:
            for _ in range(dice.randint(1, 6)):
                key = f"k{state['n']}"
                state["n"] += 1
                state["pending"].append((key, f"m{state['n']}"))
                state["room"].put({"type": "text", "message": f"m{state['n']}"}, key=key)
        threading.Event().wait(dice.uniform(0, 0.05))
        running.kill()
        for state in pages:
            state["room"].page.expect_close()
            take(state)
        running = demo.Centre(tmp_path / "data")
        for state in pages:
            tab = Page(running.ready["sip_ws"])
            keys = [key for key, _ in state["pending"]]
            state["room"] = tab.resume(state["token"], state["seen"], keys=keys)
            state["taken"] = 0
            state["room"].wait("joined")
            state["room"].send("typing", on=True)
            threading.Event().wait(0.2)
            take(state)
            for key, text in list(state["pending"]):
                state["room"].put({"type": "text", "message": text}, key=key)
            for key, _ in list(state["pending"]):
                state["room"].page.expect(lambda f, key=key: f.get("key") == key and f["t"] == "stored")
            take(state)
            assert not state["pending"]
    for state in pages:
        whole = Page(running.ready["sip_ws"]).resume(state["token"], 0)
        last = f"m{state['n']}"
        whole.page.expect(lambda f: f["t"] == "said" and f["content"]["message"] == last and not f["own"])
        mine = [f["content"]["message"] for f in whole.said() if f["own"]]
        assert mine == [f"m{n}" for n in range(1, state["n"] + 1)], "each once, in order"
        seqs = [f["seq"] for f in whole.said()]
        assert seqs == sorted(set(seqs))
        # What the page was told over all its lives is what there is: each echo once.
        echoes = [text for _, own, text in state["heard"] if not own]
        assert echoes == [f"m{n}" for n in range(1, state["n"] + 1)]
        heard = [seq for seq, _, _ in state["heard"]]
        assert heard == sorted(set(heard))
    assert running.stop() == 0


# --- files


def multipart(name: str, data: bytes, boundary: str = "----sangdam7") -> tuple[list, bytes]:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: x/y\r\n\r\n'
    return [("Content-Type", f"multipart/form-data; boundary={boundary}")], head.encode() + data + f"\r\n--{boundary}--\r\n".encode()


def bring(url: str, name: str, data: bytes) -> wire.Answer:
    at = urllib.parse.urlsplit(url)
    headers, body = multipart(name, data)
    return wire.send(f"{at.scheme}://{at.netloc}", "POST", f"{at.path}?{at.query}", headers, body)


def fetch(url: str, headers=()) -> wire.Answer:
    at = urllib.parse.urlsplit(url)
    return wire.send(f"{at.scheme}://{at.netloc}", "GET", at.path + (f"?{at.query}" if at.query else ""), headers)


def test_row_34_files_are_attachments_everywhere_and_back(page, agent, own):
    room, desk, contact = talk(page, agent)
    one = bring(room.joined["upload"], "그림 1.png", PNG)
    assert one.status == 200, one
    assert one.headers["Access-Control-Allow-Origin"] == "*"
    assert set(one.json) == {"name", "size", "url", "mime_type", "preview_url"}
    assert one.json["name"] == "그림 1.png" and one.json["size"] == len(PNG) and one.json["mime_type"] == "image/png"
    assert re.fullmatch(PATH_NAME, one.json["url"]) and one.json["preview_url"].startswith(one.json["url"])
    two = bring(room.joined["upload"], "memo.txt", "메모".encode()).json
    assert two["preview_url"] == ""
    stored = room.wait("stored", key=room.put({"type": "file", "message": "", "file_data": [one.json, two]}, key="f1"))
    seen = [desk.event("item", lambda f, name=name: f["item"]["kind"] == "file" and f["item"]["file"]["name"] == name)["item"] for name in ("그림 1.png", "memo.txt")]
    assert seen[1]["n"] == stored["seq"] and seen[0]["file"]["image"] is True
    # The same again is the same; in another message it is named, and not sent twice.
    room.put({"type": "file", "message": "", "file_data": [one.json, two]}, key="f1")
    other = room.wait("stored", key=room.put({"type": "file", "file_data": [two]}, key="f2"))
    assert other["seq"] > stored["seq"]
    # The bytes.
    got = fetch(one.json["url"])
    assert (got.status, got.bytes) == (200, PNG)
    assert got.headers["Content-Type"] == "image/png" and got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"] and got.headers["Content-Disposition"].startswith("inline")
    assert fetch(two["url"]).headers["Content-Disposition"].startswith("attachment"), "no picture"
    part = fetch(one.json["url"], [("Range", "bytes=1-3")])
    assert (part.status, part.bytes) == (206, b"PNG")
    assert fetch(one.json["preview_url"]).status == 200
    # Connect has them as attachments.
    connect, participant = client("connect", own.http), client("connectparticipant", own.http, "nobody", "nothing")
    listed = connect.list_contact_references(InstanceId=demo.INSTANCE, ContactId=contact, ReferenceTypes=["ATTACHMENT"])
    assert {r["Attachment"]["Name"] for r in listed["ReferenceSummaryList"]} == {"그림 1.png", "memo.txt"}
    token = room.joined["resume"].split(".")[0]
    items = participant.get_transcript(ConnectionToken=token, MaxResults=100, SortOrder="ASCENDING")["Transcript"]
    attached = [i for i in items if i["Type"] == "ATTACHMENT"]
    assert [i["Attachments"][0]["AttachmentName"] for i in attached] == ["그림 1.png", "memo.txt"]
    assert participant.get_attachment(ConnectionToken=token, AttachmentId=attached[0]["Attachments"][0]["AttachmentId"])["Url"]
    # A replay tells them as files.
    replay = page().resume(room.joined["resume"])
    replay.wait("said", seq=stored["seq"])
    files = [f["content"]["file_data"][0] for f in replay.said() if f["content"].get("type") == "file" and "url" in f["content"]["file_data"][0]]
    assert files[0]["url"] == one.json["url"] and files[0]["name"] == "그림 1.png"


def test_an_agents_file_comes_to_the_page_as_a_file(page, agent, own):
    room, desk, contact = talk(page, agent)
    made = desk.do("file", contact=contact, client=str(uuid.uuid4()), name="guide.png", type="image/png", size=len(PNG))
    at = urllib.parse.urlsplit(made["url"])
    token = log_in(own.http, "1001")
    put = wire.send(own.http, "PUT", at.path, [("Authorization", f"Bearer {token}"), ("Content-Type", "image/png")], PNG)
    assert put.status in (200, 204), put
    desk.do("file_done", contact=contact, file=made["file"])
    said = room.page.expect(lambda f: f["t"] == "said" and f["content"].get("type") == "file")
    assert said["dn"] == "1001"
    entry = said["content"]["file_data"][0]
    assert entry["name"] == "guide.png" and fetch(entry["url"]).bytes == PNG


def test_row_65_only_a_rooms_token_uploads_and_only_what_it_says(page):
    room, other = page().join("3999"), page().join("3999", tel="b")
    upload = room.joined["upload"]
    base = upload.split("?")[0]
    for bad in [base, base + "?t=", base + "?t=" + "A" * 46, base + "?t=" + other.joined["resume"].split(".")[1], upload[:-2] + "xx"]:
        answer = bring(bad, "a.png", PNG)
        assert answer.status == 401 and answer.json["code"] == 401, bad
    assert bring(upload, "page.jpg", b"<!DOCTYPE html><script>alert(1)</script>").status == 415
    assert bring(upload, "page.html", b"<p>").status == 415
    assert bring(upload, "drawing.svg", b"<svg/>").status == 415
    assert bring(upload, "no-ending", PNG).status == 415
    assert bring(upload, "a.png", b"").status == 415
    at = urllib.parse.urlsplit(upload)
    where, path = f"{at.scheme}://{at.netloc}", f"{at.path}?{at.query}"
    assert wire.send(where, "POST", path, [("Content-Type", "image/png")], PNG).status == 400
    headers, _ = multipart("a.png", PNG)
    assert wire.send(where, "POST", path, headers, b"------sangdam7--\r\n").status == 400
    assert wire.send(where, "POST", path, headers, b"x", declared=22 << 20).status == 413
    asked = wire.send(where, "OPTIONS", path, [("Origin", "https://shop.test"), ("Access-Control-Request-Method", "POST")])
    assert asked.status == 204 and asked.headers["Access-Control-Allow-Origin"] == "*"
    # Another room's file is not this room's.
    theirs = bring(other.joined["upload"], "a.png", PNG).json
    assert room.failed({"type": "file", "file_data": [theirs]}) == 404
    # Names cannot be guessed.
    name = theirs["url"].rsplit("/", 1)[1]
    for at in (0, 30, 60):
        forged = name[:at] + ("A" if name[at] != "A" else "B") + name[at + 1 :]
        assert fetch(theirs["url"].replace(name, forged)).status == 404
    other.send("close")
    other.wait("closed")
    assert bring(other.joined["upload"], "a.png", PNG).status == 401, "the room is over"


def test_a_large_file_passes_and_a_larger_one_does_not(page):
    room = page().join("3999")
    data = PNG + random.Random(1).randbytes(3 << 20)
    told = bring(room.joined["upload"], "large.png", data)
    assert told.status == 200 and told.json["size"] == len(data)
    assert fetch(told.json["url"]).bytes == data
    assert bring(room.joined["upload"], "larger.png", PNG + bytes(20 << 20)).status == 413


# --- one contact, several interfaces


def test_the_chat_is_a_contact_for_connect(page, agent, own):
    room, desk, contact = talk(page, agent, tel="user@example.com")
    room.put({"type": "links", "message": "m", "links": [{"name": "n", "type": "link", "url": "http://h/"}]}, key="l")
    room.wait("stored", key="l")
    connect, participant = client("connect", own.http), client("connectparticipant", own.http, "nobody", "nothing")
    told = connect.describe_contact(InstanceId=demo.INSTANCE, ContactId=contact)["Contact"]
    assert (told["Channel"], told["InitiationMethod"], told["AgentInfo"]["Id"]) == ("CHAT", "API", told["AgentInfo"]["Id"])
    attributes = connect.get_contact_attributes(InstanceId=demo.INSTANCE, InitialContactId=contact)["Attributes"]
    assert attributes["tel_number"] == "user@example.com" and attributes["dn_number"] == "3001"
    assert attributes["Cid"] == room.joined["cid"], "a transcript is found by its Cid"
    token = room.joined["resume"].split(".")[0]
    items = participant.get_transcript(ConnectionToken=token, MaxResults=100, SortOrder="ASCENDING")["Transcript"]
    words = [i for i in items if i["Type"] == "MESSAGE" and i["ParticipantRole"] == "CUSTOMER"]
    assert words[-1]["ContentType"] == "text/plain" and "http://h/" in words[-1]["Content"]
    participant.send_message(ConnectionToken=token, ContentType="text/plain", Content="by the other wire")
    assert room.heard("by the other wire")["own"] is True


def test_states_of_chat_agents_follow_over_cti(page, own):
    """A chat agent logs on by CTI channel 4, is offered a page's chat, and every turn of their state is told there."""
    rio = Rio(own.ready["rio"])
    desk = None
    try:
        rio.monitor("1005")
        rio.do("logon", this="1005", agent={"id": "1005", "group": "401", "channel": "4", "wmode": "3"})
        on, ready = rio.next(2)
        assert (on["id"], ready["id"]) == (201, 204) and {on["agent"]["channel"], ready["agent"]["channel"]} == {4}
        room = page().join("3001")
        desk = Desk(own.http, log_in(own.http, "1005"))
        offered = next((c for c in desk.world["contacts"] if c["state"] == "offered"), None) or contact_of(desk)
        desk.do("refuse", contact=offered["id"])
        (away,) = rio.next(1)
        assert (away["id"], away["agent"]["id"], away["agent"]["channel"]) == (203, "1005", 4), away
        assert room.page.order(1)[-1] != "closed", "the chat waits for the next one"
        mark = desk.mark
        rio.do("ready", this="1005", agent={"id": "1005", "reason": 0})
        (back,) = rio.next(1)
        assert (back["id"], back["agent"]["channel"]) == (204, 4)
        again = contact_of(desk, mark)
        desk.do("accept", contact=again["id"])
        assert room.wait("moved", agent="1005")
        desk.do("end", contact=again["id"])
        room.wait("closed", code=0)
        with_codes = [c["code"] for c in desk.world["wrapup_codes"]]
        desk.do("wrapup", contact=again["id"], code=with_codes[0])
        rio.do("logoff", this="1005", agent={"id": "1005", "group": "401"})
        assert rio.next(1)[0]["id"] == 202
    finally:
        if desk:
            desk.close()
        rio.close()


def test_a_transfer_keeps_the_cid_and_tells_who_serves(page, agent):
    room, desk, contact = talk(page, agent)
    second = agent("1002")
    mark = second.mark
    desk.do("transfer", contact=contact, to={"agent": "1002"}, note="", client=str(uuid.uuid4()))
    room.wait("moved", agent="")
    offered = contact_of(second, mark)
    second.do("accept", contact=offered["id"])
    room.wait("moved", agent="1002")
    second.say(offered["id"], "제가 이어받았습니다")
    heard = room.heard("제가 이어받았습니다")
    assert (heard["dn"], heard["agent"]) == ("1002", "1002")
    again = page().resume(room.joined["resume"])
    assert again.wait("joined")["cid"] == room.joined["cid"]


# --- limits


def test_an_address_has_ten_chats_and_thirty_new_ones_a_minute(tmp_path):
    first = demo.Centre(tmp_path / "data")
    assert first.stop() == 0
    config = tmp_path / "sangdam.toml"
    config.write_text(
        f'[server]\ndata = "{tmp_path / "data"}"\n[listen]\nhttp = "127.0.0.1:0"\nhttps = ""\nrio = "127.0.0.1:0"\n'
        'sip_ws = "127.0.0.1:0"\nsip_wss = ""\nmetrics = "127.0.0.1:0"\n[nx]\nsockets = 13\norigins = ["https://shop.test"]\n'
    )
    running = demo.Centre.__new__(demo.Centre)
    running.data, running.log = tmp_path / "data", tmp_path / "serve.log"
    with running.log.open("ab") as log:
        running.process = subprocess.Popen([demo.binary(), "serve", "--config", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    running.ready = running._wait_for(tmp_path / "data" / "ready.json")
    url = running.ready["sip_ws"]
    try:
        assert "sip_wss" not in running.ready
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            websocket.create_connection(url, subprotocols=[PROTOCOL], origin="https://other.test")
        assert caught.value.status_code == 403
        open_page = lambda: ShopPage(url)
        tabs = [open_page() for _ in range(3)]
        rooms = [tabs[n % 3].join("3999", id=n, tel=f"t{n}") for n in range(10)]
        over = tabs[0].open("3999", id=50)
        closed = over.wait("closed")
        assert (closed["code"], closed["desc"]) == (503, "Service Unavailable") and closed["retry"] > 0
        rooms[0].send("close")
        rooms[0].wait("closed")
        tabs[0].join("3999", id=51)
        codes = []
        for n in range(60, 85):
            codes.append(tabs[1].open("4711", id=n).wait("closed")["code"])
        assert codes[0] == 503, "ten are open: no place for an eleventh"
        tabs[0].close()
        time.sleep(0.3)
        codes += [tabs[1].open("4711", id=n).wait("closed")["code"] for n in range(90, 100)]
        assert codes[-1] == 503 and len(codes) == 35, "thirty a minute"
        more = [open_page() for _ in range(11)]
        with pytest.raises(websocket.WebSocketBadStatusException) as caught:
            open_page()
        assert caught.value.status_code == 503
        for tab in [*tabs, *more]:
            tab.close()
    finally:
        assert running.stop() == 0


class ShopPage(Page):
    """A page of the one origin that may connect."""

    def __init__(self, url: str):
        self.link = websocket.create_connection(url, subprotocols=[PROTOCOL], origin="https://shop.test", timeout=8, sslopt={"cert_reqs": ssl.CERT_NONE})
        self.link.settimeout(None)
        self.frames, self.closed, self.news = [], None, threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
