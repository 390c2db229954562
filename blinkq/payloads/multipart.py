"""Bodies of several parts (RFC 2046 §5.1, RFC 2387), as far as SIP uses them: taken apart and put together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from blinkq.payloads.errors import BuilderError, ParserError

__all__ = ["MAX_PARTS", "Part", "build_multipart", "content_type_parameters", "parse_multipart"]

MAX_PARTS = 1_000  # of one body: a list of a thousand buddies
MAX_HEADERS = 50  # of one part

_PARAMETER = re.compile(r""";\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))\s*""")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its content type, its body, and its other headers by lower-case name."""

    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content_id(self) -> str | None:
        """The Content-ID without its angle brackets."""
        value = self.headers.get("content-id")
        return None if value is None else value.strip().removeprefix("<").removesuffix(">")


def content_type_parameters(value: str) -> tuple[str, dict[str, str]]:
    """The type in lower case and the parameters of a Content-Type value; what cannot be read is left out."""
    kind, separator, rest = value.partition(";")
    parameters = {}
    for match in _PARAMETER.finditer(separator + rest):
        name, quoted, plain = match.groups()
        parameters[name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return kind.strip().lower(), parameters


def parse_multipart(body: bytes, content_type: str) -> list[Part]:
    """The parts of a body whose Content-Type value is given. Raises ParserError."""
    kind, parameters = content_type_parameters(content_type)
    boundary = parameters.get("boundary", "")
    if not kind.startswith("multipart/") or not _BOUNDARY.fullmatch(boundary):
        raise ParserError(f"not a body of several parts: {content_type[:80]}")
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("ascii")) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    parts: list[Part] = []
    start: int | None = None
    for match in delimiter.finditer(body):
        if start is not None:
            if len(parts) == MAX_PARTS:
                raise ParserError(f"the body has more than {MAX_PARTS} parts")
            parts.append(_part(body[start : max(start, match.start())]))
        start = match.end()
        # the line end of this boundary may also be the one before the next: an empty part
        if match.group(1):
            return parts
    raise ParserError("the body of several parts has no end")


def build_multipart(parts: list[Part], boundary: str) -> bytes:
    """The body; ``boundary`` must not appear in any part. Raises BuilderError."""
    if not _BOUNDARY.fullmatch(boundary):
        raise BuilderError(f"{boundary!r} cannot be a boundary")
    lines: list[bytes] = []
    mark = b"--" + boundary.encode("ascii")
    for part in parts:
        if mark in part.body:
            raise BuilderError("the boundary appears in a part")
        headers = {"content-type": part.content_type, **part.headers}
        head = "".join(f"{name.title()}: {value}\r\n" for name, value in headers.items())
        lines.append(mark + b"\r\n" + head.encode("utf-8") + b"\r\n" + part.body + b"\r\n")
    return b"".join(lines) + mark + b"--\r\n"


def _part(data: bytes) -> Part:
    """Headers, an empty line, a body; the headers may be missing altogether."""
    if data.startswith((b"\r\n", b"\n")):
        head, body = b"", data[2:] if data.startswith(b"\r\n") else data[1:]
    else:
        match = re.search(rb"\r?\n\r?\n", data)
        head, body = (data, b"") if match is None else (data[: match.start()], data[match.end() :])
    text = re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace"))
    headers: dict[str, str] = {}
    for line in text.splitlines()[:MAX_HEADERS]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return Part(headers.pop("content-type", "text/plain"), body, headers)
