"""The contacts in the main window: calling, adding, changing, removing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PyQt6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSettings, Qt, pyqtSignal
from PyQt6.QtGui import QDropEvent, QKeyEvent
from PyQt6.QtWidgets import QMenu, QWidget

from blinkq.app.address import display_address
from blinkq.app.contact_dialog import ContactDialog
from blinkq.app.contact_list import ContactList, Person
from blinkq.app.contact_tree import PERSON_ROLE, ContactDelegate, ContactTree
from blinkq.app.icons import set_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.people import ContactEntry, PeopleLike
from blinkq.app.questions import ask
from blinkq.app.widgets import fill_menu

__all__ = ["ContactsPane"]


class ContactsPane(QObject):
    """Drives the tree of contacts of the main window's form. ``call_wanted``, ``chat_wanted``, ``file_wanted`` and ``desktop_wanted`` with
    a Person and an address; ``files_dropped`` with paths, too; ``address_wanted`` with an address for the dial box; ``changed`` when the
    list has."""

    call_wanted = pyqtSignal(object, str)
    chat_wanted = pyqtSignal(object, str)
    file_wanted = pyqtSignal(object, str)
    desktop_wanted = pyqtSignal(object, str, bool)
    files_dropped = pyqtSignal(object, str, list)
    address_wanted = pyqtSignal(str)
    changed = pyqtSignal()

    def __init__(self, ui: MainWindowForm, contacts: ContactList, people: PeopleLike, settings: QSettings, window: QWidget) -> None:
        super().__init__(window)
        self._ui = ui
        self._contacts = contacts
        self._people = people
        self._settings = settings
        self._window = window
        self.domain: str | None = None
        self.model = ContactTree(contacts, self)
        tree = ui.contactTree
        tree.setModel(self.model)
        tree.setItemDelegate(ContactDelegate(self))
        tree.setMouseTracking(True)
        header = tree.header()
        if header is not None:
            header.setAccessibleName(self.tr("Contacts"))
        tree.installEventFilter(self)
        viewport = tree.viewport()
        if viewport is not None:
            viewport.setAcceptDrops(True)
            viewport.installEventFilter(self)
        # a double click on a heading opens it; on a person it calls
        tree.doubleClicked.connect(self._call)
        tree.customContextMenuRequested.connect(self._open_menu)
        tree.collapsed.connect(self._remember)
        tree.expanded.connect(self._remember)
        ui.addContactButton.clicked.connect(lambda: self.add())
        ui.addContactAction.triggered.connect(lambda: self.add())
        ui.localNetworkAction.triggered.connect(people.set_local_network)
        set_icon(ui.addContactButton, "account-add")
        set_icon(ui.addContactAction, "account-add")
        contacts.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the contacts as they are now."""
        closed = self._settings.value("contacts/closed", []) or []
        for row in range(self.model.rowCount()):
            index = self.model.index(row, 0)
            self._ui.contactTree.blockSignals(True)
            self._ui.contactTree.setExpanded(index, index.data() not in closed)
            self._ui.contactTree.blockSignals(False)
        self._ui.contactTree.setVisible(self.model.rowCount() > 0)
        self._ui.noContactsLabel.setVisible(self.model.rowCount() == 0)
        self._ui.localNetworkAction.setChecked(self._people.local_network())
        self.changed.emit()

    def add(self, name: str = "", address: str = "") -> None:
        """Open the dialog for a new contact."""
        self._open(ContactEntry(name, (address,) if address else ()))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QDropEvent):  # entering and moving are of this class, too
            return self._dragged(event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            index = self._ui.contactTree.currentIndex()
            person: Person | None = index.data(PERSON_ROLE)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and person is not None:
                self._call(index)
                return True
            if event.key() == Qt.Key.Key_Delete and person is not None and person.contact is not None:
                self._remove(person.contact)
                return True
        return super().eventFilter(watched, event)

    def _dragged(self, event: QDropEvent) -> bool:
        """Files over a person: dropped, they are sent."""
        tree, data = self._ui.contactTree, event.mimeData()
        index = tree.indexAt(event.position().toPoint())
        person: Person | None = index.data(PERSON_ROLE)
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data is not None else []
        if not paths or (event.type() != QEvent.Type.DragEnter and (person is None or not person.addresses)):
            event.ignore()
            return True
        event.acceptProposedAction()
        if event.type() == QEvent.Type.DragMove:
            tree.setCurrentIndex(index)
        elif event.type() == QEvent.Type.Drop and person is not None:
            self.files_dropped.emit(person, person.addresses[0], paths)
        return True

    def _call(self, index: QModelIndex) -> None:
        person: Person | None = index.data(PERSON_ROLE)
        if person is not None and person.addresses:
            self.call_wanted.emit(person, person.addresses[0])

    def _open(self, entry: ContactEntry) -> None:
        ContactDialog(self._people, entry, self._contacts.group_names, self.domain, self._window).open()

    def _remove(self, entry: ContactEntry) -> None:
        question = self.tr("Remove %1 from the contacts?").replace("%1", entry.name)
        if ask(self._window, self.tr("Remove contact"), question, self.tr("Remove")):
            self._people.remove_contact(entry)

    def _open_menu(self, position: QPoint) -> None:
        tree = self._ui.contactTree
        person: Person | None = tree.indexAt(position).data(PERSON_ROLE)
        viewport = tree.viewport()
        if viewport is None:
            return
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if person is not None:
            self._fill_menu(menu, person)
        else:
            fill_menu(menu, (self.tr("Add contact…"), lambda: self.add()))
        menu.popup(viewport.mapToGlobal(position))

    def _fill_menu(self, menu: QMenu, person: Person) -> None:
        for address in person.addresses:
            shown = display_address(address).replace("&", "&&")
            fill_menu(menu, (self.tr("Call %1").replace("%1", shown), partial(self.call_wanted.emit, person, address)))
        for address in person.addresses:
            shown = display_address(address).replace("&", "&&")
            fill_menu(
                menu,
                (self.tr("Chat with %1").replace("%1", shown), partial(self.chat_wanted.emit, person, address)),
                (self.tr("Send files to %1…").replace("%1", shown), partial(self.file_wanted.emit, person, address)),
                (self.tr("View the screen of %1…").replace("%1", shown), partial(self.desktop_wanted.emit, person, address, False)),
                (self.tr("Share my screen with %1…").replace("%1", shown), partial(self.desktop_wanted.emit, person, address, True)),
            )
        first = display_address(person.addresses[0]) if person.addresses else ""
        fill_menu(menu, (self.tr("Put the address into the dial box"), lambda: self.address_wanted.emit(first)))
        entry = person.contact
        if entry is not None:
            fill_menu(
                menu,
                (self.tr("Change contact…"), lambda: self._open(entry)),
                (self.tr("Remove contact…"), lambda: self._remove(entry)),
            )

    def _remember(self, _index: QModelIndex) -> None:
        rows = [self.model.index(row, 0) for row in range(self.model.rowCount())]
        self._settings.setValue("contacts/closed", [str(index.data()) for index in rows if not self._ui.contactTree.isExpanded(index)])
