"""Which sound devices there are, by miniaudio: names that are unique, and which is the default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import miniaudio

from blinkq.media.control import DeviceList

__all__ = ["EMPTY_LIST", "Listing", "list_devices"]

EMPTY_LIST = DeviceList((), (), None, None)

#: Devices listed in one direction; more than any computer has.
_MAX_DEVICES = 64


@dataclass(frozen=True, slots=True)
class Listing:
    """The devices as people see them, and miniaudio's ids behind the names."""

    names: DeviceList = EMPTY_LIST
    inputs: dict[str, Any] = field(default_factory=dict, repr=False)
    outputs: dict[str, Any] = field(default_factory=dict, repr=False)


def list_devices() -> Listing:
    """Ask the sound server; takes some milliseconds. An empty listing when there is no sound server or card."""
    lib, ffi = miniaudio.lib, miniaudio.ffi
    context = ffi.new("ma_context*")
    if lib.ma_context_init(ffi.NULL, 0, ffi.NULL, context) != lib.MA_SUCCESS:
        return Listing()
    try:
        if context.backend == lib.ma_backend_null:
            return Listing()
        return _enumerate(lib, ffi, context, context.backend == lib.ma_backend_alsa)
    finally:
        lib.ma_context_uninit(context)


def _enumerate(lib: Any, ffi: Any, context: Any, alsa: bool) -> Listing:
    playback_infos, playback_count = ffi.new("ma_device_info**"), ffi.new("ma_uint32*")
    capture_infos, capture_count = ffi.new("ma_device_info**"), ffi.new("ma_uint32*")
    result = lib.ma_context_get_devices(context, playback_infos, playback_count, capture_infos, capture_count)
    if result != lib.MA_SUCCESS:
        return Listing()
    inputs, default_input = _collect(ffi, capture_infos[0], capture_count[0], alsa)
    outputs, default_output = _collect(ffi, playback_infos[0], playback_count[0], alsa)
    return Listing(DeviceList(tuple(inputs), tuple(outputs), default_input, default_output), inputs, outputs)


def _collect(ffi: Any, infos: Any, count: int, alsa: bool) -> tuple[dict[str, Any], str | None]:
    devices: dict[str, Any] = {}
    default: str | None = None
    for index in range(min(count, _MAX_DEVICES)):
        if alsa and b":" not in bytes(ffi.buffer(ffi.addressof(infos[index].id))).partition(b"\0")[0]:
            # Plug-ins of ALSA ("Discard all samples", rate converters), not cards: cards have a number or CARD= after a colon.
            continue
        plain = ffi.string(infos[index].name).decode(errors="replace")
        name, number = plain, 2
        while name in devices:
            # Two headsets of one make have one name; the settings need to tell them apart.
            name, number = f"{plain} ({number})", number + 1
        devices[name] = ffi.new("ma_device_id *", infos[index].id)
        if infos[index].isDefault and default is None:
            default = name
    return devices, default or next(iter(devices), None)
