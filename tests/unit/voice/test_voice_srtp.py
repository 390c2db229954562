"""SRTP with SDES keys: all suites carry packets, forgeries and replays are refused, bad keys are told."""

from __future__ import annotations

import pytest
from support.voice import key

from blinkq.media.control import CryptoKey
from blinkq.media.rtcp import ReceiverReport
from blinkq.media.rtp import RTPPacket
from blinkq.voice.srtp import SUITES, Opener, Protector, SRTPError

PACKET = RTPPacket(0, 7, 160, 0x1234, b"p" * 160).to_bytes()


@pytest.mark.parametrize("suite", SUITES)
def test_each_suite_carries_rtp_and_rtcp(suite: str) -> None:
    shared = key(1, suite, SUITES[suite])
    protector, opener = Protector(shared), Opener(shared)
    protected = protector.protect_rtp(PACKET)
    assert protected is not None
    assert protected != PACKET
    assert b"pppp" not in protected
    assert opener.open_rtp(protected) == PACKET
    report = ReceiverReport(0x1234).to_bytes()
    protected = protector.protect_rtcp(report)
    assert protected is not None
    assert protected != report
    assert opener.open_rtcp(protected) == report


def test_replays_forgeries_and_other_keys_are_refused() -> None:
    protector, opener = Protector(key(1)), Opener(key(1))
    protected = protector.protect_rtp(PACKET)
    assert protected is not None
    assert Opener(key(2)).open_rtp(protected) is None
    assert opener.open_rtp(protected[:-1] + bytes([protected[-1] ^ 1])) is None
    assert opener.open_rtp(PACKET) is None
    assert opener.open_rtp(protected) == PACKET
    assert opener.open_rtp(protected) is None
    for junk in (b"", b"\x80", bytes(12), bytes(5000)):
        assert opener.open_rtp(junk) is None
        assert opener.open_rtcp(junk) is None


def test_bad_keys_are_told() -> None:
    with pytest.raises(SRTPError, match="the SRTP suite F8_128_HMAC_SHA1_80 is not supported"):
        Protector(CryptoKey("F8_128_HMAC_SHA1_80", bytes(30)))
    with pytest.raises(SRTPError, match="has 29 bytes instead of 30"):
        Opener(CryptoKey("AES_CM_128_HMAC_SHA1_80", bytes(29)))
