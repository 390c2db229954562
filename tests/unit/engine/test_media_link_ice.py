"""Two real media processes that talk through ICE: what is said in one is heard in the other, encrypted too, and after one was killed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from support.tones import babble
from support.voice import EVENTS, PCMU, RATE, key, likeness, read_wav, write_wav

from blinkq.base.clock import SystemClock
from blinkq.engine.media_errors import MediaProcessRevived
from blinkq.engine.media_link import LinkEvent, MediaLink
from blinkq.media.control import (
    CloseTransport,
    Connect,
    OpenMixer,
    OpenTransport,
    RecorderEnded,
    Reply,
    StartRecorder,
    StartStream,
    StopRecorder,
    StreamDirection,
    StreamStatistics,
    TransportOpened,
)
from blinkq.media.ice import IceGathering
from blinkq.media.ice_control import IceFailed, IceSucceeded, StartIce

PATIENCE = 60.0


class Party:
    """One media process with one stream."""

    def __init__(self, name: str, address: str, *, controlling: bool) -> None:
        self.name = name
        self.address = address
        self.controlling = controlling
        self.events: list[LinkEvent] = []
        self.opened: TransportOpened
        self._changed = asyncio.Event()
        self.link = MediaLink(None, SystemClock(), self._take)

    def _take(self, event: LinkEvent) -> None:
        self.events.append(event)
        self._changed.set()

    async def wait(self, kind: type[Any], condition: Any = lambda event: True) -> Any:
        async with asyncio.timeout(PATIENCE):
            while not (found := [event for event in self.events if isinstance(event, kind) and condition(event)]):
                self._changed.clear()
                await self._changed.wait()
        return found[-1]

    async def open(self, input_device: str | None = None) -> None:
        await self.link.start()
        await self.link.request(OpenMixer(1, input_device, None))
        password = f"{self.name}xpasswordxlongxenough"
        gathering = IceGathering(f"ufrag{self.name}", password, self.controlling, None, 0.5, (self.address,))
        opened = await self.link.request(OpenTransport(1, self.address, (40000, 49998), ice=gathering))
        assert isinstance(opened, TransportOpened)
        self.opened, self.gathering = opened, gathering

    async def check(self, other: Party) -> None:
        theirs = other.gathering
        assert await self.link.request(StartIce(1, 1, theirs.ufrag, theirs.password, False, other.opened.candidates)) == Reply()

    async def start(self, other: Party, encrypted: bool) -> None:
        keys = (key(1), key(2)) if self.controlling else (key(2), key(1))
        await self.link.request(
            StartStream(
                1, 1, 1, other.address, other.opened.rtp_port, other.opened.rtcp_port, StreamDirection.SENDRECV, PCMU, (PCMU,), EVENTS,
                EVENTS,
                local_key=keys[0] if encrypted else None, remote_key=keys[1] if encrypted else None,
                ice_pairs=(await self.wait(IceSucceeded)).pairs,
            )
        )  # fmt: skip


async def talk(folder: Path, *, encrypted: bool, kill: bool) -> None:
    alice, bob = Party("alice", "127.0.0.1", controlling=True), Party("bob", "127.0.0.2", controlling=False)
    said = babble(3.0, RATE)
    try:
        await alice.open(f"file:{write_wav(folder / 'said.wav', said)}")
        await bob.open()
        await bob.check(alice)
        await alice.check(bob)
        await alice.start(bob, encrypted)
        await bob.start(alice, encrypted)
        if kill:
            await bob.wait(StreamStatistics, lambda event: event.packets_received > 30)
            assert alice.link.pid is not None
            os.kill(alice.link.pid, 9)
            assert (await alice.wait(MediaProcessRevived)).failures == ()
        await bob.link.request(StartRecorder(1, 1, 5, str(folder / "heard.wav")))
        await bob.link.request(Connect(1, 1, 5))
        await alice.link.request(Connect(1, 0, 1))  # from here on the file is the microphone
        before = (await bob.wait(StreamStatistics)).packets_received
        await bob.wait(StreamStatistics, lambda event: event.packets_received > before + 220)
        await bob.link.request(StopRecorder(1))
        await bob.wait(RecorderEnded)
        assert likeness(read_wav(folder / "heard.wav"), said) > 0.8
        assert not [event for party in (alice, bob) for event in party.events if isinstance(event, IceFailed)]
        assert await alice.link.request(CloseTransport(1)) == Reply()
    finally:
        await alice.link.stop()
        await bob.link.stop()


@pytest.mark.parametrize("encrypted", [False, True])
def test_what_was_said_is_heard(tmp_path: Path, encrypted: bool) -> None:
    asyncio.run(talk(tmp_path, encrypted=encrypted, kill=False))


@pytest.mark.expect_warnings
def test_a_killed_process_goes_on_where_it_was(tmp_path: Path) -> None:
    asyncio.run(talk(tmp_path, encrypted=True, kill=True))
