"""Adding or changing an account: checks while typing, tests the registration for real, saves."""

from __future__ import annotations

import re
from functools import partial
from typing import Protocol

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from blinkq.app.address import AddressError, account_address
from blinkq.app.form_loader import load_form
from blinkq.app.icons import set_icon
from blinkq.app.middleware import AccountDraft, AccountLike, Middleware, RegistrationTrial
from blinkq.app.widgets import set_level, set_mark
from blinkq.app.wording import explanation_text
from blinkq.base.errors import BlinkQError
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.explain import explain_registration

__all__ = ["AccountDialog", "AccountDialogForm"]

#: a test that has no result after this long has one: nobody answers (ms); longer than the 15 s that three name servers may take
TRIAL_TIMEOUT = 25_000

#: width of the dialog in pixels; it does not change while hints come and go
WIDTH = 480

_PROXY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)(?::(?P<port>\d{1,5}))?")
_TRANSPORTS = ("", "udp", "tcp", "tls")


class AccountDialogForm(Protocol):
    """Widgets of account_dialog.ui."""

    introLabel: QLabel
    nameCaption: QLabel
    addressCaption: QLabel
    passwordCaption: QLabel
    userCaption: QLabel
    proxyCaption: QLabel
    transportCaption: QLabel
    nameEdit: QLineEdit
    addressEdit: QLineEdit
    addressHint: QLabel
    passwordEdit: QLineEdit
    showPasswordButton: QToolButton
    passwordHint: QLabel
    serviceButton: QToolButton
    serviceWidget: QWidget
    presenceBox: QCheckBox
    callsBox: QCheckBox
    voicemailBox: QCheckBox
    voicemailEdit: QLineEdit
    voicemailHint: QLabel
    serverButton: QToolButton
    serverWidget: QWidget
    userEdit: QLineEdit
    proxyEdit: QLineEdit
    proxyHint: QLabel
    transportSelector: QComboBox
    testButton: QPushButton
    testLabel: QLabel
    cancelButton: QPushButton
    saveButton: QPushButton

    def setupUi(self, widget: QWidget) -> None: ...


class AccountDialog(QDialog):
    """Adds an account, or changes ``account`` when one is given (its address then stays as it is)."""

    def __init__(
        self, middleware: Middleware, bridge: NotificationBridge, account: AccountLike | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._middleware = middleware
        self._bridge = bridge
        self._account = account
        self._trial: RegistrationTrial | None = None
        self._taken = {known.id.lower() for known in middleware.accounts() if known is not account}
        self.saved: AccountLike | None = None
        self.ui: AccountDialogForm = load_form("account_dialog")
        self.ui.setupUi(self)
        self._deadline = QTimer(self)
        self._deadline.setSingleShot(True)
        self._deadline.setInterval(TRIAL_TIMEOUT)
        self._deadline.timeout.connect(lambda: self._show_failure(408, "Request Timeout"))
        self._prepare()
        self._connect()
        if account is not None:
            self._fill(account)
        self._check()

    @property
    def draft(self) -> AccountDraft | None:
        """What was typed, or None while it cannot be right."""
        ui = self.ui
        try:
            address = account_address(ui.addressEdit.text())
        except AddressError:
            return None
        proxy, mailbox = self._proxy(), self._mailbox()
        if proxy is None or mailbox is None or address.lower() in self._taken:
            return None
        password = ui.passwordEdit.text()
        return AccountDraft(
            address=address, display_name=ui.nameEdit.text().strip(),
            password=None if self._account is not None and not password else password,
            auth_username=ui.userEdit.text().strip(), proxy_host=proxy[0], proxy_port=proxy[1],
            transport=_TRANSPORTS[ui.transportSelector.currentIndex()], presence=ui.presenceBox.isChecked(),
            calls=ui.callsBox.isChecked(), voicemail=ui.voicemailBox.isChecked(), voicemail_address=mailbox,
        )  # fmt: skip

    def done(self, result: int) -> None:
        self._end_trial()
        super().done(result)

    # setting up ------------------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        ui = self.ui
        ui.transportSelector.addItems([self.tr("Automatic"), self.tr("UDP"), self.tr("TCP"), self.tr("TLS (encrypted)")])
        set_icon(ui.showPasswordButton, "eye")
        set_icon(ui.saveButton, "check", "on_accent")
        captions = (ui.nameCaption, ui.addressCaption, ui.passwordCaption, ui.userCaption, ui.proxyCaption, ui.transportCaption)
        widest = max(caption.sizeHint().width() for caption in captions)
        for caption in captions:
            caption.setMinimumWidth(widest)
        ui.testLabel.setText("")
        self._sections = {ui.serverButton: ui.serverWidget, ui.serviceButton: ui.serviceWidget}
        for button in self._sections:
            self._show_section(button, False)

    def _connect(self) -> None:
        ui = self.ui
        for edit in (ui.nameEdit, ui.addressEdit, ui.passwordEdit, ui.userEdit, ui.proxyEdit, ui.voicemailEdit):
            edit.textChanged.connect(self._changed)
        ui.transportSelector.currentIndexChanged.connect(self._changed)
        ui.showPasswordButton.toggled.connect(self._show_password)
        for button in self._sections:
            button.toggled.connect(partial(self._show_section, button))
        ui.voicemailBox.toggled.connect(ui.voicemailEdit.setEnabled)
        ui.voicemailEdit.setEnabled(ui.voicemailBox.isChecked())
        ui.testButton.clicked.connect(self._test)
        ui.cancelButton.clicked.connect(self.reject)
        ui.saveButton.clicked.connect(self._save)

    def _fill(self, account: AccountLike) -> None:
        ui = self.ui
        draft = self._middleware.draft_of(account)
        self.setWindowTitle(self.tr("Change account – BlinkQ"))
        ui.introLabel.setText(self.tr("Changes take effect at once, and the account registers again."))
        ui.nameEdit.setText(draft.display_name)
        ui.addressEdit.setText(draft.address)
        ui.addressEdit.setReadOnly(True)
        ui.passwordEdit.setPlaceholderText(self.tr("Unchanged"))
        ui.userEdit.setText(draft.auth_username)
        port = f":{draft.proxy_port}" if draft.proxy_port else ""
        ui.proxyEdit.setText(f"{draft.proxy_host}{port}" if draft.proxy_host else "")
        ui.transportSelector.setCurrentIndex(_TRANSPORTS.index(draft.transport) if draft.transport in _TRANSPORTS else 0)
        ui.serverButton.setChecked(bool(draft.auth_username or draft.proxy_host))
        ui.presenceBox.setChecked(draft.presence)
        ui.callsBox.setChecked(draft.calls)
        ui.voicemailBox.setChecked(draft.voicemail)
        ui.voicemailEdit.setText(draft.voicemail_address)
        ui.serviceButton.setChecked(draft.presence or draft.calls or draft.voicemail)

    # checking --------------------------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._end_trial()
        self.ui.testLabel.setText("")
        self._check()

    def _check(self) -> None:
        ui = self.ui
        self._hint(ui.addressHint, ui.addressEdit, self._address_complaint())
        complaint = "" if self._proxy() is not None else self.tr("Type a host name or address, with a port after a colon if needed.")
        self._hint(ui.proxyHint, ui.proxyEdit, complaint)
        complaint = "" if self._mailbox() is not None else self.tr("Type the address of the mailbox, such as voicemail@example.com.")
        self._hint(ui.voicemailHint, ui.voicemailEdit, complaint)
        without = self._account is None and bool(ui.addressEdit.text()) and not ui.passwordEdit.text() and self.draft is not None
        ui.passwordHint.setText(self.tr("Most servers refuse a registration without a password.") if without else "")
        ui.passwordHint.setVisible(without)
        set_level(ui.passwordHint, "warning")
        right = self.draft is not None
        ui.saveButton.setEnabled(right)
        ui.testButton.setEnabled(right and self._trial is None)
        self._fit()

    def _address_complaint(self) -> str:
        text = self.ui.addressEdit.text()
        if not text.strip():
            return ""  # nothing typed yet is not a mistake; Save stays disabled
        try:
            address = account_address(text)
        except AddressError as error:
            return self.tr(str(error))
        return self.tr("There is already an account with this address.") if address.lower() in self._taken else ""

    def _proxy(self) -> tuple[str, int] | None:
        text = self.ui.proxyEdit.text().strip()
        if not text:
            return "", 0
        match = _PROXY.fullmatch(text)
        if match is None or ".." in match["host"]:
            return None
        port = int(match["port"] or 0)
        return (match["host"], port) if port <= 65535 and (port or match["port"] is None) else None

    def _mailbox(self) -> str | None:
        text = self.ui.voicemailEdit.text().strip()
        try:
            return account_address(text) if text else ""
        except AddressError:
            return None

    def _hint(self, label: QLabel, edit: QLineEdit, complaint: str) -> None:
        label.setText(complaint)
        label.setVisible(bool(complaint))
        set_mark(edit, "invalid", bool(complaint))
        edit.setAccessibleDescription(complaint)

    # the test of the registration ------------------------------------------------------------------------------------------------

    def _test(self) -> None:
        draft = self.draft
        if draft is None:
            return
        self._end_trial()
        try:
            self._trial = trial = self._middleware.try_registration(draft)
        except (BlinkQError, OSError) as error:
            self._show_result(str(error), "error")
            return
        self._bridge.listen("SIPAccountRegistrationDidSucceed", self._NH_SIPAccountRegistrationDidSucceed, trial.sender)
        self._bridge.listen("SIPAccountRegistrationDidFail", self._NH_SIPAccountRegistrationDidFail, trial.sender)
        self._deadline.start()
        self.ui.testButton.setEnabled(False)
        self._show_result(self.tr("Registering with %1…").replace("%1", draft.proxy_host or draft.address.rpartition("@")[2]), "muted")

    def _NH_SIPAccountRegistrationDidSucceed(self, notification: Notification) -> None:
        data = notification.data
        self._end_trial()
        self._check()
        code = f"{data.code} {data.reason}"
        self._show_result(self.tr("It works: the server accepted the registration. (%1)").replace("%1", code), "good")

    def _NH_SIPAccountRegistrationDidFail(self, notification: Notification) -> None:
        data = notification.data
        if data.next_route is not None:
            return  # the trial goes on with the next server
        code = getattr(data, "code", None)
        self._show_failure(code, str((data.reason if code else data.error) or data.reason or ""))

    def _show_failure(self, code: int | None, reason: str) -> None:
        draft = self.draft
        self._end_trial()
        self._check()
        self._show_result(explanation_text(explain_registration(code, reason, draft.address if draft else "")), "error")

    def _end_trial(self) -> None:
        trial, self._trial = self._trial, None
        self._deadline.stop()
        if trial is not None:
            self._bridge.forget("SIPAccountRegistrationDidSucceed", self._NH_SIPAccountRegistrationDidSucceed, trial.sender)
            self._bridge.forget("SIPAccountRegistrationDidFail", self._NH_SIPAccountRegistrationDidFail, trial.sender)
            trial.close()

    def _show_result(self, text: str, level: str) -> None:
        self.ui.testLabel.setText(text)
        set_level(self.ui.testLabel, level)
        self._fit()

    # the rest --------------------------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        draft = self.draft
        if draft is None:
            return
        try:
            self.saved = self._middleware.save_account(draft)
        except (BlinkQError, OSError, ValueError) as error:
            self._show_result(self.tr("The account could not be saved: %1").replace("%1", str(error)), "error")
            return
        self.accept()

    def _show_password(self, shown: bool) -> None:
        self.ui.passwordEdit.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)

    def _show_section(self, button: QToolButton, shown: bool) -> None:
        self._sections[button].setVisible(shown)
        set_icon(button, "collapse" if shown else "expand", checked="text")
        button.setAccessibleDescription(self.tr("Shown") if shown else self.tr("Hidden"))
        self._fit()

    def _fit(self) -> None:
        """As high as what is shown needs: labels that wrap tell their height only for a width."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            width = max(self.width(), WIDTH)
            self.setMinimumHeight(0)
            height = layout.totalHeightForWidth(width)
            self.setMinimumSize(WIDTH, height if width == WIDTH else 0)
            self.resize(width, height)
