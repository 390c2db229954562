"""Keys and pointer under macOS, through Quartz event services.

What this is not: tried on macOS. It is written after Apple's description of CGEvent, and tested with a stand-in for Quartz.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any, ClassVar, Protocol

from blinkq.base.clock import Clock, SystemClock
from blinkq.engine.screen.keys import MODIFIERS, character_of
from blinkq.engine.screen.source import Monitor, ScreenError

__all__ = ["MacOperator", "Quartz"]

#: Seconds between two presses of one click that counts twice, and how many points the pointer may move meanwhile.
DOUBLE_CLICK, NEAR = 0.5, 4
#: Lines that a notch of a wheel scrolls.
LINES = 3

_SHIFT, _CONTROL, _OPTION, _COMMAND = 1 << 17, 1 << 18, 1 << 19, 1 << 20
_ALL_FLAGS = _SHIFT | _CONTROL | _OPTION | _COMMAND
#: Modifiers: key code, flag.
_MODIFIERS = {
    0xFFE1: (0x38, _SHIFT), 0xFFE2: (0x3C, _SHIFT), 0xFFE3: (0x3B, _CONTROL), 0xFFE4: (0x3E, _CONTROL), 0xFFE9: (0x3A, _OPTION),
    0xFFEA: (0x3D, _OPTION), 0xFE03: (0x3D, _OPTION), 0xFF7E: (0x3D, _OPTION), 0xFFE7: (0x37, _COMMAND), 0xFFE8: (0x36, _COMMAND),
    0xFFEB: (0x37, _COMMAND), 0xFFEC: (0x36, _COMMAND), 0xFFED: (0x37, _COMMAND), 0xFFEE: (0x36, _COMMAND),
}  # fmt: skip
#: Symbol -> key code, for those that write no character.
_KEYS = {
    0xFF08: 0x33, 0xFF09: 0x30, 0xFE20: 0x30, 0xFF0D: 0x24, 0xFF8D: 0x4C, 0xFF1B: 0x35, 0xFFFF: 0x75, 0xFF9F: 0x75, 0xFF0B: 0x47,
    0xFF9D: 0x47, 0xFF50: 0x73, 0xFF95: 0x73, 0xFF51: 0x7B, 0xFF96: 0x7B, 0xFF52: 0x7E, 0xFF97: 0x7E, 0xFF53: 0x7C, 0xFF98: 0x7C,
    0xFF54: 0x7D, 0xFF99: 0x7D, 0xFF55: 0x74, 0xFF9A: 0x74, 0xFF56: 0x79, 0xFF9B: 0x79, 0xFF57: 0x77, 0xFF9C: 0x77, 0xFF6A: 0x72,
    0xFF63: 0x72, 0xFF9E: 0x72,
    **dict(zip(
        range(0xFFBE, 0xFFD2),
        (0x7A, 0x78, 0x63, 0x76, 0x60, 0x61, 0x62, 0x64, 0x65, 0x6D, 0x67, 0x6F, 0x69, 0x6B, 0x71, 0x6A, 0x40, 0x4F, 0x50, 0x5A),
        strict=True,
    )),  # F1 to F20
}  # fmt: skip
#: Key codes of places on the keyboard, by what is written there in the United States: what a command counts by.
_PLACES = {
    character: code
    for code, character in enumerate("asdfhgzxcv\0bqweryt123465=97-80]ou[ip\0lj'k;\\,/nm.\0 `")
    if character != "\0"
}  # fmt: skip
#: Of the left, middle and right button: its number, pressed, released, moved while pressed.
_BUTTONS = ((0, 1, 2, 6), (2, 25, 26, 27), (1, 3, 4, 7))
#: Of wheel up, down, left, right: lines down and across.
_NOTCHES = {3: (LINES, 0), 4: (-LINES, 0), 5: (0, LINES), 6: (0, -LINES)}
_MOVED = 5


class Quartz(Protocol):
    """What is used of it."""

    def allowed(self) -> bool:
        """Whether this program may press keys; asks the person if that is not known."""

    def key(self, code: int, pressed: bool, flags: int, text: str) -> None:
        """text: what the key writes, "" what the layout says."""

    def mouse(self, kind: int, x: float, y: float, button: int, clicks: int) -> None:
        """x, y: points of all screens together."""

    def scroll(self, down: int, across: int) -> None:
        """In lines."""


class MacOperator:
    """A ScreenOperator. Raises ScreenError where the person did not allow this program to operate the computer (Accessibility).

    Characters come as themselves, whatever the layout; with Command or Control, as the keys at their places on an American keyboard.
    """

    def __init__(self, monitor: Monitor, quartz: Quartz | None = None, clock: Clock | None = None) -> None:
        self._quartz = _SystemQuartz() if quartz is None else quartz
        if not self._quartz.allowed():
            raise ScreenError(
                "macOS does not let BlinkQ operate this computer: allow it under System Settings, Privacy & Security, Accessibility."
            )
        self._clock = clock or SystemClock()
        self._monitor = monitor
        self._held: dict[int, tuple[int, str]] = {}  # symbol -> the key that was pressed for it, and what it writes
        self._buttons = 0
        self._at = (float(monitor.left), float(monitor.top))
        self._clicks = 0
        self._clicked: tuple[int, float, float, float] | None = None  # button, when, where

    def key(self, keysym: int, pressed: bool) -> None:
        if not pressed:
            held = self._held.pop(keysym, None)
            if held is not None:
                self._quartz.key(held[0], False, self._flags(), held[1])
            return
        found = self._key_of(keysym)
        if found is not None:
            self._held[keysym] = found
            self._quartz.key(found[0], True, self._flags(), found[1])

    def pointer(self, x: int, y: int, buttons: int) -> None:
        at = float(self._monitor.left + x), float(self._monitor.top + y)
        changed, before, self._buttons = buttons ^ self._buttons, self._buttons, buttons
        if at != self._at:
            self._at = at
            number, kind = next(((row[0], row[3]) for bit, row in enumerate(_BUTTONS) if before >> bit & 1), (0, _MOVED))
            self._quartz.mouse(kind, *at, number, 0 if kind == _MOVED else self._clicks)
        for bit, (number, down, up, _dragged) in enumerate(_BUTTONS):
            if changed >> bit & 1:
                pressed = bool(buttons >> bit & 1)
                if pressed:
                    self._count(number)
                self._quartz.mouse(down if pressed else up, *at, number, self._clicks)
        for bit, (lines_down, lines_across) in _NOTCHES.items():
            if changed & buttons & 1 << bit:
                self._quartz.scroll(lines_down, lines_across)

    def close(self) -> None:
        for keysym in sorted(self._held, key=MODIFIERS.__contains__):
            self.key(keysym, False)
        held, self._buttons = self._buttons, 0
        for bit, (number, _down, up, _dragged) in enumerate(_BUTTONS):
            if held >> bit & 1:
                self._quartz.mouse(up, *self._at, number, self._clicks)

    # helpers -------------------------------------------------------------------------------------------------------------------------

    def _key_of(self, keysym: int) -> tuple[int, str] | None:
        if keysym in _MODIFIERS:
            return _MODIFIERS[keysym][0], ""
        if keysym in _KEYS:
            return _KEYS[keysym], ""
        character = character_of(keysym)
        if character is None:
            return None
        place = _PLACES.get(character.lower(), 0)
        command = self._flags() & (_CONTROL | _COMMAND) and character.lower() in _PLACES
        return place, "" if command else character

    def _flags(self) -> int:
        flags = 0
        for keysym in self._held:
            flags |= _MODIFIERS.get(keysym, (0, 0))[1]
        return flags

    def _count(self, button: int) -> None:
        """Programs are told which click in a row it is."""
        now, last = self._clock.monotonic(), self._clicked
        near = last is not None and last[0] == button and abs(last[2] - self._at[0]) <= NEAR and abs(last[3] - self._at[1]) <= NEAR
        again = near and last is not None and now - last[1] <= DOUBLE_CLICK
        self._clicks = self._clicks + 1 if again else 1
        self._clicked = (button, now, *self._at)


class _Point(ctypes.Structure):
    _fields_: ClassVar[Any] = [("x", ctypes.c_double), ("y", ctypes.c_double)]


class _SystemQuartz:
    """ApplicationServices, which every Mac has. A null source: as if it came from a device of its own."""

    def __init__(self) -> None:
        self._services = services = _library("ApplicationServices")
        self._foundation = _library("CoreFoundation")
        pointer = ctypes.c_void_p
        for name, result, arguments in (
            ("CGEventCreateKeyboardEvent", pointer, (pointer, ctypes.c_uint16, ctypes.c_bool)),
            ("CGEventKeyboardSetUnicodeString", None, (pointer, ctypes.c_ulong, ctypes.POINTER(ctypes.c_uint16))),
            ("CGEventGetFlags", ctypes.c_uint64, (pointer,)),
            ("CGEventSetFlags", None, (pointer, ctypes.c_uint64)),
            ("CGEventCreateMouseEvent", pointer, (pointer, ctypes.c_uint32, _Point, ctypes.c_uint32)),
            ("CGEventSetIntegerValueField", None, (pointer, ctypes.c_uint32, ctypes.c_int64)),
            # the one without a variable number of arguments, which ctypes cannot pass on Apple's processors
            ("CGEventCreateScrollWheelEvent2", pointer, (pointer, ctypes.c_uint32, ctypes.c_uint32, *[ctypes.c_int32] * 3)),
            ("CGEventPost", None, (ctypes.c_uint32, pointer)),
            ("CGPreflightPostEventAccess", ctypes.c_bool, ()),
            ("CGRequestPostEventAccess", ctypes.c_bool, ()),
        ):
            function = getattr(services, name)
            function.restype, function.argtypes = result, arguments
        self._foundation.CFRelease.restype, self._foundation.CFRelease.argtypes = None, (pointer,)

    def allowed(self) -> bool:
        return bool(self._services.CGPreflightPostEventAccess() or self._services.CGRequestPostEventAccess())

    def key(self, code: int, pressed: bool, flags: int, text: str) -> None:
        event = self._services.CGEventCreateKeyboardEvent(None, code, pressed)
        if not event:
            return
        own = self._services.CGEventGetFlags(event) & ~_ALL_FLAGS  # arrows say that they are arrows
        self._services.CGEventSetFlags(event, own | flags)
        if text:
            data = text.encode("utf-16-le")
            units = (ctypes.c_uint16 * (len(data) // 2)).from_buffer_copy(data)
            self._services.CGEventKeyboardSetUnicodeString(event, len(units), units)
        self._post(event)

    def mouse(self, kind: int, x: float, y: float, button: int, clicks: int) -> None:
        event = self._services.CGEventCreateMouseEvent(None, kind, _Point(x, y), button)
        if event:
            self._services.CGEventSetIntegerValueField(event, 1, clicks)  # kCGMouseEventClickState
            self._post(event)

    def scroll(self, down: int, across: int) -> None:
        event = self._services.CGEventCreateScrollWheelEvent2(None, 1, 2, down, across, 0)  # 1: in lines
        if event:
            self._post(event)

    def _post(self, event: int) -> None:
        self._services.CGEventPost(0, event)  # 0: where devices put theirs in
        self._foundation.CFRelease(event)


def _library(name: str) -> Any:
    path = ctypes.util.find_library(name) or f"/System/Library/Frameworks/{name}.framework/{name}"
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        raise ScreenError(f"This computer cannot be operated: {error}.") from error
