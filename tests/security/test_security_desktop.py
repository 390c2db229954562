"""Hostile viewers and hostile screens: what they may make us draw, send and keep, and who gets to a desktop at all."""

from __future__ import annotations

import asyncio
import struct
import threading
import zlib
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from support.call_scene import call_scene, flow
from support.msrp_peer import MSRPPeer

from blinkq.base.clock import SystemClock
from blinkq.cli.answer import AnswerTool
from blinkq.engine.screen import server as screen_server
from blinkq.engine.screen.server import ScreenServer
from blinkq.engine.screen.source import PatternSource
from blinkq.rfb.limits import MAX_RESIZES
from blinkq.rfb.messages import Failed, Transmit
from blinkq.rfb.pixel_format import OURS
from blinkq.rfb.server import ServerCore
from blinkq.rfb.viewer import ViewerCore
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered
from blinkq.sipsimple.streams import DesktopSharingStream
from blinkq.sipsimple.streams.msrp import ExternalVNCViewerHandler, desktop_handlers

HELLO = b"RFB 003.008\n\x01\x01"
WHOLE = struct.pack(">BBHHHH", 3, 0, 0, 0, 640, 400)
RFB = "application/x-rfb"


class NobodyYet(ExternalVNCViewerHandler):
    """The person has not started a viewer."""

    async def _open(self) -> None:
        await asyncio.sleep(600)


def viewer(width: int = 1000, height: int = 800) -> ViewerCore:
    made = ViewerCore()
    made.receive_data(b"RFB 003.008\n\x01\x01\0\0\0\0" + struct.pack(">HH16sI", width, height, OURS.to_bytes(), 0), 0.0)
    made.drain()
    return made


def entry(width: int, height: int, kind: int, data: bytes = b"") -> bytes:
    return struct.pack(">HHHHi", 0, 0, width, height, kind) + data


def update(*entries: bytes) -> bytes:
    return struct.pack(">BxH", 0, len(entries)) + b"".join(entries)


def compact(size: int) -> bytes:
    return bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14])


BOMB = zlib.compress(bytes(2000 * 2000 * 4))
GRADIENT = zlib.compress(bytes(1000 * 800 * 3))


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (update(*[entry(1000, 800, 7, b"\x80abc")] * 60), "over and over"),
        (update(*[entry(1000 + n % 2, 800, -223) for n in range(1, 2 * MAX_RESIZES)]), "over and over"),
        (update(entry(1000, 800, 2, struct.pack(">I4s", 60, b"abcd") + struct.pack(">4sHHHH", b"abcd", 0, 0, 1000, 800) * 60)), "again"),
        (update(entry(1000, 800, 7, b"\x40\x02" + compact(len(GRADIENT)) + GRADIENT)), "gradient"),
        (update(entry(1000, 800, 6, struct.pack(">I", len(BOMB)) + BOMB)), "grows beyond"),
        (update(entry(10, 10, 16, struct.pack(">I", len(BOMB)) + BOMB)), "grows beyond"),
        (update(entry(60000, 60000, -223)), "not possible"),
        (update(entry(1000, 800, 7, b"\x80abc")) * 60, "over and over"),
    ],
)
def test_a_few_bytes_do_not_cost_much_time_or_memory(what: bytes, reason: str) -> None:
    ours = viewer()
    ours.receive_data(what, 0.0)
    (failed,) = [event for event in ours.drain() if isinstance(event, Failed)]
    assert reason in failed.reason


def test_a_burst_of_requests_gets_one_picture() -> None:
    core = ServerCore(640, 400, "desk")
    core.receive_data(HELLO, 0.0)
    core.frame(np.zeros((400, 640, 4), np.uint8), 0.1)
    core.receive_data(WHOLE * 1000, 0.2)
    core.frame(np.zeros((400, 640, 4), np.uint8), 0.3)
    sent = sum(len(event.data) for event in core.drain() if isinstance(event, Transmit))
    assert 2 * 640 * 400 * 4 < sent < 3 * 640 * 400 * 4  # at once, and one for the others


def test_a_viewer_that_never_reads_is_sent_so_much_only() -> None:
    total = 0
    came = threading.Semaphore(0)

    def on_data(data: bytes) -> None:
        nonlocal total
        total += len(data)
        came.release()

    server = ScreenServer("test", PatternSource, lambda: cast(Any, None), SystemClock(), on_data, lambda reason: None)
    server.start()
    server.receive_data(HELLO)
    while total <= screen_server.HIGH_WATER:
        server.receive_data(WHOLE)
        assert came.acquire(timeout=30)
    for _ in range(100):
        server.receive_data(WHOLE)
    server.stop()  # read after all of these
    server.join(60)
    assert screen_server.HIGH_WATER < total < screen_server.HIGH_WATER + 2 * 640 * 400 * 4


@pytest.mark.expect_warnings
def test_a_viewer_that_floods_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen_server, "MAX_WAITING", 1000)
    reasons: list[str | None] = []
    server = ScreenServer("test", PatternSource, lambda: cast(Any, None), SystemClock(), lambda data: None, reasons.append)
    server.receive_data(HELLO)
    for _ in range(200):
        server.receive_data(struct.pack(">BBxxI", 4, 1, 0x61) * 12)  # before its thread reads
    assert server._inbox.qsize() < 15
    server.start()
    server.join(60)
    assert reasons == ["The viewer sends more than can be read."]


@flow
async def test_the_door_for_a_viewer_is_on_this_computer_and_opens_once() -> None:
    async with call_scene():
        handler = ExternalVNCViewerHandler()
        handler.stream = cast(Any, SimpleNamespace(send_data=lambda data: None, pause_reading=lambda pause: None))

        def knock(address: str) -> Any:
            return handler._accept(cast(Any, SimpleNamespace(remote=(address, 5000), write=lambda data: None, close=lambda: None)))

        assert knock("192.0.2.66") is None
        assert knock("127.0.0.1") is not None
        assert knock("127.0.0.1") is None
        handler._stream = None  # it has left
        assert knock("127.0.0.1") is None


@flow
async def test_a_screen_that_talks_before_a_viewer_is_there() -> None:
    async with call_scene() as s:
        bob = MSRPPeer(await s.peer(), assemble=False)
        await bob.listen()
        offer = bob.sdp("rfbsetup:passive", setup="active", types=RFB).replace(b"m=message", b"m=application")
        session, _ = await s.incoming(offer, bob.peer)
        (stream,) = session.proposed_streams or []
        assert isinstance(stream, DesktopSharingStream)
        handler = NobodyYet()
        stream.handler = handler

        def act(event: Any) -> None:
            if isinstance(event, InvitationAnswered):
                s.engine.loop.loop.create_task(bob.connect(SessionDescription.parse(event.sdp or b"")))

        bob.peer.on_event = act
        session.accept([stream])
        await s.until("SIPSessionDidStart")
        for _ in range(2 * desktop_handlers.MAX_WAITING // 65536):
            bob.send(RFB, bytes(65536), failure_report="no")
        failed = await s.until("DesktopSharingHandlerDidFail")
        assert failed.context == "reading"
        assert sum(map(len, handler._waiting)) <= desktop_handlers.MAX_WAITING
        await s.until("SIPSessionDidEnd")
        bob.stop()


@pytest.mark.parametrize("part", ["active", "passive"])
def test_nobody_sees_or_shows_a_desktop_that_was_not_asked_for(part: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = MSRPPeer(await s.peer(), assemble=False)
            await bob.listen()
            offer = bob.sdp(f"rfbsetup:{part}", types=RFB).replace(b"m=message", b"m=application")
            session, _ = await s.incoming(offer, bob.peer)
            await s.settle()
            tool = AnswerTool.__new__(AnswerTool)
            tool.options = cast(Any, SimpleNamespace(accept={"audio"}))
            assert tool._wanted(session.proposed_streams or []) == []
            assert "SIPSessionDidStart" not in s.session_names
            assert "MediaStreamDidStart" not in s.recorder.names
            session.reject(488)
            await s.until("SIPSessionDidFail")
            bob.stop()

    scene()
