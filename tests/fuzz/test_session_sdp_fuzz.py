"""Whatever is in the body of an INVITE, of its answer or of a re-INVITE: each gets its verdict and nothing is logged as a fault."""

from __future__ import annotations

import random
from typing import Any

from support.call_scene import Peer, call_scene, flow

from blinkq.sip.events import InvitationFailed, InvitationReceived, ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple.session import SessionManager

ROUNDS = 60
ODD_LINES = [b"m=audio 9 RTP/SAVP 0", b"a=inactive", b"c=IN IP4 0.0.0.0", b"a=crypto:1 x", b"a=rtpmap:0 0/0", b"m=video 0 RTP/AVP 0"]


def mutate(chance: random.Random, sdp: bytes) -> bytes:
    """The description with a few lines and bytes that nobody meant."""
    lines = sdp.split(b"\r\n")
    for _ in range(chance.randint(1, 4)):
        kind, place = chance.randrange(5), chance.randrange(len(lines))
        if kind == 0:
            del lines[place]
        elif kind == 1:
            lines.insert(place, chance.choice(lines))
        elif kind == 2:
            lines[place] = bytes(chance.randrange(256) for _ in range(chance.randrange(30)))
        elif kind == 3 and lines[place]:
            spot = chance.randrange(len(lines[place]))
            lines[place] = lines[place][:spot] + bytes([chance.randrange(256)]) + lines[place][spot + 1 :]
        else:
            lines.insert(place, chance.choice(ODD_LINES))
        if not lines:
            lines = [b""]
    return b"\r\n".join(lines)


@flow
async def test_offers() -> None:
    chance = random.Random(1)
    async with call_scene() as s:
        bob = await s.peer()
        for number in range(ROUNDS):
            await bob.invite(mutate(chance, bob.sdp("crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40)))
            await s.settle(0.2)
            for session in SessionManager().sessions:
                if chance.random() < 0.5:
                    session.accept(session.proposed_streams or [])
                    await s.settle(0.2)
                session.end()
            await s.settle(1.2)
            assert SessionManager().sessions == [], number
        assert bob.all(InvitationFailed)


@flow
async def test_answers() -> None:
    chance = random.Random(2)
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: (
            bob.do(event.invitation.accept, mutate(chance, bob.sdp())) if isinstance(event, InvitationReceived) else None
        )
        for number in range(ROUNDS):
            session = s.call(bob)
            await s.settle(0.2)
            session.end()
            await s.settle(1.2)
            assert session.state == "terminated", number
        ends = s.session_names.count("DidFail") + s.session_names.count("DidEnd")
        assert ends == ROUNDS


@flow
async def test_re_invites() -> None:
    chance = random.Random(3)

    def act(event: Any) -> None:
        if isinstance(event, ReinviteReceived):
            bob.do(event.invitation.accept_reinvite, mutate(chance, bob.sdp()))
        elif isinstance(event, InvitationReceived):
            bob.do(event.invitation.accept, bob.sdp())

    async with call_scene() as s:
        bob: Peer = await s.peer()
        bob.on_event = act
        session, _ = await s.connected(bob)
        for number in range(ROUNDS):
            if session.state == "terminated":
                count = s.session_names.count("DidStart")
                session = s.call(bob)
                await s.until("SIPSessionDidStart", count + 1)
            answered = len(bob.all(ReinviteAnswered))
            if number % 3:
                bob.do(bob.invitation.reinvite, mutate(chance, bob.sdp(version=number)))
                await bob.until(ReinviteAnswered, answered + 1)
            elif number % 2:
                session.hold()
            else:
                session.unhold()
            await s.settle(0.5)
            assert session.state in ("connected", "terminated"), number
