"""What a chat stream hands to the application, and what it makes of what it is given: with an envelope (CPIM) or without."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from blinkq.msrp.chunk import Chunk
from blinkq.msrp.protocol import MSRPData
from blinkq.payloads.cpim import ChatIdentity, CPIMHeader, CPIMPayload, SimplePayload

__all__ = ["CPIM", "ChatMessage", "read_message"]

CPIM = "message/cpim"


class ChatMessage(MSRPData):
    """A message that came: the MSRP chunk (``MSRPData``) and what is in it.

    content, and the same as body: text (str) or bytes for types that are not text; content_type: of what is inside the envelope;
    sender, recipients, courtesy_recipients: ChatIdentity; subject, timestamp (a datetime with time zone), required, additional_headers: of
    the envelope. cpim_headers: the envelope's headers by name, empty where there was none.
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

    @property
    def body(self) -> str | bytes:
        return self.content

    @property
    def content_type(self) -> str:
        return self._inner_type

    _inner_type = ""


def read_message(chunk: Chunk, data: bytes, remote: ChatIdentity, local: ChatIdentity, now: datetime) -> ChatMessage:
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
    message.timestamp = payload.timestamp or now
    message.required = payload.required
    message.additional_headers = payload.additional_headers
    message.cpim_headers = headers
    return message
