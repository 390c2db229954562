"""The top of the main window: which account calls, whether it is registered, and the menu that adds, changes and removes accounts."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QMenu, QWidget

from blinkq.app.account_dialog import AccountDialog
from blinkq.app.account_list import AccountList, RegistrationState
from blinkq.app.icons import set_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.middleware import AccountLike, Middleware
from blinkq.app.questions import ask
from blinkq.app.widgets import set_level
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["AccountBar"]

_LEVELS = {RegistrationState.REGISTERED: "good", RegistrationState.FAILED: "error"}


class AccountBar(QObject):
    """Drives the account widgets of the main window's form. ``changed`` after they show something else; ``saved`` when an account was."""

    changed = pyqtSignal()
    saved = pyqtSignal()

    def __init__(
        self, ui: MainWindowForm, middleware: Middleware, bridge: NotificationBridge, accounts: AccountList, window: QWidget
    ) -> None:
        super().__init__(window)
        self._ui = ui
        self._middleware = middleware
        self._bridge = bridge
        self._accounts = accounts
        self._window = window
        ui.accountSelector.setModel(accounts)
        menu = QMenu(window)
        for action in (ui.addAccountAction, ui.editAccountAction, ui.removeAccountAction):
            menu.addAction(action)
        ui.accountMenuButton.setMenu(menu)
        for target, name in (
            (ui.accountMenuButton, "account"), (ui.addAccountAction, "account-add"), (ui.editAccountAction, "edit"),
            (ui.removeAccountAction, "trash"),
        ):  # fmt: skip
            set_icon(target, name)
        accounts.changed.connect(self.refresh)
        ui.accountSelector.activated.connect(self._chosen)
        ui.addAccountAction.triggered.connect(self.add_account)
        ui.editAccountAction.triggered.connect(lambda: self._open_dialog(self.account))
        ui.removeAccountAction.triggered.connect(self._remove)

    @property
    def account(self) -> AccountLike | None:
        """The account that outgoing calls use."""
        row = self._ui.accountSelector.currentIndex()
        return self._accounts.rows[row].account if 0 <= row < len(self._accounts.rows) else None

    def add_account(self) -> None:
        """Open the dialog for a new account."""
        self._open_dialog(None)

    def refresh(self) -> None:
        """Show the accounts as they are now."""
        ui, rows, default = self._ui, self._accounts.rows, self._accounts.default_row()
        if not 0 <= ui.accountSelector.currentIndex() < len(rows) or ui.accountSelector.currentIndex() != default:
            ui.accountSelector.setCurrentIndex(max(default, 0) if rows else -1)
        ui.accountSelector.setEnabled(bool(rows))
        ui.accountSelector.setPlaceholderText(self.tr("No account: direct calls only"))
        row = rows[ui.accountSelector.currentIndex()] if 0 <= ui.accountSelector.currentIndex() < len(rows) else None
        ui.registrationLabel.setText(row.status() if row is not None else "")
        ui.registrationLabel.setVisible(row is not None)
        set_level(ui.registrationLabel, _LEVELS.get(row.state, "muted") if row is not None else "muted")
        ui.accountSelector.setAccessibleDescription(ui.registrationLabel.text())
        ui.editAccountAction.setEnabled(row is not None)
        ui.removeAccountAction.setEnabled(row is not None)
        self.changed.emit()

    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self._accounts.rows):
            self._middleware.set_default_account(self._accounts.rows[row].account)
            self.refresh()

    def _open_dialog(self, account: AccountLike | None) -> None:
        dialog = AccountDialog(self._middleware, self._bridge, account, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(lambda: self._dialog_closed(dialog))
        dialog.open()

    def _dialog_closed(self, dialog: AccountDialog) -> None:
        if dialog.saved is not None:
            self._accounts.reload()
            self.saved.emit()

    def _remove(self) -> None:
        account = self.account
        question = self.tr("Remove the account %1 and its password from this computer?")
        if account is not None and ask(
            self._window, self.tr("Remove account"), question.replace("%1", account.id), self.tr("Remove")
        ):  # fmt: skip
            self._middleware.remove_account(account)
            self._accounts.reload()
