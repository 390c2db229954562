"""Random changes of a standing call from both sides: whatever crosses, the call settles or ends, and every proposal has one outcome."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from support.call_scene import flow
from support.proposals import ProposalScene, proposal_scene
from support.text_stream import text_line

from blinkq.base.errors import IllegalStateError
from blinkq.sdp.description import SessionDescription

OUTCOMES = ("GotAcceptProposal", "GotRejectProposal", "HadProposalFailure")


class Monkey:
    """Does anything at any time, the same for the same seed."""

    def __init__(self, scene: ProposalScene, seed: int) -> None:
        self.s, self.chance = scene, random.Random(seed)
        scene.on_reinvite(lambda invitation: self._later(invitation, scene.bob.offer()))

    def _later(self, invitation: Any, offer: SessionDescription) -> None:
        asyncio.get_running_loop().call_later(self.chance.random() * 0.3, self._answer, invitation, offer)

    def _answer(self, invitation: Any, offer: SessionDescription) -> None:
        s, chance = self.s, self.chance
        lines = [text_line(0 if line.port == 0 or chance.random() < 0.3 else 7000 + n) for n, line in enumerate(offer.media[1:])]
        try:
            if chance.random() < 0.3:
                s.bob.do(invitation.reject_reinvite, chance.choice([488, 491, 603]))
            else:
                s.bob.do(invitation.accept_reinvite, s.sdp(*lines, version=chance.randrange(2, 10**6)))
        except IllegalStateError:  # cancelled
            pass

    def _lines(self) -> list[bytes]:
        return [text_line(self.chance.choice([0, 7001, 7002])) for _ in range(self.chance.randrange(4))]

    def act(self) -> None:
        s, chance = self.s, self.chance
        session = s.session
        trouble = chance.choice(["", "", "", "no initialize", "start", "initialize", "no start"])
        actions = [
            lambda: session.add_streams([s.text(trouble) for _ in range(chance.randrange(1, 3))]),
            lambda: session.remove_streams([stream for stream in session.streams if stream.type == "text" and chance.random() < 0.4]),
            session.cancel_proposal,
            session.hold,
            session.unhold,
            lambda: session.accept_proposal([stream for stream in session.proposed_streams or () if chance.random() < 0.7]),
            session.reject_proposal,
            lambda: s.offers(*self._lines(), version=chance.randrange(10**6)),
            lambda: s.bob.do(s.peer_invitation.cancel_reinvite),
        ]
        try:
            chance.choice(actions)()
        except IllegalStateError:
            pass


@pytest.mark.expect_warnings
@pytest.mark.parametrize("seed", range(12))
@flow
async def test_anything_at_any_time(seed: int) -> None:
    async with proposal_scene() as s:
        monkey = Monkey(s, seed)
        for _ in range(60):
            if s.session.state == "terminated":
                break
            monkey.act()
            await asyncio.sleep(monkey.chance.choice([0, 0.001, 0.1, 0.5, 3]))
        await s.settle(250)
        assert s.session.state in ("connected", "terminated")
        proposed = [line for line in s.told if line == ("GotProposal", "remote")]
        outcomes = [line for line in s.told if line[0] in OUTCOMES and line[1] == "remote"]
        assert s.session.state == "terminated" or len(proposed) == len(outcomes)
        assert s.session.proposed_streams is None
