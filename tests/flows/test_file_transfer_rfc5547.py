"""Files as RFC 5547 and the genuine clients of the middleware have them: offers, pulls, ranges, sizes, and who stops when."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from support.call_scene import call_scene, flow
from support.file_transfers import TYPE, answers, bob_at, offered, selector_of

from blinkq.base.clock import SeededEntropy
from blinkq.msrp.events import DataReceived, MessageAborted, MessageDelivered, MessageFailed, MessageReceived
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.streams import FileSelector, FileTransferStream
from blinkq.sipsimple.streams.msrp import file_sender
from blinkq.sipsimple.streams.msrp.file_handlers import PROGRESS_INTERVAL
from blinkq.sipsimple.streams.msrp.file_sender import FileSender
from blinkq.sipsimple.streams.msrp.file_target import FileTarget

BODY = SeededEntropy(4).octets(2_000_000)


def slow_disk(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Whatever a sender reads takes so long."""
    work = FileSender._in_pool

    async def slow(self: FileSender, function: Any, *args: Any) -> Any:
        await asyncio.sleep(seconds)
        return await work(self, function, *args)

    monkeypatch.setattr(FileSender, "_in_pool", slow)


def written(tmp_path: Path, body: bytes = BODY) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(body)
    return path


def test_what_genuine_clients_want_to_see(tmp_path: Path) -> None:
    """They refuse an offer without hash:sha-1, and read the first hash only; they answer actpass with passive and wait for us."""

    @flow
    async def scene() -> None:
        async with call_scene(msrp__connection_model="acm") as s:
            bob = await bob_at(s, assemble=False)
            offers = answers(bob, "recvonly")
            stream = FileTransferStream(s.account, FileSelector.for_file(written(tmp_path)))
            s.call(bob.peer, streams=[stream])
            await s.until("FileTransferStreamDidFinish")
            media = offers[0].media[0]
            sha1 = selector_of(BODY).hashes["sha-1"]
            assert (media.get("file-selector") or "").startswith(f'name:"data.bin" type:{TYPE} size:{len(BODY)} hash:sha-1:{sha1} ')
            assert (media.media, media.transport, media.direction) == ("message", "TCP/TLS/MSRP", "sendonly")
            assert (media.get("setup"), media.get("accept-types")) == ("actpass", "*")
            assert media.get("file-transfer-id") == stream.transfer_id
            assert media.get("fingerprint") is not None
            assert len((media.get("path") or "").split()) == 1  # no relay
            assert str(tmp_path) not in str(offers[0].to_bytes())
            bob.stop()

    scene()


def test_a_file_is_asked_for(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            offers = answers(bob, f"file-selector:{selector_of(BODY, 'there.bin').sdp_repr}", "sendonly")
            stream = FileTransferStream(s.account, FileSelector(hash=f"sha1:{selector_of(BODY).hashes['sha-1']}"), "recvonly")
            stream.handler.save_directory = tmp_path
            s.call(bob.peer, streams=[stream])
            await s.until("FileTransferHandlerDidStart")
            assert offers[0].media[0].direction == "recvonly"
            await s.settle(0.5)
            bob.send(TYPE, BODY, success_report=True)
            await s.until("FileTransferStreamDidFinish")
            assert stream.handler.filename == str(tmp_path / "there.bin")
            assert (tmp_path / "there.bin").read_bytes() == BODY
            assert stream.file_selector.size == len(BODY)
            bob.stop()

    scene()


@pytest.mark.expect_warnings
def test_a_file_that_was_asked_for_by_name_is_checked_all_the_same(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            answers(bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly")
            stream = FileTransferStream(s.account, FileSelector("data.bin"), "recvonly")
            stream.handler.save_directory = tmp_path
            s.call(bob.peer, streams=[stream])
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            bob.send(TYPE, BODY[::-1], success_report=True)
            assert (await s.until("FileTransferHandlerDidEnd")).reason == "File hash mismatch"
            assert list(tmp_path.iterdir()) == []
            bob.stop()

    scene()


def test_another_file_than_the_one_asked_for(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            answers(bob, f"file-selector:{selector_of(b'other').sdp_repr}", "sendonly")
            stream = FileTransferStream(s.account, selector_of(BODY), "recvonly")
            stream.handler.save_directory = tmp_path
            s.call(bob.peer, streams=[stream])
            assert "another file" in (await s.until("MediaStreamDidFail")).reason
            await s.settle(5)
            assert list(tmp_path.iterdir()) == []
            bob.stop()

    scene()


@pytest.mark.parametrize("same", [True, False])
def test_somebody_asks_for_a_file_of_ours(tmp_path: Path, same: bool) -> None:
    path = written(tmp_path, BODY if same else BODY[::-1])

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s, assemble=False)
            session, told = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "recvonly")
            (stream,) = session.proposed_streams
            assert stream.direction == "sendonly"
            stream.file_selector.fd = path.open("rb")
            session.accept([stream])
            if same:
                await s.until("FileTransferStreamDidFinish")
                assert b"".join(event.data for event in bob.of(DataReceived)) == BODY
                assert told[0].media[0].direction == "sendonly"
            else:
                assert (await s.until("FileTransferHandlerDidNotInitialize")).reason == "this is not the file that was asked for"
                await s.until("SIPSessionDidFail")
            bob.stop()

    scene()


@pytest.mark.parametrize(
    ("file_range", "taken"), [("1-*", True), (f"1-{len(BODY)}", True), ("1-1000", False), ("1001-*", False), ("x", False), ("", False)]
)
def test_only_a_whole_file_is_taken(tmp_path: Path, file_range: str, taken: bool) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            line = f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly", f"file-range:{file_range}"
            if not taken:
                await bob.peer.invite(bob.sdp(*line, types="*"))
                await s.settle(5)
                assert "SIPSessionNewIncoming" not in s.recorder.names
                bob.stop()
                return
            session, told = await offered(s, bob, *line)
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            assert told[0].media[0].get("file-range") == file_range
            bob.stop()

    scene()


def test_hashing_takes_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file on a slow disk: the other streams have fifteen seconds to get ready, this one as long as it works."""
    slow_disk(monkeypatch, 300)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s, assemble=False)
            answers(bob, "recvonly")
            session = s.call(bob.peer, streams=[FileTransferStream(s.account, FileSelector.for_file(written(tmp_path)))])
            await s.until("FileTransferStreamDidFinish", limit=2000)
            assert s.now > 300
            session.end()
            await s.until("SIPSessionDidEnd")
            second = s.call(bob.peer, streams=[FileTransferStream(s.account, FileSelector.for_file(written(tmp_path, BODY[1:])))])
            await s.settle(60)
            second.end()  # the user has had enough
            await s.until("SIPSessionDidFail")
            await s.settle(300)
            bob.stop()

    scene()


def test_the_end_of_a_file_past_four_gibibytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes or reads five gibibytes here: the file is a hole with an end, and its hashes are known."""
    path, far, tail = tmp_path / "big.bin", 5 * 2**30, SeededEntropy(9).octets(100_000)
    path.touch()
    os.truncate(path, far)
    with path.open("ab") as file:
        file.write(tail)
    hashes = {"sha-1": ":".join(["AA"] * 20), "sha-256": ":".join(["BB"] * 32)}
    with path.open("rb") as file:
        monkeypatch.setitem(file_sender._known, file_sender.identity_of(file), hashes)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s, assemble=False)
            offers = answers(bob, "recvonly", "x-file-offset")
            s.call(bob.peer, streams=[FileTransferStream(s.account, FileSelector.for_file(path))])
            await s.until("MediaStreamDidStart")
            assert f"size:{far + len(tail)} " in (offers[0].media[0].get("file-selector") or "")
            assert bob.session is not None
            bob.session.known_prefix = far
            bob.endpoint.call(bob.session, bob.session.request, "FILE_OFFSET", ("Offset", str(far)))
            await s.until("FileTransferStreamDidFinish")
            data = bob.of(DataReceived)
            assert data[0].offset == far
            assert b"".join(event.data for event in data) == tail
            assert len(bob.of(MessageReceived)) == 1
            progress = s.recorder.all("FileTransferHandlerProgress")[-1]
            assert (progress.transferred_bytes, progress.total_bytes) == (far + len(tail), far + len(tail))
            bob.stop()

    scene()


def test_progress_does_not_flood(tmp_path: Path) -> None:
    """Ten times a second at most, on both sides, whatever the pieces are in which the file comes."""

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            begin = s.now
            assert bob.session is not None
            message = bob.endpoint.call(bob.session, bob.session.send, TYPE, None, size=len(BODY), success_report=True)
            for place in range(0, len(BODY), 10_000):
                bob.endpoint.call(bob.session, bob.session.provide, message, BODY[place : place + 10_000], last=place + 10_000 >= len(BODY))
                await asyncio.sleep(0.01)
            await s.until("FileTransferStreamDidFinish")
            progress = s.recorder.all("FileTransferHandlerProgress")
            assert 5 < len(progress) <= (s.now - begin) / PROGRESS_INTERVAL + 2
            told = [data.transferred_bytes for data in progress]
            assert told == sorted(told)
            assert told[-1] == len(BODY)
            bob.stop()

    scene()


def test_the_sender_stops_in_the_middle(tmp_path: Path) -> None:
    """What came is kept, and the reason is told; the session is the sender's to end."""

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            assert bob.session is not None
            message = bob.endpoint.call(bob.session, bob.session.send, TYPE, None, size=len(BODY))
            bob.endpoint.call(bob.session, bob.session.provide, message, BODY[:700_000])
            await s.settle(0.5)
            bob.endpoint.call(bob.session, bob.session.cancel, message)
            ended = await s.until("FileTransferHandlerDidEnd")
            assert (ended.error, ended.reason) == (True, "the sender gave it up")
            (partial,) = tmp_path.iterdir()
            assert partial.read_bytes() == BODY[: partial.stat().st_size]
            assert session.state == "connected"
            bob.stop()

    scene()


def test_we_stop_sending_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_disk(monkeypatch, 0.1)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s, assemble=False)
            answers(bob, "recvonly")
            stream = FileTransferStream(s.account, FileSelector.for_file(written(tmp_path, BODY * 10)))
            session = s.call(bob.peer, streams=[stream])
            await s.until("FileTransferStreamDidDeliverChunk")
            session.end()
            await s.until("SIPSessionDidEnd")
            assert 0 < stream.handler.transferred < len(BODY * 10)
            assert [data.reason for data in s.recorder.all("FileTransferHandlerDidEnd")] == ["Interrupted transfer"]
            await s.settle()
            assert not bob.of(MessageReceived)
            assert [event.code for event in bob.of(MessageAborted)] in ([0], [])  # told, where the connection was quick enough
            assert stream.file_selector.fd is not None
            assert stream.file_selector.fd.closed
            bob.stop()

    scene()


@pytest.mark.expect_warnings
def test_a_disk_that_becomes_full_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = FileTarget.write

    def limited(self: FileTarget, offset: int, data: bytes) -> None:
        if offset + len(data) > 1_000_000:
            raise OSError(28, "No space left on device")
        real(self, offset, data)

    monkeypatch.setattr(FileTarget, "write", limited)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            bob.send(TYPE, BODY, success_report=True)
            assert (await s.until("FileTransferHandlerDidEnd")).reason == "No space left on device"
            await s.settle()
            assert [event.code for event in bob.of(MessageFailed)] == [413]
            (partial,) = tmp_path.iterdir()
            assert 900_000 < partial.stat().st_size <= 1_000_000
            assert partial.read_bytes() == BODY[: partial.stat().st_size]
            bob.stop()

    scene()


def test_whoever_gets_a_file_does_not_send_one_back(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s, assemble=False)
            answers(bob, "recvonly", "x-file-offset")
            s.call(bob.peer, streams=[FileTransferStream(s.account, FileSelector.for_file(written(tmp_path)))])
            await s.until("MediaStreamDidStart")
            bob.send(TYPE, b"x" * 100_000)
            await s.settle()
            assert [event.code for event in bob.of(MessageFailed)] == [413]
            await s.until("FileTransferStreamDidFinish")  # and ours goes all the same
            bob.stop()

    scene()


def test_a_file_in_an_envelope(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            await s.settle(0.5)
            bob.send("message/cpim", b"From: <sip:bob@example.com>\r\n\r\nContent-Type: text/plain\r\n\r\nhi" * 999, success_report=True)
            assert (await s.until("FileTransferHandlerDidEnd")).reason == "the file came in an envelope"
            await s.settle()
            assert [event.code for event in bob.of(MessageFailed)] == [415]
            assert not bob.of(MessageDelivered)
            assert list(tmp_path.iterdir()) == []
            bob.stop()

    scene()


def test_leftovers_are_cleaned_when_a_file_comes(tmp_path: Path) -> None:
    old = tmp_path / ".data.bin.0123456789abcdef.blinkq.part"
    old.write_bytes(b"beginning")
    os.utime(old, (0, 0))

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            SIPSimpleSettings().file_transfer.partial_days = 3  # type: ignore[assignment]  # converted
            bob = await bob_at(s)
            session, _ = await offered(s, bob, f"file-selector:{selector_of(BODY).sdp_repr}", "sendonly")
            session.proposed_streams[0].handler.save_directory = tmp_path
            session.accept(session.proposed_streams)
            await s.until("FileTransferHandlerDidStart")
            assert not old.exists()
            bob.stop()

    scene()
