"""Players, recorders and files as devices: in real time, at the right length, and honest about disks that fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tones import babble, level_of
from support.voice import BLOCK, RATE, InlineWorker, write_wav

from blinkq.media.control import (
    Event,
    PlayerEnded,
    PlayerFailed,
    PlayerStarted,
    RecorderEnded,
    RecorderStarted,
    StartPlayer,
    StartRecorder,
)
from blinkq.media.wav import WavError, open_reader
from blinkq.voice.devices.device import Block
from blinkq.voice.devices.file import FileLoudspeaker, FileMicrophone
from blinkq.voice.player import Player
from blinkq.voice.recorder import Recorder
from blinkq.voice.wavfeed import WavFeed


def play(player: Player, ticks: int) -> list[Block | None]:
    return [player.pull(0.0) for _ in range(ticks)]


def make_player(path: Path, events: list[Event], worker: InlineWorker | None = None, **changes: Any) -> Player:
    command = StartPlayer(1, 1, 2, str(path), **changes)
    return Player(command, WavFeed(str(path), RATE, worker or InlineWorker()), events.append)


def read_back(path: Path) -> Block:
    reader = open_reader(path, RATE)
    samples = reader.read(RATE * 60)
    reader.close()
    return samples


@pytest.mark.parametrize("seconds", [0.01, 0.05, 1.0, 1.01, 5.0])
def test_a_file_is_played_whole_once(tmp_path: Path, seconds: float) -> None:
    said = babble(seconds, RATE)
    events: list[Event] = []
    player = make_player(write_wav(tmp_path / "a.wav", said), events)
    blocks = [block for block in play(player, 400) if block is not None]
    heard = np.concatenate(blocks)
    assert np.array_equal(heard[: len(said)], said)
    assert not heard[len(said) :].any()
    assert events == [PlayerStarted(1), PlayerEnded(1, stopped=False)]
    player.stop()
    assert len(events) == 2


def test_delay_loops_and_pauses(tmp_path: Path) -> None:
    said = babble(0.1, RATE)
    events: list[Event] = []
    player = make_player(
        write_wav(tmp_path / "a.wav", said), events, loop_count=3, pause_time=0.2, initial_delay=0.1, volume=50
    )
    blocks = play(player, 60)
    spoken = [index for index, block in enumerate(blocks) if block is not None]
    assert spoken == [*range(5, 10), *range(21, 26), *range(37, 42)]
    assert blocks[5] is not None
    assert level_of(np.concatenate([b for b in blocks if b is not None])) == pytest.approx(level_of(said) - 6, abs=0.3)
    assert isinstance(events[-1], PlayerEnded)


def test_playing_for_ever_until_stopped(tmp_path: Path) -> None:
    events: list[Event] = []
    player = make_player(write_wav(tmp_path / "a.wav", babble(0.04, RATE)), events, loop_count=0)
    assert sum(block is not None for block in play(player, 1000)) > 600
    player.stop()
    assert events[-1] == PlayerEnded(1, stopped=True)
    assert play(player, 3) == [None] * 3


def test_a_slow_disk_is_silence_not_the_end(tmp_path: Path) -> None:
    events: list[Event] = []
    worker = InlineWorker()
    player = make_player(write_wav(tmp_path / "a.wav", babble(3.0, RATE)), events, worker)
    worker.held = True
    assert [block is None for block in play(player, 60)] == [False] * 50 + [True] * 10
    assert not player.finished
    worker.run()
    worker.held = False
    assert player.pull(0.0) is not None
    player.stop()


def test_a_disk_that_fails_in_the_middle_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    player = make_player(write_wav(tmp_path / "a.wav", babble(5.0, RATE)), events)

    def fail(count: int) -> Block:
        raise WavError("The sound file a.wav cannot be read: Input/output error.")

    monkeypatch.setattr(player._feed._reader, "read", fail)
    play(player, 200)
    assert events[-1] == PlayerFailed(1, "The sound file a.wav cannot be read: Input/output error.")


def test_a_full_worker_is_asked_again(tmp_path: Path) -> None:
    worker = InlineWorker()
    events: list[Event] = []
    player = make_player(write_wav(tmp_path / "a.wav", babble(3.0, RATE)), events, worker)
    worker.full = True
    assert sum(block is not None for block in play(player, 60)) == 50
    worker.full = False
    assert any(block is not None for block in play(player, 5))
    worker.full = True
    player.stop()
    assert isinstance(events[-1], PlayerEnded)


def test_bad_files_are_known_at_once(tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"this is no wav file")
    with pytest.raises(WavError, match="is not a WAV file"):
        WavFeed(str(bad), RATE, InlineWorker())


def record(path: Path, ticks: int, **changes: Any) -> tuple[Recorder, list[Event]]:
    events: list[Event] = []
    recorder = Recorder(StartRecorder(1, 1, 2, str(path), **changes), RATE, InlineWorker(), events.append)
    for index in range(ticks):
        recorder.push(np.full(BLOCK, index + 1, np.int16) if index % 2 else None, 0.0, 0)
    return recorder, events


def test_a_recording_has_every_tick(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    recorder, events = record(path, 61)
    assert len(read_back(path)) == 50 * BLOCK, "half seconds are on the disk before the end"
    recorder.stop()
    recorder.stop()
    samples = read_back(path)
    assert len(samples) == 61 * BLOCK
    assert samples[::BLOCK].tolist() == [index + 1 if index % 2 else 0 for index in range(61)]
    assert events == [RecorderStarted(1, str(path)), RecorderEnded(1, str(path))]


def test_a_recording_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    record(path, 10)[0].stop()
    record(path, 15, append=True)[0].stop()
    assert len(read_back(path)) == 25 * BLOCK


def test_time_left_out_is_silence_within_reason(tmp_path: Path) -> None:
    path = tmp_path / "r.wav"
    recorder, _ = record(path, 1)
    recorder.push(None, 0.0, 4)
    recorder.push(None, 0.0, 1_000_000)
    recorder.stop()
    assert len(read_back(path)) == (1 + 5 + 501) * BLOCK


def test_a_full_disk_ends_the_recording_and_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.wav"
    recorder, events = record(path, 50)

    def fail(samples: Block) -> None:
        raise WavError("The recording cannot be written: No space left on device.")

    monkeypatch.setattr(recorder._sink._writer, "write", fail)
    for _ in range(60):
        recorder.push(None, 0.0, 0)
    assert recorder.finished
    assert events[-1] == RecorderEnded(1, str(path), "The recording cannot be written: No space left on device.")
    assert len(read_back(path)) == 50 * BLOCK


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_really_full_disk(tmp_path: Path) -> None:
    with pytest.raises(WavError):
        Recorder(StartRecorder(1, 1, 2, "/dev/full"), RATE, InlineWorker(), lambda event: None)


def test_a_disk_that_hangs_ends_the_recording(tmp_path: Path) -> None:
    events: list[Event] = []
    worker = InlineWorker()
    recorder = Recorder(StartRecorder(1, 1, 2, str(tmp_path / "r.wav")), RATE, worker, events.append)
    worker.held = True
    for _ in range(25 * 70):
        recorder.push(None, 0.0, 0)
    assert len(worker.jobs) < 65, "what waits is bounded"
    assert recorder.finished
    worker.run()
    assert isinstance(events[-1], RecorderEnded)
    assert "the disk is too slow" in str(events[-1].error)


def test_a_file_as_microphone_waits_for_a_listener_and_then_is_silent(tmp_path: Path) -> None:
    said = babble(0.5, RATE)
    microphone = FileMicrophone(str(write_wav(tmp_path / "m.wav", said)), RATE, InlineWorker())
    assert [microphone.read(False) for _ in range(5)] == [None] * 5
    heard = [microphone.read(True) for _ in range(40)]
    assert np.array_equal(np.concatenate([block for block in heard if block is not None]), said)
    assert heard[-1] is None
    assert microphone.failure(0.0) is None
    microphone._feed.error = "broken"
    assert [microphone.failure(0.0), microphone.failure(0.0)] == ["broken", None]
    microphone.close()
    microphone.close()


def test_a_file_as_loudspeaker(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    loudspeaker = FileLoudspeaker(str(path), RATE, InlineWorker())
    loudspeaker.write(np.ones(BLOCK, np.int16))
    loudspeaker.write(None)
    loudspeaker.close()
    assert read_back(path)[:: BLOCK // 2].tolist() == [1, 1, 0, 0]
    assert loudspeaker.failure(0.0) is None
    loudspeaker._fail("full")
    assert loudspeaker.failure(0.0) == "full"
