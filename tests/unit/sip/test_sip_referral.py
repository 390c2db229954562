"""REFER in a call, the peer's reports about it, and what is refused (RFC 3515, RFC 4488)."""

from __future__ import annotations

import pytest
from support.sip_pair import SIPPair

from blinkq.base.errors import IllegalStateError
from blinkq.sip.address import NameAddr
from blinkq.sip.dialog_events import ReferAccepted, ReferEnded, ReferProgressed, ReferReceived, ReferReported
from blinkq.sip.events import InvitationEnded, RequestAnswered
from blinkq.sip.message import Request
from blinkq.sip.replaces import Replaces
from blinkq.sip.usages.incoming_referral import IncomingReferral
from blinkq.sip.usages.invitation import Invitation, InvitationState
from blinkq.sip.usages.referral import PATIENCE, Referral

CAROL = NameAddr.parse("<sip:carol@10.0.0.3>")


class Scene(SIPPair):
    """Alice and Bob in a call."""

    def __init__(self) -> None:
        super().__init__()
        self.ours, self.theirs = self.connect()

    def refer(self, refer_to: NameAddr = CAROL, *headers: tuple[str, str]) -> tuple[Referral, IncomingReferral]:
        sent = self.alice.do(self.ours.refer, refer_to, headers)
        self.run(0.1)
        return sent, self.bob.last(ReferReceived).referral

    def accepted(self, *headers: tuple[str, str]) -> tuple[Referral, IncomingReferral]:
        sent, received = self.refer(CAROL, *headers)
        self.bob.do(received.accept)
        self.run(0.1)
        return sent, received

    def progress(self) -> list[int]:
        return [event.code for event in self.alice.of(ReferProgressed)]

    def outcome(self) -> tuple[int, str]:
        (event,) = self.alice.of(ReferEnded)
        return event.code, event.reason

    def notifies(self) -> list[Request]:
        found = [packet.message for packet in self.network.sent(self.bob.address, "NOTIFY")]
        return [message for message in found if isinstance(message, Request)]

    def say(self, invitation: Invitation, method: str, *headers: tuple[str, str], body: bytes = b"", kind: str | None = None) -> int:
        """The code that Bob gets for a request of his own."""
        self.bob.do(invitation.send_request, method, headers, body, kind)
        self.run(0.1)
        return self.bob.last(RequestAnswered).code


def test_a_transfer_from_refer_to_its_last_report() -> None:
    scene = Scene()
    sent, received = scene.accepted(("Referred-By", "<sip:alice@example.test>"))
    assert (received.refer_to, received.referred_by, received.replaces) == (CAROL, "<sip:alice@example.test>", None)
    assert scene.alice.last(ReferAccepted).code == 202
    assert scene.progress() == [100]
    scene.bob.do(received.notify, 180)
    scene.bob.do(received.notify, 200, "All right")
    scene.run(0.1)
    assert scene.progress() == [100, 180, 200]
    assert scene.outcome() == (200, "All right")
    assert sent.finished
    assert received.finished
    assert len(scene.bob.of(ReferReported)) == 1
    states = [notify.headers.get("Subscription-State") for notify in scene.notifies()]
    assert states == ["active;expires=300", "active;expires=300", "terminated;reason=noresource"]
    assert {notify.headers.get("Event") for notify in scene.notifies()} == {"refer"}
    assert scene.notifies()[-1].body == b"SIP/2.0 200 All right\r\n"
    assert scene.notifies()[-1].content_type == "message/sipfrag"
    assert scene.ours.state is InvitationState.CONFIRMED
    scene.bob.do(received.notify, 486)  # the last word is said
    scene.run(PATIENCE + 1)
    assert len(scene.notifies()) == 3
    assert scene.outcome() == (200, "All right")


def test_a_second_transfer_names_itself() -> None:
    scene = Scene()
    _, first = scene.accepted()
    scene.bob.do(first.notify, 486)
    scene.run(0.1)
    sent, second = scene.accepted()
    scene.bob.do(second.notify, 200)
    scene.run(0.1)
    assert [event.code for event in scene.alice.of(ReferEnded)] == [486, 200]
    assert scene.notifies()[-1].headers.get("Event") == f"refer;id={sent.cseq}"


def test_a_refused_transfer() -> None:
    scene = Scene()
    sent, received = scene.refer()
    scene.bob.do(received.reject, 603, "No")
    scene.run(0.1)
    assert scene.outcome() == (603, "No")
    assert not scene.alice.of(ReferAccepted)
    assert sent.finished
    assert not scene.notifies()
    scene.refer()  # another one may be tried


def test_a_transfer_into_a_lost_call_ends_it() -> None:
    scene = Scene()
    scene.bob.agent._context.dialogs.clear()
    scene.alice.do(scene.ours.refer, CAROL)
    scene.run(1)
    assert scene.outcome()[0] == 481
    assert scene.alice.last(InvitationEnded).code == 481


def test_a_refer_that_nobody_answers() -> None:
    scene = Scene()
    scene.network.lose = lambda packet: True
    scene.alice.do(scene.ours.refer, CAROL)
    scene.run(40)
    assert scene.outcome()[0] == 408


def test_a_peer_that_never_reports() -> None:
    scene = Scene()
    scene.accepted()
    scene.run(PATIENCE - 1)
    assert not scene.alice.of(ReferEnded)
    scene.run(2)
    assert scene.outcome() == (0, "timeout")


def test_reports_may_overtake_the_answer() -> None:
    scene = Scene()
    _, received = scene.refer()
    scene.network.lose = lambda packet: packet.data.startswith(b"SIP/2.0 202")
    scene.bob.do(received.accept)
    scene.run(0.2)
    assert len(scene.alice.of(ReferAccepted)) == 1
    assert scene.progress() == [100]
    scene.network.lose = lambda packet: False
    scene.run(5)
    assert len(scene.alice.of(ReferAccepted)) == 1


def test_no_reports_are_sent_when_none_are_wanted() -> None:
    scene = Scene()
    _, received = scene.accepted(("Refer-Sub", "false"), ("Require", "norefersub"))
    (ended,) = scene.alice.of(ReferEnded)
    assert (ended.code, ended.known) == (200, False)
    scene.bob.do(received.notify, 180)
    assert not scene.bob.of(ReferReported)
    scene.bob.do(received.notify, 200)
    assert len(scene.bob.of(ReferReported)) == 1
    assert not scene.notifies()


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_the_call_ends_first(who: str) -> None:
    scene = Scene()
    _, received = scene.accepted()
    endpoint, invitation = (scene.alice, scene.ours) if who == "alice" else (scene.bob, scene.theirs)
    endpoint.do(invitation.end)
    scene.run(2)
    assert scene.outcome() == (0, "invite dialog ended")
    scene.bob.do(received.notify, 200)
    scene.run(1)
    assert len(scene.notifies()) == 1


def test_the_call_ends_before_anybody_has_decided() -> None:
    scene = Scene()
    scene.refer()
    scene.bob.do(scene.theirs.end)
    scene.run(2)
    assert scene.outcome() in ((487, "Request Terminated"), (0, "invite dialog ended"))


def test_only_one_transfer_at_a_time() -> None:
    scene = Scene()
    _, received = scene.refer()
    with pytest.raises(IllegalStateError):
        scene.alice.do(scene.ours.refer, CAROL)
    with pytest.raises(IllegalStateError):
        scene.bob.do(scene.theirs.refer, CAROL)
    assert scene.say(scene.theirs, "REFER", ("Refer-To", str(CAROL))) == 480
    with pytest.raises(IllegalStateError):
        scene.bob.do(received.notify, 180)
    with pytest.raises(ValueError, match="not a refusal"):
        scene.bob.do(received.reject, 200)
    scene.bob.do(received.accept)
    with pytest.raises(IllegalStateError):
        scene.bob.do(received.accept)
    with pytest.raises(IllegalStateError):
        scene.bob.do(received.reject, 603)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("Refer-To", "nonsense"),),
        (("Refer-To", "<sip:a@x>"), ("Refer-To", "<sip:b@x>")),
        (("Refer-To", "<http://example.test/>"),),
        (("Refer-To", "<sip:a@x;method=BYE>"),),
        (("Refer-To", "<sip:a@x?Replaces=nonsense>"),),
    ],
)
def test_a_refer_without_a_sensible_target_is_refused(headers: tuple[tuple[str, str], ...]) -> None:
    scene = Scene()
    assert scene.say(scene.theirs, "REFER", *headers) == 400
    assert not scene.alice.of(ReferReceived)


def test_the_target_is_told_without_its_headers() -> None:
    scene = Scene()
    replaces = Replaces("7@x", "to", "from")
    _, received = scene.refer(NameAddr(replaces.put_into(CAROL.uri.replace(parameters={"transport": "tcp", "method": "INVITE"})), "Carol"))
    assert str(received.refer_to) == '"Carol" <sip:carol@10.0.0.3;transport=tcp>'
    assert received.replaces == replaces


@pytest.mark.parametrize("event", ["refer", "refer;id=77", "refer;id=x", 'refer;"', "presence", ""])
def test_reports_about_nothing_of_ours_are_refused(event: str) -> None:
    scene = Scene()
    assert scene.say(scene.theirs, "NOTIFY", ("Event", event), ("Subscription-State", "active")) == 481
    assert not scene.alice.of(ReferProgressed)


def test_a_subscription_that_the_peer_ends_without_an_outcome() -> None:
    scene = Scene()
    sent, _ = scene.accepted()
    bad = ("Event", "refer;id=1"), ("Subscription-State", "terminated;reason=timeout")
    assert scene.say(scene.theirs, "NOTIFY", *bad) == 481
    odd = ("Event", "refer"), ("Subscription-State", 'active;"')
    assert scene.say(scene.theirs, "NOTIFY", *odd, body=b"nonsense", kind="text/plain") == 200
    end = ("Event", f"refer;id={sent.cseq}"), ("Subscription-State", "terminated;reason=timeout")
    assert scene.say(scene.theirs, "NOTIFY", *end) == 200
    assert scene.outcome() == (0, "timeout")
    assert scene.say(scene.theirs, "NOTIFY", *end) == 200  # said twice, heard once
    assert scene.outcome() == (0, "timeout")
    assert scene.progress() == [100]


def test_a_peer_that_forgets_to_end_the_subscription() -> None:
    scene = Scene()
    scene.accepted()
    body = b"SIP/2.0 200 OK\r\n\r\n"
    assert scene.say(scene.theirs, "NOTIFY", ("Event", "refer"), ("Subscription-State", "active"), body=body, kind="message/sipfrag") == 200
    assert scene.outcome() == (200, "OK")


def subscribe(scene: Scene, *headers: tuple[str, str]) -> int:
    """The code that Alice gets for a SUBSCRIBE in the call."""
    scene.alice.do(scene.ours.send_request, "SUBSCRIBE", headers)
    scene.run(0.1)
    return scene.alice.last(RequestAnswered).code


def test_the_subscription_may_be_renewed() -> None:
    scene = Scene()
    sent, received = scene.accepted()
    assert sent.cseq == received.number
    scene.bob.do(received.notify, 180)
    assert subscribe(scene, ("Event", "refer"), ("Expires", "7200")) == 200
    assert scene.alice.last(RequestAnswered).response.expires == 300
    assert scene.progress() == [100, 180, 180]
    assert subscribe(scene, ("Event", f"refer;id={sent.cseq}")) == 200
    assert subscribe(scene, ("Event", "presence")) == 489


@pytest.mark.parametrize("event", ["refer", "refer;id=7"])
def test_a_subscription_to_no_transfer_cannot_be_renewed(event: str) -> None:
    scene = Scene()
    if event != "refer":
        scene.accepted()
    assert subscribe(scene, ("Event", event)) == 481
    assert scene.alice.last(InvitationEnded).code == 481  # whoever asks for it believes that the call is lost


def test_a_peer_that_never_hears_the_outcome() -> None:
    scene = Scene()
    _, received = scene.accepted()
    scene.network.lose = lambda packet: packet.data.startswith(b"NOTIFY")
    scene.bob.do(received.notify, 200)
    scene.run(20)
    assert not scene.bob.of(ReferReported)
    scene.run(20)
    assert len(scene.bob.of(ReferReported)) == 1


def test_an_answer_that_comes_after_the_outcome() -> None:
    scene = Scene()
    _, received = scene.refer()
    scene.network.lose = lambda packet: packet.data.startswith(b"SIP/2.0 202")
    scene.bob.do(received.accept)
    scene.bob.do(received.notify, 200)
    scene.run(0.2)
    scene.network.lose = lambda packet: False
    scene.run(5)
    assert scene.outcome() == (200, "OK")


def test_a_refer_that_is_lost_with_its_call() -> None:
    scene = Scene()
    scene.network.lose = lambda packet: packet.data.startswith(b"REFER")
    scene.alice.do(scene.ours.refer, CAROL)
    scene.alice.do(scene.ours.end)
    scene.run(40)
    assert scene.outcome() == (0, "invite dialog ended")
