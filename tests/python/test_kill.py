"""`kill -9` at any moment, two hundred times in a row under load: what was acknowledged is there once and in order.

Each life of the server is short: writers send as fast as they can, then the process is killed in the middle. What got no
answer is sent again with the same ClientToken in the next life, so it must never stand twice.
"""

import http.client
import json
import os
import random
import threading
import uuid

import boto3
from botocore.config import Config

import centre as demo
from conftest import log_in
from sockets import Desk

LIVES = int(os.environ.get("SANGDAM_KILLS", "200"))
CHATS = 6


def is_theirs(item: dict) -> bool:
    return item["Type"] == "MESSAGE" and item["ParticipantRole"] == "CUSTOMER"


class Writer:
    """One customer, who keeps account of everything said."""

    def __init__(self, token: str):
        self.token = token
        self.said: list[tuple[str, str]] = []  # acknowledged: (Id, text), in order
        self.unsure: tuple[str, str] | None = None  # not acknowledged: (ClientToken, text)
        self.count = 0

    def run(self, host: str) -> None:
        """Sends until the connection breaks."""
        try:
            line = http.client.HTTPConnection(host, timeout=10)
            while True:
                if self.unsure is None:
                    self.count += 1
                    self.unsure = (str(uuid.uuid4()), f"메시지 {self.count}")
                key, text = self.unsure
                body = json.dumps({"ContentType": "text/plain", "Content": text, "ClientToken": key})
                headers = {"X-Amz-Bearer": self.token, "Content-Type": "application/json"}
                line.request("POST", "/participant/message", body, headers)
                answer = line.getresponse()
                data = answer.read()
                # A server that is going down may say so; anything else is a fault of its own.
                assert answer.status in (200, 503), (answer.status, data)
                if answer.status == 200:
                    self.said.append((json.loads(data)["Id"], text))
                    self.unsure = None
        except (OSError, http.client.HTTPException):
            return

    def transcript(self, participant) -> list[tuple[str, str]]:
        lines, token = [], None
        while True:
            more = {"NextToken": token} if token else {}
            page = participant.get_transcript(ConnectionToken=self.token, MaxResults=100, SortOrder="ASCENDING", **more)
            new = [(item["Id"], item["Content"]) for item in page["Transcript"] if is_theirs(item)]
            lines = new + lines
            token = page.get("NextToken")
            if not token:
                return lines


def clients(endpoint: str):
    config = Config(retries={"total_max_attempts": 3})
    keys = {"aws_access_key_id": demo.KEY, "aws_secret_access_key": demo.SECRET}
    make = lambda service: boto3.client(service, endpoint_url=endpoint, region_name=demo.REGION, config=config, **keys)
    return make("connect"), make("connectparticipant")


def test_nothing_acknowledged_is_lost_by_two_hundred_kills(tmp_path):
    dice = random.Random(20261121)
    centre = demo.Centre(tmp_path / "data")
    connect, participant = clients(centre.http)
    writers = []
    for n in range(CHATS):
        chat = connect.start_chat_contact(
            InstanceId=demo.INSTANCE,
            ContactFlowId=demo.FLOW_1,
            ParticipantDetails={"DisplayName": f"writer {n}"},
            ConnectionTypes=["CONNECTION_CREDENTIALS"],
        )
        writers.append(Writer(chat["ConnectionCredentials"]["ConnectionToken"]))
    agent = Desk(centre.http, log_in(centre.http, "1001"))
    agent.ready()
    agent.close()

    for life in range(LIVES):
        host = centre.http.removeprefix("http://")
        threads = [threading.Thread(target=writer.run, args=(host,), daemon=True) for writer in writers]
        for thread in threads:
            thread.start()
        threading.Event().wait(dice.uniform(0.0, 0.25))
        centre.kill()
        for thread in threads:
            thread.join(15)
            assert not thread.is_alive(), "a writer hangs"
        centre = demo.Centre(tmp_path / "data")
        if life % 20 == 19 or life == LIVES - 1:
            _, participant = clients(centre.http)
            for writer in writers:
                written = writer.transcript(participant)
                unsure = {writer.unsure[1]} if writer.unsure else set()
                certain = [line for line in written if line[1] not in unsure]
                assert certain == writer.said, f"life {life}: {len(written)} lines, {len(writer.said)} acknowledged"
                assert len({text for _, text in written}) == len(written), "a message stands twice"

    assert sum(len(writer.said) for writer in writers) > LIVES, "the test must have written something"
    world = Desk(centre.http, log_in(centre.http, "1001"))
    state = world.do("hello", lang="en")["agent"]["channels"]["chat"]["state"]
    assert state in ("ready", "not_ready"), "the agent is still logged on"
    world.close()
    assert centre.stop() == 0
