"""What changed in documents on an XCAP server (RFC 5874), the body of xcap-diff notifications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import Element as Base
from blinkq.payloads.element import ElementList, Root, attribute, children, flag, text
from blinkq.payloads.kinds import BOOLEAN

__all__ = ["Attribute", "Document", "Element", "XCAPDiff", "XCAPDiffDocument"]

NAMESPACE = "urn:ietf:params:xml:ns:xcap-diff"


@dataclass
class Document(Base):
    """A whole document: a new one has no ``previous_etag``, one that is gone no ``new_etag``; ``empty_body``: only its ETag changed."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}document"
    selector: str = attribute("sel", required=True)
    new_etag: str | None = attribute("new-etag")
    previous_etag: str | None = attribute("previous-etag")
    empty_body: bool = flag(f"{{{NAMESPACE}}}body-not-changed")


@dataclass
class Element(Base):
    """One element of a document; ``exists`` False: it is gone."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}element"
    selector: str = attribute("sel", required=True)
    exists: bool | None = attribute("exists", BOOLEAN)


@dataclass
class Attribute(Base):
    """One attribute of a document, with its new ``value``; ``exists`` False: it is gone."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}attribute"
    selector: str = attribute("sel", required=True)
    exists: bool | None = attribute("exists", BOOLEAN)
    value: str | None = text()


@dataclass
class XCAPDiff(Root):
    """The document: changes below ``xcap_root``; iterates over them."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}xcap-diff"
    mime_type: ClassVar[str] = "application/xcap-diff+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE}
    xcap_root: str = attribute("xcap-root", required=True)
    changes: ElementList[Document | Element | Attribute] = children(Document, Element, Attribute)

    def __iter__(self) -> Iterator[Document | Element | Attribute]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)


class XCAPDiffDocument(XMLDocument[XCAPDiff], root=XCAPDiff):
    """application/xcap-diff+xml."""
