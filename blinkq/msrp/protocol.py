"""MSRP chunks as applications meet them in notifications: the names of ``msrplib.protocol``."""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.msrp.chunk import Chunk
from blinkq.msrp.errors import MSRPParseError
from blinkq.msrp.uri import MSRPURI, parse_path
from blinkq.msrp.values import ByteRange, Status

__all__ = ["URI", "MSRPData", "MSRPHeader", "parse_uri"]

URI = MSRPURI


@dataclass(frozen=True)
class MSRPHeader:
    """A header; ``decoded`` is its typed value where it has one (a path, a byte range, a status), else its text."""

    name: str
    value: str

    @property
    def decoded(self) -> object:
        kinds = {"byte-range": ByteRange.parse, "status": Status.parse, "to-path": parse_path, "from-path": parse_path}
        read = kinds.get(self.name.lower(), str)
        try:
            return read(self.value)
        except MSRPParseError:
            return self.value


class MSRPData:
    """A request (``method``) or response (``code``, ``comment``) with its body ``data``.

    headers: by name. contflag: '$', '+' or '#'. What a header lacks is None; ``failure_report`` and ``success_report`` have defaults.
    """

    def __init__(
        self,
        transaction_id: str,
        method: str | None = None,
        code: int | None = None,
        comment: str | None = None,
        headers: dict[str, MSRPHeader] | None = None,
        data: bytes = b"",
        contflag: str = "$",
    ) -> None:
        self.transaction_id = transaction_id
        self.method = method
        self.code = code
        self.comment = comment
        self.headers: dict[str, MSRPHeader] = dict(headers or {})
        self.data = data
        self.contflag = contflag

    @classmethod
    def from_chunk(cls, chunk: Chunk, data: bytes = b"", contflag: str = "$") -> MSRPData:
        """The same, of a chunk of the core."""
        paths = (("To-Path", chunk.to_path), ("From-Path", chunk.from_path))
        headers = {name: MSRPHeader(name, " ".join(str(uri) for uri in path)) for name, path in paths}
        headers |= {name: MSRPHeader(name, value) for name, value in chunk.headers}
        return cls(chunk.transaction_id, chunk.method, chunk.code, chunk.comment or None, headers, data, contflag)

    def add_header(self, header: MSRPHeader) -> None:
        """Put a header in, or replace the one of that name."""
        self.headers[header.name] = header

    @property
    def to_path(self) -> tuple[MSRPURI, ...]:
        """Raises MSRPParseError where there is none."""
        return parse_path(self._text("To-Path") or "")

    @property
    def from_path(self) -> tuple[MSRPURI, ...]:
        """Raises MSRPParseError where there is none."""
        return parse_path(self._text("From-Path") or "")

    @property
    def message_id(self) -> str | None:
        return self._text("Message-ID")

    @property
    def content_type(self) -> str | None:
        return self._text("Content-Type")

    @property
    def byte_range(self) -> ByteRange | None:
        header = self.headers.get("Byte-Range")
        return header.decoded if header is not None and isinstance(header.decoded, ByteRange) else None

    @property
    def status(self) -> Status | None:
        header = self.headers.get("Status")
        return header.decoded if header is not None and isinstance(header.decoded, Status) else None

    @property
    def failure_report(self) -> str:
        return self._text("Failure-Report") or "yes"

    @property
    def success_report(self) -> str:
        return self._text("Success-Report") or "no"

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.data)

    def encode(self) -> bytes:
        """The bytes of it, as on the wire."""
        rest = tuple((name, header.value) for name, header in self.headers.items() if name not in ("To-Path", "From-Path"))
        has_body = "Content-Type" in self.headers
        chunk = Chunk(self.transaction_id, self.to_path, self.from_path, self.method, self.code, self.comment or "", rest, has_body)
        return chunk.to_bytes(self.data if has_body else None, self.contflag)

    def __repr__(self) -> str:
        what = self.method if self.method is not None else f"{self.code} {self.comment or ''}".strip()
        return f"<MSRPData {self.transaction_id} {what}, {len(self.data)} bytes>"

    def _text(self, name: str) -> str | None:
        header = self.headers.get(name)
        return None if header is None else header.value


def parse_uri(text: str) -> MSRPURI:
    """Raises MSRPParseError."""
    return MSRPURI.parse(text)
