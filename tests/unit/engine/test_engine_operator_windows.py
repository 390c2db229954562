"""What Windows is told to press, with a stand-in for its user32."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from blinkq.engine.screen.operator_windows import WindowsOperator
from blinkq.engine.screen.source import Monitor

UP, EXTENDED, UNICODE = 2, 1, 4
SHIFT, CONTROL, ALT_GR = 0xFFE1, 0xFFE3, 0xFE03


class User32:
    """A German keyboard: what was sent, as (key, scan, flags) and (x, y, data, flags)."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, ...]] = []
        self.locked: set[int] = set()
        self.layout = {"a": 0x41, "A": 0x141, "1": 0x31, "!": 0x131, "z": 0x5A, "@": 0x651, "ö": 0xC0, "/": 0x137, "7": 0x37}

    def VkKeyScanW(self, character: Any) -> int:
        return self.layout.get(character.value, -1)

    def MapVirtualKeyW(self, key: int, kind: int) -> int:
        assert kind == 0
        return key // 2

    def GetKeyState(self, key: int) -> int:
        return int(key in self.locked)

    def GetSystemMetrics(self, number: int) -> int:
        return {76: -1920, 77: 0, 78: 3840, 79: 1080}[number]

    def SendInput(self, count: int, events: Any, size: int) -> int:
        assert (count, size) == (1, 40 if ctypes.sizeof(ctypes.c_void_p) == 8 else 28)
        event = events._obj
        if event.kind:
            key = event.of.key
            self.sent.append((key.key, key.scan, key.flags))
        else:
            mouse = event.of.mouse
            self.sent.append((mouse.x, mouse.y, mouse.data, mouse.flags))
        return 1

    def since(self) -> list[tuple[int, ...]]:
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture
def user32() -> User32:
    return User32()


@pytest.fixture
def operator(user32: User32) -> WindowsOperator:
    return WindowsOperator(Monitor(2, 0, 0, 1920, 1080), user32)


def pressed(operator: WindowsOperator, *keysyms: int) -> None:
    for keysym in keysyms:
        operator.key(keysym, True)


def test_keys_of_the_layout(operator: WindowsOperator, user32: User32) -> None:
    operator.key(ord("a"), True)
    operator.key(ord("a"), False)
    assert user32.since() == [(0x41, 0x20, 0), (0x41, 0x20, UP)]
    pressed(operator, SHIFT, ord("!"))
    assert user32.since() == [(0xA0, 0x50, 0), (0x31, 0x18, 0)]
    operator.key(SHIFT, False)
    operator.key(ord("!"), False)  # of the key that was pressed for it, whatever else is let go before
    assert user32.since() == [(0xA0, 0x50, UP), (0x31, 0x18, UP)]
    pressed(operator, ALT_GR, ord("@"))
    assert user32.since() == [(0xA5, 0x52, EXTENDED), (0x51, 0x28, 0)]


def test_characters_that_the_layout_writes_in_another_way_or_not_at_all(operator: WindowsOperator, user32: User32) -> None:
    operator.key(ord("!"), True)  # without Shift on the viewer's keyboard
    operator.key(ord("!"), False)
    assert user32.since() == [(0, ord("!"), UNICODE), (0, ord("!"), UNICODE | UP)]
    operator.key(0x01000416, True)
    operator.key(0x01000416, False)
    assert user32.since() == [(0, 0x416, UNICODE), (0, 0x416, UNICODE | UP)]
    operator.key(0x0101F600, True)
    operator.key(0x0101F600, False)
    assert user32.since() == [(0, 0xD83D, UNICODE), (0, 0xDE00, UNICODE), (0, 0xD83D, UNICODE | UP), (0, 0xDE00, UNICODE | UP)]
    user32.locked = {0x14}
    pressed(operator, ord("a"))  # Caps Lock here does not concern who types there
    assert user32.since() == [(0, ord("a"), UNICODE)]


def test_commands_are_keys_whatever_is_locked(operator: WindowsOperator, user32: User32) -> None:
    user32.locked = {0x14}
    pressed(operator, CONTROL, SHIFT, ord("A"))
    assert user32.since()[-1] == (0x41, 0x20, 0)


def test_keys_that_write_nothing(operator: WindowsOperator, user32: User32) -> None:
    pressed(operator, 0xFF0D, 0xFF51, 0xFFBE, 0xFFC9, 0xFFFF, 0xFFEB, 0x1008FF11)
    assert [event[::2] for event in user32.since()] == [
        (0x0D, 0), (0x25, EXTENDED), (0x70, 0), (0x7B, 0), (0x2E, EXTENDED), (0x5B, EXTENDED), (0xAE, EXTENDED),
    ]  # fmt: skip
    pressed(operator, 0xFE20 + 0x100, 0)
    assert user32.since() == []


def test_the_number_block(operator: WindowsOperator, user32: User32) -> None:
    user32.locked = {0x90}
    pressed(operator, 0xFFB7, 0xFFAF, 0xFF95)
    assert [event[::2] for event in user32.since()] == [(0x67, 0), (0x6F, EXTENDED), (0x24, EXTENDED)]
    operator.close()
    user32.since()
    user32.locked = set()
    pressed(operator, 0xFFB7)
    assert user32.since() == [(0, ord("7"), UNICODE)]


def test_the_pointer(operator: WindowsOperator, user32: User32) -> None:
    operator.pointer(0, 0, 0)
    ((x, y, data, flags),) = user32.since()
    assert (data, flags) == (0, 0xC001)
    assert (x * 3840 // 65536, y * 1080 // 65536) == (1920, 0)  # pixels from the left end of the left monitor
    operator.pointer(1919, 1079, 0b101)
    (x, y, _data, _flags), left, right = user32.since()
    assert (x * 3840 // 65536, y * 1080 // 65536) == (3839, 1079)
    assert (left, right) == ((0, 0, 0, 0x0002), (0, 0, 0, 0x0008))
    operator.pointer(1919, 1079, 0b001)
    assert user32.since()[1:] == [(0, 0, 0, 0x0010)]
    operator.pointer(5, 5, 0b1001)
    operator.pointer(5, 5, 0b0001)
    assert [event for event in user32.since() if event[3] == 0x0800] == [(0, 0, 120, 0x0800)]
    operator.pointer(5, 5, 0b10001)
    assert user32.since()[-1] == (0, 0, (-120) & 0xFFFFFFFF, 0x0800)
    operator.pointer(5, 5, 0b1000001)
    assert user32.since()[-1] == (0, 0, 120, 0x1000)


def test_nothing_stays_pressed(operator: WindowsOperator, user32: User32) -> None:
    pressed(operator, CONTROL, ord("a"), ord("a"), ord("a"))
    operator.pointer(5, 5, 0b111)
    user32.since()
    operator.close()
    operator.close()
    assert user32.since() == [(0xA2, 0x51, UP), (0x41, 0x20, UP), (0, 0, 0, 0x0004), (0, 0, 0, 0x0040), (0, 0, 0, 0x0010)]
    operator.key(ord("a"), False)
    assert user32.since() == []
