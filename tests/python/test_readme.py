"""The walks of the README and its guides, word for word: only the ports are the test's own."""

import contextlib
import pathlib
import re
import subprocess
import sys
import textwrap
import threading

from centre import ROOT, binary

LIMIT_S = 60


def samples(path: str, language: str) -> list[str]:
    """The blocks of code of a document, in order."""
    text = (ROOT / path).read_text()
    return [textwrap.dedent(block) for block in re.findall(rf"```{language}\n(.*?)^ *```", text, re.S | re.M)]


def here(text: str, ready: dict) -> str:
    """The text with the demo's usual addresses replaced by this centre's."""
    return text.replace("http://127.0.0.1:8080", ready["http"]).replace("ws://127.0.0.1:8877", ready["rio"])


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_chat_by_a_program_reaches_the_desk(ready, desk):
    desk = desk("1001")
    desk.ready()
    printed = run(here(samples("README.md", "python")[0], ready))
    assert "'Content': '안녕하세요'" in printed and "홍길동" in printed
    desk.event("contact", lambda frame: frame["contact"]["state"] == "offered")


def lines_until(program: subprocess.Popen, start: str) -> list[str]:
    """What a program prints until a line begins so."""
    seen = []
    for line in program.stdout:
        seen.append(line.rstrip())
        if line.startswith(start):
            return seen
    raise AssertionError(f"ended before {start!r}: {seen}")


def test_the_first_call_is_answered_by_the_program_that_waits_for_it(ready, centre):
    agent = here(samples("README.md", "python")[1], ready)
    customer = [binary(), "call", "--data", centre.data, "--from", "01012345678", "--to", "3001"]
    with contextlib.ExitStack() as running:

        def start(*command) -> subprocess.Popen:
            program = running.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            running.callback(program.kill)
            running.enter_context(_limit(program))
            return program

        answering = start(sys.executable, "-uc", agent)
        lines_until(answering, "204 ")  # it is ready for calls
        calling = start(*customer)
        rung = lines_until(answering, "6 ")  # established
        assert any(line.startswith("4 ") for line in rung), rung
        lines_until(calling, "talking 1002")


@contextlib.contextmanager
def _limit(program: subprocess.Popen):
    """Ends a program that goes on for too long, so that whoever reads it sees its end."""
    timer = threading.Timer(LIMIT_S, program.kill)
    timer.start()
    yield
    timer.cancel()


def test_every_document_that_is_named_is_there():
    for path in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text()):
            assert (pathlib.Path(path).parent / target).exists(), f"{path.name} names {target}"
