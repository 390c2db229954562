"""The audio codecs there are, by their SDP names, and how to make their two halves.

Also what a description needs to offer them: static payload types (RFC 3551 §6), RTP clock rates, channels and format
parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from blinkq.media.codecs import g711, g722, opus
from blinkq.media.codecs.codec import CodecError, Decoder, Encoder
from blinkq.media.control import CodecFormat

__all__ = ["CODECS", "CodecInfo", "create_decoder", "create_encoder", "find", "format_parameters", "supported_names"]


@dataclass(frozen=True, slots=True)
class CodecInfo:
    """One codec: SDP name, RTP clock rate and channels as in a=rtpmap, static payload type or None, our a=fmtp
    parameters, PCM rate."""

    name: str
    clock_rate: int
    channels: int
    payload_type: int | None
    parameters: str
    sample_rate: int
    is_available: Callable[[], bool]


def _always() -> bool:
    return True


#: By SDP name in lower case (encoding names compare without case, RFC 4855 §3); in the order of preference.
CODECS: Mapping[str, CodecInfo] = MappingProxyType(
    {
        "opus": CodecInfo("opus", 48000, 2, None, "useinbandfec=1", opus.SAMPLE_RATE, opus.is_available),
        "g722": CodecInfo("G722", 8000, 1, 9, "", g722.SAMPLE_RATE, g722.is_available),
        "pcmu": CodecInfo("PCMU", 8000, 1, 0, "", g711.SAMPLE_RATE, _always),
        "pcma": CodecInfo("PCMA", 8000, 1, 8, "", g711.SAMPLE_RATE, _always),
    }
)


def supported_names() -> tuple[str, ...]:
    """Return the SDP names of the codecs that can be used on this machine, best first."""
    return tuple(info.name for info in CODECS.values() if info.is_available())


def find(name: str) -> CodecInfo | None:
    """Return the codec of an SDP encoding name in any case, or None."""
    return CODECS.get(name.lower())


def create_encoder(format: CodecFormat) -> Encoder:
    """Return an encoder for ``format``, whose parameters are those the peer gave (what it wishes to receive).

    Raises CodecError when the codec is unknown or its library is missing.
    """
    match format.name.lower():
        case "pcmu" | "pcma" as name:
            return g711.G711Encoder(name)
        case "g722":
            return g722.G722Encoder()
        case "opus":
            return _opus_encoder(format_parameters(format.parameters))
    raise CodecError(f"The codec {format.name} is not known here.")


def create_decoder(format: CodecFormat) -> Decoder:
    """Return a decoder for ``format``. Raises CodecError when the codec is unknown or its library is missing."""
    match format.name.lower():
        case "pcmu" | "pcma" as name:
            return g711.G711Decoder(name)
        case "g722":
            return g722.G722Decoder()
        case "opus":
            return opus.OpusDecoder()
    raise CodecError(f"The codec {format.name} is not known here.")


def format_parameters(text: str) -> dict[str, str]:
    """Return the ``name=value`` pairs of an a=fmtp value, names in lower case."""
    pairs = (item.partition("=") for item in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _opus_encoder(parameters: Mapping[str, str]) -> Encoder:
    """An encoder within what the peer asked for (RFC 7587 §6.1); values that make no sense count as not given."""

    def number(name: str, default: int) -> int:
        value = parameters.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 9 and int(value) else default

    return opus.OpusEncoder(
        bitrate=min(opus.DEFAULT_BITRATE, number("maxaveragebitrate", opus.DEFAULT_BITRATE)),
        # A peer that does not say useinbandfec=1 may still not decode it: the bits are spent only where they are used.
        fec=parameters.get("useinbandfec") == "1",
        dtx=parameters.get("usedtx") == "1",
        cbr=parameters.get("cbr") == "1",
        playback_rate=number("maxplaybackrate", opus.SAMPLE_RATE),
    )
