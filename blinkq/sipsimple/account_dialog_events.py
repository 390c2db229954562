"""Calls as others see them (RFC 4235): which calls buddies have, for busy lamps, and our own, published."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.payloads.dialoginfo import Dialog, DialogInfo, DialogInfoState, DialogState, Identity, Local, Remote
from blinkq.payloads.element import ElementList
from blinkq.payloads.errors import BuilderError, ParserError
from blinkq.sip.events import SubscriptionNotified
from blinkq.sipsimple.account_buddies import BuddySubscriptions
from blinkq.sipsimple.kept_publication import KeptPublication
from blinkq.sipsimple.runtime import Runtime

if TYPE_CHECKING:
    from blinkq.sipsimple.session import Session
    from blinkq.sipsimple.sip_account import Account

__all__ = ["DialogPublisher", "DialogResource", "DialogSubscriber"]

log = get_logger("sipsimple.account_dialog_events")


@dataclass
class DialogResource:
    """The calls of one watched address: ``state`` of our subscription, ``dialogs`` that have not ended, and whether there are any."""

    uri: str
    state: str | None = None
    reason: str | None = None
    dialogs: list[Dialog] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether the lamp is on."""
        return bool(self.dialogs)


class DialogSubscriber(BuddySubscriptions):
    """Asks which calls buddies have and keeps the latest of each in ``resources``, by URI.

    Posts SIPAccountGotDialogState in the account's name.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(account, "dialog", "Dialog", DialogInfo.mime_type, self._take, self._forget)
        self.resources: dict[str, DialogResource] = {}
        self._tables: dict[str, DialogInfoState] = {}
        self._version = 0

    def _take(self, uri: str, event: SubscriptionNotified) -> None:
        table = self._tables.setdefault(uri, DialogInfoState())
        if event.body:
            try:
                complete = table.apply(DialogInfo.parse(event.body))
            except ParserError as error:
                log.info("%s: unusable dialog information of %s: %s", self.account.id, uri, error)
                return
            if not complete:
                if uri in self.subscriptions:
                    self.subscriptions[uri].ask_again()
                return
        self._tell(DialogResource(uri, event.status.state, event.status.reason, table.dialogs))

    def _forget(self, uri: str, reason: str) -> None:
        self._tables.pop(uri, None)
        known = self.resources.get(uri)
        if known is None or known.state != "terminated" or known.reason != reason:
            self._tell(DialogResource(uri, "terminated", reason))

    def _tell(self, resource: DialogResource) -> None:
        self._version += 1
        if resource.uri in self.subscriptions:
            self.resources[resource.uri] = resource
        else:
            self.resources.pop(resource.uri, None)
        post(
            "SIPAccountGotDialogState", self.account, version=self._version, full_state=False, resource_map={resource.uri: resource},
        )  # fmt: skip


#: what a notification of a session says of its dialog; the direction decides between the two of the first ones
_STATES = {
    "SIPSessionNewOutgoing": "trying", "SIPSessionNewIncoming": "early", "SIPSessionGotRingIndication": "early",
    "SIPSessionDidStart": "confirmed", "SIPSessionDidEnd": "terminated", "SIPSessionDidFail": "terminated",
}  # fmt: skip


class DialogPublisher(KeptPublication):
    """Publishes the calls of the account: who talks with whom, but nothing that would let others take a call over."""

    def __init__(self, account: Account) -> None:
        super().__init__(account, "dialog", DialogInfo.mime_type, "Dialog")
        self._version = -1
        self._dialogs: dict[int, Dialog] = {}
        self.dialog_info: DialogInfo | None = None

    def start(self, delay: float = 0.0) -> None:
        """Begin to observe the calls, and publish that there are none."""
        for name in _STATES:
            NotificationCenter().add_observer(self, name=name)
        self._publish_dialogs()
        super().start(delay)

    async def stop(self) -> None:
        """Take back what is published."""
        NotificationCenter().purge_observer(self)
        await super().stop()

    def handle_notification(self, notification: Notification) -> None:
        """Follow the calls of the account."""
        session: Session = notification.sender
        if session.account is not self.account:
            return
        state = _STATES[notification.name]
        dialog = self._dialogs.get(id(session))
        if dialog is None:
            if state == "terminated" or notification.name == "SIPSessionGotRingIndication":
                return
            dialog = self._dialogs[id(session)] = self._describe(session)
        dialog.state = DialogState(state)
        self._publish_dialogs()
        if state == "terminated":
            del self._dialogs[id(session)]

    def _describe(self, session: Session) -> Dialog:
        account = self.account
        remote = session.remote_identity
        identity = None if remote is None else Identity(str(remote.uri), remote.display_name)
        return Dialog(
            Runtime.current().entropy.token(8), DialogState("trying"),
            direction="initiator" if session.direction == "outgoing" else "recipient",
            local=Local(Identity(str(account.uri), account.display_name)), remote=Remote(identity),
        )  # fmt: skip

    def _publish_dialogs(self) -> None:
        self._version += 1
        state = DialogInfo(self._version, "full", str(self.account.uri), ElementList(self._dialogs.values()))
        try:
            body = state.to_bytes()
        except BuilderError as error:  # a peer's name with characters that XML does not have
            log.info("%s: the calls cannot be published: %s", self.account.id, error)
            return
        self.dialog_info = DialogInfo.parse(body)
        self.publish(self.dialog_info, body)
