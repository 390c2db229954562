"""The account dialog: what is wrong is said while typing, the test really tests, saving saves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from support.fake_middleware import FakeAccount, FakeMiddleware, announce

from blinkq.app.account_dialog import AccountDialog
from blinkq.app.middleware import AccountDraft
from blinkq.qtbridge.notifications import NotificationBridge

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(middleware: FakeMiddleware, bridge: NotificationBridge, qtbot: QtBot) -> Iterator[AccountDialog]:
    dialog = AccountDialog(middleware, bridge)
    dialog.show()
    yield dialog
    dialog.done(0)
    dialog.deleteLater()


def type_into(qtbot: QtBot, edit: QLineEdit, text: str) -> None:
    edit.clear()
    qtbot.keyClicks(edit, text)


def test_nothing_typed_is_no_mistake_but_cannot_be_saved(dialog: AccountDialog) -> None:
    assert not dialog.ui.addressHint.isVisible()
    assert not dialog.ui.saveButton.isEnabled()
    assert not dialog.ui.testButton.isEnabled()


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("bob", "has an @"),
        ("bob@", "domain after the @ is missing"),
        ("@example.com", "name before the @"),
        ("b ob@example.com", "not allowed"),
        ("bob@exa mple.com", "not a valid host"),
        ("bob@example.com:5070", "outbound proxy"),
        ("ALICE@example.com", "already an account"),
    ],
)
def test_mistakes_in_the_address(dialog: AccountDialog, qtbot: QtBot, address: str, complaint: str) -> None:
    type_into(qtbot, dialog.ui.addressEdit, address)
    assert complaint in dialog.ui.addressHint.text()
    assert dialog.ui.addressHint.isVisible()
    assert dialog.ui.addressEdit.accessibleDescription() == dialog.ui.addressHint.text()
    assert not dialog.ui.saveButton.isEnabled()


@pytest.mark.parametrize("proxy", ["proxy:99999", "proxy:", "a b", "http://x", "proxy:0", "a..b"])
def test_mistakes_in_the_proxy(dialog: AccountDialog, qtbot: QtBot, proxy: str) -> None:
    type_into(qtbot, dialog.ui.addressEdit, "bob@example.com")
    qtbot.mouseClick(dialog.ui.serverButton, LEFT)
    type_into(qtbot, dialog.ui.proxyEdit, proxy)
    assert dialog.ui.proxyHint.isVisible()
    assert not dialog.ui.saveButton.isEnabled()


def test_saving(dialog: AccountDialog, middleware: FakeMiddleware, qtbot: QtBot) -> None:
    type_into(qtbot, dialog.ui.nameEdit, "Bob")
    type_into(qtbot, dialog.ui.addressEdit, "sip:bob@Example.COM")
    assert "without a password" in dialog.ui.passwordHint.text()
    type_into(qtbot, dialog.ui.passwordEdit, "secret")
    assert not dialog.ui.passwordHint.isVisible()
    qtbot.mouseClick(dialog.ui.serverButton, LEFT)
    type_into(qtbot, dialog.ui.proxyEdit, "proxy.example.com:5061")
    dialog.ui.transportSelector.setCurrentIndex(3)
    qtbot.mouseClick(dialog.ui.saveButton, LEFT)
    account = middleware.known[-1]
    assert dialog.saved is account
    assert account.draft == AccountDraft("bob@example.com", "Bob", "secret", "", "proxy.example.com", 5061, "tls")
    assert "secret" not in repr(account.draft)


def test_the_test_of_a_registration(dialog: AccountDialog, middleware: FakeMiddleware, qtbot: QtBot, qapp: QApplication) -> None:
    type_into(qtbot, dialog.ui.addressEdit, "bob@example.com")
    type_into(qtbot, dialog.ui.passwordEdit, "wrong")
    qtbot.mouseClick(dialog.ui.testButton, LEFT)
    assert dialog.ui.testLabel.text() == "Registering with example.com…"
    assert not dialog.ui.testButton.isEnabled()
    trial = middleware.trials[-1]
    trial.sender.failed(401, "Unauthorized")
    qapp.processEvents()
    assert "password" in dialog.ui.testLabel.text()
    assert "(401 Unauthorized)" in dialog.ui.testLabel.text()
    assert trial.closed
    type_into(qtbot, dialog.ui.passwordEdit, "right")
    assert dialog.ui.testLabel.text() == ""
    qtbot.mouseClick(dialog.ui.testButton, LEFT)
    middleware.trials[-1].sender.registers()
    qapp.processEvents()
    assert "It works" in dialog.ui.testLabel.text()
    assert middleware.trials[-1].closed


def test_the_test_goes_on_with_the_next_server(dialog: AccountDialog, middleware: FakeMiddleware, qtbot: QtBot, qapp: QApplication) -> None:
    type_into(qtbot, dialog.ui.addressEdit, "bob@example.com")
    qtbot.mouseClick(dialog.ui.testButton, LEFT)
    trial = middleware.trials[-1]
    announce("SIPAccountRegistrationDidFail", trial.sender, reason="refused", error="refused", registration=None, next_route="r", delay=0.0)
    qapp.processEvents()
    assert not trial.closed
    trial.sender.registers()
    qapp.processEvents()
    assert "It works" in dialog.ui.testLabel.text()


def test_a_test_without_any_answer_ends(dialog: AccountDialog, middleware: FakeMiddleware, qtbot: QtBot) -> None:
    type_into(qtbot, dialog.ui.addressEdit, "bob@example.com")
    qtbot.mouseClick(dialog.ui.testButton, LEFT)
    dialog._deadline.timeout.emit()
    assert "does not answer" in dialog.ui.testLabel.text()
    assert middleware.trials[-1].closed


def test_closing_ends_the_test(dialog: AccountDialog, middleware: FakeMiddleware, qtbot: QtBot) -> None:
    type_into(qtbot, dialog.ui.addressEdit, "bob@example.com")
    qtbot.mouseClick(dialog.ui.testButton, LEFT)
    dialog.reject()
    assert middleware.trials[-1].closed


def test_changing_an_account_keeps_its_password(
    middleware: FakeMiddleware, bridge: NotificationBridge, alice: FakeAccount, qtbot: QtBot
) -> None:
    dialog = AccountDialog(middleware, bridge, alice)
    assert dialog.ui.addressEdit.isReadOnly()
    assert dialog.ui.passwordEdit.text() == ""
    dialog.ui.nameEdit.setText("Alice M.")
    dialog.ui.saveButton.click()
    assert alice.draft is not None
    assert alice.draft.password is None
    assert alice.display_name == "Alice M."
    dialog.deleteLater()


def test_the_password_can_be_shown(dialog: AccountDialog, qtbot: QtBot) -> None:
    assert dialog.ui.passwordEdit.echoMode() is QLineEdit.EchoMode.Password
    qtbot.mouseClick(dialog.ui.showPasswordButton, LEFT)
    assert dialog.ui.passwordEdit.echoMode() is QLineEdit.EchoMode.Normal


def test_no_two_controls_share_a_mnemonic(dialog: AccountDialog) -> None:
    texts = [caption.text() for caption in dialog.findChildren(QWidget) if hasattr(caption, "text")]
    keys = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert sorted(keys) == sorted(set(keys))
