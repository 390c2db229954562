"""Keys and pointer under Windows, through SendInput.

What this is not: tried on Windows. It is written after Microsoft's description of SendInput, VkKeyScanW and their structures, and tested
with a stand-in for user32.
"""

from __future__ import annotations

import ctypes
from typing import Any, ClassVar

from blinkq.engine.screen.keys import ALT_GR, SHIFTS, character_of
from blinkq.engine.screen.source import Monitor

__all__ = ["KeyInput", "MouseInput", "WindowsOperator"]

_MOUSE, _KEYBOARD = 0, 1
_EXTENDED, _UP, _UNICODE = 1, 2, 4
_MOVE, _WHEEL, _HWHEEL, _VIRTUAL_DESKTOP, _ABSOLUTE = 0x0001, 0x0800, 0x1000, 0x4000, 0x8000
#: Of the left, middle and right button: pressed, released.
_BUTTONS = ((0x0002, 0x0004), (0x0020, 0x0040), (0x0008, 0x0010))
#: Of wheel up, down, left, right: which wheel, and a notch of it.
_NOTCHES = {3: (_WHEEL, 120), 4: (_WHEEL, -120), 5: (_HWHEEL, -120), 6: (_HWHEEL, 120)}
_CAPITAL = 0x14  # the Caps Lock key

#: Symbol -> virtual key, for those that write no character.
_KEYS = {
    0xFF08: 0x08, 0xFF09: 0x09, 0xFE20: 0x09, 0xFF0B: 0x0C, 0xFF0D: 0x0D, 0xFF13: 0x13, 0xFF14: 0x91, 0xFF15: 0x2C, 0xFF1B: 0x1B,
    0xFFE1: 0xA0, 0xFFE2: 0xA1, 0xFFE9: 0xA4, 0xFFE7: 0xA4, 0xFFE3: 0xA2, 0xFF9D: 0x0C, 0xFF21: 0x19, 0xFF31: 0x15, 0xFF34: 0x19,
    0xFF22: 0x1D, 0xFF23: 0x1C, 0xFF60: 0x29, 0xFF6A: 0x2F,
    **{0xFFBE + number: 0x70 + number for number in range(24)},  # F1 to F24
}  # fmt: skip
#: Those whose scan code begins with E0: without its mark Home would be the 7 of the number block.
_EXTENDED_KEYS = {
    0xFF50: 0x24, 0xFF51: 0x25, 0xFF52: 0x26, 0xFF53: 0x27, 0xFF54: 0x28, 0xFF55: 0x21, 0xFF56: 0x22, 0xFF57: 0x23, 0xFF61: 0x2C,
    0xFF63: 0x2D, 0xFF67: 0x5D, 0xFFFF: 0x2E, 0xFF8D: 0x0D, 0xFFE4: 0xA3, 0xFFEA: 0xA5, 0xFFE8: 0xA5, 0xFE03: 0xA5, 0xFF7E: 0xA5,
    0xFFEB: 0x5B, 0xFFEC: 0x5C, 0xFFED: 0x5B, 0xFFEE: 0x5C, 0xFF95: 0x24, 0xFF96: 0x25, 0xFF97: 0x26, 0xFF98: 0x27, 0xFF99: 0x28,
    0xFF9A: 0x21, 0xFF9B: 0x22, 0xFF9C: 0x23, 0xFF9E: 0x2D, 0xFF9F: 0x2E, 0x1008FF11: 0xAE, 0x1008FF12: 0xAD, 0x1008FF13: 0xAF,
    0x1008FF14: 0xB3, 0x1008FF15: 0xB2, 0x1008FF16: 0xB1, 0x1008FF17: 0xB0, 0x1008FF18: 0xAC, 0x1008FF19: 0xB4, 0x1008FF1B: 0xAA,
    0x1008FF26: 0xA6, 0x1008FF27: 0xA7, 0x1008FF29: 0xA8, 0x1008FF30: 0xAB,
}  # fmt: skip
#: With one of these down a letter is a command and no text: both Controls, Alts, Metas, Supers, Hypers.
_COMMANDS = frozenset((0xFFE3, 0xFFE4, *range(0xFFE7, 0xFFEF)))


class MouseInput(ctypes.Structure):
    """MOUSEINPUT."""

    _fields_: ClassVar[Any] = [
        ("x", ctypes.c_int32), ("y", ctypes.c_int32), ("data", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("time", ctypes.c_uint32),
        ("extra", ctypes.c_size_t),
    ]  # fmt: skip


class KeyInput(ctypes.Structure):
    """KEYBDINPUT."""

    _fields_: ClassVar[Any] = [
        ("key", ctypes.c_uint16), ("scan", ctypes.c_uint16), ("flags", ctypes.c_uint32), ("time", ctypes.c_uint32),
        ("extra", ctypes.c_size_t),
    ]  # fmt: skip


class _Either(ctypes.Union):
    _fields_: ClassVar[Any] = [("mouse", MouseInput), ("key", KeyInput)]


class _Input(ctypes.Structure):
    _fields_: ClassVar[Any] = [("kind", ctypes.c_uint32), ("of", _Either)]


class WindowsOperator:
    """A ScreenOperator.

    :param user32: the system's library of that name

    Characters are typed by the keys that write them in the layout of this computer, so that programs see real keys; those that the layout
    writes with other modifiers than the viewer holds, or not at all, come as the characters themselves.
    """

    def __init__(self, monitor: Monitor, user32: Any = None) -> None:
        self._user32 = ctypes.WinDLL("user32") if user32 is None else user32  # type: ignore[attr-defined]  # only there on Windows
        self._monitor = monitor
        self._buttons = 0
        self._place = (0, 0)
        self._held: dict[int, tuple[KeyInput, ...]] = {}  # symbol -> what releases it

    def key(self, keysym: int, pressed: bool) -> None:
        if not pressed:
            for release in self._held.pop(keysym, ()):
                self._send(_Input(_KEYBOARD, _Either(key=release)))
            return
        events = self._presses(keysym)
        self._held.setdefault(keysym, tuple(KeyInput(key, scan, flags | _UP) for key, scan, flags in events))
        for key, scan, flags in events:
            self._send(_Input(_KEYBOARD, _Either(key=KeyInput(key, scan, flags))))

    def pointer(self, x: int, y: int, buttons: int) -> None:
        self._move(self._monitor.left + x, self._monitor.top + y)
        changed, self._buttons = buttons ^ self._buttons, buttons
        for bit, events in enumerate(_BUTTONS):
            if changed >> bit & 1:
                self._mouse(events[0] if buttons >> bit & 1 else events[1])
        for bit, (wheel, notch) in _NOTCHES.items():
            if changed & buttons & 1 << bit:
                self._mouse(wheel, notch)

    def close(self) -> None:
        for keysym in list(self._held):
            self.key(keysym, False)
        changed, self._buttons = self._buttons, 0
        for bit, (_press, release) in enumerate(_BUTTONS):
            if changed >> bit & 1:
                self._mouse(release)

    # helpers -------------------------------------------------------------------------------------------------------------------------

    def _presses(self, keysym: int) -> list[tuple[int, int, int]]:
        """Virtual key, scan code, flags of each event that presses it."""
        extended = _EXTENDED_KEYS.get(keysym)
        key = _KEYS.get(keysym) if extended is None else extended
        if key is not None:
            return [(key, self._scan(key), 0 if extended is None else _EXTENDED)]
        character = character_of(keysym)
        if character is None:
            return []
        if character.isascii() and 0xFFAA <= keysym <= 0xFFB9 and character != ",":  # the number block
            key = 0x60 + int(character) if character.isdigit() else 0x6A + keysym - 0xFFAA
            return [(key, self._scan(key), _EXTENDED if character == "/" else 0)] if self._locked(0x90) else self._text(character)
        return self._by_layout(character) or self._text(character)

    def _by_layout(self, character: str) -> list[tuple[int, int, int]]:
        if ord(character) > 0xFFFF:
            return []
        found = self._user32.VkKeyScanW(ctypes.c_wchar(character)) & 0xFFFF
        key, wanted = found & 0xFF, found >> 8  # wanted: 1 Shift, 2 Control, 4 Alt
        if found == 0xFFFF:
            return []
        if not self._held.keys() & _COMMANDS:
            held = bool(self._held.keys() & SHIFTS) | (6 if self._held.keys() & ALT_GR else 0)
            if wanted != held or (character.isalpha() and self._locked(_CAPITAL)):
                return []
        return [(key, self._scan(key), 0)]

    @staticmethod
    def _text(character: str) -> list[tuple[int, int, int]]:
        """The character itself, in one or two pieces of UTF-16."""
        data = character.encode("utf-16-le")
        return [(0, int.from_bytes(data[place : place + 2], "little"), _UNICODE) for place in range(0, len(data), 2)]

    def _scan(self, key: int) -> int:
        return int(self._user32.MapVirtualKeyW(key, 0)) & 0xFF

    def _locked(self, key: int) -> bool:
        return bool(self._user32.GetKeyState(key) & 1)

    def _move(self, x: int, y: int) -> None:
        left, top, width, height = (int(self._user32.GetSystemMetrics(number)) for number in (76, 77, 78, 79))  # of all monitors together
        if width <= 0 or height <= 0:
            return
        # 65536 steps across: the middle of the pixel, so that rounding cannot land beside it
        self._place = (((x - left) * 2 + 1) * 32768 // width, ((y - top) * 2 + 1) * 32768 // height)
        self._mouse(_MOVE | _ABSOLUTE | _VIRTUAL_DESKTOP)

    def _mouse(self, flags: int, data: int = 0) -> None:
        across, down = self._place if flags & _ABSOLUTE else (0, 0)
        self._send(_Input(_MOUSE, _Either(mouse=MouseInput(across, down, data & 0xFFFFFFFF, flags))))

    def _send(self, event: _Input) -> None:
        self._user32.SendInput(1, ctypes.byref(event), ctypes.sizeof(event))
