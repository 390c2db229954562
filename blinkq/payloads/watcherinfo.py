"""Who watches a presentity: watcher information (RFC 3858), full documents and partial ones put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import Element, ElementList, Root, attribute, children, text
from blinkq.payloads.kinds import INTEGER, one_of
from blinkq.payloads.xml import XML_LANG

__all__ = ["Watcher", "WatcherInfo", "WatcherInfoDocument", "WatcherInfoState", "WatcherList"]

NAMESPACE = "urn:ietf:params:xml:ns:watcherinfo"
STATUSES = ("pending", "active", "waiting", "terminated")


@dataclass
class Watcher(Element):
    """One subscription: who (``sipuri``), how it stands (``status``) and what brought it there (``event``, RFC 3857 §3.3)."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}watcher"
    sipuri: str = text(required=True)
    id: str = attribute("id", required=True)
    status: str = attribute("status", one_of(*STATUSES), required=True)
    event: str | None = attribute("event")
    display_name: str | None = attribute("display-name")
    expiration: int | None = attribute("expiration", INTEGER)
    duration: int | None = attribute("duration-subscribed", INTEGER)
    lang: str | None = attribute(XML_LANG)


@dataclass
class WatcherList(Element):
    """The watchers of one resource and event package."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}watcher-list"
    resource: str = attribute("resource", required=True)
    package: str = attribute("package", required=True)
    watchers: ElementList[Watcher] = children(Watcher)

    def __iter__(self) -> Iterator[Watcher]:
        return iter(self.watchers)

    def __len__(self) -> int:
        return len(self.watchers)

    def _with(self, status: str) -> list[Watcher]:
        return [watcher for watcher in self.watchers if watcher.status == status]

    @property
    def pending(self) -> list[Watcher]:
        """Watchers that wait for our decision."""
        return self._with("pending")

    @property
    def active(self) -> list[Watcher]:
        """Watchers that are told our presence."""
        return self._with("active")

    @property
    def waiting(self) -> list[Watcher]:
        """Watchers that gave up before a decision."""
        return self._with("waiting")

    @property
    def terminated(self) -> list[Watcher]:
        """Watchers that are gone."""
        return self._with("terminated")


@dataclass
class WatcherInfo(Root):
    """A document: lists of watchers, complete (``state`` "full") or what changed ("partial") since version - 1."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}watcherinfo"
    mime_type: ClassVar[str] = "application/watcherinfo+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE}
    version: int = attribute("version", INTEGER, required=True)
    state: str = attribute("state", one_of("full", "partial"), required=True)
    wlists: ElementList[WatcherList] = children(WatcherList)

    def __iter__(self) -> Iterator[WatcherList]:
        return iter(self.wlists)

    def __len__(self) -> int:
        return len(self.wlists)

    @property
    def watchers(self) -> list[Watcher]:
        """The watchers of all lists."""
        return [watcher for wlist in self.wlists for watcher in wlist]

    @property
    def pending(self) -> list[Watcher]:
        """Watchers of all lists that wait for our decision."""
        return [watcher for wlist in self.wlists for watcher in wlist.pending]

    @property
    def active(self) -> list[Watcher]:
        """Watchers of all lists that are told our presence."""
        return [watcher for wlist in self.wlists for watcher in wlist.active]

    @property
    def waiting(self) -> list[Watcher]:
        """Watchers of all lists that gave up before a decision."""
        return [watcher for wlist in self.wlists for watcher in wlist.waiting]

    @property
    def terminated(self) -> list[Watcher]:
        """Watchers of all lists that are gone."""
        return [watcher for wlist in self.wlists for watcher in wlist.terminated]


class WatcherInfoDocument(XMLDocument[WatcherInfo], root=WatcherInfo):
    """application/watcherinfo+xml."""


MAX_WATCHERS = 5_000  # kept at once: more documents of a peer do not make us keep more


@dataclass
class WatcherInfoState:
    """What all documents of one subscription say together (RFC 3858 §5.1)."""

    version: int | None = None
    _watchers: dict[tuple[str, str, str], Watcher] = field(default_factory=dict)

    def apply(self, document: WatcherInfo) -> bool:
        """Take a document in. False when one before it is missing: then a full one must be asked for; an old one is ignored."""
        if document.state == "partial":
            if self.version is None:
                return False
            if document.version <= self.version:
                return True
            if document.version > self.version + 1:
                return False
        elif self.version is not None and document.version < self.version:
            return True
        else:
            self._watchers.clear()
        self.version = document.version
        for wlist in document:
            for watcher in wlist:
                key = (wlist.resource, wlist.package, watcher.id)
                if watcher.status == "terminated":
                    self._watchers.pop(key, None)
                elif key in self._watchers or len(self._watchers) < MAX_WATCHERS:
                    self._watchers[key] = watcher
        return True

    @property
    def watchers(self) -> list[Watcher]:
        """All watchers that are not gone."""
        return list(self._watchers.values())
