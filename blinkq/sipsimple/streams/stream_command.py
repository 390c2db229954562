"""What the media process is told of a stream, from what was negotiated for it."""

from __future__ import annotations

from collections.abc import Callable

from blinkq.media.control import CodecFormat, CryptoKey, StartStream, StreamDirection
from blinkq.media.ice import IceCheck
from blinkq.sdp.crypto import CryptoAttribute
from blinkq.sdp.description import RTPFormat
from blinkq.sdp.negotiation import NegotiatedStream
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.streams.audio_media import PTIME

__all__ = ["stream_command", "transport_of"]


def stream_command(
    kind: Callable[..., StartStream], stream: int, mixer: int, slot: int, negotiated: NegotiatedStream, direction: StreamDirection,
    ice_pairs: tuple[IceCheck, ...] = (),
) -> StartStream:
    """A StartStream or UpdateStream (``kind``) for ``stream``, joined to ``slot`` of ``mixer``."""
    return kind(
        stream=stream, mixer=mixer, slot=slot,
        remote_address=negotiated.remote_address, remote_port=negotiated.remote_port, remote_rtcp_port=negotiated.remote_rtcp_port,
        direction=direction, send_format=_codec_format(negotiated.send_format),
        receive_formats=tuple(_codec_format(known) for known in negotiated.receive_formats),
        dtmf_send=_codec_format(negotiated.dtmf_send) if negotiated.dtmf_send else None,
        dtmf_receive=_codec_format(negotiated.dtmf_receive) if negotiated.dtmf_receive else None,
        ptime=PTIME, local_key=_crypto_key(negotiated.local_key), remote_key=_crypto_key(negotiated.remote_key),
        timeout=float(SIPSimpleSettings().rtp.timeout), cname=f"blinkq-{stream}", ice_pairs=ice_pairs,
    )  # fmt: skip


def transport_of(negotiated: NegotiatedStream, ice_active: bool = False) -> tuple[object, ...]:
    """All of a negotiation but who may speak: two that differ here sound or travel differently.

    With ``ice_active`` its addresses mean nothing to us.
    """
    address = () if ice_active else (negotiated.remote_address, negotiated.remote_port)
    return (
        address, negotiated.send_format, negotiated.receive_formats, negotiated.local_key,
        negotiated.remote_key,
    )  # fmt: skip


def _codec_format(known: RTPFormat) -> CodecFormat:
    return CodecFormat(known.payload_type, known.name, known.clock_rate, known.channels, known.parameters)


def _crypto_key(line: CryptoAttribute | None) -> CryptoKey | None:
    return None if line is None else CryptoKey(line.suite, line.key)
