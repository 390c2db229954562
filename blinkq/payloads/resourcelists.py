"""Lists of addresses: resource lists (RFC 4826), the body of subscriptions to many at once (RFC 5367)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import Binding, Element, ElementList, Root, TranslatedText, attribute, bound, child, children
from blinkq.payloads.xml import Node

__all__ = ["DisplayName", "Entry", "EntryRef", "External", "List", "ResourceLists", "ResourceListsDocument"]

NAMESPACE = "urn:ietf:params:xml:ns:resource-lists"


@dataclass
class DisplayName(TranslatedText):
    """A name to show."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}display-name"


@dataclass
class Entry(Element):
    """One address."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}entry"
    uri: str = attribute("uri", required=True)
    display_name: DisplayName | None = child(DisplayName)


@dataclass
class EntryRef(Element):
    """An entry kept elsewhere on the XCAP server."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}entry-ref"
    ref: str = attribute("ref", required=True)
    display_name: DisplayName | None = child(DisplayName)


@dataclass
class External(Element):
    """A list kept elsewhere."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}external"
    anchor: str | None = attribute("anchor")
    display_name: DisplayName | None = child(DisplayName)


class _Items(Binding):
    """Entries, references and lists in a list; the list's own class is known only after it is made."""

    def read(self, node: Node) -> Any:
        return _ITEMS.metadata["xml"].read(node)

    def write(self, node: Node, value: Any) -> None:
        _ITEMS.metadata["xml"].write(node, value)


@dataclass
class List(Element):
    """A list of entries, references and further lists; iterates over them."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}list"
    name: str | None = attribute("name")
    display_name: DisplayName | None = child(DisplayName)
    items: ElementList[Any] = bound(_Items(), ElementList)

    def add(self, item: Entry | EntryRef | External | List) -> None:
        """Append an item."""
        self.items.append(item)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


_ITEMS = children(Entry, EntryRef, External, List)


@dataclass
class ResourceLists(Root):
    """The document: lists; iterates over them."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}resource-lists"
    mime_type: ClassVar[str] = "application/resource-lists+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE}
    lists: ElementList[List] = children(List)

    def add(self, item: List) -> None:
        """Append a list."""
        self.lists.append(item)

    def __iter__(self) -> Iterator[List]:
        return iter(self.lists)

    def __len__(self) -> int:
        return len(self.lists)


class ResourceListsDocument(XMLDocument[ResourceLists], root=ResourceLists):
    """application/resource-lists+xml."""
