"""Bots: the demo's menus over the Connect chat, scenarios as files and over `/api/v1`, and programs behind bots."""

import hashlib
import hmac
import http.server
import json
import re
import subprocess
import threading
import time

import pytest

import wire
from centre import Centre, binary
from chats import Chat
from conftest import client, log_in
from nx import Page
from sockets import PATIENCE_S

FLOW = "5a9d0000-0000-4000-8000-000000003105"
INTERACTIVE = "application/vnd.amazonaws.connect.message.interactive"
BOTH = ["text/plain", INTERACTIVE, INTERACTIVE + ".response"]


class Api:
    def __init__(self, http: str, user: str = "admin"):
        self.http, self.token = http, log_in(http, user)

    def send(self, method: str, path: str, body=None, media: str = "application/json") -> wire.Answer:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": media}
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        return wire.send(self.http, method, f"/api/v1{path}", headers, text)

    def toml(self, method: str, path: str, text: str) -> wire.Answer:
        return self.send(method, path, text, "application/toml")


@pytest.fixture
def api(http) -> Api:
    return Api(http)


def wait_for(what, text: str, within: float = PATIENCE_S):
    """Asks again and again; for what no event tells."""
    deadline = time.monotonic() + within
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, text
        threading.Event().wait(0.05)


def texts(chat: Chat) -> list[tuple[str, str]]:
    return [(i["ParticipantRole"], i["Content"]) for i in chat.items() if i["Type"] == "MESSAGE"]


# --- menus over the Connect chat


def test_a_customer_goes_through_the_menus_and_on_to_an_agent(start, desk):
    agent = desk("1001")
    agent.ready()
    chat = start(ContactFlowId=FLOW)
    chat.join()
    first = wait_for(lambda: texts(chat), "the first menu")[0]
    assert first[0] == "CUSTOM_BOT"
    assert first[1].splitlines()[0] == "WELCOME NEXUS" and "1. 솔루션 문의: 제품을 소개해 드립니다." in first[1]
    assert "\\n" not in first[1], "breaks are breaks here"
    chat.say("1")
    menu, links = texts(chat)[-2:]
    assert menu[1].startswith("솔루션 문의\n") and "누리집: http://nexus.co.kr" in links[1]
    chat.say("무슨 말인지 모르겠어요")
    again = [text for _, text in texts(chat)[-3:]]
    assert again[0].startswith("죄송합니다") and again[1:] == [menu[1], links[1]]
    chat.say("상담원 연결")
    assert texts(chat)[-1] == ("SYSTEM", "대표 상담으로 연결해 드리겠습니다. 잠시만 기다려 주세요.")
    contact = agent.accept(chat.contact)
    lines = agent.do("items", room=contact["room"])["items"]
    note = [line for line in lines if line["audience"] == "agents"]
    assert [line["text"] for line in note] == ["봇 3105에서 온 고객: WELCOME NEXUS > 솔루션 문의 > 상담원"]
    menus = [line for line in lines if "content" in line]
    assert menus[0]["by"] == {**menus[0]["by"], "role": "bot", "name": "안내 봇"}
    message = menus[0]["content"]["MESSAGE"]
    assert (message["KEYWORD"], message["MENU_ID"]) == ("HOME", "CHAT_ROOT")
    assert message["COUNT_BUTTONS"] == len(message["BUTTONS"]) and message["COUNT_TAIL"] == len(message["TAIL"])
    assert "\\n" in message["DESC"] and "\n" not in message["DESC"]
    assert menus[0]["type"] == "text/plain" and menus[0]["text"].startswith("WELCOME NEXUS\n")
    assert not any("봇 3105에서" in text for _, text in texts(chat)), "the note is for the agent alone"
    assert contact["attributes"]["topic"] == "solution"


def test_menus_are_offered_as_a_list_picker_where_that_can_be_shown(start):
    chat = start(ContactFlowId=FLOW, SupportedMessagingContentTypes=BOTH)
    chat.join()
    item = wait_for(lambda: [i for i in chat.items() if i["Type"] == "MESSAGE"], "the first menu")[0]
    assert item["ContentType"] == INTERACTIVE
    picker = json.loads(item["Content"])
    titles = [element["title"] for element in picker["data"]["content"]["elements"]]
    assert picker["templateType"] == "ListPicker" and titles == ["솔루션 문의", "직원 문의", "상담원 연결", "HOME", "NEXT"]
    chat.say('"직원 문의"', INTERACTIVE + ".response")
    menu = json.loads(chat.items()[-1]["Content"])
    assert menu["data"]["content"]["title"] == "직원 문의"


def test_a_customer_is_spoken_to_in_their_language(start):
    chat = start(ContactFlowId=FLOW, Attributes={"language": "en-US"})
    chat.join()
    assert "1. Products: What we make." in wait_for(lambda: texts(chat), "the first menu")[0][1]


# --- menus over the web chat's wire


@pytest.fixture
def page(ready):
    opened = Page(ready["sip_ws"])
    yield opened
    opened.close()


def menus(room) -> list[dict]:
    contents = [frame["content"] for frame in room.said() if frame["dn"] == "bot"]
    return [c["MESSAGE"] for c in contents if isinstance(c, dict) and c.get("TYPE") == "SCENARIO"]


def choose(room, menu: str, keyword: str) -> dict:
    message = {"SCENARIO": "CHAT", "KEYWORD": keyword, "MENU_ID": menu}
    return room.wait("stored", key=room.put({"TYPE": "SCENARIO", "MESSAGE": message}))


def test_a_page_gets_the_scenario_as_the_guide_prints_it(page):
    room = page.join("3105")
    first = wait_for(lambda: [f for f in room.said() if f["dn"] == "bot"], "the first menu")[0]
    content = first["content"]
    assert list(content) == ["TYPE", "MESSAGE", "NAME"] and first["agent"] == "3105"
    message = content["MESSAGE"]
    keys = ["KEYWORD", "MENU_ID", "TITLE", "TYPE", "NAME", "URL", "DESC", "COUNT_BUTTONS", "BUTTONS", "TAIL", "COUNT_TAIL"]
    assert list(message) == keys and (message["KEYWORD"], message["MENU_ID"]) == ("HOME", "CHAT_ROOT")
    assert message["DESC"] == "환영합니다. 넥서스커뮤니티 입니다.\\n 무엇을 도와드릴까요?"
    assert message["BUTTONS"][0] == {
        "KEYWORD": "솔루션", "MENU_ID": "SOLUTION", "TITLE": "솔루션 문의", "TEXT": "제품을 소개해 드립니다.",
    }
    assert message["TAIL"] == [{"KEYWORD": "HOME", "MENU_ID": "CHAT_ROOT"}, {"KEYWORD": "NEXT", "MENU_ID": "NEXT"}]
    assert (message["COUNT_BUTTONS"], message["COUNT_TAIL"]) == (3, 2)


def test_a_pages_choices_lead_on_and_unknown_ones_repeat_the_menu(page, desk):
    agent = desk("1002")
    agent.ready()
    room = page.join("3105")
    wait_for(lambda: menus(room), "the first menu")
    choose(room, "SOLUTION", "솔루션")
    wait_for(lambda: menus(room)[-1]["MENU_ID"] == "SOLUTION", "the next menu")
    choose(room, "SOLUTION", "없는 말")
    wait_for(lambda: [m["MENU_ID"] for m in menus(room)] == ["CHAT_ROOT", "SOLUTION", "SOLUTION"], "the menu again")
    choose(room, "NEXT", "NEXT")
    wait_for(lambda: menus(room)[-1]["MENU_ID"] == "NEXT", "the tail leads on, too")
    room.say("상담원")
    told = room.heard("대표 상담으로 연결해 드리겠습니다. 잠시만 기다려 주세요.")
    assert told["dn"] == "system"
    offer = wait_for(lambda: [c for c in agent.do("hello", lang="ko")["contacts"]], "the offer")[0]
    agent.do("accept", contact=offer["id"])
    room.wait("moved", agent="1002")
    room.send("close")


# --- files and REST


@pytest.fixture
def own(tmp_path):
    """A centre whose bots may be changed, and killed."""
    running = [Centre(tmp_path / "data")]
    yield running
    running[0].kill()


def clients(centre: Centre):
    return client("connect", centre.http), client("connectparticipant", centre.http, "nobody", "nothing")


def chat_of(centre: Centre) -> Chat:
    chat = Chat(*clients(centre), ContactFlowId=FLOW)
    chat.connect()
    return chat


def test_an_edited_file_is_taken_up_and_a_faulty_one_is_not(own):
    centre = own[0]
    file = centre.data / "bots" / "3105.toml"
    text = wait_for(lambda: file.exists() and file.read_text(), "the demo's file")
    api = Api(centre.http)
    assert api.send("GET", "/bots/3105/scenario").bytes.decode() == text
    chat = chat_of(centre)
    chat.say("안녕하세요")
    file.write_text(text.replace("WELCOME NEXUS", "어서 오세요"))
    source = lambda: api.send("GET", "/bots/3105/scenario").bytes.decode()
    wait_for(lambda: "어서 오세요" in source(), "the new file is taken up")
    chat.say("HOME")
    assert texts(chat)[-1][1].startswith("어서 오세요\n"), "a talk goes on with the new text"
    broken = text.replace('menu = "SOLUTION"', 'menu = "NOWHERE"')
    line = broken[: broken.index("NOWHERE")].count("\n") + 1
    file.write_text(broken)
    told = f"3105.toml:{line}: menu.CHAT_ROOT.buttons[0].menu: there is no menu NOWHERE"
    wait_for(lambda: told in centre.tail(), f"the log tells {told}")
    assert "어서 오세요" in source(), "what ran before runs on"
    loaded = api.toml("PUT", "/bots/3105/scenario", text)
    assert loaded.status == 200 and loaded.json["ok"], loaded
    assert source() == text
    assert file.read_text() == broken, "an edit that is not taken up is not lost"


def test_serve_follows_files_too_also_what_was_edited_while_it_was_down(tmp_path):
    first = Centre(tmp_path / "data")
    file = first.data / "bots" / "3105.toml"
    text = wait_for(lambda: file.exists() and file.read_text(), "the demo's file")
    wait_for(lambda: (file.parent / ".3105.taken").exists(), "what file and directory agreed on")
    assert first.stop() == 0
    file.write_text(text.replace("WELCOME NEXUS", "아침에 고친 메뉴"))
    config = tmp_path / "sangdam.toml"
    config.write_text(
        f'[server]\ndata = "{first.data}"\n[listen]\nhttp = "127.0.0.1:0"\nhttps = ""\nrio = "127.0.0.1:0"\n'
        'sip_ws = "127.0.0.1:0"\nsip_wss = ""\nsip_udp = "127.0.0.1:0"\nsip_tcp = "127.0.0.1:0"\nsip_tls = ""\nmetrics = "127.0.0.1:0"\n'
    )
    running = Centre.__new__(Centre)
    running.data, running.log = first.data, tmp_path / "serve.log"
    with running.log.open("ab") as log:
        running.process = subprocess.Popen([binary(), "serve", "--config", config], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    running.ready = running._wait_for(first.data / "ready.json")
    try:
        api = Api(running.ready["http"])
        source = lambda: api.send("GET", "/bots/3105/scenario").bytes.decode()
        wait_for(lambda: "아침에 고친 메뉴" in source(), "what was edited while nobody looked")
        file.write_text(text.replace("WELCOME NEXUS", "낮에 고친 메뉴"))
        wait_for(lambda: "낮에 고친 메뉴" in source(), "what is edited while it runs")
        file.write_text(text.replace('menu = "SOLUTION"', 'menu = "NOWHERE"'))
        wait_for(lambda: "there is no menu NOWHERE" in running.tail(), "the log tells of a fault")
        assert "낮에 고친 메뉴" in source()
        file.write_text(source())
        mine = text.replace("WELCOME NEXUS", "REST로 고친 메뉴")
        time.sleep(2.5)  # two looks: the file is as it was taken
        assert api.toml("PUT", "/bots/3105/scenario", mine).status == 200
        wait_for(lambda: file.read_text() == mine, "the file follows")
    finally:
        assert running.stop() == 0


def test_a_scenario_is_loaded_checked_and_printed_by_the_command_line(own, tmp_path):
    centre = own[0]

    def sangdam(*words) -> subprocess.CompletedProcess:
        env = {"SANGDAM_PASSWORD": "demo", "PATH": ""}
        return subprocess.run([binary(), "bot", *words], capture_output=True, text=True, env=env, timeout=60)

    file = centre.data / "bots" / "3105.toml"
    text = wait_for(lambda: file.exists() and file.read_text(), "the demo's file")
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace("WELCOME NEXUS", "내 메뉴"))
    checked = sangdam("check", str(mine))
    assert checked.returncode == 0 and "menus, ko, en" in checked.stdout, checked
    loaded = sangdam("load", "3105", str(mine), "--url", centre.http)
    assert loaded.returncode == 0, loaded
    assert sangdam("scenario", "3105", "--url", centre.http).stdout.strip() == mine.read_text().strip()
    wait_for(lambda: file.read_text() == mine.read_text(), "the file follows")
    mine.write_text('queue = "77"\n[menu.CHAT_ROOT]\ntitle = "x"\ntail = ["GONE"]\n')
    bad = sangdam("check", str(mine))
    assert bad.returncode == 1 and f"{mine}:4: menu.CHAT_ROOT.tail[0].menu: there is no menu GONE" in bad.stderr, bad
    mine.write_text('queue = "77"\n[menu.CHAT_ROOT]\ntitle = "x"\ntail = ["A"]\n[menu.A]\nhandover = { agent = "9" }\n')
    lacking = sangdam("load", "3105", str(mine), "--url", centre.http)
    assert lacking.returncode == 1, lacking
    assert f"{mine}:1: queue: there is no queue 77" in lacking.stderr
    assert f"{mine}:6: menu.A.handover.agent: there is no agent 9" in lacking.stderr


def test_a_talk_survives_a_kill(own):
    centre = own[0]
    chat = chat_of(centre)
    chat.say("안녕하세요")
    chat.say("직원")
    before = texts(chat)
    centre.kill()
    own[0] = centre = Centre(centre.data)
    chat.service = clients(centre)[1]
    assert texts(chat) == before
    chat.say("뭐라고요")
    assert texts(chat)[-1] == before[-1], "the last menu is remembered"


def test_a_preview_shows_menus_or_faults_and_changes_nothing(api):
    text = 'queue = "3001"\n[menu.CHAT_ROOT]\ntitle = "T"\nbuttons = [{ menu = "A", title = "가" }]\n[menu.A]\nhandover = { queue = "3002" }\n'
    shown = api.toml("POST", "/scenarios/preview", text)
    assert shown.status == 200 and shown.json["ok"], shown
    root = next(menu for menu in shown.json["menus"] if menu["id"] == "CHAT_ROOT")
    assert root["shown"]["ko"]["words"] == "T\n1. 가" and root["leads"] == ["A"]
    assert root["shown"]["ko"]["content"]["MESSAGE"]["BUTTONS"][0] == {
        "KEYWORD": "A", "MENU_ID": "A", "TITLE": "가", "TEXT": "",
    }
    wrong = api.toml("POST", "/scenarios/preview", text.replace("3002", "9999").replace("3001", "77")).json
    assert [(f["line"], f["key"]) for f in wrong["faults"]] == [(1, "queue"), (6, "menu.A.handover.queue")]
    faulty = api.toml("PUT", "/bots/3105/scenario", "queue = 1\n")
    assert (faulty.status, faulty.json["error"]["code"]) == (400, "scenario.faulty"), faulty
    assert {f["line"] for f in faulty.json["error"]["faults"]} == {1}
    assert api.send("PUT", "/bots/3105/scenario", text, "text/plain").status == 415
    assert api.send("GET", "/bots/9999/scenario").status == 404
    agent = Api(api.http, "1007")
    assert agent.toml("PUT", "/bots/3105/scenario", text).status == 403
    paths = api.send("GET", "/openapi.json").json["paths"]
    assert "put" in paths["/bots/{id}/scenario"] and "post" in paths["/scenarios/preview"]


def test_a_scenario_goes_out_and_in_with_the_realm(api):
    document = api.send("GET", "/export").json
    bot = next(bot for bot in document["bots"] if bot["id"] == "3105")
    assert bot["kind"] == "scenario" and bot["scenario"].startswith("# The demo's scenario bot")
    again = api.send("PUT", "/import", {"bots": [bot]})
    assert again.status == 200, again
    bot["scenario"] = 'queue = "3001"\n[menu.CHAT_ROOT]\ntitle = "x"\n'
    refused = api.send("PUT", "/import", {"bots": [bot]})
    assert refused.status == 400 and "bots[0].scenario: line 2: menu.CHAT_ROOT:" in refused.json["error"]["message"]
    kept = next(b for b in api.send("GET", "/export").json["bots"] if b["id"] == "3105")
    assert kept["scenario"] != bot["scenario"]


# --- programs


class Program:
    """A bot's program on loopback: keeps what it is asked, answers by a function of the question."""

    def __init__(self, answer):
        self.asked: list[tuple[dict, dict, bytes]] = []
        self.news = threading.Condition()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                question = json.loads(body)
                with owner.news:
                    owner.asked.append((dict(self.headers.items()), question, body))
                    owner.news.notify_all()
                status, reply = answer(question)
                reply = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(reply)))
                    self.end_headers()
                    self.wfile.write(reply)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/bot"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, n: int) -> list[dict]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.asked) >= n, PATIENCE_S), self.asked
            return [question for _, question, _ in self.asked]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def program():
    made: list[Program] = []

    def program(answer) -> Program:
        made.append(Program(answer))
        return made[-1]

    yield program
    for each in made:
        each.close()


def put_bot(api: Api, number: str, url: str, **more) -> str:
    """A bot by program, and the flow that leads to it."""
    bot = {"name": "프로그램", "kind": "webhook", "url": url, "queue": "3002", "secret": "a good secret", **more}
    made = api.send("PUT", f"/bots/{number}", bot)
    assert made.status == 200 and "secret" not in made.json and "sealed" not in made.json, made
    flow = f"5a9d0000-0000-4000-8000-{number:0>12}"
    made = api.send("PUT", f"/flows/{flow}", {"name": "프로그램", "bot": number})
    assert made.status == 200, made
    return flow


def test_a_program_is_asked_signed_and_its_answers_are_said(api, start, program, desk):
    def answer(question):
        if question["event"] == "started":
            return 200, {"messages": [{"text": "무엇을 도와드릴까요?"}]}
        text = question["messages"][-1]["text"]
        if text == "사람":
            return 200, {"handover": {"queue": "3002", "note": "요금 문의"}, "attributes": {"topic": "bill"}}
        link = {"type": "links", "message": "고르세요", "links": [{"name": text, "type": "text"}]}
        return 200, {"messages": [{"text": f"{text}?"}, {"content": link}]}

    bots = program(answer)
    flow = put_bot(api, "3201", bots.url, handing="연결합니다")
    agent = desk("1012")
    agent.ready()
    chat = start(ContactFlowId=flow, Attributes={"plan": "gold"})
    chat.join()
    wait_for(lambda: texts(chat) == [("CUSTOM_BOT", "무엇을 도와드릴까요?")], "the program's welcome")
    headers, question, body = bots.asked[0]
    assert question["bot"] == "3201" and question["attributes"] == {"plan": "gold"} and question["messages"] == []
    assert headers["x-sangdam-key"] == question["key"] == f"{chat.contact}:1"
    stamp, mark = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["x-sangdam-signature"]).groups()
    assert hmac.new(b"a good secret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest() == mark
    chat.say("요금")
    wait_for(lambda: texts(chat)[-1][1] == "고르세요\n1. 요금", "the program's links")
    chat.say("사람")
    wait_for(lambda: texts(chat)[-1] == ("SYSTEM", "연결합니다"), "the hand-over")
    contact = agent.accept(chat.contact)
    assert contact["attributes"] == {"plan": "gold", "topic": "bill"}
    lines = agent.do("items", room=contact["room"])["items"]
    assert [line["text"] for line in lines if line["audience"] == "agents"] == ["요금 문의"]
    assert [q["number"] for q in bots.wait(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    "reply",
    [(500, {}), (200, b"nonsense"), (200, {"message": "typo"}), (302, {}), (200, b"x" * 70_000), None],
    ids=["500", "no JSON", "unknown member", "elsewhere", "too long", "slow"],
)
def test_a_program_that_fails_is_replaced_by_its_queue(api, start, program, reply):
    over = threading.Event()

    def answer(_):
        if reply is None:
            over.wait(PATIENCE_S)
        return reply or (200, {"messages": [{"text": "too late"}]})

    bots = program(answer)
    flow = put_bot(api, "3202", bots.url, time_ms=700)
    chat = start(ContactFlowId=flow)
    chat.join()
    wait_for(lambda: "QueueInfo" in chat.describe(), "the queue takes over")
    over.set()
    assert texts(chat) == [] and len(bots.asked) == 1, "asked once, and nothing of it is said"


def test_a_program_that_nobody_may_call_is_not_called(api, start):
    flow = put_bot(api, "3203", "http://10.0.0.1/bot", sorry="지금은 어렵습니다")
    chat = start(ContactFlowId=flow)
    chat.join()
    wait_for(lambda: texts(chat) == [("CUSTOM_BOT", "지금은 어렵습니다")], "the word of regret")
    chat.say("여보세요")
    wait_for(lambda: len(texts(chat)) == 3, "and again")
    chat.say("여보세요")
    wait_for(lambda: "QueueInfo" in chat.describe(), "after three failures people take over")
    bad = api.send("PUT", "/bots/3204", {"name": "x", "kind": "webhook", "url": "ftp://h/", "queue": "3001"})
    assert bad.status == 400, bad
    bad = api.send("PUT", "/bots/3204", {"name": "x", "kind": "webhook", "url": "https://h/", "queue": "3001", "time_ms": 60_000})
    assert bad.status == 400, bad


def test_a_slow_program_holds_up_nobody_else(api, start, program):
    over = threading.Event()
    bots = program(lambda _: (over.wait(PATIENCE_S), (200, {}))[1])
    flow = put_bot(api, "3205", bots.url, time_ms=6_000)
    slow = [start(ContactFlowId=flow) for _ in range(6)]
    for chat in slow:
        chat.join()
    bots.wait(4)
    began = time.monotonic()
    quick = start(ContactFlowId=FLOW)
    quick.connect()
    quick.say("1")
    assert texts(quick)[-1][0] == "CUSTOM_BOT" and time.monotonic() - began < 3
    over.set()


def test_an_answer_is_said_once_although_the_server_is_killed_meanwhile(own, program):
    centre = own[0]
    go = threading.Event()

    def answer(question):
        if question["number"] == 2:
            go.wait(PATIENCE_S)
        return 200, {"messages": [{"text": f"answer {question['number']}"}]}

    bots = program(answer)
    flow = put_bot(Api(centre.http), "3206", bots.url, time_ms=10_000)
    chat = Chat(*clients(centre), ContactFlowId=flow)
    chat.connect()
    chat.join().close()
    wait_for(lambda: texts(chat) == [("CUSTOM_BOT", "answer 1")], "the first answer")
    chat.say("둘")
    bots.wait(2)
    centre.kill()
    own[0] = centre = Centre(centre.data)
    chat.service = clients(centre)[1]
    go.set()
    expected = [("CUSTOM_BOT", "answer 1"), ("CUSTOMER", "둘"), ("CUSTOM_BOT", "answer 2")]
    wait_for(lambda: texts(chat) == expected, "the second answer, once")
    asked = bots.wait(3)
    assert [q["key"] for q in asked[1:]] == [f"{chat.contact}:2"] * 2, "the same question, by the same key"
    chat.say("셋")
    wait_for(lambda: texts(chat) == [*expected, ("CUSTOMER", "셋"), ("CUSTOM_BOT", "answer 3")], "the third")


def test_each_turn_of_a_bot_stands_in_the_story_of_its_contact(own):
    centre = own[0]
    chat = chat_of(centre)
    chat.say("안녕하세요")
    chat.say("솔루션")
    chat.say("모르는 말")
    assert centre.stop() == 0
    story = subprocess.run(
        [binary(), "replay", chat.contact, "--data", centre.data], capture_output=True, text=True, timeout=60
    )
    own[0] = Centre(centre.data)
    assert story.returncode == 0, story
    for word in ("bot_turn", "CHAT_ROOT", "SOLUTION", "unknown"):
        assert word in story.stdout, story.stdout
