"""What the suites share: a demo centre for each, its clients, chats and desks that are gone after each test."""

import contextlib
import os

import boto3
import pytest
from botocore.config import Config
from websocket import WebSocketException

import centre as demo
import wire
from chats import Chat, Participant
from sockets import Desk, Refused

os.environ["NO_PROXY"] = "127.0.0.1,localhost"


@pytest.fixture(scope="module")
def centre(tmp_path_factory):
    """The demo centre of a module: what one leaves behind disturbs no other."""
    running = demo.Centre(tmp_path_factory.mktemp("centre") / "data")
    yield running
    code = running.stop()
    assert code == 0, f"ended with {code}:\n{running.tail()}"


@pytest.fixture(scope="module")
def ready(centre) -> dict:
    """What stands in `ready.json`."""
    return centre.ready


@pytest.fixture(scope="module")
def http(centre) -> str:
    return centre.http


def client(service: str, endpoint: str, key=demo.KEY, secret=demo.SECRET, **config):
    """A client that tries once: a test must see the first answer."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=20, **config)
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=demo.REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=config,
    )


@pytest.fixture(scope="module")
def connect(http):
    """The control plane."""
    return client("connect", http)


@pytest.fixture(scope="module")
def loose(http):
    """The control plane, by a client that checks nothing before it sends."""
    return client("connect", http, parameter_validation=False)


@pytest.fixture(scope="module")
def connect_as(http):
    """Makes a client of another key."""
    return lambda key, secret: client("connect", http, key, secret)


@pytest.fixture(scope="module")
def connectparticipant(http):
    """The participant service; its key means nothing there."""
    return client("connectparticipant", http, "nobody", "nothing")


@pytest.fixture(scope="module")
def loose_participant(http):
    return client("connectparticipant", http, "nobody", "nothing", parameter_validation=False)


@pytest.fixture
def start(connect, connectparticipant):
    """Starts chats: `start(ContactFlowId=..)`."""
    chats: list[Chat] = []

    def start(**how) -> Chat:
        chats.append(Chat(connect, connectparticipant, **how))
        return chats[-1]

    yield start
    for chat in chats:
        chat.clear()


@pytest.fixture
def chat(start) -> Chat:
    """A chat whose customer has data for a connection, but is not connected yet."""
    chat = start()
    chat.connect()
    return chat


@pytest.fixture
def joined(chat):
    """A chat and its customer's subscribed socket, after the customer has joined."""
    socket = chat.join()
    socket.event("participant.joined", "CUSTOMER")
    return chat, socket


@pytest.fixture
def bot(joined):
    """A CUSTOM_BOT in the chat of `joined`, with a subscribed socket, after it has joined."""
    chat, socket = joined
    bot: Participant = chat.bot()
    bot_socket = bot.join()
    socket.event("participant.joined", "CUSTOM_BOT")
    yield bot, bot_socket
    bot.close()


def log_in(http: str, user: str, password: str = "demo") -> str:
    body = f'{{"user":"{user}","password":"{password}"}}'
    answer = wire.send(http, "POST", "/api/v1/session", [("Content-Type", "application/json")], body)
    assert answer.status == 200, answer
    return answer.json["token"]


@pytest.fixture
def desk(http):
    """Opens desks: `desk("1011")`."""
    desks: list[Desk] = []

    def desk(user: str) -> Desk:
        desks.append(Desk(http, log_in(http, user)))
        return desks[-1]

    yield desk
    for open_desk in desks:
        _tidy_up(open_desk)


def _tidy_up(desk: Desk) -> None:
    """An agent who leaves nothing behind; what is over already is refused, which is fine."""
    with contextlib.suppress(AssertionError, OSError, WebSocketException):
        world = desk.do("hello", lang="en")
        for contact in world["contacts"]:
            for verb in ("refuse", "end", "wrapup"):
                with contextlib.suppress(Refused):
                    desk.do(verb, contact=contact["id"])
        with contextlib.suppress(Refused):
            desk.do("state", state="logged_off")
    desk.close()


@pytest.fixture
def talk(start, desk):
    """A chat that agent 1011 has taken: the chat, the customer's socket, the desk, the contact as the desk sees it."""
    agent = desk("1011")
    agent.ready()
    chat = start(ContactFlowId=demo.FLOW_2)
    socket = chat.join()
    contact = agent.accept(chat.contact)
    socket.event("participant.joined", "AGENT")
    return chat, socket, agent, contact
