"""The windows of other programs that can be shared one by one: which there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blinkq.engine.screen.source import ScreenError
from blinkq.engine.screen.x11 import errors_told, has_x11, open_display

__all__ = ["Icon", "Window", "application_of", "find_window", "geometry_of", "windows"]

#: Pixels of an icon's side from which it is good enough for a list, and beyond which nobody needs it.
ICON, MAX_ICON = 24, 128
#: Icons of a window that are looked at.
MAX_ICONS = 16
#: Characters of a title; it may be as long as its program likes.
MAX_TITLE = 200

_NOT_TOP_LEVEL = ("_NET_WM_WINDOW_TYPE_DESKTOP", "_NET_WM_WINDOW_TYPE_DOCK", "_NET_WM_WINDOW_TYPE_SPLASH")


@dataclass(frozen=True, slots=True)
class Icon:
    """A small picture; data: rows from above, 4 bytes a pixel: blue, green, red, alpha."""

    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Window:
    """id: the system's number of it; application: of its program; place and size of its contents in pixels of the whole screen;
    hidden: it is minimised, or on another desktop."""

    id: int
    title: str
    application: str
    left: int
    top: int
    width: int
    height: int
    hidden: bool = False
    icon: Icon | None = None


def windows() -> list[Window]:
    """All that can be shared alone, the uppermost first; none where BlinkQ cannot do that. Raises ScreenError where there is no screen."""
    if not has_x11():
        return []
    display = open_display("The windows cannot be listed")
    try:
        with errors_told("The windows cannot be listed"):
            found = [_describe(display, window) for window in _top_levels(display)]
            return [window for window in found if window is not None]
    finally:
        display.close()


def find_window(wanted: str) -> Window:
    """The window with this number (0x… too), or the only one with these words in its title. Raises ScreenError, which names the choice."""
    known = windows()
    try:
        number = int(wanted, 0)
    except ValueError:
        found = [window for window in known if wanted.casefold() in window.title.casefold()]
    else:
        found = [window for window in known if window.id == number]
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n  {window.id:#x}  {window.title or window.application}" for window in found or known)
    if not listed:
        raise ScreenError("There is no window that can be shared alone.")
    raise ScreenError(f"{'Several windows are' if found else 'No window is'} called {wanted!r}. There are:{listed}")


def application_of(window: Any) -> str:
    """The name of an X window's program, "" where it has none."""
    names = window.get_wm_class()
    return str(names[1] or names[0]) if names else ""


def geometry_of(display: Any, window: Any) -> tuple[int, int, int, int]:
    """Left and top on the whole screen, width and height of what is inside the border of an X window."""
    place = window.get_geometry()
    corner = display.screen().root.translate_coords(window, 0, 0)
    return corner.x, corner.y, place.width, place.height


def _top_levels(display: Any) -> list[Any]:
    from Xlib import Xatom

    root = display.screen().root
    for name in ("_NET_CLIENT_LIST_STACKING", "_NET_CLIENT_LIST"):
        known = root.get_full_property(display.get_atom(name), Xatom.WINDOW)
        if known is not None:
            return [display.create_resource_object("window", number) for number in reversed(known.value)]
    return [window for window in reversed(root.query_tree().children) if _stands_alone(window)]  # there is no window manager


def _stands_alone(window: Any) -> bool:
    from Xlib import X, error

    try:
        facts = window.get_attributes()
    except error.BadWindow:
        return False
    return bool(facts.map_state == X.IsViewable and facts.win_class == X.InputOutput and not facts.override_redirect)


def _describe(display: Any, window: Any) -> Window | None:
    """None when it is gone meanwhile, or is none that a person would call a window."""
    from Xlib import X, Xatom, error

    try:
        kinds = _values(display, window, "_NET_WM_WINDOW_TYPE", Xatom.ATOM)
        states = _values(display, window, "_NET_WM_STATE", Xatom.ATOM)
        if any(display.get_atom(name) in kinds for name in _NOT_TOP_LEVEL):
            return None
        if display.get_atom("_NET_WM_STATE_SKIP_TASKBAR") in states:
            return None
        left, top, width, height = geometry_of(display, window)
        hidden = window.get_attributes().map_state != X.IsViewable
        return Window(window.id, _title(display, window), application_of(window), left, top, width, height, hidden, _icon(display, window))
    except (error.BadWindow, error.BadDrawable):
        return None


def _values(display: Any, window: Any, name: str, kind: int) -> list[int]:
    found = window.get_full_property(display.get_atom(name), kind)
    return [] if found is None or found.format != 32 else list(found.value)


def _title(display: Any, window: Any) -> str:
    found = window.get_full_property(display.get_atom("_NET_WM_NAME"), display.get_atom("UTF8_STRING"))
    text = found.value if found is not None else window.get_wm_name() or ""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return " ".join(str(text).split())[:MAX_TITLE]


def _icon(display: Any, window: Any) -> Icon | None:
    """The smallest that is large enough, else the largest. Read piece by piece: all of them together are much."""
    import numpy as np
    from Xlib import Xatom

    name = display.get_atom("_NET_WM_ICON")
    offset, known = 0, []
    for _ in range(MAX_ICONS):
        head = window.get_property(name, Xatom.CARDINAL, offset, 2)
        if head is None or head.format != 32 or len(head.value) < 2:
            break
        width, height = head.value
        if not (0 < width <= 4096 and 0 < height <= 4096):
            break
        rest = head.bytes_after // 4 - width * height
        if max(width, height) <= MAX_ICON and rest >= 0:
            known.append((width, height, offset + 2))
        if rest < 2:
            break
        offset += 2 + width * height
    if not known:
        return None
    width, height, offset = min((icon for icon in known if icon[0] >= ICON), default=max(known))
    found = window.get_property(name, Xatom.CARDINAL, offset, width * height)
    if found is None or len(found.value) != width * height:
        return None
    return Icon(width, height, np.array(found.value, "<u4").tobytes())
