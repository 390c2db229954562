"""Which calls somebody has: dialog information (RFC 4235), full documents and partial ones put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import Element, ElementList, Root, attribute, child, children, text, text_child
from blinkq.payloads.kinds import INTEGER, one_of

__all__ = [
    "Dialog", "DialogInfo", "DialogInfoDocument", "DialogInfoState", "DialogState", "Identity", "Local", "Param", "ReferredBy", "Remote",
    "Replaces", "Target",
]  # fmt: skip

NAMESPACE = "urn:ietf:params:xml:ns:dialog-info"
STATES = ("trying", "proceeding", "early", "confirmed", "terminated")


@dataclass
class DialogState(Element):
    """How far a dialog is; ``event`` says why it ended (cancelled, rejected, replaced, local-bye, remote-bye, error, timeout)."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}state"
    value: str = text(one_of(*STATES), required=True)
    event: str | None = attribute("event")
    code: int | None = attribute("code", INTEGER)

    def __str__(self) -> str:
        return self.value


@dataclass
class Replaces(Element):
    """The dialog that this one has replaced."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}replaces"
    call_id: str | None = attribute("call-id")
    local_tag: str | None = attribute("local-tag")
    remote_tag: str | None = attribute("remote-tag")


@dataclass
class ReferredBy(Element):
    """Who sent the caller to us."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}referred-by"
    value: str | None = text()
    display: str | None = attribute("display")


@dataclass
class Identity(Element):
    """The address of a party."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}identity"
    value: str | None = text()
    display: str | None = attribute("display")


@dataclass
class Param(Element):
    """A parameter of a target, like +sip.rendering "no" for a held call."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}param"
    pname: str | None = attribute("pname")
    pval: str | None = attribute("pval")


@dataclass
class Target(Element):
    """The contact of a party."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}target"
    uri: str | None = attribute("uri")
    params: ElementList[Param] = children(Param)


@dataclass
class _Participant(Element):
    identity: Identity | None = child(Identity)
    target: Target | None = child(Target)
    cseq: int | None = text_child(f"{{{NAMESPACE}}}cseq", INTEGER)


@dataclass
class Local(_Participant):
    """The party whose dialogs the document tells."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}local"


@dataclass
class Remote(_Participant):
    """The other party."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}remote"


@dataclass
class Dialog(Element):
    """One dialog; ``direction`` "initiator" means that the watched party called, ``duration`` is in seconds."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}dialog"
    id: str = attribute("id", required=True)
    state: DialogState = child(DialogState, required=True)
    call_id: str | None = attribute("call-id")
    local_tag: str | None = attribute("local-tag")
    remote_tag: str | None = attribute("remote-tag")
    direction: str | None = attribute("direction", one_of("initiator", "recipient"))
    duration: int | None = text_child(f"{{{NAMESPACE}}}duration", INTEGER)
    replaces: Replaces | None = child(Replaces)
    referred_by: ReferredBy | None = child(ReferredBy)
    local: Local | None = child(Local)
    remote: Remote | None = child(Remote)


@dataclass
class DialogInfo(Root):
    """The dialogs of ``entity``, all (``state`` "full") or those that changed ("partial") since version - 1."""

    tag: ClassVar[str] = f"{{{NAMESPACE}}}dialog-info"
    mime_type: ClassVar[str] = "application/dialog-info+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE}
    version: int = attribute("version", INTEGER, required=True)
    state: str = attribute("state", one_of("full", "partial"), required=True)
    entity: str = attribute("entity", required=True)
    dialogs: ElementList[Dialog] = children(Dialog)

    def __iter__(self) -> Iterator[Dialog]:
        return iter(self.dialogs)

    def __len__(self) -> int:
        return len(self.dialogs)


class DialogInfoDocument(XMLDocument[DialogInfo], root=DialogInfo):
    """application/dialog-info+xml."""


MAX_DIALOGS = 1_000  # kept at once for one watched address


@dataclass
class DialogInfoState:
    """What all documents of one subscription say together (RFC 4235 §4.3)."""

    version: int | None = None
    _dialogs: dict[str, Dialog] = field(default_factory=dict)

    def apply(self, document: DialogInfo) -> bool:
        """Take a document in. False when one before it is missing: then a full one must be asked for; an old one is ignored."""
        if document.state == "full":
            # servers that put together what several devices publish send version 0 again and again; full is full
            self._dialogs.clear()
        elif self.version is None or document.version > self.version + 1:
            return False
        elif document.version <= self.version:
            return True
        self.version = document.version
        for dialog in document:
            if dialog.state.value == "terminated":
                self._dialogs.pop(dialog.id, None)
            elif dialog.id in self._dialogs or len(self._dialogs) < MAX_DIALOGS:
                self._dialogs[dialog.id] = dialog
        return True

    @property
    def dialogs(self) -> list[Dialog]:
        """All dialogs that have not ended."""
        return list(self._dialogs.values())

    @property
    def busy(self) -> bool:
        """Whether the watched party has a call or a ringing one: the lamp."""
        return bool(self._dialogs)
