"""Shared desktops of the real middleware."""

from __future__ import annotations

from typing import cast

from blinkq.app.desktop_media import DesktopStreamLike
from blinkq.app.middleware import AccountLike
from blinkq.sipsimple.screens import Monitor, monitors
from blinkq.sipsimple.streams import DesktopSharingStream
from blinkq.sipsimple.streams.msrp import InternalVNCViewerHandler, ScreenServerHandler

__all__ = ["SIPSimpleDesktop"]


class SIPSimpleDesktop:
    """Fills ``desktop_media.DesktopMedia``."""

    def new_view(self, account: AccountLike) -> DesktopStreamLike:
        return cast(DesktopStreamLike, DesktopSharingStream(account, InternalVNCViewerHandler()))

    def new_share(self, account: AccountLike, monitor: int, control: bool) -> DesktopStreamLike:
        return cast(DesktopStreamLike, DesktopSharingStream(account, ScreenServerHandler(monitor, control)))

    def share_on(self, stream: DesktopStreamLike, monitor: int, control: bool) -> None:
        cast(DesktopSharingStream, stream).handler = ScreenServerHandler(monitor, control)

    def monitors(self) -> list[Monitor]:
        return monitors()
