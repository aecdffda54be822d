"""Chat over SIP (`nxwebapi.md` 7.2 and 7.3): a SIP client of a page, and a telephone, chat with an agent at the desk."""

import hashlib
import json
import re

import pytest

import centre as demo
from conftest import _tidy_up, log_in
from sip_client import Dialog, Sip, body, header
from sipp import REALM, Phone
from sockets import Desk

SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=message 0 TCP/MSRP *\r\na=accept-types:application/json\r\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    running = demo.Centre(tmp_path_factory.mktemp("sip-chat") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture
def desk(own):
    desk = Desk(own.http, log_in(own.http, "1001"))
    desk.ready()
    yield desk
    _tidy_up(desk)


def opened(own, headers: str = "X-NX-Kind: chat", sdp: str = SDP) -> tuple[Sip, Dialog, str]:
    client = Sip.ws(own.ready["sip_ws"])
    call = client.send("INVITE", "3001", "01012345678", headers, sdp, "application/sdp")
    client.expect("SIP/2.0 100")
    client.expect("SIP/2.0 180")
    yes = client.expect("SIP/2.0 200", "INVITE")
    call.learn(yes)
    client.send("ACK", "3001", "01012345678", call=call)
    return client, call, yes


def say(client: Sip, call: Dialog, text: str, headers: str = "") -> str:
    content = json.dumps({"type": "text", "message": text}, ensure_ascii=False)
    client.send("MESSAGE", "3001", "01012345678", headers, content, "application/json; charset=utf-8", call)
    return client.expect("SIP/2.0", f"CSeq: {call.number} MESSAGE")


def offered(desk) -> str:
    return desk.event("contact", lambda f: f["contact"]["state"] == "offered")["contact"]["id"]


def test_a_sip_client_of_a_page_chats_with_an_agent(own, desk):
    client, call, yes = opened(own)
    assert header(yes, "X-NX-Cid").startswith("NX_") and "m=message 0 TCP/MSRP" in yes
    contact = offered(desk)
    # Nobody serves yet: it is stored all the same.
    early = say(client, call, "먼저 묻습니다")
    assert early.split()[1] in ("200", "202") and int(header(early, "X-NX-Seq")) > 0, early
    desk.do("accept", contact=contact)
    client.expect("MESSAGE ", "X-NX-Dn: system")
    assert say(client, call, "여보세요 & <b>").startswith("SIP/2.0 200")
    desk.event("item", lambda f: f["item"].get("text") == "여보세요 & <b>")
    desk.say(contact, "무엇을 도와 드릴까요?")
    heard = client.expect("MESSAGE ", "X-NX-Dn: 1001")
    assert body(heard)["message"] == "무엇을 도와 드릴까요?"
    assert header(heard, "X-NX-Cid") == header(yes, "X-NX-Cid")
    desk.say(contact, "우리끼리", audience="agents")
    desk.say(contact, "다음 말")
    assert body(client.expect("MESSAGE ", "X-NX-Dn: 1001"))["message"] == "다음 말", "what is for agents alone stays with them"
    # What is not right is said so, and the room goes on.
    client.send("MESSAGE", "3001", "01012345678", "", "<x/>", "text/html", call)
    assert header(client.expect("SIP/2.0 415"), "Accept").startswith("application/json")
    client.send("MESSAGE", "3001", "01012345678", "", "{", "application/json", call)
    client.expect("SIP/2.0 400")
    assert say(client, call, "가" * 4_001).startswith("SIP/2.0 400")
    assert say(client, call, "x", "X-NX-SendType: NOBODY").startswith("SIP/2.0 403")
    client.send("BYE", "3001", "01012345678", call=call)
    client.expect("SIP/2.0 200", "BYE")
    desk.contact(contact, "wrapup")


def test_an_agent_who_ends_it_hangs_up(own, desk):
    client, call, _ = opened(own)
    contact = offered(desk)
    desk.do("accept", contact=contact)
    desk.do("end", contact=contact)
    client.expect("BYE ")


def test_a_chat_is_refused_as_on_the_web(own):
    client = Sip.ws(own.ready["sip_ws"])
    client.send("INVITE", "79999", "01012345678", "X-NX-Kind: chat", SDP, "application/sdp")
    client.expect("SIP/2.0 404")
    client.send("MESSAGE", "3001", "01012345678", "", "hello", "text/plain")
    client.expect("SIP/2.0 401")


def test_a_customer_comes_back_by_another_socket(own, desk):
    client, call, yes = opened(own)
    contact = offered(desk)
    desk.do("accept", contact=contact)
    answer = say(client, call, "하나")
    assert answer.startswith("SIP/2.0 200")
    seq = int(header(answer, "X-NX-Seq"))
    token = header(yes, "X-NX-Resume")
    desk.say(contact, "둘")
    again, call, yes_again = opened(own, f"X-NX-Kind: chat\nX-NX-Resume: {token}\nX-NX-Seq: {seq}")
    assert header(yes_again, "X-NX-Cid") == header(yes, "X-NX-Cid")
    assert body(again.expect("MESSAGE ", "X-NX-Dn: 1001"))["message"] == "둘"
    other = Sip.ws(own.ready["sip_ws"])
    other.send("INVITE", "3001", "01012345678", "X-NX-Kind: chat\nX-NX-Resume: guess", SDP, "application/sdp")
    other.expect("SIP/2.0 403")
    again.send("BYE", "3001", "01012345678", call=call)
    desk.contact(contact, "wrapup")


def test_a_telephone_chats_by_messages_alone(own, desk, tmp_path):
    phone = Phone(own.ready, "1002", tmp_path).register()
    client = Sip.udp(own.ready["sip_udp"], phone.port)
    content = ("hello", "text/plain")
    call = client.send("MESSAGE", "3001", "1002", "", *content)
    nonce = re.search(r'nonce="([^"]+)"', client.expect("SIP/2.0 401"))[1]
    md5 = lambda text: hashlib.md5(text.encode()).hexdigest()
    uri = f"sip:3001@{REALM}"
    first, second = md5(f"1002:{REALM}:sip-1002"), md5(f"MESSAGE:{uri}")

    def password(count: int) -> str:
        response = md5(f"{first}:{nonce}:{count:08x}:abc:auth:{second}")
        return (
            f'Authorization: Digest username="1002", realm="{REALM}", nonce="{nonce}", uri="{uri}", '
            f'qop=auth, nc={count:08x}, cnonce="abc", response="{response}", algorithm=MD5'
        )

    client.send("MESSAGE", "3001", "1002", password(1), *content, call)
    answer = client.expect("SIP/2.0 20")
    contact = offered(desk)
    desk.do("accept", contact=contact)
    desk.say(contact, "안녕하세요")
    heard = client.expect("MESSAGE ", "X-NX-Dn: 1001")
    assert body(heard)["message"] == "안녕하세요" and header(heard, "X-NX-Cid") == header(answer, "X-NX-Cid")
    client.send("MESSAGE", "3001", "1002", password(2), "more", "text/plain", call)
    client.expect("SIP/2.0 200", "MESSAGE")
    desk.event("item", lambda f: f["item"].get("text") == "more")
    desk.do("end", contact=contact)
    phone.close()
