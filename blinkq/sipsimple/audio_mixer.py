"""AudioMixer: the handle on one mixer of the media process, with a sound device on slot 0.

Slots and connections are integers; samples never come here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, Protocol

from blinkq.base.catalogue import post
from blinkq.base.logging import get_logger
from blinkq.engine.loop import EngineLoop
from blinkq.media.control import (
    AddSlot,
    CloseMixer,
    Command,
    CommandFailed,
    Connect,
    DeviceFailed,
    Disconnect,
    Event,
    Level,
    MixerOpened,
    OpenMixer,
    SetDevices,
    SetVolume,
)
from blinkq.sipsimple.media_events import MediaEvents
from blinkq.sipsimple.sip_uri import SIPCoreError

__all__ = ["AudioMixer", "MediaControl"]

log = get_logger("sipsimple.audio_mixer")

#: The sound device's slot, for both directions.
DEVICE_SLOT = 0


class MediaControl(Protocol):
    """What a mixer needs of the link to the media process; called on the engine thread only."""

    def send(self, command: Command) -> None:
        """Have a command carried out; nobody waits for its reply."""

    def request(self, command: Command) -> Coroutine[Any, Any, Any]:
        """Have a command carried out and return its reply. Raises MediaError when it is refused."""


class AudioMixer:
    """A mixer with its sound devices.

    :param input_device: microphone: a name, "system_default", "file:PATH" (a WAV file), or None for silence
    :param output_device: loudspeaker, the same, or None for nothing
    :param sample_rate: Hz
    :param ec_tail_length: milliseconds of echo to be cancelled; kept for the application's sake, nothing cancels echo yet
    :param slot_count: how many slots there can be besides the device's
    :param media: the link to the media process; the running application's when left out

    The mixer opens soon after construction; ``real_input_device`` and ``real_output_device`` then tell what is really in use: a device
    that cannot be opened is replaced by the system's default, and where that fails too by silence, with AudioDeviceDidFail (sender: the
    application's mixer).
    Methods may be called from any thread; ValueError for impossible values, SIPCoreError when there are no slots left.
    """

    #: the link of the running application, set by SIPApplication
    current_media: MediaControl | None = None

    def __init__(
        self, input_device: str | None, output_device: str | None, sample_rate: int, ec_tail_length: int = 0, slot_count: int = 254,
        *, media: MediaControl | None = None,
    ) -> None:  # fmt: skip
        control = media if media is not None else AudioMixer.current_media
        if control is None:
            raise SIPCoreError("the engine is not running")
        self.media: MediaControl = control
        self.number = MediaEvents().number()
        self.input_device = input_device
        self.output_device = output_device
        self.real_input_device: str | None = None
        self.real_output_device: str | None = None
        self.sample_rate = sample_rate
        self.ec_tail_length = ec_tail_length
        self.slot_count = slot_count
        self.input_level = self.output_level = -96.0
        self._lock = threading.RLock()
        self._on_the_way = 0  # commands from other threads that wait for the engine
        self._slots: set[int] = set()
        self._next_slot = 1
        self._connections: dict[tuple[int, int], None] = {}
        self._input_volume = self._output_volume = 100
        self._muted = False
        self._closed = False
        self._gone = False
        self._changes: asyncio.Lock | None = None
        self._last_change: concurrent.futures.Future[None] | None = None
        self._early: list[Command] | None = []  # what is to be sent once OpenMixer is
        MediaEvents().add("mixer", self.number, self._media_event)
        self._start(self._open())

    # device ------------------------------------------------------------------------------------------------------------------

    def set_sound_devices(self, input_device: str | None, output_device: str | None, ec_tail_length: int = 0) -> None:
        """Change the devices; connections stay."""
        with self._lock:
            self.input_device, self.output_device, self.ec_tail_length = input_device, output_device, ec_tail_length
        self._start(self._change_devices())

    @property
    def input_volume(self) -> int:
        """Percent; 100 leaves the microphone as it is."""
        return self._input_volume

    @input_volume.setter
    def input_volume(self, volume: int) -> None:
        self._input_volume = _volume(volume)
        self._send_volume()

    @property
    def output_volume(self) -> int:
        """Percent; 100 leaves the loudspeaker as it is."""
        return self._output_volume

    @output_volume.setter
    def output_volume(self, volume: int) -> None:
        self._output_volume = _volume(volume)
        self._send_volume()

    @property
    def muted(self) -> bool:
        """Whether the microphone is silent."""
        return self._muted

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._muted = bool(muted)
        self._send_volume()

    # slots -------------------------------------------------------------------------------------------------------------------

    @property
    def used_slot_count(self) -> int:
        """How many slots are in use; the device's is not counted."""
        return len(self._slots)

    @property
    def connected_slots(self) -> list[tuple[int, int]]:
        """The connections as (source, sink), in the order in which they were made."""
        with self._lock:
            return list(self._connections)

    def allocate_slot(self, *, pass_through: bool = False) -> int:
        """A new slot number, for a stream, player or recorder, or for a port that passes on what is connected into it.

        Raises SIPCoreError when there are none left.
        """
        with self._lock:
            if len(self._slots) >= self.slot_count:
                raise SIPCoreError(f"all {self.slot_count} slots of the mixer are in use")
            # numbers are not used twice, so that a late event about an old slot cannot touch a new one
            slot, self._next_slot = self._next_slot, self._next_slot + 1
            self._slots.add(slot)
        if pass_through:
            self._send(AddSlot(self.number, slot))
        return slot

    def release_slot(self, slot: int) -> None:
        """Undo its connections and give the slot back; harmless when it is not in use."""
        with self._lock:
            for source, sink in [pair for pair in self._connections if slot in pair]:
                self.disconnect_slots(source, sink)
            self._slots.discard(slot)

    def connect_slots(self, src_slot: int, dst_slot: int) -> None:
        """Let ``dst_slot`` hear ``src_slot``; connected to itself, a stream's slot echoes. Raises ValueError for unused slots."""
        with self._lock:
            self._check_slot(src_slot)
            self._check_slot(dst_slot)
            if (src_slot, dst_slot) in self._connections:
                return
            self._connections[src_slot, dst_slot] = None
            self._send(Connect(self.number, src_slot, dst_slot))

    def disconnect_slots(self, src_slot: int, dst_slot: int) -> None:
        """Undo ``connect_slots``; harmless when they are not connected."""
        with self._lock:
            if self._connections.pop((src_slot, dst_slot), False) is None:
                self._send(Disconnect(self.number, src_slot, dst_slot))

    def close(self) -> None:
        """Give everything back. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._slots.clear()
            self._connections.clear()
        MediaEvents().discard("mixer", self.number)
        self._send(CloseMixer(self.number))

    def __repr__(self) -> str:
        return f"<AudioMixer {self.number} in={self.real_input_device!r} out={self.real_output_device!r} {self.sample_rate} Hz>"

    # with the media process --------------------------------------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Send a command that is about something on this mixer; never before the mixer is opened. From any thread."""
        self._send(command)

    async def opened(self) -> None:
        """Wait until the device changes asked for so far are done. Engine thread only."""
        if self._last_change is not None:
            await asyncio.shield(asyncio.wrap_future(self._last_change))

    async def _open(self) -> None:
        async with self._change_lock():
            command = OpenMixer(self.number, self.input_device, self.output_device, self.sample_rate)
            opening = asyncio.ensure_future(self._take(command))
            await asyncio.sleep(0)  # it has begun, and is sent
            early, self._early = self._early or [], None
            for waiting in early:
                self.media.send(waiting)
            await opening

    async def _change_devices(self) -> None:
        async with self._change_lock():
            await self._take(SetDevices(self.number, self.input_device, self.output_device))

    def _change_lock(self) -> asyncio.Lock:
        if self._changes is None:
            self._changes = asyncio.Lock()
        return self._changes

    async def _take(self, command: OpenMixer | SetDevices) -> None:
        if self._closed:
            return
        reply = await self._ask(command)
        if reply.error is None:
            return
        # a device that was chosen by name and is not there: the system's default is better than silence
        input_device, output_device = (
            "system_default" if wanted not in (None, "system_default") and real is None and not str(wanted).startswith("file:") else wanted
            for wanted, real in ((command.input_device, reply.input_device), (command.output_device, reply.output_device))
        )
        post("AudioDeviceDidFail", self, mixer=self, error=reply.error)
        if (input_device, output_device) != (command.input_device, command.output_device) and not self._closed:
            await self._ask(SetDevices(self.number, input_device, output_device))

    async def _ask(self, command: OpenMixer | SetDevices) -> MixerOpened:
        try:
            reply = await self.media.request(command)
        except Exception as error:  # whatever went wrong there, the call goes on: in silence, and we say so
            reply = CommandFailed(str(error) or type(error).__name__)
        if not isinstance(reply, MixerOpened):
            log.error("mixer %d: %s", self.number, reply.error)
            reply = MixerOpened(self.number, None, None, reply.error)
        self.real_input_device, self.real_output_device = reply.input_device, reply.output_device
        return reply

    def _media_event(self, event: Event) -> None:
        if isinstance(event, Level):
            self.input_level, self.output_level = event.input_level, event.output_level
        elif isinstance(event, DeviceFailed):
            post("AudioDeviceDidFail", self, mixer=self, error=event.error)
        elif isinstance(event, MixerOpened):
            self.real_input_device, self.real_output_device = event.input_device, event.output_device

    def _send_volume(self) -> None:
        self._send(SetVolume(self.number, self._input_volume, self._output_volume, self._muted))

    def _send(self, command: Command) -> None:
        loop = EngineLoop.current
        if loop is None:
            return  # the media process ends with the engine: there is nothing left to be told
        with self._lock:
            # what this thread sends must not overtake what another one has sent and the engine has not come to yet
            if not loop.is_current() or self._on_the_way:
                self._on_the_way += 1
                loop.call(self._arrived, command)
                return
        self._deliver(command)

    def _arrived(self, command: Command) -> None:
        with self._lock:
            self._on_the_way -= 1
        self._deliver(command)

    def _deliver(self, command: Command) -> None:
        if self._gone:
            return  # players and bridges may outlive their mixer; what they still undo is undone
        self._gone = isinstance(command, CloseMixer)
        if self._early is not None:
            self._early.append(command)
        else:
            self.media.send(command)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        loop = EngineLoop.current
        if loop is None:
            work.close()
            raise SIPCoreError("the engine is not running")
        self._last_change = loop.run(work)

    def _check_slot(self, slot: int) -> None:
        if slot != DEVICE_SLOT and slot not in self._slots:
            raise ValueError(f"slot {slot} is not in use")


def _volume(volume: int) -> int:
    if volume < 0:
        raise ValueError(f"a volume is at least 0, not {volume}")
    return int(volume)
