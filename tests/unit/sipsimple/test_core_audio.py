"""WaveFile, RecordingWaveFile, MixerPort and ToneGenerator over a fake media process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.call_scene import flow
from support.fake_media import FakeMedia
from support.middleware import Recorder
from support.mixers import open_mixer
from support.tones import sine
from support.voice import write_wav

from blinkq.media.control import AddSlot, PlayerEnded, RecorderEnded, StartPlayer, StartRecorder, StopPlayer, StopRecorder
from blinkq.sipsimple.audio_mixer import AudioMixer
from blinkq.sipsimple.core import MixerPort, RecordingWaveFile, SIPCoreError, ToneGenerator, WaveFile


def speech(tmp_path: Path) -> str:
    return str(write_wav(tmp_path / "speech.wav", sine(440, 0.2, 16000), 16000))


def end_player(media: FakeMedia) -> None:
    media.emit(PlayerEnded(media.last(StartPlayer).player, stopped=False))


@flow
async def test_a_file_is_played_to_its_end_and_again(tmp_path: Path) -> None:
    async with open_mixer() as (m, media):
        recorder = Recorder("WaveFileDidFinishPlaying")
        file = WaveFile(m, speech(tmp_path))
        file.volume = 50
        assert (file.slot, file.is_active) == (None, False)
        file.start()
        assert file.is_active
        command = media.last(StartPlayer)
        assert (command.slot, command.volume, command.loop_count) == (file.slot, 50, 1)
        with pytest.raises(SIPCoreError, match="already"):
            file.start()
        m.connect_slots(file.slot or 0, 0)
        end_player(media)
        assert recorder.names == ["WaveFileDidFinishPlaying"]
        assert recorder.seen[0].sender is file
        assert (file.slot, file.is_active, m.connected_slots, m.used_slot_count) == (None, False, [], 0)
        file.start()
        file.stop()
        file.stop()
        await asyncio.sleep(0.1)
        assert media.last(StopPlayer).player == media.last(StartPlayer).player != command.player
        assert recorder.names == ["WaveFileDidFinishPlaying"], "stopping is not announced"


@flow
async def test_files_and_volumes_that_cannot_be(tmp_path: Path) -> None:
    async with open_mixer() as (m, _media):
        file = WaveFile(m, str(tmp_path / "none.wav"))
        with pytest.raises(SIPCoreError):
            file.start()
        assert not file.is_active
        for thing in (file, ToneGenerator(m)):
            with pytest.raises(ValueError, match="at least 0"):
                thing.volume = -1
            assert thing.volume == 100


@flow
async def test_one_object_makes_one_recording(tmp_path: Path) -> None:
    async with open_mixer() as (m, media):
        recording = RecordingWaveFile(m, str(tmp_path / "heard.wav"))
        recording.start()
        assert media.last(StartRecorder).slot == recording.slot
        assert recording.is_active
        recording.stop()
        recording.stop()
        assert len(media.all(StopRecorder)) == 1
        assert (recording.slot, recording.is_active, m.used_slot_count) == (None, False, 0)
        with pytest.raises(SIPCoreError, match="another object"):
            recording.start()
        full = RecordingWaveFile(m, str(tmp_path / "more.wav"))
        full.start()
        media.emit(RecorderEnded(media.last(StartRecorder).recorder, full.filename, "the disk is full"))
        assert (full.is_active, m.used_slot_count) == (False, 0)
        await asyncio.sleep(0.1)


@flow
async def test_a_port_is_a_slot_while_it_is_active() -> None:
    async with open_mixer() as (m, media):
        port = MixerPort(m)
        assert not port.is_active
        port.start()
        assert media.last(AddSlot).slot == port.slot
        with pytest.raises(SIPCoreError, match="active already"):
            port.start()
        m.connect_slots(0, port.slot or 0)
        port.stop()
        port.stop()
        assert (port.slot, m.connected_slots, m.used_slot_count) == (None, [], 0)


def connections(m: AudioMixer, generator: ToneGenerator) -> list[int]:
    return [source for source, sink in m.connected_slots if sink == generator.slot]


@flow
async def test_tones_follow_one_another() -> None:
    async with open_mixer() as (m, media):
        recorder = Recorder("ToneGeneratorDidFinishPlaying")
        generator = ToneGenerator(m)
        with pytest.raises(SIPCoreError, match="not active"):
            generator.play_dtmf("5")
        generator.start()
        slot = generator.slot
        generator.volume = 70
        generator.play_tones([(440, 480, 500), (0, 0, 250)])
        generator.play_dtmf("5")
        generator.play_tones([])
        first = media.last(StartPlayer)
        assert (first.tones, first.volume) == (((440.0, 480.0, 0.5), (0.0, 0.0, 0.25)), 70)
        assert connections(m, generator) == [first.slot]
        assert len(media.all(StartPlayer)) == 1
        assert generator.is_busy
        end_player(media)
        second = media.last(StartPlayer)
        assert second.tones[0][:2] == (770.0, 1336.0)
        assert connections(m, generator) == [second.slot]
        assert recorder.names == []
        end_player(media)
        assert not generator.is_busy
        assert generator.is_active
        assert recorder.names == ["ToneGeneratorDidFinishPlaying"]
        assert generator.slot == slot
        generator.play_dtmf("#")
        generator.play_dtmf("*")
        generator.stop()
        generator.stop()
        await asyncio.sleep(0.1)
        assert media.last(StopPlayer).player == media.last(StartPlayer).player
        assert (generator.is_active, generator.is_busy, m.used_slot_count) == (False, False, 0)
        assert recorder.names == ["ToneGeneratorDidFinishPlaying"]


@flow
async def test_impossible_tones() -> None:
    async with open_mixer() as (m, media):
        generator = ToneGenerator(m)
        generator.start()
        for tones in ([(440, 0, -1)], [(-1, 0, 100)], [(440, 0, 40_000), (440, 0, 40_000)]):
            with pytest.raises(ValueError):
                generator.play_tones(tones)
        with pytest.raises(ValueError):
            generator.play_dtmf("hash")
        assert not media.all(StartPlayer)
        generator.stop()
