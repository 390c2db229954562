"""Words out of closed sets, and names."""

from __future__ import annotations

import os
import re
from typing import Any, ClassVar

__all__ = [
    "AudioCodec", "CountryCode", "H264Profile", "MIMEType", "MSRPConnectionModel", "MSRPRelayTransport", "MSRPTransport", "Path",
    "SIPTransport", "SRTPEncryption", "SRTPKeyNegotiation", "TLSProtocol", "VideoCodec", "Word", "XCAPRoot",
]  # fmt: skip

_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+*-]+", re.ASCII)
_XCAP_ROOT = re.compile(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", re.ASCII | re.IGNORECASE)


class Word(str):
    """One of a closed set of words, told apart without regard to case: a subclass names them."""

    valid_values: ClassVar[tuple[str, ...]] = ()
    #: what it is, with its article, for the message of the ValueError
    what: ClassVar[str] = "this"

    def __new__(cls, value: str) -> Any:
        for word in cls.valid_values:
            if str(value).lower() == word.lower():
                return str.__new__(cls, word)
        raise ValueError(f"{cls.what} is one of {', '.join(cls.valid_values)}, not {value!r}")


class SIPTransport(Word):
    """udp, tcp or tls."""

    valid_values = ("udp", "tcp", "tls")
    what = "a transport"


class SRTPEncryption(Word):
    """Whether calls are encrypted: disabled, optional (where the peer can) or mandatory."""

    valid_values = ("disabled", "optional", "mandatory")
    what = "media encryption"


class SRTPKeyNegotiation(Word):
    """How keys for calls are agreed: opportunistic (optional, by whatever means both have), sdes_optional or sdes_mandatory."""

    valid_values = ("opportunistic", "sdes_optional", "sdes_mandatory")
    what = "a key negotiation"


class MSRPTransport(Word):
    """tls or tcp."""

    valid_values = ("tls", "tcp")
    what = "an MSRP transport"


class MSRPRelayTransport(Word):
    """tls or tcp; wss or ws for WebSocket with TLS or without (RFC 7977)."""

    valid_values = ("tls", "tcp", "wss", "ws")
    what = "a relay's transport"


class MSRPConnectionModel(Word):
    """relay or acm (straight between the parties, RFC 6135)."""

    valid_values = ("relay", "acm")
    what = "an MSRP connection model"


class H264Profile(Word):
    """baseline, main or high."""

    valid_values = ("baseline", "main", "high")
    what = "an H.264 profile"


class TLSProtocol(Word):
    """TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3."""

    valid_values = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    what = "a TLS protocol"


class AudioCodec(Word):
    """opus, G722, PCMU or PCMA."""

    valid_values = ("opus", "G722", "PCMU", "PCMA")
    what = "an audio codec"


class VideoCodec(Word):
    """H264, VP9 or VP8."""

    valid_values = ("H264", "VP9", "VP8")
    what = "a video codec"


class CountryCode(str):
    """The calling code of a country: one to four digits, the first one not 0."""

    def __new__(cls, value: object) -> CountryCode:
        text = str(value).strip().removeprefix("+")
        if not re.fullmatch(r"[1-9]\d{0,3}", text, re.ASCII):
            raise ValueError(f"a country code is one to four digits like 31, not {value!r}")
        return str.__new__(cls, text)


class MIMEType(str):
    """A type of content like text/plain, or ``*``."""

    def __new__(cls, value: str) -> MIMEType:
        text = str(value).strip().lower()
        if text != "*" and not _MIME.fullmatch(text):
            raise ValueError(f"a content type is written like text/plain, not {value!r}")
        return str.__new__(cls, text)


class XCAPRoot(str):
    """The http or https address of an XCAP server (RFC 4825 §6.1)."""

    def __new__(cls, value: str) -> XCAPRoot:
        text = str(value).strip()
        if not _XCAP_ROOT.fullmatch(text):
            raise ValueError(f"an XCAP root is written like https://xcap.example.com/root, not {value!r}")
        return str.__new__(cls, text)


class Path(str):
    """A file or directory; ``~`` stands for the home directory and stays in the settings."""

    def __new__(cls, path: str) -> Path:
        if not str(path) or "\0" in str(path):
            raise ValueError(f"a file or directory is wanted, not {path!r}")
        return str.__new__(cls, os.path.normpath(str(path)))

    @property
    def normalized(self) -> str:
        """The absolute path."""
        return os.path.abspath(os.path.expanduser(self))
