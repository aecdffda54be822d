"""The agent-session API against the real binary (max-agent-desktop.md 3 and 4; rows of its table 5 by number)."""

import json
import time

import pytest

import wire
from agent_api import API, Max, form, meanwhile
from centre import FLOW_2, Centre
from rio import Rio


@pytest.fixture
def agent(http):
    """Clients of agents: `agent("1011")`."""
    clients: list[Max] = []

    def agent(user: str, **how) -> Max:
        clients.append(Max(http, user, **how))
        return clients[-1]

    yield agent
    for client in clients:
        client.end()


@pytest.fixture
def cti(ready):
    """An application at the CTI gateway."""
    link = Rio(ready["rio"])
    yield link
    link.close()


def ready_for_chat(agent, user="1013") -> Max:
    client = agent(user)
    client.settle()
    client.do("/state", state="Available")
    client.wait("AgentState", CurrentState="Available")
    return client


@pytest.fixture
def chatting(agent, start):
    """An agent who has taken a chat: the client, the customer's chat and socket, the contact's number."""
    client = ready_for_chat(agent)
    chat = start(ContactFlowId=FLOW_2)
    socket = chat.join()
    offered = client.wait("TextContactEvent", Status="Incoming")
    client.do(f"/interactions/{offered['ContactID']}/accept")
    client.wait("TextContactEvent", Status="Active")
    return client, chat, socket, offered["ContactID"]


# --- 3.1: log-in and general rules


def test_the_vendors_log_in_gives_a_token_that_works(agent):
    client = agent("1012", start=False)
    said = client.log_in("1012")
    assert said["token_type"] == "bearer" and said["expires_in"] > 3_600 and said["agent_id"] == "1012"
    assert said["resource_server_base_uri"].endswith("/InContactAPI/")
    body = form(grant_type="refresh_token", refresh_token=said["refresh_token"])
    kind = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", "basic abc")]
    again = wire.send(client.http, "POST", "/incontactauthorizationserver//token", kind, body)
    assert again.status == 200 and again.json["access_token"] != said["access_token"]
    client.token = again.json["access_token"]
    assert client.get("/server-time").status == 200


def test_a_wrong_password_is_an_invalid_grant(agent):
    client = agent("1012", start=False)
    for body in (
        {"grant_type": "password", "username": "1012", "password": "wrong"},
        {"grant_type": "refresh_token", "refresh_token": "nothing"},
    ):
        answer = client.raw("POST", "/InContactAuthorizationServer/Token", json.dumps(body), token=None)
        assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_row_60_unknown_session_bad_token_bad_state_are_told_apart(agent):
    client = agent("1012")
    unknown = client.id[:-4] + ("AAAA" if client.id[-4:] != "AAAA" else "BBBB")
    for id, told in ((unknown, "InvalidAgentSession"), ("x", "Invalid agent session Id.")):
        answer = client.raw("POST", f"{API}/agent-sessions/{id}/state", json.dumps({"state": "Available"}))
        assert (answer.status, answer.json["error_description"]) == (404, told)
    assert client.raw("POST", f"{API}/agent-sessions/{client.id}/state", "{}", token="nonsense").status == 401
    for state in ("InboundContact", "", "unavailable/x"):
        answer = client.post("/state", state=state)
        assert (answer.status, answer.json["error_description"]) == (400, "Invalid state request.")
    for contact, told in (("999", "InvalidContactId"), ("abc", "Invalid Contact Id.")):
        answer = client.post(f"/interactions/{contact}/accept")
        assert (answer.status, answer.json["error_description"]) == (404, told)


def test_another_agents_session_is_not_mine(agent):
    one, other = agent("1012"), agent("1014")
    answer = other.raw("POST", f"{API}/agent-sessions/{one.id}/state", json.dumps({"state": "Available"}))
    assert (answer.status, answer.json["error_description"]) == (404, "InvalidAgentSession")
    assert other.poll(1, id=one.id).status == 404


def test_row_61_case_and_doubled_slashes_do_not_matter(agent):
    client = agent("1012")
    for base in ("/incontactapi/services/V4.0", "/InContactAPI//services/v31.0", "//INCONTACTAPI/SERVICES/v2.0"):
        path = f"{base}/AGENT-SESSIONS//{client.id}/STATE"
        assert client.raw("POST", path, json.dumps({"state": "unavailable"})).status == 202, base
    assert client.raw("GET", "/incontactapi//services/v23.0/Server-Time").status == 200


def test_row_62_parameters_may_come_in_the_query_a_form_or_a_body(agent):
    client = agent("1012")
    path = f"{API}/agent-sessions/{client.id}/state"
    assert client.raw("POST", f"{path}?State=Unavailable&Reason=Meal").status == 202
    client.wait("AgentState", CurrentOutReason="Meal")
    kind = [("Content-Type", "application/x-www-form-urlencoded")]
    assert wire.send(
        client.http, "POST", path, [*kind, ("Authorization", f"BEARER {client.token}")], "state=Unavailable&reason=Break"
    ).status == 202
    client.wait("AgentState", CurrentOutReason="Break")
    assert client.raw("POST", f"{path}?state=Available", json.dumps({"state": "Unavailable", "reason": ""})).status == 202
    client.wait("AgentState", CurrentState="Unavailable", CurrentOutReason="")


def test_an_empty_part_of_a_path_leads_nowhere(agent):
    client = agent("1012")
    answer = client.raw("POST", f"{API}/agent-sessions/{client.id}/interactions//accept", "{}")
    assert (answer.status, answer.json["error_description"]) == (404, "resource not found")
    answer = client.raw("GET", f"{API}/agent-sessions//")
    assert (answer.status, answer.json["error_description"]) == (405, "Method Not Allowed")


# --- 3.2, 3.4: session and long poll


def test_row_56_a_poll_without_news_is_304_after_its_time(agent):
    client = agent("1012")
    client.settle()
    began = time.monotonic()
    answer = client.poll(2)
    took = time.monotonic() - began
    assert answer.status == 304 and answer.bytes == b"" and 1.5 <= took <= 2.5
    for timeout in ("61", "-1", "x"):
        path = f"{API}/agent-sessions/{client.id}/get-next-event?timeout={timeout}"
        assert client.raw("GET", path).status == 400, timeout


def test_row_57_news_end_a_poll_at_once_and_change_the_id(agent):
    client = agent("1012")
    client.settle()
    poll = meanwhile(lambda: client.poll(12))
    time.sleep(0.3)
    began = time.monotonic()
    client.do("/state", state="Unavailable", reason="Meeting")
    answer = poll()
    assert time.monotonic() - began < 2
    assert answer.status == 200 and answer.json["sessionId"] != client.id
    assert answer.json["events"][0]["CurrentOutReason"] == "Meeting"


def test_row_58_an_old_id_brings_the_whole_state(chatting):
    client, *_, contact = chatting
    first = client.raw("POST", f"{API}/agent-sessions/join", "{}").json["sessionId"]
    answer = client.poll(1, id=first).json
    events, second = answer["events"], answer["sessionId"]
    kinds = [event["Type"] for event in events]
    assert kinds[0] == "AgentSessionStart" and "AgentState" in kinds
    assert [e["ContactID"] for e in events if e["Type"] == "TextContactEvent"] == [contact]
    again = client.poll(1, id=first).json
    assert (again["sessionId"], again["events"]) == (second, events), "an answer that was lost is given again"
    client.do("/state", state="Unavailable", reason="Meal")
    third = client.poll(5, id=second).json["sessionId"]
    resync = client.poll(1, id=first).json
    assert resync["events"][0]["Type"] == "AgentSessionStart" and resync["sessionId"] not in (first, second, third)


def test_row_59_a_second_start_is_409_and_a_join_202(agent):
    client = agent("1012")
    assert client.raw("POST", f"{API}/agent-sessions", json.dumps({"stationId": "1"})).status == 409
    joined = client.raw("POST", f"{API}/agent-sessions/join", "{}")
    assert joined.status == 202 and joined.json["sessionId"] != client.id
    assert set(joined.json["sessionId"]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")


def test_a_new_session_is_unavailable_and_every_scalar_is_a_text(agent):
    client = agent("1012")
    events = client.next()
    assert events[0]["Type"] == "AgentSessionStart" and events[0]["AgentId"] == "1012"
    state = next(event for event in events if event["Type"] == "AgentState")
    assert (state["CurrentState"], state["CurrentOutReason"], state["NextStates"]) == ("Unavailable", "", [])
    for event in events:
        for name, value in event.items():
            assert isinstance(value, (str, list)), (name, value)
            assert value not in ("true", "false")


def test_two_consumers_take_nothing_from_each_other(agent):
    one = agent("1012")
    other = Max(one.http, "1012", start=False)
    other.join()
    one.settle(), other.settle()
    one.do("/state", state="Unavailable", reason="Coaching")
    for client in (one, other):
        client.wait("AgentState", CurrentOutReason="Coaching")


def test_the_older_of_two_polls_with_one_id_gives_way(agent):
    client = agent("1012")
    client.settle()
    older = meanwhile(lambda: client.poll(12))
    time.sleep(0.3)
    began = time.monotonic()
    newer = meanwhile(lambda: client.poll(2))
    assert older().status == 304 and time.monotonic() - began < 1.5
    assert newer().status == 304


def test_the_end_is_told_once_and_is_409_afterwards(agent):
    client = agent("1012")
    client.settle()
    poll = meanwhile(lambda: client.poll(12))
    time.sleep(0.3)
    assert client.raw("DELETE", f"{API}/agent-sessions/{client.id}").status == 202
    answer = poll()
    end = answer.json["events"][-1]
    assert (answer.status, end["Type"], end["Success"]) == (200, "AgentSessionEnd", "True")
    assert client.poll(1, id=answer.json["sessionId"]).status == 409
    assert client.post("/state", state="Available").status == 409
    assert client.post("/keep-alive").status == 409


def test_an_end_with_a_contact_at_hand_is_409_unless_forced(chatting):
    client, chat, socket, _ = chatting
    path = f"{API}/agent-sessions/{client.id}"
    assert client.raw("DELETE", path).status == 409
    assert client.raw("DELETE", f"{path}?endContacts=true").status == 202
    socket.event("chat.ended")


def test_a_desk_that_logs_off_ends_the_session(agent, desk):
    client = agent("1012")
    client.settle()
    there = desk("1012")
    there.do("state", state="logged_off", channel="voice")
    there.do("state", state="logged_off", channel="chat")
    client.wait("RemoteAgentSessionEnd")
    assert client.poll(1).status == 409


def test_a_session_outlives_the_server(tmp_path):
    centre = Centre(tmp_path / "data")
    try:
        client = Max(centre.http, "1001")
        client.do("/state", state="Unavailable", reason="Meal")
        client.settle()
        centre.kill()
        centre = Centre(tmp_path / "data")
        client.http = centre.http
        events = client.next()
        assert events[0]["Type"] == "AgentSessionStart"
        assert next(e for e in events if e["Type"] == "AgentState")["CurrentOutReason"] == "Meal"
        client.do("/keep-alive")
    finally:
        centre.stop()


def test_a_stopping_server_lets_go_of_polls(tmp_path):
    centre = Centre(tmp_path / "data")
    client = Max(centre.http, "1001")
    client.settle()
    poll = meanwhile(lambda: client.poll(13))
    time.sleep(0.3)
    began = time.monotonic()
    assert centre.stop() == 0
    assert time.monotonic() - began < 5
    assert poll().status == 503


# --- 3.5: states; 3.3: chats


def test_row_21_the_reason_of_a_state_is_its_name(agent, desk):
    client = agent("1012")
    client.settle()
    client.do("/state", state="Unavailable", reason="식사")
    state = client.wait("AgentState")
    assert (state["CurrentState"], state["CurrentOutReason"], state["IsAcw"]) == ("Unavailable", "Meal", "False")
    there = desk("1012")
    there.do("state", state="not_ready", reason=3)
    client.wait("AgentState", CurrentOutReason="Meeting")


def test_a_chat_goes_its_way_as_events(agent, start, desk):
    client = ready_for_chat(agent)
    chat = start(ContactFlowId=FLOW_2)
    socket = chat.join()
    state = client.wait("AgentState", CurrentState="InboundContact")
    offered = client.wait("TextContactEvent", Status="Incoming")
    assert (offered["Skill"], offered["FinalState"]) == ("3002", "False") and int(offered["RefusalTimeout"]) >= 15
    assert state["NextStates"] == []
    id = offered["ContactID"]
    client.do(f"/interactions/{id}/accept")
    client.wait("TextContactEvent", Status="Active", ContactID=id)
    chat.say("배송이 늦어요")
    said = None
    while not said:
        event = client.wait("TextContactEvent", ContactID=id)
        said = next((m for m in event["Messages"] if m["Text"] == "배송이 늦어요"), None)
    assert (said["PartyTypeId"], said["PartyTypeValue"]) == ("1", "Customer")
    client.do(f"/interactions/{id}/send-chat-text", chatText="확인하겠습니다")
    socket.message("확인하겠습니다")
    client.do(f"/interactions/{id}/typing", isTyping=True)
    socket.event("typing", "AGENT")
    client.do("/state", state="Unavailable", reason="Break")
    queued = client.wait("AgentState", CurrentState="InboundContact")
    assert queued["NextStates"] == [{"State": "Unavailable", "OutReason": "Break"}]
    client.do(f"/interactions/{id}/end")
    ended = client.wait("TextContactEvent", Status="Disconnected", ContactID=id)
    assert ended["FinalState"] == "False"
    wrap = client.wait("AgentState", CurrentState="Unavailable")
    assert wrap["IsAcw"] == "True" and int(wrap["AcwTimeout"]) > 0
    codes = client.get("/skills/3002/dispositions").json["dispositions"]
    done = next(code for code in codes if code["code"] == "done")
    assert client.post(f"/interactions/{id}/disposition", primaryDispositionId=1).status == 400
    client.do(f"/interactions/{id}/disposition", 200, primaryDispositionId=str(done["dispositionId"]))
    client.wait("TextContactEvent", Status="Disconnected", FinalState="True", ContactID=id)
    last = client.wait("AgentState")
    assert (last["CurrentState"], last["CurrentOutReason"], last["IsAcw"]) == ("Unavailable", "Break", "False")
    assert client.post(f"/interactions/{id}/accept").status == 404


def test_an_older_version_calls_a_chat_a_chat(agent, start):
    client = ready_for_chat(agent)
    old = Max(client.http, "1013", start=False, version="/InContactAPI/services/v2.0")
    old.join()
    old.settle()
    chat = start(ContactFlowId=FLOW_2)
    chat.join()
    old.wait("ChatContactEvent", Status="Incoming")
    assert not any(event["Type"] == "TextContactEvent" for event in old.settle())


def test_a_refused_chat_leaves_and_its_agent_is_unavailable(agent, start):
    client = ready_for_chat(agent)
    chat = start(ContactFlowId=FLOW_2)
    chat.join()
    id = client.wait("TextContactEvent", Status="Incoming")["ContactID"]
    client.do(f"/interactions/{id}/reject")
    client.wait("TextContactEvent", Status="Disconnected", FinalState="True", ContactID=id)
    state = client.wait("AgentState", CurrentState="Unavailable")
    assert state["CurrentOutReason"] == "Refused"


def test_what_the_desk_does_is_told_and_the_other_way_round(agent, start, desk):
    client = ready_for_chat(agent)
    there = desk("1013")
    chat = start(ContactFlowId=FLOW_2)
    chat.join()
    contact = there.accept(chat.contact)
    id = client.wait("TextContactEvent", Status="Active")["ContactID"]
    assert id == str(contact["number"])
    there.say(contact["id"], "책상에서")
    while not any(m["Text"] == "책상에서" for m in client.wait("TextContactEvent")["Messages"]):
        pass
    client.do(f"/interactions/{id}/end")
    there.contact(contact["id"], "wrapup")


def test_a_chat_is_passed_to_an_agent_or_a_skill(chatting, agent):
    client, chat, _, id = chatting
    for path, params, told in (
        ("transfer-chat-to-agent", {"targetAgentId": "nobody"}, "Invalid target Agent Id."),
        ("transfer-chat-to-skill", {"targetSkillId": "9"}, "Invalid target Skill Id."),
    ):
        answer = client.post(f"/interactions/{id}/{path}", **params)
        assert (answer.status, answer.json["error_description"]) == (400, told)
    other = ready_for_chat(agent, "1014")
    client.do(f"/interactions/{id}/transfer-chat-to-agent", targetAgentId="1014")
    offered = other.wait("TextContactEvent", Status="Incoming")
    assert offered["ContactID"] != id
    other.do(f"/interactions/{offered['ContactID']}/accept")
    other.do(f"/interactions/{offered['ContactID']}/end")


def test_what_a_chat_cannot_is_409(chatting):
    client, *_, id = chatting
    for verb in ("hold", "mask", "record", "snooze", "play-voicemail", "email-send"):
        assert client.post(f"/interactions/{id}/{verb}").status == 409, verb
    assert client.post(f"/interactions/{id}/accept-chat").status == 404, "there is no such call on this wire"


# --- calls


def call_in(http: str, to: str, sender: str = "01012345678") -> dict:
    kind = [("Content-Type", "application/json")]
    answer = wire.send(http, "POST", "/api/v1/demo/calls", kind, json.dumps({"from": sender, "to": to}))
    assert answer.status in (200, 201), answer
    return answer.json


@pytest.fixture
def called(agent, http):
    """An agent to whom a customer's call is offered: the client, the contact's number, the call."""
    client = agent("1015")
    client.settle()
    client.do("/state", state="Available")
    client.wait("AgentState", CurrentState="Available")
    call = call_in(http, "3002")
    client.wait("AgentState", CurrentState="InboundContact")
    offered = client.wait("CallContactEvent", Status="Incoming")
    yield client, offered["ContactID"], offered
    wire.send(http, "DELETE", f"/api/v1/demo/calls/{call['id']}")


def test_row_25_a_calls_event_has_all_its_members_as_texts(called):
    *_, event = called
    for name in (
        "Type ContactID Status OriginalState CallType DNIS ANI Skill IsInbound StartTimeUTC LastStateChangeTimeUTC "
        "ScreenPopUrl DisconnectCode IsLogging Timeout AllowDispositions Label IsLinked TimeZones FinalState "
        "OtherInformation BlendingToSkillName"
    ).split():
        assert isinstance(event[name], str), name
    assert (event["ANI"], event["DNIS"], event["Skill"]) == ("01012345678", "3002", "3002")
    assert (event["IsInbound"], event["IsLogging"], event["FinalState"]) == ("True", "False", "False")
    assert int(event["ContactID"]) < 2**53


def test_rows_36_39_to_43_a_call_is_answered_held_muted_masked_recorded_and_ended(called):
    client, id, _ = called
    at = f"/interactions/{id}"
    client.do(f"{at}/accept")
    client.wait("CallContactEvent", Status="Active", ContactID=id)
    client.do(f"{at}/hold")
    client.wait("CallContactEvent", Status="Holding", ContactID=id)
    assert client.post(f"{at}/hold").status == 409
    client.do(f"{at}/resume")
    client.wait("CallContactEvent", Status="Active", ContactID=id)
    client.do("/agent-phone/mute")
    assert client.wait("Mute")["AgentMuted"] == "True"
    client.do("/agent-phone/unmute")
    assert client.wait("Mute")["AgentMuted"] == "False"
    client.do(f"{at}/mask")
    client.wait("CallContactEvent", Status="Masking", ContactID=id)
    assert client.post(f"{at}/hold").status == 409
    client.do(f"{at}/unmask")
    client.wait("CallContactEvent", Status="Active", ContactID=id)
    client.do(f"{at}/record")
    client.wait("CallContactEvent", IsLogging="True", ContactID=id)
    client.do(f"{at}/record")
    client.do("/send-dtmf", DtmfSequence="12#", toneDurationMS="100")
    assert client.post("/send-dtmf", dtmfSequence="12x").status == 400
    client.do(f"{at}/end")
    client.wait("CallContactEvent", Status="Disconnected", FinalState="False", ContactID=id)
    assert client.post("/agent-phone/mute").status == 409
    finish(client, id)


def finish(client: Max, id: str) -> None:
    """Says how a contact came out, whose work has begun."""
    client.wait("AgentState", IsAcw="True")
    codes = client.get("/skills/3002/dispositions").json["dispositions"]
    client.do(f"/interactions/{id}/disposition", 200, primaryDispositionId=codes[0]["dispositionId"])
    client.wait("CallContactEvent", Status="Disconnected", FinalState="True", ContactID=id)
    client.wait("AgentState", CurrentState="Available")


def test_row_47_a_call_that_its_caller_ends_is_finished_with_later(called, http):
    client, id, event = called
    assert event["MasterID"] == id and event["ParentContactId"] == ""
    client.do(f"/interactions/{id}/accept")
    client.wait("CallContactEvent", Status="Active", ContactID=id)
    client.do(f"/interactions/{id}/end")
    client.wait("CallContactEvent", Status="Disconnected", FinalState="False", ContactID=id)
    finish(client, id)


def test_row_37_a_refused_call_leaves_and_its_agent_is_unavailable(called):
    client, id, _ = called
    client.do(f"/interactions/{id}/reject")
    client.wait("CallContactEvent", Status="Disconnected", FinalState="True", ContactID=id)
    assert client.wait("AgentState", CurrentState="Unavailable")["CurrentOutReason"] == "Refused"


@pytest.fixture
def watched(cti):
    """The CTI gateway, watching the telephone of `called`."""
    cti.monitor("1015")
    return cti


def test_what_is_done_over_cti_is_told(watched, called):
    client, id, _ = called
    call = watched.ringing("1015")
    watched.do("answer", this="1015", c1=call)
    client.wait("CallContactEvent", Status="Active", ContactID=id)
    watched.do("hold", this="1015", c1=call)
    client.wait("CallContactEvent", Status="Holding", ContactID=id)


def test_a_call_is_dialled_consulted_about_and_passed_on(called, cti, agent):
    client, id, _ = called
    assert client.post("/interactions/transfer-calls").status == 409
    client.do(f"/interactions/{id}/accept")
    client.wait("CallContactEvent", Status="Active", ContactID=id)
    client.do("/dial-agent", targetAgentId="1016")
    client.wait("CallContactEvent", Status="Holding", ContactID=id)
    consult = client.wait("CallContactEvent", Status="Dialing")
    assert (consult["CallType"], consult["ParentContactId"], consult["IsInbound"]) == ("Consult", id, "False")
    assert consult["MasterID"] == id
    client.do("/interactions/transfer-calls")
    client.wait("CallContactEvent", Status="Disconnected", ContactID=id)


def test_a_conference_keeps_the_agent_in(called, agent):
    client, id, _ = called
    other = agent("1017")
    client.do(f"/interactions/{id}/accept")
    client.wait("CallContactEvent", Status="Active", ContactID=id)
    client.do("/consult-agent", targetAgentId="1017")
    there = other.wait("CallContactEvent", Status="Incoming")
    other.do(f"/interactions/{there['ContactID']}/accept")
    client.wait("CallContactEvent", Status="Active", CallType="Consult")
    client.do("/interactions/conference-calls")
    joined = client.wait("CallContactEvent", Status="Joined")
    assert joined["CallType"] == "Conference"
    other.wait("CallContactEvent", Status="Joined")


def test_numbers_that_cannot_be_dialled_are_told(agent):
    client = agent("1012")
    for path, params, told in (
        ("/dial-phone", {"phoneNumber": "abc"}, "Phone Number is not valid."),
        ("/dial-phone", {"phoneNumber": "010-1234-5678", "skillId": 77}, "Skill is not valid."),
        ("/dial-skill", {"skillId": 77}, "Invalid skill."),
        ("/dial-skill", {"skillName": "x"}, "InvalidSkillName"),
        ("/dial-agent", {"targetAgentId": "nobody"}, "Invalid target Agent Id."),
        ("/dial-agent", {"agentUserName": "nobody"}, "InvalidAgentUsername"),
    ):
        answer = client.post(path, **params)
        assert (answer.status, answer.json["error_description"]) == (400, told), (path, params)
    client.do("/dial-phone", phoneNumber="1018")
    client.wait("AgentState", CurrentState="OutboundContact")
    client.wait("CallContactEvent", Status="Dialing", DNIS="1018")


def test_supervising_is_for_supervisors(agent, called):
    client, id, _ = called
    client.do(f"/interactions/{id}/accept")
    assert client.post("/monitor", targetAgentId="1012").status == 403
    lead = agent("9001")
    lead.do("/monitor", targetAgentId="1015")
    lead.do("/barge")


# --- reads


def test_lists_that_a_desktop_reads(agent):
    client = agent("1012")
    me = client.get("/agents/1012").json["agents"][0]
    assert (me["userName"], me["teamId"]) == ("1012", 402)
    assert {s["skillId"] for s in client.get("/agents/1012/skills").json["agentSkillAssignments"]} == {"3002"}
    assert client.get("/agents/1001").status == 403
    codes = client.get("/teams/402/unavailable-codes?activityOnly=true").json["unavailableCodes"]
    assert {"outStateId": 2, "outStateName": "Meal", "isAcw": False, "isActive": True, "agentTimeout": 0} in codes
    assert any(a["agentId"] == "1012" for a in client.get("/teams/402/agents").json["agents"])
    assert {s["skillId"] for s in client.get("/skills/activity").json["skillActivity"]} == {"3001", "3002"}
    assert client.get("/agents/1012/address-books").json["addressBooks"]
    assert client.get("/address-books/agents/entries").json["addressBookEntries"]
    for path in ("/agents/1012/messages", "/agents/1012/queues", "/skills/3002/tags", "/contacts/completed"):
        assert client.get(path).status == 200, path
    assert client.get("/nothing").status == 404
