"""The Replaces header: reading and writing it, and which call an INVITE with it means (RFC 3891)."""

from __future__ import annotations

import pytest
from support.sip_pair import ANSWER, Endpoint, SIPPair

from blinkq.sip.dialog import DialogID
from blinkq.sip.errors import SIPParseError
from blinkq.sip.events import InvitationFailed, InvitationReceived, RequestAnswered
from blinkq.sip.message import Headers, Message
from blinkq.sip.replaces import Replacement, Replaces, replaces_in, replaces_of
from blinkq.sip.uri import URI
from blinkq.sip.usages.invitation import Invitation


def test_the_header_is_read_and_written() -> None:
    replaces = Replaces.parse("12@host ; to-tag=a ;from-tag=b;early-only;other=1")
    assert replaces == Replaces("12@host", "a", "b", True)
    assert str(replaces) == "12@host;to-tag=a;from-tag=b;early-only"
    assert replaces.dialog == DialogID("12@host", "a", "b")
    assert Replaces.parse("1;to-tag=0;from-tag=0").dialog == DialogID("1", "", "")
    assert str(Replaces.of_dialog(DialogID("1", "mine", ""))) == "1;to-tag=0;from-tag=mine"


@pytest.mark.parametrize("text", ["", "1", "1;to-tag=a", "1;from-tag=a", ";to-tag=a;from-tag=b", "1 2;to-tag=a;from-tag=b", '1;to-tag="'])
def test_what_is_no_replaces_header(text: str) -> None:
    with pytest.raises(SIPParseError):
        Replaces.parse(text)


def test_there_is_one_or_none() -> None:
    line = ("Replaces", "1;to-tag=a;from-tag=b")
    assert replaces_of(Message(Headers())) is None
    assert replaces_of(Message(Headers([line]))) == Replaces("1", "a", "b")
    with pytest.raises(SIPParseError):
        replaces_of(Message(Headers([line, line])))


def test_it_travels_in_a_uri() -> None:
    replaces = Replaces("12%40x@host", "a", "b", True)
    uri = replaces.put_into(URI.parse("sip:bob@example.test;transport=tcp?Subject=x"))
    assert replaces_in(URI.parse(str(uri))) == replaces
    assert uri.headers["subject"] == "x"
    assert replaces_in(URI.parse("sip:bob@example.test")) is None


class Scene(SIPPair):
    """Carol wants to take the place of somebody in a call between Alice and Bob."""

    def __init__(self) -> None:
        super().__init__()
        self.carol = Endpoint(self.network, "10.0.0.3", "carol", 3)

    def replace(self, at: Endpoint, value: str) -> Replacement:
        self.carol.call(at, headers=(("Replaces", value),))
        self.run(0.1)
        found = at.last(InvitationReceived).replacement
        assert found is not None
        return found

    def header(self, invitation: Invitation) -> str:
        """As somebody writes it who wants to replace the other side of `invitation`."""
        dialog = invitation.dialog_id
        assert dialog is not None
        return str(Replaces.of_dialog(dialog))


def test_a_standing_call_is_found() -> None:
    scene = Scene()
    outgoing, incoming = scene.connect()
    assert scene.replace(scene.bob, scene.header(outgoing)).invitation is incoming
    assert scene.replace(scene.alice, scene.header(incoming)).invitation is outgoing


def test_a_standing_call_is_not_early() -> None:
    scene = Scene()
    outgoing, _ = scene.connect()
    found = scene.replace(scene.bob, scene.header(outgoing) + ";early-only")
    assert (found.invitation, found.code) == (None, 486)


def test_a_ringing_call_is_replaced_by_its_caller_only() -> None:
    scene = Scene()
    outgoing, incoming = scene.ring()
    found = scene.replace(scene.alice, scene.header(incoming) + ";early-only")
    assert found.invitation is outgoing
    assert scene.replace(scene.bob, scene.header(outgoing)).code == 481


def test_a_call_whose_ack_is_late_is_found() -> None:
    scene = Scene()
    outgoing, incoming = scene.ring()
    scene.network.lose = lambda packet: packet.data.startswith(b"ACK")
    scene.bob.do(incoming.accept, ANSWER, scene.bob.contact)
    scene.run(0.1)
    assert scene.replace(scene.bob, scene.header(outgoing)).invitation is incoming


def test_a_call_that_is_over_or_ends_is_declined() -> None:
    scene = Scene()
    outgoing, incoming = scene.connect()
    header = scene.header(incoming)
    scene.network.lose = lambda packet: packet.data.startswith(b"BYE")
    scene.alice.do(outgoing.end)
    scene.run(0.1)
    assert scene.replace(scene.alice, header).code == 603
    scene.network.lose = lambda packet: False
    scene.run(5)
    assert scene.replace(scene.alice, header).code == 603


def test_an_unknown_call_and_nonsense_are_told_apart() -> None:
    scene = Scene()
    unknown = scene.replace(scene.bob, "1;to-tag=a;from-tag=b")
    assert (unknown.code, unknown.replaces) == (481, Replaces("1", "a", "b"))
    bad = scene.replace(scene.bob, "nonsense")
    assert (bad.code, bad.replaces) == (481, None)


def test_other_calls_replace_nothing() -> None:
    pair = SIPPair()
    pair.ring()
    assert pair.bob.last(InvitationReceived).replacement is None


def test_only_calls_replace() -> None:
    scene = Scene()
    outgoing, _ = scene.connect()
    scene.alice.do(outgoing.send_request, "OPTIONS", [("Replaces", "1;to-tag=a;from-tag=b")])
    scene.run(0.1)
    assert scene.alice.last(RequestAnswered).code == 400


def test_an_invite_that_requires_it_is_taken() -> None:
    scene = Scene()
    outgoing, incoming = scene.connect()
    scene.carol.call(scene.bob, headers=(("Replaces", scene.header(outgoing)), ("Require", "replaces")))
    scene.run(0.1)
    assert not scene.carol.of(InvitationFailed)
    replacement = scene.bob.last(InvitationReceived).replacement
    assert replacement is not None
    assert replacement.invitation is incoming
