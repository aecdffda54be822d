"""Amazon Connect chat, conformance rows 35-54: the socket, messages, bots, receipts.

Each test is named for its row in the specification's section 6.
"""

import json
import re

import pytest

import wire
from centre import INSTANCE
from chats import ISO_MS, UUID, refused, unknown
from sockets import EVENT, SUBSCRIBE

TEXT = "안녕하세요 👩‍👩‍👧 \"quoted\" \\ \t tab\n둘째 줄\r\n  ends with spaces  "


# --- the socket (3.2, 3.3)


def test_row_35_subscribe_is_acknowledged_within_a_second(chat):
    socket = chat.open()
    socket.send(SUBSCRIBE)
    ack = socket.expect(lambda frame: True, within=1)
    assert ack == {"topic": "aws/subscribe", "content": {"status": "success", "topics": ["aws/chat"]}}


def test_row_35_an_unknown_topic_fails(chat):
    socket = chat.open()
    socket.send({"topic": "aws/subscribe", "content": {"topics": ["aws/weather"]}})
    answer = socket.expect(lambda frame: frame.get("topic") == "aws/subscribe", within=1)
    assert answer["content"] == {"status": "failure", "topics": ["aws/weather"]}


def test_row_36_heartbeat_and_ping(chat):
    socket = chat.open()
    socket.send({"topic": "aws/ping"})
    socket.send({"topic": "aws/heartbeat"})
    ping = socket.expect(lambda frame: frame.get("topic") == "aws/ping")
    assert (ping["statusCode"], ping["statusContent"]) == (200, "OK")
    assert socket.expect(lambda frame: frame.get("topic") == "aws/heartbeat") == {"topic": "aws/heartbeat"}


def test_row_37_subscribe_of_the_ios_sdk(chat):
    socket = chat.open()
    socket.send('{"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})')
    ack = socket.expect(lambda frame: frame.get("topic") == "aws/subscribe", within=1)
    assert ack["content"] == {"status": "success", "topics": ["aws/chat"]}
    socket.event("participant.joined", "CUSTOMER")


@pytest.mark.parametrize(
    "frame",
    ['{"topic":"aws/chat","content":"hi"}', '{"action":"sendMessage"}', "hello", "[1]", "{", "null"],
    ids=["chat", "other", "text", "list", "broken", "null"],
)
def test_row_38_an_unknown_frame_leaves_the_socket_open(joined, frame):
    chat, socket = joined
    before = socket.mark
    socket.send(frame)
    answer = socket.expect(lambda frame: "message" in frame, after=before)
    assert answer["message"] == "Forbidden" and "topic" not in answer
    assert answer["connectionId"] and answer["requestId"]
    socket.barrier()
    said = chat.say("still here")
    assert socket.message("still here")["Id"] == said["Id"]


def test_row_39_nothing_before_subscribing(joined):
    chat, socket = joined
    silent = chat.open()
    chat.say("one")
    socket.message("one")
    silent.barrier()
    assert [frame["topic"] for frame in silent.frames] == ["aws/heartbeat"]
    silent.subscribe()
    chat.say("two")
    silent.message("two")
    assert [item["Content"] for item in silent.items if item["Type"] == "MESSAGE"] == ["two"]


def test_row_40_the_customer_joins_once(joined):
    chat, socket = joined
    second = chat.join()
    chat.say("after the second socket")
    for one in (socket, second):
        one.message("after the second socket")
    is_join = lambda item: item.get("ContentType") == EVENT + "participant.joined" and item["ParticipantId"] == chat.id
    assert len([item for item in socket.items if is_join(item)]) == 1
    assert [item for item in second.items if is_join(item)] == []
    stored = [item for item in chat.items() if is_join(item)]
    assert len(stored) == 1 and stored[0]["ParticipantRole"] == "CUSTOMER" and stored[0]["DisplayName"] == "Jane"


def test_row_40_the_acknowledgement_comes_before_the_join(joined):
    _, socket = joined
    assert socket.frames[0]["topic"] == "aws/subscribe"
    assert socket.kinds()[0] == ("participant.joined", "CUSTOMER")


def test_row_41_message_to_frame(joined):
    chat, socket = joined
    said = chat.say("hello")
    frame = socket.expect(lambda frame: frame.get("topic") == "aws/chat" and "hello" in frame["content"])
    assert frame["contentType"] == "application/json" and isinstance(frame["content"], str)
    item = json.loads(frame["content"])
    assert item.pop("MessageMetadata", {"MessageId": said["Id"], "Receipts": []})["Receipts"] == []
    assert item == {
        "AbsoluteTime": said["AbsoluteTime"],
        "Content": "hello",
        "ContentType": "text/plain",
        "Id": said["Id"],
        "Type": "MESSAGE",
        "ParticipantId": chat.id,
        "DisplayName": "Jane",
        "ParticipantRole": "CUSTOMER",
        "InitialContactId": chat.contact,
        "ContactId": chat.contact,
    }
    assert re.fullmatch(UUID, said["Id"]) and re.fullmatch(ISO_MS, said["AbsoluteTime"])


def test_row_42_two_sockets(joined):
    chat, socket = joined
    second = chat.join()
    said = chat.say("to both")
    assert socket.message("to both")["Id"] == second.message("to both")["Id"] == said["Id"]


# --- messages and events (2.2, 2.3)


def test_row_43_client_token_twice(joined):
    chat, socket = joined
    token = unknown()
    first = chat.say("once", ClientToken=token)
    again = chat.say("other words", ClientToken=token)
    chat.say("barrier")
    socket.message("barrier")
    assert (again["Id"], again["AbsoluteTime"]) == (first["Id"], first["AbsoluteTime"])
    assert [item["Id"] for item in socket.items].count(first["Id"]) == 1
    assert [text for text in chat.texts() if text in ("once", "other words")] == ["once"]


@pytest.mark.parametrize("text", ["x" * 16384, "가" * 5461 + "x"], ids=["latin", "hangul"])
def test_row_44_a_message_of_16384_bytes(joined, text):
    chat, socket = joined
    said = chat.say(text)
    assert socket.message(text)["Id"] == said["Id"]
    assert text in chat.texts()


@pytest.mark.parametrize("text", ["x" * 16385, "가" * 5462], ids=["latin", "hangul"])
def test_row_44_a_message_of_more_bytes(joined, text):
    chat, _ = joined
    with refused(400, "ValidationException"):
        chat.say(text)


def test_row_44_an_empty_message(joined, http):
    chat, _ = joined
    answer = wire.bearer(http, "/message", chat.connection, {"ContentType": "text/plain", "Content": ""})
    assert (answer.status, answer.error) == (400, "ValidationException"), answer


@pytest.mark.parametrize("kind", ["text/markdown", "application/json", "text/html", "nonsense"])
def test_row_45_type_not_supported_by_the_contact(joined, kind):
    chat, _ = joined
    with refused(400, "ValidationException"):
        chat.say("{}", kind)


def test_row_45_types_that_the_contact_supports(start):
    response = "application/vnd.amazonaws.connect.message.interactive.response"
    kinds = ["text/plain", "text/markdown", "application/json", response]
    chat = start(SupportedMessagingContentTypes=kinds)
    socket = chat.join()
    for kind, text in zip(kinds, ["a", "**b**", '{"c":1}', '{"templateType":"ListPicker","data":{}}'], strict=True):
        said = chat.say(text, kind)
        item = socket.item(lambda item: item["Id"] == said["Id"])
        assert (item["ContentType"], item["Content"]) == (kind, text)
    for kind in ("application/json", response):
        with refused(400, "ValidationException"):
            chat.say("{not json", kind)


def test_row_46_text_round_trip(joined):
    chat, socket = joined
    said = chat.say(TEXT)
    assert socket.item(lambda item: item["Id"] == said["Id"])["Content"] == TEXT
    assert [item["Content"] for item in chat.items() if item["Id"] == said["Id"]] == [TEXT]


def test_row_47_typing(bot, joined):
    chat, socket = joined
    _, bot_socket = bot
    sent = chat.send_event("typing")
    typing = bot_socket.event("typing", "CUSTOMER")
    assert (typing["Type"], typing["Id"], typing["ParticipantId"]) == ("EVENT", sent["Id"], chat.id)
    assert (typing["InitialContactId"], typing["ContactId"]) == (chat.contact, chat.contact)
    assert "Content" not in typing and re.fullmatch(ISO_MS, typing["AbsoluteTime"])
    assert EVENT + "typing" not in [item.get("ContentType") for item in chat.items()]


def test_row_48_connection_acknowledged(joined):
    chat, socket = joined
    answer = chat.send_event("connection.acknowledged")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert re.fullmatch(UUID, answer["Id"]) and re.fullmatch(ISO_MS, answer["AbsoluteTime"])
    assert EVENT + "connection.acknowledged" not in [item.get("ContentType") for item in chat.items()]


@pytest.mark.parametrize("name", ["nonsense", "chat.ended", "participant.joined", "message.metadata"])
def test_row_49_unknown_event_type(joined, name):
    chat, _ = joined
    with refused(400, "ValidationException"):
        chat.send_event(name)


# --- bots (1.6)


def test_row_49_content_of_an_event_has_a_limit(joined):
    chat, _ = joined
    chat.send_event("typing", "x" * 16_384)
    with refused(400, "ValidationException"):
        chat.send_event("typing", "x" * 16_385)


def test_row_50_create_participant(joined, connect):
    chat, socket = joined
    where = {"InstanceId": INSTANCE, "ContactId": chat.contact, "ClientToken": unknown()}
    details = {"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Robo"}
    made = connect.create_participant(**where, ParticipantDetails=details)
    again = connect.create_participant(**where, ParticipantDetails=details)
    assert made["ParticipantId"] == again["ParticipantId"]
    assert made["ParticipantCredentials"]["ParticipantToken"] and made["ParticipantCredentials"]["Expiry"]
    chat.service.create_participant_connection(
        ParticipantToken=made["ParticipantCredentials"]["ParticipantToken"],
        Type=["CONNECTION_CREDENTIALS"],
        ConnectParticipant=True,
    )
    joined = socket.event("participant.joined", "CUSTOM_BOT")
    assert (joined["ParticipantId"], joined["DisplayName"]) == (made["ParticipantId"], "Robo")


@pytest.mark.parametrize("role", ["AGENT", "CUSTOMER", "SYSTEM", "SUPERVISOR"])
def test_row_50_other_roles_are_refused(joined, connect, role):
    chat, _ = joined
    details = {"ParticipantRole": role, "DisplayName": "Nobody"}
    with refused(400, "InvalidRequestException"):
        connect.create_participant(InstanceId=INSTANCE, ContactId=chat.contact, ParticipantDetails=details)


def test_row_50_create_participant_on_nothing(connect):
    details = {"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Robo"}
    with refused(404, "ResourceNotFoundException"):
        connect.create_participant(InstanceId=INSTANCE, ContactId=unknown(), ParticipantDetails=details)


def test_row_51_a_bots_message_reaches_the_customer(joined, bot):
    chat, socket = joined
    robo, bot_socket = bot
    said = robo.say("I am a bot")
    item = socket.message("I am a bot")
    assert (item["Id"], item["ParticipantRole"], item["DisplayName"]) == (said["Id"], "CUSTOM_BOT", "Robo")
    assert bot_socket.message("I am a bot")["Id"] == said["Id"]
    assert "I am a bot" in chat.texts()


# --- receipts (3.5.4)


def metadata(item: dict) -> bool:
    return item["Type"] == "MESSAGEMETADATA"


def test_row_52_delivered_then_read(joined, bot):
    chat, socket = joined
    robo, bot_socket = bot
    said = robo.say("have you seen this?")
    socket.message("have you seen this?")
    chat.receipt("delivered", said["Id"])
    first = bot_socket.item(metadata)
    assert first["ContentType"] == EVENT + "message.metadata"
    assert (first["InitialContactId"], first["ContactId"]) == (chat.contact, chat.contact)
    assert first["MessageMetadata"]["MessageId"] == said["Id"]
    [receipt] = first["MessageMetadata"]["Receipts"]
    assert receipt["RecipientParticipantId"] == chat.id and "ReadTimestamp" not in receipt
    assert re.fullmatch(ISO_MS, receipt["DeliveredTimestamp"])

    after = bot_socket.mark
    chat.receipt("read", said["Id"])
    [read] = bot_socket.item(metadata, after=after)["MessageMetadata"]["Receipts"]
    assert read["RecipientParticipantId"] == chat.id
    assert read["DeliveredTimestamp"] == receipt["DeliveredTimestamp"] and re.fullmatch(ISO_MS, read["ReadTimestamp"])

    after = len(bot_socket.items)
    chat.receipt("read", said["Id"])
    chat.receipt("delivered", said["Id"])
    chat.say("barrier")
    bot_socket.message("barrier")
    assert [item for item in bot_socket.items[after:] if metadata(item)] == []
    [stored] = [item["MessageMetadata"] for item in robo.items() if item["Id"] == said["Id"]]
    assert stored["Receipts"] == [read]


def test_row_52_an_agent_reads_on_the_desk(talk):
    chat, socket, desk, contact = talk
    said = chat.say("can you read this?")
    there = lambda frame: frame["item"].get("text") == "can you read this?"
    item = desk.event("item", there)["item"]
    assert item["id"] == said["Id"]
    desk.do("read", contact=contact["id"], n=item["n"])
    reads = lambda item: metadata(item) and "ReadTimestamp" in item["MessageMetadata"]["Receipts"][0]
    found = socket.item(reads)["MessageMetadata"]
    assert found["MessageId"] == said["Id"]
    assert found["Receipts"][0]["RecipientParticipantId"] == contact["me"] != chat.id


def test_row_52_content_as_an_object(joined, bot, http):
    chat, _ = joined
    robo, bot_socket = bot
    said = robo.say("from chatjs")
    content = {"messageId": said["Id"], "disableThrottle": True}
    body = {"ContentType": EVENT + "message.read", "Content": content}
    assert wire.bearer(http, "/event", chat.connection, body).status == 200
    assert bot_socket.item(metadata)["MessageMetadata"]["MessageId"] == said["Id"]


def test_row_53_receipts_in_the_transcript(joined, bot):
    chat, _ = joined
    robo, _ = bot
    first, last = robo.say("one"), robo.say("two")
    unread = {item["Id"]: item["MessageMetadata"] for item in robo.items() if item["Type"] == "MESSAGE"}
    assert unread[last["Id"]] == {"MessageId": last["Id"], "Receipts": []}
    chat.receipt("read", last["Id"])
    found = {item["Id"]: item["MessageMetadata"] for item in robo.items() if item["Type"] == "MESSAGE"}
    [receipt] = found[last["Id"]]["Receipts"]
    assert receipt["RecipientParticipantId"] == chat.id
    assert re.fullmatch(ISO_MS, receipt["ReadTimestamp"]) and re.fullmatch(ISO_MS, receipt["DeliveredTimestamp"])
    assert found[first["Id"]]["MessageId"] == first["Id"]
    assert EVENT + "message.read" not in [item.get("ContentType") for item in robo.items()]


@pytest.mark.parametrize(
    "content",
    [f'{{"messageId":"{unknown()}"}}', "{", "[]", "{}", '{"messageId":7}', '{"messageId":""}', None],
    ids=["unknown", "broken", "list", "no id", "number", "empty", "none"],
)
@pytest.mark.parametrize("name", ["message.delivered", "message.read"])
def test_row_54_receipt_for_nothing(joined, name, content):
    chat, _ = joined
    with refused(400, "ValidationException"):
        chat.send_event(name, content)


def test_row_54_receipts_with_three_participants(joined, bot):
    chat, socket = joined
    robo, _ = bot
    third = chat.bot("Third")
    third.join()
    socket.item(lambda item: item.get("DisplayName") == "Third")
    said = robo.say("to two others")
    with refused(409, "ConflictException"):
        chat.receipt("read", said["Id"])
    third.close()
