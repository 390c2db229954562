"""A program that shares a screen as a person does, in the dialog, and looks at it with our own viewer: under Wayland.

Says which colour the viewer sees all over, and its size.
"""

from __future__ import annotations

import queue
import sys
from typing import Any

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

from blinkq.app.screen_capture import ScreenCapture, through_portal
from blinkq.app.share_dialog import ShareDialog, Taker
from blinkq.base.clock import SystemClock
from blinkq.engine.screen.monitor_source import monitors
from blinkq.engine.screen.server import ScreenServer
from blinkq.engine.screen.source import ScreenError
from blinkq.rfb.messages import Transmit
from blinkq.rfb.viewer import ViewerCore
from blinkq.sipsimple.screens import ScreenFeed


class Sharer:
    def __init__(self) -> None:
        self.inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.viewer = ViewerCore()
        self.dialog = ShareDialog("Bob", [], [], [Taker("Screen", ScreenCapture, asked=True)])
        self.dialog.accepted.connect(self.share)
        self.dialog.show()
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        print("portal" if through_portal() else "no portal", flush=True)
        try:
            monitors()
        except ScreenError as error:
            print(error, flush=True)
        self.dialog.share_button.click()

    def share(self) -> None:
        feed = self.dialog.what
        assert isinstance(feed, ScreenFeed)
        self.capture: Any = self.dialog.capture
        self.capture.setParent(None)
        self.server = ScreenServer("feed", lambda: feed, lambda: None, SystemClock(), self.inbox.put, lambda reason: None)  # type: ignore[arg-type, return-value]  # nobody operates it
        self.server.start()
        self.timer.start(20)

    def look(self) -> None:
        while not self.inbox.empty():
            self.viewer.receive_data(self.inbox.get(), 0.0)
        for output in self.viewer.drain():
            if isinstance(output, Transmit):
                self.server.receive_data(output.data)
        screen = self.viewer.screen
        if screen is not None and (screen.pixels == screen.pixels[0, 0]).all() and screen.pixels[0, 0, :3].any():
            blue, green, red = (int(part) for part in screen.pixels[0, 0, :3])
            height, width = screen.pixels.shape[:2]
            print(f"seen #{red:02x}{green:02x}{blue:02x} {width} x {height}", flush=True)
            self.timer.stop()
            self.capture.stop()
            self.server.stop()
            self.server.join(30)
            QApplication.quit()


if __name__ == "__main__":
    application = QApplication(sys.argv)
    application.setQuitOnLastWindowClosed(False)
    sharer = Sharer()
    application.exec()
