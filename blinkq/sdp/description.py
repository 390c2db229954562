"""Session descriptions as frozen values: parsed leniently, written strictly (RFC 8866).

Unknown lines and attributes are kept apart or skipped, never an error; what is an error is a description whose meaning would be a guess
(an m= line without a number for its port). What this is not: the meaning of an offer next to an answer, see ``negotiation.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from blinkq.sdp.errors import SDPError

__all__ = [
    "MAX_LINES", "MAX_MEDIA", "MAX_SIZE", "Attribute", "Connection", "Direction", "MediaDescription", "Origin", "RTPFormat",
    "SessionDescription",
]  # fmt: skip

MAX_SIZE = 65_536  # bytes: no SIP message that we take is larger
MAX_LINES = 2_000  # a browser's offer has about 200 lines; this bounds the work a peer can ask for
MAX_MEDIA = 32  # m= lines; nobody has that many streams in a call
MAX_FORMATS = 128  # formats of one m= line: there are no more payload types (RFC 3550)

Direction = str
"""One of "sendrecv", "sendonly", "recvonly", "inactive" (RFC 8866 §6.7)."""

DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})

_STATIC_FORMATS = {  # RFC 3551 §6, the audio ones that telephones use without an rtpmap
    0: ("PCMU", 8000), 3: ("GSM", 8000), 4: ("G723", 8000), 8: ("PCMA", 8000), 9: ("G722", 8000), 13: ("CN", 8000),
    15: ("G728", 8000), 18: ("G729", 8000),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attribute:
    """One a= line: a flag (value None) or a name with a value."""

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Connection:
    """One c= line; a multicast suffix ("/127") is dropped."""

    address: str
    address_type: str = "IP4"

    @classmethod
    def of(cls, address: str) -> Connection:
        """The connection for an IP address, of the type that its text tells."""
        return cls(address, "IP6" if ":" in address else "IP4")

    @classmethod
    def parse(cls, text: str) -> Connection:
        parts = text.split()
        if len(parts) != 3 or parts[0].upper() != "IN" or parts[1].upper() not in ("IP4", "IP6"):
            raise SDPError(f"unusable connection line: c={text[:80]}")
        return cls(parts[2].partition("/")[0], parts[1].upper())

    @property
    def unspecified(self) -> bool:
        """True for 0.0.0.0 and ::, the old way to ask for silence (RFC 2543 §B.5)."""
        return self.address in ("0.0.0.0", "::")

    def __str__(self) -> str:
        return f"IN {self.address_type} {self.address}"


@dataclass(frozen=True, slots=True)
class Origin:
    """The o= line."""

    address: str
    session_id: str = "0"
    version: int = 0
    username: str = "-"

    @classmethod
    def parse(cls, text: str) -> Origin:
        parts = text.split()
        if len(parts) != 6 or not _is_number(parts[2]):
            raise SDPError(f"unusable origin line: o={text[:80]}")
        return cls(parts[5], parts[1], int(parts[2]), parts[0])

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} {Connection.of(self.address)}"


@dataclass(frozen=True, slots=True)
class RTPFormat:
    """One payload format of an m= line: its number, and what rtpmap and fmtp say of it. ``clock_rate`` in Hz."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    parameters: str = ""

    @property
    def key(self) -> tuple[str, int, int]:
        """What makes two formats the same codec, whatever their numbers (names are case-insensitive, RFC 4855 §3)."""
        return self.name.lower(), self.clock_rate, self.channels

    @property
    def is_dtmf(self) -> bool:
        return self.name.lower() == "telephone-event"

    @property
    def rtpmap(self) -> str:
        channels = f"/{self.channels}" if self.channels > 1 else ""
        return f"{self.payload_type} {self.name}/{self.clock_rate}{channels}"


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """One m= line with what belongs to it. ``connection`` None = the session's."""

    media: str
    port: int
    transport: str
    formats: tuple[str, ...]
    connection: Connection | None = None
    attributes: tuple[Attribute, ...] = ()
    port_count: int = 1

    @classmethod
    def parse(cls, text: str) -> MediaDescription:
        """The value of an m= line, without the lines that follow it."""
        parts = text.split()
        if len(parts) < 4:
            raise SDPError(f"unusable media line: m={text[:80]}")
        port, _, count = parts[1].partition("/")
        if not _is_number(port) or int(port) > 65_535 or (count and not _is_number(count)):
            raise SDPError(f"unusable port in the media line: m={text[:80]}")
        if len(parts) - 3 > MAX_FORMATS:
            raise SDPError("too many formats in a media line")
        return cls(parts[0].lower(), int(port), parts[2].upper(), tuple(parts[3:]), port_count=int(count) if count else 1)

    def get(self, name: str) -> str | None:
        """The value of the first attribute ``name``; "" for a flag, None without it."""
        return _first(self.attributes, name)

    def get_all(self, name: str) -> list[str]:
        """The values of every attribute ``name`` in order."""
        return [attribute.value or "" for attribute in self.attributes if attribute.name == name]

    @property
    def direction(self) -> Direction | None:
        """The direction that the m= line itself asks for, or None."""
        return _direction(self.attributes)

    @property
    def ptime(self) -> int | None:
        """The wanted milliseconds of a packet, where stated sensibly (10 to 200 ms)."""
        text = self.get("ptime") or ""
        milliseconds = int(text) if _is_number(text) else 0
        return milliseconds if 10 <= milliseconds <= 200 else None

    @property
    def rtcp_port(self) -> int:
        """Where RTCP goes: a=rtcp (RFC 3605), else the port after the RTP port (RFC 3550 §11)."""
        text = (self.get("rtcp") or "").partition(" ")[0]
        if _is_number(text) and 0 < int(text) <= 65_535:
            return int(text)
        return self.port + 1 if 0 < self.port < 65_535 else 0

    @property
    def rtp_formats(self) -> tuple[RTPFormat, ...]:
        """The payload formats in order of preference; numbers that nothing explains are left out."""
        maps, parameters = self._rtpmaps(), self._fmtps()
        formats = []
        for text in self.formats:
            if not _is_number(text) or int(text) > 127:
                continue
            number = int(text)
            if number in maps:
                name, rate, channels = maps[number]
            elif number in _STATIC_FORMATS:
                (name, rate), channels = _STATIC_FORMATS[number], 1
            else:
                continue
            formats.append(RTPFormat(number, name, rate, channels, parameters.get(number, "")))
        return tuple(formats)

    def _rtpmaps(self) -> dict[int, tuple[str, int, int]]:
        maps: dict[int, tuple[str, int, int]] = {}
        for value in self.get_all("rtpmap"):
            number, _, encoding = value.partition(" ")
            parts = encoding.strip().split("/")
            if not _is_number(number) or len(parts) < 2 or not parts[0] or not _is_number(parts[1]) or int(parts[1]) == 0:
                continue
            channels = int(parts[2]) if len(parts) > 2 and _is_number(parts[2]) else 1
            maps.setdefault(int(number), (parts[0], int(parts[1]), max(channels, 1)))
        return maps

    def _fmtps(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for value in self.get_all("fmtp"):
            number, _, parameters = value.partition(" ")
            if _is_number(number):
                found.setdefault(int(number), parameters.strip())
        return found

    def rejected(self) -> MediaDescription:
        """The answer that refuses this m= line: port 0 and nothing else (RFC 3264 §6)."""
        return replace(self, port=0, port_count=1, connection=None, attributes=())

    def lines(self) -> Iterator[str]:
        port = f"{self.port}/{self.port_count}" if self.port_count > 1 else str(self.port)
        yield f"m={self.media} {port} {self.transport} {' '.join(self.formats)}"
        if self.connection is not None:
            yield f"c={self.connection}"
        yield from (f"a={attribute}" for attribute in self.attributes)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description."""

    origin: Origin
    media: tuple[MediaDescription, ...] = ()
    name: str = "-"
    connection: Connection | None = None
    attributes: tuple[Attribute, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> SessionDescription:
        """Parse what came in a message body. Raises SDPError; unknown line types are skipped (RFC 8866 §5)."""
        if len(data) > MAX_SIZE:
            raise SDPError("the session description is too large")
        text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) > MAX_LINES:
            raise SDPError("the session description has too many lines")
        if not lines or lines[0].strip() != "v=0":
            raise SDPError("not a session description: it does not begin with v=0")
        return _Parser(lines[1:]).result()

    def to_bytes(self) -> bytes:
        """The description in the order of RFC 8866 §5."""
        lines = ["v=0", f"o={self.origin}", f"s={self.name or '-'}"]
        if self.connection is not None:
            lines.append(f"c={self.connection}")
        lines.append("t=0 0")
        lines.extend(f"a={attribute}" for attribute in self.attributes)
        for media in self.media:
            lines.extend(media.lines())
        return ("\r\n".join(lines) + "\r\n").encode()

    def connection_of(self, index: int) -> Connection | None:
        """The connection that counts for m= line ``index``."""
        return self.media[index].connection or self.connection

    def direction_of(self, index: int) -> Direction:
        """The direction that counts for m= line ``index``, sendrecv where nothing is said (RFC 8866 §6.7)."""
        return self.media[index].direction or _direction(self.attributes) or "sendrecv"

    def next_version(self, media: Iterable[MediaDescription]) -> SessionDescription:
        """The description that follows this one with ``media``; the version rises only if something changed (RFC 3264 §8)."""
        lines = tuple(media)
        if lines == self.media:
            return self
        return replace(self, media=lines, origin=replace(self.origin, version=self.origin.version + 1))


class _Parser:
    """Walks the lines after v=0."""

    def __init__(self, lines: list[str]) -> None:
        self._origin: Origin | None = None
        self._name = "-"
        self._connection: Connection | None = None
        self._attributes: list[Attribute] = []
        self._media: list[MediaDescription] = []
        for line in lines:
            kind, separator, value = line.strip().partition("=")
            if not separator or len(kind) != 1:
                raise SDPError(f"not a line of a session description: {line[:80]}")
            self._take(kind, value.strip())
        self._finish_media()

    def _take(self, kind: str, value: str) -> None:
        if kind == "m":
            self._finish_media()
            if len(self._media) >= MAX_MEDIA:
                raise SDPError("the session description has too many media lines")
            self._media.append(MediaDescription.parse(value))
        elif kind == "a":
            name, separator, rest = value.partition(":")
            self._attributes.append(Attribute(name.strip(), rest.strip() if separator else None))
        elif kind == "c":
            self._take_connection(Connection.parse(value))
        elif kind == "o":
            self._origin = Origin.parse(value)
        elif kind == "s" and not self._media:
            self._name = value

    def _take_connection(self, connection: Connection) -> None:
        if not self._media:
            self._connection = connection
        elif self._media[-1].connection is None:  # several c= lines of one m= line are layers of multicast: the first counts
            self._media[-1] = replace(self._media[-1], connection=connection)

    def _finish_media(self) -> None:
        if self._media:
            self._media[-1] = replace(self._media[-1], attributes=tuple(self._attributes))
            self._attributes = []
        else:
            self._session_attributes = tuple(self._attributes)
            self._attributes = []

    def result(self) -> SessionDescription:
        if self._origin is None:
            raise SDPError("the session description has no origin line")
        return SessionDescription(self._origin, tuple(self._media), self._name, self._connection, self._session_attributes)


def _is_number(text: str) -> bool:
    # int() would also take "+1", "1_0" and digits of other scripts, and very long ones slowly
    return text.isascii() and text.isdigit() and len(text) <= 20


def _first(attributes: tuple[Attribute, ...], name: str) -> str | None:
    for attribute in attributes:
        if attribute.name == name:
            return attribute.value or ""
    return None


def _direction(attributes: tuple[Attribute, ...]) -> Direction | None:
    return next((attribute.name for attribute in attributes if attribute.name in DIRECTIONS and attribute.value is None), None)
