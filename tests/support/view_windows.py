"""Looks at a screen that somebody shows, through the real windows and the real middleware, on the screen of DISPLAY.

    python view_windows.py FOLDER PORT

Says "ready"; agrees to look; then a line of JSON: where on this screen the button for control, and two places of the other screen are.
What is pressed there is pressed from outside. Says "over" with the reason when there is nothing to be seen any more.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "xcb"

from chat_windows import prepare
from desktop_windows import until
from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QApplication, QWidget

from blinkq.app.desktop_viewer import ViewStage
from blinkq.app.main import Application
from blinkq.app.peer_request_dialog import PeerRequestDialog
from blinkq.app.sipsimple_middleware import SIPSimpleMiddleware

#: of the painted screen (see painted_screen): its field and its button
FIELD, BUTTON = (200, 315), (450, 315)
PATIENCE = 60


def place(widget: QWidget, point: QPoint | None = None) -> list[int]:
    there = widget.mapToGlobal(point if point is not None else widget.rect().center())
    return [there.x(), there.y()]


def look(application: Application) -> None:
    until(lambda: bool(application.dialogs), "somebody who shows a screen", PATIENCE)
    dialog = application.dialogs[0]
    assert isinstance(dialog, PeerRequestDialog)
    dialog.ui.acceptButton.click()
    window = application.desktops.windows[0]
    window.move(0, 0)
    window.resize(900, 600)
    until(lambda: window.viewer.stage is ViewStage.SHOWN, "the picture", PATIENCE)
    window.fit_button.click()  # one pixel for one
    until(lambda: not window.view.visibleRegion().isEmpty(), "a place on the screen")
    view = window.view
    screen = view.viewer.screen
    assert screen is not None
    corner = QPoint((view.width() - screen.width) // 2, (view.height() - screen.height) // 2)
    field, button = (place(view, corner + QPoint(*there)) for there in (FIELD, BUTTON))
    places = {"control": place(window.control_button), "window": int(window.winId()), "field": field, "button": button}
    print(json.dumps(places), flush=True)
    until(lambda: window.viewer.over, "the end", PATIENCE)
    print("over", window.message_label.text(), flush=True)


def main(folder: Path, port: int) -> None:
    prepare(folder, port)
    qt = QApplication(sys.argv[:1])
    qt.setQuitOnLastWindowClosed(False)
    application = Application(qt, SIPSimpleMiddleware(folder / "config"), folder / "config")
    events: list[str] = []
    for name in ("SIPApplicationDidStart", "SIPApplicationDidEnd"):
        application.bridge.listen(name, lambda notification: events.append(notification.name))
    application.start()
    until(lambda: bool(events), "the start", PATIENCE)
    print("ready", flush=True)
    look(application)
    application.quit()
    application.middleware.stop()
    until(lambda: len(events) == 2, "the engine's end", PATIENCE)
    application.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
