"""The part of a call's panel that adds and removes chat, files and screens, and shows how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QMimeData, QObject, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QSizePolicy, QToolButton

from blinkq.app.call_media import CallMedium
from blinkq.app.call_panel_form import CallPanelForm
from blinkq.app.icons import set_icon

__all__ = ["PanelMedia", "local_files"]

_PICTURES = {"chat": "chat", "file": "file", "share": "screen-share", "view": "screen"}


class PanelMedia(QObject):
    """Drives its widgets of the panel's form. ``wanted`` with a kind of CallMedium, to be begun (True) or ended."""

    wanted = pyqtSignal(str, bool)

    def __init__(self, ui: CallPanelForm, parent: QObject) -> None:
        super().__init__(parent)
        self._ui = ui
        self._media: list[CallMedium] = []
        self._buttons: dict[str, QToolButton] = {
            "chat": ui.chatButton, "file": ui.filesButton, "share": ui.shareButton, "view": ui.viewButton,
        }  # fmt: skip
        self._tips = {
            "chat": (self.tr("Add a chat to the call"), self.tr("Remove the chat from the call")),
            "share": (self.tr("Show a screen of yours to the other party"), self.tr("Stop sharing your screen")),
            "view": (self.tr("Ask the other party to show a screen"), self.tr("Look at the other party's screen no more")),
        }
        for kind, button in self._buttons.items():
            set_icon(button, _PICTURES[kind])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda checked, kind=kind: self._clicked(kind, checked))

    def show_media(self, media: Sequence[CallMedium]) -> None:
        """These are the media of the call now."""
        self._media = list(media)
        kinds = {medium.kind for medium in media}
        for kind, tips in self._tips.items():
            button = self._buttons[kind]
            button.setChecked(kind in kinds)
            button.setToolTip(tips[kind in kinds])
        self._ui.mediaStrip.show_media(media)

    def refresh(self, *, talking: bool, small: bool) -> None:
        """Nothing can be added before the call stands; a call on hold beside another one, or with its keypad, needs the room."""
        self._ui.mediaButtons.setVisible(talking and not small)

    def _clicked(self, kind: str, checked: bool) -> None:
        if kind != "file":
            self._buttons[kind].setChecked(not checked)  # shown as it is when it is, not when it was asked for
        self.wanted.emit(kind, checked or kind == "file")


def local_files(data: QMimeData | None) -> list[Path]:
    """The files of what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data is not None and data.hasUrls() else []
