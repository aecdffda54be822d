"""A demo centre of its own for the tests: starts the binary, waits until it listens, ends it.

Its ports are free ones (`--port-base 0`) and its data a temporary folder, so suites run side by side.
"""

import json
import os
import pathlib
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# product.md, section 4
INSTANCE = "5a9d0000-0000-4000-8000-000000000001"
FLOW_1 = "5a9d0000-0000-4000-8000-000000003001"  # to queue 3001, agents 1001-1010
FLOW_2 = "5a9d0000-0000-4000-8000-000000003002"  # to queue 3002, agents 1011-1020
KEY, SECRET = "SANGDAMDEMO000000001", "sangdam-demo-secret"
REGION = "us-east-1"

START_LIMIT_S = 60  # a debug build on a busy machine
STOP_LIMIT_S = 5  # product.md, section 1


def binary() -> pathlib.Path:
    return pathlib.Path(os.environ.get("SANGDAM_BIN", ROOT / "target/debug/sangdam"))


class Centre:
    """A running `sangdam demo`."""

    def __init__(self, data: pathlib.Path, wrap: tuple[str, ...] = ()):
        """`wrap` is a command that the server's own is given to, such as a shell that ignores a signal first."""
        self.data = data
        ready = data / "ready.json"
        ready.unlink(missing_ok=True)
        self.log = data.parent / f"{data.name}.log"
        with self.log.open("ab") as log:
            command = [*wrap, binary(), "demo", "--data", data, "--port-base", "0"]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.ready = self._wait_for(ready)
        self.http: str = self.ready["http"]

    def _wait_for(self, ready: pathlib.Path) -> dict:
        deadline = time.monotonic() + START_LIMIT_S
        pause = threading.Event()
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            try:
                return json.loads(ready.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                pause.wait(0.02)
        self.kill()
        raise AssertionError(f"no ready.json after {START_LIMIT_S} s:\n{self.tail()}")

    def stop(self) -> int:
        """Asks it to end, as Ctrl-C does; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_LIMIT_S + 1)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {STOP_LIMIT_S} s after SIGTERM:\n{self.tail()}") from None

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])
