"""Audio ports and the bridges that connect them: every producer of a bridge is heard by every consumer of it, none by itself."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zope.interface import Attribute, Interface, implementer

from blinkq.base.catalogue import post
from blinkq.base.notification import Notification, NotificationCenter, ObserverWeakrefProxy
from blinkq.engine.loop import EngineLoop
from blinkq.sipsimple.audio_mixer import DEVICE_SLOT, AudioMixer

__all__ = ["AudioBridge", "AudioDevice", "IAudioPort", "RootAudioBridge", "announce_slots"]


class IAudioPort(Interface):  # type: ignore[misc]  # zope.interface has no types
    """An object that produces or consumes audio, or both.

    Whenever its slots change it posts AudioPortDidChangeSlots, so that the bridges it is in connect it anew.
    """

    mixer = Attribute("The AudioMixer; only ports of one mixer can hear each other.")
    consumer_slot = Attribute("The slot that consumes audio, or None.")
    producer_slot = Attribute("The slot that produces audio, or None.")


def announce_slots(port: object, old_consumer: int | None, old_producer: int | None) -> None:
    """Post AudioPortDidChangeSlots for a port whose slots were these before; nothing when they are the same."""
    new_consumer, new_producer = port.consumer_slot, port.producer_slot  # type: ignore[attr-defined]  # an IAudioPort
    if (new_consumer, new_producer) == (old_consumer, old_producer):
        return
    post(
        "AudioPortDidChangeSlots", port,
        consumer_slot_changed=new_consumer != old_consumer, producer_slot_changed=new_producer != old_producer,
        old_consumer_slot=old_consumer, new_consumer_slot=new_consumer,
        old_producer_slot=old_producer, new_producer_slot=new_producer,
    )  # fmt: skip


@implementer(IAudioPort)
class AudioDevice:
    """The sound device of a mixer.

    :param input_muted: do not produce what the microphone hears
    :param output_muted: do not consume, so that the loudspeaker is silent
    """

    def __init__(self, mixer: AudioMixer, input_muted: bool = False, output_muted: bool = False) -> None:
        self.mixer = mixer
        self._input_muted = input_muted
        self._output_muted = output_muted

    @property
    def consumer_slot(self) -> int | None:
        return None if self._output_muted else DEVICE_SLOT

    @property
    def producer_slot(self) -> int | None:
        return None if self._input_muted else DEVICE_SLOT

    @property
    def input_muted(self) -> bool:
        """Whether the device does not produce; AudioPortDidChangeSlots is posted when this is changed."""
        return self._input_muted

    @input_muted.setter
    def input_muted(self, muted: bool) -> None:
        before = self.consumer_slot, self.producer_slot
        self._input_muted = bool(muted)
        announce_slots(self, *before)

    @property
    def output_muted(self) -> bool:
        """Whether the device does not consume; AudioPortDidChangeSlots is posted when this is changed."""
        return self._output_muted

    @output_muted.setter
    def output_muted(self, muted: bool) -> None:
        before = self.consumer_slot, self.producer_slot
        self._output_muted = bool(muted)
        announce_slots(self, *before)


@dataclass(slots=True)
class _Member:
    """A port of a bridge, with the slots that the bridge has connected."""

    port: weakref.ref[Any]
    consumer: int | None = None
    producer: int | None = None


class RootAudioBridge:
    """A container of audio ports which is not a port itself.

    Ports are referenced weakly: one that nobody else holds leaves the bridge. Methods may be called from any thread.
    """

    def __init__(self, mixer: AudioMixer) -> None:
        self.mixer = mixer
        self._lock = threading.RLock()
        self._members: dict[int, _Member] = {}
        self._observer = ObserverWeakrefProxy(self)
        NotificationCenter().add_observer(self._observer, name="AudioPortDidChangeSlots")

    def __contains__(self, port: object) -> bool:
        with self._lock:
            member = self._members.get(id(port))
            return member is not None and member.port() is port

    def __len__(self) -> int:
        return len(self._members)

    def add(self, port: Any) -> None:
        """Connect ``port`` to all ports of the bridge; nothing happens when it is one already.

        Raises TypeError for what is no IAudioPort, ValueError for a port of another mixer.
        """
        if not IAudioPort.providedBy(port):
            raise TypeError("only objects that implement IAudioPort can be added to a bridge")
        if port.mixer is not self.mixer:
            raise ValueError("the port belongs to another mixer than the bridge")
        with self._lock:
            if port in self:
                return
            key = id(port)
            self._forget(key)  # one with the same id may have died and not been taken out yet
            self._members[key] = member = _Member(weakref.ref(port, _taking_out(self, key)))
            self._connect(member, port.consumer_slot, port.producer_slot)

    def remove(self, port: Any) -> None:
        """Take ``port`` out. Raises ValueError when it is not in the bridge."""
        with self._lock:
            if port not in self:
                raise ValueError("the port is not in this bridge")
            self._forget(id(port))

    def stop(self) -> None:
        """Take all ports out. Idempotent."""
        with self._lock:
            for key in list(self._members):
                self._forget(key)

    def handle_notification(self, notification: Notification) -> None:
        """Connect a port anew whose slots have changed."""
        port: Any = notification.sender
        with self._lock:
            if port in self:
                member = self._members[id(port)]
                self._connect(member, port.consumer_slot, port.producer_slot)

    def take_out_dead(self, key: int) -> None:
        """Take out the port that had this id, if it is dead."""
        with self._lock:
            member = self._members.get(key)
            if member is not None and member.port() is None:
                self._forget(key)

    def _forget(self, key: int) -> None:
        with self._lock:
            member = self._members.get(key)
            if member is not None:
                self._connect(member, None, None)
                del self._members[key]

    def _connect(self, member: _Member, consumer: int | None, producer: int | None) -> None:
        """Make the mixer's connections those that the member's slots want now."""
        before = self._edges(member)
        member.consumer, member.producer = consumer, producer
        after = self._edges(member)
        for source, sink in sorted(before - after):
            self.mixer.disconnect_slots(source, sink)
        for source, sink in sorted(after - before):
            self.mixer.connect_slots(source, sink)

    def _edges(self, member: _Member) -> set[tuple[int, int]]:
        edges = set()
        for other in self._members.values():
            if other is not member:
                edges |= {(member.producer, other.consumer), (other.producer, member.consumer)}
        edges |= self._own_edges(member)
        return {(source, sink) for source, sink in edges if source is not None and sink is not None and source != sink}

    def _own_edges(self, _member: _Member) -> set[tuple[int | None, int | None]]:
        return set()


@implementer(IAudioPort)
class AudioBridge(RootAudioBridge):
    """A container of audio ports that can be a port of another bridge: it produces what its ports produce and lets them hear what it
    consumes.

    Bridges must not be in each other in a circle; this is not checked.
    """

    def __init__(self, mixer: AudioMixer) -> None:
        super().__init__(mixer)
        self._inlet: int | None = None
        self._outlet: int | None = None

    @property
    def consumer_slot(self) -> int:
        """The slot that all consumers of the bridge hear; made when it is first asked for, most bridges need none."""
        self._make_slots()
        assert self._inlet is not None
        return self._inlet

    @property
    def producer_slot(self) -> int:
        """The slot that carries what all producers of the bridge say; made when it is first asked for."""
        self._make_slots()
        assert self._outlet is not None
        return self._outlet

    def _make_slots(self) -> None:
        with self._lock:
            if self._inlet is not None:
                return
            self._inlet = self.mixer.allocate_slot(pass_through=True)
            self._outlet = self.mixer.allocate_slot(pass_through=True)
            weakref.finalize(self, _release, self.mixer, self._inlet, self._outlet).atexit = False
            for member in self._members.values():
                for source, sink in sorted(self._edges(member)):
                    self.mixer.connect_slots(source, sink)

    def _own_edges(self, member: _Member) -> set[tuple[int | None, int | None]]:
        return {(member.producer, self._outlet), (self._inlet, member.consumer)}


def _taking_out(bridge: RootAudioBridge, key: int) -> Callable[[object], None]:
    """The callback for a port's death. It may come in the middle of anything, in any thread, so it takes no lock but leaves a word for the
    engine thread; without an engine there are no connections left to undo."""
    reference = weakref.ref(bridge)

    def take_out() -> None:
        alive = reference()
        if alive is not None:
            alive.take_out_dead(key)

    def port_died(_reference: object) -> None:
        loop = EngineLoop.current
        if loop is not None and loop.running:
            loop.call(take_out)

    return port_died


def _release(mixer: AudioMixer, *slots: int) -> None:
    loop = EngineLoop.current
    if loop is not None and loop.running:
        for slot in slots:
            loop.call(mixer.release_slot, slot)
