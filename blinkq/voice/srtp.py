"""SRTP and SRTCP of one stream with SDES keys (RFC 3711, RFC 4568, RFC 7714), by libsrtp.

Each direction has its own key. The rollover counter lives inside: a Protector or an Opener is kept as long as its key is used.
"""

from __future__ import annotations

from typing import Any

from blinkq.base.errors import BlinkQError
from blinkq.media.control import CryptoKey

__all__ = ["SUITES", "Opener", "Protector", "SRTPError", "check_key"]

#: Suites of RFC 4568 and RFC 7714 that libsrtp carries, with the length of master key and salt in bytes.
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}

#: Packets that may arrive out of order and still be told from replays (RFC 3711 §3.3.2 wants 64 at least).
_REPLAY_WINDOW = 1024


class SRTPError(BlinkQError):
    """A key that cannot be used; what a peer sends never raises."""


class Protector:
    """Protects what we send under ``key``. Raises SRTPError for an unusable key."""

    def __init__(self, key: CryptoKey) -> None:
        self.key = key
        self._session, self._error = _session(key, inbound=False)

    def protect_rtp(self, packet: bytes) -> bytes | None:
        """The protected packet, or None when libsrtp refuses (the key is used up: RFC 3711 §9.2)."""
        return _process(self._session.protect, self._error, packet)

    def protect_rtcp(self, packet: bytes) -> bytes | None:
        """The SRTCP packet, or None when libsrtp refuses."""
        return _process(self._session.protect_rtcp, self._error, packet)


class Opener:
    """Opens what the peer protected under ``key``. Raises SRTPError for an unusable key."""

    def __init__(self, key: CryptoKey) -> None:
        self.key = key
        self._session, self._error = _session(key, inbound=True)

    def open_rtp(self, packet: bytes) -> bytes | None:
        """The plain packet, or None when it is forged, replayed or damaged."""
        return _process(self._session.unprotect, self._error, packet)

    def open_rtcp(self, packet: bytes) -> bytes | None:
        """The RTCP packet within, or None when it is forged, replayed or no SRTCP."""
        return _process(self._session.unprotect_rtcp, self._error, packet)


def check_key(key: CryptoKey) -> None:
    """Raise SRTPError when ``key`` cannot be used."""
    length = SUITES.get(key.suite)
    if length is None:
        raise SRTPError(f"the SRTP suite {key.suite} is not supported")
    if len(key.key) != length:
        raise SRTPError(f"the key for {key.suite} has {len(key.key)} bytes instead of {length}")


def _process(function: Any, error: type[Exception], packet: bytes) -> bytes | None:
    try:
        result: bytes = function(packet)
    except (error, ValueError):
        return None
    return result


def _session(key: CryptoKey, *, inbound: bool) -> tuple[Any, type[Exception]]:
    # Imported here and not at the top: plain calls and an idle process do without the library's memory and start-up time.
    import pylibsrtp

    check_key(key)
    profiles = {
        "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
        "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
        "AEAD_AES_128_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
        "AEAD_AES_256_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    }
    ssrc_type = pylibsrtp.Policy.SSRC_ANY_INBOUND if inbound else pylibsrtp.Policy.SSRC_ANY_OUTBOUND
    policy = pylibsrtp.Policy(key=key.key, ssrc_type=ssrc_type, srtp_profile=profiles[key.suite])
    policy.window_size = _REPLAY_WINDOW
    return pylibsrtp.Session(policy), pylibsrtp.Error
