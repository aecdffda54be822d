"""Reports, searches and stories over `/api/v1` (docs/reports.md, docs/rest.md §4 and §5), against chats that really took place."""

import csv
import io
import threading

import pytest

import wire
from centre import FLOW_2
from conftest import log_in

WORD = "아쿠아마린"


@pytest.fixture(scope="module")
def ask(http):
    """GETs as a supervisor, or as whoever is named."""
    tokens: dict[str, str] = {}

    def ask(path: str, user: str = "9001", **headers):
        if user not in tokens:
            tokens[user] = log_in(http, user)
        bearer = {"Authorization": f"Bearer {tokens[user]}"}
        return wire.send(http, "GET", f"/api/v1{path}", {**bearer, **headers})

    return ask


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


@pytest.fixture
def served(start, desk):
    """A chat that 1011 took, wrote in, ended and wrapped up; then a break."""
    agent = desk("1011")
    agent.ready()
    chat = start(ContactFlowId=FLOW_2, ParticipantDetails={"DisplayName": "김서희"})
    chat.join()
    agent.accept(chat.contact)
    chat.say(f"{WORD} 반지를 교환하고 싶어요")
    agent.say(chat.contact, "비밀 메모", audience="agents")
    agent.do("end", contact=chat.contact)
    agent.contact(chat.contact, "wrapup")
    agent.do("wrapup", contact=chat.contact, note="교환 접수")
    agent.do("state", state="not_ready", reason=1)
    threading.Event().wait(1.1)
    agent.do("state", state="not_ready", reason=2)
    yield chat, agent


def test_reports_show_what_took_place(served, ask):
    chat, _ = served
    queue = ask("/reports/queues?queue=3002&channel=chat").json
    row = queue["rows"][0]
    assert (row["queue"], row["name"]) == ("3002", "기술 지원")
    assert row["offered"] >= 1 and row["answered"] >= 1 and row["handled"] >= 1
    assert row["service_level"] == row["in_time"] / (row["answered"] + row.get("abandoned", 0))
    assert abs(row["aht_ms"] - (row["talk_ms"] + row["hold_ms"] + row["wrap_ms"]) / row["handled"]) < 1
    assert queue["total"]["offered"] == row["offered"]
    quarter = ask("/reports/queues?queue=3002&by=15m").json["rows"]
    assert sum(one["answered"] for one in quarter) == row["answered"]
    assert all(one["at"] % 900_000 == 0 for one in quarter)
    channels = {one["channel"]: one for one in ask("/reports/channels").json["rows"]}
    assert channels["chat"]["answered"] >= row["answered"]
    agent = ask("/reports/agents?agent=1011").json["rows"][0]
    assert agent["answered"] >= 1 and agent["not_ready_ms"] >= 1_100
    assert agent["login_ms"] == agent["ready_ms"] + agent["not_ready_ms"] + agent["after_work_ms"]
    reasons = {one["reason"]: one for one in ask("/reports/reasons?agent=1011").json["rows"]}
    assert reasons[1]["times"] >= 1 and reasons[1]["not_ready_ms"] >= 1_100
    assert reasons[2]["times"] >= 1, "what still lasts is counted"
    assert ask("/reports/reasons?agent=1019").json["rows"] == []


def test_sheets_are_for_spreadsheets(served, ask):
    for path, headers in (("/reports/queues?format=csv", {}), ("/reports/queues", {"Accept": "text/csv"})):
        sheet = ask(path, **headers)
        assert sheet.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert sheet.headers["Content-Disposition"].startswith('attachment; filename="queues-')
        assert sheet.bytes.startswith(b"\xef\xbb\xbffrom,to,queue,name,offered,")
        rows = list(csv.DictReader(io.StringIO(sheet.bytes.decode("utf-8-sig"), newline="")))
        assert {row["queue"] for row in rows} >= {"3002"}
        assert int(rows[-1]["answered"]) >= 1 and float(rows[-1]["talk_s"]) >= 0


@pytest.mark.parametrize(
    "query",
    ["by=week", "from=yesterday", "from=2026-02-30", "from=2&to=1", "format=xml", "channel=pigeon", "agent=1011", "by=15m&from=1&to=9999999999999",
     "from=-1", "queue=3001&queue=3002", "limit=5", "to=99999999999999999999"],
)
def test_a_bad_question_is_told_so(ask, query):
    answer = ask(f"/reports/queues?{query}")
    assert (answer.status, answer.json["error"]["code"]) == (400, "request.bad"), answer


def test_reports_are_not_for_everybody(ask, http):
    assert ask("/reports/queues", user="1012").status == 403
    assert wire.send(http, "GET", "/api/v1/reports/queues").status == 401
    assert ask("/reports/everything").status == 404
    assert ask("/reports/queues?queue=9999").status == 404
    assert ask("/reports/agents?agent=nobody").status == 404


def test_contacts_are_found_by_their_words(served, ask):
    chat, _ = served
    found = lambda query, user="9001": [one["id"] for one in ask(f"/contacts?{query}", user=user).json["contacts"]]
    assert chat.contact in found(f"text={quoted(WORD)}")
    assert chat.contact in found(f"text={quoted('교환 ' + WORD[:3])}"), "all words, each from its beginning"
    assert chat.contact in found(f"text={quoted('비밀')}"), "notes, too"
    assert chat.contact in found(f"name={quoted('김서')}&queue=3002&agent=1011&channel=chat&outcome=agent")
    assert chat.contact not in found(f"text={quoted(WORD)}&outcome=idle")
    assert chat.contact not in found(f"text={quoted(WORD)}&to=1")
    assert found("text=zzzzzz") == []
    assert chat.contact in found(f"text={quoted(WORD)}", user="1011")
    assert chat.contact not in found(f"text={quoted(WORD)}", user="1012"), "agents find their own"
    for query in ("text=%21%21", "text=" + "a+" * 9, "number=abc", "outcome=bad", "name=" + "a" * 101):
        assert ask(f"/contacts?{query}").status == 400, query


def test_the_story_says_what_happened_and_why_this_agent(served, ask):
    chat, _ = served
    answer = ask(f"/contacts/{chat.contact}/story")
    assert answer.status == 200, answer
    items = answer.json["items"]
    kinds = [item["kind"] for item in items]
    wanted = ["started", "queued", "offered", "accepted", "note", "closed", "wrapped_up"]
    places = [kinds.index(kind) for kind in wanted]
    assert places == sorted(places), kinds
    assert [item["seq"] for item in items] == sorted(item["seq"] for item in items)
    offered = items[kinds.index("offered")]
    assert (offered["lane"], offered["from"], offered["to"]) == ("agent", "queue", "agent")
    assert offered["detail"]["rule"] == "longest_idle"
    assert offered["detail"]["candidates"][0]["agent"] == "1011"
    assert {one["agent"] for one in offered["detail"]["out"]} >= {"1012"}
    message = next(item for item in items if WORD in item["text"])
    assert message["kind"] == "message" and message["wire"] == "chat" and (message["from"], message["to"]) == ("customer", "agent")
    page, all_items, after = None, [], 0
    while page is None or "after" in page:
        page = ask(f"/contacts/{chat.contact}/story?limit=3&after={after}").json
        all_items += page["items"]
        after = page.get("after", 0)
    assert [item["seq"] for item in all_items] == [item["seq"] for item in items]
    own = ask(f"/contacts/{chat.contact}/story", user="1011").json["items"]
    why = next(item for item in own if item["kind"] == "offered")["detail"]
    assert why["out"] == [] and [one["agent"] for one in why["candidates"]] == ["1011"]
    assert ask(f"/contacts/{chat.contact}/story", user="1012").status == 404
    assert ask(f"/contacts/{chat.contact}/story?limit=0").status == 400
