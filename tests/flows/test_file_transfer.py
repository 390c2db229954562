"""Files: pushed and pulled, resumed, refused, broken; checked by content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.call_scene import CallScene, call_scene, flow
from support.msrp_peer import MSRPPeer

from blinkq.base.clock import SeededEntropy
from blinkq.msrp.events import DataReceived, MessageDelivered, MessageFailed, MessageReceived, RequestAnswered, RequestReceived
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived
from blinkq.sipsimple.streams import FileSelector, FileTransferStream
from blinkq.sipsimple.streams.msrp.file_hash import FileHash

BODY = SeededEntropy(3).octets(3_000_000)


def selector_of(body: bytes, name: str = "data.bin", size: int | None = None) -> FileSelector:
    state = FileHash()
    state.update(body)
    return FileSelector(name, "application/octet-stream", len(body) if size is None else size, hashes=state.hashes)


async def pushing(s: CallScene, path: Path, *extra: str, reports: bool = True) -> tuple[FileTransferStream, MSRPPeer]:
    """Alice sends a file to Bob; the transfer has started."""
    bob = MSRPPeer(await s.peer(), assemble=False, automatic_reports=reports, methods=frozenset({"FILE_OFFSET"}))
    await bob.listen()

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            offer = SessionDescription.parse(event.sdp or b"")
            attributes = [f"file-selector:{offer.media[0].get('file-selector')}", "recvonly", *extra]
            bob.expect(offer)
            bob.peer.do(event.invitation.accept, bob.sdp(*attributes, setup="passive", types="*"))

    bob.peer.on_event = act
    stream = FileTransferStream(s.account, FileSelector.for_file(path))
    s.call(bob.peer, streams=[stream])
    await s.until("MediaStreamDidStart")
    return stream, bob


async def getting(
    s: CallScene, directory: Path, selector: FileSelector, *extra: str
) -> tuple[FileTransferStream, MSRPPeer]:
    """Bob sends a file to Alice; she has accepted."""
    bob = MSRPPeer(await s.peer(), name=f"bob{len(s.peers)}", methods=frozenset({"FILE_OFFSET"}))
    await bob.listen()
    line = bob.sdp(f"file-selector:{selector.sdp_repr}", "sendonly", *extra, types="*")
    await bob.peer.invite(line)
    count = len(bob.events)
    await s.until("SIPSessionNewIncoming")
    session = [n.sender for n in s.recorder.seen if n.name == "SIPSessionNewIncoming"][-1]
    assert count == 0
    (stream,) = session.proposed_streams  # type: ignore[attr-defined]  # it is a Session
    assert isinstance(stream, FileTransferStream)
    stream.handler.save_directory = directory

    def act(event: Any) -> None:
        if isinstance(event, InvitationAnswered):
            bob.expect(SessionDescription.parse(event.sdp or b""))

    bob.peer.on_event = act
    session.accept([stream])  # type: ignore[attr-defined]
    await s.until("FileTransferHandlerDidStart")
    await s.settle(0.5)
    return stream, bob


def whole(bob: MSRPPeer) -> bytes:
    return b"".join(event.data for event in bob.of(DataReceived))


def test_a_file_larger_than_the_peer_takes_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(BODY)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await pushing(s, path, f"max-size:{len(BODY) - 1}")
            ended = await s.until("FileTransferHandlerDidEnd")
            assert (ended.error, ended.reason) == (True, f"the other party takes files of at most {len(BODY) - 1} bytes")
            await s.settle()
            assert whole(bob) == b""
            bob.stop()

    scene()


def test_a_file_is_pushed(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(BODY)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await pushing(s, path)
            await s.until("FileTransferStreamDidFinish")
            assert whole(bob) == BODY
            assert stream.file_selector.hashes == selector_of(BODY).hashes
            ended = s.recorder.all("FileTransferHandlerDidEnd")
            assert [(data.error, data.reason) for data in ended] == [(False, None)]
            progress = [data.transferred_bytes for data in s.recorder.all("FileTransferStreamDidDeliverChunk")]
            assert progress == sorted(progress)
            assert progress[-1] == len(BODY)
            assert s.recorder.all("FileTransferHandlerHashProgress")
            assert stream.session is not None
            stream.session.end()
            await s.until("SIPSessionDidEnd")
            bob.stop()

    scene()


def test_a_file_is_pushed_to_who_has_a_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(BODY)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await pushing(s, path, "x-file-offset")
            assert bob.session is not None
            bob.session.known_prefix = 2_000_000
            bob.endpoint.call(bob.session, bob.session.request, "FILE_OFFSET", ("Offset", "2000000"))
            await s.until("FileTransferStreamDidFinish")
            assert whole(bob) == BODY[2_000_000:]
            assert len(bob.of(MessageReceived)) == 1
            bob.stop()

    scene()


@pytest.mark.parametrize("offset", ["", "x", "-1", "99999999"])
def test_an_offset_that_makes_no_sense(tmp_path: Path, offset: str) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(b"short")

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await pushing(s, path, "x-file-offset")
            assert bob.session is not None
            bob.endpoint.call(bob.session, bob.session.request, "FILE_OFFSET", ("Offset", offset))
            await s.until("FileTransferStreamDidFinish")
            assert whole(bob) == b"short"
            bob.stop()

    scene()


@pytest.mark.expect_warnings
def test_a_file_that_changes_while_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(BODY)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await pushing(s, path, "x-file-offset")
            with path.open("ab") as file:
                file.write(b"more")
            ended = await s.until("FileTransferHandlerDidEnd")
            assert "changed" in ended.reason
            await s.settle()
            assert not bob.of(MessageReceived)
            bob.stop()

    scene()


def test_a_file_that_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(BODY)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await pushing(s, path, "x-file-offset")
            assert bob.session is not None
            bob.session.accept_types = ("text/plain",)
            failed = await s.until("FileTransferStreamDidNotDeliverChunk")
            assert failed.code == 415
            ended = s.recorder.all("FileTransferHandlerDidEnd")
            assert [(data.error, data.reason) for data in ended] == [(True, "the other side does not take it: 415 Unsupported Media Type")]
            bob.stop()

    scene()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream = FileTransferStream(s.account, FileSelector("nothing"), "sendonly")
            s.call(await s.peer(), streams=[stream])
            failed = await s.until("SIPSessionDidFail")
            assert "file descriptor not specified" in failed.failure_reason

    scene()


def test_a_file_comes(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await getting(s, tmp_path, selector_of(BODY, "../../evil\x00.bin"))
            bob.send("application/octet-stream", BODY, success_report=True)
            await s.until("FileTransferStreamDidFinish")
            assert stream.handler.filename == str(tmp_path / "evil.bin")
            assert (tmp_path / "evil.bin").read_bytes() == BODY
            await s.settle()
            assert len(bob.of(MessageDelivered)) == 1
            chunks = s.recorder.all("FileTransferStreamGotChunk")
            assert b"".join(data.content for data in chunks) == BODY
            assert chunks[-1].transferred_bytes == len(BODY)
            bob.stop()
            await s.settle(5)
            assert s.recorder.all("MediaStreamDidFail") == []

    scene()


def test_a_broken_transfer_goes_on_where_it_stopped(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            selector = selector_of(BODY)
            stream, bob = await getting(s, tmp_path, selector, "x-file-offset")
            assert [event.chunk.header("Offset") for event in bob.of(RequestReceived)] == ["0"]
            assert bob.session is not None
            message = bob.endpoint.call(bob.session, bob.session.send, "application/octet-stream", None, size=len(BODY))
            bob.endpoint.call(bob.session, bob.session.provide, message, BODY[:1_800_000])
            await s.settle()
            bob.peer.host.reset_streams()
            ended = await s.until("FileTransferHandlerDidEnd")
            assert (ended.error, ended.reason) == (True, "Interrupted transfer")
            await s.until("SIPSessionDidEnd")
            bob.stop()
            (partial,) = tmp_path.iterdir()
            kept = partial.stat().st_size
            assert 1_000_000 < kept <= 1_800_000
            again = MSRPPeer(await s.peer("192.0.2.3"), name="again", methods=frozenset({"FILE_OFFSET"}))
            await again.listen()
            await again.peer.invite(again.sdp(f"file-selector:{selector.sdp_repr}", "sendonly", "x-file-offset", types="*"))
            await s.until("SIPSessionNewIncoming", 2)
            session: Any = [n.sender for n in s.recorder.seen if n.name == "SIPSessionNewIncoming"][-1]
            (stream,) = session.proposed_streams
            stream.handler.save_directory = tmp_path

            def act(event: Any) -> None:
                if isinstance(event, InvitationAnswered):
                    again.expect(SessionDescription.parse(event.sdp or b""))

            again.peer.on_event = act
            session.accept([stream])
            await s.until("FileTransferHandlerDidStart", 2)
            await s.settle(0.5)
            assert [event.chunk.header("Offset") for event in again.of(RequestReceived)] == [str(kept)]
            assert again.session is not None
            again.endpoint.call(again.session, again.session.send, "application/octet-stream", BODY, start=kept, success_report=True)
            await s.until("FileTransferStreamDidFinish")
            assert (tmp_path / "data.bin").read_bytes() == BODY
            assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]
            again.stop()

    scene()


@pytest.mark.expect_warnings
@pytest.mark.parametrize(
    ("announced", "sent", "reason"),
    [
        (selector_of(b"a" * 100), b"b" * 100, "File hash mismatch"),
        (selector_of(b"a" * 100), b"a" * 99, "Incomplete file"),
        (selector_of(b"a" * 100), b"a" * 101, "the file is larger than announced"),
        (selector_of(b"a" * 100, size=50), b"a" * 100, "the file is larger than announced"),
    ],
)
def test_files_that_lie(tmp_path: Path, announced: FileSelector, sent: bytes, reason: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await getting(s, tmp_path, announced)
            bob.send("application/octet-stream", sent, success_report=True)
            ended = await s.until("FileTransferHandlerDidEnd")
            assert ended.reason == reason
            await s.settle()
            assert len(bob.of(MessageFailed)) == 1
            assert not (tmp_path / "data.bin").exists()
            assert s.recorder.all("FileTransferStreamDidFinish") == []
            bob.stop()

    scene()


@pytest.mark.expect_warnings
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await getting(s, tmp_path, selector_of(BODY))

            def full(self: Any, offset: int, data: bytes) -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr("blinkq.sipsimple.streams.msrp.file_target.FileTarget.write", full)
            bob.send("application/octet-stream", BODY, success_report=True)
            ended = await s.until("FileTransferHandlerDidEnd")
            assert ended.reason == "No space left on device"
            await s.settle()
            assert [event.code for event in bob.of(MessageFailed)] == [413]
            bob.stop()

    scene()


def test_the_receiver_leaves_in_the_middle(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await getting(s, tmp_path, selector_of(BODY))
            assert bob.session is not None
            message = bob.endpoint.call(bob.session, bob.session.send, "application/octet-stream", None, size=len(BODY))
            bob.endpoint.call(bob.session, bob.session.provide, message, BODY[:500_000])
            await s.settle(0.5)
            assert stream.session is not None
            stream.session.end()
            await s.until("SIPSessionDidEnd")
            await s.settle()
            assert [data.reason for data in s.recorder.all("FileTransferHandlerDidEnd")] == ["Interrupted transfer"]
            assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
            bob.stop()

    scene()


def test_where_a_file_goes_on_is_for_the_receiver_to_say(tmp_path: Path) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            _stream, bob = await getting(s, tmp_path, selector_of(b"hello"), "x-file-offset")
            assert bob.session is not None
            for offset in ("3", "-1", "9" * 30):
                bob.endpoint.call(bob.session, bob.session.request, "FILE_OFFSET", ("Offset", offset))
            await s.settle()
            assert [event.code for event in bob.of(RequestAnswered)] == [403] * 3
            bob.send("application/octet-stream", b"hello")
            await s.until("FileTransferStreamDidFinish")
            assert (tmp_path / "data.bin").read_bytes() == b"hello"
            bob.stop()

    scene()
