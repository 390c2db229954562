"""Chat through MSRP relays, as the one who offers and the one who answers, and what happens when the relay does not do its part."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from support.call_scene import CallScene, call_scene, flow
from support.msrp_peer import MSRPPeer
from support.msrp_relay import ScriptedRelay

from blinkq.base.clock import SeededEntropy
from blinkq.engine.msrp_relay import RelayAddress
from blinkq.engine.tls import TLSConfig
from blinkq.msrp.events import DataReceived, MessageDelivered, MessageReceived
from blinkq.msrp.reader import ChunkBegan, ChunkEnded, ChunkReader
from blinkq.msrp.session import Session
from blinkq.msrp.uri import parse_path
from blinkq.sdp.description import SessionDescription
from blinkq.sip.digest import Credentials
from blinkq.sip.events import InvitationAnswered, InvitationReceived, ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple import msrp_events
from blinkq.sipsimple.configuration.datatypes import MSRPRelayAddress
from blinkq.sipsimple.streams import ChatStream, DesktopSharingStream
from blinkq.sipsimple.streams.msrp import InternalVNCServerHandler

RELAY = "192.0.2.50"
SRV = "_msrps._tcp.example.com SRV 1 1 2855 relay.example.com.\nrelay.example.com A 192.0.2.50"


def password(s: CallScene) -> None:
    s.account.auth.password = "wonderland"
    s.account.save()


async def relay_for(s: CallScene, *, dns: bool = True) -> ScriptedRelay:
    relay = ScriptedRelay(s.world.host(RELAY, names={"example.com", "relay.example.com"}), {"alice": "wonderland", "bob": "builder"})
    await relay.listen()
    password(s)
    if dns:
        s.dns.__init__(f"example.com A 192.0.2.9\n{SRV}")  # type: ignore[misc]  # the zone gets its relay
    return relay


async def outgoing(s: CallScene, *, secure: bool = True) -> tuple[ChatStream, MSRPPeer]:
    """Alice, behind her relay, writes to Bob, who connects to it."""
    bob = MSRPPeer(await s.peer(), secure=secure)
    await bob.listen()

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            offer = SessionDescription.parse(event.sdp or b"")
            bob.peer.do(event.invitation.accept, bob.sdp(setup="active"))
            s.engine.loop.loop.create_task(connect_to_relay(bob, offer))

    bob.peer.on_event = act
    stream = ChatStream(s.account)
    s.call(bob.peer, streams=[stream])
    await s.until("SIPSessionDidStart")
    return stream, bob


async def connect_to_relay(bob: MSRPPeer, remote: SessionDescription) -> None:
    session = bob.expect(remote)
    assert remote.media[0].get("fingerprint") is None  # the certificate is the relay's
    first = session.remote_path[0]
    await bob.endpoint.connect(session, first.host, TLSConfig(verify=False) if first.secure else None)


@pytest.mark.parametrize("configured", [True, False])
def test_an_offered_chat_goes_through_the_relay(configured: bool) -> None:
    @flow
    async def scene() -> None:
        settings: dict[str, Any] = {"nat_traversal__use_msrp_relay_for_outbound": True}
        if configured:
            settings["nat_traversal__msrp_relay"] = MSRPRelayAddress("192.0.2.50")
        async with call_scene(**settings) as s:
            relay = await relay_for(s, dns=not configured)
            if configured:
                relay.host.names.add(RELAY)
            stream, bob = await outgoing(s)
            assert [bool(request.header("Authorization")) for request in relay.auths()] == [False, True]
            path = parse_path(bob.peer.offer().media[0].get("path") or "")
            assert (path[0].host, path[0].session_id) == (RELAY, "place0")
            assert path == stream.local_path
            bob.send("text/plain", b"hello Alice", success_report=True)
            assert (await s.until("ChatStreamGotMessage")).message.content == "hello Alice"
            stream.send_message("hello Bob")
            stream.send_message("x" * 100_000)
            await s.until("ChatStreamDidDeliverMessage", 2)
            assert len(bob.of(MessageReceived)[-1].body) >= 100_000
            assert bob.of(MessageDelivered)
            assert max(len(body) for body in relay.bodies) <= 8 * 1024
            s.recorder.seen.clear()
            session = stream.session
            assert session is not None
            session.end()
            await s.until("SIPSessionDidEnd")
            await s.settle()
            assert all(client.stream is None for client in relay.clients[:1])
            bob.stop()

    scene()


@pytest.mark.parametrize("secure", [True, False])
def test_a_chat_through_a_relay_over_websocket(secure: bool) -> None:
    @flow
    async def scene() -> None:
        address = MSRPRelayAddress.from_description(f"ws{'s' if secure else ''}://{RELAY}:443/msrp")
        async with call_scene(
            nat_traversal__use_msrp_relay_for_outbound=True, nat_traversal__msrp_relay=address, msrp__transport="tls" if secure else "tcp"
        ) as s:
            relay = await relay_for(s)
            relay.host.names.add(RELAY)
            await relay.listen_websocket(secure=secure)
            if not secure:
                await relay.host.listen_stream(RELAY, 2856, relay._accept)
                relay.port = 2856
            stream, bob = await outgoing(s, secure=secure)
            ours = stream.local_path[-1]
            assert (ours.host.endswith(".invalid"), ours.transport, ours.secure) == (True, "ws", secure)
            assert str(relay.auths()[-1].to_path[0]) == f"msrp{'s' if secure else ''}://{RELAY}:443;ws"
            bob.send("text/plain", b"hello Alice", success_report=True)
            assert (await s.until("ChatStreamGotMessage")).message.content == "hello Alice"
            stream.send_message("hello Bob")
            stream.send_message("x" * 100_000)
            await s.until("ChatStreamDidDeliverMessage", 2)
            assert len(bob.of(MessageReceived)[-1].body) >= 100_000
            websocket = relay.clients[0].websocket
            assert websocket is not None
            assert websocket.request is not None
            assert websocket.request.path == "/msrp"
            for message in websocket.messages:  # one chunk each, and whole
                (first, *_), last = ChunkReader().receive_data(message), ChunkReader().receive_data(message)[-1]
                assert isinstance(first, ChunkBegan)
                assert isinstance(last, ChunkEnded)
                assert message.count(f"MSRP {first.chunk.transaction_id} ".encode()) == 1
            assert len(websocket.messages) > 12
            await s.settle(600)  # refreshed, pinged
            assert len(relay.auths()) > 2
            relay.clients[0].websocket.close(1001, "going away")  # type: ignore[union-attr]
            assert "going away" in (await s.until("MediaStreamDidFail")).reason
            await s.until("SIPSessionDidEnd")
            bob.stop()

    scene()


@flow
async def test_an_answer_through_a_relay_over_websocket() -> None:
    async with call_scene(nat_traversal__msrp_relay=MSRPRelayAddress(RELAY, 0, "wss")) as s:
        relay = await relay_for(s)
        relay.host.names.add(RELAY)
        await relay.listen_websocket()
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        session, _ = await s.incoming(bob.sdp(setup="actpass"), bob.peer)
        (stream,) = session.proposed_streams or []

        def act(event: Any) -> None:
            if isinstance(event, InvitationAnswered):
                answer = SessionDescription.parse(event.sdp or b"")
                assert answer.media[0].get("setup") == "passive"
                s.engine.loop.loop.create_task(connect_to_relay(bob, answer))

        bob.peer.on_event = act
        session.accept([stream])
        await s.until("SIPSessionDidStart")
        bob.send("text/plain", b"to Alice", success_report=True)
        stream.send_message("to Bob")
        await s.until("ChatStreamDidDeliverMessage")
        await s.until("ChatStreamGotMessage")
        assert relay.clients[0].websocket is not None
        bob.stop()


@flow
async def test_no_unencrypted_websocket_where_the_settings_ask_for_tls() -> None:
    address = MSRPRelayAddress(RELAY, 443, "ws")
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True, nat_traversal__msrp_relay=address) as s:
        relay = await relay_for(s)
        await relay.listen_websocket(secure=False)
        bob = MSRPPeer(await s.peer())
        s.call(bob.peer, streams=[ChatStream(s.account)])
        assert "without encryption" in (await s.until("MediaStreamDidNotInitialize")).reason
        await s.until("SIPSessionDidFail")
        assert relay.clients == []
        bob.stop()


@flow
async def test_both_behind_relays() -> None:
    async with call_scene() as s:
        relay = await relay_for(s)
        bob = MSRPPeer(await s.peer())
        address = RelayAddress("example.com", RELAY, 2855)
        place = await bob.endpoint.relay(address, bob.peer.address, TLSConfig(), Credentials("bob", "builder"))
        offered = bob.sdp(setup="actpass").replace(f"a=path:{bob.uri}".encode(), f"a=path:{place.path[0]} {place.uri}".encode())
        session, _ = await s.incoming(offered, bob.peer)
        (stream,) = session.proposed_streams or []

        def act(event: Any) -> None:
            if isinstance(event, InvitationAnswered):
                answer = SessionDescription.parse(event.sdp or b"")
                assert answer.media[0].get("setup") == "passive"
                path = parse_path(answer.media[0].get("path") or "")
                assert len(path) == 2
                bob.session = Session(place.uri, (*place.route, *path), bob.entropy)
                bob.endpoint.add(bob.session)
                bob.endpoint.connect_through(bob.session, place)

        bob.peer.on_event = act
        session.accept([stream])
        await s.until("SIPSessionDidStart")
        assert len(relay.sessions) == 2
        bob.send("text/plain", b"to Alice", success_report=True)
        stream.send_message("to Bob")
        await s.until("ChatStreamDidDeliverMessage")
        await s.until("ChatStreamGotMessage")
        assert len(bob.of(MessageDelivered)) == 1
        place.close()
        bob.stop()


@flow
async def test_no_relay_where_dns_names_none_or_the_settings_say_no() -> None:
    for settings in ({}, {"msrp__connection_model": "acm"}, {"nat_traversal__use_msrp_relay_for_inbound": False}):
        async with call_scene(**settings) as s:
            relay = await relay_for(s, dns=bool(settings))
            bob = MSRPPeer(await s.peer())
            await bob.listen()
            session, _ = await s.incoming(bob.sdp(), bob.peer)
            (stream,) = session.proposed_streams or []
            bob.peer.on_event = lambda event, bob=bob: (
                bob.expect(SessionDescription.parse(event.sdp)) if isinstance(event, InvitationAnswered) else None
            )
            session.accept([stream])
            await s.until("SIPSessionDidStart")
            assert relay.requests == []
            assert len(stream.local_path) == 1
            bob.stop()


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [("password", "name or password"), ("refuse", "403|does not let"), ("certificate", "certificate"), ("gone", "refused"),
     ("silent", "did not answer"), ("tcp", "only with TLS")],
)  # fmt: skip
def test_a_relay_that_does_not_do_its_part(trouble: str, sentence: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
            relay = await relay_for(s)
            if trouble == "password":
                relay.users["alice"] = "changed"
            elif trouble == "refuse":
                relay.refuse = 403
            elif trouble == "certificate":
                relay.host.names.discard("example.com")
            elif trouble == "gone":
                next(iter(relay.host.listeners.values())).close()
            elif trouble == "silent":
                relay.silent = True
            else:
                s.account.nat_traversal.msrp_relay = MSRPRelayAddress(RELAY, 2855, "tcp")
            bob = MSRPPeer(await s.peer())
            s.call(bob.peer, streams=[ChatStream(s.account)])
            reason = (await s.until("MediaStreamDidNotInitialize")).reason
            assert any(word in reason for word in sentence.split("|")), reason
            await s.until("SIPSessionDidFail")
            assert not any("wonderland" in str(request) for request in relay.requests)
            if trouble in ("certificate", "gone", "tcp"):
                assert relay.requests == []
            elif trouble == "password":
                assert len(relay.auths()) == 2  # a wrong answer is not tried again
            await s.settle()
            assert all(client.stream is None for client in relay.clients)
            bob.stop()

    scene()


@flow
async def test_the_place_is_refreshed_with_stale_nonces_too() -> None:
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        relay.expires = 100
        stream, bob = await outgoing(s)
        assert len(relay.auths()) == 2
        await s.settle(80)
        assert len(relay.auths()) == 3
        assert "nc=00000002" in (relay.auths()[-1].header("Authorization") or "")
        relay.nonce = "second"
        await s.settle(80)
        assert [("second" in (auth.header("Authorization") or "")) for auth in relay.auths()[3:]] == [False, True]
        stream.send_message("still here")
        await s.until("ChatStreamDidDeliverMessage")
        relay.refuse = 403
        assert "does not let" in (await s.until("MediaStreamDidFail")).reason
        await s.until("SIPSessionDidEnd")
        bob.stop()


@flow
async def test_a_relay_that_names_another_path_when_it_is_asked_again() -> None:
    """RFC 4976: we use it at once, and the peer is told; what it sends to the old one arrives as long as the relay knows that."""
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        relay.expires, relay.moves = 100, True
        stream, bob = await outgoing(s)
        first = stream.local_path
        offers: list[SessionDescription] = []

        def act(event: Any) -> None:
            if isinstance(event, ReinviteReceived):
                offers.append(SessionDescription.parse(event.sdp or b""))
                bob.peer.do(event.invitation.accept_reinvite, bob.sdp(setup="active"))
                assert bob.session is not None
                bob.session.remote_path = parse_path(offers[-1].media[0].get("path") or "")

        bob.peer.on_event = act
        await s.settle(79)
        assert not offers
        bob.send("text/plain", b"by the first path")
        await s.until("ChatStreamGotMessage")
        await s.settle(2)
        assert len(offers) == 1
        assert parse_path(offers[0].media[0].get("path") or "") == stream.local_path != first
        assert stream.local_path[-1] == first[-1]
        relay.forget()
        relay.requests.clear()
        stream.send_message("by the second one")
        await s.until("ChatStreamDidDeliverMessage")
        assert relay.requests[0].to_path[0] == stream.local_path[0]
        bob.send("text/plain", b"by it too", success_report=True)
        await s.until("ChatStreamGotMessage", 2)
        await s.settle(80)
        assert len(offers) == 2
        stream.send_message("and by the third")
        await s.until("ChatStreamDidDeliverMessage", 2)
        bob.stop()


@flow
async def test_a_path_that_changes_while_the_phone_rings_is_told_when_it_is_answered() -> None:
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        relay.expires, relay.moves = 30, True
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        stream = ChatStream(s.account)
        s.call(bob.peer, streams=[stream])
        await bob.peer.until(InvitationReceived)
        bob.peer.do(bob.peer.invitation.ring, 180)
        await s.settle(20)
        offer = bob.peer.offer()
        first = parse_path(offer.media[0].get("path") or "")
        assert stream.local_path != first
        bob.peer.do(bob.peer.invitation.accept, bob.sdp(setup="active"))
        await connect_to_relay(bob, offer)
        offers: list[Any] = []

        def act(event: Any) -> None:
            if isinstance(event, ReinviteReceived):
                offers.append(parse_path(SessionDescription.parse(event.sdp or b"").media[0].get("path") or ""))
                bob.peer.do(event.invitation.accept_reinvite, bob.sdp(setup="active"))

        bob.peer.on_event = act
        await s.until("SIPSessionDidStart")
        await s.settle(1)
        assert offers == [stream.local_path]
        bob.stop()


@pytest.mark.parametrize("change", ["relays", "another", "elsewhere"])
def test_a_peer_whose_relays_change(change: str) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            relay = await relay_for(s, dns=False)
            relay.host.names.add(RELAY)
            bob = MSRPPeer(await s.peer())
            place = await bob.endpoint.relay(
                RelayAddress("example.com", RELAY, 2855), bob.peer.address, TLSConfig(), Credentials("bob", "builder")
            )

            def sdp(*path: Any, version: int = 1) -> bytes:
                return bob.sdp(setup="passive", version=version).replace(str(bob.uri).encode(), " ".join(map(str, path)).encode())

            session, _ = await s.incoming(sdp(*place.path, place.uri), bob.peer)
            (stream,) = session.proposed_streams or []

            invitations: list[Any] = []

            def act(event: Any) -> None:
                if isinstance(event, InvitationAnswered):
                    invitations.append(event.invitation)
                    path = parse_path(SessionDescription.parse(event.sdp or b"").media[0].get("path") or "")
                    bob.session = Session(place.uri, (*place.route, *path), bob.entropy)
                    bob.endpoint.add(bob.session)
                    place.link.bind(bob.session, hello=False)

            bob.peer.on_event = act
            session.accept([stream])
            await s.until("SIPSessionDidStart")
            stream.send_message("one")
            await s.until("ChatStreamDidDeliverMessage")
            relay.moves = True
            place._refresh()
            await s.settle(1)
            assert len({path.session_id for path in place.path} | {"place0"}) == 2
            end = place.uri if change != "another" else replace(place.uri, session_id="somebody")
            new = place.path[0] if change != "elsewhere" else replace(place.path[0], host="192.0.2.77")
            bob.peer.do(invitations[0].reinvite, sdp(new, end, version=2))
            answer = await bob.peer.until(ReinviteAnswered)
            assert answer.code == (200 if change == "relays" else 488)
            if change == "relays":
                relay.forget()
            relay.requests.clear()
            stream.send_message("two")
            await s.until("ChatStreamDidDeliverMessage", 2)
            assert relay.requests[0].to_path[0].session_id == ("place1" if change == "relays" else "place0")
            place.close()
            bob.stop()

    scene()


@pytest.mark.parametrize("websocket", [True, False])
def test_the_bytes_of_a_desktop_keep_their_order(websocket: bool) -> None:
    @flow
    async def scene() -> None:
        settings: dict[str, Any] = {"nat_traversal__msrp_relay": MSRPRelayAddress(RELAY, 443, "wss")} if websocket else {}
        async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True, **settings) as s:
            relay = await relay_for(s)
            relay.host.names.add(RELAY)
            await relay.listen_websocket()
            bob = MSRPPeer(await s.peer(), assemble=False)
            await bob.listen()

            def act(event: Any) -> None:
                if isinstance(event, InvitationReceived):
                    answer = bob.sdp("rfbsetup:active", setup="active", types="application/x-rfb").replace(b"m=message", b"m=application")
                    bob.peer.do(event.invitation.accept, answer)
                    s.engine.loop.loop.create_task(connect_to_relay(bob, SessionDescription.parse(event.sdp or b"")))

            bob.peer.on_event = act
            handler = InternalVNCServerHandler()
            stream = DesktopSharingStream(s.account, handler)
            s.call(bob.peer, streams=[stream])
            await s.until("SIPSessionDidStart")
            link = s.engine.msrp._link_of(stream.msrp)
            assert link is not None
            assert link.stream is not None
            assert link.stream.on_writable is not None
            picture = SeededEntropy(5).octets(300_000)
            link.stream.on_writable(False)  # the network is slow: all of it waits, and has its turn
            for place in range(0, len(picture), 100_000):
                handler.send(picture[place : place + 100_000])
            handler.send(b"the end")
            link.stream.on_writable(True)
            await s.settle(2)
            assert b"".join(event.data for event in bob.of(DataReceived)) == picture + b"the end"
            bob.stop()

    scene()


@flow
async def test_five_places_on_the_way() -> None:
    """Each party has two relays of its own: messages, files' sizes of them, reports and refusals go through all four."""
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        relay.hops = 2
        bob = MSRPPeer(await s.peer())
        address = RelayAddress("example.com", RELAY, 2855)
        place = await bob.endpoint.relay(address, bob.peer.address, TLSConfig(), Credentials("bob", "builder"))
        assert [uri.session_id for uri in place.route] == ["place0hop1", "place0"]

        def act(event: Any) -> None:
            if isinstance(event, InvitationReceived):
                path = parse_path(SessionDescription.parse(event.sdp or b"").media[0].get("path") or "")
                assert len(path) == 3
                bob.session = Session(place.uri, (*place.route, *path), bob.entropy)
                bob.endpoint.add(bob.session)
                bob.endpoint.connect_through(bob.session, place)
                ours = " ".join(map(str, (*place.path, place.uri)))
                bob.peer.do(event.invitation.accept, bob.sdp(setup="active").replace(str(bob.uri).encode(), ours.encode()))

        bob.peer.on_event = act
        stream = ChatStream(s.account)
        s.call(bob.peer, streams=[stream])
        await s.until("SIPSessionDidStart")
        relay.requests.clear()
        stream.send_message("x" * 50_000)
        await s.until("ChatStreamDidDeliverMessage")
        assert len(bob.of(MessageReceived)[-1].body) >= 50_000
        assert len(relay.requests[0].to_path) == 5
        reports = [request for request in relay.requests if request.method == "REPORT"]
        assert max(len(report.to_path) for report in reports) == 5
        message = bob.send("text/plain", b"to Alice", success_report=True)
        assert (await s.until("ChatStreamGotMessage")).message.content == "to Alice"
        await s.settle()
        assert message.finished
        assert bob.of(MessageDelivered)
        place.close()
        bob.stop()


@flow
async def test_through_our_relay_to_a_peer_that_waits_and_has_none() -> None:
    """The offerer is passive: our relay reaches out to it, over a connection of its own."""
    async with call_scene() as s:
        relay = await relay_for(s)
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        session, _ = await s.incoming(bob.sdp(setup="passive"), bob.peer)
        (stream,) = session.proposed_streams or []

        def act(event: Any) -> None:
            if isinstance(event, InvitationAnswered):
                answer = SessionDescription.parse(event.sdp or b"")
                assert answer.media[0].get("setup") == "active"
                assert answer.media[0].get("fingerprint") is None
                bob.expect(answer)

        bob.peer.on_event = act
        session.accept([stream])
        await s.until("SIPSessionDidStart")
        stream.send_message("to Bob")
        await s.until("ChatStreamDidDeliverMessage")
        assert relay.requests[-1].from_path[0].session_id == "bob"  # the report came back over the same connection
        bob.send("text/plain", b"to Alice", success_report=True)
        assert (await s.until("ChatStreamGotMessage")).message.content == "to Alice"
        await s.settle()
        assert bob.of(MessageDelivered)
        bob.stop()


@flow
async def test_a_relay_lost_while_the_phone_rings() -> None:
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        stream = ChatStream(s.account)
        s.call(bob.peer, streams=[stream])
        await bob.peer.until(InvitationReceived)
        relay.clients[0].abort()
        await s.settle()
        bob.peer.do(bob.peer.invitation.accept, bob.sdp(setup="active"))
        assert "relay example.com" in (await s.until("MediaStreamDidFail")).reason
        await s.until("SIPSessionDidFail")
        bob.stop()


@flow
async def test_a_relay_lost_in_the_middle() -> None:
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        _stream, bob = await outgoing(s)
        relay.clients[0].abort()
        await s.until("MediaStreamDidFail")
        await s.until("SIPSessionDidEnd")
        bob.stop()


@flow
async def test_a_caller_who_gives_up_leaves_no_place_behind() -> None:
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        bob = MSRPPeer(await s.peer())
        session = s.call(bob.peer, streams=[ChatStream(s.account)])
        while not relay.auths():
            await asyncio.sleep(0.0005)
        session.end()
        await s.settle(20)
        assert all(client.stream is None for client in relay.clients)
        assert "MediaStreamDidInitialize" not in s.recorder.names
        bob.stop()


@flow
async def test_traces_hide_what_lets_others_in() -> None:
    async with call_scene(nat_traversal__use_msrp_relay_for_outbound=True) as s:
        relay = await relay_for(s)
        msrp_events.configure_trace(s.engine.msrp, True)
        stream, bob = await outgoing(s)
        stream.send_message("seen")
        await s.until("ChatStreamDidDeliverMessage")
        traced = b"".join(data.data for data in s.recorder.all("MSRPTransportTrace"))
        assert b"AUTH" in traced
        assert b"seen" in traced
        secret = relay.auths()[1].header("Authorization") or ""
        assert secret.encode() not in traced
        assert b"response=" not in traced
        assert b"place0" not in traced
        assert (stream.local_path[-1].session_id or "?").encode() not in traced
        msrp_events.configure_trace(s.engine.msrp, False)
        bob.stop()
