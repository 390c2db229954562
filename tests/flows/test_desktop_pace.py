"""A screen that moves, over MSRP on a link that becomes slow and quick again: pictures get worse and better, and few are on their way."""

from __future__ import annotations

import asyncio
from typing import Any

from support.call_scene import CallScene, call_scene, flow
from support.msrp_peer import MSRPPeer
from support.rfb_pair import picture
from test_desktop_sharing import RFB, started

from blinkq.msrp.events import DataReceived
from blinkq.rfb.messages import Transmit, Updated
from blinkq.rfb.server import ServerCore
from blinkq.rfb.viewer import ViewerCore
from blinkq.sipsimple.streams.msrp import InternalVNCServerHandler

WIDTH, HEIGHT, QUALITY = 640, 400, 8
#: Bytes a second of the slow link, half a megabit; and seconds between two steps.
SLOW, STEP = 62_500, 1 / 30


class Screen:
    """Alice's, with Bob's viewer. updates: when each came; sizes: bytes that were on their way at each step."""

    def __init__(self, s: CallScene) -> None:
        self.s = s
        self.core = ServerCore(WIDTH, HEIGHT, "film")
        self.viewer = ViewerCore(quality=QUALITY)
        self.handler = InternalVNCServerHandler()
        self.bob: MSRPPeer
        self.updates: list[float] = []
        self.waiting: list[int] = []
        self.film = [picture(WIDTH, HEIGHT, seed) for seed in range(6)]
        self.pixels = self.film[0]
        self._read = self._taken = self._step = 0

    async def start(self) -> None:
        _stream, self.bob = await started(self.s, self.handler, "rfbsetup:active", setup="active")

    async def play(self, seconds: float, *, still: bool = False) -> None:
        self.updates.clear()
        self.waiting.clear()
        end = self.s.now + seconds
        while self.s.now < end:
            self._step += 1
            self.pixels = self.pixels if still else self.film[self._step % len(self.film)]
            self._viewer()
            self._server()
            self.waiting.append(self.handler.unsent)
            await asyncio.sleep(STEP)

    @property
    def quality(self) -> int:
        return self.core._pace.quality

    def _viewer(self) -> None:
        fresh = self.bob.events[self._read :]
        self._read += len(fresh)
        for event in fresh:
            if isinstance(event, DataReceived):
                self.viewer.receive_data(event.data, self.s.now)
        for output in self.viewer.drain():
            if isinstance(output, Transmit):
                self.bob.send(RFB, output.data, failure_report="no")
            elif isinstance(output, Updated):
                self.updates.append(self.s.now)

    def _server(self) -> None:
        got = [n.data.data for n in self.s.recorder.seen if n.name == "DesktopSharingStreamGotData"]
        for data in got[self._taken :]:
            self.core.receive_data(data, self.s.now)
        self._taken = len(got)
        if self.core.waiting:
            self.core.frame(self.pixels, self.s.now)
        for output in self.core.drain():
            if isinstance(output, Transmit):
                self.handler.send(output.data)


@flow
async def test_pictures_follow_the_link() -> None:
    async with call_scene() as s:
        s.world.bandwidth = 3e6
        screen: Any = Screen(s)
        await screen.start()
        await screen.play(6)
        assert screen.quality == QUALITY
        assert len(screen.updates) >= 6 * 5
        s.world.bandwidth = SLOW
        await screen.play(12)
        assert screen.quality <= 1
        await screen.play(6)
        slow = len(screen.updates) / 6
        assert slow >= 2  # in the quality of before it would be one in two seconds
        assert max(screen.waiting) <= 0.5 * SLOW  # what is on the screen is never far behind
        s.world.bandwidth = 3e6
        await screen.play(8)
        assert screen.quality == QUALITY
        assert len(screen.updates) / 8 > slow
        s.world.bandwidth = SLOW
        await screen.play(25, still=True)  # exact in the end, little by little
        assert max(screen.waiting) <= 0.8 * 3e6
        assert (screen.viewer.screen.pixels == screen.pixels).all()
        assert max(screen.waiting[-200:]) <= SLOW
        screen.bob.stop()
