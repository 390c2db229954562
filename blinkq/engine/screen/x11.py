"""Talking to an X server: connections, and its errors as sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blinkq.engine.screen.source import ScreenError

__all__ = ["errors_told", "has_x11", "open_display"]


def has_x11() -> bool:
    """Whether this is a system whose screens are X11's."""
    return sys.platform == "linux"


def open_display(failure: str, *extensions: str) -> Any:
    """A connection of one's own. Raises ScreenError (``failure`` and the cause) where there is no X server, or one without an extension."""
    # imported here: whoever never shares a screen need not have what reading one needs
    from Xlib import error
    from Xlib.display import Display

    try:
        display = Display()
    except (error.DisplayError, error.ConnectionClosedError, error.XauthError, OSError) as problem:
        raise ScreenError(f"{failure}: {problem}.") from problem
    missing = [name for name in extensions if not display.has_extension(name)]
    if missing:
        display.close()
        raise ScreenError(f"{failure}: its X server lacks the {missing[0]} extension.")
    # python-xlib gives errors of extensions the numbers of the core protocol's, which it cannot read any more then
    display.display.error_classes.update(error.xerror_class)
    display.set_error_handler(lambda _problem, _request: None)  # of requests without an answer: the next answer tells
    return display


@contextmanager
def errors_told(failure: str) -> Iterator[None]:
    """What the X server refuses, or its end, becomes a ScreenError."""
    from Xlib import error

    try:
        yield
    except (error.XError, error.ConnectionClosedError, OSError) as problem:
        raise ScreenError(f"{failure}: {problem}.") from problem
