"""Who takes part in a conference of ours, as others are told (RFC 4575). Pure: from what is known of sessions to documents.

No dialog identifiers are told: with them one participant could replace or end the call of another one.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from blinkq.payloads.conference import (
    Conference,
    ConferenceDescription,
    ConferenceState,
    DisplayText,
    Endpoint,
    JoiningInfo,
    Media,
    User,
    Users,
)
from blinkq.payloads.element import ElementList

__all__ = ["Participant", "changes", "document", "users_of"]


@dataclass(frozen=True, slots=True)
class Participant:
    """One device in the conference.

    :param entity: the person's address
    :param endpoint: the device's address
    :param status: "connected" or "on-hold"
    :param method: "dialed-in" (it called the conference), "dialed-out" (the conference called it) or "focus-owner"
    :param media: (type, direction as the participant sees it) of each stream
    """

    entity: str
    endpoint: str
    display_name: str | None
    status: str
    method: str
    since: datetime.datetime | None = None
    media: tuple[tuple[str, str], ...] = ()


def users_of(participants: Iterable[Participant]) -> dict[str, User]:
    """The users by entity, with an endpoint for each of their devices."""
    users: dict[str, User] = {}
    for participant in participants:
        user = users.get(participant.entity)
        if user is None:
            name = DisplayText(participant.display_name) if participant.display_name else None
            user = users[participant.entity] = User(participant.entity, state="full", display_text=name)
        user.endpoints.append(_endpoint(participant))
    return users


def _endpoint(participant: Participant) -> Endpoint:
    media = (Media(str(number), media_type=kind, status=direction) for number, (kind, direction) in enumerate(participant.media, 1))
    return Endpoint(
        participant.endpoint, state="full", status=participant.status, joining_method=participant.method,
        joining_info=JoiningInfo(when=participant.since) if participant.since is not None else None, media=ElementList(media),
    )  # fmt: skip


def changes(old: Mapping[str, User], new: Mapping[str, User]) -> list[User]:
    """What a partial document has to say: users who came or changed as a whole, and those who left."""
    changed = [user for entity, user in new.items() if old.get(entity) != user]
    return changed + [User(entity, state="deleted") for entity in old if entity not in new]


def document(entity: str, title: str | None, version: int, users: Iterable[User], count: int, *, partial: bool = False) -> bytes:
    """The document for a subscriber: all users, or when ``partial`` the changes since the document before.

    :param count: how many users take part
    """
    state = "partial" if partial else "full"
    description = ConferenceDescription(display_text=DisplayText(title)) if title and not partial else None
    return Conference(
        entity, state=state, version=version, conference_description=description,
        conference_state=ConferenceState(user_count=count, active=True), users=Users(state=state, users=ElementList(users)),
    ).toxml()  # fmt: skip
