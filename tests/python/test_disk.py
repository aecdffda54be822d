"""A full disk: writes are refused with a clear error, reads go on, and nothing has to be restarted."""

import subprocess
import threading

import centre as demo
import wire
from chats import Chat
from conftest import client

# With SIGXFSZ ignored, a write past the limit fails as on a full disk.
DEAF = ("sh", "-c", 'trap "" XFSZ; exec "$@"', "sh")
HEAL_LIMIT_S = 10


def limit(pid: int, size: str) -> None:
    subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={size}"], check=True)


def test_a_full_disk_refuses_writes_answers_reads_and_heals(tmp_path):
    centre = demo.Centre(tmp_path / "data", DEAF)
    chat = Chat(client("connect", centre.http), client("connectparticipant", centre.http))
    socket = chat.join()
    socket.event("participant.joined", "CUSTOMER")
    chat.say("before")
    assert "before" in chat.texts()

    limit(centre.process.pid, "1024:unlimited")
    body = '{"ContentType":"text/plain","Content":"lost?","ClientToken":"once"}'
    for _ in range(3):
        refused = wire.bearer(centre.http, "/message", chat.connection, body)
        assert refused.status in (500, 503), refused
        assert refused.error and refused.json["message"], refused
    assert "before" in chat.texts() and "lost?" not in chat.texts(), "reads go on, and show nothing that was refused"

    limit(centre.process.pid, "unlimited:unlimited")
    pause = threading.Event()
    for _ in range(HEAL_LIMIT_S * 10):
        healed = wire.bearer(centre.http, "/message", chat.connection, body)
        if healed.status == 200:
            break
        pause.wait(0.1)
    assert healed.status == 200, "it heals by itself"
    assert chat.texts()[-2:] == ["before", "lost?"]
    socket.message("lost?")
    chat.close()
    assert centre.stop() == 0
