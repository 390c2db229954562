"""Session descriptions: what is read from real peers' bytes, and what is written."""

from __future__ import annotations

import pytest

from blinkq.sdp.description import (
    MAX_FORMATS,
    MAX_LINES,
    MAX_MEDIA,
    MAX_SIZE,
    Attribute,
    Connection,
    MediaDescription,
    Origin,
    RTPFormat,
    SessionDescription,
)
from blinkq.sdp.errors import SDPError

BARESIP = (
    b"v=0\r\no=- 4112345678 2398457 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=tool:baresip 1.0.0\r\n"
    b"m=audio 10060 RTP/AVP 96 9 0 101\r\nb=AS:125\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 stereo=1;sprop-stereo=1\r\n"
    b"a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp:10061\r\n"
    b"a=sendrecv\r\na=label:1\r\na=ptime:20\r\n"
)


def description(media: str = "", session: str = "c=IN IP4 192.0.2.1\n") -> SessionDescription:
    return SessionDescription.parse(f"v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\n{session}t=0 0\n{media}".encode())


def test_reads_an_offer() -> None:
    offer = SessionDescription.parse(BARESIP)
    media = offer.media[0]
    assert offer.origin == Origin("127.0.0.1", "4112345678", 2398457)
    assert (media.media, media.port, media.transport, media.ptime, media.rtcp_port) == ("audio", 10060, "RTP/AVP", 20, 10061)
    assert media.rtp_formats == (
        RTPFormat(96, "opus", 48000, 2, "stereo=1;sprop-stereo=1"),
        RTPFormat(9, "G722", 8000),
        RTPFormat(0, "PCMU", 8000),
        RTPFormat(101, "telephone-event", 8000, 1, "0-15"),
    )
    assert offer.connection_of(0) == Connection("127.0.0.1")
    assert offer.direction_of(0) == "sendrecv"


def test_what_is_written_reads_the_same() -> None:
    offer = SessionDescription.parse(BARESIP)
    assert SessionDescription.parse(offer.to_bytes()) == offer


def test_writes_in_the_order_of_the_rfc() -> None:
    media = MediaDescription("audio", 4000, "RTP/AVP", ("0",), Connection.of("2001:db8::1"), (Attribute("inactive"),), port_count=2)
    text = SessionDescription(Origin("192.0.2.1"), (media,), connection=Connection.of("192.0.2.1")).to_bytes().decode()
    assert text.split("\r\n") == [
        "v=0", "o=- 0 0 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 4000/2 RTP/AVP 0", "c=IN IP6 2001:db8::1",
        "a=inactive", "",
    ]  # fmt: skip


def test_static_payload_types_need_no_rtpmap() -> None:
    media = description("m=audio 4000 RTP/AVP 8 0 9 34 97 nonsense 200\n").media[0]
    assert [known.name for known in media.rtp_formats] == ["PCMA", "PCMU", "G722"]


def test_a_broken_rtpmap_is_as_none() -> None:
    maps = "a=rtpmap:96\na=rtpmap:97 x/0\na=rtpmap:98 /8000\na=rtpmap:99 y/8000/z\na=fmtp:x 1\n"
    media = description("m=audio 4000 RTP/AVP 96 97 98 99\n" + maps).media[0]
    assert media.rtp_formats == (RTPFormat(99, "y", 8000),)


def test_the_media_direction_wins_over_the_session_direction() -> None:
    session = "c=IN IP4 192.0.2.1\na=recvonly\n"
    assert description("m=audio 4000 RTP/AVP 0\n", session).direction_of(0) == "recvonly"
    assert description("m=audio 4000 RTP/AVP 0\na=sendonly\n", session).direction_of(0) == "sendonly"


def test_the_media_connection_wins_and_the_first_of_several_counts() -> None:
    offer = description("m=audio 4000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127\nc=IN IP4 224.2.1.2/127\nm=audio 5000 RTP/AVP 0\n")
    assert offer.connection_of(0) == Connection("224.2.1.1")
    assert offer.connection_of(1) == Connection("192.0.2.1")


@pytest.mark.parametrize(("attribute", "port"), [("a=rtcp:5 IN IP4 192.0.2.9", 5), ("a=rtcp:0", 4001), ("a=rtcp:x", 4001), ("a=x", 4001)])
def test_rtcp_port(attribute: str, port: int) -> None:
    assert description(f"m=audio 4000 RTP/AVP 0\n{attribute}\n").media[0].rtcp_port == port


def test_there_is_no_rtcp_port_after_the_last_one_or_without_a_port() -> None:
    assert MediaDescription.parse("audio 65535 RTP/AVP 0").rtcp_port == 0
    assert MediaDescription.parse("audio 0 RTP/AVP 0").rtcp_port == 0


@pytest.mark.parametrize(("text", "ptime"), [("30", 30), ("0", None), ("x", None), ("5000", None), ("9" * 30, None)])
def test_ptime_is_taken_only_when_sensible(text: str, ptime: int | None) -> None:
    assert description(f"m=audio 4000 RTP/AVP 0\na=ptime:{text}\n").media[0].ptime == ptime


def test_flags_and_values_of_attributes() -> None:
    media = description("m=audio 4000 RTP/AVP 0\na=rtcp-mux\na=x:1\na=x:2\n").media[0]
    assert media.get("rtcp-mux") == ""
    assert media.get("x") == "1"
    assert media.get("none") is None
    assert media.get_all("x") == ["1", "2"]
    assert str(media.attributes[0]) == "rtcp-mux"


def test_the_version_rises_only_with_a_change() -> None:
    offer = SessionDescription.parse(BARESIP)
    assert offer.next_version(offer.media) is offer
    changed = offer.next_version([offer.media[0].rejected()])
    assert changed.origin.version == offer.origin.version + 1
    assert changed.media[0] == MediaDescription("audio", 0, "RTP/AVP", ("96", "9", "0", "101"))


def test_unspecified_addresses() -> None:
    assert Connection.of("0.0.0.0").unspecified
    assert Connection.of("::").unspecified
    assert not Connection.of("192.0.2.1").unspecified


@pytest.mark.parametrize(
    "text",
    [
        b"", b"hello", b"v=1\r\n", b"v=0\r\ns=-\r\n", b"v=0\r\no=- 1 IN IP4 x\r\n", b"v=0\r\no=- 1 x IN IP4 x\r\n",
        b"v=0\no=- 1 1 IN IP4 x\nc=IN IP5 x\n", b"v=0\no=- 1 1 IN IP4 x\nc=IN IP4\n", b"v=0\no=- 1 1 IN IP4 x\nm=audio x RTP/AVP 0\n",
        b"v=0\no=- 1 1 IN IP4 x\nm=audio 65536 RTP/AVP 0\n", b"v=0\no=- 1 1 IN IP4 x\nm=audio 1/x RTP/AVP 0\n",
        b"v=0\no=- 1 1 IN IP4 x\nm=audio 1 RTP/AVP\n", b"v=0\nnonsense\n", b"v=0\nxx=1\n", b"v=0\r\n" + b"a=" + b"x" * MAX_SIZE,
        b"v=0\n" + b"a=x\n" * MAX_LINES, b"v=0\no=- 1 1 IN IP4 x\n" + b"m=audio 1 RTP/AVP 0\n" * (MAX_MEDIA + 1),
        b"v=0\no=- 1 1 IN IP4 x\nm=audio 1 RTP/AVP" + b" 0" * (MAX_FORMATS + 1) + b"\n",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(text: bytes) -> None:
    with pytest.raises(SDPError):
        SessionDescription.parse(text)


def test_unknown_lines_and_a_missing_connection_are_no_error() -> None:
    offer = SessionDescription.parse(b"v=0\no=- 1 1 IN IP4 x\ns=first\nz=0 0\nk=clear:x\nm=audio 1 RTP/AVP 0\ni=title\ns=later\n")
    assert offer.connection_of(0) is None
    assert offer.name == "first"
