"""The list of recent calls in the main window: calling again, forgetting, the context menu."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QMenu, QWidget

from blinkq.app.address import display_address
from blinkq.app.history import CallRecord, History
from blinkq.app.icons import set_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.questions import ask
from blinkq.app.recent_calls import RECORD_ROLE, RecentCalls, RecentDelegate
from blinkq.app.widgets import fill_menu

__all__ = ["RecentPane"]


class RecentPane(QObject):
    """Drives the list of the main window's form. ``call_wanted`` with the record to call again; ``address_wanted`` with an address for the
    dial box; ``contact_wanted`` with a name and an address for a new contact; ``changed`` when the list has."""

    call_wanted = pyqtSignal(object)
    address_wanted = pyqtSignal(str)
    contact_wanted = pyqtSignal(str, str)
    changed = pyqtSignal()

    def __init__(self, ui: MainWindowForm, history: History, window: QWidget) -> None:
        super().__init__(window)
        self._ui = ui
        self._history = history
        self._window = window
        self.model = RecentCalls(history, self)
        ui.recentList.setModel(self.model)
        ui.recentList.setItemDelegate(RecentDelegate(self))
        ui.recentList.setMouseTracking(True)
        ui.recentList.installEventFilter(self)
        ui.recentList.activated.connect(self._activated)
        ui.recentList.customContextMenuRequested.connect(self._open_menu)
        ui.redialAction.triggered.connect(self._redial_last)
        ui.clearHistoryAction.triggered.connect(self._clear)
        set_icon(ui.redialAction, "redial")
        set_icon(ui.clearHistoryAction, "trash")

    def refresh(self) -> None:
        """Read the list again."""
        self.model.reload()
        self._ui.clearHistoryAction.setEnabled(bool(self.model.records))
        self._ui.redialAction.setEnabled(any(record.direction == "outgoing" for record in self.model.records))
        self.changed.emit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Delete:
            self._forget(self._ui.recentList.currentIndex())
            return True
        return super().eventFilter(watched, event)

    def _activated(self, index: QModelIndex) -> None:
        record = index.data(RECORD_ROLE)
        if record is not None:
            self.call_wanted.emit(record)

    def _redial_last(self) -> None:
        for record in [record for record in self.model.records if record.direction == "outgoing"][:1]:
            self.call_wanted.emit(record)

    def _open_menu(self, position: QPoint) -> None:
        index = self._ui.recentList.indexAt(position)
        record: CallRecord | None = index.data(RECORD_ROLE) if index.isValid() else None
        viewport = self._ui.recentList.viewport()
        if record is None or viewport is None:
            return
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        address = display_address(record.uri)
        title = (record.name or address).replace("&", "&&")
        fill_menu(
            menu,
            (self.tr("Call %1").replace("%1", title), lambda: self.call_wanted.emit(record)),
            (self.tr("Put the address into the dial box"), lambda: self.address_wanted.emit(address)),
            (self.tr("Add to the contacts…"), lambda: self.contact_wanted.emit(record.name, record.uri)),
            (self.tr("Forget this call"), lambda: self._forget(index)),
        )
        menu.popup(viewport.mapToGlobal(position))

    def _forget(self, index: QModelIndex) -> None:
        record = index.data(RECORD_ROLE) if index.isValid() else None
        if record is not None:
            self._history.remove(record)
            self.refresh()

    def _clear(self) -> None:
        question = self.tr("Forget all calls in the list? This cannot be undone.")
        if ask(self._window, self.tr("Clear recent calls"), question, self.tr("Clear")):
            self._history.clear()
            self.refresh()
