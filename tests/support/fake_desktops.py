"""Shared desktops for the windows' tests: the RFB server at the other end is a real core, in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from support.rfb_pair import picture

from blinkq.rfb.messages import Transmit
from blinkq.rfb.server import STILL, ServerCore
from blinkq.sipsimple.screens import Monitor, ScreenError, ScreenFeed, Shareable, Window

__all__ = ["FakeDesktop", "FakeDesktopMedia", "FarScreen"]


@dataclass(eq=False)
class FakeEnd:
    """Our end of a desktop."""

    type: str
    monitor: int | None = None
    control: bool = False
    window: Window | None = None
    feed: ScreenFeed | None = None
    sent: list[bytes] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    on_send: Any = None
    stopped: bool = False
    flow_control: bool = False
    used: int = 0

    def stop(self) -> None:
        self.stopped = True

    def data_used(self, count: int) -> None:
        self.used += count

    def send(self, data: bytes) -> None:
        self.sent.append(data)
        if self.on_send is not None:
            self.on_send(data)

    def cut_text(self, text: str) -> None:
        self.texts.append(text)


@dataclass(eq=False)
class FakeDesktop:
    """A stream."""

    announce: Any
    handler: FakeEnd
    type: str = "desktop-sharing"

    def gets(self, data: bytes) -> None:
        self.announce("DesktopSharingStreamGotData", self.handler, data=data)

    def fails(self, reason: str) -> None:
        self.announce("MediaStreamDidFail", self, context="reading", failure=None, reason=reason)


class FarScreen:
    """The other party's screen; ``events``: what was done to it."""

    def __init__(self, desktop: FakeDesktop, width: int = 320, height: int = 200, name: str = "Far") -> None:
        self.desktop = desktop
        self.core = ServerCore(width, height, name)
        self.core.allow_input = True
        self.pixels = picture(width, height)
        self.core.frame(self.pixels, 0.0)
        self.events: list[Any] = []
        self.now = 0.0
        desktop.handler.on_send = self._receive
        self.carry()

    def show(self, pixels: Any) -> None:
        self.now += 0.2
        self.pixels = pixels
        self.core.frame(pixels, self.now)
        self.carry()

    def stand_still(self) -> None:
        """Nothing moves until all is shown exactly as it is."""
        for _ in range(STILL + 2):
            self.show(self.pixels)

    def carry(self) -> None:
        for output in self.core.drain():
            if isinstance(output, Transmit):
                self.desktop.gets(output.data)
            else:
                self.events.append(output)

    def _receive(self, data: bytes) -> None:
        self.now += 0.01
        self.core.receive_data(data, self.now)
        if self.core.waiting:
            self.core.frame(self.pixels, self.now)
        self.carry()


@dataclass(eq=False)
class FakeDesktopMedia:
    """Fills blinkq.app.desktop_media.DesktopMedia."""

    announce: Any
    desktops: list[FakeDesktop] = field(default_factory=list)
    screens: list[Monitor] = field(default_factory=lambda: [Monitor(0, 0, 0, 800, 600), Monitor(1, 0, 0, 800, 600)])
    blind: bool = False
    open_windows: list[Window] = field(default_factory=list)

    def new_view(self, account: Any) -> FakeDesktop:
        return self._new(FakeEnd("active"))

    def new_share(self, account: Any, what: Shareable, control: bool) -> FakeDesktop:
        return self._new(_end(what, control))

    def share_on(self, stream: Any, what: Shareable, control: bool) -> None:
        stream.handler = _end(what, control)

    def monitors(self) -> list[Monitor]:
        if self.blind:
            raise ScreenError("The screen cannot be read: there is none.")
        return self.screens

    def windows(self) -> list[Window]:
        return self.open_windows

    # what the network does

    def offered(self, type: str) -> FakeDesktop:
        """Somebody shows a screen ("active") or wants to see ours ("passive")."""
        return self._new(FakeEnd(type))

    def _new(self, handler: FakeEnd) -> FakeDesktop:
        self.desktops.append(FakeDesktop(self.announce, handler))
        return self.desktops[-1]


def _end(what: Shareable, control: bool) -> FakeEnd:
    if isinstance(what, Window):
        return FakeEnd("passive", None, control, what)
    if isinstance(what, ScreenFeed):
        return FakeEnd("passive", None, control, feed=what)
    return FakeEnd("passive", what.number, control)
