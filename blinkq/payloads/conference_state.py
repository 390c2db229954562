"""The state of a conference from all documents of one subscription: the rules of RFC 4575 §4.4 to §4.6."""

from __future__ import annotations

from blinkq.payloads.conference import Conference, Endpoint, User, Users
from blinkq.payloads.element import ElementList

__all__ = ["ConferenceTable"]

MAX_USERS = 5_000  # kept at once, with MAX_ENDPOINTS each; documents with more do not make us keep more
MAX_ENDPOINTS = 20


class ConferenceTable:
    """Keeps what the documents say together.

    ``conference`` is the whole, as a document of state "full"; None before the first one, and after the conference was deleted.
    """

    def __init__(self) -> None:
        self.conference: Conference | None = None

    def apply(self, document: Conference) -> bool:
        """Take a document in. False when one before it is missing: then a full one must be asked for; an old one is ignored."""
        state = document.state or "full"  # RFC 4575 §5.1: the default
        known = self.conference.version if self.conference is not None else None
        if state == "deleted":
            self.conference = None
            return True
        if state == "full":
            if known is not None and document.version is not None and document.version < known:
                return True
            self.conference = _whole(document)
            return True
        if self.conference is None or known is None or document.version is None or document.version > known + 1:
            return False
        if document.version <= known:
            return True
        self._change(self.conference, document)
        return True

    @property
    def users(self) -> list[User]:
        """Who is in the conference."""
        return list(self.conference.users) if self.conference is not None and self.conference.users is not None else []

    def _change(self, conference: Conference, document: Conference) -> None:
        conference.version = document.version
        # §4.4: an element that is there replaces the old one as a whole; only users and endpoints have states of their own
        conference.conference_description = document.conference_description or conference.conference_description
        conference.host_info = document.host_info or conference.host_info
        conference.conference_state = document.conference_state or conference.conference_state
        if document.users is None:
            return
        if (document.users.state or "full") == "full" or conference.users is None:
            conference.users = _whole_users(document.users)
            return
        users = {user.entity: user for user in conference.users}
        for user in document.users:
            _change_user(users, user)
        conference.users.users = ElementList(users.values())


def _whole(document: Conference) -> Conference:
    document.state = "full"
    if document.users is not None:
        document.users = _whole_users(document.users)
    return document


def _whole_users(users: Users) -> Users:
    kept: dict[str, User] = {}
    for user in users:
        _change_user(kept, user)
    return Users("full", ElementList(kept.values()))


def _change_user(users: dict[str, User], user: User) -> None:
    state = user.state or "full"
    old = users.get(user.entity)
    if state == "deleted":
        users.pop(user.entity, None)
    elif state == "partial" and old is not None:
        old.display_text = user.display_text or old.display_text
        old.associated_aors = user.associated_aors or old.associated_aors
        old.roles = user.roles or old.roles
        old.languages = user.languages or old.languages
        old.cascaded_focus = user.cascaded_focus or old.cascaded_focus
        endpoints = {endpoint.entity: endpoint for endpoint in old}
        for endpoint in user:
            _change_endpoint(endpoints, endpoint)
        old.endpoints = ElementList(endpoints.values())
    elif old is not None or len(users) < MAX_USERS:
        endpoints = {}
        for endpoint in user:
            _change_endpoint(endpoints, endpoint)
        user.state, user.endpoints = "full", ElementList(endpoints.values())
        users[user.entity] = user


def _change_endpoint(endpoints: dict[str, Endpoint], endpoint: Endpoint) -> None:
    state = endpoint.state or "full"
    old = endpoints.get(endpoint.entity)
    if state == "deleted":
        endpoints.pop(endpoint.entity, None)
    elif state == "partial" and old is not None:
        for name in ("display_text", "referred", "status", "joining_method", "joining_info", "disconnection_method", "disconnection_info",
                     "call_info"):  # fmt: skip
            if getattr(endpoint, name) is not None:
                setattr(old, name, getattr(endpoint, name))
        media = {item.id: item for item in old}
        media.update((item.id, item) for item in endpoint)
        old.media = ElementList(media.values())
    elif old is not None or len(endpoints) < MAX_ENDPOINTS:
        endpoint.state = "full"
        endpoints[endpoint.entity] = endpoint
