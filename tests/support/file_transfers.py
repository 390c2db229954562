"""Files that go between Alice's middleware and a peer that does what a test says."""

from __future__ import annotations

from typing import Any

from support.call_scene import CallScene
from support.msrp_peer import MSRPPeer

from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived
from blinkq.sipsimple.streams import FileSelector
from blinkq.sipsimple.streams.msrp.file_hash import FileHash

__all__ = ["TYPE", "answers", "bob_at", "offered", "selector_of"]

TYPE = "application/octet-stream"


def selector_of(body: bytes, name: str | None = "data.bin") -> FileSelector:
    state = FileHash()
    state.update(body)
    return FileSelector(name, TYPE, len(body), hashes=state.hashes)


async def bob_at(s: CallScene, address: str = "192.0.2.2", **options: Any) -> MSRPPeer:
    bob = MSRPPeer(await s.peer(address), name=f"bob{len(s.peers)}", methods=frozenset({"FILE_OFFSET"}), **options)
    await bob.listen()
    return bob


async def offered(s: CallScene, bob: MSRPPeer, *attributes: str) -> tuple[Any, list[SessionDescription]]:
    """Bob proposes a file; the session, and the answers that he will get."""
    answers: list[SessionDescription] = []

    def act(event: Any) -> None:
        if isinstance(event, InvitationAnswered):
            answers.append(SessionDescription.parse(event.sdp or b""))
            bob.expect(answers[-1])

    bob.peer.on_event = act
    await bob.peer.invite(bob.sdp(*attributes, types="*"))
    await s.until("SIPSessionNewIncoming")
    return [n.sender for n in s.recorder.seen if n.name == "SIPSessionNewIncoming"][-1], answers


def answers(bob: MSRPPeer, *attributes: str) -> list[SessionDescription]:
    """Bob takes what is offered; the offers that came."""
    offers: list[SessionDescription] = []

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            offers.append(SessionDescription.parse(event.sdp or b""))
            bob.expect(offers[-1])
            bob.peer.do(event.invitation.accept, bob.sdp(*attributes, setup="passive", types="*"))

    bob.peer.on_event = act
    return offers
