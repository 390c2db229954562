"""No bytes from a peer make the description parser or the negotiation raise anything but SDPError."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blinkq.sdp.crypto import CryptoAttribute
from blinkq.sdp.description import SessionDescription
from blinkq.sdp.errors import SDPError
from blinkq.sdp.ice import Candidate, IceDescription, defaults_match
from blinkq.sdp.negotiation import check_answer, common_formats, negotiate, remote_direction, with_payload_types

LINES = st.sampled_from(
    [
        "v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0", "t=0 0", "m=audio 4000 RTP/AVP 0 96 101",
        "m=audio 0 RTP/SAVP 0", "m=video 1 RTP/AVP 99", "a=rtpmap:96 opus/48000/2", "a=rtpmap:0 PCMU/8000", "a=fmtp:96 x=1", "a=sendonly",
        "a=ice-ufrag:abcd", "a=ice-pwd:" + "p" * 22, "a=candidate:1 1 UDP 1 192.0.2.1 4000 typ host", "a=ice-lite", "a=ice-mismatch",
        "a=candidate:1 1 UDP 1 x 4000 typ srflx raddr 10.0.0.1 rport 1", "a=remote-candidates:1 192.0.2.1 4000", "a=end-of-candidates",
        "a=inactive", "a=ptime:20", "a=rtcp:9", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40, "a=", "m=", "=",
    ]
)  # fmt: skip
OURS = SessionDescription.parse(
    b"v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 5000 RTP/AVP 96 0\na=rtpmap:96 opus/48000/2\n"
)


_NOTHING: dict[str, Any] = {"ufrag": "", "password": "", "candidates": (), "remote_candidates": (), "complete": False}


def use(data: bytes) -> None:
    try:
        theirs = SessionDescription.parse(data)
        again = SessionDescription.parse(theirs.to_bytes())
        assert again.media == theirs.media
        for index, media in enumerate(theirs.media):
            assert len(common_formats(media.rtp_formats, OURS.media[0].rtp_formats)) <= 2
            assert with_payload_types(OURS.media[0].rtp_formats, media.rtp_formats)
            remote_direction(theirs, index)
            ice = IceDescription.of(theirs, index)
            if ice is not None:
                defaults_match(theirs, index, ice)
                described = replace(OURS, media=(replace(OURS.media[0], attributes=ice.attributes()),))
                assert IceDescription.of(described, 0) == replace(ice, lite=False, **_NOTHING if ice.mismatch else {})
        check_answer(OURS, theirs)
        negotiate(OURS, theirs, 0)
    except SDPError:
        pass


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    use(data)


@given(st.lists(LINES | st.text(max_size=30), max_size=25))
def test_lines_in_any_order(lines: list[str]) -> None:
    use("\r\n".join(["v=0", "o=- 1 1 IN IP4 x", *lines]).encode("utf-8", "surrogatepass"))


@given(st.text(max_size=120))
def test_any_crypto_line(text: str) -> None:
    line = CryptoAttribute.parse(text)
    assert line is None or CryptoAttribute.parse(str(line)) == line


WORDS = st.sampled_from(["1", "UDP", "typ", "host", "srflx", "192.0.2.1", "::1", "4000", "raddr", "rport", "99999999999", "-1", "٣"])


TAILS = st.lists(WORDS).map(lambda words: " ".join(["1 1 UDP 1 ::1 1 typ host", *words]))


@given(st.text(max_size=120) | st.lists(WORDS).map(" ".join) | TAILS)
def test_candidates(value: str) -> None:
    candidate = Candidate.parse(value)
    assert candidate is None or Candidate.parse(str(candidate)) is not None
