"""HTTP as it is on the wire: every header as given, repeated ones too, and signatures made by botocore's own code."""

import contextlib
import datetime
import http.client
import json
import urllib.parse
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from centre import KEY, REGION, SECRET

TIMEOUT_S = 15


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.bytes = response.read()

    @property
    def json(self):
        return json.loads(self.bytes)

    @property
    def error(self) -> str | None:
        """The shape's name, as SDKs read it (0.4)."""
        name = self.headers.get("x-amzn-ErrorType")
        return name and name.split(":")[0].split("#")[-1]

    def __repr__(self) -> str:
        return f"{self.status} {self.error or ''} {self.bytes[:500]!r}"


def send(base: str, method: str, path: str, headers=(), body: bytes | str = b"", declared: int | None = None) -> Answer:
    """One request; `path` goes out as it is. `declared` is a Content-Length other than the body's."""
    url = urllib.parse.urlsplit(base)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    body = body.encode() if isinstance(body, str) else body
    headers = list(headers.items() if isinstance(headers, dict) else headers)
    given = {name.lower() for name, _ in headers}
    with contextlib.closing(kind(url.hostname, url.port, timeout=TIMEOUT_S)) as link:
        link.putrequest(method, url.path.rstrip("/") + path, skip_host=True, skip_accept_encoding=True)
        if "host" not in given:
            link.putheader("Host", url.netloc)
        if "content-length" not in given and (body or declared is not None or method in ("POST", "PUT")):
            link.putheader("Content-Length", str(len(body) if declared is None else declared))
        for name, value in headers:
            link.putheader(name, value)
        link.endheaders()
        if body:
            link.send(body)
        return Answer(link.getresponse())


def get(url: str, headers=()) -> Answer:
    """Fetches a whole address, such as that of a file."""
    base, path = split(url)
    return send(base, "GET", path, headers)


def put(url: str, body: bytes, headers=(), declared: int | None = None) -> Answer:
    base, path = split(url)
    return send(base, "PUT", path, headers, body, declared)


def split(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path + (f"?{parts.query}" if parts.query else "")


class _Signer(botocore.auth.SigV4Auth):
    """Leaves headers out of the signature, as a careless client would."""

    unsigned: tuple[str, ...] = ()

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        for name in self.unsigned:
            del headers[name]
        return headers


def sign(
    base: str, method: str, path: str, body: str = "", *, key=KEY, secret=SECRET, at=None, unsigned=(), service="connect"
) -> list[tuple[str, str]]:
    """Headers that make the request a signed one; `at` is the time to sign with."""
    headers = {"Content-Type": "application/json"} if body else {}
    request = botocore.awsrequest.AWSRequest(method, base + path, headers=headers, data=body.encode())
    signer = _Signer(botocore.credentials.Credentials(key, secret), service, REGION)
    signer.unsigned = tuple(unsigned)
    now = at or datetime.datetime.now(datetime.timezone.utc)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now.replace(tzinfo=None)):
        signer.add_auth(request)
    return list(request.headers.items())


def signed(base: str, method: str, path: str, body: dict | str | None = None, extra=(), **how) -> Answer:
    """Signs and sends."""
    text = json.dumps(body) if isinstance(body, dict) else body or ""
    return send(base, method, path, [*sign(base, method, path, text, **how), *extra], text)


def bearer(base: str, path: str, token: str | None, body: dict | str = "{}", extra=()) -> Answer:
    """A participant's call without any Authorization header."""
    text = json.dumps(body) if isinstance(body, dict) else body
    headers = [("Content-Type", "application/json"), *extra]
    if token is not None:
        headers.append(("X-Amz-Bearer", token))
    return send(base, "POST", "/participant" + path, headers, text)
