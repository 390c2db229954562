"""Outgoing calls, incoming calls and their ends: the rows of the inventory's §2.4 to §2.6, each told in full in rows.toml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene
from support.story import Story, row, tell

from blinkq.base.catalogue import post
from blinkq.media.control import OpenTransport, StartStream
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationAnswered, InvitationConfirmed, InvitationProgressed, InvitationReceived
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import Route
from blinkq.sipsimple.session import Session
from blinkq.sipsimple.streams import AudioStream


def reacts(peer: Peer, act: Callable[[Any], None]) -> Peer:
    """The peer does ``act`` with each call."""
    peer.on_event = lambda event: act(event.invitation) if isinstance(event, InvitationReceived) else None
    return peer


async def ended(s: CallScene, session: Session, peer: Peer | None = None, **options: Any) -> Story:
    """The story once everything is over."""
    while session.state != "terminated":
        await s.settle(0.1)
    await s.settle(3)
    return tell(s, session, peer, **options)


# -- outgoing


@row("outgoing.answered")
async def test_answered() -> Story:
    async with call_scene() as s:
        bob = await s.peer()

        def answer(call: Any) -> None:
            bob.do(call.ring, 180)
            bob.do(call.ring, 183)
            bob.do(call.accept, bob.sdp())

        session = s.call(reacts(bob, answer))
        await s.until("SIPSessionDidStart")
        await bob.until(InvitationConfirmed)
        story = tell(s, session, bob)
        session.end()
        return story


@row("outgoing.early_media")
async def test_early_media() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(reacts(bob, lambda call: bob.do(call.ring, 183, bob.sdp())))
        await s.until("SIPSessionWillStart")
        await s.settle(2)
        bob.do(bob.invitation.accept, bob.sdp())
        await s.until("SIPSessionDidStart")
        await s.settle(1)
        story = tell(s, session, bob)
        session.end()
        return story


@row("outgoing.some_streams_initialize")
async def test_some_streams_do_not_initialize() -> Story:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        ports: list[Any] = []

        def refuse(command: Any) -> str | None:
            ports.extend([command] if isinstance(command, OpenTransport) else [])
            return "no port" if len(ports) == 1 and isinstance(command, OpenTransport) else None

        s.media.refuse = refuse
        session = s.call(bob, streams=[AudioStream(s.account), AudioStream(s.account)])
        await s.until("SIPSessionDidStart")
        await s.settle(1)
        story = tell(s, session, bob)
        session.end()
        return story


@row("outgoing.no_stream_initializes")
async def test_no_stream_initializes() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        s.media.refuse = lambda command: "no port" if isinstance(command, OpenTransport) else None
        return await ended(s, s.call(bob), bob)


@row("outgoing.no_way")
async def test_no_way() -> Story:
    async with call_scene() as s:
        return await ended(s, s.call(Route("192.0.2.9", 5061, "tls")))


@row("outgoing.stream_fails_to_start")
async def test_a_stream_fails_to_start() -> Story:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        s.media.refuse = lambda command: "no device" if isinstance(command, StartStream) else None
        return await ended(s, s.call(bob), bob)


@row("outgoing.stream_starts_too_late")
async def test_a_stream_starts_too_late() -> Story:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        stream = AudioStream(s.account)
        stream.start = lambda *arguments: None  # type: ignore[method-assign]  # it never says that it runs
        return await ended(s, s.call(bob, streams=[stream]), bob)


@row("outgoing.early_stream_fails")
async def test_a_stream_fails_before_the_answer() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        s.media.refuse = lambda command: "no device" if isinstance(command, StartStream) else None
        return await ended(s, s.call(reacts(bob, lambda call: bob.do(call.ring, 183, bob.sdp()))), bob)


@row("outgoing.refused")
async def test_refused() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        return await ended(s, s.call(reacts(bob, lambda call: bob.do(call.reject, 486))), bob)


@row("outgoing.refused_with_a_reason")
async def test_refused_with_a_reason() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        headers = (("Reason", 'SIP;cause=600;text="Not today"'),)
        return await ended(s, s.call(reacts(bob, lambda call: bob.do(call.reject, 600, headers=headers))), bob)


@row("outgoing.redirected")
async def test_redirected() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        headers = (("Contact", "<sip:bob@192.0.2.77>"),)
        return await ended(s, s.call(reacts(bob, lambda call: bob.do(call.reject, 302, headers=headers))), bob)


@row("outgoing.nobody_answers")
async def test_nobody_answers() -> Story:
    async with call_scene() as s:
        s.world.loss = 1.0
        bob = await s.peer()
        return await ended(s, s.call(bob), bob)


@row("outgoing.invite_timeout")
async def test_the_invite_timeout() -> Story:
    async with call_scene() as s:
        SIPSimpleSettings().sip.invite_timeout = 20
        bob = await s.peer()
        return await ended(s, s.call(reacts(bob, lambda call: bob.do(call.ring, 180))), bob)


@row("outgoing.transport_error")
async def test_a_transport_error() -> Story:
    async with call_scene() as s:
        return await ended(s, s.call(Route("192.0.2.66", transport="tcp")))


@row("outgoing.bye_before_the_answer")
async def test_a_bye_before_the_answer() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(reacts(bob, lambda call: bob.do(call.ring, 180)))
        await s.until("SIPSessionGotRingIndication")
        call = bob.invitation._call
        assert call.dialog is not None
        call.bye(call.dialog, s.now)
        bob.do(lambda now: None)
        return await ended(s, session, bob)


@row("outgoing.bad_answer")
async def test_a_bad_answer() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        return await ended(s, s.call(reacts(bob, lambda call: bob.do(call.accept, b"v=0\r\nnonsense\r\n"))), bob)


# -- incoming


async def rings(s: CallScene, sdp: bytes | None = b"") -> tuple[Session, Peer, Any]:
    """A call that waits for us; b'' stands for a usual offer."""
    bob = await s.peer()
    invitation = await bob.invite(bob.sdp() if sdp == b"" else sdp)
    await s.until("SIPSessionNewIncoming")
    session: Any = s.recorder.seen[-1].sender
    return session, bob, invitation


@row("incoming.accepted")
async def test_accepted() -> Story:
    async with call_scene() as s:
        session, bob, _ = await rings(s)
        session.send_ring_indication()
        await bob.until(InvitationProgressed)
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        await s.settle(1)
        story = tell(s, session, bob)
        session.end()
        return story


@row("incoming.without_an_offer")
async def test_without_an_offer() -> Story:
    async with call_scene() as s:
        bob = await s.peer()

        def answer(event: Any) -> None:
            if isinstance(event, InvitationAnswered):
                offer = SessionDescription.parse(event.sdp)
                assert offer.media
                bob.do(event.invitation.acknowledge, bob.sdp())

        bob.on_event = answer
        await bob.invite(None)
        await s.until("SIPSessionNewIncoming")
        session: Any = s.recorder.seen[-1].sender
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        await s.settle(1)
        story = tell(s, session, bob)
        session.end()
        return story


@row("incoming.no_account")
async def test_no_account() -> Story:
    async with call_scene() as s:
        s.account.registration.enabled = True
        bob = await s.peer()
        await bob.invite(bob.sdp(), target=f"sip:zoe@elsewhere.test:{s.engine.sip.ports['udp']}")
        await s.settle(3)
        return tell(s, None, bob)


@row("incoming.no_usable_stream")
async def test_no_usable_stream() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        await bob.invite(bob.sdp().replace(b"m=audio", b"m=video"))
        await s.settle(3)
        return tell(s, None, bob)


@row("incoming.no_stream_initializes")
async def test_the_accepted_streams_do_not_initialize() -> Story:
    async with call_scene() as s:
        session, bob, _ = await rings(s)
        s.media.refuse = lambda command: "no port" if isinstance(command, OpenTransport) else None
        session.accept(session.proposed_streams or [])
        return await ended(s, session, bob)


@row("incoming.stream_fails_to_start")
async def test_an_accepted_stream_fails_to_start() -> Story:
    async with call_scene() as s:
        session, bob, _ = await rings(s)
        s.media.refuse = lambda command: "no device" if isinstance(command, StartStream) else None
        session.accept(session.proposed_streams or [])
        return await ended(s, session, bob)


@row("incoming.stream_starts_too_late")
async def test_an_accepted_stream_starts_too_late() -> Story:
    async with call_scene() as s:
        session, bob, _ = await rings(s)
        for stream in session.proposed_streams or []:
            stream.start = lambda *arguments: None
        session.accept(session.proposed_streams or [])
        return await ended(s, session, bob)


@row("incoming.no_ack")
async def test_the_ack_never_comes() -> Story:
    async with call_scene() as s:
        session, _, _ = await rings(s)
        session.accept(session.proposed_streams or [])
        await s.settle(0.0005)
        s.world.loss = 1.0
        await s.settle(40)
        s.world.loss = 0.0
        return await ended(s, session)


@row("incoming.cancelled")
async def test_cancelled() -> Story:
    async with call_scene() as s:
        session, bob, invitation = await rings(s)
        bob.do(invitation.end)
        return await ended(s, session, bob)


@row("incoming.cancelled_while_accepting")
async def test_cancelled_while_accepting() -> Story:
    async with call_scene() as s:
        session, bob, invitation = await rings(s)
        s.media.latency = 1.0
        session.accept(session.proposed_streams or [])
        bob.do(invitation.end)
        return await ended(s, session, bob)


@row("incoming.bye_after_the_answer")
async def test_a_bye_after_the_answer() -> Story:
    async with call_scene() as s:
        session, bob, invitation = await rings(s)
        for stream in session.proposed_streams or []:
            stream.start = lambda *arguments: None
        session.accept(session.proposed_streams or [])
        await bob.until(InvitationAnswered)
        await s.settle(0.1)
        bob.do(invitation.end)
        return await ended(s, session, bob)


@row("incoming.bad_answer")
async def test_an_ack_with_a_bad_answer() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        bob.on_event = lambda event: (
            bob.do(event.invitation.acknowledge, b"v=0\r\nnonsense\r\n") if isinstance(event, InvitationAnswered) else None
        )
        await bob.invite(None)
        await s.until("SIPSessionNewIncoming")
        session: Any = s.recorder.seen[-1].sender
        session.accept(session.proposed_streams or [])
        return await ended(s, session, bob)


@row("incoming.rejected")
async def test_rejected() -> Story:
    async with call_scene() as s:
        session, bob, _ = await rings(s)
        session.reject(486, "Somewhere else")
        return await ended(s, session, bob)


@row("incoming.rejected_unheard")
async def test_rejected_and_nobody_hears() -> Story:
    async with call_scene() as s:
        session, _, _ = await rings(s)
        s.world.loss = 1.0
        session.reject()
        await s.settle(2)
        s.world.loss = 0.0
        return await ended(s, session)


# -- the end


@row("end.before_the_invite")
async def test_ended_before_the_invite_is_sent() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(bob)
        session.end()
        return await ended(s, session, bob)


@row("end.ringing")
async def test_ended_while_it_rings() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(reacts(bob, lambda call: bob.do(call.ring, 180)))
        await s.until("SIPSessionGotRingIndication")
        session.end()
        return await ended(s, session, bob)


@row("end.connected")
async def test_ended_in_the_call() -> Story:
    async with call_scene() as s:
        session, bob = await s.connected()
        await s.settle(1)
        told = len(bob.events)
        session.end()
        return await ended(s, session, bob, since="WillEnd", told=told)


@row("end.bye_unanswered")
async def test_a_bye_that_nobody_answers() -> Story:
    async with call_scene() as s:
        session, _ = await s.connected()
        s.world.loss = 1.0
        session.end()
        return await ended(s, session, since="WillEnd")


@row("end.cancel_unanswered")
async def test_a_cancel_that_nobody_answers() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(reacts(bob, lambda call: bob.do(call.ring, 180)))
        await s.until("SIPSessionGotRingIndication")
        s.world.loss = 1.0
        session.end()
        return await ended(s, session)


@row("end.remote")
async def test_the_peer_hangs_up() -> Story:
    async with call_scene() as s:
        session, bob = await s.connected()
        await s.settle(1)
        told = len(bob.events)
        bob.do(bob.invitation.end, headers=(("Reason", 'SIP;cause=200;text="Lunch"'),))
        return await ended(s, session, bob, since="WillEnd", told=told)


@row("end.crossing_byes")
async def test_byes_that_cross() -> Story:
    async with call_scene() as s:
        session, bob = await s.connected()
        await s.settle(1)
        told = len(bob.events)
        bob.do(bob.invitation.end)
        session.end()
        return await ended(s, session, bob, since="WillEnd", told=told)


@row("end.answer_crosses_the_cancel")
async def test_an_answer_that_crosses_the_cancel() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(reacts(bob, lambda call: bob.do(call.ring, 180)))
        await s.until("SIPSessionGotRingIndication")
        bob.do(bob.invitation.accept, bob.sdp())
        session.end()
        return await ended(s, session, bob)


@row("end.refusal_crosses_the_cancel")
async def test_a_refusal_that_crosses_the_cancel() -> Story:
    async with call_scene() as s:
        bob = await s.peer()
        session = s.call(reacts(bob, lambda call: bob.do(call.ring, 180)))
        await s.until("SIPSessionGotRingIndication")
        bob.do(bob.invitation.reject, 486)
        session.end()
        return await ended(s, session, bob)


@row("end.incoming_unanswered")
async def test_end_instead_of_reject() -> Story:
    async with call_scene() as s:
        session, bob, _ = await rings(s)
        session.end()
        return await ended(s, session, bob)


@row("end.while_accepting")
async def test_ended_while_accepting() -> Story:
    async with call_scene() as s:
        session, bob, _ = await rings(s)
        s.media.latency = 1.0
        session.accept(session.proposed_streams or [])
        session.end()
        return await ended(s, session, bob)


@pytest.mark.expect_warnings
@row("end.last_stream_fails")
async def test_the_last_stream_fails_in_the_call() -> Story:
    async with call_scene() as s:
        session, bob = await s.connected()
        await s.settle(1)
        told = len(bob.events)
        post("MediaStreamDidFail", session.streams[0], reason="the cable is out")
        return await ended(s, session, bob, since="WillEnd", told=told)
