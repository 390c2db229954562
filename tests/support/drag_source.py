"""A window of another program out of which things can be dragged with the mouse.

    python drag_source.py X Y KIND WHAT...

KIND is "files", with their paths, or "text". Says "ready" when it can be seen, "accepted" when a window would take what is held over it,
"refused" when it would not (any more), and "dropped" or "not dropped" when the button is let go. Ends with its standard input.
"""

from __future__ import annotations

import sys
import threading

from PyQt6.QtCore import QMetaObject, QMimeData, Qt, QUrl
from PyQt6.QtGui import QDrag, QMouseEvent, QPaintEvent
from PyQt6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    """Begins to drag when the mouse moves with the button held."""

    def __init__(self, kind: str, what: list[str]) -> None:
        super().__init__("drag me")
        self._kind = kind
        self._what = what
        self._seen = False
        self.setWindowFlags(Qt.WindowType.X11BypassWindowManagerHint | Qt.WindowType.WindowStaysOnTopHint)
        self.resize(90, 40)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if not self._seen:
            self._seen = True
            print("ready", flush=True)

    def mouseMoveEvent(self, _event: QMouseEvent | None) -> None:
        data = QMimeData()
        if self._kind == "files":
            data.setUrls([QUrl.fromLocalFile(path) for path in self._what])
        else:
            data.setText(" ".join(self._what))
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.actionChanged.connect(lambda action: print("refused" if action == Qt.DropAction.IgnoreAction else "accepted", flush=True))
        done = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.MoveAction)
        print("not dropped" if done == Qt.DropAction.IgnoreAction else f"dropped {done.name}", flush=True)


def main() -> None:
    qt = QApplication(sys.argv[:1])
    source = Source(sys.argv[3], sys.argv[4:])
    source.move(int(sys.argv[1]), int(sys.argv[2]))
    source.show()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        QMetaObject.invokeMethod(qt, "quit", Qt.ConnectionType.QueuedConnection)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    qt.exec()


if __name__ == "__main__":
    main()
