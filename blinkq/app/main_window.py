"""The main window: account, dial box, calls in progress, recent calls."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSettings, QSize, QStringListModel, Qt, pyqtSignal
from PyQt6.QtGui import QActionGroup, QCloseEvent, QKeyEvent
from PyQt6.QtWidgets import QCompleter, QMainWindow, QMenu, QSizePolicy

from blinkq.app.account_dialog import AccountDialog
from blinkq.app.account_list import AccountList, RegistrationState
from blinkq.app.address import AddressError, display_address
from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.call_panel import CallPanel
from blinkq.app.device_menu import DeviceMenu
from blinkq.app.form_loader import load_form
from blinkq.app.history import CallRecord
from blinkq.app.icons import set_icon, tray_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.middleware import AccountLike, DeviceKind, Middleware
from blinkq.app.questions import ask, show_about
from blinkq.app.recent_calls import RECORD_ROLE, RecentCalls, RecentDelegate
from blinkq.app.theme import Appearance, Theme
from blinkq.app.widgets import set_level, set_mark
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["MainWindow"]

log = get_logger("app.main_window")

#: the area of the calls is not made lower than this (pixels): one panel with its buttons
_CALLS_MINIMUM = 130
#: nor is what is below it, while there are calls
_BODY_MINIMUM = 40


class MainWindow(QMainWindow):
    """The window that everything starts from. ``quit_wanted`` when BlinkQ shall end; ``closing`` when the window alone was closed."""

    quit_wanted = pyqtSignal()
    closing = pyqtSignal()
    muted_changed = pyqtSignal(bool)

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, accounts: AccountList, calls: CallList, theme: Theme, settings: QSettings,
    ) -> None:  # fmt: skip
        super().__init__()
        self._middleware = middleware
        self._bridge = bridge
        self._accounts = accounts
        self._calls = calls
        self._theme = theme
        self._settings = settings
        self.panels: dict[int, CallPanel] = {}
        self.hide_on_close = False
        self.ui: MainWindowForm = load_form("main_window")
        self.ui.setupUi(self)
        self.recent = RecentCalls(calls.history, self)
        self._completions = QStringListModel(self)
        self._prepare()
        self._connect()
        menus = {DeviceKind.INPUT: self.ui.inputMenu, DeviceKind.OUTPUT: self.ui.outputMenu, DeviceKind.ALERT: self.ui.alertMenu}
        self.device_menu = DeviceMenu(middleware, bridge, menus, self)
        for call in calls.calls:
            self._call_added(call)
        self.refresh()

    # public ----------------------------------------------------------------------------------------------------------------------

    @property
    def account(self) -> AccountLike | None:
        """The account that outgoing calls use."""
        row = self.ui.accountSelector.currentIndex()
        return self._accounts.rows[row].account if 0 <= row < len(self._accounts.rows) else None

    def refresh(self) -> None:
        """Show accounts, calls and the list of recent calls as they are now."""
        self._refresh_accounts()
        self._refresh_calls()
        self._refresh_recent()

    def show_notice(self, text: str) -> None:
        """Show a sentence above the calls until it is closed."""
        self.ui.noticeLabel.setText(text)
        self.ui.noticeFrame.setVisible(bool(text))

    def place_call(self, text: str, name: str = "", account: AccountLike | None = None) -> Call | None:
        """Call an address; what is wrong with it is shown under the dial box."""
        try:
            call = self._calls.place(text, account or self.account, name)
        except AddressError as error:
            self._show_dial_error(self.tr(str(error)))
            self.ui.dialBox.setFocus()
            return None
        except BlinkQError as error:
            log.warning("no call is possible: %s", error)
            self._show_dial_error(self.tr("BlinkQ cannot place calls at the moment. Wait until it has started, then try again."))
            return None
        self._show_dial_error("")
        self.ui.dialBox.clear()
        return call

    def add_account(self) -> None:
        """Open the dialog for a new account."""
        self._open_account_dialog(None)

    def set_muted(self, muted: bool) -> None:
        """Mute or unmute the microphone, in all calls."""
        self._middleware.set_muted(muted)
        self.ui.muteAction.setChecked(muted)
        for panel in self.panels.values():
            panel.set_muted(muted)
        self.muted_changed.emit(muted)

    def come_to_front(self) -> None:
        """Show the window above the others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def retire(self) -> None:
        """The window is going: let go of the calls."""
        self.save_geometry()
        for panel in self.panels.values():
            panel.retire()
        self.panels.clear()
        self.hide()

    def save_geometry(self) -> None:
        """Remember size and place."""
        self._settings.setValue("main_window/geometry", self.saveGeometry())

    # events ----------------------------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if event is None:
            return
        self.save_geometry()
        if self.hide_on_close:
            event.accept()
            self.closing.emit()
        elif self._may_quit():
            event.accept()
            self.quit_wanted.emit()
        else:
            event.ignore()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        ui = self.ui
        pressed = event.key() if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress else None
        if watched is ui.recentList and pressed == Qt.Key.Key_Delete:
            self._forget_record(ui.recentList.currentIndex())
            return True
        if watched is ui.callsContents and event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._fit_calls()
        return super().eventFilter(watched, event)

    # setting up ------------------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        ui = self.ui
        self.setWindowIcon(tray_icon("blinkq"))
        ui.accountSelector.setModel(self._accounts)
        menu = QMenu(self)
        for action in (ui.addAccountAction, ui.editAccountAction, ui.removeAccountAction):
            menu.addAction(action)
        ui.accountMenuButton.setMenu(menu)
        set_icon(ui.accountMenuButton, "account")
        set_icon(ui.callButton, "call", "on_accent")
        set_icon(ui.noticeCloseButton, "close")
        set_icon(ui.welcomeAddButton, "account-add", "on_accent")
        for action, name in (
            (ui.addAccountAction, "account-add"), (ui.editAccountAction, "edit"), (ui.removeAccountAction, "trash"),
            (ui.redialAction, "redial"), (ui.answerAction, "call"), (ui.rejectAction, "hang-up"), (ui.keypadAction, "keypad"),
            (ui.hangUpAction, "hang-up"), (ui.clearHistoryAction, "trash"),
        ):  # fmt: skip
            set_icon(action, name)
        completer = QCompleter(self._completions, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        ui.dialBox.setCompleter(completer)
        ui.recentList.setModel(self.recent)
        ui.recentList.setItemDelegate(RecentDelegate(self))
        ui.recentList.setMouseTracking(True)
        ui.recentList.installEventFilter(self)
        ui.callsContents.installEventFilter(self)
        ui.noticeFrame.hide()
        ui.welcomePicture.setPixmap(self.windowIcon().pixmap(QSize(64, 64)))
        title = ui.welcomeTitle.font()
        title.setPointSizeF(title.pointSizeF() * 1.5)
        title.setBold(True)
        ui.welcomeTitle.setFont(title)
        self._prepare_appearance()
        self._show_dial_error("")
        ui.muteAction.setChecked(self._middleware.muted())
        ui.silentAction.setChecked(self._middleware.silent())
        geometry = self._settings.value("main_window/geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        ui.dialBox.setFocus()

    def _prepare_appearance(self) -> None:
        group = QActionGroup(self)
        actions = (self.ui.systemThemeAction, self.ui.lightThemeAction, self.ui.darkThemeAction)
        for action, appearance in zip(actions, Appearance, strict=True):
            group.addAction(action)
            action.setChecked(self._theme.appearance is appearance)
            action.triggered.connect(lambda _checked, appearance=appearance: self._choose_appearance(appearance))

    def _connect(self) -> None:
        ui = self.ui
        self._accounts.changed.connect(self._refresh_accounts)
        self._calls.added.connect(self._call_added)
        self._calls.removed.connect(self._call_removed)
        self._calls.changed.connect(self._refresh_calls)
        self._calls.recorded.connect(self._refresh_recent)
        self._theme.changed.connect(self._refresh_accounts)
        ui.accountSelector.activated.connect(self._account_chosen)
        ui.dialBox.returnPressed.connect(self._dial)
        ui.dialBox.textChanged.connect(self._dial_text_changed)
        ui.callButton.clicked.connect(self._dial)
        ui.recentList.activated.connect(self._call_record)
        ui.recentList.customContextMenuRequested.connect(self._record_menu)
        ui.noticeCloseButton.clicked.connect(lambda: self.show_notice(""))
        ui.welcomeAddButton.clicked.connect(self.add_account)
        ui.addAccountAction.triggered.connect(self.add_account)
        ui.editAccountAction.triggered.connect(lambda: self._open_account_dialog(self.account))
        ui.removeAccountAction.triggered.connect(self._remove_account)
        ui.aboutAction.triggered.connect(lambda: show_about(self))
        ui.quitAction.triggered.connect(self._quit)
        ui.dialAction.triggered.connect(self._go_to_dial_box)
        ui.redialAction.triggered.connect(self._redial_last)
        ui.answerAction.triggered.connect(lambda: self._first_incoming("answer"))
        ui.rejectAction.triggered.connect(lambda: self._first_incoming("reject"))
        ui.holdAction.triggered.connect(self._toggle_hold)
        ui.recordAction.triggered.connect(self._toggle_record)
        ui.keypadAction.triggered.connect(self._toggle_keypad)
        ui.hangUpAction.triggered.connect(self._hang_up)
        ui.clearHistoryAction.triggered.connect(self._clear_history)
        ui.muteAction.triggered.connect(self.set_muted)
        ui.silentAction.triggered.connect(self._middleware.set_silent)

    # accounts --------------------------------------------------------------------------------------------------------------------

    def _refresh_accounts(self) -> None:
        ui = self.ui
        rows = self._accounts.rows
        if not 0 <= ui.accountSelector.currentIndex() < len(rows) or ui.accountSelector.currentIndex() != self._accounts.default_row():
            ui.accountSelector.setCurrentIndex(max(self._accounts.default_row(), 0) if rows else -1)
        ui.accountSelector.setEnabled(bool(rows))
        ui.accountSelector.setPlaceholderText(self.tr("No account: direct calls only"))
        row = rows[ui.accountSelector.currentIndex()] if 0 <= ui.accountSelector.currentIndex() < len(rows) else None
        ui.registrationLabel.setText(row.status() if row is not None else "")
        ui.registrationLabel.setVisible(row is not None)
        levels = {RegistrationState.REGISTERED: "good", RegistrationState.FAILED: "error"}
        set_level(ui.registrationLabel, levels.get(row.state, "muted") if row is not None else "muted")
        ui.accountSelector.setAccessibleDescription(ui.registrationLabel.text())
        ui.editAccountAction.setEnabled(row is not None)
        ui.removeAccountAction.setEnabled(row is not None)
        self._show_body()

    def _account_chosen(self, row: int) -> None:
        if 0 <= row < len(self._accounts.rows):
            self._middleware.set_default_account(self._accounts.rows[row].account)
            self._refresh_accounts()

    def _open_account_dialog(self, account: AccountLike | None) -> None:
        dialog = AccountDialog(self._middleware, self._bridge, account, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(lambda: self._account_dialog_closed(dialog))
        dialog.open()

    def _account_dialog_closed(self, dialog: AccountDialog) -> None:
        if dialog.saved is not None:
            self._accounts.reload()
            self.ui.dialBox.setFocus()

    def _remove_account(self) -> None:
        account = self.account
        if account is not None and ask(
            self,
            self.tr("Remove account"),
            self.tr("Remove the account %1 and its password from this computer?").replace("%1", account.id),
            self.tr("Remove"),
        ):
            self._middleware.remove_account(account)
            self._accounts.reload()

    # calls -----------------------------------------------------------------------------------------------------------------------

    def _dial(self) -> None:
        text = self.ui.dialBox.text()
        name, bracket, address = text.rpartition("<")
        self.place_call(address if bracket else text, name.strip() if bracket else "")

    def _dial_text_changed(self) -> None:
        self._show_dial_error("")

    def _show_dial_error(self, text: str) -> None:
        self.ui.dialErrorLabel.setText(text)
        self.ui.dialErrorLabel.setVisible(bool(text))
        self.ui.dialBox.setAccessibleDescription(text)
        set_mark(self.ui.dialBox, "invalid", bool(text))

    def _call_added(self, call: Call) -> None:
        if not call.incoming:
            # whoever calls again has read how the calls before ended; the list of recent ones keeps it
            for old in [old for old in self._calls.calls if old.over]:
                self._calls.dismiss(old)
        panel = CallPanel(call, self.ui.callsContents)
        panel.set_muted(self._middleware.muted())
        panel.mute_wanted.connect(self.set_muted)
        panel.activate_wanted.connect(self._calls.activate)
        panel.close_wanted.connect(self._calls.dismiss)
        panel.redial_wanted.connect(self._redial)
        self.panels[id(call)] = panel
        self.ui.callsLayout.addWidget(panel)
        call.talking.connect(lambda: self._call_talking(call))
        self._refresh_calls()

    def _call_talking(self, call: Call) -> None:
        # Digits typed now are meant for the other side, unless a next address is being typed.
        panel = self.panels.get(id(call))
        if panel is not None and self.isActiveWindow() and not self.ui.dialBox.text():
            panel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _call_removed(self, call: Call) -> None:
        panel = self.panels.pop(id(call), None)
        if panel is not None:
            had_focus = panel.isAncestorOf(self.focusWidget()) or panel.hasFocus()
            panel.retire()
            self.ui.callsLayout.removeWidget(panel)
            panel.hide()
            panel.deleteLater()
            if had_focus:
                self.ui.dialBox.setFocus()
        self._refresh_calls()

    def _refresh_calls(self) -> None:
        ui = self.ui
        active = self._calls.active
        talking = active is not None and active.stage is CallStage.TALKING
        ui.callsHeading.setVisible(bool(self.panels))
        ui.callsArea.setVisible(bool(self.panels))
        ui.answerAction.setEnabled(bool(self._calls.incoming))
        ui.rejectAction.setEnabled(bool(self._calls.incoming))
        for action in (ui.holdAction, ui.recordAction, ui.keypadAction):
            action.setEnabled(talking)
        ui.holdAction.setChecked(talking and active is not None and active.held_here)
        ui.recordAction.setChecked(talking and active is not None and active.recording is not None)
        ui.hangUpAction.setEnabled(active is not None)
        ui.redialAction.setEnabled(bool(self.recent.records))
        self._show_body()
        self._fit_calls()

    def _fit_calls(self) -> None:
        """The area of the calls is as high as its panels where the window has room for them; else it scrolls."""
        needed = self.ui.callsLayout.sizeHint().height() + 2
        self.ui.callsArea.setMinimumHeight(min(needed, _CALLS_MINIMUM))
        self.ui.callsArea.setMaximumHeight(needed)

    def _redial(self, call: Call) -> None:
        uri, name, account = call.uri, call.name, call.account
        self._calls.dismiss(call)
        self.place_call(uri, name, account)

    def _redial_last(self) -> None:
        outgoing = [record for record in self.recent.records if record.direction == "outgoing"]
        if outgoing:
            self._call_again(outgoing[0])

    def _first_incoming(self, command: str) -> None:
        for call in self._calls.incoming[:1]:
            getattr(call, command)()

    def _toggle_hold(self) -> None:
        call = self._focused_or_active()
        if call is not None:
            self._calls.activate(call) if call.held_here else call.set_hold(True)
            self._refresh_calls()

    def _toggle_record(self) -> None:
        call = self._focused_or_active()
        if call is not None:
            call.toggle_recording()
            self._refresh_calls()

    def _toggle_keypad(self) -> None:
        call = self._focused_or_active()
        panel = self.panels.get(id(call))
        if panel is not None:
            panel.toggle_keypad()
            panel.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _hang_up(self) -> None:
        call = self._focused_or_active()
        if call is not None:
            call.hang_up()

    def _focused_or_active(self) -> Call | None:
        focus = self.focusWidget()
        for panel in self.panels.values():
            if focus is not None and (panel is focus or panel.isAncestorOf(focus)) and not panel.call.over:
                return panel.call
        return self._calls.active

    # recent calls ----------------------------------------------------------------------------------------------------------------

    def _refresh_recent(self) -> None:
        self.recent.reload()
        self._completions.setStringList(self.recent.addresses())
        self.ui.clearHistoryAction.setEnabled(bool(self.recent.records))
        self.ui.redialAction.setEnabled(bool(self.recent.records))
        self._show_body()

    def _show_body(self) -> None:
        ui = self.ui
        if self.recent.records:
            ui.bodyStack.setCurrentWidget(ui.recentPage)
        else:
            ui.bodyStack.setCurrentWidget(ui.emptyPage if self._accounts.rows or self.panels else ui.welcomePage)
        ui.emptyText.setVisible(not self.panels)
        # calls come first: the list below them has what they leave
        height = QSizePolicy.Policy.Ignored if self.panels else QSizePolicy.Policy.Preferred
        ui.bodyStack.setSizePolicy(QSizePolicy.Policy.Preferred, height)
        ui.bodyStack.setMinimumHeight(_BODY_MINIMUM if self.panels else 0)

    def _call_record(self, index: QModelIndex) -> None:
        record = index.data(RECORD_ROLE)
        if record is not None:
            self._call_again(record)

    def _call_again(self, record: CallRecord) -> None:
        account = next((row.account for row in self._accounts.rows if row.account.id == record.account), None)
        self.place_call(record.uri, record.name, account)

    def _record_menu(self, position: QPoint) -> None:
        index = self.ui.recentList.indexAt(position)
        record: CallRecord | None = index.data(RECORD_ROLE) if index.isValid() else None
        if record is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = (record.name or display_address(record.uri)).replace("&", "&&")
        for text, slot in (
            (self.tr("Call %1").replace("%1", title), lambda: self._call_again(record)),
            (self.tr("Put the address into the dial box"), lambda: self._edit_record(record)),
            (self.tr("Forget this call"), lambda: self._forget_record(index)),
        ):  # fmt: skip
            action = menu.addAction(text)
            if action is not None:
                action.triggered.connect(lambda _checked, slot=slot: slot())
        viewport = self.ui.recentList.viewport()
        if viewport is not None:
            menu.popup(viewport.mapToGlobal(position))

    def _edit_record(self, record: CallRecord) -> None:
        self.ui.dialBox.setText(display_address(record.uri))
        self._go_to_dial_box()

    def _forget_record(self, index: QModelIndex) -> None:
        record = index.data(RECORD_ROLE) if index.isValid() else None
        if record is not None:
            self._calls.history.remove(record)
            self._refresh_recent()

    def _clear_history(self) -> None:
        if ask(self, self.tr("Clear recent calls"), self.tr("Forget all calls in the list? This cannot be undone."), self.tr("Clear")):
            self._calls.history.clear()
            self._refresh_recent()

    # the rest --------------------------------------------------------------------------------------------------------------------

    def _go_to_dial_box(self) -> None:
        self.ui.dialBox.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.ui.dialBox.selectAll()

    def _choose_appearance(self, appearance: Appearance) -> None:
        self._theme.appearance = appearance
        self._settings.setValue("appearance", appearance.value)

    def _quit(self) -> None:
        if self._may_quit():
            self.save_geometry()
            self.quit_wanted.emit()

    def _may_quit(self) -> bool:
        live = self._calls.live
        return not live or ask(
            self,
            self.tr("Quit BlinkQ"),
            self.tr("There is a call with %1. Quit and end it?").replace("%1", ", ".join(call.title for call in live)),
            self.tr("Quit"),
        )
