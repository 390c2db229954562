"""Receipts in a chat (RFC 5438): those we ask for and wait for, and those that we give.

MSRP's own reports say whether a message reached the next party; receipts also say that somebody has seen it, and come through rooms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.loop import in_engine
from blinkq.payloads.cpim import ChatIdentity, CPIMHeader, CPIMPayload
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification, IMDNMessage, ProcessingNotification
from blinkq.sipsimple.receipts import IMDN, receipt, receipt_headers, receipts_asked
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.msrp.chat_message import ChatMessage, now

if TYPE_CHECKING:
    from blinkq.sipsimple.streams.msrp.chat import ChatStream

__all__ = ["ChatReceipts"]

log = get_logger("sipsimple.chat")

#: Messages that receipts are waited for; those for the oldest beyond them are not known any more.
MAX_AWAITED = 1000

_KINDS = {DeliveryNotification: "delivery", DisplayNotification: "display", ProcessingNotification: "processing"}


class ChatReceipts:
    """The receipts of one stream."""

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream
        self._awaited: dict[str, str] = {}  # the identifiers that receipts name, and those that the application knows

    def ask(self, message_id: str, dispositions: tuple[str, ...], given: list[CPIMHeader]) -> list[CPIMHeader]:
        """Headers that ask for receipts, beside those ``given`` by the application, which may have asked by itself. Engine thread."""
        name, asked = receipts_asked(given)
        headers: list[CPIMHeader] = []
        if dispositions and not asked and self._stream.takes_wrapped(IMDN):
            headers = [header for header in receipt_headers(name or message_id, dispositions) if name is None or header.value != name]
            name, asked = name or message_id, frozenset(dispositions)
        if name is not None and asked:
            while len(self._awaited) >= MAX_AWAITED:
                del self._awaited[next(iter(self._awaited))]
            self._awaited[name] = message_id
        return headers

    def came(self, document: IMDNMessage, sender: ChatIdentity) -> None:
        """A receipt."""
        message_id = self._awaited.get(document.message_id.value.strip())
        if message_id is None:
            log.info("a receipt for no message of this chat")
        elif document.notification is not None:
            post(
                "ChatStreamGotDispositionNotification", self._stream, message_id=message_id,
                notification=_KINDS[type(document.notification)], status=document.notification.status, sender=sender,
            )  # fmt: skip

    def arrived(self, message: ChatMessage) -> None:
        """Tell that a message arrived, if its sender wants to know."""
        if "positive-delivery" in message.dispositions:
            self.tell(message, DeliveryNotification("delivered"))

    @in_engine
    def tell(self, message: ChatMessage, notification: DeliveryNotification | DisplayNotification) -> None:
        """Send a receipt, where the account's settings, the peer and, in a room, its rules allow it."""
        stream = self._stream
        allowed = getattr(getattr(stream.account, "sms", None), "enable_imdn", False)
        if message.id is None or not allowed or not stream.takes_wrapped(IMDN) or (stream.is_room and not stream.private_messages_allowed):
            return
        document = receipt(message.id, str(stream.local_identity.uri), notification, now())
        headers = receipt_headers(Runtime.current().entropy.token(12))
        envelope = CPIMPayload(
            document, IMDN, None, stream.local_identity, [message.sender], timestamp=now(), additional_headers=headers,
            disposition="notification",
        )  # fmt: skip
        stream.send_silently(envelope)
