"""Files for tests, and the way a chat's file goes up (2.6)."""

import struct
import zlib

import wire
from chats import Participant, unknown


def _png(side: int = 8) -> bytes:
    """A real picture, small."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x40\x80\xc0" * side for _ in range(side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = _png()


def start_upload(who: Participant, **how) -> dict:
    first = {"ContentType": "image/png", "AttachmentSizeInBytes": 10, "AttachmentName": "a.png", "ClientToken": unknown()}
    return who.service.start_attachment_upload(ConnectionToken=who.connection, **{**first, **how})


def upload(who: Participant, name: str, kind: str, data: bytes, declared: int | None = None) -> tuple[str, wire.Answer]:
    """Start and PUT; gives the id and what the PUT was answered."""
    size = len(data) if declared is None else declared
    made = start_upload(who, ContentType=kind, AttachmentSizeInBytes=size, AttachmentName=name)
    where = made["UploadMetadata"]
    # As browsers do: the length is that of the bytes, whatever the header should have been.
    headers = [pair for pair in where["HeadersToInclude"].items() if pair[0].lower() != "content-length"]
    return made["AttachmentId"], wire.put(where["Url"], data, headers)


def complete(who: Participant, attachment: str, token: str | None = None) -> dict:
    return who.service.complete_attachment_upload(
        ConnectionToken=who.connection, AttachmentIds=[attachment], ClientToken=token or unknown()
    )
