"""The envelope of a message: CPIM with what IMDN adds to it (RFC 3862, RFC 5438 §6), written and read."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from blinkq.payloads.cpim import ChatIdentity, CPIMPayload, SimplePayload
from blinkq.payloads.errors import ParserError
from blinkq.sipsimple.receipts import receipt_headers, receipts_asked

__all__ = ["CPIM", "Letter", "read", "wrap"]

CPIM = CPIMPayload.mime_type


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
    payload = CPIMPayload(
        content, content_type, sender=sender, recipients=[recipient], subject=subject, timestamp=datetime.datetime.now(datetime.UTC),
        additional_headers=receipt_headers(message_id, dispositions), disposition=disposition,
    )  # fmt: skip
    return payload.encode()


def read(body: bytes, content_type: str) -> Letter:
    """Read a message; ``content_type`` with its parameters. Raises ParserError."""
    if content_type.partition(";")[0].strip().lower() != CPIM:
        plain = SimplePayload.decode(body, content_type)
        return Letter(plain.content, plain.content_type)
    payload = CPIMPayload.decode(body)
    message_id, dispositions = receipts_asked(payload.additional_headers)
    if payload.content_type.lower() == CPIM:
        raise ParserError("an envelope in an envelope")
    return Letter(
        payload.content, payload.content_type.lower(), payload.sender, payload.subject, payload.timestamp, message_id, dispositions,
    )  # fmt: skip
