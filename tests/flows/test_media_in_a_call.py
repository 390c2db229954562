"""A chat and a file join a call and leave it again, from either side: they work, and the sound hears nothing of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.call_scene import flow
from support.msrp_peer import MSRPPeer
from support.proposals import ProposalScene, proposal_scene

from blinkq.msrp.events import DataReceived, MessageReceived
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple.streams import ChatStream, FileSelector, FileTransferStream
from blinkq.sipsimple.streams.msrp.file_hash import FileHash

BODY = bytes(range(256)) * 700


def sound(s: ProposalScene) -> list[Any]:
    """What the media process was told, and where the peer's sound goes."""
    return [*s.scene.media.commands, s.audio.local_rtp_port, s.audio.remote_rtp_port]


async def removed(s: ProposalScene, bob: MSRPPeer, stream: Any, originator: str) -> None:
    """One side takes the stream out."""
    empty = b"m=message 0 TCP/TLS/MSRP *\r\n"
    if originator == "local":
        s.answers(empty)
        s.session.remove_stream(stream)
    else:
        s.offers(empty, version=3)
    await s.until("DidRenegotiateStreams", 2)
    done = s.data("DidRenegotiateStreams")
    assert (done.originator, done.action, done.removed_streams) == (originator, "remove", [stream])
    assert s.session.streams == [s.audio]
    assert s.session.state == "connected"
    await s.settle()
    bob.stop()


@pytest.mark.parametrize("remover", ["local", "remote"])
@pytest.mark.parametrize("adder", ["local", "remote"])
def test_a_chat(adder: str, remover: str) -> None:
    @flow
    async def scene() -> None:
        async with proposal_scene() as s:
            bob = MSRPPeer(s.bob)
            await bob.listen()
            await s.settle()
            before = sound(s)
            stream: Any
            if adder == "local":
                stream = ChatStream(s.scene.account)

                def act(event: Any) -> None:
                    if isinstance(event, ReinviteReceived):
                        bob.expect(SessionDescription.parse(event.sdp or b""), 1)
                        s.bob.do(event.invitation.accept_reinvite, s.sdp(bob.line(setup="passive")))

                s.bob.on_event = act
                s.session.add_stream(stream)
            else:
                s.offers(bob.line())
                (stream,) = (await s.until("GotProposal")).streams
                s.session.accept_proposal([stream])
                answered = await s.bob.until(ReinviteAnswered)
                bob.expect(SessionDescription.parse(answered.sdp or b""), 1)
            await s.until("DidRenegotiateStreams")
            assert s.session.streams == [s.audio, stream]
            stream.send_message("beside the sound")
            await s.scene.until("ChatStreamDidDeliverMessage")
            bob.send("text/plain", b"indeed")
            await s.scene.until("ChatStreamGotMessage")
            assert len(bob.of(MessageReceived)) == 1
            await removed(s, bob, stream, remover)
            assert sound(s) == before

    scene()


@pytest.mark.parametrize("adder", ["local", "remote"])
def test_a_file(adder: str, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(BODY)

    @flow
    async def scene() -> None:
        async with proposal_scene() as s:
            bob = MSRPPeer(s.bob, assemble=adder == "remote", methods=frozenset({"FILE_OFFSET"}))
            await bob.listen()
            await s.settle()
            before = sound(s)
            stream: Any
            if adder == "local":
                stream = FileTransferStream(s.scene.account, FileSelector.for_file(path))

                def act(event: Any) -> None:
                    if isinstance(event, ReinviteReceived):
                        offer = SessionDescription.parse(event.sdp or b"")
                        bob.expect(offer, 1)
                        asked = f"file-selector:{offer.media[1].get('file-selector')}"
                        s.bob.do(event.invitation.accept_reinvite, s.sdp(bob.line(asked, "recvonly", setup="passive", types="*")))

                s.bob.on_event = act
                s.session.add_stream(stream)
            else:
                state = FileHash()
                state.update(BODY)
                selector = FileSelector("data.bin", "application/octet-stream", len(BODY), hashes=state.hashes)
                s.offers(bob.line(f"file-selector:{selector.sdp_repr}", "sendonly", types="*"))
                (stream,) = (await s.until("GotProposal")).streams
                stream.handler.save_directory = tmp_path / "in"
                s.session.accept_proposal([stream])
                answered = await s.bob.until(ReinviteAnswered)
                bob.expect(SessionDescription.parse(answered.sdp or b""), 1)
                await s.scene.until("FileTransferHandlerDidStart")
                bob.send("application/octet-stream", BODY, success_report=True)
            await s.scene.until("FileTransferStreamDidFinish")
            if adder == "local":
                assert b"".join(event.data for event in bob.of(DataReceived)) == BODY
            else:
                assert (tmp_path / "in" / "data.bin").read_bytes() == BODY
            await removed(s, bob, stream, adder)
            assert sound(s) == before

    scene()
