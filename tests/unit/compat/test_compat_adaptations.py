"""What scripts expect of our objects beyond the specification: put on, and taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blinkq.compat.adaptations import adapt
from blinkq.compat.core import Subscription
from blinkq.media.control import StreamStatistics
from blinkq.sipsimple.configuration import NoSettingError, Setting, SettingsGroup
from blinkq.sipsimple.core import SIPURI, ContactHeader, Credentials, FromHeader, FrozenSIPURI, RouteHeader, SDPAttribute, ToHeader


class Anything(SettingsGroup):
    known = Setting(int, 1)


@pytest.fixture
def adapted() -> Iterator[None]:
    undo = adapt()
    try:
        yield
    finally:
        undo()


STATISTICS = StreamStatistics(
    stream=1, packets_sent=10, bytes_sent=100, packets_received=9, bytes_received=90, packets_lost=1, packets_late=2, jitter=1.5,
    buffer_delay=40.0, round_trip=None, sent_level=-20.0, received_level=-30.0, codec="PCMU",
)  # fmt: skip


def test_statistics_can_be_read_as_dictionaries(adapted: None) -> None:
    statistics: Any = STATISTICS
    assert statistics["rtt"]["avg"] == 0
    assert (statistics["rx"]["packets"], statistics["rx"]["packets_lost"], statistics["rx"]["jitter"]["avg"]) == (9, 1, 1500)
    assert statistics["tx"] == {"packets": 10, "bytes": 100}
    with pytest.raises(KeyError):
        statistics["x"]


def test_addresses_and_their_like_can_be_made_of_bytes(adapted: None) -> None:
    plain = SIPURI("example.com", user="alice")
    made: Any = SIPURI(b"example.com", user=b"alice")  # type: ignore[arg-type]  # that is the point
    assert made == plain == FrozenSIPURI.new(made)
    assert (made.user.decode(), made.host.decode(), str(made)) == ("alice", "example.com", "sip:alice@example.com")
    credentials: Any = Credentials(b"alice", b"secret")  # type: ignore[arg-type]  # as above
    assert credentials == Credentials("alice", "secret")
    assert (credentials.username.decode(), credentials.to_digest().password) == ("alice", "secret")
    attribute: Any = SDPAttribute(b"rtpmap", b"0 PCMU/8000")  # type: ignore[arg-type]  # as above
    assert attribute == SDPAttribute("rtpmap", "0 PCMU/8000")
    assert attribute.name.decode() == "rtpmap"
    sender: Any = FromHeader(plain, "Alice", {"tag": "x"})
    assert (sender.display_name.decode(), sender.uri.user.decode(), sender.tag) == ("Alice", "alice", "x")
    assert sender.parameters == {"tag": "x"}


def test_nothing_stays_behind() -> None:
    adapt()()
    with pytest.raises(NoSettingError):
        Anything().whatever = 5  # type: ignore[attr-defined]  # there is none
    assert not hasattr(SIPURI("example.com").host, "decode")
    assert "_fill" not in FrozenSIPURI("x").__dict__
    with pytest.raises(TypeError):
        STATISTICS["rtt"]  # type: ignore[index]  # that is the point


def test_subscriptions_as_old_and_new_scripts_make_them() -> None:
    uri = SIPURI.parse("sip:alice@example.com")
    from_, to, contact = FromHeader(uri, "Alice"), ToHeader(uri), ContactHeader(SIPURI.parse("sip:x@192.0.2.1:5070"))
    route = RouteHeader(SIPURI.parse("sip:192.0.2.9;lr"))
    new = Subscription(to.uri, from_, to, contact, b"message-summary", route, refresh=600)
    old = Subscription(from_, to, contact, "message-summary", route, refresh=600)
    named = Subscription(
        request_uri=uri, from_header=from_, to_header=to, contact_header=contact, event=b"message-summary", route_header=route
    )
    assert new.request_uri == old.request_uri == named.request_uri == uri
    assert new.event == old.event == named.event == "message-summary"
    assert (new.refresh, old.refresh, named.refresh) == (600, 600, 300)


def test_groups_take_what_scripts_of_other_versions_set(adapted: None) -> None:
    group: Any = Anything()
    group.whatever = 5
    group.known = "2"
    assert (group.whatever, group.known) == (5, 2)
