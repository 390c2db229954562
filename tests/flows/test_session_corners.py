"""Rare moments of a call: crossing requests, a revived media process, a stopping manager, threads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.call_scene import call_scene, flow

from blinkq.base.catalogue import post
from blinkq.media.control import OpenTransport, StartStream, StreamTimedOut, UpdateStream
from blinkq.sdp.crypto import CryptoAttribute, parse_all
from blinkq.sip.events import (
    InvitationConfirmed,
    InvitationEnded,
    InvitationFailed,
    InvitationReceived,
    ReinviteAnswered,
    ReinviteReceived,
)
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.runtime import Runtime
from blinkq.sipsimple.session import IllegalStateError, Session, SessionManager
from blinkq.sipsimple.session.gathering import Gathering
from blinkq.sipsimple.streams import AudioStream

HOLD = "SIPSessionDidChangeHoldState"


@flow
async def test_new_keys_after_the_media_process_lost_count_of_the_peers_packets() -> None:
    async with call_scene(rtp__srtp_encryption="mandatory") as s:
        theirs = CryptoAttribute(1, "AES_CM_128_HMAC_SHA1_80", bytes(30))
        bob = await s.peer()

        def act(event: Any) -> None:
            if isinstance(event, InvitationReceived):
                bob.do(event.invitation.accept, bob.sdp(f"crypto:{theirs}", transport="RTP/SAVP"))
            elif isinstance(event, ReinviteReceived):
                fresh = CryptoAttribute(1, theirs.suite, bytes(range(30)))
                bob.do(event.invitation.accept_reinvite, bob.sdp(f"crypto:{fresh}", transport="RTP/SAVP", version=2))

        bob.on_event = act
        session = s.call(bob)
        await s.until("SIPSessionDidStart")
        before = s.media.last(StartStream)
        number = before.stream
        post("MediaProcessDidRevive", object(), downtime=0.2, rollovers=((number + 100, 1),), failures=())
        await s.settle()
        assert not bob.all(ReinviteReceived)
        post("MediaProcessDidRevive", object(), downtime=0.2, rollovers=((number, 1),), failures=())
        await s.settle()
        (line,) = parse_all(bob.offer().media[0].get_all("crypto"))
        update = s.media.last(UpdateStream)
        assert update.local_key is not None
        assert update.remote_key is not None
        assert before.local_key is not None
        assert update.local_key.key == line.key != before.local_key.key
        assert update.remote_key.key == bytes(range(30))
        assert session.state == "connected"


@flow
async def test_a_plain_call_has_no_keys_to_renew() -> None:
    async with call_scene() as s:
        _session, bob = await s.connected()
        post("MediaProcessDidRevive", object(), downtime=0.2, rollovers=((s.media.last(StartStream).stream, 1),), failures=())
        await s.settle()
        assert not bob.all(ReinviteReceived)


@flow
async def test_keys_meant_for_an_encrypted_route_do_not_go_over_a_plain_one() -> None:
    async with call_scene(rtp__srtp_encryption="optional") as s:
        bob = await s.peer(answering=True)
        stream = AudioStream(s.account)
        session = s.call(Route("192.0.2.66", transport="tcp"), bob, streams=[stream])
        session.transport = "tls"  # as if the first route were encrypted
        await s.until("SIPSessionDidStart")
        assert bob.offer().media[0].get_all("crypto") == []


@flow
async def test_why_we_hung_up_goes_with_the_bye() -> None:
    async with call_scene() as s:
        _session, bob = await s.connected()
        s.media.emit(StreamTimedOut(s.media.last(StartStream).stream))
        ended = await bob.until(InvitationEnded)
        assert "media" in ended.cause


@flow
async def test_our_re_invite_waits_for_the_peers() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        # the ACK is late: the peer's re-INVITE is not finished when we want to hold
        s.world.drop = lambda packet: packet.data.startswith(b"ACK") and packet.source[0] == bob.address
        bob.do(bob.invitation.reinvite, bob.sdp(port=4900, version=2))
        await bob.until(ReinviteAnswered)
        await s.settle(0.1)
        session.hold()
        await s.settle(0.1)
        assert not bob.all(ReinviteReceived)
        s.world.drop = None
        await s.until(HOLD)
        assert bob.offer().direction_of(0) == "sendonly"
        assert 4900 in [update.remote_port for update in s.media.all(UpdateStream)]


@flow
async def test_the_peer_takes_its_re_invite_back_too_late() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.do(bob.invitation.reinvite, bob.sdp("sendonly", version=2))
        bob.do(bob.invitation.cancel_reinvite)
        assert (await bob.until(ReinviteAnswered)).code == 200
        assert (await s.until(HOLD)).originator == "remote"
        session.hold()
        assert (await s.until(HOLD, 2)).originator == "local"
        assert session.state == "connected"


@flow
async def test_an_unusable_answer_to_hold_leaves_the_call_as_it_was() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: bob.do(event.invitation.accept_reinvite, b"nonsense") if isinstance(event, ReinviteReceived) else None
        session.hold()
        assert (await s.until(HOLD)).on_hold
        assert session.state == "connected"


@flow
async def test_a_peer_that_never_stops_saying_491() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: bob.do(event.invitation.reject_reinvite, 491) if isinstance(event, ReinviteReceived) else None
        session.hold()
        assert (await s.until(HOLD)).on_hold
        assert len(bob.all(ReinviteReceived)) == 6


@flow
async def test_a_dialog_that_the_peer_has_forgotten_ends() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        bob.on_event = lambda event: bob.do(event.invitation.reject_reinvite, 481) if isinstance(event, ReinviteReceived) else None
        session.hold()
        data = await s.until("SIPSessionDidEnd")
        assert data.originator == "remote"
        assert s.session_names.count("DidEnd") == 1


@flow
async def test_a_re_invite_before_the_streams_run_is_put_off() -> None:
    async with call_scene() as s:
        s.media.latency = 0.3
        bob = await s.peer()
        bob.on_event = lambda event: None
        s.call(bob)
        await bob.until(InvitationReceived)
        bob.do(bob.invitation.accept, bob.sdp())
        await bob.until(InvitationConfirmed)
        bob.do(bob.invitation.reinvite, bob.sdp(version=2))
        answered = await bob.until(ReinviteAnswered)
        assert (answered.code, answered.response.headers.get("Retry-After")) == (500, "1")
        await s.until("SIPSessionDidStart")


@flow
async def test_hold_while_the_call_is_being_set_up_reaches_the_peer() -> None:
    async with call_scene() as s:
        s.media.latency = 0.3
        session, _bob = await _ringing(s)
        session.hold()
        await s.until("SIPSessionDidStart")
        assert (await s.until(HOLD)).originator == "local"


async def _ringing(s: Any) -> tuple[Session, Any]:
    bob = await s.peer(answering=True)
    session = s.call(bob)
    await bob.until(InvitationReceived)
    return session, bob


@flow
async def test_streams_that_take_too_long() -> None:
    async with call_scene() as s:
        s.media.latency = 20.0
        bob = await s.peer(answering=True)
        begin = s.now
        s.call(bob)
        data = await s.until("SIPSessionDidFail")
        assert "timed-out" in data.failure_reason
        assert 14.9 < s.now - begin < 15.5


@flow
async def test_media_that_takes_too_long_to_start() -> None:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        s.call(bob)
        while not s.media.all(OpenTransport):
            await asyncio.sleep(0.0005)
        await asyncio.sleep(0.001)
        s.media.latency = 20.0
        data = await s.until("SIPSessionDidFail")
        assert data.failure_reason == "media stream timed-out while starting"
        await bob.until(InvitationEnded)


@flow
async def test_stopping_ends_all_calls_and_takes_no_more() -> None:
    async with call_scene() as s:
        session, bob = await s.connected()
        ringing = await s.peer("192.0.2.3")
        other = s.call(ringing)
        await ringing.until(InvitationReceived)
        await SessionManager().stop_sessions()
        assert (session.state, other.state) == ("terminated", "terminated")
        assert SessionManager().sessions == []
        assert SessionManager().state == "stopped"
        await bob.until(InvitationEnded)
        await SessionManager().stop_sessions()
        SessionManager().start()
        SessionManager().start()
        SessionManager().state = "stopping"
        await bob.invite(bob.sdp())
        assert (await bob.until(InvitationFailed)).code == 480
        SessionManager().state = "started"


@flow
async def test_waiting_for_the_last_call() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        idle = asyncio.ensure_future(SessionManager().idle())
        await s.settle()
        assert not idle.done()
        session.end()
        await idle


@flow
async def test_addresses_that_are_no_sip_addresses() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        hop = await bob.endpoint.hop("192.0.2.1", s.engine.sip.ports["udp"], "udp")
        text = audio = bob.sdp()
        request = (
            f"INVITE sip:alice@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKx\r\nMax-Forwards: 70\r\n"
            f"From: <tel:+1234>;tag=a\r\nTo: <sip:alice@192.0.2.1>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContact: <sip:bob@192.0.2.2>\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(text)}\r\n\r\n"
        ).encode() + audio
        socket = bob.host.udp[("192.0.2.2", 5060)]
        socket.send(request, (hop.address, hop.port))
        await s.settle()
        answers = [packet.data for packet in s.world.packets if packet.destination[0] == "192.0.2.2"]
        assert any(data.startswith(b"SIP/2.0 4") for data in answers)
        assert s.session_names == []


@flow
async def test_a_session_cannot_call_without_an_application() -> None:
    async with call_scene() as s:
        engine, Runtime.engine = Runtime.engine, None
        session = Session(s.account)
        with pytest.raises(IllegalStateError):
            session.connect(ToHeader(SIPURI.parse("sip:bob@example.com")), [Route("192.0.2.2")], [])
        with pytest.raises(IllegalStateError):
            Runtime.current()
        Runtime.engine = engine
        assert session.state is None
        session.hold()
        assert session.call_id is None
        assert session.peer_address is None


@flow
async def test_single_routes_and_streams_and_what_a_session_knows() -> None:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        session = Session(s.account)
        session.connect(ToHeader(SIPURI.parse("sip:bob@example.com")), Route(bob.address, 5060), AudioStream(s.account))
        await s.until("SIPSessionDidStart")
        assert session.call_id == bob.invitation.call_id
        assert session.peer_address == bob.address
        assert "bob@example.com" in repr(session)
        session.favourite_colour = "red"  # type: ignore[attr-defined]  # applications may hang things on it
        session.end()
        await s.until("SIPSessionDidEnd")
        assert session.end_time == session.stop_time


@flow
async def test_no_streams_at_all() -> None:
    async with call_scene() as s:
        bob = await s.peer(answering=True)
        s.call(bob, streams=[])
        data = await s.until("SIPSessionDidFail")
        assert "did not initialize" in data.failure_reason


@flow
async def test_the_media_address_of_an_answer_is_the_one_towards_the_callers_media() -> None:
    async with call_scene() as s:
        s.home.addresses.append("2001:db8::1")
        bob = await s.peer()
        sdp = bob.sdp().replace(b"c=IN IP4 192.0.2.2", b"c=IN IP6 2001:db8::2")
        session, _ = await s.incoming(sdp, bob)
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        assert session.local_address == "2001:db8::1"
        assert s.media.last(OpenTransport).address in ("0.0.0.0", "::")


@flow
async def test_a_chosen_local_address_is_kept() -> None:
    async with call_scene() as s:
        SIPSimpleSettings().sip.local_ip = "192.0.2.1"  # type: ignore[assignment]
        bob = await s.peer()
        session, _ = await s.incoming(bob.sdp(), bob)
        session.accept(session.proposed_streams or [])
        await s.until("SIPSessionDidStart")
        assert session.local_address == "192.0.2.1"
        assert s.media.last(OpenTransport).address == "192.0.2.1"


@flow
async def test_a_gathering_can_be_called_off() -> None:
    async with call_scene():
        told: list[object] = []
        gathering = Gathering([object()], "MediaStreamDidStart", (), 1.0, told.append)
        gathering.cancel()
        gathering.cancel()
        Gathering([], "MediaStreamDidStart", (), 1.0, told.append)
        await asyncio.sleep(2)
        assert told == [{}]
