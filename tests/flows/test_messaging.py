"""Messages outside calls, on the fake network: both ends are ours (two accounts that reach each other), or one is a bare agent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.base.errors import IllegalStateError
from blinkq.payloads.cpim import ChatIdentity
from blinkq.payloads.imdn import DeliveryNotification, DisplayNotification
from blinkq.payloads.iscomposing import IsComposingDocument
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import RequestParameters
from blinkq.sip.events import RequestAnswered, RequestReceived
from blinkq.sip.message import Request
from blinkq.sip.uri import URI
from blinkq.sipsimple.account import Account
from blinkq.sipsimple.configuration.datatypes import SIPProxyAddress
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.core import SIPURI, Route, ToHeader
from blinkq.sipsimple.messaging import ComposingIndicator, OutgoingMessage
from blinkq.sipsimple.messaging.envelope import read, wrap
from blinkq.sipsimple.receipts import IMDN, receipt
from blinkq.sipsimple.usages.engine_object import new_call_id

BOB = SIPURI("example.com", user="bob")
EVERY = ("positive-delivery", "display")


@asynccontextmanager
async def pair(**settings: object) -> AsyncIterator[tuple[CallScene, Account]]:
    """Alice and Bob are accounts here; what they send comes back to us."""
    async with call_scene(**settings) as s:  # type: ignore[arg-type]  # a test's options
        bob = Account("bob@example.com")
        bob.registration.enabled = False
        bob.display_name = "Bob"
        bob.enabled = True
        for account in (s.account, bob):
            account.sip.outbound_proxy = SIPProxyAddress("192.0.2.1", s.engine.sip.ports["udp"], "udp")
            account.save()
        await s.settle(0.1)
        yield s, bob


def told(scene: CallScene) -> list[str]:
    """The notifications of messages so far."""
    wanted = ("OutgoingMessage", "SIPAccountGotMessage", "SIPAccountGotComposing")
    return [name.removeprefix("OutgoingMessage") for name in scene.recorder.names if name.startswith(wanted)]


class Bob:
    """A bare agent that takes messages: ``answers`` are its codes, next first, the last one again and again."""

    def __init__(self, peer: Peer, *answers: int | None) -> None:
        self.peer = peer
        self.answers = list(answers or (200,))
        peer.endpoint.agent.incoming_requests = {"MESSAGE"}
        peer.on_event = self.take

    def take(self, event: object) -> None:
        if isinstance(event, RequestReceived):
            code = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
            if code is not None:
                self.peer.do(event.request.answer, code)

    @property
    def requests(self) -> list[Request]:
        return [event.request.request for event in self.peer.all(RequestReceived)]

    @property
    def route(self) -> Route:
        return Route(self.peer.address, 5060, "udp")

    async def say(self, body: bytes, content_type: str | None, user: str = "bob", **options: Any) -> int:
        """Send a MESSAGE to Alice; the code of the answer."""
        port = self.peer.scene.engine.sip.ports["udp"]
        hop = await self.peer.endpoint.hop("192.0.2.1", port, "udp")
        alice = URI.parse(f"sip:alice@192.0.2.1:{port}")
        me = NameAddr(URI(user=user, host="example.com"), "Bob")
        count = len(self.peer.all(RequestAnswered))
        parameters = RequestParameters("MESSAGE", alice, me, NameAddr(alice), hop, body=body, content_type=content_type, **options)
        self.peer.do("request", parameters)
        code: int = (await self.peer.until(RequestAnswered, count + 1)).code
        return code


@flow
async def test_a_message_with_both_receipts() -> None:
    async with pair() as (s, bob):
        message = OutgoingMessage(s.account, BOB, "Grüß dich 🙂", dispositions=EVERY, subject="hello")
        assert message.state == "created"
        message.send()
        with pytest.raises(IllegalStateError, match="send in state"):
            message.send()
        await s.until("OutgoingMessageDidDeliver")
        assert told(s) == ["SIPAccountGotMessage", "DidSend", "DidDeliver"]
        data = s.recorder.last("SIPAccountGotMessage")
        assert (data.content, data.content_type, data.subject, data.dispositions) == ("Grüß dich 🙂", "text/plain", "hello", set(EVERY))
        assert str(data.remote_identity.uri) == "sip:alice@example.com"
        assert abs((data.sent_at - data.timestamp).total_seconds()) < 60
        sender = next(n.sender for n in s.recorder.seen if n.name == "SIPAccountGotMessage")
        assert sender is bob
        assert (s.recorder.last("OutgoingMessageDidSend").code, message.state) == (200, "delivered")
        data.message.mark_displayed()
        data.message.mark_displayed()
        await s.until("OutgoingMessageDidDisplay")
        assert message.state == "displayed"
        await s.settle(1)
        assert told(s)[3:] == ["DidDisplay"]


@flow
async def test_receipts_and_envelopes_are_the_users_to_allow() -> None:
    async with pair() as (s, bob):
        bob.sms.enable_imdn = False
        message = OutgoingMessage(s.account, BOB, "x", dispositions=EVERY)
        message.send()
        await s.until("OutgoingMessageDidSend")
        s.recorder.last("SIPAccountGotMessage").message.mark_displayed()
        await s.settle(1)
        assert message.state == "sent"
        s.account.sms.use_cpim = False
        plain = OutgoingMessage(s.account, BOB, "x", dispositions=EVERY, subject="lost")
        plain.send()
        assert not (await s.until("OutgoingMessageDidSend", 2)).wrapped


@flow
async def test_a_plain_message_and_no_receipts() -> None:
    async with pair() as (s, _):
        message = OutgoingMessage(s.account, ToHeader(BOB, "Bob"), b"\x00\xff", "application/x-thing")
        message.send()
        await s.until("OutgoingMessageDidSend")
        data = s.recorder.last("SIPAccountGotMessage")
        assert (data.content, data.content_type, data.message.id) == (b"\x00\xff", "application/x-thing", None)
        data.message.mark_displayed()
        await s.settle(1)
        assert told(s) == ["SIPAccountGotMessage", "DidSend"]
        assert s.recorder.last("SIPEngineGotMessage").content_type == "application/x-thing"


@flow
async def test_writing_is_told_repeated_and_wears_off() -> None:
    async with pair() as (s, bob):
        indicator = ComposingIndicator(bob, SIPURI("example.com", user="alice"))
        began = s.now
        for _ in range(11):
            indicator.typing()
            await s.settle(10)
        await s.until("SIPAccountGotComposingIndication", 2)
        data = s.recorder.all("SIPAccountGotComposingIndication")
        assert [(d.state, d.content_type) for d in data] == [("active", "text/plain"), ("idle", "text/plain")]
        assert 114 < s.now - began < 116  # 15 s after the last key
        assert len(s.recorder.all("SIPEngineGotMessage")) == 3  # active, active again after 100 s, idle
        indicator.stop()
        indicator.typing()
        await s.settle(1)
        indicator.stop()
        await s.settle(1)
        assert [d.state for d in s.recorder.all("SIPAccountGotComposingIndication")][2:] == ["active", "idle"]


@flow
async def test_a_message_ends_the_writing() -> None:
    async with pair() as (s, _):
        indicator = ComposingIndicator(s.account, ToHeader(BOB))
        indicator.typing()
        await s.until("SIPAccountGotComposingIndication")
        OutgoingMessage(s.account, BOB, "done").send()
        indicator.sent()
        await s.until("OutgoingMessageDidSend")
        assert [d.state for d in s.recorder.all("SIPAccountGotComposingIndication")] == ["active", "idle"]
        await s.settle(200)
        assert len(s.recorder.all("SIPAccountGotComposingIndication")) == 2


@flow
async def test_writing_of_somebody_who_falls_silent() -> None:
    async with call_scene() as s:
        bob = Bob(await s.peer())
        active = IsComposingDocument.create(state="active", refresh=60)
        assert await bob.say(active, IsComposingDocument.content_type) == 200
        await s.settle(50)
        assert await bob.say(active, IsComposingDocument.content_type) == 200
        await s.settle(50)
        assert told(s) == ["SIPAccountGotComposingIndication"]
        await s.settle(12)
        assert [d.state for d in s.recorder.all("SIPAccountGotComposingIndication")] == ["active", "idle"]


@flow
async def test_who_does_not_understand_writing_is_not_told_again() -> None:
    async with call_scene() as s:
        bob = Bob(await s.peer(), 415)
        indicator = ComposingIndicator(s.account, BOB, [bob.route])
        indicator.typing()
        await s.settle(30)
        indicator.typing()
        await s.settle(30)
        assert len(bob.requests) == 1
        assert indicator.refused


@pytest.mark.parametrize(("code", "event"), [(202, "DidSend"), (404, "DidFail"), (486, "DidFail"), (606, "DidFail")])
@flow
async def test_the_answer_is_the_outcome(code: int, event: str) -> None:
    async with call_scene() as s:
        bob = Bob(await s.peer(), code)
        message = OutgoingMessage(s.account, BOB, "x")
        message.send([bob.route, Route("192.0.2.9")])
        data = await s.until(f"OutgoingMessage{event}")
        assert (data.code, data.route) == (code, bob.route)
        assert len(bob.requests) == 1


@flow
async def test_the_next_route_is_tried_where_one_is_dead() -> None:
    async with call_scene() as s:
        dead, bob = Bob(await s.peer("192.0.2.3"), None), Bob(await s.peer())
        message = OutgoingMessage(s.account, BOB, "x")
        message.send([dead.route, bob.route])
        data = await s.until("OutgoingMessageDidSend")
        assert data.route == bob.route
        assert dead.requests[0].call_id == bob.requests[0].call_id


@flow
async def test_nobody_answers_at_all() -> None:
    async with call_scene() as s:
        await s.peer("192.0.2.3")
        s.world.drop = lambda packet: True
        message = OutgoingMessage(s.account, BOB, "x")
        message.send([Route("192.0.2.3")])
        assert (await s.until("OutgoingMessageDidFail")).code == 408
        without = OutgoingMessage(s.account, BOB, "x")
        without.send([])
        assert (await s.until("OutgoingMessageDidFail", 2)).code == 503
        closed = OutgoingMessage(s.account, BOB, "x")
        closed.send([Route("192.0.2.3", 5061, "tls")])
        data = await s.until("OutgoingMessageDidFail", 3)
        assert (data.code, message.state, closed.state) == (503, "failed", "failed")


@flow
async def test_who_refuses_the_envelope_gets_the_message_without() -> None:
    async with call_scene() as s:
        bob = Bob(await s.peer(), 415, 200)
        message = OutgoingMessage(s.account, BOB, "x", dispositions=EVERY)
        message.send([bob.route])
        data = await s.until("OutgoingMessageDidSend")
        assert (data.wrapped, [r.content_type for r in bob.requests]) == (False, ["message/cpim", "text/plain"])
        insisting = OutgoingMessage(s.account, BOB, "x", dispositions=EVERY, cpim=True)
        bob.answers = [415]
        insisting.send([bob.route])
        assert (await s.until("OutgoingMessageDidFail")).code == 415


@flow
async def test_large_messages_go_by_a_connection() -> None:
    async with call_scene() as s:
        bob = Bob(await s.peer())
        OutgoingMessage(s.account, BOB, "x" * 900).send([bob.route])
        data = await s.until("OutgoingMessageDidSend")
        assert (data.route.transport, len(bob.requests[0].body)) == ("tcp", 900)
        settings = SIPSimpleSettings()
        settings.sip.transport_list = ["udp"]  # type: ignore[assignment]
        settings.save()
        OutgoingMessage(s.account, BOB, "x" * 900).send([bob.route])
        assert (await s.until("OutgoingMessageDidSend", 2)).route.transport == "udp"
        with pytest.raises(ValueError, match="at most"):
            OutgoingMessage(s.account, BOB, b"x" * 49153)


@flow
async def test_wrong_arguments_are_told_at_once() -> None:
    async with call_scene() as s:
        for arguments, options, error in (
            (("sip:bob@example.com", "x"), {}, TypeError),
            ((BOB, 7), {}, TypeError),
            ((BOB, "x", "text/plain\r\nX: y"), {}, ValueError),
            ((BOB, "x", "text"), {}, ValueError),
            ((BOB, "x"), {"dispositions": ["read"]}, ValueError),
            ((BOB, "x"), {"subject": "y", "cpim": False}, ValueError),
        ):
            with pytest.raises(error):
                OutgoingMessage(s.account, *arguments, **options)  # type: ignore[arg-type]  # that is the point
        assert "example.com" in repr(OutgoingMessage(s.account, BOB, "x"))


def told_of(message: OutgoingMessage, notification: Any) -> tuple[bytes, str]:
    """A receipt, with an id of its own."""
    document = receipt(message.id, "sip:bob@example.com", notification, datetime.now(UTC))
    bob, alice = ChatIdentity("sip:bob@example.com"), ChatIdentity("sip:alice@example.com")
    return wrap(document, IMDN, bob, alice, new_call_id(), disposition="notification")


@flow
async def test_a_receipt_counts_only_from_the_receiver() -> None:
    """Security line 11."""
    async with call_scene() as s:
        bob = Bob(await s.peer())
        message = OutgoingMessage(s.account, BOB, "x", dispositions=EVERY)
        message.send([bob.route])
        await s.until("OutgoingMessageDidSend")
        letter = read(bob.requests[0].body, "message/cpim")
        assert (letter.message_id, letter.dispositions) == (message.id, set(EVERY))
        for user, document in (("mallory", told_of(message, DisplayNotification("displayed"))),
                               ("bob", told_of(OutgoingMessage(s.account, BOB, "y"), DisplayNotification("displayed")))):  # fmt: skip
            assert await bob.say(*document, user=user) == 200
        assert message.state == "sent"
        assert await bob.say(*told_of(message, DeliveryNotification("failed"))) == 200
        assert (await s.until("OutgoingMessageDidNotDeliver")).reason == "failed"
        assert await bob.say(*told_of(message, DisplayNotification("displayed"))) == 200
        assert told(s) == ["DidSend", "DidNotDeliver"]


@flow
async def test_words_put_into_others_mouths_get_no_receipt() -> None:
    """Security line 11: the envelope's sender is not who sent it."""
    async with call_scene() as s:
        bob = Bob(await s.peer())
        boss, alice = ChatIdentity("sip:boss@example.com", "Boss"), ChatIdentity("sip:alice@example.com")
        assert await bob.say(*wrap("pay now", "text/plain", boss, alice, "m1", dispositions=EVERY)) == 200
        data = s.recorder.last("SIPAccountGotMessage")
        assert (str(data.remote_identity.uri), data.dispositions, data.message.id) == ("sip:bob@example.com", frozenset(), None)
        await s.settle(1)
        assert bob.requests == []


@flow
async def test_only_who_may_call_may_write() -> None:
    """Security line 2."""
    async with call_scene() as s:
        bob = Bob(await s.peer())
        settings = SIPSimpleSettings()
        settings.sip.accept_direct_calls = False
        settings.save()
        await s.settle(0.1)
        assert await bob.say(b"x", "text/plain") in (403, 404)
        assert told(s) == []


@flow
async def test_what_cannot_be_read_is_refused() -> None:
    async with call_scene() as s:
        bob = Bob(await s.peer())
        nested = wrap(b"From: <sip:x>\r\n\r\n", "message/cpim", ChatIdentity("sip:a@b"), ChatIdentity("sip:a@b"), "m")
        for body, content_type in ((b"", "text/plain"), (b"x", None), (b"no envelope", "message/cpim"), (b"<x/>", IMDN),
                                   (b"<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>", IsComposingDocument.content_type), nested):  # fmt: skip
            assert await bob.say(body, content_type) == 400, body
        assert told(s) == []
        assert s.recorder.all("SIPEngineGotMessage") == []


@flow
async def test_a_message_that_comes_by_two_routes_is_told_once() -> None:
    async with call_scene() as s:
        bob = Bob(await s.peer())
        for _ in range(2):
            assert await bob.say(b"x", "text/plain", call_id="same", cseq=1) == 200
            await s.settle(40)  # no retransmission: a request of its own
        assert told(s) == ["SIPAccountGotMessage"]
        letter = wrap("x", "text/plain", ChatIdentity("sip:bob@example.com"), ChatIdentity("sip:alice@example.com"), "m1")
        for _ in range(2):
            assert await bob.say(*letter) == 200
        assert told(s) == ["SIPAccountGotMessage"] * 2


@flow
async def test_the_server_of_a_stranger_whom_we_write_to_gets_no_digest() -> None:
    """Security line 1."""
    async with call_scene(auth__username="alice") as s:
        bob = Bob(await s.peer())
        challenge = (("Proxy-Authenticate", 'Digest realm="example.com", nonce="n", qop="auth"'),)
        bob.peer.on_event = lambda event: bob.peer.do(event.request.answer, 407, headers=challenge)
        for host, digests in (("stranger.example", 0), ("example.com", 1)):
            message = OutgoingMessage(s.account, SIPURI(host, user="bob"), "x")
            message.send([bob.route])
            count = len(s.recorder.all("OutgoingMessageDidFail"))
            assert (await s.until("OutgoingMessageDidFail", count + 1)).code == 407
            assert sum("Proxy-Authorization" in request.headers for request in bob.requests) == digests
