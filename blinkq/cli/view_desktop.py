"""``blinkq view-desktop URI``: see somebody's screen, through a VNC viewer on this computer or as a picture in a file."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from PIL import Image

from blinkq.base.notification import Notification
from blinkq.cli.dialer import check_destination
from blinkq.cli.failure import CommandFailure
from blinkq.cli.output import Output
from blinkq.cli.stream_tool import StreamTool
from blinkq.rfb.messages import Connected, Failed, Transmit, Updated
from blinkq.rfb.viewer import ViewerCore
from blinkq.sipsimple.streams import DesktopSharingStream
from blinkq.sipsimple.streams.msrp import ExternalVNCViewerHandler, InternalVNCViewerHandler

__all__ = ["run"]

VIEWER_LIMIT = 60.0  # seconds in which a person starts a viewer


def run(options: Namespace, output: Output) -> int:
    """View until interrupted, until the picture is written, or until the other party leaves."""
    check_destination(options)
    if options.screenshot is not None and not options.screenshot.resolve().parent.is_dir():
        raise CommandFailure(f"The picture cannot be written: there is no folder {options.screenshot.resolve().parent}.")
    return ViewDesktopTool(options, output).run()


class ViewDesktopTool(StreamTool):
    """One desktop."""

    kind = "desktop-sharing"

    def begin(self) -> None:
        self.core: ViewerCore | None = None
        self.written = False
        self.handler: Any = None
        super().begin()

    def streams(self) -> list[Any]:
        if self.options.screenshot is not None:
            self.core, self.handler = ViewerCore(), InternalVNCViewerHandler()
            self.core.view_only = True
            self.handler.flow_control = True
        else:
            self.handler = ExternalVNCViewerHandler(("localhost", self.options.port), VIEWER_LIMIT)
        return [DesktopSharingStream(self.account, self.handler)]

    def started(self) -> None:
        if self.core is None:
            self.after(0.2, self._tell_port)

    def _tell_port(self) -> None:
        if self.session is not None and self.session.end_time is None:
            self.output.say(f"Connect a VNC viewer to localhost port {self.handler.address[1]}")

    def done(self) -> bool:
        return self.written or self.core is None

    def _NH_DesktopSharingStreamGotData(self, notification: Notification) -> None:
        core = self.core
        if core is None or notification.sender is not self.handler or self.written:
            return
        self.handler.data_used(len(notification.data.data))
        core.receive_data(notification.data.data, time.monotonic())
        for output in core.drain():
            if isinstance(output, Transmit):
                self.handler.send(output.data)
            elif isinstance(output, Connected):
                self.output.say(f"{output.name}: {output.width} x {output.height} pixels")
            elif isinstance(output, Updated):
                self._write(core)
            elif isinstance(output, Failed):
                self.output.say(output.reason)
                self.interrupt()

    def _write(self, core: ViewerCore) -> None:
        assert core.screen is not None
        self.written = True
        size = core.screen.width, core.screen.height
        try:
            Image.frombuffer("RGB", size, core.screen.pixels.tobytes(), "raw", "BGRX", 0, 1).save(self.options.screenshot, "PNG")
            self.output.say(f"The picture is in {self.options.screenshot}")
        except OSError as error:
            self.written = False
            self.output.say(f"The picture cannot be written: {error.strerror or error}.")
        self.interrupt()
