"""What the agent refuses and answers by itself, and how calls go with scripted peers: forks, challenges, odd and hostile ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.sip_pair import ANSWER, OFFER, PASSWORD, Endpoint, ScriptedPeer, SIPNetwork, SIPPair
from support.sip_registrar import Registrar

from blinkq.base.clock import SeededEntropy
from blinkq.sip.address import NameAddr
from blinkq.sip.agent import Agent, AgentConfig, RegisterParameters, RequestParameters
from blinkq.sip.context import ALLOW, SUPPORTED
from blinkq.sip.digest import Credentials
from blinkq.sip.events import (
    InvitationAnswered,
    InvitationConfirmed,
    InvitationEnded,
    InvitationFailed,
    InvitationProgressed,
    InvitationReceived,
    InvitationTransaction,
    ReinviteAnswered,
    ReinviteReceived,
    RequestAnswered,
    RequestFailed,
)
from blinkq.sip.hop import Flow
from blinkq.sip.message import Request, Response
from blinkq.sip.outputs import Transmit
from blinkq.sip.realms import MAX_NONCES, MAX_TRUSTED, TrustedRealms
from blinkq.sip.session_body import is_unsupported, session_of
from blinkq.sip.source_limiter import MAX_SOURCES, SourceLimiter
from blinkq.sip.uri import URI
from blinkq.sip.usages.invitation import Invitation, InvitationState

S = InvitationState
PROXY = 'Digest realm="example.test", nonce="n1", qop="auth", algorithm=MD5'


class Scene:
    """Alice and a scripted peer."""

    def __init__(self, script: Callable[[ScriptedPeer, Request], None] | None = None, config: AgentConfig | None = None):
        self.network = SIPNetwork()
        self.alice = Endpoint(self.network, "10.0.0.1", "alice", 1, config)
        self.peer = ScriptedPeer(self.network, "10.0.0.2", script)

    def run(self, seconds: float = 0.1) -> None:
        self.network.run(seconds)

    def say(self, method: str, *lines: str, body: str = "", **changes: str) -> None:
        """A request of the peer; changes by header name with underscores, '' leaves the header out."""
        headers = {
            "Via": f"SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK{len(self.network.packets)}",
            "From": "<sip:peer@10.0.0.2>;tag=peer",
            "To": "<sip:alice@10.0.0.1>",
            "Call-ID": "call",
            "CSeq": f"1 {method}",
            "Contact": "<sip:peer@10.0.0.2:5060>",
            "Max-Forwards": "70",
        }
        uri = changes.pop("uri", "sip:alice@10.0.0.1")
        headers.update({name.replace("_", "-"): value for name, value in changes.items()})
        text = [f"{method} {uri} SIP/2.0", *(f"{name}: {value}" for name, value in headers.items() if value), *lines]
        if body:
            text += ["Content-Type: application/sdp"] if not any("ontent-Type" in line for line in lines) else []
        text += [f"Content-Length: {len(body)}", "", body]
        self.peer.say("\r\n".join(text).encode(), self.alice.address)
        self.run()

    def answers(self) -> list[Response]:
        return [message for message in self.peer.received if isinstance(message, Response)]

    def codes(self) -> list[int]:
        return [response.code for response in self.answers()]

    def incoming(self, *lines: str, **changes: str) -> Invitation:
        """The peer calls, Alice answers."""
        self.say("INVITE", *lines, body=OFFER.decode(), **changes)
        invitation = self.alice.last(InvitationReceived).invitation
        self.alice.do(invitation.accept, ANSWER, self.alice.contact)
        self.run()
        self.say("ACK", To=str(invitation.local), CSeq="1 ACK")
        assert invitation.state is S.CONFIRMED
        return invitation


# -- without a dialog


def test_options_says_what_we_can_do() -> None:
    scene = Scene()
    scene.say("OPTIONS")
    (response,) = scene.answers()
    assert response.code == 200
    assert response.allow == set(ALLOW)
    assert response.supported == set(SUPPORTED)
    assert response.headers.get("Accept") == "application/sdp"
    assert response.to.tag


def test_answers_without_state_keep_their_tag() -> None:
    scene = Scene()
    via = "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKsame"
    scene.say("OPTIONS", Via=via)
    scene.say("OPTIONS", Via=via)
    scene.say("OPTIONS", Via=via + "other")
    tags = [response.to.tag for response in scene.answers()]
    assert tags[0] == tags[1] != tags[2]
    assert len(scene.alice.agent._context.transactions) == 0
    assert scene.alice.agent.deadline() is None


@pytest.mark.parametrize("method", ["REGISTER", "MESSAGE", "FROBNICATE"])
def test_methods_that_are_not_ours_are_refused(method: str) -> None:
    scene = Scene()
    scene.say(method)
    assert scene.codes() == [405]
    assert "INVITE" in scene.answers()[0].allow


def test_what_is_not_about_a_call_of_ours_is_refused() -> None:
    scene = Scene()
    scene.say("BYE")
    scene.say("BYE", To="<sip:alice@10.0.0.1>;tag=gone")
    scene.say("INVITE", To="<sip:alice@10.0.0.1>;tag=gone")
    for method in ("CANCEL", "UPDATE", "PRACK", "INFO", "ACK"):
        scene.say(method)
    scene.say("ACK", To="<sip:alice@10.0.0.1>;tag=gone")
    assert scene.codes() == [481] * 7
    assert not scene.alice.events


def test_extensions_that_are_required_and_unknown_are_named() -> None:
    scene = Scene()
    scene.say("INVITE", "Require: 100rel, foo, baz")
    scene.say("OPTIONS", "Require: bar")
    assert scene.codes() == [420, 420]
    assert scene.answers()[0].headers.get("Unsupported") == "baz, foo"


def test_other_uri_schemes_are_refused() -> None:
    scene = Scene()
    scene.say("INVITE", uri="tel:+31201234567")
    assert scene.codes() == [416]


@pytest.mark.parametrize(
    "lines",
    [("Content-Type: text/plain",), ("Content-Encoding: gzip",), ("Content-Type: multipart/mixed;boundary=x",)],
)
def test_bodies_that_we_cannot_read_are_refused(lines: tuple[str, ...]) -> None:
    scene = Scene()
    scene.say("INVITE", *lines, body="hello")
    assert scene.codes() == [415]
    assert scene.answers()[0].headers.get("Accept") == "application/sdp"


def test_a_call_in_a_multipart_body() -> None:
    scene = Scene()
    parts = [
        "--x",
        "Content-Type: application/isup",
        "",
        "ISUP",
        "--x",
        "Content-Type: application/sdp",
        "",
        OFFER.decode().rstrip("\r\n"),
        "--x--",
        "",
    ]
    scene.say("INVITE", 'Content-Type: multipart/mixed; boundary="x"', body="\r\n".join(parts))
    assert scene.alice.last(InvitationReceived).sdp == OFFER


@pytest.mark.parametrize(
    ("content", "body", "sdp", "unsupported"),
    [
        ("application/sdp", b"", None, False),
        ("application/sdp", b"v=0", b"v=0", False),
        ("text/plain", b"v=0", None, True),
        ("text/plain\r\nContent-Disposition: render;handling=optional", b"v=0", None, False),
        ("application/sdp\r\nContent-Encoding: identity", b"v=0", b"v=0", False),
        ("multipart/mixed", b"--x", None, True),
        ("multipart/mixed;boundary=x", b"--x\r\nContent-Type: application/sdp", b"\r\n", False),
        ("multipart/mixed;boundary=x", b"--x\n\nhello\n--x--", None, True),
        ("multipart/mixed;boundary=x", b"--x\nContent-Type: application/sdp\n\nv=0\n--x--", b"v=0\r\n", False),
    ],
)
def test_the_session_in_a_body(content: str, body: bytes, sdp: bytes | None, unsupported: bool) -> None:
    request = Request("INVITE", URI(host="a"))
    for line in f"Content-Type: {content}".split("\r\n"):
        request.headers.add(*line.split(": ", 1))
    request.body = body
    assert session_of(request) == sdp
    assert is_unsupported(request) is unsupported
    assert session_of(Request("INVITE", URI(host="a"), body=b"x")) is None


# -- broken and hostile input


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CSeq": "1 BYE"}, 400),
        ({"Contact": "<sip:"}, 400),
        ({"Max_Forwards": "many"}, 400),
        ({"uri": "sip:alice@10.0.0.1?Route=x"}, 400),
    ],
)
def test_malformed_requests_get_a_reason_when_they_can_be_answered(changes: dict[str, str], code: int) -> None:
    scene = Scene()
    scene.say("OPTIONS", **changes)
    assert scene.codes() == [code]
    assert "399 blinkq" in (scene.answers()[0].headers.get("Warning") or "")


def test_a_request_with_a_broken_from_is_answered_all_the_same() -> None:
    scene = Scene()
    flow = scene.alice.flow_from(scene.peer.address)
    scene.alice.agent.receive_datagram(
        b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1\r\nFrom: <sip:broken\r\nTo: <sip:b>\r\n"
        b"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n",
        flow,
        0.0,
    )
    (transmit,) = scene.alice.agent.drain()
    assert isinstance(transmit, Transmit)
    assert transmit.data.startswith(b"SIP/2.0 400 ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"hello",
        b"OPTIONS sip:a SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>\r\nTo: <sip:b>\r\nCall-ID: x\r\n"
        b"CSeq: 1 INVITE\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1,SIP/2.0/UDP b\r\nFrom: <sip:a>\r\nTo: <sip:b>\r\n"
        b"Call-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
        b"ACK sip:a SIP/2.0\r\nVia: broken\r\n\r\n",
    ],
)
def test_what_cannot_be_answered_is_dropped(data: bytes) -> None:
    scene = Scene()
    scene.peer.say(data, scene.alice.address)
    scene.run()
    assert scene.peer.received == []
    assert scene.alice.events == []


def test_a_flood_of_calls_from_one_source_is_slowed_down() -> None:
    scene = Scene(config=AgentConfig(invite_burst=3, invite_rate=1))
    for number in range(5):
        scene.say("INVITE", Call_ID=f"call{number}")
    assert scene.codes() == [100, 100, 100, 503, 503]
    assert scene.answers()[-1].retry_after == 10
    scene.run(2)
    scene.say("INVITE", Call_ID="later")
    assert len(scene.alice.of(InvitationReceived)) == 4


def test_too_many_calls_at_once_are_busy() -> None:
    scene = Scene(config=AgentConfig(max_invitations=2))
    for number in range(3):
        scene.say("INVITE", Call_ID=f"call{number}")
    assert scene.codes() == [100, 100, 486]
    assert len(scene.alice.agent.invitations) == 2


def test_the_limiter_forgets_the_oldest_source() -> None:
    limiter = SourceLimiter(0.0, 1)
    assert limiter.admits("first", 0.0)
    assert not limiter.admits("first", 0.0)
    for number in range(MAX_SOURCES):
        assert limiter.admits(str(number), 0.0)
    assert limiter.admits("first", 0.0)


def test_trust_and_nonce_counts_are_bounded() -> None:
    realms = TrustedRealms()
    for number in range(MAX_TRUSTED + 1):
        realms.trust("alice", str(number), "10.0.0.1")
        realms.nonce_counts[str(number)] = 1
    assert not realms.trusts("alice", "0", "10.0.0.1")
    assert realms.trusts("alice", "1", "10.0.0.1")
    for number in range(MAX_NONCES + 5):
        realms.nonce_counts[str(number)] = 1
    realms.trim()
    assert len(realms.nonce_counts) == MAX_NONCES
    assert "0" not in realms.nonce_counts


def test_merged_requests_are_refused() -> None:
    scene = Scene()
    scene.say("INVITE", body=OFFER.decode())
    scene.say("INVITE", body=OFFER.decode())
    assert scene.codes() == [100, 482]
    assert len(scene.alice.of(InvitationReceived)) == 1


def test_a_repeated_invite_is_the_same_call() -> None:
    scene = Scene()
    for _ in range(3):
        scene.say("INVITE", Via="SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKsame")
    assert len(scene.alice.of(InvitationReceived)) == 1
    assert scene.codes() == [100, 100, 100]


def test_an_old_phone_without_branches_and_tags_can_call() -> None:
    scene = Scene()
    via = "SIP/2.0/UDP 10.0.0.2:5060"
    scene.say("INVITE", body=OFFER.decode(), Via=via, From="<sip:peer@10.0.0.2>")
    scene.say("INVITE", body=OFFER.decode(), Via=via, From="<sip:peer@10.0.0.2>")
    (event,) = scene.alice.of(InvitationReceived)
    scene.alice.do(event.invitation.accept, ANSWER)
    scene.run()
    to = str(event.invitation.local)
    scene.say("ACK", Via=via, From="<sip:peer@10.0.0.2>", To=to, CSeq="1 ACK")
    assert scene.alice.of(InvitationConfirmed)
    scene.say("BYE", Via=via, From="<sip:peer@10.0.0.2>", To=to, CSeq="2 BYE")
    assert scene.alice.of(InvitationEnded)
    assert scene.codes()[-1] == 200


# -- requests in a dialog


def test_requests_out_of_order_are_refused() -> None:
    scene = Scene()
    invitation = scene.incoming()
    to = str(invitation.local)
    scene.say("OPTIONS", To=to, CSeq="20 OPTIONS")
    scene.say("OPTIONS", To=to, CSeq="19 OPTIONS")
    scene.say("INVITE", To=to, CSeq="18 INVITE")
    scene.say("BYE", To=to, CSeq="17 BYE")
    assert scene.codes()[-4:] == [200, 500, 500, 500]
    assert invitation.state is S.CONFIRMED
    scene.say("OPTIONS", "Require: foo", To=to, CSeq="21 OPTIONS")
    scene.say("REGISTER", To=to, CSeq="22 REGISTER")
    assert scene.codes()[-2:] == [420, 405]


def test_a_request_with_the_wrong_tag_is_not_of_the_call() -> None:
    scene = Scene()
    invitation = scene.incoming()
    scene.say("BYE", To=str(invitation.local), From="<sip:peer@10.0.0.2>", CSeq="2 BYE")
    scene.say("BYE", To=str(invitation.local), From="<sip:peer@10.0.0.2>;tag=evil", CSeq="2 BYE")
    assert scene.codes()[-2:] == [481, 481]
    assert invitation.state is S.CONFIRMED


def test_a_second_invite_before_the_first_is_answered_has_to_wait() -> None:
    scene = Scene()
    scene.say("INVITE", body=OFFER.decode())
    invitation = scene.alice.last(InvitationReceived).invitation
    scene.alice.do(invitation.ring)
    scene.run()
    scene.say("INVITE", body=OFFER.decode(), To=str(invitation.local), CSeq="2 INVITE")
    assert scene.codes()[-1] == 500
    assert 0 <= (scene.answers()[-1].retry_after or 0) <= 10
    scene.say("ACK", To=str(invitation.local), CSeq="2 ACK", Via=str(scene.answers()[-1].via))
    assert invitation.state is S.RINGING


def test_a_second_change_before_the_first_is_confirmed_has_to_wait() -> None:
    scene = Scene()
    invitation = scene.incoming()
    to = str(invitation.local)
    scene.say("INVITE", body=OFFER.decode(), To=to, CSeq="2 INVITE")
    scene.say("INVITE", body=OFFER.decode(), To=to, CSeq="3 INVITE")
    assert scene.codes()[-1] == 500
    scene.alice.do(invitation.accept_reinvite, ANSWER)
    scene.run()
    scene.say("INVITE", body=OFFER.decode(), To=to, CSeq="4 INVITE")
    assert scene.codes()[-1] == 500
    scene.say("ACK", To=to, CSeq="2 ACK")
    scene.say("INVITE", body=OFFER.decode(), To=to, CSeq="5 INVITE")
    assert len(scene.alice.of(ReinviteReceived)) == 2


def test_a_change_that_overtakes_the_ack_stands_for_it() -> None:
    scene = Scene()
    scene.say("INVITE", body=OFFER.decode())
    invitation = scene.alice.last(InvitationReceived).invitation
    scene.alice.do(invitation.accept, ANSWER)
    scene.run()
    scene.say("INVITE", body=OFFER.decode(), To=str(invitation.local), CSeq="2 INVITE")
    assert scene.alice.of(InvitationConfirmed)
    assert scene.alice.of(ReinviteReceived)
    scene.say("ACK", To=str(invitation.local), CSeq="1 ACK")
    assert len(scene.alice.of(InvitationConfirmed)) == 1


def test_a_change_that_overtakes_a_late_answer_has_to_wait() -> None:
    scene = Scene()
    scene.say("INVITE")
    invitation = scene.alice.last(InvitationReceived).invitation
    scene.alice.do(invitation.accept, OFFER)
    scene.run()
    scene.say("INVITE", body=OFFER.decode(), To=str(invitation.local), CSeq="2 INVITE")
    assert scene.codes()[-1] == 500
    assert invitation.state is S.ACCEPTED


def test_the_caller_says_bye_while_it_rings() -> None:
    scene = Scene()
    scene.say("INVITE", body=OFFER.decode(), Via="SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKinvite")
    invitation = scene.alice.last(InvitationReceived).invitation
    scene.alice.do(invitation.ring)
    scene.run()
    scene.say("BYE", 'Reason: SIP;cause=200;text="changed my mind"', To=str(invitation.local), CSeq="2 BYE")
    assert sorted(scene.codes()[-2:]) == [200, 487]
    event = scene.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("remote", 487, "changed my mind")


def test_an_ack_with_the_branch_of_the_invite_confirms() -> None:
    scene = Scene()
    via = "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKsame"
    scene.say("INVITE", body=OFFER.decode(), Via=via)
    invitation = scene.alice.last(InvitationReceived).invitation
    scene.alice.do(invitation.accept, ANSWER)
    scene.run()
    scene.say("ACK", Via=via, To=str(invitation.local), CSeq="1 ACK")
    assert invitation.state is S.CONFIRMED


def test_a_cancel_after_the_answer_changes_nothing() -> None:
    scene = Scene()
    via = "SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKsame"
    scene.say("INVITE", body=OFFER.decode(), Via=via)
    invitation = scene.alice.last(InvitationReceived).invitation
    scene.alice.do(invitation.accept, ANSWER)
    scene.run()
    scene.say("CANCEL", Via=via)
    cancelled = [r for r in scene.answers() if r.cseq.method == "CANCEL"]
    assert [(r.code, r.to.tag) for r in cancelled] == [(200, invitation.local.tag)]
    assert invitation.state is S.ACCEPTED


def test_the_peer_may_move() -> None:
    scene = Scene()
    invitation = scene.incoming()
    other = ScriptedPeer(scene.network, "10.0.0.3", lambda peer, request: peer.respond(request, 200) and None)
    scene.say("INVITE", body=OFFER.decode(), To=str(invitation.local), CSeq="2 INVITE", Contact="<sip:p@10.0.0.3>")
    scene.alice.do(invitation.accept_reinvite, ANSWER)
    scene.run()
    scene.say("ACK", To=str(invitation.local), CSeq="2 ACK")
    scene.alice.do(invitation.end)
    scene.run()
    (bye,) = other.requests("BYE")
    assert str(bye.uri) == "sip:p@10.0.0.3"


def test_a_peer_that_comes_back_on_a_new_connection_is_answered_there() -> None:
    network = SIPNetwork("tcp")
    pair = SIPPair(network)
    _, incoming = pair.connect()
    data = next(p for p in network.packets if p.data.startswith(b"ACK")).data
    bye = data.replace(b"ACK sip", b"OPTIONS sip", 1).replace(b" ACK\r\n", b" OPTIONS\r\n").replace(b"CSeq: 16", b"CSeq: 26")
    flow = Flow("tcp", "10.0.0.2", 5060, "10.0.0.1", 44444, 99)
    pair.bob.agent.receive_datagram(bye, flow, network.now)
    pair.bob.do(incoming.end)
    assert incoming.flow == flow
    assert network.packets[-1].target == ("10.0.0.1", 44444)


# -- the way of a request


def test_record_routes_become_the_route_set_of_the_called() -> None:
    scene = Scene()
    invitation = scene.incoming("Record-Route: <sip:10.0.0.2;lr>, <sip:p2.example;lr>", "Record-Route: <sip:p1.example;lr>")
    accepted = scene.answers()[-1]
    assert [str(r.uri) for r in accepted.record_routes] == ["sip:10.0.0.2;lr", "sip:p2.example;lr", "sip:p1.example;lr"]
    scene.alice.do(invitation.end)
    scene.run()
    (bye,) = scene.peer.requests("BYE")
    assert [str(r.uri) for r in bye.routes] == ["sip:10.0.0.2;lr", "sip:p2.example;lr", "sip:p1.example;lr"]
    assert str(bye.uri) == "sip:peer@10.0.0.2:5060"


def test_record_routes_are_reversed_for_the_caller() -> None:
    def script(peer: ScriptedPeer, request: Request) -> None:
        if request.method != "ACK":
            peer.respond(
                request,
                200,
                headers=(
                    ("Record-Route", "<sip:far.example;lr>, <sip:10.0.0.2;lr>"),
                    ("Contact", "<sip:callee@198.51.100.9>"),
                ),
                body=ANSWER,
            )

    scene = Scene(script)
    invitation = scene.alice.call(scene.peer)
    scene.run()
    scene.alice.do(invitation.end)
    scene.run()
    for request in (*scene.peer.requests("ACK"), *scene.peer.requests("BYE")):
        assert [str(r.uri) for r in request.routes] == ["sip:10.0.0.2;lr", "sip:far.example;lr"]
        assert str(request.uri) == "sip:callee@198.51.100.9"
    assert len(scene.peer.requests("BYE")) == 1


def test_a_strict_router_becomes_the_request_uri() -> None:
    scene = Scene()
    invitation = scene.incoming("Record-Route: <sip:10.0.0.2:5060>, <sip:next.example;lr>")
    scene.alice.do(invitation.end)
    scene.run()
    (bye,) = scene.peer.requests("BYE")
    assert str(bye.uri) == "sip:10.0.0.2:5060"
    assert [str(r.uri) for r in bye.routes] == ["sip:next.example;lr", "sip:peer@10.0.0.2:5060"]


def test_preloaded_routes_go_into_the_request() -> None:
    scene = Scene()
    scene.alice.call(scene.peer, route_set=(NameAddr.parse("<sip:10.0.0.2;lr>"),), headers=(("X-Test", "yes"),))
    scene.run()
    (invite,) = scene.peer.requests("INVITE")
    assert str(invite.routes[0].uri) == "sip:10.0.0.2;lr"
    assert invite.headers.get("X-Test") == "yes"


# -- forks


def forking(*tags: str, code: int = 200, provisional: bool = True) -> Callable[[ScriptedPeer, Request], None]:
    def script(peer: ScriptedPeer, request: Request) -> None:
        contact = ("Contact", "<sip:fork@10.0.0.2>")
        if request.method == "INVITE":
            if provisional:
                for tag in tags:
                    peer.respond(request, 180, tag=tag, headers=(contact,))
            for tag in tags:
                peer.respond(request, code, tag=tag, headers=(contact,), body=ANSWER if code < 300 else b"")
        elif request.method != "ACK":
            peer.respond(request, 200)

    return script


@pytest.mark.parametrize("provisional", [True, False])
def test_of_several_answers_the_first_is_the_call_and_the_others_are_hung_up(provisional: bool) -> None:
    scene = Scene(forking("one", "two", "three", provisional=provisional))
    invitation = scene.alice.call(scene.peer)
    scene.run(1)
    assert invitation.state is S.CONFIRMED
    assert invitation.remote.tag == "one"
    assert len(scene.alice.of(InvitationAnswered)) == 1
    assert [a.to.tag for a in scene.peer.requests("ACK")] == ["one", "two", "three"]
    assert [b.to.tag for b in scene.peer.requests("BYE")] == ["two", "three"]
    assert len(scene.alice.of(InvitationProgressed)) == (3 if provisional else 0)
    invite = scene.peer.requests("INVITE")[0]
    scene.peer.respond(invite, 200, tag="two", body=ANSWER, target=scene.alice.address)
    scene.run(0.1)
    assert len(scene.peer.requests("ACK")) == 4
    assert len(scene.peer.requests("BYE")) == 2
    assert len(scene.alice.agent._context.dialogs) == 1


def test_many_branches_are_bounded() -> None:
    scene = Scene(forking(*(f"t{n}" for n in range(50)), code=486))
    scene.alice.call(scene.peer)
    scene.run(1)
    assert scene.alice.last(InvitationFailed).code == 486
    assert scene.alice.agent._context.dialogs == {}


def test_one_branch_hangs_up_and_the_others_go_on() -> None:
    scene = Scene(lambda peer, request: None)
    invitation = scene.alice.call(scene.peer)
    scene.run()
    (invite,) = scene.peer.requests("INVITE")
    for tag in ("one", "two"):
        scene.peer.respond(invite, 180, tag=tag, headers=(("Contact", "<sip:x@10.0.0.2>"),))
    scene.run()
    scene.say("BYE", From="<sip:peer@10.0.0.2>;tag=one", To=str(invitation.local), Call_ID=invitation.call_id)
    assert invitation.state is S.PROCEEDING
    scene.say("BYE", From="<sip:peer@10.0.0.2>;tag=two", To=str(invitation.local), Call_ID=invitation.call_id)
    event = scene.alice.last(InvitationFailed)
    assert (event.originator, event.code) == ("remote", 487)
    assert scene.peer.requests("CANCEL")


def test_a_bye_that_crosses_our_cancel() -> None:
    scene = Scene(lambda peer, request: None)
    invitation = scene.alice.call(scene.peer)
    scene.run()
    (invite,) = scene.peer.requests("INVITE")
    scene.peer.respond(invite, 180, tag="one", headers=(("Contact", "<sip:x@10.0.0.2>"),))
    scene.run()
    scene.alice.do(invitation.end)
    scene.say("BYE", From="<sip:peer@10.0.0.2>;tag=one", To=str(invitation.local), Call_ID=invitation.call_id)
    event = scene.alice.last(InvitationFailed)
    assert (event.originator, event.code, event.cause) == ("local", 487, "user request")
    scene.peer.respond(invite, 200, tag="one", body=ANSWER)
    scene.run()
    assert scene.peer.requests("ACK")
    assert scene.peer.requests("BYE")


def test_an_invite_in_an_early_dialog_is_glare() -> None:
    scene = Scene(lambda peer, request: None)
    invitation = scene.alice.call(scene.peer)
    scene.run()
    (invite,) = scene.peer.requests("INVITE")
    scene.peer.respond(invite, 180, tag="one", headers=(("Contact", "<sip:x@10.0.0.2>"),))
    scene.run()
    scene.say("INVITE", From="<sip:peer@10.0.0.2>;tag=one", To=str(invitation.local), Call_ID=invitation.call_id)
    assert scene.codes() == [491]
    scene.alice.do(invitation.end)
    scene.say(
        "INVITE", From="<sip:peer@10.0.0.2>;tag=one", To=str(invitation.local), Call_ID=invitation.call_id, CSeq="2 INVITE"
    )
    assert scene.codes()[-1] == 481


def test_redirections_carry_their_contacts() -> None:
    def script(peer: ScriptedPeer, request: Request) -> None:
        if request.method == "INVITE":
            peer.respond(request, 302, headers=(("Contact", "<sip:elsewhere@example.test>"),))

    scene = Scene(script)
    scene.alice.call(scene.peer)
    scene.run()
    event = scene.alice.last(InvitationFailed)
    assert event.code == 302
    assert event.response is not None
    assert str(event.response.contacts[0].uri) == "sip:elsewhere@example.test"


def test_an_answer_without_contact_is_reached_where_we_called() -> None:
    scene = Scene(lambda peer, request: request.method == "ACK" or (peer.respond(request, 200, body=ANSWER) and None))  # type: ignore[func-returns-value]  # brevity
    invitation = scene.alice.call(scene.peer)
    scene.run()
    assert invitation.remote_contact == URI(user="peer", host="10.0.0.2", port=5060)


# -- digest


def challenging(*methods: str, header: str = PROXY, code: int = 407) -> Callable[[ScriptedPeer, Request], None]:
    """Challenges each request of `methods` until it carries credentials, answers all others."""
    name, answer = (
        ("Proxy-Authenticate", "Proxy-Authorization") if code == 407 else ("WWW-Authenticate", "Authorization")
    )

    def script(peer: ScriptedPeer, request: Request) -> None:
        if request.method == "ACK":
            return
        if request.method in methods and answer not in request.headers:
            peer.respond(request, code, headers=((name, header),))
        else:
            headers = (("Contact", "<sip:callee@10.0.0.2>"),)
            peer.respond(request, 200, headers=headers, body=ANSWER if request.method == "INVITE" else b"")

    return script


@pytest.mark.parametrize("code", [401, 407])
def test_a_challenged_call(code: int) -> None:
    scene = Scene(challenging("INVITE", code=code))
    invitation = scene.alice.call(scene.peer, credentials=PASSWORD)
    scene.run(1)
    assert invitation.state is S.CONFIRMED
    first, second = scene.peer.requests("INVITE")
    assert second.cseq.number == first.cseq.number + 1
    assert (first.call_id, first.from_) == (second.call_id, second.from_)
    refusal, success = scene.peer.requests("ACK")
    assert refusal.via == first.via
    name = "Authorization" if code == 401 else "Proxy-Authorization"
    assert success.headers.get(name) == second.headers.get(name)
    assert success.cseq.number == second.cseq.number
    assert scene.alice.of(InvitationTransaction)[-1].code == 200
    assert len(scene.alice.of(InvitationTransaction)) == 1


def test_a_wrong_password_fails_the_call() -> None:
    def script(peer: ScriptedPeer, request: Request) -> None:
        if request.method == "INVITE":
            peer.respond(request, 407, headers=(("Proxy-Authenticate", PROXY),))

    scene = Scene(script)
    scene.alice.call(scene.peer, credentials=PASSWORD)
    scene.run(1)
    assert scene.alice.last(InvitationFailed).code == 407
    assert len(scene.peer.requests("INVITE")) == 2
    assert len(scene.peer.requests("ACK")) == 2


def test_a_stale_nonce_is_replaced_once_more() -> None:
    answers = iter([PROXY, PROXY.replace("n1", "n2") + ", stale=true", None])

    def script(peer: ScriptedPeer, request: Request) -> None:
        if request.method == "INVITE":
            challenge = next(answers)
            if challenge is None:
                peer.respond(request, 200, body=ANSWER)
            else:
                peer.respond(request, 407, headers=(("Proxy-Authenticate", challenge),))

    scene = Scene(script)
    invitation = scene.alice.call(scene.peer, credentials=PASSWORD)
    scene.run(1)
    assert invitation.state is S.CONFIRMED
    assert len(scene.peer.requests("INVITE")) == 3


def test_a_cancelled_call_answers_no_challenge() -> None:
    scene = Scene(challenging("INVITE"))
    invitation = scene.alice.call(scene.peer, credentials=PASSWORD)
    scene.alice.do(invitation.end)
    scene.run(1)
    assert len(scene.peer.requests("INVITE")) == 1
    assert scene.alice.last(InvitationFailed).code == 487


def test_a_challenged_bye_of_our_own_server_is_answered() -> None:
    scene = Scene(challenging("INVITE", "BYE"))
    invitation = scene.alice.call(scene.peer, credentials=PASSWORD)
    scene.run()
    scene.alice.do(invitation.end)
    scene.run()
    first, second = scene.peer.requests("BYE")
    assert "Proxy-Authorization" not in first.headers
    assert 'realm="example.test"' in (second.headers.get("Proxy-Authorization") or "")
    assert scene.alice.last(InvitationEnded).code == 200


@pytest.mark.parametrize("realm", ["evil.test", "example.test"])
def test_a_challenge_to_our_bye_by_a_stranger_is_not_answered(realm: str) -> None:
    """The published attack: call the victim, wait for its BYE, challenge it, crack the digest."""
    network = SIPNetwork()
    alice = Endpoint(network, "10.0.0.1", "alice", 1)
    registrar = Registrar(network)
    parameters = RegisterParameters(
        registrar=URI(host="example.test"),
        aor=NameAddr(URI(user="alice", host="example.test")),
        contact=alice.contact,
        hop=alice.hop_to(registrar.address),
        credentials=PASSWORD,
    )
    alice.agent.register(parameters, network.now)
    alice.pump()
    network.run(1)
    scene = Scene(challenging("BYE", "INVITE", "OPTIONS", header=f'Digest realm="{realm}", nonce="x"', code=401))
    scene.network, scene.alice = network, alice
    scene.peer = ScriptedPeer(network, "10.0.0.66", scene.peer.script)
    scene.say("INVITE", body=OFFER.decode(), Contact="<sip:evil@10.0.0.66>", Via="SIP/2.0/UDP 10.0.0.66;branch=z9hG4bKe")
    invitation = alice.last(InvitationReceived).invitation
    invitation.credentials = PASSWORD
    alice.do(invitation.accept, ANSWER)
    network.run(0.1)
    scene.say("ACK", To=str(invitation.local), CSeq="1 ACK")
    alice.do(invitation.reinvite, OFFER)
    network.run(0.1)
    assert alice.last(ReinviteAnswered).code == 401
    alice.do(invitation.send_request, "OPTIONS")
    network.run(0.1)
    alice.do(invitation.end)
    network.run(1)
    assert len(scene.peer.requests("BYE")) == 1
    assert alice.last(InvitationEnded).code == 401
    assert all(b"Authorization" not in packet.data for packet in network.packets if packet.target[0] == "10.0.0.66")


def test_a_challenge_inside_a_call_by_the_server_we_registered_with_is_answered() -> None:
    scene = Scene(challenging("REGISTER", "BYE"))
    scene.alice.agent.register(
        RegisterParameters(
            registrar=URI(host="example.test"),
            aor=NameAddr(URI(user="alice", host="example.test")),
            contact=scene.alice.contact,
            hop=scene.alice.hop_to(scene.peer.address),
            credentials=PASSWORD,
        ),
        scene.network.now,
    )
    scene.alice.pump()
    scene.run()
    invitation = scene.incoming()
    invitation.credentials = PASSWORD
    scene.alice.do(invitation.end)
    scene.run()
    assert len(scene.peer.requests("BYE")) == 2


# -- single requests


def request_to(scene: Scene, method: str = "OPTIONS", **options: object) -> RequestParameters:
    values: dict[str, object] = {
        "method": method,
        "request_uri": URI(user="peer", host="10.0.0.2"),
        "from_": NameAddr(URI(user="alice", host="example.test")),
        "to": NameAddr(URI(user="peer", host="10.0.0.2")),
        "hop": scene.alice.hop_to(scene.peer.address),
    }
    values.update(options)
    return RequestParameters(**values)  # type: ignore[arg-type]  # a test's options


def test_a_request_is_answered() -> None:
    scene = Scene(challenging("MESSAGE"))
    parameters = request_to(scene, "MESSAGE", body=b"hi", content_type="text/plain", credentials=PASSWORD)
    made = scene.alice.do(scene.alice.agent.request, parameters)
    scene.run()
    event = scene.alice.last(RequestAnswered)
    assert (event.request, event.code) == (made, 200)
    assert [r.body for r in scene.peer.requests("MESSAGE")] == [b"hi", b"hi"]


def test_a_request_gets_provisional_answers_and_none_at_all() -> None:
    scene = Scene(lambda peer, request: peer.respond(request, 100, tag=None) and None)
    scene.alice.do(scene.alice.agent.request, request_to(scene))
    scene.run(40)
    assert scene.alice.last(RequestFailed).code == 408


def test_an_unreachable_peer_fails_the_request() -> None:
    scene = Scene()
    parameters = request_to(scene)
    scene.alice.do(scene.alice.agent.request, parameters)
    scene.alice.do(scene.alice.agent.flow_failed, parameters.hop, "port unreachable")
    event = scene.alice.last(RequestFailed)
    assert (event.code, event.reason) == (503, "port unreachable")


def test_requests_with_usages_of_their_own_are_refused() -> None:
    scene = Scene()
    for method in ("INVITE", "ACK", "BYE", "CANCEL"):
        with pytest.raises(ValueError):
            scene.alice.do(scene.alice.agent.request, request_to(scene, method))


def test_credentials_for_another_realm_stay_at_home() -> None:
    scene = Scene(challenging("OPTIONS"))
    credentials = Credentials("alice", "secret", "other.test")
    scene.alice.do(scene.alice.agent.request, request_to(scene, credentials=credentials))
    scene.run()
    assert scene.alice.last(RequestAnswered).code == 407


def test_an_idle_agent_waits_for_nothing() -> None:
    agent = Agent(AgentConfig(), SeededEntropy(1))
    assert agent.deadline() is None
    agent.tick(5.0)
    assert agent.drain() == []
    assert agent.config.timing.patience == 32


def test_requests_within_calls_are_dropped_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    invitation = scene.incoming()
    monkeypatch.setattr("blinkq.sip.agent.MAX_TRANSACTIONS", 2)
    for number in range(2, 6):
        scene.say("OPTIONS", To=str(invitation.local), CSeq=f"{number} OPTIONS")
    assert len(scene.codes()) == 3
    scene.say("BYE", To=str(invitation.local), CSeq="7 BYE")
    assert scene.alice.of(InvitationEnded)


def test_the_timestamp_of_an_invite_comes_back_with_100() -> None:
    scene = Scene()
    scene.say("INVITE", "Timestamp: 54.21")
    assert scene.answers()[0].headers.get("Timestamp") == "54.21"


def test_a_provisional_answer_without_a_tag_makes_no_dialog() -> None:
    scene = Scene(lambda peer, request: peer.respond(request, 183, tag=None) and None)
    invitation = scene.alice.call(scene.peer)
    scene.run()
    assert scene.alice.last(InvitationProgressed).code == 183
    assert invitation.remote_contact is None
    assert scene.alice.agent._context.dialogs == {}


def test_a_request_with_a_broken_to_is_answered_all_the_same() -> None:
    scene = Scene()
    scene.alice.agent.receive_datagram(
        b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1\r\nFrom: <sip:b>\r\nTo: <sip:broken\r\n"
        b"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n",
        scene.alice.flow_from(scene.peer.address),
        0.0,
    )
    (transmit,) = scene.alice.agent.drain()
    assert isinstance(transmit, Transmit)
    assert b"To: <sip:broken\r\n" in transmit.data


def test_many_changes_keep_few_acknowledgements() -> None:
    pair = SIPPair()
    outgoing, incoming = pair.connect()
    for _ in range(40):
        pair.alice.do(outgoing.reinvite, OFFER, pair.alice.contact)
        pair.run(0.1)
        pair.bob.do(incoming.accept_reinvite, ANSWER)
        pair.run(0.1)
    assert len(pair.alice.of(ReinviteAnswered)) == 40
    assert len(outgoing._call._acks) == 32


def test_the_end_is_told_once() -> None:
    pair = SIPPair()
    outgoing, _ = pair.connect()
    pair.alice.do(outgoing.end)
    pair.run(1)
    outgoing._call.finish("local", 200, "OK", "again", pair.network.now)
    assert len(pair.alice.of(InvitationEnded)) == 1
