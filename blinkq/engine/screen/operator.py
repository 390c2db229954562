"""Pressing keys and moving the pointer on behalf of somebody who was allowed to."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from blinkq.base.logging import get_logger
from blinkq.engine.screen.operator_mac import MacOperator
from blinkq.engine.screen.operator_windows import WindowsOperator
from blinkq.engine.screen.source import Monitor, ScreenError
from blinkq.engine.screen.x11 import errors_told, open_display

__all__ = ["ScreenOperator", "X11Operator", "open_operator"]

log = get_logger("engine.screen")

_FAILURE = "The screen cannot be operated"


class ScreenOperator(Protocol):
    """Used by one thread, the one that made it."""

    def key(self, keysym: int, pressed: bool) -> None:
        """Press or release a key by X11's number of its symbol."""

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Move the pointer (pixels of the monitor) with these buttons down, see rfb's PointerReceived."""

    def close(self) -> None:
        """Release whatever is still pressed. Idempotent."""


def open_operator(monitor: Monitor) -> ScreenOperator:
    """Raises ScreenError where this computer's screen cannot be operated."""
    match sys.platform:
        case "win32":
            return WindowsOperator(monitor)
        case "darwin":
            return MacOperator(monitor)
        case "linux":
            return X11Operator(monitor)
    raise ScreenError("On this system a shared screen can be seen by others, but not operated.")


class X11Operator:
    """Through the XTEST extension of an X server. Raises ScreenError where that is not possible, and when the server is gone."""

    def __init__(self, monitor: Monitor) -> None:
        self._display: Any = open_display(_FAILURE, "XTEST")
        self._monitor = monitor
        self._buttons = 0
        self._keys: dict[int, int] = {}  # keysym -> the keycode that was pressed for it
        self._borrowed: dict[int, int] = {}  # keycode -> keysym: keys that the keyboard lacked

    def key(self, keysym: int, pressed: bool) -> None:
        with errors_told(_FAILURE):
            self._press_key(keysym, pressed)

    def pointer(self, x: int, y: int, buttons: int) -> None:
        with errors_told(_FAILURE):
            self._move(self._monitor.left + x, self._monitor.top + y)
            self._press_buttons(buttons)
            self._display.flush()

    def close(self) -> None:
        if self._display is None:
            return
        try:
            with errors_told(_FAILURE):
                self._let_go()
        except ScreenError as error:
            log.debug("%s", error)  # nothing is pressed on a screen that is gone
        self._display.close()
        self._display = None

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _press_key(self, keysym: int, pressed: bool) -> None:
        from Xlib import X
        from Xlib.ext import xtest

        if not pressed:
            code = self._keys.pop(keysym, None)
            if code is not None:
                xtest.fake_input(self._display, X.KeyRelease, code)
                self._display.flush()
            return
        code, shifted = self._code_of(keysym)
        if code is None:
            return
        shift = self._display.keysym_to_keycode(0xFFE1)
        # the viewer presses Shift itself; where its keyboard has the symbol elsewhere than ours, we lack it or have it too much
        held = any(self._keys.get(symbol) for symbol in (0xFFE1, 0xFFE2))
        turn = shifted is not None and shifted != held and not 0xFFE0 <= keysym <= 0xFFEF
        if turn:
            xtest.fake_input(self._display, X.KeyPress if shifted else X.KeyRelease, shift)
        xtest.fake_input(self._display, X.KeyPress, code)
        if turn:
            xtest.fake_input(self._display, X.KeyRelease if shifted else X.KeyPress, shift)
        self._keys[keysym] = code
        self._display.sync()

    def _move(self, x: int, y: int) -> None:
        """x, y: on the whole screen"""
        from Xlib import X
        from Xlib.ext import xtest

        xtest.fake_input(self._display, X.MotionNotify, x=x, y=y)

    def _press_buttons(self, buttons: int) -> None:
        """These are down now, others are not."""
        from Xlib import X
        from Xlib.ext import xtest

        for bit in range(7):
            now, before = buttons >> bit & 1, self._buttons >> bit & 1
            if now != before:
                xtest.fake_input(self._display, X.ButtonPress if now else X.ButtonRelease, bit + 1)
        self._buttons = buttons

    def _let_go(self) -> None:
        """Nothing is pressed any more, and the keyboard has its own keys only."""
        for keysym in list(self._keys):
            self._press_key(keysym, False)
        self._press_buttons(0)
        for code in self._borrowed:
            self._display.change_keyboard_mapping(code, [(0,)])
        self._display.sync()

    def _code_of(self, keysym: int) -> tuple[int | None, bool | None]:
        """The keycode and whether it needs Shift (None: no matter)."""
        for code, index in self._display.keysym_to_keycodes(keysym):
            if index in (0, 1):
                both = self._display.keycode_to_keysym(code, 0) == self._display.keycode_to_keysym(code, 1)
                return code, None if both else index == 1
        return self._borrow(keysym), None

    def _borrow(self, keysym: int) -> int | None:
        """A keycode without a symbol, given this one."""
        for code, symbol in self._borrowed.items():
            if symbol == keysym:
                return code
        info = self._display.display.info
        mapping = self._display.get_keyboard_mapping(info.min_keycode, info.max_keycode - info.min_keycode + 1)
        for offset, symbols in enumerate(mapping):
            code = info.min_keycode + offset
            if not any(symbols) and code not in self._borrowed:
                self._display.change_keyboard_mapping(code, [(keysym, keysym)])
                self._display.sync()
                self._borrowed[code] = keysym
                return int(code)
        return None
