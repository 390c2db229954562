"""The offer/answer model for RTP streams (RFC 3264) as pure functions over two descriptions.

What this is not: the decision whether a call is wanted, or which keys are allowed; callers bring their capabilities and policy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from blinkq.sdp.crypto import CryptoAttribute, parse_all
from blinkq.sdp.description import Direction, MediaDescription, RTPFormat, SessionDescription
from blinkq.sdp.errors import NegotiationError

__all__ = [
    "RTP_PROFILES", "SECURE_PROFILES", "NegotiatedStream", "answer_direction", "check_answer", "common_formats", "is_held_by",
    "media_address", "negotiate", "remote_direction", "reverse", "telephone_events", "with_payload_types",
]  # fmt: skip

RTP_PROFILES = frozenset({"RTP/AVP", "RTP/SAVP", "RTP/AVPF", "RTP/SAVPF"})
SECURE_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF"})

_REVERSED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_DYNAMIC = range(96, 128)  # RFC 3551 §6


def reverse(direction: Direction) -> Direction:
    """The same direction seen from the other end."""
    return _REVERSED[direction]


def remote_direction(remote: SessionDescription, index: int) -> Direction:
    """What the peer will do on m= line ``index``, as seen from the peer; c=0.0.0.0 means that it does not receive (RFC 2543 §B.5)."""
    direction = remote.direction_of(index)
    connection = remote.connection_of(index)
    if connection is not None and connection.unspecified:
        return _direction(sends="send" in direction, receives=False)
    return direction


def answer_direction(offered: Direction, wanted: Direction) -> Direction:
    """Our direction in an answer: what we want, as far as the offer allows it (RFC 3264 §6.1)."""
    allowed = reverse(offered)
    return _direction(sends=_sends(allowed) and _sends(wanted), receives=_receives(allowed) and _receives(wanted))


def is_held_by(direction: Direction) -> bool:
    """True when a party that states ``direction`` does not want to hear the other one: hold (RFC 3264 §8.4)."""
    return not _receives(direction)


def common_formats(offered: Iterable[RTPFormat], supported: Sequence[RTPFormat]) -> tuple[RTPFormat, ...]:
    """The formats for an answer: the offer's order and payload type numbers, our fmtp (RFC 3264 §6.1).

    Of several telephone-events only those remain whose clock rate a remaining codec has. Empty when no codec is common.
    """
    ours = {known.key: known for known in supported}
    common = []
    for theirs in offered:
        mine = ours.pop(theirs.key, None)
        if mine is not None:
            common.append(replace(mine, payload_type=theirs.payload_type))
    rates = {known.clock_rate for known in common if not known.is_dtmf}
    return tuple(known for known in common if not known.is_dtmf or known.clock_rate in rates) if rates else ()


def telephone_events(codecs: Iterable[RTPFormat]) -> tuple[RTPFormat, ...]:
    """A telephone-event format for each clock rate of ``codecs`` (RFC 4733 §2.1), payload types to be numbered."""
    rates = sorted({codec.clock_rate for codec in codecs})
    return tuple(RTPFormat(101 if rate == 8000 else 0, "telephone-event", rate, parameters="0-15") for rate in rates)


def with_payload_types(formats: Iterable[RTPFormat], used: Iterable[RTPFormat] = ()) -> tuple[RTPFormat, ...]:
    """``formats`` numbered for an offer.

    A number that meant a codec once in this session keeps that meaning (RFC 3264 §8.3.2): those of ``used`` are kept, the others get
    their own number if it is free, else a free dynamic one.
    """
    known = {old.key: old.payload_type for old in used}
    wanted = tuple(formats)
    taken = set(known.values()) | {new.payload_type for new in wanted if new.key not in known and new.payload_type < 96}
    numbered = []
    for new in wanted:
        number = known.get(new.key)
        if number is None:
            number = new.payload_type
            if (number >= 96 and number in taken) or (number == 0 and new.name.upper() != "PCMU"):
                number = next(free for free in _DYNAMIC if free not in taken and all(free != w.payload_type for w in wanted))
            taken.add(number)
        numbered.append(replace(new, payload_type=number))
    return tuple(numbered)


def check_answer(offer: SessionDescription, answer: SessionDescription) -> None:
    """Raise NegotiationError unless the answer has the offer's m= lines in number and kind (RFC 3264 §6)."""
    if len(offer.media) != len(answer.media):
        raise NegotiationError(f"the answer has {len(answer.media)} media lines, the offer has {len(offer.media)}")
    for number, (ours, theirs) in enumerate(zip(offer.media, answer.media, strict=True)):
        if ours.media != theirs.media:
            raise NegotiationError(f"media line {number} was offered as {ours.media} and answered as {theirs.media}")


@dataclass(frozen=True, slots=True)
class NegotiatedStream:
    """What offer and answer say together about one RTP stream, as seen from here. ``ptime`` in milliseconds.

    ``direction`` is what we may do; keys are None without SRTP.
    """

    direction: Direction
    remote_address: str
    remote_port: int
    remote_rtcp_port: int
    send_format: RTPFormat
    receive_formats: tuple[RTPFormat, ...]
    dtmf_send: RTPFormat | None
    dtmf_receive: RTPFormat | None
    ptime: int
    local_key: CryptoAttribute | None
    remote_key: CryptoAttribute | None


def media_address(remote: SessionDescription, index: int) -> str:
    """Where the peer wants m= line ``index``; raises NegotiationError unless that is an IP address.

    RFC 8866 §5.7 allows names too. Nobody sends them, and looking one up would let a peer hold up the voice of all calls.
    """
    connection = remote.connection_of(index)
    try:
        return str(ipaddress.ip_address(connection.address if connection is not None else ""))
    except ValueError:
        raise NegotiationError("the peer's description names no IP address") from None


def negotiate(local: SessionDescription, remote: SessionDescription, index: int) -> NegotiatedStream:
    """Combine both descriptions for RTP stream ``index``, whoever offered. Raises NegotiationError when they do not fit."""
    ours, theirs = local.media[index], remote.media[index]
    address = media_address(remote, index)
    send = _matching(theirs.rtp_formats, ours.rtp_formats)
    codecs = [known for known in send if not known.is_dtmf]
    if not codecs:
        raise NegotiationError("no codec in common")
    receive = _matching(ours.rtp_formats, theirs.rtp_formats)
    local_key, remote_key = _keys(ours, theirs)
    return NegotiatedStream(
        direction=answer_direction(remote_direction(remote, index), local.direction_of(index)),
        remote_address=address, remote_port=theirs.port, remote_rtcp_port=theirs.rtcp_port,
        send_format=codecs[0], receive_formats=tuple(known for known in receive if not known.is_dtmf),
        dtmf_send=_dtmf(send, codecs[0].clock_rate), dtmf_receive=_dtmf(receive, codecs[0].clock_rate),
        ptime=theirs.ptime or 20, local_key=local_key, remote_key=remote_key,
    )  # fmt: skip


def _matching(formats: Sequence[RTPFormat], others: Sequence[RTPFormat]) -> tuple[RTPFormat, ...]:
    keys = {other.key for other in others}
    return tuple(known for known in formats if known.key in keys)


def _dtmf(formats: Sequence[RTPFormat], clock_rate: int) -> RTPFormat | None:
    events = [known for known in formats if known.is_dtmf]
    return next((event for event in events if event.clock_rate == clock_rate), events[0] if events else None)


def _keys(ours: MediaDescription, theirs: MediaDescription) -> tuple[CryptoAttribute | None, CryptoAttribute | None]:
    """The pair of keys with the same tag and suite: the answer names one of the offer's lines (RFC 4568 §5.1.3)."""
    mine, yours = parse_all(ours.get_all("crypto")), parse_all(theirs.get_all("crypto"))
    pairs = [(one, two) for one in mine for two in yours if (one.tag, one.suite) == (two.tag, two.suite)]
    if pairs and min(len(mine), len(yours)) == 1:
        return pairs[0]
    if SECURE_PROFILES & {ours.transport, theirs.transport}:
        raise NegotiationError("the peer's SRTP keys do not fit what was offered")
    return None, None


def _direction(*, sends: bool, receives: bool) -> Direction:
    return {(True, True): "sendrecv", (True, False): "sendonly", (False, True): "recvonly", (False, False): "inactive"}[sends, receives]


def _sends(direction: Direction) -> bool:
    return direction in ("sendrecv", "sendonly")


def _receives(direction: Direction) -> bool:
    return direction in ("sendrecv", "recvonly")
