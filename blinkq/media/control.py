"""The control channel between the engine and the media process: commands in, events out.

Only commands and events cross this channel, never samples: mixers, slots, streams, players and recorders are named by
integers that the engine side chooses, so that the link can replay its wishes to a new media process after the old one
died.

What this is not: the wire format (see ``wire.py``) or the machinery (``voice/``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from blinkq.media.ice import IceCandidate, IceCheck, IceGathering

__all__ = [
    "AddSlot",
    "CloseMixer",
    "CloseTransport",
    "CodecFormat",
    "Command",
    "CommandFailed",
    "Connect",
    "CryptoKey",
    "DTMFReceived",
    "DeviceFailed",
    "DeviceList",
    "DevicesChanged",
    "Disconnect",
    "Event",
    "Level",
    "ListDevices",
    "MediaReady",
    "MixerOpened",
    "OpenMixer",
    "OpenTransport",
    "PlayerEnded",
    "PlayerFailed",
    "PlayerStarted",
    "RecorderEnded",
    "RecorderStarted",
    "RemoteAddressChanged",
    "Reply",
    "SendDTMF",
    "SetDevices",
    "SetVolume",
    "StartPlayer",
    "StartRecorder",
    "StartStream",
    "StopPlayer",
    "StopRecorder",
    "StopStream",
    "StreamDirection",
    "StreamStatistics",
    "StreamTimedOut",
    "TransportOpened",
    "UpdateStream",
]


class StreamDirection(StrEnum):
    """Direction of a media stream as seen from here (RFC 4566 §6)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class CodecFormat:
    """One RTP payload format: static or dynamic payload type, encoding name as in SDP ("PCMU", "opus"), RTP clock
    rate in Hz."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    parameters: str = ""


@dataclass(frozen=True, slots=True)
class CryptoKey:
    """One direction's SRTP key (RFC 4568): suite name, and master key followed by master salt in bytes."""

    suite: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Command:
    """What the engine asks of the media process."""


@dataclass(frozen=True, slots=True)
class Event:
    """What the media process reports."""


# mixers -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenMixer(Command):
    """Open mixer ``mixer`` with its devices on slot 0. Replied with MixerOpened.

    A device is None (null device: silence in, nothing out, real time kept), "system_default", a name from DeviceList,
    or "file:PATH" (a WAV file read as microphone, or written as loudspeaker).
    """

    mixer: int
    input_device: str | None
    output_device: str | None
    sample_rate: int = 48000


@dataclass(frozen=True, slots=True)
class SetDevices(Command):
    """Change the devices of an open mixer; connections stay. Replied with MixerOpened."""

    mixer: int
    input_device: str | None
    output_device: str | None


@dataclass(frozen=True, slots=True)
class SetVolume(Command):
    """Input and output volume of a mixer's device in percent (100 = unity); muted silences the input."""

    mixer: int
    input_volume: int = 100
    output_volume: int = 100
    muted: bool = False


@dataclass(frozen=True, slots=True)
class CloseMixer(Command):
    """Close a mixer and its devices; players and recorders in it end, streams go on without sound."""

    mixer: int


@dataclass(frozen=True, slots=True)
class AddSlot(Command):
    """A pass-through slot (what is connected into it comes out of it), used by bridges in bridges."""

    mixer: int
    slot: int


@dataclass(frozen=True, slots=True)
class Connect(Command):
    """What slot ``source`` produces is heard by slot ``sink``. Idempotent. Unknown slots are remembered until they
    exist."""

    mixer: int
    source: int
    sink: int


@dataclass(frozen=True, slots=True)
class Disconnect(Command):
    """Take back a Connect. Idempotent."""

    mixer: int
    source: int
    sink: int


# streams ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenTransport(Command):
    """Bind an RTP/RTCP pair of UDP sockets (even port, and the next one) on ``address``. Replied with TransportOpened.

    ``port`` 0 takes a free even port from ``port_range`` (first, last); another value asks for just that RTP port
    (after a revival). With ``ice`` a pair is bound on each local address, ``address`` being the default, and the reply
    comes when the candidates are gathered.
    """

    stream: int
    address: str
    port_range: tuple[int, int]
    port: int = 0
    ice: IceGathering | None = None


@dataclass(frozen=True, slots=True)
class StartStream(Command):
    """Start sending and receiving on an opened transport, joined to ``slot`` of ``mixer`` (producer and consumer).

    ``send_format`` is what we encode with; ``receive_formats`` all that the peer may send.
    ``dtmf_send``/``dtmf_receive`` are telephone-event payload formats or None. ``ptime`` in milliseconds. ``timeout``
    in seconds without packets before StreamTimedOut (0 = never). Keys None = plain RTP. ``ice_pairs`` are the pairs
    that ICE selected (RTP first); their remote addresses are those to send to, whatever the fields above say.
    """

    stream: int
    mixer: int
    slot: int
    remote_address: str
    remote_port: int
    remote_rtcp_port: int
    direction: StreamDirection
    send_format: CodecFormat
    receive_formats: tuple[CodecFormat, ...]
    dtmf_send: CodecFormat | None = None
    dtmf_receive: CodecFormat | None = None
    ptime: int = 20
    local_key: CryptoKey | None = None
    remote_key: CryptoKey | None = None
    timeout: float = 30.0
    cname: str = ""
    ssrc: int = 0
    ice_pairs: tuple[IceCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateStream(StartStream):
    """New parameters for a started stream (hold, new address, new codec, new keys); what is unchanged goes on without
    a gap."""


@dataclass(frozen=True, slots=True)
class StopStream(Command):
    """Stop sending and receiving; the transport stays open."""

    stream: int


@dataclass(frozen=True, slots=True)
class CloseTransport(Command):
    """Stop the stream if it runs, send RTCP BYE, close the sockets."""

    stream: int


@dataclass(frozen=True, slots=True)
class SendDTMF(Command):
    """Queue one telephone-event digit (0-9 * # A-D), duration in milliseconds; digits are sent one after another."""

    stream: int
    digit: str
    duration: int = 100


# players and recorders ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartPlayer(Command):
    """Play a WAV file into ``slot``: ``loop_count`` times (0 = for ever), waiting ``initial_delay`` seconds first and
    ``pause_time`` seconds between; volume in percent. PlayerStarted, then PlayerEnded or PlayerFailed, come back.

    With ``tones`` there is no file: each is (Hz, Hz, seconds), 0 Hz being silence, sounding one after the other."""

    player: int
    mixer: int
    slot: int
    filename: str
    volume: int = 100
    loop_count: int = 1
    pause_time: float = 0.0
    initial_delay: float = 0.0
    tones: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class StopPlayer(Command):
    """Stop a player; PlayerEnded follows. Idempotent."""

    player: int


@dataclass(frozen=True, slots=True)
class StartRecorder(Command):
    """Write what is connected into ``slot`` to a 16-bit WAV file at the mixer's rate; ``append`` goes on with an
    existing file."""

    recorder: int
    mixer: int
    slot: int
    filename: str
    append: bool = False


@dataclass(frozen=True, slots=True)
class StopRecorder(Command):
    """Close a recording; RecorderEnded follows. Idempotent."""

    recorder: int


@dataclass(frozen=True, slots=True)
class ListDevices(Command):
    """List the sound devices now. Replied with DeviceList."""


# events -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaReady(Event):
    """The media process runs and takes commands."""

    pid: int


@dataclass(frozen=True, slots=True)
class Reply(Event):
    """Base of events that answer a command."""


@dataclass(frozen=True, slots=True)
class CommandFailed(Reply):
    """A command could not be carried out; ``error`` is a sentence for people, ``errno`` the OS error number or 0."""

    error: str
    errno: int = 0


@dataclass(frozen=True, slots=True)
class MixerOpened(Reply):
    """The devices really in use: names, or None where the null device took the place of one that could not be opened
    (``error`` says why)."""

    mixer: int
    input_device: str | None
    output_device: str | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TransportOpened(Reply):
    """The local address and ports of a transport, and with ICE the candidates gathered."""

    stream: int
    address: str
    rtp_port: int
    rtcp_port: int
    candidates: tuple[IceCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceList(Reply):
    """Names of the sound devices; the defaults are None where there is none."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    default_input: str | None
    default_output: str | None


@dataclass(frozen=True, slots=True)
class DevicesChanged(Event):
    """The device watcher saw devices come or go, or the default change."""

    old: DeviceList
    new: DeviceList


@dataclass(frozen=True, slots=True)
class DeviceFailed(Event):
    """A device of a mixer stopped (pulled out, server gone); the null device keeps time until another is set."""

    mixer: int
    error: str


@dataclass(frozen=True, slots=True)
class DTMFReceived(Event):
    """The peer pressed a key (0-9 * # A-D); each is told once, however often it was sent (RFC 4733 §2.5)."""

    stream: int
    digit: str


@dataclass(frozen=True, slots=True)
class RemoteAddressChanged(Event):
    """Valid RTP came from another address than signalled (symmetric RTP); we send there now."""

    stream: int
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class StreamTimedOut(Event):
    """No RTP for the stream's timeout while it should be receiving."""

    stream: int


@dataclass(frozen=True, slots=True)
class StreamStatistics(Event):
    """Once a second for each running stream. Times in milliseconds, levels in dBFS (-96 = silence)."""

    stream: int
    packets_sent: int
    bytes_sent: int
    packets_received: int
    bytes_received: int
    packets_lost: int
    packets_late: int
    jitter: float
    buffer_delay: float
    round_trip: float | None
    sent_level: float
    received_level: float
    codec: str
    srtp_rollover: int = 0


@dataclass(frozen=True, slots=True)
class Level(Event):
    """Signal levels of a mixer's device, five times a second while the device is open, in dBFS."""

    mixer: int
    input_level: float
    output_level: float


@dataclass(frozen=True, slots=True)
class PlayerStarted(Event):
    """The file could be opened and is about to be heard."""

    player: int


@dataclass(frozen=True, slots=True)
class PlayerEnded(Event):
    """Played to the end (``stopped`` False) or was stopped."""

    player: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class PlayerFailed(Event):
    """The file cannot be played; ``error`` is a sentence for people."""

    player: int
    error: str


@dataclass(frozen=True, slots=True)
class RecorderStarted(Event):
    """The file could be made; ``filename`` is its path."""

    recorder: int
    filename: str


@dataclass(frozen=True, slots=True)
class RecorderEnded(Event):
    """The recording is closed; ``error`` tells what stopped it (disk full, not writable) or is None. What was written
    is kept."""

    recorder: int
    filename: str
    error: str | None = None
