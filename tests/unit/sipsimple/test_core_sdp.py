"""Session descriptions as ``sipsimple.core`` has them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blinkq.sdp.description import SessionDescription
from blinkq.sipsimple.core import (
    FrozenSDPAttribute,
    FrozenSDPBandwidthInfo,
    FrozenSDPConnection,
    FrozenSDPMediaStream,
    FrozenSDPSession,
    MediaCodec,
    SDPAttribute,
    SDPBandwidthInfo,
    SDPConnection,
    SDPMediaStream,
    SDPSession,
    SIPCoreError,
)

TEXT = """v=0\r
o=alice 3848000000 3848000001 IN IP4 192.0.2.1\r
s=call\r
c=IN IP4 192.0.2.1\r
t=0 0\r
a=tool:blinkq\r
m=audio 50000 RTP/AVP 9 0 101\r
a=rtpmap:9 G722/8000\r
a=rtpmap:101 telephone-event/8000\r
a=ice-ufrag:abcd\r
a=ice-pwd:0123456789012345678901\r
a=candidate:1 1 UDP 1 192.0.2.1 50000 typ host\r
a=candidate:1 2 UDP 1 192.0.2.1 50001 typ host\r
a=sendonly\r
m=text 0 TCP t140\r
c=IN IP6 2001:db8::1\r
"""


def test_what_is_read_is_written() -> None:
    session = SDPSession.parse(TEXT)
    assert str(session) == TEXT
    assert FrozenSDPSession.parse(TEXT.encode()) == session
    assert session.to_description().to_bytes().decode() == TEXT
    assert SDPSession.from_description(SessionDescription.parse(TEXT.encode())) == session


def test_what_a_stream_looks_at() -> None:
    session = FrozenSDPSession.parse(TEXT)
    audio, text = session.media
    assert (audio.media, audio.port, audio.transport) == ("audio", 50000, "RTP/AVP")
    assert (audio.formats, audio.connection) == (("9", "0", "101"), None)
    assert (audio.direction, text.direction) == ("sendonly", "sendrecv")
    assert audio.has_ice_attributes
    assert audio.has_ice_candidates
    assert not text.has_ice_candidates
    assert not session.has_ice_attributes
    assert audio.codec_list == ["G722/8000", "PCMU", "telephone-event/8000"]
    assert "ice-ufrag" in audio.attributes
    assert FrozenSDPAttribute("sendonly", "") in audio.attributes
    assert SDPAttribute("sendonly", "x") not in audio.attributes
    assert len(audio.attributes.getall("candidate")) == 2
    assert audio.attributes.getfirst("ice-ufrag") == "abcd"
    assert (audio.attributes.getfirst("mid"), audio.attributes.getfirst("mid", "-")) == (None, "-")
    assert text.connection == SDPConnection("2001:db8::1", address_type="IP6")
    assert session.attributes.getfirst("tool") == "blinkq"


def test_a_description_made_by_hand() -> None:
    session = SDPSession(
        "192.0.2.1", id=1, version=2, connection=SDPConnection("192.0.2.1"), bandwidth_info=[SDPBandwidthInfo("AS", 64)],
        media=[SDPMediaStream("audio", 4000, "RTP/AVP", port_count=2, formats=["0"], attributes=[SDPAttribute("ptime", "20")])],
    )  # fmt: skip
    assert str(session) == (
        "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns= \r\nc=IN IP4 192.0.2.1\r\nb=AS:64\r\nt=0 0\r\n"
        "m=audio 4000/2 RTP/AVP 0\r\na=ptime:20\r\n"
    )
    assert session.media[0].to_description().ptime == 20
    session.media[0].port = 0
    assert "m=audio 0/2" in str(session)
    assert 3_900_000_000 < SDPSession("192.0.2.1").id == SDPSession("192.0.2.1").version < 2**33


@pytest.mark.parametrize(
    ("normal", "frozen", "arguments"),
    [
        (SDPAttribute, FrozenSDPAttribute, ("rtpmap", "0 PCMU/8000")),
        (SDPConnection, FrozenSDPConnection, ("192.0.2.1",)),
        (SDPBandwidthInfo, FrozenSDPBandwidthInfo, ("AS", 64)),
        (SDPMediaStream, FrozenSDPMediaStream, ("audio", 4000, "RTP/AVP", 1, ["0"], SDPConnection("192.0.2.1"), [SDPAttribute("a", "b")])),
        (SDPSession, FrozenSDPSession, ("192.0.2.1", 1, 2)),
    ],
)
def test_two_kinds(normal: Any, frozen: Any, arguments: tuple[Any, ...]) -> None:
    one, other = normal(*arguments), frozen(*arguments)
    assert one == other
    assert str(one) == str(other)
    assert frozen.new(one) == normal.new(other) == one
    assert hash(frozen.new(one)) == hash(other)
    assert one != "x"
    assert repr(one).replace(normal.__name__, "X") == repr(other).replace(frozen.__name__, "X")
    with pytest.raises(TypeError):
        hash(one)
    with pytest.raises(AttributeError):
        setattr(other, frozen._fields[0], "x")
    with pytest.raises(TypeError):
        normal.new("x")


def test_a_frozen_description_is_frozen_all_the_way_down() -> None:
    frozen = FrozenSDPSession.new(SDPSession.parse(TEXT))
    assert type(frozen.media[0]) is FrozenSDPMediaStream
    assert type(frozen.media[0].attributes[0]) is FrozenSDPAttribute
    assert type(frozen.connection) is FrozenSDPConnection
    assert {frozen: 1}[FrozenSDPSession.parse(TEXT)] == 1
    thawed = SDPSession.new(frozen)
    thawed.media[0].attributes.append(SDPAttribute("x", ""))
    assert thawed != frozen


def test_codecs_are_compared_by_name_and_rate() -> None:
    codec = MediaCodec("opus", 48000)
    assert codec == "OPUS/48000"
    assert codec == "opus"
    assert codec == MediaCodec("Opus", 48000)
    assert codec != "opus/8000"
    assert codec != 1
    assert repr(codec) == "MediaCodec('opus', 48000)"


def test_impossible_descriptions_are_refused() -> None:
    with pytest.raises(ValueError, match="0 to 65535"):
        SDPMediaStream("audio", 65536, "RTP/AVP")
    with pytest.raises(TypeError, match="SDPConnection"):
        SDPSession("192.0.2.1", connection="192.0.2.1")  # type: ignore[arg-type]
    with pytest.raises(SIPCoreError, match="at most"):
        SDPSession("192.0.2.1", media=[SDPMediaStream("audio", 1, "RTP/AVP")] * 33)
    for text in ("", "v=1\r\n", "v=0\r\nm=audio\r\n", "\ud800"):
        with pytest.raises(SIPCoreError):
            SDPSession.parse(text)


@given(st.text(max_size=80), st.text("a=mc:IN4 0123/;\r\nrtpmap", max_size=120))
def test_no_text_makes_reading_fail_otherwise(head: str, tail: str) -> None:
    for text in (head, f"v=0\r\no=- 0 0 IN IP4 192.0.2.1\r\ns={head}\r\n{tail}", TEXT + tail):
        try:
            session = SDPSession.parse(text)
        except SIPCoreError:
            continue
        assert FrozenSDPSession.new(session) == session
        for line in session.media:
            assert line.direction
            assert isinstance(line.codec_list, list)
