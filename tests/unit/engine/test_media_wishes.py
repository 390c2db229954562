"""What a new media process is told after the old one died."""

from __future__ import annotations

from dataclasses import fields, replace

from blinkq.engine.media_wishes import MediaWishes
from blinkq.media.control import (
    AddSlot,
    CloseMixer,
    CloseTransport,
    CodecFormat,
    Command,
    Connect,
    Disconnect,
    ListDevices,
    OpenMixer,
    OpenTransport,
    PlayerEnded,
    PlayerFailed,
    RecorderEnded,
    SetDevices,
    SetVolume,
    StartPlayer,
    StartRecorder,
    StartStream,
    StopPlayer,
    StopRecorder,
    StopStream,
    StreamDirection,
    StreamStatistics,
    TransportOpened,
    UpdateStream,
)
from blinkq.media.ice import IceCandidate, IceCheck, IceGathering
from blinkq.media.ice_control import EndIce, IceSucceeded, RestartIce, StartIce

PCMU = CodecFormat(0, "PCMU", 8000)
STREAM = StartStream(7, 1, 3, "192.0.2.1", 4000, 4001, StreamDirection.SENDRECV, PCMU, (PCMU,), ssrc=1234)


def wishes(*commands: Command) -> MediaWishes:
    result = MediaWishes()
    for command in commands:
        result.note_command(command)
    return result


def statistics(stream: int, rollover: int) -> StreamStatistics:
    return StreamStatistics(stream, 0, 0, 0, 0, 0, 0, 0.0, 0.0, None, -96.0, -96.0, "PCMU", rollover)


def test_mixers_come_with_their_last_devices_volumes_and_connections() -> None:
    told = wishes(
        OpenMixer(1, None, None), SetDevices(1, "Mic", "Speaker"), SetVolume(1, 50), SetVolume(1, 70), AddSlot(1, 9),
        Connect(1, 0, 9), Connect(1, 0, 9), Connect(1, 9, 0), Disconnect(1, 9, 0), ListDevices(),
    )  # fmt: skip
    assert told.replay() == [
        ListDevices(), OpenMixer(1, "Mic", "Speaker"), SetVolume(1, 70), AddSlot(1, 9), Connect(1, 0, 9)
    ]  # fmt: skip


def test_a_file_as_loudspeaker_goes_on_where_it_was() -> None:
    told = wishes(OpenMixer(1, "file:speech.wav", "file:heard.wav"))
    assert told.replay() == [OpenMixer(1, "file:speech.wav", "file+append:heard.wav")]


def test_a_closed_mixer_takes_everything_with_it() -> None:
    told = wishes(
        OpenMixer(1, None, None), SetVolume(1), AddSlot(1, 9), Connect(1, 0, 9), StartPlayer(1, 1, 4, "a.wav"),
        StartRecorder(1, 1, 5, "b.wav"), CloseMixer(1), SetDevices(1, None, None),
    )  # fmt: skip
    assert told.replay() == []


def test_streams_get_their_ports_back_but_a_new_source() -> None:
    told = wishes(OpenTransport(7, "127.0.0.1", (50000, 50500)), STREAM, Connect(1, 3, 0))
    told.note_event(TransportOpened(7, "127.0.0.1", 50010, 50011))
    assert told.replay() == [
        Connect(1, 3, 0), OpenTransport(7, "127.0.0.1", (50000, 50500), 50010), replace(STREAM, ssrc=0)
    ]  # fmt: skip
    update = UpdateStream(**{field.name: getattr(STREAM, field.name) for field in fields(STREAM)})
    told.note_command(replace(update, direction=StreamDirection.INACTIVE))
    assert told.replay()[-1] == replace(STREAM, ssrc=0, direction=StreamDirection.INACTIVE)
    told.note_command(StopStream(7))
    assert len(told.replay()) == 2
    told.note_command(STREAM)
    told.note_command(CloseTransport(7))
    assert told.replay() == []


def test_a_refused_transport_is_no_wish() -> None:
    command = OpenTransport(7, "127.0.0.1", (50000, 50500))
    told = wishes(command, StartPlayer(1, 1, 2, "a.wav"), StartRecorder(1, 1, 2, "b.wav"))
    for refused in (command, StartPlayer(1, 1, 2, "a.wav"), StartRecorder(1, 1, 2, "b.wav"), STREAM):
        told.note_failure(refused)
    assert told.replay() == []


def test_players_that_still_play_begin_again_and_recordings_go_on() -> None:
    told = wishes(
        StartPlayer(1, 1, 4, "ring.wav", loop_count=0), StartPlayer(2, 1, 5, "a.wav"), StartPlayer(3, 1, 6, "x.wav"),
        StartRecorder(1, 1, 7, "call.wav"), StartRecorder(2, 1, 8, "other.wav"),
    )  # fmt: skip
    told.note_event(PlayerEnded(2, stopped=False))
    told.note_event(PlayerFailed(3, "unreadable"))
    told.note_event(RecorderEnded(2, "other.wav"))
    assert told.replay() == [
        StartPlayer(1, 1, 4, "ring.wav", loop_count=0), StartRecorder(1, 1, 7, "call.wav", append=True)
    ]  # fmt: skip


def test_final_events_that_a_dead_process_owed_are_made_up_once() -> None:
    told = wishes(
        StartPlayer(1, 1, 4, "a.wav"), StartRecorder(1, 1, 7, "b.wav"), StopPlayer(1), StopRecorder(1),
        StopPlayer(9), StopRecorder(9), StartPlayer(2, 1, 4, "a.wav"), StopPlayer(2),
    )  # fmt: skip
    told.note_event(PlayerEnded(2, stopped=True))
    assert told.take_missing_ends() == [PlayerEnded(1, stopped=True), RecorderEnded(1, "b.wav")]
    assert told.take_missing_ends() == []
    assert told.replay() == []


def test_rollovers_are_those_of_running_streams() -> None:
    told = wishes(STREAM)
    told.note_event(statistics(7, 0))
    assert told.rollovers == ()
    told.note_event(statistics(7, 2))
    told.note_event(statistics(8, 2))
    assert told.rollovers == ((7, 2),)
    told.note_command(STREAM)
    assert told.rollovers == ((7, 2),), "the same key goes on"
    told.note_command(StopStream(7))
    assert told.rollovers == ()


def test_ice_is_resumed_on_the_pairs_that_were_selected() -> None:
    candidate = IceCandidate("1", 1, 1, "192.0.2.1", 4000, "host")
    pair = IceCheck(candidate, candidate, "succeeded", True)
    transport = OpenTransport(7, "10.0.0.1", (20000, 30000), ice=IceGathering("ufrag", "first"))
    start = StartIce(7, 3, "theirs", "secret")
    told = wishes(transport, start)
    assert told.replay() == [transport, start]
    told.note_event(IceSucceeded(7, 2, 0.1, (pair,)))  # of an attempt that was given up
    assert told.replay() == [transport, start]
    told.note_event(IceSucceeded(7, 3, 0.1, (pair,)))
    assert told.replay() == [transport, replace(start, pairs=(pair,))]
    told.note_command(RestartIce(7, "other", "second"))
    assert told.replay() == [replace(transport, ice=IceGathering("other", "second"))]
    told.note_command(start)
    told.note_command(EndIce(7))
    assert told.replay() == [replace(transport, ice=None)]
    told.note_command(CloseTransport(7))
    assert told.replay() == []
