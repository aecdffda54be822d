"""Recordings of calls: real telephones with a tone each, and what is fetched afterwards: both sides apart, masks silent."""

import array
import io
import json
import time
import wave

import pytest

import centre as demo
import wire
from agent_api import Max
from baresip import RATE, Baresip, share
from conftest import log_in
from rio import Rio, shorten, wait_until

A, B, C = "1001", "1002", "1003"
OF_A, OF_B, OF_C = 500, 700, 900
JSON = ("Content-Type", "application/json")


class People:
    """The centre as those see it who listen to its recordings."""

    def __init__(self, switch: demo.Centre):
        self.switch = switch
        self.token = {user: log_in(switch.http, user) for user in ("9001", "admin", A, C)}

    def get(self, path: str, user: str = "9001", *headers):
        bearer = ("Authorization", f"Bearer {self.token[user]}")
        return wire.send(self.switch.http, "GET", f"/api/v1{path}", [bearer, *headers])

    def put(self, path: str, **members):
        bearer = ("Authorization", f"Bearer {self.token['admin']}")
        answer = wire.send(self.switch.http, "PUT", f"/api/v1{path}", [bearer, JSON], json.dumps(members))
        assert answer.status == 200, answer
        return answer.json

    def record(self, device: str, on: bool) -> None:
        self.put(f"/devices/{device}", **{"virtual": True, "password": f"sip-{device}", "record": on})

    def recordings(self, query: str = "") -> list[dict]:
        answer = self.get(f"/recordings?{query}")
        assert answer.status == 200, answer
        return answer.json["recordings"]

    def newest(self, known: int) -> dict:
        """The next recording, once it is kept."""
        wait_until(lambda: len(self.recordings()) > known, within=20)
        return self.recordings()[0]


def sides(sound: bytes) -> tuple[array.array, array.array]:
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        frames = array.array("h", file.readframes(file.getnframes()))
    return frames[0::2], frames[1::2]


def at(side: array.array, from_s: float, to_s: float) -> array.array:
    return side[int(from_s * RATE) : int(to_s * RATE)]


def silent(samples: array.array) -> float:
    """How much of it is nothing at all."""
    return sum(1 for sample in samples if sample == 0) / max(len(samples), 1)


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    running = demo.Centre(tmp_path_factory.mktemp("recordings") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def people(switch):
    return People(switch)


def phone_of(switch: demo.Centre, folder, number: str, hertz: int) -> Baresip:
    certificate = switch.data / "demo-certificate.pem"
    return Baresip(switch.ready, number, "udp", hertz, folder, certificate, False)


@pytest.fixture
def phone(switch, tmp_path):
    phones: list[Baresip] = []

    def phone(number: str, hertz: int) -> Baresip:
        phones.append(phone_of(switch, tmp_path, number, hertz))
        return phones[-1]

    yield phone
    for each in phones:
        each.close()


@pytest.fixture
def k(switch):
    k = Rio(switch.ready["rio"])
    k.monitor(A, B, C)
    yield k
    k.close()


def came(k: Rio, event: str) -> None:
    wait_until(lambda: any(shorten(each) == event for each in k.events), within=20)


def test_a_recorded_call_is_fetched_with_both_sides_apart_and_its_mask_silent(people, phone, k):
    people.record(B, True)
    before = len(people.recordings())
    client = Max(people.switch.http, A)
    a, b = phone(A, OF_A), phone(B, OF_B)
    a.dial(B)
    came(k, "1002 6 22")
    a.hears(OF_B)
    b.hears(OF_A)
    contact = client.wait("CallContactEvent", Status="Active")
    assert contact["IsLogging"] == "False", "a rule asked for it, and no agent"
    time.sleep(1.5)
    client.do(f"/interactions/{contact['ContactID']}/mask")
    client.wait("CallContactEvent", Status="Masking")
    time.sleep(2)
    client.do(f"/interactions/{contact['ContactID']}/unmask")
    client.wait("CallContactEvent", Status="Active")
    time.sleep(1.5)
    a.do("hangup")
    came(k, "1002 1 -1")
    kept = people.newest(before)
    client.end()
    people.record(B, False)

    assert (kept["channels"], kept["type"], kept["kept"], kept["cnsq"]) == (2, "audio/wav", "whole", 1)
    answer = people.get(f"/recordings/{kept['id']}/audio")
    assert answer.status == 200 and answer.headers["content-type"] == "audio/wav"
    assert len(answer.bytes) == kept["size"]
    left, right = sides(answer.bytes)
    assert abs(len(left) / RATE * 1000 - kept["length"]) < 2
    seconds = len(left) / RATE
    # Whoever called is to the left, and never to the right.
    for side, own, other in ((left, OF_A, OF_B), (right, OF_B, OF_A)):
        for stretch in (at(side, seconds - 1.2, seconds - 0.4),):
            assert share(stretch, own) > 0.8 and share(stretch, other) < 0.05
    # The mask is two seconds of nothing on both sides.
    quiet = [max(silent(at(side, n / 10, n / 10 + 1.5)) for n in range(int(seconds * 10) - 15)) for side in (left, right)]
    assert min(quiet) > 0.99, quiet

    # Found by its matter, and by its contact; told in the contact's own story.
    for query in (f"cnid={kept['cnid']}&cnsq=1", f"contact={kept['contact']}", f"from={kept['began']}&to={kept['began'] + 1}"):
        assert [each["id"] for each in people.recordings(query)] == [kept["id"]], query
    assert people.recordings("cnid=1") == []
    shown = people.get(f"/contacts/{kept['contact']}").json
    assert shown["call"]["recordings"] == [kept["id"]]


def test_parts_of_a_recording_are_given_and_only_to_those_who_may(people):
    kept = people.recordings()[0]
    path = f"/recordings/{kept['id']}/audio"
    whole = people.get(path)
    tag = whole.headers["etag"]
    part = people.get(path, "9001", ("Range", "bytes=58-157"))
    assert part.status == 206 and part.bytes == whole.bytes[58:158]
    assert part.headers["content-range"] == f"bytes 58-157/{kept['size']}"
    last = people.get(path, "9001", ("Range", "bytes=-10"), ("If-Range", tag))
    assert last.status == 206 and last.bytes == whole.bytes[-10:]
    other = people.get(path, "9001", ("Range", "bytes=-10"), ("If-Range", '"another"'))
    assert other.status == 200 and other.bytes == whole.bytes
    beyond = people.get(path, "9001", ("Range", f"bytes={kept['size']}-"))
    assert beyond.status == 416 and beyond.headers["content-range"] == f"bytes */{kept['size']}"
    assert people.get(path, "9001", ("If-None-Match", tag)).status == 304

    peaks = people.get(f"/recordings/{kept['id']}/peaks?points=50").json
    assert peaks["length"] == kept["length"]
    for side in ("left", "right"):
        drawn = peaks["channels"][side]
        assert 40 <= len(drawn) <= 50
        assert max(high for _, high in drawn) > 0.2 and min(low for low, _ in drawn) < -0.2
        assert any(low == high == 0 for low, high in drawn), "the mask is flat"
    (mask,) = peaks["silences"]
    assert mask["why"] == "masked" and 1500 < mask["length"] < 4000
    assert 500 < mask["from"] < peaks["length"] - mask["length"] - 500
    assert people.get(f"/recordings/{kept['id']}/peaks?points=0").status == 400

    for path in ("/recordings", f"/recordings/{kept['id']}", f"/recordings/{kept['id']}/audio"):
        assert people.get(path, A).status == 403, path
        assert wire.send(people.switch.http, "GET", f"/api/v1{path}").status == 401, path
    realm = people.get("/realm", "admin").json
    people.put("/realm", **{**realm, "agents_hear_own": True})
    assert [each["id"] for each in people.get("/recordings", A).json["recordings"]] == [kept["id"]]
    assert people.get(f"/recordings/{kept['id']}/audio", A).status == 200
    assert people.get(f"/recordings/{kept['id']}/audio", C).status == 404, "of another's call"
    assert people.get("/recordings", C).json["recordings"] == []
    assert people.get(f"/recordings?agent={A}", C).status == 403
    people.put("/realm", **realm)
    assert people.get("/recordings/019aa753-fabc-7123-8456-0123456789ab").status == 404
    assert people.get("/recordings?wrong=1").status == 400


def test_a_transfer_is_kept_as_a_recording_for_each_segment_and_hold_is_silent(people, phone, k):
    before = len(people.recordings())
    client = Max(people.switch.http, A)
    a, b, c = phone(A, OF_A), phone(B, OF_B), phone(C, OF_C)
    call = k.dial(A, B)
    came(k, "1002 6 22")
    a.hears(OF_B)
    contact = client.wait("CallContactEvent", Status="Active")
    client.do(f"/interactions/{contact['ContactID']}/record")
    client.wait("CallContactEvent", IsLogging="True")
    time.sleep(1)
    k.do("hold", this=A, c1=call)
    came(k, "1002 8 -1")
    time.sleep(2)
    k.do("retrieve", this=A, c1=call)
    came(k, "1002 12 -1")
    b.hears(OF_A)
    k.do("sstransfer", this=A, c1=call, called=C)
    came(k, "1003 6 52")
    b.hears(OF_C)
    c.hears(OF_B)
    time.sleep(1.5)  # the last second is looked at, and both must have spoken all through it
    k.do("clear", this=B, c1=call)
    came(k, "1003 1 -1")
    wait_until(lambda: len(people.recordings()) == before + 2, within=20)
    client.end()
    second, first = people.recordings()[:2]
    assert first["cnid"] == second["cnid"] and first["contact"] != second["contact"]
    assert (first["segment"], second["segment"]) == (1, 2)
    left, right = sides(people.get(f"/recordings/{first['id']}/audio").bytes)
    held = max(silent(at(left, n / 10, n / 10 + 1.2)) for n in range(int(len(left) / RATE * 10) - 12))
    assert held > 0.99, "nothing is kept of a call on hold"
    left, right = sides(people.get(f"/recordings/{second['id']}/audio").bytes)
    ended = [at(side, len(side) / RATE - 1, len(side) / RATE - 0.2) for side in (left, right)]
    assert share(ended[0], OF_B) > 0.8, "who was called is to the left, now that the caller is gone"
    assert share(ended[1], OF_C) > 0.8, "and the new agent is to the right"


def test_a_recording_that_was_cut_short_by_a_kill_is_kept_as_far_as_it_goes(tmp_path):
    running = demo.Centre(tmp_path / "data")
    people = People(running)
    people.record(B, True)
    k = Rio(running.ready["rio"])
    k.monitor(A, B)
    a, b = phone_of(running, tmp_path, A, OF_A), phone_of(running, tmp_path, B, OF_B)
    a.dial(B)
    came(k, "1002 6 22")
    b.hears(OF_A)
    time.sleep(3)
    running.kill()
    for each in (a, b):
        each.close()
    tapes = running.data / "tapes"
    assert len(list(tapes.glob("*.wav"))) == 1
    again = demo.Centre(tmp_path / "data")
    people = People(again)
    kept = people.newest(0)
    assert kept["kept"] == "short" and kept["length"] > 1_500
    left, right = sides(people.get(f"/recordings/{kept['id']}/audio").bytes)
    seconds = len(left) / RATE
    assert share(at(left, seconds - 1, seconds), OF_A) > 0.8
    assert share(at(right, seconds - 1, seconds), OF_B) > 0.8
    wait_until(lambda: not list(tapes.iterdir()), within=10)
    assert again.stop() == 0
    third = demo.Centre(tmp_path / "data")
    assert [each["id"] for each in People(third).recordings()] == [kept["id"]], "once, and for good"
    assert third.stop() == 0
