"""``blinkq share-desktop URI``: show this computer's screen, or one window, to somebody."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from blinkq.base.notification import Notification
from blinkq.cli.dialer import check_destination
from blinkq.cli.failure import WrongUsage
from blinkq.cli.output import Output
from blinkq.cli.stream_tool import StreamTool
from blinkq.sipsimple.screens import ScreenError, find_window
from blinkq.sipsimple.streams import DesktopSharingStream
from blinkq.sipsimple.streams.msrp import DesktopSharingHandlerBase, ExternalVNCServerHandler, ScreenServerHandler

__all__ = ["run"]


def run(options: Namespace, output: Output) -> int:
    """Share until interrupted, or until the other party leaves."""
    check_destination(options)
    if options.window is not None:
        try:
            options.window = find_window(options.window)
        except ScreenError as error:
            raise WrongUsage(str(error)) from error
    return ShareDesktopTool(options, output).run()


class ShareDesktopTool(StreamTool):
    """One viewer."""

    kind = "desktop-sharing"

    def begin(self) -> None:
        self.shown = True
        self.handler: DesktopSharingHandlerBase | None = None
        super().begin()

    def streams(self) -> list[Any]:
        if self.options.server is not None:
            self.handler = ExternalVNCServerHandler(self.options.server)
        else:
            monitor = None if self.options.test_screen else self.options.monitor
            self.handler = ScreenServerHandler(monitor, self.options.control, window=self.options.window)
        return [DesktopSharingStream(self.account, self.handler)]

    def started(self) -> None:
        window = self.options.window
        what = "The test screen" if self.options.test_screen else "Your screen" if window is None else f"The window {window.title!r}"
        control = ", who can operate it" if self.options.control and self.options.server is None else ""
        self.output.say(f"{what} is shown to {self.peer}{control}; Ctrl-C ends it")

    def _NH_ScreenServerHandlerPlaceDidChange(self, notification: Notification) -> None:
        shown = notification.data.shown
        if notification.sender is self.handler and shown != self.shown:
            self.shown = shown
            self.output.say("The window is seen again" if shown else "The window is hidden: its last picture is seen")

    def _NH_ScreenServerHandlerControlDidFail(self, notification: Notification) -> None:
        if notification.sender is self.handler:
            self.output.say(f"{self.peer} can only look: {notification.data.reason}")
