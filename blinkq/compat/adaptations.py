"""What scripts expect of our objects and the specification does not have, put on the classes themselves: the process is the script's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.compat.null import Null
from blinkq.compat.text import as_text
from blinkq.media.control import StreamStatistics
from blinkq.sipsimple.configuration import SettingsGroup
from blinkq.sipsimple.sip_uri import BaseSIPURI
from blinkq.sipsimple.streams import AudioStream
from blinkq.sipsimple.values.credentials import Credentials
from blinkq.sipsimple.values.value import BaseValue

__all__ = ["StreamEncryption", "adapt"]


def adapt() -> Callable[[], None]:
    """Adapt the classes; the result undoes it."""
    members: list[tuple[type, str, object]] = [
        (StreamStatistics, "__getitem__", _statistics_item),  # scripts read a dictionary of dictionaries
        (AudioStream, "encryption", property(StreamEncryption)),
        (AudioStream, "recorder", property(_recorder)),
        (BaseSIPURI, "_fill", _taking_bytes(BaseSIPURI._fill)),
        (BaseValue, "_fill", _taking_bytes(BaseValue._fill)),
        (Credentials, "_fill", _taking_bytes(Credentials._fill)),
        (SettingsGroup, "__setattr__", object.__setattr__),  # scripts of other versions set what is no setting here
    ]
    before = [(owner, name, owner.__dict__.get(name)) for owner, name, _ in members]
    for owner, name, member in members:
        setattr(owner, name, member)

    def undo() -> None:
        for owner, name, member in before:
            if member is None:
                delattr(owner, name)
            else:
                setattr(owner, name, member)

    return undo


def _taking_bytes(fill: Callable[..., None]) -> Callable[..., None]:
    """``fill``, the method that takes an object's fields, for fields that are bytes; texts become such that can be decoded."""

    def taking(self: object, **fields: Any) -> None:
        texts = {name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for name, value in fields.items()}
        fill(self, **{name: as_text(value) for name, value in texts.items()})

    return taking


class StreamEncryption:
    """What is known of a stream's encryption: ``active``, ``type`` ("SRTP/SDES" or None), ``cipher`` (the suite or None)."""

    #: there is no ZRTP: whatever is asked of it is nothing
    zrtp = Null

    def __init__(self, stream: AudioStream) -> None:
        negotiated = stream._negotiated if stream.srtp_active else None
        key = negotiated.local_key if negotiated is not None else None
        self.active = key is not None
        self.type = "SRTP/SDES" if key is not None else None
        self.cipher = key.suite if key is not None else None


def _recorder(stream: AudioStream) -> object:
    """The recording that is being made (it has a ``filename``), or None."""
    return stream._recorder.current


def _statistics_item(statistics: StreamStatistics, name: str) -> dict[str, Any]:
    """``statistics["rtt"]`` and ["rx"], ["tx"] as the SDK had them; times in microseconds, KeyError for anything else."""
    if name == "rtt":
        return _times(statistics.round_trip or 0.0)
    if name == "rx":
        return {
            "packets": statistics.packets_received, "bytes": statistics.bytes_received, "packets_lost": statistics.packets_lost,
            "packets_discarded": statistics.packets_late, "jitter": _times(statistics.jitter),
        }  # fmt: skip
    if name == "tx":
        return {"packets": statistics.packets_sent, "bytes": statistics.bytes_sent}
    raise KeyError(name)


def _times(milliseconds: float) -> dict[str, int]:
    microseconds = round(milliseconds * 1000)
    return {"avg": microseconds, "last": microseconds}
