"""What macOS is told to press, with a stand-in for its Quartz."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_clock import FakeClock

from blinkq.engine.screen.operator_mac import MacOperator
from blinkq.engine.screen.source import Monitor, ScreenError

SHIFT, COMMAND = 1 << 17, 1 << 20


class Screen:
    """A Quartz: what was posted."""

    def __init__(self, allow: bool = True) -> None:
        self.allow = allow
        self.done: list[tuple[Any, ...]] = []

    def allowed(self) -> bool:
        return self.allow

    def key(self, code: int, pressed: bool, flags: int, text: str) -> None:
        self.done.append((code, pressed, flags, text))

    def mouse(self, kind: int, x: float, y: float, button: int, clicks: int) -> None:
        self.done.append((kind, x, y, button, clicks))

    def scroll(self, down: int, across: int) -> None:
        self.done.append((down, across))

    def since(self) -> list[tuple[Any, ...]]:
        done, self.done = self.done, []
        return done


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def operator(screen: Screen, clock: FakeClock) -> MacOperator:
    return MacOperator(Monitor(2, 1440, 0, 1920, 1080), screen, clock)


def test_a_person_who_does_not_want_that() -> None:
    with pytest.raises(ScreenError, match="Accessibility"):
        MacOperator(Monitor(0, 0, 0, 10, 10), Screen(allow=False))


def test_text_comes_as_it_is(operator: MacOperator, screen: Screen) -> None:
    for keysym in (ord("a"), ord("A"), 0x01000416, 0xFFB7):
        operator.key(keysym, True)
        operator.key(keysym, False)
    assert [event[::3] for event in screen.since()] == [(0, "a")] * 2 + [(0, "A")] * 2 + [(0, "Ж")] * 2 + [(26, "7")] * 2


def test_commands_are_keys(operator: MacOperator, screen: Screen) -> None:
    operator.key(0xFFEB, True)
    operator.key(0xFFE1, True)
    operator.key(ord("Z"), True)
    assert screen.since() == [(0x37, True, COMMAND, ""), (0x38, True, COMMAND | SHIFT, ""), (6, True, COMMAND | SHIFT, "")]
    operator.key(0xFFEB, False)
    operator.key(ord("Z"), False)
    assert screen.since() == [(0x37, False, SHIFT, ""), (6, False, SHIFT, "")]


def test_keys_that_write_nothing(operator: MacOperator, screen: Screen) -> None:
    for keysym in (0xFF0D, 0xFF51, 0xFFBE, 0xFFC9, 0xFF08, 0xFFFF, 0, 0x1008FF11):
        operator.key(keysym, True)
    assert [event[0] for event in screen.since()] == [0x24, 0x7B, 0x7A, 0x6F, 0x33, 0x75]


def test_the_pointer(operator: MacOperator, screen: Screen, clock: FakeClock) -> None:
    operator.pointer(10, 20, 0)
    operator.pointer(10, 20, 1)
    operator.pointer(12, 20, 1)
    operator.pointer(12, 20, 0)
    assert screen.since() == [(5, 1450, 20, 0, 0), (1, 1450, 20, 0, 1), (6, 1452, 20, 0, 1), (2, 1452, 20, 0, 1)]
    operator.pointer(12, 20, 1)
    operator.pointer(12, 20, 0)
    assert screen.since() == [(1, 1452, 20, 0, 2), (2, 1452, 20, 0, 2)]  # the second click of two
    clock.advance(1)
    operator.pointer(12, 20, 1)
    operator.pointer(12, 20, 0b101)
    assert screen.since() == [(1, 1452, 20, 0, 1), (3, 1452, 20, 1, 1)]
    operator.pointer(12, 20, 0b1000)
    operator.pointer(12, 20, 0b100000)
    assert screen.since() == [(2, 1452, 20, 0, 1), (4, 1452, 20, 1, 1), (3, 0), (0, 3)]


def test_nothing_stays_pressed(operator: MacOperator, screen: Screen) -> None:
    operator.key(0xFFEB, True)
    operator.key(ord("q"), True)
    operator.pointer(1, 1, 1)
    screen.since()
    operator.close()
    operator.close()
    assert screen.since() == [(12, False, COMMAND, ""), (0x37, False, 0, ""), (2, 1441, 1, 0, 1)]
