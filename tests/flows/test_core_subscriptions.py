"""Subscription, Referral and their incoming counterparts of sipsimple.core against a bare agent: notifications in order, with data."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import RequestParameters, SubscribeParameters
from blinkq.sip.events import RequestAnswered, SubscriptionEnded, SubscriptionFailed, SubscriptionNotified, SubscriptionReceived
from blinkq.sip.uri import URI
from blinkq.sip.usages.incoming_subscription import IncomingSubscription as Usage
from blinkq.sipsimple.core import (
    SIPURI,
    ContactHeader,
    Engine,
    FromHeader,
    Referral,
    ReferToHeader,
    RouteHeader,
    SIPCoreError,
    Subscription,
    ToHeader,
)
from blinkq.sipsimple.sip_events import SIPEvents

ME = FromHeader(SIPURI("example.com", user="alice"), "Alice")
YOU = ToHeader(SIPURI("example.com", user="bob"))


def contact(peer: Peer) -> ContactHeader:
    """Where NOTIFYs reach Alice."""
    return ContactHeader(peer.scene.account.contact["udp"])


def route(peer: Peer) -> RouteHeader:
    return RouteHeader(SIPURI(peer.address, port=5060))


def subscription(peer: Peer, event: str = "message-summary", **options: Any) -> Subscription:
    peer.endpoint.agent.incoming_events = {event, "refer"}
    return Subscription(YOU.uri, ME, YOU, contact(peer), event, route(peer), **options)


def referral(peer: Peer) -> Referral:
    peer.endpoint.agent.incoming_events = {"refer"}
    return Referral(YOU.uri, ME, YOU, ReferToHeader("sip:carol@example.com"), contact(peer), route(peer))


def told(scene: CallScene, sender: object, prefix: str) -> list[str]:
    """Notifications without their common beginning; a change of state as the new state."""
    found = []
    for notification in scene.recorder.seen:
        if notification.sender is sender:
            name = notification.name.removeprefix(prefix)
            found.append(notification.data.state if name == "ChangedState" else name)
    return found


async def received(peer: Peer, count: int = 1) -> Usage:
    usage: Usage = (await peer.until(SubscriptionReceived, count)).incoming_subscription
    return usage


@flow
async def test_a_subscription_from_beginning_to_end() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made = subscription(bob)
        assert (made.state, made.call_id) == ("NULL", None)
        made.end()
        made.subscribe()
        usage = await received(bob)
        assert usage.request.headers.get("Accept") == "application/simple-message-summary"
        bob.do(usage.accept, pending=True)
        await s.settle(0.1)
        bob.do(usage.notify, "application/simple-message-summary", b"Messages-Waiting: yes", "active")
        bob.do(usage.notify, "text/plain", b"not what was asked for")
        await s.settle(0.1)
        data = s.recorder.all("SIPSubscriptionGotNotify")[-1]
        assert (data.event, data.content_type, data.body) == (
            "message-summary", "application/simple-message-summary", b"Messages-Waiting: yes",
        )  # fmt: skip
        assert (data.headers["Subscription-State"].state, str(data.to_header.uri)) == ("active", "sip:alice@example.com")
        made.subscribe(content_type="text/filter", body="x")
        await s.settle(0.1)
        made.end()
        made.end()
        await s.until("SIPSubscriptionDidEnd")
        assert told(s, made, "SIPSubscription") == [
            "WillStart", "SENT", "DidStart", "ACCEPTED", "PENDING", "GotNotify", "ACTIVE", "GotNotify", "WillEnd", "TERMINATED", "DidEnd",
        ]  # fmt: skip
        with pytest.raises(IllegalStateError, match="TERMINATED"):
            made.subscribe()


@flow
async def test_a_subscription_is_refused_and_one_is_ended_by_the_other_side() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        refused, ended = subscription(bob), subscription(bob)
        refused.subscribe()
        bob.do((await received(bob)).reject, 423, headers=(("Min-Expires", "100000"),))
        data = await s.until("SIPSubscriptionDidFail")
        assert (data.code, data.min_expires) == (423, 100000)
        assert told(s, refused, "SIPSubscription") == ["WillStart", "SENT", "TERMINATED", "DidFail"]
        ended.subscribe()
        usage = await received(bob, 2)
        bob.do(usage.accept)
        bob.do(usage.end, "noresource")
        await s.until("SIPSubscriptionDidEnd")
        names = ["WillStart", "SENT", "DidStart", "ACCEPTED", "ACTIVE", "GotNotify", "GotNotify", "TERMINATED", "DidEnd"]
        assert told(s, ended, "SIPSubscription") == names


@flow
async def test_what_a_subscription_needs() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        with pytest.raises(SIPCoreError, match="not known"):
            subscription(bob, "x-unknown")
        with pytest.raises(ValueError, match="refresh"):
            subscription(bob, refresh=0)
        with pytest.raises(TypeError, match="event is a str"):
            Subscription(YOU.uri, ME, YOU, contact(bob), 7, route(bob))  # type: ignore[arg-type]  # that is the point
        closed_way = RouteHeader(SIPURI("192.0.2.2", parameters={"transport": "tls"}))
        closed = Subscription(YOU.uri, ME, YOU, contact(bob), "presence", closed_way)
        closed.subscribe()
        assert (await s.until("SIPSubscriptionDidFail")).code == 503
        closed.end()


@flow
async def test_a_referral_is_followed() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made = referral(bob)
        with pytest.raises(IllegalStateError, match="NULL"):
            made.refresh()
        made.send_refer()
        with pytest.raises(IllegalStateError, match="send_refer"):
            made.send_refer()
        usage = await received(bob)
        assert usage.request.headers.get("Refer-To") == "<sip:carol@example.com>"
        bob.do(usage.accept, content_type="message/sipfrag", body=b"SIP/2.0 100 Trying")
        await s.settle(0.1)
        made.refresh()
        await s.settle(0.1)
        bob.do(usage.notify, "message/sipfrag", b"SIP/2.0 200 OK", "terminated")
        await s.until("SIPReferralDidEnd")
        names = ["WillStart", "SENT", "DidStart", "ACCEPTED", "ACTIVE", "GotNotify", "GotNotify", "GotNotify", "TERMINATED", "DidEnd"]
        assert told(s, made, "SIPReferral") == names
        assert s.recorder.last("SIPReferralGotNotify").body == b"SIP/2.0 200 OK"


@flow
async def test_a_referral_is_refused() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        made = referral(bob)
        made.send_refer(create_subscription=0)
        usage = await received(bob)
        assert usage.request.headers.get("Refer-Sub") == "false"
        bob.do(usage.reject, 603)
        data = await s.until("SIPReferralDidFail")
        assert (data.code, hasattr(data, "min_expires")) == (603, False)


async def ask(scene: CallScene, bob: Peer, method: str = "SUBSCRIBE", **options: Any) -> Any:
    """Bob subscribes to Alice, or refers her."""
    port = scene.engine.sip.ports["udp"]
    hop = await bob.endpoint.hop("192.0.2.1", port, "udp")
    alice = URI.parse(f"sip:alice@192.0.2.1:{port}")
    here = NameAddr(URI(user="bob", host=bob.address, port=5060))
    options.setdefault("event", "message-summary" if method == "SUBSCRIBE" else "refer")
    return bob.do("subscribe", SubscribeParameters(alice, here, NameAddr(alice), here, hop, method=method, **options))


async def arrived(scene: CallScene, name: str) -> Any:
    await scene.until(name)
    return next(n.sender for n in scene.recorder.seen if n.name == name)


@flow
async def test_an_incoming_subscription_from_beginning_to_end() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        Engine().add_incoming_event("message-summary")
        with pytest.raises(ValueError, match="taken"):
            Engine().add_incoming_event("message-summary")
        await s.settle(0)
        ours = await ask(s, bob)
        made = await arrived(s, "SIPIncomingSubscriptionGotSubscribe")
        data = s.recorder.last("SIPIncomingSubscriptionGotSubscribe")
        assert (data.method, data.headers["Event"].event, made.state, made.event) == (
            "SUBSCRIBE", "message-summary", "INCOMING", "message-summary",
        )  # fmt: skip
        with pytest.raises(IllegalStateError, match="push_content in state INCOMING"):
            made.push_content("text/plain", "x")
        made.accept_pending()
        with pytest.raises(IllegalStateError, match="answered"):
            made.reject(403)
        await s.settle(0.1)
        made.accept("text/plain", "one")
        await s.settle(0.1)
        made.push_content("text/plain", "two")
        await s.settle(0.1)
        bob.do(ours.refresh)
        await s.settle(0.1)
        bob.do(ours.end)
        await s.until("SIPIncomingSubscriptionDidEnd")
        await s.settle(0.1)
        assert told(s, made, "SIPIncomingSubscription") == [
            "INCOMING", "GotSubscribe", "AnsweredSubscribe", "PENDING", "SentNotify", "NotifyDidSucceed", "ACTIVE", "SentNotify",
            "NotifyDidSucceed", "SentNotify", "NotifyDidSucceed", "GotRefreshingSubscribe", "NotifyDidSucceed", "GotUnsubscribe",
            "TERMINATED", "DidEnd", "NotifyDidSucceed",
        ]  # fmt: skip
        assert SIPEvents()._handlers == {}
        bodies = [event.body for event in bob.all(SubscriptionNotified)]
        assert bodies == [b"", b"one", b"two", b"two"]
        assert (made.content_type, made.content) == ("text/plain", "two")
        with pytest.raises(IllegalStateError, match="TERMINATED"):
            made.end()


@flow
async def test_an_incoming_subscription_times_out_is_rejected_or_ended() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        Engine().add_incoming_event("message-summary")
        await s.settle(0)
        ours = await ask(s, bob, expires=60)
        made = await arrived(s, "SIPIncomingSubscriptionGotSubscribe")
        with pytest.raises(ValueError, match="content type"):
            made.accept(content="x")
        with pytest.raises(ValueError, match="200"):
            made.reject(200)
        made.accept("text/plain", "x")
        await s.settle(0.1)
        bob.do(ours.abandon)
        await s.until("SIPIncomingSubscriptionDidEnd")
        assert "DidTimeout" in told(s, made, "SIPIncomingSubscription")
        s.recorder.clear()
        await ask(s, bob)
        made = await arrived(s, "SIPIncomingSubscriptionGotSubscribe")
        made.reject(403)
        await s.until("SIPIncomingSubscriptionDidEnd")
        assert told(s, made, "SIPIncomingSubscription")[2:] == ["AnsweredSubscribe", "TERMINATED", "DidEnd"]
        assert SIPEvents()._handlers == {}
        assert (await bob.until(SubscriptionFailed)).code == 403
        s.recorder.clear()
        await ask(s, bob)
        made = await arrived(s, "SIPIncomingSubscriptionGotSubscribe")
        made.accept()
        await s.settle(0.1)
        made.end("deactivated")
        assert (await bob.until(SubscriptionEnded, 2)).reason == "deactivated"
        Engine().remove_incoming_event("message-summary")
        with pytest.raises(KeyError):
            Engine().remove_incoming_event("message-summary")
        await s.settle(0.1)
        await ask(s, bob)
        assert (await bob.until(SubscriptionFailed, 2)).code == 489


@flow
async def test_an_incoming_referral_is_the_applications_to_follow() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        await ask(s, bob, "REFER", headers=(("Refer-To", "<sip:carol@example.com>"),))
        assert (await bob.until(SubscriptionFailed)).code == 403
        Engine().add_incoming_event("refer")
        await s.settle(0)
        await ask(s, bob, "REFER")
        assert (await bob.until(SubscriptionFailed, 2)).code == 400
        await ask(s, bob, "REFER", headers=(("Refer-To", "<sip:carol@example.com>;x=y"),))
        made = await arrived(s, "SIPIncomingReferralGotRefer")
        assert made.refer_to_header.uri == "<sip:carol@example.com>"
        with pytest.raises(ValueError, match="300"):
            made.accept(300)
        made.accept()
        await s.settle(0.1)
        made.send_notify(180)
        with pytest.raises(ValueError, match="42"):
            made.send_notify(42)
        made.end(200, "Fine\r\nX: y")
        await s.until("SIPIncomingReferralDidEnd")
        await s.settle(0.2)
        names = told(s, made, "SIPIncomingReferral")
        assert names[:6] == ["INCOMING", "GotRefer", "AnsweredRefer", "ACTIVE", "SentNotify", "NotifyDidSucceed"]
        bodies = [event.body for event in bob.all(SubscriptionNotified)]
        assert bodies == [b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 180 Ringing\r\n", b"SIP/2.0 200 Fine  X: y\r\n"]
        s.recorder.clear()
        await ask(s, bob, "REFER", headers=(("Refer-To", "<sip:carol@example.com>"),))
        made = await arrived(s, "SIPIncomingReferralGotRefer")
        made.reject(603)
        assert (await bob.until(SubscriptionFailed, 3)).code == 603


@flow
async def test_incoming_requests_of_a_method_that_the_application_wants() -> None:
    async with call_scene() as s:
        bob = await s.peer()
        with pytest.raises(ValueError, match="INVITE"):
            Engine().add_incoming_request("INVITE")
        Engine().add_incoming_request("X-PING")
        await s.settle(0)
        port = s.engine.sip.ports["udp"]
        hop = await bob.endpoint.hop("192.0.2.1", port, "udp")
        alice = URI.parse(f"sip:alice@192.0.2.1:{port}")
        parameters = RequestParameters("X-PING", alice, NameAddr(alice), NameAddr(alice), hop, body=b"ping", content_type="text/plain")
        bob.do("request", parameters)
        made = await arrived(s, "SIPIncomingRequestGotRequest")
        data = s.recorder.last("SIPIncomingRequestGotRequest")
        assert (data.method, data.body, made.state, made.peer_address.ip) == ("X-PING", b"ping", "incoming", bob.address)
        with pytest.raises(ValueError, match="180"):
            made.answer(180)
        made.answer(299, "Pong")
        with pytest.raises(IllegalStateError, match="answered"):
            made.answer(200)
        data = await s.until("SIPIncomingRequestSentResponse")
        assert (data.code, data.reason) == (299, "Pong")
        assert (await bob.until(RequestAnswered)).reason == "Pong"
        Engine().remove_incoming_request("X-PING")
        with pytest.raises(KeyError):
            Engine().remove_incoming_request("X-PING")
        await s.settle(0.1)
        bob.do("request", parameters)
        assert (await bob.until(RequestAnswered, 2)).code == 405


@flow
async def test_only_who_may_call_may_subscribe() -> None:
    """Security line 2, for everything that is not a call."""
    async with call_scene() as s:
        from blinkq.sipsimple.configuration.settings import SIPSimpleSettings

        bob = await s.peer()
        Engine().add_incoming_event("message-summary")
        settings = SIPSimpleSettings()
        settings.sip.accept_direct_calls = False
        settings.save()
        await s.settle(0.1)
        await ask(s, bob)
        assert (await bob.until(SubscriptionFailed)).code in (403, 404)
        assert s.recorder.all("SIPIncomingSubscriptionGotSubscribe") == []
