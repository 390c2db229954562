"""Shared desktops in the main window: the Screen menu in the Call menu, and what contacts offer."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu

from blinkq.app.address import AddressError, split_name
from blinkq.app.call import Call, CallStage
from blinkq.app.call_list import CallList
from blinkq.app.contact_list import Person
from blinkq.app.desktops import DesktopError, Desktops
from blinkq.app.icons import set_icon
from blinkq.app.main_window import MainWindow
from blinkq.app.middleware import AccountLike
from blinkq.app.share_bar import STOP_KEYS

__all__ = ["DesktopCommands"]


class DesktopCommands(QObject):
    """Adds a menu to the Call menu. Its commands concern the call that is talked to, else the address in the dial box."""

    def __init__(self, window: MainWindow, desktops: Desktops, calls: CallList) -> None:
        super().__init__(window)
        self._window = window
        self._desktops = desktops
        self._calls = calls
        self.menu = QMenu(self.tr("S&creen"), window)
        self.view_action = self._add("screen", self._view_here)
        self.share_action = self._add("screen-share", self._share_here)
        self.menu.addSeparator()
        self.stop_action = self._add("close", desktops.shared.stop)
        self.stop_action.setText(self.tr("S&top sharing") + f"\t{STOP_KEYS}")  # the bar has the shortcut: it works in every window
        desktops.shared.changed.connect(self.refresh)
        desktops.shared.told.connect(window.show_notice)
        entry = self.menu.menuAction()
        if entry is not None:
            set_icon(entry, "screen")
        window.ui.callMenu.addSeparator()
        window.ui.callMenu.addMenu(self.menu)
        self.menu.aboutToShow.connect(self.refresh)
        calls.changed.connect(self.refresh)
        window.desktop_wanted.connect(self._with_person)
        self.refresh()

    def refresh(self) -> None:
        """Show what the commands are about now."""
        call = self._call
        who = call.title.replace("&", "&&") if call is not None else self.tr("the address")
        self.view_action.setText(self.tr("&View the screen of %1…").replace("%1", who))
        self.share_action.setText(self.tr("&Share my screen with %1…").replace("%1", who))
        self.stop_action.setEnabled(bool(self._desktops.shared.bars))

    @property
    def _call(self) -> Call | None:
        call = self._calls.active
        return call if call is not None and call.stage is CallStage.TALKING and not self._window.ui.dialBox.text().strip() else None

    def _add(self, icon: str, slot: Callable[[], None]) -> QAction:
        action = QAction(self.menu)
        set_icon(action, icon)
        action.triggered.connect(lambda: slot())
        self.menu.addAction(action)
        return action

    def _view_here(self) -> None:
        call = self._call
        if call is not None:
            self._desktops.view_in_call(call)
            return
        name, address = split_name(self._window.ui.dialBox.text())
        if self._attempt(self._desktops.view, address, name, self._window.account):
            self._window.ui.dialBox.clear()

    def _share_here(self) -> None:
        call = self._call
        if call is not None:
            self._desktops.share_in_call(call)
            return
        name, address = split_name(self._window.ui.dialBox.text())
        if self._attempt(self._desktops.share, address, name, self._window.account):
            self._window.ui.dialBox.clear()

    def _with_person(self, person: Person, address: str, share: bool) -> None:
        command = self._desktops.share if share else self._desktops.view
        self._attempt(command, address, person.name, self._window.account_for(person) or self._window.account)

    def _attempt(
        self, command: Callable[[str, AccountLike | None, str], object], address: str, name: str, account: AccountLike | None
    ) -> bool:
        try:
            command(address, account, name)
        except AddressError as error:
            self._window.show_dial_error(self.tr(str(error)))
            return False
        except DesktopError as error:
            self._window.show_dial_error(str(error))
            return False
        return True
