"""What scripts expect of our objects and the specification does not have, put on the classes themselves: the process is the script's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blinkq.base.errors import IllegalStateError
from blinkq.compat.null import Null
from blinkq.media.control import StreamStatistics
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.streams import AudioStream

__all__ = ["StreamEncryption", "adapt"]

_start_configuration = ConfigurationManager.start


def adapt() -> Callable[[], None]:
    """Adapt the classes; the result undoes it."""
    ConfigurationManager.start = _start  # type: ignore[method-assign]  # the backend may be left out
    added: list[tuple[type, str, object]] = [
        (StreamStatistics, "__getitem__", _statistics_item),
        (AudioStream, "encryption", property(StreamEncryption)),
        (AudioStream, "recorder", property(_recorder)),
    ]
    for owner, name, member in added:
        setattr(owner, name, member)

    def undo() -> None:
        ConfigurationManager.start = _start_configuration  # type: ignore[method-assign]  # as it was
        for owner, name, _ in added:
            delattr(owner, name)

    return undo


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


def _start(self: ConfigurationManager, backend: Any = None, passwords: Any = None) -> None:
    """Load the settings from ``backend``, or from ``SIPApplication.storage`` without one."""
    if backend is None:
        backend = getattr(SIPApplication.storage, "configuration_backend", None)
        if backend is None:
            raise IllegalStateError("ConfigurationManager.start: SIPApplication.storage is not set")
    _start_configuration(self, backend, passwords)


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
