"""Keys and pointer for one window under X11, and for nothing else on the screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blinkq.base.logging import get_logger
from blinkq.engine.screen.operator import X11Operator
from blinkq.engine.screen.source import Monitor
from blinkq.engine.screen.window import Window, geometry_of
from blinkq.engine.screen.x11 import errors_told

__all__ = ["WindowOperator"]

log = get_logger("engine.screen")

#: Looks whether the window manager has brought the window forward, and the seconds between two of them.
TRIES, PATIENCE = 10, 0.05
#: Keys and presses that are given up at once after it did not come.
VAIN = 20

_FAILURE = "The window cannot be operated"
#: Keys that are the desktop's and no program's: Super, Hyper, Meta, Print, SysReq.
_DESKTOP = frozenset((0xFFE7, 0xFFE8, 0xFFEB, 0xFFEC, 0xFFED, 0xFFEE, 0xFF61, 0xFF15))
#: Keys of multimedia keyboards: louder, sleep, mail.
_MULTIMEDIA = range(0x1008FE00, 0x10090000)
#: With Alt: space, Tab in both directions, Escape, the function keys; with Control: Escape. With both: all keys.
_WITH_ALT = frozenset((0x20, 0xFF09, 0xFE20, 0xFF1B, *range(0xFFBE, 0xFFE1)))
_WITH_CONTROL = frozenset((0xFF1B,))
_CONTROL, _ALT = (0xFFE3, 0xFFE4), (0xFFE9, 0xFFEA)
_MODIFIERS = frozenset((*range(0xFFE1, 0xFFEF), *range(0xFE01, 0xFE10)))


class WindowOperator(X11Operator):
    """The pointer stays in the window and works only where nothing lies above it: a press brings the window forward first, and a key goes
    to it only. Keys that a window manager takes for itself are left out, as far as they are known. A hidden window gets nothing.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(Monitor(0, window.left, window.top, window.width, window.height))
        self._id = window.id
        self._window = self._display.create_resource_object("window", window.id)
        self._vain = 0
        self._held: set[int] = set()  # keysyms that the viewer holds, passed on or not

    def key(self, keysym: int, pressed: bool) -> None:
        (self._held.add if pressed else self._held.discard)(keysym)
        with errors_told(_FAILURE):
            if not pressed:
                self._press_key(keysym, False)
            elif not self._of_the_desktop(keysym) and self._visible() and self._forward(self._has_focus):
                with self._alone():
                    if self._has_focus():
                        self._press_key(keysym, True)

    def pointer(self, x: int, y: int, buttons: int) -> None:
        from Xlib import error

        pressed = buttons & ~self._buttons
        with errors_told(_FAILURE):
            try:
                if pressed and self._visible():
                    self._forward(lambda: self._reaches(*self._point(x, y)))
                with self._alone():
                    point = self._point(x, y)
                    if self._visible() and self._reaches(*point):
                        self._move(*point)
                        self._press_buttons(buttons)
                    else:
                        self._press_buttons(buttons & self._buttons)
            except (error.BadWindow, error.BadDrawable) as problem:
                log.debug("the window is gone: %s", problem)  # its source tells that
                self._press_buttons(0)
                self._display.flush()

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _of_the_desktop(self, keysym: int) -> bool:
        if keysym in _DESKTOP or keysym in _MULTIMEDIA:
            return True
        if keysym in _MODIFIERS:
            return False
        alt, control = (any(key in self._held for key in keys) for keys in (_ALT, _CONTROL))
        return (alt and (control or keysym in _WITH_ALT)) or (control and keysym in _WITH_CONTROL)

    def _point(self, x: int, y: int) -> tuple[int, int]:
        """The place on the whole screen of one in the window; what lies outside becomes its edge."""
        left, top, width, height = geometry_of(self._display, self._window)
        return left + min(x, width - 1), top + min(y, height - 1)

    def _visible(self) -> bool:
        from Xlib import X, error

        try:
            return bool(self._window.get_attributes().map_state == X.IsViewable)
        except error.BadWindow:
            return False

    def _reaches(self, x: int, y: int) -> bool:
        """Whether what happens at a place of the screen happens to the window."""
        root = inside = self._display.screen().root
        while inside:
            inside = inside.translate_coords(root, x, y).child
            if inside and inside.id == self._id:
                return True
        return False

    def _has_focus(self) -> bool:
        """Whether keys reach the window."""
        from Xlib import error

        focus = self._display.get_input_focus().focus
        try:
            while not isinstance(focus, int):
                if focus.id == self._id:
                    return True
                focus = focus.query_tree().parent
        except error.BadWindow:
            pass  # closed meanwhile
        return False

    def _forward(self, done: Callable[[], bool]) -> bool:
        """Bring the window to the front, and the keyboard to it, unless it is ``done``; whether it is at last."""
        if done():
            return True
        if self._vain:
            self._vain -= 1  # not again at once: whoever looks on shall not wait for each key
            return False
        self._activate()
        for _ in range(TRIES):
            if done():
                return True
            time.sleep(PATIENCE)
        self._vain = VAIN
        return False

    def _activate(self) -> None:
        from Xlib import X, Xatom
        from Xlib.protocol import event

        root, wanted = self._display.screen().root, self._display.get_atom("_NET_ACTIVE_WINDOW")
        known = root.get_full_property(self._display.get_atom("_NET_SUPPORTED"), Xatom.ATOM)
        if known is not None and wanted in known.value:
            message = event.ClientMessage(window=self._window, client_type=wanted, data=(32, [2, X.CurrentTime, 0, 0, 0]))
            root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        else:  # there is no window manager
            self._window.configure(stack_mode=X.Above)
            self._window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.sync()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nothing else happens on the screen meanwhile, so that what was looked up still holds."""
        self._display.grab_server()
        try:
            yield
        finally:
            self._display.ungrab_server()
            self._display.flush()
