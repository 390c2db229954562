"""Hops, flows, transmissions, status phrases, limits, errors: the plain values of the room."""

from __future__ import annotations

import pytest

from blinkq.base.errors import BlinkQError
from blinkq.sip.errors import SIPParseError
from blinkq.sip.hop import Flow, Hop
from blinkq.sip.limits import StreamLimits
from blinkq.sip.outputs import Transmit
from blinkq.sip.status import REASONS, reason_phrase

UDP_HOP = Hop("udp", "192.0.2.1", 5060, "192.0.2.9", 5060)
TLS_HOP = Hop("tls", "192.0.2.1", 5061, "192.0.2.9", 5061, "example.com")
TCP_FLOW = Flow("tcp", "192.0.2.9", 5060, "192.0.2.1", 40000, 7)
UDP_FLOW = Flow("udp", "192.0.2.9", 5060, "192.0.2.1", 5060)


def test_reliability_follows_the_transport() -> None:
    assert not UDP_HOP.reliable
    assert TLS_HOP.reliable
    assert TCP_FLOW.reliable
    assert not UDP_FLOW.reliable


def test_a_flow_goes_before_a_hop() -> None:
    transmit = Transmit(b"x", hop=UDP_HOP, flow=TCP_FLOW)
    assert transmit.transport == "tcp"
    assert transmit.reliable
    assert not Transmit(b"x", hop=UDP_HOP).reliable
    assert Transmit(b"x", hop=TLS_HOP).transport == "tls"


def test_a_transmission_needs_a_path() -> None:
    with pytest.raises(ValueError, match="hop or a flow"):
        Transmit(b"x")


def test_values_are_hashable() -> None:
    assert len({UDP_HOP, Hop("udp", "192.0.2.1", 5060, "192.0.2.9", 5060), TLS_HOP}) == 2
    assert hash(UDP_FLOW) != hash(TCP_FLOW)


@pytest.mark.parametrize(
    ("code", "phrase"),
    [(200, "OK"), (488, "Not Acceptable Here"), (199, "Early Dialog Terminated"), (299, "OK"), (499, "Request Failure"), (799, "Unknown")],
)
def test_reason_phrases(code: int, phrase: str) -> None:
    assert reason_phrase(code) == phrase


def test_all_phrases_are_for_final_codes() -> None:
    assert all(100 <= code <= 699 and phrase for code, phrase in REASONS.items())


def test_the_error_carries_its_consequence() -> None:
    error = SIPParseError("no good", 505)
    assert (str(error), error.message, error.code, error.request) == ("no good", "no good", 505, None)
    assert isinstance(error, BlinkQError)
    assert isinstance(error, ValueError)


def test_stream_limits_default_to_the_constants() -> None:
    assert StreamLimits().head == 64 * 1024
    assert StreamLimits().body == 1024 * 1024
