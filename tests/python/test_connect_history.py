"""Amazon Connect chat, conformance rows 55-69: transcripts, files, the end, chats that go on from an earlier one.

Each test is named for its row in the specification's section 6.
"""

import datetime
import re

import pytest

import wire
from chats import ISO_MS, refused, unknown
from files import PNG, complete, start_upload, upload

# --- transcripts (2.4)


@pytest.fixture
def told(joined):
    """A chat with 25 messages; its items as they are, oldest first."""
    chat, socket = joined
    for n in range(25):
        chat.say(f"{n:02}")
    socket.message("24")
    items = chat.items()
    times = [item["AbsoluteTime"] for item in items]
    assert len(items) >= 26 and times == sorted(times)
    return chat, [item["Id"] for item in items]


def ids(page: dict) -> list[str]:
    return [item["Id"] for item in page["Transcript"]]


def pages(chat, **how):
    """Follows NextToken to the end."""
    page = chat.transcript(**how)
    yield ids(page)
    while "NextToken" in page:
        assert len(page["NextToken"]) <= 1000
        page = chat.transcript(**{**how, "NextToken": page["NextToken"]})
        yield ids(page)


def test_row_55_transcript_default(told):
    chat, all_ids = told
    page = chat.transcript()
    assert ids(page) == all_ids[:-11:-1]
    assert page["InitialContactId"] == chat.contact and page["NextToken"]
    for item in page["Transcript"]:
        assert item["ContactId"] == chat.contact and "RelatedContactId" not in item and "InitialContactId" not in item
        assert re.fullmatch(ISO_MS, item["AbsoluteTime"])


def test_row_56_backward_ascending_pages(told):
    chat, all_ids = told
    found = list(pages(chat, MaxResults=7, SortOrder="ASCENDING", ScanDirection="BACKWARD"))
    assert found[0] == all_ids[-7:], "the newest, oldest first"
    assert sum(reversed(found), []) == all_ids, "no gap and no overlap"
    assert all(found)


def test_row_56_pages_hold_while_new_items_arrive(told):
    chat, all_ids = told
    how = {"MaxResults": 10, "SortOrder": "DESCENDING", "ScanDirection": "BACKWARD"}
    first = chat.transcript(**how)
    chat.say("meanwhile")
    second = chat.transcript(**how, NextToken=first["NextToken"])
    assert ids(first) + ids(second) == all_ids[:-21:-1]


def test_row_56_a_page_that_ends_exactly_at_the_end_has_no_token(told):
    chat, all_ids = told
    assert "NextToken" not in chat.transcript(MaxResults=len(all_ids))


def test_row_57_forward_and_backward_from_an_id(told):
    chat, all_ids = told
    start = {"StartPosition": {"Id": all_ids[12]}, "MaxResults": 5, "SortOrder": "ASCENDING"}
    assert ids(chat.transcript(**start)) == all_ids[12:17], "FORWARD is the default with a position"
    assert ids(chat.transcript(**start, ScanDirection="FORWARD")) == all_ids[12:17]
    assert ids(chat.transcript(**start, ScanDirection="BACKWARD")) == all_ids[8:13]
    assert sum(pages(chat, **start, ScanDirection="FORWARD"), []) == all_ids[12:]
    assert ids(chat.transcript(**{**start, "SortOrder": "DESCENDING"})) == all_ids[12:17][::-1]


def test_row_57_from_a_time(told):
    chat, all_ids = told
    times = {item["Id"]: item["AbsoluteTime"] for item in chat.items()}
    at = times[all_ids[12]]
    start = {"StartPosition": {"AbsoluteTime": at}, "MaxResults": 100, "SortOrder": "ASCENDING"}
    assert ids(chat.transcript(**start, ScanDirection="FORWARD")) == [one for one in all_ids if times[one] >= at]
    assert ids(chat.transcript(**start, ScanDirection="BACKWARD")) == [one for one in all_ids if times[one] <= at]


def test_row_57_from_the_most_recent(told):
    chat, all_ids = told
    start = {"StartPosition": {"MostRecent": 5}, "MaxResults": 10, "SortOrder": "ASCENDING"}
    assert ids(chat.transcript(**start, ScanDirection="FORWARD")) == all_ids[-5:]
    assert ids(chat.transcript(**start, ScanDirection="BACKWARD")) == all_ids[-14:-4]


def test_row_57_forward_without_a_position_is_empty(told):
    chat, _ = told
    page = chat.transcript(ScanDirection="FORWARD")
    assert page["Transcript"] == [] and "NextToken" not in page


def test_row_58_an_empty_start_position_is_none(told, http):
    chat, all_ids = told
    body = {"StartPosition": {}, "MaxResults": 15, "SortOrder": "ASCENDING", "ScanDirection": "BACKWARD"}
    for start in ({}, None):
        answer = wire.bearer(http, "/transcript", chat.connection, {**body, "StartPosition": start})
        assert ids(answer.json) == all_ids[-15:], answer
    defaults = wire.bearer(http, "/transcript", chat.connection, {"StartPosition": {}, "MaxResults": 0})
    assert ids(defaults.json) == all_ids[:-11:-1], "BACKWARD, ten of them"


def test_row_59_too_many_results_and_bad_tokens(told):
    chat, _ = told
    with refused(400, "ValidationException"):
        chat.transcript(MaxResults=101)
    for token in ("nonsense", "x" * 1001, "eyJ9"):
        with refused(400, "ValidationException"):
            chat.transcript(NextToken=token)


def test_row_59_a_token_of_another_chat(told, start):
    chat, _ = told
    other = start()
    other.join().event("participant.joined", "CUSTOMER")
    token = chat.transcript(MaxResults=1)["NextToken"]
    with refused(400, "ValidationException"):
        other.transcript(NextToken=token)


def test_row_60_initial_message(start):
    chat = start(InitialMessage={"ContentType": "text/plain", "Content": "처음 드리는 말씀"})
    socket = chat.join()
    item = socket.message("처음 드리는 말씀")
    assert (item["ParticipantRole"], item["ParticipantId"]) == ("CUSTOMER", chat.id)
    assert socket.kinds()[:2] == [("participant.joined", "CUSTOMER"), ("MESSAGE", "CUSTOMER")]
    first = next(one for one in chat.items() if one["Type"] == "MESSAGE")
    assert (first["Id"], first["Content"]) == (item["Id"], "처음 드리는 말씀")


# --- attachments (2.6)


def test_row_61_attachment_there_and_back(joined):
    chat, socket = joined
    data = PNG
    attachment, put = upload(chat, "화면 shot.png", "image/png", data)
    assert (put.status, put.bytes) == (200, b""), put
    token = unknown()
    complete(chat, attachment, token)
    item = socket.item(lambda item: item["Type"] == "ATTACHMENT" and item["Attachments"][0]["Status"] == "APPROVED")
    [shown] = item["Attachments"]
    assert shown["AttachmentId"] == attachment and shown["AttachmentName"] == "화면 shot.png"
    assert shown["ContentType"] == "image/png" and item["ParticipantRole"] == "CUSTOMER"
    assert item["Id"] in [one["Id"] for one in chat.items() if one["Type"] == "ATTACHMENT"]
    got = chat.service.get_attachment(ConnectionToken=chat.connection, AttachmentId=attachment)
    assert got["AttachmentSizeInBytes"] == len(data)
    file = wire.get(got["Url"])
    assert (file.status, file.bytes) == (200, data) and file.headers.get_content_type() == "image/png"
    complete(chat, attachment, token)
    with refused(409, "ConflictException"):
        complete(chat, attachment)


def test_row_61_a_text_file_keeps_the_type_it_was_declared_with(joined):
    chat, socket = joined
    attachment, answer = upload(chat, "메모.txt", "text/plain", "안녕하세요".encode())
    assert answer.status == 200, answer
    complete(chat, attachment)
    shown = socket.item(lambda item: item["Type"] == "ATTACHMENT")["Attachments"][0]
    assert (shown["ContentType"], shown["AttachmentName"]) == ("text/plain", "메모.txt"), shown
    url = chat.service.get_attachment(AttachmentId=attachment, ConnectionToken=chat.connection)["Url"]
    assert wire.get(url).headers["content-type"] == "text/plain; charset=utf-8", "with the bytes goes their charset"


def test_row_61_an_upload_expires_within_the_hour_and_speaks_cors(joined):
    chat, _ = joined
    made = start_upload(chat, ContentType="text/plain", AttachmentSizeInBytes=2, AttachmentName="a.txt")
    where = made["UploadMetadata"]
    expiry = datetime.datetime.fromisoformat(where["UrlExpiry"].replace("Z", "+00:00"))
    left = expiry - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta() < left < datetime.timedelta(hours=1)
    assert len(where["Url"]) <= 2000
    assert {"content-type", "content-length"} <= {name.lower() for name in where["HeadersToInclude"]}
    base, path = wire.split(where["Url"])
    origin = ("Origin", "https://shop.example")
    wanted = ",".join(where["HeadersToInclude"])
    asks = [origin, ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", wanted)]
    preflight = wire.send(base, "OPTIONS", path, asks)
    assert preflight.status in (200, 204) and "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    put = wire.put(where["Url"], b"hi", [*where["HeadersToInclude"].items(), origin])
    assert put.status == 200 and put.headers["Access-Control-Allow-Origin"] in ("*", "https://shop.example")


def test_row_62_too_much_is_declared(joined):
    chat, _ = joined
    for size in (21 * 1024 * 1024, 20_971_521):
        with refused(400, "ValidationException"):
            start_upload(chat, AttachmentSizeInBytes=size)
    assert start_upload(chat, AttachmentSizeInBytes=20_971_520)["AttachmentId"]


@pytest.mark.parametrize("name, kind", [("a.exe", "application/x-msdownload"), ("a.html", "text/html")])
def test_row_62_types_that_are_not_allowed(joined, name, kind):
    chat, _ = joined
    with refused(400, "ValidationException"):
        start_upload(chat, AttachmentName=name, ContentType=kind)


def test_row_62_the_36th_attachment(joined):
    chat, _ = joined
    for _ in range(35):
        start_upload(chat)
    with refused(402, "ServiceQuotaExceededException"):
        start_upload(chat)


def test_row_63_complete_before_put(joined):
    chat, _ = joined
    with refused(400, "ValidationException"):
        complete(chat, start_upload(chat)["AttachmentId"])


def test_row_63_complete_nothing(joined):
    chat, _ = joined
    with refused(400, "ValidationException"):
        complete(chat, unknown())


# --- the end (2.5, 4.3)


def test_row_64_the_customer_disconnects(joined):
    chat, socket = joined
    token = unknown()
    assert chat.leave(ClientToken=token)["ResponseMetadata"]["HTTPStatusCode"] == 200
    ended = socket.event("chat.ended")
    assert not {"ParticipantRole", "ParticipantId", "DisplayName", "Content"} & ended.keys()
    assert (ended["Type"], ended["InitialContactId"], ended["ContactId"]) == ("EVENT", chat.contact, chat.contact)
    assert socket.kinds()[-2:] == [("participant.left", "CUSTOMER"), ("chat.ended", None)]
    assert chat.describe()["DisconnectReason"] == "CUSTOMER_DISCONNECT"
    assert chat.leave(ClientToken=token)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_row_64_a_bot_leaves_and_the_chat_goes_on(joined, bot):
    chat, socket = joined
    robo, _ = bot
    robo.leave()
    socket.event("participant.left", "CUSTOM_BOT")
    with refused(403, "AccessDeniedException"):
        robo.say("from beyond")
    chat.say("alone")
    socket.message("alone")


def test_row_65_any_call_after_the_end(joined):
    chat, socket = joined
    chat.leave()
    socket.event("chat.ended")
    after = [
        lambda: chat.say("too late"),
        lambda: chat.send_event("typing"),
        lambda: chat.transcript(),
        lambda: chat.leave(),
        lambda: start_upload(chat),
        lambda: chat.service.get_attachment(ConnectionToken=chat.connection, AttachmentId=unknown()),
    ]
    for call in after:
        with refused(403, "AccessDeniedException"):
            call()


def test_row_65_even_a_call_with_mistakes_learns_that_the_chat_is_over(joined, http):
    chat, socket = joined
    assert wire.bearer(http, "/message", chat.connection, "{}").status == 400
    chat.leave()
    socket.event("chat.ended")
    for path in ("/message", "/event", "/start-attachment-upload", "/complete-attachment-upload", "/attachment"):
        answer = wire.bearer(http, path, chat.connection, "{}")
        assert (answer.status, answer.error) == (403, "AccessDeniedException"), (path, answer)
    for body in ("{}", '{"Type":["OTHER"]}', "["):
        answer = wire.bearer(http, "/connection", chat.token, body)
        assert (answer.status, answer.error) == (403, "AccessDeniedException"), (body, answer)


def test_row_66_create_participant_connection_after_the_end(joined):
    chat, socket = joined
    chat.stop()
    socket.event("chat.ended")
    with refused(403, "AccessDeniedException"):
        chat.connect()


def test_row_67_stop_contact(joined, connect):
    chat, socket = joined
    chat.stop()
    socket.event("chat.ended")
    assert socket.kinds()[-1] == ("chat.ended", None)
    contact = chat.describe()
    assert contact["DisconnectTimestamp"] >= contact["InitiationTimestamp"]
    assert contact["DisconnectReason"] == "API"


def test_row_67_stop_before_anybody_connected(chat):
    chat.stop()
    assert "DisconnectTimestamp" in chat.describe()


# --- persistent chat (1.2)


def ended_chat(start, *texts: str, **how):
    chat = start(**how)
    socket = chat.join()
    for text in texts:
        chat.say(text)
        socket.message(text)
    chat.leave()
    socket.event("chat.ended")
    return chat


def whole(chat) -> list[dict]:
    """Every item, past ones too, oldest first."""
    how = {"MaxResults": 100, "ScanDirection": "BACKWARD", "SortOrder": "DESCENDING"}
    page = chat.transcript(**how)
    items = page["Transcript"]
    while "NextToken" in page:
        page = chat.transcript(**how, NextToken=page["NextToken"])
        items += page["Transcript"]
    return items[::-1]


def test_row_68_persistent_chat_from_segment(start):
    past = ended_chat(start, "then one", "then two")
    source = {"RehydrationType": "FROM_SEGMENT", "SourceContactId": past.contact}
    chat = start(PersistentChat=source)
    assert chat.started["ContinuedFromContactId"] == past.contact != chat.contact
    socket = chat.join()
    socket.event("participant.joined", "CUSTOMER")
    socket.event("chat.rehydrated")
    chat.say("now")
    socket.message("now")
    assert chat.describe()["RelatedContactId"] == past.contact
    first = chat.transcript(MaxResults=100)
    assert first["NextToken"] and all("RelatedContactId" not in item for item in first["Transcript"])
    items = whole(chat)
    texts = [item["Content"] for item in items if item["Type"] == "MESSAGE" and item["ParticipantRole"] == "CUSTOMER"]
    assert texts == ["then one", "then two", "now"]
    for item in items:
        of_the_past = item.get("Content", "").startswith("then")
        if of_the_past:
            assert item["RelatedContactId"] == past.contact and "ContactId" not in item
        if item.get("Content") == "now":
            assert item["ContactId"] == chat.contact and "RelatedContactId" not in item
    assert len({item["Id"] for item in items}) == len(items)


def test_row_68_entire_past_session_and_a_chain(start):
    first = ended_chat(start, "1")
    source = {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": first.contact}
    second = ended_chat(start, "2", PersistentChat=source)
    third = start(PersistentChat={"RehydrationType": "FROM_SEGMENT", "SourceContactId": second.contact})
    socket = third.join()
    third.say("3")
    socket.message("3")
    texts = [item["Content"] for item in whole(third) if item.get("ParticipantRole") == "CUSTOMER" and "Content" in item]
    assert texts == ["1", "2", "3"]


def test_row_68_unknown_source(start):
    with refused(404, "ResourceNotFoundException"):
        start(PersistentChat={"RehydrationType": "FROM_SEGMENT", "SourceContactId": unknown()})


def test_row_69_persistent_chat_of_an_active_contact(start, chat):
    for kind in ("FROM_SEGMENT", "ENTIRE_PAST_SESSION"):
        with refused(400, "InvalidRequestException"):
            start(PersistentChat={"RehydrationType": kind, "SourceContactId": chat.contact})
