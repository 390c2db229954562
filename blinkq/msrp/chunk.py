"""One MSRP request or response: its start line and headers (RFC 4975 §7, §9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.limits import MAX_HEADER_LINES, MAX_TRANSACTION_ID
from blinkq.msrp.uri import MSRPURI, format_path, parse_path
from blinkq.msrp.values import ByteRange, Status

__all__ = ["REASONS", "Chunk", "end_line", "parse_head"]

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    408: "Timeout",
    413: "Stop Sending",
    415: "Unsupported Media Type",
    423: "Interval Out of Bounds",
    425: "Nickname Reserved",
    481: "No Such Session",
    501: "Unknown Method",
    506: "Wrong Session",
}

_start = re.compile(rb"MSRP ([A-Za-z0-9][A-Za-z0-9.\-+%=]{3,63}) (?:([0-9]{3})(?: ([^\r\n]*))?|([A-Z][A-Z_]*))")
_header = re.compile(rb"([A-Za-z][A-Za-z0-9!%'*+\-._`~]*)[ \t]*:[ \t]*([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A request (method) or a response (code, comment); its body and its continuation flag travel beside it.

    to_path, from_path: nearest first; headers: the other ones in order, (name, value).
    """

    transaction_id: str
    to_path: tuple[MSRPURI, ...]
    from_path: tuple[MSRPURI, ...]
    method: str | None = None
    code: int | None = None
    comment: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    has_body: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def message_id(self) -> str | None:
        return self.header("Message-ID")

    @property
    def content_type(self) -> str | None:
        return self.header("Content-Type")

    @property
    def byte_range(self) -> ByteRange:
        """Raises MSRPParseError. Absent means the beginning of something of unknown size (RFC 4975 §7.1)."""
        value = self.header("Byte-Range")
        return ByteRange(1, None, None) if value is None else ByteRange.parse(value)

    @property
    def status(self) -> Status:
        """Of a REPORT. Raises MSRPParseError."""
        value = self.header("Status")
        if value is None:
            raise MSRPParseError("a report without a status")
        return Status.parse(value)

    @property
    def wants_success_report(self) -> bool:
        return (self.header("Success-Report") or "no").strip().lower() == "yes"

    @property
    def failure_report(self) -> str:
        """'yes', 'no' or 'partial'."""
        value = (self.header("Failure-Report") or "yes").strip().lower()
        return value if value in ("no", "partial") else "yes"

    def response(self, code: int, comment: str | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Chunk:
        """What answers this request: to whoever passed it to us (RFC 4975 §7.2)."""
        text = REASONS.get(code, "") if comment is None else comment
        to = self.from_path if self.method == "AUTH" else self.from_path[:1]
        return Chunk(self.transaction_id, to, self.to_path[:1], None, code, text, headers)

    def with_headers(self, *headers: tuple[str, str]) -> Chunk:
        return replace(self, headers=self.headers + headers)

    def head(self) -> bytes:
        """Start line and headers, with the empty line after them when a body follows."""
        first = self.method if self.method is not None else f"{self.code:03d}{' ' + self.comment if self.comment else ''}"
        lines = [
            f"MSRP {self.transaction_id} {first}",
            f"To-Path: {format_path(self.to_path)}",
            f"From-Path: {format_path(self.from_path)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return ("\r\n".join(lines) + ("\r\n\r\n" if self.has_body else "\r\n")).encode()

    def to_bytes(self, body: bytes | None = None, flag: str = "$") -> bytes:
        """The whole chunk."""
        chunk = self if self.has_body == (body is not None) else replace(self, has_body=body is not None)
        return chunk.head() + (b"" if body is None else body) + end_line(chunk, flag)


def end_line(chunk: Chunk, flag: str) -> bytes:
    """What closes a chunk. flag: '$' the message is whole, '+' more of it follows, '#' it was given up."""
    return f"{chr(13) + chr(10) if chunk.has_body else ''}-------{chunk.transaction_id}{flag}\r\n".encode()


def parse_head(data: bytes, has_body: bool) -> Chunk:
    """A chunk from its start line and headers, without line break at the end. Raises MSRPParseError."""
    lines = data.split(b"\r\n")
    start = _start.fullmatch(lines[0])
    if start is None or len(start[1]) > MAX_TRANSACTION_ID:
        raise MSRPParseError(f"not an MSRP start line: {lines[0][:80]!r}")
    if len(lines) > MAX_HEADER_LINES:
        raise MSRPParseError("too many headers")
    headers: list[tuple[str, str]] = []
    paths: dict[str, tuple[MSRPURI, ...]] = {}
    for line in lines[1:]:
        match = _header.fullmatch(line)
        if match is None:
            raise MSRPParseError(f"not a header: {line[:80]!r}")
        name, value = match[1].decode("ascii"), match[2].decode("utf-8", "replace").strip()
        if name.lower() in ("to-path", "from-path"):
            if name.lower() in paths:
                raise MSRPParseError(f"two {name} headers")
            paths[name.lower()] = parse_path(value)
        else:
            headers.append((name, value))
    if len(paths) != 2:
        raise MSRPParseError("a path is missing")
    code = None if start[2] is None else int(start[2])
    comment = (start[3] or b"").decode("utf-8", "replace")
    method = None if start[4] is None else start[4].decode("ascii")
    return Chunk(start[1].decode("ascii"), paths["to-path"], paths["from-path"], method, code, comment, tuple(headers), has_body)
