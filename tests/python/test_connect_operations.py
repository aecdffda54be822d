"""The control plane and participant operations that the conformance rows leave out (sections 1.7-1.11, 2.7-2.9)."""

import datetime
import json

import pytest

import wire
from centre import FLOW_1, FLOW_2, INSTANCE
from chats import INVALID, refused, unknown
from files import PNG, complete, upload
from sockets import EVENT


def at(chat) -> dict:
    return {"InstanceId": INSTANCE, "ContactId": chat.contact}


def timer(role="CUSTOMER", kind="IDLE", **value) -> dict:
    value = value or {"ParticipantTimerDurationInMinutes": 5}
    return {"ParticipantRole": role, "TimerType": kind, "TimerValue": value}


def timers(*list_: dict) -> dict:
    return {"ChannelConfiguration": {"Chat": {"ParticipantTimerConfigList": list(list_)}}}


def test_update_participant_role_config(connect, chat):
    all_four = [timer(role, kind) for role in ("CUSTOMER", "AGENT") for kind in ("IDLE", "DISCONNECT_NONCUSTOMER")]
    answer = connect.update_participant_role_config(**at(chat), **timers(*all_four))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    connect.update_participant_role_config(**at(chat), **timers(timer(ParticipantTimerAction="Unset")))
    for minutes in (2, 480):
        connect.update_participant_role_config(**at(chat), **timers(timer(ParticipantTimerDurationInMinutes=minutes)))


@pytest.mark.parametrize(
    "wrong",
    [
        [timer(), timer()],
        [],
        [timer()] * 7,
        [timer(ParticipantTimerDurationInMinutes=1)],
        [timer(ParticipantTimerDurationInMinutes=481)],
        [timer(role="SYSTEM")],
        [timer(kind="SLEEP")],
        [timer(ParticipantTimerAction="Stop")],
    ],
    ids=["duplicates", "none", "seven", "1 min", "481 min", "role", "type", "action"],
)
def test_update_participant_role_config_refuses(loose, chat, wrong):
    with refused(400, *INVALID):
        loose.update_participant_role_config(**at(chat), **timers(*wrong))


def test_update_participant_role_config_of_nothing(connect):
    with refused(404, "ResourceNotFoundException"):
        connect.update_participant_role_config(InstanceId=INSTANCE, ContactId=unknown(), **timers(timer()))


def test_transfer_contact_moves_a_chat_into_a_new_segment(connect, joined):
    """The real operation takes tasks and e-mail only; chats are our extension, as 1.7 allows."""
    chat, socket = joined
    moved = connect.transfer_contact(**at(chat), ContactFlowId=FLOW_2)
    assert moved["ContactId"] != chat.contact and moved["ContactArn"].endswith(moved["ContactId"])
    socket.event("transfer.succeeded")
    found = connect.describe_contact(InstanceId=INSTANCE, ContactId=moved["ContactId"])["Contact"]
    assert (found["InitialContactId"], found["PreviousContactId"]) == (chat.contact, chat.contact)
    with refused(404, "ResourceNotFoundException"):
        connect.transfer_contact(InstanceId=INSTANCE, ContactId=unknown(), ContactFlowId=FLOW_2)


def test_start_outbound_chat_contact(connect):
    answer = connect.start_outbound_chat_contact(
        InstanceId=INSTANCE,
        ContactFlowId=FLOW_1,
        SourceEndpoint={"Type": "TELEPHONE_NUMBER", "Address": "+8215880000"},
        DestinationEndpoint={"Type": "TELEPHONE_NUMBER", "Address": "+821012345678"},
        SegmentAttributes={"connect:Subtype": {"ValueString": "connect:SMS"}},
        ClientToken=unknown(),
    )
    found = connect.describe_contact(InstanceId=INSTANCE, ContactId=answer["ContactId"])["Contact"]
    assert (found["Channel"], found["InitiationMethod"]) == ("CHAT", "OUTBOUND")
    connect.stop_contact(InstanceId=INSTANCE, ContactId=answer["ContactId"])


def test_tag_and_untag_contact(connect, chat):
    connect.tag_contact(**at(chat), Tags={"color": "파랑", "size": "L"})
    assert chat.describe()["Tags"].items() >= {"color": "파랑", "size": "L"}.items()
    connect.untag_contact(**at(chat), TagKeys=["size", "shape"])
    tags = chat.describe()["Tags"]
    assert tags["color"] == "파랑" and "size" not in tags
    with refused(404, "ResourceNotFoundException"):
        connect.tag_contact(InstanceId=INSTANCE, ContactId=unknown(), Tags={"a": "b"})


def test_update_contact(connect, chat):
    connect.update_contact(**at(chat), Name="주문 7", Description="배송이 늦음")
    found = chat.describe()
    assert (found["Name"], found["Description"]) == ("주문 7", "배송이 늦음")
    connect.update_contact(**at(chat), Description="도착함")
    found = chat.describe()
    assert (found["Name"], found["Description"]) == ("주문 7", "도착함")
    with refused(404, "ResourceNotFoundException"):
        connect.update_contact(InstanceId=INSTANCE, ContactId=unknown(), Name="x")


def test_list_associated_contacts(connect, chat):
    found = connect.list_associated_contacts(**at(chat))["ContactSummaryList"]
    [own] = [one for one in found if one["ContactId"] == chat.contact]
    assert (own["Channel"], own["InitiationMethod"]) == ("CHAT", "API")
    with refused(404, "ResourceNotFoundException"):
        connect.list_associated_contacts(InstanceId=INSTANCE, ContactId=unknown())


def test_search_contacts(connect, start):
    chats = [start() for _ in range(3)]
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    span = {"Type": "INITIATION_TIMESTAMP", "StartTime": now - hour, "EndTime": now + hour}
    how = {"InstanceId": INSTANCE, "TimeRange": span, "SearchCriteria": {"Channels": ["CHAT"]}, "MaxResults": 2}
    found, page = [], connect.search_contacts(**how)
    for _ in range(500):
        assert len(page["Contacts"]) <= 2
        found += [contact["Id"] for contact in page["Contacts"]]
        if "NextToken" not in page:
            break
        page = connect.search_contacts(**how, NextToken=page["NextToken"])
    assert {chat.contact for chat in chats} <= set(found) and len(found) == len(set(found))
    past = {**span, "StartTime": now - 3 * hour, "EndTime": now - 2 * hour}
    assert connect.search_contacts(**{**how, "TimeRange": past})["Contacts"] == []
    with refused(400, *INVALID):
        connect.search_contacts(**{**how, "TimeRange": {**span, "StartTime": now + 2 * hour}})


def test_list_queues(connect):
    found = connect.list_queues(InstanceId=INSTANCE, QueueTypes=["STANDARD"])["QueueSummaryList"]
    assert len(found) >= 2
    for queue in found:
        assert queue["QueueType"] == "STANDARD" and queue["Name"]
        assert queue["Arn"].endswith(f"instance/{INSTANCE}/queue/{queue['Id']}")


def test_list_users_page_by_page(connect):
    names, more = [], {}
    while True:
        page = connect.list_users(InstanceId=INSTANCE, MaxResults=7, **more)
        assert len(page["UserSummaryList"]) <= 7
        names += [user["Username"] for user in page["UserSummaryList"]]
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    assert {str(n) for n in range(1001, 1021)} <= set(names) and len(names) == len(set(names))


def test_get_current_metric_data(connect, start):
    chat = start(ContactFlowId=FLOW_2)
    chat.join().event("participant.joined", "CUSTOMER")
    queues = [queue["Id"] for queue in connect.list_queues(InstanceId=INSTANCE)["QueueSummaryList"]]
    answer = connect.get_current_metric_data(
        InstanceId=INSTANCE,
        Filters={"Queues": queues, "Channels": ["CHAT"]},
        Groupings=["QUEUE"],
        CurrentMetrics=[{"Name": "CONTACTS_IN_QUEUE", "Unit": "COUNT"}, {"Name": "OLDEST_CONTACT_AGE", "Unit": "SECONDS"}],
    )
    values = {
        (result["Dimensions"]["Queue"]["Id"], one["Metric"]["Name"]): one["Value"]
        for result in answer["MetricResults"]
        for one in result["Collections"]
    }
    assert sum(value for (_, name), value in values.items() if name == "CONTACTS_IN_QUEUE") >= 1, values
    assert isinstance(answer["DataSnapshotTime"], datetime.datetime)


def test_current_metrics_tell_who_has_chats_and_how_many_more_there_could_be(connect, start, desk):
    def metrics() -> dict:
        answer = connect.get_current_metric_data(
            InstanceId=INSTANCE,
            Filters={"Queues": ["3002"], "Channels": ["CHAT"]},
            Groupings=["QUEUE"],
            CurrentMetrics=[{"Name": name, "Unit": "COUNT"} for name in ("AGENTS_ON_CONTACT", "SLOTS_ACTIVE", "SLOTS_AVAILABLE")],
        )
        [result] = answer["MetricResults"]
        return {one["Metric"]["Name"]: one["Value"] for one in result["Collections"]}

    places = lambda of: of["SLOTS_ACTIVE"] + of["SLOTS_AVAILABLE"]
    before = metrics()
    agent = desk("1019")
    agent.ready()
    # Chats of others may wait here and come first; the places are the same, taken or free.
    limit = places(metrics()) - places(before)
    assert limit > 1, "an agent has more than one place for chats"
    chat = start(ContactFlowId=FLOW_2)
    chat.join().event("participant.joined", "CUSTOMER")
    agent.accept(chat.contact)
    after = metrics()
    assert places(after) == places(before) + limit
    assert after["AGENTS_ON_CONTACT"] > before["AGENTS_ON_CONTACT"]
    assert after["SLOTS_ACTIVE"] > before["SLOTS_ACTIVE"]


def test_current_metrics_page_by_page(connect):
    asked = {
        "InstanceId": INSTANCE,
        "Filters": {"Channels": ["CHAT"]},
        "Groupings": ["QUEUE"],
        "CurrentMetrics": [{"Name": "CONTACTS_IN_QUEUE", "Unit": "COUNT"}],
    }
    named = lambda answer: [result["Dimensions"]["Queue"]["Id"] for result in answer["MetricResults"]]
    whole = connect.get_current_metric_data(**asked)
    assert "NextToken" not in whole and whole["ApproximateTotalCount"] == len(whole["MetricResults"]) > 1
    first = connect.get_current_metric_data(**asked, MaxResults=1)
    rest = connect.get_current_metric_data(**asked, NextToken=first["NextToken"])
    assert (len(named(first)), named(first) + named(rest)) == (1, named(whole))


@pytest.mark.parametrize(
    "wrong",
    [
        {"CurrentMetrics": [{"Name": "NO_SUCH_METRIC", "Unit": "COUNT"}]},
        {"CurrentMetrics": [{"Name": "CONTACTS_IN_QUEUE", "Unit": "LITRES"}]},
        {"Filters": {"Channels": ["PIGEON"]}},
        {"MaxResults": 101},
        {"NextToken": "!"},
    ],
    ids=str,
)
def test_current_metrics_refuse_what_the_models_do_not_know(loose, wrong):
    asked = {"Filters": {}, "CurrentMetrics": [{"Name": "CONTACTS_IN_QUEUE", "Unit": "COUNT"}], **wrong}
    with refused(400, *INVALID):
        loose.get_current_metric_data(InstanceId=INSTANCE, **asked)


def test_kinds_that_the_models_do_not_know_are_refused_in_lists(loose):
    assert loose.list_queues(InstanceId=INSTANCE, QueueTypes=["AGENT"])["QueueSummaryList"] == []
    assert loose.list_contact_flows(InstanceId=INSTANCE, ContactFlowTypes=["AGENT_HOLD"])["ContactFlowSummaryList"] == []
    with refused(400, *INVALID):
        loose.list_queues(InstanceId=INSTANCE, QueueTypes=["OTHER"])
    with refused(400, *INVALID):
        loose.list_contact_flows(InstanceId=INSTANCE, ContactFlowTypes=["OTHER"])


def test_names_in_a_path_have_the_lengths_of_names_in_a_body(connect):
    with refused(404, "ResourceNotFoundException"):
        connect.describe_contact(InstanceId=INSTANCE, ContactId="x" * 256)
    with refused(400, *INVALID):
        connect.describe_contact(InstanceId=INSTANCE, ContactId="x" * 257)
    with refused(404, "ResourceNotFoundException"):
        connect.list_queues(InstanceId="x" * 100)
    with refused(400, *INVALID):
        connect.list_queues(InstanceId="x" * 101)


def test_send_chat_integration_event(connect):
    """One number writes to another: the pair names the chat (1.9)."""
    pair = {"SourceId": f"+82101{unknown()[:8]}", "DestinationId": "3001", "Subtype": "connect:sms"}
    event = lambda kind, **more: connect.send_chat_integration_event(**pair, Event={"Type": kind, **more})
    assert "InitialContactId" not in event("DISCONNECT")
    words = {"ContentType": "text/plain", "Content": "문자로 문의합니다"}
    first = event("MESSAGE", **words)
    assert first["NewChatCreated"] is True and first["InitialContactId"]
    again = event("MESSAGE", **words)
    assert (again["NewChatCreated"], again["InitialContactId"]) == (False, first["InitialContactId"])
    with refused(400, *INVALID):
        event("MESSAGE", ContentType="text/plain")
    event("DISCONNECT")
    found = connect.describe_contact(InstanceId=INSTANCE, ContactId=first["InitialContactId"])["Contact"]
    assert "DisconnectTimestamp" in found
    assert event("MESSAGE", **words)["NewChatCreated"] is True
    event("DISCONNECT")


def test_describe_view_of_nothing(joined):
    chat, _ = joined
    for token in ("nothing", "arn:aws:connect:us-east-1:1:instance/x/view/y==", "한/글"):
        with refused(404, "ResourceNotFoundException"):
            chat.service.describe_view(ViewToken=token, ConnectionToken=chat.connection)
    with refused(403, "AccessDeniedException"):
        chat.service.describe_view(ViewToken="nothing", ConnectionToken="garbage")


def test_get_authentication_url_without_authentication(joined):
    chat, _ = joined
    ask = {"RedirectUri": "https://shop.example/back", "ConnectionToken": chat.connection}
    answer = wire.bearer(
        chat.service.meta.endpoint_url,
        "/authentication-url",
        chat.connection,
        {"SessionId": unknown(), "RedirectUri": "https://shop.example/back"},
    )
    assert (answer.status, answer.error) in [(400, "ValidationException"), (403, "AccessDeniedException")], answer
    with refused(400, "ValidationException"):
        chat.service.get_authentication_url(**{**ask, "RedirectUri": "x" * 1025}, SessionId=unknown())
    with refused(403, "AccessDeniedException"):
        chat.service.get_authentication_url(**{**ask, "ConnectionToken": "garbage"}, SessionId=unknown())


def test_operations_that_are_not_there(connect):
    for call in (
        lambda: connect.list_prompts(InstanceId=INSTANCE),
        lambda: connect.describe_routing_profile(InstanceId=INSTANCE, RoutingProfileId=unknown()),
        lambda: connect.delete_instance(InstanceId=unknown()),
    ):
        with refused(404, "UnknownOperationException"):
            call()


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/contact/chat"),
        ("DELETE", "/instance"),
        ("GET", "/contact"),
        ("POST", "/participant/dance"),
        ("GET", "/participant/message"),
        ("PATCH", f"/contacts/{INSTANCE}/x"),
        ("GET", "/instance/%00"),
        ("GET", "/contacts/%ff/%fe"),
    ],
)
def test_unknown_operations_are_never_a_page(http, method, path):
    answer = wire.signed(http, method, path)
    assert 400 <= answer.status < 500, answer
    assert answer.headers.get_content_type() == "application/json" and answer.error, answer
    assert answer.json["message"] and b"<" not in answer.bytes


def test_files_of_a_chat_are_among_its_references(connect, chat):
    attachment, put = upload(chat, "사진.png", "image/png", PNG)
    assert put.status == 200
    complete(chat, attachment)
    found = connect.list_contact_references(**at(chat), ReferenceTypes=["ATTACHMENT"])["ReferenceSummaryList"]
    assert [entry["Attachment"]["Value"] for entry in found] == [attachment]
    assert found[0]["Attachment"]["Name"] == "사진.png" and found[0]["Attachment"]["Status"] == "APPROVED"
    assert connect.list_contact_references(**at(chat), ReferenceTypes=["URL"])["ReferenceSummaryList"] == []


def test_search_contacts_by_their_end(connect, start):
    ended, open_ = start(), start()
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    ended.stop()
    span = {"Type": "DISCONNECT_TIMESTAMP", "StartTime": before, "EndTime": before + datetime.timedelta(minutes=5)}
    found = [c["Id"] for c in connect.search_contacts(InstanceId=INSTANCE, TimeRange=span)["Contacts"]]
    assert ended.contact in found and open_.contact not in found
    with refused(400, *INVALID):
        connect.search_contacts(InstanceId=INSTANCE, TimeRange={**span, "Type": "SCHEDULED_TIMESTAMP"})


def test_a_repeated_event_is_answered_with_the_first_answer(chat):
    said = chat.say("hello")
    for kind, content in (("typing", {}), ("message.read", {"Content": json.dumps({"messageId": said["Id"]})})):
        event = {"ContentType": EVENT + kind, "ClientToken": unknown(), **content}
        first, again = (chat.service.send_event(ConnectionToken=chat.connection, **event) for _ in range(2))
        assert (first["Id"], first["AbsoluteTime"]) == (again["Id"], again["AbsoluteTime"])


def test_sockets_that_never_opened_take_no_place(chat):
    base, path = wire.split(chat.url.replace("ws://", "http://", 1))
    # No Sec-WebSocket-Key: the socket is let in, and cannot be made.
    for _ in range(8):
        answer = wire.send(base, "GET", path, [("Upgrade", "websocket"), ("Connection", "Upgrade")])
        assert 400 <= answer.status < 500
    for _ in range(5):
        chat.open()
