"""Bridges, devices, players and recorders over a fake media process: who is connected with whom, and what is posted."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import ClassVar

import pytest
from support.call_scene import flow
from support.middleware import Recorder
from support.mixers import open_mixer

from blinkq.base.errors import IllegalStateError
from blinkq.media.control import AddSlot, PlayerEnded, PlayerFailed, RecorderEnded, StartPlayer, StartRecorder, StopPlayer
from blinkq.sipsimple.audio import AudioBridge, AudioConference, AudioDevice, IAudioPort, RootAudioBridge, WavePlayer, WaveRecorder
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.core import SIPCoreError
from blinkq.sipsimple.runtime import Runtime


class Port(WavePlayer):
    """A port whose slots the test chooses."""

    def __init__(self, mixer: AudioMixer, *, consumes: bool = True, produces: bool = True) -> None:
        super().__init__(mixer, "none.wav")
        self.slot = mixer.allocate_slot()
        self.consumes, self.produces = consumes, produces

    @property
    def consumer_slot(self) -> int | None:  # type: ignore[override]  # a player has none
        return self.slot if self.consumes else None

    @property
    def producer_slot(self) -> int | None:
        return self.slot if self.produces else None


def pairs(made: AudioMixer) -> set[tuple[int, int]]:
    return set(made.connected_slots)


def mesh(*ports: Port) -> set[tuple[int, int]]:
    return {(a.slot, b.slot) for a in ports for b in ports if a is not b and a.produces and b.consumes}


@flow
async def test_a_bridge_connects_everybody_with_everybody_else() -> None:
    async with open_mixer() as (m, _media):
        bridge = AudioBridge(m)
        a, b, c = Port(m), Port(m), Port(m, produces=False)
        for port in (a, b, c, a):
            bridge.add(port)
        assert pairs(m) == mesh(a, b, c)
        assert len(bridge) == 3
        bridge.remove(b)
        assert pairs(m) == mesh(a, c)
        assert b not in bridge
        with pytest.raises(ValueError, match="not in this bridge"):
            bridge.remove(b)
        bridge.stop()
        assert pairs(m) == set()
        bridge.stop()
        await asyncio.sleep(0.1)


@flow
async def test_what_cannot_be_added() -> None:
    async with open_mixer() as (m, _media):
        bridge = RootAudioBridge(m)
        with pytest.raises(TypeError):
            bridge.add(object())
        other = AudioMixer(None, None, 8000, media=m.media)
        with pytest.raises(ValueError, match="another mixer"):
            bridge.add(AudioDevice(other))
        assert not IAudioPort.providedBy(bridge)
        assert IAudioPort.providedBy(AudioBridge(m))
        await other.opened()
        other.close()


@flow
async def test_ports_that_nobody_holds_leave() -> None:
    async with open_mixer() as (m, _media):
        bridge = AudioBridge(m)
        a, b = Port(m), Port(m)
        bridge.add(a)
        bridge.add(b)
        slot = b.slot
        del b
        gc.collect()
        await asyncio.sleep(0)
        assert len(bridge) == 1
        assert not any(slot in pair for pair in pairs(m))
        await asyncio.sleep(0.1)


@flow
async def test_bridges_in_bridges() -> None:
    async with open_mixer() as (m, media):
        outer, inner = RootAudioBridge(m), AudioBridge(m)
        a, b, c = Port(m), Port(m), Port(m)
        inner.add(a)
        outer.add(inner)
        outer.add(c)
        inner.add(b)
        inlet, outlet = inner.consumer_slot, inner.producer_slot
        assert pairs(m) == mesh(a, b) | {
            (a.slot, outlet), (b.slot, outlet), (inlet, a.slot), (inlet, b.slot), (outlet, c.slot), (c.slot, inlet),
        }  # fmt: skip
        assert {command.slot for command in media.all(AddSlot)} == {inlet, outlet}
        outer.remove(inner)
        assert (outlet, c.slot) not in pairs(m)
        await asyncio.sleep(0.1)


class Stream(Port):
    """As much of an audio stream as a conference needs."""

    ends: ClassVar[set[int]] = {0}

    def __init__(self, mixer: AudioMixer) -> None:
        super().__init__(mixer)
        self.ends.add(self.slot)
        self.bridge, self.device = AudioBridge(mixer), AudioDevice(mixer)
        self.bridge.add(self.device)
        self.bridge.add(self)

    def hears(self, other: Port | int) -> bool:
        """Whether ``other`` (0: the microphone) is heard, directly or through bridges."""
        source = other if isinstance(other, int) else other.slot
        edges, new = pairs(self.mixer), {source}
        found: set[int] = set()
        while new:
            # what goes into the loudspeaker or to somebody does not come out again
            new = {sink for here, sink in edges if here in new and (here == source or here not in self.ends)} - found
            found |= new
        return self.slot in found


@flow
async def test_a_conference(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(IllegalStateError, match="running application"):
        AudioConference()
    async with open_mixer() as (m, _media):
        monkeypatch.setattr(Runtime, "voice_audio_mixer", m)
        conference = AudioConference()
        bob, carol = Stream(m), Stream(m)
        assert bob.hears(0)
        assert not bob.hears(carol)
        for stream in (bob, carol, bob):
            conference.add(stream)  # type: ignore[arg-type]
        assert conference.streams == [bob, carol]
        assert all((bob.hears(0), bob.hears(carol), carol.hears(bob), not bob.hears(bob)))
        for _ in range(2):
            conference.hold()
        assert conference.on_hold
        assert not bob.hears(0)
        assert bob.hears(carol)
        for _ in range(2):
            conference.unhold()
        assert bob.hears(0)
        conference.remove(carol)  # type: ignore[arg-type]
        assert carol.hears(0)
        assert not carol.hears(bob)
        with pytest.raises(ValueError, match="not in list"):
            conference.remove(carol)  # type: ignore[arg-type]
        bob.bridge.stop()  # as a stream that ends does
        conference.remove(bob)  # type: ignore[arg-type]
        assert conference.streams == []
        await asyncio.sleep(0.1)


@flow
async def test_muting_a_device() -> None:
    async with open_mixer() as (m, _media):
        recorder = Recorder("AudioPortDidChangeSlots")
        bridge, device, port = AudioBridge(m), AudioDevice(m), Port(m)
        bridge.add(device)
        bridge.add(port)
        assert pairs(m) == {(0, port.slot), (port.slot, 0)}
        device.input_muted = True
        assert pairs(m) == {(port.slot, 0)}
        data = recorder.last("AudioPortDidChangeSlots")
        assert (data.producer_slot_changed, data.old_producer_slot, data.new_producer_slot) == (True, 0, None)
        assert (data.consumer_slot_changed, data.old_consumer_slot, data.new_consumer_slot) == (False, 0, 0)
        device.input_muted = True
        assert len(recorder.seen) == 1
        device.output_muted = True
        assert pairs(m) == set()
        device.output_muted = device.input_muted = False
        assert pairs(m) == {(0, port.slot), (port.slot, 0)}
        assert (AudioDevice(m, True, True).producer_slot, AudioDevice(m, True, True).consumer_slot) == (None, None)
        await asyncio.sleep(0.1)


@flow
async def test_a_player_plays_ends_and_plays_again() -> None:
    async with open_mixer() as (m, media):
        recorder = Recorder()
        bridge, port = AudioBridge(m), Port(m, produces=False)
        bridge.add(port)
        player = WavePlayer(m, "ring.wav", volume=50, loop_count=0, pause_time=2, initial_play=False)
        bridge.add(player)
        assert not player.is_active
        player.start()
        player.start()
        command = media.last(StartPlayer)
        assert len(media.all(StartPlayer)) == 1
        assert (command.filename, command.volume, command.loop_count) == ("ring.wav", 50, 0)
        assert (command.pause_time, command.initial_delay) == (2.0, 2.0)
        assert pairs(m) == {(player.producer_slot, port.slot)}
        await asyncio.sleep(0.1)
        assert recorder.names.count("WavePlayerDidStart") == 1
        media.emit(PlayerEnded(command.player, stopped=False))
        assert recorder.names[-1] == "WavePlayerDidEnd"
        assert not player.is_active
        assert pairs(m) == set()
        player.start()
        player.stop()
        player.stop()
        assert media.last(StopPlayer).player == media.last(StartPlayer).player != command.player
        await asyncio.sleep(0.1)
        assert recorder.names.count("WavePlayerDidEnd") == 2
        assert m.used_slot_count == 1


@flow
async def test_a_file_that_cannot_be_played() -> None:
    async with open_mixer() as (m, media):
        recorder = Recorder()
        player = WavePlayer(m, "none.wav")
        player.start()
        media.emit(PlayerFailed(media.last(StartPlayer).player, "none.wav: no such file"))
        error = recorder.last("WavePlayerDidFail").error
        assert isinstance(error, SIPCoreError)
        assert str(error) == "none.wav: no such file"
        assert not player.is_active
        await asyncio.sleep(0.1)


@flow
async def test_a_recorder_records_stops_and_records_again(tmp_path: Path) -> None:
    async with open_mixer() as (m, _media):
        seen = Recorder("WaveRecorderDidEnd", "WaveRecorderDidFail")
        bridge, port = AudioBridge(m), Port(m)
        recorder = WaveRecorder(m, str(tmp_path / "new" / "heard.wav"))
        bridge.add(port)
        bridge.add(recorder)
        assert pairs(m) == set()
        recorder.start()
        recorder.start()
        assert (tmp_path / "new").is_dir()
        assert recorder.is_active
        assert recorder.producer_slot is None
        assert pairs(m) == {(port.slot, recorder.consumer_slot)}
        recorder.stop()
        recorder.stop()
        assert not recorder.is_active
        assert pairs(m) == set()
        await asyncio.sleep(0.1)
        assert seen.names == ["WaveRecorderDidEnd"]
        recorder.start()
        recorder.stop()
        await asyncio.sleep(0.1)
        assert seen.names == ["WaveRecorderDidEnd"] * 2


@pytest.mark.expect_warnings
@flow
async def test_a_recorder_that_cannot_write(tmp_path: Path) -> None:
    async with open_mixer() as (m, media):
        seen = Recorder("WaveRecorderDidEnd", "WaveRecorderDidFail")
        recorder = WaveRecorder(m, str(tmp_path / "heard.wav"))
        recorder.start()
        await asyncio.sleep(0.1)
        number = media.last(StartRecorder).recorder
        media.emit(RecorderEnded(number, recorder.filename, "the disk is full"))
        assert seen.last("WaveRecorderDidFail").error == "the disk is full"
        assert not recorder.is_active
