"""Finding the session description in a message: alone, or as one part of a multipart body (RFC 5621)."""

from __future__ import annotations

import re

from blinkq.sip.message import Message

__all__ = ["SDP", "is_unsupported", "session_of"]

SDP = "application/sdp"

# Parts looked at in one body; telephone gateways send two or three.
MAX_PARTS = 16

_boundary = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,"]{1,200}))', re.IGNORECASE)
_part_type = re.compile(rb"^content-type[ \t]*:[ \t]*application/sdp[ \t]*(?:;|\r?$)", re.IGNORECASE | re.MULTILINE)
_part_head = re.compile(rb"\r?\n\r?\n")


def session_of(message: Message) -> bytes | None:
    """The session description that `message` carries, None when it carries none."""
    if not message.body:
        return None
    kind = message.content_type
    if kind == SDP:
        return message.body
    if kind is not None and kind.startswith("multipart/"):
        return _part_of(message)
    return None


def is_unsupported(message: Message) -> bool:
    """Whether the body is something that we must understand and do not (RFC 3261 §8.2.3)."""
    if not message.body:
        return False
    encoding = message.headers.get("Content-Encoding")
    if encoding is not None and encoding.strip().lower() != "identity":
        return True
    disposition = (message.headers.get("Content-Disposition") or "").lower().replace(" ", "")
    if "handling=optional" in disposition:
        return False
    return session_of(message) is None


def _part_of(message: Message) -> bytes | None:
    match = _boundary.search(message.headers.get("Content-Type") or "")
    if match is None:
        return None
    delimiter = b"--" + (match[1] or match[2]).encode("utf-8", "replace")
    for part in message.body.split(delimiter, MAX_PARTS)[1:]:
        head, _, body = _split(part)
        if _part_type.search(head):
            return body.removesuffix(b"\n").removesuffix(b"\r") + b"\r\n"
    return None


def _split(part: bytes) -> tuple[bytes, bytes, bytes]:
    match = _part_head.search(part)
    return (part, b"", b"") if match is None else (part[: match.start()], match[0], part[match.end() :])
