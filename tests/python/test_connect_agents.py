"""Amazon Connect chat with an agent at the desk: what the customer's side sees, step by step (section 4.3)."""

import pytest

from centre import FLOW_2, INSTANCE
from chats import refused, unknown
from sockets import Refused


def users(connect) -> dict[str, str]:
    """Ids by user name."""
    found, more = [], {}
    while True:
        page = connect.list_users(InstanceId=INSTANCE, **more)
        found += page["UserSummaryList"]
        if "NextToken" not in page:
            return {user["Username"]: user["Id"] for user in found}
        more = {"NextToken": page["NextToken"]}


def test_an_agent_is_invited_and_joins(talk):
    chat, socket, _, contact = talk
    kinds = socket.kinds()
    joins = [kinds.index(kind) for kind in [("participant.joined", "CUSTOMER"), ("participant.joined", "AGENT")]]
    assert joins == sorted(joins)
    assert ("participant.invited", "AGENT") in kinds[joins[0] : joins[1]]
    assert socket.event("participant.joined", "AGENT")["ParticipantId"] == contact["me"]
    described = chat.describe()
    assert described["AgentInfo"]["Id"] and described["AgentInfo"]["ConnectedToAgentTimestamp"]
    assert described["QueueInfo"]["Id"] and described["QueueInfo"]["EnqueueTimestamp"]


def test_words_go_both_ways(talk):
    chat, socket, desk, contact = talk
    asked = chat.say("누구 계세요?")
    there = desk.event("item", lambda frame: frame["item"].get("text") == "누구 계세요?")["item"]
    assert (there["id"], there["by"]["role"], there["audience"]) == (asked["Id"], "customer", "all")
    answered = desk.say(contact["id"], "네, 안녕하세요 👋")
    here = socket.message("네, 안녕하세요 👋")
    assert (here["Id"], here["ParticipantRole"], here["ParticipantId"]) == (answered["id"], "AGENT", contact["me"])
    assert [text for text in chat.texts() if text in ("누구 계세요?", "네, 안녕하세요 👋")] == ["누구 계세요?", "네, 안녕하세요 👋"]


def test_typing_goes_both_ways(talk):
    chat, socket, desk, contact = talk
    desk.do("typing", contact=contact["id"])
    assert socket.event("typing", "AGENT")["ParticipantId"] == contact["me"]
    chat.send_event("typing")
    desk.expect(lambda frame: frame.get("sig") == "typing" and frame["participant"] == chat.id)


def test_the_agent_ends_the_chat(talk):
    chat, socket, desk, contact = talk
    desk.do("end", contact=contact["id"])
    socket.event("chat.ended")
    kinds = socket.kinds()
    assert kinds.index(("participant.left", "AGENT")) < kinds.index(("chat.ended", None))
    desk.contact(contact["id"], "wrapup")
    assert chat.describe()["DisconnectReason"] == "AGENT_DISCONNECT"
    with refused(403, "AccessDeniedException"):
        chat.connect()


def test_the_customer_leaves_the_agent(talk):
    chat, socket, desk, contact = talk
    chat.leave()
    socket.event("chat.ended")
    assert socket.kinds()[-2:] == [("participant.left", "CUSTOMER"), ("chat.ended", None)]
    desk.contact(contact["id"], "wrapup")
    with pytest.raises(Refused):
        desk.say(contact["id"], "anybody?")


def test_transfer_to_another_agent(talk, desk):
    chat, socket, first, contact = talk
    second = desk("1012")
    second.ready()
    first.do("transfer", contact=contact["id"], to={"agent": "1012"}, note="부탁해요")
    left = socket.event("participant.left", "AGENT")
    assert left["ParticipantId"] == contact["me"]
    moved = socket.event("transfer.succeeded")
    assert not {"ParticipantRole", "ParticipantId", "DisplayName"} & moved.keys()
    first.contact(contact["id"], "wrapup")
    offered = second.event("contact", lambda frame: frame["contact"]["state"] == "offered")["contact"]
    second.do("accept", contact=offered["id"])
    joins = lambda item: item.get("DisplayName") and item["ParticipantId"] not in (chat.id, contact["me"])
    joined = socket.item(lambda item: item.get("ContentType", "").endswith("participant.joined") and joins(item))
    assert joined["ContactId"] == offered["id"] != chat.contact
    assert joined["InitialContactId"] == chat.contact
    chat.say("아직 여기 있어요")
    after = socket.message("아직 여기 있어요")
    assert (after["InitialContactId"], after["ContactId"]) == (chat.contact, offered["id"])
    assert "부탁해요" not in repr(socket.frames) + repr(chat.items())
    page = chat.transcript(ContactId=offered["id"], MaxResults=100)
    assert {item["ContactId"] for item in page["Transcript"]} == {offered["id"]}
    assert page["InitialContactId"] == chat.contact


def test_the_transferred_contact_names_the_one_before(talk, desk, connect):
    chat, socket, first, contact = talk
    second = desk("1012")
    second.ready()
    first.do("transfer", contact=contact["id"], to={"agent": "1012"})
    offered = second.event("contact", lambda frame: frame["contact"]["state"] == "offered")["contact"]
    second.do("accept", contact=offered["id"])
    described = connect.describe_contact(InstanceId=INSTANCE, ContactId=offered["id"])["Contact"]
    assert (described["PreviousContactId"], described["InitialContactId"]) == (chat.contact, chat.contact)
    assert described["InitiationMethod"] == "TRANSFER"
    listed = connect.list_associated_contacts(InstanceId=INSTANCE, ContactId=offered["id"])["ContactSummaryList"]
    assert {chat.contact, offered["id"]} <= {one["ContactId"] for one in listed}


def test_receipts_with_a_third_participant(talk, desk):
    chat, socket, first, contact = talk
    second = desk("1012")
    second.ready()
    first.do("invite", contact=contact["id"], agent="1012")
    second.accept(contact["id"])
    said = first.say(contact["id"], "셋이네요")
    with refused(409, "ConflictException"):
        chat.receipt("read", said["id"])


def test_a_program_does_not_come_in_beside_an_agent(talk):
    chat, *_ = talk
    with refused(409, "ConflictException"):
        chat.bot()


def test_associate_contact_with_user(start, desk, connect):
    agent = desk("1001")
    agent.ready()  # serves queue 3001 only, so nothing offers this chat of 3002 by itself
    chat = start(ContactFlowId=FLOW_2)
    socket = chat.join()
    socket.event("participant.joined", "CUSTOMER")
    where = {"InstanceId": INSTANCE, "ContactId": chat.contact}
    with refused(404, "ResourceNotFoundException"):
        connect.associate_contact_with_user(**where, UserId=unknown())
    connect.associate_contact_with_user(**where, UserId=users(connect)["1001"])
    agent.accept(chat.contact)
    assert socket.event("participant.joined", "AGENT")


def test_monitor_contact_is_not_seen_by_the_customer(talk, desk, connect):
    chat, socket, agent, contact = talk
    supervisor = desk("9001")
    answer = connect.monitor_contact(
        InstanceId=INSTANCE,
        ContactId=chat.contact,
        UserId=users(connect)["9001"],
        AllowedMonitorCapabilities=["SILENT_MONITOR"],
        ClientToken=unknown(),
    )
    assert answer["ContactId"] and answer["ContactArn"].endswith(answer["ContactId"])
    watched = supervisor.event("contact", lambda frame: frame["contact"]["as"] == "supervisor")["contact"]
    agent.say(contact["id"], "감독 중")
    socket.message("감독 중")
    there = lambda frame: frame["item"].get("text") == "감독 중"
    assert supervisor.event("item", there)["room"] == watched["room"]
    assert "SUPERVISOR" not in {role for _, role in socket.kinds()}
    with pytest.raises(Refused):
        supervisor.say(watched["id"], "you cannot hear me")


def test_a_supervisor_barges_in(talk, desk, connect):
    chat, socket, _, contact = talk
    supervisor = desk("9001")
    supervisor.do("monitor", contact=contact["id"], barge=True)
    assert socket.event("participant.joined", "SUPERVISOR")
    watched = supervisor.event("contact", lambda frame: frame["contact"]["as"] == "supervisor")["contact"]
    supervisor.say(watched["id"], "제가 도와드리겠습니다")
    assert socket.message("제가 도와드리겠습니다")["ParticipantRole"] == "SUPERVISOR"


def test_a_desk_that_is_reloaded_misses_nothing(talk, desk):
    chat, socket, agent, contact = talk
    agent.close()
    chat.say("아무도 없나요?")
    socket.message("아무도 없나요?")
    again = desk("1011")
    [held] = [one for one in again.world["contacts"] if one["id"] == contact["id"]]
    texts = [item.get("text") for item in again.do("items", room=held["room"], limit=100)["items"]]
    assert "아무도 없나요?" in texts
    assert ("participant.left", "AGENT") not in socket.kinds()
