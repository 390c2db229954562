"""RFC 3264 between two descriptions: formats, numbers, directions, keys."""

from __future__ import annotations

import pytest

from blinkq.sdp.crypto import CryptoAttribute
from blinkq.sdp.description import Attribute, Connection, MediaDescription, Origin, RTPFormat, SessionDescription
from blinkq.sdp.errors import NegotiationError
from blinkq.sdp.negotiation import (
    answer_direction,
    check_answer,
    common_formats,
    is_held_by,
    negotiate,
    remote_direction,
    reverse,
    telephone_events,
    with_payload_types,
)

OPUS = RTPFormat(0, "opus", 48000, 2, "useinbandfec=1")
G722, PCMU, PCMA = RTPFormat(9, "G722", 8000), RTPFormat(0, "PCMU", 8000), RTPFormat(8, "PCMA", 8000)
CODECS = (OPUS, G722, PCMU, PCMA)
KEYS = [str(CryptoAttribute(tag, "AES_CM_128_HMAC_SHA1_80", bytes([tag] * 30))) for tag in (1, 2)]


def session(
    formats: tuple[RTPFormat, ...], *, port: int = 4000, direction: str = "sendrecv", transport: str = "RTP/AVP",
    address: str = "192.0.2.1", crypto: list[str] | None = None,
) -> SessionDescription:  # fmt: skip
    attributes = [Attribute("rtpmap", known.rtpmap) for known in formats]
    attributes += [Attribute("fmtp", f"{known.payload_type} {known.parameters}") for known in formats if known.parameters]
    attributes += [Attribute("crypto", line) for line in crypto or []]
    attributes.append(Attribute(direction))
    numbers = tuple(str(known.payload_type) for known in formats) or ("0",)
    media = MediaDescription("audio", port, transport, numbers, attributes=tuple(attributes))
    return SessionDescription(Origin(address), (media,), connection=Connection.of(address))


@pytest.mark.parametrize(
    ("offered", "wanted", "answer"),
    [
        ("sendrecv", "sendrecv", "sendrecv"), ("sendrecv", "sendonly", "sendonly"), ("sendonly", "sendrecv", "recvonly"),
        ("sendonly", "sendonly", "inactive"), ("recvonly", "sendrecv", "sendonly"), ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "inactive", "inactive"), ("recvonly", "recvonly", "inactive"),
    ],
)  # fmt: skip
def test_direction_of_an_answer(offered: str, wanted: str, answer: str) -> None:
    assert answer_direction(offered, wanted) == answer


def test_reversing_twice_changes_nothing() -> None:
    for direction in ("sendrecv", "sendonly", "recvonly", "inactive"):
        assert reverse(reverse(direction)) == direction


@pytest.mark.parametrize(("direction", "seen"), [("sendrecv", "sendonly"), ("sendonly", "sendonly"), ("recvonly", "inactive")])
def test_the_old_hold_address_means_that_the_peer_does_not_hear(direction: str, seen: str) -> None:
    assert remote_direction(session((PCMU,), direction=direction, address="0.0.0.0"), 0) == seen
    assert is_held_by(seen)
    assert remote_direction(session((PCMU,), direction=direction), 0) == direction


def test_an_answer_keeps_the_offers_numbers_and_order() -> None:
    offered = (RTPFormat(107, "OPUS", 48000, 2, "stereo=1"), RTPFormat(0, "PCMU", 8000), RTPFormat(96, "telephone-event", 48000))
    common = common_formats(offered, (*CODECS, *telephone_events(CODECS)))
    assert [(known.payload_type, known.name, known.parameters) for known in common] == [
        (107, "opus", "useinbandfec=1"),
        (0, "PCMU", ""),
        (96, "telephone-event", "0-15"),
    ]


def test_tones_alone_are_no_call_and_need_the_codecs_clock() -> None:
    events = telephone_events(CODECS)
    assert common_formats(events, events) == ()
    assert common_formats((PCMU, *events), (*CODECS, *events)) == (PCMU, RTPFormat(101, "telephone-event", 8000, parameters="0-15"))


def test_a_format_offered_twice_is_answered_once() -> None:
    assert common_formats((PCMU, RTPFormat(97, "pcmu", 8000)), CODECS) == (PCMU,)


def test_numbers_of_an_offer() -> None:
    numbered = with_payload_types((*CODECS, *telephone_events(CODECS)))
    assert [known.payload_type for known in numbered] == [96, 9, 0, 8, 101, 97]


def test_a_number_keeps_its_meaning_in_a_session() -> None:
    used = (RTPFormat(101, "opus", 48000, 2), RTPFormat(96, "telephone-event", 8000), RTPFormat(109, "PCMU", 8000))
    numbered = with_payload_types((*CODECS, *telephone_events(CODECS)), used)
    assert [known.payload_type for known in numbered] == [101, 9, 109, 8, 96, 97]
    moved = with_payload_types(telephone_events((PCMU,)), (RTPFormat(101, "opus", 48000, 2),))
    assert [known.payload_type for known in moved] == [96]


def test_both_ends_agree() -> None:
    offer = session(with_payload_types((*CODECS, *telephone_events(CODECS))))
    answer = session(common_formats(offer.media[0].rtp_formats, (PCMA, OPUS, *telephone_events(CODECS))), port=5000)
    here, there = negotiate(offer, answer, 0), negotiate(answer, offer, 0)
    assert here.send_format.name == there.send_format.name == "opus"
    assert (here.remote_port, here.remote_rtcp_port, there.remote_port) == (5000, 5001, 4000)
    assert [known.name for known in here.receive_formats] == ["opus", "PCMA"]
    assert here.dtmf_send is not None
    assert here.dtmf_send.clock_rate == 48000
    assert here.ptime == 20
    assert here.local_key is None


def test_tones_of_another_clock_are_better_than_none() -> None:
    formats = (RTPFormat(96, "opus", 48000, 2), RTPFormat(101, "telephone-event", 8000))
    result = negotiate(session(formats), session(formats), 0)
    assert result.dtmf_send == RTPFormat(101, "telephone-event", 8000)
    assert negotiate(session((PCMU,)), session((PCMU,)), 0).dtmf_receive is None


def test_held_by_the_peer() -> None:
    assert negotiate(session((PCMU,)), session((PCMU,), direction="sendonly"), 0).direction == "recvonly"
    assert negotiate(session((PCMU,), direction="sendonly"), session((PCMU,), direction="recvonly"), 0).direction == "sendonly"


def test_no_codec_in_common() -> None:
    with pytest.raises(NegotiationError, match="codec"):
        negotiate(session((PCMU,)), session((PCMA,)), 0)


def test_no_address() -> None:
    remote = session((PCMU,))
    with pytest.raises(NegotiationError, match="address"):
        negotiate(session((PCMU,)), SessionDescription(remote.origin, remote.media), 0)


@pytest.mark.parametrize("address", ["media.example.com", "", "192.0.2.1.", "fe80::1%eth0%"])
def test_a_name_is_no_address(address: str) -> None:
    with pytest.raises(NegotiationError, match="address"):
        negotiate(session((PCMU,)), session((PCMU,), address=address), 0)


def test_keys_are_those_of_the_answered_line() -> None:
    offer, answer = session((PCMU,), crypto=KEYS), session((PCMU,), crypto=KEYS[1:])
    result = negotiate(offer, answer, 0)
    assert result.local_key is not None
    assert result.remote_key is not None
    assert result.local_key.tag == result.remote_key.tag == 2


@pytest.mark.parametrize("lines", [[], KEYS])
def test_an_answer_with_no_or_several_keys_is_plain_or_refused(lines: list[str]) -> None:
    assert negotiate(session((PCMU,), crypto=KEYS), session((PCMU,), crypto=lines), 0).local_key is None
    with pytest.raises(NegotiationError, match="SRTP"):
        negotiate(session((PCMU,), crypto=KEYS, transport="RTP/SAVP"), session((PCMU,), crypto=lines, transport="RTP/SAVP"), 0)


def test_an_answer_must_fit_its_offer() -> None:
    offer = session((PCMU,))
    check_answer(offer, offer)
    with pytest.raises(NegotiationError, match="0 media lines"):
        check_answer(offer, SessionDescription(offer.origin))
    video = SessionDescription(offer.origin, (MediaDescription("video", 1, "RTP/AVP", ("99",)),))
    with pytest.raises(NegotiationError, match="video"):
        check_answer(offer, video)
