"""AudioStream: the sound of a session over RTP.

It negotiates (``audio_media.py``), tells the media process what to do, and is a port for audio bridges. Its methods for the session are
called on the engine thread, those for applications from any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from zope.interface import implementer

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.base.logging import get_logger
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.engine.loop import in_engine
from blinkq.engine.media_errors import MediaError
from blinkq.media.control import (
    CloseTransport,
    DTMFReceived,
    Event,
    OpenTransport,
    RemoteAddressChanged,
    SendDTMF,
    StartStream,
    StreamDirection,
    StreamStatistics,
    StreamTimedOut,
    TransportOpened,
    UpdateStream,
)
from blinkq.media.ice_control import IceFailed, IceSucceeded
from blinkq.sdp.description import Connection, MediaDescription, SessionDescription
from blinkq.sdp.errors import SDPError
from blinkq.sdp.negotiation import is_held_by, remote_direction
from blinkq.sipsimple.audio_bridge import AudioBridge, AudioDevice, IAudioPort, announce_slots
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams.audio_media import AudioMedia, AudioPolicy
from blinkq.sipsimple.streams.ice import StreamICE, peer_of
from blinkq.sipsimple.streams.interface import IMediaStream, StreamError
from blinkq.sipsimple.streams.media_place import MediaPlace
from blinkq.sipsimple.streams.recording import StreamRecorder
from blinkq.sipsimple.streams.registry import MediaStreamRegistrar
from blinkq.sipsimple.streams.rtp_facts import RTPFacts
from blinkq.sipsimple.streams.stream_command import stream_command, transport_of

if TYPE_CHECKING:
    from blinkq.sipsimple.session import Session

__all__ = ["AudioStream"]

log = get_logger("sipsimple.audio_stream")

DTMF_DIGITS = frozenset("0123456789*#ABCD")
DTMF_DURATION = 100  # milliseconds; RFC 4733 asks for at least 40, gateways like more


@implementer(IMediaStream, IAudioPort)
class AudioStream(RTPFacts, metaclass=MediaStreamRegistrar):
    """An audio stream.

    :param account: the account whose codecs and encryption policy count

    ``bridge`` always contains ``device`` (microphone and loudspeaker), the stream itself while it is started and not on hold, and a
    recorder while recording. ``statistics`` is the last StreamStatistics of the media process, or None.
    """

    type: ClassVar[str] = "audio"
    priority: ClassVar[int] = 1
    hold_supported: ClassVar[bool] = True
    takes_descriptions: ClassVar[bool] = True

    def __init__(self, account: Any = None) -> None:
        mixer = Runtime.voice_audio_mixer
        if mixer is None:
            raise IllegalStateError("an audio stream needs a running application")
        super().__init__()
        self.account = account
        self.mixer: AudioMixer = mixer
        self.bridge = AudioBridge(mixer)
        self.device = AudioDevice(mixer)
        self.bridge.add(self.device)
        self.statistics: StreamStatistics | None = None
        self._number = MediaEvents().number()
        self._slot: int | None = None
        self._muted = False
        self._local_rtcp_port = 0
        self._media: AudioMedia | None = None
        self._offer: tuple[SessionDescription, int] | None = None
        self._told: StartStream | None = None  # what the media process was told last, as an UpdateStream
        self._recorder = StreamRecorder(self)

    # what is known, beside RTPFacts ----------------------------------------------------------------------------------------------------

    @property
    def offer_due(self) -> bool:
        """Whether the peer must be told in a re-INVITE where media goes now that ICE has selected a way."""
        return self._ice is not None and self._ice.offer_due

    @property
    def recording_filename(self) -> str | None:
        """Full path of the file being recorded to, or None."""
        recording = self._recorder.current
        return recording.filename if recording is not None else None

    @property
    def recording_active(self) -> bool:
        """Whether the stream is being recorded."""
        return self._recorder.current is not None

    # IAudioPort ----------------------------------------------------------------------------------------------------------------------

    @property
    def consumer_slot(self) -> int | None:
        """The slot whose sound goes to the peer; None before the start, and while muted."""
        return None if self._muted else self._slot

    @property
    def producer_slot(self) -> int | None:
        """The slot that carries what the peer says."""
        return self._slot

    @property
    def muted(self) -> bool:
        """Whether the peer hears nothing of this bridge; the stream goes on in silence."""
        return self._muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        before = self.consumer_slot, self.producer_slot
        self._muted = bool(muted)
        announce_slots(self, *before)

    # for applications ----------------------------------------------------------------------------------------------------------------

    def start_recording(self, filename: str | None = None) -> None:
        """Record both directions to a WAV file; nothing is written while the stream is on hold.

        :param filename: path, relative to the account's folder for recordings; None makes a name of time, peer and direction

        Raises IllegalStateError (a RuntimeError) unless the stream is started and not being recorded, SIPCoreError when the folder cannot
        be made. Posts AudioStreamWillStartRecordingAudio, AudioStreamDidStartRecordingAudio.
        """
        if self._state != "ESTABLISHED":
            raise IllegalStateError("a stream can only be recorded while it is started")
        recording = self._recorder.start(filename)
        if not self.on_hold:
            self.bridge.add(recording.recorder)

    def stop_recording(self) -> None:
        """Stop the recording. Posts AudioStreamWillStopRecordingAudio, AudioStreamDidStopRecordingAudio when the file is closed.

        Raises IllegalStateError when the stream is not being recorded.
        """
        self._recorder.stop()

    def send_dtmf(self, digit: str) -> None:
        """Send one of 0-9, A-D, *, #. Raises ValueError for others, IllegalStateError unless the stream is started, StreamError when the
        peer cannot receive tones."""
        if len(digit) != 1 or digit.upper() not in DTMF_DIGITS:
            raise ValueError(f"{digit!r} is not a DTMF digit")
        if self._state != "ESTABLISHED" or self._negotiated is None:
            raise IllegalStateError("tones can only be sent while the stream is started")
        if self._negotiated.dtmf_send is None:
            raise StreamError("the peer cannot receive tones (no telephone-event)")
        self._send(SendDTMF(self._number, digit.upper(), DTMF_DURATION))

    # for the session -----------------------------------------------------------------------------------------------------------------

    @classmethod
    def new_from_sdp(cls, account: Any, remote_sdp: SessionDescription, stream_index: int) -> AudioStream:
        """A stream for an offered m= line. Raises UnknownStreamError or InvalidStreamError."""
        AudioMedia(_policy(account, secure_signalling=True), Runtime.current().entropy).check_offer(remote_sdp, stream_index)
        stream = cls(account)
        stream._offer = remote_sdp, stream_index
        stream.on_hold_by_remote = is_held_by(remote_direction(remote_sdp, stream_index))
        return stream

    def initialize(self, session: Session, direction: str) -> None:
        """Open the RTP sockets. Posts MediaStreamDidInitialize or MediaStreamDidNotInitialize."""
        if self._state != "NULL":
            raise IllegalStateError("the stream is initialized already")
        self._state = "INITIALIZING"
        self.session = session
        self._media = self._new_media()
        self._ice = self._new_ice()
        MediaEvents().add("stream", self._number, self._media_event)
        NotificationCenter().add_observer(self, name="MediaProcessDidRevive")
        Runtime.spawn(self._open())

    def get_local_media(
        self, for_offer: bool, remote_sdp: SessionDescription | None = None, stream_index: int = 0
    ) -> MediaDescription:
        """Our m= line, as an offer or as the answer to ``remote_sdp``; raises InvalidStreamError when that is unacceptable."""
        if self._media is None or self._local_rtp_port is None:
            raise IllegalStateError("the stream is not initialized")
        if for_offer:
            direction = "sendrecv"
            if self.on_hold_by_local:
                direction = "inactive" if self.on_hold_by_remote else "sendonly"
            return self._media.offer(self._place(for_offer=True), direction)
        if remote_sdp is None:
            if self._offer is None:
                raise IllegalStateError("there is no offer to answer")
            remote_sdp, stream_index = self._offer
        if self._ice is not None:
            self._ice.consider(remote_sdp, stream_index)
        place = self._place(for_offer=False)
        return self._media.answer(remote_sdp, stream_index, place, "sendonly" if self.on_hold_by_local else "sendrecv")

    def start(self, local_sdp: SessionDescription, remote_sdp: SessionDescription, stream_index: int) -> None:
        """Start sending and receiving, with ICE when it has found a way. Posts MediaStreamDidStart or MediaStreamDidFail."""
        if self._state != "INITIALIZED":
            raise IllegalStateError("the stream cannot be started now")
        assert self._media is not None
        try:
            negotiated = self._media.agree(local_sdp, remote_sdp, stream_index)
        except (SDPError, StreamError) as error:
            self._fail(str(error))
            return
        self._negotiated = negotiated
        self._slot = self.mixer.allocate_slot()
        self._note_remote_hold(remote_sdp, stream_index, announce=False)
        if self._ice is not None:
            self._ice.agree(local_sdp, remote_sdp, stream_index)
        self._state = "WAIT_ICE"
        self._start_if_found()

    def validate_update(self, remote_sdp: SessionDescription, stream_index: int) -> bool:
        """Whether a new offer can be accepted."""
        assert self._media is not None
        try:
            self._media.check_offer(remote_sdp, stream_index)
        except StreamError as error:
            log.info("a new offer is not acceptable: %s", error)
            return False
        return True

    def update(self, local_sdp: SessionDescription, remote_sdp: SessionDescription, stream_index: int) -> None:
        """Apply a new negotiation: hold, another address, codec or key. Posts AudioStreamDidChangeRTPParameters where something but the
        hold state changed."""
        if self._media is None or self._state == "ENDED":
            return
        try:
            negotiated = self._media.agree(local_sdp, remote_sdp, stream_index)
        except (SDPError, StreamError) as error:
            self._fail(str(error))
            return
        before = self._negotiated
        standing = self.session is not None and self.session.start_time is not None
        if standing and before is not None and before.local_key is not None and negotiated.local_key is None:
            # before, it may be another phone of the callee that answers in the end; now people rely on the lock that they saw
            self._fail("the peer answered without the encryption (SRTP) that this call had")
            return
        if before is not None and Connection(negotiated.remote_address).unspecified:
            # the old way to ask for silence says nothing about where RTCP goes
            negotiated = replace(negotiated, remote_address=before.remote_address)
        self._negotiated = negotiated
        if self._ice is not None and self._slot is not None:
            self._ice.agree(local_sdp, remote_sdp, stream_index)
        self._note_remote_hold(remote_sdp, stream_index, announce=True)
        self._start_if_found()
        self._refresh()
        if before is not None and transport_of(before, self.ice_active) != transport_of(negotiated, self.ice_active):
            if not self.ice_active:
                self.remote_rtp_address_received = self.remote_rtp_port_received = None
            post("AudioStreamDidChangeRTPParameters", self)

    def reset(self, stream_index: int) -> None:
        """Before an offer over another route: what was offered binds us to nothing, other signalling may allow other keys.

        A stream that runs keeps what was agreed.
        """
        if self._state == "INITIALIZED" and self._negotiated is None:
            self._media = self._new_media()

    def hold(self) -> None:
        """Send and receive nothing from now on. Posts AudioStreamDidChangeHoldState."""
        self._change_local_hold(True)

    def unhold(self) -> None:
        """Undo ``hold``. Posts AudioStreamDidChangeHoldState."""
        self._change_local_hold(False)

    def deactivate(self) -> None:
        """Be silent: the stream is about to end."""
        self.bridge.stop()

    def end(self) -> None:
        """Close the sockets. Posts MediaStreamWillEnd, MediaStreamDidEnd. Idempotent."""
        if self._state == "ENDED":
            return
        opened = self._media is not None
        self._state = "ENDED"
        post("MediaStreamWillEnd", self)
        self._recorder.close()
        self.bridge.stop()
        if self._slot is not None:
            self.mixer.release_slot(self._slot)
            self._slot = None
        MediaEvents().discard("stream", self._number)
        NotificationCenter().discard_observer(self, name="MediaProcessDidRevive")
        if opened:
            self._send(CloseTransport(self._number))
        post("MediaStreamDidEnd", self, error=None)

    # the media process ---------------------------------------------------------------------------------------------------------------

    def _new_media(self) -> AudioMedia:
        secure = self.session is not None and self.session.transport == "tls"
        return AudioMedia(_policy(self.account, secure_signalling=secure), Runtime.current().entropy)

    @property
    def _wants_ice(self) -> bool:
        return bool(getattr(getattr(self.account, "nat_traversal", None), "use_ice", False))

    def _new_ice(self) -> StreamICE | None:
        if not self._wants_ice or (self._offer is not None and peer_of(*self._offer) is None):
            return None

        def announce(suffix: str, **data: object) -> None:
            post(f"AudioStreamICENegotiation{suffix}", self, **data)

        return StreamICE(self._number, self._offer is None, Runtime.current().entropy, self._send, announce)

    def _place(self, *, for_offer: bool) -> MediaPlace:
        assert self._local_rtp_port is not None
        if self._ice is not None:
            return self._ice.place(self._local_rtp_port, self._local_rtcp_port, for_offer=for_offer)
        if self._offer is not None and not for_offer and self._wants_ice:
            return StreamICE.refused_place(*self._offer, self._local_rtp_port, self._local_rtcp_port)
        return MediaPlace(self._local_rtp_port, self._local_rtcp_port)

    async def _open(self) -> None:
        settings = SIPSimpleSettings()
        ports = settings.rtp.port_range
        here = self.session.local_address if self.session else ""
        gathering = None
        if self._ice is not None:
            gathering = await self._ice.prepare(self.account, str(settings.sip.local_ip or ""))
        address = settings.sip.local_ip or (here if gathering else "::" if ":" in here else "0.0.0.0")
        command = OpenTransport(self._number, str(address), (ports.start, ports.end), ice=gathering)
        try:
            reply = await Runtime.current().media.request(command)
        except MediaError as error:
            if self._state == "INITIALIZING":
                post("MediaStreamDidNotInitialize", self, reason=str(error))
            return
        assert isinstance(reply, TransportOpened)
        if self._state == "INITIALIZING":
            self._local_rtp_port, self._local_rtcp_port = reply.rtp_port, reply.rtcp_port
            if self._ice is not None:
                self._ice.gathered(reply)
            self._state = "INITIALIZED"
            post("MediaStreamDidInitialize", self)

    def _start_if_found(self) -> None:
        """Go on with the start, unless ICE still looks for a way."""
        if self._state == "WAIT_ICE" and not (self._ice is not None and self._ice.checking):
            self._state = "INITIALIZED"
            self._told = self._stream_command(UpdateStream)
            Runtime.spawn(self._start(self._stream_command(StartStream)))

    def _ice_event(self, event: Event) -> None:
        assert self._ice is not None
        known = self._ice.active
        outcome = self._ice.handle(event)
        if outcome == "selected":
            self.remote_rtp_address_received, self.remote_rtp_port_received = self.remote_rtp_address, self.remote_rtp_port
            if known:
                post("AudioStreamDidChangeRTPParameters", self)
        elif outcome == "lost":
            self._ice.restart()
        self._start_if_found()
        self._refresh()
        if self.session is not None and (outcome == "lost" or self.offer_due):
            self.session.renegotiate()

    async def _start(self, command: StartStream) -> None:
        try:
            await Runtime.current().media.request(command)
        except MediaError as error:
            self._fail(str(error))
            return
        if self._state != "INITIALIZED":
            return
        self._state = "ESTABLISHED"
        self._refresh()  # what changed while the start was under way
        post("MediaStreamDidStart", self)

    def _refresh(self) -> None:
        """Tell the media process what is wanted now, if it is not what it was told last."""
        if self._state != "ESTABLISHED":
            return
        self._place_in_bridge()
        command = self._stream_command(UpdateStream)
        if command != self._told:
            self._told = command
            self._send(command)

    def _stream_command(self, kind: Callable[..., StartStream]) -> StartStream:
        assert self._negotiated is not None
        assert self._slot is not None
        pairs = self._ice.pairs if self._ice is not None else ()
        return stream_command(kind, self._number, self.mixer.number, self._slot, self._negotiated, self._media_direction(), pairs)

    def _media_direction(self) -> StreamDirection:
        # While we hold, the peer gets nothing at all: no RTP is cheaper and more private than silence in RTP.
        if self._negotiated is None or self.on_hold_by_local:
            return StreamDirection.INACTIVE
        return StreamDirection(self._negotiated.direction)

    def _media_event(self, event: Event) -> None:
        if isinstance(event, StreamStatistics):
            self.statistics = event
            post("AudioStreamDidUpdateStatistics", self, statistics=event)
        elif isinstance(event, DTMFReceived):
            post("AudioStreamGotDTMF", self, digit=event.digit)
        elif isinstance(event, IceSucceeded | IceFailed) and self._ice is not None:
            self._ice_event(event)
        elif isinstance(event, RemoteAddressChanged):
            self.remote_rtp_address_received, self.remote_rtp_port_received = event.address, event.port
            post("AudioStreamDidChangeRTPParameters", self)
        elif isinstance(event, StreamTimedOut):
            post("AudioStreamDidTimeout", self)
            self._fail("no media was received from the peer for too long")

    def handle_notification(self, notification: Notification) -> None:
        """The media process was started anew. If it cannot know how often the peer's packet numbers went round, its packets cannot be
        opened any more (RFC 3711 §3.3.1): new keys begin anew."""
        lost = dict(getattr(notification.data, "rollovers", ()))
        if self._number in lost and self._media is not None and self._media.renew_key() and self.session is not None:
            self.session.renegotiate()

    def _fail(self, reason: str) -> None:
        if self._state != "ENDED":
            post("MediaStreamDidFail", self, reason=reason)

    @in_engine
    def _send(self, command: Any) -> None:
        Runtime.current().media.send(command)

    # hold ----------------------------------------------------------------------------------------------------------------------------

    def _change_local_hold(self, hold: bool) -> None:
        if self.on_hold_by_local == hold or self._state == "ENDED":
            return
        self.on_hold_by_local = hold
        self._refresh()
        post("AudioStreamDidChangeHoldState", self, originator="local", on_hold=hold)

    def _note_remote_hold(self, remote_sdp: SessionDescription, index: int, *, announce: bool) -> None:
        # An answer of "recvonly" to our "sendonly" is no hold of theirs; "sendonly" and "inactive" say that they do not want to hear us.
        direction = remote_direction(remote_sdp, index)
        held = is_held_by(direction)
        if direction == "inactive" and self.on_hold_by_local and not self.on_hold_by_remote and self._offered_hold():
            held = False  # they could not answer our own hold any other way without hearing our silence
        if held != self.on_hold_by_remote:
            self.on_hold_by_remote = held
            if announce:
                post("AudioStreamDidChangeHoldState", self, originator="remote", on_hold=held)

    def _offered_hold(self) -> bool:
        return self.session is not None and self.session.renegotiating_locally

    def _place_in_bridge(self) -> None:
        """In the bridge while started and not on hold, the recorder with it."""
        ports: list[Any] = [self]
        recording = self._recorder.current
        if recording is not None:
            ports.append(recording.recorder)
        for port in ports:
            if self.on_hold and port in self.bridge:
                self.bridge.remove(port)
            elif not self.on_hold:
                self.bridge.add(port)


def _policy(account: Any, *, secure_signalling: bool) -> AudioPolicy:
    settings = SIPSimpleSettings()
    rtp = getattr(account, "rtp", None)
    codecs = getattr(rtp, "audio_codec_list", None) or settings.rtp.audio_codec_list
    return AudioPolicy(
        codecs=tuple(str(name) for name in codecs), srtp=str(getattr(rtp, "srtp_encryption", None) or "disabled"),
        offer_optional_keys=secure_signalling or bool(getattr(rtp, "use_srtp_without_tls", False)),
    )  # fmt: skip
