"""Two threads at the public methods of one session: only documented errors come out, nothing blocks, nothing stays.

Real threads and the real clock, on the fake network; the number of calls is bounded and nobody sleeps.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import faulthandler
import random
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene
from support.session_order import session_order
from support.text_stream import text_line, text_streams

from blinkq.base.errors import IllegalStateError
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationReceived, ReinviteReceived
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.session import IllegalDirectionError, Session, SessionManager
from blinkq.sipsimple.streams import AudioStream

#: Calls of each thread in one session.
STEPS = 80
SESSIONS = 12
#: Seconds after which threads that have not come back are taken to be locked up. They need less than one.
DEADLOCK = 20.0


@pytest.fixture(autouse=True)
def _eager_threads() -> Iterator[None]:
    """Let threads take turns as often as possible; and tell where they stand, should they stand for ever."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.00001)
    faulthandler.dump_traceback_later(5 * DEADLOCK, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
    sys.setswitchinterval(before)


class Hammer:
    """One thread's random calls."""

    def __init__(self, session: Session, seed: int, scene: CallScene, peer: Peer, text_stream: Any) -> None:
        self.session, self.chance, self.TextStream = session, random.Random(seed), text_stream
        self.account = scene.account
        self.route = Route(peer.address, 5060, "udp")
        self.loop = asyncio.get_running_loop()
        self.refused = self.done = 0

    def run(self, together: threading.Barrier) -> None:
        together.wait()
        for _ in range(STEPS):
            try:
                self.act()
            except (IllegalStateError, IllegalDirectionError):
                self.refused += 1
            else:
                self.done += 1
            if self.chance.random() < 0.3:  # let the engine come along with what was asked for
                for _ in range(self.chance.randrange(8)):
                    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result(DEADLOCK)

    def act(self) -> None:
        s, chance = self.session, self.chance
        actions = [
            lambda: s.connect(ToHeader(SIPURI.parse("sip:bob@example.com")), [self.route], [AudioStream(self.account)]),
            lambda: s.accept(list(s.proposed_streams or ())),
            s.hold,
            s.unhold,
            lambda: s.add_stream(self.TextStream(self.account)),
            lambda: s.add_streams([self.TextStream(self.account), self.TextStream(self.account)]),
            lambda: s.remove_streams([stream for stream in s.streams if stream.type == "text"]),
            s.cancel_proposal,
            lambda: s.accept_proposal(list(s.proposed_streams or ())),
            s.reject_proposal,
            s.send_ring_indication,
            lambda: s.transfer("sip:carol@example.com"),
            s.accept_transfer,
            s.reject_transfer,
            lambda: s.send_message("text/plain", "hello"),
            lambda: self.read(s),
            lambda: self.record(s),
            s.reject,
            s.end,
        ]
        weights = [4, 4, 2, 2, 3, 1, 2, 2, 2, 1, 1, 1, 0.5, 0.5, 1, 4, 1, 0.1, 0.1]
        chance.choices(actions, weights)[0]()

    def read(self, s: Session) -> None:
        """Every attribute an application looks at."""
        assert s.state in STATES
        assert s.direction in (None, "incoming", "outgoing")
        _ = (s.on_hold, s.start_time, s.end_time, s.call_id, s.peer_address, s.remote_contact, s.dialog_id, s.transport, s.route, repr(s))
        for stream in list(s.streams):
            _ = (stream.type, stream.on_hold, getattr(stream, "codec", None), getattr(stream, "sample_rate", None))

    def record(self, s: Session) -> None:
        for stream in list(s.streams):
            if isinstance(stream, AudioStream):
                if stream.recording_active:
                    stream.stop_recording()
                else:
                    stream.start_recording("/nowhere/call.wav")


STATES = {
    None, "outgoing", "incoming", "accepting", "connected", "sending_proposal", "cancelling_proposal", "received_proposal",
    "accepting_proposal", "rejecting_proposal", "received_proposal_request", "terminating", "terminated",
}  # fmt: skip


def _answer(peer: Peer, event: Any) -> None:
    if not isinstance(event, InvitationReceived | ReinviteReceived):
        return
    lines = b"" if event.sdp is None else b"".join(
        text_line(7000 if line.port else 0) for line in SessionDescription.parse(event.sdp).media[1:]
    )
    accept = event.invitation.accept if isinstance(event, InvitationReceived) else event.invitation.accept_reinvite
    try:
        peer.do(accept, peer.sdp(version=random.randrange(2, 10**6)) + lines)
    except IllegalStateError:  # cancelled
        pass


async def _hammered(scene: CallScene, peer: Peer, session: Session, seed: int, text_stream: Any) -> list[Hammer]:
    hammers = [Hammer(session, 2 * seed + n, scene, peer, text_stream) for n in range(2)]
    together = threading.Barrier(2)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        work = [asyncio.get_running_loop().run_in_executor(pool, hammer.run, together) for hammer in hammers]
        async with asyncio.timeout(DEADLOCK):
            await asyncio.gather(*work)  # an error that is not documented comes out here
    session.end()
    if session.state == "incoming":
        session.reject()
    async with asyncio.timeout(DEADLOCK):
        await SessionManager().idle()
    return hammers


async def _outgoing(scene: CallScene, peer: Peer) -> Session:
    return Session(scene.account)


async def _incoming(scene: CallScene, peer: Peer) -> Session:
    known = len(scene.recorder.all("SIPSessionNewIncoming"))
    await peer.invite(peer.sdp() + text_line())
    await scene.until("SIPSessionNewIncoming", known + 1)
    return SessionManager().sessions[-1]


@pytest.mark.expect_warnings
@pytest.mark.parametrize("begin", [_outgoing, _incoming])
def test_two_threads_at_one_session(begin: Any) -> None:
    errors: list[dict[str, Any]] = []

    async def body() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: errors.append(context))
        async with call_scene(rest=0.0) as scene:
            scene.world.delay = scene.media.latency = 0.0  # nothing takes longer than the loop takes
            peer = await scene.peer()
            peer.on_event = lambda event: _answer(peer, event)
            with text_streams() as text_stream, session_order() as order:
                hammers: list[Hammer] = []
                for seed in range(SESSIONS):
                    session = await begin(scene, peer)
                    hammers += await _hammered(scene, peer, session, seed, text_stream)
                    assert session.state in (None, "terminated")
                order.check(finished=True)
                told = [name for story in order.stories.values() for name in story.told]
                assert {"DidStart", "DidChangeHoldState", "GotProposal", "GotAcceptProposal", "DidEnd"} <= set(told), told
                assert sum(hammer.done for hammer in hammers) > SESSIONS * STEPS / 4
                assert sum(hammer.refused for hammer in hammers) > SESSIONS

    asyncio.run(body())
    assert not errors, errors
