"""Desktops over MSRP: the parts in SDP, bytes both ways in order, handlers, what fails."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, call_scene, flow
from support.msrp_peer import MSRPPeer

from blinkq.base.clock import SeededEntropy
from blinkq.base.errors import IllegalStateError
from blinkq.msrp.events import DataReceived
from blinkq.msrp.outgoing import PIECE
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived
from blinkq.sipsimple.streams import DesktopSharingStream
from blinkq.sipsimple.streams.msrp import ExternalVNCServerHandler, InternalVNCServerHandler, InternalVNCViewerHandler
from blinkq.sipsimple.streams.msrp.desktop_handlers import HIGH_WATER

RFB = "application/x-rfb"


async def started(s: CallScene, handler: Any, *extra: str, setup: str, **options: Any) -> tuple[DesktopSharingStream, MSRPPeer]:
    """Alice shares or looks, Bob has accepted."""
    bob = MSRPPeer(await s.peer(), assemble=False, **options)
    await bob.listen()

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            offer = SessionDescription.parse(event.sdp or b"")
            assert offer.media[0].media == "application"
            assert offer.media[0].get("rfbsetup") == offer.media[0].get("setup") == handler.type
            answer = bob.sdp(*extra, setup=setup, types=RFB).replace(b"m=message", b"m=application")
            bob.peer.do(event.invitation.accept, answer)
            if setup == "active":
                s.engine.loop.loop.create_task(bob.connect(offer))
            else:
                bob.expect(offer)

    bob.peer.on_event = act
    stream = DesktopSharingStream(s.account, handler)
    s.call(bob.peer, streams=[stream])
    await s.until("SIPSessionDidStart")
    return stream, bob


@pytest.mark.parametrize(("handler", "setup"), [(InternalVNCViewerHandler, "passive"), (InternalVNCServerHandler, "active")])
def test_bytes_both_ways(handler: Any, setup: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            ours = handler()
            _stream, bob = await started(s, ours, f"rfbsetup:{setup}", setup=setup)
            body = SeededEntropy(5).octets(500_000)
            ours.send(body)
            ours.send(b"the end")
            bob.send(RFB, b"hello", failure_report="no")
            await s.until("DesktopSharingStreamGotData")
            await s.settle()
            assert b"".join(event.data for event in bob.of(DataReceived)) == body + b"the end"
            got = [n for n in s.recorder.seen if n.name == "DesktopSharingStreamGotData"]
            assert [n.sender for n in got] == [ours]
            assert got[0].data.data == b"hello"
            bob.stop()

    scene()


@pytest.mark.parametrize(
    ("attributes", "setup", "ours", "answered"),
    [
        (("rfbsetup:passive",), "actpass", "active", "active"),
        (("rfbsetup:active",), "active", "passive", "passive"),
        ((), "active", "passive", "passive"),
        ((), "passive", "active", "active"),
    ],
)
def test_desktops_of_old_and_new_clients(attributes: tuple[str, ...], setup: str, ours: str, answered: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            bob = MSRPPeer(await s.peer(), assemble=False)
            await bob.listen()
            offer = bob.sdp(*attributes, setup=setup, types=RFB).replace(b"m=message", b"m=application")
            session, _ = await s.incoming(offer, bob.peer)
            (stream,) = session.proposed_streams or []
            assert isinstance(stream, DesktopSharingStream)
            assert stream.handler.type == ours

            def act(event: Any) -> None:
                if isinstance(event, InvitationAnswered):
                    answer = SessionDescription.parse(event.sdp or b"")
                    assert (answer.media[0].get("setup"), answer.media[0].get("rfbsetup")) == (answered, ours)
                    if not attributes or answered == "passive":
                        s.engine.loop.loop.create_task(bob.connect(answer))
                    else:
                        bob.expect(answer)

            bob.peer.on_event = act
            session.accept([stream])
            await s.until("SIPSessionDidStart")
            stream.handler.send(b"bytes")
            await s.settle()
            assert b"".join(event.data for event in bob.of(DataReceived)) == b"bytes"
            bob.stop()

    scene()


@flow
async def test_a_piece_that_is_refused_ends_the_desktop() -> None:
    """The rest of the bytes makes no sense without it."""
    async with call_scene() as s:
        ours = InternalVNCServerHandler()
        _stream, bob = await started(s, ours, "rfbsetup:active", setup="active", accept_types=("text/plain",))
        ours.send(b"a picture")
        assert "415" in (await s.until("MediaStreamDidFail")).reason
        await s.until("SIPSessionDidEnd")
        bob.stop()


@pytest.mark.parametrize("handler", [InternalVNCViewerHandler, InternalVNCServerHandler])
def test_a_party_that_sends_more_than_is_used_has_to_wait(handler: Any) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            s.world.bandwidth = 20e6
            ours = handler()
            ours.flow_control = True
            part = "active" if ours.type == "passive" else "passive"
            _stream, bob = await started(s, ours, f"rfbsetup:{part}", setup=part)
            piece, count = SeededEntropy(5).octets(PIECE), 20 * 1024 * 1024 // PIECE  # a second of the wire
            for _ in range(count):
                bob.send(RFB, piece, failure_report="no")
            await s.settle(10)

            def came() -> int:
                return sum(len(n.data.data) for n in s.recorder.seen if n.name == "DesktopSharingStreamGotData")

            first = came()
            assert HIGH_WATER < first < HIGH_WATER + 256 * 1024
            await s.settle(10)
            assert came() == first
            used = 0
            while used < came():
                used, fresh = came(), came() - used
                assert fresh <= HIGH_WATER + 256 * 1024
                ours.data_used(fresh)
                await s.settle(10)
            assert used == count * len(piece)
            got = [n.data.data for n in s.recorder.seen if n.name == "DesktopSharingStreamGotData"]
            assert b"".join(got) == piece * count
            bob.stop()

    scene()


@flow
async def test_the_application_is_told_what_the_network_has_not_taken() -> None:
    async with call_scene() as s:
        s.world.bandwidth = 1e6
        ours = InternalVNCServerHandler()
        _stream, bob = await started(s, ours, "rfbsetup:active", setup="active")
        ours.send(bytes(3_000_000))
        await s.settle(1)
        assert 1_500_000 < ours.unsent < 2_500_000
        await s.settle(5)
        assert ours.unsent == 0
        bob.stop()


@flow
async def test_a_handler_is_set_before_the_start_and_of_the_same_type() -> None:
    async with call_scene() as s:
        stream, bob = await started(s, InternalVNCViewerHandler(), "rfbsetup:passive", setup="passive")
        with pytest.raises(IllegalStateError):
            stream.handler = InternalVNCViewerHandler()
        fresh = DesktopSharingStream(s.account, InternalVNCViewerHandler())
        with pytest.raises(TypeError):
            fresh.handler = InternalVNCServerHandler()
        fresh.handler = InternalVNCViewerHandler()
        bob.stop()


@flow
async def test_a_server_that_is_not_there_fails_the_stream() -> None:
    async with call_scene() as s:
        handler = ExternalVNCServerHandler(("192.0.2.99", 5900))
        _stream, bob = await started(s, handler, "rfbsetup:active", setup="active")
        failed = await s.until("DesktopSharingHandlerDidFail")
        assert failed.context == "connecting"
        await s.until("MediaStreamDidFail")
        await s.until("SIPSessionDidEnd")
        bob.stop()
