"""Receipts: whether a message arrived and was seen (RFC 5438), as headers of its envelope ask for them and as documents tell it.

What this is not: sending them. ``messaging/`` does that outside sessions, ``streams/msrp/chat_receipts.py`` in chats.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from blinkq.payloads.cpim import IMDN_NAMESPACE, CPIMHeader, CPIMNamespace
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification, IMDNDocument

__all__ = ["DISPOSITIONS", "IMDN", "check_dispositions", "receipt", "receipt_headers", "receipts_asked"]

IMDN = IMDNDocument.content_type
#: The receipts that can be asked for (RFC 5438 §6.2).
DISPOSITIONS = ("positive-delivery", "negative-delivery", "display")

_NAMESPACE = CPIMNamespace(IMDN_NAMESPACE, "imdn")


def check_dispositions(dispositions: Iterable[str]) -> tuple[str, ...]:
    """The receipts to ask for. Raises ValueError for a word that is none of DISPOSITIONS."""
    asked = tuple(dispositions)
    if wrong := sorted(set(asked) - set(DISPOSITIONS)):
        raise ValueError(f"{wrong[0]!r} is no receipt: they are {', '.join(DISPOSITIONS)}")
    return asked


def receipt_headers(message_id: str, dispositions: Iterable[str] = ()) -> list[CPIMHeader]:
    """Headers of the envelope of message ``message_id`` that ask for these receipts."""
    headers = [CPIMHeader("Message-ID", _NAMESPACE, message_id)]
    if wanted := ", ".join(dispositions):
        headers.append(CPIMHeader("Disposition-Notification", _NAMESPACE, wanted))
    return headers


def receipts_asked(headers: Iterable[CPIMHeader]) -> tuple[str | None, frozenset[str]]:
    """What an envelope's headers ask for: the message's identifier, None where it has none, and words of DISPOSITIONS or others."""
    imdn = {header.name.lower(): header.value for header in headers if header.namespace.value == IMDN_NAMESPACE}
    wanted = {word.partition(";")[0].strip().lower() for word in imdn.get("disposition-notification", "").split(",")}
    return imdn.get("message-id") or None, frozenset(wanted - {""})


def receipt(message_id: str, recipient: str, notification: DeliveryNotification | DisplayNotification, now: datetime) -> bytes:
    """The document that tells what became of the message ``message_id``, which was sent to the address ``recipient``."""
    return IMDNDocument.create(message_id=message_id, datetime=now, recipient_uri=recipient, notification=notification)
