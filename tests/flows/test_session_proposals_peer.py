"""Streams that the peer adds and removes: what the application decides, what fails, what is refused without asking it."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_scene import flow
from support.proposals import ProposalScene, proposal_scene
from support.text_stream import text_line

from blinkq.sdp.description import SessionDescription
from blinkq.sip.events import ReinviteAnswered, ReinviteProgressed
from blinkq.sipsimple.session import IllegalStateError
from blinkq.sipsimple.session.offered import MAX_STREAMS
from blinkq.sipsimple.session.peer_proposals import PATIENCE

INVITE_200 = ("DidProcessTransaction", "remote", "INVITE", 200)


async def _proposed(s: ProposalScene, *lines: bytes, audio: str = "sendrecv") -> list[Any]:
    """The peer proposes text; the streams that the application is asked about."""
    s.offers(*(lines or (text_line(),)), audio=audio)
    data = await s.until("GotProposal")
    assert s.session.state == "received_proposal"
    assert data.streams == data.proposed_streams == s.session.proposed_streams
    return list(data.streams)


@flow
async def test_a_proposal_is_accepted() -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s)
        await s.settle()
        assert s.told == [("GotProposal", "remote")]
        s.session.accept_proposal([stream])
        assert s.session.state == "accepting_proposal"
        answered = await s.bob.until(ReinviteAnswered)
        await s.until("DidRenegotiateStreams")
        assert s.told[1:] == [INVITE_200, ("GotAcceptProposal", "remote"), ("DidRenegotiateStreams", "remote", "add")]
        assert s.data("DidProcessTransaction").ack_received == "unknown"
        data = s.data("GotAcceptProposal")
        assert data.streams == data.accepted_streams == data.proposed_streams == [stream]
        done = s.data("DidRenegotiateStreams")
        assert (done.streams, done.added_streams, done.removed_streams) == ([stream], [stream], [])
        assert [line.port for line in SessionDescription.parse(answered.sdp).media] == [50000, 6000]
        assert stream.asked == ["initialize incoming", "answer", "start 1"]
        assert (s.session.state, s.session.streams, s.session.proposed_streams) == ("connected", [s.audio, stream], None)


@flow
async def test_a_part_is_accepted() -> None:
    async with proposal_scene() as s:
        refused, wanted = await _proposed(s, text_line(7000), text_line(7100))
        s.session.accept_proposal([wanted, s.text()])
        answered = await s.bob.until(ReinviteAnswered)
        await s.until("DidRenegotiateStreams")
        assert [line.port for line in SessionDescription.parse(answered.sdp).media] == [50000, 0, 6000]
        data = s.data("GotAcceptProposal")
        assert (data.streams, data.proposed_streams) == ([wanted], [refused, wanted])
        assert s.session.streams == [s.audio, wanted]
        assert wanted.asked[-1] == "start 2"
        # the refused line comes again with every later offer of many phones: that is no new proposal
        s.offers(text_line(7000), text_line(7100), audio="sendonly", version=3)
        assert (await s.bob.until(ReinviteAnswered, 2)).code == 200
        # on another port it is
        await s.settle()
        s.offers(text_line(7300), text_line(7100), version=4)
        await s.until("GotProposal", 2)
        s.session.reject_proposal()
        await s.until("GotRejectProposal")


@pytest.mark.parametrize(("code", "reason", "phrase"), [(488, None, "Not Acceptable Here"), (603, "No thanks", "Decline")])
@flow
async def test_a_proposal_is_rejected(code: int, reason: str | None, phrase: str) -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s)
        s.session.reject_proposal(code, reason)
        await s.until("GotRejectProposal")
        assert s.told == [
            ("GotProposal", "remote"), ("DidProcessTransaction", "remote", "INVITE", code), ("GotRejectProposal", "remote", code, phrase),
        ]  # fmt: skip
        assert s.data("GotRejectProposal").streams == [stream]
        answered = await s.bob.until(ReinviteAnswered)
        assert (answered.code, answered.reason) == (code, reason or phrase)
        assert (s.session.state, s.session.streams, s.session.proposed_streams) == ("connected", [s.audio], None)
        await s.settle()
        await _proposed_again(s)


async def _proposed_again(s: ProposalScene) -> None:
    s.offers(text_line(), version=3)
    await s.until("GotProposal", 2)
    s.session.accept_proposal(s.session.proposed_streams or [])
    await s.until("DidRenegotiateStreams")


@flow
async def test_accepting_nothing_is_a_rejection() -> None:
    async with proposal_scene() as s:
        await _proposed(s)
        s.session.accept_proposal([s.text()])
        await s.until("GotRejectProposal")
        assert s.told[-1] == ("GotRejectProposal", "remote", 488, "Not Acceptable Here")


@pytest.mark.parametrize(
    ("decide", "outcome"),
    [
        (lambda session: session.reject_proposal(), ["GotRejectProposal"]),
        (lambda session: session.accept_proposal(session.proposed_streams), ["GotAcceptProposal", "DidRenegotiateStreams"]),
    ],
)
@flow
async def test_answers_from_within_the_notification(decide: Any, outcome: list[str]) -> None:
    async with proposal_scene() as s:
        s.scene.recorder.handle_notification = _deciding(s, decide)  # type: ignore[method-assign]  # the recorder decides
        s.offers(text_line())
        await s.bob.until(ReinviteAnswered)
        await s.settle()
        assert [line[0] for line in s.told] == ["GotProposal", "DidProcessTransaction", *outcome]
        assert s.session.state == "connected"


def _deciding(s: ProposalScene, decide: Any) -> Any:
    record = s.scene.recorder.handle_notification

    def handle(notification: Any) -> None:
        record(notification)
        if notification.name == "SIPSessionGotProposal" and notification.sender is s.session and s.session.state == "received_proposal":
            decide(s.session)

    return handle


@flow
async def test_the_peer_is_told_that_it_rings() -> None:
    async with proposal_scene() as s:
        await _proposed(s)
        s.session.send_ring_indication()
        assert (await s.bob.until(ReinviteProgressed)).code == 180
        assert s.session.state == "received_proposal"
        s.session.reject_proposal()
        await s.until("GotRejectProposal")


@flow
async def test_the_peer_takes_its_proposal_back() -> None:
    async with proposal_scene() as s:
        await _proposed(s)
        s.bob.do(s.peer_invitation.cancel_reinvite)
        await s.until("GotRejectProposal")
        assert s.told[-1] == ("GotRejectProposal", "remote", 487, "Request Terminated")
        assert (s.session.state, s.session.proposed_streams) == ("connected", None)
        with pytest.raises(IllegalStateError):
            s.session.accept_proposal([])


@flow
async def test_the_peer_takes_its_proposal_back_while_streams_get_ready() -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s)
        stream.trouble = "no initialize"
        s.session.accept_proposal([stream])
        s.bob.do(s.peer_invitation.cancel_reinvite)
        await s.until("GotRejectProposal")
        assert stream.asked[-1] == "end"
        assert s.session.state == "connected"


@pytest.mark.expect_warnings
@flow
async def test_nobody_decides() -> None:
    async with proposal_scene() as s:
        begin = s.scene.now
        await _proposed(s)
        await s.until("GotRejectProposal")
        assert s.scene.now - begin == pytest.approx(PATIENCE, abs=0.1)
        assert s.told[1:] == [
            ("DidProcessTransaction", "remote", "INVITE", 488), ("GotRejectProposal", "remote", 488, "Not Acceptable Here"),
        ]  # fmt: skip



@pytest.mark.expect_warnings
@pytest.mark.parametrize("trouble", ["initialize", "raise initialize", "no initialize", "raise media"])
@flow
async def test_failures_before_the_answer(trouble: str) -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s)
        stream.trouble = trouble
        s.session.accept_proposal([stream])
        data = await s.until("HadProposalFailure")
        assert [line[:1] + line[2:4] for line in s.told[1:2]] == [("DidProcessTransaction", "INVITE", 488)]
        assert s.told[2][:2] == ("HadProposalFailure", "remote")
        assert (data.streams, data.proposed_streams) == ([stream], [stream])
        answered = await s.bob.until(ReinviteAnswered)
        assert answered.code == 488
        assert data.failure_reason[:20] in answered.response.headers.get("Warning")
        assert stream.asked[-1] == "end"
        assert (s.session.state, s.session.streams) == ("connected", [s.audio])


@pytest.mark.expect_warnings
@pytest.mark.parametrize("trouble", ["start", "raise start", "no start"])
@flow
async def test_failures_after_the_answer(trouble: str) -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s)
        stream.trouble = trouble
        s.answers(text_line(0))
        s.session.accept_proposal([stream])
        await s.until("HadProposalFailure")
        await s.settle()
        assert ("DidProcessTransaction", "remote", "INVITE", 200) in s.told
        assert stream.asked[-1] == "end"
        assert [line.port for line in s.bob.offer().media] == [50000, 0]  # the peer is told
        assert (s.session.state, s.session.streams) == ("connected", [s.audio])


@flow
async def test_the_peer_hangs_up_while_we_accept() -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s)
        stream.trouble = "no start"
        s.session.accept_proposal([stream])
        await s.bob.until(ReinviteAnswered)
        await s.settle(0.5)
        s.bob.do(s.peer_invitation.end)
        await s.until("DidEnd")
        names = [line[0] for line in s.told]
        assert names[-4:] == ["HadProposalFailure", "WillEnd", "DidProcessTransaction", "DidEnd"]
        assert stream.asked.count("end") == 1


@flow
async def test_we_hang_up_instead_of_deciding() -> None:
    async with proposal_scene() as s:
        await _proposed(s)
        s.session.end()
        await s.until("DidEnd")
        assert [line[0] for line in s.told if line[0].startswith("Got") or line[0].startswith("Had")] == ["GotProposal"]
        assert s.session.proposed_streams is None


@flow
async def test_hold_and_a_proposal_in_one_offer() -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s, audio="sendonly")
        s.session.accept_proposal([stream])
        await s.until("DidRenegotiateStreams")
        assert s.told[1:] == [
            INVITE_200, ("DidChangeHoldState", "remote", True, False), ("GotAcceptProposal", "remote"),
            ("DidRenegotiateStreams", "remote", "add"),
        ]  # fmt: skip


@flow
async def test_our_hold_waits_for_the_decision() -> None:
    async with proposal_scene() as s:
        (stream,) = await _proposed(s)
        s.session.hold()
        assert s.session.state == "received_proposal"
        s.answers(text_line(7000, "recvonly"), audio="recvonly")
        s.session.accept_proposal([stream])
        data = await s.until("DidChangeHoldState")
        assert (data.originator, data.on_hold, data.partial) == ("local", True, False)
        assert stream.on_hold_by_local
        assert [line[0] for line in s.told][-2:] == ["DidProcessTransaction", "DidChangeHoldState"]


# what the application is not asked about ------------------------------------------------------------------------------------------------


@flow
async def test_the_peer_removes_a_stream() -> None:
    async with proposal_scene() as s:
        stream = await s.with_text()
        s.offers(text_line(0), version=3)
        data = await s.until("DidRenegotiateStreams", 2)
        assert (data.originator, data.action, data.streams, data.added_streams, data.removed_streams) == (
            "remote", "remove", [stream], [], [stream],
        )  # fmt: skip
        assert stream.asked[-2:] == ["deactivate", "end"]
        await s.settle()
        assert INVITE_200 in s.told
        # and takes its line for another one
        s.offers(text_line(7400), version=4)
        (again,) = (await s.until("GotProposal", 2)).streams
        s.session.accept_proposal([again])
        await s.until("DidRenegotiateStreams", 3)
        assert again.asked[-1] == "start 1"


@pytest.mark.parametrize(
    ("lines", "warning"),
    [
        ((), "Streams cannot be deleted from the SDP"),
        ((text_line(transport="TLS"),), "Failed to update media stream index 1"),
        ((b"m=image 7000 TCP t140\r\n",), "Failed to update media stream index 1"),
        ((text_line(0), text_line(7100)), "Streams cannot be added and removed at once"),
        ((text_line(), b"m=video 5000 RTP/AVP 99\r\n"), "streams of kind video are not supported"),
        ((text_line(), text_line(7100, transport="TLS")), "text goes over TCP only"),
    ],
)
@flow
async def test_offers_that_are_refused_at_once(lines: tuple[bytes, ...], warning: str) -> None:
    async with proposal_scene() as s:
        await s.with_text()
        s.offers(*lines)
        answered = await s.bob.until(ReinviteAnswered)
        assert answered.code == 488
        assert warning in answered.response.headers.get("Warning")
        await s.settle()
        assert s.told == [("DidProcessTransaction", "remote", "INVITE", 488)]
        assert s.session.state == "connected"


@pytest.mark.expect_warnings
@flow
async def test_streams_of_others_that_break() -> None:
    async with proposal_scene() as s:
        stream = await s.with_text("raise validate")
        s.offers(text_line())
        assert (await s.bob.until(ReinviteAnswered)).code == 488
        stream.trouble = "raise update"
        await s.settle()
        s.answers(text_line(0))
        s.offers(text_line(), audio="sendonly", version=4)
        await s.until("DidRenegotiateStreams", 2)
        await s.settle()
        assert s.session.streams == [s.audio]
        assert s.session.state == "connected"


@flow
async def test_more_streams_than_a_call_takes() -> None:
    async with proposal_scene() as s:
        streams = await _proposed(s, *[text_line(7000 + number) for number in range(10)])
        assert len(streams) == MAX_STREAMS - 1
        s.session.accept_proposal(streams)
        await s.until("DidRenegotiateStreams")
        answered = await s.bob.until(ReinviteAnswered)
        ports = [line.port for line in SessionDescription.parse(answered.sdp).media]
        assert ports == [50000, *[6000] * len(streams), *[0] * (10 - len(streams))]
