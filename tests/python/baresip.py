"""baresip without a sound card: it says a tone from a file, and keeps what it hears in another."""

import array
import contextlib
import json
import math
import os
import pathlib
import signal
import socket
import subprocess
import time
import wave

from rio import wait_until
from sipp import REALM, free_port

RATE = 8_000
MODULES = "/usr/lib/baresip/modules"


def tone(file: pathlib.Path, hertz: int, seconds: int = 60) -> None:
    period = [int(12_000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(RATE)]
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        for _ in range(seconds):
            out.writeframes(array.array("h", period).tobytes())


def share(samples: array.array, hertz: int) -> float:
    """How much of the power of these samples lies at a frequency: 1 is a pure tone (Goertzel)."""
    power = sum(sample * sample for sample in samples)
    if power == 0:
        return 0.0
    turn = 2 * math.cos(2 * math.pi * hertz / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    there = before * before + last * last - turn * before * last
    return 2 * there / (power * len(samples))


class Baresip:
    """A telephone of the demo centre that answers by itself. `secret`: its sound goes by SRTP and by nothing else."""

    def __init__(self, ready: dict, number: str, transport: str, hertz: int, folder: pathlib.Path, certificate: pathlib.Path, secret: bool):
        self.number, self.folder = number, folder / f"baresip-{number}"
        self.folder.mkdir()
        self.heard = self.folder / "heard"
        self.heard.mkdir()
        tone(self.folder / "tone.wav", hertz)
        control = free_tcp_port()
        lines = {
            "module_path": MODULES,
            "sip_listen": f"127.0.0.1:{free_ports()}",
            "sip_cafile": certificate,
            "audio_source": f"aufile,{self.folder}/tone.wav",
            "audio_player": f"aubridge,player-{number}",
            "audio_alert": f"aubridge,bell-{number}",
            "ausrc_srate": RATE,
            "auplay_srate": RATE,
            "ausrc_channels": 1,
            "auplay_channels": 1,
            "snd_path": self.heard,
            "ctrl_tcp_listen": f"127.0.0.1:{control}",
        }
        config = [f"{key} {value}" for key, value in lines.items()]
        config += [f"module {name}.so" for name in ("g711", "aufile", "aubridge", "sndfile", *(["srtp"] if secret else []))]
        config += ["module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so"]
        (self.folder / "config").write_text("\n".join(config) + "\n")
        route = f'sip:{ready[f"sip_{transport}"]};transport={transport}'
        account = f"<sip:{number}@{REALM};transport={transport}>;auth_user={number};auth_pass=sip-{number}"
        encryption = ";mediaenc=srtp-mand" if secret else ""
        (self.folder / "accounts").write_text(f'{account};outbound="{route}";regint=60;answermode=auto{encryption}\n')
        (self.folder / "contacts").write_text("")
        self.log = (self.folder / "log").open("wb")
        command = ["baresip", "-f", self.folder, "-v"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        wait_until(lambda: b"200 OK" in self.text(), within=20)
        self.link = socket.create_connection(("127.0.0.1", control), timeout=10)

    def text(self) -> bytes:
        return (self.folder / "log").read_bytes()

    def do(self, command: str, params: str = "") -> None:
        message = json.dumps({"command": command, "params": params})
        self.link.sendall(f"{len(message)}:{message},".encode())

    def dial(self, number: str) -> None:
        self.do("dial", f"sip:{number}@{REALM}")

    def last(self, seconds: float) -> array.array:
        """What it heard last; samples, as many as there are by now."""
        for file in self.heard.glob("*-dec.wav"):
            # The header is filled in at the end of the call.
            samples = array.array("h", file.read_bytes()[44:][: -1 if file.stat().st_size % 2 else None])
            return samples[-int(seconds * RATE) :]
        return array.array("h")

    def hears(self, hertz: int, within: float = 20) -> None:
        """Half a second of this tone and hardly anything else."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            samples = self.last(0.5)
            if len(samples) >= RATE // 2 and share(samples, hertz) > 0.8:
                return
            time.sleep(0.2)
        samples = self.last(0.5)
        raise AssertionError(f"{self.number} hears {share(samples, hertz):.2f} of {hertz} Hz in {len(samples)} samples\n{self.text()[-2000:]}")

    def close(self) -> None:
        self.link.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def free_ports() -> int:
    """A port that nobody has by UDP or TCP, nor the next one, which baresip takes for TLS."""
    while True:
        port = free_port()
        with socket.socket() as first, socket.socket() as second, contextlib.suppress(OSError):
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


def free_tcp_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
