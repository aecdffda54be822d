"""SIPp as the telephones of a test: what one does is a list of steps, made into a scenario file.

SIPp 3.6 of Debian speaks UDP alone here; over TCP, TLS and WebSocket its datagrams are carried by a `Tunnel`, one message
each, so that each scenario runs over every transport.
"""

import contextlib
import copy
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import threading
from xml.sax.saxutils import escape

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from rio import wait_until

REALM = "demo.sangdam.test"
PATIENCE_S = 20  # how long a telephone waits for what must come, on a busy machine

TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")


def free_port() -> int:
    """An even UDP port that nobody has, nor the next three: SIPp takes four, for sound and pictures."""
    while True:
        with contextlib.ExitStack() as held:
            bind = lambda port: held.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            first = held.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                with contextlib.suppress(OSError):
                    for more in (1, 2, 3):
                        bind(port + more)
                    return port


# --- steps


def send(text: str, retrans: bool = True) -> str:
    text = "\n".join(line.strip() for line in text.strip().splitlines())
    head, _, body = text.partition("\n\n")
    if "Content-Length" not in head:
        head += "\nContent-Length: [len]"
    often = ' retrans="500"' if retrans else ""
    return f"<send{often}><![CDATA[\n\n{head}\n\n{body}\n]]></send>"


def recv(what: int | str, optional: bool = False, auth: bool = False, want: str | None = None, keep: str | None = None) -> str:
    """Waits for a request or a response. `want`: an expression that must be found in it; `keep`: `Header:name`."""
    kind = f'response="{what}"' if isinstance(what, int) else f'request="{what}"'
    more = (' optional="true"' if optional else f' timeout="{PATIENCE_S * 1000}"') + (' auth="true"' if auth else "")
    action = ""
    if want:
        action += f'<ereg regexp="{escape(want, {chr(34): "&quot;"})}" search_in="msg" check_it="true" assign_to="found"/>'
    for header in (keep or "").split():
        name, variable = header.split(":")
        action += f'<ereg regexp=".*" search_in="hdr" header="{name}:" assign_to="{variable}"/>'
    action = f"<action>{action}</action>" if action else ""
    return f'<recv {kind} rrs="true"{more}>{action}</recv>'


def pause(millis: int) -> str:
    return f'<pause milliseconds="{millis}"/>'


KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"  # nobody speaks


def sdp(way: str = "sendrecv", version: int = 1, secret: bool = False) -> str:
    secured = f"\n{KEY}" if secret else ""
    return f"""v=0
        o=phone 1 {version} IN IP4 [media_ip]
        s=-
        c=IN IP4 [media_ip]
        t=0 0
        m=audio [media_port] RTP/{"SAVP" if secret else "AVP"} 0 8 101{secured}
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:101 telephone-event/8000
        a={way}"""


VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]"
CONTACT = "Contact: <sip:[service]@[local_ip]:[local_port];transport=[transport]>"


def register(expires: int = 300) -> list[str]:
    def request(n: int, auth: str = "") -> str:
        return send(f"""REGISTER sip:{REALM} SIP/2.0
            {VIA}
            From: <sip:[service]@{REALM}>;tag=[call_number]
            To: <sip:[service]@{REALM}>
            Call-ID: [call_id]
            CSeq: {n} REGISTER
            {CONTACT}
            Max-Forwards: 70
            Expires: {expires}
            {auth}
            """.replace(" " * 12 + "\n", ""))

    return [request(1), recv(401, auth=True), request(2, "[authentication]"), recv(200)]


class Caller:
    """The steps of one who calls. Each in-dialog request takes the next number."""

    def __init__(self, phone: "Phone", to: str, headers: str = "", asked: bool | None = None):
        # Over a connection that registered, nobody is asked for a password.
        self.asked = phone.transport == "udp" if asked is None else asked
        self.phone, self.to, self.headers, self.number, self.version = phone, to, headers, 1, 1

    def _via(self) -> str:
        """That of an INVITE, its CANCEL, and the ACK for its refusal."""
        return VIA.replace("[branch]", f"z9hG4bK-[pid]-[call_number]-invite{self.number}")

    def _invite(self, auth: str = "") -> str:
        lines = f"""INVITE sip:{self.to}@{REALM} SIP/2.0
            {self._via()}
            From: <sip:[service]@{REALM}>;tag=from-[pid]-[call_number]
            To: <sip:{self.to}@{REALM}>
            Call-ID: [call_id]
            CSeq: {self.number} INVITE
            {CONTACT}
            Max-Forwards: 70
            Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, UPDATE
            Content-Type: application/sdp
            {auth}
            {self.headers}""".strip().splitlines()
        return send("\n".join(line for line in lines if line.strip()) + "\n\n" + sdp())

    def _inside(self, method: str, headers: str = "", body: str = "", retrans: bool = True) -> str:
        lines = f"""{method} [next_url] SIP/2.0
            {VIA}
            [routes]
            From: <sip:[service]@{REALM}>;tag=from-[pid]-[call_number]
            To: <sip:{self.to}@{REALM}>[peer_tag_param]
            Call-ID: [call_id]
            CSeq: {self.number} {method}
            {CONTACT}
            Max-Forwards: 70
            {headers}""".strip().splitlines()
        if body:
            lines.append("Content-Type: application/sdp")
        return send("\n".join(line for line in lines if line.strip()) + "\n\n" + body, retrans)

    def _ack(self) -> str:
        return self._inside("ACK", retrans=False)

    def invite(self) -> list[str]:
        """Calls, and gives the password if it is asked for."""
        first = self._invite()
        if not self.asked:
            return [first, recv(100, optional=True)]
        refused = send(
            f"""ACK sip:{self.to}@{REALM} SIP/2.0
            {self._via()}
            From: <sip:[service]@{REALM}>;tag=from-[pid]-[call_number]
            To: <sip:{self.to}@{REALM}>[peer_tag_param]
            Call-ID: [call_id]
            CSeq: {self.number} ACK
            Max-Forwards: 70
            """,
            retrans=False,
        )
        self.number += 1
        return [first, recv(100, optional=True), recv(401, auth=True), refused, self._invite("[authentication]"), recv(100, optional=True)]

    def talk(self, rings: bool = True) -> list[str]:
        """It rings, and somebody answers."""
        steps = [recv(180, optional=True), recv(183, optional=True), recv(180, optional=True), recv(200), self._ack()]
        return ([recv(180)] + [recv(183, optional=True), recv(200), self._ack()]) if rings else steps

    def refused(self, status: int) -> list[str]:
        ack = send(
            f"""ACK sip:{self.to}@{REALM} SIP/2.0
            {self._via()}
            From: <sip:[service]@{REALM}>;tag=from-[pid]-[call_number]
            To: <sip:{self.to}@{REALM}>[peer_tag_param]
            Call-ID: [call_id]
            CSeq: {self.number} ACK
            Max-Forwards: 70
            """,
            retrans=False,
        )
        return [recv(180, optional=True), recv(183, optional=True), recv(status), ack]

    def cancel(self) -> list[str]:
        """Gives up while it rings."""
        cancel = send(f"""CANCEL sip:{self.to}@{REALM} SIP/2.0
            {self._via()}
            From: <sip:[service]@{REALM}>;tag=from-[pid]-[call_number]
            To: <sip:{self.to}@{REALM}>
            Call-ID: [call_id]
            CSeq: {self.number} CANCEL
            Max-Forwards: 70
            """)
        return [cancel, recv(200), *self.refused(487)[2:]]

    def change(self, way: str) -> list[str]:
        """A re-INVITE: `sendonly` holds, `sendrecv` retrieves."""
        self.number += 1
        self.version += 1
        invite = self._inside("INVITE", body=sdp(way, self.version))
        return [invite, recv(100, optional=True), recv(200), self._ack()]

    def refer(self, headers: str) -> list[str]:
        """Transfers; then we are hung up, or hang up ourselves."""
        self.number += 1
        return [self._inside("REFER", headers), recv(202)]

    def notified(self, status: str) -> list[str]:
        """How the transfer goes."""
        return [recv("NOTIFY", want=f"SIP/2.0 {status}"), ok()]

    def bye(self) -> list[str]:
        self.number += 1
        return [self._inside("BYE"), recv(200)]


def ok(body: str = "") -> str:
    """200 to the request that came last."""
    content = "Content-Type: application/sdp\n" if body else ""
    return send(
        f"""SIP/2.0 200 OK
        [last_Via:]
        [last_From:]
        [last_To:]
        [last_Call-ID:]
        [last_CSeq:]
        {CONTACT}
        {content}""".rstrip()
        + "\n\n"
        + body,
        retrans=False,
    )


def hung_up() -> list[str]:
    return [recv("BYE"), ok()]


class Called:
    """The steps of one who is called."""

    TAG = "to-[pid]-[call_number]"

    def __init__(self, secret: bool = False):
        """`secret`: it answers with SRTP, which it is offered over TLS."""
        self.secret = secret

    def _answer(self, status: str, headers: str = "", body: str = "", retrans: bool = False) -> str:
        lines = f"""SIP/2.0 {status}
            Via:[$via]
            From:[$caller]
            To:[$callee];tag={self.TAG}
            Call-ID: [call_id]
            CSeq:[$number]
            {CONTACT}
            Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, UPDATE
            {headers}""".strip().splitlines()
        if body:
            lines.append("Content-Type: application/sdp")
        return send("\n".join(line for line in lines if line.strip()) + "\n\n" + body, retrans)

    def ring(self, want: str | None = None, headers: str = "") -> list[str]:
        return [*self.take(want), self._answer("180 Ringing", headers)]

    def take(self, want: str | None = None) -> list[str]:
        """The call comes."""
        return [recv("INVITE", want=want, keep="Via:via From:caller To:callee CSeq:number")]

    def pick_up(self, after: int = 0) -> list[str]:
        steps = [pause(after)] if after else []
        return [*steps, self._answer("200 OK", body=sdp(secret=self.secret), retrans=True), recv("ACK")]

    def refuse(self, status: str) -> list[str]:
        return [pause(200), self._answer(status, retrans=True), recv("ACK")]

    def cancelled(self) -> list[str]:
        terminated = send(
            f"""SIP/2.0 487 Request Terminated
            Via:[$via]
            From:[$caller]
            To:[$callee];tag={self.TAG}
            Call-ID: [call_id]
            CSeq:[$number]
            """,
        )
        return [
            recv("CANCEL"),
            ok(),
            terminated,
            recv("ACK"),
        ]

    def bye(self) -> list[str]:
        return [
            send(f"""BYE [next_url] SIP/2.0
            {VIA}
            From:[$callee];tag={self.TAG}
            To:[$caller]
            Call-ID: [call_id]
            CSeq: 1 BYE
            Max-Forwards: 70
            """),
            recv(200),
        ]


def scenario(steps: list[str]) -> str:
    used = sorted(set(re.findall(r'assign_to="(\w+)"', "".join(steps))))
    reference = f'<Reference variables="{",".join(used)}"/>' if used else ""
    body = "\n".join(steps)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="test">\n{body}\n{reference}\n</scenario>\n'


# --- telephones


class Run:
    """A SIPp under way."""

    def __init__(self, process: subprocess.Popen, log: pathlib.Path, errors: pathlib.Path):
        self.process, self.log, self.errors = process, log, errors

    def wait(self) -> "Run":
        """It did all its steps."""
        try:
            code = self.process.wait(PATIENCE_S + 10)
        except subprocess.TimeoutExpired:
            self.stop()
            code = "no end"
        assert code == 0, f"SIPp ended with {code}\n{self.text(self.errors)[-1500:]}\n{self.messages[-6000:]}"
        return self

    def text(self, file: pathlib.Path) -> str:
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def messages(self) -> str:
        return self.text(self.log)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Phone:
    """A telephone of the demo centre, over one of `TRANSPORTS`."""

    def __init__(self, ready: dict, number: str, folder: pathlib.Path, transport: str = "udp", password: str | None = None):
        self.number, self.name, self.folder, self.transport = number, number, folder, transport
        self.password = password or f"sip-{number}"
        self.port = self.media = free_port()
        while abs(self.media - self.port) < 4:
            self.media = free_port()
        self.tunnel = None if transport == "udp" else Tunnel(ready[f"sip_{transport}"], transport, self.port)
        self.target = ready["sip_udp"] if transport == "udp" else f"127.0.0.1:{self.tunnel.port}"
        self.runs: list[Run] = []
        self.registered = False

    def start(self, *steps: list[str]) -> Run:
        """Begins to do these steps."""
        name = f"{self.name}-{len(self.runs)}"
        file, log, errors = (self.folder / f"{name}.{end}" for end in ("xml", "log", "err"))
        file.write_text(scenario([step for part in steps for step in part]))
        command = ["sipp", self.target, "-sf", file, "-m", "1", "-i", "127.0.0.1", "-mi", "127.0.0.1"]
        command += ["-p", str(self.port), "-mp", str(self.media), "-s", self.number, "-nostdin"]
        command += ["-au", self.number, "-ap", self.password, "-timeout", f"{PATIENCE_S + 5}s", "-timeout_error"]
        command += ["-trace_msg", "-message_file", log, "-trace_err", "-error_file", errors]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen([str(word) for word in command], stdin=quiet, stdout=quiet, stderr=quiet, cwd=self.folder)
        self.runs.append(Run(process, log, errors))
        # What comes before it listens would be lost, and come again half a second later.
        wait_until(lambda: self._listens() or process.poll() is not None)
        return self.runs[-1]

    def _listens(self) -> bool:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
            return False

    def register(self) -> "Phone":
        self.start(register()).wait()
        self.registered = True
        return self

    def twin(self) -> "Phone":
        """The same telephone by another SIPp, for a second call at a time."""
        other = copy.copy(self)
        other.port, other.media, other.name = free_port(), free_port(), f"{self.number}-twin"
        return other

    def unregister(self) -> None:
        self.start(register(expires=0)).wait()
        self.registered = False

    def close(self) -> None:
        for run in self.runs:
            run.stop()
        if self.tunnel:
            self.tunnel.close()


class Tunnel:
    """Carries a SIPp's datagrams over one connection, a message each, and what comes back likewise."""

    def __init__(self, address: str, transport: str, phone: int):
        self.phone = ("127.0.0.1", phone)
        self.word = transport.upper().encode()
        self.local = socket.socket(type=socket.SOCK_DGRAM)
        self.local.bind(("127.0.0.1", 0))
        self.port = self.local.getsockname()[1]
        insecure = ssl.create_default_context()
        insecure.check_hostname, insecure.verify_mode = False, ssl.CERT_NONE
        if transport in ("ws", "wss"):
            secure = {"ssl": insecure} if transport == "wss" else {}
            self.link = connect(address, subprotocols=["sip"], **secure).__enter__()
            assert self.link.subprotocol == "sip"
            self.give, pump = self.link.send, self._frames
        else:
            host, port = address.rsplit(":", 1)
            self.link = socket.create_connection((host, int(port)))
            if transport == "tls":
                self.link = insecure.wrap_socket(self.link, server_hostname="localhost")
            self.give, pump = self.link.sendall, self._stream
        for work in (self._datagrams, pump):
            threading.Thread(target=work, daemon=True).start()

    def _datagrams(self) -> None:
        with contextlib.suppress(OSError, ConnectionClosed, ValueError):
            while message := self.local.recv(65_535):
                message = message.replace(b"SIP/2.0/UDP", b"SIP/2.0/" + self.word)
                message = message.replace(b";transport=UDP", b";transport=" + self.word.lower())
                self.give(message)

    def _back(self, message: bytes) -> None:
        message = message.replace(b"SIP/2.0/" + self.word, b"SIP/2.0/UDP")
        self.local.sendto(message, self.phone)

    def _frames(self) -> None:
        with contextlib.suppress(OSError, ConnectionClosed):
            while True:
                text = self.link.recv()
                self._back(text.encode() if isinstance(text, str) else text)

    def _stream(self) -> None:
        held = b""
        with contextlib.suppress(OSError, ValueError):
            while more := self.link.recv(65_536):
                held += more
                while (end := held.find(b"\r\n\r\n")) >= 0:
                    length = re.search(rb"(?i)\r\n(?:content-length|l)\s*:\s*(\d+)", held[: end + 2])
                    whole = end + 4 + (int(length[1]) if length else 0)
                    if len(held) < whole:
                        break
                    self._back(held[:whole])
                    held = held[whole:]

    def close(self) -> None:
        self.local.close()
        with contextlib.suppress(OSError, ConnectionClosed):
            if isinstance(self.link, socket.socket):
                self.link.shutdown(socket.SHUT_RDWR)
            self.link.close()
