"""The compiled forms fit the protocols that the windows use, and everything that can be operated has a name for a screen reader."""

from __future__ import annotations

import os
import typing
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QDialog, QLineEdit, QMainWindow, QWidget
from support.fake_middleware import FakeMiddleware

from blinkq.app.account_dialog import AccountDialog, AccountDialogForm
from blinkq.app.build_forms import build
from blinkq.app.call_panel_form import CallPanelForm
from blinkq.app.chat_page import ChatPageForm
from blinkq.app.conference_panel import ConferencePanelForm
from blinkq.app.contact_dialog import ContactDialogForm
from blinkq.app.file_transfers_window import FileTransferRowForm
from blinkq.app.form_loader import load_form
from blinkq.app.incoming_dialog import IncomingDialogForm
from blinkq.app.keypad import KeypadForm
from blinkq.app.main import Application
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.peer_request_dialog import PeerRequestDialogForm
from blinkq.app.transfer_dialog import TransferDialogForm

UI = """<ui version="4.0"><class>Small</class><widget class="QWidget" name="Small"><widget class="QLabel" name="label"/></widget></ui>"""


@pytest.mark.parametrize(
    ("stem", "protocol", "base"),
    [
        ("main_window", MainWindowForm, QMainWindow),
        ("call_panel", CallPanelForm, QWidget),
        ("conference_panel", ConferencePanelForm, QWidget),
        ("keypad", KeypadForm, QWidget),
        ("peer_request_dialog", PeerRequestDialogForm, QDialog),
        ("incoming_dialog", IncomingDialogForm, QDialog),
        ("account_dialog", AccountDialogForm, QDialog),
        ("contact_dialog", ContactDialogForm, QDialog),
        ("transfer_dialog", TransferDialogForm, QDialog),
        ("chat_page", ChatPageForm, QWidget),
        ("file_transfer_row", FileTransferRowForm, QWidget),
    ],
)
def test_form_has_what_its_window_uses(qtbot: object, stem: str, protocol: type, base: type[QWidget]) -> None:
    form, widget = load_form(stem), base()
    form.setupUi(widget)
    hints = typing.get_type_hints(protocol)
    assert hints
    for name, kind in hints.items():
        assert isinstance(getattr(form, name), kind), f"{stem}.ui: {name} is no {kind.__name__}"
    widget.deleteLater()


def test_forms_are_compiled_when_missing_or_stale_only(tmp_path: Path) -> None:
    ui, forms = tmp_path / "ui", tmp_path / "forms"
    ui.mkdir()
    source = ui / "small.ui"
    source.write_text(UI)
    assert build(ui, forms) == [forms / "small.py"]
    assert "class Ui_Small" in (forms / "small.py").read_text()
    assert (forms / "__init__.py").exists()
    assert build(ui, forms) == []
    later = (forms / "small.py").stat().st_mtime_ns + 1_000_000_000
    os.utime(source, ns=(later, later))
    assert build(ui, forms) == [forms / "small.py"]
    source.rename(ui / "renamed.ui")
    assert build(ui, forms) == [forms / "renamed.py"]
    assert not (forms / "small.py").exists()
    assert not [part for part in forms.iterdir() if part.name.startswith(".")]


def test_without_the_drawings_nothing_is_compiled(tmp_path: Path) -> None:
    assert build(tmp_path / "absent", tmp_path / "forms") == []


def operable(window: QWidget) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView)
    # parts that Qt makes inside its own widgets have no name of ours
    return [widget for widget in window.findChildren(QWidget) if isinstance(widget, kinds) and not widget.objectName().startswith("qt_")]


def test_every_control_has_an_accessible_name(application: Application, middleware: FakeMiddleware, qapp: typing.Any) -> None:
    application.window.place_call("bob@example.com")
    middleware.found()
    qapp.processEvents()
    middleware.sessions[-1].starts()
    middleware.calls_in()
    qapp.processEvents()
    dialog = AccountDialog(middleware, application.bridge, None, application.window)
    nameless = [
        f"{type(widget).__name__} {widget.objectName()}"
        for window in (application.window, dialog, *application.dialogs)
        for widget in operable(window)
        # what Qt makes inside its own widgets (clear button, list of a combo box) is named by Qt
        if not widget.accessibleName() and widget.window() is window and not isinstance(widget.parent(), QLineEdit | QComboBox)
    ]  # fmt: skip
    assert not nameless
    dialog.deleteLater()
