"""What both cores give back: bytes to send, and what happened."""

from __future__ import annotations

from dataclasses import dataclass

from blinkq.rfb.framebuffer import Rectangle
from blinkq.rfb.pixel_format import Pixels

__all__ = [
    "Bell", "ClipboardReceived", "Connected", "CursorChanged", "Failed", "KeyReceived", "PasswordWanted", "PointerReceived", "Resized",
    "SizeWanted", "Transmit", "UpdateWanted", "Updated",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Transmit:
    """Bytes for the other party."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The connection is of no use any more; reason is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The desktop is there; of a server: the viewer is. name: of the desktop."""

    width: int
    height: int
    name: str


@dataclass(frozen=True, slots=True)
class PasswordWanted:
    """The server asks for a password: ViewerCore.password."""


@dataclass(frozen=True, slots=True)
class Updated:
    """Parts of the screen were drawn anew."""

    areas: tuple[Rectangle, ...]


@dataclass(frozen=True, slots=True)
class Resized:
    """The screen has another size."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CursorChanged:
    """The pointer looks so now: pixels with opacity in the fourth byte; None: the default one. (x, y) is its hot spot."""

    pixels: Pixels | None
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Bell:
    """The server rings."""


@dataclass(frozen=True, slots=True)
class ClipboardReceived:
    """The other party's clipboard has this text."""

    text: str


@dataclass(frozen=True, slots=True)
class KeyReceived:
    """The viewer pressed or released a key. keysym: X11's number of it."""

    keysym: int
    pressed: bool


@dataclass(frozen=True, slots=True)
class PointerReceived:
    """The viewer's pointer.

    buttons: bit 0 the left one, 1 the middle, 2 the right, 3 and 4 the wheel up and down, 5 and 6 left and right.
    """

    x: int
    y: int
    buttons: int


@dataclass(frozen=True, slots=True)
class UpdateWanted:
    """The viewer can take another picture; incremental False: all of ``area`` anew."""

    area: Rectangle
    incremental: bool


@dataclass(frozen=True, slots=True)
class SizeWanted:
    """The viewer asks for a screen of that size (ExtendedDesktopSize)."""

    width: int
    height: int
