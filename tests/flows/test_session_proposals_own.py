"""Streams that we add, remove and take back: each outcome with its whole sequence of notifications."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import flow
from support.proposals import ProposalScene, proposal_scene
from support.text_stream import text_line

from blinkq.base.catalogue import post
from blinkq.base.notification import NotificationCenter
from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import InvitationEnded, ReinviteAnswered, ReinviteReceived
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings
from blinkq.sipsimple.session import IllegalStateError, Session
from blinkq.sipsimple.streams import AudioStream

INVITE_200 = ("DidProcessTransaction", "local", "INVITE", 200)


@flow
async def test_a_stream_is_added_and_removed() -> None:
    async with proposal_scene() as s:
        stream = s.text()
        s.answers(text_line(7000))
        s.session.add_stream(stream)
        assert s.session.state == "sending_proposal"
        assert s.session.proposed_streams == [stream]
        await s.until("DidRenegotiateStreams")
        assert s.told == [
            ("GotProposal", "local"), INVITE_200, ("GotAcceptProposal", "local"), ("DidRenegotiateStreams", "local", "add"),
        ]  # fmt: skip
        for name in ("GotProposal", "GotAcceptProposal"):
            assert (s.data(name).streams, s.data(name).proposed_streams) == ([stream], [stream])
        assert s.data("GotAcceptProposal").accepted_streams == [stream]
        done = s.data("DidRenegotiateStreams")
        assert (done.streams, done.added_streams, done.removed_streams) == ([stream], [stream], [])
        assert (s.session.state, s.session.streams, s.session.proposed_streams) == ("connected", [s.audio, stream], None)
        assert stream.asked == ["initialize outgoing", "offer", "start 1"]
        assert stream.peer_port == 7000
        assert [line.media for line in s.bob.offer().media] == ["audio", "text"]
        s.answers(text_line(0))
        s.session.remove_stream(stream)
        assert s.session.state == "sending_proposal"
        await s.until("DidRenegotiateStreams", 2)
        assert s.told[4:] == [INVITE_200, ("DidRenegotiateStreams", "local", "remove")]
        done = s.data("DidRenegotiateStreams")
        assert (done.streams, done.added_streams, done.removed_streams) == ([stream], [], [stream])
        assert stream.asked[3:] == ["deactivate", "deactivate", "end"]
        assert [line.port for line in s.bob.offer().media] == [50000, 0]
        assert s.bob.offer().media[1].attributes == ()
        assert (s.session.state, s.session.streams) == ("connected", [s.audio])


@flow
async def test_the_line_of_a_removed_stream_is_used_again() -> None:
    async with proposal_scene() as s:
        first = await s.with_text()
        s.answers(text_line(0))
        s.session.remove_stream(first)
        await s.until("DidRenegotiateStreams", 2)
        second, third = s.text(), s.text()
        s.answers(text_line(7100), text_line(7200))
        s.session.add_streams([second, third])
        await s.until("DidRenegotiateStreams", 3)
        assert [line.port for line in s.bob.offer().media] == [50000, 6000, 6000]
        assert (second.peer_port, third.peer_port) == (7100, 7200)
        assert s.session.streams == [s.audio, second, third]
        versions = [SessionDescription.parse(event.sdp).origin.version for event in s.bob.all(ReinviteReceived)]
        assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


@flow
async def test_an_accepted_part() -> None:
    async with proposal_scene() as s:
        wanted, refused = s.text(), s.text()
        s.answers(text_line(7000), text_line(0))
        s.session.add_streams([wanted, refused])
        await s.until("DidRenegotiateStreams")
        data = s.data("GotAcceptProposal")
        assert (data.streams, data.accepted_streams, data.proposed_streams) == ([wanted], [wanted], [wanted, refused])
        assert s.data("DidRenegotiateStreams").added_streams == [wanted]
        assert refused.asked[-2:] == ["deactivate", "end"]
        assert s.session.streams == [s.audio, wanted]


@flow
async def test_an_answer_without_any_of_the_streams() -> None:
    async with proposal_scene() as s:
        stream = s.text()
        s.answers(text_line(0))
        s.session.add_stream(stream)
        await s.until("GotRejectProposal")
        assert s.told == [("GotProposal", "local"), INVITE_200, ("GotRejectProposal", "local", 200, "OK")]
        assert stream.asked[-1] == "end"
        assert (s.session.state, s.session.proposed_streams, s.session.streams) == ("connected", None, [s.audio])


@pytest.mark.parametrize(("code", "reason"), [(488, "Not Acceptable Here"), (491, "Request Pending"), (603, "Decline")])
@flow
async def test_a_refusal(code: int, reason: str) -> None:
    async with proposal_scene() as s:
        stream = s.text()
        s.on_reinvite(lambda invitation: s.bob.do(invitation.reject_reinvite, code))
        s.session.add_stream(stream)
        await s.until("GotRejectProposal")
        assert s.told == [
            ("GotProposal", "local"), ("DidProcessTransaction", "local", "INVITE", code), ("GotRejectProposal", "local", code, reason),
        ]  # fmt: skip
        data = s.data("GotRejectProposal")
        assert (data.streams, data.proposed_streams) == ([stream], [stream])
        assert stream.asked == ["initialize outgoing", "offer", "deactivate", "end"]
        assert s.session.state == "connected"
        s.answers(audio="recvonly")
        s.session.hold()
        await s.until("DidChangeHoldState")
        assert len(s.bob.offer().media) == 1  # the refused line never was


@flow
async def test_the_peer_rings_before_it_answers() -> None:
    async with proposal_scene() as s:
        s.on_reinvite(lambda invitation: s.bob.do(invitation.ring_reinvite, 180))
        s.session.add_stream(s.text())
        await s.until("GotRingIndication", 1)
        await s.until("GotProvisionalResponse")
        assert s.session.state == "sending_proposal"
        s.bob.do(s.peer_invitation.accept_reinvite, s.sdp(text_line()))
        await s.until("DidRenegotiateStreams")
        assert [line[0] for line in s.told] == [
            "GotProposal", "GotRingIndication", "GotProvisionalResponse", "DidProcessTransaction", "GotAcceptProposal",
            "DidRenegotiateStreams",
        ]  # fmt: skip


@flow
async def test_a_proposal_is_taken_back() -> None:
    async with proposal_scene() as s:
        stream = s.text()
        s.session.add_stream(stream)
        await s.bob.until(ReinviteReceived)
        await s.settle()
        s.session.cancel_proposal()
        assert s.session.state == "cancelling_proposal"
        await s.until("GotRejectProposal")
        assert s.told == [
            ("GotProposal", "local"), ("DidProcessTransaction", "local", "INVITE", 487),
            ("GotRejectProposal", "local", 487, "Request Terminated"),
        ]  # fmt: skip
        assert stream.asked[-1] == "end"
        assert s.session.state == "connected"


@flow
async def test_a_proposal_is_taken_back_before_it_is_sent() -> None:
    async with proposal_scene() as s:
        stream = s.text("no initialize")
        s.session.add_stream(stream)
        s.session.cancel_proposal()
        await s.until("GotRejectProposal")
        assert s.told == [("GotRejectProposal", "local", 487, "Request Terminated")]
        assert stream.asked == ["initialize outgoing", "deactivate", "end"]
        assert not s.bob.all(ReinviteReceived)


@flow
async def test_a_proposal_is_taken_back_while_its_streams_start() -> None:
    async with proposal_scene() as s:
        stream = s.text("no start")
        s.answers(text_line())
        s.session.add_stream(stream)
        await s.until("DidProcessTransaction", 2)
        s.answers(text_line(0))
        s.session.cancel_proposal()
        await s.settle()
        assert s.told[-2:] == [("GotRejectProposal", "local", 487, "Request Terminated"), INVITE_200]
        assert [line.port for line in s.bob.offer().media] == [50000, 0]
        assert s.session.state == "connected"


@flow
async def test_an_acceptance_that_crosses_the_cancel_ends_the_call() -> None:
    async with proposal_scene() as s:
        s.session.add_stream(s.text())
        await s.bob.until(ReinviteReceived)
        await s.settle()
        s.bob.do(s.peer_invitation.accept_reinvite, s.sdp(text_line()))
        s.session.cancel_proposal()
        await s.until("DidEnd")
        assert s.told[1:3] == [INVITE_200, ("WillEnd", "local")]
        assert s.told[-1] == ("DidEnd", "local", "user request")


@flow
async def test_a_peer_that_never_answers() -> None:
    async with proposal_scene() as s:
        begin = s.scene.now
        s.session.add_stream(s.text())
        await s.until("GotRejectProposal")
        assert s.scene.now - begin == pytest.approx(float(SIPSimpleSettings().sip.invite_timeout or 0), abs=0.1)
        assert s.told[-1] == ("GotRejectProposal", "local", 487, "Request Terminated")
        assert s.session.state == "connected"


@pytest.mark.expect_warnings
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("initialize", "text media stream did not initialize: initialize failed"),
        ("raise initialize", "text media stream did not initialize: initialize broke"),
        ("no initialize", "media stream did not initialize: timed-out"),
        ("raise media", "text media stream failed: no media"),
    ],
)
@flow
async def test_streams_that_cannot_be_offered(trouble: str, reason: str) -> None:
    async with proposal_scene() as s:
        good, bad = s.text(), s.text(trouble)
        s.session.add_streams([good, bad])
        await s.until("HadProposalFailure")
        assert s.told == [("HadProposalFailure", "local", reason)]
        data = s.data("HadProposalFailure")
        assert (data.streams, data.proposed_streams) == ([good, bad], [good, bad])
        assert good.asked[-1] == bad.asked[-1] == "end"
        assert not s.bob.all(ReinviteReceived)
        assert s.session.state == "connected"


@pytest.mark.expect_warnings
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("start", "text media stream failed: start failed"),
        ("raise start", "text media stream failed: start broke"),
        ("no start", "media stream timed-out while starting"),
    ],
)
@flow
async def test_streams_that_do_not_start(trouble: str, reason: str) -> None:
    async with proposal_scene() as s:
        stream = s.text(trouble)
        s.answers(text_line())
        s.session.add_stream(stream)
        await s.until("HadProposalFailure")
        assert s.told[:3] == [("GotProposal", "local"), INVITE_200, ("HadProposalFailure", "local", reason)]
        s.answers(text_line(0))
        await s.settle()
        assert stream.asked[-1] == "end"
        assert s.bob.offer().media[1].port == 0  # the peer is told
        assert (s.session.state, s.session.streams) == ("connected", [s.audio])


@pytest.mark.parametrize("answer", [lambda s: s.sdp(), lambda s: s.sdp(text_line()).replace(b"m=text", b"m=image"), lambda s: b"nonsense"])
@flow
async def test_unusable_answers(answer: Any) -> None:
    async with proposal_scene() as s:
        s.on_reinvite(lambda invitation: s.bob.do(invitation.accept_reinvite, answer(s)))
        stream = s.text()
        s.session.add_stream(stream)
        data = await s.until("HadProposalFailure")
        assert data.failure_reason.startswith("SDP negotiation failed: ")
        assert [line[0] for line in s.told][:3] == ["GotProposal", "DidProcessTransaction", "HadProposalFailure"]
        assert stream.asked[-1] == "end"
        await s.settle()
        assert s.session.state == "connected"


@flow
async def test_the_peer_hangs_up_instead() -> None:
    async with proposal_scene() as s:
        stream = s.text()
        s.session.add_stream(stream)
        await s.bob.until(ReinviteReceived)
        s.bob.do(s.peer_invitation.end)
        await s.until("DidEnd")
        assert s.told == [
            ("GotProposal", "local"), ("DidProcessTransaction", "local", "INVITE", 487),
            ("GotRejectProposal", "local", 487, "Request Terminated"), ("WillEnd", "remote"),
            ("DidProcessTransaction", "remote", "BYE", 200), ("DidEnd", "remote", "user request"),
        ]  # fmt: skip
        assert stream.asked.count("end") == 1


@flow
async def test_the_call_ends_while_accepted_streams_start() -> None:
    async with proposal_scene() as s:
        stream = s.text("no start")
        s.answers(text_line())
        s.session.add_stream(stream)
        await s.until("DidProcessTransaction", 2)
        s.bob.do(s.peer_invitation.end)
        await s.until("DidEnd")
        assert s.told[2:] == [
            ("HadProposalFailure", "local", "the session ended"), ("WillEnd", "remote"), ("DidProcessTransaction", "remote", "BYE", 200),
            ("DidEnd", "remote", "user request"),
        ]  # fmt: skip
        assert stream.asked.count("end") == 1


@flow
async def test_we_hang_up_while_a_proposal_is_under_way() -> None:
    async with proposal_scene() as s:
        stream = s.text()
        s.session.add_stream(stream)
        await s.bob.until(ReinviteReceived)
        s.session.end()
        await s.until("DidEnd")
        names = [line[0] for line in s.told]
        assert names.count("DidEnd") == 1
        assert not {"GotAcceptProposal", "GotRejectProposal", "HadProposalFailure"} & set(names)
        assert stream.asked[-1] == "end"
        await s.bob.until(InvitationEnded)


# glare -------------------------------------------------------------------------------------------------------------------------------


@flow
async def test_both_propose_at_once() -> None:
    async with proposal_scene() as s:
        s.session.add_stream(s.text())
        s.offers(text_line())
        assert (await s.bob.until(ReinviteAnswered)).code == 491
        await s.until("GotRejectProposal")
        assert s.told == [
            ("GotProposal", "local"), ("DidProcessTransaction", "local", "INVITE", 491),
            ("GotRejectProposal", "local", 491, "Request Pending"),
        ]  # fmt: skip


@flow
async def test_the_peers_re_invite_is_quicker_than_our_streams() -> None:
    async with proposal_scene() as s:
        stream = s.text("no initialize")
        s.session.add_stream(stream)
        s.offers(audio="sendonly")
        await s.until("DidChangeHoldState")
        assert s.told[:3] == [
            ("HadProposalFailure", "local", "received stream proposal"), ("DidProcessTransaction", "remote", "INVITE", 200),
            ("DidChangeHoldState", "remote", True, False),
        ]  # fmt: skip
        assert (await s.bob.until(ReinviteAnswered)).code == 200
        assert s.session.state == "connected"


@flow
async def test_the_peers_re_invite_comes_while_accepted_streams_start() -> None:
    async with proposal_scene() as s:
        stream = s.text("no start")
        s.answers(text_line())
        s.session.add_stream(stream)
        await s.until("DidProcessTransaction", 2)
        await s.settle(0.1)
        s.offers(text_line(), audio="sendonly", version=3)
        assert (await s.bob.until(ReinviteAnswered)).code == 491


@flow
async def test_a_proposal_waits_for_the_peers_acknowledgement() -> None:
    async with proposal_scene() as s:
        s.answers(text_line())
        s.offers(port=4400)
        while not any(line[0] == "DidChangeHoldState" for line in s.told) and s.scene.recorder.names.count(
            "AudioStreamDidChangeRTPParameters"
        ) < 1:
            await s.settle(0.0005)
        s.session.add_stream(s.text())
        await s.until("DidRenegotiateStreams")
        assert s.session.state == "connected"


@flow
async def test_hold_during_a_proposal_comes_after_it() -> None:
    async with proposal_scene() as s:
        stream = s.text()
        s.session.add_stream(stream)
        await s.bob.until(ReinviteReceived)
        s.session.hold()
        s.answers(text_line(7000, "recvonly"), audio="recvonly")
        s.bob.do(s.peer_invitation.accept_reinvite, s.sdp(text_line()))
        data = await s.until("DidChangeHoldState")
        assert (data.originator, data.on_hold, data.partial) == ("local", True, False)
        assert stream.on_hold_by_local
        assert [s.bob.offer().direction_of(index) for index in (0, 1)] == ["sendonly", "sendonly"]


# removal -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [488, 500])
@flow
async def test_a_stream_goes_even_if_the_peer_refuses(code: int) -> None:
    async with proposal_scene() as s:
        stream = await s.with_text()
        s.on_reinvite(lambda invitation: s.bob.do(invitation.reject_reinvite, code))
        s.session.remove_stream(stream)
        await s.until("DidRenegotiateStreams", 2)
        assert s.told == [("DidProcessTransaction", "local", "INVITE", code), ("DidRenegotiateStreams", "local", "remove")]
        assert stream.asked[-1] == "end"
        assert (s.session.state, s.session.streams) == ("connected", [s.audio])
        s.answers(text_line(0), audio="recvonly")
        s.session.hold()
        await s.until("DidChangeHoldState")
        assert s.bob.offer().media[1].port == 0


@flow
async def test_a_removal_after_glare_is_told_again() -> None:
    async with proposal_scene() as s:
        stream = await s.with_text()
        s.on_reinvite(lambda invitation: s.bob.do(invitation.reject_reinvite, 491))
        s.session.remove_stream(stream)
        await s.until("DidRenegotiateStreams", 2)
        s.answers(text_line(0))
        await s.settle(5)
        assert s.bob.offer().media[1].port == 0
        assert s.told == [
            ("DidProcessTransaction", "local", "INVITE", 491), ("DidRenegotiateStreams", "local", "remove"), INVITE_200,
        ]  # fmt: skip


@flow
async def test_a_removal_that_nobody_answers_ends_the_call() -> None:
    async with proposal_scene() as s:
        stream = await s.with_text()
        s.bob.on_event = lambda event: None
        begin = s.scene.now
        s.session.remove_stream(stream)
        await s.until("WillEnd")
        assert s.scene.now - begin == pytest.approx(5, abs=0.1)
        await s.until("DidEnd")
        assert stream.asked.count("end") == 1


@flow
async def test_the_last_stream_goes_and_the_call_stays() -> None:
    async with proposal_scene() as s:
        s.answers(port=0)
        s.session.remove_stream(s.audio)
        await s.until("DidRenegotiateStreams")
        assert (s.session.state, s.session.streams) == ("connected", [])
        s.answers(port=4100)
        again = AudioStream(s.scene.account)
        s.session.add_stream(again)
        await s.until("DidRenegotiateStreams", 2)
        assert s.session.streams == [again]
        assert len(s.bob.offer().media) == 1


@flow
async def test_a_stream_that_fails_in_the_call_is_removed() -> None:
    async with proposal_scene() as s:
        stream = await s.with_text()
        s.answers(text_line(0))
        post("MediaStreamDidFail", stream, reason="gone")
        await s.until("DidRenegotiateStreams", 2)
        assert s.told == [INVITE_200, ("DidRenegotiateStreams", "local", "remove")]
        assert s.session.streams == [s.audio]


# misuse ------------------------------------------------------------------------------------------------------------------------------


def _calls(session: Session, stream: Any) -> list[tuple[str, Any]]:
    return [
        ("add_stream", lambda: session.add_stream(stream)),
        ("add_streams", lambda: session.add_streams([stream])),
        ("remove_stream", lambda: session.remove_stream(stream)),
        ("remove_streams", lambda: session.remove_streams([stream])),
        ("accept_proposal", lambda: session.accept_proposal([stream])),
        ("reject_proposal", lambda: session.reject_proposal()),
        ("cancel_proposal", lambda: session.cancel_proposal()),
        ("send_ring_indication", lambda: session.send_ring_indication()),
    ]


@flow
async def test_methods_in_states_that_do_not_allow_them() -> None:
    async with proposal_scene() as s:

        def check(session: Session, allowed: set[str]) -> None:
            for name, call in _calls(session, s.text()):
                if name not in allowed:
                    with pytest.raises(IllegalStateError, match=f"{name} is not allowed in state {session.state}"):
                        call()

        check(Session(s.scene.account), set())
        check(s.session, {"add_stream", "add_streams", "remove_stream", "remove_streams"})
        s.session.add_stream(s.text())
        assert s.session.state == "sending_proposal"
        check(s.session, {"cancel_proposal"})
        await s.bob.until(ReinviteReceived)
        s.session.cancel_proposal()
        check(s.session, set())
        await s.until("GotRejectProposal")
        s.session.hold()
        assert s.session.state == "sending_proposal"
        check(s.session, set())  # a hold is no proposal to cancel
        s.session.end()
        check(s.session, set())
        await s.until("DidEnd")
        check(s.session, set())


@flow
async def test_what_makes_no_difference_is_not_done() -> None:
    async with proposal_scene() as s:
        s.session.add_stream(s.audio)
        s.session.add_streams([])
        s.session.remove_stream(s.text())
        s.session.remove_streams([])
        assert s.session.state == "connected"
        with pytest.raises(TypeError, match="is not a stream"):
            s.session.add_stream("audio")
        await s.settle()
        assert s.told == []


@flow
async def test_the_next_change_from_within_a_notification() -> None:
    async with proposal_scene() as s:
        first, second = s.text(), s.text()
        s.on_reinvite(lambda invitation: _answer_all(s, invitation))
        observer = _Observer("SIPSessionDidRenegotiateStreams", lambda: s.session.add_stream(second))
        observer.watch(s.session)
        s.session.add_stream(first)
        await s.until("DidRenegotiateStreams", 2)
        assert s.session.streams == [s.audio, first, second]


def _answer_all(s: ProposalScene, invitation: Any) -> None:
    count = len(s.bob.offer().media) - 1
    s.bob.do(invitation.accept_reinvite, s.sdp(*[text_line(7000 + number) for number in range(count)]))


class _Observer:
    """Acts once on a notification."""

    def __init__(self, name: str, action: Any) -> None:
        self.name, self.action = name, action

    def watch(self, sender: object) -> None:
        NotificationCenter().add_observer(self, name=self.name, sender=sender)

    def handle_notification(self, notification: Any) -> None:
        action, self.action = self.action, lambda: None
        action()
