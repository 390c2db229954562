"""A session whose peer is the focus of a conference: the subscription, its repair, and participants brought in and sent away."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import CallScene, Peer, call_scene, flow

from blinkq.base.catalogue import post
from blinkq.base.errors import IllegalStateError
from blinkq.payloads.conference import Conference, ConferenceState, Endpoint, Media, User, Users
from blinkq.sip.address import NameAddr
from blinkq.sip.events import IncomingSubscriptionEnded, IncomingSubscriptionRefreshed, InvitationReceived, SubscriptionReceived
from blinkq.sip.sipfrag import SIPFRAG, fragment
from blinkq.sip.uri import URI
from blinkq.sip.usages.incoming_subscription import IncomingSubscription
from blinkq.sipsimple.core import SIPURI
from blinkq.sipsimple.session import Session

TYPE = "application/conference-info+xml"
FOCUS = NameAddr(URI(user="room", host="192.0.2.2", port=5060), "", {"isfocus": None})


def user(name: str, state: str = "full", status: str = "connected") -> User:
    endpoint = Endpoint(f"sip:{name}@192.0.2.9", status=status, media=[Media("1", media_type="audio", status="sendrecv")])  # type: ignore[arg-type]
    return User(f"sip:{name}@example.com", state=state, endpoints=[] if state == "deleted" else [endpoint])  # type: ignore[arg-type]


def document(version: int, *users: User, state: str = "full") -> bytes:
    people = Users(state=state, users=list(users))  # type: ignore[arg-type]
    counted = ConferenceState(len(users))
    return Conference("sip:room@192.0.2.2", state=state, version=version, conference_state=counted, users=people).toxml()


def names(info: Conference) -> list[str]:
    assert info.users is not None
    return [each.entity.partition("@")[0].removeprefix("sip:") for each in info.users]


async def focus(s: CallScene, *, tells: bool = True) -> Peer:
    """A peer that answers as a focus, and takes subscriptions and referrals (which the test answers)."""
    peer = await s.peer()
    peer.endpoint.agent.incoming_events = {"conference", "refer"} if tells else set()

    def act(event: Any) -> None:
        if isinstance(event, InvitationReceived):
            peer.do(event.invitation.accept, peer.sdp(), FOCUS)

    peer.on_event = act
    return peer


async def in_conference(s: CallScene) -> tuple[Session, Peer, IncomingSubscription]:
    """A session in a conference, subscribed."""
    peer = await focus(s)
    session = s.call(peer)
    await s.until("SIPSessionDidStart")
    received = await peer.until(SubscriptionReceived)
    peer.do(received.incoming_subscription.accept, content_type=TYPE, body=document(1, user("alice")))
    await s.until("SIPSessionGotConferenceInfo")
    return session, peer, received.incoming_subscription


@flow
async def test_who_is_in_the_conference() -> None:
    async with call_scene() as s:
        session, peer, subscription = await in_conference(s)
        assert session.remote_focus
        assert not session.local_focus
        request = peer.all(SubscriptionReceived)[0].request
        assert str(request.uri) == "sip:room@192.0.2.2:5060", "without a server the Contact is the conference's name"
        assert request.headers.get("Event") == "conference"
        assert request.headers.get("Accept") == TYPE
        assert request.from_.uri == peer.invitation.remote.uri, "by this the focus knows who asks"
        assert names(s.recorder.last("SIPSessionGotConferenceInfo").conference_info) == ["alice"]
        peer.do(subscription.notify, TYPE, document(2, user("carol"), state="partial"))
        await s.until("SIPSessionGotConferenceInfo", 2)
        first, second = (data.conference_info for data in s.recorder.all("SIPSessionGotConferenceInfo"))
        assert (names(first), names(second)) == (["alice"], ["alice", "carol"]), "what was told stays as it was told"
        peer.do(subscription.notify, TYPE, document(3, user("alice", "deleted"), state="partial"))
        await s.until("SIPSessionGotConferenceInfo", 3)
        assert names(s.recorder.last("SIPSessionGotConferenceInfo").conference_info) == ["carol"]
        session.end()
        ended = await peer.until(IncomingSubscriptionEnded)
        assert ended.reason == "unsubscribed"


@flow
async def test_a_missing_part_is_asked_for() -> None:
    async with call_scene() as s:
        _session, peer, subscription = await in_conference(s)
        peer.do(subscription.notify, TYPE, document(7, user("carol"), state="partial"))
        await peer.until(IncomingSubscriptionRefreshed)
        assert len(s.recorder.all("SIPSessionGotConferenceInfo")) == 1
        peer.do(subscription.notify, TYPE, document(8, user("alice"), user("carol")))
        await s.until("SIPSessionGotConferenceInfo", 2)


@flow
async def test_what_cannot_be_read_is_no_harm() -> None:
    async with call_scene() as s:
        session, peer, subscription = await in_conference(s)
        for body in (b"<", b"", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><conference-info>&a;</conference-info>', b"\xff" * 100):
            peer.do(subscription.notify, TYPE, body)
        peer.do(subscription.notify, "text/plain", document(2, user("carol")))
        await s.settle()
        assert len(s.recorder.all("SIPSessionGotConferenceInfo")) == 1
        assert session.state == "connected"


@flow
async def test_a_focus_that_does_not_tell_is_left_alone() -> None:
    async with call_scene() as s:
        peer = await focus(s, tells=False)  # 489 Bad Event
        session = s.call(peer)
        await s.until("SIPSessionDidStart")
        await s.settle(400)
        subscribes = [packet for packet in s.world.packets if packet.data.startswith(b"SUBSCRIBE ")]
        assert len(subscribes) == 1
        assert session.state == "connected"


@pytest.mark.parametrize(
    ("reason", "again"), [("deactivated", (0, 1)), ("probation", (59, 121)), ("noresource", None), ("rejected", None)]
)
def test_a_subscription_that_the_focus_ends(reason: str, again: tuple[float, float] | None) -> None:
    @flow
    async def body() -> None:
        async with call_scene() as s:
            _session, peer, subscription = await in_conference(s)
            begun = s.now
            peer.do(subscription.end, reason)
            if again is None:
                await s.settle(300)
                assert len(peer.all(SubscriptionReceived)) == 1
            else:
                await peer.until(SubscriptionReceived, 2, limit=200)
                assert again[0] <= s.now - begun <= again[1]

    body()


@flow
async def test_a_refusal_is_tried_again_later() -> None:
    async with call_scene() as s:
        peer = await focus(s)
        s.call(peer)
        received = await peer.until(SubscriptionReceived)
        peer.do(received.incoming_subscription.reject, 403)
        begun = s.now
        again = await peer.until(SubscriptionReceived, 2, limit=200)
        assert 59 < s.now - begun < 181
        peer.do(again.incoming_subscription.accept, content_type=TYPE, body=document(1, user("alice")))
        await s.until("SIPSessionGotConferenceInfo")


@flow
async def test_another_network_is_told_to_the_focus() -> None:
    async with call_scene() as s:
        _session, peer, _subscription = await in_conference(s)
        s.home.change_address("192.0.2.1", "192.0.2.100")
        post("NetworkConditionsDidChange", object(), changed=[])
        again = await peer.until(SubscriptionReceived, 2)
        assert again.request.contacts[0].uri.host == "192.0.2.100"
        peer.do(again.incoming_subscription.accept, content_type=TYPE, body=document(1, user("alice")))
        await s.until("SIPSessionGotConferenceInfo", 2)


@flow
async def test_a_peer_becomes_a_focus_in_mid_call() -> None:
    async with call_scene() as s:
        peer = await s.peer(answering=True)
        peer.endpoint.agent.incoming_events = {"conference"}
        session, _peer = await s.connected(peer)
        assert not session.remote_focus
        peer.do(peer.invitation.reinvite, peer.sdp(version=2), FOCUS)
        received = await peer.until(SubscriptionReceived)
        assert session.remote_focus
        peer.do(received.incoming_subscription.accept, content_type=TYPE, body=document(1, user("alice")))
        await s.until("SIPSessionGotConferenceInfo")
        peer.do(peer.invitation.reinvite, peer.sdp(version=3), FOCUS.without_parameter("isfocus"))
        ended = await peer.until(IncomingSubscriptionEnded)
        assert ended.reason == "unsubscribed"
        assert not session.remote_focus


# participants --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "method", "ask"), [("Add", "INVITE", "add_participant"), ("Remove", "BYE", "remove_participant")])
def test_a_participant_is_brought_in_or_sent_away(word: str, method: str, ask: str) -> None:
    @flow
    async def body() -> None:
        async with call_scene() as s:
            session, peer, _subscription = await in_conference(s)
            getattr(session.conference, ask)("carol@example.com")
            received = await peer.until(SubscriptionReceived, 2)
            assert received.request.method == "REFER"
            assert received.request.headers.get("Refer-To") == f"<sip:carol@example.com;method={method}>"
            assert received.request.headers.get("Referred-By") is not None
            referral = received.incoming_subscription
            peer.do(referral.accept, content_type=SIPFRAG, body=fragment(100))
            progress = await s.until(f"SIPConferenceGot{word}ParticipantProgress")
            carol = SIPURI("example.com", "carol")
            assert (progress.participant, progress.code, progress.reason) == (carol, 100, "Trying")
            peer.do(referral.notify, SIPFRAG, fragment(180))
            await s.until(f"SIPConferenceGot{word}ParticipantProgress", 2)
            peer.do(referral.notify, SIPFRAG, fragment(200), "terminated")
            done = await s.until(f"SIPConferenceDid{word}Participant")
            assert done.participant == carol
            assert not s.recorder.all(f"SIPConferenceDidNot{word}Participant")

    body()


@flow
async def test_a_participant_who_does_not_come() -> None:
    async with call_scene() as s:
        session, peer, _subscription = await in_conference(s)
        session.conference.add_participant(SIPURI("example.com", "carol"))
        received = await peer.until(SubscriptionReceived, 2)
        peer.do(received.incoming_subscription.reject, 403)
        failed = await s.until("SIPConferenceDidNotAddParticipant")
        assert (failed.code, failed.reason) == (403, "Forbidden")
        session.conference.add_participant("sip:carol@example.com")
        received = await peer.until(SubscriptionReceived, 3)
        peer.do(received.incoming_subscription.accept, content_type=SIPFRAG, body=fragment(100))
        peer.do(received.incoming_subscription.notify, SIPFRAG, fragment(486), "terminated")
        failed = await s.until("SIPConferenceDidNotAddParticipant", 2)
        assert (failed.code, failed.reason) == (486, "Busy Here")
        session.conference.add_participant("<>")
        failed = await s.until("SIPConferenceDidNotAddParticipant", 3)
        assert (failed.participant, failed.code, failed.reason) == ("<>", 0, "invalid participant URI")
        session.conference.remove_participant("sip:carol@example.com")
        await peer.until(SubscriptionReceived, 4)
        session.end()
        failed = await s.until("SIPConferenceDidNotRemoveParticipant")
        assert failed.reason == "the session has ended"


@flow
async def test_what_is_not_allowed() -> None:
    async with call_scene() as s:
        session, _bob = await s.connected()
        session.conference.add_participant("sip:carol@example.com")
        failed = await s.until("SIPConferenceDidNotAddParticipant")
        assert (failed.code, failed.reason) == (0, "remote endpoint is not a focus")
        with pytest.raises(TypeError, match="add_participant"):
            session.conference.add_participant(5)  # type: ignore[arg-type]  # that is the point
        session.end()
        await s.until("SIPSessionDidEnd")
        with pytest.raises(IllegalStateError, match="remove_participant is not allowed in state terminated"):
            session.conference.remove_participant("sip:carol@example.com")
