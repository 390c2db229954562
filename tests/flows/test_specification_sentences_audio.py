"""Sentences of the specification about sound in sessions, tried one by one: bridges, recording, hold, streams that are removed."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

from support.call_scene import call_scene, flow
from support.proposals import proposal_scene

from blinkq.sip.events import ReinviteReceived
from blinkq.sipsimple.audio import AudioBridge, AudioDevice, WaveRecorder
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.streams import AudioStream


@flow
async def test_bridges_keep_no_port_alive() -> None:
    async with call_scene() as s:
        mixer = Runtime.voice_audio_mixer
        assert mixer is not None
        bridge = AudioBridge(mixer)
        device = AudioDevice(mixer)
        seen = weakref.ref(device)
        bridge.add(device)
        assert device in bridge
        del device
        gc.collect()
        assert seen() is None
        await s.settle(0.1)  # taken out on the engine's thread
        assert len(bridge) == 0


@flow
async def test_the_bridge_of_a_stream_has_what_the_state_says() -> None:
    """The device always; the stream while it is started and not on hold; a recorder while recording."""
    async with call_scene() as s:
        session, _bob = await s.connected()
        (stream,) = session.streams
        bridge = stream.bridge
        assert (len(bridge), stream in bridge, stream.device in bridge) == (2, True, True)
        session.hold()
        held = await s.until("AudioStreamDidChangeHoldState")
        assert (held.originator, held.on_hold) == ("local", True)
        assert (stream.on_hold_by_local, stream.on_hold_by_remote, stream.on_hold) == (True, False, True)
        await s.settle()
        assert (len(bridge), stream in bridge, stream.device in bridge) == (1, False, True)
        session.unhold()
        await s.until("AudioStreamDidChangeHoldState", 2)
        await s.settle()
        assert (len(bridge), stream in bridge, stream.device in bridge) == (2, True, True)
        session.end()
        await s.until("SIPSessionDidEnd")


@flow
async def test_recording_without_a_name_makes_one(tmp_path: Path) -> None:
    """Of the participants and the time, in the directory of the settings; the notifications tell the full path."""
    async with call_scene() as s:
        settings = SIPSimpleSettings()
        settings.audio.directory = str(tmp_path / "history")  # type: ignore[assignment]
        settings.save()
        session, _bob = await s.connected()
        (stream,) = session.streams
        stream.start_recording()
        will = await s.until("AudioStreamWillStartRecordingAudio")
        did = await s.until("AudioStreamDidStartRecordingAudio")
        assert will.filename == did.filename == stream.recording_filename
        assert Path(did.filename).is_absolute()
        assert tmp_path in Path(did.filename).parents
        assert "bob" in Path(did.filename).name
        assert did.filename.endswith(".wav")
        assert len(stream.bridge) == 3
        stream.stop_recording()
        assert (await s.until("AudioStreamWillStopRecordingAudio")).filename == did.filename
        assert (await s.until("AudioStreamDidStopRecordingAudio")).filename == did.filename
        assert stream.recording_filename is None
        session.end()
        await s.until("SIPSessionDidEnd")


@flow
async def test_a_removed_stream_is_gone_even_if_the_peer_refuses() -> None:
    async with proposal_scene() as s:
        session = s.session
        bob = s.bob

        def refuse(event: Any) -> None:
            if isinstance(event, ReinviteReceived):
                bob.do(event.invitation.reject_reinvite, 488)

        bob.on_event = refuse
        (stream,) = session.streams
        session.remove_stream(stream)
        await s.until("DidRenegotiateStreams")
        data = s.data("DidRenegotiateStreams")
        assert (data.action, data.streams) == ("remove", [stream])
        assert session.streams == []


@flow
async def test_a_recorder_is_active_while_it_records(tmp_path: Path) -> None:
    async with call_scene() as s:
        mixer = Runtime.voice_audio_mixer
        assert mixer is not None
        recorder = WaveRecorder(mixer, str(tmp_path / "deep" / "deeper" / "call.wav"))
        assert recorder.is_active is False
        recorder.start()
        assert recorder.is_active is True
        await s.settle(0.1)
        recorder.stop()
        assert recorder.is_active is False
        recorder.start()
        recorder.stop()


@flow
async def test_hold_by_one_stream_of_two_is_partial() -> None:
    """And both together are not."""
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.reinvite, bob.sdp("sendonly", version=2))
        held = await s.until("SIPSessionDidChangeHoldState")
        assert (held.originator, held.on_hold, held.partial) == ("remote", True, False)
        (stream,) = session.streams
        assert isinstance(stream, AudioStream)
        assert stream.on_hold_by_remote
        assert session.on_hold
        bob.do(bob.invitation.end)
        ended = await s.until("SIPSessionDidEnd")
        assert ended.originator == "remote"
        assert s.session_names.index("WillEnd") < s.session_names.index("DidEnd")
