"""The accounts with the state of their registration, as a model for the selector in the main window."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap

from blinkq.app.colours import colours
from blinkq.app.middleware import AccountLike, Middleware
from blinkq.app.wording import explanation_text
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import Handler, NotificationBridge
from blinkq.sipsimple.explain import Explanation, explain_registration

__all__ = ["AccountList", "AccountRow", "RegistrationState", "registration_dot"]


class RegistrationState(StrEnum):
    """What is known of an account's registration."""

    OFF = "off"
    TRYING = "trying"
    REGISTERED = "registered"
    FAILED = "failed"


@dataclass(slots=True)
class AccountRow:
    """One account and its registration; ``explanation`` says why it failed."""

    account: AccountLike
    state: RegistrationState
    explanation: Explanation | None = None

    @property
    def label(self) -> str:
        """"Alice – alice@example.com", or the address alone."""
        name = self.account.display_name
        return f"{name} – {self.account.id}" if name else self.account.id

    def status(self) -> str:
        """The registration in one short line."""
        if self.state is RegistrationState.FAILED and self.explanation is not None:
            return explanation_text(self.explanation)
        return {
            RegistrationState.OFF: QCoreApplication.translate("AccountList", "Not registered"),
            RegistrationState.TRYING: QCoreApplication.translate("AccountList", "Registering…"),
            RegistrationState.REGISTERED: QCoreApplication.translate("AccountList", "Registered, can be called"),
            RegistrationState.FAILED: QCoreApplication.translate("AccountList", "Not registered"),
        }[self.state]


class AccountList(QAbstractListModel):
    """The enabled accounts. ``changed`` when any row or the default account has changed."""

    changed = pyqtSignal()

    def __init__(self, middleware: Middleware, bridge: NotificationBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[AccountRow] = []
        self._middleware = middleware
        for name, handler in self._handlers():
            bridge.listen(name, handler)
        self.reload()

    def row_of(self, account: AccountLike | None) -> int:
        """The row of an account, or -1."""
        return next((number for number, row in enumerate(self.rows) if row.account is account), -1)

    def default_row(self) -> int:
        """The row of the default account, or -1."""
        return self.row_of(self._middleware.default_account())

    def reload(self) -> None:
        """Read the list of accounts again; what is known of registrations stays."""
        known = {id(row.account): row for row in self.rows}
        self.beginResetModel()
        self.rows = [
            known.get(id(account)) or AccountRow(account, _first_state(account))
            for account in self._middleware.accounts()
            if account.enabled
        ]
        self.endResetModel()
        self.changed.emit()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.rows):
            return None
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.label
            case Qt.ItemDataRole.DecorationRole:
                return registration_dot(row.state)
            case Qt.ItemDataRole.ToolTipRole:
                return row.status()
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.label}, {row.status()}"
        return None

    # notifications ---------------------------------------------------------------------------------------------------------------

    def _handlers(self) -> list[tuple[str, Handler]]:
        names = (
            "SIPAccountManagerDidAddAccount", "SIPAccountManagerDidRemoveAccount", "SIPAccountManagerDidChangeDefaultAccount",
            "SIPAccountDidActivate", "SIPAccountDidDeactivate", "SIPAccountWillRegister", "SIPAccountRegistrationDidSucceed",
            "SIPAccountRegistrationDidFail", "SIPAccountRegistrationDidEnd", "CFGSettingsObjectDidChange",
        )  # fmt: skip
        return [(name, getattr(self, f"_NH_{name}")) for name in names]

    def _NH_SIPAccountManagerDidAddAccount(self, _notification: Notification) -> None:
        self.reload()

    def _NH_SIPAccountManagerDidRemoveAccount(self, _notification: Notification) -> None:
        self.reload()

    def _NH_SIPAccountManagerDidChangeDefaultAccount(self, _notification: Notification) -> None:
        self.changed.emit()

    def _NH_SIPAccountDidActivate(self, _notification: Notification) -> None:
        self.reload()

    def _NH_SIPAccountDidDeactivate(self, notification: Notification) -> None:
        self._set(notification, RegistrationState.OFF)
        self.reload()

    def _NH_SIPAccountWillRegister(self, notification: Notification) -> None:
        # A row that shows why it failed keeps doing so during the next attempts: a reason that flickers cannot be read.
        row = self._row(notification)
        if row is not None and row.state is not RegistrationState.FAILED:
            self._set(notification, RegistrationState.TRYING)

    def _NH_SIPAccountRegistrationDidSucceed(self, notification: Notification) -> None:
        self._set(notification, RegistrationState.REGISTERED)

    def _NH_SIPAccountRegistrationDidFail(self, notification: Notification) -> None:
        row = self._row(notification)
        if row is not None:
            data = notification.data
            code = getattr(data, "code", None)
            cause = str(data.reason or "") if code else str(data.error or data.reason or "")
            self._set(notification, RegistrationState.FAILED, explain_registration(code, cause, row.account.id))

    def _NH_SIPAccountRegistrationDidEnd(self, notification: Notification) -> None:
        self._set(notification, RegistrationState.OFF)

    def _NH_CFGSettingsObjectDidChange(self, notification: Notification) -> None:
        if self._row(notification) is not None:
            self.reload()

    def _row(self, notification: Notification) -> AccountRow | None:
        return next((row for row in self.rows if row.account is notification.sender), None)

    def _set(self, notification: Notification, state: RegistrationState, explanation: Explanation | None = None) -> None:
        row = self._row(notification)
        if row is not None:
            row.state, row.explanation = state, explanation
            index = self.index(self.rows.index(row))
            self.dataChanged.emit(index, index)
            self.changed.emit()


def registration_dot(state: RegistrationState, size: int = 12) -> QIcon:
    """A filled dot for registered, a ring for trying, a ring with a bar for failed or off: told apart by shape as well as colour."""
    scheme = colours()
    colour = {
        RegistrationState.REGISTERED: scheme.good, RegistrationState.TRYING: scheme.warning,
        RegistrationState.FAILED: scheme.danger, RegistrationState.OFF: scheme.muted,
    }[state]  # fmt: skip
    ratio = 2
    picture = QPixmap(size * ratio, size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = painter.pen()
    pen.setColor(QColor(colour))
    pen.setWidthF(2)
    painter.setPen(pen)
    if state is RegistrationState.REGISTERED:
        painter.setBrush(QColor(colour))
    painter.drawEllipse(2, 2, size - 4, size - 4)
    if state in (RegistrationState.FAILED, RegistrationState.OFF):
        painter.drawLine(4, size // 2, size - 4, size // 2)
    painter.end()
    return QIcon(picture)


def _first_state(account: AccountLike) -> RegistrationState:
    registered = bool(getattr(account, "registered", False))
    return RegistrationState.REGISTERED if registered else RegistrationState.TRYING
