"""AudioMedia: the m= lines of an audio stream, as offer and as answer, with codecs and SRTP keys by the account's policy.

It remembers what was said last, because a number, a key or a port keeps its meaning for the rest of the session (RFC 3264 §8). What this is
not: anything that sends or receives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from blinkq.base.clock import Entropy
from blinkq.sdp.crypto import DEFAULT_SUITES, KEY_SIZES, CryptoAttribute, choose, parse_all
from blinkq.sdp.description import Attribute, Direction, MediaDescription, RTPFormat, SessionDescription
from blinkq.sdp.errors import NegotiationError
from blinkq.sdp.negotiation import (
    RTP_PROFILES,
    SECURE_PROFILES,
    NegotiatedStream,
    answer_direction,
    common_formats,
    media_address,
    negotiate,
    remote_direction,
    telephone_events,
    with_payload_types,
)
from blinkq.sipsimple.streams.interface import InvalidStreamError, UnknownStreamError
from blinkq.sipsimple.streams.media_place import MediaPlace

__all__ = ["AudioMedia", "AudioPolicy", "sample_rate_of"]

PTIME = 20  # milliseconds a packet, the tick of the media process

_CODECS = {
    "opus": RTPFormat(96, "opus", 48000, 2, "useinbandfec=1"),  # RFC 7587: always announced so, whatever is really sent
    "g722": RTPFormat(9, "G722", 8000),  # sampled at 16 kHz; the clock rate is an old error that stays (RFC 3551 §4.5.2)
    "pcmu": RTPFormat(0, "PCMU", 8000),
    "pcma": RTPFormat(8, "PCMA", 8000),
}


def sample_rate_of(known: RTPFormat) -> int:
    """Samples a second of the sound in a format, which for G.722 is not its clock rate."""
    return 16000 if known.name.lower() == "g722" else known.clock_rate


@dataclass(frozen=True, slots=True)
class AudioPolicy:
    """What an account wants of its audio.

    :param codecs: names in order of preference
    :param srtp: "disabled", "optional" or "mandatory"
    :param offer_optional_keys: with "optional", offer keys: true when the signalling that carries them is encrypted, or by the user's will
    :param suites: SRTP suites in order of preference
    """

    codecs: tuple[str, ...]
    srtp: str = "disabled"
    offer_optional_keys: bool = False
    suites: tuple[str, ...] = DEFAULT_SUITES

    @property
    def formats(self) -> tuple[RTPFormat, ...]:
        """The codecs and their telephone-events."""
        codecs = [_CODECS[name.lower()] for name in self.codecs if name.lower() in _CODECS]
        return with_payload_types((*codecs, *telephone_events(codecs)))


class AudioMedia:
    """The m= lines of one stream.

    :param policy: what may be offered and accepted
    :param entropy: where keys come from
    """

    def __init__(self, policy: AudioPolicy, entropy: Entropy) -> None:
        self.policy = policy
        self._entropy = entropy
        self._last: MediaDescription | None = None
        self._negotiated: NegotiatedStream | None = None

    def check_offer(self, remote: SessionDescription, index: int) -> None:
        """Raise UnknownStreamError or InvalidStreamError unless m= line ``index`` of an offer can be accepted."""
        media = remote.media[index]
        if media.media != "audio":
            raise UnknownStreamError(f"{media.media} is not audio")
        if media.transport not in RTP_PROFILES:
            raise InvalidStreamError(f"the media transport {media.transport} is not supported")
        try:
            media_address(remote, index)
        except NegotiationError as error:
            raise InvalidStreamError(str(error)) from None
        if media.port == 0:
            raise InvalidStreamError("the offer names no place to send to")
        if not common_formats(media.rtp_formats, self.policy.formats):
            theirs, ours = _names(media.rtp_formats), _names(self.policy.formats)
            raise InvalidStreamError(f"no codec in common: the peer offers {theirs}, we have {ours}")
        offered = choose(parse_all(media.get_all("crypto")), self.policy.suites)
        if media.transport in SECURE_PROFILES and (offered is None or self.policy.srtp == "disabled"):
            why = "with keys we cannot use" if offered is None else "which is switched off"
            raise InvalidStreamError(f"the peer wants encryption (SRTP) {why}")
        if self.policy.srtp == "mandatory" and offered is None:
            raise InvalidStreamError("encryption (SRTP) is mandatory here, the peer does not offer it")
        if offered is None and self._negotiated is not None and self._negotiated.local_key is not None:
            raise InvalidStreamError("this call is encrypted (SRTP) and does not go on without it")

    def offer(self, place: MediaPlace, direction: Direction) -> MediaDescription:
        """Our offer: everything at first, later what was agreed."""
        if self._last is not None:
            attributes = (*self._kept_attributes(), *place.attributes, Attribute(direction))
            media = replace(self._last, port=place.port, connection=place.connection, attributes=attributes)
        else:
            crypto = [str(line) for line in self._new_keys()]
            transport = "RTP/SAVP" if self.policy.srtp == "mandatory" else "RTP/AVP"
            media = _describe(self.policy.formats, place, transport, crypto, direction)
        self._last = media
        return media

    def answer(self, remote: SessionDescription, index: int, place: MediaPlace, wanted: Direction) -> MediaDescription:
        """Our answer to m= line ``index``. Raises InvalidStreamError when it has become unacceptable."""
        self.check_offer(remote, index)
        media = remote.media[index]
        formats = common_formats(media.rtp_formats, self.policy.formats)
        crypto = self._answered_key(media)
        direction = answer_direction(remote_direction(remote, index), wanted)
        self._last = _describe(formats, place, media.transport, [str(crypto)] if crypto else [], direction)
        return self._last

    def agree(self, local: SessionDescription, remote: SessionDescription, index: int) -> NegotiatedStream:
        """What both descriptions say together. Raises NegotiationError, or InvalidStreamError where encryption is mandatory and missing."""
        negotiated = negotiate(local, remote, index)
        if negotiated.local_key is None and self.policy.srtp == "mandatory":
            raise InvalidStreamError("encryption (SRTP) is mandatory here, the peer refused it")
        self._last, self._negotiated = local.media[index], negotiated
        return negotiated

    def renew_key(self) -> bool:
        """Use a new key of ours from the next offer on; False when there is none to renew."""
        negotiated, last = self._negotiated, self._last
        if last is None or negotiated is None or negotiated.local_key is None:
            return False
        old = negotiated.local_key
        new = replace(old, key=self._entropy.octets(KEY_SIZES[old.suite]))
        kept = tuple(attribute for attribute in last.attributes if attribute.name != "crypto")
        self._last = replace(last, attributes=(*kept, Attribute("crypto", str(new))))
        self._negotiated = replace(negotiated, local_key=new)
        return True

    def _kept_attributes(self) -> tuple[Attribute, ...]:
        """The attributes of the last m= line, with the one key that was chosen, without place and direction."""
        assert self._last is not None
        kept = []
        for attribute in self._last.attributes:
            if attribute.name in ("sendrecv", "sendonly", "recvonly", "inactive") or MediaPlace.is_said_by(attribute.name):
                continue
            if attribute.name == "crypto" and not self._is_chosen_key(attribute):
                continue
            kept.append(attribute)
        return tuple(kept)

    def _is_chosen_key(self, attribute: Attribute) -> bool:
        if self._negotiated is None:
            return True  # nothing is agreed yet: a second offer before the first answer repeats it
        return self._negotiated.local_key is not None and CryptoAttribute.parse(attribute.value or "") == self._negotiated.local_key

    def _new_keys(self) -> list[CryptoAttribute]:
        wanted = self.policy.srtp == "mandatory" or (self.policy.srtp == "optional" and self.policy.offer_optional_keys)
        if not wanted:
            return []
        return [
            CryptoAttribute(tag, suite, self._entropy.octets(KEY_SIZES[suite])) for tag, suite in enumerate(self.policy.suites, start=1)
        ]

    def _answered_key(self, media: MediaDescription) -> CryptoAttribute | None:
        chosen = choose(parse_all(media.get_all("crypto")), self.policy.suites)
        if chosen is None or self.policy.srtp == "disabled":
            return None
        ours = self._negotiated.local_key if self._negotiated is not None else None
        if ours is not None and ours.suite == chosen.suite:  # our own sending goes on under the same key
            return replace(ours, tag=chosen.tag)
        return CryptoAttribute(chosen.tag, chosen.suite, self._entropy.octets(KEY_SIZES[chosen.suite]))


def _describe(
    formats: Iterable[RTPFormat], place: MediaPlace, transport: str, crypto: Iterable[str], direction: Direction
) -> MediaDescription:
    listed = tuple(formats)
    attributes = [Attribute("rtpmap", known.rtpmap) for known in listed]
    attributes += [Attribute("fmtp", f"{known.payload_type} {known.parameters}") for known in listed if known.parameters]
    attributes += [Attribute("crypto", line) for line in crypto]
    attributes += [Attribute("ptime", str(PTIME)), *place.attributes, Attribute(direction)]
    numbers = tuple(str(known.payload_type) for known in listed)
    return MediaDescription("audio", place.port, transport, numbers, place.connection, tuple(attributes))


def _names(formats: Iterable[RTPFormat]) -> str:
    return ", ".join(known.name for known in formats if not known.is_dtmf) or "none"
