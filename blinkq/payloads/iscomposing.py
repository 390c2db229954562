"""Whether the other side is typing (RFC 3994)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import Element, Root, child, text, wrap_plain_values
from blinkq.payloads.kinds import INTEGER, TIMESTAMP, one_of

__all__ = ["ContentType", "IsComposingDocument", "IsComposingMessage", "LastActive", "Refresh", "State"]

NAMESPACE = "urn:ietf:params:xml:ns:im-iscomposing"


@dataclass
class State(Element):
    """ "active" or "idle"."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}state"
    value: str = text(one_of("active", "idle"), required=True)

    def __str__(self) -> str:
        return self.value


@dataclass
class LastActive(Element):
    """When the typist last typed."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}lastactive"
    value: datetime = text(TIMESTAMP, required=True)


@dataclass
class ContentType(Element):
    """What is being composed, as a MIME type."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}contenttype"
    value: str = text(required=True)


@dataclass
class Refresh(Element):
    """Seconds for which "active" holds when no further message comes."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}refresh"
    value: int = text(INTEGER, required=True)


@dataclass
class IsComposingMessage(Root):
    """The document. Plain values (``state="active"``, a datetime, seconds) are taken for the elements too."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}isComposing"
    mime_type: ClassVar[str] = "application/im-iscomposing+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE}
    state: State = child(State, required=True)
    last_active: LastActive | None = child(LastActive)
    content_type: ContentType | None = child(ContentType)
    refresh: Refresh | None = child(Refresh)

    def __post_init__(self) -> None:
        super().__post_init__()
        wrap_plain_values(self)


class IsComposingDocument(XMLDocument[IsComposingMessage], root=IsComposingMessage):
    """application/im-iscomposing+xml."""
