"""What an authenticator app does (RFC 6238): HMAC-SHA-1, six digits, thirty seconds. Written apart from the server's own."""

import base64
import hashlib
import hmac
import time


def code(secret: str, steps: int = 0) -> str:
    """The code that a device shows now, or so many steps later."""
    counter = int(time.time()) // 30 + steps
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, counter.to_bytes(8, "big"), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
