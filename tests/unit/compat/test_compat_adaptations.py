"""What scripts expect of our objects beyond the specification: put on, and taken off again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blinkq.base.errors import IllegalStateError
from blinkq.compat.adaptations import adapt
from blinkq.compat.core import Subscription
from blinkq.media.control import StreamStatistics
from blinkq.sipsimple.application import SIPApplication
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, ContactHeader, FromHeader, RouteHeader, ToHeader
from blinkq.sipsimple.storage import MemoryStorage


@pytest.fixture
def adapted() -> Iterator[None]:
    undo = adapt()
    try:
        yield
    finally:
        undo()
        SIPApplication.forget()


def test_the_configuration_starts_on_the_applications_storage(adapted: None) -> None:
    with pytest.raises(IllegalStateError, match="storage is not set"):
        ConfigurationManager().start()  # type: ignore[call-arg]  # that is the point
    SIPApplication.storage = MemoryStorage()
    ConfigurationManager().start()  # type: ignore[call-arg]
    SIPSimpleSettings().save()
    assert "SIPSimpleSettings" in SIPApplication.storage.configuration_backend.data
    ConfigurationManager().stop()


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


def test_nothing_stays_behind() -> None:
    adapt()()
    with pytest.raises(TypeError):
        STATISTICS["rtt"]  # type: ignore[index]  # that is the point
    with pytest.raises(TypeError):
        ConfigurationManager().start()  # type: ignore[call-arg]


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
