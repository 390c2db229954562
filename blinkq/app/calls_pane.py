"""The calls in progress in the main window: a panel for each, a frame around those in conference, and the commands of the Call menu."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, QStringListModel, Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QWidget

from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.call_media import CallMedia
from blinkq.app.call_panel import CallPanel
from blinkq.app.conference_panel import ConferencePanel
from blinkq.app.icons import set_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.middleware import Middleware
from blinkq.app.transfer_dialog import TransferDialog
from blinkq.app.transfers import Transfers
from blinkq.app.widgets import follow_in_tab_order

__all__ = ["CallsPane"]

#: the area of the calls is not made lower than this (pixels): one panel with its buttons
_MINIMUM = 130


class CallsPane(QObject):
    """Drives the area of the calls of the main window's form. ``changed`` when there are more or fewer; ``mute_wanted`` asks to mute every
    call; ``redial_wanted`` to call again; ``focus_lost`` when the panel with the keyboard has gone."""

    changed = pyqtSignal()
    mute_wanted = pyqtSignal(bool)
    redial_wanted = pyqtSignal(Call)
    focus_lost = pyqtSignal()

    def __init__(
        self, ui: MainWindowForm, calls: CallList, transfers: Transfers, media: CallMedia, middleware: Middleware,
        addresses: QStringListModel, window: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.panels: dict[int, CallPanel] = {}
        self._ui = ui
        self._calls = calls
        self._transfers = transfers
        self._media = media
        self._tab_order: list[tuple[int, ...]] = []
        self._middleware = middleware
        self._addresses = addresses
        self._window = window
        self.conference = ConferencePanel(calls.conference, ui.callsContents)
        ui.callsLayout.insertWidget(0, self.conference)
        ui.callsContents.installEventFilter(self)
        self._connect()
        for call in calls.calls:
            self._added(call)
        self.refresh()

    def refresh(self) -> None:
        """Show the calls as they are now."""
        ui, calls = self._ui, self._calls
        active = calls.active
        talking = active is not None and active.stage is CallStage.TALKING
        ui.callsHeading.setVisible(bool(self.panels))
        ui.callsArea.setVisible(bool(self.panels))
        ui.answerAction.setEnabled(bool(calls.incoming))
        ui.rejectAction.setEnabled(bool(calls.incoming))
        for action in (ui.holdAction, ui.recordAction, ui.keypadAction, ui.transferAction):
            action.setEnabled(talking)
        ui.holdAction.setChecked(talking and active is not None and calls.line_of(active).hold_wanted)
        ui.recordAction.setChecked(talking and active is not None and active.recording is not None)
        ui.hangUpAction.setEnabled(active is not None)
        ui.swapAction.setEnabled(calls.can_swap)
        ui.joinAction.setEnabled(calls.can_join)
        ui.splitAction.setEnabled(calls.conference.live)
        self._arrange()
        self._show_media()
        self.changed.emit()
        self.fit()

    def fit(self) -> None:
        """The area of the calls is as high as its panels where the window has room for them; else it scrolls."""
        needed = self._ui.callsLayout.sizeHint().height() + 2
        self._ui.callsArea.setMinimumWidth(self._ui.callsLayout.minimumSize().width())  # there is no scrolling sideways
        self._ui.callsArea.setMinimumHeight(min(needed, _MINIMUM))
        self._ui.callsArea.setMaximumHeight(needed)

    def set_muted(self, muted: bool) -> None:
        """Show whether the microphone is muted."""
        self.conference.set_muted(muted)
        for panel in self.panels.values():
            panel.set_muted(muted)

    def retire(self) -> None:
        """The window is going: let go of the calls."""
        for panel in self.panels.values():
            panel.retire()
        self.panels.clear()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return super().eventFilter(watched, event)

    # setting up ------------------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        ui, calls = self._ui, self._calls
        for action, name in (
            (ui.answerAction, "call"), (ui.rejectAction, "hang-up"), (ui.keypadAction, "keypad"), (ui.hangUpAction, "hang-up"),
            (ui.transferAction, "transfer"), (ui.swapAction, "swap"), (ui.joinAction, "join"), (ui.splitAction, "split"),
        ):  # fmt: skip
            set_icon(action, name)
        calls.added.connect(self._added)
        calls.removed.connect(self._removed)
        calls.changed.connect(self.refresh)
        self._media.changed.connect(self._show_media)
        self.conference.mute_wanted.connect(self.mute_wanted)
        self.conference.hold_wanted.connect(self._hold_conference)
        self.conference.split_wanted.connect(lambda: calls.split_all())
        ui.answerAction.triggered.connect(lambda: self._first_incoming("answer"))
        ui.rejectAction.triggered.connect(lambda: self._first_incoming("reject"))
        ui.holdAction.triggered.connect(self._toggle_hold)
        ui.recordAction.triggered.connect(self._toggle_record)
        ui.keypadAction.triggered.connect(self._toggle_keypad)
        ui.hangUpAction.triggered.connect(self._hang_up)
        ui.transferAction.triggered.connect(lambda: self._transfer(self._focused_or_active()))
        ui.swapAction.triggered.connect(calls.swap)
        ui.joinAction.triggered.connect(calls.join_all)
        ui.splitAction.triggered.connect(lambda: calls.split_all(self._focused_or_active()))

    # panels ----------------------------------------------------------------------------------------------------------------------

    def _added(self, call: Call) -> None:
        if not call.incoming:
            # whoever calls again has read how the calls before ended; the list of recent ones keeps it
            for old in [old for old in self._calls.calls if old.over]:
                self._calls.dismiss(old)
        panel = CallPanel(call, self._ui.callsContents)
        panel.set_muted(self._middleware.muted())
        panel.mute_wanted.connect(self.mute_wanted)
        panel.hold_wanted.connect(self._calls.hold)
        panel.activate_wanted.connect(self._calls.activate)
        panel.join_wanted.connect(self._calls.join)
        panel.leave_wanted.connect(self._calls.conference.leave)
        panel.transfer_wanted.connect(self._transfer)
        panel.close_wanted.connect(self._calls.dismiss)
        panel.redial_wanted.connect(self.redial_wanted)
        panel.media_wanted.connect(self._media_wanted)
        panel.files_dropped.connect(self._media.send)
        self.panels[id(call)] = panel
        self._ui.callsLayout.addWidget(panel)
        call.talking.connect(lambda: self._talking(call))
        self.refresh()

    def _removed(self, call: Call) -> None:
        panel = self.panels.pop(id(call), None)
        if panel is not None:
            had_focus = panel.isAncestorOf(self._window.focusWidget()) or panel.hasFocus()
            panel.retire()
            panel.hide()
            panel.setParent(None)
            panel.deleteLater()
            if had_focus:
                self.focus_lost.emit()
        self.refresh()

    def _talking(self, call: Call) -> None:
        # Digits typed now are meant for the other side, unless a next address is being typed.
        panel = self.panels.get(id(call))
        if panel is not None and self._window.isActiveWindow() and not self._ui.dialBox.text():
            panel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrange(self) -> None:
        """Those in conference in their frame; small those that are on hold while another one is talked to."""
        calls = self._calls
        several = len(calls.lines) > 1 or (len(calls.lines) == 1 and len(calls.live) > 1)
        for call in calls.calls:
            panel = self.panels.get(id(call))
            if panel is None:
                continue
            home = self.conference.members if call.joined else self._ui.callsLayout
            if home.indexOf(panel) < 0:
                focus = self._window.focusWidget()
                focused = focus is not None and (focus is panel or panel.isAncestorOf(focus))
                home.addWidget(panel)
                if focused:
                    panel.setFocus(Qt.FocusReason.OtherFocusReason)
            waiting = call.stage is CallStage.TALKING and call.hold_wanted
            panel.set_place(small=call.joined or (waiting and several), joinable=waiting and calls.can_join)
        self.conference.setVisible(calls.conference.live)

    def _show_media(self) -> None:
        for panel in self.panels.values():
            panel.set_media([] if panel.call.over else self._media.of(panel.call))
        self._order_tabs()

    def _order_tabs(self) -> None:
        """Tab goes from the dial box to the calls, which come and go, and only then to what is below them."""
        shown = [panel for call in self._calls.calls if (panel := self.panels.get(id(call))) is not None]
        order = [(id(panel), panel.call.joined, *panel.ui.mediaStrip.lines) for panel in shown]
        if order != self._tab_order:
            self._tab_order = order
            last = follow_in_tab_order(self._ui.chatButton, self.conference)
            for panel in shown:
                if not panel.call.joined:
                    last = follow_in_tab_order(last, panel)

    def _media_wanted(self, call: Call, kind: str, wanted: bool) -> None:
        """Chat, files or a screen in a call: begun or ended."""
        media = self._media
        if not wanted:
            media.end(call, kind)
        elif kind == "file":
            paths, _kind = QFileDialog.getOpenFileNames(self._window, self.tr("Send files to %1").replace("%1", call.title))
            media.send(call, [Path(path) for path in paths])
        else:
            {"chat": media.add_chat, "share": media.share, "view": media.view}[kind](call)
        self._show_media()

    # commands --------------------------------------------------------------------------------------------------------------------

    def _first_incoming(self, command: str) -> None:
        for call in self._calls.incoming[:1]:
            getattr(call, command)()

    def _hold_conference(self, hold: bool) -> None:
        for call in self._calls.conference.calls[:1]:
            self._calls.hold(call) if hold else self._calls.activate(call)

    def _toggle_hold(self) -> None:
        call = self._focused_or_active()
        if call is not None:
            self._calls.activate(call) if self._calls.line_of(call).hold_wanted else self._calls.hold(call)
            self.refresh()

    def _toggle_record(self) -> None:
        call = self._focused_or_active()
        if call is not None:
            call.toggle_recording()
            self.refresh()

    def _toggle_keypad(self) -> None:
        panel = self.panels.get(id(self._focused_or_active()))
        if panel is not None:
            panel.toggle_keypad()
            panel.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _transfer(self, call: Call | None) -> None:
        """Complete what was asked for by a call of its own, or ask whereto."""
        if call is None or call.stage is not CallStage.TALKING or call.transferring:
            return
        asked = next((other for other in self._calls.lines if isinstance(other, Call) and other.consults_for is call), None)
        if call.consults_for is not None:
            self._transfers.connect(call.consults_for, call)
        elif asked is not None:
            self._transfers.connect(call, asked)
        else:
            TransferDialog(call, self._calls, self._transfers, self._addresses, self._window).open()

    def _hang_up(self) -> None:
        call = self._focused_or_active()
        if call is not None:
            call.hang_up()

    def _focused_or_active(self) -> Call | None:
        focus = self._window.focusWidget()
        for panel in self.panels.values():
            if focus is not None and (panel is focus or panel.isAncestorOf(focus)) and not panel.call.over:
                return panel.call
        return self._calls.active
