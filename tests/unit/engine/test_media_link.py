"""The real media process behind the link: it starts, talks, is killed and comes back; and programs that are no media process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.tones import babble
from support.voice import EVENTS, G722, OPUS, PCMU, RATE, key, likeness, write_wav

from blinkq.base.clock import SystemClock
from blinkq.engine.media_errors import MediaError, MediaProcessDied, MediaProcessFailed, MediaProcessRevived
from blinkq.engine.media_link import LinkEvent, MediaLink
from blinkq.media.control import (
    CloseTransport,
    CodecFormat,
    CommandFailed,
    Connect,
    DTMFReceived,
    ListDevices,
    MixerOpened,
    OpenMixer,
    OpenTransport,
    PlayerEnded,
    PlayerFailed,
    PlayerStarted,
    RecorderEnded,
    Reply,
    SendDTMF,
    StartPlayer,
    StartRecorder,
    StartStream,
    StopPlayer,
    StopRecorder,
    StreamDirection,
    StreamStatistics,
    TransportOpened,
)
from blinkq.media.wav import open_reader

#: Seconds that any of the awaited events may take on a busy machine.
PATIENCE = 60.0


class Listener:
    """Collects the link's events and lets a test wait for one."""

    def __init__(self) -> None:
        self.events: list[LinkEvent] = []
        self._changed = asyncio.Condition()

    def __call__(self, event: LinkEvent) -> None:
        self.events.append(event)
        asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def wait(self, kind: type[Any], condition: Callable[[Any], bool] = lambda event: True) -> Any:
        async with asyncio.timeout(PATIENCE), self._changed:
            while not (found := [event for event in self.of(kind) if condition(event)]):
                await self._changed.wait()
        return found[-1]


@asynccontextmanager
async def running(command: list[str] | None = None) -> AsyncIterator[tuple[MediaLink, Listener]]:
    listener = Listener()
    link = MediaLink(None, SystemClock(), listener, command=command)
    await link.start()
    try:
        yield link, listener
    finally:
        await link.stop()


def synchronous(body: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a coroutine as a test."""

    def test(tmp_path: Path) -> None:
        asyncio.run(body(tmp_path))

    test.__name__ = body.__name__
    test.__doc__ = body.__doc__
    return test


async def open_pair(link: MediaLink, codec: CodecFormat, folder: Path, *, encrypted: bool = False) -> tuple[int, int]:
    """Two parties in one process: mixer 1 has a talker's file as microphone, what mixer 2 hears is recorded. Returns both ports."""
    speech = write_wav(folder / "speech.wav", babble(3.0, RATE))
    await link.request(OpenMixer(1, f"file:{speech}", None))
    await link.request(OpenMixer(2, None, None))
    ports = []
    for stream in (1, 2):
        opened = await link.request(OpenTransport(stream, "127.0.0.1", (40000, 49998)))
        assert isinstance(opened, TransportOpened)
        ports.append(opened.rtp_port)
    for stream, mine, theirs in ((1, 1, 2), (2, 2, 1)):
        await link.request(
            StartStream(
                stream, stream, 1, "127.0.0.1", ports[2 - stream], ports[2 - stream] + 1, StreamDirection.SENDRECV,
                codec, (codec,), EVENTS, EVENTS,
                local_key=key(mine) if encrypted else None, remote_key=key(theirs) if encrypted else None,
            )
        )  # fmt: skip
    await link.request(StartRecorder(1, 2, 5, str(folder / "heard.wav")))
    await link.request(Connect(2, 1, 5))
    await link.request(Connect(1, 0, 1))
    return ports[0], ports[1]


def recording(folder: Path) -> NDArray[np.int16]:
    reader = open_reader(folder / "heard.wav", RATE)
    samples = reader.read(RATE * 600)
    reader.close()
    return samples


async def _talk(folder: Path, codec: CodecFormat, encrypted: bool) -> None:
    async with running() as (link, listener):
        await open_pair(link, codec, folder, encrypted=encrypted)
        link.send(SendDTMF(1, "5"))
        digit = await listener.wait(DTMFReceived)
        assert (digit.stream, digit.digit) == (2, "5")
        await listener.wait(StreamStatistics, lambda event: event.stream == 2 and event.packets_received > 130)
        await link.request(StopRecorder(1))
        ended = await listener.wait(RecorderEnded)
        assert ended.error is None
    assert likeness(recording(folder), babble(3.0, RATE)) > 0.85


@pytest.mark.parametrize(("codec", "encrypted"), [(PCMU, False), (G722, True), (OPUS, True)], ids=["PCMU", "G722", "opus"])
def test_speech_goes_from_file_to_recording(tmp_path: Path, codec: CodecFormat, encrypted: bool) -> None:
    asyncio.run(_talk(tmp_path, codec, encrypted))


@synchronous
async def test_the_folder_it_is_started_in_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('a stranger in the house')")
    with contextlib.chdir(tmp_path):
        async with running() as (link, _):
            assert link.pid


@pytest.mark.expect_warnings
@synchronous
async def test_a_killed_process_is_revived_and_the_call_goes_on(tmp_path: Path) -> None:
    async with running() as (link, listener):
        ports = await open_pair(link, PCMU, tmp_path, encrypted=True)
        await listener.wait(StreamStatistics, lambda event: event.packets_received > 40)
        first = link.pid
        assert first is not None
        os.kill(first, 9)
        died = await listener.wait(MediaProcessDied)
        assert died.pid == first
        revived = await listener.wait(MediaProcessRevived)
        assert revived.pid == link.pid != first
        assert revived.failures == ()
        assert revived.rollovers == ()
        assert revived.downtime < 5, "well under a second on an idle machine"
        index = listener.events.index(revived)
        await listener.wait(
            StreamStatistics,
            lambda event: event in listener.events[index:] and event.stream == 2 and event.packets_received > 150,
        )
        await link.request(StopRecorder(1))
        await listener.wait(RecorderEnded)
        assert await link.request(CloseTransport(1)) == Reply()
        again = await link.request(OpenTransport(1, "127.0.0.1", (1, 2), ports[0]))
        assert isinstance(again, TransportOpened)
        assert again.rtp_port == ports[0], "the revived transport had the same port"
    samples = recording(tmp_path)
    said = babble(3.0, RATE)
    assert likeness(samples[-RATE * 7 // 2 :], said) > 0.8, "speech is heard in the part after the death"


@pytest.mark.expect_warnings
@synchronous
async def test_requests_in_flight_are_answered_by_the_next_process(tmp_path: Path) -> None:
    async with running() as (link, _):
        pid = link.pid
        assert pid is not None
        os.kill(pid, 19)
        waiting = asyncio.create_task(link.request(OpenMixer(1, None, None), timeout=PATIENCE))
        other = asyncio.create_task(link.request(OpenTransport(1, "127.0.0.1", (40000, 49998)), timeout=PATIENCE))
        await asyncio.sleep(0)
        os.kill(pid, 9)
        assert await waiting == MixerOpened(1, None, None)
        assert isinstance(await other, TransportOpened)


@synchronous
async def test_players_report_their_beginning_and_end(tmp_path: Path) -> None:
    async with running() as (link, listener):
        await link.request(OpenMixer(1, None, None))
        tone = write_wav(tmp_path / "short.wav", babble(0.1, RATE))
        link.send(StartPlayer(1, 1, 4, str(tone), loop_count=2))
        await listener.wait(PlayerStarted)
        assert (await listener.wait(PlayerEnded)).stopped is False
        link.send(StartPlayer(2, 1, 4, str(tone), loop_count=0))
        await listener.wait(PlayerStarted, lambda event: event.player == 2)
        link.send(StopPlayer(2))
        assert (await listener.wait(PlayerEnded, lambda event: event.player == 2)).stopped is True
        link.send(StartPlayer(3, 1, 4, str(tmp_path / "missing.wav")))
        failed = await listener.wait(PlayerFailed)
        assert "missing.wav does not exist." in failed.error
        link.send(StartRecorder(3, 1, 4, str(tmp_path / "no" / "such" / "folder.wav")))
        ended = await listener.wait(RecorderEnded)
        assert "folder does not exist" in ended.error


@pytest.mark.expect_warnings
@synchronous
async def test_refusals_are_sentences(tmp_path: Path) -> None:
    async with running() as (link, listener):
        with pytest.raises(MediaError, match=r"^There is no mixer 9\.$"):
            await link.request(Connect(9, 0, 1))
        with pytest.raises(MediaError, match="No UDP port can be opened") as caught:
            await link.request(OpenTransport(1, "192.0.2.1", (40000, 40100)))
        assert caught.value.errno
        link.send(Connect(9, 0, 1))
        failed = await listener.wait(CommandFailed)
        assert failed.error == "There is no mixer 9."


def test_a_missing_device_is_told_and_the_null_device_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    asyncio.run(_missing_device(tmp_path))


async def _missing_device(tmp_path: Path) -> None:
    async with running() as (link, _):
        opened = await link.request(OpenMixer(1, "Headset that is not there", f"file:{tmp_path / 'out.wav'}"))
        assert isinstance(opened, MixerOpened)
        assert opened.input_device is None
        assert opened.output_device == f"file:{tmp_path / 'out.wav'}"
        assert opened.error == "The microphone “Headset that is not there” is not connected."
        opened = await link.request(OpenMixer(2, f"file:{tmp_path / 'none.wav'}", None))
        assert isinstance(opened, MixerOpened)
        assert opened.input_device is None
        assert opened.error is not None
        assert "none.wav does not exist." in opened.error
        await link.request(ListDevices())


@synchronous
async def test_stopping_fails_what_waits_and_is_idempotent(tmp_path: Path) -> None:
    listener = Listener()
    link = MediaLink(asyncio.get_running_loop(), SystemClock(), listener)
    with pytest.raises(MediaError, match="not running"):
        await link.request(ListDevices())
    await link.stop()
    await link.start()
    await link.start()
    assert link.pid is not None
    await link.stop()
    await link.stop()
    assert link.pid is None
    assert not listener.of(MediaProcessDied)
    await link.start()
    assert await link.request(OpenMixer(1, None, None)) == MixerOpened(1, None, None)
    await link.stop()


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["/nonexistent/program"], "cannot be started"),
        (_python("raise SystemExit(3)"), "ended with code 3"),
        (_python("import sys; sys.stdout.write('hello, this is no frame at all'); sys.stdout.flush(); sys.stdin.read()"), "signal 9"),
    ],
)  # fmt: skip
@pytest.mark.expect_warnings
def test_a_process_that_does_not_come_up_is_told(command: list[str], message: str) -> None:
    async def body() -> None:
        link = MediaLink(None, SystemClock(), Listener(), command=command)
        with pytest.raises(MediaError, match=message):
            await link.start()
        await link.stop()

    asyncio.run(body())


READY = (
    "import os, sys\n"
    "from blinkq.media.wire import encode\n"
    "from blinkq.media.control import MediaReady\n"
    "os.write(1, encode(0, MediaReady(os.getpid())))\n"
)


@pytest.mark.expect_warnings
@synchronous
async def test_a_process_that_keeps_dying_is_given_up(tmp_path: Path) -> None:
    listener = Listener()
    lives = tmp_path / "lives"
    link = MediaLink(None, SystemClock(), listener, command=_python(READY + f"open({str(lives)!r}, 'a').write('x'); sys.exit(7)"))
    await link.start()
    failed = await listener.wait(MediaProcessFailed)
    assert "ended with code 7" in failed.error
    assert lives.read_text() == "xxxxx"
    assert listener.of(MediaProcessDied)  # not of each: one that ends while it says that it is ready may count as never started
    with pytest.raises(MediaError, match="not running"):
        await link.request(ListDevices())
    await link.stop()


@pytest.mark.expect_warnings
@synchronous
async def test_a_process_that_does_not_answer(tmp_path: Path) -> None:
    async with running(_python(READY + "sys.stdin.buffer.read()")) as (link, _):
        with pytest.raises(MediaError, match="did not answer ListDevices within"):
            await link.request(ListDevices(), timeout=0.01)


@pytest.mark.expect_warnings
@synchronous
async def test_log_lines_keep_their_level(tmp_path: Path) -> None:
    import logging

    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]  # a list is all that is needed
    log = logging.getLogger("blinkq.voice")
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    lines = "ERROR voice.x: broken\\nALSA lib conf.c: blah\\nsomething strange\\n" + "x" * 20000 + "\\n"
    async with running(_python(f"{READY}sys.stderr.write('{lines}'); sys.stderr.flush(); sys.stdin.buffer.read()")):
        pass
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)
    found = [(record.levelname, record.getMessage()) for record in records if not record.getMessage().startswith("x")]
    assert found == [
        ("ERROR", "voice.x: broken"), ("DEBUG", "ALSA lib conf.c: blah"), ("WARNING", "something strange")
    ]  # fmt: skip
