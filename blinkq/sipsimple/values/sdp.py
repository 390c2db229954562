"""Session descriptions as ``sipsimple.core`` has them, changeable or frozen; streams of applications are given frozen ones.

The offer/answer model works on ``blinkq.sdp``; ``from_description`` and ``to_description`` translate. Bandwidth lines are written but
not read: nothing in BlinkQ acts on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from blinkq.base.clock import SystemClock
from blinkq.sdp.description import DIRECTIONS, MAX_MEDIA, Attribute, Connection, MediaDescription, Origin, SessionDescription
from blinkq.sdp.errors import SDPError
from blinkq.sipsimple.sip_uri import SIPCoreError
from blinkq.sipsimple.values.sdp_attributes import (
    BaseSDPAttribute,
    BaseSDPBandwidthInfo,
    BaseSDPConnection,
    FrozenSDPAttribute,
    FrozenSDPAttributeList,
    FrozenSDPBandwidthInfo,
    FrozenSDPConnection,
    MediaCodec,
    SDPAttribute,
    SDPAttributeList,
    SDPBandwidthInfo,
    SDPConnection,
)
from blinkq.sipsimple.values.value import BaseValue, Frozen, pair

__all__ = ["BaseSDPMediaStream", "BaseSDPSession", "FrozenSDPMediaStream", "FrozenSDPSession", "SDPMediaStream", "SDPSession"]

M = TypeVar("M", bound="BaseSDPMediaStream")
S = TypeVar("S", bound="BaseSDPSession")
SIZE = 65_535  # more of anything cannot be in a message

_NTP_TO_UNIX = 2_208_988_800  # seconds from 1900 to 1970, in which a description's numbers count (RFC 8866 §5.2)


class _Described(BaseValue):
    """What sessions and m= lines share: a connection, attributes, bandwidth lines; each kept as the kind that the whole is."""

    connection: BaseSDPConnection | None
    attributes: SDPAttributeList | FrozenSDPAttributeList
    bandwidth_info: Sequence[BaseSDPBandwidthInfo]

    def _parts_of(
        self, connection: BaseSDPConnection | None, attributes: Iterable[BaseSDPAttribute] | None, bandwidth: Iterable[Any] | None
    ) -> dict[str, Any]:
        if connection is not None and not isinstance(connection, BaseSDPConnection):
            raise TypeError(f"a connection is an SDPConnection, not {connection!r}")
        one: type[BaseSDPAttribute] = FrozenSDPAttribute if self.frozen else SDPAttribute
        many: type[SDPAttributeList | FrozenSDPAttributeList] = FrozenSDPAttributeList if self.frozen else SDPAttributeList
        width: type[BaseSDPBandwidthInfo] = FrozenSDPBandwidthInfo if self.frozen else SDPBandwidthInfo
        widths = [width.new(line) for line in bandwidth or ()]
        place: type[BaseSDPConnection] = FrozenSDPConnection if self.frozen else SDPConnection
        return {
            "connection": None if connection is None else place.new(connection), "attributes": many(map(one.new, attributes or ())),
            "bandwidth_info": tuple(widths) if self.frozen else widths,
        }  # fmt: skip

    @property
    def has_ice_attributes(self) -> bool:
        """True with ICE's user name fragment and password (RFC 8839 §5.4)."""
        return "ice-ufrag" in self.attributes and "ice-pwd" in self.attributes

    def _lines(self) -> list[str]:
        lines = [] if self.connection is None else [f"c={self.connection}"]
        return [*lines, *(f"b={line}" for line in self.bandwidth_info)]


class BaseSDPMediaStream(_Described):
    """One m= line with what belongs to it.

    :param media: the kind, such as "audio"
    :param port: 0 to 65535, 0 refuses the stream
    :param transport: such as "RTP/AVP"
    :param formats: payload types or formats as text
    :param connection: None for the session's
    """

    _fields = ("media", "port", "transport", "port_count", "formats", "connection", "attributes", "bandwidth_info")
    media: str
    port: int
    transport: str
    port_count: int
    formats: Sequence[str]

    def __init__(
        self, media: str, port: int, transport: str, port_count: int = 1, formats: Iterable[str] | None = None,
        connection: BaseSDPConnection | None = None, attributes: Iterable[BaseSDPAttribute] | None = None,
        bandwidth_info: Iterable[BaseSDPBandwidthInfo] | None = None,
    ) -> None:  # fmt: skip
        if not 0 <= port <= SIZE:
            raise ValueError(f"a port is a number from 0 to 65535, not {port}")
        listed = [str(text) for text in formats or ()]
        self._fill(
            media=media, port=port, transport=transport, port_count=port_count, formats=tuple(listed) if self.frozen else listed,
            **self._parts_of(connection, attributes, bandwidth_info),
        )  # fmt: skip

    @classmethod
    def from_description(cls: type[M], media: MediaDescription) -> M:
        """From the offer/answer model's m= line."""
        return cls(
            media.media, media.port, media.transport, media.port_count, media.formats, _connection(media.connection),
            [SDPAttribute(one.name, one.value or "") for one in media.attributes],
        )  # fmt: skip

    def to_description(self) -> MediaDescription:
        """The same for the offer/answer model."""
        return MediaDescription(
            self.media, self.port, self.transport, tuple(self.formats), _description(self.connection),
            tuple(Attribute(one.name, one.value or None) for one in self.attributes), self.port_count,
        )  # fmt: skip

    @property
    def direction(self) -> str:
        """What the line asks for: "sendrecv" (also where it says nothing), "sendonly", "recvonly" or "inactive"."""
        return next((one.name for one in self.attributes if one.name in DIRECTIONS), "sendrecv")

    @property
    def has_ice_candidates(self) -> bool:
        """True with an address to try (RFC 8839 §5.1)."""
        return "candidate" in self.attributes

    @property
    def codec_list(self) -> list[MediaCodec]:
        """The codecs of an RTP stream in order of preference."""
        return [MediaCodec(known.name, known.clock_rate) for known in self.to_description().rtp_formats]

    def __str__(self) -> str:
        count = f"/{self.port_count}" if self.port_count > 1 else ""
        lines = [f"m={self.media} {self.port}{count} {self.transport} {' '.join(self.formats)}", *self._lines()]
        return "\r\n".join([*lines, *(f"a={one}" for one in self.attributes)]) + "\r\n"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.media} {self.port} {self.transport}>"


class SDPMediaStream(BaseSDPMediaStream):
    """One m= line, changeable."""

    formats: list[str]
    attributes: SDPAttributeList


class FrozenSDPMediaStream(Frozen, BaseSDPMediaStream):
    """One m= line, unchangeable."""

    formats: tuple[str, ...]
    attributes: FrozenSDPAttributeList


class BaseSDPSession(_Described):
    """A whole description.

    :param address: of who wrote it
    :param id: number of the session, None for the time (RFC 8866 §5.2)
    :param version: number of this version of it, the same
    """

    _fields = (
        "address", "id", "version", "user", "net_type", "address_type", "name", "connection", "start_time", "stop_time", "attributes",
        "bandwidth_info", "media",
    )  # fmt: skip
    address: str
    id: int
    version: int
    user: str
    net_type: str
    address_type: str
    name: str
    start_time: int
    stop_time: int
    media: Sequence[BaseSDPMediaStream]

    def __init__(
        self, address: str, id: int | None = None, version: int | None = None, user: str = "-", net_type: str = "IN",
        address_type: str = "IP4", name: str = " ", connection: BaseSDPConnection | None = None, start_time: int = 0, stop_time: int = 0,
        attributes: Iterable[BaseSDPAttribute] | None = None, bandwidth_info: Iterable[BaseSDPBandwidthInfo] | None = None,
        media: Iterable[BaseSDPMediaStream] | None = None,
    ) -> None:  # fmt: skip
        now = int(SystemClock().wallclock()) + _NTP_TO_UNIX
        kind: type[BaseSDPMediaStream] = FrozenSDPMediaStream if self.frozen else SDPMediaStream
        lines = [kind.new(line) for line in media or ()]
        if len(lines) > MAX_MEDIA:
            raise SIPCoreError(f"a session description has at most {MAX_MEDIA} media lines")
        self._fill(
            address=address, id=now if id is None else id, version=now if version is None else version, user=user, net_type=net_type,
            address_type=address_type, name=name, start_time=start_time, stop_time=stop_time,
            media=tuple(lines) if self.frozen else lines, **self._parts_of(connection, attributes, bandwidth_info),
        )  # fmt: skip

    @classmethod
    def parse(cls: type[S], text: str | bytes) -> S:
        """The description written in ``text``. Raises SIPCoreError."""
        try:
            return cls.from_description(SessionDescription.parse(text.encode() if isinstance(text, str) else text))
        except (SDPError, UnicodeEncodeError) as error:
            raise SIPCoreError(str(error)) from None

    @classmethod
    def from_description(cls: type[S], description: SessionDescription) -> S:
        """From the offer/answer model's description."""
        origin = description.origin
        number = int(origin.session_id) if origin.session_id.isascii() and origin.session_id.isdigit() else 0
        return cls(
            origin.address, number, origin.version, origin.username, "IN", Connection.of(origin.address).address_type, description.name,
            _connection(description.connection), 0, 0, [SDPAttribute(one.name, one.value or "") for one in description.attributes], None,
            [SDPMediaStream.from_description(line) for line in description.media],
        )  # fmt: skip

    def to_description(self) -> SessionDescription:
        """The same for the offer/answer model."""
        return SessionDescription(
            Origin(self.address, str(self.id), self.version, self.user), tuple(line.to_description() for line in self.media), self.name,
            _description(self.connection), tuple(Attribute(one.name, one.value or None) for one in self.attributes),
        )  # fmt: skip

    def __str__(self) -> str:
        """The text as it is sent."""
        origin = f"o={self.user} {self.id} {self.version} {self.net_type} {self.address_type} {self.address}"
        lines = ["v=0", origin, f"s={self.name}", *self._lines(), f"t={self.start_time} {self.stop_time}"]
        lines += [f"a={one}" for one in self.attributes]
        return "\r\n".join(lines) + "\r\n" + "".join(map(str, self.media))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.address} with {len(self.media)} media lines>"


class SDPSession(BaseSDPSession):
    """A description, changeable."""

    media: list[SDPMediaStream]
    attributes: SDPAttributeList


class FrozenSDPSession(Frozen, BaseSDPSession):
    """A description, unchangeable."""

    media: tuple[FrozenSDPMediaStream, ...]
    attributes: FrozenSDPAttributeList


def _connection(connection: Connection | None) -> SDPConnection | None:
    return None if connection is None else SDPConnection(connection.address, "IN", connection.address_type)


def _description(connection: BaseSDPConnection | None) -> Connection | None:
    return None if connection is None else Connection(connection.address, connection.address_type)


pair(SDPMediaStream, FrozenSDPMediaStream)
pair(SDPSession, FrozenSDPSession)
