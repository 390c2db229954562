"""Conference information: documents, and full and partial ones put together."""

from __future__ import annotations

import pytest

from blinkq.payloads.conference import (
    URI,
    Conference,
    ConferenceDescription,
    ConferenceState,
    ConfURIs,
    DisplayText,
    Endpoint,
    Entry,
    File,
    Files,
    HostInfo,
    JoiningInfo,
    Media,
    Resources,
    Role,
    Roles,
    User,
    Users,
    WebPage,
)
from blinkq.payloads.conference_state import ConferenceTable
from blinkq.payloads.errors import ParserError

SAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sips:conf233@example.com" state="full" version="1">
 <conference-description><display-text>Weekly</display-text><subject>Agenda</subject>
  <conf-uris><entry><uri>tel:+18005671234</uri><display-text>TTI Bridge</display-text><purpose>participation</purpose></entry></conf-uris>
  <maximum-user-count>5</maximum-user-count>
 </conference-description>
 <host-info><web-page>https://example.com/</web-page></host-info>
 <conference-state><user-count>33</user-count><active>true</active></conference-state>
 <users>
  <user entity="sip:bob@example.com" state="full"><display-text>Bob Hoskins</display-text>
   <endpoint entity="sip:bob@pc33.example.com"><display-text>Bob's Laptop</display-text>
    <referred><when>2026-03-04T20:00:00Z</when><reason>expert required</reason><by>sip:mike@example.com</by></referred>
    <status>connected</status><joining-method>dialed-out</joining-method>
    <media id="1"><display-text>main audio</display-text><type>audio</type><label>34567</label><src-id>432424</src-id>
     <status>sendrecv</status></media>
   </endpoint></user>
  <user><display-text>nobody</display-text></user>
 </users>
</conference-info>"""


def user(name: str, state: str | None = None, **endpoints: str) -> User:
    return User(f"sip:{name}@x", state, DisplayText(name), endpoints=[Endpoint(key, status=value) for key, value in endpoints.items()])


def partial(version: int, *users: User, state: str = "partial") -> Conference:
    return Conference("sip:c@x", "partial", version, users=Users(state, list(users)))


def names(table: ConferenceTable) -> list[str]:
    return [found.entity[4:-2] for found in table.users]


def test_a_document_reads_as_scripts_read_it() -> None:
    conference = Conference.parse(SAMPLE)
    assert conference.users is not None
    (bob,) = conference.users
    assert bob.entity == "sip:bob@example.com"
    assert bob.display_text is not None
    assert bob.display_text.value == "Bob Hoskins"
    (endpoint,) = bob
    (media,) = endpoint
    assert (endpoint.entity, endpoint.status, media.media_type, media.status) == (
        "sip:bob@pc33.example.com", "connected", "audio", "sendrecv",
    )  # fmt: skip
    assert endpoint.referred is not None
    assert endpoint.referred.by == "sip:mike@example.com"
    assert conference.host_info is not None
    assert conference.host_info.web_page is not None
    assert conference.host_info.web_page.value == "https://example.com/"
    assert conference.conference_description is not None
    assert str(conference.conference_description.display_text) == "Weekly"
    assert conference.conference_state == ConferenceState(33, True)


def test_what_is_written_reads_the_same() -> None:
    conference = Conference(
        "sip:c@x", "full", 3,
        ConferenceDescription(DisplayText("C", "en"), conf_uris=ConfURIs([Entry(URI("sip:c@x"), DisplayText("c"), "participation")]),
                              resources=Resources(Files([File("a.txt", "sha", 7, "sip:a@x", "OK")]))),
        HostInfo(web_page=WebPage("https://x/")), ConferenceState(1, True, False),
        Users(None, [User("sip:a@x", roles=Roles([Role("moderator")]), endpoints=[
            Endpoint("sip:a@y", status="connected", joining_info=JoiningInfo(reason="liked it"), media=[Media("1", media_type="audio")]),
        ])]),
    )  # fmt: skip
    assert Conference.parse(conference.toxml()) == conference
    with pytest.raises(ParserError):
        Conference.parse("<conference-info/>")


def test_users_and_endpoints_come_change_and_go() -> None:
    table = ConferenceTable()
    assert not table.apply(partial(1, user("a")))
    assert table.apply(Conference("sip:c@x", "full", 5, users=Users(None, [user("a", a1="connected"), user("b")])))
    assert names(table) == ["a", "b"]
    assert table.apply(partial(6, user("c", "full"), User("sip:b@x", "deleted"), user("a", "partial", a2="alerting")))
    assert names(table) == ["a", "c"]
    assert [(endpoint.entity, endpoint.status) for endpoint in table.users[0]] == [("a1", "connected"), ("a2", "alerting")]
    change = User("sip:a@x", "partial", endpoints=[Endpoint("a1", "deleted"), Endpoint("a2", "partial", status="connected")])
    assert table.apply(partial(7, change))
    assert [(endpoint.entity, endpoint.status) for endpoint in table.users[0]] == [("a2", "connected")]
    assert table.users[0].display_text == DisplayText("a")
    assert table.apply(partial(7, user("z", "full")))  # seen already
    assert names(table) == ["a", "c"]
    assert not table.apply(partial(9, user("z", "full")))  # 8 is missing
    assert table.apply(partial(8, user("z"), state="full"))
    assert names(table) == ["z"]


def test_other_parts_are_replaced_and_the_end_is_the_end() -> None:
    table = ConferenceTable()
    table.apply(Conference("sip:c@x", None, 1, ConferenceDescription(DisplayText("old")), conference_state=ConferenceState(1)))
    assert table.apply(Conference("sip:c@x", "partial", 2, ConferenceDescription(DisplayText("new"))))
    assert table.conference is not None
    assert table.conference.conference_description == ConferenceDescription(DisplayText("new"))
    assert table.conference.conference_state == ConferenceState(1)
    assert table.apply(Conference("sip:c@x", "full", 1))  # an old one
    assert table.conference.version == 2
    assert table.apply(Conference("sip:c@x", "deleted", 3))
    assert table.conference is None
    assert not table.users
