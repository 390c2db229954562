"""A call that is encrypted stays so: with ``optional`` too, once people have seen the lock."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.media.control import StartStream, UpdateStream
from blinkq.sdp.crypto import CryptoAttribute
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationReceived, ReinviteAnswered, ReinviteReceived

THEIRS = CryptoAttribute(1, "AES_CM_128_HMAC_SHA1_80", bytes(range(30)))


async def encrypted(s: CallScene, *, then_plain: bool = False) -> tuple[Any, Peer]:
    """A standing encrypted call; with ``then_plain`` the peer answers re-INVITEs without keys."""
    bob = await s.peer()

    def act(event: Any) -> None:
        lines = (f"crypto:{THEIRS}",)
        if isinstance(event, InvitationReceived):
            bob.do(event.invitation.accept, bob.sdp(*lines))
        elif isinstance(event, ReinviteReceived):
            direction = "recvonly" if SessionDescription.parse(event.sdp).direction_of(0) == "sendonly" else "sendrecv"
            bob.do(event.invitation.accept_reinvite, bob.sdp(direction, *(() if then_plain else lines)))

    bob.on_event = act
    session = s.call(bob)
    await s.until("SIPSessionDidStart")
    assert session.streams[0].srtp_active
    return session, bob


@pytest.mark.parametrize(
    "lines",
    [(), ("crypto:1 AES_CM_128_HMAC_SHA1_80 inline:short",), ("crypto:1 NULL_AUTH inline:AAAA",)],
    ids=["none", "unusable", "unknown"],
)
@flow
async def test_a_re_invite_cannot_switch_optional_encryption_off(lines: tuple[str, ...]) -> None:
    async with call_scene(rtp__srtp_encryption="optional", rtp__use_srtp_without_tls=True) as s:
        session, bob = await encrypted(s)
        bob.do(bob.invitation.reinvite, bob.sdp(*lines, version=2))
        assert (await bob.until(ReinviteAnswered)).code == 488
        await s.settle()
        assert session.state == "connected"
        assert session.streams[0].srtp_active
        assert all(update.local_key is not None for update in s.media.all(UpdateStream))


@flow
async def test_an_answer_cannot_switch_optional_encryption_off() -> None:
    """We put the call on hold, and the peer's answer has no key any more: the call ends with a sentence, it does not go on in the clear."""
    async with call_scene(rtp__srtp_encryption="optional", rtp__use_srtp_without_tls=True) as s:
        session, _bob = await encrypted(s, then_plain=True)
        session.hold()
        data = await s.until("SIPSessionDidEnd")
        assert "encryption" in data.end_reason
        assert all(update.local_key is not None for update in s.media.all(UpdateStream))


@flow
async def test_hold_and_back_keep_the_encryption() -> None:
    async with call_scene(rtp__srtp_encryption="optional", rtp__use_srtp_without_tls=True) as s:
        session, _bob = await encrypted(s)
        session.hold()
        await s.until("SIPSessionDidChangeHoldState")
        session.unhold()
        await s.until("SIPSessionDidChangeHoldState", 2)
        assert session.streams[0].srtp_active
        keys = {command.local_key for command in (*s.media.all(StartStream), *s.media.all(UpdateStream))}
        assert len(keys) == 1
        assert None not in keys
