"""The table of contents of a notification about many resources at once: RLMI (RFC 4662 §5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import Element, ElementList, Root, TranslatedText, attribute, children
from blinkq.payloads.kinds import BOOLEAN, INTEGER, one_of

__all__ = ["RLMI", "Instance", "Name", "RLMIDocument", "Resource"]

NAMESPACE = "urn:ietf:params:xml:ns:rlmi"


@dataclass
class Name(TranslatedText):
    """A name to show."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}name"


@dataclass
class Instance(Element):
    """One subscription behind a resource: its ``state``, why it is so, and which part (``cid``) has its body."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}instance"
    id: str = attribute("id", required=True)
    state: str = attribute("state", one_of("active", "pending", "terminated"), required=True)
    reason: str | None = attribute("reason")
    cid: str | None = attribute("cid")


@dataclass
class Resource(Element):
    """One member of the list."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}resource"
    uri: str = attribute("uri", required=True)
    names: ElementList[Name] = children(Name)
    instances: ElementList[Instance] = children(Instance)


@dataclass
class RLMI(Root):
    """The document; iterates over the resources."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}list"
    mime_type: ClassVar[str] = "application/rlmi+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE}
    uri: str = attribute("uri", required=True)
    version: int = attribute("version", INTEGER, required=True)
    full_state: bool = attribute("fullState", BOOLEAN, required=True)
    cid: str | None = attribute("cid")
    names: ElementList[Name] = children(Name)
    resources: ElementList[Resource] = children(Resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __len__(self) -> int:
        return len(self.resources)


class RLMIDocument(XMLDocument[RLMI], root=RLMI):
    """application/rlmi+xml."""
