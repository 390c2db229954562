"""Several m= lines in one offer: files, and files beside sound, a chat and a desktop; each is accepted or refused for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, audio_sdp, call_scene, flow
from support.msrp_peer import MSRPPeer
from support.proposals import proposal_scene

from blinkq.msrp.events import DataReceived, MessageDelivered, MessageReceived
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived, ReinviteAnswered
from blinkq.sipsimple.streams import ChatStream, DesktopSharingStream, FileSelector, FileTransferStream
from blinkq.sipsimple.streams.msrp.file_hash import FileHash

RFB = "application/x-rfb"
HEAD = "v=0\r\no=- 7 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"


def selector_of(body: bytes, name: str) -> FileSelector:
    state = FileHash()
    state.update(body)
    return FileSelector(name, "application/octet-stream", len(body), hashes=state.hashes)


async def side(peer: Peer, name: str, *, assemble: bool = True) -> MSRPPeer:
    made = MSRPPeer(peer, name=name, assemble=assemble, methods=frozenset({"FILE_OFFSET"}))
    await made.listen()
    return made


def file_line(side_: MSRPPeer, body: bytes, name: str) -> bytes:
    return side_.line(f"file-selector:{selector_of(body, name).sdp_repr}", "sendonly", f"file-transfer-id:{name}", types="*")


def on_answer(peer: Peer, act: Any) -> None:
    """Call ``act`` with the answer that comes."""

    def take(event: Any) -> None:
        if isinstance(event, InvitationAnswered | ReinviteAnswered):
            act(SessionDescription.parse(event.sdp or b""))

    peer.on_event = take


async def incoming(s: CallScene, peer: Peer, offer: bytes) -> Any:
    await peer.invite(offer)
    await s.until("SIPSessionNewIncoming")
    return next(n.sender for n in s.recorder.seen if n.name == "SIPSessionNewIncoming")


@pytest.mark.expect_warnings
def test_three_files_of_which_one_is_refused_and_one_lies(tmp_path: Path) -> None:
    bodies = [b"first" * 5000, b"second", b"third" * 7000]

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await s.peer()
            sides = [await side(bob, f"bob{number}") for number in range(3)]
            lines = [file_line(party, body, f"{number}.bin") for number, (party, body) in enumerate(zip(sides, bodies, strict=True))]
            session = await incoming(s, bob, HEAD.encode() + b"".join(lines))
            streams = session.proposed_streams
            assert [stream.file_selector.name for stream in streams] == ["0.bin", "1.bin", "2.bin"]
            answers: list[SessionDescription] = []

            def answered(answer: SessionDescription) -> None:
                answers.append(answer)
                for index in (0, 2):
                    sides[index].expect(answer, index)

            on_answer(bob, answered)
            for stream in streams:
                stream.handler.save_directory = tmp_path
            session.accept([streams[0], streams[2]])
            await s.until("FileTransferHandlerDidStart", 2)
            (answer,) = answers
            assert [bool(media.port) for media in answer.media] == [True, False, True]
            assert [answer.media[index].get("file-transfer-id") for index in (0, 2)] == ["0.bin", "2.bin"]
            assert {answer.media[index].direction for index in (0, 2)} == {"recvonly"}
            await s.settle(0.5)
            sides[2].send("application/octet-stream", bytes(len(bodies[2])), success_report=True)
            await s.until("FileTransferHandlerDidEnd")
            sides[0].send("application/octet-stream", bodies[0], success_report=True)
            await s.until("FileTransferHandlerDidEnd", 2)
            ended = s.recorder.all("FileTransferHandlerDidEnd")
            assert [(data.error, data.reason) for data in ended] == [(True, "File hash mismatch"), (False, None)]
            assert [path.name for path in tmp_path.iterdir()] == ["0.bin"]
            assert (tmp_path / "0.bin").read_bytes() == bodies[0]
            await s.settle()
            assert len(sides[0].of(MessageDelivered)) == 1
            assert session.state == "connected"
            session.end()
            await s.until("SIPSessionDidEnd")
            for party in sides:
                party.stop()

    scene()


def test_two_files_are_sent_in_one_session_and_one_is_wanted(tmp_path: Path) -> None:
    paths = [tmp_path / "a.bin", tmp_path / "b.bin"]
    for path in paths:
        path.write_bytes(path.name.encode() * 20_000)

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await s.peer()
            party = await side(bob, "bob", assemble=False)

            def act(event: Any) -> None:
                if isinstance(event, InvitationReceived):
                    offer = SessionDescription.parse(event.sdp or b"")
                    assert [bool(media.port) for media in offer.media] == [True, True]
                    party.expect(offer, 1)
                    taken = party.line(f"file-selector:{offer.media[1].get('file-selector')}", "recvonly", setup="passive", types="*")
                    refused = b"m=message 0 TCP/TLS/MSRP *\r\n"
                    bob.do(event.invitation.accept, HEAD.encode() + refused + taken)

            bob.on_event = act
            streams = [FileTransferStream(s.account, FileSelector.for_file(path)) for path in paths]
            session = s.call(bob, streams=streams)
            await s.until("FileTransferStreamDidFinish")
            assert [n.sender for n in s.recorder.seen if n.name == "FileTransferStreamDidFinish"] == [streams[1]]
            assert b"".join(event.data for event in party.of(DataReceived)) == paths[1].read_bytes()
            assert session.streams == [streams[1]]
            assert all(stream.file_selector.fd is not None for stream in streams)
            session.end()
            await s.until("SIPSessionDidEnd")
            assert all(stream.file_selector.fd.closed for stream in streams)  # type: ignore[union-attr]  # see above
            party.stop()

    scene()


KINDS = ("audio", "chat", "file-transfer", "desktop-sharing")


@pytest.mark.parametrize(
    "wanted", [KINDS, ("audio", "file-transfer"), ("chat", "desktop-sharing"), ("desktop-sharing",), ("audio", "chat", "desktop-sharing")]
)
def test_sound_a_chat_a_file_and_a_desktop_in_one_call(wanted: tuple[str, ...], tmp_path: Path) -> None:
    body = b"beside all that" * 3000

    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = await s.peer()
            chat, file, desktop = [await side(bob, name) for name in ("chat", "file", "desktop")]
            desktop_line = desktop.line("rfbsetup:passive", types=RFB).replace(b"m=message", b"m=application")
            offer = audio_sdp(bob.address) + chat.line() + file_line(file, body, "data.bin") + desktop_line
            session = await incoming(s, bob, offer)
            assert tuple(stream.type for stream in session.proposed_streams) == KINDS
            answers: list[SessionDescription] = []

            def answered(answer: SessionDescription) -> None:
                answers.append(answer)
                for index, party in enumerate((chat, file, desktop), 1):
                    if answer.media[index].port:
                        party.expect(answer, index)

            on_answer(bob, answered)
            taken = {stream.type: stream for stream in session.proposed_streams if stream.type in wanted}
            if "file-transfer" in taken:
                taken["file-transfer"].handler.save_directory = tmp_path
            session.accept(list(taken.values()))
            await s.until("SIPSessionDidStart")
            (answer,) = answers
            assert [bool(media.port) for media in answer.media] == [kind in wanted for kind in KINDS]
            assert [media.media for media in answer.media] == ["audio", "message", "message", "application"]
            assert tuple(stream.type for stream in session.streams) == wanted
            await s.settle()
            if isinstance(stream := taken.get("chat"), ChatStream):
                stream.send_message("hello")
                await s.until("ChatStreamDidDeliverMessage")
            if "file-transfer" in taken:
                file.send("application/octet-stream", body, success_report=True)
                await s.until("FileTransferStreamDidFinish")
                assert (tmp_path / "data.bin").read_bytes() == body
            if isinstance(stream := taken.get("desktop-sharing"), DesktopSharingStream):
                desktop.send(RFB, b"RFB 003.008\n", failure_report="no")
                assert (await s.until("DesktopSharingStreamGotData")).data == b"RFB 003.008\n"
                stream.handler.send(b"RFB 003.008\n")  # type: ignore[attr-defined]  # InternalVNCViewerHandler
                await s.settle()
                assert [event.body for event in desktop.of(MessageReceived)] == [b"RFB 003.008\n"]
            assert session.state == "connected"
            session.end()
            await s.until("SIPSessionDidEnd")
            for party in (chat, file, desktop):
                party.stop()

    scene()


@pytest.mark.parametrize("wanted", [("chat", "file-transfer", "desktop-sharing"), ("desktop-sharing",), ("file-transfer",)])
def test_a_file_and_a_desktop_are_proposed_together_in_a_call(wanted: tuple[str, ...], tmp_path: Path) -> None:
    body = b"into a call" * 3000

    @flow
    async def scene() -> None:
        async with proposal_scene() as s:
            chat, file, desktop = [await side(s.bob, name) for name in ("chat", "file", "desktop")]
            desktop_line = desktop.line("rfbsetup:passive", types=RFB).replace(b"m=message", b"m=application")
            lines = [chat.line(), file_line(file, body, "data.bin"), desktop_line]
            s.offers(*lines)
            streams = (await s.until("GotProposal")).proposed_streams
            taken = [stream for stream in streams if stream.type in wanted]
            for stream in taken:
                if isinstance(stream, FileTransferStream):
                    stream.handler.save_directory = tmp_path

            def answered(answer: SessionDescription) -> None:
                for index, party in enumerate((chat, file, desktop), 1):
                    if answer.media[index].port:
                        party.expect(answer, index)

            on_answer(s.bob, answered)
            s.session.accept_proposal(taken)
            await s.until("DidRenegotiateStreams")
            assert s.session.streams == [s.audio, *taken]
            await s.settle()
            if "file-transfer" in wanted:
                file.send("application/octet-stream", body, success_report=True)
                await s.scene.until("FileTransferStreamDidFinish")
                assert (tmp_path / "data.bin").read_bytes() == body
            s.offers(*[b"m=%s 0 TCP/TLS/MSRP *\r\n" % line[2:].split()[0] for line in lines], version=3)
            await s.until("DidRenegotiateStreams", 2)
            assert s.session.streams == [s.audio]
            for party in (chat, file, desktop):
                party.stop()

    scene()
