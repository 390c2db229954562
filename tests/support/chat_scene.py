"""Chats of call_scene between Alice's middleware and a peer that speaks MSRP."""

from __future__ import annotations

from typing import Any

from support.call_scene import CallScene
from support.msrp_peer import MSRPPeer

from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived
from blinkq.sipsimple.streams import ChatStream

__all__ = ["incoming", "outgoing"]


async def outgoing(
    s: CallScene, *extra: str, setup: str | None = "passive", reports: bool = True, **kwargs: Any
) -> tuple[ChatStream, MSRPPeer]:
    """Alice's chat with Bob, started; ``reports``: he says what arrived, if asked; the rest describes his m= line."""
    bob = MSRPPeer(await s.peer(), automatic_reports=reports)
    await bob.listen()

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            offer = SessionDescription.parse(event.sdp or b"")
            assert offer.media[0].get("setup") == "actpass"
            bob.peer.do(event.invitation.accept, bob.sdp(*extra, setup=setup, **kwargs))
            if setup == "active":
                s.engine.loop.loop.create_task(bob.connect(offer))
            else:
                bob.expect(offer)

    bob.peer.on_event = act
    stream = ChatStream(s.account)
    s.call(bob.peer, streams=[stream])
    await s.until("SIPSessionDidStart")
    return stream, bob


async def incoming(s: CallScene, *extra: str, setup: str | None = "actpass", **kwargs: Any) -> tuple[ChatStream, MSRPPeer]:
    """Bob's chat with Alice, started."""
    bob = MSRPPeer(await s.peer())
    await bob.listen()
    session, _ = await s.incoming(bob.sdp(*extra, setup=setup, **kwargs), bob.peer)
    assert session.proposed_streams is not None
    (stream,) = session.proposed_streams
    assert isinstance(stream, ChatStream)

    def act(event: Any) -> None:
        if isinstance(event, InvitationAnswered):
            answer = SessionDescription.parse(event.sdp or b"")
            role = answer.media[0].get("setup")
            assert role == {"actpass": "active", "passive": "active", "active": "passive", None: "passive"}[setup]
            if role == "active":
                bob.expect(answer)
            else:
                s.engine.loop.loop.create_task(bob.connect(answer))

    bob.peer.on_event = act
    session.accept([stream])
    await s.until("SIPSessionDidStart")
    return stream, bob
