"""Starts the softphone the normal way and tells over a local socket where on the screen things are: for tests with a real mouse.

    python windows_driver.py SOCKET [options of blinkq ...]

A request is a line of JSON; the answer comes when it is true, or with "error" after "seconds". Clicks and keys are real ones (xdotool);
nothing here presses anything.

    {"find": NAME, "text": REGEX, "within": NAME}
                                    a visible, enabled widget by its object's or accessible name, inside another one -> x, y (its
                                    middle), text
    {"focus": NAME}                 the keyboard writes into that widget; with "" into any of ours
    {"row": REGEX}                  a row of a visible list or tree by its text for screen readers -> x, y, text
    {"no_row": REGEX}               no such row
    {"gone": NAME}                  no such widget is visible
    {"action": TEXT}                an entry of an open menu or of the menu bar whose text begins so -> x, y
    {"tray": true}                  the tray icon -> x, y
    {"started": true}               the middleware runs
    With "press": true a place counts only when the display really shows it there, with nothing in front: a window that was just opened
    is not where it will be, and a click at it would hit another one.

    {"hog": [BUSY, PERIOD]}         from now on keep the GUI thread busy with Python for BUSY seconds in every PERIOD
"""

from __future__ import annotations

import json
import re
import sys
import time
from typing import Any

import Xlib.display
import Xlib.error
from PyQt6.QtCore import QObject, QPoint, QRect, Qt, QTimer
from PyQt6.QtNetwork import QLocalServer, QLocalSocket
from PyQt6.QtWidgets import QAbstractItemView, QApplication, QMenu, QMenuBar, QWidget

import blinkq.app.main
from blinkq.cli.main import main

LOOK_AGAIN = 30  # ms


class Driver(QObject):
    """Answers requests in the GUI thread."""

    def __init__(self, application: DrivenApplication, address: str) -> None:
        super().__init__(application)
        self._application = application
        self._connections: list[QLocalSocket] = []
        self._waiting: list[tuple[QLocalSocket, dict[str, Any], float]] = []
        self._screen = Screen()
        self._started = False
        application.bridge.listen("SIPApplicationDidStart", lambda _notification: setattr(self, "_started", True))
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN)
        self._timer.timeout.connect(self._look_again)
        self._server = QLocalServer(self)
        self._server.newConnection.connect(self._connected)
        if not self._server.listen(address):
            raise SystemExit(f"{address}: {self._server.errorString()}")

    def _connected(self) -> None:
        connection = self._server.nextPendingConnection()
        assert connection is not None
        self._connections.append(connection)  # else the garbage collector finds it and the lambda alone in the world
        connection.readyRead.connect(lambda: self._read(connection))

    def _read(self, connection: QLocalSocket) -> None:
        while connection.canReadLine():
            request = json.loads(connection.readLine().data())
            self._waiting.append((connection, request, time.monotonic() + request.get("seconds", 10)))
        self._look_again()
        self._timer.start()

    def _look_again(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._waiting += [entry for entry in waiting if not self._answer(*entry)]
        if not self._waiting:
            self._timer.stop()

    def _answer(self, connection: QLocalSocket, request: dict[str, Any], deadline: float) -> bool:
        answer = self._look(request)
        if answer is None:
            if time.monotonic() < deadline:
                return False
            shown = [f"{w.objectName()}={_text(w)!r}" for w in _visible() if w.objectName() and _text(w)]
            answer = {"error": f"{request} did not come true; there are {', '.join(shown)}"}
        connection.write(json.dumps(answer).encode() + b"\n")
        return True

    def _look(self, request: dict[str, Any]) -> dict[str, object] | None:
        place = self._find(request)
        if place is not None and request.get("press") and not self._screen.shows(place.pop("window"), place["x"], place["y"]):
            return None
        if place is not None:
            place.pop("window", None)
        return place

    def _find(self, request: dict[str, Any]) -> dict[str, Any] | None:
        if "find" in request:
            found = [w for w in _named(request["find"]) if w.isEnabled() and re.search(request.get("text", ""), _text(w))]
            if "within" in request:
                found = [w for w in found if any(outer.isAncestorOf(w) for outer in _named(request["within"]))]
            return {**_middle(_on_screen(found[0])), "text": _text(found[0]), "window": found[0].window()} if found else None
        if "focus" in request:
            return _focus(request["focus"])
        if "row" in request:
            return _row(request["row"])
        if "no_row" in request:
            return None if _row(request["no_row"]) else {}
        if "gone" in request:
            return None if _named(request["gone"]) else {}
        if "action" in request:
            return _action(request["action"])
        if "started" in request:
            return {} if self._started else None
        if "tray" in request:
            place = self._application.tray.icon.geometry()
            return _middle(place) if place.isValid() and place.width() > 1 else None
        busy, period = request["hog"]
        timer = QTimer(self)
        timer.timeout.connect(lambda: _hog(busy))
        timer.start(round(period * 1000))
        return {}


class Screen:
    """The display as its server sees it."""

    def __init__(self) -> None:
        self._display = Xlib.display.Display()
        self._root = self._display.screen().root

    def shows(self, window: QWidget, x: int, y: int) -> bool:
        """Whether what one sees at a point is that window of ours, and where the window itself believes to be."""
        number, origin = int(window.winId()), window.mapToGlobal(QPoint(0, 0))
        try:
            there = self._root.translate_coords(self._display.create_resource_object("window", number), 0, 0)
            if (there.x, there.y) != (origin.x(), origin.y()):
                return False
            inner = self._root.translate_coords(self._root, x, y).child
            while inner and inner.id != number:  # the window manager's frames are around it
                inner = inner.translate_coords(self._root, x, y).child
        except Xlib.error.XError:  # gone meanwhile
            return False
        return bool(inner)


class DrivenApplication(blinkq.app.main.Application):
    """The application, with somebody to ask."""

    address = ""

    def show(self) -> None:
        super().show()
        Driver(self, self.address)


def _hog(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def _visible() -> list[QWidget]:
    return [widget for widget in QApplication.allWidgets() if widget.isVisible() and not widget.visibleRegion().isEmpty()]


def _named(name: str) -> list[QWidget]:
    return [widget for widget in _visible() if name in (widget.objectName(), widget.accessibleName())]


def _text(widget: QWidget) -> str:
    text = getattr(widget, "text", None) or getattr(widget, "toPlainText", None)
    return str(text()) if text is not None else ""


def _on_screen(widget: QWidget) -> QRect:
    """Where what can be seen of a widget is."""
    part = widget.visibleRegion().boundingRect()
    return QRect(widget.mapToGlobal(part.topLeft()), part.size())


def _middle(place: QRect) -> dict[str, Any]:
    middle: QPoint = place.center()
    return {"x": middle.x(), "y": middle.y()}


def _focus(name: str) -> dict[str, Any] | None:
    widget = QApplication.activePopupWidget() or QApplication.focusWidget()
    while widget is not None and name not in ("", widget.objectName(), widget.accessibleName()):
        widget = widget.parentWidget()
    return {} if widget is not None else None


def _row(pattern: str) -> dict[str, Any] | None:
    for view in _visible():
        model = view.model() if isinstance(view, QAbstractItemView) else None
        viewport = view.viewport() if isinstance(view, QAbstractItemView) else None
        if model is None or viewport is None:
            continue
        tops = [model.index(row, 0) for row in range(model.rowCount())]
        for index in [*tops, *(model.index(row, 0, top) for top in tops for row in range(model.rowCount(top)))]:
            text = str(index.data(Qt.ItemDataRole.AccessibleTextRole) or index.data() or "")
            if re.search(pattern, text):
                place = view.visualRect(index)
                return {**_middle(QRect(viewport.mapToGlobal(place.topLeft()), place.size())), "text": text, "window": view.window()}
    return None


def _action(text: str) -> dict[str, Any] | None:
    for menu in _visible():
        if isinstance(menu, QMenu | QMenuBar):
            for action in menu.actions():
                if action.text().replace("&", "").startswith(text):
                    place = menu.actionGeometry(action)
                    return {**_middle(QRect(menu.mapToGlobal(place.topLeft()), place.size())), "window": menu.window()}
    return None


if __name__ == "__main__":
    DrivenApplication.address = sys.argv[1]
    blinkq.app.main.Application = DrivenApplication  # type: ignore[misc]  # the one place where it is made
    sys.exit(main(sys.argv[2:]))
