"""IncomingMessage: one message from somebody, and the receipts that it asks for."""

from __future__ import annotations

import datetime

from blinkq.payloads.cpim import ChatIdentity
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification
from blinkq.sipsimple.account import AnyAccount
from blinkq.sipsimple.headers import FrozenFromHeader
from blinkq.sipsimple.messaging.carrier import carry
from blinkq.sipsimple.messaging.envelope import wrap
from blinkq.sipsimple.receipts import IMDN, receipt
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.usages.engine_object import new_call_id

__all__ = ["IncomingMessage"]


class IncomingMessage:
    """A message; data of SIPAccountGotMessage.

    ``remote_identity`` is who sent it, ``content`` text or bytes, ``sent_at`` when the sender says it was written (else when it came),
    ``dispositions`` the receipts that the sender wants. That it was delivered is told to who wants to know; ``mark_displayed`` is the
    application's to call, if its user agrees to tell. Neither is told where the account's ``sms.enable_imdn`` is off.
    """

    def __init__(
        self, account: AnyAccount, remote_identity: FrozenFromHeader, content: str | bytes, content_type: str, *,
        sent_at: datetime.datetime, id: str | None = None, subject: str | None = None, dispositions: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.account = account
        self.remote_identity = remote_identity
        self.content = content
        self.content_type = content_type
        self.sent_at = sent_at
        self.id = id
        self.subject = subject
        self.dispositions = dispositions if id is not None else frozenset()
        self.displayed = False

    def mark_displayed(self) -> None:
        """The user has seen it: tell the sender, if it wants to know. Once; any thread. Raises IllegalStateError when no engine runs."""
        engine = Runtime.current()
        if "display" in self.dispositions and not self.displayed:
            engine.loop.call(self._tell, DisplayNotification("displayed"))
        self.displayed = True

    def acknowledge(self) -> None:
        """Tell the sender that it is delivered, if it wants to know. Called by the message manager."""
        if "positive-delivery" in self.dispositions:
            self._tell(DeliveryNotification("delivered"))

    def _tell(self, notification: DeliveryNotification | DisplayNotification) -> None:
        if Runtime.engine is not None and self.account.sms.enable_imdn:
            Runtime.spawn(self._send(notification))

    async def _send(self, notification: DeliveryNotification | DisplayNotification) -> None:
        assert self.id is not None  # nothing is wanted without
        me, you = ChatIdentity(str(self.account.uri), self.account.display_name), ChatIdentity(str(self.remote_identity.uri))
        document = receipt(self.id, str(self.account.uri), notification, datetime.datetime.now(datetime.UTC))
        body, content_type = wrap(document, IMDN, me, you, new_call_id(), disposition="notification")
        await carry(self.account, self.remote_identity.uri, body, content_type)

    def __repr__(self) -> str:
        return f"<IncomingMessage from {self.remote_identity.uri}>"
