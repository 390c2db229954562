"""What a chat stream hands to the application, and what it makes of what it is given: with an envelope (CPIM) or without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from blinkq.msrp.chunk import Chunk
from blinkq.msrp.outgoing import OutgoingMessage
from blinkq.msrp.protocol import MSRPData, MSRPHeader
from blinkq.payloads.cpim import ChatIdentity, CPIMHeader, CPIMPayload, SimplePayload
from blinkq.sipsimple.receipts import receipts_asked
from blinkq.sipsimple.runtime import Runtime

__all__ = ["CPIM", "ChatMessage", "as_data", "identity_of", "now", "read_message", "written"]

CPIM = "message/cpim"


class ChatMessage(MSRPData):
    """A message that came: the MSRP chunk (``MSRPData``) and what is in it.

    content, and the same as body: text (str) or bytes for types that are not text; content_type: of what is inside the envelope;
    sender, recipients, courtesy_recipients: ChatIdentity; subject, timestamp (a datetime with time zone), required, additional_headers: of
    the envelope. cpim_headers: the envelope's headers by name, empty where there was none.
    id: what receipts name it by, None where it wants none; dispositions: the receipts that its sender wants (RFC 5438). That it was
    delivered is told to who wants to know; ``mark_displayed`` is the application's to call, if its user agrees to tell.
    """

    content: str | bytes = ""
    sender: ChatIdentity
    recipients: list[ChatIdentity]
    courtesy_recipients: list[ChatIdentity]
    subject: str | None = None
    timestamp: datetime
    required: list[str]
    additional_headers: list[CPIMHeader]
    cpim_headers: dict[str, Any]
    id: str | None = None
    dispositions: frozenset[str] = frozenset()
    displayed = False

    def mark_displayed(self) -> None:
        """The user has seen it: tell the sender, if it wants to know. Once; any thread. Nothing happens where the account's
        ``sms.enable_imdn`` is off. Raises IllegalStateError when no engine runs."""
        tell, first = self.tell_displayed, not self.displayed
        self.displayed = True
        if first and tell is not None and "display" in self.dispositions:
            tell()

    #: How the sender is told; of the stream that got the message.
    tell_displayed: Callable[[], None] | None = None

    @property
    def body(self) -> str | bytes:
        return self.content

    @property
    def content_type(self) -> str:
        return self._inner_type

    _inner_type = ""


def now() -> datetime:
    """The time of day, with the zone of this computer."""
    return datetime.fromtimestamp(Runtime.current().clock.wallclock(), UTC).astimezone()


def read_message(chunk: Chunk, data: bytes, remote: ChatIdentity, local: ChatIdentity, came: datetime) -> ChatMessage:
    """A message from its bytes. What the envelope does not say is filled in: the peer wrote to us, now.

    Raises CPIMParserError.
    """
    base = MSRPData.from_chunk(chunk, data)
    message = ChatMessage(base.transaction_id, base.method, None, None, base.headers, data)
    kind = (chunk.content_type or "").partition(";")[0].strip().lower()
    headers: dict[str, Any] = {}
    if kind == CPIM:
        payload = CPIMPayload.decode(data)
        headers = {
            "From": payload.sender, "To": payload.recipients, "cc": payload.courtesy_recipients, "Subject": payload.subject,
            "DateTime": payload.timestamp, "Require": payload.required,
        }  # fmt: skip
        headers = {name: value for name, value in headers.items() if value}
        headers |= {header.name: header.value for header in payload.additional_headers}
    else:
        simple = SimplePayload.decode(data, chunk.content_type or "text/plain")
        payload = CPIMPayload(simple.content, simple.content_type)
    message.content, message._inner_type = payload.content, payload.content_type
    message.sender = payload.sender or remote
    message.recipients = payload.recipients or [local]
    message.courtesy_recipients = payload.courtesy_recipients
    message.subject = payload.subject
    message.timestamp = payload.timestamp or came
    message.required = payload.required
    message.additional_headers = payload.additional_headers
    message.cpim_headers = headers
    message.id, dispositions = receipts_asked(payload.additional_headers)
    message.dispositions = dispositions if message.id is not None else frozenset()
    return message


def identity_of(header: Any) -> ChatIdentity:
    """Who a From or To header names, as envelopes do; None: nobody known."""
    if header is None:
        return ChatIdentity("sip:anonymous@anonymous.invalid")
    uri = header.uri
    return ChatIdentity(f"sip:{uri.user}@{uri.host}" if uri.user else f"sip:{uri.host}", header.display_name or None)


def written(content: str | bytes, content_type: str) -> tuple[bytes, str]:
    """A content as bytes, and its type with the charset. Raises ValueError."""
    kind, slash, subtype = content_type.partition(";")[0].strip().partition("/")
    if not (kind and slash and subtype) or not content_type.isprintable():
        raise ValueError(f"{content_type!r} is no content type")
    try:
        return SimplePayload(content, content_type).encode()
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"the text cannot be written as {content_type}: {error}") from None


def as_data(message: OutgoingMessage) -> MSRPData:
    """A message of ours, as notifications show it."""
    from_us = MSRPData(message.message_id, "SEND")
    for name, value in (("Message-ID", message.message_id), ("Content-Type", message.content_type)):
        from_us.add_header(MSRPHeader(name, value))
    return from_us
