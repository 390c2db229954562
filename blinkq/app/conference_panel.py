"""The frame around the calls that are in conference: who is in it, and what can be done with all of them."""

from __future__ import annotations

from typing import Protocol

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from blinkq.app.conference import Conference
from blinkq.app.form_loader import load_form
from blinkq.app.icons import set_icon
from blinkq.app.widgets import set_level

__all__ = ["ConferencePanel", "ConferencePanelForm"]


class ConferencePanelForm(Protocol):
    """Widgets of conference_panel.ui."""

    titleLabel: QLabel
    stateLabel: QLabel
    muteButton: QToolButton
    holdButton: QToolButton
    splitButton: QToolButton
    endButton: QToolButton
    membersLayout: QVBoxLayout

    def setupUi(self, widget: QWidget) -> None: ...


class ConferencePanel(QFrame):
    """Shows the conference; the panels of its calls are put into ``members``. ``mute_wanted`` and ``hold_wanted`` with what is asked for;
    ``split_wanted`` to make single calls of it again."""

    mute_wanted = pyqtSignal(bool)
    hold_wanted = pyqtSignal(bool)
    split_wanted = pyqtSignal()

    def __init__(self, conference: Conference, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._conference = conference
        self._muted = False
        self.ui: ConferencePanelForm = load_form("conference_panel")
        self.ui.setupUi(self)
        ui = self.ui
        title = ui.titleLabel.font()
        title.setBold(True)
        title.setPointSizeF(title.pointSizeF() * 1.15)
        ui.titleLabel.setFont(title)
        for button, name, role in (
            (ui.muteButton, "microphone", "text"), (ui.holdButton, "hold", "text"), (ui.splitButton, "split", "text"),
            (ui.endButton, "hang-up", "on_accent"),
        ):  # fmt: skip
            set_icon(button, name, role)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(QSize(22, 22))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        ui.muteButton.clicked.connect(self._mute_clicked)
        ui.holdButton.clicked.connect(self._hold_clicked)
        ui.splitButton.clicked.connect(self.split_wanted)
        ui.endButton.clicked.connect(self._end)
        conference.changed.connect(self.refresh)
        self.refresh()

    @property
    def members(self) -> QVBoxLayout:
        """Where the panels of the calls are."""
        return self.ui.membersLayout

    def set_muted(self, muted: bool) -> None:
        """Show whether the microphone is muted."""
        self._muted = muted
        self.refresh()

    def minimumSizeHint(self) -> QSize:
        """Where there is no room for it the area of the calls scrolls."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def refresh(self) -> None:
        """Show the conference as it is now."""
        ui, conference = self.ui, self._conference
        held = conference.hold_wanted
        ui.titleLabel.setText(self.tr("Conference: %1").replace("%1", conference.title))
        self.setAccessibleName(ui.titleLabel.text())
        ui.stateLabel.setText(
            self.tr("On hold: the others go on talking without you") if held else self.tr("%1 others and you hear each other").replace(
                "%1", str(len(conference.calls))
            )
        )  # fmt: skip
        set_level(ui.stateLabel, "warning" if held else "good")
        ui.muteButton.setChecked(self._muted)
        set_icon(ui.muteButton, "microphone-off" if self._muted else "microphone")
        ui.holdButton.setChecked(held)
        ui.holdButton.setText(self.tr("Resume") if held else self.tr("Hold"))
        ui.holdButton.setAccessibleName(self.tr("Resume the conference") if held else self.tr("Hold the conference"))
        set_icon(ui.holdButton, "resume" if held else "hold")

    def _mute_clicked(self, checked: bool) -> None:
        self.ui.muteButton.setChecked(self._muted)  # the answer comes back through set_muted
        self.mute_wanted.emit(checked)

    def _hold_clicked(self, checked: bool) -> None:
        self.hold_wanted.emit(checked)

    def _end(self) -> None:
        for call in list(self._conference.calls):
            call.hang_up()
