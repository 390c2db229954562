"""Who is in a conference: conference information (RFC 4575), as documents. For putting them together see ``conference_state.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from blinkq.payloads.document import XMLDocument
from blinkq.payloads.element import (
    Element,
    ElementList,
    Root,
    TextElement,
    TranslatedText,
    attribute,
    child,
    children,
    text_child,
)
from blinkq.payloads.kinds import BOOLEAN, INTEGER, TIMESTAMP, one_of

__all__ = [
    "URI", "AssociatedAORs", "AvailableMedia", "AvailableMediaEntry", "CallInfo", "ConfURIs", "Conference", "ConferenceDescription",
    "ConferenceDocument", "ConferenceState", "DisconnectionInfo", "DisplayText", "Endpoint", "Entry", "File", "Files", "FreeText",
    "HostInfo", "JoiningInfo", "Keywords", "Media", "Referred", "Resources", "Role", "Roles", "ServiceURIs", "SipDialogID", "Subject",
    "URIs", "User", "Users", "WebPage",
]  # fmt: skip

NAMESPACE = "urn:ietf:params:xml:ns:conference-info"
AGP = "urn:ag-projects:xml:ns:conference-info"  # what servers of the SIP SIMPLE family add: shared files
_CI = f"{{{NAMESPACE}}}"
STATE = one_of("full", "partial", "deleted")


@dataclass
class DisplayText(TranslatedText):
    """A name to show."""

    tag: ClassVar[str] = f"{_CI}display-text"


@dataclass
class Subject(TranslatedText):
    """What the conference is about."""

    tag: ClassVar[str] = f"{_CI}subject"


@dataclass
class FreeText(TranslatedText):
    """More about the conference."""

    tag: ClassVar[str] = f"{_CI}free-text"


@dataclass
class Keywords(TextElement):
    """Words separated by blanks."""

    tag: ClassVar[str] = f"{_CI}keywords"


@dataclass
class WebPage(TextElement):
    """A page about the host of the conference."""

    tag: ClassVar[str] = f"{_CI}web-page"


@dataclass
class URI(TextElement):
    """An address."""

    tag: ClassVar[str] = f"{_CI}uri"


@dataclass
class Entry(Element):
    """An address with a name and what it is for (participation, streaming, web-page …)."""

    tag: ClassVar[str] = f"{_CI}entry"
    uri: URI = child(URI, required=True)
    display_text: DisplayText | None = child(DisplayText)
    purpose: str | None = text_child(f"{_CI}purpose")
    state: str | None = attribute("state", STATE)


@dataclass
class _Entries(Element):
    entries: ElementList[Entry] = children(Entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass
class ConfURIs(_Entries):
    """Addresses under which the conference is reached."""

    tag: ClassVar[str] = f"{_CI}conf-uris"


@dataclass
class ServiceURIs(_Entries):
    """Addresses of services around the conference."""

    tag: ClassVar[str] = f"{_CI}service-uris"


@dataclass
class URIs(_Entries):
    """Addresses of the host."""

    tag: ClassVar[str] = f"{_CI}uris"


@dataclass
class AssociatedAORs(_Entries):
    """Other addresses of a user."""

    tag: ClassVar[str] = f"{_CI}associated-aors"


@dataclass
class AvailableMediaEntry(Element):
    """A medium that the conference offers."""

    tag: ClassVar[str] = f"{_CI}entry"
    label: str | None = attribute("label")
    display_text: DisplayText | None = child(DisplayText)
    media_type: str | None = text_child(f"{_CI}type")
    status: str | None = text_child(f"{_CI}status")


@dataclass
class AvailableMedia(Element):
    """The media that the conference offers."""

    tag: ClassVar[str] = f"{_CI}available-media"
    entries: ElementList[AvailableMediaEntry] = children(AvailableMediaEntry)


@dataclass
class File(Element):
    """A file that a participant shared; ``size`` in bytes."""

    tag: ClassVar[str] = f"{{{AGP}}}file"
    name: str = attribute("name", required=True)
    hash: str | None = attribute("hash")
    size: int | None = attribute("size", INTEGER)
    sender: str | None = attribute("sender")
    status: str | None = attribute("status")


@dataclass
class Files(Element):
    """The files shared in a conference."""

    tag: ClassVar[str] = f"{{{AGP}}}files"
    files: ElementList[File] = children(File)

    def __iter__(self) -> Iterator[File]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@dataclass
class Resources(Element):
    """What a conference keeps beside its participants."""

    tag: ClassVar[str] = f"{{{AGP}}}resources"
    files: Files | None = child(Files)


@dataclass
class ConferenceDescription(Element):
    """What the conference is."""

    tag: ClassVar[str] = f"{_CI}conference-description"
    display_text: DisplayText | None = child(DisplayText)
    subject: Subject | None = child(Subject)
    free_text: FreeText | None = child(FreeText)
    keywords: Keywords | None = child(Keywords)
    conf_uris: ConfURIs | None = child(ConfURIs)
    service_uris: ServiceURIs | None = child(ServiceURIs)
    maximum_user_count: int | None = text_child(f"{_CI}maximum-user-count", INTEGER)
    available_media: AvailableMedia | None = child(AvailableMedia)
    resources: Resources | None = child(Resources)


@dataclass
class HostInfo(Element):
    """Who runs the conference."""

    tag: ClassVar[str] = f"{_CI}host-info"
    display_text: DisplayText | None = child(DisplayText)
    web_page: WebPage | None = child(WebPage)
    uris: URIs | None = child(URIs)


@dataclass
class ConferenceState(Element):
    """How the conference stands: participants, whether it runs and whether it is closed to others."""

    tag: ClassVar[str] = f"{_CI}conference-state"
    user_count: int | None = text_child(f"{_CI}user-count", INTEGER)
    active: bool | None = text_child(f"{_CI}active", BOOLEAN)
    locked: bool | None = text_child(f"{_CI}locked", BOOLEAN)


@dataclass
class _Event(Element):
    when: datetime | None = text_child(f"{_CI}when", TIMESTAMP)
    reason: str | None = text_child(f"{_CI}reason")
    by: str | None = text_child(f"{_CI}by")


@dataclass
class Referred(_Event):
    """Who brought the endpoint in."""

    tag: ClassVar[str] = f"{_CI}referred"


@dataclass
class JoiningInfo(_Event):
    """When and why the endpoint joined."""

    tag: ClassVar[str] = f"{_CI}joining-info"


@dataclass
class DisconnectionInfo(_Event):
    """When and why the endpoint left."""

    tag: ClassVar[str] = f"{_CI}disconnection-info"


@dataclass
class Media(Element):
    """One medium of an endpoint; ``status`` as seen by the participant: sendrecv, sendonly, recvonly, inactive."""

    tag: ClassVar[str] = f"{_CI}media"
    id: str = attribute("id", required=True)
    display_text: DisplayText | None = child(DisplayText)
    media_type: str | None = text_child(f"{_CI}type")
    label: str | None = text_child(f"{_CI}label")
    src_id: str | None = text_child(f"{_CI}src-id")
    status: str | None = text_child(f"{_CI}status", one_of("sendrecv", "sendonly", "recvonly", "inactive"))


@dataclass
class SipDialogID(Element):
    """The dialog that an endpoint has with the focus."""

    tag: ClassVar[str] = f"{_CI}sip"
    display_text: DisplayText | None = child(DisplayText)
    call_id: str | None = text_child(f"{_CI}call-id")
    from_tag: str | None = text_child(f"{_CI}from-tag")
    to_tag: str | None = text_child(f"{_CI}to-tag")


@dataclass
class CallInfo(Element):
    """How an endpoint is connected."""

    tag: ClassVar[str] = f"{_CI}call-info"
    sip: SipDialogID | None = child(SipDialogID)


@dataclass
class Endpoint(Element):
    """A device of a user in the conference; iterates over its media. ``status`` is pending, dialing-out, dialing-in, alerting, on-hold,
    connected, muted-via-focus, disconnecting or disconnected.
    """

    tag: ClassVar[str] = f"{_CI}endpoint"
    entity: str = attribute("entity", required=True)
    state: str | None = attribute("state", STATE)
    display_text: DisplayText | None = child(DisplayText)
    referred: Referred | None = child(Referred)
    status: str | None = text_child(f"{_CI}status")
    joining_method: str | None = text_child(f"{_CI}joining-method")
    joining_info: JoiningInfo | None = child(JoiningInfo)
    disconnection_method: str | None = text_child(f"{_CI}disconnection-method")
    disconnection_info: DisconnectionInfo | None = child(DisconnectionInfo)
    media: ElementList[Media] = children(Media)
    call_info: CallInfo | None = child(CallInfo)

    def __iter__(self) -> Iterator[Media]:
        return iter(self.media)

    def __len__(self) -> int:
        return len(self.media)


@dataclass
class Role(TranslatedText):
    """What a user is in the conference."""

    tag: ClassVar[str] = f"{_CI}entry"


@dataclass
class Roles(Element):
    """What a user is in the conference, like "moderator"."""

    tag: ClassVar[str] = f"{_CI}roles"
    entries: ElementList[Role] = children(Role)


@dataclass
class User(Element):
    """A participant; iterates over the endpoints."""

    tag: ClassVar[str] = f"{_CI}user"
    entity: str = attribute("entity", required=True)
    state: str | None = attribute("state", STATE)
    display_text: DisplayText | None = child(DisplayText)
    associated_aors: AssociatedAORs | None = child(AssociatedAORs)
    roles: Roles | None = child(Roles)
    languages: str | None = text_child(f"{_CI}languages")
    cascaded_focus: str | None = text_child(f"{_CI}cascaded-focus")
    endpoints: ElementList[Endpoint] = children(Endpoint)

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self.endpoints)

    def __len__(self) -> int:
        return len(self.endpoints)


@dataclass
class Users(Element):
    """The participants; iterates over them."""

    tag: ClassVar[str] = f"{_CI}users"
    state: str | None = attribute("state", STATE)
    users: ElementList[User] = children(User)

    def add(self, user: User) -> None:
        """Append a participant."""
        self.users.append(user)

    def __iter__(self) -> Iterator[User]:
        return iter(self.users)

    def __len__(self) -> int:
        return len(self.users)


@dataclass
class Conference(Root):
    """The conference ``entity``, complete (``state`` "full"), as changed since version - 1 ("partial"), or gone ("deleted")."""

    tag: ClassVar[str] = f"{_CI}conference-info"
    mime_type: ClassVar[str] = "application/conference-info+xml"
    namespaces: ClassVar[dict[str | None, str]] = {None: NAMESPACE, "agp-conf": AGP}
    entity: str = attribute("entity", required=True)
    state: str | None = attribute("state", STATE)
    version: int | None = attribute("version", INTEGER)
    conference_description: ConferenceDescription | None = child(ConferenceDescription)
    host_info: HostInfo | None = child(HostInfo)
    conference_state: ConferenceState | None = child(ConferenceState)
    users: Users | None = child(Users)


class ConferenceDocument(XMLDocument[Conference], root=Conference):
    """application/conference-info+xml."""
