"""Calls with ICE: what is offered and answered, when the sound starts, what later re-INVITEs say, and peers that do it otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, audio_sdp, call_scene, flow

from blinkq.media.control import OpenTransport, StartStream, UpdateStream
from blinkq.media.ice_control import EndIce, IceFailed, IceSucceeded, RestartIce, StartIce
from blinkq.sdp.description import SessionDescription
from blinkq.sdp.ice import IceDescription
from blinkq.sip.events import InvitationAnswered, InvitationReceived, ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple.configuration.datatypes import IPAddress, STUNServerAddress, STUNServerAddressList
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.ice_candidate import ICECandidate
from blinkq.sipsimple.streams import AudioStream

BOB = "192.0.2.2"
STUN = STUNServerAddressList([STUNServerAddress("192.0.2.9")])
ICE = {"nat_traversal__use_ice": True, "nat_traversal__stun_server_list": STUN}


def lines(ufrag: str = "bobs", password: str = "b" * 22, port: int = 4000, *, host: str = BOB) -> tuple[str, ...]:
    return (
        f"ice-ufrag:{ufrag}", f"ice-pwd:{password}",
        f"candidate:1 1 UDP 2130706431 {host} {port} typ host", f"candidate:1 2 UDP 2130706430 {host} {port + 1} typ host",
        f"candidate:2 1 UDP 1694498815 203.0.113.2 {port + 5} typ srflx raddr {host} rport {port}",
    )  # fmt: skip


class ICEPeer:
    """Bob answers with ICE; ``ufrag`` may change."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.ufrag = "bobs"
        peer.on_event = self._act

    def _act(self, event: Any) -> None:
        if isinstance(event, InvitationReceived):
            self.peer.do(event.invitation.accept, self.sdp())
        elif isinstance(event, ReinviteReceived):
            offered = SessionDescription.parse(event.sdp or b"").direction_of(0)
            self.peer.do(event.invitation.accept_reinvite, self.sdp({"sendonly": "recvonly"}.get(offered, "sendrecv"), version=2))

    def sdp(self, *extra: str, version: int = 1) -> bytes:
        return audio_sdp(BOB, extra=(*lines(self.ufrag), *extra), version=version)


def said(description: SessionDescription) -> IceDescription:
    ice = IceDescription.of(description, 0)
    assert ice is not None
    return ice


def defaults(description: SessionDescription) -> tuple[str, int, int]:
    connection = description.connection_of(0)
    assert connection is not None
    return connection.address, description.media[0].port, description.media[0].rtcp_port


def answer_of(peer: Peer) -> bytes:
    sdp: bytes = peer.all(InvitationAnswered)[-1].sdp
    return sdp


async def call(s: CallScene) -> tuple[Any, ICEPeer]:
    bob = ICEPeer(await s.peer(BOB))
    session = s.call(bob.peer)
    await s.until("SIPSessionDidStart")
    return session, bob


@flow
async def test_the_sound_goes_where_ice_found_a_way() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await call(s)
        opened = s.media.last(OpenTransport)
        assert opened.address == "192.0.2.1"
        assert opened.ice is not None
        assert (opened.ice.controlling, opened.ice.stun_server, opened.ice.addresses) == (True, ("192.0.2.9", 3478), ())
        offer = bob.peer.offer(0)
        assert (said(offer).ufrag, said(offer).password) == (opened.ice.ufrag, opened.ice.password)
        assert [(c.component, c.address, c.type) for c in said(offer).candidates] == [(1, "192.0.2.1", "host"), (2, "192.0.2.1", "host")]
        started = s.media.last(StartIce)
        assert (started.ufrag, started.password, started.lite) == ("bobs", "b" * 22, False)
        assert [(c.component, c.address, c.port, c.type) for c in started.candidates] == [
            (1, BOB, 4000, "host"), (2, BOB, 4001, "host"), (1, "203.0.113.2", 4005, "srflx"),
        ]  # fmt: skip
        assert s.media.last(StartStream).ice_pairs == s.media.select(started).pairs
        (stream,) = session.streams
        assert (stream.ice_active, stream.local_rtp_candidate_type, stream.remote_rtp_candidate_type) == (True, "host", "host")
        assert (stream.local_rtp_address, stream.local_rtp_port) == ("192.0.2.1", said(offer).candidates[0].port)
        assert (stream.remote_rtp_address, stream.remote_rtp_port) == (BOB, 4000)
        assert (stream.remote_rtp_address_received, stream.remote_rtp_port_received) == (BOB, 4000)
        await s.settle(5)
        assert not bob.peer.all(ReinviteReceived)  # the descriptions name the selected addresses already


@flow
async def test_ice_tells_how_it_goes() -> None:
    async with call_scene(**ICE) as s:
        await call(s)
        states = [data.state for data in s.recorder.all("AudioStreamICENegotiationStateDidChange")]
        assert states == [
            "ICE Candidates Gathering", "ICE Candidates Gathered", "ICE Negotiation Starting", "ICE Negotiation In Progress",
            "ICE Negotiation Succeeded",
        ]  # fmt: skip
        data = s.recorder.last("AudioStreamICENegotiationDidSucceed")
        assert data.duration == 0.05
        remote = data.chosen_remote_candidates["RTP"]
        assert remote == ICECandidate("RTP", "HOST", BOB, 4000, 2130706431)
        assert str(remote) == f"(RTP) {BOB}:4000 (host)"
        assert str(data.remote_candidates[-1]) == f"(RTP) 203.0.113.2:4005 from {BOB} (srflx)"
        assert data.chosen_local_candidates["RTCP"].component == "RTCP"
        assert len(data.local_candidates) == 2
        assert [check.nominated for check in data.connectivity_checks_results] == [True, True]
        assert str(data.connectivity_checks_results[0]).endswith(": succeeded, nominated")
        names = s.recorder.names
        assert names.index("AudioStreamICENegotiationDidSucceed") < names.index("MediaStreamDidStart")


@flow
async def test_the_start_waits_for_the_checks() -> None:
    async with call_scene(**ICE) as s:
        s.media.ice = ""
        bob = ICEPeer(await s.peer(BOB))
        session = s.call(bob.peer)
        await s.until("SIPSessionWillStart")
        await s.settle(3)
        (stream,) = session.proposed_streams
        assert stream.state == "WAIT_ICE"
        assert not s.media.all(StartStream)
        assert session.state == "connecting"
        s.media.emit(IceFailed(stream._number, 77, "of an attempt that was given up"))
        assert stream.state == "WAIT_ICE"
        s.media.emit(s.media.select(s.media.last(StartIce)))
        await s.until("SIPSessionDidStart", limit=1)


@flow
async def test_without_a_way_the_descriptions_count() -> None:
    async with call_scene(**ICE) as s:
        s.media.ice = "failed"
        session, _ = await call(s)
        (stream,) = session.streams
        assert s.recorder.last("AudioStreamICENegotiationDidFail").reason == "No way."
        assert s.media.all(EndIce) == [EndIce(stream._number)]
        started = s.media.last(StartStream)
        assert (started.remote_address, started.remote_port, started.ice_pairs) == (BOB, 4000, ())
        assert (stream.ice_active, stream.local_rtp_candidate_type, stream.local_rtp_candidate) == (False, None, None)
        assert (stream.remote_rtp_address, stream.remote_rtp_address_received) == (BOB, None)


@flow
async def test_a_peer_without_ice() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await s.connected()
        assert said(bob.offer(0)).usable
        assert s.media.all(EndIce)
        assert not s.media.all(StartIce)
        assert s.media.last(StartStream).ice_pairs == ()
        assert not session.streams[0].ice_active
        session.hold()
        await s.until("SIPSessionDidChangeHoldState")
        assert IceDescription.of(bob.offer(-1), 0) is None
        assert defaults(bob.offer(-1)) == defaults(bob.offer(0))


@pytest.mark.parametrize("extra", [("ice-mismatch",), (*lines(host="198.51.100.7"),), (*lines()[:2],)])
def test_a_peer_that_answers_with_something_else(extra: tuple[str, ...]) -> None:
    @flow
    async def body() -> None:
        async with call_scene(**ICE) as s:
            bob = await s.peer(BOB)
            bob.answers(*extra)
            await s.connected(bob)
            assert not s.media.all(StartIce)
            assert s.media.all(EndIce)

    body()


@flow
async def test_a_peer_that_never_checks_by_itself() -> None:
    async with call_scene(**ICE) as s:
        bob = await s.peer(BOB)
        plain = audio_sdp(BOB, extra=lines())
        lite = plain.replace(b"t=0 0\r\n", b"t=0 0\r\na=ice-lite\r\n")
        bob.on_event = lambda event: bob.do(event.invitation.accept, lite) if isinstance(event, InvitationReceived) else None
        await s.connected(bob)
        assert s.media.last(StartIce).lite


@flow
async def test_a_call_that_comes() -> None:
    async with call_scene(**ICE) as s:
        s.media.reflexive = "203.0.113.1"
        session, bob = await s.incoming(audio_sdp(BOB, extra=lines()))
        session.accept(session.proposed_streams)
        await s.until("SIPSessionDidStart")
        opened = s.media.last(OpenTransport)
        assert opened.ice is not None
        assert opened.ice.controlling is False
        answer = SessionDescription.parse(answer_of(bob))
        assert (said(answer).ufrag, len(said(answer).candidates)) == (opened.ice.ufrag, 4)
        port = said(answer).candidates[0].port
        assert defaults(answer) == ("203.0.113.1", port + 1000, port + 1001)  # as the Internet sees us
        assert s.media.last(StartStream).ice_pairs
        await s.settle(5)
        assert not bob.all(ReinviteReceived)  # that is for the controlling side


@flow
async def test_a_call_that_comes_without_ice() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await s.incoming(audio_sdp(BOB))
        session.accept(session.proposed_streams)
        await s.until("SIPSessionDidStart")
        assert s.media.last(OpenTransport).ice is None
        assert b"ice" not in answer_of(bob)
        assert not s.media.all(EndIce)


@flow
async def test_an_offer_that_somebody_has_changed_on_its_way() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await s.incoming(audio_sdp(BOB, extra=lines(host="198.51.100.7")))
        session.accept(session.proposed_streams)
        await s.until("SIPSessionDidStart")
        assert s.media.last(OpenTransport).ice is None
        assert b"a=ice-mismatch\r\n" in answer_of(bob)


@flow
async def test_without_the_setting_nothing_changes() -> None:
    async with call_scene() as s:
        session, bob = await s.incoming(audio_sdp(BOB, extra=lines()))
        session.accept(session.proposed_streams)
        await s.until("SIPSessionDidStart")
        assert s.media.last(OpenTransport) == OpenTransport(session.streams[0]._number, "0.0.0.0", (50000, 50500))
        assert b"ice" not in answer_of(bob)
        assert not s.recorder.all("AudioStreamICENegotiationStateDidChange")


@flow
async def test_the_peer_is_told_when_another_address_was_selected() -> None:
    async with call_scene(**ICE) as s:
        s.media.reflexive = "203.0.113.1"
        session, bob = await call(s)
        assert defaults(bob.peer.offer(0))[0] == "203.0.113.1"
        await bob.peer.until(ReinviteReceived)
        again = bob.peer.offer(-1)
        assert defaults(again)[0] == "192.0.2.1"
        assert said(again).remote_candidates == ((1, BOB, 4000), (2, BOB, 4001))
        assert {candidate.type for candidate in said(again).candidates} == {"host"}
        assert said(again).ufrag == said(bob.peer.offer(0)).ufrag
        await s.settle(5)
        assert len(bob.peer.all(ReinviteReceived)) == 1
        assert len(s.media.all(StartIce)) == 1
        assert session.streams[0].ice_active


@flow
async def test_hold_leaves_ice_alone() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await call(s)
        session.hold()
        await s.until("SIPSessionDidChangeHoldState")
        held = bob.peer.offer(-1)
        assert held.direction_of(0) == "sendonly"
        assert said(held).password == said(bob.peer.offer(0)).password
        assert s.media.last(UpdateStream).ice_pairs == s.media.last(StartStream).ice_pairs
        session.unhold()
        await s.until("SIPSessionDidChangeHoldState", 2)
        assert len(s.media.all(StartIce)) == 1
        assert not s.media.all(RestartIce)
        assert not s.recorder.all("AudioStreamDidChangeRTPParameters")


@flow
async def test_the_peer_holds() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await call(s)
        bob.peer.do(bob.peer.invitation.reinvite, bob.sdp("sendonly", version=2))
        await s.until("SIPSessionDidChangeHoldState")
        assert session.streams[0].on_hold_by_remote
        assert len(s.media.all(StartIce)) == 1
        assert s.media.last(UpdateStream).ice_pairs


@flow
async def test_the_peer_begins_ice_anew() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await call(s)
        before = s.media.last(StartStream).ice_pairs
        s.media.ice = ""
        bob.ufrag = "newb"
        bob.peer.do(bob.peer.invitation.reinvite, bob.sdp(version=2))
        answered = SessionDescription.parse((await bob.peer.until(ReinviteAnswered)).sdp)
        restarted = s.media.last(RestartIce)
        assert restarted.controlling is False
        assert said(answered).ufrag == restarted.ufrag != said(bob.peer.offer(0)).ufrag
        again = s.media.last(StartIce)
        assert (again.attempt, again.ufrag) == (2, "newb")
        assert session.streams[0].ice_active  # on the old pairs, until there are new ones
        assert not s.media.all(UpdateStream)
        s.media.emit(IceSucceeded(again.stream, 2, 0.1, (*before[:1],), before))
        assert s.media.last(UpdateStream).ice_pairs == before[:1]
        assert len(s.recorder.all("AudioStreamICENegotiationDidSucceed")) == 2
        assert len(s.recorder.all("AudioStreamDidChangeRTPParameters")) == 1


@flow
async def test_the_peer_gives_ice_up() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await call(s)
        bob.peer.do(bob.peer.invitation.reinvite, audio_sdp(BOB, 4444, version=2))
        await s.until("AudioStreamDidChangeRTPParameters")
        assert s.media.all(EndIce)
        told = s.media.last(UpdateStream)
        assert (told.ice_pairs, told.remote_port) == ((), 4444)
        assert not session.streams[0].ice_active


@pytest.mark.expect_warnings
def test_a_lost_way_is_looked_for_again() -> None:
    @flow
    async def body() -> None:
        async with call_scene(**ICE) as s:
            session, bob = await call(s)
            first = s.media.last(StartIce)
            bob.ufrag = "newb"
            s.media.emit(IceFailed(first.stream, first.attempt, "The peer does not answer any more.", lost=True))
            await bob.peer.until(ReinviteReceived)
            restarted = s.media.last(RestartIce)
            assert restarted.controlling is True
            assert said(bob.peer.offer(-1)).ufrag == restarted.ufrag
            assert len(said(bob.peer.offer(-1)).candidates) == 2
            await s.settle(1)
            again = s.media.last(StartIce)
            assert (again.attempt, again.ufrag) == (2, "newb")
            assert session.streams[0].ice_active
            assert session.state == "connected"

    body()


@flow
async def test_a_second_failure_leaves_the_old_pairs() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await call(s)
        s.media.ice = "failed"
        bob.ufrag = "newb"
        bob.peer.do(bob.peer.invitation.reinvite, bob.sdp(version=2))
        await s.until("AudioStreamICENegotiationDidFail")
        assert session.streams[0].ice_active
        assert not s.media.all(EndIce)


@flow
async def test_only_the_chosen_local_address_is_used() -> None:
    async with call_scene(**ICE) as s:
        SIPSimpleSettings().sip.local_ip = IPAddress("192.0.2.1")
        await call(s)
        ice = s.media.last(OpenTransport).ice
        assert ice is not None
        assert ice.addresses == ("192.0.2.1",)


@flow
async def test_services_of_our_own_machine_are_no_candidates_of_a_peer() -> None:
    async with call_scene(**ICE) as s:
        bob = await s.peer(BOB)
        bob.answers(*lines(), "candidate:9 1 UDP 1 127.0.0.1 25 typ host", "candidate:8 3 UDP 1 192.0.2.2 25 typ host")
        await s.connected(bob)
        assert len(s.media.last(StartIce).candidates) == 3


@flow
async def test_another_place_answers_than_the_one_that_was_heard_first() -> None:
    async with call_scene(**ICE) as s:
        s.media.ice = ""
        bob = ICEPeer(await s.peer(BOB))

        def act(event: Any) -> None:
            if isinstance(event, InvitationReceived):
                bob.peer.do(event.invitation.ring, 183, bob.sdp())

        bob.peer.on_event = act
        session = s.call(bob.peer)
        await s.until("SIPSessionWillStart")
        assert s.media.last(StartIce).attempt == 1
        bob.ufrag = "work"
        bob.peer.do(bob.peer.invitation.accept, bob.sdp())
        await s.settle(1)
        second = s.media.last(StartIce)
        assert (second.attempt, second.ufrag) == (2, "work")
        assert not s.media.all(RestartIce)
        assert session.state == "connecting"
        s.media.emit(IceSucceeded(second.stream, 1, 0.1, ()))  # of the first, too late
        assert not s.media.all(StartStream)
        s.media.emit(s.media.select(second))
        await s.until("SIPSessionDidStart", limit=1)
        assert s.media.last(StartStream).ice_pairs


@flow
async def test_the_peer_leaves_the_offer_to_us() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await s.incoming(None)
        session.accept([AudioStream(s.account)])
        answered = await bob.until(InvitationAnswered)
        assert said(SessionDescription.parse(answered.sdp)).usable
        bob.do(answered.invitation.acknowledge, audio_sdp(BOB, extra=lines()))
        await s.until("SIPSessionDidStart")
        opened = s.media.last(OpenTransport).ice
        assert opened is not None
        assert opened.controlling
        assert session.streams[0].ice_active


@flow
async def test_a_stream_that_is_added_later() -> None:
    async with call_scene(**ICE) as s:
        session, bob = await call(s)

        def act(event: Any) -> None:
            if isinstance(event, ReinviteReceived):
                one, two = bob.sdp(version=2), audio_sdp(BOB, 4600, extra=lines("more", port=4600))
                bob.peer.do(event.invitation.accept_reinvite, one + two[two.index(b"m=") :])

        bob.peer.on_event = act
        session.add_stream(AudioStream(s.account))
        await s.until("SIPSessionGotAcceptProposal")
        assert [stream.ice_active for stream in session.streams] == [True, True]
        assert [command.ufrag for command in s.media.all(StartIce)] == ["bobs", "more"]
