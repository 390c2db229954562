"""Shared desktops of the real middleware."""

from __future__ import annotations

from typing import cast

from blinkq.app.desktop_media import DesktopStreamLike
from blinkq.app.middleware import AccountLike
from blinkq.sipsimple.screens import Monitor, ScreenFeed, Shareable, Window, monitors, windows
from blinkq.sipsimple.streams import DesktopSharingStream
from blinkq.sipsimple.streams.msrp import InternalVNCViewerHandler, ScreenServerHandler

__all__ = ["SIPSimpleDesktop"]


class SIPSimpleDesktop:
    """Fills ``desktop_media.DesktopMedia``."""

    def new_view(self, account: AccountLike) -> DesktopStreamLike:
        return cast(DesktopStreamLike, DesktopSharingStream(account, InternalVNCViewerHandler()))

    def new_share(self, account: AccountLike, what: Shareable, control: bool) -> DesktopStreamLike:
        return cast(DesktopStreamLike, DesktopSharingStream(account, _handler(what, control)))

    def share_on(self, stream: DesktopStreamLike, what: Shareable, control: bool) -> None:
        cast(DesktopSharingStream, stream).handler = _handler(what, control)

    def monitors(self) -> list[Monitor]:
        return monitors()

    def windows(self) -> list[Window]:
        return windows()


def _handler(what: Shareable, control: bool) -> ScreenServerHandler:
    if isinstance(what, Window):
        return ScreenServerHandler(control=control, window=what)
    if isinstance(what, ScreenFeed):
        return ScreenServerHandler(feed=what)
    return ScreenServerHandler(what.number, control)
