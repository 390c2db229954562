"""The audio stream of a standing call: tones, recording, players in its bridge, what the media process reports, and streams that die."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.call_scene import call_scene, flow

from blinkq.media.control import (
    Connect,
    Disconnect,
    DTMFReceived,
    RecorderEnded,
    RemoteAddressChanged,
    SendDTMF,
    StartPlayer,
    StartRecorder,
    StartStream,
    StopRecorder,
    StreamStatistics,
    StreamTimedOut,
)
from blinkq.sip.events import InvitationEnded
from blinkq.sipsimple.audio import WavePlayer
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams import AudioStream
from blinkq.sipsimple.streams.interface import StreamError


def connections(media: Any) -> set[tuple[int, int]]:
    made: set[tuple[int, int]] = set()
    for command in media.commands:
        if isinstance(command, Connect):
            made.add((command.source, command.sink))
        elif isinstance(command, Disconnect):
            made.discard((command.source, command.sink))
    return made


@flow
async def test_tones_both_ways() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        stream = session.streams[0]
        for digit in "0*#d":
            stream.send_dtmf(digit)
        assert [command.digit for command in s.media.all(SendDTMF)] == ["0", "*", "#", "D"]
        for wrong in ("", "12", "E", "x"):
            with pytest.raises(ValueError, match="not a DTMF digit"):
                stream.send_dtmf(wrong)
        s.media.emit(DTMFReceived(s.media.last(StartStream).stream, "7"))
        assert s.recorder.last("AudioStreamGotDTMF").digit == "7"


@flow
async def test_a_peer_without_tones() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.answers(codecs="0 PCMU/8000")
        session, _ = await s.connected(bob)
        with pytest.raises(StreamError, match="cannot receive tones"):
            session.streams[0].send_dtmf("1")


@flow
async def test_the_stream_and_the_device_hear_each_other() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        stream = session.streams[0]
        slot = stream.producer_slot
        assert slot == stream.consumer_slot == s.media.last(StartStream).slot
        assert connections(s.media) == {(0, slot), (slot, 0)}
        stream.muted = True
        assert connections(s.media) == {(slot, 0)}
        stream.muted = False
        session.hold()
        assert connections(s.media) == set()
        session.unhold()
        assert connections(s.media) == {(0, slot), (slot, 0)}
        session.end()
        await s.until("SIPSessionDidEnd")
        assert connections(s.media) == set()


@flow
async def test_a_player_speaks_instead_of_the_microphone() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        stream = session.streams[0]
        stream.device.input_muted = True
        player = WavePlayer(stream.mixer, "speech.wav")
        stream.bridge.add(player)
        player.start()
        spoken, slot = s.media.last(StartPlayer).slot, stream.producer_slot
        assert connections(s.media) == {(slot, 0), (spoken, slot), (spoken, 0)}


@flow
async def test_recording_mixes_both_directions(tmp_path: Path) -> None:
    async with call_scene() as s:
        SIPSimpleSettings().audio.directory = str(tmp_path)  # type: ignore[assignment]
        session, _bob = await s.connected()
        stream = session.streams[0]
        assert not stream.recording_active
        stream.start_recording()
        path = stream.recording_filename
        assert path is not None
        assert path.startswith(str(tmp_path / "alice@example.com"))
        assert path.endswith("-bob@example.com-outgoing.wav")
        start = s.media.last(StartRecorder)
        assert start.filename == path
        slot = stream.producer_slot
        assert connections(s.media) == {(0, slot), (slot, 0), (0, start.slot), (slot, start.slot)}
        with pytest.raises(RuntimeError):
            stream.start_recording()
        session.hold()
        assert connections(s.media) == set()
        session.unhold()
        assert (0, start.slot) in connections(s.media)
        stream.stop_recording()
        assert stream.recording_filename is None
        await s.until("AudioStreamDidStopRecordingAudio")
        names = [name for name in s.recorder.names if "Recording" in name]
        assert names == [f"AudioStream{step}RecordingAudio" for step in ("WillStart", "DidStart", "WillStop", "DidStop")]
        assert s.recorder.last("AudioStreamDidStopRecordingAudio").filename == path
        with pytest.raises(RuntimeError):
            stream.stop_recording()


@flow
async def test_a_recording_ends_with_the_call(tmp_path: Path) -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        session.streams[0].start_recording(str(tmp_path / "deep" / "call.wav"))
        assert (tmp_path / "deep").is_dir()
        session.end()
        data = await s.until("AudioStreamDidStopRecordingAudio")
        assert data.filename == str(tmp_path / "deep" / "call.wav")
        assert s.media.all(StopRecorder)


@pytest.mark.expect_warnings
@flow
async def test_a_full_disk_ends_the_recording_not_the_call(tmp_path: Path) -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        stream = session.streams[0]
        stream.start_recording(str(tmp_path / "call.wav"))
        start = s.media.last(StartRecorder)
        s.media.emit(RecorderEnded(start.recorder, start.filename, "the disk is full"))
        assert s.recorder.last("AudioStreamDidStopRecordingAudio").reason == "the disk is full"
        assert not stream.recording_active
        assert session.state == "connected"
        stream.start_recording(str(tmp_path / "again.wav"))


@flow
async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        (tmp_path / "file").write_text("")
        from blinkq.sipsimple.core import SIPCoreError

        with pytest.raises(SIPCoreError, match="cannot be made"):
            session.streams[0].start_recording(str(tmp_path / "file" / "call.wav"))
        assert not session.streams[0].recording_active


@flow
async def test_only_a_started_stream_is_recorded_or_sends_tones() -> None:
    async with call_scene() as s:
        stream = AudioStream(s.account)
        with pytest.raises(RuntimeError):
            stream.start_recording()
        with pytest.raises(RuntimeError):
            stream.send_dtmf("1")
        assert (stream.codec, stream.sample_rate, stream.local_rtp_address) == (None, None, None)


@flow
async def test_the_peers_name_cannot_choose_where_a_recording_goes(tmp_path: Path) -> None:
    async with call_scene() as s:
        SIPSimpleSettings().audio.directory = str(tmp_path)  # type: ignore[assignment]
        bob = await s.peer(answering=True)
        session = s.call(bob, uri="sip:..%2f..%2fetc%2fpasswd@example.com")
        await s.until("SIPSessionDidStart")
        session.streams[0].start_recording()
        path = Path(session.streams[0].recording_filename)
        assert path.parent == tmp_path / "alice@example.com"


@flow
async def test_what_the_media_process_reports() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        stream, number = session.streams[0], s.media.last(StartStream).stream
        s.media.emit(RemoteAddressChanged(number, "198.51.100.7", 9000))
        assert (stream.remote_rtp_address_received, stream.remote_rtp_port_received) == ("198.51.100.7", 9000)
        assert "AudioStreamDidChangeRTPParameters" in s.recorder.names
        statistics = StreamStatistics(number, 1, 2, 3, 4, 0, 0, 0.5, 40.0, None, -20.0, -30.0, "opus")
        s.media.emit(statistics)
        assert stream.statistics is statistics


@flow
async def test_a_stream_that_hears_nothing_ends_the_call() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        assert s.media.last(StartStream).timeout == 30.0
        s.media.emit(StreamTimedOut(s.media.last(StartStream).stream))
        data = await s.until("SIPSessionDidEnd")
        assert data.originator == "local"
        assert "media" in data.end_reason
        assert "AudioStreamDidTimeout" in s.recorder.names
        await bob.until(InvitationEnded)
        assert session.state == "terminated"


@flow
async def test_a_stream_needs_a_running_application() -> None:
    async with call_scene() as s:
        Runtime.voice_audio_mixer, mixer = None, Runtime.voice_audio_mixer
        with pytest.raises(RuntimeError):
            AudioStream(s.account)
        Runtime.voice_audio_mixer = mixer
