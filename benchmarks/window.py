"""The softphone as a process under test: `python -m benchmarks.window CONFIG_DIR` prints when its window is usable and when it runs.

One JSON object a line; times are seconds of the monotonic clock.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from PyQt6.QtCore import QTimer

from blinkq.app import main as application
from blinkq.base.notification import Notification, NotificationCenter, NotificationHandler


class Started(NotificationHandler):
    """Tells of SIPApplicationDidStart."""

    def _NH_SIPApplicationDidStart(self, notification: Notification) -> None:
        _say("application")


class Measured(application.Application):
    """The softphone that says when it has shown its window and the loop has nothing left to do."""

    def show(self) -> None:
        super().show()
        # timers of 0 ms fire when all events (layout, painting) have been worked off
        QTimer.singleShot(0, lambda: QTimer.singleShot(0, lambda: _say("window")))


def _say(name: str) -> None:
    print(json.dumps({name: time.monotonic()}), flush=True)


if __name__ == "__main__":
    application.Application = Measured  # type: ignore[misc]  # run() makes what this name says
    started = Started()
    NotificationCenter().add_observer(started, name="SIPApplicationDidStart")
    sys.exit(application.run(application.StartOptions(config_dir=Path(sys.argv[1]))))
