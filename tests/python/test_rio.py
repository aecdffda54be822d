"""The CTI gateway's conformance table: nxproxy-rio.md section 12, each test named after its row.

A, B, C are the extensions 1001, 1002, 1003; K is a connection that is logged in and monitors them.
"""

import json
import re
import signal
import socket
import subprocess
import time

import pytest
from websockets.sync.client import connect

import centre as demo
import wire
from rio import Rio, shorten, wait_until

A, B, C = "1001", "1002", "1003"

KEYS = ["fname", "id", "msid", "monitor", "this", "cnid", "cnsq", "tag", "ftime", "ctype", "call", "queue", "attach", "agent"]
CALL_KEYS = "c1 c2 c3 cause ctype other ohter third called origin uui dialed subject parties verified".split()
FTIME = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{3}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A centre of this module's own."""
    running = demo.Centre(tmp_path_factory.mktemp("rio") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def url(gateway) -> str:
    return gateway.ready["rio"]


@pytest.fixture(scope="module", autouse=True)
def silent(url):
    """A connection from the beginning of the module on that answers no ping: the test that reads it comes last."""
    with socket.create_connection(url.removeprefix("ws://").split(":")) as plain:
        plain.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        yield plain, time.monotonic()


@pytest.fixture
def open_rio(url):
    """Opens connections, and leaves no call and no agent behind."""
    opened: list[Rio] = []

    def open_rio(**options) -> Rio:
        opened.append(Rio(url, **options))
        return opened[-1]

    yield open_rio
    clients = [client for client in opened if client.code is None]
    tidy = Rio(url)
    for device in [str(n) for n in range(1001, 1013)] + ["9001"]:
        tidy.do("addmonitor", device=device, snapshot=1)
    for event in tidy.rest():
        if event["id"] < 200:
            tidy.result("clear", this=event["monitor"], c1=event["call"]["c1"])
        elif event["id"] == 201:
            tidy.result("logoff", this=event["monitor"], agent={"id": event["agent"]["id"]})
    for client in [*clients, tidy]:
        client.close()


@pytest.fixture
def bare(open_rio) -> Rio:
    """Connected, not logged in."""
    return open_rio(login=None)


@pytest.fixture
def k(open_rio) -> Rio:
    """Logged in, monitoring A, B and C."""
    k = open_rio()
    k.monitor(A, B, C)
    return k


def talking(k: Rio, caller: str = A, called: str = B) -> int:
    """A call that is connected; its events are taken."""
    call = k.dial(caller, called)
    k.do("answer", this=called, c1=call)
    k.rest()
    return call


def consulting(k: Rio) -> tuple[int, int]:
    """A talks with C about B, who is on hold; the held call and the consultation."""
    held = talking(k)
    active = k.do("consult", this=A, c1=held, called=C, mode="0")["newcall"]
    k.do("answer", this=C, c1=active)
    k.rest()
    return held, active


def agent(k: Rio, number: str = A, wmode: int | str = 3, **more) -> dict:
    return k.do("logon", this=number, agent={"id": number, "group": "401", "channel": "0", "wmode": wmode, **more})


def test_row_01_nothing_is_asked_before_login(bare):
    sent = '{"fname":"addmonitor","device":"1001"}'
    assert bare.raw(sent) == '{"fname":"addmonitor","device":"1001","result":-4008}'


def test_row_02_what_is_no_json(bare):
    assert bare.raw("hello") == '{"result":-4010}'


def test_row_03_an_array(bare):
    assert bare.raw("[1]") == '{"result":-4010}'


def test_row_04_no_fname(bare):
    assert bare.raw('{"a":1}') == '{"a":1,"result":-4011}'


def test_row_05_an_unknown_service(bare):
    assert bare.result("nosuch") == -4001


def test_row_06_a_wrong_password(bare):
    assert bare.result("login", id="cube", pwd="wrong") == -4007


def test_row_07_no_password(bare):
    assert bare.result("login", id="cube") == -4011


def test_row_08_an_id_that_cannot_be(bare):
    assert bare.result("login", id="상담", pwd="x") == -4007


def test_row_09_login(bare):
    text = bare.raw('{"fname":"login","id":"cube","pwd":"cube123"}')
    assert text == '{"fname":"login","id":"cube","pwd":"","result":1}'


def test_row_10_login_again(k):
    assert k.result("login", id="cube", pwd="cube123") == 1
    k.dial(A, B)
    assert k.next(1)[0]["id"] == 13, "monitors are kept"


def test_row_11_any_letter_case(k):
    text = k.raw('{"FNAME":"ADDMONITOR","Device":"1004"}')
    assert text == '{"FNAME":"ADDMONITOR","Device":"1004","result":1}'


def test_row_12_addmonitor(k):
    assert k.result("addmonitor", device=A) == 1


def test_row_13_a_device_as_number(k):
    assert k.raw('{"fname":"addmonitor","device":1001}') == '{"fname":"addmonitor","device":1001,"result":1}'


def test_row_14_an_unknown_device(k):
    assert k.result("addmonitor", device="99999999") == -4009


def test_row_15_no_device(k):
    assert k.result("addmonitor") == -4011
    assert k.result("addmonitor", device="") == -4011
    assert k.result("addmonitor", device=None) == -4011
    assert k.result("addmonitor", device=True) == -4011
    assert k.result("addmonitor", device="1" * 65) == -4011


def test_row_16_unknown_keys_come_back(k):
    sent = '{"x":{"y":[1]},"fname":"addmonitor","n":1.50,"device":"1001","z":null}'
    assert k.raw(sent) == sent[:-1] + ',"result":1}'


def test_row_17_removemonitor_of_what_is_not_monitored(k):
    assert k.result("removemonitor", device="1009") == -4005


def test_row_18_dial_from_nowhere(k):
    assert k.result("dial", this="99999999", called=B) == -4005


def test_row_19_dial_to_nobody(k):
    assert k.result("dial", this=A) == -4011
    assert k.result("dial", this=A, called=" ") == -4011


def test_row_20_too_much_uui(k):
    assert k.result("dial", this=A, called=B, uui="x" * 257) == -4011
    assert k.result("dial", this=A, called=B, uui="가" * 86) == -4011, "258 bytes"
    assert k.result("dial", this=A, called=B, attach={"uei": "x" * 1025}) == -4011
    k.quiet()


def test_row_21_dial(k):
    before = len(k.frames)
    k.dial(A, B)
    k.expect("1001 13 22", "1001 10 22", "1001 4 22", "1002 4 22")
    assert k.frames[before]["fname"] == "dial", "the response comes first"


def test_row_22_who_calls(k):
    k.dial(A, B)
    event = k.next(4)[2]
    call = event["call"]
    assert event["monitor"] == event["this"] == call["other"] == call["ohter"] == call["third"] == A
    assert call["called"] == B and call["ctype"] == event["ctype"] == 3


def test_row_23_who_is_called(k):
    k.dial(A, B, uui="U", attach={"uei": "x", "ci": "y"})
    event = k.next(4)[3]
    assert event["monitor"] == B and event["call"]["other"] == A and event["call"]["third"] == ""
    assert event["call"]["uui"] == "U" and event["attach"] == {"uei": "x", "ci": "y"}


def test_row_24_every_key_of_every_event(k):
    held, active = consulting(k)
    k.do("transfer", this=A, c1=active, held=B, c2=held)
    k.do("clear", this=C, c1=held)
    agent(k)
    k.rest()
    assert {event["id"] for event in k.events} >= {1, 3, 4, 6, 8, 10, 13, 14, 201, 204}
    for event in k.events:
        assert list(event) == KEYS, event
        assert list(event["call"]) == CALL_KEYS
        assert list(event["queue"]) == ["dn", "wqueue", "wtime"]
        assert list(event["attach"]) == ["uei", "ci"]
        assert set(event["agent"]) == {"id", "reason", "wmode", "group", "channel"}
        assert isinstance(event["id"], int) and event["tag"] == 0
        assert FTIME.fullmatch(event["ftime"])
        assert event["ctype"] == event["call"]["ctype"]
        if event["id"] < 200:
            assert 1 <= event["call"]["c1"] <= 32766
            assert re.fullmatch(r"\d{22}", event["cnid"])


def test_row_25_the_new_calls_id(k):
    call = k.dial(A, B)
    assert {event["call"]["c1"] for event in k.next(4)} == {call}


def test_row_26_answer(k):
    call = k.dial(A, B)
    k.next(4)
    k.do("answer", this=B, c1=str(call))
    k.expect("1001 6 22", "1002 6 22")


def test_row_27_numbers_that_are_no_call_id(k):
    for c1 in (0, 32767, "abc", -1, 1.5, True, []):
        assert k.result("answer", this=B, c1=c1) == -4011, c1


def test_row_28_an_unknown_call(k):
    assert k.result("answer", this=B, c1=32766) == -4005


def test_row_29_hold(k):
    call = talking(k)
    k.do("hold", this=A, c1=call)
    k.expect("1001 8 -1", "1002 8 -1")
    assert k.result("hold", this=A, c1=call) == -4005


def test_row_30_retrieve(k):
    call = talking(k)
    k.do("hold", this=A, c1=call)
    k.next(2)
    k.do("retrieve", this=A, c1=call)
    k.expect("1001 12 -1", "1002 12 -1")


def test_row_31_clear(k):
    call = talking(k)
    k.do("clear", this=B, c1=call)
    k.expect("1001 3 -1", "1002 3 -1", "1001 1 -1", "1002 1 -1")
    k.quiet()


def test_row_32_the_caller_gives_up(k):
    call = k.dial(A, B)
    k.next(4)
    k.do("clear", this=A, c1=call)
    k.expect("1001 3 5", "1002 3 5", "1001 1 5", "1002 1 5")


def test_row_33_the_called_rejects(k):
    call = k.dial(A, B)
    k.next(4)
    k.do("clear", this=B, c1=call)
    events = k.rest()
    of = lambda device: [shorten(event) for event in events if event["monitor"] == device]
    assert of(A) == ["1001 7 3", "1001 3 3", "1001 1 3"]
    assert of(B) == ["1002 3 5", "1002 1 5"]


def test_row_34_an_unroutable_number(k):
    k.dial(A, "99999999")
    k.expect("1001 13 22", "1001 10 22", "1001 7 13", "1001 3 13", "1001 1 13")


def test_row_35_a_busy_number(k):
    talking(k, B, C)
    k.dial(A, B)
    k.expect("1001 13 22", "1001 10 22", "1001 7 3", "1001 3 3", "1001 1 3")
    k.dial(A, "3997")
    assert k.next(5)[2]["call"]["cause"] == 3


def test_row_36_consult(k):
    held = talking(k)
    answer = k.do("consult", this=A, c1=held, called=C, mode="0")
    events = k.expect("1001 8", "1002 8", "1001 13", "1001 10", "1001 4", "1003 4")
    assert {event["call"]["c1"] for event in events[:2]} == {held}
    assert {event["call"]["c1"] for event in events[2:]} == {answer["newcall"]}
    assert {event["call"]["ctype"] for event in events[2:]} == {4}


def test_row_37_transfer(k):
    held, active = consulting(k)
    k.do("transfer", this=A, c1=active, held=B, c2=held)
    for event in k.expect("1001 14 32", "1002 14 32", "1003 14 32"):
        call = event["call"]
        assert (call["c1"], call["c2"], call["c3"]) == (held, held, active)
        assert call["ctype"] == 5 and call["called"] == A
        assert call["parties"] == [B, C] and call["other"] == B
        assert event["cnsq"] == 3


def test_row_38_after_a_transfer(k):
    held, active = consulting(k)
    k.do("transfer", this=A, c1=active, held=B, c2=held)
    k.next(3)
    k.do("clear", this=C, c1=held)
    k.expect("1002 3 -1", "1003 3 -1", "1002 1 -1", "1003 1 -1")
    k.quiet()


def test_row_39_confer(k):
    held, active = consulting(k)
    k.do("confer", this=A, c1=active, held=B, c2=held)
    for event in k.expect("1001 2 22", "1002 2 22", "1003 2 22"):
        assert event["call"]["ctype"] == 6 and sorted(event["call"]["parties"]) == [A, B, C]
        assert (event["call"]["c1"], event["call"]["c2"], event["call"]["c3"]) == (held, held, active)


def test_row_40_one_leaves_a_conference(k):
    held, active = consulting(k)
    k.do("confer", this=A, c1=active, held=B, c2=held)
    k.next(3)
    k.do("clear", this=C, c1=held)
    assert {event["call"]["subject"] for event in k.expect("1001 3 -1", "1002 3 -1", "1003 3 -1")} == {C}
    k.quiet()
    k.do("clear", this=A, c1=held)
    k.expect("1001 3", "1002 3", "1001 1", "1002 1")


def test_row_41_consult_without_mode(k):
    assert k.result("consult", this=A, c1=talking(k), called=C) == 1
    assert k.result("consult", this=A, c1=1, called=C, mode=2) == -4011


def test_row_42_calls_named_the_wrong_way_round(k):
    held, active = consulting(k)
    k.do("transfer", this=A, c1=held, held=A, c2=active)
    assert k.next(1)[0]["call"]["c1"] == held


def test_row_43_sstransfer(k):
    call = talking(k)
    assert k.do("sstransfer", this=A, c1=call, called=C)["newcall"] == call
    events = k.expect("1001 14 52", "1002 14 52", "1002 4 52", "1003 4 52")
    assert events[0]["call"]["c2"] == call and events[0]["call"]["c3"] == 0
    assert events[2]["call"]["subject"] == C and events[2]["call"]["other"] == B
    k.do("answer", this=C, c1=call)
    k.expect("1002 6 52", "1003 6 52")


def test_row_44_singletransfer(k):
    assert k.result("singletransfer", this=A, c1=talking(k), called=C) == 1


def test_row_45_bargein_on_nobody(k):
    assert k.result("bargein", this=C, called=A) == -4005


def test_row_46_bargein(k):
    call = talking(k)
    assert k.do("bargein", this=C, called=A)["newcall"] == call
    events = k.expect("1003 13 31", "1003 10 31", "1003 6 31")
    k.quiet()
    for event in events:
        assert event["call"]["c1"] == call and event["ctype"] == 6
        assert event["call"]["subject"] == C and event["call"]["called"] == A
    k.do("clear", this=A, c1=call)
    k.expect("1001 3", "1002 3", "1003 3", "1001 1", "1002 1", "1003 1")


def test_row_47_logon(k):
    agent(k, wmode="3")
    on, ready = k.expect("1001 201", "1001 204")
    assert on["agent"] == {"id": A, "reason": 0, "wmode": 3, "group": "401", "channel": 0}
    assert ready["agent"]["wmode"] == 3 and ready["call"]["c1"] == 0 and ready["call"]["cause"] == -1


def test_row_48_no_work_mode(k):
    base = {"id": A, "group": "401", "channel": "0"}
    assert k.result("logon", this=A, agent={**base, "wmode": 5}) == -4011
    assert k.result("logon", this=A, agent=base) == -4011
    assert k.result("logon", this=A, agent={**base, "wmode": 3, "group": "499"}) == -4005


def test_row_49_notready(k):
    agent(k)
    k.next(2)
    assert k.result("notready", this=A, agent={"id": A, "reason": "0"}) == 1
    assert k.result("notready", this=A, agent={"id": A, "reason": 9}) == 1
    assert k.result("notready", this=A, agent={"id": A, "reason": 10}) == -4011
    assert [event["agent"]["reason"] for event in k.expect("1001 203", "1001 203")] == [0, 9]


def test_row_50_ready_and_afterwork(k):
    agent(k, wmode=1)
    k.expect("1001 201", "1001 203")
    k.do("ready", this=A, agent={"id": A, "reason": "0"})
    k.do("afterwork", this=A, agent={"id": A, "reason": "0"})
    k.expect("1001 204", "1001 206")


def test_row_51_an_unknown_agent(k):
    assert k.result("ready", this=A, agent={"id": "nobody", "reason": "0"}) == -4005


def test_row_52_logoff_without_group(k):
    agent(k)
    k.next(2)
    assert k.result("logoff", this=A, agent={"id": A, "reason": "0"}) == 1
    k.expect("1001 202")


def test_row_53_after_logoff(k):
    agent(k)
    k.do("logoff", this=A, agent={"id": A, "reason": "0"})
    assert k.result("ready", this=A, agent={"id": A, "reason": "0"}) == -4005


def test_row_54_manual_in(k):
    agent(k, wmode=4)
    k.expect("1001 201", "1001 204")
    call = talking(k)
    k.do("clear", this=B, c1=call)
    k.expect("1001 3", "1002 3", "1001 1", "1002 1", "1001 206")


def test_row_55_a_second_connection(k, open_rio):
    other = open_rio(login="cube2", password="cube456")
    other.monitor(B)
    k.dial(A, B)
    other.expect("1002 4 22")
    other.quiet()


def test_row_56_addmonitor_twice(k):
    k.monitor(B, B)
    k.dial(A, B)
    k.expect("1001 13", "1001 10", "1001 4", "1002 4")
    k.quiet()


def test_row_57_removemonitor(k):
    k.do("removemonitor", device=B)
    k.dial(A, B)
    k.expect("1001 13", "1001 10", "1001 4")
    k.quiet()


def test_row_58_logout_as_somebody_else(k):
    assert k.result("logout", id="cube2") == -4008


def test_row_59_logout(k):
    assert k.result("logout", id="cube") == 1
    assert k.result("addmonitor", device=A) == -4008
    assert k.expect_close(within=12) == 1000


def test_row_59_a_login_in_time_keeps_the_socket(k):
    k.do("logout", id="cube")
    k.do("login", id="cube2", pwd="cube456")
    k.dial(A, B)
    k.quiet()


def test_row_60_binary(k):
    since = time.monotonic()
    k.link.send(b"\x00")
    assert k.expect_close() == 1003
    assert time.monotonic() - since < 1, "the client's own close ends it, and no timer"


def test_row_61_too_long(k):
    k.link.send("x" * 70_000)
    assert k.expect_close() == 1009


def test_row_62_a_sub_protocol(url):
    with connect(url + "/any/path?q=1", subprotocols=["x", "y"]) as link:
        assert link.subprotocol == "x"


def test_row_63_one_matter_one_number(k):
    held, active = consulting(k)
    k.do("transfer", this=A, c1=active, held=B, c2=held)
    k.do("clear", this=B, c1=held)
    k.rest()
    assert len({event["cnid"] for event in k.events}) == 1
    legs = [(event["id"], event["cnsq"]) for event in k.events]
    assert (6, 1) in legs and (6, 2) in legs and (14, 3) in legs and (1, 3) in legs


def test_row_64_without_the_core_login_still_works(tmp_path):
    """A full disk: the core cannot commit, so nothing of it can be promised; logging in is the gateway's own."""
    wrap = ("sh", "-c", 'ulimit -f 1024; trap "" XFSZ; exec "$@"', "sh")
    running = demo.Centre(tmp_path / "data", wrap)
    try:
        client = Rio(running.ready["rio"])
        results = set()
        for _ in range(2_000):
            results.add(client.result("dial", this=A, called="99999999", uui="x" * 256, attach={"ci": "y" * 1024}))
            if -4901 in results:
                break
        assert results == {1, -4901}
        assert client.result("dial", this=A, called=B) == -4901
        assert client.result("login", id="cube", pwd="cube123") == 1
        client.close()
    finally:
        running.kill()


def test_five_failed_logins_close(bare):
    for _ in range(5):
        assert bare.result("login", id="nobody", pwd="wrong") == -4007
    assert bare.expect_close() == 1008


def test_twenty_failed_logins_shut_the_address_out_and_right_ones_never_do(tmp_path):
    """Section 3. The address is every test's, so this one has a centre of its own."""
    running = demo.Centre(tmp_path / "data")
    try:
        inside = Rio(running.ready["rio"])
        for _ in range(60):
            assert inside.result("login", id="cube", pwd="cube123") == 1
        for _ in range(4):
            guesser = Rio(running.ready["rio"], login=None)
            for _ in range(5):
                assert guesser.result("login", id="cube", pwd="wrong") == -4007
            assert guesser.expect_close() == 1008
        late = Rio(running.ready["rio"], login=None)
        assert late.result("login", id="cube", pwd="cube123") == -4007
        late.close()
        assert inside.result("addmonitor", device=A) == 1, "who is inside stays"
        inside.close()
    finally:
        running.kill()


def test_requests_sent_at_once_are_answered_in_order(k):
    for n in range(50):
        k.link.send(json.dumps({"fname": "dial", "this": "99999999", "called": B, "n": n}))
    wait_until(lambda: len([f for f in k.frames if "n" in f]) == 50)
    assert [f["n"] for f in k.frames if "n" in f] == list(range(50))


def test_a_customers_call_goes_through_a_queue(k, gateway):
    """Q1-Q3, and a call of the simulated trunk from its beginning to its end."""
    k.monitor("3001")
    json_type = [("Content-Type", "application/json")]
    made = wire.send(gateway.http, "POST", "/api/v1/demo/calls", json_type, '{"from":"01012345678","to":"3001"}')
    assert made.status == 200, made
    k.expect("3001 4 22", "3001 11 22")
    agent(k, wmode=4)
    events = k.expect("1001 201", "1001 204", "3001 5 28", "1001 4 22")
    call = events[3]["call"]
    assert events[3]["cnid"] == made.json["cnid"] and events[3]["queue"]["dn"] == "3001"
    assert call["ctype"] == 1 and call["other"] == "01012345678"
    assert call["origin"] == call["called"] == "3001" and events[3]["agent"]["id"] == A
    k.do("answer", this=A, c1=call["c1"])
    k.expect("1001 6 22")
    path = f"/api/v1/demo/calls/{made.json['id']}"
    assert wire.send(gateway.http, "DELETE", path, [], "").status == 204
    k.expect("1001 3 -1", "1001 1 -1", "1001 206")
    assert wire.send(gateway.http, "DELETE", path, [], "").status == 404


def test_sangdam_call_is_a_customer(k, gateway):
    k.monitor("3002")
    command = [demo.binary(), "call", "--from", "0212345678", "--to", "3002", "--seconds", "1", "--data", gateway.data]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert "waiting in 3002" in done.stdout and "you hung up" in done.stdout
    k.expect("3002 4", "3002 11", "3002 3 5", "3002 1 5")


def figure(gateway, name: str) -> float:
    """A figure of /metrics, with its label."""
    text = wire.send(gateway.ready["metrics"], "GET", "/metrics").bytes.decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.rsplit(" ", 1)[0] == name)


def test_the_gateways_figures_count_connections_results_events_and_closes(gateway, open_rio):
    names = ["connections", 'requests_total{result="1"}', 'requests_total{result="-4005"}', "events_total", 'closed_total{code="1003"}']
    names = [f"sangdam_cti_{name}" for name in names]
    before = [figure(gateway, name) for name in names]
    rio = open_rio()
    rio.do("addmonitor", device=A)
    assert rio.result("dial", this="9998", called=B) == -4005
    call = rio.do("dial", this=A, called=B)["newcall"]
    rio.do("clear", this=A, c1=call)
    wait_until(lambda: len(rio.events) == 5)
    now = [figure(gateway, name) for name in names]
    # login, addmonitor, dial, clear; 13 10 4, 3 1. Other tests' connections may just be going.
    assert [b - a for a, b in zip(before[1:], now[1:], strict=True)] == [4, 1, 5, 0]
    assert now[0] >= 1
    rio.link.send(b"binary")
    wait_until(lambda: figure(gateway, names[-1]) == before[-1] + 1)
    wait_until(lambda: figure(gateway, names[0]) <= before[0])


def test_a_stopping_server_says_so_and_goes_on_where_it_was(tmp_path):
    """1001, and after the next start calls and agents are as they were (section 9)."""
    running = demo.Centre(tmp_path / "data")
    client = Rio(running.ready["rio"])
    call = talking(client)
    agent(client, C, wmode=4)
    client.do("notready", this=C, agent={"id": C, "reason": 4})
    running.process.send_signal(signal.SIGTERM)
    assert client.expect_close() == 1001
    assert running.process.wait(demo.STOP_LIMIT_S) == 0
    running = demo.Centre(tmp_path / "data")
    try:
        client = Rio(running.ready["rio"])
        for device in (A, C):
            client.do("addmonitor", device=device, snapshot=1)
        events = client.expect("1001 6 1", "1003 201 1", "1003 203 1")
        assert events[0]["call"]["c1"] == call and events[2]["agent"]["reason"] == 4
        client.do("clear", this=A, c1=call)
        client.expect("1001 3 -1", "1001 1 -1")
        client.close()
    finally:
        running.kill()


def test_whoever_answers_no_ping_is_dropped_without_a_word(silent):
    """A ping every 30 s; 60 s without a sign of life, and the connection goes, with no close frame."""
    plain, since = silent
    plain.settimeout(62)
    came = b""
    while more := plain.recv(4_096):
        came += more
    assert time.monotonic() - since >= 59
    assert came.partition(b"\r\n\r\n")[2] == b"\x89\x00", "one ping, no close"
