"""Lists that settings can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from blinkq.sipsimple.configuration.datatypes.addresses import Hostname, Nameserver, STUNServerAddress
from blinkq.sipsimple.configuration.datatypes.words import AudioCodec, MIMEType, SIPTransport, VideoCodec

__all__ = [
    "AudioCodecList", "ContentType", "DomainList", "List", "NameserverList", "SIPTransportList", "STUNServerAddressList",
    "VideoCodecList",
]  # fmt: skip


class List:
    """An unchangeable list of values of one ``type``, in order, without repetitions."""

    type: ClassVar[Any] = str
    is_list: ClassVar[bool] = True

    def __init__(self, values: Iterable[object] = ()) -> None:
        if isinstance(values, str):
            values = [part for part in (part.strip() for part in values.split(",")) if part]
        items = [value if isinstance(value, self.type) else self._parse(value) for value in values]
        self._items: tuple[Any, ...] = tuple(dict.fromkeys(items))

    def _parse(self, value: object) -> Any:
        from_description = getattr(self.type, "from_description", self.type)
        return from_description(value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __add__(self, other: Iterable[object]) -> Any:
        return type(self)([*self._items, *other])

    def __radd__(self, other: Iterable[object]) -> Any:
        return type(self)([*other, *self._items])

    def __mul__(self, times: int) -> Any:
        # nothing is in a list twice: whatever is more than once is the list itself
        return type(self)(self._items * times)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return self._items == tuple(other) if isinstance(other, List | list | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._items)

    def __str__(self) -> str:
        return ", ".join(map(str, self._items))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[str(item) for item in self._items]!r})"


class AudioCodecList(List):
    """Codecs that may be used, preferred ones first."""

    type = AudioCodec
    available_values: ClassVar[tuple[str, ...]] = AudioCodec.valid_values

    def __init__(self, values: Iterable[object] = ()) -> None:
        super().__init__(values)
        if not self._items:
            raise ValueError(f"at least one audio codec is needed, of {', '.join(self.available_values)}")


class VideoCodecList(List):
    """Video codecs that may be used, preferred ones first."""

    type = VideoCodec
    available_values: ClassVar[tuple[str, ...]] = VideoCodec.valid_values


class SIPTransportList(List):
    """Transports that may be used, preferred ones first."""

    type = SIPTransport
    available_values: ClassVar[tuple[str, ...]] = SIPTransport.valid_values

    def __init__(self, values: Iterable[object] = ()) -> None:
        super().__init__(values)
        if not self._items:
            raise ValueError(f"at least one transport is needed, of {', '.join(self.available_values)}")


class ContentType(List):
    """Types of content, or ``*`` for all."""

    type = MIMEType


class DomainList(List):
    """Names of domains."""

    type = Hostname


class NameserverList(List):
    """DNS servers to ask instead of the system's."""

    type = Nameserver


class STUNServerAddressList(List):
    """STUN servers: ``host[:port]``, port 3478."""

    type = STUNServerAddress
