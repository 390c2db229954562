"""Looks at the screen of ``blinkq echo`` through the real windows and the real middleware, offscreen.

    python desktop_windows.py FOLDER

Writes a line of JSON: the colours along a line of what the window shows one pixel for one, and what the service heard.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

from PyQt6.QtCore import QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

import blinkq.sipsimple.notifications  # noqa: F401  # declares what the configuration posts
from blinkq.app.demo_echo import EchoService
from blinkq.app.desktop_viewer import ViewStage
from blinkq.app.main import Application
from blinkq.app.sipsimple_middleware import SIPSimpleMiddleware
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.backend.file import FileBackend
from blinkq.sipsimple.configuration.datatypes import IPAddress
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


def until(happened: Callable[[], bool], what: str, seconds: float = 90) -> None:
    """Let the windows work until ``happened``."""
    limit = QTimer()
    limit.setSingleShot(True)
    limit.start(round(seconds * 1000))
    while not happened():
        if not limit.isActive():
            raise SystemExit(f"not in time: {what}")
        QTest.qWait(10)


def prepare(config_dir: Path) -> None:
    config_dir.mkdir(mode=0o700)
    manager = ConfigurationManager()
    manager.start(FileBackend(config_dir / "config"))
    settings = SIPSimpleSettings()
    settings.sip.local_ip = IPAddress("127.0.0.1")
    settings.audio.input_device = settings.audio.output_device = settings.audio.alert_device = None
    settings.save()
    manager.stop()


def look(application: Application, echo: EchoService) -> dict[str, object]:
    application.window.edit_address(f"sip:echo@{echo.address}")
    application.desktop_commands.view_action.trigger()
    window = application.desktops.windows[0]
    stages: list[str] = []
    window.viewer.changed.connect(lambda: stages.append(window.viewer.stage.value))
    until(lambda: window.viewer.stage in (ViewStage.SHOWN, ViewStage.OVER), "the picture")
    if window.viewer.over:
        raise SystemExit(window.viewer.reason)
    window.fit_button.click()
    bars = [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191], [0, 0, 0]]
    seen: list[list[int]] = []

    def right() -> bool:
        """While something moves the picture may be a little off (JPEG)."""
        picture = window.view.grab().toImage()
        left, top = (picture.width() - 640) // 2, (picture.height() - 400) // 2
        colours = [picture.pixelColor(left + 40 + 80 * bar, top + 390) for bar in range(8)]
        seen[:] = [[colour.red(), colour.green(), colour.blue()] for colour in colours]
        return all(abs(here - there) <= 8 for one, other in zip(seen, bars, strict=True) for here, there in zip(one, other, strict=True))

    until(right, "the bars")
    title = window.title_label.text()
    window.close()
    until(lambda: window.viewer.over and echo.heard("SIPSessionDidEnd") == 1, "the end")
    return {"stages": list(dict.fromkeys(stages)), "title": title, "bars": seen}


def main(folder: Path) -> None:
    qt = QApplication(sys.argv[:1])
    qt.setQuitOnLastWindowClosed(False)
    prepare(folder / "config")
    echo = EchoService(folder / "echo")
    application = Application(qt, SIPSimpleMiddleware(folder / "config"), folder / "config")
    events: list[str] = []
    for name in ("SIPApplicationDidStart", "SIPApplicationDidEnd"):
        application.bridge.listen(name, lambda notification: events.append(notification.name))
    try:
        application.show()
        application.start()
        until(lambda: bool(events) and echo.listening, "the start")
        print(json.dumps(look(application, echo)), flush=True)
        application.quit()
        application.middleware.stop()
        until(lambda: len(events) == 2, "the engine's end")
    finally:
        echo.close()
        application.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
