"""Whether a message arrived and was read: instant message disposition notification (RFC 5438)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar

from lxml import etree

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import Binding, Element, Root, bound, child, text, text_child, wrap_plain_values
from blinkq.payloads.errors import ValidationError
from blinkq.payloads.kinds import TIMESTAMP
from blinkq.payloads.xml import Node

__all__ = [
    "DeliveryNotification", "DisplayNotification", "IMDNDocument", "IMDNMessage", "MessageID", "ProcessingNotification",
]  # fmt: skip

NAMESPACE = "urn:ietf:params:xml:ns:imdn"


@dataclass(frozen=True, slots=True)
class _Status(Binding):
    """<status> with one empty child that is the word."""

    words: frozenset[str]

    def read(self, node: Node) -> str:
        status = node.find(f"{{{NAMESPACE}}}status")
        for item in status if status is not None else ():
            name = str(etree.QName(item).localname)
            if name in self.words:
                return name
        raise ValidationError("the notification has no status that is known")

    def write(self, node: Node, value: Any) -> None:
        if value not in self.words:
            raise ValueError(f"is none of {', '.join(sorted(self.words))}")
        etree.SubElement(etree.SubElement(node, f"{{{NAMESPACE}}}status"), f"{{{NAMESPACE}}}{value}")


@dataclass
class DeliveryNotification(Element):
    """``status`` is "delivered", "failed", "forbidden" or "error"."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}delivery-notification"
    status: str = bound(_Status(frozenset({"delivered", "failed", "forbidden", "error"})), lambda: "delivered")


@dataclass
class DisplayNotification(Element):
    """``status`` is "displayed", "forbidden" or "error"."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}display-notification"
    status: str = bound(_Status(frozenset({"displayed", "forbidden", "error"})), lambda: "displayed")


@dataclass
class ProcessingNotification(Element):
    """``status`` is "processed", "stored", "forbidden" or "error"; sent by servers on the way."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}processing-notification"
    status: str = bound(_Status(frozenset({"processed", "stored", "forbidden", "error"})), lambda: "processed")


Notification = DeliveryNotification | DisplayNotification | ProcessingNotification
_CLASSES: tuple[type[Notification], ...] = (DeliveryNotification, DisplayNotification, ProcessingNotification)


@dataclass(frozen=True, slots=True)
class _OneOf(Binding):
    def read(self, node: Node) -> Notification:
        for cls in _CLASSES:
            found = node.find(cls.tag)
            if found is not None:
                return cls.from_xml(found)
        raise ValidationError("<imdn> has no notification that is known")

    def write(self, node: Node, value: Any) -> None:
        if not isinstance(value, _CLASSES):
            raise TypeError("a DeliveryNotification, DisplayNotification or ProcessingNotification is needed")
        value.to_xml(node)


@dataclass
class MessageID(Element):
    """The imdn.Message-ID of the message in question."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}message-id"
    value: str = text(required=True)

    def __str__(self) -> str:
        return self.value


@dataclass
class IMDNMessage(Root):
    """One notification: which message (``message_id``, plain text is taken too), when it was sent, to whom, and what became of it."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}imdn"
    mime_type: ClassVar[str] = "message/imdn+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE}
    message_id: MessageID = child(MessageID, required=True)
    datetime: dt.datetime | None = text_child(f"{{{NAMESPACE}}}datetime", TIMESTAMP)
    recipient_uri: str | None = text_child(f"{{{NAMESPACE}}}recipient-uri")
    original_recipient_uri: str | None = text_child(f"{{{NAMESPACE}}}original-recipient-uri")
    subject: str | None = text_child(f"{{{NAMESPACE}}}subject")
    notification: Notification | None = bound(_OneOf())

    def __post_init__(self) -> None:
        super().__post_init__()
        wrap_plain_values(self)


class IMDNDocument(XMLDocument[IMDNMessage], root=IMDNMessage):
    """message/imdn+xml."""
