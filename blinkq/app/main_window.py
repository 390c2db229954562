"""The main window: account, dial box, calls in progress, recent calls.

What each part does is in ``account_bar``, ``calls_pane`` and ``recent_pane``; here is what connects them, and the window itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QSettings, QSize, QStringListModel, Qt, pyqtSignal
from PyQt6.QtGui import QActionGroup, QCloseEvent
from PyQt6.QtWidgets import QMainWindow, QSizePolicy

from blinkq.app.account_bar import AccountBar
from blinkq.app.account_list import AccountList
from blinkq.app.address import AddressError, split_name
from blinkq.app.call import Call
from blinkq.app.call_list import CallList
from blinkq.app.call_media import CallMedia
from blinkq.app.call_panel import CallPanel
from blinkq.app.calls_pane import CallsPane
from blinkq.app.chat_list import ChatList
from blinkq.app.conference_panel import ConferencePanel
from blinkq.app.contact_list import ContactList, Person
from blinkq.app.contacts_pane import ContactsPane
from blinkq.app.device_menu import DeviceMenu
from blinkq.app.file_transfer_list import FileTransferList
from blinkq.app.form_loader import load_form
from blinkq.app.history import CallRecord
from blinkq.app.icons import set_icon, tray_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.message_commands import MessageCommands
from blinkq.app.middleware import AccountLike, DeviceKind, Middleware
from blinkq.app.people import LOCAL_ACCOUNT
from blinkq.app.presence_bar import PresenceBar
from blinkq.app.questions import ask, show_about
from blinkq.app.recent_calls import RecentCalls
from blinkq.app.recent_pane import RecentPane
from blinkq.app.theme import Appearance, Theme
from blinkq.app.transfers import Transfers
from blinkq.app.widgets import complete_addresses, set_mark
from blinkq.base.errors import BlinkQError
from blinkq.base.logging import get_logger
from blinkq.qtbridge.notifications import NotificationBridge

__all__ = ["MainWindow", "Models"]

log = get_logger("app.main_window")

_CONTACTS_TAB = 1


@dataclass(frozen=True, slots=True)
class Models:
    """What the window shows."""

    accounts: AccountList
    calls: CallList
    transfers: Transfers
    contacts: ContactList
    chats: ChatList
    files: FileTransferList
    media: CallMedia


class MainWindow(QMainWindow):
    """The window that everything starts from. ``quit_wanted`` when BlinkQ shall end; ``closing`` when the window alone was closed;
    ``desktop_wanted`` with a Person, an address, and whether to show our screen there, else to look at theirs."""

    quit_wanted = pyqtSignal()
    closing = pyqtSignal()
    muted_changed = pyqtSignal(bool)
    desktop_wanted = pyqtSignal(object, str, bool)

    def __init__(self, middleware: Middleware, bridge: NotificationBridge, models: Models, theme: Theme, settings: QSettings) -> None:
        super().__init__()
        self._middleware = middleware
        self._accounts = models.accounts
        self._calls = models.calls
        self._contacts = models.contacts
        self._files = models.files
        self._theme = theme
        self._settings = settings
        self.hide_on_close = False
        self.ui: MainWindowForm = load_form("main_window")
        self.ui.setupUi(self)
        self._completions = QStringListModel(self)
        self._account_bar = AccountBar(self.ui, middleware, bridge, models.accounts, self)
        self._presence_bar = PresenceBar(self.ui, middleware.people, bridge, models.accounts, settings, self)
        self._recent_pane = RecentPane(self.ui, models.calls.history, self)
        self._contacts_pane = ContactsPane(self.ui, models.contacts, middleware.people, settings, self)
        self._calls_pane = CallsPane(self.ui, models.calls, models.transfers, models.media, middleware, self._completions, self)
        self.messages = MessageCommands(self.ui, models.chats, models.files, lambda: self.account, self.show_dial_error, self)
        self._prepare()
        self._connect()
        menus = {DeviceKind.INPUT: self.ui.inputMenu, DeviceKind.OUTPUT: self.ui.outputMenu, DeviceKind.ALERT: self.ui.alertMenu}
        self.device_menu = DeviceMenu(middleware, bridge, menus, self)
        self.refresh()

    # public ----------------------------------------------------------------------------------------------------------------------

    @property
    def account(self) -> AccountLike | None:
        """The account that outgoing calls use."""
        return self._account_bar.account

    @property
    def panels(self) -> dict[int, CallPanel]:
        """The panels of the calls, by the id of the Call."""
        return self._calls_pane.panels

    @property
    def conference_panel(self) -> ConferencePanel:
        """The frame of the calls that are in conference."""
        return self._calls_pane.conference

    @property
    def recent(self) -> RecentCalls:
        """The list of recent calls."""
        return self._recent_pane.model

    def refresh(self) -> None:
        """Show accounts, calls and the list of recent calls as they are now."""
        self._account_bar.refresh()
        self._presence_bar.refresh()
        self._contacts_pane.refresh()
        self._calls_pane.refresh()
        self._recent_pane.refresh()

    def started(self) -> None:
        """The middleware runs: show what it knows, and tell others what we want them to know."""
        self._contacts.reload()
        self.refresh()
        self._presence_bar.announce()

    def show_notice(self, text: str) -> None:
        """Show a sentence above the calls until it is closed."""
        self.ui.noticeLabel.setText(text)
        self.ui.noticeFrame.setVisible(bool(text))

    def place_call(self, text: str, name: str = "", account: AccountLike | None = None) -> Call | None:
        """Call an address; what is wrong with it is shown under the dial box."""
        try:
            call = self._calls.place(text, account or self.account, name)
        except AddressError as error:
            self.show_dial_error(self.tr(str(error)))
            self.ui.dialBox.setFocus()
            return None
        except BlinkQError as error:
            log.warning("no call is possible: %s", error)
            self.show_dial_error(self.tr("BlinkQ cannot place calls at the moment. Wait until it has started, then try again."))
            return None
        self.show_dial_error("")
        self.ui.dialBox.clear()
        return call

    def edit_address(self, address: str) -> None:
        """Put an address into the dial box."""
        self.ui.dialBox.setText(address)
        self._go_to_dial_box()

    def show_dial_error(self, text: str) -> None:
        """Say under the dial box what is wrong with what was asked for; "" takes it away."""
        self.ui.dialErrorLabel.setText(text)
        self.ui.dialErrorLabel.setVisible(bool(text))
        self.ui.dialBox.setAccessibleDescription(text)
        set_mark(self.ui.dialBox, "invalid", bool(text))

    def add_account(self) -> None:
        """Open the dialog for a new account."""
        self._account_bar.add_account()

    def set_muted(self, muted: bool) -> None:
        """Mute or unmute the microphone, in all calls."""
        self._middleware.set_muted(muted)
        self.ui.muteAction.setChecked(muted)
        self._calls_pane.set_muted(muted)
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
        self._calls_pane.retire()
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

    # setting up ------------------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        ui = self.ui
        self.setWindowIcon(tray_icon("blinkq"))
        set_icon(ui.callButton, "call", "on_accent")
        set_icon(ui.noticeCloseButton, "close")
        set_icon(ui.welcomeAddButton, "account-add", "on_accent")
        complete_addresses(ui.dialBox, self._completions)
        for text in (self.tr("&Recent calls"), self.tr("Co&ntacts")):
            ui.bodyTabs.addTab(text)
        ui.bodyTabs.setExpanding(False)
        ui.bodyTabs.setDrawBase(False)
        ui.bodyTabs.setCurrentIndex(_CONTACTS_TAB if str(self._settings.value("main_window/tab", 0)) == str(_CONTACTS_TAB) else 0)
        ui.bodyTabs.currentChanged.connect(self._tab_chosen)
        ui.noticeFrame.hide()
        ui.welcomePicture.setPixmap(self.windowIcon().pixmap(QSize(64, 64)))
        title = ui.welcomeTitle.font()
        title.setPointSizeF(title.pointSizeF() * 1.5)
        title.setBold(True)
        ui.welcomeTitle.setFont(title)
        self._prepare_appearance()
        self.show_dial_error("")
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
        ui, recent, calls, accounts, contacts = self.ui, self._recent_pane, self._calls_pane, self._account_bar, self._contacts_pane
        self._calls.recorded.connect(recent.refresh)
        self._theme.changed.connect(accounts.refresh)
        self._theme.changed.connect(self._presence_bar.redraw)
        self._presence_bar.call_wanted.connect(lambda address, account: self.place_call(address, self.tr("Voicemail"), account))
        accounts.changed.connect(self._account_changed)
        contacts.changed.connect(self._completions_changed)
        contacts.call_wanted.connect(self._call_person)
        contacts.address_wanted.connect(self.edit_address)
        contacts.chat_wanted.connect(lambda person, address: self.messages.chat(address, person.name, self.account_for(person)))
        contacts.file_wanted.connect(lambda person, address: self.messages.choose_files(address, person.name, self.account_for(person)))
        contacts.desktop_wanted.connect(self.desktop_wanted)
        contacts.files_dropped.connect(
            lambda person, address, paths: self.messages.send_files(paths, address, person.name, self.account_for(person))
        )
        accounts.saved.connect(ui.dialBox.setFocus)
        recent.changed.connect(self._completions_changed)
        recent.contact_wanted.connect(contacts.add)
        recent.call_wanted.connect(self._call_again)
        recent.address_wanted.connect(self.edit_address)
        calls.changed.connect(self._show_body)
        calls.mute_wanted.connect(self.set_muted)
        calls.redial_wanted.connect(self._redial)
        calls.focus_lost.connect(ui.dialBox.setFocus)
        ui.dialBox.returnPressed.connect(self._dial)
        ui.dialBox.textChanged.connect(self._dial_text_changed)
        ui.callButton.clicked.connect(self._dial)
        ui.noticeCloseButton.clicked.connect(lambda: self.show_notice(""))
        ui.welcomeAddButton.clicked.connect(self.add_account)
        ui.aboutAction.triggered.connect(lambda: show_about(self))
        ui.quitAction.triggered.connect(self._quit)
        ui.dialAction.triggered.connect(self._go_to_dial_box)
        ui.muteAction.triggered.connect(self.set_muted)
        ui.silentAction.triggered.connect(self._middleware.set_silent)

    # calls -----------------------------------------------------------------------------------------------------------------------

    def _dial(self) -> None:
        name, address = split_name(self.ui.dialBox.text())
        self.place_call(address, name)

    def _dial_text_changed(self) -> None:
        self.show_dial_error("")

    def _redial(self, call: Call) -> None:
        uri, name, account = call.uri, call.name, call.account
        self._calls.dismiss(call)
        self.place_call(uri, name, account)

    def _call_again(self, record: CallRecord) -> None:
        account = next((row.account for row in self._accounts.rows if row.account.id == record.account), None)
        if record.account == LOCAL_ACCOUNT:
            account = self._middleware.people.local_account()
        self.place_call(record.uri, record.name, account)

    def _call_person(self, person: Person, address: str) -> None:
        self.place_call(address, person.name, self.account_for(person))

    def account_for(self, person: Person) -> AccountLike | None:
        """Neighbours are reached without a server; None: as everybody else."""
        return self._middleware.people.local_account() if person.neighbour is not None else None

    # what is below the calls -----------------------------------------------------------------------------------------------------

    def _completions_changed(self) -> None:
        known = self._contacts.addresses()
        addresses = {split_name(text)[1].removesuffix(">") for text in known}
        recent = [text for text in self.recent.addresses() if split_name(text)[1].removesuffix(">") not in addresses]
        self._completions.setStringList([*known, *recent])
        self._show_body()

    def _account_changed(self) -> None:
        account = self.account
        self._contacts_pane.domain = account.id.rpartition("@")[2] if account is not None else None
        self._presence_bar.refresh()
        self._show_body()

    def _tab_chosen(self, tab: int) -> None:
        self._settings.setValue("main_window/tab", tab)
        self._show_body()

    def _show_body(self) -> None:
        ui = self.ui
        if ui.bodyTabs.currentIndex() == _CONTACTS_TAB:
            ui.bodyStack.setCurrentWidget(ui.contactsPage)
        elif self.recent.records:
            ui.bodyStack.setCurrentWidget(ui.recentPage)
        else:
            ui.bodyStack.setCurrentWidget(ui.emptyPage if self._accounts.rows or self.panels else ui.welcomePage)
        ui.emptyText.setVisible(not self.panels)
        # calls come first: the list below them has what they leave
        height = QSizePolicy.Policy.Ignored if self.panels else QSizePolicy.Policy.Preferred
        ui.bodyStack.setSizePolicy(QSizePolicy.Policy.Preferred, height)

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
        calls, files = self._calls.live, self._files.live
        if calls:
            question = self.tr("There is a call with %1. Quit and end it?").replace("%1", ", ".join(call.title for call in calls))
        elif files:
            question = self.tr("%1 is still on its way. Quit and stop it?").replace("%1", ", ".join(file.name for file in files))
        else:
            return True
        return ask(self, self.tr("Quit BlinkQ"), question, self.tr("Quit"))
