"""AudioTransport: the sound of a call that a script puts together itself, over an RTPTransport. A Session has an AudioStream instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.engine.loop import in_engine
from blinkq.engine.media_errors import MediaError
from blinkq.media.control import (
    DTMFReceived,
    Event,
    SendDTMF,
    StartStream,
    StopStream,
    StreamDirection,
    StreamStatistics,
    StreamTimedOut,
    UpdateStream,
)
from blinkq.sdp.description import DIRECTIONS
from blinkq.sdp.errors import SDPError
from blinkq.sdp.negotiation import NegotiatedStream
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core.rtp_transport import RTPTransport
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.sip_uri import SIPCoreError
from blinkq.sipsimple.streams.audio_media import AudioMedia, AudioPolicy, sample_rate_of
from blinkq.sipsimple.streams.interface import StreamError
from blinkq.sipsimple.streams.stream_command import stream_command
from blinkq.sipsimple.values.sdp import BaseSDPSession, SDPMediaStream

__all__ = ["AudioTransport"]

DTMF_DURATION = 100  # milliseconds


class AudioTransport:
    """Sound over ``transport``, on a slot of ``mixer``.

    :param remote_sdp: the peer's offer, if it is the peer who offers
    :param sdp_index: the number of its m= line
    :param enable_silence_detection: kept for the SDK's sake; silence is sent as sound
    :param codecs: names in order of preference, None for those of the settings

    Posts RTPAudioStreamGotDTMF and RTPAudioTransportDidTimeout. To be used from one thread at a time. Raises SIPCoreError unless the
    transport is initialised, or when the offer cannot be accepted.
    """

    def __init__(
        self, mixer: AudioMixer, transport: RTPTransport, remote_sdp: BaseSDPSession | None = None, sdp_index: int = 0,
        enable_silence_detection: bool = False, codecs: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        if transport.state != "INIT":
            raise SIPCoreError(f"the RTPTransport is in state {transport.state}, not INIT")
        self.mixer = mixer
        self.transport = transport
        self.enable_silence_detection = enable_silence_detection
        self.slot: int | None = None
        self._statistics: StreamStatistics | None = None
        self._direction = "sendrecv"
        self._negotiated: NegotiatedStream | None = None
        self._timeout = 0.0
        self._running = False
        names = tuple(codecs) if codecs else tuple(str(name) for name in SIPSimpleSettings().rtp.audio_codec_list)
        policy = AudioPolicy(names, transport.srtp_policy, offer_optional_keys=transport.encryption is not None)
        self._media = AudioMedia(policy, Runtime.current().entropy)
        if remote_sdp is not None:
            self._ask(lambda: self._media.check_offer(remote_sdp.to_description(), sdp_index))
        self._offer = (remote_sdp, sdp_index)
        transport.take_role(offers=remote_sdp is None)
        transport.on_event, transport.on_way = self._media_event, self._way_found

    # what is known -------------------------------------------------------------------------------------------------------------------

    @property
    def is_started(self) -> bool:
        """True from ``start()`` to ``stop()``."""
        return self._negotiated is not None

    @property
    def is_active(self) -> bool:
        """True while RTP flows or may flow: with ICE only when it has found a way."""
        return self._running

    @property
    def codec(self) -> str | None:
        """The name of the codec we send with, once started."""
        return self._negotiated.send_format.name if self._negotiated is not None else None

    @property
    def sample_rate(self) -> int | None:
        """Samples a second of that codec."""
        return sample_rate_of(self._negotiated.send_format) if self._negotiated is not None else None

    @property
    def direction(self) -> str:
        """What we do: "sendrecv", "sendonly", "recvonly" or "inactive"."""
        return self._direction

    @property
    def statistics(self) -> dict[str, Any] | None:
        """The figures of the last second as a dictionary (see StreamStatistics); None before there are any."""
        return asdict(self._statistics) if self._statistics is not None else None

    # the life ------------------------------------------------------------------------------------------------------------------------

    def get_local_media(self, remote_sdp: BaseSDPSession | None = None, index: int = 0, direction: str = "sendrecv") -> SDPMediaStream:
        """Our m= line: an offer, or the answer to ``remote_sdp``. Raises SIPCoreError when that cannot be accepted."""
        if direction not in DIRECTIONS:
            raise ValueError(f"{direction!r} is no direction")
        offer, number = (remote_sdp, index) if remote_sdp is not None else self._offer
        place = self.transport.place(for_offer=offer is None)
        if offer is None:
            media = self._media.offer(place, direction)
        else:
            description = offer.to_description()
            media = self._ask(lambda: self._media.answer(description, number, place, direction))
        return SDPMediaStream.from_description(media)

    def start(self, local_sdp: BaseSDPSession, remote_sdp: BaseSDPSession, sdp_index: int, timeout: float = 30) -> None:
        """Send and receive. Raises SIPCoreError when the descriptions do not fit, IllegalStateError when it is started.

        :param timeout: seconds without packets before RTPAudioTransportDidTimeout, 0 for never
        """
        if self._negotiated is not None:
            raise IllegalStateError("the AudioTransport is started already")
        ours, theirs = local_sdp.to_description(), remote_sdp.to_description()
        self._negotiated = self._ask(lambda: self._media.agree(ours, theirs, sdp_index))
        self._direction, self._timeout = self._negotiated.direction, float(timeout)
        self.slot = self.mixer.allocate_slot()
        self.transport.set_ESTABLISHED(local_sdp, remote_sdp, sdp_index)

    def stop(self) -> None:
        """Send and receive no more; the transport stays open. Idempotent."""
        slot, self.slot = self.slot, None
        self._negotiated = None
        self._running = False
        if slot is not None:
            self.transport.send(StopStream(self.transport.number))
            self.mixer.release_slot(slot)

    def update_direction(self, direction: str) -> None:
        """Hold or resume. ValueError for what is no direction."""
        if direction not in DIRECTIONS:
            raise ValueError(f"{direction!r} is no direction")
        self._direction = direction
        self._refresh()

    def update_sdp(self, local_sdp: BaseSDPSession, remote_sdp: BaseSDPSession, sdp_index: int) -> None:
        """Apply a new negotiation. Raises SIPCoreError, IllegalStateError before ``start()``."""
        if self._negotiated is None:
            raise IllegalStateError("the AudioTransport is not started")
        ours, theirs = local_sdp.to_description(), remote_sdp.to_description()
        self._negotiated = self._ask(lambda: self._media.agree(ours, theirs, sdp_index))
        self._direction = self._negotiated.direction
        self.transport.agree(ours, theirs, sdp_index)

    def send_dtmf(self, digit: str) -> None:
        """Send one of 0-9, A-D, *, #. Raises SIPCoreError for others, before ``start()``, and when the peer cannot receive tones."""
        if len(digit) != 1 or digit.upper() not in "0123456789*#ABCD":
            raise SIPCoreError(f"{digit!r} is not a DTMF digit")
        if self._negotiated is None or self._negotiated.dtmf_send is None:
            raise SIPCoreError("tones cannot be sent now")
        self.transport.send(SendDTMF(self.transport.number, digit.upper(), DTMF_DURATION))

    # the media process ---------------------------------------------------------------------------------------------------------------

    @in_engine
    def _refresh(self) -> None:
        if self._running:
            self.transport.send(self._command(UpdateStream))

    def _way_found(self) -> None:
        """On the engine thread: the way for the media is known, or another one."""
        if self._negotiated is None or self.transport.looking:
            return
        if self._running:
            self._refresh()
            return
        self._running = True
        Runtime.spawn(self._start(self._command(StartStream)))

    async def _start(self, command: StartStream) -> None:
        try:
            await Runtime.current().media.request(command)
        except MediaError as error:
            self._running = False
            post("RTPTransportDidFail", self.transport, reason=str(error))

    def _command(self, kind: Callable[..., StartStream]) -> StartStream:
        assert self._negotiated is not None
        assert self.slot is not None
        direction, number = StreamDirection(self._direction), self.transport.number
        told = stream_command(kind, number, self.mixer.number, self.slot, self._negotiated, direction, self.transport.pairs)
        return replace(told, timeout=self._timeout)

    def _media_event(self, event: Event) -> None:
        if isinstance(event, StreamStatistics):
            self._statistics = event
        elif isinstance(event, DTMFReceived):
            post("RTPAudioStreamGotDTMF", self, digit=event.digit)
        elif isinstance(event, StreamTimedOut):
            post("RTPAudioTransportDidTimeout", self)

    @staticmethod
    def _ask(question: Callable[[], Any]) -> Any:
        try:
            return question()
        except (SDPError, StreamError) as error:
            raise SIPCoreError(str(error)) from error
