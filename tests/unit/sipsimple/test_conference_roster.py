"""Documents about who takes part: users with their devices, and what has changed."""

from __future__ import annotations

import datetime

from blinkq.payloads.conference import ConferenceDocument
from blinkq.sipsimple.conference.roster import Participant, changes, document, users_of

WHEN = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def participant(name: str, device: str = "a", status: str = "connected") -> Participant:
    uri = f"sip:{name}@example.com"
    return Participant(uri, f"sip:{device}@192.0.2.1", name.title(), status, "dialed-in", WHEN, (("audio", "sendrecv"),))


def test_two_devices_of_one_person_are_one_user() -> None:
    users = users_of([participant("bob"), participant("carol"), participant("bob", "b")])
    assert list(users) == ["sip:bob@example.com", "sip:carol@example.com"]
    assert [endpoint.entity for endpoint in users["sip:bob@example.com"]] == ["sip:a@192.0.2.1", "sip:b@192.0.2.1"]


def test_changes() -> None:
    before = users_of([participant("bob"), participant("carol"), participant("dave")])
    after = users_of([participant("bob"), participant("carol", status="on-hold"), participant("erin")])
    assert [(user.entity, user.state) for user in changes(before, after)] == [
        ("sip:carol@example.com", "full"), ("sip:erin@example.com", "full"), ("sip:dave@example.com", "deleted"),
    ]  # fmt: skip
    assert changes(after, users_of([participant("bob"), participant("carol", status="on-hold"), participant("erin")])) == []


def test_documents_can_be_read_again() -> None:
    users = users_of([participant("bob")])
    whole = ConferenceDocument.parse(document("sip:room@example.com", "Room <1> & \u2028 more", 1, users.values(), 1))
    assert (whole.entity, whole.state, whole.version) == ("sip:room@example.com", "full", 1)
    assert whole.conference_state is not None
    assert whole.conference_state.user_count == 1
    assert whole.users is not None
    assert list(whole.users) == list(users.values())
    part = ConferenceDocument.parse(document("sip:room@example.com", "Room", 2, changes(users, {}), 0, partial=True))
    assert part.users is not None
    assert (part.state, part.users.state, part.conference_description) == ("partial", "partial", None)
