"""Shares the screen of DISPLAY through the real windows and the real middleware.

    python share_windows.py FOLDER ADDRESS

Gives control at once; stops when a line comes on standard input. Says "seen" and "over".
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "xcb"

from desktop_windows import prepare, until
from PyQt6.QtWidgets import QApplication

from blinkq.app.main import Application
from blinkq.app.sipsimple_middleware import SIPSimpleMiddleware


def share(application: Application, address: str) -> None:
    shared = application.desktops.shared
    application.desktops.share(address, None)
    shared.dialogs[-1].share_button.click()
    bar = shared.bars[-1]
    until(lambda: bar.share.seen, "somebody who looks")
    bar.control_box.click()
    print("seen", flush=True)
    stop = threading.Thread(target=sys.stdin.readline, daemon=True)
    stop.start()
    until(lambda: not stop.is_alive(), "the word to stop", 90)
    bar.stop_button.click()
    until(lambda: not shared.bars, "the end")
    print("over", flush=True)


def main(folder: Path, address: str) -> None:
    qt = QApplication(sys.argv[:1])
    qt.setQuitOnLastWindowClosed(False)
    prepare(folder / "config")
    application = Application(qt, SIPSimpleMiddleware(folder / "config"), folder / "config")
    events: list[str] = []
    for name in ("SIPApplicationDidStart", "SIPApplicationDidEnd"):
        application.bridge.listen(name, lambda notification: events.append(notification.name))
    application.start()
    until(lambda: bool(events), "the start")
    share(application, address)
    application.quit()
    application.middleware.stop()
    until(lambda: len(events) == 2, "the engine's end")
    application.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
