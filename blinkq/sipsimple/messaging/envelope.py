"""The envelope of a message: CPIM with what IMDN adds to it (RFC 3862, RFC 5438 §6), written and read."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from blinkq.payloads.cpim import IMDN_NAMESPACE, ChatIdentity, CPIMHeader, CPIMNamespace, CPIMPayload, SimplePayload
from blinkq.payloads.errors import ParserError
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification, IMDNDocument

__all__ = ["CPIM", "IMDN", "Letter", "read", "receipt", "wrap"]

CPIM = CPIMPayload.mime_type
IMDN = IMDNDocument.content_type

_NAMESPACE = CPIMNamespace(IMDN_NAMESPACE, "imdn")


@dataclass(frozen=True)
class Letter:
    """A message as it was read: the content, and what its envelope says, if it had one.

    sender: who the envelope says wrote it; message_id: what receipts name it by; dispositions: the receipts that are asked for
    ('positive-delivery', 'negative-delivery', 'display').
    """

    content: str | bytes
    content_type: str
    sender: ChatIdentity | None = None
    subject: str | None = None
    sent_at: datetime.datetime | None = None
    message_id: str | None = None
    dispositions: frozenset[str] = field(default_factory=frozenset)


def wrap(
    content: str | bytes, content_type: str, sender: ChatIdentity, recipient: ChatIdentity, message_id: str, *,
    dispositions: Iterable[str] = (), subject: str | None = None, disposition: str | None = None,
) -> tuple[bytes, str]:  # fmt: skip
    """(body, content type) of a message in its envelope, written now. Raises BuilderError for what an envelope cannot carry."""
    headers = [CPIMHeader("Message-ID", _NAMESPACE, message_id)]
    if wanted := ", ".join(dispositions):
        headers.append(CPIMHeader("Disposition-Notification", _NAMESPACE, wanted))
    payload = CPIMPayload(
        content, content_type, sender=sender, recipients=[recipient], subject=subject,
        timestamp=datetime.datetime.now(datetime.UTC), additional_headers=headers, disposition=disposition,
    )  # fmt: skip
    return payload.encode()


def receipt(message_id: str, recipient: str, notification: DeliveryNotification | DisplayNotification) -> bytes:
    """The document that tells what became of the message ``message_id``, which was sent to the address ``recipient``."""
    now = datetime.datetime.now(datetime.UTC)
    return IMDNDocument.create(message_id=message_id, datetime=now, recipient_uri=recipient, notification=notification)


def read(body: bytes, content_type: str) -> Letter:
    """Read a message; ``content_type`` with its parameters. Raises ParserError."""
    if content_type.partition(";")[0].strip().lower() != CPIM:
        plain = SimplePayload.decode(body, content_type)
        return Letter(plain.content, plain.content_type)
    payload = CPIMPayload.decode(body)
    imdn = {header.name.lower(): header.value for header in payload.additional_headers if header.namespace.value == IMDN_NAMESPACE}
    wanted = {word.partition(";")[0].strip().lower() for word in imdn.get("disposition-notification", "").split(",")}
    if payload.content_type.lower() == CPIM:
        raise ParserError("an envelope in an envelope")
    return Letter(
        payload.content, payload.content_type.lower(), payload.sender, payload.subject, payload.timestamp, imdn.get("message-id") or None,
        frozenset(wanted - {""}),
    )  # fmt: skip
