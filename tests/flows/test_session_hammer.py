"""Two hundred calls one after another and twenty at once, begun, changed and ended at random: nothing told out of order, nothing left."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow
from support.session_order import session_order
from support.text_stream import text_line, text_streams

from blinkq.base.errors import IllegalStateError
from blinkq.base.notification import Notification, NotificationCenter
from blinkq.media.control import (
    AddSlot,
    CloseTransport,
    OpenTransport,
    StartPlayer,
    StartRecorder,
    StartStream,
    StopPlayer,
    StopRecorder,
)
from blinkq.sdp.description import SessionDescription
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog_events import ReferReceived
from blinkq.sip.events import InvitationReceived, ReinviteReceived
from blinkq.sip.uri import URI
from blinkq.sipsimple.session import IllegalDirectionError, Session, SessionManager
from blinkq.sipsimple.session.events import InvitationEvents
from blinkq.sipsimple.sip_events import SIPEvents
from blinkq.sipsimple.streams import AudioStream

#: Sessions of one run, one after another.
CALLS = 200


class Monkey:
    """Alice's user and her peers, who do anything at any time, the same for the same seed."""

    def __init__(self, scene: CallScene, seed: int, text_stream: Any) -> None:
        self.scene, self.chance, self.TextStream = scene, random.Random(seed), text_stream
        self.refs: list[weakref.ref[Any]] = []
        self.incoming: list[Session] = []
        NotificationCenter().add_observer(self, name="SIPSessionNewIncoming")

    def handle_notification(self, notification: Notification) -> None:
        self.incoming.append(notification.sender)  # type: ignore[arg-type]  # the sender is a Session

    # the peers -------------------------------------------------------------------------------------------------------------------------

    async def peer(self, number: int) -> Peer:
        peer = await self.scene.peer(f"192.0.2.{number}")
        peer.on_event = lambda event: self._peer_event(peer, event)
        return peer

    def _peer_event(self, peer: Peer, event: Any) -> None:
        if isinstance(event, InvitationReceived | ReinviteReceived | ReferReceived):
            asyncio.get_running_loop().call_later(self.chance.random() * 0.4, self._peer_acts, peer, event)

    def _peer_acts(self, peer: Peer, event: Any) -> None:
        chance, invitation = self.chance, event.invitation
        try:
            if isinstance(event, ReferReceived):
                self._peer_refers(peer, event.referral)
                return
            if isinstance(event, ReinviteReceived):
                if chance.random() < 0.2:
                    peer.do(invitation.reject_reinvite, chance.choice([488, 491, 500]))
                else:
                    peer.do(invitation.accept_reinvite, self._sdp(peer, event.sdp))
                return
            act = chance.random()
            if act < 0.15:
                peer.do(invitation.reject, chance.choice([404, 480, 486, 503, 603]))
            elif act < 0.25:
                peer.do(invitation.ring, 180)  # and never answers
            else:
                if act < 0.6:
                    peer.do(invitation.ring, chance.choice([180, 183]))
                peer.do(invitation.accept, self._sdp(peer, event.sdp))
        except IllegalStateError:  # cancelled
            pass

    def _peer_refers(self, peer: Peer, referral: Any) -> None:
        """The peer was asked to call somebody else; it reports as it likes."""
        if self.chance.random() < 0.3:
            peer.do(referral.reject, self.chance.choice([403, 603]))
            return
        peer.do(referral.accept)
        for code in self.chance.choice([(), (100,), (180, 486), (100, 200), (200,), (503,)]):
            peer.do(referral.notify, code)

    def _sdp(self, peer: Peer, offer: bytes | None) -> bytes:
        chance = self.chance
        lines = b""
        if offer is not None:
            for line in SessionDescription.parse(offer).media[1:]:
                lines += text_line(0 if line.port == 0 or chance.random() < 0.3 else 7000)
        direction = chance.choice(["sendrecv", "sendrecv", "sendonly", "inactive"])
        return peer.sdp(direction, version=chance.randrange(2, 10**6)) + lines

    def peer_acts(self, peer: Peer) -> None:
        """Something of the peer's own accord, in any of its calls."""
        invitations = sorted(peer.endpoint.agent.invitations, key=lambda invitation: str(invitation.call_id))
        if not invitations:
            return
        invitation = self.chance.choice(invitations)
        lines = b"".join(text_line(self.chance.choice([0, 7001])) for _ in range(self.chance.randrange(3)))
        actions = [
            lambda: peer.do(invitation.end),
            lambda: peer.do(invitation.reinvite, peer.sdp("sendrecv", version=self.chance.randrange(2, 10**6)) + lines),
            lambda: peer.do(invitation.reinvite, None),
            lambda: peer.do(invitation.cancel_reinvite),
            lambda: peer.do(invitation.refer, NameAddr(URI.parse(f"sip:carol@192.0.2.{self.chance.choice([2, 3, 99])}"))),
        ]
        try:
            self.chance.choices(actions, [0.5, 3, 1, 1, 1])[0]()
        except IllegalStateError:
            pass

    # Alice -----------------------------------------------------------------------------------------------------------------------------

    def _text(self) -> Any:
        stream = self.TextStream(self.scene.account)
        stream.trouble = self.chance.choice(["", "", "", "initialize", "start", "no start"])
        self.refs.append(weakref.ref(stream))
        return stream

    def begin(self, peer: Peer) -> Session:
        streams = [AudioStream(self.scene.account), *(self._text() for _ in range(self.chance.choice([0, 0, 1])))]
        self.refs += [weakref.ref(stream) for stream in streams]
        session = self.scene.call(peer, streams=streams)
        self.refs.append(weakref.ref(session))
        return session

    async def receive(self, peer: Peer) -> Session | None:
        """A call of the peer; None when it does not come through."""
        sdp = None if self.chance.random() < 0.2 else peer.sdp("sendrecv") + self.chance.choice([b"", text_line()])
        await peer.invite(sdp)
        for _ in range(50):
            await asyncio.sleep(0.01)
            if session := self._taken_from(peer):
                self.refs += [weakref.ref(session), *(weakref.ref(stream) for stream in session.proposed_streams or ())]
                return session
        return None

    def _taken_from(self, peer: Peer) -> Session | None:
        """A call of this peer that nobody lives yet."""
        for session in self.incoming:
            if session.remote_identity is not None and session.remote_identity.uri.host == peer.address:
                self.incoming.remove(session)
                return session
        return None

    def act(self, session: Session) -> None:
        chance = self.chance
        actions = [
            session.hold,
            session.unhold,
            session.end,
            lambda: session.add_stream(self._text()),
            lambda: session.remove_streams([stream for stream in session.streams if chance.random() < 0.4]),
            session.cancel_proposal,
            lambda: session.accept_proposal([stream for stream in session.proposed_streams or () if chance.random() < 0.7]),
            session.reject_proposal,
            session.send_ring_indication,
            lambda: session.accept([stream for stream in session.proposed_streams or () if chance.random() < 0.8]),
            lambda: session.accept(session.proposed_streams or ()),
            lambda: session.reject(chance.choice([486, 603])),
            lambda: session.transfer("sip:carol@example.com"),
            session.accept_transfer,
            session.reject_transfer,
            lambda: session.send_message("text/plain", "hello"),
            lambda: self._record(session),
        ]
        weights = [3, 3, 0.3, 4, 2, 1, 4, 1, 1, 1, 4, 0.5, 1, 2, 1, 1, 1]
        try:
            chance.choices(actions, weights)[0]()
        except (IllegalStateError, IllegalDirectionError):
            pass

    def _record(self, session: Session) -> None:
        for stream in session.streams:
            if isinstance(stream, AudioStream):
                if stream.recording_active:
                    stream.stop_recording()
                else:
                    stream.start_recording("/nowhere/call.wav")

    async def live(self, session: Session, peer: Peer, steps: int) -> None:
        """One call from its beginning to its end."""
        for _ in range(steps):
            if session.state == "terminated":
                return
            if self.chance.random() < 0.25:
                self.peer_acts(peer)
            else:
                self.act(session)
            await asyncio.sleep(self.chance.choice([0, 0.001, 0.05, 0.3, 1]))
        session.end()
        if session.state == "incoming":
            session.reject()


async def nothing_is_left(scene: CallScene, monkey: Monkey, baseline: tuple[int, set[Any]]) -> None:
    """No session, stream, timer, task or object of the media process has outlived its call."""
    await scene.settle(30)
    for session in SessionManager().sessions:  # those that a transfer made: they talk until somebody ends them
        assert session.transfer_info is not None
        session.end()
        del session
    await scene.settle(200)  # what remains of transactions and subscriptions
    NotificationCenter().discard_observer(monkey, name="SIPSessionNewIncoming")
    scene.recorder.clear()
    monkey.incoming.clear()
    for peer in scene.peers:
        peer.events.clear()
    assert SessionManager().sessions == []
    assert scene.engine.sip.agent.invitations == frozenset()
    assert SIPEvents()._handlers == {}
    assert InvitationEvents()._unclaimed == []
    assert {c.stream for c in scene.media.all(OpenTransport)} == {c.stream for c in scene.media.all(CloseTransport)}
    assert {c.stream for c in scene.media.all(StartStream)} <= {c.stream for c in scene.media.all(CloseTransport)}
    assert {c.player for c in scene.media.all(StartPlayer)} <= {c.player for c in scene.media.all(StopPlayer)}
    assert {c.recorder for c in scene.media.all(StartRecorder)} <= {c.recorder for c in scene.media.all(StopRecorder)}
    assert scene.media.all(AddSlot) == []
    tasks, loop = asyncio.all_tasks(), asyncio.get_running_loop()
    assert {task for task in tasks if not task.done()} == baseline[1]
    armed = [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]  # of BaseEventLoop
    assert len(armed) <= baseline[0], armed
    scene.media.commands.clear()
    gc.collect()
    left = [ref() for ref in monkey.refs if ref() is not None]
    assert not left, (left[:3], [gc.get_referrers(each) for each in left[:1]])


def _baseline() -> tuple[int, set[Any]]:
    loop = asyncio.get_running_loop()
    return len([timer for timer in loop._scheduled if not timer.cancelled()]), set(asyncio.all_tasks())  # type: ignore[attr-defined]


@pytest.mark.expect_warnings
@pytest.mark.parametrize("seed", range(2))
@flow
async def test_two_hundred_calls_one_after_another(seed: int) -> None:
    async with call_scene() as scene:
        with text_streams() as text_stream, session_order() as order:
            monkey = Monkey(scene, seed, text_stream)
            peer = await monkey.peer(2)
            await scene.settle(100)
            baseline = _baseline()
            for number in range(CALLS):
                session = monkey.begin(peer) if number % 2 else await monkey.receive(peer)
                if session is not None:
                    await monkey.live(session, peer, monkey.chance.randrange(1, 50))
                await scene.settle(monkey.chance.choice([0, 1, 5]))
            del session
            await nothing_is_left(scene, monkey, baseline)
            order.check(finished=True)
            assert order.sessions > CALLS * 0.9


@pytest.mark.expect_warnings
@pytest.mark.parametrize("seed", range(6))
@flow
async def test_twenty_calls_at_once(seed: int) -> None:
    async with call_scene() as scene:
        with text_streams() as text_stream, session_order() as order:
            monkey = Monkey(scene, seed + 1000, text_stream)
            peers = [await monkey.peer(number) for number in range(2, 7)]
            await scene.settle(100)
            baseline = _baseline()

            async def one(number: int) -> None:
                peer = peers[number % len(peers)]
                await asyncio.sleep(monkey.chance.random() * 2)
                session = monkey.begin(peer) if number % 2 else await monkey.receive(peer)
                if session is not None:
                    await monkey.live(session, peer, 30)

            await asyncio.gather(*(one(number) for number in range(20)))
            await nothing_is_left(scene, monkey, baseline)
            order.check(finished=True)
            assert order.sessions > 10
