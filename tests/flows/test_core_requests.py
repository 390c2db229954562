"""Request, Message, Registration and Publication of sipsimple.core against a bare agent: their notifications, in order, with data."""

from __future__ import annotations

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.base.errors import IllegalStateError
from blinkq.sip.events import RequestReceived
from blinkq.sip.replies import reply
from blinkq.sipsimple.core import (
    SIPURI,
    ContactHeader,
    FromHeader,
    Header,
    Message,
    Publication,
    PublicationETagError,
    Registration,
    Request,
    RouteHeader,
    SIPCoreError,
    ToHeader,
)

ME = FromHeader(SIPURI("example.com", user="alice"), "Alice")
YOU = ToHeader(SIPURI("example.com", user="bob"))
CONTACT = ContactHeader(SIPURI("192.0.2.1", user="alice", port=5060))


class Answers:
    """What a peer answers to every request, next first: code and headers; None is no answer. The last one again and again."""

    def __init__(self, peer: Peer, *answers: tuple[int, tuple[tuple[str, str], ...]] | None) -> None:
        self.peer = peer
        self.answers = list(answers)
        peer.endpoint.agent.incoming_requests = {"MESSAGE", "PUBLISH", "REGISTER", "OPTIONS2"}
        peer.on_event = self.take

    def take(self, event: object) -> None:
        if isinstance(event, RequestReceived):
            answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
            if answer is not None:
                self.peer.do(event.request.answer, answer[0], headers=answer[1])

    @property
    def requests(self) -> list[object]:
        return [event.request.request for event in self.peer.all(RequestReceived)]


def route(peer: Peer) -> RouteHeader:
    return RouteHeader(SIPURI(peer.address, port=5060))


def told(scene: CallScene, sender: object) -> list[str]:
    return [n.name for n in scene.recorder.seen if n.sender is sender]


@flow
async def test_a_message_is_delivered_to_the_application_at_the_other_end() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        answers = Answers(bob, (202, ()))
        message = Message(ME, YOU, route(bob), "text/plain", "Grüße", extra_headers=[Header("Subject", "x")])
        message.send()
        assert message.is_sent
        with pytest.raises(IllegalStateError, match="sent"):
            message.send()
        data = await s.until("SIPMessageDidSucceed")
        assert (data.code, data.reason, data.body, message.in_progress) == (202, "Accepted", None, False)
        assert str(message.peer_address) == "192.0.2.2:5060"
        (request,) = answers.requests
        assert (request.body, request.content_type, str(request.uri)) == ("Grüße".encode(), "text/plain", "sip:bob@example.com")
        assert request.headers.get("Subject") == "x"
        assert told(s, message) == ["SIPMessageDidSucceed"]


@flow
async def test_a_message_fails() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        answers = Answers(bob, (404, ()), None)
        refused, unanswered = (Message(ME, YOU, route(bob), "text/plain", b"x") for _ in range(2))
        refused.send()
        data = await s.until("SIPMessageDidFail")
        assert (data.code, data.headers["CSeq"][1]) == (404, "MESSAGE")
        unanswered.send(timeout=2.0)
        began = s.now
        data = await s.until("SIPMessageDidFail", 2)
        assert (data.code, hasattr(data, "headers")) == (408, False)
        assert 1.9 < s.now - began < 2.2
        assert answers.requests


@flow
async def test_wrong_arguments_are_told_at_once() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        for arguments in (
            (YOU, YOU, route(bob), "text/plain", b""),
            (ME, YOU, "192.0.2.2", "text/plain", b""),
            (ME, YOU, route(bob), "text/plain", 7),
            (ME, YOU, route(bob), "text/plain", b"", "password"),
            (ME, YOU, route(bob), "text/plain", b"", None, ["X: y"]),
        ):
            with pytest.raises(TypeError):
                Message(*arguments)  # type: ignore[arg-type]  # that is the point
        with pytest.raises(SIPCoreError, match="IP address"):
            Message(ME, YOU, RouteHeader(SIPURI("example.com")), "text/plain", b"")
        with pytest.raises(ValueError, match="INVITE"):
            Request("INVITE", YOU.uri, ME, YOU, route(bob))


@flow
async def test_a_request_that_lasts() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        answers = Answers(bob, (200, (("Expires", "100"),)))
        request = Request("OPTIONS2", YOU.uri, ME, YOU, route(bob), contact_header=CONTACT, call_id="mine", cseq=7, body=b"x",
                          content_type="text/plain", extra_headers=[Header("X-A", "b")])  # fmt: skip
        assert (request.state, request.expires_in) == ("INIT", 0)
        request.end()
        request.send()
        data = await s.until("SIPRequestDidSucceed")
        assert (data.code, data.expires, request.state) == (200, 100, "EXPIRING")
        assert 99 <= request.expires_in <= 100
        (received,) = answers.requests
        assert (received.call_id, received.cseq.number, received.headers.get("X-A")) == ("mine", 7, "b")
        began = s.now
        assert (await s.until("SIPRequestWillExpire")).expires == 100
        assert 69 < s.now - began < 71
        await s.until("SIPRequestDidEnd")
        assert 99 < s.now - began < 101
        assert told(s, request) == ["SIPRequestDidSucceed", "SIPRequestWillExpire", "SIPRequestDidEnd"]
        assert (request.state, request.expires_in) == ("TERMINATED", 0)
        with pytest.raises(IllegalStateError, match="TERMINATED"):
            request.send()


@flow
async def test_a_request_is_refused_or_ended() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        Answers(bob, (486, ()), None)
        refused, ended = (Request("OPTIONS2", YOU.uri, ME, YOU, route(bob)) for _ in range(2))
        refused.send()
        await s.until("SIPRequestDidEnd")
        assert told(s, refused) == ["SIPRequestDidFail", "SIPRequestDidEnd"]
        ended.send()
        await s.settle(1)
        ended.end()
        await s.until("SIPRequestDidEnd", 2)
        assert told(s, ended) == ["SIPRequestDidEnd"]
        received = len(bob.all(RequestReceived))
        await s.settle(40)
        assert len(bob.all(RequestReceived)) == received


@flow
async def test_the_way_to_the_route_is_closed() -> None:
    async with call_scene() as s:
        await s.peer()
        message = Message(ME, YOU, RouteHeader(SIPURI("192.0.2.2", parameters={"transport": "tls"})), "text/plain", b"x")
        request = Request("OPTIONS2", YOU.uri, ME, YOU, RouteHeader(SIPURI("192.0.2.2", parameters={"transport": "tls"})))
        message.send()
        request.send()
        assert (await s.until("SIPMessageDidFail")).code == 503
        await s.until("SIPRequestDidEnd")


@flow
async def test_a_registration_lasts_until_it_is_not_refreshed() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        contact = ("Contact", "<sip:alice@192.0.2.1>;expires=100")
        answers = Answers(bob, (200, (contact,)))
        registration = Registration(ME, duration=100)
        registration.end()
        registration.register(CONTACT, route(bob))
        data = await s.until("SIPRegistrationDidSucceed")
        assert (data.code, data.expires_in, [str(c.uri) for c in data.contact_header_list]) == (200, 100, ["sip:alice@192.0.2.1"])
        assert registration.is_registered
        assert str(registration.contact_uri) == "sip:alice@192.0.2.1:5060"
        await s.until("SIPRegistrationWillExpire")
        registration.register(CONTACT, route(bob))
        await s.until("SIPRegistrationDidSucceed", 2)
        first, second = answers.requests
        assert (first.call_id, second.cseq.number) == (second.call_id, first.cseq.number + 1)
        assert str(first.uri) == "sip:example.com"
        assert (await s.until("SIPRegistrationDidEnd")).expired
        assert not registration.is_registered
        names = ["DidSucceed", "WillExpire", "DidSucceed", "WillExpire", "DidEnd"]
        assert told(s, registration) == [f"SIPRegistration{name}" for name in names]


@flow
async def test_a_registration_fails_and_one_is_taken_back() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        answers = Answers(bob, (423, (("Min-Expires", "9999999"),)), (200, ()), (500, ()), (200, ()))
        registration = Registration(ME)
        registration.register(CONTACT, route(bob))
        data = await s.until("SIPRegistrationDidFail")
        assert (data.code, data.min_expires, data.route_header) == (423, 9999999, route(bob))
        registration.register(CONTACT, route(bob))
        await s.until("SIPRegistrationDidSucceed")
        registration.end()
        with pytest.raises(IllegalStateError, match="ending"):
            registration.register(CONTACT, route(bob))
        assert (await s.until("SIPRegistrationDidNotEnd")).code == 500
        registration.register(CONTACT, route(bob))
        await s.until("SIPRegistrationDidSucceed", 2)
        registration.end()
        assert not (await s.until("SIPRegistrationDidEnd")).expired
        assert answers.requests[-1].headers.get("Expires") == "0"


@flow
async def test_a_publication_with_everything() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        tag = (("SIP-ETag", "e1"),)
        answers = Answers(bob, (200, tag), (200, tag), (412, ()), (200, tag), (200, ()))
        publication = Publication(ME, "presence", "application/pidf+xml", duration=100)
        publication.end()
        with pytest.raises(ValueError, match="refreshed"):
            publication.publish(None, route(bob))
        publication.publish("<one/>", route(bob))
        data = await s.until("SIPPublicationDidSucceed")
        assert (data.code, data.expires_in, data.route_header) == (200, 100, route(bob))
        assert publication.is_published
        assert (await s.until("SIPPublicationWillExpire")).expires == 30
        publication.publish(None, route(bob))
        await s.until("SIPPublicationDidSucceed", 2)
        publication.publish(None, route(bob))
        assert (await s.until("SIPPublicationDidFail")).code == 412
        with pytest.raises(PublicationETagError):
            publication.publish(None, route(bob))
        publication.publish("<two/>", route(bob))
        await s.until("SIPPublicationDidSucceed", 3)
        publication.end()
        assert not (await s.until("SIPPublicationDidEnd")).expired
        sent = [(r.headers.get("SIP-If-Match"), r.body) for r in answers.requests]
        assert sent == [(None, b"<one/>"), ("e1", b""), ("e1", b""), (None, b"<two/>"), ("e1", b"")]
        names = ["DidSucceed", "WillExpire", "DidSucceed", "DidFail", "DidSucceed", "WillEnd", "DidEnd"]
        assert told(s, publication) == [f"SIPPublication{name}" for name in names]


@flow
async def test_a_publication_expires() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        Answers(bob, (200, (("SIP-ETag", "e1"), ("Expires", "60"))))
        publication = Publication(ME, "presence", "text/plain")
        publication.publish("x", route(bob))
        assert (await s.until("SIPPublicationDidEnd")).expired
        assert (publication.is_published, publication.expires_in) == (False, 0)


@flow
async def test_how_long_a_request_lasts() -> None:
    """What the answer says, of our contact or at all; else what was asked for."""
    async with call_scene() as s:
        bob = await s.peer()
        mine = (("Contact", "<sip:other@192.0.2.1>;expires=7, <sip:alice@192.0.2.1:5060>;expires=50"),)
        Answers(bob, (200, mine), (200, ()), (200, ()))
        asked = [Header("Expires", "40")]
        for contact, extra, expected in ((CONTACT, [], 50), (CONTACT, asked, 40), (None, [], 0)):
            request = Request("OPTIONS2", YOU.uri, ME, YOU, route(bob), contact_header=contact, extra_headers=extra)
            count = len(s.recorder.all("SIPRequestDidSucceed"))
            request.send()
            assert (await s.until("SIPRequestDidSucceed", count + 1)).expires == expected
        await s.until("SIPRequestDidEnd", 3)


@flow
async def test_a_request_gets_provisional_answers_or_none() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        bob.endpoint.agent.incoming_requests = {"OPTIONS2"}
        request = Request("OPTIONS2", YOU.uri, ME, YOU, route(bob))
        request.send()
        incoming = (await bob.until(RequestReceived)).request
        incoming._transaction.respond(reply(incoming.request, 183), s.now)  # by hand: our own agent sends none
        bob.do(incoming.answer, 200)
        assert (await s.until("SIPRequestGotProvisionalResponse")).code == 183
        await s.until("SIPRequestDidEnd")
        silent = Request("OPTIONS2", YOU.uri, ME, YOU, route(bob))
        silent.send(timeout=1.0)
        assert (await s.until("SIPRequestDidFail")).code == 408


@flow
async def test_the_patience_of_the_end_is_the_applications() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        Answers(bob, (200, ()), (200, (("SIP-ETag", "e"),)), None)
        registration, publication = Registration(ME), Publication(ME, "presence", "text/plain")
        registration.register(CONTACT, route(bob))
        await s.until("SIPRegistrationDidSucceed")
        publication.publish("x", route(bob))
        await s.until("SIPPublicationDidSucceed")
        began = s.now
        registration.end(timeout=2.0)
        publication.end(timeout=3.0)
        assert (await s.until("SIPRegistrationDidNotEnd")).code == 408
        assert (await s.until("SIPPublicationDidNotEnd")).code == 408
        assert 2.9 < s.now - began < 3.2
