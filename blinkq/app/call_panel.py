"""The panel of one call in the main window: who, how, how long; the buttons; the keypad; and the reason when it failed."""

from __future__ import annotations

import os
from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QEnterEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PyQt6.QtWidgets import QApplication, QFrame, QSizePolicy, QSpacerItem, QWidget

from blinkq.app.call import Call, CallStage
from blinkq.app.call_media import CallMedium
from blinkq.app.call_panel_form import CallPanelForm
from blinkq.app.form_loader import load_form
from blinkq.app.icons import pixmap, set_icon
from blinkq.app.keypad import DIGITS
from blinkq.app.panel_media import PanelMedia, local_files
from blinkq.app.widgets import set_level, set_mark
from blinkq.app.wording import advice, clock_text, happened, stage_text

__all__ = ["CallPanel"]

#: how often the timer and the meters are drawn again (ms): five times a second is what the eye follows and the processor does not notice
REFRESH_INTERVAL = 200
#: how long the panel of a call that ended well stays (ms)
LINGER = 4000
_SMALL = QSize(16, 16)
_LARGE = QSize(22, 22)


class CallPanel(QFrame):
    """Shows a Call and gives its commands. ``mute_wanted`` asks to mute every call's microphone; ``redial_wanted`` to call again;
    ``hold_wanted`` to hold the call, ``activate_wanted`` to take it from hold and hold the others; ``join_wanted`` to join it with the one
    talked to, ``leave_wanted`` to take it out of the conference; ``transfer_wanted``; ``media_wanted`` to add
    a medium ("chat", "file", "share", "view"; True) or remove it; ``files_dropped``; ``close_wanted`` to take the panel away."""

    mute_wanted = pyqtSignal(bool)
    hold_wanted = pyqtSignal(Call)
    join_wanted = pyqtSignal(Call)
    leave_wanted = pyqtSignal(Call)
    transfer_wanted = pyqtSignal(Call)
    media_wanted = pyqtSignal(Call, str, bool)
    files_dropped = pyqtSignal(Call, list)
    redial_wanted = pyqtSignal(Call)
    activate_wanted = pyqtSignal(Call)
    close_wanted = pyqtSignal(Call)

    def __init__(self, call: Call, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.call = call
        self.ui: CallPanelForm = load_form("call_panel")
        self.ui.setupUi(self)
        self._sent = ""
        self._muted = False
        self._small = self._joinable = False
        self._media = PanelMedia(self.ui, self)
        self._spacer = QSpacerItem(0, 0)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_INTERVAL)
        self._timer.timeout.connect(self._refresh_moving)
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(LINGER)
        self._linger.timeout.connect(self._close)
        self._prepare()
        self._connect()
        self.refresh()

    @property
    def sent(self) -> str:
        """The DTMF digits sent so far."""
        return self._sent

    def set_muted(self, muted: bool) -> None:
        """Show whether the microphone is muted."""
        self._muted = muted
        self.refresh()

    def set_place(self, *, small: bool, joinable: bool) -> None:
        """Take less room beside the call that is talked to; offer to join the two."""
        if (small, joinable) == (self._small, self._joinable):
            return
        self._small, self._joinable = small, joinable
        self._refresh_buttons_size()
        self.refresh()
        self.updateGeometry()

    def set_media(self, media: Sequence[CallMedium]) -> None:
        """Show what the call has beside the sound."""
        self._media.show_media(media)
        self.updateGeometry()

    def retire(self) -> None:
        """Stop following the call: the panel is going."""
        self._timer.stop()
        self._linger.stop()
        self.call.changed.disconnect(self.refresh)

    def toggle_keypad(self) -> None:
        """Show or hide the keypad."""
        if self.call.stage is CallStage.TALKING:
            self.ui.keypadButton.toggle()

    def send_digit(self, digit: str) -> None:
        """Send a DTMF digit and show it."""
        if self.call.send_digit(digit):
            self._sent += digit
            self.ui.keypad.show_sent(self._sent)

    def sizeHint(self) -> QSize:
        """As high as its contents at this width: by itself a layout guesses the width of wrapped texts, and is too high then."""
        layout = self.layout()
        size = super().sizeHint()
        return QSize(size.width(), layout.totalHeightForWidth(self.width())) if layout is not None and layout.hasHeightForWidth() else size

    def minimumSizeHint(self) -> QSize:
        """Where there is no room for it the area of the calls scrolls."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def refresh(self) -> None:
        """Show the call as it is now."""
        call, ui = self.call, self.ui
        talking = call.stage is CallStage.TALKING
        if (call.over or call.stage is CallStage.ENDING) and ui.talkButtons.isAncestorOf(QApplication.focusWidget()):
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # rather than to wherever Qt goes when its button disappears
        self._refresh_head()
        self._refresh_lock(talking)
        ui.metersWidget.setVisible(talking and not self._small)
        ui.incomingButtons.setVisible(call.stage is CallStage.INCOMING)
        ui.overButtons.setVisible(call.over)
        ui.talkButtons.setVisible(not call.over and call.stage is not CallStage.INCOMING)
        for button in (ui.holdButton, ui.recordButton, ui.keypadButton):
            button.setEnabled(talking)
        ui.muteButton.setVisible(not self._small)
        ui.muteButton.setChecked(self._muted)
        set_icon(ui.muteButton, "microphone-off" if self._muted else "microphone")
        ui.holdButton.setVisible(not call.joined)
        ui.recordButton.setVisible(not self._small or call.recording is not None)
        ui.keypadButton.setVisible(not self._small)
        self._refresh_media_buttons()
        self._refresh_transfer(talking)
        ui.joinButton.setVisible(self._joinable and not call.joined)
        ui.leaveButton.setVisible(call.joined)
        ui.holdButton.setChecked(call.held_here)
        ui.holdButton.setText(self.tr("Resume") if call.held_here else self.tr("Hold"))
        ui.holdButton.setAccessibleName(ui.holdButton.text())
        set_icon(ui.holdButton, "resume" if call.held_here else "hold")
        ui.recordButton.setChecked(call.recording is not None)
        ui.recordButton.setText(self.tr("Stop") if call.recording else self.tr("Record"))
        ui.recordButton.setAccessibleName(self.tr("Stop recording") if call.recording else self.tr("Record"))
        ui.hangUpButton.setEnabled(call.stage is not CallStage.ENDING)
        if not talking or self._small:
            ui.keypadButton.setChecked(False)
        self._refresh_notice()
        self._refresh_moving()
        self._run_timers(talking)

    # events ----------------------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        digit = event.text().upper()
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if plain and digit and digit in DIGITS and not event.isAutoRepeat() and self.call.stage is CallStage.TALKING:
            self.send_digit(digit)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, _event: QMouseEvent | None) -> None:
        self.activate_wanted.emit(self.call)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None and event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def enterEvent(self, event: QEnterEvent | None) -> None:
        self._linger.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent | None) -> None:
        self._run_timers(self.call.stage is CallStage.TALKING)
        super().leaveEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and self.call.stage is CallStage.TALKING and local_files(event.mimeData()):
            event.acceptProposedAction()
            set_mark(self, "drop", True)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        set_mark(self, "drop", False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent | None) -> None:
        set_mark(self, "drop", False)
        if event is not None:
            event.acceptProposedAction()
            self.files_dropped.emit(self.call, local_files(event.mimeData()))

    def changeEvent(self, event: QEvent | None) -> None:
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange and hasattr(self, "_linger"):
            self._refresh_pictures()
            self.ui.mediaStrip.redraw()
            self._refresh_lock(self.call.stage is CallStage.TALKING)

    # helpers ---------------------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        ui = self.ui
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Call with %1").replace("%1", self.call.title))
        title = ui.titleLabel.font()
        title.setBold(True)
        title.setPointSizeF(title.pointSizeF() * 1.15)
        ui.titleLabel.setFont(title)
        clock = ui.timerLabel.font()
        clock.setPointSizeF(clock.pointSizeF() * 1.15)
        ui.timerLabel.setFont(clock)
        for button, name, role in (
            (ui.muteButton, "microphone", "text"), (ui.holdButton, "hold", "text"), (ui.recordButton, "record", "danger"),
            (ui.keypadButton, "keypad", "text"), (ui.transferButton, "transfer", "text"),
            (ui.joinButton, "join", "text"),
            (ui.leaveButton, "split", "text"), (ui.hangUpButton, "hang-up", "on_accent"),
        ):  # fmt: skip
            set_icon(button, name, role)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for push, name in ((ui.answerButton, "call"), (ui.rejectButton, "hang-up"), (ui.redialButton, "redial")):
            set_icon(push, name, "on_accent")
        set_icon(ui.busyButton, "busy")
        ui.talkLayout.addItem(self._spacer)
        ui.keypad.hide()
        self._refresh_buttons_size()
        self._refresh_pictures()

    def _connect(self) -> None:
        call, ui = self.call, self.ui
        call.changed.connect(self.refresh)
        ui.muteButton.clicked.connect(self._mute_clicked)
        ui.holdButton.clicked.connect(self._hold_clicked)
        ui.recordButton.clicked.connect(self._record_clicked)
        ui.keypadButton.toggled.connect(self._keypad_toggled)
        self._media.wanted.connect(lambda kind, wanted: self.media_wanted.emit(call, kind, wanted))
        ui.hangUpButton.clicked.connect(call.hang_up)
        ui.answerButton.clicked.connect(call.answer)
        ui.busyButton.clicked.connect(call.busy)
        ui.rejectButton.clicked.connect(call.reject)
        ui.redialButton.clicked.connect(self._redial)
        ui.closeButton.clicked.connect(self._close)
        ui.joinButton.clicked.connect(lambda: self.join_wanted.emit(call))
        ui.leaveButton.clicked.connect(lambda: self.leave_wanted.emit(call))
        ui.transferButton.clicked.connect(lambda: self.transfer_wanted.emit(call))
        ui.keypad.pressed.connect(self.send_digit)

    def _mute_clicked(self, checked: bool) -> None:
        self.ui.muteButton.setChecked(self._muted)  # the answer comes back through set_muted
        self.mute_wanted.emit(checked)

    def _hold_clicked(self, checked: bool) -> None:
        self.ui.holdButton.setChecked(self.call.held_here)  # shown as held when it is, not when it was asked for
        (self.hold_wanted if checked else self.activate_wanted).emit(self.call)

    def _record_clicked(self, _checked: bool) -> None:
        self.ui.recordButton.setChecked(self.call.recording is not None)
        self.call.toggle_recording()

    def _redial(self) -> None:
        self.redial_wanted.emit(self.call)

    def _close(self) -> None:
        self.close_wanted.emit(self.call)

    def _keypad_toggled(self, shown: bool) -> None:
        self.ui.keypad.setVisible(shown)
        self._refresh_media_buttons()
        self.updateGeometry()

    def _refresh_media_buttons(self) -> None:
        keypad = self.ui.keypadButton.isChecked()
        self._media.refresh(talking=self.call.stage is CallStage.TALKING, small=self._small or keypad)

    def _refresh_buttons_size(self) -> None:
        """Large buttons with their text below the picture, or small ones in one line."""
        ui, style = self.ui, Qt.ToolButtonStyle
        for button in (
            ui.muteButton, ui.holdButton, ui.recordButton, ui.keypadButton, ui.transferButton, ui.joinButton, ui.leaveButton,
            ui.hangUpButton,
        ):  # fmt: skip
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if self._small else style.ToolButtonTextUnderIcon)
            button.setIconSize(_SMALL if self._small else _LARGE)
            button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self._spacer.changeSize(0, 0, QSizePolicy.Policy.Expanding if self._small else QSizePolicy.Policy.Fixed)
        vertical = (8, 8) if self._small else (10, 12)
        ui.panelLayout.setContentsMargins(12, vertical[0], 12, vertical[1])
        ui.panelLayout.setSpacing(5 if self._small else 8)
        set_mark(self, "small", self._small)

    def _refresh_head(self) -> None:
        call, ui = self.call, self.ui
        ui.titleLabel.setText(call.title)
        ui.addressLabel.setText(call.peer)
        ui.addressLabel.setVisible(bool(call.name) and call.name != call.peer)
        ui.stateLabel.setText(stage_text(call))
        level = "error" if call.stage is CallStage.FAILED else "warning" if call.held else ""
        set_level(ui.stateLabel, "good" if call.stage is CallStage.TALKING and not call.held else level)
        ui.codecLabel.setText("" if self._small else call.codec)

    def _refresh_transfer(self, talking: bool) -> None:
        """Transfer, or complete the transfer for which this call was made."""
        button, waiting = self.ui.transferButton, self.call.consults_for
        button.setVisible(not self.call.joined)
        button.setEnabled(talking and not self.call.transferring)
        if waiting is not None:
            tip = self.tr("Connect %1 with %2, and leave (Ctrl+T)").replace("%1", waiting.title).replace("%2", self.call.title)
        else:
            tip = self.tr("Connect the other party with somebody else (Ctrl+T)")
        button.setText(self.tr("Transfer") if waiting is None else self.tr("Complete"))
        button.setToolTip(tip)
        button.setAccessibleName(self.tr("Transfer the call") if waiting is None else self.tr("Complete the transfer"))
        set_icon(button, "transfer", "text" if waiting is None or not button.isEnabled() else "on_accent")
        set_mark(button, "kind", "primary" if waiting is not None else "")

    def _refresh_lock(self, talking: bool) -> None:
        label = self.ui.lockLabel
        label.setVisible(talking)
        if not talking:
            return
        secure = self.call.encrypted
        label.setPixmap(pixmap("lock" if secure else "lock-open", "good" if secure else "muted", _SMALL, self.devicePixelRatioF()))
        if secure:
            # SDES (RFC 4568 §4): the keys travel in the signalling, so every server on the way has seen them.
            safe = self.call.session.transport == "tls"
            way = self.tr("The keys went through the servers (SDES): encrypted hop by hop, not end to end; operators could listen.")
            plain = self.tr("The signalling is not encrypted (no TLS), so anybody on the way could have read the keys.")
            label.setToolTip(self.tr("The sound is encrypted (SRTP).") + "\n" + (way if safe else f"{way}\n{plain}"))
        else:
            label.setToolTip(self.tr("The sound is not encrypted."))
        if self.call.way is not None:
            found = self.tr("It takes the way that ICE found: %1 to %2.").replace("%1", self.call.way[0]).replace("%2", self.call.way[1])
            label.setToolTip(f"{label.toolTip()}\n{found}")
        label.setAccessibleDescription(label.toolTip())

    def _refresh_notice(self) -> None:
        call, ui = self.call, self.ui
        if call.explanation is not None:
            notice, what_to_do, level = happened(call.explanation), advice(call.explanation), "error"
        elif call.recording:
            name = os.path.basename(call.recording)
            notice, what_to_do, level = self.tr("Recording to %1").replace("%1", name), "", "muted"
        else:
            notice, what_to_do, level = call.notice, "", call.notice_level
        ui.noticeLabel.setText(notice)
        ui.noticeLabel.setToolTip(call.recording or call.recorded or "")
        ui.noticeLabel.setVisible(bool(notice))
        set_level(ui.noticeLabel, level)
        ui.adviceLabel.setText(what_to_do)
        ui.adviceLabel.setVisible(bool(what_to_do))

    def _refresh_moving(self) -> None:
        call, ui = self.call, self.ui
        ui.timerLabel.setText(clock_text(call.duration) if call.stage is CallStage.TALKING or call.duration else "")
        if ui.metersWidget.isVisibleTo(self):
            levels = call.levels
            ui.sentMeter.set_dbfs(-96.0 if self._muted else levels.sent)
            ui.receivedMeter.set_dbfs(levels.received)

    def _refresh_pictures(self) -> None:
        ratio = self.devicePixelRatioF()
        self.ui.sentIcon.setPixmap(pixmap("microphone", "muted", QSize(14, 14), ratio))
        self.ui.receivedIcon.setPixmap(pixmap("speaker", "muted", QSize(14, 14), ratio))

    def _run_timers(self, talking: bool) -> None:
        if talking != self._timer.isActive():
            self._timer.start() if talking else self._timer.stop()
        # A call that failed stays until its reason was read; one that ended goes by itself.
        if self.call.stage is CallStage.ENDED and not self._linger.isActive() and not self.underMouse():
            self._linger.start()
