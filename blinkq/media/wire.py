"""Frames of the control channel: the dataclasses of ``control.py``, ``ice_control.py`` and ``ice.py`` as length-prefixed JSON, both ways.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON ``[sequence, message]``. The sequence number
of a command comes back with its reply; events that answer nothing carry 0.

What this is not: the pipe itself (``engine/media_link.py`` and ``voice/`` own its two ends), nor a format for
strangers: both ends are ours and of the same version, so a frame that cannot be read means the channel is lost.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import struct
from typing import Any, NamedTuple

from blinkq.base.errors import BlinkQError
from blinkq.media import control, ice, ice_control

__all__ = ["MAX_FRAME", "Envelope", "FrameReader", "WireError", "decode", "encode"]

#: Longest payload accepted: device lists are the largest messages and stay far below; a longer one means lost framing.
MAX_FRAME = 1 << 20

_LENGTH = struct.Struct(">I")
_TYPE = "@"

_CLASSES: dict[str, type[Any]] = {
    name: value
    for module in (control, ice, ice_control)
    for name, value in vars(module).items()
    if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
}
_FIELDS: dict[str, tuple[str, ...]] = {
    name: tuple(item.name for item in dataclasses.fields(value)) for name, value in _CLASSES.items()
}


class WireError(BlinkQError):
    """A frame that cannot be written or read; the reader of a broken channel closes it."""


class Envelope(NamedTuple):
    """One message of the channel: ``sequence`` joins a reply to its command (0 = answers nothing)."""

    sequence: int
    message: control.Command | control.Event


def encode(sequence: int, message: control.Command | control.Event) -> bytes:
    """Return the whole frame (length and payload) of one message.

    Raises WireError when the message is no dataclass of ``control.py``, holds a value the format has no place for, or
    is too long.
    """
    if type(message).__name__ not in _CLASSES:
        raise WireError(f"{type(message).__name__} is not a message of the control channel")
    payload = json.dumps([sequence, _to_json(message)], separators=(",", ":")).encode()
    if len(payload) > MAX_FRAME:
        raise WireError(f"message of {len(payload)} bytes is longer than {MAX_FRAME}")
    return _LENGTH.pack(len(payload)) + payload


def decode(payload: bytes) -> Envelope:
    """Return the message of one payload (a frame without its length). Raises WireError when it is none."""
    try:
        sequence, value = json.loads(payload)
        message = _from_json(value)
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError) as error:
        raise WireError(f"unreadable control frame: {error}") from error
    if not isinstance(sequence, int) or not isinstance(message, control.Command | control.Event):
        raise WireError("control frame without sequence number or message")
    return Envelope(sequence, message)


class FrameReader:
    """Cuts a byte stream into messages; bytes may arrive in any pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> list[Envelope]:
        """Take bytes, return the messages they complete. Raises WireError when the framing is lost."""
        self._buffer += data
        envelopes: list[Envelope] = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME:
                raise WireError(f"control frame of {length} bytes announced, more than {MAX_FRAME}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            envelopes.append(decode(bytes(self._buffer[_LENGTH.size : end])))
            del self._buffer[:end]
        return envelopes


def _to_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, control.StreamDirection):
        return {_TYPE: "StreamDirection", "value": value.value}
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return {_TYPE: "bytes", "value": base64.b64encode(value).decode("ascii")}
    if isinstance(value, tuple | list):
        return [_to_json(item) for item in value]
    name = type(value).__name__
    if name not in _CLASSES:
        raise WireError(f"{name} cannot cross the control channel")
    result = {field: _to_json(getattr(value, field)) for field in _FIELDS[name]}
    result[_TYPE] = name
    return result


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        # Sequences are tuples in every message: they are frozen dataclasses.
        return tuple(_from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    name = value.pop(_TYPE)
    if name == "bytes":
        return base64.b64decode(value["value"], validate=True)
    if name == "StreamDirection":
        return control.StreamDirection(value["value"])
    return _CLASSES[name](**{field: _from_json(item) for field, item in value.items()})
