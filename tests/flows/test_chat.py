"""Chat sessions: both roles, envelopes, reports, composing, nicknames, what fails."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import call_scene, flow
from support.chat_scene import incoming, outgoing
from support.msrp_peer import MSRPPeer

from blinkq.msrp.events import MessageDelivered, MessageFailed, MessageReceived, RequestReceived
from blinkq.payloads.cpim import ChatIdentity, CPIMPayload
from blinkq.payloads.iscomposing import IsComposingDocument
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationFailed, InvitationReceived
from blinkq.sipsimple.streams import ChatStream
from blinkq.sipsimple.streams.msrp import ChatStreamError


@pytest.mark.parametrize("setup", ["passive", "active", None])
def test_alice_begins(setup: str | None) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await outgoing(s, setup=setup)
            message_id = stream.send_message("Hellö")
            delivered = await s.until("ChatStreamDidDeliverMessage")
            assert (delivered.message_id, delivered.code) == (message_id, 200)
            (received,) = bob.of(MessageReceived)
            payload = CPIMPayload.decode(received.body)
            assert (payload.content, payload.content_type) == ("Hellö", "text/plain")
            assert payload.sender is not None
            assert payload.sender.uri == "sip:alice@example.com"
            assert [one.uri for one in payload.recipients] == ["sip:bob@example.com"]
            bob.send("text/plain", "Grüezi".encode(), success_report=True)
            got = await s.until("ChatStreamGotMessage")
            assert (got.content, got.content_type, got.cpim_headers, got.private) == ("Grüezi", "text/plain", {}, False)
            assert (got.message.body, got.message.sender.uri) == ("Grüezi", "sip:bob@example.com")
            await s.settle()
            assert len(bob.of(MessageDelivered)) == 1
            assert stream.session is not None
            stream.session.end()
            await s.until("SIPSessionDidEnd")
            assert s.recorder.all("MediaStreamDidFail") == []
            bob.stop()

    scene()


@pytest.mark.parametrize("setup", ["actpass", "active", "passive", None])
def test_bob_begins(setup: str | None) -> None:
    @flow
    async def scene() -> None:
        async with call_scene() as s:
            stream, bob = await incoming(s, setup=setup)
            envelope = CPIMPayload("Hi", "text/plain", sender=ChatIdentity("sip:bob@example.com", "Bob"), subject="greeting").encode()
            bob.send(envelope[1], envelope[0], success_report=True)
            got = await s.until("ChatStreamGotMessage")
            assert (got.content, got.message.subject, got.message.sender.display_name) == ("Hi", "greeting", "Bob")
            assert got.cpim_headers["Subject"] == "greeting"
            stream.send_message("back")
            await s.until("ChatStreamDidDeliverMessage")
            bob.stop()

    scene()


@flow
async def test_messages_wait_for_the_start_and_keep_their_order() -> None:
    async with call_scene() as s:
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        stream = ChatStream(s.account)
        sent = [stream.send_message(f"early {number}") for number in range(5)]

        def act(event: Any) -> None:
            if isinstance(event, InvitationReceived):
                bob.expect(SessionDescription.parse(event.sdp or b""))
                bob.peer.do(event.invitation.accept, bob.sdp(setup="passive", types="text/plain"))

        bob.peer.on_event = act
        s.call(bob.peer, streams=[stream])
        await s.until("ChatStreamDidDeliverMessage", 5)
        assert [data.message_id for data in s.recorder.all("ChatStreamDidDeliverMessage")] == sent
        assert [event.body for event in bob.of(MessageReceived)] == [f"early {number}".encode() for number in range(5)]
        bob.stop()


@flow
async def test_composing_both_ways() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        stream.send_composing_indication("active", 90)
        await s.settle()
        (received,) = bob.of(MessageReceived)
        document = IsComposingDocument.parse(received.body)
        assert (str(document.state), document.refresh.value if document.refresh else None) == ("active", 90)
        bob.send("application/im-iscomposing+xml", received.body)
        got = await s.until("ChatStreamGotComposingIndication")
        assert (got.state, got.refresh, got.sender.uri) == ("active", 90, "sip:bob@example.com")
        assert s.recorder.all("ChatStreamGotMessage") == []
        assert s.recorder.all("ChatStreamDidSendMessage") == []
        with pytest.raises(ValueError, match="neither"):
            stream.send_composing_indication("dozing")
        stream.send_composing_indication("active", 5)
        await s.settle()
        assert b"<refresh>60</refresh>" in bob.of(MessageReceived)[-1].body
        bob.stop()


@flow
async def test_what_the_peer_does_not_take_is_not_sent() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s, types="text/plain")
        stream.send_message("<b>bold</b>", "text/html")
        stream.send_message("with a subject", subject="x")
        stream.send_message("to somebody else", recipients=[ChatIdentity("sip:carol@example.com")])
        await s.until("ChatStreamDidNotDeliverMessage", 3)
        reasons = [data.reason for data in s.recorder.all("ChatStreamDidNotDeliverMessage")]
        assert "does not take text/html" in reasons[0]
        assert "envelopes" in reasons[1]
        assert "pass messages on" in reasons[2]
        assert bob.of(MessageReceived) == []
        with pytest.raises(TypeError):
            stream.send_message(7)  # type: ignore[arg-type]
        bob.stop()


@flow
async def test_what_cannot_be_read_is_refused() -> None:
    async with call_scene() as s:
        _stream, bob = await outgoing(s)
        bob.send("message/cpim", b"no envelope", success_report=True)
        bob.send("application/im-iscomposing+xml", b"<x>", success_report=True)
        bob.send("application/octet-stream", b"x", success_report=True)
        await s.settle()
        assert [event.code for event in bob.of(MessageFailed)] == [400, 400, 415]
        assert s.recorder.all("ChatStreamGotMessage") == []
        bob.send("text/plain", b"still here")
        await s.until("ChatStreamGotMessage")
        bob.stop()


@flow
async def test_a_nickname_in_a_room() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s, "chatroom:nickname private-messages")
        assert stream.nickname_allowed
        assert stream.private_messages_allowed
        assert bob.session is not None
        bob.session.methods = frozenset({"NICKNAME"})
        for count, code in enumerate((200, 425), start=1):
            stream.set_local_nickname('Al "the cat"')
            await s.settle()
            request = bob.of(RequestReceived)[-1]
            assert len(bob.of(RequestReceived)) == count
            assert request.chunk.header("Use-Nickname") == '"Al \\"the cat\\""'
            bob.endpoint.call(bob.session, bob.session.respond, request.chunk, code)
        await s.until("ChatStreamDidNotSetNickname")
        assert len(s.recorder.all("ChatStreamDidSetNickname")) == 1
        stream.send_message("psst", recipients=[ChatIdentity("sip:carol@example.com")])
        await s.until("ChatStreamDidDeliverMessage")
        bob.stop()


@flow
async def test_a_broken_connection_ends_the_session_and_tells_what_was_lost() -> None:
    async with call_scene() as s:
        stream, bob = await outgoing(s)
        bob.peer.host.silent = True
        lost = stream.send_message("lost")
        await s.settle(0.1)
        bob.peer.host.silent = False
        bob.peer.host.reset_streams()
        failed = await s.until("MediaStreamDidFail")
        assert "broke" in failed.reason
        await s.until("SIPSessionDidEnd")
        assert [data.message_id for data in s.recorder.all("ChatStreamDidNotDeliverMessage")] == [lost]
        with pytest.raises(ChatStreamError):
            stream.send_message("too late")
        bob.stop()


@flow
async def test_a_peer_that_does_not_connect() -> None:
    async with call_scene() as s:
        bob = MSRPPeer(await s.peer())
        await bob.listen()
        bob.peer.on_event = lambda event: (
            bob.peer.do(event.invitation.accept, bob.sdp(setup="active")) if isinstance(event, InvitationReceived) else None
        )
        s.call(bob.peer, streams=[ChatStream(s.account)])
        failed = await s.until("SIPSessionDidFail")
        assert failed.failure_reason
        bob.stop()


@flow
async def test_an_offer_without_encryption_is_refused_by_default() -> None:
    async with call_scene() as s:
        bob = MSRPPeer(await s.peer(), secure=False)
        await bob.listen()
        await bob.peer.invite(bob.sdp())
        refused = await bob.peer.until(InvitationFailed)
        assert refused.code == 488
        assert s.session_names == []
        bob.stop()
