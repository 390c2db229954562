"""Where files end: ranges beyond them, nothing left to send, a disk that is slower than the network."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.call_scene import call_scene, flow
from support.file_transfers import TYPE, answers, bob_at, offered, selector_of
from support.msrp_peer import MSRPPeer

from blinkq.base.clock import SeededEntropy
from blinkq.msrp.events import DataReceived, MessageDelivered, MessageReceived, RequestReceived
from blinkq.sipsimple.streams import FileSelector, FileTransferStream
from blinkq.sipsimple.streams.msrp.file_receiver import HIGH_WATER, FileReceiver
from blinkq.sipsimple.streams.msrp.file_target import FileTarget

BODY = SeededEntropy(6).octets(1_000_000)


def part_of(directory: Path, size: int) -> Path:
    """What an earlier transfer of the file left."""
    target = FileTarget(selector_of(BODY), directory)
    target.open()
    target.write(0, BODY[:size])
    target.interrupt()
    return target.partial


def raw(bob: MSRPPeer, byte_range: str, body: bytes) -> None:
    """A chunk that no well-behaved sender would make."""
    session = bob.session
    assert session is not None
    headers = ("Message-ID", "m1"), ("Byte-Range", byte_range), ("Content-Type", TYPE)
    chunk = replace(session.new_request("SEND", *headers), has_body=True)

    def send(*, now: float) -> None:
        assert session.connection is not None
        session.connection.send_urgent(chunk.to_bytes(body), now)

    bob.endpoint.call(session, send)


@pytest.mark.expect_warnings
@pytest.mark.parametrize("known", [True, False], ids=["size told", "size not told"])
@pytest.mark.parametrize(
    ("byte_range", "length"),
    [("101-200/100", 100), ("101-*/100", 1), ("1-200/100", 200), ("9223372036854775000-*/*", 1000), ("0-10/100", 10), ("x", 10)],
)
def test_bytes_beyond_the_end(tmp_path: Path, byte_range: str, length: int, known: bool) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            selector = selector_of(bytes(100)) if known else FileSelector("data.bin", TYPE)
            session, _ = await offered(s, bob, f"file-selector:{selector.sdp_repr}", "sendonly")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            raw(bob, byte_range, bytes(length))
            await s.settle()
            session.end()
            await s.until("FileTransferHandlerDidEnd")
            assert s.recorder.all("FileTransferStreamDidFinish") == []
            assert not (tmp_path / "data.bin").exists()
            assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 100
            await s.until("SIPSessionDidEnd")
            bob.stop()

    scene()


def test_nothing_of_the_file_is_missing(tmp_path: Path) -> None:
    """Whoever received it was killed before the file had its name."""
    part_of(tmp_path, len(BODY))

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly", "x-file-offset")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            assert [event.chunk.header("Offset") for event in bob.of(RequestReceived)] == [str(len(BODY))]
            bob.send(TYPE, BODY, start=len(BODY), success_report=True)
            await s.until("FileTransferStreamDidFinish")
            assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]
            assert (tmp_path / "data.bin").read_bytes() == BODY
            await s.settle()
            assert len(bob.of(MessageDelivered)) == 1
            bob.stop()

    scene()


def test_nothing_of_the_file_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(BODY)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s, assemble=False)
            answers(bob, "recvonly", "x-file-offset")
            s.call(bob.peer, streams=[FileTransferStream(s.account, FileSelector.for_file(path))])
            await s.until("MediaStreamDidStart")
            assert bob.session is not None
            bob.session.known_prefix = len(BODY)
            bob.endpoint.call(bob.session, bob.session.request, "FILE_OFFSET", ("Offset", str(len(BODY))))
            await s.until("FileTransferStreamDidFinish")
            assert len(bob.of(MessageReceived)) == 1
            assert b"".join(event.data for event in bob.of(DataReceived)) == b""
            bob.stop()

    scene()


def test_a_sender_that_cannot_go_on_begins_anew(tmp_path: Path) -> None:
    part_of(tmp_path, 600_000)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly")
            (stream,) = session.proposed_streams
            stream.handler.save_directory = tmp_path
            session.accept([stream])
            await s.until("FileTransferHandlerDidStart")
            assert stream.handler.transferred == 0
            await s.settle(0.5)
            bob.send(TYPE, BODY, success_report=True)
            await s.until("FileTransferStreamDidFinish")
            assert (tmp_path / "data.bin").read_bytes() == BODY
            progress = [data.transferred_bytes for data in s.recorder.all("FileTransferHandlerProgress")]
            assert progress == sorted(progress)
            bob.stop()

    scene()


def test_a_disk_that_is_slower_than_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for it is bounded: reading stops and goes on again, also when the transfer ends meanwhile."""
    work, most = FileReceiver._in_pool, 0

    async def slow(self: FileReceiver, function: Any, *args: Any) -> Any:
        nonlocal most
        most = max(most, self._queued)
        await asyncio.sleep(0.05)
        return await work(self, function, *args)

    monkeypatch.setattr(FileReceiver, "_in_pool", slow)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY * 8).sdp_repr}", "sendonly")
            (stream,) = session.proposed_streams
            stream.handler.save_directory = tmp_path
            session.accept([stream])
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            bob.send(TYPE, BODY * 8, success_report=True)
            await s.until("FileTransferStreamDidFinish")
            assert (tmp_path / "data.bin").read_bytes() == BODY * 8
            assert HIGH_WATER < most < 4 * HIGH_WATER
            bob.stop()

    scene()


@pytest.mark.parametrize("lies", [False, True])
@pytest.mark.parametrize("how", ["connection", "session"])
@pytest.mark.expect_warnings
def test_a_sender_that_leaves_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, lies: bool) -> None:
    """It wants no report: all bytes are sent, and it is gone before they are written and checked."""
    work, body = FileReceiver._in_pool, BODY[:200_000]

    async def slow(self: FileReceiver, function: Any, *args: Any) -> Any:
        await asyncio.sleep(0.2)
        return await work(self, function, *args)

    monkeypatch.setattr(FileReceiver, "_in_pool", slow)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(body).sdp_repr}", "sendonly")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            bob.send(TYPE, bytes(len(body)) if lies else body)
            await s.until("FileTransferStreamGotChunk")
            await s.settle(0.1)
            if how == "connection":
                bob.peer.host.reset_streams()
            else:
                session.end()
            ended = await s.until("FileTransferHandlerDidEnd")
            assert ended.reason == ("File hash mismatch" if lies else None)
            assert [path.name for path in tmp_path.iterdir()] == ([] if lies else ["data.bin"])
            bob.stop()

    scene()
