"""Below the account in the main window: what others are told of us, and whether voicemail waits."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QSettings, Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

from blinkq.app.account_list import AccountList
from blinkq.app.contact_tree import availability_text, presence_dot
from blinkq.app.icons import set_icon
from blinkq.app.main_window_form import MainWindowForm
from blinkq.app.middleware import AccountLike
from blinkq.app.people import PeopleLike
from blinkq.app.widgets import set_mark
from blinkq.base.notification import Notification
from blinkq.qtbridge.notifications import NotificationBridge
from blinkq.sipsimple.availability import MAX_NOTE, Availability

__all__ = ["PresenceBar"]

_STATES = (Availability.AVAILABLE, Availability.BUSY, Availability.AWAY, Availability.OFFLINE)


class PresenceBar(QObject):
    """Drives the selector of our own state, the note and the voicemail button. ``call_wanted`` with an address and the account to use."""

    call_wanted = pyqtSignal(str, object)

    def __init__(
        self, ui: MainWindowForm, people: PeopleLike, bridge: NotificationBridge, accounts: AccountList, settings: QSettings,
        window: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._ui = ui
        self._people = people
        self._accounts = accounts
        self._settings = settings
        #: how many new messages, by the id of the account object; 0 where some wait and nobody says how many
        self._waiting: dict[int, int] = {}
        self._said = (Availability.AVAILABLE, "")
        for state in _STATES:
            text = self.tr("Invisible") if state is Availability.OFFLINE else availability_text(state)
            ui.stateSelector.addItem(presence_dot(state), text, state)
        self._recall()
        ui.noteEdit.setMaxLength(MAX_NOTE)
        set_icon(ui.voicemailButton, "voicemail")
        ui.stateSelector.activated.connect(lambda _row: self._say())
        ui.noteEdit.editingFinished.connect(self._say)
        ui.voicemailButton.clicked.connect(self._listen)
        accounts.changed.connect(self.refresh)
        bridge.listen("SIPAccountGotMessageSummary", self._NH_SIPAccountGotMessageSummary)
        bridge.listen("SIPAccountDidActivate", self._NH_SIPAccountDidActivate)
        for name in ("CFGSettingsObjectDidChange", "SIPAccountDidDeactivate"):
            bridge.listen(name, self._account_changed)

    def refresh(self) -> None:
        """Show what is known now."""
        ui, publishes, mailboxes = self._ui, self._people.publishes(), self._mailboxes()
        ui.stateSelector.setVisible(publishes)
        ui.noteEdit.setVisible(publishes)
        ui.voicemailButton.setVisible(bool(mailboxes))
        known = {id(account) for account, _address in mailboxes}
        self._waiting = {key: count for key, count in self._waiting.items() if key in known}
        waiting, count = bool(self._waiting), sum(self._waiting.values())
        ui.voicemailButton.setText(str(count) if count else "")
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if count else Qt.ToolButtonStyle.ToolButtonIconOnly
        ui.voicemailButton.setToolButtonStyle(style)
        tip = self.tr("No new voicemail. Press to call the mailbox.")
        if waiting:
            counted = self.tr("New voicemail: %1. Press to hear it.").replace("%1", str(count))
            tip = counted if count else self.tr("There is new voicemail. Press to hear it.")
        ui.voicemailButton.setToolTip(tip)
        ui.voicemailButton.setAccessibleDescription(tip)
        set_icon(ui.voicemailButton, "voicemail", "on_accent" if waiting else "text")
        set_mark(ui.voicemailButton, "kind", "primary" if waiting else "")

    def redraw(self) -> None:
        """The colours have changed."""
        for row, state in enumerate(_STATES):
            self._ui.stateSelector.setItemIcon(row, presence_dot(state))

    def announce(self) -> None:
        """Tell others what is chosen; after the start, which forgets it."""
        self._people.set_presence(*self._said)
        self.refresh()

    def _recall(self) -> None:
        try:
            state = Availability(str(self._settings.value("presence/state", Availability.AVAILABLE.value)))
        except ValueError:  # edited by hand
            state = Availability.AVAILABLE
        note = str(self._settings.value("presence/note", ""))[:MAX_NOTE]
        self._ui.stateSelector.setCurrentIndex(_STATES.index(state) if state in _STATES else 0)
        self._ui.noteEdit.setText(note)
        self._said = (self._chosen, note)

    @property
    def _chosen(self) -> Availability:
        return _STATES[self._ui.stateSelector.currentIndex()]

    def _say(self) -> None:
        said = (self._chosen, self._ui.noteEdit.text().strip())
        if said != self._said:
            self._said = said
            self._settings.setValue("presence/state", said[0].value)
            self._settings.setValue("presence/note", said[1])
            self._people.set_presence(*said)

    def _mailboxes(self) -> list[tuple[AccountLike, str]]:
        found = [(row.account, self._people.voicemail_address(row.account)) for row in self._accounts.rows]
        return [(account, address) for account, address in found if address]

    def _listen(self) -> None:
        mailboxes = self._mailboxes()
        full = [(account, address) for account, address in mailboxes if id(account) in self._waiting]
        for account, address in (full or mailboxes)[:1]:
            self.call_wanted.emit(address, account)

    def _NH_SIPAccountDidActivate(self, _notification: Notification) -> None:
        self.announce()  # a new account has been told nothing yet

    def _account_changed(self, _notification: Notification) -> None:
        self.refresh()

    def _NH_SIPAccountGotMessageSummary(self, notification: Notification) -> None:
        summary = notification.data.message_summary
        voice = summary.summaries.get("voice-message", {})
        self._waiting.pop(id(notification.sender), None)
        if summary.messages_waiting:
            self._waiting[id(notification.sender)] = int(voice.get("new_messages", 0))
        self.refresh()
