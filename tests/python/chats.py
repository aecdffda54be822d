"""A customer's (or bot's) side of a chat, by boto3."""

import contextlib
import json
import uuid

import pytest
from botocore.exceptions import ClientError

import centre
from sockets import EVENT, ChatSocket

BOTH = ["WEBSOCKET", "CONNECTION_CREDENTIALS"]
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ISO_MS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
INVALID = ("InvalidParameterException", "InvalidRequestException")


def unknown() -> str:
    """An id that nothing has."""
    return str(uuid.uuid4())


@contextlib.contextmanager
def refused(status: int, *codes: str):
    """The call inside is answered by this status and, if any are named, one of these shapes."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    assert not codes or answer["Error"]["Code"] in codes, answer


class Participant:
    """Somebody with a ParticipantToken."""

    def __init__(self, service, id: str, token: str):
        self.service, self.id, self.token = service, id, token
        self.connection = self.url = None
        self.sockets: list[ChatSocket] = []

    def connect(self, types=BOTH, **more) -> dict:
        """CreateParticipantConnection; keeps what it gave."""
        answer = self.service.create_participant_connection(ParticipantToken=self.token, Type=types, **more)
        self.connection = answer.get("ConnectionCredentials", {}).get("ConnectionToken", self.connection)
        self.url = answer.get("Websocket", {}).get("Url", self.url)
        return answer

    def open(self) -> ChatSocket:
        """A socket that has subscribed to nothing."""
        if self.url is None:
            self.connect()
        self.sockets.append(ChatSocket(self.url))
        return self.sockets[-1]

    def join(self) -> ChatSocket:
        """A subscribed socket; the first one connects the participant."""
        return self.open().subscribe()

    def say(self, text: str, kind: str = "text/plain", **more) -> dict:
        return self.service.send_message(ConnectionToken=self.connection, ContentType=kind, Content=text, **more)

    def send_event(self, name: str, content: str | None = None) -> dict:
        more = {} if content is None else {"Content": content}
        return self.service.send_event(ConnectionToken=self.connection, ContentType=EVENT + name, **more)

    def receipt(self, name: str, message: str) -> dict:
        return self.send_event(f"message.{name}", json.dumps({"messageId": message}))

    def transcript(self, **how) -> dict:
        return self.service.get_transcript(ConnectionToken=self.connection, **how)

    def items(self, **how) -> list[dict]:
        """The newest hundred, oldest first, unless told otherwise."""
        return self.transcript(**{"MaxResults": 100, "SortOrder": "ASCENDING", **how})["Transcript"]

    def texts(self, **how) -> list[str]:
        return [item["Content"] for item in self.items(**how) if item["Type"] == "MESSAGE"]

    def leave(self, **more) -> dict:
        return self.service.disconnect_participant(ConnectionToken=self.connection, **more)

    def close(self) -> None:
        for socket in self.sockets:
            socket.close()


class Chat(Participant):
    """A customer's chat."""

    def __init__(self, control, service, **how):
        self.control = control
        first = {"InstanceId": centre.INSTANCE, "ContactFlowId": centre.FLOW_1}
        details = {"ParticipantDetails": {"DisplayName": "Jane"}}
        self.started = control.start_chat_contact(**{**first, **details, **how})
        super().__init__(service, self.started["ParticipantId"], self.started["ParticipantToken"])
        self.contact = self.started["ContactId"]

    def describe(self) -> dict:
        return self.control.describe_contact(InstanceId=centre.INSTANCE, ContactId=self.contact)["Contact"]

    def bot(self, name: str = "Robo") -> Participant:
        """A CUSTOM_BOT beside the customer, connected."""
        details = {"ParticipantRole": "CUSTOM_BOT", "DisplayName": name}
        made = self.control.create_participant(
            InstanceId=centre.INSTANCE, ContactId=self.contact, ParticipantDetails=details
        )
        bot = Participant(self.service, made["ParticipantId"], made["ParticipantCredentials"]["ParticipantToken"])
        bot.connect()
        return bot

    def stop(self) -> None:
        self.control.stop_contact(InstanceId=centre.INSTANCE, ContactId=self.contact)

    def clear(self) -> None:
        """Leaves nothing behind: the next test's agent must not be offered this chat."""
        with contextlib.suppress(ClientError):
            self.stop()
        self.close()
